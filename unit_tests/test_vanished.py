"""How much may vanish at once before a sync refuses to retract it."""

from collections.abc import Iterable

import pytest
from airbyte_cdk.models import FailureType

from source_zendesk_articles.articles.changes import Change
from source_zendesk_articles.memory.known import KnownArticles
from source_zendesk_articles.memory.packing import Known
from source_zendesk_articles.memory.state import HelpCenterState, Reconciled
from source_zendesk_articles.sync.vanished import Vanished

LISTED = Reconciled("2026-11-01T11:59:00Z", "2026-11-01T12:00:00Z", 501, "open 0123")
NAMES = [f"l{number:04}" for number in range(1200)]


def vanished(articles: int, *, variants: int | None = None, before: int = 0) -> Vanished:
    """Return the guard of a Help Center with so many articles and variants.

    `before`: how many articles were known when a listing began that was never finished.
    """
    known = KnownArticles()
    more = (variants or articles) - articles
    for article_id in range(articles):
        locales = frozenset(NAMES[: 1 + (more if article_id == 0 else 0)])
        known.remember(article_id, Known(b"digest", locales))
    reconciled = None if before else LISTED
    return Vanished(
        "acme.zendesk.com", HelpCenterState(known, reconciled, "1:admin", known_before=before)
    )


def lost(article_id: int, locales: Iterable[str], at_once: int = 0) -> Change:
    retracted = dict.fromkeys(NAMES[-at_once:] if at_once else (), "translation_deleted")
    return Change("acme", article_id, retracted=retracted, vanished=frozenset(locales))


@pytest.mark.parametrize(
    ("missing", "known", "expected"),
    [
        (0, 0, False),
        (1, 1, False),
        (19, 19, False),
        (10, 20, False),
        (11, 20, True),
        (20, 20, True),
        (10, 21, False),
        (11, 21, True),
        (400, 800, False),
        (401, 800, True),
    ],
)
def test_more_than_half_of_twenty_or_more_articles_is_too_many(
    missing: int, known: int, expected: bool
) -> None:
    error = vanished(known).too_many_articles(missing, is_other_user=False)
    assert expected is (error is not None)


@pytest.mark.parametrize(
    ("missing", "known", "expected"),
    [
        (0, 0, False),
        (5, 5, False),
        (6, 6, True),
        (5, 50, False),
        (6, 50, True),
        (6, 60, False),
        (6, 59, True),
        (7, 60, True),
        (40, 400, False),
        (41, 400, True),
    ],
)
def test_for_another_user_a_tenth_of_the_articles_or_five_is_too_many(
    missing: int, known: int, expected: bool
) -> None:
    error = vanished(known).too_many_articles(missing, is_other_user=True)
    assert expected is (error is not None)


@pytest.mark.parametrize(
    ("gone", "articles", "variants", "other_user", "expected"),
    [
        # More than half of twenty or more.
        (15, 10, 30, False, False),
        (16, 10, 30, False, True),
        (10, 1, 19, False, False),
        # Nearly all but one translation of each article.
        (541, 600, 1200, False, True),
        (540, 600, 1200, False, False),
        (20, 1000, 1020, False, True),
        (19, 1000, 1019, False, False),
        # Another user may see a tenth less, or five.
        (6, 20, 60, True, False),
        (7, 20, 60, True, True),
    ],
)
def test_more_than_half_or_nearly_all_translations_is_too_many(
    gone: int, articles: int, variants: int, other_user: bool, expected: bool
) -> None:
    guard = vanished(articles, variants=variants)
    guard.note(lost(0, NAMES[:gone]), frozenset(NAMES))
    error = guard.too_many_translations(is_other_user=other_user)
    assert expected is (error is not None)


def test_translations_that_are_retracted_at_once_cannot_vanish() -> None:
    guard = vanished(1000, variants=1040)
    guard.note(lost(0, NAMES[:20]), frozenset(NAMES))
    assert guard.too_many_translations(is_other_user=False) is None
    # Of 40 that could vanish 18 are retracted for another reason: 20 of 22 are nearly all.
    guard.note(lost(1, (), at_once=18), frozenset(NAMES))
    assert guard.too_many_translations(is_other_user=False) is not None
    guard.drop([1])
    assert guard.too_many_translations(is_other_user=False) is None


def test_the_last_sighting_of_an_article_counts() -> None:
    guard = vanished(30)
    guard.note(lost(0, ["de", "fr"]), frozenset())
    guard.note(lost(1, ["de"]), frozenset())
    assert {"de": "translation_deleted", "fr": "translation_deleted"} == (
        guard.translations[0].retracted
    )
    guard.note(lost(0, []), frozenset())
    assert [1] == list(guard.translations)
    guard.clear()
    assert {} == guard.translations


def test_articles_that_an_unfinished_listing_added_do_not_count() -> None:
    assert vanished(40, before=20).too_many_articles(11, is_other_user=False) is not None
    assert vanished(40).too_many_articles(11, is_other_user=False) is None


@pytest.mark.parametrize("is_other_user", [False, True])
@pytest.mark.parametrize("what", ["11 of the 20 articles", "11 of the 20 variants"])
def test_the_error_asks_the_user_whether_so_much_is_gone(what: str, is_other_user: bool) -> None:
    guard = vanished(20)
    guard.note(lost(0, NAMES[:11]), frozenset())
    error = (
        guard.too_many_articles(11, is_other_user=is_other_user)
        if "articles" in what
        else guard.too_many_translations(is_other_user=is_other_user)
    )
    assert error is not None
    assert FailureType.config_error == error.failure_type
    assert f"{what} known of acme.zendesk.com" in str(error)
    assert "None of them was retracted" in str(error)
    assert "clear the stream's data" in str(error)
    assert is_other_user is ("the user or the role may not be the last listing's" in str(error))
