"""Times as Zendesk writes them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from source_zendesk_articles.zendesk.timestamps import (
    epoch,
    later,
    parse_instant,
    parse_stamp,
    write_instant,
)

INSTANTS = st.datetimes(
    min_value=datetime(1971, 1, 2),  # noqa: DTZ001 -- Hypothesis adds the zone
    max_value=datetime(8999, 12, 30),  # noqa: DTZ001 -- the same
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30))]),
)


@given(INSTANTS)
def test_a_time_has_one_form_whatever_its_zone(instant: datetime) -> None:
    written = write_instant(instant)
    assert written == parse_instant(instant.isoformat())
    assert written == parse_instant(written)
    assert timedelta(0) <= instant - datetime.fromisoformat(written) < timedelta(seconds=1)


@given(INSTANTS, INSTANTS)
def test_the_order_of_letters_is_the_order_of_time(one: datetime, other: datetime) -> None:
    one, other = one.replace(microsecond=0), other.replace(microsecond=0)
    assert (one < other) == (write_instant(one) < write_instant(other))


def test_a_later_time_is_so_many_seconds_away() -> None:
    assert "2026-11-01T00:00:00Z" == later("2026-10-31T23:59:59Z", 1)
    # What can not be read again is not written.
    assert "8999-12-31T23:59:59Z" == later("8999-12-31T23:59:59Z", 1)
    assert "1971-01-01T00:00:00Z" == later("1971-01-01T00:00:59Z", -60)
    assert "2026-10-31T23:59:00Z" == later("2026-11-01T00:00:00Z", -60)


def test_zendesk_asks_for_a_time_in_seconds_since_1970() -> None:
    assert 0 == epoch("1970-01-01T00:00:00Z")
    assert 1793534400 == epoch("2026-11-01T12:00:00Z")


@given(INSTANTS)
def test_no_second_is_lost_on_the_way_to_zendesk(instant: datetime) -> None:
    assert int(instant.replace(microsecond=0).timestamp()) == epoch(write_instant(instant))


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-01T12:00:00Z",
        # Of the same length.
        "2026-W44-7T12:00:00Z",
        "20261101T120000.123Z",
        "2026-11-01 12:00:00Z",
        "2026-11-01T12:00:00+00:00",
        "2026-11-01T17:30:00.999+05:30",
    ],
)
def test_a_time_in_another_form_of_iso_8601_is_written_as_zendesk_does(text: str) -> None:
    assert "2026-11-01T12:00:00Z" == parse_instant(text)


@pytest.mark.parametrize(
    "text",
    [
        None,
        7,
        "",
        "yesterday",
        "2026-11-01T12:00:00",
        "2026-13-45T99:99:99Z",
        "2026-02-29T12:00:00Z",
        "2026-11-01T12:00:60Z",
        "2026-11-01T12:00:0ZZ",
        "0000-00-00T00:00:00Z",
        "0001-01-01T00:00:00+23:00",
        "1970-12-31T23:59:59Z",
        "9000-01-01T00:00:00Z",
    ],
)
def test_what_is_no_time_of_our_days_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_instant(text)


@pytest.mark.parametrize(
    "text", ["2000-01-01T00:00:00Z", "2026-11-01T12:00:00Z", "2999-12-31T23:59:59Z"]
)
def test_a_stamp_is_a_time_of_this_millennium(text: str) -> None:
    assert text == parse_stamp(text)


@pytest.mark.parametrize(
    "text",
    [
        None,
        "yesterday",
        "1999-12-31T23:59:59Z",
        "2000-01-01T00:00:00+01:00",
        "2999-12-31T23:59:59-01:00",
        "3000-01-01T00:00:00Z",
        "9000-01-01T00:00:00Z",
    ],
)
def test_what_is_of_another_millennium_is_no_stamp(text: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_stamp(text)
