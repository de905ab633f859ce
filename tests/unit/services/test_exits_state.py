"""State as data: a book saved between any two events, loaded into a fresh one, goes on in the same way."""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.world import CATALOGUE, alert
from zepix.model import (
    Accepted,
    Order,
    OrderCancelled,
    OrderFilled,
    OrderRefused,
    PriceReached,
    TicketClosed,
    TimerFired,
)
from zepix.model.settings_dual_order import DualOrderSettings
from zepix.services.dual_orders import DualOrderBook, DualOrderService, DualPlan
from zepix.services.exits import ExitBook, ExitService

PLAN = {
    "levels": [
        {"at": "tp1", "portion": 0.5, "stop_to": "entry"},
        {"at": "tp2", "portion": 0.3, "stop_to": "tp1"},
    ],
    "max_hold_min": 5,
    "exit_alert": {"portion": 0.5, "runner": "always", "stop_to": "0.5R"},
}


class Desk:
    """Orders, quotes, timers and a broker that only remember; commands are numbered from 1."""

    def __init__(self) -> None:
        self.said: list[Any] = []
        self.tickets: dict[int, Any] = {}
        self.last_order = 0
        self.last_watch = 0
        self.now_ns = 0
        self.phase = 4
        self.dual = DualOrderBook(DualOrderSettings(booking_at="engine"), self, CATALOGUE, self)  # type: ignore[arg-type]
        self.exits = ExitBook(CATALOGUE, self)  # type: ignore[arg-type]
        self.dual_service = DualOrderService(self.dual, "p", self, self)  # type: ignore[arg-type]
        self.exit_service = ExitService(self.exits, "p", self, self, self.set_timer)  # type: ignore[arg-type]

    def copied(self) -> Desk:
        """A new desk with the books' state gone through JSON, and the world as it is."""
        fresh = Desk()
        for name in ("dual", "exits"):
            getattr(fresh, name).load_state(json.loads(json.dumps(getattr(self, name).state())))
        fresh.tickets = {n: SimpleNamespace(**vars(t)) for n, t in self.tickets.items()}
        fresh.last_order, fresh.last_watch = self.last_order, self.last_watch
        return fresh

    def is_known(self, currency: str, _t_ns: int) -> bool:
        return currency == "USD"

    def rate(self, _currency: str, _t_ns: int) -> Any:
        return Decimal(1)

    def quote_points(self, _symbol: str) -> tuple[int, int]:
        return 110_000, 110_010

    def watch_price(self, *what: Any) -> int:
        self.last_watch += 1
        self.said.append(("watch", self.last_watch, what))
        return self.last_watch

    def drop_watch(self, watch_id: int) -> None:
        self.said.append(("drop", watch_id))

    def set_timer(self, at_ns: int, tag: str) -> int:
        self.said.append(("timer", at_ns, tag))
        return 1

    async def place_order(self, *args: Any, **kwargs: Any) -> Accepted:
        self.last_order += 1
        self.said.append(("place", self.last_order, args, sorted(kwargs.items())))
        return Accepted(self.last_order)

    def points(self, _symbol: str, quantity: Any, **_how: Any) -> int:
        return round(quantity.value)

    def __getattr__(self, name: str) -> Any:
        async def command(*args: Any, **kwargs: Any) -> Accepted:
            self.said.append((name, args, sorted(kwargs.items())))
            return Accepted(0)

        if name not in ("close_order", "close_order_partial", "close_positions", "modify_order"):
            raise AttributeError(name)
        return command

    def tell(self, event: Any) -> None:
        self.dual.on_event(event)
        self.exits.on_event(event)
        if isinstance(event, TicketClosed):
            asyncio.run(self.exit_service.on_ticket_closed(event))

    def do(self, step: tuple[str, int]) -> None:
        """One event of the world, about the order or ticket number ``step[1]`` (cut to what there is)."""
        kind, number = step
        self.now_ns += 1_000_000_000
        if kind == "dual":
            plan = DualPlan(symbol="EURUSD", side="buy", lots=0.1, sl=1.09, tp_a=1.12)  # type: ignore[arg-type]
            asyncio.run(self.dual_service.create_dual_orders(plan))
        elif kind == "plan":
            asyncio.run(self.exit_service.place("EURUSD", "buy", 0.1, 1.09910, PLAN, tps=(1.1011, 1.1021)))
        elif kind == "exit":
            asyncio.run(self.exit_service.on_exit_alert(alert(0, "exit", "buy")))
        elif kind == "timer":
            event = TimerFired(self.now_ns, self.now_ns, 1, f"exits:EX{number:08d}")
            asyncio.run(self.exit_service.on_timer(event))
        elif kind == "price":
            seen = PriceReached(self.now_ns, self.now_ns, number, "EURUSD", 1, 1.1)
            asyncio.run(self.dual_service.on_price(seen))
        elif self.last_order:
            self._about(kind, number % self.last_order + 1)

    def _about(self, kind: str, number: int) -> None:
        order = Order(number, "market", "p", "p", "a", "EURUSD", 1, 0, 0)
        order.reason = kind
        ticket = self.tickets.get(number)
        if kind == "fill" and ticket is None:
            ticket = SimpleNamespace(
                id=number, order_id=number, side=1, steps=5, entry_steps=5, sl=109_910, initial_sl=109_910,
                entry_points=110_010, is_open=True,
            )  # fmt: skip
            self.tickets[number] = ticket
            self.tell(OrderFilled(self.now_ns, self.now_ns, order, ticket))
        elif kind in ("tp", "sl") and ticket is not None:
            del self.tickets[number]
            ticket.is_open = False
            fill = SimpleNamespace(exit_reason=kind)
            self.tell(TicketClosed(self.now_ns, self.now_ns, fill, ticket))  # type: ignore[arg-type]
        elif kind == "refused" and ticket is None:
            self.tell(OrderRefused(self.now_ns, self.now_ns, order))
        elif kind == "cancel" and ticket is None:
            self.tell(OrderCancelled(self.now_ns, self.now_ns, order))


KINDS = (
    "dual",
    "plan",
    "plan",
    "fill",
    "fill",
    "fill",
    "tp",
    "tp",
    "sl",
    "refused",
    "cancel",
    "exit",
    "timer",
    "price",
)
STEPS = st.lists(st.tuples(st.sampled_from(KINDS), st.integers(1, 12)), max_size=30)


@settings(deadline=None, max_examples=80)
@given(STEPS, STEPS)
def test_a_loaded_book_goes_on_as_the_one_that_was_saved(before, after):
    first = Desk()
    for step in before:
        first.do(step)
    second = first.copied()
    second.now_ns = first.now_ns
    first.said.clear()
    for step in after:
        first.do(step)
        second.do(step)
        assert first.said == second.said
    assert first.dual.state() == second.dual.state()
    assert first.exits.state() == second.exits.state()
    assert first.dual.get_status() == second.dual.get_status()


def test_the_state_of_a_thousand_tickets_is_json_and_comes_back():
    desk = Desk()
    for _ in range(350):
        desk.do(("plan", 1))
    for number in range(desk.last_order):
        desk.do(("fill", number))
    assert desk.exits.get_status()["open_tickets"] == 1050
    state = desk.exits.state()
    other = Desk()
    other.exits.load_state(json.loads(json.dumps(state)))
    assert other.exits.state() == state
