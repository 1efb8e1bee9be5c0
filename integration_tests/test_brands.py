"""Several Help Centers of one account in one sync."""

from dataclasses import replace
from typing import Any

import pytest

from integration_tests.connector import Output, config, config_with, run
from integration_tests.credentials import (
    asked_for_tokens,
    of_api_token,
    of_client,
    of_refresh_token,
)
from integration_tests.platform import Platform
from integration_tests.truth import Key, Row, key_of, mirror
from integration_tests.zendesk_emulator import Brand, Fault, HelpCenter, ZendeskEmulator
from integration_tests.zendesk_emulator.sample import fill, furnish

BRANDS = "/api/v2/brands"
EVERY = ["*"]


@pytest.fixture
def shop(zendesk: ZendeskEmulator) -> Brand:
    """Furnish the account's own Help Center, and that of another brand."""
    brand = zendesk.account.add_brand("shop")
    furnish(zendesk.account.help_center())
    furnish(brand.help_center)
    zendesk.clock.advance(3600)
    return brand


def expected(zendesk: ZendeskEmulator, *subdomains: str) -> dict[Key, tuple[str, Row]]:
    """Return what the destination has to hold of these Help Centers, and of no other."""
    return {
        key: (subdomain, row)
        for subdomain in subdomains
        for key, row in mirror(zendesk.account.help_center(subdomain)).items()
    }


def held(platform: Platform) -> dict[Key, tuple[str, Row]]:
    newest = platform.destination.newest
    return {
        key: (newest[key]["brand_subdomain"], row)
        for key, row in platform.destination.table.items()
    }


def retracted(output: Output) -> set[tuple[str, str]]:
    return {
        (record["brand_subdomain"], record["visibility_reason"])
        for record in output.records
        if record["status"] == "removed"
    }


def entries(output: Output) -> dict[str, Any]:
    found: dict[str, Any] = output.states[-1]["stream"]["stream_state"]["help_centers"]
    return found


def asked(zendesk: ZendeskEmulator) -> dict[str, int]:
    """Return how many requests went to each host."""
    hosts = [request.host.removesuffix(".zendesk.com") for request in zendesk.requests]
    return {host: hosts.count(host) for host in hosts}


def lists_of_brands(zendesk: ZendeskEmulator) -> int:
    return [request.path for request in zendesk.requests].count(BRANDS)


# ------------------------------------------------------------------------------- which are read


@pytest.mark.parametrize("brands", [["shop"], ["SHOP.zendesk.com"], ["shop", "acme"], EVERY])
def test_each_help_center_is_read_on_its_own_host_and_has_its_own_place_in_the_state(
    zendesk: ZendeskEmulator, platform: Platform, shop: Brand, brands: list[str]
) -> None:
    output = platform.sync(config(zendesk, brands=brands))
    assert expected(zendesk, "acme", "shop") == held(platform)
    assert {"acme", "shop"} == entries(output).keys()
    assert shop.id == entries(output)["shop"]["brand"]
    # me, locales, a visitor's look and a page each, and the list of brands once.
    assert {"acme": 5, "shop": 4} == asked(zendesk)
    assert platform.sync(config(zendesk, brands=brands)).records == []


def test_a_credential_that_rotates_once_reads_every_brand(
    zendesk: ZendeskEmulator, shop: Brand
) -> None:
    configured = config_with(zendesk, of_refresh_token, brands=EVERY)
    output = run(zendesk, "read", configured)
    assert output.succeeded
    assert expected(zendesk, "acme", "shop").keys() == {key_of(row) for row in output.records}
    assert ["acme.zendesk.com"] == [
        request.host for request in zendesk.requests if request.method == "POST"
    ]
    assert 1 == len(output.control)
    assert shop.subdomain == output.records[-1]["brand_subdomain"]


@pytest.mark.usefixtures("feed")
@pytest.mark.parametrize("brands", [["shop"], EVERY])
def test_an_idle_sync_is_two_requests_each_and_one_for_the_list_of_brands(
    zendesk: ZendeskEmulator, platform: Platform, shop: Brand, brands: list[str]
) -> None:
    platform.sync(config(zendesk, brands=brands))
    zendesk.clock.advance(3600)
    zendesk.forget_requests()
    output = platform.sync(config(zendesk, brands=brands))
    assert ([], 1) == (output.records, len(output.states))
    assert {"acme": 2 + 1, shop.subdomain: 2} == asked(zendesk)


@pytest.mark.usefixtures("feed")
def test_each_help_center_is_listed_when_it_is_due(
    zendesk: ZendeskEmulator, platform: Platform, shop: Brand
) -> None:
    platform.sync(config(zendesk))
    zendesk.clock.advance(4 * 3600)
    platform.sync(config(zendesk, brands=["shop"]))
    zendesk.clock.advance(2 * 3600)
    zendesk.forget_requests()
    output = platform.sync(config(zendesk, brands=["shop"]))
    assert "Help Center acme: every article is listed" in output.logs
    assert "Help Center shop: reading what changed" in output.logs
    # The list of brands, and after a listing once more who reads.
    assert {"acme": 6, shop.subdomain: 2} == asked(zendesk)


def test_a_new_brand_is_read_without_a_change_of_the_configuration(
    zendesk: ZendeskEmulator, platform: Platform, shop: Brand
) -> None:
    platform.sync(config(zendesk, brands=EVERY))
    furnish(zendesk.account.add_brand("club").help_center)
    output = platform.sync(config(zendesk, brands=EVERY))
    assert expected(zendesk, "acme", shop.subdomain, "club") == held(platform)
    assert {"club"} == {record["brand_subdomain"] for record in output.records}


def test_every_brand_is_found_however_many_there_are(
    zendesk: ZendeskEmulator, platform: Platform
) -> None:
    for number in range(120):
        zendesk.account.add_brand(f"no-{number}", has_help_center=False)
    fill(zendesk.account.add_brand("last").help_center, articles=2)
    assert platform.sync(config(zendesk, brands=EVERY)).succeeded
    assert expected(zendesk, "acme", "last") == held(platform)
    assert 2 == lists_of_brands(zendesk)


def test_the_account_s_own_brand_need_not_have_a_help_center_where_every_brand_is_meant(
    zendesk: ZendeskEmulator, platform: Platform, shop: Brand
) -> None:
    zendesk.account.brands[0].has_help_center = False
    assert platform.sync(config(zendesk, brands=EVERY)).succeeded
    assert expected(zendesk, shop.subdomain) == held(platform)


def test_a_state_of_one_help_center_keeps_working(
    zendesk: ZendeskEmulator, platform: Platform, shop: Brand
) -> None:
    platform.sync(config(zendesk))
    output = platform.sync(config(zendesk, brands=["shop"]))
    assert expected(zendesk, "acme", "shop") == held(platform)
    assert {shop.subdomain} == {record["brand_subdomain"] for record in output.records}


def test_a_state_written_by_hand_is_one_of_the_configured_subdomain(
    zendesk: ZendeskEmulator, platform: Platform, shop: Brand
) -> None:
    now = zendesk.clock.now.strftime("%Y-%m-%dT%H:%M:%SZ")
    descriptor = {"stream_descriptor": {"name": "articles"}}
    platform.state = {
        "type": "STREAM",
        "stream": {**descriptor, "stream_state": {"updated_at": now}},
    }
    platform.sync(config(zendesk, brands=["shop"]))
    assert expected(zendesk, shop.subdomain) == held(platform)


def test_each_help_center_is_open_or_closed_by_itself(
    zendesk: ZendeskEmulator, platform: Platform, shop: Brand
) -> None:
    shop.help_center.visitors = "closed"
    platform.sync(config(zendesk, brands=EVERY))
    table = expected(zendesk, "acme", "shop")
    assert table == held(platform)
    assert {"acme"} == {brand for brand, row in table.values() if row["visibility"] == "public"}


# ------------------------------------------------------------------------ which can not be read


def break_brand(brand: Brand, how: str) -> None:
    match how:
        case "deleted":
            brand.is_deleted = True
        case "inactive":
            brand.active = False
        case "without":
            brand.has_help_center = False
        case "renamed":
            brand.subdomain = "store"


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ("missing", "shopp, which is no brand of this account"),
        ("inactive", "shop, which is an inactive brand"),
        ("deleted", "shop, which is a deleted brand"),
        ("without", "shop, which is a brand without a Help Center"),
    ],
)
@pytest.mark.parametrize(("before", "answers"), [(True, False), (False, True)])
def test_a_named_brand_that_can_not_be_read_is_an_error_that_lists_the_valid_ones(  # noqa: PLR0913, PLR0917 -- the cases
    zendesk: ZendeskEmulator,
    platform: Platform,
    shop: Brand,
    how: str,
    why: str,
    before: bool,
    answers: bool,
) -> None:
    zendesk.switches.inactive_brands_answer = answers
    furnish(zendesk.account.add_brand("club").help_center)
    if before:
        platform.sync(config(zendesk, brands=["shop", "club"]))
    break_brand(shop, how)
    configured = config(zendesk, brands=["shopp" if how == "missing" else "shop", "club"])
    for output in (run(zendesk, "check", configured), platform.sync(configured)):
        failure_type, sentence = output.error
        assert "config_error" == failure_type
        assert f"`brands` or `subdomain` names {why}" in sentence
        valid = ["acme", "club", "shop"] if how == "missing" else ["acme", "club"]
        assert f"The account's Help Centers are {', '.join(valid)}." in sentence
    assert "The others (2) were synced." in sentence
    # Nothing leaves because of a mistake.
    kept = held(platform)
    assert expected(zendesk, "acme", "club") == {
        key: (brand, row) for key, (brand, row) in kept.items() if brand != "shop"
    }
    assert before is any(brand == "shop" for brand, _ in kept.values())


def test_a_brand_that_was_renamed_is_named_in_the_error_with_what_is_there_now(
    zendesk: ZendeskEmulator, platform: Platform, shop: Brand
) -> None:
    platform.sync(config(zendesk, brands=["shop"]))
    before = held(platform)
    break_brand(shop, "renamed")
    output = platform.sync(config(zendesk, brands=["shop"]))
    assert "names shop, which is no brand of this account" in output.error[1]
    assert "The account's Help Centers are acme, store." in output.error[1]
    assert before == held(platform)


def test_every_brand_needs_the_list(
    zendesk: ZendeskEmulator, platform: Platform, shop: Brand
) -> None:
    platform.sync(config(zendesk, brands=EVERY))
    before = held(platform)
    zendesk.switches.brands_forbidden = True
    for output in (
        run(zendesk, "check", config(zendesk, brands=EVERY)),
        platform.sync(config(zendesk, brands=EVERY)),
    ):
        failure_type, sentence = output.error
        assert "config_error" == failure_type
        assert "name the subdomains instead" in sentence
        assert output.records == []
    assert before == held(platform)
    # Names do not need it.
    assert run(zendesk, "check", config(zendesk, brands=[shop.subdomain])).succeeded
    assert platform.sync(config(zendesk, brands=[shop.subdomain])).succeeded
    output = platform.sync(config(zendesk, brands=["club"]))
    assert "Help Center club: There is no Zendesk account at" in output.error[1]


@pytest.mark.usefixtures("waits")
def test_names_do_without_a_list_that_does_not_come(
    zendesk: ZendeskEmulator, platform: Platform, shop: Brand
) -> None:
    furnish(zendesk.account.add_brand("club").help_center)
    platform.sync(config(zendesk, brands=["club"]))
    zendesk.faults.add(Fault("status", path=BRANDS, times=None))
    # A name that was never read may be a mistake: what it may have replaced stays until it is read.
    assert platform.sync(config(zendesk, brands=[shop.subdomain])).succeeded
    assert expected(zendesk, "acme", "shop", "club") == held(platform)
    assert platform.sync(config(zendesk, brands=["shop"])).succeeded
    assert expected(zendesk, "acme", "shop") == held(platform)
    output = platform.sync(config(zendesk, brands=EVERY))
    assert "transient_error" == output.error[0]
    assert output.records == []


def test_nothing_is_retracted_if_no_brand_has_a_help_center(
    zendesk: ZendeskEmulator, platform: Platform, shop: Brand
) -> None:
    platform.sync(config(zendesk, brands=EVERY))
    before = held(platform)
    for brand in (shop, zendesk.account.brands[0]):
        brand.has_help_center = False
    output = platform.sync(config(zendesk, brands=EVERY))
    assert "config_error" == output.error[0]
    assert "No active brand of this account has a Help Center" in output.error[1]
    assert before == held(platform)


# ----------------------------------------------------------------------------- which have left


def test_a_brand_that_is_taken_out_of_the_configuration_is_retracted_first(
    zendesk: ZendeskEmulator, platform: Platform, shop: Brand
) -> None:
    furnish(zendesk.account.add_brand("club").help_center)
    platform.sync(config(zendesk, brands=[shop.subdomain]))
    output = platform.sync(config(zendesk, brands=["club"]))
    assert expected(zendesk, "acme", "club") == held(platform)
    assert {("shop", "out_of_scope")} == retracted(output)
    removed = [record["status"] == "removed" for record in output.records]
    assert sorted(removed, reverse=True) == removed
    assert {"acme", "club"} == entries(output).keys()
    gone = len(expected(zendesk, "shop"))
    assert f"Help Center shop is no longer read: {gone} retracted." in output.logs


@pytest.mark.parametrize("how", ["inactive", "deleted", "without"])
@pytest.mark.parametrize("answers", [True, False])
def test_a_brand_leaves_every_brand_only_if_its_row_says_so(
    zendesk: ZendeskEmulator, platform: Platform, shop: Brand, how: str, answers: bool
) -> None:
    zendesk.switches.inactive_brands_answer = answers
    platform.sync(config(zendesk, brands=EVERY))
    break_brand(shop, how)
    output = platform.sync(config(zendesk, brands=EVERY))
    assert output.succeeded
    assert expected(zendesk, "acme") == held(platform)
    assert {("shop", "out_of_scope")} == retracted(output)
    assert {"acme"} == entries(output).keys()


@pytest.mark.parametrize("hidden", ["acme", "shop"])
def test_of_every_brand_none_leaves_because_a_list_was_short(
    zendesk: ZendeskEmulator, platform: Platform, shop: Brand, hidden: str
) -> None:
    platform.sync(config(zendesk, brands=EVERY))
    for brand in (shop, zendesk.account.brands[0]):
        brand.is_listed = brand.subdomain != hidden
    shop.help_center.archive(shop.help_center.articles[0])
    assert platform.sync(config(zendesk, brands=EVERY)).succeeded
    assert expected(zendesk, "acme", "shop") == held(platform)


def spoil_row(zendesk: ZendeskEmulator, brand: Brand, **fields: object) -> None:
    """Let the list of brands come with other fields in this brand's row."""

    def spoil(answer: dict[str, Any]) -> dict[str, object]:
        for row in answer["brands"]:
            if row["id"] == brand.id:
                row.update(fields)
        return answer

    zendesk.faults.add(Fault("rewrite", path=BRANDS, rewrite=spoil, times=None))


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"subdomain": "shop_2"}, 'subdomain` is no name of a host of Zendesk\'s ("shop_2")'),
        ({"subdomain": ""}, "brand whose `subdomain` is not a text"),
        ({"subdomain": "www", "active": False}, '("www")'),
        ({"active": None}, "brand whose `active` is neither true nor false (null)"),
        ({"id": "?", "subdomain": "zoo"}, "Help Center of brand without an id: Its row"),
        ({"id": 0}, "brand whose `id` is 0"),
    ],
)
def test_a_row_that_cannot_be_used_retracts_nothing_and_is_named_in_the_error(
    zendesk: ZendeskEmulator,
    platform: Platform,
    shop: Brand,
    fields: dict[str, object],
    sentence: str,
) -> None:
    platform.sync(config(zendesk, brands=EVERY))
    spoil_row(zendesk, shop, **fields)
    acme = zendesk.account.help_center()
    acme.archive(acme.articles[0])
    for _ in range(2):
        output = platform.sync(config(zendesk, brands=EVERY))
        failure_type, message = output.error
        assert "config_error" == failure_type
        assert "Its row in the list of brands cannot be used: " in message
        assert sentence in message
        assert "id" in fields or f"Help Center of brand {shop.id}: " in message
        # The others are read.
        assert expected(zendesk, "acme", "shop") == held(platform)
        assert retracted(output) <= {("acme", "archived_or_deleted")}
    # Without a state it is no matter that an inactive one has no host.
    checked = run(zendesk, "check", config(zendesk, brands=EVERY))
    assert checked.succeeded is (fields.get("active") is False)
    # Named one by one, it is read at its name.
    assert platform.sync(config(zendesk, brands=["shop"])).succeeded
    assert expected(zendesk, "acme", "shop") == held(platform)


def test_a_brand_that_moved_to_where_it_cannot_be_read_is_not_retracted(
    zendesk: ZendeskEmulator, platform: Platform, shop: Brand
) -> None:
    platform.sync(config(zendesk, brands=EVERY))
    before = held(platform)
    shop.subdomain = "shop_2"
    output = platform.sync(config(zendesk, brands=EVERY))
    assert '("shop_2")' in output.error[1]
    assert "Help Center shop: " in output.error[1]
    assert before == held(platform)
    shop.subdomain = "store"
    assert platform.sync(config(zendesk, brands=EVERY)).succeeded
    assert expected(zendesk, "acme", "store") == held(platform)


def test_an_unusable_row_of_an_unread_brand_is_ignored(
    zendesk: ZendeskEmulator, platform: Platform, shop: Brand
) -> None:
    zendesk.account.add_brand("old_one", active=False)
    assert platform.sync(config(zendesk, brands=EVERY)).succeeded
    spoil_row(zendesk, shop, active=None)
    assert platform.sync(config(zendesk, brands=["club"], subdomain="acme")).error
    zendesk.account.add_brand("club")
    assert platform.sync(config(zendesk, brands=["club"], subdomain="acme")).succeeded


def test_a_deleted_brand_without_a_row_stays_and_the_error_names_it(
    zendesk: ZendeskEmulator, platform: Platform, shop: Brand
) -> None:
    zendesk.switches.deleted_brands_listed = False
    platform.sync(config(zendesk, brands=EVERY))
    before = held(platform)
    break_brand(shop, "deleted")
    failure_type, sentence = platform.sync(config(zendesk, brands=EVERY)).error
    assert "config_error" == failure_type
    assert "Help Center shop" in sentence
    assert before == held(platform)
    # Named one by one, the others take its place.
    assert platform.sync(config(zendesk, brands=["acme"])).succeeded
    assert expected(zendesk, "acme") == held(platform)


@pytest.mark.parametrize("brands", [["store"], EVERY])
def test_a_renamed_brand_is_not_retracted_and_comes_under_its_new_name(
    zendesk: ZendeskEmulator, platform: Platform, shop: Brand, brands: list[str]
) -> None:
    platform.sync(config(zendesk, brands=["shop"]))
    shop.help_center.archive(shop.help_center.articles[0])
    break_brand(shop, "renamed")
    output = platform.sync(config(zendesk, brands=brands))
    assert expected(zendesk, "acme", "store") == held(platform)
    # But for what was archived meanwhile.
    assert {("store", "archived_or_deleted")} == retracted(output)
    assert {"acme", "store"} == entries(output).keys()
    assert platform.sync(config(zendesk, brands=brands)).records == []


@pytest.mark.parametrize("brands", [["shop"], EVERY])
def test_brands_that_exchange_their_names_lose_nothing(
    zendesk: ZendeskEmulator, platform: Platform, shop: Brand, brands: list[str]
) -> None:
    acme = zendesk.account.brands[0]
    platform.sync(config(zendesk, brands=brands))
    acme.subdomain, shop.subdomain = shop.subdomain, acme.subdomain
    output = platform.sync(config(zendesk, brands=brands))
    assert expected(zendesk, "acme", "shop") == held(platform)
    assert set() == retracted(output)


def test_what_another_one_holds_is_not_retracted_with_the_old_name(
    zendesk: ZendeskEmulator, platform: Platform, shop: Brand
) -> None:
    platform.sync(config(zendesk, brands=["shop"]))
    break_brand(shop, "renamed")
    zendesk.switches.brands_forbidden = True
    # While nobody knows whether the new name is a mistake, the old one stays.
    for _ in range(2):
        output = platform.sync(config(zendesk, brands=["store"]))
        assert expected(zendesk, "acme", "store") == held(platform)
        assert set() == retracted(output)
    assert {"acme", "store"} == entries(output).keys()


@pytest.mark.parametrize("brands", [["shop"], EVERY])
def test_a_new_brand_may_get_the_name_of_one_that_was_deleted(
    zendesk: ZendeskEmulator, platform: Platform, shop: Brand, brands: list[str]
) -> None:
    platform.sync(config(zendesk, brands=brands))
    break_brand(shop, "deleted")
    furnish(zendesk.account.add_brand("shop").help_center)
    assert platform.sync(config(zendesk, brands=brands)).succeeded
    assert expected(zendesk, "acme", "shop") == held(platform)


def test_an_old_name_that_nobody_recognized_does_not_replace_the_new_one(
    zendesk: ZendeskEmulator, platform: Platform, shop: Brand
) -> None:
    platform.sync(config(zendesk, brands=["shop"]))
    break_brand(shop, "renamed")
    zendesk.switches.brands_forbidden = True
    platform.sync(config(zendesk, brands=["store", "nobody"]))
    zendesk.switches.brands_forbidden = False
    # Both entries are of one brand by now.
    platform.sync(config(zendesk, brands=["store", "nobody"]))
    shop.help_center.archive(shop.help_center.articles[0])
    shop.subdomain = "boutique"
    platform.sync(config(zendesk, brands=["boutique"]))
    assert expected(zendesk, "acme", "boutique") == held(platform)


def test_what_is_gone_is_retracted_though_an_old_name_that_nobody_recognized_held_it_too(
    zendesk: ZendeskEmulator, platform: Platform, shop: Brand
) -> None:
    acme = zendesk.account.brands[0]
    platform.sync(config(zendesk))
    acme.subdomain = "aaa"
    configured = config(zendesk, subdomain=shop.subdomain, brands=EVERY)
    assert "Help Center acme" in platform.sync(configured).error[1]
    acme.help_center.archive(acme.help_center.articles[0])
    output = platform.sync(configured)
    assert "names acme, which is no brand of this account" in output.error[1]
    assert expected(zendesk, "aaa", "shop") == held(platform)
    # Named one by one, the others take its place.
    assert platform.sync(config(zendesk, subdomain="shop", brands=["aaa"])).succeeded
    assert expected(zendesk, "aaa", "shop") == held(platform)


@pytest.mark.parametrize("before", [["shop"], EVERY])
def test_brands_that_exchange_their_names_unnoticed_lose_nothing(
    zendesk: ZendeskEmulator, platform: Platform, shop: Brand, before: list[str]
) -> None:
    acme = zendesk.account.brands[0]
    platform.sync(config(zendesk, brands=before))
    zendesk.switches.brands_forbidden = True
    acme.subdomain, shop.subdomain = shop.subdomain, acme.subdomain
    platform.sync(config(zendesk, brands=["shop"]))
    assert expected(zendesk, "acme", "shop") == held(platform)


@pytest.mark.parametrize("brands", [["club"], EVERY])
def test_a_brand_may_get_the_name_of_one_that_was_deleted(
    zendesk: ZendeskEmulator, platform: Platform, shop: Brand, brands: list[str]
) -> None:
    club = zendesk.account.add_brand("club")
    furnish(club.help_center)
    platform.sync(config(zendesk, brands=["shop", "club"]))
    club.is_deleted = True
    shop.subdomain = "club"
    output = platform.sync(config(zendesk, brands=brands))
    assert expected(zendesk, "acme", "club") == held(platform)
    assert {("shop", "out_of_scope")} == retracted(output)
    assert {"acme", "club"} == entries(output).keys()


# ------------------------------------------------------------------------------- one that fails


LASTING = [
    (Fault("status", status=503, times=None), "transient_error"),
    (Fault("status", status=418, times=None), "config_error"),
    (Fault("cut_json", times=None), "transient_error"),
]


@pytest.mark.usefixtures("waits")
@pytest.mark.parametrize(
    ("path", "failing", "fault", "failure_type"),
    [
        (path, failing, *LASTING[(place + row) % len(LASTING)])
        for place, path in enumerate([r"locales$", r"help_center/articles$"])
        for row, failing in enumerate(["acme", "shop"])
    ],
)
def test_one_that_fails_does_not_lose_what_the_others_emitted(  # noqa: PLR0913, PLR0917 -- the cases
    zendesk: ZendeskEmulator,
    platform: Platform,
    shop: Brand,
    path: str,
    failing: str,
    fault: Fault,
    failure_type: str,
) -> None:
    other = "shop" if failing == "acme" else "acme"
    furnish(zendesk.account.add_brand("zoo").help_center)
    configured = config(zendesk, brands=["zoo", shop.subdomain])
    zendesk.faults.add(replace(fault, path=path, host=failing))
    output = platform.sync(configured)
    assert failure_type == output.error[0]
    assert output.error[1].startswith(f"Help Center {failing}: ")
    assert "The others (2) were synced." in output.error[1]
    assert expected(zendesk, other, "zoo") == held(platform)
    zendesk.faults.clear()
    output = platform.sync(configured)
    assert {failing} == {record["brand_subdomain"] for record in output.records}
    assert expected(zendesk, "acme", "shop", "zoo") == held(platform)


@pytest.mark.usefixtures("waits")
@pytest.mark.parametrize(
    ("why", "brands_forbidden"),
    [
        ("revoked", False),
        ("anonymous", False),
        ("anonymous", True),
        ("end-user", True),
        ("secret", False),
    ],
)
def test_a_credential_that_is_refused_is_not_tried_on_every_host(
    zendesk: ZendeskEmulator, platform: Platform, shop: Brand, why: str, brands_forbidden: bool
) -> None:
    account = zendesk.account
    configured = config_with(
        zendesk, of_client if why == "secret" else of_api_token, brands=[shop.subdomain]
    )
    platform.sync(configured)
    match why:
        case "revoked":
            # After the list of brands was given.
            token = configured["credentials"]["api_token"]
            edit = Fault("edit", path="locales$", edit=lambda: account.revoke(token))
            zendesk.faults.add(edit)
        case "anonymous":
            account.token_access = False
        case "end-user":
            account.admin.role = "end-user"
        case "secret":
            configured["credentials"]["client_secret"] = "another"
    zendesk.switches.brands_forbidden = brands_forbidden
    zendesk.forget_requests()
    output = platform.sync(configured)
    assert "config_error" == output.error[0]
    assert {"acme"} == asked(zendesk).keys()
    assert 1 == asked_for_tokens(zendesk) or why != "secret"


def test_an_unconfirmed_retraction_is_not_sent_with_another_help_centers(
    zendesk: ZendeskEmulator, platform: Platform, shop: Brand
) -> None:
    configured = config(zendesk, brands=[shop.subdomain])
    platform.sync(configured)
    for brand in zendesk.account.brands:
        brand.help_center.archive(brand.help_center.articles[0])
    zendesk.faults.add(Fault("status", status=403, path="users/me", host="acme", skip=1))
    output = platform.sync(configured)
    assert output.error[1].startswith("Help Center acme: ")
    assert {("shop", "archived_or_deleted")} == retracted(output)


def test_each_tells_how_many_records_there_will_be_with_those_before_it(
    zendesk: ZendeskEmulator, platform: Platform
) -> None:
    fill(zendesk.account.help_center(), articles=5)
    for name in ("shop", "club"):
        fill(zendesk.account.add_brand(name).help_center, articles=5)
    output = platform.sync(config(zendesk, brands=EVERY))
    traces = [trace["estimate"] for trace in output.of("TRACE") if "estimate" in trace]
    assert 30 == len(output.records)
    assert [10, 20, 30] == [estimate["row_estimate"] for estimate in traces]


def test_a_full_refresh_that_failed_for_one_help_center_continues_with_it(
    zendesk: ZendeskEmulator, platform: Platform, shop: Brand
) -> None:
    configured = config(zendesk, brands=[shop.subdomain])
    zendesk.faults.add(Fault("status", status=418, path="locales$", host="shop"))
    options = {"sync_mode": "full_refresh"}
    platform.sync(configured, **options)
    output = platform.sync(configured, **options)
    assert {"shop"} == {record["brand_subdomain"] for record in output.records}
    assert expected(zendesk, "acme", "shop") == held(platform)
    # A whole one begins anew.
    again = platform.read(configured, **options)
    assert expected(zendesk, "acme", "shop").keys() == {key_of(row) for row in again.records}


# --------------------------------------------------------------------------- what they share


def test_a_filter_by_id_may_name_a_category_of_any_help_center(
    zendesk: ZendeskEmulator, platform: Platform, shop: Brand
) -> None:
    ids = [next(iter(shop.help_center.categories))]
    configured = config(zendesk, brands=EVERY, categories=ids)
    assert run(zendesk, "check", configured).succeeded
    output = platform.sync(configured)
    assert output.succeeded
    assert {"shop"} == {record["brand_subdomain"] for record in output.records}
    output = run(zendesk, "check", config(zendesk, brands=EVERY, categories=[*ids, 7]))
    assert "`categories`: the Help Center has no 7." in output.error[1]


def test_the_warning_of_the_end_of_api_tokens_comes_once(
    zendesk: ZendeskEmulator, platform: Platform, shop: Brand
) -> None:
    configured = config_with(zendesk, of_api_token, brands=[shop.subdomain])
    for output in (run(zendesk, "check", configured), platform.sync(configured)):
        assert 1 == output.logs.count("2027-04-30")


def test_one_access_token_is_enough(
    zendesk: ZendeskEmulator, platform: Platform, shop: Brand
) -> None:
    platform.sync(config_with(zendesk, of_client, brands=[shop.subdomain]))
    assert 1 == asked_for_tokens(zendesk)


def test_a_brand_s_name_leads_to_no_other_host(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    fill(help_center, articles=2)
    zendesk.account.add_brand("evil.example/")
    saved = platform.sync(config(zendesk, brands=EVERY)).states[-1]
    assert expected(zendesk, "acme") == held(platform)
    assert [] == zendesk.strangers
    found = saved["stream"]["stream_state"]["help_centers"]
    found["evil.example/"] = found.pop("acme")
    platform.state = saved
    output = platform.sync(config(zendesk, brands=EVERY))
    assert "it names a Help Center that has no such subdomain" in output.error[1]
    assert [] == zendesk.strangers
