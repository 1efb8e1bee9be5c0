"""What an answer is worth: usable, a refusal, or worth asking again. Pure.

A refusal counts only in Zendesk's own JSON, or as a redirect that leads away. Whatever stands
before Zendesk (bot protection, a proxy, a maintenance page) answers with HTML, text or JSON of
another shape, and says nothing of who may read what.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, Generic, Literal, TypeVar
from urllib.parse import urljoin, urlsplit

import orjson

from source_zendesk_articles.zendesk.decode import decode_visitors_articles
from source_zendesk_articles.zendesk.models import UnreadableAnswerError

Answer = TypeVar("Answer")
# What a visitor gets: a list with an article in it, a list without one, or a definite refusal.
Visitors = Literal["open", "empty", "closed"]

# A token might be said to be created.
USABLE: Final = frozenset({HTTPStatus.OK, HTTPStatus.CREATED})
# Refusals of the moment: https://www.rfc-editor.org/rfc/rfc9110#section-15.5
_PASSING: Final = frozenset(
    {
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.CONFLICT,
        HTTPStatus.MISDIRECTED_REQUEST,
        HTTPStatus.LOCKED,
        HTTPStatus.TOO_EARLY,
    }
)
# Big pages are known to time out, and a proxy may have a limit of its own. 524 is Cloudflare's.
_TOO_BIG: Final = frozenset(
    {
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
        524,
    }
)
_REDIRECTS: Final = frozenset(
    {
        HTTPStatus.MOVED_PERMANENTLY,
        HTTPStatus.FOUND,
        HTTPStatus.SEE_OTHER,
        HTTPStatus.TEMPORARY_REDIRECT,
        HTTPStatus.PERMANENT_REDIRECT,
    }
)
# What a closed Help Center answers is not documented; each of these says that it is.
_CLOSED: Final = frozenset(
    {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.GONE}
)
_SIGN_IN: Final = re.compile(r"/(?:access|auth)(?:/|$)|/login|/hc/(?:[^/]+/)*signin(?:/|$)")
# Cloudflare's own answers to a request that it challenges:
# https://developers.cloudflare.com/cloudflare-challenges/challenge-types/challenge-pages/detect-response/
_CHALLENGED: Final = "cf-mitigated"


@dataclass(frozen=True)
class Usable(Generic[Answer]):
    """What a usable answer says."""

    answer: Answer


@dataclass(frozen=True)
class Refused:
    """A definite refusal, which asking again does not change."""


@dataclass(frozen=True)
class RateLimited:
    """Too many requests, for now."""


@dataclass(frozen=True)
class Again:
    """No usable answer.

    `is_foreign`: what answered may not be Zendesk. `may_be_big`: a smaller answer may come.
    """

    reason: str
    is_foreign: bool = False
    may_be_big: bool = False


def judge(
    host: str,
    status: int,
    headers: Mapping[str, str],
    content: bytes,
    decode: Callable[[bytes], Answer],
) -> Usable[Answer] | Refused | RateLimited | Again:
    """Judge the answer to a signed request; `headers` do not care for case."""
    if status in USABLE:
        try:
            return Usable(decode(content))
        except UnreadableAnswerError as error:
            is_foreign = content.lstrip().startswith(b"<")
            # It may have been cut off for its length, or be spoilt by one of its rows.
            return Again(str(error), is_foreign, not is_foreign)
    return _judge_failure(host, status, headers, content)


def _judge_failure(
    host: str, status: int, headers: Mapping[str, str], content: bytes
) -> Refused | RateLimited | Again:
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return RateLimited()
    if status in _REDIRECTS:
        if _leads_away(host, headers.get("Location", "")):
            return Refused()
        return Again(f"status {status}, a redirect within {host}", is_foreign=True)
    # An empty or partial success (204, 206) is not the answer that was asked for.
    is_refusal = HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
    if not is_refusal or status in _PASSING:
        return Again(f"status {status}", may_be_big=status in _TOO_BIG)
    if _CHALLENGED in headers or not _is_zendesks(content):
        reason = f"status {status} without a reason in Zendesk's JSON"
        return Again(reason, is_foreign=True, may_be_big=status in _TOO_BIG)
    return Refused()


def judge_visitors(
    host: str, status: int, headers: Mapping[str, str], content: bytes
) -> Usable[Visitors] | RateLimited | Again:
    """Judge the answer to the anonymous check: a list of articles, asked for as a visitor."""
    judged = judge(host, status, headers, content, decode_visitors_articles)
    match judged:
        case Usable(articles):
            return Usable("open" if articles else "empty")
        case Refused():
            if status in _CLOSED or status in _REDIRECTS:
                return Usable("closed")
            return Again(f"status {status}")
        case _:
            return judged


def _leads_away(host: str, location: str) -> bool:
    """Tell whether a redirect leads to another host, or to a page to sign in."""
    try:
        target = urlsplit(urljoin(f"https://{host}/", location))
        there = target.hostname
    except ValueError:
        return False
    if not there:
        return False
    return there.rstrip(".") != host or _SIGN_IN.match(target.path) is not None


def _is_zendesks(content: bytes) -> bool:
    """Tell whether a refusal names its `error`, a text or an object: others have JSON, too.

    https://developer.zendesk.com/api-reference/introduction/requests/#error-responses
    """
    try:
        body = orjson.loads(content)
    except orjson.JSONDecodeError:
        return False
    return isinstance(body, dict) and isinstance(body.get("error"), str | dict)
