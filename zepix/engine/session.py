"""The replay's loop, turned by hand: from wake to wake, in the order of an instant.

A session only ever goes to the next thing that is due: an entry of the broker's agenda (phases 1, 2 and 4), a timer
(phase 3), an alert (phase 4). Nothing polls, so its cost grows with alerts and fills, not with bars.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol

from zepix.engine.decisions import Handling
from zepix.engine.engine import TradingEngine
from zepix.errors import StateError
from zepix.model import Alert, Bar, BarClosed, Catalogue, Event, Order, TimerFired
from zepix.model.trade_type import trade_types
from zepix.services.ports import BrokerPort

__all__ = ["BarSource", "Progress", "Session", "SimulatedBroker", "describe"]

ALERTS: Final = (4, 1)
"""Phase and part of alerts: after what acts at once."""
PROGRESS_EVERY: Final = 256

Progress = Callable[[int, int], None]


class SimulatedBroker(BrokerPort, Protocol):
    """A broker whose time the session turns."""

    events: list[Event]

    @property
    def heap(self) -> list[Any]: ...

    @property
    def end_ns(self) -> int: ...

    def step(self) -> None: ...

    def at(self, now_ns: int, phase: int) -> None: ...

    def end_of_data(self) -> None: ...

    @property
    def now_ns(self) -> int: ...

    @property
    def phase(self) -> int: ...


BarSource = Callable[[str, str, int], tuple[Bar | None, int | None]]
"""(symbol, timeframe, t) -> (the bar that ended at t, when the next one ends); None for none."""


class Session:
    """One run of alerts through an engine and a simulated broker."""

    def __init__(self, engine: TradingEngine, broker: SimulatedBroker, bars: BarSource) -> None:
        self.engine = engine
        self.broker = broker
        self._bars = bars
        self.taken = 0
        """How many alerts have arrived; ``last_alert`` is the id of the last of them."""
        self.last_alert = ""
        self.events = 0
        """How many events there were; see ``go_on``."""
        self.has_begun = self.is_over = False

    def run(self, alerts: Sequence[Alert], start_ns: int, progress: Progress | None = None) -> int:
        """Replay alerts (in order of arrival) to the end of the data; returns how many came after it.

        After the last one: orders under way are cancelled, open tickets close at their symbol's last close.
        """
        self.begin(start_ns)
        self.go_on(alerts, progress=progress)
        late = self.finish(alerts)
        if progress is not None:
            progress(len(alerts), len(alerts))
        return late

    def begin(self, start_ns: int) -> None:
        """Start services and plugins at a time, in phase 3."""
        self.has_begun = True
        self.broker.at(start_ns, 3)
        self.engine.start(start_ns)

    def go_on(self, alerts: Sequence[Alert], most: int = -1, progress: Progress | None = None) -> bool:
        """Go on in the alerts that the data cover, by ``most`` events (-1: all); whether all of it is done.

        An event is an entry of the agenda with what answers it, a timer, or an alert; between two of them the session
        can be left, saved, and gone on with.
        """
        end_ns = self.broker.end_ns
        total, left = len(alerts), most
        while self.taken < total:
            number = self.taken
            alert = alerts[number]
            if alert.received_ns > end_ns:
                break
            left -= self.advance((alert.received_ns, *ALERTS), left)
            if not left:
                return False
            self.take(alert)
            left -= 1
            if progress is not None and not number % PROGRESS_EVERY:
                progress(number, total)
        left -= self.advance((end_ns + 1, 0, 0), left)
        return left != 0

    def check_alerts(self, alerts: Sequence[Alert]) -> None:
        """Raises StateError where these are not the alerts that the session has taken some of."""
        if not self.taken:
            return
        if len(alerts) < self.taken:
            raise StateError(f"the state was saved after {self.taken} alerts, and here are only {len(alerts)}")
        found = alerts[self.taken - 1].id
        if found != self.last_alert:
            raise StateError(
                f"the state was saved after {self.taken} alerts, the last {self.last_alert!r}; here that is {found!r}"
            )

    def take(self, alert: Alert) -> None:
        """One alert arrives, now that everything before it is done."""
        t_ns = alert.received_ns
        self.taken += 1
        self.events += 1
        self.last_alert = alert.id
        self.engine.at(t_ns, 4)
        self.broker.at(t_ns, 4)
        self.engine.process_alert(alert)

    def finish(self, alerts: Sequence[Alert] = ()) -> int:
        """The data end: what is open ends, later alerts are told apart. Returns how many there were."""
        engine = self.engine
        late = len(alerts) - self.taken
        for alert in alerts[self.taken :]:
            engine.decisions.without_plugin(alert, "ignored", "after_end_of_data", {})
        self.broker.end_of_data()
        self._dispatch()
        engine.services.end_of_data()
        engine.shutdown()
        self.is_over = True
        return late

    def advance(self, limit: tuple[int, int, int], most: int = -1) -> int:
        """Do what is due before ``limit`` (t_ns, phase, part), ``most`` events of it (-1: all); how many there were."""
        heap, timers, broker = self.broker.heap, self.engine.timers.heap, self.broker
        done = 0
        while done != most:
            head = heap[0] if heap else None
            timer = timers[0] if timers else None
            if timer is not None and (
                head is None or timer[0] < head[0] or (timer[0] == head[0] and timer[1] < head[1])
            ):
                if timer[:2] >= limit[:2]:
                    break
                self._fire_timer()
            elif head is None or head >= limit:
                break
            else:
                broker.step()
                if broker.events:
                    self._dispatch()
            done += 1
        self.events += done
        return done

    def _dispatch(self) -> None:
        """Give the broker's events to the engine one by one; handlers may raise more, which wait their turn."""
        engine, broker = self.engine, self.broker
        engine.at(broker.now_ns, broker.phase)
        while broker.events:
            events, broker.events = broker.events, []
            for event in events:
                engine.step(event)

    def _fire_timer(self) -> None:
        engine = self.engine
        t_ns, phase, number, tag, symbol, timeframe = engine.timers.pop()
        engine.at(t_ns, phase)
        self.broker.at(t_ns, phase)
        if not symbol:
            engine.step(TimerFired(t_ns, t_ns, number, tag))
            return
        bar, next_end_ns = self._bars(symbol, timeframe, t_ns)
        if next_end_ns is not None:
            engine.timers.again(next_end_ns, symbol, timeframe)
        if bar is not None:
            engine.step(BarClosed(t_ns, t_ns, bar))


def describe(catalogue: Catalogue) -> Callable[[Handling], dict[str, Any]]:
    """The numbers of a decision, from its orders: what was asked for, at which price, how many it closed.

    The first order's stand as they are (``order, volume, sl, tp, ticket, price``). Where the entry is several orders of
    one moment (A and B, the portions of a ladder), each has its own beside them, named by its role (``order_a, sl_b``).
    """

    def numbers(handling: Handling) -> dict[str, Any]:
        alert = handling.alert
        found: dict[str, Any] = {}
        if alert.price is not None:
            found["alert_price"] = alert.price
        cells = trade_types(alert)
        if cells:
            found["trade_type"] = " ".join(cells)
        closed = 0
        first: Order | None = None
        for order in handling.orders:
            if order.alert_id != handling.alert_id:
                continue
            if not order.opens:
                closed += order.closed
                if order.kind == "close":
                    found["closed"] = closed
                if order.touched:
                    found["changed" if order.kind == "modify" else "cancelled"] = order.touched
                continue
            if first is None:
                first = order
                if order.why:
                    found.update(order.why)
                _tell(found, order, catalogue, "")
            elif order.role and first.role and order.decided_ns == first.decided_ns:
                if f"order_{first.role.lower()}" not in found:
                    _tell(found, first, catalogue, f"_{first.role.lower()}")
                _tell(found, order, catalogue, f"_{order.role.lower()}")
            # others came of its ticket later
        return found

    return numbers


def _tell(found: dict[str, Any], order: Order, catalogue: Catalogue, suffix: str) -> None:
    """What one order asked for and came to, under names that end with ``suffix``."""
    found[f"order{suffix}"] = order.id
    instrument = catalogue.get(order.symbol)
    if instrument is None:
        return
    found[f"volume{suffix}"] = float(instrument.lots(order.volume_steps))
    if order.sl:
        found[f"sl{suffix}"] = instrument.price(order.sl)
    if order.tp:
        found[f"tp{suffix}"] = instrument.price(order.tp)
    if order.ticket:
        found[f"ticket{suffix}"] = order.ticket
        found[f"price{suffix}"] = instrument.price(order.fill_points)
