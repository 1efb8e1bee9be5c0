"""What a sync hands on to the next: the stream's state, from and to JSON. Pure.

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
from source_zendesk_articles.memory.known import KnownArticles, UnreadableMemoryError
from source_zendesk_articles.zendesk.timestamps import parse_instant

_OPEN, _CLOSED, _UNKNOWN = "open", "closed", "unknown"
# The framework's own marks, of a stream that had no state.
_PLATFORMS = "__ab_"
_STREAM: Final = "articles"
# What JSON numbers may be as wide as, wherever a state is kept.
_NUMBERS: Final = range(2**63)
# A state has two objects in one another; the framework's copy of one ends at some 300.
_DEEPEST: Final = 8


class Listing(NamedTuple):
    """What the last listing of a Help Center has settled.

    `updated_at`: up to where Zendesk's stamps have been read since. `reconciled_at`: when the
    listing began. `articles`: how many there were. `scope` (see `scope_of`): another one calls for
    another listing.
    """

    updated_at: str
    reconciled_at: str
    articles: int
    scope: str

    @property
    def visitors_could_read(self) -> bool:
        """What the look of a visitor found."""
        return self.scope.startswith(_OPEN)


class HelpCenterState(NamedTuple):
    """Where the reading of one Help Center stands.

    `listing` is None until a listing is finished. `reader`: the user and role of the last finished
    one, or of the first that was begun; "" before that. `known_before`: while none is finished, how
    many articles were known when the first was begun. `delivered_until`: what Zendesk has not
    stamped since then was delivered, says a state that was written by hand. `brand`: its id, 0
    where the brands were not listed yet. `visitors`: the last answer that they got, which holds for
    a while; None if there never was one.
    """

    known: KnownArticles
    listing: Listing | None = None
    reader: str = ""
    known_before: int = 0
    delivered_until: str | None = None
    brand: int = 0
    visitors: VisitorsAnswer | None = None

    @property
    def is_new(self) -> bool:
        """Whether nothing was ever read."""
        return not (self.listing or self.reader or self.delivered_until)

    @property
    def to_list(self) -> "HelpCenterState":
        """The same, with a listing that is still to be finished."""
        known_before = len(self.known) if self.listing else self.known_before
        return self._replace(listing=None, known_before=known_before)


class State(NamedTuple):
    """`synced_at`: the latest time that any record may carry, "" before the first sync.

    A Help Center without an entry has never been read. `emitted`: in a state that others follow,
    how many records came before it; nothing reads it again.
    """

    synced_at: str
    help_centers: Mapping[str, HelpCenterState]
    emitted: int = 0


def scope_of(fingerprint: str, *, visitors_may_read: bool | None) -> str:
    """Return the `scope` of a listing: whether visitors could read, and a fingerprint.

    That of an unknown answer is never the one of a later sync, which looks again.
    """
    answer = {True: _OPEN, False: _CLOSED, None: _UNKNOWN}[visitors_may_read]
    return f"{answer} {fingerprint}"


NO_STATE = State(synced_at="", help_centers={})


def resumed(state: State) -> State:
    """Return what a full refresh goes on from: knowing nothing, unless it was interrupted.

    A platform hands the state of an attempt to the next one, also that of a finished one if the
    destination failed afterwards. What it emitted may be there: no time goes back behind it.
    """
    entries = state.help_centers.values()
    is_interrupted = any(entry.listing is None for entry in entries)
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
                    entry.listing._asdict()
                    if entry.listing
                    else {"known_before": entry.known_before}
                ),
                "reader": entry.reader,
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
        # A listing alone would be taken for one that tells.
        return {"visitors": _UNKNOWN} if entry.listing else {}
    may_read, at = entry.visitors
    return {"visitors": _OPEN if may_read else _CLOSED, "visitors_at": at}


def _elsewhere_to_json(known: KnownArticles) -> dict[str, object]:
    locales = sorted(known.doubted_elsewhere)
    return {"doubted_locales": locales} if locales else {}


def saved_state(content: bytes) -> Mapping[str, object]:
    """Return the state of the stream in a file of Airbyte's: a list with one of each stream.

    An empty file, an empty list and one without a state hold none.

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
    """Return of which stream a state is, and the state."""
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
    """Tell whether a value has more lists and objects in one another than so many."""
    if isinstance(value, dict):
        value = list(value.values())
    return isinstance(value, list) and (
        levels == 0 or any(_is_nested(inner, levels - 1) for inner in value)
    )


def from_json(saved: Mapping[str, object], subdomain: str) -> State:
    """Return a saved state.

    `{"updated_at": …}`, written by hand, is one of the Help Center at `subdomain`.

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
    """Return the name of a Help Center, to whose host the credential may go."""
    if not isinstance(subdomain, str) or not is_subdomain(subdomain):
        raise unreadable_state("it names a Help Center that has no such subdomain")
    return subdomain


def _entry(subdomain: str, entry: object) -> HelpCenterState:
    match entry:
        case {"known": str(packed), "reader": str(reader), **more}:
            listing = _listing(subdomain, more)
            return HelpCenterState(
                known=_known(subdomain, packed, more.get("doubted_locales", [])),
                listing=listing,
                reader=reader,
                known_before=_count(more.get("known_before", 0), "known_before"),
                delivered_until=(
                    _instant(more["delivered_until"], "delivered_until")
                    if "delivered_until" in more
                    else None
                ),
                brand=_count(more.get("brand", 0), "brand"),
                visitors=_visitors(more, listing),
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


def _listing(subdomain: str, entry: Mapping[object, object]) -> Listing | None:
    if entry.keys().isdisjoint(Listing._fields):
        return None
    match entry:
        case {
            "updated_at": updated_at,
            "reconciled_at": reconciled_at,
            "articles": articles,
            "scope": str(scope),
        }:
            return Listing(
                _instant(updated_at, "updated_at"),
                _instant(reconciled_at, "reconciled_at"),
                _count(articles, "articles"),
                scope,
            )
    raise unreadable_state(f"the entry of {subdomain} is neither finished nor unfinished")


def _visitors(entry: Mapping[object, object], listing: Listing | None) -> VisitorsAnswer | None:
    match entry:
        case {"visitors": "open" | "closed" as answer, "visitors_at": at}:
            return VisitorsAnswer(answer == _OPEN, _instant(at, "visitors_at"))
        case {"visitors": "unknown"}:
            return None
        case {"visitors": _} | {"visitors_at": _}:
            raise unreadable_state("`visitors` is neither unknown, nor open or closed at a time")
    # Before they were kept apart, the listing alone told.
    if listing and listing.scope.startswith((_OPEN, _CLOSED)):
        return VisitorsAnswer(listing.visitors_could_read, listing.reconciled_at)
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
    """Return the error for a saved state that this version can not read."""
    return AirbyteTracedException(
        message=f"The saved state of the stream `articles` can not be read: {problem}. Clear the "
        "stream's data in Airbyte (refresh and remove records): the next sync reads everything.",
        internal_message=problem,
        failure_type=FailureType.config_error,
    )
