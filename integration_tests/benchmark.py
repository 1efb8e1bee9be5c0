"""`make bench`: whole processes on an emulated Help Center, as the table in docs/benchmark.md.

The readers take turns, A B C A B C, each as a process of its own: measured are the seconds from its
start to its end and its peak memory. What it prints is counted by this process and forgotten.
"""

import argparse
import json
import math
import multiprocessing
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from integration_tests.served import Served, Shape

_HERE = Path(__file__).parent
_DOCUMENT = _HERE.parent / "docs" / "benchmark.md"
_PLOT = _HERE / "benchmark.svg"
_MARKERS = ("<!-- benchmark -->", "<!-- /benchmark -->")
_SCRIPT = Path(sys.executable).parent / "source-zendesk-articles"
_PEER_PYTHON = _HERE.parent / ".venv-peer" / "bin" / "python"
# The CDK that it is pinned to takes no notice of REQUESTS_CA_BUNDLE.
_PEER_COMMAND = (
    "import certifi, os; certifi.where = lambda: os.environ['REQUESTS_CA_BUNDLE']; "
    "from source_zendesk_support.run import run; run()"
)
# Without this folder among those that modules are imported from: it has a `platform` of its own.
_PYTHON = (sys.executable, "-P")
_READ = ("read", "--config")
_CATALOG = ("--catalog", str(_HERE / "configured_catalog.json"))
_MEGABYTE = 1e6
# What a pipe holds on Linux, in bytes: so counting costs little of the cores that all share.
_PIPE = 2**16
_PAGE = 100
# So often at most are the largest Help Centers read.
_LONG = 3


@dataclass(frozen=True)
class Reader:
    """A command that reads the Help Center, run where its configuration is."""

    name: str
    command: tuple[str, ...]
    every_locale: bool = True


OURS = Reader("this connector", (str(_SCRIPT), *_READ, "config.json", *_CATALOG))
MARKDOWN = Reader("with `body_markdown`", (str(_SCRIPT), *_READ, "markdown.json", *_CATALOG))
BARE = Reader("the bare loop", (*_PYTHON, str(_HERE / "bare_loop.py"), "config.json"))
PEER = Reader(
    "Airbyte's source-zendesk-support",
    (str(_PEER_PYTHON), "-c", _PEER_COMMAND, *_READ, "peer.json", *_CATALOG),
    every_locale=False,
)


@dataclass(frozen=True)
class Run:
    """What a process took and printed: sizes in bytes, `state` the last STATE message's payload."""

    seconds: float
    peak: int
    records: int = 0
    states: int = 0
    state: Any = None
    state_size: int = 0
    requests: int = 0
    text: bytes = b""


@dataclass(frozen=True)
class Row:
    """A row of the table: a target, and what each reader reached."""

    what: str
    target: str
    ours: str
    bare: str = ""
    peer: str = ""


def main() -> None:
    """Measure, print the table, and write it into the page if no row was left out."""
    parser = argparse.ArgumentParser(prog="python -m integration_tests.benchmark")
    parser.add_argument("--only", choices=_ROWS, help="measure this alone; write nothing")
    parser.add_argument("--runs", type=int, default=5, help="of each reader (default: 5)")
    options = parser.parse_args()
    chosen = [options.only] if options.only else list(_ROWS)
    table = _table([row for name in chosen for row in _ROWS[name](options.runs)], options.runs)
    sys.stdout.write(table)
    if not options.only:
        text = _DOCUMENT.read_text()
        before, _, rest = text.partition(_MARKERS[0])
        after = rest.partition(_MARKERS[1])[2]
        _DOCUMENT.write_text(f"{before}{_MARKERS[0]}\n{table}{_MARKERS[1]}{after}")


# ------------------------------------------------------------------------------ the rows


def latency(runs: int) -> list[Row]:
    """Measure a first sync where each request takes its time."""
    shape = Shape(articles=3000, locales=5, body=2000)
    return [_first_sync(shape, runs, "≤ 2.0 s and ≤ 0.4 × the bare loop")]


def one_category(runs: int) -> list[Row]:
    """Measure the same where nearly all articles are in one category."""
    shape = Shape(articles=3000, locales=5, body=2000, in_one=0.9)
    return [_first_sync(shape, runs, "≤ 0.6 × the bare loop")]


def _first_sync(shape: Shape, runs: int, target: str) -> Row:
    readers = (OURS, BARE, *_peers())
    with closing(Served(shape, latency=0.15)) as served:
        taken = _take_turns(served, runs, readers)
    seconds = {reader: [run.seconds for run in taken[reader]] for reader in readers}
    ratio = median(seconds[OURS]) / median(seconds[BARE])
    categories = "ten equal categories" if shape.in_one == 0.1 else "90 % in one of ten categories"
    return Row(
        f"first sync of {_size(shape)}, {categories}, 150 ms a request",
        target,
        f"**{_spread(seconds[OURS])}** = {ratio:.2f} × the bare loop",
        _spread(seconds[BARE]),
        f"{_spread(seconds[PEER])}, one locale of five" if PEER in readers else "not installed",
    )


def throughput(runs: int) -> list[Row]:
    """Measure what a further record takes: two sizes, as readers differ in when they begin."""
    small, large = (Shape(articles, locales=5, body=5000) for articles in (1000, 9000))
    readers = (OURS, BARE, *_peers())
    with closing(Served(small)) as served:
        begun = _take_turns(served, runs, readers)
    with closing(Served(large)) as served:
        ended = _take_turns(served, runs, readers)

    def rate(reader: Reader) -> float:
        records = ended[reader][0].records - begun[reader][0].records
        seconds = [median(run.seconds for run in runs[reader]) for runs in (begun, ended)]
        return records / (seconds[1] - seconds[0])

    return [
        Row(
            f"records a second after start-up: {large.variants:,} less {small.variants:,} records, "
            f"over the difference of their medians; bodies of 5 KB, no latency",
            "≥ 1.0 × the bare loop",
            f"**{rate(OURS):,.0f}** = {rate(OURS) / rate(BARE):.2f} × the bare loop",
            f"{rate(BARE):,.0f}",
            f"{rate(PEER):,.0f}, of one locale" if PEER in readers else "not installed",
        )
    ]


def markdown(runs: int) -> list[Row]:
    """Measure what it takes to make Markdown of each body: a further reader of the same."""
    rows = []
    for latency in (0.0, 0.15):
        shape = Shape(articles=3000, locales=5, body=5000)
        with closing(Served(shape, latency=latency)) as served:
            taken = _take_turns(served, runs, (OURS, MARKDOWN))
        seconds = {reader: [run.seconds for run in runs] for reader, runs in taken.items()}
        peaks = {reader: max(run.peak for run in runs) for reader, runs in taken.items()}
        ratio = median(seconds[MARKDOWN]) / median(seconds[OURS])
        each = f"{latency * 1000:.0f} ms a request" if latency else "no latency"
        rows.append(
            Row(
                f"first sync of {_size(shape)}, {each}, with `body_markdown`; without it takes "
                f"{_spread(seconds[OURS])} and {peaks[OURS] / _MEGABYTE:.0f} MB",
                "",
                f"**{_spread(seconds[MARKDOWN])}** = {ratio:.2f} × without, "
                f"{peaks[MARKDOWN] / _MEGABYTE:.0f} MB",
            )
        )
    return rows


def growth(runs: int) -> list[Row]:
    """Measure ever larger Help Centers, up to Zendesk's limit, and plot what they take."""
    taken: dict[int, dict[Reader, list[Run]]] = {}
    for articles in (100, 300, 1000, 3000, 10_000, 20_000, 40_000):
        shape = Shape(articles, locales=10, body=1000)
        with closing(Served(shape)) as served:
            taken[shape.variants] = _take_turns(served, min(runs, _LONG), (OURS, BARE))
    # In a process of its own: what this one holds counts into the peak of each later command.
    plotting = multiprocessing.get_context("spawn").Process(target=_plot, args=(taken,))
    plotting.start()
    plotting.join()
    if plotting.exitcode:
        raise RuntimeError("the plot could not be drawn")

    def seconds(variants: int, reader: Reader) -> str:
        return _spread([run.seconds for run in taken[variants][reader]])

    def peak(reader: Reader) -> str:
        return f"{max(run.peak for run in taken[400_000][reader]) / _MEGABYTE:.0f} MB"

    last = taken[400_000][OURS][-1]
    what = "40,000 articles × 10 locales, bodies of 1 KB, no latency"
    return [
        Row(f"{what}: time", "completes", f"**{seconds(400_000, OURS)}**", seconds(400_000, BARE)),
        *(
            Row(
                f"{articles:,} articles × 10 locales: time",
                "in proportion",
                seconds(articles * 10, OURS),
                seconds(articles * 10, BARE),
            )
            for articles in (20_000, 10_000)
        ),
        Row(f"{what}: peak memory", "≤ 220 MB", f"**{peak(OURS)}**", peak(BARE)),
        Row(
            f"{what}: state",
            "≤ 0.8 MB, ≤ 100 states",
            f"**{last.state_size / _MEGABYTE:.2f} MB, {last.states} states**",
            "none",
        ),
    ]


def rate_limit(_: int) -> list[Row]:
    """Measure a first sync that the rate limit holds up. Once: a run is a minute of waiting."""
    limit = 400
    shape = Shape(articles=40_000, locales=2, body=1000)
    with closing(Served(shape, rate_limit=limit)) as served:
        served.begin_minute()
        run = _read(OURS, served)
    # The minute began with the process. Beside the pages, one request at least proves the reader.
    needed = shape.articles // _PAGE + 1
    allowed = 60 * (math.ceil(needed / limit) - 1)
    return [
        Row(
            f"first sync of {_size(shape)}, {limit} requests a minute",
            f"≤ 1.25 × the {allowed} s that the limit allows",
            f"**{run.seconds:.1f} s** = {run.seconds / allowed:.2f} × {allowed} s, one run",
        )
    ]


def idle(_: int) -> list[Row]:
    """Count what a sync takes that finds nothing."""
    target = "2 requests, 0 records"
    return [_second_sync(1000, 0, "nothing changed", target)]


def changed(_: int, *, articles: int = 1000, edits: int = 150) -> list[Row]:
    """Count what a sync takes that finds some articles changed, all stamped."""
    target = f"{math.ceil(edits / _PAGE) + 2} requests, {edits * 5} records"
    return [_second_sync(articles, edits, f"{edits} articles changed", target)]


def _second_sync(articles: int, edits: int, what: str, target: str) -> Row:
    reached = {}
    for reader in (OURS, BARE, *_peers()):
        with closing(Served(Shape(articles, locales=5, body=1000))) as served:
            first = _read(reader, served)
            if edits:
                served.edit(edits)
            run = _read(reader, served, first.state)
        requests = "1 request" if run.requests == 1 else f"{run.requests} requests"
        records = "1 record" if run.records == 1 else f"{run.records:,} records"
        reached[reader] = f"{requests}, {records}"
    return Row(
        f"second sync of {articles:,} articles × 5 locales: {what}",
        target,
        f"**{reached[OURS]}**",
        reached[BARE],
        f"{reached[PEER]}, one locale of five" if PEER in reached else "not installed",
    )


def start_up(runs: int) -> list[Row]:
    """Measure what the connector adds to the framework's own start."""
    imported, told = [], []
    for _ in range(2 * runs):
        imported.append(_measure((sys.executable, "-c", "import airbyte_cdk")).seconds)
        told.append(_measure((str(_SCRIPT), "spec")).seconds)
    ratio = median(told) / median(imported)
    return [
        Row(
            f"`spec`; `import airbyte_cdk` alone takes {_spread(imported)}",
            "≤ 1.1 × the import",
            f"**{_spread(told)}** = {ratio:.2f} × the import",
        )
    ]


def ceiling(runs: int) -> list[Row]:
    """Measure the emulator: what it gives to connections that only read bytes."""
    pages, connections = 50, 16
    shape = Shape(articles=pages * _PAGE, locales=5, body=2000)
    script = str(_HERE / "byte_reader.py")
    with closing(Served(shape)) as served, tempfile.TemporaryDirectory() as folder:
        _configure(served, Path(folder))
        command = (*_PYTHON, script, "config.json", str(pages), str(connections))
        texts = [_measure(command, served.environment, folder).text for _ in range(runs)]
    read = [json.loads(text) for text in texts]
    rate = median(pages * connections / run["seconds"] for run in read)
    speed = median(run["bytes"] / run["seconds"] for run in read) / _MEGABYTE
    return [
        Row(
            f"the emulator's own ceiling: {connections} connections that only read bytes, pages of "
            f"100 × 5 with bodies of 2 KB",
            "",
            f"{rate:,.0f} pages a second = {rate * 5 * _PAGE:,.0f} records = {speed:,.0f} MB",
        )
    ]


_ROWS: dict[str, Callable[[int], list[Row]]] = {
    "latency": latency,
    "one-category": one_category,
    "throughput": throughput,
    "markdown": markdown,
    "growth": growth,
    "rate-limit": rate_limit,
    "idle": idle,
    "changed": changed,
    "start-up": start_up,
    "ceiling": ceiling,
}


# ------------------------------------------------------------------------- how it is measured


def _peers() -> tuple[Reader, ...]:
    return (PEER,) if _PEER_PYTHON.with_name("source-zendesk-support").exists() else ()


def _take_turns(served: Served, runs: int, readers: Sequence[Reader]) -> dict[Reader, list[Run]]:
    """Have each reader read everything, so many times; those of every locale must get it all."""
    taken: dict[Reader, list[Run]] = {reader: [] for reader in readers}
    for _ in range(runs):
        for reader in readers:
            run = _read(reader, served)
            if reader.every_locale and run.records != served.shape.variants:
                raise RuntimeError(
                    f"{reader.name} emitted {run.records} records of {served.shape.variants}"
                )
            taken[reader].append(run)
    return taken


def _read(reader: Reader, served: Served, state: Any = None) -> Run:  # noqa: ANN401 -- a reader's own
    """Run a reader, from the beginning or, if it keeps one, from a state."""
    with tempfile.TemporaryDirectory() as folder:
        _configure(served, Path(folder))
        command = reader.command
        if state is not None:
            Path(folder, "state.json").write_text(json.dumps([state]))
            command = (*command, "--state", "state.json")
        served.take_requests()
        run = _measure(command, served.environment, folder)
    run = replace(run, requests=served.take_requests())
    sys.stderr.write(
        f"{served.shape}: {reader.name}: {run.seconds:.2f} s, {run.peak / _MEGABYTE:.0f} MB, "
        f"{run.requests} requests, {run.records} records, {run.states} states\n"
    )
    return run


def _configure(served: Served, folder: Path) -> None:
    """Write a configuration for each reader."""
    token = {"email": served.email, "api_token": served.api_token}
    ours = {"subdomain": "acme", "credentials": {"auth_type": "api_token", **token}}
    peer = {"subdomain": "acme", "credentials": {"credentials": "api_token", **token}}
    peer["start_date"] = "2020-01-01T00:00:00Z"
    markdown = {**ours, "body_markdown": True}
    for name, config in {"config": ours, "markdown": markdown, "peer": peer}.items():
        (folder / f"{name}.json").write_text(json.dumps(config))


def _measure(
    command: Sequence[str], environment: Mapping[str, str] | None = None, folder: str | None = None
) -> Run:
    """Run a command to its end, counting the lines of its output as they come."""
    records, states, last, other = 0, 0, b"", b""
    with tempfile.TemporaryFile() as complaints:
        started = time.perf_counter()
        with subprocess.Popen(  # noqa: S603 -- this project's own scripts, and the pinned peer
            command,
            env={**os.environ, **(environment or {})},
            cwd=folder,
            bufsize=_PIPE,
            stdout=subprocess.PIPE,
            stderr=complaints,
        ) as process:
            assert process.stdout is not None
            for line in process.stdout:
                if line.startswith(b'{"type":"RECORD"'):
                    records += 1
                elif line.startswith(b'{"type":"STATE"'):
                    states, last = states + 1, line
                else:
                    other += line
            _, status, used = os.wait4(process.pid, 0)
            seconds = time.perf_counter() - started
            process.returncode = os.waitstatus_to_exitcode(status)
        complaints.seek(0)
        if process.returncode:
            said = (other + complaints.read()).decode()[-3000:]
            raise RuntimeError(f"{command[0]} ended with {process.returncode}: {said}")
    return Run(
        seconds=seconds,
        # Linux counts in units of 1,024 bytes, macOS in bytes: getrusage(2).
        peak=used.ru_maxrss * (1 if sys.platform == "darwin" else 1024),
        records=records,
        states=states,
        state=json.loads(last)["state"] if last else None,
        state_size=len(last),
        text=other,
    )


# --------------------------------------------------------------------------- how it is shown


def _table(rows: list[Row], runs: int) -> str:
    """Return the results in Markdown, with where and how they came about."""
    cores = os.cpu_count()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    lines = [
        f"{datetime.now(UTC):%Y-%m-%d}, {cores} cores that readers and emulator share, "
        f"{memory:.0f} GB, {platform.system()}, Python {platform.python_version()}. Medians of "
        f"{runs} runs ({min(runs, _LONG)} with ten locales, {2 * runs} of `spec`), in turns, with "
        "(minimum–maximum); of peak memory the maximum.",
        "",
        "| what | target | this connector | the bare loop | Airbyte's own |",
        "| --- | --- | --- | --- | --- |",
        *(f"| {row.what} | {row.target} | {row.ours} | {row.bare} | {row.peer} |" for row in rows),
    ]
    return "\n".join([*(re.sub(" +", " ", line) for line in lines), ""])


def _size(shape: Shape) -> str:
    kilobytes = shape.body // 1000
    return f"{shape.articles:,} articles × {shape.locales} locales, bodies of {kilobytes} KB"


def _spread(seconds: Sequence[float]) -> str:
    return f"{median(seconds):.2f} s ({min(seconds):.2f}–{max(seconds):.2f})"


def _plot(taken: Mapping[int, Mapping[Reader, Sequence[Run]]]) -> None:
    """Draw time and peak memory against the number of variants, readable without colours."""
    # Only `make bench` installs it.
    import matplotlib as mpl  # noqa: PLC0415

    mpl.use("svg")
    # Text stays text, and the same figures give the same file.
    mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "benchmark", "font.size": 11})
    from matplotlib import pyplot as plt  # noqa: PLC0415

    figure, (time_axes, memory_axes) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    for reader, style in {OURS: "o-", BARE: "s--"}.items():
        color = "black" if reader is OURS else "gray"
        seconds = [median(run.seconds for run in runs[reader]) for runs in taken.values()]
        peaks = [median(run.peak for run in runs[reader]) / _MEGABYTE for runs in taken.values()]
        time_axes.loglog(list(taken), seconds, style, color=color, label=reader.name)
        memory_axes.loglog(list(taken), peaks, style, color=color, label=reader.name)
    time_axes.set(title="time of a first sync", ylabel="seconds")
    memory_axes.set(title="peak memory", ylabel="MB", ylim=(10, 1000))
    for axes in (time_axes, memory_axes):
        axes.set_xlabel("variants (articles × 10 locales, bodies of 1 KB)")
        axes.grid(visible=True, which="major", alpha=0.4)
        axes.yaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_minor_formatter("")
        axes.xaxis.set_major_formatter("{x:,.0f}")
        axes.legend()
    figure.savefig(_PLOT, metadata={"Date": None, "Creator": None})


if __name__ == "__main__":
    main()
