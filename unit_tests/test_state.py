"""The state, from and to JSON."""

import json

import pytest
from airbyte_cdk.models import FailureType
from airbyte_cdk.utils.traced_exception import AirbyteTracedException
from hypothesis import given
from hypothesis import strategies as st

from source_zendesk_articles.known import Known, KnownArticles
from source_zendesk_articles.state import (
    NO_STATE,
    HelpCenterState,
    Listing,
    State,
    from_json,
    resumed,
    to_json,
)
from source_zendesk_articles.variants import VisitorsAnswer

LISTED = {
    "updated_at": "2026-11-01T11:59:00Z",
    "reconciled_at": "2026-11-01T12:00:00Z",
    "articles": 730,
    "scope": "open 0123456789abcdef",
}
UNFINISHED = {"known_before": 0, "reader": "7:admin", "known": "1.0"}
VISITORS = {"visitors": "open", "visitors_at": "2026-11-01T12:00:01Z"}
ENTRY = {**LISTED, **VISITORS, "reader": "7:admin", "known": "1.0"}
SAVED = {"synced_at": "2026-11-01T12:00:00Z", "help_centers": {"acme": ENTRY}}
LISTING = Listing(
    updated_at="2026-11-01T11:59:00Z",
    reconciled_at="2026-11-01T12:00:00Z",
    articles=730,
    scope="open 0123456789abcdef",
)
WRONG: dict[str, object] = {
    "updated_at": None,
    "reconciled_at": "soon",
    "articles": "730",
    "scope": None,
    "reader": 7,
    "known": None,
    "delivered_until": None,
    "visitors": "maybe",
    "visitors_at": None,
}
NO_TIMES: tuple[object, ...] = (None, 7, "", "yesterday", "2026-11-01T12:00:00", {})
BY_HAND = {"updated_at": "2026-11-01T00:00:00Z"}


def state(**entries: HelpCenterState) -> State:
    return State("2026-11-01T12:00:00Z", entries)


def entry(
    listing: Listing | None = LISTING,
    reader: str = "7:admin",
    delivered_until: str | None = None,
    known_before: int = 0,
    visitors: VisitorsAnswer | None = None,
) -> HelpCenterState:
    if listing and not visitors:
        visitors = VisitorsAnswer(may_read=True, at="2026-11-01T12:00:01Z")
    return HelpCenterState(
        KnownArticles(), listing, reader, known_before, delivered_until, visitors=visitors
    )


@pytest.mark.parametrize(
    ("given_entry", "expected"),
    [
        (entry(), ENTRY),
        (entry(listing=None), UNFINISHED),
        (entry(listing=None, reader=""), {**UNFINISHED, "reader": ""}),
        (
            entry(listing=None, visitors=VisitorsAnswer(may_read=False, at="2026-10-31T12:00:00Z")),
            {**UNFINISHED, "visitors": "closed", "visitors_at": "2026-10-31T12:00:00Z"},
        ),
        (entry(listing=None, known_before=20), {**UNFINISHED, "known_before": 20}),
        (
            entry(listing=None, delivered_until="2026-11-01T00:00:00Z"),
            {**UNFINISHED, "delivered_until": "2026-11-01T00:00:00Z"},
        ),
    ],
)
def test_a_state_is_saved_in_plain_words_and_read_again(
    given_entry: HelpCenterState, expected: dict[str, object]
) -> None:
    saved = to_json(state(acme=given_entry))
    assert {**SAVED, "help_centers": {"acme": expected}} == saved
    assert saved == to_json(from_json(json.loads(json.dumps(saved)), "acme"))
    read = from_json(saved, "acme").help_centers["acme"]
    assert given_entry[1:] == read[1:]


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ("open 0123", VisitorsAnswer(may_read=True, at="2026-11-01T12:00:00Z")),
        ("closed 0123", VisitorsAnswer(may_read=False, at="2026-11-01T12:00:00Z")),
        ("unknown 0123", None),
    ],
)
def test_without_an_answer_to_visitors_the_listing_tells_it(
    scope: str, expected: VisitorsAnswer | None
) -> None:
    saved = {**LISTED, "scope": scope, "reader": "7:admin", "known": "1.0"}
    read = from_json({**SAVED, "help_centers": {"acme": saved}}, "acme").help_centers["acme"]
    assert expected == read.visitors
    unknown = {**SAVED, "help_centers": {"acme": {**saved, "visitors": "unknown"}}}
    assert from_json(unknown, "acme").help_centers["acme"].visitors is None
    assert unknown == to_json(from_json(unknown, "acme"))


def test_what_is_known_is_saved_and_read_again() -> None:
    written = entry()
    written.known.take(7, b"older", frozenset({"de"}))
    written.known.doubt(8, frozenset({"en-us"}))
    read = from_json(to_json(state(acme=written)), "acme").help_centers["acme"]
    assert [7, 8] == list(read.known)
    assert Known(b"older", frozenset({"de"})) == read.known[7]
    assert (frozenset({"en-us"}), False) == (read.known.locales(8), read.known.is_settled)


def test_each_help_center_has_an_entry() -> None:
    saved = to_json(state(acme=entry(), shop=entry(listing=None)))
    read = from_json(saved, "acme").help_centers
    assert {"acme": LISTING, "shop": None} == {name: read[name].listing for name in read}


def test_an_empty_state_is_none() -> None:
    assert NO_STATE == from_json({}, "acme")


def test_a_state_without_help_centers_is_one() -> None:
    saved = {"synced_at": "2026-11-01T12:00:00Z", "help_centers": {}}
    assert State("2026-11-01T12:00:00Z", {}) == from_json(saved, "acme")


@pytest.mark.parametrize(
    "saved",
    [{"__ab_full_refresh_sync_complete": True}, {"__ab_no_cursor_state_message": True}],
)
def test_the_frameworks_mark_of_a_stream_without_a_state_is_none(saved: dict[str, object]) -> None:
    assert NO_STATE == from_json(saved, "acme")


def test_a_state_written_by_hand_needs_the_time_only() -> None:
    read = from_json(BY_HAND, "acme")
    (subdomain,) = read.help_centers
    by_hand = read.help_centers[subdomain]
    assert ("2026-11-01T00:00:00Z", "acme") == (read.synced_at, subdomain)
    assert HelpCenterState(by_hand.known, delivered_until="2026-11-01T00:00:00Z") == by_hand
    assert 0 == len(by_hand.known)


def test_a_time_may_be_written_in_any_zone() -> None:
    saved = {"updated_at": "2026-11-01T01:00:00.5+01:00"}
    assert "2026-11-01T00:00:00Z" == from_json(saved, "acme").synced_at


@pytest.mark.parametrize(
    "saved",
    [
        *({**SAVED, "synced_at": wrong} for wrong in NO_TIMES),
        *({"updated_at": wrong} for wrong in NO_TIMES),
        *({"updated_at": f"{year}-01-01T00:00:00Z"} for year in ("0001", "1969", "9999")),
        {"updated_at": "2026-13-45T99:99:99Z"},
        {"updated_at": "0001-01-01T00:00:00+23:00"},
        {"synced_at": "2026-11-01T12:00:00Z"},
        {"help_centers": {}},
        {"updated_at": "2026-11-01T00:00:00Z", "help_centers": {}},
        {"something": "else"},
        {**SAVED, "help_centers": None},
        {**SAVED, "help_centers": 7},
        *({**SAVED, "help_centers": {"acme": wrong}} for wrong in ("?", None, {}, [ENTRY], LISTED)),
        *(
            {**SAVED, "help_centers": {"acme": {**ENTRY, field: value}}}
            for field, value in WRONG.items()
        ),
        *(
            {
                **SAVED,
                "help_centers": {"acme": {key: ENTRY[key] for key in ENTRY if key != missing}},
            }
            for missing in ENTRY
        ),
        {**SAVED, "help_centers": {"acme": {**ENTRY, "known": "2.AAAA"}}},
        {**SAVED, "help_centers": {"acme": {**ENTRY, "known": "1.AAAA"}}},
        {**SAVED, "help_centers": {"acme": ENTRY, "shop": {}}},
    ],
)
def test_an_unreadable_state_says_what_to_do(saved: dict[str, object]) -> None:
    with pytest.raises(AirbyteTracedException) as raised:
        from_json(saved, "acme")
    assert FailureType.config_error == raised.value.failure_type
    assert "Clear the stream's data" in str(raised.value)


@pytest.mark.parametrize(
    ("known", "problem"),
    [
        ("2.AAAA", "`known` of acme: it is of another version of the connector."),
        ("1.1.AAAA", "`known` of acme: a part is damaged."),
    ],
)
def test_an_unreadable_memory_says_whose_it_is_and_why(known: str, problem: str) -> None:
    with pytest.raises(AirbyteTracedException) as raised:
        from_json({**SAVED, "help_centers": {"acme": {**ENTRY, "known": known}}}, "acme")
    assert problem in str(raised.value)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.datetimes().map(str),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from([*SAVED, *ENTRY]), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*SAVED, *ENTRY, "x"]), ANYTHING))
def test_whatever_was_saved_is_a_state_or_a_config_error(saved: dict[str, object]) -> None:
    try:
        read = from_json(saved, "acme")
    except AirbyteTracedException as error:
        assert FailureType.config_error == error.failure_type  # noqa: PT017 -- either will do
    else:
        again = to_json(read)
        assert again == (to_json(from_json(again, "acme")) if saved else to_json(NO_STATE))


@given(st.fixed_dictionaries({}, optional={key: st.just(ENTRY[key]) | ANYTHING for key in ENTRY}))
def test_whatever_an_entry_was_it_is_one_or_a_config_error(saved: dict[str, object]) -> None:
    try:
        read = from_json({**SAVED, "help_centers": {"acme": saved}}, "acme")
    except AirbyteTracedException as error:
        assert FailureType.config_error == error.failure_type  # noqa: PT017 -- either will do
    else:
        again = to_json(read)
        assert again == to_json(from_json(again, "acme"))


FINISHED, INTERRUPTED = state(acme=entry()), state(acme=entry(), shop=entry(listing=None))


@pytest.mark.parametrize(
    ("began_with", "expected"),
    [
        (NO_STATE, NO_STATE),
        (state(), NO_STATE),
        (FINISHED, NO_STATE),
        (INTERRUPTED, INTERRUPTED),
        (from_json(BY_HAND, "acme"), NO_STATE),
    ],
    ids=["none", "no entry", "finished", "interrupted", "by hand"],
)
def test_a_full_refresh_goes_on_only_from_one_that_was_interrupted(
    began_with: State, expected: State
) -> None:
    assert expected == resumed(began_with)
