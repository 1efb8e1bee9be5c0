"""`make demo` shows every case, and says that it compared what it shows."""

import io
import re
import subprocess
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any
from unittest.mock import patch

import duckdb
import pytest

from integration_tests import demo, destination
from integration_tests.connector import Output, run
from integration_tests.zendesk_emulator import ZendeskEmulator

_EQUALS = "equals the Help Center: every row was compared."
_PICTURE = Path(__file__).with_name("demo.svg")
_DIFFERS = "differs from the Help Center"


def _exit_code(monkeypatch: pytest.MonkeyPatch, folder: Path) -> object:
    """Run the demo in this process."""
    monkeypatch.setattr(sys, "argv", ["demo", "--database", str(folder / "demo.duckdb")])
    with pytest.raises(SystemExit) as exited:
        demo.main()
    return exited.value.code


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo") / "demo.duckdb"


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo") / "demo.svg"


@pytest.fixture(scope="module")
def printed(database: Path, picture: Path) -> str:
    """Run the demo in this process, which must end well; return what it prints, single-spaced."""
    printed = io.StringIO()
    arguments = ["demo", "--database", str(database), "--svg", str(picture)]
    with (
        patch.object(sys, "argv", arguments),
        patch.object(demo, "run_script", run),
        redirect_stdout(printed),
        pytest.raises(SystemExit) as exited,
    ):
        demo.main()
    assert not exited.value.code
    return re.sub(" +", " ", printed.getvalue())


def test_the_demo_is_a_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "integration_tests.demo", "--help"],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        check=True,
    )
    assert b"--database" in done.stdout


def test_the_demo_shows_every_case(printed: str) -> None:
    for line in (
        "internal: draft",
        "internal: user_segment",
        "internal: hidden",
        "internal: locale_disabled",
        "left out: outdated",
        "“Christmas 2024” is archived",
        "· OAuth client credentials (recommended)",
        "fr Aide › Commandes › Où est ma commande ?\n Ici.",
        "en-us Help › Orders › Where is my order?\n Look into **Your orders**.",
        "1 × POST /oauth/tokens, for an access token",
        "4 requests beside the token's, 15 records and 2 states",
    ):
        assert line in printed


def test_the_demo_shows_what_each_edit_changed_and_why(printed: str) -> None:
    for edit, changed in (
        (
            "“Where is my order?”: new text in en-us stamps the article and the translation",
            "Where is my order? │ en-us │ public │ new text │ new",
        ),
        (
            "“Return it”: restricted to a user segment stamps the article",
            "Return it │ en-us │ public → internal: user_segment │ "
            "user_segment_id, user_segment_ids │ unchanged",
        ),
        (
            "“Gift cards”, “Nur für Deutschland”: labelled by a bulk edit stamps nothing",
            "Nur für Deutschland │ de │ public │ label_names │ unchanged",
        ),
        (
            "“Paying by invoice”: translation to de marked as outdated stamps the article and "
            "the translation",
            "│ de │ public → gone │ gone: outdated │ —",
        ),
        (
            "“Partner prices”: archived stamps nothing",
            "Partner prices │ en-us │ internal: user_segment → gone │ "
            "gone: archived_or_deleted │ —",
        ),
    ):
        assert edit in printed
        assert changed in printed


def test_an_untouched_translation_of_a_changed_article_has_an_unchanged_content(
    printed: str,
) -> None:
    for locale, visibility in (
        ("de", "public"),
        ("fr", "public"),
        ("ja", "internal: locale_disabled"),
    ):
        nothing = "nothing: it comes with its article"
        assert f"│ {locale} │ {visibility} │ {nothing} │ unchanged" in printed


def test_no_record_is_of_an_article_that_nobody_touched(printed: str) -> None:
    assert "13 records: 1 with a text to embed, 9 whose text" in printed
    assert "0 of articles that nobody touched." in printed


def test_the_demo_tells_the_cost_of_each_sync_and_that_an_idle_one_emits_nothing(
    printed: str,
) -> None:
    for row in (
        "first │ 4 │ 1 │ 15 │ 2",
        "second │ 6 │ 1 │ 13 │ 2",
        "third, idle │ 4 │ 1 │ 0 │ 1",
    ):
        assert row in printed


def test_the_demo_leaves_a_table_that_equals_the_help_center(printed: str, database: Path) -> None:
    assert 2 == printed.count(_EQUALS)
    with duckdb.connect(database, read_only=True) as connection:
        query = "SELECT visibility, count(*) FROM articles GROUP BY ALL ORDER BY ALL"
        assert [("internal", 6), ("public", 6)] == connection.execute(query).fetchall()


@pytest.mark.usefixtures("printed")
def test_the_picture_in_the_readme_is_what_the_demo_prints(picture: Path) -> None:
    # If it is not: python -m integration_tests.demo --svg integration_tests/demo.svg
    assert _PICTURE.read_text() == picture.read_text()
    assert "@font-face" not in _PICTURE.read_text()


@pytest.mark.parametrize(
    ("sync", "written"),
    [(1, slice(0)), (1, slice(1, None)), (2, slice(1, None)), (2, slice(-1))],
    ids=["everything", "a record", "an edit without a stamp", "a retraction"],
)
def test_a_destination_that_lost_something_is_noticed(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    sync: int,
    written: slice,
) -> None:
    writes = 0
    write = destination.write

    def forgetful(database: Path, schema: dict[str, Any], records: list[dict[str, Any]]) -> None:
        nonlocal writes
        writes += 1
        write(database, schema, records[written] if writes == sync else records)

    monkeypatch.setattr(destination, "write", forgetful)
    monkeypatch.setattr(demo, "run_script", run)
    assert 1 == _exit_code(monkeypatch, tmp_path)
    assert _DIFFERS in capsys.readouterr().out


def test_a_record_of_an_article_that_nobody_touched_is_noticed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def forgetful(
        zendesk: ZendeskEmulator,
        command: str,
        configuration: dict[str, object] | None = None,
        **_: object,
    ) -> Output:
        return run(zendesk, command, configuration)

    monkeypatch.setattr(demo, "run_script", forgetful)
    assert 1 == _exit_code(monkeypatch, tmp_path)
    assert "nobody touched it" in capsys.readouterr().out


def test_a_table_holds_the_latest_record_of_each_key_and_no_deleted_one(tmp_path: Path) -> None:
    database = tmp_path / "articles.duckdb"
    time = {"type": "string", "format": "date-time"}
    names = {"id": "integer", "locale": "string", "title": "string"}
    columns: dict[str, Any] = {name: {"type": kind} for name, kind in names.items()}
    schema = {"properties": {**columns, "updated_at": time, "_ab_cdc_deleted_at": time}}

    def record(article_id: int, title: str, day: int, **fields: object) -> dict[str, Any]:
        key = {"id": article_id, "locale": "en-us"}
        return {**key, "title": title, "updated_at": f"2026-11-0{day}T00:00:00Z", **fields}

    gone = {"_ab_cdc_deleted_at": "2026-11-02T00:00:00Z"}
    first = [record(1, "edited", 1), record(2, "kept", 2), record(3, "", 1), record(4, "", 1)]
    second = [record(1, "same time", 1), record(2, "late", 1), record(3, "", 2, **gone)]
    third = [record(1, "last", 1), record(4, "", 2, **gone), record(4, "back", 3)]
    for records in (first, second, third, []):
        destination.write(database, schema, records)
    with duckdb.connect(database, read_only=True) as connection:
        held = connection.execute("SELECT id, title FROM articles ORDER BY id").fetchall()
        appended = connection.execute("SELECT count(*) FROM articles_raw").fetchone()
    assert [(1, "last"), (2, "kept"), (4, "back")] == held
    assert (10,) == appended
