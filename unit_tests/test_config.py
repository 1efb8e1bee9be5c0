"""The configuration: what users enter, and what must never pass."""

import json
from pathlib import Path

import pytest
import yaml
from airbyte_cdk.models import FailureType
from airbyte_cdk.utils.traced_exception import AirbyteTracedException
from hypothesis import given
from hypothesis import strategies as st

from source_zendesk_articles.config import (
    ApiTokenCredentials,
    Config,
    Filters,
    normalize,
    parse_config,
    parse_subdomain,
)

SECRET = "s3cr3tT0ken"
CREDENTIALS = {"auth_type": "api_token", "email": "ada@acme.example", "api_token": SECRET}
SPEC = yaml.safe_load(
    (Path(__file__).parents[1] / "source_zendesk_articles" / "spec.yaml").read_text()
)["connectionSpecification"]


@pytest.mark.parametrize(
    ("entered", "expected"),
    [
        ("acme", "acme"),
        ("ACME", "acme"),
        ("  acme\n", "acme"),
        ("a", "a"),
        ("acme-2", "acme-2"),
        ("0acme", "0acme"),
        ("acme.zendesk.com", "acme"),
        ("Acme.Zendesk.COM", "acme"),
        ("acme.zendesk.com/", "acme"),
        ("acme.zendesk.com/agent", "acme"),
        ("https://acme.zendesk.com", "acme"),
        ("http://acme.zendesk.com", "acme"),
        ("https://acme.zendesk.com/hc/en-us", "acme"),
        ("https://acme.zendesk.com/hc/en-us/articles/1-How?x=1#top", "acme"),
        ("https://acme.zendesk.com?x", "acme"),
        ("https://acme.zendesk.com#x", "acme"),
    ],
)
def test_a_subdomain_is_found_in_what_users_paste(entered: str, expected: str) -> None:
    assert expected == parse_subdomain(entered)


@pytest.mark.parametrize(
    "entered",
    [
        "",
        " ",
        "www",
        "www.zendesk.com",
        "zendesk.com",
        ".zendesk.com",
        "https://",
        "help.acme.com",
        "https://help.acme.com/hc/en-us",
        "acme.com",
        "acme.zendesk.com.evil.example",
        "acme.zendesk.com.zendesk.com",
        "evil.example/acme.zendesk.com",
        "evil.example#.zendesk.com",
        "evil.example?.zendesk.com",
        "evil.example\\.zendesk.com",
        "acme@evil.example",
        "ada:secret@acme.zendesk.com",
        "https://ada@acme.zendesk.com",
        "acme.zendesk.com@evil.example",
        "acme.zendesk.com:8443",
        "acme:443",
        "acme.",
        "acme.zendesk.com.",
        "-acme",
        "acme-",
        "ac me",
        "ac\nme",
        "acme\x00",
        "acme%2eevil",
        "acme_1",
        "ácme",
        "аcme",  # Cyrillic
        "a" * 64,
        "127.0.0.1",
        "[::1]",
        "localhost:8080",
        "ftp://acme.zendesk.com",
        "https:acme.zendesk.com",
        "//acme.zendesk.com",
        "../acme",
    ],
)
def test_every_other_form_is_refused_with_what_to_enter(entered: str) -> None:
    with pytest.raises(ValueError, match="Enter the instance name: `acme`"):
        parse_subdomain(entered)


@given(st.text(alphabet=st.sampled_from("acme.zndsk/:@#?\\%-_ \t\n019é"), max_size=40) | st.text())
def test_what_passes_is_one_plain_label_of_a_host(entered: str) -> None:
    try:
        subdomain = parse_subdomain(entered)
    except ValueError:
        return
    assert subdomain.isascii()
    assert subdomain.replace("-", "").isalnum()
    assert subdomain == parse_subdomain(f"https://{subdomain}.zendesk.com/")


def test_the_three_field_form_becomes_credentials() -> None:
    entered = {"subdomain": "acme", "email": "ada@acme.example", "api_token": SECRET}
    assert {"subdomain": "acme", "credentials": CREDENTIALS} == normalize(entered)


def test_the_form_of_the_spec_stays_as_it_is() -> None:
    entered = {"subdomain": "acme", "credentials": CREDENTIALS, "treat_as_open": ["acme"]}
    assert entered == normalize(entered)


def test_credentials_win_over_the_three_fields() -> None:
    entered = {"subdomain": "acme", "credentials": CREDENTIALS, "email": "x", "api_token": "y"}
    assert {"subdomain": "acme", "credentials": CREDENTIALS} == normalize(entered)


def test_a_misspelt_secret_is_left_out_before_anything_can_quote_it() -> None:
    entered = {"subdomain": "acme", "credentials": {"auth_type": "api_token", "apiToken": SECRET}}
    assert SECRET not in json.dumps(normalize(entered))


def test_a_configuration_is_parsed_once_into_one_form() -> None:
    entered = {
        "subdomain": "https://ACME.zendesk.com/hc/en-us",
        "credentials": {
            **CREDENTIALS,
            "email": "ada@acme.example/token ",
            "api_token": f" {SECRET}\n",
        },
        "treat_as_open": ["Shop.zendesk.com"],
    }
    config = parse_config(normalize(entered))
    assert "acme" == config.subdomain
    assert "ada@acme.example" == config.credentials.email
    assert SECRET == config.credentials.api_token.get_secret_value()
    assert {"shop"} == config.treat_as_open


def test_without_a_filter_everything_is_in_scope_and_the_rest_has_its_default() -> None:
    config = parse_config({"subdomain": "acme", "credentials": CREDENTIALS})
    assert Filters() == config.filters
    assert (6, "delete", frozenset()) == (
        config.reconcile_every_hours,
        config.retract_as,
        config.treat_as_open,
    )


def test_the_filters_are_parsed_once_into_one_form() -> None:
    entered = {
        "locales": ["en-US", " DE ", "de"],
        "categories": [2, 1, 2],
        "sections": [46406189383828],
        "labels": [" Bot", "STRASSE", "straße"],
        "exclude_labels": ["No-Bot"],
        "visibility": ["public"],
    }
    config = parse_config({"subdomain": "acme", "credentials": CREDENTIALS, **entered})
    expected = Filters(
        locales=frozenset({"en-us", "de"}),
        categories=frozenset({1, 2}),
        sections=frozenset({46406189383828}),
        labels=frozenset({"bot", "strasse"}),
        exclude_labels=frozenset({"no-bot"}),
        visibility=frozenset({"public"}),
    )
    assert expected == config.filters


@pytest.mark.parametrize("hours", [0, 1, 168])
def test_reconciliations_are_up_to_a_week_apart(hours: int) -> None:
    entered = {"subdomain": "acme", "credentials": CREDENTIALS, "reconcile_every_hours": hours}
    assert hours == parse_config(entered).reconcile_every_hours


def test_a_default_of_the_form_is_the_configurations_own() -> None:
    config = parse_config({"subdomain": "acme", "credentials": CREDENTIALS})
    defaults = {
        name: field["default"] for name, field in SPEC["properties"].items() if "default" in field
    }
    assert set(Config.model_fields) - {"subdomain", "credentials"} == defaults.keys()
    for name, default in defaults.items():
        given = getattr(config, name)
        assert default == (sorted(given) if isinstance(given, frozenset) else given), name


def test_an_example_of_the_form_is_a_configuration() -> None:
    for name, field in SPEC["properties"].items():
        for example in field.get("examples", []):
            parse_config({"subdomain": "acme", "credentials": CREDENTIALS, name: example})


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("locales", [" "], "`locales.0`:"),
        ("locales", "en-us", "`locales`:"),
        ("categories", ["Orders"], "`categories.0`:"),
        ("sections", [1.5], "`sections.0`:"),
        ("labels", [""], "`labels.0`:"),
        ("exclude_labels", ["bot", " "], "`exclude_labels.1`:"),
        ("visibility", ["secret"], "`visibility.0`:"),
        ("reconcile_every_hours", -1, "`reconcile_every_hours`:"),
        ("reconcile_every_hours", 169, "`reconcile_every_hours`:"),
        ("reconcile_every_hours", 0.5, "`reconcile_every_hours`:"),
        ("retract_as", "archive", "`retract_as`:"),
        ("subdomain", "help.acme.com", "`subdomain`: is not a Zendesk subdomain."),
        ("treat_as_open", ["help.acme.com"], "`treat_as_open.0`: is not a Zendesk subdomain."),
        ("credentials", {**CREDENTIALS, "email": "ada"}, "`credentials.email`: is not an e-mail"),
        (
            "credentials",
            {**CREDENTIALS, "email": "a@b.c:x"},
            "`credentials.email`: is not an e-mail",
        ),
        (
            "credentials",
            {**CREDENTIALS, "email": "a@b\nc"},
            "`credentials.email`: is not an e-mail",
        ),
        ("credentials", {**CREDENTIALS, "api_token": " "}, "`credentials.api_token`: is empty"),
        ("credentials", {**CREDENTIALS, "api_token": "a\nb"}, "`credentials.api_token`: is empty"),
        ("credentials", {**CREDENTIALS, "api_token": "tökén"}, "`credentials.api_token`: is"),
    ],
)
def test_what_does_not_fit_is_named_with_what_to_enter(
    field: str, value: object, sentence: str
) -> None:
    with pytest.raises(AirbyteTracedException) as raised:
        parse_config(normalize({"subdomain": "acme", "credentials": CREDENTIALS, field: value}))
    assert FailureType.config_error == raised.value.failure_type
    assert sentence in str(raised.value)


@pytest.mark.parametrize("field", ["subdomain", "credentials"])
def test_no_error_quotes_what_was_entered(field: str) -> None:
    entered = {"subdomain": "acme", "credentials": CREDENTIALS, field: f"{SECRET}\n{SECRET}"}
    with pytest.raises(AirbyteTracedException) as raised:
        parse_config(entered)
    trace = json.dumps(str(raised.value.as_airbyte_message()))
    assert SECRET not in trace


def test_a_configuration_does_not_show_its_secrets() -> None:
    assert SECRET not in repr(parse_config({"subdomain": "acme", "credentials": CREDENTIALS}))


def test_the_form_and_the_configuration_have_the_same_fields() -> None:
    assert SPEC["properties"].keys() == Config.model_fields.keys()
    assert set(SPEC["required"]) == {
        name for name, field in Config.model_fields.items() if field.is_required()
    }
    (api_token,) = SPEC["properties"]["credentials"]["oneOf"]
    assert api_token["properties"].keys() == ApiTokenCredentials.model_fields.keys()
    assert set(api_token["required"]) == set(ApiTokenCredentials.model_fields)


def test_each_field_of_the_form_has_a_title_a_description_and_a_place() -> None:
    def fields(schema: dict[str, dict[str, object]]) -> list[dict[str, object]]:
        return list(schema["properties"].values())  # type: ignore[arg-type]

    top = fields(SPEC)
    inner = fields(SPEC["properties"]["credentials"]["oneOf"][0])
    for group in (top, inner):
        assert list(range(len(group))) == [field["order"] for field in group]
        for field in group:
            assert "const" in field or {"title", "description"} <= field.keys()


def test_each_secret_of_the_form_is_marked() -> None:
    properties = SPEC["properties"]["credentials"]["oneOf"][0]["properties"]
    marked = {name for name, field in properties.items() if field.get("airbyte_secret")}
    assert {"api_token"} == marked
