"""The listing: every article, many pages in parallel, and whether any may be missing.

Offset pages can be asked for in parallel, but an article that comes or goes shifts what they show.
So they are believed only if everything adds up. Otherwise cursor pages, which do not shift, are
read one after another.
https://developer.zendesk.com/api-reference/introduction/pagination/
"""

import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from functools import partial
from http import HTTPStatus
from time import monotonic
from typing import Any, Final, NamedTuple

from source_zendesk_articles.sync.workers import Workers
from source_zendesk_articles.zendesk.client import PAGE_SIZE, HelpCenterClient
from source_zendesk_articles.zendesk.errors import NoUsableAnswerError, RefusalError
from source_zendesk_articles.zendesk.models import OffsetPage, Row, Unreadable, letters
from source_zendesk_articles.zendesk.rate_limit import WORKERS

# Zendesk shows no later page: so far they reach from either end of a list.
OFFSET_PAGES: Final = 100
# So many pages, or so many `models.letters`, are asked for ahead of what is emitted: threads should
# not wait while a batch is emitted.
PAGES_AHEAD: Final = 2 * WORKERS
LETTERS_AHEAD: Final = 14_000_000

_LOG = logging.getLogger("airbyte.zendesk")


class ListedPage(NamedTuple):
    """Rows, and when they were fetched, by `time.monotonic`.

    `more` and `mismatch` are for the listing itself: the calls that fetch further pages, and what
    does not add up, "" if all does.
    """

    articles: tuple[Row, ...]
    fetched_at: float
    more: tuple["_Call", ...] = ()
    mismatch: str = ""


_Call = Callable[[], ListedPage]


class Sightings:
    """The ids of the articles that a listing has shown; of several sightings the newest counts."""

    def __init__(self) -> None:
        self._seen: dict[int, tuple[str, float]] = {}

    def __len__(self) -> int:
        return len(self._seen)

    def __contains__(self, article_id: int) -> bool:
        return article_id in self._seen

    def newest(self, page: ListedPage) -> list[Row]:
        """Note the articles of a page; return its rows but those that were seen in a newer state.

        Pages come in their order, but one that had to be asked for again is younger than later
        ones: of two sightings the older one may come last.
        """
        rows = [row for row in page.articles if row.id is None or self._is_newest(row, page)]
        self._seen.update(
            (row.id, (row.updated_at, page.fetched_at)) for row in rows if row.id is not None
        )
        return rows

    def discard(self, article_ids: Iterable[int]) -> None:
        """Forget articles that are gone by now."""
        for article_id in article_ids:
            self._seen.pop(article_id, None)

    def clear(self) -> None:
        """Forget all: the articles are listed again."""
        self._seen.clear()

    def _is_newest(self, row: Row, page: ListedPage) -> bool:
        return row.id is None or (row.updated_at, page.fetched_at) >= self._seen.get(
            row.id, ("", 0)
        )


class ArticleListing:
    """One listing; `total` is how many articles there are, None until the first page says it.

    Offset pages read a list that they reach to its middle from both ends; a longer one is read
    category by category.
    """

    def __init__(self, client: HelpCenterClient, workers: Workers) -> None:
        self.total: int | None = None
        self.is_whole = False
        """Whether no article is missing in what was read."""
        self._client = client
        self._workers = workers
        self._began_at = ""
        # A row without an id that can be read counts each time.
        self._existing: set[object] = set()
        self._cursor_page_size = PAGE_SIZE
        self._under_way: deque[Future[ListedPage]] = deque()
        self._waiting: deque[_Call] = deque()
        self._longest_page = 1

    def begin(self, unless: Future[Any]) -> None:
        """Ask for the first pages, but only for one until `unless` is done.

        `read` yields these pages and raises their errors.
        """
        first = self._workers.submit(self._first)
        self._under_way.append(first)
        self._workers.wait_for_any(first, unless)
        if first.done():
            self._ask_ahead()

    def read(self) -> Iterator[ListedPage]:
        """Yield all articles, a page at a time; one that is moved meanwhile may come twice.

        If some may be missing, `is_whole` is false in the end; what was yielded is true. One case
        goes unnoticed: between two pages an article that was read is archived and another one
        restored, or created in the very second of the first answer, so that a third slips through.
        """
        mismatch = ""
        try:
            for page in self._pages():
                mismatch = page.mismatch
                if mismatch:
                    break
                yield page
        except NoUsableAnswerError as error:
            mismatch = str(error.internal_message)
            self._cursor_page_size = PAGE_SIZE // 2
        except RefusalError as error:
            if error.status == HTTPStatus.UNAUTHORIZED:
                raise  # it is not about this kind of page
            mismatch = str(error.internal_message)
        if not mismatch and len(self._existing) != self.total:
            # One that came and one that went leave the total as it was.
            mismatch = f"of {self.total} articles {len(self._existing)} came"
        self.is_whole = not mismatch
        if mismatch:
            _LOG.info("The articles are listed again, one page after another: %s.", mismatch)

    def read_by_cursor(self) -> Iterator[ListedPage]:
        """Yield all articles, a page at a time, each asked for after the one before."""
        for page in self._under_way:
            page.cancel()
        self._under_way.clear()
        self._waiting.clear()
        articles = self._client.articles(size=self._cursor_page_size)
        self._under_way.append(self._workers.submit(partial(_cursor_page, articles)))
        yield from self._pages()
        self.is_whole = True

    def _pages(self) -> Iterator[ListedPage]:
        """Yield the pages that are under way, and those that they lead to."""
        while self._under_way:
            page = self._workers.result(self._under_way.popleft())
            self._waiting.extend(page.more)
            if not page.mismatch:
                self._ask_ahead()
            self._existing.update(
                object() if row.id is None else row.id
                for row in page.articles
                if _created_at(row) <= self._began_at
            )
            yield page

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
            # Cursor pages are known to bring them. One by one they would cost a request each.
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
        # Zendesk's limit is 40,000 articles in all, so hardly any category is so long.
        return _listed((), mismatch=f"category {category_id} has {page.total} articles")

    def _rest_of(self, inside: str, first: OffsetPage) -> ListedPage:
        """Return the first page of a list, and what asks for the others that can be reached."""
        ask = partial(self._page, inside, first.total)
        pages = _pages_of(first.total)
        from_oldest = range(2, min(pages, OFFSET_PAGES) + 1)
        # One page more than needed: if the total itself stops at the pages in reach, it shows more.
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
    """Return what does not fit a list of so many articles, "" if everything does."""
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
    # If it is unknown when an article was created, it counts as one that was there.
    return "" if isinstance(row, Unreadable) else str(row.created_at or "")


def _letters(rows: tuple[Row, ...]) -> int:
    articles = (row for row in rows if not isinstance(row, Unreadable))
    return sum(letters(text.body) for article in articles for text in article.translations or ())
