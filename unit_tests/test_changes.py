"""What an article calls for, compared with what is known of it."""

import pytest
from msgspec import UNSET
from msgspec.structs import replace

from source_zendesk_articles.articles.changes import Change, Rules, change, retract
from source_zendesk_articles.articles.records import digest, record, shared_fields
from source_zendesk_articles.articles.visibility import Audience, variants
from source_zendesk_articles.config import Filters
from source_zendesk_articles.zendesk.models import Article, Translation, letters

AUDIENCE = Audience(is_open=True, enabled_locales=frozenset({"en-us", "de", "fr"}))
STAMPED = "2026-01-01T00:00:00Z"
ALL = Filters()
ARTICLE = Article(
    id=7, source_locale="en-us", updated_at=STAMPED, section_id=3, user_segment_id=None
)


def text(locale: str, *, outdated: bool = False, draft: bool = False) -> Translation:
    return Translation(
        locale=locale,
        title="Titel",
        body="<p>Text</p>",
        updated_at=STAMPED,
        outdated=outdated,
        draft=draft,
    )


ENGLISH, GERMAN, FRENCH = text("en-us"), text("de"), text("fr")


def called_for(
    *translations: Translation,
    known: tuple[str, ...] = (),
    filters: Filters = ALL,
    article: Article = ARTICLE,
    markdown_version: int = 0,
) -> Change:
    rules = Rules("acme", AUDIENCE, filters, markdown_version)
    return change(article, translations, frozenset(known), rules)


def locales(found: Change) -> list[object]:
    return [emitted["locale"] for emitted in found.records]


def test_each_variant_is_a_record() -> None:
    found = called_for(ENGLISH, GERMAN)
    expected = tuple(
        record(variant, shared_fields(ARTICLE, "acme"))
        for variant in variants(ARTICLE, (ENGLISH, GERMAN), AUDIENCE)
    )
    size = 2 * letters("Titel", "<p>Text</p>")
    assert Change("acme", 7, expected, digest(expected), letters=size) == found


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (ALL, ["en-us", "de", "fr"]),
        (Filters(locales=frozenset({"fr", "de"})), ["de", "fr"]),
        (Filters(visibility=frozenset({"public"})), ["en-us", "fr"]),
        (Filters(visibility=frozenset({"internal"})), ["de"]),
        (Filters(locales=frozenset({"de"}), visibility=frozenset({"public"})), []),
    ],
)
def test_a_variant_in_scope_is_emitted(filters: Filters, expected: list[str]) -> None:
    found = called_for(ENGLISH, text("de", draft=True), FRENCH, filters=filters)
    assert expected == locales(found)
    assert {} == found.retracted


@pytest.mark.parametrize(
    ("translations", "filters", "expected"),
    [
        ((ENGLISH, GERMAN), ALL, {}),
        ((ENGLISH, GERMAN), Filters(locales=frozenset({"en-us"})), {"de": "out_of_scope"}),
        (
            (ENGLISH, text("de", draft=True)),
            Filters(visibility=frozenset({"public"})),
            {"de": "out_of_scope"},
        ),
        ((ENGLISH, text("de", outdated=True)), ALL, {"de": "outdated"}),
        # What left the scope and is gone besides, left the scope.
        ((ENGLISH,), Filters(locales=frozenset({"en-us"})), {"de": "out_of_scope"}),
        (
            (ENGLISH, text("de", outdated=True)),
            Filters(locales=frozenset({"en-us"})),
            {"de": "out_of_scope"},
        ),
    ],
)
def test_what_is_known_and_in_scope_no_longer_is_retracted_with_the_reason(
    translations: tuple[Translation, ...], filters: Filters, expected: dict[str, str]
) -> None:
    found = called_for(*translations, known=("en-us", "de"), filters=filters)
    assert expected == found.retracted
    assert frozenset() == found.kept


def test_translations_may_come_one_by_one() -> None:
    texts = (ENGLISH, text("de", outdated=True), FRENCH)
    rules, known = Rules("acme", AUDIENCE, ALL, 0), frozenset({"en-us", "de", "ja"})
    found = change(ARTICLE, iter(texts), known, rules)
    assert change(ARTICLE, texts, known, rules) == found
    assert {"de": "outdated", "ja": "translation_deleted"} == found.retracted


RESTRICTED = replace(ARTICLE, user_segment_id=5)


@pytest.mark.parametrize(
    ("known", "article", "retracted", "vanished"),
    [
        (("en-us", "de", "fr"), ARTICLE, {}, {"de", "fr"}),
        # Its locale was disabled: that explains it.
        (("de", "ja"), ARTICLE, {"ja"}, {"de"}),
        # Nobody may read it any more: it must not stay as it was.
        (("de", "fr"), RESTRICTED, {"de", "fr"}, set()),
        (("de",), replace(ARTICLE, user_segment_id=UNSET), {"de"}, set()),
        (
            ("de",),
            replace(ARTICLE, user_segment_ids=[5]),
            {"de"},
            set(),
        ),
    ],
)
def test_what_a_whole_list_does_not_show_waits_unless_visitors_may_not_read_it(
    known: tuple[str, ...], article: Article, retracted: set[str], vanished: set[str]
) -> None:
    found = called_for(ENGLISH, known=known, article=article)
    assert dict.fromkeys(retracted, "translation_deleted") == found.retracted
    assert vanished == found.kept == found.vanished
    assert {"en-us", *vanished} == found.held
    assert len(retracted) == found.retracted_at_once(frozenset(known))


def test_what_only_a_sync_that_died_may_have_brought_is_retracted_unless_it_is_shown() -> None:
    perhaps = frozenset({"en-us", "de", "fr"})
    found = change(ARTICLE, [ENGLISH], frozenset({"de"}), Rules("acme", AUDIENCE, ALL, 0), perhaps)
    assert {"fr": "translation_deleted"} == found.retracted
    assert {"de"} == found.kept
    # It was never counted among what is known.
    assert 0 == found.retracted_at_once(frozenset({"de"}))


def test_in_a_closed_help_center_nothing_waits() -> None:
    rules = Rules("acme", AUDIENCE._replace(is_open=False), ALL, 0)
    found = change(ARTICLE, (ENGLISH,), frozenset({"de"}), rules)
    assert ({"de": "translation_deleted"}, frozenset()) == (found.retracted, found.kept)


def test_what_vanished_is_taken_out_afterwards_or_at_once() -> None:
    found = called_for(ENGLISH, known=("en-us", "de", "ja"))
    assert ({"ja": "translation_deleted"}, frozenset({"de"})) == (found.retracted, found.kept)
    alone = found.of_vanished
    assert {"de": "translation_deleted"} == alone.retracted
    assert ((), frozenset({"en-us"}), found.digest) == (alone.records, alone.held, alone.digest)
    assert alone.depends_on_absence
    together = found.with_retracted(alone.retracted)
    assert {"de", "ja"} == together.retracted.keys()
    assert (found.records, alone.held) == (together.records, together.held)
    assert frozenset() == together.kept


def test_what_was_not_known_is_not_retracted() -> None:
    found = called_for(ENGLISH, text("de", outdated=True), known=("en-us",))
    assert {} == found.retracted


@pytest.mark.parametrize(
    ("known", "translations", "filters", "retracted", "kept"),
    [
        (("de", "ja"), (), ALL, {"ja": "translation_deleted"}, {"de"}),
        (("de", "fr"), (text("fr", outdated=True),), ALL, {"fr": "outdated"}, {"de"}),
        (("de", "fr"), (), Filters(locales=frozenset({"de"})), {"fr": "out_of_scope"}, {"de"}),
        (
            ("de", "fr"),
            (text("fr", draft=True),),
            Filters(visibility=frozenset({"public"})),
            {"fr": "out_of_scope"},
            {"de"},
        ),
        (("de", "fr"), (FRENCH,), ALL, {}, {"de"}),
    ],
)
def test_a_partial_list_proves_no_absence(
    known: tuple[str, ...],
    translations: tuple[Translation, ...],
    filters: Filters,
    retracted: dict[str, str],
    kept: set[str],
) -> None:
    found = called_for(*translations, known=known, filters=filters)
    assert retracted == found.retracted
    assert kept == found.kept
    assert frozenset() == found.vanished


@pytest.mark.parametrize("article", [RESTRICTED, replace(ARTICLE, user_segment_id=UNSET)])
def test_nothing_of_a_restricted_article_stays_because_a_list_is_partial(article: Article) -> None:
    found = called_for(known=("de", "fr"), article=article)
    assert dict.fromkeys(("de", "fr"), "translation_deleted") == found.retracted
    assert frozenset() == found.kept


@pytest.mark.parametrize(
    ("translations", "vanished"),
    [
        # Empty, it takes away only what visitors can not read anyway.
        ((), set()),
        # Otherwise it may be all that Zendesk shows.
        ((FRENCH,), {"DE"}),
    ],
)
def test_where_the_source_locale_is_disabled_a_list_without_it_is_believed(
    translations: tuple[Translation, ...], vanished: set[str]
) -> None:
    found = called_for(
        *translations, known=("DE", "JA", "nl"), article=replace(ARTICLE, source_locale="NL")
    )
    assert dict.fromkeys(("JA", "nl"), "translation_deleted") == found.retracted
    assert {"DE"} == found.kept
    assert vanished == found.vanished


def test_afterwards_the_destination_holds_what_was_emitted_and_what_was_kept() -> None:
    found = called_for(FRENCH, known=("de", "en-us"))
    assert {"fr", "de", "en-us"} == found.held
    assert {"fr"} == found._replace(kept=frozenset()).held


def test_the_digest_is_of_what_is_emitted() -> None:
    both = called_for(ENGLISH, GERMAN)
    only_german = called_for(ENGLISH, GERMAN, filters=Filters(locales=frozenset({"de"})))
    assert called_for(GERMAN, known=("fr",)).digest == only_german.digest
    assert both.digest != only_german.digest


@pytest.mark.parametrize(
    ("known", "translations", "filters", "expected"),
    [
        ((), (ENGLISH,), ALL, False),
        (("en-us", "ja"), (ENGLISH,), ALL, True),
        # That waits.
        (("en-us", "de"), (ENGLISH,), ALL, False),
        (("en-us", "de"), (ENGLISH, text("de", outdated=True)), ALL, False),
        (("en-us", "de"), (ENGLISH,), Filters(locales=frozenset({"en-us"})), False),
    ],
)
def test_only_a_translation_that_is_not_listed_is_retracted_by_absence(
    known: tuple[str, ...],
    translations: tuple[Translation, ...],
    filters: Filters,
    expected: bool,
) -> None:
    assert expected is called_for(*translations, known=known, filters=filters).depends_on_absence


def test_the_letters_of_a_change_are_those_of_its_titles_and_bodies() -> None:
    titled = replace(GERMAN, title="Über", body=None)
    found = called_for(ENGLISH, titled).letters
    # Of the same text: that in UTF-8 stays with it once it was asked for.
    assert letters("Titel", "<p>Text</p>") + letters(titled.title) == found
    assert 0 == called_for(known=("en-us",)).letters


def test_where_markdown_is_wanted_the_body_counts_twice_and_its_version_is_noticed() -> None:
    plain, with_markdown = called_for(ENGLISH), called_for(ENGLISH, markdown_version=1)
    assert letters("Titel", *["<p>Text</p>"] * 2) == with_markdown.letters
    assert plain.letters < with_markdown.letters
    assert 3 == len(
        {row.digest for row in (plain, with_markdown, called_for(ENGLISH, markdown_version=2))}
    )


def test_an_article_is_taken_out_in_every_locale_for_one_reason() -> None:
    taken_out = retract("acme", 7, frozenset({"en-us", "de"}), "archived_or_deleted")
    expected = {"de": "archived_or_deleted", "en-us": "archived_or_deleted"}
    assert ("acme", 7, expected) == (
        taken_out.brand_subdomain,
        taken_out.article_id,
        taken_out.retracted,
    )
    assert ((), frozenset(), True) == (
        taken_out.records,
        taken_out.held,
        taken_out.depends_on_absence,
    )
