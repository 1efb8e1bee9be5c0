"""Errors say, in the user's words, what happened and what to do."""

import pytest
from airbyte_cdk.models import FailureType
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_zendesk_articles.sync.errors import (
    filters_without_match,
    reader_changed,
    too_many_vanished,
)
from source_zendesk_articles.zendesk.errors import (
    Refusal,
    RefusalError,
)

ONLY_STAFF = "The user must be an agent or admin with access to Guide"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/api/v2/help_center/incremental/articles", ONLY_STAFF),
        ("/api/v2/help_center/articles", "There is no Help Center at https://acme.zendesk.com"),
        ("/api/v2/users/me", "There is no Zendesk account at https://acme.zendesk.com"),
    ],
)
def test_what_is_not_found_depends_on_what_was_asked_for(path: str, expected: str) -> None:
    content = b'{"error":"RecordNotFound"}'
    error = RefusalError(Refusal("acme.zendesk.com", path, 404, content, None, "api_token", None))
    assert expected in str(error)
    assert "(404: RecordNotFound)" in str(error)
    assert FailureType.config_error == error.failure_type


def vanished(*, another_reader: bool) -> AirbyteTracedException:
    return too_many_vanished(
        "acme.zendesk.com", missing=11, known=20, another_reader=another_reader
    )


@pytest.mark.parametrize("another_reader", [False, True])
def test_too_many_that_vanished_are_a_question_to_the_user(another_reader: bool) -> None:
    error = vanished(another_reader=another_reader)
    assert FailureType.config_error == error.failure_type
    assert "11 of the 20 articles known of acme.zendesk.com" in str(error)
    assert "None of them was retracted" in str(error)
    assert "clear the stream's data" in str(error)
    assert another_reader is ("the user or the role may not be the last listing's" in str(error))


def test_a_reader_who_changed_is_not_the_users_fault() -> None:
    assert FailureType.transient_error == reader_changed().failure_type
    assert "nothing more was retracted" in str(reader_changed())


def test_every_filter_without_a_match_is_named() -> None:
    error = filters_without_match(["`locales`: no fr.", "`sections`: no 1."])
    assert FailureType.config_error == error.failure_type
    assert "`locales`: no fr. `sections`: no 1." in str(error)
