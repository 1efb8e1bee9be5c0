"""A sync of all Help Centers of an account, one after the other, on one state."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from functools import partial
from http import HTTPStatus

from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_zendesk_articles.articles.changes import OUT_OF_SCOPE
from source_zendesk_articles.config import Config
from source_zendesk_articles.memory.cursor import Cursor
from source_zendesk_articles.memory.state import State
from source_zendesk_articles.sync.apply import Emitted
from source_zendesk_articles.sync.brands import Plan, by_name, follow, new_entries, plan, problem
from source_zendesk_articles.sync.errors import (
    brand_problem,
    no_help_center,
    no_list_of_brands,
    odd_brand,
    some_failed,
)
from source_zendesk_articles.sync.one_help_center import sync_help_center
from source_zendesk_articles.sync.outbox import Outbox
from source_zendesk_articles.sync.preflight import (
    warn_of_the_end,
)
from source_zendesk_articles.sync.progress import Report, Statistics, progress
from source_zendesk_articles.sync.workers import Workers
from source_zendesk_articles.zendesk.client import Connection, HelpCenterClient
from source_zendesk_articles.zendesk.errors import (
    CredentialError,
    NoUsableAnswerError,
    RefusalError,
    UnreachableError,
)
from source_zendesk_articles.zendesk.models import BrandRow

_LOG = logging.getLogger("airbyte.zendesk")


class AllHelpCenters:
    """One sync of the Help Centers that a configuration means; `state` is what it leaves behind."""

    def __init__(
        self, connection: Connection, config: Config, began_with: State, report: Report
    ) -> None:
        self._connection = connection
        self._config = config
        self._report = report
        self._brands: tuple[BrandRow, ...] | None = None
        self._outbox = Outbox(
            Cursor(began_with.synced_at), dict(began_with.help_centers), config.retract_as
        )
        self._left: frozenset[str] = frozenset()
        self._has_begun = False

    @property
    def state(self) -> State:
        """The state as it is by now; use it at once."""
        return self._outbox.state

    def run(self) -> Iterator[Emitted]:
        """Yield what has to be emitted, each record after a state that announces it.

        A state that is yielded has to be written down at once.

        Raises:
            AirbyteTracedException: in the user's words, after a state that says what was done.

        """
        self._connection.begin()
        try:
            yield from self._run()
        finally:
            # However it ends, the results of the threads are of no use now.
            self._connection.end()

    def _run(self) -> Iterator[Emitted]:
        planned = self._plan()
        errors = errors_of(planned, self._brands or ())
        self._left = planned.left
        self._outbox.expect([*planned.subdomains, *planned.left])
        read = 0
        for subdomain in planned.subdomains:
            try:
                yield from self._read(subdomain)
            except AirbyteTracedException as error:
                if not self._config.has_several:
                    raise
                # What waits of it must not go out with another one's.
                self._outbox.clear()
                errors[subdomain] = self._explained(subdomain, error)
                if isinstance(error, RefusalError) and error.status == HTTPStatus.NOT_FOUND:
                    self._outbox.gone_hosts.add(subdomain)
                if fails_everywhere(error):
                    break
            else:
                read += 1
        self._outbox.expect_no_more(planned.subdomains)
        self._outbox.expect_no_more(planned.left & self._outbox.help_centers.keys())
        if errors:
            if read or self._outbox.owes_state:
                yield from self._outbox.save()
            raise some_failed(errors, read=read)

    def _read(self, subdomain: str) -> Iterator[Emitted]:
        client = self._connection.help_center(subdomain)
        return sync_help_center(client, self._config, self._outbox, self._begin, self._report)

    def _plan(self) -> Plan:
        """Return what to read, what left the configuration, and what is wrong with it."""
        if self._config.has_several:
            client = self._connection.help_center()
            done = Statistics()
            on_wait = lambda: self._report(  # noqa: E731
                progress(client.subdomain, 0, done, client.requests)
            )
            with closing(Workers(on_wait)) as workers:
                self._brands = workers.ask(partial(list_brands, client, self._config))
        brands = self._brands or ()
        entries = self._outbox.help_centers
        followed = follow(entries, brands)
        planned = plan(self._config, followed, self._brands)
        entries.clear()
        # Each gets an entry: a sync that dies between two of them is then known to be unfinished.
        entries.update({**new_entries(planned.subdomains, brands), **followed})
        return planned

    def _begin(self, client: HelpCenterClient) -> Iterator[Emitted]:
        """Do what comes before anything is emitted, once the first Help Center has answered.

        Retract what left the configuration, and forget it, but for keys that another Help Center of
        the state holds: a renamed brand has the same ones.
        """
        if self._has_begun:
            return
        self._has_begun = True
        self._outbox.begin(client.now)
        warn_of_the_end(client)
        entries = self._outbox.help_centers
        for subdomain in sorted(self._left):
            for article_id in entries[subdomain].known:
                self._outbox.retract(subdomain, article_id, OUT_OF_SCOPE)
                if self._outbox.is_full:
                    yield from self._outbox.send()
            yield from self._outbox.send()
            self._outbox.expect_no_more([subdomain])
            del entries[subdomain]
            retracted = self._outbox.statistics[subdomain].emitted
            _LOG.info("Help Center %s is no longer read: %d retracted.", subdomain, retracted)

    def _explained(self, subdomain: str, error: AirbyteTracedException) -> AirbyteTracedException:
        """Return the error for a Help Center that cannot be read: its brand may be gone."""
        if not isinstance(error, RefusalError) or not self._brands:
            return error
        why = problem(by_name(self._brands).get(subdomain))
        return _error(subdomain, why, self._brands) if why else error


def list_brands(client: HelpCenterClient, config: Config) -> tuple[BrandRow, ...] | None:
    """Return the brands; None if Zendesk does not list them and the names are enough.

    Raises:
        AirbyteTracedException: if the list is needed.

    """
    try:
        return client.brands()
    except (NoUsableAnswerError, RefusalError) as error:
        if fails_everywhere(error) or isinstance(error, UnreachableError):
            raise
        if config.every_brand:
            raise no_list_of_brands(error) from None
        _LOG.info(
            "Zendesk does not list the brands (%s): the names in `brands` are taken as they are.",
            error.internal_message,
        )
    return None


def errors_of(planned: Plan, brands: Sequence[BrandRow]) -> dict[str, AirbyteTracedException]:
    """Return what is wrong with the names in the configuration, and with the list of brands."""
    if not planned.subdomains and not planned.problems and not planned.odd:
        raise no_help_center()
    errors = {name: _error(name, why, brands) for name, why in planned.problems.items()}
    odd = {f"of brand {row.id or 'without an id'}": odd_brand(row) for row in planned.odd}
    return {**errors, **odd}


def _error(subdomain: str, why: str, brands: Iterable[BrandRow]) -> AirbyteTracedException:
    valid = sorted(name for name, brand in by_name(brands).items() if not problem(brand))
    return brand_problem(subdomain, why, valid)


def fails_everywhere(error: AirbyteTracedException) -> bool:
    """Return whether all Help Centers would fail alike: they share the credential."""
    is_refused = isinstance(error, RefusalError) and error.status == HTTPStatus.UNAUTHORIZED
    return is_refused or isinstance(error, CredentialError)
