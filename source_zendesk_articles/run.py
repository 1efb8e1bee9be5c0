"""The console script `source-zendesk-articles`."""

import sys

from airbyte_cdk.entrypoint import launch

from source_zendesk_articles.source import SourceZendeskArticles


def run() -> None:
    """Run the Airbyte command that the arguments name; see `--help`."""
    launch(SourceZendeskArticles(), sys.argv[1:])
