"""Generated alerts into an alert log, one at a time, and the manifest beside it."""

from __future__ import annotations

import hashlib
import heapq
import json
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from zepix.alerts.generate.alerts import Generated, generate
from zepix.alerts.generate.manifest import CHOICES, left_out
from zepix.alerts.generate.settings import Settings, settings_of
from zepix.alerts.generate.trends import TIMEFRAMES, is_known
from zepix.alerts.log import write_log
from zepix.alerts.rows import LogRow
from zepix.alerts.timestamps import from_ns as time_text
from zepix.errors import ConfigError, DataError
from zepix.model import Instrument, Series
from zepix.model import timeframe as timeframe_words

__all__ = ["Source", "manifest_path", "write_alerts"]

SOURCE: Final = "generated"
_TELL_EVERY: Final = 500
_DAY_NS: Final = 86_400_000_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """Bars of one symbol to make alerts from; ``volume_note`` names the volume's column, or says why there is none."""

    series: Series
    instrument: Instrument
    volume: NDArray[np.float64] | None = None
    volume_note: str = ""


def manifest_path(out: Path) -> Path:
    """Where the manifest of a log lies: ``alerts.jsonl`` has ``alerts.manifest.json``."""
    return out.with_name(f"{out.stem}.manifest.json")


def write_alerts(
    sources: Sequence[Source],
    dialect: str,
    out: str | Path,
    *,
    timeframes: Sequence[str] = (),
    settings: Settings | None = None,
    from_ns: int | None = None,
    to_ns: int | None = None,
    overwrite: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Write the alerts of all sources, in order of time, and ``manifest_path(out)``; returns the manifest.

    The arguments are those of ``generate``. Alerts are never held all at once; a log is Parquet by its ending, else
    JSON lines, and it is seen whole or not at all. ``progress`` is told (days of bars done, of all).

    Raises ConfigError for impossible wishes; DataError where a file is there already and ``overwrite`` is not said, or
    cannot be written, or no alert came of the bars.
    """
    out = Path(out)
    chosen = settings_of(dialect) if settings is None else settings
    if not sources:
        raise ConfigError("no bars to make alerts from; name at least one file")
    for path in (out, manifest_path(out)):
        if path.exists() and not overwrite:
            raise DataError(f"{path} is already there; say --overwrite to replace it, or choose another name")
    made: dict[str, Any] = {"timeframes": timeframes, "settings": chosen, "from_ns": from_ns, "to_ns": to_ns}
    streams = [generate(s.series, s.instrument, dialect, volume=s.volume, **made) for s in sources]
    merged = heapq.merge(*streams, key=lambda alert: alert.received_ns)
    first = next(merged, None)
    if first is None:
        raise DataError(
            "no alert came of these bars; are they long enough for the indicators (some 300 of each chart)?"
        )
    tally = _Tally(progress, min(s.series.start_ns for s in sources), max(s.series.end_ns for s in sources))
    written = write_log(out, tally.rows(chain([first], merged)))
    facts = {
        "generator": "zepix alerts generate",
        "dialect": dialect,
        "arguments": {"timeframes": list(timeframes), "from": _text(from_ns), "to": _text(to_ns)},
        "parameters": asdict(chosen),
        "bars": [_bars(source, timeframes) for source in sources],
        "alerts": {"file": out.name, "rows": written, "sha256": _checksum(out), **tally.facts()},
        "left_out": {s.series.symbol: left_out(dialect, has_volume=s.volume is not None) for s in sources},
        "choices": CHOICES[dialect],
    }
    _write_manifest(manifest_path(out), facts)
    return facts


class _Tally:
    """Turns alerts into rows of a log and counts them on the way."""

    def __init__(self, progress: Callable[[int, int], None] | None, start_ns: int, end_ns: int) -> None:
        self._progress, self._start_ns, self._end_ns = progress, start_ns, end_ns
        self._kinds: Counter[str] = Counter()
        self._charts: Counter[str] = Counter()
        self._first_ns: int | None = None
        self._last_ns: int | None = None

    def rows(self, alerts: Iterator[Generated]) -> Iterator[LogRow]:
        """The rows, one by one."""
        for number, alert in enumerate(alerts, 1):
            if self._first_ns is None:
                self._first_ns = alert.received_ns
            self._last_ns = alert.received_ns
            self._kinds[alert.kind] += 1
            self._charts[f"{alert.symbol} {alert.timeframe}"] += 1
            if self._progress is not None and number % _TELL_EVERY == 1:
                days = (alert.received_ns - self._start_ns) // _DAY_NS
                self._progress(days, (self._end_ns - self._start_ns) // _DAY_NS)
            yield LogRow(number, received_at=time_text(alert.received_ns), payload=alert.body, source=SOURCE)

    def facts(self) -> dict[str, Any]:
        """Counts by type and by chart, and from when to when."""
        return {
            "by_type": dict(sorted(self._kinds.items())),
            "by_chart": dict(sorted(self._charts.items())),
            "first": _text(self._first_ns),
            "last": _text(self._last_ns),
        }


def _text(moment_ns: int | None) -> str | None:
    return None if moment_ns is None else time_text(moment_ns)


def _bars(source: Source, words: Sequence[str]) -> dict[str, Any]:
    series = source.series
    charts = sorted({timeframe_words.minutes(word) for word in words or (series.timeframe,)})
    return {
        "symbol": series.symbol,
        "timeframe": series.timeframe,
        "charts": [timeframe_words.normalise(str(count)) for count in charts],
        "rows": len(series),
        "first": time_text(series.start_ns),
        "last": time_text(int(series.time[-1])),
        "sources": list(series.facts.get("sources", ())),
        "checksum": series.facts.get("checksum", ""),
        "volume": source.volume_note or ("given" if source.volume is not None else "none"),
        "unknown_timeframes": [word for word in TIMEFRAMES if not is_known(series, word)],
    }


def _checksum(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _write_manifest(path: Path, facts: dict[str, Any]) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        draft.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8", newline="\n")
        draft.replace(path)
    except OSError as error:
        raise DataError(f"{path} could not be written ({error.strerror or error})") from error
    finally:
        with suppress(OSError):
            draft.unlink()
