"""Which of several sightings of an article counts."""

from source_zendesk_articles.sync.listing import ListedPage, Sightings
from source_zendesk_articles.zendesk.models import Article, Row, Unreadable

NAMELESS = Unreadable(None, "article without `id`")


def article(article_id: int, second: int) -> Article:
    stamp = f"2026-11-01T12:00:{second:02}Z"
    return Article(id=article_id, source_locale="en-us", updated_at=stamp)


def page(*rows: Row, fetched_at: float = 1.0) -> ListedPage:
    return ListedPage(rows, fetched_at)


def test_an_older_sighting_that_comes_later_does_not_count() -> None:
    sightings = Sightings()
    first, newer = page(article(7, 10), article(8, 10)), page(article(7, 11))
    assert list(first.articles) == sightings.newest(first)
    assert [article(7, 11)] == sightings.newest(newer)
    assert [article(8, 10)] == sightings.newest(first)


def test_of_two_sightings_with_one_timestamp_the_one_fetched_last_counts() -> None:
    sightings = Sightings()
    assert [article(7, 10)] == sightings.newest(page(article(7, 10), fetched_at=2.0))
    assert [] == sightings.newest(page(article(7, 10), fetched_at=1.0))
    assert [article(7, 10)] == sightings.newest(page(article(7, 10), fetched_at=3.0))


def test_a_row_without_an_id_always_counts_and_is_no_article() -> None:
    sightings = Sightings()
    for _ in range(2):
        assert [NAMELESS] == sightings.newest(page(NAMELESS))
    assert 0 == len(sightings)


def test_an_article_that_is_gone_by_now_was_not_shown() -> None:
    sightings = Sightings()
    sightings.newest(page(article(7, 10), article(8, 10)))
    sightings.discard([7, 9])
    assert [False, True, False] == [article_id in sightings for article_id in (7, 8, 9)]
    assert 1 == len(sightings)
    sightings.clear()
    assert 8 not in sightings
