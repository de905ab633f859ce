"""The rules of the two scripts one by one: scores, states, chains, counts, and the form of numbers.

Answers are worked out from the description of the scripts, as the comments say.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from generate_bars import CHARTS, first_rows, five_minutes, instrument, quick, volumes

from zepix.alerts.generate import Generated, LegacySettings, V3Settings, V6Settings, generate, left_out, settings_of
from zepix.alerts.generate.chart import Chart, chart_of, code
from zepix.alerts.generate.indicators import NAMES, Readings
from zepix.alerts.generate.trends import Trends
from zepix.alerts.generate.v3 import _chain, consensus, multiplier
from zepix.alerts.generate.v6 import STATES, market_state, since
from zepix.alerts.generate.wire import fixed, number
from zepix.data import resample
from zepix.errors import ConfigError


def readings(count: int, **margins: list[float]) -> Readings:
    """Readings of which a test fills in what it needs."""
    nothing = np.zeros(count)
    found = {name: np.asarray(values, np.float64) for name, values in margins.items()}
    return Readings(found, nothing + 30, nothing + 10, nothing + 50, np.ones(count, np.int8), 0)


# round(points * 9 / 12), halves up: 2 -> 1.5, 6 -> 4.5, 10 -> 7.5
SCORES = {0: 0, 1: 1, 2: 2, 3: 2, 4: 3, 5: 4, 6: 5, 7: 5, 8: 6, 9: 7, 10: 8, 11: 8, 12: 9}
WEIGHTS = {"MACD": 2, "MOMENTUM": 2, "RSI": 2, "STOCH": 1, "VORTEX": 1, "DMI": 1, "PSAR": 1, "MFI": 1, "FISHER": 1}


@pytest.mark.parametrize("points", SCORES)
def test_consensus_of_twelve_points(points: int) -> None:
    left, signs = points, {}
    for name, weight in WEIGHTS.items():
        signs[name] = [1.0 if weight <= left else -1.0]
        left -= weight if weight <= left else 0
    assert left == 0
    assert consensus(readings(1, **signs), V3Settings()).tolist() == [SCORES[points]]


def test_without_volumes_eleven_points_are_nine() -> None:
    rising = {name: [1.0, -1.0] for name in WEIGHTS if name != "MFI"}
    assert consensus(readings(2, **rising), V3Settings()).tolist() == [9, 0]
    rising["MACD"] = [-1.0, 1.0]  # 9 of 11: 7.36; 2 of 11: 1.64
    assert consensus(readings(2, **rising), V3Settings()).tolist() == [7, 2]


def test_multiplier_by_score() -> None:
    assert [multiplier(score) for score in range(10)] == [0.2, 0.2, 0.2, 0.4, 0.4, 0.6, 0.6, 0.8, 0.8, 1.0]


def test_market_states_of_six_timeframes() -> None:
    cases = {
        (6, 0): "TRENDING_BULLISH",
        (5, 1): "TRENDING_BULLISH",
        (0, 5): "TRENDING_BEARISH",
        (4, 2): "MIXED_BULLISH",
        (1, 4): "MIXED_BEARISH",
        (3, 3): "NEUTRAL",
        (0, 0): "NEUTRAL",
    }
    bulls, bears = np.array(list(cases)).T
    assert [STATES[k] for k in market_state(bulls, bears)] == list(cases.values())


def test_bars_since_the_last_entry() -> None:
    entries = np.array([0, 1, 0, 0, 1, 0], np.bool_)
    assert since(entries).tolist() == [-1, 0, 1, 2, 0, 1]


@pytest.mark.parametrize(
    ("minutes", "written"), [("5", "5"), ("1h", "60"), ("H4", "240"), ("1d", "1D"), ("30m", "30"), ("1m", "1")]
)
def test_timeframes_as_tradingview_writes_them(minutes: str, written: str) -> None:
    assert code(minutes) == written


@pytest.mark.parametrize(
    ("value", "written"),
    [(1.3771, "1.3771"), (4470.610768188, "4470.610768188"), (2.0, "2"), (0.1 + 0.2, "0.3"), (1e-7, "0.0000001"),
     (-0.0, "0"), (-0.00000000001, "0"), (100.0, "100"), (1 / 3, "0.3333333333")],
)  # fmt: skip
def test_numbers_have_ten_decimals_at_most_and_no_trailing_zeros(value: float, written: str) -> None:
    assert number(value) == written


def test_an_adx_has_one_decimal_at_most() -> None:
    assert [fixed(value, 1) for value in (26.46, 20.0, 19.96)] == ["26.5", "20", "20"]


def chain(**columns: list[object]) -> list[int]:
    """What the chain of V3 sends at rows whose trend, score, close, pulse and ADX are given."""
    count = len(columns["score"])
    found = readings(count, MACD=[1.0] * count)
    trend = np.array(columns.get("trend", [1] * count), np.int8)
    adx = np.array(columns.get("adx", [30] * count), np.float64)
    found = Readings(found.margins, adx, found.atr, found.average, trend, 0)
    close = np.array(columns.get("close", [60] * count), np.float64)
    bars = Chart("EURUSD", "1h", np.arange(count), close, close, close, close, None)
    pulse = np.array(columns.get("pulse", [False] * count), np.bool_)
    return _chain(bars, found, np.array(columns["score"], np.int64), pulse, V3Settings()).tolist()


def test_a_fall_from_six_to_three_within_a_bar_is_a_bullish_exit() -> None:
    assert chain(score=[5, 6, 3, 3, 7, 4, 3]) == [0, 0, 1, 0, 0, 0, 0]
    assert chain(score=[5, 6, 3], trend=[-1, -1, -1]) == [0, 0, 0]


def test_a_rise_from_three_to_six_within_a_bar_is_a_bearish_exit() -> None:
    assert chain(score=[5, 3, 6, 6], trend=[-1] * 4) == [0, 0, 2, 0]


def test_an_exit_comes_before_a_pulse_and_a_pulse_before_a_breakout() -> None:
    # the close crosses the average of 50 at row 2 and, after a dip, at row 4; the trend is up throughout
    crossing = {"close": [60, 40, 60, 40, 60]}
    assert chain(score=[5, 5, 5, 5, 5], **crossing) == [0, 0, 4, 0, 4]
    assert chain(score=[5, 5, 5, 5, 5], **crossing, pulse=[0, 0, 0, 0, 1]) == [0, 0, 4, 0, 3]
    assert chain(score=[5, 5, 5, 6, 3], **crossing, pulse=[0, 0, 0, 0, 1]) == [0, 0, 4, 0, 1]


def test_a_breakout_needs_a_strong_adx_and_the_score_of_its_side() -> None:
    crossing = {"close": [60, 40, 60]}
    assert chain(score=[4, 4, 4], **crossing) == [0, 0, 4]
    assert chain(score=[3, 3, 3], **crossing) == [0, 0, 0]
    assert chain(score=[4, 4, 4], adx=[30, 30, 20], **crossing) == [0, 0, 0]
    falling = {"close": [40, 60, 40], "trend": [-1, -1, -1]}
    assert chain(score=[5, 5, 5], **falling) == [0, 0, 5]
    assert chain(score=[6, 6, 6], **falling) == [0, 0, 0]


def test_a_turn_of_the_trend_is_a_breakout_of_its_own() -> None:
    assert chain(score=[5, 5, 5], trend=[-1, -1, 1]) == [0, 0, 4]
    assert chain(score=[5, 5, 5], trend=[1, 1, -1], close=[60, 60, 60]) == [0, 0, 5]


def test_charts_are_the_resampled_bars_that_have_closed() -> None:
    series = first_rows(five_minutes(), 5000)
    for word in CHARTS:
        longer, chart = resample(series, word), chart_of(series, word)
        closed = longer.time + longer.timeframe_ns <= series.end_ns
        assert (chart.end == longer.time[closed] + longer.timeframe_ns).all()
        for name in ("open", "high", "low", "close"):
            assert (getattr(chart, name) == getattr(longer, f"bid_{name}")[closed]).all(), (word, name)


def test_volumes_of_a_longer_bar_are_added() -> None:
    series = first_rows(five_minutes(), 1000)
    chart = chart_of(series, "1h", volumes(1000))
    hours = series.time // (3600 * 10**9)
    assert chart.volume is not None
    assert chart.volume[3] == volumes(1000)[hours == hours[0] + 3].sum()


def test_trends_are_those_of_the_last_closed_bar_of_each_timeframe() -> None:
    series = five_minutes()
    trends = Trends(series, quick("v3"))
    assert trends.unknown == ("1m",)
    hour = chart_of(series, "1h")
    found = trends.at(hour.end)
    assert not found[:, 0].any()
    day = chart_of(series, "1d")
    from zepix.alerts.generate.trends import trend_of

    daily = trend_of(day, quick("v3"))[0]
    for row in range(0, len(hour), 7):
        ended = [trend for end, trend in zip(day.end, daily, strict=True) if end <= hour.end[row]]
        assert found[row, 5] == (ended[-1] if ended else 0)


def alerts(dialect: str, *pairs: str, has_volume: bool = False) -> list[Generated]:
    series = five_minutes()
    volume = volumes(len(series)) if has_volume else None
    return list(
        generate(series, instrument(), dialect, timeframes=("15", "60"), settings=quick(dialect, *pairs), volume=volume)
    )


def test_v3_sends_one_alert_a_bar_at_most() -> None:
    places = [(alert.timeframe, alert.received_ns) for alert in alerts("v3")]
    assert len(places) == len(set(places)) > 200


def test_v6_exits_come_fifteen_bars_after_the_last_entry() -> None:
    for chart in ("15m", "1h"):
        ends = {int(end): row for row, end in enumerate(chart_of(five_minutes(), chart).end)}
        rows = defaultdict(list)
        for alert in alerts("v6"):
            if alert.timeframe == chart:
                rows[alert.kind].append(ends[alert.received_ns])
        for side in ("BULLISH", "BEARISH"):
            entries = set(rows[f"{side}_ENTRY"])
            last_bar = len(ends) - 1
            expected = [
                row + 15
                for row in sorted(entries)
                if row + 15 <= last_bar and not entries & set(range(row + 1, row + 16))
            ]
            assert rows[f"EXIT_{side}"] == expected
            assert len(expected) > 3


def test_v6_pulses_name_what_changed_and_states_follow_the_counts() -> None:
    pulses = [alert.body.split("|") for alert in alerts("v6") if alert.kind == "TREND_PULSE"]
    assert len(pulses) > 50
    for _, symbol, _, bulls, bears, changes, state in pulses:
        assert symbol == "EURUSD"
        assert re.fullmatch(r"((^|,)(5|15|60|240|1D):(BULL|SIDE|BEAR)\u2192(BULL|SIDE|BEAR))+", changes), changes
        assert STATES[market_state(np.array([int(bulls)]), np.array([int(bears)]))[0]] == state


def test_v6_confidence_adds_up() -> None:
    for has_volume in (False, True):
        for alert in alerts("v6", has_volume=has_volume):
            if not alert.kind.endswith("_ENTRY"):
                continue
            _, _, _, _, side, level, score, adx, word, *_, align, end = alert.body.split("|")
            assert end == ""
            ours = int(align[0]) if side == "BUY" else int(align[2])
            rest = int(score) - 20 - {"STRONG": 20, "MODERATE": 10, "WEAK": 0}[word] - (25 if ours >= 4 else 0)
            assert rest in ((0, 10) if has_volume else (0,))
            assert level == ("HIGH" if int(score) >= 80 else "MODERATE" if int(score) >= 50 else "LOW")
            assert abs(float(adx) - {"STRONG": 60, "MODERATE": 22.5, "WEAK": 10}[word]) < 36


def test_v6_screener_names_nine_indicators_and_needs_volumes() -> None:
    assert not [a for a in alerts("v6") if a.kind.startswith("SCREENER")]
    found = [a for a in alerts("v6", has_volume=True) if a.kind.startswith("SCREENER")]
    assert found
    assert found[0].body.split("|")[3:] == ["9", ",".join(NAMES)]
    assert NAMES == ("MACD", "STOCH", "VORTEX", "MOMENTUM", "RSI", "PSAR", "DMI", "MFI", "FISHER")


def test_v6_entries_by_flip_or_cross() -> None:
    entries = {
        word: {a.received_ns for a in alerts("v6", f"entry_on={word}") if a.kind.endswith("_ENTRY")}
        for word in ("flip", "cross", "both")
    }
    assert entries["flip"] and entries["cross"] and entries["flip"] | entries["cross"] == entries["both"]


def test_v3_tells_the_real_previous_trends_only_when_asked() -> None:
    def pulses(*pairs: str) -> list[tuple[str, str]]:
        return [
            re.search(r'"current_trends":"([^"]*)","previous_trends":"([^"]*)"', a.body).groups()  # type: ignore[union-attr]
            for a in alerts("v3", *pairs)
            if a.kind == "Trend_Pulse"
        ]

    assert all(now == before for now, before in pulses())
    assert all(now != before for now, before in pulses("tell_previous=true"))


def test_from_and_to_cut_the_alerts_and_not_the_warm_up() -> None:
    whole = alerts("v6")
    start, end = whole[100].received_ns, whole[200].received_ns
    series = five_minutes()
    found = generate(
        series, instrument(), "v6", timeframes=("15", "60"), settings=quick("v6"), from_ns=start, to_ns=end
    )
    assert list(found) == [alert for alert in whole if start <= alert.received_ns < end]


def test_what_is_left_out_is_named_with_its_reason() -> None:
    for dialect, names in {
        "v3": {"Institutional_Launchpad", "Liquidity_Trap_Reversal", "Momentum_Breakout", "Mitigation_Test_Entry",
               "Golden_Pocket_Flip", "Volatility_Squeeze", "Screener_Full_Bullish", "Screener_Full_Bearish"},
        "v6": {"TRENDLINE_BULLISH_BREAK", "TRENDLINE_BEARISH_BREAK", "BREAKOUT", "BREAKDOWN"},
    }.items():  # fmt: skip
        with_volume, without = (left_out(dialect, has_volume=value) for value in (True, False))
        assert names <= set(with_volume) < set(without)
        assert all(len(reason) > 20 for reason in without.values())
        sent = {alert.kind for alert in alerts(dialect, has_volume=True)}
        assert not sent & set(with_volume)


@pytest.mark.parametrize(
    ("dialect", "pairs", "said"),
    [
        ("v3", ["adx_threshold"], "expected NAME=VALUE"),
        ("v3", ["colour=red"], "expected NAME=VALUE"),
        ("v3", ["rsi_period=ten"], "a whole number"),
        ("v3", ["rsi_period=0"], "between 1 and 10000"),
        ("v3", ["trend_period=2"], "3 or more"),
        ("v3", ["stop_atr=nan"], "between 0"),
        ("v3", ["tell_previous=perhaps"], "true or false"),
        ("v6", ["entry_on=whim"], "flip, cross or both"),
        ("v6", ["exit_bars=-1"], "between 1"),
        ("v9", [], "no generator for dialect 'v9'"),
    ],
)
def test_wrong_settings_are_said(dialect: str, pairs: list[str], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        settings_of(dialect, pairs)


def test_every_wrong_setting_is_listed_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        settings_of("v6", ["x=1", "exit_bars=two"])
    assert "'x=1'" in str(caught.value) and "exit_bars must be a whole number" in str(caught.value)


def test_every_setting_is_documented_with_its_default() -> None:
    page = (Path(__file__).resolve().parents[4] / "docs" / "generate.md").read_text(encoding="utf-8")
    written = re.findall(r"^\| `(\w+)` \| (.+) \|$", page.partition("## Parameters")[2], re.MULTILINE)
    defaults = [
        (field.name, str(field.default).lower() if isinstance(field.default, bool) else str(field.default))
        for kind in (V3Settings, V6Settings, LegacySettings)
        for field in fields(kind)
    ]
    assert set(written) == set(defaults)


def test_impossible_wishes_are_said() -> None:
    series, symbol = first_rows(five_minutes(), 500), instrument()
    for wish, said in (
        (lambda: generate(series, symbol, "v3", timeframes=("1",)), "cannot be made into bars of 1"),
        (lambda: generate(series, symbol, "v3", timeframes=("soon",)), "no timeframe"),
        (lambda: generate(series, symbol, "v3", settings=V6Settings()), "needs its own settings"),
        (lambda: generate(series, symbol, "v3", volume=np.ones(3)), "3 volumes stand beside 500 bars"),
        (lambda: generate(series, symbol, "plain"), "no generator"),
    ):
        with pytest.raises(ConfigError, match=said):
            wish()


def test_too_few_bars_send_nothing() -> None:
    for count in (0, 1, 100):
        assert list(generate(first_rows(five_minutes(), count), instrument(), "v6", timeframes=CHARTS)) == []
