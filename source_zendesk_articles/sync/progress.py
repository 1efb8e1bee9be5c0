"""What a sync has done so far, and how the log and the platform hear of it. Pure."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import orjson

from source_zendesk_articles.articles.records import Record
from source_zendesk_articles.articles.visibility import PUBLIC
from source_zendesk_articles.zendesk.transport import RequestStats

# So many records are measured: about a page of articles, and each costs as much as emitting it.
MEASURED: Final = 500


@dataclass
class Statistics:
    """What was read and emitted of one Help Center; an article counts each time it is seen.

    `total`: how many articles there are to read, None if unknown. `is_first`: none of them was
    known before. `variants`: how many of their translations are in scope; the first `measured` of
    them take `bytes`. `outdated`: how many translations were left out. `unchanged`: how many
    articles are as they are known. `unplaced`: how many are in no section that is known. `public`,
    `internal` and `retracted` count the records that were emitted, two of them by their reason.
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
    unplaced: int = 0
    public: int = 0
    internal: Counter[str] = field(default_factory=Counter)
    retracted: Counter[str] = field(default_factory=Counter)

    @property
    def emitted(self) -> int:
        """How many records were emitted."""
        return self.public + self.internal.total() + self.retracted.total()

    def count_variants(self, records: Sequence[Record]) -> None:
        """Add the in-scope variants of an article; measure the first ones."""
        self.variants += len(records)
        if self.measured < MEASURED:
            self.measured += len(records)
            self.bytes += sum(len(orjson.dumps(record)) for record in records)

    def count_emitted(self, record: Record) -> None:
        """Add a record that was emitted."""
        reason = record["visibility_reason"]
        if record["visibility"] == PUBLIC:
            self.public += 1
        elif record["status"] == "removed":
            self.retracted[reason] += 1
        else:
            self.internal[reason] += 1

    def read_again(self) -> None:
        """Forget what was read: all of it is read again. What was emitted stays."""
        emitted = {"public": self.public, "internal": self.internal, "retracted": self.retracted}
        vars(self).update(vars(Statistics(total=self.total)) | emitted)


class Estimate(NamedTuple):
    """How many records a sync will emit in all, and how many bytes, both approximate."""

    records: int
    bytes: int


@dataclass(frozen=True)
class Progress:
    """How far a sync is; reported now and then while it reads, and each second while it waits.

    `total`: how many articles there are to read. `expected`: what will be emitted in all. Both are
    None if unknown. `waiting`: for how many more seconds a request waits.
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


Report = Callable[[Progress], None]
"""Takes how far a sync is, from the thread that emits."""


def progress(subdomain: str, before: int, done: Statistics, requests: RequestStats) -> Progress:
    """Return how far a sync is that had emitted `before` records of other Help Centers."""
    # Articles that are known may be unchanged: how much will go out is unknown then.
    expected = None
    if done.is_first and done.total and done.articles:
        records = before + round(done.variants / done.articles * done.total)
        expected = Estimate(records, round(records * done.bytes / max(done.measured, 1)))
    return Progress(
        subdomain,
        done.articles,
        done.total,
        expected,
        requests.sent,
        requests.waiting_seconds,
    )


def summary(done: Statistics, requests: RequestStats) -> str:
    """Return what a person wants to know of a finished sync, in one line."""
    internal = done.internal.total()
    parts = [
        f"{done.articles:,} articles, {done.unchanged:,} unchanged"
        + (f", {done.out_of_scope:,} out of scope" if done.out_of_scope else ""),
        f"{done.public + internal:,} variants emitted",
        f"{done.public:,} public, {internal:,} internal{_reasons(done.internal)}",
        f"{done.retracted.total():,} retracted{_reasons(done.retracted)}",
        f"{done.outdated:,} outdated left out",
        f"{requests.sent:,} requests"
        + (f" ({done.asked_one_by_one:,} for translations)" if done.asked_one_by_one else ""),
        f"{requests.waits:,} waits ({requests.waited_seconds:,.0f} s)",
    ]
    return "; ".join(parts) + "."


def warnings(subdomain: str, done: Statistics) -> list[str]:
    """Return a sentence for each kind of article that came incomplete."""
    sentences = []
    if done.without_source:
        sentences.append(
            f"{done.without_source} articles of Help Center {subdomain} came without the "
            "translation in their source locale. Zendesk may leave out the translations in a "
            "locale that was disabled."
        )
    if done.unplaced:
        sentences.append(
            f"{done.unplaced} articles of Help Center {subdomain} are in no section, or in one "
            "that no list shows, so their category is unknown. Their records do not name it, and a "
            "filter by category leaves them in or out as they were."
        )
    return sentences


def _reasons(counts: Counter[str]) -> str:
    listed = ", ".join(f"{reason} {number:,}" for reason, number in counts.most_common())
    return f" ({listed})" if listed else ""
