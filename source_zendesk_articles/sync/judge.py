"""One article against what is known of it → a verdict: emit it, or leave it as it is. Pure."""

from collections.abc import Sequence
from typing import NamedTuple

from source_zendesk_articles.articles.changes import (
    OUT_OF_SCOPE,
    Change,
    Rules,
    change,
    retract,
)
from source_zendesk_articles.articles.filters import has_article
from source_zendesk_articles.articles.visibility import has_source
from source_zendesk_articles.config import Filters
from source_zendesk_articles.memory.known import KnownArticles
from source_zendesk_articles.memory.packing import Known
from source_zendesk_articles.zendesk.models import Article, Translation


class CompleteArticle(NamedTuple):
    """An article with everything that a verdict needs; see `is_in_scope`.

    An article out of scope may lack translations.
    """

    article: Article
    translations: Sequence[Translation]
    is_in_scope: bool


class Verdict(NamedTuple):
    """What an article calls for, and whether that has to be emitted.

    If not, `change` says what the destination holds already: `change.held` may be empty.
    """

    change: Change
    has_to_be_emitted: bool


def is_in_scope(article: Article, filters: Filters, known: Known | None) -> bool:
    """Return whether the filters let an article's section and labels through.

    If its section, category or labels are unknown, an article stays in scope only if it was known
    before.
    """
    category_id = article.section.category_id if article.section else None
    if (filters.need_section and article.section_id is None) or (
        filters.categories and category_id is None
    ):
        if known is None:
            return False
        sections = filters.sections if article.section_id is not None else frozenset()
        filters = filters._replace(categories=frozenset(), sections=sections)
    if (filters.labels or filters.exclude_labels) and article.label_names is None:
        if known is None:
            return False
        filters = filters._replace(labels=frozenset(), exclude_labels=frozenset())
    return has_article(filters, article, category_id)


def needs_translations(article: Article, *, is_in_scope: bool) -> bool:
    """Return whether an article came without its translations, or with a partial list of them."""
    return is_in_scope and not has_source(article, article.translations or ())


def with_listed(article: Article, listed: Sequence[Translation]) -> Sequence[Translation]:
    """Return the translations of an article whose list of them was asked for.

    A list without the source one is partial: then those that came along count, too.
    """
    if has_source(article, listed):
        return listed
    return (*(article.translations or ()), *listed)


def judge(
    complete: CompleteArticle,
    known: KnownArticles,
    rules: Rules,
    *,
    missed: bool = False,
    delivered: str | None = None,
) -> Verdict:
    """Return the verdict on an article.

    `missed`: the listing did not show it, but it answered when it was asked for.
    `delivered`: a state written by hand says that the destination has what Zendesk has not
    timestamped since this time.
    """
    article, translations, in_scope = complete
    held, perhaps_held = known.held(article.id), known.perhaps_held(article.id)
    if in_scope:
        called_for = change(article, translations, held, rules, perhaps_held)
    else:
        called_for = retract(rules.brand_subdomain, article.id, held | perhaps_held, OUT_OF_SCOPE)
    called_for = called_for._replace(missed=missed)
    before = known[article.id]
    return Verdict(called_for, _has_to_be_emitted(called_for, before, delivered))


def _has_to_be_emitted(called_for: Change, before: Known | None, delivered: str | None) -> bool:
    if not (called_for.records or called_for.retracted):
        return False
    if before is None:
        return bool(called_for.held) and not _was_delivered(called_for, delivered)
    # An article in doubt has a digest that no records have.
    return (called_for.digest, called_for.held) != (before.digest, before.locales)


def _was_delivered(called_for: Change, until: str | None) -> bool:
    return until is not None and all(record["updated_at"] < until for record in called_for.records)
