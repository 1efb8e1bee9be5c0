"""What signs a request, where the tokens for it come from, and when."""

import base64
import json
import time
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, datetime, timedelta
from math import inf
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from airbyte_cdk.utils.airbyte_secrets_utils import filter_secrets
from requests import Request
from requests.auth import AuthBase
from requests_mock import Mocker

from source_zendesk_articles.config import parse_config
from source_zendesk_articles.zendesk import auth
from source_zendesk_articles.zendesk.auth import AccessToken, RenewedToken, Turn, authenticator
from source_zendesk_articles.zendesk.client import Connection
from source_zendesk_articles.zendesk.errors import CredentialError
from source_zendesk_articles.zendesk.models import Token
from source_zendesk_articles.zendesk.rate_limit import StoppedError

TOKENS = "https://acme.zendesk.com/oauth/tokens"
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
DATE = {"Date": "Sun, 01 Nov 2026 12:00:00 GMT"}
CLIENT = {
    "auth_type": "oauth_client_credentials",
    "client_id": "airbyte",
    "client_secret": "client-s3cret",
}
REFRESH = {**CLIENT, "auth_type": "oauth_refresh_token", "refresh_token": "refresh-0"}


class Clock:
    """What this machine takes for the time."""

    def __init__(self) -> None:
        self.now = NOW

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(auth, "_now", lambda: clock.now)
    return clock


def made(credentials: dict[str, str]) -> tuple[AuthBase, dict[str, Any]]:
    """Return the authenticator, and the configuration as the platform holds it."""
    entered: dict[str, Any] = {"subdomain": "acme", "credentials": dict(credentials)}
    return authenticator(parse_config(entered), entered), entered


def header(authenticator: AuthBase) -> str:
    request = Request("GET", "https://acme.zendesk.com/").prepare()
    return str(authenticator(request).headers["Authorization"])


def answers(requests_mock: Mocker, *tokens: dict[str, object]) -> None:
    requests_mock.post(TOKENS, [{"json": token, "headers": DATE} for token in tokens])


def test_an_api_token_is_sent_in_zendesks_basic_form_and_masked_in_it() -> None:
    signed, _ = made({"auth_type": "api_token", "email": "ada@acme.example", "api_token": "t0ken"})
    pair = base64.b64encode(b"ada@acme.example/token:t0ken").decode()
    assert f"Basic {pair}" == header(signed)
    assert "**** it is" == filter_secrets(f"{pair} it is")


def test_an_access_token_is_sent_as_it_is(requests_mock: Mocker) -> None:
    signed, _ = made({"auth_type": "oauth_access_token", "access_token": "given"})
    assert ["Bearer given"] * 2 == [header(signed), header(signed)]
    assert not requests_mock.called


def test_a_client_asks_its_own_host_for_a_token_in_json_and_for_how_long(
    requests_mock: Mocker,
) -> None:
    answers(requests_mock, {"access_token": "first-token", "expires_in": 1800})
    signed, entered = made(CLIENT)
    assert not requests_mock.called
    assert "Bearer first-token" == header(signed)
    (asked,) = requests_mock.request_history
    assert {
        "grant_type": "client_credentials",
        "client_id": "airbyte",
        "client_secret": "client-s3cret",
        "scope": "read",
        "expires_in": 1800,
    } == asked.json()
    assert "application/json" == asked.headers["Content-Type"]
    assert "Authorization" not in asked.headers
    assert CLIENT == entered["credentials"]


@pytest.mark.parametrize(
    ("answered", "seconds"),
    [
        (1800, 1740),
        (2, 1.8),
        (None, 1740),
        ("soon", 1740),
        (-1, 1740),
        (True, 1740),
        (172_800, 172_740),
        (172_801, 1740),
        (10**30, 1740),
    ],
)
def test_a_token_is_used_until_shortly_before_it_ends(
    requests_mock: Mocker, clock: Clock, answered: object, seconds: float
) -> None:
    second = {"access_token": "second", "expires_in": 1800}
    answers(requests_mock, {"access_token": "first", "expires_in": answered}, second)
    signed, _ = made(CLIENT)
    assert "Bearer first" == header(signed)
    clock.advance(seconds - 0.1)
    assert "Bearer first" == header(signed)
    clock.advance(0.1)
    assert "Bearer second" == header(signed)
    assert 2 == requests_mock.call_count


def test_what_was_fetched_is_masked_like_what_was_entered(requests_mock: Mocker) -> None:
    answers(requests_mock, {"access_token": "new-access", "refresh_token": "new-refresh"})
    signed, _ = made(REFRESH)
    header(signed)
    assert "**** and ****" == filter_secrets("new-access and new-refresh")


def test_a_refresh_token_is_replaced_in_the_configuration_and_told_before_it_is_used(
    requests_mock: Mocker, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    answers(
        requests_mock,
        {"access_token": "access-1", "refresh_token": "refresh-1", "expires_in": 86400},
        {"access_token": "access-2", "refresh_token": "refresh-2", "expires_in": 86400},
    )
    signed, entered = made(REFRESH)
    for count, day in ((1, 2), (2, 3)):
        assert f"Bearer access-{count}" == header(signed)
        (told,) = capsys.readouterr().out.splitlines()
        expected = {
            **REFRESH,
            "access_token": f"access-{count}",
            "refresh_token": f"refresh-{count}",
            "token_expiry_date": f"2026-11-0{day}T12:00:00Z",
        }
        control = json.loads(told)["control"]
        assert "CONNECTOR_CONFIG" == control["type"]
        assert {"subdomain": "acme", "credentials": expected} == control["connectorConfig"][
            "config"
        ]
        assert expected == entered["credentials"]
        clock.advance(86_400)
    assert ["refresh-0", "refresh-1"] == [
        asked.json()["refresh_token"] for asked in requests_mock.request_history
    ]
    assert {
        "grant_type": "refresh_token",
        "refresh_token": "refresh-0",
        "client_id": "airbyte",
        "client_secret": "client-s3cret",
        "expires_in": 86400,
    } == requests_mock.request_history[0].json()


@pytest.mark.parametrize("new", [{}, {"refresh_token": None}, {"refresh_token": 7}])
def test_without_a_new_refresh_token_the_old_one_stays(
    requests_mock: Mocker, new: dict[str, object]
) -> None:
    answers(requests_mock, {"access_token": "access-1", **new})
    signed, entered = made(REFRESH)
    assert "Bearer access-1" == header(signed)
    assert "refresh-0" == entered["credentials"]["refresh_token"]


@pytest.mark.parametrize(
    ("ends", "is_used"),
    [
        ("2026-11-01T12:01:01Z", True),
        ("2026-11-01T12:01:00Z", False),
        ("2026-11-01T13:01:01+01:00", True),
        ("2026-10-01T12:00:00Z", False),
        ("soon", True),
        ("2026-11-01T12:00:00", True),
        ("", True),
    ],
)
@pytest.mark.usefixtures("clock")
def test_the_access_token_of_the_configuration_is_used_while_it_is_good(
    requests_mock: Mocker, ends: str, is_used: bool
) -> None:
    answers(requests_mock, {"access_token": "fetched", "refresh_token": "refresh-1"})
    signed, _ = made({**REFRESH, "access_token": "kept", "token_expiry_date": ends})
    assert ("Bearer kept" if is_used else "Bearer fetched") == header(signed)


def test_two_that_sign_from_one_configuration_spend_no_refresh_token_twice(
    requests_mock: Mocker,
) -> None:
    answers(
        requests_mock,
        {"access_token": "access-1", "refresh_token": "refresh-1"},
        {"access_token": "access-2", "refresh_token": "refresh-2"},
    )
    entered: dict[str, Any] = {"subdomain": "acme", "credentials": dict(REFRESH)}
    first = authenticator(parse_config(entered), entered)
    second = authenticator(parse_config(entered), entered)
    assert ["Bearer access-1", "Bearer access-2"] == [header(first), header(second)]
    assert ["refresh-0", "refresh-1"] == [
        asked.json()["refresh_token"] for asked in requests_mock.request_history
    ]


def test_a_refused_token_is_replaced_once_however_many_complain() -> None:
    names = iter("abc")
    signed = RenewedToken(lambda _: AccessToken(next(names), None))
    assert "a" == header(signed)
    for _ in range(3):
        signed.renew("a")
    assert "b" == header(signed)
    signed.renew("b")
    assert "c" == header(signed)


def test_requests_in_parallel_share_one_token_and_fetch_it_once() -> None:
    fetched: list[AccessToken] = []

    def fetch(_: Turn) -> AccessToken:
        time.sleep(0.02)
        fetched.append(AccessToken(f"token {len(fetched)}", None))
        return fetched[-1]

    signed = RenewedToken(fetch)

    def ask(refused: str | None) -> str:
        if refused:
            signed.renew(refused)
        return header(signed)

    with ThreadPoolExecutor(8) as workers:
        assert ["token 0"] * 8 == list(workers.map(ask, [None] * 8))
        assert ["token 1"] * 8 == list(workers.map(ask, ["token 0"] * 8))
    assert 2 == len(fetched)


def test_a_fetch_that_failed_has_failed_for_every_thread_until_the_next_sync_begins() -> None:
    tries: list[int] = []

    def fail(_: Turn) -> AccessToken:
        time.sleep(0.02)
        tries.append(1)
        raise CredentialError(message=f"no {len(tries)}")

    signed = RenewedToken(fail)

    def ask(_: int) -> str:
        with pytest.raises(CredentialError) as raised:
            header(signed)
        return str(raised.value.message)

    for count in (1, 2):
        with ThreadPoolExecutor(8) as workers:
            assert [f"no {count}"] * 8 == list(workers.map(ask, range(8)))
        with pytest.raises(CredentialError):
            signed.renew("whatever")
        assert count == len(tries)
        signed.begin(inf)


def test_who_does_not_get_a_token_keeps_the_one_that_is_good() -> None:
    def fail(_: Turn) -> AccessToken:
        raise CredentialError(message="no")

    signed = RenewedToken(fail, AccessToken("held", None))
    assert not signed.renew("another")
    with pytest.raises(CredentialError):
        signed.renew("held")
    assert "held" == header(signed)


def test_the_end_waits_for_a_token_that_is_under_way_and_lets_no_other_be_fetched(
    requests_mock: Mocker, capsys: pytest.CaptureFixture[str]
) -> None:
    asked, answered = Event(), Event()

    def answer(_: object, context: Any) -> dict[str, str]:  # noqa: ANN401 -- untyped in the library
        context.headers.update(DATE)
        asked.set()
        answered.wait(10)
        return {"access_token": "access-1", "refresh_token": "refresh-1"}

    requests_mock.post(TOKENS, json=answer)
    signed, entered = made(REFRESH)
    assert isinstance(signed, RenewedToken)
    with ThreadPoolExecutor() as workers:
        first = workers.submit(header, signed)
        assert asked.wait(10)
        waiting = workers.submit(signed.renew, "Bearer access-1")
        ended = workers.submit(signed.end)
        assert not wait([ended], 0.2).done
        answered.set()
        ended.result(10)
        assert "refresh-1" in capsys.readouterr().out
        assert "Bearer access-1" == first.result(10)
        with pytest.raises(StoppedError):
            waiting.result(10)
    assert "refresh-1" == entered["credentials"]["refresh_token"]
    assert 1 == requests_mock.call_count


def test_the_end_does_not_wait_for_the_next_try_which_is_not_made(
    requests_mock: Mocker, monkeypatch: pytest.MonkeyPatch
) -> None:
    sleeping, awake = Event(), Event()

    def sleep(_: float) -> None:
        sleeping.set()
        awake.wait(10)

    requests_mock.post(TOKENS, status_code=503, headers={"Retry-After": "3600"})
    signed, _ = made(REFRESH)
    assert isinstance(signed, RenewedToken)
    monkeypatch.setattr("time.sleep", sleep)
    with ThreadPoolExecutor() as workers:
        first = workers.submit(header, signed)
        assert sleeping.wait(10)
        workers.submit(signed.end).result(10)
        # Another sync need not wait for who still sleeps.
        signed.begin(inf)
        requests_mock.post(TOKENS, json={"access_token": "second"}, headers=DATE)
        assert "Bearer second" == header(signed)
        awake.set()
        with pytest.raises(StoppedError):
            first.result(10)
    assert 2 == requests_mock.call_count


def test_a_token_that_another_thread_replaced_and_that_ended_too_is_replaced_once_more(
    requests_mock: Mocker,
) -> None:
    tokens: list[dict[str, object]] = [{"access_token": f"access-{n}"} for n in (1, 2, 3, 4)]
    answers(requests_mock, *tokens)
    signed, _ = made(CLIENT)
    assert isinstance(signed, RenewedToken)
    refused: list[str] = []

    def locales(request: Any, context: Any) -> dict[str, object]:  # noqa: ANN401 -- untyped in the library
        context.headers.update(DATE)
        refused.append(request.headers["Authorization"])
        if len(refused) <= 2:
            # Another thread meets the same, and is quicker.
            signed.renew(refused[-1])
        if len(refused) == 4:
            return {"locales": ["de"], "default_locale": "de"}
        context.status_code = 401
        return {"error": "invalid_token"}

    requests_mock.get("https://acme.zendesk.com/api/v2/help_center/locales", json=locales)
    client = Connection("acme", signed, "oauth_client_credentials").help_center()
    assert "de" == client.locales().default
    assert [f"Bearer access-{n}" for n in (1, 2, 3, 4)] == refused


def test_a_netrc_of_this_machine_signs_no_request_for_a_token(
    requests_mock: Mocker, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine acme.zendesk.com login ada password s3cret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    answers(requests_mock, {"access_token": "first"})
    assert "Bearer first" == header(made(CLIENT)[0])
    (asked,) = requests_mock.request_history
    assert "Authorization" not in asked.headers


@pytest.mark.parametrize("answer", [{"headers": {}}, {"headers": DATE, "status_code": 201}])
def test_a_token_that_came_is_not_asked_for_again(
    requests_mock: Mocker, answer: dict[str, Any]
) -> None:
    token = {"access_token": "access-1", "refresh_token": "refresh-1"}
    requests_mock.post(TOKENS, json=token, **answer)
    assert "Bearer access-1" == header(made(REFRESH)[0])
    assert 1 == requests_mock.call_count


@pytest.mark.parametrize("field", [10**30, "\ud800", {1, 2}])
def test_a_configuration_that_can_not_be_written_spends_no_refresh_token(
    requests_mock: Mocker, field: object
) -> None:
    signed, entered = made(REFRESH)
    entered["odd"] = field
    with pytest.raises(TypeError):
        header(signed)
    assert not requests_mock.called


@pytest.mark.parametrize("credentials", [CLIENT, REFRESH])
def test_what_signs_does_not_show_its_secrets(credentials: dict[str, str]) -> None:
    signed, _ = made(credentials)
    shown = f"{signed!r} {vars(signed)!r}"
    assert not [secret for secret in ("client-s3cret", "refresh-0") if secret in shown]


def test_a_token_does_not_show_itself() -> None:
    assert "s3cret" not in repr(AccessToken("Bearer s3cret", NOW))
    token = Token(access_token="s3cret", refresh_token="s3cret")
    assert "s3cret" not in repr(token)
