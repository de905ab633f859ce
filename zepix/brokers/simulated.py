"""A simulated broker for the live slot: the shadow broker that also refuses orders, by a counter and a seed.

Its fills are worse by its fill model and by prices with a wider spread, both given from outside. It stands where a real
broker will, so that modes, promotion and the comparison of live and twin can be tried before money is at stake.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Any, Final

from zepix.brokers.shadow.broker import ShadowBroker
from zepix.model import Accepted, Order, Refused

__all__ = ["REFUSED", "SimulatedLiveBroker"]

REFUSED: Final = "broker_refused"
_WHOLE: Final = 1 << 64


class SimulatedLiveBroker(ShadowBroker):
    """Refuses the share ``refusal_rate`` of all opening orders: which ones follows from ``seed`` and their number."""

    def __init__(self, *given: Any, refusal_rate: float = 0.0, seed: int = 0, **more: Any) -> None:
        super().__init__(*given, **more)
        self._below = round(refusal_rate * _WHOLE)
        self._seed = seed

    def submit(self, order: Order) -> Accepted | Refused:
        if order.opens and self._is_refused(order.id):
            return Refused(REFUSED, "the simulated live broker refuses some orders (broker.live.refusal_rate)")
        return super().submit(order)

    def _is_refused(self, number: int) -> bool:
        digest = blake2b(f"{self._seed} {number}".encode("ascii"), digest_size=8).digest()
        return int.from_bytes(digest, "big") < self._below
