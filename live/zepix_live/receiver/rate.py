"""How much one sender may ask for: a bucket of tokens that fills with time, one for each name; no clock of its own."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

__all__ = ["RateLimit"]

_NAMES_LIMIT: Final = 10_000
_NS: Final = 1_000_000_000


class RateLimit:
    """``per_s`` requests a second and ``burst`` at once, for each name; the names asked for last are remembered."""

    def __init__(self, per_s: float, burst: float, names_limit: int = _NAMES_LIMIT) -> None:
        if per_s <= 0 or burst < 1 or names_limit < 1:
            raise ValueError(f"a rate is above 0 and a burst at least 1, not {per_s}, {burst}, {names_limit}")
        self._per_ns = per_s / _NS
        self._burst = float(burst)
        self._names_limit = names_limit
        self._buckets: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def take(self, name: str, monotonic_ns: int) -> bool:
        """Whether one more is allowed now; it is counted if so."""
        left = self._left(name, monotonic_ns)
        is_allowed = left >= 1.0
        self._buckets[name] = (left - 1.0 if is_allowed else left, monotonic_ns)
        self._buckets.move_to_end(name)
        if len(self._buckets) > self._names_limit:
            self._buckets.popitem(last=False)
        return is_allowed

    def is_spent(self, name: str, monotonic_ns: int) -> bool:
        """Whether none is left now; nothing is counted."""
        return self._left(name, monotonic_ns) < 1.0

    def _left(self, name: str, monotonic_ns: int) -> float:
        known = self._buckets.get(name)
        if known is None:
            return self._burst
        left, then_ns = known
        return min(self._burst, left + max(0, monotonic_ns - then_ns) * self._per_ns)
