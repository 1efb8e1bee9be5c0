"""The configuration: what users enter, and what must never pass."""

import json
from pathlib import Path
from typing import get_args
from urllib.parse import parse_qsl, urlsplit

import pytest
import yaml
from airbyte_cdk.models import FailureType
from airbyte_cdk.utils.traced_exception import AirbyteTracedException
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment
from jsonschema import Draft7Validator

from source_zendesk_articles.config import (
    ApiTokenCredentials,
    AuthType,
    Config,
    Credentials,
    Filters,
    normalize,
    parse_config,
    parse_subdomain,
)

SECRET = "s3cr3tT0ken"
CREDENTIALS = {"auth_type": "api_token", "email": "ada@acme.example", "api_token": SECRET}
SPEC_FILE = Path(__file__).parents[1] / "source_zendesk_articles" / "spec.yaml"
SPEC = yaml.safe_load(SPEC_FILE.read_text())["connectionSpecification"]
FORMS = SPEC["properties"]["credentials"]["oneOf"]
CLIENT = {
    "auth_type": "oauth_client_credentials",
    "client_id": "airbyte_articles",
    "client_secret": SECRET,
}
REFRESH = {**CLIENT, "auth_type": "oauth_refresh_token", "refresh_token": f"{SECRET}2"}
ACCESS = {"auth_type": "oauth_access_token", "access_token": SECRET}


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


@pytest.mark.parametrize("credentials", [CLIENT, REFRESH, ACCESS])
def test_each_kind_of_oauth_keeps_its_fields_and_its_name(credentials: dict[str, str]) -> None:
    entered = {"subdomain": "acme", "credentials": credentials}
    assert entered == normalize(entered)
    assert credentials["auth_type"] == parse_config(entered).credentials.auth_type


def test_what_the_connector_keeps_beside_a_refresh_token_may_be_empty_or_there() -> None:
    kept = {"access_token": "t", "token_expiry_date": "2026-11-01T12:00:00Z"}
    whole = {"subdomain": "acme", "credentials": {**REFRESH, **kept}}
    assert whole == normalize(whole)
    blank = {"subdomain": "acme", "credentials": {**REFRESH, **dict.fromkeys(kept, " ")}}
    assert {"subdomain": "acme", "credentials": REFRESH} == normalize(blank)


@pytest.mark.parametrize(
    "credentials",
    [
        {},
        {"auth_type": SECRET},
        {"auth_type": None},
        {"auth_type": [SECRET]},
        CLIENT | {"auth_type": ""},
    ],
)
def test_of_no_kind_of_credential_nothing_is_kept(credentials: dict[str, object]) -> None:
    entered = {"subdomain": "acme", "credentials": credentials, "client_secret": SECRET}
    assert {"subdomain": "acme", "credentials": {}} == normalize(entered)


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
    assert isinstance(config.credentials, ApiTokenCredentials)
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
        ("credentials", {"auth_type": "api_token"}, "`credentials.email`: is not an e-mail"),
        ("credentials", {**CLIENT, "client_id": " "}, "`credentials.client_id`: "),
        ("credentials", {**CLIENT, "client_secret": 7}, "`credentials.client_secret`: is empty"),
        ("credentials", {**REFRESH, "refresh_token": None}, "`credentials.refresh_token`: is"),
        ("credentials", {**ACCESS, "access_token": "a b\n c"}, "`credentials.access_token`: is"),
        ("credentials", {}, "`credentials`: "),
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
    for shown, form in zip(FORMS, get_args(Credentials), strict=True):
        assert shown["properties"].keys() == form.model_fields.keys()
        assert set(shown["required"]) == {
            name for name, field in form.model_fields.items() if field.is_required()
        }


def test_each_field_of_the_form_has_a_title_a_description_and_a_place() -> None:
    def fields(schema: dict[str, dict[str, object]]) -> list[dict[str, object]]:
        return list(schema["properties"].values())  # type: ignore[arg-type]

    for group in (fields(SPEC), *map(fields, FORMS)):
        assert list(range(len(group))) == [field["order"] for field in group]
        for field in group:
            assert "const" in field or {"title", "description"} <= field.keys()


def test_each_secret_of_the_form_is_marked() -> None:
    secrets = [
        {"client_secret"},
        {"client_secret", "refresh_token", "access_token"},
        {"access_token"},
        {"api_token"},
    ]
    assert secrets == [
        {name for name, field in form["properties"].items() if field.get("airbyte_secret")}
        for form in FORMS
    ]


def test_the_recommended_credential_is_the_first_of_the_form_and_each_says_its_own_name() -> None:
    types = [form["properties"]["auth_type"] for form in FORMS]
    assert list(get_args(AuthType)) == [field["const"] for field in types]
    assert [field["const"] for field in types] == [field["default"] for field in types]
    assert "oauth_client_credentials" == types[0]["const"]


def test_airbytes_button_writes_what_the_form_has() -> None:
    button = yaml.safe_load(SPEC_FILE.read_text())["advanced_auth"]
    assert ["credentials", "auth_type"] == button["predicate_key"]
    (form,) = (
        form
        for form in FORMS
        if form["properties"]["auth_type"]["const"] == button["predicate_value"]
    )
    flow = button["oauth_config_specification"]
    written = {
        name: field["path_in_connector_config"]
        for side in ("complete_oauth_output", "complete_oauth_server_output")
        for name, field in flow[f"{side}_specification"]["properties"].items()
    }
    assert {name: ["credentials", name] for name in written} == written
    assert set(form["required"]) - {"auth_type"} <= written.keys() <= form["properties"].keys()


@pytest.mark.parametrize(
    ("entered", "is_allowed"),
    [
        ("acme", True),
        ("Acme-2", True),
        ("evil.example/acme", False),
        ("evil.example#", False),
        ("acme.zendesk.com", False),
        ("a@b", False),
        ("", False),
    ],
)
def test_airbytes_button_takes_a_bare_subdomain_only(entered: str, is_allowed: bool) -> None:
    flow = yaml.safe_load(SPEC_FILE.read_text())["advanced_auth"]["oauth_config_specification"]
    schema = flow["oauth_user_input_from_connector_config_specification"]
    assert is_allowed == Draft7Validator(schema).is_valid({"subdomain": entered})


def test_airbytes_button_asks_the_accounts_own_host_in_zendesks_words() -> None:
    button = yaml.safe_load(SPEC_FILE.read_text())["advanced_auth"]
    asked = button["oauth_config_specification"]["oauth_connector_input_specification"]
    jinja = Environment(autoescape=False)  # noqa: S701 -- an address, as Airbyte fills it in
    values = {
        "subdomain": "acme",
        "client_id_key": "client_id",
        "client_id_value": "a b",
        "redirect_uri_key": "redirect_uri",
        "redirect_uri_value": "https://airbyte.example/auth_flow",
        "scope_key": "scope",
        "scope_value": asked["scope"],
        "state_key": "state",
        "state_value": "s",
    }
    consent = urlsplit(jinja.from_string(asked["consent_url"]).render(values))
    assert "https://acme.zendesk.com/oauth/authorizations/new" == (
        f"{consent.scheme}://{consent.netloc}{consent.path}"
    )
    assert {
        "response_type": "code",
        "client_id": "a b",
        "redirect_uri": "https://airbyte.example/auth_flow",
        "scope": "read",
        "state": "s",
    } == dict(parse_qsl(consent.query))
    token_url = jinja.from_string(asked["access_token_url"]).render(values)
    assert "https://acme.zendesk.com/oauth/tokens" == token_url
