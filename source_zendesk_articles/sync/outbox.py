"""Announce, then emit: what goes out, in which order, and what is known afterwards.

A platform keeps the last state of a sync that died, and its destination may have kept any part of
what followed it. So before a record or a retraction of an article goes out, a state has gone out
in which that article is in doubt, in its old and its new locales.

It may save an earlier state than the last, while the destination holds batches that followed it. So
as long as more of a Help Center may follow, all that is known of it is in doubt in the states, but
what they have settled, which is not emitted again in the sync.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from typing import Final, Literal

from source_zendesk_articles.articles.changes import Change, retract
from source_zendesk_articles.articles.records import Record, retraction
from source_zendesk_articles.memory.cursor import Cursor
from source_zendesk_articles.memory.known import IN_DOUBT, KnownArticles
from source_zendesk_articles.memory.state import HelpCenterState, State
from source_zendesk_articles.sync.progress import EmissionStats

# A batch is held back until its announcement has gone out: so many articles, or `models.letters`.
BATCH_ARTICLES: Final = 1000
BATCH_LETTERS: Final = 24_000_000
# Both limits grow by themselves with every 40 batches: 4.3 GB take a hundred states.
BATCHES_BEFORE_GROWING: Final = 40


class Outbox:
    """Changes that wait to be emitted, one of each article, and the state that tells of them.

    `help_centers` is the state so far, by subdomain. Its owner may replace an entry at any time.
    """

    def __init__(
        self,
        cursor: Cursor,
        help_centers: dict[str, HelpCenterState],
        retract_as: Literal["delete", "mark"],
    ) -> None:
        self.help_centers = help_centers
        self.stats: defaultdict[str, EmissionStats] = defaultdict(EmissionStats)
        """By subdomain."""
        self._cursor = cursor
        self._retract_as = retract_as
        self._waiting: dict[tuple[str, int], Change] = {}
        self._letters = 0
        self._batches = 0
        self._emitted: set[int] = set()
        self.settles = False
        """Whether what was emitted or judged is settled: while a listing runs. What a feed emits
        the listing that follows it may have to emit again.
        """
        self._is_untold = self._said_more = False
        self._expected: set[str] = set()
        self._locales: set[str] = set()
        self.nowhere: set[str] = set()
        """Help Centers that are not at their names any more: they show nothing that they held."""

    def expect(self, subdomains: Iterable[str]) -> None:
        """Let states say that more of these Help Centers may follow, until they are `done`."""
        for entry in self.help_centers.values():
            self._locales |= entry.known.names
        for subdomain in subdomains:
            self._expected.add(subdomain)
            self.help_centers[subdomain].known.more_in = self._locales

    def expect_in(self, locales: Iterable[str]) -> None:
        """Let states say that what follows may be in these locales, too."""
        self._locales.update(locales)

    def done(self, subdomains: Iterable[str]) -> None:
        """Let states say from now on, and already the next one, that no more of these follows."""
        for subdomain in subdomains:
            self._expected.discard(subdomain)
            self.help_centers[subdomain].known.more_in = None

    def begin(self, now: str) -> None:
        """Take this, Zendesk's clock, for the time of the sync; before anything is emitted."""
        self._cursor.begin(now)

    @property
    def emitted(self) -> int:
        """How many records went out."""
        return sum(stats.total for stats in self.stats.values())

    @property
    def owes_state(self) -> bool:
        """Whether the last state lacks something that was emitted, or expects what never comes."""
        return self._is_untold or (self._said_more and not self._expected)

    @property
    def state(self) -> State:
        """What the platform should hold; its `known` goes on changing: use it at once."""
        if self._expected:
            # States that are equal but for what they leave in doubt differ in their number.
            return State(self._cursor.bound, self.help_centers, self.emitted)
        return State(self._cursor.latest, self.help_centers)

    @property
    def rests_on_absence(self) -> bool:
        """Whether something waits to be retracted because it was not shown."""
        return any(change.rests_on_absence for change in self._waiting.values())

    @property
    def is_full(self) -> bool:
        """Whether it is time to `send`."""
        times = 1 + self._batches // BATCHES_BEFORE_GROWING
        return (
            len(self._waiting) >= BATCH_ARTICLES * times or self._letters >= BATCH_LETTERS * times
        )

    def put(self, change: Change) -> None:
        """Let a change wait, instead of an earlier one of the same article.

        One of an article that a state of this sync has settled is left to the next sync.
        """
        self.drop(change.brand_subdomain, change.article_id)
        known = self._known(change)
        if known.is_concluded(change.article_id):
            known.doubt(change.article_id, change.held)
            return
        self._waiting[change.brand_subdomain, change.article_id] = change
        self._letters += change.letters

    def waiting(self, subdomain: str, article_id: int) -> Change | None:
        """Return the change of an article that waits, None if there is none."""
        return self._waiting.get((subdomain, article_id))

    def retract(self, subdomain: str, article_id: int, reason: str) -> bool:
        """Let the retraction of all that is known of an article wait; tell whether there is any.

        What another Help Center holds, too, is there: a brand was renamed.
        """
        others = self.help_centers.keys() - self.nowhere - {subdomain}
        held = (self.help_centers[name].known.locales(article_id) for name in others)
        known = self.help_centers[subdomain].known
        left = (known.locales(article_id) | known.perhaps(article_id)).difference(*held)
        if left:
            self.put(retract(subdomain, article_id, left, reason))
        return bool(left)

    def drop(self, subdomain: str, article_id: int) -> None:
        """Forget a change that waits: the article was seen again, as it is known."""
        change = self._waiting.pop((subdomain, article_id), None)
        if change:
            self._letters -= change.letters

    def clear(self) -> None:
        """Forget every change that waits: all will be seen again."""
        self._waiting.clear()
        self._letters = 0

    def tell(self) -> Iterator[State]:
        """Yield the state as it is."""
        self._is_untold, self._said_more = False, bool(self._expected)
        yield self.state

    def send(self) -> Iterator[Record | State]:
        """Yield the state that announces what waits, then its records; nothing where none waits."""
        if not self._waiting:
            return
        self._cursor.begin_batch()
        batch = deque(self._announced(change) for change in self._waiting.values())
        # Not a Help Center's last, partial one: of many small ones no batch need grow.
        self._batches += self.is_full
        self._waiting.clear()
        self._letters = 0
        yield from self.tell()
        self._is_untold = True
        while batch:
            # What was emitted leaves the memory, in which the next pages are gathering already.
            change, records, is_settled = batch.popleft()
            stats = self.stats[change.brand_subdomain]
            for record in records:
                stats.count(record)
                yield record
            # What was retracted is gone, in doubt or not.
            digest = change.digest if is_settled else IN_DOUBT
            self._known(change).take(change.article_id, digest, change.held, missed=change.missed)
            self._emitted.add(change.article_id)
            if self.settles and not change.vanished:
                self._known(change).conclude(change.article_id)

    def _announced(self, change: Change) -> tuple[Change, list[Record], bool]:
        """Return a change, its records, and whether these settle what was in doubt."""
        known = self._known(change)
        records = self._records(change)
        # Of what is kept nothing is emitted: it can not come out of doubt.
        is_settled = not (change.kept and known.is_in_doubt(change.article_id))
        known.doubt(change.article_id, change.held)
        self._locales |= change.held
        return change, records, is_settled

    def _known(self, change: Change) -> KnownArticles:
        return self.help_centers[change.brand_subdomain].known

    def _records(self, change: Change) -> list[Record]:
        """Return what is emitted of a change, which gets its times here."""
        again = change.article_id in self._emitted
        for record in change.records:
            record["updated_at"] = self._cursor.updated_at(str(record["updated_at"]), again=again)
        retractions = (
            retraction(
                change.article_id,
                locale,
                reason,
                brand_subdomain=change.brand_subdomain,
                updated_at=self._cursor.updated_at(None, again=again),
                retract_as=self._retract_as,
            )
            for locale, reason in change.retracted.items()
        )
        return [*change.records, *retractions]
