"""Directional movement against a case computed by hand, an independent definition, and TA-Lib's numbers."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zepix.kernels.adx import adx, adx_of, adx_start, adx_step

Rows = list[tuple[int, int, int]]

# thirty bars (high, low, close) with gaps in both directions
BARS: Rows = [
    (1062, 1020, 1055), (1112, 1098, 1105), (1159, 1135, 1148), (1154, 1128, 1133), (1107, 1084, 1095),
    (1143, 1101, 1138), (1146, 1135, 1145), (1111, 1083, 1086), (1124, 1097, 1120), (1144, 1093, 1104),
    (1136, 1099, 1132), (1178, 1138, 1171), (1213, 1182, 1211), (1191, 1162, 1187), (1184, 1158, 1175),
    (1171, 1142, 1168), (1196, 1173, 1184), (1196, 1176, 1189), (1236, 1198, 1207), (1267, 1233, 1259),
    (1276, 1259, 1259), (1290, 1266, 1268), (1284, 1250, 1255), (1271, 1235, 1247), (1270, 1221, 1258),
    (1291, 1260, 1283), (1272, 1264, 1265), (1274, 1251, 1253), (1254, 1230, 1242), (1254, 1243, 1243),
]  # fmt: skip

# TA-Lib 0.8.1 on BARS: ADX(5), PLUS_DI(5), MINUS_DI(5), ADX(14), from their first value on
TA_LIB_ADX_5 = [
    25.499503037, 24.832931113, 29.563202795, 36.031116743, 36.126005603, 35.171658789, 30.238111666, 30.527245055,
    30.758551765, 36.022471176, 42.506412568, 48.24683739, 53.677744421, 51.981205092, 45.747660489, 36.802572429,
    34.298071927, 32.294471526, 26.08837855, 26.130154565, 26.163575377,
]  # fmt: skip
TA_LIB_PLUS_DI_5 = [
    57.723577236, 55.734979815, 38.171911848, 37.401536118, 37.847808001, 30.944577004, 44.275067455, 52.138073724,
    40.30513012, 34.510782453, 28.651801223, 37.903729933, 33.358966835, 46.837737104, 48.25555613, 48.696903848,
    48.071973625, 38.69524096, 30.755359973, 22.796807805, 30.101993766, 26.668764288, 22.743652497, 19.080660566,
    17.335657894,
]  # fmt: skip
TA_LIB_MINUS_DI_5 = [
    20.731707317, 19.377819995, 39.700740018, 31.980086141, 24.113144584, 19.715040284, 15.360962184, 12.268573435,
    18.747599764, 18.035331274, 23.20482142, 19.664074292, 17.306296856, 12.798485319, 9.040729949, 8.189165963,
    6.741706482, 14.605806909, 20.158427867, 22.335456686, 18.340196177, 16.24843765, 22.175866788, 32.696682338,
    29.706440054,
]  # fmt: skip
TA_LIB_ADX_14 = [35.272224424, 33.929769271, 32.683203772]


def columns(rows: Rows) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    table = np.array(rows, np.int32).reshape(-1, 3)
    return table[:, 0].copy(), table[:, 1].copy(), table[:, 2].copy()


def plain_adx(rows: Rows, period: int) -> tuple[list[float], list[float], list[float]]:
    """The definition in passes over whole lists: movements, smoothed sums, DIs, DX, its average."""
    count = len(rows)
    plus, minus, spans = [0.0], [0.0], [0.0]
    for (high, low, close), (next_high, next_low, _) in pairwise(rows):
        up, down = next_high - high, low - next_low
        plus.append(max(up, 0) if up > down else 0)
        minus.append(max(down, 0) if down > up else 0)
        spans.append(max(next_high - next_low, abs(next_high - close), abs(next_low - close)))

    def smoothed(values: list[float]) -> dict[int, float]:
        total, out = sum(values[1:period]), {}
        for i in range(period, count):
            total = total - total / period + values[i]
            out[i] = total
        return out

    plus_sum, minus_sum, range_sum = smoothed(plus), smoothed(minus), smoothed(spans)
    averages, plus_dis, minus_dis = ([math.nan] * count for _ in range(3))
    strengths: list[float | None] = []
    for i in range(period, count):
        plus_dis[i] = 100 * plus_sum[i] / range_sum[i] if range_sum[i] else 0.0
        minus_dis[i] = 100 * minus_sum[i] / range_sum[i] if range_sum[i] else 0.0
        total = plus_dis[i] + minus_dis[i]
        strengths.append(100 * abs(plus_dis[i] - minus_dis[i]) / total if total else None)
        if len(strengths) == period:
            averages[i] = sum(s or 0.0 for s in strengths) / period
        elif len(strengths) > period:
            last = strengths[-1]
            averages[i] = averages[i - 1] if last is None else (averages[i - 1] * (period - 1) + last) / period
    return averages, plus_dis, minus_dis


def test_five_bars_by_hand() -> None:
    # row 1: up 2, down -1: +DM 2, range 3;   row 2: up 1, down -2: +DM 1, range 2
    # row 3: up -1, down 2: -DM 2, range 3;   row 4: up -1, down -1: nothing, range 1
    rows = [(10, 8, 9), (12, 9, 11), (13, 11, 12), (12, 9, 10), (11, 10, 10)]
    average, plus, minus = adx(*columns(rows), 2)
    # sums (+DM, -DM, range), period 2: row 2 (2, 0, 3.5), row 3 (1, 2, 4.75), row 4 (0.5, 1, 3.375)
    assert plus[2:].tolist() == pytest.approx([200 / 3.5, 100 / 4.75, 50 / 3.375])
    assert minus[2:].tolist() == pytest.approx([0, 200 / 4.75, 100 / 3.375])
    # DX: 100, 100/3, 100/3; ADX: (100 + 100/3) / 2 = 200/3, then (200/3 + 100/3) / 2 = 50
    assert average[3:].tolist() == pytest.approx([200 / 3, 50])
    assert np.isnan(average[:3]).all()
    assert np.isnan(plus[:2]).all()
    assert np.isnan(minus[:2]).all()


def test_agrees_with_ta_lib() -> None:
    average, plus, minus = adx(*columns(BARS), 5)
    assert average[9:].tolist() == pytest.approx(TA_LIB_ADX_5, abs=1e-8)
    assert plus[5:].tolist() == pytest.approx(TA_LIB_PLUS_DI_5, abs=1e-8)
    assert minus[5:].tolist() == pytest.approx(TA_LIB_MINUS_DI_5, abs=1e-8)
    assert adx(*columns(BARS), 14)[0][27:].tolist() == pytest.approx(TA_LIB_ADX_14, abs=1e-8)


def test_there_is_no_value_before_the_warm_up() -> None:
    average, plus, minus = adx(*columns(BARS), 5)
    assert np.isnan(average[:9]).all()
    assert np.isnan(plus[:5]).all()
    assert np.isnan(minus[:5]).all()
    assert [len(values) for values in adx(*columns([]), 5)] == [0, 0, 0]
    assert np.isnan(adx(*columns(BARS[:9]), 5)[0]).all()


def test_a_market_that_never_moves_has_no_direction() -> None:
    average, plus, minus = adx(*columns([(100, 100, 100)] * 20), 5)
    assert set(average[9:]) == set(plus[5:]) == set(minus[5:]) == {0.0}


def test_a_steady_climb_is_all_direction() -> None:
    average, plus, minus = adx(*columns([(100 + 10 * i, 95 + 10 * i, 100 + 10 * i) for i in range(20)]), 5)
    # every bar: +DM 10, range 10 (from the close before)
    assert average[9:].tolist() == pytest.approx([100] * 11)
    assert plus[5:].tolist() == pytest.approx([100] * 15)
    assert set(minus[5:]) == {0.0}


@pytest.mark.parametrize("period", [0, -1])
def test_a_period_below_one_is_said(period: int) -> None:
    with pytest.raises(ValueError, match="period of an ADX"):
        adx(*columns(BARS), period)


@pytest.mark.parametrize(("column", "first"), [(0, 15), (1, 15), (2, 16)])
def test_a_nan_stays(column: int, first: int) -> None:
    data = [c.astype(np.float64) for c in columns(BARS)]
    data[column][15] = math.nan
    for values, warm in zip(adx(data[0], data[1], data[2], 5), (9, 5, 5), strict=True):
        assert not np.isnan(values[warm:first]).any()
        assert np.isnan(values[first:]).all()


def test_the_step_knows_its_warm_up() -> None:
    state = adx_start()
    known = []
    for high, low, close in BARS[:10]:
        state = adx_step(state, high, low, close, 5)
        known.append(tuple(not math.isnan(value) for value in adx_of(state, 5)))
    assert known == [(False,) * 3] * 5 + [(False, True, True)] * 4 + [(True,) * 3]


bars = st.lists(st.tuples(st.integers(1_000, 1_100), st.integers(0, 40), st.integers(0, 40)), max_size=60).map(
    lambda rows: [(low + height, low, low + min(where, height)) for low, height, where in rows]
)


@settings(deadline=None)
@given(bars, st.integers(1, 20))
def test_agrees_with_the_definition_on_random_bars(rows: Rows, period: int) -> None:
    if not rows:
        return
    for ours, plain in zip(adx(*columns(rows), period), plain_adx(rows, period), strict=True):
        assert ours.tolist() == pytest.approx(plain, rel=1e-9, abs=1e-9, nan_ok=True)


@settings(deadline=None)
@given(bars.filter(lambda rows: len(rows) > 2), st.integers(1, 20), st.data())
def test_a_row_does_not_know_the_rows_after_it(rows: Rows, period: int, data: st.DataObject) -> None:
    cut = data.draw(st.integers(1, len(rows) - 1))
    for whole, part in zip(adx(*columns(rows), period), adx(*columns(rows[:cut]), period), strict=True):
        assert np.array_equal(whole[:cut], part, equal_nan=True)
