"""The stream `articles`: the only module that speaks Airbyte's stream protocol."""

import time
from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any, Final, cast

import orjson
from airbyte_cdk.models import (
    AirbyteEstimateTraceMessage,
    AirbyteLogMessage,
    AirbyteMessage,
    AirbyteMessageSerializer,
    AirbyteRecordMessage,
    AirbyteStateBlob,
    AirbyteStateMessage,
    AirbyteStateType,
    AirbyteStreamState,
    AirbyteTraceMessage,
    EstimateType,
    Level,
    StreamDescriptor,
    SyncMode,
    TraceType,
    Type,
)
from airbyte_cdk.sources.streams import CheckpointMixin, Stream

from source_zendesk_articles.config import Config
from source_zendesk_articles.memory.state import State, from_json, resumed, to_json
from source_zendesk_articles.sync.all_help_centers import AllHelpCenters
from source_zendesk_articles.sync.progress import Estimate, Progress
from source_zendesk_articles.zendesk.client import Connection

# A stdout that was closed is noticed as late as that.
PROGRESS_SECONDS: Final = 5


class Articles(Stream, CheckpointMixin):
    """Every article of the Help Centers in every locale; described in `schemas/articles.json`.

    https://docs.airbyte.com/platform/understanding-airbyte/airbyte-protocol
    """

    def __init__(self, connection: Connection, config: Config) -> None:
        self._connection = connection
        self._config = config
        self._state: MutableMapping[str, Any] = {}

    @property
    def primary_key(self) -> list[list[str]]:
        """One record is one article in one locale."""
        return [["id"], ["locale"]]

    @property
    def cursor_field(self) -> str:
        """See `memory.cursor`."""
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
    ) -> Iterator[AirbyteMessage]:
        """Yield the records of one sync, and the states that announce them."""
        began_with = from_json(stream_state or {}, self._config.subdomain)
        if sync_mode == SyncMode.full_refresh:
            began_with = resumed(began_with)
        report = _Report(self.name)
        sync = AllHelpCenters(self._connection, self._config, began_with, report)
        for emitted in sync.run():
            if isinstance(emitted, State):
                yield self._state_message(emitted)
            else:
                # The CDK wraps a bare record, too, but copies it first.
                data = cast("dict[str, Any]", emitted)
                record = AirbyteRecordMessage(self.name, data, _now())
                yield AirbyteMessage(Type.RECORD, record=record)
        # The CDK emits the last state of a sync from here; those in between went out above.
        self._state = to_json(sync.state)

    def _state_message(self, state: State) -> AirbyteMessage:
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


class _Report:
    """Prints how far a sync is, at once: the sync may wait for minutes before it yields anything.

    A closed stdout is noticed by that, too.
    """

    def __init__(self, stream: str) -> None:
        self._stream = stream
        self._due_at = time.monotonic() + PROGRESS_SECONDS
        self._estimated: set[str] = set()

    def __call__(self, progress: Progress) -> None:
        """Print a log line every few seconds, and an estimate with it if there is one."""
        is_due = time.monotonic() >= self._due_at
        if is_due:
            self._due_at = time.monotonic() + PROGRESS_SECONDS
            log = AirbyteLogMessage(level=Level.INFO, message=str(progress))
            _print(AirbyteMessage(type=Type.LOG, log=log))
        is_first = progress.subdomain not in self._estimated
        if progress.expected is not None and (is_due or is_first):
            self._estimated.add(progress.subdomain)
            _print(self._estimate(progress.expected))

    def _estimate(self, expected: Estimate) -> AirbyteMessage:
        """Return the message that says what will come in all.

        The platform requires both numbers: without one of them it fails the sync.
        https://github.com/airbytehq/airbyte-platform `StatsTracker.kt`, `trackEstimates`
        """
        estimate = AirbyteEstimateTraceMessage(
            name=self._stream,
            type=EstimateType.STREAM,
            row_estimate=expected.records,
            byte_estimate=expected.bytes,
        )
        return AirbyteMessage(
            type=Type.TRACE,
            trace=AirbyteTraceMessage(
                type=TraceType.ESTIMATE, emitted_at=_now(), estimate=estimate
            ),
        )


def _print(message: AirbyteMessage) -> None:
    line = orjson.dumps(AirbyteMessageSerializer.dump(message)).decode()
    # One call, so that nothing of another thread comes between the line and its end.
    print(f"{line}\n", end="")  # noqa: T201 -- the protocol is spoken on stdout


def _now() -> int:
    """Return this machine's time in milliseconds, as messages have it."""
    return time.time_ns() // 1_000_000
