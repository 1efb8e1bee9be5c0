"""The compact memory of what a destination holds of one Help Center. Pure.

Of each article: a digest of what was emitted last, and in which locales. An article *in doubt*
has no digest: a state went out in which it was about to be emitted, and nobody knows how much of
it arrived. An article that is *missed* was not in the last complete listing, but still there.
"""

import base64
import binascii
import zlib
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from itertools import accumulate
from operator import sub
from struct import pack
from typing import Final, NamedTuple

import orjson

from source_zendesk_articles.articles.records import DIGEST_BYTES

# The first character of the packed text. Another one is of a later version of the connector.
FORMAT: Final = "1"
IN_DOUBT: Final = bytes(DIGEST_BYTES)

# Zendesk's ids are 64-bit numbers with a sign.
_ID_BYTES: Final = 8
_NO_ID: Final = 2**63
# Zendesk supports some 160 locales, of at most 11 characters. Digests do not compress: what they
# leave room for bounds how many articles a packed text can hold, and this how much each unpacks to.
_MOST_LOCALES: Final = 1000
_LONGEST_NAMES: Final = 512 * 1024


class UnreadableMemoryError(ValueError):
    """A text that is not one that `KnownArticles.pack` made."""


class Known(NamedTuple):
    """What is known of one article."""

    digest: bytes
    locales: frozenset[str]
    missed: bool = False


class KnownArticles:
    """The memory, by article id.

    `elsewhere`: the locales in which an article in doubt may be there as well, because a sync died
    whose later batches may have arrived. `more_in`: None, or the locales in which more of these
    articles may be emitted in this sync. A platform may save any state of a sync that died, and its
    destination may hold any part of all that followed. So until then a state says of every article
    that is not settled in this sync that it is in doubt. Its owner goes on filling the set.
    """

    def __init__(self) -> None:
        self._articles: dict[int, Known] = {}
        self._unsettled: set[int] = set()
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
    def is_settled(self) -> bool:
        """Whether no article is in doubt or missed."""
        return not self._unsettled

    @property
    def names(self) -> frozenset[str]:
        """The locales of all articles, and some that none has any more."""
        return frozenset().union(*self._sets)

    def is_in_doubt(self, article_id: int) -> bool:
        """Whether nobody knows what the destination holds of an article."""
        known = self[article_id]
        return known is not None and known.digest == IN_DOUBT

    def locales(self, article_id: int) -> frozenset[str]:
        """Return the locales in which the destination may hold an article."""
        known = self[article_id]
        return known.locales if known else frozenset()

    def perhaps(self, article_id: int) -> frozenset[str]:
        """Return the locales in which the destination may hold an article only by a sync that died.

        There are none unless it is in doubt. Nothing is concluded from it if they are not shown.
        """
        if self.elsewhere and self.is_in_doubt(article_id):
            return self.elsewhere - self.locales(article_id)
        return frozenset()

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
        self._articles.pop(article_id, None)
        self._unsettled.discard(article_id)

    def conclude(self, article_id: int) -> None:
        """Let states say of an article what is known, though more of others may be emitted."""
        if not self.is_in_doubt(article_id):
            self._settled.add(article_id)

    def is_concluded(self, article_id: int) -> bool:
        """Whether a state of this sync may say what is known of an article.

        Then it must not be emitted again in this sync: the destination would hold another version
        than that state says.
        """
        return article_id in self._settled

    @property
    def doubted_elsewhere(self) -> frozenset[str]:
        """What is to be read again as `elsewhere` with the packed text."""
        if self.more_in is not None and not self._articles.keys() <= self._settled:
            return self.elsewhere.union(self.more_in)
        return self.elsewhere if any(map(self.is_in_doubt, self._unsettled)) else frozenset()

    def pack(self) -> str:
        """Return the memory as a text."""
        if not self._articles:
            return f"{FORMAT}.0"
        ids = sorted(self._articles)
        if ids != list(self._articles):
            # The next time all but the new ones are in order.
            self._articles = {article_id: self._articles[article_id] for article_id in ids}
        packed = _packed(self._articles, None if self.more_in is None else self._settled)
        return f"{FORMAT}.{len(self)}.{packed}"

    def _put(self, article_id: int, known: Known) -> None:
        locales = self._sets.setdefault(known.locales, known.locales)
        self._articles[article_id] = known._replace(locales=locales)
        if known.missed or known.digest == IN_DOUBT:
            self._unsettled.add(article_id)
        else:
            self._unsettled.discard(article_id)

    @classmethod
    def unpack(cls, text: str) -> "KnownArticles":
        """Return the memory that was packed so; in several parts, too, as it once was.

        Raises:
            UnreadableMemoryError: for any other text.

        """
        version, *rest = text.split(".")
        if version != FORMAT:
            raise UnreadableMemoryError("it is of another version of the connector")
        count, *packed_parts = rest or [""]
        memory = cls()
        parts = [_unpacked(packed) for packed in packed_parts]
        for part in parts:
            memory._articles.update(part)
        memory._sets = {known.locales: known.locales for known in memory._articles.values()}
        memory._unsettled = {
            article_id
            for article_id, known in memory._articles.items()
            if known.missed or known.digest == IN_DOUBT
        }
        articles = sum(map(len, parts))
        if count != str(articles) or articles != len(memory):
            raise UnreadableMemoryError("it is not whole")
        return memory


def _packed(articles: Mapping[int, Known], settled: AbstractSet[int] | None) -> str:
    """Return articles in base64: compressed columns, then the digests, which do not compress.

    The columns are the names of all locales as a line of JSON; the ids, which ascend, each as its
    distance from the one before; and of each article a set of bits, the first for a missed one,
    the others for its locales. All but those that are `settled`, if that is given, are in doubt.
    """
    digests, locales, missed = zip(*articles.values(), strict=True)
    names = sorted(frozenset().union(*set(locales)))
    width = _width(names)
    bit = {name: 2 << place for place, name in enumerate(names)}
    codes = {
        (row, is_missed): (sum(bit[name] for name in row) + is_missed).to_bytes(width, "little")
        for row, is_missed in set(zip(locales, missed, strict=True))
    }
    gaps = pack(f"<{len(articles)}Q", *map(sub, articles, [0, *articles]))
    sets = b"".join(map(codes.__getitem__, zip(locales, missed, strict=True)))
    columns = b"".join([orjson.dumps(names), b"\n", _planes(gaps, _ID_BYTES), _planes(sets, width)])
    if settled is not None:
        rows = zip(articles, digests, strict=True)
        digests = tuple(digest if row in settled else IN_DOUBT for row, digest in rows)
    return base64.b64encode(zlib.compress(columns) + b"".join(digests)).decode()


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


def _planes(rows: bytes, width: int) -> bytes:
    """Return rows of so many bytes as all their lowest bytes, all the next ones, …: zeros."""
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
