"""Asks Zendesk what is settled before reading: by whom, in which locales, and for whom."""

import logging
from typing import NamedTuple

from source_zendesk_articles.client import HelpCenterClient
from source_zendesk_articles.errors import anonymous_reader, not_staff
from source_zendesk_articles.models import User
from source_zendesk_articles.variants import Audience

_LOG = logging.getLogger("airbyte.zendesk")


class HelpCenter(NamedTuple):
    """A Help Center that can be read; `asked_at` is when Zendesk said so, by its own clock."""

    reader: User
    audience: Audience
    asked_at: str


def inspect(client: HelpCenterClient, *, treat_as_open: bool) -> HelpCenter:
    """Prove that the credentials are an agent's or admin's, and see who else may read.

    Costs three requests. What was found goes to the log.

    Raises:
        AirbyteTracedException: where the account, the Help Center or the access is missing.

    """
    reader = _staff(client)
    asked_at = client.now
    locales = client.locales()
    visitors_may_read = client.visitors_may_read(locales.default)
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
    _LOG.info(
        "Help Center %s, locales %s, default %s.",
        client.subdomain,
        ", ".join(locales.enabled),
        locales.default,
    )
    if visitors_may_read:
        openness = "is open: visitors who are not signed in may read it"
    elif treat_as_open:
        openness = (
            "is closed to visitors who are not signed in; `treat_as_open` names it, so that its "
            "articles can be public all the same"
        )
    else:
        openness = (
            "is closed to visitors who are not signed in, or shows them no article in its default "
            "locale: every article is internal. If you serve readers who sign in, name it in "
            "`treat_as_open`"
        )
    _LOG.info("Help Center %s %s.", client.subdomain, openness)
    return HelpCenter(
        reader,
        Audience(
            is_open=visitors_may_read or treat_as_open,
            enabled_locales=frozenset(locale.lower() for locale in locales.enabled),
        ),
        asked_at,
    )


def _staff(client: HelpCenterClient) -> User:
    reader = client.me()
    if reader.id is None:
        # Zendesk answers so, with status 200, where token access is switched off.
        raise anonymous_reader(client.host)
    if reader.role not in ("admin", "agent"):
        raise not_staff(reader.name, reader.role)
    return reader
