"""A variant's record."""

import json
from hashlib import sha256
from operator import itemgetter
from pathlib import Path
from typing import Literal, cast

import jsonschema
import pytest
from msgspec.structs import replace

from source_zendesk_articles.articles import records
from source_zendesk_articles.articles.records import (
    NOTICED,
    Record,
    add_markdown,
    digest,
    record,
    retraction,
    shared_fields,
)
from source_zendesk_articles.articles.visibility import Variant
from source_zendesk_articles.memory.cursor import Cursor
from source_zendesk_articles.zendesk.models import (
    Article,
    Category,
    Names,
    Section,
    Translation,
    content_hash,
)
from source_zendesk_articles.zendesk.timestamps import later

SCHEMA = json.loads(
    (
        Path(__file__).parents[1] / "source_zendesk_articles" / "schemas" / "articles.json"
    ).read_text()
)
TRANSLATION = Translation(
    locale="en-us",
    title="Refunds",
    body="<p>Within 14 days.</p>",
    updated_at="2026-01-01T00:00:00Z",
    outdated=False,
    id=9,
    draft=False,
    html_url="https://acme.zendesk.com/hc/en-us/articles/1-Refunds",
)
ARTICLE = Article(
    id=1,
    source_locale="en-us",
    updated_at="2026-02-01T00:00:00Z",
    section_id=3,
    translations=[TRANSLATION],
    url="https://acme.zendesk.com/api/v2/help_center/en-us/articles/1.json",
    author_id=2,
    permission_group_id=4,
    user_segment_id=None,
    label_names=["money"],
    content_tag_ids=["01A"],
    promoted=False,
    position=0,
    comments_disabled=True,
    vote_sum=-1,
    vote_count=3,
    created_at="2025-01-01T00:00:00Z",
    edited_at="2025-06-01T00:00:00Z",
    section=Section(
        3, Names("Orders", {"en-us": "Orders", "de": "Bestellungen"}, is_whole=True), 5
    ),
    category=Category(5, Names("Help", {"en-us": "Help"}, is_whole=True)),
)
VARIANT = Variant(ARTICLE, TRANSLATION, "public", "published")


def but(given: Record, **fields: object) -> Record:
    return cast("Record", {**given, **fields})


def record_of(variant: Variant) -> Record:
    return record(variant, shared_fields(variant.article, "acme"))


def test_a_record_tells_everything_of_its_variant() -> None:
    assert record_of(VARIANT) == {
        "id": 1,
        "locale": "en-us",
        "brand_subdomain": "acme",
        "title": "Refunds",
        "body": "<p>Within 14 days.</p>",
        "body_markdown": None,
        "html_url": "https://acme.zendesk.com/hc/en-us/articles/1-Refunds",
        "draft": False,
        "outdated": False,
        "translation_id": 9,
        "translation_updated_at": "2026-01-01T00:00:00Z",
        "visibility": "public",
        "visibility_reason": "published",
        "status": "published",
        "updated_at": "2026-02-01T00:00:00Z",
        "article_updated_at": "2026-02-01T00:00:00Z",
        "created_at": "2025-01-01T00:00:00Z",
        "edited_at": "2025-06-01T00:00:00Z",
        "source_locale": "en-us",
        "url": "https://acme.zendesk.com/api/v2/help_center/en-us/articles/1.json",
        "author_id": 2,
        "section_id": 3,
        "section_name": "Orders",
        "category_id": 5,
        "category_name": "Help",
        "permission_group_id": 4,
        "user_segment_id": None,
        "user_segment_ids": None,
        "label_names": ["money"],
        "content_tag_ids": ["01A"],
        "promoted": False,
        "position": 0,
        "comments_disabled": True,
        "vote_sum": -1,
        "vote_count": 3,
        "content_hash": sha256(b"Refunds\n<p>Within 14 days.</p>").hexdigest(),
        "_ab_cdc_deleted_at": None,
    }


def test_a_record_has_the_fields_of_the_schema_and_fits_it() -> None:
    emitted = record_of(VARIANT)
    assert SCHEMA["properties"].keys() == emitted.keys()
    jsonschema.validate(emitted, SCHEMA)


@pytest.mark.parametrize(
    ("locale", "expected"),
    [
        ("de", ("Bestellungen", "Help")),
        ("DE", ("Bestellungen", "Help")),
        ("fr", ("Orders", "Help")),
    ],
)
def test_section_and_category_are_named_in_the_variants_locale_or_else_in_their_own(
    locale: str, expected: tuple[str, str]
) -> None:
    emitted = record_of(VARIANT._replace(translation=replace(TRANSLATION, locale=locale)))
    assert expected == (emitted["section_name"], emitted["category_name"])


@pytest.mark.parametrize(
    ("section", "expected"),
    [(None, (3, None, None, None)), (ARTICLE.section, (3, "Orders", 5, None))],
)
def test_what_no_list_shows_has_no_name(
    section: Section | None, expected: tuple[object, ...]
) -> None:
    emitted = record_of(VARIANT._replace(article=replace(ARTICLE, section=section, category=None)))
    names = ("section_id", "section_name", "category_id", "category_name")
    assert expected == itemgetter(*names)(emitted)


def test_a_field_that_zendesk_left_out_is_null() -> None:
    bare = Article(id=1, source_locale="en-us", updated_at="2026-02-01T00:00:00Z")
    emitted = record_of(VARIANT._replace(article=bare))
    assert emitted["vote_sum"] is None
    jsonschema.validate(emitted, SCHEMA)


def test_every_field_is_described_and_may_be_null_but_the_key() -> None:
    for name, field in SCHEMA["properties"].items():
        assert field["description"], name
        assert (name in ("id", "locale")) is ("null" not in field["type"]), name
    assert SCHEMA["additionalProperties"] is True


def test_only_the_source_variant_tells_when_its_text_was_edited() -> None:
    german = VARIANT._replace(translation=replace(TRANSLATION, locale="de"))
    emitted = record_of(german)
    assert emitted["edited_at"] is None


@pytest.mark.parametrize("draft", [True, None])
def test_what_is_not_surely_published_has_the_status_draft(draft: bool | None) -> None:
    unpublished = VARIANT._replace(translation=replace(TRANSLATION, draft=draft))
    emitted = record_of(unpublished)
    assert (draft, "draft") == (emitted["draft"], emitted["status"])


@pytest.mark.parametrize(
    ("article", "translation", "expected"),
    [
        ("2026-02-01T00:00:00Z", "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"),
        ("2026-02-01T00:00:00Z", "2026-05-01T00:00:00Z", "2026-05-01T00:00:00Z"),
    ],
)
def test_a_record_carries_the_later_stamp_of_article_and_translation(
    article: str, translation: str, expected: str
) -> None:
    stamped = VARIANT._replace(
        article=replace(ARTICLE, updated_at=article),
        translation=replace(TRANSLATION, updated_at=translation),
    )
    emitted = record_of(stamped)
    assert (expected, article, translation) == tuple(
        emitted[name] for name in ("updated_at", "article_updated_at", "translation_updated_at")
    )


# ------------------------------------------------------------------------------------ its time


NOW = "2026-11-01T12:00:00Z"
STAMPED = "2026-02-01T00:00:00Z"
SOON = "2026-11-01T12:00:30Z"


def begun(synced_at: str = "") -> Cursor:
    cursor = Cursor(synced_at)
    cursor.begin(NOW)
    return cursor


@pytest.mark.parametrize(
    ("synced_at", "expected"),
    [
        ("", STAMPED),
        ("2026-01-31T23:59:59Z", STAMPED),
        ("2026-02-01T00:00:00Z", NOW),
        ("2026-11-01T11:59:59Z", NOW),
        ("2026-11-01T12:00:00Z", "2026-11-01T12:00:01Z"),
        ("2026-11-01T13:00:00Z", "2026-11-01T13:00:01Z"),
    ],
)
def test_a_record_carries_zendesks_stamp_unless_an_earlier_record_may_have_carried_it(
    synced_at: str, expected: str
) -> None:
    assert expected == begun(synced_at).updated_at(STAMPED, again=False)


@pytest.mark.parametrize(
    ("synced_at", "expected"),
    [
        ("", NOW),
        ("2026-11-01T11:59:59Z", NOW),
        ("2026-11-01T12:00:00Z", "2026-11-01T12:00:01Z"),
        ("2026-11-01T13:00:00Z", "2026-11-01T13:00:01Z"),
    ],
)
def test_a_retraction_carries_the_time_of_the_sync_and_is_later_than_every_earlier_record(
    synced_at: str, expected: str
) -> None:
    assert expected == begun(synced_at).updated_at(None, again=False)


@pytest.mark.parametrize(("stamped", "expected"), [("2026-05-01T00:00:00Z", NOW), (SOON, SOON)])
def test_the_latest_time_is_at_least_that_of_the_sync_and_of_each_record(
    stamped: str, expected: str
) -> None:
    cursor = begun()
    assert NOW == cursor.latest
    cursor.updated_at(stamped, again=False)
    cursor.updated_at(STAMPED, again=False)
    assert expected == cursor.latest


@pytest.mark.parametrize("stamped", [STAMPED, NOW, None])
@pytest.mark.parametrize(
    ("emitted", "expected"), [(STAMPED, later(NOW, 1)), (SOON, later(SOON, 1))]
)
def test_what_may_have_gone_out_in_an_earlier_batch_carries_a_later_time(
    emitted: str, stamped: str | None, expected: str
) -> None:
    cursor = begun()
    cursor.updated_at(emitted, again=False)
    cursor.begin_batch()
    assert [expected, expected] == [cursor.updated_at(stamped, again=True) for _ in range(2)]
    assert expected == cursor.latest


def test_what_goes_out_again_may_carry_a_later_stamp_of_its_own() -> None:
    cursor = begun()
    assert SOON == cursor.updated_at(SOON, again=True)
    assert SOON == cursor.latest


def test_no_record_is_later_than_states_say_from_the_beginning() -> None:
    cursor = begun()
    bound = "2026-11-01T12:01:40Z"
    assert bound == cursor.bound
    assert bound == cursor.updated_at("2026-11-02T12:00:00Z", again=False)
    cursor.begin_batch()
    assert [bound] * 2 == [cursor.updated_at(None, again=True), cursor.latest]


# ---------------------------------------------------------------------------------- its digest


RECORD = record_of(VARIANT)
GERMAN = but(RECORD, locale="de", translation_id=10)
UNNOTICED = frozenset(
    {
        "vote_sum",
        "vote_count",
        "position",
        "comments_disabled",
        "created_at",
        "updated_at",
        "article_updated_at",
        "translation_updated_at",
        "edited_at",
    }
)


def another(value: object) -> object:
    """Return another value of the same kind; of null, any."""
    match value:
        case bool():
            return not value
        case int():
            return value + 1
        case str():
            return f"{value}?"
        case list():
            return [*value, "another"]
    return 7


@pytest.mark.parametrize("name", NOTICED)
def test_what_somebody_can_notice_changes_the_digest(name: str) -> None:
    changed = but(RECORD, **{name: another(dict(RECORD)[name])})
    assert digest([RECORD]) != digest([changed])
    assert digest([RECORD, GERMAN]) != digest([changed, GERMAN])


@pytest.mark.parametrize("name", sorted(UNNOTICED))
def test_what_nobody_can_notice_does_not_change_the_digest(name: str) -> None:
    assert digest([RECORD]) == digest([but(RECORD, **{name: another(dict(RECORD)[name])})])


def test_each_field_is_noticed_or_left_out_on_purpose() -> None:
    # The body is noticed by its hash, Markdown follows from it and the version that is given, and
    # what a retraction sets is never set on a variant.
    left_out = {*UNNOTICED, "body", "body_markdown", "_ab_cdc_deleted_at"}
    assert sorted(SCHEMA["properties"]) == sorted([*NOTICED, *left_out])


def with_text(title: str | None, body: str | None) -> Record:
    text = replace(TRANSLATION, title=title, body=body)
    return record_of(VARIANT._replace(translation=text))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("T", "B"), ("T", "C")),
        (("T", None), ("T", "")),
        ((None, "B"), ("", "B")),
        (("T\nB", ""), ("T", "B\n")),
        (("T\nB", "C"), ("T", "B\nC")),
    ],
)
def test_each_text_has_a_digest_of_its_own(
    one: tuple[str | None, str | None], other: tuple[str | None, str | None]
) -> None:
    assert digest([with_text(*one)]) != digest([with_text(*other)])


def test_each_variant_counts() -> None:
    digests = {digest([]), digest([RECORD]), digest([GERMAN]), digest([RECORD, GERMAN])}
    assert 4 == len(digests)


def test_the_order_of_the_variants_does_not_matter() -> None:
    assert digest([RECORD, GERMAN]) == digest([GERMAN, RECORD])


@pytest.mark.parametrize("name", ["user_segment_ids", "label_names", "content_tag_ids"])
@pytest.mark.parametrize("values", [["b", "a", "c"], [3, 10, 2], [None, {"a": [1]}, "x"]])
def test_the_order_of_a_list_does_not_matter(name: str, values: list[object]) -> None:
    one, other = but(RECORD, **{name: values}), but(RECORD, **{name: values[::-1]})
    assert digest([one]) == digest([other])
    # The record has it as it came.
    assert values[::-1] == dict(other)[name]
    assert digest([one]) != digest([but(RECORD, **{name: values[1:]})])


def test_a_digest_is_never_the_mark_of_a_doubt(monkeypatch: pytest.MonkeyPatch) -> None:
    class Zeros:
        def __init__(self, _: bytes, *, digest_size: int) -> None:
            self._size = digest_size

        def digest(self) -> bytes:
            return bytes(self._size)

    assert (5, True) == (len(digest([])), any(digest([])))
    monkeypatch.setattr(records, "blake2b", Zeros)
    assert (5, True) == (len(digest([])), any(digest([])))


def test_another_version_changes_the_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    before = digest([RECORD])
    monkeypatch.setattr(records, "DIGEST_VERSION", records.DIGEST_VERSION + 1)
    assert before != digest([RECORD])


def test_within_a_version_the_digest_stays_as_it_is() -> None:
    # Another one has every article of every user emitted again.
    assert (2, "2e83754465") == (records.DIGEST_VERSION, digest([RECORD]).hex())


# -------------------------------------------------------------------------------- its Markdown


def markdown_of(**fields: object) -> object:
    made = but(RECORD, **fields)
    add_markdown([made])
    return made["body_markdown"]


def test_the_body_is_told_in_markdown_too() -> None:
    assert "Within 14 days." == markdown_of()
    assert markdown_of(body=None) is None


@pytest.mark.parametrize(
    ("html_url", "expected"),
    [
        ("https://help.acme.com/hc/en-us/articles/1-Refunds", "https://help.acme.com/hc/2"),
        ("/hc/en-us/articles/1", "https://acme.zendesk.com/hc/2"),
        (None, "https://acme.zendesk.com/hc/2"),
    ],
)
def test_a_link_leads_on_from_where_readers_see_the_article(
    html_url: str | None, expected: str
) -> None:
    body = '<p><a href="/hc/2">more</a></p>'
    assert f"[more]({expected})" == markdown_of(html_url=html_url, body=body)


# --------------------------------------------------------------------------------- retractions


RETRACTED = {
    "id": 1,
    "locale": "de",
    "brand_subdomain": "acme",
    "visibility": "internal",
    "visibility_reason": "outdated",
    "status": "removed",
    "updated_at": NOW,
}


@pytest.mark.parametrize(
    ("retract_as", "more"),
    [
        ("delete", {"_ab_cdc_deleted_at": NOW}),
        (
            "mark",
            {
                **dict.fromkeys(("title", "body", "body_markdown"), ""),
                "content_hash": sha256(b"\n").hexdigest(),
            },
        ),
    ],
)
def test_a_retraction_tells_that_a_variant_is_gone_and_why(
    retract_as: Literal["delete", "mark"], more: dict[str, object]
) -> None:
    emitted = retraction(
        1, "de", "outdated", brand_subdomain="acme", updated_at=NOW, retract_as=retract_as
    )
    assert {**RETRACTED, **more} == emitted
    assert emitted.keys() <= SCHEMA["properties"].keys()
    jsonschema.validate(emitted, SCHEMA)


# ------------------------------------------------------------------------------ its text's hash


@pytest.mark.parametrize(
    ("title", "body", "hashed"),
    [("T", "B", b"T\nB"), (None, "B", b"\nB"), ("T", None, b"T\n"), ("ü", "", b"\xc3\xbc\n")],
)
def test_the_content_hash_is_over_title_and_body(
    title: str | None, body: str | None, hashed: bytes
) -> None:
    assert sha256(hashed).hexdigest() == content_hash(title, body)
