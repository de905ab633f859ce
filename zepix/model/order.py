"""An order on its way: a command to open or to close, with what became of it.

The state machine (only the broker moves it; an illegal move raises and changes nothing):

    decided -> waiting -> filled            the market took it
    decided -> refused | cancelled          answered at arrival
    waiting -> refused | cancelled          answered at the open where it would have filled
    held    -> decided | cancelled          it waits for other orders first (``after``)

Times are nanoseconds UTC, prices integer points, volumes integer steps; 0 means "none" for a level.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

__all__ = ["UNDER_WAY", "Order"]

MOVES: Final[dict[str, tuple[str, ...]]] = {
    "held": ("decided", "refused", "cancelled"),
    "decided": ("waiting", "filled", "refused", "cancelled"),
    "waiting": ("filled", "refused", "cancelled"),
    "filled": (),
    "refused": (),
    "cancelled": (),
}
UNDER_WAY: Final = ("held", "decided", "waiting")


@dataclass(slots=True, eq=False)
class Order:
    """One command. ``kind`` is ``market`` (opens) or ``close``; ``side`` +1 or -1, of the ticket it opens or closes.

    A close covers ``tickets`` if it names some, else every ticket of its plugin and symbol on ``side`` (0: both).
    ``sl_offset`` and ``tp_offset`` are signed points from the fill and win over ``sl`` and ``tp``. ``seq`` is the turn
    in which it was raised, ``why`` the numbers of a refusal.
    """

    id: int
    kind: str
    plugin_id: str
    family: str
    alert_id: str
    symbol: str
    side: int
    decided_ns: int
    arrival_ns: int
    volume_steps: int = 0
    volume: str = ""
    sl: int = 0
    tp: int = 0
    sl_offset: int | None = None
    tp_offset: int | None = None
    role: str = ""
    reason_to_close: str = "signal"
    comment: str = ""
    chain_id: str = ""
    from_timer: bool = False
    after: tuple[int, ...] = ()
    tickets: tuple[int, ...] = ()
    status: str = "decided"
    reason: str = ""
    answered_ns: int = -1
    fill_ns: int = -1
    fill_points: int = 0
    filled_steps: int = 0
    ticket: int = 0
    closed: int = 0
    taken_by: list[Order] = field(default_factory=list)
    parts_left: int = 0
    seq: int = 0
    why: dict[str, float] = field(default_factory=dict)
    depth: int = 0
    cause: Order | None = field(default=None, repr=False)

    def move(self, status: str, at_ns: int, reason: str = "") -> None:
        """Go to ``status``; an illegal move is a bug of the broker, raises AssertionError, changes nothing."""
        assert status in MOVES[self.status], f"order {self.id} cannot go from {self.status} to {status}"
        self.status = status
        self.reason = reason
        if status not in UNDER_WAY:
            self.answered_ns = at_ns

    @property
    def is_under_way(self) -> bool:
        return self.status in UNDER_WAY
