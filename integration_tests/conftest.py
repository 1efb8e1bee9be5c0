"""Fixtures: an emulated account, and time that does not pass while the connector waits."""

import time
from collections.abc import Iterator

import pytest

from integration_tests.zendesk_emulator import ZendeskEmulator


@pytest.fixture
def zendesk() -> Iterator[ZendeskEmulator]:
    """Serve an account with an empty Help Center, its admin and an API token."""
    with ZendeskEmulator() as emulator:
        yield emulator


@pytest.fixture
def waits(zendesk: ZendeskEmulator, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Record the seconds of each wait instead of waiting; the emulator's clock moves on."""
    waited: list[float] = []

    def sleep(seconds: float) -> None:
        # The CDK's backoff library sleeps for nothing after the CDK has slept.
        if seconds:
            waited.append(seconds)
        zendesk.clock.advance(seconds)

    monkeypatch.setattr(time, "sleep", sleep)
    return waited
