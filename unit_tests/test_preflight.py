"""What is asked of a Help Center before it is read."""

from typing import Literal

import pytest
from requests_mock import Mocker

from source_zendesk_articles.articles.placement import Hierarchy
from source_zendesk_articles.config import Filters
from source_zendesk_articles.sync.preflight import (
    UNKNOWN_READER,
    ask_as_visitor,
    choices,
    identity,
    read_filtered,
    unknown_filters,
)
from source_zendesk_articles.zendesk.client import Account
from source_zendesk_articles.zendesk.models import Category, Locales, Names, Section, User
from source_zendesk_articles.zendesk.transport import NoAuth

HELP_CENTER = "https://acme.zendesk.com/api/v2/help_center"
DATE = {"Date": "Sun, 01 Nov 2026 12:00:00 GMT"}
LAST_PAGE = {"has_more": False, "after_cursor": None}
LOCALES = Locales(("en-us", "de"), "en-us")
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
    client = Account("acme", NoAuth(), "api_token").help_center()
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
        # What matches no label to-day may match one to-morrow.
        (Filters(labels=frozenset({"?"}), exclude_labels=frozenset({"?"})), []),
    ],
)
def test_a_filter_that_names_what_is_not_there_is_told(
    filters: Filters, expected: list[str]
) -> None:
    assert expected == unknown_filters(filters, [ACME])


def test_a_locale_is_there_whatever_its_case() -> None:
    filters = Filters(locales=frozenset({"en-us"}))
    american = choices(Locales(("en-US",), "en-US"), Hierarchy({}, {}))
    assert [] == unknown_filters(filters, [american])


def test_of_several_help_centers_one_has_to_have_what_a_filter_names() -> None:
    shop = choices(
        Locales(("fr",), "fr"), Hierarchy({2: Category(2, Names("Shop", {}, is_whole=False))}, {})
    )
    filters = Filters(locales=frozenset({"de", "fr"}), categories=frozenset({1, 2, 3}))
    assert [
        "`categories`: the Help Center has no 3. It has 1 (General), 2 (Shop)."
    ] == unknown_filters(filters, [ACME, shop])


def test_an_identity_is_a_users_id_and_role_and_one_for_all_that_a_scope_hides() -> None:
    admin = User(1, "Ada", "ada@acme.example", "admin")
    assert "1:admin" == identity(admin)
    assert identity(admin) == identity(admin._replace(name="Eve", email=None))
    assert "1:agent" == identity(admin._replace(role="agent"))
    assert UNKNOWN_READER == identity(None)


Answer = Literal["open", "empty", "closed"] | None


@pytest.mark.parametrize(
    ("answers", "asked", "expected"),
    [
        (["open"], 1, True),
        (["closed"], 1, False),
        (["empty", "open"], 2, True),
        (["empty", "empty", "open"], 3, True),
        (["empty", "empty", "empty"], 3, False),
        # The default locale speaks for all, another one for itself.
        (["empty", "closed", "open"], 3, True),
        (["empty", "closed", "closed"], 3, False),
        # Without a usable answer only an article proves anything.
        ([None, "open"], 2, True),
        ([None, "empty", "open"], 3, True),
        ([None, "empty", "empty"], 3, None),
        ([None, "closed", "closed"], 3, None),
        (["empty", None, "open"], 3, True),
        (["empty", "empty", None], 3, None),
        ([None, None], 2, None),
        (["empty", None, None], 3, None),
    ],
)
def test_visitors_may_read_if_a_locale_shows_them_an_article(
    answers: list[Answer], asked: int, expected: bool | None
) -> None:
    locales: list[str] = []
    left = iter(answers)

    def ask(locale: str) -> Answer:
        locales.append(locale)
        return next(left)

    found = ask_as_visitor(ask, Locales(("de", "en-us", "fr"), "en-us"))
    assert expected is found
    assert ["en-us", "de", "fr"][:asked] == locales


def test_the_only_locale_is_asked_once_whatever_its_case() -> None:
    locales: list[str] = []

    def ask(locale: str) -> Answer:
        locales.append(locale)
        return "empty"

    assert ask_as_visitor(ask, Locales(("en-US",), "en-us")) is False
    assert ["en-us"] == locales
