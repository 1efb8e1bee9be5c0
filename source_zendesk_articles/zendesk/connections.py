"""Connections that can be ended from outside: what bounds the whole time of a request.

The time-outs of `requests` bound one wait for bytes, and a server that sends one byte a second, or
`100 Continue` for ever, never runs into them.
"""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, Final

from requests.adapters import HTTPAdapter
from urllib3 import HTTPSConnectionPool
from urllib3.connection import HTTPSConnection
from urllib3.exceptions import ProtocolError

# A socket that is shut during the TLS handshake may open again: so it is shut repeatedly.
_AGAIN_SECONDS: Final = 0.2
_UNDER_WAY = threading.local()


class Watch:
    """Ends the request of this thread after so many seconds, at whatever it is."""

    def __init__(self, seconds: float) -> None:
        self.is_over = False
        self.connection: _Connection | None = None
        self._seconds = seconds
        self._done = threading.Event()
        threading.Thread(target=self._run, daemon=True).start()

    def end(self) -> None:
        """Let the request be: it has been answered, or has failed."""
        self._done.set()

    def _run(self) -> None:
        seconds = self._seconds
        while not self._done.wait(max(seconds, 0)):
            self.is_over = True
            if self.connection:
                self.connection.shut()
            seconds = _AGAIN_SECONDS


def watched(seconds: float) -> Watch:
    """Begin to watch the request that this thread sends next."""
    _UNDER_WAY.watch = Watch(seconds)
    watch: Watch = _UNDER_WAY.watch
    return watch


def current_watch() -> Watch:
    """Return the watch of the request that this thread sent last."""
    watch: Watch = _UNDER_WAY.watch
    return watch


class Adapter(HTTPAdapter):
    """An adapter whose requests are watched, through a proxy, too."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 -- as its parent has it
        """Have the pools make connections that can be ended."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:  # noqa: ANN401 -- as its parent has it
        """Have the pools of a proxy do the same."""
        manager = super().proxy_manager_for(proxy, **kwargs)
        if not proxy.lower().startswith("socks"):  # which has connections of its own
            manager.pool_classes_by_scheme = _POOLS
        return manager


class _Connection(HTTPSConnection):
    _read_from: object = None

    def connect(self) -> None:
        self._watch()
        super().connect()

    def request(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 -- as its parent has it
        self._watch()
        super().request(*args, **kwargs)

    def getresponse(self) -> Any:  # noqa: ANN401 -- as its parent has it
        # It lets go of the socket before the body is read if the server ends the connection.
        self._read_from = self.sock
        response: Any = super().getresponse()
        raw = response._fp  # noqa: SLF001 -- it cannot be reached otherwise
        raw._safe_read = partial(_read_exactly, raw._safe_read)  # noqa: SLF001 -- the same
        return response

    def shut(self) -> None:
        """End what is being waited for. Not TLS's own shutdown: that would wait, too."""
        opened = self.sock or self._read_from
        # TLS inside of TLS, to a proxy that is spoken to by HTTPS.
        opened = getattr(opened, "socket", opened)
        if isinstance(opened, socket.socket):
            with suppress(OSError):
                socket.socket.shutdown(opened, socket.SHUT_RDWR)

    def _watch(self) -> None:
        watch: Watch | None = getattr(_UNDER_WAY, "watch", None)
        if watch:
            watch.connection = self


def _read_exactly(read: Callable[[int], bytes], length: int) -> bytes:
    """Read a chunk; of one with the length -1 Python would read all that ever comes."""
    if length < 0:
        raise ProtocolError("a chunk of negative length")
    return read(length)


class _Pool(HTTPSConnectionPool):
    ConnectionCls = _Connection


# Plain HTTP is never spoken to Zendesk.
_POOLS: Final = {"https": _Pool}
