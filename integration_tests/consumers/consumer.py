"""Runs a script of this folder in the environment that `make e2e` sets up for consumers."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_HERE = Path(__file__).parent
_BIN = _HERE.parents[1] / ".venv-e2e" / "bin"
# Where only Python 3.13 is, it could not be installed.
HAS_PYAIRBYTE = (_BIN / "pyairbyte").exists()

# Writes a line to the script, and returns the line of JSON that it answers with.
Ask = Callable[[object], Any]


@contextmanager
def consumer(
    script: str, *arguments: Path, folder: Path, environment: Mapping[str, str] | None = None
) -> Iterator[Ask]:
    """Start a script, which leaves its logs in the folder; let it be asked; end it.

    One process for all syncs: to import PyAirbyte takes longer than three syncs.
    """
    complaints = folder / "stderr"
    with (
        complaints.open("wb") as stderr,
        subprocess.Popen(  # noqa: S603 -- a script of this folder
            [_BIN / "python", _HERE / script, *arguments],
            cwd=folder,
            env={**os.environ, **(environment or {}), "HOME": str(folder), "TMPDIR": str(folder)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            encoding="utf-8",
        ) as process,
    ):

        def ask(line: object) -> Any:  # noqa: ANN401 -- as the script answers
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(f"{line}\n")
            process.stdin.flush()
            answer = process.stdout.readline()
            assert answer, complaints.read_text()
            return json.loads(answer)

        try:
            yield ask
        finally:
            process.kill()
