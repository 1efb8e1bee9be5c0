"""One article that cannot be read stops nothing else, is never taken for gone, and is named."""

from collections.abc import Callable
from itertools import cycle
from typing import Any

import pytest

from integration_tests.conditions import SMALL, pages_of
from integration_tests.connector import LISTING, Output, config
from integration_tests.platform import Platform
from integration_tests.truth import Key, Row, mirror
from integration_tests.zendesk_emulator import Article, Fault, HelpCenter, ZendeskEmulator
from integration_tests.zendesk_emulator.sample import fill

# What an article is listed by, and asked for alone.
ROWS = r"articles(/\d+)?$"
NO_ID = 2**63

Spoil = Callable[[Row], object]


def spoil(
    zendesk: ZendeskEmulator,
    how: Spoil,
    *articles: Article,
    path: str = ROWS,
    times: int | None = None,
) -> None:
    """Have so many answers, or each one, to a signed request show articles like that."""
    ids = {article.id for article in articles}

    def rewrite(answer: dict[str, Any]) -> dict[str, Any]:
        for row in [*answer.get("articles", []), answer.get("article", {})]:
            if row.get("id") in ids:
                how(row)
        return answer

    fault = Fault("rewrite", path=path, where=LISTING, rewrite=rewrite, times=times)
    zendesk.faults.add(fault)


def garble(zendesk: ZendeskEmulator, old: bytes, new: bytes) -> None:
    def replace(body: bytes) -> bytes:
        return body.replace(old, new)

    zendesk.faults.add(Fault("garble", path=ROWS, where=LISTING, garble=replace, times=None))


def asked_for(zendesk: ZendeskEmulator, article: Article) -> int:
    return sum(request.path.endswith(f"/articles/{article.id}") for request in zendesk.requests)


def without_translation_field(name: str) -> Spoil:
    return lambda row: row["translations"][1].pop(name)


def setting(**fields: object) -> Spoil:
    return lambda row: row.update(fields)


def of_translation(**fields: object) -> Spoil:
    return lambda row: row["translations"][1].update(fields)


def rows_of(article: Article, table: dict[Key, Row]) -> dict[Key, Row]:
    return {key: row for key, row in table.items() if key[0] == article.id}


def others(article: Article, table: dict[Key, Row]) -> dict[Key, Row]:
    return {key: row for key, row in table.items() if key[0] != article.id}


def entry(output: Output, subdomain: str = "acme") -> dict[str, Any]:
    entries: dict[str, dict[str, Any]] = output.states[-1]["stream"]["stream_state"]["help_centers"]
    return entries[subdomain]


FIELDS: list[tuple[Spoil | tuple[bytes, bytes], str]] = [
    (
        of_translation(outdated=None),
        "translation de whose `outdated` is neither true nor false (null)",
    ),
    (without_translation_field("title"), "translation de without `title`"),
    (
        of_translation(updated_at="8999-01-01T00:00:00Z"),
        "translation de whose `updated_at` is not a time from 2000 to 2999 "
        '("8999-01-01T00:00:00Z")',
    ),
    (of_translation(locale="d e"), 'translation whose `locale` is not a locale ("d e")'),
    (
        setting(updated_at="1971-01-01T00:00:00Z"),
        'article whose `updated_at` is not a time from 2000 to 2999 ("1971-01-01T00:00:00Z")',
    ),
    (lambda row: row.pop("source_locale"), "article without `source_locale`"),
    (
        (b'"Artikel 7"', b'"Artikel \\ud83c"'),
        'translation de whose `title` is not a text ("Artikel \\ud83c")',
    ),
    (
        (b'"Artikel 7"', b'"Artikel \xe9"'),
        'translation de whose `title` is not a text ("Artikel \\udce9")',
    ),
    (
        (b'["deep"]', b"[" * 300 + b"]" * 300),
        f"article whose `content_tag_ids` has broken text or is nested too deep ({'[' * 60})",
    ),
]


@pytest.mark.parametrize(
    ("how", "named", "way"),
    [(*field, way) for field, way in zip(FIELDS, cycle(["a listing", "a feed"]))],
)
def test_an_article_that_cannot_be_read_is_named_and_all_else_is_synced(  # noqa: PLR0913, PLR0917 -- fixtures and facts
    zendesk: ZendeskEmulator,
    platform: Platform,
    help_center: HelpCenter,
    waits: list[float],
    monkeypatch: pytest.MonkeyPatch,
    how: Spoil | tuple[bytes, bytes],
    named: str,
    way: str,
) -> None:
    if way == "a feed":
        monkeypatch.setattr(SMALL, 0)
    fill(help_center, articles=12)
    zendesk.clock.advance(3600)
    platform.sync(config(zendesk))
    zendesk.clock.advance(600)
    doomed, edited, odd = (help_center.articles[number] for number in (2, 5, 7))
    before = rows_of(odd, platform.destination.table)
    help_center.change(edited, promoted=True)
    help_center.change(odd, content_tag_ids=["deep"])
    if way == "a listing":
        help_center.archive(doomed)
    if isinstance(how, tuple):
        garble(zendesk, *how)
    else:
        spoil(zendesk, how, odd)
    zendesk.clock.advance(600)

    for expected_records in ({edited.id, doomed.id} if way == "a listing" else {edited.id}, set()):
        zendesk.forget_requests()
        output = platform.sync(config(zendesk))
        failure_type, message = output.error
        assert failure_type == "config_error"
        assert (
            f"1 of the articles of acme.zendesk.com cannot be read: {odd.id}: {named}. " in message
        )
        assert expected_records == {record["id"] for record in output.records}
        assert others(odd, mirror(help_center)) == others(odd, platform.destination.table)
        assert before == rows_of(odd, platform.destination.table)
        assert {"reconciled_at", "scope", "updated_at"} <= entry(output).keys()
        assert 1 == asked_for(zendesk, odd)
        # A listing asks for five, and for the missing one. Before it retracts that, or if there
        # are many articles, it asks again who the user is. In doubt, the second sync lists.
        costs = {"a listing": (7, 5), "a feed": (3, 6)}[way][not expected_records]
        assert costs == len(zendesk.requests)
        zendesk.clock.advance(600)

    zendesk.faults.clear()
    output = platform.sync(config(zendesk))
    assert output.succeeded
    assert {odd.id} == {record["id"] for record in output.records}
    assert mirror(help_center) == platform.destination.table
    assert platform.sync(config(zendesk)).records == []
    assert [] == waits


def test_a_first_sync_emits_all_that_can_be_read(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter, waits: list[float]
) -> None:
    fill(help_center, articles=12)
    odd = help_center.articles[7]
    spoil(zendesk, of_translation(outdated=None), odd)
    platform.sync(config(zendesk))
    assert others(odd, mirror(help_center)) == platform.destination.table
    assert (5, []) == (len(zendesk.requests), waits)
    zendesk.faults.clear()
    assert platform.sync(config(zendesk)).succeeded
    assert mirror(help_center) == platform.destination.table


@pytest.mark.parametrize("retract_as", ["delete", "mark"])
def test_a_new_unreadable_article_does_not_stay_in_doubt(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter, retract_as: str
) -> None:
    fill(help_center, articles=3)
    archived, labelled, outdated = help_center.articles
    spoil(zendesk, of_translation(outdated=None), *help_center.articles)
    configuration = config(zendesk, exclude_labels=["out"], retract_as=retract_as)
    assert "3 of the articles" in platform.sync(configuration).error[1]
    help_center.archive(archived)
    help_center.change(labelled, label_names=["out"])
    for locale in outdated.translations:
        help_center.change_translation(outdated, locale, outdated=True)
    zendesk.faults.clear()
    output = platform.sync(configuration)
    assert (True, []) == (output.succeeded, output.records)
    assert "1.0" == entry(output)["known"]


@pytest.mark.parametrize("where", ["articles$", "incremental"])
def test_a_row_that_can_be_read_alone_is_emitted(
    zendesk: ZendeskEmulator,
    platform: Platform,
    help_center: HelpCenter,
    monkeypatch: pytest.MonkeyPatch,
    where: str,
) -> None:
    if where == "incremental":
        monkeypatch.setattr(SMALL, 0)
    fill(help_center, articles=12)
    zendesk.clock.advance(3600)
    platform.sync(config(zendesk))
    zendesk.clock.advance(600)
    odd = help_center.articles[7]
    help_center.change_translation(odd, "de", title="New")
    spoil(zendesk, without_translation_field("title"), odd, path=where)
    assert platform.sync(config(zendesk)).succeeded
    assert 1 == asked_for(zendesk, odd)
    assert mirror(help_center) == platform.destination.table


@pytest.mark.usefixtures("feed", "waits")
def test_a_feed_goes_on_behind_an_unreadable_row_and_a_listing_behind_a_page_of_them(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    zendesk.switches.incremental_page_size = 5
    fill(help_center, articles=12)
    zendesk.clock.advance(3600)
    platform.sync(config(zendesk))
    for odd in (help_center.articles[2:3], help_center.articles[:5]):
        zendesk.clock.advance(600)
        for article in help_center.articles:
            zendesk.clock.advance(1)
            help_center.change(article, promoted=not article.promoted)
        spoil(zendesk, of_translation(title=7), *odd)
        zendesk.clock.advance(600)
        output = platform.sync(config(zendesk))
        assert f"{len(odd)} of the articles" in output.error[1]
        assert 2 * (12 - len(odd)) == len(output.records)
        zendesk.faults.clear()
        assert platform.sync(config(zendesk)).succeeded
        assert mirror(help_center) == platform.destination.table


def test_an_unreadable_article_that_is_gone_alone_is_retracted(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    fill(help_center, articles=12)
    platform.sync(config(zendesk))
    odd = help_center.articles[7]
    spoil(zendesk, of_translation(title=7), odd, path="articles$")
    show = Fault("edit", path=rf"articles/{odd.id}$", edit=lambda: help_center.archive(odd))
    zendesk.faults.add(show)
    assert platform.sync(config(zendesk)).succeeded
    assert mirror(help_center) == platform.destination.table


@pytest.mark.parametrize("status", [403, 500])
def test_an_unreadable_article_that_is_refused_alone_stays_one(
    zendesk: ZendeskEmulator,
    platform: Platform,
    help_center: HelpCenter,
    waits: list[float],
    status: int,
) -> None:
    fill(help_center, articles=12)
    odd = help_center.articles[7]
    spoil(zendesk, of_translation(title=7), odd, path="articles$")
    zendesk.faults.add(Fault("status", path=rf"articles/{odd.id}$", status=status, times=None))
    output = platform.sync(config(zendesk))
    assert f"{odd.id}: translation de whose `title` is not a text (7). " in output.error[1]
    assert others(odd, mirror(help_center)) == platform.destination.table
    assert sum(waits) <= 5


def test_a_row_without_an_id_makes_every_missing_article_be_requested(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    fill(help_center, articles=12)
    platform.sync(config(zendesk))
    hidden, archived = help_center.articles[7], help_center.articles[2]
    spoil(zendesk, setting(id=NO_ID), hidden, path="articles$")
    # Two complete listings that do not show an article are enough for any other one.
    for _ in range(3):
        output = platform.sync(config(zendesk))
        problem = f"article whose `id` is not a whole number from 0 to 2^63 - 1 ({NO_ID})"
        assert f"one without a usable id: {problem}. " in output.error[1]
        assert mirror(help_center) == platform.destination.table
    help_center.archive(archived)
    platform.sync(config(zendesk))
    assert mirror(help_center) == platform.destination.table
    zendesk.faults.clear()
    assert platform.sync(config(zendesk)).succeeded
    assert mirror(help_center) == platform.destination.table


@pytest.mark.parametrize("where", ["articles$", "incremental"])
@pytest.mark.usefixtures("feed")
def test_a_new_article_without_a_usable_id_is_looked_for_by_a_listing(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter, where: str
) -> None:
    fill(help_center, articles=12)
    zendesk.clock.advance(3600)
    if where == "incremental":
        platform.sync(config(zendesk))
    zendesk.clock.advance(600)
    (section,) = help_center.sections.values()
    new = help_center.add_article(section, title="New", body="")
    spoil(zendesk, setting(id="new"), new, path=where)
    zendesk.clock.advance(600)
    assert 'from 0 to 2^63 - 1 ("new"). ' in platform.sync(config(zendesk)).error[1]
    assert others(new, mirror(help_center)) == platform.destination.table
    zendesk.faults.clear()
    zendesk.clock.advance(600)
    assert platform.sync(config(zendesk)).succeeded
    assert mirror(help_center) == platform.destination.table


def test_a_missing_article_that_cannot_be_read_alone_is_kept(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    fill(help_center, articles=12)
    platform.sync(config(zendesk))
    hidden = help_center.articles[7]
    before = platform.destination.table

    def leave_out(answer: dict[str, Any]) -> dict[str, Any]:
        rows = [row for row in answer["articles"] if row["id"] != hidden.id]
        return {**answer, "articles": rows, **({"count": 11} if "count" in answer else {})}

    for _ in range(3):
        zendesk.faults.add(Fault("rewrite", path="articles$", where=LISTING, rewrite=leave_out))
        spoil(zendesk, of_translation(title=7), hidden)
        zendesk.forget_requests()
        output = platform.sync(config(zendesk))
        assert f"{hidden.id}: translation de whose `title`" in output.error[1]
        assert ([], 1) == (output.records, asked_for(zendesk, hidden))
        zendesk.faults.clear()
    assert before == platform.destination.table


# ------------------------------------------------------------------------ lists of translations


@pytest.mark.parametrize("how", ["404", "an unreadable row", "archived"])
def test_an_article_without_a_list_of_translations_is_unreadable(
    zendesk: ZendeskEmulator,
    platform: Platform,
    help_center: HelpCenter,
    waits: list[float],
    how: str,
) -> None:
    zendesk.switches.sideload_on_lists = zendesk.switches.sideload_on_show = False
    fill(help_center, articles=12)
    platform.sync(config(zendesk))
    odd, edited = help_center.articles[7], help_center.articles[9]
    help_center.change_translation(edited, "de", title="New")
    path = f"{odd.id}/translations$"

    def rewrite(answer: dict[str, Any]) -> dict[str, Any]:
        answer["translations"][1]["outdated"] = None
        return answer

    if how == "an unreadable row":
        named = "translation de whose `outdated` is neither true nor false (null)"
        zendesk.faults.add(Fault("rewrite", path=path, rewrite=rewrite, times=None))
    else:
        named = "article whose list of translations is not there (404)"
        zendesk.faults.add(Fault("status", path=path, status=404, times=None))
    if how == "archived":
        show = Fault("edit", path=rf"articles/{odd.id}$", edit=lambda: help_center.archive(odd))
        zendesk.faults.add(show)
    zendesk.forget_requests()
    output = platform.sync(config(zendesk))
    # One that is gone is missing in the listing.
    assert (2 if how == "archived" else 1) == asked_for(zendesk, odd)
    assert [] == waits
    assert mirror(help_center) == platform.destination.table
    if how == "archived":
        assert output.succeeded
    else:
        assert f"{odd.id}: {named}. " in output.error[1]
        assert {edited.id} == {record["id"] for record in output.records}
    zendesk.faults.clear()
    assert platform.sync(config(zendesk)).succeeded


def test_translations_that_come_with_the_article_alone_do_as_well_as_their_list(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    zendesk.switches.sideload_on_lists = False
    fill(help_center, articles=3)
    zendesk.faults.add(Fault("status", path="translations$", status=404, times=None))
    assert platform.sync(config(zendesk)).succeeded
    assert mirror(help_center) == platform.destination.table


# ---------------------------------------------------------------------------------- many of them


def test_of_many_unreadable_articles_a_page_is_asked_for_and_ten_are_named(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter, waits: list[float]
) -> None:
    fill(help_center, articles=250)
    spoil(zendesk, without_translation_field("title"), *help_center.articles[20:])
    output = platform.sync(config(zendesk))
    message = output.error[1]
    assert message.startswith("230 of the articles of acme.zendesk.com cannot be read: ")
    assert 10 == message.count("translation de without `title`")
    assert "; and 220 more. " in message
    assert 40 == len(output.records)
    # Three pages, who, the locales, the visitor, and a hundred alone.
    assert (106, []) == (len(zendesk.requests), waits)


@pytest.mark.parametrize("how", [of_translation(title=7), setting(id=-1)])
def test_unreadable_rows_count_as_rows_of_offset_pages(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter, how: Spoil
) -> None:
    fill(help_center, articles=12)
    odd = help_center.articles[7]
    spoil(zendesk, how, odd)
    with pages_of(5):
        output = platform.sync(config(zendesk))
    assert "1 of the articles" in output.error[1]
    assert "listed again" not in output.logs
    assert others(odd, mirror(help_center)) == platform.destination.table


def test_an_unreadable_article_is_named_once_if_the_listing_begins_anew(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    fill(help_center, articles=12)
    odd = help_center.articles[2]
    last_page = {**LISTING, "page": "3"}
    zendesk.faults.add(
        Fault("rewrite", where=last_page, rewrite=lambda answer: {**answer, "count": 13})
    )
    spoil(zendesk, of_translation(title=7), odd)
    with pages_of(5):
        output = platform.sync(config(zendesk))
    assert "listed again" in output.logs
    assert "1 of the articles" in output.error[1]
    assert 1 == asked_for(zendesk, odd)
    assert others(odd, mirror(help_center)) == platform.destination.table


@pytest.mark.parametrize("is_archived", [True, False])
@pytest.mark.usefixtures("feed")
def test_an_unreadable_article_that_is_gone_or_repaired_is_not_named(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter, *, is_archived: bool
) -> None:
    zendesk.switches.incremental_page_size = 5
    fill(help_center, articles=12)
    zendesk.clock.advance(3600)
    platform.sync(config(zendesk))
    zendesk.clock.advance(600)
    for article in help_center.articles:
        zendesk.clock.advance(1)
        help_center.change(article, promoted=True)
    zendesk.clock.advance(600)
    # The last row of the first page is the first one of the second.
    boundary = help_center.articles[4]
    spoil(zendesk, of_translation(title=7), boundary, path="incremental", times=1)
    spoil(zendesk, of_translation(title=7), boundary, path=r"articles/\d+$", times=1)
    if is_archived:

        def archive() -> None:
            help_center.archive(boundary)
            for article in help_center.articles:
                help_center.change(article, promoted=False)

        # Stamped within a second, the others call for a listing.
        zendesk.faults.add(Fault("edit", path="incremental", edit=archive))
    output = platform.sync(config(zendesk))
    zendesk.faults.assert_consumed()
    assert output.succeeded
    assert mirror(help_center) == platform.destination.table


def test_an_unreadable_article_does_not_stop_other_help_centers(
    zendesk: ZendeskEmulator, platform: Platform
) -> None:
    first = zendesk.account.help_center()
    second = zendesk.account.add_brand("shop").help_center
    fill(first, articles=3)
    fill(second, articles=3)
    odd = first.articles[1]
    spoil(zendesk, of_translation(title=7), odd)
    output = platform.sync(config(zendesk, brands=["shop"]))
    failure_type, message = output.error
    assert failure_type == "config_error"
    assert "Help Center acme: 1 of the articles of acme.zendesk.com cannot be read" in message
    assert "The others (1) were synced." in message
    assert others(odd, mirror(first)) | mirror(second) == platform.destination.table
    assert "scope" in entry(output)
    zendesk.faults.clear()
    assert platform.sync(config(zendesk, brands=["shop"])).succeeded
    assert mirror(first) | mirror(second) == platform.destination.table


def test_what_was_sent_is_shortened_and_shows_no_secret(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    fill(help_center, articles=2)
    one, other = help_center.articles
    token = zendesk.account.admin_token
    spoil(zendesk, setting(updated_at=f"said: {token}"), one)
    assert '("said: ****")' in platform.sync(config(zendesk)).error[1]
    zendesk.faults.clear()
    spoil(zendesk, setting(outdated_locales={"long": ["x" * 5000]}), other)
    message = platform.sync(config(zendesk)).error[1]
    assert f'is not a list ({{"long": ["{"x" * 49}…)' in message


def test_a_broken_character_in_a_name_does_not_stop_the_sync(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    fill(help_center, articles=3)
    (section,) = help_center.sections.values()
    help_center.rename(section, "Half")
    zendesk.faults.add(
        Fault(
            "garble",
            path="articles$|sections$",
            garble=lambda body: body.replace(b'"Half"', b'"\\ud83c"'),
            times=None,
        )
    )
    output = platform.sync(config(zendesk))
    assert output.succeeded
    assert {None} == {record.get("section_name") for record in output.records}
    zendesk.faults.clear()
    platform.sync(config(zendesk))
    assert mirror(help_center) == platform.destination.table


def test_an_impossible_date_header_is_ignored(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    fill(help_center, articles=3)
    platform.sync(config(zendesk))
    seconds = 55 * 365 * 24 * 3600
    zendesk.clock.advance(-seconds)
    output = platform.sync(config(zendesk))
    failure_type, message = output.error
    assert (failure_type, output.records) == ("transient_error", [])
    assert "no answer had a date" in message
    zendesk.clock.advance(seconds)
    assert platform.sync(config(zendesk)).succeeded
    assert mirror(help_center) == platform.destination.table
