"""Text with pipes that is not V6's; V6's stays V6's."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.alerts.tables.checking import check
from tests.unit.alerts.tables.pipe import CASES
from zepix.alerts import AlertProcessor
from zepix.model import Alert, Catalogue, Quarantined


@pytest.mark.parametrize(("body", "settings", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_line(catalogue: Catalogue, body: str, settings: dict[str, str], expected: dict[str, Any]) -> None:
    check(catalogue, "pipe", body, settings, expected)


def test_the_key_is_never_kept(processor: AlertProcessor) -> None:
    for body in ("open sesame|Strat Test|buy|EURUSD", "open sesame|Strat Test|sell|EURUSD|flat|x|true|100|spot"):
        found = processor.parse(body, id="x")
        assert isinstance(found, Alert)
        assert found.raw.startswith("***|")
        assert "sesame" not in repr(found)
        assert processor.parse(found.raw, id="x") == found


def test_a_v6_line_with_an_arrow_reads_as_before(processor: AlertProcessor) -> None:
    found = processor.parse("TREND_PULSE|XAUUSD|15|4|2|15:BULL\u2192BEAR|MIXED_BULLISH")
    assert isinstance(found, Alert)
    assert (found.dialect, found.fields["changes"]) == ("v6", {"15m": ("BULL", "BEAR")})


@pytest.mark.parametrize(
    "body", ["|" * 60_000, "a|b|" + "c" * 60_000 + "|EURUSD", "a|" + "b" * 300 + "|buy|EURUSD", "a|b|c"]
)
def test_hostile_line_is_set_aside(processor: AlertProcessor, body: str) -> None:
    found = processor.parse(body)
    assert isinstance(found, Quarantined)
    assert found.reason != "parser_error"
