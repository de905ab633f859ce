"""``kill -9`` of a writing process at any time: what it had promised is there, and the next one goes on at once."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.thorough import share
from zepix.journal.durable import DurableLog
from zepix.journal.durable_reader import LogReader

pytestmark = pytest.mark.clock

WRITER = """
import sys
from pathlib import Path
from zepix.journal.durable import DurableLog
log = DurableLog(Path(sys.argv[1]), name="journal", checkpoint_bytes=60_000, max_part_bytes=150_000)
print("ready", flush=True)
n = log.last_seq
while True:
    rows = [(n + i, "alert", '{"n":%d,"raw":"%s"}' % (n + i + 1, "x" * (n * 7 % 900))) for i in range(1 + n % 5)]
    n = log.append(rows)[-1]
    if n % 40 == 0:
        log.save_snapshot(n, 1, b"state" * 200)
    print(n, flush=True)
"""


def killed_after(path: Path, wait_s: float) -> int:
    """The last row that a writer promised before it was killed."""
    process = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    timer = threading.Timer(wait_s, process.kill)
    timer.start()
    promised = 0
    for line in process.stdout:
        if line.endswith("\n"):
            promised = int(line)
    process.wait()
    process.stdout.close()
    timer.join()
    return promised


@pytest.mark.parametrize("kills", [6, pytest.param(share(200, 60), marks=pytest.mark.slow)])
def test_killed_writer_keeps_its_promises(tmp_path: Path, kills: int) -> None:
    path = tmp_path / "journal.sqlite"
    rng = random.Random(6)
    last = 0
    for kill in range(kills):
        promised = killed_after(path, rng.uniform(0.0, 0.15)) or last
        if kill % 2:  # every other time a writer looks first
            with DurableLog(path, name="journal") as log:
                log.latest_snapshot()
                assert log.last_seq >= promised
        with LogReader(path) as reader:
            last = reader.last_seq()
            assert last >= promised
            if kill % 10 == 5 or kill == kills - 1:
                assert list(reader.verify()) == []
                assert [row.t_ns + 1 for row in reader.rows(limit=None)] == list(range(1, last + 1))
    assert last > kills
