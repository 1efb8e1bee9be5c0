"""What the log says of a sync."""

import pytest

from source_zendesk_articles.articles.records import Record
from source_zendesk_articles.sync.progress import (
    MEASURED,
    Estimate,
    Progress,
    Statistics,
    progress,
    summary,
    warnings,
)
from source_zendesk_articles.zendesk.transport import RequestStats


def test_a_quiet_sync_is_summed_up_without_what_did_not_happen() -> None:
    assert (
        "0 articles, 0 unchanged; 0 variants emitted; 0 public, 0 internal; 0 retracted; "
        "0 outdated left out; 4 requests; 0 waits (0 s)."
    ) == summary(Statistics(), RequestStats(sent=4))


def test_everything_that_happened_is_summed_up_in_a_line() -> None:
    done = Statistics(
        public=30_000,
        articles=12_345,
        unchanged=2_345,
        outdated=7,
        asked_one_by_one=3,
        without_source=1,
        unplaced=1,
    )
    done.internal.update(draft=1_000, user_segment=2_000)
    done.retracted.update(outdated=5, archived_or_deleted=1_200)
    assert (
        "12,345 articles, 2,345 unchanged; 33,000 variants emitted; 30,000 public, 3,000 internal "
        "(user_segment 2,000, draft 1,000); 1,205 retracted (archived_or_deleted 1,200, "
        "outdated 5); 7 outdated left out; 140 requests (3 for translations); 5 waits (62 s)."
    ) == summary(done, RequestStats(sent=140, waits=5, waited_seconds=62))


@pytest.mark.parametrize(
    ("given", "line"),
    [
        (
            Progress("acme", 1200, 3000, Estimate(15000, 75000000), 14, 0.0),
            "Help Center acme: 1,200 of 3,000 articles read, 14 requests, not waiting.",
        ),
        (
            Progress("acme", 7, None, None, 2, 30.4),
            "Help Center acme: 7 articles read, 2 requests, waiting, 30 s more.",
        ),
    ],
)
def test_progress_is_one_line(given: Progress, line: str) -> None:
    assert line == str(given)


@pytest.mark.parametrize(
    ("read", "expected"),
    [
        (
            Statistics(
                articles=100, total=300, is_first=True, variants=250, measured=50, bytes=400
            ),
            Estimate(records=760, bytes=6080),
        ),
        (Statistics(articles=100, total=300, is_first=True), Estimate(records=10, bytes=0)),
        (Statistics(articles=100, total=300, is_first=False, variants=250), None),
        (Statistics(articles=0, total=300, is_first=True), None),
        (Statistics(articles=100, is_first=True, variants=250), None),
        (Statistics(total=0, is_first=True), None),
    ],
)
def test_what_will_come_is_estimated_if_all_of_it_is_new(
    read: Statistics, expected: Estimate | None
) -> None:
    assert expected == progress("acme", 10, read, RequestStats()).expected


def test_the_first_variants_are_measured_as_they_are_emitted_and_no_more_of_them() -> None:
    read = Statistics()
    record = Record(body="日本")
    for _ in range(MEASURED + 5):
        read.count_variants([record, record])
    assert 2 * (MEASURED + 5) == read.variants
    assert MEASURED == read.measured
    assert MEASURED * len('{"body":"日本"}'.encode()) == read.bytes


def test_what_is_read_again_is_counted_again_and_what_was_emitted_stays() -> None:
    done = Statistics(articles=7, total=9, variants=3, measured=2, bytes=5, public=1)
    done.internal["draft"] = 2
    done.retracted["outdated"] = 3
    done.read_again()
    assert (0, 9, 0, 0, 6) == (done.articles, done.total, done.variants, done.bytes, done.emitted)


def test_articles_that_came_incomplete_are_warned_of() -> None:
    assert [] == warnings("acme", Statistics(articles=7))
    without_source, unplaced = warnings("acme", Statistics(without_source=1, unplaced=2))
    assert without_source.startswith("1 articles of Help Center acme came without the translation")
    assert unplaced.startswith("2 articles of Help Center acme are in no section")
