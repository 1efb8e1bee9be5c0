"""The one place that knows the rate limit of an account: when any thread may send a request.

Limits count by the minute, and a Help Center's apart from Support's. Each answer tells how many
requests are left; one with status 429, how long to wait.
https://developer.zendesk.com/api-reference/introduction/rate-limits/
"""

import re
from collections.abc import Mapping
from math import inf
from threading import Condition
from time import monotonic
from typing import Final

# At 150 ms a request they make 3,200 a minute: more than the highest limit, of 2,500, lets through.
# https://developer.zendesk.com/api-reference/introduction/rate-limits/
WORKERS: Final = 8
WINDOW_SECONDS: Final = 60
# At full speed until no more are left than may be under way. These are spread over the rest of the
# minute, for others who read the same Help Center.
RESERVE: Final = WORKERS
# Somebody has to ask whether another minute has begun, or what is left now where limits slide.
LONGEST_GAP_SECONDS: Final = 5
# Answers overtake each other. So many more left than were counted here are those of a new minute.
_NEW_WINDOW: Final = 2 * WORKERS


class StoppedError(Exception):
    """What a request meets that nobody waits for any more."""


class Pace:
    """Holds requests back: all while the limit is reached, and some before it comes to that.

    When a minute of Zendesk's begins is not told. It ends, at the latest, a minute after the first
    answer that was seen of it. `seconds`: how long all that is asked may take.
    """

    def __init__(self, seconds: float = inf) -> None:
        self._changed = Condition()
        self._ends_at = monotonic() + seconds
        self._paused_until = 0.0
        self._window_ends = 0.0
        self._left = 0
        self._next = 0.0
        self._stopped: set[str] = set()
        self._is_closed = False

    @property
    def left(self) -> float:
        """How many seconds are left until all must have been answered."""
        return self._ends_at - monotonic()

    def pause(self, seconds: float) -> None:
        """Let no request out for so long: an answer said that the limit is reached."""
        with self._changed:
            self._paused_until = max(self._paused_until, monotonic() + seconds)
            self._window_ends = 0.0

    def stop(self, host: str) -> None:
        """Let nothing out to a host any more."""
        with self._changed:
            self._stopped.add(host)
            self._changed.notify_all()

    def close(self) -> None:
        """Let nothing out any more."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def enter(self, host: str) -> None:
        """Let a request out that the limit does not count.

        Raises:
            StoppedError: where none may go out any more.

        """
        if self._is_closed or host in self._stopped:
            raise StoppedError

    def wait(self, host: str) -> None:
        """Return as soon as a request to a host may go out, and count it.

        Raises:
            StoppedError: where none may any more.

        """
        with self._changed:
            while not self._is_closed and host not in self._stopped:
                now = monotonic()
                start = self._start(now)
                if start <= now:
                    self._take(now)
                    return
                self._changed.wait(start - now)
            raise StoppedError

    def note(self, headers: Mapping[str, str]) -> None:
        """Take from the headers of an answer how many requests are left, where they tell."""
        told = headers.get("X-Rate-Limit-Remaining", "")
        if not re.fullmatch(r"[0-9]{1,9}", told):
            return
        left = int(told)
        with self._changed:
            now = monotonic()
            if now < self._paused_until:
                return  # it was sent before the pause
            if now >= self._window_ends or left > self._left + _NEW_WINDOW:
                self._window_ends = now + WINDOW_SECONDS
                self._left, self._next = left, now
                self._changed.notify_all()
            else:
                self._left = min(self._left, left)

    def _start(self, now: float) -> float:
        """Return when the next request may go out."""
        if now < self._window_ends and self._left <= RESERVE:
            return max(self._paused_until, self._next)
        return self._paused_until

    def _take(self, now: float) -> None:
        share = (self._window_ends - now) / max(self._left, 1)
        self._next = now + min(share, LONGEST_GAP_SECONDS)
        self._left = max(self._left - 1, 0)
