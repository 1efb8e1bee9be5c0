"""`make demo` shows every case, and says that it compared what it shows."""

import subprocess
import sys
from pathlib import Path

import duckdb


def test_the_demo_shows_every_case_and_leaves_a_table_to_query(tmp_path: Path) -> None:
    database = tmp_path / "demo.duckdb"
    done = subprocess.run(  # noqa: S603 -- this project's own demo
        [sys.executable, "-m", "integration_tests.demo", "--database", database],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        check=True,
    )
    for line in (
        "internal: draft",
        "internal: user_segment",
        "internal: hidden",
        "locale_disabled",
        "left out: outdated",
        "“Christmas 2024” is archived",
        "4 requests, 15 records and 1 state",
        "equals the Help Center: every row was compared.",
    ):
        assert line in done.stdout
    with duckdb.connect(database, read_only=True) as connection:
        query = "SELECT visibility, count(*) FROM articles GROUP BY ALL ORDER BY ALL"
        assert [("internal", 6), ("public", 9)] == connection.execute(query).fetchall()
