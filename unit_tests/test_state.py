"""The state, from and to JSON."""

import pytest
from airbyte_cdk.models import FailureType
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_zendesk_articles.state import HelpCenterState, State, parse_synced_at


def test_a_state_is_saved_in_plain_words() -> None:
    state = State(
        synced_at="2026-11-01T12:00:00Z",
        help_centers={
            "acme": HelpCenterState(
                updated_at="2026-11-01T11:59:00Z",
                reconciled_at="2026-11-01T12:00:00Z",
                articles=730,
                reader="7:admin",
            )
        },
    )
    assert state.to_json() == {
        "synced_at": "2026-11-01T12:00:00Z",
        "help_centers": {
            "acme": {
                "updated_at": "2026-11-01T11:59:00Z",
                "reconciled_at": "2026-11-01T12:00:00Z",
                "articles": 730,
                "reader": "7:admin",
            }
        },
    }
    assert parse_synced_at(state.to_json()) == "2026-11-01T12:00:00Z"


def test_no_state_has_no_time() -> None:
    assert parse_synced_at({}) == ""


@pytest.mark.parametrize("synced_at", [None, 7, "", "yesterday", "2026-11-01T12:00:00", {}])
def test_an_unreadable_state_says_what_to_do(synced_at: object) -> None:
    with pytest.raises(AirbyteTracedException) as raised:
        parse_synced_at({"synced_at": synced_at})
    assert raised.value.failure_type == FailureType.config_error
    assert "Clear the stream's data" in str(raised.value)
