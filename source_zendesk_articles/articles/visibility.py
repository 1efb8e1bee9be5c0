"""Article → variants: which locales are emitted, and the visibility of each. Pure; fails closed."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from msgspec import UNSET

from source_zendesk_articles.zendesk.models import Article, Translation
from source_zendesk_articles.zendesk.timestamps import later

PUBLIC = "public"
INTERNAL = "internal"
# So long the last answer to visitors stands in for one that does not come. A bot challenge must not
# close a Help Center at once, nor keep it open for ever.
ANSWER_HOLDS_SECONDS: Final = 24 * 60 * 60


class VisitorsAnswer(NamedTuple):
    """Whether visitors may read a Help Center, and when that was found, by Zendesk's clock."""

    may_read: bool
    at: str

    def holds(self, now: str) -> bool:
        """Return whether it stands in for an answer that does not come; a clock may be set back."""
        first, last = (later(self.at, sign * ANSWER_HOLDS_SECONDS) for sign in (-1, 1))
        return first <= now <= last


class Audience(NamedTuple):
    """What a Help Center lets visitors read: anything at all, and in which locales."""

    is_open: bool
    enabled_locales: frozenset[str]
    """In lower case."""


class Variant(NamedTuple):
    """One article in one locale, and its visibility."""

    article: Article
    translation: Translation
    visibility: str
    reason: str


def has_source(article: Article, translations: Iterable[Translation]) -> bool:
    """Return whether the translation in the source locale is there: every article has one."""
    source = article.source_locale.lower()
    return any(translation.locale.lower() == source for translation in translations)


def variants(
    article: Article, translations: Iterable[Translation], audience: Audience
) -> list[Variant]:
    """Return the variants of an article: one per locale, the last one given, none outdated.

    `translation.outdated` and `article.outdated_locales` say the same; either is enough.
    `article.outdated` is deprecated and always false.
    https://developer.zendesk.com/api-reference/help_center/help-center-api/articles/#json-format
    """
    by_locale = {translation.locale: translation for translation in translations}
    outdated = {locale.lower() for locale in article.outdated_locales or ()}
    return [
        _variant(article, translation, audience)
        for translation in by_locale.values()
        if not translation.outdated and translation.locale.lower() not in outdated
    ]


def _variant(article: Article, translation: Translation, audience: Audience) -> Variant:
    reason = restriction(
        article,
        audience,
        locale=translation.locale,
        draft=translation.draft,
        hidden=translation.hidden,
    )
    return Variant(
        article,
        translation,
        visibility=INTERNAL if reason else PUBLIC,
        reason=reason or "published",
    )


def restriction(
    article: Article,
    audience: Audience,
    *,
    locale: str,
    draft: object = False,
    hidden: object = False,
) -> str | None:
    """Return the first reason why a visitor may not read a variant; None if there is none.

    Total: any value of any field, and any missing field, has an answer. Only what is there and says
    "everyone" counts as public: `user_segment_id` must be present and null, and `draft` present and
    false. `user_segment_ids` is absent in many real answers, `hidden` is undocumented.
    https://developer.zendesk.com/api-reference/help_center/help-center-api/user_segments/
    """
    if audience.is_open is not True:
        return "help_center_closed"
    if locale.lower() not in audience.enabled_locales:
        return "locale_disabled"
    if draft is not False:
        return "draft"
    if hidden is not UNSET and hidden is not None and hidden is not False:
        return "hidden"
    ids = article.user_segment_ids
    if article.user_segment_id is not None or not (ids is UNSET or ids is None or ids == []):
        return "user_segment"
    return None
