"""What services need of the engine and the broker, as protocols: their only way to the rest of the house."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from zepix.model import Accepted, AccountState, Alert, Order, Refused, Ticket

__all__ = ["BrokerPort", "Clock", "OrderGate"]


class Clock(Protocol):
    """The session's time: an instant and its phase (1 range, 2 open, 3 timers, 4 alerts)."""

    @property
    def now_ns(self) -> int: ...

    @property
    def phase(self) -> int: ...


class BrokerPort(Protocol):
    """What every broker does; answers come as events, never as return values."""

    @property
    def tickets(self) -> dict[int, Ticket]:
        """Open tickets by number."""
        ...

    def under_way(self) -> Sequence[Order]:
        """Opening orders decided and not yet answered."""
        ...

    def submit(self, order: Order) -> Accepted | Refused: ...

    def refusal_for(self, symbol: str) -> Refused | None:
        """Why a symbol cannot be traded here at all; None where it can."""
        ...

    def account(self) -> AccountState: ...

    def watch_price(self, symbol: str, direction: int, points: int) -> int:
        """Wake when the bid rises to (+1), or the ask falls to (-1), ``points``; the watch's number."""
        ...

    def drop_watch(self, watch_id: int) -> None: ...


class OrderGate(Protocol):
    """The engine's gate: every command passes it; it knows the time and the alert that is being handled."""

    @property
    def now_ns(self) -> int: ...

    @property
    def phase(self) -> int: ...

    @property
    def alert_id(self) -> str: ...

    @property
    def alert(self) -> Alert | None:
        """The alert in hand, or of which the event in hand came; None for events of no alert."""
        ...

    def next_order_id(self) -> int: ...

    def submit(self, order: Order, after: Sequence[int]) -> Accepted | Refused:
        """Hand an order to the broker, held until the orders named in ``after`` are done."""
        ...

    def refuse(self, refused: Refused) -> Refused:
        """Note an own check's refusal on the decision in hand, and give it back."""
        ...
