"""Credentials → what signs a request: authenticators of the CDK's kind.

The CDK's own ones for OAuth send a form where Zendesk wants JSON, follow a redirect with the secret
and have no time-out: here tokens are fetched through `transport`.
"""

import base64
import logging
import re
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import inf
from threading import Event, Lock
from time import monotonic
from typing import Any, Final
from urllib.parse import quote

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
from airbyte_cdk.utils.traced_exception import AirbyteTracedException
from requests.auth import AuthBase

from source_zendesk_articles.config import (
    AccessTokenCredentials,
    ApiTokenCredentials,
    ClientCredentials,
    Config,
    RefreshTokenCredentials,
    host_of,
)
from source_zendesk_articles.zendesk.decode import decode_token
from source_zendesk_articles.zendesk.errors import (
    TOKEN_PATH,
    NoUsableAnswerError,
    RefusalError,
    no_token,
)
from source_zendesk_articles.zendesk.models import Token
from source_zendesk_articles.zendesk.rate_limit import RateLimit
from source_zendesk_articles.zendesk.timestamps import parse_instant, write_instant
from source_zendesk_articles.zendesk.transport import (
    REQUEST_SECONDS,
    NoAuth,
    RequestStats,
    Transport,
)

# Lifetimes to ask for, in seconds: a request without one may get no `expires_in`.
# A token that is fetched whenever one is needed may be short-lived: this is Zendesk's default.
CLIENT_TOKEN_SECONDS: Final = 1_800
# A rotation that is lost on its way to the platform has to be mended by hand: so one a day.
ROTATED_TOKEN_SECONDS: Final = 86_400
# A token is used until so long before its end, or until a tenth of its life is left.
MARGIN_SECONDS: Final = 60

# Characters of a secret that is masked in other forms, too.
SHORTEST_ENCODED: Final = 6
_URL_SAFE: Final = str.maketrans("+/", "-_")

_LOG = logging.getLogger("airbyte.zendesk")


def authenticator(config: Config, entered: MutableMapping[str, Any]) -> AuthBase:
    """Return what signs requests with the credentials.

    `entered` is the same configuration as the platform holds it: a rotated refresh token is written
    there, and goes to the platform with it.
    https://developer.zendesk.com/api-reference/introduction/security-and-auth/
    """
    host = host_of(config.subdomain)
    match config.credentials:
        # Not `partial`, which would show its arguments.
        case ClientCredentials() as client:
            _mask(client.client_secret.get_secret_value())
            return RenewedToken(lambda turn: _fetch_by_client_credentials(host, client, turn))
        case RefreshTokenCredentials() as authorized:
            _mask(authorized.client_secret.get_secret_value())
            _mask(authorized.refresh_token.get_secret_value())
            return RenewedToken(
                lambda turn: _fetch_by_refresh_token(host, authorized, entered, turn),
                _configured_token(authorized),
            )
        case AccessTokenCredentials(access_token=secret):
            _mask(secret.get_secret_value())
            return TokenAuthenticator(secret.get_secret_value())
        case ApiTokenCredentials(email=email, api_token=secret):
            basic = BasicHttpAuthenticator(f"{email}/token", secret.get_secret_value())
            add_to_secrets(basic.token.removeprefix("Basic "))
            _mask(secret.get_secret_value())
            return basic


@dataclass(frozen=True)
class AccessToken:
    """What goes into the header, and until when by this machine's clock; None: until a 401."""

    header: str = field(repr=False)
    good_until: datetime | None

    @property
    def is_over(self) -> bool:
        """Whether it must no longer be used."""
        return self.good_until is not None and self.good_until <= _now()


class Turn:
    """The requests for tokens of one check or sync, which may take so many seconds in all.

    They are one chain of tries: if it fails, it has failed for every thread.
    """

    def __init__(self, seconds: float = inf) -> None:
        self.rate_limit = RateLimit(seconds)
        self.requests = RequestStats()
        self.fetching = Lock()
        self.failure: AirbyteTracedException | None = None
        self.is_fetching = False
        self._ended = Event()

    def fetch(self, fetch: "Callable[[Turn], AccessToken]") -> AccessToken:
        """Return a new token, or raise what the first fetch that failed raised."""
        if self.failure:
            raise self.failure
        self._ended.clear()
        self.is_fetching = True
        try:
            return fetch(self)
        except AirbyteTracedException as error:
            self.failure = error
            raise
        finally:
            self.is_fetching = False
            self._ended.set()

    def end(self) -> None:
        """Begin no more requests; wait for one that is under way, but not for its next try.

        What it brings has to be handed on, a new refresh token above all.
        """
        self.rate_limit.close()
        give_up = monotonic() + min(REQUEST_SECONDS, max(self.rate_limit.left, 1))
        while self.is_fetching and not self.requests.waiting_seconds and monotonic() < give_up:
            self._ended.wait(0.02)


class RenewedToken(AbstractHeaderAuthenticator):
    """Signs with an access token that is fetched when it is needed, and again before it ends.

    All threads share one: the first that needs another fetches it, the others wait. `begin` and
    `end` enclose each check and each sync.
    """

    def __init__(
        self, fetch: Callable[[Turn], AccessToken], held: AccessToken | None = None
    ) -> None:
        self._fetch = fetch
        self._held = held
        self._turn = Turn()

    @property
    def auth_header(self) -> str:
        """The name of the header."""
        return "Authorization"

    @property
    def token(self) -> str:
        """The header: `Bearer …`. Raises what `errors.no_token` returns if none comes."""
        turn = self._turn
        with turn.fetching:
            if self._held is None or self._held.is_over:
                self._held = turn.fetch(self._fetch)
            return self._held.header

    def renew(self, refused: str) -> bool:
        """Fetch another token, unless this header was replaced; return whether one was fetched."""
        turn = self._turn
        with turn.fetching:
            if not self.is_current(refused):
                return False
            self._held = turn.fetch(self._fetch)
            return True

    def is_current(self, header: str) -> bool:
        """Tell whether no other token has been fetched since."""
        return self._held is None or self._held.header == header

    def begin(self, seconds: float) -> None:
        """Forget what failed: another check or sync begins, and may take so long."""
        self._turn = Turn(seconds)

    def end(self) -> None:
        """Fetch no more tokens, and hand on one that is under way."""
        self._turn.end()


def _fetch_by_client_credentials(host: str, client: ClientCredentials, turn: Turn) -> AccessToken:
    grant = {"grant_type": "client_credentials", "scope": "read"}
    return _good_for(*_ask(host, client, grant, CLIENT_TOKEN_SECONDS, turn))


def _fetch_by_refresh_token(
    host: str, client: RefreshTokenCredentials, entered: MutableMapping[str, Any], turn: Turn
) -> AccessToken:
    """Rotate: the platform has the new refresh token before the new access token is used."""
    # If it cannot be written, fail before the token is spent.
    orjson.dumps(entered)
    saved = entered["credentials"]
    grant = {"grant_type": "refresh_token", "refresh_token": saved["refresh_token"]}
    token, seconds = _ask(host, client, grant, ROTATED_TOKEN_SECONDS, turn)
    saved["access_token"] = token.access_token
    saved["token_expiry_date"] = write_instant(_now() + timedelta(seconds=seconds))
    saved["refresh_token"] = token.new_refresh_token or saved["refresh_token"]
    emit_configuration_as_airbyte_control_message(entered)
    return _good_for(token, seconds)


def _ask(
    host: str,
    client: ClientCredentials | RefreshTokenCredentials,
    grant: dict[str, str],
    seconds: int,
    turn: Turn,
) -> tuple[Token, int]:
    """Ask the account's own host for a token that lives so long; mask it, and say how long it does.

    https://developer.zendesk.com/api-reference/ticketing/oauth/grant_type_tokens/
    """
    transport = Transport(host, NoAuth(), client.auth_type, turn.requests, turn.rate_limit)
    body = {
        **grant,
        "client_id": client.client_id,
        "client_secret": client.client_secret.get_secret_value(),
        "expires_in": seconds,
    }
    try:
        token = transport.post(TOKEN_PATH, decode_token, body)
    except (NoUsableAnswerError, RefusalError) as error:
        raise no_token(error) from None
    for secret in (token.access_token, token.new_refresh_token):
        if secret:
            _mask(secret)
    # What Zendesk does not say is taken for what was asked for.
    return token, token.lifetime or seconds


def _good_for(token: Token, seconds: int) -> AccessToken:
    _LOG.info("Zendesk gave an access token, good for %d s.", seconds)
    until = _now() + timedelta(seconds=seconds - min(MARGIN_SECONDS, seconds / 10))
    return AccessToken(f"Bearer {token.access_token}", until)


def _configured_token(client: RefreshTokenCredentials) -> AccessToken | None:
    """Return the access token that is in the configuration, if one is."""
    if client.access_token is None:
        return None
    _mask(client.access_token.get_secret_value())
    header = f"Bearer {client.access_token.get_secret_value()}"
    try:
        ends_at = datetime.fromisoformat(parse_instant(client.token_expiry_date))
    except ValueError:
        # Somebody else or Airbyte's button wrote it, or it is missing: a 401 ends the token.
        return AccessToken(header, None)
    return AccessToken(header, ends_at - timedelta(seconds=MARGIN_SECONDS))


def _mask(secret: str) -> None:
    """Have a secret masked in all that is logged: an answer may repeat what was sent.

    As it is, in an address, and in base64 wherever it stands in a longer text. The CDK masks by
    itself what the user entered, as it is.
    """
    forms = [secret]
    # Of a shorter one it would be a few letters, which stand in many words.
    if len(secret) >= SHORTEST_ENCODED:
        escaped = quote(secret, safe="")
        lower = re.sub("%..", lambda code: code[0].lower(), escaped)
        forms += [escaped, lower, quote(secret)]
        forms.append(base64.b64encode(secret.encode()).decode())
        for before, shared in enumerate((0, 2, 3)):
            # Without the letters that its neighbours have a share in.
            encoded = base64.b64encode(b"?" * before + secret.encode()).decode().rstrip("=")
            inner = encoded[shared:-1]
            forms += [inner, inner.translate(_URL_SAFE)]
    # Longest first: what is masked by halves is masked no more.
    for form in sorted(dict.fromkeys(forms), key=len, reverse=True):
        add_to_secrets(form)


def _now() -> datetime:
    return datetime.now(UTC)
