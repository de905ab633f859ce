"""What the tables cost: ``python -m tests.bench.storage_bench [--rows 300000] [--decisions 1000000] [--url URL]``.

Prints Markdown: how fast a journal becomes tables (``zepix live rebuild``), whole and as it grows, and how long
searches take among a million decisions, by what people ask. On a file of SQLite, and on PostgreSQL where ``--url``
names an empty database, or ``--server`` and the binaries for one are at hand. Wall time, and the processor's time of
this process beside it: other work on the machine shows in the first.
"""

from __future__ import annotations

import argparse
import json
import platform
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from zepix.journal.durable import DurableLog
from zepix_live.clock import SystemClock
from zepix_live.storage.address import Address, address_of
from zepix_live.storage.database import Database
from zepix_live.storage.projector import Projector
from zepix_live.storage.putting import put
from zepix_live.storage.rebuilding import rebuild
from zepix_live.storage.searching import search
from zepix_live.storage.tables import ALERTS, DECISIONS
from zepix_live.storage.wording import at_of, day_of, text_of

NS = 1_000_000_000
FIRST_NS = 1_767_225_600 * NS
PLUGINS = ("v3_combined", "v6_price_action_1m", "v6_price_action_5m", "v6_price_action_15m", "v6_price_action_1h")
REASONS = (
    "spread_high",
    "session_closed",
    "trend_against",
    "daily_cap",
    "score_low",
    "adx_low",
    "cooldown",
    "one_at_a_time",
)
RARE = "recovery_differs"
CHUNK = 5_000
SEARCHES = 40
TEN_DAYS = {"since": "2026-01-05", "until": "2026-01-14"}
NUMBERS = {
    "trade_type": "long_entry", "order": 1, "volume": 0.09, "sl": 1.09482, "order_a": 1, "volume_a": 0.09,
    "sl_a": 1.09482, "order_b": 2, "volume_b": 0.08, "signal": "Mitigation_Test_Entry", "logic": "LOGIC1",
    "conviction_min": 5, "size_factor": 0.7, "score": 5.0, "risk_tier": "50000", "plugin_trades": 0.0,
    "plugin_day_left": 1000.0, "open_risk": 0.0, "day_loss": 0.0, "daily_cap": 400.0, "day_left": 400.0,
    "lifetime_loss": 0.0, "lifetime_cap": 3500.0, "concurrent": 0.0, "max_concurrent": 10.0, "spread": 1.3,
    "entry": 1.09532, "sl_source": "sl-1", "lots_base": 0.2,
}  # fmt: skip
"""As a decision of V3 carries them."""


def journal_rows(most: int) -> Iterator[tuple[int, str, str]]:
    """A journal's rows as an engine writes them: a third of the alerts trades by two orders, which are closed."""
    rng = random.Random(7)
    settings = {"strategy.name": "v3_combined", "account.currency": "EUR"}
    config = {"settings": settings, "hash": "0123456789abcdef", "code": "0.1.0", "timeframes": {"EURUSD": "TICK"}}
    yield FIRST_NS, "config", json.dumps(config)
    made, orders, tickets, alert = 1, 0, 0, 0
    while made < most:
        alert += 1
        t_ns = FIRST_NS + alert * 3 * NS
        seq = made + 1
        found: list[tuple[str, dict[str, Any]]] = []
        raw = json.dumps(
            {"type": "entry_v3", "symbol": "EURUSD", "direction": "buy", "tf": "5", "price": 1.09, "n": alert}
        )
        found.append(
            (
                "alert",
                {"id": f"a{alert}", "raw": raw, "source": "webhook", "kind": "alert", "inbox": alert, "late_ns": 5},
            )
        )
        told = {
            "of": seq,
            "number": alert,
            "id": f"a{alert}",
            "plugin": rng.choice(PLUGINS),
            "symbol": "EURUSD",
            "type": "entry",
        }
        trades = rng.random() < 1 / 3
        if trades:
            for role, chain in (("A", f"EURUSD_{alert:08d}"), ("B", f"PROFIT_EURUSD_{alert:08d}")):
                orders += 1
                found.append(("intent", _intent(seq, orders, role, chain, alert)))
        words = (
            {"outcome": "working", "reason": ""} if trades else {"outcome": "refused", "reason": rng.choice(REASONS)}
        )
        found.append(("decision", {**told, **words, "side": "buy", "numbers": NUMBERS, "final": not trades}))
        found += [("done", {"through": seq}), ("prices", _prices()), ("done", {"through": seq})]
        if trades:
            for order in (orders - 1, orders):
                tickets += 1
                found.append(("filled", _filled(seq, order, tickets, alert, t_ns)))
                found.append(("notification", {"of": seq, "notice": "trade_opened", "text": "EURUSD BUY opened"}))
            found.append(
                (
                    "decision",
                    {**told, "outcome": "filled", "reason": "", "side": "buy", "numbers": NUMBERS, "final": True},
                )
            )
            for ticket in (tickets - 1, tickets):
                found.append(("closed", _closed(seq, ticket, t_ns, rng.randint(-900, 900))))
            found.append(("done", {"through": seq}))
        for kind, body in found:
            yield t_ns, kind, json.dumps(body, separators=(",", ":"))
        made += len(found)


def _intent(seq: int, order: int, role: str, chain: str, alert: int) -> dict[str, Any]:
    sizes = {"volume_steps": 9, "sl": 109482, "tp_offset": 75, "role": role, "chain_id": chain}
    return {"of": seq, "order": order, "kind": "market", "plugin": PLUGINS[0], "alert": f"a{alert}", "symbol": "EURUSD",
            "side": 1, **sizes, "comment": "V3 LOGIC1"}  # fmt: skip


def _filled(seq: int, order: int, ticket: int, alert: int, t_ns: int) -> dict[str, Any]:
    levels = {"steps": 9, "sl": 109482, "tp": 109620, "reason": "", "ticket": ticket, "points": 109545, "fill_ns": t_ns}
    return {"of": seq, "at_ns": t_ns, "order": order, "what": "market", "plugin": PLUGINS[0], "alert": f"a{alert}",
            "symbol": "EURUSD", "side": 1, **levels}  # fmt: skip


def _closed(seq: int, ticket: int, t_ns: int, pnl: int) -> dict[str, Any]:
    return {"of": seq, "at_ns": t_ns, "ticket": ticket, "part": 1, "symbol": "EURUSD", "steps": 9, "points": 109482,
            "exit_ns": t_ns, "reason": "sl", "pnl_minor": pnl}  # fmt: skip


def _prices() -> dict[str, Any]:
    bar = ["EURUSD", 109504, 109500, 109504, 109517, 109513, 109517]
    return {"ended": [bar], "opened": [["EURUSD", 109504, 109516]]}


def write_journal(folder: Path, rows: int) -> int:
    """A journal of about so many rows in a data folder; how many it has."""
    waiting: list[tuple[int, str, str]] = []
    with DurableLog(folder / "journal.sqlite", name="journal", header={"inbox": "bench"}) as log:
        for row in journal_rows(rows):
            waiting.append(row)
            if len(waiting) == CHUNK:
                log.append(waiting)
                waiting = []
        log.append(waiting)
        return log.last_seq


def fill_decisions(database: Database, count: int) -> None:
    """So many decisions, and their alerts, over a month; one in 100,000 has a reason that is rare."""
    rng = random.Random(11)
    numbers = text_of(NUMBERS)
    step_ns = 30 * 86_400 * NS // count
    for first in range(0, count, 20_000):
        alerts, decisions = [], []
        for number in range(first, min(count, first + 20_000)):
            t_ns = FIRST_NS + number * step_ns
            seq = 3 * number + 1
            alerts.append({
                "seq": seq, "inbox_seq": number, "alert_id": f"a{number}", "kind": "alert", "source": "webhook",
                "ticker": "", "raw": "{}", "reason": "", "detail": "", "given_id": f"mine-{number}",
                "of_inbox_seq": None, "delay_ns": None, "received_ns": t_ns, "late_ns": 0, "received_at": at_of(t_ns),
                "day": day_of(t_ns),
            })  # fmt: skip
            is_filled = rng.random() < 0.2
            decisions.append({
                "seq": seq + 1, "last_seq": seq + 1, "number": number, "book": "shadow",
                "alert_id": f"a{number}", "strategy": rng.choice(PLUGINS),
                "outcome": "filled" if is_filled else "refused",
                "reason": RARE if number % 100_000 == 50_000 else "" if is_filled else rng.choice(REASONS),
                "symbol": "EURUSD", "type": "entry", "side": "buy", "is_final": True, "decided_ns": t_ns,
                "decided_at": at_of(t_ns), "day": day_of(t_ns), "numbers": numbers,
            })  # fmt: skip
        with database.writing() as connection:
            put(connection, ALERTS, alerts)
            put(connection, DECISIONS, decisions)
    database.gather()


def questions(count: int) -> list[tuple[str, dict[str, Any]]]:
    """(in words, filters): what people ask of ``decisions``."""
    middle = f"a{count // 2}"
    return [
        ("an alert by its id", {"alert": middle}),
        ("an alert by its sender's id", {"alert": f"mine-{count // 3}"}),
        ("the newest 100", {}),
        ("a reason, the newest 100", {"reason": "spread_high"}),
        ("a rare reason", {"reason": RARE}),
        ("a day, the newest 100", {"day": "2026-01-12"}),
        ("a reason on a day", {"reason": "daily_cap", "day": "2026-01-12"}),
        ("a reason in ten days, 1,000 rows", {"reason": "daily_cap", **TEN_DAYS, "limit": 1000}),
        ("a plugin on a day", {"strategy": PLUGINS[1], "day": "2026-01-20"}),
        ("an outcome since a day", {"outcome": "filled", "since": "2026-01-20"}),
        ("a reason that no decision has", {"reason": "nothing_such"}),
    ]  # fmt: skip


def timed_searches(database: Database, count: int) -> Iterator[tuple[str, float, float, int]]:
    """(in words, median and slowest in ms, rows found)."""
    for words, filters in questions(count):
        took, rows = [], 0
        for _ in range(SEARCHES):
            began = time.perf_counter()
            with database.reading() as connection:
                rows = len(search(connection, "decisions", **filters))
            took.append((time.perf_counter() - began) * 1000)
        yield words, sorted(took)[len(took) // 2], max(took), rows


def measured(what: str, work: Callable[[], int]) -> str:
    wall, cpu = time.perf_counter(), time.process_time()
    rows = work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return f"| {what} | {rows:,} | {wall:.1f} s | {rows / wall:,.0f} | {rows / cpu:,.0f} |"


def of_journal(data: Path, address: Address) -> Iterator[str]:
    yield measured("rebuild", lambda: rebuild(data, address, SystemClock()).rows)

    def advance() -> int:
        with Projector(data, address) as projector:
            projector.begin_anew()
            projector.finish()  # with the indexes that searches need, as beside a running engine
            return sum(iter(projector.advance, 0))

    yield measured("projection beside readers", advance)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="storage_bench", description=__doc__)
    parser.add_argument("--rows", type=int, default=300_000)
    parser.add_argument("--decisions", type=int, default=1_000_000)
    parser.add_argument("--url")
    parser.add_argument("--server", action="store_true", help="start a PostgreSQL for it")
    chosen = parser.parse_args(arguments)
    print(f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}\n")
    server = None
    if chosen.server:
        from tests.live.storage.postgres_server import PostgresServer

        server = PostgresServer()
        chosen.url = server.url("postgres")
    try:
        with tempfile.TemporaryDirectory() as name:
            data = Path(name)
            write_journal(data, chosen.rows)
            for address in (address_of(data), *([address_of(data, chosen.url)] if chosen.url else [])):
                print("\n" + ("SQLite" if address.is_sqlite else "PostgreSQL"))
                print("\n| what | rows | took | rows/s | rows/s of CPU |\n|---|---|---|---|---|")
                for line in of_journal(data, address):
                    print(line, flush=True)
                _searched(address, chosen.decisions)
    finally:
        if server is not None:
            server.close()
    return 0


def _searched(address: Address, count: int) -> None:
    with Database(address) as database:
        database.drop_tables()
        fill_decisions(database, count)
        print(f"\n| among {count:,} decisions | median | slowest of {SEARCHES} | rows |\n|---|---|---|---|")
        for words, median, slowest, rows in timed_searches(database, count):
            print(f"| {words} | {median:.1f} ms | {slowest:.1f} ms | {rows} |", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
