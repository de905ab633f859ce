"""How much money hangs on what a bar cannot tell: whether its stop or its target was touched first.

A ticket is *ambiguous* where one bar's range decided it and held both levels. One reading pays the stop (less
slippage), the other the target; the difference between the two, as money, is what a finer timeframe could change. The
sum over all such tickets is the width of the doubt, not its likely size.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from zepix.engine.record import RunRecord
from zepix.model.series import Int64
from zepix.research.columns import FillColumns, Float64
from zepix.research.rates import Rates

__all__ = ["ambiguity", "ambiguous_money"]


def ambiguity(record: RunRecord, fills: FillColumns) -> dict[str, Any]:
    """Count, money between the two readings, and how many have one level only, so that the other has no price."""
    rows = np.flatnonzero(fills.integer("ambiguous"))
    has_both = (fills.integer("sl")[rows] > 0) & (fills.integer("tp")[rows] > 0)
    money = ambiguous_money(record, fills, rows[has_both])
    return {
        "ambiguous": len(rows),
        "ambiguous_money": round(float(money.sum()), record.account.digits),
        "ambiguous_unpriced": int((~has_both).sum()),
    }


def ambiguous_money(record: RunRecord, fills: FillColumns, rows: Int64) -> Float64:
    """Money between the target and the stop of each of ``rows``, at the rate of its exit, rounded, never negative."""
    side, steps = fills.integer("side")[rows], fills.integer("steps")[rows]
    exit_ns, symbols = fills.integer("exit_ns")[rows], np.array(fills.text("symbol"), dtype=object)[rows]
    slippage = {symbol: record.fill_model.slippage_of(record.catalogue[symbol]) for symbol in set(symbols.tolist())}
    stop = fills.integer("sl")[rows] - side * np.array([slippage[s] for s in symbols.tolist()], np.int64)
    points = np.abs(fills.integer("tp")[rows] - stop)
    rates = Rates(record)
    money = np.zeros(len(rows))
    for symbol in dict.fromkeys(symbols.tolist()):
        mine = symbols == symbol
        instrument = record.catalogue[symbol]
        unit = float(instrument.volume_step * instrument.point_value)
        money[mine] = points[mine] * steps[mine] * unit * rates.at(instrument.profit_currency, exit_ns[mine])
    return np.round(money, record.account.digits)
