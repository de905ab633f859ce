"""An engine that hangs is noticed from outside, ended, and its alert told; one that is only slow, or asleep, is not."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.live.campaign import free_port, started, wait_ready
from tests.live.desk import entry
from tests.live.sending import post
from tests.waiting import PATIENCE_S, until
from zepix.errors import ConfigError
from zepix_live.engine.options import EngineOptions
from zepix_live.launch import _watchdog
from zepix_live.pulse import Pulse
from zepix_live.reading import decisions
from zepix_live.supervise import Child, Supervisor
from zepix_live.watchdog import Hung, Watchdog, read_hung, write_hung

pytestmark = pytest.mark.clock


def _looked(watchdog: Watchdog, seconds: float) -> str | None:
    """So many seconds pass in looks of half a second."""
    for _ in range(round(seconds * 2)):
        why = watchdog.look(0.5)
        if why is not None:
            return why
    return None


def test_a_handler_that_never_returns_is_named(tmp_path: Path):
    watchdog, pulse = Watchdog(tmp_path, 60), Pulse(tmp_path)
    pulse.beat("running")
    assert _looked(watchdog, 59) is None
    pulse.take(42, "alert", "x-7")
    assert _looked(watchdog, 60) is None
    why = _looked(watchdog, 2)
    assert why is not None and "alert x-7" in why
    assert read_hung(tmp_path) == Hung(42, "alert x-7", pytest.approx(60, abs=2))
    pulse.close()


def test_an_engine_that_gives_signs_is_left_alone_whatever_the_wall_clock_says(tmp_path: Path):
    watchdog, pulse = Watchdog(tmp_path, 60), Pulse(tmp_path)
    for _ in range(30):
        pulse.beat("running")
        assert _looked(watchdog, 30) is None
    pulse.close()


def test_a_start_and_a_recovery_may_take_longer_but_not_for_ever(tmp_path: Path):
    watchdog, pulse = Watchdog(tmp_path, 60, 600), Pulse(tmp_path)
    pulse.beat("recovering")
    assert _looked(watchdog, 590) is None
    why = _looked(watchdog, 15)
    assert why is not None and "its start" in why
    pulse.take(7, "alert", "again")  # a handler that hangs in a recovery hangs
    assert _looked(watchdog, 2) is None
    assert "alert again" in str(_looked(watchdog, 62))
    pulse.close()


def test_what_the_engine_before_said_last_is_no_sign_of_the_new_one(tmp_path: Path):
    pulse = Pulse(tmp_path)
    pulse.beat("running")
    watchdog = Watchdog(tmp_path, 60, 600)
    watchdog.begin()
    assert _looked(watchdog, 500) is None, "it has not said anything yet: it is starting"
    pulse.close()


def test_a_machine_that_was_asleep_makes_no_engine_a_hanging_one(tmp_path: Path):
    watchdog, pulse = Watchdog(tmp_path, 60), Pulse(tmp_path)
    pulse.beat("running")
    watchdog.look(0.5)
    assert watchdog.look(3600.0) is None
    pulse.beat()
    assert _looked(watchdog, 59) is None
    pulse.close()


def test_without_a_file_nobody_is_watched(tmp_path: Path):
    assert _looked(Watchdog(tmp_path / "not there", 1, 1), 100) is None


def test_how_long_is_too_long_is_a_setting_that_is_checked(tmp_path: Path):
    assert _watchdog(EngineOptions(tmp_path, flags={"live.hang_s": "5"}))._hang_s == 5
    with pytest.raises(ConfigError, match=r"live\.hang_s is above 0"):
        _watchdog(EngineOptions(tmp_path, flags={"live.hang_s": "0"}))


HANGS = """
import sys, pathlib, time
sys.path[:0] = {path!r}
from zepix_live.pulse import Pulse
pulse = Pulse(pathlib.Path({folder!r}))
for _ in range(5):
    pulse.beat("running")
    time.sleep(0.05)
pulse.take(3, "alert", "stuck")
while True:
    pass
"""


def test_the_supervisor_ends_what_hangs_and_starts_it_again(tmp_path: Path):
    root = Path(__file__).resolve().parents[2]
    code = HANGS.format(path=[str(root), str(root / "live")], folder=str(tmp_path))
    child = Child("engine", [sys.executable, "-c", code], gives_up=True, watch=Watchdog(tmp_path, 0.5, 20))
    told: list[str] = []
    supervisor = Supervisor([child], told.append)
    thread = threading.Thread(target=supervisor.run)
    thread.start()
    until(lambda: child.lives >= 2)
    supervisor.stop()
    thread.join(PATIENCE_S)
    assert child.lives >= 2
    assert told[0].startswith("CRITICAL the engine was silent for") and "alert stuck" in told[0]


def test_the_next_start_journals_what_hung_and_counts_it_as_a_death(desk, monkeypatch):
    from zepix_live.engine.session import LiveSession

    class Killed(BaseException):
        pass

    take = LiveSession.take

    def hanging(self, t_ns, kind, body):
        if kind == "alert":
            raise Killed
        return take(self, t_ns, kind, body)

    one = desk()
    one.open()
    one.run(1)
    one.post(entry(id="stuck"))
    monkeypatch.setattr(LiveSession, "take", hanging)
    with pytest.raises(Killed):
        one.run(1)
    one.crash()
    [(seq, _, _)] = one.rows("alert")
    write_hung(one.folder, Hung(seq, "alert stuck", 61.0))
    with pytest.raises(Killed):
        one.open()
    write_hung(one.folder, Hung(seq, "alert stuck", 60.0))
    engine = one.open()
    assert [b["code"] for _, _, b in one.rows("notice")] == ["engine_hung", "engine_hung", "poison"]
    assert "the engine was silent for 60 s under alert stuck and was ended" in engine.statement["human"]
    assert one.decisions() == [("a1", "quarantined", "poison")]
    assert read_hung(one.folder) is None, "it is told once"


STUCK = """
import zepix as zx


class Stuck(zx.Strategy):
    info = zx.PluginInfo(strategy="stuck")

    async def process_entry_signal(self, alert):
        while "hang" in str(alert.fields) + str(alert.comment):
            pass
        await self.api.orders.place_order(alert.symbol, alert.side, 0.1, sl=alert.sl)
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="process groups are killed as POSIX has them")
def test_a_strategy_that_loops_for_ever_is_poison_in_the_end_and_the_next_alert_is_taken(tmp_path: Path):
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "stuck.py").write_text(STUCK, encoding="utf-8")
    data, port = tmp_path / "live", free_port()
    extra = ["--set", "strategy.name=stuck", "--set", f"plugin_system.plugin_dir={mine}", "--set", "live.hang_s=2"]
    with started(data, port, extra, tmp_path / "log") as process:
        wait_ready(port, process, tmp_path / "log")
        assert post(port, entry(comment="hang", id="bad"))[0] == 202
        assert post(port, entry(id="good", sl=0.5))[0] == 202
        fates: dict[str, str] = {}
        end = time.monotonic() + PATIENCE_S
        while len(fates) < 2 and time.monotonic() < end:
            time.sleep(0.5)
            fates = {
                row["id"]: row["reason"] or row["outcome"]
                for row in decisions(data)
                if row["strategy"] or row["reason"]
            }
        assert fates == {"bad": "poison", "good": "filled"}
        log = (tmp_path / "log").read_text(encoding="utf-8")
        assert log.count("CRITICAL the engine was silent for") == 2
        assert "under alert bad" in log
        assert json.loads((data / "engine.heartbeat.json").read_text(encoding="utf-8"))["state"] == "running"
