"""What the log says of a sync."""

from source_zendesk_articles.client import RequestStats
from source_zendesk_articles.models import Article, Translation
from source_zendesk_articles.sync import SyncStats, summary
from source_zendesk_articles.variants import Variant

ARTICLE = Article(1, "en-us", "2026-01-01T00:00:00Z", frozenset(), None, {})


def translation(locale: str) -> Translation:
    return Translation(locale, None, None, "2026-01-01T00:00:00Z", outdated=False, raw={})


def test_each_translation_is_emitted_or_outdated() -> None:
    english, german = translation("en-us"), translation("de")
    stats = SyncStats()
    stats.count(
        [english, german, german, translation("fr"), translation("ja")],
        [
            Variant(ARTICLE, english, "public", "published"),
            Variant(ARTICLE, german, "internal", "draft"),
        ],
    )
    stats.count([translation("fr"), translation("ja")], [])
    assert (2, 1, {"draft": 1}, 4) == (
        stats.articles,
        stats.public,
        stats.internal,
        stats.outdated,
    )


def test_a_quiet_sync_is_summed_up_without_what_did_not_happen() -> None:
    assert (
        "0 articles; 0 variants: 0 public, 0 internal; 0 outdated left out; 4 requests; "
        "0 waits (0 s)."
    ) == summary(SyncStats(), RequestStats(sent=4))


def test_an_eventful_sync_is_summed_up_in_a_line() -> None:
    stats = SyncStats(
        articles=12_345, public=30_000, outdated=7, asked_one_by_one=3, emitted_again=2
    )
    stats.internal.update(draft=1_000, user_segment=2_000)
    assert (
        "12,345 articles; 33,000 variants: 30,000 public, 3,000 internal (user_segment 2,000, "
        "draft 1,000); 7 outdated left out; 2 edited meanwhile; 140 requests (3 for "
        "translations); 5 waits (62 s)."
    ) == summary(stats, RequestStats(sent=140, waits=5, waited_seconds=62))
