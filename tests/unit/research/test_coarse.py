"""Which open serves an order, and which delays bars cannot show; answers counted by hand from docs/fills.md."""

from __future__ import annotations

import numpy as np
import pytest

from tests.world import MINUTE, T0, alert, bars, flat, minute
from zepix.model import FillModel, Series
from zepix.research.coarse import moves, resolutions, serving_rows

S = 1_000_000_000
GRACE = FillModel(open_grace_ms=5000)
CAUTIOUS = FillModel(open_grace_ms=0)


def rows_of(series, fill, *arrivals_s):
    return serving_rows(series, np.array([T0 + round(s * S) for s in arrivals_s], np.int64), fill).tolist()


def ticks(*seconds):
    one = bars(*flat(len(seconds)))
    columns = {name: getattr(one, name) for name in Series.__dataclass_fields__ if name not in ("time", "facts")}
    time = np.array([T0 + round(s * S) for s in seconds], np.int64)
    return Series(**{**columns, "timeframe": "tick", "timeframe_ns": 0}, time=time)


# Three bars of a minute open at 0, 60 and 120 s.
SERVED = [
    ("before the first bar", GRACE, -1, 0),
    ("at an open", GRACE, 60, 1),
    ("within the grace", GRACE, 65, 1),
    ("past the grace", GRACE, 65.001, 2),
    ("no grace", CAUTIOUS, 60.001, 2),
    ("at an open without grace", CAUTIOUS, 60, 1),
    ("within the grace of the last bar", GRACE, 124, 2),
    ("after the last open", GRACE, 126, -1),
    ("long before the first bar", GRACE, -601, -1),
    ("as long before it as an order waits", GRACE, -600, 0),
]


@pytest.mark.parametrize(("case", "fill", "at_s", "row"), SERVED, ids=[case for case, *_ in SERVED])
def test_the_open_that_serves_an_order(case, fill, at_s, row):
    assert rows_of(bars(*flat(3)), fill, at_s) == [row]


def test_an_order_waits_one_bar_where_that_is_longer():
    hours = bars(*flat(3), timeframe="1h")
    assert rows_of(hours, GRACE, 100, 3595, 3600 * 2 + 6) == [1, 1, -1]


def test_a_hole_longer_than_an_order_waits():
    one = bars(*flat(1), *[None] * 30, *flat(1))
    assert rows_of(one, GRACE, 4, 10, 30 * 60) == [0, -1, 1]


def test_the_grace_ends_with_its_bar():
    assert rows_of(bars(*flat(1), None, *flat(1)), FillModel(open_grace_ms=600_000), 59, 61) == [0, 1]


def test_on_ticks_the_first_at_or_after_serves_and_there_is_no_grace():
    assert rows_of(ticks(0, 1, 1, 2.5), GRACE, 0, 0.5, 1, 1.1, 2.6) == [0, 1, 1, 3, -1]


def test_a_short_delay_on_a_long_bar_moves_no_fill():
    one = {"EURUSD": bars(*flat(5), timeframe="15m")}
    before = [alert(0), alert(15 + 1 / 60), alert(30 + 2 / 60)]
    after = [
        alert(0 + 3 / 60, id=before[0].id),
        alert(15 + 4 / 60, id=before[1].id),
        alert(30 + 5 / 60, id=before[2].id),
    ]
    found = moves(before, after, one, GRACE)
    assert (found.late, found.unmoved, found.unmoved_frac, found.shift_s) == (3, 3, 1.0, None)
    assert found.by_s == 3


def test_past_the_grace_a_delay_counts_a_whole_bar():
    one = {"EURUSD": bars(*flat(5), timeframe="15m")}
    before = [alert(0), alert(15)]
    after = [alert(10 / 60, id=before[0].id), alert(15 + 10 / 60, id=before[1].id)]
    found = moves(before, after, one, GRACE)
    assert (found.late, found.unmoved, found.shift_s, found.by_s) == (2, 0, 900.0, 10.0)


def test_latency_comes_on_top():
    one = {"EURUSD": bars(*flat(5))}
    before = [alert(0)]
    after = [alert(3 / 60, id=before[0].id)]
    assert moves(before, after, one, GRACE).unmoved == 1
    assert moves(before, after, one, FillModel(latency_ms=3000)).unmoved == 0


def test_lost_alerts_resends_and_information_do_not_count():
    one = {"EURUSD": bars(*flat(5))}
    before = [alert(0), alert(1), alert(2, "bias"), alert(3, symbol="GBPUSD")]
    after = [alert(1.01, id=before[1].id), alert(1.02, id="resend"), *before[2:]]
    assert moves(before, after, one, GRACE).late == 1


def test_on_ticks_no_delay_is_hidden():
    one = {"EURUSD": ticks(0, 60, 120)}
    before, after = [alert(0.5)], [alert(0.6, id=alert(0.5).id)]
    assert (moves(before, after, one, GRACE).late, moves(before, after, one, GRACE).unmoved) == (1, 0)
    assert resolutions(before, one, GRACE) == ()


def test_half_of_the_alerts_need_a_longer_delay_than_this():
    """Arrivals 1, 2 and 4 s after an open stay at it for another 4, 3 and 1 s of grace; the median is 3 s."""
    one = {"EURUSD": bars(*flat(5), timeframe="15m")}
    (found,) = resolutions([alert(1 / 60), alert(15 + 2 / 60), alert(30 + 4 / 60)], one, GRACE)
    assert (found.timeframe, found.bar_s, found.grace_s, found.alerts) == ("15m", 900.0, 5.0, 3)
    assert found.shown_s == pytest.approx(3)


def test_within_a_bar_it_is_the_way_to_the_next_open_and_its_grace():
    one = {"EURUSD": bars(*flat(5), timeframe="15m")}
    (found,) = resolutions([alert(5)], one, GRACE)
    assert found.shown_s == pytest.approx(605)
    (found,) = resolutions([alert(5)], one, CAUTIOUS)
    assert found.shown_s == pytest.approx(600)


def test_every_timeframe_has_its_own_answer():
    series = {"EURUSD": bars(*flat(5)), "GBPUSD": bars(*flat(5), symbol="GBPUSD", timeframe="15m")}
    found = resolutions([alert(0), alert(0, symbol="GBPUSD"), alert(1, symbol="USDJPY")], series, GRACE)
    assert [(one.timeframe, one.alerts) for one in found] == [("1m", 1), ("15m", 1)]


def test_nothing_to_say_without_alerts():
    assert resolutions([], {"EURUSD": bars(*flat(5))}, GRACE) == ()
    assert moves([], [], {}, GRACE).unmoved_frac is None
    assert minute(1) - T0 == MINUTE
