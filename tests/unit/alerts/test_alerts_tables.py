"""Every row of the tables of dialects holds, and the pages made from them are those in docs/dialects/."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.unit.alerts.tables import pages
from zepix.alerts import AlertProcessor
from zepix.alerts.dialects import known
from zepix.model import Alert, Quarantined

ROWS = [(name, *case) for name in pages.names() for case in pages.cases_of(name)]


def test_every_dialect_has_a_table() -> None:
    assert set(pages.names()) == {dialect.name for dialect in known()}


@pytest.mark.parametrize(
    ("name", "body", "settings", "expected", "beside"),
    [(row[0], *row[2:]) for row in ROWS],
    ids=[f"{row[0]}: {row[1]}" for row in ROWS],
)
def test_row_of_a_table_holds(
    catalogue: Any, name: str, body: Any, settings: dict[str, str], expected: dict[str, Any], beside: dict[str, str]
) -> None:
    processor = AlertProcessor(catalogue, settings={name: settings})
    raw = json.dumps(body) if isinstance(body, dict) else body
    found = processor.parse(raw, received_ns=7, id="row", **beside)
    if "reason" in expected:
        assert isinstance(found, Quarantined), found
        assert found.reason == expected["reason"]
        assert expected.get("detail", "") in found.detail
    else:
        assert isinstance(found, Alert), found
        assert {"dialect": found.dialect} | {key: getattr(found, key) for key in expected} == {
            "dialect": name
        } | expected


def test_pages_are_those_that_the_tables_give() -> None:
    wanted = pages.pages()
    stale = [path.name for path, text in wanted.items() if not path.exists() or path.read_text("utf-8") != text]
    stale += [path.name for path in pages.FOLDER.glob("*.md") if path not in wanted]
    assert not stale, f"docs/dialects is not what the tables say ({', '.join(stale)}); run: {pages.COMMAND}"


def test_the_page_about_dialects_names_each() -> None:
    text = (pages.FOLDER.parent / "dialects.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\(dialects/(\w+)\.md\)", text)) == set(pages.names())
