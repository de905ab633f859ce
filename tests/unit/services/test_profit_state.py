"""Pyramids across a restart, and their settings, sizes and table: what is kept, what is given up, what is refused."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.unit.services.profit_play import ALL_ON, Booker, Story, path, story
from tests.world import alert, instrument
from zepix.engine import PluginInfo
from zepix.errors import StateError
from zepix.model import Refused, Side
from zepix.model.settings_dual_order import DualOrderSettings
from zepix.model.settings_profit_booking import ProfitBookingSettings
from zepix.research.write import write_run
from zepix.services.chain_log import ChainLog, ChainStep
from zepix.services.dual_legs import LegMaker, Situation
from zepix.services.dual_plan import DualPlan
from zepix.services.profit_sizing import size_of_level

WORD = "..uu.uu."


def left(until, **settings):
    """A run that is left once level 1 is open: its state, and the steps of its chains so far."""
    simulation = story(path(WORD), run=False, **settings).simulation
    simulation.begin([alert(1)])
    while not until(simulation):
        simulation.go_on(1)
    return json.loads(json.dumps(simulation.save_state())), list(simulation.house.chains.steps)


def is_level_1(simulation):
    return sum(1 for t in simulation.engine.open_trades if t.role.startswith("P1")) == 2


def finished(simulation):
    simulation.begin([alert(1)])
    simulation.go_on()
    return Story(simulation, simulation.finish())


def test_a_chain_goes_on_where_it_was():
    """§12.2.13: lost on restart in the original. Level 1 is open; the loaded run books it and goes up."""
    state, before = left(is_level_1)
    again = story(path(WORD), run=False).simulation
    again.load_state(state)
    assert again.apis["booker"].profit_booking.active_chains()[0].level == 1
    after = finished(again)
    whole = story(path(WORD))
    assert before + after.record.chains == whole.record.chains


def test_a_chain_of_other_settings_is_refused_or_goes_on_with_the_new_ones():
    state, _ = left(is_level_1)
    changed = story(path(WORD), run=False, enabled_levels=(True, True)).simulation
    with pytest.raises(StateError, match="profit_booking"):
        changed.load_state(state)
    changed = story(path(WORD), run=False, enabled_levels=(True, True)).simulation
    changed.take_over_state(state)
    ended = finished(changed)
    assert ended.ends == [(1, "stopped", "level_disabled")], "level 2 was on when it was saved"


def test_fewer_levels_than_the_chain_has_climbed_complete_it():
    state, _ = left(is_level_1)
    changed = story(path(WORD), run=False, multipliers=(1,)).simulation
    changed.take_over_state(state)
    assert finished(changed).ends == [(1, "completed", "booked_all")]


def test_a_chain_whose_plugin_was_disabled_between_save_and_load_keeps_its_bookings():
    state, _ = left(is_level_1)
    again = story(path(WORD), run=False).simulation
    again.load_state(state)
    again.registry.get_all_plugins()["booker"].enabled = False
    ended = finished(again)
    assert [f.exit_reason for f in ended.record.fills] == ["profit_booking"] * 2
    assert ended.ends == [(1, "stopped", "plugin_disabled")]


def test_a_chain_whose_plugin_is_gone_ends_and_its_tickets_keep_their_stops():
    class Another(Booker):
        info = PluginInfo(strategy="another", services=("risk", "dual_order", "profit_booking"))

    state, _ = left(is_level_1)
    again = story(path(WORD), None, Another, run=False).simulation
    again.take_over_state(state)
    assert [s.reason for s in again.house.chains.steps] == ["plugin_gone"]
    assert all(t.sl and t.tp for t in again.engine.open_trades)
    assert len(finished(again).record.fills) == 2


def test_a_ticket_that_the_broker_does_not_know_makes_the_chain_stale_once():
    """§12.1: one missing ticket produced 8,857 of 8,991 log lines."""
    state, _ = left(is_level_1)
    row = state["services"]["profit_booking"]["chains"][0]["orders"][1]
    row[6] = 4711  # its ticket
    again = story(path(WORD), run=False).simulation
    again.load_state(state)
    ended = finished(again)
    assert [s for s in ended.steps() if s[1] in ("stale", "missing")] == [
        (1, "missing", "unknown_ticket"),
        (1, "stale", "unknown_ticket"),
    ]
    logs = [what for _, kind, what in ended.record.journal if kind == "log"]
    assert len(logs) == 1 and "does not know 1 of its tickets" in logs[0]["text"]
    assert ended.ends == [(1, "stale", "unknown_ticket")]
    assert [r for r in ended.roles if r.startswith("P2")] == []


def test_a_ticket_that_is_there_again_at_the_second_look_is_no_matter():
    state, _ = left(is_level_1)
    again = story(path(WORD), run=False).simulation
    again.load_state(state)
    book = again.house.profits
    (chain,) = book.desk.chains.values()
    order = next(o for o in chain.orders.values() if o.role == "P1.1")
    ticket, order.ticket = order.ticket, 4711
    book.check_tickets()
    assert not book.is_healthy()
    order.ticket = ticket
    ended = finished(again)
    assert ended.ends == story(path(WORD)).ends and book.is_healthy()


# --- settings and sizes ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"multipliers": ()}, "multipliers must be a list of 1 to 16"),
        ({"multipliers": (2, 4)}, "begin with 1"),
        ({"multipliers": (1, 0)}, "whole numbers from 1"),
        ({"enabled_levels": (1, 0)}, "enabled_levels"),
        ({"partial_success_threshold": 1.5}, "partial_success_threshold must lie between 0 and 1"),
        ({"recovery_frac": 0.0}, "recovery_frac"),
        ({"recovery_attempts": -1}, "recovery_attempts"),
        ({"loss_money": 0}, "loss_money"),
        ({"sl_reductions": (0, 100)}, "sl_reductions"),
        ({"recovery_windows": {"EURUSD": -1}}, "recovery_windows.EURUSD"),
        ({"sl_hunt": "yes"}, "sl_hunt must be true or false"),
    ],
)
def test_a_setting_that_is_wrong_is_named(given, word):
    with pytest.raises(ValueError, match=word):
        ProfitBookingSettings(**given)


def test_every_setting_stands_on_the_page_of_chains_and_no_other():
    page = (Path(__file__).resolve().parents[3] / "docs" / "chains.md").read_text(encoding="utf-8")
    table = page.partition("| setting `profit_booking.` |")[2].partition("\n\n")[0]
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == [f.name for f in fields(ProfitBookingSettings)]


def test_defaults_are_those_of_the_page():
    """§5, §13."""
    settings = ProfitBookingSettings()
    assert settings.multipliers == (1, 2, 4, 8, 16) and settings.enabled_levels == (True, True, True, False, False)
    assert not settings.allow_partial_progression and settings.partial_success_threshold == 0.75
    assert (settings.recovery_frac, settings.recovery_attempts, settings.recovery_sl_frac) == (0.7, 1, 0.5)
    assert settings.min_recovery_pips == 2 and settings.stop_chain_on_fail


@pytest.mark.parametrize("spread", [0, 10, 40])
@pytest.mark.parametrize("lots", ["0.01", "0.03", "0.05", "0.10", "0.37", "0.50", "1.00", "5.00"])
@pytest.mark.parametrize(("symbol", "rate"), [("EURUSD", "1"), ("XAUUSD", "1"), ("USDJPY", "0.0091")])
def test_an_order_of_a_level_is_sized_as_order_b_is(symbol, rate, lots, spread):
    """§14.2 holds for B by its own test; compiled sizing gives the same points and the same cut of the lot."""
    chosen, settings = instrument(symbol), DualOrderSettings()
    at = Situation(chosen, 100_000, 100_000 + spread, Decimal(rate))
    maker = LegMaker(settings, DualPlan(symbol=symbol, side=Side.BUY, lots=Decimal(lots)), at)
    leg = maker.leg_b(chosen.steps(lots), 0.9)
    size = size_of_level(settings, chosen, spread, Decimal(rate), chosen.steps(lots), (10.0, 7.0))
    if leg.refused is not None:
        assert isinstance(size, Refused) and size.reason == leg.refused.reason
        return
    assert (size.steps, size.stop_points) == (leg.steps, leg.stop_points)
    at_fewer = size_of_level(settings, chosen, spread, Decimal(rate), leg.steps, (10.0, 7.0))
    assert at_fewer.target_points == maker.numbers["b_target_points"]


# --- the journal of chains -------------------------------------------------------------------------------------------


def test_chains_parquet_has_every_step(tmp_path):
    played = story(path("..ud."), **ALL_ON, sl_hunt=False)
    write_run(played.record, {}, tmp_path)
    rows = pq.read_table(tmp_path / "chains.parquet").to_pylist()
    assert [(r["level"], r["state"]) for r in rows] == [(s.level, s.state) for s in played.record.chains]
    assert {r["chain_id"] for r in rows} == {f.chain_id for f in played.record.fills}
    assert [r["money"] for r in rows if r["state"] in ("booked", "lost")] == [7.0, -10.0, -10.0]
    assert rows[-1]["order"] is None and rows[0]["strategy"] == "booker" and rows[0]["alert_id"] == "entry buy 1"


def test_a_run_without_chains_has_an_empty_table(tmp_path):
    write_run(story(path("...")[:1], []).record, {}, tmp_path)
    assert pq.read_table(tmp_path / "chains.parquet").num_rows == 0


def test_a_kind_of_chain_that_there_is_none_of_is_refused():
    with pytest.raises(ValueError, match="no kind of chain"):
        ChainLog().add(ChainStep(0, "x", "spiral", "p", "EURUSD", "a", 0, "active", ""))
