"""Old ticks are forgotten, and nothing decides otherwise for it: live, loaded from a state, after a death, rerun."""

from __future__ import annotations

import gc
import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.bench.live_folder import MARKET_NS, write_ticks
from zepix.brokers.shadow.growing_prices import GrowingPrices
from zepix.data import default_catalogue
from zepix.errors import DataError, StateError
from zepix.services.growing_bars import GrowingBars
from zepix.spec import load_spec
from zepix_live.engine import forgetting
from zepix_live.engine.plan import Plan, plan_of
from zepix_live.engine.price_file import PriceFile
from zepix_live.engine.price_rows import PriceColumns, PriceRows
from zepix_live.engine.session import LiveSession
from zepix_live.rerunning import rerun_folder

NEVER = 1 << 60
LOOKS = """
from zepix import PluginInfo, Strategy
from zepix.model import Trail

FRAMES = ("1m", "5m", "15m", "1h", "1d")


class Looks(Strategy):
    info = PluginInfo(strategy="looks", services=())

    async def on_start(self):
        self.api.market.subscribe("EURUSD", "5m")

    async def on_bar(self, event):
        self.log.info(f"{event.bar}")

    async def process_entry_signal(self, alert):
        market = self.api.market
        frames = FRAMES[: 1 + int(alert.id[1:]) // 12]  # some are asked for the first time late
        for frame in frames:
            bars = market.bars(alert.symbol, frame, 300)
            told = [(bar.open_ns, bar.open, bar.high, bar.low, bar.close) for bar in bars]
            self.log.info(f"{frame} {hash(tuple(told))} {len(told)} {market.get_atr(alert.symbol, frame, 3)}")
        number = int(alert.id[1:])
        trails = (Trail(20 + 10 * (number % 4), 5, 15),) if number % 2 else ()
        away = 0.0005 + 0.0004 * (number % 5)
        sign = 1 if str(alert.side) == "buy" else -1
        await self.api.orders.place_order(
            alert.symbol, alert.side, "0.1", sl_offset=-sign * away, tp_offset=sign * 0.004, trails=trails
        )

    async def process_exit_signal(self, alert):
        await self.api.orders.close_positions(alert.symbol, alert.side)
"""
Inputs = list[tuple[int, str, dict[str, Any]]]


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    (tmp_path / "looks.py").write_text(LOOKS, encoding="utf-8")
    flags = {"plugin_system.plugin_dir": [str(tmp_path)], "strategy.name": "looks", "account.balance": 1_000_000}
    return plan_of(load_spec(None, flags=flags, environ={}))


def course(seed: int, ticks: int) -> Inputs:
    """Ticks at odd times, now and then hours apart, and an alert after each thirtieth or so."""
    rng = random.Random(seed)
    t_ns, bid = MARKET_NS, 110_000
    found: Inputs = [(t_ns, "start", {})]
    number = 0
    for _ in range(ticks):
        t_ns += rng.choice((7, 100, 900, 4_000, 20_000)) * 1_000_000 * (900 if rng.random() < 0.002 else 1)
        bid += rng.randint(-9, 9)
        found.append((t_ns, "prices", {"ended": [], "opened": [["EURUSD", bid, bid + rng.randint(6, 14)]]}))
        if rng.random() < 0.03:
            number += 1
            side = rng.choice(("buy", "sell"))
            kind = {"type": "exit"} if rng.random() < 0.3 else {"type": "entry", "side": side}
            raw = json.dumps({"symbol": "EURUSD", **kind, "comment": str(number)})
            found.append((t_ns + 1, "alert", {"id": f"a{number}", "raw": raw, "source": "w", "kind": "alert"}))
            t_ns += 1
    return found


def session(plan: Plan) -> LiveSession:
    return LiveSession(plan, {"EURUSD": "tick"})


def told(one: LiveSession, inputs: Inputs) -> list[Any]:
    return [one.take(*each) for each in inputs]


def limits(monkeypatch: pytest.MonkeyPatch, most: int, kept: int) -> None:
    monkeypatch.setattr(forgetting, "MOST_TICKS", most)
    monkeypatch.setattr(forgetting, "KEPT_TICKS", kept)


@pytest.mark.parametrize(("seed", "most", "kept"), [(1, 50, 1), (2, 200, 60), (3, 333, 100), (4, 61, 60)])
def test_what_follows_is_what_follows_with_all_ticks(plan: Plan, monkeypatch, seed: int, most: int, kept: int):
    inputs = course(seed, 1_500)
    limits(monkeypatch, NEVER, NEVER)
    whole = told(session(plan), inputs)
    limits(monkeypatch, most, kept)
    one = session(plan)
    assert told(one, inputs) == whole
    assert {output.kind for outputs in whole for output in outputs} >= {"intent", "filled", "closed", "log", "decision"}
    prices = one.feed.growing["EURUSD"]
    assert prices.n == 1_500
    assert prices.n - prices.first < most
    assert len(prices._arrays["time"]) <= max(64, 2 * most)


@pytest.mark.parametrize("by", ["file", "journal", "columns"])
@pytest.mark.parametrize("at", [40, 260, 700, 1_100])
def test_a_state_is_gone_on_with_whatever_brings_its_prices(plan: Plan, monkeypatch, tmp_path, by: str, at: int):
    inputs = course(5, 1_200)
    limits(monkeypatch, 150, 40)
    one = session(plan)
    told(one, inputs[:at])
    state = json.loads(json.dumps(one.save()))
    other = session(plan)
    if by == "file":
        mark = PriceFile(tmp_path).keep(one.feed.growing)
        assert mark is not None
        other.take_over(PriceFile(tmp_path).read(json.loads(json.dumps(mark))))
    elif by == "columns":
        other.take_over(PriceColumns.of(one.feed.growing))
    else:
        rows = PriceRows({"EURUSD": "tick"})
        for t_ns, kind, body in inputs[:at]:
            if kind == "prices":
                rows.take(t_ns, body)
        other.take_over(rows)
    other.load(state)
    assert json.loads(json.dumps(other.save())) == state
    assert told(other, inputs[at:]) == told(one, inputs[at:])
    assert json.dumps(other.save()) == json.dumps(one.save())


def test_prices_of_another_past_are_noticed(plan: Plan, monkeypatch):
    inputs = course(6, 600)
    limits(monkeypatch, 150, 40)
    one = session(plan)
    told(one, inputs)
    rows = PriceRows({"EURUSD": "tick"})
    for number, (t_ns, kind, body) in enumerate(inputs):
        if kind == "prices":
            symbol, bid, ask = body["opened"][0]
            rows.take(t_ns, {"opened": [[symbol, bid + (number == 30), ask]]})  # one of the forgotten ticks
    other = session(plan)
    other.take_over(rows)
    with pytest.raises(StateError, match=r"prices\.EURUSD"):
        other.load(json.loads(json.dumps(one.save())))


def test_the_file_of_prices_stays_as_small_as_what_is_kept(plan: Plan, monkeypatch, tmp_path):
    limits(monkeypatch, 300, 100)
    one, file = session(plan), PriceFile(tmp_path)
    inputs = course(7, 3_000)
    for at in range(0, len(inputs), 50):
        told(one, inputs[at : at + 50])
        mark = file.keep(one.feed.growing)
        assert mark is not None
    minutes = one.feed.growing["EURUSD"].minutes.count
    assert mark["bytes"] < 300 * 16 + minutes * 24 + 2_000
    again = PriceFile(tmp_path).read(mark)
    time, columns, ended = again.columns()["EURUSD"]
    kept_time, kept = one.feed.growing["EURUSD"].kept()
    assert ended == 3_000
    assert np.array_equal(time, kept_time)
    assert all(np.array_equal(columns[name], kept[name]) for name in kept)


def test_a_runner_on_ticks_forgets_dies_and_is_rerun(desk, tmp_path, monkeypatch):
    limits(monkeypatch, 120, 30)
    one = desk(feed=f"replay:{write_ticks(tmp_path / 'ticks', 2_000)}", speed=20.0)
    for number in range(5):
        engine = one.open()
        assert not engine.recovered.differences
        assert not engine.recovered.slow
        one.run(0.5)
        one.post({"type": "entry", "side": "buy", "symbol": "EURUSD", "volume": 0.1, "id": f"e{number}"})
        one.run(1.5)
        assert engine.consumer.session.feed.growing["EURUSD"].first > 0
        if number % 2:
            engine.consumer.save()
        one.crash()
    assert [outcome for _, outcome, _ in one.decisions()] == ["filled"] * 5
    assert rerun_folder(one.folder, {}).is_equal
    again = one.open(strategy__one_at_a_time="true")  # another configuration takes the prices over
    assert again.consumer.session.feed.growing["EURUSD"].first > 0
    one.run(1.0)
    one.crash()
    assert rerun_folder(one.folder, {}).is_equal


# --- rows -----------------------------------------------------------------------------------------------------------


def ticks(count: int) -> GrowingPrices:
    prices = GrowingPrices(default_catalogue()["EURUSD"], 0, "tick", 0)
    for number in range(count):
        prices.open_bar(MARKET_NS + number * 7_000_000_000, 100 + number % 13, 110 + number % 13)
    return prices


def test_rows_keep_their_numbers_and_what_is_forgotten_is_said():
    prices, whole = ticks(100), ticks(100)
    prices.forget(60)
    assert (prices.n, prices.first, len(prices.time)) == (100, 60, 100)
    assert prices.time[60] == whole.time[60]
    assert np.array_equal(prices.bid_low[70:90], whole.bid_low[70:90])
    at_ns = int(whole.time[80])
    assert prices.row_at(at_ns) == whole.row_at(at_ns) == 80
    assert prices.quote(at_ns, 2) == whole.quote(at_ns, 2)
    for ask in (lambda: prices.time[59], lambda: prices.bid_open.item(0), lambda: prices.ask_high[:10]):
        with pytest.raises(DataError, match="those before 60 are kept as minutes only"):
            ask()
    with pytest.raises(ValueError, match="those before the newest"):
        prices.forget(100)


@pytest.mark.parametrize("minutes", [1, 5, 60, 1440])
def test_bars_are_the_same_however_often_ticks_were_forgotten_in_between(minutes: int):
    rng = random.Random(minutes)
    length_ns = minutes * 60_000_000_000
    some, all_ = ticks(0), ticks(0)
    bars, whole = GrowingBars(some, length_ns), GrowingBars(all_, length_ns)
    t_ns = MARKET_NS
    seen: Any = None
    for _ in range(3_000):
        t_ns += rng.choice((1, 1_000, 30_000)) * 1_000_000
        bid = rng.randint(90, 120)
        for prices in (some, all_):
            prices.open_bar(t_ns, bid, bid + 3)
        if rng.random() < 0.01:
            some.forget(rng.randint(some.first, some.n - 1))
        if rng.random() < 0.02:
            seen = bars.refresh() or seen
            fresh = whole.refresh()
            assert fresh is not None
            _assert_same(seen, fresh)
    late = GrowingBars(some, length_ns).refresh()  # a timeframe that nobody asked for before
    seen = bars.refresh() or seen
    _assert_same(late, seen)
    _assert_same(late, GrowingBars(all_, length_ns).refresh())


def _assert_same(one: Any, other: Any) -> None:
    assert np.array_equal(one[0], other[0])
    assert all(np.array_equal(a, b) for a, b in zip(one[1], other[1], strict=True))


@pytest.mark.slow
def test_a_session_on_ticks_needs_no_more_memory_with_every_tick(plan: Plan):
    """A million ticks were 16 MB and more; four hundred thousand leave what eighty thousand did."""
    import tracemalloc

    one = session(plan)
    rng = random.Random(1)
    t_ns, bid = MARKET_NS, 110_000
    one.take(t_ns, "start", {})
    sizes: list[int] = []
    tracemalloc.start()
    try:
        for number in range(1, 260_001):
            t_ns += 1_000_000
            bid += rng.randint(-3, 3)
            one.take(t_ns, "prices", {"ended": [], "opened": [["EURUSD", bid, bid + 10]]})
            if number in (20_000, 140_000, 260_000):  # just after some went
                gc.collect()
                sizes.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert one.feed.growing["EURUSD"].first > 150_000
    assert sizes[2] - sizes[1] < 200_000
