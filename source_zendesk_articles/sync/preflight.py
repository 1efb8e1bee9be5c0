"""Asks Zendesk what is settled before reading: by whom, in which locales, and for whom."""

import logging
from collections.abc import Callable, Iterable
from typing import Final, Literal, NamedTuple

from source_zendesk_articles.articles.filters import sentence_on_unknown
from source_zendesk_articles.articles.placement import Hierarchy
from source_zendesk_articles.articles.visibility import ANSWER_HOLDS_SECONDS, VisitorsAnswer
from source_zendesk_articles.config import Filters
from source_zendesk_articles.zendesk.client import HelpCenterClient
from source_zendesk_articles.zendesk.credential_help import on_api_tokens
from source_zendesk_articles.zendesk.errors import (
    anonymous_reader,
    not_staff,
)
from source_zendesk_articles.zendesk.models import Locales, User
from source_zendesk_articles.zendesk.timestamps import later

Choices = dict[str, dict[object, str]]

UNKNOWN_READER: Final = "unknown"
# A change may become visible a little after its stamp, so that stamps are taken for read up to a
# minute ago. Nor is younger asked for: sibling exports refuse that.
SETTLING_SECONDS: Final = 60
# One may be a matter of its locale.
_MOST_UNANSWERED: Final = 2

_LOG = logging.getLogger("airbyte.zendesk")


class HelpCenter(NamedTuple):
    """A Help Center that can be read.

    `reader` is the `identity` of the user, None where nobody asked. `answer` is the last one that
    visitors got, None where there never was one. `visitors_may_read` is None where it holds no
    more: then they may not, until there is another one.
    """

    reader: str | None
    locales: Locales
    visitors_may_read: bool | None
    answer: VisitorsAnswer | None


def inspect(
    client: HelpCenterClient,
    ask_locales: Callable[[], Locales],
    last: VisitorsAnswer | None,
    *,
    treat_as_open: bool,
) -> HelpCenter:
    """Prove that the credentials are an agent's or admin's, and see who else may read.

    `last` is the answer to visitors that is known from before. Costs two requests besides that for
    the locales, one more if the scope does not tell who the user is, and one for each further
    locale while visitors are shown no article. What was found goes to the log.

    Raises:
        AirbyteTracedException: where the account, the Help Center or the access is missing.

    """
    reader = prove_staff(client)
    locales = ask_locales()
    found = ask_as_visitor(client.visitors_may_read, locales)
    answer = last if found is None else VisitorsAnswer(found, client.now)
    visitors_may_read = answer.may_read if answer and answer.holds(client.now) else None
    if treat_as_open:
        # Then nothing rests on the answer, or on getting one.
        visitors_may_read = visitors_may_read is True
    _tell_reader(client, reader)
    _LOG.info(
        "Help Center %s, locales %s, default %s.",
        client.subdomain,
        ", ".join(locales.enabled),
        locales.default,
    )
    if found is None and not treat_as_open:
        warn_of_no_answer(client, answer)
    else:
        _LOG.info("Help Center %s %s.", client.subdomain, _openness(found, treat_as_open))
    return HelpCenter(identity(reader), locales, visitors_may_read, answer)


def ask_as_visitor(
    ask: Callable[[str], Literal["open", "empty", "closed"] | None], locales: Locales
) -> bool | None:
    """Tell whether a visitor may read a Help Center; None if there is no usable answer.

    An empty list proves nothing, but that there is nothing to read in this locale: the others are
    asked, until one shows an article. The default one speaks for all if it refuses. Two locales
    without a usable answer are enough: each was asked for again and again.
    """
    default = locales.default.lower()
    others = [locale for locale in locales.enabled if locale.lower() != default]
    unanswered = 0
    for locale in (locales.default, *others):
        answer = ask(locale)
        if answer == "open":
            return True
        if answer == "closed" and locale == locales.default:
            return False
        unanswered += answer is None
        if unanswered >= _MOST_UNANSWERED:
            break
    return None if unanswered else False


def _openness(found: bool | None, treat_as_open: bool) -> str:  # noqa: FBT001 -- what is logged
    if found:
        return "is open: visitors who are not signed in may read it"
    if treat_as_open:
        found_out = (
            "gave visitors no usable answer"
            if found is None
            else "is closed to visitors who are not signed in, or shows them no article"
        )
        return f"{found_out}; `treat_as_open` names it, so that its articles can be public"
    return (
        "is closed to visitors who are not signed in, or shows them no article in any of its "
        "locales: every article is internal. If you serve readers who sign in, name it in "
        "`treat_as_open`"
    )


def warn_of_no_answer(client: HelpCenterClient, last: VisitorsAnswer | None) -> None:
    """Warn that visitors got no usable answer, and what it is taken for; ask for something first.

    `last` is the answer before, None if there never was one.
    """
    if last is None:
        taken_for = "It is taken for closed to them until a sync gets one"
    elif last.holds(client.now):
        said = "open" if last.may_read else "closed"
        until = later(last.at, ANSWER_HOLDS_SECONDS)
        taken_for = f"The last one, of {last.at}, says {said}, and holds until {until}"
    else:
        taken_for = (
            f"The last one, of {last.at}, is too old: it is taken for closed to them until a sync "
            "gets another one"
        )
    _LOG.warning(
        "Help Center %s gave visitors who are not signed in no usable answer. %s.",
        client.subdomain,
        taken_for,
    )


def prove_staff(client: HelpCenterClient) -> User | None:
    """Return whom the credentials belong to, an agent or admin; None where the scope hides who.

    Raises:
        AirbyteTracedException: a `config_error` for anybody else, who sees less without a word.

    """
    reader = client.me()
    if reader is None:
        # It answers 404 to whoever is no agent.
        client.changes(later(client.now, -SETTLING_SECONDS))
        return None
    if reader.id is None:
        # Zendesk answers so, with status 200, where token access is switched off.
        raise anonymous_reader(client.auth_type, client.host, client.now)
    if reader.role not in ("admin", "agent"):
        raise not_staff(reader.name, reader.role)
    return reader


def identity(reader: User | None) -> str:
    """Return the user and role in one text: who sees more or less has another one.

    All that a scope hides share one, which proves nothing.
    """
    return f"{reader.id}:{reader.role}" if reader else UNKNOWN_READER


def warn_of_the_end(client: HelpCenterClient) -> None:
    """Warn who signs in with an API token, by Zendesk's clock: ask for something first."""
    if client.auth_type == "api_token":
        _LOG.warning("%s", on_api_tokens(client.now))


def _tell_reader(client: HelpCenterClient, reader: User | None) -> None:
    if reader is None:
        _LOG.info("Zendesk account %s, as somebody who is an agent or admin.", client.subdomain)
        _LOG.warning(
            "The scope of the credentials hides whose they are. If the user is no admin, Zendesk "
            "leaves out, without a word, each article that this user may not see. The scope `read` "
            "tells."
        )
        return
    _LOG.info(
        "Zendesk account %s, as %s <%s>, %s.",
        client.subdomain,
        reader.name,
        reader.email,
        reader.role,
    )
    if reader.role != "admin":
        _LOG.warning(
            "%s is no admin: Zendesk leaves out, without a word, each article that this user may "
            "not see. Prefer the credentials of an admin.",
            reader.name,
        )


def read_hierarchy(client: HelpCenterClient, *, categories: bool, sections: bool) -> Hierarchy:
    """Ask for the lists of categories and sections, or one of them, or none."""
    return Hierarchy(
        {row.id: row for page in client.categories() for row in page} if categories else {},
        {row.id: row for page in client.sections() for row in page} if sections else {},
    )


def read_filtered(client: HelpCenterClient, filters: Filters) -> Hierarchy:
    """Ask for the lists that filters need: none, sections, or categories and sections."""
    return read_hierarchy(
        client, categories=bool(filters.categories), sections=filters.need_section
    )


def choices(locales: Locales, hierarchy: Hierarchy) -> Choices:
    """Return what the filters of a Help Center can name: field → id or locale → its name or ""."""
    return {
        "locales": {locale.lower(): "" for locale in locales.enabled},
        "categories": {row.id: row.names.own for row in hierarchy.categories.values()},
        "sections": {row.id: row.names.own for row in hierarchy.sections.values()},
    }


def unknown_filters(filters: Filters, found: Iterable[Choices]) -> list[str]:
    """Return a sentence for each filter that names what none of some Help Centers has."""
    valid: Choices = {}
    for one in found:
        for field, names in one.items():
            valid.setdefault(field, {}).update(names)
    sentences = (
        sentence_on_unknown(field, getattr(filters, field), names) for field, names in valid.items()
    )
    return [sentence for sentence in sentences if sentence]
