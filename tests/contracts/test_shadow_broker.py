"""The shadow broker meets the contract in both forms: whole arrays, and bar by bar as a feed brings them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence

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
from zepix.brokers.shadow.broker import ShadowBroker
from zepix.brokers.shadow.step import StepFeed
from zepix.model import AccountSpec, EquityReached, FillModel, Order, OrderRefused, PriceReached, Series
from zepix.services.prices import PriceBook, SymbolPrices

Command = tuple[float, Callable[[ShadowBroker], object]]
"""(minute, what to do)"""


def order_of(command: Open | Close, number: int) -> Order:
    at_ns = minute(command.at)
    kind = "market" if isinstance(command, Open) else "close"
    order = Order(number, kind, "mine", "mine", f"a{number}", "EURUSD", command.side, at_ns, at_ns)
    if isinstance(command, Open):
        order.volume_steps, order.sl, order.tp = command.steps, command.sl, command.tp
        order.volume = str(CATALOGUE["EURUSD"].lots(command.steps))
    return order


def advance(broker: ShadowBroker, limit: tuple[int, int, int]) -> None:
    while broker.heap and broker.heap[0][:3] < limit:
        broker.step()


def command(broker: ShadowBroker, given: Command) -> None:
    """Do it as an alert would have it done, and let it act before the next one."""
    at_ns = minute(given[0])
    advance(broker, (at_ns, 4, 1))
    broker.at(at_ns, 4)
    given[1](broker)
    advance(broker, (at_ns, 4, 1))


def ended(broker: ShadowBroker) -> ShadowBroker:
    advance(broker, (broker.end_ns + 1, 0, 0))
    broker.end_of_data()
    return broker


def instants(whole: Series) -> Iterator[tuple[int, int, bool]]:
    """(time, row, whether it ends): at one time the end of a bar before the open of the next."""
    for row, opened in enumerate(whole.time.tolist()):
        yield opened, row, False
        yield opened + whole.timeframe_ns, row, True


def sides(whole: Series, row: int) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    bid = (int(whole.bid_high[row]), int(whole.bid_low[row]), int(whole.bid_close[row]))
    return bid, (int(whole.ask_high[row]), int(whole.ask_low[row]), int(whole.ask_close[row]))


class ShadowContract(BrokerContract):
    """What both forms share: how commands go in, and how fills and events come out."""

    @abstractmethod
    def run(self, quads: Sequence[Quad | None], commands: Sequence[Command], fill_model: FillModel) -> ShadowBroker:
        """A broker that has lived through the bars, with its events."""

    def play(self, case: Case, fill_model: FillModel) -> tuple[list[Fill], list[str]]:
        orders = [order_of(given, number + 1) for number, given in enumerate(case.commands)]
        commands: list[Command] = [
            (given.at, lambda broker, order=order: broker.submit(order))  # type: ignore[misc]
            for given, order in zip(case.commands, orders, strict=True)
        ]
        broker = self.run(case.quads, commands, fill_model)
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
        def set_watch(broker: ShadowBroker) -> int:
            return broker.watch_price("EURUSD", watch.direction, watch.points)

        broker = self.run(quads, [(watch.at, set_watch)], FillModel())
        return [minutes_since_start(e.ts_recv_ns) for e in broker.events if isinstance(e, PriceReached)]

    def wake_by_equity(self, quads: Sequence[Quad | None], command: Open, watch: Equity) -> list[Woken]:
        def set_watch(broker: ShadowBroker) -> None:
            number = broker.watch_equity(*watch.levels)
            if watch.is_dropped:
                broker.drop_equity_watch(number)

        order = order_of(command, 1)
        commands: list[Command] = [(command.at, lambda broker: broker.submit(order)), (watch.at, set_watch)]
        commands.sort(key=lambda given: given[0])
        broker = self.run(quads, commands, FillModel())
        woken = [e for e in broker.events if isinstance(e, EquityReached)]
        return [(minutes_since_start(e.ts_recv_ns), e.direction, e.equity) for e in woken]


class TestArrayForm(ShadowContract):
    def run(self, quads: Sequence[Quad | None], commands: Sequence[Command], fill_model: FillModel) -> ShadowBroker:
        prices = PriceBook([SymbolPrices(bars(*quads), CATALOGUE["EURUSD"], 0)])
        broker = ShadowBroker(prices, CATALOGUE, AccountSpec(), fill_model)
        for given in commands:
            command(broker, given)
        return ended(broker)


class TestStepForm(ShadowContract):
    def run(self, quads: Sequence[Quad | None], commands: Sequence[Command], fill_model: FillModel) -> ShadowBroker:
        whole = bars(*quads)
        known = SymbolPrices(whole, CATALOGUE["EURUSD"], 0)

        def calendar(_: SymbolPrices, t_ns: int) -> int | None:
            row = known.next_open(t_ns)
            return None if row < 0 else int(whole.time[row])

        feed = StepFeed(CATALOGUE, {"EURUSD": "1m"}, calendar)
        broker = ShadowBroker(feed.prices, CATALOGUE, AccountSpec(), fill_model, agenda=feed.agenda, form=feed.form)
        waiting = list(commands)
        for t_ns, row, ends in instants(whole):
            while waiting and minute(waiting[0][0]) < t_ns:
                command(broker, waiting.pop(0))
            if ends:
                advance(broker, (t_ns, 1, -1))
                feed.ended("EURUSD", *sides(whole, row))
            else:
                advance(broker, (t_ns, 2, -1))
                feed.opened("EURUSD", t_ns, int(whole.bid_open[row]), int(whole.ask_open[row]))
        return ended(broker)
