"""Answers are decoded into what Zendesk means, or are unreadable."""

import json
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from source_zendesk_articles.zendesk.decode import (
    decode_articles,
    decode_categories,
    decode_count,
    decode_feed_page,
    decode_locales,
    decode_offset_page,
    decode_sections,
    decode_shown_article,
    decode_translations,
    decode_user,
    decode_visitors_articles,
    parse_answer,
)
from source_zendesk_articles.zendesk.models import (
    Article,
    BrokenText,
    Category,
    Names,
    Row,
    Section,
    Unreadable,
    UnreadableAnswerError,
    User,
    letters,
)

TRANSLATION = {
    "id": 2,
    "locale": "de",
    "title": "Titel",
    "body": None,
    "draft": False,
    "outdated": False,
    "updated_at": "2026-01-02T03:04:05Z",
}
ARTICLE = {
    "id": 46406185831185,
    "source_locale": "en-us",
    "updated_at": "2026-01-02T03:04:05Z",
    "section_id": 46406189383828,
    "outdated_locales": ["fr"],
    "translations": [TRANSLATION],
    "title": "kept as it came",
}
LAST_PAGE: dict[str, object] = {"has_more": False, "after_cursor": "xyz"}
USER: dict[str, Any] = {"id": 1, "name": "Ada", "email": "ada@acme.example", "role": "admin"}


def content(answer: object) -> bytes:
    return json.dumps(answer, default=lambda broken: broken.text).encode()


def the_article(rows: Sequence[Row]) -> Article:
    (row,) = rows
    assert isinstance(row, Article)
    return row


def test_a_page_of_articles_is_decoded_with_its_translations() -> None:
    page = decode_articles(
        content({"articles": [ARTICLE], "meta": {"has_more": True, "after_cursor": "x"}})
    )
    article = the_article(page.items)
    assert page.after == "x"
    assert (46406185831185, "en-us", ["fr"]) == (
        article.id,
        article.source_locale,
        article.outdated_locales,
    )
    assert article.translations is not None
    (translation,) = article.translations
    assert ("de", "Titel", None) == (translation.locale, translation.title, translation.body)
    assert sha256(b"Titel\n").hexdigest() == translation.content_hash


def test_the_last_page_has_a_cursor_that_is_not_followed() -> None:
    assert decode_articles(content({"articles": [], "meta": LAST_PAGE})).after is None


@pytest.mark.parametrize("answer", [{}, {"translations": None}])
def test_the_translations_of_an_article_without_a_sideload_are_unknown(
    answer: dict[str, None],
) -> None:
    bare = {**without(ARTICLE, "translations"), **answer}
    article = the_article(decode_articles(content({"articles": [bare], "meta": LAST_PAGE})).items)
    assert article.translations is None


@pytest.mark.parametrize("answer", [{}, {"outdated_locales": None}])
def test_a_list_of_outdated_locales_may_be_missing(answer: dict[str, None]) -> None:
    bare = {**without(ARTICLE, "outdated_locales"), **answer}
    article = the_article(decode_articles(content({"articles": [bare], "meta": LAST_PAGE})).items)
    assert article.outdated_locales is None


def test_a_visitor_has_no_id_whatever_else_the_row_says() -> None:
    answer = {"user": {"id": None, "name": "Anonymous user", "role": "end-user"}}
    assert decode_user(content(answer)).id is None


def test_the_small_answers() -> None:
    assert decode_user(content({"user": USER})) == User(**USER)
    assert (
        decode_locales(content({"locales": ["en-us"], "default_locale": "en-us"})).default
        == "en-us"
    )
    assert decode_count(content({"count": 730, "articles": []})) == 730
    assert decode_visitors_articles(content({"articles": [{"id": 7}]})) == (7,)
    assert decode_visitors_articles(content({"articles": [{"id": -1}, None, {"id": 7}]})) == (7,)
    assert decode_visitors_articles(content({"articles": []})) == ()


@pytest.mark.parametrize(("next_page", "expected"), [(None, False), ("https://?.json", True)])
def test_the_last_page_of_the_feed_names_no_next_one(next_page: str | None, expected: bool) -> None:
    changes = decode_feed_page(
        content({"articles": [ARTICLE], "next_page": next_page, "end_time": 1})
    )
    assert ([46406185831185], expected) == ([row.id for row in changes.articles], changes.has_more)


def test_an_article_is_shown_with_its_translations() -> None:
    shown = decode_shown_article(content({"article": ARTICLE}))
    assert decode_articles(content({"articles": [ARTICLE], "meta": LAST_PAGE})).items == (shown,)


ENGLISH_NAME = {"locale": "en-us", "title": "General", "body": None}
GERMAN_NAME = {"locale": "De", "title": "Allgemeines", "body": None}


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"name": "General"}, Names("General", {}, is_whole=False)),
        ({"name": None}, Names("", {}, is_whole=False)),
        (
            {"name": "General", "locale": "en-US", "translations": None},
            Names("General", {"en-us": "General"}, is_whole=False),
        ),
        ({"name": "General", "translations": []}, Names("General", {}, is_whole=False)),
        (
            {"name": "General", "locale": "en-us", "translations": [GERMAN_NAME]},
            Names("General", {"en-us": "General", "de": "Allgemeines"}, is_whole=False),
        ),
        (
            {"name": "General", "locale": "en-us", "translations": [GERMAN_NAME, ENGLISH_NAME]},
            Names("General", {"en-us": "General", "de": "Allgemeines"}, is_whole=True),
        ),
        # Shown in another locale than its own.
        (
            {
                "name": "General",
                "locale": "en-us",
                "source_locale": "de",
                "translations": [GERMAN_NAME, {"locale": "fr", "title": ""}, {"locale": "fr"}, 7],
            },
            Names("Allgemeines", {"en-us": "General", "de": "Allgemeines"}, is_whole=True),
        ),
        (
            {
                "name": "General",
                "locale": "en-us",
                "translations": [
                    ENGLISH_NAME,
                    {**GERMAN_NAME, "draft": True},
                    {"locale": "fr", "title": "Général", "hidden": True},
                    {"locale": "ja", "title": " "},
                ],
            },
            Names("General", {"en-us": "General"}, is_whole=True),
        ),
        # The source is a draft: so is the name that Zendesk shows.
        (
            {
                "name": "General",
                "locale": "en-us",
                "translations": [{**ENGLISH_NAME, "draft": True}, GERMAN_NAME],
            },
            Names("", {"de": "Allgemeines"}, is_whole=True),
        ),
        (
            {
                "name": "General",
                "locale": "en-us",
                "translations": [{**ENGLISH_NAME, "title": ["?"], "hidden": True}],
            },
            Names("", {}, is_whole=True),
        ),
        # It is shown in another locale, which is a draft or not.
        (
            {
                "name": "Allgemeines",
                "locale": "de",
                "source_locale": "en-us",
                "translations": [ENGLISH_NAME, {**GERMAN_NAME, "draft": True}],
            },
            Names("General", {"en-us": "General"}, is_whole=True),
        ),
        (
            {
                "name": "Allgemeines",
                "locale": "de",
                "source_locale": "en-us",
                "translations": [{**ENGLISH_NAME, "draft": True}, GERMAN_NAME],
            },
            Names("Allgemeines", {"de": "Allgemeines"}, is_whole=True),
        ),
        # It is not said in which locale it is shown, or it is another one's after all.
        (
            {
                "name": "General",
                "source_locale": "en-us",
                "translations": [{**ENGLISH_NAME, "draft": True}],
            },
            Names("", {}, is_whole=True),
        ),
        (
            {
                "name": "General",
                "locale": "de",
                "source_locale": "de",
                "translations": [{**ENGLISH_NAME, "draft": True}],
            },
            Names("", {}, is_whole=False),
        ),
        (
            {
                "name": "FAQ",
                "locale": "de",
                "source_locale": "en-us",
                "translations": [
                    {"locale": "en-us", "title": "FAQ", "draft": True},
                    {"locale": "de", "title": "FAQ"},
                ],
            },
            Names("FAQ", {"de": "FAQ"}, is_whole=True),
        ),
    ],
)
def test_categories_and_sections_have_an_id_and_names(
    row: dict[str, object], expected: Names
) -> None:
    categories = decode_categories(content({"categories": [{"id": 1, **row}], "meta": LAST_PAGE}))
    section = {"id": 2, "category_id": 1, **row}
    sections = decode_sections(
        content({"sections": [section], "meta": {"has_more": True, "after_cursor": "xyz"}})
    )
    assert ((Category(1, expected),), None) == categories
    assert ((Section(2, expected, 1),), "xyz") == sections


@pytest.mark.parametrize(
    ("names", "locale", "expected"),
    [
        (Names("General", {"de": "Allgemeines"}, is_whole=True), "de", "Allgemeines"),
        (Names("General", {"pt-br": "Geral"}, is_whole=True), "pt-BR", "Geral"),
        (Names("General", {"de": "Allgemeines"}, is_whole=True), "fr", "General"),
        (Names("", {"de": "Allgemeines"}, is_whole=True), "fr", None),
    ],
)
def test_a_locale_without_a_name_has_the_own_name(
    names: Names, locale: str, expected: str | None
) -> None:
    assert expected == names.in_locale(locale)


SECTION_ID = ARTICLE["section_id"]
SECTION_ROW = {"id": SECTION_ID, "name": "Orders", "category_id": 5}
CATEGORY_ROW = {"id": 5, "name": "Help"}


@pytest.mark.parametrize(
    ("sideloads", "expected"),
    [
        ({"sections": [SECTION_ROW], "categories": [CATEGORY_ROW]}, (SECTION_ID, 5)),
        ({"sections": [SECTION_ROW]}, (SECTION_ID, None)),
        ({"sections": [{**SECTION_ROW, "id": 1}], "categories": [CATEGORY_ROW]}, (None, None)),
        ({"categories": [CATEGORY_ROW]}, (None, None)),
        # What cannot be read here is asked for from the lists.
        ({"sections": None, "categories": None}, (None, None)),
        ({"sections": "?", "categories": [7]}, (None, None)),
        (
            {"sections": [{"id": SECTION_ID, "name": "Orders"}], "categories": [CATEGORY_ROW]},
            (SECTION_ID, None),
        ),
        (
            {"sections": [{**SECTION_ROW, "category_id": "5"}], "categories": [CATEGORY_ROW]},
            (None, None),
        ),
        ({"sections": [7, SECTION_ROW], "categories": [{"id": 5}]}, (SECTION_ID, None)),
    ],
)
def test_an_article_has_the_section_and_category_that_came_along(
    sideloads: dict[str, object], expected: tuple[int | None, int | None]
) -> None:
    envelope = {"articles": [ARTICLE], "meta": LAST_PAGE, "count": 1, "next_page": None}
    for article in (
        *decode_articles(content({**envelope, **sideloads})).items,
        *decode_offset_page(content({**envelope, **sideloads})).articles,
        *decode_feed_page(content({**envelope, **sideloads})).articles,
        decode_shown_article(content({"article": ARTICLE, **sideloads})),
    ):
        assert isinstance(article, Article)
        section, category = article.section, article.category
        assert expected == (section and section.id, category and category.id)


def without(raw: Mapping[str, object], key: str) -> dict[str, object]:
    return {name: value for name, value in raw.items() if name != key}


def as_articles(row: object) -> Mapping[str, object]:
    return {"articles": [row], "meta": LAST_PAGE}


def as_translation(row: object) -> Mapping[str, object]:
    return as_articles({**ARTICLE, "translations": [row]})


@pytest.mark.parametrize(
    ("decode", "answer"),
    [
        (decode_articles, {"articles": []}),
        (decode_articles, {"meta": LAST_PAGE}),
        (decode_articles, {"articles": {}, "meta": LAST_PAGE}),
        (decode_articles, {"articles": [], "meta": {}}),
        (decode_articles, {"articles": [], "meta": {"has_more": True, "after_cursor": None}}),
        (decode_articles, {"articles": [], "meta": {"has_more": "false", "after_cursor": "x"}}),
        (decode_translations, {"translations": None, "meta": LAST_PAGE}),
        (decode_user, {}),
        (decode_user, {"user": None}),
        (decode_user, {"user": without(USER, "id")}),
        (decode_user, {"user": without(USER, "role")}),
        (decode_locales, {"locales": ["en-us"]}),
        (decode_locales, {"locales": None, "default_locale": "en-us"}),
        (decode_count, {"count": None}),
        (decode_count, {"count": -1}),
        (decode_count, {"count": 10**9}),
        (decode_offset_page, {"articles": [], "count": 2**63, "next_page": None}),
        (decode_visitors_articles, {"articles": None}),
        (decode_visitors_articles, {"articles": ["x"]}),
        (decode_visitors_articles, {"articles": [{}]}),
        (decode_visitors_articles, {}),
        (decode_feed_page, {"articles": []}),
        (decode_feed_page, {"next_page": None}),
        (decode_feed_page, {"articles": None, "next_page": None}),
        (decode_feed_page, {"articles": [], "next_page": True}),
        (decode_shown_article, {}),
        (decode_categories, {"categories": []}),
        (decode_categories, {"categories": None, "meta": LAST_PAGE}),
        (decode_sections, {"sections": {}, "meta": LAST_PAGE}),
    ],
)
def test_an_answer_of_another_shape_is_unreadable_not_empty(
    decode: Callable[[bytes], object], answer: Mapping[str, object]
) -> None:
    with pytest.raises(UnreadableAnswerError):
        decode(content(answer))


def deep(levels: int) -> object:
    value: object = 1
    for _ in range(levels):
        value = [value]
    return value


NUMBER = "is not a whole number from 0 to 2^63 - 1"
TIME = "is not a time from 2000 to 2999"
UNWRITABLE = "has broken text or is nested too deep"
HALF = BrokenText("half \ud83c")


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (None, Unreadable(None, "article that is not a JSON object", (None,))),
        *(
            ({**ARTICLE, "id": id_}, Unreadable(None, f"article whose `id` {NUMBER}", (id_,)))
            for id_ in ("1", True, None, -1, 2**63, 1.0)
        ),
        *(
            (without(ARTICLE, key), Unreadable(7, f"article without `{key}`"))
            for key in ("source_locale", "updated_at")
        ),
        *(
            (
                {**ARTICLE, "updated_at": stamp},
                Unreadable(7, f"article whose `updated_at` {TIME}", (stamp,)),
            )
            for stamp in (
                None,
                "yesterday",
                "2026-13-45T99:99:99Z",
                "2026-01-02T03:04:05",
                "1999-12-31T23:59:59Z",
                "3000-01-01T00:00:00Z",
                "8999-01-01T00:00:00Z",
                "2999-12-31T23:59:59-01:00",
            )
        ),
        *(
            (
                {**ARTICLE, "source_locale": locale},
                Unreadable(7, "article whose `source_locale` is not a locale", (locale,)),
            )
            for locale in ("en us", "en\n", "e" * 65)
        ),
        (
            {**ARTICLE, "outdated_locales": "fr"},
            Unreadable(7, "article whose `outdated_locales` is not a list", ("fr",)),
        ),
        (
            {**ARTICLE, "outdated_locales": [1]},
            Unreadable(7, "article whose `outdated_locales` are not texts", ([1],)),
        ),
        (
            {**ARTICLE, "label_names": ["ok", HALF]},
            Unreadable(7, "article whose `label_names` are not texts", (["ok", HALF],)),
        ),
        (
            {**ARTICLE, "section_id": -1},
            Unreadable(7, f"article whose `section_id` {NUMBER}", (-1,)),
        ),
        *(
            (
                {**ARTICLE, name: value},
                Unreadable(7, f"article whose `{name}` {UNWRITABLE}", (value,)),
            )
            for name, value in (
                ("content_tag_ids", deep(300)),
                ("created_at", HALF),
            )
        ),
        (
            {**ARTICLE, "translations": {}},
            Unreadable(7, "article whose `translations` is not a list", ({},)),
        ),
        (
            {**ARTICLE, "translations": [None]},
            Unreadable(7, "translation that is not a JSON object", (None,)),
        ),
        *(
            (
                {**ARTICLE, "translations": [without(TRANSLATION, key)]},
                Unreadable(7, f"translation de without `{key}`"),
            )
            for key in ("title", "body", "outdated", "updated_at")
        ),
        *(
            (
                {**ARTICLE, "translations": [TRANSLATION, {**TRANSLATION, key: value}]},
                Unreadable(7, f"translation {problem}", (value,)),
            )
            for key, value, problem in (
                ("locale", "", "whose `locale` is not a text"),
                ("locale", "d\re", "whose `locale` is not a locale"),
                ("title", HALF, "de whose `title` is not a text"),
                ("body", 1, "de whose `body` is not a text"),
                ("outdated", None, "de whose `outdated` is neither true nor false"),
                ("updated_at", "8999-01-01T00:00:00Z", f"de whose `updated_at` {TIME}"),
                ("html_url", HALF, f"de whose `html_url` {UNWRITABLE}"),
            )
        ),
    ],
)
def test_an_article_that_cannot_be_read_is_a_row_that_names_it(
    row: dict[str, object] | None, expected: Unreadable
) -> None:
    row = {**row, "id": 7} if row and expected.id else row
    lists = {"articles": [row, ARTICLE], "meta": LAST_PAGE, "count": 2, "next_page": None}
    readable = decode_shown_article(content({"article": ARTICLE}))
    assert (expected, readable) == decode_articles(content(lists)).items
    assert (expected, readable) == decode_offset_page(content(lists)).articles
    assert (expected, readable) == decode_feed_page(content(lists)).articles
    assert expected == decode_shown_article(content({"article": row}))


def test_an_article_without_an_id_is_named_by_all_that_was_sent() -> None:
    row = without(ARTICLE, "id")
    assert Unreadable(None, "article without `id`", (row,)) == decode_shown_article(
        content({"article": row})
    )


def test_a_field_that_nothing_uses_may_be_anything() -> None:
    odd = {**ARTICLE, "id": 0, "odd": deep(300), "body": HALF, "updated_at": "2999-12-31T23:59:59Z"}
    assert isinstance(decode_shown_article(content({"article": odd})), Article)


def test_a_translation_that_cannot_be_read_is_a_row_too() -> None:
    rows = [TRANSLATION, {**TRANSLATION, "outdated": None}]
    readable, unreadable = decode_translations(
        content({"translations": rows, "meta": LAST_PAGE})
    ).items
    problem = "translation de whose `outdated` is neither true nor false"
    assert (False, (2, problem, (None,), "")) == (isinstance(readable, Unreadable), unreadable)


@pytest.mark.parametrize("row", [7, {"name": "General"}, {"id": 1}, {"id": -1, "name": "General"}])
def test_a_section_or_category_that_cannot_be_read_is_left_out(row: object) -> None:
    good = {"id": 3, "name": "General", "category_id": 2}
    sections = decode_sections(content({"sections": [row, good], "meta": LAST_PAGE})).items
    categories = decode_categories(content({"categories": [row, good], "meta": LAST_PAGE})).items
    assert ([3], [3]) == ([row.id for row in sections], [row.id for row in categories])


def test_a_broken_name_counts_as_no_name() -> None:
    row = {"id": 3, "name": HALF, "locale": "en-us", "translations": [GERMAN_NAME]}
    (category,) = decode_categories(content({"categories": [row], "meta": LAST_PAGE})).items
    assert Names("", {"de": "Allgemeines"}, is_whole=False) == category.names


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (
            b'{"a": ["\\ud83c", "\xc3\xa9"], "b": "ok"}',
            {"a": [BrokenText("\ud83c"), "é"], "b": "ok"},
        ),
        (b'{"a": {"b": "caf\xe9 \\ud83c\\udf89"}}', {"a": {"b": BrokenText("caf\udce9 🎉")}}),
    ],
)
def test_broken_text_leaves_the_rest_of_an_answer_readable(
    sent: bytes, expected: Mapping[str, object]
) -> None:
    assert expected == parse_answer(sent)


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"<html>",
        b"[]",
        b"null",
        b'{"articles": [',
        b"\xff",
        b'"text"',
        b'{"a": "\xff", "b": NaN}',
        b'{"a": "\xff", "b": -Infinity}',
        b'{"a": "\xff", "b": "',
        b"[" * 100_000,
        b'{"a": "\xff", "b": ' + b"1" * 5000 + b"}",
    ],
)
def test_anything_but_a_whole_json_object_is_unreadable(sent: bytes) -> None:
    with pytest.raises(UnreadableAnswerError):
        parse_answer(sent)


@given(cut=st.integers(min_value=0))
def test_an_answer_that_is_cut_off_anywhere_is_unreadable(cut: int) -> None:
    whole = json.dumps(as_articles(ARTICLE)).encode()
    with pytest.raises(UnreadableAnswerError):
        parse_answer(whole[: cut % len(whole)])


def test_one_rare_letter_makes_a_whole_text_take_more_memory() -> None:
    latin, japanese, with_emoji = (letters("x" * 1000 + rare) for rare in ("x", "注", "😀"))
    assert letters() + 1000 < latin < letters() + 1100
    assert 1000 == round(japanese - latin, -2)
    assert 3000 == round(with_emoji - latin, -2)
    assert letters() == letters(None, "")
