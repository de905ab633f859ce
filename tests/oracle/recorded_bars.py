"""Recorded bars and ticks from the folder beside the repository, as the oracle's rows; longer bars made of them."""

from __future__ import annotations

from pathlib import Path

from .bars import Row, TickRow

__all__ = ["MARKET", "bars_of_ticks", "recorded", "recorded_ticks", "resampled"]

MARKET = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "market"
TIMEFRAMES_NS = {"M1": 60 * 10**9, "H1": 3600 * 10**9}
BID = ("bid_open", "bid_high", "bid_low", "bid_close")
ASK = ("ask_open", "ask_high", "ask_low", "ask_close")


def recorded(file_name: str, spread: float = 0.0, digits: int = 5) -> tuple[int, list[Row]]:
    """Timeframe and rows of one file; data without an ask gets bid + ``spread``. A crossed ask is raised to the bid."""
    import pyarrow.parquet as pq  # only here: the simulator itself needs nothing but the standard library

    table = pq.read_table(MARKET / file_name)
    times = [microseconds * 1000 for microseconds in table["time"].cast("int64").to_pylist()]
    bids = [table[name].to_pylist() for name in BID]
    if ASK[0] in table.column_names:
        asks = [table[name].to_pylist() for name in ASK]
    else:
        asks = [[round(price + spread, digits) for price in column] for column in bids]
    asks = [[max(a, b) for a, b in zip(ask, bid, strict=True)] for ask, bid in zip(asks, bids, strict=True)]
    timeframe = next(name for name in file_name.split("_") if name in TIMEFRAMES_NS)
    return TIMEFRAMES_NS[timeframe], list(zip(times, *bids, *asks, strict=True))


def recorded_ticks(file_name: str, first: int, count: int) -> tuple[int, list[TickRow]]:
    """So many ticks of one file from the ``first`` on: time, bid, ask."""
    import pyarrow.parquet as pq  # only here: the simulator itself needs nothing but the standard library

    table = pq.read_table(MARKET / file_name, columns=["time", "bid", "ask"]).slice(first, count)
    times = [microseconds * 1000 for microseconds in table["time"].cast("int64").to_pylist()]
    return 0, list(zip(times, table["bid"].to_pylist(), table["ask"].to_pylist(), strict=True))


def bars_of_ticks(series: tuple[int, list[TickRow]], timeframe_ns: int) -> tuple[int, list[Row]]:
    """Bars of these ticks, aligned to the UTC epoch."""
    raised = [(t, bid, max(bid, ask)) for t, bid, ask in series[1]]
    return resampled((0, [(t, b, b, b, b, a, a, a, a) for t, b, a in raised]), timeframe_ns)


def resampled(series: tuple[int, list[Row]], timeframe_ns: int) -> tuple[int, list[Row]]:
    """Longer bars, aligned to the UTC epoch: first open, highest high, lowest low, last close of each side."""
    buckets: dict[int, list[Row]] = {}
    for row in series[1]:
        buckets.setdefault(row[0] // timeframe_ns * timeframe_ns, []).append(row)
    return timeframe_ns, [(open_ns, *side(rows, 1), *side(rows, 5)) for open_ns, rows in buckets.items()]


def side(rows: list[Row], first: int) -> tuple[float, float, float, float]:
    """Open, high, low, close of one side, which stands in four columns from ``first`` on."""
    columns = [[float(row[first + n]) for row in rows] for n in range(4)]
    return columns[0][0], max(columns[1]), min(columns[2]), columns[3][-1]
