"""The legs of one entry: market orders that one decision sent out together, of which later ones of a chain are none."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from zepix.model import Order

__all__ = ["entry_side", "has_leg_beside", "is_leg_beside", "is_of_chain"]

_OWN_ROLES: Final = frozenset({"R", "X", "SA", "SB"})
_OF_SHIELDS: Final = ("SHIELD_", "PROFIT_SHIELD_")
"""How the ids of shields and of their pyramids begin."""


@lru_cache(maxsize=1024)
def is_of_chain(role: str) -> bool:
    """Whether an order is a later one of a chain (``R``, ``X``, ``C2``, ``P1.2``, a shield), not an entry."""
    return role in _OWN_ROLES or (len(role) > 1 and role[0] in "CP" and role[1].isdigit())


def entry_side(chain_id: str, side: int) -> int:
    """The side of the entry that something open is of: a shield, and its pyramid, stand on the other side of theirs."""
    return -side if chain_id.startswith(_OF_SHIELDS) else side


def has_leg_beside(others: Sequence[Order], order: Order) -> bool:
    """Whether one of these orders is a market leg of the same entry; mostly there are none at all."""
    if not others:
        return False
    return any([is_leg_beside(other, order) for other in others])  # noqa: C419 - few, and a generator costs more


def is_leg_beside(other: Order, order: Order) -> bool:
    """Whether another order is a market leg of the same entry."""
    return (
        other.id != order.id
        and other.alert_id == order.alert_id
        and other.plugin_id == order.plugin_id
        and other.kind == "market"
        and other.decided_ns == order.decided_ns
        and not is_of_chain(other.role)
    )
