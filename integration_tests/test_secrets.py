"""No secret leaves: not in what is printed, and not to another host."""

import base64
from dataclasses import replace
from unittest.mock import patch

import pytest

from integration_tests.connector import (
    LISTING,
    assert_no_secret,
    config,
    credentials,
    run,
    run_script,
)
from integration_tests.truth import rows, truth
from integration_tests.zendesk_emulator import Fault, ZendeskEmulator
from integration_tests.zendesk_emulator.sample import fill, furnish


@pytest.mark.parametrize("command", ["check", "discover", "read"])
@pytest.mark.parametrize("debug", [False, True])
def test_nothing_that_is_printed_has_a_secret_in_it(
    zendesk: ZendeskEmulator, command: str, debug: bool
) -> None:
    furnish(zendesk.account.help_center())
    output = run_script(zendesk, command, config(zendesk), debug=debug)
    assert_no_secret(zendesk, config(zendesk), output)


@pytest.mark.parametrize("level", ["debug", "DEBUG"])
def test_the_platforms_debug_level_prints_no_secret_either(
    zendesk: ZendeskEmulator, monkeypatch: pytest.MonkeyPatch, level: str
) -> None:
    monkeypatch.setenv("LOG_LEVEL", level)
    furnish(zendesk.account.help_center())
    output = run(zendesk, "read", config(zendesk))
    assert output.records
    assert_no_secret(zendesk, config(zendesk), output)


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
    zendesk.faults.add(replace(fault))
    output = run(zendesk, "read", config(zendesk), debug=True)
    zendesk.faults.assert_consumed()
    assert_no_secret(zendesk, config(zendesk), output)


@pytest.mark.parametrize("status", [200, 401, 500])
@pytest.mark.parametrize("command", ["check", "read"])
@pytest.mark.usefixtures("waits")
def test_an_answer_that_repeats_the_credentials_is_masked(
    zendesk: ZendeskEmulator, command: str, status: int
) -> None:
    account = zendesk.account
    pair = f"{account.admin.email}/token:{account.admin_token}"
    signed = base64.b64encode(pair.encode()).decode()
    echo = {"error": f"Got Basic {signed}, that is {account.admin_token}"}
    zendesk.faults.add(Fault("status", path="users/me", status=status, body=echo, times=None))
    # Pasted with blanks, the token is sent without them.
    pasted = credentials(account.admin, f" {account.admin_token}\n")
    output = run(zendesk, command, config(zendesk, credentials=pasted))
    assert {signed} == {
        r.authorization.removeprefix("Basic ") for r in zendesk.requests if r.authorization
    }
    if status == 401:
        assert "Got Basic ****, that is ****" in output.error[1]
    assert_no_secret(zendesk, config(zendesk), output)


@pytest.mark.parametrize("path", ["users/me$", "locales$", "en-us/articles$", "[^s]/articles$"])
@pytest.mark.parametrize(
    "location",
    [
        "https://evil.example/",
        "https://other.zendesk.com/api/v2/",
        "http://[",
        "https://\xe9.example/",
        "",
    ],
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


def test_no_cookie_of_an_answer_is_sent_back(zendesk: ZendeskEmulator) -> None:
    furnish(zendesk.account.help_center())
    cookie = "_zendesk_session=signed-in; Domain=zendesk.com; Path=/; Secure"
    for path in ("users/me$", "locales$"):
        zendesk.faults.add(Fault("status", path=path, status=503, headers={"Set-Cookie": cookie}))
    with patch("time.sleep"):
        output = run(zendesk, "read", config(zendesk))
    zendesk.faults.assert_consumed()
    assert output.succeeded
    assert {None} == {request.cookie for request in zendesk.requests}
