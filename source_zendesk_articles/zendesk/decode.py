"""The bytes of an answer → what `models` declares, or an `UnreadableAnswerError`. Pure.

A list of articles is decoded in one call. If that fails, its rows are decoded one by one: a row
that cannot be read becomes an `Unreadable`, and the others go on.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Generic, NoReturn, TypeVar

import msgspec
import orjson
from msgspec import Struct

from source_zendesk_articles.zendesk.models import (
    Article,
    Brand,
    BrandRow,
    BrokenText,
    Category,
    Count,
    FeedPage,
    Id,
    Locales,
    Names,
    OffsetPage,
    Page,
    Row,
    Section,
    Token,
    Translation,
    Unreadable,
    UnreadableAnswerError,
    User,
)

Item = TypeVar("Item")
Sort = TypeVar("Sort")


class _Meta(Struct):
    has_more: bool
    after_cursor: str | None = None


class _Listed(Struct, Generic[Sort], kw_only=True):
    """Articles, with the sections and categories that were sideloaded.

    https://developer.zendesk.com/documentation/developer-tools/working-with-data/sideloading-related-records/
    """

    articles: list[Sort]
    sections: object = None
    categories: object = None


class _CursorListed(_Listed[Sort], Generic[Sort], kw_only=True):
    meta: _Meta


class _OffsetListed(_Listed[Sort], Generic[Sort], kw_only=True):
    count: Count
    next_page: str | None


class _FeedListed(_Listed[Sort], Generic[Sort], kw_only=True):
    next_page: str | None


class _Shown(Struct, kw_only=True):
    article: object
    sections: object = None
    categories: object = None


class _Counted(Struct):
    count: Count


class _Me(Struct):
    user: User


class _Identified(Struct):
    id: Id


class _Named(Struct, kw_only=True):
    """A section or category. Nothing is retracted because its name cannot be read."""

    id: Id
    name: object
    category_id: Id | None = None
    locale: object = None
    source_locale: object = None
    translations: object = None


# Also what `msgspec` raises for text that is no UTF-8, and for what is nested too deep.
_UNDECODABLE: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


def decode_token(content: bytes) -> Token:
    """Decode `POST /oauth/tokens`."""
    return _convert(parse_answer(content), Token, "a token")


def decode_user(content: bytes) -> User:
    """Decode `GET /api/v2/users/me`."""
    return _convert(parse_answer(content), _Me, "an answer").user


def decode_locales(content: bytes) -> Locales:
    """Decode `GET /locales` of a Help Center."""
    return _convert(parse_answer(content), Locales, "the locales")


def decode_count(content: bytes) -> int:
    """Decode the total that an offset-paged list reports.

    https://developer.zendesk.com/api-reference/introduction/pagination/#offset-pagination
    """
    return _convert(parse_answer(content), _Counted, "a list").count


def decode_visitors_articles(content: bytes) -> tuple[int, ...]:
    """Decode the ids of a list of articles as visitors get it, whose rows may be shorter.

    One row that can be read proves as much as many. But a list of unreadable rows is not empty.
    """
    rows = _rows(parse_answer(content), "articles")
    ids = tuple(row.id for row in _readable(rows, _Identified))
    if rows and not ids:
        raise UnreadableAnswerError("a page of articles without an `id`")
    return ids


def decode_articles(content: bytes) -> Page[Row]:
    """Decode a cursor page of articles."""
    page = _list(content, _CursorListed[Article], _CursorListed[object])
    return Page(_placed(page), _after(page.meta))


def decode_offset_page(content: bytes) -> OffsetPage:
    """Decode an offset page of articles."""
    page = _list(content, _OffsetListed[Article], _OffsetListed[object])
    return OffsetPage(_placed(page), page.count, page.next_page is not None)


def decode_feed_page(content: bytes) -> FeedPage:
    """Decode a page of `GET /incremental/articles`."""
    page = _list(content, _FeedListed[Article], _FeedListed[object])
    return FeedPage(_placed(page), page.next_page is not None)


def decode_shown_article(content: bytes) -> Row:
    """Decode `GET /articles/{id}`."""
    shown = _convert(parse_answer(content), _Shown, "an answer")
    listed = _Listed[Row](
        articles=[_row(shown.article, Article, "article")],
        sections=shown.sections,
        categories=shown.categories,
    )
    return _placed(listed)[0]


def decode_categories(content: bytes) -> Page[Category]:
    """Decode a cursor page of categories; one that cannot be read is left out.

    Its articles count as unplaced then: nothing is retracted for that.
    """
    answer = parse_answer(content)
    rows = _readable(_rows(answer, "categories"), _Named)
    return Page(tuple(map(_category, rows)), _after_in(answer))


def decode_sections(content: bytes) -> Page[Section]:
    """Decode a cursor page of sections, as one of categories."""
    answer = parse_answer(content)
    rows = _readable(_rows(answer, "sections"), _Named)
    return Page(tuple(map(_section, rows)), _after_in(answer))


def decode_brands(content: bytes) -> Page[BrandRow]:
    """Decode a cursor page of brands, row by row."""
    answer = parse_answer(content)
    rows = tuple(_row(row, Brand, "brand") for row in _rows(answer, "brands"))
    return Page(rows, _after_in(answer))


def decode_translations(content: bytes) -> Page[Translation | Unreadable]:
    """Decode a cursor page of an article's translations, row by row."""
    answer = parse_answer(content)
    rows = (_row(row, Translation, "translation") for row in _rows(answer, "translations"))
    return Page(tuple(rows), _after_in(answer))


def _list(content: bytes, whole: type[Any], loose: type[Any]) -> Any:  # noqa: ANN401 -- one of three, of which a caller knows which
    """Decode a list of articles, in one call or row by row."""
    try:
        return msgspec.json.decode(content, type=whole)
    except _UNDECODABLE:
        page = _convert(parse_answer(content), loose, "a page")
        page.articles = [_row(row, Article, "article") for row in page.articles]
        return page


def _placed(listed: _Listed[Row]) -> tuple[Row, ...]:
    """Return articles with the sections and categories that came along."""
    sections = {row.id: _section(row) for row in _readable(listed.sections, _Named)}
    categories = {row.id: _category(row) for row in _readable(listed.categories, _Named)}
    for article in listed.articles:
        if isinstance(article, Article):
            article.section = sections.get(article.section_id or 0)
            if article.section:
                article.category = categories.get(article.section.category_id or 0)
    return tuple(listed.articles)


def _readable(rows: object, sort: type[Item]) -> list[Item]:
    """Return the rows that can be read; there are none in what is no list."""
    readable = []
    for row in rows if isinstance(rows, list) else ():
        try:
            readable.append(msgspec.convert(row, sort))
        except msgspec.ValidationError:
            continue
    return readable


def _rows(answer: Mapping[str, object], key: str) -> list[object]:
    try:
        rows = answer[key]
    except KeyError:
        raise UnreadableAnswerError(f"a page without `{key}`") from None
    if not isinstance(rows, list):
        raise UnreadableAnswerError(f"a page whose `{key}` is not a list", rows)
    return rows


def _after(meta: _Meta) -> str | None:
    # `links.next` is missing on the last page while `after_cursor` is set: only `has_more` counts.
    if meta.has_more and not meta.after_cursor:
        raise UnreadableAnswerError("meta whose `after_cursor` is not a text", meta.after_cursor)
    return meta.after_cursor if meta.has_more else None


class _Paged(Struct):
    meta: _Meta


def _after_in(answer: Mapping[str, object]) -> str | None:
    return _after(_convert(answer, _Paged, "a page").meta)


def _category(row: _Named) -> Category:
    return Category(row.id, _names(row))


def _section(row: _Named) -> Section:
    return Section(row.id, _names(row), row.category_id)


def _names(row: _Named) -> Names:
    """Return the names that people are shown, without those of translations that they are not.

    These are drafts and hidden ones. Without translations, the name that Zendesk shows is taken.
    """
    shown = row.name if isinstance(row.name, str) else ""
    shown_locale = _lower(row.locale)
    source_locale = _lower(row.source_locale) or shown_locale
    by_locale: dict[str, str] = {}
    unseen: dict[str, object] = {}
    locales = set()
    for translation in row.translations if isinstance(row.translations, list) else ():
        match translation:
            case {"locale": str(name), **more}:
                locale, title = name.lower(), more.get("title")
                locales.add(locale)
                # That people are not shown these is documented for articles.
                if more.get("draft") or more.get("hidden"):
                    unseen[locale] = title
                elif isinstance(title, str) and title.strip():
                    by_locale[locale] = title
    # The name that Zendesk shows may be that of a draft: its locale says so, or else its text.
    is_other_text = shown in by_locale.values() or shown not in unseen.values()
    if (shown_locale or source_locale) in unseen or not is_other_text:
        shown = ""
    if shown and shown_locale:
        by_locale.setdefault(shown_locale, shown)
    return Names(by_locale.get(source_locale, shown), by_locale, source_locale in locales)


def _lower(locale: object) -> str:
    return locale.lower() if isinstance(locale, str) else ""


# ------------------------------------------------------------------- what cannot be read


def parse_answer(content: bytes) -> Mapping[str, object]:
    """Return the JSON object that an answer holds.

    Raises:
        UnreadableAnswerError: for all else, as do all functions here.

    """
    try:
        answer = orjson.loads(content)
    except orjson.JSONDecodeError:
        answer = _tolerant(content)
    if not isinstance(answer, dict):
        raise UnreadableAnswerError("an answer that is not a JSON object", answer)
    return answer


def _tolerant(content: bytes) -> object:
    """Return the JSON that an answer holds, with `BrokenText` for each text that is broken.

    One of them makes `msgspec` and `orjson` refuse a page with a hundred articles.
    """
    try:
        answer = json.loads(content.decode(errors="surrogateescape"), parse_constant=_refuse)
        return _with_broken_texts(answer)
    except (ValueError, RecursionError):
        raise UnreadableAnswerError("an answer that is not JSON, or not whole") from None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _with_broken_texts(value: object) -> object:
    match value:
        case dict():
            # No field that is used has such a name.
            names = (key.encode(errors="replace").decode() for key in value)
            return dict(zip(names, map(_with_broken_texts, value.values()), strict=True))
        case list():
            return [_with_broken_texts(inner) for inner in value]
        case str() if not _can_be_encoded(value):
            return BrokenText(value)
    return value


def _can_be_encoded(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _convert(answer: object, sort: type[Item], what: str) -> Item:
    try:
        return msgspec.convert(answer, sort)
    except msgspec.ValidationError as error:
        raise _explained(answer, error, what) from None


def _row(row: object, sort: type[Item], what: str) -> Item | Unreadable:
    """Return a row of a list, which may be the only one that cannot be read."""
    try:
        return _convert(row, sort, what)
    except UnreadableAnswerError as error:
        try:
            row_id = msgspec.convert(row, _Identified).id
        except msgspec.ValidationError:
            # Nothing else names it.
            return Unreadable(None, str(error), error.sent or (row,))
        return Unreadable(row_id, str(error), error.sent)


# `Expected `bool`, got `null` - at `$.translations[1].outdated``, or a sentence of `models` there.
_PROBLEM: Final = re.compile(r"(?P<problem>.*?)(?: - at `\$(?P<path>.*)`)?", re.DOTALL)
_MISSING: Final = re.compile(r"Object missing required field `(\w+)`")
_EXPECTED: Final = re.compile(r"Expected `(\w+)")
_OURS: Final = re.compile(r"`(\w+)` (.+)")
_STEP: Final = re.compile(r"\.(\w+)|\[(\d+)\]")
_WANTED: Final = {
    "array": "is not a list",
    "bool": "is neither true nor false",
    "int": "is not a whole number from 0 to 2^63 - 1",
    "object": "is not a JSON object",
    "str": "is not a text",
}


def _explained(value: object, error: Exception, what: str) -> UnreadableAnswerError:
    """Return what is wrong with a value: in which field, and what was sent there."""
    found = _PROBLEM.fullmatch(str(error))
    problem = found["problem"] if found else ""
    steps = [name or int(place) for name, place in _STEP.findall((found and found["path"]) or "")]
    parents = list(_parents(value, steps))
    if missing := _MISSING.match(problem):
        return UnreadableAnswerError(f"{_name(steps, parents, what)} without `{missing[1]}`")
    if ours := _OURS.fullmatch(problem):
        name, sent = _name(steps, parents, what, but=ours[1]), _get(parents[-1], ours[1])
        return UnreadableAnswerError(f"{name} whose `{ours[1]}` {ours[2]}", sent)
    expected = _EXPECTED.match(problem)
    wanted = _WANTED.get(expected[1], problem) if expected else problem
    if not steps or (isinstance(steps[-1], int) and wanted == _WANTED["object"]):
        return UnreadableAnswerError(
            f"{_name(steps[:-1] or steps, [value], what)} that {wanted}", parents[-1]
        )
    if isinstance(steps[-1], int):
        steps, parents, wanted = steps[:-1], parents[:-1], "are not texts"
    field = str(steps[-1])
    if field == "updated_at":
        wanted = "is not a time from 2000 to 2999"
    name = _name(steps[:-1], parents[:-1], what, but=field)
    return UnreadableAnswerError(f"{name} whose `{field}` {wanted}", parents[-1])


def _parents(value: object, steps: Sequence[str | int]) -> Iterator[object]:
    """Yield a value, and what is found in it at each step."""
    yield value
    for step in steps:
        value = _get(value, step)
        yield value


def _get(value: object, step: str | int) -> object:
    match value, step:
        case dict(), str():
            return value.get(step)
        case list(), int() if step < len(value):
            return value[step]
    return None


def _name(
    steps: Sequence[str | int], parents: Sequence[object], what: str, *, but: str = ""
) -> str:
    """Return what to call the object at a path; a translation by its locale."""
    if "translations" in steps:
        what = "translation"
    elif steps:
        what = str(steps[-1])
    locale = _get(parents[-1], "locale") if what == "translation" and but != "locale" else None
    readable = isinstance(locale, str) and locale.isprintable() and " " not in locale
    return f"{what} {locale}" if locale and readable else what
