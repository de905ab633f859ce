"""A replay beside TradingView's own List of trades, ticket by ticket: what differs, by how much, and why.

Trades are matched with tickets by the ids that the import gave to their alerts (``T12``). Where the run has no such
alert (it replayed another log), they are matched by symbol, side and the time of entry, the nearest first; that is
said. Points are signed, plus is better for us. TradingView has one price and no spread, fills at the opens of its
chart's bars and inside them, and counts money in the quantity of its own orders; so money is compared at our volume.
"""

from __future__ import annotations

import json
import statistics
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from zepix.alerts.imports.sources import ImportOptions, trades_of_file
from zepix.alerts.imports.tables import ParquetTable, TextTable
from zepix.alerts.imports.trade_alerts import alert_id
from zepix.alerts.imports.trade_list import ListedTrade, read_trades
from zepix.alerts.imports.trade_table import is_trade_table, read_trade_table, safe_cell
from zepix.errors import ConfigError, DataError
from zepix.research.compare_rows import ComparedTrade, Ours, compared, missing, paired
from zepix.research.compare_run import ReplayedRun, replayed
from zepix.research.compare_words import row_lines, total_lines

if TYPE_CHECKING:
    import pandas as pd

    from zepix.research.result import Result

__all__ = ["TradeComparison", "compare_trades"]

WITHIN_S: Final = 300.0
_MOST_REASONS: Final = 12
_FEWEST_SHIFTED: Final = 3
_NEARLY_ALL: Final = 0.8
_HALF_HOUR_NS: Final = 1800 * 10**9
_FARTHEST_ZONES_NS: Final = 26 * 3600 * 10**9
Trades = str | PathLike[str] | Sequence[tuple[str, ListedTrade]]


class _Pair(NamedTuple):
    """A trade and our fill; ``why`` says why there is none."""

    name: str
    trade: ListedTrade
    fill: Ours | None
    why: str


@dataclass(slots=True)
class TradeComparison:
    """``rows`` one a trade, ``totals`` of all of them; prints as lines, opens as a DataFrame (``table``)."""

    rows: list[ComparedTrade]
    totals: dict[str, Any] = field(default_factory=dict)

    @property
    def table(self) -> pd.DataFrame:
        """One row a trade; times in UTC."""
        import pandas as pd

        frame = pd.DataFrame([row.as_dict() for row in self.rows])
        for name in [name for name in frame.columns if "_time_" in name]:
            frame[name] = pd.to_datetime(frame[name], utc=True, format="ISO8601")
        return frame

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values."""
        return {"totals": self.totals, "trades": [row.as_dict() for row in self.rows]}

    def save(self, path: str | PathLike[str]) -> Path:
        """Writes the rows: Parquet or JSON by the name's ending, else CSV. Raises DataError where it cannot."""
        from zepix.journal.atomic import written_whole

        target = Path(path)
        with written_whole(target) as draft:
            _WRITERS.get(target.suffix.lower(), _write_csv)(draft, self)
        return target

    def lines(self, limit: int = 0) -> list[str]:
        """The first ``limit`` rows as a table of text, and the totals in words."""
        return [*row_lines(self.rows[:limit]), *total_lines(self.totals)]

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def __repr__(self) -> str:
        return f"<TradeComparison {len(self.rows)} trades, {self.totals.get('both', 0)} with tickets>"


def compare_trades(
    run: Result | str | PathLike[str],
    trades: Trades,
    *,
    zone: tzinfo | None = None,
    date_order: str | None = None,
    decimal: str | None = None,
    id_prefix: str = "",
    within_s: float = WITHIN_S,
) -> TradeComparison:
    """A run (a Result, or its folder) beside TradingView's trades.

    ``trades``: the List of trades (CSV or XLSX; ``zone`` is then the chart's), the table that its import wrote, or
    pairs of alert id and trade. ``within_s`` is how far entries may lie apart where they are matched by time. Raises
    ConfigError where the zone must be said, DataError for what is no run or no list of trades.
    """
    named = _trades(trades, ImportOptions(zone=zone, date_order=date_order, decimal=decimal), id_prefix)
    if not named:
        raise DataError("there is no trade to compare")
    ours = replayed(run)
    is_known = any(name in ours.known_ids for name, _ in named)
    pairs = _by_id(named, ours) if is_known else _by_time(named, ours, within_s)
    rows = sorted(_rows(pairs, ours), key=lambda row: (row.entry_ns_theirs or 0, row.trade, row.part))
    used = {ticket for row in rows for ticket in row.tickets}
    extra = sorted({ticket for fill in ours.fills for ticket in fill.tickets} - used)
    rule = "by the ids of the alerts" if is_known else f"by time, at most {within_s:g} s apart"
    totals = _totals(rows, ours, extra, rule)
    totals["shift_hours"] = (
        _shift_s(_entries(rows)) or (0.0 if is_known else _shift_of_all(named, ours, within_s))
    ) / 3600
    return TradeComparison(rows, totals)


def _entries(rows: Iterable[ComparedTrade]) -> list[tuple[int, int]]:
    return [
        (row.entry_ns_theirs, row.entry_ns_ours)
        for row in rows
        if row.entry_ns_theirs is not None and row.entry_ns_ours is not None
    ]


def _trades(given: Trades, options: ImportOptions, prefix: str) -> list[tuple[str, ListedTrade]]:
    if not isinstance(given, str | PathLike):
        return list(given)
    path = Path(given)
    if not path.is_file():
        raise DataError(f"{path} does not exist or is no file; a List of trades of TradingView was expected")
    if _is_written_here(path):
        return read_trade_table(path)
    if options.zone is None:
        raise ConfigError(
            f"{path.name}: the times of a List of trades are those of the chart; say --zone, or name the table that "
            "the import wrote (.trades.parquet)"
        )
    table, columns = trades_of_file(path, options)
    listed = read_trades(table, options.zone, columns=columns, date_order=options.date_order, decimal=options.decimal)
    return [(alert_id(trade.entry_number, prefix), trade) for trade in listed.trades]


def _is_written_here(path: Path) -> bool:
    with path.open("rb") as handle:
        start = handle.read(4)
    if start == b"PAR1":
        return is_trade_table(ParquetTable(path))
    return start != b"PK\x03\x04" and is_trade_table(TextTable(path))


def _by_id(named: Iterable[tuple[str, ListedTrade]], ours: ReplayedRun) -> list[_Pair]:
    fills: dict[str, list[Ours]] = {}
    for fill, name in zip(ours.fills, ours.alert_ids, strict=True):
        fills.setdefault(name, []).append(fill)
    pairs: list[_Pair] = []
    for name, trades in _groups(named).items():
        if name in fills:
            pairs += _pairs(name, trades, fills[name])
        else:
            pairs += [_Pair(name, trade, None, ours.why_no_ticket(name)) for trade in trades]
    return pairs


def _groups(named: Iterable[tuple[str, ListedTrade]]) -> dict[str, list[ListedTrade]]:
    """Trades by entry, in the order in which they left."""
    groups: dict[str, list[ListedTrade]] = {}
    for name, trade in named:
        groups.setdefault(name, []).append(trade)
    for trades in groups.values():
        trades.sort(key=lambda trade: (trade.is_open, trade.exit_ns or 0, trade.number, trade.part))
    return groups


def _pairs(name: str, trades: list[ListedTrade], fills: list[Ours]) -> list[_Pair]:
    why = "our ticket had left whole before"
    return [_Pair(name, trade, fill, why) for trade, fill in zip(trades, paired(trades, fills), strict=True)]


def _rows(pairs: Iterable[_Pair], ours: ReplayedRun) -> Iterator[ComparedTrade]:
    """Every pair as a row; how far prices of one instant usually lie apart is learnt from all of them first."""
    pairs = list(pairs)
    gaps = []
    for pair in pairs:
        point = None if pair.fill is None else ours.point(pair.fill)
        if pair.fill is None or not point or pair.trade.entry_price is None:
            continue
        if _is_same(pair.fill.entry_ns, pair.trade.entry_ns):
            gaps.append(abs(pair.fill.entry_price - pair.trade.entry_price) / point)
    usual = statistics.median(gaps) if gaps else None
    shift_s = _shift_s([(pair.trade.entry_ns, pair.fill.entry_ns) for pair in pairs if pair.fill is not None])
    for pair in pairs:
        if pair.fill is None:
            yield missing(pair.name, pair.trade, pair.why)
        else:
            point, worth = ours.point(pair.fill), ours.point_money(pair.fill)
            yield compared(
                pair.name, pair.trade, pair.fill,
                point=point, point_money=worth, usual_points=usual, shift_s=shift_s,
            )  # fmt: skip


def _shift_s(entries: Sequence[tuple[int, int]]) -> float:
    """By how many seconds (whole hours, or half ones) our entries are later in nearly all trades; 0 where they are not.

    ``entries`` are (theirs, ours) in nanoseconds. A zone that was said wrongly looks so.
    """
    late = Counter(ours - theirs for theirs, ours in entries)
    if len(entries) < _FEWEST_SHIFTED:
        return 0.0
    shift_ns, count = late.most_common(1)[0]
    is_constant = count >= _NEARLY_ALL * len(entries) and shift_ns % _HALF_HOUR_NS == 0
    return shift_ns / 1e9 if is_constant and abs(shift_ns) <= _FARTHEST_ZONES_NS else 0.0


def _shift_of_all(named: Sequence[tuple[str, ListedTrade]], ours: ReplayedRun, within_s: float) -> float:
    """As ``_shift_s``, where trades and tickets do not meet: the shift by which they would, in seconds."""
    theirs = {(1 if trade.side == "buy" else -1, trade.entry_ns) for _, trade in named}
    mine: dict[int, list[int]] = {1: [], -1: []}
    for fill in ours.fills:
        mine[fill.side].append(fill.entry_ns)
    for times in mine.values():
        times.sort()

    def meet(shift_ns: int) -> int:
        found = 0
        for side, entry_ns in theirs:
            at = bisect_left(mine[side], entry_ns + shift_ns - int(within_s * 1e9))
            found += at < len(mine[side]) and mine[side][at] <= entry_ns + shift_ns + within_s * 1e9
        return found

    if len(theirs) < _FEWEST_SHIFTED or 2 * meet(0) > len(theirs):
        return 0.0
    steps = _FARTHEST_ZONES_NS // _HALF_HOUR_NS
    best = max(range(-steps, steps + 1), key=lambda step: (meet(step * _HALF_HOUR_NS), -abs(step)))
    return best * _HALF_HOUR_NS / 1e9 if meet(best * _HALF_HOUR_NS) >= _NEARLY_ALL * len(theirs) else 0.0


def _by_time(named: Sequence[tuple[str, ListedTrade]], ours: ReplayedRun, within_s: float) -> list[_Pair]:
    """The nearest entry of the same side (and symbol, where the list names one), each fill once."""
    by_ticket: dict[int, list[Ours]] = {}
    for fill in ours.fills:
        by_ticket.setdefault(fill.tickets[0], []).append(fill)
    groups = _groups(named)
    pairs = []
    for name, trades in groups.items():
        first = trades[0]
        side = 1 if first.side == "buy" else -1
        for ticket, fills in by_ticket.items():
            apart = abs(fills[0].entry_ns - first.entry_ns)
            is_alike = fills[0].side == side and first.symbol in ("", fills[0].symbol)
            if is_alike and apart <= within_s * 1e9:
                pairs.append((apart, first.number, name, ticket))
    chosen: dict[str, int] = {}
    for _, _, name, ticket in sorted(pairs):
        if name not in chosen and ticket not in chosen.values():
            chosen[name] = ticket
    found: list[_Pair] = []
    why = f"no ticket of its side within {within_s:g} s"
    for name, trades in groups.items():
        if name in chosen:
            found += _pairs(name, trades, by_ticket[chosen[name]])
        else:
            found += [_Pair(name, trade, None, why) for trade in trades]
    return found


def _totals(rows: Sequence[ComparedTrade], ours: ReplayedRun, extra: Sequence[int], rule: str) -> dict[str, Any]:
    both = [row for row in rows if row.tickets]
    closed = [row for row in both if row.difference_points is not None]
    without = Counter(row.reason for row in rows if not row.tickets)
    return {
        "trades": len(rows),
        "both": len(both),
        "matched": rule,
        "without_ticket": dict(without.most_common(_MOST_REASONS)),
        "tickets_without_trade": len(extra),
        "open_at_tradingview": sum(row.exit_ns_theirs is None for row in rows),
        "same_entry_time": sum(_is_same(row.entry_ns_ours, row.entry_ns_theirs) for row in both),
        "same_exit_time": sum(_is_same(row.exit_ns_ours, row.exit_ns_theirs) for row in both),
        "entry_points_median": _median([row.entry_points for row in both]),
        "exit_points_median": _median([row.exit_points for row in both]),
        "points_theirs": _sum([row.points_theirs for row in closed]),
        "points_ours": _sum([row.points_ours for row in closed]),
        "difference_points": _sum([row.difference_points for row in closed]),
        "pnl_ours": _sum([row.pnl_ours for row in both]),
        "pnl_theirs": _sum([row.pnl_theirs for row in rows]),
        "difference_money": _sum([row.difference_money for row in closed]),
        "currency": ours.currency,
    }


def _is_same(one: int | None, other: int | None) -> bool:
    return one is not None and other is not None and abs(one - other) <= 1_000_000_000


def _median(values: Iterable[float | None]) -> float | None:
    found = [value for value in values if value is not None]
    return round(statistics.median(found), 1) if found else None


def _sum(values: Iterable[float | None]) -> float | None:
    found = [value for value in values if value is not None]
    return round(sum(found), 2) + 0.0 if found else None


def _write_csv(path: Path, result: TradeComparison) -> None:
    import csv

    rows = [row.as_dict() for row in result.rows]
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(rows[0])
        for row in rows:
            row["tickets"] = " ".join(map(str, row["tickets"]))
            writer.writerow([safe_cell(value) for value in row.values()])


def _write_parquet(path: Path, result: TradeComparison) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = [row.as_dict() for row in result.rows]
    pq.write_table(pa.Table.from_pylist(rows), path, compression="zstd")


def _write_json(path: Path, result: TradeComparison) -> None:
    path.write_text(json.dumps(result.to_dict(), indent=2) + "\n", encoding="ascii", newline="\n")


_WRITERS: Final = {".parquet": _write_parquet, ".pq": _write_parquet, ".json": _write_json}
