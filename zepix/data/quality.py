"""How good prices are: what a trader should know of a file before believing a replay on it.

- *Order, repeats, shape, crossed quotes*: the findings of reading (see ``findings``), refused ones first.
- *Gaps*: holes of more than an hour (three bars at least) of trading time, against the instrument's trading week.
- *Coverage*: bars there are, over bars the trading week would have had between the first and the last.
- *Spikes*: bars that stick out beyond both neighbours by more than ten times the usual range of bars nearby; most
  often a bad tick. A move that the next bar confirms is none.
- *Spread*: at the open, in points, over all and by UTC hour.
- *Zone*: rows outside the trading week, and a doubt where a shift by whole hours would bring them in.
- *Ticks* besides: ticks of equal time, ticks that change neither price, ticks an hour of trading. Their coverage and
  spikes are those of the one-minute bars they make; a gap is more than an hour of trading without a tick.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from zepix.data.build import timeframe_ns
from zepix.data.columns import ParquetColumns, layout_of
from zepix.data.findings import HOUR_NS, time_text
from zepix.data.names import PriceFile
from zepix.data.ticks import read_rows
from zepix.data.week import find_gaps, traded_until
from zepix.data.zone_doubt import outside_week
from zepix.kernels.resample import fold_max, fold_min, group_starts, group_times
from zepix.model import Instrument, Series
from zepix.model import timeframe as timeframes
from zepix.model.series import PRICE_COLUMNS, Int32, Int64

__all__ = ["QualityReport", "check"]

SPIKE_RANGES: Final = 10
NEARBY_ROWS: Final = 256
LISTED: Final = 20
MINUTE_NS: Final = 60_000_000_000
_COUNTED: Final = (
    *("crossed", "crossed_rows", "widened", "finer_than_point", "misaligned", "zero_spread", "overlapping"),
    "equal_times",
)


@dataclass(frozen=True, slots=True)
class QualityReport:
    """What was found in one series. ``problems`` are sentences; with any the file is refused by a replay.

    ``gaps`` and ``spikes`` list the worst twenty; their numbers are ``gap_count`` and ``spike_count``. Of ticks
    ``coverage_frac``, ``missing_bars`` and ``spikes`` are of minutes, and ``ticks`` has ``unchanged_frac`` (of all
    ticks those that change neither price), ``per_hour`` (of trading) and ``by_hour``: how many in each UTC hour.
    """

    symbol: str
    timeframe: str
    source: str
    rows: int
    first: str
    last: str
    quotes: str
    problems: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    coverage_frac: float = 0.0
    missing_bars: int = 0
    gap_count: int = 0
    gaps: list[dict[str, Any]] = field(default_factory=list)
    spike_count: int = 0
    spikes: list[dict[str, Any]] = field(default_factory=list)
    spread_points: dict[str, float] = field(default_factory=dict)
    spread_by_hour_points: list[float | None] = field(default_factory=list)
    ticks: dict[str, Any] = field(default_factory=dict)
    doubts: list[str] = field(default_factory=list)

    @property
    def is_usable(self) -> bool:
        return not self.problems

    def as_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return {"usable": self.is_usable, **asdict(self)}

    def lines(self) -> list[tuple[str, str]]:
        """Label and text, in the order a table shows them."""
        missing = "minutes without a tick" if self.ticks else "bars missing"
        shown = [
            ("series", f"{self.symbol} {self.timeframe}  ({self.source})"),
            ("usable", "yes" if self.is_usable else "no"),
            *(("problem", problem) for problem in self.problems),
            *(("doubt", doubt) for doubt in self.doubts),
            ("rows", f"{self.rows}, {self.first} to {self.last}"),
            ("ask from", self.quotes),
            ("coverage", f"{self.coverage_frac:.2%}, {self.missing_bars} {missing}"),
            ("gaps", f"{self.gap_count} longer than an hour of trading"),
            *(("", f"{gap['from']} to {gap['to']}: {gap['hours']:g} h") for gap in self.gaps[:5]),
            ("spikes", str(self.spike_count)),
            *(
                ("", f"{spike['time']}: {spike['points']} points, usual range {spike['usual']:g}")
                for spike in self.spikes[:5]
            ),
            ("spread", ", ".join(f"{name} {value:g}" for name, value in self.spread_points.items()) + " points"),
        ]
        if self.ticks:
            rate, unchanged = self.ticks["per_hour"], self.ticks["unchanged_frac"]
            shown.append(("ticks", f"{rate:g} an hour of trading, {unchanged:.2%} change neither price"))
        return shown + [("counted", f"{word}: {count}") for word, count in self.counts.items() if count]


def check(
    source: Series | PriceFile | Path,
    instrument: Instrument,
    *,
    timeframe: str | None = None,
    crossed: str = "raise_ask",
) -> QualityReport:
    """Look at a loaded series or at a file; problems are reported, not raised.

    A bare path needs ``timeframe``. Raises DataError only for a file that cannot be read as prices at all.
    """
    if isinstance(source, Series):
        return _check_series(source, instrument)
    if isinstance(source, Path):
        source = PriceFile(source, instrument.symbol, timeframes.from_file_name(timeframe or ""))
    length_ns = timeframe_ns(source.timeframe)
    with ParquetColumns(source.path, layout_of(source.timeframe)) as columns:
        raw = read_rows(columns, instrument, length_ns, crossed=crossed)
    found = raw.findings
    words = found.refused(rows=len(raw.time), timeframe_ns=length_ns, crossed=crossed)
    name = timeframes.file_name(source.timeframe)
    problems = found.sentences(words, raw.time, point=str(instrument.point), timeframe=name)
    counts = {word: found[word] for word in _COUNTED if word not in words}
    return _report(
        source.symbol, name, source.path.name, raw.quotes, raw.time, raw.prices, length_ns, instrument, problems, counts
    )


def _check_series(series: Series, instrument: Instrument) -> QualityReport:
    facts = series.facts
    counts = {word: int(facts.get("crossed_raised" if word == "crossed" else word, 0)) for word in _COUNTED}
    return _report(
        series.symbol,
        timeframes.file_name(series.timeframe),
        ", ".join(facts.get("sources", ())) or "memory",
        str(facts.get("quotes", "ask columns")),
        series.time,
        {name: getattr(series, name) for name in PRICE_COLUMNS},
        series.timeframe_ns,
        instrument,
        [],
        counts,
    )


def _report(
    symbol: str,
    timeframe: str,
    source: str,
    quotes: str,
    time: Int64,
    prices: Mapping[str, Int32],
    length_ns: int,
    instrument: Instrument,
    problems: list[str],
    counts: dict[str, int],
) -> QualityReport:
    first, last = int(time.min()), int(time.max())
    is_ordered = not len(time) > 1 or int(np.diff(time).min()) > 0
    week = instrument.trading_week
    measured: dict[str, Any] = _holes(time, length_ns, week) if is_ordered else {}
    measured |= _spreads(time, prices["ask_open"] - prices["bid_open"])
    outside = outside_week(time, length_ns, week)
    counts = {**counts, "outside_week": outside["outside_week"]}
    measured["doubts"] = [outside["warning"]] if "warning" in outside else []
    if length_ns:
        measured |= _spikes(time, prices["bid_high"], prices["bid_low"])
    elif is_ordered:
        measured |= _of_ticks(time, prices["bid_open"], prices["ask_open"], week)
    return QualityReport(
        symbol, timeframe, source, len(time), time_text(first), time_text(last), quotes, problems, counts, **measured
    )


def _of_ticks(time: Int64, bid: Int32, ask: Int32, week: str) -> dict[str, Any]:
    """Rates and repeats of ticks, and what their minutes show."""
    starts = group_starts(time, MINUTE_NS)
    minutes = group_times(time, starts, MINUTE_NS)
    missing = find_gaps(minutes, MINUTE_NS, week).missing_bars
    traded = traded_until(np.array([time[0], time[-1]]), week)
    hours = max(int(traded[1] - traded[0]), MINUTE_NS) / HOUR_NS
    unchanged = int(np.count_nonzero((bid[1:] == bid[:-1]) & (ask[1:] == ask[:-1])))
    return {
        "coverage_frac": len(minutes) / (len(minutes) + missing),
        "missing_bars": missing,
        **_spikes(minutes, fold_max(bid, starts), fold_min(bid, starts)),
        "ticks": {
            "unchanged_frac": unchanged / len(time),
            "per_hour": round(len(time) / hours, 2),
            "by_hour": np.bincount(time // HOUR_NS % 24, minlength=24).tolist(),
        },
    }


def _holes(time: Int64, length_ns: int, week: str) -> dict[str, Any]:
    gaps = find_gaps(time, length_ns, week)
    worst = np.argsort(-gaps.lost_ns, kind="stable")[:LISTED]
    listed = [
        {
            "from": time_text(int(time[row]) + length_ns),
            "to": time_text(int(time[row + 1])),
            "hours": round(int(lost) / HOUR_NS, 2),
        }
        for row, lost in zip(gaps.rows[worst], gaps.lost_ns[worst], strict=True)
    ]
    return {
        "coverage_frac": len(time) / (len(time) + gaps.missing_bars),
        "missing_bars": gaps.missing_bars,
        "gap_count": len(gaps.rows),
        "gaps": listed,
    }


def _spikes(time: Int64, high: Int32, low: Int32) -> dict[str, Any]:
    """Bars whose high or low lies far outside both neighbours."""
    if len(time) < 3:
        return {}
    beyond = np.maximum(
        high[1:-1].astype(np.int64) - np.maximum(high[:-2], high[2:]),
        np.minimum(low[:-2], low[2:]).astype(np.int64) - low[1:-1],
    )
    usual = _usual_range(high, low)[1:-1]
    rows = np.flatnonzero(beyond > SPIKE_RANGES * usual)
    worst = rows[np.argsort(-(beyond[rows] / usual[rows]), kind="stable")][:LISTED]
    listed = [
        {"row": int(r) + 1, "time": time_text(int(time[r + 1])), "points": int(beyond[r]), "usual": float(usual[r])}
        for r in worst
    ]
    return {"spike_count": len(rows), "spikes": listed}


def _usual_range(high: Int32, low: Int32) -> Any:
    """The median range of the bars around each row (of its block of 256 rows), one point at least."""
    span = (high.astype(np.int64) - low).astype(np.float64)
    whole = len(span) // NEARBY_ROWS * NEARBY_ROWS
    medians = np.median(span[:whole].reshape(-1, NEARBY_ROWS), axis=1) if whole else np.empty(0)
    usual = np.repeat(medians, NEARBY_ROWS)
    if whole < len(span):
        rest = span[max(0, len(span) - NEARBY_ROWS) :]
        usual = np.concatenate((usual, np.full(len(span) - whole, np.median(rest))))
    return np.maximum(usual, 1.0)


def _spreads(time: Int64, spread: Int32) -> dict[str, Any]:
    median, high = (float(v) for v in np.percentile(spread, (50, 95)))
    hours = time // HOUR_NS % 24
    by_hour = [spread[hours == hour] for hour in range(24)]
    return {
        "spread_points": {
            "min": int(spread.min()),
            "median": round(median, 2),
            "p95": round(high, 2),
            "max": int(spread.max()),
            "mean": round(float(spread.mean()), 2),
        },
        "spread_by_hour_points": [round(float(np.median(rows)), 2) if len(rows) else None for rows in by_hour],
    }
