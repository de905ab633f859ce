"""Feeds that start late, end early, are of other timeframes, or are finer than backtrader's clock: all are heard."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.unit.backtrader.stage import Stage, bare, walk
from tests.world import CATALOGUE, MINUTE, T0, alert, series
from zepix.brokers.backtrader import SeriesFeed
from zepix.brokers.backtrader.border import bt, number_of, time_of
from zepix.errors import ConfigError
from zepix.kernels.crossing import build_index
from zepix.model import Series


class Seen(bt.Strategy):  # type: ignore[misc]
    """Notes the last row of every feed, at every step, also before all feeds have begun."""

    def __init__(self) -> None:
        self.steps: list[tuple[int, ...]] = []

    def next(self) -> None:
        self.steps.append(tuple(len(d) for d in self.datas))

    prenext = next


def seeing(**given: Any) -> Any:
    cerebro = bare(**given)
    cerebro.addstrategy(Seen)
    return cerebro


def ticks(symbol: str, times: list[int], bids: list[int]) -> Series:
    time, bid = np.array(times, np.int64), np.array(bids, np.int32)
    ask = bid + np.int32(10)
    return Series(
        symbol, "tick", 0, time, *(bid,) * 4, *(ask,) * 4, *build_index(bid, bid), *build_index(ask, ask)
    )  # fmt: skip


def agree(stage: Stage, alerts: list[Any], cerebro: Any = None) -> Any:
    """Plays on both brokers; the record in the cerebro."""
    ours = stage.play(alerts, cerebro)
    stage.broker = "shadow"
    theirs = stage.play(alerts)
    assert ours.fills == theirs.fills
    assert [(d.outcome, d.reason) for d in ours.decisions] == [(d.outcome, d.reason) for d in theirs.decisions]
    return ours


def test_late_feed_silences_nobody() -> None:
    early, late = walk(bars=60), walk("GBPUSD", bars=40, start=30)
    cerebro = seeing()
    given = [alert(5), alert(20, "exit"), alert(35, symbol="GBPUSD"), alert(50, "exit", symbol="GBPUSD")]
    record = agree(Stage([early, late]), given, cerebro)
    assert [f.symbol for f in record.fills] == ["EURUSD", "GBPUSD"]
    steps = cerebro.runstrats[0][0].steps
    assert steps[0] == (1, 0)
    assert steps[-1] == (60, 40)
    assert len(steps) == 70  # minutes 1 to 70


def test_trades_of_a_late_feed_are_told_with_its_first_row() -> None:
    early, late = walk(bars=60), walk("GBPUSD", bars=3, start=30, minutes=10)
    cerebro = bare()
    cerebro.addanalyzer(bt.analyzers.TradeAnalyzer, _name="trades")
    bid = int(late.bid_open[0])
    given = [alert(30, symbol="GBPUSD", sl=(bid - 1000) / 1e5), alert(33, symbol="GBPUSD"), alert(35)]
    record = agree(Stage([early, late]), given, cerebro)
    found = cerebro.runstrats[0][0].analyzers.trades.get_analysis()
    assert found.total.closed == len(record.fills) == 3


def test_symbol_with_bars_for_part_of_the_run() -> None:
    whole, part = walk(bars=100), walk("GBPUSD", bars=20, start=10)
    given = [alert(12, symbol="GBPUSD"), alert(60), alert(70, symbol="GBPUSD"), alert(80, "exit", None)]
    record = agree(Stage([whole, part]), given)
    assert [(f.symbol, f.exit_reason) for f in record.fills] == [("EURUSD", "signal"), ("GBPUSD", "end_of_data")]
    assert [d.reason for d in record.decisions][2] == "market_closed"


def test_two_feeds_of_one_symbol_with_different_timeframes() -> None:
    minute_bars, fives = walk(bars=60), walk(bars=12, minutes=5)
    cerebro = seeing()
    cerebro.adddata(SeriesFeed(symbol="EURUSD"), name="m1")
    cerebro.adddata(SeriesFeed(series=fives), name="m5")
    record = agree(Stage([minute_bars]), [alert(5), alert(30, "exit")], cerebro)
    assert len(record.fills) == 1
    steps = cerebro.runstrats[0][0].steps
    assert steps[3:6] == [(4, 0), (5, 1), (6, 1)]
    assert steps[-1] == (60, 12)


def test_resampled_feed_sees_only_bars_that_have_ended() -> None:
    cerebro = seeing()
    feed = SeriesFeed(symbol="EURUSD")
    cerebro.adddata(feed)
    cerebro.resampledata(feed, timeframe=bt.TimeFrame.Minutes, compression=15)
    record = agree(Stage([walk(bars=60)]), [alert(5), alert(30, "exit")], cerebro)
    assert len(record.fills) == 1
    steps = [s for s in cerebro.runstrats[0][0].steps if s[0] in (14, 15, 16, 30)]
    assert steps == [(14, 0), (15, 1), (16, 1), (30, 2)]


def test_bars_that_are_not_aligned() -> None:
    rows = [(T0 + t * MINUTE + 17 * 10**9, (110_000 + t,) * 4, (110_010 + t,) * 4) for t in (0, 5, 12, 17, 31)]
    odd = series("EURUSD", "5m", rows)  # type: ignore[arg-type]
    given = [alert(0.5), alert(12.35, "exit"), alert(13, side="sell"), alert(25, "exit", None)]
    record = agree(Stage([odd, walk("GBPUSD", bars=40)]), given)
    assert len(record.fills) == 2


def test_ticks_closer_than_backtraders_clock() -> None:
    base = T0 + 10**9
    eurusd = ticks("EURUSD", [base + n for n in range(20)], [110_000 + n for n in range(20)])
    gbpusd = ticks("GBPUSD", [base + 5 + 3 * n for n in range(20)], [127_000 - n for n in range(20)])
    given = [alert(0, id="E", tp=1.10012), alert(0, id="G", symbol="GBPUSD")]
    assert number_of(base) == number_of(base + 1)
    record = agree(Stage([eurusd, gbpusd]), given, seeing())
    assert (record.fills[0].exit_points, record.fills[0].exit_ns, record.fills[0].exit_reason) == (
        110_012,
        base + 12,
        "tp",
    )


def test_time_of_a_number_is_right_to_ten_microseconds() -> None:
    for ns in (0, T0, T0 + 123_456_789, T0 + 86_399_999_999_000):
        assert abs(time_of(number_of(ns)) - ns) <= 10_000


def test_lines_show_bid_and_ask_at_the_bars_end() -> None:
    rows: list[tuple[float, ...]] = []

    class Look(bt.Strategy):  # type: ignore[misc]
        def next(self) -> None:
            d = self.data
            rows.append((d.close[0], d.ask_close[0], d.datetime.datetime().minute))

    cerebro = bare()
    cerebro.addstrategy(Look)
    one = walk(bars=3)
    Stage([one]).play((), cerebro)
    bid, ask = (c.tolist() for c in (one.bid_close, one.ask_close))
    assert rows == [
        (pytest.approx(b / 1e5), pytest.approx(a / 1e5), n + 1) for n, (b, a) in enumerate(zip(bid, ask, strict=True))
    ]


def test_a_feed_without_prices_in_the_run_is_told() -> None:
    cerebro = bare()
    cerebro.adddata(SeriesFeed(symbol="USDJPY"))
    with pytest.raises(ConfigError, match=r"feed of USDJPY has no prices in this run; there are EURUSD"):
        Stage([walk(bars=5)]).play((), cerebro)
    with pytest.raises(ConfigError, match="needs symbol="):
        SeriesFeed()


def test_feeds_of_the_users_own_run_along() -> None:
    import pandas as pd

    index = pd.date_range("2024-03-06 09:00", periods=300, freq="1min")
    frame = pd.DataFrame(dict.fromkeys(("open", "high", "low", "close", "volume"), 1.0), index)
    cerebro = seeing()
    cerebro.adddata(bt.feeds.PandasData(dataname=frame, openinterest=None), name="mine")
    record = agree(Stage([walk(bars=60)]), [alert(5), alert(30, "exit")], cerebro)
    assert len(record.fills) == 1
    assert cerebro.runstrats[0][0].steps[-1] == (300, 60)
    assert CATALOGUE["EURUSD"].symbol not in cerebro.datasbyname  # what was added for the run is gone


class Prices(bt.Strategy):  # type: ignore[misc]
    """Notes names and first closes of all feeds."""

    def start(self) -> None:
        self.seen: list[tuple[str, float, int]] = []

    def next(self) -> None:
        if len(self) == 1:
            self.seen = [(d._name, round(d.close[0], 5), d._compression) for d in self.datas]

    prenext = next


def test_a_cerebro_used_again_shows_the_prices_of_the_run_it_is_in() -> None:
    """The user's feed says a symbol only: every run gives it its own prices, and none adds a second feed."""
    cerebro = bare()
    feed = SeriesFeed(symbol="EURUSD")
    cerebro.adddata(feed)
    cerebro.addstrategy(Prices)
    for one in (walk(bars=20), walk(bars=30, seed=2), walk(bars=12, seed=3, minutes=5)):
        Stage([one]).play([alert(5)], cerebro)
        first = round(int(one.bid_close[0]) / 1e5, 5)
        assert cerebro.runstrats[0][0].seen == [("EURUSD", first, one.timeframe_ns // MINUTE)]
        assert list(feed.lines.close.array[:2]) == [int(c) / 1e5 for c in one.bid_close[:2]]
        assert cerebro.datas == [feed] and feed.p.series is None


def test_a_feed_with_prices_of_its_own_keeps_them_in_every_run() -> None:
    fives = walk(bars=12, minutes=5)
    cerebro = bare()
    cerebro.adddata(SeriesFeed(series=fives), name="m5")
    cerebro.addstrategy(Prices)
    for seed in (1, 2):
        one = walk(bars=60, seed=seed)
        Stage([one]).play([alert(5)], cerebro)
        seen = {name: close for name, close, _ in cerebro.runstrats[0][0].seen}
        assert seen["EURUSD"] == round(int(one.bid_close[0]) / 1e5, 5)
    assert cerebro.datas[0].p.series is fives


def test_a_run_that_fails_lets_go_of_the_feed_too() -> None:
    class Fails(bt.Strategy):  # type: ignore[misc]
        def next(self) -> None:
            raise RuntimeError("mine")

    cerebro = bare()
    cerebro.adddata(SeriesFeed(symbol="EURUSD"))
    cerebro.addstrategy(Fails)
    with pytest.raises(RuntimeError, match="mine"):
        Stage([walk(bars=20)]).play((), cerebro)
    cerebro.strats.clear()
    cerebro.addstrategy(Prices)
    other = walk(bars=20, seed=2)
    Stage([other]).play((), cerebro)
    assert cerebro.runstrats[0][0].seen == [("EURUSD", round(int(other.bid_close[0]) / 1e5, 5), 1)]


def test_feeds_are_found_by_their_symbol() -> None:
    found: list[Any] = []

    class Named(bt.Strategy):  # type: ignore[misc]
        def __init__(self) -> None:
            found.extend(self.getdatabyname(symbol)._name for symbol in ("EURUSD", "GBPUSD"))

    cerebro = bare()
    cerebro.adddata(SeriesFeed(symbol="GBPUSD"))
    cerebro.addstrategy(Named)
    Stage([walk(bars=20), walk("GBPUSD", bars=20)]).play((), cerebro)
    assert found == ["EURUSD", "GBPUSD"]


@pytest.mark.parametrize("how", ["resampledata", "replaydata"])
def test_a_feed_that_is_only_resampled_does_not_slow_the_runs_clock(how: str) -> None:
    """The only feed of the user is made of quarters of an hour; orders fill right after the row they came from."""

    class Buys(bt.Strategy):  # type: ignore[misc]
        def next(self) -> None:
            if len(self.data) == 2 and not self.position:
                self.buy(size=10_000)

        prenext = next

    cerebro = bare()
    getattr(cerebro, how)(SeriesFeed(symbol="EURUSD"), timeframe=bt.TimeFrame.Minutes, compression=15, name="m15")
    cerebro.addstrategy(Buys)
    record = Stage([walk(bars=60)]).play([alert(5), alert(30, "exit")], cerebro)
    entered = {f.plugin_id: (f.entry_ns - T0) / MINUTE for f in record.fills}
    assert entered == {"bracket": 5, "bt.Buys": 30 if how == "resampledata" else 16}
    assert [d._name for d in cerebro.datas] == ["m15"]


def test_a_feed_that_begins_later_does_not_slow_the_runs_clock() -> None:
    from datetime import datetime

    class Buys(bt.Strategy):  # type: ignore[misc]
        def next(self) -> None:
            if len(self.data) == 1 and not self.position:
                self.buy(size=10_000)

        prenext = next

    cerebro = bare()
    cerebro.adddata(SeriesFeed(symbol="EURUSD", fromdate=datetime(2024, 3, 6, 10, 30)))  # noqa: DTZ001  as backtrader has them
    cerebro.addstrategy(Buys)
    record = Stage([walk(bars=60)]).play((), cerebro)
    assert [(f.entry_ns - T0) / MINUTE for f in record.fills] == [30]
