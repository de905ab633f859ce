"""A live session rehearsed on recorded alerts and prices: the real engine and its journal, and a clock moved by hand.

What ``zepix live --feed replay:`` takes days for is done in seconds, and comes out the same each time: every alert is
in the inbox at its own instant, between the prices of before and after. Modes, books, breaker and recovery are those of
a live session; its journal is one, so ``zepix rerun``, ``zepix live shadow report`` and ``zx.open`` take it. There is
no receiver, so nothing is turned away at a door.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator, Mapping
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zepix.config.check import Raw
from zepix.errors import ConfigError, DataError
from zepix.journal.durable import DurableLog
from zepix.journal.lock import FolderLock
from zepix.research.alerts_surface import read_alerts
from zepix.research.headline import count
from zepix.research.live_folder import LiveFolder
from zepix.research.parts import catalogue_of
from zepix.spec import instant_ns
from zepix_live.clock import VirtualClock
from zepix_live.engine.main import Engine, inbox_path, journal_path, open_engine
from zepix_live.engine.options import EngineOptions
from zepix_live.identity import INBOX_FIELD, new_inbox_id
from zepix_live.inbox_rows import ALERT, encode

if TYPE_CHECKING:
    from zepix.model import Alert, Quarantined

__all__ = ["rehearse"]


def rehearse(
    data_dir: str | PathLike[str],
    *,
    alerts: Any,
    bars: str | PathLike[str],
    config: str | PathLike[str] | None = None,
    settings: Mapping[str, Any] | None = None,
    to: str | None = None,
) -> LiveFolder:
    """Run a live session over recorded alerts and prices into a new data folder, and open it.

    alerts: what ``zx.alerts`` takes. bars: a store folder or a Parquet file. config: a live runner's TOML file;
    settings: dotted keys over it (``{"shadow_mode.default_mode": "HYBRID"}``). to: up to this time, instead of the end
    of the prices. Alerts outside of that are left out, which ``notes`` say. Raises ConfigError and DataError.
    """
    folder = Path(data_dir)
    if journal_path(folder).exists() or inbox_path(folder).exists():
        raise ConfigError(f"{folder} holds a live runner's journal already; a rehearsal begins in a new folder")
    flags = {key: Raw(value) if isinstance(value, str) else value for key, value in (settings or {}).items()}
    own = None if config is None else Path(config)
    options = EngineOptions(folder, own, f"replay:{Path(bars)}", flags=flags, inbox_id=new_inbox_id())
    start_ns, end_ns = _period(options, to)
    rows = list(read_alerts(alerts))
    inside = [row for row in rows if row.received_ns is not None and start_ns <= row.received_ns <= end_ns]
    if not inside:
        raise DataError(f"none of {count(len(rows), 'alert')} was received while there were prices in {bars}")
    folder.mkdir(parents=True, exist_ok=True)
    lock = FolderLock(folder / "lock", "runner")
    try:
        with _unheard():
            _play(options, inside, start_ns, end_ns)
    finally:
        lock.release()
    left = len(rows) - len(inside)
    note = f"{count(left, 'row')} of the log came at no known time, or outside what was rehearsed, and took no part"
    return LiveFolder(folder, notes=[note] if left else ())


def _period(options: EngineOptions, to: str | None) -> tuple[int, int]:
    """From the first bar to the end of the last, or to ``to``."""
    from zepix.data import load_bars  # it loads what reads Parquet

    assert options.feed is not None
    spec = options.spec({})
    path = options.feed.removeprefix("replay:")
    series = load_bars([path], catalogue_of(spec), crossed=spec.crossed, cache=spec.cache).series
    if not series:
        raise DataError(f"{path} holds no prices of a symbol that is known")
    start_ns = min(one.start_ns for one in series.values())
    end_ns = max(one.end_ns for one in series.values())
    try:
        return start_ns, end_ns if to is None else min(end_ns, instant_ns(to))
    except (ValueError, TypeError) as error:
        raise ConfigError(f"to: {to!r} is no time ({error}); write 2024-01-10 or 2024-01-10T08:00Z") from error


def _play(options: EngineOptions, rows: list[Alert | Quarantined], start_ns: int, end_ns: int) -> None:
    """Each alert at its instant; the wall's time is the market's."""
    clock = VirtualClock(start_ns)
    header = {INBOX_FIELD: options.inbox_id}
    with contextlib.closing(DurableLog(inbox_path(options.data_dir), name="inbox", header=header)) as inbox:
        engine = open_engine(options, clock, {})
        try:
            for row in rows:
                assert row.received_ns is not None
                _turn_to(engine, clock, row.received_ns)
                body = {"raw": row.raw, "source": "webhook", "route": "tradingview", "from": "127.0.0.1"}
                inbox.append([(clock.now_ns(), ALERT, encode(body))])
                _turn_to(engine, clock, row.received_ns)
            _turn_to(engine, clock, end_ns)
        finally:
            engine.close()


def _turn_to(engine: Engine, clock: VirtualClock, t_ns: int) -> None:
    while (left_ns := t_ns - clock.now_ns()) > 0:
        clock.advance(left_ns / 1e9)
    while engine.consumer.turn():
        pass


@contextlib.contextmanager
def _unheard() -> Iterator[None]:
    """What the engine tells people is in the journal; without anybody's log it would go to standard error."""
    log, nobody = logging.getLogger("zepix"), logging.NullHandler()
    log.addHandler(nobody)
    try:
        yield
    finally:
        log.removeHandler(nobody)
