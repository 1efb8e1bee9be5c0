"""What a user is told about each kind of credential, and until when API tokens work."""

from typing import get_args

import pytest

from source_zendesk_articles.config import AuthType
from source_zendesk_articles.zendesk.credential_help import (
    on_anonymous_answer,
    on_api_tokens,
    on_forbidden,
    on_refusal,
    on_token_refusal,
)

HOST = "acme.zendesk.com"
BEFORE, DAY, AFTER = "2027-04-29T23:59:59Z", "2027-04-30T12:00:00Z", "2027-05-01T00:00:00Z"


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-11-22T18:00:00Z", "2027-04-30, in 159 days: then this source stops working."),
        ("2027-04-28T00:00:00Z", "2027-04-30, in 2 days: then"),
        (BEFORE, "2027-04-30, tomorrow: then"),
        (DAY, "2027-04-30, today: then"),
        (AFTER, "2027-04-30, and may do so any day: then"),
    ],
)
def test_the_warning_says_when_and_how_long_is_left_and_what_to_do(now: str, expected: str) -> None:
    warning = on_api_tokens(now)
    assert expected in warning
    assert "choose OAuth client credentials" in warning


@pytest.mark.parametrize(("now", "have_ended"), [(None, False), (DAY, False), (AFTER, True)])
def test_after_the_day_a_refused_api_token_is_said_to_have_ended(
    now: str | None, have_ended: bool
) -> None:
    advice = on_refusal("api_token", HOST, now)
    assert have_ended == advice.startswith("Zendesk ended all API tokens on 2027-04-30.")
    assert have_ended != ("Check `email` and `api_token`" in advice)


@pytest.mark.parametrize(("now", "have_ended"), [(DAY, False), (AFTER, True)])
def test_after_the_day_an_anonymous_answer_is_said_to_come_from_that(
    now: str, have_ended: bool
) -> None:
    advice = on_anonymous_answer("api_token", HOST, now)
    assert have_ended == advice.startswith("Zendesk ended all API tokens on 2027-04-30.")


@pytest.mark.parametrize("auth_type", get_args(AuthType))
def test_only_who_has_an_api_token_is_told_of_api_tokens(auth_type: AuthType) -> None:
    for advice in (
        on_refusal(auth_type, HOST, AFTER),
        on_refusal(auth_type, HOST, BEFORE),
        on_anonymous_answer(auth_type, HOST, BEFORE),
    ):
        assert (auth_type == "api_token") == ("API tokens" in advice)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("Forbidden: You are missing the following required scopes: read", "the scope `read`"),
        ("insufficient_scope", "the scope `read`"),
        ("Forbidden", "must be an agent or admin"),
        ("", "must be an agent or admin"),
    ],
)
def test_a_missing_scope_is_told_from_a_role_that_is_too_low(words: str, expected: str) -> None:
    assert expected in on_forbidden(words)


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (401, "invalid_client", "Check `client_id`"),
        (400, "invalid_client", "Check `client_id`"),
        (401, "", "Check `client_id`"),
        (400, "unsupported_grant_type", "must be *confidential*"),
        (400, "unauthorized_client", "must be *confidential*"),
        (400, "invalid_scope", "the scope `read`"),
        (400, "access_denied", "are active"),
        (400, "invalid_grant", "are active"),
        (400, "invalid_request", "Check the fields of `credentials`."),
        (400, "", "Check the fields of `credentials`."),
    ],
)
def test_each_code_of_the_token_endpoint_says_what_to_do(
    status: int, code: str, expected: str
) -> None:
    advice = on_token_refusal("oauth_client_credentials", status, code)
    assert advice is not None
    assert expected in advice


def test_a_spent_refresh_token_calls_for_authenticating_again() -> None:
    advice = on_token_refusal("oauth_refresh_token", 400, "invalid_grant")
    assert advice is not None
    assert "Authenticate again" in advice


@pytest.mark.parametrize(("status", "code"), [(403, ""), (404, ""), (302, "")])
def test_what_any_request_may_meet_is_left_to_the_general_errors(status: int, code: str) -> None:
    assert on_token_refusal("oauth_client_credentials", status, code) is None
