"""What the filters let through."""

from itertools import combinations

import pytest

from source_zendesk_articles.articles.filters import (
    fingerprint,
    has_article,
    has_locale,
    has_visibility,
    sentence_on_unknown,
)
from source_zendesk_articles.config import Filters
from source_zendesk_articles.zendesk.models import Article

ALL = Filters()
IN_CATEGORY = 2


def article(*, section_id: int | None = 3, labels: tuple[str, ...] = ("Bot", "money")) -> Article:
    stamped = "2026-01-01T00:00:00Z"
    return Article(
        id=1,
        source_locale="en-us",
        updated_at=stamped,
        section_id=section_id,
        label_names=[*labels],
    )


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (ALL, True),
        (Filters(categories=frozenset({2})), True),
        (Filters(categories=frozenset({9, 2})), True),
        (Filters(categories=frozenset({3})), False),
        (Filters(sections=frozenset({3})), True),
        (Filters(sections=frozenset({2})), False),
        (Filters(labels=frozenset({"bot"})), True),
        (Filters(labels=frozenset({"bot", "other"})), True),
        (Filters(labels=frozenset({"other"})), False),
        (Filters(exclude_labels=frozenset({"other"})), True),
        (Filters(exclude_labels=frozenset({"other", "money"})), False),
        (Filters(labels=frozenset({"money"}), exclude_labels=frozenset({"bot"})), False),
        (Filters(sections=frozenset({3}), labels=frozenset({"other"})), False),
        (Filters(categories=frozenset({3}), labels=frozenset({"bot"})), False),
        # Of a translation, not of an article.
        (Filters(locales=frozenset({"fr"}), visibility=frozenset({"internal"})), True),
    ],
)
def test_an_article_must_match_every_filter_given(filters: Filters, expected: bool) -> None:
    assert expected is has_article(filters, article(), IN_CATEGORY)


@pytest.mark.parametrize(
    ("label", "chosen"),
    [("BOT", "bot"), ("bot", "bot"), ("STRASSE", "strasse"), ("Straße", "strasse")],
)
def test_labels_are_compared_without_regard_to_case(label: str, chosen: str) -> None:
    labelled = article(labels=(label,))
    assert has_article(Filters(labels=frozenset({chosen})), labelled, None)
    assert not has_article(Filters(exclude_labels=frozenset({chosen})), labelled, None)


def test_an_article_without_labels_has_none_of_those_chosen() -> None:
    bare = article(labels=())
    assert not has_article(Filters(labels=frozenset({"bot"})), bare, None)
    assert has_article(Filters(exclude_labels=frozenset({"bot"})), bare, None)


def test_an_article_in_no_section_is_in_none_of_those_chosen() -> None:
    assert not has_article(Filters(sections=frozenset({3})), article(section_id=None), None)
    assert not has_article(Filters(categories=frozenset({2})), article(), None)


@pytest.mark.parametrize(
    ("locales", "locale", "expected"),
    [
        ((), "de", True),
        (("de", "en-us"), "de", True),
        (("en-us",), "EN-US", True),
        (("en-us",), "en", False),
        (("en",), "en-us", False),
    ],
)
def test_a_locale_is_in_scope_if_it_is_chosen_or_none_is(
    locales: tuple[str, ...], locale: str, expected: bool
) -> None:
    assert expected is has_locale(Filters(locales=frozenset(locales)), locale)


@pytest.mark.parametrize(
    ("chosen", "visibility", "expected"),
    [
        ((), "internal", True),
        (("public",), "public", True),
        (("public",), "internal", False),
        (("public", "internal"), "internal", True),
    ],
)
def test_a_visibility_is_in_scope_if_it_is_chosen_or_none_is(
    chosen: tuple[str, ...], visibility: str, expected: bool
) -> None:
    assert expected is has_visibility(Filters(visibility=frozenset(chosen)), visibility)


DIFFERENT: list[tuple[object, ...]] = [
    (ALL,),
    (ALL, 1),
    (ALL, 2),
    (ALL, 1, 2),
    (ALL, True),
    (ALL, "1"),
    (ALL, frozenset({"de"})),
    (ALL, frozenset({"de", "fr"})),
    (ALL, frozenset({"de"}), frozenset({"fr"})),
    (Filters(locales=frozenset({"a"})),),
    (Filters(locales=frozenset({"a", "b"})),),
    (Filters(categories=frozenset({1})),),
    (Filters(categories=frozenset({11})),),
    (Filters(sections=frozenset({1})),),
    (Filters(labels=frozenset({"a"})),),
    (Filters(exclude_labels=frozenset({"a"})),),
    (Filters(visibility=frozenset({"a"})),),
]


@pytest.mark.parametrize(("one", "other"), list(combinations(DIFFERENT, 2)))
def test_each_change_of_the_scope_changes_its_fingerprint(
    one: tuple[Filters, *tuple[object, ...]], other: tuple[Filters, *tuple[object, ...]]
) -> None:
    assert fingerprint(*one) != fingerprint(*other)


def test_the_fingerprint_does_not_depend_on_the_order_of_a_set() -> None:
    names = [f"label {number}" for number in range(20)]
    forwards, backwards = frozenset(names), frozenset(reversed(names))
    assert fingerprint(ALL._replace(labels=forwards), forwards) == fingerprint(
        ALL._replace(labels=backwards), backwards
    )


NAMES: dict[object, str] = {3: "Orders", 1: "Returns", 2: ""}


@pytest.mark.parametrize(
    ("chosen", "valid", "expected"),
    [
        ((), NAMES, None),
        ((1, 3), NAMES, None),
        (
            (9, 3, 8),
            NAMES,
            "`sections`: the Help Center has no 8, 9. It has 3 (Orders), 1 (Returns), 2.",
        ),
        (("fr",), {}, "`sections`: the Help Center has no fr. It has none."),
        (("1",), NAMES, "`sections`: the Help Center has no 1. It has 3 (Orders), 1 (Returns), 2."),
    ],
)
def test_a_choice_that_the_help_center_does_not_have_is_named_with_what_it_has(
    chosen: tuple[object, ...], valid: dict[object, str], expected: str | None
) -> None:
    assert expected == sentence_on_unknown("sections", chosen, valid)


@pytest.mark.parametrize(
    ("count", "expected"), [(20, "18, 19."), (21, "18, 19 and 1 more."), (500, "19 and 480 more.")]
)
def test_a_long_list_of_choices_is_cut(count: int, expected: str) -> None:
    valid: dict[object, str] = dict.fromkeys(range(count), "")
    sentence = sentence_on_unknown("sections", [-1], valid)
    assert sentence is not None
    assert sentence.endswith(expected)
