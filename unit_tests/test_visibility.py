"""Which variants there are, and who may read each."""

from collections.abc import Iterable
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET
from msgspec.structs import replace

from source_zendesk_articles.articles.visibility import (
    Audience,
    VisitorsAnswer,
    has_source,
    restriction,
    variants,
)
from source_zendesk_articles.zendesk.models import Article, Translation

OPEN = Audience(is_open=True, enabled_locales=frozenset({"en-us", "de"}))
CLOSED = OPEN._replace(is_open=False)
STAMPED = "2026-01-01T00:00:00Z"
ARTICLE = Article(id=1, source_locale="en-us", updated_at=STAMPED, user_segment_id=None)


def given_article(segment: object = None, segments: object = UNSET) -> Article:
    return replace(ARTICLE, user_segment_id=segment, user_segment_ids=segments)


@pytest.mark.parametrize(
    ("article", "draft", "hidden", "audience", "locale", "expected"),
    [
        (ARTICLE, False, UNSET, OPEN, "en-us", None),
        (ARTICLE, False, UNSET, OPEN, "DE", None),
        (ARTICLE, False, UNSET, CLOSED, "en-us", "help_center_closed"),
        (ARTICLE, False, UNSET, OPEN, "fr", "locale_disabled"),
        (ARTICLE, True, UNSET, OPEN, "en-us", "draft"),
        (ARTICLE, None, UNSET, OPEN, "en-us", "draft"),
        (ARTICLE, 0, UNSET, OPEN, "en-us", "draft"),
        (ARTICLE, UNSET, UNSET, OPEN, "en-us", "draft"),
        (ARTICLE, False, False, OPEN, "en-us", None),
        (ARTICLE, False, None, OPEN, "en-us", None),
        (ARTICLE, False, True, OPEN, "en-us", "hidden"),
        (ARTICLE, False, "no", OPEN, "en-us", "hidden"),
        (given_article(7), False, UNSET, OPEN, "en-us", "user_segment"),
        (given_article(0), False, UNSET, OPEN, "en-us", "user_segment"),
        (given_article(UNSET), False, UNSET, OPEN, "en-us", "user_segment"),
        (given_article(None, None), False, UNSET, OPEN, "en-us", None),
        (given_article(None, []), False, UNSET, OPEN, "en-us", None),
        (given_article(None, [7]), False, UNSET, OPEN, "en-us", "user_segment"),
        (given_article(None, "?"), False, UNSET, OPEN, "en-us", "user_segment"),
        (given_article(segments=False), False, UNSET, OPEN, "en-us", "user_segment"),
        (given_article(UNSET, []), False, UNSET, OPEN, "en-us", "user_segment"),
    ],
)
def test_the_truth_table_of_visibility(  # noqa: PLR0913, PLR0917 -- its columns
    article: Article,
    draft: object,
    hidden: object,
    audience: Audience,
    locale: str,
    expected: str | None,
) -> None:
    assert expected == restriction(article, audience, locale=locale, draft=draft, hidden=hidden)


# For each fact, in the order in which reasons count: its reason, and which values permit reading.
FACTS: list[tuple[str, list[tuple[object, bool]]]] = [
    ("help_center_closed", [(True, True), (False, False)]),
    ("locale_disabled", [("de", True), ("fr", False)]),
    ("draft", [(False, True), (True, False), (None, False), (UNSET, False)]),
    ("hidden", [(False, True), (None, True), (UNSET, True), (True, False)]),
    ("user_segment", [(None, True), (7, False), (UNSET, False)]),
    ("user_segment", [(None, True), ([], True), (UNSET, True), ([7], False)]),
]


def test_the_first_reason_that_holds_counts_whatever_else_is_said() -> None:
    for values in product(*(permits for _, permits in FACTS)):
        (is_open, _), (locale, _), (draft, _), (hidden, _), (segment, _), (segments, _) = values
        against = [
            reason
            for (reason, _), (_, is_permitted) in zip(FACTS, values, strict=True)
            if not is_permitted
        ]
        found = restriction(
            given_article(segment, segments),
            OPEN._replace(is_open=is_open is True),
            locale=str(locale),
            draft=draft,
            hidden=hidden,
        )
        assert (against[0] if against else None) == found, values


ANYTHING = st.just(UNSET) | st.recursive(
    st.none() | st.booleans() | st.integers(0, 2**53) | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner),
    max_leaves=4,
)


@given(
    segment=ANYTHING,
    segments=ANYTHING,
    draft=ANYTHING,
    hidden=ANYTHING,
    is_open=st.booleans(),
    locale=st.sampled_from(["en-us", "EN-US", "fr", ""]),
)
def test_whatever_zendesk_answers_only_a_plain_everyone_is_public(  # noqa: PLR0913 -- what counts
    *,
    segment: object,
    segments: object,
    draft: object,
    hidden: object,
    is_open: bool,
    locale: str,
) -> None:
    audience = OPEN._replace(is_open=is_open)
    article = given_article(segment, segments)
    if restriction(article, audience, locale=locale, draft=draft, hidden=hidden) is None:
        assert is_open
        assert locale.lower() == "en-us"
        assert draft is False
        assert segment is None
        assert segments in (UNSET, None, [])
        assert hidden in (UNSET, None, False)


def translation(
    locale: str, *, outdated: bool = False, draft: object = False, title: str | None = None
) -> Translation:
    return Translation(
        locale=locale,
        title=title or locale,
        body=None,
        updated_at=STAMPED,
        outdated=outdated,
        draft=draft,
    )


def article(*translations: Translation, outdated_locales: Iterable[str] = ()) -> Article:
    return replace(ARTICLE, translations=[*translations], outdated_locales=[*outdated_locales])


def test_every_translation_is_a_variant_tagged_with_its_reason() -> None:
    found = variants(
        article(), [translation("en-us"), translation("de", draft=True), translation("fr")], OPEN
    )
    assert [
        ("en-us", "public", "published"),
        ("de", "internal", "draft"),
        ("fr", "internal", "locale_disabled"),
    ] == [(it.translation.locale, it.visibility, it.reason) for it in found]


@pytest.mark.parametrize(
    ("flag", "listed"),
    [
        (True, frozenset()),
        (False, frozenset({"de"})),
        (False, frozenset({"DE"})),
        (True, frozenset({"de"})),
    ],
)
def test_an_outdated_translation_is_left_out_whichever_field_says_so(
    flag: bool, listed: frozenset[str]
) -> None:
    translations = [translation("en-us"), translation("de", outdated=flag)]
    found = variants(article(outdated_locales=listed), translations, OPEN)
    assert ["en-us"] == [it.translation.locale for it in found]


def test_a_locale_that_comes_twice_counts_once_and_the_last_one_wins() -> None:
    translations = [translation("de", title="old"), translation("de", title="new")]
    assert ["new"] == [it.translation.title for it in variants(article(), translations, OPEN)]


@pytest.mark.parametrize(
    ("locales", "expected"),
    [
        ((), False),
        (("de",), False),
        (("en",), False),
        (("de", "en-us"), True),
        (("EN-US",), True),
    ],
)
def test_a_list_has_the_source_if_it_has_the_translation_in_the_source_locale(
    locales: tuple[str, ...], expected: bool
) -> None:
    assert expected is has_source(article(), [translation(locale) for locale in locales])


def test_the_case_of_the_source_locale_does_not_matter() -> None:
    assert has_source(replace(article(), source_locale="EN-us"), [translation("en-US")])


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-11-02T12:00:00Z", True),
        ("2026-11-03T12:00:00Z", True),
        ("2026-11-03T12:00:01Z", False),
        # Zendesk's clock may be set back.
        ("2026-11-02T11:00:00Z", True),
        ("2026-11-01T11:59:59Z", False),
    ],
)
def test_an_answer_to_visitors_holds_for_a_day(now: str, expected: bool) -> None:
    assert expected is VisitorsAnswer(may_read=True, at="2026-11-02T12:00:00Z").holds(now)
