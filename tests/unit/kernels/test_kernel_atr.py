"""Average true range against cases computed by hand, an independent definition, and another library's numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zepix.kernels.atr import atr, atr_of, atr_start, atr_step, true_range

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


def columns(rows: Rows) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    table = np.array(rows, np.int32).reshape(-1, 3)
    return table[:, 0].copy(), table[:, 1].copy(), table[:, 2].copy()


def plain_atr(rows: Rows, period: int) -> list[float]:
    """Wilder's definition, written out: three candidates for the range, a mean, then the recursion."""
    ranges: list[float] = []
    for i, (high, low, _) in enumerate(rows):
        before = rows[i - 1][2] if i else None
        ranges.append(high - low if before is None else max(high - low, abs(high - before), abs(low - before)))
    out = [math.nan] * len(rows)
    if len(rows) >= period:
        out[period - 1] = sum(ranges[:period]) / period
        for i in range(period, len(rows)):
            out[i] = (out[i - 1] * (period - 1) + ranges[i]) / period
    return out


@pytest.mark.parametrize(
    ("case", "high", "low", "before", "expected"),
    [
        ("a bar around the close before", 12, 8, 10, 4),
        ("a gap up is travelled too", 15, 13, 10, 5),
        ("a gap down is travelled too", 8, 6, 10, 4),
        ("nothing moved", 10, 10, 10, 0),
    ],
)
def test_true_range(case: str, high: float, low: float, before: float, expected: float) -> None:
    assert true_range(high, low, before) == expected


def test_three_bars_by_hand() -> None:
    # true ranges: 12 - 8 = 4; 15 - 10 (gap up) = 5; 14 - 9 = 5; 9 - 6 = 3
    high, low, close = columns([(12, 8, 10), (15, 13, 14), (14, 9, 9), (9, 6, 7)])
    # period 2: (4 + 5) / 2 = 4.5; (4.5 + 5) / 2 = 4.75; (4.75 + 3) / 2 = 3.875
    assert atr(high, low, close, 2).tolist()[1:] == [4.5, 4.75, 3.875]
    # period 3: (4 + 5 + 5) / 3 = 14/3; (2 * 14/3 + 3) / 3 = 37/9
    assert atr(high, low, close, 3).tolist()[2:] == pytest.approx([14 / 3, 37 / 9])


def test_there_is_no_value_before_the_first_period() -> None:
    high, low, close = columns(BARS)
    assert np.isnan(atr(high, low, close, 14)[:13]).all()
    assert not np.isnan(atr(high, low, close, 14)[13:]).any()
    assert np.isnan(atr(high[:5], low[:5], close[:5], 14)).all()
    assert len(atr(high[:0], low[:0], close[:0], 14)) == 0


def test_period_one_is_the_true_range_itself() -> None:
    high, low, close = columns([(12, 8, 10), (15, 13, 14)])
    assert atr(high, low, close, 1).tolist() == [4.0, 5.0]


def test_agrees_with_ta_lib() -> None:
    """TA-Lib 0.8.1, ``ATR(high, low, close, 5)`` of BARS[2:]; it leaves the first bar's range out of the first mean.

    Ours begins one bar later therefore, at a bar without a gap, whose range is high - low in both.
    """
    high, low, close = columns(BARS[3:])
    assert atr(high, low, close, 5)[4:].tolist() == pytest.approx(TA_LIB_ATR_5, abs=1e-9)


TA_LIB_ATR_5 = [
    39.2, 38.96, 41.368, 40.4944, 41.59552, 41.676416, 43.1411328, 40.31290624,
    38.850324992, 36.680259994, 33.344207995, 36.075366396, 40.860293117, 36.088234493, 35.070587595, 34.856470076,
    35.085176061, 37.868140848, 36.894512679, 33.315610143, 31.252488114, 29.801990492, 26.241592393,
]  # fmt: skip


def test_points_and_prices_give_the_same_in_their_units() -> None:
    high, low, close = columns(BARS)
    in_points = atr(high, low, close, 5)
    in_prices = atr(high * 1e-5, low * 1e-5, close * 1e-5, 5)
    assert np.allclose(in_points * 1e-5, in_prices, rtol=1e-9, equal_nan=True)


@pytest.mark.parametrize(("column", "first"), [(0, 10), (1, 10), (2, 11)])
def test_a_nan_stays(column: int, first: int) -> None:
    data = [c.astype(np.float64) for c in columns(BARS)]
    data[column][10] = math.nan
    average = atr(data[0], data[1], data[2], 5)
    assert not np.isnan(average[4:first]).any()
    assert np.isnan(average[first:]).all()


@pytest.mark.parametrize("period", [0, -3])
def test_a_period_below_one_is_said(period: int) -> None:
    high, low, close = columns(BARS)
    with pytest.raises(ValueError, match="period of an ATR"):
        atr(high, low, close, period)


def test_the_step_knows_its_warm_up() -> None:
    state = atr_start()
    values = []
    for high, low, close in BARS[:3]:
        state = atr_step(state, high, low, close, 3)
        values.append(atr_of(state, 3))
    assert math.isnan(values[0])
    assert math.isnan(values[1])
    # 42; 1112 - 1055 = 57; 1159 - 1105 = 54
    assert values[2] == pytest.approx((42 + 57 + 54) / 3)
    assert (state.seen, state.close) == (3, 1148.0)


bars = st.lists(st.tuples(st.integers(1_000, 1_100), st.integers(0, 40), st.integers(0, 40)), max_size=60).map(
    lambda rows: [(low + height, low, low + min(where, height)) for low, height, where in rows]
)


@settings(deadline=None)
@given(bars, st.integers(1, 20))
def test_agrees_with_the_definition_on_random_bars(rows: Rows, period: int) -> None:
    high, low, close = columns(rows)
    assert atr(high, low, close, period).tolist() == pytest.approx(plain_atr(rows, period), rel=1e-12, nan_ok=True)


@settings(deadline=None)
@given(bars.filter(lambda rows: len(rows) > 2), st.integers(1, 20), st.data())
def test_a_row_does_not_know_the_rows_after_it(rows: Rows, period: int, data: st.DataObject) -> None:
    cut = data.draw(st.integers(1, len(rows) - 1))
    high, low, close = columns(rows)
    whole = atr(high, low, close, period)[:cut]
    assert np.array_equal(whole, atr(high[:cut], low[:cut], close[:cut], period), equal_nan=True)
