"""A broker's statement as one side of a comparison."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Final

from zepix.errors import DataError
from zepix.model import Catalogue
from zepix.research.comparing.books import Book, Charge, Leg, Ticket, half_even
from zepix.research.statements.closed import Closed, Opened, exact
from zepix.research.statements.statement import Statement, StatementOptions, read_statement

__all__ = ["DIGITS_OF", "book_of_statement"]

DIGITS_OF: Final = {"JPY": 0, "KRW": 0, "CLP": 0, "VND": 0, "ISK": 0, "KWD": 3, "BHD": 3, "TND": 3}


def book_of_statement(
    path: Path, options: StatementOptions, catalogue: Catalogue, symbols: Mapping[str, str], name: str = ""
) -> Book:
    """The statement in a file; ``symbols``: the broker's names as ours. Raises what ``read_statement`` raises, and
    DataError for a symbol that no instrument describes."""
    statement = read_statement(path, options)
    digits = DIGITS_OF.get(statement.currency, 2)
    tickets: dict[tuple[str, str], Ticket] = {}
    sums: dict[tuple[str, str], list[Fraction]] = {}

    def ours(one: Closed | Opened) -> str:
        found = symbols.get(one.symbol) or catalogue.resolve(one.symbol)
        if found not in catalogue:
            raise DataError(
                f"{path.name} line {one.line}: no instrument describes {one.symbol}; say --symbol-map "
                f"{one.symbol}=OURS, or name your instruments"
            )
        return found

    for one in sorted(statement.closed, key=lambda part: part.close_ns):
        symbol = ours(one)
        key = (one.position, symbol)
        units = Fraction(catalogue[symbol].contract_size)
        if key not in tickets:
            tickets[key] = _ticket(one, symbol, exact(one.whole) * units)
            sums[key] = [Fraction(0)] * 3
        leg = _leg(one, statement.currency, catalogue, symbol, digits)
        leg.gross, leg.commission, leg.swap = _in_minor(one, sums[key], 10**digits)
        tickets[key].legs.append(leg)
    for ticket in tickets.values():
        ticket.units = max(ticket.units, sum((leg.units for leg in ticket.legs), Fraction(0)))
    still = [
        _ticket(one, ours(one), exact(one.volume) * Fraction(catalogue[ours(one)].contract_size))
        for one in statement.opened
    ]
    return Book(
        name=name or path.name,
        kind="statement",
        currency=statement.currency,
        digits=digits,
        tickets=[*tickets.values(), *still],
        catalogue=catalogue,
        charges=[Charge(one.what, one.t_ns, half_even(exact(one.amount) * 10**digits)) for one in statement.money],
        notes=_notes(statement),
        facts=statement.facts,
    )


def _ticket(one: Closed | Opened, symbol: str, units: Fraction) -> Ticket:
    return Ticket(
        id=one.position,
        symbol=symbol,
        side=one.side,
        units=units,
        entry_ns=one.open_ns,
        entry_price=exact(one.open_price),
    )


def _leg(one: Closed, currency: str, catalogue: Catalogue, symbol: str, digits: int) -> Leg:
    instrument = catalogue[symbol]
    unit = 10**digits
    return Leg(
        exit_ns=one.close_ns,
        exit_price=exact(one.close_price),
        units=exact(one.volume) * Fraction(instrument.contract_size),
        gross=0,
        reason=one.reason,
        level=None if one.level is None else exact(one.level),
        value=Fraction(unit) if instrument.profit_currency == currency else None,
    )


def _in_minor(one: Closed, sums: list[Fraction], unit: int) -> list[int]:
    """Gross, commission and swap of a part in minor units, so that all parts of a ticket sum to its own, rounded."""
    found = []
    for place, amount in enumerate((one.profit, one.commission, one.swap)):
        before = half_even(sums[place])
        sums[place] += exact(amount) * unit
        found.append(half_even(sums[place]) - before)
    return found


def _notes(statement: Statement) -> list[str]:
    said = []
    if statement.bad:
        shown = "; ".join(statement.bad[:5])
        said.append(f"{len(statement.bad)} rows of {statement.name} were left out, their money is missing: {shown}")
    if twice := statement.facts["twice"]:
        lines = ", ".join(str(line) for line in twice[:5]) + (", ..." if len(twice) > 5 else "")
        said.append(
            f"{len(twice)} rows of {statement.name} stand there twice, word for word (line {lines}); their money "
            "counts each time: halves that were closed at once, or an export that was put in twice?"
        )
    if without := statement.facts["without"]:
        said.append(
            f"{statement.name} has no column of {' or '.join(without)}, which counts as 0.00 (--columns names it)"
        )
    if statement.facts["cash_flows"]:
        said.append(
            f"{statement.facts['cash_flows']} deposits, withdrawals or credits of {statement.name} are no profit"
        )
    for what in dict.fromkeys(one.what for one in statement.money):
        said.append(f"{statement.name} has money beside tickets: {what}")
    return said
