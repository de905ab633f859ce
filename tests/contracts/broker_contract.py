"""What every broker must do with an order, told once: a broker inherits these tests by saying how it is driven.

A case is a market in points, what is ordered and when, and what must come of it. Minutes count from
``tests.world.T0``; the ask lies 10 points above the bid. A new broker adds one file with a subclass, and lists what it
cannot do as deviations.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, ClassVar

import pytest

from tests.world import T0, Quad, flat
from zepix.model import FillModel

__all__ = ["BrokerContract", "Case", "Close", "Equity", "Fill", "Open", "Watch", "Woken"]


@dataclass(frozen=True)
class Open:
    """A market order of EURUSD at a minute; levels in points, 0 is none."""

    at: float
    side: int
    steps: int = 10
    sl: int = 0
    tp: int = 0


@dataclass(frozen=True)
class Close:
    """Close everything on a side (0: both) at a minute."""

    at: float
    side: int = 0


@dataclass(frozen=True)
class Watch:
    """Wake when the bid has risen to (direction +1), or the ask fallen to (-1), so many points."""

    at: float
    direction: int
    points: int


@dataclass(frozen=True)
class Equity:
    """Wake when the account's equity has fallen to ``below`` or risen to ``above`` dollars; empty for no level."""

    at: float
    below: str = ""
    above: str = ""
    is_dropped: bool = False

    @property
    def levels(self) -> tuple[Decimal | None, Decimal | None]:
        return (Decimal(self.below) if self.below else None), (Decimal(self.above) if self.above else None)


Woken = tuple[float, int, Decimal]
"""(minute, -1 for below and +1 for above, equity)"""


@dataclass(frozen=True)
class Fill:
    """A closed ticket: entry and exit as (minute, points), and why."""

    entry: tuple[float, int]
    exit: tuple[float, int]
    why: str


@dataclass(frozen=True)
class Case:
    """One situation, and its answer worked out by hand."""

    quads: Sequence[Quad | None]
    commands: Sequence[Open | Close]
    fills: Sequence[Fill] = ()
    refused: Sequence[str] = ()
    fill: Mapping[str, Any] = field(default_factory=dict)


UP, DOWN = 1, -1
STOP: Quad = (110_000, 110_010, 109_940, 109_990)
BOTH: Quad = (110_000, 110_090, 109_940, 110_000)
GAP: Quad = (109_900, 109_910, 109_890, 109_900)
JUMP: Quad = (110_100, 110_110, 110_090, 110_100)

CASES: dict[str, Case] = {
    "order_at_an_open_fills_at_that_open": Case(
        [*flat(2), JUMP, *flat(1)], [Open(2, UP)], [Fill((2, 110_110), (4, 110_000), "end_of_data")]
    ),
    "order_within_grace_fills_at_the_open_just_passed": Case(
        [*flat(2), JUMP, *flat(1)], [Open(2.05, UP)], [Fill((2, 110_110), (4, 110_000), "end_of_data")]
    ),
    "order_within_a_bar_waits_for_the_next_open": Case(
        [*flat(2), JUMP, *flat(1)], [Open(1.5, DOWN)], [Fill((2, 110_100), (4, 110_010), "end_of_data")]
    ),
    "without_grace_the_next_open": Case(
        flat(4), [Open(1.05, UP)], [Fill((2, 110_010), (4, 110_000), "end_of_data")], fill={"open_grace_ms": 0}
    ),
    "latency_moves_the_arrival": Case(
        [*flat(2), JUMP, *flat(1)],
        [Open(1, UP)],
        [Fill((2, 110_110), (4, 110_000), "end_of_data")],
        fill={"latency_ms": 30_000},
    ),
    "over_a_gap_in_the_bars_it_waits": Case(
        [*flat(2), None, None, JUMP], [Open(2.5, UP)], [Fill((4, 110_110), (5, 110_100), "end_of_data")]
    ),
    "no_open_soon_is_market_closed": Case(
        [*flat(2), *[None] * 20, *flat(1)], [Open(2.5, UP)], refused=["market_closed"]
    ),
    "stop_in_the_range_fills_at_the_stop_at_the_bars_end": Case(
        [*flat(2), STOP, *flat(1)], [Open(1, UP, sl=109_950)], [Fill((1, 110_010), (3, 109_950), "sl")]
    ),
    "stop_gapped_through_fills_at_the_open": Case(
        [*flat(2), GAP, *flat(1)], [Open(1, UP, sl=109_950)], [Fill((1, 110_010), (2, 109_900), "sl")]
    ),
    "target_gapped_through_fills_at_the_better_open": Case(
        [*flat(2), JUMP, *flat(1)], [Open(1, UP, tp=110_060)], [Fill((1, 110_010), (2, 110_100), "tp")]
    ),
    "entry_bars_own_range_counts": Case(
        [*flat(1), STOP, *flat(1)], [Open(1, UP, sl=109_950)], [Fill((1, 110_010), (2, 109_950), "sl")]
    ),
    "stop_of_a_short_is_touched_by_the_ask": Case(
        [*flat(2), (110_000, 110_050, 110_000, 110_000), *flat(1)],
        [Open(1, DOWN, sl=110_060)],
        [Fill((1, 110_000), (3, 110_060), "sl")],
    ),
    "both_in_one_range_is_the_stop": Case(
        [*flat(2), BOTH, *flat(1)], [Open(1, UP, sl=109_950, tp=110_080)], [Fill((1, 110_010), (3, 109_950), "sl")]
    ),
    "both_in_one_range_read_kindly_is_the_target": Case(
        [*flat(2), BOTH, *flat(1)],
        [Open(1, UP, sl=109_950, tp=110_080)],
        [Fill((1, 110_010), (3, 110_080), "tp")],
        fill={"intrabar": "optimistic"},
    ),
    "slippage_is_against_us_but_never_on_targets": Case(
        [*flat(2), JUMP, *flat(2)],
        [Open(1, UP, tp=110_060), Open(1, DOWN, sl=110_080)],
        [Fill((1, 110_013), (2, 110_100), "tp"), Fill((1, 109_997), (2, 110_113), "sl")],
        fill={"slippage_points": 3},
    ),
    "close_fills_at_the_next_open": Case(
        [*flat(2), JUMP, *flat(1)], [Open(1, UP), Close(1.5)], [Fill((1, 110_010), (2, 110_100), "signal")]
    ),
    "close_waits_as_long_as_it_takes": Case(
        [*flat(2), *[None] * 20, JUMP], [Open(1, UP), Close(2.5)], [Fill((1, 110_010), (22, 110_100), "signal")]
    ),
    "close_takes_an_order_under_way_along": Case(
        flat(4), [Open(1.5, UP), Close(1.7)], [Fill((2, 110_010), (2, 110_000), "signal")]
    ),
    "close_of_one_side_leaves_the_other": Case(
        flat(4),
        [Open(1, UP), Open(1, DOWN), Close(2, DOWN)],
        [Fill((1, 110_010), (4, 110_000), "end_of_data"), Fill((1, 110_000), (2, 110_010), "signal")],
    ),
    "refused_at_arrival_by_volume": Case(
        flat(3), [Open(1, UP, steps=0), Open(1, UP, steps=5_001)], refused=["volume_too_small", "volume_too_large"]
    ),
    "refused_at_the_open_by_its_stop": Case(flat(3), [Open(1, UP, sl=110_000)], refused=["invalid_stops"]),
    "refused_at_the_open_by_the_money": Case(flat(3), [Open(1, UP, steps=1_000)], refused=["no_money"]),
}


WOKEN: dict[str, tuple[Sequence[Quad | None], Watch, list[float]]] = {
    "bid_rises_in_a_range": ([*flat(2), (110_000, 110_100, 110_000, 110_000), *flat(1)], Watch(1, UP, 110_100), [3]),
    "bid_opens_beyond": ([*flat(2), JUMP, *flat(1)], Watch(1, UP, 110_050), [2]),
    "ask_falls_in_a_range": ([*flat(2), (110_000, 110_000, 109_890, 110_000), *flat(1)], Watch(1, DOWN, 109_900), [3]),
    "ask_a_point_short": ([*flat(2), (110_000, 110_000, 109_891, 110_000), *flat(1)], Watch(1, DOWN, 109_900), []),
}


# 10,000 dollars, and 0.1 lots bought at minute 1 for 110,010: a point is 10 cents, and the spread has cost 1 dollar
LOW: Quad = (110_000, 110_000, 109_900, 110_000)
HIGH: Quad = (110_000, 110_110, 110_000, 110_000)
WIDE: Quad = (110_000, 110_110, 109_900, 110_000)
BELOW, ABOVE = "9989", "10010"

EQUITIES: dict[str, tuple[Sequence[Quad | None], Equity, list[tuple[float, int, str]]]] = {
    "falls_to_a_level_within_a_bar": ([*flat(2), LOW, *flat(2)], Equity(1, BELOW), [(3, -1, "9989")]),
    "a_cent_short": ([*flat(2), LOW, *flat(2)], Equity(1, "9988.99"), []),
    "rises_to_a_level_within_a_bar": ([*flat(2), HIGH, *flat(2)], Equity(1, "", ABOVE), [(3, 1, "10010")]),
    "a_cent_short_above": ([*flat(2), HIGH, *flat(2)], Equity(1, "", "10010.01"), []),
    "opens_beyond": ([*flat(2), GAP, *flat(2)], Equity(1, "9990"), [(2, -1, "9989")]),
    "both_in_one_bar_is_below": ([*flat(2), WIDE, *flat(2)], Equity(1, BELOW, ABOVE), [(3, -1, "9989")]),
    "wakes_once": ([*flat(2), LOW, LOW, HIGH, *flat(2)], Equity(1, BELOW, ABOVE), [(3, -1, "9989")]),
    "set_within_the_bar_hears_its_end": ([*flat(2), LOW, *flat(2)], Equity(2.5, BELOW), [(3, -1, "9989")]),
    "set_where_it_stands_already_wakes_at_the_next_look": (flat(4), Equity(1, "9999"), [(2, -1, "9999")]),
    "without_a_ticket_the_balance_counts": (flat(4), Equity(0, "10000"), [(1, -1, "10000")]),
    "after_a_break_in_the_bars": ([*flat(2), None, None, GAP], Equity(1, BELOW), [(4, -1, "9989")]),
    "dropped": ([*flat(2), LOW, *flat(2)], Equity(1, BELOW, is_dropped=True), []),
}


class BrokerContract(ABC):
    """Inherit, say how the broker is driven, and get the cases."""

    deviations: ClassVar[Mapping[str, str]] = {}
    """Cases that this broker does not meet, and why; one that it meets after all fails, so the list stays true."""

    @abstractmethod
    def play(self, case: Case, fill_model: FillModel) -> tuple[list[Fill], list[str]]:
        """Run a case; give closed tickets by number, and reasons of refused orders in the order in which they came."""

    @abstractmethod
    def wake(self, quads: Sequence[Quad | None], watch: Watch) -> list[float]:
        """Set a price watch; give the minutes at which it woke."""

    @abstractmethod
    def wake_by_equity(self, quads: Sequence[Quad | None], command: Open, watch: Equity) -> list[Woken]:
        """Order, and set an equity watch (at once forgotten if it ``is_dropped``); give how it woke."""

    @pytest.fixture(autouse=True)
    def _deviation(self, request: pytest.FixtureRequest) -> None:
        name = request.node.callspec.params["name"]
        if name in self.deviations:
            request.applymarker(pytest.mark.xfail(strict=True, reason=self.deviations[name]))

    @pytest.mark.parametrize("name", CASES)
    def test_order(self, name: str) -> None:
        case = CASES[name]
        fills, refused = self.play(case, FillModel(**case.fill))
        assert fills == list(case.fills)
        assert refused == list(case.refused)

    @pytest.mark.parametrize("name", WOKEN)
    def test_price_watch(self, name: str) -> None:
        quads, watch, expected = WOKEN[name]
        assert self.wake(quads, watch) == expected

    @pytest.mark.parametrize("name", EQUITIES)
    def test_equity_watch(self, name: str) -> None:
        quads, watch, expected = EQUITIES[name]
        woken = self.wake_by_equity(quads, Open(1, UP), watch)
        assert woken == [(at, direction, Decimal(equity)) for at, direction, equity in expected]


def minutes_since_start(at_ns: int) -> float:
    return (at_ns - T0) / 60e9
