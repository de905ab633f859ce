"""Bars that come as alerts wake who waits for the end of bars; live, after a death and in a rerun alike."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from tests.live.desk import START_NS, Desk
from zepix_live.rerunning import rerun_folder

START_S = START_NS // 1_000_000_000
WAITS = """
from zepix import PluginInfo, Strategy


class Waits(Strategy):
    info = PluginInfo(strategy="waits", services=())

    async def on_start(self):
        for timeframe in ("1m", "5m"):
            self.api.market.subscribe("EURUSD", timeframe)

    async def on_bar(self, event):
        bar, known = event.bar, self.api.market.bars("EURUSD", "5m")
        self.log.info(f"{bar.timeframe} {bar.open_ns} {bar.open} {bar.high} {bar.low} {bar.close} of {len(known)}")
        if bar.timeframe == "5m":
            await self.api.orders.place_order("EURUSD", "buy", "0.1")
"""
BARS = ((1.10, 1.14, 1.09, 1.12), (1.12, 1.13, 1.08, 1.09), (1.09, 1.10, 1.07, 1.08), (1.08, 1.11, 1.06, 1.10))
"""Open, high, low, close of the minutes 0 to 3; minute 4 is that of 0, and so on."""


@pytest.fixture
def waits(desk, tmp_path: Path) -> Desk:
    (tmp_path / "waits.py").write_text(WAITS, encoding="utf-8")
    one: Desk = desk(feed="webhook", plugin_system__plugin_dir=str(tmp_path), strategy__name="waits")
    one.open()
    return one


def post(one: Desk, minute: int) -> None:
    """A minute has closed 0.4 s ago, and TradingView says so."""
    end_ns = START_NS + (minute + 1) * 60_000_000_000 + 400_000_000
    one.clock.advance(max(0, end_ns - one.clock.now_ns()) / 1e9)
    opened = dt.datetime.fromtimestamp(START_S + 60 * minute, dt.UTC).isoformat()
    first, high, low, last = BARS[minute % len(BARS)]
    one.post(
        {"type": "bar", "symbol": "EURUSD", "tf": "1", "time": opened, "open": first, "high": high}
        | {"low": low, "close": last}
    )
    one.run(0.2)


def heard(one: Desk) -> list[tuple[float, str]]:
    """(seconds since the start, what the strategy said) of each bar that it was woken by."""
    times = one.engine_times
    rows = one.rows("log")
    return [((times[body["of"]] - START_NS) / 1e9, body["text"]) for _, _, body in rows]


def told(timeframe: str, minute: int, *prices: float, known: int) -> str:
    return f"{timeframe} {START_NS + minute * 60_000_000_000} {' '.join(map(str, prices))} of {known}"


def test_a_strategy_is_woken_by_each_bar_and_by_the_longer_one_that_it_completes(waits: Desk):
    for minute in range(5):
        post(waits, minute)
    found = heard(waits)
    assert [text for _, text in found] == [
        *(told("1m", minute, *BARS[minute], known=0) for minute in range(4)),
        told("1m", 4, *BARS[0], known=1),
        told("5m", 0, 1.10, 1.14, 1.06, 1.12, known=1),
    ]
    assert all(60 * (n + 1) < at_s < 60 * (n + 1) + 1 for n, (at_s, _) in enumerate(found[:5]))  # once it has come


def test_what_it_orders_then_fills_at_the_next_bar_and_a_rerun_is_equal(waits: Desk):
    for minute in range(7):
        post(waits, minute)
    [(_, _, intent)] = waits.rows("intent")
    [(_, _, filled)] = waits.rows("filled")
    assert (intent["symbol"], intent["side"], intent["alert"]) == ("EURUSD", 1, "")
    assert filled["order"] == intent["order"]
    assert filled["at_ns"] >= START_NS + 5 * 60_000_000_000
    waits.crash()
    assert rerun_folder(waits.folder, {}).is_equal


def test_the_clock_alone_completes_no_bar_whose_last_minute_has_not_come(waits: Desk):
    for minute in range(4):
        post(waits, minute)
    waits.run(61.0)  # the five minutes are over, and of the last one nothing is known
    assert [text for _, text in heard(waits)] == [told("1m", minute, *BARS[minute], known=0) for minute in range(4)]
    post(waits, 5)  # TradingView had no trade in the fifth, and sent nothing
    assert [text for _, text in heard(waits)[4:]] == [
        told("5m", 0, 1.10, 1.14, 1.06, 1.10, known=1),
        told("1m", 5, *BARS[1], known=1),
    ]


def test_a_death_between_two_bars_wakes_nobody_twice(waits: Desk):
    for minute in range(6):
        post(waits, minute)
        waits.crash()
        again: Any = waits.open()
        assert not again.recovered.differences
    texts = [text for _, text in heard(waits)]
    assert len(texts) == len(set(texts)) == 7
    assert len(waits.rows("intent")) == 1
    waits.crash()
    assert rerun_folder(waits.folder, {}).is_equal


def test_a_bar_that_comes_again_wakes_nobody(waits: Desk):
    post(waits, 0)
    post(waits, 0)
    assert len(heard(waits)) == 1
