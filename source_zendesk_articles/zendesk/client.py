"""One Help Center through Zendesk's API: its lists page by page, its articles one by one.

Each address is built here: no link of an answer is followed.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from math import inf
from typing import Final, TypeVar
from urllib.parse import quote

from requests.auth import AuthBase

from source_zendesk_articles.config import AuthType, host_of
from source_zendesk_articles.zendesk.answers import Visitors, judge_visitors
from source_zendesk_articles.zendesk.decode import (
    decode_articles,
    decode_brands,
    decode_categories,
    decode_count,
    decode_feed_page,
    decode_locales,
    decode_offset_page,
    decode_sections,
    decode_shown_article,
    decode_translations,
    decode_user,
)
from source_zendesk_articles.zendesk.errors import (
    NoUsableAnswerError,
    RefusalError,
)
from source_zendesk_articles.zendesk.models import (
    BrandRow,
    Category,
    FeedPage,
    Item,
    Locales,
    OffsetPage,
    Page,
    Row,
    Section,
    Translation,
    Unreadable,
    User,
)
from source_zendesk_articles.zendesk.rate_limit import RateLimit
from source_zendesk_articles.zendesk.retries import BIG_PAGE, ONE_ARTICLE, VISITOR, RetryPolicy
from source_zendesk_articles.zendesk.timestamps import epoch
from source_zendesk_articles.zendesk.transport import (
    HELP_CENTER,
    NoAuth,
    Renewable,
    RequestStats,
    Transport,
)

Answer = TypeVar("Answer")

# https://developer.zendesk.com/api-reference/introduction/pagination/#using-cursor-pagination
PAGE_SIZE: Final = 100
# Once a page came in halves only, so many come at that size before a bigger one is tried again.
PAGES_BEFORE_GROWING: Final = 10
# A list of more rows does not end. Five times what Zendesk documents for articles, and more than
# that for lists without a documented limit, or with a low one.
# https://support.zendesk.com/hc/en-us/articles/4408832202522
MOST_ARTICLES: Final = 200_000
MOST_ROWS: Final = 40_000

# What comes along with articles; with the translations of the sections and categories, too.
# https://developer.zendesk.com/api-reference/help_center/help-center-api/articles/#show-article
_SIDELOADS: Final = "translations,sections,categories"
_GONE: Final = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)
_LOG = logging.getLogger("airbyte.zendesk")


class Connection:
    """A Zendesk account, and the user who reads its Help Centers: they share a rate limit."""

    def __init__(self, subdomain: str, auth: AuthBase, auth_type: AuthType) -> None:
        self._subdomain = subdomain
        self._auth = auth
        self._auth_type = auth_type
        # That visitors share the limit of the user is not documented.
        self._rate_limits = RateLimit(), RateLimit()

    def begin(self, seconds: float = inf) -> None:
        """Begin a check or a sync, which may take so many seconds; one before it stays ended."""
        self._rate_limits = RateLimit(seconds), RateLimit(seconds)
        if isinstance(self._auth, Renewable):
            self._auth.begin(seconds)

    def end(self) -> None:
        """End it: no more requests go out, and a token that is under way is handed on."""
        for rate_limit in self._rate_limits:
            rate_limit.close()
        if isinstance(self._auth, Renewable):
            self._auth.end()

    def help_center(self, subdomain: str | None = None) -> "HelpCenterClient":
        """Return the Help Center of a brand, or the one that the account was named by."""
        return HelpCenterClient(
            subdomain or self._subdomain, self._auth, self._auth_type, self._rate_limits
        )


class HelpCenterClient:
    """One Help Center, and the user who reads it; `rate_limits`: the user's and the visitor's.

    Every method raises an `AirbyteTracedException` in the user's words if there is no answer:
    `config_error` if Zendesk refused, `transient_error` if it gave no usable one.
    """

    def __init__(
        self,
        subdomain: str,
        auth: AuthBase,
        auth_type: AuthType,
        rate_limits: tuple[RateLimit, RateLimit],
    ) -> None:
        self.subdomain = subdomain
        self.auth_type = auth_type
        self.host = host_of(subdomain)
        self.requests = RequestStats()
        self._rate_limits = rate_limits
        self._signed = Transport(self.host, auth, auth_type, self.requests, self._rate_limits[0])
        self._visitor = Transport(
            self.host, NoAuth(), auth_type, self.requests, self._rate_limits[1]
        )
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
        for rate_limit in self._rate_limits:
            rate_limit.stop(self.host)

    def me(self) -> User | None:
        """Return the user of the credentials; None if their scope hides it.

        https://developer.zendesk.com/api-reference/ticketing/users/users/#show-self
        """
        try:
            return self._signed.get("/api/v2/users/me", decode_user)
        except RefusalError as error:
            # Whether the scope `hc:read` is enough is not documented. API tokens have no scope.
            if error.status != HTTPStatus.FORBIDDEN or self.auth_type == "api_token":
                raise
        return None

    def brands(self) -> tuple[BrandRow, ...]:
        """Return the row of every brand of the account, whichever of its hosts is asked.

        https://developer.zendesk.com/api-reference/ticketing/account-configuration/brands/#list-brands
        """
        pages = self._pages("/api/v2/brands", decode_brands)
        return tuple(row for page in pages for row in page)

    def locales(self) -> Locales:
        """Return the locales that the Help Center has enabled."""
        return self._signed.get(f"{HELP_CENTER}/locales", decode_locales)

    def count_articles(self) -> int:
        """Return how many articles the user can read."""
        path = f"{HELP_CENTER}/articles"
        return self._signed.get(path, decode_count, {"per_page": "1"}, ONE_ARTICLE)

    def visitors_may_read(self, locale: str) -> Visitors | None:
        """Return what a visitor gets for a locale; None if there is no usable answer.

        No setting in the API says it, and the answer of a closed Help Center is not documented. An
        empty list proves nothing: lists silently leave out what the caller may not see.
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
            decode_articles,
            include=_SIDELOADS,
            size=size,
            most=MOST_ARTICLES,
        )

    def offset_page(self, inside: str, number: int, *, newest_first: bool = False) -> OffsetPage:
        """Return one of the first hundred pages of articles, in the order of their making.

        `inside` is "" or `/categories/{id}`.

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
        return self._signed.get(path, decode_offset_page, params, policy=BIG_PAGE)

    def feed_page(self, since: str) -> FeedPage:
        """Return the first articles that Zendesk timestamped since then, oldest first.

        Up to 1,000 are documented, and no size to ask for; clients send `per_page`, and so does
        this one, from 100 on down, if the page of Zendesk's own size does not come.
        https://developer.zendesk.com/api-reference/help_center/help-center-api/articles/#list-articles
        """
        path = f"{HELP_CENTER}/incremental/articles"
        params = {"start_time": str(epoch(since)), "include": _SIDELOADS}
        if self._changes_size is None:
            try:
                return self._signed.get(path, decode_feed_page, params, policy=BIG_PAGE)
            except NoUsableAnswerError as error:
                if not error.may_be_big:
                    raise
                _LOG.info("%s. Asking for %d at a time.", error.internal_message, PAGE_SIZE)
        size = self._changes_size or PAGE_SIZE
        changes, self._changes_size = self._sized(path, decode_feed_page, params, "per_page", size)
        return changes

    def article(self, article_id: int, policy: RetryPolicy = ONE_ARTICLE) -> Row | None:
        """Return an article with its translations; None if it is archived or deleted.

        https://developer.zendesk.com/api-reference/help_center/help-center-api/articles/#show-article
        """
        path = f"{HELP_CENTER}/articles/{article_id}"
        try:
            shown = self._signed.get(path, decode_shown_article, {"include": _SIDELOADS}, policy)
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
        return self._pages(path, decode_categories, include="translations")

    def sections(self) -> Iterator[tuple[Section, ...]]:
        """Yield the sections of all categories, a page at a time.

        https://developer.zendesk.com/api-reference/help_center/help-center-api/sections/#list-sections
        """
        path = f"{HELP_CENTER}/sections"
        return self._pages(path, decode_sections, include="translations")

    def translations(self, article_id: int) -> tuple[Translation, ...] | Unreadable:
        """Return an article's translations; if there is no such list, the article may be gone.

        https://developer.zendesk.com/api-reference/help_center/help-center-api/translations/#list-translations
        """
        path = f"{HELP_CENTER}/articles/{article_id}/translations"
        texts: list[Translation] = []
        try:
            for page in self._pages(path, decode_translations):
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

    def _pages(
        self,
        path: str,
        decode: Callable[[bytes], Page[Item]],
        *,
        include: str | None = None,
        size: int | None = None,
        most: int = MOST_ROWS,
    ) -> Iterator[tuple[Item, ...]]:
        """Yield the pages of a list.

        Raises:
            NoUsableAnswerError: also for a list that does not end.

        """
        # An unknown `include` is ignored without an error: it goes out with every page.
        params = {"include": include} if include else {}
        size, good, rows = size or PAGE_SIZE, 0, 0
        cursors: set[str] = set()
        while True:
            page, came_in = self._sized(path, decode, params, "page[size]", size)
            yield page.items
            if page.after is None:
                return
            rows += len(page.items)
            if page.after in cursors:
                problem = "a list whose cursor does not move on"
                raise NoUsableAnswerError(f"GET {self.host}{path}", problem)
            if max(rows, len(cursors)) > most:
                problem = f"a list of more than {most:,} that does not end"
                raise NoUsableAnswerError(f"GET {self.host}{path}", problem)
            cursors.add(page.after)
            good = good + 1 if came_in == size else 0
            size = came_in
            if good >= PAGES_BEFORE_GROWING:
                size, good = min(2 * size, PAGE_SIZE), 0
            params["page[after]"] = page.after

    def _sized(
        self,
        path: str,
        decode: Callable[[bytes], Answer],
        params: Mapping[str, str],
        size_param: str,
        size: int,
    ) -> tuple[Answer, int]:
        """Return a page of this size or, if it does not come, of a half, a quarter, …; its size."""
        while True:
            sized = {**params, size_param: str(size)}
            policy = BIG_PAGE if size > 1 else ONE_ARTICLE
            try:
                return self._signed.get(path, decode, sized, policy=policy), size
            except NoUsableAnswerError as error:
                if size == 1 or not error.may_be_big:
                    raise
                size //= 2
                _LOG.info("%s. Asking for %d at a time.", error.internal_message, size)
