"""Alerts of the V3 and V6 scripts on the sample's own bars: logs as ``zepix alerts generate`` writes them.

They come from both symbols on charts of fifteen minutes, all bars warm the indicators up, and the last sixth of the
days is written. On so few days the longest timeframes have no trend yet.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from zepix.data.build import series_from_arrays
from zepix.data.catalogue import default_catalogue
from zepix.data.synthetic import PROFILES
from zepix.errors import DataError
from zepix.model.series import Int64

__all__ = ["CHART", "GENERATED", "write_generated"]

CHART: Final = "15m"
GENERATED: Final = {"v3": "generated_v3.jsonl", "v6": "generated_v6.jsonl"}


def write_generated(
    folder: Path, bars: Mapping[str, Mapping[str, Int64]], *, start_ns: int, end_ns: int
) -> list[dict[str, Any]]:
    """Write a log of each dialect, with its manifest, and describe them; a log that would be empty is not written.

    ``bars`` are one-minute bars in points by symbol (``bar_points``). Raises DataError where a file cannot be written.
    """
    # the sample shows what the room of alerts makes of its bars; nothing else here needs that room
    from zepix.alerts.generate import Source, generate, manifest_path, write_alerts  # tidy: see above

    catalogue = default_catalogue()
    sources = []
    for symbol, points in bars.items():
        unit = float(10 ** PROFILES[symbol].digits)
        columns = {name: values if name == "time" else values / unit for name, values in points.items()}
        sources.append(Source(series_from_arrays(catalogue[symbol], "1m", columns), catalogue[symbol]))
    from_ns = start_ns + (end_ns - start_ns) * 5 // 6
    listed = []
    for dialect, name in GENERATED.items():
        for path in (folder / name, manifest_path(folder / name)):
            _forget(path)
        streams = (generate(s.series, s.instrument, dialect, timeframes=(CHART,), from_ns=from_ns) for s in sources)
        if not any(True for stream in streams for _ in stream):
            continue
        made = write_alerts(sources, dialect, folder / name, timeframes=(CHART,), from_ns=from_ns)
        listed.append(
            {
                "file": name,
                "lines": made["alerts"]["rows"],
                "content_sha256": hashlib.sha256((folder / name).read_bytes()).hexdigest(),
            }
        )
    return listed


def _forget(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as why:
        raise DataError(f"{path} of an earlier sample cannot be removed: {why.strerror or why}") from why
