"""The journal becomes tables: each row once, whatever it is taken in and whatever kills it."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.live import chain_life
from tests.live.desk import ROOT
from tests.live.storage.journal_by_hand import DAY_NS, NOON_NS, NS, decided, dump, trading_day, write
from zepix.journal.durable_reader import LogReader
from zepix_live.clock import SystemClock
from zepix_live.storage import projector as projecting
from zepix_live.storage.address import Address
from zepix_live.storage.fold import FOLD
from zepix_live.storage.projector import Projector
from zepix_live.storage.rebuilding import rebuild
from zepix_live.storage.tables import PROJECTION
from zepix_live.storage.trouble import StorageBroken, StorageLocked, StorageNewer


def project(data: Path, address: Address, limit: int = 5_000) -> list[str]:
    """Everything there is; what was said on the way."""
    with Projector(data, address) as projector:
        while projector.advance(limit):
            pass
        return list(projector.notes)


def test_a_day_of_trading_stands_in_the_tables_as_worked_out_by_hand(tmp_path: Path, address: Address) -> None:
    write(tmp_path, trading_day())
    assert project(tmp_path, address) == []
    found = dump(address)

    (alert,) = found["alerts"]
    assert (alert["seq"], alert["alert_id"], alert["given_id"], alert["inbox_seq"]) == (3, "a1", "mine-7", 1)
    assert (alert["received_at"], alert["day"]) == ("2026-01-01T12:00:00.750Z", "2026-01-01")
    assert (alert["late_ns"], alert["delay_ns"]) == (250_000_000, 40)

    (decision,) = found["decisions"]
    assert (decision["seq"], decision["last_seq"], decision["outcome"]) == (6, 10, "filled")
    assert (decision["strategy"], decision["is_final"], json.loads(decision["numbers"])) == (
        "v3",
        True,
        {"spread": 1.3},
    )
    assert decision["decided_at"] == "2026-01-01T12:00:01.000Z"

    names = ("order_id", "kind", "status", "reason", "role", "ticket", "lots", "fill_price")
    assert [tuple(order[name] for name in names) for order in found["orders"]] == [
        (1, "market", "filled", "", "A", 1, "0.05", "1.09500"),
        (2, "market", "filled", "", "B", 2, "0.04", "1.09500"),
        (3, "limit", "refused", "no_money", "", None, "0.01", None),
        (4, "stop", "cancelled", "expired", "P1", None, "0.01", None),
        (5, "close", "filled", "", "", None, None, "1.09600"),
    ]
    assert (found["orders"][0]["sl_points"], found["orders"][0]["sl_price"]) == (109400, "1.09400")
    assert found["orders"][2]["price_points"] == 109000
    assert json.loads(found["orders"][4]["command"]) == {"tickets": [1], "frac": "0.4"}

    names = ("ticket", "part", "lots", "entry_price", "exit_price", "exit_reason", "pnl_minor", "currency", "day")
    assert [tuple(trade[name] for name in names) for trade in found["trades"]] == [
        (1, 1, "0.02", "1.09500", "1.09600", "signal", 180, "EUR", "2026-01-02"),
        (1, 2, "0.03", "1.09500", "1.09400", "sl", -270, "EUR", "2026-01-02"),
    ]
    names = ("ticket", "status", "open_steps", "open_lots", "pnl_minor", "initial_sl_points", "initial_tp_points")
    assert [tuple(one[name] for name in names) for one in found["positions"]] == [
        (1, "closed", 0, "0.00", -90, 109400, 109700),
        (2, "open", 4, "0.04", 0, 109425, 0),
    ]
    assert found["positions"][0]["closed_ns"] == NOON_NS + DAY_NS + NS


def test_chains_count_their_orders_tickets_and_money(tmp_path: Path, address: Address) -> None:
    write(tmp_path, trading_day())
    project(tmp_path, address)
    names = ("chain_id", "kind", "status", "level", "orders", "orders_at_work", "tickets", "tickets_open")
    names += ("wins", "losses", "pnl_minor")
    (reentry,), (profit,) = dump(address)["reentry_chains"], dump(address)["profit_chains"]
    assert [reentry[name] for name in names] == ["EURUSD_1", "reentry", "flat", 0, 1, 0, 1, 0, 0, 1, -90]
    assert [profit[name] for name in names] == ["PROFIT_EURUSD_1", "profit", "at_work", 1, 2, 0, 1, 1, 0, 0, 0]
    assert (profit["alert_id"], profit["strategy"], profit["currency"]) == ("a1", "v3", "EUR")


def test_a_journal_with_steps_of_chains_says_where_they_stand(tmp_path: Path, address: Address) -> None:
    write(tmp_path, trading_day())
    step = {"t_ns": 1, "chain_id": "PROFIT_EURUSD_1", "kind": "profit", "plugin_id": "v3", "symbol": "EURUSD",
            "alert_id": "a1", "level": 2, "order_id": 0, "ticket": 0, "money_minor": 0}  # fmt: skip
    shield = {**step, "chain_id": "SHIELD_1", "kind": "shield", "level": 0, "state": "active", "reason": ""}
    later = NOON_NS + 2 * DAY_NS
    write(
        tmp_path,
        [
            (later, "chain", {**step, "state": "filled", "reason": "", "order_id": 4}),
            (later, "chain", {**step, "state": "stopped", "reason": "reversal"}),
            (later, "chain", shield),
        ],
    )
    project(tmp_path, address)
    (profit,) = dump(address)["profit_chains"]
    assert (profit["status"], profit["reason"], profit["level"]) == ("stopped", "reversal", 2)
    assert [(c["chain_id"], c["kind"], c["status"]) for c in dump(address)["reentry_chains"]] == [
        ("EURUSD_1", "reentry", "flat"),
        ("SHIELD_1", "shield", "active"),
    ]


def _operator(number: int, command: str, plugin: str = "", **more: Any) -> dict[str, Any]:
    named = {"plugin": plugin} if plugin else {}
    return {"id": f"o{number}", "given_id": f"given{number:04d}", "command": command, **named, "by": "anna",
            "from": "10.0.0.7", "given_ns": NOON_NS, "inbox": number, **more}  # fmt: skip


def _said(of: int, level: str, text: str) -> dict[str, Any]:
    return {"of": of, "level": level, "code": "operator", "text": text}


def test_commands_are_audited_with_who_from_where_before_and_after(tmp_path: Path, address: Address) -> None:
    write(
        tmp_path,
        [
            (NOON_NS, "config", {"settings": {}, "hash": "h", "code": "1"}),
            (NOON_NS, "operator", _operator(1, "pause")),
            (NOON_NS, "event", _said(2, "INFO", "no new risk is taken; what is open goes on")),
            (NOON_NS, "disabled", {"of": 2, "plugin": "v6", "failures": 5}),
            (NOON_NS, "operator", _operator(2, "resume", "v6")),
            (NOON_NS, "event", _said(5, "INFO", "v6 takes entries again")),
            (NOON_NS, "operator", _operator(3, "pause", "nobody")),
            (NOON_NS, "event", _said(7, "WARN", "there is no plugin nobody")),
            (NOON_NS, "operator", _operator(4, "rearm", base_equity=9000.0)),
            (NOON_NS, "event", _said(9, "INFO", "the equity guard is armed again")),
            (NOON_NS, "operator", _operator(5, "resume")),
            (NOON_NS, "poison", {"of": 11, "deaths": 2}),
            (NOON_NS, "operator", _operator(6, "resume")),
        ],
    )
    project(tmp_path, address, limit=3)
    rows = [row for row in dump(address)["audit_log"] if row["who"] != "zepix"]
    assert {(row["who"], row["came_from"], row["given_at"]) for row in rows} == {
        ("anna", "10.0.0.7", "2026-01-01T12:00:00.000Z")
    }
    found = [(row["command"], row["target"], json.loads(row["before"]), json.loads(row["after"])) for row in rows[:5]]
    assert found == [
        ("pause", "", {"paused": False}, {"paused": True}),
        ("resume", "v6", {"plugin": "v6", "held_back": True}, {"plugin": "v6", "held_back": False}),
        ("pause", "nobody", {"plugin": "nobody", "held_back": False}, {"plugin": "nobody", "held_back": False}),
        ("rearm", "", {"armed_by": None, "base_equity": None}, {"armed_by": "given0004", "base_equity": 9000.0}),
        ("resume", "", {"paused": True}, {"paused": True}),
    ]
    assert [row["outcome"] for row in rows] == [
        "no new risk is taken; what is open goes on",
        "v6 takes entries again",
        "there is no plugin nobody",
        "the equity guard is armed again",
        "set aside: the engine died twice under it",
        None,
    ]


def test_what_zepix_did_by_itself_is_audited_too_and_what_a_twin_did_is_not(tmp_path: Path, address: Address) -> None:
    tripped = {"level": "CRITICAL", "code": "fidelity_breaker", "text": "v3 is in shadow until ...", "plugin": "v3"}
    write(
        tmp_path,
        [
            (NOON_NS, "config", {"settings": {}, "hash": "h", "code": "1"}),
            (NOON_NS, "disabled", {"of": 1, "plugin": "v6", "failures": 5, "book": "twin"}),
            (NOON_NS, "disabled", {"of": 1, "plugin": "v6", "failures": 5, "book": "live"}),
            (NOON_NS, "event", tripped),
            (NOON_NS, "event", {**tripped, "code": "lost_alert"}),
        ],
    )
    project(tmp_path, address, limit=2)
    rows = dump(address)["audit_log"]
    assert [(row["who"], row["command"], row["target"], row["level"], row["outcome"]) for row in rows] == [
        ("zepix", "disabled", "v6", "CRITICAL",
         "disabled after 5 failures in a row in the live book: it takes no new risk"),
        ("zepix", "fidelity_breaker", "v3", "CRITICAL", "v3 is in shadow until ..."),
    ]  # fmt: skip
    assert [(json.loads(row["before"]), json.loads(row["after"])) for row in rows] == [
        ({"enabled": True, "plugin": "v6"}, {"enabled": False, "plugin": "v6"}),
        ({"held_by_breaker": False, "plugin": "v3"}, {"held_by_breaker": True, "plugin": "v3"}),
    ]


def test_a_reload_and_a_command_of_tomorrow_change_no_pause(tmp_path: Path, address: Address) -> None:
    change = {
        "set": {"risk.max": 2},
        "unset": ["a.b"],
        "before": {"risk.max": 1, "a.b": "x"},
        "hash": "h2",
        "stale_s": 30,
    }
    reloaded = {"settings": {"risk.max": 2}, "hash": "h2", "code": "1", "by": "anna", "of_command": 4,
                "changes": {"risk.max": [1, 2], "a.b": ["x", None]}}  # fmt: skip
    write(
        tmp_path,
        [
            (NOON_NS, "config", {"settings": {"risk.max": 1, "a.b": "x"}, "hash": "h", "code": "1"}),
            (NOON_NS, "operator", _operator(1, "pause")),
            (NOON_NS, "event", _said(2, "INFO", "no new risk is taken")),
            (NOON_NS, "operator", _operator(2, "reload", config="new.toml", change=change)),
            (NOON_NS, "event", _said(4, "WARN", "applied: risk.max 1 -> 2; needs a restart: ...")),
            (NOON_NS, "config", reloaded),
            (NOON_NS, "operator", _operator(3, "tomorrow", "v3", before={"mode": "SHADOW"}, after={"mode": "LIVE"})),
            (NOON_NS, "event", _said(7, "INFO", "done")),
            (NOON_NS, "operator", _operator(4, "resume")),
            (NOON_NS, "event", _said(9, "INFO", "entries are taken again")),
        ],
    )
    project(tmp_path, address, limit=4)
    rows = dump(address)["audit_log"]
    assert [(row["command"], json.loads(row["before"]), json.loads(row["after"])) for row in rows] == [
        ("pause", {"paused": False}, {"paused": True}),
        ("reload", {"risk.max": 1, "a.b": "x"}, {"risk.max": 2, "a.b": None}),
        ("tomorrow", {"mode": "SHADOW"}, {"mode": "LIVE"}),
        ("resume", {"paused": True}, {"paused": False}),
    ]
    assert json.loads(rows[1]["asked"]) == {"config": "new.toml"}
    last = dump(address)["config_history"][-1]
    assert (last["who"], last["command_seq"], json.loads(last["changed"])) == ("anna", 4, reloaded["changes"])


def test_configurations_say_what_changed_and_keep_no_file_of_the_user(tmp_path: Path, address: Address) -> None:
    files = {"data.instruments": [{"path": "my.toml", "sha256": "ab", "text": "private words"}]}
    write(
        tmp_path,
        [
            (NOON_NS, "config", {"settings": {"a": 1, "b": [1]}, "hash": "h1", "code": "0.1.0"}),
            (NOON_NS, "config", {"settings": {"b": [2], "c": "x"}, "hash": "h2", "code": "0.1.0", "files": files}),
        ],
    )
    project(tmp_path, address)
    first, second = dump(address)["config_history"]
    assert json.loads(first["changed"]) == {"a": [None, 1], "b": [None, [1]]}
    assert json.loads(second["changed"]) == {"a": [1, None], "b": [[1], [2]], "c": [None, "x"]}
    assert json.loads(second["files"]) == {"data.instruments": [{"path": "my.toml", "sha256": "ab"}]}


def test_text_that_no_database_takes_is_kept_as_its_escape(tmp_path: Path, address: Address) -> None:
    body = {"id": "a1", "raw": "a\0b \ud800 é", "source": "", "kind": "quarantined", "inbox": 1, "reason": "nul",
            "detail": "\0"}  # fmt: skip
    write(tmp_path, [(NOON_NS, "alert", body)])
    project(tmp_path, address)
    (alert,) = dump(address)["alerts"]
    assert alert["raw"] == "a\\x00b \\ud800 é"
    assert alert["detail"] == "\\x00"


def test_a_row_that_cannot_be_read_is_passed_over_and_said(tmp_path: Path, address: Address) -> None:
    write(tmp_path, [(NOON_NS, "decision", {"number": 1}), (NOON_NS, "decision", decided(1, 2, "a2", "refused", "x"))])
    notes = project(tmp_path, address)
    assert len(notes) == 1 and notes[0].startswith("row 1 of the journal, decision, was passed over")
    assert [row["alert_id"] for row in dump(address)["decisions"]] == ["a2"]


# --- exactly once ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that an engine with chains has traded in."""
    from tests.live.desk import Desk
    from zepix.config.check import Raw

    folder = tmp_path_factory.mktemp("life") / "live"
    desk = Desk(folder, speed=600.0)
    desk.flags = {name: Raw(value) for name, value in chain_life.settings().items()}
    desk.open()
    rng = random.Random(5)
    for number in range(120):
        desk.post(chain_life.body(rng, number, rng.choice(("EURUSD", "XAUUSD"))))
        desk.run(0.4, 0.2)
        if number == 60:
            desk.crash()
            desk.open()
    desk.close()
    return folder


def _expected(life: Path) -> dict[str, Any]:
    with LogReader(life / "journal.sqlite") as reader:
        rows = [(row.kind, json.loads(row.body)) for row in reader.rows(0, None)]
    opened = {b["ticket"]: b["steps"] for k, b in rows if k == "filled" and b["ticket"]}
    closed: dict[int, int] = {}
    for kind, body in rows:
        if kind == "closed":
            closed[body["ticket"]] = closed.get(body["ticket"], 0) + body["steps"]
    return {
        "alerts": sum(k == "alert" for k, _ in rows),
        "orders": sum(k == "intent" for k, _ in rows),
        "trades": [(b["ticket"], b["part"], b["pnl_minor"]) for k, b in rows if k == "closed"],
        "open": sorted(t for t, steps in opened.items() if closed.get(t, 0) < steps),
        "final": sum(k == "decision" and b["final"] for k, b in rows),
    }


def test_the_life_of_an_engine_with_chains_is_all_there(life: Path, address: Address) -> None:
    done = rebuild(life, address, SystemClock())
    found, expected = dump(address), _expected(life)
    assert done.notes == () and done.rows > 1_000
    assert len(found["alerts"]) == expected["alerts"] == 120
    assert len(found["orders"]) == expected["orders"]
    assert sorted((t["ticket"], t["part"], t["pnl_minor"]) for t in found["trades"]) == sorted(expected["trades"])
    assert [p["ticket"] for p in found["positions"] if p["status"] == "open"] == expected["open"]
    assert sum(d["is_final"] for d in found["decisions"]) == expected["final"]
    chains = [*found["reentry_chains"], *found["profit_chains"]]
    assert sum(c["pnl_minor"] for c in chains) == sum(t["pnl_minor"] for t in found["trades"] if t["chain_id"])
    assert {c["kind"] for c in chains} >= {"reentry", "profit"}


def test_steps_of_any_size_come_to_the_same_tables(life: Path, address: Address) -> None:
    rng = random.Random(3)
    project(life, address)
    expected = dump(address)
    with Projector(life, address) as projector:
        projector.begin_anew()
        while projector.advance(rng.choice((1, 2, 7, 50, 400))):
            if rng.random() < 0.05:
                projector._fold = None  # as after a start: nothing is in memory
        projector.finish()
    assert dump(address) == expected


def test_a_failure_at_any_write_changes_nothing_and_the_next_call_goes_on(
    life: Path, address: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    project(life, address)
    expected = dump(address)
    real, rng, planned = projecting.put, random.Random(1), [0]

    def failing(*given: Any) -> None:
        real(*given)
        planned[0] += 1
        if planned[0] % 5 == 0 and rng.random() < 0.5:
            raise ZeroDivisionError

    with Projector(life, address) as projector:
        projector.begin_anew()
        monkeypatch.setattr(projecting, "put", failing)
        failures = 0
        while True:
            try:
                if not projector.advance(100):
                    break
            except ZeroDivisionError:
                failures += 1
        assert failures > 5
        projector.finish()
    assert dump(address) == expected


KILLED = """
import sys
from pathlib import Path
from zepix_live.storage.address import address_of
from zepix_live.storage.projector import Projector
with Projector(Path(sys.argv[1]), address_of(Path(sys.argv[2]), sys.argv[3] or None)) as projector:
    print("ready", flush=True)
    while projector.advance(40):
        pass
"""


@pytest.mark.clock
def test_a_process_killed_again_and_again_projects_every_row_once(life: Path, address: Address, tmp_path: Path) -> None:
    project(life, address)
    expected = dump(address)
    with Projector(life, address) as projector:
        projector.begin_anew()
    rng = random.Random(9)
    url = "" if address.is_sqlite else address.url.render_as_string(hide_password=False)
    for _ in range(6):
        child = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(life), str(tmp_path), url],
            cwd=ROOT, env={**_environment(), "PYTHONPATH": "live"}, stdout=subprocess.PIPE,
        )  # fmt: skip
        assert child.stdout is not None
        with child.stdout:
            child.stdout.readline()
            time.sleep(rng.uniform(0.0, 0.12))
            child.kill()
            child.wait()
    with Projector(life, address) as projector:
        while projector.advance():
            pass
    assert dump(address) == expected


def _environment() -> dict[str, str]:
    import os

    return dict(os.environ)


# --- what a database may be of ---------------------------------------------------------------------------------------


def test_a_database_of_another_journal_is_refused_and_a_rebuild_mends_it(tmp_path: Path, address: Address) -> None:
    write(tmp_path / "one", trading_day())
    write(tmp_path / "two", [(NOON_NS, "start", {}), *trading_day()])
    write(tmp_path / "three", trading_day(), inbox="another")
    project(tmp_path / "one", address)
    before = dump(address)
    for other in ("two", "three"):
        with pytest.raises(StorageBroken, match="another journal"):
            project(tmp_path / other, address)
    write(tmp_path / "short", trading_day()[:5])
    with pytest.raises(StorageBroken, match="zepix live rebuild"):
        project(tmp_path / "short", address)
    assert dump(address) == before
    rebuild(tmp_path / "two", address, SystemClock())
    assert [row["seq"] for row in dump(address)["alerts"]] == [4]


def _set_fold(address: Address, fold: int) -> None:
    from zepix_live.storage.database import Database

    with Database(address) as database, database.writing() as connection:
        connection.execute(PROJECTION.update().values(fold=fold))


def test_tables_made_by_older_rules_are_made_anew_and_by_newer_ones_left_alone(
    tmp_path: Path, address: Address
) -> None:
    write(tmp_path, trading_day())
    project(tmp_path, address)
    expected = dump(address)
    _set_fold(address, FOLD - 1)
    assert project(tmp_path, address) == ["the tables were made by an older zepix and are made anew from the journal"]
    assert dump(address) == expected
    _set_fold(address, FOLD + 1)
    with pytest.raises(StorageNewer, match="newer zepix"):
        project(tmp_path, address)


def test_two_projectors_on_one_database_do_no_harm(tmp_path: Path, address: Address) -> None:
    write(tmp_path, trading_day())
    project(tmp_path, address)
    expected = dump(address)
    with Projector(tmp_path, address) as one, Projector(tmp_path, address) as other:
        one.begin_anew()
        one.advance(4)
        if address.is_sqlite:
            with pytest.raises(StorageLocked, match="another process writes"):
                other.advance(4)
        else:
            other.advance(4)
            one.advance(4)
            other.advance(3)
        while one.advance():
            pass
        one.finish()
    assert dump(address) == expected


def test_rows_let_go_from_memory_are_found_again(
    tmp_path: Path, address: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    from zepix_live.storage import fold

    write(tmp_path, trading_day())
    project(tmp_path, address)
    expected = dump(address)
    monkeypatch.setattr(fold, "MOST_KEPT", 0)
    with Projector(tmp_path, address) as projector:
        projector.begin_anew()
        while projector.advance(1):
            pass
        projector.finish()
    assert dump(address) == expected
