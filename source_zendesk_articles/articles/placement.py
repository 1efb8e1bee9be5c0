"""Where an article stands: in which section and category, and what they are called."""

from dataclasses import dataclass, field

from msgspec.structs import replace

from source_zendesk_articles.zendesk.models import Article, Category, Names, Section


@dataclass
class Hierarchy:
    """Categories and sections by id, of those lists that were asked for in a sync.

    `is_final`: they were asked for because an article came without, and are not asked for again.
    """

    categories: dict[int, Category] = field(default_factory=dict)
    sections: dict[int, Section] = field(default_factory=dict)
    is_final: bool = False

    def update(self, other: "Hierarchy") -> None:
        """Add what was asked for since."""
        self.categories.update(other.categories)
        self.sections.update(other.sections)

    def places(self, article: Article) -> bool:
        """Whether an article's section and category are there."""
        section = self.sections.get(article.section_id or 0)
        return section is not None and (section.category_id or 0) in self.categories

    def place(self, article: Article) -> Article:
        """Return an article with what is here of its section and category."""
        section = self.sections.get(article.section_id or 0, article.section)
        if section is None:
            return article
        category = self.categories.get(section.category_id or 0)
        if category is None and article.category and article.category.id == section.category_id:
            category = article.category
        return replace(article, section=section, category=category)


def is_placed(article: Article) -> bool:
    """Tell whether an article came with its section and category, and their names in its locales.

    One that is in no section stands nowhere, and there is nothing to ask for.
    """
    if article.section is None or article.category is None:
        return article.section_id is None
    return _is_named(article.section.names, article) and _is_named(article.category.names, article)


def _is_named(names: Names, article: Article) -> bool:
    return names.is_whole or (
        article.translations is not None
        and all(names.is_known_in(translation.locale) for translation in article.translations)
    )
