"""What is known of the articles of one Help Center ↔ the bytes that it packs to. Pure.

Packed, 40,000 articles must stay well below 1 MB: at most 12 bytes an article.
"""

import base64
import binascii
import zlib
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from itertools import accumulate
from operator import sub
from struct import pack as pack_struct
from typing import Final, NamedTuple

import orjson

from source_zendesk_articles.articles.records import DIGEST_BYTES

IN_DOUBT: Final = bytes(DIGEST_BYTES)
"""Stands for the digest of an article of which the destination may hold any version."""

# Zendesk's ids are 64-bit numbers with a sign.
_ID_BYTES: Final = 8
_NO_ID: Final = 2**63
# Zendesk supports some 160 locales, of at most 11 characters. Digests do not compress: the space
# that they leave bounds how many articles a packed text can hold, and these two bound how much each
# of them unpacks to.
_MOST_LOCALES: Final = 1000
_LONGEST_NAMES: Final = 512 * 1024


class UnreadableMemoryError(ValueError):
    """A text that `KnownArticles.pack` did not make."""


class Known(NamedTuple):
    """What is known of one article: a digest of what was emitted, and in which locales.

    `missed`: the last complete listing did not show it, but it answered when it was asked for.
    """

    digest: bytes
    locales: frozenset[str]
    missed: bool = False


def pack(articles: Mapping[int, Known], settled: AbstractSet[int] | None = None) -> str:
    """Return articles, in ascending order of their ids, as base64.

    First come compressed columns: the names of all locales as a line of JSON; each id as its
    distance from the one before; a set of bits for each article, the lowest for a missed one, the
    others for its locales. The digests follow, which do not compress. If `settled` is given, all
    other articles are packed as in doubt.
    """
    digests, locales, missed = zip(*articles.values(), strict=True)
    names = sorted(frozenset().union(*set(locales)))
    width = _width(names)
    bit = {name: 2 << place for place, name in enumerate(names)}
    codes = {
        (row, is_missed): (sum(bit[name] for name in row) + is_missed).to_bytes(width, "little")
        for row, is_missed in set(zip(locales, missed, strict=True))
    }
    gaps = pack_struct(f"<{len(articles)}Q", *map(sub, articles, [0, *articles]))
    sets = b"".join(map(codes.__getitem__, zip(locales, missed, strict=True)))
    columns = b"".join([orjson.dumps(names), b"\n", _planes(gaps, _ID_BYTES), _planes(sets, width)])
    if settled is not None:
        rows = zip(articles, digests, strict=True)
        digests = tuple(digest if row in settled else IN_DOUBT for row, digest in rows)
    return base64.b64encode(zlib.compress(columns) + b"".join(digests)).decode()


def unpack(packed: str) -> dict[int, Known]:
    """Return the articles that a text of `pack` holds.

    Raises:
        UnreadableMemoryError: for any other text.

    """
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
    """Return how many bytes the columns may have in a text of so many bytes."""
    most_articles = packed // DIGEST_BYTES
    return _LONGEST_NAMES + most_articles * (_ID_BYTES + _MOST_LOCALES // 8 + 1)


def _width(names: list[str]) -> int:
    """Return how many bytes hold a bit for each name and one more."""
    return len(names) // 8 + 1


def _planes(rows: bytes, width: int) -> bytes:
    """Return the lowest byte of each row, then the next one of each, …: most are zeros then."""
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
        ValueError: if a piece is shorter.

    """
    if len(text) % length:
        raise ValueError("the last piece is too short")
    return [text[start : start + length] for start in range(0, len(text), length)]


def _texts(names: object) -> list[str]:
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise TypeError("the locales are not a list of texts")
    if len(names) > _MOST_LOCALES:
        raise ValueError("there are not so many locales")
    return names
