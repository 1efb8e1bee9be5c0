"""Fixtures: what one test has masked is not masked in the next one."""

from collections.abc import Iterator

import pytest
from airbyte_cdk.utils.airbyte_secrets_utils import update_secrets


@pytest.fixture(autouse=True)
def _no_secret_of_another_test() -> Iterator[None]:
    """Forget what was masked: the list of secrets is the process's."""
    update_secrets([])
    yield
    update_secrets([])
