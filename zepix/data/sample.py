"""The sample: a month of invented bars, a few hundred invented alerts, and generated ones; for a first run and tests.

Its manifest says that it is synthetic and how to make it again. Checksums are of *contents* (times in nanoseconds and
prices in points, little-endian int64; alerts as UTF-8 lines), not of Parquet bytes, which change with the writer.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from zepix.data.clock import HOUR_NS
from zepix.data.findings import time_text
from zepix.data.importing import write_bars
from zepix.data.names import file_for, parse_name
from zepix.data.sample_alerts import synthetic_alerts
from zepix.data.sample_generated import write_generated
from zepix.data.synthetic import PROFILES, bar_points, instant_ns, synthetic_bars
from zepix.errors import ConfigError, DataError
from zepix.model.series import PRICE_COLUMNS, Int64

__all__ = [
    "GENERATOR_VERSION",
    "content_checksum",
    "sample_contents",
    "synthetic_alerts",
    "synthetic_bars",
    "write_sample",
]

GENERATOR_VERSION: Final = 1
START: Final = "2024-01-01"
MAX_DAYS: Final = 3660
DAY_NS: Final = 24 * HOUR_NS
_OUTAGE: Final = (16 * DAY_NS + 13 * HOUR_NS, 16 * DAY_NS + 16 * HOUR_NS)  # three hours lost on a Wednesday

Points = dict[str, Int64]


def sample_contents(
    *, seed: int, days: int, symbols: Sequence[str], n_alerts: int
) -> tuple[dict[str, Points], list[str]]:
    """The bars of each symbol in points, and the lines of the alert log. Raises ConfigError for what cannot be."""
    if not 1 <= days <= MAX_DAYS:
        raise ConfigError(f"days must lie between 1 and {MAX_DAYS}, not {days}")
    start_ns = instant_ns(START)
    bars: dict[str, Points] = {}
    for symbol in symbols:
        columns = bar_points(symbol, start=start_ns, bars=days * 1440, seed=seed)
        since = columns["time"] - start_ns
        kept = (since < days * DAY_NS) & ~((since >= _OUTAGE[0]) & (since < _OUTAGE[1]))
        bars[symbol] = {name: values[kept] for name, values in columns.items()}
    return bars, synthetic_alerts(bars, seed=seed, count=n_alerts)


def content_checksum(points: Mapping[str, NDArray[Any]]) -> str:
    """SHA-256 over time and the eight prices in points, column by column."""
    digest = hashlib.sha256()
    for name in ("time", *PRICE_COLUMNS):
        digest.update(np.ascontiguousarray(points[name], "<i8").tobytes())
    return digest.hexdigest()


def write_sample(
    folder: str | Path,
    *,
    seed: int = 20240101,
    days: int = 30,
    symbols: Sequence[str] = ("EURUSD", "XAUUSD"),
    n_alerts: int = 300,
    generated: bool = False,
) -> dict[str, Any]:
    """Write bars (one Parquet a symbol), ``alerts.jsonl`` and ``manifest.json`` into ``folder``; returns the manifest.

    ``generated`` adds what the V3 and V6 scripts would have sent on these bars (``write_generated``). A sample already
    there is replaced. Raises ConfigError for impossible wishes, DataError if it cannot be written.
    """
    folder = Path(folder)
    bars, lines = sample_contents(seed=seed, days=days, symbols=symbols, n_alerts=n_alerts)
    _forget_bars(folder)
    listed = []
    for symbol, points in bars.items():
        name = file_for(symbol, "1m", int(points["time"][0]), int(points["time"][-1]))
        unit = float(10 ** PROFILES[symbol].digits)
        write_bars(folder / name, {k: v if k == "time" else v / unit for k, v in points.items()}, compact=True)
        listed.append(_bars_entry(name, symbol, points))
    text = "\n".join(lines) + "\n"
    manifest: dict[str, Any] = {
        "synthetic": True,
        "what": "Invented prices and alerts for trying zepix out; no market, no broker, no person is behind them.",
        "generator": "zepix.data.sample.write_sample",
        "generator_version": GENERATOR_VERSION,
        "arguments": {"seed": seed, "days": days, "symbols": list(symbols), "n_alerts": n_alerts},
        "bars": listed,
        "alerts": {
            "file": "alerts.jsonl",
            "lines": len(lines),
            "content_sha256": hashlib.sha256(text.encode()).hexdigest(),
        },
    }
    if generated:
        start_ns = instant_ns(START)
        manifest["generated"] = write_generated(folder, bars, start_ns=start_ns, end_ns=start_ns + days * DAY_NS)
    try:
        (folder / "alerts.jsonl").write_text(text, encoding="utf-8", newline="\n")
        shown = json.dumps(manifest, indent=2) + "\n"
        (folder / "manifest.json").write_text(shown, encoding="utf-8", newline="\n")
    except OSError as why:
        raise DataError(f"the sample cannot be written to {folder}: {why.strerror or why}") from why
    return manifest


def _forget_bars(folder: Path) -> None:
    """Delete the bars of an earlier sample here: of other days, they would overlap with those to come."""
    try:
        before = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        names = [str(entry["file"]) for entry in before["bars"]] if before["synthetic"] is True else []
        for name in names:
            if Path(name).name == name and parse_name(Path(name)) is not None:
                (folder / name).unlink(missing_ok=True)
    except (OSError, ValueError, KeyError, TypeError):
        return  # no sample of ours


def _bars_entry(name: str, symbol: str, points: Points) -> dict[str, Any]:
    return {
        "file": name,
        "symbol": symbol,
        "timeframe": "M1",
        "rows": len(points["time"]),
        "first": time_text(int(points["time"][0])),
        "last": time_text(int(points["time"][-1])),
        "digits": PROFILES[symbol].digits,
        "content_sha256": content_checksum(points),
    }
