"""Under what conditions a test runs the connector: without waiting, in other pages."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from integration_tests.connector import LISTING
from integration_tests.zendesk_emulator import Fault, ZendeskEmulator
from source_zendesk_articles.sync import listing
from source_zendesk_articles.zendesk import client
from source_zendesk_articles.zendesk import rate_limit as pace


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
