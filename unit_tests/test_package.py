"""The wheel and the image have the connector and nothing else, and say the same of it."""

import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["poetry"]
METADATA = yaml.safe_load((ROOT / "metadata.yaml").read_text())["data"]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
BUILD = "from poetry.core.masonry.api import build_wheel; build_wheel('.')"


def test_the_wheel_has_the_package_and_nothing_else(tmp_path: Path) -> None:
    tree = shutil.copytree(ROOT, tmp_path / "tree", ignore=shutil.ignore_patterns(".*"))
    subprocess.run([sys.executable, "-c", BUILD], cwd=tree, check=True)  # noqa: S603 -- as pip does
    name = f"source_zendesk_articles-{PROJECT['version']}"
    with zipfile.ZipFile(tree / f"{name}-py3-none-any.whl") as wheel:
        built = set(wheel.namelist())
    sources = (ROOT / "source_zendesk_articles").rglob("*.*")
    package = {str(path.relative_to(ROOT)) for path in sources if path.suffix != ".pyc"}
    of_wheel = ("METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE")
    assert package | {f"{name}.dist-info/{file}" for file in of_wheel} == built


def test_the_image_is_built_on_the_base_that_the_metadata_names() -> None:
    base = METADATA["connectorBuildOptions"]["baseImage"]
    assert [base] == re.findall(r"^ARG BASE_IMAGE=(.*)$", DOCKERFILE, re.MULTILINE)
    assert re.fullmatch(r"airbyte/python-connector-base:[\d.]+@sha256:[0-9a-f]{64}", base)


def test_the_build_gets_what_the_dockerfile_copies_and_nothing_else() -> None:
    everything, *rules = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" == everything
    copied = re.findall(r"^COPY (?!--from)(.*) \S+$", DOCKERFILE, re.MULTILINE)
    allowed = [rule.removeprefix("!") for rule in rules if rule.startswith("!")]
    assert sorted(name for names in copied for name in names.split()) == sorted(allowed)


def test_what_builds_the_image_is_pinned_as_here() -> None:
    locks = [
        (ROOT / name).read_text() for name in ("requirements-build.txt", "requirements-dev.txt")
    ]
    built, here = (re.findall(r"^poetry-core==.*(?:\\\n.*)+", lock, re.MULTILINE) for lock in locks)
    assert here == built
