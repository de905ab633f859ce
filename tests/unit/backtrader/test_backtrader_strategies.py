"""An ordinary ``bt.Strategy`` on the broker of tickets: its orders fill by the page, its figures are its tickets'."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.unit.backtrader.stage import Stage, bare, walk
from tests.world import Quad, alert, bars, flat, minute
from zepix.brokers.backtrader.border import bt
from zepix.engine.record import RunRecord
from zepix.model import ClosingFill, FillModel

STOP: Quad = (110_000, 110_010, 109_940, 109_990)
JUMP: Quad = (110_100, 110_110, 110_090, 110_100)
UNITS = 10_000


class Script(bt.Strategy):  # type: ignore[misc]
    """Does what a script says when so many bars have ended, and notes what it is told."""

    params = (("script", None),)

    def __init__(self) -> None:
        self.told: list[tuple[int, str]] = []
        self.trades: list[Any] = []
        self.made: dict[str, Any] = {}
        self.seen: list[tuple[float, float]] = []

    def next(self) -> None:
        act = self.p.script.get(len(self))
        if act is not None:
            act(self)
        self.seen.append((self.position.size, self.position.price))

    def notify_order(self, order: Any) -> None:
        self.told.append((order.ref, order.getstatusname()))

    def notify_trade(self, trade: Any) -> None:
        if trade.isclosed:
            self.trades.append(trade)

    def statuses(self, order: Any) -> list[str]:
        return [status for ref, status in self.told if ref == order.ref]


Act = Callable[[Any], Any]


def play(quads: list[Quad], script: dict[int, Act], alerts: Any = (), **given: Any) -> tuple[RunRecord, Script]:
    cerebro = bare()
    cerebro.addstrategy(Script, script=script)
    record = Stage([bars(*quads)], **given).play(alerts, cerebro)
    return record, cerebro.runstrats[0][0]


def told(fill: ClosingFill) -> tuple[float, int, float, int, str]:
    """(entry minute, points, exit minute, points, why)"""
    entry, left = ((ns - minute(0)) / 60e9 for ns in (fill.entry_ns, fill.exit_ns))
    return entry, fill.entry_points, left, fill.exit_points, fill.exit_reason


def test_market_orders_fill_at_the_next_open_on_their_own_side() -> None:
    record, strategy = play(
        [*flat(2), JUMP, *flat(2)], {2: lambda s: s.buy(size=UNITS), 4: lambda s: s.sell(size=UNITS)}
    )
    assert [told(f) for f in record.fills] == [(2, 110_110, 4, 110_000, "signal")]
    (trade,) = strategy.trades
    assert trade.pnl == pytest.approx(record.fills[0].gross_minor / 100)
    assert record.fills[0].plugin_id == "bt.Script"


def test_size_is_units_and_the_least_volume_where_none_is_named() -> None:
    record, _ = play(flat(4), {1: lambda s: s.buy()})
    assert record.fills[0].steps == 1  # 0.01 lots, 1,000 EUR


def test_opposite_orders_close_own_tickets_first_in_first_out() -> None:
    record, strategy = play(
        [*flat(2), JUMP, *flat(4)],
        {
            1: lambda s: s.buy(size=2 * UNITS),
            2: lambda s: s.buy(size=UNITS),
            4: lambda s: s.sell(size=2.5 * UNITS),
            5: lambda s: s.sell(size=UNITS),
        },
    )
    assert [(f.ticket, f.part, f.side, f.steps, f.exit_reason) for f in record.fills] == [
        (1, 1, 1, 20, "signal"),
        (2, 1, 1, 5, "signal"),
        (2, 2, 1, 5, "signal"),
        (3, 1, -1, 5, "end_of_data"),
    ]
    sizes = [size for size, _ in strategy.seen]
    assert sizes[2:6] == [30_000, 30_000, 5_000, -5_000]
    assert sum(t.pnl for t in strategy.trades) == pytest.approx(sum(f.pnl_minor for f in record.fills) / 100)


def test_close_closes_its_own_position_and_not_the_plugins() -> None:
    record, strategy = play(flat(8), {3: lambda s: s.buy(size=UNITS), 5: lambda s: s.close()}, [alert(0.5, volume=0.5)])
    assert [(f.plugin_id, f.steps, f.exit_reason) for f in record.fills] == [
        ("bt.Script", 10, "signal"),
        ("bracket", 50, "end_of_data"),
    ]
    assert strategy.seen[3][0] == 10_000


def test_broker_position_is_the_net_of_all_tickets() -> None:
    seen: list[float] = []

    def look(strategy: Any) -> None:
        seen.append(strategy.broker._broker.getposition(strategy.data).size)

    play(flat(8), {3: lambda s: s.sell(size=UNITS), 5: look}, [alert(0.5, volume=0.5)])
    assert seen == [40_000]


@pytest.mark.parametrize(
    ("order", "steps"),
    [
        (lambda s: s.order_target_value(target=22_000), 20),  # 22,000 USD at 1.10 are 20,000 EUR
        (lambda s: s.order_target_percent(target=1.11), 10),  # of an equity of 9,995
        (lambda s: s.order_target_size(target=30_000), 30),
    ],
    ids=["value", "percent", "size"],
)
def test_targets_are_reckoned_from_the_strategys_own_position(order: Act, steps: int) -> None:
    """A plugin holds 50,000 EUR all along; the strategy reaches its target, and once there leaves it alone."""
    seen: list[float] = []

    def look(strategy: Any) -> None:
        broker, data = strategy.broker, strategy.data
        seen.extend([broker.getvalue([data]), broker.get_value([data]), broker._broker.getvalue([data])])

    record, _ = play(
        flat(10), {3: order, 5: look, 6: order, 8: lambda s: s.order_target_size(target=0)}, [alert(0.5, volume=0.5)]
    )
    assert [(f.plugin_id, f.side, f.steps, f.exit_reason) for f in record.fills] == [
        ("bt.Script", 1, steps, "signal"),
        ("bracket", 1, 50, "end_of_data"),
    ]
    own = steps * 1000 * 1.1
    assert seen == [pytest.approx(own), pytest.approx(own), pytest.approx(own + 55_000)]


def test_a_target_is_money_of_the_account_whatever_the_symbol_pays_in() -> None:
    """10,000 USD of USDJPY are 10,000 units, not the 66 that 10,000 divided by 150 makes."""
    cerebro = bare()
    cerebro.addstrategy(Script, script={3: lambda s: s.order_target_value(target=10_100)})
    record = Stage([walk("USDJPY", bars=20)]).play((), cerebro)
    assert [(f.symbol, f.steps) for f in record.fills] == [("USDJPY", 10)]


def test_limit_stop_and_stop_limit_fill_by_the_page() -> None:
    down: Quad = (110_000, 110_000, 109_900, 110_000)
    up: Quad = (110_000, 110_080, 110_000, 110_000)

    def send(strategy: Any) -> None:
        strategy.buy(size=UNITS, exectype=bt.Order.Limit, price=1.09950)
        strategy.sell(size=UNITS, exectype=bt.Order.Limit, price=1.10070)
        strategy.buy(size=UNITS, exectype=bt.Order.Stop, price=1.10060)
        strategy.buy(size=UNITS, exectype=bt.Order.StopLimit, price=1.10060, plimit=1.10010)

    record, _ = play([*flat(2), down, up, *flat(2)], {1: send}, fill=FillModel(slippage_points=2))
    entries = sorted((f.ticket, f.side, f.entry_points, (f.entry_ns - minute(0)) / 60e9) for f in record.fills)
    assert entries == [(1, 1, 109_950, 3.0), (2, 1, 110_062, 4.0), (3, 1, 110_010, 4.0)]
    assert [f.exit_points for f in record.fills[:1]] == [110_070]  # the limit to sell closed the oldest


def test_a_bracket_is_the_tickets_stop_and_target() -> None:
    def send(strategy: Any) -> None:
        strategy.made["bracket"] = strategy.buy_bracket(
            size=UNITS, exectype=bt.Order.Market, stopprice=1.09950, limitprice=1.10200
        )

    record, strategy = play([*flat(2), STOP, *flat(2)], {1: send})
    assert [told(f) for f in record.fills] == [(1, 110_010, 3, 109_950, "sl")]
    main, stop, limit = (strategy.statuses(o) for o in strategy.made["bracket"])
    assert main == ["Submitted", "Accepted", "Completed"]
    assert stop == ["Submitted", "Accepted", "Completed"]
    assert limit == ["Submitted", "Accepted", "Canceled"]
    assert [t.pnl for t in strategy.trades] == [pytest.approx(-6.0)]


def test_a_bracket_with_a_stop_on_the_wrong_side_is_rejected_whole() -> None:
    def send(strategy: Any) -> None:
        strategy.made["bracket"] = strategy.buy_bracket(
            size=UNITS, exectype=bt.Order.Market, stopprice=1.10100, limitprice=1.10200
        )

    record, strategy = play(flat(4), {1: send})
    assert not record.fills
    assert [strategy.statuses(o)[-1] for o in strategy.made["bracket"]] == ["Rejected", "Canceled", "Canceled"]
    assert strategy.made["bracket"][0].info.reason == "invalid_stops"


def test_cancelling_a_child_takes_both_levels_away() -> None:
    def send(strategy: Any) -> None:
        strategy.made["bracket"] = strategy.buy_bracket(
            size=UNITS, exectype=bt.Order.Market, stopprice=1.09950, limitprice=1.10200
        )

    record, strategy = play([*flat(3), STOP, *flat(2)], {1: send, 2: lambda s: s.cancel(s.made["bracket"][1])})
    assert [f.exit_reason for f in record.fills] == ["end_of_data"]
    assert [strategy.statuses(o)[-1] for o in strategy.made["bracket"]] == ["Completed", "Canceled", "Canceled"]


def test_oco_cancels_the_other() -> None:
    def send(strategy: Any) -> None:
        first = strategy.buy(size=UNITS, exectype=bt.Order.Limit, price=1.09950)
        other = strategy.sell(size=UNITS, exectype=bt.Order.Limit, price=1.10070, oco=first)
        strategy.made.update(first=first, other=other)

    record, strategy = play([*flat(2), (110_000, 110_000, 109_900, 110_000), JUMP, *flat(2)], {1: send})
    assert [f.side for f in record.fills] == [1]
    assert strategy.statuses(strategy.made["first"])[-1] == "Completed"
    assert strategy.statuses(strategy.made["other"])[-1] == "Canceled"


def test_valid_ends_an_order_and_cancel_too() -> None:
    def send(strategy: Any) -> None:
        price = {"exectype": bt.Order.Limit, "price": 1.09950}
        strategy.made["short"] = strategy.buy(size=UNITS, valid=timedelta(minutes=2), **price)
        strategy.made["dropped"] = strategy.buy(size=UNITS, **price)

    record, strategy = play(
        [*flat(5), (110_000, 110_000, 109_900, 110_000), *flat(2)],
        {1: send, 2: lambda s: s.cancel(s.made["dropped"])},
    )
    assert not record.fills
    assert strategy.statuses(strategy.made["short"])[-1] == "Expired"
    assert strategy.statuses(strategy.made["dropped"])[-1] == "Canceled"


def test_refusals_say_margin_or_rejected() -> None:
    def send(strategy: Any) -> None:
        strategy.made["dear"] = strategy.buy(size=4_000_000)
        strategy.made["small"] = strategy.buy(size=1)
        strategy.made["trail"] = strategy.buy(size=UNITS, exectype=bt.Order.StopTrail, trailamount=0.001)

    record, strategy = play(flat(4), {1: send})
    assert not record.fills
    last = {name: strategy.statuses(order)[-1] for name, order in strategy.made.items()}
    assert last == {"dear": "Margin", "small": "Rejected", "trail": "Rejected"}
    assert "Market, Limit, Stop, StopLimit" in strategy.made["trail"].info.reason


NAN, INF = float("nan"), float("inf")
LIMIT = {"size": UNITS, "exectype": bt.Order.Limit}


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"size": NAN}, "size nan is no number above 0"),
        ({"size": INF}, "size inf is no number above 0"),
        ({**LIMIT, "price": NAN}, "price nan is no number above 0"),
        ({**LIMIT, "price": INF}, "price inf is no number above 0"),
        ({**LIMIT, "price": -1.1}, "price -1.1 is no number above 0"),
        ({**LIMIT, "price": "1.1"}, "price '1.1' is no number above 0"),
        ({**LIMIT, "price": 1.1, "valid": NAN}, "valid nan is no number above 0"),
        ({"size": UNITS, "exectype": bt.Order.Stop, "price": NAN}, "price nan is no number above 0"),
        (
            {"size": UNITS, "exectype": bt.Order.StopLimit, "price": 1.2, "plimit": NAN},
            "plimit nan is no number above 0",
        ),
    ],
    ids=str,
)
@pytest.mark.parametrize("side", ["buy", "sell"])
def test_a_number_that_is_none_rejects_the_order_and_the_run_goes_on(side: str, given: Any, reason: str) -> None:
    def send(strategy: Any) -> None:
        strategy.made["wrong"] = getattr(strategy, side)(**given)

    record, strategy = play(flat(6), {1: send, 3: lambda s: s.buy(size=UNITS)})
    assert [f.steps for f in record.fills] == [10]
    wrong = strategy.made["wrong"]
    assert strategy.statuses(wrong) == ["Submitted", "Rejected"]
    assert wrong.info.reason == reason


@pytest.mark.parametrize("level", ["stopprice", "limitprice"])
@pytest.mark.parametrize("price", [NAN, INF])
def test_a_bracket_with_a_level_that_is_no_number_is_rejected_whole(level: str, price: float) -> None:
    levels = {"stopprice": 1.09, "limitprice": 1.11, level: price}

    def send(strategy: Any) -> None:
        strategy.made["bracket"] = strategy.buy_bracket(size=UNITS, exectype=bt.Order.Market, **levels)

    record, strategy = play(flat(4), {1: send})
    assert not record.fills
    assert [strategy.statuses(o)[-1] for o in strategy.made["bracket"]] == ["Rejected", "Rejected", "Rejected"]
    assert "is no number above 0" in strategy.made["bracket"][0].info.reason


def test_sizes_and_prices_may_be_decimals() -> None:
    given = {"size": Decimal(UNITS), "exectype": bt.Order.Limit, "price": Decimal("1.09950")}
    record, _ = play([*flat(2), (110_000, 110_000, 109_900, 110_000), *flat(2)], {1: lambda s: s.buy(**given)})
    assert [f.steps for f in record.fills] == [10]


def test_an_order_at_the_last_bar_is_rejected() -> None:
    record, strategy = play(flat(3), {3: lambda s: s.made.update(late=s.buy(size=UNITS))})
    assert not record.fills
    assert strategy.made["late"].status == bt.Order.Rejected


def test_analyzers_of_the_strategy_count_its_own_trades() -> None:
    cerebro = bare()
    cerebro.addstrategy(Script, script={n: (lambda s: s.buy(size=UNITS)) for n in range(5, 95, 10)}
                        | {n: (lambda s: s.close()) for n in range(10, 100, 10)})  # fmt: skip
    cerebro.addanalyzer(bt.analyzers.TradeAnalyzer, _name="trades")
    cerebro.addanalyzer(bt.analyzers.SQN, _name="sqn")
    record = Stage([walk(bars=120)]).play([alert(50), alert(60)], cerebro)
    own, host = cerebro.runstrats[0]
    mine = [f for f in record.fills if f.plugin_id == "bt.Script"]
    found = own.analyzers.trades.get_analysis()
    assert found.total.closed == len(mine) == 9
    assert found.pnl.net.total == pytest.approx(sum(f.pnl_minor for f in mine) / 100)
    assert own.analyzers.sqn.get_analysis().trades == 9
    assert host.analyzers.trades.get_analysis().total.closed == len(record.fills) - 9


def test_indicators_and_sizers_work() -> None:
    class Cross(bt.Strategy):  # type: ignore[misc]
        def __init__(self) -> None:
            self.up = bt.ind.CrossOver(bt.ind.SMA(period=5), bt.ind.SMA(period=20))

        def next(self) -> None:
            if self.up > 0:
                self.order_target_size(target=20_000)
            elif self.up < 0:
                self.close()

    cerebro = bare()
    cerebro.addstrategy(Cross)
    cerebro.addsizer(bt.sizers.FixedSize, stake=5_000)
    record = Stage([walk(bars=900)]).play((), cerebro)
    assert len(record.fills) > 5
    assert {f.steps for f in record.fills} == {20}
    cash = cerebro.broker.getcash()
    assert cash == pytest.approx(record.balances[-1][1] / 100)
