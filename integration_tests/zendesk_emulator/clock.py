"""The account's own time: it makes every time stamp and the `Date` header."""

import time
from datetime import UTC, datetime, timedelta

START = datetime(2026, 11, 1, 12, tzinfo=UTC)


class Clock:
    """Stands still at START until told to move; `ticking` makes it run as well."""

    def __init__(self, *, ticking: bool = False) -> None:
        self._set_to = START
        self._ticking_since = time.monotonic() if ticking else None

    @property
    def now(self) -> datetime:
        """Aware, in UTC, with whatever fraction of a second has passed."""
        if self._ticking_since is None:
            return self._set_to
        return self._set_to + timedelta(seconds=time.monotonic() - self._ticking_since)

    @property
    def stamp(self) -> datetime:
        """The present whole second: Zendesk's time stamps have no fraction."""
        return self.now.replace(microsecond=0)

    def advance(self, seconds: float) -> None:
        """Move on, or back when `seconds` is negative, as servers' clocks do."""
        self._set_to += timedelta(seconds=seconds)
