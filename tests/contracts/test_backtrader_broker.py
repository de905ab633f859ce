"""The backtrader broker meets the contract; it needs no backtrader for that, only a loop that turns it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tests.contracts.broker_contract import (
    BrokerContract,
    Case,
    Close,
    Equity,
    Fill,
    Open,
    Watch,
    Woken,
    minutes_since_start,
)
from tests.world import CATALOGUE, Quad, bars, minute
from zepix.brokers.backtrader.broker import PlainBroker
from zepix.model import AccountSpec, EquityReached, FillModel, Order, OrderRefused, PriceReached
from zepix.services.prices import PriceBook, SymbolPrices

Command = tuple[float, Callable[[PlainBroker], object]]
"""(minute, what to do)"""


def order_of(command: Open | Close, number: int) -> Order:
    at_ns = minute(command.at)
    kind = "market" if isinstance(command, Open) else "close"
    order = Order(number, kind, "mine", "mine", f"a{number}", "EURUSD", command.side, at_ns, at_ns)
    if isinstance(command, Open):
        order.volume_steps, order.sl, order.tp = command.steps, command.sl, command.tp
        order.volume = str(CATALOGUE["EURUSD"].lots(command.steps))
    return order


def advance(broker: PlainBroker, limit: tuple[int, int, int]) -> None:
    while broker.heap and broker.heap[0] < limit:
        broker.step()


def run(quads: Sequence[Quad | None], commands: Sequence[Command], fill_model: FillModel) -> PlainBroker:
    """A broker that has lived through the bars; each command acts before the next one comes."""
    prices = PriceBook([SymbolPrices(bars(*quads), CATALOGUE["EURUSD"], 0)])
    broker = PlainBroker(prices, CATALOGUE, AccountSpec(), fill_model)
    for at, do in commands:
        limit = (minute(at), 4, 1)
        advance(broker, limit)
        broker.at(minute(at), 4)
        do(broker)
        advance(broker, limit)
    advance(broker, (broker.end_ns + 1, 0, 0))
    broker.end_of_data()
    return broker


class TestPlainBroker(BrokerContract):
    def play(self, case: Case, fill_model: FillModel) -> tuple[list[Fill], list[str]]:
        orders = [order_of(given, number + 1) for number, given in enumerate(case.commands)]
        commands: list[Command] = [
            (given.at, lambda broker, order=order: broker.submit(order))  # type: ignore[misc]
            for given, order in zip(case.commands, orders, strict=True)
        ]
        broker = run(case.quads, commands, fill_model)
        fills = [
            Fill(
                (minutes_since_start(f.entry_ns), f.entry_points),
                (minutes_since_start(f.exit_ns), f.exit_points),
                f.exit_reason,
            )
            for f in sorted(broker.book.fills)
        ]
        return fills, [e.order.reason for e in broker.events if isinstance(e, OrderRefused)]

    def wake(self, quads: Sequence[Quad | None], watch: Watch) -> list[float]:
        def set_watch(broker: PlainBroker) -> int:
            return broker.watch_price("EURUSD", watch.direction, watch.points)

        broker = run(quads, [(watch.at, set_watch)], FillModel())
        return [minutes_since_start(e.ts_recv_ns) for e in broker.events if isinstance(e, PriceReached)]

    def wake_by_equity(self, quads: Sequence[Quad | None], command: Open, watch: Equity) -> list[Woken]:
        def set_watch(broker: PlainBroker) -> None:
            number = broker.watch_equity(*watch.levels)
            if watch.is_dropped:
                broker.drop_equity_watch(number)

        order = order_of(command, 1)
        commands: list[Command] = [(command.at, lambda broker: broker.submit(order)), (watch.at, set_watch)]
        commands.sort(key=lambda given: given[0])
        broker = run(quads, commands, FillModel())
        woken = [e for e in broker.events if isinstance(e, EquityReached)]
        return [(minutes_since_start(e.ts_recv_ns), e.direction, e.equity) for e in woken]
