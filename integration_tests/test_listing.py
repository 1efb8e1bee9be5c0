"""Listings in many pages at a time: nothing lost, nothing twice, whatever happens meanwhile."""

from collections.abc import Callable
from dataclasses import replace
from itertools import product
from threading import Barrier
from typing import Any
from unittest.mock import patch

import pytest

from integration_tests.conditions import (
    BIG_PAGE,
    BIG_PAGES,
    PAGES_AHEAD,
    PROGRESS_SECONDS,
    SMALL,
    HelpCenterClient,
    pages_of,
)
from integration_tests.connector import LISTING, Output, config
from integration_tests.platform import Platform
from integration_tests.truth import mirror
from integration_tests.zendesk_emulator import Article, Fault, HelpCenter, ZendeskEmulator
from integration_tests.zendesk_emulator.sample import SEGMENT, fill

Json = dict[str, Any]
PARTS = {"category": "/categories/"}
LIST = "/api/v2/help_center/articles"
# So many offset pages from either end make the listings of 30 articles in pages of 3 differ.
WAYS = {"from the oldest on": 100, "from both ends": 6, "by category": 2, "by cursor": 1}


def listed(zendesk: ZendeskEmulator) -> list[str]:
    """Return what was asked for of each list of articles, in a short form."""
    short = []
    for request in zendesk.requests:
        if LISTING.items() <= request.query.items() and "incremental" not in request.path:
            inside = next((f"{name} " for name in PARTS if PARTS[name] in request.path), "")
            newest = "-" if request.query.get("sort_order") == "desc" else ""
            short.append(f"{inside}{newest}{request.query.get('page', 'by cursor')}")
    return sorted(short)


def sync(zendesk: ZendeskEmulator, platform: Platform, reach: int, **fields: object) -> Output:
    with pages_of(3, reach=reach):
        return platform.sync(config(zendesk, **fields))


@pytest.mark.parametrize(
    ("articles", "reach", "expected"),
    [
        (0, 100, ["1"]),
        (3, 100, ["1"]),
        (4, 100, ["1", "2"]),
        (9, 100, ["1", "2", "3"]),
        # One more from the newest on: a total that ends where these do might be cut off there.
        (9, 3, ["-1", "1", "2", "3"]),
        (13, 3, ["-1", "-2", "-3", "1", "2", "3"]),
        # Two categories of 8, after a page that tells that it takes them.
        (
            16,
            3,
            ["1", *["category 1"] * 2, *["category 2"] * 2, *["category 3"] * 2]
            + ["category -1"] * 2,
        ),
        (6, 1, ["1", *["category 1"] * 2, *["category -1"] * 2]),
        # Two categories of 4, which offset pages do not reach.
        (8, 1, ["1", *["category 1"] * 2, *["by cursor"] * 3]),
    ],
)
def test_which_pages_are_asked_for(  # noqa: PLR0913, PLR0917 -- fixtures and facts
    zendesk: ZendeskEmulator,
    platform: Platform,
    help_center: HelpCenter,
    articles: int,
    reach: int,
    expected: list[str],
) -> None:  # fmt: skip
    fill(help_center, articles=articles, categories=2)
    sync(zendesk, platform, reach)
    assert sorted(expected) == listed(zendesk)
    assert mirror(help_center) == platform.destination.table


@pytest.mark.parametrize("reach", WAYS.values(), ids=WAYS)
def test_a_second_listing_without_a_change_emits_nothing(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter, reach: int
) -> None:
    fill(help_center, articles=30, categories=4)
    sync(zendesk, platform, reach)
    assert [] == sync(zendesk, platform, reach).records


def archive(help_center: HelpCenter, article: Article) -> None:
    help_center.archive(article)


def create(help_center: HelpCenter, article: Article) -> None:
    section = help_center.sections[article.section_id]
    help_center.add_article(section, title="New", body="<p>New.</p>")


def replace_article(help_center: HelpCenter, article: Article) -> None:
    """Leave the total as it is, and what is behind the article in another place."""
    archive(help_center, article)
    create(help_center, article)


def restore(help_center: HelpCenter, article: Article) -> None:
    help_center.restore(help_center.archived_articles[article.id % 2])


def move(help_center: HelpCenter, article: Article) -> None:
    sections = list(help_center.sections.values())
    target = next(section for section in sections if section.id != article.section_id)
    help_center.change(article, section_id=target.id)


def restrict(help_center: HelpCenter, article: Article) -> None:
    help_center.change(article, user_segment_id=SEGMENT)


EDITS: list[Callable[[HelpCenter, Article], None]] = [
    archive,
    create,
    replace_article,
    restore,
    move,
    restrict,
]


# Each edit in two of the ways, each way with three of the edits.
@pytest.mark.parametrize(
    ("edit", "reach"),
    [
        (edit, reach)
        for row, edit in enumerate(EDITS)
        for place, reach in enumerate(WAYS.values())
        if (row + place) % 2
    ],
)
def test_an_edit_between_two_pages_loses_and_doubles_nothing(
    zendesk: ZendeskEmulator,
    platform: Platform,
    help_center: HelpCenter,
    edit: Callable[[HelpCenter, Article], None],
    reach: int,
) -> None:
    fill(help_center, articles=32, categories=4)
    for article in help_center.articles[10:12]:
        help_center.archive(article)
    sync(zendesk, platform, reach)
    zendesk.clock.advance(3600)
    # Not stamped, and so nothing that the list of changes would bring.
    untold = help_center.articles[15]
    help_center.change(untold, stamped=False, promoted=True)

    def happen() -> None:
        zendesk.clock.advance(2)
        edit(help_center, help_center.articles[7])
        zendesk.clock.advance(2)

    zendesk.faults.add(Fault("edit", path="articles$", where=LISTING, skip=4, edit=happen))
    with patch(SMALL, 0):
        # `write` of the destination refuses a key that comes twice between two states.
        output = sync(zendesk, platform, reach, reconcile_every_hours=0)
        zendesk.faults.assert_consumed()
        assert output.succeeded
        gone = {record["id"] for record in output.records if record["status"] == "removed"}
        assert gone <= {article.id for article in help_center.archived_articles}
        emitted = {record["id"] for record in output.records if record["status"] != "removed"}
        assert untold.id in emitted
        zendesk.clock.advance(3600)
        sync(zendesk, platform, reach)
        if edit in {create, move, restrict}:
            # They are stamped: the list of changes is enough.
            assert mirror(help_center) == platform.destination.table
        sync(zendesk, platform, reach, reconcile_every_hours=0)
    assert mirror(help_center) == platform.destination.table


@pytest.mark.parametrize(
    ("edit", "reason"),
    [(replace_article, "of 12 articles 11 came"), (create, "there were 12, and then 13")],
)
def test_a_first_listing_that_shifts_is_read_again_by_cursor(
    zendesk: ZendeskEmulator,
    platform: Platform,
    help_center: HelpCenter,
    edit: Callable[[HelpCenter, Article], None],
    reason: str,
) -> None:
    fill(help_center, articles=12)

    def happen() -> None:
        zendesk.clock.advance(2)
        edit(help_center, help_center.articles[0])

    # One page after another, so that it is certain what was read before: nobody knows these
    # articles, and so nobody would ask for the one that slips through.
    zendesk.faults.add(Fault("edit", where={"page": "3"}, edit=happen))
    with patch(PAGES_AHEAD, 1):
        output = sync(zendesk, platform, 100)
    zendesk.faults.assert_consumed()
    assert f"one page after another: {reason}." in output.logs
    assert mirror(help_center) == platform.destination.table


def double(answer: Json) -> Json:
    """Show the first row twice, and so one row less: what has no fixed order does so."""
    answer["articles"][-1] = answer["articles"][0]
    return answer


def shorten(answer: Json) -> Json:
    """Leave out what the user may not see, but count it."""
    del answer["articles"][-1]
    return answer


def cap(answer: Json) -> Json:
    """Count no further than 6."""
    last = answer["page"] >= 2
    return {**answer, "count": min(answer["count"], 6), "next_page": None if last else "there"}


def promise_more(answer: Json) -> Json:
    return {**answer, "next_page": "there"}


def leave_out_translations(answer: Json) -> Json:
    for row in answer["articles"]:
        del row["translations"]
    return answer


@pytest.mark.parametrize(
    ("rewrite", "reach"),
    [
        *product([double, shorten, leave_out_translations], [100, 3]),
        (promise_more, 100),
    ],
)
def test_pages_that_do_not_add_up_are_read_by_cursor(
    zendesk: ZendeskEmulator,
    platform: Platform,
    help_center: HelpCenter,
    rewrite: Callable[[Json], Json],
    reach: int,
) -> None:
    fill(help_center, articles=20, categories=2)
    zendesk.faults.add(
        Fault("rewrite", where={"per_page": "3"}, times=None, rewrite=rewrite),
    )
    output = sync(zendesk, platform, reach)
    assert "The articles are listed again, one page after another" in output.logs
    assert listed(zendesk).count("by cursor") == 7
    assert mirror(help_center) == platform.destination.table


def test_an_older_sighting_that_comes_later_does_not_win(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    # The middle of 8 articles, page 2 from either end, is seen twice. From the oldest on it has to
    # be asked for again, and meanwhile something happens that nobody stamps.
    fill(help_center, articles=8)
    middle = help_center.articles[4]

    def restrict_untold() -> None:
        help_center.change(middle, stamped=False, user_segment_id=SEGMENT)

    again = {**LISTING, "page": "2", "sort_order": "asc"}
    zendesk.faults.add(
        Fault("status", status=502, where=again), Fault("edit", where=again, edit=restrict_untold)
    )
    sync(zendesk, platform, 2)
    zendesk.faults.assert_consumed()
    assert mirror(help_center) == platform.destination.table


def test_an_article_archived_before_the_cursor_listing_is_not_emitted(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    fill(help_center, articles=8)
    gone = help_center.articles[0]
    zendesk.faults.add(
        Fault("rewrite", where={"page": "3"}, rewrite=shorten),
        Fault("edit", where={"page[size]": "3"}, edit=lambda: help_center.archive(gone)),
    )
    output = sync(zendesk, platform, 100)
    zendesk.faults.assert_consumed()
    assert gone.id not in {record["id"] for record in output.records}
    assert "7 articles, 0 unchanged; 14 variants emitted" in output.logs
    assert mirror(help_center) == platform.destination.table


@pytest.mark.parametrize(
    "fault",
    [
        Fault("status", status=400, body={"error": "LimitError"}, times=None),
        Fault("status", status=502, times=None),
        Fault("html", times=None),
    ],
    ids=["refused", "not made", "a web page"],
)
@pytest.mark.parametrize("page", ["1", "2", "5"])
@pytest.mark.usefixtures("waits")
def test_offset_pages_that_do_not_come_are_read_by_cursor(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter, fault: Fault, page: str
) -> None:
    fill(help_center, articles=20)
    zendesk.faults.add(replace(fault, where={**LISTING, "page": page}))
    assert sync(zendesk, platform, 100).succeeded
    assert mirror(help_center) == platform.destination.table


def test_a_total_that_is_cut_off_where_reach_pages_end_is_not_believed(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    fill(help_center, articles=20)
    zendesk.faults.add(Fault("rewrite", where={"per_page": "3"}, times=None, rewrite=cap))
    output = sync(zendesk, platform, 2)
    assert "The articles are listed again, one page after another" in output.logs
    assert mirror(help_center) == platform.destination.table


def test_a_category_that_is_deleted_during_the_listing_does_not_end_it(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    fill(help_center, articles=20, categories=3)
    category = list(help_center.categories)[1]
    zendesk.faults.add(Fault("status", path=f"categories/{category}/articles", status=404))
    assert sync(zendesk, platform, 2).succeeded
    zendesk.faults.assert_consumed()
    assert mirror(help_center) == platform.destination.table


def test_a_long_page_is_given_up_and_asked_for_in_shorter_ones(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    fill(help_center, articles=40)
    for article in help_center.articles[10:20]:
        help_center.change_translation(article, "de", body="x" * 10_000)
    limit = BIG_PAGE._replace(most_bytes=60_000)
    with patch(BIG_PAGES, limit), pages_of(20):
        output = platform.sync(config(zendesk))
    assert mirror(help_center) == platform.destination.table
    assert "it has more than" in output.logs
    assert "0 waits" in output.logs
    sizes = {request.query.get("page[size]") for request in zendesk.requests}
    assert {"10", "5"} <= sizes


def test_an_article_that_is_too_long_for_a_page_is_one(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    fill(help_center, articles=3)
    help_center.change_translation(help_center.articles[1], "de", body="x" * 100_000)
    limit = BIG_PAGE._replace(most_bytes=60_000)
    with patch(BIG_PAGES, limit):
        platform.sync(config(zendesk))
        zendesk.clock.advance(3600)
        help_center.change(help_center.articles[1], promoted=True)
        with patch(SMALL, 0):
            platform.sync(config(zendesk))
    assert mirror(help_center) == platform.destination.table


def test_progress_and_an_estimate_are_emitted_if_the_total_is_known(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    fill(help_center, articles=20)
    with patch(PROGRESS_SECONDS, 0):
        first = sync(zendesk, platform, 100)
        second = sync(zendesk, platform, 100)
    told = [line for line in first.logs.splitlines() if "articles read" in line]
    assert told[-1].startswith("INFO Help Center acme: 20 of 20 articles read, ")
    assert told[-1].endswith(" requests, not waiting.")
    assert {40} == {
        trace["estimate"]["row_estimate"] for trace in first.of("TRACE") if "estimate" in trace
    }
    # How much of what is known has changed, nobody knows.
    assert "20 of 20 articles read" in second.logs
    assert not any("estimate" in trace for trace in second.of("TRACE"))


def test_an_estimate_comes_at_once_and_progress_only_now_and_then(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    fill(help_center, articles=20)
    output = sync(zendesk, platform, 100)
    assert 1 == sum("estimate" in trace for trace in output.of("TRACE"))
    assert "articles read" not in output.logs


def test_missing_articles_and_translations_are_requested_in_parallel(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    fill(help_center, articles=30)
    platform.sync(config(zendesk))
    for article in help_center.articles[:10]:
        help_center.archive(article)
    zendesk.switches.sideload_on_lists = False
    # Who comes alone waits in vain for a second one.
    together = Barrier(2, timeout=20)

    def in_pairs(ask: Callable[..., Any]) -> Callable[..., Any]:
        def asked(*arguments: object) -> object:
            together.wait()
            return ask(*arguments)

        return asked

    with (
        patch.object(HelpCenterClient, "article", in_pairs(HelpCenterClient.article)),
        patch.object(HelpCenterClient, "translations", in_pairs(HelpCenterClient.translations)),
    ):
        assert platform.sync(config(zendesk)).succeeded
    assert mirror(help_center) == platform.destination.table
    shown = [r.path for r in zendesk.requests if r.path.startswith(f"{LIST}/")]
    assert {f"{LIST}/{article.id}" for article in help_center.archived_articles} <= set(shown)
