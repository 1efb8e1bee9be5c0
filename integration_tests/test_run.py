"""What the installed console script prints, and when."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from integration_tests.connector import CATALOG, SCRIPT, Message, Output, config, run, run_script
from integration_tests.zendesk_emulator import ZendeskEmulator
from integration_tests.zendesk_emulator.sample import fill, furnish


def spoken(output: Output) -> Iterator[Message]:
    """Yield the messages of the protocol, without the log and the time of day."""
    for message in output.messages:
        if message["type"] != "LOG":
            payload = message.get("record") or message.get("trace")
            yield {**message, "at": payload and payload.pop("emitted_at") > 0}


def test_the_script_prints_what_the_entrypoint_of_the_cdk_returns(zendesk: ZendeskEmulator) -> None:
    furnish(zendesk.account.help_center())
    printed = run_script(zendesk, "read", config(zendesk))
    returned = run(zendesk, "read", config(zendesk))
    assert len(returned.records) == 15
    assert list(spoken(returned)) == list(spoken(printed))


def test_a_sync_ends_when_nobody_reads_it(zendesk: ZendeskEmulator, tmp_path: Path) -> None:
    fill(zendesk.account.help_center(), articles=500)
    entered = tmp_path / "config.json"
    entered.write_text(json.dumps(config(zendesk)))
    with subprocess.Popen(  # noqa: S603 -- the script of this environment
        [SCRIPT, "read", "--config", entered, "--catalog", CATALOG],
        env={**os.environ, **zendesk.environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdout is not None
        assert any(b'"RECORD"' in line for line in process.stdout)
        process.stdout.close()
        assert process.wait(timeout=20) != 0


def test_to_show_the_form_nothing_is_imported_that_only_reading_needs() -> None:
    imported = subprocess.run(
        [sys.executable, "-c", "import sys, source_zendesk_articles.run; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    ours = {name for name in imported if name.startswith("source_zendesk_articles.")}
    assert {"source_zendesk_articles.run", "source_zendesk_articles.source"} == ours
