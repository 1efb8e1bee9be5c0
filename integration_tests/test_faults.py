"""Faults on the way: waited out, nothing lost, nothing claimed that was not read."""

import re
import socket
import tracemalloc
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, tzinfo
from itertools import chain, count, cycle, repeat
from pathlib import Path
from threading import Event, Thread
from typing import Any
from unittest.mock import Mock

import certifi
import pytest
import requests
from requests.adapters import HTTPAdapter

from integration_tests.conditions import (
    RETRY_CLOCK,
    WORKERS,
    client,
    pages_of,
    refuse_offset_pages,
    transport,
)
from integration_tests.connector import LISTING, config, config_with, run
from integration_tests.credentials import TOKENS, of_client
from integration_tests.truth import rows, truth
from integration_tests.zendesk_emulator import Fault, ZendeskEmulator
from integration_tests.zendesk_emulator.sample import fill, furnish

PAGE = "help_center/articles$"
TEXT_429 = "Number of allowed API requests per minute exceeded"
JSON_429 = {"error": "APIRateLimitExceeded", "description": TEXT_429}

# Each fault, met twice, and the waits that it costs; the CDK adds a second to what it is told.
PASSING: dict[str, tuple[Fault, list[float]]] = {
    "429 with Retry-After": (Fault("rate_limited", retry_after=30, times=2), [31, 31]),
    "429 with Retry-After, JSON": (
        Fault("rate_limited", retry_after=30, body=JSON_429, times=2),
        [31, 31],
    ),
    "429 without Retry-After": (Fault("rate_limited", times=2), [3, 5]),
    "429 with Retry-After 0": (Fault("rate_limited", retry_after=0, times=2), [1, 1]),
    "429 with a Retry-After that is no number": (
        Fault("rate_limited", retry_after="soon", times=2),
        [3, 5],
    ),
    "429 as HTML": (Fault("rate_limited", body="<html>", times=2), [3, 5]),
    "204": (Fault("status", status=204, body="", times=2), [2, 3]),
    "206": (Fault("status", status=206, times=2), [2, 3]),
    "408": (Fault("status", status=408, times=2), [2, 3]),
    **{
        str(status): (Fault("status", status=status, times=2), [2, 3])
        for status in (409, 421, 423, 425)
    },
    "403 as HTML": (Fault("status", status=403, body="<html>Just a moment", times=2), [2, 3]),
    "403 as text, with Retry-After": (
        Fault(
            "status", status=403, body="error code: 1015", headers={"Retry-After": "20"}, times=2
        ),
        [21, 21],
    ),
    "404 as HTML": (Fault("status", status=404, body="<html>", times=2), [2, 3]),
    "a redirect within the host": (Fault("redirect", location="/?challenge", times=2), [2, 3]),
    "a chunk of negative length": (Fault("bad_chunk", status=200, body="-5", times=2), [2, 3]),
    "a chunk of length -1": (Fault("bad_chunk", status=200, body="-1", times=2), [2, 3]),
    "a chunk without a length": (Fault("bad_chunk", status=200, body="", times=2), [2, 3]),
    "a chunk of no length": (Fault("bad_chunk", status=200, body="x", times=2), [2, 3]),
    "a chunk that is longer than the answer": (
        Fault("bad_chunk", status=200, body="ffffffff", times=2),
        [2, 3],
    ),
    "no gzip": (
        Fault("status", status=200, body="{}", headers={"Content-Encoding": "gzip"}, times=2),
        [2, 3],
    ),
    "500": (Fault("status", status=500, times=2), [2, 3]),
    "502 as HTML": (Fault("status", status=502, body="<html>Bad Gateway</html>", times=2), [2, 3]),
    "503": (Fault("status", status=503, times=2), [2, 3]),
    "503 with Retry-After": (
        Fault("status", status=503, headers={"Retry-After": "20"}, times=2),
        [21, 21],
    ),
    "504": (Fault("status", status=504, times=2), [2, 3]),
    "520": (Fault("status", status=520, times=2), [2, 3]),
    "HTML with status 200": (Fault("html", times=2), [2, 3]),
    "JSON of another shape": (Fault("status", status=200, body={"ok": True}, times=2), [2, 3]),
    "a list instead of an object": (Fault("status", status=200, body=[], times=2), [2, 3]),
    "nothing with status 200": (Fault("status", status=200, body="", times=2), [2, 3]),
    "dropped": (Fault("dropped", times=2), [2, 3]),
    "truncated": (Fault("truncated", times=2), [2, 3]),
    "JSON that ends in the middle": (Fault("cut_json", times=2), [2, 3]),
}
REQUESTS = {
    "the user": "users/me$",
    "the locales": "locales$",
    "the look of a visitor": "en-us/articles$",
    "a page": PAGE,
    # Of one article: those of others are asked for at the same time.
    "translations": "{}/translations$",
}


# Each fault at one of the requests, and at a visitor's those that are no refusal of Zendesk's, too:
# what an answer is worth is decided in one place, but for a visitor's.
MET = [
    *zip(PASSING, cycle(REQUESTS)),
    *((fault, "the look of a visitor") for fault in PASSING if "HTML" in fault or "text" in fault),
]


@pytest.mark.parametrize(("fault", "request_"), sorted(set(MET)))
def test_a_passing_fault_costs_waits_and_loses_nothing(
    zendesk: ZendeskEmulator, waits: list[float], fault: str, request_: str
) -> None:
    zendesk.switches.sideload_on_lists = request_ != "translations"
    help_center = zendesk.account.help_center()
    furnish(help_center)
    met, expected_waits = PASSING[fault]
    zendesk.faults.add(replace(met, path=REQUESTS[request_].format(help_center.articles[0].id)))
    output = run(zendesk, "read", config(zendesk))
    zendesk.faults.assert_consumed()
    assert truth(help_center) == rows(output.records)
    assert expected_waits == waits
    assert f"2 waits ({sum(waits):.0f} s)" in output.logs


def test_each_wait_is_logged_with_its_reason(zendesk: ZendeskEmulator, waits: list[float]) -> None:
    zendesk.faults.add(
        Fault("rate_limited", path=PAGE, retry_after=30),
        Fault("status", path=PAGE, status=503, headers={"Retry-After": "20"}),
        Fault("status", path=PAGE, status=502),
    )
    output = run(zendesk, "read", config(zendesk))
    assert [31, 21, 3] == waits
    request = "GET acme.zendesk.com/api/v2/help_center/articles"
    assert f"Waiting 31 s for {request}: the rate limit is reached." in output.logs
    assert f"Waiting 21 s for {request}: status 503." in output.logs
    assert f"Waiting 3 s for {request}: status 502." in output.logs
    assert "3 waits (55 s)" in output.logs
    # The CDK's own lines call every wait a rate limit, or quote the answer.
    assert "UserDefinedBackoffException" not in output.logs


def test_a_rate_limit_is_waited_out_however_long_it_takes(
    zendesk: ZendeskEmulator, waits: list[float]
) -> None:
    help_center = zendesk.account.help_center()
    furnish(help_center)
    zendesk.faults.add(Fault("rate_limited", path=PAGE, times=40))
    output = run(zendesk, "read", config(zendesk))
    zendesk.faults.assert_consumed()
    assert truth(help_center) == rows(output.records)
    assert [3, 5, 9, 17, 33, 61, 61] == waits[:7]
    assert len(waits) == 40


def test_the_limit_of_an_account_is_kept_to_by_waiting(
    zendesk: ZendeskEmulator, waits: list[float]
) -> None:
    zendesk.clock.stand_still()  # at a second a request the limit would never be reached
    zendesk.rate_limit = 40
    help_center = zendesk.account.help_center()
    fill(help_center, articles=1000)
    with pages_of(10):
        output = run(zendesk, "read", config(zendesk))
    assert truth(help_center) == rows(output.records)
    assert waits
    # The headers tell before it comes to refusals: of some 130 requests few are refused.
    assert sum(request.status == 429 for request in zendesk.requests) <= 2 * WORKERS


@pytest.mark.usefixtures("waits")
def test_rate_limits_do_not_use_up_the_tries_for_faults(zendesk: ZendeskEmulator) -> None:
    furnish(zendesk.account.help_center())
    zendesk.faults.add(
        Fault("status", path="locales$", status=503, times=3),
        Fault("rate_limited", path="locales$", times=9),
        Fault("status", path="locales$", status=503, times=3),
    )
    output = run(zendesk, "read", config(zendesk))
    zendesk.faults.assert_consumed()
    assert output.succeeded


@pytest.mark.parametrize(
    "fault",
    [
        Fault("status", path=PAGE, status=504, only_page_size_above=25, times=None),
        Fault("truncated", path=PAGE, only_page_size_above=25, times=None),
        Fault("cut_json", path=PAGE, only_page_size_above=25, times=None),
    ],
    ids=lambda fault: f"{fault.kind} {fault.status}",
)
@pytest.mark.usefixtures("waits")
def test_a_page_that_keeps_failing_is_asked_for_in_halves(
    zendesk: ZendeskEmulator, fault: Fault
) -> None:
    help_center = zendesk.account.help_center()
    fill(help_center, articles=420)
    zendesk.faults.add(replace(fault))
    output = run(zendesk, "read", config(zendesk))
    assert truth(help_center) == rows(output.records)
    sizes = [
        int(request.query.get("page[size]") or request.query["per_page"])
        for request in zendesk.requests
        if request.query.get("include")
    ]
    # What helped is kept for ten pages; then a bigger one is tried again.
    assert [100] * 3 + [50] * 3 + [25] * 11 + [50] * 3 + [25] * 6 == sizes
    assert "Asking for 25 at a time." in output.logs


@pytest.mark.parametrize(
    "fault",
    [Fault("cut_json"), Fault("html"), Fault("status", status=200, body={"articles": "Ipsum"})],
    ids=lambda fault: fault.kind,
)
@pytest.mark.usefixtures("waits")
def test_no_answer_is_quoted_in_the_log(zendesk: ZendeskEmulator, fault: Fault) -> None:
    help_center = zendesk.account.help_center()
    section = help_center.add_section(help_center.add_category("c"), "s")
    help_center.add_article(section, title="Lorem", body="Ipsum" * 100)
    zendesk.faults.add(replace(fault, path=PAGE))
    output = run(zendesk, "read", config(zendesk))
    zendesk.faults.assert_consumed()
    assert output.records
    for text in ("Ipsum", "Lorem", "maintenance"):
        assert text not in output.logs


@pytest.mark.usefixtures("waits")
def test_one_bad_page_fails_the_sync_and_what_was_read_whole_stays_emitted(
    zendesk: ZendeskEmulator,
) -> None:
    zendesk.switches.cursor_order = "id"
    help_center = zendesk.account.help_center()
    fill(help_center, articles=150)
    bad = help_center.articles[120]

    def spoil(answer: dict[str, list[dict[str, object]]]) -> dict[str, object]:
        is_bad = any(row["id"] == bad.id for row in answer["articles"])
        return {**answer, "articles": None} if is_bad else dict(answer)

    zendesk.faults.add(Fault("rewrite", path=PAGE, where=LISTING, rewrite=spoil, times=None))
    output = run(zendesk, "read", config(zendesk))
    failure_type, message = output.error
    assert failure_type == "transient_error"
    assert "a page whose `articles` is not a list, 7 times in a row" in message
    before = {
        (article.id, locale) for article in help_center.articles[:120] for locale in ("en-us", "de")
    }
    assert before == rows(output.records).keys()
    *_, state = output.states
    entry = state["stream"]["stream_state"]["help_centers"]["acme"]
    assert entry.keys().isdisjoint({"scope", "reconciled_at"})


@pytest.mark.parametrize(
    "fault",
    [
        Fault("status", path=PAGE, status=500, times=None),
        Fault("html", path=PAGE, times=None),
        Fault("dropped", path=PAGE, times=None),
        Fault("truncated", path=PAGE, times=None),
        Fault("cut_json", path=PAGE, times=None),
        Fault("status", path=PAGE, status=200, body={"articles": []}, times=None),
    ],
    ids=lambda fault: f"{fault.kind} {fault.status}",
)
@pytest.mark.usefixtures("waits")
def test_a_hopeless_fault_fails_the_sync_and_never_empties_it(
    zendesk: ZendeskEmulator, fault: Fault
) -> None:
    furnish(zendesk.account.help_center())
    zendesk.faults.add(replace(fault))
    output = run(zendesk, "read", config(zendesk))
    zendesk.faults.assert_consumed()
    assert output.error[0] == "transient_error"
    assert ([], []) == (output.records, output.states)


@pytest.mark.parametrize(
    "fault",
    [
        Fault("rate_limited", times=None),
        Fault("status", status=500, times=None),
        Fault("html", times=None),
        Fault("dropped", times=None),
        Fault("status", status=200, body={"articles": None}, times=None),
    ],
    ids=lambda fault: fault.kind,
)
@pytest.mark.usefixtures("waits")
def test_a_help_center_counts_as_closed_without_an_answer_to_visitors(
    zendesk: ZendeskEmulator, fault: Fault
) -> None:
    help_center = zendesk.account.help_center()
    furnish(help_center)
    zendesk.faults.add(replace(fault, credential="none"))
    output = run(zendesk, "read", config(zendesk))
    assert output.succeeded
    assert {"help_center_closed"} == {record["visibility_reason"] for record in output.records}
    assert "It counts as closed until a sync gets one." in output.logs
    # In two locales.
    tries = 9 if fault.kind == "rate_limited" else 5
    assert 2 * tries == len([r for r in zendesk.requests if r.credential == "none"])


def test_the_look_of_a_visitor_outlasts_the_limit_of_a_minute(
    zendesk: ZendeskEmulator, waits: list[float]
) -> None:
    zendesk.rate_limit = 1
    zendesk.switches.retry_after = False
    help_center = zendesk.account.help_center()
    furnish(help_center)
    output = run(zendesk, "read", config(zendesk))
    assert truth(help_center) == rows(output.records)
    assert sum(waits) > 60


def test_a_visitors_retry_after_is_bounded(zendesk: ZendeskEmulator, waits: list[float]) -> None:
    zendesk.faults.add(Fault("rate_limited", path="en-us/articles$", retry_after=86400))
    run(zendesk, "read", config(zendesk))
    assert [121] == waits


@pytest.mark.parametrize("asked", ["9" * 12, "9" * 400, "-1", "1e9", "nan"])
def test_a_retry_after_beyond_reason_does_not_end_the_sync(
    zendesk: ZendeskEmulator, waits: list[float], asked: str
) -> None:
    zendesk.faults.add(Fault("rate_limited", path="me$", retry_after=asked))
    output = run(zendesk, "read", config(zendesk))
    assert output.succeeded
    assert max(waits) <= 86401


@pytest.mark.usefixtures("waits")
def test_a_request_that_hangs_is_given_up_and_made_again(
    zendesk: ZendeskEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "TIMEOUT", (1.0, 0.2))
    help_center = zendesk.account.help_center()
    furnish(help_center)
    zendesk.faults.add(Fault("hang", path=PAGE, seconds=30))
    output = run(zendesk, "read", config(zendesk))
    zendesk.faults.assert_consumed()
    assert truth(help_center) == rows(output.records)
    assert "no answer in time" in output.logs


ENDLESS = ["drip", "drip_header", "continue"]


@pytest.mark.parametrize(
    ("path", "kind"),
    list(zip(["users/me$", "locales$", "en-us/articles$", PAGE, TOKENS], cycle(ENDLESS))),
)
@pytest.mark.usefixtures("waits")
def test_a_request_that_never_ends_is_ended_and_made_again(
    zendesk: ZendeskEmulator,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    kind: Any,  # noqa: ANN401 -- a literal of the emulator
) -> None:
    monkeypatch.setattr(transport, "REQUEST_SECONDS", 0.5)
    help_center = zendesk.account.help_center()
    furnish(help_center)
    zendesk.faults.add(Fault(kind, path=path, status=200))
    output = run(zendesk, "read", config_with(zendesk, of_client))
    zendesk.faults.assert_consumed()
    assert truth(help_center) == rows(output.records)
    assert "no whole answer in time" in output.logs


@pytest.mark.usefixtures("waits")
def test_pages_that_take_too_long_as_a_whole_are_asked_for_in_halves(
    zendesk: ZendeskEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "REQUEST_SECONDS", 0.5)
    help_center = zendesk.account.help_center()
    fill(help_center, articles=120)
    zendesk.faults.add(Fault("drip", path=PAGE, status=200, only_page_size_above=50, times=None))
    output = run(zendesk, "read", config(zendesk))
    assert truth(help_center) == rows(output.records)
    sizes = {request.query.get("page[size]") for request in zendesk.requests} - {None, "30"}
    assert {"50"} == sizes


def test_a_proxy_that_answers_a_byte_at_a_time_is_given_up(
    zendesk: ZendeskEmulator, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "REQUEST_SECONDS", 0.2)

    def drip(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            for byte in chain(b"HTTP/1.1 200 OK\r\nX: ", repeat(120)):
                connection.sendall(bytes([byte]))
                ended.wait(0.02)

    def accept() -> None:
        while not ended.is_set():
            with suppress(OSError):
                Thread(target=drip, args=(listening.accept()[0],), daemon=True).start()

    ended = Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        proxy = f"http://127.0.0.1:{listening.getsockname()[1]}"
        set_up(zendesk, monkeypatch, HTTPS_PROXY=proxy, https_proxy=proxy)
        Thread(target=accept, daemon=True).start()
        output = run(zendesk, "read", config(zendesk))
        ended.set()
        listening.shutdown(socket.SHUT_RDWR)
    assert "transient_error" == output.error[0]
    assert "no whole answer in time, 7 times in a row" in output.error[1]
    assert waits


@pytest.mark.parametrize(("path", "status"), [(PAGE, 200), (TOKENS, 200), ("en-us/articles$", 403)])
@pytest.mark.usefixtures("waits")
def test_an_answer_that_unpacks_to_far_too_much_is_not_unpacked(
    zendesk: ZendeskEmulator, path: str, status: int
) -> None:
    zendesk.faults.add(Fault("gzip_bomb", path=path, status=status, times=None))
    tracemalloc.start()
    output = run(zendesk, "read", config_with(zendesk, of_client))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    zendesk.faults.assert_consumed()
    assert peak < 100_000_000
    assert [] == output.records


def test_every_request_has_a_time_out(
    zendesk: ZendeskEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    timeouts: list[object] = []
    send = HTTPAdapter.send

    def spy(
        self: HTTPAdapter,
        *args: Any,  # noqa: ANN401 -- passed on
        **kwargs: Any,  # noqa: ANN401 -- passed on
    ) -> requests.Response:
        timeouts.append(kwargs.get("timeout"))
        return send(self, *args, **kwargs)

    monkeypatch.setattr(HTTPAdapter, "send", spy)
    zendesk.switches.sideload_on_lists = False
    furnish(zendesk.account.help_center())
    configured = config_with(zendesk, of_client)
    run(zendesk, "check", configured)
    run(zendesk, "read", configured)
    assert {(10.0, 75.0)} == set(timeouts)
    assert len(zendesk.requests) == len(timeouts)


@pytest.mark.usefixtures("waits")
def test_a_list_whose_cursor_does_not_move_on_is_an_error(zendesk: ZendeskEmulator) -> None:
    fill(zendesk.account.help_center(), articles=120)
    refuse_offset_pages(zendesk)
    stuck: dict[str, Any] = {"has_more": True, "after_cursor": "x"}
    zendesk.faults.add(
        Fault(
            "rewrite", path=PAGE, where=LISTING, rewrite=lambda answer: {**answer, "meta": stuck}
        ),
        # The emulator knows its own cursors only.
        Fault("status", path=PAGE, where=LISTING, status=200, body={"articles": [], "meta": stuck}),
    )
    output = run(zendesk, "read", config(zendesk))
    assert output.error[0] == "transient_error"
    assert "a list whose cursor does not move on" in output.error[1]
    entry = output.states[-1]["stream"]["stream_state"]["help_centers"]["acme"]
    assert entry.keys().isdisjoint({"scope", "reconciled_at"})


def set_up(zendesk: ZendeskEmulator, monkeypatch: pytest.MonkeyPatch, **variables: str) -> None:
    """Let the connector's environment differ from the one that would do, as a user's may."""
    monkeypatch.setattr(ZendeskEmulator, "environment", {**zendesk.environment, **variables})


DEAD = "http://ada:s3cret@127.0.0.1:9"


def test_a_dead_proxy_is_asked_again_and_said_to_be_what_it_is(
    zendesk: ZendeskEmulator, monkeypatch: pytest.MonkeyPatch, waits: list[float]
) -> None:
    set_up(zendesk, monkeypatch, HTTPS_PROXY=DEAD, https_proxy=DEAD)
    output = run(zendesk, "read", config_with(zendesk, of_client))
    assert (
        "transient_error",
        "POST acme.zendesk.com/oauth/tokens did not reach Zendesk: the proxy at 127.0.0.1:9 does "
        "not answer, 7 times in a row. Check HTTPS_PROXY, and that the proxy is up.",
    ) == output.error
    assert [2, 3, 5, 9, 17, 33] == waits
    assert "s3cret" not in output.text


@pytest.mark.parametrize(
    ("status", "failure_type", "sentence"),
    [
        (407, "config_error", "Put the user and password that it asks for into HTTPS_PROXY."),
        (403, "config_error", "Have it let requests to acme.zendesk.com, port 443, through."),
        (502, "transient_error", "See whether it can reach acme.zendesk.com, and resolve its name"),
    ],
)
@pytest.mark.usefixtures("waits")
def test_a_proxy_that_refuses_is_not_taken_for_zendesk(
    zendesk: ZendeskEmulator, status: int, failure_type: str, sentence: str
) -> None:
    zendesk.refuse_tunnels(status)
    output = run(zendesk, "read", config(zendesk))
    assert failure_type == output.error[0]
    assert re.search(
        r"/users/me did not reach Zendesk: the proxy at 127\.0\.0\.1:[0-9]+ refuses to connect "
        rf"\({status}\), 7 times in a row\. {re.escape(sentence)}",
        output.error[1],
    )


@pytest.mark.usefixtures("waits")
def test_a_proxy_that_is_spoken_to_in_the_wrong_way_is_a_config_error(
    zendesk: ZendeskEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = zendesk.environment["HTTPS_PROXY"].replace("http:", "https:")
    set_up(zendesk, monkeypatch, HTTPS_PROXY=proxy, https_proxy=proxy)
    output = run(zendesk, "check", config(zendesk))
    assert output.error[0] == "config_error"
    assert "HTTPS_PROXY begins with https://, but the proxy speaks http://." in output.error[1]


@pytest.mark.usefixtures("waits")
def test_a_network_that_gives_no_connection_is_not_taken_for_zendesk(
    zendesk: ZendeskEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up(zendesk, monkeypatch, HTTPS_PROXY="", https_proxy="")
    there = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 9))]
    monkeypatch.setattr("socket.getaddrinfo", Mock(return_value=there))
    output = run(zendesk, "read", config(zendesk))
    assert output.error[0] == "transient_error"
    assert "did not reach Zendesk: acme.zendesk.com gave no connection, 7 times" in output.error[1]


@pytest.mark.usefixtures("waits")
def test_a_name_that_does_not_resolve_is_said_not_to(
    zendesk: ZendeskEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up(zendesk, monkeypatch, HTTPS_PROXY="", https_proxy="")
    monkeypatch.setattr("socket.getaddrinfo", Mock(side_effect=socket.gaierror(-2, "unknown")))
    output = run(zendesk, "read", config(zendesk))
    assert output.error[0] == "transient_error"
    assert "the name acme.zendesk.com does not resolve, 7 times in a row" in output.error[1]
    assert "Check `subdomain`" in output.error[1]


@pytest.mark.parametrize(
    "fault",
    [Fault("html"), Fault("dropped"), Fault("status", status=500), Fault("redirect", location="/")],
    ids=lambda fault: fault.kind,
)
@pytest.mark.usefixtures("waits")
def test_faults_that_are_unrelated_to_length_do_not_halve_the_page(
    zendesk: ZendeskEmulator, fault: Fault
) -> None:
    fill(zendesk.account.help_center(), articles=120)
    zendesk.faults.add(replace(fault, path=PAGE, where=LISTING, times=None))
    output = run(zendesk, "read", config(zendesk))
    assert output.error[0] == "transient_error"
    assert "7 times in a row" in output.error[1]
    assert "at a time" not in output.logs


@pytest.mark.usefixtures("waits")
def test_a_list_whose_pages_bring_ever_new_ids_is_given_up(
    zendesk: ZendeskEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "MOST_ARTICLES", 300)
    fill(zendesk.account.help_center(), articles=30)
    refuse_offset_pages(zendesk)
    ids = count(10**6)

    shown: list[dict[str, Any]] = []

    def keep(answer: dict[str, Any]) -> dict[str, object]:
        shown[:] = answer["articles"]
        return {**answer, "meta": {"has_more": True, "after_cursor": "x"}}

    def go_on() -> None:
        articles = [{**row, "id": next(ids)} for row in shown]
        after = f"x{articles[0]['id']}"
        endless.body = {"articles": articles, "meta": {"has_more": True, "after_cursor": after}}

    endless = Fault("status", path=PAGE, where=LISTING, status=200, edit=go_on, times=None)
    zendesk.faults.add(Fault("rewrite", path=PAGE, where=LISTING, rewrite=keep), endless)
    output = run(zendesk, "read", config(zendesk))
    assert output.error[0] == "transient_error"
    assert "a list of more than 300 that does not end" in output.error[1]


@pytest.mark.parametrize("content", ["", "no certificate\n", "-----BEGIN CERTIFICATE-----\n"])
@pytest.mark.usefixtures("waits")
def test_a_certificate_file_without_a_certificate_is_a_config_error(
    zendesk: ZendeskEmulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str
) -> None:
    empty = tmp_path / "ca.pem"
    empty.write_text(content)
    set_up(zendesk, monkeypatch, REQUESTS_CA_BUNDLE=str(empty), CURL_CA_BUNDLE="")
    output = run(zendesk, "check", config(zendesk))
    assert output.error[0] == "config_error"
    assert "REQUESTS_CA_BUNDLE" in output.error[1]
    assert zendesk.requests == []


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ({"Date": "Sun, 01 Nov 2026 12:00:00 GMT"}, 101),
        ({"Date": "Sun, 01 Nov 2026 12:02:00 GMT"}, 1),
        ({"Date": "soon"}, 101),
    ],
)
def test_a_retry_after_date_counts_by_the_clock_of_the_answer(
    zendesk: ZendeskEmulator,
    monkeypatch: pytest.MonkeyPatch,
    waits: list[float],
    written: dict[str, str],
    expected: int,
) -> None:
    class Clock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> "Clock":
            return cls(2026, 11, 1, 12, tzinfo=tz)

    monkeypatch.setattr(RETRY_CLOCK, Clock)
    headers = {"Retry-After": "Sun, 01 Nov 2026 12:01:40 GMT", **written}
    zendesk.faults.add(Fault("status", path=PAGE, status=503, headers=headers))
    assert run(zendesk, "read", config(zendesk)).succeeded
    assert [expected] == waits


@pytest.mark.usefixtures("waits")
def test_no_request_goes_to_a_host_with_an_untrusted_certificate(
    zendesk: ZendeskEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up(zendesk, monkeypatch, REQUESTS_CA_BUNDLE=certifi.where(), CURL_CA_BUNDLE="")
    output = run(zendesk, "check", config(zendesk))
    assert output.error[0] == "config_error"
    assert "name its certificate in REQUESTS_CA_BUNDLE" in output.error[1]
    assert zendesk.requests == []


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:9", "foo bar", "http://[::1"])
@pytest.mark.usefixtures("waits")
def test_a_proxy_that_is_none_is_a_config_error(
    zendesk: ZendeskEmulator, monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    set_up(zendesk, monkeypatch, HTTPS_PROXY=proxy, https_proxy=proxy)
    output = run(zendesk, "check", config(zendesk))
    assert output.error[0] == "config_error"
    assert "HTTPS_PROXY" in output.error[1]


def test_a_missing_certificate_file_is_a_config_error_that_names_it(
    zendesk: ZendeskEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up(zendesk, monkeypatch, REQUESTS_CA_BUNDLE="/missing.pem", CURL_CA_BUNDLE="")
    output = run(zendesk, "check", config(zendesk))
    assert output.error[0] == "config_error"
    assert "/missing.pem" in output.error[1]
