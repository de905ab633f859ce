"""Tickets in groups: by symbol, plugin, exit reason, signal, role, level, session, weekday and hour; each plugin's own.

A group's *drawdown* is the largest fall of its closed money from its own peak, ticket by ticket in the order in which
they closed: what this part of the trade alone would have cost, open tickets left out. *Points* are summed; over
several symbols they mix units.

Sessions go by the hours of three places, daylight saving counted: ``Asia`` is 09:00 to 18:00 in Tokyo, ``London``
08:00 to 17:00 there, ``New York`` 08:00 to 17:00 there; an entry in two of them belongs to ``London + New York`` (or
``Asia + London``), one in none to ``between``. Hours and weekdays are those of the entry, UTC. A *level* is where the
ticket's chain stood when it was opened (``profit 0`` is order B of a pyramid, ``reentry 1`` order A).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from zepix.engine.record import RunRecord
from zepix.model import Alert
from zepix.model.series import Int64
from zepix.research import formulas as f
from zepix.research.columns import FillColumns

if TYPE_CHECKING:
    from zepix.research.stats import Tickets

__all__ = ["DIMENSIONS", "NONE", "grouped", "session_of"]

NONE: Final = "(none)"
DIMENSIONS: Final = ("signal", "role", "session", "hour")
"""What tickets are grouped by besides symbol, plugin and exit reason; within each plugin too."""
_WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_PLACES: Final = (
    ("Asia", ZoneInfo("Asia/Tokyo"), 9, 18),
    ("London", ZoneInfo("Europe/London"), 8, 17),
    ("New York", ZoneInfo("America/New_York"), 8, 17),
)
_HOUR_NS: Final = 3_600_000_000_000
_DAY_NS: Final = 24 * _HOUR_NS


def grouped(record: RunRecord, fills: FillColumns, tickets: Tickets, unit: int) -> dict[str, Any]:
    """``by_<dimension>``: value -> figures, most tickets first (hours, weekdays and levels in their order).

    ``by_plugin_and``: plugin -> dimension -> value -> figures.
    """
    words = {name: _of_tickets(fills, tickets, field) for name, field in _FIELDS.items()}
    words["signal"] = _signals(record, _of_tickets(fills, tickets, "alert_id"))
    entries = fills.integer("entry_ns")[tickets.row]
    words["hour"] = [f"{hour:02d}" for hour in (entries // _HOUR_NS % 24).tolist()]
    words["weekday"] = [_WEEKDAYS[(day + 3) % 7] for day in (entries // _DAY_NS).tolist()]  # 1970 began on a Thursday
    words["level"] = _levels(record, fills, tickets)
    words["session"] = _sessions(entries)
    everything = np.ones(len(tickets.row), bool)
    plugins = {plugin: np.array(words["plugin"], object) == plugin for plugin in _most(words["plugin"])}
    return {
        **{f"by_{name}": _by(name, found, tickets, everything, unit) for name, found in words.items()},
        "by_plugin_and": {
            plugin: {name: _by(name, words[name], tickets, mine, unit) for name in DIMENSIONS}
            for plugin, mine in plugins.items()
        },
    }


_FIELDS: Final = {"symbol": "symbol", "plugin": "plugin_id", "exit_reason": "exit_reason", "role": "role"}


def session_of(at_ns: int) -> str:
    """The trading session of an instant."""
    moment = datetime.fromtimestamp(at_ns // 1_000_000_000, UTC)
    open_places = [name for name, zone, begin, end in _PLACES if begin <= moment.astimezone(zone).hour < end]
    return " + ".join(open_places) or "between"


def _sessions(entries: Int64) -> list[str]:
    """The session of each entry; zones are offset by whole hours here, so an hour has one answer."""
    by_hour: dict[int, str] = {}
    hours = (entries // _HOUR_NS).tolist()
    for hour in hours:
        if hour not in by_hour:
            by_hour[hour] = session_of(hour * _HOUR_NS)
    return [by_hour[hour] for hour in hours]


def _of_tickets(fills: FillColumns, tickets: Tickets, field: str) -> list[str]:
    words = fills.text(field)
    return [words[row] or NONE for row in tickets.row.tolist()]


def _signals(record: RunRecord, alert_ids: Sequence[str]) -> list[str]:
    """The dialect's own word for what each ticket's alert was, else its type; of a ticket without an alert nothing."""
    words = {a.id: a.signal or a.type for a in record.alerts if isinstance(a, Alert)}
    return [words.get(one) or NONE for one in alert_ids]


def _levels(record: RunRecord, fills: FillColumns, tickets: Tickets) -> list[str]:
    """Kind and level of the chain of each ticket, by the first step that names it; of one without a chain nothing."""
    levels: dict[tuple[str, int], str] = {}
    for step in record.chains:
        if step.ticket:
            levels.setdefault((step.chain_id, step.ticket), f"{step.kind} {step.level}")
    chains, numbers = fills.text("chain_id"), fills.integer("ticket")
    return [levels.get((chains[row], int(numbers[row])), NONE) for row in tickets.row.tolist()]


def _most(words: Sequence[str]) -> list[str]:
    return [word for word, _ in Counter(words).most_common()]


def _by(
    name: str, words: Sequence[str], tickets: Tickets, among: NDArray[np.bool_], unit: int
) -> dict[str, dict[str, Any]]:
    """The figures of the tickets ``among`` that share a word, most tickets first; hours in their order."""
    rows: dict[str, list[int]] = {}
    for row in np.flatnonzero(among).tolist():
        rows.setdefault(words[row], []).append(row)
    order = sorted(rows, key=_ORDERS.get(name) or (lambda word: -len(rows[word])))
    return {word: _figures(tickets, np.array(rows[word], np.int64), unit) for word in order}


_ORDERS: Final[dict[str, Callable[[str], Any]]] = {"hour": str, "weekday": _WEEKDAYS.index, "level": str}
"""Groups that have an order of their own."""


def _figures(tickets: Tickets, mine: Int64, unit: int) -> dict[str, Any]:
    """The chief figures of some tickets (rows of ``tickets``, in order of closing)."""
    pnl = tickets.pnl[mine]
    return {
        "tickets": len(pnl),
        "net_profit": int(pnl.sum()) / unit,
        "win_rate": f.win_rate(pnl),
        "profit_factor": f.profit_factor(pnl),
        "expectancy": f.mean(pnl / unit),
        "points": float(tickets.points[mine].sum()),
        "expectancy_points": f.mean(tickets.points[mine]),
        "max_drawdown": f.max_drawdown(np.concatenate(([0.0], np.cumsum(pnl) / unit))),
        "average_mae_points": f.mean(tickets.mae[mine]),
        "average_mfe_points": f.mean(tickets.mfe[mine]),
        "average_bars_held": f.mean(tickets.bars[mine]),
        "commission": int(tickets.commission[mine].sum()) / unit,
    }
