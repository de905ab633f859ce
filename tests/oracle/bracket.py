"""The strategy `bracket` of the oracle: what an alert asks for, what it refuses itself, what it sends to the broker."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from .bars import to_points
from .broker import Broker
from .commands import Cancel, Change, Close, Opening
from .tickets import Trail

__all__ = ["Bracket"]

SIDES = {"buy": 1, "sell": -1, None: 0}
Alert = Mapping[str, Any]


class Bracket:
    """Follows alerts; ``strategy`` holds one_at_a_time, levels and max_price_gap."""

    def __init__(self, broker: Broker, strategy: Mapping[str, Any]) -> None:
        self.broker = broker
        self.one_at_a_time = bool(strategy.get("one_at_a_time", False))
        self.by_distance = {"absolute": False, "distance": True}[strategy.get("levels", "absolute")]
        self.max_price_gap = strategy.get("max_price_gap")

    def decide(self, alert: Alert, outcome: str, reason: str) -> None:
        self.broker.decisions[alert["id"]] = (outcome, reason)

    def handle(self, alert: Alert) -> None:
        symbol, side = alert["symbol"], SIDES[alert["side"]]
        if symbol not in self.broker.instruments:
            self.decide(alert, "refused", "unknown_symbol")
        elif symbol not in self.broker.bars:
            self.decide(alert, "refused", "no_prices")
        elif alert["type"] == "exit":
            self.handle_exit(alert, symbol, side)
        elif alert["type"] == "cancel":
            self.handle_cancel(alert, symbol, side)
        elif alert["type"] == "modify":
            self.handle_modify(alert, symbol, side)
        else:
            self.handle_entry(alert, symbol, side, is_reversal=alert["type"] == "reversal")

    # -- exits, cancels, changes ---------------------------------------------------------------------------------

    def named(self, alert: Alert) -> tuple[bool, Opening | None]:
        """Whether the alert names an order, and that order if it is one that an alert has raised."""
        ref = alert.get("ref")
        return ref is not None, None if ref is None else self.broker.by_alert.get(ref)

    def handle_exit(self, alert: Alert, symbol: str, side: int) -> None:
        frac = None if alert.get("close_frac") is None else Decimal(str(alert["close_frac"]))
        has_ref, order = self.named(alert)
        if order is not None:
            self.broker.send_close(Close(alert["id"], order.symbol, order.side, "signal", target=order, frac=frac))
        elif not has_ref and self.broker.has_something(symbol, side):
            self.broker.send_close(Close(alert["id"], symbol, side, "signal", frac=frac))
        else:
            self.decide(alert, "ignored", "nothing_to_close")

    def handle_cancel(self, alert: Alert, symbol: str, side: int) -> None:
        has_ref, order = self.named(alert)
        if has_ref and order is None:
            self.decide(alert, "ignored", "nothing_to_cancel")
        else:
            self.broker.send_errand(Cancel(alert["id"], order.symbol if order else symbol, side, target=order))

    def handle_modify(self, alert: Alert, symbol: str, side: int) -> None:
        has_ref, order = self.named(alert)
        if alert["sl"] is None and alert["tp"] is None:
            self.decide(alert, "refused", "no_levels")
        elif has_ref and order is None:
            self.decide(alert, "ignored", "nothing_to_modify")
        else:
            symbol = order.symbol if order else symbol
            point = self.broker.instruments[symbol].point
            sl, tp = (None if alert[name] is None else to_points(alert[name], point) for name in ("sl", "tp"))
            self.broker.send_errand(Change(alert["id"], symbol, side, sl, tp, target=order))

    # -- entries -------------------------------------------------------------------------------------------------

    def handle_entry(self, alert: Alert, symbol: str, side: int, is_reversal: bool) -> None:
        """Enter, after the other side is closed if it is a reversal; a refused entry does not stop those closes."""
        refusal = self.objection(alert, symbol, side, is_reversal)
        order = None if refusal else self.order_for(alert, symbol, side)
        if refusal:
            self.decide(alert, "refused", refusal)
        if is_reversal and side and self.broker.has_something(symbol, -side):
            if order is not None:
                self.broker.hold(order)
            self.broker.send_close(Close(alert["id"], symbol, -side, "reversal", entry=order))
        elif order is not None:
            self.broker.register(order)
            self.broker.send_opening(order)

    def objection(self, alert: Alert, symbol: str, side: int, is_reversal: bool) -> str:
        """The first of bracket's own checks that fails."""
        kind = kind_of(alert)
        needed = {"market": (), "stop_limit": ("entry_price", "limit_price")}.get(kind, ("entry_price",))
        if not side:
            return "no_side"
        if not trails_are_valid(alert):
            return "invalid_trailing"
        if any(alert.get(name) is None for name in needed):
            return "no_entry_price"
        if self.one_at_a_time and self.broker.has_something(symbol, side if is_reversal else 0):
            return "one_at_a_time"
        return self.price_objection(alert, symbol, kind) or ("equity_guard" if self.broker.refuses_entries else "")

    def price_objection(self, alert: Alert, symbol: str, kind: str) -> str:
        price, point = alert["price"], self.broker.instruments[symbol].point
        if self.max_price_gap is not None and price is not None:
            known = self.broker.bars[symbol].last_known(self.broker.now)
            if known is None:
                return "no_prices"
            gap = abs(to_points(price, point) - Decimal(known[0] + known[1]) / 2) * point
            if gap > Decimal(str(self.max_price_gap)):
                return "price_far_from_alert"
        if self.by_distance and kind == "market" and price is None and (alert["sl"] or alert["tp"]):
            return "no_alert_price"
        return ""

    def order_for(self, alert: Alert, symbol: str, side: int) -> Opening:
        instrument, kind = self.broker.instruments[symbol], kind_of(alert)
        volume = instrument.volume_min if alert["volume"] is None else alert["volume"]
        sl, tp, price, entry_price, limit_price = (
            to_points(alert[name], instrument.point) if alert.get(name) else None
            for name in ("sl", "tp", "price", "entry_price", "limit_price")
        )
        measured_from = {"market": price, "stop_limit": limit_price}.get(kind, entry_price)
        if self.by_distance and measured_from is not None:
            sl, tp = (None if level is None else level - measured_from for level in (sl, tp))
        lifetime_s = alert.get("expires_s")
        return Opening(
            alert_id=alert["id"],
            symbol=symbol,
            side=side,
            volume=volume,
            sl=sl,
            tp=tp,
            are_distances=self.by_distance,
            kind=kind,
            price=(entry_price or 0) if kind != "market" else 0,
            limit_price=(limit_price or 0) if kind == "stop_limit" else 0,
            lifetime_ns=round(Decimal(str(lifetime_s)) * 10**9) if lifetime_s else None,
            oco=alert.get("oco") or None,
            trails=trails_of(alert),
        )


def kind_of(alert: Alert) -> str:
    return str(alert.get("order_type") or "market")


def trails_of(alert: Alert) -> list[Trail]:
    """Break-even first, then the trailing stop."""
    trails = []
    if alert.get("break_even_points") is not None:
        trails.append(Trail(alert["break_even_points"], 0, alert["break_even_points"]))
    if alert.get("trailing") is not None:
        given = alert["trailing"]
        trails.append(Trail(given["start"], given["step"], given["distance"]))
    return trails


def trails_are_valid(alert: Alert) -> bool:
    """Whole points: start and step not below 0, distance and break-even above 0."""
    trailing, break_even = alert.get("trailing"), alert.get("break_even_points")
    if break_even is not None and not (is_whole(break_even) and break_even > 0):
        return False
    if trailing is None:
        return True
    numbers = [trailing.get(name) for name in ("start", "step", "distance")]
    return all(is_whole(number) and number >= 0 for number in numbers) and numbers[2] > 0


def is_whole(number: object) -> bool:
    return isinstance(number, int) and not isinstance(number, bool)
