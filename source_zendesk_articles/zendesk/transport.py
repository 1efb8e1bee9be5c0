"""The only module that speaks HTTP: one host of Zendesk's, asked until its answer is usable.

Requests go to the given `*.zendesk.com` and nowhere else: no redirect is followed. Retrying is the
CDK's; what is worth a retry, and how often, is decided here.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from http import HTTPStatus
from http.cookiejar import DefaultCookiePolicy
from importlib.metadata import version
from typing import Any, Final, Generic, NamedTuple, Protocol, TypeVar, runtime_checkable

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
from urllib3.exceptions import HTTPError

from source_zendesk_articles.config import AuthType
from source_zendesk_articles.zendesk.answers import (
    USABLE,
    Again,
    RateLimited,
    Refused,
    Usable,
    judge,
)
from source_zendesk_articles.zendesk.connections import Adapter, current_watch, watched
from source_zendesk_articles.zendesk.errors import (
    NoUsableAnswerError,
    Refusal,
    RefusalError,
    UnreachableError,
    broken_set_up,
)
from source_zendesk_articles.zendesk.failures import Unreachable, why_broken
from source_zendesk_articles.zendesk.rate_limit import WORKERS, RateLimit
from source_zendesk_articles.zendesk.retries import (
    PATIENT,
    UNLIMITED,
    RetryPolicy,
    Tries,
    http_date,
    retry_after,
)
from source_zendesk_articles.zendesk.timestamps import parse_stamp

Answer = TypeVar("Answer")
# What an answer is worth, by host, status, headers and body: see `answers`.
Judge = Callable[
    [str, int, Mapping[str, str], bytes], Usable[Answer] | Refused | RateLimited | Again
]

# Seconds to connect, and to wait for the next byte: big pages are known to take tens of seconds.
TIMEOUT: Final = (10.0, 75.0)
# Seconds from the first byte to the last, whatever comes in between.
REQUEST_SECONDS: Final = 180.0
# A refusal says why in a sentence or two.
REFUSAL_BYTES: Final = 64_000
# So often a request is made again after a 401: tokens may end one after the other.
RENEWALS: Final = 3
HELP_CENTER: Final = "/api/v2/help_center"

# As many at a time as cost no time, and let little more in than is wanted.
_CHUNK_BYTES: Final = 256 * 1024
# Added to the CDK's second it is a second.
_NO_TIME: Final = 1e-300
# Python runs one thread at a time: parsed side by side, pages would all come late.
_PARSING: Final = threading.Lock()
_LOG = logging.getLogger("airbyte.zendesk")
# The CDK's client logs the headers of each request at DEBUG level, the credentials among them.
_CLIENT_LOG = logging.getLogger("airbyte.zendesk.http")
_CLIENT_LOG.setLevel(logging.INFO)
# It calls each wait a rate limit; `backoff_time` logs the reason.
logging.getLogger("airbyte").addFilter(
    lambda line: not line.getMessage().startswith("UserDefinedBackoffException")
)


class _Asked(NamedTuple):
    """What is asked for, and of whom."""

    method: str
    host: str
    path: str

    def __str__(self) -> str:
        return f"{self.method} {self.host}{self.path}"


@dataclass
class RequestStats:
    """What the requests of one client have cost so far; many threads count."""

    sent: int = 0
    waits: int = 0
    waited_seconds: float = 0.0
    _waiting_until: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def waiting_seconds(self) -> float:
        """How long a request waits from now on before it is made again."""
        return max(self._waiting_until - time.monotonic(), 0.0)

    def count_request(self) -> None:
        """Add a request."""
        with self._lock:
            self.sent += 1

    def count_wait(self, seconds: float) -> None:
        """Add a wait that begins now."""
        with self._lock:
            self.waits += 1
            self.waited_seconds += seconds
            self._waiting_until = max(self._waiting_until, time.monotonic() + seconds)


class _AnswerHandler(ErrorHandler, BackoffStrategy, Generic[Answer]):
    """One request until its answer is usable, as the CDK's two hooks: what to retry, and when.

    `answer` is what a usable answer says, None after a refusal; `date` is when Zendesk gave
    either, None if it does not say; `content` is the body of a refusal.
    """

    def __init__(
        self,
        request: _Asked,
        judge: Judge[Answer],
        policy: RetryPolicy,
        stats: RequestStats,
        rate_limit: RateLimit,
    ) -> None:
        self.answer: Answer | None = None
        self.date: str | None = None
        self.content = b""
        self._request = request
        self._judge = judge
        self._policy = policy
        self._stats = stats
        self._rate_limit = rate_limit
        self._tries = Tries(policy)
        self._last: Again | Unreachable | RateLimited = RateLimited()

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
            AirbyteTracedException: a `config_error` if this machine's settings are wrong.
            NoUsableAnswerError: for an answer that is too long.

        """
        self._stats.count_request()
        watch = current_watch()
        try:
            last = self._judged(response_or_exception)
            if watch.is_over and self.answer is None:
                # What came until then may look like a refusal. JSON that is whole is an answer.
                last = Again("no whole answer in time", may_be_big=True)
        finally:
            watch.end()
        if last is None:
            return ErrorResolution(ResponseAction.SUCCESS)
        self._last = last
        is_limited = isinstance(last, RateLimited)
        action = ResponseAction.RATE_LIMITED if is_limited else ResponseAction.RETRY
        return ErrorResolution(action, FailureType.transient_error, "asked again")

    def backoff_time(
        self,
        response_or_exception: requests.Response | requests.RequestException | None,
        attempt_count: int,  # noqa: ARG002 -- it counts rate limits and failures together
    ) -> float:
        """Return the seconds to wait, to which the CDK adds one.

        Raises:
            NoUsableAnswerError: if the tries are used up, or the time is.

        """
        answer, last = response_or_exception, self._last
        asked_for = retry_after(answer.headers) if isinstance(answer, requests.Response) else None
        count = self._tries.count(last)
        if self._tries.are_used_up(last):
            raise self._error(f", {count} times in a row")
        seconds = self._tries.wait(last, asked_for)
        if seconds + 1 > self._rate_limit.left:
            asks = f", and the answer asks to wait {asked_for} s" if asked_for else ""
            raise self._error(asks or f", {count} times in a row")
        self._stats.count_wait(seconds + 1)
        if isinstance(last, RateLimited):
            self._rate_limit.pause(seconds + 1)
        _LOG.info("Waiting %d s for %s: %s.", seconds + 1, self._request, _reason(last))
        # The CDK waits a second if it is told to wait none.
        return seconds or _NO_TIME

    def _judged(
        self, answer: requests.Response | Exception | None
    ) -> Again | Unreachable | RateLimited | None:
        """Return why to ask again; None if that would not help.

        Raises:
            AirbyteTracedException: for an answer that is too long, or wrong settings here.

        """
        if not isinstance(answer, requests.Response):
            return why_broken(answer, self._request.host)
        try:
            content = self._read(answer)
        except (requests.RequestException, HTTPError, OSError, ValueError) as error:
            # A chunk of negative length is a ValueError of Python's.
            return why_broken(error, self._request.host)
        if content is None:
            # Asked for again it would be as long.
            self._last = Again(
                f"it has more than {self._policy.most_bytes:,} bytes", may_be_big=True
            )
            raise self._error("")
        with _PARSING:
            judged = self._judge(self._request.host, answer.status_code, answer.headers, content)
        match judged:
            case Usable(what):
                self.answer = what
            case Refused():
                self.content = content
            case _:
                return judged
        self.date = _date(answer)
        return None

    def _read(self, answer: requests.Response) -> bytes | None:
        """Return the body; of a refusal, its beginning, and None for a success that is too long."""
        is_usable = answer.status_code in USABLE
        most = self._policy.most_bytes if is_usable else REFUSAL_BYTES
        chunks: list[bytes] = []
        length = 0
        for chunk in answer.iter_content(_CHUNK_BYTES):
            chunks.append(chunk)
            length += len(chunk)
            if length > most:
                answer.close()
                if is_usable:
                    return None
                break
        return b"".join(chunks)

    def _error(self, how_often: str) -> NoUsableAnswerError:
        match self._last:
            case Unreachable(reason, to_do, failure_type):
                return UnreachableError(
                    str(self._request), f"{reason}{how_often}", to_do, failure_type
                )
            case Again(reason, is_foreign, may_be_big):
                return NoUsableAnswerError(
                    str(self._request),
                    f"{reason}{how_often}",
                    is_foreign=is_foreign,
                    may_be_big=may_be_big,
                )
            case _:
                return NoUsableAnswerError(str(self._request), f"{_reason(self._last)}{how_often}")


@cache
def _version() -> str:
    # Each look-up reads the metadata of every package on the path.
    return version("source-zendesk-articles")


class _Session(requests.Session):
    """A session that neither follows redirects nor keeps cookies; many threads use it.

    A cookie of a signed-in answer would sign a visitor's request, or outlive its credentials.
    """

    def __init__(self, host: str, auth: AuthBase, rate_limit: RateLimit) -> None:
        super().__init__()
        self.auth = auth
        self._host = host
        self._rate_limit = rate_limit
        self.mount("https://", Adapter(pool_maxsize=WORKERS))
        self.headers["User-Agent"] = f"source-zendesk-articles/{_version()} (Airbyte)"
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))

    def get_redirect_target(self, resp: requests.Response) -> None:  # noqa: ARG002 -- not even looked at
        """Find none."""
        return

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:  # noqa: ANN401 -- as its parent has it
        """Send a request as soon as the rate limit allows; its watch goes on until it is judged."""
        is_paced = _is_paced(request.path_url)
        if is_paced:
            self._rate_limit.wait(self._host)
        else:
            self._rate_limit.check(self._host)
        watch = watched(min(REQUEST_SECONDS, self._rate_limit.left))
        try:
            response = super().send(request, **kwargs)
        except requests.RequestException:
            raise
        except BaseException:
            watch.end()
            raise
        return response


@runtime_checkable
class Renewable(Protocol):
    """An authenticator that can fetch another access token in the place of one that was refused."""

    def renew(self, refused: str) -> bool:
        """Fetch one, unless this `Authorization` header was replaced; return whether it did."""

    def is_current(self, header: str) -> bool:
        """Tell whether this header has not been replaced."""

    def begin(self, seconds: float) -> None:
        """Forget what failed: another check or sync begins, and may take so long."""

    def end(self) -> None:
        """Fetch no more tokens, and hand on one that is under way."""


class Transport:
    """One host, and who asks it, from any thread; `stats` are counted on, `rate_limit` is kept to.

    Every request raises an `AirbyteTracedException` in the user's words if there is no answer:
    `config_error` if Zendesk refused, `transient_error` if it gave no usable one.
    """

    def __init__(
        self,
        host: str,
        auth: AuthBase,
        auth_type: AuthType,
        stats: RequestStats,
        rate_limit: RateLimit,
    ) -> None:
        self._host = host
        self._stats = stats
        self._rate_limit = rate_limit
        self._auth_type = auth_type
        self._auth = auth
        self._session = _Session(host, auth, rate_limit)
        self._noting = threading.Lock()
        self._now: str | None = None
        self._began_at: str | None = None

    @property
    def began_at(self) -> str:
        """Zendesk's clock at the earliest of its answers."""
        return self._began_at or self.now

    @property
    def now(self) -> str:
        """Zendesk's clock at its last answer, as Zendesk writes it; ask for something first."""
        if self._now is None:
            raise NoUsableAnswerError(f"requests to {self._host}", "no answer had a date")
        return self._now

    def get(
        self,
        path: str,
        decode: Callable[[bytes], Answer],
        params: Mapping[str, str] | None = None,
        policy: RetryPolicy = PATIENT,
    ) -> Answer:
        """Return what the answer says; after a 401 with another access token, if there is one.

        Not by the CDK's own action for that: it waits, and goes on without a token.
        """
        return self.ask(path, partial(judge, decode=decode), params, policy)

    def ask(
        self,
        path: str,
        judge: Judge[Answer],
        params: Mapping[str, str] | None = None,
        policy: RetryPolicy = PATIENT,
    ) -> Answer:
        """Do the same, for an answer that is judged otherwise."""
        handler, response = self._send("GET", path, judge, policy, params=params)
        is_ours = False
        for _ in range(RENEWALS):
            refused = response.request.headers.get("Authorization", "")
            if response.status_code != HTTPStatus.UNAUTHORIZED or (
                not isinstance(self._auth, Renewable)
                # One that was fetched for this request, and is refused at once.
                or (is_ours and self._auth.is_current(refused))
            ):
                break
            is_ours = self._auth.renew(refused)
            handler, response = self._send("GET", path, judge, policy, params=params)
        return self._answer(path, handler, response)

    def post(
        self,
        path: str,
        decode: Callable[[bytes], Answer],
        body: Mapping[str, object],
    ) -> Answer:
        """Return what the answer to a JSON body says."""
        sent = self._send("POST", path, partial(judge, decode=decode), PATIENT, body=body)
        return self._answer(path, *sent)

    def _send(  # noqa: PLR0913 -- a request has that many parts
        self,
        method: str,
        path: str,
        judge: Judge[Answer],
        policy: RetryPolicy,
        *,
        params: Mapping[str, str] | None = None,
        body: Mapping[str, object] | None = None,
    ) -> tuple[_AnswerHandler[Answer], requests.Response]:
        asked = _Asked(method, self._host, path)
        handler = _AnswerHandler(asked, judge, policy, self._stats, self._rate_limit)
        http = HttpClient(
            name="articles",
            logger=_CLIENT_LOG,
            error_handler=handler,
            backoff_strategy=handler,
            session=self._session,
            request_timeout=TIMEOUT,
        )
        try:
            _, response = http.send_request(
                method,
                f"https://{self._host}{path}",
                params=params,
                json=body,
                # Its body is read here, no further than it may be long.
                request_kwargs={"stream": True},
            )
        except OSError as error:
            # Plain, it is what `requests` raises where REQUESTS_CA_BUNDLE names no file.
            if type(error) is not OSError:
                raise
            raise broken_set_up(f"{error}.") from None
        if handler.date:
            with self._noting:
                self._now = handler.date
                self._began_at = min(self._began_at or handler.date, handler.date)
        return handler, response

    def _answer(
        self, path: str, handler: _AnswerHandler[Answer], response: requests.Response
    ) -> Answer:
        if handler.answer is not None:
            return handler.answer
        raise RefusalError(
            Refusal(
                host=self._host,
                path=path,
                status=response.status_code,
                content=handler.content,
                location=response.headers.get("Location"),
                auth_type=self._auth_type,
                now=self._now,
            )
        )


class NoAuth(AuthBase):
    """Signs nothing. Without any authenticator, `requests` would look into `~/.netrc`."""

    def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        """Return the request as it is."""
        return r


def _is_paced(path: str) -> bool:
    # Support's requests, `users/me` among them, count apart.
    return path.startswith(HELP_CENTER)


def _date(response: requests.Response) -> str | None:
    # RFC 9110 has an origin server with a clock send it; all times of a sync depend on it.
    date = http_date(response.headers.get("Date", ""))
    try:
        return parse_stamp(date.isoformat()) if date else None
    except ValueError:
        return None


def _reason(last: Again | Unreachable | RateLimited) -> str:
    return "the rate limit is reached" if isinstance(last, RateLimited) else last.reason
