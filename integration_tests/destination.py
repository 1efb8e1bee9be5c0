"""A destination in one DuckDB file that writes as Airbyte's "append + dedup" does.

https://docs.airbyte.com/platform/using-airbyte/core-concepts/sync-modes/incremental-append-deduped
"""

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

_TYPES = {"integer": "BIGINT", "boolean": "BOOLEAN", "string": "VARCHAR"}

# Of each key the record with the greatest cursor, then the one that came last, and no deleted one.
_DEDUP = """
    CREATE OR REPLACE TABLE articles AS
    SELECT * EXCLUDE _arrival FROM articles_raw
    QUALIFY row_number() OVER (
        PARTITION BY id, locale ORDER BY updated_at DESC, _arrival DESC
    ) = 1 AND _ab_cdc_deleted_at IS NULL
"""


def write(database: Path, json_schema: Mapping[str, Any], records: list[dict[str, Any]]) -> None:
    """Append records to the file's table `articles_raw`, and make `articles` of it anew."""
    columns = {name: _type(field) for name, field in json_schema["properties"].items()}
    with tempfile.TemporaryDirectory() as folder, duckdb.connect(database) as connection:
        lines = Path(folder, "records.jsonl")
        lines.write_text("".join(json.dumps(record) + "\n" for record in records))
        connection.execute("CREATE SEQUENCE IF NOT EXISTS arrivals")
        listed = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
        connection.execute(f"CREATE TABLE IF NOT EXISTS articles_raw ({listed}, _arrival BIGINT)")
        connection.execute(
            "INSERT INTO articles_raw BY NAME SELECT *, nextval('arrivals') AS _arrival "
            "FROM read_json(?, columns = ?, format = 'newline_delimited')",
            [str(lines), columns],
        )
        connection.execute(_DEDUP)


def _type(field: Mapping[str, Any]) -> str:
    if "format" in field:
        return "TIMESTAMP"
    kinds = field["type"]
    kind = next(kind for kind in ([kinds] if isinstance(kinds, str) else kinds) if kind != "null")
    return f"{_type(field['items'])}[]" if kind == "array" else _TYPES[kind]
