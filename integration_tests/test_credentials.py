"""The four kinds of credential: how long each works, and what is said when it does not."""

import io
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from typing import Any
from unittest.mock import patch

import pytest

from integration_tests.conditions import (
    SMALL,
    TIMEOUT,
    WORKERS,
    Connection,
    HelpCenterClient,
    auth,
    authenticator,
    pages_of,
    parse_config,
    refuse_offset_pages,
)
from integration_tests.connector import (
    CONTROL,
    Output,
    config,
    config_with,
    killed_script,
    run,
)
from integration_tests.credentials import (
    EVERY,
    RENEWED,
    TOKENS,
    Make,
    asked_for_tokens,
    of_access_token,
    of_api_token,
    of_client,
    of_hc_read,
    of_refresh_token,
)
from integration_tests.platform import Platform
from integration_tests.truth import mirror
from integration_tests.zendesk_emulator import (
    API_TOKENS_END,
    Fault,
    HelpCenter,
    OAuthClient,
    ZendeskEmulator,
)
from integration_tests.zendesk_emulator.sample import fill, furnish

Entered = dict[str, Any]
INCREMENTAL = "/api/v2/help_center/incremental/articles"
ME = "/api/v2/users/me"
ENDS = "WARN Zendesk ends all API tokens on 2027-04-30"
CLIENTS_PAGE = "Admin Center, Apps and integrations, APIs, OAuth clients"


def statuses(zendesk: ZendeskEmulator, status: int) -> int:
    return sum(request.status == status for request in zendesk.requests)


# --------------------------------------------------------------------------- each of them works


@pytest.mark.parametrize("make", [*EVERY, of_hc_read])
def test_each_kind_checks_syncs_and_syncs_what_changed(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter, make: Make
) -> None:
    furnish(help_center)
    configured = config_with(zendesk, make)
    output = run(zendesk, "check", configured)
    assert [{"status": "SUCCEEDED"}] == output.of("CONNECTION_STATUS")
    configured = output.kept(configured)

    output = platform.sync(configured, debug=True)
    assert output.records
    assert mirror(help_center) == platform.destination.table
    configured = output.kept(configured)

    # More than any access token lives: the credentials outlive it.
    zendesk.clock.advance(172_800)
    help_center.change(help_center.articles[0], promoted=True)
    zendesk.clock.advance(3600)
    output = platform.sync(configured)
    assert {help_center.articles[0].id} == {record["id"] for record in output.records}
    assert mirror(help_center) == platform.destination.table


@pytest.mark.parametrize("make", EVERY)
@pytest.mark.parametrize("command", ["spec", "discover"])
def test_spec_and_discover_send_no_request(
    zendesk: ZendeskEmulator, make: Make, command: str
) -> None:
    configured = None if command == "spec" else config_with(zendesk, make)
    assert run(zendesk, command, configured).succeeded
    assert [] == zendesk.requests


def test_a_sync_fetches_one_token_and_an_idle_one_another(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    fill(help_center, articles=250)
    configured = config_with(zendesk, of_client)
    for _ in range(2):
        zendesk.forget_requests()
        platform.sync(configured)
        assert (1, 6) == (asked_for_tokens(zendesk), len(zendesk.requests) - 1)
        assert TOKENS == zendesk.requests[0].path


def test_a_refresh_token_is_not_spent_while_its_access_token_is_good(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    furnish(help_center)
    configured = config_with(zendesk, of_refresh_token)
    outputs = [run(zendesk, "check", configured)]
    configured = outputs[0].kept(configured)
    outputs += [platform.sync(configured), platform.sync(configured)]
    assert [1, 0, 0] == [len(output.control) for output in outputs]
    assert 1 == asked_for_tokens(zendesk)


def test_check_spends_nothing_if_the_access_token_is_entered_too(
    zendesk: ZendeskEmulator, help_center: HelpCenter
) -> None:
    furnish(help_center)
    (spec,) = run(zendesk, "spec").of("SPEC")
    (form,) = [
        form["properties"]
        for form in spec["connectionSpecification"]["properties"]["credentials"]["oneOf"]
        if form["properties"]["auth_type"]["const"] == "oauth_refresh_token"
    ]
    assert form["access_token"]["airbyte_secret"]
    assert not any("airbyte_hidden" in form[name] for name in ("access_token", "token_expiry_date"))
    configured = config_with(zendesk, of_refresh_token)
    token = zendesk.account.add_oauth_token(zendesk.account.admin, lifetime=1800)
    configured["credentials"]["access_token"] = token
    output = run(zendesk, "check", configured)
    assert [{"status": "SUCCEEDED"}] == output.of("CONNECTION_STATUS")
    assert (0, []) == (asked_for_tokens(zendesk), output.control)


def test_the_control_message_is_the_configuration_with_the_new_tokens(
    zendesk: ZendeskEmulator,
) -> None:
    configured = config_with(zendesk, of_refresh_token, labels=["a"], retract_as="mark")
    (told,) = run(zendesk, "check", configured).control
    before, after = configured["credentials"], told["credentials"]
    assert {**configured, "credentials": after} == told
    assert {"refresh_token"} == {name for name in before if before[name] != after[name]}
    assert {"access_token", "token_expiry_date"} == after.keys() - before.keys()


# ---------------------------------------------------------------------------- tokens that end


@pytest.mark.parametrize("make", RENEWED)
@pytest.mark.parametrize("clock", ["right", "stopped", "unasked"])
@pytest.mark.usefixtures("waits")
def test_tokens_that_live_two_seconds_are_enough_for_fifteen_pages(  # noqa: PLR0913, PLR0917 -- two fixtures more than its givens
    zendesk: ZendeskEmulator,
    platform: Platform,
    help_center: HelpCenter,
    monkeypatch: pytest.MonkeyPatch,
    make: Make,
    clock: str,
) -> None:
    zendesk.clock.stand_still()  # what is asked for meanwhile would use up a token's time, too
    fill(help_center, articles=150)
    refuse_offset_pages(zendesk)
    configured = config_with(zendesk, make)
    oauth_client(zendesk, configured).longest = 2
    page = r"help_center/articles$"

    def a_second_passes(answer: dict[str, Any]) -> dict[str, Any]:
        zendesk.clock.advance(1)
        return answer

    zendesk.faults.add(Fault("rewrite", path=page, rewrite=a_second_passes, times=None))
    if clock == "right":
        monkeypatch.setattr(auth, "_now", lambda: zendesk.clock.now)
    if clock == "unasked":
        zendesk.faults.add(Fault("rewrite", path=TOKENS, rewrite=without_lifetime, times=None))
    with pages_of(10):
        platform.sync(configured)
    assert mirror(help_center) == platform.destination.table
    assert asked_for_tokens(zendesk) >= 7
    # A clock that goes like Zendesk's sees each end coming; else a 401 tells.
    assert (clock != "right") == (statuses(zendesk, 401) > 0)


def without_lifetime(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name != "expires_in"}


def oauth_client(zendesk: ZendeskEmulator, configured: Entered) -> OAuthClient:
    client = zendesk.account.oauth_client(configured["credentials"]["client_id"])
    assert client is not None
    return client


def revoke_at(zendesk: ZendeskEmulator, page: int) -> None:
    revoke = zendesk.account.revoke_access_tokens
    zendesk.faults.add(Fault("edit", path=r"help_center/articles$", skip=page + 1, edit=revoke))


@pytest.mark.parametrize("make", RENEWED)
def test_a_token_that_is_revoked_between_two_pages_is_replaced_at_once(
    zendesk: ZendeskEmulator,
    platform: Platform,
    help_center: HelpCenter,
    make: Make,
    waits: list[float],
) -> None:
    fill(help_center, articles=350)
    refuse_offset_pages(zendesk)
    revoke_at(zendesk, page=1)
    platform.sync(config_with(zendesk, make))
    zendesk.faults.assert_consumed()
    assert mirror(help_center) == platform.destination.table
    assert (2, 1, []) == (asked_for_tokens(zendesk), statuses(zendesk, 401), waits)


@pytest.mark.parametrize("make", RENEWED)
def test_a_token_that_is_refused_to_many_threads_at_once_is_replaced_once(
    zendesk: ZendeskEmulator,
    platform: Platform,
    help_center: HelpCenter,
    make: Make,
    waits: list[float],
) -> None:
    fill(help_center, articles=350)
    zendesk.latency = 0.1
    zendesk.faults.add(
        Fault("edit", where={"page": "2"}, edit=zendesk.account.revoke_access_tokens)
    )
    with pages_of(10):
        platform.sync(config_with(zendesk, make))
    zendesk.faults.assert_consumed()
    assert mirror(help_center) == platform.destination.table
    assert (2, []) == (asked_for_tokens(zendesk), waits)
    assert 1 < statuses(zendesk, 401) <= WORKERS


def test_a_token_that_was_given_and_is_revoked_between_two_pages_ends_the_sync(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    fill(help_center, articles=350)
    revoke_at(zendesk, page=1)
    output = platform.sync(config_with(zendesk, of_access_token))
    failure_type, sentence = output.error
    assert "config_error" == failure_type
    assert "`access_token` has expired, was revoked" in sentence
    assert "Prefer OAuth client credentials, or OAuth with a refresh token" in sentence
    # What came until then stays, and the next sync goes on from there.
    held = dict(platform.destination.table)
    assert held
    output = platform.sync(config_with(zendesk, of_access_token))
    assert held.keys().isdisjoint((record["id"], record["locale"]) for record in output.records)
    assert mirror(help_center) == platform.destination.table


@pytest.mark.parametrize("make", RENEWED)
@pytest.mark.usefixtures("waits")
def test_a_token_that_ends_while_a_rate_limit_is_waited_out_is_replaced(
    zendesk: ZendeskEmulator,
    platform: Platform,
    help_center: HelpCenter,
    monkeypatch: pytest.MonkeyPatch,
    make: Make,
) -> None:
    monkeypatch.setattr(auth, "_now", lambda: zendesk.clock.now)
    furnish(help_center)
    # Once only: the time that passes for one thread passes for a token that another one just got.
    zendesk.faults.add(
        Fault("rate_limited", path=r"p_center/articles$", credential="oauth", retry_after=86_000)
    )
    assert platform.sync(config_with(zendesk, make)).succeeded
    zendesk.faults.assert_consumed()
    assert mirror(help_center) == platform.destination.table


@pytest.mark.parametrize("make", RENEWED)
def test_a_token_that_is_refused_as_soon_as_it_was_given_is_not_fetched_for_ever(
    zendesk: ZendeskEmulator, help_center: HelpCenter, make: Make
) -> None:
    furnish(help_center)
    zendesk.faults.add(Fault("status", path=ME, status=401, body={"error": "no"}, times=None))
    failure_type, sentence = run(zendesk, "read", config_with(zendesk, make)).error
    assert "config_error" == failure_type
    assert "acme.zendesk.com refused the access token that it had just issued" in sentence
    assert 2 == asked_for_tokens(zendesk)


@pytest.mark.parametrize(
    "fault", ["rate_limited", "dropped", "hang", "html", "truncated", "status"]
)
@pytest.mark.usefixtures("waits")
def test_a_token_request_is_made_again_after_a_fault_that_passes(
    zendesk: ZendeskEmulator,
    platform: Platform,
    help_center: HelpCenter,
    monkeypatch: pytest.MonkeyPatch,
    fault: Any,  # noqa: ANN401 -- a literal of the emulator
) -> None:
    monkeypatch.setattr(TIMEOUT, (1.0, 0.2))
    furnish(help_center)
    zendesk.faults.add(Fault(fault, path=TOKENS, times=2, status=503, seconds=30))
    assert platform.sync(config_with(zendesk, of_client)).succeeded
    zendesk.faults.assert_consumed()
    assert 3 == asked_for_tokens(zendesk)
    assert mirror(help_center) == platform.destination.table


@pytest.mark.parametrize("status", [403, 404, 410])
@pytest.mark.usefixtures("waits")
def test_a_token_request_that_is_refused_says_nothing_of_an_article(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter, status: int
) -> None:
    fill(help_center, articles=30)
    configured = config_with(zendesk, of_client)
    platform.sync(configured)
    before = dict(platform.destination.table)
    # Out of the list, and still there: a listing that drifted.
    hidden = help_center.articles[3].id
    zendesk.faults.add(
        Fault("rewrite", path=r"help_center/articles$", rewrite=without(hidden), times=None),
        Fault("edit", path=rf"{hidden}$", edit=zendesk.account.revoke_access_tokens),
        Fault("status", path=TOKENS, skip=1, status=status, times=None),
    )
    output = platform.sync(configured)
    zendesk.faults.assert_consumed()
    assert "config_error" == output.error[0]
    assert ([], before) == (output.records, platform.destination.table)


def without(article_id: int) -> Callable[[dict[str, Any]], dict[str, Any]]:
    def rewrite(answer: dict[str, Any]) -> dict[str, Any]:
        rows = [row for row in answer["articles"] if row["id"] != article_id]
        return {**answer, "articles": rows}

    return rewrite


@pytest.mark.usefixtures("waits")
def test_a_token_request_that_is_not_answered_does_not_make_the_pages_smaller(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    fill(help_center, articles=250)
    revoke_at(zendesk, page=1)
    zendesk.faults.add(Fault("status", path=TOKENS, skip=1, status=503, times=None))
    output = platform.sync(config_with(zendesk, of_client))
    assert "transient_error" == output.error[0]
    assert "POST acme.zendesk.com/oauth/tokens: status 503, 7 times in a row" in output.error[1]
    assert 1 + 7 == asked_for_tokens(zendesk)


@pytest.mark.parametrize("make", RENEWED)
@pytest.mark.parametrize("faults", [7, 14])
def test_a_token_endpoint_that_is_down_is_asked_by_one_chain_of_tries(  # noqa: PLR0913, PLR0917 -- fixtures and givens
    zendesk: ZendeskEmulator,
    platform: Platform,
    help_center: HelpCenter,
    waits: list[float],
    make: Make,
    faults: int,
) -> None:
    # Many threads need a token, and each of them might begin anew while the sync is failing: what
    # the next try gets would be lost with the process.
    zendesk.latency = 0.02
    fill(help_center, articles=30)
    zendesk.faults.add(Fault("status", path=TOKENS, status=500, times=faults))
    configured = config_with(zendesk, make)
    for tries in range(7, faults + 1, 7):
        output = platform.sync(configured)
        assert "transient_error" == output.error[0]
        assert "POST acme.zendesk.com/oauth/tokens: status 500, 7 times" in output.error[1]
        assert (tries, []) == (asked_for_tokens(zendesk), output.control)
        assert [2, 3, 5, 9, 17, 33] * (tries // 7) == waits
    assert platform.sync(configured).succeeded
    assert mirror(help_center) == platform.destination.table


# -------------------------------------------------------------------------------- rotation


@pytest.mark.parametrize("command", ["check", "read"])
def test_each_rotation_is_emitted_before_its_access_token_is_used(
    zendesk: ZendeskEmulator, help_center: HelpCenter, command: str
) -> None:
    furnish(help_center)
    printed: list[str] = []

    def note() -> None:
        # The connector runs in this process, and prints here.
        assert isinstance(sys.stdout, io.StringIO)
        printed.append(sys.stdout.getvalue())

    def revoke() -> None:
        note()
        zendesk.account.revoke_access_tokens()

    zendesk.faults.add(
        Fault("edit", path="locales$", edit=revoke),
        Fault("edit", credential="oauth", times=None, edit=note),
        Fault("edit", credential="bad", times=None, edit=note),
    )
    output = run(zendesk, command, config_with(zendesk, of_refresh_token))
    assert output.succeeded
    assert 2 == len(output.control)
    signed = [request for request in zendesk.requests if request.authorization]
    assert 4 <= len(signed) == len(printed)
    for request, text in zip(signed, printed, strict=True):
        assert request.authorization is not None
        token = request.authorization.removeprefix("Bearer ")
        # Another thread's may have been replaced while its request was under way.
        assert token in [told["credentials"]["access_token"] for told in Output(text).control]


def test_the_emitted_configuration_works_after_a_sync_that_was_killed(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    fill(help_center, articles=350)
    revoke_at(zendesk, page=1)
    configured = config_with(zendesk, of_refresh_token)
    killed = killed_script(2, of=CONTROL)
    output = platform.sync(configured, through=killed)
    assert 2 == len(output.control)
    before = run(zendesk, "read", output.kept(configured), state=platform.state)
    assert before.succeeded
    platform.keep(before)
    assert mirror(help_center) == platform.destination.table
    # The one that was spent is of no use to anybody.
    for spent in (configured, output.control[0]):
        failure_type, sentence = run(zendesk, "read", without_access(spent)).error
        assert "config_error" == failure_type
        assert "Authenticate again" in sentence


def without_access(configured: Entered) -> Entered:
    fields = configured["credentials"].items()
    spent = {name: value for name, value in fields if name != "access_token"}
    return {**configured, "credentials": spent}


def test_an_access_token_without_an_end_is_used_until_it_is_refused(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    # As Airbyte's own button leaves it.
    furnish(help_center)
    configured = config_with(zendesk, of_refresh_token)
    token = zendesk.account.add_oauth_token(zendesk.account.admin, lifetime=1800)
    configured["credentials"]["access_token"] = token
    assert [] == platform.sync(configured).control
    zendesk.clock.advance(1800)
    output = platform.sync(configured)
    assert output.succeeded
    assert 1 == len(output.control)
    # What the opening asks for at the same time is refused at the same time.
    assert 1 <= statuses(zendesk, 401) <= 3


# --------------------------------------------------------------------------------- refusals

UNKNOWN_CLIENT = (
    "acme.zendesk.com gave no access token (401: invalid_client: invalid client). Check "
    "`client_id`, which is the *identifier* of the OAuth client and neither its name nor its "
    f"number, and `client_secret` ({CLIENTS_PAGE}). A secret is shown once: if in doubt, generate "
    "a new one."
)
SPENT = (
    "acme.zendesk.com gave no access token (400: invalid_grant: invalid grant). A refresh token "
    "can be used once. This one was used before, has expired, was revoked, belongs to another "
    "OAuth client, or the answer to its use was lost. If another operation, such as a test of the "
    "connection, has just renewed it, run this again. Authenticate again in the source's "
    "settings, or enter a new refresh token. Enter the access token that came with it, too: then a "
    "test of the connection does not use the refresh token. No other connection may use the same "
    "one. OAuth client credentials have no refresh token to lose."
)


def with_another(zendesk: ZendeskEmulator, make: Make, **fields: str) -> Entered:
    entered = config_with(zendesk, make)
    entered["credentials"].update(fields)
    return entered


def an_unknown_client(zendesk: ZendeskEmulator) -> Entered:
    return with_another(zendesk, of_client, client_id="Airbyte (articles)")


def a_wrong_secret(zendesk: ZendeskEmulator) -> Entered:
    return with_another(zendesk, of_client, client_secret="not-the-secret")


def a_wrong_secret_beside_a_refresh_token(zendesk: ZendeskEmulator) -> Entered:
    return with_another(zendesk, of_refresh_token, client_secret="not-the-secret")


def a_public_client(zendesk: ZendeskEmulator) -> Entered:
    configured = config_with(zendesk, of_client)
    oauth_client(zendesk, configured).kind = "public"
    return configured


def an_account_without_this_grant(zendesk: ZendeskEmulator) -> Entered:
    body = {"error": "unsupported_grant_type"}
    zendesk.faults.add(Fault("status", path=TOKENS, status=400, body=body, times=None))
    return config_with(zendesk, of_client)


def a_client_without_the_scope(zendesk: ZendeskEmulator) -> Entered:
    configured = config_with(zendesk, of_client)
    oauth_client(zendesk, configured).allowed_scopes = frozenset({"users:read"})
    return configured


def a_spent_refresh_token(zendesk: ZendeskEmulator) -> Entered:
    configured = config_with(zendesk, of_refresh_token)
    run(zendesk, "check", configured)
    return configured


def a_revoked_refresh_token(zendesk: ZendeskEmulator) -> Entered:
    configured = config_with(zendesk, of_refresh_token)
    zendesk.account.revoke(configured["credentials"]["refresh_token"])
    return configured


def a_refresh_token_that_expired(zendesk: ZendeskEmulator) -> Entered:
    configured = config_with(zendesk, of_refresh_token)
    zendesk.clock.advance(10**9)
    return configured


def a_refresh_token_of_another_client(zendesk: ZendeskEmulator) -> Entered:
    token = of_refresh_token(zendesk, zendesk.account.admin)["refresh_token"]
    return with_another(zendesk, of_refresh_token, refresh_token=token)


def a_refresh_token_whose_answer_gets_lost(zendesk: ZendeskEmulator) -> Entered:
    zendesk.faults.add(Fault("truncated", path=TOKENS))
    return config_with(zendesk, of_refresh_token)


def an_access_token_that_expired(zendesk: ZendeskEmulator) -> Entered:
    configured = config_with(zendesk, partial(of_access_token, lifetime=1800))
    zendesk.clock.advance(1800)
    return configured


def an_access_token_without_the_scope(zendesk: ZendeskEmulator) -> Entered:
    return config_with(zendesk, partial(of_access_token, scope="users:read"))


def a_client_that_is_nobodys(zendesk: ZendeskEmulator) -> Entered:
    nobody = {"user": {"id": None, "name": "Anonymous user", "email": None, "role": "end-user"}}
    zendesk.faults.add(Fault("status", path=ME, status=200, body=nobody, times=None))
    return config_with(zendesk, of_client)


def a_client_of_somebody_who_is_no_agent(zendesk: ZendeskEmulator) -> Entered:
    user = zendesk.account.add_user("Eve", "eve@acme.example", "end-user")
    return config(zendesk, credentials=of_client(zendesk, user))


def somebody_who_is_no_agent_behind_a_scope_that_does_not_tell(
    zendesk: ZendeskEmulator,
) -> Entered:
    user = zendesk.account.add_user("Eve", "eve@acme.example", "end-user")
    return config(zendesk, credentials=of_hc_read(zendesk, user))


def a_client_of_no_account(zendesk: ZendeskEmulator) -> Entered:
    return config_with(zendesk, of_client, subdomain="nobody")


def a_redirect_of_the_token_request(zendesk: ZendeskEmulator) -> Entered:
    zendesk.faults.add(Fault("redirect", path=TOKENS, location="https://evil.example/", times=None))
    return config_with(zendesk, of_client)


REFUSALS: dict[Callable[[ZendeskEmulator], Entered], str] = {
    an_unknown_client: UNKNOWN_CLIENT,
    a_wrong_secret: UNKNOWN_CLIENT,
    a_wrong_secret_beside_a_refresh_token: UNKNOWN_CLIENT,
    a_public_client: (
        "acme.zendesk.com gave no access token (400: unauthorized_client: unauthorized client). "
        "The OAuth client may not get tokens in this way: its kind must be *confidential* "
        f"({CLIENTS_PAGE})."
    ),
    an_account_without_this_grant: (
        "acme.zendesk.com gave no access token (400: unsupported_grant_type). The OAuth client may "
        f"not get tokens in this way: its kind must be *confidential* ({CLIENTS_PAGE})."
    ),
    a_client_without_the_scope: (
        "acme.zendesk.com gave no access token (400: invalid_scope: invalid scope). The credential "
        f"needs the scope `read`. Allow it for the OAuth client ({CLIENTS_PAGE}); a token keeps "
        "the scopes that it was created with, so create a new one."
    ),
    a_spent_refresh_token: SPENT,
    a_revoked_refresh_token: SPENT,
    a_refresh_token_that_expired: SPENT,
    a_refresh_token_of_another_client: SPENT,
    a_refresh_token_whose_answer_gets_lost: SPENT,
    an_access_token_that_expired: (
        "Zendesk refused the credentials (401: invalid_token: The access token provided is "
        "expired, revoked, malformed or invalid.). `access_token` has expired, was revoked, "
        "or is not one of acme.zendesk.com. It is used as it was entered, and cannot be renewed. "
        "Prefer "
        "OAuth client credentials, or OAuth with a refresh token: their tokens are renewed."
    ),
    an_access_token_without_the_scope: (
        "Zendesk does not let this user read /api/v2/help_center/locales (403: Forbidden: You are "
        "missing the following required scopes: read). The credential needs the scope `read`. "
        f"Allow it for the OAuth client ({CLIENTS_PAGE}); a token keeps the scopes that it was "
        "created with, so create a new one."
    ),
    a_client_that_is_nobodys: (
        "Zendesk treated the request as anonymous. The user of the credentials for "
        "acme.zendesk.com may be suspended or deleted: see Admin Center, People, Team members."
    ),
    a_client_of_somebody_who_is_no_agent: (
        "Eve has the role 'end-user' in Zendesk and can read only what customers can. The user "
        "must be an agent or admin with access to Guide: see Admin Center, People, Team members."
    ),
    somebody_who_is_no_agent_behind_a_scope_that_does_not_tell: (
        "Zendesk does not let this user read /api/v2/help_center/incremental/articles (404: "
        "RecordNotFound: Not found). The user must be an agent or admin with access to Guide: see "
        "Admin Center, People, Team members."
    ),
    a_client_of_no_account: (
        "There is no Zendesk account at https://nobody.zendesk.com (404: No help desk at "
        "nobody.zendesk.com: There is no help desk configured at this address. This means that "
        "the address is available and that you can claim it at http://www.zendesk.com/signup). "
        "Check `subdomain`: the part before .zendesk.com in the address at which your agents work."
    ),
    a_redirect_of_the_token_request: (
        "Zendesk redirected the request from acme.zendesk.com to evil.example (302), and "
        "credentials are sent to the configured host only. Check `subdomain`: the account may "
        "have been renamed."
    ),
}


@pytest.mark.parametrize(
    ("arrange", "sentence"), REFUSALS.items(), ids=lambda value: getattr(value, "__name__", "")
)
@pytest.mark.parametrize("command", ["check", "read"])
@pytest.mark.usefixtures("waits")
def test_each_refusal_is_a_sentence_that_says_what_to_do(
    zendesk: ZendeskEmulator,
    help_center: HelpCenter,
    command: str,
    arrange: Callable[[ZendeskEmulator], Entered],
    sentence: str,
) -> None:
    furnish(help_center)
    output = run(zendesk, command, arrange(zendesk))
    assert ("config_error", sentence) == output.error
    assert ([], [], []) == (output.records, output.states, output.control)
    if command == "check":
        assert [{"status": "FAILED", "message": sentence}] == output.of("CONNECTION_STATUS")


@pytest.mark.parametrize(
    ("fault", "failure_type", "sentence"),
    [
        (Fault("status", status=503), "transient_error", "status 503, 7 times in a row"),
        (Fault("html"), "transient_error", "not JSON, or not whole, 7 times in a row"),
        (
            Fault("status", status=200, body={"access_token": ""}),
            "transient_error",
            "a token whose `access_token` is not a text, 7 times in a row",
        ),
        (
            Fault("status", status=200, body={"access_token": "a\nb"}),
            "transient_error",
            "a token whose `access_token` cannot be sent in a header, 7 times in a row",
        ),
        (
            Fault("status", status=400, body={"error": {"title": "Invalid_Client"}}),
            "config_error",
            "(400: Invalid_Client). Check `client_id`",
        ),
        (
            Fault("status", status=400, body={"error": "invalid_request"}),
            "config_error",
            "(400: invalid_request). Check the fields of `credentials`.",
        ),
        (Fault("status", status=401), "config_error", "Check `client_id`"),
        *(
            (
                Fault("status", status=status, body=body),
                "transient_error",
                "The answer seems to come from something in front of Zendesk",
            )
            for status, body in ((401, "<html>"), (403, "error code: 1020"), (400, "[]"))
        ),
        (
            Fault("status", status=403),
            "config_error",
            "(403: Refused: No). Check the state of",
        ),
        (
            Fault("status", status=402),
            "config_error",
            "Check the state of the account",
        ),
    ],
    ids=lambda value: (
        f"{value.kind} {value.status} {value.body}" if isinstance(value, Fault) else ""
    ),
)
@pytest.mark.usefixtures("waits")
def test_other_answers_to_a_token_request_are_errors_too(
    zendesk: ZendeskEmulator, fault: Fault, failure_type: str, sentence: str
) -> None:
    fault = Fault(fault.kind, path=TOKENS, status=fault.status, body=fault.body, times=None)
    zendesk.faults.add(fault)
    output = run(zendesk, "read", config_with(zendesk, of_client))
    assert failure_type == output.error[0]
    assert sentence in output.error[1]
    assert {TOKENS} == {request.path for request in zendesk.requests}


# ----------------------------------------------------------------- the end of the API tokens


def warnings(output: Output) -> list[str]:
    return [line for line in output.logs.splitlines() if line.startswith(ENDS)]


@pytest.mark.parametrize(("make", "small"), [*((make, 0) for make in EVERY), (of_api_token, 500)])
@pytest.mark.usefixtures("waits")
def test_an_api_token_causes_one_warning_per_check_and_sync(  # noqa: PLR0913, PLR0917 -- fixtures and givens
    zendesk: ZendeskEmulator,
    platform: Platform,
    help_center: HelpCenter,
    monkeypatch: pytest.MonkeyPatch,
    make: Make,
    small: int,
) -> None:
    monkeypatch.setattr(SMALL, small)
    zendesk.switches.incremental_page_size = 5
    fill(help_center, articles=20)
    zendesk.clock.advance(3600)
    configured = config_with(zendesk, make)
    outputs = [run(zendesk, "check", configured)]
    configured = outputs[-1].kept(configured)
    # A listing, a feed if there are many, and a feed that gets stuck and ends in a listing.
    outputs.append(platform.sync(configured))
    zendesk.clock.advance(3600)
    outputs.append(platform.sync(configured))
    for article in help_center.articles:
        help_center.change(article, promoted=True)
    zendesk.clock.advance(3600)
    zendesk.forget_requests()
    outputs.append(platform.sync(configured))
    asked = {request.path for request in zendesk.requests}
    assert (small == 0, True) == (INCREMENTAL in asked, ME in asked)
    # A sync that died, and the one after it.
    help_center.change(help_center.articles[0], stamped=False, label_names=["a"])
    outputs.append(platform.read(configured, sync_mode="full_refresh"))
    platform.keep_until(outputs[-1], 1)
    outputs.append(platform.sync(configured))
    assert [int(make is of_api_token)] * 6 == [len(warnings(output)) for output in outputs]
    if make is of_api_token:
        assert (
            f"{ENDS}, in 180 days: then this source stops working. Create an OAuth client "
            f"({CLIENTS_PAGE}) and choose OAuth client credentials in this source."
        ) == warnings(outputs[0])[0]


@pytest.mark.parametrize("ended", ["refused", "anonymous"])
@pytest.mark.parametrize("command", ["check", "read"])
def test_after_the_end_of_api_tokens_the_error_says_so(
    zendesk: ZendeskEmulator, help_center: HelpCenter, ended: str, command: str
) -> None:
    zendesk.switches.ended_api_tokens = ended  # type: ignore[assignment]
    furnish(help_center)
    # On the day itself a refusal may have another reason.
    zendesk.clock.advance((API_TOKENS_END - zendesk.clock.now).total_seconds())
    assert "Check `email` and `api_token`" in run(zendesk, command, config(zendesk)).error[1]
    zendesk.clock.advance(86_400)
    failure_type, sentence = run(zendesk, command, config(zendesk)).error
    assert "config_error" == failure_type
    assert sentence.endswith(
        f"Zendesk ended all API tokens on 2027-04-30. Create an OAuth client ({CLIENTS_PAGE}) and "
        "choose OAuth client credentials in this source."
    )


def test_another_kind_of_credential_continues_with_the_same_state(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    fill(help_center, articles=30)
    platform.sync(config(zendesk))
    zendesk.clock.advance((API_TOKENS_END - zendesk.clock.now).total_seconds())
    assert not platform.sync(config(zendesk)).succeeded
    output = platform.sync(config_with(zendesk, of_client))
    assert (True, []) == (output.succeeded, output.records)
    assert mirror(help_center) == platform.destination.table


# -------------------------------------------------------------- a scope that does not tell who


@pytest.mark.parametrize("allowed", [False, True])
def test_a_scope_without_users_me_is_proved_by_the_incremental_list(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter, *, allowed: bool
) -> None:
    zendesk.switches.hc_read_allows_users_me = allowed
    furnish(help_center)
    configured = config_with(zendesk, of_hc_read)
    check = run(zendesk, "check", configured)
    output = platform.sync(configured)
    assert mirror(help_center) == platform.destination.table
    for text in (check.logs, output.logs):
        assert allowed == ("as Ada Admin <ada@acme.example>, admin." in text)
        assert allowed != ("WARN The scope of the credentials hides the user." in text)
    proofs = sum(request.path == INCREMENTAL for request in zendesk.requests)
    assert (0 if allowed else 2) == proofs


def test_a_demoted_user_behind_a_narrow_scope_retracts_nothing(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    fill(help_center, articles=150)
    user = zendesk.account.add_user("Eve", "eve@acme.example", "admin")
    configured = config(zendesk, credentials=of_hc_read(zendesk, user))
    platform.sync(configured)
    before = dict(platform.destination.table)
    for article in help_center.articles[::10]:
        help_center.archive(article)

    def demote() -> None:
        user.role = "end-user"

    zendesk.faults.add(Fault("edit", path=r"help_center/articles$", edit=demote))
    failure_type, sentence = platform.sync(configured).error
    assert "config_error" == failure_type
    assert "must be an agent or admin" in sentence
    assert before == platform.destination.table


@pytest.mark.parametrize("before", [of_client, of_hc_read])
@pytest.mark.parametrize("after", [of_client, of_hc_read])
def test_a_user_that_the_scope_hides_may_miss_only_a_few_articles(
    zendesk: ZendeskEmulator,
    platform: Platform,
    help_center: HelpCenter,
    before: Make,
    after: Make,
) -> None:
    fill(help_center, articles=60, categories=10)
    platform.sync(config_with(zendesk, before))
    held = dict(platform.destination.table)
    agent = zendesk.account.add_user("Bob", "bob@acme.example", "agent")
    agent.hidden_sections = set(list(help_center.sections)[:2])
    failure_type, sentence = platform.sync(config(zendesk, credentials=after(zendesk, agent))).error
    assert "config_error" == failure_type
    assert "12 of the 60 articles known of acme.zendesk.com are no longer listed" in sentence
    assert "the user or the role may not be the last listing's" in sentence
    assert held == platform.destination.table


# --------------------------------------------------------------------------------- in parallel


@pytest.mark.parametrize("make", RENEWED)
def test_requests_in_parallel_share_one_token_and_renew_it_once(
    zendesk: ZendeskEmulator, help_center: HelpCenter, make: Make
) -> None:
    furnish(help_center)
    zendesk.latency = 0.02
    configured = config_with(zendesk, make)
    with patch.dict("os.environ", zendesk.environment), ThreadPoolExecutor(8) as workers:
        shared = authenticator(parse_config(configured), configured)
        auth_type = configured["credentials"]["auth_type"]
        clients = [Connection("acme", shared, auth_type).help_center() for _ in range(8)]
        for tokens in (1, 2, 3):
            found = list(workers.map(HelpCenterClient.locales, clients))
            assert 8 == len(found)
            assert tokens == asked_for_tokens(zendesk)
            zendesk.account.revoke_access_tokens()


def test_tokens_are_renewed_though_the_clock_of_the_machine_is_wrong(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    furnish(help_center)
    configured = config_with(zendesk, of_refresh_token)
    with patch.object(auth, "_now", lambda: datetime.fromisoformat("2036-01-01T00:00:00Z")):
        configured = run(zendesk, "check", configured).kept(configured)
    zendesk.clock.advance(2 * 86_400)
    # The token seems good for years. Zendesk knows better.
    output = platform.sync(configured)
    assert (True, 1) == (output.succeeded, len(output.control))
    assert mirror(help_center) == platform.destination.table
