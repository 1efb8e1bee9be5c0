"""What a sync has done so far, and how it is summed up in the log. Pure."""

from collections import Counter
from dataclasses import dataclass, field

from source_zendesk_articles.records import Record
from source_zendesk_articles.transport import RequestStats
from source_zendesk_articles.variants import PUBLIC


@dataclass
class ReadStats:
    """What was read; an article counts each time that it is seen.

    `unchanged` of the articles were as they are known, `outdated` translations were left out.
    """

    articles: int = 0
    unchanged: int = 0
    out_of_scope: int = 0
    outdated: int = 0
    asked_one_by_one: int = 0
    without_source: int = 0
    without_section: int = 0


@dataclass
class EmissionStats:
    """How many records went out: public ones, internal ones and retractions by their reason."""

    public: int = 0
    internal: Counter[str] = field(default_factory=Counter)
    retracted: Counter[str] = field(default_factory=Counter)

    def count(self, record: Record) -> None:
        """Add a record."""
        if record["visibility"] == PUBLIC:
            self.public += 1
        elif record["status"] == "removed":
            self.retracted[str(record["visibility_reason"])] += 1
        else:
            self.internal[str(record["visibility_reason"])] += 1


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
