"""The form a user fills in (`spec.yaml`), parsed once. Reads nothing but the configuration."""

import re
from collections.abc import Mapping
from typing import Annotated, Final, Literal, NamedTuple, get_args

from airbyte_cdk.models import FailureType
from airbyte_cdk.utils.traced_exception import AirbyteTracedException
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    ValidationError,
)

_ZENDESK = ".zendesk.com"
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
_ADDRESS = re.compile(r"(?:https?://)?([^/?#]*)(?:[/?#].*)?", re.DOTALL)


def is_subdomain(text: str) -> bool:
    """Whether a text can stand before `.zendesk.com`, and can lead to no other host."""
    return _LABEL.fullmatch(text) is not None and text != "www"


def host_of(subdomain: str) -> str:
    """Return the host at which the API of an account or brand answers."""
    return f"{subdomain}{_ZENDESK}"


def parse_subdomain(text: str) -> str:
    """Return the instance name in what users paste for it, in lower case.

    `acme`, `ACME`, `acme.zendesk.com` and `https://acme.zendesk.com/hc/en-us` are all `acme`.

    Raises:
        ValueError: for anything else, with a sentence that says what to enter.

    """
    address = _ADDRESS.fullmatch(text.strip().lower())
    host = address.group(1) if address else ""
    subdomain = host.removesuffix(_ZENDESK)
    if not is_subdomain(subdomain):
        raise ValueError(
            "is not a Zendesk subdomain. Enter the instance name: `acme` if your agents work at "
            "https://acme.zendesk.com. The public address of a Help Center, such as "
            "help.acme.com, does not tell it."
        )
    return subdomain


def _parse_secret(secret: SecretStr) -> SecretStr:
    # A line break or a letter outside ASCII cannot be sent in a header, and the error that
    # http.client raises for it quotes the header.
    text = secret.get_secret_value()
    if not (text and text.isascii() and text.isprintable()):
        raise ValueError("is empty or has a character that no Zendesk credential has.")
    return secret


def _parse_client_id(text: str) -> str:
    if not text:
        raise ValueError("is empty: enter the identifier of the OAuth client.")
    return text


def _parse_email(text: str) -> str:
    # `user/token` before the colon is the form of Zendesk's Basic scheme: an address that was
    # pasted with it is taken without, and a colon would move the border to the password.
    email = text.removesuffix("/token")
    if "@" not in email or ":" in email or not email.isprintable():
        raise ValueError("is not an e-mail address.")
    return email


Subdomain = Annotated[str, AfterValidator(parse_subdomain)]
# Zendesk writes locales in lower case, `en-us`; elsewhere `en-US` is usual.
Locale = Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True, min_length=1)]
Id = Annotated[int, Field(gt=0, lt=2**63)]
Label = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1), AfterValidator(str.casefold)
]
Secret = Annotated[SecretStr, AfterValidator(_parse_secret)]
ClientId = Annotated[
    str, StringConstraints(strip_whitespace=True), AfterValidator(_parse_client_id)
]
Email = Annotated[str, AfterValidator(_parse_email)]


EVERY_BRAND: Final = "*"


def _parse_brand(text: str) -> str:
    return EVERY_BRAND if text.strip() == EVERY_BRAND else parse_subdomain(text)


Brand = Annotated[str, AfterValidator(_parse_brand)]


class _Form(BaseModel):
    # An error must not quote what was entered: it may be a secret in the wrong field.
    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)


class ClientCredentials(_Form):
    """A confidential OAuth client, which gets its access tokens by itself."""

    auth_type: Literal["oauth_client_credentials"]
    client_id: ClientId
    client_secret: Secret


class RefreshTokenCredentials(_Form):
    """An OAuth client with a refresh token, which each use ends and replaces.

    `access_token` is used until `token_expiry_date` or a 401, if it is given.
    """

    auth_type: Literal["oauth_refresh_token"]
    client_id: ClientId
    client_secret: Secret
    refresh_token: Secret
    access_token: Secret | None = None
    token_expiry_date: str | None = None


class AccessTokenCredentials(_Form):
    """An OAuth access token, used as it is."""

    auth_type: Literal["oauth_access_token"]
    access_token: Secret


class ApiTokenCredentials(_Form):
    """An agent's or admin's e-mail address with an API token of the account."""

    auth_type: Literal["api_token"]
    email: Email
    api_token: Secret


Credentials = (
    ClientCredentials | RefreshTokenCredentials | AccessTokenCredentials | ApiTokenCredentials
)
AuthType = Literal[
    "oauth_client_credentials", "oauth_refresh_token", "oauth_access_token", "api_token"
]


class Filters(NamedTuple):
    """What a variant must match to be in scope: each that is not empty. See `scope`."""

    locales: frozenset[str] = frozenset()
    categories: frozenset[int] = frozenset()
    sections: frozenset[int] = frozenset()
    labels: frozenset[str] = frozenset()
    exclude_labels: frozenset[str] = frozenset()
    visibility: frozenset[str] = frozenset()

    @property
    def need_section(self) -> bool:
        """Whether it matters in which section an article is."""
        return bool(self.categories or self.sections)


class Config(_Form):
    """What `spec.yaml` describes, checked and in one form."""

    subdomain: Subdomain
    credentials: Credentials = Field(discriminator="auth_type")
    brands: frozenset[Brand] = frozenset()
    locales: frozenset[Locale] = frozenset()
    categories: frozenset[Id] = frozenset()
    sections: frozenset[Id] = frozenset()
    labels: frozenset[Label] = frozenset()
    exclude_labels: frozenset[Label] = frozenset()
    visibility: frozenset[Literal["public", "internal"]] = frozenset()
    reconcile_every_hours: int = Field(default=6, ge=0, le=168)
    retract_as: Literal["delete", "mark"] = "delete"
    treat_as_open: frozenset[Subdomain] = frozenset()
    body_markdown: bool = False

    @property
    def named(self) -> frozenset[str]:
        """The subdomains of the Help Centers that are named one by one."""
        return self.brands - {EVERY_BRAND} | {self.subdomain}

    @property
    def has_several(self) -> bool:
        """Whether more than the Help Center at `subdomain` may be meant."""
        return self.named != {self.subdomain} or self.every_brand

    @property
    def every_brand(self) -> bool:
        """Whether every active brand's Help Center is meant."""
        return EVERY_BRAND in self.brands

    def treats_as_open(self, subdomain: str) -> bool:
        """Whether a Help Center that visitors cannot read counts as open."""
        return subdomain in self.treat_as_open

    @property
    def filters(self) -> Filters:
        """The six fields that say what is in scope."""
        return Filters(*(getattr(self, name) for name in Filters._fields))


_FORMS: dict[str, type[_Form]] = {
    get_args(form.model_fields["auth_type"].annotation)[0]: form for form in get_args(Credentials)
}
_PLACES_OF_SECRETS = {
    "credentials",
    *(name for form in _FORMS.values() for name in form.model_fields),
}


def parse_config(config: Mapping[str, object]) -> Config:
    """Return the configuration.

    Raises:
        AirbyteTracedException: a `config_error` that names each field and says what to enter.

    """
    try:
        return Config.model_validate(dict(config))
    except ValidationError as error:
        sentences = [_sentence(problem["loc"], problem["msg"]) for problem in error.errors()]
    raise AirbyteTracedException(
        message=" ".join(sentences),
        internal_message="The configuration cannot be read.",
        failure_type=FailureType.config_error,
    )


def _sentence(location: tuple[int | str, ...], message: str) -> str:
    if location[0] == "credentials":
        # Then pydantic names the type, which is no field of the form.
        location = (location[0], *location[2:])
    field = ".".join(str(part) for part in location)
    return f"`{field}`: {message.removeprefix('Value error, ').rstrip('.')}."


def normalize(config: Mapping[str, object]) -> dict[str, object]:
    """Return the configuration in the form of `spec.yaml`.

    The three fields `subdomain, email, api_token` become `subdomain, credentials`, where the
    token is declared as a secret and therefore masked. What a credential of this type cannot have
    is left out: the CDK quotes what does not fit the form, and masks declared fields only.
    """
    credentials = config.get("credentials")
    if credentials is None and ("email" in config or "api_token" in config):
        credentials = {**config, "auth_type": "api_token"}
    plain = {key: value for key, value in config.items() if key not in _PLACES_OF_SECRETS}
    if isinstance(credentials, Mapping):
        form = _FORMS.get(str(credentials.get("auth_type")))
        plain["credentials"] = _entered(credentials, form) if form else {}
    return plain


def _entered(credentials: Mapping[str, object], form: type[_Form]) -> dict[str, str]:
    """Return the fields of a form as texts, without the optional ones that are empty.

    A required one that is missing is empty: `parse_config` names it, where the CDK's validation
    would only say that none of the four forms fits.
    """
    texts = {}
    for name, field in form.model_fields.items():
        value = credentials.get(name)
        # Stripped here already, so that the text which is masked is the text which is sent.
        text = value.strip() if isinstance(value, str) else ""
        if text or field.is_required():
            texts[name] = text
    return texts
