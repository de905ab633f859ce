"""The user's analyzers and observers on a zepix run: their figures are those of the tickets, worked out here again."""

from __future__ import annotations

import math
import statistics
from decimal import Decimal
from typing import Any

import pytest

from tests.unit.backtrader.stage import Stage, bare, walk
from tests.world import CATALOGUE, alert, bars, flat, instrument
from zepix.brokers.backtrader.border import bt
from zepix.engine.record import RunRecord
from zepix.model import AccountSpec, Alert, Catalogue, Series

WALK = walk()


def entries(series: Series = WALK, every: int = 15, first: int = 5, **more: Any) -> list[Alert]:
    """Buys and sells in turn on minutes, with stop and target 60 and 80 points away."""
    made = []
    for n in range(first, len(series) - 20, every):
        sign = 1 if n % 2 else -1
        bid = int(series.bid_close[n - 1])
        point = CATALOGUE[series.symbol].point_float
        made.append(
            alert(
                n, "entry", "buy" if sign > 0 else "sell", id=f"{series.symbol} {n}", symbol=series.symbol,
                sl=round((bid - sign * 60) * point, 5), tp=round((bid + sign * 80) * point, 5), **more,
            )
        )  # fmt: skip
    return made


def equity_at_ends(record: RunRecord, series: Series) -> list[float]:
    """Equity at every bar's end by hand: booked money, and what open tickets are worth at the price known then."""
    values = []
    for row, opened in enumerate(series.time.tolist()):
        t_ns = opened + series.timeframe_ns
        following = row + 1 < len(series)
        value = float(record.account.balance)
        for fill in record.fills:
            if fill.known_ns <= t_ns:
                value += fill.pnl_minor / 100
            elif fill.entry_ns <= t_ns:
                bid, ask = (
                    (series.bid_open[row + 1], series.ask_open[row + 1])
                    if following
                    else (series.bid_close[row], series.ask_close[row])
                )
                price = int(bid if fill.side > 0 else ask)
                value += fill.side * (price - fill.entry_points) * fill.steps * 0.01
        values.append(value)
    return values


def ran(record: RunRecord, cerebro: Any, name: str) -> Any:
    assert record.fills
    return getattr(cerebro.runstrats[0][0].analyzers, name).get_analysis()


def test_trade_analyzer_counts_tickets_and_their_money() -> None:
    cerebro = bare()
    cerebro.addanalyzer(bt.analyzers.TradeAnalyzer, _name="trades")
    record = Stage([WALK]).play(entries(), cerebro)
    found = ran(record, cerebro, "trades")
    net = [f.pnl_minor / 100 for f in record.fills]
    assert (found.total.closed, found.total.open) == (len(record.fills), 0)
    assert found.won.total == sum(p > 0 for p in net)
    assert found.pnl.net.total == pytest.approx(sum(net), abs=1e-9)
    assert found.long.total == sum(f.side > 0 for f in record.fills)


def test_costs_are_the_difference_of_gross_and_net() -> None:
    catalogue = Catalogue([instrument("EURUSD", commission_per_lot=Decimal("3.5"), swap_long_points=Decimal(-7))])
    cerebro = bare()
    cerebro.addanalyzer(bt.analyzers.TradeAnalyzer, _name="trades")
    record = Stage([walk(bars=1500)], catalogue=catalogue).play([alert(5, volume=1)], cerebro)
    (fill,) = record.fills
    found = ran(record, cerebro, "trades")
    assert (fill.commission_minor, fill.swap_minor) == (-700, -2100)  # Wednesday: three nights of 7 points
    assert found.pnl.gross.total == pytest.approx(fill.gross_minor / 100)
    assert found.pnl.net.total == pytest.approx(fill.pnl_minor / 100)


def test_parts_of_a_ticket_are_one_trade() -> None:
    cerebro = bare()
    cerebro.addanalyzer(bt.analyzers.TradeAnalyzer, _name="trades")
    given = [alert(5, volume=0.3), alert(20, "exit", "buy", close_frac=0.34, volume=None), alert(40, "exit", "buy")]
    record = Stage([WALK]).play(given, cerebro)
    assert [f.part for f in record.fills] == [1, 2]
    found = ran(record, cerebro, "trades")
    assert found.total.closed == 1
    assert found.pnl.net.total == pytest.approx(sum(f.pnl_minor for f in record.fills) / 100)


def test_hedged_tickets_are_trades_of_their_own() -> None:
    cerebro = bare()
    cerebro.addanalyzer(bt.analyzers.TradeAnalyzer, _name="trades")
    record = Stage([WALK]).play([alert(5), alert(6, side="sell"), alert(50, "exit", None)], cerebro)
    found = ran(record, cerebro, "trades")
    assert (found.long.total, found.short.total) == (1, 1)
    assert found.pnl.net.total == pytest.approx(sum(f.pnl_minor for f in record.fills) / 100)


def test_sqn_is_that_of_the_tickets() -> None:
    cerebro = bare()
    cerebro.addanalyzer(bt.analyzers.SQN, _name="sqn")
    record = Stage([WALK]).play(entries(), cerebro)
    net = [f.pnl_minor / 100 for f in record.fills]
    expected = math.sqrt(len(net)) * statistics.fmean(net) / statistics.pstdev(net)
    found = ran(record, cerebro, "sqn")
    assert found.trades == len(net)
    assert found.sqn == pytest.approx(expected)


def test_drawdown_is_that_of_the_equity_at_bar_ends() -> None:
    cerebro = bare()
    cerebro.addanalyzer(bt.analyzers.DrawDown, _name="fall")
    record = Stage([WALK]).play(entries(every=7, volume=1.0), cerebro)
    values = equity_at_ends(record, WALK)
    peak, worst = values[0], 0.0
    for value in values:
        peak = max(peak, value)
        worst = max(worst, peak - value)
    found = ran(record, cerebro, "fall")
    assert worst > 100
    assert found.max.moneydown == pytest.approx(worst, abs=1e-6)


def test_returns_and_pyfolio_end_where_the_account_ends() -> None:
    cerebro = bare()
    cerebro.addanalyzer(bt.analyzers.Returns, _name="returns")
    cerebro.addanalyzer(bt.analyzers.PyFolio, _name="pyfolio", timeframe=bt.TimeFrame.Minutes)
    record = Stage([WALK]).play(entries(volume=0.5), cerebro)
    growth = record.balances[-1][1] / record.balances[0][1]
    assert ran(record, cerebro, "returns")["rtot"] == pytest.approx(math.log(growth))
    returns = ran(record, cerebro, "pyfolio")["returns"]
    assert math.prod(1 + r for r in returns.values()) == pytest.approx(growth)


def test_pyfolio_gives_its_frames() -> None:
    cerebro = bare()
    cerebro.addanalyzer(bt.analyzers.PyFolio, _name="pyfolio")
    record = Stage([WALK]).play(entries(volume=0.1), cerebro)
    _, positions, transactions, _ = cerebro.runstrats[0][0].analyzers.pyfolio.get_pf_items()
    assert len(record.fills) > 10
    assert transactions["amount"].sum() == pytest.approx(0)
    assert positions.iloc[-1]["EURUSD"] == 0


def test_pyfolio_shows_every_symbol() -> None:
    """backtrader's own frame of positions holds the last feed and the cash, whatever feeds there are."""
    both = [WALK, walk("GBPUSD", seed=2)]
    cerebro = bare()
    cerebro.addanalyzer(bt.analyzers.PyFolio, _name="pyfolio", timeframe=bt.TimeFrame.Minutes)
    given = []
    for symbol, first, volume in (("EURUSD", 5, 0.1), ("GBPUSD", 9, 0.2)):
        for n in range(first, 560, 40):
            side = "buy" if n % 80 == first else "sell"
            given.append(alert(n, "entry", side, id=f"{symbol} {n}", symbol=symbol, volume=volume))
            given.append(alert(n + 21, "exit", None, id=f"{symbol} {n} exit", symbol=symbol))
    record = Stage(both).play(given, cerebro)
    returns, positions, transactions, _ = cerebro.runstrats[0][0].analyzers.pyfolio.get_pf_items()
    names = list(positions.columns)
    assert names[-1] == "cash" and sorted(names[:-1]) == ["EURUSD", "GBPUSD"]
    assert float((1 + returns).prod()) == pytest.approx(record.balances[-1][1] / record.balances[0][1])
    for symbol, one in zip(("EURUSD", "GBPUSD"), both, strict=True):
        fills = [f for f in record.fills if f.symbol == symbol]
        mine = transactions[transactions["symbol"] == symbol]
        assert len(fills) > 5
        assert mine["amount"].sum() == pytest.approx(0)
        cash = -sum(f.side * f.steps * 1000 * (f.entry_points - f.exit_points) / 1e5 for f in fills)
        assert mine["value"].sum() == pytest.approx(cash)  # what was sold less what was bought
        assert [mine["sid"].iloc[0]] == [names.index(symbol)]
        held = positions[symbol].tolist()
        for row in range(0, len(one) - 1, 7):
            t_ns = int(one.time[row]) + one.timeframe_ns
            open_now = [f for f in fills if f.entry_ns <= t_ns < f.known_ns]
            price = {1: int(one.bid_open[row + 1]), -1: int(one.ask_open[row + 1])}
            worth = sum(f.side * f.steps * 1000 * price[f.side] / 1e5 for f in open_now)
            assert held[row] == pytest.approx(worth), row


def test_a_pyfolio_of_the_users_own_making_is_left_alone() -> None:
    class Mine(bt.analyzers.PyFolio):  # type: ignore[misc]
        def get_pf_items(self) -> str:
            return "mine"

    cerebro = bare()
    cerebro.addanalyzer(Mine, _name="mine")
    Stage([WALK]).play(entries(), cerebro)
    assert cerebro.runstrats[0][0].analyzers.mine.get_pf_items() == "mine"


def test_a_ticket_that_ends_at_nothing_is_won_to_backtrader_and_neither_to_zepix() -> None:
    record = Stage([bars(*flat(8), spread=0)])
    cerebro = bare()
    cerebro.addanalyzer(bt.analyzers.TradeAnalyzer, _name="trades")
    (fill,) = record.play([alert(2), alert(5, "exit")], cerebro).fills
    assert fill.pnl_minor == 0
    found = cerebro.runstrats[0][0].analyzers.trades.get_analysis()
    assert (found.won.total, found.lost.total) == (1, 0)


def test_observers_show_the_account_and_its_trades() -> None:
    cerebro = bt.Cerebro()  # with backtrader's own: Broker, Trades, BuySell
    cerebro.addobserver(bt.observers.DrawDown)
    record = Stage([WALK]).play(entries(volume=1.0), cerebro)
    strategy = cerebro.runstrats[0][0]
    values = strategy.observers.broker.lines.value.get(size=len(WALK))
    assert list(values) == pytest.approx(equity_at_ends(record, WALK), abs=1e-6)
    profits = [p for line in strategy.observers.trades.lines for p in line.get(size=len(WALK)) if not math.isnan(p)]
    assert len(profits) > 5


@pytest.mark.parametrize("given", [{"runonce": False}, {"preload": False}, {"exactbars": 1}], ids=str)
def test_every_way_backtrader_runs_gives_the_same(given: dict[str, Any]) -> None:
    plain, other = bare(), bare(**given)
    for cerebro in (plain, other):
        cerebro.addanalyzer(bt.analyzers.TradeAnalyzer, _name="trades")
    expected = Stage([WALK]).play(entries(), plain)
    record = Stage([WALK]).play(entries(), other)
    assert record.fills == expected.fills
    assert ran(record, other, "trades") == ran(expected, plain, "trades")


def test_money_of_an_account_in_another_currency() -> None:
    cerebro = bare()
    cerebro.addanalyzer(bt.analyzers.TradeAnalyzer, _name="trades")
    account = AccountSpec(Decimal(1_500_000), "JPY", digits=0)
    record = Stage([WALK, walk("USDJPY")], account=account).play(entries(volume=0.5), cerebro)
    found = ran(record, cerebro, "trades")
    assert found.pnl.net.total == pytest.approx(sum(f.pnl_minor for f in record.fills))
    assert cerebro.broker.getvalue() == record.balances[-1][1]


def test_the_same_run_without_a_cerebro_of_the_users() -> None:
    assert Stage([WALK]).play(entries()).fills == Stage([WALK], broker="shadow").play(entries()).fills
