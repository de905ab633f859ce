"""The trend of a re-entry: pillars or logic for V3, pulse for V6, else the last candles; NEUTRAL blocks."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.services.reentry_world import BACK, LOW, QUADS, STOPPED, Rider, bar, calm, rides
from tests.world import CATALOGUE, alert, minute
from zepix.alerts import AlertProcessor
from zepix.engine import PluginInfo
from zepix.model import Alert, Bar, Side
from zepix.model.settings_reentry import ReentrySettings
from zepix.services.reentry_trend import TrendCheck, analyse
from zepix.services.trend_values import Alignment


def candles(closes: list[float], wicks: float = 0.1) -> list[Bar]:
    return [Bar("EURUSD", "15m", n, n + 1, c, c + wicks, c - wicks, c) for n, c in enumerate(closes)]


RISING = [float(n) for n in range(20)]
FLAT = [10.0] * 20
DIP = [*RISING[:18], 17.0, 16.5]
"""Fast above slow (+1), last close below the one before (-1), neither a high nor a low of five: NEUTRAL."""


@pytest.mark.parametrize(
    ("closes", "trend"),
    [
        (RISING, 1),  # average, close and high
        (RISING[::-1], -1),
        (FLAT, 0),  # high and low both, nothing else
        (RISING[:19], 0),  # a candle too few
        (DIP, 0),
        ([*RISING[::-1][:19], 30.0], 0),  # fast 7.3 below slow 8.6, close and high: +1 is no trend
        ([*RISING[:19], -5.0], 0),
        ([*RISING[::-1][:19], 90.0], 1),  # fast 15.9 above slow 12.9
    ],
)
def test_analyser_counts_three_votes(closes: list[float], trend: int) -> None:
    assert analyse(candles(closes), ReentrySettings()) == trend


class Told:
    """A trend service that says what it was told."""

    def __init__(self, pillars: Alignment | None = None, logic: Alignment | None = None, pulse: Any = None) -> None:
        self.pillars, self.logic, self.pulse = pillars, logic, pulse

    def validate_v3_trend_alignment(self, symbol: str, side: Side) -> Any:
        return self.pillars

    def check_logic_alignment(self, symbol: str, logic: str, side: Side) -> Any:
        return self.logic

    def check_pulse_alignment(self, symbol: str, side: Side) -> Any:
        return self.pulse


def said(aligned: bool, reason: str = "", **trends: int) -> Alignment:
    return Alignment(aligned, 0, 3, "", "" if aligned else reason or "trend_misaligned", 0, trends)


UNKNOWN = said(False, "trend_unknown", h1=0, d1=0)


class Candles:
    def __init__(self, closes: list[float]) -> None:
        self.closes = closes

    def bars(self, symbol: str, timeframe: str, count: int = 100) -> list[Bar]:
        if timeframe != "1h":
            raise ValueError("finer than the prices at hand")
        return candles(self.closes)


@pytest.mark.parametrize(
    ("mode", "told", "aligned", "source"),
    [("v3", Told(said(True), said(False)), True, "v3"), ("v3", Told(said(False), said(True)), True, "v3"),
     ("v3", Told(said(False), said(False)), False, "v3"), ("v3", Told(UNKNOWN, said(False)), False, "v3"),
     ("v3", Told(UNKNOWN, UNKNOWN), True, "analyser"), ("logic", Told(None, said(False)), False, "logic"),
     ("v3", Told(said(False, "trend_unknown", h1=-1), UNKNOWN), False, "v3"),
     ("v6", Told(pulse=said(True)), True, "v6"), ("v6", Told(pulse=said(False, "pulse_misaligned")), False, "v6"),
     ("v6", Told(pulse=said(False, "pulse_unknown")), True, "analyser"),
     ("v6", Told(pulse=said(False, "pulse_stale")), True, "analyser"), ("analyser", Told(), True, "analyser"),
     ("none", Told(), True, "none"), ("v3", None, True, "analyser")],
)  # fmt: skip
def test_who_is_asked(mode: str, told: Any, aligned: bool, source: str) -> None:
    """The candles rise, and are 1h: the finest at hand."""
    found = TrendCheck(ReentrySettings()).check(mode, "EURUSD", 1, "LOGIC1", told, Candles(RISING))
    assert (found.aligned, found.source) == (aligned, source)


def test_neutral_candles_block_both_sides() -> None:
    check = TrendCheck(ReentrySettings())
    assert not any(check.check("analyser", "EURUSD", sign, "", None, Candles(FLAT)).aligned for sign in (1, -1))


def test_nothing_known_blocks_where_the_analyser_is_not_asked() -> None:
    check = TrendCheck(ReentrySettings(analyser_fallback=False))
    assert not check.check("v3", "EURUSD", 1, "", Told(UNKNOWN, UNKNOWN), Candles(RISING)).aligned


# --- in a replay ------------------------------------------------------------------------------------------------------


class V3ish(Rider):
    info = PluginInfo(strategy="V3_COMBINED", plugin_id="v3ish", services=("reentry", "trend"))


def pulse(at: float, way: int, number: int = 0) -> Alert:
    """All four pillars at once, as a V3 pulse tells them."""
    trends = ",".join([str(way)] * 6)
    text = (
        f'{{"type":"trend_pulse_v3","signal_type":"Trend_Pulse","symbol":"EURUSD","tf":"15","price":1.1,'
        f'"current_trends":"{trends}","previous_trends":"{trends}","changed_timeframes":"15,","change_details":"15:-1;",'
        f'"trend_labels":"1m,5m,15m,1H,4H,1D","market_trend":0,"consensus_score":5,"message":""}}'
    )
    found = AlertProcessor(CATALOGUE).parse(text, received_ns=minute(at), id=f"p{at}/{number}")
    assert isinstance(found, Alert), found
    return found


BROKERS = ("shadow", "backtrader")


@pytest.mark.parametrize("broker", BROKERS)
@pytest.mark.parametrize("way", [1, -1])
def test_recovery_needs_three_of_four_pillars(broker: str, way: int) -> None:
    first = alert(1, id="first", strategy="V3_COMBINED", timeframe="5m")
    run = rides(QUADS, [pulse(0.5, way), first], V3ish, broker=broker)
    assert run.roles == (["A", "R"] if way > 0 else ["A"])
    assert (("recovery_mode", "trend_against") in run.path) == (way < 0)


def test_recovery_goes_once_the_trend_turns_while_the_price_is_still_there() -> None:
    first = alert(1, id="first", strategy="V3_COMBINED", timeframe="5m")
    rows = [*QUADS, *calm(10, 109_985)]
    run = rides(rows, [pulse(0.5, -1), first, pulse(12.5, 1)], V3ish)
    assert run.at("recovering", "placed") == 12


def test_recovery_waits_for_its_price_again_where_the_trend_turned_too_late() -> None:
    """Back at the level in minute 6, below it when the trend turns in minute 9, there again in minute 12."""
    first = alert(1, id="first", strategy="V3_COMBINED", timeframe="5m")
    rows = [*STOPPED, *calm(2, LOW), BACK, bar(LOW, 109_985, LOW, 109_985), *calm(4, LOW), BACK, *calm(3, 109_985)]
    run = rides(rows, [pulse(0.5, -1), first, pulse(9.5, 1)], V3ish)
    assert run.at("recovering", "placed") == 13


def test_analyser_is_asked_again_at_the_end_of_each_candle() -> None:
    """22 candles that fall a point each; at the level the last one is the lowest yet: BEARISH. The candle that ends at
    minute 345 has the highest high and close, and lifts the fast average over the slow one: +3, less 1 for its low."""
    down = [quad for n in range(330) for quad in calm(1, 110_020 - n // 15)]
    rows = [*down, *calm(3), bar(109_890, 110_000, 109_900), *calm(2, LOW), BACK]
    rise = [quad for n in range(20) for quad in calm(1, 109_985 + n * 10)]
    run = rides([*rows, *rise], [alert(331, id="first")], reentry={"default_trend_check": "analyser"})
    assert ("recovery_mode", "trend_against") in run.path
    assert run.at("recovering", "placed") == 345
