"""From TradingView's own profit to the account's: one waterfall over all stages that are at hand.

    List of trades -> alerts received -> replay -> live -> statement

Each stage that is there adds its step to the one before it; every step is a comparison whose parts sum to the cent, so
the whole does. All money is in the first stage's currency.
"""

from __future__ import annotations

import csv
import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property, partial
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from zepix.errors import ConfigError
from zepix.journal.atomic import written_whole
from zepix.research.comparing.books import Book
from zepix.research.comparing.comparing import compare_books, in_currency
from zepix.research.comparing.comparison import PARTS, Comparison
from zepix.research.comparing.of_trades import book_of_received
from zepix.research.comparing.opening import SideOptions, open_side
from zepix.research.comparing.words import amount, label_of, step_name
from zepix.research.write import write_page

if TYPE_CHECKING:
    import pandas as pd

    from zepix.research.pictures.picture import Picture

__all__ = ["Gap", "Step", "gap"]

SCHEMA: Final = 1
GAP_JSON: Final = "gap.json"
GAP_HTML: Final = "gap.html"
STEPS_CSV: Final = "steps.csv"
_ORDER: Final = ("trades", "alerts", "replay", "live", "statement")


@dataclass(frozen=True, slots=True)
class Step:
    """One bar: the stage that it leads to, the cause, its money, and the profit that is reached with it."""

    stage: str
    part: str
    label: str
    meaning: str
    amount: Decimal
    reached: Decimal


@dataclass(eq=False, kw_only=True)
class Gap:
    """``stages`` in their order, ``comparisons`` between them, ``steps`` one a cause that is not zero."""

    stages: Sequence[Book]
    comparisons: Sequence[Comparison]
    steps: Sequence[Step] = field(default=())

    @property
    def currency(self) -> str:
        """What all money is counted in: the first stage's currency."""
        return self.stages[0].currency

    @property
    def sum(self) -> Decimal:
        """The last stage's profit less the first's; all steps sum to it."""
        first, last = self.stages[0], self.stages[-1]
        return first.money(last.profit - first.profit)

    @property
    def different(self) -> list[str]:
        """What differs between neighbours in data, accounts and settings."""
        return [
            f"{one.a.name} (here), {one.b.name} (there): {said}" for one in self.comparisons for said in one.different
        ]

    @property
    def notes(self) -> list[str]:
        """What to keep in mind, of all comparisons, each once."""
        return list(dict.fromkeys(said for one in self.comparisons for said in one.notes))

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row a step; money as numbers."""
        import pandas as pd

        return pd.DataFrame(
            [(s.stage, s.label, s.part, float(s.amount), float(s.reached), s.meaning) for s in self.steps],
            columns=["stage", "cause", "part", "money", "profit", "meaning"],
        )

    def bars(self) -> list[tuple[str, float, str]]:
        """The waterfall: each stage's profit, and between two of them the causes that are not zero."""
        first = self.stages[0]
        made = [(first.name, float(first.money(first.profit)), "absolute")]
        for book in self.stages[1:]:
            made += [(step.label, float(step.amount), "relative") for step in self.steps if step.stage == book.name]
            made.append((book.name, float(book.money(book.profit)), "total"))
        return made

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as ``gap.json`` holds them; money as text."""
        return {
            "schema": SCHEMA,
            "different": self.different,
            "currency": self.currency,
            "stages": [
                {"name": b.name, "kind": b.kind, "tickets": len(b.tickets), "profit": str(b.money(b.profit))}
                for b in self.stages
            ],
            "steps": [
                {"stage": s.stage, "cause": s.label, "part": s.part, "money": str(s.amount), "profit": str(s.reached)}
                for s in self.steps
            ],
            "difference": str(self.sum),
            "reasons": {
                one.b.name: {part: dict(found) for part, found in one.reasons().items()} for one in self.comparisons
            },
            "notes": self.notes,
        }

    def plot(self) -> Picture:
        """The waterfall over all stages."""
        from zepix.research.comparing.page import figure_of, waterfall_words
        from zepix.research.pictures.picture import picture

        heading = f"From one profit to the other: {' → '.join(book.name for book in self.stages)}"
        words = waterfall_words(self.bars(), self.currency)
        return picture(figure_of(self.bars(), self.currency), heading, notes=self.different[:2], words=words)

    def html(self) -> str:
        """One page that opens offline."""
        from zepix.research.comparing.page import gap_html

        return gap_html(self)

    def save(self, out_dir: str | Path) -> Path:
        """Writes ``gap.json``, ``gap.html`` and ``steps.csv`` into a folder; returns it. Raises DataError."""
        folder = write_page(out_dir, (GAP_HTML, GAP_JSON), self.html(), self.to_dict())
        with written_whole(folder / STEPS_CSV) as draft, draft.open("w", encoding="utf-8", newline="") as handle:
            writer = csv.writer(handle)
            writer.writerow(["stage", "cause", "part", "money", "profit"])
            writer.writerows([s.stage, s.label, s.part, str(s.amount), str(s.reached)] for s in self.steps)
        return folder

    def lines(self) -> list[str]:
        """What differs, then a table of text, then notes. ASCII."""
        first = self.stages[0]
        rows = [(first.name, "", amount(first.money(first.profit), sign=False))]
        for book in self.stages[1:]:
            rows += [("", step.label, amount(step.amount)) for step in self.steps if step.stage == book.name]
            rows.append((book.name, "", amount(book.money(book.profit), sign=False)))
        widths = [max(len(row[place]) for row in rows) for place in range(3)]
        told = [
            f"{stage.ljust(widths[0])}  {cause.ljust(widths[1])}  {money.rjust(widths[2])}"
            for stage, cause, money in rows
        ]
        head = f"zepix gap: {' -> '.join(book.name for book in self.stages)}, {self.currency}"
        different = [f"different: {said}" for said in self.different]
        return [head, *different, "", *told, "", f"in all {amount(self.sum)} {self.currency}", *self._said()]

    def _said(self) -> list[str]:
        from zepix.research.comparing.words import reason_lines

        said = [
            line.replace("note: ", f"note: {one.b.name}: ", 1)
            for one in self.comparisons
            for line in reason_lines(one, partial(label_of, one))
        ]
        return [*said, *(f"note: {one}" for one in self.notes)]

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def __repr__(self) -> str:
        return f"<Gap {' -> '.join(book.name for book in self.stages)}, {self.sum} {self.currency}>"

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(str(self))}</pre>"


def gap(
    *,
    trades: Any = None,
    alerts: Sequence[str | Path] = (),
    replay: Any = None,
    live: Any = None,
    statement: Any = None,
    within_s: float = 300.0,
    rates: Mapping[str, Decimal] | None = None,
    options: SideOptions | None = None,
    server: SideOptions | None = None,
) -> Gap:
    """The chain of all stages that are given, at least two: a List of trades, logs of the alerts that were received, a
    replay, a live data folder, a broker's statement.

    ``rates``: what one unit of a currency is worth in the first stage's. ``options``: what the list of trades leaves
    open, ``server``: what the statement does (the same where it is not given). Raises ConfigError and DataError.
    """
    options = options or SideOptions()
    if alerts and trades is None:
        raise ConfigError("alerts are compared with TradingView's own trades; give those too (--trades)")
    given = {
        "trades": (trades, options), "replay": (replay, options), "live": (live, options),
        "statement": (statement, server or options),
    }  # fmt: skip
    stages: list[Book] = []
    for kind in _ORDER:
        if kind == "alerts" and alerts:
            stages.append(book_of_received(stages[0], [Path(one) for one in alerts], within_s))
        elif kind in given and given[kind][0] is not None:
            stages.append(_stage(kind, *given[kind]))
    if len(stages) < 2:
        raise ConfigError("a gap lies between two stages: give two of --trades, --replay, --live, --statement")
    rates = rates or {}
    different = [_accounts(one, two) for one, two in pairwise(stages)]
    first = stages[0]
    stages = [first, *(in_currency(first, book, rates.get(book.currency)) for book in stages[1:])]
    found = [compare_books(one, two, within_s=within_s) for one, two in pairwise(stages)]
    for one, said in zip(found, different, strict=True):
        one.different = [*said, *one.different]
    return Gap(stages=stages, comparisons=found, steps=list(_steps(first, found)))


def _accounts(one: Book, two: Book) -> list[str]:
    return [f"accounts: {one.currency} here, {two.currency} there"] if one.currency != two.currency else []


def _stage(kind: str, side: Any, options: SideOptions) -> Book:
    """A side as the stage that it is to be; its name is the stage's."""
    book = open_side(side, options)
    if book.kind != kind:
        raise ConfigError(f"--{kind} {side}: this is no {kind}, but {book.kind}")
    book.name = {"trades": "TradingView's trades"}.get(kind, kind)
    return book


def _steps(first: Book, found: Sequence[Comparison]) -> list[Step]:
    reached = first.profit
    steps = []
    for one in found:
        for part in PARTS:
            minor = one.minor.get(part, 0)
            if not minor:
                continue
            reached += minor
            label, meaning = step_name(one.a.kind, one.b.kind, part)
            steps.append(Step(one.b.name, part, label, meaning, first.money(minor), first.money(reached)))
    return steps
