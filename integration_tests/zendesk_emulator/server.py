"""The wire: an HTTP proxy on loopback that is, behind CONNECT, every `*.zendesk.com` at once."""

import contextlib
import http.client
import http.server
import re
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from urllib.parse import parse_qsl, urlsplit

import orjson

from .answers import Answer, Request

_ZENDESK = re.compile(r"[a-z0-9][a-z0-9-]*\.zendesk\.com")


@dataclass(frozen=True)
class Delivery:
    """The bytes of an answer, maybe not all of them, and whether the connection ends with them.

    `endless` comes after them, once more `every` so many seconds, until somebody ends it.
    """

    data: bytes
    close: bool = False
    endless: bytes = b""
    every: float = 0.05


@dataclass(frozen=True)
class Stranger:
    """A refused request: for a host that is not Zendesk's, or outside of TLS."""

    host: str
    had_authorization: bool


def encode_body(answer: Answer) -> bytes:
    """Text as it is, anything else as JSON."""
    if isinstance(answer.body, str):
        return answer.body.encode()
    return orjson.dumps(answer.body)


def encode_head(answer: Answer, length: int, date: datetime) -> bytes:
    """Status line and headers; `date` (aware, UTC) becomes the Date header."""
    kind = "text/plain" if isinstance(answer.body, str) else "application/json"
    headers = {
        "Date": format_datetime(date, usegmt=True),
        "Content-Type": f"{kind}; charset=utf-8",
        "Content-Length": str(length),
        **answer.headers,
    }
    reason = http.client.responses.get(answer.status, "")
    lines = [f"HTTP/1.1 {answer.status} {reason}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode()


class Proxy(http.server.ThreadingHTTPServer):
    """Listens on a free port of 127.0.0.1 from the start; `close` ends every connection.

    `deliver` is called in the connection's own thread for each request to a Zendesk host, `refuse`
    for each other one, which gets 502. `refuses_with` is a status for all who want a tunnel.
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(
        self,
        tls: ssl.SSLContext,
        deliver: Callable[[Request], Delivery],
        refuse: Callable[[Stranger], None],
    ) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.tls = tls
        self.deliver = deliver
        self.refuse = refuse
        self.refuses_with: int | None = None
        self._open: dict[threading.Thread, socket.socket] = {}
        self._changing = threading.Lock()
        self.closing = threading.Event()
        self._accepting = threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True)
        self._accepting.start()

    @property
    def url(self) -> str:
        """What HTTPS_PROXY is to be set to."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def close(self) -> None:
        """Stop listening, end all connections and wait for their threads."""
        self.closing.set()
        self.shutdown()
        self._accepting.join()
        self.server_close()
        with self._changing:
            for connection in self._open.values():
                _shut(connection)
            threads = list(self._open)
        for thread in threads:
            thread.join()

    def wrap(self, plain: socket.socket) -> ssl.SSLSocket:
        """Put TLS on the calling thread's connection; the handshake is still to do."""
        with self._changing:
            wrapped = self.tls.wrap_socket(plain, server_side=True, do_handshake_on_connect=False)
            self._open[threading.current_thread()] = wrapped
        return wrapped

    def process_request(
        self, request: socket.socket | tuple[bytes, socket.socket], client_address: object
    ) -> None:
        """Give the connection a thread that `close` knows of."""
        assert isinstance(request, socket.socket)
        thread = threading.Thread(target=self._process, args=(request, client_address), daemon=True)
        with self._changing:
            self._open[thread] = request
        thread.start()

    def _process(self, request: socket.socket, client_address: object) -> None:
        try:
            self.process_request_thread(request, client_address)
        finally:
            with self._changing:
                del self._open[threading.current_thread()]


class _Connection(http.server.BaseHTTPRequestHandler):
    """One connection of a client: a CONNECT, then requests inside the tunnel."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Proxy
    tunnel: str | None = None

    def handle(self) -> None:
        """Serve until either side ends it. A client that went away is no error."""
        try:
            super().handle()
        except OSError:
            self.close_connection = True

    def finish(self) -> None:
        super().finish()
        self.connection.close()

    def do_CONNECT(self) -> None:
        host = self.path.rpartition(":")[0].lower()
        if self.server.refuses_with:
            self._refuse(host, self.server.refuses_with)
            return
        if not _ZENDESK.fullmatch(host):
            self._refuse(host)
            return
        self.connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        self.rfile.close()
        secure = self.server.wrap(self.connection)
        self.connection = secure
        secure.do_handshake()
        self.rfile = secure.makefile("rb")
        self.tunnel = host
        self.close_connection = False  # http.client speaks HTTP/1.0 to proxies

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        if self.tunnel is None:
            self._refuse(address.hostname or "")
            return
        length = int(self.headers.get("Content-Length", "0"))
        if length and hasattr(socket, "TCP_QUICKACK"):
            # A client of a proxy holds the body back until the head is acknowledged, which
            # otherwise takes 40 ms: https://en.wikipedia.org/wiki/Nagle%27s_algorithm
            self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        delivery = self.server.deliver(
            Request(
                method=self.command,
                host=self.tunnel,
                path=address.path.removesuffix(".json"),
                query=dict(parse_qsl(address.query, keep_blank_values=True)),
                authorization=self.headers.get("Authorization"),
                cookie=self.headers.get("Cookie"),
                body=self.rfile.read(length),
            )
        )
        if delivery.close:
            self.close_connection = True
        self.connection.sendall(delivery.data)
        while delivery.endless and not self.server.closing.wait(delivery.every):
            self.connection.sendall(delivery.endless)

    do_POST = do_GET  # noqa: N815  -- the parent's naming
    do_PUT = do_GET  # noqa: N815  -- the same
    do_DELETE = do_GET  # noqa: N815  -- the same

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  -- the parent's name
        """Stay silent: the emulator keeps its own log."""

    def _refuse(self, host: str, status: int = 502) -> None:
        self.server.refuse(Stranger(host, "Authorization" in self.headers))
        self.close_connection = True
        reason = http.client.responses[status]
        head = f"HTTP/1.1 {status} {reason}\r\nContent-Length: 0\r\n\r\n"
        self.connection.sendall(head.encode())


def _shut(connection: socket.socket) -> None:
    """Wake the thread that reads from a connection. Not TLS's own shutdown: that would wait."""
    with contextlib.suppress(OSError):
        socket.socket.shutdown(connection, socket.SHUT_RDWR)
