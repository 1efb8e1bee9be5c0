"""The state, from and to JSON."""

import json
from datetime import datetime

import orjson
import pytest
from airbyte_cdk.models import FailureType
from airbyte_cdk.utils.traced_exception import AirbyteTracedException
from hypothesis import given
from hypothesis import strategies as st

from source_zendesk_articles.articles.visibility import VisitorsAnswer
from source_zendesk_articles.memory.known import KnownArticles
from source_zendesk_articles.memory.packing import Known
from source_zendesk_articles.memory.state import (
    NO_STATE,
    HelpCenterState,
    Reconciled,
    State,
    from_json,
    resumed,
    saved_state,
    to_json,
)
from source_zendesk_articles.zendesk.timestamps import later

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
RECONCILED = Reconciled(
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
    reconciled: Reconciled | None = RECONCILED,
    user: str = "7:admin",
    delivered_until: str | None = None,
    known_before: int = 0,
    visitors: VisitorsAnswer | None = None,
) -> HelpCenterState:
    if reconciled and not visitors:
        visitors = VisitorsAnswer(may_read=True, at="2026-11-01T12:00:01Z")
    return HelpCenterState(
        KnownArticles(), reconciled, user, known_before, delivered_until, visitors=visitors
    )


@pytest.mark.parametrize(
    ("given_entry", "expected"),
    [
        (entry(), ENTRY),
        (entry(reconciled=None), UNFINISHED),
        (entry(reconciled=None, user=""), {**UNFINISHED, "reader": ""}),
        (
            entry(
                reconciled=None, visitors=VisitorsAnswer(may_read=False, at="2026-10-31T12:00:00Z")
            ),
            {**UNFINISHED, "visitors": "closed", "visitors_at": "2026-10-31T12:00:00Z"},
        ),
        (entry(reconciled=None, known_before=20), {**UNFINISHED, "known_before": 20}),
        (
            entry(reconciled=None, delivered_until="2026-11-01T00:00:00Z"),
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
    written.known.remember(7, Known(b"older", frozenset({"de"})))
    written.known.doubt(8, frozenset({"en-us"}))
    read = from_json(to_json(state(acme=written)), "acme").help_centers["acme"]
    assert [7, 8] == list(read.known)
    assert Known(b"older", frozenset({"de"})) == read.known[7]
    assert (frozenset({"en-us"}), False) == (read.known.held(8), read.known.is_certain)


def test_each_help_center_has_an_entry() -> None:
    saved = to_json(state(acme=entry(), shop=entry(reconciled=None)))
    read = from_json(saved, "acme").help_centers
    assert {"acme": RECONCILED, "shop": None} == {name: read[name].reconciled for name in read}


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
        {**SAVED, "help_centers": {"acme": {**ENTRY, "articles": 2**63}}},
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


FINISHED, INTERRUPTED = state(acme=entry()), state(acme=entry(), shop=entry(reconciled=None))


@pytest.mark.parametrize(
    ("began_with", "expected"),
    [
        (NO_STATE, NO_STATE),
        (state(), state()),
        (FINISHED, state()),
        (INTERRUPTED, INTERRUPTED),
        (from_json(BY_HAND, "acme"), State("2026-11-01T00:00:00Z", {})),
    ],
    ids=["none", "no entry", "finished", "interrupted", "by hand"],
)
def test_a_full_refresh_goes_on_only_from_one_that_was_interrupted_and_no_time_goes_back(
    began_with: State, expected: State
) -> None:
    assert expected == resumed(began_with)


# --------------------------------------------------------------------- whatever is written


TIMES = st.sampled_from(["1971-01-01T00:00:00Z", "8999-12-31T23:59:59Z"]) | st.datetimes(
    min_value=datetime(1971, 1, 1),  # noqa: DTZ001 -- as it is written
    max_value=datetime(8999, 12, 31),  # noqa: DTZ001 -- the same
).map(lambda time: time.isoformat(timespec="seconds") + "Z")
NUMBERS = st.integers(0, 3) | st.integers(0, 2**63 - 1)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
MEMORIES = st.dictionaries(
    NUMBERS,
    st.builds(
        Known,
        digest=st.binary(min_size=5, max_size=5),
        locales=st.frozensets(TEXTS.filter(bool), min_size=1, max_size=12),
        missed=st.booleans(),
    ),
    max_size=5,
)
SUBDOMAINS = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True)


def memory(articles: dict[int, Known]) -> KnownArticles:
    known = KnownArticles()
    for article_id, (digest, locales, missed) in articles.items():
        known.remember(article_id, Known(digest, locales, missed))
    return known


def comparable(written: State) -> object:
    return written.synced_at, {
        name: (entry[1:], {row: entry.known[row] for row in entry.known})
        for name, entry in written.help_centers.items()
    }


@given(
    st.builds(
        State,
        synced_at=TIMES,
        help_centers=st.dictionaries(
            SUBDOMAINS,
            st.builds(
                HelpCenterState,
                known=MEMORIES.map(memory),
                reconciled=st.none() | st.builds(Reconciled, TIMES, TIMES, NUMBERS, TEXTS),
                user=TEXTS,
                known_before=st.just(0),
                delivered_until=st.none() | TIMES,
                brand=NUMBERS,
                visitors=st.builds(VisitorsAnswer, may_read=st.booleans(), at=TIMES),
            ),
            max_size=3,
        ),
        emitted=NUMBERS,
    ),
    st.sampled_from([-60, 0, 1]),
)
def test_whatever_is_written_is_read_again(written: State, seconds: int) -> None:
    # A sync writes times that are a little earlier or later than what it read.
    moved = written._replace(synced_at=later(written.synced_at, seconds))
    saved = orjson.loads(orjson.dumps(to_json(moved)))
    assert comparable(moved) == comparable(from_json(saved, "acme"))


# ------------------------------------------------------------------------------- in a file


def stream_state(state: object, name: str = "articles", **more: object) -> dict[str, object]:
    descriptor = {"name": name, **more}
    stream = {"stream_descriptor": descriptor, "stream_state": state}
    return {"type": "STREAM", "stream": stream}


def in_file(content: object) -> object:
    return saved_state(orjson.dumps(content))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ([stream_state(SAVED)], SAVED),
        ([stream_state(BY_HAND, namespace=None)], BY_HAND),
        ([stream_state(BY_HAND), stream_state(SAVED)], SAVED),
        ([stream_state({}, "sections"), stream_state(SAVED)], SAVED),
        ([stream_state(None)], {}),
        ([stream_state({})], {}),
        ([{"stream": {"stream_descriptor": {"name": "articles"}}}], {}),
        ([], {}),
        ({}, {}),
        (None, {}),
    ],
)
def test_the_state_of_the_stream_is_found_in_a_file(content: object, expected: object) -> None:
    assert expected == in_file(content)


@pytest.mark.parametrize("content", [b"", b"\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf[]"])
def test_a_file_may_be_empty(content: bytes) -> None:
    assert {} == saved_state(content)


OTHERS: tuple[object, ...] = ([], 7, "", "2026-11-01", True)


@pytest.mark.parametrize(
    "content",
    [
        *([stream_state(wrong)] for wrong in OTHERS),
        [stream_state(SAVED, namespace="help")],
        [stream_state(SAVED, "sections")],
        [stream_state(SAVED), SAVED],
        [stream_state({"updated_at": [[[[[[[[[[]]]]]]]]]]})],
        [{"type": "GLOBAL", "global": {"stream_states": []}}],
        [{"type": "STREAM", "stream": None}],
        [{"type": "LEGACY", "data": {"articles": SAVED}}],
        {"articles": SAVED},
        stream_state(SAVED),
        SAVED,
        BY_HAND,
        [BY_HAND],
        ["2026-11-01"],
        "2026-11-01",
        7,
        0,
        False,
        "",
    ],
)
def test_another_file_is_said_to_hold_no_state(content: object) -> None:
    with pytest.raises(AirbyteTracedException) as raised:
        in_file(content)
    assert FailureType.config_error == raised.value.failure_type


@pytest.mark.parametrize("content", [b"{", b"a: 1", b'"\xff"', b'["\\ud800"]', b"[" * 100_000])
def test_a_file_that_is_not_json_is_said_to_be(content: bytes) -> None:
    with pytest.raises(AirbyteTracedException, match="not JSON"):
        saved_state(content)
