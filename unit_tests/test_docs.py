"""What the documents say is so."""

import inspect
import json
import logging
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from airbyte_cdk.sources.utils.schema_helpers import check_config_against_spec_or_exit
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_zendesk_articles.articles.changes import Change
from source_zendesk_articles.articles.filters import sentence_on_unknown
from source_zendesk_articles.articles.records import Record
from source_zendesk_articles.config import AuthType, parse_config
from source_zendesk_articles.memory import state
from source_zendesk_articles.memory.known import KnownArticles
from source_zendesk_articles.memory.packing import Known
from source_zendesk_articles.memory.state import HelpCenterState, unreadable_state
from source_zendesk_articles.source import SourceZendeskArticles
from source_zendesk_articles.sync import errors
from source_zendesk_articles.sync.vanished import Vanished
from source_zendesk_articles.zendesk import errors as zendesk_errors
from source_zendesk_articles.zendesk.errors import (
    TOKEN_PATH,
    CredentialError,
    NoUsableAnswerError,
    Refusal,
    RefusalError,
    UnreachableError,
    anonymous_user,
    broken_set_up,
    not_staff,
)
from source_zendesk_articles.zendesk.models import Unreadable
from unit_tests.test_layers import ROOMS

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "source_zendesk_articles"
README = (ROOT / "README.md").read_text()
DOCS = {path.stem: path.read_text() for path in sorted((ROOT / "docs").glob("*.md"))}
SCHEMA = json.loads((PACKAGE / "schemas" / "articles.json").read_text())
SPEC = SourceZendeskArticles().spec(logging.getLogger("airbyte"))
HOST = "acme.zendesk.com"
CREDENTIALS = {"auth_type": "api_token", "email": "ada@acme.example", "api_token": "s3cret"}


def section(page: str, title: str) -> str:
    return DOCS[page].split(f"\n## {title}\n")[1].split("\n## ")[0]


def test_the_record_of_the_documents_the_schema_and_the_type_have_the_same_fields() -> None:
    text = section("records", "The record")
    block = re.search(r"```jsonc\n(.*?)```", text, re.DOTALL)
    assert block
    record = json.loads(re.sub(r"\s//.*", "", block.group(1)))
    null = {"body_markdown", "edited_at", "user_segment_id", "_ab_cdc_deleted_at"}
    assert record.keys() | null == SCHEMA["properties"].keys() == Record.__annotations__.keys()
    assert all(f"`{field}`" in text for field in null)


def test_the_truth_table_has_each_reason_in_its_order() -> None:
    table = section("records", "Who may read it")
    named = re.findall(r"\| `\w+` \| `(\w+)` \|$", table, re.MULTILINE)[1:]
    coded = re.findall(r'return "(\w+)"', (PACKAGE / "articles" / "visibility.py").read_text())
    assert list(dict.fromkeys(named)) == [*coded, "published"]


def test_each_field_of_the_form_has_a_row() -> None:
    form = (PACKAGE / "spec.yaml").read_text()
    fields = re.findall(r"^    (\w+):\n      order:", form, re.MULTILINE)
    assert fields == re.findall(r"^\| `(\w+)` \|", DOCS["options"], re.MULTILINE)


def refused(path: str, status: int, location: str | None = None) -> RefusalError:
    auth_type: AuthType = "oauth_client_credentials"
    return RefusalError(Refusal(HOST, path, status, b"", location, auth_type, None))


def refusal(path: str, status: int, location: str | None = None) -> str:
    return str(refused(path, status, location).message)


def enter(config: Mapping[str, object]) -> None:
    check_config_against_spec_or_exit(config, SPEC)
    parse_config(config)


def refused_config(**entered: object) -> str:
    config: Mapping[str, object] = {"subdomain": "acme", "credentials": CREDENTIALS, **entered}
    with pytest.raises(AirbyteTracedException) as raised:
        enter(config)
    return str(raised.value.message)


def sentences() -> Iterator[str]:
    """Yield what the connector says, each kind of error once, in the order of the README."""
    raised = [
        anonymous_user("api_token", HOST, "2026-11-01T00:00:00Z"),
        not_staff("Eve", "end-user"),
    ]
    yield refusal(TOKEN_PATH, 401)
    yield refusal("/api/v2/users/me", 401)
    yield from (str(error.message) for error in raised)
    yield refusal("/api/v2/users/me", 403)
    yield refusal("/api/v2/users/me", 404)
    yield refusal("/api/v2/help_center/articles", 404)
    yield refusal("/api/v2/users/me", 302, "/access/unauthenticated")
    yield refusal("/api/v2/users/me", 302, "https://other.zendesk.com/")
    yield refused_config(subdomain="help.acme.com")
    yield refused_config(credentials={**CREDENTIALS, "email": "ada/token"})
    yield refused_config(credentials={**CREDENTIALS, "api_token": "s3cret\n"})
    yield refused_config(credentials={})
    yield refusal("/api/v2/users/me", 402)
    yield refusal("/api/v2/users/me", 400)
    unknown = sentence_on_unknown("locales", ["xx"], {"de": ""})
    rest = [
        NoUsableAnswerError("GET acme.zendesk.com/api/v2/users/me", "status 503"),
        UnreachableError("GET acme.zendesk.com/api/v2/users/me", "no proxy", "Check it."),
        errors.unreadable_articles(HOST, [Unreadable(7, "article without `title`")], 1),
        too_many(articles=11),
        too_many(articles=0, vanished=True),
        errors.user_changed(),
        errors.unknown_visibility(HOST),
        errors.filters_without_match([str(unknown)]),
        errors.brand_problem("bare", "has no Help Center", ["acme"]),
        errors.no_list_of_brands(refused("/api/v2/brands", 403)),
        errors.no_help_center(),
        errors.odd_brand(Unreadable(2, "brand whose `active` is neither true nor false")),
        errors.some_failed({"acme": errors.user_changed()}, read=1),
        unreadable_state("it has no `updated_at`"),
        broken_set_up("HTTPS_PROXY is not the address of a proxy."),
    ]
    yield from (str(error.message) for error in rest)


def too_many(*, articles: int, vanished: bool = False) -> AirbyteTracedException:
    known = KnownArticles()
    for article_id in range(20):
        known.remember(article_id, Known(b"digest", frozenset({"de"})))
    guard = Vanished(HOST, HelpCenterState(known))
    lost = frozenset(f"l{number}" for number in range(600))
    guard.note(Change("acme", 1, vanished=lost), frozenset())
    if vanished:
        error = guard.too_many_translations(is_other_user=True)
    else:
        error = guard.too_many_articles(articles, is_other_user=False)
    assert error is not None
    return error


def test_each_error_of_the_documents_is_one_that_the_connector_says() -> None:
    ours, _ = DOCS["troubleshooting"].split("\nWhat a destination says:\n")
    cells = re.findall(r"^\| (.*?) \| ", ours, re.MULTILINE)
    said = list(sentences())
    assert ["the message begins with", "---"] == cells[:2]
    for cell, sentence in zip(cells[2:], said, strict=True):
        if cell.startswith("… "):
            assert cell.removeprefix("… ") in sentence
        else:
            assert sentence.startswith(cell)


def test_what_a_destination_says_is_what_the_index_of_the_tests_knows() -> None:
    _, theirs = DOCS["troubleshooting"].split("\nWhat a destination says:\n")
    index = (ROOT / "integration_tests" / "consumers" / "vector_store.py").read_text()
    named = re.findall(r"^\| `(.*)` \((\w+)\) \| ", theirs, re.MULTILINE)
    assert [("Non-empty lists are required", "Chroma"), ("expect 1 list, got 0", "Milvus")] == named
    assert all(message in index for message, _ in named)


def test_each_kind_of_error_has_a_row() -> None:
    made = {
        name
        for module in (zendesk_errors, errors, state)
        for name, function in vars(module).items()
        if inspect.isfunction(function)
        and function.__module__ == module.__name__
        and inspect.signature(function).return_annotation
        in {AirbyteTracedException, CredentialError}
    }
    # It hands on what another one says.
    made.remove("no_token")
    assert {name for name in made if f"{name}(" in inspect.getsource(sentences)} == made


def test_each_guarantee_names_a_test_that_is_there() -> None:
    tests = "".join(path.read_text() for path in ROOT.glob("*_tests/test_*.py"))
    text = section("guarantees", "What is guaranteed")
    rows = re.findall(r"^\| (?!---|what )(.*) \|$", text, re.MULTILINE)
    assert 14 == len(rows)
    for row in rows:
        (named,) = re.findall(r" \| tested \| `(test_\w+)`$", row)
        assert f"def {named}(" in tests, named


def test_the_modules_of_the_architecture_are_those_of_the_package() -> None:
    table = section("architecture", "The rooms")
    rows = re.findall(r"^\| (.*?) \|", table, re.MULTILINE)
    named = [name for row in rows for name in re.findall(r"`(\w+)`", row)]
    modules = [path.stem for path in PACKAGE.rglob("*.py") if path.stem != "__init__"]
    assert sorted(modules) == sorted(named)
    assert f"`{ROOMS}`" in table


def test_a_word_of_the_glossary_that_is_code_is_in_the_package() -> None:
    code = "".join(path.read_text() for path in PACKAGE.rglob("*.py"))
    for word in re.findall(r"`(\w+)`", section("architecture", "Glossary")):
        assert re.search(rf"\b{word}\b", code), word


def anchors(text: str) -> set[str]:
    titles = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize(
    "page", [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
)
def test_each_link_between_documents_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)\s]+)\)", page.read_text()):
        if "acme.zendesk.com" in target:
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), target
        assert not anchor or anchor in anchors(there.read_text()), target


def test_the_readme_is_a_landing_page_that_links_every_other() -> None:
    assert len(README.splitlines()) <= 200
    assert all(f"(docs/{name}.md)" in README for name in DOCS)


def test_the_comparison_has_the_figures_of_the_benchmark() -> None:
    row = next(
        line for line in DOCS["comparison"].splitlines() if "(measured)" in line and "3,000" in line
    )
    ours, airbytes = re.findall(r"([0-9.]+ s)\b", row)
    measured = next(
        line for line in DOCS["benchmark"].splitlines() if "first sync of 3,000" in line
    )
    assert f"**{ours} (" in measured
    assert f"| {airbytes} (" in measured
