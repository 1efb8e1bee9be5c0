"""The wheel and the image have the connector and nothing else, and say the same of it."""

import re
import subprocess
import sys
import tomllib
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from poetry.core.masonry.api import build_wheel

import source_zendesk_articles
from integration_tests.licences import documented, label, licence, locked
from source_zendesk_articles.source import SourceZendeskArticles

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["poetry"]
METADATA = yaml.safe_load((ROOT / "metadata.yaml").read_text())["data"]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
# What takes a second to import, and the script does not need before it listens to signals.
SLOW = ("airbyte_cdk", "source_zendesk_articles.source")


def test_the_wheel_has_the_package_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    name = f"source_zendesk_articles-{PROJECT['version']}"
    with zipfile.ZipFile(tmp_path / build_wheel(str(tmp_path))) as wheel:
        built = set(wheel.namelist())
    sources = (ROOT / "source_zendesk_articles").rglob("*.*")
    package = {str(path.relative_to(ROOT)) for path in sources if path.suffix != ".pyc"}
    of_wheel = ("METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE")
    assert package | {f"{name}.dist-info/{file}" for file in of_wheel} == built
    # What type checkers look for: https://peps.python.org/pep-0561/
    assert "source_zendesk_articles/py.typed" in built


def test_the_package_has_the_source_that_airbytes_command_looks_for() -> None:
    assert SourceZendeskArticles is source_zendesk_articles.SourceZendeskArticles
    assert not hasattr(source_zendesk_articles, "SourceZendesk")


def test_the_package_imports_the_source_only_if_it_is_asked_for() -> None:
    imports = (
        f"import sys, source_zendesk_articles; sys.exit(not {set(SLOW)}.isdisjoint(sys.modules))"
    )
    subprocess.run([sys.executable, "-c", imports], check=True)  # noqa: S603 -- of this environment


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


def test_the_licences_are_those_of_the_packages_that_the_image_installs() -> None:
    listed = documented()
    assert list(locked()) == [(each.package, each.version) for each in listed], "make licences"
    # With another Python another version may be installed here than in the image.
    here = [each for each in listed if each.version == metadata.version(each.package)]
    assert len(here) > 0.9 * len(listed)
    assert [each.licence for each in here] == [licence(each.package) for each in here]


def test_the_image_is_labelled_with_the_licences_of_all_that_it_contains() -> None:
    labels = re.findall(r'org\.opencontainers\.image\.licenses="(.*)"', DOCKERFILE)
    assert [label(documented())] == labels
