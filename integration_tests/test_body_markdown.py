"""`body_markdown`: a record has its body as Markdown too, and is emitted once when that begins."""

import json
import os
import re
import signal
import subprocess
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from integration_tests.conditions import (
    ADD_MARKDOWN,
    BATCH_ARTICLES,
    Record,
    add_markdown,
    refuse_offset_pages,
)
from integration_tests.connector import CATALOG, SCRIPT, Output, config
from integration_tests.platform import Platform
from integration_tests.truth import Key, as_markdown, key_of, mirror
from integration_tests.zendesk_emulator import Fault, HelpCenter, ZendeskEmulator
from integration_tests.zendesk_emulator.sample import fill, furnish

LONG = "".join(f"<p>A <b>{row}</b> <a href='/hc/{row}'>link</a></p>" for row in range(20_000))


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
def test_switching_markdown_on_emits_every_article_once(
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
def test_records_from_the_feed_have_markdown(
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


def test_links_follow_the_address_of_the_help_center(
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


def test_a_marked_retraction_has_empty_markdown(
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


def test_every_body_has_markdown_after_a_listing_that_began_anew(
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


def test_records_have_markdown_after_a_sync_that_was_killed(
    zendesk: ZendeskEmulator,
    platform: Platform,
    help_center: HelpCenter,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(BATCH_ARTICLES, 100)
    fill(help_center, articles=250)
    configured = config(zendesk, body_markdown=True)
    # Killed in the second batch.
    platform.keep_until(platform.read(configured), 2, more=range(70))
    assert 270 == len(platform.destination.table)
    assert all(row["body_markdown"] for row in platform.destination.newest.values())
    platform.sync(configured)
    assert mirror(help_center, markdown=as_markdown) == platform.destination.table


def test_a_broken_address_does_not_break_the_sync(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    fill(help_center, articles=2)

    def broken(answer: dict[str, Any]) -> dict[str, Any]:
        for article in answer.get("articles", ()):
            for text in article.get("translations", ()):
                text["html_url"] = "https://[acme/hc"
        return answer

    zendesk.faults.add(Fault("rewrite", path="articles$", rewrite=broken, times=None))
    output = platform.sync(config(zendesk, body_markdown=True))
    assert output.succeeded, output.error


@pytest.mark.usefixtures("waits")
def test_a_sync_that_fails_waits_for_the_markdown_of_what_it_emits(
    zendesk: ZendeskEmulator,
    platform: Platform,
    help_center: HelpCenter,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def late(records: Iterable[Record]) -> None:
        done.wait(2)
        add_markdown(records)

    done = threading.Event()
    monkeypatch.setattr(ADD_MARKDOWN, late)
    fill(help_center, articles=300)
    refuse_offset_pages(zendesk)
    zendesk.faults.add(Fault("status", path="articles$", skip=3, status=500, times=None))
    output = platform.sync(config(zendesk, body_markdown=True))
    assert not output.succeeded
    assert output.records
    assert all(row.get("body_markdown") for row in output.records)


def test_markdown_of_a_page_is_made_before_the_next_one_has_come(
    zendesk: ZendeskEmulator,
    platform: Platform,
    help_center: HelpCenter,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sizes: list[int] = []

    def counted(records: list[Record]) -> None:
        sizes.append(len(records))
        add_markdown(records)

    monkeypatch.setattr(ADD_MARKDOWN, counted)
    fill(help_center, articles=250)
    platform.sync(config(zendesk, body_markdown=True))
    assert [100, 200, 200] == sorted(sizes)


@pytest.mark.parametrize("end", ["closed", "SIGTERM"])
def test_a_sync_ends_cleanly_while_markdown_is_made(
    zendesk: ZendeskEmulator, help_center: HelpCenter, tmp_path: Path, end: str
) -> None:
    fill(help_center, articles=1200)
    for article in help_center.articles[-60:]:
        help_center.change_translation(article, "en-us", body=LONG)
    entered = tmp_path / "config.json"
    entered.write_text(json.dumps(config(zendesk, body_markdown=True)))
    complaints = tmp_path / "stderr"
    with (
        complaints.open("wb") as stderr,
        subprocess.Popen(  # noqa: S603 -- the script of this environment
            [SCRIPT, "read", "--config", entered, "--catalog", CATALOG],
            env={**os.environ, **zendesk.environment},
            stdout=subprocess.PIPE,
            stderr=stderr,
        ) as process,
    ):
        assert process.stdout is not None
        assert any(b'"RECORD"' in line for line in process.stdout)
        if end == "closed":
            process.stdout.close()
        else:
            process.send_signal(getattr(signal, end))
        code = process.wait(timeout=30)
    text = complaints.read_text()
    assert not re.search("fatal|panick", text, re.IGNORECASE), text[-2000:]
    expected = {"closed": 141, "SIGTERM": -15}[end]
    assert expected == code, (code, text[-1500:])


@pytest.mark.usefixtures("waits")
def test_of_several_help_centers_one_that_fails_leaves_no_record_without_markdown(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter
) -> None:
    fill(help_center, articles=150)
    second = zendesk.account.add_brand("second").help_center
    fill(second, articles=3)
    configured = config(zendesk, brands=["second"], body_markdown=True)
    zendesk.faults.add(Fault("status", host="acme", where={"page": "2"}, times=None))
    for size in ("50", "25", "12", "6", "3", "1"):
        first = 1 if size == "50" else 0
        where = {"page[size]": size}
        zendesk.faults.add(Fault("status", host="acme", where=where, skip=first, times=None))
    output = platform.sync(configured)
    assert not output.succeeded
    assert all(row.get("body_markdown") for row in output.records)
    assert output.records
    zendesk.faults.clear()
    zendesk.clock.advance(60)
    platform.sync(configured)
    expected = {
        **mirror(help_center, markdown=as_markdown),
        **mirror(second, markdown=as_markdown),
    }
    assert expected == platform.destination.table
