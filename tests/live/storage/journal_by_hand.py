"""A journal written by hand, row by row, and what its tables must hold: worked out on paper, not by the code."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sqlalchemy import select

from zepix.journal.durable import DurableLog
from zepix_live.storage.address import Address
from zepix_live.storage.database import Database
from zepix_live.storage.tables import TABLES

NS = 1_000_000_000
DAY_NS = 86_400 * NS
NOON_NS = 1_767_268_800 * NS  # 2026-01-01T12:00:00Z
Rows = Iterable[tuple[int, str, dict[str, Any]]]


def write(folder: Path, rows: Rows, *, inbox: str = "box") -> None:
    """Append to the folder's journal, which is made if it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    with DurableLog(folder / "journal.sqlite", name="journal", header={"inbox": inbox}) as log:
        log.append([(t_ns, kind, json.dumps(body)) for t_ns, kind, body in rows])


def dump(address: Address) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table, by key."""
    with Database(address) as database, database.reading() as connection:
        return {
            name: [
                dict(row) for row in connection.execute(select(table).order_by(*table.primary_key.columns)).mappings()
            ]
            for name, table in TABLES.items()
        }


def decided(of: int, number: int, alert: str, outcome: str, reason: str = "", **more: Any) -> dict[str, Any]:
    told = {"symbol": "EURUSD", "type": "entry", "side": "buy", "numbers": {"spread": 1.3}, "final": True}
    return {
        "of": of,
        "number": number,
        "id": alert,
        "plugin": "v3",
        "outcome": outcome,
        "reason": reason,
        **told,
        **more,
    }


def _command(kind: str, order: int, **more: Any) -> dict[str, Any]:
    return {"order": order, "kind": kind, "plugin": "v3", "alert": "a1", "symbol": "EURUSD", "side": 1, **more}


def _answer(order: int, **more: Any) -> dict[str, Any]:
    usual = {"what": "market", "plugin": "v3", "alert": "a1", "symbol": "EURUSD", "side": 1, "reason": "", "ticket": 0}
    return {"of": 3, "at_ns": NOON_NS + 2 * NS, "order": order, **usual, "steps": 0, "sl": 0, "tp": 0, "points": 0,
            "fill_ns": -1, **more}  # fmt: skip


def _closed(ticket: int, part: int, steps: int, points: int, pnl: int, reason: str, t_ns: int) -> dict[str, Any]:
    return {"of": 3, "at_ns": t_ns, "ticket": ticket, "part": part, "symbol": "EURUSD", "steps": steps,
            "points": points, "exit_ns": t_ns, "reason": reason, "pnl_minor": pnl}  # fmt: skip


def trading_day() -> list[tuple[int, str, dict[str, Any]]]:
    """One alert that two orders follow, A and B of one dual order; A is closed in two parts, B stays open. An order
    that is refused, one that is cancelled. Five steps of 0.01 lots are 0.05 lots; EURUSD counts in 0.00001."""
    settings = {"account.currency": "EUR", "risk.max_concurrent": 5}
    t0, t1, t2, t3 = NOON_NS, NOON_NS + NS, NOON_NS + 2 * NS, NOON_NS + DAY_NS
    return [
        (t0, "config", {"settings": settings, "hash": "h1", "code": "0.1.0", "timeframes": {"EURUSD": "TICK"}}),
        (t0, "start", {}),
        (
            t1,
            "alert",
            {
                "id": "a1",
                "raw": "{}",
                "source": "webhook",
                "kind": "alert",
                "inbox": 1,
                "late_ns": 250_000_000,
                "given_id": "mine-7",
                "delay_ns": 40,
            },
        ),
        (t1, "intent", _command("market", 1, volume_steps=5, sl=109400, tp=109700, role="A", chain_id="EURUSD_1")),
        (t1, "intent", _command("market", 2, volume_steps=4, sl_offset=-75, role="B", chain_id="PROFIT_EURUSD_1")),
        (t1, "decision", decided(3, 1, "a1", "working", final=False)),
        (t1, "done", {"through": 3}),
        (t2, "filled", _answer(1, steps=5, sl=109400, tp=109700, ticket=1, points=109500, fill_ns=t2)),
        (t2, "filled", _answer(2, steps=4, sl=109425, ticket=2, points=109500, fill_ns=t2)),
        (t2, "decision", decided(3, 1, "a1", "filled")),
        (t2, "intent", _command("limit", 3, volume_steps=1, price=109000)),
        (t2, "refused", _answer(3, what="limit", reason="no_money")),
        (t2, "intent", _command("stop", 4, volume_steps=1, price=110000, role="P1", chain_id="PROFIT_EURUSD_1")),
        (t3, "cancelled", _answer(4, what="stop", reason="expired", at_ns=t3)),
        (t3, "intent", _command("close", 5, tickets=[1], frac="0.4")),
        (t3, "closed", _closed(1, 1, 2, 109600, 180, "signal", t3)),
        (t3, "filled", _answer(5, what="close", points=109600, fill_ns=t3, at_ns=t3)),
        (t3, "closed", _closed(1, 2, 3, 109400, -270, "sl", t3 + NS)),
        (t3, "prices", {"ended": [], "opened": []}),
    ]
