"""Managed exits of V6 (§3.5), by hand: 0.30 lots are A 0.20 and B 0.10. Bid 110_000, ask 110_010, until prices move."""

from __future__ import annotations

import pytest

from tests.unit.strategies.fakes import V6, FakeRisk, Fakes, body, v6_alert
from tests.unit.strategies.wired import play
from tests.world import Market, Played, flat, market
from zepix.model import AccountSpec

STRONG = {"adx": "25|STRONG", "score": "HIGH|70", "align": "4/2"}
WEAK = STRONG | {"adx": "24.9|MODERATE"}
FAR = (1.09, 1.12, 1.13, 1.14)


def managed(alerts, prices: Market | None = None, **settings) -> Played:
    found = Fakes(FakeRisk("0.30")).play(alerts, V6["1h"], prices=prices, exit_mode="managed", **settings)
    assert not found.simulation.engine.errors
    return found


def entry(minute=1.0, word="BULLISH_ENTRY", number=0, **said):
    return v6_alert(minute, word, tf="60", number=number, **said)


def leave(minute, number=0):
    return body("EXIT_BULLISH|EURUSD|60|1.1|15", minute, number)


def quads(*offsets):
    """Four flat minutes, then one bar for each offset of the bid from 110_000."""
    return market(*flat(4), *[(110_000 + n,) * 4 for n in offsets], *flat(1, 110_000 + offsets[-1]))


def left(played: Played) -> list[tuple[str, int, int, str]]:
    return sorted((f.role, f.steps, f.exit_points, f.exit_reason) for f in played.record.fills)


@pytest.mark.parametrize(("said", "steps"), [(STRONG, [10, 8, 12]), (WEAK, [20, 8, 2])], ids=["strong", "weak"])
def test_lots_and_targets_by_strength(said, steps):
    """B (10) at TP1; of A's 20 half at TP1 unless strong, 40 % at TP2, the rest at TP3."""
    orders = managed([entry(**said)]).record.orders
    assert [(o.role, o.volume_steps) for o in orders] == list(zip(("TP1", "TP2", "TP3"), steps, strict=True))
    assert [o.tp for o in orders] == [110_200, 110_400, 110_600]
    assert {o.sl for o in orders} == {109_800}


NOT_STRONG = {
    "adx_below_25": {"adx": "24.9|MODERATE"},
    "adx_unknown": {"adx": "NA|NA"},
    "confidence_below_70": {"score": "MODERATE|69"},
    "as_many_against_as_for": {"align": "3/3"},
    "alignment_unknown": {"align": "-"},
}


@pytest.mark.parametrize("said", NOT_STRONG.values(), ids=NOT_STRONG)
def test_what_is_not_known_or_below_is_not_strong(said):
    found = managed([entry(**(STRONG | said))], min_alignment=0)
    assert found.record.decisions[0].numbers["strong"] is False
    assert managed([entry(**STRONG)]).record.decisions[0].numbers["strong"] is True


def test_a_gap_beyond_the_third_target_closes_everything_there():
    """§3.5: check TP3 first, for gaps. Every target is at the broker: all fill at the open, 110_700."""
    assert left(managed([entry(**STRONG)], quads(700))) == [
        ("TP1", 10, 110_700, "tp"),
        ("TP2", 8, 110_700, "tp"),
        ("TP3", 12, 110_700, "tp"),
    ]


def test_at_the_second_target_the_stop_goes_to_the_first():
    found = managed([entry(**STRONG)], quads(450, 450, 150))
    assert left(found) == [("TP1", 10, 110_450, "tp"), ("TP2", 8, 110_450, "tp"), ("TP3", 12, 110_150, "sl")]
    assert next(f.sl for f in found.record.fills if f.role == "TP3") == 110_200


def test_at_the_first_target_a_strong_entry_holds_a():
    assert left(managed([entry(**STRONG)], quads(250, 250))) == [
        ("TP1", 10, 110_250, "tp"),
        ("TP2", 8, 110_250, "end_of_data"),
        ("TP3", 12, 110_250, "end_of_data"),
    ]


EXITS = [
    (STRONG, 520, "held"),  # 510 points ahead of 110_010
    (STRONG, 510, "half"),  # 500 is not more than 50 pips
    (WEAK, 520, "half"),
    (STRONG, 110, "half"),  # 100 is not less than 10 pips
    (STRONG, 109, "all"),
    (STRONG, -300, "all"),
]


@pytest.mark.parametrize(("said", "ahead", "what"), EXITS)
def test_an_exit_holds_halves_or_closes(said, ahead, what):
    found = managed([entry(levels=FAR, **said), leave(6)], quads(*[ahead] * 6))
    gone = sum(f.steps for f in found.record.fills if f.exit_reason == "signal")
    assert gone == {"held": 0, "half": 15, "all": 30}[what]
    assert found.outcomes[1] == (("ignored", "held") if what == "held" else ("closed", ""))
    stops = {f.sl for f in found.record.fills if f.exit_reason == "end_of_data"}
    assert stops == {"held": {109_000}, "half": {110_010}, "all": set()}[what], "break-even for what stays"


def test_a_resend_takes_nothing_and_a_later_exit_the_rest():
    rising = quads(*[300] * 80)
    alerts = [entry(levels=FAR, **WEAK), leave(6), leave(8, 1), leave(70, 2)]
    found = managed(alerts, rising)
    assert found.outcomes[1:] == [("closed", ""), ("ignored", "already_parted"), ("closed", "")]
    assert [f.steps for f in found.record.fills if f.exit_reason == "end_of_data"] == []


def test_each_entry_is_asked_for_itself():
    """One far ahead and strong is held, one that has just been entered is closed."""
    prices = quads(*[600] * 70)
    late = v6_alert(62, price=1.106, tf="60", number=1, levels=(1.09, 1.12, 1.13, 1.14), **STRONG)
    found = managed([entry(levels=FAR, **STRONG), late, leave(65)], prices, cooldown_s=60.0)
    assert found.outcomes[2] == ("closed", "")
    assert {f.alert_id for f in found.record.fills if f.exit_reason == "signal"} == {late.id}
    numbers = found.record.decisions[2].numbers
    assert (numbers["entries"], numbers["held"]) == (2, 1)


def test_an_exit_without_anything_is_told():
    assert managed([leave(3)]).outcomes == [("ignored", "nothing_to_close")]


def test_the_gate_is_asked_for_both_legs_and_at_most_a_hundredth_for_a():
    """Risk 1 % for A and half of it for B; 0.15 lots of A at most, 0.225 of both."""
    fakes = Fakes()
    fakes.play([entry(**STRONG)], V6["1h"], exit_mode="managed")
    asked = fakes.risk.asked[0]
    assert (asked.risk_percent, asked.max_lot, asked.lot_multiplier, asked.legs) == (1.5, 0.225, 1.0, 3)


@pytest.mark.parametrize("broker", ["shadow", "backtrader"])
def test_managed_on_the_real_services(broker):
    prices = market(*flat(4), *[(110_450,) * 4] * 30, broker=broker, account=AccountSpec())
    found = play([entry(**STRONG), leave(20)], V6["1h"], prices=prices, exit_mode="managed")
    assert not found.simulation.engine.errors
    assert [reason or outcome for outcome, reason in found.outcomes] == ["filled", "closed"]
    assert sorted({(f.role, f.exit_reason) for f in found.record.fills}) == [
        ("TP1", "tp"),
        ("TP2", "tp"),
        ("TP3", "end_of_data"),
        ("TP3", "signal"),
    ]


WRONG = {
    "nothing_left_for_the_third_target": ({"managed_weak_frac": 0.6}, "to leave a part for TP3"),
    "hold_below_close": ({"managed_hold_pips": 5.0}, "must not be below managed_close_pips"),
    "more_b_than_a": ({"managed_b_frac": 1.5}, "managed_b_frac must lie from 0 to 1"),
    "no_risk": ({"managed_risk_percent": 0.0}, "managed_risk_percent must be above 0"),
    "b_with_its_own_stop": ({"order_b_sl": "fixed_dollar"}, "needs exit_mode targets"),
}


@pytest.mark.parametrize(("settings", "said"), WRONG.values(), ids=WRONG)
def test_settings_that_cannot_be_meant_are_told(settings, said):
    from zepix.errors import ConfigError

    with pytest.raises(ConfigError, match=said):
        managed([entry()], **settings)
