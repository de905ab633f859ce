"""Worked examples of zepix's rules: B's money in pips (14.2), lots split in whole steps (14.3); problems of settings.

The page gives pips to two digits; a stop is the exact distance cut to points, a booking raised to them.
"""

from __future__ import annotations

import re
from dataclasses import fields
from decimal import Decimal
from pathlib import Path

import pytest

from tests.world import instrument
from zepix.model import Side, Trail
from zepix.model.settings_dual_order import DualOrderSettings
from zepix.model.stop_trail import StopTrail
from zepix.services.dual_legs import LegMaker, Situation
from zepix.services.dual_plan import DualPlan
from zepix.services.lot_split import halves, min_steps, portions

RATES = {"EURUSD": "1", "XAUUSD": "1", "USDJPY": "0.0091", "GBPJPY": "0.0090"}
"""USD for one of the profit currency: a pip of a lot is then 10, 1, 9.1 and 9.0 USD, as the page has it."""
FIXED = [  # symbol, lots, stop and target in points (the page's pips are 10 points)
    ("EURUSD", "0.01", 1000, 700),
    ("EURUSD", "0.05", 200, 140),
    ("EURUSD", "0.10", 100, 70),
    ("EURUSD", "0.50", 20, 14),
    ("EURUSD", "1.00", 10, 7),
    ("XAUUSD", "0.01", 10_000, 7_000),
    ("XAUUSD", "0.05", 2_000, 1_400),
    ("XAUUSD", "0.10", 1_000, 700),
    ("XAUUSD", "0.50", 200, 140),
    ("XAUUSD", "1.00", 100, 70),
    ("USDJPY", "0.01", 1098, 770),  # 109.89 / 76.92 pips
    ("USDJPY", "0.05", 219, 154),  # 21.98 / 15.38
    ("USDJPY", "0.10", 109, 77),  # 10.99 / 7.69
    ("USDJPY", "0.50", 21, 16),  # 2.20 / 1.54
    ("USDJPY", "1.00", 10, 8),  # 1.10 / 0.77
    ("GBPJPY", "0.01", 1111, 778),  # 111.11 / 77.78
    ("GBPJPY", "0.05", 222, 156),  # 22.22 / 15.56
    ("GBPJPY", "0.10", 111, 78),  # 11.11 / 7.78
    ("GBPJPY", "0.50", 22, 16),  # 2.22 / 1.56
    ("GBPJPY", "1.00", 11, 8),  # 1.11 / 0.78
]


def leg_b(symbol, lots, *, spread=0, settings=None, **changes):
    chosen = instrument(symbol, **changes)
    at = Situation(chosen, 100_000, 100_000 + spread, Decimal(RATES[symbol]))
    plan = DualPlan(symbol=symbol, side=Side.BUY, lots=Decimal(lots))
    maker = LegMaker(settings or DualOrderSettings(stops_level_if_none_points=0), plan, at)
    return maker.leg_b(chosen.steps(lots), 0.9), maker


@pytest.mark.parametrize(("symbol", "lots", "stop", "target"), FIXED)
def test_ten_dollars_at_the_stop_and_seven_at_the_booking(symbol, lots, stop, target):
    leg, maker = leg_b(symbol, lots)
    assert leg.refused is None
    assert (leg.stop_points, maker.numbers["b_target_points"]) == (stop, target)
    assert leg.sl_offset == -instrument(symbol).price(stop)
    assert leg.tp_offset == instrument(symbol).price(target)


@pytest.mark.parametrize(
    ("lots", "spread", "b_steps", "stop"),
    [
        ("0.05", 10, 5, 200),  # 30 points of floor are nearer than 200: nothing changes
        ("0.50", 10, 33, 30),  # 10 USD over 30 points: 0.3333 lots
        ("1.00", 10, 33, 30),
        ("1.00", 20, 16, 62),  # floor 60: 0.1666 lots, and 0.16 lots lose 10 USD over 62.5 points
        ("5.00", 300, 1, 1000),  # floor 900: 0.0111 lots, and 0.01 lot loses 10 USD over 1000 points
    ],
)
def test_above_the_floor_the_lot_shrinks_and_the_loss_stays(lots, spread, b_steps, stop):
    leg, _ = leg_b("EURUSD", lots, spread=spread)
    assert (leg.steps, leg.stop_points) == (b_steps, stop)
    assert leg.steps * Decimal("0.01") * leg.stop_points <= 10


def test_below_the_minimum_lot_b_is_refused_with_the_reason():
    leg, _ = leg_b("EURUSD", "1.00", spread=400)
    assert leg.refused is not None
    assert leg.refused.reason == "volume_too_small"
    assert "10.0 at 1200 points only below the minimum of 0.01 lots" in leg.refused.detail


@pytest.mark.parametrize(
    ("total", "a", "b"),
    [
        ("0.0625", 3, 3),  # 0.05 base, score 9, LOGIC1
        ("0.05", 3, 2),
        ("0.03125", 2, 1),
        ("0.04", 2, 2),
        ("0.025", 1, 1),
        ("0.125", 6, 6),  # 0.10 base
        ("0.10", 5, 5),
        ("0.08", 4, 4),
        ("0.0125", 1, 0),  # 0.01 base, LOGIC1
        ("0.01", 1, 0),
        ("0.00625", 0, 0),
    ],
)
def test_v3_lots_are_halved_in_whole_steps(total, a, b):
    chosen = instrument()
    assert halves(chosen.steps(total), min_steps(chosen), 0.5, is_full=False, force_min_lot=False) == (a, b)


def test_force_min_lot_sends_both_at_the_minimum():
    assert halves(1, 1, 0.5, is_full=False, force_min_lot=True) == (1, 1)
    assert halves(0, 1, 0.5, is_full=False, force_min_lot=True) == (1, 1)
    assert halves(15, 10, 0.5, is_full=False, force_min_lot=True) == (10, 10)


def test_a_minimum_above_the_step_sends_a_alone():
    assert halves(15, 10, 0.5, is_full=False, force_min_lot=False) == (15, 0)
    assert min_steps(instrument(volume_min=Decimal("0.105"))) == 11


@pytest.mark.parametrize(
    ("total", "least", "shares", "expected"),
    [
        (10, 1, [0.5, 0.3, 0.2], [5, 3, 2]),
        (9, 1, [0.5, 0.3, 0.2], [6, 2, 1]),
        (4, 1, [0.2, 0.4, 0.4], [2, 1, 1]),
        (3, 1, [0.2, 0.4, 0.4], [1, 1, 1]),
        (2, 1, [0.2, 0.4, 0.4], [1, 1]),
        (1, 1, [0.2, 0.4, 0.4], [1]),
        (0, 1, [0.2, 0.4, 0.4], []),
        (25, 10, [0.2, 0.4, 0.4], [10, 15]),
        (100, 1, [1.0], [100]),
    ],
)
def test_portions_are_whole_steps_with_the_remainder_on_the_first(total, least, shares, expected):
    assert portions(total, least, shares) == expected


@pytest.mark.parametrize(
    ("stop_points", "least", "expected"),
    [
        (200, 0, Trail(100, 50, 100)),
        (25, 0, Trail(13, 7, 13)),  # 12.5 and 6.25, never before their share
        (1, 0, Trail(1, 1, 1)),
        (200, 120, Trail(120, 50, 120)),  # the broker's stops level
    ],
)
def test_a_trail_is_half_and_a_quarter_of_the_stop(stop_points, least, expected):
    assert StopTrail.of(stop_points, 0.5, 0.25, least) == expected
    assert StopTrail.of(7_000, 0.5, 0.25, least).at(stop_points) == expected


def test_all_problems_of_the_settings_come_at_once():
    with pytest.raises(ValueError, match="split_mode") as caught:
        DualOrderSettings(
            split_mode="splitt",
            b_share_frac=0.7,
            order_b_sl="dollar",
            b_loss_money=-10,
            booking_at="brokr",
            per_logic_routing={"LOGIC1": "order_a"},
            b_loss_money_by_logic={"LOGIC2": float("nan")},
            rr_ratio=True,
            force_min_lot="no",  # type: ignore[arg-type]
            per_timeframe_routing={"7x": "dual_orders"},
        )
    sentences = str(caught.value).split("; ")
    for word in (
        "split_mode must be one of split, full, not 'splitt', did you mean 'split'?",
        "b_share_frac must lie above 0 and not beyond 0.5, not 0.7",
        "b_loss_money must lie above 0 and not beyond 1e+09, not -10",
        "booking_at must be one of broker, engine, not 'brokr', did you mean 'broker'?",
        "per_logic_routing.LOGIC1 must be one of order_a_only, order_b_only, dual_orders, not 'order_a', "
        "did you mean 'order_a_only'?",
        "b_loss_money_by_logic.LOGIC2 must lie above 0 and not beyond 1e+09, not nan",
        "rr_ratio must lie above 0 and not beyond 1000, not True",
        "force_min_lot must be true or false, not 'no'",
        "per_timeframe_routing.7x: '7x' is no timeframe, examples: 5, 5m, 1h, 240, 1D",
    ):
        assert word in sentences, word


def test_routing_table_in_part_keeps_the_rest_whatever_the_spelling():
    settings = DualOrderSettings(
        per_timeframe_routing={"4H": "dual_orders"}, per_logic_routing={"logic1": "order_a_only"}
    )
    assert [settings.routing_of("", tf) for tf in ("4h", "1m", "5m")] == ["dual_orders", "order_b_only", "dual_orders"]
    assert [settings.routing_of(logic, "") for logic in ("LOGIC1", "LOGIC2")] == ["order_a_only", "dual_orders"]


def test_defaults_are_the_pages():
    settings = DualOrderSettings()
    assert (settings.b_loss_money, settings.b_target_money) == (10.0, 7.0)
    assert (settings.rr_ratio, settings.a_trail_start_frac, settings.a_trail_step_frac) == (1.5, 0.5, 0.25)
    assert (settings.split_mode, settings.b_share_frac, settings.booking_at) == ("split", 0.5, "broker")
    assert [settings.routing_of("", tf) for tf in ("1m", "5m", "15m", "1h")] == [
        "order_b_only",
        "dual_orders",
        "order_a_only",
        "order_a_only",
    ]


def test_every_setting_is_documented_and_no_other():
    page = (Path(__file__).resolve().parents[3] / "docs" / "services.md").read_text(encoding="utf-8")
    section = page.partition("\n## Dual orders\n")[2].partition("\n## ")[0]
    written = re.findall(r"^\| `(\w+)` \| ([^|]+) \|", section, re.MULTILINE)
    defaults = {field.name: field.default for field in fields(DualOrderSettings)}
    assert [name for name, _ in written] == list(defaults)
    for name, cell in written:
        if isinstance(defaults[name], bool | int | float):
            assert cell == str(defaults[name]).lower(), name
        elif isinstance(defaults[name], str):
            assert cell == f"`{defaults[name]}`", name
