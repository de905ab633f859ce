"""legacy: the five alerts of ZepixPremium (bias, trend, entry, reversal, exit), traded by the trends they tell.

- *bias* (1d, 1h) and *trend* (15m, 1h, also 5m) set the trend of their timeframe; the trend service hears them. A trend
  against open tickets closes them (``trend_closes``); a bias never does, nor a trend that a hand has set otherwise.
- *entry*: the timeframe names the logic, 5m LOGIC1, 15m LOGIC2, 1h LOGIC3. The logic's two trends must agree with the
  entry (LOGIC1 and LOGIC2: 1h and 15m; LOGIC3: 1d and 1h), else ``trend_mismatch``. Then the cooldown (five minutes)
  and the risk gate. The other side is closed first (``opposite_entry_closes``), and the entry waits for it.
- Stop: the alert's, else the table's times that of the logic; target: the alert's, else 1.5 stop distances. Lots: those
  of the tier times the logic's; order A alone, or A and B (``routing``).
- *reversal*: reversal_bull closes sells, reversal_bear buys; nothing is entered.
- *exit*: says what the market does: bull closes sells, bear closes buys. (V3 and V6 mean the tickets: the opposite.)

Every close names its alert; what there is nothing of is ``nothing_to_close``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from zepix import Accepted, Alert, Decision, DualPlan, GateAnswer, PluginInfo, Quantity, Side, Strategy, TradeRequest

LOGIC_OF = {"5m": "LOGIC1", "15m": "LOGIC2", "1h": "LOGIC3"}
NS = 1_000_000_000


class Legacy(Strategy):
    info = PluginInfo(
        strategy="ZepixPremium",
        plugin_id="legacy",
        aliases=("zepix", "premium"),
        description="Legacy alerts: trends of two timeframes, entries that agree with them",
        author="zepix",
        services=("risk", "trend", "sessions", "dual_order", "profit_booking", "reentry", "autonomous", "telegram"),
    )

    trend_closes: bool = True
    """A trend alert closes tickets of the other side."""
    opposite_entry_closes: bool = True
    needs_trend: bool = True
    """Entries must agree with the trends of their logic."""
    routing: Literal["order_a_only", "order_b_only", "dual_orders"] = "order_a_only"
    trailing: bool = True
    """A's stop trails from half the stop distance on, in steps of a quarter."""
    trend_reversal_close: bool = True
    """Both timeframes of its logic turned against a trade (a bias told it) and still do after the grace: it closes."""
    trend_reversal_grace_s: float = 300.0
    rr_ratio: float = 1.5
    """Target in stop distances, where the alert has none."""
    lot_multiplier: float = 1.0
    """Of the tier's lots, before the multiplier of the logic."""
    max_lot: float = 1.0
    max_open_trades: int = 5
    max_trades_day: int = 10
    daily_loss_limit: float = 500.0
    """Money of the account's currency that this plugin may lose in a day."""
    cooldown_s: float = 300.0
    """No second entry of a symbol, timeframe and side within it."""

    def __init__(self, plugin_id: str, config: Mapping[str, Any], service_api: Any) -> None:
        super().__init__(plugin_id, config, service_api)
        self._entered: dict[str, list[Any]] = {}
        """[time, alert] of the last entry, by symbol, timeframe and side."""

    def setting_problems(self) -> list[str]:
        positive = ("rr_ratio", "lot_multiplier", "max_lot", "daily_loss_limit", "max_open_trades", "max_trades_day")
        problems = [f"{n} must be above 0, not {getattr(self, n)}" for n in positive if not getattr(self, n) > 0]
        not_negative = ("cooldown_s", "trend_reversal_grace_s")
        problems += [f"{n} must not be negative, not {getattr(self, n)}" for n in not_negative if getattr(self, n) < 0]
        return problems

    async def process_signal(self, alert: Alert) -> Decision:
        """A bias or a trend: what it changed, and what it closes."""
        if alert.type not in ("bias", "trend"):
            return Decision.refused("not_supported") if alert.is_action else Decision.info(alert.type)
        direction = alert.fields.get("direction")
        numbers: dict[str, Any] = {"trend": f"{alert.timeframe} {direction}"}
        word = self._what_it_told(alert)
        if alert.type == "trend" and self.trend_closes and direction in ("bull", "bear"):
            side = Side.SELL if direction == "bull" else Side.BUY
            by_hand = self._set_by_hand(alert, side.opposite) if word == "trend_locked" else ""
            if by_hand:
                numbers |= {"by_hand": by_hand, "kept_open": len(self.api.orders.open_tickets(alert.symbol, side))}
            else:
                await self._close(alert.symbol, side, "reversal")
        return Decision.info(word, **numbers)

    async def process_exit_signal(self, alert: Alert) -> Decision:
        """``alert.side`` is the side of the tickets already: the dialect knows that a bull's exit ends sells."""
        if alert.side is None:
            return Decision.refused("no_side")
        closed = await self._close(alert.symbol, alert.side, "signal")
        return Decision.info("exit") if closed else Decision("ignored", "nothing_to_close")

    async def process_reversal_signal(self, alert: Alert) -> Decision:
        if alert.side is None:
            return Decision.refused("no_side")
        closed = await self._close(alert.symbol, alert.side.opposite, "reversal")
        return Decision.info("reversal") if closed else Decision("ignored", "nothing_to_close")

    async def process_entry_signal(self, alert: Alert) -> Decision:
        logic = LOGIC_OF.get(alert.timeframe or "")
        numbers: dict[str, Any] = {"logic": logic or "none"}
        reason = self._refusal(alert, logic, numbers)
        if reason or alert.side is None:
            return Decision.refused(reason, **numbers)
        if self.routing == "order_a_only" and self._is_target_passed(alert, alert.side):
            return Decision.refused("invalid_stops", **numbers)
        answer = self.api.risk.gate(self._request(alert, alert.side, logic or ""))
        numbers.update(answer.numbers)
        if not answer.allowed:
            return Decision.refused(answer.reason, **numbers)
        after: tuple[int, ...] = ()
        if self.opposite_entry_closes:
            after = await self._close(alert.symbol, alert.side.opposite, "reversal")
        return await self._place(alert, alert.side, logic or "", answer, after, numbers)

    async def on_order_refused(self, event: Any) -> None:
        """An entry of which nothing came does not hold up the next one."""
        alert_id, symbol = event.order.alert_id, event.order.symbol
        open_alerts = {ticket.alert_id for ticket in self.api.orders.open_tickets(symbol)}
        under_way = {order.alert_id for order in self.api.orders.under_way(symbol)}
        if event.order.opens and alert_id not in open_alerts | under_way:
            self._entered = {key: last for key, last in self._entered.items() if last[1] != alert_id}

    async def on_price(self, event: Any) -> None:
        """B's booking, where the dual orders do it themselves (``booking_at = "engine"``)."""
        await self.api.dual_order.on_price(event)

    def state(self) -> dict[str, Any]:
        """What must survive a restart, as JSON values."""
        return {"entered": {key: list(last) for key, last in self._entered.items()}}

    def load_state(self, state: Mapping[str, Any]) -> None:
        self._entered = {key: list(last) for key, last in state["entered"].items()}

    def _what_it_told(self, alert: Alert) -> str:
        """``trend_updated, trend_unchanged, trend_locked`` (set by hand), ``trend_full``; trend_unknown: not heard."""
        if not self.api.has_service("trend"):
            return "trend_unknown"
        updates = self.api.trend.changes_of(alert.id)
        if updates:
            return f"trend_{updates[0].reason}"
        trend = self.api.trend.get_timeframe_trend(alert.symbol, alert.timeframe or "1d")
        return "trend_unchanged" if trend.is_known else "trend_unknown"

    def _set_by_hand(self, alert: Alert, side: Side) -> str:
        """The trend that a hand holds against an alert of ``side``; nothing where both say the same."""
        trend = self.api.trend.get_timeframe_trend(alert.symbol, alert.timeframe or "1d")
        return "" if trend.direction == side.sign else f"{alert.timeframe} {trend.word}"

    def _refusal(self, alert: Alert, logic: str | None, numbers: dict[str, Any]) -> str:
        """Why an entry is not taken, empty where it goes on to the gate."""
        if alert.side is None:
            return "no_side"
        if logic is None:
            return "wrong_timeframe"
        if isinstance(alert.sl, Quantity) or isinstance(alert.tp, Quantity):
            return "unit_unknown"
        if self.needs_trend:
            if not self.api.has_service("trend"):
                return "trend_mismatch"
            alignment = self.api.trend.check_logic_alignment(alert.symbol, logic, alert.side)
            numbers |= {
                "trends": alignment.detail,
                "trends_aligned": alignment.count,
                "trends_needed": alignment.needed,
            }
            if not alignment.aligned:
                numbers["why"] = alignment.reason
                return "trend_mismatch"
        before = self._entered.get(_key(alert))
        is_early = before is not None and self.api.now_ns - before[0] < self.cooldown_s * NS
        return "cooldown" if is_early else ""

    def _is_target_passed(self, alert: Alert, side: Side) -> bool:
        """Whether a close would get the alert's target or better already: such an order is never taken."""
        target, closes_at = _price(alert.tp), self.api.market.price(alert.symbol, side.opposite)
        return target is not None and closes_at is not None and (target - closes_at) * side.sign <= 0

    def _request(self, alert: Alert, side: Side, logic: str) -> TradeRequest:
        return TradeRequest(
            alert.symbol,
            side,
            self.api.market.price(alert.symbol, side),
            _price(alert.sl),
            lot_multiplier=self.lot_multiplier,
            logic=logic,
            signal=alert.signal,
            max_lot=self.max_lot,
            max_open=self.max_open_trades,
            max_trades_day=self.max_trades_day,
            daily_loss_limit=self.daily_loss_limit,
            legs=2 if self.routing == "dual_orders" else 1,
            tp_price=_price(alert.tp),
            reverses=self.opposite_entry_closes,
        )

    async def _place(
        self, alert: Alert, side: Side, logic: str, answer: GateAnswer, after: tuple[int, ...], numbers: dict[str, Any]
    ) -> Decision:
        plan = DualPlan(
            symbol=alert.symbol,
            side=side,
            lots=answer.lots,
            sl=answer.sl_price,
            tp_a=_price(alert.tp),
            logic=logic,
            timeframe=alert.timeframe or "",
            routing=self.routing,
            a_trailing=self.trailing,
            rr_ratio=self.rr_ratio,
            risk_left=answer.risk_left,
            comment=f"legacy {logic}",
            after=after,
        )
        result = await self.api.dual_order.create_dual_orders(plan)
        numbers.update(result.numbers)
        if result.error:
            numbers["legs"] = result.error
        if not result:
            return Decision.refused(result.reason, **numbers)
        self._entered[_key(alert)] = [self.api.now_ns, alert.id]
        return Decision.info("entry", **numbers)

    async def _close(self, symbol: str, side: Side, reason: str) -> tuple[int, ...]:
        """Close everything of a side; the orders that do it, none where there is nothing."""
        orders = self.api.orders
        if not (orders.open_tickets(symbol, side) or orders.under_way(symbol, side)):
            return ()
        answer = await orders.close_positions(symbol, side, reason=reason)
        return (answer.order_id,) if isinstance(answer, Accepted) else ()


def _key(alert: Alert) -> str:
    return f"{alert.symbol} {alert.timeframe} {alert.side}"


def _price(level: float | Quantity | None) -> float | None:
    return None if isinstance(level, Quantity) else level
