"""The emulator answers what Zendesk answers: the same keys with the same types.

The tables were written from Zendesk's OpenAPI file and from recorded answers. Where those files are
at hand (in `shared/zendesk` beside the project) the tables are compared with them too.
"""

import json
import re
import types
import typing
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from integration_tests.zendesk_emulator import Article, Fault, ZendeskEmulator, sample

RECORDED = Path(__file__).parents[1].parent / "shared" / "zendesk"

Shape = Mapping[str, type | types.UnionType]

ARTICLE: Shape = {
    "id": int,
    "url": str,
    "html_url": str,
    "author_id": int,
    "comments_disabled": bool,
    "draft": bool,
    "promoted": bool,
    "position": int,
    "vote_sum": int,
    "vote_count": int,
    "section_id": int,
    "created_at": str,
    "updated_at": str,
    "name": str,
    "title": str,
    "source_locale": str,
    "locale": str,
    "outdated": bool,
    "outdated_locales": list,
    "edited_at": str,
    "user_segment_id": int | None,
    "user_segment_ids": list,
    "permission_group_id": int,
    "content_tag_ids": list,
    "label_names": list,
    "body": str | None,
}
TRANSLATION: Shape = {
    "id": int,
    "url": str,
    "html_url": str,
    "source_id": int,
    "source_type": str,
    "locale": str,
    "title": str,
    "body": str | None,
    "outdated": bool,
    "draft": bool,
    "hidden": bool,
    "created_at": str,
    "updated_at": str,
    "updated_by_id": int | None,
    "created_by_id": int,
}
CATEGORY: Shape = {
    "id": int,
    "url": str,
    "html_url": str,
    "position": int,
    "created_at": str,
    "updated_at": str,
    "name": str,
    "description": str | None,
    "locale": str,
    "source_locale": str,
    "outdated": bool,
}
SECTION: Shape = {
    **CATEGORY,
    "category_id": int,
    "sorting": str,
    "parent_section_id": int | None,
    "theme_template": str,
}
BRAND: Shape = {
    "url": str,
    "id": int,
    "name": str,
    "brand_url": str,
    "subdomain": str,
    "host_mapping": str | None,
    "has_help_center": bool,
    "help_center_state": str,
    "active": bool,
    "default": bool,
    "is_deleted": bool,
    "logo": dict | None,
    "ticket_form_ids": list,
    "signature_template": str,
    "created_at": str,
    "updated_at": str,
}
LOCALES: Shape = {"locales": list, "default_locale": str}
CURSOR_PAGE: Shape = {"meta": dict, "links": dict}
CURSOR_META: Shape = {"has_more": bool, "after_cursor": str | None, "before_cursor": str | None}
OFFSET_PAGE: Shape = {
    "count": int,
    "next_page": str | None,
    "page": int,
    "page_count": int,
    "per_page": int,
    "previous_page": str | None,
}
SORTED_OFFSET_PAGE: Shape = {**OFFSET_PAGE, "sort_by": str, "sort_order": str}
INCREMENTAL_PAGE: Shape = {
    "count": int,
    "next_page": str | None,
    "end_time": int,
    "articles": list,
}

# Keys that some recordings have and others have not.
SOMETIMES = {"user_segment_ids", "sort_by", "sort_order", "host_mapping"}


def misfits(
    row: Mapping[str, object], shape: Shape, *, sometimes: frozenset[str] = frozenset()
) -> list[str]:
    """Name the keys that are missing, not expected, or of another type."""
    missing = shape.keys() - row.keys() - sometimes
    unexpected = row.keys() - shape.keys()
    mistyped = {
        key
        for key in row.keys() & shape.keys()
        if type(row[key]) not in (typing.get_args(shape[key]) or (shape[key],))
    }
    return sorted(missing | unexpected | mistyped)


def without(row: Mapping[str, object], *keys: str) -> dict[str, object]:
    return {key: value for key, value in row.items() if key not in keys}


# ---------------------------------------------------------------------- what the emulator answers


@pytest.fixture
def zendesk() -> Iterator[ZendeskEmulator]:
    with ZendeskEmulator() as zendesk:
        sample.furnish(zendesk.account.help_center())
        yield zendesk


def get(session: requests.Session, path: str) -> Any:  # noqa: ANN401  -- parsed JSON
    answer = session.get(f"https://acme.zendesk.com/api/v2/{path}")
    assert "application/json; charset=utf-8" == answer.headers["Content-Type"]
    return answer.json()


def test_articles_and_the_cursor_page_around_them(session: requests.Session) -> None:
    page = get(session, "help_center/articles?page[size]=2")

    assert [] == misfits(without(page, "articles"), CURSOR_PAGE)
    assert [] == misfits(page["meta"], CURSOR_META)
    assert {"first", "last", "next"} == page["links"].keys()
    assert [[], []] == [misfits(row, ARTICLE) for row in page["articles"]]


def test_the_offset_page_around_articles(session: requests.Session) -> None:
    page = get(session, "help_center/en-us/articles.json")

    assert [] == misfits(without(page, "articles"), SORTED_OFFSET_PAGE)
    assert {"en-us"} == {row["locale"] for row in page["articles"]}


def test_the_incremental_page(session: requests.Session) -> None:
    page = get(session, "help_center/incremental/articles?start_time=0")

    assert [] == misfits(page, INCREMENTAL_PAGE)
    assert [] == [wrong for row in page["articles"] for wrong in misfits(row, ARTICLE)]


def test_an_empty_incremental_page(session: requests.Session) -> None:
    page = get(session, "help_center/incremental/articles?start_time=4102444800")

    assert {"count": 0, "next_page": None, "end_time": 1, "articles": []} == page


def test_an_article_with_its_translations(
    session: requests.Session, zendesk: ZendeskEmulator
) -> None:
    number = first_article(zendesk).id
    article = get(session, f"help_center/articles/{number}?include=translations")["article"]

    assert [] == misfits(without(article, "translations"), ARTICLE)
    assert ["en-us", "de", "fr", "ja"] == [text["locale"] for text in article["translations"]]
    assert [[]] * 4 == [misfits(text, TRANSLATION) for text in article["translations"]]


def test_translations_on_their_own(session: requests.Session, zendesk: ZendeskEmulator) -> None:
    page = get(session, f"help_center/articles/{first_article(zendesk).id}/translations")

    assert [] == misfits(without(page, "translations"), OFFSET_PAGE)
    assert 100 == page["per_page"]
    assert [[]] * 4 == [misfits(text, TRANSLATION) for text in page["translations"]]


def test_categories_sections_locales_and_brands(session: requests.Session) -> None:
    categories = get(session, "help_center/categories")
    sections = get(session, "help_center/sections")
    brands = get(session, "brands")

    assert [] == misfits(without(categories, "categories"), OFFSET_PAGE)
    assert [[], []] == [misfits(row, CATEGORY) for row in categories["categories"]]
    assert [[], [], []] == [misfits(row, SECTION) for row in sections["sections"]]
    assert [] == misfits(get(session, "help_center/locales"), LOCALES)
    assert {"count", "next_page", "previous_page"} == without(brands, "brands").keys()
    assert [[]] == [misfits(row, BRAND) for row in brands["brands"]]


@pytest.mark.parametrize(
    "path", ["articles?", "articles?page[size]=100&", "incremental/articles?start_time=0&"]
)
def test_sections_and_categories_beside_articles(session: requests.Session, path: str) -> None:
    page = get(session, f"help_center/{path}include=translations,sections,categories")

    names = {kind: {row["name"] for row in page[kind]} for kind in ("sections", "categories")}
    assert {"Orders", "Paying", "Prices"} == names["sections"]
    assert {"Help", "For our partners"} == names["categories"]
    assert [] == hierarchy_misfits(page)


def test_sections_and_categories_beside_one_article(
    session: requests.Session, zendesk: ZendeskEmulator
) -> None:
    include = "include=translations,sections,categories"
    page = get(session, f"help_center/articles/{first_article(zendesk).id}?{include}")

    assert {"article", "sections", "categories"} == page.keys()
    assert (1, 1) == (len(page["sections"]), len(page["categories"]))
    assert [] == hierarchy_misfits(page)


def test_sections_and_categories_with_their_translations(session: requests.Session) -> None:
    sections = get(session, "help_center/sections?include=translations,categories")
    categories = get(session, "help_center/categories?include=translations")

    assert OFFSET_PAGE.keys() | {"sections", "categories"} == sections.keys()
    assert OFFSET_PAGE.keys() | {"categories"} == categories.keys()
    assert [] == hierarchy_misfits(sections) + hierarchy_misfits(categories)
    locales = {
        row["name"]: [text["locale"] for text in row["translations"]]
        for row in (*sections["sections"], *sections["categories"])
    }
    assert {
        "Orders": ["en-us", "de", "fr"],
        "Paying": ["en-us", "de"],
        "Prices": ["en-us"],
        "Help": ["en-us", "de", "fr"],
        "For our partners": ["en-us", "de"],
    } == locales


def hierarchy_misfits(page: Mapping[str, Any]) -> list[str]:
    """Name what is wrong with the sections and categories of a page and their translations."""
    kinds = (("sections", SECTION, "Section"), ("categories", CATEGORY, "Category"))
    return [
        wrong
        for kind, shape, source_type in kinds
        for row in page.get(kind, [])
        for wrong in (
            *misfits(row, {**shape, "translations": list}),
            *(wrong for text in row["translations"] for wrong in misfits(text, TRANSLATION)),
            *(
                f"{text['source_type']} {text['source_id']}"
                for text in row["translations"]
                if (source_type, row["id"]) != (text["source_type"], text["source_id"])
            ),
        )
    ]


def test_the_user_behind_a_credential_and_the_visitor_without_one(
    session: requests.Session, zendesk: ZendeskEmulator
) -> None:
    admin = get(session, "users/me")["user"]
    session.auth = None
    visitor = get(session, "users/me")["user"]

    assert admin.keys() == visitor.keys()
    assert (zendesk.account.admin.id, "Ada Admin", "admin") == tuple(
        admin[key] for key in ("id", "name", "role")
    )
    assert (None, "Anonymous user") == (visitor["id"], visitor["name"])


def test_addresses_are_written_as_recorded(
    session: requests.Session, zendesk: ZendeskEmulator
) -> None:
    number = first_article(zendesk).id
    article = get(session, f"help_center/articles/{number}?include=translations")["article"]
    german = article["translations"][1]
    api = "https://acme.zendesk.com/api/v2/help_center"

    assert f"{api}/en-us/articles/{number}.json" == article["url"]
    readers = "https://acme.zendesk.com/hc"
    assert f"{readers}/en-us/articles/{number}-Where-is-my-order" == article["html_url"]
    assert f"{api}/articles/{number}/translations/de.json" == german["url"]
    assert f"{readers}/de/articles/{number}" == german["html_url"]
    assert "2026-11-01T12:00:00Z" == article["updated_at"]

    (orders,) = get(session, "help_center/de/sections?include=translations&per_page=1")["sections"]
    german = orders["translations"][1]
    assert f"{api}/de/sections/{orders['id']}.json" == orders["url"]
    assert f"{readers}/de/sections/{orders['id']}-Bestellungen" == orders["html_url"]
    assert f"{api}/sections/{orders['id']}/translations/de.json" == german["url"]
    assert f"{readers}/de/sections/{orders['id']}" == german["html_url"]


ERRORS: dict[str, tuple[str, int, object]] = {
    "401_bad_credentials": (
        "https://acme.zendesk.com/api/v2/help_center/locales",
        401,
        {"error": "Couldn't authenticate you"},
    ),
    "403_role": (
        "https://acme.zendesk.com/api/v2/brands",
        403,
        {
            "error": {
                "title": "Forbidden",
                "message": "You do not have access to this page. "
                "Please contact the account owner of this help desk for further help.",
            }
        },
    ),
    "403_oauth_scope": (
        "https://acme.zendesk.com/api/v2/users/me",
        403,
        {
            "error": "Forbidden",
            "description": "You are missing the following required scopes: read",
        },
    ),
    "404_record": (
        "https://acme.zendesk.com/api/v2/help_center/articles/1",
        404,
        {"error": "RecordNotFound", "description": "Not found"},
    ),
    "404_endpoint": (
        "https://acme.zendesk.com/api/v2/help_center/nothing",
        404,
        {"error": "InvalidEndpoint", "description": "Not found"},
    ),
    "404_wrong_subdomain": (
        "https://example.zendesk.com/api/v2/help_center/articles",
        404,
        {
            "error": {
                "title": "No help desk at example.zendesk.com",
                "message": "There is no help desk configured at this address. This means that the "
                "address is available and that you can claim it at http://www.zendesk.com/signup",
            }
        },
    ),
    "400_offset_limit": (
        "https://acme.zendesk.com/api/v2/help_center/articles?page=101",
        400,
        {
            "error": "LimitError",
            "description": "Offset-based pagination is limited to 100 pages",
        },
    ),
    "429_json": (
        "https://acme.zendesk.com/api/v2/help_center/incremental/articles?start_time=0",
        429,
        {
            "error": "APIRateLimitExceeded",
            "description": "Number of allowed incremental export API requests per minute exceeded",
        },
    ),
    "429_text_plain": (
        "https://acme.zendesk.com/api/v2/help_center/articles",
        429,
        "Number of allowed API requests per minute exceeded",
    ),
}


@pytest.mark.parametrize("situation", ERRORS)
def test_errors_are_in_zendesks_words(
    session: requests.Session, zendesk: ZendeskEmulator, situation: str
) -> None:
    account = zendesk.account
    if situation == "401_bad_credentials":
        account.revoke(account.admin_token)
    elif situation == "403_role":
        reader = account.add_user("Rea Reader", "rea@acme.example", "end-user")
        session.auth = (f"{reader.email}/token", account.add_api_token(reader))
    elif situation == "403_oauth_scope":
        session.auth = None
        token = account.add_oauth_token(account.admin, scope="hc:read")
        session.headers["Authorization"] = f"Bearer {token}"
    elif situation == "429_json":
        zendesk.switches.incremental_requests_per_minute = 0
        zendesk.switches.rate_limit_text = "json"
    elif situation == "429_text_plain":
        zendesk.rate_limit = 0
    url, status, body = ERRORS[situation]

    answer = session.get(url)

    assert status == answer.status_code
    assert body == (answer.text if isinstance(body, str) else answer.json())


def test_a_token_that_has_ended(session: requests.Session, zendesk: ZendeskEmulator) -> None:
    session.auth = None
    token = zendesk.account.add_oauth_token(zendesk.account.admin, lifetime=300)
    session.headers["Authorization"] = f"Bearer {token}"
    assert "Ada Admin" == get(session, "users/me")["user"]["name"]

    zendesk.clock.advance(300)

    answer = session.get("https://acme.zendesk.com/api/v2/users/me")
    assert (401, "invalid_token") == (answer.status_code, answer.json()["error"])


def test_a_key_that_goes_missing_does_not_pass(
    session: requests.Session, zendesk: ZendeskEmulator
) -> None:
    def forget_the_segment(page: dict[str, Any]) -> dict[str, Any]:
        for row in page["articles"]:
            del row["user_segment_id"]
        return page

    zendesk.faults.add(Fault("rewrite", rewrite=forget_the_segment))
    row = get(session, "help_center/articles")["articles"][0]

    assert ["user_segment_id"] == misfits(row, ARTICLE)


def first_article(zendesk: ZendeskEmulator) -> Article:
    return zendesk.account.help_center().articles[0]


# ------------------------------------------------------- where the tables come from, if at hand

beside_the_recordings = pytest.mark.skipif(
    not RECORDED.exists(), reason="Zendesk's files are not beside this project"
)


def recording(name: str) -> Any:  # noqa: ANN401  -- parsed JSON
    parsed = json.loads((RECORDED / "samples" / f"{name}.json").read_text())
    return parsed["body"] if "status" in parsed else parsed


@beside_the_recordings
@pytest.mark.parametrize(
    ("name", "plural", "envelope", "row"),
    [
        ("articles_offset_list", "articles", SORTED_OFFSET_PAGE, ARTICLE),
        ("articles_offset_list_with_user_segment_ids", "articles", SORTED_OFFSET_PAGE, ARTICLE),
        ("articles_incremental", "articles", without(INCREMENTAL_PAGE, "articles"), ARTICLE),
        ("articles_incremental_empty", "articles", without(INCREMENTAL_PAGE, "articles"), ARTICLE),
        ("translations_offset_list", "translations", OFFSET_PAGE, TRANSLATION),
        ("categories_cursor_list", "categories", CURSOR_PAGE, CATEGORY),
        ("sections_offset_list", "sections", SORTED_OFFSET_PAGE, SECTION),
        ("brands_cursor_page", "brands", CURSOR_PAGE, BRAND),
    ],
)
def test_recorded_lists_fit_the_tables(name: str, plural: str, envelope: Shape, row: Shape) -> None:
    page = recording(name)
    sometimes = frozenset(SOMETIMES)

    assert [] == misfits(without(page, plural, "_note"), envelope, sometimes=sometimes)
    assert [] == [
        wrong for item in page[plural] for wrong in misfits(item, row, sometimes=sometimes)
    ]


@beside_the_recordings
def test_recorded_rows_fit_the_tables() -> None:
    sometimes = frozenset(SOMETIMES)
    for name in ("article_show", "article_show_draft_restricted", "article_from_cursor_list"):
        assert [] == misfits(recording(name)["article"], ARTICLE, sometimes=sometimes)
    assert [] == misfits(recording("translation_null_body"), TRANSLATION)
    assert [] == misfits(recording("locales"), LOCALES)


@beside_the_recordings
def test_recorded_cursor_links_fit_the_emulators() -> None:
    pages = [page["body"] for page in recording("categories_cursor_pages")]
    alone, first, last = pages[0], pages[2], pages[3]

    assert {"first", "last"} == alone["links"].keys()
    assert {"first", "last", "next"} == first["links"].keys()
    assert {"first", "last", "prev"} == last["links"].keys()
    assert [[], [], []] == [misfits(page["meta"], CURSOR_META) for page in (alone, first, last)]


@beside_the_recordings
def test_recorded_errors_are_the_ones_of_the_table() -> None:
    recorded = json.loads(
        (RECORDED / "samples" / "errors.json").read_text().replace("EXAMPLE", "example")
    )

    assert recorded == {situation: body for situation, (_, _, body) in ERRORS.items()}


@beside_the_recordings
@pytest.mark.parametrize(
    ("schema", "shape", "undocumented"),
    [
        ("ArticleObject", ARTICLE, {"name"}),
        ("TranslationObject", TRANSLATION, {"hidden"}),
        ("CategoryObject", CATEGORY, set[str]()),
        ("SectionObject", SECTION, {"sorting"}),
        ("LocalesWithDefaultResponse", LOCALES, set[str]()),
    ],
)
def test_the_tables_hold_what_the_openapi_file_says(
    openapi: dict[str, Any], schema: str, shape: Shape, undocumented: set[str]
) -> None:
    documented = openapi["components"]["schemas"][schema]["properties"]
    kinds = {"integer": int, "string": str, "boolean": bool, "array": list}

    assert undocumented == shape.keys() - documented.keys()
    assert set() == documented.keys() - shape.keys()
    for key, field in documented.items():
        assert kinds[field["type"]] in (typing.get_args(shape[key]) or (shape[key],)), key


@beside_the_recordings
@pytest.mark.parametrize(
    ("path", "sideloads"),
    [
        ("{locale}/articles/{article_id}", {"sections", "categories", "translations"}),
        ("{locale}/sections", {"categories", "translations"}),
        ("{locale}/categories", {"translations"}),
    ],
)
def test_what_can_be_sideloaded_is_in_the_openapi_file(
    openapi: dict[str, Any], path: str, sideloads: set[str]
) -> None:
    description = openapi["paths"][f"/api/v2/help_center/{path}"]["get"]["description"]
    table = description.split("#### Sideloads")[1]

    assert sideloads == set(re.findall(r"^\| (\w+)", table, re.MULTILINE)) - {"Name", "users"}


@pytest.fixture(scope="module")
def openapi() -> dict[str, Any]:
    text = (RECORDED / "help_center_oas_2025-05.yaml").read_text()
    parsed: dict[str, Any] = yaml.safe_load(text)
    return parsed
