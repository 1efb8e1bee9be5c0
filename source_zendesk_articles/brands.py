"""Which Help Centers a configuration means, and which of the known ones left it. Pure."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from source_zendesk_articles.config import Config, is_subdomain
from source_zendesk_articles.known import KnownArticles
from source_zendesk_articles.models import Brand
from source_zendesk_articles.state import HelpCenterState

Entries = Mapping[str, HelpCenterState]


class Plan(NamedTuple):
    """What a sync reads, in this order, what `left` the configuration, and what is wrong with it.

    `problems`: subdomain → why it can not be read, though the configuration names it.
    """

    subdomains: tuple[str, ...]
    left: frozenset[str]
    problems: Mapping[str, str]


def needs_list(config: Config, entries: Entries) -> bool:
    """Tell whether the account's brands have to be listed before anything is read.

    A name that was never read may be wrong, and then what it replaced must not be retracted.
    """
    return config.every_brand or (
        bool(config.brands) and any(name not in entries for name in config.named)
    )


def plan(config: Config, entries: Entries, brands: Iterable[Brand] | None) -> Plan:
    """Return what to read; `brands` is None where they were not listed, or can not be.

    A list may be short: what was read before and has no row in it is read on, and with `*` a Help
    Center leaves only when the row of its brand says so.
    """
    rows = list(brands or ())
    at = {brand.subdomain: brand for brand in rows}
    named = config.named - {config.subdomain} if config.every_brand else config.named
    problems = {}
    if brands is not None:
        known = {name for name in entries if name not in at}
        problems = {name: why for name in named - known if (why := problem(at.get(name)))}
    if not config.every_brand:
        # What was renamed or mistyped must not be retracted.
        left = frozenset() if problems else entries.keys() - named
        return Plan(_ordered(named - problems.keys(), config), frozenset(left), problems)
    name_of = {brand.id: brand.subdomain for brand in rows}
    renamed = {name for name, entry in entries.items() if name_of.get(entry.brand, name) != name}
    readable = {name for name, brand in at.items() if problem(brand) is None}
    read_before = {name for name, entry in entries.items() if not entry.is_new}
    unlisted = (read_before | {config.subdomain}) - at.keys() - renamed
    left = entries.keys() - readable - unlisted - problems.keys()
    return Plan(_ordered(readable | unlisted, config), frozenset(left), problems)


def follow(entries: Entries, brands: Iterable[Brand]) -> dict[str, HelpCenterState]:
    """Return the entries under the names that their brands have by now, each with its brand's id.

    What a renamed brand shows has other addresses: it has to be listed.
    """
    brands = list(brands)
    name_of = {brand.id: brand.subdomain for brand in brands}
    id_of = {brand.subdomain: brand.id for brand in brands}
    names = {old: name_of.get(entry.brand, old) for old, entry in entries.items()}
    staying = {old for old, new in names.items() if old == new}
    followed: dict[str, HelpCenterState] = {}
    for old, entry in entries.items():
        new = names[old]
        if new != old and new not in staying:
            followed[new] = entry.to_list
        else:
            followed[old] = entry._replace(brand=entry.brand or id_of.get(old, 0))
    return followed


def new_entries(subdomains: Iterable[str], brands: Iterable[Brand]) -> dict[str, HelpCenterState]:
    """Return what is known of Help Centers that were never read."""
    id_of = {brand.subdomain: brand.id for brand in brands}
    return {
        subdomain: HelpCenterState(KnownArticles(), brand=id_of.get(subdomain, 0))
        for subdomain in subdomains
    }


def problem(brand: Brand | None) -> str | None:
    """Return why a brand can not be read, None if nothing is known against it.

    It continues a sentence.
    """
    if brand is None:
        return "is no brand of this account"
    if brand.is_deleted:
        return "is a deleted brand"
    if not brand.active:
        return "is an inactive brand"
    if not is_subdomain(brand.subdomain):
        # The credential goes to the host that it names.
        return "is no name of a host of Zendesk's"
    if not brand.has_help_center:
        return "is a brand without a Help Center"
    return None


def _ordered(subdomains: Iterable[str], config: Config) -> tuple[str, ...]:
    """Return the account's own one first."""
    return tuple(sorted(subdomains, key=lambda name: (name != config.subdomain, name)))
