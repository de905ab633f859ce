"""TradingView's List of trades as one side of a comparison, and the alerts that were received of it as another.

TradingView has one price, which is bid and ask at once, and counts its money in its own quantities. What these are
(base units or lots) follows from its own profits; where they do not tell, it has to be said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Final

from zepix.alerts.imports.sources import ImportOptions, trades_of_file
from zepix.alerts.imports.tables import ParquetTable, TextTable
from zepix.alerts.imports.trade_alerts import VOLUME_UNITS, alert_id, symbol_of_name
from zepix.alerts.imports.trade_list import ListedTrade, read_trades
from zepix.alerts.imports.trade_table import is_trade_table, read_trade_table
from zepix.alerts.log import read_logs
from zepix.alerts.processor import SymbolResolver
from zepix.errors import ConfigError, DataError
from zepix.model import Alert, Catalogue, Instrument
from zepix.research.comparing.books import Book, Leg, Ticket, Told, half_even
from zepix.research.comparing.of_statement import DIGITS_OF
from zepix.research.comparing.pairs import same_alerts
from zepix.research.comparing.quotes import Quote
from zepix.research.statements.closed import exact

__all__ = ["book_of_received", "book_of_trades", "is_trades_file"]

_ENOUGH: Final = Fraction(9, 10)
_SIDES: Final = {1: "buy", -1: "sell"}
_MARKS: Final = {"$": "USD", "\u20ac": "EUR", "\u00a3": "GBP", "\u00a5": "JPY"}


def is_trades_file(path: Path, options: ImportOptions) -> bool:
    """Whether a file is a List of trades, or the table that its import wrote."""
    try:
        if _is_written_here(path):
            return True
        trades_of_file(path, options)
    except (DataError, ConfigError):
        return False
    return True


def book_of_trades(
    path: Path, options: ImportOptions, catalogue: Catalogue, symbols: Mapping[str, str], name: str = ""
) -> Book:
    """The trades of a List of trades. Raises ConfigError where the zone, the symbol or the unit of the sizes must be
    said, DataError for a file that is none."""
    notes: list[str] = []
    named = _named(path, options, notes)
    currency = next((_MARKS.get(one.currency, one.currency) for _, one in named if one.currency), "") or "USD"
    digits = DIGITS_OF.get(currency, 2)
    found: dict[str, list[tuple[ListedTrade, str]]] = {}
    for alert, trade in named:
        symbol = _symbol(trade, path, options, catalogue, symbols)
        found.setdefault(alert, []).append((trade, symbol))
    unit = _unit(named, found, options, catalogue, currency, digits, path, notes)
    tickets = [_ticket(alert, group, catalogue, unit, currency, digits) for alert, group in found.items()]
    told = {
        one.alert: Told(
            one.alert, one.entry_ns, one.symbol, "entry", "buy" if one.side > 0 else "sell", outcome="filled"
        )
        for one in tickets
    }
    still = sum(one.is_open for one in tickets)
    if still:
        notes.append(f"{still} trades were open at TradingView when the list was exported")
    return Book(
        name=name or path.name, kind="trades", currency=currency, digits=digits, tickets=tickets, catalogue=catalogue,
        alerts=told, knows_alerts=True, notes=notes, facts={"trades": len(named), "volume_unit": unit},
    )  # fmt: skip


def book_of_received(trades: Book, logs: Sequence[Path], within_s: float, name: str = "") -> Book:
    """TradingView's trades as they would be with the alerts that were received only, at the times of their receipt.

    A trade whose entry alert is in none of the logs (by id, else by symbol, side and time) was never sent.
    """
    rows = [row for row in read_logs(logs, trades.catalogue).rows if isinstance(row, Alert)]
    received = {
        one.id: Told(
            one.id, one.received_ns, one.symbol, one.type, str(one.side or ""), one.raw, one.explicit_id or "", "filled"
        )
        for one in rows
    }
    same = {mine: other for other, mine in same_alerts(trades.alerts, received, round(within_s * 10**9)).items()}
    tickets = [
        replace(one, alert=same[one.alert], signal_ns=received[same[one.alert]].received_ns)
        for one in trades.tickets
        if one.alert in same
    ]
    entries = sum(one.type in ("entry", "reversal") for one in rows)
    notes = []
    if entries > len(tickets):
        notes.append(f"{entries - len(tickets)} entry alerts were received that the list of trades does not have")
    return replace(
        trades, name=name or "alerts received", kind="alerts", tickets=tickets, alerts=received, notes=notes,
        facts={"alerts": len(rows), "entries": entries},
    )  # fmt: skip


def _is_written_here(path: Path) -> bool:
    with path.open("rb") as handle:
        start = handle.read(4)
    if start == b"PAR1":
        return is_trade_table(ParquetTable(path))
    return start != b"PK\x03\x04" and is_trade_table(TextTable(path))


def _named(path: Path, options: ImportOptions, notes: list[str]) -> list[tuple[str, ListedTrade]]:
    """(id of its entry alert, trade), as the import names them."""
    if not path.is_file():
        raise DataError(f"{path} does not exist or is no file; a List of trades of TradingView was expected")
    if _is_written_here(path):
        found = read_trade_table(path)
    else:
        if options.zone is None:
            raise ConfigError(f"{path.name}: the times of a List of trades are those of the chart; say --zone")
        table, columns = trades_of_file(path, options)
        listed = read_trades(
            table, options.zone, columns=columns, date_order=options.date_order, decimal=options.decimal
        )
        found = [(alert_id(trade.entry_number, options.id_prefix or ""), trade) for trade in listed.trades]
        if listed.bad:
            notes.append(f"{len(listed.bad)} rows of {path.name} are no trades: {listed.bad[0].detail}")
    priced = [(alert, trade) for alert, trade in found if trade.entry_price is not None]
    if len(priced) < len(found):
        notes.append(f"{len(found) - len(priced)} trades of {path.name} have no price and are left out")
    if not priced:
        raise DataError(f"{path}: no trade in it")
    return priced


def _symbol(
    trade: ListedTrade, path: Path, options: ImportOptions, catalogue: Catalogue, symbols: Mapping[str, str]
) -> str:
    given = trade.symbol or options.symbol or symbol_of_name(path, SymbolResolver(catalogue, symbols), catalogue) or ""
    symbol = symbols.get(given) or catalogue.resolve(given)
    if symbol not in catalogue:
        raise ConfigError(
            f"{path.name}: trades of {given or 'an unnamed symbol'}; say --symbol, one of the instruments"
        )
    return symbol


def _unit(
    named: Sequence[tuple[str, ListedTrade]], found: Mapping[str, list[tuple[ListedTrade, str]]],
    options: ImportOptions, catalogue: Catalogue, currency: str, digits: int, path: Path, notes: list[str],
) -> str:  # fmt: skip
    """What sizes are counted in: as said, else what nearly all profits of the list agree with."""
    if options.volume_unit is not None:
        if options.volume_unit not in VOLUME_UNITS:
            raise ConfigError(f"--volume-unit {options.volume_unit!r}: expected {', '.join(VOLUME_UNITS)}")
        return "lots" if options.volume_unit == "lots" else "units"
    closed = [
        (trade, catalogue[symbol])
        for group in found.values()
        for trade, symbol in group
        if not trade.is_open and trade.pnl is not None and trade.quantity
        and catalogue[symbol].profit_currency == currency
    ]  # fmt: skip
    for unit in ("units", "lots"):
        agreeing = sum(abs(_gross(trade, one, unit, digits) - _recorded(trade, digits)) <= 1 for trade, one in closed)
        if closed and agreeing >= _ENOUGH * len(closed):
            notes.append(f"sizes of {path.name} are {unit}, as {agreeing} of {len(closed)} of its profits say")
            return unit
    raise ConfigError(
        f"{path.name}: what the sizes of its {len(named)} trades are counted in does not follow from its profits; say "
        "--volume-unit units or --volume-unit lots"
    )


def _gross(trade: ListedTrade, instrument: Instrument, unit: str, digits: int) -> int:
    """The gross of a trade in minor units, were its size so counted."""
    assert trade.entry_price is not None and trade.exit_price is not None and trade.quantity is not None
    units = exact(trade.quantity) * (1 if unit == "units" else Fraction(instrument.contract_size))
    side = 1 if trade.side == "buy" else -1
    return half_even(side * (exact(trade.exit_price) - exact(trade.entry_price)) * units * 10**digits)


def _recorded(trade: ListedTrade, digits: int) -> int:
    """The gross as the list has it: its net profit with the commission put back."""
    assert trade.pnl is not None
    return half_even((exact(trade.pnl) + abs(exact(trade.commission or 0.0))) * 10**digits)


def _ticket(
    alert: str, group: list[tuple[ListedTrade, str]], catalogue: Catalogue, unit: str, currency: str, digits: int
) -> Ticket:
    first, symbol = group[0]
    assert first.entry_price is not None
    instrument = catalogue[symbol]
    scale = Fraction(1) if unit == "units" else Fraction(instrument.contract_size)
    units = sum((exact(trade.quantity) * scale for trade, _ in group if trade.quantity), Fraction(0))
    price = exact(first.entry_price)
    ticket = Ticket(
        id=str(first.number), symbol=symbol, side=1 if first.side == "buy" else -1, units=units or Fraction(1),
        entry_ns=first.entry_ns, entry_price=price, alert=alert, signal_ns=first.entry_ns, latency_ns=0,
        quote=Quote(price, price),
    )  # fmt: skip
    for trade, _ in sorted(group, key=lambda row: (row[0].is_open, row[0].exit_ns or 0, row[0].part)):
        if trade.exit_ns is None or trade.exit_price is None:
            continue
        left = exact(trade.exit_price)
        gross = _recorded(trade, digits) if trade.pnl is not None else 0
        pnl = half_even(exact(trade.pnl or 0.0) * 10**digits)
        ticket.legs.append(
            Leg(
                exit_ns=trade.exit_ns, exit_price=left,
                units=exact(trade.quantity) * scale if trade.quantity else units or Fraction(1),
                gross=gross, commission=pnl - gross, quote=Quote(left, left),
                value=Fraction(10**digits) if instrument.profit_currency == currency else None,
            )
        )  # fmt: skip
    return ticket
