"""A runner as it is seen from outside: its files read together, while it runs or not, hangs, or was never started.

What the engine says of itself (``engine.view.json``) is believed as far as its signs of life go: the heartbeat, which
is replaced every second, and the pulse, which is written at every turn and says under whose handler the engine is.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from zepix.engine.health import HealthLimits
from zepix.errors import DataError, JournalError
from zepix.journal.durable_reader import LogReader
from zepix_live.api_trouble import read_api_trouble
from zepix_live.clock import Clock
from zepix_live.commanding import near_host
from zepix_live.door_file import read_door
from zepix_live.finding import TWIN
from zepix_live.heartbeat import FAILED, RECORDING, read_heartbeat, read_statement
from zepix_live.inbox_rows import ALERT, QUARANTINED, RESEND, read_alert
from zepix_live.pulse import FILE_NAME as PULSE_NAME
from zepix_live.pulse import Beat, read_pulse
from zepix_live.view_file import read_view

__all__ = ["SILENT_S", "last_alerts", "plugins_seen", "status_of"]

SILENT_S: Final = 5.0
"""An engine whose signs of life are older than this does not turn."""
ASK_S: Final = 1.0
MOST_ALERTS: Final = 10
TAIL_ROWS: Final = 3_000
NS: Final = 1_000_000_000
ENDED: Final = frozenset({"down", "unknown", FAILED})
NONSENSE: Final = (ValueError, KeyError, TypeError, AttributeError, OverflowError)
"""What a door file, or an answer, of somebody else brings about."""
ILL: Final = frozenset({"HUNG", "DEAD", "FAILING"})


def status_of(data_dir: Path, clock: Clock, most_alerts: int = MOST_ALERTS) -> dict[str, Any]:
    """Everything that can be told of a data folder without a word from its engine, as JSON values.

    ``trouble`` has a sentence for each thing that needs somebody. Raises DataError where there is no such folder.
    """
    if not data_dir.is_dir():
        raise DataError(f"there is no folder {data_dir}; give --data DIR of a live runner")
    view, pulse, receiver = read_view(data_dir), _pulse(data_dir, clock), _receiver(data_dir)
    engine = _engine(data_dir, clock, pulse)
    if receiver.pop("records", False):  # zepix record: there is none, and none is missed
        engine |= {"state": RECORDING, "detail": ""}
    found: dict[str, Any] = {
        "data": str(data_dir),
        "now_ns": clock.now_ns(),
        "engine": engine,
        "receiver": receiver,
        "pulse": pulse,
        "view_age_s": None if view is None else round(max(0, clock.now_ns() - int(view["wall_ns"])) / NS, 1),
        "view": view,
        "plugins": plugins_seen(view, engine["state"], pulse),
        "alerts": [],
        "trouble": [],
    }
    try:
        found["alerts"] = last_alerts(data_dir, most_alerts)
    except JournalError as error:
        found["trouble"].append(str(error))
    found["trouble"] += _troubles(found)
    if engine["state"] not in (*ENDED, RECORDING) and (why := read_api_trouble(data_dir)):
        found["trouble"].append(f"{why}; alerts are taken and traded without it")
    found["recovery"] = _recovery(data_dir)
    return found


def _engine(data_dir: Path, clock: Clock, pulse: Mapping[str, Any] | None) -> dict[str, Any]:
    """What it said last; where it says nothing, whether it turns all the same by its pulse, which needs no new room."""
    beat = read_heartbeat(data_dir)
    age_s = (clock.now_ns() - beat.t_ns) / NS if beat.t_ns else None
    state, detail = beat.state, beat.detail
    if age_s is not None and abs(age_s) > SILENT_S and state not in (*ENDED, RECORDING):
        state, detail = "silent", f"it last said {beat.state} {age_s:.0f} s ago; it hangs, or was killed"
        if pulse is not None and not pulse["taking"] and pulse["age_s"] < SILENT_S:
            state, detail = "halted", "it turns and cannot write that it does: is the disk full?"
    age_s = None if age_s is None else round(age_s, 1)
    return {"state": state, "detail": detail, "age_s": age_s, "pid": beat.pid, "inbox_seq": beat.inbox_seq}


def _pulse(data_dir: Path, clock: Clock) -> dict[str, Any] | None:
    beat = read_pulse(data_dir)
    if beat is None:
        return None
    try:
        age_s = (clock.now_ns() - (data_dir / PULSE_NAME).stat().st_mtime_ns) / NS
    except OSError:
        return None
    return {**_under(beat), "age_s": round(max(0.0, age_s), 1)}


def _under(beat: Beat) -> dict[str, Any]:
    return {"taking": beat.taking, "kind": beat.kind, "id": beat.id, "of": beat.of, "plugin": beat.plugin}


def _receiver(data_dir: Path) -> dict[str, Any]:
    """Whether somebody answers where the receiver said that it listens."""
    door = read_door(data_dir)
    if door is None:
        return {"state": "down", "detail": "no receiver has said where it listens", "host": "", "port": 0}
    where: dict[str, Any] = {"host": door.host, "port": door.port}
    connection = None
    try:
        connection = http.client.HTTPConnection(near_host(door.host), door.port, timeout=ASK_S)
        connection.request("GET", "/api/health", headers={"Authorization": f"Bearer {door.key}"})
        parts = json.loads(connection.getresponse().read(64 * 1024))["parts"]
        ill = [
            f"{name}: {one.get('state', '')} {one.get('detail', '')}".strip()
            for name, one in parts.items()
            if name != "engine" and not one["ok"]
        ]
        where["records"] = parts["engine"].get("state") == RECORDING
        return {**where, "state": "trouble" if ill else "running", "detail": "; ".join(ill)}
    except (OSError, http.client.HTTPException, *NONSENSE) as error:
        return {**where, "state": "down", "detail": f"nobody answers there ({type(error).__name__})"}
    finally:
        if connection is not None:
            connection.close()


def plugins_seen(
    view: Mapping[str, Any] | None, engine_state: str, pulse: Mapping[str, Any] | None
) -> dict[str, dict[str, Any]]:
    """The view's plugins with their health as it is from outside: ``UNKNOWN`` where the engine does not turn, and
    ``HUNG`` where the pulse stands still under a handler of the plugin."""
    found = {name: dict(one) for name, one in (view or {}).get("plugins", {}).items()}
    if engine_state in ENDED:
        for one in found.values():
            one.update(state="UNKNOWN", why=f"the engine is {engine_state}")
        return found
    hangs_s = HealthLimits().handler_ms / 1000
    stands = pulse is not None and pulse["taking"] and pulse["age_s"] > hangs_s
    for name, one in found.items():
        if stands and pulse is not None and pulse["plugin"] == name:
            under = f"{pulse['kind']} {pulse['id']}"
            one.update(state="HUNG", why=f"a handler has been running for {pulse['age_s']:.0f} s under {under}")
        elif engine_state == "silent" and one["state"] != "HUNG":
            one.update(state="UNKNOWN", why="the engine is silent")
    return found


def _troubles(found: Mapping[str, Any]) -> list[str]:
    engine, receiver, view = found["engine"], found["receiver"], found["view"] or {}
    told = [] if engine["state"] in ("running", RECORDING) else [_engine_trouble(engine)]
    if receiver["state"] != "running":
        told.append(f"the receiver is {receiver['state']}: {receiver['detail']}; no alert is taken")
    for name, one in found["plugins"].items():
        if one["state"] in ILL:
            told.append(f"plugin {name} is {one['state']}: {one['why']}")
    if engine["state"] == "running":
        depth = view.get("inbox", {}).get("depth", 0)
        if depth > 1_000:
            told.append(f"{depth} alerts wait in the inbox")
        if view.get("paused"):
            told.append("paused: no new risk is taken until zepix live resume")
    return told


def _engine_trouble(engine: Mapping[str, Any]) -> str:
    detail = f": {engine['detail']}" if engine["detail"] else ""
    return f"the engine is {engine['state']}{detail}"


def _recovery(data_dir: Path) -> dict[str, Any] | None:
    """Of the last start: when, and what it left to a human."""
    statement = read_statement(data_dir)
    if statement is None:
        return None
    return {name: statement.get(name) for name in ("is_new", "at_ns", "down_s", "human")}


# --- the last alerts ------------------------------------------------------------------------------------------------


def last_alerts(data_dir: Path, most: int = MOST_ALERTS) -> list[dict[str, Any]]:
    """The newest alerts, newest first, each with what became of it at each plugin; one that the engine has not taken is
    ``pending``. Raises JournalError where the logs cannot be believed."""
    inbox, journal = data_dir / "inbox.sqlite", data_dir / "journal.sqlite"
    if not inbox.exists():
        return []
    decided = _decided(journal) if journal.exists() else {}
    found: list[dict[str, Any]] = []
    with LogReader(inbox) as reader:
        start = max(0, reader.last_seq() - 20 * most)
        rows = [row for row in reader.rows(start, None) if row.kind in (ALERT, RESEND, QUARANTINED)]
    for row in reversed(rows[-most:]):
        alert = read_alert(row.seq, row.t_ns, row.kind, row.body)
        told = decided.get(f"a{row.seq}", [])
        found.append({"seq": row.seq, "id": alert.id, "received_ns": row.t_ns, "decisions": told})
    return found


def _decided(journal: Path) -> dict[str, list[dict[str, str]]]:
    """By the journal's id: the last word of each plugin, of the newest rows; of twins none."""
    by_alert: dict[str, dict[str, dict[str, str]]] = {}
    with LogReader(journal) as reader:
        for row in reader.rows(max(0, reader.last_seq() - TAIL_ROWS), None, kinds=frozenset({"decision"})):
            body = json.loads(row.body)
            if body.get("book") == TWIN:
                continue
            whose = str(body["plugin"])
            key = f"{body.get('book', '')}|{whose}"
            told = {name: str(body[name]) for name in ("outcome", "reason", "symbol", "type", "side")}
            by_alert.setdefault(str(body["id"]), {})[key] = {
                "plugin": whose,
                "book": str(body.get("book", "shadow")),
                **told,
            }
    return {name: list(one.values()) for name, one in by_alert.items()}
