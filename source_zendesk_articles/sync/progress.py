"""What a sync has done so far, and how it is told and summed up in the log. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import orjson

from source_zendesk_articles.articles.records import Record
from source_zendesk_articles.articles.visibility import PUBLIC
from source_zendesk_articles.zendesk.transport import RequestStats

# So many records are measured: the first page has as many, and each costs what it costs to emit it.
MEASURED: Final = 500


@dataclass
class ReadStats:
    """What was read; an article counts each time that it is seen.

    `total` is how many there are to read, None while nobody knows; `is_first` whether none of them
    was known before. Of their translations so many `variants` are in scope, the first `measured` of
    which take so many `bytes`; `outdated` ones were left out. `unchanged` of the articles were as
    they are known.
    """

    articles: int = 0
    total: int | None = None
    is_first: bool = False
    variants: int = 0
    measured: int = 0
    bytes: int = 0
    unchanged: int = 0
    out_of_scope: int = 0
    outdated: int = 0
    asked_one_by_one: int = 0
    without_source: int = 0
    nowhere: int = 0

    def count_variants(self, records: Sequence[Record]) -> None:
        """Add the variants of an article, in scope; measure the first ones."""
        self.variants += len(records)
        if self.measured < MEASURED:
            self.measured += len(records)
            self.bytes += sum(len(orjson.dumps(record)) for record in records)

    def begin_again(self) -> None:
        """Count from nothing: all will be seen again."""
        vars(self).update(vars(ReadStats(total=self.total)))


@dataclass
class EmissionStats:
    """How many records went out: public ones, internal ones and retractions by their reason."""

    public: int = 0
    internal: Counter[str] = field(default_factory=Counter)
    retracted: Counter[str] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        """Of all kinds together."""
        return self.public + self.internal.total() + self.retracted.total()

    def count(self, record: Record) -> None:
        """Add a record."""
        if record["visibility"] == PUBLIC:
            self.public += 1
        elif record["status"] == "removed":
            self.retracted[str(record["visibility_reason"])] += 1
        else:
            self.internal[str(record["visibility_reason"])] += 1


class Estimate(NamedTuple):
    """How many records a sync will emit in all, and how many bytes, both about."""

    records: int
    bytes: int


@dataclass(frozen=True)
class Progress:
    """How far a sync is, told now and then while it reads, and each second while it waits.

    `total` is how many articles there are to read, `expected` what will go out in all, None where
    that is unknown; `waiting` for how many seconds from now on a request waits.
    """

    subdomain: str
    articles: int
    total: int | None
    expected: Estimate | None
    requests: int
    waiting: float

    def __str__(self) -> str:
        """Return it in one line."""
        total = "" if self.total is None else f" of {self.total:,}"
        waiting = f"waiting, {self.waiting:,.0f} s more" if self.waiting else "not waiting"
        return (
            f"Help Center {self.subdomain}: {self.articles:,}{total} articles read, "
            f"{self.requests:,} requests, {waiting}."
        )


def progress(subdomain: str, before: int, read: ReadStats, requests: RequestStats) -> Progress:
    """Return how far a sync is; so many records went `before` those of this Help Center."""
    # What is known may well be as it was: then nobody knows how much will go out.
    expected = None
    if read.is_first and read.total and read.articles:
        records = before + round(read.variants / read.articles * read.total)
        expected = Estimate(records, round(records * read.bytes / max(read.measured, 1)))
    return Progress(
        subdomain,
        read.articles,
        read.total,
        expected,
        requests.sent,
        requests.waiting_seconds,
    )


def summary(read: ReadStats, emitted: EmissionStats, requests: RequestStats) -> str:
    """Return what a person wants to know of a finished sync, in one line."""
    internal = emitted.internal.total()
    parts = [
        f"{read.articles:,} articles, {read.unchanged:,} unchanged"
        + (f", {read.out_of_scope:,} out of scope" if read.out_of_scope else ""),
        f"{emitted.public + internal:,} variants emitted",
        f"{emitted.public:,} public, {internal:,} internal{_reasons(emitted.internal)}",
        f"{emitted.retracted.total():,} retracted{_reasons(emitted.retracted)}",
        f"{read.outdated:,} outdated left out",
        f"{requests.sent:,} requests"
        + (f" ({read.asked_one_by_one:,} for translations)" if read.asked_one_by_one else ""),
        f"{requests.waits:,} waits ({requests.waited_seconds:,.0f} s)",
    ]
    return "; ".join(parts) + "."


def _reasons(counts: Counter[str]) -> str:
    listed = ", ".join(f"{reason} {number:,}" for reason, number in counts.most_common())
    return f" ({listed})" if listed else ""
