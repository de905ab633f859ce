"""A sweep in words: a short table, and the doubts that belong to it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from zepix.research.headline import count, money, number, percent
from zepix.research.sweep.outcome import DONE

if TYPE_CHECKING:
    from zepix.research.sweep.result import SweepResult

__all__ = ["notes_of", "shown_table", "table_lines"]

_FIGURES: Final = ("net_profit", "profit_factor", "max_drawdown_frac", "sharpe", "win_rate")
_MOST_PARAMETERS: Final = 6
_WIDEST: Final = 24


def shown_table(result: SweepResult, rows: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    """Heads, then the best cells: hash, settings, the figures that matter first."""
    parameters = result.parameters[:_MOST_PARAMETERS]
    by = [result.objective] if result.objective not in (*_FIGURES, "tickets") else []
    heads = ["cell", *parameters, *by, "net profit", "tickets", "won", "profit factor", "drawdown", "Sharpe"]
    found = [heads]
    for row in rows:
        cells = [str(row["cell"])[:10], *(_shown(row[name]) for name in parameters)]
        cells += [number(row[one], 4) for one in by]
        cells += [money(row["net_profit"], sign=True), f"{row['tickets']:,}", percent(row["win_rate"])]
        cells += [number(row["profit_factor"]), percent(row["max_drawdown_frac"]), number(row["sharpe"])]
        found.append(cells)
    return found


def table_lines(table: Sequence[Sequence[str]]) -> list[str]:
    """Columns side by side, ASCII."""
    if len(table) == 1:
        return ["no cell has a result"]
    widths = [max(len(row[place]) for row in table) for place in range(len(table[0]))]
    return ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table]


def notes_of(result: SweepResult) -> list[str]:
    """What a reader should know before believing the first row."""
    rows = [row for _, row in result.cells]
    done = [row for row in rows if row["status"] == DONE]
    digests = {row["digest"] for row in done}
    planned = int(result.description.get("cells", len(rows)))
    said = [f"{count(len(rows), 'cell')} tried, {len(done):,} done with {count(len(digests), 'different outcome')}"]
    if len(rows) < planned:
        said.append(f"{planned - len(rows):,} of {planned:,} cells are missing; the same sweep with resume adds them")
    if done and not any(row["tickets"] for row in done):
        said.append(
            "no cell closed a ticket: do the alerts name another strategy, and do the prices cover them? One replay "
            "(.cell(0)) says what became of each alert"
        )
    if len(digests) > 1:
        said.append(
            f"the best of {len(digests):,} is the best partly by luck, and its figures are too good for what comes "
            "next: judge it by its deflated Sharpe ratio and by data that no cell has seen (docs/sweeps.md; .returns "
            "holds the daily returns that this needs)"
        )
    bad = [row for row in rows if row["status"] != DONE]
    if bad:
        said.append(f"{count(len(bad), 'cell')} failed and {'is' if len(bad) == 1 else 'are'} left out; the first: "
                    f"{str(bad[0]['error'])[:200]}")  # fmt: skip
    warned = sum(1 for row in done if row.get("warnings"))
    if warned:
        first = next(str(row["warnings"]).splitlines()[0] for row in done if row.get("warnings"))
        said.append(f"{warned:,} of {len(done):,} replays warn; the first: {first[:200]}")
    same = "changed no ticket: its values gave the same ones wherever the rest was equal"
    said += [f"{name} {same}" for name in _idle(result)]
    said.append(f"cells in {result.folder}")
    return said


def _idle(result: SweepResult) -> list[str]:
    """Parameters of a grid whose values never made a difference."""
    done = [(task.cell, row["digest"]) for task, row in result.cells if row["status"] == DONE and task.cell]
    if result.description.get("kind") != "grid" or len(done) < 2:
        return []
    found = []
    for name in result.parameters:
        groups: dict[str, set[str]] = defaultdict(set)
        values: dict[str, set[str]] = defaultdict(set)
        for cell, digest in done:
            rest = repr(sorted((key, repr(value)) for key, value in cell.items() if key != name))
            groups[rest].add(digest)
            values[rest].add(repr(cell.get(name)))
        if max(map(len, values.values())) > 1 and max(map(len, groups.values())) == 1:
            found.append(name)
    return found


def _shown(value: Any) -> str:
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return text if len(text) <= _WIDEST else text[: _WIDEST - 3] + "..."
