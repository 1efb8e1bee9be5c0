"""The verdict on one article: in scope or not, to be emitted or not."""

from collections.abc import Iterable

import pytest
from msgspec.structs import replace

from source_zendesk_articles.articles.changes import Rules
from source_zendesk_articles.articles.visibility import Audience
from source_zendesk_articles.config import Filters
from source_zendesk_articles.memory.known import KnownArticles
from source_zendesk_articles.memory.packing import IN_DOUBT, Known
from source_zendesk_articles.sync.judge import (
    CompleteArticle,
    Verdict,
    is_in_scope,
    judge,
    needs_translations,
    with_listed,
)
from source_zendesk_articles.zendesk.models import (
    Article,
    Category,
    Names,
    Section,
    Translation,
)

STAMPED = "2026-11-01T12:00:00Z"
NAMES = Names("Orders", {}, is_whole=True)
SECTION = Section(3, NAMES, 2)
RULES = Rules(
    "acme", Audience(is_open=True, enabled_locales=frozenset({"en-us", "de"})), Filters(), 0
)
KNOWN = Known(b"older", frozenset({"en-us"}))


ARTICLE = Article(
    id=7,
    source_locale="en-us",
    updated_at=STAMPED,
    section_id=3,
    label_names=["bot"],
    user_segment_id=None,
    section=SECTION,
    category=Category(2, NAMES),
)
PLACELESS = replace(ARTICLE, section=None)
SECTIONLESS = replace(PLACELESS, section_id=None)
UNLABELLED = replace(ARTICLE, label_names=None)
WITHOUT_LABEL = replace(ARTICLE, label_names=[])


def translation(locale: str = "en-us", title: str = "Refunds") -> Translation:
    return Translation(
        locale=locale, title=title, body="", updated_at=STAMPED, outdated=False, draft=False
    )


def filters(
    *,
    categories: Iterable[int] = (),
    sections: Iterable[int] = (),
    labels: Iterable[str] = (),
    exclude_labels: Iterable[str] = (),
) -> Filters:
    return Filters(
        categories=frozenset(categories),
        sections=frozenset(sections),
        labels=frozenset(labels),
        exclude_labels=frozenset(exclude_labels),
    )


@pytest.mark.parametrize(
    ("given", "wanted", "new", "known"),
    [
        # The filters decide if everything that they ask for is known.
        (ARTICLE, filters(), True, True),
        (ARTICLE, filters(categories={2}, sections={3}, labels={"bot"}), True, True),
        (ARTICLE, filters(categories={9}), False, False),
        (ARTICLE, filters(sections={9}), False, False),
        (ARTICLE, filters(labels={"other"}), False, False),
        (ARTICLE, filters(exclude_labels={"bot"}), False, False),
        # No category is known: what was emitted stays, what is new does not come.
        (PLACELESS, filters(categories={2}), False, True),
        (
            replace(ARTICLE, section=SECTION._replace(category_id=None)),
            filters(categories={2}),
            False,
            True,
        ),
        (PLACELESS, filters(categories={2}, sections={3}), False, True),
        # ... but its section still decides.
        (PLACELESS, filters(categories={2}, sections={9}), False, False),
        (PLACELESS, filters(sections={3}), True, True),
        # No section is known.
        (SECTIONLESS, filters(sections={3}), False, True),
        (SECTIONLESS, filters(categories={2}), False, True),
        (SECTIONLESS, filters(), True, True),
        # Zendesk sent no labels; an empty list is something else.
        (UNLABELLED, filters(labels={"bot"}), False, True),
        (UNLABELLED, filters(exclude_labels={"bot"}), False, True),
        (UNLABELLED, filters(labels={"bot"}, sections={9}), False, False),
        (UNLABELLED, filters(), True, True),
        (WITHOUT_LABEL, filters(labels={"bot"}), False, False),
        (
            WITHOUT_LABEL,
            filters(exclude_labels={"bot"}),
            True,
            True,
        ),
    ],
)
def test_an_article_of_which_something_is_unknown_stays_as_it_was(
    given: Article, wanted: Filters, new: bool, known: bool
) -> None:
    assert new is is_in_scope(given, wanted, None)
    assert known is is_in_scope(given, wanted, KNOWN)


@pytest.mark.parametrize(
    ("translations", "in_scope", "expected"),
    [
        (None, True, True),
        ([], True, True),
        ([translation("de")], True, True),
        ([translation("en-us"), translation("de")], True, False),
        ([translation("EN-US")], True, False),
        (None, False, False),
    ],
)
def test_translations_are_needed_if_the_source_is_not_among_them(
    translations: list[Translation] | None, in_scope: bool, expected: bool
) -> None:
    given = replace(ARTICLE, translations=translations)
    assert expected is needs_translations(given, is_in_scope=in_scope)


@pytest.mark.parametrize(
    ("along", "listed", "expected"),
    [
        (["de"], ["en-us", "de"], ["en-us", "de"]),
        (["de"], ["fr"], ["de", "fr"]),
        (["de"], [], ["de"]),
        ([], ["EN-US"], ["EN-US"]),
    ],
)
def test_a_partial_list_of_translations_is_added_to_those_that_came_along(
    along: list[str], listed: list[str], expected: list[str]
) -> None:
    given = replace(ARTICLE, translations=[translation(locale) for locale in along])
    found = with_listed(given, [translation(locale) for locale in listed])
    assert expected == [text.locale for text in found]


def complete(*translations: Translation, in_scope: bool = True) -> CompleteArticle:
    return CompleteArticle(ARTICLE, translations, in_scope)


def memory(known: Known | None) -> KnownArticles:
    articles = KnownArticles()
    if known:
        articles.remember(7, known)
    return articles


def verdict(given: CompleteArticle, known: Known | None, until: str | None = None) -> Verdict:
    return judge(given, memory(known), RULES, delivered=until)


ENGLISH = complete(translation())
DIGEST = verdict(ENGLISH, None).change.digest
AS_IT_IS = Known(DIGEST, frozenset({"en-us"}))


@pytest.mark.parametrize(
    ("given", "known", "expected"),
    [
        (ENGLISH, None, True),
        (ENGLISH, AS_IT_IS, False),
        (ENGLISH, AS_IT_IS._replace(missed=True), False),
        (ENGLISH, AS_IT_IS._replace(digest=b"other"), True),
        (ENGLISH, AS_IT_IS._replace(locales=frozenset({"en-us", "de"})), False),
        (ENGLISH, AS_IT_IS._replace(digest=IN_DOUBT), True),
        (complete(translation(title="Returns")), AS_IT_IS, True),
        (complete(translation(), translation("de")), AS_IT_IS, True),
        (complete(replace(translation(), outdated=True)), AS_IT_IS, True),
        (complete(replace(translation(), outdated=True)), None, False),
        (complete(in_scope=False), None, False),
        (complete(in_scope=False), AS_IT_IS, True),
        (complete(in_scope=False), Known(IN_DOUBT, frozenset({"en-us"})), True),
    ],
    ids=[
        "new",
        "as it was",
        "as it was, and shown again",
        "another digest",
        "a translation that vanished: the end of the sync decides",
        "in doubt",
        "another title",
        "one more locale",
        "outdated",
        "outdated and new",
        "out of scope and new",
        "out of scope",
        "out of scope and in doubt",
    ],
)
def test_an_article_is_emitted_if_the_destination_does_not_hold_it_as_it_is(
    given: CompleteArticle, known: Known | None, expected: bool
) -> None:
    assert expected is verdict(given, known).has_to_be_emitted


@pytest.mark.parametrize(
    ("until", "known", "expected"),
    [
        (None, None, True),
        (STAMPED, None, True),
        ("2026-11-01T12:00:01Z", None, False),
        ("2026-11-01T12:00:01Z", AS_IT_IS._replace(digest=b"other"), True),
    ],
)
def test_a_state_written_by_hand_counts_new_articles_before_its_time_as_delivered(
    until: str | None, known: Known | None, expected: bool
) -> None:
    assert expected is verdict(ENGLISH, known, until).has_to_be_emitted


def test_everything_that_is_or_may_be_held_of_an_article_out_of_scope_is_retracted() -> None:
    known = memory(Known(IN_DOUBT, frozenset({"en-us"})))
    known.elsewhere = frozenset({"fr"})
    change, _ = judge(complete(in_scope=False), known, RULES)
    assert {"en-us": "out_of_scope", "fr": "out_of_scope"} == change.retracted


def test_an_article_that_the_listing_missed_is_marked() -> None:
    assert judge(ENGLISH, memory(None), RULES, missed=True).change.missed
    assert not judge(ENGLISH, memory(None), RULES).change.missed
