"""V3 alerts, as the script sends them; the sections named are those of the rules of the trade."""

from __future__ import annotations

import json
from typing import Any

import pytest

from zepix.alerts import AlertProcessor
from zepix.model import Alert, Quarantined, Side

ENTRY_V3 = {
    "type": "entry_v3",
    "signal_type": "Momentum_Breakout",
    "symbol": "XAUUSD",
    "direction": "sell",
    "tf": "5",
    "price": 4460.1,
    "consensus_score": 2,
    "sl_price": 4470.61,
    "tp1_price": 4453.12,
    "tp2_price": 4442.63,
    "mtf_trends": "-1,1,1,1,-1",
    "market_trend": 1,
    "volume_delta_ratio": 0.716,
    "price_in_ob": False,
    "position_multiplier": 0.2,
}
EXIT_V3 = {
    "type": "exit_v3",
    "signal_type": "Bullish_Exit",
    "symbol": "USDCAD",
    "direction": "sell",
    "tf": "5",
    "price": 1.3771,
    "consensus_score": 3,
    "market_trend": 1,
    "reason": "TP_hit_or_reversal_or_momentum_loss",
}
PULSE_V3 = {
    "type": "trend_pulse_v3",
    "signal_type": "Trend_Pulse",
    "symbol": "XAUUSD",
    "tf": "15",
    "price": 4460.0,
    "current_trends": "1,1,-1,1,1,-1",
    "previous_trends": "1,1,-1,1,1,-1",
    "changed_timeframes": "15,60,",
    "change_details": "15:-1;60:1;",
    "trend_labels": "1m,5m,15m,1H,4H,1D",
    "market_trend": 0,
    "consensus_score": 5,
    "message": "...",
}


def alert_of(processor: AlertProcessor, raw: Any, **beside: Any) -> Alert:
    found = processor.parse(raw, **beside)
    assert isinstance(found, Alert), found
    return found


def reason_of(processor: AlertProcessor, raw: Any) -> str:
    found = processor.parse(raw)
    assert isinstance(found, Quarantined), found
    return found.reason


class TestV3:
    """§1.3 and §2.1."""

    def test_entry_takes_stop_and_second_target(self, processor: AlertProcessor) -> None:
        alert = alert_of(processor, ENTRY_V3)
        assert (alert.dialect, alert.type, alert.strategy) == ("v3", "entry", "V3_COMBINED")
        assert (alert.symbol, alert.side, alert.timeframe, alert.price) == ("XAUUSD", Side.SELL, "5m", 4460.1)
        assert (alert.sl, alert.tp, alert.signal) == (4470.61, 4442.63, "Momentum_Breakout")
        assert alert.fields == {
            "consensus_score": 2,
            "tp1_price": 4453.12,
            "tp2_price": 4442.63,
            "mtf_trends": (-1, 1, 1, 1, -1),
            "market_trend": 1,
            "volume_delta_ratio": 0.716,
            "price_in_ob": False,
            "position_multiplier": 0.2,
            "signal": "Momentum_Breakout",
        }

    def test_entry_as_really_sent_with_literal_placeholders(self, processor: AlertProcessor) -> None:
        """§1.5: ``{{ticker}}`` in quotes, ``{{close}}`` bare, so that the body is no JSON."""
        raw = json.dumps(ENTRY_V3).replace('"XAUUSD"', '"{{ticker}}"').replace("4460.1", "{{close}}")
        alert = alert_of(processor, raw, ticker="OANDA:XAUUSD", timeframe="5m")
        assert (alert.symbol, alert.price, alert.side, alert.sl) == ("XAUUSD", None, Side.SELL, 4470.61)
        assert alert.repairs == ("price: {{close}} -> null", "symbol: {{ticker}} -> ticker beside the body")
        assert alert.raw == raw
        assert reason_of(processor, raw) == "placeholder"

    @pytest.mark.parametrize(
        ("signal", "direction", "closes"),
        [
            ("Bullish_Exit", "sell", Side.BUY),
            ("Bearish_Exit", "buy", Side.SELL),
            ("Exit_Bullish", None, Side.BUY),
            ("bearish_exit", "close_short", Side.SELL),
            ("Time_Exit", "sell", Side.BUY),
            ("Time_Exit", "close_long", Side.BUY),
        ],
    )
    def test_bullish_exit_closes_buys(
        self, processor: AlertProcessor, signal: str, direction: str | None, closes: Side
    ) -> None:
        """§2.5 REC; the direction is the side of the closing deal."""
        alert = alert_of(processor, EXIT_V3 | {"signal_type": signal, "direction": direction})
        assert (alert.type, alert.side, alert.signal) == ("exit", closes, signal)

    def test_pulse_and_squeeze_have_no_side(self, processor: AlertProcessor) -> None:
        pulse = alert_of(processor, PULSE_V3)
        assert (pulse.type, pulse.side, pulse.is_action, pulse.timeframe) == ("trend_pulse", None, False, "15m")
        assert pulse.fields["current_trends"] == (1, 1, -1, 1, 1, -1)
        assert pulse.fields["changed_timeframes"] == ("15m", "1h")
        assert pulse.fields["change_details"] == {"15m": -1, "1h": 1}
        squeeze = {"type": "squeeze_v3", "signal_type": "Volatility_Squeeze", "symbol": "XAUUSD", "tf": "1D"}
        alert = alert_of(processor, squeeze | {"message": "quiet {{close}}"})
        assert (alert.type, alert.side, alert.timeframe) == ("squeeze", None, "1d")
        assert alert.fields == {"signal": "Volatility_Squeeze", "message": None}

    @pytest.mark.parametrize(
        ("sent", "known_as"),
        [
            ("Liquidity_Trap", "Liquidity_Trap_Reversal"),
            ("momentum_ignition", "Momentum_Breakout"),
            ("Mitigation_Block", "Mitigation_Test_Entry"),
            ("Mitigation_Test", "Mitigation_Test_Entry"),
            ("Golden_Pocket", "Golden_Pocket_Flip"),
            ("Screener_Full_Bearish", "Screener_Full_Bearish"),
        ],
    )
    def test_spellings_of_signals(self, processor: AlertProcessor, sent: str, known_as: str) -> None:
        """§2.1, the column of aliases."""
        alert = alert_of(processor, ENTRY_V3 | {"signal_type": sent})
        assert (alert.signal, alert.fields["signal"]) == (sent, known_as)

    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            ({"direction": None}, "missing_side"),
            ({"direction": "neutral"}, "bad_side"),
            ({"consensus_score": 10}, "bad_number"),
            ({"consensus_score": 2.5}, "bad_number"),
            ({"position_multiplier": 2.1}, "bad_number"),
            ({"mtf_trends": "1,1,1"}, "bad_field"),
            ({"mtf_trends": "2,1,1,1,1"}, "bad_number"),
            ({"sl_price": 0}, "bad_price"),
            ({"tp2_price": "NaN"}, "bad_price"),
            ({"tp2_price": "{{plot_1}}"}, "placeholder"),
            ({"sl_price": "{{plot_0}}"}, "placeholder"),
            ({"tf": "soon"}, "bad_timeframe"),
            ({"type": "hedge_v3"}, "unknown_type"),
            ({"type": "exit_v3", "signal_type": "Other", "direction": None}, "missing_side"),
            ({"type": "exit_v3", "signal_type": "Bullish_Exit", "direction": "buy"}, "conflicting_side"),
        ],
    )
    def test_what_no_script_means_is_set_aside(
        self, processor: AlertProcessor, change: dict[str, Any], reason: str
    ) -> None:
        """§1.3: score 0 to 9, multiplier 0.1 to 2.0, trends five or six of -1, 0, 1."""
        assert reason_of(processor, ENTRY_V3 | change) == reason

    def test_numbers_and_flags_as_strings(self, processor: AlertProcessor) -> None:
        alert = alert_of(processor, ENTRY_V3 | {"consensus_score": "2", "price_in_ob": "False", "market_trend": "-1"})
        assert (alert.fields["consensus_score"], alert.fields["price_in_ob"], alert.fields["market_trend"]) == (
            2,
            False,
            -1,
        )

    def test_fields_that_no_script_sends_are_kept_and_never_needed(self, processor: AlertProcessor) -> None:
        """§1.3, the fields of the model alone; every other entry here does without them."""
        more = {
            "volume_profile": {"high": 4462.0, "low": 4458.0, "poc": 4460.0},
            "order_block_strength": 70,
            "liquidity_zone_distance": 12.5,
            "smart_money_flow": -40,
            "institutional_footprint": 3,
            "timestamp": "2026-01-05T14:45:00Z",
        }
        alert = alert_of(processor, ENTRY_V3 | more)
        assert (alert.type, alert.side, alert.sl) == ("entry", Side.SELL, 4470.61)
        assert {name for name in more if name in alert.fields} >= set(more) - {"timestamp"}
