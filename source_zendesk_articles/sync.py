"""One sync of one Help Center: what is read, what is emitted, what the next sync must know."""

import logging
from collections import Counter
from collections.abc import Generator, Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from source_zendesk_articles.client import HelpCenterClient, Traffic
from source_zendesk_articles.help_center import look_in
from source_zendesk_articles.models import Article, Translation, format_instant
from source_zendesk_articles.records import Record, cursor, record, stamp
from source_zendesk_articles.state import HelpCenterState, State
from source_zendesk_articles.variants import PUBLIC, Variant, is_partial, variants

_LOG = logging.getLogger("airbyte.zendesk")
# A change may become visible a little after its stamp: the next sync begins before this one did.
_SETTLING = timedelta(seconds=60)


@dataclass
class Tally:
    """What a sync has read and emitted so far."""

    articles: int = 0
    public: int = 0
    internal: Counter[str] = field(default_factory=Counter)
    outdated: int = 0
    asked_one_by_one: int = 0

    def count(self, translations: Iterable[Translation], emitted: Iterable[Variant]) -> None:
        """Add an article: its translations, and the variants that are emitted of it."""
        self.articles += 1
        locales = {translation.locale for translation in translations}
        for variant in emitted:
            locales.remove(variant.translation.locale)
            if variant.visibility == PUBLIC:
                self.public += 1
            else:
                self.internal[variant.reason] += 1
        self.outdated += len(locales)


def read_help_center(
    client: HelpCenterClient, *, treat_as_open: bool, synced_at: str
) -> Generator[Record, None, State]:
    """Yield a record for each variant of the Help Center; return the state of the finished sync.

    `synced_at` is that of the state the sync began with, "" on the first.
    """
    help_center = look_in(client, treat_as_open=treat_as_open)
    started = client.now
    this_sync = stamp(started, synced_at)
    latest_record, latest_article = this_sync, format_instant(started - _SETTLING)
    tally = Tally()
    seen: set[int] = set()
    for page in client.articles():
        for article in page:
            # An edit during the listing can move an article to a later page.
            if article.id in seen:
                continue
            seen.add(article.id)
            translations = _translations(client, article, tally)
            found = variants(article, translations, help_center.audience)
            tally.count(translations, found)
            latest_article = max(latest_article, article.updated_at)
            for variant in found:
                updated_at = cursor(variant, synced_at=synced_at, stamp=this_sync)
                latest_record = max(latest_record, updated_at)
                yield record(variant, brand_subdomain=client.subdomain, updated_at=updated_at)
    _LOG.info("Help Center %s: %s", client.subdomain, summary(tally, client.traffic))
    return State(
        synced_at=latest_record,
        help_centers={
            client.subdomain: HelpCenterState(
                updated_at=latest_article,
                reconciled_at=format_instant(started),
                articles=tally.articles,
                reader=f"{help_center.reader.id}:{help_center.reader.role}",
            )
        },
    )


def _translations(
    client: HelpCenterClient, article: Article, tally: Tally
) -> tuple[Translation, ...]:
    listed = article.translations or ()
    if not is_partial(article):
        return listed
    tally.asked_one_by_one += 1
    # None: archived or deleted since it was listed.
    return (*listed, *(client.translations(article.id) or ()))


def summary(tally: Tally, traffic: Traffic) -> str:
    """Return what a person wants to know of a finished sync, in one line."""
    reasons = ", ".join(f"{reason} {number:,}" for reason, number in tally.internal.most_common())
    internal = tally.internal.total()
    parts = [
        f"{tally.articles:,} articles",
        f"{tally.public + internal:,} variants: {tally.public:,} public, {internal:,} internal"
        + (f" ({reasons})" if reasons else ""),
        f"{tally.outdated:,} outdated left out",
        f"{traffic.requests:,} requests"
        + (f" ({tally.asked_one_by_one:,} for translations)" if tally.asked_one_by_one else ""),
        f"{traffic.waits:,} waits ({traffic.waited_seconds:,.0f} s)",
    ]
    return "; ".join(parts) + "."
