"""What the re-entry service keeps: a chain, where it stands, and what it waits for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Final

__all__ = ["CHAIN_STATES", "DONE", "PENDING", "ReentryChain"]

PENDING: Final = ("recovery_mode", "continuing", "exit_watch")
"""A chain that has nothing open and waits for a price, a time or a trend."""
DONE: Final = ("completed", "stopped")
CHAIN_STATES: Final = ("active", *PENDING, "recovering", "entering", *DONE)


@dataclass(slots=True)
class ReentryChain:
    """One order A and every re-entry that came of it. Prices in points, volumes in steps, money in minor units.

    States::

        active          its ticket is open
        recovery_mode   stopped: waits for the price to come back          (kind sl_hunt)
        recovering      the recovery is under way, or its ticket is open
        continuing      its target was hit: waits for the next level        (kind tp_cont)
        exit_watch      left with a profit: waits for the price to go on    (kind exit_cont)
        entering        that re-entry is under way
        completed, stopped   over, with a ``reason``

    The first block is the first order's; ``trails`` are its trails. ``stop_points``, ``last_entry``, ``applied`` are of
    the ticket that closed last: its stop, entry and first stop distance. ``trigger`` is the price that is waited for, 0
    for none; ``ready_ns`` and ``until_ns`` when an entry may come at the earliest and latest. ``turn`` grows with each
    wait, so that older timers mean nothing. ``attempts_*`` were begun; ``is_counted``: safety was told of a recovery
    that is not over.
    """

    chain_id: str
    plugin_id: str
    symbol: str
    alert_id: str
    side: int
    steps: int
    entry_points: int
    stop_distance: int
    target_points: int
    max_level: int
    created_ns: int
    logic: str = ""
    timeframe: str = ""
    trails: list[list[int]] = field(default_factory=list)

    level: int = 1
    state: str = "active"
    reason: str = ""
    profit_minor: int = 0
    ticket_minor: int = 0
    order_id: int = 0
    ticket: int = 0
    reentries: int = 0
    attempts_recovery: int = 0
    attempts_exit: int = 0

    kind: str = ""
    stop_points: int = 0
    last_entry: int = 0
    last_exit: int = 0
    applied: int = 0
    trigger: int = 0
    ready_ns: int = 0
    until_ns: int = 0
    watch_id: int = 0
    turn: int = 0
    is_shielded: bool = False
    is_counted: bool = False
    waits_for_trend: bool = False
    updated_ns: int = 0
    is_left: bool = False
    """An exit of its side came while its ticket was open: what the exit left of it is the last of the chain."""
    is_told: bool = True
    """False while its begin is not written down: other legs of its entry are under way."""

    @property
    def is_pending(self) -> bool:
        return self.state in PENDING

    @property
    def is_over(self) -> bool:
        return self.state in DONE

    @property
    def status(self) -> str:
        """The owner's word: ACTIVE, RECOVERY_MODE, STOPPED, COMPLETED."""
        return {"recovery_mode": "RECOVERY_MODE", "stopped": "STOPPED", "completed": "COMPLETED"}.get(
            self.state, "ACTIVE"
        )

    def copy(self) -> ReentryChain:
        """One of its own, for whoever only reads."""
        return ReentryChain.of(asdict(self))

    def as_dict(self) -> dict[str, Any]:
        """JSON values."""
        return asdict(self)

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> ReentryChain:
        """One as ``as_dict`` wrote it; fields of another version are left out, those it lacked have their default."""
        known = {one.name for one in fields(cls)}
        return cls(**{name: value for name, value in values.items() if name in known})
