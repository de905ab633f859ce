"""The gap between alert prices and ours, and the hint that the bars lie in another time zone."""

from __future__ import annotations

import pytest
from fake_run import DAY_NS, EURUSD, HOUR_NS, MINUTE_NS, THURSDAY_NS, flat_series, record_of, walk_series

from zepix.model import Alert, Quarantined, Series
from zepix.research.alert_gap import AlertGap, alert_gaps


def an_alert(number: int, received_ns: int, price: float | None, symbol: str = "EURUSD") -> Alert:
    return Alert(id=f"a{number}", received_ns=received_ns, dialect="plain", type="entry", symbol=symbol, price=price)


def gap_of(series: Series, alerts: list[Alert | Quarantined]) -> AlertGap:
    (gap,) = alert_gaps(record_of([], [series], alerts=alerts))
    return gap


def alerts_on(series: Series, count: int, *, shift_h: int = 0, off_points: int = 0) -> list[Alert | Quarantined]:
    """Alerts with the mid of the bar that opens ``shift_h`` before they arrive, as a shifted clock would make them."""
    step = (len(series) - 2000) // count
    rows = range(1000, 1000 + count * step, step)
    return [
        an_alert(
            n,
            int(series.time[row]) + shift_h * HOUR_NS,
            EURUSD.price((int(series.bid_open[row]) + int(series.ask_open[row])) // 2 + off_points),
        )
        for n, row in enumerate(rows)
    ]


WALK = walk_series("EURUSD", 138_000, 1440 * 8, seed=21, step=8)


def test_gap_is_the_distance_from_the_mid() -> None:
    series = flat_series("EURUSD", 138_000, 600)  # mid 138005
    prices = [1.38005, 1.38015, 1.37985, 1.38105]
    gap = gap_of(series, [an_alert(n, THURSDAY_NS + n * MINUTE_NS, p) for n, p in enumerate(prices)])
    assert gap.compared == 4
    assert gap.median_points == pytest.approx(15)  # of 0, 10, 20, 100
    assert gap.max_points == pytest.approx(100)
    assert gap.p95_points == pytest.approx(20 + 80 * 0.85)
    assert gap.median_pips == pytest.approx(1.5)
    assert gap.warning is None


@pytest.mark.parametrize("shift_h", [-14, -7, -1, 1, 2, 7, 14])
def test_bars_in_another_zone_are_named_with_the_hours(shift_h: int) -> None:
    gap = gap_of(WALK, alerts_on(WALK, 40, shift_h=shift_h))
    assert gap.shift_h == shift_h
    assert gap.shift_median_points is not None
    assert gap.shift_median_points < 5
    assert gap.warning is not None
    assert f"{shift_h:+d} h" in gap.warning
    assert "time zone" in gap.warning


@pytest.mark.parametrize("off_points", [0, 3, 30])
def test_right_clock_gives_no_hint_even_if_the_feed_differs(off_points: int) -> None:
    assert gap_of(WALK, alerts_on(WALK, 40, off_points=off_points)).shift_h is None


def test_seven_alerts_are_too_few_for_a_hint() -> None:
    assert gap_of(WALK, alerts_on(WALK, 7, shift_h=7)).shift_h is None


def test_many_alerts_in_one_bar_are_too_few_for_a_hint() -> None:
    one = alerts_on(WALK, 10, shift_h=7)[3]
    assert isinstance(one, Alert)
    assert gap_of(WALK, [an_alert(n, one.received_ns + n, one.price) for n in range(30)]).shift_h is None


def test_prices_of_another_instrument_give_no_hint() -> None:
    alerts = [an_alert(n, THURSDAY_NS + n * HOUR_NS, 2.5 + n % 3) for n in range(40)]
    gap = gap_of(WALK, alerts)
    assert gap.shift_h is None
    assert gap.median_points is not None
    assert gap.median_points > 100_000


@pytest.mark.parametrize("price", [None, float("nan"), float("inf"), 0.0, -1.38])
def test_price_that_is_none_is_not_compared(price: float | None) -> None:
    assert alert_gaps(record_of([], [WALK], alerts=[an_alert(1, THURSDAY_NS + HOUR_NS, price)])) == []


def test_alert_on_a_stale_price_is_not_compared() -> None:
    series = flat_series("EURUSD", 138_000, 60)
    times = [THURSDAY_NS - 1, THURSDAY_NS + 60 * MINUTE_NS, THURSDAY_NS + 70 * MINUTE_NS, THURSDAY_NS + DAY_NS]
    gap = gap_of(series, [an_alert(n, t, 1.38) for n, t in enumerate(times)])
    assert gap.compared == 2  # at the end, and ten minutes after it


def test_symbols_without_prices_and_quarantined_bodies_are_left_out() -> None:
    alerts = [an_alert(1, THURSDAY_NS, 2000.0, "XAUUSD"), Quarantined(id="q", reason="x", detail="", raw="{")]
    assert alert_gaps(record_of([], [WALK], alerts=alerts)) == []


def test_gap_without_a_comparable_alert_has_no_figures() -> None:
    gap = gap_of(WALK, [an_alert(1, THURSDAY_NS - DAY_NS, 1.38)])
    assert (gap.compared, gap.median_points, gap.warning) == (0, None, None)
