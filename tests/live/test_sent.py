"""When an alert was sent, as far as it says so: late on its way is late; a clock that is wrong is told."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.live.desk import START_NS, entry
from tests.unit.alerts.own.test_templates import TEMPLATES, filled
from zepix.alerts.templates import templates_of
from zepix_live.engine.sent import sent_ns
from zepix_live.rerunning import rerun_folder

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def _at(seconds: float) -> str:
    return (NOW + dt.timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.parametrize(
    ("raw", "seconds"),
    [
        ('{"type":"entry","timenow":"2026-01-01T00:00:07Z"}', 7),
        ('{"TimeNow": 1767225607}', 7),
        ('{"timenow": "1767225607000"}', 7),
        ('{"timenow":"2026-01-01T02:00:07+02:00"}', 7),
        ("symbol=EURUSD; timenow=2026-01-01T00:00:07Z; side=buy", 7),
        ("symbol: EURUSD\ntimenow: 2026-01-01T00:00:07Z", 7),
        ('{"time":"2026-01-01T00:00:07Z"}', None),  # may be the bar's
        ('{"timenow":"{{timenow}}"}', None),
        ('{"timenow":"2026-01-01T00:00:07"}', None),  # of no zone
        ('{"timenow":true}', None),
        ('{"timenow":1e400}', None),
        ('{"timenow":', None),
        ('["timenow"]', None),
        ("timenow", None),
        ('{"comment":"timenow=2026-01-01T00:00:07Z"}', None),
    ],
)
def test_only_the_name_timenow_is_believed(raw: str, seconds: int | None):
    assert sent_ns(raw) == (None if seconds is None else START_NS + seconds * 10**9)


def _desk(desk):
    one = desk(feed=None)
    one.open()
    one.run(0.1)
    return one


def test_an_entry_that_was_long_on_its_way_is_refused_and_an_exit_never(desk):
    one = _desk(desk)
    one.post(entry(timenow=_at(-31)))
    one.post(entry(timenow=_at(-29)))
    one.post({"type": "exit", "symbol": "EURUSD", "timenow": _at(-3600)})
    one.run(0.1)
    rows = {b["id"]: b for _, _, b in one.rows("decision")}
    assert rows["a1"]["reason"] == "stale"
    assert rows["a1"]["numbers"]["late_s"] == pytest.approx(31.1, abs=0.1)
    assert rows["a2"]["reason"] != "stale"
    assert rows["a3"]["reason"] != "stale"
    assert [b["delay_ns"] // 10**8 for _, _, b in one.rows("alert")] == [311, 291, 36001]
    one.crash()
    assert rerun_folder(one.folder, {}).is_equal


def test_both_ways_of_being_late_are_added(desk):
    one = _desk(desk)
    one.crash()
    one.post(entry(timenow=_at(-20)))
    one.clock.advance(15)
    one.open()
    assert one.decisions()[0][1:] == ("refused", "stale")


def test_a_clock_that_is_wrong_is_told_and_costs_nobody_an_entry(desk):
    one = _desk(desk)
    one.post(entry(timenow=_at(7200), id="ahead"))
    one.run(0.1)
    [event] = [b for _, _, b in one.rows("event")]
    assert (event["level"], event["code"], event["alert"]) == ("WARN", "clocks_differ", "a1")
    assert "7200 s after it was received" in event["text"]
    assert all(reason != "stale" for _, _, reason in one.decisions())


def test_in_a_recording_times_of_alerts_are_of_the_recording_and_say_nothing_of_now(desk):
    one = desk()
    one.open()
    one.run(1)
    one.post(entry(timenow="2024-01-01T00:00:00Z"))
    one.run(3)
    assert [outcome for _, outcome, _ in one.decisions()] == ["filled"]
    assert "delay_ns" not in one.rows("alert")[0][2]


@pytest.mark.parametrize(("name", "at"), [(name, at) for name, at in TEMPLATES if name in {"plain", "tradingview"}])
def test_our_own_templates_say_when_the_alert_was_sent(name: str, at: int):
    assert sent_ns(filled(templates_of(name)[at].text, timenow=_at(7))) == START_NS + 7_000_000_000
