"""The compact memory of what a destination holds of one Help Center. Pure.

Of each article: a digest of what was emitted last, and in which locales. An article *in doubt*
has no digest: a state went out in which it was about to be emitted, and nobody knows how much of
it arrived. An article that is *missed* was not in the last complete listing, but still there.
"""

import base64
import binascii
import zlib
from collections.abc import Iterator
from itertools import accumulate, pairwise
from typing import Final, NamedTuple

import orjson

# The first character of the packed text. Another one is of a later version of the connector.
FORMAT: Final = "1"
# 40 bits: that a change goes unnoticed because two digests agree happens once in 10^12 changes.
DIGEST_BYTES: Final = 5
IN_DOUBT: Final = bytes(DIGEST_BYTES)

# As many as a batch has, so that a batch of new articles fills one part and touches no other.
_PART_ARTICLES: Final = 1000


class UnreadableMemoryError(ValueError):
    """A text that is not one that `KnownArticles.pack` made."""


class Known(NamedTuple):
    """What is known of one article."""

    digest: bytes
    locales: frozenset[str]
    missed: bool = False


class _Part:
    """Some of the articles, and how they were packed the last time; None once they changed."""

    def __init__(self, articles: dict[int, Known], packed: str | None = None) -> None:
        self.articles = articles
        self.packed = packed


class KnownArticles:
    """The memory, by article id.

    It is packed in parts, and only the parts that changed since are packed again: at about ten
    bytes an article it may be half a megabyte long, and a long sync has dozens of states.
    """

    def __init__(self) -> None:
        self._parts: list[_Part] = []
        self._part_of: dict[int, _Part] = {}
        self._unsettled: set[int] = set()
        # Thousands of articles share few sets of locales.
        self._sets: dict[frozenset[str], frozenset[str]] = {}

    def __len__(self) -> int:
        return len(self._part_of)

    def __iter__(self) -> Iterator[int]:
        """Yield the ids; the memory may change meanwhile."""
        return iter(list(self._part_of))

    def __getitem__(self, article_id: int) -> Known | None:
        """Return what is known of an article; None for a new one."""
        part = self._part_of.get(article_id)
        return part.articles[article_id] if part else None

    @property
    def is_settled(self) -> bool:
        """Whether no article is in doubt or missed."""
        return not self._unsettled

    def locales(self, article_id: int) -> frozenset[str]:
        """Return the locales in which the destination may hold an article."""
        known = self[article_id]
        return known.locales if known else frozenset()

    def differs(self, article_id: int, digest: bytes, locales: frozenset[str]) -> bool:
        """Tell whether an article has to be emitted: it is new, another one or in doubt.

        A digest of something is never the one of a doubt.
        """
        known = self[article_id]
        if known is None:
            return bool(locales)
        return known.digest != digest or known.locales != locales

    def doubt(self, article_id: int, locales: frozenset[str]) -> None:
        """Take an article for one that may be there in these locales, too, in any version."""
        self._put(article_id, Known(IN_DOUBT, self.locales(article_id) | locales))

    def take(
        self, article_id: int, digest: bytes, locales: frozenset[str], *, missed: bool = False
    ) -> None:
        """Remember what was emitted of an article; nothing of it where no locale is left."""
        if locales:
            self._put(article_id, Known(digest, locales, missed))
        else:
            self.forget(article_id)

    def forget(self, article_id: int) -> None:
        """Take an article for one that the destination does not hold."""
        part = self._part_of.pop(article_id, None)
        if part:
            del part.articles[article_id]
            part.packed = None
        self._unsettled.discard(article_id)

    def pack(self) -> str:
        """Return the memory as a text."""
        parts = (_packed(part) for part in self._parts if part.articles)
        return ".".join([FORMAT, str(len(self)), *parts])

    def rearrange(self) -> None:
        """Sort what changed into parts of neighbouring ids, which pack closer."""
        if all(part.packed for part in self._parts):
            return
        ids = sorted(self._part_of)
        everything = {article_id: self._part_of[article_id].articles for article_id in ids}
        self._parts, self._part_of = [], {}
        for article_id in ids:
            self._put(article_id, everything[article_id][article_id])

    def _put(self, article_id: int, known: Known) -> None:
        part = self._part_of.get(article_id)
        if part is None:
            if not self._parts or len(self._parts[-1].articles) >= _PART_ARTICLES:
                self._parts.append(_Part({}))
            part = self._part_of[article_id] = self._parts[-1]
        locales = self._sets.setdefault(known.locales, known.locales)
        part.articles[article_id] = known._replace(locales=locales)
        part.packed = None
        if known.missed or known.digest == IN_DOUBT:
            self._unsettled.add(article_id)
        else:
            self._unsettled.discard(article_id)

    @classmethod
    def unpack(cls, text: str) -> "KnownArticles":
        """Return the memory that was packed so.

        Raises:
            UnreadableMemoryError: for any other text.

        """
        version, *rest = text.split(".")
        if version != FORMAT:
            raise UnreadableMemoryError("it is of another version of the connector")
        count, *packed_parts = rest or [""]
        memory = cls()
        for packed in packed_parts:
            part = _Part(_unpacked(packed), packed)
            memory._parts.append(part)
            memory._part_of.update(dict.fromkeys(part.articles, part))
            memory._unsettled.update(
                article_id
                for article_id, known in part.articles.items()
                if known.missed or known.digest == IN_DOUBT
            )
        articles = sum(len(part.articles) for part in memory._parts)
        if count != str(articles) or articles != len(memory):
            raise UnreadableMemoryError("it is not whole")
        return memory


def _packed(part: _Part) -> str:
    """Return a part as base64: compressed JSON, `[sets of locales, ids, sets]`, then the digests.

    Ids are in order, each as its distance from the one before; a set of locales is twice its
    place among them, and one more for an article that is missed. Digests do not compress.
    """
    if part.packed is None:
        articles = sorted(part.articles.items())
        ids = [article_id for article_id, _ in articles]
        gaps = [ids[0], *(later - earlier for earlier, later in pairwise(ids))]
        places: dict[frozenset[str], int] = {}
        sets = [
            2 * places.setdefault(known.locales, len(places)) + known.missed
            for _, known in articles
        ]
        columns = orjson.dumps([[sorted(locales) for locales in places], gaps, sets])
        digests = b"".join(known.digest for _, known in articles)
        part.packed = base64.b64encode(zlib.compress(columns) + digests).decode()
    return part.packed


def _unpacked(packed: str) -> dict[int, Known]:
    unpacking = zlib.decompressobj()
    try:
        columns = unpacking.decompress(base64.b64decode(packed, validate=True))
        locales, gaps, sets = orjson.loads(columns)
        ids = list(accumulate(gaps))
        places = [frozenset(map(str, names)) for names in locales]
        if len(unpacking.unused_data) != DIGEST_BYTES * len(ids):
            raise UnreadableMemoryError("a part is not whole")
        starts = range(0, len(unpacking.unused_data), DIGEST_BYTES)
        digests = [unpacking.unused_data[start : start + DIGEST_BYTES] for start in starts]
        return {
            article_id: Known(digest, places[place >> 1], missed=bool(place & 1))
            for article_id, digest, place in zip(ids, digests, sets, strict=True)
        }
    except (binascii.Error, zlib.error, ValueError, TypeError, IndexError):
        raise UnreadableMemoryError("a part is damaged") from None
