"""Legacy alerts, and dialects of one's own; the sections named are those of the rules of the trade."""

from __future__ import annotations

from typing import Any

import pytest

from zepix.alerts import AlertProcessor
from zepix.alerts.dialects import Dialect, known, register
from zepix.model import Alert, Quarantined, Side

LEGACY = {
    "type": "trend",
    "symbol": "XAUUSD",
    "signal": "bull",
    "tf": "15m",
    "price": 2650.5,
    "strategy": "ZepixPremium",
}


def alert_of(processor: AlertProcessor, raw: Any, **beside: Any) -> Alert:
    found = processor.parse(raw, **beside)
    assert isinstance(found, Alert), found
    return found


def reason_of(processor: AlertProcessor, raw: Any) -> str:
    found = processor.parse(raw)
    assert isinstance(found, Quarantined), found
    return found.reason


class TestLegacy:
    """§1.2; the exit's sense is §2.5 REC."""

    @pytest.mark.parametrize(
        ("kind", "signal", "unified", "side", "direction"),
        [
            ("bias", "bull", "bias", None, "bull"),
            ("trend", "bear", "trend", None, "bear"),
            ("entry", "buy", "entry", Side.BUY, None),
            ("entry", "SELL", "entry", Side.SELL, None),
            ("reversal", "reversal_bull", "reversal", Side.BUY, None),
            ("reversal", "reversal_bear", "reversal", Side.SELL, None),
            ("exit", "bull", "exit", Side.SELL, None),
            ("exit", "bear", "exit", Side.BUY, None),
        ],
    )
    def test_types_and_signals(
        self,
        processor: AlertProcessor,
        kind: str,
        signal: str,
        unified: str,
        side: Side | None,
        direction: str | None,
    ) -> None:
        alert = alert_of(processor, LEGACY | {"type": kind, "signal": signal})
        assert (alert.dialect, alert.type, alert.side, alert.signal) == ("legacy", unified, side, signal)
        assert alert.fields.get("direction") == direction
        assert (alert.strategy, alert.timeframe, alert.price) == ("ZepixPremium", "15m", 2650.5)

    def test_strategy_of_the_payload_or_the_family(self, processor: AlertProcessor) -> None:
        assert alert_of(processor, LEGACY | {"strategy": "Mine"}).strategy == "Mine"
        without = {name: value for name, value in LEGACY.items() if name != "strategy"}
        assert alert_of(processor, without).strategy == "ZepixPremium"

    def test_older_form_with_direction_is_a_plain_entry(self, processor: AlertProcessor) -> None:
        """§1.2: ``direction``, ``sl``, ``tp``, ``timestamp``."""
        older = {
            "type": "entry",
            "symbol": "XAUUSD",
            "direction": "buy",
            "sl": 2640,
            "tp": 2660,
            "timestamp": "{{timenow}}",
        }
        alert = alert_of(processor, older)
        assert (alert.dialect, alert.type, alert.side, alert.sl, alert.tp) == (
            "plain",
            "entry",
            Side.BUY,
            2640.0,
            2660.0,
        )

    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            ({"signal": "sideways"}, "bad_side"),
            ({"type": "entry", "signal": None}, "bad_side"),
            ({"tf": None}, "missing_timeframe"),
            ({"tf": "4h"}, "bad_timeframe"),
            ({"symbol": "{{ticker}}"}, "placeholder"),
            ({"signal": "{{plot_0}}"}, "placeholder"),
            ({"price": 0}, "bad_price"),
        ],
    )
    def test_what_is_set_aside(self, processor: AlertProcessor, change: dict[str, Any], reason: str) -> None:
        assert reason_of(processor, LEGACY | change) == reason


def test_a_dialect_of_ones_own_is_asked_in_its_turn(processor: AlertProcessor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zepix.alerts.dialects._known", list(known()))
    assert [dialect.name for dialect in known()][:: len(known()) - 1] == ["v3", "plain"]

    def read(reading: Any) -> dict[str, Any]:
        return {"type": "exit", "symbol": reading.body.text.split()[1]}

    register(Dialect(name="mine", rank=50, claims=lambda body: body.text.startswith("FLAT "), read=read))
    alert = alert_of(processor, "FLAT eurusd")
    assert (alert.dialect, alert.type, alert.symbol) == ("mine", "exit", "EURUSD")
    with pytest.raises(ValueError, match="registered already"):
        register(Dialect(name="plain", rank=1, claims=lambda body: False, read=read))


def test_a_dialect_that_fails_keeps_the_body(processor: AlertProcessor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zepix.alerts.dialects._known", list(known()))
    register(Dialect(name="broken", rank=1, claims=lambda body: body.text == "boom", read=lambda reading: {}))
    found = processor.parse("boom", id="x")
    assert isinstance(found, Quarantined)
    assert (found.reason, found.raw, found.dialect) == ("parser_error", "boom", "broken")
