"""The parts of a command that need no broker: what completes an order, shares, reasons, what alerts call an order."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Final

from zepix.model import Alert, Instrument, Order, Refused, Trail
from zepix.model.order import OPENING_KINDS
from zepix.model.timeframe import NS

__all__ = ["CLOSE_REASONS", "TARGET_REASONS", "check_reason", "complete", "names_of", "share_of"]

CLOSE_REASONS: Final = ("signal", "reversal", "profit_booking", "equity_guard", "session_end", "time_exit", "manual")
"""Exit reasons a strategy may give; the others are the broker's to say."""
TARGET_REASONS: Final = ("tp", "profit_booking")
MAX_TRAILS: Final = 8
MAX_LIFETIME_S: Final = 10 * 366 * 86_400


def names_of(alert: Alert | None, symbol: str) -> tuple[object, ...]:
    """What later alerts may call an order that came of this one (``OrderExecutionService.orders_of``)."""
    if alert is None:
        return ()
    if alert.explicit_id is None:
        return (alert.id,)
    return (alert.source, symbol, alert.explicit_id), (alert.source, alert.explicit_id), alert.id


def complete(
    order: Order,
    instrument: Instrument,
    price: float | None,
    limit_price: float | None,
    expires_s: float | None,
    trails: Iterable[Trail],
    target_reason: str,
) -> Refused | None:
    """What an order has beyond a plain market order; why it cannot go out, None where it can."""
    if order.kind not in OPENING_KINDS:
        raise ValueError(f"{order.kind!r} is no kind of order; there are {', '.join(OPENING_KINDS)}")
    if target_reason not in TARGET_REASONS:
        raise ValueError(f"{target_reason!r} is no reason of a target; there are {', '.join(TARGET_REASONS)}")
    order.trails, order.target_reason = tuple(trails), target_reason
    for trail in order.trails:
        problem = trail.problem
        if problem:
            return Refused("invalid_trailing", problem)
    if len(order.trails) > MAX_TRAILS:
        return Refused("invalid_trailing", f"{len(order.trails)} trails on one order")
    if order.kind == "market":
        return None
    if not price or (order.kind == "stop_limit" and not limit_price):
        return Refused("no_entry_price", f"a {order.kind} order needs {'both prices' if price else 'its price'}")
    order.price, order.limit = instrument.level(price), instrument.level(limit_price)
    if expires_s is not None:
        if not 0 < expires_s <= MAX_LIFETIME_S:
            return Refused("invalid_expiry", f"expires_s must lie between 0 and {MAX_LIFETIME_S}, not {expires_s}")
        order.lifetime_ns = max(1, round(expires_s * NS))
    return None


def share_of(frac: float | Decimal | None) -> Decimal | None:
    """The share as it is written in decimals; None for all."""
    if frac is None:
        return None
    try:
        share = Decimal(str(frac))
    except InvalidOperation:
        share = Decimal("nan")
    if not 0 < share <= 1:
        raise ValueError(f"a share to close lies above 0 and up to 1, not {frac!r}")
    return None if share == 1 else share


def check_reason(reason: str) -> None:
    """Raises ValueError for what a strategy may not give as the reason of a close."""
    if reason not in CLOSE_REASONS:
        raise ValueError(f"{reason!r} is no reason for a close; there are {', '.join(CLOSE_REASONS)}")
