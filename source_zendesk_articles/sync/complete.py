"""Rows of a page → articles with everything that a verdict needs. Asks Zendesk for what is missing.

A row that cannot be read is asked for again, alone. An article without its section, category or
translations gets them from the lists of these.
"""

from collections.abc import Iterable, Sequence
from functools import partial
from http import HTTPStatus
from typing import NamedTuple

from source_zendesk_articles.articles.placement import Hierarchy, is_placed
from source_zendesk_articles.articles.visibility import has_source
from source_zendesk_articles.config import Filters
from source_zendesk_articles.memory.known import KnownArticles
from source_zendesk_articles.sync.filter_check import read_hierarchy
from source_zendesk_articles.sync.judge import (
    CompleteArticle,
    is_in_scope,
    needs_translations,
    with_listed,
)
from source_zendesk_articles.sync.progress import Statistics
from source_zendesk_articles.sync.unreadable import UnreadableArticles
from source_zendesk_articles.sync.workers import InOrder, Workers
from source_zendesk_articles.zendesk.client import HelpCenterClient
from source_zendesk_articles.zendesk.errors import NoUsableAnswerError, RefusalError
from source_zendesk_articles.zendesk.models import Article, Row, Translation, Unreadable
from source_zendesk_articles.zendesk.retries import ONCE_MORE


class Completed(NamedTuple):
    """What became of the rows of a page: articles, ids that are gone by now, unreadable rows."""

    articles: list[CompleteArticle]
    gone: list[int]
    unreadable: list[Unreadable]


class Completion:
    """Completes the rows of one sync of a Help Center."""

    def __init__(
        self,
        client: HelpCenterClient,
        workers: Workers,
        filters: Filters,
        known: KnownArticles,
        done: Statistics,
    ) -> None:
        self.unreadable = UnreadableArticles()
        self.hierarchy = Hierarchy()
        self._client = client
        self._workers = workers
        self._filters = filters
        self._known = known
        self._done = done

    def complete(self, rows: Iterable[Row]) -> Completed:
        """Return what becomes of rows, and count it."""
        completed = Completed([], [], [])
        articles = self._readable(rows, completed)
        self._complete(articles, completed)
        return completed

    def _readable(
        self, rows: Iterable[Row], completed: Completed, *, with_source: bool = False
    ) -> list[Article]:
        """Return the rows that can be read, if need be once they are asked for alone.

        `with_source`: those only that come with the translation in their source locale.
        """
        articles: list[Article] = []
        for row in rows:
            shown = row if isinstance(row, Article) else self._ask_again(row)
            if isinstance(shown, Article):
                if with_source and not has_source(shown, shown.translations or ()):
                    shown = row
                else:
                    articles.append(shown)
                    self.unreadable.discard([shown.id])
                    continue
            if isinstance(shown, Unreadable):
                self.unreadable.add(shown)
                completed.unreadable.append(shown)
            elif row.id is not None:
                self.unreadable.discard([row.id])
                completed.gone.append(row.id)
        return articles

    def _ask_again(self, row: Unreadable) -> Row | None:
        """Return what is shown of an article alone; None if it is gone."""
        if row.id is None or not self.unreadable.ask_for(row):
            return row
        try:
            return self._workers.ask(partial(self._client.article, row.id, ONCE_MORE))
        except NoUsableAnswerError:
            return row
        except RefusalError as error:
            if error.status == HTTPStatus.UNAUTHORIZED:
                raise  # it is not about this article
            return row

    def _complete(self, articles: Sequence[Article], completed: Completed) -> None:
        placed = [
            (article, is_in_scope(article, self._filters, self._known[article.id]))
            for article in self._placed(articles)
        ]
        lists = InOrder(
            self._workers,
            (
                partial(self._client.translations, article.id)
                for article, in_scope in placed
                if needs_translations(article, is_in_scope=in_scope)
            ),
        )
        for article, in_scope in placed:
            self._done.articles += 1
            if article.section is None and (in_scope or self._filters.need_section):
                self._done.unplaced += 1
            translations: Sequence[Translation] = article.translations or ()
            if needs_translations(article, is_in_scope=in_scope):
                listed = next(lists)
                if isinstance(listed, Unreadable):
                    again = self._readable([listed], completed, with_source=True)
                    self._complete(again, completed)
                    continue
                self._done.asked_one_by_one += 1
                self._done.without_source += not has_source(article, listed)
                translations = with_listed(article, listed)
            completed.articles.append(CompleteArticle(article, translations, in_scope))

    def _placed(self, articles: Sequence[Article]) -> Iterable[Article]:
        """Return articles with their sections and categories.

        The lists of these are asked for once a sync, and only if an article comes without them.
        """
        unplaced = [row for row in articles if not is_placed(row)]
        if not unplaced:
            return articles
        lists = self.hierarchy
        if not (lists.is_final or all(map(lists.places, unplaced))):
            lists.is_final = True
            has_new_section = any(row.section_id not in lists.sections for row in unplaced)
            ask = partial(
                read_hierarchy,
                self._client,
                categories=not lists.categories,
                sections=has_new_section,
            )
            lists.update(self._workers.ask(ask))
        return [row if is_placed(row) else lists.place(row) for row in articles]
