"""Whatever a row of articles holds: it is read and can be written out, or it is unreadable."""

import json
from typing import Any

import orjson
from airbyte_cdk.models import (
    AirbyteMessage,
    AirbyteMessageSerializer,
    AirbyteRecordMessage,
    Type,
)
from hypothesis import given
from hypothesis import strategies as st

from source_zendesk_articles.articles.changes import Rules, change
from source_zendesk_articles.articles.filters import has_article
from source_zendesk_articles.articles.placement import is_placed
from source_zendesk_articles.articles.records import add_markdown
from source_zendesk_articles.articles.visibility import Audience
from source_zendesk_articles.config import Filters
from source_zendesk_articles.memory.cursor import Cursor
from source_zendesk_articles.memory.known import KnownArticles
from source_zendesk_articles.memory.packing import Known
from source_zendesk_articles.memory.state import HelpCenterState, State, from_json, to_json
from source_zendesk_articles.sync.errors import unreadable_articles
from source_zendesk_articles.zendesk.decode import decode_articles
from source_zendesk_articles.zendesk.models import Unreadable

TRANSLATION: dict[str, Any] = {
    "id": 2,
    "locale": "en-us",
    "title": "Title",
    "body": "<p>Text</p>",
    "html_url": "https://acme.zendesk.com/hc/en-us/articles/1",
    "draft": False,
    "hidden": False,
    "outdated": False,
    "updated_at": "2026-01-02T03:04:05Z",
}
ARTICLE: dict[str, Any] = {
    "id": 1,
    "source_locale": "en-us",
    "updated_at": "2026-01-02T03:04:05Z",
    "created_at": "2026-01-02T03:04:05Z",
    "edited_at": "2026-01-02T03:04:05Z",
    "section_id": 3,
    "author_id": 4,
    "user_segment_id": None,
    "user_segment_ids": [],
    "label_names": ["a"],
    "content_tag_ids": ["b"],
    "outdated_locales": [],
    "permission_group_id": 5,
    "promoted": False,
    "position": 0,
    "url": "https://acme.zendesk.com/api/v2/help_center/articles/1.json",
}
SIDELOADS = {
    "sections": {"id": 3, "category_id": 6, "name": "Section", "locale": "en-us"},
    "categories": {"id": 6, "name": "Category", "locale": "en-us"},
}


def nested(levels: int) -> object:
    value: object = 1
    for level in range(levels):
        value = [value] if level % 2 else {"inner": value}
    return value


# Half of a character among them.
TEXTS = st.text(alphabet=st.characters(), max_size=5) | st.sampled_from(
    ["", " ", "a\nb", "\x00", "\ud83c", "1970-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "x" * 99]
)
NUMBERS = st.sampled_from(
    [-(2**63) - 1, -1, 0, 2**31, 2**63 - 1, 2**63, 2**64, 10**400, 0.5, -0.0, 1e300]
)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
) | st.sampled_from([nested(levels) for levels in (200, 246, 250, 254, 300)])


@st.composite
def odd(draw: st.DrawFn, row: dict[str, Any]) -> dict[str, Any]:
    """Return a row, some of whose fields are missing or something else."""
    changed = draw(st.dictionaries(st.sampled_from(sorted(row)), VALUES, max_size=2))
    left_out = draw(st.sets(st.sampled_from(sorted(row)), max_size=1))
    return {name: value for name, value in {**row, **changed}.items() if name not in left_out}


ROWS = st.tuples(odd(ARTICLE), st.none() | st.lists(odd(TRANSLATION) | VALUES, max_size=2)).map(
    lambda parts: {**parts[0], "translations": parts[1]}
)


@given(
    row=ROWS | VALUES,
    section=odd(SIDELOADS["sections"]),
    category=odd(SIDELOADS["categories"]),
)
def test_what_is_read_can_be_written_out(
    row: object, section: dict[str, Any], category: dict[str, Any]
) -> None:
    answer = {
        "articles": [row, {**ARTICLE, "id": 7, "translations": [TRANSLATION]}],
        "sections": [section],
        "categories": [category],
        "meta": {"has_more": False},
    }
    first, second = decode_articles(json.dumps(answer).encode()).items
    assert not isinstance(second, Unreadable)
    if isinstance(first, Unreadable):
        error = unreadable_articles("acme.zendesk.com", [first], 1)
        orjson.dumps([error.message, error.internal_message])
        return
    known, cursor = KnownArticles(), Cursor("2026-01-01T00:00:00Z")
    cursor.begin("2026-01-02T00:00:00Z")
    rules = Rules(
        "acme", Audience(is_open=True, enabled_locales=frozenset({"en-us"})), Filters(), 1
    )
    has_article(rules.filters, first, None)
    is_placed(first)
    found = change(first, first.translations or (), frozenset({"en-us", "de"}), rules)
    add_markdown(found.records)
    for record in found.records:
        record["updated_at"] = cursor.updated_at(str(record["updated_at"]), again=False)
        message = AirbyteRecordMessage("articles", record, 1)
        orjson.dumps(AirbyteMessageSerializer.dump(AirbyteMessage(Type.RECORD, record=message)))
    known.doubt(first.id, found.held)
    known.remember(second.id, Known(found.digest, found.held))
    state = State(cursor.latest, {"acme": HelpCenterState(known)})
    saved = orjson.loads(orjson.dumps(to_json(state)))
    assert saved == to_json(from_json(saved, "acme"))
