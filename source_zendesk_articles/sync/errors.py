"""Why a sync stops, in the user's words, each with a failure type.

`config_error`: the user has to change something. `transient_error`: trying again later helps.
"""

import json
from collections.abc import Mapping, Sequence
from itertools import islice
from operator import attrgetter

from airbyte_cdk.models import FailureType
from airbyte_cdk.utils.airbyte_secrets_utils import filter_secrets
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_zendesk_articles.zendesk.errors import (
    NoUsableAnswerError,
    RefusalError,
)
from source_zendesk_articles.zendesk.models import BrokenText, Unreadable

# What was sent of an article that cannot be read.
_SHOWN_LENGTH = 60
_JSON = json.JSONEncoder(default=attrgetter("text"), check_circular=False)


def user_changed() -> AirbyteTracedException:
    """Return the error for a user or role that changed between the start and end of a listing."""
    return AirbyteTracedException(
        message="The user of these credentials, or the user's role, changed during the sync. The "
        "articles may be incomplete, so nothing more was retracted because it was missing. Run the "
        "sync again.",
        internal_message="users/me gave another user or role at the end of the listing",
        failure_type=FailureType.transient_error,
    )


def unreadable_articles(
    host: str, named: Sequence[Unreadable], total: int
) -> AirbyteTracedException:
    """Return the error for a sync that could not read `total` articles, some of them `named`."""
    more = f"; and {total - len(named)} more" if total > len(named) else ""
    listed = "; ".join(map(_line, named)) + more
    return AirbyteTracedException(
        message=f"{total} of the articles of {host} cannot be read: {listed}. What was emitted of "
        "them before stays as it is until they can be read; everything else was synced. Open each "
        "of them in Zendesk and save it again. If that does not help, please report this to the "
        "connector's developers.",
        internal_message=f"{total} articles cannot be read",
        failure_type=FailureType.config_error,
    )


def _line(row: Unreadable) -> str:
    name = "one without a usable id" if row.id is None else str(row.id)
    return f"{name}: {_problem(row)}"


def _problem(row: Unreadable) -> str:
    """Return what is wrong with a row, and what was sent there."""
    sent = f" ({_shown(row.sent[0])})" if row.sent else ""
    return f"{row.problem}{sent}"


def _shown(value: object) -> str:
    """Return the beginning of what was sent as JSON, without encoding the rest."""
    if isinstance(value, (str, BrokenText)):
        value = filter_secrets(value if isinstance(value, str) else value.text)
    parts = islice(_JSON.iterencode(value), _SHOWN_LENGTH)
    # Masked before it is cut: half a secret is not recognised.
    text = filter_secrets("".join(parts))
    return text if len(text) <= _SHOWN_LENGTH else f"{text[:_SHOWN_LENGTH]}…"


def unknown_visibility(host: str) -> AirbyteTracedException:
    """Return the error for a filter by visibility if it is unknown what visitors may read."""
    return AirbyteTracedException(
        message=f"Zendesk gave no usable answer on what visitors may read of {host}, and the "
        "filter `visibility` depends on it. Nothing of this Help Center was emitted or retracted. "
        "Try again later.",
        internal_message="the visitor's request was not answered",
        failure_type=FailureType.transient_error,
    )


def brand_problem(subdomain: str, why: str, valid: list[str]) -> AirbyteTracedException:
    """Return the error for a Help Center that is named and cannot be read."""
    return AirbyteTracedException(
        message=f"`brands` or `subdomain` names {subdomain}, which {why}. The account's Help "
        f"Centers are {', '.join(valid) or 'none'}.",
        internal_message=f"{subdomain} {why}",
        failure_type=FailureType.config_error,
    )


def no_list_of_brands(error: NoUsableAnswerError | RefusalError) -> AirbyteTracedException:
    """Return the error for `*` if Zendesk does not list the brands."""
    return AirbyteTracedException(
        message=f"{error.message} The entry * in `brands` needs the list of brands, which some "
        "plans and roles do not get: name the subdomains instead.",
        internal_message=error.internal_message,
        failure_type=error.failure_type,
    )


def odd_brand(row: Unreadable) -> AirbyteTracedException:
    """Return the error for a row of the list of brands that lacks what is needed."""
    return AirbyteTracedException(
        message=f"Its row in the list of brands cannot be used: {_problem(row)}. Nothing was "
        "retracted because of it. Check the brand in Zendesk (Admin Center, Account, Brand "
        "management), or name the brands to read one by one in `brands`, instead of *.",
        internal_message=f"the row of brand {row.id} cannot be used: {row.problem}",
        failure_type=FailureType.config_error,
    )


def no_help_center() -> AirbyteTracedException:
    """Return the error for `*` if no brand has a Help Center."""
    return AirbyteTracedException(
        message="No active brand of this account has a Help Center: set one up in Zendesk Guide "
        "first. Nothing was emitted or retracted.",
        internal_message="no brand has a Help Center",
        failure_type=FailureType.config_error,
    )


def some_failed(
    errors: Mapping[str, AirbyteTracedException], *, read: int
) -> AirbyteTracedException:
    """Return the error for a sync in which some Help Centers failed, and others were `read`."""
    kept = f" The others ({read}) were synced." if read else ""
    types = {error.failure_type for error in errors.values()}
    ours_first = (FailureType.system_error, FailureType.config_error, FailureType.transient_error)
    return AirbyteTracedException(
        message=" ".join(f"Help Center {name}: {error.message}" for name, error in errors.items())
        + kept,
        internal_message="; ".join(
            f"{name}: {error.internal_message}" for name, error in errors.items()
        ),
        failure_type=next(type_ for type_ in ours_first if type_ in types),
    )


def filters_without_match(sentences: list[str]) -> AirbyteTracedException:
    """Return the error for filters that name what the Help Center does not have."""
    return AirbyteTracedException(
        message=" ".join(sentences),
        internal_message="filters name what is not there",
        failure_type=FailureType.config_error,
    )
