"""The articles of a Help Center that a sync cannot read, and whether to ask for one again. Pure."""

from collections.abc import Iterable
from typing import Final

from source_zendesk_articles.zendesk.models import Unreadable

# As many as a page has. If there are more, all rows have another form than before, and a request
# for each would only use up the rate limit.
MOST_ASKED: Final = 100
# So many an error names.
MOST_NAMED: Final = 10


class UnreadableArticles:
    """Those that were met so far; one that is read in the end is removed."""

    def __init__(self) -> None:
        self._left: dict[object, Unreadable] = {}
        self._unreadable_alone: set[int] = set()
        self._asked = 0

    def __len__(self) -> int:
        return len(self._left)

    @property
    def named(self) -> tuple[Unreadable, ...]:
        """The first of them."""
        return tuple(self._left.values())[:MOST_NAMED]

    @property
    def may_be_any(self) -> bool:
        """Whether there is one without an id: it may be any article that was not shown."""
        return any(row.id is None for row in self._left.values())

    def ask_for(self, row: Unreadable) -> bool:
        """Return whether to ask for an article alone, and count that: once each, and not too many.

        A row without an id cannot be asked for.
        """
        if row.id is None or row.id in self._unreadable_alone or self._asked >= MOST_ASKED:
            return False
        self._asked += 1
        return True

    def add(self, row: Unreadable) -> None:
        """Note one that stays unreadable."""
        if row.id is not None:
            self._unreadable_alone.add(row.id)
        # Only those that an error names keep what was sent.
        kept = row if len(self) < MOST_NAMED else row._replace(sent=())
        self._left[object() if row.id is None else row.id] = kept

    def discard(self, article_ids: Iterable[int]) -> None:
        """Remove those that were read after all, or are gone."""
        for article_id in article_ids:
            self._left.pop(article_id, None)

    def clear(self) -> None:
        """Remove all: a new listing shows those that are there."""
        self._left.clear()
