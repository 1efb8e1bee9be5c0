"""An article as it is, and as it is known → what a sync has to emit of it. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from source_zendesk_articles.articles.filters import has_locale, has_visibility
from source_zendesk_articles.articles.records import Record, digest, record, shared_fields
from source_zendesk_articles.articles.visibility import Audience, has_source, restriction, variants
from source_zendesk_articles.config import Filters
from source_zendesk_articles.zendesk.models import Article, Translation, letters

# Why a variant is retracted.
ARCHIVED_OR_DELETED = "archived_or_deleted"
OUT_OF_SCOPE = "out_of_scope"
OUTDATED = "outdated"
TRANSLATION_DELETED = "translation_deleted"


class Rules(NamedTuple):
    """What holds for all articles of a Help Center in a sync.

    `markdown_version` is 0 without Markdown.
    """

    brand_subdomain: str
    audience: Audience
    filters: Filters
    markdown_version: int


class Change(NamedTuple):
    """What has to be emitted of an article, if it differs from what is known.

    `records`: one for each variant in scope. `retracted`: locale → reason, of what is known and no
    longer in scope. `kept`: known locales that stay as they are. `vanished`: those of them that a
    whole list no longer shows; the end of the sync decides whether that is believed. `outdated`:
    how many translations were left out. `letters`: how long the texts are.
    """

    brand_subdomain: str
    article_id: int
    records: tuple[Record, ...] = ()
    digest: bytes = b""
    retracted: Mapping[str, str] = {}
    kept: frozenset[str] = frozenset()
    vanished: frozenset[str] = frozenset()
    outdated: int = 0
    letters: int = 0
    missed: bool = False

    @property
    def held(self) -> frozenset[str]:
        """The locales that the destination holds afterwards."""
        return self.kept.union(_locales(self.records))

    @property
    def depends_on_absence(self) -> bool:
        """Whether something is retracted because it was not shown."""
        reasons = self.retracted.values()
        return TRANSLATION_DELETED in reasons or ARCHIVED_OR_DELETED in reasons

    def retracted_at_once(self, known: frozenset[str]) -> int:
        """Count the known translations that are no longer listed and retracted at once."""
        return sum(self.retracted.get(locale) == TRANSLATION_DELETED for locale in known)

    @property
    def of_vanished(self) -> "Change":
        """The change that takes out what vanished, after this one."""
        retracted = dict.fromkeys(sorted(self.vanished), TRANSLATION_DELETED)
        kept = self.held - self.vanished
        return Change(
            self.brand_subdomain,
            self.article_id,
            digest=self.digest,
            retracted=retracted,
            kept=kept,
            missed=self.missed,
        )

    def with_retracted(self, more: Mapping[str, str]) -> "Change":
        """Return the change that takes out more: locale → reason, of what it keeps."""
        return self._replace(retracted={**self.retracted, **more}, kept=self.kept.difference(more))


def change(
    article: Article,
    translations: Iterable[Translation],
    known: frozenset[str],
    rules: Rules,
    perhaps: frozenset[str] = frozenset(),
) -> Change:
    """Return what an article whose section and labels are in scope calls for.

    `known`: the locales in which the destination holds it. `perhaps`: further ones in which it may,
    after a sync that died; they are retracted unless they are shown, as they may be public.

    A list of translations without the source locale is partial: every article has one. A partial
    list retracts nothing because it is missing. If the source locale is disabled, the list may be
    all that Zendesk shows (unknown), so it is believed. A missing translation that visitors may not
    read, whatever its text, is always retracted: it may be public from before.
    """
    translations = tuple(translations)
    found = variants(article, translations, rules.audience)
    current = {variant.translation.locale: variant for variant in found}
    listed = {translation.locale for translation in translations}
    shared = shared_fields(article, rules.brand_subdomain)
    records = tuple(
        record(variant, shared)
        for locale, variant in current.items()
        if has_locale(rules.filters, locale) and has_visibility(rules.filters, variant.visibility)
    )
    source_is_enabled = article.source_locale.lower() in rules.audience.enabled_locales
    is_whole = has_source(article, translations) or (bool(listed) and not source_is_enabled)
    retracted: dict[str, str] = {}
    kept: set[str] = set()
    vanished: set[str] = set()
    for locale in sorted((known | perhaps).difference(_locales(records))):
        if not has_locale(rules.filters, locale) or locale in current:
            retracted[locale] = OUT_OF_SCOPE
        elif locale in listed:
            retracted[locale] = OUTDATED
        elif locale not in known or restriction(article, rules.audience, locale=locale):
            retracted[locale] = TRANSLATION_DELETED
        else:
            kept.add(locale)
            if is_whole:
                vanished.add(locale)
    return Change(
        rules.brand_subdomain,
        article.id,
        records,
        digest(records, rules.markdown_version),
        retracted,
        frozenset(kept),
        frozenset(vanished),
        outdated=len(listed) - len(current),
        letters=_letters(records, rules),
    )


def retract(brand_subdomain: str, article_id: int, locales: frozenset[str], reason: str) -> Change:
    """Return the change that takes these variants of an article out of the destination."""
    return Change(brand_subdomain, article_id, retracted=dict.fromkeys(sorted(locales), reason))


def _letters(records: Iterable[Record], rules: Rules) -> int:
    # Markdown is made later, and is mostly no longer than the body.
    bodies = 2 if rules.markdown_version else 1
    return sum(letters(row["title"], *(row["body"],) * bodies) for row in records)


def _locales(records: Iterable[Record]) -> Iterator[str]:
    return (record["locale"] for record in records)
