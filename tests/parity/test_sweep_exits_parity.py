"""The compiled sweep of exits equals the engine, ticket by ticket: drawn markets, the sample, recorded bars."""

from __future__ import annotations

import random
from decimal import Decimal
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.parity.exits_sweep_play import Pyramids, check_sums, replayed, swept, tickets
from tests.world import MINUTE, T0, bars, instrument
from zepix.data import default_catalogue, load_bars
from zepix.engine.house import ServiceSettings
from zepix.model import AccountSpec, Alert, Catalogue, FillModel, Side
from zepix.model.settings_dual_order import DualOrderSettings
from zepix.model.settings_profit_booking import ProfitBookingSettings
from zepix.research.simulate import Rules

SHARED = Path(__file__).parents[3] / "shared" / "data" / "market"
COSTLY = Catalogue(
    [
        instrument(
            "EURUSD", commission_per_lot=Decimal("3.33"), swap_long_points=Decimal("-0.65"),
            swap_short_points=Decimal("0.21"), stops_level_points=2, slippage_points=1,
        ),
        instrument("USDJPY", commission_per_lot=Decimal("2.5"), swap_long_points=Decimal("1.3")),
    ]
)  # fmt: skip


def walk(rng: random.Random, count: int, start: int) -> list[Any]:
    """Bars of a small walk, with gaps, flat bars and missing ones."""
    rows: list[Any] = []
    close = start
    for _ in range(count):
        opened = close + rng.choice((0, 0, 0, 0, 2, -2, 7, -7, 15, -15))
        close = opened + rng.randint(-6, 6)
        rows.append((opened, max(opened, close) + rng.randint(0, 4), min(opened, close) - rng.randint(0, 4), close))
        if rng.random() < 0.04:
            rows.append(None)
    return rows


def alerts_on(rng: random.Random, count: int, minutes: int, symbols: tuple[str, ...]) -> list[Alert]:
    """Entries at odd moments: at opens, seconds after them, together."""
    times = sorted(rng.choice((0, 0, 1, 3, 20, 45)) + 60 * rng.randint(0, minutes) for _ in range(count))
    return [
        Alert(
            id=f"a{n}", explicit_id=f"a{n}", received_ns=T0 + t * 10**9, dialect="plain", type="entry",
            symbol=rng.choice(symbols), side=rng.choice((Side.BUY, Side.SELL)),
        )
        for n, t in enumerate(times)
    ]  # fmt: skip


def world(seed: int, symbols: tuple[str, ...] = ("EURUSD",), count: int = 160) -> tuple[Any, list[Alert]]:
    rng = random.Random(seed)
    series = {
        s: bars(*walk(rng, count, 110_000), symbol=s, spread=rng.choice((0, 1, 3)),
                start=T0 + (7 * MINUTE if s == "USDJPY" else 0))
        for s in symbols
    }  # fmt: skip
    return series, alerts_on(rng, rng.choice((5, 25)), count, symbols)


def rules(**given: Any) -> Rules:
    model = {k: given.pop(k) for k in ("latency_ms", "open_grace_ms", "intrabar", "slippage_points") if k in given}
    return Rules(fill_model=FillModel(**model), **given)


MODELS = st.fixed_dictionaries(
    {},
    optional={
        "latency_ms": st.sampled_from((0, 700, 61_000)),
        "open_grace_ms": st.sampled_from((0, 5_000)),
        "intrabar": st.sampled_from(("pessimistic", "optimistic")),
        "slippage_points": st.sampled_from((0, 3)),
        "costs": st.sampled_from(("instrument", "none")),
    },
)
POINTS = st.lists(st.integers(1, 40), min_size=1, max_size=3, unique=True)
SYMBOLS = st.sampled_from((("EURUSD",), ("EURUSD", "USDJPY")))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), MODELS, POINTS, POINTS, st.booleans(), SYMBOLS)
def test_stop_and_target_of_drawn_markets(seed, model, stops, targets, flat, symbols):
    series, alerts = world(seed, symbols)
    given = rules(**model)
    result = swept(series, COSTLY, alerts, given, flat=flat, lots="0.37", stop_points=stops, target_points=targets)
    frame = result.frame()
    for number, (stop, target) in enumerate(product(stops, targets)):
        wanted, record = replayed(series, COSTLY, alerts, given, stop=stop, target=target, flat=flat, lots="0.37")
        assert tickets(result.cell(number)) == wanted
        check_sums(frame.loc[number], wanted, record)


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10**6), MODELS, POINTS, POINTS, st.booleans(), SYMBOLS)
def test_volume_by_risk_of_drawn_markets(seed, model, stops, targets, flat, symbols):
    series, alerts = world(seed, symbols)
    given = rules(**model)
    result = swept(series, COSTLY, alerts, given, flat=flat, risk=7.5, stop_points=stops, target_points=targets)
    frame = result.frame()
    for number, (stop, target) in enumerate(product(stops, targets)):
        wanted, record = replayed(series, COSTLY, alerts, given, stop=stop, target=target, flat=flat, risk=7.5)
        assert tickets(result.cell(number)) == wanted
        check_sums(frame.loc[number], wanted, record)


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 10**6), MODELS, st.sampled_from((None, 4, 15)), st.sampled_from((None, 20, 60)), st.booleans(),
    st.integers(1, 12), st.integers(1, 5), st.integers(1, 12), st.sampled_from(((None, None), (6, None), (9, 4))),
)  # fmt: skip
def test_trailing_and_break_even_of_drawn_markets(seed, model, stop, target, flat, start, step, distance, even):
    series, alerts = world(seed, ("EURUSD", "USDJPY"))
    given = rules(**model)
    grid: dict[str, Any] = {
        "trail_start_points": start, "trail_step_points": step, "trail_distance_points": [distance, None],
    }  # fmt: skip
    if even[0]:
        grid |= {"break_even_points": even[0]} | ({"break_even_buffer_points": even[1]} if even[1] else {})
    levels = {"stop_points": stop, "target_points": target}
    grid |= {name: value for name, value in levels.items() if value is not None}
    result = swept(series, COSTLY, alerts, given, flat=flat, lots="0.2", **grid)
    frame = result.frame()
    own = [(even[0], 0, even[0] - (even[1] or 0))] if even[0] else []
    for number, trails in enumerate(([*own, (start, step, distance)], own)):
        wanted, record = replayed(
            series, COSTLY, alerts, given, stop=stop or 0, target=target or 0, flat=flat, lots="0.2", trails=trails
        )
        assert tickets(result.cell(number)) == wanted
        check_sums(frame.loc[number], wanted, record)


PLANS: list[dict[str, Any]] = [
    {"levels": [{"at": "1R", "portion": 0.5, "stop_to": "entry"}, {"at": "2R", "portion": 0.5}]},
    {"levels": [{"at": "4 points", "portion": 0.4, "stop_to": "-2 points"}, {"at": "9 points", "portion": 0.3,
                "stop_to": "0.4R"}, {"at": "15 points", "portion": 0.2}]},
    {"levels": [{"at": "5 points", "portion": 0.5, "stop_to": "1 points"}],
     "trailing": {"start": "6 points", "step": "2 points", "distance": "5 points"}},
    {"levels": [{"at": "1.5R", "portion": 0.3, "stop_to": "-0.5R"}, {"at": "3R", "portion": 0.3, "stop_to": "1R"}],
     "break_even": {"start": "8 points", "buffer": "1 points"},
     "trailing": {"start": "1R", "step": "0.25R", "distance": "0.5R"}},
    {"trailing": {"start": "1R", "step": "1 points", "distance": "3 points"}},
]  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 10**6), MODELS, st.sampled_from(("0.02", "0.05", "0.50")), st.sampled_from((3, 8, 20)), st.booleans()
)
def test_ladders_of_drawn_markets(seed, model, lots, stop, flat):
    series, alerts = world(seed, ("EURUSD", "USDJPY"))
    given = rules(**{**model, "latency_ms": 0})
    result = swept(series, COSTLY, alerts, given, flat=flat, lots=lots, stop_points=stop, ladder=PLANS)
    frame = result.frame()
    for number, plan in enumerate(PLANS):
        wanted, record = replayed(series, COSTLY, alerts, given, stop=stop, flat=flat, lots=lots, plan=plan)
        assert tickets(result.cell(number)) == wanted
        check_sums(frame.loc[number], wanted, record)


HOME = Catalogue(
    [COSTLY["EURUSD"], instrument("XAUUSD", commission_per_lot=Decimal("1.15"), min_stop_distance=Decimal("0.004"))]
)


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 10**6), MODELS, st.integers(3, 20), st.integers(1, 15), st.booleans(), st.integers(1, 5),
    st.sampled_from(((2.0, 4.0), (7.0, 10.0), (0.5, 1.0))), st.sampled_from(((), (0, 10, 25, 40, 50))),
    st.sampled_from(("0.03", "0.5", "1.25")),
)  # fmt: skip
def test_pyramids_of_drawn_markets(seed, model, stop, target, flat, levels, money, reductions, lots):
    series, alerts = world(seed, ("EURUSD", "XAUUSD"), 200)
    booking = ProfitBookingSettings(
        sl_hunt=False, enabled_levels=(True,) * levels, target_money=money[0], loss_money=money[1],
        sl_reductions=reductions,
    )  # fmt: skip
    legs = DualOrderSettings(b_floor_spreads=0.5, stops_level_if_none_points=1)
    house = ServiceSettings(profit_booking=booking, dual_order=legs)
    given = rules(**{**model, "latency_ms": 0}, settings=house)
    own = {"stop": stop, "target": target, "flat": flat, "lots": lots}
    wanted, record = replayed(series, HOME, alerts, given, Pyramids, **own)
    result = swept(
        series, HOME, alerts, given, flat=flat, lots=lots, stop_points=stop, target_points=target, pyramid_levels=levels
    )
    assert tickets(result.cell(0)) == wanted
    check_sums(result.frame().loc[0], wanted, record)


def recorded(name: str, count: int) -> tuple[Any, list[Alert]]:
    """A file of recorded bars, with entries on it."""
    path = SHARED / name
    if not path.is_file():
        pytest.skip(f"{name} is not there")
    symbol = name.partition("_")[0]
    loaded = load_bars([str(path)], default_catalogue(), symbols=[symbol])
    series = loaded.series[symbol]
    rng = np.random.default_rng(5)
    rows = np.sort(rng.choice(len(series) - 10, count, replace=False))
    alerts = [
        Alert(
            id=f"a{n}", explicit_id=f"a{n}", received_ns=int(series.time[row] + rng.choice((0, 10**9, 30 * 10**9))),
            dialect="plain", type="entry", symbol=symbol, side=Side.BUY if rng.random() < 0.5 else Side.SELL,
        )
        for n, row in enumerate(rows.tolist())
    ]  # fmt: skip
    return loaded.series, sorted(alerts, key=lambda a: a.received_ns)


RECORDED = {
    "EURUSD_M1_20140501_20140515.parquet": ([50, 200], [80, 300]),
    "XAUUSD_M1_20140501_20140515.parquet": ([1500, 6000], [2000, 9000]),
    "USDJPY_H1_20150102_20220304.parquet": ([150, 900], [200, 1200]),
    "EURUSD_TICK_20140501_20140515.parquet": ([50, 200], [80, 300]),
}


@pytest.mark.parametrize("name", RECORDED)
@pytest.mark.parametrize("flat", [True, False], ids=["flat", "hedged"])
def test_recorded_bars(name, flat):
    stops, targets = RECORDED[name]
    series, alerts = recorded(name, 150)
    catalogue, given = default_catalogue(), rules(account=AccountSpec(Decimal(10_000)))
    result = swept(series, catalogue, alerts, given, flat=flat, stop_points=stops, target_points=targets)
    frame = result.frame()
    for number, (stop, target) in enumerate(product(stops, targets)):
        wanted, record = replayed(series, catalogue, alerts, given, stop=stop, target=target, flat=flat)
        assert tickets(result.cell(number)) == wanted
        check_sums(frame.loc[number], wanted, record)
    assert frame["tickets"].min() > 10


@pytest.mark.parametrize("name", RECORDED)
def test_trails_on_recorded_bars(name):
    (stop, *_), _ = RECORDED[name]
    series, alerts = recorded(name, 120)
    catalogue, given = default_catalogue(), rules()
    trail = (stop, stop // 5, stop)
    result = swept(
        series, catalogue, alerts, given, stop_points=stop, trail_start_points=trail[0], trail_step_points=trail[1],
        trail_distance_points=trail[2], break_even_points=stop // 2,
    )  # fmt: skip
    wanted, record = replayed(
        series, catalogue, alerts, given, stop=stop, trails=[(stop // 2, 0, stop // 2), trail]
    )  # fmt: skip
    assert tickets(result.cell(0)) == wanted
    check_sums(result.frame().loc[0], wanted, record)
    assert {row[9] for row in wanted} >= {"sl", "trailing", "break_even"}


@pytest.mark.parametrize("seed", range(6))
def test_both_lanes_give_the_same_sums(seed):
    series, alerts = world(seed, ("EURUSD", "USDJPY"), 200)
    stops, targets = [3, 9, None], [5, 21, None]
    for flat in (False, True):
        result = swept(series, COSTLY, alerts, rules(), flat=flat, stop_points=stops, target_points=targets)
        frame = result.frame()
        player = result._swept.player
        for number in range(9):
            sums, shares = player.run(number, number + 1)
            row = frame.loc[number]
            assert row["net_minor"] == sums[0, 0]
            assert (row["tickets"], row["ambiguous"]) == (sums[0, 1], sums[0, 9])
            if sums[0, 13]:
                assert row["average_r"] == shares[0] / sums[0, 13]
