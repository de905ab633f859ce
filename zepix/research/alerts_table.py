"""The table of alerts: every row of the logs as it was understood, in order of arrival, with our price at that instant.

Quarantined bodies stand among them with ``type`` empty. What an alert rarely says (levels, volume, close share, ...) is
in ``asks``, one JSON object a row; what a dialect sent besides is in ``fields``, what was mended in ``repairs``.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from operator import attrgetter
from typing import Any, Final

import numpy as np

from zepix.engine.record import RunRecord
from zepix.journal.codec import plain
from zepix.model import Alert, Quantity, Quarantined
from zepix.model.series import Int64
from zepix.research import arrow
from zepix.research.columns import Float64, prices_of, quotes_at, texts

__all__ = ["ASKS", "alerts_table", "quotes_of"]

ASKS: Final = (
    "order_type", "volume", "sl", "tp", "entry_price", "limit_price", "expires_s", "ref", "oco", "close_frac",
    "close_left_frac", "closing", "max_spread", "trailing", "break_even_points", "comment",
)  # fmt: skip
"""Fields of an alert that ``asks`` holds where they say something."""
_DEFAULTS: Final = {f.name: f.default for f in dataclasses.fields(Alert)}
_SILENT: Final = tuple(_DEFAULTS[name] for name in ASKS)
_VALUES: Final = attrgetter(*ASKS)
_WORDS: Final = ("strategy", "timeframe", "plugin_hint", "explicit_id")
_DUMPS: Final = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode


def alerts_table(record: RunRecord) -> Any:
    """One row a row of the logs, in order of arrival (pyarrow.Table)."""
    rows = record.alerts
    received = [arrow.NO_TIME if row.received_ns is None else row.received_ns for row in rows]
    sent = [arrow.NO_TIME if getattr(row, "time_ns", None) is None else row.time_ns for row in rows]  # type: ignore[union-attr]
    bid, ask, missing = quotes_of(record, [getattr(row, "symbol", "") for row in rows], np.array(received, np.int64))
    prices = [getattr(row, "price", None) for row in rows]
    no_price = np.array([price is None for price in prices], bool)
    return arrow.table(
        [
            ("id", arrow.strings(texts(rows, "id"))),
            ("received_at", arrow.times(received)),
            ("dialect", arrow.strings([row.dialect or "" for row in rows])),
            *((name, arrow.strings([str(getattr(row, name, "") or "") for row in rows]))
              for name in ("type", "signal", "symbol", "side", *_WORDS)),
            ("source", arrow.strings(texts(rows, "source"))),
            ("source_id", arrow.strings([row.source_id or "" for row in rows])),
            ("sent_at", arrow.times(sent)),
            ("price", arrow.floats([price or 0.0 for price in prices], no_price)),
            ("bid", arrow.floats(bid, missing)),
            ("ask", arrow.floats(ask, missing)),
            ("asks", arrow.strings([_asks(row) for row in rows])),
            ("fields", arrow.strings([_json(getattr(row, "fields", {})) for row in rows])),
            ("repairs", arrow.strings([_json(list(getattr(row, "repairs", ()))) for row in rows])),
            ("raw", arrow.strings(texts(rows, "raw"))),
        ]
    )  # fmt: skip


def quotes_of(
    record: RunRecord, symbols: Sequence[str], times_ns: Int64
) -> tuple[Float64, Float64, np.ndarray[Any, np.dtype[np.bool_]]]:
    """(bid, ask, missing) as prices, each at its instant by its symbol's series: what was known then."""
    bid, ask = np.zeros(len(symbols)), np.zeros(len(symbols))
    missing = np.ones(len(symbols), bool)
    words = np.array(symbols, dtype=object)
    for symbol, prices in record.series.items():
        where = np.flatnonzero((words == symbol) & (times_ns != arrow.NO_TIME))
        if not len(where) or not len(prices) or symbol not in record.catalogue:
            continue
        at_bid, at_ask, known = quotes_at(prices, times_ns[where])
        instrument = record.catalogue[symbol]
        bid[where], ask[where] = prices_of(instrument, at_bid), prices_of(instrument, at_ask)
        missing[where] = ~known
    return bid, ask, missing


def _asks(row: Alert | Quarantined) -> str:
    if isinstance(row, Quarantined):
        return "{}"
    values = _VALUES(row)
    if values == _SILENT:
        return "{}"
    return _json(
        {
            name: str(value) if isinstance(value, Quantity) else value
            for name, value, silent in zip(ASKS, values, _SILENT, strict=True)
            if value != silent
        }
    )


def _json(value: Any) -> str:
    """JSON in ASCII; what it has no type for goes the careful way."""
    if not value:
        return "[]" if isinstance(value, list) else "{}"
    try:
        return _DUMPS(value)
    except (TypeError, ValueError, RecursionError):
        return _DUMPS(plain(dict(value) if not isinstance(value, list) else value))
