"""The only module that speaks HTTP: one Help Center's answers, asked for until they are usable.

Requests go to `https://{subdomain}.zendesk.com` and nowhere else: no redirect and no link of an
answer is followed. Retrying is the CDK's; what is worth a retry, and how often, is decided here.
"""

import logging
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from http.cookiejar import DefaultCookiePolicy
from importlib.metadata import version
from operator import attrgetter
from typing import Final, Generic, NamedTuple, TypeVar
from urllib.parse import quote

import requests
from airbyte_cdk.models import FailureType
from airbyte_cdk.sources.streams.http import HttpClient
from airbyte_cdk.sources.streams.http.error_handlers import (
    BackoffStrategy,
    ErrorHandler,
    ErrorResolution,
    ResponseAction,
)
from requests.auth import AuthBase

from source_zendesk_articles.auth import NoAuth
from source_zendesk_articles.errors import NoUsableAnswerError, RefusalError, broken_set_up
from source_zendesk_articles.instants import epoch, write_instant
from source_zendesk_articles.models import (
    Article,
    Category,
    Changes,
    Item,
    JsonObject,
    Locales,
    Page,
    Section,
    Translation,
    UnreadableAnswerError,
    User,
    parse_answer,
    parse_articles,
    parse_categories,
    parse_changes,
    parse_count,
    parse_locales,
    parse_sections,
    parse_shown_article,
    parse_translations,
    parse_user,
    parse_visitors_articles,
)

Answer = TypeVar("Answer")

# https://developer.zendesk.com/api-reference/introduction/pagination/#using-cursor-pagination
PAGE_SIZE: Final = 100
# Once a page came in halves only, so many come at that size before a bigger one is tried again.
PAGES_BEFORE_GROWING: Final = 10
# Seconds to connect, and to wait for the next byte: big pages are known to take tens of seconds.
TIMEOUT: Final = (10.0, 75.0)
# A list that shows nothing new for so long does not end by itself.
FRUITLESS_PAGES: Final = 10
# The limits count by the minute: https://developer.zendesk.com/api-reference/introduction/rate-limits/
LONGEST_BLIND_WAIT: Final = 60
UNLIMITED: Final = 10**9

_DAY: Final = 24 * 60 * 60
_GONE: Final = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)
_HELP_CENTER: Final = "/api/v2/help_center"
_LOG = logging.getLogger("airbyte.zendesk")
# The CDK's client logs the headers of each request at DEBUG level, the credentials among them.
_CLIENT_LOG = logging.getLogger("airbyte.zendesk.http")
_CLIENT_LOG.setLevel(logging.INFO)
# It calls each wait a rate limit; `backoff_time` logs the reason.
logging.getLogger("airbyte").addFilter(
    lambda line: not line.getMessage().startswith("UserDefinedBackoffException")
)


class RetryPolicy(NamedTuple):
    """When a request counts as failed: after so many tries, or so many answers with 429.

    `longest_wait` in seconds bounds what `Retry-After` asks for; the request is then made early.
    """

    tries: int
    rate_limited_tries: int
    longest_wait: int


# Waits of 2, 3, 5, 9, 17, 33 s: a fault of a minute passes unnoticed.
PATIENT: Final = RetryPolicy(tries=7, rate_limited_tries=UNLIMITED, longest_wait=_DAY)
# Big pages are known to time out (502, 504): after three tries half of one is likelier to come.
BIG_PAGE: Final = RetryPolicy(tries=3, rate_limited_tries=UNLIMITED, longest_wait=_DAY)
# Whether visitors may read has a safe answer, no, which need not be waited for for ever: but for
# several times the minute by which limits count.
VISITOR: Final = RetryPolicy(tries=5, rate_limited_tries=9, longest_wait=120)


@dataclass
class RequestStats:
    """What the requests of one client have cost so far."""

    sent: int = 0
    waits: int = 0
    waited_seconds: float = 0.0


class _AnswerHandler(ErrorHandler, BackoffStrategy, Generic[Answer]):
    """One request until its answer is usable: tells the CDK what to retry, and when to stop.

    `answer` and `date` are those of the usable answer, None after a refusal.
    """

    def __init__(
        self,
        request: str,
        parse: Callable[[JsonObject], Answer],
        policy: RetryPolicy,
        stats: RequestStats,
    ) -> None:
        self.answer: Answer | None = None
        self.date: str | None = None
        self._request = request
        self._parse = parse
        self._policy = policy
        self._stats = stats
        self._failures = 0
        self._rate_limited = 0
        self._reason = ""
        self._is_rate_limited = False

    @property
    def max_retries(self) -> int:
        """Unlimited: the CDK counts rate limits and failures together, `backoff_time` apart."""
        return UNLIMITED

    @property
    def max_time(self) -> int:
        """Unlimited, in seconds: a rate limit takes as long as it takes."""
        return UNLIMITED

    def interpret_response(
        self, response_or_exception: requests.Response | Exception | None = None
    ) -> ErrorResolution:
        """Tell what to do with an answer; a refusal is final, and so a success here.

        Raises:
            AirbyteTracedException: a `config_error` where this machine's settings are wrong.

        """
        self._stats.sent += 1
        answer = response_or_exception
        if not isinstance(answer, requests.Response):
            return self._again(_broken(answer))
        if answer.status_code == HTTPStatus.TOO_MANY_REQUESTS:
            return self._again("the rate limit is reached", ResponseAction.RATE_LIMITED)
        if answer.status_code == HTTPStatus.OK:
            try:
                self.answer = self._parse(parse_answer(answer.content))
                self.date = _date(answer)
            except UnreadableAnswerError as error:
                return self._again(str(error))
        elif _is_passing(answer.status_code):
            return self._again(f"status {answer.status_code}")
        return ErrorResolution(ResponseAction.SUCCESS)

    def backoff_time(
        self,
        response_or_exception: requests.Response | requests.RequestException | None,
        attempt_count: int,  # noqa: ARG002 -- it counts rate limits and failures together
    ) -> float:
        """Return the seconds to wait, to which the CDK adds one.

        Raises:
            NoUsableAnswerError: when the tries are used up.

        """
        answer = response_or_exception
        asked_for = _retry_after(answer) if isinstance(answer, requests.Response) else None
        if self._is_rate_limited:
            self._rate_limited += 1
            count, most = self._rate_limited, self._policy.rate_limited_tries
            blind = min(2 ** min(count, 10), LONGEST_BLIND_WAIT)
        else:
            self._failures += 1
            count, most = self._failures, self._policy.tries
            blind = 2 ** (count - 1)
        if count >= most:
            raise NoUsableAnswerError(self._request, f"{self._reason}, {count} times in a row")
        seconds = min(asked_for or blind, self._policy.longest_wait)
        self._stats.waits += 1
        self._stats.waited_seconds += seconds + 1
        _LOG.info("Waiting %d s for %s: %s.", seconds + 1, self._request, self._reason)
        return seconds

    def _again(self, reason: str, action: ResponseAction = ResponseAction.RETRY) -> ErrorResolution:
        self._reason = reason
        self._is_rate_limited = action is ResponseAction.RATE_LIMITED
        return ErrorResolution(action, FailureType.transient_error, reason)


class _Session(requests.Session):
    """A session that neither follows redirects nor keeps cookies.

    A cookie of a signed-in answer would sign a visitor's request, or outlive its credentials.
    """

    def __init__(self, auth: AuthBase) -> None:
        super().__init__()
        self.auth = auth
        self.headers["User-Agent"] = (
            f"source-zendesk-articles/{version('source-zendesk-articles')} (Airbyte)"
        )
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))

    def get_redirect_target(self, resp: requests.Response) -> None:  # noqa: ARG002 -- not even looked at
        """Find none."""
        return


class HelpCenterClient:
    """One Help Center, and the user who reads it.

    Every method raises an `AirbyteTracedException` in the user's words where there is no answer:
    `config_error` where Zendesk refused, `transient_error` where it gave no usable one.
    """

    def __init__(self, subdomain: str, auth: AuthBase) -> None:
        self.subdomain = subdomain
        self.requests = RequestStats()
        self.host = f"{subdomain}.zendesk.com"
        self._signed = _Session(auth)
        self._visitor = _Session(NoAuth())
        self._now: str | None = None
        self._changes_size: int | None = None

    @property
    def now(self) -> str:
        """Zendesk's clock at its last answer, as Zendesk writes it; ask for something first."""
        if self._now is None:
            raise RuntimeError("Zendesk was not asked for anything yet.")
        return self._now

    def me(self) -> User:
        """Return whom the credentials belong to."""
        return self._get("/api/v2/users/me", parse_user)

    def locales(self) -> Locales:
        """Return the locales that the Help Center has enabled."""
        return self._get(f"{_HELP_CENTER}/locales", parse_locales)

    def count_articles(self) -> int:
        """Return how many articles the user can read."""
        return self._get(f"{_HELP_CENTER}/articles", parse_count, {"per_page": "1"})

    def visitors_may_read(self, locale: str) -> bool | None:
        """Tell whether somebody who is not signed in gets a list of articles; None if unknown.

        No setting of the Help Center tells it, and what a closed one answers is not documented.
        Whatever is not a list counts as closed, and so does an empty list, which proves nothing:
        other lists leave out without a word what the caller may not see.
        """
        path = f"{_HELP_CENTER}/{quote(locale, safe='')}/articles"
        # More than one: a page may be filtered after it was cut.
        params = {"page[size]": "30"}
        try:
            seen = self._get(
                path, parse_visitors_articles, params, policy=VISITOR, session=self._visitor
            )
        except RefusalError:
            return False
        except NoUsableAnswerError as error:
            _LOG.warning("%s The Help Center is taken for closed to visitors.", error)
            return None
        return bool(seen)

    def articles(self) -> Iterator[tuple[Article, ...]]:
        """Yield every article with its translations, a page at a time, in no order to lean on.

        https://developer.zendesk.com/api-reference/help_center/help-center-api/articles/#list-articles
        """
        return self._pages(
            f"{_HELP_CENTER}/articles",
            parse_articles,
            key=attrgetter("id"),
            include="translations",
        )

    def changes(self, since: str) -> Changes:
        """Return the first articles that Zendesk stamped at this time or later, oldest first.

        Up to 1,000 are documented, and no size to ask for; clients send `per_page`, and so does
        this one, from 100 on down, where the page that Zendesk makes by itself does not come.
        https://developer.zendesk.com/api-reference/help_center/help-center-api/articles/#list-articles
        """
        path = f"{_HELP_CENTER}/incremental/articles"
        params = {"start_time": str(epoch(since)), "include": "translations"}
        if self._changes_size is None:
            try:
                return self._get(path, parse_changes, params, policy=BIG_PAGE)
            except NoUsableAnswerError as error:
                _LOG.info("%s Asking for %d at a time.", error, PAGE_SIZE)
        size = self._changes_size or PAGE_SIZE
        changes, self._changes_size = self._sized(path, parse_changes, params, "per_page", size)
        return changes

    def article(self, article_id: int) -> Article | None:
        """Return an article with its translations; None where it is archived or deleted.

        https://developer.zendesk.com/api-reference/help_center/help-center-api/articles/#show-article
        """
        path = f"{_HELP_CENTER}/articles/{article_id}"
        try:
            return self._get(path, parse_shown_article, {"include": "translations"})
        except RefusalError as error:
            if error.status not in _GONE:
                raise
        return None

    def categories(self) -> Iterator[tuple[Category, ...]]:
        """Yield the categories, a page at a time."""
        return self._pages(f"{_HELP_CENTER}/categories", parse_categories, key=attrgetter("id"))

    def sections(self) -> Iterator[tuple[Section, ...]]:
        """Yield the sections of all categories, a page at a time."""
        return self._pages(f"{_HELP_CENTER}/sections", parse_sections, key=attrgetter("id"))

    def translations(self, article_id: int) -> tuple[Translation, ...] | None:
        """Return an article's translations, None where the article is gone.

        https://developer.zendesk.com/api-reference/help_center/help-center-api/translations/#list-translations
        """
        path = f"{_HELP_CENTER}/articles/{article_id}/translations"
        try:
            pages = self._pages(path, parse_translations, key=attrgetter("locale"))
            return tuple(row for page in pages for row in page)
        except RefusalError as error:
            if error.status not in _GONE:
                raise
        # No list is not yet no article.
        if self.article(article_id) is None:
            return None
        raise NoUsableAnswerError(f"GET {self.host}{path}", "the article is there, its list is not")

    def _pages(
        self,
        path: str,
        parse: Callable[[JsonObject], Page[Item]],
        *,
        key: Callable[[Item], object],
        include: str | None = None,
    ) -> Iterator[tuple[Item, ...]]:
        # An unknown `include` is ignored without an error: it goes out with every page.
        params = {"include": include} if include else {}
        size, good, fruitless = PAGE_SIZE, 0, 0
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
            policy = BIG_PAGE if size > 1 else PATIENT
            try:
                return self._get(path, parse, sized, policy=policy), size
            except NoUsableAnswerError as error:
                if size == 1:
                    raise
                size //= 2
                _LOG.info("%s Asking for %d at a time.", error, size)

    def _get(
        self,
        path: str,
        parse: Callable[[JsonObject], Answer],
        params: Mapping[str, str] | None = None,
        policy: RetryPolicy = PATIENT,
        session: requests.Session | None = None,
    ) -> Answer:
        handler = _AnswerHandler(f"GET {self.host}{path}", parse, policy, self.requests)
        http = HttpClient(
            name="articles",
            logger=_CLIENT_LOG,
            error_handler=handler,
            backoff_strategy=handler,
            session=session or self._signed,
            request_timeout=TIMEOUT,
        )
        try:
            _, response = http.send_request(
                "GET",
                f"https://{self.host}{path}",
                params=params,
                request_kwargs={"allow_redirects": False},
            )
        except OSError as error:
            # Plain, it is what `requests` raises where REQUESTS_CA_BUNDLE names no file.
            if type(error) is not OSError:
                raise
            raise broken_set_up(f"{error}.") from None
        if handler.answer is None or handler.date is None:
            raise RefusalError(
                self.host,
                path,
                response.status_code,
                response.content,
                location=response.headers.get("Location"),
            )
        self._now = handler.date
        return handler.answer


def _is_passing(status: int) -> bool:
    # An empty or partial success (204, 206) is not the answer that was asked for.
    return (
        status < HTTPStatus.MULTIPLE_CHOICES
        or status in (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY)
        or status >= HTTPStatus.INTERNAL_SERVER_ERROR
    )


def _date(response: requests.Response) -> str:
    # RFC 9110 has an origin server with a clock send it; all stamps of a sync rest on it.
    try:
        date = parsedate_to_datetime(response.headers.get("Date", ""))
        return write_instant(date if date.tzinfo else date.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        raise UnreadableAnswerError("an answer without a date") from None


def _retry_after(response: requests.Response) -> int | None:
    # Seconds, says Zendesk; it is missing now and then. A date, which HTTP allows, is not read.
    # https://developer.zendesk.com/api-reference/introduction/rate-limits/#handling-errors
    seconds = response.headers.get("Retry-After", "").strip()
    return min(int(seconds), _DAY) if re.fullmatch(r"[0-9]{1,18}", seconds) else None


def _broken(error: object) -> str:
    """Say why there was no answer; raise where asking again can not help."""
    match error:
        case requests.exceptions.SSLError() if "CERTIFICATE_VERIFY_FAILED" in str(error):
            raise broken_set_up(
                "the certificate of the other side is not to be trusted. Behind a proxy that "
                "inspects traffic, name its certificate in REQUESTS_CA_BUNDLE."
            )
        case requests.exceptions.InvalidURL() | requests.exceptions.InvalidSchema():
            raise broken_set_up("HTTPS_PROXY is not the address of a proxy.")
        case requests.exceptions.ProxyError():
            return "the proxy gave no connection"
        case requests.exceptions.Timeout():
            return "no answer in time"
        case requests.exceptions.ConnectionError():
            return "no connection, or it broke"
        case (
            requests.exceptions.ChunkedEncodingError() | requests.exceptions.ContentDecodingError()
        ):
            return "the answer was cut off or garbled"
    return type(error).__name__
