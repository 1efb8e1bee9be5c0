"""A sync without a fault: the destination gets what the Help Center has, and nothing else."""

import json
import os
import threading
from collections.abc import Generator, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, cast
from unittest.mock import patch

import jsonschema
import pytest
from airbyte_cdk.models import AirbyteMessage, SyncMode
from airbyte_cdk.sources.streams import Stream
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

import source_zendesk_articles
from integration_tests.conditions import BATCH_ARTICLES, refuse_offset_pages
from integration_tests.connector import LISTING, config, run
from integration_tests.credentials import of_api_token
from integration_tests.truth import rows, truth
from integration_tests.zendesk_emulator import Fault, HelpCenter, ListOrder, ZendeskEmulator
from integration_tests.zendesk_emulator.sample import SEGMENT, fill, furnish
from source_zendesk_articles.source import SourceZendeskArticles

HELP_CENTER = "/api/v2/help_center"
SCHEMA = json.loads(
    (Path(source_zendesk_articles.__file__).parent / "schemas" / "articles.json").read_text()
)


def test_a_help_center_of_730_articles_in_two_locales_is_read_whole_for_22_requests_at_most(
    zendesk: ZendeskEmulator,
) -> None:
    help_center = zendesk.account.help_center()
    fill(help_center, articles=730, categories=6)
    output = run(zendesk, "read", config(zendesk))
    assert len(output.records) == 1460
    assert len(output.states) == 2
    assert truth(help_center) == rows(output.records)
    # Eight pages, and one request each for the locales, what visitors may read, and the user: he is
    # looked at again when so many pages were read.
    assert len(zendesk.requests) == 12
    assert zendesk.strangers == []


def test_every_case_is_tagged_as_the_design_says(zendesk: ZendeskEmulator) -> None:
    help_center = zendesk.account.help_center()
    furnish(help_center)
    output = run(zendesk, "read", config(zendesk))
    assert truth(help_center) == rows(output.records)
    tagged = {(r["title"], r["visibility"], r["visibility_reason"]) for r in output.records}
    assert tagged == {
        ("Where is my order?", "public", "published"),
        ("Wo ist meine Bestellung?", "public", "published"),
        ("Où est ma commande ?", "public", "published"),
        ("注文はどこ？", "internal", "locale_disabled"),
        ("Gift cards", "public", "published"),
        ("Geschenkkarten", "internal", "draft"),
        ("Paying by invoice", "internal", "draft"),
        ("Kauf auf Rechnung", "public", "published"),
        ("Partner prices", "internal", "user_segment"),
        ("Preise für Partner", "internal", "user_segment"),
        ("Return it", "public", "published"),
        ("Retours", "public", "published"),
        ("Nur für Deutschland", "public", "published"),
        ("An empty page", "public", "published"),
        ("Caché", "internal", "hidden"),
    }


def test_the_log_ends_with_what_a_person_wants_to_know(zendesk: ZendeskEmulator) -> None:
    furnish(zendesk.account.help_center())
    output = run(zendesk, "read", config(zendesk))
    assert (
        "INFO Help Center acme, a listing: 7 articles, 0 unchanged; 15 variants emitted; 9 public, "
        "6 internal (draft 2, user_segment 2, locale_disabled 1, hidden 1); 0 retracted; "
        "1 outdated left out; 4 requests; 0 waits (0 s)."
    ) in output.logs


def test_each_record_fits_the_schema_of_discover(zendesk: ZendeskEmulator) -> None:
    furnish(zendesk.account.help_center())
    (catalog,) = run(zendesk, "discover", config(zendesk)).of("CATALOG")
    (stream,) = catalog["streams"]
    assert stream["json_schema"] == SCHEMA
    for record in run(zendesk, "read", config(zendesk)).records:
        jsonschema.validate(record, stream["json_schema"])


def test_discover_asks_zendesk_for_nothing(zendesk: ZendeskEmulator) -> None:
    (catalog,) = run(zendesk, "discover", config(zendesk)).of("CATALOG")
    (stream,) = catalog["streams"]
    del stream["json_schema"]
    assert stream == {
        "name": "articles",
        "supported_sync_modes": ["full_refresh", "incremental"],
        "source_defined_cursor": True,
        "default_cursor_field": ["updated_at"],
        "source_defined_primary_key": [["id"], ["locale"]],
        "is_resumable": True,
    }
    assert zendesk.requests == []


@pytest.mark.parametrize("sync_mode", ["full_refresh", "incremental"])
def test_both_sync_modes_emit_everything_between_two_states(
    zendesk: ZendeskEmulator, sync_mode: str
) -> None:
    zendesk.clock.stand_still()  # so that the second in which the sync begins to emit is known
    help_center = zendesk.account.help_center()
    furnish(help_center)
    zendesk.clock.advance(3600)
    output = run(zendesk, "read", config(zendesk), sync_mode=sync_mode)
    assert truth(help_center) == rows(output.records)
    before, after = (state["stream"]["stream_state"] for state in output.states)
    assert before["help_centers"]["acme"].keys().isdisjoint({"scope", "reconciled_at"})
    known = after["help_centers"]["acme"].pop("known")
    scope = after["help_centers"]["acme"].pop("scope")
    assert (str, "open") == (type(known), scope.split()[0])
    assert after == {
        "synced_at": "2026-11-01T13:00:00Z",
        "help_centers": {
            "acme": {
                "updated_at": "2026-11-01T12:59:00Z",
                "reconciled_at": "2026-11-01T13:00:00Z",
                "articles": 7,
                "reader": f"{zendesk.account.admin.id}:admin",
                "visitors": "open",
                "visitors_at": "2026-11-01T13:00:00Z",
            }
        },
    }
    kinds = [message["type"] for message in output.messages]
    told = [kind for kind in kinds if kind in {"RECORD", "STATE"}]
    assert told == ["STATE", *["RECORD"] * 15, "STATE"]


def test_an_empty_help_center_is_read_without_an_error(zendesk: ZendeskEmulator) -> None:
    output = run(zendesk, "read", config(zendesk))
    assert output.succeeded
    assert ([], 1) == (output.records, len(output.states))


def test_the_time_of_a_key_moves_on_also_when_zendesk_stamped_no_change(
    zendesk: ZendeskEmulator,
) -> None:
    zendesk.clock.stand_still()  # so that the second in which the sync begins to emit is known
    help_center = zendesk.account.help_center()
    furnish(help_center)
    first = run(zendesk, "read", config(zendesk))
    zendesk.clock.advance(60)
    changed = help_center.articles[0]
    help_center.change(changed, stamped=False, user_segment_id=SEGMENT)
    second = run(zendesk, "read", config(zendesk), state=first.states[-1])
    expected = {key: row for key, row in truth(help_center).items() if key[0] == changed.id}
    assert expected == rows(second.records)
    assert {"2026-11-01T12:00:00Z"} == {record["updated_at"] for record in first.records}
    assert {"2026-11-01T12:01:00Z"} == {record["updated_at"] for record in second.records}


def test_the_time_of_a_key_moves_on_when_zendesks_clock_goes_back(
    zendesk: ZendeskEmulator,
) -> None:
    zendesk.clock.stand_still()  # so that the next second after a sync is known
    help_center = zendesk.account.help_center()
    furnish(help_center)
    first = run(zendesk, "read", config(zendesk))
    zendesk.clock.advance(-7200)
    help_center.change(help_center.articles[0], user_segment_id=SEGMENT)
    second = run(zendesk, "read", config(zendesk), state=first.states[-1])
    assert {"2026-11-01T12:00:01Z"} == {record["updated_at"] for record in second.records}
    for state in second.states:
        assert state["stream"]["stream_state"]["synced_at"] == "2026-11-01T12:00:01Z"


def test_the_state_tells_the_latest_times_and_the_start_of_the_sync(
    zendesk: ZendeskEmulator,
) -> None:
    furnish(zendesk.account.help_center())
    zendesk.clock.advance(-30)
    # It is the first page that takes so long, or what is asked for at the same time.
    zendesk.faults.add(
        Fault("edit", path="en-us/articles$", edit=lambda: zendesk.clock.advance(7200))
    )
    output = run(zendesk, "read", config(zendesk))
    zendesk.faults.assert_consumed()
    state = output.states[-1]["stream"]["stream_state"]
    # The articles were stamped at 12:00:00, half a minute after the sync began.
    assert state["synced_at"] == "2026-11-01T12:00:00Z"
    # Not the latest stamp: an edit during the listing may lie before it, on a page already read.
    assert state["help_centers"]["acme"]["updated_at"] == "2026-11-01T11:58:30Z"
    assert state["help_centers"]["acme"]["reconciled_at"] == "2026-11-01T11:59:30Z"


def test_a_full_refresh_begins_anew_whatever_state_is_left(zendesk: ZendeskEmulator) -> None:
    furnish(zendesk.account.help_center())
    first = run(zendesk, "read", config(zendesk))
    zendesk.clock.advance(60)
    again = run(zendesk, "read", config(zendesk), state=first.states[-1], sync_mode="full_refresh")
    assert rows(first.records) == rows(again.records)
    # The first sync may have reached the same table.
    first_times, times = ([row["updated_at"] for row in run.records] for run in (first, again))
    assert max(first_times) < min(times)


@pytest.mark.parametrize("answer", [401, 403, 404, "redirect", "empty"])
def test_a_help_center_that_visitors_can_not_read_is_all_internal(
    zendesk: ZendeskEmulator, answer: int
) -> None:
    zendesk.switches.closed_answer = answer  # type: ignore[assignment]
    help_center = zendesk.account.help_center()
    furnish(help_center)
    help_center.visitors = "closed"
    output = run(zendesk, "read", config(zendesk))
    assert truth(help_center) == rows(output.records)
    assert {"internal"} == {record["visibility"] for record in output.records}
    assert "every article is internal" in output.logs


def test_a_closed_help_center_can_be_treated_as_open(zendesk: ZendeskEmulator) -> None:
    help_center = zendesk.account.help_center()
    furnish(help_center)
    help_center.visitors = "closed"
    configuration = config(zendesk, treat_as_open=["https://ACME.zendesk.com/hc"])
    output = run(zendesk, "read", configuration)
    assert truth(help_center, treat_as_open=True) == rows(output.records)
    assert "`treat_as_open` names it" in output.logs


def test_the_name_of_another_help_center_in_treat_as_open_opens_nothing(
    zendesk: ZendeskEmulator,
) -> None:
    help_center = zendesk.account.help_center()
    furnish(help_center)
    help_center.visitors = "closed"
    output = run(zendesk, "read", config(zendesk, treat_as_open=["other"]))
    assert {"internal"} == {record["visibility"] for record in output.records}


def test_a_help_center_whose_address_is_mapped_elsewhere_counts_as_closed(
    zendesk: ZendeskEmulator,
) -> None:
    zendesk.switches.mapped_host_redirects = True
    zendesk.account.brands[0].host_mapping = "help.acme.example"
    furnish(zendesk.account.help_center())
    output = run(zendesk, "read", config(zendesk))
    assert {"internal"} == {record["visibility"] for record in output.records}
    assert zendesk.strangers == []


def test_the_look_of_a_visitor_carries_no_credential(
    zendesk: ZendeskEmulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine acme.zendesk.com login ada password s3cr3t")
    monkeypatch.setenv("NETRC", str(netrc))
    furnish(zendesk.account.help_center())
    run(zendesk, "read", config(zendesk))
    (look,) = [
        request for request in zendesk.requests if request.path == f"{HELP_CENTER}/en-us/articles"
    ]
    assert look.authorization is None


def test_missing_sideloads_are_requested_article_by_article(zendesk: ZendeskEmulator) -> None:
    zendesk.switches.sideload_on_lists = False
    help_center = zendesk.account.help_center()
    furnish(help_center)
    output = run(zendesk, "read", config(zendesk))
    assert truth(help_center) == rows(output.records)
    # By cursor they might come: that is worth another page. Names come without translations, too.
    assert len(zendesk.requests) == 5 + len(help_center.articles) + 2
    assert "14 requests (7 for translations)" in output.logs


@pytest.mark.parametrize("left", [[], ["de"]])
def test_a_list_of_translations_without_the_source_is_asked_for_again(
    zendesk: ZendeskEmulator, left: list[str]
) -> None:
    help_center = zendesk.account.help_center()
    furnish(help_center)

    def leave_out(answer: dict[str, list[dict[str, list[dict[str, str]]]]]) -> dict[str, object]:
        article = next(row for row in answer["articles"] if len(row["translations"]) > 3)
        article["translations"] = [row for row in article["translations"] if row["locale"] in left]
        return dict(answer)

    zendesk.faults.add(Fault("rewrite", path="articles$", where=LISTING, rewrite=leave_out))
    output = run(zendesk, "read", config(zendesk))
    zendesk.faults.assert_consumed()
    assert truth(help_center) == rows(output.records)
    assert len(zendesk.requests) == 5


def test_translations_requested_alone_win_over_a_partial_sideload(
    zendesk: ZendeskEmulator,
) -> None:
    help_center = zendesk.account.help_center()
    furnish(help_center)

    def make_stale(answer: dict[str, list[dict[str, list[dict[str, str]]]]]) -> dict[str, object]:
        article = next(row for row in answer["articles"] if len(row["translations"]) > 3)
        article["translations"] = [
            {**row, "title": "stale"} for row in article["translations"] if row["locale"] == "de"
        ]
        return dict(answer)

    zendesk.faults.add(Fault("rewrite", path="articles$", where=LISTING, rewrite=make_stale))
    output = run(zendesk, "read", config(zendesk))
    zendesk.faults.assert_consumed()
    assert truth(help_center) == rows(output.records)
    assert "1 outdated left out" in output.logs


def test_an_article_that_is_archived_before_its_translations_are_read_is_left_out(
    zendesk: ZendeskEmulator,
) -> None:
    zendesk.switches.sideload_on_lists = False
    help_center = zendesk.account.help_center()
    furnish(help_center)
    doomed = help_center.articles[3]
    zendesk.faults.add(
        Fault("edit", path=f"{doomed.id}/translations", edit=lambda: help_center.archive(doomed))
    )
    output = run(zendesk, "read", config(zendesk))
    zendesk.faults.assert_consumed()
    assert truth(help_center) == rows(output.records)
    state = output.states[-1]["stream"]["stream_state"]
    assert state["help_centers"]["acme"]["articles"] == 6


def test_a_missing_list_of_translations_is_an_error(
    zendesk: ZendeskEmulator,
) -> None:
    zendesk.switches.sideload_on_lists = zendesk.switches.sideload_on_show = False
    furnish(zendesk.account.help_center())
    zendesk.faults.add(Fault("status", path="translations$", status=404, times=None))
    output = run(zendesk, "read", config(zendesk))
    assert output.error[0] == "config_error"
    assert "7 of the articles of acme.zendesk.com cannot be read" in output.error[1]
    assert output.records == []


def test_an_article_that_is_restricted_during_the_listing_ends_up_internal(
    zendesk: ZendeskEmulator,
) -> None:
    zendesk.switches.cursor_order = "updated_at"
    refuse_offset_pages(zendesk)
    help_center = zendesk.account.help_center()
    fill(help_center, articles=150)
    first = help_center.articles[0]

    def restrict() -> None:
        zendesk.clock.advance(1)
        help_center.change(first, user_segment_id=SEGMENT)

    for article in help_center.articles[1:]:
        zendesk.clock.advance(1)
        help_center.change(article, vote_sum=1)
    zendesk.faults.add(Fault("edit", path="articles$", where=LISTING, skip=1, edit=restrict))
    output = run(zendesk, "read", config(zendesk))
    zendesk.faults.assert_consumed()
    # It comes twice, on two pages; what waited to be emitted was forgotten for what it is now.
    assert truth(help_center) == rows(output.records)
    assert {"internal"} == {r["visibility"] for r in output.records if r["id"] == first.id}
    assert output.states[-1]["stream"]["stream_state"]["help_centers"]["acme"]["articles"] == 150


@pytest.mark.parametrize("order", ["position", "id", "created_at", "updated_at", "edited_at"])
@pytest.mark.parametrize("descending", [False, True])
def test_every_order_of_the_pages_is_read_whole(
    zendesk: ZendeskEmulator, order: ListOrder, descending: bool
) -> None:
    zendesk.switches.cursor_order = order
    zendesk.switches.cursor_descending = descending
    help_center = zendesk.account.help_center()
    fill(help_center, articles=205)
    output = run(zendesk, "read", config(zendesk))
    assert truth(help_center) == rows(output.records)
    assert len(zendesk.requests) == 6


def test_answers_without_user_segment_ids_are_read_the_same(zendesk: ZendeskEmulator) -> None:
    zendesk.switches.user_segment_ids_in_answers = False
    help_center = zendesk.account.help_center()
    furnish(help_center)
    output = run(zendesk, "read", config(zendesk))
    assert truth(help_center) == rows(output.records)


def test_an_article_for_several_segments_is_internal(zendesk: ZendeskEmulator) -> None:
    help_center = zendesk.account.help_center()
    furnish(help_center)
    help_center.change(help_center.articles[0], user_segment_ids=[SEGMENT, SEGMENT + 1])
    output = run(zendesk, "read", config(zendesk))
    assert truth(help_center) == rows(output.records)


def test_a_bulky_answer_with_every_kind_of_letter_comes_out_as_it_went_in(
    zendesk: ZendeskEmulator,
) -> None:
    help_center = zendesk.account.help_center()
    section = help_center.add_section(help_center.add_category("c"), "s")
    body = '<p>\u0000\u2028\ufeff𝒳 «»\r\n\t\\"</p>' + "å" * 1_000_000
    help_center.add_article(section, title="😀 \ud7ff", body=body)
    output = run(zendesk, "read", config(zendesk))
    assert truth(help_center) == rows(output.records)


def test_an_agent_reads_what_the_agent_may_see_and_the_log_warns_of_it(
    zendesk: ZendeskEmulator,
) -> None:
    account = zendesk.account
    help_center = account.help_center()
    furnish(help_center)
    agent = account.add_user("Bob Agent", "bob@acme.example", "agent")
    agent.hidden_sections.add(help_center.articles[3].section_id)
    entered = config(zendesk, credentials=of_api_token(zendesk, agent))
    output = run(zendesk, "read", entered)
    assert len(output.records) == 13
    assert "WARN Bob Agent is not an admin" in output.logs


def test_another_help_center_is_read_on_its_own_host_and_named_in_each_record(
    zendesk: ZendeskEmulator,
) -> None:
    zendesk.account.add_brand("shop")
    furnish(zendesk.account.help_center("shop"))
    output = run(zendesk, "read", config(zendesk, subdomain="shop"))
    assert truth(zendesk.account.help_center("shop")) == rows(output.records)
    assert {"shop"} == {record["brand_subdomain"] for record in output.records}
    assert {"shop.zendesk.com"} == {request.host for request in zendesk.requests}


def test_a_help_center_that_leaves_out_translations_in_disabled_locales_is_read_without_them(
    zendesk: ZendeskEmulator,
) -> None:
    zendesk.switches.disabled_locale_translations = False
    help_center = zendesk.account.help_center()
    furnish(help_center)
    help_center.disable_locale("de")
    output = run(zendesk, "read", config(zendesk))
    expected = {key: row for key, row in truth(help_center).items() if key[1] in {"en-us", "fr"}}
    assert expected == rows(output.records)
    assert "WARN 1 articles of Help Center acme came without the translation" in output.logs


def test_the_three_field_form_reads_the_same(zendesk: ZendeskEmulator) -> None:
    help_center = zendesk.account.help_center()
    furnish(help_center)
    configuration = {
        "subdomain": "https://acme.zendesk.com/hc/en-us",
        "email": zendesk.account.admin.email,
        "api_token": zendesk.account.admin_token,
    }
    output = run(zendesk, "read", configuration)
    assert truth(help_center) == rows(output.records)
    assert zendesk.account.admin_token not in output.text


def test_the_time_of_a_sync_is_zendesks_and_not_this_machines(zendesk: ZendeskEmulator) -> None:
    output = run(zendesk, "read", config(zendesk))
    synced_at = output.states[0]["stream"]["stream_state"]["synced_at"]
    assert datetime.fromisoformat(synced_at) in [request.at for request in zendesk.requests]


def test_an_unreadable_state_is_said_to_be_and_nothing_is_read(zendesk: ZendeskEmulator) -> None:
    furnish(zendesk.account.help_center())
    state = {
        "type": "STREAM",
        "stream": {
            "stream_descriptor": {"name": "articles"},
            "stream_state": {"synced_at": "yesterday"},
        },
    }
    output = run(zendesk, "read", config(zendesk), state=state)
    failure_type, message = output.error
    assert failure_type == "config_error"
    assert "Clear the stream's data" in message
    assert ([], []) == (output.records, zendesk.requests)


# ------------------------------------------------------------------ one object, several reads


@pytest.fixture
def streams(zendesk: ZendeskEmulator) -> Iterator[tuple[Stream, Stream]]:
    """Return two objects of the stream, as one who embeds the connector has them."""
    source = SourceZendeskArticles()
    with patch.dict(os.environ, zendesk.environment):
        first, second = source.streams(config(zendesk)) + source.streams(config(zendesk))
        yield first, second


def emitted(stream: Stream) -> Iterator[dict[str, Any]]:
    for message in stream.read_records(SyncMode.full_refresh):
        if isinstance(message, AirbyteMessage) and message.record:
            yield message.record.data


def test_a_read_that_was_closed_early_stops_its_threads_and_the_next_one_is_whole(
    help_center: HelpCenter, streams: tuple[Stream, Stream], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BATCH_ARTICLES, 100)
    fill(help_center, articles=250)
    stream, _ = streams
    begun = emitted(stream)
    next(begun)
    workers = [thread for thread in threading.enumerate() if "(_work)" in thread.name]
    assert workers
    cast("Generator[object]", begun).close()
    for thread in workers:
        thread.join(timeout=30)
        assert not thread.is_alive(), thread
    assert truth(help_center) == rows([*emitted(stream)])


def test_a_read_that_was_closed_before_anything_came_leaves_the_next_one_alone(
    help_center: HelpCenter, streams: tuple[Stream, Stream]
) -> None:
    furnish(help_center)
    stream, _ = streams
    cast("Generator[object]", emitted(stream)).close()
    assert truth(help_center) == rows([*emitted(stream)])


def test_a_read_that_failed_or_ended_leaves_the_next_one_alone(
    zendesk: ZendeskEmulator, help_center: HelpCenter, streams: tuple[Stream, Stream]
) -> None:
    furnish(help_center)
    stream, _ = streams
    zendesk.faults.add(Fault("status", status=401, path="locales"))
    with pytest.raises(AirbyteTracedException):
        [*emitted(stream)]
    for _ in range(2):
        assert truth(help_center) == rows([*emitted(stream)])


def test_two_objects_are_read_in_turns(
    help_center: HelpCenter, streams: tuple[Stream, Stream]
) -> None:
    furnish(help_center)
    both = zip(*map(emitted, streams), strict=True)
    for read in zip(*both, strict=True):
        assert truth(help_center) == rows([*read])
