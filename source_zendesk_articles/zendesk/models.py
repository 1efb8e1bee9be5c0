"""What Zendesk answers, as declared types. `decode` makes them of an answer's bytes.

A field that a decision depends on is required, in its type and range. A field that is only passed
on (`object`) stays as it came, whatever JSON it is. If absent is not the same as null, an absent
field is `UNSET`.
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, Final, Generic, NamedTuple, TypeVar

import orjson
from msgspec import UNSET, Meta, Struct, UnsetType, field

from source_zendesk_articles.zendesk.timestamps import parse_stamp

Item = TypeVar("Item")

# Ids are 64-bit numbers with a sign, and so are the integers of the state and of destinations.
Id = Annotated[int, Meta(ge=0, le=2**63 - 1)]
# Zendesk's limit is 40,000 articles; the platform gets a multiple of what an answer says.
Count = Annotated[int, Meta(ge=0, lt=10**9)]
Text = Annotated[str, Meta(min_length=1)]

# The longest locale that Zendesk lists has 11 characters. It goes into every state.
_LONGEST_LOCALE = 64
# What a translation, and a record, takes in addition to its texts.
_ROW_BYTES: Final = 1_000


class UnreadableAnswerError(ValueError):
    """An answer that is not what Zendesk documents: cut off, of another shape, not JSON.

    `sent` holds what was sent instead, if anything was.
    """

    def __init__(self, problem: str, *sent: object) -> None:
        super().__init__(problem)
        self.sent = sent


@dataclass(frozen=True)
class BrokenText:
    """Stands for a text that cannot be encoded: half of a character, or bytes of no UTF-8."""

    text: str


class Translation(Struct, kw_only=True):
    """An article's text in one locale.

    https://developer.zendesk.com/api-reference/help_center/help-center-api/translations/
    """

    locale: Text
    title: str | None
    body: str | None
    updated_at: str
    outdated: bool
    id: object = None
    html_url: object = None
    draft: object = UNSET
    hidden: object = UNSET
    content_hash: str = ""
    """See `content_hash`; computed in the thread that decodes."""

    def __post_init__(self) -> None:
        _check_locale("locale", self.locale)
        self.updated_at = _stamp(self.updated_at)
        _check_writable(self, ("id", "html_url", "draft", "hidden"))
        self.content_hash = content_hash(self.title, self.body)


class Names(NamedTuple):
    """What a category or section is called.

    `by_locale` has lower-case keys. `is_whole`: Zendesk sent the translations, the source one among
    them. `own`: the name in the source locale, or what Zendesk shows instead.
    """

    own: str
    by_locale: Mapping[str, str]
    is_whole: bool

    def in_locale(self, locale: str) -> str | None:
        """Return the name in a locale, or else the own one; None if that is ""."""
        return self.by_locale.get(locale.lower()) or self.own or None

    def is_known_in(self, locale: str) -> bool:
        """Whether the name in a locale came along, or there is none."""
        return self.is_whole or locale.lower() in self.by_locale


class Category(NamedTuple):
    """Holds sections.

    https://developer.zendesk.com/api-reference/help_center/help-center-api/categories/
    """

    id: int
    names: Names


class Section(NamedTuple):
    """Holds articles, in one category; `category_id` is None if Zendesk does not send it.

    https://developer.zendesk.com/api-reference/help_center/help-center-api/sections/
    """

    id: int
    names: Names
    category_id: int | None


class Article(Struct, kw_only=True):
    """An article; `translations` is None if Zendesk left the sideload out.

    `label_names` is None if Zendesk sent none. `section` and `category` come from the other
    sideloads, or from lists.

    https://developer.zendesk.com/api-reference/help_center/help-center-api/articles/
    """

    id: Id
    source_locale: Text
    updated_at: str
    section_id: Id | None = None
    label_names: list[str] | None = None
    outdated_locales: list[str] | None = None
    translations: list[Translation] | None = None
    user_segment_id: object = UNSET
    user_segment_ids: object = UNSET
    url: object = None
    author_id: object = None
    permission_group_id: object = None
    content_tag_ids: object = None
    promoted: object = None
    position: object = None
    comments_disabled: object = None
    vote_sum: object = None
    vote_count: object = None
    created_at: object = None
    edited_at: object = None
    # Named so that no field of an answer is taken for them.
    section: Section | None = field(default=None, name="<section>")
    category: Category | None = field(default=None, name="<category>")

    def __post_init__(self) -> None:
        _check_locale("source_locale", self.source_locale)
        self.updated_at = _stamp(self.updated_at)
        _check_writable(self, (*ARTICLE_FIELDS, "edited_at"))


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


class Unreadable(NamedTuple):
    """An article, a translation or a brand that cannot be read; `id` is None if that cannot either.

    `problem` says what is wrong, `sent` holds what was sent there, if anything was. `updated_at` is
    unknown.
    """

    id: int | None
    problem: str
    sent: tuple[object, ...] = ()
    updated_at: str = ""


Row = Article | Unreadable


class Brand(Struct, kw_only=True):
    """A brand of the account; `id` stays when it is renamed.

    https://developer.zendesk.com/api-reference/ticketing/account-configuration/brands/
    """

    id: Id
    subdomain: Text
    active: bool
    is_deleted: bool
    has_help_center: bool

    def __post_init__(self) -> None:
        if not self.id:
            # The state says 0 if an id is unknown.
            raise ValueError("`id` is 0")
        self.subdomain = self.subdomain.lower()


BrandRow = Brand | Unreadable


class User(Struct, kw_only=True):
    """The user of the credentials; `id` is None for a visitor who is not signed in.

    https://developer.zendesk.com/api-reference/ticketing/users/users/#show-self
    """

    id: Id | None
    name: str | None
    email: str | None = None
    role: str | None = None

    def __post_init__(self) -> None:
        if self.id is not None and not self.role:
            raise ValueError("`role` is not a text")


class Locales(Struct, kw_only=True):
    """The locales that a Help Center has enabled, and its default one.

    https://developer.zendesk.com/api-reference/help_center/help-center-api/translations/
    """

    enabled: list[str] = field(name="locales")
    default: Text = field(name="default_locale")

    def __post_init__(self) -> None:
        if self.default.lower() not in map(str.lower, self.enabled):
            raise ValueError("`default_locale` is not among `locales`")


class Token(Struct, kw_only=True):
    """An OAuth access token; its lifetime in seconds and a new refresh token, if they came.

    Only the access token is required: asking again may cost the refresh token, which is good for
    one use.
    https://developer.zendesk.com/api-reference/ticketing/oauth/grant_type_tokens/
    """

    access_token: Text
    expires_in: object = None
    refresh_token: object = None

    def __post_init__(self) -> None:
        if not (self.access_token.isascii() and self.access_token.isprintable()):
            raise ValueError("`access_token` cannot be sent in a header")

    @property
    def lifetime(self) -> int | None:
        """In seconds; None if it did not come, or not as Zendesk documents it: 300 to 172,800."""
        seconds = self.expires_in
        return seconds if type(seconds) is int and 0 < seconds <= 172_800 else None  # noqa: PLR2004 -- two days

    @property
    def new_refresh_token(self) -> str | None:
        """None if it did not come."""
        return (isinstance(self.refresh_token, str) and self.refresh_token) or None

    def __repr__(self) -> str:
        """Return no secret."""
        return "Token(…)"


class FeedPage(NamedTuple):
    """A page of the incremental list, whose articles ascend by `updated_at`.

    `has_more`: Zendesk named a next page. That address was seen malformed, and `end_time` is 1 if
    the page is empty: neither is kept.
    https://developer.zendesk.com/api-reference/help_center/help-center-api/articles/#list-articles
    """

    articles: tuple[Row, ...]
    has_more: bool


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


def or_none(value: object) -> object:
    """Return the value of a field, None if it is absent."""
    return None if value is UNSET else value


def content_hash(title: str | None, body: str | None) -> str:
    """Return the SHA-256, in hex, of title, line feed and body in UTF-8; null counts as empty."""
    hashed = sha256((title or "").encode())
    hashed.update(b"\n")
    hashed.update((body or "").encode())
    return hashed.hexdigest()


def letters(*texts: str | None) -> int:
    """Return how much memory a translation or a record with these texts takes, about.

    In letters of Latin script, of which each is a byte. A text takes two or four times as much if
    one of its letters does: four for an emoji.
    """
    return _ROW_BYTES + sum(sys.getsizeof(text) for text in texts if text)


def _stamp(text: str) -> str:
    try:
        return parse_stamp(text)
    except ValueError:
        raise ValueError("`updated_at` is not a time from 2000 to 2999") from None


def _check_locale(name: str, locale: str) -> None:
    if not locale.isprintable() or " " in locale or len(locale) > _LONGEST_LOCALE:
        raise ValueError(f"`{name}` is not a locale")


def _check_writable(row: Struct, names: tuple[str, ...]) -> None:
    """Refuse what cannot be written out again: broken text, or what is nested too deep.

    `orjson` stops at some 250 levels. A message, and what a digest is made of, add a few.
    """
    try:
        orjson.dumps([[[[[[[[getattr(row, name) for name in names]]]]]]]], default=_unset)
    except TypeError:
        if len(names) == 1:
            problem = f"`{names[0]}` has broken text or is nested too deep"
            raise ValueError(problem) from None
        for name in names:
            _check_writable(row, (name,))


def _unset(value: object) -> None:
    if not isinstance(value, UnsetType):
        raise TypeError
