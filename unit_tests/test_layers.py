"""Data flows one way: each module imports only from those its data comes from."""

import ast
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "source_zendesk_articles"
# Left to right. `models` stands left of `transport` because an answer is parsed while it can still
# be asked for again, and `auth` right of it because it fetches tokens.
ORDER = [
    "config",
    "instants",
    "models",
    "unreadable",
    "hierarchy",
    "markdown",
    "advice",
    "errors",
    "workers",
    "pace",
    "answers",
    "failures",
    "connections",
    "transport",
    "auth",
    "client",
    "variants",
    "scope",
    "help_center",
    "listing",
    "known",
    "records",
    "conversions",
    "changes",
    "state",
    "brands",
    "due",
    "stats",
    "outbox",
    "sync",
    "account",
    "stream",
    "source",
    "entrypoint",
    "run",
]


def imported(module: str) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse((PACKAGE / f"{module}.py").read_text())):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            names.add(node.module or "")
        elif isinstance(node, ast.Import):
            names.update(name.name for name in node.names)
    return names


def imports(module: str) -> set[str]:
    ours = f"{PACKAGE.name}."
    return {name.removeprefix(ours) for name in imported(module) if name.startswith(ours)}


def test_each_module_imports_from_its_left_only() -> None:
    for place, module in enumerate(ORDER):
        assert imports(module) <= set(ORDER[:place]), module


def test_each_module_has_its_place() -> None:
    assert set(ORDER) == {path.stem for path in PACKAGE.glob("*.py")} - {"__init__"}


def test_only_the_transport_sends() -> None:
    sending = {"requests", "airbyte_cdk.sources.streams.http", "http.client", "urllib.request"}
    assert ["transport"] == [module for module in ORDER if imported(module) & sending]
