"""Tell me why: the path of one alert, from a run in memory and from its folder, told the same.

EURUSD stands at 1.10000 bid, 1.10010 ask; 0.10 lots are 0.10 USD a point, a pip is ten points. There are no costs.
Minute 0 is 2024-03-06 10:00 UTC. Every number below follows from that by hand.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.strategies.bracket_play import BRACKET
from tests.world import FLAT, Played, alert, flat, market, minute
from zepix import Decision, PluginInfo, Strategy
from zepix.engine.registry import PluginConfig
from zepix.errors import ConfigError, DataError
from zepix.model import Alert, Quantity, Quarantined
from zepix.research.result import Result
from zepix.research.why import why

LOW = (110_000, 110_000, 109_940, 109_950)
"""A bar that falls through 1.09950."""
HIGH = (110_000, 110_300, 110_000, 110_250)


def told(played: Played, alert_id: str) -> dict[str, Any]:
    return Result(played.record).why(alert_id).as_dict()


def text_of(played: Played, alert_id: str) -> str:
    """The text without its line breaks."""
    return " ".join(str(Result(played.record).why(alert_id)).split())


def the_ticket(path: dict[str, Any]) -> dict[str, Any]:
    [plugin] = path["plugins"]
    return next(order["tickets"][0] for order in plugin["orders"] if order["opens"] and order["tickets"])


@pytest.fixture(scope="module")
def moved() -> Played:
    """A buy with a stop 110 points away, moved to 60 points by a second alert, then reached."""
    rows = [
        alert(0, id="a1", sl=1.09900, tp=1.10200, price=1.10000, raw='{"side":"buy"}', repairs=("a comma",)),
        alert(1, "modify", "buy", id="m1", sl=1.09950),
    ]
    return market(*flat(3), LOW, FLAT).play(rows, BRACKET)


# --- an entry from its body to its money ------------------------------------------------------------------------------


def test_an_entry_is_told_from_its_body_to_its_money(moved: Played) -> None:
    path = told(moved, "a1")
    assert path["alert"]["raw"] == '{"side":"buy"}'
    assert path["alert"]["repairs"] == ["a comma"]
    assert path["alert"]["our_price"] == {
        "bid": 1.1, "ask": 1.1001, "spread_points": 10, "spread_pips": 1.0, "spread_unit": "pips",
        "gap_points": -5.0, "gap_pips": -0.5,
    }  # fmt: skip
    assert path["outcome"]["words"] == [
        {"plugin_id": "bracket", "outcome": "filled", "reason": "", "meaning": "an order of this alert was filled"}
    ]
    assert (path["outcome"]["tickets"], path["outcome"]["pnl"]) == (1, -6.0)


def test_an_order_is_told_with_its_levels_fill_and_distance_from_the_price_at_arrival(moved: Played) -> None:
    [plugin] = told(moved, "a1")["plugins"]
    [order] = plugin["orders"]
    assert (order["kind"], order["status"], order["asked_volume"], order["volume"]) == ("market", "filled", "0.1", 0.1)
    assert order["sl"] == {"price": 1.099, "points": 110, "pips": 11.0}
    assert order["tp"] == {"price": 1.102, "points": 190, "pips": 19.0}
    assert order["decided_at"] == "2024-03-06T10:00:00Z"
    fill = order["fill"]
    assert (fill["at"], fill["price"], fill["spread_points"]) == ("2024-03-06T10:00:00Z", 1.1001, 10)
    assert (fill["meant"], fill["meant_is"], fill["worse_points"]) == (1.1001, "the ask at arrival", 0)


def test_slippage_shows_as_points_worse_than_the_ask_at_arrival() -> None:
    from zepix.model import FillModel

    played = market(*flat(4), fill=FillModel(slippage_points=3)).play([alert(0, id="a1")], BRACKET)
    [plugin] = told(played, "a1")["plugins"]
    assert plugin["orders"][0]["fill"]["worse_points"] == 3
    assert "3 points worse than the ask at arrival 1.10010" in text_of(played, "a1")


def test_what_moved_a_stop_is_told_with_the_alert_that_did_it(moved: Played) -> None:
    ticket = the_ticket(told(moved, "a1"))
    assert ticket["moves"] == [
        {
            "at": "2024-03-06T10:01:00Z",
            "by": {"order": 2, "alert": "m1", "what": "modify"},
            "sl": {"price": 1.0995, "points": 60, "pips": 6.0},
            "tp": None,
        }
    ]
    assert ticket["final_sl"] == {"price": 1.0995, "points": 60, "pips": 6.0}


def test_an_exit_has_its_reason_points_and_money(moved: Played) -> None:
    [exit_] = the_ticket(told(moved, "a1"))["exits"]
    found = {name: exit_[name] for name in ("at", "price", "reason", "points", "pips", "pnl", "by")}
    assert found == {
        "at": "2024-03-06T10:04:00Z", "price": 1.0995, "reason": "sl", "points": -60, "pips": -6.0, "pnl": -6.0,
        "by": None,
    }  # fmt: skip


def test_the_alert_that_moved_a_stop_tells_which_ticket(moved: Played) -> None:
    [plugin] = told(moved, "m1")["plugins"]
    assert (plugin["outcome"], plugin["reason"], plugin["meaning"]) == ("working", "modified", "it changed levels")
    assert plugin["orders"][0]["moved_tickets"] == [1]
    assert plugin["orders"][0]["new_sl"] == 1.0995


def test_a_stop_that_its_own_trail_moved_is_told_so() -> None:
    trailing = {"start": 100, "step": 50, "distance": 100}
    rows = [alert(0, id="a1", sl=1.09900, trailing=trailing)]
    played = market(*flat(2), HIGH, (110_250, 110_250, 110_000, 110_000), FLAT).play(rows, BRACKET)
    ticket = the_ticket(told(played, "a1"))
    [move] = ticket["moves"]
    assert move["by"]["what"] == "trailing"
    assert move["sl"]["price"] == ticket["exits"][0]["price"]
    text = text_of(played, "a1")
    assert "trailing from 10 pips ahead in steps of 5, 10 pips behind" in text
    assert "which trailing had moved" in text


def test_an_exit_alert_tells_which_tickets_it_closed_and_of_whom() -> None:
    rows = [alert(0, id="a1"), alert(0, id="a2", side="sell"), alert(2, "exit", "buy", id="x1")]
    played = market(*flat(5)).play(rows, BRACKET)
    path = told(played, "x1")
    [ticket] = path["plugins"][0]["orders"][0]["tickets"]
    assert (ticket["ticket"], ticket["exits"][0]["of_alert"], ticket["exits"][0]["pnl"]) == (1, "a1", -1.0)
    assert path["outcome"]["closed_pnl"] == -1.0
    assert path["outcome"]["pnl"] is None
    closed = the_ticket(told(played, "a1"))["exits"][0]
    assert closed["by"] == {"order": 3, "alert": "x1"}
    assert the_ticket(told(played, "a2"))["exits"][0]["reason"] == "end_of_data"


def test_a_ticket_closed_in_parts_lists_each_part() -> None:
    rows = [alert(0, id="a1", volume=0.2), alert(1, "exit", "buy", id="x1", close_frac=0.5)]
    ticket = the_ticket(told(market(*flat(4)).play(rows, BRACKET), "a1"))
    assert [(e["part"], e["volume"], e["reason"]) for e in ticket["exits"]] == [
        (1, 0.1, "signal"),
        (2, 0.1, "end_of_data"),
    ]
    assert ticket["exits"][0]["by"]["alert"] == "x1"


def test_a_pending_order_tells_its_price_expiry_and_end() -> None:
    rows = [alert(0, id="a1", order_type="limit", entry_price=1.09000, expires_s=60)]
    played = market(*flat(5)).play(rows, BRACKET)
    [order] = told(played, "a1")["plugins"][0]["orders"]
    assert (order["kind"], order["price"], order["expires_at"]) == ("limit", 1.09, "2024-03-06T10:01:00Z")
    assert (order["status"], order["reason"], order["meaning"]) == ("cancelled", "expired", "its time ran out")
    assert order["fill"] is None


def test_an_order_the_broker_refused_is_told_with_the_numbers() -> None:
    played = market(*flat(3)).play([alert(0, id="a1", volume=40)], BRACKET)
    [plugin] = told(played, "a1")["plugins"]
    assert (plugin["outcome"], plugin["reason"]) == ("refused", "no_money")
    assert plugin["meaning"] == "free margin would have been negative"
    assert plugin["orders"][0]["status"] == "refused"
    assert plugin["numbers"]["margin_wanted"] == pytest.approx(44_002, abs=10)


# --- strategies' own words --------------------------------------------------------------------------------------------


class Talker(Strategy):
    """Logs, enters with two legs of which one has no instrument, and tells the numbers that decided."""

    info = PluginInfo(strategy="talker", timeframes=("15m",))

    async def process_entry_signal(self, alert: Alert) -> Decision | None:
        self.log.info(f"looking at {alert.symbol}")
        if alert.comment == "fail":
            raise RuntimeError("no idea")
        if alert.comment == "no":
            return Decision.refused("spread_high", spread_pips=3.5, limit=2.0)
        await self.api.orders.place_order(alert.symbol, "buy", 0.1)
        await self.api.orders.place_order("FOOBAR", "buy", 0.1)
        return Decision("info", "entered", {"score": 7, "lots_before": 0.2, "lots": 0.1})


def test_lines_a_strategy_logged_for_the_alert_are_told_and_no_others() -> None:
    played = market(*flat(4)).play([alert(0, id="a1"), alert(1, id="a2", symbol="EURUSD", comment="no")], Talker)
    [plugin] = told(played, "a1")["plugins"]
    assert plugin["log"] == [{"at": "2024-03-06T10:00:00Z", "level": "info", "text": "looking at EURUSD"}]


def test_numbers_that_decided_are_told_beside_the_order() -> None:
    [plugin] = told(market(*flat(4)).play([alert(0, id="a1")], Talker), "a1")["plugins"]
    assert (plugin["outcome"], plugin["numbers"]["score"], plugin["numbers"]["lots_before"]) == ("filled", 7, 0.2)


def test_a_leg_that_was_refused_beside_one_that_filled_is_told() -> None:
    played = market(*flat(4)).play([alert(0, id="a1")], Talker)
    [plugin] = told(played, "a1")["plugins"]
    assert plugin["numbers"]["also_refused"] == "unknown_symbol: FOOBAR is in no catalogue"
    assert "also refused unknown_symbol" in text_of(played, "a1")


def test_a_refusal_tells_its_numbers_and_what_the_word_means() -> None:
    played = market(*flat(4)).play([alert(0, id="a1", comment="no")], Talker)
    text = str(Result(played.record).why("a1"))
    assert "refused by talker (spread_high): the spread was wider than the limit" in text
    assert "spread_pips 3.5, limit 2" in text


def test_an_exception_is_told_with_its_sentence() -> None:
    played = market(*flat(4)).play([alert(0, id="a1", comment="fail")], Talker)
    [plugin] = told(played, "a1")["plugins"]
    assert (plugin["outcome"], plugin["reason"]) == ("error", "strategy_error")
    assert "no idea" in plugin["errors"][0]["error"]


# --- the route --------------------------------------------------------------------------------------------------------


def two_plugins(*rows: Alert) -> Played:
    plugins = [PluginConfig("bracket", "bracket", {}), PluginConfig("talker", "talker", {})]
    return market(*flat(4)).play(rows, BRACKET, Talker, plugins=plugins)


@pytest.mark.parametrize(
    ("fields", "plugin", "rule"),
    [
        ({"plugin_hint": "TALKER"}, "talker", "hint: the alert names plugin 'TALKER'"),
        ({"strategy": "talker", "timeframe": "15m"}, "talker",
         "strategy and timeframe: the alert names strategy 'talker', and talker takes 15m"),
        ({"strategy": "bracket", "timeframe": "15m"}, "bracket", "strategy: the alert names strategy 'bracket'"),
        ({"strategy": None}, "bracket", "strategy: the alert names no strategy, and 'bracket' is the default"),
    ],
)  # fmt: skip
def test_the_rule_that_routed_it_is_named(fields: dict[str, Any], plugin: str, rule: str) -> None:
    path = told(two_plugins(alert(0, id="a1", **fields)), "a1")
    assert path["route"]["plugins"] == [plugin]
    assert path["route"]["rule"] == rule


def test_an_alert_that_no_plugin_takes_says_which_there_are() -> None:
    path = told(two_plugins(alert(0, id="a1", strategy="other")), "a1")
    assert (path["route"]["plugins"], path["route"]["reason"]) == ([], "no_plugin_found")
    assert "plugins here: bracket, talker" in path["route"]["detail"]


def test_a_hint_that_names_nothing_is_noted() -> None:
    path = told(two_plugins(alert(0, id="a1", plugin_hint="nobody")), "a1")
    assert path["route"]["note"] == "hint 'nobody' names no plugin"


# --- duplicates, quarantine, the end of the prices --------------------------------------------------------------------


def test_a_duplicate_names_the_first_and_the_first_its_duplicates() -> None:
    played = market(*flat(4)).play(
        [alert(0, id="a1", explicit_id="E"), alert(0.1, id="a1#2", explicit_id="E")], BRACKET
    )
    first, second = told(played, "a1"), told(played, "a1#2")
    assert second["dedup"]["repeats"] == {
        "id": "a1", "received_at": "2024-03-06T10:00:00Z", "after_s": 6.0, "known_by": "id",
    }  # fmt: skip
    assert [one["id"] for one in first["dedup"]["repeated_by"]] == ["a1#2"]
    assert second["plugins"] == []
    assert Result(played.record).why("E").id == "a1"


def test_a_quarantined_body_is_told_with_its_reason() -> None:
    bad = Quarantined(id="q1", reason="bad_json", detail="line 3", raw='{"x"', received_ns=minute(0))
    played = market(*flat(4)).play([alert(1, id="a1"), bad], BRACKET)  # type: ignore[list-item]
    path = told(played, "q1")
    assert path["alert"]["quarantined"] == {"reason": "bad_json", "detail": "line 3"}
    assert path["alert"]["raw"] == '{"x"'
    assert path["outcome"]["words"][0]["outcome"] == "quarantined"
    assert "quarantined  bad_json: line 3" in str(Result(played.record).why("q1"))


def test_an_alert_after_the_last_price_is_told() -> None:
    path = told(market(*flat(3)).play([alert(0, id="a1"), alert(90, id="late", raw="body")], BRACKET), "late")
    assert path["route"]["reason"] == "after_end_of_data"
    assert path["alert"]["raw"] == "body"


# --- which alert is meant ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def three() -> Result:
    rows = [alert(n, id=name, explicit_id=f"E-{name}") for n, name in enumerate(("row-1", "row-12", "other"))]
    return Result(market(*flat(6)).play(rows, BRACKET).record)


@pytest.mark.parametrize(
    ("asked", "found"),
    [("row-1", "row-1"), ("row-12", "row-12"), ("o", "other"), ("E-other", "other"), ("E-o", "other")],
)
def test_an_alert_is_found_by_its_id_the_senders_or_a_beginning(three: Result, asked: str, found: str) -> None:
    assert three.why(asked).id == found


def test_a_beginning_of_several_lists_them(three: Result) -> None:
    with pytest.raises(ConfigError, match="2 alerts begin with 'row': 'row-1', 'row-12'"):
        three.why("row")


@pytest.mark.parametrize(("asked", "hint"), [("rwo-12", "did you mean 'row-12'"), ("zzz", "among 6 ids, as 'row-1'")])
def test_an_unknown_id_is_answered_with_near_ones(three: Result, asked: str, hint: str) -> None:
    with pytest.raises(ConfigError, match=hint):
        three.why(asked)


def test_nothing_is_no_beginning(three: Result) -> None:
    with pytest.raises(ConfigError, match="no alert ''"):
        three.why("")


# --- from a folder, and as text ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("alert_id", ["a1", "m1"])
def test_a_run_read_back_tells_the_same(moved: Played, tmp_path: Path, alert_id: str) -> None:
    result = Result(moved.record)
    folder = result.save(tmp_path)
    assert why(folder, alert_id).as_dict() == result.why(alert_id).as_dict()
    assert str(why(folder / "run.json", alert_id)) == str(result.why(alert_id))


def test_the_path_is_plain_json(moved: Played) -> None:
    path = told(moved, "a1")
    assert json.loads(json.dumps(path, allow_nan=False)) == path


def test_a_folder_from_before_there_was_a_table_of_alerts_tells_what_it_knows(moved: Played, tmp_path: Path) -> None:
    folder = Result(moved.record).save(tmp_path)
    (folder / "alerts.parquet").unlink()
    found = why(folder, "a1")
    assert found.as_dict()["alert"]["raw"] == '{"side":"buy"}'
    assert found.as_dict()["outcome"]["pnl"] == -6.0
    assert "replay again for the rest" in str(found)


def test_a_folder_that_is_no_run_is_a_data_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is no folder of a run"):
        why(tmp_path, "a1")


def test_text_is_ascii_and_commands_no_terminal() -> None:
    raw = 'x\x1b[31m\x07 "é"\u202e'
    played = market(*flat(4)).play([alert(0, id="a1", raw=raw, comment="\x1b]0;title\x07")], BRACKET)
    text = str(Result(played.record).why("a1"))
    assert not set(text) & {"\x1b", "\x07", "\u202e"}
    assert text.replace("é", "").isascii()
    assert all(len(line) <= 110 for line in text.splitlines())


def test_text_reads_from_arrival_to_exit(moved: Played) -> None:
    lines = str(Result(moved.record).why("a1")).splitlines()
    marks = ["Alert a1: entry buy EURUSD", "ARRIVED", "ROUTE", "PLUGIN bracket: filled"]
    assert [line for line in lines if line in marks] == marks
    wanted = (
        "    fill         2024-03-06 10:00:00 at 1.10010, spread 10 points, 1 pips; exactly the ask at arrival 1.10010"
    )
    assert wanted in lines
    assert "    moved        2024-03-06 10:01:00 stop to 1.09950 (60 points, 6 pips) by order 2 of alert m1" in lines


def test_amounts_with_units_are_told_as_they_were_sent() -> None:
    played = market(*flat(4)).play([alert(0, id="a1", sl=Quantity(20, "pips"))], BRACKET)
    path = told(played, "a1")
    assert path["alert"]["asks"]["sl"] == "20 pips"
    assert path["plugins"][0]["orders"][0]["sl"]["points"] == 200


def test_every_alert_of_a_run_has_a_path(three: Result) -> None:
    for alert_id in three.decisions["id"]:
        assert three.why(alert_id).outcomes


def test_notebooks_show_it_as_text(moved: Played) -> None:
    found = Result(moved.record).why("a1")
    assert found._repr_html_().startswith("<pre>Alert a1")
    assert repr(found) == "<Why 'a1': bracket filled>"
