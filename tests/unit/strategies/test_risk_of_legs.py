"""What an entry really loses at its stops never exceeds what the gate found to be left, whatever legs it is made of.

The gate knows one size and one stop. B at its fixed loss, legs with the whole size each, or raised to the minimum lot,
and a stop that has to be replaced, lose more than that.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.unit.strategies.fakes import V6, shipped, v6_alert
from tests.unit.strategies.test_legacy import sent
from tests.world import Played, flat, market
from zepix.engine.registry import PluginConfig
from zepix.model.settings_dual_order import DualOrderSettings

LEGACY = shipped("legacy")
TRENDS = [sent(1, "trend", "bull", "15m"), sent(2, "trend", "bull", "1h")]


def play(alerts: Any, cls: Any, settings: dict[str, Any], **dual: Any) -> Played:
    def told(simulation: Any) -> None:
        simulation.house.dual.settings = DualOrderSettings(**dual)

    name = cls.info.plugin_id
    played = market(*flat(20)).play(alerts, cls, plugins=[PluginConfig(name, name, settings)], before=told)
    assert not played.simulation.engine.errors
    return played


def lost_at_stops(played: Played) -> Decimal:
    """Dollars; entries at the ask 1.10010, a step of EURUSD is a cent a point."""
    total = 0
    for order in played.record.orders:
        if order.opens and order.status == "filled":
            points = -order.sl_offset if order.sl_offset is not None else 110_010 - order.sl
            total += points * order.volume_steps
    return Decimal(total) / 100


WIDE = v6_alert(1, levels=(1.09, 1.11, 1.12, 1.13))
"""1,010 points of stop."""
NEAR = v6_alert(1, levels=(1.0997, 1.11, 1.12, 1.13))
"""40 points."""

LEGS: dict[str, tuple[Any, dict[str, Any], dict[str, Any], list[str], str]] = {
    "split": (WIDE, {}, {}, ["A", "B"], "141.40"),
    "both with the whole size fit": (WIDE, {"risk_percent": 0.9}, {"split_mode": "full"}, ["A", "B"], "161.60"),
    "both with the whole size": (WIDE, {}, {"split_mode": "full"}, ["A"], "141.40"),
    "dollar stop fits": (NEAR, {"order_b_sl": "fixed_dollar", "daily_loss_limit": 14.1}, {}, ["A", "B"], "14.00"),
    "dollar stop": (NEAR, {"order_b_sl": "fixed_dollar", "daily_loss_limit": 13.9}, {}, ["A"], "4.00"),
    "raised to the minimum": (
        WIDE,
        {"risk_percent": 0.11, "daily_loss_limit": 15.0},
        {"force_min_lot": True},
        ["A"],
        "10.10",
    ),
}


@pytest.mark.parametrize(("alert", "settings", "dual", "roles", "lost"), LEGS.values(), ids=LEGS)
def test_legs_lose_no_more_than_is_left(alert: Any, settings: Any, dual: Any, roles: list[str], lost: str) -> None:
    """§4: "Dual: expected = sl_pips x pv x 2 x lot <= remaining daily, lifetime"; the day has 200."""
    played = play([alert], V6["5m"], {"max_lot": 0.2, "trailing": False} | settings, **dual)
    numbers = played.record.decisions[0].numbers
    assert [o.role for o in played.record.orders if o.opens] == roles
    assert lost_at_stops(played) == Decimal(lost)
    assert numbers["risk_money"] == pytest.approx(float(lost))
    assert ("risk_too_large" in numbers.get("legs", "")) == (roles == ["A"])


def test_legacy_stop_inside_the_spread_is_none() -> None:
    """5 points of stop let 0.06 lots through for 0.30; the order then had the table's stop, 90 away."""
    entry = sent(3, "entry", "buy", "5m", sl=1.10005)
    whole = play([*TRENDS, entry], LEGACY, {})
    numbers = whole.record.decisions[-1].numbers
    assert whole.outcomes[-1] == ("filled", "")
    assert (numbers["sl_asked"], numbers["sl_source"]) == (1.10005, "sl-1")
    assert lost_at_stops(whole) == 90
    assert numbers["risk_money"] == 90
    small = play([*TRENDS, entry], LEGACY, {"daily_loss_limit": 5.0})
    assert small.outcomes[-1] == ("refused", "risk_too_large")
    edge = play([*TRENDS, sent(3, "entry", "buy", "5m", sl=1.0999)], LEGACY, {})
    assert edge.record.decisions[-1].numbers["sl_source"] == "alert"


def test_legacy_entry_whose_target_is_passed_closes_nothing() -> None:
    """docs/legacy.md: an entry that is refused closes nothing; here the sell went, and the buy was refused."""
    bear = [sent(1, "trend", "bear", "15m"), sent(2, "trend", "bear", "1h")]
    bull = [sent(5, "bias", "bull", "1h"), sent(6, "bias", "bull", "15m")]
    alerts = [*bear, sent(3, "entry", "sell"), *bull, sent(8, "entry", "buy", number=1, tp=1.0999)]
    played = play(alerts, LEGACY, {"needs_trend": False, "trend_reversal_close": False})
    assert [one for one in played.outcomes if one[0] in ("filled", "refused")] == [
        ("filled", ""),
        ("refused", "invalid_stops"),
    ]
    assert [fill.exit_reason for fill in played.record.fills] == ["end_of_data"]
