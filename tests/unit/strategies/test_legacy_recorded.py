"""The two recorded logs of legacy alerts of 2025: what is decided, held against a second reckoning of the trends.

Their prices are not at hand: bars are drawn in straight lines from alert to alert. So this checks decisions up to the
order, and says nothing of profits.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from tests.unit.strategies.fakes import shipped
from tests.unit.strategies.wired import play
from tests.world import MINUTE, Market, series
from zepix.alerts import read_log
from zepix.data import default_catalogue

RECORDED = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "alerts"
PAIRS = {"5m": ("1h", "15m"), "15m": ("1h", "15m"), "1h": ("1d", "1h")}
DAY_NS = 1440 * MINUTE


def alerts_of(day):
    path = RECORDED / f"TradingView_Alerts_Log_{day}.csv"
    if not path.is_file():
        pytest.skip("the recorded alert logs (../shared/data/alerts) are not at hand")
    return sorted(read_log(path, default_catalogue()).rows, key=lambda a: a.received_ns)


def drawn(alerts):
    """Minutes from ten before the first alert to ten after the last, with straight lines between their prices."""
    times = np.array([a.received_ns for a in alerts])
    start = times[0] // MINUTE * MINUTE - 10 * MINUTE
    opens = np.arange(start, times[-1] + 10 * MINUTE, MINUTE)
    points = np.round(np.interp(opens, times, [a.price for a in alerts]) * 100).astype(int)
    rows = [
        (int(t), (p, p, p, p), (p + 20, p + 20, p + 20, p + 20)) for t, p in zip(opens, points.tolist(), strict=True)
    ]
    return Market([series("XAUUSD", "1m", rows)], catalogue=default_catalogue())


def reckoned(alerts):
    """Whether each entry's two trends agree with it: a table, a loop, and nothing of the trend service."""
    told = {}
    for alert in alerts:
        if alert.type in ("bias", "trend"):
            told[alert.timeframe] = ("buy" if alert.signal == "bull" else "sell", alert.received_ns)
        elif alert.type == "entry":
            known = [told.get(tf, ("", 0)) for tf in PAIRS[alert.timeframe]]
            yield alert.id, all(s == alert.side and alert.received_ns - t <= DAY_NS for s, t in known)


@pytest.mark.parametrize("day", ["2025-11-28", "2025-12-01"])
def test_entries_pass_exactly_where_both_trends_agree(day):
    alerts = alerts_of(day)
    played = play(alerts, shipped("legacy"), prices=drawn(alerts))
    assert not played.simulation.engine.errors
    decided = {d.alert_id: (d.outcome, d.reason) for d in played.record.decisions}
    agree = dict(reckoned(alerts))
    assert {i: decided[i] != ("refused", "trend_mismatch") for i in agree} == agree
    assert sum(agree.values()) > 0, "at least one entry gets through"
    opened = {o.alert_id for o in played.record.orders if o.opens}
    assert opened <= {i for i, agrees in agree.items() if agrees}


def test_what_became_of_the_log_of_28_november():
    """Counted by hand from the log: 16 entries; 1d is never told, so that no 1h entry can pass."""
    alerts = alerts_of("2025-11-28")
    played = play(alerts, shipped("legacy"), prices=drawn(alerts))
    entries = [d for d in played.record.decisions if d.type == "entry"]
    assert len(entries) == 16
    assert {d.reason for d in entries if d.timeframe == "1h"} == {"trend_mismatch"}
    trends = Counter(d.reason for d in played.record.decisions if d.type == "trend")
    assert set(trends) <= {"trend_updated", "trend_unchanged", ""}
