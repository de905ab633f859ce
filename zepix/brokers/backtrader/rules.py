"""The page's price rules as plain functions of points: what touches, what gaps, where a trailing stop moves."""

from __future__ import annotations

from typing import Final

from zepix.model import Trail
from zepix.model.instrument import MAX_POINTS

__all__ = [
    "beyond_entry",
    "exit_at_open",
    "exit_in_range",
    "is_better_stop",
    "level_from",
    "moved_stop",
    "on_own_side",
    "stops_are_valid",
    "touches",
]

STOP: Final = "stop"
TARGET: Final = "target"


def level_from(fill: int, offset: int) -> int:
    """A level given as a distance from the fill; beyond all prices it stands at the farthest there can be."""
    return min(max(fill + offset, 1), MAX_POINTS)


def touches(side: int, level: int, low: int, high: int, *, favourable: bool) -> bool:
    """Whether a range on the closing side touches a ticket's level: its target (favourable) or its stop."""
    return high >= level if (side > 0) == favourable else low <= level


def exit_at_open(side: int, sl: int, tp: int, price: int) -> str:
    """Which level an open at ``price`` on the closing side is at or beyond; beyond both it is the stop."""
    if sl and touches(side, sl, price, price, favourable=False):
        return STOP
    if tp and touches(side, tp, price, price, favourable=True):
        return TARGET
    return ""


def exit_in_range(side: int, sl: int, tp: int, low: int, high: int, *, optimistic: bool) -> tuple[str, bool]:
    """(which level a range takes, whether it held both)."""
    stop = bool(sl) and touches(side, sl, low, high, favourable=False)
    target = bool(tp) and touches(side, tp, low, high, favourable=True)
    if stop and target:
        return (TARGET if optimistic else STOP), True
    return (STOP if stop else TARGET if target else ""), False


def exit_of_entry_bar(
    side: int, sl: int, tp: int, low: int, high: int, close: int, *, optimistic: bool
) -> tuple[str, bool]:
    """(the exit of a pending filled inside a bar in that same bar, whether the range touched a level at all).

    Pessimistic: the stop if touched, else the target if the close is at or beyond it; optimistic: mirrored.
    """
    stop = bool(sl) and touches(side, sl, low, high, favourable=False)
    target = bool(tp) and touches(side, tp, low, high, favourable=True)
    in_doubt = stop or target
    if optimistic:
        stop = bool(sl) and touches(side, sl, close, close, favourable=False)
        return (TARGET if target else STOP if stop else ""), in_doubt
    target = bool(tp) and touches(side, tp, close, close, favourable=True)
    return (STOP if stop else TARGET if target else ""), in_doubt


def stops_are_valid(side: int, sl: int, tp: int, closing: int, least: int) -> bool:
    """A stop behind, a target ahead of the closing side's price, neither closer than ``least`` points."""
    nearest = max(least, 1)
    if sl and side * (closing - sl) < nearest:
        return False
    return not (tp and side * (tp - closing) < nearest)


def on_own_side(kind: str, side: int, price: int, opened: int) -> bool:
    """Whether a pending's price lies strictly on its own side of an open on the entry side."""
    ahead = side * (price - opened)
    return ahead < 0 if kind == "limit" else ahead > 0


def beyond_entry(kind: str, side: int, price: int, low: int, high: int) -> bool:
    """Whether a range on the entry side touches a limit's price or a stop's trigger (an open: low = high)."""
    return touches(side, price, low, high, favourable=kind != "limit")


def moved_stop(trail: Trail, side: int, entry: int, best: int) -> int | None:
    """Where a trail wants the stop, None while the best price is not ``start`` points ahead."""
    move = side * (best - entry)
    if move < trail.start:
        return None
    gained = (move - trail.start) // trail.step * trail.step if trail.step else 0
    return max(entry + side * (trail.start + gained - trail.distance), 1)


def is_better_stop(side: int, stop: int, last: int) -> bool:
    """Whether a stop lies nearer than the last one set; anything is better than none (0)."""
    return not last or side * (stop - last) > 0
