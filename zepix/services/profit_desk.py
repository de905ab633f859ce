"""What the parts of profit booking share: the chains of a run, ports, the journal of chains, the plugins' services."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, Final, NamedTuple, Protocol

from zepix.model import Alert, Catalogue, Ticket
from zepix.model.settings_dual_order import DualOrderSettings
from zepix.model.settings_profit_booking import ProfitBookingSettings
from zepix.services.chain_log import ChainLog, made_step
from zepix.services.dual_plan import Rates
from zepix.services.entry_legs import entry_side
from zepix.services.orders import OrderExecutionService
from zepix.services.ports import BrokerPort, Clock, EverythingAllowed, Notify, SafetyPort, Silence
from zepix.services.profit_chain import Chain, ChainOrder
from zepix.services.risk_values import GateAnswer, TradeRequest

__all__ = ["ProfitDesk", "ProfitPorts", "Wakes"]

FAR_NS: Final = 1 << 60
FIELDS: Final = frozenset(one.name for one in fields(ProfitBookingSettings))


class Wakes(Protocol):
    """Who waits for a price or a time for the service (``zepix.engine.service_host.Waker``)."""

    def watch_price(self, symbol: str, direction: int, points: int) -> int: ...

    def drop_watch(self, watch_id: int) -> None: ...

    def wake_at(self, at_ns: int, tag: str) -> None: ...


class Gate(Protocol):
    """Who says whether new risk may be taken, and how much (``api.risk``)."""

    def gate(self, request: TradeRequest) -> GateAnswer: ...


class Prices(Protocol):
    """What a plugin may know of prices now (``api.market``)."""

    def quote_points(self, symbol: str) -> tuple[int, int] | None: ...


def _no_points(_: int) -> int:
    return 0


def _nothing(*_: Any) -> Any:
    return None


def _always(*_: Any) -> bool:
    return True


def _never_again(now_ns: int) -> int:
    return now_ns + FAR_NS


@dataclass(slots=True, kw_only=True)
class ProfitPorts:
    """What profit booking needs of the house.

    ask(plugin_id, method, *args): what a strategy answers, None where it does not decide; decides(plugin_id, method):
    whether it has a word in it. next_chain(symbol): the id of a chain that has none yet. booking_points(order_id): how
    far ahead the engine books an order B, 0 where it does not; take_booking: the same, and we watch its price from now
    on. say(text): a line in the run's log. concerns(plugin_id, alert): whether an alert is meant for a plugin.
    next_look_ns(now_ns): when candles may say something else of a trend.
    """

    clock: Clock
    broker: BrokerPort
    catalogue: Catalogue
    rates: Rates
    waker: Wakes
    log: ChainLog
    next_chain: Callable[[str], str]
    booking_points: Callable[[int], int] = _no_points
    take_booking: Callable[[int], int] = _no_points
    ask: Callable[..., Any] = _nothing
    decides: Callable[[str, str], bool] = _always
    say: Callable[[str], None] = _nothing
    concerns: Callable[[str, Alert], bool] = _always
    next_look_ns: Callable[[int], int] = _never_again
    safety: SafetyPort = field(default_factory=EverythingAllowed)
    notify: Notify = field(default_factory=Silence)
    money_digits: int = 2


class Plugin(NamedTuple):
    """One plugin's own services; ``risk`` None: it does not use the gate. ``daily_loss_limit()``: what the plugin may
    lose in a day, None where it says nothing. ``agrees(symbol, side, logic)``: whether the trend is with a recovery.
    ``is_enabled()``: whether it may take new risk."""

    orders: OrderExecutionService
    market: Prices
    risk: Gate | None
    by_itself: bool
    daily_loss_limit: Callable[[], Any] = _nothing
    agrees: Callable[[str, int, str], bool] = _always
    is_enabled: Callable[[], bool] = _always


class ProfitDesk:
    """The chains of a run, shared by the parts that begin, recover and end them."""

    def __init__(self, settings: ProfitBookingSettings, legs: DualOrderSettings, ports: ProfitPorts) -> None:
        """``legs``: order B's money, floors and the way it is booked; a level's orders are as B is."""
        self.settings = settings
        self.legs = legs
        self.ports = ports
        self.unit = 10**ports.money_digits
        self._clock = ports.clock
        self._log = ports.log
        self.chains: dict[str, Chain] = {}
        """Those that have not ended, or have orders left; older first."""
        self.by_order: dict[int, Chain] = {}
        self.watches: dict[int, tuple[Chain, ChainOrder]] = {}
        self.plugins: dict[str, Plugin] = {}
        self.hunted: dict[int, Chain] = {}
        """Chains by the lost orders that wait to be recovered."""

    @property
    def now_ns(self) -> int:
        return self._clock.now_ns

    def told_of(self, chain: Chain, method: str) -> Any:
        """What the strategy's ``method`` answers to a chain; None where it does not decide."""
        ports = self.ports
        if not ports.decides(chain.plugin_id, method):
            return None
        return ports.ask(chain.plugin_id, method, chain.view(self.unit))

    def settings_of(self, plugin_id: str) -> ProfitBookingSettings:
        """The settings, with what the strategy's ``get_pyramid_config`` says otherwise; a config that is wrong counts
        for nothing and is told."""
        own = self.ports.ask(plugin_id, "get_pyramid_config")
        if own is None:
            return self.settings
        try:
            return replace(self.settings, **own) if isinstance(own, Mapping) else _refuse(own)
        except (TypeError, ValueError) as error:
            self.ports.say(f"get_pyramid_config of {plugin_id!r}: {error}; there are {', '.join(sorted(FIELDS))}")
            return self.settings

    def know(self, chain: Chain, order: ChainOrder) -> None:
        """Take an order into its chain."""
        chain.orders[order.order_id] = order
        self.by_order[order.order_id] = chain

    def log(self, chain: Chain, state: str, reason: str, order: ChainOrder | None = None, money: int = 0) -> None:
        """Write a step down."""
        level, number, ticket = (chain.level, 0, 0) if order is None else (order.level, order.order_id, order.ticket)
        self._log.add(
            made_step((
                self._clock.now_ns, chain.chain_id, "profit", chain.plugin_id, chain.symbol, chain.alert_id,
                level, state, reason, number, ticket, money,
            ))
        )  # fmt: skip

    def tell(self, kind: str, chain: Chain, text: str, **numbers: Any) -> None:
        """A notification about a chain."""
        told = {"chain_id": chain.chain_id, "symbol": chain.symbol, "level": chain.level, **numbers}
        self.ports.notify.send(kind, text, chain.plugin_id, **told)

    def minor(self, money: Decimal) -> int:
        """Money in minor units."""
        return int((money * self.unit).quantize(Decimal(1), ROUND_HALF_EVEN))

    def per_point(self, chain: Chain, steps: int) -> Decimal:
        """Money a point of so many steps."""
        instrument = self.ports.catalogue[chain.symbol]
        rate = self.ports.rates.rate(instrument.profit_currency, self.now_ns)
        return instrument.lots(steps) * instrument.point_value * rate

    def ticket(self, order: ChainOrder) -> Ticket | None:
        return self.ports.broker.tickets.get(order.ticket)

    def is_entry_open(self, chain: Chain) -> bool:
        """Whether a ticket of the chain's entry is open: order A, mostly."""
        side = entry_side(chain.chain_id, chain.side)
        return any(
            t.plugin_id == chain.plugin_id
            and t.symbol == chain.symbol
            and t.alert_id == chain.alert_id
            and entry_side(t.chain_id, t.side) == side
            for t in self.ports.broker.tickets.values()
        )

    def watch(self, chain: Chain, order: ChainOrder, points: int) -> None:
        """Wait for a price on the chain's side: the bid of a buy, the ask of a sell."""
        order.watch_id = self.ports.waker.watch_price(chain.symbol, chain.side, points)
        self.watches[order.watch_id] = (chain, order)

    def watch_booking(self, chain: Chain, order: ChainOrder) -> None:
        """Where the engine books: wait for the price at which an order that is open has won enough."""
        if order.booking_points:
            self.watch(chain, order, order.entry_points + chain.side * order.booking_points)

    def unwatch(self, order: ChainOrder) -> None:
        if order.watch_id:
            self.watches.pop(order.watch_id, None)
            self.ports.waker.drop_watch(order.watch_id)
            order.watch_id = 0

    def forget(self, chain: Chain) -> None:
        """A chain that has ended, with all its orders."""
        self.chains.pop(chain.chain_id, None)
        for order in chain.orders.values():
            self.unwatch(order)
            self.hunted.pop(order.order_id, None)
            if self.by_order.get(order.order_id) is chain:
                del self.by_order[order.order_id]


def _refuse(answer: Any) -> ProfitBookingSettings:
    raise TypeError(f"it gives a table of settings, not {type(answer).__name__}")
