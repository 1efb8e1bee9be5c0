"""One Help Center through Zendesk's API: its lists page by page, its articles one by one.

Each address is built here: no link of an answer is followed.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from math import inf
from operator import attrgetter
from typing import Final, TypeVar
from urllib.parse import quote

from requests.auth import AuthBase

from source_zendesk_articles.config import AuthType, host_of
from source_zendesk_articles.zendesk.answers import Visitors, judge_visitors
from source_zendesk_articles.zendesk.errors import (
    NoUsableAnswerError,
    RefusalError,
)
from source_zendesk_articles.zendesk.models import (
    BrandRow,
    Category,
    Changes,
    Item,
    JsonObject,
    Locales,
    OffsetPage,
    Page,
    Row,
    Section,
    Translation,
    Unreadable,
    User,
    parse_articles,
    parse_brands,
    parse_categories,
    parse_changes,
    parse_count,
    parse_locales,
    parse_offset_page,
    parse_sections,
    parse_shown_article,
    parse_translations,
    parse_user,
)
from source_zendesk_articles.zendesk.rate_limit import Pace
from source_zendesk_articles.zendesk.timestamps import epoch
from source_zendesk_articles.zendesk.transport import (
    BIG_PAGE,
    HELP_CENTER,
    ONE_ARTICLE,
    VISITOR,
    NoAuth,
    Renewable,
    RequestStats,
    RetryPolicy,
    Transport,
)

Answer = TypeVar("Answer")

# https://developer.zendesk.com/api-reference/introduction/pagination/#using-cursor-pagination
PAGE_SIZE: Final = 100
# Once a page came in halves only, so many come at that size before a bigger one is tried again.
PAGES_BEFORE_GROWING: Final = 10
# A list that shows nothing new for so long does not end by itself.
FRUITLESS_PAGES: Final = 10
# Nor does one that shows so many: five times what Zendesk documents for articles, and more than
# that for what it sets no limit for, or a low one.
# https://support.zendesk.com/hc/en-us/articles/4408832202522
MOST_ARTICLES: Final = 200_000
MOST_ROWS: Final = 40_000

# What comes along with articles; with the translations of the sections and categories, too.
# https://developer.zendesk.com/api-reference/help_center/help-center-api/articles/#show-article
_SIDELOADS: Final = "translations,sections,categories"
_GONE: Final = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)
_LOG = logging.getLogger("airbyte.zendesk")


class Account:
    """A Zendesk account, and the user who reads its Help Centers: they share a rate limit."""

    def __init__(self, subdomain: str, auth: AuthBase, auth_type: AuthType) -> None:
        self._subdomain = subdomain
        self._auth = auth
        self._auth_type = auth_type
        # Nobody says that visitors share the limit of those who sign in.
        self._paces = Pace(), Pace()

    def begin(self, seconds: float = inf) -> None:
        """Begin a check or a sync, which may take so many seconds; one before it stays ended."""
        self._paces = Pace(seconds), Pace(seconds)
        if isinstance(self._auth, Renewable):
            self._auth.begin(seconds)

    def end(self) -> None:
        """End it: no request goes out any more, and a token that is under way is handed on."""
        for pace in self._paces:
            pace.close()
        if isinstance(self._auth, Renewable):
            self._auth.end()

    def help_center(self, subdomain: str | None = None) -> "HelpCenterClient":
        """Return the Help Center of a brand, or the one that the account was named by."""
        return HelpCenterClient(
            subdomain or self._subdomain, self._auth, self._auth_type, self._paces
        )


class HelpCenterClient:
    """One Help Center, and the user who reads it; `paces` are kept to, the visitor's the second.

    Every method raises an `AirbyteTracedException` in the user's words where there is no answer:
    `config_error` where Zendesk refused, `transient_error` where it gave no usable one.
    """

    def __init__(
        self, subdomain: str, auth: AuthBase, auth_type: AuthType, paces: tuple[Pace, Pace]
    ) -> None:
        self.subdomain = subdomain
        self.auth_type = auth_type
        self.host = host_of(subdomain)
        self.requests = RequestStats()
        self._paces = paces
        self._signed = Transport(self.host, auth, auth_type, self.requests, self._paces[0])
        self._visitor = Transport(self.host, NoAuth(), auth_type, self.requests, self._paces[1])
        self._changes_size: int | None = None

    @property
    def now(self) -> str:
        """Zendesk's clock at its last answer to the user; ask for something first."""
        return self._signed.now

    @property
    def began_at(self) -> str:
        """Zendesk's clock at the earliest of its answers to the user."""
        return self._signed.began_at

    def stop(self) -> None:
        """Refuse every further request to the Help Center, those too that threads sleep before."""
        for pace in self._paces:
            pace.stop(self.host)

    def me(self) -> User | None:
        """Return whom the credentials belong to; None where their scope does not tell.

        https://developer.zendesk.com/api-reference/ticketing/users/users/#show-self
        """
        try:
            return self._signed.get("/api/v2/users/me", parse_user)
        except RefusalError as error:
            # Whether the scope `hc:read` is enough is not documented. API tokens have no scope.
            if error.status != HTTPStatus.FORBIDDEN or self.auth_type == "api_token":
                raise
        return None

    def brands(self) -> tuple[BrandRow, ...]:
        """Return the row of every brand of the account, whichever of its hosts is asked.

        https://developer.zendesk.com/api-reference/ticketing/account-configuration/brands/#list-brands
        """
        pages = self._pages("/api/v2/brands", parse_brands, key=attrgetter("id"))
        return tuple(row for page in pages for row in page)

    def locales(self) -> Locales:
        """Return the locales that the Help Center has enabled."""
        return self._signed.get(f"{HELP_CENTER}/locales", parse_locales)

    def count_articles(self) -> int:
        """Return how many articles the user can read."""
        path = f"{HELP_CENTER}/articles"
        return self._signed.get(path, parse_count, {"per_page": "1"}, ONE_ARTICLE)

    def visitors_may_read(self, locale: str) -> Visitors | None:
        """Return what somebody who is not signed in gets for a locale; None if no usable answer.

        No setting of the Help Center tells it, and what a closed one answers is not documented. An
        empty list proves nothing: lists leave out without a word what the caller may not see.
        """
        path = f"{HELP_CENTER}/{quote(locale, safe='')}/articles"
        # More than one: a page may be filtered after it was cut.
        params = {"page[size]": "30"}
        try:
            return self._visitor.ask(path, judge_visitors, params, VISITOR)
        except NoUsableAnswerError as error:
            _LOG.warning("%s", error)
            return None

    def articles(self, size: int | None = None) -> Iterator[tuple[Row, ...]]:
        """Yield every article with its translations, a page at a time, in no order to lean on.

        https://developer.zendesk.com/api-reference/help_center/help-center-api/articles/#list-articles
        """
        return self._pages(
            f"{HELP_CENTER}/articles",
            parse_articles,
            key=attrgetter("id"),
            include=_SIDELOADS,
            size=size,
            most=MOST_ARTICLES,
        )

    def offset_page(self, inside: str, number: int, *, newest_first: bool = False) -> OffsetPage:
        """Return one of the first hundred pages of articles, in the order of their making.

        `inside` is "", `/categories/{id}` or `/sections/{id}`.

        https://developer.zendesk.com/api-reference/introduction/pagination/#using-offset-pagination
        """
        params = {
            "include": _SIDELOADS,
            "page": str(number),
            "per_page": str(PAGE_SIZE),
            "sort_by": "created_at",
            "sort_order": "desc" if newest_first else "asc",
        }
        path = f"{HELP_CENTER}{inside}/articles"
        return self._signed.get(path, parse_offset_page, params, policy=BIG_PAGE)

    def changes(self, since: str) -> Changes:
        """Return the first articles that Zendesk stamped at this time or later, oldest first.

        Up to 1,000 are documented, and no size to ask for; clients send `per_page`, and so does
        this one, from 100 on down, where the page that Zendesk makes by itself does not come.
        https://developer.zendesk.com/api-reference/help_center/help-center-api/articles/#list-articles
        """
        path = f"{HELP_CENTER}/incremental/articles"
        params = {"start_time": str(epoch(since)), "include": _SIDELOADS}
        if self._changes_size is None:
            try:
                return self._signed.get(path, parse_changes, params, policy=BIG_PAGE)
            except NoUsableAnswerError as error:
                if not error.may_be_big:
                    raise
                _LOG.info("%s. Asking for %d at a time.", error.internal_message, PAGE_SIZE)
        size = self._changes_size or PAGE_SIZE
        changes, self._changes_size = self._sized(path, parse_changes, params, "per_page", size)
        return changes

    def article(self, article_id: int, policy: RetryPolicy = ONE_ARTICLE) -> Row | None:
        """Return an article with its translations; None where it is archived or deleted.

        https://developer.zendesk.com/api-reference/help_center/help-center-api/articles/#show-article
        """
        path = f"{HELP_CENTER}/articles/{article_id}"
        try:
            shown = self._signed.get(path, parse_shown_article, {"include": _SIDELOADS}, policy)
        except RefusalError as error:
            if error.status not in _GONE:
                raise
            return None
        if isinstance(shown, Unreadable):
            return shown._replace(id=article_id)
        if shown.id != article_id:
            return Unreadable(
                article_id, "article instead of which another one is shown", (shown.id,)
            )
        return shown

    def categories(self) -> Iterator[tuple[Category, ...]]:
        """Yield the categories, a page at a time.

        https://developer.zendesk.com/api-reference/help_center/help-center-api/categories/#list-categories
        """
        path = f"{HELP_CENTER}/categories"
        return self._pages(path, parse_categories, key=attrgetter("id"), include="translations")

    def sections(self, inside: str = "") -> Iterator[tuple[Section, ...]]:
        """Yield the sections of all categories, or inside `/categories/{id}`, a page at a time.

        https://developer.zendesk.com/api-reference/help_center/help-center-api/sections/#list-sections
        """
        path = f"{HELP_CENTER}{inside}/sections"
        return self._pages(path, parse_sections, key=attrgetter("id"), include="translations")

    def translations(self, article_id: int) -> tuple[Translation, ...] | Unreadable:
        """Return an article's translations; if there is no such list, the article may be gone.

        https://developer.zendesk.com/api-reference/help_center/help-center-api/translations/#list-translations
        """
        path = f"{HELP_CENTER}/articles/{article_id}/translations"
        texts: list[Translation] = []
        try:
            for page in self._pages(path, parse_translations, key=_locale):
                for row in page:
                    if isinstance(row, Unreadable):
                        return row._replace(id=article_id)
                    texts.append(row)
        except RefusalError as error:
            if error.status not in _GONE:
                raise
            problem = f"article whose list of translations is not there ({error.status})"
            return Unreadable(article_id, problem)
        return tuple(texts)

    def _pages(  # noqa: PLR0913 -- a list has that many parts
        self,
        path: str,
        parse: Callable[[JsonObject], Page[Item]],
        *,
        key: Callable[[Item], object],
        include: str | None = None,
        size: int | None = None,
        most: int = MOST_ROWS,
    ) -> Iterator[tuple[Item, ...]]:
        # An unknown `include` is ignored without an error: it goes out with every page.
        params = {"include": include} if include else {}
        size, good, fruitless = size or PAGE_SIZE, 0, 0
        seen: set[object] = set()
        while True:
            page, came_in = self._sized(path, parse, params, "page[size]", size)
            yield page.items
            if page.after is None:
                return
            known = len(seen)
            seen.update(key(item) for item in page.items)
            fruitless = 0 if len(seen) > known else fruitless + 1
            if fruitless >= FRUITLESS_PAGES:
                raise NoUsableAnswerError(
                    f"GET {self.host}{path}", f"{fruitless} pages in a row with nothing new"
                )
            if len(seen) > most:
                raise NoUsableAnswerError(
                    f"GET {self.host}{path}", f"a list of more than {most:,} that does not end"
                )
            good = good + 1 if came_in == size else 0
            size = came_in
            if good >= PAGES_BEFORE_GROWING:
                size, good = min(2 * size, PAGE_SIZE), 0
            params["page[after]"] = page.after

    def _sized(
        self,
        path: str,
        parse: Callable[[JsonObject], Answer],
        params: Mapping[str, str],
        size_param: str,
        size: int,
    ) -> tuple[Answer, int]:
        """Return a page of this size or, if it does not come, of a half, a quarter, …; its size."""
        while True:
            sized = {**params, size_param: str(size)}
            policy = BIG_PAGE if size > 1 else ONE_ARTICLE
            try:
                return self._signed.get(path, parse, sized, policy=policy), size
            except NoUsableAnswerError as error:
                if size == 1 or not error.may_be_big:
                    raise
                size //= 2
                _LOG.info("%s. Asking for %d at a time.", error.internal_message, size)


def _locale(row: Translation | Unreadable) -> str | None:
    return None if isinstance(row, Unreadable) else row.locale
