"""Times as Zendesk writes them: UTC, whole seconds, `2026-11-01T12:00:00Z`. Pure.

In this form the order of letters is the order of time, so that they are compared as texts.
"""

from datetime import UTC, datetime, timedelta

# Away from either end of the calendar, where the next second, or another zone, would overflow.
_YEARS = range(1971, 9000)
# Zendesk was founded in 2007. Each sync may add seconds to the latest stamp of all.
_FIRST_STAMP = "2000-01-01T00:00:00Z"
_NO_STAMP = "3000-01-01T00:00:00Z"
_FIRST, _LAST = "1971-01-01T00:00:00Z", "8999-12-31T23:59:59Z"
_LENGTH = len("2026-11-01T12:00:00Z")


def write_instant(instant: datetime) -> str:
    """Return an aware time as Zendesk writes it, without the fraction of its second.

    Raises:
        ValueError: for a time that is not of our days.

    """
    if instant.tzinfo is None or instant.year not in _YEARS:
        raise ValueError("a time without a zone, or of another age")
    return _written(instant)


def parse_instant(text: object) -> str:
    """Return a time in ISO 8601 as Zendesk writes it.

    Raises:
        ValueError: for what is no time, has no zone, or is not of our days.

    """
    if not isinstance(text, str):
        raise ValueError("a time is a text")  # noqa: TRY004 -- one error for all that is no time
    instant = datetime.fromisoformat(text)
    # As Zendesk writes it already, all but always.
    if len(text) == _LENGTH and text[4::3] == "--T::Z" and instant.year in _YEARS:
        return text
    return write_instant(instant)


def parse_stamp(text: object) -> str:
    """Return a time of Zendesk's, as `parse_instant` does.

    Raises:
        ValueError: also for a time before 2000 or after 2999. A state is a little younger than what
            it was made of, and is to be read again.

    """
    stamp = parse_instant(text)
    if not _FIRST_STAMP <= stamp < _NO_STAMP:
        raise ValueError("a time of another age")
    return stamp


def later(instant: str, seconds: int) -> str:
    """Return the time so many seconds later, or earlier if they are negative.

    It stays within the times that `parse_instant` reads: what is written is to be read again.
    """
    moved = _written(datetime.fromisoformat(instant) + timedelta(seconds=seconds))
    return min(max(moved, _FIRST), _LAST)


def epoch(instant: str) -> int:
    """Return the time in whole seconds since 1970-01-01 UTC."""
    return int(datetime.fromisoformat(instant).timestamp())


def _written(instant: datetime) -> str:
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"
