"""The script that ships (docs/scripts/zepix_v3.pine): what it would send is valid JSON and reads as V3 (§1.3, §1.5)."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.world import CATALOGUE, T0
from zepix.alerts import AlertProcessor
from zepix.model import Alert

SCRIPT = Path(__file__).resolve().parents[3] / "docs" / "scripts" / "zepix_v3.pine"
TEXT = SCRIPT.read_text(encoding="utf-8")
TEMPLATES = dict(re.findall(r"^string (ENTRY|EXIT|SQUEEZE|PULSE) = '(.+)'$", TEXT, re.MULTILINE))
VALUES = {
    "signal": "Momentum_Breakout", "symbol": "EURUSD", "direction": "buy", "tf": "15", "price": "1.1", "score": "7",
    "sl": "1.097", "tp1": "1.1045", "tp2": "1.109", "mtf": "1,1,1,-1,0", "market": "1", "delta": "1.34",
    "in_ob": "false", "multiplier": "0.8", "extra": "", "current": "1,1,-1,1,1,1", "previous": "1,1,1,1,1,1",
    "changed": "15,", "details": "15:-1;",
}  # fmt: skip
FIELDS = {  # zepix-rules 1.3, in the order in which they are sent
    "ENTRY": "type signal_type symbol direction tf price consensus_score sl_price tp1_price tp2_price mtf_trends "
    "market_trend volume_delta_ratio price_in_ob position_multiplier",
    "EXIT": "type signal_type symbol direction tf price consensus_score market_trend reason",
    "SQUEEZE": "type signal_type symbol tf price consensus_score market_trend message",
    "PULSE": "type signal_type symbol tf price current_trends previous_trends changed_timeframes change_details "
    "trend_labels market_trend consensus_score message",
}


def sent(name: str, **values: str) -> str:
    """What the script sends: each @name@ replaced."""
    text = TEMPLATES[name]
    for token, value in {**VALUES, **values}.items():
        text = text.replace(f"@{token}@", value)
    assert "@" not in text, text
    return text


def read(text: str) -> Alert:
    found = AlertProcessor(CATALOGUE).parse(text, received_ns=T0, id="1")
    assert isinstance(found, Alert), found
    return found


@pytest.mark.parametrize("name", FIELDS)
def test_its_messages_are_json_with_every_field_in_its_order(name: str) -> None:
    found: dict[str, Any] = json.loads(sent(name))
    assert list(found) == FIELDS[name].split()
    assert not [field for field, value in found.items() if value is None]


@pytest.mark.parametrize("side", ["buy", "sell"])
def test_an_entry_reads_as_one_with_its_levels(side: str) -> None:
    alert = read(sent("ENTRY", direction=side))
    assert (alert.dialect, alert.type, alert.side, alert.symbol, alert.timeframe) == (
        "v3",
        "entry",
        side,
        "EURUSD",
        "15m",
    )
    assert (alert.price, alert.sl, alert.tp) == (1.1, 1.097, 1.109)
    assert alert.fields["mtf_trends"] == (1, 1, 1, -1, 0) and alert.fields["consensus_score"] == 7
    assert not alert.repairs, "nothing had to be mended"


@pytest.mark.parametrize(
    ("signal", "extra", "field"),
    [
        ("Golden_Pocket_Flip", ',"fib_level":0.7', "fib_level"),
        ("Screener_Full_Bullish", ',"full_alignment":true', "full_alignment"),
        ("Sideways_Breakout", ',"adx_value":26.4,"confidence":"HIGH"', "adx_value"),
    ],
)
def test_extra_fields_of_a_signal_stand_at_the_end(signal: str, extra: str, field: str) -> None:
    alert = read(sent("ENTRY", signal=signal, extra=extra))
    assert alert.signal == signal and field in alert.fields
    assert f"string {signal.split('_')[0].lower()}".replace("golden", "pocket") + "Extra" in TEXT


@pytest.mark.parametrize(
    ("signal", "direction", "side"), [("Bullish_Exit", "sell", "buy"), ("Bearish_Exit", "buy", "sell")]
)
def test_its_exits_close_what_their_word_names(signal: str, direction: str, side: str) -> None:
    assert f'exit("{signal}", "{direction}")' in TEXT
    alert = read(sent("EXIT", signal=signal, direction=direction))
    assert (alert.type, alert.side) == ("exit", side)


@pytest.mark.parametrize(("name", "kind"), [("SQUEEZE", "squeeze"), ("PULSE", "trend_pulse")])
def test_information_has_no_side(name: str, kind: str) -> None:
    alert = read(sent(name))
    assert (alert.type, alert.side, alert.price) == (kind, None, 1.1)


def test_a_number_that_is_not_there_is_null_and_still_json() -> None:
    """``number`` writes null for na: a first bar without an ATR."""
    assert 'na(value) ? "null"' in TEXT
    alert = read(sent("ENTRY", sl="null", tp1="null", tp2="null"))
    assert alert.sl is None and alert.tp is None


def test_every_placeholder_is_filled_by_the_script_and_tradingviews_are_not_used() -> None:
    """§1.5: inside alert() TradingView fills none of its own."""
    assert "{{" not in TEXT
    used = {token for text in TEMPLATES.values() for token in re.findall(r"@(\w+)@", text)}
    put = set(re.findall(r'"(\w+)", [^"]', TEXT)) | set(re.findall(r'"(\w+)"', TEXT))
    assert used <= put
    assert '"symbol", syminfo.ticker' in TEXT and '"price", number(close)' in TEXT


def test_it_knows_the_twelve_signals_in_the_order_of_the_script() -> None:
    """§1.3: one alert a bar, an else-if chain in this order."""
    chain = TEXT[TEXT.index('string message = ""') :]
    order = [
        *("Institutional_Launchpad", "Liquidity_Trap_Reversal", "Momentum_Breakout", "Mitigation_Test_Entry"),
        *("Bullish_Exit", "Bearish_Exit", "Golden_Pocket_Flip", "Volatility_Squeeze", "Screener_Full_Bullish"),
        *("Screener_Full_Bearish", "Trend_Pulse", "Sideways_Breakout"),
    ]
    assert len(set(order)) == 12
    places = [chain.index(f'"{signal}"') for signal in order]
    assert places == sorted(places)
    assert "alert.freq_once_per_bar_close" in TEXT and TEXT.startswith("//@version=6")
    assert "SPDX-License-Identifier: GPL-3.0-or-later" in TEXT


def test_what_stood_before_is_not_overwritten_before_it_is_sent() -> None:
    """§1.5: previous_trends always equalled current_trends."""
    assert "string previous = na(current[1]) ? current : current[1]" in TEXT
    fields = read(sent("PULSE")).fields
    assert fields["current_trends"] == (1, 1, -1, 1, 1, 1) and fields["previous_trends"] != fields["current_trends"]
