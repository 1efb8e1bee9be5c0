"""What is asked of a Help Center before it is read."""

from typing import Literal

import pytest
from msgspec.structs import replace

from source_zendesk_articles.sync.preflight import UNKNOWN_USER, ask_as_visitor, identity
from source_zendesk_articles.zendesk.models import Locales, User


def test_an_identity_is_the_id_and_role_of_a_user_and_the_same_for_all_hidden_users() -> None:
    admin = User(id=1, name="Ada", email="ada@acme.example", role="admin")
    assert "1:admin" == identity(admin)
    assert identity(admin) == identity(replace(admin, name="Eve", email=None))
    assert "1:agent" == identity(replace(admin, role="agent"))
    assert UNKNOWN_USER == identity(None)


Answer = Literal["open", "empty", "closed"] | None


@pytest.mark.parametrize(
    ("answers", "asked", "expected"),
    [
        (["open"], 1, True),
        (["closed"], 1, False),
        (["empty", "open"], 2, True),
        (["empty", "empty", "open"], 3, True),
        (["empty", "empty", "empty"], 3, False),
        # A refusal for the default locale counts for all, another one for itself.
        (["empty", "closed", "open"], 3, True),
        (["empty", "closed", "closed"], 3, False),
        # Without a usable answer only an article proves anything.
        ([None, "open"], 2, True),
        ([None, "empty", "open"], 3, True),
        ([None, "empty", "empty"], 3, None),
        ([None, "closed", "closed"], 3, None),
        (["empty", None, "open"], 3, True),
        (["empty", "empty", None], 3, None),
        ([None, None], 2, None),
        (["empty", None, None], 3, None),
    ],
)
def test_visitors_may_read_if_a_locale_shows_them_an_article(
    answers: list[Answer], asked: int, expected: bool | None
) -> None:
    locales: list[str] = []
    left = iter(answers)

    def ask(locale: str) -> Answer:
        locales.append(locale)
        return next(left)

    found = ask_as_visitor(ask, Locales(enabled=["de", "en-us", "fr"], default="en-us"))
    assert expected is found
    assert ["en-us", "de", "fr"][:asked] == locales


def test_the_only_locale_is_asked_once_whatever_its_case() -> None:
    locales: list[str] = []

    def ask(locale: str) -> Answer:
        locales.append(locale)
        return "empty"

    assert ask_as_visitor(ask, Locales(enabled=["en-US"], default="en-us")) is False
    assert ["en-us"] == locales
