"""One sync of one Help Center: the one place that decides what is read, and what follows."""

import logging
from collections.abc import Generator, Iterable, Iterator
from typing import Final

from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_zendesk_articles.changes import (
    ARCHIVED_OR_DELETED,
    OUT_OF_SCOPE,
    Change,
    Rules,
    change,
    retract,
)
from source_zendesk_articles.client import HelpCenterClient
from source_zendesk_articles.config import Config
from source_zendesk_articles.due import SMALL, is_suspicious, listing_due, listing_needed
from source_zendesk_articles.errors import (
    RefusalError,
    reader_changed,
    too_many_vanished,
    unknown_visibility,
)
from source_zendesk_articles.help_center import (
    SETTLING_SECONDS,
    UNKNOWN_READER,
    HelpCenter,
    identity,
    inspect,
    prove_staff,
    read_hierarchy,
    unknown_filters,
    warn_of_the_end,
)
from source_zendesk_articles.instants import later
from source_zendesk_articles.known import KnownArticles
from source_zendesk_articles.models import Article, Changes, Section, Translation
from source_zendesk_articles.outbox import Outbox
from source_zendesk_articles.records import DIGEST_VERSION, Cursor, Record
from source_zendesk_articles.scope import fingerprint, has_article
from source_zendesk_articles.state import HelpCenterState, Listing, State, scope_of
from source_zendesk_articles.stats import ReadStats, summary
from source_zendesk_articles.variants import Audience, has_source

# So much of what was read is read again: what is known emits nothing.
OVERLAP_SECONDS: Final = 60

_LOG = logging.getLogger("airbyte.zendesk")


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
        warn_of_the_end(client)
        could_read = entry.listing.visitors_could_read
        sync = _Sync(client, config, began_with, HelpCenter(None, locales, could_read, client.now))
        why = listing_due(entry.listing, client.now, sync.scope, hours)
        if why is None:
            if (yield from sync.run(sync.read_changes(entry.listing))):
                return sync.state
            began_with = sync.state
            why = "the incremental list gets no further: too many were stamped within a second"
    _LOG.info("Help Center %s: every article is listed, because %s.", client.subdomain, why)
    treat_as_open = config.treats_as_open(client.subdomain)
    help_center = inspect(client, treat_as_open=treat_as_open, locales=locales)
    if help_center.visitors_may_read is None and config.visibility:
        # Taken for closed, it would have everything retracted that is public.
        raise unknown_visibility(client.host)
    sync = _Sync(client, config, began_with, help_center)
    yield from sync.run(sync.list_articles())
    return sync.state


class _Sync:
    """A sync whose opening questions are answered: reads articles, and puts into the outbox."""

    def __init__(
        self, client: HelpCenterClient, config: Config, began_with: State, help_center: HelpCenter
    ) -> None:
        self._client = client
        self._help_center = help_center
        self._stats = ReadStats()
        # By section; it is read where the filters need it, and once more for a new section.
        self._category_of: dict[int, int] = {}
        self._asked_for_sections_again = False
        enabled = frozenset(locale.lower() for locale in help_center.locales.enabled)
        treat_as_open = config.treats_as_open(client.subdomain)
        is_open = help_center.visitors_may_read is True or treat_as_open
        self._rules = Rules(client.subdomain, Audience(is_open, enabled), config.filters)
        self.scope = scope_of(
            fingerprint(config.filters, enabled, treat_as_open, DIGEST_VERSION),
            visitors_may_read=help_center.visitors_may_read,
        )
        self._entries = dict(began_with.help_centers)
        self._entry = self._entries.setdefault(client.subdomain, HelpCenterState(KnownArticles()))
        self._known = self._entry.known
        self._outbox = Outbox(
            Cursor(help_center.asked_at, began_with.synced_at), self._entries, config.retract_as
        )

    @property
    def state(self) -> State:
        """What the platform should hold."""
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
        for subdomain in sorted(self._entries.keys() - {self._client.subdomain}):
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
        _LOG.info(
            "Help Center %s: reading what changed. At the listing of %s visitors %s.",
            self._client.subdomain,
            listing.reconciled_at,
            "could read it" if listing.visitors_could_read else "could not read it",
        )
        since = later(listing.updated_at, -OVERLAP_SECONDS)
        while True:
            changes = self._changes(since)
            for article in changes.articles:
                self._see(article)
                yield from self._send_if_full()
            if not changes.has_more:
                break
            # The rows ascend. `end_time` says the same, or 1 where there are none.
            latest = max((article.updated_at for article in changes.articles), default=since)
            if min(latest, self._settled) <= since:
                yield from self._send()
                yield from self._outbox.tell()
                self._log_summary("some of what changed")
                return False
            since = min(latest, self._settled)
        yield from self._send()
        self._finish(listing._replace(updated_at=self._position), self._entry.reader)
        self._log_summary("what changed")
        return True

    def _changes(self, since: str) -> Changes:
        try:
            return self._client.changes(since)
        except RefusalError:
            # It answers 404 to a visitor, and to a user who is no agent: say which.
            prove_staff(self._client)
            raise

    def list_articles(self) -> Generator[Record | State, None, bool]:
        """Read every article, and retract what is known and not there any more."""
        reader = self._help_center.reader or ""
        known_before = len(self._known) if self._entry.listing else self._entry.known_before
        # What unfinished listings emit must not outnumber what is missing.
        known = min(known_before or len(self._known), len(self._known))
        self._entries[self._client.subdomain] = self._entry._replace(
            listing=None, reader=self._entry.reader or reader, known_before=known_before
        )
        hierarchy = read_hierarchy(self._client, self._rules.filters)
        self._remember(hierarchy.sections.values())
        for sentence in unknown_filters(self._rules.filters, self._help_center.locales, hierarchy):
            _LOG.warning("%s", sentence)
        seen: set[int] = set()
        for page in self._client.articles():
            for article in page:
                if self._see(article):
                    seen.add(article.id)
                else:
                    seen.discard(article.id)
                yield from self._send_if_full()
        missing = [article_id for article_id in self._known if article_id not in seen]
        another_reader = reader == UNKNOWN_READER or self._entry.reader not in {"", reader}
        if is_suspicious(missing=len(missing), known=known, another_reader=another_reader):
            yield from self._send()
            yield from self._outbox.tell()
            raise too_many_vanished(
                self._client.host,
                missing=len(missing),
                known=known,
                another_reader=another_reader,
            )
        for article_id in missing:
            if self._is_gone(article_id):
                held = self._known.locales(article_id)
                self._outbox.put(
                    retract(self._client.subdomain, article_id, held, ARCHIVED_OR_DELETED)
                )
            yield from self._send_if_full()
        yield from self._send()
        if len(seen) > SMALL:
            # The next sync does not list so many again: what was kept back now would stay missing.
            self._prove_reader()
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
        subdomain = self._client.subdomain
        held = self._known.locales(article.id)
        called_for = retract(subdomain, article.id, held, OUT_OF_SCOPE)
        if self._is_in_scope(article):
            translations = self._translations(article)
            if translations is None:
                self._outbox.drop(subdomain, article.id)
                return False
            called_for = change(article, translations, held, self._rules)
            self._stats.outdated += called_for.outdated
        called_for = called_for._replace(missed=missed)
        if self._has_to_be_emitted(called_for):
            self._outbox.put(called_for)
            return True
        self._outbox.drop(subdomain, article.id)
        self._known.settle(called_for.article_id, called_for.digest, called_for.held, missed=missed)
        if called_for.held:
            self._stats.unchanged += 1
        else:
            self._stats.out_of_scope += 1
        return True

    def _has_to_be_emitted(self, called_for: Change) -> bool:
        is_new = self._known[called_for.article_id] is None
        return (
            bool(called_for.records or called_for.retracted)
            and self._known.differs(called_for.article_id, called_for.digest, called_for.held)
            and not (is_new and self._was_delivered(called_for))
        )

    def _was_delivered(self, called_for: Change) -> bool:
        """Tell whether a state that was written by hand counts an article as delivered."""
        until = self._entry.delivered_until
        return until is not None and all(
            str(record["updated_at"]) < until for record in called_for.records
        )

    def _is_in_scope(self, article: Article) -> bool:
        """Tell whether an article's section and labels are in scope.

        While nobody knows in which category it is, it stays in or out of that as it was.
        """
        filters, section_id = self._rules.filters, article.section_id
        category_id = None
        if filters.categories and section_id is not None:
            category_id = self._category_id(section_id)
        needs_section = filters.categories or filters.sections
        if (needs_section and section_id is None) or (filters.categories and category_id is None):
            self._stats.without_section += 1
            if self._known[article.id] is None:
                return False
            sections = filters.sections if section_id is not None else frozenset()
            filters = filters._replace(categories=frozenset(), sections=sections)
        return has_article(filters, article, category_id)

    def _category_id(self, section_id: int) -> int | None:
        if section_id not in self._category_of and not self._asked_for_sections_again:
            self._asked_for_sections_again = True
            for page in self._client.sections():
                self._remember(page)
        return self._category_of.get(section_id)

    def _remember(self, sections: Iterable[Section]) -> None:
        self._category_of.update({row.id: row.category_id for row in sections})

    def _translations(self, article: Article) -> tuple[Translation, ...] | None:
        """Return the translations of an article, asked for where they are partial; None if gone."""
        listed = article.translations or ()
        if has_source(article, listed):
            return listed
        self._stats.asked_one_by_one += 1
        asked = self._client.translations(article.id)
        if asked is None or has_source(article, asked):
            return asked
        self._stats.without_source += 1
        return (*listed, *asked)

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
        reader = identity(prove_staff(self._client))
        if self._help_center.reader not in {None, reader}:
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
                "%d articles of Help Center %s are in no section, or in one that no list shows, so "
                "that nobody knows their category: they stay in it or out of it as they were.",
                self._stats.without_section,
                self._client.subdomain,
            )
        line = summary(self._stats, self._outbox.stats, self._client.requests)
        _LOG.info("Help Center %s, %s: %s", self._client.subdomain, way, line)
