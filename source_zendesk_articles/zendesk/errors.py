"""What goes wrong, in the user's words, each with a failure type: status and body decide.

`config_error`: the user has to change something. `transient_error`: trying again later helps.
https://docs.airbyte.com/platform/understanding-airbyte/airbyte-protocol#airbytetracemessage
"""

import re
from http import HTTPStatus
from typing import Final, NamedTuple
from urllib.parse import unquote, urljoin, urlsplit

import orjson
from airbyte_cdk.models import FailureType
from airbyte_cdk.utils.airbyte_secrets_utils import filter_secrets
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_zendesk_articles.config import AuthType
from source_zendesk_articles.zendesk.credential_help import (
    ONLY_STAFF,
    on_anonymous_answer,
    on_forbidden,
    on_refusal,
    on_token_refusal,
)

TOKEN_PATH: Final = "/oauth/tokens"  # noqa: S105 -- an address
_DETAIL_LENGTH = 200


class NoUsableAnswerError(AirbyteTracedException):
    """Zendesk did not answer a request in a usable way, as often as it was asked.

    `reason`: how it answered instead, and how often. `is_foreign`: it may not be Zendesk that
    answered. `may_be_big`: a smaller answer may come.
    """

    def __init__(
        self, request: str, reason: str, *, is_foreign: bool = False, may_be_big: bool = False
    ) -> None:
        self.may_be_big = may_be_big
        before = (
            "The answer seems to come from something in front of Zendesk: bot protection, a proxy "
            "or a maintenance page. If that continues, check which addresses your Zendesk account "
            "and your network allow. "
            if is_foreign
            else ""
        )
        super().__init__(
            message=f"Zendesk gave no usable answer to {request}: {reason}. {before}Try again "
            "later; https://status.zendesk.com lists incidents.",
            internal_message=f"{request}: {reason}",
            failure_type=FailureType.transient_error,
        )


class UnreachableError(NoUsableAnswerError):
    """A request did not get as far as Zendesk, as often as it was made. `to_do` is a sentence."""

    def __init__(
        self,
        request: str,
        reason: str,
        to_do: str,
        failure_type: FailureType = FailureType.transient_error,
    ) -> None:
        super().__init__(request, reason)
        self.message = f"{request} did not reach Zendesk: {reason}. {to_do}"
        self.failure_type = failure_type


class CredentialError(AirbyteTracedException):
    """What is wrong with the credential, whatever it is used for."""


class Refusal(NamedTuple):
    """An answer that is neither a success nor worth a retry.

    `location` is the header of a redirect, `now` Zendesk's time if it is known.
    """

    host: str
    path: str
    status: int
    content: bytes
    location: str | None
    auth_type: AuthType
    now: str | None


class RefusalError(AirbyteTracedException):
    """A refusal in the user's words. These answers were recorded from real accounts."""

    def __init__(self, refusal: Refusal) -> None:
        self.status = refusal.status
        message, failure_type = _explain(refusal)
        super().__init__(
            message=message,
            internal_message=f"{refusal.status} for https://{refusal.host}{refusal.path}",
            failure_type=failure_type,
        )


def _explain(refusal: Refusal) -> tuple[str, FailureType]:
    host, path, status = refusal.host, refusal.path, refusal.status
    words = zendesks_words(refusal.content)
    said = f"({status}: {words})" if words else f"({status})"
    failure_type = FailureType.config_error
    is_for_token = path == TOKEN_PATH
    if is_for_token:
        to_do = on_token_refusal(refusal.auth_type, status, _code(refusal.content))
        if to_do:
            return f"{host} gave no access token {said}. {to_do}", failure_type
    match status:
        case HTTPStatus.UNAUTHORIZED:
            to_do = on_refusal(refusal.auth_type, host, refusal.now)
            message = f"Zendesk refused the credentials {said}. {to_do}"
        # The incremental list answers 404 to visitors and to users who are no agents.
        case _ if (status == HTTPStatus.FORBIDDEN and not is_for_token) or (
            status == HTTPStatus.NOT_FOUND and "/incremental/" in path
        ):
            message = f"Zendesk does not let this user read {path} {said}. "
            message += on_forbidden(words)
        case HTTPStatus.NOT_FOUND if "/help_center/" in path:
            message = (
                f"There is no Help Center at https://{host} {said}. Enter the subdomain of the "
                "brand that has one, or set it up in Zendesk Guide first."
            )
        case HTTPStatus.NOT_FOUND:
            message = (
                f"There is no Zendesk account at https://{host} {said}. Check `subdomain`: the "
                "part before .zendesk.com in the address at which your agents work."
            )
        case _ if 300 <= status < 400 and _host(host, refusal.location) == host:  # noqa: PLR2004 -- the class of redirects
            to_do = on_refusal(refusal.auth_type, host, refusal.now)
            message = f"Zendesk asks to sign in at {host} instead of answering {said}. {to_do}"
        case _ if 300 <= status < 400:  # noqa: PLR2004 -- the same
            message = (
                f"Zendesk redirected the request from {host} to {_host(host, refusal.location)} "
                f"({status}), and credentials are sent to the configured host only. Check "
                "`subdomain`: the account may have been renamed."
            )
        case HTTPStatus.BAD_REQUEST:
            failure_type = FailureType.system_error
            message = (
                f"Zendesk does not understand the request for {path} {said}. Please report this "
                "to the connector's developers."
            )
        case _:
            message = (
                f"Zendesk refused the request for {path} {said}. Check the state of the account "
                f"at https://{host}."
            )
    return message, failure_type


def no_token(error: NoUsableAnswerError | RefusalError) -> CredentialError:
    """Return the same error as one that says nothing of what the token was needed for.

    No page is too big because no token came, and no article gone.
    """
    return CredentialError(
        message=error.message,
        internal_message=error.internal_message,
        failure_type=error.failure_type,
    )


def anonymous_user(auth_type: AuthType, host: str, now: str) -> CredentialError:
    """Return the error for credentials that Zendesk silently takes for none."""
    return CredentialError(
        message="Zendesk treated the request as anonymous. "
        + on_anonymous_answer(auth_type, host, now),
        internal_message="users/me answered with the anonymous user",
        failure_type=FailureType.config_error,
    )


def not_staff(name: str, role: str) -> CredentialError:
    """Return the error for a user who is no agent or admin."""
    return CredentialError(
        message=f"{name} has the role {role!r} in Zendesk and can read only what customers can. "
        f"{ONLY_STAFF}",
        internal_message=f"users/me answered with the role {role!r}",
        failure_type=FailureType.config_error,
    )


def broken_set_up(problem: str) -> AirbyteTracedException:
    """Return the error for a machine whose settings let no request out."""
    return AirbyteTracedException(
        message=f"No connection can be made from this machine: {problem}",
        internal_message=problem,
        failure_type=FailureType.config_error,
    )


def zendesks_words(content: bytes) -> str:
    """Return what the body of a refusal says, in one line; "" for HTML and for nothing.

    `error` is a text or an object, with `description` or `message` next to it or in it. Some
    answers are plain text. https://developer.zendesk.com/api-reference/introduction/requests/#error-responses
    """
    body = _object(content)
    if body is None:
        text = content.decode("utf-8", "replace").strip()
        words: list[object] = [] if text.startswith("<") else [text]
    else:
        error = body.get("error")
        inner = error if isinstance(error, dict) else {"title": error}
        words = [
            inner.get("title"),
            inner.get("message"),
            body.get("description"),
            body.get("error_description"),
        ]
    line = ": ".join(word for word in words if isinstance(word, str) and word)
    # Masked before it is cut: half a secret is not recognised.
    return re.sub(r"\s+", " ", _masked(line))[:_DETAIL_LENGTH]


def _code(content: bytes) -> str:
    """Return the error code in a refusal of the token endpoint; "" if it has none."""
    error = (_object(content) or {}).get("error")
    code = error.get("title") if isinstance(error, dict) else error
    return code.lower() if isinstance(code, str) else ""


def _object(content: bytes) -> dict[str, object] | None:
    """Return the JSON object that a body holds, an empty one for other JSON; None for the rest."""
    try:
        body = orjson.loads(content)
    except orjson.JSONDecodeError:
        return None
    return body if isinstance(body, dict) else {}


def _host(host: str, location: str | None) -> str:
    try:
        target = urljoin(f"https://{host}/", _masked(location or ""))
        return urlsplit(target).hostname or "an unknown place"
    except ValueError:
        return "an unknown place"


def _masked(text: str) -> str:
    """Return a text without secrets, also those of which any character is percent-encoded."""
    plain = unquote(text)
    masked = filter_secrets(plain)
    return filter_secrets(text) if masked == plain else masked
