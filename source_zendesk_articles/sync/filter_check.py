"""Filters that name what a Help Center does not have, and the lists that filters need."""

from collections.abc import Iterable

from source_zendesk_articles.articles.filters import sentence_on_unknown
from source_zendesk_articles.articles.placement import Hierarchy
from source_zendesk_articles.config import Filters
from source_zendesk_articles.zendesk.client import HelpCenterClient
from source_zendesk_articles.zendesk.models import Locales

Choices = dict[str, dict[object, str]]
"""What the filters can name: field → id or locale → its name or ""."""


def read_hierarchy(client: HelpCenterClient, *, categories: bool, sections: bool) -> Hierarchy:
    """Ask for the lists of categories and sections, or one of them, or none."""
    return Hierarchy(
        {row.id: row for page in client.categories() for row in page} if categories else {},
        {row.id: row for page in client.sections() for row in page} if sections else {},
    )


def read_filtered(client: HelpCenterClient, filters: Filters) -> Hierarchy:
    """Ask for the lists that filters need: none, sections, or categories and sections."""
    return read_hierarchy(
        client, categories=bool(filters.categories), sections=filters.need_section
    )


def choices(locales: Locales, hierarchy: Hierarchy) -> Choices:
    """Return what the filters of a Help Center can name."""
    return {
        "locales": {locale.lower(): "" for locale in locales.enabled},
        "categories": {row.id: row.names.own for row in hierarchy.categories.values()},
        "sections": {row.id: row.names.own for row in hierarchy.sections.values()},
    }


def unknown_filters(filters: Filters, found: Iterable[Choices]) -> list[str]:
    """Return a sentence for each filter that names what none of some Help Centers has."""
    valid: Choices = {}
    for one in found:
        for field, names in one.items():
            valid.setdefault(field, {}).update(names)
    sentences = (
        sentence_on_unknown(field, getattr(filters, field), names) for field, names in valid.items()
    )
    return [sentence for sentence in sentences if sentence]
