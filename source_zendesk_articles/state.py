"""What a sync hands on to the next: the stream's state, from and to JSON. Pure.

Times are texts as Zendesk writes them, in UTC and by Zendesk's clock.
"""

from collections.abc import Mapping
from typing import NamedTuple

from source_zendesk_articles.errors import unreadable_state
from source_zendesk_articles.models import parse_instant


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
    """The state of a finished sync; `synced_at` is the latest time that any record may carry."""

    synced_at: str
    help_centers: Mapping[str, HelpCenterState]

    def to_json(self) -> dict[str, object]:
        """Return the state as the platform keeps it."""
        return {
            "synced_at": self.synced_at,
            "help_centers": {
                subdomain: state._asdict() for subdomain, state in self.help_centers.items()
            },
        }


def parse_synced_at(saved: Mapping[str, object]) -> str:
    """Return the `synced_at` of a saved state, "" where there is none yet.

    Raises:
        AirbyteTracedException: a `config_error` that says what to do with an unreadable state.

    """
    if "synced_at" not in saved:
        return ""
    try:
        return parse_instant(saved["synced_at"])
    except ValueError:
        raise unreadable_state("`synced_at` is not a time") from None
