"""Which Help Centers a configuration means, and which ones of the state left it. Pure."""

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from source_zendesk_articles.config import Config, is_subdomain
from source_zendesk_articles.memory.known import KnownArticles
from source_zendesk_articles.memory.state import HelpCenterState
from source_zendesk_articles.zendesk.models import Brand, BrandRow, Unreadable

Entries = Mapping[str, HelpCenterState]


class Plan(NamedTuple):
    """The Help Centers to read, in this order, those that `left`, and what is wrong.

    `problems`: subdomain → why it cannot be read, though the configuration names it. `odd`: rows of
    the list of brands that lack what is needed; each may belong to a Help Center that is meant.
    """

    subdomains: tuple[str, ...]
    left: frozenset[str]
    problems: Mapping[str, str]
    odd: tuple[Unreadable, ...] = ()


def plan(config: Config, entries: Entries, brands: Collection[BrandRow] | None) -> Plan:
    """Return what to read; `brands` is None if there is no list of them.

    A list may be incomplete: what was read before and has no row in it is still read.
    """
    if config.every_brand:
        return _plan_every(config, entries, brands or ())
    problems = _problems(config.named, entries, brands)
    # A mistake in the names must not retract anything.
    is_new = not config.named <= _read_before(entries)
    in_doubt = problems or (config.has_several and brands is None and is_new)
    left = entries.keys() - config.named if not in_doubt else ()
    # An odd row may be that of a name which is not found.
    odd = _odd(brands or (), entries) if problems else ()
    return Plan(_ordered(config.named - problems.keys(), config), frozenset(left), problems, odd)


def _plan_every(config: Config, entries: Entries, brands: Collection[BrandRow]) -> Plan:
    """Return the plan for `*`: a Help Center leaves only if the row of its brand says so."""
    # The account's own brand need not have a Help Center.
    problems = _problems(config.named - {config.subdomain}, entries, brands)
    at = by_name(brands)
    readable = {name for name, brand in at.items() if problem(brand) is None}
    usable = _usable(brands)
    name_of = {brand.id: brand.subdomain for brand in usable}
    renamed = {name for name, entry in entries.items() if name_of.get(entry.brand, name) != name}
    unlisted = ((_read_before(entries) - renamed) | {config.subdomain}) - at.keys()
    left = entries.keys() - readable - unlisted - problems.keys()
    if len(usable) < len(brands):
        # An unusable row may belong to any Help Center that has no other row.
        left = {name for name in left if entries[name].brand in name_of}
    # Unlisted ones first: if one is gone, others may show the articles that it held.
    subdomains = _ordered(unlisted, config) + _ordered(readable, config)
    return Plan(subdomains, frozenset(left), problems, _odd(brands, entries))


def _usable(brands: Iterable[BrandRow]) -> list[Brand]:
    """Return the rows that can be read and name a host; the others prove nothing."""
    return [row for row in brands if isinstance(row, Brand) and is_subdomain(row.subdomain)]


def _odd(brands: Iterable[BrandRow], entries: Entries) -> tuple[Unreadable, ...]:
    """Return the other rows, without those of brands that are not read anyway."""
    known = {entry.brand for entry in entries.values()}
    odd: list[Unreadable] = []
    for row in brands:
        if isinstance(row, Unreadable):
            odd.append(row)
        elif not is_subdomain(row.subdomain) and (row.id in known or _is_used(row)):
            problem = "brand whose `subdomain` is no name of a host of Zendesk's"
            odd.append(Unreadable(row.id, problem, (row.subdomain,)))
    return tuple(odd)


def _is_used(brand: Brand) -> bool:
    return brand.active and brand.has_help_center and not brand.is_deleted


def _problems(
    named: Collection[str], entries: Entries, brands: Collection[BrandRow] | None
) -> dict[str, str]:
    if brands is None:
        return {}
    at = by_name(brands)
    unlisted = _read_before(entries) - at.keys()
    asked = {name: problem(at.get(name)) for name in named if name not in unlisted}
    return {name: why for name, why in asked.items() if why}


def _read_before(entries: Entries) -> set[str]:
    return {name for name, entry in entries.items() if not entry.is_new}


def follow(entries: Entries, brands: Collection[BrandRow]) -> dict[str, HelpCenterState]:
    """Return the entries under the present names of their brands, each with its brand's id.

    A renamed brand has to be listed: the addresses of its articles changed. If another brand has
    taken the name of an entry, the two entries exchange their names.
    """
    at = by_name(brands)
    new_name_of = {brand.id: name for name, brand in at.items()}
    moved: dict[str, str] = {}
    for old, entry in entries.items():
        new = new_name_of.get(entry.brand, old)
        # An entry without an id may be this brand's, too.
        is_free = new not in entries or entries[new].brand not in {0, entry.brand}
        if new != old and is_free and new not in moved.values():
            moved[old] = new
    followed = {new: entries[old].unfinished for old, new in moved.items()}
    free = [old for old in moved if old not in followed]
    for old, entry in entries.items():
        if old not in moved:
            name = free.pop() if old in followed else old
            id_ = entry.brand or (at[old].id if old in at else 0)
            followed[name] = entry._replace(brand=id_)
    return followed


def new_entries(
    subdomains: Iterable[str], brands: Iterable[BrandRow]
) -> dict[str, HelpCenterState]:
    """Return the entries of Help Centers that were never read."""
    at = by_name(brands)
    return {
        name: HelpCenterState(KnownArticles(), brand=at[name].id if name in at else 0)
        for name in subdomains
    }


def by_name(brands: Iterable[BrandRow]) -> dict[str, Brand]:
    """Return the brand at each name; a deleted brand gives way to a live one of its name."""
    usable = sorted(_usable(brands), key=lambda brand: not brand.is_deleted)
    return {brand.subdomain: brand for brand in usable}


def problem(brand: Brand | None) -> str | None:
    """Return why a brand cannot be read, as the end of a sentence; None if it can."""
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
