"""Airbyte source for the articles of a Zendesk Help Center."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from source_zendesk_articles.source import SourceZendeskArticles

__all__ = ["SourceZendeskArticles"]


def __getattr__(name: str) -> type["SourceZendeskArticles"]:
    """Return the source's class, which `airbyte-cdk connector test` looks for in the package.

    It is imported only here: the import takes a second, which each start of the script would pay.
    https://github.com/airbytehq/airbyte-python-cdk `test/standard_tests/connector_base.py`
    """
    if name == "SourceZendeskArticles":
        from source_zendesk_articles.source import SourceZendeskArticles  # noqa: PLC0415

        return SourceZendeskArticles
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
