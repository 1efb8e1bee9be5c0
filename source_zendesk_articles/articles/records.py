"""Variant → record; its digest; retractions. Pure.

`body_markdown` is filled in later, in parallel with the reading.
"""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from operator import itemgetter
from typing import Final, Literal, TypedDict, cast

import orjson

from source_zendesk_articles.articles.markdown import to_markdown
from source_zendesk_articles.articles.visibility import INTERNAL, Variant
from source_zendesk_articles.config import host_of
from source_zendesk_articles.zendesk.models import ARTICLE_FIELDS, Article, content_hash, or_none


class Record(TypedDict, total=False):
    """What is emitted of a variant, in the shape of `schemas/articles.json`.

    A retraction lacks most fields. `object`: as Zendesk sent it, whatever it is.
    """

    id: int
    locale: str
    brand_subdomain: str
    title: str | None
    body: str | None
    body_markdown: str | None
    html_url: object
    draft: object
    outdated: bool
    translation_id: object
    translation_updated_at: str
    visibility: str
    visibility_reason: str
    status: str
    updated_at: str
    article_updated_at: str
    created_at: object
    edited_at: object
    source_locale: str
    url: object
    author_id: object
    category_id: int | None
    category_name: str | None
    section_id: int | None
    section_name: str | None
    permission_group_id: object
    user_segment_id: object
    user_segment_ids: object
    label_names: list[str] | None
    content_tag_ids: object
    promoted: object
    position: object
    comments_disabled: object
    vote_sum: object
    vote_count: object
    content_hash: str
    _ab_cdc_deleted_at: str | None


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
# Another number re-emits every article: raise it with `NOTICED`, in a major version.
DIGEST_VERSION = 2
# 40 bits: that a change goes unnoticed because two digests agree happens once in 10^12 changes.
DIGEST_BYTES: Final = 5

# Lists whose order does not matter; all records of an article share them.
_UNORDERED: Final = ("user_segment_ids", "label_names", "content_tag_ids")

_noticed = itemgetter(*NOTICED)


def shared_fields(article: Article, brand_subdomain: str) -> Record:
    """Return the fields in which all records of an article agree."""
    fields: Record = {
        "brand_subdomain": brand_subdomain,
        "category_id": article.section.category_id if article.section else None,
        "article_updated_at": article.updated_at,
        "source_locale": article.source_locale,
        "_ab_cdc_deleted_at": None,
    }
    unchanged = {name: or_none(getattr(article, name)) for name in ARTICLE_FIELDS}
    return {**fields, **cast("Record", unchanged)}


def record(variant: Variant, shared: Record) -> Record:
    """Return the record of a variant; `shared` are the `shared_fields` of its article.

    `body_markdown` is null: `add_markdown` fills it in. `updated_at` is the later timestamp of
    article and translation: the `Cursor` may replace it.
    """
    article, text, visibility, reason = variant
    locale, section, category = text.locale, article.section, article.category
    return {
        "id": article.id,
        "locale": locale,
        "title": text.title,
        "body": text.body,
        "body_markdown": None,
        "html_url": text.html_url,
        "draft": or_none(text.draft),
        "outdated": text.outdated,
        "translation_id": text.id,
        "translation_updated_at": text.updated_at,
        "visibility": visibility,
        "visibility_reason": reason,
        "status": "published" if text.draft is False else "draft",
        "updated_at": max(article.updated_at, text.updated_at),
        # It is about the text in the source locale only.
        "edited_at": article.edited_at if locale == article.source_locale else None,
        "section_name": section.names.in_locale(locale) if section else None,
        "category_name": category.names.in_locale(locale) if category else None,
        "content_hash": text.content_hash,
        **shared,
    }


def add_markdown(records: Iterable[Record]) -> None:
    """Fill in `body_markdown`; other threads can run meanwhile."""
    for record in records:
        address = record["html_url"]
        if not (isinstance(address, str) and address.startswith("https://")):
            host = host_of(record["brand_subdomain"])
            address = f"https://{host}/hc/{record['locale']}/articles/{record['id']}"
        record["body_markdown"] = to_markdown(record["body"], address)


def digest(records: Sequence[Record], markdown_version: int = 0) -> bytes:
    """Return a digest of an article's records: it differs if something counts as a change.

    The Markdown follows from the body, the address and its version, which is 0 without Markdown.
    """
    shared: Mapping[str, object] = records[0] if records else {}
    ordered = {name: _in_order(shared[name]) for name in _UNORDERED if name in shared}
    # The hash of the content counts null as empty, and does not say where the title ends.
    rows = sorted((_noticed({**record, **ordered}), record["body"] is None) for record in records)
    noticed = orjson.dumps([DIGEST_VERSION, markdown_version, rows])
    hashed = blake2b(noticed, digest_size=DIGEST_BYTES).digest()
    # All zeros means in doubt.
    return hashed if any(hashed) else b"\1" * DIGEST_BYTES


def _in_order(value: object) -> object:
    # It is passed on as it came, and may be anything.
    return sorted(value, key=orjson.dumps) if isinstance(value, list) else value


def retraction(  # noqa: PLR0913 -- what a retraction has
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
    texts: Record = {"title": "", "body": "", "body_markdown": ""}
    return {**fields, **texts, "content_hash": content_hash("", "")}
