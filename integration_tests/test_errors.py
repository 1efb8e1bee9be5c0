"""What goes wrong, in the words that the user reads; and no secret in any of them."""

from collections.abc import Callable

import pytest

from integration_tests.connector import (
    config,
    run,
)
from integration_tests.credentials import of_api_token
from integration_tests.zendesk_emulator import Fault, Role, ZendeskEmulator
from integration_tests.zendesk_emulator.sample import furnish

Arrange = Callable[[ZendeskEmulator], dict[str, object]]
ME = "users/me$"
MOVE = (
    "Create an OAuth client (Admin Center, Apps and integrations, APIs, OAuth clients) and choose "
    "OAuth client credentials in this source."
)
SOMETHING_BEFORE = (
    "The answer seems to come from something in front of Zendesk: bot protection, a proxy or a "
    "maintenance page. If that continues, check which addresses your Zendesk account and your "
    "network allow. Try again later; https://status.zendesk.com lists incidents."
)


def a_user(role: Role) -> Arrange:
    def arrange(zendesk: ZendeskEmulator) -> dict[str, object]:
        user = zendesk.account.add_user("Eve", "eve@acme.example", role)
        return config(zendesk, credentials=of_api_token(zendesk, user))

    return arrange


def a_fault(fault: Fault) -> Arrange:
    def arrange(zendesk: ZendeskEmulator) -> dict[str, object]:
        zendesk.faults.add(fault)
        return config(zendesk)

    return arrange


def a_revoked_token(zendesk: ZendeskEmulator) -> dict[str, object]:
    configuration = config(zendesk)
    zendesk.account.revoke(zendesk.account.admin_token)
    return configuration


def switched_off_token_access(zendesk: ZendeskEmulator) -> dict[str, object]:
    zendesk.account.token_access = False
    return config(zendesk)


def another_account(zendesk: ZendeskEmulator) -> dict[str, object]:
    return config(zendesk, subdomain="nobody")


def a_brand_without_a_help_center(zendesk: ZendeskEmulator) -> dict[str, object]:
    zendesk.account.add_brand("bare", has_help_center=False)
    return config(zendesk, subdomain="bare")


def a_public_address(zendesk: ZendeskEmulator) -> dict[str, object]:
    return config(zendesk, subdomain="https://help.acme.example/hc/en-us")


def another_role(zendesk: ZendeskEmulator) -> dict[str, object]:
    def rewrite(answer: dict[str, dict[str, object]]) -> dict[str, object]:
        return {"user": {**answer["user"], "role": "light-agent"}}

    zendesk.faults.add(Fault("rewrite", path=ME, rewrite=rewrite, times=None))
    return config(zendesk)


def status(code: int, body: object, path: str = ME) -> Arrange:
    return a_fault(Fault("status", path=path, status=code, body=body, times=None))  # type: ignore[arg-type]


ROWS: dict[str, tuple[Arrange, str, str]] = {
    "401, a wrong or revoked token": (
        a_revoked_token,
        "config_error",
        "Zendesk refused the credentials (401: Couldn't authenticate you). Check `email` and "
        "`api_token` for acme.zendesk.com; token access must be switched on in Admin Center, Apps "
        "and integrations, APIs, API tokens. Zendesk deactivates an API token that is not used for "
        "30 days. Since 2026-10-27 none can be created, and all of them end on 2027-04-30. "
        f"{MOVE}",
    ),
    "200, but anonymous: token access is switched off": (
        switched_off_token_access,
        "config_error",
        "Zendesk treated the request as anonymous. Check `email` and `api_token` "
        "for acme.zendesk.com: the token may be deactivated, or token access switched off in "
        "Admin Center, Apps and integrations, APIs, API tokens. Zendesk deactivates an API token "
        "that is not used for 30 days. Since 2026-10-27 none can be created, and all of them end "
        f"on 2027-04-30. {MOVE}",
    ),
    "200, but a customer": (
        a_user("end-user"),
        "config_error",
        "Eve has the role 'end-user' in Zendesk and can read only what customers can. The user "
        "must be an agent or admin with access to Guide: see Admin Center, People, Team members.",
    ),
    "403, the error an object": (
        status(
            403,
            {
                "error": {
                    "title": "Forbidden",
                    "message": "You do not have access to this page. Please contact the account "
                    "owner of this help desk for further help.",
                }
            },
        ),
        "config_error",
        "Zendesk does not let this user read /api/v2/users/me (403: Forbidden: You do not have "
        "access to this page. Please contact the account owner of this help desk for further "
        "help.). The user must be an agent or admin with access to Guide: see Admin Center, "
        "People, Team members.",
    ),
    "403, the error a text": (
        status(
            403,
            {
                "error": "Forbidden",
                "description": "You are missing the following required scopes: read",
            },
            path="help_center/locales$",
        ),
        "config_error",
        "Zendesk does not let this user read /api/v2/help_center/locales (403: Forbidden: You are "
        "missing the following required scopes: read). The credential needs the scope `read`. "
        "Allow it for the OAuth client (Admin Center, Apps and integrations, APIs, OAuth clients); "
        "a token keeps the scopes that it was created with, so create a new one.",
    ),
    **{
        f"403, {name}": (
            status(403, body),
            "transient_error",
            "Zendesk gave no usable answer to GET acme.zendesk.com/api/v2/users/me: status 403 "
            f"without a reason in Zendesk's JSON, 7 times in a row. {SOMETHING_BEFORE}",
        )
        for name, body in {
            "plain text": "error code: 1020",
            "HTML": "<!DOCTYPE html><title>Just a moment...</title>",
            "JSON of another shape": ["Forbidden"],
        }.items()
    },
    "a redirect within the host": (
        a_fault(Fault("redirect", path=ME, location="/?__cf_chl_tk=x", times=None)),
        "transient_error",
        "Zendesk gave no usable answer to GET acme.zendesk.com/api/v2/users/me: status 302, a "
        f"redirect within acme.zendesk.com, 7 times in a row. {SOMETHING_BEFORE}",
    ),
    "a redirect to a page to sign in": (
        a_fault(Fault("redirect", path=ME, location="/access/unauthenticated", times=None)),
        "config_error",
        "Zendesk asks to sign in at acme.zendesk.com instead of answering (302). Check `email` and "
        "`api_token` for acme.zendesk.com; token access must be switched on in Admin Center, Apps "
        "and integrations, APIs, API tokens. Zendesk deactivates an API token that is not used for "
        "30 days. Since 2026-10-27 none can be created, and all of them end on 2027-04-30. "
        f"{MOVE}",
    ),
    "404 of the host": (
        another_account,
        "config_error",
        "There is no Zendesk account at https://nobody.zendesk.com (404: No help desk at "
        "nobody.zendesk.com: There is no help desk configured at this address. This means that "
        "the address is available and that you can claim it at http://www.zendesk.com/signup). "
        "Check `subdomain`: the part before .zendesk.com in the address at which your agents work.",
    ),
    "404 of the Help Center": (
        a_brand_without_a_help_center,
        "config_error",
        "There is no Help Center at https://bare.zendesk.com (404: RecordNotFound: Not found). "
        "Enter the subdomain of the brand that has one, or set it up in Zendesk Guide first.",
    ),
    "a redirect": (
        a_fault(Fault("redirect", path=ME, location="https://evil.example/x?y", times=None)),
        "config_error",
        "Zendesk redirected the request from acme.zendesk.com to evil.example (302), and "
        "credentials are sent to the configured host only. Check `subdomain`: the account may "
        "have been renamed.",
    ),
    "a public Help Center address": (
        a_public_address,
        "config_error",
        "`subdomain`: is not a Zendesk subdomain. Enter the instance name: `acme` if your agents "
        "work at https://acme.zendesk.com. The public address of a Help Center, such as "
        "help.acme.com, does not tell it.",
    ),
    "5xx for good": (
        status(503, "Service Unavailable"),
        "transient_error",
        "Zendesk gave no usable answer to GET acme.zendesk.com/api/v2/users/me: status 503, 7 "
        "times in a row. Try again later; https://status.zendesk.com lists incidents.",
    ),
    "HTML with status 200 for good": (
        a_fault(Fault("html", path=ME, times=None)),
        "transient_error",
        "Zendesk gave no usable answer to GET acme.zendesk.com/api/v2/users/me: an answer that is "
        f"not JSON, or not whole, 7 times in a row. {SOMETHING_BEFORE}",
    ),
    "402, a suspended account": (
        status(402, {"error": "Suspended", "description": "x" * 300}),
        "config_error",
        f"Zendesk refused the request for /api/v2/users/me (402: Suspended: {'x' * 189}). "
        "Check the state of the account at https://acme.zendesk.com.",
    ),
    "400, which would be a fault of ours": (
        status(400, {"error": "invalid", "error_description": "no such parameter"}),
        "system_error",
        "Zendesk does not understand the request for /api/v2/users/me (400: invalid: no such "
        "parameter). Please report this to the connector's developers.",
    ),
    "200, but a role that nobody knows": (
        another_role,
        "config_error",
        "Ada Admin has the role 'light-agent' in Zendesk and can read only what customers can. The "
        "user must be an agent or admin with access to Guide: see Admin Center, People, Team "
        "members.",
    ),
}


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("command", ["check", "read"])
@pytest.mark.usefixtures("waits")
def test_each_error_is_a_sentence_that_says_what_to_do(
    zendesk: ZendeskEmulator, command: str, row: str
) -> None:
    arrange, failure_type, sentence = ROWS[row]
    if command == "check":
        # Which has less time.
        sentence = sentence.replace("7 times in a row", "6 times in a row")
    furnish(zendesk.account.help_center())
    configuration = arrange(zendesk)
    output = run(zendesk, command, configuration)
    assert (failure_type, sentence) == output.error
    assert ([], []) == (output.records, output.states)
    if command == "check" and failure_type == "config_error":
        assert [{"status": "FAILED", "message": sentence}] == output.of("CONNECTION_STATUS")
    assert zendesk.strangers == []


def test_a_form_that_was_filled_in_wrongly_is_refused_without_quoting_the_secret(
    zendesk: ZendeskEmulator,
) -> None:
    token = zendesk.account.admin_token
    misshapen: list[dict[str, object]] = [
        {"subdomain": "acme", "credentials": {"auth_type": "api_token", "apiToken": token}},
        {"subdomain": "acme", "credentials": {"auth_type": "api_token", "api_token": token}},
        {"subdomain": "acme", "credentials": {"auth_type": token}},
        {"subdomain": "acme", "credentials": token},
        {"subdomain": "acme", "api_token": token},
        {"credentials": {"auth_type": "api_token", "email": "a@b.c", "api_token": token}},
        {"subdomain": 7, "credentials": {"auth_type": "api_token", "api_token": [token]}},
        {"subdomain": f"{token}.example", "email": "a@b.c", "api_token": "x"},
        {"subdomain": "acme", "credentials": {"client_id": "x", "client_secret": token}},
        {"subdomain": "acme", "client_id": "x", "client_secret": token},
        {"subdomain": "acme", "credentials": {"auth_type": "oauth_client_credentials"}},
        {
            "subdomain": "acme",
            "credentials": {"auth_type": "oauth_client_credentials", "client_secret": token},
        },
        {
            "subdomain": "acme",
            "credentials": {"auth_type": "oauth_refresh_token", "access_token": token},
        },
        {
            "subdomain": "acme",
            "credentials": {"auth_type": "oauth_access_token", "token": token},
        },
    ]
    for configuration in misshapen:
        for command in ("check", "discover", "read"):
            output = run(zendesk, command, configuration)
            if command == "check":
                (status,) = output.of("CONNECTION_STATUS")
                assert "FAILED" == status["status"]
            else:
                assert "config_error" == output.error[0]
            assert token not in output.text, configuration
    assert [] == zendesk.requests
