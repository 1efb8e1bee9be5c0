"""What the installed console script prints, and when."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from integration_tests.connector import CATALOG, SCRIPT, Message, Output, config, run, run_script
from integration_tests.zendesk_emulator import Fault, ZendeskEmulator
from integration_tests.zendesk_emulator.sample import fill, furnish


def spoken(output: Output) -> Iterator[Message]:
    """Yield the messages of the protocol, without the log and the time of day."""
    for message in output.messages:
        if message["type"] != "LOG":
            payload = message.get("record") or message.get("trace")
            yield {**message, "at": payload and payload.pop("emitted_at") > 0}


def test_the_script_prints_what_the_entrypoint_of_the_cdk_returns(zendesk: ZendeskEmulator) -> None:
    zendesk.clock.stand_still()  # both are to print the same times
    furnish(zendesk.account.help_center())
    printed = run_script(zendesk, "read", config(zendesk))
    returned = run(zendesk, "read", config(zendesk))
    assert len(returned.records) == 15
    assert list(spoken(returned)) == list(spoken(printed))


@contextmanager
def reading(
    zendesk: ZendeskEmulator, folder: Path, **more: str
) -> Iterator[subprocess.Popen[bytes]]:
    entered = folder / "config.json"
    entered.write_text(json.dumps(config(zendesk)))
    complaints = folder / "stderr"
    with (
        complaints.open("wb") as stderr,
        subprocess.Popen(  # noqa: S603 -- the script of this environment
            [SCRIPT, "read", "--config", entered, "--catalog", CATALOG],
            env={**os.environ, **zendesk.environment, **more},
            stdout=subprocess.PIPE,
            stderr=stderr,
        ) as process,
    ):
        yield process
    assert "Fatal Python error" not in complaints.read_text()


def seen(process: subprocess.Popen[bytes], text: bytes) -> bool:
    assert process.stdout is not None
    return any(text in line for line in process.stdout)


def test_a_sync_ends_when_nobody_reads_it(zendesk: ZendeskEmulator, tmp_path: Path) -> None:
    fill(zendesk.account.help_center(), articles=500)
    with reading(zendesk, tmp_path) as process:
        assert seen(process, b'"RECORD"')
        assert process.stdout is not None
        process.stdout.close()
        assert process.wait(timeout=20) != 0


# It waits for five minutes: in the questions before the listing, or in that.
WAITS = {
    "locales": Fault("status", path="locales", status=503, headers={"Retry-After": "300"}),
    "a page": Fault("rate_limited", where={"page": "3"}, retry_after=300, times=None),
}


@pytest.mark.parametrize(
    ("wait", "end"),
    [
        ("locales", "closed"),
        ("a page", "closed"),
        ("a page", signal.SIGTERM),
    ],
)
def test_a_sync_that_waits_ends_with_who_reads_it(
    zendesk: ZendeskEmulator, tmp_path: Path, wait: str, end: str | signal.Signals
) -> None:
    fill(zendesk.account.help_center(), articles=500)
    zendesk.faults.add(replace(WAITS[wait]))
    with reading(zendesk, tmp_path) as process:
        assert seen(process, b"Waiting 30")
        if isinstance(end, signal.Signals):
            process.send_signal(end)
        assert process.stdout is not None
        process.stdout.close()
        # A tick or two after the last line of progress.
        assert process.wait(timeout=20) != 0


def test_an_error_ends_a_sync_though_a_thread_sleeps(
    zendesk: ZendeskEmulator, tmp_path: Path
) -> None:
    zendesk.faults.add(
        replace(WAITS["locales"]), Fault("status", path="users/me", status=401, times=None)
    )
    with reading(zendesk, tmp_path) as process:
        printed, _ = process.communicate(timeout=20)
    assert process.returncode != 0
    assert b"Zendesk refused the credentials" in printed


def test_lines_of_other_threads_come_between_those_of_records(
    zendesk: ZendeskEmulator, tmp_path: Path
) -> None:
    help_center = zendesk.account.help_center()
    fill(help_center, articles=700)
    for article in help_center.articles[::7]:
        help_center.change_translation(article, "de", body="Größe " * 10_000)
    # Each of them has the CDK print a line of its own, and the connector log one.
    zendesk.faults.add(
        *(Fault("rate_limited", where={"page": str(page)}, retry_after=0) for page in (3, 6))
    )
    with reading(zendesk, tmp_path, PYTHONUNBUFFERED="1") as process:
        printed, _ = process.communicate(timeout=60)
    messages = [json.loads(line) for line in printed.split(b"\n") if line]
    assert 1400 == sum(message["type"] == "RECORD" for message in messages)
    assert 2 == sum("Waiting" in json.dumps(message) for message in messages)


def printed(program: str) -> str:
    """Return what a Python prints that has imported nothing yet."""
    return subprocess.run(  # noqa: S603 -- a constant program
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout


def test_to_show_the_form_nothing_is_imported_that_only_reading_needs() -> None:
    imported = printed("import sys, source_zendesk_articles.run; print(*sys.modules)").split()
    ours = {name for name in imported if name.startswith("source_zendesk_articles.")}
    assert {"source_zendesk_articles.run", "source_zendesk_articles.source"} == ours


def test_the_library_that_makes_markdown_is_imported_with_the_first_body() -> None:
    program = (
        "import sys, source_zendesk_articles.run\n"
        "from source_zendesk_articles.markdown import to_markdown\n"
        "before = 'html_to_markdown' in sys.modules\n"
        "to_markdown('<p>a</p>', 'https://acme.zendesk.com/')\n"
        "print(before, 'html_to_markdown' in sys.modules)"
    )
    assert "False True\n" == printed(program)
