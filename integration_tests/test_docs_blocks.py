"""Every block of the documents is run, or is what it shows, or says why it is not run."""

import json
import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pytest

from integration_tests import destination
from integration_tests.connector import Message, Output, config_with, run
from integration_tests.credentials import of_client, of_refresh_token
from integration_tests.zendesk_emulator import HelpCenter, ZendeskEmulator
from integration_tests.zendesk_emulator.sample import SEGMENT, furnish
from source_zendesk_articles.articles.markdown import to_markdown
from source_zendesk_articles.config import parse_config
from source_zendesk_articles.sync.progress import Progress

ROOT = Path(__file__).parents[1]
# In the order in which a newcomer types them.
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
TEXT = "\n".join(path.read_text() for path in PAGES)
NOT_RUN = "Not run by the tests:"
MADE = re.compile(r"make [\w-]+( \w+=\w+)*|\.ci/run")
EMULATOR = "-m integration_tests.zendesk_emulator >"
SCHEMA = json.loads((ROOT / "source_zendesk_articles" / "schemas" / "articles.json").read_text())


class Block(NamedTuple):
    """A fenced block, its lines as they are typed, and the paragraph right before it."""

    language: str
    text: str
    before: str

    @property
    def is_run(self) -> bool:
        """Whether the reader is not told that it is not."""
        return not self.before.startswith(NOT_RUN)

    @property
    def commands(self) -> list[str]:
        """Its lines without comments."""
        return [line.split(" #")[0].strip() for line in self.text.splitlines()]


def blocks() -> Iterator[Block]:
    # What is in a list is indented.
    for found in re.finditer(r"^( *)```(\w+)\n(.*?)^\1```$", TEXT, re.DOTALL | re.MULTILINE):
        before = TEXT[: found.start()].rstrip().rpartition("\n\n")[2]
        flowing = re.sub(r"\s+", " ", before).strip()
        yield Block(found.group(2), textwrap.dedent(found.group(3)), flowing)


BLOCKS = list(blocks())


def the(language: str, part: str = "") -> Block:
    """Return the only block of a language with this in it."""
    (found,) = (block for block in BLOCKS if block.language == language and part in block.text)
    return found


def shell(text: str, folder: Path) -> None:
    """Run commands as they are typed; the first one that fails ends it."""
    done = subprocess.run(  # noqa: S603 -- the documents' own commands
        ["/bin/sh", "-euc", text],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"


def test_a_block_is_of_a_kind_that_is_looked_at_here() -> None:
    kinds = {"sh", "json", "jsonc", "sql", "text", "python", "hcl", "html", "markdown", "yaml"}
    assert kinds == {block.language for block in BLOCKS}
    # None is lost because it is fenced in another way.
    assert len(BLOCKS) * 2 == TEXT.count("```")


def test_what_is_not_run_says_why_right_before_it() -> None:
    reasons = [block.before.removeprefix(NOT_RUN) for block in BLOCKS if not block.is_run]
    assert TEXT.count(NOT_RUN) == len(reasons)
    assert all(len(reason) > 10 for reason in reasons)


def test_what_no_test_here_can_run_says_so() -> None:
    for block in BLOCKS:
        needs_more = {"docker", "kind", "curl"} & set(" ".join(block.commands).split())
        if block.language in {"hcl", "python", "yaml"} or needs_more:
            assert not block.is_run, block.text


# ------------------------------------------------------------------------------- commands


def test_what_is_made_can_be_made() -> None:
    targets = [
        command.split()[1]
        for block in BLOCKS
        if block.language == "sh"
        for command in block.commands
        if command.startswith("make ")
    ]
    assert {"demo", "test", "image"} <= set(targets)
    # Of one that is not there, `make` says so.
    shell(f"make --dry-run {' '.join(targets)}", ROOT)
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


class Terminal(NamedTuple):
    """A folder where the documents' commands can be typed, and how many of its blocks were."""

    folder: Path
    typed: list[Block]


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    """Serve the emulator as the documents say, and type what can be typed, in its order."""
    folder = tmp_path_factory.mktemp("terminal")
    (folder / ".venv").symlink_to(sys.prefix)
    (folder / "integration_tests").symlink_to(ROOT / "integration_tests")
    served, kept = the("sh", EMULATOR), the("sh", "CONTROL")
    with serving(served.commands[0].split(" >")[0].split(), folder):
        shell(". ./zendesk.sh", folder)
        entered = json.loads((folder / "zendesk.json").read_text())
        shown = json.loads(the("json", '"subdomain"').text)
        assert shown.keys() == entered.keys()
        assert shown["credentials"].keys() == entered["credentials"].keys()
        (folder / "config.json").write_text(json.dumps(entered))
        typed = [
            block
            for block in BLOCKS
            if block.language == "sh"
            and block.is_run
            and block not in (served, kept)
            and not all(MADE.fullmatch(command) for command in block.commands)
        ]
        for block in typed:
            shell(f". ./zendesk.sh\nPATH=$PWD/.venv/bin:$PATH\n{block.text}", folder)
    return Terminal(folder, typed)


@contextmanager
def serving(command: list[str], folder: Path) -> Iterator[None]:
    """Run a command that serves until it is ended, with what it prints in `zendesk.sh`."""
    printed = folder / "zendesk.sh"
    with printed.open("w") as script, ExitStack() as ended:
        server = subprocess.Popen(command, cwd=folder, stdout=script)  # noqa: S603 -- the documents'
        ended.callback(server.wait)
        ended.callback(server.terminate)
        while "served until" not in printed.read_text():
            assert server.poll() is None
        yield


def test_what_can_be_typed_works(terminal: Terminal) -> None:
    assert 3 == len(terminal.typed)
    first, second = (
        Output((terminal.folder / f"{name}.jsonl").read_text()) for name in ("first", "second")
    )
    assert 15 == len(first.records)
    assert [] == second.records
    assert 1 == len(second.states)


def test_the_configuration_that_a_command_hands_over_is_kept_for_the_next_one(
    zendesk: ZendeskEmulator, tmp_path: Path
) -> None:
    furnish(zendesk.account.help_center())
    configuration = config_with(zendesk, of_refresh_token)
    (tmp_path / "config.json").write_text(json.dumps(configuration))
    checked = run(zendesk, "check", configuration)
    (tmp_path / "check.jsonl").write_text(checked.text)
    shell(the("sh", "CONTROL").text, tmp_path)
    kept = json.loads((tmp_path / "config.json").read_text())
    assert configuration != kept
    assert checked.kept(configuration) == kept
    assert run(zendesk, "read", kept).succeeded
    assert "refresh token" in run(zendesk, "read", configuration).error[1]


def test_python_that_is_not_run_here_can_be_parsed() -> None:
    for block in BLOCKS:
        if block.language == "python":
            compile(block.text, "docs", "exec")


# ---------------------------------------------------------------- configurations and a state


def test_each_configuration_is_one() -> None:
    shown = [json.loads(block.text) for block in BLOCKS if block.language == "json"]
    whole = next(entry for entry in shown if "subdomain" in entry)
    parts = [entry for entry in shown if isinstance(entry, dict) and "text_fields" not in entry]
    assert 4 == len(parts)
    for part in parts:
        entered = {**whole, **part}
        entered["credentials"] = {**entered["credentials"], "client_secret": "s3cret"}
        assert parse_config(entered).subdomain == "acme"


def test_a_vector_store_is_told_of_fields_that_are_there() -> None:
    chosen = json.loads(the("json", "text_fields").text)
    assert ["text_fields", "metadata_fields"] == list(chosen)
    assert {*chosen["text_fields"], *chosen["metadata_fields"]} <= SCHEMA["properties"].keys()
    # `make e2e` writes an index with these.
    tried = (ROOT / "integration_tests" / "consumers" / "test_vector_store.py").read_text()
    assert all(f'"{name}"' in tried for name in chain(*chosen.values()))


def test_the_markdown_is_what_becomes_of_the_html() -> None:
    address = "https://acme.zendesk.com/hc/en-us/articles/1"
    assert the("markdown").text == f"{to_markdown(the('html').text, address)}\n"


def test_the_state_that_is_written_by_hand_is_one(zendesk: ZendeskEmulator) -> None:
    furnish(zendesk.account.help_center())
    (state,) = json.loads(the("json", "STREAM").text)
    assert run(zendesk, "read", config_with(zendesk, of_client), state=state).succeeded


# ------------------------------------------------------------------------------- what is shown


@pytest.fixture
def first(zendesk: ZendeskEmulator, help_center: HelpCenter) -> Output:
    furnish(help_center)
    return run(zendesk, "read", config_with(zendesk, of_client))


def test_the_record_is_one_that_is_emitted(first: Output) -> None:
    record = json.loads(re.sub(r"\s//.*", "", the("jsonc").text))
    emitted = [row for row in first.records if row["title"] == record["title"]]
    assert [record] == emitted


def test_the_lines_of_the_log_are_some(first: Output) -> None:
    told = str(Progress("acme", 12_300, 40_000, None, 127, 21))
    shown = [block.text.strip() for block in BLOCKS if block.language == "text"]
    (summary,) = (line for line in first.logs.splitlines() if "a listing:" in line)
    assert [told, summary.removeprefix("INFO ")] == shown
    assert "`Zendesk account acme, as Ada Admin <ada@acme.example>, admin.`" in TEXT
    assert "Zendesk account acme, as Ada Admin <ada@acme.example>, admin." in first.logs


# ------------------------------------------------------------------------------- recipes


@pytest.fixture
def sync(zendesk: ZendeskEmulator, tmp_path: Path) -> Callable[..., Output]:
    """Sync into a table `articles`, from where the sync before ended."""
    configuration = config_with(zendesk, of_client)
    states: list[Message] = []

    def sync(**fields: Any) -> Output:  # noqa: ANN401 -- fields of the form
        state = states[-1] if states else None
        output = run(zendesk, "read", {**configuration, **fields}, state=state)
        states.extend(output.states)
        destination.write(tmp_path / "articles.duckdb", SCHEMA, output.records)
        return output

    return sync


@pytest.fixture
def ask(tmp_path: Path) -> Callable[[str], list[tuple[Any, ...]]]:
    """Run the statements of an SQL block with this in it; return the rows of its first one."""

    def ask(part: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(tmp_path / "articles.duckdb") as connection:
            statements = connection.extract_statements(the("sql", part).text)
            first, *_ = [connection.execute(one).fetchall() for one in statements]
        return first

    return ask


Sync = Callable[..., Output]
Ask = Callable[[str], list[tuple[Any, ...]]]


def test_each_recipe_in_sql_is_tried_here() -> None:
    tried = ["row_number", "AS variants", "CREATE TABLE", "ANTI JOIN", "DELETE FROM"]
    assert [the("sql", part) for part in tried] == [
        block for block in BLOCKS if block.language == "sql"
    ]


def test_customers_may_read_each_public_article_in_one_language(
    help_center: HelpCenter, sync: Sync, ask: Ask
) -> None:
    furnish(help_center)
    sync()
    assert {
        ("de", "Wo ist meine Bestellung?"),
        ("en-us", "Gift cards"),
        ("de", "Kauf auf Rechnung"),
        ("en-us", "Return it"),
        ("de", "Nur für Deutschland"),
        ("en-us", "An empty page"),
    } == {(locale, title) for _, locale, title, _, _ in ask("row_number")}
    assert {("draft", 2), ("user_segment", 2), ("locale_disabled", 1), ("hidden", 1)} == set(
        ask("AS variants")
    )


def test_a_bot_that_gets_public_articles_only_loses_what_is_restricted(
    help_center: HelpCenter, sync: Sync
) -> None:
    furnish(help_center)
    read = partial(sync, **json.loads(the("json", '{"visibility"').text))
    assert {"public"} == {row["visibility"] for row in read().records}
    article = next(row for row in help_center.articles if "fr" in row.translations)
    help_center.change(article, user_segment_id=SEGMENT)
    assert {(article.id, "out_of_scope")} == {
        (row["id"], row["visibility_reason"]) for row in read().records
    }
    help_center.change(article, user_segment_id=None)
    assert {(article.id, "published")} == {
        (row["id"], row["visibility_reason"]) for row in read().records
    }


def test_no_text_is_embedded_twice(
    help_center: HelpCenter, sync: Sync, ask: Ask, tmp_path: Path
) -> None:
    furnish(help_center)
    ask_for = partial(ask, "ANTI JOIN")

    def embed() -> list[str]:
        rows = ask_for()
        with duckdb.connect(tmp_path / "articles.duckdb") as connection:
            for content_hash, _, _ in rows:
                connection.execute("INSERT INTO embeddings VALUES (?, [0.5])", [content_hash])
        return [title for _, title, _ in rows]

    def search() -> set[tuple[str, str]]:
        return {(locale, title) for _, locale, title, _, _ in ask("DELETE FROM")}

    sync()
    ask("CREATE TABLE")
    assert 15 == len(embed())
    assert ("en-us", "Return it") in search()
    by_title = {row.translations[row.source_locale].title: row for row in help_center.articles}
    help_center.change(by_title["Return it"], user_segment_id=SEGMENT)
    help_center.change(by_title["Gift cards"], label_names=["autumn"])
    help_center.change_translation(by_title["Where is my order?"], "en-us", body="<p>New.</p>")
    assert sync().records
    assert ["Where is my order?"] == embed()
    assert ("en-us", "Return it") not in search()
    with duckdb.connect(tmp_path / "articles.duckdb") as connection:
        assert (15,) == connection.execute("SELECT count(*) FROM embeddings").fetchone()
