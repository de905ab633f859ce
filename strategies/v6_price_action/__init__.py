"""V6 price action: one strategy, four plugins (1m, 5m, 15m, 1h), each with numbers of its own.

The rules, in the order in which they are asked
-----------------------------------------------
An alert that asks for something belongs to the plugin of its chart's timeframe; any other is ``wrong_timeframe``. The
1h plugin takes 4h charts too, where ``accept_4h`` is on. Alerts that inform reach all four.

*Entry* (BULLISH_ENTRY, BEARISH_ENTRY). The filters (``filters.py``): ADX, confidence, spread, market state, alignment,
higher timeframe. Then the stop, the cooldown and the risk gate, which gives the lots (``entries.py``). Then everything
of the other side is closed (``opposite_entry_reverses``), and the orders go out once that is confirmed:

| | 1m | 5m | 15m | 1h |
|---|---|---|---|---|
| ADX at least | 20 | 25 | 20 | 15 |
| confidence at least | 80 | 70 | 65 | 60 |
| spread at most, pips | 2.0 | | | |
| market state not opposite | | | yes | |
| timeframes aligned, of six | | 3 | 3 | 4 |
| orders | B | A and B | A | A |
| target of A, of B | TP1 (B) | TP2, TP1 | TP2 | TP3, else TP2 |
| risk, times | 1 %, 0.5 | 1.5 %, 1.0 | 1.5 %, 1.2 | 2 %, 1.5 |
| lots at most | 0.10 | 0.20 | 0.20 | 0.15 |
| open entries, entries a day | 3, 20 | 4, 12 | 3, 8 | 2, 5 |
| loss a day, money | 200 | 300 | 400 | 500 |
| an EXIT alert takes | all | 80 % | all | half |

The alert's own numbers decide: a trend that the bot keeps for itself blocks nothing, unless ``require_15m_alignment``
or ``require_higher_tf_alignment`` is on. What an alert does not say (ADX ``NA``, no alignment) does not refuse it, and
the decision says what was unknown; only a missing confidence does.

*Exit* (``exits.py``). EXIT_BULLISH closes buys, EXIT_BEARISH sells.

*Reversal*. REVERSAL_BULLISH closes sells, whatever the filters say; then it is an entry like any other.

*Everything else* informs (``information.py``, ``other_entries.py``).

With ``exit_mode = "plan"`` a position leaves by the ladder of its timeframe (``plans.py``), one ticket a level, instead
of A and B: 1m half at TP1, half at TP2, trailing from TP1, fifteen minutes at most; 5m 50, 30, 20 %, at TP1 the stop
goes to the entry; 15m 40, 40, 20 %, trailing; 1h 20, 40, 40 %. With ``exit_mode = "managed"`` by the strength of the
signal (``managed.py``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zepix import Alert, Decision, Numbers, PluginInfo, Side

from .entries import enter
from .exits import close_side, take_exit
from .information import SHARED, inform
from .managed import take_managed_exit
from .memory import Memory
from .other_entries import confidence_bonus
from .plans import PLAN_1H, PLAN_1M, PLAN_5M, PLAN_15M
from .settings import V6Settings
from .signals import has_unknown_unit, signal_of


class V6PriceAction(V6Settings):
    """What the four have in common: which alert goes where."""

    def __init__(self, plugin_id: str, config: Mapping[str, Any], service_api: Any) -> None:
        super().__init__(plugin_id, config, service_api)
        self.memory = Memory()

    async def process_entry_signal(self, alert: Alert) -> Decision:
        return self._not_mine(alert) or await self._enter(alert, ())

    async def process_exit_signal(self, alert: Alert) -> Decision:
        refusal = self._not_mine(alert)
        if refusal is not None or self.exit_mode != "managed" or alert.side is None:
            return refusal or await take_exit(self, alert)
        return await take_managed_exit(self, alert, alert.side)

    async def process_reversal_signal(self, alert: Alert) -> Decision:
        """Close the other side, then enter; the entry waits for the confirmed close."""
        refusal = self._not_mine(alert)
        if refusal is not None or alert.side is None:
            return refusal or Decision.refused("no_side")
        closing = await close_side(self, alert.symbol, alert.side.opposite)
        return await self._enter(alert, closing)

    async def process_signal(self, alert: Alert) -> Decision:
        if alert.is_action:
            return Decision.refused("not_supported")
        return await inform(self, alert)

    async def on_order_refused(self, event: Any) -> None:
        """An entry of which nothing came does not hold up the next one."""
        order = event.order
        if not order.opens:
            return
        side = Side.BUY if order.side > 0 else Side.SELL
        open_alerts = {ticket.alert_id for ticket in self.api.orders.open_tickets(order.symbol, side)}
        under_way = {other.alert_id for other in self.api.orders.under_way(order.symbol, side)}
        if order.alert_id not in open_alerts | under_way:
            self.memory.forget_entry(order.symbol, side)

    async def on_ticket_closed(self, event: Any) -> None:
        """A level of the ladder was reached: the exits service moves the stops of the others."""
        if self.exit_mode != "targets":
            await self.api.exits.on_ticket_closed(event)

    async def on_timer(self, event: Any) -> None:
        """The longest hold of a ladder is over."""
        if self.exit_mode != "targets":
            await self.api.exits.on_timer(event)

    def state(self) -> dict[str, Any]:
        """What must survive a restart, as JSON values."""
        return self.memory.state()

    def load_state(self, state: Mapping[str, Any]) -> None:
        self.memory = Memory.of(state)

    def _not_mine(self, alert: Alert) -> Decision | None:
        if alert.timeframe in self.taken_timeframes:
            return None
        return Decision.refused("wrong_timeframe", sent=alert.timeframe or "none", own=", ".join(self.taken_timeframes))

    async def _enter(self, alert: Alert, after: tuple[int, ...]) -> Decision:
        if alert.side is None:
            return Decision.refused("no_side")
        if has_unknown_unit(alert):
            return Decision.refused("unit_unknown", detail="stop and target of V6 are prices")
        signal = signal_of(alert, alert.side)
        numbers = Numbers()
        bonus = confidence_bonus(self, signal)
        if bonus and signal.confidence is not None:
            numbers["trendline_bonus"] = bonus
            signal = signal._replace(confidence=signal.confidence + bonus)
        return await enter(self, signal, numbers, after)


def _info(timeframe: str, description: str, *also: str) -> PluginInfo:
    return PluginInfo(
        strategy="v6_price_action",
        plugin_id=f"v6_price_action_{timeframe}",
        timeframes=(timeframe, *also),
        aliases=(f"price_action_{timeframe}",),
        family_aliases=("price_action", "v6"),
        shared=SHARED,
        description=description,
        author="zepix",
        takes_other_timeframes=False,
        services=("risk", "trend", "sessions", "dual_order", "exits", "reentry", "autonomous", "telegram"),
    )


class V6PriceAction1m(V6PriceAction):
    """Scalping: order B alone."""

    info = _info("1m", "V6 entries of 1m charts: order B to TP1")
    own_timeframe = "1m"
    adx_threshold = 20.0
    confidence_threshold = 80.0
    max_spread_pips = 2.0
    risk_percent = 1.0
    lot_multiplier = 0.5
    max_lot = 0.10
    max_open_trades = 3
    max_trades_day = 20
    daily_loss_limit = 200.0
    routing = "order_b_only"
    exits = PLAN_1M


class V6PriceAction5m(V6PriceAction):
    """Momentum: A to TP2 and B to TP1, one stop for both."""

    info = _info("5m", "V6 entries of 5m charts: A to TP2, B to TP1")
    own_timeframe = "5m"
    trendline_role = "confidence"
    adx_threshold = 25.0
    confidence_threshold = 70.0
    min_alignment = 3
    risk_percent = 1.5
    lot_multiplier = 1.0
    max_lot = 0.20
    max_open_trades = 4
    max_trades_day = 12
    daily_loss_limit = 300.0
    routing = "dual_orders"
    trailing = True
    break_even_after_tp1 = True
    exits = PLAN_5M


class V6PriceAction15m(V6PriceAction):
    """Intraday: A to TP2, never against the market state."""

    info = _info("15m", "V6 entries of 15m charts: order A to TP2")
    own_timeframe = "15m"
    trendline_role = "entry"
    adx_threshold = 20.0
    confidence_threshold = 65.0
    block_opposite_state = True
    min_alignment = 3
    risk_percent = 1.5
    lot_multiplier = 1.2
    max_lot = 0.20
    max_open_trades = 3
    max_trades_day = 8
    daily_loss_limit = 400.0
    trailing = True
    exits = PLAN_15M


class V6PriceAction1h(V6PriceAction):
    """Swing: A to TP3."""

    info = _info("1h", "V6 entries of 1h charts: order A to TP3", "4h")
    own_timeframe = "1h"
    trendline_role = "entry"
    adx_threshold = 15.0
    confidence_threshold = 60.0
    min_alignment = 4
    risk_percent = 2.0
    lot_multiplier = 1.5
    max_lot = 0.15
    max_open_trades = 2
    max_trades_day = 5
    daily_loss_limit = 500.0
    target_a = "tp3"
    rest_until_pulse_reversal = True
    trendline_lot_factor = 1.25
    exits = PLAN_1H
