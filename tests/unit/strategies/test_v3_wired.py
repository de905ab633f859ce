"""V3 on the real services and both brokers: lots, stops, targets, pillars, limits; answers computed by hand.

Bars are flat at 110_000 (ask 110_010); 0.01 lots are 0.01 USD a point, and the alert's stop is 210 points away.
"""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.unit.strategies.fakes import shipped
from tests.unit.strategies.v3_fakes import V3, config_of, play, v3_alert, v3_exit, v3_pulse, v3_squeeze
from tests.world import flat, market
from zepix.model import AccountSpec
from zepix.model.settings_autonomous import AutonomousSettings, ReverseShieldSettings
from zepix.model.settings_dual_order import DualOrderSettings
from zepix.model.settings_profit_booking import ProfitBookingSettings
from zepix.model.settings_reentry import ReentrySettings
from zepix.model.settings_risk import RiskSettings

BROKERS = ("shadow", "backtrader")
CODES = {"LOGIC1": "5", "LOGIC2": "15", "LOGIC3": "60"}
TABLE_14_3 = [  # base, score, logic, lots of A and of B
    ("10000", 9, "LOGIC1", 3, 3),
    ("10000", 9, "LOGIC2", 3, 2),
    ("10000", 9, "LOGIC3", 2, 1),
    ("10000", 7, "LOGIC1", 3, 2),
    ("10000", 7, "LOGIC2", 2, 2),
    ("10000", 7, "LOGIC3", 1, 1),
    ("25000", 9, "LOGIC1", 6, 6),
    ("25000", 9, "LOGIC2", 5, 5),
    ("25000", 9, "LOGIC3", 3, 3),
    ("25000", 7, "LOGIC1", 5, 5),
    ("25000", 7, "LOGIC2", 4, 4),
    ("25000", 7, "LOGIC3", 3, 2),
    ("5000", 9, "LOGIC1", 1, 0),
    ("5000", 9, "LOGIC2", 1, 0),
]


def on(broker, *rows, account=None):
    found = market(*(rows or flat(40)), account=account or AccountSpec())
    found.broker = broker
    return found


def tier(name, **more):
    return RiskSettings(default_risk_tier=name, **more)


def legs(played):
    """(role, steps) of every opening order."""
    return [(o.role, o.volume_steps) for o in played.record.orders if o.opens]


@pytest.mark.parametrize("broker", BROKERS)
@pytest.mark.parametrize("side", ["buy", "sell"])
@pytest.mark.parametrize(("name", "score", "logic", "a", "b"), TABLE_14_3)
def test_lots_of_the_page(name, score, logic, a, b, side, broker):
    """§14.3: base 0.05 and 0.10, scores 9 and 7; floored to the step, B the floored half, A the rest."""
    sent = v3_alert(1, side=side, tf=CODES[logic], score=score if side == "buy" else 9 - score)
    played = play(on(broker), [sent], risk=tier(name))
    assert legs(played) == [("A", a), ("B", b)][: 2 if b else 1]
    assert played.outcomes == [("filled", "")]
    if not b:
        assert played.record.decisions[0].numbers["b_left_out"] == "volume_too_small"


def test_lots_below_the_least_are_refused():
    """0.01 x 0.625 is 0.00625: less than a hundredth, so not even A goes."""
    played = play(on("shadow"), [v3_alert(1, tf="60", score=9)], risk=tier("5000"))
    assert played.outcomes == [("refused", "volume_too_small")]


@pytest.mark.parametrize("broker", BROKERS)
def test_a_rides_and_b_books(broker):
    """LOGIC1 of 9: 0.03 and 0.03. A: stop 1.098, TP2 1.106, trails. B, from its fill at 110_010: ten dollars are 333
    points of 0.03 lots, seven are 234, rounded up (§14.2: 100 and 70 pips of 0.01)."""
    played = play(on(broker), [v3_alert(1, score=9)], risk=tier("10000"))
    tickets = {f.role: f for f in played.record.fills}
    a, b = tickets["A"], tickets["B"]
    assert (a.entry_points, a.initial_sl, a.initial_tp) == (110_010, 109_800, 110_600)
    assert (b.entry_points, b.initial_sl, b.initial_tp) == (110_010, 109_677, 110_244)
    orders = {o.role: o for o in played.record.orders}
    assert [tuple(trail) for trail in orders["A"].trails] == [(105, 53, 105)]
    assert (orders["B"].trails, orders["B"].target_reason) == ((), "profit_booking")


@pytest.mark.parametrize("broker", BROKERS)
def test_b_has_tp1_where_nothing_is_booked(broker):
    """§2.6: no TP1 on B when profit booking is on; else TP1."""
    quiet = DualOrderSettings(profit_booking=False)
    played = play(on(broker), [v3_alert(1, score=9)], risk=tier("10000"), dual_order=quiet)
    b = next(f for f in played.record.fills if f.role == "B")
    assert (b.initial_tp, b.initial_sl) == (110_300, 109_677)


@pytest.mark.parametrize("broker", BROKERS)
def test_b_books_seven_dollars_and_a_rides_on(broker):
    rows = [(110_000,) * 4] * 3 + [(110_000, 110_260, 110_000, 110_250)] + [(110_250,) * 4] * 6
    played = play(on(broker, *rows), [v3_alert(1, score=9)], risk=tier("10000"))
    ended = {f.role: (f.exit_reason, f.exit_points, f.pnl_minor) for f in played.record.fills}
    assert ended["B"] == ("profit_booking", 110_244, 702)
    assert ended["A"][0] == "end_of_data"


STOPS = [("LOGIC1", 1500), ("LOGIC2", 2250), ("LOGIC3", 3750)]


@pytest.mark.parametrize(("logic", "points"), STOPS)
def test_the_logic_multiplies_only_stops_that_the_bot_makes(logic, points):
    """§2.2: 150 pips of EURUSD's table times 1.0, 1.5, 2.5; the alert's own stop stays where it is."""
    for sent, expected in (
        (v3_alert(1, tf=CODES[logic], score=9, sl_price=None), 110_010 - points),
        (v3_alert(1, tf=CODES[logic], score=9), 109_800),
    ):
        played = play(on("shadow"), [sent], risk=tier("10000"))
        a = next(o for o in played.record.orders if o.role == "A")
        assert a.sl == expected


@pytest.mark.parametrize("broker", BROKERS)
@pytest.mark.parametrize(
    ("case", "side", "stop"),
    [
        ("above a buy", "buy", 1.101),
        ("at the bid of a buy", "buy", 1.1),
        ("inside its spread", "buy", 1.10005),
        ("below a sell", "sell", 1.099),
        ("inside the spread of a sell", "sell", 1.10005),
    ],
)
def test_a_stop_on_the_wrong_side_gives_way_to_the_table(case, side, stop, broker):
    """§12.1: invalid stops 10016, both legs failed. §2.6: present and on the right side, else the table's."""
    sent = v3_alert(1, side=side, score=9 if side == "buy" else 0, sl_price=stop)
    played = play(on(broker), [sent], risk=tier("10000"))
    assert played.outcomes == [("filled", "")], case
    a = next(o for o in played.record.orders if o.role == "A")
    assert a.sl == (110_010 - 1500 if side == "buy" else 110_000 + 1500)
    numbers = played.record.decisions[0].numbers
    assert (numbers["sl_source"], numbers["sl_asked"]) == ("sl-1", stop)
    refused = play(on(broker), [sent], risk=tier("10000", wrong_side_stop="refuse"))
    assert refused.outcomes == [("refused", "invalid_stops")]


def test_a_missing_second_target_is_made_of_the_stop():
    """§2.6: RR 1.5; the stop is 210 points from the ask."""
    played = play(on("shadow"), [v3_alert(1, score=9, tp2_price=None, tp1_price=None)], risk=tier("10000"))
    a = next(f for f in played.record.fills if f.role == "A")
    assert a.initial_tp == 110_010 + 315


# --- pillars (§2.4, §14.6) -------------------------------------------------------------------------------------------

ASKED = {"bypass_trend_check": False}
FIVE, SIX = "1,1,-1,1,1", "0,1,1,-1,1,1"


def pillars(side, *told, mtf=None, **settings):
    """What becomes of an entry whose trends are required; ``mtf``: what it says itself."""
    sent = v3_alert(5, side=side, mtf_trends=mtf)
    played = play(on("shadow"), [*told, sent], config_of(**{**ASKED, **settings}), risk=tier("10000"))
    row = played.record.decisions[-1]
    return row.reason or row.outcome, row.numbers.get("trends_aligned")


@pytest.mark.parametrize("form", [FIVE, SIX], ids=["five values", "six values"])
def test_three_of_four_pillars(form):
    """§14.6: both texts say 1d 1, 4h 1, 1h -1, 15m 1. A buy has three of four, a sell one."""
    assert pillars("buy", mtf=form) == ("filled", 3)
    assert pillars("sell", mtf=form) == ("trend_mismatch", 1)


def test_five_and_six_values_may_stand_where_the_other_is_usual():
    """Bad input: an entry with six, a pulse with five. The number of values says the order."""
    assert pillars("buy", v3_pulse(1, SIX)) == ("filled", 3)
    assert pillars("buy", v3_pulse(1, FIVE)) == ("filled", 3)
    assert pillars("buy", v3_pulse(1, "-1,-1,-1,-1,-1,-1"), mtf=SIX) == ("filled", 3), "the younger counts"


def test_two_of_four_are_not_enough_and_zero_counts_for_nobody():
    assert pillars("buy", mtf="1,1,-1,-1,1") == ("trend_mismatch", 2)
    assert pillars("sell", mtf="1,1,-1,-1,1") == ("trend_mismatch", 2)
    assert pillars("buy", mtf="1,0,0,1,1") == ("trend_mismatch", 2)
    assert pillars("buy", mtf="1,1,1,-1,-1") == ("filled", 3), "5m is noise"
    assert pillars("buy") == ("trend_mismatch", 0), "nobody told anything"


def test_one_signal_may_need_its_trends_and_another_not():
    """§2.7: a list of signals whose trends are required; empty by default."""
    named = {"bypass_trend_check": True, "trend_required_signals": ["Momentum_Ignition"]}
    assert pillars("buy", mtf="-1,-1,-1,-1,-1", **named)[0] == "trend_mismatch"
    other = {**named, "trend_required_signals": ["Liquidity_Trap"]}
    assert pillars("buy", mtf="-1,-1,-1,-1,-1", **other)[0] == "filled"


def test_the_logics_own_rule_is_an_option():
    """§2.2: LOGIC1: 1h and 15m must agree."""
    rule = {"trend_rule": "logic"}
    assert pillars("buy", mtf="-1,-1,1,1,-1", **rule) == ("filled", 2)
    assert pillars("buy", mtf="1,1,-1,1,1", **rule) == ("trend_mismatch", 1)


# --- limits (§2.7) ---------------------------------------------------------------------------------------------------

WIDE = {
    "daily_caps": dict.fromkeys(("10000",), 90_000),
    "lifetime_caps": dict.fromkeys(("10000",), 90_000),
    "max_concurrent": 100,
}


def five_minutes_apart(count, **changes):
    return [v3_alert(5 * n + 1, number=n, **changes) for n in range(count)]


def reasons(played):
    return [reason or outcome for outcome, reason in played.outcomes]


def test_five_entries_are_open_and_no_sixth():
    played = play(on("shadow", *flat(80)), five_minutes_apart(7), risk=tier("10000", **WIDE))
    assert reasons(played) == ["filled"] * 5 + ["plugin_open_limit"] * 2


def test_ten_entries_a_day_and_no_eleventh():
    entries = five_minutes_apart(12)
    exits = [v3_exit(5 * n + 3, number=n, consensus_score=n % 10, market_trend=n // 10) for n in range(12)]
    played = play(on("shadow", *flat(80)), [*entries, *exits], risk=tier("10000", **WIDE))
    words = [row.reason or row.outcome for row in played.record.decisions if row.type == "entry"]
    assert words == ["filled"] * 10 + ["plugin_trades_limit"] * 2


def test_the_plugins_own_daily_loss():
    """Each buy of 0.06 lots falls to its stops: A loses 6.30, B about ten, until 50 of money are gone."""
    rows = [(110_000,) * 4, (110_000, 110_000, 109_500, 110_000)] * 40
    entries = [v3_alert(6 * n + 2, score=9, number=n) for n in range(6)]
    config = config_of(risk_management={"max_daily_loss": 50})
    played = play(on("shadow", *rows), entries, config, risk=tier("10000", **WIDE))
    lost = -sum(f.pnl_minor for f in played.record.fills)
    assert lost <= 5000
    assert reasons(played)[0] == "filled" and reasons(played)[-1] in ("plugin_daily_loss", "risk_too_large")


def test_both_legs_fit_the_day():
    """B's ten dollars count besides A's stop: with six dollars left, A goes and B stays away."""
    left = tier("10000", daily_caps={"10000": Decimal("7")}, lifetime_caps={"10000": Decimal("900")})
    played = play(on("shadow"), [v3_alert(1, score=9)], risk=left)
    assert [role for role, _ in legs(played)] == ["A"]
    assert "risk_too_large" in played.record.decisions[0].numbers["legs"]


# --- gold, notices ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("broker", BROKERS)
def test_a_reversal_is_as_large_as_what_leaves_lets_it_be(broker):
    """A day of 20 USD. The buy may lose 6.30 (A) and 10 (B) of it, so a third entry beside it would have 3.70; its
    close loses the spread, 0.50, so the sell has 19.50 and the same lots."""
    risk = tier("10000", daily_caps={"10000": Decimal(20)})
    played = play(on(broker), [v3_alert(1), v3_alert(20, side="sell")], config_of(trailing=False), risk=risk)
    assert played.outcomes == [("filled", ""), ("filled", "")]
    assert legs(played) == [("A", 3), ("B", 2), ("A", 3), ("B", 2)]
    assert round(float(played.record.decisions[1].numbers["day_left"]), 2) == 19.50


@pytest.mark.parametrize("broker", BROKERS)
def test_ten_dollars_of_gold_are_two_dollars_of_price(broker):
    """§12.2.7, §14.2: 0.05 lots of gold lose ten dollars at 2.00 of price, not at 0.20; seven are 1.40."""
    prices = market(*flat(40, 2_030_490), symbol="XAUUSD")
    prices.broker = broker
    sent = v3_alert(1, tf="15", score=9, symbol="XAUUSD", price=2030.5, risk=4.0)
    played = play(prices, [sent], risk=tier("25000"))
    tickets = {f.role: f for f in played.record.fills}
    assert {role: f.steps for role, f in tickets.items()} == {"A": 5, "B": 5}
    assert (tickets["A"].initial_sl, tickets["A"].initial_tp) == (2_026_500, 2_042_500)
    b = tickets["B"]
    assert (b.entry_points - b.initial_sl, b.initial_tp - b.entry_points) == (2000, 1400)


def test_a_squeeze_is_notified_and_a_pulse_is_not():
    """§1.6: a squeeze is told; §10.3: of pulses only what changed, once, whatever charts repeat it."""
    pulses = [v3_pulse(2 + n, tf=tf, number=n) for n, tf in enumerate(("5", "15", "60"))]
    played = play(on("shadow"), [v3_squeeze(1), *pulses], classes=(V3,))
    told = [fields for _, fields in played.lines("notification")]
    assert [fields["notice"] for fields in told] == ["signal_received", "trend_changed"]
    assert told[0]["text"] == "EURUSD: volatility squeeze on 15m, high alert for 300 s"


ZERO_CHAINS = {
    "reentry": {"recovery_attempts": 0, "tp_continuation": False, "default_window_minutes": 0},
    "profit_booking": {"multipliers": (1,), "recovery_attempts": 0},
    "autonomous": {"daily_attempts": 0, "daily_losses": 0, "concurrent": 0},
    "reverse_shield": {"enabled": True, "max_concurrent": 0},
}


@pytest.mark.parametrize("broker", BROKERS)
def test_all_limits_of_chains_at_zero_leave_the_entries_alone(broker):
    """A bad input of an operator: everything that could go on is at nothing. A is stopped, B is booked, and that is
    all; nothing raises, and every chain has its end."""
    rows = [*flat(3), (110_000, 110_260, 110_000, 110_250), (110_250, 110_250, 109_700, 109_750), *flat(20, 110_000)]
    services = {
        "reentry": ReentrySettings(**ZERO_CHAINS["reentry"]),
        "profit_booking": ProfitBookingSettings(**ZERO_CHAINS["profit_booking"]),
        "autonomous": AutonomousSettings(**ZERO_CHAINS["autonomous"]),
        "reverse_shield": ReverseShieldSettings(**ZERO_CHAINS["reverse_shield"]),
    }
    v3 = shipped("v3_combined")
    found = play(on(broker, *rows), [v3_alert(1, score=9)], config_of(v3, trailing=False), classes=(v3,), **services)
    assert legs(found) == [("A", 3), ("B", 3)]
    ends = {s.chain_id: s.state for s in found.record.chains}
    assert set(ends.values()) <= {"stopped", "completed"} and len(ends) == 2


@pytest.mark.parametrize("name", ["daily_caps", "lifetime_caps", "max_concurrent_by_tier"])
def test_limits_of_the_account_at_zero_are_named_before_the_run(name):
    """Nothing would ever be entered: that is no limit but a mistake."""
    with pytest.raises(ValueError, match=f"{name}.10000 must be a"):
        tier("10000", **{name: {"10000": 0}})
