"""When everything is listed, and how much may vanish at once."""

import pytest

from source_zendesk_articles.articles.visibility import VisitorsAnswer
from source_zendesk_articles.memory.due import (
    are_suspicious_variants,
    held_over,
    is_suspicious,
    listing_due,
    listing_needed,
    next_start,
)
from source_zendesk_articles.memory.known import KnownArticles
from source_zendesk_articles.memory.state import HelpCenterState, Listing

LISTED = Listing("2026-11-01T11:59:00Z", "2026-11-01T12:00:00Z", 501, "open 0123")


def entry(listing: Listing | None = LISTED) -> HelpCenterState:
    known = KnownArticles()
    known.take(7, b"older", frozenset({"de"}))
    return HelpCenterState(known, listing, "1:admin")


@pytest.mark.parametrize(
    ("given", "hours", "expected"),
    [
        (HelpCenterState(KnownArticles()), 6, "it was never read before"),
        (entry(None), 6, "no listing of it was finished"),
        (entry(LISTED._replace(articles=0)), 6, "they are few"),
        (entry(LISTED._replace(articles=500)), 6, "they are few"),
        (entry(LISTED._replace(articles=501)), 6, None),
        (entry(), 0, "`reconcile_every_hours` is 0"),
        (entry(), 1, None),
        (entry(), 168, None),
    ],
)
def test_the_state_tells_whether_everything_has_to_be_listed(
    given: HelpCenterState, hours: int, expected: str | None
) -> None:
    assert expected == listing_needed(given, hours)


def test_everything_has_to_be_listed_while_an_article_is_in_doubt() -> None:
    given = entry()
    given.known.doubt(8, frozenset())
    assert "a sync broke off, or an article was missing the last time" == listing_needed(given, 6)
    given.known.forget(8)
    assert listing_needed(given, 6) is None


def test_everything_has_to_be_listed_while_an_article_is_missed() -> None:
    given = entry()
    given.known.take(8, b"older", frozenset({"de"}), missed=True)
    assert "a sync broke off, or an article was missing the last time" == listing_needed(given, 6)
    given.known.take(8, b"older", frozenset({"de"}))
    assert listing_needed(given, 6) is None


AT_NOON = "the last listing was at 2026-11-01T12:00:00Z"
IN_THE_FUTURE = "the last sync lies in the future"


@pytest.mark.parametrize(
    ("now", "hours", "expected"),
    [
        ("2026-11-01T11:59:59Z", 6, IN_THE_FUTURE),
        ("2026-11-01T12:00:00Z", 6, None),
        ("2026-11-01T17:23:59Z", 6, None),
        ("2026-11-01T17:24:00Z", 6, AT_NOON),
        ("2026-11-01T12:53:59Z", 1, None),
        ("2026-11-01T12:54:00Z", 1, AT_NOON),
        # A daily schedule is never on the second.
        ("2026-11-02T09:35:59Z", 24, None),
        ("2026-11-02T09:36:00Z", 24, AT_NOON),
        ("2026-11-02T11:59:50Z", 24, AT_NOON),
        ("2026-11-07T19:11:59Z", 168, None),
        ("2026-11-07T19:12:00Z", 168, AT_NOON),
        ("2026-11-01T12:00:00Z", 0, AT_NOON),
        ("2027-11-01T12:00:00Z", 168, AT_NOON),
    ],
)
def test_a_listing_does_for_nine_tenths_of_the_interval(
    now: str, hours: int, expected: str | None
) -> None:
    assert expected == listing_due(LISTED, now, LISTED.scope, hours)


BEFORE = VisitorsAnswer(may_read=True, at="2026-11-01T06:00:00Z")


@pytest.mark.parametrize(
    ("listing", "visitors", "expected"),
    [
        (LISTED, None, None),
        (LISTED, BEFORE, BEFORE),
        (LISTED, BEFORE._replace(at="2026-11-01T12:00:00Z"), None),
        (LISTED, BEFORE._replace(at="2026-11-01T12:00:01Z"), None),
        (None, BEFORE, None),
    ],
)
def test_a_listing_took_over_the_answer_that_is_older_than_itself(
    listing: Listing | None, visitors: VisitorsAnswer | None, expected: VisitorsAnswer | None
) -> None:
    assert expected == held_over(entry(listing)._replace(visitors=visitors))


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-11-02T06:00:00Z", None),
        ("2026-11-02T06:00:01Z", "visitors have had no usable answer since 2026-11-01T06:00:00Z"),
    ],
)
def test_a_listing_does_as_long_as_the_answer_that_it_took_over_holds(
    now: str, expected: str | None
) -> None:
    assert expected == listing_due(LISTED, now, LISTED.scope, 168, BEFORE)
    assert listing_due(LISTED, now, LISTED.scope, 168) is None


@pytest.mark.parametrize("now", ["2026-11-01T11:00:00Z", "2026-11-01T12:00:00Z"])
@pytest.mark.parametrize("scope", ["closed 0123", "open 4567", ""])
def test_a_listing_of_another_scope_does_not_do(now: str, scope: str) -> None:
    expected = "filters, locales, what is known of visitors, or the connector have changed"
    assert expected == listing_due(LISTED, now, scope, 6)


@pytest.mark.parametrize(
    ("missing", "known", "expected"),
    [
        (0, 0, False),
        (1, 1, False),
        (19, 19, False),
        (10, 20, False),
        (11, 20, True),
        (20, 20, True),
        (10, 21, False),
        (11, 21, True),
        (20_000, 40_000, False),
        (20_001, 40_000, True),
    ],
)
def test_more_than_half_of_twenty_or_more_articles_do_not_vanish_at_once(
    missing: int, known: int, expected: bool
) -> None:
    assert expected is is_suspicious(missing=missing, known=known, another_reader=False)


@pytest.mark.parametrize(
    ("missing", "known", "expected"),
    [
        (0, 0, False),
        (5, 5, False),
        (6, 6, True),
        (5, 50, False),
        (6, 50, True),
        (6, 60, False),
        (6, 59, True),
        (7, 60, True),
        (4_000, 40_000, False),
        (4_001, 40_000, True),
    ],
)
def test_another_reader_may_see_a_tenth_less_or_five_articles(
    missing: int, known: int, expected: bool
) -> None:
    assert expected is is_suspicious(missing=missing, known=known, another_reader=True)


def at(*seconds: int) -> list[str]:
    return [f"2026-11-01T12:00:{second:02}Z" for second in seconds]


@pytest.mark.parametrize(
    ("stamps", "settled", "expected"),
    [
        # 10 is where the page began.
        ([10, 11, 12], 50, 12),
        ([10, 11, 12], 11, 11),
        # The boundary row came again, and does not the next time.
        ([10, 12, 12], 50, 12),
        # Nothing of the page is done with, however late it is by now.
        ([12, 12, 12], 50, None),
        ([10, 10, 10], 50, None),
        ([20, 21, 22], 20, None),
        ([], 50, None),
        # The list begins where it was not asked to.
        ([5, 12, 12], 50, None),
        ([5, 6, 7], 50, None),
        # Rows in another order than that of time.
        ([12, 11, 13], 50, None),
        # A tenth of a page has to be done with.
        ([10] + [12] * 9, 50, 12),
        ([10] + [12] * 10, 50, None),
    ],
)
def test_the_feed_goes_on_if_rows_of_its_page_are_done_with(
    stamps: list[int], settled: int, expected: int | None
) -> None:
    start = next_start(at(*stamps), *at(10, settled))
    assert start == (None if expected is None else at(expected)[0])


@pytest.mark.parametrize(
    ("vanished", "variants", "most", "another_reader", "expected"),
    [
        # More than half of twenty or more.
        (15, 30, 20, False, False),
        (16, 30, 20, False, True),
        (10, 19, 18, False, False),
        # Next to all that can.
        (600, 1200, 600, False, True),
        (541, 1200, 600, False, True),
        (540, 1200, 600, False, False),
        (20, 1020, 20, False, True),
        (19, 1019, 19, False, False),
        # Another reader may see a tenth less or five.
        (6, 60, 40, True, False),
        (7, 60, 40, True, True),
    ],
)
def test_how_many_translations_may_vanish_at_once(
    vanished: int, variants: int, most: int, another_reader: bool, expected: bool
) -> None:
    assert expected is are_suspicious_variants(
        vanished=vanished, variants=variants, most=most, another_reader=another_reader
    )
