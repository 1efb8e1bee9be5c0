"""Announce, then emit: what goes out, in which order, and what is known afterwards.

A platform keeps the last state of a sync that died, and its destination may have kept any part of
what followed it. So before a record or a retraction of an article goes out, a state has gone out
in which that article is in doubt, in its old and its new locales.
"""

from collections.abc import Iterator
from typing import Final, Literal

from source_zendesk_articles.changes import Change
from source_zendesk_articles.known import KnownArticles
from source_zendesk_articles.records import Cursor, Record, retraction
from source_zendesk_articles.state import HelpCenterState, State
from source_zendesk_articles.stats import EmissionStats

# A batch is held back until its announcement has gone out: so many articles, or letters of text.
BATCH_ARTICLES: Final = 1000
BATCH_LETTERS: Final = 16_000_000
# Both limits grow by themselves with every 40 batches: 2.9 GB of text take a hundred states.
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
        self.stats = EmissionStats()
        self._cursor = cursor
        self._retract_as = retract_as
        self._waiting: dict[tuple[str, int], Change] = {}
        self._letters = 0
        self._batches = 0
        self._emitted: set[int] = set()
        self.owes_state = False
        """Whether something was emitted that no state tells of yet."""

    @property
    def state(self) -> State:
        """What the platform should hold; its `known` goes on changing: use it at once."""
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
        """Let a change wait, instead of an earlier one of the same article."""
        self.drop(change.brand_subdomain, change.article_id)
        self._waiting[change.brand_subdomain, change.article_id] = change
        self._letters += change.letters

    def drop(self, subdomain: str, article_id: int) -> None:
        """Forget a change that waits: the article was seen again, as it is known."""
        change = self._waiting.pop((subdomain, article_id), None)
        if change:
            self._letters -= change.letters

    def tell(self) -> Iterator[State]:
        """Yield the state as it is."""
        self.owes_state = False
        yield self.state

    def send(self) -> Iterator[Record | State]:
        """Yield the state that announces what waits, then its records; nothing where none waits."""
        if not self._waiting:
            return
        batch = list(self._waiting.values())
        self._waiting.clear()
        self._letters = 0
        self._batches += 1
        self._cursor.begin_batch()
        records = [list(self._records(change)) for change in batch]
        # Of what is kept nothing is emitted: it can not come out of doubt.
        settled = [change for change in batch if not (change.kept and self._is_in_doubt(change))]
        for change in batch:
            self._known(change).doubt(change.article_id, change.held)
        yield from self.tell()
        self.owes_state = True
        for emitted in records:
            for record in emitted:
                self.stats.count(record)
                yield record
        for change in settled:
            self._known(change).take(
                change.article_id, change.digest, change.held, missed=change.missed
            )
        self._emitted.update(change.article_id for change in batch)

    def _known(self, change: Change) -> KnownArticles:
        return self.help_centers[change.brand_subdomain].known

    def _is_in_doubt(self, change: Change) -> bool:
        return self._known(change).is_in_doubt(change.article_id)

    def _records(self, change: Change) -> Iterator[Record]:
        again = change.article_id in self._emitted
        for record in change.records:
            stamped = str(record["updated_at"])
            yield {**record, "updated_at": self._cursor.updated_at(stamped, again=again)}
        for locale, reason in change.retracted.items():
            yield retraction(
                change.article_id,
                locale,
                reason,
                brand_subdomain=change.brand_subdomain,
                updated_at=self._cursor.updated_at(None, again=again),
                retract_as=self._retract_as,
            )
