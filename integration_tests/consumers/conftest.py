"""A Help Center for the credentials of `sample_config.json`, which the CDK's tests read."""

import json
from pathlib import Path

import pytest

from integration_tests.zendesk_emulator import HelpCenter, ZendeskEmulator
from integration_tests.zendesk_emulator.sample import furnish

SAMPLE = Path(__file__).parents[1] / "sample_config.json"


@pytest.fixture
def served(
    zendesk: ZendeskEmulator, help_center: HelpCenter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Serve a Help Center to `sample_config.json`."""
    furnish(help_center)
    client = zendesk.account.add_oauth_client(zendesk.account.admin)
    client.secret = json.loads(SAMPLE.read_text())["credentials"]["client_secret"]
    for name, value in zendesk.environment.items():
        monkeypatch.setenv(name, value)
