"""What the installed console script prints, and when."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
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
    zendesk: ZendeskEmulator,
    folder: Path,
    *,
    within: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
    **fields: object,
) -> Iterator[subprocess.Popen[bytes]]:
    """Start a read with these fields of the configuration; it must leave nothing on stderr."""
    entered = folder / "config.json"
    entered.write_text(json.dumps(config(zendesk, **fields)))
    complaints = folder / "stderr"
    with (
        complaints.open("wb") as stderr,
        subprocess.Popen(  # noqa: S603 -- the script of this environment
            [*within, SCRIPT, "read", "--config", entered, "--catalog", CATALOG],
            env={**os.environ, **zendesk.environment, **(environment or {})},
            stdout=subprocess.PIPE,
            stderr=stderr,
        ) as process,
    ):
        try:
            yield process
        finally:
            process.kill()
    assert not complaints.read_text()


def seen(process: subprocess.Popen[bytes], text: bytes) -> bool:
    assert process.stdout is not None
    return any(text in line for line in process.stdout)


# What a shell shows where SIGPIPE, of which one who writes into a pipe dies, was the end.
READER_GONE = 128 + signal.SIGPIPE


def test_a_command_ends_quietly_if_its_reader_is_gone() -> None:
    unread, stdout = os.pipe()
    os.close(unread)
    done = subprocess.run(  # noqa: S603 -- the script of this environment
        [SCRIPT, "--help"],
        stdout=stdout,
        stderr=subprocess.PIPE,
        check=False,
        timeout=60,
    )
    os.close(stdout)
    assert (READER_GONE, b"") == (done.returncode, done.stderr)


def test_a_sync_ends_quietly_when_nobody_reads_it_any_more(
    zendesk: ZendeskEmulator, tmp_path: Path
) -> None:
    fill(zendesk.account.help_center(), articles=500)
    with reading(zendesk, tmp_path) as process:
        assert seen(process, b'"RECORD"')
        assert process.stdout is not None
        process.stdout.close()
        assert process.wait(timeout=20) == READER_GONE


def test_a_reader_that_closes_the_pipe_and_sends_sigterm_gets_its_status(
    zendesk: ZendeskEmulator, tmp_path: Path
) -> None:
    """PyAirbyte takes any other exit status for a failure."""
    fill(zendesk.account.help_center(), articles=500)
    with reading(zendesk, tmp_path) as process:
        assert seen(process, b'"RECORD"')
        assert process.stdout is not None
        process.stdout.close()
        process.terminate()
        assert process.wait(timeout=20) == -signal.SIGTERM


def test_a_full_disk_is_one_sentence_on_stderr() -> None:
    with Path("/dev/full").open("wb") as stdout:
        done = subprocess.run(  # noqa: S603 -- the script of this environment
            [SCRIPT, "spec"], stdout=stdout, stderr=subprocess.PIPE, check=False
        )
    said = b"The output cannot be written: No space left on device.\n"
    assert (1, said) == (done.returncode, done.stderr)


# A wait of five minutes before the listing.
WAIT = Fault("status", path="locales", status=503, headers={"Retry-After": "300"})


def test_a_sync_that_waits_ends_when_its_reader_goes_away(
    zendesk: ZendeskEmulator, tmp_path: Path
) -> None:
    zendesk.faults.add(replace(WAIT))
    with reading(zendesk, tmp_path) as process:
        assert seen(process, b"Waiting 30")
        assert process.stdout is not None
        process.stdout.close()
        # A tick or two after the last line of progress.
        assert process.wait(timeout=20) == READER_GONE


CONTAINED = ("unshare", "--pid", "--fork", "--kill-child", "--mount-proc")


def as_process_1(process: subprocess.Popen[bytes]) -> int:
    """Return by which id the first process of the other namespace is known in this one."""
    (child,) = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return int(child)


def can_contain() -> bool:
    """Whether a process may become the first one of a namespace, as it is in a container."""
    with suppress(OSError):
        tried = subprocess.run([*CONTAINED, "true"], capture_output=True, check=False)  # noqa: S603 -- fixed
        return not tried.returncode
    return False


# Where the main thread is when the signal comes: it waits for other threads, or for the reader.
@pytest.mark.parametrize(
    ("where", "number", "is_contained"),
    [
        ("a reader who stalls", signal.SIGTERM, False),
        ("a request without an answer", signal.SIGTERM, True),
        ("a reader who stalls", signal.SIGINT, True),
    ],
)
def test_a_signal_ends_a_sync_wherever_it_is(
    zendesk: ZendeskEmulator,
    tmp_path: Path,
    where: str,
    number: signal.Signals,
    is_contained: bool,
) -> None:
    if is_contained and not can_contain():
        pytest.skip("no process can be made the first one of a namespace here")
    fill(zendesk.account.help_center(), articles=500)
    asked = threading.Event()
    if where == "a request without an answer":
        zendesk.faults.add(
            Fault("edit", path="locales", edit=asked.set),
            Fault("hang", path="articles$", times=None),
        )
    within = CONTAINED if is_contained else ()
    # Threads fetch, and make Markdown, meanwhile.
    with reading(zendesk, tmp_path, within=within, body_markdown=True) as process:
        if where == "a reader who stalls":
            assert seen(process, b'"RECORD"')
        else:
            assert asked.wait(60)
        os.kill(as_process_1(process) if is_contained else process.pid, number)
        # Whom a signal ends has no status of his own; a shell, too, calls that 128 + n.
        expected = 128 + number if is_contained else -number
        assert process.wait(timeout=20) == expected


def can_end(process: subprocess.Popen[bytes], number: signal.Signals) -> bool:
    """Whether the script, as process 1, has come so far that it blocks a signal, to wait for it."""
    with suppress(OSError, ValueError):
        of_process = Path("/proc", str(as_process_1(process)))
        blocked = (of_process / "status").read_text().partition("SigBlk:")[2].split()[0]
        # Not unshare any more, which blocks them for itself.
        is_script = (of_process / "exe").samefile(sys.executable)
        return is_script and bool(int(blocked, 16) >> (number - 1) & 1)
    return False


@pytest.mark.skipif(not can_contain(), reason="no process can be the first of a namespace here")
def test_a_signal_ends_process_1_while_it_begins(zendesk: ZendeskEmulator, tmp_path: Path) -> None:
    number = signal.SIGTERM
    with reading(zendesk, tmp_path, within=CONTAINED) as process:
        while not can_end(process, number):
            assert process.poll() is None
        os.kill(as_process_1(process), number)
        assert process.wait(timeout=20) == 128 + number


def test_an_error_ends_a_sync_though_a_thread_sleeps(
    zendesk: ZendeskEmulator, tmp_path: Path
) -> None:
    zendesk.faults.add(replace(WAIT), Fault("status", path="users/me", status=401, times=None))
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
    with reading(zendesk, tmp_path, environment={"PYTHONUNBUFFERED": "1"}) as process:
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
    program = "import sys, source_zendesk_articles.entrypoint; print(*sys.modules)"
    ours = {name for name in printed(program).split() if "source_zendesk_articles." in name}
    assert {"source_zendesk_articles.entrypoint", "source_zendesk_articles.source"} == ours


def test_to_import_the_script_imports_nothing_else_and_handles_no_signal() -> None:
    program = (
        "import signal, sys\n"
        "handled = lambda: [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)]\n"
        "before = handled()\n"
        "import source_zendesk_articles.run\n"
        "print(handled() == before, 'airbyte_cdk' in sys.modules)"
    )
    assert "True False\n" == printed(program)


def test_the_library_that_makes_markdown_is_imported_with_the_first_body() -> None:
    program = (
        "import sys, source_zendesk_articles.run\n"
        "from source_zendesk_articles.articles.markdown import to_markdown\n"
        "before = 'html_to_markdown' in sys.modules\n"
        "to_markdown('<p>a</p>', 'https://acme.zendesk.com/')\n"
        "print(before, 'html_to_markdown' in sys.modules)"
    )
    assert "False True\n" == printed(program)
