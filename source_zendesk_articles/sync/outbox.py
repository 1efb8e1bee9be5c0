"""Announce, then emit: what goes out, in which order, and what is known afterwards.

A platform keeps the last state of a sync that died, while its destination may have any part of what
followed that state. So before a record or a retraction of an article goes out, a state goes out in
which the article is in doubt, in its old and its new locales.

The platform may also keep an earlier state than the last one. So while more of a Help Center may
follow, its states call all that is known of it in doubt, but for the articles that they settle:
these are not emitted again in this sync.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from typing import Final, Literal

from source_zendesk_articles.articles.changes import Change, retract
from source_zendesk_articles.articles.records import Record, retraction
from source_zendesk_articles.memory.cursor import Cursor
from source_zendesk_articles.memory.known import KnownArticles
from source_zendesk_articles.memory.packing import IN_DOUBT, Known
from source_zendesk_articles.memory.state import HelpCenterState, State
from source_zendesk_articles.sync.progress import Statistics

# A batch waits until its announcement has gone out: so many articles, or so many `models.letters`.
BATCH_ARTICLES: Final = 1000
BATCH_LETTERS: Final = 24_000_000
# Both limits grow by themselves with every 40 batches: 4.3 GB take a hundred states.
BATCHES_BEFORE_GROWING: Final = 40


class Outbox:
    """Changes that wait to be emitted, one for each article, and the state that announces them.

    `help_centers`: the state so far, by subdomain; the owner may replace an entry at any time.
    `statistics`: by subdomain. `settles`: whether what is emitted is settled, as in a listing; what
    a feed emits, a listing after it may have to emit again. `gone_hosts`: Help Centers that no
    longer answer at their names, so that they show nothing of what they held.
    """

    def __init__(
        self,
        cursor: Cursor,
        help_centers: dict[str, HelpCenterState],
        retract_as: Literal["delete", "mark"],
    ) -> None:
        self.help_centers = help_centers
        self.statistics: defaultdict[str, Statistics] = defaultdict(Statistics)
        self.settles = False
        self.gone_hosts: set[str] = set()
        self._cursor = cursor
        self._retract_as = retract_as
        self._waiting: dict[tuple[str, int], Change] = {}
        self._letters = 0
        self._batches = 0
        self._emitted: set[int] = set()
        # Records went out since the last state, or that state said that more may follow.
        self._is_unsaved = self._announced_more = False
        self._expected: set[str] = set()
        self._locales: set[str] = set()

    def begin(self, now: str) -> None:
        """Take this time, by Zendesk's clock, as that of the sync; before anything is emitted."""
        self._cursor.begin(now)

    def expect(self, subdomains: Iterable[str]) -> None:
        """Let states say that more of these Help Centers may follow, until `expect_no_more`."""
        for entry in self.help_centers.values():
            self._locales |= entry.known.locales
        for subdomain in subdomains:
            self._expected.add(subdomain)
            self.help_centers[subdomain].known.more_in = self._locales

    def expect_in(self, locales: Iterable[str]) -> None:
        """Let states say that what follows may be in these locales, too."""
        self._locales.update(locales)

    def expect_no_more(self, subdomains: Iterable[str]) -> None:
        """Let states say, from the next one on, that no more of these Help Centers follows."""
        for subdomain in subdomains:
            self._expected.discard(subdomain)
            self.help_centers[subdomain].known.more_in = None

    @property
    def emitted(self) -> int:
        """How many records went out."""
        return sum(done.emitted for done in self.statistics.values())

    @property
    def owes_state(self) -> bool:
        """Whether the last state lacks something that was emitted, or expects what never comes."""
        return self._is_unsaved or (self._announced_more and not self._expected)

    @property
    def state(self) -> State:
        """What the platform should hold; its `known` goes on changing, so use it at once."""
        if self._expected:
            # With the number, states that differ only in what they call in doubt are not equal.
            return State(self._cursor.bound, self.help_centers, self.emitted)
        return State(self._cursor.latest, self.help_centers)

    @property
    def depends_on_absence(self) -> bool:
        """Whether a change waits that retracts something because it was not shown."""
        return any(change.depends_on_absence for change in self._waiting.values())

    @property
    def is_full(self) -> bool:
        """Whether it is time to `send`."""
        times = 1 + self._batches // BATCHES_BEFORE_GROWING
        return (
            len(self._waiting) >= BATCH_ARTICLES * times or self._letters >= BATCH_LETTERS * times
        )

    def put(self, change: Change) -> None:
        """Let a change wait, instead of an earlier one of the same article.

        If a state of this sync has settled the article, the change is left to the next sync.
        """
        self.drop(change.brand_subdomain, change.article_id)
        known = self._known(change)
        if known.is_settled(change.article_id):
            known.doubt(change.article_id, change.held)
            return
        self._waiting[change.brand_subdomain, change.article_id] = change
        self._letters += change.letters

    def waiting(self, subdomain: str, article_id: int) -> Change | None:
        """Return the change of an article that waits, None if there is none."""
        return self._waiting.get((subdomain, article_id))

    def retract(self, subdomain: str, article_id: int, reason: str) -> None:
        """Let the retraction of everything that is held of an article wait.

        What another Help Center holds, too, stays: a brand that was renamed has the same articles.
        If nothing is left to retract, the article is forgotten.
        """
        others = self.help_centers.keys() - self.gone_hosts - {subdomain}
        elsewhere = (self.help_centers[name].known.held(article_id) for name in others)
        known = self.help_centers[subdomain].known
        held = known.held(article_id) | known.perhaps_held(article_id)
        left = held.difference(*elsewhere)
        if left:
            self.put(retract(subdomain, article_id, left, reason))
        else:
            self.drop(subdomain, article_id)
            known.forget(article_id)

    def drop(self, subdomain: str, article_id: int) -> None:
        """Forget a change that waits: the article was seen again."""
        change = self._waiting.pop((subdomain, article_id), None)
        if change:
            self._letters -= change.letters

    def clear(self) -> None:
        """Forget every change that waits: all articles are read again."""
        self._waiting.clear()
        self._letters = 0

    def save(self) -> Iterator[State]:
        """Yield the state as it is."""
        self._is_unsaved, self._announced_more = False, bool(self._expected)
        yield self.state

    def send(self) -> Iterator[Record | State]:
        """Yield the state that announces what waits, then its records; nothing if none waits."""
        if not self._waiting:
            return
        self._cursor.begin_batch()
        batch = deque(self._announced(change) for change in self._waiting.values())
        # The last, partial batch of a Help Center does not count: many small ones need not grow.
        self._batches += self.is_full
        self._waiting.clear()
        self._letters = 0
        yield from self.save()
        self._is_unsaved = True
        while batch:
            # Emitted records leave the memory at once: the next pages are gathering already.
            change, records, is_certain = batch.popleft()
            done = self.statistics[change.brand_subdomain]
            for record in records:
                done.count_emitted(record)
                yield record
            # What was retracted is gone, in doubt or not.
            digest = change.digest if is_certain else IN_DOUBT
            known = self._known(change)
            known.remember(change.article_id, Known(digest, change.held, change.missed))
            self._emitted.add(change.article_id)
            if self.settles and not change.vanished:
                known.settle(change.article_id)

    def _announced(self, change: Change) -> tuple[Change, list[Record], bool]:
        """Return a change, its records, and whether they end a doubt about its article."""
        known = self._known(change)
        records = self._records(change)
        # Of the locales that are kept nothing is emitted, so a doubt about them stays.
        is_certain = not (change.kept and known.is_in_doubt(change.article_id))
        known.doubt(change.article_id, change.held)
        self._locales |= change.held
        return change, records, is_certain

    def _known(self, change: Change) -> KnownArticles:
        return self.help_centers[change.brand_subdomain].known

    def _records(self, change: Change) -> list[Record]:
        """Return the records of a change, which get their times here."""
        again = change.article_id in self._emitted
        for record in change.records:
            record["updated_at"] = self._cursor.updated_at(record["updated_at"], again=again)
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
