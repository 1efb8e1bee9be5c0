"""Why a request got no answer: what `requests` raises, in the user's words.

A fault of this machine's settings ends it; all else may pass, and is said as what it is.
"""

import re
from http import HTTPStatus
from typing import NamedTuple
from urllib.parse import urlsplit

from airbyte_cdk.models import FailureType
from requests.exceptions import (
    ChunkedEncodingError,
    ConnectTimeout,
    ContentDecodingError,
    InvalidProxyURL,
    InvalidSchema,
    InvalidURL,
    ProxyError,
    RequestException,
    SSLError,
    Timeout,
)
from requests.exceptions import ConnectionError as NoConnectionError
from requests.utils import get_environ_proxies, select_proxy
from urllib3.exceptions import NameResolutionError, NewConnectionError
from urllib3.exceptions import TimeoutError as TooLateError

from source_zendesk_articles.zendesk.answers import Again
from source_zendesk_articles.zendesk.errors import broken_set_up

_NOT_ALLOWED = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.METHOD_NOT_ALLOWED}

_LET_THROUGH = "Check that this machine's network and firewall let requests to it through."


class Unreachable(NamedTuple):
    """Why a request did not get as far as Zendesk, and a sentence on what to do about it."""

    reason: str
    to_do: str
    failure_type: FailureType = FailureType.transient_error


def why_broken(error: object, host: str) -> Again | Unreachable:
    """Return why there was no answer of a host, or none to its end.

    Raises:
        AirbyteTracedException: a `config_error` if asking again cannot help.

    """
    _refuse_wrong_settings(error)
    match error:
        case ProxyError() if (trouble := _proxy_trouble(error, host)) is not None:
            return trouble
        case ConnectTimeout():
            return Unreachable(f"{host} gave no connection in time", _LET_THROUGH)
        case NoConnectionError() if isinstance(_cause(error), NameResolutionError):
            to_do = (
                "Check `subdomain`, the part before .zendesk.com in the address at which your "
                "agents work, and this machine's DNS."
            )
            return Unreachable(f"the name {host} does not resolve", to_do)
        case NoConnectionError() if isinstance(_cause(error), NewConnectionError):
            return Unreachable(f"{host} gave no connection", _LET_THROUGH)
    return _broken_off(error)


def _refuse_wrong_settings(error: object) -> None:
    match error:
        case SSLError() if "CERTIFICATE_VERIFY_FAILED" in str(error):
            raise broken_set_up(
                "the certificate of the other side cannot be verified. Behind a proxy that "
                "inspects traffic, name its certificate in REQUESTS_CA_BUNDLE."
            )
        case SSLError() | ProxyError() if re.search(
            "NO_CERTIFICATE_OR_CRL_FOUND|PEM lib|NO_START_LINE", str(error)
        ):
            raise broken_set_up(
                "the file that REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE names holds no certificate."
            )
        case ProxyError() if "only use HTTP and not HTTPS" in str(error):
            raise broken_set_up("HTTPS_PROXY begins with https://, but the proxy speaks http://.")
        case InvalidURL() | InvalidSchema() | InvalidProxyURL():
            raise broken_set_up("HTTPS_PROXY is not the address of a proxy.")


def _broken_off(error: object) -> Again:
    match error:
        # `requests` has a time-out within a body for an error of the connection.
        case Timeout():
            return Again("no answer in time", may_be_big=True)
        case NoConnectionError() if "Read timed out" in str(error):
            return Again("no answer in time", may_be_big=True)
        case ChunkedEncodingError():
            return Again("the answer was cut off or garbled", may_be_big=True)
        case NoConnectionError() | OSError() if not isinstance(error, ContentDecodingError):
            return Again("no connection, or it broke")
    return Again("the answer was cut off or garbled")


def _proxy_trouble(error: ProxyError, host: str) -> Unreachable | None:
    """Return what is wrong with the proxy; None for a connection that broke behind it, too."""
    proxy, cause = _proxy(host), _cause(error)
    refused = re.search(r"Tunnel connection failed: ([0-9]{3})", str(cause))
    if refused is None:
        if not isinstance(cause, TooLateError):  # also one that was refused
            return None
        to_do = "Check HTTPS_PROXY, and that the proxy is up."
        return Unreachable(f"the proxy at {proxy} does not answer", to_do)
    status = int(refused.group(1))
    reason = f"the proxy at {proxy} refuses to connect ({status})"
    if status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        to_do = "Put the user and password that it asks for into HTTPS_PROXY."
        return Unreachable(reason, to_do, FailureType.config_error)
    if status in _NOT_ALLOWED:
        to_do = f"Have it let requests to {host}, port 443, through."
        return Unreachable(reason, to_do, FailureType.config_error)
    return Unreachable(reason, f"See whether it can reach {host}, and resolve its name.")


def _cause(error: RequestException) -> object:
    """Return what lies beneath an error of `requests`."""
    cause: object = error.args[0] if error.args else None
    cause = getattr(cause, "reason", cause)
    return getattr(cause, "original_error", cause)


def _proxy(host: str) -> str:
    """Return the address of the proxy, without its user and password."""
    url = f"https://{host}/"
    address = urlsplit(select_proxy(url, get_environ_proxies(url)) or "")
    return address.netloc.rpartition("@")[2]
