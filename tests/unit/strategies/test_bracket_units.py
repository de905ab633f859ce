"""`bracket` with numbers in every unit, on both brokers; answers worked out by hand.

EURUSD stands at 1.10000 to 1.10010 (a point is 0.00001, a pip ten of them, a lot 100,000 EUR: 1 USD a point), the
account holds 10,000 USD. A buy fills at 110_010 points, a sell at 110_000.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.strategies.bracket_play import BRACKET, closes, words
from tests.world import Market, Played, Quad, alert, bars, flat
from zepix.model import Alert, Quantity

FLAT8 = flat(8)
SETTING = "dialects.pineconnector.target_type"


def q(value: float, unit: str) -> Quantity:
    return Quantity(value, unit, SETTING if unit == "unknown" else "")


@pytest.fixture(params=["shadow", "backtrader"])
def broker(request: pytest.FixtureRequest) -> str:
    if request.param == "backtrader":
        pytest.importorskip("backtrader")
    return str(request.param)


def play(broker: str, *alerts: Alert, quads: list[Quad | None] | None = None, **settings: Any) -> Played:
    return Market([bars(*(quads or FLAT8))], broker=broker).play(alerts, BRACKET, **settings)


def levels(played: Played) -> tuple[int, int, int]:
    """(steps, stop, target) of the only ticket."""
    (fill,) = played.record.fills
    return fill.steps, fill.sl, fill.tp


def refusals(played: Played) -> list[tuple[str, str]]:
    """(reason, detail) of each decision that is a refusal."""
    return [(d.reason, str(d.numbers.get("detail", ""))) for d in played.record.decisions if d.outcome == "refused"]


# --- stops and targets ----------------------------------------------------------------------------------------------

LEVELS: dict[str, tuple[str, Quantity, Quantity, int, int]] = {  # side, stop, target, both in points
    "pips": ("buy", q(20, "pips"), q(40, "pips"), 109_810, 110_410),
    "pips of a sell": ("sell", q(20, "pips"), q(40, "pips"), 110_200, 109_600),
    "half a pip": ("buy", q(20.5, "pips"), q(40.5, "pips"), 109_805, 110_415),
    "points": ("buy", q(150, "points"), q(250, "points"), 109_860, 110_260),
    "a distance in price": ("buy", q(0.00123, "distance"), q(0.002, "distance"), 109_887, 110_210),
    # 0.1 % of 1.10010 is 110.01 points, 0.2 % 220.02
    "per cent of the entry": ("buy", q(0.001, "fraction"), q(0.002, "fraction"), 109_900, 110_230),
    "per cent of a sell's entry": ("sell", q(0.001, "fraction"), q(0.002, "fraction"), 110_110, 109_780),
    # 0.1 lots are 0.1 USD a point: 50 USD are 500 points
    "money": ("buy", q(50, "money"), q(25, "money"), 109_510, 110_260),
    "money of a sell": ("sell", q(50, "money"), q(25, "money"), 110_500, 109_750),
    "a price that says so": ("buy", q(1.0995, "price"), q(1.1006, "price"), 109_950, 110_060),
}


@pytest.mark.parametrize(("side", "sl", "tp", "stop", "target"), LEVELS.values(), ids=LEVELS)
def test_stop_and_target(broker: str, side: str, sl: Quantity, tp: Quantity, stop: int, target: int) -> None:
    assert levels(play(broker, alert(1, side=side, sl=sl, tp=tp))) == (10, stop, target)


def test_a_distance_counts_from_the_fill_not_from_the_price_at_the_decision(broker: str) -> None:
    """Decided at half past, filled at the next open, 50 points higher."""
    quads: list[Quad | None] = [*flat(2), *flat(6, 110_050)]
    assert levels(play(broker, alert(1.5, sl=q(20, "pips"), tp=q(40, "pips")), quads=quads)) == (10, 109_860, 110_460)


def test_one_level_may_be_a_price_and_the_other_a_distance(broker: str) -> None:
    assert levels(play(broker, alert(1, sl=1.0995, tp=q(40, "pips")))) == (10, 109_950, 110_410)


def test_a_stop_in_money_is_of_the_lots_that_are_traded(broker: str) -> None:
    """0.019 lots are cut to 0.01: 5 USD are 500 points."""
    assert levels(play(broker, alert(1, volume=0.019, sl=q(5, "money")))) == (1, 109_510, 0)


# --- volumes --------------------------------------------------------------------------------------------------------

STOP: dict[str, Any] = {"sl": q(20, "pips")}  # 200 points: 200 USD a lot
VOLUMES: dict[str, tuple[dict[str, Any], int]] = {  # steps of 0.01 lots
    "lots": ({"volume": q(0.25, "lots")}, 25),
    "base units": ({"volume": q(25_000, "units")}, 25),
    "base units, cut": ({"volume": q(1_999, "units")}, 1),
    # 110,010 USD a lot
    "money's worth of the position": ({"volume": q(11_001, "notional")}, 10),
    "money's worth, cut": ({"volume": q(12_000, "notional")}, 10),
    "money at risk": ({"volume": q(100, "money"), **STOP}, 50),
    "per cent of the balance at risk": ({"volume": q(1, "percent_balance"), **STOP}, 50),
    "per cent of the equity at risk": ({"volume": q(0.5, "percent_equity"), **STOP}, 25),
    "at risk to a stop that is a price": ({"volume": q(1, "percent_balance"), "sl": 1.0981}, 50),
    "at risk, a sell": ({"volume": q(1, "percent_balance"), "side": "sell", "sl": 1.1040}, 25),
    # 0.2 % of 1.1001 is 220.02 points: 100 / 220.02 = 0.4545
    "at risk to a stop in per cent": ({"volume": q(1, "percent_balance"), "sl": q(0.002, "fraction")}, 45),
}


@pytest.mark.parametrize(("fields", "steps"), VOLUMES.values(), ids=VOLUMES)
def test_volume(broker: str, fields: dict[str, Any], steps: int) -> None:
    assert levels(play(broker, alert(1, **fields)))[0] == steps


def test_per_cent_of_the_equity_counts_what_is_open(broker: str) -> None:
    """1 lot bought at 110_010 and worth 110_000 is 10 USD behind: 1 % of 9,990 over 200 USD a lot."""
    played = play(broker, alert(1, volume=1.0), alert(2, volume=q(1, "percent_equity"), **STOP))
    assert [f.steps for f in sorted(played.record.fills)] == [100, 49]


def test_risk_is_of_the_stop_that_keeps_its_distance_from_the_alerts_price(broker: str) -> None:
    """levels = distance: 1.0980 is 200 points from the alert's 1.1000, though 210 from our 1.1001."""
    asked = alert(1, price=1.1, sl=1.0980, volume=q(1, "percent_balance"))
    assert levels(play(broker, asked, levels="distance")) == (50, 109_810, 0)
    assert levels(play(broker, asked)) == (47, 109_800, 0)


YEN: list[Quad | None] = [(150_000, 150_000, 150_000, 150_000)] * 8
YEN_CASES: dict[str, tuple[dict[str, Any], tuple[int, int]]] = {  # a lot: 100 JPY a point; 150.005 JPY a USD
    # 20 pips are 20,000 JPY a lot, 133.33 USD: 100 / 133.33 = 0.75003
    "per cent at risk": ({"volume": q(1, "percent_balance"), "sl": q(20, "pips")}, (75, 149_810)),
    # 50 USD are 7,500.25 JPY: 750.025 points of 0.1 lots
    "a stop in money": ({"volume": 0.1, "sl": q(50, "money")}, (10, 149_260)),
    # 150.01 JPY / 150.005 JPY is a little above a dollar: 20,000 USD are a little less than 0.2 lots
    "money's worth": ({"volume": q(20_000, "notional")}, (19, 0)),
}


@pytest.mark.parametrize(("fields", "expected"), YEN_CASES.values(), ids=YEN_CASES)
def test_money_of_an_instrument_that_is_paid_in_yen(
    broker: str, fields: dict[str, Any], expected: tuple[int, int]
) -> None:
    prices = Market([bars(*YEN, symbol="USDJPY")], broker=broker)
    assert levels(prices.play([alert(1, symbol="USDJPY", **fields)], BRACKET))[:2] == expected


# --- refusals -------------------------------------------------------------------------------------------------------

PENDING = {"order_type": "limit"}
REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {  # fields, reason, what the detail says
    "a stop of no unit": ({"sl": q(20, "unknown")}, "unit_unknown", SETTING),
    "a target of no unit": ({"tp": q(20, "unknown")}, "unit_unknown", SETTING),
    "a volume of no unit": ({"volume": q(1, "unknown")}, "unit_unknown", SETTING),
    "a pending price of no unit": ({"entry_price": q(1, "unknown"), **PENDING}, "unit_unknown", SETTING),
    "a break-even of no unit": ({"break_even_points": q(1, "unknown")}, "unit_unknown", SETTING),
    "a trail of no unit": (
        {"trailing": {"start": q(1, "unknown"), "step": 1, "distance": 1}}, "unit_unknown", SETTING),
    "a spread of no unit": ({"max_spread": q(1, "unknown")}, "unit_unknown", SETTING),
    "a volume that is a distance": ({"volume": q(1, "pips")}, "unit_unknown", "1 pips"),
    "a stop that is a volume": ({"sl": q(1, "lots")}, "unit_unknown", "1 lots"),
    "a negative distance": ({"sl": q(-20, "pips")}, "unit_unknown", "-20 pips"),
    "risk without a stop": ({"volume": q(1, "percent_balance")}, "no_stop_for_risk", "percent_balance"),
    "risk to a stop of 0": ({"volume": q(1, "money"), "sl": 0.0}, "no_stop_for_risk", "money"),
    "risk to a stop that needs the volume": (
        {"volume": q(1, "percent_equity"), "sl": q(50, "money")}, "no_volume_for_money", "50 money"),
    "less than a step": ({"volume": q(999, "units")}, "volume_too_small", ""),
    "less than a step at risk": ({"volume": q(1, "money"), **STOP}, "volume_too_small", ""),
    "more than there may be": ({"volume": q(99, "percent_balance"), "sl": q(1, "pips")}, "volume_too_large", ""),
    "a spread of 1 pip above 0.9": ({"max_spread": q(0.9, "pips")}, "spread_too_wide", ""),
    "a spread of 10 points above 9.6": ({"max_spread": q(0.96, "pips")}, "spread_too_wide", ""),
    "a break-even of nothing": ({"break_even_points": q(0, "pips")}, "invalid_trailing", ""),
}  # fmt: skip


@pytest.mark.parametrize(("fields", "reason", "part"), REFUSED.values(), ids=REFUSED)
def test_refused_with_a_stable_word(broker: str, fields: dict[str, Any], reason: str, part: str) -> None:
    played = play(broker, alert(1, **fields))
    ((found, detail),) = refusals(played)
    assert found == reason
    assert part in detail
    assert played.record.fills == []


def test_a_spread_as_wide_as_allowed_is_let_in(broker: str) -> None:
    assert words(play(broker, alert(1, max_spread=q(1, "pips")))) == ["filled"]


def test_paused_by_an_alert_until_resumed_and_exits_go_on(broker: str) -> None:
    pause, resume = alert(2, "pause", None), alert(5, "resume", None)
    played = play(broker, alert(1), pause, alert(3), alert(4, "exit", "buy"), resume, alert(6))
    assert [o for o, _ in played.outcomes] == ["filled", "info", "refused", "closed", "info", "filled"]
    assert refusals(played)[0][0] == "paused_by_alert"


def test_a_pause_is_of_its_symbol(broker: str) -> None:
    prices = Market([bars(*FLAT8), bars(*flat(8, 127_000), symbol="GBPUSD")], broker=broker)
    played = prices.play([alert(1, "pause", None), alert(2, symbol="GBPUSD", id="g"), alert(3)], BRACKET)
    assert words(played)[1:] == ["filled", "paused_by_alert"]


# --- pending orders -------------------------------------------------------------------------------------------------

AWAY: dict[str, tuple[str, str, Quantity, int]] = {  # side, kind, distance, the order's price in points
    "a buy limit lies below the ask": ("buy", "limit", q(10, "pips"), 109_910),
    "a buy stop above": ("buy", "stop", q(10, "pips"), 110_110),
    "a sell limit above the bid": ("sell", "limit", q(10, "pips"), 110_100),
    "a sell stop below": ("sell", "stop", q(10, "pips"), 109_900),
    "points": ("buy", "limit", q(55, "points"), 109_955),
    "per cent of the ask": ("buy", "limit", q(0.001, "fraction"), 109_900),  # 110.01 points
    "a price that says so": ("buy", "limit", q(1.099, "price"), 109_900),
}


@pytest.mark.parametrize(("side", "kind", "away", "price"), AWAY.values(), ids=AWAY)
def test_pending_price_at_a_distance(broker: str, side: str, kind: str, away: Quantity, price: int) -> None:
    played = play(broker, alert(1, side=side, order_type=kind, entry_price=away))
    (order,) = played.record.orders
    assert (order.kind, order.price, order.reason) == (kind, price, "end_of_data")


def test_pending_order_fills_and_its_stop_counts_from_there(broker: str) -> None:
    quads: list[Quad | None] = [*flat(3), (110_000, 110_000, 109_890, 109_900), *flat(3, 109_900)]
    asked = alert(1, order_type="limit", entry_price=q(10, "pips"), sl=q(20, "pips"), tp=q(30, "pips"))
    played = play(broker, asked, quads=quads)
    (fill,) = played.record.fills
    assert (fill.entry_points, fill.sl, fill.tp) == (109_910, 109_710, 110_210)


def test_per_cent_of_a_stop_limits_limit(broker: str) -> None:
    """1 % of the limit 1.1010, not of the trigger 1.1020."""
    asked = alert(1, order_type="stop_limit", entry_price=1.1020, limit_price=1.1010, sl=q(0.01, "fraction"))
    (order,) = play(broker, asked).record.orders
    assert order.sl_offset == -1101


def test_risk_of_a_pending_order_is_from_its_own_price(broker: str) -> None:
    """1.0990 to 1.0970 are 200 points."""
    asked = alert(1, order_type="limit", entry_price=1.0990, sl=1.0970, volume=q(1, "percent_balance"))
    (order,) = play(broker, asked).record.orders
    assert order.volume_steps == 50


def test_break_even_and_trailing_in_pips(broker: str) -> None:
    """Bought at 110_010; 25 pips up the stop follows 10 pips behind, and what falls back is stopped out there."""
    quads: list[Quad | None] = [*flat(2), (110_000, 110_260, 110_000, 110_260), *flat(2, 110_100)]
    trail = {"start": q(20, "pips"), "step": q(5, "pips"), "distance": q(10, "pips")}
    played = play(broker, alert(1, sl=q(50, "pips"), trailing=trail), quads=quads)
    # 250 points ahead: 110_010 + 200 + 50 - 100; the next bar opens below it
    assert closes(played) == [(1, "trailing", 110_100)]
    assert played.record.fills[0].sl == 110_160


def test_a_trail_without_a_step_moves_once_to_an_offset_ahead_of_the_entry(broker: str) -> None:
    """betrigger=20, beoffset=5: 20 pips up the stop goes to 5 pips ahead of 110_010."""
    quads: list[Quad | None] = [*flat(2), (110_000, 110_400, 110_000, 110_300), *flat(3, 110_300)]
    trail = {"start": q(20, "pips"), "step": q(0, "pips"), "distance": q(15, "pips")}
    played = play(broker, alert(1, sl=q(50, "pips"), trailing=trail), quads=quads)
    assert played.record.fills[0].sl == 110_060


# --- changes --------------------------------------------------------------------------------------------------------

CHANGES: dict[str, tuple[dict[str, Any], int, int]] = {  # what is changed; stop and target of a buy at 110_010
    "pips": ({"sl": q(20, "pips"), "tp": q(30, "pips")}, 109_810, 110_310),
    "only the stop": ({"sl": q(20, "pips")}, 109_810, 110_500),
    "per cent of the entry": ({"sl": q(0.001, "fraction")}, 109_900, 110_500),
    "money of its lots": ({"sl": q(10, "money")}, 109_910, 110_500),
    "a distance of 0 takes it away": ({"sl": q(0, "pips"), "tp": q(30, "pips")}, 0, 110_310),
    "a price and a distance": ({"sl": 1.0985, "tp": q(30, "pips")}, 109_850, 110_310),
}


@pytest.mark.parametrize(("change", "stop", "target"), CHANGES.values(), ids=CHANGES)
def test_change_by_a_distance_from_the_tickets_entry(
    broker: str, change: dict[str, Any], stop: int, target: int
) -> None:
    played = play(broker, alert(1, sl=1.095, tp=1.105), alert(3, "modify", "buy", **change))
    assert played.outcomes[1] == ("working", "modified")
    assert levels(played) == (10, stop, target)


def test_each_ticket_and_each_pending_order_counts_from_its_own_entry(broker: str) -> None:
    """Bought at 110_010 and 110_110; the limit at 109_900 fills as the price falls, and stops out the second."""
    quads: list[Quad | None] = [*flat(2), *flat(4, 110_100), (110_100, 110_100, 109_880, 109_900), *flat(2, 109_900)]
    change = alert(5, "modify", "buy", sl=q(20, "pips"))
    asked = [alert(1), alert(3), alert(4, order_type="limit", entry_price=1.0990, id="p"), change]
    played = play(broker, *asked, quads=quads)
    assert [f.sl for f in sorted(played.record.fills)] == [109_810, 109_910, 109_700]


def test_change_of_no_unit_is_refused_and_changes_nothing(broker: str) -> None:
    played = play(broker, alert(1, sl=1.095), alert(3, "modify", "buy", sl=q(20, "unknown")))
    assert refusals(played)[0][0] == "unit_unknown"
    assert SETTING in refusals(played)[0][1]
    assert levels(played)[1] == 109_500


def test_change_by_a_distance_of_nothing_open_is_ignored(broker: str) -> None:
    assert play(broker, alert(1, "modify", "buy", sl=q(20, "pips"))).outcomes == [("ignored", "nothing_to_modify")]


@pytest.mark.parametrize(("side", "stop"), [("buy", 110_300), ("sell", 110_710)])
def test_change_that_counts_from_the_price_of_the_moment(broker: str, side: str, stop: int) -> None:
    """20 pips from the 110_500 that closing a buy would get, or the 110_510 that closing a sell would pay."""
    quads: list[Quad | None] = [*flat(3), *flat(5, 110_500)]
    change = alert(5, "modify", side, sl=q(20, "pips"), fields={"applies_to": "tickets", "levels_from": "market"})
    assert levels(play(broker, alert(1, side=side), change, quads=quads))[1] == stop


# --- closes ---------------------------------------------------------------------------------------------------------


def test_a_share_of_what_is_left_after_an_earlier_part(broker: str) -> None:
    """A quarter of 100 steps, half of the 75 left (37.5, cut), the rest."""
    shares = [{"close_frac": 0.25}, {"close_left_frac": 0.5}, {"close_left_frac": 1.0}]
    exits = [alert(2 + n, "exit", "buy", **share) for n, share in enumerate(shares)]
    played = play(broker, alert(1, volume=1.0), *exits)
    assert [o for o, _ in played.outcomes] == ["filled", "closed", "closed", "closed"]
    assert [f.steps for f in sorted(played.record.fills, key=lambda f: f.exit_ns)] == [25, 37, 38]


@pytest.mark.parametrize("share", [0.1, 0.3, 1 / 3, 0.7, 0.99])
def test_a_share_of_odd_rests_is_cut_to_whole_steps(broker: str, share: float) -> None:
    """0.07 lots less 0.03 leave 4 steps."""
    played = play(broker, alert(1, volume=0.07), alert(2, "exit", "buy", close_frac=0.43),
                  alert(3, "exit", "buy", close_left_frac=share))  # fmt: skip
    wanted = int(share * 4)
    parts = [f.steps for f in sorted(played.record.fills, key=lambda f: f.exit_ns)]
    assert parts == ([3, wanted, 4 - wanted] if wanted else [3, 4])
    assert played.outcomes[2] == (("closed", "") if wanted else ("refused", "volume_too_small"))


def test_a_share_of_what_is_left_of_one_alerts_ticket(broker: str) -> None:
    played = play(broker, alert(1, id="A"), alert(2, id="B"), alert(3, "exit", None, close_left_frac=0.5, ref="A"))
    closed = [(f.ticket, f.steps) for f in played.record.fills if f.exit_reason == "signal"]
    assert closed == [(1, 5)]


def test_a_close_of_tickets_leaves_pending_orders_alone(broker: str) -> None:
    only = {"applies_to": "tickets"}
    asked = [alert(1), alert(1.5, order_type="limit", entry_price=1.09, id="p"), alert(3, "exit", "buy", fields=only)]
    played = play(broker, *asked, alert(4, "exit", "buy", fields=only))
    assert played.outcomes[1:] == [("expired", "end_of_data"), ("closed", ""), ("ignored", "nothing_to_close")]
    assert play(broker, *asked[:2], alert(3, "exit", "buy")).outcomes[1] == ("expired", "exit")


def test_a_change_of_stop_orders_leaves_tickets_and_limits_alone(broker: str) -> None:
    """Up to the stop order at 112_000, whose ticket gets the stop; then down through the limit order at 109_000."""
    quads: list[Quad | None] = [*flat(5), (110_000, 112_100, 110_000, 112_100), (112_100, 112_100, 108_000, 108_000)]
    asked = [
        alert(1, sl=1.07),
        alert(2, order_type="limit", entry_price=1.09, id="l"),
        alert(3, order_type="stop", entry_price=1.12, id="s"),
        alert(4, "modify", "buy", sl=q(20, "pips"), fields={"applies_to": "stop"}),
    ]
    played = play(broker, *asked, quads=[*quads, *flat(2, 108_000)])
    assert {f.entry_points: f.sl for f in played.record.fills} == {110_010: 107_000, 112_000: 111_800, 109_000: 0}


def test_reversal_of_the_same_side_replaces_its_ticket(broker: str) -> None:
    played = play(broker, alert(1), alert(2, side="sell"), alert(3, "reversal", "buy", closing="same"))
    assert [(f.ticket, f.side, f.exit_reason) for f in sorted(played.record.fills)] == [
        (1, 1, "reversal"),
        (2, -1, "end_of_data"),
        (3, 1, "end_of_data"),
    ]


def test_reversal_of_both_sides_closes_everything_first(broker: str) -> None:
    played = play(broker, alert(1), alert(2, side="sell"), alert(3, "reversal", "sell", closing="all"))
    assert [why for _, why, _ in closes(played)] == ["reversal", "reversal", "end_of_data"]
    assert sorted(played.record.fills)[2].side == -1


@pytest.mark.parametrize("closing", ["same", "all"])
def test_one_at_a_time_does_not_count_what_is_replaced(broker: str, closing: str) -> None:
    played = play(broker, alert(1), alert(3, "reversal", "buy", closing=closing), one_at_a_time=True)
    assert words(played) == ["filled", "filled"]
    assert [why for _, why, _ in closes(played)] == ["reversal", "end_of_data"]


def test_reversal_of_tickets_leaves_pending_orders_alone(broker: str) -> None:
    pending = alert(1.5, order_type="limit", entry_price=1.09, id="p")
    only = {"applies_to": "tickets"}
    played = play(broker, alert(1), pending, alert(3, "reversal", "sell", fields=only))
    assert played.outcomes == [("filled", ""), ("expired", "end_of_data"), ("filled", "")]
    assert [why for _, why, _ in closes(played)] == ["reversal", "end_of_data"]


def test_reversal_in_an_unknown_unit_closes_and_does_not_enter(broker: str) -> None:
    played = play(broker, alert(1), alert(3, "reversal", "sell", sl=q(20, "unknown")))
    assert words(played) == ["filled", "unit_unknown"]
    assert closes(played) == [(1, "reversal", 110_000)]
