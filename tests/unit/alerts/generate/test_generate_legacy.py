"""Legacy alerts from prices: each chart's own, understood by the parser, in an order that can be used, never ahead."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from generate_bars import first_rows, five_minutes, instrument, quick

from zepix.alerts import AlertProcessor
from zepix.alerts.generate import Generated, LegacySettings, generate, left_out, settings_of
from zepix.alerts.generate.chart import chart_of
from zepix.alerts.generate.trends import trend_of
from zepix.data import default_catalogue
from zepix.errors import ConfigError
from zepix.model import Alert, Side

CHARTS = ("5", "15", "60", "1D")
KINDS = {
    "5m": {"reversal", "exit", "entry"},
    "15m": {"trend", "exit", "entry"},
    "1h": {"trend", "exit", "entry"},
    "1d": {"bias"},
}


@cache
def made(*pairs: str) -> list[Generated]:
    return list(generate(five_minutes(), instrument(), "legacy", timeframes=CHARTS, settings=quick("legacy", *pairs)))


@cache
def readings(timeframe: str) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """(end, close, trend, average) of a chart, made anew."""
    chart = chart_of(five_minutes(), timeframe)
    return chart.end, chart.close, *trend_of(chart, quick("legacy"))


def row_of(alert: Generated) -> int:
    return int(np.searchsorted(readings(alert.timeframe)[0], alert.received_ns))


def test_each_chart_sends_its_own_alerts() -> None:
    found: dict[str, set[str]] = {}
    for alert in made():
        found.setdefault(alert.timeframe, set()).add(alert.kind)
    assert found == KINDS


@pytest.mark.parametrize("symbol", ["EURUSD", "XAUUSD"])
def test_every_body_becomes_its_alert(symbol: str) -> None:
    processor = AlertProcessor(default_catalogue())
    seen: Counter[tuple[str, str]] = Counter()
    for number, alert in enumerate(
        generate(five_minutes(symbol), instrument(symbol), "legacy", timeframes=CHARTS, settings=quick("legacy"))
    ):
        read = processor.parse(alert.body, received_ns=alert.received_ns, id=str(number))
        assert isinstance(read, Alert), (alert, read)
        assert (read.dialect, read.type, read.symbol, read.timeframe) == (
            "legacy", alert.kind, symbol, alert.timeframe,
        )  # fmt: skip
        assert read.strategy == "ZepixPremium" and read.repairs == () and read.price is not None
        if alert.kind in ("bias", "trend"):
            assert read.side is None and read.fields["direction"] in ("bull", "bear")
        seen[alert.kind, str(read.side or read.fields["direction"])] += 1
    assert set(seen) == {
        *((kind, word) for kind in ("bias", "trend") for word in ("bull", "bear")),
        *((kind, side) for kind in ("entry", "exit", "reversal") for side in (str(Side.BUY), str(Side.SELL))),
    }


def test_words_and_rules_by_the_chart() -> None:
    """A second reckoning from the chart's trend and average: which row may send what."""
    words = {"entry": ("buy", "sell"), "reversal": ("reversal_bull", "reversal_bear")}
    for alert in made():
        _, close, trend, average = readings(alert.timeframe)
        row = row_of(alert)
        up, down = (f'"signal":"{word}"' in alert.body for word in words.get(alert.kind, ("bull", "bear")))
        assert up != down
        sign = 1 if up else -1
        crossed = row > 0 and (close[row] - average[row]) * sign > 0 >= (close[row - 1] - average[row - 1]) * sign
        turned = row > 0 and trend[row] == sign == -trend[row - 1]
        if alert.kind == "bias":
            assert trend[row] == sign
        elif alert.kind == "exit":
            assert crossed and trend[row] == -sign
        elif alert.kind == "reversal":
            assert turned
        elif alert.kind == "entry":
            assert turned or (crossed and trend[row] == trend[row - 1] == sign)
        else:
            assert turned or trend[row - 1] == 0 or (crossed and trend[row] == sign)


def test_a_trend_comes_before_the_entry_that_needs_it() -> None:
    of_hours = [alert for alert in made() if alert.timeframe == "1h"]
    by_moment: dict[int, list[str]] = {}
    for alert in of_hours:
        by_moment.setdefault(alert.received_ns, []).append(alert.kind)
    both = [kinds for kinds in by_moment.values() if {"trend", "entry"} <= set(kinds)]
    assert both and all(kinds.index("trend") < kinds.index("entry") for kinds in both)


def test_a_bias_is_sent_at_every_close_once_the_trend_is_known() -> None:
    biases = [alert for alert in made() if alert.kind == "bias"]
    end, _, trend, _ = readings("1d")
    assert [alert.received_ns for alert in biases] == end[trend != 0].tolist()


def test_alerts_of_the_first_bars_are_the_first_alerts() -> None:
    series, settings, whole = five_minutes(), quick("legacy"), made()
    for count in (1, 37, 300, 1111, 4999, 7000, len(series) - 1):
        part = first_rows(series, count)
        found = list(generate(part, instrument(), "legacy", timeframes=CHARTS, settings=settings))
        assert found == [alert for alert in whole if alert.received_ns <= part.end_ns], count
    assert len(whole) > 500


def test_what_comes_later_may_be_anything() -> None:
    series, count, whole = five_minutes(), 5000, made()
    end_ns = first_rows(series, count).end_ns
    for name in ("bid_open", "bid_high", "bid_low", "bid_close"):
        changed = getattr(series, name).copy()
        changed[count:] = changed[count:][::-1] * 2
        series = replace(series, **{name: changed})
    other = list(generate(series, instrument(), "legacy", timeframes=CHARTS, settings=quick("legacy")))
    assert [a for a in whole if a.received_ns <= end_ns] == [a for a in other if a.received_ns <= end_ns]


def test_entries_and_trends_by_flip_or_cross() -> None:
    for kind, name in (("entry", "entry_on"), ("trend", "trend_on")):
        counts = [
            sum(alert.kind == kind for alert in made(*pairs)) for pairs in ((f"{name}=flip",), (f"{name}=cross",), ())
        ]
        assert 0 < counts[0] < counts[2] and 0 < counts[1] < counts[2]


@pytest.mark.parametrize(
    ("pairs", "said"),
    [
        (["entry_on=whim"], "entry_on must be flip, cross or both"),
        (["trend_on=whim"], "trend_on must be flip, cross or both"),
        (["trend_period=2"], "3 or more"),
        (["rsi_period=14"], "expected NAME=VALUE"),
    ],
)
def test_wrong_settings_are_said(pairs: list[str], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        settings_of("legacy", pairs)


def test_a_chart_on_which_the_script_sends_nothing_is_said() -> None:
    with pytest.raises(ConfigError, match="charts 5m, 15m, 1h, 1d, not 4h"):
        generate(five_minutes(), instrument(), "legacy", timeframes=("60", "240"))


def test_what_is_left_out_is_named_with_its_reason() -> None:
    assert isinstance(settings_of("legacy"), LegacySettings)
    assert left_out("legacy", has_volume=True) == left_out("legacy", has_volume=False)
    assert all(len(reason) > 20 for reason in left_out("legacy", has_volume=False).values())
