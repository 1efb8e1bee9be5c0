"""`check` proves that a sync would work, and tells what it would meet."""

from dataclasses import replace
from itertools import cycle
from threading import Event
from typing import Any

import pytest

from integration_tests.conditions import check as checking
from integration_tests.connector import config, config_with, run
from integration_tests.credentials import Make, of_api_token, of_client
from integration_tests.zendesk_emulator import Fault, ZendeskEmulator
from integration_tests.zendesk_emulator.sample import furnish


def test_a_good_configuration_succeeds_and_the_log_tells_what_was_found(
    zendesk: ZendeskEmulator,
) -> None:
    furnish(zendesk.account.help_center())
    entered = config_with(zendesk, of_client)
    output = run(zendesk, "check", entered)
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
    assert "WARN Bob Agent is not an admin: Zendesk silently leaves out" in output.logs


@pytest.mark.parametrize("answer", [401, 403, 404, "redirect", "empty"])
def test_a_help_center_that_is_closed_to_visitors_is_said_to_be(
    zendesk: ZendeskEmulator, answer: int
) -> None:
    zendesk.switches.closed_answer = answer  # type: ignore[assignment]
    zendesk.account.help_center().visitors = "closed"
    output = run(zendesk, "check", config(zendesk))
    assert [{"status": "SUCCEEDED"}] == output.of("CONNECTION_STATUS")
    assert "INFO Help Center acme is closed to visitors who are not signed in" in output.logs


# What never passes, and what is said of it; by whom it is met, and what is waited for at most.
HOPELESS: dict[str, tuple[Fault, str]] = {
    "a rate limit that says how long": (
        Fault("rate_limited", retry_after=3600),
        "the rate limit is reached, and the answer asks to wait 3600 s.",
    ),
    "a rate limit that does not": (Fault("rate_limited"), "the rate limit is reached"),
    "a challenge": (
        Fault("rate_limited", body="<html>Just a moment"),
        "the rate limit is reached",
    ),
    "a fault": (Fault("status", status=500), "status 500, "),
    "maintenance": (
        Fault("status", status=503, headers={"Retry-After": "600"}),
        "status 503, and the answer asks to wait 600 s",
    ),
    "bot protection": (
        Fault("status", status=403, body="error code: 1020"),
        "The answer seems to come from something in front of Zendesk",
    ),
}


@pytest.mark.parametrize(
    ("met", "make", "brands"),
    list(zip(HOPELESS, cycle([of_api_token, of_client]), cycle([[], ["shop"], ["*"]]))),
)
def test_a_check_names_what_does_not_pass_within_a_minute(
    zendesk: ZendeskEmulator, waits: list[float], met: str, make: Make, brands: list[str]
) -> None:
    zendesk.account.add_brand("shop")
    fault, sentence = HOPELESS[met]
    zendesk.faults.add(replace(fault, times=None))
    output = run(zendesk, "check", config_with(zendesk, make, brands=brands))
    assert "transient_error" == output.error[0]
    assert sentence in output.error[1]
    assert sum(waits) <= 45


@pytest.mark.parametrize("brands", [[], ["*"]])
def test_a_proxy_that_is_not_there_is_said_not_to_be(
    zendesk: ZendeskEmulator,
    waits: list[float],
    monkeypatch: pytest.MonkeyPatch,
    brands: list[str],
) -> None:
    dead = "http://ada:s3cret@127.0.0.1:9"
    environment = {**zendesk.environment, "HTTPS_PROXY": dead, "https_proxy": dead}
    monkeypatch.setattr(ZendeskEmulator, "environment", environment)
    output = run(zendesk, "check", config(zendesk, brands=brands))
    assert "transient_error" == output.error[0]
    assert "the proxy at 127.0.0.1:9 does not answer, 6 times in a row" in output.error[1]
    assert "Check HTTPS_PROXY" in output.error[1]
    assert "s3cret" not in output.text
    assert [2, 3, 5, 9, 17] == waits


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("tokens$", "drip"),
        ("users/me$", "continue"),
        ("locales$", "hang"),
        ("en-us/articles$", "drip"),
    ],
)
def test_a_check_ends_though_an_answer_does_not(
    zendesk: ZendeskEmulator,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    kind: Any,  # noqa: ANN401 -- a literal of the emulator
) -> None:
    monkeypatch.setattr(checking, "CHECK_SECONDS", 1)
    zendesk.faults.add(Fault(kind, path=path, status=200, times=None))
    output = run(zendesk, "check", config_with(zendesk, of_client))
    zendesk.faults.assert_consumed()
    if path == "en-us/articles$":
        assert "no whole answer in time" in output.logs
    else:
        assert "transient_error" == output.error[0]
        assert "no whole answer in time, 1 times in a row" in output.error[1]


def test_a_check_ends_though_the_look_up_of_a_name_does_not(
    zendesk: ZendeskEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = Event()

    def look_up(*_: object) -> None:
        ended.wait(60)
        raise OSError

    monkeypatch.setattr(checking, "CHECK_SECONDS", 0.2)
    monkeypatch.setattr(checking, "_GRACE_SECONDS", 0.2)
    monkeypatch.setattr("socket.getaddrinfo", look_up)
    output = run(zendesk, "check", config(zendesk))
    ended.set()
    assert "transient_error" == output.error[0]
    assert "The check of acme.zendesk.com did not reach Zendesk: no end after" in output.error[1]


def test_the_form_of_spec_is_the_one_that_check_takes(zendesk: ZendeskEmulator) -> None:
    (spec,) = run(zendesk, "spec").of("SPEC")
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
