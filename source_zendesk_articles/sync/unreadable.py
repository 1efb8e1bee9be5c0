"""The articles of a Help Center that a sync cannot read: which, and whether to ask again. Pure."""

from collections.abc import Iterable
from typing import Final

from source_zendesk_articles.zendesk.models import Unreadable

# As many as a page has. More are no broken articles: then all rows have another form than before,
# and to ask for each one would only use up the rate limit.
MOST_ASKED: Final = 100
# So many an error names.
MOST_NAMED: Final = 10


class UnreadableArticles:
    """Those that were met so far; what is read in the end is none of them."""

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
    def hide_others(self) -> bool:
        """Whether there are some without an id: any article may be one of them."""
        return any(row.id is None for row in self._left.values())

    def has_to_be_asked_for(self, row: Unreadable) -> bool:
        """Tell whether to ask for an article alone, which counts: once, and not for too many."""
        if row.id is None or row.id in self._unreadable_alone or self._asked >= MOST_ASKED:
            return False
        self._asked += 1
        return True

    def add(self, row: Unreadable) -> None:
        """Note one that stays unreadable."""
        if row.id is not None:
            self._unreadable_alone.add(row.id)
        # Of what is not named nothing else is kept.
        kept = row if len(self) < MOST_NAMED else row._replace(sent=())
        self._left[object() if row.id is None else row.id] = kept

    def discard(self, article_ids: Iterable[int]) -> None:
        """Forget those that were read after all, or are gone."""
        for article_id in article_ids:
            self._left.pop(article_id, None)

    def begin_again(self) -> None:
        """Forget all: those that are there will be seen again."""
        self._left.clear()
