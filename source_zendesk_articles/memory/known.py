"""The compact memory of what a destination holds of one Help Center. Pure.

It has a digest of what was emitted last of each article, and its locales. An article *in doubt* has
no digest: a state went out while the article was about to be emitted, so the destination may hold
any version of it. A *missed* article was not in the last complete listing, but still there.
"""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import Final

from source_zendesk_articles.memory.packing import (
    IN_DOUBT,
    Known,
    UnreadableMemoryError,
    pack,
    unpack,
)

# The first character of the packed text. A later version of the connector may have another one.
FORMAT: Final = "1"


class KnownArticles:
    """The memory, by article id.

    A platform may save any state of a sync that died, while its destination holds any part of all
    that followed. Two sets of locales cover that:

    `more_in`: the locales in which this sync may emit more of these articles; None once it emits no
    more. Until then a state calls each article in doubt that is not settled in this sync. The owner
    goes on adding to the set.
    `elsewhere`: the locales in which the destination may also hold an article in doubt, because a
    sync died before it had emitted everything.
    """

    def __init__(self) -> None:
        self._articles: dict[int, Known] = {}
        self._doubtful: set[int] = set()
        # Thousands of articles share few sets of locales.
        self._sets: dict[frozenset[str], frozenset[str]] = {}
        self._settled: set[int] = set()
        self.elsewhere: frozenset[str] = frozenset()
        self.more_in: AbstractSet[str] | None = None

    def __len__(self) -> int:
        return len(self._articles)

    def __iter__(self) -> Iterator[int]:
        """Yield the ids; the memory may change meanwhile."""
        return iter(list(self._articles))

    def __getitem__(self, article_id: int) -> Known | None:
        """Return what is known of an article; None for a new one."""
        return self._articles.get(article_id)

    @property
    def is_certain(self) -> bool:
        """Whether no article is in doubt or missed."""
        return not self._doubtful

    @property
    def locales(self) -> frozenset[str]:
        """The locales of all articles, and perhaps some of forgotten ones."""
        return frozenset().union(*self._sets)

    def is_in_doubt(self, article_id: int) -> bool:
        """Whether the destination may hold any version of an article."""
        known = self[article_id]
        return known is not None and known.digest == IN_DOUBT

    def held(self, article_id: int) -> frozenset[str]:
        """Return the locales in which the destination may hold an article."""
        known = self[article_id]
        return known.locales if known else frozenset()

    def perhaps_held(self, article_id: int) -> frozenset[str]:
        """Return more locales, in which only a sync that died can have emitted an article.

        There are none unless it is in doubt. That they are not shown proves nothing.
        """
        if self.elsewhere and self.is_in_doubt(article_id):
            return self.elsewhere - self.held(article_id)
        return frozenset()

    def doubt(self, article_id: int, locales: frozenset[str] = frozenset()) -> None:
        """Assume any version of an article in the destination, in these locales as well."""
        known = self[article_id] or Known(IN_DOUBT, frozenset())
        self._put(article_id, known._replace(digest=IN_DOUBT, locales=known.locales | locales))

    def remember(self, article_id: int, known: Known) -> None:
        """Remember what the destination holds of an article; forget it if that is no locale."""
        if known.locales:
            self._put(article_id, known)
        else:
            self.forget(article_id)

    def forget(self, article_id: int) -> None:
        """Assume that the destination does not hold an article."""
        self._articles.pop(article_id, None)
        self._doubtful.discard(article_id)

    def settle(self, article_id: int) -> None:
        """Let states say what is known of an article, though more of others may be emitted.

        It must not be emitted again in this sync: the destination would hold another version than
        that state says. An article in doubt cannot be settled.
        """
        if not self.is_in_doubt(article_id):
            self._settled.add(article_id)

    def is_settled(self, article_id: int) -> bool:
        """Whether a state of this sync may say what is known of an article."""
        return article_id in self._settled

    @property
    def doubted_elsewhere(self) -> frozenset[str]:
        """What `elsewhere` has to be when the packed text is read again."""
        if self.more_in is not None and not self._articles.keys() <= self._settled:
            return self.elsewhere.union(self.more_in)
        return self.elsewhere if any(map(self.is_in_doubt, self._doubtful)) else frozenset()

    def pack(self) -> str:
        """Return the memory as a text."""
        if not self._articles:
            return f"{FORMAT}.0"
        ids = sorted(self._articles)
        if ids != list(self._articles):
            # The next time all but the new ones are in order.
            self._articles = {article_id: self._articles[article_id] for article_id in ids}
        packed = pack(self._articles, None if self.more_in is None else self._settled)
        return f"{FORMAT}.{len(self)}.{packed}"

    @classmethod
    def unpack(cls, text: str) -> "KnownArticles":
        """Return the memory that `pack` made this text of; earlier versions made several parts.

        Raises:
            UnreadableMemoryError: for any other text.

        """
        version, *rest = text.split(".")
        if version != FORMAT:
            raise UnreadableMemoryError("it is of another version of the connector")
        count, *packed_parts = rest or [""]
        memory = cls()
        parts = [unpack(packed) for packed in packed_parts]
        # Not one by one: each sync begins with it.
        for part in parts:
            memory._articles.update(part)
        memory._sets = {known.locales: known.locales for known in memory._articles.values()}
        memory._doubtful = {row for row, known in memory._articles.items() if _is_doubtful(known)}
        articles = sum(map(len, parts))
        if count != str(articles) or articles != len(memory):
            raise UnreadableMemoryError("it is not whole")
        return memory

    def _put(self, article_id: int, known: Known) -> None:
        locales = self._sets.setdefault(known.locales, known.locales)
        self._articles[article_id] = known._replace(locales=locales)
        if _is_doubtful(known):
            self._doubtful.add(article_id)
        else:
            self._doubtful.discard(article_id)


def _is_doubtful(known: Known) -> bool:
    return known.missed or known.digest == IN_DOUBT
