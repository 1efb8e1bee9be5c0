"""The account's own time: it makes every time stamp and the `Date` header."""

import time
from datetime import UTC, datetime, timedelta

START = datetime(2026, 11, 1, 12, tzinfo=UTC)


class Clock:
    """Begins at START, and ticks: a second passes with each answer, whatever a machine takes.

    `running`: it goes by this machine's clock instead, for people who look on.
    """

    def __init__(self, *, running: bool = False) -> None:
        self._set_to = START
        self._running_since = time.monotonic() if running else None
        self._tick = 0 if running else 1

    @property
    def now(self) -> datetime:
        """Aware, in UTC, with whatever fraction of a second has passed."""
        if self._running_since is None:
            return self._set_to
        return self._set_to + timedelta(seconds=time.monotonic() - self._running_since)

    @property
    def stamp(self) -> datetime:
        """The present whole second: Zendesk's time stamps have no fraction."""
        return self.now.replace(microsecond=0)

    def advance(self, seconds: float) -> None:
        """Move on, or back when `seconds` is negative, as servers' clocks do."""
        self._set_to += timedelta(seconds=seconds)

    def tick(self) -> None:
        """Move on by what an answer takes."""
        self.advance(self._tick)

    def stand_still(self) -> None:
        """Let no time pass with answers from now on: for what happens within a second."""
        self._tick = 0
