"""The rate limit: so many requests a minute of the account's clock.

https://developer.zendesk.com/api-reference/introduction/rate-limits/
"""

from datetime import datetime

_SECONDS = 60


class RateLimit:
    """Fixed windows of a minute. That they are fixed, not sliding, is a simplification."""

    def __init__(self) -> None:
        self._minute = -1
        self._used = 0

    def use(self, limit: int, now: datetime) -> tuple[int, int | None]:
        """Use one request: how many remain, and the seconds to wait if there was none left."""
        minute, second = divmod(int(now.timestamp()), _SECONDS)
        if minute != self._minute:
            self._minute, self._used = minute, 0
        if self._used >= limit:
            return 0, _SECONDS - second
        self._used += 1
        return limit - self._used, None
