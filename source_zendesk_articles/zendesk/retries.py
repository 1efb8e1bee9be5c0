"""How often a request is made, and how long to wait before the next try. Pure.

Whether to try again is up to `answers` and `failures`.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final, NamedTuple

from source_zendesk_articles.zendesk.answers import Again, RateLimited
from source_zendesk_articles.zendesk.failures import Unreachable

# The limits count by the minute: https://developer.zendesk.com/api-reference/introduction/rate-limits/
LONGEST_BLIND_WAIT: Final = 60
UNLIMITED: Final = 10**9
_DAY: Final = 24 * 60 * 60
# A page that is longer is asked for in halves. Decoded it takes some three times as many bytes of
# memory, and a hundred articles in twenty locales of 100 KB would be 200 MB long.
PAGE_BYTES: Final = 16_000_000
# One article, in forty locales of 1 MB, half of it escapes. https://support.zendesk.com/hc/en-us/articles/4408827254682
ARTICLE_BYTES: Final = 64_000_000
# What is short in any account.
SHORT_BYTES: Final = 1_000_000


class RetryPolicy(NamedTuple):
    """When a request has failed: after so many tries, or so many answers with 429.

    `big_tries` counts instead if a smaller page might come. `longest_wait`, in seconds, bounds what
    `Retry-After` asks for; the request is made early then. An answer of more than `most_bytes`,
    unpacked, is not read to its end.
    """

    tries: int
    rate_limited_tries: int = UNLIMITED
    longest_wait: int = _DAY
    most_bytes: int = SHORT_BYTES
    big_tries: int = UNLIMITED


# Waits of 2, 3, 5, 9, 17, 33 s: a fault of a minute passes unnoticed.
PATIENT: Final = RetryPolicy(tries=7)
ONE_ARTICLE: Final = RetryPolicy(tries=7, most_bytes=ARTICLE_BYTES)
# An article that was unreadable in a list. Without an answer it only stays so, and a hundred of
# them must not take an hour.
ONCE_MORE: Final = RetryPolicy(tries=3, most_bytes=ARTICLE_BYTES)
# Big pages are known to time out (502, 504): after three tries half of one is likelier to come.
BIG_PAGE: Final = RetryPolicy(tries=7, big_tries=3, most_bytes=PAGE_BYTES)
# Whether visitors may read has a safe answer, no, which need not be waited for without end: but for
# several times the minute by which limits count.
VISITOR: Final = RetryPolicy(tries=5, rate_limited_tries=9, longest_wait=120, most_bytes=PAGE_BYTES)


@dataclass
class Tries:
    """The tries of one request so far: those without a usable answer, and those with 429."""

    policy: RetryPolicy
    failed: int = 0
    rate_limited: int = 0

    def count(self, outcome: Again | Unreachable | RateLimited) -> int:
        """Count a try, and return how many there were of its kind."""
        if isinstance(outcome, RateLimited):
            self.rate_limited += 1
            return self.rate_limited
        self.failed += 1
        return self.failed

    def are_used_up(self, outcome: Again | Unreachable | RateLimited) -> bool:
        """Whether the policy allows no further try after this outcome, which was counted."""
        if isinstance(outcome, RateLimited):
            return self.rate_limited >= self.policy.rate_limited_tries
        may_be_big = isinstance(outcome, Again) and outcome.may_be_big
        most = self.policy.big_tries if may_be_big else self.policy.tries
        return self.failed >= min(most, self.policy.tries)

    def wait(self, outcome: Again | Unreachable | RateLimited, retry_after: int | None) -> float:
        """Return the seconds to wait: what was asked for, or twice as long each time."""
        if isinstance(outcome, RateLimited):
            blind = min(2 ** min(self.rate_limited, 10), LONGEST_BLIND_WAIT)
        else:
            blind = 2 ** (self.failed - 1)
        seconds = blind if retry_after is None else retry_after
        return float(min(seconds, self.policy.longest_wait))


def retry_after(headers: Mapping[str, str]) -> int | None:
    """Return the seconds that an answer asks to wait, at most a day: it says so, or until when.

    https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
    """
    asked = headers.get("Retry-After", "").strip()
    if re.fullmatch(r"[0-9]{1,18}", asked):
        return min(int(asked), _DAY)
    until = http_date(asked)
    if until is None:
        return None
    # By the clock that it was written by, if that is known.
    now = http_date(headers.get("Date", "")) or datetime.now(UTC)
    return min(max(math.ceil((until - now).total_seconds()), 0), _DAY)


def http_date(text: str) -> datetime | None:
    """Return the time in a header, in UTC; None if it is none."""
    try:
        date = parsedate_to_datetime(text)
        return date.astimezone(UTC) if date.tzinfo else date.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
