"""What things look like in an answer: the keys of Zendesk's OpenAPI file and of recordings."""

import re
from collections.abc import Iterable
from datetime import datetime

from .account import Brand, User
from .help_center import Article, Category, Container, Section, Translation
from .pages import Json

_PLURALS: dict[type, str] = {Article: "articles", Category: "categories", Section: "sections"}


def article(
    shown: Article, brand: Brand, locale: str, *, with_segment_ids: bool = True
) -> dict[str, Json]:
    """Show an article in one of its locales.

    `draft` and `edited_at` speak of that locale; `outdated` is deprecated and always false.
    """
    text = shown.translations[locale]
    row: dict[str, Json] = {
        "id": shown.id,
        "url": f"https://{brand.host}/api/v2/help_center/{locale}/articles/{shown.id}.json",
        "html_url": _page(brand, locale, "articles", shown.id, text.title),
        "author_id": shown.author_id,
        "comments_disabled": shown.comments_disabled,
        "draft": text.draft,
        "promoted": shown.promoted,
        "position": shown.position,
        "vote_sum": shown.vote_sum,
        "vote_count": shown.vote_count,
        "section_id": shown.section_id,
        "created_at": stamp(shown.created_at),
        "updated_at": stamp(shown.updated_at),
        "name": text.title,
        "title": text.title,
        "source_locale": shown.source_locale,
        "locale": locale,
        "outdated": False,
        "outdated_locales": shown.outdated_locales,
        "edited_at": stamp(text.edited_at),
        "user_segment_id": shown.user_segment_id,
        "permission_group_id": shown.permission_group_id,
        "content_tag_ids": shown.content_tag_ids,
        "label_names": shown.label_names,
        "body": text.body,
    }
    if with_segment_ids:
        row["user_segment_ids"] = shown.user_segment_ids
    return row


def translations(
    shown: Article | Container, brand: Brand, texts: Iterable[Translation]
) -> list[Json]:
    """Show some of the translations of something; `hidden` is undocumented and recorded."""
    place = f"{_PLURALS[type(shown)]}/{shown.id}"
    api = f"https://{brand.host}/api/v2/help_center/{place}/translations"
    return [
        {
            "id": text.id,
            "url": f"{api}/{text.locale}.json",
            "html_url": f"https://{_public_host(brand)}/hc/{text.locale}/{place}",
            "source_id": shown.id,
            "source_type": type(shown).__name__,
            "locale": text.locale,
            "title": text.title,
            "body": text.body,
            "outdated": text.outdated,
            "draft": text.draft,
            "hidden": text.hidden,
            "created_at": stamp(text.created_at),
            "updated_at": stamp(text.updated_at),
            "updated_by_id": text.updated_by_id,
            "created_by_id": text.created_by_id,
        }
        for text in texts
    ]


def category(shown: Category, brand: Brand, locale: str) -> dict[str, Json]:
    """Show a category in one of its locales."""
    return _container(shown, brand, locale)


def section(shown: Section, brand: Brand, locale: str) -> dict[str, Json]:
    """Show a section in one of its locales."""
    return {
        **_container(shown, brand, locale),
        "category_id": shown.category_id,
        "sorting": "manual",
        "parent_section_id": shown.parent_section_id,
        "theme_template": "section_page",
    }


def _container(shown: Container, brand: Brand, locale: str) -> dict[str, Json]:
    """Show what both have."""
    text, kind = shown.translations[locale], _PLURALS[type(shown)]
    return {
        "id": shown.id,
        "url": f"https://{brand.host}/api/v2/help_center/{locale}/{kind}/{shown.id}.json",
        "html_url": _page(brand, locale, kind, shown.id, text.title),
        "position": shown.position,
        "created_at": stamp(shown.created_at),
        "updated_at": stamp(shown.updated_at),
        "name": text.title,
        "description": text.body,
        "locale": locale,
        "source_locale": shown.source_locale,
        "outdated": False,
    }


def brand(shown: Brand, account_host: str) -> dict[str, Json]:
    """Show a brand.

    https://developer.zendesk.com/api-reference/ticketing/account-configuration/brands/
    """
    return {
        "url": f"https://{account_host}/api/v2/brands/{shown.id}.json",
        "id": shown.id,
        "name": shown.name,
        "brand_url": f"https://{_public_host(shown)}",
        "subdomain": shown.subdomain,
        "host_mapping": shown.host_mapping,
        "has_help_center": shown.has_help_center,
        "help_center_state": shown.help_center_state,
        "active": shown.active,
        "default": shown.default,
        "is_deleted": shown.is_deleted,
        "logo": None,
        "ticket_form_ids": [],
        "signature_template": "{{agent.signature}}",
        "created_at": stamp(shown.created_at),
        "updated_at": stamp(shown.created_at),
    }


def user(shown: User | None, host: str) -> dict[str, Json]:
    """Show a user, None being a visitor; only some of the fields of Zendesk's users."""
    created_at = None if shown is None else stamp(shown.created_at)
    return {
        "id": None if shown is None else shown.id,
        "url": None if shown is None else f"https://{host}/api/v2/users/{shown.id}.json",
        "name": "Anonymous user" if shown is None else shown.name,
        "email": "invalid@example.com" if shown is None else shown.email,
        "created_at": created_at,
        "updated_at": created_at,
        "role": "end-user" if shown is None else shown.role,
        "active": shown is not None,
        "verified": shown is not None,
        "locale": "en-US",
        "suspended": False,
    }


def stamp(moment: datetime) -> str:
    """Write a time as a whole second in UTC: 2026-11-01T12:00:00Z."""
    return moment.isoformat(timespec="seconds")[:19] + "Z"


def _public_host(of: Brand) -> str:
    return of.host_mapping or of.host


def _page(of: Brand, locale: str, kind: str, number: int, title: str) -> str:
    slug = re.sub(r"[\W_]+", "-", title, flags=re.ASCII).strip("-")
    return f"https://{_public_host(of)}/hc/{locale}/{kind}/{number}" + (f"-{slug}" if slug else "")
