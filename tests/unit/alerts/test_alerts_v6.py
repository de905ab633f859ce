"""V6 alerts, tokens between pipes and JSON; the sections named are those of the rules of the trade."""

from __future__ import annotations

from typing import Any

import pytest

from zepix.alerts import AlertProcessor
from zepix.model import Alert, Quarantined, Side

ENTRY_V6 = "BULLISH_ENTRY|XAUUSD|5|2030.5|BUY|HIGH|85|26.5|STRONG|2028|2032|2035|2038|5/1|TL_OK|"


def alert_of(processor: AlertProcessor, raw: Any, **beside: Any) -> Alert:
    found = processor.parse(raw, **beside)
    assert isinstance(found, Alert), found
    return found


def reason_of(processor: AlertProcessor, raw: Any) -> str:
    found = processor.parse(raw)
    assert isinstance(found, Quarantined), found
    return found.reason


class TestV6:
    """§1.4."""

    def test_entry_of_the_documents(self, processor: AlertProcessor) -> None:
        alert = alert_of(processor, ENTRY_V6)
        assert (alert.dialect, alert.type, alert.strategy) == ("v6", "entry", "V6_PRICE_ACTION")
        assert (alert.symbol, alert.side, alert.timeframe, alert.price) == ("XAUUSD", Side.BUY, "5m", 2030.5)
        assert (alert.sl, alert.tp, alert.signal) == (2028.0, 2035.0, "BULLISH_ENTRY")
        assert alert.fields == {
            "conf_level": "HIGH",
            "conf_score": 85.0,
            "adx": 26.5,
            "adx_strength": "STRONG",
            "tp1": 2032.0,
            "tp2": 2035.0,
            "tp3": 2038.0,
            "align_bull": 5,
            "align_bear": 1,
            "tl_status": "TL_OK",
        }

    @pytest.mark.parametrize(
        ("tail", "sl", "absent"),
        [
            ("SELL|LOW|30|NA|NA|2040|2030|2020|2010|1/5|TL_BREAK", 2040.0, {"adx", "adx_strength"}),
            ("SELL|LOW|30|21|MODERATE|1/5|TL_OK|", None, {"tp1", "tp2", "tp3"}),
            ("SELL|LOW|30|21|MODERATE|2040|2030|2020|2010|TL_OK|", 2040.0, {"align_bull"}),
            ("SELL|LOW|30|21|MODERATE|2040|2030|2020|2010|", 2040.0, {"align_bull", "tl_status"}),
            ("SELL|LOW|30|21|MODERATE|2040|2030|2020|2010|1/5", 2040.0, {"tl_status"}),
            ("SELL|MODERATE|55|21|MODERATE", None, {"tp1", "align_bull", "tl_status"}),
        ],
        ids=["ADX off", "risk off", "pulse off", "pulse and trend line off", "trend line off", "all off"],
    )
    def test_tokens_left_out_do_not_shift_the_rest(
        self, processor: AlertProcessor, tail: str, sl: float | None, absent: set[str]
    ) -> None:
        alert = alert_of(processor, f"BEARISH_ENTRY|XAUUSD|5|2035|{tail}")
        assert (alert.side, alert.sl) == (Side.SELL, sl)
        assert alert.tp == (None if sl is None else 2020.0)
        assert not absent & set(alert.fields)
        assert {"conf_level", "conf_score"} <= set(alert.fields)

    @pytest.mark.parametrize(
        ("raw", "reason"),
        [
            (ENTRY_V6.replace("|BUY|", "|SELL|"), "conflicting_side"),
            (ENTRY_V6.replace("|2028|", "|NaN|"), "bad_price"),
            (ENTRY_V6.replace("|2028|", "|0|"), "bad_price"),
            (ENTRY_V6.replace("|2028|", "|"), "bad_field"),
            (ENTRY_V6.replace("|2028|", "|{{plot_0}}|"), "placeholder"),
            (ENTRY_V6.replace("|2030.5|", "|-1|"), "bad_price"),
            ("BULLISH_ENTRY|XAUUSD", "missing_timeframe"),
            ("BULLISH_ENTRY|XAUUSD|soon|1", "bad_timeframe"),
            ("BULLISH_ENTRY||5|1", "missing_symbol"),
            ("BIG_NEWS|XAUUSD|5", "unknown_type"),
            ("EXIT_BULLISH|XAUUSD|5|2040.1|15" + "|" * 80, "too_large"),
        ],
    )
    def test_tokens_that_cannot_be_meant(self, processor: AlertProcessor, raw: str, reason: str) -> None:
        assert reason_of(processor, raw) == reason

    def test_exit_bullish_closes_buys(self, processor: AlertProcessor) -> None:
        """§3.4 REC."""
        alert = alert_of(processor, "EXIT_BULLISH|XAUUSD|5|2040.1|15")
        assert (alert.type, alert.side, alert.price, alert.fields) == ("exit", Side.BUY, 2040.1, {"exit_bars": 15.0})
        assert alert_of(processor, "EXIT_BEARISH|XAUUSD|5|2040.1|").side is Side.SELL

    def test_reversal_names_are_read(self, processor: AlertProcessor) -> None:
        alert = alert_of(processor, ENTRY_V6.replace("BULLISH_ENTRY", "REVERSAL_BULLISH"))
        assert (alert.type, alert.side, alert.sl) == ("reversal", Side.BUY, 2028.0)
        assert alert_of(processor, "REVERSAL_BEARISH|XAUUSD|5|2040.1").side is Side.SELL

    @pytest.mark.parametrize("arrow", ["\u2192", "->"])
    def test_pulse_with_either_arrow(self, processor: AlertProcessor, arrow: str) -> None:
        raw = f"TREND_PULSE|XAUUSD|15|4|2|15:BULL{arrow}BEAR,60:SIDE{arrow}BEAR|MIXED_BULLISH"
        alert = alert_of(processor, raw)
        assert (alert.type, alert.side, alert.timeframe) == ("trend_pulse", None, "15m")
        assert alert.fields == {
            "bull_count": 4.0,
            "bear_count": 2.0,
            "changes": {"15m": ("BULL", "BEAR"), "1h": ("SIDE", "BEAR")},
            "market_state": "MIXED_BULLISH",
        }

    @pytest.mark.parametrize(
        ("raw", "kind", "fields"),
        [
            (
                "SIDEWAYS_BREAKOUT|XAUUSD|15|BULLISH|26.0|STRONG|SIDEWAYS|INCREASING",
                "sideways_breakout",
                {
                    "direction": "bull",
                    "adx": 26.0,
                    "adx_strength": "STRONG",
                    "state_before": "SIDEWAYS",
                    "momentum": "INCREASING",
                },
            ),
            (
                "TRENDLINE_BULLISH_BREAK|XAUUSD|15|2030.5|0.0003|42",
                "trendline_break",
                {"direction": "bull", "level": 2030.5, "slope": 0.0003, "bars": 42.0},
            ),
            (
                "TRENDLINE_BEARISH_BREAK|XAUUSD|15|2030.5|-0.0003|42",
                "trendline_break",
                {"direction": "bear", "level": 2030.5, "slope": -0.0003, "bars": 42.0},
            ),
            (
                "MOMENTUM_CHANGE|XAUUSD|15|26.0|STRONG|22.5|MODERATE|INCREASING",
                "momentum_change",
                {
                    "adx": 26.0,
                    "strength": "STRONG",
                    "prev_adx": 22.5,
                    "prev_strength": "MODERATE",
                    "momentum": "INCREASING",
                },
            ),
            (
                "STATE_CHANGE|XAUUSD|240|TRENDING_BULLISH|NEUTRAL|5/1",
                "state_change",
                {"new_state": "TRENDING_BULLISH", "old_state": "NEUTRAL", "align_bull": 5, "align_bear": 1},
            ),
            (
                "BREAKOUT|XAUUSD|1|2030.5|3|100|140",
                "breakout",
                {"direction": "bull", "level": 2030.5, "tests": 3.0, "start_bar": 100.0, "cur_bar": 140.0},
            ),
            (
                "BREAKDOWN|XAUUSD|1D|2030.5|3|100|140",
                "breakdown",
                {"direction": "bear", "level": 2030.5, "tests": 3.0, "start_bar": 100.0, "cur_bar": 140.0},
            ),
            (
                "SCREENER_FULL_BULLISH|XAUUSD|60|9|MACD,STOCH,VORTEX",
                "screener",
                {"direction": "bull", "score": 9.0, "indicators": ("MACD", "STOCH", "VORTEX")},
            ),
            ("BREAKOUT|XAUUSD|1|{{close}}|3", "breakout", {"direction": "bull", "tests": 3.0}),
        ],
    )
    def test_information_never_has_a_side(
        self, processor: AlertProcessor, raw: str, kind: str, fields: dict[str, Any]
    ) -> None:
        alert = alert_of(processor, raw)
        assert (alert.type, alert.side, alert.is_action) == (kind, None, False)
        assert alert.fields == fields

    def test_placeholders_are_taken_from_beside(self, processor: AlertProcessor) -> None:
        raw = "EXIT_BULLISH|{{ticker}}|{{interval}}|{{close}}|15"
        alert = alert_of(processor, raw, ticker="XAUUSD", timeframe="60")
        assert (alert.symbol, alert.timeframe, alert.price) == ("XAUUSD", "1h", None)
        assert len(alert.repairs) == 3

    def test_json_form(self, processor: AlertProcessor) -> None:
        """§1.1 REC: the same model as JSON."""
        entry = {
            "type": "entry_v6",
            "ticker": "XAUUSD",
            "tf": "5",
            "price": 2030.5,
            "direction": "BUY",
            "sl": 2028,
            "tp1": 2032,
            "tp2": 2035,
            "tp3": 2038,
            "conf_score": 85,
            "adx": 26.5,
        }
        alert = alert_of(processor, entry)
        assert (alert.dialect, alert.type, alert.side, alert.sl, alert.tp) == ("v6", "entry", Side.BUY, 2028.0, 2035.0)
        exit_ = {"type": "exit_v6", "symbol": "XAUUSD", "tf": "5", "direction": "BULLISH"}
        assert alert_of(processor, exit_).side is Side.BUY
        assert alert_of(processor, exit_ | {"direction": None, "signal_type": "EXIT_BEARISH"}).side is Side.SELL
        trend = {"type": "trendline_v6", "symbol": "XAUUSD", "tf": "5", "direction": "bullish", "slope": "0.1"}
        information = alert_of(processor, trend)
        assert (information.type, information.side) == ("trendline_break", None)
        assert information.fields == {"slope": 0.1, "direction": "bull"}
        assert reason_of(processor, entry | {"type": "magic_v6"}) == "unknown_type"
        assert reason_of(processor, entry | {"direction": None}) == "missing_side"
        assert reason_of(processor, exit_ | {"signal_type": "EXIT_BEARISH"}) == "conflicting_side"
