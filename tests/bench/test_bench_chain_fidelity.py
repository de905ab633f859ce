"""The V3 trade on ticks and on minutes made of them: every ticket is counted once, and where bars lie most."""

from __future__ import annotations

import pytest

from tests.bench.chain_fidelity import DAYS, MARKET, ROLES, alerts_of, by_role, deeds, run, table
from zepix.data import default_catalogue, load_bars, resample

TICKS = MARKET / f"EURUSD_TICK_{DAYS}.parquet"


@pytest.mark.skipif(not TICKS.is_file(), reason="the recorded ticks are not here")
def test_minutes_are_good_for_entries_and_poor_for_recoveries() -> None:
    """1 to 15 May 2014, as docs/fidelity.md says: A and B end as on ticks, recoveries mostly do not."""
    catalogue = default_catalogue()
    ticks = load_bars([f"EURUSD:TICK={TICKS}"], catalogue).series["EURUSD"]
    minutes = resample(ticks, "1m")
    alerts = alerts_of(minutes, "EURUSD")
    truth, bars = run(ticks, alerts), run(minutes, alerts)
    found = by_role(truth, bars, "EURUSD")
    assert sum(row[0] for row in found.values()) == len({fill.ticket for fill in truth.fills})
    assert sum(row[1] for row in found.values()) == len({fill.ticket for fill in bars.fills})
    for role in ("A", "B"):
        on_ticks, _, _, added, alike, *_ = found[role]
        assert on_ticks > 30 and alike / (on_ticks + added) > 0.9, role
    on_ticks, _, missing, added, alike, *_ = found["R"]
    assert on_ticks > 10 and alike / (on_ticks + added) < 0.6 and missing > 3
    there = deeds(truth)
    assert all(there[name] for name in ("recoveries waited for", "levels gone up", "shields", "shields killed"))
    assert len(table(found)) == 2 + len(ROLES)
