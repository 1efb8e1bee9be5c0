"""The emulator as one object: an account, and everything between it and the client."""

import json
import ssl
import tempfile
import threading
import zlib
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Self

import trustme

from . import api
from .account import Account, Credential
from .answers import Answer, Request
from .clock import Clock
from .faults import Fault, Faults
from .limits import RateLimit
from .server import Delivery, Proxy, Stranger, encode_body, encode_head
from .switches import Switches

_EXCEEDED = "Number of allowed API requests per minute exceeded"
_EXPORTS_EXCEEDED = "Number of allowed incremental export API requests per minute exceeded"


@dataclass(frozen=True)
class LoggedRequest:
    """A request that reached the account. `path` has no `.json`; status 0 = no answer went out.

    `disturbed`: a limit or a fault answered, or spoiled the account's answer.
    """

    method: str
    host: str
    path: str
    query: dict[str, str]
    credential: Credential
    status: int
    at: datetime
    authorization: str | None
    cookie: str | None
    disturbed: bool


class ZendeskEmulator:
    """A Zendesk account on loopback, from the making of the object to `close`.

    `rate_limit` is in requests a minute of the emulator's clock, for the Help Center (None: no
    limit), `latency` in seconds a request. `running`: the clock is this machine's, see `Clock`.
    """

    def __init__(
        self,
        *,
        switches: Switches | None = None,
        rate_limit: int | None = None,
        latency: float = 0,
        running: bool = False,
        subdomain: str = "acme",
    ) -> None:
        self.clock = Clock(running=running)
        self.account = Account(self.clock, switches or Switches(), subdomain)
        self.faults = Faults()
        self.requests: list[LoggedRequest] = []
        self.strangers: list[Stranger] = []
        self.rate_limit = rate_limit
        self.latency = latency
        self._limit = RateLimit()
        self._incremental_limit = RateLimit()
        self._answering = threading.RLock()  # an edit may well look at the emulator
        self._closing = threading.Event()
        self._directory = tempfile.TemporaryDirectory(prefix="zendesk-emulator-")
        bundle = Path(self._directory.name) / "ca.pem"
        _authority().cert_pem.write_to_path(str(bundle))
        self._bundle = str(bundle)
        self._proxy = Proxy(_tls(), self._deliver, self.strangers.append)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End every connection and thread, and requests that hang."""
        self._closing.set()
        self._proxy.close()
        self._directory.cleanup()

    @property
    def switches(self) -> Switches:
        """The open questions; may be changed between requests."""
        return self.account.switches

    @property
    def environment(self) -> dict[str, str]:
        """What a client's process needs in its environment to speak to this Zendesk.

        Plain HTTP comes here too, so that none of it leaves the machine: it is refused.
        """
        return {
            "HTTPS_PROXY": self._proxy.url,
            "https_proxy": self._proxy.url,
            "HTTP_PROXY": self._proxy.url,
            "http_proxy": self._proxy.url,
            "NO_PROXY": "",
            "no_proxy": "",
            "REQUESTS_CA_BUNDLE": self._bundle,
            "CURL_CA_BUNDLE": self._bundle,
        }

    def refuse_tunnels(self, status: int) -> None:
        """Have the proxy refuse every client with a status."""
        self._proxy.refuses_with = status

    def forget_requests(self) -> None:
        """Empty the request log."""
        self.requests.clear()

    def _deliver(self, request: Request) -> Delivery:
        """Answer a request, and log it before its answer goes out."""
        if self.latency:
            self._closing.wait(self.latency)
        with self._answering:
            credential = self.account.credential(request.authorization)
            headers, refused = self._limits(request)
            fault = None if refused else self.faults.take(request, credential)
            if fault and fault.edit:
                fault.edit()
            answer = refused or (fault and fault.answer()) or api.answer(self.account, request)
            answer = replace(answer, headers={**headers, **answer.headers})
            if fault and fault.rewrite:
                answer = replace(answer, body=fault.rewrite(json.loads(encode_body(answer))))
            silent = fault is not None and fault.kind in ("dropped", "hang")
            now = self.clock.now
            self.requests.append(
                LoggedRequest(
                    method=request.method,
                    host=request.host,
                    path=request.path,
                    query=dict(request.query),
                    credential=credential,
                    status=0 if silent else answer.status,
                    at=now,
                    authorization=request.authorization,
                    cookie=request.cookie,
                    disturbed=refused is not None
                    or (fault is not None and fault.kind not in ("edit", "rewrite")),
                )
            )
            self.clock.tick()
        return self._delivery(answer, fault, now)

    def _delivery(self, answer: Answer, fault: Fault | None, now: datetime) -> Delivery:
        kind = fault.kind if fault else None
        if fault and kind == "hang":
            self._closing.wait(fault.seconds)
        if kind in ("dropped", "hang"):
            return Delivery(b"", close=True)
        if kind == "continue":
            return Delivery(b"", endless=b"HTTP/1.1 100 Continue\r\n\r\n")
        if kind == "drip_header":
            return Delivery(b"HTTP/1.1 200 OK\r\nX-Header: ", endless=b"x")
        if fault and kind in ("gzip_bomb", "drip", "bad_chunk"):
            return self._endless(replace(answer, status=fault.status), fault, now)
        body = encode_body(answer)
        if fault and fault.garble:
            body = fault.garble(body)
        if kind == "cut_json":
            body = body[: len(body) // 2]
        head = encode_head(answer, len(body), now)
        if kind == "truncated":
            return Delivery(head + body[: len(body) // 2], close=True)
        return Delivery(head + body)

    def _endless(self, answer: Answer, fault: Fault, now: datetime) -> Delivery:
        """Return an answer whose length is a lie, or too much."""
        if fault.kind == "gzip_bomb":
            bomb = _bomb()
            headers = {**answer.headers, "Content-Encoding": "gzip"}
            return Delivery(encode_head(replace(answer, headers=headers), len(bomb), now) + bomb)
        body = encode_body(answer)
        if fault.kind == "drip":
            return Delivery(encode_head(answer, 10**9, now) + body, endless=b" ")
        headers = {**answer.headers, "Transfer-Encoding": "chunked"}
        head = encode_head(replace(answer, headers=headers), len(body), now)
        data = head + f"{fault.body}\r\n".encode() + body + b"\r\n0\r\n\r\n"
        # Whoever takes -1 for a length reads as long as anything comes.
        endless = b"x" if fault.body == "-1" else b""
        return Delivery(data, close=True, endless=endless)

    def _limits(self, request: Request) -> tuple[dict[str, str], Answer | None]:
        """Count a request: the headers that tell of the limit, and a refusal above it.

        The Help Center counts apart from Support, whose limit is left out here.
        """
        if not request.path.startswith(api.HELP_CENTER):
            return {}, None
        exports = self.switches.incremental_requests_per_minute
        if exports is not None and request.path == api.INCREMENTAL:
            _, wait = self._incremental_limit.use(exports, self.clock.now)
            if wait is not None:
                return {}, self._too_many(_EXPORTS_EXCEEDED, wait)
        if self.rate_limit is None:
            return {}, None
        remaining, wait = self._limit.use(self.rate_limit, self.clock.now)
        headers = {"X-Rate-Limit": str(self.rate_limit), "X-Rate-Limit-Remaining": str(remaining)}
        return headers, None if wait is None else self._too_many(_EXCEEDED, wait)

    def _too_many(self, sentence: str, wait: int) -> Answer:
        headers = {"Retry-After": str(wait)} if self.switches.retry_after else {}
        if self.switches.rate_limit_text == "plain":
            return Answer(429, sentence, headers)
        return Answer(429, {"error": "APIRateLimitExceeded", "description": sentence}, headers)


@cache
def _bomb() -> bytes:
    blanks = b" " * 1_000_000
    pack = zlib.compressobj(wbits=31)
    return b"".join([*(pack.compress(blanks) for _ in range(200)), pack.flush()])


@cache
def _authority() -> trustme.CA:
    """Make the throw-away certificate authority of this process."""
    return trustme.CA()


@cache
def _tls() -> ssl.SSLContext:
    """Make every host of Zendesk's believable to those who trust the authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    _authority().issue_cert("*.zendesk.com").configure_cert(context)
    return context
