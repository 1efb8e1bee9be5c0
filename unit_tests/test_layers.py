"""Data flows one way: a module imports only from the rooms before its own."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "source_zendesk_articles"
ROOMS = "config < zendesk < articles < memory < sync < stream, check < source < entrypoint < run"

FLOORS = [set(floor.split(", ")) for floor in ROOMS.split(" < ")]
MODULES = sorted(str(path.relative_to(PACKAGE)) for path in PACKAGE.rglob("*.py"))
# What makes a request. `auth` and `connections` only import the classes that they extend.
SENDING = {"requests", "airbyte_cdk.sources.streams.http", "http.client", "urllib.request"}


def imported(module: str) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse((PACKAGE / module).read_text())):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            names.add(node.module or "")
        elif isinstance(node, ast.Import):
            names.update(name.name for name in node.names)
    return names


def room(module: str) -> str:
    return Path(module).parts[0].removesuffix(".py")


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_only_from_its_own_room_and_those_before(module: str) -> None:
    ours = {name.split(".")[1] for name in imported(module) if name.startswith(f"{PACKAGE.name}.")}
    if module == "__init__.py":
        assert ours == {"source"}  # if it is asked for: see `test_package`
        return
    (place,) = (number for number, floor in enumerate(FLOORS) if room(module) in floor)
    own_room = {room(module)} if "/" in module else set()
    assert ours <= own_room.union(*FLOORS[:place])


def test_only_the_transport_sends() -> None:
    assert ["zendesk/transport.py"] == [module for module in MODULES if imported(module) & SENDING]
