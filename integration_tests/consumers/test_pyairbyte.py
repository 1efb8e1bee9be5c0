"""PyAirbyte reads by the installed script: its table follows the Help Center, sync by sync."""

import json
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb
import pytest

from integration_tests.connector import SCRIPT, config, run
from integration_tests.consumers.consumer import HAS_PYAIRBYTE, Ask, consumer
from integration_tests.truth import Key, Row, as_markdown, key_of, rows, truth
from integration_tests.zendesk_emulator import Article, HelpCenter, ZendeskEmulator
from integration_tests.zendesk_emulator.clock import START
from integration_tests.zendesk_emulator.sample import SEGMENT, furnish

# Neither the list of connectors nor usage data: PyAirbyte asks nobody but the connector.
ALONE = {"AIRBYTE_OFFLINE_MODE": "1", "DO_NOT_TRACK": "1"}
# When the second sync is, and what each way to retract leaves in a row.
THEN = f"{START + timedelta(minutes=2):%Y-%m-%dT%H:%M:%SZ}"
RETRACTED = {
    "delete": {"_ab_cdc_deleted_at": THEN},
    "mark": {
        "title": "",
        "body": "",
        "body_markdown": "",
        "content_hash": sha256(b"\n").hexdigest(),
    },
}
Table = dict[Key, Row]


def read(database: Path) -> Table:
    """Return all rows of PyAirbyte's table."""
    with duckdb.connect(database, read_only=True) as connection:
        found = connection.execute("SELECT * FROM articles")
        names, kinds, *_ = zip(*found.description, strict=True)
        table = [
            {name: _plain(kind, cell) for name, kind, cell in zip(names, kinds, row, strict=True)}
            for row in found.fetchall()
        ]
    keyed = {key_of(row): row for row in table}
    assert len(keyed) == len(table), "a key is there twice"
    return keyed


def _plain(kind: object, cell: Any) -> object:  # noqa: ANN401 -- of any type
    """Return what a record has for what a column of this type has."""
    if cell is not None and kind == "JSON":
        return json.loads(cell)
    return f"{cell:%Y-%m-%dT%H:%M:%S}Z" if isinstance(cell, datetime) else cell


def records(table: Table) -> Table:
    """Return the records of these rows, which have no nulls and nothing of PyAirbyte's own."""
    return {
        key: {
            name: cell
            for name, cell in row.items()
            if cell is not None and not name.startswith("_airbyte")
        }
        for key, row in table.items()
    }


def titled(help_center: HelpCenter, title: str) -> Article:
    everything = [*help_center.articles, *help_center.archived_articles]
    return next(a for a in everything if a.translations[a.source_locale].title == title)


def edit(help_center: HelpCenter) -> set[int]:
    """Make each kind of change in a Help Center as it is furnished; return the articles' ids."""
    rewritten = titled(help_center, "Where is my order?")
    help_center.change_translation(rewritten, "de", body="<p>Neu: „anders“.</p>")
    restricted = titled(help_center, "Gift cards")
    help_center.change(restricted, user_segment_id=SEGMENT)
    outdated = titled(help_center, "Paying by invoice")
    help_center.change_translation(outdated, "de", outdated=True)
    shortened = titled(help_center, "Return it")
    help_center.remove_translation(shortened, "fr")
    archived = titled(help_center, "Partner prices")
    help_center.archive(archived)
    restored = titled(help_center, "Christmas 2024")
    help_center.restore(restored)
    section = help_center.sections[rewritten.section_id]
    new = help_center.add_article(section, title="Pick it up", body="<p>At our shop.</p>")
    edited = (rewritten, restricted, outdated, shortened, archived, restored, new)
    return {article.id for article in edited}


def undo(help_center: HelpCenter) -> None:
    """Bring back what came to be gone or restricted, but for the translation that was deleted."""
    help_center.change(titled(help_center, "Gift cards"), user_segment_id=None)
    help_center.change_translation(titled(help_center, "Paying by invoice"), "de", outdated=False)
    help_center.restore(titled(help_center, "Partner prices"))


def left_out(row: Row, retract_as: str) -> bool:
    """Tell a row that users have to leave out."""
    if retract_as == "delete":
        return row["_ab_cdc_deleted_at"] is not None
    return bool(row["status"] == "removed")


@pytest.mark.skipif(not HAS_PYAIRBYTE, reason="PyAirbyte's last release ends at Python 3.12")
@pytest.mark.timeout(300)  # to import PyAirbyte alone takes 8 s of a core
@pytest.mark.parametrize("retract_as", ["delete", "mark"])
def test_the_table_follows_the_help_center(
    zendesk: ZendeskEmulator, help_center: HelpCenter, tmp_path: Path, retract_as: str
) -> None:
    zendesk.clock.stand_still()  # so that the second of a retraction is known
    configuration = config(zendesk, retract_as=retract_as, body_markdown=True)
    entered, database = tmp_path / "config.json", tmp_path / "articles.duckdb"
    entered.write_text(json.dumps(configuration))
    furnish(help_center)

    def synced(ask: Ask) -> tuple[Table, Table]:
        """Return the whole table, and what users leave out of it; compare the rest."""
        zendesk.clock.advance(60)
        ask(database)
        table = read(database)
        retracted = {key: row for key, row in table.items() if left_out(row, retract_as)}
        assert truth(help_center, markdown=as_markdown) == rows(
            [table[key] for key in table.keys() - retracted.keys()]
        )
        return table, retracted

    environment = {**zendesk.environment, **ALONE}
    with consumer("pyairbyte.py", SCRIPT, entered, folder=tmp_path, environment=environment) as ask:
        first, retracted = synced(ask)
        assert retracted == {}
        emitted = run(zendesk, "read", configuration).records
        assert {key_of(record): record for record in emitted} == records(first)

        edited = edit(help_center)
        second, retracted = synced(ask)
        assert edited == {key[0] for key, row in second.items() if row != first.get(key)}
        partner, invoice, returns = (
            titled(help_center, title).id
            for title in ("Partner prices", "Paying by invoice", "Return it")
        )
        reasons = {
            (partner, "en-us"): "archived_or_deleted",
            (partner, "de"): "archived_or_deleted",
            (invoice, "de"): "outdated",
            (returns, "fr"): "translation_deleted",
        }
        assert {
            (article, locale): {
                "id": article,
                "locale": locale,
                "brand_subdomain": "acme",
                "status": "removed",
                "visibility": "internal",
                "visibility_reason": reason,
                "updated_at": THEN,
                **RETRACTED[retract_as],
            }
            for (article, locale), reason in reasons.items()
        } == records(retracted)

        undo(help_center)
        _, retracted = synced(ask)
        assert {(returns, "fr")} == retracted.keys()
    assert zendesk.strangers == []
