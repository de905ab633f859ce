"""What never came is noticed by what comes, or by silence; bars that come as alerts; settings told in a journal."""

from __future__ import annotations

import json

import pytest

from tests.live.desk import entry
from zepix.errors import ConfigError
from zepix.model.timeframe import NS
from zepix_live.engine.options import EngineOptions, feed_choice
from zepix_live.rerunning import rerun_and_tell, rerun_folder

HOUR = 3600


def _codes(one) -> list[tuple[str, str]]:
    return [(body["code"], body.get("alert", "")) for _, _, body in one.rows("event")]


def test_a_missing_number_names_the_alert_that_told(desk):
    one = desk()
    one.open()
    one.run(1)
    for number in (1, 2, 5, 6):
        one.post(entry(seq=number, id=f"n{number}"))
        one.run(1)
    assert _codes(one) == [("sequence_gap", "a3")]
    assert "2 never came" in one.rows("event")[0][2]["text"]


def test_a_position_that_ours_is_not_names_the_alert(desk):
    one = desk()
    one.open()
    one.run(1)
    body = {
        "ticker": "EURUSD", "action": "sell", "contracts": "1000", "market_position": "flat",
        "prev_market_position": "long", "order_id": "Exit",
    }  # fmt: skip
    one.post(body)
    one.run(1)
    assert _codes(one) == [("position_differs", "a1")]


def test_a_sender_that_falls_silent_while_prices_come_is_told_once(desk):
    one = desk(speed=3600.0)
    one.open()
    one.run(1)
    for number in range(12):  # one every market hour
        one.post({"type": "bias", "symbol": "EURUSD", "signal": "bull", "tf": "1h", "price": 1.1, "id": str(number)})
        one.run(1)
    assert _codes(one) == []
    one.run(5)
    assert _codes(one) == [("silence", "a12")]
    one.run(4)
    assert len(_codes(one)) == 1
    one.crash()
    assert rerun_folder(one.folder, {}).is_equal


def test_a_weekend_is_nobodys_silence(desk):
    one = desk(speed=3600.0)
    one.open()
    one.run(105, 1.0)  # Friday 09:00: the sample begins on a Monday
    for number in range(12):
        one.post({"type": "bias", "symbol": "EURUSD", "signal": "bull", "tf": "1h", "price": 1.1, "id": str(number)})
        one.run(1)
    one.run(47, 1.0)  # Sunday 20:00
    assert (one.engine.consumer.session.now_ns // (HOUR * NS) + 3 * 24) % 168 == 6 * 24 + 20
    assert _codes(one) == []
    one.run(6, 1.0)  # prices come again, the sender does not
    assert _codes(one) == [("silence", "a12")]


def bar(open_ms: int, o: float, h: float, low: float, c: float) -> dict[str, object]:
    body = {"type": "bar", "symbol": "EURUSD", "tf": "1", "time": open_ms, "open": o, "high": h, "low": low, "close": c}
    return {**body, "id": f"bar{open_ms}"}


def test_bars_by_webhook_fill_orders_and_hit_stops_at_their_own_time(desk):
    one = desk(feed="webhook")
    one.open()
    start_ms = one.clock.now_ns() // 1_000_000
    one.run(62)
    one.post(bar(start_ms, 1.1, 1.1005, 1.0995, 1.1))
    one.run(10)
    one.post(entry(sl=1.0990))  # at 01:12: fills at the open of 01:12's next bar, 02:00
    one.run(110)
    assert not one.rows("filled")
    one.post(bar(start_ms + 60_000, 1.1, 1.1002, 1.0998, 1.1001))
    one.run(1)
    assert not one.rows("filled"), "that bar opened before the alert came"
    one.post(bar(start_ms + 120_000, 1.1001, 1.1003, 1.0999, 1.1002))
    one.run(1)
    [(_, _, filled)] = one.rows("filled")
    assert filled["fill_ns"] == (start_ms + 120_000) * 1_000_000
    one.run(60)
    one.post(bar(start_ms + 180_000, 1.1002, 1.1002, 1.0980, 1.0985))
    one.run(1)
    [(_, _, closed)] = one.rows("closed")
    assert (closed["reason"], closed["exit_ns"]) == ("sl", (start_ms + 240_000) * 1_000_000)
    one.crash()
    one.open()
    one.crash()
    assert rerun_folder(one.folder, {}).is_equal


def test_a_bar_that_comes_again_or_late_is_told_and_not_taken(desk):
    one = desk(feed="webhook")
    one.open()
    start_ms = one.clock.now_ns() // 1_000_000
    one.run(200)
    one.post(bar(start_ms + 60_000, 1.1, 1.1, 1.1, 1.1))
    one.post({**bar(start_ms, 1.1, 1.1, 1.1, 1.1), "id": "late"})
    one.post({**bar(start_ms + 60_000, 1.1, 1.1, 1.1, 1.1), "id": "again", "tf": "5"})
    one.run(1)
    assert [code for code, _ in _codes(one)] == ["bar_out_of_order", "bar_of_other_timeframe"]


def test_other_settings_say_what_would_have_become_different_in_money(desk):
    one = desk(speed=600.0)
    one.open()
    one.run(1)
    one.post(entry(id="big"))
    one.run(2)
    one.post({"type": "exit", "symbol": "EURUSD"})
    one.run(2)
    one.crash()
    said: list[str] = []
    assert rerun_and_tell(one.folder, {"account.balance": 1}, as_json=True, say=said.append) == 1
    found = json.loads(said[0])
    first = found["changed"][0]
    assert (first["id"], first["before"], first["after"]) == ("big", "filled", "refused no_money")
    [closed] = [body for _, _, body in one.rows("closed")]
    assert found["money_minor"] == -closed["pnl_minor"]
    assert rerun_and_tell(one.folder, {}, as_json=False, say=said.append) == 0
    assert said[-1].startswith("equal: ")


def test_a_journal_that_was_changed_names_the_line(desk):
    from zepix.journal.durable import DurableLog

    one = desk()
    one.open()
    one.run(1)
    one.post(entry())
    one.run(3)
    one.crash()
    copy = one.folder.parent / "copy"
    copy.mkdir()
    with DurableLog(copy / "journal.sqlite", name="journal") as log:
        times = one.engine_times
        for seq, kind, body in one.rows():
            changed = {**body, "outcome": "refused"} if kind == "decision" and body["final"] else body
            log.append([(times[seq], kind, json.dumps(changed))])
    said: list[str] = []
    assert rerun_and_tell(copy, {}, as_json=False, say=said.append) == 1
    assert said[0].startswith("not equal after") and '"outcome":"refused"' in said[0]


@pytest.mark.parametrize("text", ["replay:", "ticks", "replay", "http://x"])
def test_a_feed_that_is_none_is_told(text: str):
    with pytest.raises(ConfigError, match="--feed is"):
        feed_choice(text)


@pytest.mark.parametrize("speed", [0.0, -1.0, float("nan"), 1e9])
def test_a_speed_that_is_none_is_told(tmp_path, speed: float):
    with pytest.raises(ConfigError, match="--speed"):
        EngineOptions(tmp_path, speed=speed)


def test_a_clock_that_is_set_back_stops_no_stop(desk):
    one = desk()
    one.open()
    one.run(2)
    before = one.engine.consumer.session.now_ns
    one.clock.jump_wall(-3600.0)
    one.run(5)
    passed_s = (one.engine.consumer.session.now_ns - before) / NS
    assert 240 <= passed_s <= 320, "five seconds at sixty times the speed"
    one.post(entry())
    one.run(3)
    assert one.decisions()[-1][1] == "filled"
    one.crash()
    assert rerun_folder(one.folder, {}).is_equal
