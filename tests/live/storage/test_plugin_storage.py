"""``api.database``: kept in a live session, under the plugin's own name; empty where a replay or rerun begins."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.live.desk import Desk, entry
from tests.live.modes.slots import tell
from zepix.cli import main
from zepix.engine.capabilities import DatabaseCapable
from zepix.errors import DataError
from zepix.research.plugin_memory import PluginMemory
from zepix.services.database import DatabaseService

COUNTS = '''
from zepix import PluginInfo, Strategy
from zepix.model import Decision


class Counts(Strategy):
    """Refuses every alert, with how many it has counted."""

    info = PluginInfo(strategy="counts")

    def initialize_database(self):
        self.api.database.execute("CREATE TABLE IF NOT EXISTS counted (alert TEXT PRIMARY KEY)")

    async def process_entry_signal(self, alert):
        self.api.database.execute("INSERT INTO counted VALUES (:a)", {"a": alert.id}, once=alert.id)
        (found,) = self.api.database.query("SELECT count(*) AS n FROM counted")
        return Decision("refused", f"counted_{found['n']}")
'''


@pytest.fixture
def counting(tmp_path: Path) -> Callable[[Path], Desk]:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "counts.py").write_text(COUNTS, encoding="utf-8")

    def made(folder: Path) -> Desk:
        folder.mkdir(exist_ok=True)
        return Desk(folder, plugin_system__plugin_dir=str(tmp_path / "mine"), strategy__name="counts")

    return made


def reasons(desk: Desk) -> list[str]:
    return [reason for _, _, reason in desk.decisions()]


def test_a_live_plugins_data_outlives_a_crash_and_is_its_own_file(
    tmp_path: Path, counting: Callable[[Path], Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = counting(tmp_path / "live")
    desk.open()
    for number in range(2):
        desk.post(entry(id=f"mine-{number}"))
        desk.run(0.5)
    assert reasons(desk) == ["counted_1", "counted_2"]
    desk.crash()
    with sqlite3.connect(tmp_path / "live" / "data" / "zepix_counts.db") as mine:
        assert mine.execute("SELECT count(*) FROM counted").fetchone() == (2,)
    mine.close()
    desk.open()
    desk.post(entry("sell"))
    desk.run(0.5)
    assert reasons(desk)[-1] == "counted_3"
    desk.close()


def test_live_and_twin_have_their_own_so_they_decide_alike_whatever_the_shadow_did_before(
    tmp_path: Path, counting: Callable[[Path], Desk]
) -> None:
    """Promoted after two alerts in shadow: both count from one, and an alert is counted once in each."""
    desk = counting(tmp_path / "live")
    more = {"broker__live__name": "simulated", "shadow_mode__default_mode": "HYBRID"}
    desk.open(**more, shadow_mode__shadow_plugins='["counts"]')
    for number in range(2):
        desk.post(entry(id=f"mine-{number}"))
        desk.run(0.5)
    tell(desk, "promote", "counts", force=True)
    desk.post(entry(id="mine-2"))
    desk.run(0.5)
    desk.crash()
    desk.open(**more, shadow_mode__shadow_plugins='["counts"]')
    desk.post(entry(id="mine-3"))
    desk.run(0.5)
    desk.close()
    told = [(body.get("book", "shadow"), body["reason"]) for _, _, body in desk.rows("decision")]
    assert told == [
        ("shadow", "counted_1"), ("shadow", "counted_2"), ("live", "counted_1"), ("twin", "counted_1"),
        ("live", "counted_2"), ("twin", "counted_2"),
    ]  # fmt: skip
    names = sorted(path.name for path in (tmp_path / "live" / "data").glob("*.db"))
    assert names == ["zepix_counts.db", "zepix_counts.live.db", "zepix_counts.twin.db"]


def test_a_rerun_begins_with_an_empty_one_and_touches_nothing(
    tmp_path: Path, counting: Callable[[Path], Desk], capsys: pytest.CaptureFixture[str]
) -> None:
    desk = counting(tmp_path / "live")
    desk.open()
    for number in range(3):
        desk.post(entry(id=f"mine-{number}"))
        desk.run(0.5)
    desk.close()
    path = tmp_path / "live" / "data" / "zepix_counts.db"
    before = path.read_bytes()
    assert main(["rerun", str(tmp_path / "live")]) == 0, capsys.readouterr()
    assert path.read_bytes() == before


def test_nobody_who_does_not_ask_gets_a_file(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.open()
    desk.post(entry(sl=1.05))
    desk.run(0.5)
    desk.close()
    assert not (tmp_path / "data").exists()


def test_in_memory_it_does_as_the_kept_one_does() -> None:
    service = DatabaseService("mine", PluginMemory("mine"))
    service.execute("CREATE TABLE levels (symbol TEXT PRIMARY KEY, price REAL)")
    add = "INSERT INTO levels VALUES (:symbol, :price)"
    assert service.execute(add, {"symbol": "EURUSD", "price": 1.1}, once="a7") == 1
    assert service.execute(add, {"symbol": "EURUSD", "price": 2.2}, once="a7") == 1
    assert service.query("SELECT * FROM levels") == [{"symbol": "EURUSD", "price": 1.1}]
    with pytest.raises(DataError, match="a statement of plugin mine failed: UNIQUE"):
        service.execute(add, {"symbol": "EURUSD", "price": 3.3})
    assert service.query("SELECT count(*) AS n FROM levels", limit=1) == [{"n": 1}]
    assert DatabaseService("mine", PluginMemory("mine")).query("SELECT 1 AS one") == [{"one": 1}]


def test_a_plugin_is_asked_for_its_tables_once_before_its_first_statement() -> None:
    class Owner:
        asked = 0

        def get_database_config(self) -> dict[str, Any]:
            return {}

        def initialize_database(self) -> None:
            self.asked += 1
            if self.asked == 1:
                raise DataError("not yet")
            service.execute("CREATE TABLE t (n INTEGER)")

        def execute_query(self, query: str, parameters: Any = ()) -> Any:
            return service.query(query)

    owner = Owner()
    service = DatabaseService("mine", PluginMemory("mine"), lambda: owner)
    assert isinstance(owner, DatabaseCapable)
    with pytest.raises(DataError, match="not yet"):
        service.query("SELECT * FROM t")
    for _ in range(3):
        assert service.query("SELECT * FROM t") == []
    assert owner.asked == 2
