"""Variant → record, in the shape of `schemas/articles.json`. Pure."""

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from source_zendesk_articles.models import format_instant
from source_zendesk_articles.variants import Variant

Record = dict[str, object]

# The article's own fields that go out unchanged, null where Zendesk left one out.
_ARTICLE_FIELDS: Final = (
    "url",
    "author_id",
    "section_id",
    "permission_group_id",
    "user_segment_id",
    "user_segment_ids",
    "label_names",
    "content_tag_ids",
    "promoted",
    "position",
    "comments_disabled",
    "vote_sum",
    "vote_count",
    "created_at",
)


def stamp(now: datetime, synced_at: str) -> str:
    """Return the time that this sync gives to what Zendesk did not stamp: later than any before.

    `now` is Zendesk's clock; `synced_at` the latest time an earlier record may carry, or "".
    """
    if not synced_at:
        return format_instant(now)
    return format_instant(max(now, datetime.fromisoformat(synced_at) + timedelta(seconds=1)))


def cursor(variant: Variant, *, synced_at: str, stamp: str) -> str:
    """Return the `updated_at` of a variant's record.

    It is when Zendesk last stamped the article or the translation, if that is after `synced_at`;
    else `stamp`. So the time of a key never goes back, also where Zendesk stamped no change.
    """
    own = max(variant.article.updated_at, variant.translation.updated_at)
    return own if own > synced_at else stamp


def record(variant: Variant, *, brand_subdomain: str, updated_at: str) -> Record:
    """Return the record of a variant; `updated_at` comes from `cursor`."""
    article, translation, visibility, reason = variant
    fields: Record = {
        "id": article.id,
        "locale": translation.locale,
        "brand_subdomain": brand_subdomain,
        "title": translation.title,
        "body": translation.body,
        "html_url": translation.raw.get("html_url"),
        "draft": translation.raw.get("draft"),
        "outdated": translation.outdated,
        "translation_id": translation.raw.get("id"),
        "translation_updated_at": translation.updated_at,
        "visibility": visibility,
        "visibility_reason": reason,
        "status": "published" if translation.raw.get("draft") is False else "draft",
        "updated_at": updated_at,
        "article_updated_at": article.updated_at,
        # It speaks of the text in the source locale only.
        "edited_at": (
            article.raw.get("edited_at") if translation.locale == article.source_locale else None
        ),
        "source_locale": article.source_locale,
        "content_hash": content_hash(translation.title, translation.body),
        "_ab_cdc_deleted_at": None,
    }
    for name in _ARTICLE_FIELDS:
        fields[name] = article.raw.get(name)
    return fields


def content_hash(title: str | None, body: str | None) -> str:
    """Return the SHA-256, in hex, of title, line feed and body in UTF-8; null counts as empty."""
    return sha256(f"{title or ''}\n{body or ''}".encode()).hexdigest()
