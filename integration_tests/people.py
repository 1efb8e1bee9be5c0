"""People who work in Zendesk, as a property test draws them."""

from typing import Any, NamedTuple

from hypothesis import strategies as st

from integration_tests.zendesk_emulator import (
    Article,
    Category,
    HelpCenter,
    Section,
    ZendeskEmulator,
)

LOCALES = ["en-us", "de", "fr"]
MOST_ARTICLES = 12
MOST_SECTIONS = 6


class Edit(NamedTuple):
    """Something that somebody does in Zendesk; the numbers pick from what is there."""

    kind: str
    article: int
    other: int
    text: str
    flag: bool
    stamped: bool


EDITS = st.builds(
    Edit,
    kind=st.sampled_from(
        [
            *["add", "text", "translate", "restore"] * 3,
            *["untranslate", "draft", "outdated", "hidden", "segment", "labels", "move"] * 2,
            *["archive", "delete", "vote", "promote", "locale", "visitors"],
            *["move section", "remove section", "nest section"],
            *["rename section", "rename category", "translate section", "translate category"],
        ]
    ),
    article=st.integers(0, MOST_ARTICLES),
    other=st.integers(0, 7),
    text=st.sampled_from(["a", "b", "c", ""]),
    flag=st.booleans(),
    stamped=st.sampled_from([True, True, False]),
)


class Zendesk:
    """What people do in Zendesk, and which articles its incremental list has to tell of."""

    def __init__(self, zendesk: ZendeskEmulator, help_center: HelpCenter) -> None:
        self._clock = zendesk.clock
        self.help_center = help_center
        for locale in LOCALES[1:]:
            self.help_center.enable_locale(locale)
        first, second = (self.help_center.add_category(name) for name in ("c1", "c2"))
        for category in (first, first, second):
            self.help_center.add_section(category, "s")
        self.stamped: set[int] = set()
        self.ever: set[int] = set()
        for number in range(6):
            self._clock.advance(1)
            self._add(Edit("add", 0, number, "abc"[number % 3], flag=False, stamped=True))
        for article in self.help_center.articles[:4]:
            locale = "de" if article.source_locale == "fr" else "fr"
            self.help_center.translate(article, locale, title="t", body="b")

    @property
    def sections(self) -> list[Section]:
        """Those that are there."""
        return list(self.help_center.sections.values())

    @property
    def categories(self) -> list[Category]:
        """Those that are there."""
        return list(self.help_center.categories.values())

    def do(self, edit: Edit) -> None:
        """Do it if it can be done as things are; some things happen within a second."""
        self._clock.advance(edit.flag)
        getattr(self, "_" + edit.kind.replace(" ", "_"))(edit)

    def _article(self, edit: Edit) -> Article | None:
        articles = self.help_center.articles
        return articles[edit.article % len(articles)] if articles else None

    def _note(self, article: Article) -> None:
        if article.updated_at == self._clock.stamp:
            self.stamped.add(article.id)

    def _add(self, edit: Edit) -> None:
        if len(self.help_center.articles) < MOST_ARTICLES:
            article = self.help_center.add_article(
                self.sections[edit.other % len(self.sections)],
                title=f"t{edit.text}",
                body=edit.text or None,
                locale=None if edit.other % 3 else self.help_center.locales[-1],
                draft=edit.flag and edit.stamped,
                labels=[edit.text] if edit.text else [],
                position=edit.other,
            )
            self.ever.add(article.id)
            self._note(article)

    def _change(self, edit: Edit, **fields: Any) -> None:  # noqa: ANN401 -- any field
        article = self._article(edit)
        if article:
            self.help_center.change(article, stamped=edit.stamped, **fields)
            self._note(article)

    def _change_translation(self, edit: Edit, **fields: Any) -> None:  # noqa: ANN401 -- any field
        article = self._article(edit)
        if article:
            locale = _locale_of(article, edit)
            self.help_center.change_translation(article, locale, stamped=edit.stamped, **fields)
            self._note(article)

    def _text(self, edit: Edit) -> None:
        self._change_translation(edit, title=f"t{edit.text}", body=edit.text or None)

    def _draft(self, edit: Edit) -> None:
        self._change_translation(edit, draft=edit.flag)

    def _outdated(self, edit: Edit) -> None:
        self._change_translation(edit, outdated=edit.flag)

    def _hidden(self, edit: Edit) -> None:
        self._change_translation(edit, hidden=edit.flag)

    def _segment(self, edit: Edit) -> None:
        self._change(edit, user_segment_id=7 if edit.flag else None)

    def _labels(self, edit: Edit) -> None:
        self._change(edit, label_names=[edit.text] if edit.text else [])

    def _move(self, edit: Edit) -> None:
        self._change(edit, section_id=self.sections[edit.other % len(self.sections)].id)

    def _vote(self, edit: Edit) -> None:
        self._change(edit, vote_sum=edit.other, vote_count=edit.other, position=edit.other)

    def _promote(self, edit: Edit) -> None:
        self._change(edit, promoted=edit.flag)

    def _translate(self, edit: Edit) -> None:
        article, locale = self._article(edit), self._enabled_locale(edit)
        if article and locale not in article.translations:
            title, body = f"t{edit.text}", edit.text or None
            self.help_center.translate(
                article, locale, title=title, body=body, draft=edit.flag, stamped=edit.stamped
            )
            self._note(article)

    def _untranslate(self, edit: Edit) -> None:
        article = self._article(edit)
        others = sorted(article.translations.keys() - {article.source_locale}) if article else []
        if article and others:
            locale = others[edit.other % len(others)]
            self.help_center.remove_translation(article, locale, stamped=edit.stamped)
            self._note(article)

    def _archive(self, edit: Edit) -> None:
        article = self._article(edit)
        if article:
            self.help_center.archive(article)

    def _restore(self, edit: Edit) -> None:
        archived = [
            article
            for article in self.help_center.archived_articles
            if article.section_id in self.help_center.sections
        ]
        if archived and len(self.help_center.articles) < MOST_ARTICLES:
            article = archived[edit.article % len(archived)]
            self.help_center.restore(article)
            self._note(article)

    def _delete(self, edit: Edit) -> None:
        article = self._article(edit)
        if article:
            self.help_center.delete(article)

    def _locale(self, edit: Edit) -> None:
        locale = LOCALES[1 + edit.other % 2]
        if locale in self.help_center.locales:
            self.help_center.disable_locale(locale)
        else:
            self.help_center.enable_locale(locale)

    def _visitors(self, edit: Edit) -> None:
        self.help_center.visitors = "open" if edit.flag else "closed"

    def _section(self, edit: Edit) -> Section:
        return self.sections[edit.article % len(self.sections)]

    def _category(self, edit: Edit) -> Category:
        return self.categories[edit.article % len(self.categories)]

    def _move_section(self, edit: Edit) -> None:
        category = self.categories[edit.other % len(self.categories)]
        self.help_center.move_section(self._section(edit), category)

    def _remove_section(self, edit: Edit) -> None:
        section = self.sections[edit.other % len(self.sections)]
        # One that is left has to be outside.
        outermost = [row for row in self.sections if row.parent_section_id is None]
        if outermost != [section]:
            self.help_center.remove_section(section)

    def _nest_section(self, edit: Edit) -> None:
        if len(self.sections) < MOST_SECTIONS:
            parent = self._section(edit)
            self.help_center.add_section(
                self.help_center.categories[parent.category_id],
                f"s{edit.text}",
                parent,
                locale=None if edit.other % 3 else self.help_center.locales[-1],
            )

    # Where things stand is no part of an article: a new name moves no article's time.

    def _rename_section(self, edit: Edit) -> None:
        section = self._section(edit)
        self.help_center.rename(section, f"s{edit.text}", _locale_of(section, edit))

    def _rename_category(self, edit: Edit) -> None:
        category = self._category(edit)
        self.help_center.rename(category, f"c{edit.text}", _locale_of(category, edit))

    def _translate_section(self, edit: Edit) -> None:
        section, locale = self._section(edit), self._enabled_locale(edit)
        if locale not in section.translations:
            self.help_center.add_name(section, locale, f"s{edit.text}")

    def _translate_category(self, edit: Edit) -> None:
        category, locale = self._category(edit), self._enabled_locale(edit)
        if locale not in category.translations:
            self.help_center.add_name(category, locale, f"c{edit.text}")

    def _enabled_locale(self, edit: Edit) -> str:
        return self.help_center.locales[edit.other % len(self.help_center.locales)]


def _locale_of(row: Article | Category | Section, edit: Edit) -> str:
    return sorted(row.translations)[edit.other % len(row.translations)]
