"""The token endpoint, `POST /oauth/tokens`: client_credentials and refresh_token.

https://developer.zendesk.com/api-reference/ticketing/oauth/grant_type_tokens/
"""

import hmac
import json

from .account import Account
from .answers import Answer, Request

_SCOPES = {"read", "write", "hc:read", "hc:write", "users:read", "impersonate"}
# Seconds; anything else is refused with invalid_request, which is a guess.
_SHORTEST, _LONGEST = 300, 172_800


def tokens(account: Account, request: Request) -> Answer:  # noqa: PLR0911  -- each refusal has its own error
    """Answer a token request, a JSON object.

    A refresh ends the old refresh token and answers a new one.
    """
    try:
        form = json.loads(request.body)
    except ValueError:
        return _refused(400, "invalid_request")
    client = account.oauth_client(str(form.get("client_id")))
    if client is None or not hmac.compare_digest(client.secret, str(form.get("client_secret"))):
        return _refused(401, "invalid_client")
    grant_type = form.get("grant_type")
    if grant_type not in ("client_credentials", "refresh_token"):
        return _refused(400, "unsupported_grant_type")
    lifetime = form.get("expires_in", client.lifetime)
    if not isinstance(lifetime, int) or not _SHORTEST <= lifetime <= _LONGEST:
        return _refused(400, "invalid_request")
    scope = form.get("scope")
    if scope is not None and not (scope and set(str(scope).split()) <= _SCOPES):
        return _refused(400, "invalid_scope")

    user, granted = client.user, str(scope or "read")
    answer: dict[str, str | int] = {"token_type": "bearer"}
    if grant_type == "refresh_token":
        spent = account.spend_refresh_token(str(form.get("refresh_token")), client)
        if spent is None:
            return _refused(400, "invalid_grant")
        user, granted = spent.user, str(scope or spent.scope)
        refresh_lifetime = form.get("refresh_token_expires_in", client.refresh_lifetime)
        answer["refresh_token"] = account.add_refresh_token(client, user, granted, refresh_lifetime)
        answer["refresh_token_expires_in"] = refresh_lifetime
    answer["access_token"] = account.add_oauth_token(user, granted, lifetime)
    answer["scope"] = granted
    if "expires_in" in form or account.switches.expires_in_unasked:
        answer["expires_in"] = lifetime
    return Answer(200, answer)


def _refused(status: int, error: str) -> Answer:
    return Answer(status, {"error": error, "error_description": error.replace("_", " ")})
