"""The Help Centers of an account, one after the other: a sync of them on one state, and `check`."""

import logging
from collections.abc import Generator, Iterator
from contextlib import closing
from functools import partial
from http import HTTPStatus

from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_zendesk_articles.brands import Plan, follow, needs_list, new_entries, plan, problem
from source_zendesk_articles.changes import OUT_OF_SCOPE, retract
from source_zendesk_articles.client import Account, HelpCenterClient
from source_zendesk_articles.config import Config
from source_zendesk_articles.errors import (
    RefusalError,
    brand_problem,
    filters_without_match,
    no_help_center,
    no_list_of_brands,
    some_failed,
)
from source_zendesk_articles.help_center import (
    Choices,
    choices,
    inspect,
    read_hierarchy,
    unknown_filters,
    warn_of_the_end,
)
from source_zendesk_articles.models import Brand
from source_zendesk_articles.outbox import Outbox
from source_zendesk_articles.records import Cursor
from source_zendesk_articles.state import State
from source_zendesk_articles.stats import ReadStats, progress
from source_zendesk_articles.sync import Emitted, sync_help_center
from source_zendesk_articles.workers import Workers

_LOG = logging.getLogger("airbyte.zendesk")


class _Brands:
    """The brands of the account, listed once, and only if somebody asks."""

    def __init__(self, client: HelpCenterClient, config: Config) -> None:
        self._client = client
        self._config = config
        self._has_asked = False
        self._rows: tuple[Brand, ...] | None = None

    def rows(self) -> tuple[Brand, ...] | None:
        """Return the brands; None where Zendesk does not let the user list them.

        Raises:
            AirbyteTracedException: where there is no answer, or a refusal and the list is needed.

        """
        if not self._has_asked:
            try:
                self._rows = self._client.brands()
            except RefusalError as error:
                if _is_everybodys(error):
                    raise
                if self._config.every_brand:
                    raise no_list_of_brands(error) from None
                _LOG.info("%s The names in `brands` are taken as they are.", error.message)
            self._has_asked = True
        return self._rows

    def problem(self, subdomain: str, why: str) -> AirbyteTracedException:
        """Return the error for a Help Center that is named and can not be read."""
        rows = self._rows or ()
        return brand_problem(
            subdomain, why, sorted(row.subdomain for row in rows if not problem(row))
        )

    def problems(self, planned: Plan) -> dict[str, AirbyteTracedException]:
        """Return the errors for what is wrong with the names in the configuration."""
        if not planned.subdomains and not planned.problems:
            raise no_help_center()
        return {name: self.problem(name, why) for name, why in planned.problems.items()}


class AccountSync:
    """A sync of the Help Centers that a configuration means."""

    def __init__(self, account: Account, config: Config, began_with: State) -> None:
        self._account = account
        self._config = config
        self._client = account.help_center()
        self._brands = _Brands(self._client, config)
        self._outbox = Outbox(
            Cursor(began_with.synced_at), dict(began_with.help_centers), config.retract_as
        )
        self._left: frozenset[str] = frozenset()
        self._has_begun = False

    def run(self) -> Generator[Emitted, None, State]:
        """Yield what has to be emitted, each record behind a state that announces it; and progress.

        A state that was yielded is to be written down at once. Returns the last one.

        Raises:
            AirbyteTracedException: in the user's words, behind a state that tells what was done.

        """
        subdomains, self._left, errors = yield from self._plan()
        read = 0
        for subdomain in subdomains:
            try:
                yield from sync_help_center(
                    self._account.help_center(subdomain),
                    self._config,
                    self._outbox,
                    begin=self._begin,
                    prove_brand=partial(self._prove_brand, subdomain),
                )
            except AirbyteTracedException as error:
                if not self._config.brands:
                    raise
                # What waits of it must not go out with another one's.
                self._outbox.clear()
                errors[subdomain] = self._explained(subdomain, error)
                if _is_everybodys(error):
                    break
            else:
                read += 1
        if errors:
            if read:
                yield from self._outbox.tell()
            raise some_failed(errors, read=read)
        return self._outbox.state

    def _plan(
        self,
    ) -> Generator[
        Emitted, None, tuple[tuple[str, ...], frozenset[str], dict[str, AirbyteTracedException]]
    ]:
        """Return what to read, what left the configuration, and what is wrong with it."""
        entries = self._outbox.help_centers
        rows = None
        if needs_list(self._config, entries):
            tick = partial(progress, self._client.subdomain, 0, ReadStats(), self._client.requests)
            with closing(Workers(tick)) as workers:
                rows = yield from workers.ask(self._brands.rows)
        followed = follow(entries, rows or ())
        planned = plan(self._config, followed, rows)
        entries.clear()
        # An entry of each: a sync that dies between two of them is then known to be unfinished.
        entries.update({**new_entries(planned.subdomains, rows or ()), **followed})
        return planned.subdomains, planned.left, self._brands.problems(planned)

    def _begin(self, client: HelpCenterClient) -> Iterator[Emitted]:
        """Come before anything that is emitted, once the first Help Center has answered.

        Retract what left the configuration, and forget it. A key that another Help Center of the
        state holds stays: a renamed brand has the same ones.
        """
        if self._has_begun:
            return
        self._has_begun = True
        self._outbox.begin(client.now)
        warn_of_the_end(client)
        entries = self._outbox.help_centers
        for subdomain in sorted(self._left):
            entry = entries[subdomain]
            others = [other.known for other in entries.values() if other is not entry]
            for article_id in entry.known:
                held = entry.known.locales(article_id)
                left = held.difference(*(known.locales(article_id) for known in others))
                if left:
                    self._outbox.put(retract(subdomain, article_id, left, OUT_OF_SCOPE))
                if self._outbox.is_full:
                    yield from self._outbox.send()
            yield from self._outbox.send()
            del entries[subdomain]
            retracted = self._outbox.stats[subdomain].total
            _LOG.info("Help Center %s is not read any more: %d retracted.", subdomain, retracted)

    def _prove_brand(self, subdomain: str) -> None:
        """Ask, before all of a Help Center is listed, whether it is still one to be read.

        Raises:
            AirbyteTracedException: if the row of its brand says no.

        """
        if not self._config.brands:
            return
        for brand in self._brands.rows() or ():
            why = problem(brand)
            if brand.subdomain == subdomain and why:
                raise self._brands.problem(subdomain, why)

    def _explained(self, subdomain: str, error: AirbyteTracedException) -> AirbyteTracedException:
        """Return the error for a Help Center that can not be read: what its brand says, if it does.

        A renamed brand has no host at its old name.
        """
        if not isinstance(error, RefusalError) or _is_everybodys(error):
            return error
        try:
            rows = self._brands.rows()
        except AirbyteTracedException:
            return error
        if rows is None:
            return error
        why = problem(next((row for row in rows if row.subdomain == subdomain), None))
        return self._brands.problem(subdomain, why) if why else error


def check(account: Account, config: Config) -> None:
    """Prove that a sync would work, and log what it would meet.

    Raises:
        AirbyteTracedException: otherwise, with a sentence for the user.

    """
    brands = _Brands(account.help_center(), config)
    rows = brands.rows() if config.brands else None
    planned = plan(config, {}, rows)
    errors = brands.problems(planned)
    found: list[Choices] = []
    for subdomain in planned.subdomains:
        client = account.help_center(subdomain)
        treat_as_open = config.treats_as_open(subdomain)
        try:
            help_center = inspect(client, client.locales, treat_as_open=treat_as_open)
            if not found:
                warn_of_the_end(client)
            found.append(choices(help_center.locales, read_hierarchy(client, config.filters)))
            _LOG.info("Help Center %s has %d articles.", subdomain, client.count_articles())
        except AirbyteTracedException as error:
            if not config.brands:
                raise
            errors[subdomain] = error
            if _is_everybodys(error):
                break
    if errors:
        raise some_failed(errors, read=0)
    sentences = unknown_filters(config.filters, found)
    if sentences:
        raise filters_without_match(sentences)


def _is_everybodys(error: AirbyteTracedException) -> bool:
    """Tell whether all Help Centers would fail alike: they share the credential."""
    return isinstance(error, RefusalError) and error.status == HTTPStatus.UNAUTHORIZED
