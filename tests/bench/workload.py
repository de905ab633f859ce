"""Seeded synthetic EURUSD M1 bars and bracket alerts for the bench; `python workload.py FOLDER` writes them.

The prices are made up: a random walk with the hours, spreads, week-end gaps and the yearly size of moves of EURUSD.
Year after year has its own seed, so one year is the beginning of ten. The generator is the bench's own: were it shared
with the sample that zepix ships, a prettier sample would change every figure ever measured.

Alerts come one second after a bar's open, at most one a bar, on a random side; stop and target lie 40 to 800 points
from the entry (log-uniform, each by itself), so that tickets live from minutes to days. ``flat`` bars and alerts are
the same ones without a spread: peers know one price only, and on these zepix must make (nearly) their trades.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

VERSION = 1
SEED = 20261121
FIRST_YEAR = 2014
POINT = 1e-5
POINTS_PER_UNIT = 100_000
MINUTE_NS = 60_000_000_000
MINUTES_PER_DAY = 1440
DAY_NS = MINUTES_PER_DAY * MINUTE_NS
WEEK_NS = 7 * DAY_NS
STEPS_PER_BAR = 4
POINTS_PER_MINUTE = 13.0
MIN_DISTANCE, MAX_DISTANCE = 40, 800
LOTS = 0.01

# Size of a minute's move and the spread, by UTC hour: quiet Asia, busy London and New York, thin at rollover.
ACTIVITY = np.array([0.6, 0.6, 0.6, 0.55, 0.55, 0.7, 1.0, 1.4, 1.4, 1.2, 1.1, 1.1,
                     1.3, 1.6, 1.6, 1.5, 1.2, 1.0, 0.9, 0.8, 0.7, 0.5, 0.4, 0.5])  # fmt: skip
SPREAD_POINTS = np.array([9, 8, 8, 8, 8, 7, 7, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 7, 7, 8, 10, 24, 18, 12])


@dataclass(frozen=True)
class Bars:
    """One row a minute in which the market is open; ``time`` in ns UTC, bid prices and spread in points."""

    time: Ints
    open: Ints
    high: Ints
    low: Ints
    close: Ints
    spread: Ints

    def __len__(self) -> int:
        return len(self.time)


@dataclass(frozen=True)
class Brackets:
    """Entry alerts: bar of the open they follow, +1 buy or -1 sell, distances of stop and target in points."""

    row: Ints
    side: Ints
    stop: Ints
    target: Ints


def trading_minutes(year: int) -> Ints:
    """Minutes since 1970, of that year, in which forex trades: New York Sunday to Friday 17:00, less two holidays."""
    first, last = (np.datetime64(f"{y}-01-01", "m").astype(np.int64) for y in (year, year + 1))
    minutes = np.arange(first, last, dtype=np.int64)
    local = minutes - 300 + 60 * _is_summer(minutes, year)
    into_week = (local - 3 * MINUTES_PER_DAY) % (7 * MINUTES_PER_DAY)  # Sunday 00:00 is 0: 1970-01-04 was a Sunday
    opens, closes = 17 * 60, 5 * MINUTES_PER_DAY + 17 * 60
    day = minutes.astype("datetime64[m]").astype("datetime64[D]")
    holiday = (day == np.datetime64(f"{year}-01-01")) | (day == np.datetime64(f"{year}-12-25"))
    is_open: NDArray[np.bool_] = (into_week >= opens) & (into_week < closes) & ~holiday
    return np.extract(is_open, minutes)


def _is_summer(minutes: Ints, year: int) -> NDArray[np.bool_]:
    starts = _sunday(year, 3, 2) + 7 * 60
    ends = _sunday(year, 11, 1) + 6 * 60
    return (minutes >= starts) & (minutes < ends)


def _sunday(year: int, month: int, count: int) -> int:
    """Minute since 1970 at which the ``count``-th Sunday of the month begins."""
    first = np.datetime64(f"{year}-{month:02d}-01", "D")
    sunday = np.busday_offset(first, count - 1, roll="forward", weekmask="Sun")
    return int(sunday.astype("datetime64[m]").astype(np.int64))


def year_of_bars(year: int) -> Bars:
    """A year of M1 bars; the year is its seed."""
    random = np.random.default_rng([SEED, year])
    minutes = trading_minutes(year)
    hour = minutes // 60 % 24
    path = _path(random, minutes, ACTIVITY[hour] * POINTS_PER_MINUTE, year)
    points = np.rint(path).astype(np.int64)
    spread = SPREAD_POINTS[hour] + random.integers(0, 4, len(minutes))
    return Bars(minutes * MINUTE_NS, points[:, 0], points.max(axis=1), points.min(axis=1), points[:, -1], spread)


def _path(random: np.random.Generator, minutes: Ints, points_per_minute: Floats, year: int) -> Floats:
    """Prices in points at the open and after each of a bar's steps, shape (bars, 1 + STEPS_PER_BAR).

    The walk is bent so that it ends where the next year begins, between 1.05 and 1.25: ten years cannot run away.
    """
    step = random.standard_normal((len(minutes), 1 + STEPS_PER_BAR)) * (points_per_minute / STEPS_PER_BAR**0.5)[:, None]
    step[:, 0] = random.integers(-1, 2, len(minutes))
    pause = np.flatnonzero(np.diff(minutes, prepend=minutes[0] - 1) > 1)
    step[pause, 0] = random.standard_normal(len(pause)) * 120
    walk = np.cumsum(step.ravel())
    start, end = _level(year), _level(year + 1)
    bridge: Floats = start + walk + np.linspace(0, 1, len(walk)) * (end - start - walk[-1])
    return bridge.reshape(step.shape)


def _level(year: int) -> float:
    return float(np.random.default_rng([SEED, 7, year]).uniform(1.05, 1.25) * POINTS_PER_UNIT)


def bars_of_years(years: int) -> Bars:
    """The first ``years`` years, 371 k bars each."""
    parts = [year_of_bars(FIRST_YEAR + i) for i in range(years)]
    return Bars(*(np.concatenate([getattr(p, name) for p in parts]) for name in Bars.__dataclass_fields__))


def brackets(bars: Bars, count: int) -> Brackets:
    """``count`` entries spread evenly at random over all bars but the first and the last, oldest first."""
    random = np.random.default_rng([SEED, 11, len(bars), count])
    row = np.sort(random.choice(len(bars) - 2, size=count, replace=False) + 1)
    side = random.choice(np.array([1, -1]), size=count)
    low, high = np.log([MIN_DISTANCE, MAX_DISTANCE])
    stop, target = (np.rint(np.exp(random.uniform(low, high, count))).astype(np.int64) for _ in range(2))
    return Brackets(row.astype(np.int64), side.astype(np.int64), stop, target)


def alert_lines(bars: Bars, entries: Brackets, *, kind: str = "plain") -> Iterator[str]:
    """The alert log, one JSON line an entry.

    ``kind``: ``plain``; ``flat`` (levels from the bid, as if there were no spread); ``wrong_side`` (stop and target
    swapped, each is refused when it meets the price); ``weekend`` (sent on a Saturday, refused: the market is closed).
    """
    spread = np.zeros_like(bars.spread) if kind == "flat" else bars.spread
    for number, (row, side, stop, target) in enumerate(zip(*_lists(entries), strict=True)):
        entry = int(bars.open[row] + (spread[row] if side > 0 else 0))
        sl, tp = entry - side * stop, entry + side * target
        if kind == "wrong_side":
            sl, tp = tp, sl
        payload: dict[str, Any] = {
            "type": "entry",
            "strategy": "bracket",
            "symbol": "EURUSD",
            "side": "buy" if side > 0 else "sell",
            "volume": LOTS,
            "sl": sl / POINTS_PER_UNIT,
            "tp": tp / POINTS_PER_UNIT,
            "id": f"a{number:06d}",
            "timeframe": "1m",
            "price": int(bars.open[row]) / POINTS_PER_UNIT,
        }
        received_ns = int(bars.time[row]) + 1_000_000_000
        if kind == "weekend":
            received_ns = _saturday_ns(max(int(bars.time[row]), int(bars.time[0]) + WEEK_NS), number)
        yield json.dumps({"received_at": _iso(received_ns), "payload": payload})


def _saturday_ns(ns: int, number: int) -> int:
    """06:00 UTC on the last Saturday before ``ns``, and ``number`` seconds."""
    day = ns // DAY_NS
    saturday = day - (day - 2) % 7  # 1970-01-03 was a Saturday
    return saturday * DAY_NS + (6 * 3600 + number) * 1_000_000_000


def _iso(ns: int) -> str:
    return f"{np.datetime64(ns // 1_000_000_000, 's')}Z"


def _lists(entries: Brackets) -> tuple[list[int], list[int], list[int], list[int]]:
    return entries.row.tolist(), entries.side.tolist(), entries.stop.tolist(), entries.target.tolist()


def write_bars(bars: Bars, folder: Path, *, flat: bool = False) -> Path:
    """One Parquet file in the layout of the recorded market data: UTC time, bid and ask, zstd."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    first, last = (
        str(np.datetime64(int(t), "ns").astype("datetime64[D]")).replace("-", "") for t in bars.time[[0, -1]]
    )
    columns = {"time": pa.array(bars.time // 1000, pa.timestamp("us", tz="UTC"))}
    for quote, shift in (("bid", 0), ("ask", 0 if flat else bars.spread)):
        for name in ("open", "high", "low", "close"):
            columns[f"{quote}_{name}"] = pa.array((getattr(bars, name) + shift) / POINTS_PER_UNIT)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"EURUSD_M1_{first}_{last}.parquet"
    prices = [name for name in columns if name != "time"]
    encoding = {"time": "DELTA_BINARY_PACKED"}
    pq.write_table(pa.table(columns), path, compression="zstd", use_dictionary=prices, column_encoding=encoding)
    return path


def write_alerts(path: Path, bars: Bars, entries: Brackets, kind: str) -> None:
    path.write_text(
        "".join(line + "\n" for line in alert_lines(bars, entries, kind=kind)), encoding="utf-8", newline="\n"
    )


def write_arrays(path: Path, bars: Bars, entries: Brackets) -> None:
    """What the peers read: the bid in points and the entries."""
    np.savez(
        path, time=bars.time, open=bars.open, high=bars.high, low=bars.low, close=bars.close,
        row=entries.row, side=entries.side, stop=entries.stop, target=entries.target,
    )  # fmt: skip


def write_years(folder: Path, years: int, counts: list[int], refused: int) -> dict[str, Any]:
    """Bars, flat bars, alert logs and arrays of one span; returns (and writes, last) what is where."""
    bars = bars_of_years(years)
    home = folder / f"{years}y"
    manifest: dict[str, Any] = {
        "version": VERSION, "synthetic": True, "seed": SEED, "bars": len(bars), "counts": counts, "refused": refused,
        "parquet": str(write_bars(bars, home)), "flat_parquet": str(write_bars(bars, home / "flat", flat=True)),
        "alerts": {}, "arrays": {},
    }  # fmt: skip
    for count in counts:
        entries = brackets(bars, count)
        arrays = home / f"arrays_{count}.npz"
        write_arrays(arrays, bars, entries)
        manifest["arrays"][str(count)] = str(arrays)
        for kind in ("plain", "flat"):
            _write_log(manifest, home, bars, entries, count, kind)
    if refused:
        for kind in ("wrong_side", "weekend"):
            _write_log(manifest, home, bars, brackets(bars, refused), refused, kind)
    (home / "manifest.json").write_text(json.dumps(manifest, indent=1), encoding="utf-8", newline="\n")
    return manifest


def _write_log(manifest: dict[str, Any], home: Path, bars: Bars, entries: Brackets, count: int, kind: str) -> None:
    path = home / f"{kind}_{count}.jsonl"
    write_alerts(path, bars, entries, kind)
    manifest["alerts"][f"{kind}_{count}"] = str(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--years", type=int, default=1)
    parser.add_argument("--alerts", type=int, nargs="+", default=[1000])
    parser.add_argument("--refused", type=int, default=0, help="also logs of so many alerts that are all refused")
    args = parser.parse_args()
    manifest = _made_before(args.folder, args.years, args.alerts, args.refused)
    print(json.dumps(manifest or write_years(args.folder, args.years, args.alerts, args.refused)))


def _made_before(folder: Path, years: int, counts: list[int], refused: int) -> dict[str, Any] | None:
    """The manifest of the same workload, if it lies there already: made files are settled files (their time is old)."""
    path = folder / f"{years}y" / "manifest.json"
    if not path.is_file():
        return None
    manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    wanted = {"version": VERSION, "seed": SEED, "counts": counts, "refused": refused}
    files = [manifest["parquet"], manifest["flat_parquet"], *manifest["alerts"].values(), *manifest["arrays"].values()]
    is_same = all(manifest.get(name) == value for name, value in wanted.items())
    return manifest if is_same and all(Path(file).is_file() for file in files) else None


if __name__ == "__main__":
    main()
