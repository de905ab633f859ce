"""What goes into a dual order and what comes out: the plan, the legs, the result that says what became of each."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, Protocol

from zepix.model import Quantity, Refused, Side, Trail
from zepix.model.alert import EMPTY

__all__ = ["DualOrderResult", "DualPlan", "Leg", "OrderConfig", "Quotes", "Rates", "StopTable"]

ORDER_TYPES: Final = ("TP_TRAIL", "PROFIT_TRAIL")
SL_TYPES: Final = ("v3_smart_sl", "fixed_risk_sl")


class Rates(Protocol):
    """Money of one currency in the account's (``Conversions``)."""

    def is_known(self, currency: str, t_ns: int) -> bool: ...

    def rate(self, currency: str, t_ns: int) -> Decimal: ...


class Quotes(Protocol):
    """Prices as a plugin may know them now (``MarketDataService``)."""

    def quote_points(self, symbol: str) -> tuple[int, int] | None: ...

    def watch_price(self, symbol: str, price: float, direction: int) -> int: ...

    def drop_watch(self, watch_id: int) -> None: ...


class StopTable(Protocol):
    """Who knows a stop where the alert has none (the risk service)."""

    def calculate_sl_price(
        self, symbol: str, side: Side, entry_price: float, lots: Decimal, sl_multiplier: float = 1.0
    ) -> float | Refused | None: ...


@dataclass(slots=True, kw_only=True)
class DualPlan:
    """One position as two orders. Prices of an alert, None where it has none; None elsewhere is the setting.

    lots: the total, already through the risk gate. sl: the smart stop; on the wrong side, or None: the stop table times
    ``sl_multiplier``. tp_a, tp_b: the targets. logic, timeframe: what the routing, and B's loss, go by. routing:
    ``order_a_only, order_b_only, dual_orders``. break_even_at: how far ahead (the word ``tp_b``: at that target) A's
    stop goes to its entry plus ``break_even_buffer``. risk_left: money that both together may lose at their stops; a
    leg that would lose more than A leaves of it stays away. after: order ids that must be done first. alert_id:
    whose entry it is, where that is not the alert in hand.

    Raises ValueError for what is no side, and for another word than ``tp_b``.
    """

    symbol: str
    side: Side
    lots: Decimal
    sl: float | None = None
    tp_a: float | None = None
    tp_b: float | None = None
    logic: str = ""
    timeframe: str = ""
    routing: str | None = None
    split_mode: str | None = None
    order_b_sl: str | None = None
    profit_booking: bool | None = None
    a_trailing: bool | None = None
    rr_ratio: float | None = None
    sl_multiplier: float = 1.0
    break_even_at: Quantity | str | None = None
    break_even_buffer: Quantity | None = None
    risk_left: Decimal | None = None
    comment: str = ""
    after: tuple[int, ...] = ()
    alert_id: str = ""

    def __post_init__(self) -> None:
        self.side = Side.of(self.side)  # a word in the wrong case once sold instead of buying
        if isinstance(self.break_even_at, str) and self.break_even_at != "tp_b":
            raise ValueError(f"break_even_at is a Quantity or 'tp_b', not {self.break_even_at!r}")


@dataclass(frozen=True, slots=True)
class OrderConfig:
    """How a strategy wants one leg of its dual orders, where it decides itself (``get_order_a_config``).

    order_type: ``TP_TRAIL`` has a target, ``PROFIT_TRAIL`` books the booking money. sl_type: ``v3_smart_sl`` is the
    plan's stop, or ``sl_pips`` from the fill where that is above 0; ``fixed_risk_sl`` loses ``risk_amount`` at its
    stop. lot_size: 0 is the service's share. tp_pips: from the fill; None: the plan's target, or the booking.
    trailing_start_pips, trailing_step_pips: 0 is the service's share of the stop.

    Raises ValueError for a word that is none, and for a number below 0 or none.
    """

    order_type: str
    sl_type: str
    lot_size: float = 0.0
    sl_pips: float = 0.0
    tp_pips: float | None = None
    trailing_enabled: bool = False
    trailing_start_pips: float = 0.0
    trailing_step_pips: float = 0.0
    risk_amount: float = 10.0
    plugin_id: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, word, known in (
            ("order_type", self.order_type, ORDER_TYPES),
            ("sl_type", self.sl_type, SL_TYPES),
        ):
            if word not in known:
                raise ValueError(f"{name} is {' or '.join(known)}, not {word!r}")
        for name in ("lot_size", "sl_pips", "tp_pips", "trailing_start_pips", "trailing_step_pips", "risk_amount"):
            value = getattr(self, name)
            if value is not None and not 0 <= value < math.inf:
                raise ValueError(f"{name} must be 0 or above, not {value!r}")


@dataclass(slots=True)
class Leg:
    """One order on its way out; levels are prices or signed distances from the fill."""

    role: str
    steps: int
    sl: float | None = None
    sl_offset: float | None = None
    tp: float | None = None
    tp_offset: float | None = None
    stop_points: int = 0
    """How far the stop lies from the entry as prices stand."""
    target_reason: str = "tp"
    trails: tuple[Trail, ...] = ()
    booking_points: int = 0
    """Where the engine books: so far ahead of the fill."""
    refused: Refused | None = None


@dataclass(slots=True)
class DualOrderResult:
    """What became of both legs, each for itself; true where either was placed.

    Statuses: ``placed`` (on its way; fills and the broker's refusals come as events), ``refused`` (by our own checks,
    or by the gate), ``error`` (the wire), ``not_routed`` (not meant to go). ``error`` joins both legs' errors; a leg's
    own is ``word: sentence``. ``numbers``: what decided, lots before and after each reduction.
    """

    order_a_id: int | None
    order_b_id: int | None
    order_a_status: str = ""
    order_b_status: str = ""
    total_lot_size: float = 0.0
    error: str = ""
    timestamp: int = 0
    order_a_error: str = ""
    order_b_error: str = ""
    lots_a: Decimal = Decimal(0)
    lots_b: Decimal = Decimal(0)
    chain_a: str = ""
    chain_b: str = ""
    numbers: Mapping[str, Any] = field(default_factory=lambda: EMPTY)

    @property
    def order_a_placed(self) -> bool:
        return self.order_a_id is not None

    @property
    def order_b_placed(self) -> bool:
        return self.order_b_id is not None

    @property
    def success(self) -> bool:
        return self.order_a_placed or self.order_b_placed

    @property
    def reason(self) -> str:
        """The stable word of the first error; nothing where neither leg has one."""
        return (self.order_a_error or self.order_b_error).partition(":")[0]

    def __bool__(self) -> bool:
        return self.success
