"""What is generated is what the parser expects: every body becomes the right Alert, and nothing is quarantined."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from generate_bars import CHARTS, five_minutes, instrument, quick, volumes

from zepix.alerts import AlertProcessor
from zepix.alerts.generate import Generated, generate
from zepix.data import default_catalogue
from zepix.model import Alert, Side

TYPES = {
    "Bullish_Exit": ("exit", Side.BUY),
    "Bearish_Exit": ("exit", Side.SELL),
    "Trend_Pulse": ("trend_pulse", None),
    "BULLISH_ENTRY": ("entry", Side.BUY),
    "BEARISH_ENTRY": ("entry", Side.SELL),
    "EXIT_BULLISH": ("exit", Side.BUY),
    "EXIT_BEARISH": ("exit", Side.SELL),
    "TREND_PULSE": ("trend_pulse", None),
    "SIDEWAYS_BREAKOUT": ("sideways_breakout", None),
    "MOMENTUM_CHANGE": ("momentum_change", None),
    "STATE_CHANGE": ("state_change", None),
    "SCREENER_FULL_BULLISH": ("screener", None),
    "SCREENER_FULL_BEARISH": ("screener", None),
}
V3_ENTRY = [
    "type", "signal_type", "symbol", "direction", "tf", "price", "consensus_score", "sl_price", "tp1_price",
    "tp2_price", "mtf_trends", "market_trend", "volume_delta_ratio", "price_in_ob", "position_multiplier",
    "adx_value", "confidence",
]  # fmt: skip
V3_EXIT = ["type", "signal_type", "symbol", "direction", "tf", "price", "consensus_score", "market_trend", "reason"]
V3_PULSE = [
    "type", "signal_type", "symbol", "tf", "price", "current_trends", "previous_trends", "changed_timeframes",
    "change_details", "trend_labels", "market_trend", "consensus_score", "message",
]  # fmt: skip


def parsed(dialect: str, symbol: str = "EURUSD") -> list[tuple[Generated, Alert]]:
    series = five_minutes(symbol)
    processor = AlertProcessor(default_catalogue())
    found = []
    made = generate(
        series,
        instrument(symbol),
        dialect,
        timeframes=CHARTS,
        settings=quick(dialect),
        volume=volumes(len(series)),
    )
    for number, alert in enumerate(made):
        read = processor.parse(alert.body, received_ns=alert.received_ns, id=str(number))
        assert isinstance(read, Alert), (alert, read)
        found.append((alert, read))
    return found


@pytest.mark.parametrize("symbol", ["EURUSD", "XAUUSD"])
@pytest.mark.parametrize("dialect", ["v3", "v6"])
def test_every_body_becomes_its_alert(dialect: str, symbol: str) -> None:
    seen: Counter[str] = Counter()
    for made, read in parsed(dialect, symbol):
        assert (read.dialect, read.symbol, read.timeframe) == (dialect, symbol, made.timeframe)
        assert read.repairs == ()
        if made.kind == "Sideways_Breakout":
            assert read.type == "entry"
        else:
            assert (read.type, read.side) == TYPES[made.kind]
        if read.type == "entry":
            assert isinstance(read.sl, float) and isinstance(read.tp, float) and read.price is not None
            assert (read.sl < read.price < read.tp) == (read.side is Side.BUY)
            assert (read.sl > read.price > read.tp) == (read.side is Side.SELL)
        seen[made.kind] += 1
    wanted = {"v3": {"Bullish_Exit", "Bearish_Exit", "Trend_Pulse", "Sideways_Breakout"}, "v6": set(list(TYPES)[3:])}
    assert set(seen) == wanted[dialect]


def test_v3_bodies_have_the_fields_of_the_script_in_its_order() -> None:
    orders = {"entry_v3": V3_ENTRY, "exit_v3": V3_EXIT, "trend_pulse_v3": V3_PULSE}
    for made, _ in parsed("v3"):
        body = json.loads(made.body)
        assert list(body) == orders[body["type"]]
        assert made.body == json.dumps(body, separators=(",", ":")) or "." in made.body  # no space anywhere
        assert ": " not in made.body.replace("on: ", "")


def test_v3_trends_go_backwards_in_entries_and_forwards_in_pulses() -> None:
    lasts: dict[int, str] = {}
    for made, _ in parsed("v3"):
        body = json.loads(made.body)
        if body["type"] == "trend_pulse_v3":
            lasts[made.received_ns] = body["current_trends"]
    both = [
        (json.loads(made.body)["mtf_trends"], lasts[made.received_ns])
        for made, _ in parsed("v3")
        if made.kind == "Sideways_Breakout" and made.received_ns in lasts
    ]
    assert both
    assert all(backwards.split(",") == forwards.split(",")[:0:-1] for backwards, forwards in both)


def test_levels_are_multiples_of_the_same_risk() -> None:
    for made, read in parsed("v3"):
        if read.type == "entry":
            body = json.loads(made.body)
            risk = body["price"] - body["sl_price"]
            assert body["tp1_price"] - body["price"] == pytest.approx(1.5 * risk, abs=1e-8)
            assert body["tp2_price"] - body["price"] == pytest.approx(3.0 * risk, abs=1e-8)
    for made, read in parsed("v6"):
        if read.type == "entry":
            sl, *targets = map(float, made.body.split("|")[9:13])
            risk = float(made.body.split("|")[3]) - sl
            reached = [target - float(made.body.split("|")[3]) for target in targets]
            assert reached == pytest.approx([risk, 2 * risk, 3 * risk], abs=4e-5)


def test_prices_are_the_closes_of_their_bars() -> None:
    from zepix.alerts.generate.chart import chart_of

    series = five_minutes()
    closes = {word: chart_of(series, word) for word in ("5m", "15m", "1h", "4h", "1d")}
    prices = {(word, int(end)): close for word, c in closes.items() for end, close in zip(c.end, c.close, strict=True)}
    for made, read in [*parsed("v3"), *parsed("v6")]:
        if read.price is not None:
            assert round(read.price * 1e5) == prices[made.timeframe, made.received_ns]
