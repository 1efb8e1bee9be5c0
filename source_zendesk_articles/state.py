"""What a sync hands on to the next: the stream's state, from and to JSON. Pure.

Times are texts as Zendesk writes them, by Zendesk's clock.
"""

from collections.abc import Mapping
from typing import NamedTuple

from source_zendesk_articles.errors import unreadable_state
from source_zendesk_articles.instants import parse_instant


class HelpCenterState(NamedTuple):
    """Where the reading of one Help Center stands.

    `updated_at`: up to where Zendesk's stamps have been read. `reconciled_at`: when every article
    was last asked for. `articles`: how many there were. `reader`: the user and role that saw them.
    """

    updated_at: str
    reconciled_at: str
    articles: int
    reader: str


class State(NamedTuple):
    """`synced_at`: the latest time that any record may carry, "" before the first sync.

    A Help Center has its entry once it was read whole.
    """

    synced_at: str
    help_centers: Mapping[str, HelpCenterState]


NO_STATE = State(synced_at="", help_centers={})


def to_json(state: State) -> dict[str, object]:
    """Return the state as the platform keeps it."""
    return {
        "synced_at": state.synced_at,
        "help_centers": {
            subdomain: help_center._asdict()
            for subdomain, help_center in state.help_centers.items()
        },
    }


def from_json(saved: Mapping[str, object]) -> State:
    """Return a saved state; `{"updated_at": …}`, written by hand, is one, too.

    Raises:
        AirbyteTracedException: a `config_error` that says what to do with an unreadable state.

    """
    if not saved:
        return NO_STATE
    synced_at = saved.get("synced_at", saved.get("updated_at"))
    help_centers = saved.get("help_centers", {})
    if not isinstance(help_centers, Mapping):
        raise unreadable_state("`help_centers` is not an object")
    return State(
        synced_at=_instant(synced_at, "synced_at"),
        help_centers={
            subdomain: _help_center(subdomain, entry) for subdomain, entry in help_centers.items()
        },
    )


def _help_center(subdomain: str, entry: object) -> HelpCenterState:
    match entry:
        case {
            "updated_at": updated_at,
            "reconciled_at": reconciled_at,
            "articles": int(articles),
            "reader": str(reader),
        }:
            return HelpCenterState(
                updated_at=_instant(updated_at, "updated_at"),
                reconciled_at=_instant(reconciled_at, "reconciled_at"),
                articles=articles,
                reader=reader,
            )
    raise unreadable_state(f"the entry of {subdomain} is not one of this version's")


def _instant(value: object, field: str) -> str:
    try:
        return parse_instant(value)
    except ValueError:
        raise unreadable_state(f"`{field}` is not a time") from None
