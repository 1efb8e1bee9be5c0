"""The connection test: proves that a sync would work, and logs what it would meet."""

import logging
from concurrent.futures import wait
from contextlib import closing
from functools import partial
from typing import Final

from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_zendesk_articles.config import Config, host_of
from source_zendesk_articles.sync.all_help_centers import errors_of, fails_everywhere, list_brands
from source_zendesk_articles.sync.brands import plan
from source_zendesk_articles.sync.errors import filters_without_match, some_failed
from source_zendesk_articles.sync.filter_check import (
    Choices,
    choices,
    read_filtered,
    unknown_filters,
)
from source_zendesk_articles.sync.preflight import inspect, warn_of_the_end
from source_zendesk_articles.sync.workers import Workers
from source_zendesk_articles.zendesk.client import Connection
from source_zendesk_articles.zendesk.errors import UnreachableError

# Who set up a source waits for it: a minute in all, the start of the process included.
CHECK_SECONDS: Final = 45
_GRACE_SECONDS: Final = 3


_LOG = logging.getLogger("airbyte.zendesk")


def check(connection: Connection, config: Config) -> None:
    """Prove that a sync would work, and log what it would meet, within a minute.

    Raises:
        AirbyteTracedException: otherwise, with a sentence for the user.

    """
    connection.begin(CHECK_SECONDS)
    try:
        with closing(Workers(lambda: None, most=1)) as workers:
            checked = workers.submit(partial(_check, connection, config))
            wait([checked], CHECK_SECONDS + _GRACE_SECONDS)
            if not checked.done():
                # Nothing ends the look-up of a name early.
                host, seconds = host_of(config.subdomain), CHECK_SECONDS + _GRACE_SECONDS
                to_do = "Check this machine's network and DNS."
                raise UnreachableError(f"The check of {host}", f"no end after {seconds} s", to_do)
            checked.result()
    finally:
        connection.end()


def _check(connection: Connection, config: Config) -> None:
    brands = list_brands(connection.help_center(), config) if config.has_several else None
    planned = plan(config, {}, brands)
    errors = errors_of(planned, brands or ())
    found: list[Choices] = []
    for subdomain in planned.subdomains:
        client = connection.help_center(subdomain)
        treat_as_open = config.treats_as_open(subdomain)
        try:
            help_center = inspect(client, client.locales, None, treat_as_open=treat_as_open)
            if not found:
                warn_of_the_end(client)
            found.append(choices(help_center.locales, read_filtered(client, config.filters)))
            _LOG.info("Help Center %s has %d articles.", subdomain, client.count_articles())
        except AirbyteTracedException as error:
            if not config.has_several:
                raise
            errors[subdomain] = error
            if fails_everywhere(error):
                break
    if errors:
        raise some_failed(errors, read=0)
    sentences = unknown_filters(config.filters, found)
    if sentences:
        raise filters_without_match(sentences)
