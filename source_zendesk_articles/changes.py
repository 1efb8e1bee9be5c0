"""An article as it is, and as it is known → what a sync has to emit of it. Pure."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from source_zendesk_articles.config import Filters
from source_zendesk_articles.models import Article, Translation
from source_zendesk_articles.records import Record, digest, record
from source_zendesk_articles.scope import has_locale, has_visibility
from source_zendesk_articles.variants import Audience, Variant

# Why a variant is retracted.
ARCHIVED_OR_DELETED = "archived_or_deleted"
OUT_OF_SCOPE = "out_of_scope"
OUTDATED = "outdated"
TRANSLATION_DELETED = "translation_deleted"


class Change(NamedTuple):
    """What has to be emitted of an article, if it differs from what is known.

    `records`: one for each variant in scope. `retracted`: locale → reason, of what is known and in
    scope no longer. `kept`: known locales that stay as they are, because nothing is said of them.
    """

    brand_subdomain: str
    article_id: int
    records: tuple[Record, ...] = ()
    digest: bytes = b""
    retracted: Mapping[str, str] = {}
    kept: frozenset[str] = frozenset()
    missed: bool = False

    @property
    def held(self) -> frozenset[str]:
        """The locales that the destination holds afterwards."""
        return self.kept.union(str(emitted["locale"]) for emitted in self.records)

    @property
    def rests_on_absence(self) -> bool:
        """Whether a translation is retracted because it was not listed."""
        return TRANSLATION_DELETED in self.retracted.values()

    @property
    def letters(self) -> int:
        """How long its texts are."""
        texts = (emitted[name] for emitted in self.records for name in ("title", "body"))
        return sum(len(text) for text in texts if isinstance(text, str))


def change(  # noqa: PLR0913 -- all that decides
    article: Article,
    translations: Iterable[Translation],
    found: Iterable[Variant],
    *,
    is_whole: bool,
    audience: Audience,
    filters: Filters,
    known: frozenset[str],
    brand_subdomain: str,
) -> Change:
    """Return what an article whose section and labels are in scope calls for.

    `found` are the variants of its `translations`, `known` the locales that are known of it.
    Unless the list `is_whole`, no translation is taken for deleted because it is not there. But
    where the source locale is disabled, one in a disabled locale is: whether Zendesk lists those
    is unknown, and what was public must not stay so.
    """
    current = {variant.translation.locale: variant for variant in found}
    listed = {translation.locale for translation in translations}
    records = tuple(
        record(variant, brand_subdomain=brand_subdomain)
        for locale, variant in current.items()
        if has_locale(filters, locale) and has_visibility(filters, variant.visibility)
    )
    source = article.source_locale.lower()
    retracted: dict[str, str] = {}
    kept: set[str] = set()
    for locale in sorted(known.difference(str(emitted["locale"]) for emitted in records)):
        if not has_locale(filters, locale) or locale in current:
            retracted[locale] = OUT_OF_SCOPE
        elif locale in listed:
            retracted[locale] = OUTDATED
        elif is_whole or audience.enabled_locales.isdisjoint({locale.lower(), source}):
            retracted[locale] = TRANSLATION_DELETED
        else:
            kept.add(locale)
    return Change(brand_subdomain, article.id, records, digest(records), retracted, frozenset(kept))


def retract(brand_subdomain: str, article_id: int, locales: frozenset[str], reason: str) -> Change:
    """Return the change that takes these variants of an article out of the destination."""
    return Change(brand_subdomain, article_id, retracted=dict.fromkeys(sorted(locales), reason))
