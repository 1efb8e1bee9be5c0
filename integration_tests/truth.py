"""What a destination must hold, told from the emulator's Help Center and the design alone."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from integration_tests.zendesk_emulator import (
    Article,
    Category,
    HelpCenter,
    Section,
    Translation,
)

Key = tuple[int, str]
Row = dict[str, Any]


def truth(  # noqa: PLR0913 -- what a row depends on
    help_center: HelpCenter,
    *,
    treat_as_open: bool = False,
    is_open: bool | None = None,
    filters: Mapping[str, Any] | None = None,
    names_translated: bool = True,
    markdown: Callable[[str], str] | None = None,
) -> dict[Key, Row]:
    """Return the row of each variant in scope that is not outdated, by article id and locale.

    `is_open` is what a visitor found, if that is not to be looked up; `filters` are fields of the
    connector's configuration; `names_translated`: whether the translations of sections and
    categories come; `markdown`: what becomes of a body, if that is wanted.
    """
    if is_open is None:
        is_open = visitors_see_something(help_center)
    rows = {
        (article.id, locale): _row(
            help_center,
            article,
            translation,
            is_open=is_open or treat_as_open,
            names_translated=names_translated,
        )
        | {"body_markdown": markdown(translation.body or "") or None if markdown else None}
        for article in help_center.articles
        for locale, translation in article.translations.items()
        if not translation.outdated and _matches(help_center, article, locale, filters or {})
    }
    wanted = (filters or {}).get("visibility") or ["public", "internal"]
    return {key: row for key, row in rows.items() if row["visibility"] in wanted}


def noticed(row: Row) -> Row:
    """Return what of a row a reader, a bot or an access rule can notice."""
    return {name: value for name, value in row.items() if name not in _UNNOTICED}


def mirror(help_center: HelpCenter, **options: Any) -> dict[Key, Row]:  # noqa: ANN401 -- as `truth` takes them
    """Return the `truth` in what can be noticed: what a destination's table has to be."""
    return {key: noticed(row) for key, row in truth(help_center, **options).items()}


def as_markdown(body: str) -> str:
    """Return the Markdown of a body of `sample`, which is a paragraph with bold words."""
    return re.sub("</?p>", "", re.sub("</?b>", "**", body))


def _matches(
    help_center: HelpCenter, article: Article, locale: str, filters: Mapping[str, Any]
) -> bool:
    category = help_center.sections[article.section_id].category_id
    labels = filters.get("labels", [])
    return (
        locale in (filters.get("locales") or [locale])
        and category in (filters.get("categories") or [category])
        and article.section_id in (filters.get("sections") or [article.section_id])
        and (not labels or any(label in labels for label in article.label_names))
        and not any(label in filters.get("exclude_labels", []) for label in article.label_names)
    )


def key_of(record: Row) -> Key:
    """Return the primary key of a record."""
    return record["id"], record["locale"]


def rows(records: list[Row]) -> dict[Key, Row]:
    """Return records in the form of `truth`; each key must be there once.

    The CDK leaves nulls out of what it prints.
    """
    keyed = {key_of(record): record for record in records}
    assert len(keyed) == len(records), "a key came twice"
    return {key: {name: record.get(name) for name in _NAMES} for key, record in keyed.items()}


_ARTICLE_NAMES = (
    "section_id",
    "author_id",
    "permission_group_id",
    "user_segment_id",
    "label_names",
    "content_tag_ids",
    "promoted",
    "position",
    "comments_disabled",
    "vote_sum",
    "vote_count",
)
# They move all the time, and would have everything embedded again.
_UNNOTICED = {
    "translation_updated_at",
    "article_updated_at",
    "created_at",
    "edited_at",
    "position",
    "comments_disabled",
    "vote_sum",
    "vote_count",
}
_NAMES = (
    "title",
    "body",
    "body_markdown",
    "draft",
    "status",
    "visibility",
    "visibility_reason",
    "translation_id",
    "translation_updated_at",
    "article_updated_at",
    "created_at",
    "edited_at",
    "source_locale",
    "category_id",
    "section_name",
    "category_name",
    *_ARTICLE_NAMES,
)


def visitors_see_something(help_center: HelpCenter) -> bool:
    """Tell whether the look of a visitor proves that the Help Center is open."""
    return help_center.visitors == "open" and any(
        not text.draft and not text.hidden and text.locale in help_center.locales
        for article in help_center.articles
        if not article.user_segment_ids
        for text in article.translations.values()
    )


def _row(
    help_center: HelpCenter,
    article: Article,
    translation: Translation,
    *,
    is_open: bool,
    names_translated: bool,
) -> Row:
    reasons = {
        "help_center_closed": not is_open,
        "locale_disabled": translation.locale not in help_center.locales,
        "draft": translation.draft,
        "hidden": translation.hidden,
        "user_segment": bool(article.user_segment_ids),
    }
    reason = next((reason for reason, holds in reasons.items() if holds), "published")
    time = "%Y-%m-%dT%H:%M:%SZ"
    is_source = translation.locale == article.source_locale
    section = help_center.sections[article.section_id]
    category = help_center.categories[section.category_id]
    named_in = translation.locale if names_translated else ""
    return {
        "title": translation.title,
        "body": translation.body,
        "draft": translation.draft,
        "status": "draft" if translation.draft else "published",
        "visibility": "public" if reason == "published" else "internal",
        "visibility_reason": reason,
        "translation_id": translation.id,
        "translation_updated_at": translation.updated_at.strftime(time),
        "article_updated_at": article.updated_at.strftime(time),
        "created_at": article.created_at.strftime(time),
        "edited_at": article.edited_at.strftime(time) if is_source else None,
        "source_locale": article.source_locale,
        "category_id": category.id,
        "section_name": _name(section, named_in),
        "category_name": _name(category, named_in),
        **{name: getattr(article, name) for name in _ARTICLE_NAMES},
    }


def _name(of: Category | Section, locale: str) -> str:
    """Return the name in a locale, or the own one where that has none."""
    text = of.translations.get(locale)
    return text.title if text and text.title else of.name
