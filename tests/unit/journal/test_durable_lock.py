"""One owner of a folder at a time, however the owner before ended."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from zepix.journal.lock import FolderLock
from zepix.journal.trouble import JournalLocked

pytestmark = pytest.mark.clock

HOLDER = """
import sys, time
from pathlib import Path
from zepix.journal.lock import FolderLock
lock = FolderLock(Path(sys.argv[1]), "runner")
print("held", flush=True)
time.sleep(60)
"""


def test_lock_is_for_one_and_names_are_apart(tmp_path: Path) -> None:
    with FolderLock(tmp_path / "lock", "runner") as lock, FolderLock(tmp_path / "lock", "journal"):
        assert lock.is_held
        with pytest.raises(JournalLocked, match=rf"in use by process {os.getpid()} \(lock-runner.sqlite\)"):
            FolderLock(tmp_path / "lock", "runner")
    assert not lock.is_held
    lock.release()
    FolderLock(tmp_path / "lock", "runner").release()


def test_killed_owner_is_named_while_alive_and_gone_when_dead(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        for _ in range(3):  # to be refused does not loosen it
            with pytest.raises(JournalLocked, match=f"in use by process {process.pid} "):
                FolderLock(tmp_path, "runner")
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
    with FolderLock(tmp_path, "runner") as lock:
        assert lock.is_held


@pytest.mark.parametrize("rubbish", [b"", b"not a number", b"\xff\xfe"])
def test_owner_without_a_readable_number_is_another_process(tmp_path: Path, rubbish: bytes) -> None:
    with FolderLock(tmp_path, "runner"):
        (tmp_path / "lock-runner.pid").write_bytes(rubbish)
        with pytest.raises(JournalLocked, match="in use by another process"):
            FolderLock(tmp_path, "runner")


@pytest.mark.parametrize("name", ["", "../x", "a:b", "x" * 65, "a b"])
def test_names_that_are_no_file_names_everywhere_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="a lock's name is letters"):
        FolderLock(tmp_path, name)
