"""The report's figures as plotly figures, for a notebook: returned, never shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from zepix.errors import ConfigError
from zepix.research.equity import EquityCurve
from zepix.research.report_parts.figures import equity_figure
from zepix.research.report_parts.prices import price_figure

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from zepix.research.result import Result

__all__ = ["equity_picture", "price_picture"]

_BUCKETS = 6000


def equity_picture(curve: EquityCurve, currency: str) -> go.Figure:
    """Equity and balance above, the fall from the peak below."""
    return _figure(equity_figure(curve, currency))


def price_picture(result: Result, symbol: str) -> go.Figure:
    """The price of a symbol, thinned, with the run's tickets on it. Raises ConfigError for a symbol without prices."""
    record = result.record
    if symbol not in record.series:
        raise ConfigError(f"the run has no prices of {symbol!r}; it has {', '.join(record.series) or 'none'}")
    rows = result.fills.rows_of("symbol").get(symbol, np.empty(0, np.int64))
    return _figure(price_figure(record, result.fills, symbol, rows, _BUCKETS).figure)


def _figure(made: dict[str, Any]) -> go.Figure:
    import plotly.graph_objects as go

    return go.Figure(made)
