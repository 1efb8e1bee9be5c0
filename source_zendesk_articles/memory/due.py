"""Why a Help Center is listed instead of reading its feed. Pure.

Times are texts, by Zendesk's clock.
"""

from typing import Final

from source_zendesk_articles.articles.visibility import VisitorsAnswer
from source_zendesk_articles.memory.state import HelpCenterState, Reconciled
from source_zendesk_articles.zendesk.timestamps import later

# Five pages cost little more than a request for the feed, and find everything.
SMALL: Final = 500


def listing_needed(entry: HelpCenterState, reconcile_every_hours: int) -> str | None:
    """Return why the state alone calls for a listing; None if it does not.

    The text continues a sentence of the log.
    """
    if entry.is_new:
        return "it was never read before"
    if entry.reconciled is None:
        return "no listing of it was finished"
    if not entry.known.is_certain:
        return "the last sync was interrupted, or an article was missing in it"
    if is_small(entry.reconciled.articles):
        return "it is small"
    if reconcile_every_hours == 0:
        return "`reconcile_every_hours` is 0"
    return None


def is_small(articles: int) -> bool:
    """Return whether a Help Center of so many articles is listed at every sync."""
    return articles <= SMALL


def listing_due(
    reconciled: Reconciled,
    now: str,
    scope: str,
    reconcile_every_hours: int,
    visitors: VisitorsAnswer | None = None,
) -> str | None:
    """Return why the last listing no longer holds; None if it does.

    `visitors`: the earlier answer that it used, if anything depends on that. The interval is a
    tenth shorter than configured: a daily schedule must not list every second day.
    """
    if reconciled.scope != scope:
        return "the filters, the locales, the answer to visitors or the connector changed"
    if max(reconciled.reconciled_at, reconciled.updated_at) > now:
        return "the last sync lies in the future"
    if later(reconciled.reconciled_at, reconcile_every_hours * 3600 * 9 // 10) <= now:
        return f"the last listing was at {reconciled.reconciled_at}"
    if visitors and not visitors.holds(now):
        return f"visitors have had no usable answer since {visitors.at}"
    return None


def held_over(entry: HelpCenterState) -> VisitorsAnswer | None:
    """Return the earlier answer to visitors that the last listing used; None if it got its own."""
    last, visitors = entry.reconciled, entry.visitors
    return visitors if last and visitors and visitors.at < last.reconciled_at else None
