"""One trade of TradingView beside our ticket: times, prices, points, money, and why they differ, in words.

Points are signed so that plus is better for us: ``entry_points + exit_points`` is our result in points less theirs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from zepix.alerts.imports.trade_list import ListedTrade
from zepix.alerts.timestamps import from_ns
from zepix.research.stress_words import duration

__all__ = ["ComparedTrade", "Ours", "combined", "compared", "missing", "paired"]

_SAME_S: Final = 1
_STOPS: Final = {
    "sl": "our stop",
    "tp": "our target",
    "trailing": "our trailing stop",
    "break_even": "our stop at break-even",
    "stop_out": "the margin's stop-out",
    "equity_guard": "the equity guard",
    "profit_booking": "our profit booking",
    "session_end": "the session's end",
    "time_exit": "our longest hold",
}
_FAR: Final = 3.0
_SAME_PRICE_FRAC: Final = 0.001


@dataclass(frozen=True, slots=True)
class Ours:
    """Our side of a trade: one closing fill, or several together, weighted by volume. Money in the account's currency.

    ``spread_points`` is the spread when it was entered, None where prices are not at hand.
    """

    tickets: tuple[int, ...]
    symbol: str
    side: int
    volume: float
    entry_ns: int
    entry_price: float
    exit_ns: int
    exit_price: float
    exit_reason: str
    pnl: float
    gross: float
    spread_points: float | None = None


@dataclass(frozen=True, slots=True)
class ComparedTrade:
    """One row of the comparison; what does not exist is None. Times are nanoseconds UTC."""

    trade: int
    part: int
    alert_id: str
    symbol: str
    side: str
    status: str
    reason: str
    tickets: tuple[int, ...] = ()
    entry_ns_theirs: int | None = None
    entry_ns_ours: int | None = None
    entry_price_theirs: float | None = None
    entry_price_ours: float | None = None
    exit_ns_theirs: int | None = None
    exit_ns_ours: int | None = None
    exit_price_theirs: float | None = None
    exit_price_ours: float | None = None
    exit_reason_ours: str = ""
    entry_points: float | None = None
    exit_points: float | None = None
    points_theirs: float | None = None
    points_ours: float | None = None
    difference_points: float | None = None
    volume_ours: float | None = None
    quantity_theirs: float | None = None
    pnl_ours: float | None = None
    pnl_theirs: float | None = None
    difference_money: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """The fields, times as ISO 8601."""
        found = asdict(self)
        for name in [name for name in found if "_ns_" in name]:
            ns = found.pop(name)
            found[name.replace("_ns_", "_time_")] = None if ns is None else from_ns(ns)
        found["tickets"] = list(self.tickets)
        return found


def missing(name: str, trade: ListedTrade, reason: str) -> ComparedTrade:
    """A trade for which there is no ticket."""
    return ComparedTrade(
        trade=trade.number,
        part=trade.part,
        alert_id=name,
        symbol=trade.symbol,
        side=trade.side,
        status="no ticket",
        reason=reason,
        entry_ns_theirs=trade.entry_ns,
        entry_price_theirs=trade.entry_price,
        exit_ns_theirs=trade.exit_ns,
        exit_price_theirs=trade.exit_price,
        quantity_theirs=trade.quantity,
        pnl_theirs=trade.pnl,
    )


def compared(
    name: str,
    trade: ListedTrade,
    ours: Ours,
    *,
    point: float | None,
    point_money: float | None,
    usual_points: float | None = None,
    shift_s: float = 0.0,
) -> ComparedTrade:
    """A trade beside its ticket. ``point`` is the symbol's; ``point_money`` what a point is worth at our volume.

    ``usual_points`` is how far prices of one instant usually lie apart: what is far beyond it, and beyond the spread,
    was not filled at the open of a bar there; what is beyond a thousandth of the price is no other feed's price of that
    instant. ``shift_s`` is by how much nearly all trades are later here, where that is a constant.
    """
    entry = _points(ours.side, trade.entry_price, ours.entry_price, point)
    leaving = None if trade.is_open else _points(ours.side, ours.exit_price, trade.exit_price, point)
    theirs = None if trade.is_open else _points(ours.side, trade.exit_price, trade.entry_price, point)
    mine = _points(ours.side, ours.exit_price, ours.entry_price, point)
    difference = None if mine is None or theirs is None else mine - theirs
    yard = ours.spread_points if ours.spread_points is not None else usual_points
    most = None if not point else _SAME_PRICE_FRAC * ours.entry_price / point
    is_known = ours.spread_points is not None
    words = [
        _entry_words(trade, ours, _price_words(entry, yard, most, is_spread_known=is_known), shift_s),
        _exit_words(trade, ours, _price_words(leaving, yard, most, is_spread_known=is_known), shift_s),
    ]
    status = "open there" if trade.is_open else "both"
    return ComparedTrade(
        trade=trade.number,
        part=trade.part,
        alert_id=name,
        symbol=trade.symbol or ours.symbol,
        side=trade.side,
        status=status,
        reason=_joined(*words),
        tickets=ours.tickets,
        entry_ns_theirs=trade.entry_ns,
        entry_ns_ours=ours.entry_ns,
        entry_price_theirs=trade.entry_price,
        entry_price_ours=ours.entry_price,
        exit_ns_theirs=trade.exit_ns,
        exit_ns_ours=ours.exit_ns,
        exit_price_theirs=trade.exit_price,
        exit_price_ours=ours.exit_price,
        exit_reason_ours=ours.exit_reason,
        entry_points=entry,
        exit_points=leaving,
        points_theirs=theirs,
        points_ours=mine,
        difference_points=difference,
        volume_ours=ours.volume,
        quantity_theirs=trade.quantity,
        pnl_ours=ours.pnl,
        pnl_theirs=trade.pnl,
        difference_money=None if difference is None or point_money is None else round(difference * point_money, 4),
    )


def _points(side: int, higher: float | None, lower: float | None, point: float | None) -> float | None:
    """Points from one price to another, plus where that is good for the side; rounded to a tenth."""
    if higher is None or lower is None or not point:
        return None
    return round(side * (higher - lower) / point, 1) + 0.0


def _joined(entry: str, leaving: str) -> str:
    """``entry, exit: spread or feed`` where both have one reason."""
    if entry and leaving.removeprefix("exit: ") == entry.removeprefix("entry: "):
        return f"entry, {leaving}"
    return "; ".join(word for word in (entry, leaving) if word) or "alike"


def _entry_words(trade: ListedTrade, ours: Ours, price: str, shift_s: float) -> str:
    late_s = (ours.entry_ns - trade.entry_ns) / 1e9
    if shift_s and abs(late_s - shift_s) <= _SAME_S:
        return f"entered {_late(late_s)}, as nearly all are: another zone?"
    if late_s > _SAME_S:
        return f"entered {_late(late_s)}, at our next open"
    if late_s < -_SAME_S:
        return f"entered {_late(late_s)}"
    return f"entry: {price}" if price else ""


def _exit_words(trade: ListedTrade, ours: Ours, price: str, shift_s: float) -> str:
    by = _STOPS.get(ours.exit_reason, "")
    if trade.is_open:
        return f"open at TradingView; here {_left(ours, by)}"
    assert trade.exit_ns is not None
    late_s = (ours.exit_ns - trade.exit_ns) / 1e9
    if ours.exit_reason == "end_of_data":
        return "still open here when the prices ended"
    if shift_s and abs(late_s - shift_s) <= _SAME_S:
        return f"{by or 'closed here'} {_late(late_s)} too"
    if abs(late_s) > _SAME_S:
        return f"{by or 'closed here'} {_late(late_s)}"
    if by:
        return f"{by} in the same bar"
    return f"exit: {price}" if price else ""


def _late(seconds: float) -> str:
    return f"{duration(abs(seconds))} {'later' if seconds > 0 else 'earlier'}"


def _left(ours: Ours, by: str) -> str:
    return "until the prices ended" if ours.exit_reason == "end_of_data" else f"closed by {by or ours.exit_reason}"


def _price_words(points: float | None, yard: float | None, most: float | None, *, is_spread_known: bool) -> str:
    """Why a price of the same instant is another one; nothing where it is the same."""
    if points is None or points == 0:
        return ""
    is_odd = most is not None and abs(points) > most
    if is_odd and not is_spread_known and (yard is None or most is None or yard > most):
        return "another price at that time: another zone, symbol or feed?"
    is_far = is_odd or (yard is not None and abs(points) > _FAR * yard + 1)
    if is_far and points < 0 and not is_spread_known:
        return "wide spread, or filled inside the bar there"
    if is_far:
        return "filled inside the bar there"
    if points > 0:
        return "another feed"
    return "spread, slippage" if is_spread_known else "spread, slippage or feed"


def combined(fills: Sequence[Ours]) -> Ours:
    """Several fills as one: prices weighted by volume, from the first entry to the last exit."""
    if len(fills) == 1:
        return fills[0]
    volume = sum(fill.volume for fill in fills)
    last = max(fills, key=lambda fill: fill.exit_ns)

    def mean(name: str) -> float:
        return float(sum(getattr(fill, name) * fill.volume for fill in fills) / volume)

    return Ours(
        tickets=tuple(dict.fromkeys(ticket for fill in fills for ticket in fill.tickets)),
        symbol=last.symbol,
        side=last.side,
        volume=volume,
        entry_ns=min(fill.entry_ns for fill in fills),
        entry_price=mean("entry_price"),
        exit_ns=last.exit_ns,
        exit_price=mean("exit_price"),
        exit_reason=last.exit_reason,
        pnl=sum(fill.pnl for fill in fills),
        gross=sum(fill.gross for fill in fills),
        spread_points=fills[0].spread_points,
    )


def paired(trades: Sequence[ListedTrade], fills: Sequence[Ours]) -> list[Ours | None]:
    """Our fills for the trades of one entry, in the order of their exits; the last trade takes what is over.

    None for a part of theirs that ours closed together with the one before.
    """
    fills = sorted(fills, key=lambda fill: fill.exit_ns)
    count = len(trades)
    if len(fills) >= count:
        return [*fills[: count - 1], combined(fills[count - 1 :])]
    return [*fills, *([None] * (count - len(fills)))]
