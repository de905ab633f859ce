"""What a sweep of exits gives back: rows by cell, the best of them, any cell's tickets, a table for a heat map."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from zepix.errors import ConfigError
from zepix.kernels import exits_play as fill
from zepix.kernels.exits_group import OPEN
from zepix.kernels.exits_sums import SIZE
from zepix.research.exits_sweep.rows import FIGURES, Kept, RowFile
from zepix.research.exits_sweep.run import Swept
from zepix.research.exits_sweep.words import near_names, summary
from zepix.research.pictures.heat import Heatmap, check_axes

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Cell", "ExitsSweep", "Heatmap"]

REASONS: Final = ("", "sl", "tp", "trailing", "break_even", "end_of_data", "profit_booking")
LOWER_IS_BETTER: Final = ("max_drawdown", "ambiguous", "refused", "left_out", "open_at_end")


class ExitsSweep:
    """The rows of a sweep, best first where asked; see docs/sweep_exits.md.

    ``notes``: sentences to read before the figures. ``timings``: seconds by part.
    """

    def __init__(self, swept: Swept, rows: Kept | RowFile, timings: dict[str, float], held: Any = None) -> None:
        """``held``: the folder of a file of our own, which goes with the result."""
        self._swept = swept
        self._rows = rows
        self._held = held
        self.timings = timings
        self.notes = tuple(swept.prepared.notes)

    def __len__(self) -> int:
        return self._swept.plan.grid.size

    @property
    def axes(self) -> dict[str, tuple[Any, ...]]:
        """The swept values by name, as they were given (plans as tables)."""
        grid = self._swept.plan.grid
        return {a.name: tuple(v.as_dict() if hasattr(v, "as_dict") else v for v in a.values) for a in grid.axes}

    @property
    def entries(self) -> int:
        """How many alerts were filled."""
        return self._swept.prepared.filled

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns: the cell, the axes, the figures."""
        return ("cell", *(axis.name for axis in self._swept.plan.grid.axes), *FIGURES)

    def batches(self) -> Iterator[dict[str, Any]]:
        """All rows in order of their cells, as numpy arrays by column, a part at a time."""
        return self._rows.batches()

    def frame(self) -> pd.DataFrame:
        """All rows as a DataFrame; a grid of a million cells takes some 200 MB."""
        import pandas as pd

        return pd.concat([pd.DataFrame(batch) for batch in self.batches()], ignore_index=True)

    def best(self, n: int = 10, by: str = "net_profit", *, least_tickets: int = 1) -> pd.DataFrame:
        """The ``n`` best cells by a figure, best first (ties: the lower cell first), read row group by row group.

        ``max_drawdown`` and counts of doubt are best where they are lowest. least_tickets: cells with fewer are left
        out. Raises ConfigError for a figure that there is not.
        """
        import pandas as pd

        self._check_figure(by)
        if isinstance(n, bool) or not isinstance(n, int) or n < 1:
            raise ConfigError(f"n: expected a whole number, 1 or above, not {n!r}")
        sign = -1.0 if by in LOWER_IS_BETTER else 1.0
        kept: list[tuple[float, int, dict[str, Any]]] = []
        for batch in self.batches():
            figures = sign * np.asarray(batch[by], np.float64)
            figures = np.where(batch["tickets"] >= least_tickets, figures, np.nan)
            order = np.argsort(-figures, kind="stable")[:n]
            for row in order.tolist():
                if math.isnan(figures[row]):
                    continue
                item = (float(figures[row]), -int(batch["cell"][row]), {k: v[row] for k, v in batch.items()})
                if len(kept) < n:
                    heapq.heappush(kept, item)
                elif item[:2] > kept[0][:2]:
                    heapq.heapreplace(kept, item)
        kept.sort(key=lambda item: item[:2], reverse=True)
        return pd.DataFrame([item[2] for item in kept], columns=list(self.columns))

    def cell(self, number: int) -> Cell:
        """One cell by its number. Raises IndexError for one that there is not."""
        return Cell(self._swept, number)

    def heatmap(self, x: str, y: str, by: str = "net_profit", *, how: str = "best") -> Heatmap:
        """A figure over two axes; of the cells that share a pair the ``best`` or the ``mean``, NaN for none.

        Raises ConfigError for names that there are not.
        """
        self._check_figure(by)
        grid = self._swept.plan.grid
        names = {axis.name: axis for axis in grid.axes}
        check_axes(x, y, names, how)
        shape = (len(names[y].values), len(names[x].values))
        sign = -1.0 if by in LOWER_IS_BETTER else 1.0
        best, total, count = np.full(shape, -np.inf), np.zeros(shape), np.zeros(shape)
        for batch in self.batches():
            first = int(batch["cell"][0])
            digits = grid.digits(first, first + len(batch["cell"]))
            at = (digits[names[y].part], digits[names[x].part])
            figure = np.asarray(batch[by], np.float64)
            known = ~np.isnan(figure)
            at = (at[0][known], at[1][known])
            np.maximum.at(best, at, sign * figure[known])
            np.add.at(total, at, figure[known])
            np.add.at(count, at, 1)
        with np.errstate(invalid="ignore", divide="ignore"):
            values = total / count if how == "mean" else np.where(count > 0, sign * best, np.nan)
        labels = (names[x].labels, names[y].labels)
        smaller = by in LOWER_IS_BETTER
        return Heatmap(x, y, by, *labels, values, how=how, smaller_is_better=smaller, others=len(names) - 2)

    def _check_figure(self, name: str) -> None:
        if name not in FIGURES:
            raise ConfigError(f"{name!r} is no figure{near_names(name, FIGURES)}; there are {', '.join(FIGURES)}")

    def __repr__(self) -> str:
        return summary(self)

    def close(self) -> None:
        """Let go of the file of a large grid that nobody named."""
        if self._held is not None:
            self._held.cleanup()
            self._held = None


class Cell:
    """One cell: its values, and its tickets computed anew, one by one."""

    def __init__(self, swept: Swept, number: int) -> None:
        self.number = number
        self.values = swept.plan.grid.values(number)
        self._swept = swept

    def __repr__(self) -> str:
        return f"cell {self.number}: " + ", ".join(f"{name} {value}" for name, value in self.values.items())

    def rows(self) -> list[dict[str, Any]]:
        """Its tickets in the order in which they closed, whole numbers: points, steps, ns UTC, minor units."""
        _, fills, order, legs = self._swept.player.play(self.number, np.zeros(SIZE, np.int64))
        prepared = self._swept.prepared
        roles: dict[int, tuple[Any, Any]] = {}
        for market, made in zip(prepared.markets, legs, strict=True):
            for column, side in zip(market.entries[0].tolist(), market.entries[1].tolist(), strict=True):
                roles[column] = ((market, side), made)
        found: list[dict[str, Any]] = []
        for place in order.tolist():
            one = fills[place].tolist()
            (market, side), made = roles[one[fill.ENTRY]]
            found.append(_ticket(one, market, side, made.role(one[fill.LEG]), prepared.alert_ids[one[fill.ENTRY]]))
        return found

    def tickets(self) -> pd.DataFrame:
        """Its tickets as a DataFrame: times UTC, prices, lots, money in the account's currency."""
        import pandas as pd

        markets = {m.instrument.symbol: m.instrument for m in self._swept.prepared.markets}
        scale = 10**self._swept.prepared.rules.account.digits
        frame = pd.DataFrame(self.rows(), columns=list(_NAMES))
        instruments = [markets[symbol] for symbol in frame["symbol"]]
        for name in ("entry", "exit"):
            frame[f"{name}_time"] = pd.to_datetime(frame.pop(f"{name}_ns"), unit="ns", utc=True)
            points = frame.pop(f"{name}_points")
            frame[f"{name}_price"] = [i.price(p) for i, p in zip(instruments, points, strict=True)]
        frame["volume"] = [float(i.lots(s)) for i, s in zip(instruments, frame.pop("steps"), strict=True)]
        for name in ("gross", "commission", "swap", "pnl"):
            frame[name] = frame.pop(f"{name}_minor") / scale
        return frame


_NAMES: Final = (
    *("alert_id", "symbol", "side", "role", "steps", "entry_ns", "entry_points", "exit_ns", "exit_points"),
    *("exit_reason", "gross_minor", "commission_minor", "swap_minor", "pnl_minor", "pnl_points", "bars_held"),
    *("ambiguous",),
)


def _ticket(one: list[int], market: Any, side: int, role: str, alert_id: str) -> dict[str, Any]:
    row = len(market.series) - 1 if one[fill.FILL_CODE] == OPEN else one[fill.FILL_CODE] >> 1
    money = (one[fill.GROSS], one[fill.COMMISSION], one[fill.SWAP])
    values = (
        *(alert_id, market.instrument.symbol, side, role, one[fill.FILL_STEPS], one[fill.IN_NS], one[fill.IN_POINTS]),
        *(one[fill.EXIT_NS], one[fill.FILL_POINTS], REASONS[one[fill.FILL_REASON]], *money, sum(money)),
        *(one[fill.MOVED], row - one[fill.IN_ROW] + 1, bool(one[fill.FILL_BOTH])),
    )
    return dict(zip(_NAMES, values, strict=True))
