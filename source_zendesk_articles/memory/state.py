"""The stream's state, which one sync leaves for the next ↔ JSON. Pure.

Times are texts as Zendesk writes them, by Zendesk's clock.
"""

from codecs import BOM_UTF8
from collections.abc import Mapping
from typing import Final, NamedTuple

import orjson
from airbyte_cdk.models import FailureType
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_zendesk_articles.articles.visibility import VisitorsAnswer
from source_zendesk_articles.config import is_subdomain
from source_zendesk_articles.memory.known import KnownArticles
from source_zendesk_articles.memory.packing import UnreadableMemoryError
from source_zendesk_articles.zendesk.timestamps import parse_instant

_OPEN, _CLOSED, _UNKNOWN = "open", "closed", "unknown"
# The CDK marks the state of a stream that had none with keys like this.
_PLATFORMS = "__ab_"
_STREAM: Final = "articles"
# JSON numbers that every platform can keep.
_NUMBERS: Final = range(2**63)
# Our states nest three objects; the CDK fails to copy one that nests some 300.
_DEEPEST: Final = 8


class Reconciled(NamedTuple):
    """The last listing of a Help Center that was finished.

    `updated_at`: up to which of Zendesk's timestamps everything has been read since.
    `reconciled_at`: when the listing began. `articles`: how many it showed. `scope` (see
    `scope_of`): if it differs, the Help Center is listed again.
    """

    updated_at: str
    reconciled_at: str
    articles: int
    scope: str

    @property
    def visitors_could_read(self) -> bool:
        """Whether the anonymous check found the Help Center open."""
        return self.scope.startswith(_OPEN)


class HelpCenterState(NamedTuple):
    """How far one Help Center has been read.

    `reconciled`: None until a listing is finished. `user`: the id and role of the credential's user
    at the last finished listing, or at the first that was begun; "" before that. `known_before`:
    while no listing is finished, how many articles were known when the first one began.
    `delivered_until`: a state written by hand says that the destination has everything that Zendesk
    has not timestamped since then. `brand`: its id, 0 if the brands were never listed. `visitors`:
    the last answer to the anonymous check, which holds for a while; None if there never was one.
    """

    known: KnownArticles
    reconciled: Reconciled | None = None
    user: str = ""
    known_before: int = 0
    delivered_until: str | None = None
    brand: int = 0
    visitors: VisitorsAnswer | None = None

    @property
    def is_new(self) -> bool:
        """Whether nothing was ever read."""
        return not (self.reconciled or self.user or self.delivered_until)

    @property
    def unfinished(self) -> "HelpCenterState":
        """The same, so that the next sync lists it."""
        known_before = len(self.known) if self.reconciled else self.known_before
        return self._replace(reconciled=None, known_before=known_before)


class State(NamedTuple):
    """`synced_at`: the latest time that any record may carry, "" before the first sync.

    A Help Center without an entry was never read. `emitted`: how many records came before a state
    that others follow, so that no two states are equal; nothing reads it again.
    """

    synced_at: str
    help_centers: Mapping[str, HelpCenterState]
    emitted: int = 0


def scope_of(fingerprint: str, *, visitors_may_read: bool | None) -> str:
    """Return the `scope` of a listing: the answer to visitors, and a fingerprint.

    If the answer is unknown, the scope differs from that of any later sync.
    """
    answer = {True: _OPEN, False: _CLOSED, None: _UNKNOWN}[visitors_may_read]
    return f"{answer} {fingerprint}"


NO_STATE = State(synced_at="", help_centers={})


def resumed(state: State) -> State:
    """Return the state that a full refresh goes on from: an empty one, unless it was interrupted.

    A platform hands the state of an attempt to the next one. That attempt may have finished, if the
    destination failed afterwards. Its records may be there, so `synced_at` stays.
    """
    entries = state.help_centers.values()
    is_interrupted = any(entry.reconciled is None for entry in entries)
    by_hand = any(entry.delivered_until for entry in entries)
    return state if is_interrupted and not by_hand else state._replace(help_centers={})


def to_json(state: State) -> dict[str, object]:
    """Return the state as the platform keeps it."""
    return {
        "synced_at": state.synced_at,
        **({"emitted": state.emitted} if state.emitted else {}),
        "help_centers": {
            subdomain: {
                **(
                    entry.reconciled._asdict()
                    if entry.reconciled
                    else {"known_before": entry.known_before}
                ),
                "reader": entry.user,
                **({"delivered_until": entry.delivered_until} if entry.delivered_until else {}),
                **({"brand": entry.brand} if entry.brand else {}),
                **_visitors_to_json(entry),
                **_elsewhere_to_json(entry.known),
                "known": entry.known.pack(),
            }
            for subdomain, entry in state.help_centers.items()
        },
    }


def _visitors_to_json(entry: HelpCenterState) -> dict[str, str]:
    if entry.visitors is None:
        # Earlier versions had the answer in `scope` only: without this it would be read from there.
        return {"visitors": _UNKNOWN} if entry.reconciled else {}
    may_read, at = entry.visitors
    return {"visitors": _OPEN if may_read else _CLOSED, "visitors_at": at}


def _elsewhere_to_json(known: KnownArticles) -> dict[str, object]:
    locales = sorted(known.doubted_elsewhere)
    return {"doubted_locales": locales} if locales else {}


def saved_state(content: bytes) -> Mapping[str, object]:
    """Return the stream's state from a file of Airbyte's, which is a list with one state a stream.

    An empty file and an empty list hold no state.

    Raises:
        AirbyteTracedException: a `config_error` that says what to do with another file.

    """
    try:
        saved = orjson.loads(content.removeprefix(BOM_UTF8).strip() or b"null")
    except orjson.JSONDecodeError:
        raise unreadable_state("the file is not JSON") from None
    if _is_nested(saved, _DEEPEST):
        raise unreadable_state("it is nested too deep")
    states = [_of_stream(message) for message in _list(saved)]
    if states and not any(name == _STREAM for name, _ in states):
        raise unreadable_state("it is of another stream")
    return dict(states).get(_STREAM, {})


def _list(saved: object) -> list[object]:
    if not isinstance(saved, list) and saved not in ({}, None):
        raise unreadable_state("the file is not a list of states")
    return saved if isinstance(saved, list) else []


def _of_stream(message: object) -> tuple[str, Mapping[str, object]]:
    """Return the name of a stream and its state."""
    match message:
        case {"stream": {"stream_descriptor": {"name": str(name), **more}, **stream}}:
            state = stream.get("stream_state")
            if name == _STREAM and more.get("namespace"):
                raise unreadable_state("it has a namespace")
            if name != _STREAM or state is None:
                return name, {}
            if isinstance(state, dict):
                return name, state
            raise unreadable_state("it is not a JSON object")
    raise unreadable_state("the file holds something else than states of streams")


def _is_nested(value: object, levels: int) -> bool:
    """Return whether a value nests more than so many lists and objects."""
    if isinstance(value, dict):
        value = list(value.values())
    return isinstance(value, list) and (
        levels == 0 or any(_is_nested(inner, levels - 1) for inner in value)
    )


def from_json(saved: Mapping[str, object], subdomain: str) -> State:
    """Return a saved state; `{"updated_at": …}`, written by hand, is one of `subdomain`.

    Raises:
        AirbyteTracedException: a `config_error` that says what to do with an unreadable state.

    """
    match saved:
        case {"synced_at": synced_at, "help_centers": Mapping() as help_centers}:
            return State(
                synced_at=_instant(synced_at, "synced_at"),
                help_centers={
                    _name(name): _entry(name, entry) for name, entry in help_centers.items()
                },
            )
        case {"updated_at": updated_at} if "help_centers" not in saved:
            until = _instant(updated_at, "updated_at")
            entry = HelpCenterState(KnownArticles(), delivered_until=until)
            return State(synced_at=until, help_centers={subdomain: entry})
    if any(not key.startswith(_PLATFORMS) for key in saved):
        raise unreadable_state("it has neither `help_centers` with `synced_at` nor `updated_at`")
    return NO_STATE


def _name(subdomain: object) -> str:
    """Return the name of a Help Center. The credential goes to its host: it must be one."""
    if not isinstance(subdomain, str) or not is_subdomain(subdomain):
        raise unreadable_state("it names a Help Center that has no such subdomain")
    return subdomain


def _entry(subdomain: str, entry: object) -> HelpCenterState:
    match entry:
        case {"known": str(packed), "reader": str(user), **more}:
            reconciled = _reconciled(subdomain, more)
            return HelpCenterState(
                known=_known(subdomain, packed, more.get("doubted_locales", [])),
                reconciled=reconciled,
                user=user,
                known_before=_count(more.get("known_before", 0), "known_before"),
                delivered_until=(
                    _instant(more["delivered_until"], "delivered_until")
                    if "delivered_until" in more
                    else None
                ),
                brand=_count(more.get("brand", 0), "brand"),
                visitors=_visitors(more, reconciled),
            )
    raise unreadable_state(f"the entry of {subdomain} is not one of this version's")


def _known(subdomain: str, packed: str, elsewhere: object) -> KnownArticles:
    try:
        known = KnownArticles.unpack(packed)
    except UnreadableMemoryError as error:
        raise unreadable_state(f"`known` of {subdomain}: {error}") from None
    if not isinstance(elsewhere, list) or not all(isinstance(name, str) for name in elsewhere):
        raise unreadable_state("`doubted_locales` is not a list of texts")
    known.elsewhere = frozenset(elsewhere)
    return known


def _reconciled(subdomain: str, entry: Mapping[object, object]) -> Reconciled | None:
    if entry.keys().isdisjoint(Reconciled._fields):
        return None
    match entry:
        case {
            "updated_at": updated_at,
            "reconciled_at": reconciled_at,
            "articles": articles,
            "scope": str(scope),
        }:
            return Reconciled(
                _instant(updated_at, "updated_at"),
                _instant(reconciled_at, "reconciled_at"),
                _count(articles, "articles"),
                scope,
            )
    raise unreadable_state(f"the entry of {subdomain} is neither finished nor unfinished")


def _visitors(
    entry: Mapping[object, object], reconciled: Reconciled | None
) -> VisitorsAnswer | None:
    match entry:
        case {"visitors": "open" | "closed" as answer, "visitors_at": at}:
            return VisitorsAnswer(answer == _OPEN, _instant(at, "visitors_at"))
        case {"visitors": "unknown"}:
            return None
        case {"visitors": _} | {"visitors_at": _}:
            raise unreadable_state("`visitors` is neither unknown, nor open or closed at a time")
    # Earlier versions had the answer in `scope` only.
    if reconciled and reconciled.scope.startswith((_OPEN, _CLOSED)):
        return VisitorsAnswer(reconciled.visitors_could_read, reconciled.reconciled_at)
    return None


def _count(value: object, field: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value not in _NUMBERS:
        raise unreadable_state(f"`{field}` is not a whole number")
    return value


def _instant(value: object, field: str) -> str:
    try:
        return parse_instant(value)
    except ValueError:
        raise unreadable_state(f"`{field}` is not a time") from None


def unreadable_state(problem: str) -> AirbyteTracedException:
    """Return the error for a saved state that this version cannot read."""
    return AirbyteTracedException(
        message=f"The saved state of the stream `articles` cannot be read: {problem}. Clear the "
        "stream's data in Airbyte (refresh and remove records): the next sync reads everything.",
        internal_message=problem,
        failure_type=FailureType.config_error,
    )
