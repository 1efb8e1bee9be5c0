"""The stream `articles`: the only module that knows Airbyte's stream protocol."""

from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any

from airbyte_cdk.models import (
    AirbyteMessage,
    AirbyteStateBlob,
    AirbyteStateMessage,
    AirbyteStateType,
    AirbyteStreamState,
    StreamDescriptor,
    SyncMode,
    Type,
)
from airbyte_cdk.sources.streams import CheckpointMixin, Stream

from source_zendesk_articles.client import HelpCenterClient
from source_zendesk_articles.records import Record
from source_zendesk_articles.state import NO_STATE, State, from_json, to_json
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
        """See `records.Cursor`."""
        return "updated_at"

    @property
    def state(self) -> MutableMapping[str, Any]:
        """The state that the platform holds; from the end of a sync on that of this sync.

        The CDK emits it after the last record.
        """
        return self._state

    @state.setter
    def state(self, value: MutableMapping[str, Any]) -> None:
        self._state = value

    @property
    def state_checkpoint_interval(self) -> None:
        """None: a sync emits its states itself. The listing has no order to resume from."""
        return

    def read_records(
        self,
        sync_mode: SyncMode,
        cursor_field: list[str] | None = None,  # noqa: ARG002 -- the source defines it
        stream_slice: Mapping[str, Any] | None = None,  # noqa: ARG002 -- there is one slice
        stream_state: Mapping[str, Any] | None = None,
    ) -> Iterator[Record | AirbyteMessage]:
        """Yield the records of one sync, and the states in between."""
        began_with = NO_STATE
        if sync_mode == SyncMode.incremental:
            began_with = from_json(stream_state or {})
        # The CDK emits the last state of a sync from `state`; those in between go out here.
        last: State | None = None
        for emitted in read_help_center(
            self._client, treat_as_open=self._treat_as_open, began_with=began_with
        ):
            if last is not None:
                yield self._message(last)
                last = None
            if isinstance(emitted, State):
                last = emitted
            else:
                yield emitted
        if last is not None:
            self._state = to_json(last)

    def _message(self, state: State) -> AirbyteMessage:
        return AirbyteMessage(
            type=Type.STATE,
            state=AirbyteStateMessage(
                type=AirbyteStateType.STREAM,
                stream=AirbyteStreamState(
                    stream_descriptor=StreamDescriptor(name=self.name),
                    stream_state=AirbyteStateBlob(to_json(state)),
                ),
            ),
        )
