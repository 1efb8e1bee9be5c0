"""What the benchmark holds the connector against: the least that reads a Help Center.

One session, page after page, a record out for each article and translation. No framework, no hash,
no state, no retries, no retractions. `python bare_loop.py config.json`
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

import orjson
import requests

_OF_ARTICLE = [
    "id",
    "created_at",
    "source_locale",
    "url",
    "author_id",
    "section_id",
    "permission_group_id",
    "user_segment_id",
    "user_segment_ids",
    "label_names",
    "content_tag_ids",
    "promoted",
    "position",
    "comments_disabled",
    "vote_sum",
    "vote_count",
]
_OF_TRANSLATION = ["locale", "title", "body", "html_url", "draft", "outdated"]


def main() -> None:
    """Read everything that the configuration's API token may see."""
    config = json.loads(Path(sys.argv[1]).read_text())
    subdomain, credentials = config["subdomain"], config["credentials"]
    url = f"https://{subdomain}.zendesk.com/api/v2/help_center/articles"
    query = {"include": "translations,sections,categories", "page[size]": "100"}
    write = sys.stdout.buffer.write
    with requests.Session() as session:
        session.auth = (f"{credentials['email']}/token", credentials["api_token"])
        while True:
            answer = session.get(url, params=query, timeout=60)
            answer.raise_for_status()
            page = orjson.loads(answer.content)
            sections = {row["id"]: (row["category_id"], _names(row)) for row in page["sections"]}
            categories = {row["id"]: _names(row) for row in page["categories"]}
            for article in page["articles"]:
                shared = {name: article[name] for name in _OF_ARTICLE}
                category, sections_names = sections[article["section_id"]]
                categories_names = categories[category]
                restricted = article["user_segment_id"] is not None
                for text in article["translations"]:
                    internal = restricted or text["draft"] or text["hidden"]
                    data = {
                        **shared,
                        **{name: text[name] for name in _OF_TRANSLATION},
                        "brand_subdomain": subdomain,
                        "category_id": category,
                        "section_name": sections_names.get(text["locale"], sections_names[""]),
                        "category_name": categories_names.get(text["locale"], categories_names[""]),
                        "translation_id": text["id"],
                        "translation_updated_at": text["updated_at"],
                        "article_updated_at": article["updated_at"],
                        "updated_at": max(article["updated_at"], text["updated_at"]),
                        "visibility": "internal" if internal else "public",
                        "visibility_reason": "restricted" if internal else "published",
                        "status": "draft" if text["draft"] else "published",
                    }
                    if text["locale"] == article["source_locale"]:
                        data["edited_at"] = article["edited_at"]
                    stamp = int(time.time() * 1000)
                    record = {"stream": "articles", "data": data, "emitted_at": stamp}
                    write(orjson.dumps({"type": "RECORD", "record": record}))
                    write(b"\n")
            if not page["meta"]["has_more"]:
                return
            query["page[after]"] = page["meta"]["after_cursor"]


def _names(row: dict[str, Any]) -> dict[str, str]:
    """Return what a section or category is called: by locale, and under "" in its own one."""
    return {"": row["name"], **{text["locale"]: text["title"] for text in row["translations"]}}


if __name__ == "__main__":
    main()
