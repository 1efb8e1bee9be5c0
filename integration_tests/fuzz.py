"""`make fuzz`: search at random for what breaks a property, for as long as it is told.

Each round tries every property with a seed of its own, as many rounds at once as there are
processors. A difference is printed with what to add to its file, so that every commit is held to
it from then on.
"""

import argparse
import os
import re
import secrets
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock
from typing import Final

ROOT: Final = Path(__file__).parent.parent
# Of each property in a round: so many that the start of its process does not count.
EXAMPLES: Final = 50
# As Hypothesis prints it, among what pytest marks as an error's.
_FOUND: Final = re.compile(
    r"^E   Failing test case: (.*(?:\nE   (?!\s*$|You can ).*)*)", re.MULTILINE
)
_MACHINE: Final = "<state machine>"


def main() -> None:
    """Search, and end with 1 if anything was found."""
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60, help="no round begins after these")
    parser.add_argument("--examples", type=int, help="of each property, whatever time they take")
    parser.add_argument("--only", default="", help="of the names of tests, as pytest's -k")
    options = parser.parse_args()
    rounds = _rounds(options.seconds, options.examples)
    taking, printing = Lock(), Lock()

    def search() -> bool:
        holds = True
        while True:
            with taking:
                examples = next(rounds, None)
            if examples is None:
                return holds
            done, told = _run(secrets.randbelow(2**32), examples, options.only)
            with printing:
                sys.stdout.write(told)
                sys.stdout.flush()
            holds = holds and done

    processors = os.cpu_count() or 1
    with ThreadPoolExecutor(processors) as pool:
        searches = [pool.submit(search) for _ in range(processors)]
    sys.exit(0 if all(found.result() for found in searches) else 1)


def _rounds(seconds: float, examples: int | None) -> Iterator[int]:
    """Yield the number of examples of each round."""
    if examples is not None:
        yield from (min(EXAMPLES, left) for left in range(examples, 0, -EXAMPLES))
        return
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield EXAMPLES


def _run(seed: int, examples: int, only: str) -> tuple[bool, str]:
    """Run a round; return whether every property held, and what there is to be said of it."""
    arguments = ["-m", "hypothesis", "--hypothesis-profile=fuzz", f"--hypothesis-seed={seed}"]
    command = [sys.executable, "-m", "pytest", *arguments, "-k", only, "-q", "--tb=short"]
    # Shrinking takes its time.
    command += ["--timeout=0", "-p", "no:cacheprovider"]
    done = subprocess.run(  # noqa: S603 -- this project's own tests
        command,
        cwd=ROOT,
        env={**os.environ, "EXAMPLES": str(examples)},
        capture_output=True,
        text=True,
        check=False,
    )
    summary = done.stdout.strip().rpartition("\n")[2]
    line = f"Seed {seed}, {examples} examples of each property: {summary}\n"
    if done.returncode == 0:
        return True, line
    return False, "\n".join([line, done.stdout, done.stderr, *found(done.stdout)])


def found(printed: str) -> list[str]:
    """Return what to add for each failing test case, as Hypothesis and pytest print it."""
    return [
        _snippet([line.removeprefix("E   ") for line in case.split("\n")])
        for case in _FOUND.findall(printed)
    ]


def _snippet(case: list[str]) -> str:
    head, *rest = case
    if head != _MACHINE:
        name = head.partition("(")[0]
        added = head.replace(f"{name}(", "@example(", 1)
        return "\n".join([f"# Add this above `{name}`, below its `@given`:", added, *rest, ""])
    made, *history, _ = rest
    machine = made.removeprefix("state = ").removesuffix("()")
    return "\n".join(
        [
            f"# Add this below `{machine}`, with a name that says what goes wrong:",
            "def test_…() -> None:",
            f"    with history({machine}()) as state:",
            textwrap.indent("\n".join(history), " " * 8),
            "",
        ]
    )


if __name__ == "__main__":
    main()
