"""What the README says is so."""

import json
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "source_zendesk_articles"
README = (ROOT / "README.md").read_text()
SCHEMA = json.loads((PACKAGE / "schemas" / "articles.json").read_text())


def section(title: str) -> str:
    return README.split(f"\n## {title}\n")[1].split("\n## ")[0]


def test_the_record_of_the_readme_has_every_field() -> None:
    text = section("What you get")
    block = re.search(r"```jsonc\n(.*?)```", text, re.DOTALL)
    assert block
    record = json.loads(re.sub(r"\s//.*", "", block.group(1)))
    null = {"edited_at", "user_segment_id", "_ab_cdc_deleted_at"}
    assert record.keys() | null == SCHEMA["properties"].keys()
    assert all(f"`{field}`" in text for field in null)


def test_the_truth_table_of_the_readme_has_each_reason_in_its_order() -> None:
    told = re.findall(r"\| `\w+` \| `(\w+)` \|$", section("Who may read it"), re.MULTILINE)[1:]
    coded = re.findall(r'return "(\w+)"', (PACKAGE / "variants.py").read_text())
    assert list(dict.fromkeys(told)) == [*coded, "published"]


def test_each_field_of_the_form_has_a_row() -> None:
    form = (PACKAGE / "spec.yaml").read_text()
    fields = re.findall(r"^    (\w+):\n      order:", form, re.MULTILINE)
    assert fields == re.findall(r"^\| `(\w+)` \|", section("Set up"), re.MULTILINE)


def test_each_error_of_the_readme_is_one_that_the_connector_says() -> None:
    said = "".join((PACKAGE / f"{name}.py").read_text() for name in ("errors", "config", "scope"))
    said += "Config validation error: "  # the CDK's
    rows = re.findall(
        r"^\| (?:… )?(?:`[\w.]+`: )?(.*?) \|", section("Errors, and what to do"), re.MULTILINE
    )
    beginnings = [row for row in rows[2:] if row]
    assert 21 == len(beginnings)
    for beginning in beginnings:
        assert beginning.replace("'end-user'", "{role!r}") in said, beginning


def test_each_guarantee_names_a_test_that_is_there() -> None:
    tests = "".join(path.read_text() for path in ROOT.glob("*_tests/test_*.py"))
    rows = re.findall(r"^\| (?!---|what )(.*) \|$", section("What is guaranteed"), re.MULTILINE)
    assert 11 == len(rows)
    for row in rows:
        (named,) = re.findall(r"\| `(test_\w+)`$", row)
        assert f"def {named}(" in tests, named


def test_each_module_has_a_row() -> None:
    rows = re.findall(r"^\| (`.*`) \|", section("Development"), re.MULTILINE)
    named = re.findall(r"`(\w+)`", "".join(rows))
    assert set(named) == {path.stem for path in PACKAGE.glob("*.py")} - {"__init__"}
