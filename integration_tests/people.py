"""People who work in Zendesk, as a property test draws them."""

from typing import Any, NamedTuple

from hypothesis import strategies as st

from integration_tests.zendesk_emulator import Article, HelpCenter, Section, ZendeskEmulator

LOCALES = ["en-us", "de", "fr"]
MOST_ARTICLES = 12


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
            *["move section", "remove section"],
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
            locale = sorted(article.translations)[edit.other % len(article.translations)]
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
        article = self._article(edit)
        locale = self.help_center.locales[edit.other % len(self.help_center.locales)]
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

    def _move_section(self, edit: Edit) -> None:
        categories = list(self.help_center.categories.values())
        section = self.sections[edit.article % len(self.sections)]
        self.help_center.move_section(section, categories[edit.other % len(categories)])

    def _remove_section(self, edit: Edit) -> None:
        if len(self.sections) > 1:
            self.help_center.remove_section(self.sections[edit.other % len(self.sections)])
