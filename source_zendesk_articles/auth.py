"""Credentials → what signs a request: authenticators of the CDK's kind.

The CDK's own ones for OAuth send a form where Zendesk wants JSON, follow a redirect with the secret
and have no time-out: here tokens are fetched through `transport`.
"""

import logging
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Any, Final

import orjson
from airbyte_cdk.config_observation import emit_configuration_as_airbyte_control_message
from airbyte_cdk.sources.streams.http.requests_native_auth import (
    BasicHttpAuthenticator,
    TokenAuthenticator,
)
from airbyte_cdk.sources.streams.http.requests_native_auth.abstract_token import (
    AbstractHeaderAuthenticator,
)
from airbyte_cdk.utils.airbyte_secrets_utils import add_to_secrets
from requests.auth import AuthBase

from source_zendesk_articles.config import (
    AccessTokenCredentials,
    ApiTokenCredentials,
    ClientCredentials,
    Config,
    RefreshTokenCredentials,
    host_of,
)
from source_zendesk_articles.errors import (
    TOKEN_PATH,
    NoUsableAnswerError,
    RefusalError,
    no_token,
)
from source_zendesk_articles.instants import parse_instant, write_instant
from source_zendesk_articles.models import Token, parse_token
from source_zendesk_articles.pace import Pace
from source_zendesk_articles.transport import NoAuth, RequestStats, Transport

# Lifetimes to ask for, in seconds: who asks for none may get no `expires_in`.
# A token that is fetched anew whenever one is needed may be short-lived: this is Zendesk's default.
CLIENT_TOKEN_SECONDS: Final = 1_800
# A rotation that is lost on its way to the platform has to be mended by hand: so one a day.
ROTATED_TOKEN_SECONDS: Final = 86_400
# So long before its end a token is not used any more, but at most a tenth of its life.
MARGIN_SECONDS: Final = 60

_LOG = logging.getLogger("airbyte.zendesk")


def authenticator(config: Config, entered: MutableMapping[str, Any]) -> AuthBase:
    """Return what signs requests with the credentials.

    `entered` is the same configuration as the platform holds it: a rotated refresh token is written
    there, and goes to the platform with it.
    https://developer.zendesk.com/api-reference/introduction/security-and-auth/
    """
    match config.credentials:
        # Not `partial`, which would show its arguments.
        case ClientCredentials() as client:
            return RenewedToken(lambda: _fetch_by_client_credentials(config.subdomain, client))
        case RefreshTokenCredentials() as authorized:
            return RenewedToken(
                lambda: _fetch_by_refresh_token(config.subdomain, authorized, entered),
                _configured_token(authorized),
            )
        case AccessTokenCredentials(access_token=secret):
            return TokenAuthenticator(secret.get_secret_value())
        case ApiTokenCredentials(email=email, api_token=secret):
            basic = BasicHttpAuthenticator(f"{email}/token", secret.get_secret_value())
            # The CDK masks what the user entered; an answer may repeat what was sent.
            add_to_secrets(basic.token.removeprefix("Basic "))
            return basic


@dataclass(frozen=True)
class AccessToken:
    """What goes into the header, and until when by this machine's clock; None: until a 401."""

    header: str = field(repr=False)
    good_until: datetime | None

    @property
    def is_over(self) -> bool:
        """Whether it is not to be used any more."""
        return self.good_until is not None and self.good_until <= _now()


class RenewedToken(AbstractHeaderAuthenticator):
    """Signs with an access token that is fetched when it is needed, and again before it ends.

    All threads share one: the first that needs another fetches it, the others wait.
    """

    def __init__(self, fetch: Callable[[], AccessToken], held: AccessToken | None = None) -> None:
        self._fetch = fetch
        self._held = held
        self._fetching = Lock()

    @property
    def auth_header(self) -> str:
        """The name of the header."""
        return "Authorization"

    @property
    def token(self) -> str:
        """The header: `Bearer …`. Raises what `errors.no_token` returns, where none comes."""
        with self._fetching:
            if self._held is None or self._held.is_over:
                self._held = self._fetch()
            return self._held.header

    def renew(self, refused: str) -> None:
        """Fetch another token, unless this header has been replaced by now."""
        with self._fetching:
            if self._held is None or self._held.header == refused:
                self._held = self._fetch()


def _fetch_by_client_credentials(subdomain: str, client: ClientCredentials) -> AccessToken:
    grant = {"grant_type": "client_credentials", "scope": "read"}
    return _good_for(*_ask(subdomain, client, grant, CLIENT_TOKEN_SECONDS))


def _fetch_by_refresh_token(
    subdomain: str, client: RefreshTokenCredentials, entered: MutableMapping[str, Any]
) -> AccessToken:
    """Rotate: the platform has the new refresh token before the new access token is used."""
    # What can not be written must fail before the token is spent.
    orjson.dumps(entered)
    saved = entered["credentials"]
    grant = {"grant_type": "refresh_token", "refresh_token": saved["refresh_token"]}
    token, seconds = _ask(subdomain, client, grant, ROTATED_TOKEN_SECONDS)
    saved["access_token"] = token.access_token
    saved["token_expiry_date"] = write_instant(_now() + timedelta(seconds=seconds))
    saved["refresh_token"] = token.refresh_token or saved["refresh_token"]
    emit_configuration_as_airbyte_control_message(entered)
    return _good_for(token, seconds)


def _ask(
    subdomain: str,
    client: ClientCredentials | RefreshTokenCredentials,
    grant: dict[str, str],
    seconds: int,
) -> tuple[Token, int]:
    """Ask the account's own host for a token that lives so long; mask it, and say how long it does.

    https://developer.zendesk.com/api-reference/ticketing/oauth/grant_type_tokens/
    """
    host = host_of(subdomain)
    transport = Transport(host, NoAuth(), client.auth_type, RequestStats(), Pace())
    body = {
        **grant,
        "client_id": client.client_id,
        "client_secret": client.client_secret.get_secret_value(),
        "expires_in": seconds,
    }
    try:
        token = transport.post(TOKEN_PATH, parse_token, body)
    except (NoUsableAnswerError, RefusalError) as error:
        raise no_token(error) from None
    for secret in (token.access_token, token.refresh_token):
        if secret:
            add_to_secrets(secret)
    # What Zendesk does not say is taken for what was asked for.
    return token, token.expires_in or seconds


def _good_for(token: Token, seconds: int) -> AccessToken:
    _LOG.info("Zendesk gave an access token, good for %d s.", seconds)
    until = _now() + timedelta(seconds=seconds - min(MARGIN_SECONDS, seconds / 10))
    return AccessToken(f"Bearer {token.access_token}", until)


def _configured_token(client: RefreshTokenCredentials) -> AccessToken | None:
    """Return the access token that is in the configuration, if one is."""
    if client.access_token is None:
        return None
    header = f"Bearer {client.access_token.get_secret_value()}"
    try:
        ends_at = datetime.fromisoformat(parse_instant(client.token_expiry_date))
    except ValueError:
        # Another's hand, or Airbyte's button, wrote it, or nobody: a 401 will tell.
        return AccessToken(header, None)
    return AccessToken(header, ends_at - timedelta(seconds=MARGIN_SECONDS))


def _now() -> datetime:
    return datetime.now(UTC)
