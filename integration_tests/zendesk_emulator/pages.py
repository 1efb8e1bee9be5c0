"""Cursor and offset pages, as recorded.

https://developer.zendesk.com/api-reference/introduction/pagination/
"""

import base64
import binascii
import json
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar
from urllib.parse import urlencode

if TYPE_CHECKING:
    import orjson

# A Fragment is JSON that is encoded already.
Json: TypeAlias = (
    "Mapping[str, Json] | Sequence[Json] | str | int | float | bool | orjson.Fragment | None"
)
Key: TypeAlias = tuple[int, ...]
Row = TypeVar("Row")

MAX_PAGE_SIZE = 100
MAX_OFFSET_PAGES = 100
# What links.last holds as its page[before] in every recording: "last_page".
_LAST_PAGE = "bGFzdF9wYWdl"


class BadPage(Exception):  # noqa: N818  -- it is an answer, not a failure
    """The page that was asked for can not be: 400 with this error and description."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error = error
        self.description = description


@dataclass(frozen=True)
class Page(Generic[Row]):
    """The rows of a page, and the envelope's other fields."""

    rows: Sequence[Row]
    envelope: dict[str, Json]


def wants_cursor(query: Mapping[str, str]) -> bool:
    """Whether the query asks for cursor pages; offset pages are the default."""
    return any(name.startswith("page[") for name in query)


def page_size(text: str | None, default: int, *, refuse_oversized: bool) -> int:
    """Read page[size] or per_page. That nonsense gives the default is a guess."""
    if text is None or not text.isdecimal() or int(text) == 0:
        return default
    if int(text) > MAX_PAGE_SIZE and refuse_oversized:
        raise BadPage("InvalidPaginationParameter", f"page size may not exceed {MAX_PAGE_SIZE}")
    return min(int(text), MAX_PAGE_SIZE)


def cursor_page(
    rows: Sequence[Row], key: Callable[[Row], Key], url: str, query: Mapping[str, str], size: int
) -> Page[Row]:
    """Cut the page after (or before) a cursor out of `rows`, which ascend by `key`, a unique one.

    A cursor is the key of a row, so rows that come and go in between shift nothing. On the last
    page `links.next` is missing while `after_cursor` is still set; there is no count.
    """
    before, after = query.get("page[before]"), query.get("page[after]")
    if before is not None:
        end = len(rows) if before == _LAST_PAGE else bisect_left(rows, _position(before), key=key)
        start = max(0, end - size)
        more_before, more_after = start > 0, before != _LAST_PAGE
    else:
        start = bisect_right(rows, _position(after), key=key) if after else 0
        end = start + size
        more_before, more_after = after is not None, end < len(rows)
    shown = rows[start:end]
    first, last = (_cursor(key(shown[0])), _cursor(key(shown[-1]))) if shown else (None, None)

    def link(**place: str | None) -> str:
        kept = {name: value for name, value in query.items() if name not in _PLACES}
        moved = {f"page[{name}]": value for name, value in place.items() if value is not None}
        return with_query(url, {**kept, "page[size]": str(size), **moved})

    links = {"first": link(), "last": link(before=_LAST_PAGE)}
    if more_after:
        links["next"] = link(after=last or after)
    if more_before:
        links["prev"] = link(before=first or before)
    has_more = more_before if before is not None else more_after
    meta = {"has_more": has_more, "after_cursor": last, "before_cursor": first}
    return Page(shown, {"meta": meta, "links": links})


_PLACES = {"page[after]", "page[before]"}


def offset_page(
    rows: Sequence[Row], url: str, query: Mapping[str, str], default_size: int, *, refuse: bool
) -> Page[Row]:
    """Cut a numbered page; none past the hundredth. `refuse` is for pages that are too large."""
    size = page_size(query.get("per_page"), default_size, refuse_oversized=refuse)
    text = query.get("page", "1")
    number = max(1, int(text)) if text.isdecimal() else 1
    if number > MAX_OFFSET_PAGES:
        raise BadPage(
            "LimitError", f"Offset-based pagination is limited to {MAX_OFFSET_PAGES} pages"
        )
    pages = -(-len(rows) // size)

    def link(to: int) -> str | None:
        if not 1 <= to <= pages:
            return None
        return with_query(url, {**query, "page": str(to), "per_page": str(size)})

    envelope: dict[str, Json] = {
        "count": len(rows),
        "next_page": link(number + 1),
        "page": number,
        "page_count": pages,
        "per_page": size,
        "previous_page": link(number - 1),
    }
    return Page(rows[(number - 1) * size : number * size], envelope)


def with_query(url: str, query: Mapping[str, str]) -> str:
    """Write an address with its parameters in alphabetical order, as Zendesk does."""
    return f"{url}?{urlencode(sorted(query.items()))}"


def _cursor(key: Key) -> str:
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode()


def _position(cursor: str) -> Key:
    try:
        key = json.loads(base64.urlsafe_b64decode(cursor))
        return tuple(int(part) for part in key)
    except (binascii.Error, ValueError, TypeError):
        raise BadPage("InvalidPaginationParameter", "page[after] is not valid") from None
