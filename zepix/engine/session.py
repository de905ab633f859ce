"""The replay's loop, turned by hand: from wake to wake, in the order of an instant.

A session only ever goes to the next thing that is due: an entry of the broker's agenda (phases 1, 2 and 4), a timer
(phase 3), an alert (phase 4). Nothing polls, so its cost grows with alerts and fills, not with bars.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol

from zepix.engine.decisions import Handling
from zepix.engine.engine import TradingEngine
from zepix.model import Alert, Bar, BarClosed, Catalogue, Event, TimerFired
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

    def run(self, alerts: Sequence[Alert], start_ns: int, progress: Progress | None = None) -> int:
        """Replay alerts (in order of arrival) to the end of the data; returns how many came after it.

        After the last one: orders under way are cancelled, open tickets close at their symbol's last close.
        """
        engine, broker = self.engine, self.broker
        end_ns = broker.end_ns
        broker.at(start_ns, 3)
        engine.start(start_ns)
        late = 0
        total = len(alerts)
        for number, alert in enumerate(alerts):
            t_ns = alert.received_ns
            if t_ns > end_ns:
                late = total - number
                break
            self.advance((t_ns, *ALERTS))
            engine.at(t_ns, 4)
            broker.at(t_ns, 4)
            engine.process_alert(alert)
            if progress is not None and not number % PROGRESS_EVERY:
                progress(number, total)
        for alert in alerts[total - late :]:
            engine.decisions.without_plugin(alert, "ignored", "after_end_of_data", {})
        self.advance((end_ns + 1, 0, 0))
        broker.end_of_data()
        self._dispatch()
        engine.shutdown()
        if progress is not None:
            progress(total, total)
        return late

    def advance(self, limit: tuple[int, int, int]) -> None:
        """Do everything that is due before ``limit`` (t_ns, phase, part)."""
        heap, timers, broker = self.broker.heap, self.engine.timers.heap, self.broker
        while True:
            head = heap[0] if heap else None
            if timers and (head is None or timers[0][:2] < head[:2]):
                if timers[0][:2] >= limit[:2]:
                    return
                self._fire_timer()
                continue
            if head is None or head >= limit:
                return
            broker.step()
            if broker.events:
                self._dispatch()

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
    """The numbers of a decision, from its orders: what was asked for, at which price, how many it closed."""

    def numbers(handling: Handling) -> dict[str, Any]:
        alert = handling.alert
        found: dict[str, Any] = {}
        if alert.price is not None:
            found["alert_price"] = alert.price
        cells = trade_types(alert)
        if cells:
            found["trade_type"] = " ".join(cells)
        closed = 0
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
            if "order" in found:  # the first order is the alert's own, later ones came of its ticket
                continue
            instrument = catalogue.get(order.symbol)
            found["order"] = order.id
            if order.why:
                found.update(order.why)
            if instrument is not None:
                found["volume"] = float(instrument.lots(order.volume_steps))
                if order.sl:
                    found["sl"] = instrument.price(order.sl)
                if order.tp:
                    found["tp"] = instrument.price(order.tp)
                if order.ticket:
                    found["ticket"] = order.ticket
                    found["price"] = instrument.price(order.fill_points)
        return found

    return numbers
