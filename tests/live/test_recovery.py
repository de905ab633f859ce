"""Restart is recovery: nothing accepted is lost, nothing is done twice, whatever the instant of the death."""

from __future__ import annotations

import json

import pytest

from tests.live.desk import entry
from zepix_live.rerunning import rerun_folder


def test_an_alert_becomes_a_ticket_and_the_rerun_is_equal(desk):
    one = desk()
    one.open()
    one.run(2)
    one.post(entry(tp=2.0, sl=0.5))
    one.run(3)
    one.post({"type": "exit", "symbol": "EURUSD"})
    one.run(3)
    assert [what for _, what, _ in one.decisions()] == ["filled", "closed"]
    assert [body["reason"] for _, _, body in one.rows("closed")] == ["signal"]
    one.crash()
    assert rerun_folder(one.folder, {}).is_equal


def test_alerts_that_came_while_the_engine_was_down_are_decided_after_its_start(desk):
    one = desk()
    one.open()
    one.run(1)
    one.crash()
    number = one.post(entry(id="while-down"))
    one.clock.advance(5)
    engine = one.open()
    assert [(a["id"], a["outcome"]) for a in engine.statement["alerts"]] == [("while-down", "filled")]
    one.run(3)
    assert one.decisions() == [(f"a{number}", "filled", "")]


def test_an_entry_older_than_thirty_seconds_is_refused_and_an_exit_is_not(desk):
    one = desk()
    one.open()
    one.run(1)
    one.post(entry())
    one.run(3)
    one.crash()
    one.post(entry("sell"))
    one.post({"type": "exit", "symbol": "EURUSD"})
    one.clock.advance(31)
    one.open()
    one.run(2)
    assert [(outcome, reason) for _, outcome, reason in one.decisions()] == [
        ("filled", ""),
        ("refused", "stale"),
        ("closed", ""),
    ]


def test_a_stale_reversal_closes_what_it_reverses_and_opens_nothing(desk):
    one = desk()
    one.open()
    one.run(1)
    one.post(entry("buy"))
    one.run(3)
    one.crash()
    one.post({"type": "reversal", "side": "sell", "symbol": "EURUSD", "volume": 0.1})
    one.clock.advance(40)
    one.open()
    one.run(2)
    assert [outcome for _, outcome, _ in one.decisions()] == ["filled", "closed"]
    assert [body["code"] for _, _, body in one.rows("event")] == ["stale_reversal"]
    assert not one.engine.consumer.session.simulation.broker.tickets


def test_a_death_between_the_inputs_and_what_follows_decides_once(desk, monkeypatch):
    one = desk()
    engine = one.open()
    one.run(1)
    one.post(entry(id="x"))

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(engine.consumer, "_write", die)
    with pytest.raises(KeyboardInterrupt):
        one.run(1)
    one.crash()
    monkeypatch.undo()
    one.open()
    one.run(3)
    assert [outcome for _, outcome, _ in one.decisions()] == ["filled"]
    assert len(one.rows("intent")) == 1
    assert [body["of"] for _, _, body in one.rows("attempt")] == [number for number, _, _ in one.rows("alert")]
    one.crash()
    assert rerun_folder(one.folder, {}).is_equal


def test_an_alert_under_which_the_engine_dies_again_and_again_is_set_aside_as_poison(desk, monkeypatch):
    from zepix_live.engine.session import LiveSession

    one = desk()
    one.open()
    one.run(1)
    take = LiveSession.take

    def deadly(self, t_ns, kind, body):
        if kind == "alert" and "deadly" in body["raw"]:
            raise KeyboardInterrupt
        return take(self, t_ns, kind, body)

    monkeypatch.setattr(LiveSession, "take", deadly)
    one.post(entry(comment="deadly"))
    one.post(entry("sell"))
    with pytest.raises(KeyboardInterrupt):
        one.run(1)
    one.crash()
    with pytest.raises(KeyboardInterrupt):
        one.open()
    engine = one.open()
    one.run(3)
    assert [(outcome, reason) for _, outcome, reason in one.decisions()] == [("quarantined", "poison"), ("filled", "")]
    assert any("died twice" in text for text in engine.statement["human"])
    one.crash()
    assert rerun_folder(one.folder, {}).is_equal


def test_a_state_that_was_saved_spares_taking_everything_again(desk):
    one = desk()
    engine = one.open()
    one.run(2)
    one.post(entry())
    one.run(10)
    engine.consumer.save()
    one.run(1)
    one.crash()
    again = one.open()
    assert again.recovered.inputs < again.consumer.journal.last_seq / 3
    one.post({"type": "exit", "symbol": "EURUSD"})
    one.run(3)
    assert [outcome for _, outcome, _ in one.decisions()] == ["filled", "closed"]
    one.crash()
    assert rerun_folder(one.folder, {}).is_equal


def test_a_stop_hit_while_down_counts_from_its_own_time(desk):
    one = desk()
    one.open()
    one.run(1)
    price = one.engine.consumer.session.simulation.broker.prices["EURUSD"]
    bid = int(price.bid_open[price.n - 1])
    one.post(entry(sl=round((bid - 12) * 1e-5, 5)))
    one.run(2)
    assert len(one.engine.consumer.session.simulation.broker.tickets) == 1
    down_ns = one.engine.consumer.session.now_ns
    one.crash()
    one.clock.advance(600)
    engine = one.open()
    [closed] = engine.statement["closed"]
    assert closed["reason"] == "sl"
    assert down_ns < closed["exit_ns"] < engine.consumer.session.now_ns - 60_000_000_000


def test_a_resend_is_told_as_a_duplicate_and_an_exit_that_came_twice_closes_nothing_twice(desk):
    one = desk()
    one.open()
    one.run(1)
    first = one.post(entry())
    one.run(2)
    one.post(entry(), kind="resend", of=first)
    one.run(1)
    exit_number = one.post({"type": "exit", "symbol": "EURUSD"})
    one.post({"type": "exit", "symbol": "EURUSD"}, kind="resend", of=exit_number)
    one.run(3)
    assert [(outcome, reason) for _, outcome, reason in one.decisions()] == [
        ("filled", ""),
        ("duplicate", "duplicate"),
        ("closed", ""),
        ("duplicate", "duplicate"),
    ]
    assert len(one.rows("closed")) == 1


def test_a_body_that_nobody_can_read_but_that_looks_like_an_exit_calls_a_human(desk):
    one = desk()
    one.open()
    one.run(1)
    one.post(entry())
    one.run(3)
    one.post('{"type": "exit", "symbol": ')
    one.run(1)
    assert one.decisions()[-1][1] == "quarantined"
    assert [(b["level"], b["code"]) for _, _, b in one.rows("event")] == [("CRITICAL", "unread_exit")]


def test_other_settings_go_on_with_the_open_tickets(desk):
    one = desk()
    one.open()
    one.run(1)
    one.post(entry(sl=0.5))
    one.run(3)
    one.crash()
    engine = one.open(strategy__one_at_a_time="true")
    assert len(engine.consumer.session.simulation.broker.tickets) == 1
    assert any("other settings" in note for note in engine.recovered.notes)
    one.post({"type": "exit", "symbol": "EURUSD"})
    one.run(3)
    assert one.decisions()[-1][1] == "closed"
    one.crash()
    assert rerun_folder(one.folder, {}).is_equal


def test_the_journal_holds_the_configuration_without_secrets(desk, monkeypatch):
    one = desk(telegram__controller__token="123:abc")
    one.open()
    text = json.dumps(one.rows("config"))
    assert "123:abc" not in text


def test_a_plugin_that_is_gone_leaves_its_tickets_with_their_stops(desk):
    one = desk()
    one.open()
    one.run(1)
    prices = one.engine.consumer.session.simulation.broker.prices["EURUSD"]
    stop = round((int(prices.bid_open[prices.n - 1]) - 15) * 1e-5, 5)
    one.post(entry(sl=stop))
    one.run(3)
    one.crash()
    engine = one.open(strategy__name="legacy")
    assert any("'bracket' is not here any more" in note for note in engine.recovered.notes)
    [ticket] = engine.consumer.session.simulation.broker.tickets.values()
    assert ticket.sl == round(stop * 1e5)
    one.run(1800, 10.0)
    assert [body["reason"] for _, _, body in one.rows("closed")] == ["sl"]
    one.crash()
    assert rerun_folder(one.folder, {}).is_equal


FICKLE = """
import os
import zepix as zx


class Fickle(zx.Strategy):
    info = zx.PluginInfo(strategy="fickle")

    async def process_entry_signal(self, alert):
        if os.environ.get("FICKLE") != "no":
            await self.api.orders.place_order(alert.symbol, alert.side, 0.1, sl=alert.sl)

    async def process_exit_signal(self, alert):
        await self.api.orders.close_positions(alert.symbol)
"""


def test_where_a_strategy_would_decide_otherwise_the_journaled_command_wins(desk, tmp_path, monkeypatch):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "fickle.py").write_text(FICKLE, encoding="utf-8")
    one = desk(strategy__name="fickle", plugin_system__plugin_dir=folder)
    one.open()
    one.run(1)
    one.post(entry(sl=0.5))
    one.run(3)
    one.crash()
    monkeypatch.setenv("FICKLE", "no")
    engine = one.open()
    [ticket] = engine.consumer.session.simulation.broker.tickets.values()
    assert (ticket.plugin_id, ticket.side) == ("fickle", 1)
    assert any("would decide otherwise" in text for text in engine.statement["human"])
    monkeypatch.setenv("FICKLE", "yes")
    one.post(entry(sl=0.5, id="second"))
    one.run(2)
    assert one.decisions()[-1][1:] == ("refused", "paused_by_alert")
    one.post({"type": "exit", "symbol": "EURUSD"})
    one.run(3)
    assert not engine.consumer.session.simulation.broker.tickets
    assert len(one.rows("intent")) == 2
