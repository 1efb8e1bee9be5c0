"""When a request may go out: not while the rate limit is reached, and not after the end of a sync.

Zendesk counts requests by the minute, a Help Center's apart from Support's. An answer with status
429 says how long to wait.
https://developer.zendesk.com/api-reference/introduction/rate-limits/
"""

from math import inf
from threading import Condition
from time import monotonic
from typing import Final

# Threads that make requests. At 150 ms a request they make 3,200 a minute: more than the highest
# limit, of 2,500, allows.
WORKERS: Final = 8


class StoppedError(Exception):
    """A request is not made, because its answer is no longer needed."""


class RateLimit:
    """Holds back the requests of all threads while the limit is reached.

    `seconds`: how long everything that is asked may take.
    """

    def __init__(self, seconds: float = inf) -> None:
        self._changed = Condition()
        self._ends_at = monotonic() + seconds
        self._paused_until = 0.0
        self._stopped: set[str] = set()
        self._is_closed = False

    @property
    def left(self) -> float:
        """How many seconds are left until everything must have been answered."""
        return self._ends_at - monotonic()

    def pause(self, seconds: float) -> None:
        """Make no request for so long: an answer said that the limit is reached."""
        with self._changed:
            self._paused_until = max(self._paused_until, monotonic() + seconds)

    def stop(self, host: str) -> None:
        """Make no more requests to a host."""
        with self._changed:
            self._stopped.add(host)
            self._changed.notify_all()

    def close(self) -> None:
        """Make no more requests."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def check(self, host: str) -> None:
        """Return if a request to a host may be made that the limit does not count.

        Raises:
            StoppedError: if no more may be made.

        """
        if self._is_closed or host in self._stopped:
            raise StoppedError

    def wait(self, host: str) -> None:
        """Return as soon as a request to a host may be made.

        Raises:
            StoppedError: if no more may be made.

        """
        with self._changed:
            self.check(host)
            while (seconds := self._paused_until - monotonic()) > 0:
                self._changed.wait(seconds)
                self.check(host)
