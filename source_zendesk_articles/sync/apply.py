"""Applies the verdicts on articles: remembers what is unchanged, and sends what is not."""

from collections.abc import Callable, Iterator

from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_zendesk_articles.articles.changes import ARCHIVED_OR_DELETED, Rules
from source_zendesk_articles.articles.records import Record
from source_zendesk_articles.config import host_of
from source_zendesk_articles.memory.packing import Known
from source_zendesk_articles.memory.state import State
from source_zendesk_articles.sync.complete import Completed
from source_zendesk_articles.sync.conversions import Conversions
from source_zendesk_articles.sync.judge import Verdict, judge
from source_zendesk_articles.sync.outbox import Outbox
from source_zendesk_articles.sync.vanished import Vanished

Emitted = Record | State


class Application:
    """Applies the verdicts of one sync of a Help Center.

    `prove_user` returns the user, or raises if that user may not see every article. It is called
    before a retraction by absence goes out.
    """

    def __init__(
        self,
        outbox: Outbox,
        rules: Rules,
        conversions: Conversions,
        prove_user: Callable[[], str],
    ) -> None:
        self._outbox = outbox
        self._rules = rules
        self._subdomain = rules.brand_subdomain
        self._conversions = conversions
        self._prove_user = prove_user
        self._done = outbox.statistics[self._subdomain]
        before = outbox.help_centers[self._subdomain]
        self._known = before.known
        self._delivered_until = before.delivered_until
        self.vanished = Vanished(host_of(self._subdomain), before)

    def apply(self, completed: Completed, *, missed: bool = False) -> Iterator[Emitted]:
        """Judge articles, apply the verdicts, and send what waits as soon as it is enough.

        `missed`: the listing did not show them, but they answered when they were asked for.
        """
        for row in completed.unreadable:
            if row.id is not None:
                self.leave_in_doubt(row.id)
        for article_id in completed.gone:
            self._drop(article_id)
        until = self._delivered_until
        for article in completed.articles:
            self._take(judge(article, self._known, self._rules, missed=missed, delivered=until))
            yield from self.send_if_full()
        self._conversions.begin()

    def leave_in_doubt(self, article_id: int) -> None:
        """Leave what the destination holds of an article: what it should hold is unknown."""
        self._drop(article_id)
        self._known.doubt(article_id)

    def retract(self, article_id: int) -> None:
        """Let the retraction of an article wait that is gone."""
        self._outbox.retract(self._subdomain, article_id, ARCHIVED_OR_DELETED)

    def start_again(self) -> None:
        """Forget what waits: all articles are read again, and some may be gone by now."""
        self._outbox.clear()
        self.vanished.clear()

    def send_if_full(self) -> Iterator[Emitted]:
        """Send what waits if it is enough."""
        if self._outbox.is_full:
            yield from self.send()

    def send(self) -> Iterator[Emitted]:
        """Send what waits; prove the user before anything is retracted by absence."""
        if self._outbox.depends_on_absence:
            self._prove_user()
        yield from self.send_proved()

    def send_proved(self) -> Iterator[Emitted]:
        """Send what waits, once the user is proved or does not matter."""
        self._conversions.finish()
        yield from self._outbox.send()

    def send_all(self, is_other: Callable[[str], bool]) -> Iterator[Emitted]:
        """Send what waits, and retract the translations that vanished, unless too many did.

        Raises:
            AirbyteTracedException: if so, after a state that says everything else.

        """
        if not self.vanished.translations:
            self._outbox.expect_no_more([self._subdomain])
            yield from self.send()
            return
        is_other_user = is_other(self._prove_user())
        error = self.vanished.too_many_translations(is_other_user=is_other_user)
        if error:
            yield from self._refuse(error)
        for article_id, alone in self.vanished.translations.items():
            waiting = self._outbox.waiting(self._subdomain, article_id)
            self._outbox.put(waiting.with_retracted(alone.retracted) if waiting else alone)
            if self._outbox.is_full:
                yield from self.send_proved()
        self._outbox.expect_no_more([self._subdomain])
        yield from self.send_proved()

    def _refuse(self, error: AirbyteTracedException) -> Iterator[Emitted]:
        self._outbox.expect_no_more([self._subdomain])
        yield from self.send_proved()
        # A feed may leave out what a listing shows.
        entries = self._outbox.help_centers
        entries[self._subdomain] = entries[self._subdomain].unfinished
        yield from self._outbox.save()
        raise error

    def _take(self, verdict: Verdict) -> None:
        """Let a change wait, or remember that the article is as it was."""
        change, article_id = verdict.change, verdict.change.article_id
        self._drop(article_id)
        self.vanished.note(change, self._known.held(article_id))
        self._done.outdated += change.outdated
        self._done.count_variants(change.records)
        if verdict.has_to_be_emitted:
            self._outbox.put(change)
            if self._rules.markdown_version:
                self._conversions.add(change.records)
            return
        known = Known(change.digest, change.held, change.missed)
        # One in doubt stays so: nothing of it is emitted.
        if not self._known.is_in_doubt(article_id) and self._known[article_id] != known:
            self._known.remember(article_id, known)
        if self._outbox.settles and not change.vanished:
            self._known.settle(article_id)
        if not self._known.held(article_id):
            # An article of which nothing was ever read may be in doubt.
            self._known.forget(article_id)
        if change.held:
            self._done.unchanged += 1
        else:
            self._done.out_of_scope += 1

    def _drop(self, article_id: int) -> None:
        """Forget what an earlier sighting of an article called for."""
        self._outbox.drop(self._subdomain, article_id)
        self.vanished.drop([article_id])
