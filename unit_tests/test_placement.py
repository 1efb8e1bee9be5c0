"""Where an article stands."""

import pytest
from msgspec.structs import replace

from source_zendesk_articles.articles.placement import Hierarchy, is_placed
from source_zendesk_articles.zendesk.models import Article, Category, Names, Section, Translation

STAMPED = "2026-01-01T00:00:00Z"
WHOLE = Names("Orders", {"en-us": "Orders"}, is_whole=True)
OWN = Names("Orders", {"en-us": "Orders"}, is_whole=False)
SECTION, CATEGORY = Section(3, WHOLE, 5), Category(5, WHOLE)
ARTICLE = Article(
    id=7,
    source_locale="en-us",
    updated_at=STAMPED,
    section_id=3,
    section=SECTION,
    category=CATEGORY,
)
LISTED = Hierarchy({5: Category(5, OWN)}, {3: Section(3, OWN, 5)})


def in_locales(*locales: str) -> list[Translation]:
    return [
        Translation(locale=name, title="T", body=None, updated_at=STAMPED, outdated=False)
        for name in locales
    ]


@pytest.mark.parametrize(
    ("article", "expected"),
    [
        (ARTICLE, True),
        (replace(ARTICLE, section=None), False),
        (replace(ARTICLE, category=None), False),
        (replace(ARTICLE, section=None, category=None, section_id=None), True),
        (replace(ARTICLE, section=Section(3, OWN, 5)), False),
        (replace(ARTICLE, category=Category(5, OWN)), False),
        (replace(ARTICLE, section=Section(3, OWN, 5), translations=in_locales("en-US")), True),
        (
            replace(ARTICLE, section=Section(3, OWN, 5), translations=in_locales("en-us", "de")),
            False,
        ),
        (replace(ARTICLE, category=Category(5, OWN), translations=in_locales("de")), False),
    ],
)
def test_an_article_is_placed_by_its_section_and_category_with_names_in_each_of_its_locales(
    article: Article, expected: bool
) -> None:
    assert expected is is_placed(article)


@pytest.mark.parametrize(
    ("hierarchy", "expected"),
    [
        (Hierarchy({}, {}), False),
        (Hierarchy({}, LISTED.sections), False),
        (Hierarchy(LISTED.categories, {}), False),
        (Hierarchy(LISTED.categories, {4: SECTION}), False),
        (LISTED, True),
    ],
)
def test_a_hierarchy_places_an_article_whose_section_and_category_it_has(
    hierarchy: Hierarchy, expected: bool
) -> None:
    assert expected is hierarchy.places(ARTICLE)


def test_lists_place_no_article_that_is_in_no_section() -> None:
    article = replace(ARTICLE, section_id=None, section=None, category=None)
    assert LISTED.places(article) is False
    assert article == LISTED.place(article)


@pytest.mark.parametrize(
    ("hierarchy", "expected"),
    [
        # What was asked for says more than what came along without all names.
        (LISTED, (LISTED.sections[3], LISTED.categories[5])),
        (Hierarchy({}, LISTED.sections), (LISTED.sections[3], CATEGORY)),
        (Hierarchy(LISTED.categories, {}), (SECTION, LISTED.categories[5])),
        (Hierarchy({}, {}), (SECTION, CATEGORY)),
    ],
)
def test_an_article_is_placed_by_the_lists_and_else_by_what_came_along(
    hierarchy: Hierarchy, expected: tuple[Section, Category]
) -> None:
    placed = hierarchy.place(ARTICLE)
    assert expected == (placed.section, placed.category)


def test_a_section_that_moved_is_not_in_the_category_that_came_along() -> None:
    moved = Hierarchy({}, {3: Section(3, WHOLE, 6)})
    assert moved.place(ARTICLE).category is None
