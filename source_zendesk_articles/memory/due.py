"""Whether every article has to be listed, and whether a listing can be believed. Pure.

Times are texts, by Zendesk's clock.
"""

from collections.abc import Sequence
from typing import Final

from source_zendesk_articles.articles.visibility import VisitorsAnswer
from source_zendesk_articles.memory.state import HelpCenterState, Listing
from source_zendesk_articles.zendesk.timestamps import later

# Five pages cost little more than asking what changed, and find everything.
SMALL: Final = 500
# A lost access looks like archived articles, and nobody archives so many of so many at once.
FEWEST_SUSPICIOUS: Final = 20
# Of a page of the incremental list at least a tenth must not come again. So C changes take no more
# than C/100 pages of the 1,000 rows that Zendesk documents, and a listing is cheaper than less.
PROGRESS_DIVISOR: Final = 10


def listing_needed(entry: HelpCenterState, reconcile_every_hours: int) -> str | None:
    """Return why every article has to be listed, as far as the state tells; None if it does not.

    The text continues a sentence of the log.
    """
    if entry.is_new:
        return "it was never read before"
    if entry.listing is None:
        return "no listing of it was finished"
    if not entry.known.is_settled:
        return "a sync broke off, or an article was missing the last time"
    if is_small(entry.listing.articles):
        return "they are few"
    if reconcile_every_hours == 0:
        return "`reconcile_every_hours` is 0"
    return None


def is_small(articles: int) -> bool:
    """Tell whether a Help Center of so many articles is listed at every sync."""
    return articles <= SMALL


def listing_due(
    listing: Listing,
    now: str,
    scope: str,
    reconcile_every_hours: int,
    visitors: VisitorsAnswer | None = None,
) -> str | None:
    """Return why the last listing does not do any more; None if it does.

    `visitors`: the answer that it took over, if anything rests on that. A tenth of the interval is
    let off: a daily schedule must not list every second day.
    """
    if listing.scope != scope:
        return "filters, locales, what is known of visitors, or the connector have changed"
    if max(listing.reconciled_at, listing.updated_at) > now:
        return "the last sync lies in the future"
    if later(listing.reconciled_at, reconcile_every_hours * 3600 * 9 // 10) <= now:
        return f"the last listing was at {listing.reconciled_at}"
    if visitors and not visitors.holds(now):
        return f"visitors have had no usable answer since {visitors.at}"
    return None


def held_over(entry: HelpCenterState) -> VisitorsAnswer | None:
    """Return the answer to visitors that the last listing took over: it got no usable one."""
    if entry.listing and entry.visitors and entry.visitors.at < entry.listing.reconciled_at:
        return entry.visitors
    return None


def next_start(stamps: Sequence[str], since: str, settled: str) -> str | None:
    """Return from when on the incremental list goes on behind a page with more to come.

    `stamps` are those of its rows, in their order, `since` is where it began, `settled` the
    youngest time that may be asked for, which moves with the clock. None if it gets no further:
    the rows do not ascend, or too few of them are older than the next start and so done with.
    """
    if not ascend(stamps):
        return None
    start = min(stamps[-1], settled) if stamps else since
    done = sum(since <= stamp < start for stamp in stamps)
    return start if done and done * PROGRESS_DIVISOR >= len(stamps) else None


def ascend(stamps: Sequence[str]) -> bool:
    """Tell whether rows come in the order of their stamps: another order hides some of them."""
    return list(stamps) == sorted(stamps)


def is_suspicious(*, missing: int, known: int, another_reader: bool) -> bool:
    """Tell whether more articles are missing than are likely to be archived at once."""
    return (known >= FEWEST_SUSPICIOUS and 2 * missing > known) or (
        another_reader and missing > max(5, known / 10)
    )


def are_suspicious_variants(
    *, vanished: int, variants: int, most: int, another_reader: bool
) -> bool:
    """Tell whether more translations vanished than are likely to be deleted at once.

    Their articles stay, and at least one variant of each: `most` of all can vanish so. If next to
    all of these did, Zendesk may have sent the source locale only.
    """
    return is_suspicious(missing=vanished, known=variants, another_reader=another_reader) or (
        vanished >= FEWEST_SUSPICIOUS and 10 * vanished > 9 * most
    )
