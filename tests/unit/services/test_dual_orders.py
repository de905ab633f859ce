"""Dual orders on two simulators: every answer is worked out by hand from zepix's rules (section 4) and docs/fills.md.

EURUSD, a spread of 10 points: a buy enters at 110_010 where the bid opens at 110_000, and leaves on the bid. 0.05 lots
are 0.05 USD a point: 10 USD are 200 points, 7 USD are 140.
"""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.unit.services.exits_play import BROKERS, Trader, Wiring, play, rows
from tests.world import Market, alert, bars, flat, instrument, market
from zepix.errors import ConnectionLost
from zepix.model import AccountSpec, Catalogue, Quantity, Refused, Side
from zepix.model.settings_dual_order import DualOrderSettings
from zepix.services.dual_plan import DualPlan

BOTH = {"on": True}


def entry(at=0.0, side="buy", lots=0.1, sl=1.09810, tp=1.10410, **fields):
    return alert(at, "entry", side, volume=lots, sl=sl, tp=tp, **fields)


def quads(*rest):
    return [(110_000,) * 4] + [tuple(110_000 + n for n in quad) for quad in rest]


def opened(played):
    """(role, steps, entry, stop, target, reason of the end) of every opening order."""
    return [(o.role, o.volume_steps, o.fill_points, o.sl, o.tp, o.status) for o in played.record.orders if o.opens]


@pytest.mark.parametrize("broker", BROKERS)
class TestLegs:
    def test_a_has_the_smart_stop_and_b_loses_ten_dollars(self, broker):
        played = play(market(*flat(3), broker=broker), [entry()], dual=BOTH)
        assert opened(played) == [
            ("A", 5, 110_010, 109_810, 110_410, "filled"),
            ("B", 5, 110_010, 109_810, 110_150, "filled"),
        ]
        result = played.plugin().result
        assert (result.order_a_status, result.order_b_status, result.error) == ("placed", "placed", "")
        assert (result.lots_a, result.lots_b, result.total_lot_size) == (Decimal("0.05"), Decimal("0.05"), 0.1)
        assert (result.chain_a, result.chain_b) == ("EURUSD_00000001", "PROFIT_EURUSD_00000001")
        assert [f.chain_id for f in played.record.fills] == ["EURUSD_00000001", "PROFIT_EURUSD_00000001"]

    def test_b_books_seven_dollars_at_the_broker(self, broker):
        played = play(market(*quads((0, 155, 0, 150)), broker=broker), [entry()], dual=BOTH)
        booked = played.record.fills[0]
        assert (booked.role, booked.exit_points, booked.exit_reason) == ("B", 110_150, "profit_booking")
        assert booked.gross_minor == 700

    def test_b_loses_ten_dollars_at_its_stop_wherever_it_was_filled(self, broker):
        """The entry waits for an open that lies 100 points higher: the stop is 200 points from that fill."""
        waits = entry(at=0.5, sl=1.09000, tp=1.12000)
        played = play(market(*quads((100, 100, 100, 100), (100, 100, -200, -150)), broker=broker), [waits], dual=BOTH)
        lost = next(f for f in played.record.fills if f.role == "B")
        assert (lost.entry_points, lost.exit_points, lost.exit_reason) == (110_110, 109_910, "sl")
        assert lost.gross_minor == -1000

    def test_a_without_a_target_aims_at_one_and_a_half_stops(self, broker):
        played = play(market(*flat(3), broker=broker), [entry(tp=None)], dual=BOTH)
        assert opened(played)[0] == ("A", 5, 110_010, 109_810, 110_310, "filled")

    def test_a_trails_from_half_its_stop_in_quarters_first_to_break_even(self, broker):
        """200 points of stop: 155 ahead is one step of 50 beyond the start of 100, so 50 ahead of the entry."""
        played = play(market(*quads((0, 165, 0, 160), (160, 160, 50, 55)), broker=broker), [entry()], dual=BOTH)
        assert played.plugin().trails["A"] == ((100, 50, 100),)
        assert rows(played) == [("B", 5, 110_150, "profit_booking"), ("A", 5, 110_060, "trailing")]

    def test_half_the_stop_ahead_is_break_even(self, broker):
        played = play(market(*quads((0, 115, 0, 110), (110, 110, 0, 5)), broker=broker), [entry()], dual=BOTH)
        assert rows(played)[0] == ("A", 5, 110_010, "trailing")

    def test_a_sell_is_the_mirror(self, broker):
        """Sold at 110_000; levels are met by the ask, 10 points above the bid."""
        sell = entry(side="sell", sl=1.10200, tp=1.09600)
        played = play(market(*quads((0, 0, -155, -150)), broker=broker), [sell], dual=BOTH)
        assert opened(played) == [
            ("A", 5, 110_000, 110_200, 109_600, "filled"),
            ("B", 5, 110_000, 110_200, 109_860, "filled"),
        ]
        assert rows(played)[0] == ("B", 5, 109_860, "profit_booking")

    def test_the_engine_books_by_a_watch_where_it_is_told_to(self, broker):
        """No target at the broker: the price is seen at the bar's end, B is closed at the next open."""
        wiring = Wiring(DualOrderSettings(booking_at="engine"))
        played = play(
            market(*quads((0, 155, 0, 145), (145, 145, 145, 145)), broker=broker), [entry()], wiring, dual=BOTH
        )
        assert opened(played)[1] == ("B", 5, 110_010, 109_810, 0, "filled")
        assert rows(played)[0] == ("B", 5, 110_145, "profit_booking")

    def test_v6_shares_the_alerts_stop_and_books_at_the_first_target(self, broker):
        v6 = {"order_b_sl": "alert", "profit_booking": False, "a_trailing": False, "tp_b": 1.10110}
        v6 |= {"break_even_at": "tp_b", "break_even_buffer": Quantity(2, "pips")}
        played = play(market(*quads((0, 115, 0, 60), (60, 60, 20, 25)), broker=broker), [entry(sl=1.09910)], dual=v6)
        assert opened(played) == [
            ("A", 5, 110_010, 109_910, 110_410, "filled"),
            ("B", 5, 110_010, 109_910, 110_110, "filled"),
        ]
        assert rows(played) == [("B", 5, 110_110, "tp"), ("A", 5, 110_030, "break_even")]

    def test_full_mode_gives_each_the_whole_lot(self, broker):
        wiring = Wiring(DualOrderSettings(split_mode="full"))
        played = play(market(*flat(3), broker=broker), [entry()], wiring, dual=BOTH)
        assert [(role, steps) for role, steps, *_ in opened(played)] == [("A", 10), ("B", 10)]
        assert played.plugin().result.total_lot_size == 0.2


@pytest.mark.parametrize("broker", BROKERS)
class TestFailuresOfOld:
    """Section 12 of the rules: what went wrong once cannot happen here."""

    def test_order_b_is_not_closed_within_three_seconds_by_its_own_spread(self, broker):
        """1.0 lot: 10 USD are 10 points, the spread itself. The floor of 3 spreads cuts B to 0.33 lots, 30 points."""
        wiring = Wiring()
        played = play(market(*quads((0, 5, -15, 0), (0, 0, 0, 0)), broker=broker), [entry(lots=2.0)], wiring, dual=BOTH)
        assert opened(played)[1] == ("B", 33, 110_010, 109_980, 110_010 + 22, "filled")
        assert [f.exit_reason for f in played.record.fills] == ["end_of_data", "end_of_data"]
        assert wiring.books[0].get_status()["quick_closes"] == 0
        numbers = played.plugin().result.numbers
        assert (numbers["b_lots_before"], numbers["b_lots"], numbers["b_floor_points"]) == (1.0, 0.33, 30)

    def test_the_floor_is_the_instruments_least_stop_where_that_is_more(self, broker):
        """0.0005 is 50 points: 10 USD are 0.20 lots. The stop's loss stays 10 USD."""
        careful = Catalogue([instrument("EURUSD", min_stop_distance=Decimal("0.0005"))])
        played = play(market(*flat(3), broker=broker, catalogue=careful), [entry(lots=2.0)], dual=BOTH)
        assert opened(played)[1][:4] == ("B", 20, 110_010, 109_960)

    def test_the_floor_is_the_stops_level_seen_from_the_closing_side(self, broker):
        """60 points from the bid are 70 from a fill at the ask: 10 USD are 0.14 lots, and 71 points."""
        strict = Catalogue([instrument("EURUSD", stops_level_points=60)])
        played = play(market(*flat(3), broker=broker, catalogue=strict), [entry(lots=2.0)], dual=BOTH)
        assert opened(played)[1][:4] == ("B", 14, 110_010, 109_939)
        assert [row[-1] for row in opened(played)] == ["filled", "filled"]

    def test_below_the_minimum_b_does_not_go_and_a_goes_alone(self, broker):
        """A spread of 400 points: at a floor of 1200 points 10 USD are 0.0083 lots."""
        wide = market(*flat(3), broker=broker, spread=400)
        played = play(wide, [entry(sl=1.09000, tp=1.13000)], dual=BOTH)
        assert [row[:2] for row in opened(played)] == [("A", 5)]
        result = played.plugin().result
        assert result.success and (result.order_a_status, result.order_b_status) == ("placed", "refused")
        assert result.order_b_error.startswith("volume_too_small: B would lose 10.0 at 1200 points")
        assert played.outcomes == [("filled", "")]
        assert "B would lose 10.0" in played.record.decisions[0].numbers["also_refused"]

    def test_ten_dollars_of_gold_are_two_dollars_of_price(self, broker):
        """Gold pip bug: 0.05 lots are 5 ounces; 10 USD are 2.00 of price, 7 USD 1.40. The stop loses 10 USD."""
        gold = Market(
            [bars(*flat(2, 2_000_000), (2_000_000, 2_000_000, 1_990_000, 1_990_000), symbol="XAUUSD", spread=100)]
        )
        gold.broker = broker
        buy = alert(0, "entry", "buy", symbol="XAUUSD", volume=0.1, sl=1980.0, tp=2040.0)
        played = play(gold, [buy], dual=BOTH)
        assert opened(played)[1] == ("B", 5, 2_000_100, 1_998_100, 2_001_500, "filled")
        lost = played.record.fills[0]
        assert (lost.role, lost.exit_reason, lost.gross_minor) == ("B", "sl", -1000)

    def test_ten_dollars_of_yen_go_by_the_rate(self, broker):
        """At 150.005 a point of 0.05 lots is 5 JPY, 0.0333 USD: 300.01 points are 300, which lose 10.00 USD or less."""
        yen = Market([bars(*flat(2, 150_000), (150_000, 150_000, 149_000, 150_000), symbol="USDJPY", spread=10)])
        yen.broker = broker
        buy = alert(0, "entry", "buy", symbol="USDJPY", volume=0.1, sl=148.0, tp=153.0)
        played = play(yen, [buy], dual=BOTH)
        assert opened(played)[1][:4] == ("B", 5, 150_010, 149_710)
        lost = played.record.fills[0]
        assert lost.exit_reason == "sl" and lost.gross_minor == -1000

    def test_a_refused_leg_leaves_no_orphan_and_takes_nothing_back(self, broker):
        """Margin for one leg alone: B is refused by the broker; A stands with its stop, and the book knows."""
        wiring = Wiring()
        poor = AccountSpec(balance=Decimal(80))
        played = play(market(*flat(3), broker=broker, account=poor), [entry()], wiring, dual=BOTH)
        assert [(o.role, o.status, o.reason) for o in played.record.orders] == [
            ("A", "filled", ""),
            ("B", "refused", "no_money"),
        ]
        assert [(f.role, f.initial_sl) for f in played.record.fills] == [("A", 109_810)]
        assert wiring.books[0].pairs() == []

    def test_both_legs_refused_is_a_refusal(self, broker):
        poor = AccountSpec(balance=Decimal(10))
        played = play(market(*flat(3), broker=broker, account=poor), [entry()], dual=BOTH)
        assert played.outcomes == [("refused", "no_money")]

    def test_a_stop_on_the_wrong_side_sends_b_alone_where_nobody_knows_a_better_one(self, broker):
        played = play(market(*flat(3), broker=broker), [entry(sl=1.10500)], dual=BOTH)
        assert [row[:2] for row in opened(played)] == [("B", 5)]
        result = played.plugin().result
        assert result.order_a_error.startswith("no_stop: the stop 1.105 of a buy at 1.1001 is on the wrong side")

    def test_a_stop_inside_the_spread_refuses_a_with_its_numbers(self, broker):
        """The stop lies 5 points below the bid; without a level of the instrument's own, 10 points are asked for."""
        played = play(market(*flat(3), broker=broker), [entry(sl=1.09995)], dual=BOTH)
        assert [row[0] for row in opened(played)] == ["B"]
        assert played.plugin().result.order_a_error.startswith("invalid_stops: A: the stop of a buy at 1.09995")

    def test_a_target_that_the_price_has_passed_refuses_its_leg_alone(self, broker):
        played = play(market(*flat(3), broker=broker), [entry(tp=1.09900)], dual=BOTH)
        assert [row[0] for row in opened(played)] == ["B"]
        assert played.plugin().result.reason == "invalid_stops"

    def test_half_a_minimum_lot_goes_as_a_alone(self, broker):
        played = play(market(*flat(3), broker=broker), [entry(lots=0.01)], dual=BOTH)
        assert [row[:2] for row in opened(played)] == [("A", 1)]
        assert played.plugin().result.order_b_error.startswith("volume_too_small")

    def test_split_lots_are_whole_steps(self, broker):
        """0.0625: six steps, three each; never 0.03125."""
        played = play(market(*flat(3), broker=broker), [entry(lots=0.0625)], dual=BOTH)
        assert [row[:2] for row in opened(played)] == [("A", 3), ("B", 3)]


class TestRouting:
    @pytest.mark.parametrize(
        ("fields", "roles"),
        [
            ({"logic": "LOGIC1"}, ["A", "B"]),
            ({"logic": "LOGIC9"}, ["A", "B"]),
            ({"timeframe": "1m"}, ["B"]),
            ({"timeframe": "5m"}, ["A", "B"]),
            ({"timeframe": "15m"}, ["A"]),
            ({"timeframe": "1h"}, ["A"]),
            ({"timeframe": "4h"}, ["A"]),
            ({"logic": "LOGIC1", "timeframe": "1m"}, ["A", "B"]),
            ({"timeframe": "1m", "routing": "order_a_only"}, ["A"]),
            ({}, ["A", "B"]),
        ],
    )
    def test_defaults_by_logic_and_timeframe(self, fields, roles):
        played = play(market(*flat(3)), [entry()], dual={"on": True, **fields})
        assert [row[0] for row in opened(played)] == roles

    def test_a_leg_that_goes_alone_has_the_whole_lot(self):
        played = play(market(*flat(3)), [entry()], dual={"timeframe": "15m"})
        assert opened(played)[0][:2] == ("A", 10)
        assert played.plugin().result.order_b_status == "not_routed"

    def test_a_logic_may_be_sent_another_way(self):
        wiring = Wiring(DualOrderSettings(per_logic_routing={"LOGIC1": "order_a_only"}))
        played = play(market(*flat(3)), [entry()], wiring, dual={"logic": "LOGIC1"})
        assert [row[0] for row in opened(played)] == ["A"]

    def test_a_logic_may_lose_more(self):
        """SL-1.1: 20 USD for LOGIC1 are 400 points of 0.05 lots."""
        wiring = Wiring(DualOrderSettings(b_loss_money_by_logic={"LOGIC1": 20.0}))
        played = play(market(*flat(3)), [entry()], wiring, dual={"logic": "LOGIC1"})
        assert opened(played)[1][3] == 109_610


class Table:
    """A stop table that always knows the same stop."""

    def __init__(self, answer):
        self.answer, self.asked = answer, []

    def calculate_sl_price(self, symbol, side, entry_price, lots, sl_multiplier=1.0):
        self.asked.append((symbol, side, entry_price, lots, sl_multiplier))
        return self.answer


@pytest.mark.parametrize("sl", [None, 1.10500, float("nan")])
def test_without_a_good_stop_the_table_is_asked(sl):
    table = Table(1.09510)
    played = play(market(*flat(3)), [entry(sl=sl, tp=None)], Wiring(stops=table), dual={"sl_multiplier": 2.5})
    assert table.asked == [("EURUSD", Side.BUY, 1.1001, Decimal("0.05"), 2.5)]
    assert opened(played)[0][3:5] == (109_510, 110_760)
    assert played.plugin().result.numbers["stop_from"] == "table"


@pytest.mark.parametrize("answer", [None, 1.2, Refused("no_stop", "no cell for it")])
def test_a_table_that_knows_none_refuses_a_alone(answer):
    played = play(market(*flat(3)), [entry(sl=None)], Wiring(stops=Table(answer)), dual=BOTH)
    assert [row[0] for row in opened(played)] == ["B"]
    assert played.plugin().result.order_a_error.startswith("no_stop")


@pytest.mark.parametrize("word", ["BUY", "Buy", "buy", " long "])
def test_the_side_is_an_enum_whatever_its_case(word):
    assert DualPlan(symbol="EURUSD", side=word, lots=Decimal(1)).side is Side.BUY


def test_what_is_no_side_is_no_order():
    with pytest.raises(ValueError, match="is no side"):
        DualPlan(symbol="EURUSD", side="up", lots=Decimal(1))


def test_an_unknown_routing_is_an_error_that_names_the_others():
    played = play(market(*flat(3)), [entry()], dual={"routing": "both"})
    assert played.outcomes == [("error", "strategy_error")]
    assert "order_a_only, order_b_only, dual_orders" in played.record.decisions[0].numbers["detail"]


def test_paused_refuses_both_legs():
    played = play(market(*flat(3)), [alert(0, "pause", None), entry(at=1)], dual=BOTH)
    assert opened(played) == []
    assert played.plugin().result.order_a_status == "refused"


def test_an_unknown_symbol_refuses_both():
    played = play(market(*flat(3)), [entry(symbol="NOPE")], dual=BOTH)
    assert played.outcomes == [("refused", "unknown_symbol")]


@pytest.mark.parametrize("lots", [0.0, -1.0, 0.004])
def test_sizes_that_are_none_are_refused(lots):
    played = play(market(*flat(3)), [entry(lots=lots)], dual=BOTH)
    assert played.outcomes == [("refused", "volume_too_small")]


def test_chain_ids_are_counted():
    played = play(market(*flat(5)), [entry(), entry(at=1), entry(at=2)], dual=BOTH)
    assert sorted({f.chain_id for f in played.record.fills if f.role == "B"}) == [
        f"PROFIT_EURUSD_0000000{n}" for n in (1, 2, 3)
    ]


def test_slippage_makes_a_stop_within_the_first_bar_count_as_quick_only_where_it_is():
    """A bar is a minute: a stop hit at its end has lived 60 s; only one gapped at the very open is quick."""
    wiring = Wiring(DualOrderSettings(quick_close_s=60))
    play(market(*quads((0, 0, -400, -400))), [entry(at=1)], wiring, dual=BOTH)
    assert wiring.books[0].quick_closes == 1


def test_a_wire_that_breaks_at_one_leg_leaves_the_other_and_says_so():
    """An order that is live is never reported as an error of the whole."""
    wiring = Wiring()

    def broken(simulation):
        wiring(simulation)
        orders = simulation.apis["trader"].get_service("order")
        place = orders.place_order

        async def place_order(*args, **kwargs):
            if kwargs["role"] == "B":
                raise ConnectionLost("the line is dead")
            return await place(*args, **kwargs)

        orders.__dict__["place_order"] = place_order

    played = market(*flat(3)).play([entry()], Trader, before=broken, dual=BOTH)
    result = played.plugin().result
    assert (result.order_a_status, result.order_b_status) == ("placed", "error")
    assert result.order_b_error == "ConnectionLost: the line is dead"
    assert [row[:2] for row in opened(played)] == [("A", 5)]
