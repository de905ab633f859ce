"""TradingView's *List of trades* (Strategy Tester) as trades: both rows of each together, times in UTC.

- Headings of three generations and several languages; rows newest first or oldest first, the exit before its entry or
  after it; both rows carry the trade's number.
- Times are the chart's wall time and name no zone: ``zone`` is required. They are the opens of bars.
- A trade that is still open has no exit row, or one whose signal or time is the word *Open*.
- One entry that left in parts stands as several trades with the same entry; ``entry_number`` is that of the first.
- A number with several exit rows is read as parts of one trade. A row that fits nowhere is kept with its reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import tzinfo
from types import MappingProxyType
from typing import Any, Final

from zepix.alerts.imports.amounts import Amounts
from zepix.alerts.imports.headings import currency_of
from zepix.alerts.imports.recognise import TRADES_NEED, Recognised, trade_columns
from zepix.alerts.imports.tables import SheetTable, Table, TextTable, cell_text
from zepix.alerts.imports.trade_words import is_open_word, trade_type
from zepix.alerts.imports.wall_times import WallTimes
from zepix.alerts.payload import body_text, shown
from zepix.alerts.timestamps import NoZone
from zepix.errors import ConfigError, DataError

__all__ = ["BadTradeRow", "ListedTrade", "TradeList", "read_trades"]

TRADE_ROWS_LIMIT: Final = 4_000_000
_SIZES: Final = ("price", "quantity")
_NUMBERS: Final = (*_SIZES, "pnl", "commission")
_SIGNAL_LIMIT: Final = 256


@dataclass(frozen=True, slots=True)
class ListedTrade:
    """One trade as TradingView lists it. Prices as written; ``quantity`` in its contracts, ``pnl`` in ``currency``.

    ``part`` counts exits of one number from 1; ``exit_ns`` is None while the trade is open (``exit_price`` is then the
    price it is valued at, if any). ``rows`` are the rows of the file it comes from.
    """

    number: int
    side: str
    entry_ns: int
    entry_price: float | None
    entry_signal: str = ""
    exit_ns: int | None = None
    exit_price: float | None = None
    exit_signal: str = ""
    quantity: float | None = None
    pnl: float | None = None
    commission: float | None = None
    currency: str = ""
    symbol: str = ""
    part: int = 1
    entry_number: int = 0
    rows: tuple[int, ...] = ()

    @property
    def is_open(self) -> bool:
        return self.exit_ns is None


@dataclass(frozen=True, slots=True)
class BadTradeRow:
    """A row that is no part of a trade: its place, cells, time if it has one, and why."""

    number: int
    cells: tuple[str, ...]
    time_text: str
    reason: str
    detail: str


@dataclass(slots=True)
class TradeList:
    """Trades in the order of their numbers, rows that are none, and ``report``: what was read by which rule."""

    trades: list[ListedTrade]
    bad: list[BadTradeRow]
    report: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class _Row:
    """One row, read: an entry or an exit of a number."""

    number: int
    trade: int
    kind: str
    side: str
    time_ns: int | None
    price: float | None
    signal: str
    quantity: float | None
    pnl: float | None
    commission: float | None
    symbol: str


def read_trades(
    table: Table,
    zone: tzinfo | None,
    *,
    columns: Recognised | None = None,
    date_order: str | None = None,
    decimal: str | None = None,
    types: Mapping[str, str] = MappingProxyType({}),
) -> TradeList:
    """The trades of a table. ``types`` says what words of other languages mean (``{"Entrada": "entry-long"}``).

    Raises ConfigError where the zone, the order of dates or the decimal mark must be said, DataError for a table that
    is no List of trades or has no rows.
    """
    found = columns or trade_columns(table)
    if found is None:
        raise DataError(
            f"{table.name}: no List of trades; columns such as Trade #, Type, Date and time, Signal, Price were "
            f"expected, not {shown(', '.join(table.headings))}"
        )
    if zone is None:
        raise ConfigError(
            f"{table.name}: the times of a List of trades are those of the chart and name no zone; say it, as "
            "--zone America/New_York or --zone UTC"
        )
    amounts = Amounts(
        decimal, table.name, is_money=True, parted_by_commas=isinstance(table, TextTable) and table.delimiter == ","
    )
    reader = _Reader(table, found, WallTimes(zone, date_order, table.name), amounts, types)
    rows = reader.read()
    if not rows and not reader.bad:
        raise DataError(f"{table.name}: no trade in it; at least one entry was expected")
    currency = currency_of(table.headings[found.places["price"]]) or _pnl_currency(table, found)
    trades = _joined(rows, reader, currency)
    return TradeList(trades, reader.bad, _report(found, reader, trades, currency))


class _Reader:
    """Reads the rows of one table: first looks at all of them, then understands each."""

    def __init__(
        self, table: Table, found: Recognised, times: WallTimes, amounts: Amounts, types: Mapping[str, str]
    ) -> None:
        self.table = table
        self.times = times
        self.amounts = amounts
        self.bad: list[BadTradeRow] = []
        self.rows = 0
        self.left_out = 0
        self._places = found.places
        self._types = {word.strip().casefold(): _said_type(word, meaning) for word, meaning in types.items()}
        self._symbol = found.places.get("symbol")

    def read(self) -> list[_Row]:
        for row in self.table.rows():
            self.rows += 1
            if self.rows > TRADE_ROWS_LIMIT:
                raise DataError(f"{self.table.name} has more than {TRADE_ROWS_LIMIT:,} rows; split it")
            self.times.look(self._time_text(row.cells))
            for name in _NUMBERS:
                self.amounts.look(self._cell(row.cells, name))
        self.times.settle()
        self.amounts.settle()
        found = (self._row(row.number, row.cells) for row in self.table.rows())
        return [row for row in found if row is not None]

    def set_aside(self, number: int, cells: Iterable[Any], reason: str, detail: str) -> None:
        texts = tuple(cell_text(cell) for cell in cells)
        self.bad.append(BadTradeRow(number, texts, self._time_text(list(cells)), reason, f"row {number}: {detail}"))

    def set_aside_whole(self, misfits: Mapping[int, str]) -> None:
        """Sets aside rows by their numbers, each with why, as they stand in the table; which is read again for them."""
        if misfits:
            for row in self.table.rows():
                if row.number in misfits:
                    self.set_aside(row.number, row.cells, "bad_row", misfits[row.number])

    def _text(self, cells: Any, name: str) -> str:
        return cell_text(self._cell(cells, name))

    def _cell(self, cells: Any, name: str) -> Any:
        place = self._places.get(name)
        return cells[place] if place is not None and place < len(cells) else None

    def _amount(self, cells: Any, name: str) -> float | None:
        """The number of a column; one that only informs and cannot be read is left out, and counted."""
        cell = self._cell(cells, name)
        try:
            if name in _SIZES and "%" in cell_text(cell):
                raise ValueError(f"no {name}: {shown(cell_text(cell))}")
            return self.amounts.number(cell)
        except ValueError:
            if name in _SIZES:
                raise
            self.left_out += 1
            return None

    def _time_text(self, cells: Any) -> str:
        place = self._places["time"]
        cell = cells[place] if place < len(cells) else ""
        if isinstance(cell, float) and isinstance(self.table, SheetTable) and 0 < cell < 100_000:
            return self.table.day(cell).isoformat(" ")
        return cell_text(cell)

    def _row(self, number: int, cells: Any) -> _Row | None:
        if max(self._places[name] for name in TRADES_NEED) >= len(cells):
            self.set_aside(number, cells, "bad_row", "fewer cells than the heading")
            return None
        try:
            return self._understood(number, cells)
        except NoZone:
            self.set_aside(number, cells, "no_timezone", "its time has no zone")
        except (ValueError, OverflowError) as why:
            reason = "bad_time" if "time" in str(why) else "bad_row"
            self.set_aside(number, cells, reason, str(why))
        return None

    def _understood(self, number: int, cells: Any) -> _Row:
        trade = self._text(cells, "number")
        if not (trade.isdecimal() and len(trade) < 10):
            raise ValueError(f"{shown(trade)} is no trade's number")
        word = self._text(cells, "type")
        kind = self._types.get(word.casefold()) or trade_type(word)
        if kind is None:
            raise ValueError(f"type {shown(word)} is neither entry nor exit of long or short")
        signal = _harmless(self._text(cells, "signal"))
        values = {name: self._amount(cells, name) for name in _NUMBERS}
        if values["price"] is not None and not 0 < values["price"] <= 1e12:
            raise ValueError(f"price {shown(self._text(cells, 'price'))} is no price")
        if values["quantity"] is not None and not 0 < abs(values["quantity"]) <= 1e15:
            values["quantity"] = None
        return _Row(
            number, int(trade), *kind, self._moment(cells, kind[0]), values["price"], signal,
            None if values["quantity"] is None else abs(values["quantity"]), values["pnl"], values["commission"],
            _harmless(self._text(cells, "symbol"))[:64],
        )  # fmt: skip

    def _moment(self, cells: Any, kind: str) -> int | None:
        """Nanoseconds; None for an exit that has not come."""
        text = self._time_text(cells)
        if kind == "exit" and (is_open_word(text) or (not text and is_open_word(self._text(cells, "signal")))):
            return None
        try:
            return self.times.ns(text)
        except (ValueError, OverflowError) as why:
            raise ValueError(f"{shown(text)} is no time ({why})") from None


def _harmless(text: str) -> str:
    """A script's word as every file can hold it: broken bytes as escapes, what cannot be printed replaced."""
    if text.isascii() and text.isprintable():
        return text[:_SIGNAL_LIMIT]
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in body_text(text))[:_SIGNAL_LIMIT]


def _said_type(word: str, meaning: str) -> tuple[str, str]:
    found = trade_type(meaning.replace("-", " "))
    if found is None:
        raise ConfigError(f"--values type:{word}={meaning}: expected entry-long, exit-long, entry-short or exit-short")
    return found


def _joined(rows: list[_Row], reader: _Reader, currency: str) -> list[ListedTrade]:
    """Entry and exits of each number as trades, in the order of numbers; what has no entry is set aside."""
    by_number: dict[int, list[_Row]] = {}
    for row in rows:
        by_number.setdefault(row.trade, []).append(row)
    last_ns = max((row.time_ns for row in rows if row.time_ns is not None), default=0)
    trades: list[ListedTrade] = []
    misfits: dict[int, str] = {}
    for number in sorted(by_number):
        group = by_number[number]
        entries = [row for row in group if row.kind == "entry"]
        exits = sorted((row for row in group if row.kind == "exit"), key=_exit_order)
        problem = _misfit(entries, exits)
        if problem:
            misfits |= dict.fromkeys((row.number for row in group), f"trade {number} {problem}")
            continue
        trades += _trades_of(entries[0], exits, last_ns, currency)
    reader.set_aside_whole(misfits)
    return _with_entry_numbers(trades)


def _exit_order(row: _Row) -> tuple[bool, int, int]:
    return row.time_ns is None, row.time_ns or 0, row.number


def _misfit(entries: list[_Row], exits: list[_Row]) -> str:
    if len(entries) != 1:
        return "has no entry row; export the whole list" if not entries else "has several entry rows"
    entry = entries[0]
    if entry.time_ns is None:
        return "has no time of entry"
    if any(row.side != entry.side for row in exits):
        return "is long in one row and short in another"
    if any(row.time_ns is not None and row.time_ns < entry.time_ns for row in exits):
        return "left before it entered"
    return ""


def _trades_of(entry: _Row, exits: list[_Row], last_ns: int, currency: str) -> list[ListedTrade]:
    assert entry.time_ns is not None
    found = []
    for part, leaving in enumerate(exits or [None], 1):
        of = leaving or entry
        gone = None if leaving is None or _is_still_open(leaving, last_ns) else leaving.time_ns
        trade = ListedTrade(entry.trade, entry.side, entry.time_ns, entry.price, entry.signal, gone)
        found.append(
            replace(
                trade,
                exit_price=None if leaving is None else leaving.price,
                exit_signal="" if leaving is None else leaving.signal,
                quantity=of.quantity if of.quantity is not None else entry.quantity,
                pnl=of.pnl,
                commission=of.commission,
                currency=currency,
                symbol=entry.symbol,
                part=part,
                entry_number=entry.trade,
                rows=(entry.number,) if leaving is None else (entry.number, leaving.number),
            )
        )
    return found


def _is_still_open(leaving: _Row, last_ns: int) -> bool:
    """The word Open as a signal counts only at the list's last instant: a script may name an exit so."""
    return leaving.time_ns is None or (is_open_word(leaving.signal) and leaving.time_ns == last_ns)


def _with_entry_numbers(trades: list[ListedTrade]) -> list[ListedTrade]:
    """Trades of one entry that left in parts (same instant, side, price and signal, sizes known) get its number."""
    first: dict[tuple[Any, ...], int] = {}
    found = []
    for trade in trades:
        if trade.quantity is None or trade.entry_price is None:
            found.append(trade)
            continue
        key = (trade.symbol, trade.side, trade.entry_ns, trade.entry_price, trade.entry_signal)
        found.append(replace(trade, entry_number=first.setdefault(key, trade.number)))
    return found


def _pnl_currency(table: Table, found: Recognised) -> str:
    place = found.places.get("pnl")
    return "" if place is None else currency_of(table.headings[place])


def _report(found: Recognised, reader: _Reader, trades: list[ListedTrade], currency: str) -> dict[str, Any]:
    entries = Counter(trade.entry_number for trade in trades)
    report: dict[str, Any] = {
        "rows": reader.rows,
        "trades": len(trades),
        "columns": found.rule,
        "newest_first": len(trades) > 1 and trades[0].rows[0] > trades[-1].rows[0],
        "exit_before_entry": sum(len(trade.rows) > 1 and trade.rows[1] < trade.rows[0] for trade in trades),
        "open_trades": sum(trade.is_open for trade in trades),
        "left_in_parts": sum(count for count in entries.values() if count > 1),
        "begin_and_end_in_one_bar": sum(trade.entry_ns == trade.exit_ns for trade in trades),
        "currency": currency or None,
        "bad_rows": len(reader.bad),
    }
    if reader.left_out:
        report["amounts_left_out"] = reader.left_out
    if reader.amounts.rule:
        report["decimal_mark"] = f"{reader.amounts.mark} {reader.amounts.rule}"
    return report | reader.times.facts
