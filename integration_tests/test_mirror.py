"""After every sync the destination equals the Help Center: one case each.

`test_mirror_property` holds the same for any sequence of events.
"""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import product
from typing import Any
from unittest.mock import patch

import pytest

from integration_tests.conditions import (
    BATCH_ARTICLES,
    DIGEST_VERSIONS,
    SMALL,
    pages_of,
    refuse_offset_pages,
)
from integration_tests.connector import LISTING, Output, config, killed_script, run
from integration_tests.credentials import of_api_token
from integration_tests.platform import Platform, batches_of
from integration_tests.truth import Key, Row, key_of, mirror, truth
from integration_tests.zendesk_emulator import Article, Fault, HelpCenter, ZendeskEmulator
from integration_tests.zendesk_emulator.sample import SEGMENT, fill, furnish

INCREMENTAL = "/api/v2/help_center/incremental/articles"
LIST = "/api/v2/help_center/articles"
SHOW = r"/articles/\d+$"

STATE_OF = (
    '[{"type": "STREAM", "stream": {"stream_descriptor": {"name": "%s"}, "stream_state": %s}}]'
)


def filled(
    zendesk: ZendeskEmulator, platform: Platform, *, articles: int = 0, age: int = 0
) -> Output:
    """Fill the Help Center and sync it: with so many articles, or else with one of each case.

    Their timestamps are `age` seconds old.
    """
    help_center = zendesk.account.help_center()
    if articles:
        fill(help_center, articles=articles)
    else:
        furnish(help_center)
    zendesk.clock.advance(age)
    return platform.sync(config(zendesk))


def held(platform: Platform) -> dict[Key, Row]:
    return platform.destination.table


def keys(output: Output) -> set[Key]:
    return {key_of(record) for record in output.records}


def keys_of(*articles: Article) -> set[Key]:
    return {(article.id, locale) for article in articles for locale in article.translations}


def retracted(output: Output) -> dict[Key, str]:
    return {
        key_of(record): record["visibility_reason"]
        for record in output.records
        if record["status"] == "removed"
    }


def paths(zendesk: ZendeskEmulator) -> list[str]:
    return [request.path for request in zendesk.requests]


def entry(output: Output) -> dict[str, Any]:
    found: dict[str, Any] = output.states[-1]["stream"]["stream_state"]["help_centers"]["acme"]
    return found


def state(**fields: object) -> dict[str, Any]:
    descriptor = {"stream_descriptor": {"name": "articles"}, "stream_state": fields}
    return {"type": "STREAM", "stream": descriptor}


# ----------------------------------------------------------------------------------- what it costs


def test_an_idle_sync_of_1000_articles_is_two_requests_and_no_record(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    filled(zendesk, platform, articles=1000, age=3600)
    # Right after a listing, an hour later, and right after that.
    for hours in (0, 1, 0):
        zendesk.clock.advance(3600 * hours)
        zendesk.forget_requests()
        output = platform.sync(config(zendesk))
        assert ([], 1) == (output.records, len(output.states))
        assert paths(zendesk) == ["/api/v2/help_center/locales", INCREMENTAL]
    assert mirror(help_center) == held(platform)


def test_an_idle_sync_of_50_articles_costs_four_requests_and_emits_nothing(
    zendesk: ZendeskEmulator, platform: Platform
) -> None:
    filled(zendesk, platform, articles=50)
    zendesk.forget_requests()
    output = platform.sync(config(zendesk))
    assert ([], 1, 4) == (output.records, len(output.states), len(zendesk.requests))


def test_votes_and_comments_on_every_article_emit_nothing(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    filled(zendesk, platform, articles=550)
    for number, article in enumerate(help_center.articles):
        zendesk.clock.advance(number % 7)
        help_center.change(article, vote_sum=number, vote_count=number, position=number % 9)
        help_center.change(article, comments_disabled=True)
    zendesk.clock.advance(120)
    output = platform.sync(config(zendesk))
    assert output.records == []
    zendesk.clock.advance(7 * 3600)
    zendesk.forget_requests()
    assert platform.sync(config(zendesk)).records == []
    assert LIST in paths(zendesk)


def test_one_edited_article_of_1000_is_two_requests_and_its_variants(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    first = filled(zendesk, platform, articles=1000, age=3600)
    hashes = {key_of(r): r["content_hash"] for r in first.records}
    edited = help_center.articles[700]
    zendesk.clock.advance(300)
    help_center.change_translation(edited, "de", body="<p>Neu</p>")
    zendesk.forget_requests()
    output = platform.sync(config(zendesk))
    assert keys_of(edited) == keys(output)
    assert len(zendesk.requests) == 2
    unchanged = {r["locale"] for r in output.records if r["content_hash"] == hashes[key_of(r)]}
    assert unchanged == {"en-us"}
    assert mirror(help_center) == held(platform)


def test_600_edited_articles_cost_two_requests(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    filled(zendesk, platform, articles=1000, age=3600)
    zendesk.clock.advance(300)
    for article in help_center.articles[:600]:
        help_center.change(article, promoted=True)
    zendesk.forget_requests()
    output = platform.sync(config(zendesk))
    assert (1200, 2) == (len(output.records), len(zendesk.requests))
    assert mirror(help_center) == held(platform)


# ------------------------------------------------------------------------------------ the feed


@pytest.mark.parametrize("page_size", [7, 100, 1000])
@pytest.mark.usefixtures("feed")
def test_the_feed_is_read_to_its_end_page_by_page(
    zendesk: ZendeskEmulator,
    platform: Platform,
    help_center: HelpCenter,
    page_size: int,
) -> None:
    zendesk.switches.incremental_page_size = page_size
    filled(zendesk, platform, articles=50)
    zendesk.clock.advance(600)
    for article in help_center.articles:
        zendesk.clock.advance(1)
        help_center.change_translation(article, "en-us", title="New")
    zendesk.clock.advance(600)
    zendesk.forget_requests()
    output = platform.sync(config(zendesk))
    assert LIST not in paths(zendesk)
    assert keys_of(*help_center.articles) == keys(output)
    assert mirror(help_center) == held(platform)


@pytest.mark.usefixtures("feed")
def test_more_articles_than_a_page_stamped_in_one_second_are_read_by_a_listing(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    zendesk.switches.incremental_page_size = 100
    filled(zendesk, platform, articles=150)
    zendesk.clock.advance(600)
    for article in help_center.articles:
        help_center.change(article, promoted=True)
    zendesk.clock.advance(600)
    zendesk.forget_requests()
    output = platform.sync(config(zendesk))
    assert mirror(help_center) == held(platform)
    assert len(output.records) == 300
    assert LIST in paths(zendesk)
    assert len(zendesk.requests) < 10


def tick(zendesk: ZendeskEmulator, path: str) -> None:
    """Let each answer to such a request take a second."""
    zendesk.faults.add(Fault("edit", path=path, edit=lambda: zendesk.clock.advance(1), times=None))


@pytest.mark.parametrize("seconds_apart", [0, 1])
@pytest.mark.usefixtures("feed")
def test_a_bulk_edit_of_the_last_minute_is_not_read_again_each_second(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter, seconds_apart: int
) -> None:
    zendesk.switches.incremental_page_size = 5
    filled(zendesk, platform, articles=12, age=3600)
    zendesk.clock.advance(600)
    for article in help_center.articles:
        help_center.change(article, promoted=True)
        zendesk.clock.advance(seconds_apart)
    tick(zendesk, "incremental")
    zendesk.forget_requests()
    output = platform.sync(config(zendesk))
    assert mirror(help_center) == held(platform)
    assert keys_of(*help_center.articles) == keys(output)
    # The feed once, and a listing.
    assert (1, 6) == (paths(zendesk).count(INCREMENTAL), len(zendesk.requests))


@pytest.mark.usefixtures("feed")
def test_old_edits_before_a_bulk_edit_of_the_last_minute_count_as_progress_once(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    zendesk.switches.incremental_page_size = 5
    filled(zendesk, platform, articles=12, age=3600)
    zendesk.clock.advance(600)
    help_center.change(help_center.articles[-1], promoted=True)
    zendesk.clock.advance(300)
    for article in help_center.articles[:-1]:
        help_center.change(article, promoted=True)
    tick(zendesk, "incremental")
    zendesk.forget_requests()
    platform.sync(config(zendesk))
    assert mirror(help_center) == held(platform)
    assert (2, 7) == (paths(zendesk).count(INCREMENTAL), len(zendesk.requests))


@pytest.mark.parametrize("newest_first", [True, False])
@pytest.mark.usefixtures("feed")
def test_a_feed_that_does_not_ascend_loses_no_edit(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter, *, newest_first: bool
) -> None:
    zendesk.switches.incremental_page_size = 5
    zendesk.switches.incremental_order = "id"
    filled(zendesk, platform, articles=30, age=3600)
    zendesk.clock.advance(600)
    edited = help_center.articles[:12]
    # Or so that the first page ascends, and the second one does not.
    order = edited[::-1] if newest_first else edited[5:7] + edited[:5] + edited[:6:-1]
    for article in order:
        zendesk.clock.advance(10)
        help_center.change(article, promoted=True)
    zendesk.clock.advance(600)
    output = platform.sync(config(zendesk))
    assert keys_of(*edited) == keys(output)
    assert mirror(help_center) == held(platform)


@pytest.mark.usefixtures("feed")
def test_a_feed_of_one_page_may_come_in_any_order(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    zendesk.switches.incremental_order = "id"
    filled(zendesk, platform, articles=12, age=3600)
    zendesk.clock.advance(600)
    for article in reversed(help_center.articles):
        zendesk.clock.advance(10)
        help_center.change(article, promoted=True)
    zendesk.forget_requests()
    platform.sync(config(zendesk))
    assert LIST not in paths(zendesk)
    assert mirror(help_center) == held(platform)


@pytest.mark.usefixtures("feed")
def test_a_state_covers_what_a_stuck_feed_emitted_if_the_listing_fails(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    zendesk.switches.incremental_page_size = 5
    filled(zendesk, platform, articles=20, age=3600)
    zendesk.clock.advance(600)
    for article in help_center.articles:
        help_center.change(article, promoted=True)
    zendesk.clock.advance(600)
    zendesk.faults.add(Fault("status", path="me$", status=403, times=None))
    first = platform.sync(config(zendesk))
    assert (10, "config_error") == (len(first.records), first.error[0])
    zendesk.faults.clear()
    assert keys(first).isdisjoint(keys(platform.sync(config(zendesk))))
    assert mirror(help_center) == held(platform)


@pytest.mark.usefixtures("feed")
def test_an_empty_feed_with_end_time_1_keeps_the_position(
    zendesk: ZendeskEmulator, platform: Platform
) -> None:
    filled(zendesk, platform, articles=5)
    for _ in range(3):
        zendesk.clock.advance(3600)
        zendesk.forget_requests()
        output = platform.sync(config(zendesk))
        (request,) = [row for row in zendesk.requests if row.path == INCREMENTAL]
        age = zendesk.clock.now.timestamp() - int(request.query["start_time"])
        assert 3600 < age < 3800
        settled = zendesk.requests[0].at - timedelta(minutes=1)
        assert datetime.fromisoformat(entry(output)["updated_at"]) == settled


@pytest.mark.usefixtures("feed")
def test_a_change_that_shows_up_late_is_still_read(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    zendesk.switches.incremental_delay = 110
    filled(zendesk, platform, articles=5, age=3600)
    zendesk.clock.advance(3600)
    help_center.change(help_center.articles[0], user_segment_id=SEGMENT)
    zendesk.clock.advance(100)
    assert platform.sync(config(zendesk)).records == []
    zendesk.clock.advance(300)
    platform.sync(config(zendesk))
    assert mirror(help_center) == held(platform)


@pytest.mark.parametrize("seconds", [0, 30, 59, 60, 61])
@pytest.mark.usefixtures("feed")
def test_a_start_time_is_never_younger_than_a_minute(
    zendesk: ZendeskEmulator,
    platform: Platform,
    help_center: HelpCenter,
    seconds: int,
) -> None:
    zendesk.switches.young_start_time_refused = True
    zendesk.switches.incremental_page_size = 3
    fill(help_center, articles=10)
    zendesk.clock.advance(1000)
    platform.sync(config(zendesk))
    zendesk.clock.advance(seconds)
    for article in help_center.articles:
        help_center.change(article, promoted=True)
    assert platform.sync(config(zendesk)).succeeded
    assert mirror(help_center) == held(platform)


@pytest.mark.usefixtures("feed")
def test_two_edits_in_one_second_around_a_sync_both_arrive(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    filled(zendesk, platform, articles=5)
    zendesk.clock.advance(600)
    first, second = help_center.articles[:2]
    help_center.change_translation(first, "de", title="Eins")
    assert keys_of(first) == keys(platform.sync(config(zendesk)))
    # The clock stands still.
    help_center.change_translation(first, "de", title="Zwei")
    help_center.change_translation(second, "de", title="Zwei")
    assert keys_of(first, second) == keys(platform.sync(config(zendesk)))
    assert mirror(help_center) == held(platform)


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        ("end-user", "has the role 'end-user' in Zendesk"),
        ("anonymous", "token access switched off"),
    ],
)
@pytest.mark.usefixtures("feed")
def test_a_user_who_lost_access_gets_an_error_that_says_why(
    zendesk: ZendeskEmulator,
    platform: Platform,
    how: str,
    sentence: str,
) -> None:
    filled(zendesk, platform, articles=5)
    lose_access(zendesk, how)
    output = platform.sync(config(zendesk))
    assert output.error[0] == "config_error"
    assert sentence in output.error[1]
    assert output.records == []


@pytest.mark.parametrize("pages", [0, 1, 2])
@pytest.mark.usefixtures("waits", "feed")
def test_a_feed_that_fails_halfway_keeps_what_was_read_and_loses_nothing(
    zendesk: ZendeskEmulator,
    platform: Platform,
    help_center: HelpCenter,
    pages: int,
) -> None:
    zendesk.switches.incremental_page_size = 3
    filled(zendesk, platform, articles=9)
    zendesk.clock.advance(600)
    for article in help_center.articles:
        zendesk.clock.advance(1)
        help_center.change_translation(article, "de", title="Neu")
    zendesk.clock.advance(600)
    zendesk.faults.add(Fault("status", path=INCREMENTAL, skip=pages, times=None))
    first = platform.sync(config(zendesk))
    assert first.error[0] == "transient_error"
    zendesk.faults.clear()
    second = platform.sync(config(zendesk))
    assert mirror(help_center) == held(platform)
    assert keys(first).isdisjoint(keys(second))
    assert bool(keys(first)) == bool(pages)


@pytest.mark.usefixtures("waits", "feed")
def test_a_feed_page_that_does_not_come_is_asked_for_in_smaller_ones(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    zendesk.switches.incremental_honours_per_page = True
    filled(zendesk, platform, articles=60)
    zendesk.clock.advance(600)
    for article in help_center.articles:
        zendesk.clock.advance(1)
        help_center.change(article, promoted=True)
    zendesk.clock.advance(600)
    zendesk.faults.add(
        Fault("status", path=INCREMENTAL, status=504, times=3),
        Fault("status", path=INCREMENTAL, status=504, only_page_size_above=25, times=None),
    )
    output = platform.sync(config(zendesk))
    assert output.succeeded
    feed = [request for request in zendesk.requests if request.path == INCREMENTAL]
    sizes = {request.query.get("per_page") for request in feed} - {None}
    assert sizes == {"100", "50", "25"}
    # What did not come once is not asked for with every page.
    unsized = [r for r in feed if "per_page" not in r.query]
    by_100 = [r for r in feed if r.query.get("per_page") == "100"]
    assert (3, 3) == (len(unsized), len(by_100))
    assert mirror(help_center) == held(platform)


# ------------------------------------------------------------------------------- reconciliation


@pytest.mark.parametrize(
    ("configured", "minutes", "listed"),
    [
        ({}, 0, False),
        ({}, 5 * 60 + 23, False),
        ({}, 5 * 60 + 24, True),
        ({"reconcile_every_hours": 24}, 21 * 60 + 35, False),
        ({"reconcile_every_hours": 24}, 21 * 60 + 36, True),
        ({"reconcile_every_hours": 0}, 0, True),
    ],
)
@pytest.mark.usefixtures("feed")
def test_a_listing_is_due_by_zendesks_clock(  # noqa: PLR0913, PLR0917 -- fixtures and facts
    zendesk: ZendeskEmulator,
    platform: Platform,
    help_center: HelpCenter,
    configured: dict[str, int],
    minutes: int,
    listed: bool,
) -> None:
    fill(help_center, articles=5)
    platform.sync(config(zendesk, **configured))
    zendesk.clock.advance(60 * minutes)
    zendesk.forget_requests()
    platform.sync(config(zendesk, **configured))
    assert listed == (LIST in paths(zendesk))


@pytest.mark.usefixtures("feed")
def test_what_zendesk_does_not_stamp_is_found_by_the_next_listing(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    filled(zendesk, platform, articles=9)
    zendesk.clock.advance(600)
    bulk, archived, deleted, untranslated, outdated, _, _, _, restored = help_center.articles
    help_center.archive(restored)
    zendesk.clock.advance(6 * 3600)
    platform.sync(config(zendesk))
    help_center.change(bulk, stamped=False, user_segment_id=SEGMENT)
    help_center.archive(archived)
    help_center.delete(deleted)
    help_center.remove_translation(untranslated, "de", stamped=False)
    help_center.change_translation(outdated, "de", stamped=False, outdated=True)
    zendesk.switches.restoring_moves_article = False
    help_center.restore(restored)
    zendesk.clock.advance(3600)
    assert platform.sync(config(zendesk)).records == []
    zendesk.clock.advance(6 * 3600)
    began_at = zendesk.clock.now
    output = platform.sync(config(zendesk))
    assert mirror(help_center) == held(platform)
    assert retracted(output) == {
        **dict.fromkeys(keys_of(archived, deleted), "archived_or_deleted"),
        (untranslated.id, "de"): "translation_deleted",
        (outdated.id, "de"): "outdated",
    }
    assert keys(output) == {
        *keys_of(bulk, archived, deleted, outdated, restored),
        *((untranslated.id, locale) for locale in ("en-us", "de")),
    }
    # What only a listing could find carries the time of the sync: it must not lose.
    (stamp,) = {record["updated_at"] for record in output.records}
    assert began_at <= datetime.fromisoformat(stamp) < zendesk.clock.now


def test_missing_articles_are_asked_for_before_they_are_retracted(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    filled(zendesk, platform, articles=20)
    gone, hidden = help_center.articles[:2]
    help_center.archive(gone)

    def drift(answer: dict[str, list[dict[str, int]]]) -> dict[str, object]:
        answer["articles"] = [row for row in answer["articles"] if row["id"] != hidden.id]
        return dict(answer)

    refuse_offset_pages(zendesk)
    zendesk.faults.add(Fault("rewrite", path="articles$", where=LISTING, rewrite=drift))
    zendesk.forget_requests()
    output = platform.sync(config(zendesk))
    zendesk.faults.assert_consumed()
    asked = {path for path in paths(zendesk) if path.startswith(f"{LIST}/")}
    assert asked == {f"{LIST}/{gone.id}", f"{LIST}/{hidden.id}"}
    assert keys_of(gone) == keys(output) == retracted(output).keys()
    assert mirror(help_center) == held(platform)
    # The one that drifted is listed again, and emits nothing.
    assert platform.sync(config(zendesk)).records == []


@pytest.mark.usefixtures("feed")
def test_an_archived_article_that_still_answers_is_retracted_by_the_second_listing(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    zendesk.switches.archived_articles_shown = True
    filled(zendesk, platform, articles=5)
    archived = help_center.articles[0]
    help_center.archive(archived)
    zendesk.clock.advance(7 * 3600)
    assert platform.sync(config(zendesk)).records == []
    # It is in doubt, so that the next sync is another listing.
    output = platform.sync(config(zendesk))
    assert retracted(output) == dict.fromkeys(keys_of(archived), "archived_or_deleted")
    assert mirror(help_center) == held(platform)
    zendesk.forget_requests()
    assert platform.sync(config(zendesk)).records == []
    assert LIST not in paths(zendesk)


@pytest.mark.usefixtures("feed")
def test_an_archived_article_does_not_come_back_when_its_retraction_dies(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    zendesk.switches.archived_articles_shown = True
    filled(zendesk, platform, articles=5)
    help_center.archive(help_center.articles[0])
    zendesk.clock.advance(7 * 3600)
    platform.sync(config(zendesk))
    platform.keep_until(platform.read(config(zendesk)), 1)
    platform.sync(config(zendesk))
    assert mirror(help_center) == held(platform)


@pytest.mark.parametrize("stamped", [True, False])
def test_a_restored_article_comes_back(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter, stamped: bool
) -> None:
    zendesk.switches.restoring_moves_article = stamped
    filled(zendesk, platform, articles=5)
    article = help_center.articles[0]
    for change in (help_center.archive, help_center.restore):
        zendesk.clock.advance(60)
        change(article)
        zendesk.clock.advance(60)
        assert keys_of(article) == keys(platform.sync(config(zendesk)))
        assert mirror(help_center) == held(platform)


@pytest.mark.parametrize("comes", [True, False])
@pytest.mark.usefixtures("feed")
def test_translations_turn_internal_and_public_with_their_locale(
    zendesk: ZendeskEmulator,
    platform: Platform,
    help_center: HelpCenter,
    comes: bool,
) -> None:
    zendesk.switches.disabled_locale_translations = comes
    furnish(help_center)
    # So that no change is read again by the feed's overlap.
    zendesk.clock.advance(3600)
    platform.sync(config(zendesk))
    before = held(platform)
    zendesk.clock.advance(60)
    help_center.disable_locale("de")
    platform.sync(config(zendesk))
    expected = mirror(help_center)
    if not comes:
        expected = {key: row for key, row in expected.items() if key[1] in help_center.locales}
    assert expected == held(platform)
    assert "public" not in {row["visibility"] for key, row in expected.items() if key[1] == "de"}
    zendesk.clock.advance(60)
    help_center.enable_locale("de")
    platform.sync(config(zendesk))
    assert before == held(platform)


@pytest.mark.usefixtures("feed")
def test_treat_as_open_makes_articles_public_at_the_next_sync(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    furnish(help_center)
    help_center.visitors = "closed"
    zendesk.clock.advance(3600)
    for treated in ([], ["acme"], []):
        platform.sync(config(zendesk, treat_as_open=treated))
        assert mirror(help_center, treat_as_open=bool(treated)) == held(platform)
        zendesk.clock.advance(60)


def test_articles_turn_internal_and_public_with_their_help_center(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    furnish(help_center)
    for visitors in ("open", "closed", "open"):
        help_center.visitors = visitors
        zendesk.clock.advance(60)
        platform.sync(config(zendesk))
        assert mirror(help_center) == held(platform)


@pytest.mark.usefixtures("feed")
def test_a_clock_that_goes_back_calls_for_a_listing_and_no_time_goes_back(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    fill(help_center, articles=5)
    zendesk.clock.advance(7 * 3600)
    platform.sync(config(zendesk))
    zendesk.clock.advance(-3600)
    help_center.change(help_center.articles[0], user_segment_id=SEGMENT)
    help_center.archive(help_center.articles[1])
    zendesk.forget_requests()
    platform.sync(config(zendesk))
    assert LIST in paths(zendesk)
    assert mirror(help_center) == held(platform)


@pytest.mark.usefixtures("feed")
def test_a_clock_that_goes_back_behind_the_last_feed_calls_for_a_listing(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    fill(help_center, articles=5)
    for hours in (1, 2):
        zendesk.clock.advance(3600 * hours)
        platform.sync(config(zendesk))
    zendesk.clock.advance(-3600)
    help_center.change(help_center.articles[0], user_segment_id=SEGMENT)
    zendesk.clock.advance(300)
    platform.sync(config(zendesk))
    assert mirror(help_center) == held(platform)


@pytest.mark.usefixtures("feed")
def test_a_new_version_of_the_digest_emits_everything_once(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    filled(zendesk, platform, age=3600)
    with ExitStack() as stack:
        for version in DIGEST_VERSIONS:
            stack.enter_context(patch(version, 3))
        output = platform.sync(config(zendesk))
        assert truth(help_center).keys() == keys(output)
        assert platform.sync(config(zendesk)).records == []


# ------------------------------------------------------------------------ edits during a listing


def during_the_listing(zendesk: ZendeskEmulator, edit: Callable[[], object]) -> None:
    """Let something happen after the first page of a listing was read."""

    def later() -> None:
        zendesk.clock.advance(1)
        edit()
        zendesk.clock.advance(1)

    refuse_offset_pages(zendesk)
    zendesk.faults.add(Fault("edit", path="articles$", where=LISTING, skip=1, edit=later))


@pytest.mark.parametrize("order", ["position", "id", "updated_at"])
@pytest.mark.usefixtures("feed")
def test_the_next_sync_emits_an_edit_made_during_the_listing(
    zendesk: ZendeskEmulator,
    platform: Platform,
    help_center: HelpCenter,
    order: str,
) -> None:
    zendesk.switches.cursor_order = order  # type: ignore[assignment]
    fill(help_center, articles=250)
    first, last = help_center.articles[0], help_center.articles[-1]
    zendesk.clock.advance(3600)

    def edit() -> None:
        for article in (first, last):
            help_center.change_translation(article, "de", title="Neu")
            zendesk.clock.advance(100)

    during_the_listing(zendesk, edit)
    platform.sync(config(zendesk))
    zendesk.faults.assert_consumed()
    zendesk.clock.advance(3600)
    zendesk.forget_requests()
    platform.sync(config(zendesk))
    assert LIST not in paths(zendesk)
    assert mirror(help_center) == held(platform)


def test_an_article_that_moves_during_the_listing_is_emitted_once(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    fill(help_center, articles=250, categories=2)
    moved = help_center.articles[:100]
    target = list(help_center.sections.values())[1]

    def move() -> None:
        for article in moved:
            help_center.change(article, section_id=target.id, position=99)

    platform.sync(config(zendesk))
    zendesk.clock.advance(60)
    during_the_listing(zendesk, move)
    output = platform.sync(config(zendesk))
    zendesk.faults.assert_consumed()
    assert retracted(output) == {}
    platform.sync(config(zendesk))
    assert mirror(help_center) == held(platform)


def test_an_article_listed_twice_in_two_batches_is_left_to_the_next_sync(
    zendesk: ZendeskEmulator,
    platform: Platform,
    help_center: HelpCenter,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(BATCH_ARTICLES, 50)
    zendesk.switches.cursor_order = "position"
    fill(help_center, articles=250)
    first = help_center.articles[-1]
    during_the_listing(
        zendesk, lambda: help_center.change(first, position=99, user_segment_id=SEGMENT)
    )
    output = platform.sync(config(zendesk))
    zendesk.faults.assert_consumed()
    # A state may have told of it as it came first.
    seen = [r["visibility"] for r in output.records if key_of(r) == (first.id, "de")]
    assert seen == ["public"]
    assert keys(platform.sync(config(zendesk))) == keys_of(first)
    assert mirror(help_center) == held(platform)


# ---------------------------------------------------------------------------------- fail closed


def lose_access(zendesk: ZendeskEmulator, how: str) -> None:
    account = zendesk.account
    if how == "anonymous":
        account.token_access = False
    else:
        account.admin.role = how  # type: ignore[assignment]
        sections = account.help_center().sections
        account.admin.hidden_sections = set(sections) if how == "agent" else set()


@pytest.mark.parametrize("how", ["anonymous", "end-user", "agent"])
def test_a_credential_that_was_demoted_between_syncs_retracts_nothing(
    zendesk: ZendeskEmulator, platform: Platform, how: str
) -> None:
    filled(zendesk, platform)
    before = held(platform)
    lose_access(zendesk, how)
    output = platform.sync(config(zendesk))
    assert output.error[0] == "config_error"
    assert before == held(platform)


@pytest.mark.parametrize(
    ("how", "page"),
    [("anonymous", 1), ("end-user", 0), ("end-user", 2), ("agent", 1), ("agent", 2)],
)
def test_a_credential_that_is_demoted_during_a_listing_retracts_nothing(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter, how: str, page: int
) -> None:
    fill(help_center, articles=250)
    for article in help_center.articles[::2]:
        help_center.change_translation(article, "de", draft=True)
    platform.sync(config(zendesk))
    before = held(platform)
    zendesk.faults.add(
        Fault(
            "edit",
            path="articles$",
            where=LISTING,
            skip=page,
            edit=lambda: lose_access(zendesk, how),
        )
    )
    output = platform.sync(config(zendesk))
    zendesk.faults.assert_consumed()
    assert not output.succeeded
    assert retracted(output) == {}
    assert before == held(platform)
    zendesk.account.admin.role = "admin"
    zendesk.account.admin.hidden_sections.clear()
    zendesk.account.token_access = True
    platform.sync(config(zendesk))
    assert mirror(help_center) == held(platform)


def test_a_user_whose_role_changes_during_a_listing_retracts_nothing(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    filled(zendesk, platform, articles=30)
    before = held(platform)
    help_center.archive(help_center.articles[3])

    def demote() -> None:
        zendesk.account.admin.role = "agent"

    # After the user is known, and before the missing article is retracted.
    zendesk.faults.add(Fault("edit", path=SHOW, edit=demote))
    output = platform.sync(config(zendesk))
    zendesk.faults.assert_consumed()
    assert "transient_error" == output.error[0]
    assert "changed during the sync" in output.error[1]
    assert before == held(platform)


@pytest.mark.parametrize("known", [True, False])
def test_an_article_listed_twice_and_then_archived_is_gone_after_the_next_sync(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter, known: bool
) -> None:
    zendesk.switches.sideload_on_lists = False
    fill(help_center, articles=15)
    if known:
        platform.sync(config(zendesk))
    first = help_center.articles[-1]
    during_the_listing(zendesk, lambda: help_center.change(first, position=99))
    asked = f"{first.id}/translations$"
    zendesk.faults.add(
        Fault("edit", path=asked, skip=1, edit=lambda: help_center.archive(first)),
    )
    with pages_of(10):
        output = platform.sync(config(zendesk))
    zendesk.faults.assert_consumed()
    assert retracted(output).keys() == set()
    # A state may have told of it as it was.
    output = platform.sync(config(zendesk))
    assert retracted(output).keys() == (keys_of(first) if known else set())
    assert mirror(help_center) == held(platform)


def test_an_article_listed_twice_without_a_change_is_not_emitted(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    filled(zendesk, platform, articles=150)
    first = help_center.articles[-1]
    help_center.change(first, user_segment_id=SEGMENT)
    during_the_listing(
        zendesk, lambda: help_center.change(first, position=99, user_segment_id=None)
    )
    assert platform.sync(config(zendesk)).records == []
    zendesk.faults.assert_consumed()
    assert mirror(help_center) == held(platform)


def test_a_first_listing_whose_user_loses_access_stays_unfinished(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    fill(help_center, articles=900)
    for article in help_center.articles[::9]:
        help_center.change(article, user_segment_id=SEGMENT)
    zendesk.faults.add(
        Fault(
            "edit",
            path="articles$",
            where=LISTING,
            skip=1,
            edit=lambda: lose_access(zendesk, "end-user"),
        )
    )
    output = platform.sync(config(zendesk))
    assert "has the role 'end-user' in Zendesk" in output.error[1]
    zendesk.account.admin.role = "admin"
    platform.sync(config(zendesk))
    assert mirror(help_center) == held(platform)


@pytest.mark.parametrize(
    ("known", "archived", "accepted"),
    [(20, 10, True), (20, 11, False), (19, 19, True), (100, 51, False), (100, 50, True)],
)
def test_more_than_half_of_twenty_or_more_articles_are_not_retracted_at_once(  # noqa: PLR0913, PLR0917
    zendesk: ZendeskEmulator,
    platform: Platform,
    help_center: HelpCenter,
    known: int,
    archived: int,
    accepted: bool,
) -> None:
    fill(help_center, articles=known + 1)
    kept = help_center.articles[-1]
    help_center.archive(kept)
    platform.sync(config(zendesk))
    help_center.restore(kept)
    for article in help_center.articles[:archived]:
        help_center.archive(article)
    output = platform.sync(config(zendesk))
    assert accepted == output.succeeded
    if accepted:
        assert mirror(help_center) == held(platform)
        return
    failure_type, message = output.error
    assert failure_type == "config_error"
    assert f"{archived} of the {known} articles known of acme.zendesk.com" in message
    assert "clear the stream's data" in message
    # All else was done, and a state tells of it.
    assert keys_of(kept) == keys(output)
    # Nor do new articles outnumber the missing ones by and by.
    fill(help_center, articles=2 * known)
    again = platform.sync(config(zendesk))
    assert f"{archived} of the {known} articles" in again.error[1]
    assert retracted(again) == {}
    for article in help_center.archived_articles:
        help_center.restore(article)
    assert platform.sync(config(zendesk)).succeeded
    assert mirror(help_center) == held(platform)


def test_a_suspicious_listing_emits_a_state_even_without_a_record(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    filled(zendesk, platform, articles=20)
    for article in help_center.articles[:11]:
        help_center.archive(article)
    output = platform.sync(config(zendesk))
    assert (False, [], 1) == (output.succeeded, output.records, len(output.states))
    assert "scope" not in entry(output)


def test_syncs_that_die_do_not_lower_the_threshold_of_retractions(
    zendesk: ZendeskEmulator,
    platform: Platform,
    help_center: HelpCenter,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(BATCH_ARTICLES, 10)
    filled(zendesk, platform, articles=100)
    for article in help_center.articles[:45]:
        help_center.archive(article)
    output = platform.read(config(zendesk))
    platform.keep_until(output, len(output.states) - 1)
    for article in help_center.articles[:45]:
        help_center.archive(article)
    assert "are no longer listed" in platform.sync(config(zendesk)).error[1]


def test_missing_articles_are_counted_against_finished_listings(
    zendesk: ZendeskEmulator,
    platform: Platform,
    help_center: HelpCenter,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(BATCH_ARTICLES, 30)
    fill(help_center, articles=300)
    for states in (2, 8):
        platform.keep_until(platform.read(config(zendesk)), states)
    for article in help_center.articles[-40:]:
        help_center.archive(article)
    assert platform.sync(config(zendesk)).succeeded
    assert mirror(help_center) == held(platform)


@pytest.mark.parametrize(("archived", "accepted"), [(5, True), (6, False)])
def test_another_user_may_miss_only_a_few_articles(
    zendesk: ZendeskEmulator,
    platform: Platform,
    help_center: HelpCenter,
    archived: int,
    accepted: bool,
) -> None:
    filled(zendesk, platform, articles=20)
    for article in help_center.articles[:archived]:
        help_center.archive(article)
    account = zendesk.account
    other = account.add_user("Eve", "eve@acme.example", "admin")
    entered = of_api_token(zendesk, other)
    output = platform.sync(config(zendesk, credentials=entered))
    assert accepted == output.succeeded
    if not accepted:
        assert "the user or the role may not be" in output.error[1]
        # The one of the last finished listing is believed.
        platform.sync(config(zendesk))
    assert mirror(help_center) == held(platform)


def test_another_user_is_noticed_after_a_first_sync_that_died(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    fill(help_center, articles=1100)
    platform.keep_until(platform.read(config(zendesk)), 2)
    before = held(platform)
    agent = zendesk.account.add_user("Bob", "bob@acme.example", "agent")
    for article in help_center.articles[:20]:
        help_center.archive(article)
    # A third of what is known stays hidden from the agent.
    hidden = help_center.add_section(next(iter(help_center.categories.values())), "Hidden")
    for article in help_center.articles[-400:]:
        help_center.change(article, section_id=hidden.id)
    agent.hidden_sections.add(hidden.id)
    entered = of_api_token(zendesk, agent)
    output = platform.sync(config(zendesk, credentials=entered))
    assert "the user or the role may not be" in output.error[1]
    assert retracted(output) == {}
    assert before.keys() <= held(platform).keys()


def cut_translations(zendesk: ZendeskEmulator, left: list[str]) -> None:
    """Let every list of translations come with these locales only."""

    def leave_out(answer: dict[str, Any]) -> dict[str, object]:
        for holder in answer.get("articles", [answer]):
            rows = holder["translations"]
            holder["translations"] = [row for row in rows if row["locale"] in left]
        return answer

    lists = Fault("rewrite", path="articles$", where=LISTING, rewrite=leave_out, times=None)
    zendesk.faults.add(lists, replace(lists, path="translations$", where={}))


@pytest.mark.parametrize("left", [[], ["de"]])
def test_an_empty_or_partial_list_of_translations_retracts_no_public_one(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter, left: list[str]
) -> None:
    filled(zendesk, platform)
    before = held(platform)
    # That of a restricted article, or in a disabled locale, must not stay as it was.
    hidden = {
        key
        for key, row in before.items()
        if row["visibility_reason"] in {"user_segment", "locale_disabled"} and key[1] not in left
    }
    assert hidden
    cut_translations(zendesk, left)
    output = platform.sync(config(zendesk))
    assert output.succeeded
    zendesk.faults.assert_consumed()
    assert dict.fromkeys(hidden, "translation_deleted") == retracted(output)
    assert {key: row for key, row in before.items() if key not in hidden} == held(platform)
    zendesk.faults.clear()
    platform.sync(config(zendesk))
    assert mirror(help_center) == held(platform)


@pytest.mark.parametrize("died", [False, True])
def test_a_restricted_article_is_retracted_though_its_translations_come_empty(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter, died: bool
) -> None:
    zendesk.switches.disabled_locale_translations = False
    fill(help_center, articles=2)
    help_center.enable_locale("fr")
    section = next(iter(help_center.sections.values()))
    article = help_center.add_article(section, title="t", body="b", locale="de")
    help_center.translate(article, "fr", title="t", body="b")
    platform.sync(config(zendesk))
    zendesk.clock.advance(60)
    if died:
        help_center.change(article, promoted=True)
        platform.keep_until(platform.read(config(zendesk)), 1, more=range(9))
    help_center.disable_locale("de")
    help_center.remove_translation(article, "fr", stamped=False)
    help_center.change(article, user_segment_id=SEGMENT)
    output = platform.sync(config(zendesk))
    assert retracted(output).keys() >= {(article.id, "de"), (article.id, "fr")}
    assert article.id not in {key[0] for key in held(platform)}
    assert [] == platform.sync(config(zendesk)).records


@pytest.mark.usefixtures("feed")
def test_a_retraction_from_a_partial_list_is_emitted_once(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    zendesk.switches.disabled_locale_translations = False
    fill(help_center, articles=2)
    help_center.enable_locale("fr")
    section = next(iter(help_center.sections.values()))
    article = help_center.add_article(section, title="t", body="b", locale="de")
    help_center.translate(article, "fr", title="t", body="b")
    zendesk.clock.advance(3600)
    platform.sync(config(zendesk))
    help_center.change(article, promoted=True)
    platform.keep_until(platform.read(config(zendesk)), 1, more=range(9))
    help_center.disable_locale("de")
    help_center.remove_translation(article, "fr", stamped=False)
    # Nothing is said of the French one, which may be public.
    output = platform.sync(config(zendesk))
    assert (article.id, "de") in retracted(output)
    for _ in range(2):
        assert [] == platform.sync(config(zendesk)).records
    assert (article.id, "fr") in held(platform)


# ------------------------------------------------------------------- translations that vanish


@pytest.mark.parametrize("way", ["listing", "feed"])
@pytest.mark.parametrize("batch", [10, 1000])
@pytest.mark.usefixtures("feed")
def test_a_sideload_with_only_the_source_locale_retracts_nothing(  # noqa: PLR0913, PLR0917
    zendesk: ZendeskEmulator,
    platform: Platform,
    help_center: HelpCenter,
    monkeypatch: pytest.MonkeyPatch,
    way: str,
    batch: int,
) -> None:
    monkeypatch.setattr(BATCH_ARTICLES, batch)
    filled(zendesk, platform, articles=60, age=3600)
    before = held(platform)
    zendesk.clock.advance(60 if way == "feed" else 7 * 3600)
    for article in help_center.articles:
        help_center.change(article, promoted=True)
    cut_translations(zendesk, ["en-us"])
    zendesk.forget_requests()
    output = platform.sync(config(zendesk))
    assert (way == "listing") is (LIST in paths(zendesk))
    failure_type, message = output.error
    assert "config_error" == failure_type
    assert "60 of the 120 variants known of acme.zendesk.com are no longer listed" in message
    assert "clear the stream's data" in message
    # All else is kept, and a state tells of it.
    assert {} == retracted(output)
    assert 60 == len(output.records)
    assert before.keys() == held(platform).keys()
    # Nor do new articles outnumber them by and by.
    fill(help_center, articles=70)
    again = platform.sync(config(zendesk))
    assert "variants known of acme.zendesk.com are no longer listed" in again.error[1]
    assert {} == retracted(again)
    assert [] == platform.sync(config(zendesk)).records
    zendesk.faults.clear()
    assert platform.sync(config(zendesk)).succeeded
    assert mirror(help_center) == held(platform)
    assert [] == platform.sync(config(zendesk)).records


@pytest.mark.parametrize("way", ["listing", "feed"])
@pytest.mark.parametrize(("deleted", "accepted"), [(15, True), (16, False)])
def test_more_than_half_of_twenty_or_more_variants_are_not_retracted_at_once(  # noqa: PLR0913, PLR0917
    zendesk: ZendeskEmulator,
    platform: Platform,
    help_center: HelpCenter,
    monkeypatch: pytest.MonkeyPatch,
    way: str,
    deleted: int,
    accepted: bool,
) -> None:
    if way == "feed":
        monkeypatch.setattr(SMALL, 0)
    fill(help_center, articles=10)
    for locale in ("fr", "ja"):
        help_center.enable_locale(locale)
    for article in help_center.articles:
        help_center.translate(article, "fr", title="t", body="b")
    zendesk.clock.advance(3600)
    platform.sync(config(zendesk))
    zendesk.clock.advance(3600)
    texts = [(row, locale) for locale in ("fr", "de") for row in help_center.articles]
    for article, locale in texts[:deleted]:
        help_center.remove_translation(article, locale)
    zendesk.forget_requests()
    output = platform.sync(config(zendesk))
    assert accepted == output.succeeded
    if not accepted:
        assert "16 of the 30 variants known of acme.zendesk.com" in output.error[1]
        assert {} == retracted(output)
        return
    assert deleted == len(retracted(output))
    # The user is proved once before.
    assert len(zendesk.requests) == (3 if way == "feed" else 5)
    assert mirror(help_center) == held(platform)
    assert [] == platform.sync(config(zendesk)).records


def test_translations_in_a_disabled_locale_do_not_count_as_vanished(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    zendesk.switches.disabled_locale_translations = False
    filled(zendesk, platform, articles=40)
    help_center.disable_locale("de")
    output = platform.sync(config(zendesk))
    assert (True, 40) == (output.succeeded, len(retracted(output)))
    assert [] == platform.sync(config(zendesk)).records


@pytest.mark.parametrize(("deleted", "accepted"), [(5, True), (6, False)])
def test_another_user_may_miss_only_a_few_translations(
    zendesk: ZendeskEmulator,
    platform: Platform,
    help_center: HelpCenter,
    deleted: int,
    accepted: bool,
) -> None:
    filled(zendesk, platform, articles=20)
    for article in help_center.articles[:deleted]:
        help_center.remove_translation(article, "de")
    other = zendesk.account.add_user("Eve", "eve@acme.example", "admin")
    output = platform.sync(config(zendesk, credentials=of_api_token(zendesk, other)))
    assert accepted == output.succeeded
    if not accepted:
        assert "6 of the 40 variants" in output.error[1]
        assert "the user or the role may not be" in output.error[1]
        platform.sync(config(zendesk))
    assert mirror(help_center) == held(platform)


def test_a_restricted_article_is_retracted_if_its_translations_vanish(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    filled(zendesk, platform, articles=30)
    restricted = help_center.articles[:4]
    for article in restricted:
        help_center.change(article, user_segment_id=SEGMENT)
    cut_translations(zendesk, ["en-us"])
    output = platform.sync(config(zendesk))
    assert "26 of the 60 variants" in output.error[1]
    assert {(article.id, "de") for article in restricted} == retracted(output).keys()


# What bot protection, a proxy or a page of Zendesk's own may say to a visitor.
NO_ANSWERS = [
    Fault(
        "status",
        status=403,
        headers={"Content-Type": "text/html; charset=UTF-8", "cf-mitigated": "challenge"},
        body="<!DOCTYPE html><title>Just a moment...</title>",
    ),
    Fault("status", status=403, body="error code: 1020"),
    Fault("status", status=403, body={"cloudflare_error": True, "error_code": 1020}),
    Fault("redirect", location="https://acme.zendesk.com/hc/en-us/articles"),
    Fault("html"),
    Fault("status", status=503),
]
OF_ALL_KINDS = pytest.mark.parametrize(
    "no_answer", NO_ANSWERS, ids=["challenge", "1020", "JSON", "redirect", "html", "503"]
)


def refuse_visitors(zendesk: ZendeskEmulator, no_answer: Fault) -> None:
    zendesk.faults.add(replace(no_answer, credential="none", times=None))


@OF_ALL_KINDS
@pytest.mark.usefixtures("waits")
def test_without_any_answer_to_visitors_nothing_public_is_retracted(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter, no_answer: Fault
) -> None:
    fill(help_center, articles=40)
    public = config(zendesk, visibility=["public"])
    refuse_visitors(zendesk, no_answer)
    output = platform.sync(public)
    assert output.error[0] == "transient_error"
    assert "the filter `visibility` depends on it" in output.error[1]
    assert [] == output.records
    platform.sync(config(zendesk))
    assert mirror(help_center, is_open=False) == held(platform)
    output = platform.sync(public)
    assert "the filter `visibility` depends on it" in output.error[1]
    assert mirror(help_center, is_open=False) == held(platform)


@pytest.mark.parametrize(
    ("no_answer", "filters"), [(NO_ANSWERS[0], {}), (NO_ANSWERS[-1], {"visibility": ["public"]})]
)
@pytest.mark.usefixtures("waits")
def test_the_last_answer_to_visitors_holds_for_a_day(
    zendesk: ZendeskEmulator,
    platform: Platform,
    help_center: HelpCenter,
    no_answer: Fault,
    filters: dict[str, Any],
) -> None:
    fill(help_center, articles=40)
    configured = config(zendesk, **filters)
    last = entry(platform.sync(configured))
    at = last["visitors_at"]
    assert ("open", "2026-11-01T12:00") == (last["visitors"], at[:16])
    refuse_visitors(zendesk, no_answer)
    for _ in range(2):
        zendesk.clock.advance(11 * 3600)
        output = platform.sync(configured)
        assert (True, []) == (output.succeeded, output.records)
        assert "WARN Help Center acme gave visitors who are not signed in no usable" in output.logs
        until = at.replace("-01T", "-02T")
        assert f"The last one, of {at}, says open, and holds until {until}." in output.logs
        kept = ("scope", "visitors", "visitors_at")
        assert [last[name] for name in kept] == [entry(output)[name] for name in kept]
    zendesk.clock.advance(2 * 3600)
    for changed in (80, 0):
        output = platform.sync(configured)
        assert (True, changed) == (output.succeeded, len(output.records))
        assert f"The last one, of {at}, is too old" in output.logs
        assert mirror(help_center, is_open=False, filters=filters) == held(platform)
    zendesk.faults.clear()
    assert 80 == len(platform.sync(configured).records)
    assert mirror(help_center, filters=filters) == held(platform)


@pytest.mark.usefixtures("waits", "feed")
def test_an_old_answer_to_visitors_causes_a_listing_only_when_it_expires(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    filled(zendesk, platform, articles=5)
    refuse_visitors(zendesk, Fault("status", status=503))
    for hours, is_listed in ((7, True), (1, False), (15, False), (2, True), (1, True)):
        zendesk.clock.advance(3600 * hours)
        zendesk.forget_requests()
        output = platform.sync(config(zendesk, reconcile_every_hours=6 if hours == 7 else 168))
        assert "gave visitors who are not signed in no usable answer" in output.logs
        assert is_listed is (LIST in paths(zendesk)), hours
    assert mirror(help_center, is_open=False) == held(platform)


@pytest.mark.usefixtures("waits")
def test_the_last_answer_to_visitors_survives_a_sync_that_dies(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    fill(help_center, articles=3)
    platform.keep_until(platform.read(config(zendesk)), 1)
    refuse_visitors(zendesk, Fault("status", status=503))
    platform.sync(config(zendesk))
    assert mirror(help_center) == held(platform)


@pytest.mark.usefixtures("waits")
def test_a_state_without_an_answer_to_visitors_takes_that_of_its_listing(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    fill(help_center, articles=3)
    saved = platform.sync(config(zendesk)).states[-1]["stream"]["stream_state"]
    for name in ("visitors", "visitors_at"):
        del saved["help_centers"]["acme"][name]
    platform.state = state(**saved)
    refuse_visitors(zendesk, Fault("status", status=503))
    output = platform.sync(config(zendesk))
    assert (True, []) == (output.succeeded, output.records)


@pytest.mark.parametrize("locales", [["de"], ["fr"], ["de", "fr"]])
def test_a_help_center_is_open_if_visitors_see_an_article_in_any_of_its_locales(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter, locales: list[str]
) -> None:
    section = help_center.add_section(help_center.add_category("c"), "s")
    for locale in ("de", "fr"):
        help_center.enable_locale(locale)
        help_center.add_article(
            section, title="t", body="b", locale=locale, draft=locale not in locales
        )
    help_center.add_article(section, title="t", body="b", draft=True)
    output = platform.sync(config(zendesk))
    reasons = {record["locale"]: record["visibility_reason"] for record in output.records}
    assert locales == [locale for locale in ("de", "fr") if reasons[locale] == "published"]
    assert "Help Center acme is open" in output.logs
    asked = [request.path for request in zendesk.requests if request.credential == "none"]
    assert len(asked) == (2 if "de" in locales else 3)


def test_a_help_center_that_shows_visitors_nothing_is_closed_to_them(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    zendesk.switches.closed_answer = "empty"
    furnish(help_center)
    help_center.visitors = "closed"
    output = platform.sync(config(zendesk))
    assert "shows them no article in any of its locales" in output.logs
    assert mirror(help_center) == held(platform)
    asked = [request.path for request in zendesk.requests if request.credential == "none"]
    assert len(asked) == len(help_center.locales)


@pytest.mark.usefixtures("waits", "feed")
def test_the_next_sync_asks_again_if_visitors_got_no_usable_answer(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    furnish(help_center)
    zendesk.clock.advance(3600)
    refuse_visitors(zendesk, Fault("status", status=503))
    platform.sync(config(zendesk))
    assert mirror(help_center, is_open=False) == held(platform)
    assert entry(platform.sync(config(zendesk)))["scope"].startswith("unknown ")
    zendesk.faults.clear()
    platform.sync(config(zendesk))
    assert mirror(help_center) == held(platform)


@pytest.mark.usefixtures("waits", "feed")
def test_treat_as_open_needs_no_answer_to_visitors(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    furnish(help_center)
    zendesk.faults.add(Fault("status", status=503, credential="none", times=None))
    configured = config(zendesk, visibility=["public"], treat_as_open=["acme"])
    platform.sync(configured)
    expected = mirror(help_center, treat_as_open=True, filters={"visibility": ["public"]})
    assert expected == held(platform)
    zendesk.clock.advance(60)
    zendesk.forget_requests()
    assert platform.sync(configured).records == []
    assert LIST not in paths(zendesk)


@pytest.mark.parametrize("locales", [[], ["de"]])
@pytest.mark.usefixtures("waits")
def test_a_list_of_locales_without_the_default_one_is_not_believed(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter, locales: list[str]
) -> None:
    furnish(help_center)
    platform.sync(config(zendesk, visibility=["public"]))
    before = held(platform)
    zendesk.faults.add(
        Fault(
            "rewrite",
            path="locales$",
            rewrite=lambda answer: {**answer, "locales": locales},
            times=None,
        )
    )
    assert platform.sync(config(zendesk, visibility=["public"])).error[0] == "transient_error"
    assert before == held(platform)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        *product(["me$", "locales$", "articles$", SHOW, "sections$", "categories$"], [403, 500]),
        *product(["articles$", "sections$"], [401, 404]),
    ],
)
@pytest.mark.usefixtures("waits")
def test_no_error_is_ever_a_retraction(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter, path: str, status: int
) -> None:
    fill(help_center, articles=25)
    configured = config(zendesk, categories=list(help_center.categories))
    platform.sync(configured)
    before = held(platform)
    help_center.archive(help_center.articles[3])
    # The request as a visitor may fail.
    zendesk.faults.add(
        Fault("status", path=path, status=status, credential="api_token", times=None)
    )
    output = platform.sync(configured)
    assert not output.succeeded
    assert before == held(platform)


# ---------------------------------------------------------------------------------------- scope


@pytest.mark.usefixtures("feed")
def test_a_changed_filter_emits_what_enters_the_scope_and_retracts_what_leaves_it(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    furnish(help_center)
    zendesk.clock.advance(3600)
    orders, _, inside = help_center.sections.values()
    category = inside.category_id
    for filters in (
        {"locales": ["de"]},
        {"locales": ["EN-US ", "de"]},
        {"categories": [category]},
        {"categories": [category, orders.category_id], "sections": [orders.id]},
        {"labels": ["Orders"]},
        {"exclude_labels": ["orders"]},
        {"visibility": ["public"]},
        {"visibility": ["internal"], "locales": ["de", "fr"]},
        {},
    ):
        zendesk.clock.advance(60)
        output = platform.sync(config(zendesk, **filters))
        as_meant = {
            name: [value.strip().lower() if isinstance(value, str) else value for value in values]
            for name, values in filters.items()
        }
        assert mirror(help_center, filters=as_meant) == held(platform), filters
        assert set(retracted(output).values()) <= {"out_of_scope"}
        assert platform.sync(config(zendesk, **filters)).records == []


@pytest.mark.parametrize(
    ("filters", "sentence"),
    [
        (
            {"locales": ["de", "nl", "xx"]},
            "`locales`: the Help Center has no nl, xx. It has en-us, de, fr.",
        ),
        ({"categories": [7]}, "`categories`: the Help Center has no 7. It has "),
        ({"categories": [7]}, "(For our partners)"),
        ({"sections": [8]}, "`sections`: the Help Center has no 8. It has "),
        ({"sections": [8]}, "(Prices)"),
    ],
)
def test_an_unknown_filter_value_fails_a_check_and_warns_in_a_read(
    zendesk: ZendeskEmulator,
    platform: Platform,
    help_center: HelpCenter,
    filters: dict[str, list[object]],
    sentence: str,
) -> None:
    furnish(help_center)
    failure_type, message = run(zendesk, "check", config(zendesk, **filters)).error
    assert failure_type == "config_error"
    assert sentence in message
    output = platform.sync(config(zendesk, **filters))
    assert output.succeeded
    (warning,) = [
        line for line in output.logs.splitlines() if line.startswith("WARN Help Center acme: `")
    ]
    assert sentence in warning
    assert mirror(help_center, filters=filters) == held(platform)


def test_the_articles_of_a_deleted_section_are_retracted(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    furnish(help_center)
    inside = list(help_center.sections.values())[-1]
    configured = config(zendesk, sections=[inside.id])
    platform.sync(configured)
    assert held(platform)
    help_center.remove_section(inside)
    output = platform.sync(configured)
    assert output.succeeded
    assert held(platform) == {}


@pytest.mark.usefixtures("feed")
def test_a_new_section_is_looked_up_before_its_articles_are_judged(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    furnish(help_center)
    category = next(iter(help_center.categories.values()))
    configured = config(zendesk, categories=[category.id])
    platform.sync(configured)
    zendesk.clock.advance(300)
    section = help_center.add_section(category, "New")
    article = help_center.add_article(section, title="New", body=None)
    zendesk.forget_requests()
    assert keys_of(article) == keys(platform.sync(configured))
    assert LIST not in paths(zendesk)


def hide_sections(zendesk: ZendeskEmulator) -> None:
    """Let nothing show a section."""
    zendesk.switches.hierarchy_sideloaded = False
    zendesk.faults.add(
        Fault(
            "rewrite",
            path="sections$",
            rewrite=lambda answer: {**answer, "sections": []},
            times=None,
        )
    )


def test_an_article_in_an_unlisted_section_stays_in_scope_and_can_turn_internal(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    furnish(help_center)
    category = next(iter(help_center.categories.values()))
    configured = config(zendesk, categories=[category.id])
    platform.sync(configured)
    hide_sections(zendesk)
    zendesk.clock.advance(60)
    output = platform.sync(configured)
    assert ({}, True) == (retracted(output), output.succeeded)
    assert not any("section_name" in row or "category_id" in row for row in output.records)
    assert "or in one that no list shows" in output.logs
    assert [] == platform.sync(configured).records
    # Two requests for sections, whatever the number of articles.
    zendesk.forget_requests()
    help_center.change(help_center.articles[0], user_segment_id=SEGMENT)
    platform.sync(configured)
    nowhere = dict.fromkeys(("section_name", "category_id", "category_name"))
    expected = mirror(help_center, filters={"categories": [category.id]})
    assert {key: {**row, **nowhere} for key, row in expected.items()} == {
        key: {**row, **nowhere} for key, row in held(platform).items()
    }
    assert 2 == len([path for path in paths(zendesk) if path.endswith("sections")])


def test_an_article_in_an_unlisted_section_must_match_the_other_filters(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    furnish(help_center)
    category = next(iter(help_center.categories.values()))
    configured = config(zendesk, categories=[category.id], exclude_labels=["no"])
    platform.sync(configured)
    hide_sections(zendesk)
    labelled = help_center.articles[0]
    help_center.change(labelled, label_names=["no"])
    assert retracted(platform.sync(configured)).keys() == keys_of(labelled)


@pytest.mark.parametrize("field", ["labels", "exclude_labels"])
def test_an_article_without_labels_in_the_answer_stays_in_or_out_of_scope(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter, field: str
) -> None:
    fill(help_center, articles=4)
    help_center.change(help_center.articles[0], label_names=["bot"])
    configured = config(zendesk, **{field: ["bot"]})
    platform.sync(configured)
    before = held(platform)
    assert len(before) == (2 if field == "labels" else 6)

    def leave_out(answer: dict[str, Any]) -> dict[str, Any]:
        for row in answer["articles"]:
            del row["label_names"]
        return answer

    zendesk.faults.add(
        Fault("rewrite", path="articles$", where=LISTING, rewrite=leave_out, times=None)
    )
    output = platform.sync(configured)
    assert (True, {}) == (output.succeeded, retracted(output))
    assert before.keys() == held(platform).keys()
    zendesk.faults.clear()
    platform.sync(configured)
    assert before == held(platform)


def test_an_archived_article_of_a_deleted_section_is_retracted_though_it_still_answers(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    zendesk.switches.archived_articles_shown = True
    furnish(help_center)
    inside = list(help_center.sections.values())[-1]
    configured = config(zendesk, categories=[inside.category_id])
    platform.sync(configured)
    assert held(platform)
    help_center.remove_section(inside)
    platform.sync(configured)
    platform.sync(configured)
    assert held(platform) == {}


# ------------------------------------------------------------------------------- state and scope


def test_a_hand_written_state_emits_what_was_stamped_since(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    fill(help_center, articles=5)
    zendesk.clock.advance(3600)
    touched, translated = help_center.articles[:2]
    help_center.change(touched, promoted=True)
    zendesk.switches.translation_content_moves_article = False
    help_center.change_translation(translated, "de", title="Neu")
    platform.state = state(updated_at="2026-11-01T13:00:00Z")
    output = platform.sync(config(zendesk))
    assert keys_of(touched, translated) == keys(output)
    assert platform.sync(config(zendesk)).records == []
    # From then on all is known.
    help_center.change(help_center.articles[3], stamped=False, user_segment_id=SEGMENT)
    assert keys_of(help_center.articles[3]) == keys(platform.sync(config(zendesk)))


def test_a_hand_written_state_is_kept_by_a_sync_that_dies(
    zendesk: ZendeskEmulator,
    platform: Platform,
    help_center: HelpCenter,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(BATCH_ARTICLES, 1)
    fill(help_center, articles=5)
    zendesk.clock.advance(3600)
    touched = help_center.articles[1:4]
    for article in touched:
        help_center.change(article, promoted=True)
    platform.state = state(updated_at="2026-11-01T13:00:00Z")
    emitted: set[Key] = set()
    for kept in (1, 2):
        output = platform.read(config(zendesk))
        platform.keep_until(output, kept)
        emitted |= {key_of(r) for batch in batches_of(output)[:kept] for r in batch}
    emitted |= keys(platform.sync(config(zendesk)))
    assert keys_of(*touched) == emitted


def test_articles_that_a_hand_written_state_skips_are_known_afterwards(
    zendesk: ZendeskEmulator,
    platform: Platform,
    help_center: HelpCenter,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(BATCH_ARTICLES, 1)
    fill(help_center, articles=5)
    old, touched = help_center.articles[0], help_center.articles[4]
    zendesk.clock.advance(3600)
    help_center.change(touched, promoted=True)
    platform.state = state(updated_at="2026-11-01T13:00:00Z")
    platform.keep_until(platform.read(config(zendesk)), 1)
    help_center.change(old, stamped=False, user_segment_id=SEGMENT)
    assert keys_of(old, touched) == keys(platform.sync(config(zendesk)))


def test_a_hand_written_state_in_the_future_emits_nothing(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    furnish(help_center)
    platform.state = state(updated_at="2027-11-01T00:00:00Z")
    output = platform.sync(config(zendesk))
    assert output.succeeded
    assert output.records == []
    zendesk.clock.advance(60)
    changed = help_center.articles[0]
    help_center.change(changed, user_segment_id=SEGMENT)
    output = platform.sync(config(zendesk))
    assert keys_of(changed) == keys(output)
    assert min(record["updated_at"] for record in output.records) > "2027-11-01T00:00:00Z"


def test_a_help_center_without_an_entry_is_emitted_whole_whatever_the_state_says(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    furnish(help_center)
    platform.state = state(synced_at="2026-11-01T13:00:00Z", help_centers={})
    output = platform.sync(config(zendesk))
    assert truth(help_center).keys() == keys(output)
    assert {"2026-11-01T13:00:01Z"} == {record["updated_at"] for record in output.records}


@pytest.mark.parametrize("known", ["1.7.damaged", "2.0"])
def test_an_unreadable_memory_is_a_clear_error(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter, known: str
) -> None:
    furnish(help_center)
    saved = platform.sync(config(zendesk)).states[-1]["stream"]["stream_state"]
    saved["help_centers"]["acme"]["known"] = known
    platform.state = state(**saved)
    output = platform.sync(config(zendesk))
    failure_type, message = output.error
    assert failure_type == "config_error"
    assert "`known` of acme" in message
    assert "Clear the stream's data" in message
    assert output.records == []


def test_the_state_of_another_help_center_is_retracted_first(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    furnish(help_center)
    zendesk.account.add_brand("shop")
    shop = zendesk.account.help_center("shop")
    furnish(shop)
    platform.sync(config(zendesk))
    before = held(platform).keys()
    zendesk.clock.advance(60)
    output = platform.sync(config(zendesk, subdomain="shop"))
    assert mirror(shop) == held(platform)
    assert retracted(output) == dict.fromkeys(before, "out_of_scope")
    assert {"removed"} == {record["status"] for record in output.records[: len(before)]}
    assert {"acme"} == {record["brand_subdomain"] for record in output.records[: len(before)]}
    helped = output.states[-1]["stream"]["stream_state"]["help_centers"]
    assert helped.keys() == {"shop"}


def test_what_another_help_center_of_the_state_holds_is_not_retracted(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    furnish(help_center)
    saved = platform.sync(config(zendesk)).states[-1]["stream"]["stream_state"]
    entries = saved["help_centers"]
    platform.state = state(
        synced_at=saved["synced_at"], help_centers={"old": entries["acme"], **entries}
    )
    output = platform.sync(config(zendesk))
    assert output.records == []
    helped = output.states[-1]["stream"]["stream_state"]["help_centers"]
    assert helped.keys() == {"acme"}


def test_an_unreadable_help_center_retracts_nothing_of_the_one_before(
    zendesk: ZendeskEmulator, platform: Platform
) -> None:
    filled(zendesk, platform)
    before = held(platform)
    output = platform.sync(config(zendesk, subdomain="acmee"))
    assert output.error[0] == "config_error"
    assert before == held(platform)


def test_a_renamed_brand_loses_nothing(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    filled(zendesk, platform)
    zendesk.clock.advance(60)
    # Stamped after the last sync, and before the retraction.
    help_center.change(help_center.articles[0], user_segment_id=SEGMENT)
    zendesk.clock.advance(60)
    zendesk.account.brands[0].subdomain = "acme-2"
    platform.sync(config(zendesk, subdomain="acme-2"))
    assert mirror(help_center) == held(platform)
    assert platform.sync(config(zendesk, subdomain="acme-2")).records == []


# -------------------------------------------------------------------------------- syncs that die


def test_a_first_sync_that_is_killed_three_times_emits_no_variant_twice(
    zendesk: ZendeskEmulator,
    platform: Platform,
    help_center: HelpCenter,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(BATCH_ARTICLES, 100)
    fill(help_center, articles=450)
    emitted: list[Key] = []
    for _ in range(3):
        output = platform.read(config(zendesk))
        # Killed in the middle of the second batch of this run.
        lost = len(batches_of(output)[2]) // 2
        platform.keep_until(output, 2, more=range(lost))
        emitted += [key_of(r) for r in batches_of(output)[1]]
    output = platform.sync(config(zendesk))
    emitted += [key_of(r) for r in output.records]
    assert len(emitted) == len(set(emitted)) == 900
    assert mirror(help_center) == held(platform)


def test_the_next_sync_goes_on_where_a_process_was_killed(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    lines = 700
    fill(help_center, articles=1100)
    output = platform.read(config(zendesk), through=killed_script(lines))
    assert not output.of("STATE")[-1]["stream"]["stream_state"]["help_centers"]["acme"].get("scope")
    platform.keep_until(output, len(output.states), more=range(lines))
    again = platform.sync(config(zendesk))
    told = sum(len(batch) for batch in batches_of(output)[: len(output.states)])
    assert told + len(again.records) == 2200
    assert mirror(help_center) == held(platform)


def test_a_copy_that_was_public_when_a_sync_died_does_not_stay(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    fill(help_center, articles=3)
    article = help_center.articles[0]
    help_center.change(article, user_segment_id=SEGMENT)
    platform.sync(config(zendesk))
    zendesk.clock.advance(60)
    help_center.change(article, user_segment_id=None)
    # The public records arrive, and the state behind them does not.
    platform.keep_until(platform.read(config(zendesk)), 1, more=range(9))
    zendesk.clock.advance(60)
    help_center.change(article, user_segment_id=SEGMENT)
    platform.sync(config(zendesk))
    assert mirror(help_center) == held(platform)


@pytest.mark.parametrize("kept", [1, 2, 3])
@pytest.mark.parametrize("is_feed", [True, False])
def test_records_written_after_the_saved_state_are_retracted(  # noqa: PLR0913, PLR0917 -- fixtures and facts
    zendesk: ZendeskEmulator,
    platform: Platform,
    help_center: HelpCenter,
    monkeypatch: pytest.MonkeyPatch,
    kept: int,
    is_feed: bool,
) -> None:
    monkeypatch.setattr(BATCH_ARTICLES, 3)
    if is_feed:
        monkeypatch.setattr(SMALL, 0)
    help_center.enable_locale("fr")
    fill(help_center, articles=12)
    for article in help_center.articles:
        help_center.change(article, user_segment_id=SEGMENT)
    zendesk.clock.advance(3600)
    platform.sync(config(zendesk))
    for article in help_center.articles:
        help_center.change(article, user_segment_id=None)
    translated = help_center.articles[-1]
    help_center.translate(translated, "fr", title="Nouveau", body=None)
    zendesk.clock.advance(3600)
    # The destination writes four batches, and the platform has saved an earlier state.
    output = platform.read(config(zendesk))
    assert (INCREMENTAL in paths(zendesk)) is is_feed
    assert len(output.states) == 5
    platform.keep_until(output, kept, more=range(99))
    help_center.remove_translation(translated, "fr", stamped=False)
    for article in help_center.articles:
        help_center.change(article, stamped=False, user_segment_id=SEGMENT)
    zendesk.clock.advance(3600)
    platform.sync(config(zendesk))
    assert mirror(help_center) == held(platform)
    assert platform.sync(config(zendesk)).records == []


@pytest.mark.usefixtures("feed")
def test_one_batch_that_dies_is_emitted_again_and_nothing_else(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    filled(zendesk, platform, articles=12, age=3600)
    article = help_center.articles[5]
    help_center.change(article, user_segment_id=SEGMENT)
    zendesk.clock.advance(3600)
    platform.keep_until(platform.read(config(zendesk)), 1)
    assert keys(platform.sync(config(zendesk))) == keys_of(article)


@pytest.mark.parametrize("left", [[], ["de"]])
@pytest.mark.usefixtures("feed")
def test_an_article_stays_in_doubt_while_its_translations_are_partial(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter, left: list[str]
) -> None:
    fill(help_center, articles=3)
    article = help_center.articles[0]

    def be(*, draft: bool, stamped: bool) -> None:
        for locale in article.translations:
            help_center.change_translation(article, locale, draft=draft, stamped=stamped)

    be(draft=True, stamped=True)
    zendesk.clock.advance(3600)
    platform.sync(config(zendesk))
    be(draft=False, stamped=True)
    platform.keep_until(platform.read(config(zendesk)), 1, more=range(9))
    be(draft=True, stamped=False)
    zendesk.clock.advance(3600)
    cut_translations(zendesk, left)
    assert {locale for _, locale in keys(platform.sync(config(zendesk)))} == set(left)
    zendesk.faults.clear()
    platform.sync(config(zendesk))
    assert mirror(help_center) == held(platform)


@pytest.mark.parametrize("kept", [0, 1])
def test_an_article_that_vanishes_after_a_sync_died_is_retracted(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter, kept: int
) -> None:
    filled(zendesk, platform)
    zendesk.clock.advance(60)
    article = help_center.articles[1]
    help_center.translate(article, "fr", title="Nouveau", body=None)
    platform.keep_until(platform.read(config(zendesk)), kept, more=range(9) if kept else ())
    zendesk.clock.advance(60)
    help_center.remove_translation(article, "fr", stamped=False)
    help_center.archive(help_center.articles[0])
    platform.sync(config(zendesk))
    assert mirror(help_center) == held(platform)


@pytest.mark.usefixtures("feed")
def test_a_listing_that_dies_when_the_scope_has_changed_is_done_again(
    zendesk: ZendeskEmulator,
    platform: Platform,
    help_center: HelpCenter,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(BATCH_ARTICLES, 2)
    furnish(help_center)
    zendesk.clock.advance(3600)
    platform.sync(config(zendesk, locales=["de"]))
    output = platform.read(config(zendesk))
    platform.keep_until(output, 2)
    assert "scope" not in output.states[1]["stream"]["stream_state"]["help_centers"]["acme"]
    platform.sync(config(zendesk))
    assert mirror(help_center) == held(platform)


def test_a_full_refresh_that_died_is_resumed_and_a_finished_one_begins_again(
    zendesk: ZendeskEmulator,
    platform: Platform,
    help_center: HelpCenter,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(BATCH_ARTICLES, 100)
    fill(help_center, articles=150)
    first = platform.read(config(zendesk), sync_mode="full_refresh")
    platform.keep_until(first, 2)
    second = platform.sync(config(zendesk), sync_mode="full_refresh")
    assert (200, 100) == (len(batches_of(first)[1]), len(second.records))
    assert mirror(help_center) == held(platform)
    third = platform.read(config(zendesk), sync_mode="full_refresh")
    assert len(third.records) == 300


def test_no_time_goes_back_in_a_full_refresh_after_a_finished_one(
    zendesk: ZendeskEmulator,
    platform: Platform,
    help_center: HelpCenter,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(BATCH_ARTICLES, 100)
    fill(help_center, articles=150)
    platform.keep_until(platform.read(config(zendesk), sync_mode="full_refresh"), 2)
    zendesk.clock.advance(60)
    # The second attempt finishes. The destination has written it all, and then fails.
    platform.sync(config(zendesk), sync_mode="full_refresh")
    for article in help_center.articles[:3]:
        help_center.change(article, stamped=False, user_segment_id=SEGMENT)
    third = platform.sync(config(zendesk), sync_mode="full_refresh")
    assert len(third.records) == 300
    assert mirror(help_center) == held(platform)


@pytest.mark.parametrize(
    ("content", "succeeds"),
    [
        ("", True),
        ("null", True),
        ("[]", True),
        ('"2026-11-01T00:00:00Z"', False),
        ("2026-11-01", False),
        ("7", False),
        ('{"articles": {"updated_at": "2026-11-01T00:00:00Z"}}', False),
        (STATE_OF % ("articles", "null"), True),
        (STATE_OF % ("articles", "[]"), False),
        (STATE_OF % ("articles", '"2026-11-01T00:00:00Z"'), False),
        (STATE_OF % ("articles", '{"articles": {"updated_at": "2026-11-01T00:00:00Z"}}'), False),
        (STATE_OF % ("sections", "{}"), False),
    ],
)
def test_a_file_with_another_state_is_a_first_sync_or_a_clear_error(
    zendesk: ZendeskEmulator, help_center: HelpCenter, content: str, succeeds: bool
) -> None:
    furnish(help_center)
    output = run(zendesk, "read", config(zendesk), state=content)
    assert succeeds is output.succeeded
    assert succeeds is bool(output.records)
    if not succeeds:
        assert output.error[0] == "config_error"
        assert "saved state" in output.error[1]


# ---------------------------------------------------------------------------------- retractions


def test_a_retraction_marks_the_row_as_deleted_by_default(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    zendesk.clock.stand_still()  # a retraction has the time at which its sync began to emit
    filled(zendesk, platform)
    zendesk.clock.advance(60)
    archived = help_center.articles[-2]
    help_center.archive(archived)
    (record,) = platform.sync(config(zendesk)).records
    assert record == {
        "id": archived.id,
        "locale": "de",
        "brand_subdomain": "acme",
        "status": "removed",
        "visibility": "internal",
        "visibility_reason": "archived_or_deleted",
        "updated_at": "2026-11-01T12:01:00Z",
        "_ab_cdc_deleted_at": "2026-11-01T12:01:00Z",
    }


def test_the_log_does_not_repeat_the_state(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    furnish(help_center)
    known = entry(platform.sync(config(zendesk)))["known"]
    assert known not in platform.sync(config(zendesk)).logs


def test_a_retraction_can_empty_the_row_instead(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    furnish(help_center)
    platform.sync(config(zendesk, retract_as="mark"))
    zendesk.clock.advance(60)
    archived = help_center.articles[-2]
    help_center.archive(archived)
    (record,) = platform.sync(config(zendesk, retract_as="mark")).records
    assert ("removed", "internal", "", "") == (
        record["status"],
        record["visibility"],
        record["title"],
        record["body"],
    )
    assert "_ab_cdc_deleted_at" not in record


def test_a_long_sync_emits_few_states_and_each_differs(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    fill(help_center, articles=2500)
    output = platform.sync(config(zendesk))
    told = [str(state) for state in output.states]
    assert len(told) == len(set(told)) == 4
    sizes = [len(batch) for batch in batches_of(output)]
    assert sizes == [0, 2000, 2000, 1000, 0]
