"""The two recorded logs of V3 alerts of January 2026: what is decided, up to the order.

Their prices are not at hand. Of each entry the script's own formula gives the close (stop 1 R, first target 1.5 R
away); bars stand still at it, and at any price for symbols without entries. So nothing here says anything of profits.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.unit.strategies.v3_fakes import ALONE, play
from tests.world import MINUTE, Market, series
from zepix.alerts import read_log
from zepix.data import default_catalogue
from zepix.model.settings_risk import RiskSettings
from zepix.model.settings_sessions import SessionSettings

RECORDED = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "alerts"
CATALOGUE = default_catalogue()
ANY_PRICE = {"EURUSD": 1.17, "GBPUSD": 1.35, "AUDUSD": 0.67, "USDJPY": 156.0, "EURJPY": 183.0, "GBPJPY": 211.0}
ANY_PRICE |= {"AUDJPY": 105.0, "XAUUSD": 4463.0, "NZDUSD": 0.579, "USDCAD": 1.377}
TIMEFRAMES = ("1m", "5m", "15m", "1h", "4h", "1d")


def alerts_of(day):
    path = RECORDED / f"TradingView_Alerts_Log_{day}.csv"
    if not path.is_file():
        pytest.skip("the recorded alert logs (../shared/data/alerts) are not at hand")
    return sorted(read_log(path, CATALOGUE).rows, key=lambda a: a.received_ns)


def drawn(alerts, broker="shadow"):
    """Minutes that stand still at the close that the entry's levels imply; from ten before to ten after."""
    prices = dict(ANY_PRICE)
    for alert in alerts:
        if alert.type == "entry":
            prices[alert.symbol] = alert.sl + 0.4 * (alert.fields["tp1_price"] - alert.sl)
    start = alerts[0].received_ns // MINUTE * MINUTE - 10 * MINUTE
    opens = range(start, alerts[-1].received_ns + 10 * MINUTE, MINUTE)
    found = []
    for symbol in sorted({a.symbol for a in alerts} | {"USDJPY"}):
        points = CATALOGUE[symbol].points(prices[symbol])
        rows = [(t, (points,) * 4, (points + 10,) * 4) for t in opens]
        found.append(series(symbol, "1m", rows))
    return Market(found, catalogue=CATALOGUE, broker=broker)


def actions(played):
    """What became of everything that was no pulse, in order of time."""
    return [(r.symbol, r.type, r.reason or r.outcome) for r in played.record.decisions if r.type != "trend_pulse"]


SETTINGS = RiskSettings(default_risk_tier="10000")


@pytest.mark.parametrize("broker", ["shadow", "backtrader"])
def test_the_five_actions_of_6_january_within_the_sessions(broker):
    """23:25 UTC is 04:55 in Kolkata, the dead zone; NZDUSD may be traded at 07:15, gold not at 11:10 (§9.4)."""
    alerts = alerts_of("2026-01-06")
    played = play(drawn(alerts, broker), alerts, risk=SETTINGS)
    assert actions(played) == [
        ("USDCAD", "entry", "session_closed"),
        ("USDCAD", "exit", "nothing_to_close"),
        ("NZDUSD", "entry", "filled"),
        ("NZDUSD", "exit", "closed"),
        ("XAUUSD", "entry", "symbol_not_in_session"),
    ]


@pytest.mark.parametrize("broker", ["shadow", "backtrader"])
def test_the_three_entries_of_6_january_without_sessions(broker):
    """All three are LOGIC1. Buys have their own multiplier; the sell of score 2 had 0.2, its conviction of 7 gives 0.8:

    0.05 x 0.8 x 1.25 = 0.05: A 0.03, B 0.02;  0.05 x 1.0 x 1.25 = 0.0625: 0.03 and 0.03.
    """
    alerts = alerts_of("2026-01-06")
    played = play(drawn(alerts, broker), alerts, risk=SETTINGS, sessions=SessionSettings(enabled=False))
    assert [word for _, _, word in actions(played)] == ["filled", "closed", "filled", "closed", "filled"]
    opened = [(o.symbol, o.side, o.role, o.volume_steps) for o in played.record.orders if o.opens]
    assert opened == [
        ("USDCAD", 1, "A", 3),
        ("USDCAD", 1, "B", 2),
        ("NZDUSD", 1, "A", 3),
        ("NZDUSD", 1, "B", 3),
        ("XAUUSD", -1, "A", 3),
        ("XAUUSD", -1, "B", 2),
    ]
    entries = {a.symbol: a for a in alerts if a.type == "entry"}
    for order in (o for o in played.record.orders if o.role == "A"):
        instrument, sent = CATALOGUE[order.symbol], entries[order.symbol]
        assert (order.sl, order.tp) == (instrument.level(sent.sl), instrument.level(sent.fields["tp2_price"]))
    gold = next(r for r in played.record.decisions if r.symbol == "XAUUSD" and r.type == "entry")
    assert (gold.numbers["conviction"], gold.numbers["size_factor"]) == (7.0, 0.8)


def test_most_of_a_log_is_pulses_and_they_trade_nothing():
    """541 of 546, and all 81 of the day before. 44 came twice: the same body of the same symbol within seconds."""
    for day, pulses, twice in (("2026-01-05", 81, 0), ("2026-01-06", 541, 44)):
        alerts = alerts_of(day)
        played = play(drawn(alerts), alerts, risk=SETTINGS)
        words = Counter(r.reason for r in played.record.decisions if r.type == "trend_pulse")
        assert words == Counter({"trend_pulse": pulses - twice, "duplicate": twice})
        assert len(sent_twice(alerts)) == twice
        acted = {a.id for a in alerts if a.type != "trend_pulse"}
        assert {o.alert_id for o in played.record.orders} <= acted


def sent_twice(alerts):
    """Ids of alerts that came before within 30 s: a table and a loop."""
    first, again = {}, []
    for alert in alerts:
        key = (alert.symbol, alert.raw)
        if alert.received_ns - first.get(key, -(10**18)) < 30 * 10**9:
            again.append(alert.id)
        else:
            first[key] = alert.received_ns
    return again


def test_the_trends_are_those_that_the_pulses_told_last():
    """``previous_trends`` repeats ``current_trends``, so what changed is known by our own books alone (§1.5)."""
    alerts = alerts_of("2026-01-06")
    played = play(drawn(alerts), alerts, risk=SETTINGS)
    told = {}
    for alert in alerts:
        if alert.type == "trend_pulse":
            assert alert.fields["current_trends"] == alert.fields["previous_trends"]
            told[alert.symbol] = dict(zip(TIMEFRAMES, alert.fields["current_trends"], strict=True))
        elif "mtf_trends" in alert.fields:
            five = zip(("1d", "4h", "1h", "15m", "5m"), alert.fields["mtf_trends"], strict=True)
            told.setdefault(alert.symbol, {}).update(five)
    trend = played.plugin().api.trend
    kept = {
        symbol: {tf: trend.get_timeframe_trend(symbol, tf).last_direction for tf in trends}
        for symbol, trends in told.items()
    }
    assert kept == told


def test_no_log_is_played_by_a_class_that_was_not_discovered():
    """A check of the check: the plugin is the one that ships."""
    assert ALONE.__mro__[1].__module__.startswith("zepix_strategies.v3_combined")
