"""V3 combined: twelve signals of one script, three logics by timeframe, two orders an entry.

The rules, in the order in which they are asked
-----------------------------------------------
*Entry* (eight signals, ``signals.py``). Filters: the signal is known and wanted, its logic is on, its score is there,
the conviction is enough, the trends where they are required, the cooldown. Conviction is the score of a buy and 9 less
the score of a sell, for a score of 9 means that everything rises: 5 is enough, Institutional_Launchpad needs 7.

| | LOGIC1 | LOGIC2 | LOGIC3 |
|---|---|---|---|
| charts | 5m | 15m, any other | 1h, 4h, 1d; screener of any chart, golden pocket of 1h, 4h |
| lots, times | 1.25 | 1.0 | 0.625 |
| a stop that the tables make, times | 1.0 | 1.5 | 2.5 |

*Reversal*. An aggressive entry that passes the filters closes the other side of its own first, whatever the risk gate
says of the entry itself, which waits for the confirmed close (``reversals.py``).

*Size*: the tier's lots, times the conviction's factor, times the logic's, half for A and half for B (``entries.py``).
A: the alert's stop, else the table's; target TP2; trails. B: ten dollars at its stop; books seven, else TP1.

*Exit*. Bullish_Exit closes buys, Bearish_Exit sells; nothing is entered for it.

*Squeeze, pulse*: information. A squeeze raises a flag for 300 seconds; of a pulse the trend service has heard already.

The trends of the bot block no fresh entry, unless ``bypass_trend_check`` is off or ``trend_required_signals`` names the
signal; re-entries need them always, which is the re-entry service's to ask.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from zepix import Alert, Decision, Numbers, PluginInfo, Quantity, Side

from .entries import first_refusal, place
from .gaps import after_gap, alerts_waiting, gap_over, stop_waiting, wait_for_gap
from .memory import Memory
from .reversals import close_side, is_aggressive
from .settings import V3Settings
from .signals import signal_of

NS = 1_000_000_000


class V3Combined(V3Settings):
    """Which alert goes where."""

    info = PluginInfo(
        strategy="V3_COMBINED",
        plugin_id="v3_combined",
        timeframes=("5m", "15m", "1h", "4h"),
        aliases=("combined_v3",),
        family_aliases=("COMBINED_V3", "V3"),
        shared=("trend_pulse", "squeeze"),
        description="V3: twelve signals, three logics, orders A and B",
        author="zepix",
        services=("risk", "trend", "sessions", "dual_order", "profit_booking", "reentry", "autonomous", "telegram"),
    )

    def __init__(self, plugin_id: str, config: Mapping[str, Any], service_api: Any) -> None:
        super().__init__(plugin_id, config, service_api)
        self.memory = Memory()

    async def process_entry_signal(self, alert: Alert) -> Decision:
        return await self._enter(alert)

    async def process_reversal_signal(self, alert: Alert) -> Decision:
        """The script sends none; one of another dialect closes the other side whatever its score, then enters."""
        return await self._enter(alert, is_reversal=True)

    async def process_exit_signal(self, alert: Alert) -> Decision:
        """Close what the exit names, and nothing else; the dialect has held the signal against its direction."""
        side = alert.side
        if side is None:
            return Decision.refused("no_side")
        stop_waiting(self, alert.symbol, side)
        if not await close_side(self, alert.symbol, side, "signal"):
            return Decision("ignored", "nothing_to_close")
        return Decision.info("exit")

    async def process_signal(self, alert: Alert) -> Decision:
        """Information: a squeeze is remembered, everything else is heard."""
        if alert.type == "squeeze":
            return self._squeeze(alert)
        if alert.is_action:
            return Decision.refused("not_supported")
        return information(alert.type) if alert.type in HEARD else Decision("ignored", "unknown_type")

    async def on_order_refused(self, event: Any) -> None:
        """An entry of which nothing came does not hold up the next one."""
        order = event.order
        if not order.opens:
            return
        side = Side.BUY if order.side > 0 else Side.SELL
        alive = {ticket.alert_id for ticket in self.api.orders.open_tickets(order.symbol, side)}
        alive |= {other.alert_id for other in self.api.orders.under_way(order.symbol, side)}
        if order.alert_id not in alive:
            self.memory.forget_entry(order.alert_id)

    async def on_price(self, event: Any) -> None:
        """The gap that a reversal waited for, or the booking of a B that waits in the engine."""
        if not await after_gap(self, event.watch_id):
            await self.api.dual_order.on_price(event)

    async def on_timer(self, event: Any) -> None:
        """A reversal has waited long enough."""
        gap_over(self, event.tag)

    def is_high_alert(self, symbol: str) -> bool:
        """Whether a squeeze of the symbol is younger than ``squeeze_alert_s``."""
        return self.memory.squeezed.get(symbol, 0) > self.api.now_ns

    async def _enter(self, alert: Alert, *, is_reversal: bool = False) -> Decision:
        """Take an entry or refuse it. ``is_reversal``: it closes the other side whatever the filters say."""
        if alert.side is None:
            return Decision.refused("no_side")
        if isinstance(alert.sl, Quantity) or isinstance(alert.tp, Quantity):
            return Decision.refused("unit_unknown", detail="stop and target of V3 are prices")
        signal, numbers = signal_of(self, alert, alert.side), Numbers()
        reason = first_refusal(self, signal, numbers)
        after: tuple[int, ...] = ()
        if is_reversal or (not reason and is_aggressive(self, signal)):
            stop_waiting(self, signal.symbol)
            after = await close_side(self, signal.symbol, signal.side.opposite, "reversal")
            numbers["reverses"] = float(bool(after))
        if reason:
            return Decision("refused", reason, numbers)
        if after and self.reversal_mode == "gap":
            return wait_for_gap(self, signal, numbers)
        return await place(self, signal, numbers, after)

    def _squeeze(self, alert: Alert) -> Decision:
        now_ns = self.api.now_ns
        self.memory.note_squeeze(alert.symbol, now_ns + round(self.squeeze_alert_s * NS), now_ns)
        if self.api.has_service("telegram"):
            chart = alert.timeframe or "an unknown chart"
            text = f"{alert.symbol}: volatility squeeze on {chart}, high alert for {self.squeeze_alert_s:g} s"
            self.api.notify.send_notification("signal_received", text, symbol=alert.symbol, signal="Volatility_Squeeze")
        return Decision.info("squeeze", high_alert_s=self.squeeze_alert_s)

    def alerts_in_hand(self) -> list[str]:
        """Alerts whose entries wait for their gap: their decisions are not over."""
        return alerts_waiting(self)

    def state(self) -> dict[str, Any]:
        """What must survive a restart, as JSON values."""
        return self.memory.state()

    def load_state(self, state: Mapping[str, Any]) -> None:
        self.memory = Memory.of(state)


HEARD = frozenset(("trend_pulse", "pause", "resume"))
"""Pause and resume are the engine's; here they are only heard."""


@cache
def information(word: str) -> Decision:
    """The decision that says: heard. One object a word, for most of a log is pulses."""
    return Decision.info(word)
