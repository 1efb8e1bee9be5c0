"""A vector store that is written by the CDK's code holds what the Help Center says, and once."""

import json
from pathlib import Path
from typing import Any

from integration_tests.connector import config, installed_script, run_script
from integration_tests.consumers.consumer import Ask, consumer
from integration_tests.platform import Platform
from integration_tests.truth import truth
from integration_tests.zendesk_emulator import Article, HelpCenter, ZendeskEmulator
from integration_tests.zendesk_emulator.sample import SEGMENT, fill

LOCALES = ("en-us", "de")
# Visibility and text of each record, by the id that the destination gives to it.
Documents = dict[str, tuple[set[str], str]]


def documents(help_center: HelpCenter) -> Documents:
    """Return what has to be in the index."""
    return {
        f"articles_{article}_{locale}": (
            {row["visibility"]},
            _squeezed(f"title: {row['title']} body: {row['body']}"),
        )
        for (article, locale), row in truth(help_center).items()
    }


def joined(chunks: list[dict[str, Any]]) -> Documents:
    """Join the chunks of each record again, in their order."""
    found: Documents = {}
    for chunk in chunks:
        visibilities, text = found.get(chunk["_ab_record_id"], (set(), ""))
        found[chunk["_ab_record_id"]] = (
            visibilities | {chunk["visibility"]},
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


def ids(*articles: Article) -> set[str]:
    return {f"articles_{article.id}_{locale}" for article in articles for locale in LOCALES}


def test_the_index_follows_the_help_center(
    zendesk: ZendeskEmulator, platform: Platform, help_center: HelpCenter, tmp_path: Path
) -> None:
    catalog, messages = tmp_path / "catalog.json", tmp_path / "messages.jsonl"
    catalog.write_text(json.dumps(configured_catalog(zendesk)))
    fill(help_center, articles=6)
    restricted, archived, outdated, rewritten, *_ = help_center.articles

    def synced(ask: Ask) -> Documents:
        zendesk.clock.advance(60)
        output = platform.sync(config(zendesk), through=installed_script)
        messages.write_text(output.text, encoding="utf-8")
        index = joined(ask(messages))
        assert documents(help_center) == index
        return index

    with consumer("vector_store.py", catalog, folder=tmp_path) as ask:
        index = synced(ask)
        assert ids(archived, outdated) <= index.keys()
        assert [index[name][0] for name in ids(restricted)] == [{"public"}, {"public"}]

        help_center.change(restricted, user_segment_id=SEGMENT)
        help_center.archive(archived)
        help_center.change_translation(outdated, "de", outdated=True)
        help_center.change_translation(rewritten, "de", body="<p>Der zweite Text ist länger.</p>")
        index = synced(ask)
        assert ids(archived, outdated) & index.keys() == {f"articles_{outdated.id}_en-us"}
        assert [index[name][0] for name in ids(restricted)] == [{"internal"}, {"internal"}]

        help_center.restore(archived)
        help_center.change_translation(rewritten, "de", body="<p>Der dritte ist kurz.</p>")
        index = synced(ask)
        assert ids(archived) <= index.keys()
        assert index[f"articles_{rewritten.id}_de"][1].count("<p>") == 1
