"""Variant → record, in the shape of `schemas/articles.json`. Pure."""

from hashlib import sha256
from typing import Final

from source_zendesk_articles.instants import later
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


class Cursor:
    """Gives each record of a sync its `updated_at`, so that the time of a key never goes back.

    It is when Zendesk last stamped the article or the translation, if that is later than any
    record of an earlier sync; else, where Zendesk stamped no change, the time of this sync.
    `now` is Zendesk's clock, `synced_at` the latest time that an earlier record may carry, or "".
    """

    def __init__(self, now: str, synced_at: str) -> None:
        self._synced_at = synced_at
        self._this_sync = max(now, later(synced_at, 1)) if synced_at else now
        self.latest = self._this_sync
        """The latest time that any record may carry by now."""

    def updated_at(self, variant: Variant) -> str:
        """Return the time for a record of this variant."""
        own = max(variant.article.updated_at, variant.translation.updated_at)
        given = own if own > self._synced_at else self._this_sync
        self.latest = max(self.latest, given)
        return given


def record(variant: Variant, *, brand_subdomain: str, updated_at: str) -> Record:
    """Return the record of a variant; `updated_at` comes from the `Cursor`."""
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
