"""The emulator behaves like Zendesk: paging, time stamps, roles, limits, faults, and both doors."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import requests

from integration_tests.zendesk_emulator import (
    API_TOKENS_END,
    Article,
    Category,
    ClosedAnswer,
    Fault,
    HelpCenter,
    Section,
    Switches,
    User,
    ZendeskEmulator,
    resources,
)

API = "https://acme.zendesk.com/api/v2/"
ARTICLES = "help_center/articles"
FEED = "help_center/incremental/articles"
NOON = 1793534400  # 2026-11-01T12:00:00Z, when the clock starts

Get = Callable[..., requests.Response]


@pytest.fixture
def get(session: requests.Session) -> Get:
    """Make a GET below /api/v2/, with the admin's token; no redirect is followed."""

    def get(path: str, **query: str | int) -> requests.Response:
        named = {re.sub("^page_(?=size|after|before)", "page:", key): query[key] for key in query}
        params = {re.sub(r"^page:(\w+)", r"page[\1]", key): value for key, value in named.items()}
        url = path if path.startswith("https:") else API + path
        return session.get(url, params=params, allow_redirects=False, timeout=10)

    return get


@pytest.fixture
def help_center(zendesk: ZendeskEmulator) -> HelpCenter:
    help_center = zendesk.account.help_center()
    help_center.enable_locale("de")
    return help_center


@pytest.fixture
def section(help_center: HelpCenter) -> Section:
    return help_center.add_section(help_center.add_category("General"), "Orders")


def write(help_center: HelpCenter, section: Section, count: int) -> list[Article]:
    return [
        help_center.add_article(section, title=f"Article {number}", body="<p>Text</p>")
        for number in range(count)
    ]


def walk(get: Get, url: str, **query: str | int) -> list[int]:
    """Follow `links.next` to the end."""
    seen: list[int] = []
    while url:
        page = get(url, **query).json()
        seen += [row["id"] for row in page["articles"]]
        url, query = page["links"].get("next"), {}
    return seen


def titles(answer: requests.Response) -> list[str]:
    return [row["title"] for row in answer.json()["articles"]]


# ------------------------------------------------------------------------------------- paging


def test_the_last_cursor_page_has_a_cursor_but_no_next_link(
    get: Get, help_center: HelpCenter, section: Section
) -> None:
    write(help_center, section, 3)

    page = get(ARTICLES, page_size=3).json()

    assert not page["meta"]["has_more"]
    assert page["meta"]["after_cursor"] is not None
    assert {"first", "last"} == page["links"].keys()


def test_articles_that_come_and_go_do_not_shift_a_cursor(
    get: Get, zendesk: ZendeskEmulator, help_center: HelpCenter, section: Section
) -> None:
    articles = write(help_center, section, 6)
    newest_first = [row.id for row in reversed(articles)]

    def edit() -> None:
        help_center.delete(articles[5])
        help_center.add_article(section, title="Newest", body="")

    zendesk.faults.add(Fault("edit", where={"page[size]": "2"}, skip=1, edit=edit))

    assert newest_first == walk(get, ARTICLES, page_size=2)
    zendesk.faults.assert_consumed()


@pytest.mark.parametrize(
    ("order", "expected"),
    [("position", "cab"), ("id", "abc"), ("created_at", "abc"), ("updated_at", "bca")],
)
def test_the_order_of_cursor_pages_is_a_switch(  # noqa: PLR0913, PLR0917  -- fixtures
    get: Get,
    zendesk: ZendeskEmulator,
    help_center: HelpCenter,
    section: Section,
    order: Any,  # noqa: ANN401  -- one of the switch's values
    expected: str,
) -> None:
    for title, position in (("a", 1), ("b", 2), ("c", 0)):
        article = help_center.add_article(section, title=title, body="", position=position)
        zendesk.clock.advance(1)
    help_center.change(help_center.articles[0], vote_sum=1)
    assert "c" == article.translations["en-us"].title

    zendesk.switches.cursor_order = order
    ascending = titles(get(ARTICLES, page_size=100))
    zendesk.switches.cursor_descending = True

    assert list(expected) == ascending
    assert list(reversed(expected)) == titles(get(ARTICLES, page_size=100))


def test_sort_by_on_cursor_pages_is_a_switch(
    get: Get, zendesk: ZendeskEmulator, help_center: HelpCenter, section: Section
) -> None:
    help_center.add_article(section, title="older", body="", position=1)
    zendesk.clock.advance(1)
    help_center.add_article(section, title="newer", body="", position=0)
    query: dict[str, str | int] = {"page_size": 5, "sort_by": "updated_at"}

    assert ["older", "newer"] == titles(get(ARTICLES, **query))
    zendesk.switches.sort_by_on_cursor_pages = False
    assert ["newer", "older"] == titles(get(ARTICLES, **query))


def test_a_page_holds_a_hundred_at_most(
    get: Get, zendesk: ZendeskEmulator, help_center: HelpCenter, section: Section
) -> None:
    write(help_center, section, 101)

    assert 100 == len(titles(get(ARTICLES, page_size=1000)))
    assert 100 == len(titles(get(ARTICLES, per_page=1000)))
    zendesk.switches.oversized_page = "refused"
    assert 400 == get(ARTICLES, page_size=101).status_code
    assert 400 == get(ARTICLES, per_page=101).status_code


def test_there_is_no_offset_page_after_the_hundredth(
    get: Get, help_center: HelpCenter, section: Section
) -> None:
    write(help_center, section, 102)

    assert ["Article 2"] == titles(get(ARTICLES, per_page=1, page=100))
    assert "LimitError" == get(ARTICLES, per_page=1, page=101).json()["error"]


def test_a_section_is_removed_with_what_is_in_it(get: Get, help_center: HelpCenter) -> None:
    category = help_center.add_category("General")
    orders = help_center.add_section(category, "Orders")
    returns = help_center.add_section(category, "Returns", parent=orders)
    refunds = help_center.add_section(category, "Refunds", parent=returns)
    other = help_center.add_section(category, "Other")
    in_orders = write(help_center, orders, 2)
    in_returns = write(help_center, returns, 2)
    in_refunds = write(help_center, refunds, 1)
    (kept,) = write(help_center, other, 1)
    assert 6 == get(ARTICLES).json()["count"]

    help_center.remove_section(orders)

    assert [other.id] == [row["id"] for row in get("help_center/sections").json()["sections"]]
    assert [kept.id] == [row["id"] for row in get(ARTICLES).json()["articles"]]
    assert [kept.id] == [row["id"] for row in get(FEED, start_time=0).json()["articles"]]
    for gone in (*in_orders, *in_returns, *in_refunds):
        assert 404 == get(f"{ARTICLES}/{gone.id}").status_code
    for section in (orders, returns, refunds):
        assert 404 == get(f"help_center/sections/{section.id}/articles").status_code


# ------------------------------------------------------------------- locales and translations


def test_a_locale_in_the_path_leaves_out_what_is_not_translated(
    get: Get, help_center: HelpCenter, section: Section
) -> None:
    first, _ = write(help_center, section, 2)
    help_center.translate(first, "de", title="Erster", body=None, draft=True)

    page = get("help_center/de/articles.json").json()

    assert [("Erster", "de", True, None)] == [
        (row["title"], row["locale"], row["draft"], row["body"]) for row in page["articles"]
    ]
    assert ["en-us", "en-us"] == [row["locale"] for row in get(ARTICLES).json()["articles"]]


def test_translations_can_be_filtered(get: Get, help_center: HelpCenter, section: Section) -> None:
    (article,) = write(help_center, section, 1)
    help_center.translate(article, "de", title="D", body="", draft=True, outdated=True)
    path = f"{ARTICLES}/{article.id}/translations"

    def locales(**query: str) -> list[str]:
        return [row["locale"] for row in get(path, **query).json()["translations"]]

    assert ["en-us", "de"] == locales()
    assert ["de"] == locales(locales="de,fr")
    assert ["de"] == locales(draft="true")
    assert ["en-us"] == locales(outdated="false")
    assert ["de"] == get(f"{ARTICLES}/{article.id}").json()["article"]["outdated_locales"]


def test_the_sideload_is_honoured_or_silently_ignored(
    get: Get, zendesk: ZendeskEmulator, help_center: HelpCenter, section: Section
) -> None:
    (article,) = write(help_center, section, 1)
    show = f"{ARTICLES}/{article.id}"

    def sideloaded() -> list[bool]:
        include = {"include": "translations,nonsense"}
        rows = [
            get(ARTICLES, **include).json()["articles"][0],
            get(FEED, start_time=0, **include).json()["articles"][0],
            get(show, **include).json()["article"],
        ]
        return ["translations" in row for row in rows]

    assert [True, True, True] == sideloaded()
    zendesk.switches.sideload_on_lists = False
    assert [False, True, True] == sideloaded()
    zendesk.switches.sideload_on_incremental = False
    zendesk.switches.sideload_on_show = False
    assert [False, False, False] == sideloaded()


def test_translations_in_a_disabled_locale_are_a_switch(
    get: Get, zendesk: ZendeskEmulator, help_center: HelpCenter, section: Section
) -> None:
    (article,) = write(help_center, section, 1)
    help_center.translate(article, "de", title="D", body="")
    help_center.disable_locale("de")
    path = f"{ARTICLES}/{article.id}/translations"

    assert ["en-us"] == get("help_center/locales").json()["locales"]
    assert 2 == get(path).json()["count"]
    zendesk.switches.disabled_locale_translations = False
    assert 1 == get(path).json()["count"]


def test_user_segment_ids_are_a_switch(
    get: Get, zendesk: ZendeskEmulator, help_center: HelpCenter, section: Section
) -> None:
    article = help_center.add_article(section, title="For us", body="", user_segment_id=7)
    help_center.change(article, user_segment_ids=[8, 9])

    row = get(ARTICLES).json()["articles"][0]
    assert (8, [8, 9]) == (row["user_segment_id"], row["user_segment_ids"])
    zendesk.switches.user_segment_ids_in_answers = False
    assert "user_segment_ids" not in get(ARTICLES).json()["articles"][0]


# --------------------------------------------------------------------- sections and categories


EVERYTHING = "categories,translations,sections"


@pytest.fixture
def returns(help_center: HelpCenter, section: Section) -> Section:
    """Put another section into Orders, which has a German name and is in the category General."""
    help_center.add_name(section, "de", "Bestellungen")
    category = help_center.categories[section.category_id]
    return help_center.add_section(category, "Returns", section, description="Within 30 days")


def named(answer: requests.Response, kind: str) -> list[str]:
    return [row["name"] for row in answer.json()[kind]]


def test_a_new_name_stamps_what_has_it_and_no_article(
    zendesk: ZendeskEmulator, help_center: HelpCenter, section: Section
) -> None:
    category = help_center.categories[section.category_id]
    (article,) = write(help_center, section, 1)
    edits: list[Callable[[], object]] = [
        lambda: help_center.add_name(section, "de", "Bestellungen"),
        lambda: help_center.rename(section, "Aufträge", "de"),
        lambda: help_center.rename(section, "Purchases"),
        lambda: help_center.add_name(category, "de", "Allgemeines"),
        lambda: help_center.rename(category, "Sonstiges", "de"),
        lambda: help_center.rename(category, "Other"),
    ]

    def stamps() -> tuple[bool, ...]:
        rows = (section, category, article)
        return tuple(row.updated_at == zendesk.clock.stamp for row in rows)

    stamped = []
    for edit in edits:
        zendesk.clock.advance(1)
        edit()
        stamped.append(stamps())

    assert [(True, False, False)] * 3 + [(False, True, False)] * 3 == stamped
    texts = [row.translations[locale] for row in (section, category) for locale in ("en-us", "de")]
    assert ["Purchases", "Aufträge", "Other", "Sonstiges"] == [text.title for text in texts]
    assert [NOON + 3, NOON + 2, NOON + 6, NOON + 5] == [
        text.updated_at.timestamp() for text in texts
    ]


def test_only_what_was_asked_for_comes_beside_articles(
    get: Get, help_center: HelpCenter, section: Section
) -> None:
    (article,) = write(help_center, section, 1)
    paths = (ARTICLES, FEED, f"{ARTICLES}/{article.id}")
    includes = ("", "sections", "categories", "categories,sections")

    for path, include in product(paths, includes):
        wanted = set(filter(None, include.split(",")))
        page = get(path, include=include, start_time=0).json()
        assert wanted == page.keys() & {"sections", "categories"}
        assert not any("translations" in row for kind in wanted for row in page[kind])


def test_what_comes_beside_articles_and_with_what_translations_are_switches(
    get: Get, zendesk: ZendeskEmulator, help_center: HelpCenter, section: Section
) -> None:
    (article,) = write(help_center, section, 1)

    def comes(path: str) -> set[str]:
        page = get(path, include=EVERYTHING, start_time=0).json()
        kinds = {kind for kind in ("sections", "categories") if kind in page}
        rows = {kind: page[kind][0] for kind in kinds | (page.keys() & {"articles"})}
        rows |= {"articles": page["article"]} if "article" in page else {}
        return kinds | {f"{kind} translated" for kind, row in rows.items() if "translations" in row}

    everywhere = (ARTICLES, FEED, f"{ARTICLES}/{article.id}")
    containers = {"sections", "categories"}
    translated = {"sections translated", "categories translated"}
    articles = {"articles translated"}
    switches = zendesk.switches

    assert [containers | translated | articles] * 3 == [comes(path) for path in everywhere]
    switches.sideload_on_lists = False
    assert containers == comes(ARTICLES)
    switches.sideload_on_lists = True
    switches.hierarchy_translations = False
    assert [containers | articles] * 3 == [comes(path) for path in everywhere]
    assert containers == comes("help_center/sections")
    assert {"categories"} == comes("help_center/categories")
    switches.hierarchy_sideloaded = False
    assert [articles] * 3 == [comes(path) for path in everywhere]
    assert containers == comes("help_center/sections")
    switches.hierarchy_translations = True
    assert [articles] * 3 == [comes(path) for path in everywhere]
    assert containers | translated == comes("help_center/sections")


def test_a_hidden_section_does_not_come_beside_the_articles_of_others(  # noqa: PLR0913, PLR0917  -- fixtures
    get: Get,
    session: requests.Session,
    zendesk: ZendeskEmulator,
    help_center: HelpCenter,
    section: Section,
    returns: Section,
) -> None:
    jobs = help_center.add_section(help_center.add_category("About us"), "Jobs")
    for place in (section, returns, jobs):
        write(help_center, place, 1)
    agent = zendesk.account.add_user("Al Agent", "al@acme.example", "agent")
    as_user(session, zendesk, agent)

    def seen(path: str) -> tuple[list[str], list[str]]:
        answer = get(path, include=EVERYTHING)
        return sorted(named(answer, "sections")), sorted(named(answer, "categories"))

    everything = (["Jobs", "Orders", "Returns"], ["About us", "General"])
    assert everything == seen(ARTICLES) == seen("help_center/sections")
    agent.hidden_sections |= {section.id, jobs.id}
    assert (["Returns"], ["General"]) == seen(ARTICLES) == seen("help_center/sections")


def test_an_article_may_be_shown_whose_section_is_gone(
    get: Get, zendesk: ZendeskEmulator, help_center: HelpCenter, section: Section
) -> None:
    (article,) = write(help_center, section, 1)
    help_center.remove_section(section)
    zendesk.switches.archived_articles_shown = True

    page = get(f"{ARTICLES}/{article.id}", include=EVERYTHING).json()

    assert (section.id, [], []) == (
        page["article"]["section_id"],
        page["sections"],
        page["categories"],
    )


# ------------------------------------------------------------------------ what moves updated_at


def moved(zendesk: ZendeskEmulator, article: Article, change: Callable[[], object]) -> list[bool]:
    """Tell whether a change moved updated_at of the article, edited_at, and updated_at of `de`."""

    def stamps() -> list[object]:
        german = article.translations.get("de")
        return [article.updated_at, article.edited_at, german and german.updated_at]

    zendesk.clock.advance(1)
    before = stamps()
    change()
    return [now != then for now, then in zip(stamps(), before, strict=True)]


@pytest.mark.parametrize(
    ("switch", "change"),
    [
        ("translation_content_moves_article", {"title": "Neu", "body": "Neu"}),
        ("translation_draft_moves_article", {"draft": True}),
        ("translation_outdated_moves_article", {"outdated": True}),
        ("translation_hidden_moves_article", {"hidden": True}),
    ],
)
def test_what_a_change_of_a_translation_moves_is_a_switch(
    zendesk: ZendeskEmulator,
    help_center: HelpCenter,
    section: Section,
    switch: str,
    change: Any,  # noqa: ANN401  -- the fields of a translation
) -> None:
    (article,) = write(help_center, section, 1)
    help_center.translate(article, "de", title="D", body="")

    def edit(locale: str, *, stamped: bool = True) -> list[bool]:
        return moved(
            zendesk,
            article,
            lambda: help_center.change_translation(article, locale, stamped=stamped, **change),
        )

    assert [True, False, True] == edit("de")
    setattr(zendesk.switches, switch, False)
    assert [False, False, True] == edit("de")
    assert [True, "title" in change, False] == edit("en-us")
    assert [False, False, False] == edit("en-us", stamped=False)


def test_what_deletions_labels_and_restoring_move_are_switches(
    zendesk: ZendeskEmulator, help_center: HelpCenter, section: Section
) -> None:
    (article,) = write(help_center, section, 1)

    def edits() -> list[bool]:
        help_center.translate(article, "de", title="D", body="")
        changes: list[Callable[[], object]] = [
            lambda: help_center.remove_translation(article, "de"),
            lambda: help_center.change(article, label_names=["a"]),
            lambda: back_from_the_archive(help_center, article),
        ]
        return [moved(zendesk, article, change)[0] for change in changes]

    assert [True, True, True] == edits()
    zendesk.switches.translation_deletion_moves_article = False
    zendesk.switches.labels_move_article = False
    zendesk.switches.restoring_moves_article = False
    assert [False, False, False] == edits()
    assert [True, False, False] == moved(
        zendesk, article, lambda: help_center.change(article, vote_sum=1)
    )
    assert [False, False, False] == moved(
        zendesk, article, lambda: help_center.change(article, user_segment_id=1, stamped=False)
    )


def back_from_the_archive(help_center: HelpCenter, article: Article) -> None:
    help_center.archive(article)
    help_center.restore(article)


def test_what_can_not_be_in_zendesk_is_refused(help_center: HelpCenter, section: Section) -> None:
    (article,) = write(help_center, section, 1)

    with pytest.raises(ValueError, match="fr is not enabled"):
        help_center.translate(article, "fr", title="F", body="")
    with pytest.raises(ValueError, match="already translated"):
        help_center.translate(article, "en-us", title="E", body="")
    with pytest.raises(ValueError, match="fr is not enabled"):
        help_center.add_name(section, "fr", "F")
    with pytest.raises(ValueError, match=f"section {section.id} is already translated"):
        help_center.add_name(section, "en-us", "E")
    with pytest.raises(ValueError, match="source translation"):
        help_center.remove_translation(article, "en-us")
    with pytest.raises(ValueError, match="default locale"):
        help_center.disable_locale("en-us")
    with pytest.raises(TypeError, match="can not change title"):
        help_center.change(article, title="No")  # type: ignore[call-arg]


# -------------------------------------------------------------------------- the incremental list


def test_the_feed_starts_inclusively_and_ends_with_its_last_row(
    get: Get, zendesk: ZendeskEmulator, help_center: HelpCenter, section: Section
) -> None:
    for title in ("old", "boundary", "new"):
        help_center.add_article(section, title=title, body="", draft=True)
        zendesk.clock.advance(10)

    answer = get(FEED, start_time=NOON + 10)

    assert ["boundary", "new"] == titles(answer)
    assert (2, NOON + 20, None) == tuple(
        answer.json()[key] for key in ("count", "end_time", "next_page")
    )


def test_the_order_of_the_feed_is_a_switch(
    get: Get, zendesk: ZendeskEmulator, help_center: HelpCenter, section: Section
) -> None:
    for title in ("first", "second", "third"):
        zendesk.clock.advance(10)
        help_center.add_article(section, title=title, body="")
    zendesk.clock.advance(10)
    help_center.change(help_center.articles[0], promoted=True)
    zendesk.switches.incremental_page_size = 2
    shown = [titles(get(FEED, start_time=NOON + 20))]
    zendesk.switches.incremental_order = "id"
    shown.append(titles(get(FEED, start_time=NOON + 20)))
    assert [["second", "third"], ["first", "second"]] == shown


def test_many_rows_in_one_second_stall_the_feed(
    get: Get, zendesk: ZendeskEmulator, help_center: HelpCenter, section: Section
) -> None:
    write(help_center, section, 3)
    zendesk.switches.incremental_page_size = 2

    page = get(FEED, start_time=NOON).json()

    assert NOON == page["end_time"]
    assert f"{API}{FEED}.json?start_time={NOON}" == page["next_page"]
    assert page == get(page["next_page"]).json()


def test_the_feeds_next_page_is_malformed_with_an_include_or_not(
    get: Get, zendesk: ZendeskEmulator, help_center: HelpCenter, section: Section
) -> None:
    write(help_center, section, 1)
    zendesk.switches.incremental_page_size = 1

    malformed = get(FEED, start_time=0, include="translations").json()["next_page"]
    zendesk.switches.incremental_next_page_malformed = False
    well_formed = get(FEED, start_time=0, include="translations").json()["next_page"]

    assert "InvalidEndpoint" == get(malformed).json()["error"]
    assert 200 == get(well_formed).status_code


def test_the_feeds_per_page_and_young_start_times_are_switches(
    get: Get, zendesk: ZendeskEmulator, help_center: HelpCenter, section: Section
) -> None:
    zendesk.clock.stand_still()  # what is too young is so to the second
    write(help_center, section, 2)

    assert 2 == len(titles(get(FEED, start_time=NOON - 59, per_page=1)))
    zendesk.switches.incremental_honours_per_page = True
    assert 1 == len(titles(get(FEED, start_time=NOON - 59, per_page=1)))
    zendesk.switches.young_start_time_refused = True
    assert "StartTimeTooRecent" == get(FEED, start_time=NOON - 59).json()["error"]
    assert 200 == get(FEED, start_time=NOON - 60).status_code
    assert 400 == get(FEED).status_code


def test_how_late_the_feed_shows_a_change_is_a_switch(
    get: Get, zendesk: ZendeskEmulator, help_center: HelpCenter, section: Section
) -> None:
    zendesk.clock.stand_still()  # a change shows up to the second
    for title in ("older", "newer"):
        help_center.add_article(section, title=title, body="")
        zendesk.clock.advance(10)

    shown = [titles(get(FEED, start_time=NOON))]
    zendesk.switches.incremental_delay = 15
    shown.append(titles(get(FEED, start_time=NOON)))
    zendesk.clock.advance(4)
    shown.append(titles(get(FEED, start_time=NOON)))
    zendesk.clock.advance(1)
    shown.append(titles(get(FEED, start_time=NOON)))
    zendesk.switches.incremental_delay = 26
    late = get(FEED, start_time=NOON).json()

    assert [["older", "newer"], ["older"], ["older"], ["older", "newer"]] == shown
    assert ([], None) == (late["articles"], late["next_page"])
    assert ["newer", "older"] == titles(get(ARTICLES))


def test_archived_and_deleted_articles_leave_everything_without_a_trace(
    get: Get, zendesk: ZendeskEmulator, help_center: HelpCenter, section: Section
) -> None:
    archived, deleted, kept = write(help_center, section, 3)
    help_center.archive(archived)
    help_center.delete(deleted)

    assert [kept.id] == [row["id"] for row in get(ARTICLES).json()["articles"]]
    assert [kept.id] == [row["id"] for row in get(FEED, start_time=0).json()["articles"]]
    for gone in (archived, deleted):
        assert "RecordNotFound" == get(f"{ARTICLES}/{gone.id}").json()["error"]
    zendesk.switches.archived_articles_shown = True
    assert 200 == get(f"{ARTICLES}/{archived.id}").status_code
    help_center.restore(archived)
    assert 2 == get(ARTICLES).json()["count"]


# ------------------------------------------------------------------------- who may read what


def as_user(session: requests.Session, zendesk: ZendeskEmulator, user: User) -> None:
    session.auth = (f"{user.email}/token", zendesk.account.add_api_token(user))


def test_an_agent_gets_a_silently_partial_list(
    get: Get,
    session: requests.Session,
    zendesk: ZendeskEmulator,
    help_center: HelpCenter,
    section: Section,
) -> None:
    write(help_center, section, 2)
    agent = zendesk.account.add_user("Al Agent", "al@acme.example", "agent")
    as_user(session, zendesk, agent)

    assert 2 == get(ARTICLES).json()["count"]
    agent.hidden_sections.add(section.id)
    assert 0 == get(ARTICLES).json()["count"]
    assert 0 == get(FEED, start_time=0).json()["count"]
    assert [] == get("help_center/sections").json()["sections"]


@pytest.mark.parametrize("reader", ["visitor", "end user"])
def test_readers_see_what_is_published_for_everyone(  # noqa: PLR0913, PLR0917  -- fixtures
    get: Get,
    session: requests.Session,
    zendesk: ZendeskEmulator,
    help_center: HelpCenter,
    section: Section,
    reader: str,
) -> None:
    published = help_center.add_article(section, title="Published", body="")
    help_center.translate(published, "de", title="Entwurf", body="", draft=True)
    help_center.add_article(section, title="Draft", body="", draft=True)
    help_center.add_article(section, title="Hidden", body="", hidden=True)
    secret = help_center.add_article(section, title="Restricted", body="", user_segment_id=1)
    help_center.add_article(section, title="Nur deutsch", body="", locale="de")
    if reader == "visitor":
        session.auth = None
    else:
        as_user(session, zendesk, zendesk.account.add_user("E", "e@acme.example", "end-user"))

    answer = get("help_center/en-us/articles", include="translations")

    assert ["Published"] == titles(answer)
    assert ["en-us"] == [row["locale"] for row in answer.json()["articles"][0]["translations"]]
    assert ["Nur deutsch"] == titles(get("help_center/de/articles"))
    assert 404 == get(f"{ARTICLES}/{secret.id}").status_code
    assert 404 == get(FEED, start_time=0).status_code


@pytest.mark.parametrize(
    ("switch", "status"), [(401, 401), (403, 403), (404, 404), ("redirect", 302)]
)
def test_what_a_closed_help_center_answers_visitors_is_a_switch(  # noqa: PLR0913, PLR0917  -- fixtures
    get: Get,
    session: requests.Session,
    zendesk: ZendeskEmulator,
    help_center: HelpCenter,
    switch: ClosedAnswer,
    status: int,
) -> None:
    help_center.visitors = "closed"
    zendesk.switches.closed_answer = switch
    assert 200 == get("help_center/en-us/articles").status_code

    session.auth = None
    answer = get("help_center/en-us/articles")

    assert status == answer.status_code
    if status == 302:
        assert "text/html" == get(answer.headers["Location"]).headers["Content-Type"]


def test_whether_a_mapped_host_redirects_visitors_is_a_switch(
    get: Get, session: requests.Session, zendesk: ZendeskEmulator
) -> None:
    zendesk.account.brands[0].host_mapping = "help.acme.example"
    session.auth = None
    assert 200 == get("help_center/en-us/articles").status_code

    zendesk.switches.mapped_host_redirects = True
    answer = get("help_center/en-us/articles", per_page=1)

    assert 301 == answer.status_code
    expected = "https://help.acme.example/api/v2/help_center/en-us/articles?per_page=1"
    assert expected == answer.headers["Location"]


def test_each_brand_has_its_own_help_center_or_none(get: Get, zendesk: ZendeskEmulator) -> None:
    zendesk.account.add_brand("acme-shop", name="Shop")
    zendesk.account.add_brand("acme-none", has_help_center=False)
    shop = zendesk.account.help_center("acme-shop")
    write(shop, shop.add_section(shop.add_category("C"), "S"), 1)

    assert [True, True, False] == [
        brand["has_help_center"] for brand in get("brands").json()["brands"]
    ]
    assert 0 == get(ARTICLES).json()["count"]
    assert 1 == get("https://acme-shop.zendesk.com/api/v2/help_center/articles").json()["count"]
    answer = get("https://acme-none.zendesk.com/api/v2/help_center/articles")
    assert "RecordNotFound" == answer.json()["error"]
    zendesk.switches.brands_forbidden = True
    assert 403 == get("brands").status_code


# ------------------------------------------------------------------------------- credentials


def test_without_token_access_a_token_is_a_visitors(
    get: Get, zendesk: ZendeskEmulator, help_center: HelpCenter, section: Section
) -> None:
    help_center.add_article(section, title="Draft", body="", draft=True)
    zendesk.account.token_access = False

    answer = get("users/me")

    assert (200, None) == (answer.status_code, answer.json()["user"]["id"])
    assert [] == titles(get(ARTICLES))
    assert 404 == get(FEED, start_time=0).status_code


def test_whether_hc_read_may_use_users_me_is_a_switch(
    get: Get, session: requests.Session, zendesk: ZendeskEmulator
) -> None:
    session.auth = None
    token = zendesk.account.add_oauth_token(zendesk.account.admin, scope="hc:read")
    session.headers["Authorization"] = f"Bearer {token}"

    assert 403 == get("users/me").status_code
    assert 403 == get("brands").status_code
    assert 200 == get(ARTICLES).status_code
    zendesk.switches.hc_read_allows_users_me = True
    assert 200 == get("users/me").status_code
    assert {"oauth"} == {request.credential for request in zendesk.requests}


def test_a_refresh_token_is_good_once(session: requests.Session, zendesk: ZendeskEmulator) -> None:
    client = zendesk.account.add_oauth_client(zendesk.account.admin)
    form = {
        "grant_type": "refresh_token",
        "client_id": client.identifier,
        "client_secret": client.secret,
        "refresh_token": zendesk.account.add_refresh_token(client, zendesk.account.admin),
    }
    url = "https://acme.zendesk.com/oauth/tokens"
    session.auth = None

    first = session.post(url, json=form)
    again = session.post(url, json=form)
    session.headers["Authorization"] = f"Bearer {first.json()['access_token']}"
    before = session.get("https://acme.zendesk.com/api/v2/users/me")
    zendesk.switches.expires_in_unasked = False
    second = session.post(url, json={**form, "refresh_token": first.json()["refresh_token"]})
    after = session.get("https://acme.zendesk.com/api/v2/users/me")

    assert (200, 1800) == (first.status_code, first.json()["expires_in"])
    assert (400, "invalid_grant") == (again.status_code, again.json()["error"])
    assert 200 == second.status_code
    assert "expires_in" not in second.json()
    assert (200, 401) == (before.status_code, after.status_code)


def test_a_public_client_has_no_credentials_to_use(
    session: requests.Session, zendesk: ZendeskEmulator
) -> None:
    client = zendesk.account.add_oauth_client(zendesk.account.admin)
    client.kind = "public"
    form = {
        "grant_type": "client_credentials",
        "client_id": client.identifier,
        "client_secret": client.secret,
    }

    answer = session.post("https://acme.zendesk.com/oauth/tokens", json=form)

    assert (400, "unauthorized_client") == (answer.status_code, answer.json()["error"])


@pytest.mark.parametrize(("ended", "status"), [("refused", 401), ("anonymous", 200)])
def test_api_tokens_end_on_the_day_that_zendesk_named(
    get: Get, zendesk: ZendeskEmulator, ended: str, status: int
) -> None:
    zendesk.switches.ended_api_tokens = ended  # type: ignore[assignment]
    zendesk.clock.advance((API_TOKENS_END - zendesk.clock.now).total_seconds() - 1)
    assert "Ada Admin" == get("users/me").json()["user"]["name"]
    zendesk.clock.advance(1)
    answer = get("users/me")
    assert status == answer.status_code
    assert "Ada Admin" not in answer.text


def test_every_secret_is_known_to_the_account(zendesk: ZendeskEmulator) -> None:
    account = zendesk.account
    client = account.add_oauth_client(account.admin)
    made = {
        account.admin_token,
        f"{account.admin.email}/token:{account.admin_token}",
        client.secret,
        account.add_oauth_token(account.admin),
        account.add_refresh_token(client, account.admin),
    }
    assert made == account.secrets


# -------------------------------------------------------------------- clock, limits and the log


def test_the_clock_makes_time_stamps_and_the_date_header(
    get: Get, zendesk: ZendeskEmulator, help_center: HelpCenter, section: Section
) -> None:
    zendesk.clock.advance(-3600.5)
    (article,) = write(help_center, section, 1)

    answer = get(f"{ARTICLES}/{article.id}")

    assert "Sun, 01 Nov 2026 10:59:59 GMT" == answer.headers["Date"]
    assert "2026-11-01T10:59:59Z" == answer.json()["article"]["created_at"]


def test_a_second_passes_with_each_answer_unless_the_clock_stands_still(
    get: Get, zendesk: ZendeskEmulator
) -> None:
    dates = [get("users/me").headers["Date"][-12:-4] for _ in range(3)]
    zendesk.clock.stand_still()
    dates += [get("users/me").headers["Date"][-12:-4] for _ in range(2)]

    assert ["12:00:00", "12:00:01", "12:00:02", "12:00:03", "12:00:03"] == dates


def test_a_running_clock_goes_like_this_machines() -> None:
    with ZendeskEmulator(running=True) as zendesk:
        before = zendesk.clock.now
        time.sleep(0.01)
        assert zendesk.clock.now > before


def test_the_rate_limit_counts_down_within_a_minute(get: Get, zendesk: ZendeskEmulator) -> None:
    zendesk.clock.stand_still()  # what is left of the minute counts
    zendesk.rate_limit = 2
    zendesk.clock.advance(45)

    answers = [get("help_center/locales") for _ in range(3)]

    assert [200, 200, 429] == [answer.status_code for answer in answers]
    assert ["1", "0", "0"] == [answer.headers["X-Rate-Limit-Remaining"] for answer in answers]
    assert ("2", "15") == tuple(
        answers[2].headers[name] for name in ("X-Rate-Limit", "Retry-After")
    )
    assert 200 == get("users/me").status_code
    zendesk.clock.advance(15)
    assert 200 == get("help_center/locales").status_code


def test_how_the_limit_is_told_is_a_switch(get: Get, zendesk: ZendeskEmulator) -> None:
    zendesk.rate_limit = 0

    assert "text/plain; charset=utf-8" == get(ARTICLES).headers["Content-Type"]
    zendesk.switches.rate_limit_text = "json"
    zendesk.switches.retry_after = False
    answer = get(ARTICLES)
    assert "APIRateLimitExceeded" == answer.json()["error"]
    assert "Retry-After" not in answer.headers


def test_the_feed_may_have_a_limit_of_its_own(get: Get, zendesk: ZendeskEmulator) -> None:
    zendesk.switches.incremental_requests_per_minute = 1

    statuses = [get(FEED, start_time=0).status_code for _ in range(2)]

    assert [200, 429] == statuses
    assert 200 == get(ARTICLES).status_code


def test_strangers_are_refused_and_remembered(
    session: requests.Session, zendesk: ZendeskEmulator
) -> None:
    session.proxies["http"] = zendesk.environment["HTTPS_PROXY"]

    for url in ("https://acme.example/", "https://evil.zendesk.com.example/"):
        with pytest.raises(requests.exceptions.ProxyError):
            session.get(url)
    assert 502 == session.get("http://acme.zendesk.com/").status_code

    assert [
        ("acme.example", False),
        ("evil.zendesk.com.example", False),
        ("acme.zendesk.com", True),
    ] == [(stranger.host, stranger.had_authorization) for stranger in zendesk.strangers]
    assert [] == zendesk.requests


# -------------------------------------------------------------------------------------- faults


@pytest.mark.parametrize("times", [2, None])
def test_a_fault_that_was_not_consumed_is_named(
    get: Get, zendesk: ZendeskEmulator, times: int | None
) -> None:
    zendesk.faults.add(Fault("html", path="locales", times=times))
    if times:
        get("help_center/locales")

    with pytest.raises(AssertionError, match="path='locales'"):
        zendesk.faults.assert_consumed()

    get("help_center/locales")
    zendesk.faults.assert_consumed()


def test_faults_pick_their_requests(
    get: Get, session: requests.Session, zendesk: ZendeskEmulator
) -> None:
    zendesk.account.add_brand("shop")
    zendesk.faults.add(
        Fault("status", status=501, host="^shop"),
        Fault("status", status=502, credential="none"),
        Fault("status", status=503, where={"page": "2"}),
        Fault("status", status=504, only_page_size_above=50, times=None),
    )

    asked = [
        get(ARTICLES, per_page=50),
        get(ARTICLES, page_size=51),
        get(ARTICLES, page=2),
        get("https://shop.zendesk.com/api/v2/help_center/articles"),
    ]
    session.auth = None
    asked.append(get(ARTICLES))

    assert [200, 504, 503, 501, 502] == [answer.status_code for answer in asked]


def test_closing_ends_a_request_that_hangs() -> None:
    with ZendeskEmulator() as zendesk, requests.Session() as session:
        zendesk.faults.add(Fault("hang", seconds=60))
        session.trust_env = False
        session.proxies = {"https": zendesk.environment["HTTPS_PROXY"]}
        session.verify = zendesk.environment["REQUESTS_CA_BUNDLE"]
        ended: list[bool] = []

        def ask() -> None:
            with pytest.raises(requests.exceptions.ConnectionError):
                session.get(f"{API}users/me")
            ended.append(True)

        asking = threading.Thread(target=ask)
        asking.start()
        while not zendesk.requests:
            time.sleep(0.001)
        zendesk.close()
        asking.join(5)

    assert [True] == ended


# --------------------------------------------------------------------------------- both doors


def test_the_account_can_be_another_one_with_other_answers() -> None:
    switches = Switches(closed_answer=403)

    with ZendeskEmulator(switches=switches, subdomain="globex", rate_limit=400) as zendesk:
        assert switches is zendesk.switches
        assert "ada@globex.example" == zendesk.account.admin.email
        assert Path(zendesk.environment["REQUESTS_CA_BUNDLE"]).exists()

    assert not Path(zendesk.environment["REQUESTS_CA_BUNDLE"]).exists()


def test_the_command_prints_what_a_client_needs_and_ends_on_ctrl_c(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "integration_tests.zendesk_emulator"],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[1],
    ) as server:
        assert server.stdout is not None
        script = "".join(iter(server.stdout.readline, "END\n")) + "END\n"
        client = (
            "import json, requests\n"
            "config = json.load(open('zendesk.json'))\n"
            "host = f'https://{config[\"subdomain\"]}.zendesk.com'\n"
            "form = {**config['credentials'], 'grant_type': 'client_credentials'}\n"
            "token = requests.post(f'{host}/oauth/tokens', json=form).json()['access_token']\n"
            "signed = {'Authorization': f'Bearer {token}'}\n"
            "url = f'{host}/api/v2/help_center/articles'\n"
            "print(requests.get(url, headers=signed).json()['count'])\n"
        )
        try:
            asked = subprocess.run(  # noqa: S603  -- the script is the emulator's own
                ["bash", "-c", f"{script}\nexec '{sys.executable}' -c \"$0\"", client],  # noqa: S607
                capture_output=True,
                text=True,
                cwd=tmp_path,
                env=os.environ,
                timeout=20,
                check=False,
            )
        finally:
            server.send_signal(signal.SIGINT)
        assert 0 == server.wait(timeout=10)

    assert "7\n" == asked.stdout, asked.stderr


def test_the_emulator_needs_nothing_of_the_connector() -> None:
    program = (
        "import sys, integration_tests.zendesk_emulator.__main__\n"
        "print([name for name in sys.modules if name.startswith('source_zendesk_articles')])"
    )

    loaded = subprocess.run(  # noqa: S603  -- a constant program
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[1],
        check=True,
    )

    assert "[]\n" == loaded.stdout


@pytest.mark.parametrize(
    "edit",
    [
        lambda center, article: center.change(article, stamped=False, vote_sum=1),
        lambda center, article: center.change_translation(article, "de", stamped=False, body="!"),
        lambda center, article: center.remove_translation(article, "de", stamped=False),
        lambda center, article: center.translate(
            article, "fr", stamped=False, title="Non", body=None
        ),
        lambda center, _: center.disable_locale("de"),
    ],
)
def test_what_was_shown_before_an_edit_is_not_shown_after_it(
    get: Get,
    zendesk: ZendeskEmulator,
    help_center: HelpCenter,
    section: Section,
    edit: Callable[[HelpCenter, Article], None],
) -> None:
    zendesk.switches.disabled_locale_translations = False
    help_center.enable_locale("fr")
    article = write(help_center, section, 2)[1]
    help_center.translate(article, "de", title="Ja", body="<p>Text</p>")

    def shown() -> list[Any]:
        articles: list[Any] = get(ARTICLES, include="translations").json()["articles"]
        return articles

    before = shown()
    edit(help_center, article)
    after = shown()
    # The newest is the first.
    assert (True, before[1]) == (before[0] != after[0], after[1])


@pytest.mark.parametrize(
    "edit",
    [
        lambda center, section, _: center.rename(section, "Purchases"),
        lambda center, section, _: center.rename(section, "Aufträge", "de"),
        lambda center, section, _: center.add_name(section, "fr", "Commandes"),
        lambda center, _, category: center.rename(category, "Other"),
        lambda center, _, category: center.add_name(category, "fr", "Autres"),
        lambda center, section, _: center.move_section(section, center.add_category("Other")),
        lambda center, section, _: center.remove_section(section),
        lambda center, *_: center.disable_locale("de"),
    ],
)
def test_what_was_shown_beside_articles_before_an_edit_is_not_shown_after_it(
    get: Get,
    zendesk: ZendeskEmulator,
    help_center: HelpCenter,
    section: Section,
    edit: Callable[[HelpCenter, Section, Category], None],
) -> None:
    zendesk.switches.disabled_locale_translations = False
    help_center.enable_locale("fr")
    help_center.add_name(section, "de", "Bestellungen")
    write(help_center, section, 2)

    def shown() -> list[Any]:
        paths = (ARTICLES, FEED, "help_center/sections")
        pages = [get(path, include=EVERYTHING, start_time=0).json() for path in paths]
        return [[page["sections"], page["categories"]] for page in pages]

    before = shown()
    edit(help_center, section, help_center.categories[section.category_id])

    assert all(then != now for then, now in zip(before, shown(), strict=True))


@pytest.mark.parametrize(("bytes_kept", "encoded_again"), [(2**20, 0), (1000, 9), (0, 10)], ids=str)
def test_articles_are_encoded_once_while_there_is_room(  # noqa: PLR0913, PLR0917  -- fixtures
    get: Get,
    help_center: HelpCenter,
    section: Section,
    monkeypatch: pytest.MonkeyPatch,
    bytes_kept: int,
    encoded_again: int,
) -> None:
    monkeypatch.setattr("integration_tests.zendesk_emulator.help_center._KEPT", bytes_kept)
    write(help_center, section, 10)
    first = get(ARTICLES).json()["articles"]
    with patch.object(resources, "article", wraps=resources.article) as encode:
        again = get(ARTICLES).json()["articles"]
    assert (10, first) == (len(again), again)
    assert encoded_again == encode.call_count


def test_what_comes_beside_articles_is_encoded_once_for_all_pages(
    get: Get, help_center: HelpCenter, section: Section
) -> None:
    write(help_center, section, 10)
    with (
        patch.object(resources, "section", wraps=resources.section) as of_section,
        patch.object(resources, "category", wraps=resources.category) as of_category,
    ):
        for path in (ARTICLES, FEED, "help_center/sections"):
            for size in (1, 2):
                page = get(path, include=EVERYTHING, start_time=0, page_size=size).json()
                assert (1, 1) == (len(page["sections"]), len(page["categories"]))
    assert (1, 1) == (of_section.call_count, of_category.call_count)
