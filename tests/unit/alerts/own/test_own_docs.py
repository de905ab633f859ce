"""The tables of docs/dialects.md load, and read what the page says they read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from zepix.alerts import AlertProcessor
from zepix.alerts.own import loads
from zepix.alerts.own.rules import RULES
from zepix.model import Alert, Catalogue, Quantity, Side

PAGE = (Path(__file__).resolve().parents[4] / "docs" / "dialects.md").read_text(encoding="utf-8")
BLOCKS = [text for text in re.findall(r"^```toml\n(.*?)\n```$", PAGE, re.MULTILINE | re.DOTALL) if "[dialect." in text]


@pytest.mark.parametrize("text", BLOCKS, ids=[text.split("]")[0].removeprefix("[dialect.") for text in BLOCKS])
def test_tables_of_the_page_load(text: str) -> None:
    assert len(loads(text)) == 1


def test_the_first_example_reads_as_the_page_says(catalogue: Catalogue) -> None:
    body = re.search(r"^```json\n(.*?)\n```$", PAGE, re.MULTILINE | re.DOTALL)
    assert body is not None
    alert = AlertProcessor(catalogue, own=loads(BLOCKS[0])).parse(body[1], id="x")
    assert isinstance(alert, Alert), alert
    assert (alert.type, alert.side, alert.volume, alert.symbol) == ("entry", Side.BUY, 1.5, "EURUSD")
    assert (alert.sl, alert.tp, alert.explicit_id, alert.strategy) == (Quantity(20.0, "pips"), 1.09, "7", "bracket")
    assert "xyzzy" not in str(alert.fields)


def test_text_of_the_page_is_read(catalogue: Catalogue) -> None:
    shout = next(text for text in BLOCKS if "dialect.shout" in text)
    alert = AlertProcessor(catalogue, own=loads(shout)).parse("SELL EURUSD @ 1.08 tp 1.07 sl 1.09", id="x")
    assert isinstance(alert, Alert), alert
    assert (alert.type, alert.side, alert.price, alert.sl, alert.tp) == ("entry", Side.SELL, 1.08, 1.09, 1.07)


def test_every_field_and_every_unit_is_documented() -> None:
    section = PAGE[PAGE.index("### fields") :]
    assert not [name for name in RULES if not re.search(rf"\b{name}\b", section)]
    units = PAGE[PAGE.index("### units") : PAGE.index("### Text")]
    assert not [unit for rule in RULES.values() for unit in rule.units if not re.search(rf"\b{unit}\b", units)]
