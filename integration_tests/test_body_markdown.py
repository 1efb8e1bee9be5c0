"""`body_markdown`: a record has its body as Markdown too, and is emitted once when that begins."""

import pytest

from integration_tests.conditions import refuse_offset_pages
from integration_tests.connector import Output, config, killed_script
from integration_tests.platform import Platform
from integration_tests.truth import Key, as_markdown, key_of, mirror
from integration_tests.zendesk_emulator import Fault, HelpCenter, ZendeskEmulator
from integration_tests.zendesk_emulator.sample import fill, furnish


def markdown(output: Output) -> dict[Key, str | None]:
    """Return each record's Markdown; the framework leaves nulls out of what it prints."""
    return {key_of(row): row.get("body_markdown") for row in output.records}


def test_each_body_comes_as_markdown_too_if_that_is_wanted(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    section = help_center.add_section(help_center.add_category("Help"), "Orders")
    body = '<h2>Gift cards</h2><p>From <b>10&nbsp;€</b>, see <a href="/hc/prices">here</a>.</p>'
    told = help_center.add_article(section, title="T", body=body)
    empty = help_center.add_article(section, title="T", body=None)
    blank = help_center.add_article(section, title="T", body="<p>&nbsp;</p>")
    output = platform.read(config(zendesk, body_markdown=True))
    assert markdown(output) == {
        (told.id, "en-us"): (
            "## Gift cards\n\nFrom **10 €**, see [here](https://acme.zendesk.com/hc/prices)."
        ),
        (empty.id, "en-us"): None,
        (blank.id, "en-us"): None,
    }
    assert [body, "<p>&nbsp;</p>"] == [row["body"] for row in output.records if "body" in row]
    assert {None} == set(markdown(platform.read(config(zendesk))).values())


@pytest.mark.parametrize("articles", [7, 600])
def test_to_switch_it_emits_every_article_once(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter, articles: int
) -> None:
    fill(help_center, articles=articles)
    zendesk.clock.advance(3600)
    hashes = {key_of(row): row["content_hash"] for row in platform.sync(config(zendesk)).records}
    for on in (True, False):
        configured = config(zendesk, body_markdown=on)
        zendesk.clock.advance(60)
        output = platform.sync(configured)
        assert hashes == {key_of(row): row["content_hash"] for row in output.records}
        assert on == all(markdown(output).values())
        zendesk.forget_requests()
        assert [] == platform.sync(configured).records
        assert (2 if articles > 500 else 4) == len(zendesk.requests)


@pytest.mark.usefixtures("feed")
def test_a_feed_brings_markdown_too(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    fill(help_center, articles=3)
    zendesk.clock.advance(3600)
    configured = config(zendesk, body_markdown=True)
    platform.sync(configured)
    edited = help_center.articles[1]
    help_center.change_translation(edited, "de", body="<ul><li>eins</li></ul>")
    zendesk.clock.advance(60)
    output = platform.sync(configured)
    assert {(edited.id, "en-us"): "1", (edited.id, "de"): "- eins"} == markdown(output)


def test_a_link_leads_elsewhere_once_the_help_center_does(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    section = help_center.add_section(help_center.add_category("Help"), "Orders")
    help_center.add_article(section, title="T", body='<a href="/hc/prices">here</a>')
    configured = config(zendesk, body_markdown=True)
    platform.sync(configured)
    zendesk.account.brands[0].host_mapping = "help.acme.example"
    zendesk.clock.advance(60)
    output = platform.sync(configured)
    assert ["[here](https://help.acme.example/hc/prices)"] == list(markdown(output).values())


def test_what_is_marked_as_gone_has_no_text_in_markdown_either(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    furnish(help_center)
    configured = config(zendesk, body_markdown=True, retract_as="mark")
    platform.sync(configured)
    gone, *_ = help_center.articles
    help_center.archive(gone)
    zendesk.clock.advance(60)
    found = markdown(platform.sync(configured))
    assert {(gone.id, locale): "" for locale in gone.translations} == found


def test_a_listing_that_is_begun_anew_has_markdown_of_every_body(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    fill(help_center, articles=250)
    refuse_offset_pages(zendesk)
    output = platform.sync(config(zendesk, body_markdown=True))
    assert 500 == len(output.records)
    assert all(markdown(output).values())


def test_a_sync_that_fails_has_emitted_no_record_without_it(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter, waits: list[float]
) -> None:
    fill(help_center, articles=1100)
    configured = config(zendesk, body_markdown=True)
    refuse_offset_pages(zendesk)
    zendesk.faults.add(Fault("status", path="articles$", skip=11, status=500, times=None))
    output = platform.sync(configured)
    assert not output.succeeded
    assert waits
    assert output.records
    assert all(markdown(output).values())
    zendesk.faults.clear()
    platform.sync(configured)
    assert mirror(help_center, markdown=as_markdown) == platform.destination.table


def test_a_sync_that_is_killed_is_mended_with_markdown(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    fill(help_center, articles=1100)
    configured = config(zendesk, body_markdown=True)
    killed = platform.sync(configured, through=killed_script(700, of='"RECORD"'))
    assert 700 == len(killed.records)
    assert all(markdown(killed).values())
    platform.sync(configured)
    assert mirror(help_center, markdown=as_markdown) == platform.destination.table
