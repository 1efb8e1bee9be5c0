"""A vector store that is written by the CDK's code holds what the Help Center says, and once."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from integration_tests.connector import Output, config, installed_script, run_script
from integration_tests.consumers.consumer import consumer
from integration_tests.platform import Platform
from integration_tests.truth import as_markdown, truth
from integration_tests.zendesk_emulator import Article, HelpCenter, ZendeskEmulator
from integration_tests.zendesk_emulator.sample import SEGMENT, fill

LOCALES = ("en-us", "de")
PROCESSING = {
    "chunk_size": 20,
    "text_fields": ["title", "body_markdown"],
    "metadata_fields": ["id", "locale", "visibility", "html_url", "section_name", "category_name"],
}
NOTED = ("visibility", "section_name", "category_name")
# What is noted of each record, and its text, by the id that the destination gives to it.
Documents = dict[str, tuple[set[tuple[str, ...]], str]]


def documents(help_center: HelpCenter) -> Documents:
    """Return what has to be in the index."""
    return {
        f"articles_{article}_{locale}": (
            {tuple(row[name] for name in NOTED)},
            _squeezed(f"title: {row['title']} body_markdown: {row['body_markdown']}"),
        )
        for (article, locale), row in truth(help_center, markdown=as_markdown).items()
    }


def joined(chunks: list[dict[str, Any]]) -> Documents:
    """Join the chunks of each record again, in their order."""
    found: Documents = {}
    for chunk in chunks:
        noted, text = found.get(chunk["_ab_record_id"], (set(), ""))
        found[chunk["_ab_record_id"]] = (
            noted | {tuple(chunk.get(name, "") for name in NOTED)},
            text + _squeezed(chunk["text"]),
        )
    return found


def _squeezed(text: str) -> str:
    """Leave out blanks: they are lost where a text is split."""
    return "".join(text.split())


def configured_catalog(zendesk: ZendeskEmulator) -> dict[str, Any]:
    """Choose the stream, as a user does who wants it deduplicated."""
    (discovered,) = run_script(zendesk, "discover", config(zendesk)).of("CATALOG")
    (stream,) = discovered["streams"]
    chosen = {
        "stream": stream,
        "sync_mode": "incremental",
        "destination_sync_mode": "append_dedup",
        "primary_key": stream["source_defined_primary_key"],
        "cursor_field": stream["default_cursor_field"],
    }
    return {"streams": [chosen]}


def noted(index: Documents, article: Article) -> dict[str, tuple[str, ...]]:
    """Return what is noted of each variant of an article, the same with each of its chunks."""
    found = {}
    for locale in LOCALES:
        (found[locale],) = index[f"articles_{article.id}_{locale}"][0]
    return found


def ids(*articles: Article) -> set[str]:
    return {f"articles_{article.id}_{locale}" for article in articles for locale in LOCALES}


@contextmanager
def vector_store(zendesk: ZendeskEmulator, folder: Path) -> Iterator[Callable[[Output], Any]]:
    """Start a destination, which is to be given what a sync printed."""
    catalog, processing = folder / "catalog.json", folder / "processing.json"
    catalog.write_text(json.dumps(configured_catalog(zendesk)))
    processing.write_text(json.dumps(PROCESSING))
    messages = folder / "messages.jsonl"
    with consumer("vector_store.py", catalog, processing, folder=folder) as ask:

        def write(output: Output) -> Any:  # noqa: ANN401 -- as the script answers
            messages.write_text(output.text, encoding="utf-8")
            return ask(messages)

        yield write


def test_the_index_follows_the_help_center(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter, tmp_path: Path
) -> None:
    fill(help_center, articles=6)
    (section,) = help_center.sections.values()
    help_center.add_name(section, "de", "Abschnitt")
    restricted, archived, outdated, rewritten, *_ = help_center.articles

    def synced(write: Callable[[Output], Any]) -> Documents:
        zendesk.clock.advance(60)
        configured = config(zendesk, body_markdown=True)
        written = write(platform.sync(configured, through=installed_script))
        assert not written["error"]
        index = joined(written["chunks"])
        assert documents(help_center) == index
        return index

    with vector_store(zendesk, tmp_path) as write:
        index = synced(write)
        assert ids(archived, outdated) <= index.keys()
        places = {"en-us": ("Section", "Category 0"), "de": ("Abschnitt", "Category 0")}
        assert noted(index, restricted) == {name: ("public", *places[name]) for name in LOCALES}

        help_center.change(restricted, user_segment_id=SEGMENT)
        help_center.archive(archived)
        help_center.change_translation(outdated, "de", outdated=True)
        longer = "<p>Der <b>zweite</b> Text ist länger.</p>"
        help_center.change_translation(rewritten, "de", body=longer)
        index = synced(write)
        assert ids(archived, outdated) & index.keys() == {f"articles_{outdated.id}_en-us"}
        assert noted(index, restricted) == {name: ("internal", *places[name]) for name in LOCALES}

        help_center.restore(archived)
        help_center.change_translation(rewritten, "de", body="<p>Der dritte ist kurz.</p>")
        help_center.rename(section, "Kapitel", "de")
        index = synced(write)
        assert ids(archived) <= index.keys()
        assert "<" not in "".join(text for _, text in index.values())
        assert noted(index, archived)["de"] == ("public", "Kapitel", "Category 0")


@pytest.mark.parametrize("retract_as", ["delete", "mark"])
def test_where_an_index_refuses_to_be_given_nothing_a_retraction_has_to_be_marked(
    zendesk: ZendeskEmulator,
    platform: Platform,
    help_center: HelpCenter,
    tmp_path: Path,
    retract_as: str,
) -> None:
    configured = config(zendesk, body_markdown=True, retract_as=retract_as)
    fill(help_center, articles=2)
    archived, _ = help_center.articles
    with vector_store(zendesk, tmp_path) as write:
        write(platform.sync(configured, through=installed_script))
        zendesk.clock.advance(60)
        help_center.archive(archived)
        for _ in range(2):
            output = platform.read(configured, through=installed_script)
            written = write(output)
            platform.keep_until(output, written["acknowledged"])
            index = joined(written["chunks"])
            if retract_as == "mark":
                # What is left has no text, and says that no customer may read it.
                assert (len(output.states), "") == (written["acknowledged"], written["error"])
                left = {name: index.pop(name) for name in ids(archived) & index.keys()}
                assert left.keys() == ids(archived)
                for noted, text in left.values():
                    assert {"internal"} == {visibility for visibility, *_ in noted}
                    assert "title:body_markdown:" == text
            else:
                # The documents are gone, and the platform never hears of it: so it goes on.
                assert (1, "Non-empty lists are required") == (
                    written["acknowledged"],
                    written["error"],
                )
                assert {"archived_or_deleted"} == {
                    record["visibility_reason"] for record in output.records
                }
            assert documents(help_center) == index
            zendesk.clock.advance(60)
