"""The token endpoint, `POST /oauth/tokens`: client_credentials and refresh_token.

https://developer.zendesk.com/api-reference/ticketing/oauth/grant_type_tokens/
"""

import hmac
import json
from typing import Any

from .account import Account, OAuthClient
from .answers import Answer, Request

_SCOPES = {"read", "write", "hc:read", "hc:write", "users:read", "impersonate"}
# Seconds; anything else is refused with invalid_request, which is a guess.
_SHORTEST, _LONGEST = 300, 172_800


def tokens(account: Account, request: Request) -> Answer:
    """Answer a token request, a JSON object.

    A refresh ends the old refresh token, and the access token that came with it, and answers new
    ones.
    """
    try:
        form: dict[str, Any] = json.loads(request.body)
    except ValueError:
        return _refused(400, "invalid_request")
    client = account.oauth_client(str(form.get("client_id")))
    if client is None or not hmac.compare_digest(client.secret, str(form.get("client_secret"))):
        return _refused(401, "invalid_client")
    error = _error(form, client)
    if error:
        return _refused(400, error)
    scope, lifetime = form.get("scope"), form.get("expires_in", client.lifetime)
    lives = min(lifetime, client.longest or lifetime)
    user, granted = client.user, str(scope or "read")
    rotates = form["grant_type"] == "refresh_token"
    if rotates:
        spent = account.spend_refresh_token(str(form.get("refresh_token")), client)
        if spent is None:
            return _refused(400, "invalid_grant")
        user, granted = spent.user, str(scope or spent.scope)
    access_token = account.add_oauth_token(user, granted, lives)
    answer: dict[str, Any] = {
        "access_token": access_token,
        "token_type": "bearer",
        "scope": granted,
    }
    if rotates:
        refresh_lifetime = form.get("refresh_token_expires_in", client.refresh_lifetime)
        answer["refresh_token"] = account.add_refresh_token(
            client, user, granted, refresh_lifetime, access_token
        )
        answer["refresh_token_expires_in"] = refresh_lifetime
    if "expires_in" in form or account.switches.expires_in_unasked:
        answer["expires_in"] = lives
    return Answer(200, answer)


def _error(form: dict[str, Any], client: OAuthClient) -> str | None:
    """Return the code for a request that this client can not make, whatever its tokens."""
    grant_type = form.get("grant_type")
    if grant_type not in ("client_credentials", "refresh_token"):
        return "unsupported_grant_type"
    if grant_type == "client_credentials" and client.kind == "public":
        # The code of RFC 6749; what Zendesk answers is not documented.
        return "unauthorized_client"
    lifetime = form.get("expires_in", client.lifetime)
    if not isinstance(lifetime, int) or not _SHORTEST <= lifetime <= _LONGEST:
        return "invalid_request"
    scope = form.get("scope")
    allowed = _SCOPES if client.allowed_scopes is None else client.allowed_scopes
    if scope is not None and not (scope and set(str(scope).split()) <= allowed):
        return "invalid_scope"
    return None


def _refused(status: int, error: str) -> Answer:
    return Answer(status, {"error": error, "error_description": error.replace("_", " ")})
