"""What a sweep of exits says in words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from zepix.config.keys import near

if TYPE_CHECKING:
    from zepix.research.exits_sweep.result import ExitsSweep

__all__ = ["INDEPENDENT", "near_names", "summary"]

INDEPENDENT: Final = (
    "exits and volumes of each entry are computed by themselves: no margin, no stop-out, no caps; a cell's lowest "
    "balance says whether the account could have mattered"
)
WIDEST: Final = 200
TOLD_S: Final = 0.5


def near_names(word: str, known: Iterable[str]) -> str:
    """The tail of a sentence about an unknown word."""
    return near(word, list(known))


def summary(result: ExitsSweep) -> str:
    """Eight lines at the most: what was swept, how long it took, the best cells, what to keep in mind."""
    axes = " x ".join(f"{len(values):,} {name}" for name, values in result.axes.items())
    seconds = sum(result.timings.values())
    lines = [f"zepix sweep_exits: {len(result):,} cells ({axes}), {result.entries:,} entries, {seconds:.2f} s"]
    if (compiled := result.timings.get("compile_s", 0.0)) >= TOLD_S:
        lines[0] += f", of which {compiled:.1f} s to compile kernels, once on this machine"
    best = result.best(3)
    for row in best.to_dict("records"):
        values = ", ".join(f"{name} {value}" for name, value in result.cell(int(row["cell"])).values.items())
        shown = values if len(values) <= WIDEST else f"{values[: WIDEST - 3]}..."
        lines.append(
            f"  cell {int(row['cell'])}: net {row['net_profit']:,.2f}, {int(row['tickets'])} tickets, "
            f"{100 * row['win_rate']:.1f} % won, drawdown {row['max_drawdown']:,.2f} ({shown})"
        )
    if best.empty:
        lines.append("  no cell has a ticket")
    lines.append(f"  the best of {len(result):,} tried looks better than it is; {INDEPENDENT}")
    return "\n".join([*lines, *(f"  {note}" for note in result.notes[:3])])
