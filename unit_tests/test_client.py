"""What goes over the wire, request by request."""

import re
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import format_datetime
from threading import Thread
from types import SimpleNamespace
from unittest.mock import patch

import pytest
from airbyte_cdk.utils.traced_exception import AirbyteTracedException
from requests_mock import ANY, Mocker

from source_zendesk_articles.config import parse_config
from source_zendesk_articles.zendesk.auth import authenticator
from source_zendesk_articles.zendesk.client import Connection, HelpCenterClient
from source_zendesk_articles.zendesk.models import Category, Locales, Names, Section, Unreadable
from source_zendesk_articles.zendesk.rate_limit import StoppedError

SIDELOADS = "translations,sections,categories"
HELP_CENTER = "https://acme.zendesk.com/api/v2/help_center"
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
WRITTEN = "2026-11-01T12:00:00Z"
DATE = {"Date": format_datetime(NOW, usegmt=True)}
ARTICLE = {"id": 7, "source_locale": "de", "updated_at": WRITTEN}
FEED = f"{HELP_CENTER}/incremental/articles"
LAST_PAGE = {"has_more": False, "after_cursor": None}
REFUSAL = {"error": "Refused"}
LOCALES = {"locales": ["en-us", "de"], "default_locale": "en-us"}


@pytest.fixture
def connection() -> Connection:
    """Return the account acme with Ada's token."""
    credentials = {"auth_type": "api_token", "email": "ada@acme.example", "api_token": "t"}
    entered = {"subdomain": "acme", "credentials": credentials}
    auth = authenticator(parse_config(entered), entered)
    return Connection("acme", auth, "api_token")


@pytest.fixture
def client(connection: Connection) -> HelpCenterClient:
    """Return a client of acme."""
    return connection.help_center()


@pytest.mark.parametrize("subdomain", ["acme", "shop"])
def test_a_429_holds_back_the_requests_of_other_threads(
    connection: Connection,
    client: HelpCenterClient,
    requests_mock: Mocker,
    monkeypatch: pytest.MonkeyPatch,
    subdomain: str,
) -> None:
    another = connection.help_center(subdomain)
    limited = {"status_code": 429, "headers": {"Retry-After": "300"}}
    requests_mock.get(f"{HELP_CENTER}/locales", [limited])
    requests_mock.get(re.compile("/articles"), json={"count": 7}, headers=DATE)
    held: list[bool] = []

    def ask() -> None:
        with suppress(StoppedError):
            another.count_articles()

    def sleep(_: float) -> None:
        other = Thread(target=ask)
        other.start()
        other.join(0.2)
        held.append(other.is_alive())
        client.stop()
        another.stop()
        other.join()

    monkeypatch.setattr("time.sleep", sleep)
    with pytest.raises(StoppedError):
        client.locales()
    assert held[0]
    assert 1 == len(requests_mock.request_history)


def test_a_request_is_signed_in_zendesks_basic_form_and_says_who_asks(
    client: HelpCenterClient, requests_mock: Mocker
) -> None:
    requests_mock.get(f"{HELP_CENTER}/locales", json=LOCALES, headers=DATE)
    assert Locales(enabled=["en-us", "de"], default="en-us") == client.locales()
    headers = requests_mock.request_history[0].headers
    # ada@acme.example/token:t
    assert headers["Authorization"] == "Basic YWRhQGFjbWUuZXhhbXBsZS90b2tlbjp0"
    assert headers["User-Agent"].startswith("source-zendesk-articles/")


def test_the_date_of_an_answer_is_zendesks_clock(
    client: HelpCenterClient, requests_mock: Mocker
) -> None:
    requests_mock.get(f"{HELP_CENTER}/locales", json=LOCALES, headers=DATE)
    client.locales()
    assert WRITTEN == client.now


@pytest.mark.parametrize(
    "date",
    [
        "",
        "soon",
        None,
        "Fri, 31 Dec 1971 23:59:59 GMT",
        "Fri, 31 Dec 1999 23:59:59 GMT",
        "Wed, 01 Jan 3000 00:00:00 GMT",
        "Sun, 01 Nov 9999 12:00:00 -2300",
        f"Sun, 01 Nov {'9' * 20} 12:00:00",
    ],
)
def test_an_answer_without_a_date_leaves_the_clock_where_it_was(
    client: HelpCenterClient, requests_mock: Mocker, date: str | None
) -> None:
    headers = {} if date is None else {"Date": date}
    requests_mock.get(
        f"{HELP_CENTER}/locales",
        [{"json": LOCALES, "headers": headers}, {"json": LOCALES, "headers": DATE}] * 2,
    )
    client.locales()
    with pytest.raises(AirbyteTracedException, match="no answer had a date"):
        _ = client.now
    client.locales()
    assert WRITTEN == client.now
    client.locales()
    assert (3, WRITTEN) == (client.requests.sent, client.now)


def test_a_refusal_tells_the_time_too(client: HelpCenterClient, requests_mock: Mocker) -> None:
    requests_mock.get(f"{HELP_CENTER}/locales", status_code=403, json=REFUSAL, headers=DATE)
    with pytest.raises(AirbyteTracedException):
        client.locales()
    assert WRITTEN == client.now


def test_an_answer_that_came_whole_counts_though_its_time_was_over_then(
    client: HelpCenterClient, requests_mock: Mocker, monkeypatch: pytest.MonkeyPatch
) -> None:
    # To ask again for a token would spend one more refresh token.
    over = SimpleNamespace(is_over=True, end=lambda: None)
    monkeypatch.setattr("source_zendesk_articles.zendesk.transport.current_watch", lambda: over)
    answers = [{"json": LOCALES, "headers": DATE}, {"status_code": 403, "json": REFUSAL}]
    requests_mock.get(f"{HELP_CENTER}/locales", answers)
    assert Locales(enabled=["en-us", "de"], default="en-us") == client.locales()
    assert 1 == client.requests.sent


def test_a_date_without_a_zone_is_in_utc(client: HelpCenterClient, requests_mock: Mocker) -> None:
    headers = {"Date": "Sun, 01 Nov 2026 12:00:00 -0000"}
    requests_mock.get(f"{HELP_CENTER}/locales", json=LOCALES, headers=headers)
    client.locales()
    assert WRITTEN == client.now


def test_a_locale_can_not_lead_the_visitors_request_astray(
    client: HelpCenterClient, requests_mock: Mocker
) -> None:
    requests_mock.get(ANY, status_code=404, json=REFUSAL)
    assert "closed" == client.visitors_may_read("../users/me?x=#")
    (asked,) = requests_mock.request_history
    assert f"{HELP_CENTER}/..%2Fusers%2Fme%3Fx%3D%23/articles?page%5Bsize%5D=30" == asked.url


def test_each_page_asks_for_a_hundred_articles_and_all_that_comes_along(
    client: HelpCenterClient, requests_mock: Mocker
) -> None:
    def page(after: str | None) -> dict[str, object]:
        # The last page has a cursor as well, as recorded.
        meta = {"has_more": after is not None, "after_cursor": after or "end"}
        return {"json": {"articles": [], "meta": meta}, "headers": DATE}

    requests_mock.get(f"{HELP_CENTER}/articles", [page("a+/="), page("b"), page(None)])
    assert [(), (), ()] == list(client.articles())
    assert [
        {"include": [SIDELOADS], "page[size]": ["100"]},
        {"include": [SIDELOADS], "page[size]": ["100"], "page[after]": ["a+/="]},
        {"include": [SIDELOADS], "page[size]": ["100"], "page[after]": ["b"]},
    ] == [request.qs for request in requests_mock.request_history]


@pytest.mark.parametrize("status", [404, 410])
def test_a_list_of_translations_that_is_not_there_is_no_empty_one(
    client: HelpCenterClient, requests_mock: Mocker, status: int
) -> None:
    requests_mock.get(f"{HELP_CENTER}/articles/7/translations", status_code=status, json=REFUSAL)
    requests_mock.get(f"{HELP_CENTER}/articles/7", status_code=status, json=REFUSAL)
    problem = f"article whose list of translations is not there ({status})"
    assert Unreadable(7, problem) == client.translations(7)
    assert client.article(7) is None


def test_a_list_of_translations_with_one_that_cannot_be_read_is_none(
    client: HelpCenterClient, requests_mock: Mocker
) -> None:
    page = {"translations": [{"id": 3, "locale": "de"}], "meta": LAST_PAGE}
    requests_mock.get(f"{HELP_CENTER}/articles/7/translations", json=page, headers=DATE)
    assert Unreadable(7, "translation de without `title`") == client.translations(7)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({**ARTICLE, "id": -1}, "article whose `id` is not a whole number from 0 to 2^63 - 1"),
        ({**ARTICLE, "id": 8}, "article instead of which another one is shown"),
    ],
)
def test_an_article_that_is_asked_for_alone_has_the_id_that_was_asked_for(
    client: HelpCenterClient, requests_mock: Mocker, row: dict[str, object], expected: str
) -> None:
    requests_mock.get(f"{HELP_CENTER}/articles/7", json={"article": row}, headers=DATE)
    assert Unreadable(7, expected, (row["id"],)) == client.article(7)


def test_an_article_that_may_not_be_read_is_not_gone(
    client: HelpCenterClient, requests_mock: Mocker
) -> None:
    requests_mock.get(f"{HELP_CENTER}/articles/7/translations", status_code=403, json=REFUSAL)
    with pytest.raises(AirbyteTracedException, match="does not let this user read"):
        client.translations(7)


@pytest.mark.parametrize("status", [404, 410])
def test_an_article_that_is_archived_or_deleted_is_none(
    client: HelpCenterClient, requests_mock: Mocker, status: int
) -> None:
    requests_mock.get(f"{HELP_CENTER}/articles/7", status_code=status, json=REFUSAL)
    assert client.article(7) is None


@pytest.mark.parametrize("status", [301, 401, 403, 451])
def test_an_article_that_is_refused_is_not_taken_for_a_deleted_one(
    client: HelpCenterClient, requests_mock: Mocker, status: int
) -> None:
    there = {"Location": "https://other.zendesk.com/"}
    requests_mock.get(f"{HELP_CENTER}/articles/7", status_code=status, json=REFUSAL, headers=there)
    with pytest.raises(AirbyteTracedException):
        client.article(7)


def test_an_article_is_asked_for_with_all_that_comes_along(
    client: HelpCenterClient, requests_mock: Mocker
) -> None:
    requests_mock.get(f"{HELP_CENTER}/articles/7", json={"article": ARTICLE}, headers=DATE)
    shown = client.article(7)
    assert shown is not None
    assert 7 == shown.id
    (asked,) = requests_mock.request_history
    assert {"include": [SIDELOADS]} == asked.qs


def test_changes_are_asked_for_since_a_second_and_with_all_that_comes_along(
    client: HelpCenterClient, requests_mock: Mocker
) -> None:
    requests_mock.get(FEED, json={"articles": [ARTICLE], "next_page": "?"}, headers=DATE)
    changes = client.feed_page(WRITTEN)
    assert ([7], True) == ([article.id for article in changes.articles], changes.has_more)
    (asked,) = requests_mock.request_history
    assert {"include": [SIDELOADS], "start_time": ["1793534400"]} == asked.qs


def test_changes_that_do_not_come_are_asked_for_in_ever_smaller_pages(
    client: HelpCenterClient, requests_mock: Mocker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    refused = [{"status_code": 504}] * 6
    empty: dict[str, object] = {"articles": [], "next_page": None}
    requests_mock.get(FEED, [*refused, {"json": empty, "headers": DATE}])
    assert ((), False) == client.feed_page(WRITTEN)
    assert [None] * 3 + [["100"]] * 3 + [["50"]] == [
        asked.qs.get("per_page") for asked in requests_mock.request_history
    ]


def test_changes_that_may_not_be_read_are_no_empty_page(
    client: HelpCenterClient, requests_mock: Mocker
) -> None:
    requests_mock.get(FEED, status_code=404, json=REFUSAL)
    with pytest.raises(AirbyteTracedException, match="must be an agent or admin"):
        client.feed_page(WRITTEN)


def test_categories_and_sections_are_read_to_the_last_page(
    client: HelpCenterClient, requests_mock: Mocker
) -> None:
    first = {"has_more": True, "after_cursor": "x"}
    category, section = {"id": 1, "name": "General"}, {"id": 2, "name": "Orders", "category_id": 1}
    requests_mock.get(
        f"{HELP_CENTER}/categories",
        [
            {"json": {"categories": rows, "meta": meta}, "headers": DATE}
            for rows, meta in (([category], first), ([{**category, "id": 3}], LAST_PAGE))
        ],
    )
    requests_mock.get(
        f"{HELP_CENTER}/sections",
        json={"sections": [section], "meta": LAST_PAGE},
        headers=DATE,
    )
    general = Names("General", {}, is_whole=False)
    assert [(Category(1, general),), (Category(3, general),)] == list(client.categories())
    assert [(Section(2, Names("Orders", {}, is_whole=False), 1),)] == list(client.sections())
    first_page = {"include": ["translations"], "page[size]": ["100"]}
    assert [
        first_page,
        {**first_page, "page[after]": ["x"]},
        first_page,
    ] == [asked.qs for asked in requests_mock.request_history]


def test_a_platform_that_went_away_is_not_taken_for_a_broken_set_up(
    client: HelpCenterClient, requests_mock: Mocker
) -> None:
    # The CDK prints that it is limited; by then nobody may read it.
    requests_mock.get(f"{HELP_CENTER}/locales", status_code=429)
    with patch("builtins.print", side_effect=BrokenPipeError), pytest.raises(BrokenPipeError):
        client.locales()


def test_what_a_visitor_gets_is_told_apart(
    client: HelpCenterClient, requests_mock: Mocker, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    monkeypatch.setattr("time.sleep", lambda seconds: waits.append(seconds) if seconds else None)
    challenge = {"status_code": 403, "text": "error code: 1020"}
    requests_mock.get(
        f"{HELP_CENTER}/en-us/articles",
        [
            {"json": {"articles": [{"id": 7}]}},
            {"json": {"articles": []}},
            challenge,
            {"status_code": 403, "json": {"error": "Forbidden"}},
            *[challenge] * 5,
        ],
    )
    answers = [client.visitors_may_read("en-us") for _ in range(4)]
    assert ["open", "empty", "closed", None] == answers
    assert [2, 2, 3, 5, 9] == waits
