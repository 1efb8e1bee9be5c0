"""`airbyte-cdk connector test` passes, as a maintainer runs it in the connector's folder."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COMMAND = Path(sys.executable).with_name("airbyte-cdk")


@pytest.mark.usefixtures("served")
def test_airbytes_command_finds_the_source_and_its_tests_pass(tmp_path: Path) -> None:
    # The command takes the connector's name from the folder's, and writes files into it.
    ignored = shutil.ignore_patterns(".*", "__pycache__")
    folder = shutil.copytree(ROOT, tmp_path / "source-zendesk-articles", ignore=ignored)
    arguments = ["connector", "test", "--pytest-arg=-m", "--pytest-arg=not image_tests"]
    run = subprocess.run(  # noqa: S603 -- of this environment
        [COMMAND, *arguments],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout
    # Not all of them skipped.
    assert re.search(r"^=+ \d+ passed, ", run.stdout, re.MULTILINE), run.stdout
