"""Before the reading: the user, the locales, and whether visitors may read."""

import logging
from collections.abc import Callable
from typing import Final, Literal, NamedTuple

from source_zendesk_articles.articles.visibility import ANSWER_HOLDS_SECONDS, VisitorsAnswer
from source_zendesk_articles.zendesk.client import HelpCenterClient
from source_zendesk_articles.zendesk.credential_help import on_api_tokens
from source_zendesk_articles.zendesk.errors import (
    anonymous_user,
    not_staff,
)
from source_zendesk_articles.zendesk.models import Locales, User
from source_zendesk_articles.zendesk.timestamps import later

UNKNOWN_USER: Final = "unknown"
# A change may become visible a little after its timestamp, so nothing younger counts as read. Nor
# is anything younger asked for: Zendesk's other incremental exports refuse that.
SETTLING_SECONDS: Final = 60
# A single one may be due to its locale.
_MOST_UNANSWERED: Final = 2

_LOG = logging.getLogger("airbyte.zendesk")


class HelpCenter(NamedTuple):
    """A Help Center that can be read.

    `user`: the `identity` of the credential's user, None if it was not asked for. `answer`: the
    last one that visitors got, None if there never was one. `visitors_may_read`: None if that
    answer no longer holds; the Help Center counts as closed then.
    """

    user: str | None
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
    """Prove that the user is an agent or admin, ask what visitors may read, and log both.

    `last`: the answer to visitors that is known from before. Costs two requests in addition to that
    for the locales, one more if the credential's scope hides the user, and one for each further
    locale while visitors are shown no article.

    Raises:
        AirbyteTracedException: if the account, the Help Center or the access is missing.

    """
    user = prove_staff(client)
    locales = ask_locales()
    found = ask_as_visitor(client.visitors_may_read, locales)
    answer = last if found is None else VisitorsAnswer(found, client.now)
    visitors_may_read = answer.may_read if answer and answer.holds(client.now) else None
    if treat_as_open:
        # Nothing depends on the answer then, or on whether there is one.
        visitors_may_read = visitors_may_read is True
    _log_user(client, user)
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
    return HelpCenter(identity(user), locales, visitors_may_read, answer)


def ask_as_visitor(
    ask: Callable[[str], Literal["open", "empty", "closed"] | None], locales: Locales
) -> bool | None:
    """Return whether a visitor may read a Help Center; None if there is no usable answer.

    An empty list only shows that there is nothing to read in its locale, so the others are asked
    until one shows an article. A refusal for the default locale counts for all. Two locales without
    a usable answer are enough: each request was retried.
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
    """Warn that visitors got no usable answer, and say what counts instead.

    `last`: the answer before, None if there never was one. Ask for something else first.
    """
    if last is None:
        taken_for = "It counts as closed until a sync gets one"
    elif last.holds(client.now):
        said = "open" if last.may_read else "closed"
        until = later(last.at, ANSWER_HOLDS_SECONDS)
        taken_for = f"The last one, of {last.at}, says {said}, and holds until {until}"
    else:
        taken_for = (
            f"The last one, of {last.at}, is too old: it counts as closed until a sync gets "
            "another one"
        )
    _LOG.warning(
        "Help Center %s gave visitors who are not signed in no usable answer. %s.",
        client.subdomain,
        taken_for,
    )


def prove_staff(client: HelpCenterClient) -> User | None:
    """Return the user, who is an agent or admin; None if the credential's scope hides the user.

    Raises:
        AirbyteTracedException: a `config_error` for any other user: Zendesk shows them less.

    """
    user = client.me()
    if user is None:
        # It answers 404 to a user who is no agent.
        client.feed_page(later(client.now, -SETTLING_SECONDS))
        return None
    if user.id is None:
        # Zendesk answers so, with status 200, if token access is switched off.
        raise anonymous_user(client.auth_type, client.host, client.now)
    if user.role not in ("admin", "agent"):
        raise not_staff(user.name or "", user.role or "")
    return user


def identity(user: User | None) -> str:
    """Return the id and role of a user as one text: it changes with what the user may see.

    All users whom a scope hides have the same, which proves nothing.
    """
    return f"{user.id}:{user.role}" if user else UNKNOWN_USER


def warn_of_the_end(client: HelpCenterClient) -> None:
    """Warn if an API token is used, by Zendesk's clock: ask for something else first."""
    if client.auth_type == "api_token":
        _LOG.warning("%s", on_api_tokens(client.now))


def _log_user(client: HelpCenterClient, user: User | None) -> None:
    if user is None:
        _LOG.info("Zendesk account %s, as an agent or admin.", client.subdomain)
        _LOG.warning(
            "The scope of the credentials hides the user. If the user is not an admin, Zendesk "
            "silently leaves out every article that this user may not view. The scope `read` shows "
            "the user."
        )
        return
    _LOG.info(
        "Zendesk account %s, as %s <%s>, %s.",
        client.subdomain,
        user.name,
        user.email,
        user.role,
    )
    if user.role != "admin":
        _LOG.warning(
            "%s is not an admin: Zendesk silently leaves out every article that this user may not "
            "view. Prefer the credentials of an admin.",
            user.name,
        )
