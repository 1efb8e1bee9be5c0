"""Errors say, in the user's words, what happened and what to do."""

import pytest
from airbyte_cdk.models import FailureType

from source_zendesk_articles.sync.errors import filters_without_match, user_changed
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


def test_a_user_who_changed_during_a_sync_calls_for_another_sync() -> None:
    assert FailureType.transient_error == user_changed().failure_type
    assert "nothing more was retracted" in str(user_changed())


def test_every_filter_without_a_match_is_named() -> None:
    error = filters_without_match(["`locales`: no fr.", "`sections`: no 1."])
    assert FailureType.config_error == error.failure_type
    assert "`locales`: no fr. `sections`: no 1." in str(error)
