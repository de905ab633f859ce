"""The recovery statement: what a start found, what became of everything that happened meanwhile, who has to look.

It is a journal row (``recovery``), what ``zepix live`` prints when it is ready, and what ``zepix live report`` shows.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Iterable
from typing import Any, Final

from zepix.engine.failing import DISABLED
from zepix.journal.rows import Row
from zepix.model.timeframe import NS
from zepix_live.engine.book import TWIN
from zepix_live.engine.recovery import Recovered

__all__ = ["statement_of"]

MARKET_DIFFERS_S: Final = 1.0
MAX_TOLD: Final = 50
"""So many alerts and tickets are told one by one; the rest are counted."""


def statement_of(recovered: Recovered, rows: Iterable[Row], now_ns: int, down_s: float) -> dict[str, Any]:
    """``rows``: what the journal says since the start; times are the session's, in nanoseconds UTC.

    ``down_s``: how long the runner was down, by the wall; a recording that is played faster has gone on for longer.
    """
    if recovered.is_new:
        return {"is_new": True, "at_ns": now_ns, "lines": ["a new journal: nothing to recover"]}
    alerts: dict[str, dict[str, Any]] = {}
    closed: list[dict[str, Any]] = []
    names: dict[str, str] = {}
    commands: dict[int, str] = {}
    human = [f"{one}" for one in recovered.human]
    for row in rows:
        body = json.loads(row.body)
        if body.get("book") == TWIN:  # what a twin did happened to nobody
            continue
        if row.kind == "operator":
            commands[row.seq] = (
                f"{body['command']} {body.get('plugin', '')}".strip() + f" by {body['by'] or 'somebody'}"
            )
        elif row.kind == "event" and body.get("of") in commands:
            commands[body["of"]] += f": {body['text']}"
        elif row.kind == "alert":
            names[body["id"]] = body.get("given_id", body["id"])
        elif row.kind == "decision":
            told = {"plugin": body["plugin"], "outcome": body["outcome"], "reason": body["reason"]}
            alerts[f"{body['id']}|{body['plugin']}"] = {"id": names.get(body["id"], body["id"]), **told}
        elif row.kind == "closed":
            closed.append({name: body[name] for name in ("ticket", "symbol", "reason", "exit_ns", "pnl_minor")})
        elif row.kind == "disabled":
            human.append(f"{body['plugin']} is disabled after {body['failures']} failures in a row: {DISABLED}")
        elif row.kind in ("event", "notice") and body.get("level") == "CRITICAL":
            human.append(body["text"])
    human += [f"the journal's word stands, but the engine would decide otherwise: {d}" for d in recovered.differences]
    human += _of_nobody(recovered)
    found = {
        "is_new": False,
        "down_from_ns": recovered.last_ns,
        "at_ns": now_ns,
        "down_s": round(down_s, 3),
        "inputs_taken_again": recovered.inputs,
        "inputs_left_undone": recovered.unfinished,
        "poisoned": recovered.poisoned,
        "alerts": list(alerts.values())[:MAX_TOLD],
        "alert_count": len(alerts),
        "commands": list(commands.values())[:MAX_TOLD],
        "closed": closed[:MAX_TOLD],
        "closed_count": len(closed),
        "notes": [one for one in recovered.notes if one not in recovered.human],
        "human": human,
    }
    found["lines"] = _lines(found)
    return found


def _of_nobody(recovered: Recovered) -> list[str]:
    """What is open of plugins that are not here any more, at every start until it is closed."""
    session = recovered.course.session
    here = session.simulation.registry.get_all_plugins()
    found: list[str] = []
    for book in session.books:
        gone = Counter(ticket.plugin_id for ticket in book.simulation.broker.tickets.values())
        for plugin_id, count in sorted(gone.items()):
            if plugin_id in here or book.name == TWIN or any(repr(plugin_id) in one for one in recovered.human):
                continue  # another's, or told with the change of settings
            tickets = f"{count} open ticket{'s' * (count > 1)}"
            found.append(
                f"{book.name}: {tickets} of {plugin_id!r}, which is not here: stops and targets are kept, nobody "
                "trails or books; zepix live flatten --plugin closes them"
            )
    return found


def _lines(found: dict[str, Any]) -> list[str]:
    market_s = max(0, found["at_ns"] - found["down_from_ns"]) / NS
    gone = f", {market_s:.0f} s of the recording" if abs(market_s - found["down_s"]) > MARKET_DIFFERS_S else ""
    lines = [
        f"down from {_time(found['down_from_ns'])} to {_time(found['at_ns'])} ({found['down_s']:.1f} s{gone}); "
        f"{found['inputs_taken_again']} inputs taken again, {found['inputs_left_undone']} were left undone"
    ]
    for one in found["alerts"]:
        what = " ".join(word for word in (one["outcome"], one["reason"], one["plugin"]) if word)
        lines.append(f"alert {one['id']} received meanwhile: {what}")
    if found["alert_count"] > len(found["alerts"]):
        lines.append(f"and {found['alert_count'] - len(found['alerts'])} more alerts")
    lines += [f"command received meanwhile: {text}" for text in found["commands"]]
    for one in found["closed"]:
        lines.append(f"ticket {one['ticket']} {one['symbol']} closed at {_time(one['exit_ns'])}: {one['reason']}")
    lines += [f"note: {text}" for text in found["notes"]]
    lines += [f"needs a human: {text}" for text in found["human"]]
    return lines


def _time(ns: int) -> str:
    return dt.datetime.fromtimestamp(ns // NS, dt.UTC).strftime("%Y-%m-%d %H:%M:%SZ")
