"""What services need of the engine and the broker, as protocols: their only way to the rest of the house."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from zepix.model import Accepted, AccountState, Alert, Order, Refused, Ticket
from zepix.services.safety_values import ALLOWED, ReentryEvent, SafetyCheckResult, ShieldCase

__all__ = [
    "BrokerPort",
    "Clock",
    "EverythingAllowed",
    "NoShield",
    "Notify",
    "OrderGate",
    "PriceWaker",
    "SafetyPort",
    "ShieldBooking",
    "ShieldListener",
    "ShieldPort",
    "Silence",
]


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


class PriceWaker(Protocol):
    """How a service waits for a price or a time: ``zepix.engine.service_host.Waker``."""

    def watch_price(self, symbol: str, direction: int, points: int) -> int: ...

    def drop_watch(self, watch_id: int) -> None: ...

    def wake_at(self, at_ns: int, tag: str) -> None: ...


class SafetyPort(Protocol):
    """Who is asked before a recovery (``kind``: ``sl_hunt, tp_cont, exit_cont, profit``), and told of its life."""

    def check(
        self,
        plugin_id: str,
        symbol: str,
        kind: str,
        potential_loss_minor: int,
        chain_profit_minor: int,
        event: ReentryEvent | None = None,
    ) -> SafetyCheckResult:
        """Whether a recovery may start now. Money in minor units: what it would lose at its stop with its own lots,
        and what its chain has made so far. ``event``: what the strategy is asked with, where it decides itself."""
        ...

    def started(self, kind: str) -> None:
        """A recovery began (its watch is set): one attempt of the day, and one more at the same time."""
        ...

    def ended(self, kind: str, won: bool | None) -> None:
        """It is over, exactly once for each ``started``: its order won, lost, or (None) it never came to one."""
        ...


class EverythingAllowed:
    """The safety of a run without an autonomous service."""

    def check(
        self,
        plugin_id: str,
        symbol: str,
        kind: str,
        potential_loss_minor: int,
        chain_profit_minor: int,
        event: ReentryEvent | None = None,
    ) -> SafetyCheckResult:
        del plugin_id, symbol, kind, potential_loss_minor, chain_profit_minor, event
        return ALLOWED

    def started(self, kind: str) -> None:
        """Nobody counts."""

    def ended(self, kind: str, won: bool | None) -> None:
        """Nobody counts."""


class ShieldListener(Protocol):
    """Who handed a stopped order to a shield, and goes on with it: the re-entry service. Exactly one of the three
    comes for every ``on_stop`` that answered True, never from within it, unless ``dropped`` came first."""

    def recover(self, chain_id: str) -> None:
        """The price has come back to the recovery level and the shields are closed: recover now."""
        ...

    def unshielded(self, chain_id: str) -> None:
        """A leg failed and the other one is closed: recover plainly, with the level and what is left of the window."""
        ...

    def shield_over(self, chain_id: str, reason: str) -> None:
        """No recovery any more: ``window_over`` or ``shield_stopped``."""
        ...


class ShieldPort(Protocol):
    """Who may guard a stopped order by two opposite ones until the recovery level."""

    def listen(self, listener: ShieldListener) -> None:
        """Say who is told; once, when the run is built."""
        ...

    def on_stop(self, case: ShieldCase) -> bool:
        """True: the shield took over and will tell the listener; False: recover plainly."""
        ...

    def drop(self, chain_id: str, reason: str) -> None:
        """The chain ended for a reason of its own: close its shields and say nothing more."""
        ...


class NoShield:
    """The shield of a run without one: nothing is ever taken over."""

    def listen(self, listener: ShieldListener) -> None:
        """There is nothing to tell."""

    def on_stop(self, case: ShieldCase) -> bool:
        del case
        return False

    def drop(self, chain_id: str, reason: str) -> None:
        """There is nothing to close."""


class ShieldBooking(Protocol):
    """Who books profits of shield B: profit booking, where the run has it."""

    def adopt(self, ticket: Ticket) -> bool:
        """Manage a filled shield B as level 0 of a pyramid; whether it does."""
        ...

    def let_go(self, order_id: int, reason: str) -> None:
        """The shield ends: close what came of that order's pyramid, and stop it."""
        ...


class Notify(Protocol):
    """Who tells people; ``zepix/services/notifications.py`` knows the kinds and whom they go to."""

    def send(self, kind: str, text: str, plugin_id: str = "", **fields: Any) -> None:
        """One notification, as an event; ``fields`` are JSON values. Raises ValueError for an unknown kind."""
        ...


class Silence:
    """The notifications of a run without any."""

    def send(self, kind: str, text: str, plugin_id: str = "", **fields: Any) -> None:
        """Nobody listens."""
