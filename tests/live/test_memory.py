"""Memory stays flat however many alerts come: what is remembered of them is bounded."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest

from tests.bench.live_folder import Bodies
from tests.bench.live_session import V6, OneSession, rss_mib, take_alerts
from tests.thorough import share

MOST_BYTES_AN_ALERT = 120.0
"""That would be 120 MB a million; what is bounded is full by then, and what is left is the allocator's own."""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="the system does not tell a process's memory")
@pytest.mark.parametrize(
    ("kind", "settings", "until_full"),
    [("plain", {"account.balance": "1000000"}, 60_000), ("v6", V6, 20_000)],
)
def test_a_further_alert_costs_no_memory_once_what_is_bounded_is_full(kind, settings, until_full):
    one, bodies, more = OneSession("1m", settings), Bodies(kind), share(60_000, 30_000)
    take_alerts(one, bodies, until_full)
    gc.collect()
    before = rss_mib()
    take_alerts(one, bodies, more)
    gc.collect()
    assert (rss_mib() - before) * 2**20 / more < MOST_BYTES_AN_ALERT


def test_what_a_session_remembers_of_alerts_is_bounded():
    one = OneSession("1m", {"account.balance": "1000000"})
    take_alerts(one, Bodies("plain"), 2_000)
    engine = one.session.engine
    assert len(engine.orders) < 100
    assert len(engine.decisions.after(0)) < 200
    assert len(one.session.simulation.broker.heap) < 300
    assert len(one.session.simulation.broker.book.fills) < 100
    assert engine._dedup._ids_limit == 20_000
