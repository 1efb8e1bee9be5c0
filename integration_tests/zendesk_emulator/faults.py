"""Things that go wrong on purpose, and the proof that they did."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from .account import Credential
from .answers import Answer, Request, refusal
from .pages import Json

FaultKind = Literal[
    "status",  # any status, headers and body
    "rate_limited",  # 429 with `retry_after` as it stands (None: without), and `body`
    "html",  # 200, and a web page
    "redirect",  # 302 to `location`
    "dropped",  # the connection ends without an answer
    "hang",  # the same after `seconds`
    "truncated",  # Content-Length promises more than comes
    "cut_json",  # a whole answer whose JSON ends in the middle
    "gzip_bomb",  # `status`, and 200 MB of blanks that come as 200 KB
    "drip",  # `status`, the answer, and then blanks, one at a time, for ever
    "drip_header",  # a header that never ends
    "continue",  # 100 Continue, for ever
    "bad_chunk",  # `status`, and a chunk that says that it is `body` long: "-5"
    "edit",  # `edit()` is called, then the request is answered
    "rewrite",  # the answer's JSON object goes through `rewrite`
    "garble",  # the answer's bytes go through `garble`
]

_TOO_MANY = "Number of allowed API requests per minute exceeded"
_PAGE = "<!DOCTYPE html><html><body><h1>We are down for maintenance</h1></body></html>"


@dataclass
class Fault:
    """A fault for the requests that match; each request meets at most one.

    `path` (a regular expression, searched) and `host` are of the request, `where` of its query
    parameters and `credential` of its sender; the first `skip` matches are let through, the next
    `times` (None: all) are not. `only_page_size_above` spares requests for pages that small.
    `status`, `headers` and `body` (text or JSON; None: the usual sentence) are of the answer.
    """

    kind: FaultKind
    path: str = ""
    host: str = ""
    where: Mapping[str, str] = field(default_factory=dict)
    credential: Credential | None = None
    only_page_size_above: int | None = None
    skip: int = 0
    times: int | None = 1
    status: int = 500
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Json = None
    retry_after: int | str | None = None
    seconds: float = 60
    location: str = "https://maintenance.zendesk.com/hc/en-us"
    edit: Callable[[], object] | None = None
    rewrite: Callable[[dict[str, Any]], dict[str, Any]] | None = None
    garble: Callable[[bytes], bytes] | None = None
    fired: int = field(default=0, init=False)

    def matches(self, request: Request, credential: Credential) -> bool:
        """Whether this request is meant, times and skips aside."""
        query = request.query
        size = query.get("page[size]", query.get("per_page", "0"))
        return (
            re.search(self.path, request.path) is not None
            and re.search(self.host, request.host) is not None
            and all(query.get(name) == value for name, value in self.where.items())
            and self.credential in (None, credential)
            and (self.only_page_size_above is None or int(size) > self.only_page_size_above)
        )

    def answer(self) -> Answer | None:
        """Return what is answered instead of the account; None if that still answers."""
        match self.kind:
            case "status":
                if self.body is None and 400 <= self.status < 500:
                    # Zendesk's own are JSON; what stands before it answers otherwise.
                    return replace(refusal(self.status, "Refused", "No"), headers=self.headers)
                body = "Internal Server Error" if self.body is None else self.body
                return Answer(self.status, body, self.headers)
            case "rate_limited":
                wait = {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}
                body = _TOO_MANY if self.body is None else self.body
                return Answer(429, body, {**wait, **self.headers})
            case "html":
                return Answer(200, _PAGE, {"Content-Type": "text/html; charset=utf-8"})
            case "redirect":
                return Answer(302, "", {"Location": self.location})
            case _:
                return None


class Faults:
    """A queue: the first fault that matches and has times left is met."""

    def __init__(self) -> None:
        self._queue: list[Fault] = []

    def add(self, *faults: Fault) -> None:
        """Queue faults, after those that are there."""
        self._queue.extend(faults)

    def clear(self) -> None:
        """Forget every fault, consumed or not."""
        self._queue.clear()

    def take(self, request: Request, credential: Credential) -> Fault | None:
        """Find the fault that this request meets, and use up one of its times."""
        for fault in self._queue:
            if fault.times is not None and fault.fired >= fault.times:
                continue
            if not fault.matches(request, credential):
                continue
            if fault.skip > 0:
                fault.skip -= 1
                continue
            fault.fired += 1
            return fault
        return None

    def assert_consumed(self) -> None:
        """Raise AssertionError that names faults with times left, and endless ones never met."""
        left = [fault for fault in self._queue if fault.fired < (fault.times or 1)]
        if left:
            raise AssertionError(f"faults that were not met as often as they should: {left}")
