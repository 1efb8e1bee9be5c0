"""The kinds of credential of the emulated account, most of them made anew for a user."""

from collections.abc import Callable

from integration_tests.zendesk_emulator import User, ZendeskEmulator

TOKENS = "/oauth/tokens"
Make = Callable[[ZendeskEmulator, User], dict[str, str]]


def of_client(zendesk: ZendeskEmulator, user: User) -> dict[str, str]:
    """Make an OAuth client that acts as the user."""
    client = zendesk.account.add_oauth_client(user)
    return {
        "auth_type": "oauth_client_credentials",
        "client_id": client.identifier,
        "client_secret": client.secret,
    }


def of_refresh_token(zendesk: ZendeskEmulator, user: User) -> dict[str, str]:
    """Make an OAuth client that the user authorized; the grant outlives every test."""
    client = zendesk.account.add_oauth_client(user, refresh_lifetime=10**9)
    return {
        "auth_type": "oauth_refresh_token",
        "client_id": client.identifier,
        "client_secret": client.secret,
        "refresh_token": zendesk.account.add_refresh_token(client, user),
    }


def of_access_token(
    zendesk: ZendeskEmulator, user: User, *, scope: str = "read", lifetime: int | None = None
) -> dict[str, str]:
    """Make an OAuth access token; its lifetime in seconds, None for ever."""
    token = zendesk.account.add_oauth_token(user, scope, lifetime)
    return {"auth_type": "oauth_access_token", "access_token": token}


def of_hc_read(zendesk: ZendeskEmulator, user: User) -> dict[str, str]:
    """Make an OAuth access token that is good for the Help Center alone."""
    return of_access_token(zendesk, user, scope="hc:read")


def of_api_token(zendesk: ZendeskEmulator, user: User) -> dict[str, str]:
    """Make an API token."""
    return api_token(user, zendesk.account.add_api_token(user))


def api_token(user: User, token: str) -> dict[str, str]:
    """Return what a user with this API token enters."""
    return {"auth_type": "api_token", "email": user.email, "api_token": token}


RENEWED: list[Make] = [of_client, of_refresh_token]
GIVEN: list[Make] = [of_access_token, of_api_token]
EVERY: list[Make] = [*RENEWED, *GIVEN]


def asked_for_tokens(zendesk: ZendeskEmulator) -> int:
    """Return how often an access token was asked for."""
    return sum(request.path == TOKENS for request in zendesk.requests)
