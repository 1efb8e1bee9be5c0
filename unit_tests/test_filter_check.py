"""Filters that name what is not there, and the lists that filters need."""

import pytest
from requests_mock import Mocker

from source_zendesk_articles.articles.placement import Hierarchy
from source_zendesk_articles.config import Filters
from source_zendesk_articles.sync.filter_check import choices, read_filtered, unknown_filters
from source_zendesk_articles.zendesk.client import Connection
from source_zendesk_articles.zendesk.models import Category, Locales, Names, Section
from source_zendesk_articles.zendesk.transport import NoAuth

HELP_CENTER = "https://acme.zendesk.com/api/v2/help_center"
DATE = {"Date": "Sun, 01 Nov 2026 12:00:00 GMT"}
LAST_PAGE = {"has_more": False, "after_cursor": None}
LOCALES = Locales(enabled=["en-us", "de"], default="en-us")
CATEGORIES = {1: Category(1, Names("General", {}, is_whole=False))}
SECTIONS = {2: Section(2, Names("Orders", {}, is_whole=False), 1)}
ACME = choices(LOCALES, Hierarchy(CATEGORIES, SECTIONS))


@pytest.mark.parametrize(
    ("filters", "categories", "sections"),
    [
        (Filters(), {}, {}),
        (Filters(locales=frozenset({"de"}), labels=frozenset({"bot"})), {}, {}),
        (Filters(sections=frozenset({2})), {}, SECTIONS),
        (Filters(categories=frozenset({1})), CATEGORIES, SECTIONS),
    ],
)
def test_only_the_lists_that_the_filters_need_are_asked_for(
    requests_mock: Mocker,
    filters: Filters,
    categories: dict[int, Category],
    sections: dict[int, Section],
) -> None:
    rows = {
        "categories": {"id": 1, "name": "General"},
        "sections": {"id": 2, "name": "Orders", "category_id": 1},
    }
    for name, row in rows.items():
        page = {name: [row], "meta": LAST_PAGE}
        requests_mock.get(f"{HELP_CENTER}/{name}", json=page, headers=DATE)
    client = Connection("acme", NoAuth(), "api_token").help_center()
    assert Hierarchy(categories, sections) == read_filtered(client, filters)
    assert bool(categories) + bool(sections) == len(requests_mock.request_history)


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (Filters(), []),
        (
            Filters(locales=frozenset({"de"}), categories=frozenset({1}), sections=frozenset({2})),
            [],
        ),
        (
            Filters(locales=frozenset({"fr", "de"})),
            ["`locales`: the Help Center has no fr. It has en-us, de."],
        ),
        (
            Filters(categories=frozenset({2}), sections=frozenset({1})),
            [
                "`categories`: the Help Center has no 2. It has 1 (General).",
                "`sections`: the Help Center has no 1. It has 2 (Orders).",
            ],
        ),
        # An article may get the label tomorrow.
        (Filters(labels=frozenset({"?"}), exclude_labels=frozenset({"?"})), []),
    ],
)
def test_a_filter_that_names_what_is_not_there_gets_a_sentence(
    filters: Filters, expected: list[str]
) -> None:
    assert expected == unknown_filters(filters, [ACME])


def test_a_locale_is_there_whatever_its_case() -> None:
    filters = Filters(locales=frozenset({"en-us"}))
    american = choices(Locales(enabled=["en-US"], default="en-US"), Hierarchy({}, {}))
    assert [] == unknown_filters(filters, [american])


def test_one_of_several_help_centers_has_to_have_what_a_filter_names() -> None:
    category = Category(2, Names("Shop", {}, is_whole=False))
    shop = choices(Locales(enabled=["fr"], default="fr"), Hierarchy({2: category}, {}))
    filters = Filters(locales=frozenset({"de", "fr"}), categories=frozenset({1, 2, 3}))
    assert [
        "`categories`: the Help Center has no 3. It has 1 (General), 2 (Shop)."
    ] == unknown_filters(filters, [ACME, shop])
