"""The version, the licence and the hosts are said in more than one file, and the same."""

import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["poetry"]
METADATA = yaml.safe_load((ROOT / "metadata.yaml").read_text())["data"]


def test_the_metadata_is_of_this_version() -> None:
    assert PROJECT["version"] == METADATA["dockerImageTag"]
    assert f"## {PROJECT['version']} (" in (ROOT / "CHANGELOG.md").read_text()


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
