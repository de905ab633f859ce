"""Files that a configuration names are kept with it: a rerun needs none of them, and says which have changed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.live.desk import SAMPLE, Desk
from zepix.config.check import Raw
from zepix.errors import ConfigError
from zepix_live.engine import config_files
from zepix_live.engine.config import SessionConfig
from zepix_live.engine.config_files import changed, files_of
from zepix_live.engine.main import open_engine
from zepix_live.engine.options import EngineOptions
from zepix_live.rerunning import rerun_and_tell, rerun_folder

SPEC = """
[data]
instruments = "more/mine.toml"

[alerts]
dialects = ["more/two words.toml"]

[broker]
restrictions = "more/house.toml#euros"

[plugin_system]
plugin_dir = ["mine"]

[strategy]
name = "lots"
"""
INSTRUMENTS = '[EURUSD]\nbase = "EURUSD"\ncommission_per_lot = "7"\n'
DIALECT = """
[dialect.house]
strategy = "lots"

[dialect.house.match]
required = ["way", "pair"]

[dialect.house.fields]
type = "way"
side = "way"
symbol = "pair"

[dialect.house.values.type]
UP = "entry"
DOWN = "entry"

[dialect.house.values.side]
UP = "buy"
DOWN = "sell"
"""
RESTRICTIONS = '[restrictions.euros]\noffers = ["forex"]\n\n[restrictions.none]\noffers = ["equity"]\n'
LOTS = """
from zepix import PluginInfo, Strategy


class Lots(Strategy):
    info = PluginInfo(strategy="lots")

    async def process_entry_signal(self, alert):
        await self.api.orders.place_order(alert.symbol, alert.side, "0.1")
"""


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A spec file and everything that it names."""
    folder = tmp_path / "house"
    (folder / "more").mkdir(parents=True)
    (folder / "mine").mkdir()
    (folder / "spec.toml").write_text(SPEC, encoding="utf-8")
    (folder / "more" / "mine.toml").write_text(INSTRUMENTS, encoding="utf-8")
    (folder / "more" / "two words.toml").write_text(DIALECT, encoding="utf-8")
    (folder / "more" / "house.toml").write_text(RESTRICTIONS, encoding="utf-8")
    (folder / "mine" / "lots.py").write_text(LOTS, encoding="utf-8")
    return folder


class House:
    """A desk whose engine is started with the spec file."""

    def __init__(self, one: Desk, spec: Path) -> None:
        self.desk, self.spec = one, spec

    def open(self) -> Any:
        flags = {"account.balance": Raw("100000")}
        options = EngineOptions(self.desk.folder, self.spec, f"replay:{SAMPLE}", 60.0, flags)
        self.desk.engine = open_engine(options, self.desk.clock, {})
        return self.desk.engine


@pytest.fixture
def lived(desk, house: Path) -> House:
    """A folder in which something was traded by all of the files."""
    one = House(desk(), house / "spec.toml")
    one.open()
    one.desk.run(2)
    one.desk.post({"way": "UP", "pair": "EURUSD"})
    one.desk.post({"way": "UP", "pair": "XAUUSD"})
    one.desk.run(3)
    one.desk.crash()
    assert {name: outcome for name, outcome, _ in one.desk.decisions()} == {"a1": "filled", "a2": "refused"}
    return one


def said(folder: Path, overrides: dict[str, Any] | None = None) -> tuple[int, list[str]]:
    lines: list[str] = []
    return rerun_and_tell(folder, overrides or {}, as_json=False, say=lines.append), lines


def test_a_rerun_needs_none_of_the_files(lived: House, house: Path):
    for name in ("mine.toml", "two words.toml", "house.toml"):
        (house / "more" / name).unlink()
    (house / "spec.toml").unlink()
    status, lines = said(lived.desk.folder)
    assert (status, lines[-1][:6]) == (0, "equal:")
    assert len(lines) == 4
    assert all("is not there any more; the journal's own is used" in line for line in lines[:3])


def test_a_rerun_says_which_file_is_another_one_now_and_uses_the_journals(lived: House, house: Path):
    assert said(lived.desk.folder)[1][0].startswith("equal")
    (house / "more" / "house.toml").write_text('[restrictions.euros]\noffers = ["metal"]\n', encoding="utf-8")
    status, lines = said(lived.desk.folder)
    assert status == 0
    assert "house.toml is another one than it was; the journal's own is used" in lines[0]


def test_changed_strategies_are_told_and_their_present_code_runs(lived: House, house: Path):
    (house / "mine" / "lots.py").write_text(LOTS.replace('"0.1"', '"0.2"'), encoding="utf-8")
    status, lines = said(lived.desk.folder)
    assert status == 1
    assert "what lies there now is used" in lines[0]


def test_a_rerun_with_another_file_takes_that_one(lived: House, house: Path):
    other = house / "other.toml"
    other.write_text('[restrictions.euros]\noffers = ["metal"]\n', encoding="utf-8")
    status, lines = said(lived.desk.folder, {"broker.restrictions": Raw(str(other))})
    assert status == 1
    assert "2 of the alerts" in lines[0]


def test_a_start_with_a_changed_file_goes_on_by_another_configuration(lived: House, house: Path):
    (house / "more" / "house.toml").write_text('[restrictions.euros]\noffers = ["metal"]\n', encoding="utf-8")
    engine = lived.open()
    assert "the session goes on by other settings" in engine.recovered.notes
    assert not engine.recovered.differences
    lived.desk.post({"way": "DOWN", "pair": "EURUSD"})
    lived.desk.post({"way": "DOWN", "pair": "XAUUSD"})
    lived.desk.run(3)
    outcomes = {name: outcome for name, outcome, _ in lived.desk.decisions()}
    assert outcomes == {"a1": "filled", "a2": "refused", "a3": "refused", "a4": "filled"}
    assert len(lived.desk.rows("config")) == 2
    lived.desk.crash()
    assert rerun_folder(lived.desk.folder, {}).is_equal


def test_the_same_files_are_the_same_configuration(lived: House):
    lived.open()
    assert len(lived.desk.rows("config")) == 1


def test_what_is_too_large_is_needed_and_must_be_the_same(lived: House, house: Path, monkeypatch):
    monkeypatch.setattr(config_files, "MOST_BYTES", 10)
    one = lived.open()
    assert one.recovered.notes
    lived.desk.crash()
    [_, (_, _, body)] = lived.desk.rows("config")
    assert all(kept["text"] is None for files in body["files"].values() for kept in files)
    assert said(lived.desk.folder)[0] == 0
    (house / "more" / "mine.toml").unlink()
    with pytest.raises(ConfigError, match=r"data\.instruments: .*bring it back"):
        rerun_folder(lived.desk.folder, {})


def test_no_secret_and_no_other_file_is_kept(lived: House):
    [(_, _, body)] = lived.desk.rows("config")
    assert set(body["files"]) == {
        "data.instruments",
        "alerts.dialects",
        "broker.restrictions",
        "plugin_system.plugin_dir",
    }
    assert SessionConfig.of(json.loads(json.dumps(body))).files == body["files"]


def test_a_journal_of_before_has_no_files():
    row = {"settings": {}, "hash": "h", "code": "c"}
    assert SessionConfig.of(row).files == {}


def test_a_file_that_is_no_text_or_not_there_is_not_kept(tmp_path: Path):
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")
    files = files_of({"alerts.dialects": [str(tmp_path / "binary.toml"), str(tmp_path / "none.toml")]})
    assert [one["text"] for one in files["alerts.dialects"]] == [None, None]
    assert changed(files) == []
