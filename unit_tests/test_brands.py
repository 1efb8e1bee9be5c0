"""Which Help Centers a configuration means, and which of the known ones left it."""

from typing import Any

import pytest
from msgspec.structs import replace

from source_zendesk_articles.config import Config
from source_zendesk_articles.memory.known import KnownArticles
from source_zendesk_articles.memory.packing import Known
from source_zendesk_articles.memory.state import HelpCenterState, Reconciled
from source_zendesk_articles.sync.brands import Plan, follow, new_entries, plan, problem
from source_zendesk_articles.zendesk.models import Brand, BrandRow, Unreadable

NO_BRAND = "is no brand of this account"
INACTIVE = "is an inactive brand"
LISTED = Reconciled("2026-11-01T11:59:00Z", "2026-11-01T12:00:00Z", 501, "open 0123")
KNOWN = KnownArticles()
KNOWN.remember(7, Known(b"older", frozenset({"de"})))


def configured(*brands: str) -> Config:
    credentials = {"auth_type": "oauth_access_token", "access_token": "t"}
    entered: dict[str, Any] = {"subdomain": "acme", "credentials": credentials}
    return Config(**entered, brands=frozenset(brands))


def row(subdomain: str, id_: int = 1, **fields: bool) -> Brand:
    whole = {"active": True, "is_deleted": False, "has_help_center": True}
    return Brand(id=id_, subdomain=subdomain, **{**whole, **fields})


ACME, SHOP = row("acme", 1), row("shop", 2)
OFF = replace(SHOP, active=False)


def entries(*subdomains: str, brand: int = 0) -> dict[str, HelpCenterState]:
    return {name: HelpCenterState(KNOWN, LISTED, "1:admin", brand=brand) for name in subdomains}


@pytest.mark.parametrize(
    ("config", "known", "brands", "expected"),
    [
        # One Help Center, whose brand nobody looks at.
        (configured(), [], None, Plan(("acme",), frozenset(), {})),
        (configured(), ["acme", "shop"], None, Plan(("acme",), frozenset({"shop"}), {})),
        # Names: the account's own one first.
        (configured("zoo", "aha"), [], None, Plan(("acme", "aha", "zoo"), frozenset(), {})),
        (
            configured("shop"),
            ["club"],
            [ACME, SHOP],
            Plan(("acme", "shop"), frozenset({"club"}), {}),
        ),
        (configured("shop"), ["club"], None, Plan(("acme", "shop"), frozenset(), {})),
        (
            configured("shop"),
            ["acme", "shop", "club"],
            None,
            Plan(("acme", "shop"), frozenset({"club"}), {}),
        ),
        # Nothing leaves while a name may be a mistake.
        (configured("shop"), ["club"], [ACME], Plan(("acme",), frozenset(), {"shop": NO_BRAND})),
        (
            configured("shop"),
            ["club"],
            [ACME, OFF],
            Plan(("acme",), frozenset(), {"shop": INACTIVE}),
        ),
        (
            configured("shop"),
            ["shop"],
            [ACME, OFF],
            Plan(("acme",), frozenset(), {"shop": INACTIVE}),
        ),
        # A list may be short.
        (configured("shop"), ["shop"], [ACME], Plan(("acme", "shop"), frozenset(), {})),
        # Every brand.
        (configured("*"), [], [SHOP, ACME], Plan(("acme", "shop"), frozenset(), {})),
        (configured("*"), ["shop"], [ACME, OFF], Plan(("acme",), frozenset({"shop"}), {})),
        (configured("*"), ["shop"], [ACME], Plan(("shop", "acme"), frozenset(), {})),
        (configured("*"), [], [SHOP], Plan(("acme", "shop"), frozenset(), {})),
        (configured("*"), [], [], Plan(("acme",), frozenset(), {})),
        # The account's own one need not be there, or may have gone.
        (
            configured("*"),
            [],
            [replace(ACME, has_help_center=False), SHOP],
            Plan(("shop",), frozenset(), {}),
        ),
        (
            configured("*"),
            ["acme"],
            [replace(ACME, has_help_center=False), SHOP],
            Plan(("shop",), frozenset({"acme"}), {}),
        ),
        # Every brand, and one of them by name.
        (
            configured("*", "shop"),
            ["shop"],
            [ACME, OFF],
            Plan(("acme",), frozenset(), {"shop": INACTIVE}),
        ),
    ],
)
def test_what_is_read_what_has_left_and_what_is_wrong(
    config: Config, known: list[str], brands: list[Brand] | None, expected: Plan
) -> None:
    assert expected == plan(config, entries(*known), brands)


SHOP_2 = replace(SHOP, subdomain="shop_2")
UNREADABLE = Unreadable(2, "brand whose `active` is neither true nor false", (None,))
NAMELESS = UNREADABLE._replace(id=None)
NO_HOST = "brand whose `subdomain` is no name of a host of Zendesk's"


ODD: list[list[BrandRow]] = [
    [ACME, UNREADABLE],
    [ACME, NAMELESS],
    [ACME, replace(SHOP, subdomain="shop_2")],
    [ACME, replace(SHOP, subdomain="../x")],
    [ACME, replace(SHOP, subdomain=" ")],
    [ACME, replace(SHOP, subdomain="www")],
    [ACME, replace(SHOP_2, active=False)],
    # Its name has gone to another one.
    [ACME, UNREADABLE, replace(OFF, id=3)],
    [ACME, SHOP_2, replace(OFF, id=3, is_deleted=True)],
    [ACME, NAMELESS, replace(OFF, id=3)],
]


@pytest.mark.parametrize("rows", ODD)
def test_a_row_that_cannot_be_used_is_no_proof_that_a_help_center_left(
    rows: list[BrandRow],
) -> None:
    for config in (configured("*"), configured("shop")):
        known = follow({**entries("acme", brand=1), **entries("shop", brand=2)}, rows)
        assert {"acme", "shop"} == known.keys()
        found = plan(config, known, rows)
        assert (frozenset(), "acme" in found.subdomains) == (found.left, True)
    named = plan(configured("*"), known, rows).odd
    assert 1 == len(named)
    assert named[0] in {UNREADABLE, NAMELESS} or named[0].problem == NO_HOST


def test_others_leave_though_a_row_cannot_be_used() -> None:
    rows: list[BrandRow] = [ACME, UNREADABLE, row("club", 3, active=False)]
    known = {**entries("shop", brand=2), **entries("club", brand=3)}
    assert frozenset({"club"}) == plan(configured("*"), known, rows).left


@pytest.mark.parametrize(
    ("brand", "known", "expected"),
    [
        (SHOP_2, {}, [Unreadable(2, NO_HOST, ("shop_2",))]),
        # What would not be read anyway is no matter, unless it was read before.
        (replace(SHOP_2, active=False), {}, []),
        (replace(SHOP_2, has_help_center=False), {}, []),
        (replace(SHOP_2, is_deleted=True), {}, []),
        (
            replace(SHOP_2, is_deleted=True),
            entries("shop", brand=2),
            [Unreadable(2, NO_HOST, ("shop_2",))],
        ),
    ],
)
def test_a_row_that_cannot_be_used_matters_if_it_may_be_meant(
    brand: Brand, known: dict[str, HelpCenterState], expected: list[Unreadable]
) -> None:
    assert expected == list(plan(configured("*"), known, [ACME, brand]).odd)
    assert () == plan(configured("club"), known, [ACME, brand, row("club", 3)]).odd
    found = plan(configured("club"), known, [ACME, brand])
    assert ({"club": NO_BRAND}, expected) == (found.problems, list(found.odd))


def test_a_mistaken_name_that_was_never_read_leaves_where_every_brand_is_meant() -> None:
    known = new_entries(["shopp"], [])
    expected = Plan(("acme", "shop"), frozenset({"shopp"}), {})
    assert expected == plan(configured("*"), known, [ACME, SHOP])


def test_an_old_name_has_left_where_its_brand_is_known_under_another() -> None:
    known = {**entries("shop", brand=2), **entries("store", brand=2)}
    expected = Plan(("acme", "store"), frozenset({"shop"}), {})
    assert expected == plan(configured("*"), known, [ACME, replace(SHOP, subdomain="store")])


@pytest.mark.parametrize(
    ("brand", "expected"),
    [
        (SHOP, None),
        (None, NO_BRAND),
        (OFF, INACTIVE),
        (replace(SHOP, is_deleted=True, active=False), "is a deleted brand"),
        (replace(SHOP, has_help_center=False), "is a brand without a Help Center"),
        (replace(SHOP, subdomain="evil.example/"), "is no name of a host of Zendesk's"),
    ],
)
def test_a_row_tells_why_a_brand_can_not_be_read(brand: Brand | None, expected: str | None) -> None:
    assert expected == problem(brand)


def test_an_entry_follows_its_brand_to_its_new_name_and_is_to_be_listed() -> None:
    (name, entry), *others = follow(
        entries("shop", brand=2), [ACME, replace(SHOP, subdomain="store")]
    ).items()
    assert ("store", None, 1, 2, "1:admin", []) == (
        name,
        entry.reconciled,
        entry.known_before,
        entry.brand,
        entry.user,
        others,
    )
    assert KNOWN is entry.known


def test_entries_of_brands_that_exchanged_their_names_are_exchanged() -> None:
    known = {**entries("acme", brand=1), **entries("shop", brand=2)}
    followed = follow(known, [row("shop", 1), row("acme", 2)])
    assert {"acme": 2, "shop": 1} == {name: entry.brand for name, entry in followed.items()}


def test_an_entry_learns_the_id_of_its_brand_and_keeps_it() -> None:
    assert {"shop": 2} == {
        name: entry.brand for name, entry in follow(entries("shop"), [ACME, SHOP]).items()
    }
    kept = entries("shop", brand=9)
    assert kept == follow(kept, [ACME, SHOP])


@pytest.mark.parametrize("brands", [[], [ACME]])
def test_an_entry_without_a_row_stays_as_it_is(brands: list[Brand]) -> None:
    for known in (entries("shop"), entries("shop", brand=2)):
        assert known == follow(known, brands)


def test_an_entry_does_not_follow_to_a_name_whose_entry_may_be_of_the_same_brand() -> None:
    of_store = HelpCenterState(KnownArticles(), LISTED, "1:admin")
    known = {**entries("shop", brand=2), "store": of_store}
    followed = follow(known, [replace(SHOP, subdomain="store")])
    assert {**known, "store": of_store._replace(brand=2)} == followed


def test_of_two_entries_of_one_brand_one_follows_it_and_none_is_lost() -> None:
    known = {**entries("shop", brand=2), **entries("store", brand=2)}
    followed = follow(known, [replace(SHOP, subdomain="boutique")])
    assert {"boutique", "store"} == followed.keys()


def test_an_entry_makes_room_for_the_brand_that_has_its_name_by_now() -> None:
    known = {**entries("shop", brand=2), **entries("club", brand=3)}
    rows = [row("club", 3, is_deleted=True), row("club", 2)]
    followed = follow(known, rows)
    assert {"club": 2, "shop": 3} == {name: entry.brand for name, entry in followed.items()}


def test_a_help_center_that_was_never_read_has_an_entry_that_says_so() -> None:
    made = new_entries(["acme", "club"], [ACME])
    assert {"acme": (True, 1), "club": (True, 0)} == {
        name: (entry.is_new, entry.brand) for name, entry in made.items()
    }
