"""One Help Center: categories, sections, articles and their translations, and what changes them.

https://developer.zendesk.com/api-reference/help_center/help-center-api/articles/
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypedDict, Unpack

import orjson

from .clock import Clock
from .pages import Json
from .switches import Switches

_PERMISSION_GROUP = 46406148392849
# Bytes of encoded rows that are kept: 40,000 articles in ten locales with a page of text each.
_KEPT = 2**30


@dataclass(eq=False, slots=True)
class Translation:
    """An article's title and body in one locale, or a section's or category's name and description.

    `edited_at` moves with these two only.
    """

    id: int
    locale: str
    title: str
    body: str | None
    created_at: datetime
    updated_at: datetime
    edited_at: datetime
    created_by_id: int
    updated_by_id: int
    draft: bool = False
    outdated: bool = False
    hidden: bool = False


@dataclass(eq=False, kw_only=True)
class Container:
    """What categories and sections have in common."""

    id: int
    source_locale: str
    created_at: datetime
    updated_at: datetime
    position: int = 0
    translations: dict[str, Translation] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The name in the source locale."""
        return self.translations[self.source_locale].title


@dataclass(eq=False, kw_only=True)
class Category(Container):
    """The top of the hierarchy."""


@dataclass(eq=False, kw_only=True)
class Section(Container):
    """Holds articles; in one category, and on Enterprise plans perhaps in another section."""

    category_id: int
    parent_section_id: int | None


@dataclass(eq=False, slots=True)
class Article:
    """What all translations share. `user_segment_ids` empty = everyone may read it."""

    id: int
    source_locale: str
    section_id: int
    author_id: int
    created_at: datetime
    updated_at: datetime
    user_segment_ids: list[int] = field(default_factory=list)
    label_names: list[str] = field(default_factory=list)
    content_tag_ids: list[str] = field(default_factory=list)
    permission_group_id: int = _PERMISSION_GROUP
    promoted: bool = False
    position: int = 0
    vote_sum: int = 0
    vote_count: int = 0
    comments_disabled: bool = False
    archived: bool = False
    translations: dict[str, Translation] = field(default_factory=dict)

    @property
    def user_segment_id(self) -> int | None:
        """The first segment: recorded answers that have both fields agree."""
        return self.user_segment_ids[0] if self.user_segment_ids else None

    @user_segment_id.setter
    def user_segment_id(self, segment: int | None) -> None:
        self.user_segment_ids = [] if segment is None else [segment]

    @property
    def edited_at(self) -> datetime:
        """When title or body of the source translation last changed."""
        return self.translations[self.source_locale].edited_at

    @property
    def outdated_locales(self) -> list[str]:
        """The locales whose translation is marked as outdated."""
        return [locale for locale, text in self.translations.items() if text.outdated]


class ArticleFields(TypedDict, total=False):
    """What `HelpCenter.change` can change."""

    section_id: int
    author_id: int
    user_segment_id: int | None
    user_segment_ids: list[int]
    label_names: list[str]
    content_tag_ids: list[str]
    permission_group_id: int
    promoted: bool
    position: int
    vote_sum: int
    vote_count: int
    comments_disabled: bool


class TranslationFields(TypedDict, total=False):
    """What `HelpCenter.change_translation` can change."""

    title: str
    body: str | None
    draft: bool
    outdated: bool
    hidden: bool


class HelpCenter:
    """A brand's knowledge base. Its content changes through these methods only.

    `stamped=False` makes a change that moves no time stamp at all, as bulk edits in Guide were
    reported to do.
    """

    def __init__(
        self, clock: Clock, switches: Switches, ids: Iterator[int], owner_id: int, default: str
    ) -> None:
        self.default_locale = default
        self.locales = [default]
        self.visitors: Literal["open", "closed"] = "open"
        self.categories: dict[int, Category] = {}
        self.sections: dict[int, Section] = {}
        self._articles: dict[int, Article] = {}
        self._clock = clock
        self._switches = switches
        self._ids = ids
        self._owner_id = owner_id
        self._changed()

    @property
    def articles(self) -> list[Article]:
        """The live articles, in order of creation."""
        return [article for article in self._articles.values() if not article.archived]

    @property
    def archived_articles(self) -> list[Article]:
        """The articles that no list shows any more, in order of creation."""
        return [article for article in self._articles.values() if article.archived]

    def article(self, article_id: int) -> Article | None:
        """Find an article that was not deleted for good; it may be archived."""
        return self._articles.get(article_id)

    def sorted_articles(
        self, key: Hashable, make: Callable[[list[Article]], list[Article]]
    ) -> list[Article]:
        """Filter and sort the live articles by `make`, once under each `key` until a change.

        Otherwise a listing of 40,000 articles would sort them once for each of its 400 pages.
        """
        kept = self._sorted  # a change in the meantime replaces it
        if key not in kept:
            kept[key] = make(self.articles)
        return kept[key]

    def encoded(self, key: Hashable, make: Callable[[], Json]) -> orjson.Fragment:
        """Encode what `make` shows of something, as a rule once under each `key` until a change.

        `key` names the thing, and what else its looks depend on but the content of this Help
        Center. Otherwise a benchmark would measure the emulator's encoding.
        """
        kept = self._encoded
        known = kept.rows.get(key)
        if known is not None:
            return known
        data = orjson.dumps(make())
        row = orjson.Fragment(data)
        # Not the latest ones: who reads everything again and again would find none of them.
        if kept.size + len(data) <= _KEPT:
            kept.rows[key] = row
            kept.size += len(data)
        return row

    def _changed(self) -> None:
        """Forget what was made of the content. New objects: a request may be filling the old."""
        self._sorted: dict[Hashable, list[Article]] = {}
        self._encoded = _Encoded()

    def enable_locale(self, locale: str) -> None:
        """Let things be translated to a further locale, and visitors read it."""
        if locale not in self.locales:
            self.locales.append(locale)
        self._changed()

    def disable_locale(self, locale: str) -> None:
        """Take a locale from readers; its translations are kept."""
        if locale == self.default_locale:
            raise ValueError("the default locale can not be disabled")
        self.locales.remove(locale)
        self._changed()

    def add_category(
        self, name: str, *, locale: str | None = None, description: str | None = None
    ) -> Category:
        """Make an empty category, named in the default locale if none is given."""
        now = self._clock.stamp
        category = Category(
            id=next(self._ids),
            source_locale=locale or self.default_locale,
            created_at=now,
            updated_at=now,
        )
        self.add_name(category, category.source_locale, name, description)
        self.categories[category.id] = category
        return category

    def add_section(
        self,
        category: Category,
        name: str,
        parent: Section | None = None,
        *,
        locale: str | None = None,
        description: str | None = None,
    ) -> Section:
        """Make an empty section, in another one where `parent` is given; named as a category is."""
        now = self._clock.stamp
        section = Section(
            id=next(self._ids),
            category_id=category.id,
            parent_section_id=parent.id if parent else None,
            created_at=now,
            updated_at=now,
            source_locale=locale or self.default_locale,
        )
        self.add_name(section, section.source_locale, name, description)
        self.sections[section.id] = section
        return section

    def add_name(
        self, of: Container, locale: str, name: str, description: str | None = None
    ) -> Translation:
        """Name a category or section in an enabled locale that it has no name in yet; stamps it."""
        # In the gap after its own: what has the other ids does not depend on the names.
        id_ = of.id + 1 + len(of.translations)
        translation = self._add_translation(of, locale, name, description, id_, self._owner_id)
        of.updated_at = translation.updated_at
        self._changed()
        return translation

    def rename(self, of: Container, name: str, locale: str | None = None) -> None:
        """Change a category's or section's name in a locale, the source's if none is given.

        Stamps it. That its articles' `updated_at` stays is unverified.
        """
        translation = of.translations[locale or of.source_locale]
        translation.title = name
        translation.updated_at = translation.edited_at = of.updated_at = self._clock.stamp
        self._changed()

    def move_section(self, section: Section, category: Category) -> None:
        """Put a section, with those in it, into another category.

        That its articles' `updated_at` stays is unverified.
        """
        for moved in self._with_inner(section):
            moved.category_id = category.id
        section.parent_section_id = None
        section.updated_at = self._clock.stamp
        self._changed()

    def remove_section(self, section: Section) -> None:
        """Delete a section with those in it. That its articles are archived is unverified."""
        removed = {row.id for row in self._with_inner(section)}
        for article in self.articles:
            if article.section_id in removed:
                self.archive(article)
        for section_id in removed:
            del self.sections[section_id]
        self._changed()

    def _with_inner(self, section: Section) -> list[Section]:
        """Return a section and those in it, however deep."""
        inner = [row for row in self.sections.values() if row.parent_section_id == section.id]
        return [section, *(deeper for row in inner for deeper in self._with_inner(row))]

    def add_article(  # noqa: PLR0913  -- every field of an article may matter to a test
        self,
        section: Section,
        *,
        title: str,
        body: str | None,
        locale: str | None = None,
        draft: bool = False,
        outdated: bool = False,
        hidden: bool = False,
        user_segment_id: int | None = None,
        labels: Iterable[str] = (),
        author_id: int | None = None,
        promoted: bool = False,
        position: int = 0,
    ) -> Article:
        """Make an article and its source translation, in the default locale if none is given."""
        now = self._clock.stamp
        article = Article(
            id=next(self._ids),
            source_locale=locale or self.default_locale,
            section_id=section.id,
            author_id=author_id or self._owner_id,
            created_at=now,
            updated_at=now,
            user_segment_ids=[] if user_segment_id is None else [user_segment_id],
            label_names=list(labels),
            promoted=promoted,
            position=position,
        )
        self.translate(
            article,
            article.source_locale,
            title=title,
            body=body,
            draft=draft,
            outdated=outdated,
            hidden=hidden,
        )
        self._articles[article.id] = article
        self._changed()
        return article

    def translate(  # noqa: PLR0913  -- a translation has this many fields
        self,
        article: Article,
        locale: str,
        *,
        title: str,
        body: str | None,
        draft: bool = False,
        outdated: bool = False,
        hidden: bool = False,
        stamped: bool = True,
    ) -> Translation:
        """Add a translation in an enabled locale that the article does not have yet."""
        translation = self._add_translation(
            article,
            locale,
            title,
            body,
            next(self._ids),
            article.author_id,
            draft=draft,
            outdated=outdated,
            hidden=hidden,
        )
        if stamped and self._switches.translation_content_moves_article:
            article.updated_at = translation.updated_at
        self._changed()
        return translation

    def _add_translation(  # noqa: PLR0913, PLR0917  -- a translation has this many fields
        self,
        of: Article | Container,
        locale: str,
        title: str,
        body: str | None,
        id_: int,
        author_id: int,
        **flags: bool,
    ) -> Translation:
        """Add a translation. Raise ValueError where there is one already, or can be none."""
        if locale in of.translations:
            kind = type(of).__name__.lower()
            raise ValueError(f"{kind} {of.id} is already translated to {locale}")
        if locale not in self.locales:
            raise ValueError(f"{locale} is not enabled in this Help Center: enable_locale first")
        now = self._clock.stamp
        translation = Translation(
            id=id_,
            locale=locale,
            title=title,
            body=body,
            created_at=now,
            updated_at=now,
            edited_at=now,
            created_by_id=author_id,
            updated_by_id=author_id,
            **flags,
        )
        of.translations[locale] = translation
        return translation

    def change(
        self, article: Article, *, stamped: bool = True, **fields: Unpack[ArticleFields]
    ) -> None:
        """Change what all translations share; `updated_at` moves, even for votes."""
        _refuse_unknown(fields, ArticleFields)
        for name, value in fields.items():
            setattr(article, name, value)
        only_labels = fields.keys() == {"label_names"}
        if stamped and (self._switches.labels_move_article or not only_labels):
            article.updated_at = self._clock.stamp
        self._changed()

    def change_translation(
        self,
        article: Article,
        locale: str,
        *,
        stamped: bool = True,
        **fields: Unpack[TranslationFields],
    ) -> None:
        """Change a text or its flags: stamps the translation, and the article as the switches say.

        A change of the source translation always stamps the article too.
        """
        _refuse_unknown(fields, TranslationFields)
        translation = article.translations[locale]
        for name, value in fields.items():
            setattr(translation, name, value)
        switches = self._switches
        moves_article = {
            "title": switches.translation_content_moves_article,
            "body": switches.translation_content_moves_article,
            "draft": switches.translation_draft_moves_article,
            "outdated": switches.translation_outdated_moves_article,
            "hidden": switches.translation_hidden_moves_article,
        }
        if stamped:
            now = self._clock.stamp
            translation.updated_at = now
            if fields.keys() & {"title", "body"}:
                translation.edited_at = now
            if locale == article.source_locale or any(moves_article[name] for name in fields):
                article.updated_at = now
        self._changed()

    def remove_translation(self, article: Article, locale: str, *, stamped: bool = True) -> None:
        """Delete a translation; the source's can not be."""
        if locale == article.source_locale:
            raise ValueError("the source translation can not be removed")
        del article.translations[locale]
        if stamped and self._switches.translation_deletion_moves_article:
            article.updated_at = self._clock.stamp
        self._changed()

    def archive(self, article: Article) -> None:
        """Take an article out of every list; only the Guide interface can bring it back."""
        article.archived = True
        self._changed()

    def restore(self, article: Article) -> None:
        """Bring an archived article back."""
        article.archived = False
        if self._switches.restoring_moves_article:
            article.updated_at = self._clock.stamp
        self._changed()

    def delete(self, article: Article) -> None:
        """Delete an article for good."""
        del self._articles[article.id]
        self._changed()


@dataclass
class _Encoded:
    """Rows as JSON, and their size in bytes."""

    rows: dict[Hashable, orjson.Fragment] = field(default_factory=dict)
    size: int = 0


def _refuse_unknown(
    fields: ArticleFields | TranslationFields,
    known: type[ArticleFields] | type[TranslationFields],
) -> None:
    unknown: Sequence[str] = sorted(fields.keys() - known.__annotations__.keys())
    if unknown:
        raise TypeError(f"can not change {', '.join(unknown)}")
