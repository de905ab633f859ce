"""An order on its way: a command to open, to close, to change or to cancel, with what became of it.

The state machine (only the broker moves it; an illegal move raises and changes nothing):

    decided -> waiting -> filled            the market took it
    decided -> waiting -> working           a pending order passed the check at its first open
    working -> filled                       its price came (a stop-limit: its trigger, then its limit)
    decided -> refused | cancelled          answered at arrival
    waiting -> refused | cancelled          answered at the open where it would have filled
    working -> refused | cancelled          answered where it would have filled; or expired, cancelled, oco, exit
    held    -> decided | cancelled          it waits for other orders first (``after``)

A command to close, change or cancel is ``filled`` when it did something, ``cancelled`` when there was nothing to do.
Times are nanoseconds UTC, prices integer points, volumes integer steps; 0 means "none" for a level.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, NamedTuple

__all__ = ["OPENING_KINDS", "PENDING_KINDS", "UNDER_WAY", "Order", "Trail"]

PENDING_KINDS: Final = ("limit", "stop", "stop_limit")
OPENING_KINDS: Final = ("market", *PENDING_KINDS)
MAX_TRAIL_POINTS: Final = 1 << 30

MOVES: Final[dict[str, tuple[str, ...]]] = {
    "held": ("decided", "refused", "cancelled"),
    "decided": ("waiting", "working", "filled", "refused", "cancelled"),
    "waiting": ("working", "filled", "refused", "cancelled"),
    "working": ("filled", "refused", "cancelled"),
    "filled": (),
    "refused": (),
    "cancelled": (),
}
UNDER_WAY: Final = ("held", "decided", "waiting", "working")


class Trail(NamedTuple):
    """A stop that follows the best price of its ticket, in points; ``step`` 0 moves it once (break-even).

    From ``start`` points ahead of the entry on: ``stop = entry + start + floor((move - start) / step) * step -
    distance`` for a long.
    """

    start: int
    step: int
    distance: int

    @classmethod
    def break_even(cls, points: int) -> Trail:
        """The trail that puts the stop to the entry once the price is ``points`` ahead."""
        return cls(points, 0, points)

    @property
    def reason(self) -> str:
        return "trailing" if self.step else "break_even"

    @property
    def problem(self) -> str:
        """What is wrong with it, as a sentence; nothing for a good one."""
        start, step, distance = self
        is_whole = type(start) is type(step) is type(distance) is int
        if is_whole and start >= 0 and step >= 0 and distance >= 1 and max(self) <= MAX_TRAIL_POINTS:
            return ""
        for name, value, least in zip(self._fields, self, (0, 0, 1), strict=True):
            if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= MAX_TRAIL_POINTS:
                return f"{name} of a trail must be a whole number of points, {least} or above, not {value!r}"
        return ""


@dataclass(slots=True, eq=False)
class Order:
    """One command. ``kind`` is one of ``OPENING_KINDS``, ``close``, ``modify`` or ``cancel``; ``side`` +1 or -1.

    Opening: ``price`` is a limit's price or a stop's trigger, ``limit`` the limit of a stop-limit; ``lifetime_ns``
    counts from the decision (0: no expiry; ``expires_ns`` is then made of it); orders of one plugin with the same
    ``oco`` name cancel each other; ``trails`` and ``target_reason`` pass to the ticket. ``sl_offset`` and ``tp_offset``
    are signed points from the fill and win over ``sl`` and ``tp``.

    Closing, changing, cancelling: covers ``targets`` (order ids: the order while it is under way, else its ticket) if
    it names some, else ``tickets``, else everything of its plugin and symbol on ``side`` (0: both). ``frac``: the share
    of each ticket's volume at its entry that is closed, None for all. ``new_sl``, ``new_tp``: None is unchanged.

    ``seq`` is the turn in which it was raised, ``why`` the numbers of a refusal.
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
    price: int = 0
    limit: int = 0
    lifetime_ns: int = 0
    expires_ns: int = 0
    oco: str = ""
    trails: tuple[Trail, ...] = ()
    target_reason: str = "tp"
    targets: tuple[int, ...] = ()
    frac: Decimal | None = None
    new_sl: int | None = None
    new_tp: int | None = None
    touched: int = 0
    """How many orders a close or cancel cancelled; how many tickets and orders a change changed."""

    @property
    def opens(self) -> bool:
        return self.kind in OPENING_KINDS

    @property
    def is_pending_kind(self) -> bool:
        return self.kind in PENDING_KINDS

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
