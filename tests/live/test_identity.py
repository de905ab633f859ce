"""A journal and an inbox of different runners do not go together, whatever their numbers."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.live.desk import Desk, entry
from zepix.errors import JournalError
from zepix.journal.durable import DurableLog
from zepix.journal.durable_reader import LogReader
from zepix_live.clock import VirtualClock
from zepix_live.engine.main import open_engine
from zepix_live.engine.options import EngineOptions
from zepix_live.identity import inbox_id_for
from zepix_live.receiver.main import open_inbox
from zepix_live.settings import ReceiverSettings


def _runner(folder: Path, alerts: int) -> Path:
    """A folder that a runner used, and so many alerts were taken in it."""
    one = Desk.__new__(Desk)
    folder.mkdir(parents=True)
    number = inbox_id_for(folder)
    DurableLog(folder / "inbox.sqlite", name="inbox", header={"id": number}).close()
    one.__init__(folder, feed=None)
    one.engine = open_engine(EngineOptions(folder, inbox_id=number), one.clock, {})
    one.run(0.1)
    for place in range(alerts):
        one.post(entry(n=place))
        one.run(0.1)
    one.close()
    return folder


def _move(name: str, source: Path, target: Path) -> None:
    for old in target.glob(f"{name}*"):
        old.unlink()
    for new in source.glob(f"{name}*"):
        shutil.copy(new, target)


@pytest.mark.parametrize(("ours", "theirs"), [(2, 5), (5, 2), (2, 2), (0, 3), (3, 0)])
@pytest.mark.parametrize("name", ["inbox", "journal"])
def test_a_file_of_another_runner_is_noticed(tmp_path: Path, ours: int, theirs: int, name: str):
    mine, other = _runner(tmp_path / "mine", ours), _runner(tmp_path / "other", theirs)
    _move(name, other, mine)
    with pytest.raises(JournalError, match=r"another runner's|was removed or replaced"):
        open_engine(EngineOptions(mine, inbox_id=inbox_id_for(mine)), VirtualClock(), {})


def test_its_own_are_taken_again(tmp_path: Path):
    mine = _runner(tmp_path / "mine", 2)
    open_engine(EngineOptions(mine, inbox_id=inbox_id_for(mine)), VirtualClock(), {}).close()


def test_both_headers_have_the_number(tmp_path: Path):
    mine = _runner(tmp_path / "mine", 1)
    with LogReader(mine / "inbox.sqlite") as inbox, LogReader(mine / "journal.sqlite") as journal:
        assert inbox.header()["id"] == journal.header()["inbox"] != ""


def test_a_new_inbox_beside_a_journal_with_alerts_is_another_one(tmp_path: Path):
    mine = _runner(tmp_path / "mine", 1)
    old = inbox_id_for(mine)
    for file in mine.glob("inbox*"):
        file.unlink()
    assert inbox_id_for(mine) != old


def test_a_first_start_that_died_before_the_inbox_was_made_goes_on(tmp_path: Path):
    mine = _runner(tmp_path / "mine", 0)
    old = inbox_id_for(mine)
    for file in mine.glob("inbox*"):
        file.unlink()
    assert inbox_id_for(mine) == old


def test_the_receiver_gives_a_number_to_an_inbox_that_it_makes(tmp_path: Path):
    async def _none() -> None: ...

    with open_inbox(ReceiverSettings(tmp_path), VirtualClock()) as opened:
        assert len(opened.log.header["id"]) == 16
    with open_inbox(ReceiverSettings(tmp_path, inbox_id="other"), VirtualClock()) as opened:
        assert opened.log.header["id"] != "other"
