"""Writes a run into a folder: tables as Parquet, the journal and the quarantine as JSON lines, ``run.json`` last.

Every file appears whole or not at all, and ``run.json`` goes first and comes last: where it stands, the files beside it
are of the same run. A report of an earlier run is removed, since it would show other trades. No pandas is imported.
"""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import pyarrow.parquet as pq

from zepix.engine.record import RunRecord
from zepix.errors import DataError
from zepix.journal import write_journal
from zepix.journal.atomic import written_whole
from zepix.journal.codec import plain
from zepix.model import Alert, Quarantined
from zepix.research.alerts_table import alerts_table
from zepix.research.chains_table import chains_table
from zepix.research.columns import FillColumns
from zepix.research.decisions import decisions_table
from zepix.research.equity import EquityCurve, equity_curve
from zepix.research.tables import equity_table, orders_table, recorded_table, trades_table

__all__ = [
    "FILES",
    "REPORT",
    "RUN",
    "iso_utc",
    "write_meta",
    "write_page",
    "write_quarantine",
    "write_run",
    "write_tables",
]

RUN: Final = "run.json"
REPORT: Final = "report.html"
FILES: Final = (
    "alerts.parquet",
    "trades.parquet",
    "chains.parquet",
    "decisions.parquet",
    "orders.parquet",
    "equity.parquet",
    "recorded.parquet",
    "journal.jsonl",
    "quarantine.jsonl",
)


def write_run(record: RunRecord, meta: Mapping[str, Any], out_dir: Path) -> Path:
    """Writes everything but the report and returns the folder; ``meta`` becomes ``run.json``.

    The folder is made where it is missing; files of an earlier run are replaced. Raises DataError where the folder
    cannot be made or written, or a currency cannot be converted. ``meta["timings"]["write_s"]`` counts this.
    """
    started = time.perf_counter()
    fills = FillColumns(record.fills)
    write_tables(record, out_dir, fills, equity_curve(record, fills))
    timings = {**meta.get("timings", {}), "write_s": time.perf_counter() - started}
    write_meta({**meta, "timings": timings}, out_dir)
    return out_dir


def write_tables(record: RunRecord, out_dir: Path, fills: FillColumns, curve: EquityCurve) -> None:
    """All files but ``run.json`` and the report; those two of an earlier run are gone before the first is written."""
    _clear(out_dir)
    _write_table(out_dir / "alerts.parquet", alerts_table(record))
    _write_table(out_dir / "trades.parquet", trades_table(record, fills))
    _write_table(out_dir / "chains.parquet", chains_table(record))
    _write_table(out_dir / "decisions.parquet", decisions_table(record))
    _write_table(out_dir / "orders.parquet", orders_table(record))
    _write_table(out_dir / "equity.parquet", equity_table(curve))
    _write_table(out_dir / "recorded.parquet", recorded_table(record))
    header = {
        "currency": record.account.currency,
        "start": iso_utc(record.start_ns),
        "end": iso_utc(record.end_ns),
        "lines": len(record.journal),
    }
    write_journal(out_dir / "journal.jsonl", record.journal, header)
    write_quarantine(out_dir / "quarantine.jsonl", record.alerts)


def write_meta(meta: Mapping[str, Any], out_dir: Path) -> Path:
    """``run.json``: what ``meta`` holds, as indented JSON in ASCII."""
    path = out_dir / RUN
    text = json.dumps(plain(meta), indent=2, allow_nan=False) + "\n"
    with written_whole(path) as draft:
        draft.write_text(text, encoding="ascii", newline="\n")
    return path


def write_quarantine(path: Path, alerts: Iterable[Alert | Quarantined]) -> None:
    """One JSON object for each body that could not be understood, with the body as it arrived."""
    with written_whole(path) as draft, draft.open("w", encoding="ascii", newline="\n") as file:
        for one in alerts:
            if isinstance(one, Quarantined):
                file.write(json.dumps(_quarantined(one), separators=(",", ":")) + "\n")


def write_page(out_dir: str | Path, names: tuple[str, str], page: str, document: Mapping[str, Any]) -> Path:
    """Write a page and its JSON (``names`` of both) into a folder, each whole or not at all; returns the folder.

    Raises DataError where it cannot be written.
    """
    folder = Path(out_dir)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"{folder} cannot be made ({error.strerror or error}); name another folder") from error
    with written_whole(folder / names[0]) as draft:
        draft.write_bytes(page.encode("utf-8", "xmlcharrefreplace"))
    with written_whole(folder / names[1]) as draft:
        text = json.dumps(plain(document), indent=2, allow_nan=False) + "\n"
        draft.write_text(text, encoding="ascii", newline="\n")
    return folder


def iso_utc(ns: int | None) -> str | None:
    """``2014-05-01T00:00:00Z``, with as many digits of a second as it has, up to nine; None of None."""
    if ns is None:
        return None
    seconds, fraction = divmod(ns, 1_000_000_000)
    moment = dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=seconds)
    digits = f".{fraction:09d}".rstrip("0") if fraction else ""
    return f"{moment:%Y-%m-%dT%H:%M:%S}{digits}Z"


def _quarantined(one: Quarantined) -> dict[str, Any]:
    return {
        "id": one.id,
        "received_at": iso_utc(one.received_ns),
        "reason": one.reason,
        "detail": one.detail,
        "dialect": one.dialect,
        "source": one.source,
        "source_id": one.source_id,
        "raw": one.raw,
    }


def _write_table(path: Path, table: Any) -> None:
    with written_whole(path) as draft:
        pq.write_table(table, draft, compression="zstd", compression_level=1)


def _clear(out_dir: Path) -> None:
    """Makes the folder, and takes away what would claim that an older set of files is whole."""
    try:
        out_dir.mkdir(parents=True, exist_ok=True)
        for name in (RUN, REPORT):
            (out_dir / name).unlink(missing_ok=True)
    except OSError as error:
        raise DataError(
            f"{out_dir} cannot hold the results ({error.strerror or error}); name another folder with --out"
        ) from error
