"""`check` proves that a sync would work, and tells what it would meet."""

import pytest

from integration_tests.connector import config, config_with, run, run_script
from integration_tests.credentials import of_api_token, of_client
from integration_tests.zendesk_emulator import ZendeskEmulator
from integration_tests.zendesk_emulator.sample import furnish


def test_a_good_configuration_succeeds_and_the_log_tells_what_was_found(
    zendesk: ZendeskEmulator,
) -> None:
    furnish(zendesk.account.help_center())
    entered = config_with(zendesk, of_client)
    output = run_script(zendesk, "check", entered)
    assert [{"status": "SUCCEEDED"}] == output.of("CONNECTION_STATUS")
    for line in (
        "INFO Zendesk account acme, as Ada Admin <ada@acme.example>, admin.",
        "INFO Help Center acme, locales en-us, de, fr, default en-us.",
        "INFO Help Center acme is open: visitors who are not signed in may read it.",
        "INFO Help Center acme has 7 articles.",
    ):
        assert line in output.logs
    assert "WARN" not in output.logs
    assert ["POST", "GET", "GET", "GET", "GET"] == [row.method for row in zendesk.requests]


def test_an_agent_is_warned_that_the_view_may_be_partial(zendesk: ZendeskEmulator) -> None:
    account = zendesk.account
    agent = account.add_user("Bob Agent", "bob@acme.example", "agent")
    entered = config(zendesk, credentials=of_api_token(zendesk, agent))
    output = run(zendesk, "check", entered)
    assert [{"status": "SUCCEEDED"}] == output.of("CONNECTION_STATUS")
    assert "WARN Bob Agent is no admin: Zendesk leaves out" in output.logs


@pytest.mark.parametrize("answer", [401, 403, 404, "redirect", "empty"])
def test_a_help_center_that_is_closed_to_visitors_is_said_to_be(
    zendesk: ZendeskEmulator, answer: int
) -> None:
    zendesk.switches.closed_answer = answer  # type: ignore[assignment]
    zendesk.account.help_center().visitors = "closed"
    output = run(zendesk, "check", config(zendesk))
    assert [{"status": "SUCCEEDED"}] == output.of("CONNECTION_STATUS")
    assert "INFO Help Center acme is closed to visitors who are not signed in" in output.logs


def test_the_form_of_spec_is_the_one_that_check_takes(zendesk: ZendeskEmulator) -> None:
    (spec,) = run_script(zendesk, "spec").of("SPEC")
    form = spec["connectionSpecification"]
    assert form["required"] == ["subdomain", "credentials"]
    assert list(form["properties"]) == [
        "subdomain",
        "credentials",
        "brands",
        "locales",
        "categories",
        "sections",
        "labels",
        "exclude_labels",
        "visibility",
        "reconcile_every_hours",
        "retract_as",
        "treat_as_open",
        "body_markdown",
    ]
    assert zendesk.requests == []
