"""One sync of one Help Center: what is read, what is emitted, what the next sync must know."""

import logging
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from source_zendesk_articles.client import HelpCenterClient, RequestStats
from source_zendesk_articles.help_center import inspect
from source_zendesk_articles.instants import later
from source_zendesk_articles.models import Article, Translation
from source_zendesk_articles.records import Cursor, Record, record
from source_zendesk_articles.state import HelpCenterState, State
from source_zendesk_articles.variants import PUBLIC, Variant, has_source, is_partial, variants

_LOG = logging.getLogger("airbyte.zendesk")
# A change may become visible a little after its stamp: the next sync begins before this one did.
_SETTLING_SECONDS = 60


@dataclass
class SyncStats:
    """What a sync has read and emitted so far."""

    articles: int = 0
    public: int = 0
    internal: Counter[str] = field(default_factory=Counter)
    outdated: int = 0
    asked_one_by_one: int = 0
    without_source: int = 0
    emitted_again: int = 0

    def count(self, translations: Iterable[Translation], emitted: Iterable[Variant]) -> None:
        """Add an article: its translations, and the variants that are emitted of it."""
        self.articles += 1
        outdated = {translation.locale for translation in translations}
        for variant in emitted:
            outdated.remove(variant.translation.locale)
            if variant.visibility == PUBLIC:
                self.public += 1
            else:
                self.internal[variant.reason] += 1
        self.outdated += len(outdated)


def read_help_center(
    client: HelpCenterClient, *, treat_as_open: bool, began_with: State
) -> Iterator[Record | State]:
    """Yield a record for each variant of the Help Center, and at last the state of the sync.

    A state in between tells that no record before it is of the same key as one after it:
    some destinations write what comes between two states as a set.
    """
    help_center = inspect(client, treat_as_open=treat_as_open)
    cursor = Cursor(help_center.asked_at, began_with.synced_at)
    stats = SyncStats()

    def records(found: Iterable[Variant]) -> Iterator[Record]:
        for variant in found:
            updated_at = cursor.updated_at(variant)
            yield record(variant, brand_subdomain=client.subdomain, updated_at=updated_at)

    seen: set[int] = set()
    # What comes a second time has moved to a later page: it was edited, so the last one counts.
    again: dict[int, Article] = {}
    for page in client.articles():
        for article in page:
            if article.id in seen:
                again[article.id] = article
                continue
            seen.add(article.id)
            translations = _translations(client, article, stats)
            if translations is not None:
                found = variants(article, translations, help_center.audience)
                stats.count(translations, found)
                yield from records(found)
    if again:
        yield State(cursor.latest, {})
        for article in again.values():
            stats.emitted_again += 1
            translations = _translations(client, article, stats) or ()
            yield from records(variants(article, translations, help_center.audience))
    _log_summary(client, stats)
    yield State(
        synced_at=cursor.latest,
        help_centers={
            client.subdomain: HelpCenterState(
                # Not the latest stamp that was seen: an article may be edited after its page was
                # read and before another one that is read later.
                updated_at=later(help_center.asked_at, -_SETTLING_SECONDS),
                reconciled_at=help_center.asked_at,
                articles=stats.articles,
                reader=f"{help_center.reader.id}:{help_center.reader.role}",
            )
        },
    )


def _translations(
    client: HelpCenterClient, article: Article, stats: SyncStats
) -> tuple[Translation, ...] | None:
    """Return all translations of a listed article, None where it is gone by now."""
    listed = article.translations or ()
    if not is_partial(article):
        return listed
    stats.asked_one_by_one += 1
    asked = client.translations(article.id)
    if asked is None:
        return None
    translations = (*listed, *asked)
    if not has_source(article, translations):
        stats.without_source += 1
    return translations


def _log_summary(client: HelpCenterClient, stats: SyncStats) -> None:
    if stats.without_source:
        _LOG.warning(
            "%d articles of Help Center %s came without the translation in their source locale. "
            "Zendesk may leave out the translations in a locale that was disabled.",
            stats.without_source,
            client.subdomain,
        )
    _LOG.info("Help Center %s: %s", client.subdomain, summary(stats, client.requests))


def summary(stats: SyncStats, requests: RequestStats) -> str:
    """Return what a person wants to know of a finished sync, in one line."""
    reasons = ", ".join(f"{reason} {number:,}" for reason, number in stats.internal.most_common())
    internal = stats.internal.total()
    parts = [
        f"{stats.articles:,} articles",
        f"{stats.public + internal:,} variants: {stats.public:,} public, {internal:,} internal"
        + (f" ({reasons})" if reasons else ""),
        f"{stats.outdated:,} outdated left out",
        *([f"{stats.emitted_again:,} edited meanwhile"] if stats.emitted_again else []),
        f"{requests.sent:,} requests"
        + (f" ({stats.asked_one_by_one:,} for translations)" if stats.asked_one_by_one else ""),
        f"{requests.waits:,} waits ({requests.waited_seconds:,.0f} s)",
    ]
    return "; ".join(parts) + "."
