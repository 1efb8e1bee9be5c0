"""The feed: the incremental list, read page by page from a time on. Pure but for `ask`.

https://developer.zendesk.com/api-reference/help_center/help-center-api/articles/#list-articles
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from source_zendesk_articles.zendesk.models import Article, FeedPage, Row

# Of each page at least a tenth must not come again. Then C changes take no more than C/100 pages of
# the 1,000 rows that Zendesk documents. With less progress a listing is cheaper.
PROGRESS_DIVISOR: Final = 10


class FeedStuckError(Exception):
    """The feed gets no further: its rows do not ascend, or too many have nearly the same time."""


def read_feed(
    ask: Callable[[str], FeedPage], since: str, latest_start: Callable[[], str]
) -> Iterator[tuple[Row, ...]]:
    """Yield the rows of each page; `latest_start` is the latest time to ask from, as time goes on.

    Raises:
        FeedStuckError: after a page that does not lead to the next one.

    """
    start = since
    while True:
        page = ask(start)
        yield page.articles
        # Not `end_time`: it is 1 if there are no rows.
        stamps = [row.updated_at for row in page.articles if isinstance(row, Article)]
        if not page.has_more and (start == since or ascend(stamps)):
            return
        following = next_start(stamps, start, latest_start()) if page.has_more else None
        if following is None:
            raise FeedStuckError
        start = following


def next_start(stamps: Sequence[str], since: str, latest_start: str) -> str | None:
    """Return the time that the page after one with these timestamps starts from.

    `since` is where the page started. None if the feed gets no further: the rows do not ascend, or
    too few of them are older than the next start.
    """
    if not ascend(stamps):
        return None
    start = min(stamps[-1], latest_start) if stamps else since
    done = sum(since <= stamp < start for stamp in stamps)
    return start if done and done * PROGRESS_DIVISOR >= len(stamps) else None


def ascend(stamps: Sequence[str]) -> bool:
    """Return whether rows come in the order of their timestamps: another order hides some."""
    return list(stamps) == sorted(stamps)
