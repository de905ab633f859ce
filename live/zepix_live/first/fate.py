"""What became of one alert, read from the data folder while the runner runs or not: understood as what, decided by
whom, ordered how; in lines for a human.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from zepix.errors import DataError, JournalError, ZepixError
from zepix.journal.durable_reader import LogReader
from zepix.journal.rows import Row
from zepix.model import Alert, Instrument
from zepix_live.clock import Clock
from zepix_live.engine.config import SessionConfig
from zepix_live.engine.dry import DRY
from zepix_live.engine.plan import Plan
from zepix_live.first.runner import records
from zepix_live.heartbeat import RECORDING, read_heartbeat
from zepix_live.inbox_rows import ALERT, QUARANTINED, RESEND, InboxAlert, read_alert

__all__ = ["Fate", "fate_of", "lines_of", "wait_for"]

TAIL_ROWS: Final = 20_000
LOOK_EVERY_S: Final = 0.1
FOLLOWS: Final = frozenset({"decision", "intent", "filled", "refused", "event", "error", "disabled", "closed", DRY})
KINDS: Final = frozenset({ALERT, RESEND, QUARANTINED})
MOST_LINES: Final = 40


@dataclass(slots=True)
class Fate:
    """An alert, and the rows that followed from it; ``row`` is its number in the journal, None before it has one."""

    alert: InboxAlert
    row: int | None = None
    body: dict[str, Any] = field(default_factory=dict)
    rows: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    is_done: bool = False
    """Whether the turn is over in which it was decided."""

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [body for one, body in self.rows if one == kind]


def fate_of(data_dir: Path, seq: int) -> Fate:
    """What the logs say of alert ``seq`` now. Raises DataError where there is no such alert."""
    with LogReader(data_dir / "inbox.sqlite") as inbox:
        row = next(iter(inbox.rows(seq - 1, 1)), None)
    if row is None or row.seq != seq or row.kind not in KINDS:
        raise DataError(f"number {seq} in the inbox of {data_dir} is no alert; is this the folder of that runner?")
    found = Fate(read_alert(row.seq, row.t_ns, row.kind, row.body))
    journal = data_dir / "journal.sqlite"
    if not journal.exists():
        return found
    with LogReader(journal) as reader:
        for one in reader.rows(max(0, reader.last_seq() - TAIL_ROWS), None):
            _take(found, one)
    return found


def _take(found: Fate, row: Row) -> None:
    if row.kind == "alert" and found.row is None:
        body = json.loads(row.body)
        if body.get("inbox") == found.alert.seq:
            found.row, found.body = row.seq, body
    elif found.row is None:
        return
    elif row.kind == "done":
        found.is_done = found.is_done or json.loads(row.body)["through"] >= found.row
    elif row.kind in FOLLOWS:
        body = json.loads(row.body)
        if body.get("of") == found.row or (row.kind == "decision" and body.get("id") == found.body.get("id")):
            found.rows.append((row.kind, body))


def wait_for(data_dir: Path, seq: int, clock: Clock, pause: Any, wait_s: float) -> Fate:
    """As ``fate_of``, once the engine has decided, or ``wait_s`` later. ``pause(seconds)`` lets time pass."""
    until_ns = clock.monotonic_ns() + round(max(0.0, wait_s) * 1e9)
    nobody_decides = read_heartbeat(data_dir).state != "running" and records(data_dir)
    while True:
        try:
            found = fate_of(data_dir, seq)
            if found.is_done or nobody_decides or read_heartbeat(data_dir).state == "failed":
                return found
        except JournalError:  # it is being made just now
            if clock.monotonic_ns() >= until_ns:
                raise
            pause(LOOK_EVERY_S)
            continue
        if clock.monotonic_ns() >= until_ns:
            return found
        pause(LOOK_EVERY_S)


def lines_of(data_dir: Path, found: Fate) -> list[str]:
    """What became of it, for a human."""
    return list(_told(data_dir, found))[:MOST_LINES]


def _told(data_dir: Path, found: Fate) -> Iterator[str]:
    plan = _plan(data_dir)
    yield _understood(found.alert, plan)
    if found.row is None:
        state = read_heartbeat(data_dir).state
        state = RECORDING if state != "running" and records(data_dir) else state
        told = {
            RECORDING: "it is recorded; nothing decides here",
            "failed": "the engine has failed and decides nothing; zepix live says why",
            "down": "no runner runs on this folder; the next start takes it",
        }
        yield told.get(state, "the engine has not decided it yet; see zepix live decisions")
        return
    dry = next(iter(found.of(DRY)), None)
    decisions = dry["would"] if dry is not None else found.of("decision")
    if dry is not None and "failed" in dry:
        yield f"it could not be tried: {dry['failed']}"
    for one in _last_words(decisions):
        yield _decided(one, "would be" if dry is not None else "is")
    instruments = {} if plan is None else {symbol: plan.catalogue[symbol] for symbol in plan.catalogue}
    for order in dry["orders"] if dry is not None else found.of("intent"):
        yield _ordered(order, instruments.get(str(order.get("symbol"))), "would be" if dry is not None else "is")
    for one in [*(dry.get("told", []) if dry is not None else []), *found.of("event"), *found.of("error")]:
        yield f"{one.get('level', 'note').lower()}: {one.get('text') or one.get('error') or one.get('code')}"
    yield "nothing was ordered and nothing has changed: it was dry" if dry is not None else _where(decisions, found)


def _where(decisions: list[dict[str, Any]], found: Fate) -> str:
    if "live" not in {one.get("book") for one in decisions}:
        return "in shadow: no order left this machine"
    ordered = "an order went" if any(one.get("book") == "live" for one in found.of("intent")) else "no order went"
    return f"live: {ordered} to the live broker; what the shadow twin did is on paper"


_BOOKS: Final = {"live": ", live", "twin": ", its shadow twin on paper"}


def _in_book(row: dict[str, Any]) -> str:
    """Whose it is, where there are several books."""
    return _BOOKS.get(str(row.get("book", "")), "")


def _last_words(decisions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of each plugin the newest decision: one that was still at work is told again."""
    return list({(one.get("book", ""), one.get("plugin", "")): one for one in decisions}.values())


def _plan(data_dir: Path) -> Plan | None:
    """What the session was last built from; None where there is none, or it cannot be built here."""
    journal = data_dir / "journal.sqlite"
    if not journal.exists():
        return None
    try:
        with LogReader(journal) as reader:
            row = reader.newest("config")
        return None if row is None else SessionConfig.of(json.loads(row.body)).plan()
    except (ZepixError, OSError, KeyError, ValueError, TypeError):
        return None


def _understood(alert: InboxAlert, plan: Plan | None) -> str:
    name = f"alert {alert.seq} ({alert.id})"
    if alert.kind == QUARANTINED:
        return f"{name} was turned away: {alert.reason} ({alert.detail})"
    if alert.kind == RESEND:
        name += f", which is number {alert.of} once more,"
    read = _read(alert, plan)
    if read is None:
        return f"{name} was kept"
    if not isinstance(read, Alert):
        return f"{name} could not be understood: {read.reason} ({read.detail})"
    words = [read.type, str(read.side or ""), str(read.volume or ""), read.symbol, read.timeframe or ""]
    words += [f"{label} {value}" for label, value in (("price", read.price), ("stop", read.sl), ("target", read.tp))
              if value is not None]  # fmt: skip
    said = " ".join(word for word in words if word)
    return f"{name} is understood as {read.dialect}: {said}" + (f", for {read.strategy}" if read.strategy else "")


def _read(alert: InboxAlert, plan: Plan | None) -> Any:
    if plan is None:
        from zepix.alerts.processor import AlertProcessor
        from zepix.data import default_catalogue

        processor = AlertProcessor(default_catalogue())
    else:
        processor = plan.processor
    return processor.parse(alert.raw, received_ns=alert.received_ns, id=alert.id, ticker=alert.symbol)


def _decided(decision: dict[str, Any], verb: str) -> str:
    plugin = f"strategy {decision['plugin']}" if decision.get("plugin") else "no strategy"
    reason = f" ({decision['reason']})" if decision.get("reason") else ""
    numbers = decision.get("numbers") or {}
    shown = ", ".join(f"{key} {numbers[key]}" for key in ("volume", "price", "sl", "tp", "detail") if key in numbers)
    reason += ", its order waits for a price" if decision["outcome"] == "working" else ""
    return f"{plugin}{_in_book(decision)}: {verb} {decision['outcome']}{reason}" + (f"; {shown}" if shown else "")


def _ordered(order: dict[str, Any], instrument: Instrument | None, verb: str) -> str:
    side = {1: "buy", -1: "sell"}.get(order.get("side", 0), "")
    parts = [order.get("kind", "order"), side, _lots(order, instrument), str(order.get("symbol", ""))]
    told = " ".join(part for part in parts if part)
    levels = [f"{label} {value}" for label, name, shown in _LEVELS if (value := _level(order, name, shown, instrument))]
    return f"order{_in_book(order)}: {verb} placed: {told}" + "".join(f", {one}" for one in levels)


_LEVELS: Final = (
    ("at", "price", "at_price"),
    ("limit", "limit", "limit_price"),
    ("stop", "sl", "stop"),
    ("target", "tp", "target"),
    ("new stop", "new_sl", "new_stop"),
    ("new target", "new_tp", "new_target"),
)


def _lots(order: dict[str, Any], instrument: Instrument | None) -> str:
    if "volume" in order:
        return f"{order['volume']} lots"
    steps = order.get("volume_steps")
    return f"{instrument.lots(int(steps))} lots" if steps and instrument is not None else ""


def _level(order: dict[str, Any], name: str, shown: str, instrument: Instrument | None) -> str:
    if shown in order:
        return str(order[shown])
    points = order.get(name)
    return str(instrument.price(int(points))) if points and instrument is not None else ""
