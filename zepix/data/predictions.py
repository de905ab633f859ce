"""Where predictions come from: a port, a CSV file behind it, and a switch that changes the source while a run goes on.

A source is asked for a symbol at an instant and answers with the last prediction *known* then. A CSV has a head line
``time,symbol,value`` and optionally ``confidence``; times are ISO 8601 with a zone, values floats. A service on the
network will be one more class with ``at``; nothing here reaches out.
"""

from __future__ import annotations

import csv
import math
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Protocol, runtime_checkable

from zepix.errors import ConfigError, DataError

__all__ = ["CsvPredictions", "Prediction", "PredictionSource", "SwitchablePredictions"]

MAX_BYTES: Final = 256 * 1024 * 1024
MAX_PROBLEMS: Final = 10
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, order=True)
class Prediction:
    """What was predicted, and when it became known."""

    known_ns: int
    symbol: str
    value: float
    confidence: float = 1.0


@runtime_checkable
class PredictionSource(Protocol):
    """The port: anything that can say what was predicted."""

    def at(self, symbol: str, t_ns: int) -> Prediction | None:
        """The last prediction for ``symbol`` known at ``t_ns`` (nanoseconds UTC); None if there is none."""
        ...


class CsvPredictions:
    """Predictions from a file; equal times keep the order of the file, the last one counts."""

    def __init__(self, predictions: Iterable[Prediction]) -> None:
        self._by_symbol: dict[str, tuple[list[int], list[Prediction]]] = {}
        for one in sorted(predictions, key=lambda p: p.known_ns):
            times, found = self._by_symbol.setdefault(one.symbol, ([], []))
            times.append(one.known_ns)
            found.append(one)

    @classmethod
    def read(cls, path: str | Path) -> CsvPredictions:
        """Raises DataError that names the file and the first lines that cannot be read."""
        path = Path(path)
        if not path.is_file():
            raise DataError(f"{path} does not exist; expected a CSV with the columns time,symbol,value")
        if path.stat().st_size > MAX_BYTES:
            raise DataError(f"{path} is larger than {MAX_BYTES // 2**20} MiB; split it by symbol")
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file, restval="")
            missing = {"time", "symbol", "value"} - set(rows.fieldnames or ())
            if missing:
                raise DataError(f"{path} has no column {', '.join(sorted(missing))}; expected time,symbol,value")
            return cls(_predictions(path, rows))

    def at(self, symbol: str, t_ns: int) -> Prediction | None:
        times, found = self._by_symbol.get(symbol, ([], []))
        row = bisect_right(times, t_ns) - 1
        return found[row] if row >= 0 else None


class SwitchablePredictions:
    """Several sources by name, of which one answers; ``use`` changes it at any time.

    Every answer that differs by source is the active one's; ``switches`` keeps when it was changed, for the record.
    """

    def __init__(self, sources: Mapping[str, PredictionSource], active: str) -> None:
        self._sources = dict(sources)
        self._active = ""
        self.switches: list[tuple[int, str]] = []
        self.use(active)

    @property
    def active(self) -> str:
        return self._active

    def use(self, name: str, at_ns: int = 0) -> None:
        """Ask this source from now on; raises ConfigError for a name that is not there."""
        if name not in self._sources:
            raise ConfigError(f"no prediction source {name!r}; there are {', '.join(self._sources) or 'none'}")
        if name != self._active:
            self._active = name
            self.switches.append((at_ns, name))

    def at(self, symbol: str, t_ns: int) -> Prediction | None:
        return self._sources[self._active].at(symbol, t_ns)


def _predictions(path: Path, rows: Iterable[Mapping[str, str]]) -> Iterator[Prediction]:
    problems: list[str] = []
    for number, row in enumerate(rows, start=2):
        try:
            yield _prediction(row)
        except (ValueError, TypeError, csv.Error) as error:
            problems.append(f"line {number}: {error}")
            if len(problems) == MAX_PROBLEMS:
                break
    if problems:
        raise DataError(f"{path}: {'; '.join(problems)}")


def _prediction(row: Mapping[str, str]) -> Prediction:
    moment = datetime.fromisoformat(row["time"].strip())
    if moment.tzinfo is None:
        raise ValueError(f"{row['time']} has no time zone; write {row['time']}Z for UTC")
    symbol, value = row["symbol"].strip(), float(row["value"])
    confidence = float(row.get("confidence") or 1.0)
    if not symbol or not math.isfinite(value) or not 0 <= confidence <= 1:
        raise ValueError("a symbol, a finite value and a confidence between 0 and 1 are needed")
    known_ns = (moment - EPOCH) // timedelta(microseconds=1) * 1000
    return Prediction(known_ns, symbol, value, confidence)
