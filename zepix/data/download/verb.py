"""A download from its plan to files of the store: fetched in order, each month written as soon as it is whole."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from zepix.data.download.bi5 import MAX_PACKED_BYTES, read_minutes, read_ticks
from zepix.data.download.fetching import Fetcher, Politeness
from zepix.data.download.keeping import RAW, is_kept, keep, newest_ns
from zepix.data.download.making import files_of_month, month_name, write_month
from zepix.data.download.plan import DAY_NS, Plan, RawFile
from zepix.errors import DataError
from zepix.model import Catalogue

__all__ = ["HOST", "Progress", "download"]

HOST: Final = "https://datafeed.dukascopy.com/datafeed"
MOST_MISSING: Final = {"ticks": 120, "m1": 20}
"""So many files in a row that the feed does not have (two weeks without a holiday) mean that it has none of it."""
_YOUNG_NS: Final = 3 * DAY_NS
"""A 404 for a file younger than this may only mean: not yet. It is asked for again next time."""
Progress = Callable[[int, int], None]


def download(
    plan: Plan,
    store: Path,
    catalogue: Catalogue,
    *,
    host: str = HOST,
    politeness: Politeness | None = None,
    progress: Progress | None = None,
    fetcher: Fetcher | None = None,
) -> dict[str, Any]:
    """Fetch what the plan lacks and write its months into ``store``; the report has ``months`` and counts.

    Raw files are kept in ``store/.dukascopy``. ``progress`` is told (done, total). Raises DataError when the feed
    fails or answers with what is no such file, ConfigError for a wrong host; what was fetched is kept.
    """
    raw = store / RAW
    asked = Fetcher(host, politeness or Politeness()) if fetcher is None else fetcher
    counts = {"files": len(plan.files), "kept": len(plan.kept), "fetched": 0, "empty": 0, "missing": 0}
    months: list[dict[str, Any]] = []
    done = 0
    with asked as feed:
        for (symbol, kind, month), group in groupby(plan.files, lambda f: (f.feed, f.kind, f.month)):
            files = list(group)
            fresh = _fetch(feed, raw, files, counts, partial(_tell, progress, plan, done))
            done += len(files)
            every = files_of_month(raw, symbol, kind, month)
            target = store / month_name(symbol, kind, month)
            if every and (fresh or _is_older(target, newest_ns(raw, every))):
                report = write_month(raw, store, every, catalogue[symbol.symbol])
                months += [report] if report else []
            elif target.exists():
                months.append({"symbol": symbol.symbol, "timeframe": "", "written": str(target), "unchanged": True})
    return {
        **counts,
        "requests": asked.requests,
        "failures": asked.failures,
        "received_bytes": asked.received_bytes,
        "months": months,
        "notes": plan.notes,
    }


def _tell(progress: Progress | None, plan: Plan, before: int, done: int) -> None:
    if progress is not None:
        progress(before + done, len(plan.files))


def _is_older(target: Path, than_ns: int) -> bool:
    try:
        return target.stat().st_mtime_ns < than_ns
    except OSError:
        return than_ns > 0


def _fetch(feed: Fetcher, raw: Path, files: list[RawFile], counts: dict[str, int], tell: Callable[[int], None]) -> int:
    """Fetch those of the files that are not kept; how many came. A feed that has none of many in a row is left."""
    fresh = missing_in_a_row = 0
    for number, file in enumerate(files, 1):
        if not is_kept(raw, file):
            body = feed.get(file.path, MAX_PACKED_BYTES[file.kind], partial(_check, file))
            missing_in_a_row = missing_in_a_row + 1 if body is None else 0
            if missing_in_a_row >= MOST_MISSING[file.kind]:
                raise DataError(
                    f"the feed has none of {missing_in_a_row} files of {file.feed.feed} in a row, up to {file.path}; "
                    "are these days within its history? What was fetched is kept"
                )
            if body is None:
                counts["missing"] += 1
            else:
                counts["fetched" if body else "empty"] += 1
                fresh += 1 if body else 0
            if body is not None or _is_old(feed, file):
                keep(raw, file, body)
        tell(number)
    return fresh


def _is_old(feed: Fetcher, file: RawFile) -> bool:
    return feed.now().timestamp() * 1e9 - file.start_ns > DAY_NS + _YOUNG_NS


def _check(file: RawFile, packed: bytes) -> None:
    (read_ticks if file.kind == "ticks" else read_minutes)(packed, file.start_ns, file.path)
