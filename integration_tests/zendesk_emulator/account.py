"""The account: users, credentials and brands, and who a request comes from.

https://developer.zendesk.com/api-reference/introduction/security-and-auth/
"""

import base64
import binascii
import random
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

from .clock import Clock
from .help_center import HelpCenter
from .switches import Switches

Role = Literal["admin", "agent", "end-user"]
Credential = Literal["none", "api_token", "oauth", "bad"]

# https://developer.zendesk.com/documentation/api-basics/authentication/oauth-migration/
API_TOKENS_END = datetime(2027, 4, 30, tzinfo=UTC)

_FIRST_ID = 46406185831185


@dataclass(eq=False)
class User:
    """Somebody with a role. `hidden_sections` are left out of an agent's view without a word."""

    id: int
    name: str
    email: str
    role: Role
    created_at: datetime
    hidden_sections: set[int] = field(default_factory=set)


@dataclass(eq=False)
class OAuthClient:
    """A client, whose client_credentials tokens act as `user`; they are for confidential ones only.

    Lifetimes in seconds. No access token outlives `longest`, whatever is asked for.
    """

    identifier: str
    secret: str
    user: User
    lifetime: int = 1800
    refresh_lifetime: int = 30 * 86400
    kind: Literal["confidential", "public"] = "confidential"
    allowed_scopes: frozenset[str] | None = None
    longest: int | None = None


@dataclass(frozen=True)
class Grant:
    """What an OAuth access or refresh token stands for. `ends_at` None = never.

    A refresh token knows its client, and the access token that came with it and ends with it.
    """

    user: User
    scope: str
    ends_at: datetime | None
    client: OAuthClient | None = None
    access_token: str | None = None


@dataclass(frozen=True)
class Caller:
    """Who a request comes from: no user = a visitor; no scopes = everything the role may do."""

    user: User | None = None
    scopes: frozenset[str] | None = None

    @property
    def sees_everything(self) -> bool:
        """Agents and admins work in Guide; end users and visitors only read it."""
        return self.user is not None and self.user.role != "end-user"


class CredentialRefused(Exception):  # noqa: N818  -- it is an answer, not a failure
    """No such credential, or no longer: 401."""

    def __init__(self, *, oauth: bool) -> None:
        super().__init__("credential refused")
        self.oauth = oauth


@dataclass(eq=False)
class Brand:
    """A brand on its own host. `help_center_state` says nothing of who may read it."""

    id: int
    name: str
    subdomain: str
    help_center: HelpCenter
    created_at: datetime
    has_help_center: bool = True
    active: bool = True
    default: bool = False
    is_deleted: bool = False
    # That every brand is always in the list is documented nowhere.
    is_listed: bool = True
    host_mapping: str | None = None
    help_center_state: Literal["enabled", "disabled", "restricted"] = "enabled"

    @property
    def host(self) -> str:
        """Where its API is, whatever host its readers see."""
        return f"{self.subdomain}.zendesk.com"


class Account:
    """One Zendesk account. Its default brand has the account's own subdomain."""

    def __init__(self, clock: Clock, switches: Switches, subdomain: str = "acme") -> None:
        self.clock = clock
        self.switches = switches
        self.subdomain = subdomain
        self.token_access = True
        # Everything that nobody but its owner may ever read, whether it still works or not.
        self.secrets: set[str] = set()
        self.brands: list[Brand] = []
        self.users: dict[int, User] = {}
        self._ids = _ids()
        self._api_tokens: dict[str, User] = {}
        self._access_tokens: dict[str, Grant] = {}
        self._refresh_tokens: dict[str, Grant] = {}
        self._clients: dict[str, OAuthClient] = {}
        self.admin = self.add_user("Ada Admin", f"ada@{subdomain}.example", "admin")
        self.admin_token = self.add_api_token(self.admin)
        self.add_brand(subdomain, name=subdomain.title()).default = True

    def add_user(self, name: str, email: str, role: Role) -> User:
        """Make a user, who has no credential yet."""
        user = User(next(self._ids), name, email, role, self.clock.stamp)
        self.users[user.id] = user
        return user

    def add_brand(  # noqa: PLR0913  -- what a test may need to know of a brand
        self,
        subdomain: str,
        *,
        name: str | None = None,
        has_help_center: bool = True,
        active: bool = True,
        host_mapping: str | None = None,
        default_locale: str = "en-us",
    ) -> Brand:
        """Make a brand and its empty Help Center, open to visitors."""
        brand = Brand(
            id=next(self._ids),
            name=name or subdomain,
            subdomain=subdomain,
            help_center=HelpCenter(
                self.clock, self.switches, self._ids, self.admin.id, default_locale
            ),
            created_at=self.clock.stamp,
            has_help_center=has_help_center,
            active=active,
            host_mapping=host_mapping,
            help_center_state="enabled" if has_help_center else "disabled",
        )
        self.brands.append(brand)
        return brand

    def brand(self, subdomain: str) -> Brand | None:
        """Find the brand that is at this subdomain; a deleted one has left it."""
        return next(
            (row for row in self.brands if row.subdomain == subdomain and not row.is_deleted), None
        )

    def help_center(self, subdomain: str | None = None) -> HelpCenter:
        """Return the Help Center of a brand, of the default one if none is named."""
        brand = self.brand(subdomain or self.subdomain)
        if brand is None:
            raise KeyError(subdomain)
        return brand.help_center

    def add_api_token(self, user: User) -> str:
        """Make an API token, to be used as Basic `{email}/token:{token}`."""
        token = self._secret()
        self._api_tokens[token] = user
        self.secrets.add(f"{user.email}/token:{token}")
        return token

    def add_oauth_client(
        self, user: User, *, lifetime: int = 1800, refresh_lifetime: int = 30 * 86400
    ) -> OAuthClient:
        """Make a confidential client; lifetimes in seconds, by default Zendesk's."""
        identifier = f"client_{len(self._clients) + 1}"
        client = OAuthClient(identifier, self._secret(), user, lifetime, refresh_lifetime)
        self._clients[identifier] = client
        return client

    def oauth_client(self, identifier: str) -> OAuthClient | None:
        """Find a client by its identifier."""
        return self._clients.get(identifier)

    def add_oauth_token(
        self, user: User, scope: str = "read", lifetime: float | None = None
    ) -> str:
        """Make an access token, with scopes separated by blanks and a lifetime in seconds."""
        token = self._secret()
        self._access_tokens[token] = Grant(user, scope, self._after(lifetime))
        return token

    def add_refresh_token(
        self,
        client: OAuthClient,
        user: User,
        scope: str = "read",
        lifetime: float | None = None,
        access_token: str | None = None,
    ) -> str:
        """Make a refresh token, good for one use within `lifetime` seconds."""
        token = self._secret()
        ends_at = self._after(lifetime or client.refresh_lifetime)
        self._refresh_tokens[token] = Grant(user, scope, ends_at, client, access_token)
        return token

    def spend_refresh_token(self, token: str, client: OAuthClient) -> Grant | None:
        """End a refresh token and what came with it, and return its grant.

        None if it is not this client's, or is over.
        https://developer.zendesk.com/api-reference/ticketing/oauth/grant_type_tokens/
        """
        grant = self._refresh_tokens.get(token)
        if grant is None or grant.client is not client or self._is_over(grant):
            return None
        del self._refresh_tokens[token]
        self._access_tokens.pop(grant.access_token or "", None)
        return grant

    def revoke_access_tokens(self) -> None:
        """End every OAuth access token at once."""
        self._access_tokens.clear()

    def revoke(self, token: str) -> None:
        """End an API, access or refresh token at once."""
        for tokens in (self._api_tokens, self._access_tokens, self._refresh_tokens):
            tokens.pop(token, None)

    def credential(self, authorization: str | None) -> Credential:
        """Tell the kind of credential that an Authorization header holds, good or not."""
        if authorization is None:
            return "none"
        try:
            self._user_of(authorization)
        except CredentialRefused:
            return "bad"
        return "oauth" if authorization.startswith("Bearer ") else "api_token"

    def caller(self, authorization: str | None) -> Caller:
        """Who sends this Authorization header. Raises CredentialRefused.

        While token access is switched off, a request with an API token is a visitor's, with no
        error at all: https://support.zendesk.com/hc/en-us/articles/4408889192858
        """
        if authorization is None:
            return Caller()
        if authorization.startswith("Basic "):
            if not self.token_access:
                return Caller()
            if self.clock.now >= API_TOKENS_END:
                if self.switches.ended_api_tokens == "anonymous":
                    return Caller()
                raise CredentialRefused(oauth=False)
        return self._user_of(authorization)

    def _user_of(self, authorization: str) -> Caller:
        scheme, _, value = authorization.partition(" ")
        if scheme == "Bearer":
            grant = self._access_tokens.get(value)
            if grant is None or self._is_over(grant):
                raise CredentialRefused(oauth=True)
            return Caller(grant.user, frozenset(grant.scope.split()))
        try:
            email, _, token = base64.b64decode(value, validate=True).decode().partition("/token:")
        except (binascii.Error, UnicodeDecodeError):
            raise CredentialRefused(oauth=False) from None
        user = self._api_tokens.get(token)
        if scheme != "Basic" or user is None or user.email != email:
            raise CredentialRefused(oauth=False)
        return Caller(user)

    def _secret(self) -> str:
        made = secrets.token_hex(32)
        self.secrets.add(made)
        return made

    def _after(self, seconds: float | None) -> datetime | None:
        return None if seconds is None else self.clock.now + timedelta(seconds=seconds)

    def _is_over(self, grant: Grant) -> bool:
        return grant.ends_at is not None and grant.ends_at <= self.clock.now


def _ids() -> Iterator[int]:
    """Ascending 64-bit ids with gaps as wide as Zendesk's: nobody may count on dense ones."""
    gaps = random.Random(0)  # noqa: S311  -- not a secret, and the same in every run
    last = _FIRST_ID
    while True:
        yield last
        last += gaps.randrange(1_000, 3_000_000)
