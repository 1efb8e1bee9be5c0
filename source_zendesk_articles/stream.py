"""The stream `articles`: the only module that knows Airbyte's stream protocol."""

from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any

from airbyte_cdk.models import SyncMode
from airbyte_cdk.sources.streams import CheckpointMixin, Stream

from source_zendesk_articles.client import HelpCenterClient
from source_zendesk_articles.records import Record
from source_zendesk_articles.state import parse_synced_at
from source_zendesk_articles.sync import read_help_center


class Articles(Stream, CheckpointMixin):
    """Every article of a Help Center in every locale; described in `schemas/articles.json`.

    https://docs.airbyte.com/platform/understanding-airbyte/airbyte-protocol
    """

    def __init__(self, client: HelpCenterClient, *, treat_as_open: bool) -> None:
        self._client = client
        self._treat_as_open = treat_as_open
        self._state: MutableMapping[str, Any] = {}

    @property
    def primary_key(self) -> list[list[str]]:
        """One record is one article in one locale."""
        return [["id"], ["locale"]]

    @property
    def cursor_field(self) -> str:
        """See `records.cursor`."""
        return "updated_at"

    @property
    def state(self) -> MutableMapping[str, Any]:
        """The state of the last finished sync: that of this one from its end on."""
        return self._state

    @state.setter
    def state(self, value: MutableMapping[str, Any]) -> None:
        self._state = value

    @property
    def state_checkpoint_interval(self) -> None:
        """None: there is one state, at the end. The listing has no order to resume from."""
        return

    def read_records(
        self,
        sync_mode: SyncMode,
        cursor_field: list[str] | None = None,  # noqa: ARG002 -- the source defines it
        stream_slice: Mapping[str, Any] | None = None,  # noqa: ARG002 -- there is one slice
        stream_state: Mapping[str, Any] | None = None,
    ) -> Iterator[Record]:
        """Yield the records of one sync."""
        saved = (stream_state or {}) if sync_mode == SyncMode.incremental else {}
        finished = yield from read_help_center(
            self._client,
            treat_as_open=self._treat_as_open,
            synced_at=parse_synced_at(saved),
        )
        self._state = finished.to_json()
