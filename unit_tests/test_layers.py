"""Data flows one way: each module imports only from those its data comes from."""

import ast
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "source_zendesk_articles"
# Left to right. `models` stands left of `client` because an answer is parsed while it can still be
# asked for again.
ORDER = [
    "config",
    "auth",
    "models",
    "errors",
    "client",
    "variants",
    "help_center",
    "records",
    "state",
    "sync",
    "stream",
    "source",
    "run",
]


def imports(module: str) -> set[str]:
    tree = ast.parse((PACKAGE / f"{module}.py").read_text())
    return {
        node.module.removeprefix(f"{PACKAGE.name}.")
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module and PACKAGE.name in node.module
    }


def test_each_module_imports_from_its_left_only() -> None:
    for place, module in enumerate(ORDER):
        assert imports(module) <= set(ORDER[:place]), module


def test_each_module_has_its_place() -> None:
    assert set(ORDER) == {path.stem for path in PACKAGE.glob("*.py")} - {"__init__"}


def test_only_the_client_speaks_http() -> None:
    speaks = {
        path.stem
        for path in PACKAGE.glob("*.py")
        if {"HttpClient", "Session"}
        & {
            getattr(node, "id", getattr(node, "attr", None))
            for node in ast.walk(ast.parse(path.read_text()))
        }
    }
    assert speaks == {"client"}
