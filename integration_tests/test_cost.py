"""What the property tests let a sync cost is what the design says it may."""

import pytest

from integration_tests.conditions import pages_of
from integration_tests.connector import config, run
from integration_tests.cost import Met, asked, most
from integration_tests.zendesk_emulator import HelpCenter, ZendeskEmulator
from integration_tests.zendesk_emulator.sample import fill

LISTING = {"locales": 1, "me": 1, "look": 1}


@pytest.mark.parametrize(
    ("met", "allowed"),
    [
        (Met(listed=False, fed=True), {"locales": 1, "changes": 1}),
        (Met(listed=False, fed=True, stamps=range(999)), {"locales": 1, "changes": 1}),
        # A full page begins the next one with its last second.
        (Met(listed=False, fed=True, stamps=range(1000)), {"locales": 1, "changes": 2}),
        (Met(articles=[[250]]), {**LISTING, "offset": 3}),
        (Met(articles=[[501]]), {**LISTING, "me": 2, "offset": 6}),
        (Met(articles=[[7]], gone=3, proofs=1), {**LISTING, "me": 2, "offset": 1, "article": 3}),
        (Met(articles=[[7]], renews=True), {**LISTING, "offset": 1, "token": 1}),
        (
            Met(articles=[[2]], listed_without=[3, 1]),
            {**LISTING, "offset": 1, "cursor": 1, "translations": 2},
        ),
        (
            Met(articles=[[1], [1]], filters=frozenset({"sections"})),
            {**LISTING, "offset": 1, "sections": 1},
        ),
        # In parts: a page of all, and of each category.
        (
            Met(articles=[[1], [1]], page_size=1, reach=1),
            {**LISTING, "offset": 5, "categories": 2},
        ),
    ],
)
def test_what_a_sync_may_cost(met: Met, allowed: dict[str, int]) -> None:
    assert allowed == {kind: count for kind, count in most(met).items() if count}


def test_a_page_too_many_and_a_doubled_question_are_seen(
    zendesk: ZendeskEmulator, help_center: HelpCenter
) -> None:
    fill(help_center, articles=7)
    with pages_of(3):
        run(zendesk, "read", config(zendesk))
    allowed = most(Met(articles=[[7]], page_size=3))
    assert asked(zendesk.requests) == allowed
    for request in zendesk.requests:
        assert not asked([*zendesk.requests, request]) <= allowed
