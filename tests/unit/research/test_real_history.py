"""How much history a strategy needs, in bars and in alerts: counted by hand."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.research.real_world import subject, trades
from zepix import Decision, PluginInfo, Strategy
from zepix.research.real import start_up


class Average(Strategy):
    """Buys above the mean of so many closes."""

    info = PluginInfo(strategy="average")
    count: int = 50

    async def process_entry_signal(self, alert: Any) -> Decision | None:
        bars = self.api.market.bars(alert.symbol, "1m", self.count)
        mean = sum(bar.close for bar in bars) / max(1, len(bars))
        if len(bars) < self.count or bars[-1].close <= mean:
            return Decision.refused("below", mean=mean)
        await self.api.orders.place_order(alert.symbol, "buy", volume=0.1)
        return None


def test_a_mean_of_fifty_closes_needs_fifty_bars() -> None:
    found = start_up(subject(Average))
    assert found.bars == 50
    assert [(look.name, look.bars) for look in found.looks] == [("bars(EURUSD, 1m, 50)", 50)]
    assert found.had == 100  # bars before the first alert
    assert found.first is not None
    assert found.first.plugin_id == "average"


def test_bars_of_a_longer_timeframe_count_in_those_at_hand() -> None:
    class Quarters(Average):
        info = PluginInfo(strategy="quarters")

        async def process_entry_signal(self, alert: Any) -> None:
            bars = self.api.market.bars(alert.symbol, "15m", 3)
            if len(bars) == 3 and bars[0].open < bars[-1].close:
                await self.api.orders.place_order(alert.symbol, "buy", volume=0.1)

    found = start_up(subject(Quarters))
    assert found.bars is not None
    # The first alert comes at minute 500: 36 bars reach one minute into the third quarter back, 50 hold it whole.
    assert 36 <= found.bars <= 50
    assert found.looks[0].name == "bars(EURUSD, 15m, 3)"
    assert found.looks[0].bars >= 50


def test_bracket_needs_no_history() -> None:
    found = start_up(subject(rows=trades()))
    assert (found.bars, found.alerts, found.days, found.first) == (0, 0, 0.0, None)


def test_memory_of_the_last_alerts_is_counted_in_alerts() -> None:
    """Every decision tells the ids of the two alerts before: after two of them a later start tells the same."""

    class Remembers(Strategy):
        info = PluginInfo(strategy="remembers")

        def __init__(self, *args: Any) -> None:
            super().__init__(*args)
            self.seen: list[str] = []

        async def process_entry_signal(self, alert: Any) -> Decision:
            said = "-".join(self.seen[-2:]) or "nothing"
            self.seen.append(alert.id)
            return Decision.refused(said)

    rows = [row for row in trades() if row.type == "entry"]
    found = start_up(subject(Remembers, rows=rows))
    assert found.alerts == 2
    assert found.bars == 0


def test_a_strategy_that_hangs_on_its_first_alert_never_decides_the_same_again() -> None:
    class First(Strategy):
        info = PluginInfo(strategy="first")

        def __init__(self, *args: Any) -> None:
            super().__init__(*args)
            self.first = ""

        async def process_entry_signal(self, alert: Any) -> Decision:
            self.first = self.first or alert.id
            return Decision.refused(self.first)

    rows = [row for row in trades() if row.type == "entry"]
    found = start_up(subject(First, rows=rows))
    assert (found.alerts, found.days) == (None, None)


@pytest.mark.parametrize("count", [1, 3])
def test_too_few_alerts_have_no_middle(count: int) -> None:
    found = start_up(subject(rows=trades()[:count]))
    assert f"{count} alerts within the prices are too few" in found.why
    assert found.bars is None
