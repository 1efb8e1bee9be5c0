"""What Zendesk answers, parsed once: JSON → users, locales, articles, translations, pages.

A field that a decision rests on is required, in its type, or the whole answer is unreadable: of
a list of articles the row only. What else is asked for stays as it came, in `raw`.
"""

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final, Generic, NamedTuple, NoReturn, TypeVar

import orjson

from source_zendesk_articles.zendesk.timestamps import parse_stamp

JsonObject = Mapping[str, object]
Item = TypeVar("Item")


# Zendesk documents 300 to 172,800 s; beyond that it is no lifetime.
_LIFETIMES = range(1, 172_801)
# Ids are 64-bit numbers with a sign, and so are the integers of the state and of destinations.
_NUMBERS = range(2**63)
# Zendesk's limit is 40,000 articles; the platform is told a multiple of what an answer says.
_TOTALS = range(10**9)
# What a translation, and a record, takes beside its texts.
_ROW_BYTES: Final = 1_000
# The longest that Zendesk lists has 11 characters. It goes into every state.
_LONGEST_LOCALE = 64

# The article's own fields that go out unchanged.
ARTICLE_FIELDS: Final = (
    "url",
    "author_id",
    "section_id",
    "permission_group_id",
    "user_segment_id",
    "user_segment_ids",
    "label_names",
    "content_tag_ids",
    "promoted",
    "position",
    "comments_disabled",
    "vote_sum",
    "vote_count",
    "created_at",
)


class UnreadableAnswerError(ValueError):
    """An answer that is not what Zendesk documents: cut off, of another shape, not JSON.

    `sent` holds what was sent instead, if anything was.
    """

    def __init__(self, problem: str, *sent: object) -> None:
        super().__init__(problem)
        self.sent = sent


@dataclass(frozen=True)
class BrokenText:
    """What stands for a text that cannot be encoded: half of a character, or bytes of no UTF-8.

    No field of an answer may be one.
    """

    text: str


class User(NamedTuple):
    """Whom the credentials belong to; `id` is None for a visitor who is not signed in.

    https://developer.zendesk.com/api-reference/ticketing/users/users/#show-self
    """

    id: int | None
    name: str
    email: str | None
    role: str


@dataclass(frozen=True)
class Token:
    """An OAuth access token; its lifetime in seconds, and a new refresh token, where they came.

    https://developer.zendesk.com/api-reference/ticketing/oauth/grant_type_tokens/
    """

    access_token: str = field(repr=False)
    expires_in: int | None
    refresh_token: str | None = field(repr=False)


class Locales(NamedTuple):
    """The locales that a Help Center has enabled, and its default one.

    https://developer.zendesk.com/api-reference/help_center/help-center-api/translations/
    """

    enabled: tuple[str, ...]
    default: str


class Translation(NamedTuple):
    """An article's text in one locale.

    `content_hash` (see there) is made with it, by the thread that fetched it.

    https://developer.zendesk.com/api-reference/help_center/help-center-api/translations/
    """

    locale: str
    title: str | None
    body: str | None
    updated_at: str
    outdated: bool
    content_hash: str
    raw: JsonObject


class Names(NamedTuple):
    """What a category or section is called.

    `by_locale` has lower-case keys. It `is_whole` if Zendesk sent the translations, the source one
    among them; `own` is the name in the source locale, or what Zendesk shows instead.

    https://developer.zendesk.com/api-reference/help_center/help-center-api/translations/
    """

    own: str
    by_locale: Mapping[str, str]
    is_whole: bool

    def in_locale(self, locale: str) -> str | None:
        """Return the name that a variant's readers see, or else the own one; None if it is ""."""
        return self.by_locale.get(locale.lower()) or self.own or None

    def tells(self, locale: str) -> bool:
        """Whether the name in a locale is there, or there is none."""
        return self.is_whole or locale.lower() in self.by_locale


class Category(NamedTuple):
    """Holds sections.

    https://developer.zendesk.com/api-reference/help_center/help-center-api/categories/
    """

    id: int
    names: Names


class Section(NamedTuple):
    """Holds articles, and is in one category; perhaps inside of another section of that.

    `category_id` is None where Zendesk does not tell.

    https://developer.zendesk.com/api-reference/help_center/help-center-api/sections/
    """

    id: int
    names: Names
    category_id: int | None


class Article(NamedTuple):
    """An article; `translations` is None where Zendesk left the sideload out.

    So are `section` and `category`. `section_id` and `label_names` decide only where a filter asks
    for them: None and no label where Zendesk sent none.

    https://developer.zendesk.com/api-reference/help_center/help-center-api/articles/
    """

    id: int
    source_locale: str
    updated_at: str
    section_id: int | None
    label_names: tuple[str, ...]
    outdated_locales: frozenset[str]
    translations: tuple[Translation, ...] | None
    raw: JsonObject
    section: Section | None = None
    category: Category | None = None


class Unreadable(NamedTuple):
    """An article, or a brand, that cannot be read; `id` is None if it has none that can be.

    `problem` says what is wrong, `sent` holds what was sent there, if anything was. When it was
    stamped is not known.
    """

    id: int | None
    problem: str
    sent: tuple[object, ...] = ()
    updated_at: str = ""


Row = Article | Unreadable


class Changes(NamedTuple):
    """A page of the incremental list, whose articles ascend by `updated_at`.

    `has_more`: Zendesk named a next page. Its address was seen malformed, and `end_time` is 1
    where the page is empty: neither is kept.
    https://developer.zendesk.com/api-reference/help_center/help-center-api/articles/#list-articles
    """

    articles: tuple[Row, ...]
    has_more: bool


class Brand(NamedTuple):
    """A brand of the account; `id` stays when it is renamed.

    https://developer.zendesk.com/api-reference/ticketing/account-configuration/brands/
    """

    id: int
    subdomain: str
    active: bool
    is_deleted: bool
    has_help_center: bool


BrandRow = Brand | Unreadable


class Page(NamedTuple, Generic[Item]):
    """A page of a cursor-paged list; `after` is where the next one begins, None on the last.

    https://developer.zendesk.com/api-reference/introduction/pagination/#cursor-pagination
    """

    items: tuple[Item, ...]
    after: str | None


class OffsetPage(NamedTuple):
    """A page of an offset-paged list of articles, and how many articles the whole list has.

    https://developer.zendesk.com/api-reference/introduction/pagination/#using-offset-pagination
    """

    articles: tuple[Row, ...]
    total: int
    has_more: bool


def content_hash(title: str | None, body: str | None) -> str:
    """Return the SHA-256, in hex, of title, line feed and body in UTF-8; null counts as empty."""
    hashed = sha256((title or "").encode())
    hashed.update(b"\n")
    hashed.update((body or "").encode())
    return hashed.hexdigest()


def letters(*texts: str | None) -> int:
    """Return how much memory a translation or a record with these texts takes, about.

    In letters of Latin script, of which each is a byte. A text takes two or four times as much as
    soon as one of its letters does: four for an emoji.
    """
    return _ROW_BYTES + sum(sys.getsizeof(text) for text in texts if text)


def parse_answer(content: bytes) -> JsonObject:
    """Return the JSON object that an answer holds.

    Raises:
        UnreadableAnswerError: for all else, as do all functions here.

    """
    try:
        answer = orjson.loads(content)
    except orjson.JSONDecodeError:
        answer = _tolerant(content)
    return _object(answer, "an answer")


def _tolerant(content: bytes) -> object:
    """Return the JSON that an answer holds, each text that is none as a `BrokenText`.

    One of them makes `orjson` refuse a page with a hundred articles.
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
            return {key: _with_broken_texts(inner) for key, inner in value.items()}
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


def parse_token(answer: JsonObject) -> Token:
    """Parse `POST /oauth/tokens`.

    Only the access token itself is insisted on: to ask again may cost the refresh token, which is
    good for one use.
    """
    access_token = _text(answer, "access_token", "a token")
    if not (access_token.isascii() and access_token.isprintable()):
        raise UnreadableAnswerError("a token that no header can carry")
    expires_in, refresh_token = answer.get("expires_in"), answer.get("refresh_token")
    return Token(
        access_token,
        expires_in if type(expires_in) is int and expires_in in _LIFETIMES else None,
        refresh_token if isinstance(refresh_token, str) and refresh_token else None,
    )


def parse_user(answer: JsonObject) -> User:
    """Parse `GET /api/v2/users/me`."""
    raw = _object(_required(answer, "user", "an answer"), "user")
    # A visitor's row has a null id, and no promise is documented for its other fields.
    anonymous = _required(raw, "id", "user") is None
    return User(
        id=None if anonymous else _integer(raw, "id", "user"),
        name=_text_or_null(raw, "name", "user") or "",
        email=None if anonymous else _text_or_null(raw, "email", "user"),
        role="" if anonymous else _text(raw, "role", "user"),
    )


def parse_locales(answer: JsonObject) -> Locales:
    """Parse `GET /locales` of a Help Center, which has its default one enabled."""
    locales = Locales(
        enabled=_texts(answer, "locales", "the locales"),
        default=_text(answer, "default_locale", "the locales"),
    )
    if locales.default.lower() not in {locale.lower() for locale in locales.enabled}:
        raise UnreadableAnswerError("a list of locales without the default one")
    return locales


def parse_count(answer: JsonObject) -> int:
    """Parse the total that an offset-paged list reports.

    https://developer.zendesk.com/api-reference/introduction/pagination/#offset-pagination
    """
    total = _integer(answer, "count", "a list")
    if total not in _TOTALS:
        raise UnreadableAnswerError("a list whose `count` is beyond reason", total)
    return total


def parse_visitors_articles(answer: JsonObject) -> tuple[int, ...]:
    """Parse the ids of a list of articles as visitors get it, whose rows may be shorter.

    One that can be read proves as much as many. But none that can be is no empty list.
    """
    parse = _row_of(lambda row: _integer(_object(row, "article"), "id", "article"))
    rows = [parse(row) for row in _array(answer, "articles", "a page")]
    ids = tuple(row for row in rows if not isinstance(row, Unreadable))
    if rows and not ids:
        raise UnreadableAnswerError("a page of articles without an `id`")
    return ids


def parse_articles(answer: JsonObject) -> Page[Row]:
    """Parse a cursor page of articles."""
    return _page(answer, "articles", _row_with_sideloads(answer))


def parse_offset_page(answer: JsonObject) -> OffsetPage:
    """Parse an offset page of articles."""
    return OffsetPage(
        articles=_articles(answer),
        total=parse_count(answer),
        has_more=_text_or_null(answer, "next_page", "a page") is not None,
    )


def parse_changes(answer: JsonObject) -> Changes:
    """Parse a page of `GET /incremental/articles`."""
    return Changes(
        articles=_articles(answer),
        has_more=_text_or_null(answer, "next_page", "a page") is not None,
    )


def parse_categories(answer: JsonObject) -> Page[Category]:
    """Parse a cursor page of categories; one that cannot be read is left out.

    What is in it stands nowhere, then: nothing is retracted for that.
    """
    return _readable(_page(answer, "categories", _row_of(_category)))


def parse_sections(answer: JsonObject) -> Page[Section]:
    """Parse a cursor page of sections, as one of categories."""
    return _readable(_page(answer, "sections", _row_of(_section)))


def parse_brands(answer: JsonObject) -> Page[BrandRow]:
    """Parse a cursor page of brands, row by row."""
    return _page(answer, "brands", _row_of(_brand))


def parse_shown_article(answer: JsonObject) -> Row:
    """Parse `GET /articles/{id}`."""
    return _row_with_sideloads(answer)(_required(answer, "article", "an answer"))


def parse_translations(answer: JsonObject) -> Page[Translation | Unreadable]:
    """Parse a cursor page of an article's translations."""
    return _page(answer, "translations", _row_of(_translation))


def _page(answer: JsonObject, key: str, parse: Callable[[object], Item]) -> Page[Item]:
    meta = _object(_required(answer, "meta", "a page"), "meta")
    # `links.next` is missing on the last page while `after_cursor` is set: only `has_more` tells.
    return Page(
        items=tuple(parse(row) for row in _array(answer, key, "a page")),
        after=_text(meta, "after_cursor", "meta") if _boolean(meta, "has_more", "meta") else None,
    )


def _readable(page: Page[Item | Unreadable]) -> Page[Item]:
    return Page(tuple(row for row in page.items if not isinstance(row, Unreadable)), page.after)


# Thousands of articles wait to be emitted: what nobody asks for is not kept in memory.
_NOT_KEPT = {"translations", "body", "title", "name"}
_KEPT = ("id", "html_url", "draft", "hidden")
_WRITTEN = (*ARTICLE_FIELDS, "edited_at")


def _articles(answer: JsonObject) -> tuple[Row, ...]:
    return tuple(map(_row_with_sideloads(answer), _array(answer, "articles", "a page")))


def _row_of(parse: Callable[[object], Item]) -> Callable[[object], Item | Unreadable]:
    """Return what parses a row of a list, of which it may be the only one that cannot be read."""

    def parse_row(row: object) -> Item | Unreadable:
        try:
            return parse(row)
        except UnreadableAnswerError as error:
            return _unreadable(row, error)

    return parse_row


def _unreadable(row: object, error: UnreadableAnswerError) -> Unreadable:
    try:
        row_id = _integer(_object(row, "article"), "id", "article")
    except UnreadableAnswerError:
        # Nothing else names it.
        return Unreadable(None, str(error), error.sent or (row,))
    return Unreadable(row_id, str(error), error.sent)


def _row_with_sideloads(answer: JsonObject) -> Callable[[object], Row]:
    """Return what parses an article of this answer.

    https://developer.zendesk.com/documentation/developer-tools/working-with-data/sideloading-related-records/
    """
    sections = {row.id: row for row in _sideloaded(answer, "sections", _section)}
    categories = {row.id: row for row in _sideloaded(answer, "categories", _category)}

    def parse(row: object) -> Article:
        article = _article(row)
        section = sections.get(article.section_id or 0)
        if section is None:
            return article
        category = categories.get(section.category_id or 0)
        return article._replace(section=section, category=category)

    return _row_of(parse)


def _sideloaded(answer: JsonObject, key: str, parse: Callable[[object], Item]) -> Iterator[Item]:
    """Yield the rows that can be read: of what is left out there are lists."""
    rows = answer.get(key)
    for row in rows if isinstance(rows, list) else ():
        with suppress(UnreadableAnswerError):
            yield parse(row)


def _article(row: object) -> Article:
    raw = _object(row, "article")
    _writable(raw, _WRITTEN, "article")
    return Article(
        id=_integer(raw, "id", "article"),
        source_locale=_locale(raw, "source_locale", "article"),
        updated_at=_instant(raw, "updated_at", "article"),
        section_id=_integer_or_null(raw, "section_id", "article"),
        label_names=_texts_if_any(raw, "label_names", "article"),
        # Each translation says the same of itself.
        outdated_locales=frozenset(_texts_if_any(raw, "outdated_locales", "article")),
        translations=(
            None
            if raw.get("translations") is None
            else tuple(_translation(row) for row in _array(raw, "translations", "article"))
        ),
        raw={name: value for name, value in raw.items() if name not in _NOT_KEPT},
    )


def _brand(row: object) -> Brand:
    raw = _object(row, "brand")
    brand_id = _integer(raw, "id", "brand")
    if not brand_id:
        # That is how the state says that an id is not known.
        raise UnreadableAnswerError("brand whose `id` is 0")
    return Brand(
        id=brand_id,
        subdomain=_text(raw, "subdomain", "brand").lower(),
        active=_boolean(raw, "active", "brand"),
        is_deleted=_boolean(raw, "is_deleted", "brand"),
        has_help_center=_boolean(raw, "has_help_center", "brand"),
    )


def _translation(row: object) -> Translation:
    raw = _object(row, "translation")
    locale = _locale(raw, "locale", "translation")
    what = f"translation {locale}"
    title = _text_or_null(raw, "title", what)
    body = _text_or_null(raw, "body", what)
    _writable(raw, _KEPT, what)
    return Translation(
        locale=locale,
        title=title,
        body=body,
        updated_at=_instant(raw, "updated_at", what),
        outdated=_boolean(raw, "outdated", what),
        content_hash=content_hash(title, body),
        raw={name: raw[name] for name in _KEPT if name in raw},
    )


def _category(row: object) -> Category:
    raw = _object(row, "category")
    return Category(id=_integer(raw, "id", "category"), names=_names(raw, "category"))


def _section(row: object) -> Section:
    raw = _object(row, "section")
    return Section(
        id=_integer(raw, "id", "section"),
        names=_names(raw, "section"),
        category_id=_integer_or_null(raw, "category_id", "section"),
    )


def _names(raw: JsonObject, what: str) -> Names:
    """Return the names that readers are shown: none of a translation that is a draft or hidden.

    Only the translations tell that: without them the name that Zendesk shows is taken.
    """
    # A name that is none is like one that is not there.
    is_broken = isinstance(raw.get("name"), BrokenText)
    shown = "" if is_broken else _text_or_null(raw, "name", what) or ""
    shown_locale = _lower(raw.get("locale"))
    source_locale = _lower(raw.get("source_locale")) or shown_locale
    translations = raw.get("translations")
    by_locale: dict[str, str] = {}
    unseen: dict[str, object] = {}
    locales = set()
    for row in translations if isinstance(translations, list) else ():
        match row:
            case {"locale": str(name), **more}:
                locale, title = name.lower(), more.get("title")
                locales.add(locale)
                # That readers are not shown these is documented for articles.
                if more.get("draft") or more.get("hidden"):
                    unseen[locale] = title
                elif isinstance(title, str) and title.strip():
                    by_locale[locale] = title
    # The name that Zendesk shows is a draft's, too, if its locale says so, or else its text.
    is_other_text = shown in by_locale.values() or shown not in unseen.values()
    if (shown_locale or source_locale) in unseen or not is_other_text:
        shown = ""
    if shown and shown_locale:
        by_locale.setdefault(shown_locale, shown)
    return Names(by_locale.get(source_locale, shown), by_locale, source_locale in locales)


def _lower(locale: object) -> str:
    return locale.lower() if isinstance(locale, str) else ""


def _required(raw: JsonObject, key: str, what: str) -> object:
    try:
        return raw[key]
    except KeyError:
        raise UnreadableAnswerError(f"{what} without `{key}`") from None


def _object(value: object, what: str) -> JsonObject:
    if not isinstance(value, dict):
        raise UnreadableAnswerError(f"{what} that is not a JSON object", value)
    return value


def _array(raw: JsonObject, key: str, what: str) -> list[object]:
    value = _required(raw, key, what)
    if not isinstance(value, list):
        raise UnreadableAnswerError(f"{what} whose `{key}` is not a list", value)
    return value


def _text(raw: JsonObject, key: str, what: str) -> str:
    value = _required(raw, key, what)
    if not isinstance(value, str) or not value:
        raise UnreadableAnswerError(f"{what} whose `{key}` is not a text", value)
    return value


def _text_or_null(raw: JsonObject, key: str, what: str) -> str | None:
    value = _required(raw, key, what)
    if value is not None and not isinstance(value, str):
        raise UnreadableAnswerError(f"{what} whose `{key}` is not a text", value)
    return value


def _texts(raw: JsonObject, key: str, what: str) -> tuple[str, ...]:
    values = _array(raw, key, what)
    texts = tuple(value for value in values if isinstance(value, str))
    if len(texts) != len(values):
        raise UnreadableAnswerError(f"{what} whose `{key}` are not texts", values)
    return texts


def _texts_if_any(raw: JsonObject, key: str, what: str) -> tuple[str, ...]:
    return _texts(raw, key, what) if raw.get(key) else ()


def _boolean(raw: JsonObject, key: str, what: str) -> bool:
    value = _required(raw, key, what)
    if not isinstance(value, bool):
        raise UnreadableAnswerError(f"{what} whose `{key}` is neither true nor false", value)
    return value


def _integer(raw: JsonObject, key: str, what: str) -> int:
    value = _required(raw, key, what)
    if not isinstance(value, int) or isinstance(value, bool) or value not in _NUMBERS:
        raise UnreadableAnswerError(
            f"{what} whose `{key}` is not a whole number from 0 to 2^63 - 1", value
        )
    return value


def _integer_or_null(raw: JsonObject, key: str, what: str) -> int | None:
    return None if raw.get(key) is None else _integer(raw, key, what)


def _instant(raw: JsonObject, key: str, what: str) -> str:
    value = _required(raw, key, what)
    try:
        return parse_stamp(value)
    except ValueError:
        problem = f"{what} whose `{key}` is not a time from 2000 to 2999"
        raise UnreadableAnswerError(problem, value) from None


def _locale(raw: JsonObject, key: str, what: str) -> str:
    locale = _text(raw, key, what)
    if not locale.isprintable() or " " in locale or len(locale) > _LONGEST_LOCALE:
        raise UnreadableAnswerError(f"{what} whose `{key}` is not a locale", locale)
    return locale


def _writable(raw: JsonObject, names: tuple[str, ...], what: str) -> None:
    """Refuse what could not be written out again: broken text, or what is nested too deep.

    `orjson` stops at some 250 levels. A message, and what a digest is made of, add a few.
    """
    try:
        orjson.dumps([[[[[[[[raw.get(name) for name in names]]]]]]]])
    except TypeError:
        if len(names) == 1:
            problem = f"{what} whose `{names[0]}` has broken text or is nested too deep"
            raise UnreadableAnswerError(problem, raw[names[0]]) from None
        for name in names:
            _writable(raw, (name,), what)
