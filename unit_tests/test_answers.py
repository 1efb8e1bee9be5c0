"""What an answer is worth, by status, headers and body: a table."""

import pytest
from requests.structures import CaseInsensitiveDict

from source_zendesk_articles.zendesk.answers import (
    Again,
    RateLimited,
    Refused,
    Usable,
    Visitors,
    judge,
    judge_visitors,
)
from source_zendesk_articles.zendesk.decode import decode_count

HOST = "acme.zendesk.com"
JSON = b'{"error":{"title":"Forbidden","message":"You do not have access to this page."}}'
CHALLENGE = b"<!DOCTYPE html><html><head><title>Just a moment...</title></head></html>"
ELSEWHERE = [
    "https://help.acme.example/hc/en-us",
    "https://other.zendesk.com/api/v2/help_center/en-us/articles",
    "//evil.example/",
    "https://\xe9.example/",
    "http://login.proxy.example/?to=https://acme.zendesk.com/",
]
SIGN_IN = [
    "/access/unauthenticated?return_to=x",
    "https://acme.zendesk.com/access",
    "https://acme.zendesk.com/auth/v3/signin",
    "https://ACME.zendesk.com./login",
    "/login?theme=hc",
    "/hc/en-us/signin?return_to=x",
    "/hc/signin",
    "/hc/en-us/restricted/signin",
]
WITHIN = [
    None,
    "",
    "/",
    "http://[",
    "https:///x",
    "mailto:ada@acme.example",
    "/api/v2/help_center/en-us/articles?__cf_chl_tk=x",
    "https://acme.zendesk.com/cdn-cgi/challenge",
    "/hc/en-us",
    "/hc/en-us/articles/1-signin-problems",
    "/accessories",
    "/authors",
]
FOREIGN = [
    CHALLENGE,
    b"error code: 1020",
    b"",
    b"[]",
    b'"Forbidden"',
    b"{}",
    b'{"message":"Forbidden"}',
    b'{"cloudflare_error":true,"error_code":1020}',
    b'{"error":null}',
    b"null",
    b'{"error":"Forbid',
    b"\xff",
]


def headers(location: str | None = None, **others: str) -> CaseInsensitiveDict[str]:
    """Return headers as they come."""
    named = {name.replace("_", "-"): value for name, value in others.items()}
    return CaseInsensitiveDict({**named, **({} if location is None else {"location": location})})


def of_user(
    status: int, content: bytes, location: str | None = None, **others: str
) -> Usable[int] | Refused | RateLimited | Again:
    return judge(HOST, status, headers(location, **others), content, decode_count)


def of_visitor(
    status: int, content: bytes, location: str | None = None, **others: str
) -> Visitors | str:
    judged = judge_visitors(HOST, status, headers(location, **others), content)
    return judged.answer if isinstance(judged, Usable) else type(judged).__name__


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 410, 413, 418, 422, 451])
@pytest.mark.parametrize("content", FOREIGN)
def test_a_refusal_that_is_not_zendesks_json_is_not_zendesks(status: int, content: bytes) -> None:
    judged = of_user(status, content)
    reason = f"status {status} without a reason in Zendesk's JSON"
    assert Again(reason, is_foreign=True, may_be_big=status == 413) == judged
    assert "Again" == of_visitor(status, content)
    assert Refused() == of_user(status, JSON)


@pytest.mark.parametrize("content", [JSON, CHALLENGE])
def test_an_answer_to_a_challenge_is_not_zendesks_whatever_its_body(content: bytes) -> None:
    assert isinstance(of_user(403, content, cf_mitigated="challenge"), Again)
    assert "Again" == of_visitor(403, content, Cf_Mitigated="challenge")


@pytest.mark.parametrize(
    "status", [202, 204, 206, 300, 304, 408, 409, 421, 423, 425, 500, 502, 503, 504, 520, 524, 530]
)
@pytest.mark.parametrize("content", [JSON, CHALLENGE])
def test_what_passes_is_asked_for_again(status: int, content: bytes) -> None:
    may_be_big = status in {502, 503, 504, 524}
    assert Again(f"status {status}", may_be_big=may_be_big) == of_user(status, content)
    assert "Again" == of_visitor(status, content)


@pytest.mark.parametrize("content", [JSON, *FOREIGN])
def test_too_many_requests_are_too_many_whoever_says_so(content: bytes) -> None:
    assert RateLimited() == of_user(429, content)
    assert "RateLimited" == of_visitor(429, content)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_counts_only_if_it_leads_away_or_to_a_page_to_sign_in(status: int) -> None:
    for location in [*ELSEWHERE, *SIGN_IN]:
        assert Refused() == of_user(status, b"", location), location
        assert "closed" == of_visitor(status, b"", location), location
    for inside in WITHIN:
        judged = of_user(status, JSON, inside)
        assert Again(f"status {status}, a redirect within {HOST}", is_foreign=True) == judged
        assert "Again" == of_visitor(status, JSON, inside), inside


@pytest.mark.parametrize("status", [200, 201])
def test_a_success_is_usable_if_it_says_what_was_asked_for(status: int) -> None:
    assert Usable(7) == of_user(status, b'{"count":7}')
    assert Again("a list without `count`", may_be_big=True) == of_user(status, b"{}")
    unreadable = "an answer that is not JSON, or not whole"
    assert Again(unreadable, may_be_big=True) == of_user(status, b'{"count":')
    assert Again(unreadable, is_foreign=True) == of_user(status, b"\n" + CHALLENGE)


@pytest.mark.parametrize(
    ("status", "content", "expected"),
    [
        (200, b'{"articles":[{"id":7}]}', "open"),
        (200, b'{"articles":[]}', "empty"),
        (200, b'{"articles":null}', "Again"),
        (200, b'{"error":"no"}', "Again"),
        (200, CHALLENGE, "Again"),
        (401, JSON, "closed"),
        (403, JSON, "closed"),
        (404, JSON, "closed"),
        (410, JSON, "closed"),
        # Refusals of the request, which say nothing of who may read.
        (400, JSON, "Again"),
        (402, JSON, "Again"),
        (405, JSON, "Again"),
        (418, JSON, "Again"),
        (451, JSON, "Again"),
    ],
)
def test_what_a_visitor_gets_is_open_empty_closed_or_no_answer(
    status: int, content: bytes, expected: str
) -> None:
    assert expected == of_visitor(status, content)
