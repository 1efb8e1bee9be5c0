"""`make demo`: the real connector reads an emulated Help Center that shows every case.

All that is printed comes from what the connector emitted, or from the emulator's request log.
"""

import argparse
import sys
import time
from collections import Counter
from pathlib import Path

import duckdb
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from integration_tests import destination
from integration_tests.connector import Message, Output, config, run_script
from integration_tests.truth import Key, truth
from integration_tests.zendesk_emulator import Article, HelpCenter, ZendeskEmulator, sample

_LOCALES = ("en-us", "de", "fr", "ja")
_WIDTH = 120
_DATABASE = Path("demo.duckdb")
_QUERY = "SELECT id, locale, title FROM articles WHERE visibility = 'public'"


def main() -> None:
    """Run the demo; what was read stays in the file that `--database` names."""
    parser = argparse.ArgumentParser(prog="python -m integration_tests.demo")
    parser.add_argument("--database", type=Path, default=_DATABASE)
    database: Path = parser.parse_args().database
    if database == _DATABASE:
        database.unlink(missing_ok=True)
    elif database.exists():
        parser.error(f"{database} is there already")
    console = Console(highlight=False, soft_wrap=True)
    if not console.is_terminal:
        console.width = _WIDTH
    console.print(
        "\n[bold]source-zendesk-articles[/] reads a Help Center: the real connector, through its "
        "console script,\nagainst an emulated Zendesk account on this machine."
    )
    with ZendeskEmulator() as zendesk:
        sample.furnish(zendesk.account.help_center())
        _spec(console, zendesk)
        _check(console, zendesk)
        stream = _discover(console, zendesk)
        _read(console, zendesk, stream, database)
        equal = _result(console, zendesk.account.help_center(), database)
    sys.exit(0 if equal else 1)


def _spec(console: Console, zendesk: ZendeskEmulator) -> None:
    _title(console, "spec", "what a user fills in")
    (spec,) = run_script(zendesk, "spec").of("SPEC")
    form = spec["connectionSpecification"]
    for name, field in form["properties"].items():
        needed = "required" if name in form["required"] else "optional"
        console.print(f"  {name:<14} {field['title']} ({needed})")


def _check(console: Console, zendesk: ZendeskEmulator) -> None:
    _title(console, "check", "does it work, and what is there?")
    _log(console, run_script(zendesk, "check", config(zendesk)))


def _discover(console: Console, zendesk: ZendeskEmulator) -> Message:
    _title(console, "discover", "what comes out")
    (catalog,) = run_script(zendesk, "discover", config(zendesk)).of("CATALOG")
    stream: Message
    (stream,) = catalog["streams"]
    key = " + ".join(".".join(path) for path in stream["source_defined_primary_key"])
    console.print(
        f"  one stream, `{stream['name']}`: {len(stream['json_schema']['properties'])} fields, "
        f"key {key}, cursor {'.'.join(stream['default_cursor_field'])}, "
        f"{' or '.join(stream['supported_sync_modes'])}"
    )
    return stream


def _read(console: Console, zendesk: ZendeskEmulator, stream: Message, database: Path) -> None:
    _title(console, "read", "a first sync")
    zendesk.forget_requests()
    started = time.monotonic()
    output = run_script(zendesk, "read", config(zendesk))
    seconds = time.monotonic() - started
    destination.write(database, stream["json_schema"], output.records)
    _log(console, output)
    console.print()
    console.print(_table(zendesk.account.help_center(), database), soft_wrap=False)
    for article in zendesk.account.help_center().archived_articles:
        console.print(f"  “{_title_of(article)}” is archived: Zendesk lists it no longer.")

    _title(console, "cost", "what Zendesk was asked")
    asked = Counter((request.path, request.credential) for request in zendesk.requests)
    for (path, credential), times in asked.items():
        signed = "as a visitor, without credentials" if credential == "none" else "signed in"
        console.print(f"  {times} × GET {path}, {signed}")
    console.print(
        f"  {len(zendesk.requests)} requests, {len(output.records)} records and "
        f"{len(output.states)} state in {seconds:.1f} s, most of it the start of Python."
    )


def _result(console: Console, help_center: HelpCenter, database: Path) -> bool:
    _title(console, "result", str(database))
    equal = _held(database) == {
        key: (row["title"], row["body"], row["visibility"], row["visibility_reason"])
        for key, row in truth(help_center).items()
    }
    verdict = "[green]equals[/]" if equal else "[red]differs from[/]"
    console.print(
        f"  The table `articles` of {database}, loaded as append + dedup, {verdict} the Help "
        "Center: every row was compared."
    )
    console.print("  Ask it what customers may read:\n")
    command = f".venv/bin/python -c \"import duckdb; duckdb.connect('{database}').sql("
    console.print(f'    {command}\\"{_QUERY}\\").show()"\n', markup=False)
    return equal


def _table(help_center: HelpCenter, database: Path) -> Table:
    """Draw what the destination holds, article by locale, and what was left out of it."""
    held = _held(database)
    table = Table("article", *_LOCALES, show_lines=True)
    for article in help_center.articles:
        cells = [_cell(article, locale, held) for locale in _LOCALES]
        table.add_row(str(article.id), *cells)
    return table


def _cell(article: Article, locale: str, held: dict[Key, tuple[str, ...]]) -> str:
    if (article.id, locale) in held:
        title, _, visibility, reason = held[article.id, locale]
        tag = "[green]public[/]" if visibility == "public" else f"[yellow]internal: {reason}[/]"
        return f"{escape(title)}\n{tag}"
    if locale in article.translations:
        return f"[dim]{escape(article.translations[locale].title)}\nleft out: outdated[/]"
    return "[dim]—[/]"


def _held(database: Path) -> dict[Key, tuple[str, ...]]:
    with duckdb.connect(database, read_only=True) as connection:
        found = connection.execute(
            "SELECT id, locale, title, body, visibility, visibility_reason FROM articles"
        ).fetchall()
    return {(row[0], row[1]): tuple(row[2:]) for row in found}


def _title_of(article: Article) -> str:
    return article.translations[article.source_locale].title


def _title(console: Console, command: str, question: str) -> None:
    console.print(f"\n[bold cyan]{command}[/] [dim]{escape(question)}[/]")


def _log(console: Console, output: Output) -> None:
    """Print what the connector itself has to say; the framework's own lines are left out."""
    for line in output.logs.splitlines():
        level, _, message = line.partition(" ")
        if message.startswith(("Zendesk", "Help Center")) or level == "WARN":
            console.print(f"  {level} {message}", markup=False)


if __name__ == "__main__":
    main()
