"""The messages of each command, as Airbyte's platform reads them.

What its code takes for granted is more than the protocol says. Each rule names the file that has
it, in https://github.com/airbytehq/airbyte-platform at 310e6cb (August 2026), under
`airbyte-commons-worker`, `airbyte-container-orchestrator` or `airbyte-connector-sidecar`.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import jsonschema
import pytest

from integration_tests.conditions import refuse_offset_pages
from integration_tests.connector import (
    Message,
    Output,
    config,
    config_with,
    in_process,
    installed_script,
    run,
)
from integration_tests.credentials import of_refresh_token
from integration_tests.zendesk_emulator import Fault, HelpCenter, ZendeskEmulator
from integration_tests.zendesk_emulator.sample import SEGMENT, fill, furnish

# VersionedAirbyteStreamFactory.kt: the version of the protocol is looked for in so many lines and
# bytes; a line of more characters is said to be a risk for destinations.
LINES_BEFORE_SPEC = 10
SPEC_BYTES = 2 * 1024 * 1024
LINE_CHARACTERS = 20_000_000
# FailureHelper.kt cuts off what is longer.
MESSAGE_CHARACTERS = 50_000
STACK_TRACE_CHARACTERS = 100_000
# AirbyteMessage, of which an entry has to be there for each type: BasicAirbyteMessageValidator.kt.
PAYLOADS = {
    "RECORD": "record",
    "STATE": "state",
    "LOG": "log",
    "TRACE": "trace",
    "CONTROL": "control",
    "SPEC": "spec",
    "CATALOG": "catalog",
    "CONNECTION_STATUS": "connectionStatus",
}


def messages(output: Output) -> list[Message]:
    """Read each line as VersionedAirbyteStreamFactory.kt does, and hold it against the rules.

    A line that is none of the protocol's would be logged as a malformed one, as a rule of a
    validator that fails drops the message.
    """
    # Java ends a line at a carriage return, too.
    lines = [line for line in output.text.replace("\r", "\n").split("\n") if line]
    assert max(map(len, lines)) < LINE_CHARACTERS
    read = [json.loads(line) for line in lines]
    for message in read:
        payload = message[PAYLOADS[message["type"]]]
        if message["type"] in RULES:
            RULES[message["type"]](payload)
    return read


def is_whole(number: object) -> bool:
    return isinstance(number, int) and not isinstance(number, bool)


def check_record(record: Mapping[str, Any]) -> None:
    # BasicAirbyteMessageValidator.kt: a record without data is dropped, one of a stream that is not
    # in the catalog, or with a key that is null, ends the sync. FieldSelector.kt: no object, too.
    assert "articles" == record["stream"]
    assert "namespace" not in record
    assert isinstance(record["data"], dict)
    assert all(record["data"][key] for key in ("id", "locale"))
    # The protocol's own type, `long`: a fraction would not be read.
    assert is_whole(record["emitted_at"])


def check_state(state: Mapping[str, Any]) -> None:
    # StateEnricher.kt and Aggregator.kt: a state of another type than the others', or LEGACY, ends
    # the sync. AirbyteMessageDataExtractor.kt and StreamStateAggregator: it is kept by its stream.
    assert "STREAM" == state["type"]
    assert {"name": "articles"} == state["stream"]["stream_descriptor"]
    assert isinstance(state["stream"]["stream_state"], dict)
    # StateWithId.kt: the id is the platform's own, and one that is there already is taken for it.
    assert {"type", "stream", "sourceStats"} == state.keys()


def check_log(log: Mapping[str, Any]) -> None:
    # BasicAirbyteMessageValidator.kt; the levels are those of AirbyteLogMessage.
    assert log["level"] in {"FATAL", "ERROR", "WARN", "INFO", "DEBUG", "TRACE"}
    assert isinstance(log["message"], str)


def check_trace(trace: Mapping[str, Any]) -> None:
    # BasicAirbyteMessageValidator.kt; FailureHelper.kt makes a long of it.
    assert isinstance(trace["emitted_at"], int | float)
    match trace["type"]:
        case "ESTIMATE":
            # StatsTracker.kt (`trackEstimates`) sets a primitive to each: null is an exception.
            estimate = trace["estimate"]
            assert is_whole(estimate["row_estimate"])
            assert is_whole(estimate["byte_estimate"])
            # ParallelStreamStatsTracker.kt: of one type in a sync, and known by the stream's name.
            assert ("STREAM", "articles") == (estimate["type"], estimate["name"])
            assert "namespace" not in estimate
        case "STREAM_STATUS":
            # StreamStatusTracker.kt, StreamStatusCompletionTracker.kt: of a stream of the catalog.
            status = trace["stream_status"]
            assert {"name": "articles"} == status["stream_descriptor"]
            assert status["status"] in {"STARTED", "RUNNING", "COMPLETE", "INCOMPLETE"}
            # RateLimitedMessageHelper.kt reads one reason and no more.
            assert len(status.get("reasons", [None])) == 1
        case "ERROR":
            # FailureHelper.kt: of another kind than these it would be a `system_error`.
            error = trace["error"]
            assert error["failure_type"] in {"config_error", "transient_error", "system_error"}
            assert 0 < len(error["message"]) <= MESSAGE_CHARACTERS
            assert len(error.get("internal_message", "")) <= MESSAGE_CHARACTERS
            assert len(error.get("stack_trace", "")) <= STACK_TRACE_CHARACTERS
        case other:
            pytest.fail(f"a trace of the type {other}")


def check_control(control: Mapping[str, Any]) -> None:
    # BasicAirbyteMessageValidator.kt, and AirbyteControlMessageEventListener.kt for the rest.
    assert isinstance(control["emitted_at"], int | float)
    assert "CONNECTOR_CONFIG" == control["type"]
    assert isinstance(control["connectorConfig"]["config"], dict)


RULES = {
    "RECORD": check_record,
    "STATE": check_state,
    "LOG": check_log,
    "TRACE": check_trace,
    "CONTROL": check_control,
}


def check_sync(output: Output, *, succeeded: bool) -> None:
    """Hold a whole sync against what the platform counts and keeps of it."""
    since_state, states, statuses = 0, [], []
    for message in messages(output):
        if message["type"] == "RECORD":
            since_state += 1
        elif message["type"] == "STATE":
            # StateCheckSumCountEventHandler.kt: the source has counted what the platform counted,
            # or the sync is said to have dropped records, and fails where that is switched on.
            assert since_state == message["state"]["sourceStats"]["recordCount"]
            states.append(json.dumps(message["state"]["stream"]["stream_state"]))
            since_state = 0
        elif message.get("trace", {}).get("type") == "STREAM_STATUS":
            status = message["trace"]["stream_status"]
            statuses.append("RATE_LIMITED" if "reasons" in status else status["status"])
    # What comes behind the last state is never told to be committed.
    assert not since_state
    # StatsTracker.kt, in the versions that know a state by its hash: two alike are a collision, and
    # nothing is counted any more.
    assert len(set(states)) == len(states)
    # StreamStatusStateStore.kt: a status that does not follow is dropped. Destinations wait for the
    # last one.
    assert statuses[0] == "STARTED"
    assert statuses[-1] == ("COMPLETE" if succeeded else "INCOMPLETE")
    assert set(statuses[1:-1]) <= {"RUNNING", "RATE_LIMITED"}
    # ReplicationWorker.kt looks at the exit status, which `installed_script` holds against this.
    assert output.succeeded == succeeded


def estimates(output: Output) -> Iterator[Mapping[str, Any]]:
    return (trace["estimate"] for trace in output.of("TRACE") if trace["type"] == "ESTIMATE")


@pytest.mark.parametrize(
    ("sync_mode", "through"), [("full_refresh", in_process), ("incremental", installed_script)]
)
def test_a_first_sync_of_several_help_centers(
    zendesk: ZendeskEmulator, sync_mode: str, through: Callable[[list[str], Mapping[str, str]], str]
) -> None:
    furnish(zendesk.account.help_center())
    fill(zendesk.account.add_brand("shop").help_center, articles=150)
    # The second page of one is held up; a status says so.
    zendesk.faults.add(Fault("rate_limited", where={"page": "2"}, retry_after=1))
    configured = config_with(zendesk, of_refresh_token, brands=["shop"])
    output = run(zendesk, "read", configured, sync_mode=sync_mode, through=through)
    check_sync(output, succeeded=True)
    assert "RATE_LIMITED" in output.text
    # One of each Help Center, with what came before it.
    first, second = estimates(output)
    assert 0 < first["row_estimate"] < second["row_estimate"]
    assert 0 < first["byte_estimate"] < second["byte_estimate"]
    # SourceHandler.kt validates a configuration against the form before it keeps it.
    (spec,) = run(zendesk, "spec").of("SPEC")
    (kept,) = output.control
    jsonschema.validate(kept, spec["connectionSpecification"])


def test_the_estimate_of_bytes_is_near_what_comes(
    zendesk: ZendeskEmulator, help_center: HelpCenter
) -> None:
    fill(help_center, articles=250)
    for article in help_center.articles:
        help_center.change_translation(article, "de", body="<p>Größe</p>" * 300)
    output = run(zendesk, "read", config(zendesk))
    (estimate,) = estimates(output)
    assert 500 == estimate["row_estimate"]
    # As Jsons.kt (`getEstimatedByteSize`) counts a record.
    emitted = sum(
        len(json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode())
        for row in output.records
    )
    assert 0.9 * emitted < estimate["byte_estimate"] < 1.1 * emitted


def test_later_syncs_with_and_without_a_change(
    zendesk: ZendeskEmulator, help_center: HelpCenter
) -> None:
    furnish(help_center)
    state = run(zendesk, "read", config(zendesk)).states[-1]
    zendesk.clock.advance(60)
    help_center.archive(help_center.articles[0])
    help_center.change(help_center.articles[1], user_segment_id=SEGMENT)
    output = run(zendesk, "read", config(zendesk, retract_as="mark"), state=state)
    check_sync(output, succeeded=True)
    assert any(record["status"] == "removed" for record in output.records)
    idle = run(zendesk, "read", config(zendesk), state=output.states[-1])
    check_sync(idle, succeeded=True)
    assert [] == idle.records


@pytest.mark.parametrize("status", [401, 418])
def test_a_sync_that_fails_on_its_way(
    zendesk: ZendeskEmulator, help_center: HelpCenter, status: int
) -> None:
    fill(help_center, articles=250)
    refuse_offset_pages(zendesk)
    page = {"page[size]": "100"}
    zendesk.faults.add(Fault("status", status=status, where=page, skip=2, times=None))
    output = run(zendesk, "read", config(zendesk))
    check_sync(output, succeeded=False)


def test_the_other_commands(zendesk: ZendeskEmulator) -> None:
    furnish(zendesk.account.help_center())
    # ConnectorMessageProcessor.kt: the one message that a command is for, or an error and a status.
    spec = run(zendesk, "spec")
    read = [message["type"] for message in messages(spec)]
    assert "SPEC" in read[:LINES_BEFORE_SPEC]
    assert len(spec.text) < SPEC_BYTES
    assert spec.of("SPEC")[0]["connectionSpecification"]
    configured = config_with(zendesk, of_refresh_token)
    checked = run(zendesk, "check", configured)
    assert ["CONNECTION_STATUS", "CONTROL"] == sorted(
        message["type"] for message in messages(checked) if message["type"] != "LOG"
    )
    assert [{"status": "SUCCEEDED"}] == checked.of("CONNECTION_STATUS")
    discovered = run(zendesk, "discover", configured)
    assert "CATALOG" in {message["type"] for message in messages(discovered)}
    # CatalogClientConverters.kt, FieldSelector.kt: both have to be there.
    (stream,) = discovered.of("CATALOG")[0]["streams"]
    assert stream["json_schema"]["properties"]
    assert stream["supported_sync_modes"]
    refused = run(zendesk, "check", {**configured, "subdomain": "help.acme.com"})
    assert "FAILED" == refused.of("CONNECTION_STATUS")[0]["status"]
    assert messages(refused)
