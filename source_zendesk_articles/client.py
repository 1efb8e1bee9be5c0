"""The only module that speaks HTTP: one Help Center's answers, asked for until they are usable.

Requests go to `https://{subdomain}.zendesk.com` and nowhere else: no redirect and no link of an
answer is followed. Retrying is the CDK's; what is worth a retry, and how often, is decided here.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from http.cookiejar import DefaultCookiePolicy
from importlib.metadata import version
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
from source_zendesk_articles.models import (
    Article,
    Item,
    JsonObject,
    Locales,
    Page,
    Translation,
    UnreadableAnswerError,
    User,
    parse_answer,
    parse_articles,
    parse_count,
    parse_is_list,
    parse_locales,
    parse_translations,
    parse_user,
)

Answer = TypeVar("Answer")

# https://developer.zendesk.com/api-reference/introduction/pagination/#using-cursor-pagination
PAGE_SIZE: Final = 100
# Seconds to connect, and to wait for the next byte: big pages are known to take tens of seconds.
TIMEOUT: Final = (10.0, 75.0)
UNLIMITED: Final = 10**9
# The limits count by the minute: https://developer.zendesk.com/api-reference/introduction/rate-limits/
LONGEST_BLIND_WAIT: Final = 60.0

_HELP_CENTER: Final = "/api/v2/help_center"
_LOG = logging.getLogger("airbyte.zendesk")
# The CDK's client logs the headers of each request at DEBUG level, the credentials among them.
_CLIENT_LOG = logging.getLogger("airbyte.zendesk.http")
_CLIENT_LOG.setLevel(logging.INFO)


class Patience(NamedTuple):
    """How often a request is made before it counts as failed, and before it counts as limited."""

    tries: int
    rate_limited_tries: int


# The CDK waits 1, 2, 4, 8, 16, 32 s in between: a fault of less than a minute passes unnoticed.
PATIENT: Final = Patience(tries=7, rate_limited_tries=UNLIMITED)
# Big pages are known to time out (502, 504): after these tries (3 s), half of one is asked for.
BIG_PAGE: Final = Patience(tries=3, rate_limited_tries=UNLIMITED)
# Whether visitors may read has a safe answer, no: it need not be waited for for ever.
VISITOR: Final = Patience(tries=5, rate_limited_tries=5)


@dataclass
class Traffic:
    """What the requests of one client have cost so far."""

    requests: int = 0
    waits: int = 0
    waited_seconds: float = 0.0


class _Exchange(ErrorHandler, BackoffStrategy, Generic[Answer]):
    """One request until its answer is usable: tells the CDK what to retry, and when to stop.

    `answer` and `date` are those of the usable answer.
    """

    def __init__(
        self,
        request: str,
        parse: Callable[[JsonObject], Answer],
        patience: Patience,
        traffic: Traffic,
    ) -> None:
        self.answer: Answer | None = None
        self.date: datetime | None = None
        self._request = request
        self._parse = parse
        self._patience = patience
        self._traffic = traffic
        self._failures = 0
        self._rate_limited = 0
        self._reason = ""

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
        """Tell what to do with an answer; all that is final is a success here."""
        self._traffic.requests += 1
        answer = response_or_exception
        if self._is_rate_limit(answer):
            self._reason = "the rate limit is reached"
            return self._again(ResponseAction.RATE_LIMITED)
        if not isinstance(answer, requests.Response):
            self._reason = _broken(answer)
            return self._again(ResponseAction.RETRY)
        if _is_passing(answer.status_code):
            self._reason = f"status {answer.status_code}"
            return self._again(ResponseAction.RETRY)
        if answer.status_code == HTTPStatus.OK:
            try:
                self.answer = self._parse(parse_answer(answer.content))
                self.date = _date(answer)
            except UnreadableAnswerError as error:
                self._reason = str(error)
                return self._again(ResponseAction.RETRY)
        return ErrorResolution(ResponseAction.SUCCESS)

    def backoff_time(
        self,
        response_or_exception: requests.Response | requests.RequestException | None,
        attempt_count: int,  # noqa: ARG002 -- it counts rate limits and failures together
    ) -> float | None:
        """Return the seconds to wait, None for the CDK's 1, 2, 4, …; raise when tries are up."""
        answer = response_or_exception
        seconds = _retry_after(answer) if isinstance(answer, requests.Response) else None
        if self._is_rate_limit(answer):
            self._rate_limited += 1
            if self._rate_limited >= self._patience.rate_limited_tries:
                raise NoUsableAnswerError(self._request, self._reason, self._rate_limited)
            seconds = seconds or min(2.0**self._rate_limited, LONGEST_BLIND_WAIT)
        else:
            self._failures += 1
            if self._failures >= self._patience.tries:
                raise NoUsableAnswerError(self._request, self._reason, self._failures)
        self._traffic.waits += 1
        if not seconds:
            # The CDK logs this wait, with the reason.
            self._traffic.waited_seconds += 2.0 ** (self._failures - 1)
            return None
        # The CDK adds a second.
        self._traffic.waited_seconds += seconds + 1
        _LOG.info("Waiting %.0f s for %s: %s.", seconds + 1, self._request, self._reason)
        return seconds

    @staticmethod
    def _is_rate_limit(answer: object) -> bool:
        return (
            isinstance(answer, requests.Response)
            and answer.status_code == HTTPStatus.TOO_MANY_REQUESTS
        )

    def _again(self, action: ResponseAction) -> ErrorResolution:
        return ErrorResolution(
            action, FailureType.transient_error, f"{self._request}: {self._reason}"
        )


class HelpCenterClient:
    """One Help Center, and the user who reads it.

    Every method raises an `AirbyteTracedException` in the user's words where there is no answer:
    `config_error` where Zendesk refused, `transient_error` where it gave no usable one.
    """

    def __init__(self, subdomain: str, auth: AuthBase) -> None:
        self.subdomain = subdomain
        self.traffic = Traffic()
        self.host = f"{subdomain}.zendesk.com"
        self._signed = _session(auth)
        self._visitor = _session(NoAuth())
        self._now: datetime | None = None

    @property
    def now(self) -> datetime:
        """Zendesk's clock at its last answer; ask for something first."""
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

    def visitors_may_read(self, locale: str) -> bool:
        """Tell whether somebody who is not signed in gets a list of articles.

        No setting of the Help Center tells it. What a closed one answers is not documented:
        whatever is not a list counts as closed.
        """
        path = f"{_HELP_CENTER}/{quote(locale, safe='')}/articles"
        try:
            return self._get(
                path,
                parse_is_list,
                {"page[size]": "1"},
                patience=VISITOR,
                session=self._visitor,
            )
        except RefusalError:
            return False
        except NoUsableAnswerError as error:
            _LOG.warning("%s The Help Center is taken for closed to visitors.", error)
            return False

    def articles(self) -> Iterator[tuple[Article, ...]]:
        """Yield every article with its translations, a page at a time, in no order to lean on.

        https://developer.zendesk.com/api-reference/help_center/help-center-api/articles/#list-articles
        """
        return self._pages(f"{_HELP_CENTER}/articles", parse_articles, include="translations")

    def translations(self, article_id: int) -> tuple[Translation, ...] | None:
        """Return an article's translations, None where the article is gone.

        https://developer.zendesk.com/api-reference/help_center/help-center-api/translations/#list-translations
        """
        path = f"{_HELP_CENTER}/articles/{article_id}/translations"
        try:
            return tuple(row for page in self._pages(path, parse_translations) for row in page)
        except RefusalError as error:
            if error.status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
                return None
            raise

    def _pages(
        self, path: str, parse: Callable[[JsonObject], Page[Item]], include: str | None = None
    ) -> Iterator[tuple[Item, ...]]:
        # An unknown `include` is ignored without an error: it goes out with every page.
        params = {"include": include} if include else {}
        size = PAGE_SIZE
        seen: set[str] = set()
        while True:
            page, size = self._page(path, parse, params, size)
            yield page.items
            if page.after is None:
                return
            if page.after in seen:
                raise NoUsableAnswerError(f"GET {self.host}{path}", "its pages go in a circle", 1)
            seen.add(page.after)
            params["page[after]"] = page.after
            size = min(2 * size, PAGE_SIZE)

    def _page(
        self,
        path: str,
        parse: Callable[[JsonObject], Page[Item]],
        params: Mapping[str, str],
        size: int,
    ) -> tuple[Page[Item], int]:
        # Returns the page with the size at which it came.
        while True:
            sized = {**params, "page[size]": str(size)}
            patience = BIG_PAGE if size > 1 else PATIENT
            try:
                return self._get(path, parse, sized, patience=patience), size
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
        patience: Patience = PATIENT,
        session: requests.Session | None = None,
    ) -> Answer:
        exchange = _Exchange(f"GET {self.host}{path}", parse, patience, self.traffic)
        http = HttpClient(
            name="articles",
            logger=_CLIENT_LOG,
            error_handler=exchange,
            backoff_strategy=exchange,
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
            raise broken_set_up(error) from None
        if exchange.answer is None or exchange.date is None:
            raise RefusalError(
                self.host,
                path,
                response.status_code,
                response.content,
                location=response.headers.get("Location"),
            )
        self._now = exchange.date
        return exchange.answer


def _session(auth: AuthBase) -> requests.Session:
    session = requests.Session()
    session.auth = auth
    session.headers["User-Agent"] = (
        f"source-zendesk-articles/{version('source-zendesk-articles')} (Airbyte)"
    )
    # A cookie of a signed-in answer would sign a visitor's request, or outlive its credentials.
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    return session


def _is_passing(status: int) -> bool:
    return status in (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY) or (
        status >= HTTPStatus.INTERNAL_SERVER_ERROR
    )


def _date(response: requests.Response) -> datetime:
    # RFC 9110 has an origin server with a clock send it; all stamps of a sync rest on it.
    try:
        date = parsedate_to_datetime(response.headers.get("Date", ""))
    except ValueError:
        raise UnreadableAnswerError("an answer without a date") from None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def _retry_after(response: requests.Response) -> float | None:
    # Seconds, says Zendesk; it is missing now and then. A date, which HTTP allows, is not read.
    # https://developer.zendesk.com/api-reference/introduction/rate-limits/#handling-errors
    seconds = response.headers.get("Retry-After", "").strip()
    return float(seconds) if seconds.isdecimal() else None


def _broken(error: object) -> str:
    match error:
        case requests.exceptions.SSLError():
            return (
                "no TLS connection that can be trusted (behind a proxy that inspects traffic, name "
                "its certificate in REQUESTS_CA_BUNDLE)"
            )
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
