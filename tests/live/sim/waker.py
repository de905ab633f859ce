"""A strategy for simulations that waits: it closes each ticket by a timer of its own, and remembers what it did."""

from __future__ import annotations

from zepix import Alert, Decision, PluginInfo, Strategy
from zepix.model import OrderFilled, TimerFired

HOLD_NS = 7 * 60_000_000_000
AGAIN_NS = 150_000_000_000


class Waker(Strategy):
    """Buys or sells, looks again every 150 s of market time, closes after seven minutes; exits close at once."""

    info = PluginInfo(strategy="sim_waker", description="For simulations: timers and state", services=())

    def __init__(self, *given: object) -> None:
        super().__init__(*given)  # type: ignore[arg-type]
        self.due: dict[str, int] = {}
        self.looks = 0

    async def process_entry_signal(self, alert: Alert) -> Decision | None:
        if alert.side is None:
            return Decision.refused("no_side")
        await self.api.orders.place_order(alert.symbol, alert.side, "0.01", comment=f"look {self.looks}")
        return None

    async def process_exit_signal(self, alert: Alert) -> Decision | None:
        if not self.api.orders.open_tickets(alert.symbol, alert.side):
            return Decision("ignored", "nothing_to_close")
        await self.api.orders.close_positions(alert.symbol, alert.side)
        return None

    async def on_fill(self, event: OrderFilled) -> None:
        assert event.ticket is not None
        self.due[str(event.ticket.id)] = self.api.now_ns + HOLD_NS
        if len(self.due) == 1:
            self.api.set_timer(self.api.now_ns + AGAIN_NS, "look")

    async def on_timer(self, event: TimerFired) -> None:
        del event
        self.looks += 1
        for ticket, due_ns in list(self.due.items()):
            if due_ns <= self.api.now_ns:
                del self.due[ticket]
                await self.api.orders.close_order(int(ticket), "manual")
        if self.due:
            self.api.set_timer(self.api.now_ns + AGAIN_NS, "look")
