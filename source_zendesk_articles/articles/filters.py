"""Which articles and locales a configuration asks for. Pure."""

from collections.abc import Collection, Iterable, Mapping
from hashlib import sha256

import orjson

from source_zendesk_articles.config import Filters
from source_zendesk_articles.zendesk.models import Article

_SHOWN_CHOICES = 20


def has_article(filters: Filters, article: Article, category_id: int | None) -> bool:
    """Tell whether variants of an article can be in scope.

    `category_id` is that of the article's section; it is looked at only if `categories` is given.
    Labels are compared without regard to case; that Zendesk does so, too, is unverified.
    """
    labels = {name.casefold() for name in article.label_names or ()}
    return (
        (not filters.categories or category_id in filters.categories)
        and (not filters.sections or article.section_id in filters.sections)
        and (not filters.labels or not labels.isdisjoint(filters.labels))
        and labels.isdisjoint(filters.exclude_labels)
    )


def has_locale(filters: Filters, locale: str) -> bool:
    """Tell whether variants in a locale can be in scope."""
    return not filters.locales or locale.lower() in filters.locales


def has_visibility(filters: Filters, visibility: str) -> bool:
    """Tell whether variants of a visibility can be in scope."""
    return not filters.visibility or visibility in filters.visibility


def fingerprint(filters: Filters, *more: object) -> str:
    """Return a short text that is another one as soon as the filters, or `more`, are.

    `more` are JSON values, or sets of texts.
    """
    parts = [sorted(part) if isinstance(part, frozenset) else part for part in (*filters, *more)]
    return sha256(orjson.dumps(parts)).hexdigest()[:16]


def sentence_on_unknown(
    field: str, chosen: Iterable[object], valid: Mapping[object, str]
) -> str | None:
    """Return a sentence that names what the Help Center does not have, and what it has.

    `valid` gives each id or locale its name, which may be ""; None if nothing is unknown.
    """
    missing = sorted(str(choice) for choice in chosen if choice not in valid)
    if not missing:
        return None
    choices = [f"{choice} ({name})" if name else f"{choice}" for choice, name in valid.items()]
    return f"`{field}`: the Help Center has no {', '.join(missing)}. It has {_listed(choices)}."


def _listed(choices: Collection[str]) -> str:
    shown = ", ".join(list(choices)[:_SHOWN_CHOICES])
    left = len(choices) - _SHOWN_CHOICES
    return (shown + (f" and {left} more" if left > 0 else "")) or "none"
