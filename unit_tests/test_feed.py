"""The feed: where its next page starts, and when it is stuck."""

import pytest

from source_zendesk_articles.sync.feed import FeedStuckError, next_start, read_feed
from source_zendesk_articles.zendesk.models import Article, FeedPage, Unreadable


def at(*seconds: int) -> list[str]:
    return [f"2026-11-01T12:00:{second:02}Z" for second in seconds]


@pytest.mark.parametrize(
    ("stamps", "latest", "expected"),
    [
        # 10 is where the page began.
        ([10, 11, 12], 50, 12),
        ([10, 11, 12], 11, 11),
        # The boundary row came again, and does not the next time.
        ([10, 12, 12], 50, 12),
        # Every row would come again, whatever the time is by now.
        ([12, 12, 12], 50, None),
        ([10, 10, 10], 50, None),
        ([20, 21, 22], 20, None),
        ([], 50, None),
        # Rows from before the start do not count.
        ([5, 12, 12], 50, None),
        ([5, 6, 7], 50, None),
        # Rows in another order than that of time.
        ([12, 11, 13], 50, None),
        # Exactly a tenth is enough, less is not.
        ([10] + [12] * 9, 50, 12),
        ([10] + [12] * 10, 50, None),
    ],
)
def test_the_feed_goes_on_if_a_tenth_of_a_page_does_not_come_again(
    stamps: list[int], latest: int, expected: int | None
) -> None:
    start = next_start(at(*stamps), *at(10, latest))
    assert start == (None if expected is None else at(expected)[0])


def page(*seconds: int, has_more: bool) -> FeedPage:
    rows = (article(stamp) for stamp in at(*seconds))
    return FeedPage((*rows, Unreadable(7, "article without `title`")), has_more)


def article(stamp: str) -> Article:
    return Article(id=7, source_locale="en-us", updated_at=stamp)


def starts(*pages: FeedPage) -> list[str]:
    """Return the times that the pages are asked from."""
    asked: list[str] = []
    left = iter(pages)

    def ask(start: str) -> FeedPage:
        asked.append(start)
        return next(left)

    latest = at(50)[0]
    rows = list(read_feed(ask, at(10)[0], lambda: latest))
    assert [page.articles for page in pages] == rows
    return asked


def test_each_page_starts_at_the_last_timestamp_of_the_one_before() -> None:
    pages = page(10, 11, has_more=True), page(11, 12, has_more=True), page(12, has_more=False)
    assert at(10, 11, 12) == starts(*pages)


def test_the_order_of_a_single_page_does_not_matter() -> None:
    assert at(10) == starts(page(12, 11, has_more=False))
    assert at(10) == starts(page(has_more=False))


@pytest.mark.parametrize(
    "pages",
    [
        [page(12, 11, has_more=True)],
        [page(10, 10, has_more=True)],
        [page(has_more=True)],
        [page(10, 11, has_more=True), page(13, 12, has_more=False)],
    ],
    ids=["not in order", "no progress", "empty", "a last page that is not in order"],
)
def test_a_page_that_may_hide_rows_ends_the_feed(pages: list[FeedPage]) -> None:
    with pytest.raises(FeedStuckError):
        starts(*pages)
