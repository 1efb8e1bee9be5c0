"""One sync of one Help Center: the one place that decides what is read, and what follows."""

import logging
from collections import Counter
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from functools import partial
from http import HTTPStatus
from typing import Final, NamedTuple

from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_zendesk_articles.articles.changes import (
    ARCHIVED_OR_DELETED,
    OUT_OF_SCOPE,
    Change,
    Rules,
    change,
    retract,
)
from source_zendesk_articles.articles.filters import fingerprint, has_article
from source_zendesk_articles.articles.markdown import MARKDOWN_VERSION
from source_zendesk_articles.articles.placement import Hierarchy, is_placed
from source_zendesk_articles.articles.records import DIGEST_VERSION, Record
from source_zendesk_articles.articles.visibility import Audience, has_source
from source_zendesk_articles.config import Config
from source_zendesk_articles.memory.due import (
    are_suspicious_variants,
    ascend,
    held_over,
    is_small,
    is_suspicious,
    listing_due,
    listing_needed,
    next_start,
)
from source_zendesk_articles.memory.state import HelpCenterState, Listing, State, scope_of
from source_zendesk_articles.sync.conversions import CONVERTERS, Conversions
from source_zendesk_articles.sync.errors import (
    reader_changed,
    too_many_translations_vanished,
    too_many_vanished,
    unknown_visibility,
    unreadable_articles,
)
from source_zendesk_articles.sync.listing import ArticleListing, ListedPage
from source_zendesk_articles.sync.outbox import Outbox
from source_zendesk_articles.sync.preflight import (
    SETTLING_SECONDS,
    UNKNOWN_READER,
    HelpCenter,
    choices,
    identity,
    inspect,
    prove_staff,
    read_filtered,
    read_hierarchy,
    unknown_filters,
    warn_of_no_answer,
)
from source_zendesk_articles.sync.progress import Progress, ReadStats, progress, summary
from source_zendesk_articles.sync.unreadable import UnreadableArticles
from source_zendesk_articles.sync.workers import InOrder, Workers
from source_zendesk_articles.zendesk.client import HelpCenterClient
from source_zendesk_articles.zendesk.errors import (
    NoUsableAnswerError,
    RefusalError,
)
from source_zendesk_articles.zendesk.models import Article, Changes, Row, Translation, Unreadable
from source_zendesk_articles.zendesk.timestamps import later
from source_zendesk_articles.zendesk.transport import ONCE_MORE

# So much of what was read is read again: what is known emits nothing.
OVERLAP_SECONDS: Final = 60

_LOG = logging.getLogger("airbyte.zendesk")


Emitted = Record | State | Progress


def sync_help_center(
    client: HelpCenterClient,
    config: Config,
    outbox: Outbox,
    begin: Callable[[HelpCenterClient], Iterator[Emitted]],
) -> Generator[Emitted, None, None]:
    """Yield what has to be emitted, each record behind a state that announces it; and progress.

    The state is the outbox's; one that was yielded is to be written down at once. `begin` comes
    before all, once the Help Center has answered.

    Raises:
        AirbyteTracedException: in the user's words, behind a state that tells what was done.

    """
    stats = ReadStats()
    tell = partial(progress, client.subdomain, outbox.emitted, stats, client.requests)
    try:
        with closing(Workers(tell)) as workers, closing(Workers(tell, CONVERTERS)) as converters:
            conversions = Conversions(converters)
            more = stats, Hierarchy(), UnreadableArticles()
            given = _Given(client, config, outbox, begin, workers, conversions, *more)
            yield from _sync(given)
    except AirbyteTracedException:
        client.stop()
        outbox.done([client.subdomain])
        if outbox.owes_state:
            yield from outbox.tell()
        raise
    except BaseException:
        # Nobody waits any more for what the threads are at.
        client.stop()
        raise


class _Given(NamedTuple):
    """What a sync of a Help Center works with."""

    client: HelpCenterClient
    config: Config
    outbox: Outbox
    begin: Callable[[HelpCenterClient], Iterator[Emitted]]
    workers: Workers[Progress]
    conversions: Conversions[Progress]
    stats: ReadStats
    hierarchy: Hierarchy
    unreadable: UnreadableArticles


def _sync(given: _Given) -> Generator[Emitted, None, None]:
    client, config, workers = given.client, given.config, given.workers
    entry = given.outbox.help_centers[client.subdomain]
    hours = config.reconcile_every_hours
    treat_as_open = config.treats_as_open(client.subdomain)
    asked_locales = workers.submit(client.locales)
    why = listing_needed(entry, hours)
    if why is None and entry.listing is not None:
        locales = yield from workers.result(asked_locales)
        could_read = entry.listing.visitors_could_read
        sync = _Sync(given, HelpCenter(None, locales, could_read, entry.visitors))
        taken_over = None if treat_as_open else held_over(entry)
        why = listing_due(entry.listing, client.now, sync.scope, hours, taken_over)
        if why is None:
            if taken_over:
                warn_of_no_answer(client, taken_over)
            if (yield from sync.run(sync.read_changes(entry.listing))):
                return
            why = (
                "the incremental list gets no further: its rows do not ascend, or too many of them "
            )
            why += "were stamped within a second or within the last minute"
    _LOG.info("Help Center %s: every article is listed, because %s.", client.subdomain, why)
    inspected = workers.submit(
        lambda: inspect(client, asked_locales.result, entry.visitors, treat_as_open=treat_as_open)
    )
    # It may as well begin while the questions are asked.
    listing = ArticleListing(client, workers)
    yield from listing.begin(inspected)
    help_center = yield from workers.result(inspected)
    if help_center.visitors_may_read is None and not help_center.answer and config.visibility:
        # Nothing was ever known: taken for closed, it would have all retracted that is public.
        raise unknown_visibility(client.host)
    sync = _Sync(given, help_center)
    yield from sync.run(sync.list_articles(listing))


class _Sync:
    """A sync whose opening questions are answered: reads articles, and puts into the outbox."""

    def __init__(self, given: _Given, help_center: HelpCenter) -> None:
        (
            client,
            config,
            self._outbox,
            self._begin,
            self._workers,
            self._conversions,
            self._stats,
            self._hierarchy,
            self._unreadable,
        ) = given
        self._client = client
        self._help_center = help_center
        enabled = frozenset(locale.lower() for locale in help_center.locales.enabled)
        treat_as_open = config.treats_as_open(client.subdomain)
        is_open = help_center.visitors_may_read is True or treat_as_open
        markdown_version = MARKDOWN_VERSION if config.body_markdown else 0
        audience = Audience(is_open, enabled)
        self._rules = Rules(client.subdomain, audience, config.filters, markdown_version)
        self.scope = scope_of(
            fingerprint(config.filters, enabled, treat_as_open, DIGEST_VERSION, markdown_version),
            visitors_may_read=help_center.visitors_may_read,
        )
        self._several = config.has_several
        self._entries = self._outbox.help_centers
        self._entry = self._entries[client.subdomain]
        self._known = self._entry.known
        self._outbox.expect_in(help_center.locales.enabled)
        self._articles_before = len(self._known)
        self._variants_before = sum(len(self._known.locales(row)) for row in self._known)
        # Of each article what takes its translations out that are not listed any more.
        self._vanished: dict[int, Change] = {}
        # And how many of each are retracted at once.
        self._explained: Counter[int] = Counter()

    def run(self, reading: Generator[Emitted, None, bool]) -> Generator[Emitted, None, bool]:
        """Begin, then read; before an error, save what was read."""
        try:
            yield from self._begin(self._client)
            return (yield from reading)
        except AirbyteTracedException:
            self._outbox.done([self._client.subdomain])
            if not self._outbox.rests_on_absence:
                yield from self._send()
            raise

    def read_changes(self, listing: Listing) -> Generator[Emitted, None, bool]:
        """Read what Zendesk stamped since; return False where its list gets no further."""
        _LOG.info(
            "Help Center %s: reading what changed. At the listing of %s visitors %s.",
            self._client.subdomain,
            listing.reconciled_at,
            "could read it" if listing.visitors_could_read else "could not read it",
        )
        self._outbox.settles = False
        since = start = later(listing.updated_at, -OVERLAP_SECONDS)
        while True:
            changes = yield from self._workers.ask(partial(self._changes, since))
            yield from self._see(changes.articles)
            yield self._workers.tick()
            # Not `end_time`: it is 1 if there are no rows.
            stamps = [row.updated_at for row in changes.articles if isinstance(row, Article)]
            if not changes.has_more and (since == start or ascend(stamps)):
                break
            following = next_start(stamps, since, self._settled) if changes.has_more else None
            if following is None:
                yield from self._send()
                yield from self._outbox.tell()
                self._log_summary("some of what changed")
                return False
            since = following
        yield from self._send_all()
        self._finish(listing._replace(updated_at=self._position), self._entry.reader)
        self._log_summary("what changed")
        yield from self._fail_if_unreadable()
        return True

    def _changes(self, since: str) -> Changes:
        try:
            return self._client.changes(since)
        except RefusalError:
            # It answers 404 to a visitor, and to a user who is no agent: say which.
            prove_staff(self._client)
            raise

    def list_articles(self, listing: ArticleListing[Progress]) -> Generator[Emitted, None, bool]:
        """Read every article, and retract what is known and not there any more."""
        self._outbox.settles = True
        reader = self._help_center.reader or ""
        unfinished = self._entry.to_list._replace(
            reader=self._entry.reader or reader, visitors=self._help_center.answer
        )
        self._entries[self._client.subdomain] = unfinished
        # What unfinished listings emit must not outnumber what is missing.
        known = min(unfinished.known_before or len(self._known), len(self._known))
        self._variants_before = self._variants_before * known // max(len(self._known), 1)
        self._articles_before = known
        filters = self._rules.filters
        hierarchy = yield from self._workers.ask(lambda: read_filtered(self._client, filters))
        self._hierarchy.update(hierarchy)
        # Of several Help Centers each has sections of its own.
        level = logging.INFO if self._several else logging.WARNING
        for sentence in unknown_filters(filters, [choices(self._help_center.locales, hierarchy)]):
            _LOG.log(level, "Help Center %s: %s", self._client.subdomain, sentence)
        seen = yield from self._see_all(listing)
        missing = [article_id for article_id in self._known if article_id not in seen]
        another_reader = self._is_another(reader)
        if is_suspicious(missing=len(missing), known=known, another_reader=another_reader):
            self._outbox.done([self._client.subdomain])
            yield from self._send()
            yield from self._outbox.tell()
            raise too_many_vanished(
                self._client.host,
                missing=len(missing),
                known=known,
                another_reader=another_reader,
            )
        yield from self._confirm(missing)
        # A next sync that does not list again would not find what was kept back from this one.
        proof = self._workers.submit(self._prove_reader) if not is_small(len(seen)) else None
        yield from self._send_all()
        if proof:
            yield from self._workers.result(proof)
        began_at = self._client.began_at
        self._finish(Listing(self._position, began_at, len(seen), self.scope), reader)
        self._log_summary("a listing")
        yield from self._fail_if_unreadable()
        return True

    def _fail_if_unreadable(self) -> Iterator[Emitted]:
        """Fail, behind the state, if articles could not be read: all else is done.

        They are in doubt, so that the next sync lists again.
        """
        if self._unreadable:
            yield from self._outbox.tell()
            named, total = self._unreadable.named, len(self._unreadable)
            raise unreadable_articles(self._client.host, named, total)

    def _see_all(
        self, listing: ArticleListing[Progress]
    ) -> Generator[Emitted, None, Collection[int]]:
        """Return the ids of the articles that a whole listing showed."""
        self._stats.is_first = len(self._known) == 0
        self._unreadable.begin_again()
        seen: dict[int, tuple[str, float]] = {}
        for page in listing.read():
            self._stats.total = listing.total
            yield from self._see_page(page, seen)
        if not listing.is_whole:
            # What waits may be gone by now.
            self._outbox.clear()
            seen.clear()
            self._unreadable.begin_again()
            self._vanished.clear()
            self._explained.clear()
            self._stats.begin_again()
            for page in listing.read_by_cursor():
                yield from self._see_page(page, seen)
        return seen

    def _see_page(
        self, page: ListedPage | Progress, seen: dict[int, tuple[str, float]]
    ) -> Generator[Emitted, None, None]:
        """See what was listed, and note of what is there when it was stamped and fetched."""
        if isinstance(page, Progress):
            yield page
            return
        sightings = {
            row.id: (row.updated_at, page.fetched_at) for row in page.articles if row.id is not None
        }
        # Pages come in their order, and one that had to be asked for again is younger than others
        # that come after it: of two sightings of an article the older one may come last.
        rows = [
            row
            for row in page.articles
            if row.id is None or sightings[row.id] >= seen.get(row.id, ("", 0))
        ]
        gone = yield from self._see(rows)
        seen.update((row.id, sightings[row.id]) for row in rows if row.id is not None)
        for article_id in gone:
            del seen[article_id]
        yield self._workers.tick()

    def _confirm(self, missing: list[int]) -> Generator[Emitted, None, None]:
        """Ask for the known articles that were not shown, and retract those that are gone.

        One that the listing before did not show either is not asked for: an archived article may
        go on answering. Unless this listing may have hidden it.
        """
        is_whole = not self._unreadable.hide_others
        missed = set(filter(self._was_missed, missing)) if is_whole else set()
        to_ask = (article_id for article_id in missing if article_id not in missed)
        shown = InOrder(self._workers, (partial(self._client.article, row) for row in to_ask))
        for article_id in missing:
            article = None if article_id in missed else (yield from shown.next())
            if isinstance(article, Unreadable):
                self._leave_in_doubt(article)
            elif article is None or (yield from self._see([article], missed=is_whole)):
                self._gone(article_id)
            yield from self._send_if_full()

    def _gone(self, article_id: int) -> None:
        """Retract an article that is gone, unless another Help Center shows it by now."""
        subdomain = self._client.subdomain
        if not self._outbox.retract(subdomain, article_id, ARCHIVED_OR_DELETED):
            self._outbox.drop(subdomain, article_id)
            self._known.forget(article_id)

    def _was_missed(self, article_id: int) -> bool:
        known = self._known[article_id]
        return known is not None and known.missed

    def _see(
        self, rows: Sequence[Row], *, missed: bool = False
    ) -> Generator[Emitted, None, set[int]]:
        """Put into the outbox what articles call for; return which of them are gone by now."""
        subdomain = self._client.subdomain
        gone: set[int] = set()
        articles = [row for row in rows if isinstance(row, Article)]
        self._unreadable.discard(row.id for row in articles)
        for row in rows:
            if isinstance(row, Unreadable):
                articles += yield from self._ask_again(row, gone)
        placed = yield from self._placed(articles)
        looked_at = [self._look(article) for article in placed]
        calls = (
            partial(self._client.translations, row.id) for row, _, whole in looked_at if not whole
        )
        asked = InOrder(self._workers, calls)
        again: list[Article] = []
        for article, is_in_scope, is_whole in looked_at:
            self._stats.articles += 1
            if article.section is None and (is_in_scope or self._rules.filters.need_section):
                self._stats.nowhere += 1
            translations = article.translations
            if not is_whole:
                texts = yield from asked.next()
                if isinstance(texts, Unreadable):
                    again += yield from self._ask_again(texts, gone, whole=True)
                    continue
                translations = self._completed(article, texts)
            held, perhaps = self._known.locales(article.id), self._known.perhaps(article.id)
            if not is_in_scope:
                out = retract(subdomain, article.id, held | perhaps, OUT_OF_SCOPE)
                self._call_for(out, missed=missed)
            else:
                called_for = change(article, translations or (), held, self._rules, perhaps)
                self._stats.outdated += called_for.outdated
                self._stats.count_variants(called_for.records)
                self._call_for(called_for, missed=missed)
            yield from self._send_if_full()
        self._conversions.begin()
        if again:
            gone |= yield from self._see(again, missed=missed)
        return gone

    def _ask_again(
        self, row: Unreadable, gone: set[int], *, whole: bool = False
    ) -> Generator[Emitted, None, list[Article]]:
        """Ask once more, alone, for an article that cannot be read; return it if it can be now.

        If not, it is left in doubt, or is one that is `gone`. `whole`: with its translations.
        """
        shown: Row | None = row
        if row.id is not None and self._unreadable.has_to_be_asked_for(row):
            try:
                ask = partial(self._client.article, row.id, ONCE_MORE)
                shown = yield from self._workers.ask(ask)
            except NoUsableAnswerError:
                pass
            except RefusalError as error:
                if error.status == HTTPStatus.UNAUTHORIZED:
                    raise  # not of this article
        if isinstance(shown, Article) and (
            not whole or has_source(shown, shown.translations or ())
        ):
            return [shown]
        if shown is None and row.id is not None:
            self._unreadable.discard([row.id])
            self._drop(row.id)
            gone.add(row.id)
        else:
            self._leave_in_doubt(shown if isinstance(shown, Unreadable) else row)
        return []

    def _leave_in_doubt(self, row: Unreadable) -> None:
        """Let the destination hold of an article what it does: what it should hold is unknown."""
        self._unreadable.add(row)
        if row.id is not None:
            self._drop(row.id)
            self._known.doubt(row.id, frozenset())

    def _drop(self, article_id: int) -> None:
        """Forget what an earlier sighting of an article called for."""
        self._outbox.drop(self._client.subdomain, article_id)
        self._vanished.pop(article_id, None)
        self._explained.pop(article_id, None)

    def _look(self, article: Article) -> tuple[Article, bool, bool]:
        """Tell whether an article is in scope, and whether its translations are all that counts."""
        is_in_scope = self._is_in_scope(article)
        return (
            article,
            is_in_scope,
            not is_in_scope or has_source(article, article.translations or ()),
        )

    def _completed(
        self, article: Article, asked: tuple[Translation, ...]
    ) -> tuple[Translation, ...]:
        """Return the translations of an article that was asked for them."""
        self._stats.asked_one_by_one += 1
        if has_source(article, asked):
            return asked
        self._stats.without_source += 1
        return (*(article.translations or ()), *asked)

    def _call_for(self, called_for: Change, *, missed: bool) -> None:
        called_for = called_for._replace(missed=missed)
        self._drop(called_for.article_id)
        explained = called_for.explained(self._known.locales(called_for.article_id))
        if explained:
            self._explained[called_for.article_id] = explained
        if called_for.vanished:
            self._vanished[called_for.article_id] = called_for.of_vanished
        if self._has_to_be_emitted(called_for):
            self._outbox.put(called_for)
            if self._rules.markdown_version:
                self._conversions.add(called_for.records)
            return
        self._known.settle(called_for.article_id, called_for.digest, called_for.held, missed=missed)
        if self._outbox.settles and not called_for.vanished:
            self._known.conclude(called_for.article_id)
        if not self._known.locales(called_for.article_id):
            # An article of which nothing was ever read may be in doubt.
            self._known.forget(called_for.article_id)
        if called_for.held:
            self._stats.unchanged += 1
        else:
            self._stats.out_of_scope += 1

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

        While nobody knows in which category it is, it stays in or out of that as it was. So it does
        if Zendesk leaves out its labels.
        """
        filters, section_id = self._rules.filters, article.section_id
        category_id = article.section.category_id if article.section else None
        if (filters.need_section and section_id is None) or (
            filters.categories and category_id is None
        ):
            if self._known[article.id] is None:
                return False
            sections = filters.sections if section_id is not None else frozenset()
            filters = filters._replace(categories=frozenset(), sections=sections)
        if (filters.labels or filters.exclude_labels) and "label_names" not in article.raw:
            if self._known[article.id] is None:
                return False
            filters = filters._replace(labels=frozenset(), exclude_labels=frozenset())
        return has_article(filters, article, category_id)

    def _placed(self, articles: Sequence[Article]) -> Generator[Emitted, None, Iterable[Article]]:
        """Return articles with their sections and categories, for which the lists are asked once.

        No sooner than an article comes without: mostly they come along.
        """
        elsewhere = [row for row in articles if not is_placed(row)]
        if not elsewhere:
            return articles
        listed = self._hierarchy
        if not (listed.is_final or all(map(listed.places, elsewhere))):
            listed.is_final = True
            new_section = any(row.section_id not in listed.sections for row in elsewhere)
            ask = partial(
                read_hierarchy,
                self._client,
                categories=not listed.categories,
                sections=new_section,
            )
            listed.update((yield from self._workers.ask(ask)))
        return (row if is_placed(row) else listed.place(row) for row in articles)

    def _send_if_full(self) -> Iterator[Emitted]:
        if self._outbox.is_full:
            yield from self._send()

    def _send(self) -> Iterator[Emitted]:
        if self._outbox.rests_on_absence:
            yield from self._workers.ask(self._prove_reader)
        yield from self._emit()

    def _emit(self) -> Iterator[Emitted]:
        yield from self._conversions.finish()
        yield from self._outbox.send()

    def _send_all(self) -> Iterator[Emitted]:
        """Send what waits, and retract the translations that vanished, unless too many did.

        Raises:
            AirbyteTracedException: if so, behind a state that tells of all else.

        """
        if not self._vanished:
            self._outbox.done([self._client.subdomain])
            yield from self._send()
            return
        another_reader = self._is_another((yield from self._workers.ask(self._prove_reader)))
        vanished = sum(len(row.retracted) for row in self._vanished.values())
        subdomain, variants = self._client.subdomain, self._variants_before
        if are_suspicious_variants(
            vanished=vanished,
            variants=variants,
            most=variants - self._articles_before - self._explained.total(),
            another_reader=another_reader,
        ):
            self._outbox.done([subdomain])
            yield from self._emit()
            # A feed may leave out what a listing shows.
            self._entries[subdomain] = self._entries[subdomain].to_list
            yield from self._outbox.tell()
            raise too_many_translations_vanished(
                self._client.host,
                vanished=vanished,
                variants=variants,
                another_reader=another_reader,
            )
        for article_id, alone in self._vanished.items():
            waiting = self._outbox.waiting(subdomain, article_id)
            self._outbox.put(waiting.with_retracted(alone.retracted) if waiting else alone)
            if self._outbox.is_full:
                yield from self._emit()
        self._outbox.done([subdomain])
        yield from self._emit()

    def _is_another(self, reader: str) -> bool:
        return reader == UNKNOWN_READER or self._entry.reader not in {"", reader}

    def _prove_reader(self) -> str:
        """Return who the user is, proved to be an agent or admin.

        So that what was not shown was not kept back from somebody who may see less.

        Raises:
            AirbyteTracedException: where the user is no agent or admin, or another one than before.

        """
        reader = identity(prove_staff(self._client))
        if self._help_center.reader not in {None, reader}:
            raise reader_changed()
        return reader

    def _finish(self, listing: Listing, reader: str) -> None:
        entry = HelpCenterState(
            self._known,
            listing,
            reader,
            brand=self._entry.brand,
            visitors=self._help_center.answer,
        )
        # Only a listing finds out what a row without an id was.
        entry = entry.to_list if self._unreadable.hide_others else entry
        self._entries[self._client.subdomain] = entry

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
        return later(self._client.began_at, -SETTLING_SECONDS)

    def _log_summary(self, way: str) -> None:
        if self._stats.without_source:
            _LOG.warning(
                "%d articles of Help Center %s came without the translation in their source "
                "locale. Zendesk may leave out the translations in a locale that was disabled.",
                self._stats.without_source,
                self._client.subdomain,
            )
        if self._stats.nowhere:
            _LOG.warning(
                "%d articles of Help Center %s are in no section, or in one that no list shows, so "
                "that nobody knows their category: their records do not name it, and a filter by "
                "category leaves them in or out as they were.",
                self._stats.nowhere,
                self._client.subdomain,
            )
        emitted = self._outbox.stats[self._client.subdomain]
        line = summary(self._stats, emitted, self._client.requests)
        _LOG.info("Help Center %s, %s: %s", self._client.subdomain, way, line)
