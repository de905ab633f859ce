"""A reverse shield as data: the stopped order, its two opposite legs, the level and the end of its window.

    placing -> open -> closing -> over

A leg goes ``placed -> filled -> closed``, or ends ``failed``, or is ``left`` to a strategy that closes it itself.
``end`` says why a shield is closing: one of ``ENDS``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from zepix.services.safety_values import ShieldCase

__all__ = ["ENDS", "Shield", "ShieldLeg"]

ENDS: Final = ("kill", "window_over", "leg_failed", "shield_stopped", "leg_closed", "dropped", "end_of_data")


@dataclass(slots=True)
class ShieldLeg:
    """``role`` is SA or SB; ``reason`` how it ended; ``is_booked``: profit booking manages it."""

    role: str
    order_id: int
    status: str = "placed"
    ticket: int = 0
    reason: str = ""
    money_minor: int = 0
    is_booked: bool = False

    @property
    def is_alive(self) -> bool:
        return self.status in ("placed", "filled")


@dataclass(slots=True)
class Shield:
    """One pair of shields. Prices in points."""

    shield_id: str
    case: ShieldCase
    kill_points: int
    legs: list[ShieldLeg] = field(default_factory=list)
    watch_id: int = 0
    status: str = "placing"
    end: str = ""
    why: str = ""
    """What led to the end: a reason of the chain, of the broker."""
    is_told: bool = False
    """Whether its listener has been told what became of it."""
    close_order_id: int = 0
    retries: int = 0

    @property
    def alive(self) -> list[ShieldLeg]:
        """Legs that are open or under way."""
        return [leg for leg in self.legs if leg.is_alive]

    @property
    def money_minor(self) -> int:
        """What its legs have brought so far."""
        return sum(leg.money_minor for leg in self.legs)

    def leg_of(self, order_id: int) -> ShieldLeg | None:
        return next((leg for leg in self.legs if leg.order_id == order_id), None)

    def state(self) -> dict[str, Any]:
        return {**asdict(self), "case": self.case.state(), "legs": [asdict(leg) for leg in self.legs]}

    @classmethod
    def of(cls, state: Mapping[str, Any]) -> Shield:
        """One as ``state`` wrote it."""
        legs = [ShieldLeg(**leg) for leg in state["legs"]]
        return cls(**{**state, "case": ShieldCase.of(state["case"]), "legs": legs})
