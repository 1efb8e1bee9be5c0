"""`make demo`: the real connector reads an emulated Help Center that shows every case.

First all of it, then what changed: all that is printed comes from what the connector emitted, from
what the destination holds, or from the emulator.
"""

import argparse
import re
import sys
import textwrap
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

import duckdb
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from integration_tests import destination
from integration_tests.connector import Message, Output, config_with, run_script
from integration_tests.credentials import of_client
from integration_tests.truth import Key, Row, as_markdown, key_of, truth
from integration_tests.zendesk_emulator import (
    Article,
    HelpCenter,
    LoggedRequest,
    ZendeskEmulator,
    sample,
)

_LOCALES = ("en-us", "de", "fr", "ja")
_WIDTH = 120
_DATABASE = Path("demo.duckdb")
_QUERY = "SELECT id, locale, title FROM articles WHERE visibility = 'public'"
_HOUR = 3600
# Told in a column, or by a hash, of their own.
_TOLD_APART = {
    *("title", "body", "body_markdown", "content_hash"),
    *("visibility", "visibility_reason"),
}

# What somebody does in Guide, to which articles, and how the emulator does it.
_EDITS: tuple[tuple[str, tuple[str, ...], Callable[[HelpCenter, Article], None]], ...] = (
    (
        "new text in en-us",
        ("Where is my order?",),
        lambda guide, article: guide.change_translation(
            article, "en-us", body="<p>Look into <b>Your account</b>.</p>"
        ),
    ),
    (
        "restricted to a user segment",
        ("Return it",),
        lambda guide, article: guide.change(article, user_segment_id=sample.SEGMENT),
    ),
    (
        "labelled by a bulk edit",
        ("Gift cards", "Nur für Deutschland"),
        lambda guide, article: guide.change(article, stamped=False, label_names=["autumn"]),
    ),
    (
        "translation to de marked as outdated",
        ("Paying by invoice",),
        lambda guide, article: guide.change_translation(article, "de", outdated=True),
    ),
    (
        "archived",
        ("Partner prices",),
        lambda guide, article: guide.archive(article),
    ),
)


@dataclass
class _Sync:
    """One run of `read`, and what it took. `before` is what the destination held until then."""

    output: Output
    requests: list[LoggedRequest]
    token_requests: int
    seconds: float
    before: dict[Key, Row]


def main() -> None:
    """Run the demo; what was read stays in the file that `--database` names."""
    parser = argparse.ArgumentParser(prog="python -m integration_tests.demo")
    parser.add_argument("--database", type=Path, default=_DATABASE)
    parser.add_argument("--svg", type=Path, help="draw the edits and the second sync into this")
    options = parser.parse_args()
    database: Path = options.database
    picture: Path | None = options.svg
    if database == _DATABASE:
        database.unlink(missing_ok=True)
    elif database.exists():
        parser.error(f"{database} is there already")
    console = Console(highlight=False, soft_wrap=True, record=picture is not None)
    if picture or not console.is_terminal:
        console.width = _WIDTH
    console.print(
        "\n[bold]source-zendesk-articles[/] reads a Help Center: the real connector, through its "
        "console script,\nagainst an emulated Zendesk account on this machine."
    )
    with ZendeskEmulator() as zendesk:
        sample.furnish(zendesk.account.help_center())
        configuration = config_with(zendesk, of_client, body_markdown=True)
        holds = _show(console, zendesk, configuration, database, picture)
    sys.exit(0 if holds else 1)


def _show(
    console: Console,
    zendesk: ZendeskEmulator,
    configuration: Message,
    database: Path,
    picture: Path | None,
) -> bool:
    """Print everything; return whether all of it is as the connector promises."""
    help_center = zendesk.account.help_center()
    _spec(console, zendesk)
    checked = _check(console, zendesk, configuration)
    stream = _discover(console, zendesk, configuration)
    read = partial(_read, zendesk, configuration, stream, database)

    _title(console, "read", "a first sync")
    first = read()
    _log(console, first.output, checked)
    _print_table(console, _table(help_center, database))
    for article in help_center.archived_articles:
        console.print(f"  “{_title_of(article)}” is archived: Zendesk lists it no longer.")
    equal_at_first = _equals(console, help_center, database)
    _embed(console, first.output.records)
    _cost(console, first)

    zendesk.clock.advance(_HOUR)
    if picture:
        console.export_text()  # drops what was recorded so far
    touched = _edit(console, help_center)
    zendesk.clock.advance(_HOUR)
    _title(console, "read", "a second sync, from the state of the first: what changed, and why")
    second = read(first)
    _log(console, second.output, checked)
    exact = _changes(console, second, touched)
    if picture:
        _draw(console, picture)

    zendesk.clock.advance(_HOUR)
    _title(console, "read", "a third sync, from the state of the second: nothing happened between")
    third = read(second)
    _log(console, third.output, checked, second.output)
    _compare(console, {"first": first, "second": second, "third, idle": third})
    _title(console, "result", str(database))
    equal_at_last = _equals(console, help_center, database)
    _invite(console, database)
    return equal_at_first and exact and not third.output.records and equal_at_last


def _draw(console: Console, picture: Path) -> None:
    """Draw what was recorded, without the fonts that would be loaded from elsewhere."""
    drawn = console.export_svg(title="make demo", unique_id="demo")
    picture.write_text(re.sub(r"@font-face \{.*?\}\s*", "", drawn, flags=re.DOTALL))


def _spec(console: Console, zendesk: ZendeskEmulator) -> None:
    _title(console, "spec", "what a user fills in")
    (spec,) = run_script(zendesk, "spec").of("SPEC")
    form = spec["connectionSpecification"]
    width = max(map(len, form["properties"]))
    for name, field in form["properties"].items():
        needed = "required" if name in form["required"] else "optional"
        console.print(f"  {name:<{width}}  {needed}  {field['title']}")
        for choice in field.get("oneOf", []):
            console.print(f"  {'':<{width}}              · {choice['title']}")


def _check(console: Console, zendesk: ZendeskEmulator, configuration: Message) -> Output:
    _title(console, "check", "does it work, and what is there? Here with an OAuth client")
    output = run_script(zendesk, "check", configuration)
    _log(console, output)
    return output


def _discover(console: Console, zendesk: ZendeskEmulator, configuration: Message) -> Message:
    _title(console, "discover", "what comes out")
    (catalog,) = run_script(zendesk, "discover", configuration).of("CATALOG")
    stream: Message
    (stream,) = catalog["streams"]
    key = " + ".join(".".join(path) for path in stream["source_defined_primary_key"])
    console.print(
        f"  one stream, `{stream['name']}`: {len(stream['json_schema']['properties'])} fields, "
        f"key {key}, cursor {'.'.join(stream['default_cursor_field'])}, "
        f"{' or '.join(stream['supported_sync_modes'])}"
    )
    return stream


def _read(
    zendesk: ZendeskEmulator,
    configuration: Message,
    stream: Message,
    database: Path,
    last: _Sync | None = None,
) -> _Sync:
    """Sync into the destination, from the last state of the `last` sync."""
    before = _held(database) if last else {}
    zendesk.forget_requests()
    started = time.monotonic()
    state = last.output.states[-1] if last else None
    output = run_script(zendesk, "read", configuration, state=state)
    seconds = time.monotonic() - started
    destination.write(database, stream["json_schema"], output.records)
    requests = [request for request in zendesk.requests if request.method == "GET"]
    return _Sync(output, requests, len(zendesk.requests) - len(requests), seconds, before)


def _embed(console: Console, records: list[Row]) -> None:
    """Show one article as what embeds texts gets it: where it stands, and its Markdown."""
    _title(console, "embed", "the first article, in the fields for a vector store")
    for record in records:
        if record["id"] == records[0]["id"]:
            place = (record["category_name"], record["section_name"], record["title"])
            console.print(f"  {record['locale']:<6} {escape(' › '.join(place))}")
            console.print(textwrap.indent(escape(record["body_markdown"]), " " * 9))


def _cost(console: Console, sync: _Sync) -> None:
    _title(console, "cost", "what Zendesk was asked")
    console.print(f"  {sync.token_requests} × POST /oauth/tokens, for an access token")
    asked = Counter((request.path, request.credential) for request in sync.requests)
    for (path, credential), times in asked.items():
        signed = "as a visitor, without credentials" if credential == "none" else "signed in"
        console.print(f"  {times} × GET {path}, {signed}")
    console.print(
        f"  {len(sync.requests)} requests beside the token's, {len(sync.output.records)} records "
        f"and {len(sync.output.states)} states in {sync.seconds:.1f} s, most of it the start of "
        "Python."
    )


def _equals(console: Console, help_center: HelpCenter, database: Path) -> bool:
    """Compare every row with what the emulator says it must be, and say which differ."""
    expected, held = truth(help_center, markdown=as_markdown), _held(database)
    differing = [
        f"{article_id}/{locale}"
        for article_id, locale in sorted(expected.keys() | held.keys())
        if not _is_same(expected.get((article_id, locale)), held.get((article_id, locale)))
    ]
    verdict = "[red]differs from[/]" if differing else "[green]equals[/]"
    console.print(
        f"  The table `articles`, {len(held)} rows, loaded as append + dedup, {verdict} the Help "
        "Center: every row was compared."
    )
    if differing:
        console.print(f"  These differ: {', '.join(differing)}")
    return not differing


def _is_same(expected: Row | None, held: Row | None) -> bool:
    if expected is None or held is None:
        return False
    return expected == {name: held[name] for name in expected}


def _edit(console: Console, help_center: HelpCenter) -> set[int]:
    """Change the Help Center; return the ids of the articles that are not what they were."""
    _title(console, "edits", "an hour later, and what Zendesk (here: the emulator) time-stamps")
    before = truth(help_center)
    articles = {_title_of(article): article for article in help_center.articles}
    told = Table.grid(padding=(0, 3))
    for what, titles, edit in _EDITS:
        stamps = _stamps(help_center)
        for title in titles:
            edit(help_center, articles[title])
        moved = {kind for kind, _ in _stamps(help_center) - stamps}
        named = ", ".join(f"“{title}”" for title in titles)
        listed = " and ".join(sorted(moved)) or "[yellow]nothing[/]"
        told.add_row(f"  {escape(named)}: {what}", f"stamps {listed}")
    console.print(told, soft_wrap=False)
    after = truth(help_center)
    return {key[0] for key in before.keys() | after.keys() if before.get(key) != after.get(key)}


def _stamps(help_center: HelpCenter) -> set[tuple[str, tuple[int, datetime]]]:
    """Return every `updated_at`, with whether it is an article's or a translation's."""

    def stamps() -> Iterator[tuple[str, tuple[int, datetime]]]:
        for article in (*help_center.articles, *help_center.archived_articles):
            yield "the article", (article.id, article.updated_at)
            for text in article.translations.values():
                yield "the translation", (text.id, text.updated_at)

    return set(stamps())


def _changes(console: Console, sync: _Sync, touched: set[int]) -> bool:
    """Draw each record beside what the destination held; return whether each was called for."""
    records = sorted(
        sync.output.records, key=lambda row: (row["id"], _LOCALES.index(row["locale"]))
    )
    titles = {
        row["id"]: row["title"]
        for row in (*sync.before.values(), *records)
        if row["locale"] == row.get("source_locale")
    }
    table = Table("article", "locale", "before → now", "what changed", "content_hash")
    table.show_edge = False
    contents: Counter[str] = Counter()
    last = None
    for record in records:
        before = sync.before.get(key_of(record))
        content = _content(before, record)
        contents[content] += 1
        table.add_row(
            "" if record["id"] == last else escape(titles.get(record["id"], str(record["id"]))),
            record["locale"],
            _passage(before, record),
            _why(before, record) if record["id"] in touched else "[red]nobody touched it[/]",
            content,
        )
        last = record["id"]
    _print_table(console, table)
    uncalled = sum(record["id"] not in touched for record in records)
    console.print(
        f"  {len(records)} records: {contents['new']} with a text to embed, "
        f"{contents['unchanged']} whose text nobody has to embed again, {contents['—']} gone; "
        f"{uncalled} of articles that nobody touched."
    )
    return not uncalled


def _passage(before: Row | None, record: Row) -> str:
    was = _tag(before) if before else "[dim]—[/]"
    now = "gone" if record["status"] == "removed" else _tag(record)
    return now if was == now else f"{was} → {now}"


def _content(before: Row | None, record: Row) -> str:
    if record["status"] == "removed":
        return "—"
    is_same = before is not None and before["content_hash"] == record["content_hash"]
    return "unchanged" if is_same else "new"


def _why(before: Row | None, record: Row) -> str:
    """Tell what of a record is not what the destination held; time stamps are not looked at."""
    if record["status"] == "removed":
        return f"gone: {record['visibility_reason']}"
    if before is None:
        return "new"
    changed = [
        name
        for name, value in before.items()
        if not name.endswith("_at") and name not in _TOLD_APART and value != record.get(name)
    ]
    if before["content_hash"] != record["content_hash"]:
        changed.insert(0, "new text")
    return ", ".join(changed) or "[dim]nothing: it comes with its article[/]"


def _compare(console: Console, syncs: dict[str, _Sync]) -> None:
    table = Table("cost of each sync", show_edge=False)
    for heading in ("requests", "tokens", "records", "states"):
        table.add_column(heading, justify="right")
    for name, sync in syncs.items():
        counts = (
            len(sync.requests),
            sync.token_requests,
            len(sync.output.records),
            len(sync.output.states),
        )
        table.add_row(name, *map(str, counts))
    console.print()
    console.print(table, soft_wrap=False)


def _invite(console: Console, database: Path) -> None:
    console.print("  Ask it what customers may read:\n")
    console.print(
        f"    .venv/bin/python -c \"import duckdb; duckdb.connect('{database}') \\\n"
        f'      .sql(\\"{_QUERY}\\").show()"\n',
        markup=False,
    )


def _print_table(console: Console, table: Table) -> None:
    console.print()
    console.print(table, soft_wrap=False)
    console.print()


def _table(help_center: HelpCenter, database: Path) -> Table:
    """Draw what the destination holds, article by locale, and what was left out of it."""
    held = _held(database)
    table = Table("article", *_LOCALES, show_edge=False)
    for article in help_center.articles:
        cells = [_cell(article, locale, held) for locale in _LOCALES]
        table.add_row(str(article.id), *cells)
    return table


def _cell(article: Article, locale: str, held: dict[Key, Row]) -> str:
    if (article.id, locale) in held:
        row = held[article.id, locale]
        return f"{escape(row['title'])}\n{_tag(row)}"
    if locale in article.translations:
        return f"[dim]{escape(article.translations[locale].title)}\nleft out: outdated[/]"
    return "[dim]—[/]"


def _tag(row: Row) -> str:
    if row["visibility"] == "public":
        return "[green]public[/]"
    return f"[yellow]internal: {row['visibility_reason']}[/]"


def _held(database: Path) -> dict[Key, Row]:
    """Return what the destination holds, with times as Zendesk writes them."""
    with duckdb.connect(database, read_only=True) as connection:
        found = connection.execute("SELECT * FROM articles")
        names = [column[0] for column in found.description]
        rows = [dict(zip(names, values, strict=True)) for values in found.fetchall()]
    for row in rows:
        times = {name: value for name, value in row.items() if isinstance(value, datetime)}
        row.update({name: f"{value:%Y-%m-%dT%H:%M:%SZ}" for name, value in times.items()})
    return {key_of(row): row for row in rows}


def _title_of(article: Article) -> str:
    return article.translations[article.source_locale].title


def _title(console: Console, command: str, question: str) -> None:
    console.print(f"\n[bold cyan]{command}[/] [dim]{escape(question)}[/]")


def _log(console: Console, output: Output, *said: Output) -> None:
    """Print what the connector itself has to say, and what it has not `said` before.

    The framework's own lines are left out.
    """
    known = {line for earlier in said for line in earlier.logs.splitlines()}
    for line in output.logs.splitlines():
        level, _, message = line.partition(" ")
        is_own = message.startswith(("Zendesk", "Help Center")) or level == "WARN"
        if is_own and line not in known:
            hanging = textwrap.fill(line, console.width - 2, subsequent_indent=" " * 5)
            console.print(textwrap.indent(hanging, "  "), markup=False)


if __name__ == "__main__":
    main()
