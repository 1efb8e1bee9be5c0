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

# Zendesk's ids are 64-bit numbers with a sign.
_ID_BYTES: Final = 8
_NO_ID: Final = 2**63
# Zendesk supports some 160 locales, of at most 11 characters. Digests do not compress: what they
# leave room for bounds how many articles a packed text can hold, and this how much each unpacks to.
_MOST_LOCALES: Final = 1000
_LONGEST_NAMES: Final = 512 * 1024
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

    def is_in_doubt(self, article_id: int) -> bool:
        """Whether nobody knows what the destination holds of an article."""
        known = self[article_id]
        return known is not None and known.digest == IN_DOUBT

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
        known = self[article_id] or Known(IN_DOUBT, frozenset())
        self._put(article_id, known._replace(digest=IN_DOUBT, locales=known.locales | locales))

    def take(
        self, article_id: int, digest: bytes, locales: frozenset[str], *, missed: bool = False
    ) -> None:
        """Remember what was emitted of an article; nothing of it where no locale is left."""
        if locales:
            self._put(article_id, Known(digest, locales, missed))
        else:
            self.forget(article_id)

    def settle(
        self, article_id: int, digest: bytes, locales: frozenset[str], *, missed: bool
    ) -> None:
        """Remember an article of which nothing had to be emitted; one in doubt stays so."""
        known = Known(digest, locales, missed)
        if not self.is_in_doubt(article_id) and self[article_id] != known:
            self.take(article_id, digest, locales, missed=missed)

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
    """Return a part in base64: compressed columns, then the digests, which do not compress.

    The columns are the names of all locales as a line of JSON; the ids in order, each as its
    distance from the one before; and of each article a set of bits, the first for a missed one,
    the others for its locales.
    """
    if part.packed is None:
        articles = sorted(part.articles.items())
        gaps = [later - earlier for earlier, later in pairwise([0, *(row[0] for row in articles)])]
        names = sorted(frozenset().union(*(known.locales for _, known in articles)))
        bit = {name: 2 << place for place, name in enumerate(names)}
        bits = {
            locales: sum(bit[name] for name in locales)
            for locales in {known.locales for _, known in articles}
        }
        sets = [bits[known.locales] + known.missed for _, known in articles]
        columns = b"".join(
            [orjson.dumps(names), b"\n", _planes(gaps, _ID_BYTES), _planes(sets, _width(names))]
        )
        digests = b"".join(known.digest for _, known in articles)
        part.packed = base64.b64encode(zlib.compress(columns) + digests).decode()
    return part.packed


def _unpacked(packed: str) -> dict[int, Known]:
    unpacking = zlib.decompressobj()
    try:
        content = base64.b64decode(packed, validate=True)
        columns = unpacking.decompress(content, _longest(len(content)))
        if not unpacking.eof:
            raise UnreadableMemoryError("a part is not whole")
        header, _, planes = columns.partition(b"\n")
        names = _texts(orjson.loads(header[:_LONGEST_NAMES]))
        digests = _cut(unpacking.unused_data, DIGEST_BYTES)
        border = _ID_BYTES * len(digests)
        if len(planes) != border + _width(names) * len(digests):
            raise UnreadableMemoryError("a part is not whole")
        ids = list(accumulate(_numbers(planes[:border], _ID_BYTES)))
        sets = _numbers(planes[border:], _width(names))
        if not ids or ids[-1] >= _NO_ID:
            raise UnreadableMemoryError("a part is not whole")
        locales = {
            bits: frozenset(name for place, name in enumerate(names) if bits & 2 << place)
            for bits in set(sets)
        }
        return {
            article_id: Known(digest, locales[bits], missed=bool(bits & 1))
            for article_id, digest, bits in zip(ids, digests, sets, strict=True)
        }
    except (binascii.Error, zlib.error, ValueError, TypeError):
        raise UnreadableMemoryError("a part is damaged") from None


def _longest(packed: int) -> int:
    """Return how long the columns may be of a part of so many bytes."""
    most_articles = packed // DIGEST_BYTES
    return _LONGEST_NAMES + most_articles * (_ID_BYTES + _MOST_LOCALES // 8 + 1)


def _width(names: list[str]) -> int:
    """Return how many bytes hold a bit for each name and one more."""
    return len(names) // 8 + 1


def _planes(numbers: list[int], width: int) -> bytes:
    """Return numbers of so many bytes as all their lowest bytes, all the next ones, …: zeros."""
    rows = b"".join(number.to_bytes(width, "little") for number in numbers)
    return b"".join(rows[place::width] for place in range(width))


def _numbers(planes: bytes, width: int) -> list[int]:
    count = len(planes) // width
    rows = bytearray(len(planes))
    for place in range(width):
        rows[place::width] = planes[place * count : (place + 1) * count]
    return [int.from_bytes(row, "little") for row in _cut(bytes(rows), width)]


def _cut(text: bytes, length: int) -> list[bytes]:
    """Cut into pieces of this length.

    Raises:
        ValueError: where something is left.

    """
    if len(text) % length:
        raise ValueError("the last piece is too short")
    return [text[start : start + length] for start in range(0, len(text), length)]


def _texts(names: object) -> list[str]:
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise TypeError("the locales are a list of texts")
    if len(names) > _MOST_LOCALES:
        raise ValueError("there are not so many locales")
    return names
