"""A strategy that decides of its own legs: what its ``get_order_a_config`` and ``get_order_b_config`` say of a plan.

The service decides by default. A strategy that defines one of the two methods overrides the service for that leg of its
own tickets: lots, stop, target, trailing. Returning None leaves the leg to the service. Routing, the independence of
the legs and the checks before they go stay the service's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from zepix.model import Instrument
from zepix.services.dual_plan import DualPlan, OrderConfig
from zepix.services.lot_split import min_steps

__all__ = ["configs_of", "own_lots"]

METHODS = {"A": "get_order_a_config", "B": "get_order_b_config"}
LEFT_OUT = {"A": "order_b_only", "B": "order_a_only"}


def configs_of(owner: object, plan: DualPlan, routing: str) -> dict[str, OrderConfig]:
    """What a strategy says of the legs that the routing has, by role; raises TypeError for another answer."""
    found: dict[str, OrderConfig] = {}
    for role, name in METHODS.items():
        method: Callable[[DualPlan], Any] | None = getattr(owner, name, None)
        if method is None or routing == LEFT_OUT[role]:
            continue
        answer = method(plan)
        if isinstance(answer, OrderConfig):
            found[role] = answer
        elif answer is not None:
            raise TypeError(f"{name} gives an OrderConfig or None, not {type(answer).__name__}")
    return found


def own_lots(
    own: Mapping[str, OrderConfig], instrument: Instrument, steps: tuple[int, int], numbers: dict[str, Any]
) -> tuple[int, int]:
    """(A, B) in steps, with the lots that a strategy names for a leg; less than the minimum lot is none."""
    found = dict(zip(METHODS, steps, strict=True))
    for role, config in own.items():
        numbers[f"{role.lower()}_config"] = f"{config.order_type} {config.sl_type}"
        if config.lot_size:
            wanted = instrument.steps(config.lot_size)
            found[role] = wanted if wanted >= min_steps(instrument) else 0
            numbers[f"lots_{role.lower()}_own"] = config.lot_size
    return found["A"], found["B"]
