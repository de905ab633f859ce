"""Declared exits on two simulators: every answer is worked out by hand from docs/exits.md and docs/fills.md.

EURUSD, a spread of 10 points: a buy enters at 110_010 where the bid opens at 110_000, and leaves on the bid.
"""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.unit.services.exits_play import BROKERS, Wiring, play_plan, rows
from tests.world import MINUTE, T0, alert, flat, instrument, market
from zepix.model import Catalogue, FillModel

THREE = {
    "levels": [
        {"at": "tp1", "portion": 0.5, "stop_to": "entry"},
        {"at": "tp2", "portion": 0.3, "stop_to": "tp1"},
        {"at": "tp3", "portion": 0.2},
    ]
}
TPS = {"tps": (1.10110, 1.10210, 1.10310)}


def entry(at=0.0, side="buy", lots=0.1, sl=1.09910, **fields):
    return alert(at, "entry", side, volume=lots, sl=sl, fields=TPS | fields)


def quads(*rest, calm=1):
    """A calm bar for the entry, then bars of (open, high, low, close) as offsets from 110_000."""
    return [(110_000,) * 4] * calm + [tuple(110_000 + n for n in quad) for quad in rest]


@pytest.mark.parametrize("broker", BROKERS)
class TestTargets:
    def test_three_portions_leave_at_three_targets_that_live_at_the_broker(self, broker):
        played = play_plan(
            market(*quads((0, 120, 0, 115), (115, 220, 115, 215), (215, 330, 215, 320)), broker=broker),
            [entry()],
            THREE,
        )
        assert rows(played) == [
            ("TP1", 5, 110_110, "tp"),
            ("TP2", 3, 110_210, "tp"),
            ("TP3", 2, 110_310, "tp"),
        ]
        assert {f.initial_sl for f in played.record.fills} == {109_910}
        assert {f.alert_id for f in played.record.fills} == {"entry buy 0.0"}

    def test_after_the_first_target_the_others_stop_stands_at_their_entry(self, broker):
        played = play_plan(market(*quads((0, 115, 0, 50), (50, 60, -20, -15)), broker=broker), [entry()], THREE)
        assert rows(played) == [
            ("TP1", 5, 110_110, "tp"),
            ("TP2", 3, 110_010, "sl"),
            ("TP3", 2, 110_010, "sl"),
        ]

    def test_the_bar_that_hits_the_target_still_has_the_old_stop(self, broker):
        """One event later: the range of the same bar falls below the entry, but not to the first stop."""
        played = play_plan(market(*quads((0, 115, -60, 30), (30, 40, 20, 35)), broker=broker), [entry()], THREE)
        assert rows(played)[:1] == [("TP1", 5, 110_110, "tp")]
        assert [r[3] for r in rows(played)[1:]] == ["end_of_data", "end_of_data"]

    def test_a_stop_moved_behind_the_price_is_filled_at_the_next_open(self, broker):
        played = play_plan(market(*quads((0, 115, -60, -50), (-50, 0, -55, 0)), broker=broker), [entry()], THREE)
        assert rows(played)[1:] == [("TP2", 3, 109_950, "sl"), ("TP3", 2, 109_950, "sl")]

    def test_a_ladder_puts_the_stop_to_the_first_target_after_the_second(self, broker):
        played = play_plan(
            market(*quads((0, 120, 0, 115), (115, 220, 115, 215), (215, 215, 90, 95)), broker=broker), [entry()], THREE
        )
        assert rows(played)[2] == ("TP3", 2, 110_110, "sl")

    def test_two_targets_in_one_bar_leave_the_better_of_both_stops(self, broker):
        played = play_plan(market(*quads((0, 220, 0, 200), (200, 205, 50, 60)), broker=broker), [entry()], THREE)
        assert rows(played) == [
            ("TP1", 5, 110_110, "tp"),
            ("TP2", 3, 110_210, "tp"),
            ("TP3", 2, 110_110, "sl"),
        ]

    def test_a_sell_is_the_mirror(self, broker):
        """Sold at 110_000, closed on the ask: a bid of 109_880 is an ask of 109_890."""
        fields = {"tps": (1.09900, 1.09800, 1.09700)}
        sell = alert(0, "entry", "sell", volume=0.1, sl=1.10110, fields=fields)
        played = play_plan(market(*quads((0, 0, -120, -60), (-60, 0, -60, -10)), broker=broker), [sell], THREE)
        assert rows(played) == [
            ("TP1", 5, 109_900, "tp"),
            ("TP2", 3, 110_000, "sl"),
            ("TP3", 2, 110_000, "sl"),
        ]

    def test_a_stop_hits_all_portions_alike(self, broker):
        played = play_plan(market(*quads((0, 50, -100, -90)), broker=broker), [entry()], THREE)
        assert rows(played) == [("TP1", 5, 109_910, "sl"), ("TP2", 3, 109_910, "sl"), ("TP3", 2, 109_910, "sl")]

    def test_break_even_with_a_buffer_after_the_first_target(self, broker):
        plan = {"levels": [{"at": "tp1", "portion": 0.5, "stop_to": "2 pips"}, {"at": "tp2", "portion": 0.5}]}
        played = play_plan(market(*quads((0, 115, 0, 60), (60, 60, -20, -15)), broker=broker), [entry()], plan)
        assert rows(played) == [("TP1", 5, 110_110, "tp"), ("TP2", 5, 110_030, "sl")]

    def test_targets_in_stop_distances_need_no_price(self, broker):
        """The stop lies 100 points away: 1R is 110_110, 2R 110_210; after 1R the stop stands half a distance ahead."""
        plan = {"levels": [{"at": "1R", "portion": 0.5, "stop_to": "0.5R"}, {"at": "2R", "portion": 0.5}]}
        played = play_plan(market(*quads((0, 115, 0, 100), (100, 100, 40, 50)), broker=broker), [entry()], plan)
        assert rows(played) == [("TP1", 5, 110_110, "tp"), ("TP2", 5, 110_060, "sl")]

    def test_a_remainder_runs_without_a_target_until_its_stop(self, broker):
        plan = {"levels": [{"at": "tp1", "portion": 0.4, "stop_to": "entry"}, {"at": "tp2", "portion": 0.4}]}
        bars = quads((0, 115, 0, 110), (110, 220, 110, 215), (215, 900, 215, 900), (900, 900, 0, 5))
        played = play_plan(market(*bars, broker=broker), [entry()], plan)
        assert rows(played) == [
            ("TP1", 4, 110_110, "tp"),
            ("TP2", 4, 110_210, "tp"),
            ("RUN", 2, 110_010, "sl"),
        ]

    def test_a_pending_entry_has_the_same_portions(self, broker):
        """A limit at 109_950 is touched by an ask of 109_945; all three tickets are of one price."""
        bars = quads((0, 0, -65, 0), (0, 120, 0, 110), calm=2)
        waits = entry(sl=1.09850, order_type="limit", price=1.09950)
        played = play_plan(market(*bars, broker=broker), [waits], THREE)
        assert {f.entry_points for f in played.record.fills} == {109_950}
        assert rows(played)[0] == ("TP1", 5, 110_110, "tp")


@pytest.mark.parametrize("broker", BROKERS)
class TestTrails:
    def test_trailing_begins_at_the_first_target_for_those_that_go_on(self, broker):
        """TP1 is 100 points ahead of 110_010: from there on 50 behind, in steps of 25; 135 ahead is one step."""
        plan = THREE | {"trailing": {"start": "tp1", "step": "0.25R", "distance": "0.5R"}}
        plan["levels"] = [{"at": "tp1", "portion": 0.5}, {"at": "tp2", "portion": 0.5}]
        played = play_plan(market(*quads((0, 145, 0, 140), (140, 140, 80, 85)), broker=broker), [entry()], plan)
        assert rows(played) == [("TP1", 5, 110_110, "tp"), ("TP2", 5, 110_085, "trailing")]
        assert played.plugin().trails == {"TP1": (), "TP2": ((100, 25, 50),)}

    def test_break_even_at_a_distance_lives_with_the_ticket(self, broker):
        plan = {"levels": [{"at": "tp1", "portion": 1.0}], "break_even": {"start": "5 pips", "buffer": "1 pip"}}
        played = play_plan(market(*quads((0, 65, 0, 50), (50, 50, 0, 5)), broker=broker), [entry()], plan)
        assert rows(played) == [("TP1", 10, 110_020, "break_even")]


@pytest.mark.parametrize("broker", BROKERS)
class TestTimeExit:
    def test_the_longest_hold_closes_at_the_open_of_its_minute(self, broker):
        played = play_plan(market(*quads(*[(5, 5, 5, 5)] * 6), broker=broker), [entry()], {**THREE, "max_hold_min": 3})
        assert {(f.exit_ns - T0) // MINUTE for f in played.record.fills} == {3}
        assert [r[2:] for r in rows(played)] == [(110_005, "time_exit")] * 3
        assert not played.simulation.engine.errors

    def test_nothing_happens_where_everything_has_left_before(self, broker):
        bars = quads((0, 350, 0, 300), *[(5, 5, 5, 5)] * 4)
        played = play_plan(market(*bars, broker=broker), [entry()], {**THREE, "max_hold_min": 3})
        assert [r[3] for r in rows(played)] == ["tp", "tp", "tp"]
        assert not [o for o in played.record.orders if o.kind == "close"]


EIGHTY = THREE | {"exit_alert": {"portion": 0.8, "runner": "in_profit"}}


@pytest.mark.parametrize("broker", BROKERS)
class TestExitAlert:
    def test_eighty_per_cent_leave_and_a_runner_in_profit_stays(self, broker):
        """10 steps: 8 close, nearest target first: TP1's 5 and TP2's 3; TP3's 2 run on."""
        bars = quads((0, 60, 0, 60), (60, 60, 60, 60), (60, 70, 60, 65), (65, 320, 65, 300))
        played = play_plan(market(*bars, broker=broker), [entry(), alert(2, "exit", "buy")], EIGHTY)
        assert rows(played) == [
            ("TP1", 5, 110_060, "signal"),
            ("TP2", 3, 110_060, "signal"),
            ("TP3", 2, 110_310, "tp"),
        ]

    def test_a_loser_has_no_runner(self, broker):
        bars = quads((0, 0, -20, -20), (-20, -20, -20, -20), (-20, -20, -20, -20))
        played = play_plan(market(*bars, broker=broker), [entry(), alert(2, "exit", "buy")], EIGHTY)
        assert rows(played) == [
            ("TP1", 5, 109_980, "signal"),
            ("TP2", 3, 109_980, "signal"),
            ("TP3", 2, 109_980, "signal"),
        ]

    def test_half_leaves_in_the_middle_of_a_ticket_and_the_rest_is_safe(self, broker):
        """9 steps are 6, 2 and 1; 6 of them leave, 3 (3.6) stay, and their stops stand at the entry."""
        plan = THREE | {"exit_alert": {"portion": 0.6, "runner": "always", "stop_to": "entry"}}
        bars = quads((0, 60, 0, 60), (60, 60, 60, 60), (60, 60, 60, 60), (60, 60, -20, -20))
        played = play_plan(market(*bars, broker=broker), [entry(lots=0.09), alert(2, "exit", "buy")], plan)
        assert rows(played) == [
            ("TP1", 6, 110_060, "signal"),
            ("TP2", 2, 110_010, "sl"),
            ("TP3", 1, 110_010, "sl"),
        ]

    def test_a_part_of_one_ticket_is_cut_to_the_step(self, broker):
        plan = {"levels": [{"at": "tp3", "portion": 1.0}], "exit_alert": {"portion": 0.8, "runner": "always"}}
        bars = quads((0, 60, 0, 60), (60, 60, 60, 60), (60, 60, 60, 60))
        played = play_plan(market(*bars, broker=broker), [entry(lots=0.07), alert(2, "exit", "buy")], plan)
        assert rows(played) == [("TP1", 6, 110_060, "signal"), ("TP1", 1, 110_060, "end_of_data")]

    def test_a_second_exit_alert_closes_the_runner(self, broker):
        bars = quads(*[(0, 60, 0, 60)], *[(60, 60, 60, 60)] * 4)
        alerts = [entry(), alert(2, "exit", "buy"), alert(3, "exit", "buy", id="again")]
        played = play_plan(market(*bars, broker=broker), alerts, EIGHTY)
        assert [(f.role, (f.exit_ns - T0) // MINUTE) for f in played.record.fills] == [
            ("TP1", 2),
            ("TP2", 2),
            ("TP3", 3),
        ]

    def test_an_exit_of_the_other_side_leaves_it_alone(self, broker):
        played = play_plan(market(*flat(4), broker=broker), [entry(), alert(2, "exit", "sell")], EIGHTY)
        assert played.outcomes[1] == ("ignored", "nothing_to_close")

    def test_an_exit_that_meets_the_entry_under_way_takes_it_along(self, broker):
        """With a latency of one minute both arrive one after the other; nothing stays open, nothing is an orphan."""
        slow = FillModel(latency_ms=90_000, open_grace_ms=0)
        alerts = [entry(), alert(1, "exit", "buy")]
        played = play_plan(market(*flat(8), broker=broker, fill=slow), alerts, EIGHTY)
        assert [r[3] for r in rows(played)] == ["signal"] * 3
        assert not played.simulation.broker.tickets


@pytest.mark.parametrize("broker", BROKERS)
class TestSmallLots:
    @pytest.mark.parametrize(
        ("lots", "expected"),
        [
            (0.01, [("TP1", 1)]),
            (0.02, [("TP1", 1), ("TP2", 1)]),
            (0.03, [("TP1", 1), ("TP2", 1), ("TP3", 1)]),
            (0.05, [("TP1", 3), ("TP2", 1), ("TP3", 1)]),
            (0.07, [("TP1", 4), ("TP2", 2), ("TP3", 1)]),
            (0.10, [("TP1", 5), ("TP2", 3), ("TP3", 2)]),
        ],
    )
    def test_a_lot_too_small_to_split_has_fewer_portions_and_says_so(self, broker, lots, expected):
        played = play_plan(market(*flat(3), broker=broker), [entry(lots=lots)], THREE)
        assert [(f.role, f.steps) for f in played.record.fills] == expected
        notes = played.plugin().placed.notes
        assert bool(notes) == (len(expected) < 3)
        if len(expected) == 2:
            assert notes == ("0.02 lots are too few for 3 portions; TP3 left with TP2",)

    def test_less_than_the_minimum_is_refused_with_its_number(self, broker):
        played = play_plan(market(*flat(3), broker=broker), [entry(lots=0.005)], THREE)
        assert played.outcomes == [("refused", "volume_too_small")]
        assert played.plugin().placed.refused.detail == "0.005 lots, the minimum is 0.01"


def test_a_missing_target_leaves_with_the_one_before_it():
    played = play_plan(market(*flat(3)), [entry(tps=(1.10110, 1.10210, None))], THREE)
    assert [(f.role, f.steps, f.initial_tp) for f in played.record.fills] == [("TP1", 5, 110_110), ("TP2", 5, 110_210)]
    assert played.plugin().placed.notes == ("tp3 did not come with the entry; its 0.2 leaves elsewhere",)


def test_a_missing_first_target_goes_to_the_next():
    played = play_plan(market(*flat(3)), [entry(tps=(None, 1.10210, 1.10310))], THREE)
    assert [(f.role, f.steps) for f in played.record.fills] == [("TP2", 8), ("TP3", 2)]


def test_a_plan_whose_targets_all_miss_is_refused():
    played = play_plan(market(*flat(3)), [entry(tps=())], THREE)
    assert played.outcomes == [("refused", "no_target")]


def test_stop_distances_without_a_stop_are_refused():
    plan = {"levels": [{"at": "1R", "portion": 1.0}]}
    played = play_plan(market(*flat(3)), [entry(sl=None)], plan)
    assert played.outcomes == [("refused", "no_stop_for_r")]


def test_an_unknown_symbol_is_refused_and_nothing_else_happens():
    played = play_plan(market(*flat(3)), [alert(0, symbol="NOPE", sl=1.0, fields=TPS)], THREE)
    assert played.outcomes == [("refused", "unknown_symbol")]


def test_a_target_the_price_has_passed_refuses_its_leg_alone():
    """TP1 lies below the bid: the broker refuses that ticket, the other two go on with their stop."""
    played = play_plan(market(*flat(3)), [entry(tps=(1.09950, 1.10210, 1.10310))], THREE)
    assert [(o.role, o.status, o.reason) for o in played.record.orders if o.opens] == [
        ("TP1", "refused", "invalid_stops"),
        ("TP2", "filled", ""),
        ("TP3", "filled", ""),
    ]
    assert all(f.initial_sl == 109_910 for f in played.record.fills)


def test_targets_in_money_are_each_tickets_own():
    """0.05 lots are 0.05 USD a point: 5 USD are 100 points ahead of 110_010."""
    plan = {"levels": [{"at": "5 money", "portion": 0.5}, {"at": "10 money", "portion": 0.5}]}
    played = play_plan(market(*flat(3)), [entry()], plan)
    assert [f.initial_tp for f in played.record.fills] == [110_110, 110_210]


def test_a_minimum_above_the_step_is_kept_by_every_portion():
    """25 steps with a minimum of 10: two levels; the first would have 5, so the second gives it 5 of its 20."""
    coarse = Catalogue([instrument("EURUSD", volume_min=Decimal("0.10"))])
    plan = {"levels": [{"at": "tp1", "portion": 0.2}, {"at": "tp2", "portion": 0.4}, {"at": "tp3", "portion": 0.4}]}
    played = play_plan(market(*flat(3), catalogue=coarse), [entry(lots=0.25)], plan)
    assert [(f.role, f.steps) for f in played.record.fills] == [("TP1", 10), ("TP2", 15)]


def test_the_books_are_empty_when_everything_has_left():
    wiring = Wiring()
    play_plan(market(*quads((0, 350, 0, 300), (300,) * 4, (300,) * 4)), [entry()], THREE, wiring)
    assert wiring.books[1].get_status() == {"groups": 0, "open_tickets": 0, "under_way": 0, "placed_in_all": 1}
    assert wiring.books[1].state() == {"last": 1, "plans": [], "groups": []}
