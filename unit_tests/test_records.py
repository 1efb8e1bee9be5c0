"""A variant's record."""

import json
from hashlib import sha256
from pathlib import Path

import jsonschema
import pytest

from source_zendesk_articles.models import Article, Translation
from source_zendesk_articles.records import Cursor, content_hash, record
from source_zendesk_articles.variants import Variant

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
    raw={
        "id": 9,
        "draft": False,
        "html_url": "https://acme.zendesk.com/hc/en-us/articles/1-Refunds",
    },
)
ARTICLE = Article(
    id=1,
    source_locale="en-us",
    updated_at="2026-02-01T00:00:00Z",
    outdated_locales=frozenset(),
    translations=(TRANSLATION,),
    raw={
        "url": "https://acme.zendesk.com/api/v2/help_center/en-us/articles/1.json",
        "author_id": 2,
        "section_id": 3,
        "permission_group_id": 4,
        "user_segment_id": None,
        "label_names": ["money"],
        "content_tag_ids": ["01A"],
        "promoted": False,
        "position": 0,
        "comments_disabled": True,
        "vote_sum": -1,
        "vote_count": 3,
        "created_at": "2025-01-01T00:00:00Z",
        "edited_at": "2025-06-01T00:00:00Z",
        "draft": True,
        "body": "the article's own, in its shown locale",
    },
)
VARIANT = Variant(ARTICLE, TRANSLATION, "public", "published")


def test_a_record_tells_everything_of_its_variant() -> None:
    assert record(VARIANT, brand_subdomain="acme", updated_at="2026-02-01T00:00:00Z") == {
        "id": 1,
        "locale": "en-us",
        "brand_subdomain": "acme",
        "title": "Refunds",
        "body": "<p>Within 14 days.</p>",
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
    emitted = record(VARIANT, brand_subdomain="acme", updated_at="2026-02-01T00:00:00Z")
    assert SCHEMA["properties"].keys() == emitted.keys()
    jsonschema.validate(emitted, SCHEMA)


def test_a_field_that_zendesk_left_out_is_null() -> None:
    bare = VARIANT._replace(article=ARTICLE._replace(raw={}))
    emitted = record(bare, brand_subdomain="acme", updated_at="2026-02-01T00:00:00Z")
    assert emitted["vote_sum"] is None
    jsonschema.validate(emitted, SCHEMA)


def test_every_field_is_described_and_may_be_null_but_the_key() -> None:
    for name, field in SCHEMA["properties"].items():
        assert field["description"], name
        assert (name in ("id", "locale")) is ("null" not in field["type"]), name
    assert SCHEMA["additionalProperties"] is True


def test_only_the_source_variant_tells_when_its_text_was_edited() -> None:
    german = VARIANT._replace(translation=TRANSLATION._replace(locale="de"))
    emitted = record(german, brand_subdomain="acme", updated_at="2026-02-01T00:00:00Z")
    assert emitted["edited_at"] is None


@pytest.mark.parametrize("draft", [True, None])
def test_what_is_not_surely_published_has_the_status_draft(draft: bool | None) -> None:
    unpublished = VARIANT._replace(translation=TRANSLATION._replace(raw={"draft": draft}))
    emitted = record(unpublished, brand_subdomain="acme", updated_at="2026-02-01T00:00:00Z")
    assert (draft, "draft") == (emitted["draft"], emitted["status"])


NOW = "2026-11-01T12:00:00Z"


@pytest.mark.parametrize(
    ("synced_at", "expected"),
    [
        ("", "2026-02-01T00:00:00Z"),
        ("2026-01-31T23:59:59Z", "2026-02-01T00:00:00Z"),
        ("2026-02-01T00:00:00Z", NOW),
        ("2026-11-01T11:59:59Z", NOW),
        ("2026-11-01T12:00:00Z", "2026-11-01T12:00:01Z"),
        ("2026-11-01T13:00:00Z", "2026-11-01T13:00:01Z"),
    ],
)
def test_a_record_carries_zendesks_stamp_unless_an_earlier_record_may_have_carried_it(
    synced_at: str, expected: str
) -> None:
    assert expected == Cursor(NOW, synced_at).updated_at(VARIANT)


def test_a_record_carries_the_later_stamp_of_article_and_translation() -> None:
    edited = VARIANT._replace(translation=TRANSLATION._replace(updated_at="2026-05-01T00:00:00Z"))
    assert "2026-05-01T00:00:00Z" == Cursor(NOW, "").updated_at(edited)


@pytest.mark.parametrize(
    ("stamped", "expected"), [("2026-05-01T00:00:00Z", NOW), ("2027-01-01T00:00:00Z",) * 2]
)
def test_the_latest_time_is_at_least_that_of_the_sync_and_of_each_record(
    stamped: str, expected: str
) -> None:
    cursor = Cursor(NOW, "")
    assert NOW == cursor.latest
    cursor.updated_at(VARIANT._replace(article=ARTICLE._replace(updated_at=stamped)))
    cursor.updated_at(VARIANT)
    assert expected == cursor.latest


@pytest.mark.parametrize(
    ("title", "body", "hashed"),
    [("T", "B", b"T\nB"), (None, "B", b"\nB"), ("T", None, b"T\n"), ("ü", "", b"\xc3\xbc\n")],
)
def test_the_content_hash_is_over_title_and_body(
    title: str | None, body: str | None, hashed: bytes
) -> None:
    assert sha256(hashed).hexdigest() == content_hash(title, body)
