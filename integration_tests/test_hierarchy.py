"""Where an article stands: in every record, in its locale, at no request that can be saved."""

from typing import Any

import pytest

from integration_tests.connector import Output, config
from integration_tests.platform import Platform
from integration_tests.truth import Key, key_of, mirror
from integration_tests.zendesk_emulator import Article, Fault, HelpCenter, ZendeskEmulator
from integration_tests.zendesk_emulator.sample import fill, furnish

LISTS = ["categories", "sections"]


def lists(zendesk: ZendeskEmulator) -> list[str]:
    """Return which lists of sections or categories were asked for, in order of the alphabet."""
    asked = (request.path.rpartition("/")[2] for request in zendesk.requests)
    return sorted(name for name in asked if name in LISTS)


def places(output: Output) -> dict[Key, tuple[object, ...]]:
    """Return where each record stands; the framework leaves nulls out of what it prints."""
    names = ("section_id", "section_name", "category_id", "category_name")
    return {key_of(row): tuple(row.get(name) for name in names) for row in output.records}


def in_german_and_french(help_center: HelpCenter) -> Article:
    """Make an article in three locales, in a section that is called something in two of them."""
    for locale in ("de", "fr"):
        help_center.enable_locale(locale)
    category = help_center.add_category("Help")
    help_center.add_name(category, "fr", "Aide")
    outer = help_center.add_section(category, "Orders")
    section = help_center.add_section(category, "Returns", parent=outer)
    help_center.add_name(section, "de", "Rückgaben")
    article = help_center.add_article(section, title="Return it", body="<p>Within 30 days.</p>")
    for locale in ("de", "fr"):
        help_center.translate(article, locale, title=locale, body="<p>30</p>")
    return article


@pytest.mark.parametrize("sideloaded", [True, False])
def test_a_record_tells_its_section_and_category_in_its_locale_or_else_in_their_own(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter, *, sideloaded: bool
) -> None:
    zendesk.switches.hierarchy_sideloaded = sideloaded
    article = in_german_and_french(help_center)
    (category,) = help_center.categories
    assert {
        (article.id, "en-us"): (article.section_id, "Returns", category, "Help"),
        (article.id, "de"): (article.section_id, "Rückgaben", category, "Help"),
        (article.id, "fr"): (article.section_id, "Returns", category, "Aide"),
    } == places(platform.sync(config(zendesk)))
    assert ([] if sideloaded else LISTS) == lists(zendesk)


def test_names_without_translations_are_used_in_every_locale(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    zendesk.switches.hierarchy_translations = False
    article = in_german_and_french(help_center)
    output = platform.sync(config(zendesk))
    assert {"Returns"} == {row["section_name"] for row in output.records}
    assert 3 == len(output.records) == len(article.translations)
    # It may be that they come with the lists.
    assert LISTS == lists(zendesk)
    assert [] == platform.sync(config(zendesk)).records


def test_names_in_the_only_locale_need_no_translations(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    zendesk.switches.hierarchy_translations = False
    section = help_center.add_section(help_center.add_category("Help"), "Orders")
    help_center.add_article(section, title="T", body=None)
    (place,) = places(platform.sync(config(zendesk))).values()
    assert ("Orders", "Help") == (place[1], place[3])
    assert [] == lists(zendesk)


@pytest.mark.parametrize("sideloaded", [True, False])
@pytest.mark.usefixtures("feed")
def test_a_sync_that_finds_nothing_asks_for_no_list(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter, *, sideloaded: bool
) -> None:
    zendesk.switches.hierarchy_sideloaded = sideloaded
    fill(help_center, articles=5)
    zendesk.clock.advance(3600)
    platform.sync(config(zendesk))
    zendesk.forget_requests()
    zendesk.clock.advance(300)
    assert [] == platform.sync(config(zendesk)).records
    assert ([], 2) == (lists(zendesk), len(zendesk.requests))


@pytest.mark.parametrize(("sideloaded", "requests"), [(True, 2), (False, 4)])
@pytest.mark.usefixtures("feed")
def test_the_lists_are_asked_for_once_a_sync(
    zendesk: ZendeskEmulator,
    platform: Platform,
    help_center: HelpCenter,
    *,
    sideloaded: bool,
    requests: int,
) -> None:
    zendesk.switches.hierarchy_sideloaded = sideloaded
    fill(help_center, articles=250, categories=3)
    platform.sync(config(zendesk))
    assert ([] if sideloaded else LISTS) == lists(zendesk)
    zendesk.clock.advance(300)
    for article in help_center.articles[:120]:
        help_center.change(article, promoted=True)
    zendesk.forget_requests()
    assert 240 == len(platform.sync(config(zendesk)).records)
    assert requests == len(zendesk.requests)
    assert mirror(help_center) == platform.destination.table


def test_a_listing_that_finds_nothing_asks_for_no_list(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    furnish(help_center)
    platform.sync(config(zendesk))
    zendesk.forget_requests()
    assert [] == platform.sync(config(zendesk)).records
    assert ([], 4) == (lists(zendesk), len(zendesk.requests))


@pytest.mark.parametrize("sideloaded", [True, False])
@pytest.mark.usefixtures("feed")
def test_a_new_name_reaches_its_articles_and_no_others_with_the_next_listing(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter, *, sideloaded: bool
) -> None:
    zendesk.switches.hierarchy_sideloaded = sideloaded
    fill(help_center, articles=6, categories=3)
    zendesk.clock.advance(3600)
    platform.sync(config(zendesk))
    first, second, third = help_center.sections.values()
    help_center.rename(first, "Orders")
    help_center.rename(help_center.categories[second.category_id], "Help")
    help_center.add_name(third, "de", "Abschnitt")
    zendesk.clock.advance(300)
    assert [] == platform.sync(config(zendesk)).records
    zendesk.clock.advance(7 * 3600)
    output = platform.sync(config(zendesk))
    # Of an article all variants are emitted.
    assert 12 == len(output.records)
    assert mirror(help_center) == platform.destination.table
    zendesk.clock.advance(7 * 3600)
    help_center.rename(first, "Returns")
    output = platform.sync(config(zendesk))
    assert {first.id} == {row["section_id"] for row in output.records}
    assert 4 == len(output.records)


@pytest.mark.usefixtures("feed")
def test_an_edited_article_brings_the_new_name_of_its_section(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    fill(help_center, articles=4)
    zendesk.clock.advance(3600)
    platform.sync(config(zendesk))
    (section,) = help_center.sections.values()
    help_center.rename(section, "Orders")
    edited = help_center.articles[2]
    help_center.change(edited, promoted=True)
    zendesk.clock.advance(60)
    found = places(platform.sync(config(zendesk)))
    assert {(edited.id, "en-us"), (edited.id, "de")} == found.keys()
    assert {"Orders"} == {place[1] for place in found.values()}


def test_an_article_that_moves_has_its_new_section_and_category(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    fill(help_center, articles=4, categories=2)
    platform.sync(config(zendesk))
    first, second = help_center.sections.values()
    moved, *_ = help_center.articles
    help_center.change(moved, section_id=second.id, stamped=False)
    output = platform.sync(config(zendesk))
    assert {(second.id, "Section", second.category_id, "Category 1")} == set(
        places(output).values()
    )
    # A section that moves takes its articles to another category.
    help_center.move_section(first, help_center.categories[second.category_id])
    output = platform.sync(config(zendesk))
    assert {(first.id, "Section", second.category_id, "Category 1")} == set(places(output).values())
    assert mirror(help_center) == platform.destination.table


def test_an_article_in_an_unlisted_section_is_emitted_without_names(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    zendesk.switches.hierarchy_sideloaded = False
    fill(help_center, articles=1)
    (article,) = help_center.articles
    nothing = Fault(
        "rewrite",
        path="(sections|categories)$",
        rewrite=lambda answer: {**answer, **{name: [] for name in LISTS if name in answer}},
        times=None,
    )
    zendesk.faults.add(nothing)
    output = platform.sync(config(zendesk))
    assert {(article.section_id, None, None, None)} == set(places(output).values())
    assert LISTS == lists(zendesk)


def test_a_list_that_can_not_be_read_is_no_missing_name(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter, waits: list[float]
) -> None:
    zendesk.switches.hierarchy_sideloaded = False
    fill(help_center, articles=1)
    zendesk.faults.add(Fault("html", path="sections$", times=None))
    output = platform.sync(config(zendesk))
    assert ([], "transient_error") == (output.records, output.error[0])
    assert waits
    zendesk.faults.clear()
    zendesk.faults.add(Fault("status", path="categories$", status=403))
    output = platform.sync(config(zendesk))
    assert ([], "config_error") == (output.records, output.error[0])
    zendesk.faults.clear()
    platform.sync(config(zendesk))
    assert mirror(help_center) == platform.destination.table


def shown(kind: str, rows: list[object]) -> Fault:
    def rewrite(answer: dict[str, Any]) -> dict[str, Any]:
        return {**answer, kind: rows} if kind in answer else answer

    return Fault("rewrite", rewrite=rewrite, times=None)


def test_an_unlisted_section_is_looked_up_once(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    zendesk.switches.hierarchy_sideloaded = False
    fill(help_center, articles=250)
    zendesk.faults.add(shown("sections", []))
    assert 500 == len(platform.sync(config(zendesk)).records)
    assert LISTS == lists(zendesk)


def test_lists_that_a_filter_needs_serve_for_names_too(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    zendesk.switches.hierarchy_sideloaded = False
    fill(help_center, articles=4, categories=2)
    output = platform.sync(config(zendesk, categories=list(help_center.categories)))
    assert 8 == len(output.records)
    assert all(row["section_name"] for row in output.records)
    assert LISTS == lists(zendesk)


def test_a_sideloaded_name_wins_over_the_lists(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    fill(help_center, articles=1)

    def older(answer: dict[str, Any]) -> dict[str, Any]:
        for row in answer["sections"]:
            row |= {"name": "Older", "translations": []}
        return answer

    zendesk.faults.add(Fault("rewrite", path="/sections$", rewrite=older))
    output = platform.sync(config(zendesk, categories=list(help_center.categories)))
    zendesk.faults.assert_consumed()
    assert "Older" not in {row["section_name"] for row in output.records}


def test_a_filter_by_category_needs_no_name_of_it(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    fill(help_center, articles=2)
    zendesk.faults.add(shown("categories", []))
    output = platform.sync(config(zendesk, categories=list(help_center.categories)))
    assert 4 == len(output.records)
    assert {None} == {row.get("category_name") for row in output.records}


@pytest.mark.parametrize("told", [True, False])
def test_it_is_logged_how_many_articles_are_in_a_section_that_no_list_shows(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter, *, told: bool
) -> None:
    fill(help_center, articles=3)
    if told:
        zendesk.faults.add(shown("sections", []))
    logs = platform.sync(config(zendesk)).logs
    assert told == ("WARN 3 articles of Help Center acme are in no section" in logs)


@pytest.mark.usefixtures("feed")
def test_names_from_lists_and_names_that_come_along_are_the_same(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    for locale in ("de", "pt-br"):
        help_center.enable_locale(locale)
    category = help_center.add_category("Hilfe", locale="de")
    help_center.add_name(category, "en-us", "Help")
    section = help_center.add_section(category, "Bestellungen", locale="de")
    help_center.add_name(section, "pt-br", "Pedidos")
    for source in ("en-us", "de", "pt-br"):
        article = help_center.add_article(section, title="T", body="B", locale=source)
        for locale in {"en-us", "de", "pt-br"} - {source}:
            help_center.translate(article, locale, title="T", body="B")
    help_center.add_article(section, title="T", body="B")
    zendesk.clock.advance(3600)
    platform.sync(config(zendesk))
    for sideloaded in (False, True):
        zendesk.switches.hierarchy_sideloaded = sideloaded
        for hours in (1, 7, 1):
            zendesk.clock.advance(hours * 3600)
            for article in help_center.articles:
                help_center.change(article, vote_sum=hours + sideloaded)
            zendesk.clock.advance(120)
            assert [] == platform.sync(config(zendesk)).records
    assert mirror(help_center) == platform.destination.table


def test_the_name_of_a_draft_is_not_emitted(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    help_center.enable_locale("de")
    section = help_center.add_section(help_center.add_category("Help"), "Orders")
    help_center.add_name(section, "de", "Streng geheim").draft = True
    article = help_center.add_article(section, title="T", body="B")
    help_center.translate(article, "de", title="T", body="B")
    output = platform.sync(config(zendesk))
    assert {"Orders"} == {row["section_name"] for row in output.records}


@pytest.mark.parametrize("sideloaded", [True, False])
@pytest.mark.parametrize("how", ["draft", "hidden"])
def test_a_name_with_a_draft_as_its_source_is_not_emitted(
    zendesk: ZendeskEmulator,
    platform: Platform,
    help_center: HelpCenter,
    sideloaded: bool,
    how: str,
) -> None:
    zendesk.switches.hierarchy_sideloaded = sideloaded
    for locale in ("de", "fr"):
        help_center.enable_locale(locale)
    category = help_center.add_category("Streng geheim")
    section = help_center.add_section(category, "Ganz geheim")
    for of, name in ((category, "Hilfe"), (section, "Bestellungen")):
        setattr(of.translations["en-us"], how, True)
        help_center.add_name(of, "de", name)
    article = help_center.add_article(section, title="T", body="B")
    for locale in ("de", "fr"):
        help_center.translate(article, locale, title="T", body="B")
    output = platform.sync(config(zendesk))
    assert "geheim" not in str(output.records)
    names = {row["locale"]: row.get("section_name") for row in output.records}
    assert {"en-us": None, "de": "Bestellungen", "fr": None} == names


@pytest.mark.parametrize("field", ["sections", "categories"])
def test_filters_do_not_make_a_list_be_read_twice(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter, field: str
) -> None:
    zendesk.switches.hierarchy_sideloaded = False
    fill(help_center, articles=4, categories=2)
    ids = list(getattr(help_center, field))
    platform.sync(config(zendesk, **{field: ids}))
    assert LISTS == lists(zendesk)


def test_a_section_that_is_newer_than_the_filters_list_costs_that_list_only(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    zendesk.switches.hierarchy_sideloaded = False
    fill(help_center, articles=2)
    older = Fault("rewrite", path="/sections$", rewrite=lambda answer: {**answer, "sections": []})
    zendesk.faults.add(older)
    output = platform.sync(config(zendesk, categories=list(help_center.categories)))
    zendesk.faults.assert_consumed()
    assert 4 == len(output.records)
    assert [*LISTS, "sections"] == lists(zendesk)


@pytest.mark.usefixtures("waits")
def test_one_section_that_can_not_be_read_costs_no_more_than_its_name(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    fill(help_center, articles=4, categories=2)
    first, *_ = help_center.sections

    def without_category(answer: dict[str, Any]) -> dict[str, Any]:
        for row in answer.get("sections", ()):
            if row["id"] == first:
                row["category_id"] = None
        return answer

    zendesk.faults.add(Fault("rewrite", rewrite=without_category, times=None))
    output = platform.sync(config(zendesk))
    assert output.succeeded, output.error
    assert 8 == len(output.records)


def test_an_article_whose_translations_of_its_section_come_empty_is_named_by_the_lists(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    help_center.enable_locale("de")
    section = help_center.add_section(help_center.add_category("Help"), "Orders")
    help_center.add_name(section, "de", "Bestellungen")
    article = help_center.add_article(section, title="T", body="B")
    help_center.translate(article, "de", title="T", body="B")

    def empty(answer: dict[str, Any]) -> dict[str, Any]:
        for row in answer.get("sections", ()):
            row["translations"] = []
        return answer

    zendesk.faults.add(Fault("rewrite", path="articles$", rewrite=empty, times=None))
    output = platform.sync(config(zendesk))
    named = {row["locale"]: row["section_name"] for row in output.records}
    assert {"en-us": "Orders", "de": "Bestellungen"} == named


@pytest.mark.usefixtures("feed")
def test_a_feed_that_becomes_a_listing_asks_for_the_lists_once_too(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    zendesk.switches.hierarchy_sideloaded = False
    fill(help_center, articles=6)
    zendesk.clock.advance(3600)
    platform.sync(config(zendesk))
    for article in help_center.articles:
        help_center.change(article, promoted=True)
    zendesk.switches.incremental_page_size = 3
    zendesk.clock.advance(300)
    zendesk.forget_requests()
    platform.sync(config(zendesk))
    assert LISTS == lists(zendesk)
    assert mirror(help_center) == platform.destination.table


def test_articles_out_of_scope_cause_no_warning_about_categories(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    fill(help_center, articles=2)
    left_out, _ = help_center.articles
    help_center.change(left_out, label_names=["x"])

    def without_section(answer: dict[str, Any]) -> dict[str, Any]:
        for row in answer.get("articles", ()):
            if row["id"] == left_out.id:
                row["section_id"] = None
        return answer

    zendesk.faults.add(Fault("rewrite", path="articles$", rewrite=without_section, times=None))
    output = platform.sync(config(zendesk, exclude_labels=["x"]))
    assert 2 == len(output.records)
    assert "so their category is unknown" not in output.logs


def test_an_unlisted_category_is_emitted_by_id_without_a_warning(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    fill(help_center, articles=2)
    (category,) = help_center.categories

    def without_categories(answer: dict[str, Any]) -> dict[str, Any]:
        return {**answer, "categories": []} if "categories" in answer else answer

    zendesk.faults.add(Fault("rewrite", rewrite=without_categories, times=None))
    output = platform.sync(config(zendesk))
    assert {category} == {row["category_id"] for row in output.records}
    assert "their category is unknown" not in output.logs


def test_the_log_counts_articles_that_a_filter_skips_without_a_section(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    zendesk.switches.hierarchy_sideloaded = False
    fill(help_center, articles=2)
    zendesk.faults.add(shown("sections", []))
    output = platform.sync(config(zendesk, categories=list(help_center.categories)))
    assert [] == output.records
    assert "WARN 2 articles of Help Center acme are in no section" in output.logs
