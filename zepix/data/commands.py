"""What ``zepix bars import | check | list`` do, without a terminal: plain functions that give plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from zepix.data.findings import time_text
from zepix.data.names import PriceFile, parse_argument, parse_name
from zepix.data.offers import offers
from zepix.errors import ConfigError, DataError
from zepix.model import Catalogue
from zepix.model import timeframe as timeframes

__all__ = ["check_bars", "import_files", "list_bars"]


def import_files(
    paths: Sequence[str | Path],
    store: str | Path,
    catalogue: Catalogue,
    *,
    kind: str = "auto",
    symbol: str | None = None,
    timeframe: str | None = None,
    zone: str | None = None,
    columns: str | Mapping[str, str] | None = None,
    time_format: str | None = None,
    separator: str | None = None,
    decimal: str = ".",
    duplicates: str = "error",
    drop_last: bool = False,
    overwrite: bool = False,
) -> list[dict[str, Any]]:
    """Bring foreign files into a store folder, one report a file or pair (see ``importing.import_pairs``).

    ``kind`` is a word of ``importers.FORMATS``; ``columns`` a map such as ``time=Date,open=Open``. Two files whose
    names differ in ``bid`` and ``ask`` only are the two sides of one series.
    All are read and checked before one is written. Raises ConfigError for what was not said, DataError for what cannot
    be used; then the folder is as it was.
    """
    from zepix.data.importers import Options, parse_column_map
    from zepix.data.importing import import_pairs

    if not paths:
        raise ConfigError("no file to import; name at least one export")
    where = parse_column_map(columns) if isinstance(columns, str) else columns
    options = Options(zone=zone, columns=where, time_format=time_format, separator=separator, decimal=decimal)
    return import_pairs(
        pairs([Path(path) for path in paths]),
        Path(store),
        catalogue,
        kind=kind,
        symbol=symbol,
        timeframe=timeframe,
        options=options,
        duplicates=duplicates,
        drop_last=drop_last,
        overwrite=overwrite,
    )


def pairs(paths: Sequence[Path]) -> list[tuple[Path, Path | None]]:
    """Files of bids with the file of their asks, where their names differ in that word only; others alone, in order.

    Raises ConfigError if two files claim the same side.
    """
    from zepix.data.foreign_names import pair_key, side_of

    asks: dict[str, Path] = {}
    bids: dict[str, Path] = {}
    for path in paths:
        side, key = side_of(path.stem), pair_key(path.stem)
        of_side = {"ask": asks, "bid": bids}.get(side, {})
        if of_side.setdefault(key, path) != path:
            raise ConfigError(f"{of_side[key]} and {path} are both the {side} of one export; import them one by one")
    taken = {asks[key] for key in bids if key in asks}
    return [
        (path, asks.get(pair_key(path.stem)) if side_of(path.stem) == "bid" else None)
        for path in paths
        if path not in taken
    ]


def check_bars(arguments: Sequence[str], catalogue: Catalogue, *, crossed: str = "raise_ask") -> list[dict[str, Any]]:
    """The quality of every file that the arguments offer, as ``QualityReport.as_dict`` plus ``lines``.

    Files of one series that overlap say so among their problems. A file that cannot be read at all is reported as not
    usable, with the reason. Raises ConfigError or DataError for arguments that lead to no file.
    """
    from zepix.data.quality import check

    files = [f for some in offers(arguments, catalogue).files.values() for f in some]
    if not files:
        raise DataError(f"no prices in {', '.join(arguments)}; expected files named SYMBOL_TF_*.parquet")
    overlaps = _overlaps(files)
    reports = []
    for file in files:
        try:
            found = check(file, catalogue[file.symbol], crossed=crossed)
        except DataError as why:
            reports.append(_unreadable(file, str(why)))
            continue
        found.problems.extend(overlaps.get(file.path, ()))
        reports.append({**found.as_dict(), "lines": found.lines()})
    return reports


def _unreadable(file: PriceFile, why: str) -> dict[str, Any]:
    name = timeframes.file_name(file.timeframe)
    lines = [("series", f"{file.symbol} {name}  ({file.path.name})"), ("usable", "no"), ("problem", why)]
    return {
        "usable": False,
        "symbol": file.symbol,
        "timeframe": name,
        "source": file.path.name,
        "problems": [why],
        "lines": lines,
    }


def _overlaps(files: Sequence[PriceFile]) -> dict[Path, list[str]]:
    """Sentences by file for those that begin before another file of their series has ended."""
    spans: dict[str, list[tuple[int, int, Path]]] = {}
    for file in files:
        try:
            facts = _facts(file)
        except DataError:
            continue
        if facts["first_ns"] is not None:
            spans.setdefault(file.series, []).append((facts["first_ns"], facts["last_ns"], file.path))
    said: dict[Path, list[str]] = {}
    for series, several in spans.items():
        is_ticks = series.endswith(":TICK")
        several.sort()
        for before, after in pairwise(several):
            # a file of ticks may begin at the time at which the one before ends
            if after[0] < before[1] or (after[0] == before[1] and not is_ticks):
                said.setdefault(after[2], []).append(
                    f"overlaps {before[2].name}, which reaches to {time_text(before[1])}; a run refuses both together"
                )
    return said


def list_bars(arguments: Sequence[str], catalogue: Catalogue) -> list[dict[str, Any]]:
    """What a store holds, one row a file, from the files' own summaries; nothing is decoded.

    Each row: ``symbol, timeframe, rows, first, last, quotes, bytes, known`` (in the catalogue), ``file`` and, where a
    file cannot be read, ``problem``. Ticks and files of unknown symbols are listed too.
    """
    files: list[PriceFile] = []
    for argument in arguments:
        target = parse_argument(argument)
        if isinstance(target, PriceFile):
            files.append(target)
        elif target.is_dir():
            named = (parse_name(path) for path in sorted(target.iterdir()) if path.is_file())
            files.extend(file for file in named if file is not None)
        else:
            parsed = parse_name(target)
            if parsed is None or not target.exists():
                raise DataError(f"{target} is no folder and no file named SYMBOL_TF_*.parquet")
            files.append(parsed)
    return [_row(file, catalogue) for file in files]


def _row(file: PriceFile, catalogue: Catalogue) -> dict[str, Any]:
    symbol = catalogue.resolve(file.symbol)
    row: dict[str, Any] = {"symbol": symbol, "timeframe": timeframes.file_name(file.timeframe)}
    try:
        facts = _facts(file)
    except DataError as why:
        return {**row, "known": symbol in catalogue, "file": str(file.path), "problem": str(why)}
    return {
        **row,
        "rows": facts["rows"],
        "first": None if facts["first_ns"] is None else time_text(facts["first_ns"]),
        "last": None if facts["last_ns"] is None else time_text(facts["last_ns"]),
        "quotes": facts["quotes"],
        "bytes": file.path.stat().st_size,
        "known": symbol in catalogue,
        "file": str(file.path),
    }


def _facts(file: PriceFile) -> dict[str, Any]:
    """Rows, first and last time and the source of the ask, from the file's footer. Raises DataError."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(file.path) as parquet:
            names = parquet.schema_arrow.names
            spans = [_span(parquet, group, names) for group in range(parquet.num_row_groups)]
            rows = parquet.metadata.num_rows
    except (OSError, pa.ArrowException) as why:
        raise DataError(f"{file.path} cannot be read as Parquet: {why}") from why
    known = [span for span in spans if span is not None]
    is_ticks = file.timeframe == "tick"
    quotes = (
        "ask columns" if "ask_open" in names else "spread column" if {"spread", "spread_points"} & set(names) else ""
    )
    return {
        "rows": rows,
        "first_ns": min(span[0] for span in known) if known else None,
        "last_ns": max(span[1] for span in known) if known else None,
        "quotes": quotes or ("ticks" if is_ticks else "spread model"),
    }


def _span(parquet: Any, group: int, names: Sequence[str]) -> tuple[int, int] | None:
    """First and last time (ns) of a row group, from its statistics."""
    if "time" not in names:
        return None
    statistics = parquet.metadata.row_group(group).column(list(names).index("time")).statistics
    if statistics is None or not statistics.has_min_max or not isinstance(statistics.min, datetime):
        return None
    return _ns(statistics.min), _ns(statistics.max)


def _ns(moment: datetime) -> int:
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    since = aware - datetime(1970, 1, 1, tzinfo=UTC)
    return ((since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds) * 1000
