"""Looking into the tables: newest first, by what people ask for, never more than a page.

``search(connection, "decisions", reason="spread_high", day="2026-01-31")``. Every filter that has an index behind it is
answered in the time of its page, however many rows there are (``docs/storage.md`` has the figures).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from difflib import get_close_matches
from typing import Any, Final

from sqlalchemy import Column, Connection, Table, and_, or_, select

from zepix.errors import ConfigError
from zepix_live.storage.tables import ALERTS, TABLES

__all__ = ["FILTERS", "MOST", "place_of", "search"]

MOST: Final = 1_000
"""Rows of one page."""
MOST_OF_ONE_ID: Final = 100
MOST_DIGITS: Final = 18
DAYS: Final = ("day", "since", "until")
FILTERS: Final[Mapping[str, Mapping[str, str]]] = {
    "alerts": {"alert": "alert_id", "kind": "kind", "source": "source", "ticker": "ticker"},
    "decisions": {
        "alert": "alert_id", "strategy": "strategy", "reason": "reason", "outcome": "outcome", "symbol": "symbol",
        "type": "type", "book": "book",
    },
    "orders": {
        "alert": "alert_id", "chain": "chain_id", "status": "status", "strategy": "strategy", "symbol": "symbol",
        "kind": "kind", "reason": "reason", "book": "book",
    },
    "positions": {
        "alert": "alert_id", "chain": "chain_id", "status": "status", "strategy": "strategy", "symbol": "symbol",
        "book": "book",
    },
    "trades": {
        "alert": "alert_id", "chain": "chain_id", "strategy": "strategy", "symbol": "symbol",
        "exit_reason": "exit_reason", "book": "book",
    },
    "reentry_chains": {
        "chain": "chain_id", "status": "status", "strategy": "strategy", "symbol": "symbol", "book": "book",
    },
    "profit_chains": {
        "chain": "chain_id", "status": "status", "strategy": "strategy", "symbol": "symbol", "book": "book",
    },
    "config_history": {"hash": "hash", "who": "who"},
    "audit_log": {"who": "who", "command": "command", "target": "target"},
}  # fmt: skip
"""By table: what may be asked for, and the column that answers."""
FEW: Final = ("alert", "chain")
"""What has few rows by its nature."""
JSON: Final = frozenset(
    {"numbers", "settings", "changed", "timeframes", "files", "command", "asked", "before", "after"}
)
NOT_JSON: Final = frozenset({("audit_log", "command")})


def search(
    connection: Connection,
    name: str,
    *,
    limit: int = 100,
    before: int | str | None = None,
    is_raw: bool = False,
    **wanted: Any,
) -> list[dict[str, Any]]:
    """Rows of a table, newest first, at most ``limit`` (1,000), as plain values.

    ``before``: only rows older than the one of this number (``seq``), or, by what ``place_of`` said of the last row of
    a page, those after it. ``is_raw``: columns that hold JSON stay the text that they are. ``wanted``: filters of
    ``FILTERS``; where the table has days, ``day``, or ``since`` and ``until`` (both included), as ``2026-01-31``.
    ``alert`` is an alert's id as the journal has it (``a7``) or as its sender gave it. A filter that is None asks for
    nothing. Raises ConfigError for what there is none of.
    """
    table = TABLES.get(name)
    if table is None:
        raise ConfigError(f"there is no table {ascii(name)[:60]}; there are {', '.join(TABLES)}")
    asked = {key: value for key, value in wanted.items() if value is not None}
    _known(name, table, asked)
    rows = select(table)
    for key, value in asked.items():
        if key in DAYS:
            rows = rows.where(_of_day(table.c.day, key, value))
        elif key == "book" and any(
            one != key for one in asked
        ):  # most rows are of one: any other index is a better one
            rows = rows.where(table.c.book.concat("") == str(value))
        elif key == "alert":
            rows = rows.where(table.c.alert_id.in_(_alert_ids(connection, str(value))))
        else:
            rows = rows.where(table.c[FILTERS[name][key]] == str(value))
    number = table.c.seq
    if before is not None:
        rows = rows.where(_further(table, before))
    limit = max(1, min(limit, MOST))
    if any(key in asked for key in FEW):  # sorted here, lest a server walks all days for the sake of their order
        found = [dict(row) for row in connection.execute(rows.limit(MOST)).mappings()]
        found.sort(key=lambda row: (row.get("day", ""), row["seq"]), reverse=True)
        found = found[:limit]
    else:
        order = (table.c.day.desc(), number.desc()) if "day" in table.c else (number.desc(),)
        found = [dict(row) for row in connection.execute(rows.order_by(*order).limit(limit)).mappings()]
    return found if is_raw else [_plain(name, row) for row in found]


def place_of(name: str, row: Mapping[str, Any]) -> str:
    """Where a row stands in its table's order, for ``before``: ``2026-01-31_5034``, without a day where there is none.

    A trade that was booked late (a stop that the market hit while the runner was down) has an earlier day than those
    that were written before it, so a number alone does not say which rows come after it.
    """
    return f"{row['day']}_{row['seq']}" if "day" in TABLES[name].c else str(row["seq"])


def _further(table: Table, before: int | str) -> Any:
    day, _, digits = str(before).rpartition("_")
    if not digits.isascii() or not digits.isdigit() or len(digits) > MOST_DIGITS:
        raise ConfigError(
            f"before is the number of a row, or what its page called the next one, not {ascii(before)[:60]}"
        )
    number = table.c.seq
    if not day or "day" not in table.c:
        return number < int(digits)
    return and_(table.c.day <= day, or_(table.c.day < day, number < int(digits)))


def _known(name: str, table: Table, asked: Mapping[str, Any]) -> None:
    there = [*FILTERS[name], *(DAYS if "day" in table.c else ())]
    problems = []
    for key in asked:
        if key not in there:
            near = get_close_matches(key, there, 1)
            meant = f"; did you mean {near[0]}?" if near else ""
            problems.append(f"{name} cannot be searched by {ascii(key)[:60]}, only by {', '.join(there)}{meant}")
    if problems:
        raise ConfigError(problems)


def _of_day(column: Column[str], key: str, value: Any) -> Any:
    try:
        day = date.fromisoformat(str(value)).isoformat()
    except ValueError:
        raise ConfigError(f"{key} is a day such as 2026-01-31, not {ascii(value)[:60]}") from None
    return column == day if key == "day" else column >= day if key == "since" else column <= day


def _alert_ids(connection: Connection, given: str) -> list[str]:
    """The journal's ids of what somebody calls an alert."""
    of_sender = select(ALERTS.c.alert_id).where(ALERTS.c.given_id == given).limit(MOST_OF_ONE_ID)
    return [given, *connection.execute(of_sender).scalars()]


def _plain(name: str, row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: json.loads(value) if key in JSON and value is not None and (name, key) not in NOT_JSON else value
        for key, value in row.items()
    }
