"""What to do about each kind of credential, in the user's words. Pure.

https://developer.zendesk.com/documentation/api-basics/authentication/oauth-migration/
"""

from datetime import date
from http import HTTPStatus
from typing import Final

from source_zendesk_articles.config import AuthType

API_TOKENS_END: Final = date(2027, 4, 30)

_API_TOKENS_PAGE = "Admin Center, Apps and integrations, APIs, API tokens"
_CLIENTS_PAGE = "Admin Center, Apps and integrations, APIs, OAuth clients"
_MOVE = (
    f"Create an OAuth client ({_CLIENTS_PAGE}) and choose OAuth client credentials in this source."
)
_ENDING = (
    "Zendesk deactivates an API token that is not used for 30 days. Since 2026-10-27 none can be "
    f"created, and all of them end on {API_TOKENS_END}. {_MOVE}"
)
_CLIENT_IS_ACTIVE = f"Check that the OAuth client and its user are active ({_CLIENTS_PAGE})."
_AUTHENTICATE_AGAIN = "Authenticate again in the source's settings, or enter a new refresh token."
_PREFER_RENEWED = (
    "Prefer OAuth client credentials, or OAuth with a refresh token: their tokens are renewed."
)
_SCOPE = (
    f"The credential needs the scope `read`. Allow it for the OAuth client ({_CLIENTS_PAGE}); a "
    "token keeps the scopes that it was created with, so create a new one."
)
_CLIENT = (
    "Check `client_id`, which is the *identifier* of the OAuth client and neither its name nor its "
    f"number, and `client_secret` ({_CLIENTS_PAGE}). A secret is shown once: if in doubt, generate "
    "a new one."
)
_KIND = (
    "The OAuth client may not get tokens in this way: its kind must be *confidential* "
    f"({_CLIENTS_PAGE})."
)
_SPENT = (
    "A refresh token can be used once. This one was used before, has expired, was revoked, belongs "
    "to another OAuth client, or the answer to its use was lost. If another operation, such as a "
    "test of the connection, has just renewed it, run this again. "
    f"{_AUTHENTICATE_AGAIN} Enter the access token that came with it, too: then a test of the "
    "connection does not use the refresh token. No other connection may use the same one. OAuth "
    "client credentials have no refresh token to lose."
)
_TOKEN_CODES = {
    "invalid_client": _CLIENT,
    "invalid_grant": _CLIENT_IS_ACTIVE,
    "access_denied": _CLIENT_IS_ACTIVE,
    "unsupported_grant_type": _KIND,
    "unauthorized_client": _KIND,
    "invalid_scope": _SCOPE,
}
_TOKEN_STATUSES: dict[int, str] = {
    HTTPStatus.UNAUTHORIZED: _CLIENT,
    HTTPStatus.BAD_REQUEST: (
        "Check the fields of `credentials`. If they are right, please report this to the "
        "connector's developers."
    ),
}
ONLY_STAFF = (
    "The user must be an agent or admin with access to Guide: see Admin Center, People, Team "
    "members."
)


def on_refusal(auth_type: AuthType, host: str, now: str | None) -> str:
    """Return what to do about a 401."""
    match auth_type:
        case "oauth_client_credentials":
            return f"{host} refused the access token that it had just issued. {_CLIENT_IS_ACTIVE}"
        case "oauth_refresh_token":
            return f"{host} refused the access token that it had just issued. {_AUTHENTICATE_AGAIN}"
        case "oauth_access_token":
            return (
                f"`access_token` has expired, was revoked, or is not one of {host}. It is used as "
                f"it was entered, and cannot be renewed. {_PREFER_RENEWED}"
            )
        case _ if _have_ended(now):
            return f"Zendesk ended all API tokens on {API_TOKENS_END}. {_MOVE}"
    return (
        f"Check `email` and `api_token` for {host}; token access must be switched on in "
        f"{_API_TOKENS_PAGE}. {_ENDING}"
    )


def on_anonymous_answer(auth_type: AuthType, host: str, now: str) -> str:
    """Return what to do about credentials that Zendesk silently takes for none."""
    if auth_type != "api_token":
        return (
            f"The user of the credentials for {host} may be suspended or deleted: see "
            "Admin Center, People, Team members."
        )
    if _have_ended(now):
        return on_refusal(auth_type, host, now)
    return (
        f"Check `email` and `api_token` for {host}: the token may be deactivated, or token access "
        f"switched off in {_API_TOKENS_PAGE}. {_ENDING}"
    )


def on_forbidden(words: str) -> str:
    """Return what to do about a 403; its words say whether a scope is missing."""
    return _SCOPE if "scope" in words.lower() else ONLY_STAFF


def on_token_refusal(auth_type: AuthType, status: int, code: str) -> str | None:
    """Return what to do about a refusal of the token endpoint; None where others refuse so, too.

    https://datatracker.ietf.org/doc/html/rfc6749#section-5.2 has the codes; which of them Zendesk
    gives for what is not documented.
    """
    if (auth_type, code) == ("oauth_refresh_token", "invalid_grant"):
        return _SPENT
    return _TOKEN_CODES.get(code) or _TOKEN_STATUSES.get(status)


def on_api_tokens(now: str) -> str:
    """Return the warning about an API token, at this time by Zendesk's clock."""
    days = (API_TOKENS_END - date.fromisoformat(now[:10])).days
    left = f"in {days} days" if days > 1 else "tomorrow" if days == 1 else "today"
    ends = f"Zendesk ends all API tokens on {API_TOKENS_END}, {left}"
    if days < 0:
        ends = f"Zendesk was to end all API tokens on {API_TOKENS_END}, and may do so any day"
    return f"{ends}: then this source stops working. {_MOVE}"


def _have_ended(now: str | None) -> bool:
    # At which hour of the day they end is not documented: on that day there may be other reasons.
    return now is not None and date.fromisoformat(now[:10]) > API_TOKENS_END
