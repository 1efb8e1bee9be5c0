"""What goes in and comes out: a request, an answer, and the refusals in Zendesk's words."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from .pages import Json

_NOT_ALLOWED = (
    "You do not have access to this page. "
    "Please contact the account owner of this help desk for further help."
)
_NO_HELP_DESK = (
    "There is no help desk configured at this address. This means that the address is available "
    "and that you can claim it at http://www.zendesk.com/signup"
)
_BAD_TOKEN = "The access token provided is expired, revoked, malformed or invalid."


@dataclass(frozen=True)
class Request:
    """A request inside the TLS tunnel to `host`. `path` has neither query nor `.json`."""

    method: str
    host: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    authorization: str | None = None
    cookie: str | None = None
    body: bytes = b""

    @property
    def url(self) -> str:
        """The address without the query, as page links repeat it."""
        return f"https://{self.host}{self.path}"


@dataclass(frozen=True)
class Answer:
    """A text body goes out as text/plain unless a Content-Type header says otherwise."""

    status: int
    body: Json
    headers: Mapping[str, str] = field(default_factory=dict)


def refusal(status: int, error: str, description: str) -> Answer:
    """Refuse in the usual form."""
    return Answer(status, {"error": error, "description": description})


def no_help_desk(host: str) -> Answer:
    """Refuse a subdomain that nobody has."""
    message: dict[str, Json] = {"title": f"No help desk at {host}", "message": _NO_HELP_DESK}
    return Answer(404, {"error": message})


NOT_AUTHENTICATED = Answer(401, {"error": "Couldn't authenticate you"})
TOKEN_ENDED = Answer(401, {"error": "invalid_token", "error_description": _BAD_TOKEN})
ROLE_TOO_LOW = Answer(403, {"error": {"title": "Forbidden", "message": _NOT_ALLOWED}})
SCOPE_MISSING = refusal(403, "Forbidden", "You are missing the following required scopes: read")
UNKNOWN_RECORD = refusal(404, "RecordNotFound", "Not found")
UNKNOWN_PATH = refusal(404, "InvalidEndpoint", "Not found")
