"""What the comparison of two sides gives back: pairs of tickets, the parts of the difference, what has no partner.

``difference = profit of B less profit of A``, and the parts sum to it exactly, in whole minor units.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from zepix.alerts.imports.trade_table import safe_cell
from zepix.journal.atomic import written_whole
from zepix.research.comparing.books import Book, Ticket
from zepix.research.comparing.distance import Distance, distance, in_r
from zepix.research.comparing.split import PAIRED_PARTS
from zepix.research.said_lines import SaysLines
from zepix.research.write import iso_utc, write_page

if TYPE_CHECKING:
    import pandas as pd

    from zepix.research.pictures.picture import Picture

__all__ = ["PARTS", "Comparison", "Paired", "Unpaired"]

LONELY: Final = ("refused here", "missed here", "refused there", "missed there")
PARTS: Final = (*PAIRED_PARTS[:-2], *LONELY, "charges", *PAIRED_PARTS[-2:])
"""Every part, in the order in which they are told; *here* is A, *there* is B."""
SCHEMA: Final = 1
COMPARE_JSON: Final = "compare.json"
COMPARE_HTML: Final = "compare.html"
TICKETS_CSV: Final = "tickets.csv"


@dataclass(frozen=True, slots=True)
class Paired:
    """Two tickets that are one, by which rule, and the parts of their difference in minor units."""

    a: Ticket
    b: Ticket
    rule: str
    parts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Unpaired:
    """A ticket that only one side has: ``where`` it is (``here`` A, ``there`` B), the part it counts to, and why."""

    ticket: Ticket
    where: str
    part: str
    reason: str
    minor: int


@dataclass(eq=False, kw_only=True)
class Comparison(SaysLines):
    """Two sides, ``a`` (here) and ``b`` (there).

    ``different``: what differs in data, accounts and settings, as sentences, to be read before any figure; ``parts``
    the named parts of ``sum``, which is B's profit less A's; ``tickets`` and ``unpaired`` as DataFrames. ``within_s``
    is the tolerance by which tickets were paired where alerts are not known.
    """

    a: Book
    b: Book
    pairs: Sequence[Paired]
    lonely: Sequence[Unpaired]
    different: Sequence[str]
    within_s: float
    notes: Sequence[str] = ()
    minor: Mapping[str, int] = field(default_factory=dict)

    @property
    def currency(self) -> str:
        """What all money is counted in: A's currency."""
        return self.a.currency

    @property
    def parts(self) -> dict[str, Decimal]:
        """Every part by name, in the account's currency; they sum to ``sum`` exactly."""
        return {name: self.a.money(self.minor.get(name, 0)) for name in PARTS}

    @property
    def sum(self) -> Decimal:
        """B's profit less A's."""
        return self.a.money(self.b.profit - self.a.profit)

    @cached_property
    def tickets(self) -> pd.DataFrame:
        """One row a pair of tickets: both sides, and the parts of their difference as columns."""
        import pandas as pd

        frame = pd.DataFrame(self._pair_rows(), columns=self._pair_columns())
        return _timed(frame).astype(dict.fromkeys(_IN_R, float))

    @cached_property
    def unpaired(self) -> pd.DataFrame:
        """One row a ticket without a partner: where it is, why, what it counts to the difference."""
        import pandas as pd

        return _timed(pd.DataFrame(self._lonely_rows(), columns=list(_LONELY_COLUMNS))).astype({"r": float})

    def reasons(self) -> dict[str, Counter[str]]:
        """Of each part without a partner the reasons with how many tickets they took."""
        found: dict[str, Counter[str]] = {}
        for one in self.lonely:
            found.setdefault(one.part, Counter())[one.reason] += 1
        return found

    def distance(self, last: int | None = None, *, since_ns: int = 0) -> Distance:
        """How far the sides lie apart ticket by ticket, whatever their sums: the breaker's two figures (docs/modes.md).

        ``last``: of so many tickets, those that ended last; ``since_ns``: of those that ended after that.
        """
        return distance(self.pairs, self.lonely, last, since_ns)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as ``compare.json`` holds them; money as text, so that no digit is lost."""
        return {
            "schema": SCHEMA,
            "different": list(self.different),
            "a": _side(self.a),
            "b": _side(self.b),
            "currency": self.currency,
            "within_s": self.within_s,
            "difference": str(self.sum),
            "parts": {name: str(amount) for name, amount in self.parts.items()},
            "paired": len(self.pairs),
            "paired_by": dict(Counter(one.rule for one in self.pairs)),
            "reasons": {part: dict(found) for part, found in self.reasons().items()},
            "notes": list(self.notes),
            "tickets": [dict(zip(self._pair_columns(), row, strict=True)) for row in self._pair_rows()],
            "unpaired": [dict(zip(_LONELY_COLUMNS, row, strict=True)) for row in self._lonely_rows()],
        }

    def plot(self, what: str = "waterfall") -> Picture:
        """The ``waterfall`` from A's profit to B's, the closed ``equity`` of both over time, both's ``tickets``, or how
        far these lie apart (``distance``), in R.

        Raises ConfigError for a picture that there is not.
        """
        from zepix.research.pictures.sides import side_picture

        return side_picture(self, what)

    def html(self) -> str:
        """One page that opens offline."""
        from zepix.research.comparing.page import comparison_html

        return comparison_html(self)

    def save(self, out_dir: str | Path) -> Path:
        """Writes ``compare.json``, ``compare.html`` and ``tickets.csv`` into a folder; returns the folder.

        Raises DataError where it cannot be written.
        """
        folder = write_page(out_dir, (COMPARE_HTML, COMPARE_JSON), self.html(), self.to_dict())
        with written_whole(folder / TICKETS_CSV) as draft, draft.open("w", encoding="utf-8", newline="") as handle:
            writer = csv.writer(handle)
            writer.writerow(self._pair_columns())
            writer.writerows([safe_cell(cell) for cell in row] for row in self._pair_rows())
        return folder

    def lines(self) -> list[str]:
        """The eight lines that printing shows, then one for each note."""
        from zepix.research.comparing.words import lines

        return lines(self)

    def __repr__(self) -> str:
        return f"<Comparison {len(self.pairs)} pairs, difference {self.sum} {self.currency}>"

    def _pair_columns(self) -> list[str]:
        return [*_PAIR_COLUMNS, *(name.replace(" ", "_") for name in PAIRED_PARTS)]

    def _pair_rows(self) -> list[list[Any]]:
        """Cells of each pair; times in ISO 8601, money and prices as numbers."""
        unit = 10**self.a.digits
        rows = []
        for one in self.pairs:
            a, b = one.a, one.b
            rows.append(
                [
                    a.alert or b.alert, a.role, a.symbol, "buy" if a.side > 0 else "sell", one.rule, a.id, b.id,
                    iso_utc(a.entry_ns), iso_utc(b.entry_ns), float(a.entry_price), float(b.entry_price),
                    *_left(a), *_left(b),
                    float(a.units), float(b.units), a.profit / unit, b.profit / unit, (b.profit - a.profit) / unit,
                    *in_r(a, b),
                    *(one.parts.get(name, 0) / unit for name in PAIRED_PARTS),
                ]
            )  # fmt: skip
        return rows

    def _lonely_rows(self) -> list[list[Any]]:
        unit = 10**self.a.digits
        return [
            [
                one.where, one.part, one.reason, one.ticket.id, one.ticket.alert, one.ticket.role, one.ticket.symbol,
                "buy" if one.ticket.side > 0 else "sell", iso_utc(one.ticket.entry_ns), float(one.ticket.units),
                one.ticket.profit / unit, one.minor / unit, one.ticket.r(),
            ]
            for one in self.lonely
        ]  # fmt: skip


_IN_R: Final = ("r_a", "r_b", "gap_r")
_PAIR_COLUMNS: Final = (
    "alert", "role", "symbol", "side", "paired_by", "ticket_a", "ticket_b", "entry_time_a", "entry_time_b",
    "entry_price_a", "entry_price_b", "exit_time_a", "exit_price_a", "exit_reason_a", "exit_time_b", "exit_price_b",
    "exit_reason_b", "units_a", "units_b", "profit_a", "profit_b", "difference",
    *_IN_R,
)  # fmt: skip
_LONELY_COLUMNS: Final = (
    "where", "part", "reason", "ticket", "alert", "role", "symbol", "side", "entry_time", "units", "profit",
    "difference", "r",
)  # fmt: skip


def _left(ticket: Ticket) -> tuple[str | None, float | None, str]:
    """Time, price and reason of the last exit."""
    if ticket.is_open:
        return None, None, "open"
    last = ticket.legs[-1]
    return iso_utc(last.exit_ns), float(last.exit_price), last.reason


def _side(book: Book) -> dict[str, Any]:
    return {
        "name": book.name,
        "kind": book.kind,
        "currency": book.currency,
        "tickets": len(book.tickets),
        "profit": str(book.money(book.profit)),
        "checksums": dict(book.checksums),
        "facts": dict(book.facts),
    }


def _timed(frame: pd.DataFrame) -> pd.DataFrame:
    """The columns of times as times, in UTC."""
    import pandas as pd

    for name in [name for name in frame.columns if name.startswith(("entry_time", "exit_time"))]:
        frame[name] = pd.to_datetime(frame[name], utc=True, format="ISO8601")
    return frame
