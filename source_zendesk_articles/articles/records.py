"""Variant → record, in the shape of `schemas/articles.json`; its digest; retractions. Pure.

Only a record's `body_markdown` is filled in later, where that is not in the way.
"""

from collections.abc import Iterable, Sequence
from hashlib import blake2b
from operator import itemgetter
from typing import Final, Literal

import orjson

from source_zendesk_articles.articles.markdown import to_markdown
from source_zendesk_articles.articles.visibility import INTERNAL, Variant
from source_zendesk_articles.config import host_of
from source_zendesk_articles.zendesk.models import ARTICLE_FIELDS, Article, content_hash

Record = dict[str, object]

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
    "category_id",
    "section_name",
    "category_name",
    *(name for name in ARTICLE_FIELDS if name not in _UNNOTICED),
    "content_hash",
)
# Another number emits every article once more: raise it with `NOTICED`, in a major version.
DIGEST_VERSION = 2
# 40 bits: that a change goes unnoticed because two digests agree happens once in 10^12 changes.
DIGEST_BYTES: Final = 5

# Lists whose order nobody notices; all records of an article share them.
_UNORDERED: Final = ("user_segment_ids", "label_names", "content_tag_ids")

_noticed = itemgetter(*NOTICED)


def shared_fields(article: Article, brand_subdomain: str) -> Record:
    """Return the fields in which all records of an article agree."""
    raw = article.raw
    return {
        "brand_subdomain": brand_subdomain,
        "category_id": article.section.category_id if article.section else None,
        "article_updated_at": article.updated_at,
        "source_locale": article.source_locale,
        "_ab_cdc_deleted_at": None,
        **{name: raw.get(name) for name in ARTICLE_FIELDS},
    }


def record(variant: Variant, shared: Record) -> Record:
    """Return the record of a variant; `shared` are the `shared_fields` of its article.

    Its `body_markdown` is null: `add_markdown` has it.
    Its `updated_at` is when Zendesk last stamped it: the `Cursor` has the last word on that.
    """
    article, translation, visibility, reason = variant
    locale, title, body, updated_at, outdated, hashed, raw = translation
    section, category = article.section, article.category
    draft = raw.get("draft")
    return {
        "id": article.id,
        "locale": locale,
        "title": title,
        "body": body,
        "body_markdown": None,
        "html_url": raw.get("html_url"),
        "draft": draft,
        "outdated": outdated,
        "translation_id": raw.get("id"),
        "translation_updated_at": updated_at,
        "visibility": visibility,
        "visibility_reason": reason,
        "status": "published" if draft is False else "draft",
        "updated_at": max(article.updated_at, updated_at),
        # It speaks of the text in the source locale only.
        "edited_at": article.raw.get("edited_at") if locale == article.source_locale else None,
        "section_name": section.names.in_locale(locale) if section else None,
        "category_name": category.names.in_locale(locale) if category else None,
        "content_hash": hashed,
        **shared,
    }


def add_markdown(records: Iterable[Record]) -> None:
    """Fill in `body_markdown`; most of its time other threads can run."""
    for record in records:
        body, address = record["body"], str(record["html_url"])
        if not address.startswith("https://"):
            host = host_of(str(record["brand_subdomain"]))
            address = f"https://{host}/hc/{record['locale']}/articles/{record['id']}"
        record["body_markdown"] = to_markdown(body if isinstance(body, str) else None, address)


def digest(records: Sequence[Record], markdown_version: int = 0) -> bytes:
    """Return a digest of an article's records: another one when something counts as a change.

    The Markdown follows from the body, the address and its version, 0 where there is none.
    """
    ordered = {name: _in_order(record[name]) for record in records[:1] for name in _UNORDERED}
    # The hash of the content counts null as empty, and does not tell where the title ends.
    rows = sorted((_noticed(record | ordered), record["body"] is None) for record in records)
    noticed = orjson.dumps([DIGEST_VERSION, markdown_version, rows])
    hashed = blake2b(noticed, digest_size=DIGEST_BYTES).digest()
    # All zeros is the mark of a doubt.
    return hashed if any(hashed) else b"\1" * DIGEST_BYTES


def _in_order(value: object) -> object:
    # What is in it is passed on as it came, and may be anything.
    return sorted(value, key=orjson.dumps) if isinstance(value, list) else value


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
    texts = {"title": "", "body": "", "body_markdown": ""}
    return {**fields, **texts, "content_hash": content_hash("", "")}
