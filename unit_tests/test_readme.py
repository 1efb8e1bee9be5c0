"""What the README says is so."""

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
    anonymous_reader,
    broken_set_up,
    not_staff,
)
from source_zendesk_articles.zendesk.models import Unreadable
from unit_tests.test_layers import ROOMS

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "source_zendesk_articles"
README = (ROOT / "README.md").read_text()
SCHEMA = json.loads((PACKAGE / "schemas" / "articles.json").read_text())
SPEC = SourceZendeskArticles().spec(logging.getLogger("airbyte"))
HOST = "acme.zendesk.com"
CREDENTIALS = {"auth_type": "api_token", "email": "ada@acme.example", "api_token": "s3cret"}


def section(title: str) -> str:
    return README.split(f"\n## {title}\n")[1].split("\n## ")[0]


def test_the_record_of_the_readme_has_every_field() -> None:
    text = section("What you get")
    block = re.search(r"```jsonc\n(.*?)```", text, re.DOTALL)
    assert block
    record = json.loads(re.sub(r"\s//.*", "", block.group(1)))
    null = {"body_markdown", "edited_at", "user_segment_id", "_ab_cdc_deleted_at"}
    assert record.keys() | null == SCHEMA["properties"].keys()
    assert all(f"`{field}`" in text for field in null)


def test_the_truth_table_of_the_readme_has_each_reason_in_its_order() -> None:
    told = re.findall(r"\| `\w+` \| `(\w+)` \|$", section("Who may read it"), re.MULTILINE)[1:]
    coded = re.findall(r'return "(\w+)"', (PACKAGE / "articles" / "visibility.py").read_text())
    assert list(dict.fromkeys(told)) == [*coded, "published"]


def test_each_field_of_the_form_has_a_row() -> None:
    form = (PACKAGE / "spec.yaml").read_text()
    fields = re.findall(r"^    (\w+):\n      order:", form, re.MULTILINE)
    assert fields == re.findall(r"^\| `(\w+)` \|", section("Set up"), re.MULTILINE)


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
        anonymous_reader("api_token", HOST, "2026-11-01T00:00:00Z"),
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


def test_each_error_of_the_readme_is_one_that_the_connector_says() -> None:
    ours, _ = section("Troubleshooting").split("\nWhat a destination says:\n")
    cells = re.findall(r"^\| (.*?) \| ", ours, re.MULTILINE)
    said = list(sentences())
    assert ["the message begins with", "---"] == cells[:2]
    for cell, sentence in zip(cells[2:], said, strict=True):
        if cell.startswith("… "):
            assert cell.removeprefix("… ") in sentence
        else:
            assert sentence.startswith(cell)


def test_what_a_destination_says_is_what_the_index_of_the_tests_knows() -> None:
    _, theirs = section("Troubleshooting").split("\nWhat a destination says:\n")
    index = (ROOT / "integration_tests" / "consumers" / "vector_store.py").read_text()
    told = re.findall(r"^\| `(.*)` \((\w+)\) \| ", theirs, re.MULTILINE)
    assert [("Non-empty lists are required", "Chroma"), ("expect 1 list, got 0", "Milvus")] == told
    assert all(message in index for message, _ in told)


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
    rows = re.findall(r"^\| (?!---|what )(.*) \|$", section("What is guaranteed"), re.MULTILINE)
    assert 14 == len(rows)
    for row in rows:
        (named,) = re.findall(r"\| `(test_\w+)`$", row)
        assert f"def {named}(" in tests, named


def test_each_room_has_a_row() -> None:
    rows = re.findall(r"^\| (`.*`) \|", section("Development"), re.MULTILINE)
    named = re.findall(r"`(\w+)`", "".join(rows))
    assert named == re.findall(r"\w+", ROOMS)


def test_the_comparison_has_the_figures_of_the_benchmark() -> None:
    row = next(
        line for line in section("Why").splitlines() if "(measured)" in line and "3,000" in line
    )
    ours, airbytes = re.findall(r"([0-9.]+ s)\b", row)
    measured = next(
        line for line in section("Benchmark").splitlines() if "first sync of 3,000" in line
    )
    assert f"**{ours} (" in measured
    assert f"| {airbytes} (" in measured
