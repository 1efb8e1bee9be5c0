"""One sync of one Help Center: feed or listing, what is missing, the end.

The one place that decides what is read. `judge` decides what each article calls for.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import partial
from typing import Final

from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_zendesk_articles.articles.changes import Rules
from source_zendesk_articles.articles.filters import fingerprint
from source_zendesk_articles.articles.markdown import MARKDOWN_VERSION
from source_zendesk_articles.articles.records import DIGEST_VERSION
from source_zendesk_articles.articles.visibility import Audience
from source_zendesk_articles.config import Config
from source_zendesk_articles.memory.due import held_over, is_small, listing_due, listing_needed
from source_zendesk_articles.memory.state import HelpCenterState, Reconciled, scope_of
from source_zendesk_articles.sync.apply import Application, Emitted
from source_zendesk_articles.sync.complete import Completion
from source_zendesk_articles.sync.conversions import CONVERTERS, Conversions
from source_zendesk_articles.sync.errors import (
    unknown_visibility,
    unreadable_articles,
    user_changed,
)
from source_zendesk_articles.sync.feed import FeedStuckError, read_feed
from source_zendesk_articles.sync.filter_check import choices, read_filtered, unknown_filters
from source_zendesk_articles.sync.listing import ArticleListing, ListedPage, Sightings
from source_zendesk_articles.sync.outbox import Outbox
from source_zendesk_articles.sync.preflight import (
    SETTLING_SECONDS,
    UNKNOWN_USER,
    HelpCenter,
    identity,
    inspect,
    prove_staff,
    warn_of_no_answer,
)
from source_zendesk_articles.sync.progress import Report, progress, summary, warnings
from source_zendesk_articles.sync.workers import InOrder, Workers
from source_zendesk_articles.zendesk.client import PAGE_SIZE, HelpCenterClient
from source_zendesk_articles.zendesk.errors import RefusalError
from source_zendesk_articles.zendesk.models import FeedPage, Locales, Unreadable
from source_zendesk_articles.zendesk.timestamps import later

# The feed reads so much again: what is known emits nothing.
OVERLAP_SECONDS: Final = 60

_FEED_IS_STUCK: Final = (
    "the incremental list gets no further: its rows do not ascend, or too many of them were "
    "timestamped within a second or within the last minute"
)
_LOG = logging.getLogger("airbyte.zendesk")


def sync_help_center(
    client: HelpCenterClient,
    config: Config,
    outbox: Outbox,
    begin: Callable[[HelpCenterClient], Iterator[Emitted]],
    report: Report,
) -> Iterator[Emitted]:
    """Yield what has to be emitted, each record after a state that announces it.

    The state is the outbox's; one that is yielded has to be written down at once. `begin` comes
    before everything else, once the Help Center has answered. `report` is called while it reads and
    waits.

    Raises:
        AirbyteTracedException: in the user's words, after a state that says what was done.

    """
    done, emitted_before = outbox.statistics[client.subdomain], outbox.emitted

    def report_now() -> None:
        report(progress(client.subdomain, emitted_before, done, client.requests))

    with closing(_Sync(client, config, outbox, begin, report_now)) as sync:
        try:
            yield from sync.run()
        except AirbyteTracedException:
            yield from sync.save()
            raise
        except BaseException:
            # The results of the threads are of no use now.
            client.stop()
            raise


class _Sync:
    """One sync of a Help Center. What it emits and remembers goes through the outbox."""

    def __init__(
        self,
        client: HelpCenterClient,
        config: Config,
        outbox: Outbox,
        begin: Callable[[HelpCenterClient], Iterator[Emitted]],
        report: Callable[[], None],
    ) -> None:
        self._client = client
        self._subdomain = client.subdomain
        self._config = config
        self._treat_as_open = config.treats_as_open(client.subdomain)
        self._outbox = outbox
        self._begin = begin
        self._report = report
        self._workers = Workers(report)
        self._converters = Workers(report, CONVERTERS)
        self._conversions = Conversions(self._converters)
        self._done = outbox.statistics[client.subdomain]
        self._before = outbox.help_centers[client.subdomain]
        self._known = self._before.known
        self._completion = Completion(
            client, self._workers, config.filters, self._known, self._done
        )
        self._unreadable = self._completion.unreadable

    def close(self) -> None:
        """Let the threads end."""
        self._workers.close()
        self._converters.close()

    def run(self) -> Iterator[Emitted]:
        """Read the feed; list every article instead if that is due, or if the feed is stuck."""
        asked_locales = self._workers.submit(self._client.locales)
        why = listing_needed(self._before, self._config.reconcile_every_hours)
        last = self._before.reconciled
        if why is None and last is not None:
            why = self._listing_due(last, self._workers.result(asked_locales))
            if why is None:
                try:
                    yield from self._read_feed(last)
                except FeedStuckError:
                    why = _FEED_IS_STUCK
                else:
                    return
        _LOG.info("Help Center %s: every article is listed, because %s.", self._subdomain, why)
        inspected = self._workers.submit(
            lambda: inspect(
                self._client,
                asked_locales.result,
                self._before.visitors,
                treat_as_open=self._treat_as_open,
            )
        )
        # The first pages can come while these questions are being answered.
        listing = ArticleListing(self._client, self._workers)
        listing.begin(inspected)
        self._prepare(self._workers.result(inspected))
        yield from self._list(listing)

    def save(self) -> Iterator[Emitted]:
        """After an error: send what waits, unless it depends on absence, and save the state."""
        self._client.stop()
        self._outbox.expect_no_more([self._subdomain])
        if not self._outbox.depends_on_absence:
            self._conversions.finish()
            yield from self._outbox.send()
        if self._outbox.owes_state:
            yield from self._outbox.save()

    def _listing_due(self, last: Reconciled, locales: Locales) -> str | None:
        """Return why the last listing no longer holds; None if the feed can be read."""
        visitors, could_read = self._before.visitors, last.visitors_could_read
        self._prepare(HelpCenter(None, locales, could_read, visitors))
        # If the Help Center counts as open anyway, nothing depends on the answer to visitors.
        held = None if self._treat_as_open else held_over(self._before)
        hours = self._config.reconcile_every_hours
        why = listing_due(last, self._client.now, self._scope, hours, held)
        if why is None and held:
            warn_of_no_answer(self._client, held)
        return why

    def _prepare(self, help_center: HelpCenter) -> None:
        """Set what holds for every article, once it is known whether visitors may read."""
        filters = self._config.filters
        enabled = frozenset(locale.lower() for locale in help_center.locales.enabled)
        is_open = help_center.visitors_may_read is True or self._treat_as_open
        markdown_version = MARKDOWN_VERSION if self._config.body_markdown else 0
        self._help_center = help_center
        self._rules = Rules(self._subdomain, Audience(is_open, enabled), filters, markdown_version)
        self._scope = scope_of(
            fingerprint(filters, enabled, self._treat_as_open, DIGEST_VERSION, markdown_version),
            visitors_may_read=help_center.visitors_may_read,
        )
        self._verdicts = Application(
            self._outbox,
            self._rules,
            self._conversions,
            lambda: self._workers.ask(self._prove_user),
        )
        self._outbox.expect_in(help_center.locales.enabled)

    def _read_feed(self, last: Reconciled) -> Iterator[Emitted]:
        """Read what Zendesk timestamped since.

        Raises:
            FeedStuckError: if the feed gets no further, after a state that says what was done.

        """
        yield from self._begin(self._client)
        _LOG.info(
            "Help Center %s: reading what changed. At the listing of %s visitors %s.",
            self._subdomain,
            last.reconciled_at,
            "could read it" if last.visitors_could_read else "could not read it",
        )
        self._outbox.settles = False
        since = later(last.updated_at, -OVERLAP_SECONDS)
        try:
            for rows in read_feed(self._ask_feed, since, self._latest_start):
                # In parts: if the sideloads are refused, the translations of each are held at once.
                for first in range(0, len(rows), PAGE_SIZE):
                    yield from self._verdicts.apply(
                        self._completion.complete(rows[first : first + PAGE_SIZE])
                    )
                self._report()
        except FeedStuckError:
            yield from self._verdicts.send()
            yield from self._outbox.save()
            self._log_summary("some of what changed")
            raise
        yield from self._verdicts.send_all(self._is_other)
        reconciled = last._replace(updated_at=self._position)
        yield from self._end(reconciled, self._before.user, "what changed")

    def _list(self, listing: ArticleListing) -> Iterator[Emitted]:
        """Read every article, and retract what is known and no longer there."""
        found, filters = self._help_center, self._rules.filters
        if found.visitors_may_read is None and not found.answer and filters.visibility:
            # Unknown must not count as closed: all public articles would be retracted.
            raise unknown_visibility(self._client.host)
        yield from self._begin(self._client)
        self._outbox.settles = True
        user = found.user or ""
        self._remember(
            self._before.unfinished._replace(user=self._before.user or user, visitors=found.answer)
        )
        self._check_filters()
        sightings = Sightings()
        yield from self._read_listing(listing, sightings)
        articles = len(sightings)
        missing = [article_id for article_id in self._known if article_id not in sightings]
        is_other_user = self._is_other(user)
        error = self._verdicts.vanished.too_many_articles(len(missing), is_other_user=is_other_user)
        if error:
            self._outbox.expect_no_more([self._subdomain])
            yield from self._verdicts.send()
            yield from self._outbox.save()
            raise error
        yield from self._read_missing(missing)
        # What was kept back from this user, a next sync that reads the feed would not find.
        proof = self._workers.submit(self._prove_user) if not is_small(articles) else None
        yield from self._verdicts.send_all(self._is_other)
        if proof:
            self._workers.result(proof)
        reconciled = Reconciled(self._position, self._client.began_at, articles, self._scope)
        yield from self._end(reconciled, user, "a listing")

    def _read_listing(self, listing: ArticleListing, sightings: Sightings) -> Iterator[Emitted]:
        """Read every page, if need be a second time in the way that misses nothing."""
        self._done.is_first = len(self._known) == 0
        self._unreadable.clear()
        for page in listing.read():
            self._done.total = listing.total
            yield from self._read_page(page, sightings)
        if not listing.is_whole:
            self._verdicts.start_again()
            self._unreadable.clear()
            self._done.read_again()
            sightings.clear()
            for page in listing.read_by_cursor():
                yield from self._read_page(page, sightings)

    def _read_page(self, page: ListedPage, sightings: Sightings) -> Iterator[Emitted]:
        completed = self._completion.complete(sightings.newest(page))
        sightings.discard(completed.gone)
        yield from self._verdicts.apply(completed)
        self._report()

    def _read_missing(self, missing: Sequence[int]) -> Iterator[Emitted]:
        """Ask for the known articles that the listing did not show; retract those that are gone.

        One that the listing before did not show either is gone without being asked for: an archived
        article may go on answering. But this listing may have hidden it behind an unreadable row.
        """
        is_whole = not self._unreadable.may_be_any
        missed = {row for row in missing if is_whole and self._was_missed(row)}
        to_ask = [row for row in missing if row not in missed]
        shown = InOrder(self._workers, (partial(self._client.article, row) for row in to_ask))
        for article_id in missing:
            article = None if article_id in missed else next(shown)
            if isinstance(article, Unreadable):
                self._unreadable.add(article)
                self._verdicts.leave_in_doubt(article_id)
            elif article is None:
                self._verdicts.retract(article_id)
            else:
                completed = self._completion.complete([article])
                yield from self._verdicts.apply(completed, missed=is_whole)
                for gone in completed.gone:
                    self._verdicts.retract(gone)
            yield from self._verdicts.send_if_full()

    def _was_missed(self, article_id: int) -> bool:
        known = self._known[article_id]
        return known is not None and known.missed

    def _end(self, reconciled: Reconciled, user: str, way: str) -> Iterator[Emitted]:
        """Remember what this sync settled; fail if there were articles that cannot be read.

        These are in doubt, so that the next sync lists again.
        """
        entry = HelpCenterState(
            self._known,
            reconciled,
            user,
            brand=self._before.brand,
            visitors=self._help_center.answer,
        )
        # Only a listing finds out what a row without an id is.
        self._remember(entry.unfinished if self._unreadable.may_be_any else entry)
        self._log_summary(way)
        if self._unreadable:
            yield from self._outbox.save()
            raise unreadable_articles(
                self._client.host, self._unreadable.named, len(self._unreadable)
            )

    def _check_filters(self) -> None:
        """Ask for the lists that filters need; warn of filters that name what is not there."""
        filters = self._rules.filters
        hierarchy = self._workers.ask(partial(read_filtered, self._client, filters))
        self._completion.hierarchy.update(hierarchy)
        # Each of several Help Centers has its own sections.
        level = logging.INFO if self._config.has_several else logging.WARNING
        there = choices(self._help_center.locales, hierarchy)
        for sentence in unknown_filters(filters, [there]):
            _LOG.log(level, "Help Center %s: %s", self._subdomain, sentence)

    def _ask_feed(self, since: str) -> FeedPage:
        return self._workers.ask(partial(self._feed_page, since))

    def _feed_page(self, since: str) -> FeedPage:
        try:
            return self._client.feed_page(since)
        except RefusalError:
            # Visitors and users who are no agents get the same 404: find out which it is.
            prove_staff(self._client)
            raise

    def _is_other(self, user: str) -> bool:
        return user == UNKNOWN_USER or self._before.user not in {"", user}

    def _prove_user(self) -> str:
        """Return the user, proved to be an agent or admin.

        Raises:
            AirbyteTracedException: if it is somebody else, or not the user of before.

        """
        user = identity(prove_staff(self._client))
        if self._help_center.user not in {None, user}:
            raise user_changed()
        return user

    def _remember(self, entry: HelpCenterState) -> None:
        self._outbox.help_centers[self._subdomain] = entry

    def _latest_start(self) -> str:
        return later(self._client.now, -SETTLING_SECONDS)

    @property
    def _position(self) -> str:
        """Up to which of Zendesk's timestamps everything has been read at the end.

        Not the latest timestamp that was seen: an article may be edited after its page was read and
        before another one that is read later.
        """
        return later(self._client.began_at, -SETTLING_SECONDS)

    def _log_summary(self, way: str) -> None:
        for sentence in warnings(self._subdomain, self._done):
            _LOG.warning("%s", sentence)
        line = summary(self._done, self._client.requests)
        _LOG.info("Help Center %s, %s: %s", self._subdomain, way, line)
