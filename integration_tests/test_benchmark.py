"""The benchmark runs, and compares like with like: counts are asserted, never times."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from integration_tests import bare_loop, benchmark
from integration_tests.connector import Output, config, run
from integration_tests.truth import key_of
from integration_tests.zendesk_emulator import ZendeskEmulator
from integration_tests.zendesk_emulator.sample import fill


def test_a_row_counts_what_whole_processes_ask_and_emit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(benchmark, "_PEER_PYTHON", Path("not", "installed"))
    (row,) = benchmark.changed(1, articles=501, edits=101)
    assert ("4 requests, 505 records", "**2 requests, 505 records**") == (row.target, row.ours)
    assert ("6 requests, 2,505 records", "not installed") == (row.bare, row.peer)


def test_the_bare_loop_emits_all_that_the_connector_does_but_the_hash(
    zendesk: ZendeskEmulator, tmp_path: Path
) -> None:
    fill(zendesk.account.help_center(), articles=101)
    entered = config(zendesk)
    (tmp_path / "config.json").write_text(json.dumps(entered))
    done = subprocess.run(  # noqa: S603 -- this project's own script
        [sys.executable, "-P", bare_loop.__file__, "config.json"],
        cwd=tmp_path,
        env=zendesk.environment,
        stdout=subprocess.PIPE,
        check=True,
    )
    # Airbyte's framework leaves nulls out.
    bare = [
        {name: value for name, value in record.items() if value is not None}
        for record in Output(done.stdout.decode()).records
    ]
    ours = run(zendesk, "read", entered).records
    for record in ours:
        del record["content_hash"]
    assert sorted(ours, key=key_of) == sorted(bare, key=key_of)


@pytest.mark.parametrize("options", [["--only", "idle"], []])
def test_the_table_goes_into_the_readme_if_it_is_whole(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    options: list[str],
) -> None:
    before = "Before\n<!-- benchmark -->\nold\n<!-- /benchmark -->\nafter\n"
    readme = tmp_path / "README.md"
    readme.write_text(before)
    row = benchmark.Row("what", "target", "1 s", "2 s", "3 s")
    monkeypatch.setattr(benchmark, "_DOCUMENT", readme)
    monkeypatch.setattr(benchmark, "_ROWS", {"idle": lambda _: [row], "other": lambda _: [row]})
    monkeypatch.setattr(sys, "argv", ["benchmark", *options])
    benchmark.main()
    table = capsys.readouterr().out
    assert table.endswith("\n| what | target | 1 s | 2 s | 3 s |\n")
    assert readme.read_text() == (before if options else before.replace("old\n", table))
