"""Variant → record, in the shape of `schemas/articles.json`; its digest; retractions. Pure."""

from collections.abc import Iterable
from hashlib import blake2b, sha256
from operator import itemgetter
from typing import Final, Literal

import orjson

from source_zendesk_articles.instants import later
from source_zendesk_articles.known import DIGEST_BYTES
from source_zendesk_articles.variants import INTERNAL, Variant

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

# Of the article's own fields, those that do not count as a change: they move all the time, or
# never.
_UNNOTICED: Final = {"position", "comments_disabled", "vote_sum", "vote_count", "created_at"}
# What counts as a change of a variant: what a reader, a bot or an access rule can notice. The body
# is in its hash.
NOTICED: Final = (
    "id",
    "locale",
    "brand_subdomain",
    "title",
    "html_url",
    "draft",
    "outdated",
    "translation_id",
    "visibility",
    "visibility_reason",
    "status",
    "source_locale",
    *(name for name in _ARTICLE_FIELDS if name not in _UNNOTICED),
    "content_hash",
)
# Another number emits every article once more: raise it with `NOTICED`, in a major version.
DIGEST_VERSION = 1

_noticed = itemgetter(*NOTICED)


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
        self._again = self.latest

    def begin_batch(self) -> None:
        """Let what is emitted again from now on be later than all before."""
        self._again = later(self.latest, 1)

    def updated_at(self, stamped: str | None, *, again: bool) -> str:
        """Return the time for a record.

        `stamped` is Zendesk's time, None for a retraction; `again` tells that an earlier batch of
        this sync may have emitted or retracted the key.
        """
        given = self._this_sync
        if stamped is not None and stamped > self._synced_at:
            given = stamped
        if again:
            given = max(given, self._again)
        self.latest = max(self.latest, given)
        return given


def record(variant: Variant, *, brand_subdomain: str) -> Record:
    """Return the record of a variant.

    Its `updated_at` is when Zendesk last stamped it: the `Cursor` has the last word on that.
    """
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
        "updated_at": max(article.updated_at, translation.updated_at),
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


def digest(records: Iterable[Record]) -> bytes:
    """Return a digest of an article's records: another one when something counts as a change."""
    # The hash of the content counts null as empty, and does not tell where the title ends.
    rows = sorted((_noticed(record), record["body"] is None) for record in records)
    hashed = blake2b(orjson.dumps([DIGEST_VERSION, rows]), digest_size=DIGEST_BYTES).digest()
    # All zeros is the mark of a doubt.
    return hashed if any(hashed) else b"\1" * DIGEST_BYTES


def retraction(  # noqa: PLR0913 -- what a retraction tells
    article_id: int,
    locale: str,
    reason: str,
    *,
    brand_subdomain: str,
    updated_at: str,
    retract_as: Literal["delete", "mark"],
) -> Record:
    """Return the record that takes a variant out of the destination.

    Marked instead of deleted, it has empty texts: null would be embedded as a word.
    """
    fields: Record = {
        "id": article_id,
        "locale": locale,
        "brand_subdomain": brand_subdomain,
        "visibility": INTERNAL,
        "visibility_reason": reason,
        "status": "removed",
        "updated_at": updated_at,
    }
    if retract_as == "delete":
        return {**fields, "_ab_cdc_deleted_at": updated_at}
    return {**fields, "title": "", "body": "", "content_hash": content_hash("", "")}


def content_hash(title: str | None, body: str | None) -> str:
    """Return the SHA-256, in hex, of title, line feed and body in UTF-8; null counts as empty."""
    return sha256(f"{title or ''}\n{body or ''}".encode()).hexdigest()
