"""How plugins are said to do: healthy, stale, hanging, failing, dead; and what a dead one does for its tickets."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from tests.live.desk import entry
from tests.live.health.test_view import Looked
from zepix.engine.health import PluginHealthMonitor, Seen
from zepix.errors import ConfigError
from zepix_live.engine.options import EngineOptions
from zepix_live.engine.saying import Saying
from zepix_live.engine.session import Output
from zepix_live.health_settings import health_limits, health_problems
from zepix_live.outside import plugins_seen

NS = 1_000_000_000
FAILS = """
from zepix.engine import PluginInfo, Strategy

class Fails(Strategy):
    info = PluginInfo(strategy="fails")

    async def process_entry_signal(self, alert):
        if alert.comment == "bad":
            raise RuntimeError("boom")
        await self.api.orders.place_order(alert.symbol, alert.side, alert.volume, sl=alert.sl, tp=alert.tp)

    async def process_exit_signal(self, alert):
        await self.api.orders.close_positions(alert.symbol)
"""


class _Metrics:
    def __init__(self, calls: int, errors: int) -> None:
        self.calls, self.errors = calls, errors


class _Registry:
    """One plugin, as far as the monitor asks."""

    def __init__(self, *, enabled: bool = True, calls: int = 0, errors: int = 0, timeframes: tuple[str, ...] = ()):
        self.enabled, self._timeframes, self._metrics = enabled, timeframes, _Metrics(calls, errors)
        self.service_api = self

    def get_plugin(self, name: str):
        return self if name == "x" else None

    def get_metrics(self):
        return {"order": self._metrics}

    def timeframes_of(self, _name: str):
        return self._timeframes


class _Failed:
    def __init__(self, failures: int = 0) -> None:
        self._failures = failures

    def failures_in_a_row(self, _name: str) -> int:
        return self._failures


def _seen(silent_s: float = 0, feed_s: float = 0, p95_ms: float = 1, running_ms: float = 0) -> Seen:
    now = 10_000_000 * NS
    return Seen(now - round(silent_s * NS), now, now - round(feed_s * NS), p95_ms, running_ms, "on_bar")


STATES = [
    # registry, failures, what was seen, state
    ({}, 0, _seen(), "HEALTHY"),
    ({}, 0, _seen(silent_s=299), "HEALTHY"),
    ({}, 0, _seen(silent_s=301), "STALE"),
    ({}, 0, _seen(silent_s=301, feed_s=301), "HEALTHY"),  # nothing moves: a weekend is nobody's silence
    ({"timeframes": ("1h",)}, 0, _seen(silent_s=3 * 3600 - 1), "HEALTHY"),
    ({"timeframes": ("5m", "1h")}, 0, _seen(silent_s=3 * 3600 + 1), "STALE"),
    ({"timeframes": ("1m",)}, 0, _seen(silent_s=301), "STALE"),
    ({}, 0, _seen(p95_ms=5_001), "FAILING"),
    ({}, 0, _seen(p95_ms=4_999), "HEALTHY"),
    ({}, 1, _seen(), "FAILING"),
    ({"calls": 100, "errors": 5}, 0, _seen(), "HEALTHY"),
    ({"calls": 100, "errors": 6}, 0, _seen(), "FAILING"),
    ({"enabled": False}, 5, _seen(), "DEAD"),
    ({}, 0, _seen(running_ms=5_001), "HUNG"),
    ({}, 0, _seen(running_ms=4_999), "HEALTHY"),
    ({"enabled": False}, 5, _seen(running_ms=5_001), "HUNG"),  # it manages its tickets, and hangs in that
    ({}, 3, _seen(silent_s=9_999), "FAILING"),
]


@pytest.mark.parametrize(("registry", "failures", "seen", "state"), STATES)
def test_states_by_the_owners_thresholds(registry, failures, seen, state):
    found = PluginHealthMonitor(_Registry(**registry), _Failed(failures), look=lambda _name: seen)
    health = found.check_plugin_health("x")
    assert health["state"] == state
    assert bool(health["why"]) == (state != "HEALTHY")
    assert found.check_plugin_health("y")["state"] == "UNKNOWN"


def test_thresholds_are_settings():
    limits = health_limits({"heartbeat_s": 10, "handler_ms": "20", "zombie_s": 40})
    monitor = PluginHealthMonitor(_Registry(), _Failed(), limits, lambda _name: _seen(silent_s=11, feed_s=1))
    health = monitor.check_plugin_health("x")
    assert (health["state"], health["is_zombie"]) == ("STALE", False)
    monitor = PluginHealthMonitor(_Registry(), _Failed(), limits, lambda _name: _seen(silent_s=41, feed_s=1))
    assert monitor.check_plugin_health("x")["is_zombie"]
    monitor = PluginHealthMonitor(_Registry(), _Failed(), limits, lambda _name: _seen(running_ms=21))
    assert monitor.check_plugin_health("x")["state"] == "HUNG"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"handler_m": 5}, "did you mean 'live.health.handler_ms'"),
        ({"handler_ms": 0}, "above 0"),
        ({"error_rate": 101}, "at most 100"),
        ({"heartbeat_s": True}, "above 0"),
        ({"zombie_s": "soon"}, "above 0"),
        ([], "a table"),
    ],
)
def test_settings_that_are_none_are_told(given, said):
    assert said in health_problems(given)[0]


def test_wrong_settings_of_health_end_a_start(tmp_path: Path):
    from zepix_live.clock import VirtualClock
    from zepix_live.engine.main import open_engine

    with pytest.raises(ConfigError, match=r"live\.health\.handler_ms"):
        open_engine(EngineOptions(tmp_path, flags={"live.health.handler_ms": -1}), VirtualClock(), {})


# --- as it is from outside ------------------------------------------------------------------------------------------


def _view(**states: str) -> dict:
    return {"plugins": {name: {"state": state, "why": ""} for name, state in states.items()}}


def _pulse(age_s: float, plugin: str = "a", taking: bool = True) -> dict:
    return {"taking": taking, "kind": "alert", "id": "a7", "of": 3, "plugin": plugin, "age_s": age_s}


@pytest.mark.parametrize(
    ("engine", "pulse", "states"),
    [
        ("running", _pulse(0.1), ("HEALTHY", "DEAD")),
        ("running", _pulse(6.0), ("HUNG", "DEAD")),
        ("silent", _pulse(6.0), ("HUNG", "UNKNOWN")),
        ("silent", _pulse(60.0, taking=False), ("UNKNOWN", "UNKNOWN")),
        ("down", _pulse(600.0), ("UNKNOWN", "UNKNOWN")),
        ("failed", None, ("UNKNOWN", "UNKNOWN")),
    ],
)
def test_who_reads_pulse_and_view_knows_what_hangs(engine, pulse, states):
    """Also where the handler never lets go of the interpreter, so that the engine's own thread cannot say it."""
    found = plugins_seen(_view(a="HEALTHY", b="DEAD"), engine, pulse)
    assert (found["a"]["state"], found["b"]["state"]) == states


def test_a_plugin_is_named_in_the_pulse_before_its_handler_runs(desk, tmp_path: Path):
    (tmp_path / "looks.py").write_text(LOOKS.replace("FOLDER", str(tmp_path / "live")), encoding="utf-8")
    one = desk(plugin_system__plugin_dir=str(tmp_path), strategy__name="looks")
    one.open()
    seen = Looked(one)
    one.post(entry(id="x"))
    seen.run(2)
    [(_, _, body)] = one.rows("log")
    assert body["text"] == "alert a1 (plugin looks)"


LOOKS = """
from pathlib import Path
from zepix.engine import PluginInfo, Strategy
from zepix_live.pulse import read_pulse

class Looks(Strategy):
    info = PluginInfo(strategy="looks")

    async def process_entry_signal(self, alert):
        self.log.warning(read_pulse(Path("FOLDER")).what.replace("alert x", "alert a1"))
"""


# --- five failures, through the live runner -------------------------------------------------------------------------


def _failing(desk, tmp_path: Path):
    (tmp_path / "fails.py").write_text(FAILS, encoding="utf-8")
    one = desk(plugin_system__plugin_dir=str(tmp_path), strategy__name="fails")
    one.open()
    return one, Looked(one)


def test_a_plugin_that_failed_five_times_takes_no_new_risk_and_its_tickets_are_managed_on(desk, tmp_path, caplog):
    one, seen = _failing(desk, tmp_path)
    seen.run(2)
    one.post(entry(id="held", sl=1.0, tp=1.3))
    seen.run(3)
    assert seen.last["plugins"]["fails"]["open_tickets"] == 1
    with caplog.at_level(logging.WARNING, "zepix.engine"):
        for number in range(5):
            one.post(entry(id=f"bad-{number}", comment="bad"))
            seen.run(1)
    [record] = [record for record in caplog.records if record.levelno == logging.CRITICAL]
    assert "no new risk; its open tickets keep stops, trailing, booking and exits" in record.getMessage()
    assert (record.code, record.plugin) == ("disabled", "fails")
    seen.run(2)
    plugin = seen.last["plugins"]["fails"]
    assert (plugin["state"], plugin["failures_in_a_row"], plugin["enabled"]) == ("DEAD", 5, False)
    assert seen.last["books"]["shadow"]["open_tickets"] == 1, "what is open stays"
    one.post(entry(id="more"))
    seen.run(2)
    assert ("a7", "refused", "plugin_disabled") in one.decisions()
    one.post({"type": "exit", "symbol": "EURUSD", "id": "out"})
    seen.run(3)
    assert [body["reason"] for _, _, body in one.rows("closed")] == ["signal"], "its exits are taken"
    assert seen.last["books"]["shadow"]["open_tickets"] == 0


def test_its_stops_hold_while_it_is_dead_and_a_restart_does_not_bring_it_back(desk, tmp_path):
    one, seen = _failing(desk, tmp_path)
    seen.run(2)
    bid = seen.last["feed"]["EURUSD"]["bid"]
    one.post(entry(id="held", sl=round(bid - 0.00005, 5), tp=1.3))
    seen.run(3)
    for number in range(5):
        one.post(entry(id=f"bad-{number}", comment="bad"))
        seen.run(0.5)
    seen.run(60)
    assert [body["reason"] for _, _, body in one.rows("closed")] == ["sl"]
    one.crash()
    one.open()
    again = Looked(one)
    again.run(2)
    assert again.last["plugins"]["fails"]["state"] == "DEAD"


def test_it_is_told_among_what_needs_a_human(desk, tmp_path):
    """In the recovery statement too, where it died while nobody looked."""
    one, seen = _failing(desk, tmp_path)
    seen.run(1)
    one.crash()
    for number in range(5):
        one.post(entry(id=f"bad-{number}", comment="bad"))
    engine = one.open()
    assert any("fails is disabled after 5 failures" in text for text in engine.statement["human"])


def test_the_lines_of_the_log_carry_what_they_are_about(caplog):
    saying = Saying()
    saying.now_ns = lambda: 7
    with caplog.at_level(logging.INFO, "zepix.engine"):
        saying(Output("event", {"of": 12, "level": "WARN", "code": "silence", "text": "quiet", "alert": "a3"}))
        saying(Output("decision", {"of": 12, "id": "a3", "plugin": "x", "outcome": "refused", "reason": ""}))
    [record] = caplog.records
    assert (record.code, record.alert, record.seq, record.event_ns) == ("silence", "a3", 12, 7)
