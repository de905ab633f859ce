"""Two million bars a second and core, at least: what was promised of every indicator."""

from __future__ import annotations

import pytest
from indicator_bars import walk
from indicator_speed import CALLS, bars_a_second


@pytest.mark.clock
@pytest.mark.parametrize("name", CALLS)
def test_an_indicator_takes_two_million_bars_a_second(name: str) -> None:
    assert bars_a_second(CALLS[name], walk(100_000)) > 2e6
