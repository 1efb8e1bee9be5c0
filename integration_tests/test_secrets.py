"""No secret leaves: not in what is printed, and not to another host."""

import pytest

from integration_tests.connector import config, run, run_script
from integration_tests.test_errors import forms
from integration_tests.test_read import LISTING, fill
from integration_tests.truth import rows, truth
from integration_tests.zendesk_emulator import Fault, ZendeskEmulator
from integration_tests.zendesk_emulator.sample import furnish


@pytest.mark.parametrize("command", ["check", "discover", "read"])
@pytest.mark.parametrize("debug", [False, True])
def test_nothing_that_is_printed_has_a_secret_in_it(
    zendesk: ZendeskEmulator, command: str, debug: bool
) -> None:
    furnish(zendesk.account.help_center())
    output = run_script(zendesk, command, config(zendesk), debug=debug)
    for secret in forms(zendesk, config(zendesk)):
        assert secret not in output.text


@pytest.mark.parametrize("level", ["debug", "DEBUG"])
def test_the_platforms_debug_level_prints_no_secret_either(
    zendesk: ZendeskEmulator, monkeypatch: pytest.MonkeyPatch, level: str
) -> None:
    monkeypatch.setenv("LOG_LEVEL", level)
    furnish(zendesk.account.help_center())
    output = run(zendesk, "read", config(zendesk))
    assert output.records
    for secret in forms(zendesk, config(zendesk)):
        assert secret not in output.text


@pytest.mark.parametrize(
    "fault",
    [
        Fault("dropped", times=None),
        Fault("truncated", times=None),
        Fault("rate_limited", times=3),
        Fault("status", status=401, times=None),
        Fault("status", status=500, times=None),
        Fault("status", status=418, times=None),
        Fault("redirect", location="https://evil.example/", times=None),
    ],
    ids=lambda fault: f"{fault.kind} {fault.status}",
)
@pytest.mark.usefixtures("waits")
def test_no_fault_brings_a_secret_to_light(zendesk: ZendeskEmulator, fault: Fault) -> None:
    fault.fired = 0
    zendesk.faults.add(fault)
    output = run(zendesk, "read", config(zendesk), debug=True)
    zendesk.faults.assert_consumed()
    for secret in forms(zendesk, config(zendesk)):
        assert secret not in output.text


def test_an_answer_that_repeats_the_credentials_is_masked(zendesk: ZendeskEmulator) -> None:
    token = zendesk.account.admin_token
    echo = {"error": f"The token {token} is unknown"}
    zendesk.faults.add(Fault("status", path="users/me", status=401, body=echo, times=None))
    output = run(zendesk, "read", config(zendesk))
    assert "The token **** is unknown" in output.error[1]
    assert token not in output.text


@pytest.mark.parametrize("path", ["users/me$", "locales$", "en-us/articles$", "[^s]/articles$"])
@pytest.mark.parametrize(
    "location", ["https://evil.example/", "https://other.zendesk.com/api/v2/", "http://[", ""]
)
def test_no_redirect_is_followed(zendesk: ZendeskEmulator, path: str, location: str) -> None:
    furnish(zendesk.account.help_center())
    zendesk.faults.add(Fault("redirect", path=path, location=location, times=None))
    run(zendesk, "read", config(zendesk))
    zendesk.faults.assert_consumed()
    assert zendesk.strangers == []
    assert {"acme.zendesk.com"} == {request.host for request in zendesk.requests}


def test_no_link_of_an_answer_is_followed(zendesk: ZendeskEmulator) -> None:
    help_center = zendesk.account.help_center()
    fill(help_center, articles=250)

    def lie(answer: dict[str, dict[str, object]]) -> dict[str, object]:
        for key in ("first", "next", "prev", "last"):
            answer["links"][key] = "https://evil.example/next"
        return {**answer, "next_page": "https://evil.example/next"}

    zendesk.faults.add(Fault("rewrite", path="articles$", where=LISTING, rewrite=lie, times=None))
    output = run(zendesk, "read", config(zendesk))
    assert truth(help_center) == rows(output.records)
    assert zendesk.strangers == []


def test_a_locale_can_not_lead_the_visitors_request_astray(zendesk: ZendeskEmulator) -> None:
    furnish(zendesk.account.help_center())

    def lie(answer: dict[str, object]) -> dict[str, object]:
        return {**answer, "default_locale": "../../../users/me?x=#"}

    zendesk.faults.add(Fault("rewrite", path="locales$", rewrite=lie, times=None))
    output = run(zendesk, "read", config(zendesk))
    assert {"internal"} == {record["visibility"] for record in output.records}
    assert zendesk.strangers == []
