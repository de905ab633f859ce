"""The break-even of order A: its stop goes to the entry, and a little further, once B's target has been reached."""

from __future__ import annotations

from zepix.model import Quantity, Refused, Trail
from zepix.services.dual_legs import Situation
from zepix.services.dual_plan import DualPlan, Leg
from zepix.services.orders import OrderExecutionService

__all__ = ["with_break_even"]


def with_break_even(leg: Leg, plan: DualPlan, at: Situation, orders: OrderExecutionService) -> None:
    """Give a leg the plan's break-even, as a trail that moves once; refuses the leg where its unit is unknown.

    Nothing where the plan asks for none, where its target is no longer ahead, or the buffer reaches beyond it.
    """
    if plan.break_even_at is None:
        return
    sign = plan.side.sign
    start: int | Refused
    if isinstance(plan.break_even_at, Quantity):
        start = orders.points(plan.symbol, plan.break_even_at)
    else:
        start = sign * (at.instrument.level(plan.tp_b) - at.entry(sign)) if plan.tp_b else 0
    buffer = 0 if plan.break_even_buffer is None else orders.points(plan.symbol, plan.break_even_buffer)
    for found in (start, buffer):
        if isinstance(found, Refused):
            leg.refused = found
            return
    assert isinstance(start, int) and isinstance(buffer, int)
    if start > buffer:
        leg.trails = (Trail(start, 0, start - buffer), *leg.trails)
