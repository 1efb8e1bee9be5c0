"""The CDK's standard tests, as `acceptance-test-config.yml` has them, and incremental ones.

The CDK has none of the latter since the Connector Acceptance Tests were retired.
"""

import json
from collections.abc import Iterable
from typing import Any

import pytest
from airbyte_cdk.models import AirbyteMessage, AirbyteStateMessageSerializer, SyncMode
from airbyte_cdk.test.catalog_builder import CatalogBuilder
from airbyte_cdk.test.entrypoint_wrapper import EntrypointOutput, discover, read
from airbyte_cdk.test.models import ConnectorTestScenario
from airbyte_cdk.test.standard_tests.docker_base import get_discovered_streams, skip_unless_runs
from airbyte_cdk.test.standard_tests.source_base import SourceTestSuiteBase
from airbyte_cdk.test.state_builder import StateBuilder

from integration_tests.truth import Key, key_of, truth
from integration_tests.zendesk_emulator import HelpCenter
from source_zendesk_articles.source import SourceZendeskArticles

pytestmark = pytest.mark.usefixtures("served")


def state_of(message: AirbyteMessage) -> dict[str, Any]:
    """Return the stream's state, as `--state` takes it."""
    assert message.state is not None
    state = AirbyteStateMessageSerializer.dump(message.state)
    assert state["type"] == "STREAM"
    assert state["stream"]["stream_descriptor"] == {"name": "articles"}
    found: dict[str, Any] = state["stream"]["stream_state"]
    return found


def keys(messages: Iterable[AirbyteMessage]) -> set[Key]:
    return {key_of(message.record.data) for message in messages if message.record}


class TestSource(SourceTestSuiteBase):
    """The CDK's tests, each with each configuration that `acceptance-test-config.yml` names."""

    connector = SourceZendeskArticles

    def test_a_second_sync_emits_a_state_and_nothing_else(
        self, scenario: ConnectorTestScenario
    ) -> None:
        first = self.read(scenario)
        assert first.records
        second = self.read(scenario, state_of(first.state_messages[-1]))
        assert ([], 1) == (second.records, len(second.state_messages))

    def test_what_comes_before_a_state_and_what_a_sync_emits_from_it_is_everything(
        self, scenario: ConnectorTestScenario, help_center: HelpCenter
    ) -> None:
        messages = self.read(scenario).records_and_state_messages
        everything = truth(help_center).keys()
        assert everything == keys(messages)
        for place, message in enumerate(messages):
            if message.state:
                rest = self.read(scenario, state_of(message)).records
                assert everything == keys(messages[:place]) | keys(rest)

    def test_no_state_is_older_than_a_record_before_it(
        self, scenario: ConnectorTestScenario
    ) -> None:
        newest = ""
        for message in self.read(scenario).records_and_state_messages:
            if message.record:
                newest = max(newest, message.record.data["updated_at"])
            else:
                assert newest <= state_of(message)["synced_at"]
        assert newest

    @pytest.mark.parametrize("hand_written", [True, False])
    def test_a_state_of_the_future_emits_nothing(
        self, scenario: ConnectorTestScenario, hand_written: bool
    ) -> None:
        last = state_of(self.read(scenario).state_messages[-1])
        of_the_future = json.loads(json.dumps(last).replace('"2026-', '"2999-'))
        assert of_the_future != last
        by_hand = {"updated_at": "2999-01-01T00:00:00Z"}
        assert self.read(scenario, by_hand if hand_written else of_the_future).records == []

    def read(
        self, scenario: ConnectorTestScenario, state: dict[str, Any] | None = None
    ) -> EntrypointOutput:
        """Sync incrementally what `discover` finds, from the state of the stream."""
        skip_unless_runs(scenario, "read")
        root = self.get_connector_root_dir()
        config = scenario.get_config_dict(connector_root=root, empty_if_missing=False)
        connector = self.create_connector(scenario)
        assert isinstance(connector, SourceZendeskArticles)
        catalog = CatalogBuilder()
        for stream in get_discovered_streams(discover(connector, config), self.connector_name):
            catalog.with_stream(stream.name, SyncMode.incremental)
        states = StateBuilder().with_stream_state("articles", state) if state else StateBuilder()
        output = read(connector, config, catalog.build(), states.build())
        assert output.errors == []
        return output
