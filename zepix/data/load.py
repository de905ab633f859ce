"""One price file, ready for the simulators: from its cache if there is one, else read, checked, indexed and cached.

The file is hashed while it is decoded (another thread; hashing releases the interpreter lock). A file that changes
while it is being read is refused.
"""

from __future__ import annotations

import threading
import time as clock
from dataclasses import dataclass
from functools import cache as once
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from zepix.data import build
from zepix.data.cache import cache_folder, cache_path, read_cache, settings_hash, write_cache
from zepix.data.checksum import file_checksum, known_checksum
from zepix.data.columns import ParquetColumns, layout_of
from zepix.data.names import PriceFile
from zepix.data.ticks import read_rows
from zepix.errors import DataError
from zepix.model import Instrument, Series

__all__ = ["LoadedFile", "load_file"]

# A change in any of these may change the integers, their facts or the file's layout: their text is part of the name.
_SHAPING: Final = (
    *("build.py", "cache.py", "clock.py", "columns.py", "findings.py", "read.py", "ticks.py", "week.py"),
    *("../kernels/crossing.py", "../kernels/quantise.py", "../kernels/ticks.py", "../model/series.py"),
)


@dataclass(frozen=True, slots=True)
class LoadedFile:
    """A file's series, and the time its index and its cache took (0 from the cache)."""

    series: Series
    index_s: float = 0.0
    cache_write_s: float = 0.0


def load_file(file: PriceFile, instrument: Instrument, *, crossed: str, cache: bool = True) -> LoadedFile:
    """The series of one file. Raises DataError naming the file and what is wrong with it."""
    path = file.path
    if not path.is_file():
        raise DataError(f"{path} does not exist or is no file")
    folder = cache_folder(path) if cache else None
    settings = _settings(file, instrument, crossed)
    checksum = known_checksum(path, folder)
    if checksum is None and folder is not None and _has_cache(folder, path):
        checksum = file_checksum(path, folder)
    if checksum is not None and folder is not None:
        found = read_cache(cache_path(folder, path.name, checksum, settings), checksum, settings)
        if found is not None:
            arrays, facts = found
            facts = {"sources": [path.name], "checksum": checksum, "cached": True, **facts}
            return LoadedFile(build.series_of(file.symbol, file.timeframe, arrays, facts))
    return _load_parquet(file, instrument, crossed, folder, settings)


def _has_cache(folder: Path, path: Path) -> bool:
    return any(p.name.startswith(f"{path.name}.") and p.name.endswith(".bars") for p in folder.iterdir())


def _load_parquet(
    file: PriceFile, instrument: Instrument, crossed: str, folder: Path | None, settings: str
) -> LoadedFile:
    """Decode, check, index and cache. The checksum is taken beside the decoding."""
    path = file.path
    length_ns = build.timeframe_ns(file.timeframe)
    before = _stamp(path)
    hashing = _Hashing(path, folder)
    try:
        with ParquetColumns(path, layout_of(file.timeframe)) as columns:
            raw = read_rows(columns, instrument, length_ns, crossed=crossed)
        build.refuse(raw, path.name, instrument, file.timeframe, crossed)
        start = clock.perf_counter()
        arrays: dict[str, Any] = {"time": raw.time, **raw.prices, **build.indexed(raw.prices)}
        index_s = build.seconds_since(start)
        facts = build.raw_facts(raw, instrument, length_ns, crossed=crossed)
    finally:
        checksum = hashing.result()
    if _stamp(path) != before:
        raise DataError(f"{path} changed while it was being read; try again when it is written")
    said = {"sources": [path.name], "checksum": checksum, "cached": False, **facts}
    series = build.series_of(file.symbol, file.timeframe, arrays, said)
    start = clock.perf_counter()
    if folder is not None:
        write_cache(cache_path(folder, path.name, checksum, settings), checksum, settings, arrays, facts)
    return LoadedFile(series, index_s, build.seconds_since(start))


def _stamp(path: Path) -> tuple[int, int]:
    facts = path.stat()
    return facts.st_size, facts.st_mtime_ns


class _Hashing:
    """The file's checksum, taken in a thread of its own."""

    def __init__(self, path: Path, folder: Path | None) -> None:
        self._path = path
        self._checksum = ""
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, args=(path, folder), name="zepix-checksum")
        self._thread.start()

    def _run(self, path: Path, folder: Path | None) -> None:
        try:
            self._checksum = file_checksum(path, folder)
        except OSError as why:
            self._error = why

    def result(self) -> str:
        self._thread.join()
        if self._error is not None:
            raise DataError(f"{self._path} cannot be read: {self._error}") from self._error
        return self._checksum


@once
def _code_hash() -> str:
    """Changes with the code that shapes the integers, so that an upgrade never reads an old reading."""
    digest = sha256()
    here = Path(__file__).parent
    for name in _SHAPING:
        digest.update((here / name).read_bytes())
    return digest.hexdigest()[:16]


def _settings(file: PriceFile, instrument: Instrument, crossed: str) -> str:
    return settings_hash(
        {
            "code": _code_hash(),
            "timeframe": file.timeframe,
            "point": str(instrument.point.normalize()),
            "crossed": crossed,
            "spread": [instrument.spread.points, *instrument.spread.by_hour],
            "week": instrument.trading_week,
        }
    )
