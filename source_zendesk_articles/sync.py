"""One sync of one Help Center: the one place that decides what is read, and what follows."""

import logging
from collections import Counter
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Final

from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_zendesk_articles.changes import (
    ARCHIVED_OR_DELETED,
    OUT_OF_SCOPE,
    Change,
    change,
    retract,
)
from source_zendesk_articles.client import HelpCenterClient, RequestStats
from source_zendesk_articles.config import Config
from source_zendesk_articles.errors import reader_changed, too_many_vanished
from source_zendesk_articles.help_center import (
    HelpCenter,
    inspect,
    prove_staff,
    read_hierarchy,
    unknown_filters,
)
from source_zendesk_articles.instants import later
from source_zendesk_articles.known import KnownArticles
from source_zendesk_articles.models import Article, Translation
from source_zendesk_articles.outbox import EmissionStats, Outbox
from source_zendesk_articles.records import DIGEST_VERSION, Cursor, Record
from source_zendesk_articles.scope import fingerprint, has_article
from source_zendesk_articles.state import HelpCenterState, Listing, State
from source_zendesk_articles.variants import Audience, has_source, variants

# Five pages cost little more than asking what changed, and find everything.
SMALL: Final = 500
# A change may become visible a little after its stamp: the next sync begins before this one did,
# and reads some of it again. Sibling exports refuse a start_time that is younger than a minute.
SETTLING_SECONDS: Final = 60
OVERLAP_SECONDS: Final = 60
# A lost access looks like archived articles, and nobody archives so many of so many at once.
FEWEST_SUSPICIOUS: Final = 20

_OPEN, _CLOSED = "open", "closed"
_LOG = logging.getLogger("airbyte.zendesk")


@dataclass
class ReadStats:
    """What a sync has read so far; an article counts each time that it is seen."""

    articles: int = 0
    unchanged: int = 0
    outdated: int = 0
    asked_one_by_one: int = 0
    without_source: int = 0
    without_section: int = 0


def sync_help_center(
    client: HelpCenterClient, config: Config, began_with: State
) -> Generator[Record | State, None, State]:
    """Yield what has to be emitted, each record behind a state that announces it.

    A state that was yielded is to be written down at once. Returns the last one.

    Raises:
        AirbyteTracedException: in the user's words, behind a state that tells what was done.

    """
    entry = began_with.help_centers.get(client.subdomain)
    hours = config.reconcile_every_hours
    locales = None
    why = listing_needed(entry, hours)
    if why is None and entry is not None and entry.listing is not None:
        locales = client.locales()
        visitors_may_read = entry.listing.scope.startswith(_OPEN)
        help_center = HelpCenter("", locales, visitors_may_read, client.now)
        sync = _Sync(client, config, began_with, help_center)
        why = listing_due(entry.listing, help_center.asked_at, sync.scope, hours)
        if why is None:
            if (yield from sync.run(sync.read_changes(entry.listing))):
                return sync.state
            began_with = sync.state
            why = "more were stamped within a second than the incremental list shows"
    _LOG.info("Help Center %s: every article is listed, because %s.", client.subdomain, why)
    treat_as_open = client.subdomain in config.treat_as_open
    help_center = inspect(client, treat_as_open=treat_as_open, locales=locales)
    sync = _Sync(client, config, began_with, help_center)
    yield from sync.run(sync.list_articles())
    return sync.state


def listing_needed(entry: HelpCenterState | None, reconcile_every_hours: int) -> str | None:
    """Return why every article has to be listed, as far as the state tells; None if it does not.

    The text continues a sentence of the log.
    """
    if entry is None:
        return "it was never read before"
    if entry.listing is None:
        return "no listing of it was finished"
    if not entry.known.is_settled:
        return "some are in doubt"
    if entry.listing.articles <= SMALL:
        return "they are few"
    if reconcile_every_hours == 0:
        return "`reconcile_every_hours` is 0"
    return None


def listing_due(listing: Listing, now: str, scope: str, reconcile_every_hours: int) -> str | None:
    """Return why the last listing does not do any more; None if it does.

    A tenth of the interval is let off: a daily schedule must not list every second day.
    """
    if listing.scope != scope:
        return "the filters, the locales or the connector are not what they were"
    if listing.reconciled_at > now:
        return "the last listing lies in the future"
    if later(listing.reconciled_at, reconcile_every_hours * 3600 * 9 // 10) <= now:
        return f"the last listing was at {listing.reconciled_at}"
    return None


def is_suspicious(*, missing: int, known: int, another_reader: bool) -> bool:
    """Tell whether more articles are missing than are likely to be archived at once."""
    return (known >= FEWEST_SUSPICIOUS and 2 * missing > known) or (
        another_reader and missing > max(5, known / 10)
    )


class _Sync:
    """A sync whose opening questions are answered: reads articles, and puts into the outbox."""

    def __init__(
        self, client: HelpCenterClient, config: Config, began_with: State, help_center: HelpCenter
    ) -> None:
        self._client = client
        self._filters = config.filters
        self._help_center = help_center
        self._stats = ReadStats()
        # By section; None for one that no list shows.
        self._category_of: dict[int, int | None] = {}
        enabled = frozenset(locale.lower() for locale in help_center.locales.enabled)
        treat_as_open = client.subdomain in config.treat_as_open
        self._audience = Audience(
            is_open=help_center.visitors_may_read or treat_as_open, enabled_locales=enabled
        )
        self.scope = " ".join(
            [
                _OPEN if help_center.visitors_may_read else _CLOSED,
                fingerprint(config.filters, enabled, treat_as_open, DIGEST_VERSION),
            ]
        )
        self._entries = dict(began_with.help_centers)
        entry = self._entries.setdefault(client.subdomain, HelpCenterState(KnownArticles()))
        self._known = entry.known
        self._last_reader = entry.reader
        self._delivered_until = entry.delivered_until
        self._outbox = Outbox(
            Cursor(help_center.asked_at, began_with.synced_at), self._entries, config.retract_as
        )

    @property
    def state(self) -> State:
        return self._outbox.state

    def run(
        self, reading: Generator[Record | State, None, bool]
    ) -> Generator[Record | State, None, bool]:
        """Retract what left the configuration, then read; before an error, save what was read."""
        try:
            yield from self._retract_left()
            return (yield from reading)
        except AirbyteTracedException:
            if not self._outbox.rests_on_absence:
                yield from self._outbox.send()
            if self._outbox.owes_state:
                yield from self._outbox.tell()
            raise

    def _retract_left(self) -> Iterator[Record | State]:
        """Retract what belongs to Help Centers that left the configuration, and forget them.

        A key that another Help Center of the state holds stays: a renamed brand has the same ones.
        """
        for subdomain in self._entries.keys() - {self._client.subdomain}:
            entry = self._entries[subdomain]
            others = [other.known for other in self._entries.values() if other is not entry]
            for article_id in entry.known:
                held = entry.known.locales(article_id)
                left = held.difference(*(known.locales(article_id) for known in others))
                if left:
                    self._outbox.put(retract(subdomain, article_id, left, OUT_OF_SCOPE))
                if self._outbox.is_full:
                    yield from self._outbox.send()
            yield from self._outbox.send()
            del self._entries[subdomain]

    def read_changes(self, listing: Listing) -> Generator[Record | State, None, bool]:
        """Read what Zendesk stamped since; return False where its list gets no further."""
        since = min(later(listing.updated_at, -OVERLAP_SECONDS), self._settled)
        while True:
            changes = self._client.changes(since)
            for article in changes.articles:
                self._see(article)
                yield from self._send_if_full()
            if not changes.has_more:
                break
            # The rows ascend. `end_time` says the same, or 1 where there are none.
            latest = max((article.updated_at for article in changes.articles), default=since)
            if min(latest, self._settled) <= since:
                yield from self._send()
                return False
            since = min(latest, self._settled)
        yield from self._send()
        self._finish(listing._replace(updated_at=self._position), self._last_reader)
        self._log_summary("what changed")
        return True

    def list_articles(self) -> Generator[Record | State, None, bool]:
        """Read every article, and retract what is known and not there any more."""
        reader = self._help_center.reader
        self._entries[self._client.subdomain] = HelpCenterState(
            self._known, None, self._last_reader, self._delivered_until
        )
        hierarchy = read_hierarchy(self._client, self._filters)
        self._category_of = {row.id: row.category_id for row in hierarchy.sections.values()}
        for sentence in unknown_filters(self._filters, self._help_center.locales, hierarchy):
            _LOG.warning("%s", sentence)
        known_before = len(self._known)
        seen: set[int] = set()
        for page in self._client.articles():
            for article in page:
                if self._see(article):
                    seen.add(article.id)
                else:
                    seen.discard(article.id)
                yield from self._send_if_full()
        missing = [article_id for article_id in self._known if article_id not in seen]
        another_reader = self._last_reader not in {"", reader}
        if is_suspicious(missing=len(missing), known=known_before, another_reader=another_reader):
            yield from self._send()
            yield from self._outbox.tell()
            raise too_many_vanished(
                self._client.host,
                missing=len(missing),
                known=known_before,
                another_reader=another_reader,
            )
        gone = []
        for article_id in missing:
            if self._is_gone(article_id):
                gone.append(article_id)
            yield from self._send_if_full()
        if gone or len(seen) > SMALL:
            self._prove_reader()
        for article_id in gone:
            held = self._known.locales(article_id)
            self._outbox.put(retract(self._client.subdomain, article_id, held, ARCHIVED_OR_DELETED))
            yield from self._send_if_full()
        yield from self._send()
        self._known.rearrange()
        asked_at = self._help_center.asked_at
        self._finish(Listing(self._position, asked_at, len(seen), self.scope), reader)
        self._log_summary("a listing")
        return True

    def _is_gone(self, article_id: int) -> bool:
        """Ask for a known article that a complete listing did not show."""
        known = self._known[article_id]
        if known and known.missed:
            # Nor did the one before. An archived article may go on answering when asked for.
            return True
        article = self._client.article(article_id)
        return article is None or not self._see(article, missed=True)

    def _see(self, article: Article, *, missed: bool = False) -> bool:
        """Put into the outbox what an article calls for; return False where it is gone by now."""
        self._stats.articles += 1
        known = self._known[article.id]
        held = self._known.locales(article.id)
        subdomain = self._client.subdomain
        in_scope = self._is_in_scope(article)
        if in_scope is None:
            self._stats.without_section += 1
            self._outbox.drop(subdomain, article.id)
            self._known.doubt(article.id, frozenset())
            return True
        called_for = retract(subdomain, article.id, held, OUT_OF_SCOPE)
        if in_scope:
            texts = self._translations(article)
            if texts is None:
                self._outbox.drop(subdomain, article.id)
                return False
            translations, is_whole = texts
            found = variants(article, translations, self._audience)
            self._stats.outdated += len({text.locale for text in translations}) - len(found)
            called_for = change(
                article,
                translations,
                found,
                is_whole=is_whole,
                audience=self._audience,
                filters=self._filters,
                known=held,
                brand_subdomain=subdomain,
            )
        after = called_for.held
        differs = self._known.differs(article.id, called_for.digest, after)
        has_news = bool(called_for.records or called_for.retracted)
        if differs and has_news and not (known is None and self._was_delivered(called_for)):
            self._outbox.put(called_for._replace(missed=missed))
            return True
        self._outbox.drop(subdomain, article.id)
        self._stats.unchanged += 1
        if differs or (known is not None and known.missed != missed):
            self._known.take(article.id, called_for.digest, after, missed=missed)
        return True

    def _was_delivered(self, called_for: Change) -> bool:
        """Tell whether a state that was written by hand counts an article as delivered."""
        until = self._delivered_until
        return until is not None and all(
            str(record["updated_at"]) < until for record in called_for.records
        )

    def _is_in_scope(self, article: Article) -> bool | None:
        """Tell whether an article's section and labels are in scope; None if that is unknown."""
        filters, section_id = self._filters, article.section_id
        if section_id is None and (filters.categories or filters.sections):
            return None
        if section_id is None or not filters.categories:
            return has_article(filters, article, category_id=None)
        category_id = self._category_id(section_id)
        return None if category_id is None else has_article(filters, article, category_id)

    def _category_id(self, section_id: int) -> int | None:
        if section_id not in self._category_of:
            # None was asked for yet, or the section is new. Asked for once more, not for ever.
            self._category_of[section_id] = None
            for section in read_hierarchy(self._client, self._filters).sections.values():
                self._category_of[section.id] = section.category_id
        return self._category_of[section_id]

    def _translations(self, article: Article) -> tuple[tuple[Translation, ...], bool] | None:
        """Return the translations of an article, and whether the list is whole; None if it is gone.

        A list without the translation in the source locale is partial: every article has one. But
        where that locale is disabled, it may be all that Zendesk shows: whether it lists
        translations in disabled locales is unknown.
        """
        if article.translations is not None and has_source(article, article.translations):
            return article.translations, True
        self._stats.asked_one_by_one += 1
        asked = self._client.translations(article.id)
        if asked is None:
            return None
        if has_source(article, asked):
            return asked, True
        self._stats.without_source += 1
        translations = (*(article.translations or ()), *asked)
        is_disabled = article.source_locale.lower() not in self._audience.enabled_locales
        return translations, is_disabled and bool(translations)

    def _send_if_full(self) -> Iterator[Record | State]:
        if self._outbox.is_full:
            yield from self._send()

    def _send(self) -> Iterator[Record | State]:
        if self._outbox.rests_on_absence:
            self._prove_reader()
        yield from self._outbox.send()

    def _prove_reader(self) -> None:
        """Prove that what was not shown was not kept back from somebody who may see less.

        Raises:
            AirbyteTracedException: where the user is no agent or admin, or another one than before.

        """
        reader = prove_staff(self._client).identity
        if self._help_center.reader not in {"", reader}:
            raise reader_changed()

    def _finish(self, listing: Listing, reader: str) -> None:
        self._entries[self._client.subdomain] = HelpCenterState(self._known, listing, reader)

    @property
    def _settled(self) -> str:
        """The youngest time to ask for changes since."""
        return later(self._client.now, -SETTLING_SECONDS)

    @property
    def _position(self) -> str:
        """Up to where Zendesk's stamps have been read, once all was.

        Not the latest stamp that was seen: an article may be edited after its page was read and
        before another one that is read later.
        """
        return later(self._help_center.asked_at, -SETTLING_SECONDS)

    def _log_summary(self, way: str) -> None:
        if self._stats.without_source:
            _LOG.warning(
                "%d articles of Help Center %s came without the translation in their source "
                "locale. Zendesk may leave out the translations in a locale that was disabled.",
                self._stats.without_source,
                self._client.subdomain,
            )
        if self._stats.without_section:
            _LOG.warning(
                "%d articles of Help Center %s are in sections that no list shows, so that "
                "nobody knows their category: they stay as they are until the next sync.",
                self._stats.without_section,
                self._client.subdomain,
            )
        line = summary(self._stats, self._outbox.stats, self._client.requests)
        _LOG.info("Help Center %s, %s: %s", self._client.subdomain, way, line)


def summary(read: ReadStats, emitted: EmissionStats, requests: RequestStats) -> str:
    """Return what a person wants to know of a finished sync, in one line."""
    internal = emitted.internal.total()
    parts = [
        f"{read.articles:,} articles, {read.unchanged:,} unchanged",
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
