"""A vector store that is written by the CDK's code holds what the Help Center says, and once."""

import json
from pathlib import Path
from typing import Any

from integration_tests.connector import config, installed_script, run_script
from integration_tests.consumers.consumer import Ask, consumer
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
            noted | {tuple(chunk[name] for name in NOTED)},
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


def test_the_index_follows_the_help_center(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter, tmp_path: Path
) -> None:
    catalog, messages = tmp_path / "catalog.json", tmp_path / "messages.jsonl"
    catalog.write_text(json.dumps(configured_catalog(zendesk)))
    processing = tmp_path / "processing.json"
    processing.write_text(json.dumps(PROCESSING))
    fill(help_center, articles=6)
    (section,) = help_center.sections.values()
    help_center.add_name(section, "de", "Abschnitt")
    restricted, archived, outdated, rewritten, *_ = help_center.articles

    def synced(ask: Ask) -> Documents:
        zendesk.clock.advance(60)
        configured = config(zendesk, body_markdown=True)
        output = platform.sync(configured, through=installed_script)
        messages.write_text(output.text, encoding="utf-8")
        index = joined(ask(messages))
        assert documents(help_center) == index
        return index

    with consumer("vector_store.py", catalog, processing, folder=tmp_path) as ask:
        index = synced(ask)
        assert ids(archived, outdated) <= index.keys()
        places = {"en-us": ("Section", "Category 0"), "de": ("Abschnitt", "Category 0")}
        assert noted(index, restricted) == {name: ("public", *places[name]) for name in LOCALES}

        help_center.change(restricted, user_segment_id=SEGMENT)
        help_center.archive(archived)
        help_center.change_translation(outdated, "de", outdated=True)
        longer = "<p>Der <b>zweite</b> Text ist länger.</p>"
        help_center.change_translation(rewritten, "de", body=longer)
        index = synced(ask)
        assert ids(archived, outdated) & index.keys() == {f"articles_{outdated.id}_en-us"}
        assert noted(index, restricted) == {name: ("internal", *places[name]) for name in LOCALES}

        help_center.restore(archived)
        help_center.change_translation(rewritten, "de", body="<p>Der dritte ist kurz.</p>")
        help_center.rename(section, "Kapitel", "de")
        index = synced(ask)
        assert ids(archived) <= index.keys()
        assert "<" not in "".join(text for _, text in index.values())
        assert noted(index, archived)["de"] == ("public", "Kapitel", "Category 0")
