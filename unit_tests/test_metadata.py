"""The metadata is what Airbyte's tools take; what more than one file says is the same in each."""

import os
import re
import tomllib
from pathlib import Path
from xml.etree import ElementTree as ET

import yaml
from airbyte_connector_models.metadata.v0.connector_metadata_definition_v0 import (
    ConnectorMetadataDefinitionV0,
)

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["poetry"]
WRITTEN = yaml.safe_load((ROOT / "metadata.yaml").read_text())
METADATA = WRITTEN["data"]
MAKEFILE = (ROOT / "Makefile").read_text()
TARGETS = re.findall(r"^([a-z][a-z0-9-]*):", MAKEFILE, re.MULTILINE)
HELP = dict(re.findall(r'@echo "(?:make )?(\S+) +(\d+ \w+) ', MAKEFILE))


def test_the_metadata_is_of_airbytes_model() -> None:
    # The model refuses fields that it does not know, so all that is written is read.
    assert METADATA["name"] == ConnectorMetadataDefinitionV0.model_validate(WRITTEN).data.name


def test_the_version_is_pyprojects() -> None:
    latest, *_ = re.findall(r"^## (\S+) \(", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert PROJECT["version"] == METADATA["dockerImageTag"] == latest


def test_no_other_file_names_the_version() -> None:
    package = (ROOT / "source_zendesk_articles").rglob("*.*")
    others = [ROOT / "README.md", ROOT / "Makefile", *package]
    texts = {path: path.read_text() for path in others if "__pycache__" not in path.parts}
    assert [] == [path for path, text in texts.items() if PROJECT["version"] in text]


def test_the_icon_is_a_square_drawing() -> None:
    drawn = ET.parse(ROOT / METADATA["icon"]).getroot()  # noqa: S314 -- our own
    assert "{http://www.w3.org/2000/svg}svg" == drawn.tag
    _, _, width, height = drawn.attrib["viewBox"].split()
    assert width == height


def test_the_metadata_names_this_package_and_its_licence() -> None:
    assert PROJECT["name"] == METADATA["remoteRegistries"]["pypi"]["packageName"]
    assert PROJECT["license"] == METADATA["license"]


def test_the_connector_is_allowed_to_speak_to_zendesk_only() -> None:
    assert {"hosts": ["*.zendesk.com"]} == METADATA["allowedHosts"]


def test_the_locks_name_no_address_and_hash_everything() -> None:
    for lock in ("requirements.txt", "requirements-dev.txt"):
        text = (ROOT / lock).read_text()
        assert "://" not in text
        assert "--index" not in text
        pinned = [line for line in text.splitlines() if "==" in line]
        assert pinned
        assert all(line.endswith("\\") for line in pinned), "a version without a hash"


def test_the_hooks_are_targets_of_make_and_download_nothing() -> None:
    written = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
    assert ["local"] == [each["repo"] for each in written["repos"]]
    entries = [hook["entry"] for each in written["repos"] for hook in each["hooks"]]
    assert entries
    assert {f"make {target}" for target in TARGETS} >= set(entries)


def test_the_workflow_calls_what_ci_runs_on_each_python_of_the_package() -> None:
    written = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())
    (job,) = written["jobs"].values()
    assert [".ci/run"] == [step["run"] for step in job["steps"] if "run" in step]
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    # The first and the one after the last.
    first, end = re.findall(r"3\.(\d+)", PROJECT["dependencies"]["python"])
    pythons = [f"3.{minor}" for minor in range(int(first), int(end))]
    assert pythons == job["strategy"]["matrix"]["python"]
    assert f"(3, {first}) <= sys.version_info < (3, {end})" in MAKEFILE


def test_each_target_has_a_line_of_help_with_its_time() -> None:
    (phony,) = re.findall(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)
    assert set(TARGETS) == set(phony.split())
    # What only other targets and `.ci/run` call has none.
    assert set(TARGETS) - {"help", "environments"} == set(HELP) - {".ci/run"}


def test_the_times_in_contributing_are_those_of_the_help() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text()
    rows = re.findall(r"^\| ((?:`[^`]+`(?:, )?)+) \| ([^|]+) \|", text, re.MULTILINE)
    named = [
        (target.removeprefix("make "), time)
        for targets, times in rows
        for target, time in zip(re.findall(r"`(.+?)`", targets), times.split(", "), strict=True)
    ]
    assert named
    assert [(target, HELP[target]) for target, _ in named] == named
