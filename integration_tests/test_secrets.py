"""No secret leaves: not in what is printed, and not to another host.

`run` searches whatever any command of any test prints.
"""

import base64
from collections.abc import Callable
from dataclasses import replace
from itertools import cycle
from unittest.mock import patch
from urllib.parse import quote, unquote

import pytest

from integration_tests.connector import CONTROL, LISTING, assert_no_secret, config, config_with, run
from integration_tests.credentials import (
    EVERY,
    RENEWED,
    Make,
    of_api_token,
    of_client,
    of_refresh_token,
)
from integration_tests.truth import rows, truth
from integration_tests.zendesk_emulator import Fault, ZendeskEmulator
from integration_tests.zendesk_emulator.sample import fill, furnish

# What each kind asks: tokens are asked for by those only that renew theirs.
ASKED = [*((make, "/api/") for make in EVERY), *((make, "/oauth/") for make in RENEWED)]


@pytest.mark.parametrize("make", EVERY)
@pytest.mark.parametrize("command", ["check", "discover", "read"])
def test_nothing_that_is_printed_has_a_secret_in_it(
    zendesk: ZendeskEmulator, make: Make, command: str
) -> None:
    furnish(zendesk.account.help_center())
    assert run(zendesk, command, config_with(zendesk, make), debug=True).succeeded


@pytest.mark.parametrize(("make", "level"), list(zip(EVERY, cycle(["debug", "DEBUG"]))))
def test_no_secret_is_printed_at_the_platforms_debug_level(
    zendesk: ZendeskEmulator, monkeypatch: pytest.MonkeyPatch, make: Make, level: str
) -> None:
    monkeypatch.setenv("LOG_LEVEL", level)
    furnish(zendesk.account.help_center())
    assert run(zendesk, "read", config_with(zendesk, make)).records


FAULTS = [
    Fault("dropped", times=None),
    Fault("truncated", times=None),
    Fault("rate_limited", times=3),
    Fault("status", status=401, times=None),
    Fault("status", status=500, times=None),
    Fault("status", status=418, times=None),
    Fault("redirect", location="https://evil.example/", times=None),
]


# Each kind of request meets two or three of them.
@pytest.mark.parametrize(
    ("make", "path", "fault"),
    [(*ASKED[place % len(ASKED)], FAULTS[place % len(FAULTS)]) for place in range(14)],
)
@pytest.mark.usefixtures("waits")
def test_no_fault_prints_a_secret(
    zendesk: ZendeskEmulator, make: Make, path: str, fault: Fault
) -> None:
    zendesk.faults.add(replace(fault, path=path))
    run(zendesk, "read", config_with(zendesk, make), debug=True)
    zendesk.faults.assert_consumed()


@pytest.mark.parametrize(
    ("make", "path", "status", "command"),
    [
        *((make, path, 401, "check") for make, path in ASKED),
        *((make, path, 403, "read") for make, path in ASKED),
        (of_api_token, "/api/", 200, "read"),
        (of_client, "/oauth/", 500, "check"),
    ],
)
@pytest.mark.usefixtures("waits")
def test_an_answer_that_repeats_the_credentials_is_masked(
    zendesk: ZendeskEmulator, make: Make, path: str, status: int, command: str
) -> None:
    others = set(zendesk.account.secrets)
    entered = config_with(zendesk, make)
    told: list[str] = []

    def repeat() -> None:
        # Also what was given while this command ran.
        secrets = sorted(zendesk.account.secrets - others)
        pairs = [base64.b64encode(secret.encode()).decode() for secret in secrets if ":" in secret]
        told[:] = [*secrets, *pairs]
        echo.body = {"error": " ".join(["Got", *told])}

    echo = Fault("status", path=path, status=status, edit=repeat, times=None)
    zendesk.faults.add(echo)
    output = run(zendesk, command, entered)
    zendesk.faults.assert_consumed()
    assert told
    if status in {401, 403}:
        assert len(told) == output.error[1].count("****")


@pytest.mark.parametrize("before", ["", "a", "ab"])
@pytest.mark.parametrize("encode", [str, lambda text: base64.b64encode(text.encode()).decode()])
def test_the_search_finds_a_secret_wherever_it_is_encoded(
    zendesk: ZendeskEmulator, before: str, encode: Callable[[str], str]
) -> None:
    configuration = {"credentials": {"client_secret": "entered-by-somebody"}}
    for secret in (*zendesk.account.secrets, "entered-by-somebody"):
        printed = encode(f"{before}{secret}:")
        with pytest.raises(AssertionError, match="a secret was printed"):
            assert_no_secret(zendesk, configuration, f"{{}}\n{printed}\n")
        assert_no_secret(zendesk, configuration, f"{CONTROL} {printed}")


def test_a_shortened_answer_never_ends_within_a_secret(zendesk: ZendeskEmulator) -> None:
    # What Zendesk says is cut in the user's sentence, not within a secret.
    token = zendesk.account.admin_token
    body = {"error": "x" * 180 + f" {token}"}
    zendesk.faults.add(Fault("status", path="users/me$", status=418, body=body, times=None))
    sentence = run(zendesk, "read", config(zendesk)).error[1]
    assert f"{'x' * 180} ****" in sentence
    assert token[:8] not in sentence


def test_a_secret_in_the_address_of_a_redirect_is_masked(zendesk: ZendeskEmulator) -> None:
    there = f"https://{zendesk.account.admin_token.upper()}.evil.example/"
    pasted = {
        **of_api_token(zendesk, zendesk.account.admin),
        "api_token": zendesk.account.admin_token.upper(),
    }
    zendesk.faults.add(Fault("redirect", location=there, times=None))
    sentence = run(zendesk, "read", config(zendesk, credentials=pasted)).error[1]
    assert "to ****.evil.example (302)" in sentence
    assert zendesk.account.admin_token not in sentence


def each_percent_encoded(text: str) -> str:
    return "".join(f"%{ord(character):02x}" for character in text)


ENCODINGS: list[Callable[[str], str]] = [
    each_percent_encoded,
    lambda text: each_percent_encoded(text).upper(),
    lambda text: quote(f"token={text}&"),
    *(
        lambda text, before=before: base64.b64encode(f"{before}{text} it is".encode()).decode()
        for before in ("", "a", "ab")
    ),
    lambda text: base64.urlsafe_b64encode(f"Bearer {text}?>".encode()).decode().rstrip("="),
]


@pytest.mark.parametrize(("encode", "make"), list(zip(ENCODINGS, cycle(EVERY))))
@pytest.mark.usefixtures("waits")
def test_a_secret_is_masked_in_whatever_form_it_comes_back(
    zendesk: ZendeskEmulator, encode: Callable[[str], str], make: Make
) -> None:
    secret = "s3cret+of/somebody=?"
    entered = config_with(zendesk, make)
    names = {"client_secret", "access_token", "api_token"} & entered["credentials"].keys()
    entered["credentials"][names.pop()] = secret
    echoed = encode(secret)
    body = {"error": f"Got {echoed}."}
    for status, there in ((401, {}), (302, {"Location": f"https://{echoed}.evil.example/"})):
        zendesk.faults.clear()
        zendesk.faults.add(Fault("status", status=status, body=body, headers=there, times=None))
        message = run(zendesk, "read", entered).error[1]
        assert "****" in message or "an unknown place" in message
        assert secret not in unquote(message)
        assert echoed not in message


def test_a_secret_pasted_with_blanks_is_masked_without_them(
    zendesk: ZendeskEmulator,
) -> None:
    account = zendesk.account
    pair = f"{account.admin.email}/token:{account.admin_token}"
    signed = base64.b64encode(pair.encode()).decode()
    body = {"error": f"Got Basic {signed}, that is {account.admin_token}"}
    zendesk.faults.add(Fault("status", path="users/me$", status=401, body=body, times=None))
    pasted = {**of_api_token(zendesk, account.admin), "api_token": f" {account.admin_token}\n"}
    output = run(zendesk, "read", config(zendesk, credentials=pasted))
    assert {f"Basic {signed}"} == {
        request.authorization for request in zendesk.requests if request.authorization
    }
    assert "Got Basic ****, that is ****" in output.error[1]


SIGNED = [
    (of_client, "tokens$"),
    (of_refresh_token, "tokens$"),
    *(
        (make, path)
        for path in ("users/me$", "locales$", "en-us/articles$", "[^s]/articles$")
        for make in (of_client, of_api_token)
    ),
]
REDIRECTS = [
    (302, "https://evil.example/"),
    (307, "https://evil.example/"),
    (308, "https://other.zendesk.com/api/v2/"),
    (301, "http://["),
    (303, "https://\xe9.example/"),
    (302, ""),
]


@pytest.mark.parametrize(
    ("make", "path", "status", "location"),
    [(*asked, *there) for asked, there in zip(SIGNED, cycle(REDIRECTS))],
)
@pytest.mark.usefixtures("waits")
def test_no_redirect_is_followed(
    zendesk: ZendeskEmulator, make: Make, path: str, status: int, location: str
) -> None:
    furnish(zendesk.account.help_center())
    there = {"Location": location}
    zendesk.faults.add(Fault("status", path=path, status=status, headers=there, times=None))
    run(zendesk, "read", config_with(zendesk, make))
    zendesk.faults.assert_consumed()
    assert zendesk.strangers == []
    assert {"acme.zendesk.com"} == {request.host for request in zendesk.requests}


def test_no_link_of_an_answer_is_followed(zendesk: ZendeskEmulator) -> None:
    help_center = zendesk.account.help_center()
    fill(help_center, articles=250)

    def lie(answer: dict[str, dict[str, object]]) -> dict[str, object]:
        evil = "https://evil.example/next"
        links = dict.fromkeys(("first", "next", "prev", "last"), evil)
        return {**answer, "links": links, "next_page": evil}

    zendesk.faults.add(Fault("rewrite", path="articles$", where=LISTING, rewrite=lie, times=None))
    output = run(zendesk, "read", config_with(zendesk, of_client))
    assert truth(help_center) == rows(output.records)
    assert zendesk.strangers == []
    assert {"acme.zendesk.com"} == {request.host for request in zendesk.requests}


ODD_SUBDOMAINS = [
    "evil.example/acme.zendesk.com",
    "evil.example#.zendesk.com",
    "acme.zendesk.com@evil.example",
    "acme.zendesk.com.evil.example",
    "acme.zendesk.com:8443",
    "evil.example\\.zendesk.com",
    "127.0.0.1",
]


@pytest.mark.parametrize(("subdomain", "make"), list(zip(ODD_SUBDOMAINS, cycle(EVERY))))
def test_a_subdomain_that_names_another_host_gets_no_request(
    zendesk: ZendeskEmulator, subdomain: str, make: Make
) -> None:
    entered = {**config_with(zendesk, make), "subdomain": subdomain}
    assert "config_error" == run(zendesk, "read", entered).error[0]
    assert ([], []) == (zendesk.requests, zendesk.strangers)


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
