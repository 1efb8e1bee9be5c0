"""Fixtures: an emulated account, and time that does not pass while the connector waits."""

from collections.abc import Iterator

import pytest
import requests

from integration_tests.conditions import SMALL, without_waiting
from integration_tests.platform import Platform
from integration_tests.zendesk_emulator import HelpCenter, ZendeskEmulator


@pytest.fixture
def zendesk() -> Iterator[ZendeskEmulator]:
    """Serve an account with an empty Help Center, its admin and an API token."""
    with ZendeskEmulator() as emulator:
        yield emulator


@pytest.fixture
def help_center(zendesk: ZendeskEmulator) -> HelpCenter:
    """Return the account's Help Center, which is empty."""
    return zendesk.account.help_center()


@pytest.fixture
def platform(zendesk: ZendeskEmulator) -> Platform:
    """Connect a strict destination, which holds nothing yet."""
    return Platform(zendesk)


@pytest.fixture
def session(zendesk: ZendeskEmulator) -> Iterator[requests.Session]:
    """Sign in as the admin: a bare client, for what is said of the emulator alone."""
    with requests.Session() as session:
        session.trust_env = False
        session.proxies = {"https": zendesk.environment["HTTPS_PROXY"]}
        session.verify = zendesk.environment["REQUESTS_CA_BUNDLE"]
        session.auth = (f"{zendesk.account.admin.email}/token", zendesk.account.admin_token)
        yield session


@pytest.fixture
def feed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take a Help Center of any size for a large one, which is not listed at every sync."""
    monkeypatch.setattr(SMALL, 0)


@pytest.fixture
def waits(zendesk: ZendeskEmulator) -> Iterator[list[float]]:
    """Record the seconds of each wait instead of waiting; the emulator's clock moves on."""
    with without_waiting(zendesk) as waited:
        yield waited
