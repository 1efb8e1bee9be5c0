"""How often a request is made, and how long is waited in between: a table."""

import pytest

from source_zendesk_articles.zendesk.answers import Again, RateLimited
from source_zendesk_articles.zendesk.failures import Unreachable
from source_zendesk_articles.zendesk.retries import (
    BIG_PAGE,
    ONE_ARTICLE,
    PATIENT,
    VISITOR,
    RetryPolicy,
    Tries,
    retry_after,
)

FAILED, LIMITED = Again("status 503"), RateLimited()
BIG = Again("no answer in time", may_be_big=True)
UNREACHABLE = Unreachable("no connection", "Check the network.")
NEW_YEAR = {"Date": "Fri, 01 Jan 2027 00:00:00 GMT"}
Outcome = Again | Unreachable | RateLimited


@pytest.mark.parametrize(
    ("policy", "outcome", "expected"),
    [
        (PATIENT, FAILED, 7),
        (PATIENT, UNREACHABLE, 7),
        (PATIENT, BIG, 7),
        (ONE_ARTICLE, BIG, 7),
        (BIG_PAGE, FAILED, 7),
        (BIG_PAGE, BIG, 3),
        (VISITOR, FAILED, 5),
        (VISITOR, LIMITED, 9),
    ],
)
def test_the_policy_says_how_many_tries_are_enough(
    policy: RetryPolicy, outcome: Outcome, expected: int
) -> None:
    tries = Tries(policy)
    used_up: list[bool] = []
    while not used_up or not used_up[-1]:
        tries.count(outcome)
        used_up.append(tries.are_used_up(outcome))
    assert expected == len(used_up)


def test_a_rate_limit_is_waited_for_as_long_as_it_takes_and_counts_apart() -> None:
    tries = Tries(PATIENT)
    for _ in range(1000):
        tries.count(LIMITED)
        assert not tries.are_used_up(LIMITED)
    assert 1 == tries.count(FAILED)
    assert not tries.are_used_up(FAILED)


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [(FAILED, [1, 2, 4, 8, 16, 32]), (LIMITED, [2, 4, 8, 16, 32, 60, 60])],
)
def test_each_wait_is_twice_as_long_as_the_one_before(
    outcome: Outcome, expected: list[float]
) -> None:
    tries = Tries(PATIENT)
    waits = []
    for _ in expected:
        tries.count(outcome)
        waits.append(tries.wait(outcome, None))
    assert expected == waits


@pytest.mark.parametrize(
    ("policy", "asked_for", "expected"),
    [(PATIENT, 0, 0), (PATIENT, 3600, 3600), (VISITOR, 3600, 120)],
)
def test_what_the_answer_asks_for_is_waited_within_the_policys_bound(
    policy: RetryPolicy, asked_for: int, expected: int
) -> None:
    tries = Tries(policy)
    tries.count(LIMITED)
    assert expected == tries.wait(LIMITED, asked_for)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, None),
        ({"Retry-After": ""}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-1"}, None),
        ({"Retry-After": "1.5"}, None),
        ({"Retry-After": "0"}, 0),
        ({"Retry-After": " 30 "}, 30),
        ({"Retry-After": "999999"}, 86_400),
        ({**NEW_YEAR, "Retry-After": "Fri, 01 Jan 2027 00:00:30 GMT"}, 30),
        ({**NEW_YEAR, "Retry-After": "Fri, 01 Jan 2027 01:00:30 +0100"}, 30),
        ({**NEW_YEAR, "Retry-After": "Thu, 31 Dec 2026 00:00:00 GMT"}, 0),
        ({**NEW_YEAR, "Retry-After": "Sun, 31 Jan 2027 00:00:00 GMT"}, 86_400),
    ],
)
def test_retry_after_is_a_number_of_seconds_or_a_date(
    headers: dict[str, str], expected: int | None
) -> None:
    assert expected == retry_after(headers)
