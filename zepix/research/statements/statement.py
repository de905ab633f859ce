"""A broker's statement: closed positions, part by part, and the money that belongs to none.

- MetaTrader 5: the history report (HTML or XLSX; its section *Positions*, with the comments of its *Deals*), or a table
  of deals as the terminal's own interface gives them (``position_id, entry, type, ...``), hedged or netted.
- Anything else: a table with a row a closed position, its columns by their headings or by a map.

Times are the server's wall clock: ``zone`` says which. A row that cannot be read is named with its line; since money
would be missing without it, the statement is refused, unless the reader says that such rows may be left out.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any, Final

from zepix.alerts.imports.amounts import Amounts
from zepix.alerts.imports.cells import CellRow, Cells, read_cells
from zepix.alerts.imports.tables import cell_text
from zepix.alerts.imports.wall_times import WallTimes
from zepix.alerts.payload import shown
from zepix.alerts.timestamps import NoZone
from zepix.errors import ConfigError, DataError
from zepix.research.statements.closed import Closed, Deal, Money, Opened, closed_of_deals, reason_of
from zepix.research.statements.headings import Section, mapped, section_of, what_is_missing

__all__ = ["Statement", "StatementOptions", "read_statement"]

_MOST_LOOKED: Final = 200
MOST_AMOUNT: Final = 1e12
MOST_NAMED: Final = 20
_ACCOUNT: Final = re.compile(r"\(([A-Z]{3})\s*[,)]")
_NUMBERS: Final = ("volume", "open_price", "close_price", "price", "sl", "tp", "commission", "fee", "swap", "profit")
_TIMES: Final = ("time", "open_time", "close_time")
_SIDES: Final = {"buy": 1, "sell": -1, "long": 1, "short": -1, "b": 1, "s": -1, "0": 1, "1": -1}
_ENTRIES: Final = {
    "in": "in", "0": "in", "out": "out", "1": "out", "in out": "inout", "inout": "inout", "2": "inout",
    "out by": "out", "outby": "out", "3": "out",
}  # fmt: skip
_TYPES: Final = {
    "2": "balance", "3": "credit", "4": "charge", "5": "correction", "6": "bonus", "7": "commission",
    "8": "commission daily", "9": "commission monthly", "12": "interest", "15": "dividend", "16": "dividend",
    "17": "tax",
}  # fmt: skip
_FLOWS: Final = ("balance", "credit", "bonus", "deposit", "withdrawal")
"""Money that was brought or taken away: no profit."""


@dataclass(frozen=True, slots=True)
class StatementOptions:
    """What the user says beside the file; None is not said."""

    zone: tzinfo | None = None
    currency: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    decimal: str | None = None
    date_order: str | None = None
    skips_bad: bool = False


@dataclass(slots=True)
class Statement:
    """``closed`` in the order of the file, ``opened`` what is open whole; ``money`` of the account beside them;
    ``facts``: what was read, by which rule; ``bad``: rows that were left out, each with its line."""

    name: str
    currency: str
    closed: list[Closed]
    opened: list[Opened]
    money: list[Money]
    facts: dict[str, Any]
    bad: list[str]


def read_statement(path: Path, options: StatementOptions | None = None) -> Statement:
    """The statement in a file. Raises DataError for what is none, or holds rows that cannot be read (every line is
    named); ConfigError where the zone, the currency, the decimal mark or the order of dates must be said."""
    options = options or StatementOptions()
    cells = read_cells(path)
    sections = list(_sections(cells, options))
    if not sections:
        nearest = what_is_missing([(row.line, row.cells) for row in cells.rows[:_MOST_LOOKED]])
        if nearest:
            raise DataError(f"{path}: no statement: {nearest}; --columns FIELD=HEADING,... names other columns")
        expected = "a history report or table of deals of MetaTrader 5, or a table with a row a closed position"
        raise DataError(f"{path}: no statement; expected {expected}; --columns FIELD=HEADING,... names other columns")
    reader = _Reader(cells, options, sections)
    found = reader.read()
    if reader.bad and not options.skips_bad:
        more = f"; and {len(reader.bad) - MOST_NAMED} more" if len(reader.bad) > MOST_NAMED else ""
        raise DataError(
            f"{path}: {len(reader.bad)} rows cannot be read: {'; '.join(reader.bad[:MOST_NAMED])}{more}; mend them, or "
            "leave them out with --skip-bad"
        )
    if not found.closed and not found.money:
        raise DataError(f"{path}: no closed position in it; at least one was expected")
    return found


def _sections(cells: Cells, options: StatementOptions) -> Iterable[tuple[Section, list[CellRow]]]:
    """Every table of the file that is read, with its rows."""
    section: Section | None = None
    rows: list[CellRow] = []
    for row in cells.rows:
        begun = mapped(row.cells, options.columns, row.line) if options.columns else section_of(row.cells, row.line)
        is_title = sum(cell_text(cell) != "" for cell in row.cells) == 1
        is_other = begun is None and (_is_sum(row) or (not options.columns and _is_heading(row)))
        if begun is not None or is_title or is_other:
            if section is not None:
                yield section, rows
            section, rows = begun, []
        elif section is not None:
            rows.append(row)
    if section is not None:
        yield section, rows


def _is_sum(row: CellRow) -> bool:
    """A line of a report's results: ``Balance: 10 000.00``."""
    return cell_text(row.cells[0]).endswith(":")


def _is_heading(row: CellRow) -> bool:
    """A row of words without a figure: another section of a report begins (its orders)."""
    texts = [cell_text(cell) for cell in row.cells if cell_text(cell)]
    return len(texts) > 4 and not any(any(c.isdigit() for c in text) for text in texts)


class _Reader:
    """Reads the rows of one file: first looks at all of them, then understands each."""

    def __init__(self, cells: Cells, options: StatementOptions, sections: list[tuple[Section, list[CellRow]]]) -> None:
        self.cells, self.options, self.sections = cells, options, sections
        self.bad: list[str] = []
        self.twice: list[int] = []
        self.flows = 0
        name = cells.name
        decimal = options.decimal
        self.amounts = Amounts(decimal, name, is_money=True, parted_by_commas=cells.dot_is_decimal)
        self.times = WallTimes(options.zone, options.date_order, name)
        for section, found in sections:
            for row in found:
                for field_name in _NUMBERS:
                    self.amounts.look(section.cell(row.cells, field_name))
                for field_name in _TIMES:
                    self.times.look(cell_text(section.cell(row.cells, field_name)))
        self.amounts.settle()
        self.times.settle()

    def read(self) -> Statement:
        closed: list[Closed] = []
        deals: list[Deal] = []
        money: list[Money] = []
        for section, rows in self.sections:
            self._look_for_twins(rows)
            for row in rows:
                try:
                    if section.kind == "closed":
                        closed.append(self._closed(section, row))
                    else:
                        self._deal(section, row, deals, money)
                except NoZone:
                    raise ConfigError(
                        f"{self.cells.name} line {row.line}: times of a statement are the server's wall clock; say "
                        "--zone, as Europe/Athens or America/New_York+7"
                    ) from None
                except (ValueError, OverflowError) as why:
                    self.bad.append(f"line {row.line}: {why}")
        opened: list[Opened] = []
        if closed:
            closed = _with_comments(closed, deals)
        else:
            closed, opened, problems = closed_of_deals(deals)
            self.bad += problems
        facts: dict[str, Any] = {"closed": len(closed), "deals": len(deals), "cash_flows": self.flows}
        facts |= {"rows_left_out": len(self.bad), **self.times.facts}
        facts |= {"twice": self.twice, "without": self._without()}
        if self.amounts.rule:
            facts["decimal"] = self.amounts.rule
        return Statement(self.cells.name, self._currency(), closed, opened, money, facts, self.bad)

    def _look_for_twins(self, rows: list[CellRow]) -> None:
        """Rows that say the same as one above: two exports in one file, or two halves that were closed at once."""
        seen: set[tuple[str, ...]] = set()
        for row in rows:
            texts = tuple(cell_text(cell) for cell in row.cells)
            if texts in seen:
                self.twice.append(row.line)
            elif any(texts):
                seen.add(texts)

    def _without(self) -> list[str]:
        """Costs that no column tells."""
        columns = {name for section, _ in self.sections for name in section.places}
        return [name for name, others in (("commission", {"fee"}), ("swap", set())) if not columns & {name, *others}]

    def _currency(self) -> str:
        if self.options.currency:
            return self.options.currency
        for row in self.cells.rows[:40]:
            texts = [cell_text(cell) for cell in row.cells]
            if any(text.casefold().startswith(("account", "konto", "cuenta", "compte", "conta")) for text in texts):
                found = [match[1] for match in map(_ACCOUNT.search, texts) if match]
                if found:
                    return found[0]
        raise ConfigError(f"{self.cells.name} does not say what its money is counted in; say --currency, as USD")

    def _closed(self, section: Section, row: CellRow) -> Closed:
        self._check_width(section, row)
        commission = self._number(section, row, "commission") or 0.0
        level, reason = reason_of(self._text(section, row, "comment"), self._text(section, row, "reason"))
        stop, target = self._number(section, row, "sl"), self._number(section, row, "tp")
        opened, left = self._time(section, row, "open_time"), self._time(section, row, "close_time")
        if left < opened:
            raise ValueError("it was closed before it was opened")
        return Closed(
            position=self._text(section, row, "position") or f"line {row.line}",
            symbol=self._symbol(section, row),
            side=self._side(section, row),
            volume=self._size(section, row),
            open_ns=opened,
            open_price=self._price(section, row, "open_price"),
            close_ns=left,
            close_price=self._price(section, row, "close_price"),
            commission=commission + (self._number(section, row, "fee") or 0.0),
            swap=self._number(section, row, "swap") or 0.0,
            profit=self._needed(section, row, "profit"),
            level=level or {"sl": stop, "tp": target}.get(reason),
            reason=reason,
            line=row.line,
        )

    def _deal(self, section: Section, row: CellRow, deals: list[Deal], money: list[Money]) -> None:
        word = self._text(section, row, "side").casefold()
        if not self._text(section, row, "symbol"):
            self._money(section, row, _TYPES.get(word, word), money)
            return
        self._check_width(section, row)
        entry = _ENTRIES.get(self._text(section, row, "entry").casefold().replace("/", " ").replace("_", " "))
        if entry is None:
            raise ValueError(f"direction {shown(self._text(section, row, 'entry'))} is neither in nor out")
        level, reason = reason_of(self._text(section, row, "comment"), self._text(section, row, "reason"))
        deals.append(
            Deal(
                position=self._text(section, row, "position"),
                entry=entry,
                symbol=self._symbol(section, row),
                side=self._side(section, row),
                volume=self._size(section, row),
                t_ns=self._time(section, row, "time"),
                price=self._price(section, row, "price"),
                commission=(self._number(section, row, "commission") or 0.0)
                + (self._number(section, row, "fee") or 0.0),
                swap=self._number(section, row, "swap") or 0.0,
                profit=self._number(section, row, "profit") or 0.0,
                level=level,
                reason=reason,
                line=row.line,
            )
        )

    def _money(self, section: Section, row: CellRow, word: str, money: list[Money]) -> None:
        """A row of the account's money; a line of sums, which has no time, is passed over."""
        if not self._text(section, row, "time"):
            return
        if any(flow in word for flow in _FLOWS):
            self.flows += 1
            return
        whole = sum(self._number(section, row, name) or 0.0 for name in ("commission", "fee", "swap", "profit"))
        money.append(Money(word or "unnamed", self._time(section, row, "time"), whole))

    # -- cells ---------------------------------------------------------------------------------------------------------

    def _check_width(self, section: Section, row: CellRow) -> None:
        if max(section.places[name] for name in section.needs) >= len(row.cells):
            raise ValueError(f"{len(row.cells)} cells, fewer than the heading names")

    def _text(self, section: Section, row: CellRow, name: str) -> str:
        return cell_text(section.cell(row.cells, name))

    def _number(self, section: Section, row: CellRow, name: str) -> float | None:
        try:
            found = self.amounts.number(section.cell(row.cells, name))
        except ValueError as why:
            raise ValueError(f"{name}: {why}") from None
        if found is not None and abs(found) > MOST_AMOUNT:
            raise ValueError(f"{name}: {shown(self._text(section, row, name))} is beyond {MOST_AMOUNT:,.0f}")
        return found

    def _needed(self, section: Section, row: CellRow, name: str) -> float:
        found = self._number(section, row, name)
        if found is None:
            raise ValueError(f"{name} is empty")
        return found

    def _price(self, section: Section, row: CellRow, name: str) -> float:
        found = self._needed(section, row, name)
        if not 0 < found <= 1e12:
            raise ValueError(f"{name} {shown(self._text(section, row, name))} is no price")
        return found

    def _size(self, section: Section, row: CellRow) -> float:
        found = self._needed(section, row, "volume")
        if not 0 < found <= 1e9:
            raise ValueError(f"volume {shown(self._text(section, row, 'volume'))} is none")
        return found

    def _symbol(self, section: Section, row: CellRow) -> str:
        found = self._text(section, row, "symbol")
        if not 0 < len(found) <= 64 or not found.isprintable():
            raise ValueError(f"{shown(found)} is no symbol")
        return found

    def _side(self, section: Section, row: CellRow) -> int:
        word = self._text(section, row, "side").casefold()
        if word not in _SIDES:
            raise ValueError(f"type {shown(word)} is neither buy nor sell")
        return _SIDES[word]

    def _time(self, section: Section, row: CellRow, name: str) -> int:
        cell = section.cell(row.cells, name)
        text = cell_text(cell)
        if isinstance(cell, float) and self.cells.moment is not None and 0 < cell < 100_000:
            text = self.cells.moment(cell).isoformat(" ")
        elif text.isdecimal() and len(text) in (10, 13):  # the server's wall clock, counted as if it were UTC
            seconds = int(text) / (1 if len(text) == 10 else 1000)
            text = datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None).isoformat(" ")
        try:
            return self.times.ns(text)
        except NoZone:
            raise
        except (ValueError, OverflowError) as why:
            raise ValueError(f"{shown(text)} is no time ({why})") from None


def _with_comments(closed: list[Closed], deals: list[Deal]) -> list[Closed]:
    """Positions of a report with what the comments of its deals tell: why and at which level they were closed."""
    leaving: dict[tuple[int, str, float], list[Deal]] = defaultdict(list)
    for one_deal in deals:
        if one_deal.entry != "in":
            leaving[one_deal.t_ns, one_deal.symbol, one_deal.volume].append(one_deal)
    found = []
    for one in closed:
        group = leaving.get((one.close_ns, one.symbol, one.volume), [])
        deal = next((deal for deal in group if deal.price == one.close_price), None)
        if deal is None or one.reason:
            found.append(one)
            continue
        group.remove(deal)
        found.append(replace(one, reason=deal.reason, level=deal.level))
    return found
