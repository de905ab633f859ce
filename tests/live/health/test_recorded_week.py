"""Memory stays flat however long the engine runs: a recorded week in accelerated time, and some hours of it here."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.live.chain_life import THERE
from tests.live.recorded_week import Week, play, told
from tests.thorough import share

linux = pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="the system does not tell a process's memory")
MOST_GROWTH_MIB = 12.0
"""In the second half of the time: prices of a week are kept (3 MiB), and the allocator has its own mind."""


def _is_whole(week: Week) -> None:
    assert all(one.view_kib < 64 for one in week.samples), told(week)
    assert {"bracket filled", "bracket closed", "v3 filled", "v6 filled"} <= set(week.outcomes), told(week)
    assert not any("error" in name for name in week.outcomes), told(week)


@linux
def test_some_hours_of_the_week_take_no_memory(tmp_path: Path):
    week = play(tmp_path, days=0.25, every_h=1.0)
    _is_whole(week)
    assert week.growth_mib < MOST_GROWTH_MIB, told(week)


@linux
@pytest.mark.slow
def test_a_recorded_week_runs_through_with_flat_memory(tmp_path: Path):
    week = play(tmp_path, days=share(5.0, 2.5))
    _is_whole(week)
    assert all(week.chains[name] for name in THERE), told(week)
    assert week.growth_mib < MOST_GROWTH_MIB, told(week)
    snapshots = [one.snapshots_kib for one in week.samples]
    assert max(snapshots) < 4_096, told(week)
