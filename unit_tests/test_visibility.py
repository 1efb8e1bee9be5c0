"""Which variants there are, and who may read each."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from source_zendesk_articles.articles.visibility import (
    Audience,
    VisitorsAnswer,
    has_source,
    restriction,
    variants,
)
from source_zendesk_articles.zendesk.models import Article, JsonObject, Translation

OPEN = Audience(is_open=True, enabled_locales=frozenset({"en-us", "de"}))
CLOSED = OPEN._replace(is_open=False)
EVERYONE: JsonObject = {"user_segment_id": None}
PUBLISHED: JsonObject = {"draft": False}


@pytest.mark.parametrize(
    ("article", "translation", "audience", "locale", "expected"),
    [
        (EVERYONE, PUBLISHED, OPEN, "en-us", None),
        (EVERYONE, PUBLISHED, OPEN, "DE", None),
        # What Zendesk says of the article's shown locale does not count, only the translation's.
        ({**EVERYONE, "draft": True}, PUBLISHED, OPEN, "de", None),
        ({**EVERYONE, "draft": False}, {"draft": True}, OPEN, "de", "draft"),
        (EVERYONE, PUBLISHED, CLOSED, "en-us", "help_center_closed"),
        (EVERYONE, PUBLISHED, OPEN, "fr", "locale_disabled"),
        (EVERYONE, {"draft": True}, OPEN, "en-us", "draft"),
        (EVERYONE, {"draft": None}, OPEN, "en-us", "draft"),
        (EVERYONE, {"draft": 0}, OPEN, "en-us", "draft"),
        (EVERYONE, {}, OPEN, "en-us", "draft"),
        (EVERYONE, {**PUBLISHED, "hidden": False}, OPEN, "en-us", None),
        (EVERYONE, {**PUBLISHED, "hidden": None}, OPEN, "en-us", None),
        (EVERYONE, {**PUBLISHED, "hidden": True}, OPEN, "en-us", "hidden"),
        (EVERYONE, {**PUBLISHED, "hidden": "no"}, OPEN, "en-us", "hidden"),
        ({"user_segment_id": 7}, PUBLISHED, OPEN, "en-us", "user_segment"),
        ({"user_segment_id": 0}, PUBLISHED, OPEN, "en-us", "user_segment"),
        ({}, PUBLISHED, OPEN, "en-us", "user_segment"),
        ({**EVERYONE, "user_segment_ids": None}, PUBLISHED, OPEN, "en-us", None),
        ({**EVERYONE, "user_segment_ids": []}, PUBLISHED, OPEN, "en-us", None),
        ({**EVERYONE, "user_segment_ids": [7]}, PUBLISHED, OPEN, "en-us", "user_segment"),
        ({**EVERYONE, "user_segment_ids": "?"}, PUBLISHED, OPEN, "en-us", "user_segment"),
        ({"user_segment_ids": []}, PUBLISHED, OPEN, "en-us", "user_segment"),
    ],
)
def test_the_truth_table_of_visibility(
    article: JsonObject,
    translation: JsonObject,
    audience: Audience,
    locale: str,
    expected: str | None,
) -> None:
    assert expected == restriction(article, translation, audience, locale=locale)


MISSING = object()
# For each fact, in the order in which reasons count: its reason, and which values permit reading.
FACTS: list[tuple[str, dict[object, bool]]] = [
    ("help_center_closed", {True: True, False: False}),
    ("locale_disabled", {"de": True, "fr": False}),
    ("draft", {False: True, True: False, None: False, MISSING: False}),
    ("hidden", {False: True, None: True, MISSING: True, True: False}),
    ("user_segment", {None: True, 7: False, MISSING: False}),
    ("user_segment", {None: True, (): True, MISSING: True, (7,): False}),
]


@pytest.mark.parametrize("values", list(product(*(permits for _, permits in FACTS))))
def test_the_first_reason_that_holds_is_the_one_that_is_told(values: tuple[object, ...]) -> None:
    is_open, locale, draft, hidden, segment, segments = values
    given_article = {
        "user_segment_id": segment,
        "user_segment_ids": list(segments) if isinstance(segments, tuple) else segments,
    }
    given_translation = {"draft": draft, "hidden": hidden}
    against = [
        reason for (reason, permits), value in zip(FACTS, values, strict=True) if not permits[value]
    ]
    assert (against[0] if against else None) == restriction(
        {key: value for key, value in given_article.items() if value is not MISSING},
        {key: value for key, value in given_translation.items() if value is not MISSING},
        OPEN._replace(is_open=is_open is True),
        locale=str(locale),
    )


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=4,
)


@given(
    article=st.fixed_dictionaries(
        {}, optional={"user_segment_id": ANYTHING, "user_segment_ids": ANYTHING}
    ),
    translation=st.fixed_dictionaries({}, optional={"draft": ANYTHING, "hidden": ANYTHING}),
    is_open=st.booleans(),
    locale=st.sampled_from(["en-us", "EN-US", "fr", ""]),
)
def test_whatever_zendesk_answers_only_a_plain_everyone_is_public(
    article: JsonObject, translation: JsonObject, is_open: bool, locale: str
) -> None:
    audience = OPEN._replace(is_open=is_open)
    if restriction(article, translation, audience, locale=locale) is None:
        assert is_open
        assert locale.lower() == "en-us"
        assert translation["draft"] is False
        assert article["user_segment_id"] is None
        assert not article.get("user_segment_ids")
        assert not translation.get("hidden")


def translation(locale: str, **fields: object) -> Translation:
    raw = {"locale": locale, "draft": False, "outdated": False, **fields}
    return Translation(
        locale=locale,
        title=str(raw.get("title", locale)),
        body=None,
        updated_at="2026-01-01T00:00:00Z",
        outdated=raw["outdated"] is True,
        content_hash="",
        raw=raw,
    )


def article(*translations: Translation, outdated_locales: frozenset[str] = frozenset()) -> Article:
    return Article(
        id=1,
        source_locale="en-us",
        updated_at="2026-01-01T00:00:00Z",
        section_id=3,
        label_names=(),
        outdated_locales=outdated_locales,
        translations=translations,
        raw={"user_segment_id": None},
    )


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
    assert has_source(article()._replace(source_locale="EN-us"), [translation("en-US")])


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
