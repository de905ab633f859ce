"""What a walk forward gives back: the windows, and what was shown joined to one run."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from zepix.research import formulas as f
from zepix.research.columns import Float64
from zepix.research.naming import SaysNames
from zepix.research.real.sharpe import LEAST_RETURNS, moments, probabilistic_sharpe
from zepix.research.real.windows import Span
from zepix.research.result import Result

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["WalkForward", "Window", "empty_window"]

_CUT: Final = "end_of_data"
_HEADS: Final = ("window", "chosen on", "shown on", "cell", "in", "out", "tickets", "efficiency")


@dataclass(eq=False, slots=True)
class Window:
    """One window: the cell that was chosen (empty where none could be), its replay inside and the one shown."""

    number: int
    span: Span
    cells: int
    cell: Mapping[str, Any]
    value: float | None
    inside: Result | None
    shown: Result | None
    why: str = ""

    @property
    def in_profit(self) -> float | None:
        return None if self.inside is None else float(self.inside.stats["net_profit"])

    @property
    def out_profit(self) -> float:
        return 0.0 if self.shown is None else float(self.shown.stats["net_profit"])

    @property
    def train_days(self) -> float:
        return (self.span.train_to - self.span.train_from).total_seconds() / 86_400

    @property
    def test_days(self) -> float:
        return (self.span.test_to - self.span.test_from).total_seconds() / 86_400

    @property
    def efficiency(self) -> float | None:
        """Profit a day out of sample over profit a day in sample; None where the train earned nothing."""
        inside = self.in_profit
        if inside is None or inside <= 0:
            return None
        return (self.out_profit / self.test_days) / (inside / self.train_days)

    def cut(self, which: str) -> int:
        """How many closing fills the end of the window made (``inside`` or ``shown``)."""
        result: Result | None = getattr(self, which)
        return 0 if result is None else sum(fill.exit_reason == _CUT for fill in result.record.fills)

    def as_dict(self) -> dict[str, Any]:
        span, shown, inside = self.span, self.shown, self.inside
        return {
            "window": self.number,
            "train_from": span.train_from.isoformat(),
            "train_to": span.train_to.isoformat(),
            "test_from": span.test_from.isoformat(),
            "test_to": span.test_to.isoformat(),
            "cells": self.cells,
            **self.cell,
            "objective": self.value,
            "in_profit": self.in_profit,
            "out_profit": self.out_profit,
            "in_tickets": 0 if inside is None else int(inside.stats["tickets"]),
            "out_tickets": 0 if shown is None else int(shown.stats["tickets"]),
            "in_cut": self.cut("inside"),
            "out_cut": self.cut("shown"),
            "efficiency": self.efficiency,
            "in_digest": "" if inside is None else inside.digest,
            "out_digest": "" if shown is None else shown.digest,
            "why": self.why,
        }


def empty_window(number: int, span: Span, cells: int, why: str) -> Window:
    """A window in which nothing could be chosen: nothing is traded in its test."""
    return Window(number, span, cells, {}, None, None, None, why)


class WalkForward(SaysNames):
    """The windows in order; what was shown, joined: ``trades, equity, stats``; prints a table and its doubts."""

    def __init__(
        self, windows: Sequence[Window], objective: str, parameters: Sequence[str], *, anchored: bool, left_out_s: float
    ) -> None:
        self.windows = list(windows)
        self.objective = objective
        self.parameters = list(parameters)
        self.anchored = anchored
        self._left_out_s = left_out_s

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row a window."""
        import pandas as pd

        return pd.DataFrame([window.as_dict() for window in self.windows])

    @cached_property
    def trades(self) -> pd.DataFrame:
        """The closing fills of all tests, with their window; tickets are numbered by window."""
        import pandas as pd

        frames = [w.shown.trades.assign(window=w.number) for w in self.windows if w.shown is not None]
        frames = [one for one in frames if len(one)]
        return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()

    @cached_property
    def equity(self) -> pd.DataFrame:
        """The equity of all tests one after the other: each goes on where the last one ended, whatever its deposit."""
        import pandas as pd

        deposit: float | None = None
        carried, frames = 0.0, []
        for window in self.windows:
            if window.shown is None:
                continue
            one = window.shown.equity[["time", "balance", "equity"]].copy()
            own = float(window.shown.stats["deposit"])
            deposit = own if deposit is None else deposit
            one[["balance", "equity"]] += deposit + carried - own
            frames.append(one.assign(window=window.number))
            carried += window.out_profit
        return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()

    @property
    def returns(self) -> Float64:
        """The daily returns of all tests, each on the balance that its replay began with."""
        found = [f.returns_of(w.shown.curve.daily()) for w in self.windows if w.shown is not None]
        return np.concatenate(found) if found else np.empty(0)

    @cached_property
    def stats(self) -> dict[str, Any]:
        """Figures of what was shown, and of it against what was chosen."""
        windows = self.windows
        in_days, out_days = sum(w.train_days for w in windows), sum(w.test_days for w in windows)
        inside, outside = sum(w.in_profit or 0.0 for w in windows), sum(w.out_profit for w in windows)
        returns, equity = self.returns, self.equity
        shape = moments(returns)
        return {
            "windows": len(windows),
            "without_choice": sum(w.shown is None for w in windows),
            "net_profit": outside,
            "net_profit_inside": inside,
            "efficiency": (outside / out_days) / (inside / in_days) if inside > 0 else None,
            "windows_won": sum(w.out_profit > 0 for w in windows),
            "tickets": sum(int(w.shown.stats["tickets"]) for w in windows if w.shown is not None),
            "cut_inside": sum(w.cut("inside") for w in windows),
            "cut_outside": sum(w.cut("shown") for w in windows),
            "max_drawdown": f.max_drawdown(equity["equity"].to_numpy()) if len(equity) else 0.0,
            "daily_returns": len(returns),
            "sharpe": f.sharpe(returns),
            "probabilistic_sharpe": None
            if shape is None
            else probabilistic_sharpe(shape.sharpe, shape.count, skewness=shape.skewness, kurtosis=shape.kurtosis),
            "chosen": self._chosen(),
        }

    def _chosen(self) -> dict[str, dict[str, int]]:
        """How often each value of a parameter was chosen."""
        found = {}
        for name in self.parameters:
            counts = Counter(str(w.cell[name]) for w in self.windows if name in w.cell)
            found[name] = dict(counts.most_common())
        return found

    @cached_property
    def notes(self) -> list[str]:
        """Sentences to read before the table."""
        stats, said = self.stats, []
        if len(self.windows) < 5:
            said.append(f"{len(self.windows)} windows say little; five or more are worth a figure")
        said += [f"window {w.number}: {w.why}; nothing was traded in its test" for w in self.windows if w.why]
        if self.windows and self.windows[0].cells == 1:
            said.append("the grid has one cell: nothing is chosen, so in and out differ by time alone")
        if stats["efficiency"] is None:
            said.append("no efficiency: the chosen cells earned nothing where they were chosen")
        if stats["daily_returns"] < LEAST_RETURNS:
            said.append(
                f"{stats['daily_returns']} daily returns are fewer than {LEAST_RETURNS}: no probability of them"
            )
        if stats["cut_inside"] or stats["cut_outside"]:
            said.append(
                f"{stats['cut_inside']} closes inside and {stats['cut_outside']} outside were made by the end of a "
                "window, at its last close"
            )
        for name, counts in stats["chosen"].items():
            if len(counts) > 1 and max(counts.values()) <= sum(counts.values()) / 2:
                words = ", ".join(f"{value} {times} times" for value, times in counts.items())
                said.append(f"{name} is unsteady: {words}")
        if self._left_out_s >= 86_400:
            said.append(f"the last {self._left_out_s / 86_400:.0f} days make no whole test and are left out")
        return said

    def rows(self) -> list[tuple[str, ...]]:
        """The table as words."""
        made = []
        for w in self.windows:
            span = w.span
            cell = ", ".join(f"{name.rpartition('.')[2]} {value}" for name, value in w.cell.items()) or "none"
            inside = "-" if w.in_profit is None else f"{w.in_profit:+,.2f}"
            eff = "-" if w.efficiency is None else f"{w.efficiency:.0%}"
            tickets = 0 if w.shown is None else w.shown.stats["tickets"]
            dates = [f"{a:%Y-%m-%d}..{b:%Y-%m-%d}" for a, b in (
                (span.train_from, span.train_to), (span.test_from, span.test_to)
            )]  # fmt: skip
            made.append((str(w.number), *dates, cell, inside, f"{w.out_profit:+,.2f}", f"{tickets:,}", eff))
        return made

    def lines(self) -> list[str]:
        """What printing shows."""
        rows = [_HEADS, *self.rows()]
        widths = [max(len(row[n]) for row in rows) for n in range(len(_HEADS))]
        table = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
        stats = self.stats
        eff = "-" if stats["efficiency"] is None else f"{stats['efficiency']:.0%}"
        total = (
            f"shown: {stats['net_profit']:+,.2f} on {stats['tickets']:,} tickets, {stats['windows_won']} of "
            f"{stats['windows']} windows won, efficiency {eff}, drawdown {stats['max_drawdown']:,.2f}"
        )
        return [*table, "", total, *self.notes]

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "objective": self.objective,
            "anchored": self.anchored,
            "stats": self.stats,
            "notes": self.notes,
            "windows": [window.as_dict() for window in self.windows],
        }

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def __repr__(self) -> str:
        return f"<WalkForward {len(self.windows)} windows, {self.stats['net_profit']:+,.2f} shown>"

    def __len__(self) -> int:
        return len(self.windows)

    def _repr_html_(self) -> str:
        top = "".join(f"<th>{html.escape(head)}</th>" for head in _HEADS)
        body = "".join("<tr>" + "".join(f"<td>{html.escape(c)}</td>" for c in row) + "</tr>" for row in self.rows())
        said = "".join(f"<li>{html.escape(note)}</li>" for note in self.notes)
        return f"<div><table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table><ul>{said}</ul></div>"
