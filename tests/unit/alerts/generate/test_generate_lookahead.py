"""No alert knows a bar that comes after it: cut the bars anywhere, and what was sent by then is the same."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from generate_bars import CHARTS, first_rows, five_minutes, instrument, quick, volumes

from zepix.alerts.generate import generate, settings_of
from zepix.data import default_catalogue, load_bars

MARKET = Path(__file__).resolve().parents[5] / "shared" / "data" / "market"
RECORDED = ("EURUSD_H1_20070101_20181231.parquet", "XAUUSD_H1_20060320_20190225.parquet")


@pytest.mark.parametrize("has_volume", [False, True], ids=["without volumes", "with volumes"])
@pytest.mark.parametrize("dialect", ["v3", "v6"])
def test_alerts_of_the_first_bars_are_the_first_alerts_on_every_chart(dialect: str, has_volume: bool) -> None:
    series = five_minutes()
    volume = volumes(len(series)) if has_volume else None
    settings = quick(dialect)
    whole = list(generate(series, instrument(), dialect, timeframes=CHARTS, settings=settings, volume=volume))
    assert {alert.timeframe for alert in whole} == {"5m", "15m", "1h", "4h", "1d"}
    for count in (1, 2, 37, 300, 1111, 2500, 4999, 6001, 7000, len(series) - 1):
        part = first_rows(series, count)
        known = None if volume is None else volume[:count]
        found = list(generate(part, instrument(), dialect, timeframes=CHARTS, settings=settings, volume=known))
        assert found == [alert for alert in whole if alert.received_ns <= part.end_ns], count
    assert len(whole) > 500


@pytest.mark.parametrize("dialect", ["v3", "v6"])
def test_what_comes_later_may_be_anything(dialect: str) -> None:
    series, settings, count = five_minutes(), quick(dialect), 5000
    whole = list(generate(series, instrument(), dialect, timeframes=CHARTS, settings=settings))
    end_ns = first_rows(series, count).end_ns
    for name in ("bid_open", "bid_high", "bid_low", "bid_close"):
        changed = getattr(series, name).copy()
        changed[count:] = changed[count:][::-1] * 2
        series = replace(series, **{name: changed})
    other = list(generate(series, instrument(), dialect, timeframes=CHARTS, settings=settings))
    assert [a for a in whole if a.received_ns <= end_ns] == [a for a in other if a.received_ns <= end_ns]
    assert whole != other


@pytest.mark.parametrize("name", RECORDED)
@pytest.mark.parametrize("dialect", ["v3", "v6"])
def test_alerts_of_recorded_bars_do_not_look_ahead(dialect: str, name: str) -> None:
    if not (MARKET / name).is_file():
        pytest.skip("needs the recorded bars of ../shared/data/market")
    loaded = load_bars([str(MARKET / name)], default_catalogue(), cache=False).series
    series = first_rows(next(iter(loaded.values())), 12_000)
    symbol, charts = instrument(series.symbol), ("60", "240", "1D")
    settings = settings_of(dialect)
    whole = list(generate(series, symbol, dialect, timeframes=charts, settings=settings))
    for count in (500, 4321, 8000, 11_111, 11_999):
        part = first_rows(series, count)
        found = list(generate(part, symbol, dialect, timeframes=charts, settings=settings))
        assert found == [alert for alert in whole if alert.received_ns <= part.end_ns]
    assert len(whole) > 900


@pytest.mark.parametrize("dialect", ["v3", "v6"])
def test_an_alert_comes_when_its_bar_has_ended(dialect: str) -> None:
    series = five_minutes()
    lengths = {"5m": 5, "15m": 15, "1h": 60, "4h": 240, "1d": 1440}
    moments = []
    for alert in generate(series, instrument(), dialect, timeframes=CHARTS, settings=quick(dialect)):
        assert alert.received_ns % (lengths[alert.timeframe] * 60 * 10**9) == 0
        assert alert.received_ns <= series.end_ns
        moments.append(alert.received_ns)
    assert (np.diff(moments) >= 0).all()
