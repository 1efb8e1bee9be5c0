"""The conditions under which a test runs the connector: no waiting, smaller pages and limits.

All that tests need of the package's inside is named here and in `connector`.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from integration_tests.connector import LISTING
from integration_tests.zendesk_emulator import Fault, ZendeskEmulator
from source_zendesk_articles import check
from source_zendesk_articles.articles.records import Record, add_markdown
from source_zendesk_articles.config import parse_config
from source_zendesk_articles.memory.known import KnownArticles
from source_zendesk_articles.sync import listing
from source_zendesk_articles.zendesk import auth, client, transport
from source_zendesk_articles.zendesk import rate_limit as pace
from source_zendesk_articles.zendesk.auth import authenticator
from source_zendesk_articles.zendesk.client import Connection, HelpCenterClient
from source_zendesk_articles.zendesk.rate_limit import WORKERS
from source_zendesk_articles.zendesk.retries import BIG_PAGE

__all__ = [
    "BIG_PAGE",
    "WORKERS",
    "Connection",
    "HelpCenterClient",
    "KnownArticles",
    "Record",
    "add_markdown",
    "auth",
    "authenticator",
    "check",
    "client",
    "parse_config",
    "transport",
]

# What `patch` and `monkeypatch` set: limits that a test lowers, and functions that it replaces.
_PACKAGE = "source_zendesk_articles."
SMALL = f"{_PACKAGE}memory.due.SMALL"
BATCH_ARTICLES = f"{_PACKAGE}sync.outbox.BATCH_ARTICLES"
PAGES_AHEAD = f"{_PACKAGE}sync.listing.PAGES_AHEAD"
PROGRESS_SECONDS = f"{_PACKAGE}stream.PROGRESS_SECONDS"
BIG_PAGES = f"{_PACKAGE}zendesk.client.BIG_PAGE"
TIMEOUT = f"{_PACKAGE}zendesk.transport.TIMEOUT"
RETRY_CLOCK = f"{_PACKAGE}zendesk.retries.datetime"
ADD_MARKDOWN = f"{_PACKAGE}sync.conversions.add_markdown"
DIGEST_VERSIONS = (
    f"{_PACKAGE}articles.records.DIGEST_VERSION",
    f"{_PACKAGE}sync.one_help_center.DIGEST_VERSION",
)


@contextmanager
def without_waiting(zendesk: ZendeskEmulator) -> Iterator[list[float]]:
    """Record the seconds of each wait instead of waiting; the emulator's clock moves on.

    What the rate limit holds back is not recorded: how many threads it holds is chance.
    """
    waited: list[float] = []
    passed = [0.0]

    def let_pass(seconds: float) -> None:
        passed.append(seconds)
        zendesk.clock.advance(seconds)

    def sleep(seconds: float) -> None:
        # The CDK's backoff library sleeps for nothing after the CDK has slept.
        if seconds:
            waited.append(seconds)
        let_pass(seconds)

    class Condition(threading.Condition):
        """Waits until the thread that is told to has slept, or lets the time pass itself."""

        def wait(self, timeout: float | None = None) -> bool:
            moments = len(passed)
            super().wait(0.002)
            if timeout and moments == len(passed):
                let_pass(timeout)
            return True

    with (
        patch("time.sleep", sleep),
        patch.object(pace, "Condition", Condition),
        patch.object(pace, "monotonic", lambda: sum(passed)),
    ):
        yield waited


@contextmanager
def pages_of(articles: int, *, reach: int = 100) -> Iterator[None]:
    """Have lists read in pages so short, and so many reach ones reached from either end."""
    with (
        patch.object(client, "PAGE_SIZE", articles),
        patch.object(listing, "PAGE_SIZE", articles),
        patch.object(listing, "OFFSET_PAGES", reach),
    ):
        yield


def refuse_offset_pages(zendesk: ZendeskEmulator) -> None:
    """Have a listing read by cursor, one page after another."""
    zendesk.faults.add(
        Fault("status", path="articles$", where={**LISTING, "page": "1"}, status=400, times=None)
    )
