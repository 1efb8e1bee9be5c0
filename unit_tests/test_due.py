"""Why a Help Center is listed instead of reading its feed."""

import pytest

from source_zendesk_articles.articles.visibility import VisitorsAnswer
from source_zendesk_articles.memory.due import held_over, listing_due, listing_needed
from source_zendesk_articles.memory.known import KnownArticles
from source_zendesk_articles.memory.packing import Known
from source_zendesk_articles.memory.state import HelpCenterState, Reconciled

DOUBTFUL = "the last sync was interrupted, or an article was missing in it"
LISTED = Reconciled("2026-11-01T11:59:00Z", "2026-11-01T12:00:00Z", 501, "open 0123")


def entry(reconciled: Reconciled | None = LISTED) -> HelpCenterState:
    known = KnownArticles()
    known.remember(7, Known(b"older", frozenset({"de"})))
    return HelpCenterState(known, reconciled, "1:admin")


@pytest.mark.parametrize(
    ("given", "hours", "expected"),
    [
        (HelpCenterState(KnownArticles()), 6, "it was never read before"),
        (entry(None), 6, "no listing of it was finished"),
        (entry(LISTED._replace(articles=0)), 6, "it is small"),
        (entry(LISTED._replace(articles=500)), 6, "it is small"),
        (entry(LISTED._replace(articles=501)), 6, None),
        (entry(), 0, "`reconcile_every_hours` is 0"),
        (entry(), 1, None),
        (entry(), 168, None),
    ],
)
def test_the_state_alone_can_call_for_a_listing(
    given: HelpCenterState, hours: int, expected: str | None
) -> None:
    assert expected == listing_needed(given, hours)


def test_an_article_in_doubt_calls_for_a_listing() -> None:
    given = entry()
    given.known.doubt(8, frozenset())
    assert "the last sync was interrupted, or an article was missing in it" == listing_needed(
        given, 6
    )
    given.known.forget(8)
    assert listing_needed(given, 6) is None


def test_a_missed_article_calls_for_a_listing() -> None:
    given = entry()
    given.known.remember(8, Known(b"older", frozenset({"de"}), missed=True))
    assert "the last sync was interrupted, or an article was missing in it" == listing_needed(
        given, 6
    )
    given.known.remember(8, Known(b"older", frozenset({"de"})))
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
def test_a_listing_holds_for_nine_tenths_of_the_interval(
    now: str, hours: int, expected: str | None
) -> None:
    assert expected == listing_due(LISTED, now, LISTED.scope, hours)


BEFORE = VisitorsAnswer(may_read=True, at="2026-11-01T06:00:00Z")


@pytest.mark.parametrize(
    ("reconciled", "visitors", "expected"),
    [
        (LISTED, None, None),
        (LISTED, BEFORE, BEFORE),
        (LISTED, BEFORE._replace(at="2026-11-01T12:00:00Z"), None),
        (LISTED, BEFORE._replace(at="2026-11-01T12:00:01Z"), None),
        (None, BEFORE, None),
    ],
)
def test_an_answer_to_visitors_older_than_the_listing_was_taken_over(
    reconciled: Reconciled | None, visitors: VisitorsAnswer | None, expected: VisitorsAnswer | None
) -> None:
    assert expected == held_over(entry(reconciled)._replace(visitors=visitors))


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-11-02T06:00:00Z", None),
        ("2026-11-02T06:00:01Z", "visitors have had no usable answer since 2026-11-01T06:00:00Z"),
    ],
)
def test_a_listing_holds_as_long_as_the_answer_that_it_took_over(
    now: str, expected: str | None
) -> None:
    assert expected == listing_due(LISTED, now, LISTED.scope, 168, BEFORE)
    assert listing_due(LISTED, now, LISTED.scope, 168) is None


@pytest.mark.parametrize("now", ["2026-11-01T11:00:00Z", "2026-11-01T12:00:00Z"])
@pytest.mark.parametrize("scope", ["closed 0123", "open 4567", ""])
def test_another_scope_calls_for_a_listing(now: str, scope: str) -> None:
    expected = "the filters, the locales, the answer to visitors or the connector changed"
    assert expected == listing_due(LISTED, now, scope, 6)
