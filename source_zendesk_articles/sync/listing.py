"""Every article of a Help Center, many pages at a time, and whether any may be missing.

Offset pages can be asked for side by side, but what they show shifts when an article comes or
goes meanwhile. So they are believed only if everything adds up. The way out are cursor pages, one
after another, which do not shift.
https://developer.zendesk.com/api-reference/introduction/pagination/
"""

import logging
from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future
from functools import partial
from http import HTTPStatus
from time import monotonic
from typing import Any, Final, Generic, NamedTuple

from source_zendesk_articles.sync.workers import Tick, Workers
from source_zendesk_articles.zendesk.client import PAGE_SIZE, HelpCenterClient
from source_zendesk_articles.zendesk.errors import (
    NoUsableAnswerError,
    RefusalError,
)
from source_zendesk_articles.zendesk.models import OffsetPage, Row, Unreadable, letters
from source_zendesk_articles.zendesk.rate_limit import WORKERS

# There is none after the hundredth: so far they reach from either end of a list.
OFFSET_PAGES: Final = 100
# So many pages are asked for ahead of what is emitted, or so much, in `models.letters`: the threads
# should not have to wait until a batch was emitted.
PAGES_AHEAD: Final = 2 * WORKERS
LETTERS_AHEAD: Final = 14_000_000

_LOG = logging.getLogger("airbyte.zendesk")


class ListedPage(NamedTuple):
    """Articles, also those that cannot be read, and when they were fetched, by `time.monotonic`.

    For the listing itself: what is to be asked for after them, and what does not add up, "" where
    all does.
    """

    articles: tuple[Row, ...]
    fetched_at: float
    more: tuple["_Call", ...] = ()
    mismatch: str = ""


_Call = Callable[[], ListedPage]


class ArticleListing(Generic[Tick]):
    """One listing; `total` is how many articles Zendesk says there are, None until it does.

    The first page tells. What offset pages reach is read by these, more articles category by
    category, and a category that is too long itself section by section, which has 5,000 at most.
    """

    def __init__(self, client: HelpCenterClient, workers: Workers[Tick]) -> None:
        self.total: int | None = None
        self.is_whole = False
        """Whether none is missing in what was read."""
        self._client = client
        self._workers = workers
        self._began_at = ""
        # One that has no id that can be read counts each time.
        self._existing: set[object] = set()
        self._cursor_page_size = PAGE_SIZE
        self._under_way: deque[Future[ListedPage]] = deque()
        self._waiting: deque[_Call] = deque()
        self._longest_page = 1

    def begin(self, unless: Future[Any]) -> Generator[Tick, None, None]:
        """Have the first pages on their way, or leave it to `read` if something else is done first.

        What becomes of them is for `read` to tell.
        """
        first = self._workers.submit(self._first)
        self._under_way.append(first)
        yield from self._workers.until(first, unless)
        if first.done():
            self._ask_ahead()

    def read(self) -> Generator[ListedPage | Tick, None, None]:
        """Yield all articles, a page at a time; one that is moved meanwhile may come twice.

        Where some may be missing `is_whole` is false in the end. What was yielded is true. Not seen
        is it where between two pages an article that was read is archived and another one restored,
        or made in the very second of the first answer, so that a third slips through.
        """
        try:
            mismatch = yield from self._pages()
        except NoUsableAnswerError as error:
            mismatch = str(error.internal_message)
            self._cursor_page_size = PAGE_SIZE // 2
        except RefusalError as error:
            if error.status == HTTPStatus.UNAUTHORIZED:
                raise  # not of this kind of page
            mismatch = str(error.internal_message)
        if not mismatch and len(self._existing) != self.total:
            # One that came and one that went leave the total as it was.
            mismatch = f"of {self.total} articles {len(self._existing)} came"
        self.is_whole = not mismatch
        if mismatch:
            _LOG.info("The articles are listed anew, one page after another: %s.", mismatch)

    def read_by_cursor(self) -> Generator[ListedPage | Tick, None, None]:
        """Yield all articles, a page at a time, each asked for after the one before."""
        for page in self._under_way:
            page.cancel()
        self._under_way.clear()
        self._waiting.clear()
        articles = self._client.articles(size=self._cursor_page_size)
        self._under_way.append(self._workers.submit(partial(_cursor_page, articles)))
        yield from self._pages()
        self.is_whole = True

    def _pages(self) -> Generator[ListedPage | Tick, None, str]:
        """Yield what is under way and what that leads to; return what does not add up."""
        while self._under_way:
            fetched = yield from self._workers.result(self._under_way.popleft())
            if fetched.mismatch:
                return fetched.mismatch
            self._waiting.extend(fetched.more)
            self._ask_ahead()
            self._existing.update(
                object() if row.id is None else row.id
                for row in fetched.articles
                if _created_at(row) <= self._began_at
            )
            yield fetched
        return ""

    def _ask_ahead(self) -> None:
        ahead = min(PAGES_AHEAD, max(1, LETTERS_AHEAD // self._longest_page))
        while self._waiting and len(self._under_way) < ahead:
            self._under_way.append(self._workers.submit(self._waiting.popleft()))

    def _first(self) -> ListedPage:
        page = self._offset_page("", 1)
        # What is younger than the earliest answer may not be in the total.
        self.total, self._began_at = page.total, self._client.began_at
        rows = (row for row in page.articles if not isinstance(row, Unreadable))
        if any(article.translations is None for article in rows):
            # With cursor pages they are known to come. One by one they would cost a request each.
            return _listed((), mismatch="translations do not come with offset pages")
        if _is_in_reach(page.total):
            first = self._rest_of("", page)
        else:
            first = _listed(page.articles, (self._categories,))
        if not first.mismatch:
            self._waiting.extend(first.more)
        return first._replace(more=())

    def _categories(self) -> ListedPage:
        rows = (row for page in self._client.categories() for row in page)
        return _listed((), tuple(partial(self._category, row.id) for row in rows))

    def _category(self, category_id: int) -> ListedPage:
        inside = f"/categories/{category_id}"
        page = self._offset_page(inside, 1)
        if _is_in_reach(page.total):
            return self._rest_of(inside, page)
        rows = (row for rows in self._client.sections(inside) for row in rows)
        return _listed(page.articles, tuple(partial(self._section, row.id) for row in rows))

    def _section(self, section_id: int) -> ListedPage:
        inside = f"/sections/{section_id}"
        return self._rest_of(inside, self._offset_page(inside, 1))

    def _rest_of(self, inside: str, first: OffsetPage) -> ListedPage:
        """Return the first page of a list, and what asks for the others that can be reached."""
        ask = partial(self._page, inside, first.total)
        pages = _pages_of(first.total)
        from_oldest = range(2, min(pages, OFFSET_PAGES) + 1)
        # One more than needed: behind a total that is cut off where these end, it shows the rest.
        from_newest = range(1, min(pages - OFFSET_PAGES + 1, OFFSET_PAGES) + 1)
        more = (
            *(partial(ask, number, newest_first=False) for number in from_oldest),
            *(partial(ask, number, newest_first=True) for number in from_newest),
        )
        return _listed(first.articles, more, _mismatch(first, 1, first.total))

    def _page(self, inside: str, total: int, number: int, *, newest_first: bool) -> ListedPage:
        page = self._offset_page(inside, number, newest_first=newest_first)
        return _listed(page.articles, (), _mismatch(page, number, total))

    def _offset_page(self, inside: str, number: int, *, newest_first: bool = False) -> OffsetPage:
        page = self._client.offset_page(inside, number, newest_first=newest_first)
        # At once, before it is its turn: the pages after it may be as long.
        self._longest_page = max(self._longest_page, _letters(page.articles))
        return page


def _cursor_page(pages: Iterator[tuple[Row, ...]]) -> ListedPage:
    page = next(pages, None)
    return _listed(()) if page is None else _listed(page, (partial(_cursor_page, pages),))


def _listed(
    articles: tuple[Row, ...], more: tuple[_Call, ...] = (), mismatch: str = ""
) -> ListedPage:
    return ListedPage(articles, monotonic(), more, mismatch)


def _mismatch(page: OffsetPage, number: int, total: int) -> str:
    """Say what does not fit to a list with so many articles."""
    rest = total - (number - 1) * PAGE_SIZE
    if page.total != total:
        return f"there were {total}, and then {page.total}"
    if len(page.articles) != min(rest, PAGE_SIZE) or (page.has_more and rest <= PAGE_SIZE):
        return f"page {number} of {total} articles has {len(page.articles)}"
    return ""


def _pages_of(articles: int) -> int:
    return -(-articles // PAGE_SIZE)


def _is_in_reach(articles: int) -> bool:
    # From both ends, with a page in the middle that both show.
    return _pages_of(articles) < 2 * OFFSET_PAGES


def _created_at(row: Row) -> str:
    # Where nobody knows when it was made, it counts as one that was there.
    return "" if isinstance(row, Unreadable) else str(row.raw.get("created_at") or "")


def _letters(rows: tuple[Row, ...]) -> int:
    articles = (row for row in rows if not isinstance(row, Unreadable))
    return sum(letters(text.body) for article in articles for text in article.translations or ())
