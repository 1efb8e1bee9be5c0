"""The stream `articles`: the only module that knows Airbyte's stream protocol."""

import time
from collections.abc import Generator, Iterator, Mapping, MutableMapping
from typing import Any, Final

from airbyte_cdk.models import (
    AirbyteEstimateTraceMessage,
    AirbyteLogMessage,
    AirbyteMessage,
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
from source_zendesk_articles.sync.all_help_centers import AccountSync
from source_zendesk_articles.sync.one_help_center import Emitted
from source_zendesk_articles.sync.progress import Estimate
from source_zendesk_articles.zendesk.client import Account

# A reader that went away is noticed as late as that.
PROGRESS_SECONDS: Final = 5


class Articles(Stream, CheckpointMixin):
    """Every article of the Help Centers in every locale; described in `schemas/articles.json`.

    https://docs.airbyte.com/platform/understanding-airbyte/airbyte-protocol
    """

    def __init__(self, account: Account, config: Config) -> None:
        self._account = account
        self._config = config
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
    ) -> Iterator[AirbyteMessage]:
        """Yield the records of one sync, and the states that announce them."""
        began_with = from_json(stream_state or {}, self._config.subdomain)
        if sync_mode == SyncMode.full_refresh:
            began_with = resumed(began_with)
        # The CDK emits the last state of a sync from `state`; those in between go out here.
        last = yield from self._messages(AccountSync(self._account, self._config, began_with).run())
        self._state = to_json(last)

    def _messages(
        self, sync: Generator[Emitted, None, State]
    ) -> Generator[AirbyteMessage, None, State]:
        tell_at = time.monotonic() + PROGRESS_SECONDS
        estimated: set[str] = set()
        while True:
            try:
                emitted = next(sync)
            except StopIteration as end:
                last: State = end.value
                return last
            if isinstance(emitted, dict):
                # The CDK wraps a bare record, too, but copies it first.
                record = AirbyteRecordMessage(self.name, emitted, _now())
                yield AirbyteMessage(Type.RECORD, record=record)
            elif isinstance(emitted, State):
                yield self._state_message(emitted)
            else:
                is_due = time.monotonic() >= tell_at
                if is_due:
                    # No line of the logger: to write a message fails where nobody reads any more,
                    # and so ends a sync that has nothing else to write for long.
                    tell_at = time.monotonic() + PROGRESS_SECONDS
                    log = AirbyteLogMessage(level=Level.INFO, message=str(emitted))
                    yield AirbyteMessage(type=Type.LOG, log=log)
                is_first = emitted.subdomain not in estimated
                if emitted.expected is not None and (is_due or is_first):
                    estimated.add(emitted.subdomain)
                    yield self._estimate_message(emitted.expected)

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

    def _estimate_message(self, expected: Estimate) -> AirbyteMessage:
        """Report to the platform what will come in all.

        It takes both numbers for granted: without one of them it fails the sync.
        https://github.com/airbytehq/airbyte-platform `StatsTracker.kt`, `trackEstimates`
        """
        estimate = AirbyteEstimateTraceMessage(
            name=self.name,
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


def _now() -> int:
    """Return this machine's time in milliseconds, as messages have it."""
    return time.time_ns() // 1_000_000
