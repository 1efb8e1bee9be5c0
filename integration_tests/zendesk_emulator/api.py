"""The API itself: a request in, an answer out, decided from the account alone.

https://developer.zendesk.com/api-reference/help_center/help-center-api/introduction/
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import TypeVar, get_args

from . import oauth, resources
from .account import Account, Brand, Caller, CredentialRefused
from .answers import (
    NOT_AUTHENTICATED,
    ROLE_TOO_LOW,
    SCOPE_MISSING,
    TOKEN_ENDED,
    UNKNOWN_PATH,
    UNKNOWN_RECORD,
    Answer,
    Request,
    no_help_desk,
    refusal,
)
from .help_center import Article, Category, Container, HelpCenter, Section, Translation
from .pages import (
    BadPage,
    Json,
    Key,
    Page,
    cursor_page,
    offset_page,
    page_size,
    wants_cursor,
    with_query,
)
from .switches import ListOrder, Switches

Row = TypeVar("Row")
Contained = TypeVar("Contained", Category, Section)

HELP_CENTER = "/api/v2/help_center"
INCREMENTAL = f"{HELP_CENTER}/incremental/articles"

# Rows a page where the request does not say: recorded.
_ARTICLES_A_PAGE = 30
_TRANSLATIONS_A_PAGE = 100
_BRANDS_A_PAGE = 100
# Youngest start_time, in seconds of age, that sibling exports accept.
_MINUTE = 60


def answer(account: Account, request: Request) -> Answer:  # noqa: PLR0911  -- a table of first matches
    """Answer as the account would at this moment."""
    brand = account.brand(request.host.removesuffix(".zendesk.com"))
    if brand is None or not (brand.active or account.switches.inactive_brands_answer):
        return no_help_desk(request.host)
    if request.path == "/oauth/tokens" and request.method == "POST":
        return oauth.tokens(account, request)
    if request.path.startswith("/hc/"):
        return Answer(200, "<!DOCTYPE html><title>Sign in</title>", {"Content-Type": "text/html"})
    if request.method != "GET":
        return UNKNOWN_PATH
    try:
        caller = account.caller(request.authorization)
    except CredentialRefused as refused:
        return TOKEN_ENDED if refused.oauth else NOT_AUTHENTICATED
    call = _Call(account, brand, caller, request)
    try:
        if request.path == "/api/v2/users/me":
            return _me(call)
        if request.path == "/api/v2/brands":
            return _brands(call)
        if request.path.startswith(f"{HELP_CENTER}/"):
            return _help_center(call)
    except BadPage as bad:
        return refusal(400, bad.error, bad.description)
    return UNKNOWN_PATH


@dataclass(frozen=True)
class _Call:
    """A request whose sender is known. `locale` is the one in the path; `record_id` likewise."""

    account: Account
    brand: Brand
    caller: Caller
    request: Request
    locale: str | None = None
    record_id: int = 0

    @property
    def help_center(self) -> HelpCenter:
        return self.brand.help_center

    @property
    def switches(self) -> Switches:
        return self.account.switches

    @property
    def includes(self) -> set[str]:
        """The sideloads that were asked for; unknown ones are ignored without an error."""
        return set(self.request.query.get("include", "").split(","))

    def may(self, *scopes: str) -> bool:
        return self.caller.scopes is None or not self.caller.scopes.isdisjoint(scopes)


def _me(call: _Call) -> Answer:
    scopes = ["read", "users:read"] + ["hc:read"] * call.switches.hc_read_allows_users_me
    if not call.may(*scopes):
        return SCOPE_MISSING
    return Answer(200, {"user": resources.user(call.caller.user, call.brand.host)})


def _brands(call: _Call) -> Answer:
    if call.caller.user is None:
        return NOT_AUTHENTICATED
    if not call.caller.sees_everything or call.switches.brands_forbidden:
        return ROLE_TOO_LOW
    if not call.may("read"):
        return SCOPE_MISSING
    listed = [
        brand
        for brand in call.account.brands
        if brand.is_listed and (call.switches.deleted_brands_listed or not brand.is_deleted)
    ]
    page = _paged(call, listed, lambda brand: (brand.id,), _BRANDS_A_PAGE)
    host = f"{call.account.subdomain}.zendesk.com"
    envelope = {
        name: value
        for name, value in page.envelope.items()
        if name not in ("page", "page_count", "per_page")  # never recorded on brands
    }
    return Answer(200, {"brands": [resources.brand(row, host) for row in page.rows], **envelope})


def _help_center(call: _Call) -> Answer:
    if not call.brand.has_help_center:
        return UNKNOWN_RECORD
    if not call.may("read", "hc:read"):
        return SCOPE_MISSING
    if call.caller.user is None:
        if call.help_center.visitors == "closed":
            return _closed(call)
        if call.brand.host_mapping and call.switches.mapped_host_redirects:
            url = f"https://{call.brand.host_mapping}{call.request.path}"
            return Answer(301, "", {"Location": with_query(url, call.request.query)})
    path = call.request.path.removeprefix(HELP_CENTER)
    for pattern, handler in _ROUTES:
        match = pattern.fullmatch(path)
        if match:
            parts = match.groupdict()
            number = int(parts.get("id") or 0)
            return handler(replace(call, locale=parts.get("locale"), record_id=number))
    return UNKNOWN_PATH


def _closed(call: _Call) -> Answer:
    """Answer a visitor of a closed Help Center: unknown, so the switch decides."""
    match call.switches.closed_answer:
        case 401:
            return NOT_AUTHENTICATED
        case 403:
            return ROLE_TOO_LOW
        case 404:
            return UNKNOWN_RECORD
        case "empty":
            end = {"has_more": False, "after_cursor": None, "before_cursor": None}
            return Answer(200, {"meta": end, "links": {}, "articles": []})
        case "redirect":
            sign_in = f"https://{call.brand.host}/hc/{call.help_center.default_locale}/signin"
            return Answer(302, "", {"Location": sign_in})


# ------------------------------------------------------------------------------ articles


def _list_articles(call: _Call) -> Answer:
    return _article_page(call, None, lambda _: True)


def _list_articles_of_section(call: _Call) -> Answer:
    if call.record_id not in call.help_center.sections:
        return UNKNOWN_RECORD
    parent = ("section", call.record_id)
    return _article_page(call, parent, lambda article: article.section_id == call.record_id)


def _list_articles_of_category(call: _Call) -> Answer:
    if call.record_id not in call.help_center.categories:
        return UNKNOWN_RECORD
    sections = call.help_center.sections
    parent = ("category", call.record_id)
    return _article_page(
        call, parent, lambda row: sections[row.section_id].category_id == call.record_id
    )


def _article_page(
    call: _Call, parent: tuple[str, int] | None, inside: Callable[[Article], bool]
) -> Answer:
    """One page of a listing. `parent` names what `inside` tests."""
    order, descending = _order(call)
    key = _sort_key(order, descending=descending)

    def make(articles: list[Article]) -> list[Article]:
        return sorted((row for row in articles if inside(row) and _sees(call, row)), key=key)

    rows = call.help_center.sorted_articles((_view(call), parent, order, descending), make)
    page = _paged(call, rows, key, _ARTICLES_A_PAGE)
    envelope: dict[str, Json] = dict(page.envelope)
    if "count" in envelope:
        envelope |= {"sort_by": order, "sort_order": "desc" if descending else "asc"}
    shown, beside = _articles(call, page.rows, sideload=call.switches.sideload_on_lists)
    return Answer(200, {**envelope, "articles": shown, **beside})


def _show_article(call: _Call) -> Answer:
    article = _readable_article(call)
    if article is None:
        return UNKNOWN_RECORD
    shown, beside = _articles(call, [article], sideload=call.switches.sideload_on_show)
    return Answer(200, {"article": shown[0], **beside})


def _incremental(call: _Call) -> Answer:
    """Articles from `start_time` on, inclusive, in the order of their `updated_at` as a rule.

    https://developer.zendesk.com/api-reference/help_center/help-center-api/articles/#list-articles

    Unverified: that `count` is the page's, how a missing start_time is refused, and that an empty
    page has the lists of what was to come beside its articles.
    """
    if not call.caller.sees_everything:
        return UNKNOWN_RECORD
    query, switches = call.request.query, call.switches
    text = query.get("start_time", "")
    if not text.isdecimal():
        return refusal(400, "InvalidParameter", "start_time is required")
    start = int(text)
    if switches.young_start_time_refused and start > _epoch(call.account.clock.now) - _MINUTE:
        description = "Too recent start_time. Use a start_time older than 60 seconds"
        return refusal(400, "StartTimeTooRecent", description)
    rows = call.help_center.sorted_articles(
        (_view(call), "incremental"),
        lambda articles: sorted(
            (row for row in articles if _sees(call, row)),
            key=lambda row: (row.updated_at, row.id),
        ),
    )
    if switches.incremental_delay:
        youngest = _epoch(call.account.clock.now) - switches.incremental_delay
        rows = rows[: bisect_right(rows, youngest, key=lambda row: _epoch(row.updated_at))]
    size = switches.incremental_page_size
    if switches.incremental_honours_per_page and query.get("per_page", "").isdecimal():
        size = min(size, max(1, int(query["per_page"])))
    since = bisect_left(rows, start, key=lambda row: _epoch(row.updated_at))
    rows = rows[since:]
    if switches.incremental_order != "updated_at":
        rows = sorted(rows, key=_sort_key(switches.incremental_order, descending=False))
    page = rows[:size]
    shown, beside = _articles(call, page, sideload=switches.sideload_on_incremental)
    if not page:
        empty: dict[str, Json] = {"count": 0, "next_page": None, "end_time": 1, "articles": []}
        return Answer(200, {**empty, **beside})
    end_time = _epoch(page[-1].updated_at)
    next_page = None
    if len(page) == size:
        malformed = switches.incremental_next_page_malformed and "include" in query
        path = "/api/v2/incremental/articles" if malformed else INCREMENTAL
        url = f"https://{call.brand.host}{path}.json"
        next_page = with_query(url, {**query, "start_time": str(end_time)})
    return Answer(
        200,
        {
            "count": len(page),
            "next_page": next_page,
            "end_time": end_time,
            "articles": shown,
            **beside,
        },
    )


def _articles(
    call: _Call, rows: Sequence[Article], *, sideload: bool
) -> tuple[list[Json], dict[str, Json]]:
    """Show rows, and beside them what they are in; both with their translations.

    `sideload`: whether translations come here. All of it comes only if it was asked for.
    """
    asked = call.includes if sideload else call.includes - {"translations"}
    shown = _rows(call, rows, with_translations="translations" in asked)
    if not call.switches.hierarchy_sideloaded:
        return shown, {}
    sections = call.help_center.sections
    # An archived article may be shown whose section was deleted.
    holding = dict.fromkeys(sections[row.section_id] for row in rows if row.section_id in sections)
    return shown, _hierarchy(call, holding, asked)


def _rows(
    call: _Call, rows: Iterable[Article | Container], *, with_translations: bool
) -> list[Json]:
    """Show rows that the caller sees."""
    switches = call.switches
    which = (call.caller.sees_everything, switches.disabled_locale_translations)
    # All that the looks of a row depend on, besides its Help Center and its locale.
    view = (
        call.brand.host,
        call.brand.host_mapping,
        switches.user_segment_ids_in_answers,
        which if with_translations else None,
    )
    shown: list[Json] = []
    for row in rows:
        locale = _shown_locale(call, row)
        show = partial(_row, call, row, locale, with_translations=with_translations)
        shown.append(call.help_center.encoded((row.id, locale, view), show))
    return shown


def _row(call: _Call, shown: Article | Container, locale: str, *, with_translations: bool) -> Json:
    match shown:
        case Category():
            row = resources.category(shown, call.brand, locale)
        case Section():
            row = resources.section(shown, call.brand, locale)
        case Article():
            with_segment_ids = call.switches.user_segment_ids_in_answers
            row = resources.article(shown, call.brand, locale, with_segment_ids=with_segment_ids)
    if with_translations:
        texts = _translations(call, shown)
        row["translations"] = resources.translations(shown, call.brand, texts)
    return row


# ------------------------------------------------------------ translations and the rest


def _list_translations(call: _Call) -> Answer:
    article = _readable_article(call)
    if article is None:
        return UNKNOWN_RECORD
    query = call.request.query
    wanted = query.get("locales")
    texts = [
        text
        for text in _translations(call, article)
        if (wanted is None or text.locale in wanted.split(","))
        and query.get("outdated") in (None, str(text.outdated).lower())
        and query.get("draft") in (None, str(text.draft).lower())
    ]
    page = _paged(call, texts, lambda text: (text.id,), _TRANSLATIONS_A_PAGE)
    rows = resources.translations(article, call.brand, page.rows)
    return Answer(200, {**page.envelope, "translations": rows})


def _locales(call: _Call) -> Answer:
    help_center = call.help_center
    return Answer(
        200, {"locales": list(help_center.locales), "default_locale": help_center.default_locale}
    )


def _list_categories(call: _Call) -> Answer:
    page = _container_page(call, call.help_center.categories.values())
    return Answer(200, {**page.envelope, "categories": _containers(call, page.rows, call.includes)})


def _list_sections(call: _Call) -> Answer:
    return _section_page(call, call.help_center.sections.values())


def _list_sections_of_category(call: _Call) -> Answer:
    if call.record_id not in call.help_center.categories:
        return UNKNOWN_RECORD
    sections = call.help_center.sections.values()
    return _section_page(call, (row for row in sections if row.category_id == call.record_id))


def _section_page(call: _Call, sections: Iterable[Section]) -> Answer:
    hidden = call.caller.user.hidden_sections if call.caller.user else ()
    page = _container_page(call, (row for row in sections if row.id not in hidden))
    return Answer(
        200, {**page.envelope, **_hierarchy(call, page.rows, call.includes | {"sections"})}
    )


def _container_page(call: _Call, rows: Iterable[Contained]) -> Page[Contained]:
    listed = sorted((row for row in rows if _is_shown(call, row)), key=_place)
    return _paged(call, listed, _place, _ARTICLES_A_PAGE)


def _hierarchy(call: _Call, sections: Iterable[Section], asked: set[str]) -> dict[str, Json]:
    """Show sections and the categories that they are in, each once, as far as they were asked for.

    Unverified: that sections around these stay away, the order, and that what the caller does not
    see in its own list is left out here too.
    """
    categories = call.help_center.categories
    holding = dict.fromkeys(categories[row.category_id] for row in sections)
    rows: dict[str, Iterable[Container]] = {"sections": sections, "categories": holding}
    return {kind: _containers(call, rows[kind], asked) for kind in rows if kind in asked}


def _containers(call: _Call, rows: Iterable[Container], asked: set[str]) -> list[Json]:
    with_translations = "translations" in asked and call.switches.hierarchy_translations
    seen = [row for row in rows if _is_shown(call, row)]
    return _rows(call, seen, with_translations=with_translations)


# ------------------------------------------------------------------------ who sees what


def _view(call: _Call) -> tuple[str, frozenset[int], str | None]:
    """All that `_sees` depends on besides the article."""
    user = call.caller.user
    if user is None:
        return "visitor", frozenset(), call.locale
    return user.role, frozenset(user.hidden_sections), call.locale


def _sees(call: _Call, article: Article) -> bool:
    """Whether the article is in the caller's lists at all, in this locale.

    Agents and admins see drafts and restricted articles, others what is published for everyone.
    """
    user = call.caller.user
    if user is not None and article.section_id in user.hidden_sections:
        return False
    is_open = call.caller.sees_everything or not article.user_segment_ids
    return is_open and _is_shown(call, article)


def _is_shown(call: _Call, row: Article | Container) -> bool:
    """Whether there is a translation that the caller may see, in this locale.

    That sections and categories, like articles, are left out where there is none is unverified.
    """
    text = row.translations.get(_shown_locale(call, row))
    return text is not None and (call.caller.sees_everything or _is_published(call, text))


def _shown_locale(call: _Call, row: Article | Container) -> str:
    """Return the locale that a row is shown in. Unverified: the one for visitors who name none."""
    if call.locale is not None:
        return call.locale
    return row.source_locale if call.caller.sees_everything else call.help_center.default_locale


def _translations(call: _Call, row: Article | Container) -> list[Translation]:
    """Select what the caller gets: every translation, readers the published ones."""
    texts = row.translations.values()
    if not call.caller.sees_everything:
        return [text for text in texts if _is_published(call, text)]
    if call.switches.disabled_locale_translations:
        return list(texts)
    return [text for text in texts if text.locale in call.help_center.locales]


def _is_published(call: _Call, text: Translation) -> bool:
    return not text.draft and not text.hidden and text.locale in call.help_center.locales


def _readable_article(call: _Call) -> Article | None:
    article = call.help_center.article(call.record_id)
    if article is None or not _sees(call, article):
        return None
    if article.archived and not call.switches.archived_articles_shown:
        return None
    return article


# -------------------------------------------------------------------------------- order


def _paged(
    call: _Call, rows: Sequence[Row], key: Callable[[Row], Key], default_size: int
) -> Page[Row]:
    query = call.request.query
    refuse = call.switches.oversized_page == "refused"
    if wants_cursor(query):
        size = page_size(query.get("page[size]"), default_size, refuse_oversized=refuse)
        return cursor_page(rows, key, call.request.url, query, size)
    return offset_page(rows, call.request.url, query, default_size, refuse=refuse)


def _order(call: _Call) -> tuple[ListOrder, bool]:
    """Choose the order asked for where that counts, else the usual one.

    Ordering by title is left out.
    """
    query, switches = call.request.query, call.switches
    by_cursor = wants_cursor(query)
    if not by_cursor or switches.sort_by_on_cursor_pages:
        for order in get_args(ListOrder):
            if query.get("sort_by") == order:
                return order, query.get("sort_order") == "desc"
    if by_cursor:
        return switches.cursor_order, switches.cursor_descending
    return "position", query.get("sort_order") == "desc"


def _sort_key(order: ListOrder, *, descending: bool) -> Callable[[Article], Key]:
    """Make the function that gives an article's unique key in this order, lowest first."""

    def ascending_key(article: Article) -> Key:
        match order:
            case "position":
                return article.position, -_epoch(article.created_at), -article.id
            case "id":
                return (article.id,)
            case "created_at":
                return _epoch(article.created_at), article.id
            case "updated_at":
                return _epoch(article.updated_at), article.id
            case "edited_at":
                return _epoch(article.edited_at), article.id

    if descending:
        return lambda article: tuple(-part for part in ascending_key(article))
    return ascending_key


def _place(row: Container) -> Key:
    return row.position, row.id


def _epoch(moment: datetime) -> int:
    return int(moment.timestamp())


_LOCALE = r"(?:/(?P<locale>[a-z]{2,3}(?:-[a-z0-9]{2,8})*))?"
_ID = r"/(?P<id>\d+)"

_ROUTES: list[tuple[re.Pattern[str], Callable[[_Call], Answer]]] = [
    (re.compile(pattern), handler)
    for pattern, handler in (
        (rf"{_LOCALE}/articles", _list_articles),
        (rf"{_LOCALE}/articles{_ID}", _show_article),
        (rf"{_LOCALE}/sections{_ID}/articles", _list_articles_of_section),
        (rf"{_LOCALE}/categories{_ID}/articles", _list_articles_of_category),
        (r"/incremental/articles", _incremental),
        (rf"/articles{_ID}/translations", _list_translations),
        (r"/locales", _locales),
        (rf"{_LOCALE}/categories", _list_categories),
        (rf"{_LOCALE}/categories{_ID}/sections", _list_sections_of_category),
        (rf"{_LOCALE}/sections", _list_sections),
    )
]
