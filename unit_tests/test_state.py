"""The state, from and to JSON."""

import pytest
from airbyte_cdk.models import FailureType
from airbyte_cdk.utils.traced_exception import AirbyteTracedException
from hypothesis import given
from hypothesis import strategies as st

from source_zendesk_articles.state import NO_STATE, HelpCenterState, State, from_json, to_json

ENTRY = {
    "updated_at": "2026-11-01T11:59:00Z",
    "reconciled_at": "2026-11-01T12:00:00Z",
    "articles": 730,
    "reader": "7:admin",
}
SAVED = {"synced_at": "2026-11-01T12:00:00Z", "help_centers": {"acme": ENTRY}}
WRONG: dict[str, object] = {
    "updated_at": None,
    "reconciled_at": "soon",
    "articles": "730",
    "reader": 7,
}
NO_TIMES: tuple[object, ...] = (None, 7, "", "yesterday", "2026-11-01T12:00:00", {})
STATE = State(
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


def test_a_state_is_saved_in_plain_words_and_read_again() -> None:
    assert SAVED == to_json(STATE)
    assert STATE == from_json(SAVED)


def test_an_empty_state_is_none() -> None:
    assert NO_STATE == from_json({})


def test_a_state_written_by_hand_needs_the_time_only() -> None:
    assert State("2026-11-01T00:00:00Z", {}) == from_json({"updated_at": "2026-11-01T00:00:00Z"})


@pytest.mark.parametrize(
    "saved",
    [
        *({"synced_at": wrong} for wrong in NO_TIMES),
        *({"synced_at": f"{year}-01-01T00:00:00Z"} for year in ("0001", "1969", "9999")),
        {"synced_at": "2026-13-45T99:99:99Z"},
        {"synced_at": "0001-01-01T00:00:00+23:00"},
        {"updated_at": "soon"},
        {"help_centers": {}},
        {"something": "else"},
        {**SAVED, "help_centers": None},
        {**SAVED, "help_centers": 7},
        {**SAVED, "help_centers": {"acme": "?"}},
        {**SAVED, "help_centers": {"acme": {}}},
        *(
            {**SAVED, "help_centers": {"acme": {**ENTRY, field: value}}}
            for field, value in WRONG.items()
        ),
    ],
)
def test_an_unreadable_state_says_what_to_do(saved: dict[str, object]) -> None:
    with pytest.raises(AirbyteTracedException) as raised:
        from_json(saved)
    assert FailureType.config_error == raised.value.failure_type
    assert "Clear the stream's data" in str(raised.value)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.datetimes().map(str),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from([*SAVED, *ENTRY]), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*SAVED, *ENTRY, "x"]), ANYTHING))
def test_whatever_was_saved_is_a_state_or_a_config_error(saved: dict[str, object]) -> None:
    try:
        state = from_json(saved)
    except AirbyteTracedException as error:
        assert FailureType.config_error == error.failure_type  # noqa: PT017 -- either will do
    else:
        assert state == from_json(to_json(state) if state.synced_at else {})
