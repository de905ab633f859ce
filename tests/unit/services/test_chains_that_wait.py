"""What chains leave alone, send once, and keep in hand: closes beside pyramids, decisions of what still waits."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.services.reentry_world import QUADS, simulation
from tests.unit.services.shield_world import STOPPED, Guarded, guarded
from tests.world import MINUTE, alert, minute
from zepix.engine import PluginInfo
from zepix.model.settings_profit_booking import ProfitBookingSettings
from zepix.model.settings_sessions import SessionSettings
from zepix.services.risk_open import AtStake
from zepix.services.sessions_calendar import SessionCalendar

BROKERS = pytest.mark.parametrize("broker", ["shadow", "backtrader"])
BACK = (1990, 1997.5, 1990, 1997)
PYRAMIDS = {"profit_booking": ProfitBookingSettings()}


class Books(Guarded):
    info = PluginInfo(strategy="books", services=(*(Guarded.info.services or ()), "profit_booking"))


class Keeps(Books):
    """Takes its shields over where they would be closed."""

    info = PluginInfo(strategy="keeps", services=Books.info.services)

    async def deactivate_reverse_shield(self, event: Any) -> bool:
        return False


def closes(record: Any) -> list[tuple[int, ...]]:
    """The orders that each close names."""
    return [order.targets for order in record.orders if order.kind == "close"]


@BROKERS
def test_shield_b_is_closed_by_its_shield_and_not_by_its_pyramid_too(broker: str) -> None:
    told = guarded([*STOPPED, 1990.0, BACK, 1997.0, 1997.0], Books, others=PYRAMIDS, broker=broker)
    legs = tuple(order.id for order in told.record.orders if order.role in ("SA", "SB"))
    assert len(legs) == 2 and closes(told.record) == [legs]
    assert told.steps("profit")[-2:] == [("stopped", "kill"), ("closed", "reversal")]


@BROKERS
def test_a_strategy_that_keeps_its_shields_keeps_the_pyramid_of_b(broker: str) -> None:
    """It answers False at the kill level: nothing is closed, and B's pyramid books and goes on."""
    told = guarded([*STOPPED, 1990.0, BACK, 1997.0, 1997.0, 1988.0, 1988.0], Keeps, others=PYRAMIDS, broker=broker)
    assert told.steps()[-1] == ("completed", "kill")
    assert told.fill("SB").exit_reason == "profit_booking"
    assert "P1.1" in told.roles


def test_a_decision_is_not_over_while_its_chain_waits() -> None:
    """Stopped, and waiting for the price: no ticket, no order, and yet something may come of the alert."""
    made = simulation(QUADS)
    made.begin([alert(1, id="first")])
    while not [c for c in made.house.reentry.book.chains() if c.state == "recovery_mode"]:
        assert not made.go_on(1)
    assert not made.broker.tickets
    assert made.forget_history().decisions == []
    made.go_on()
    record = made.finish()
    assert [(d.alert_id, d.outcome) for d in record.decisions] == [("first", "filled")]
    assert [order.alert_id for order in record.orders if order.role == "R"] == ["first"]


def test_who_stands_against_an_entry_does_not_depend_on_the_order_in_which_they_are_found() -> None:
    for found in (["v6_5m", "v6_1m", "v6_15m"], ["v6_15m", "v6_5m", "v6_1m"]):
        stake = AtStake()
        for plugin in found:
            stake.note_other("V6", 1, plugin)
        assert stake.foreign == {("V6", 1): "v6_15m"}


def test_a_session_that_counts_again_after_a_break_does_not_begin_again() -> None:
    """The day from 09:00, a break at 12:00: what begins next after 11:30 is the break, after 12:00 the next day."""
    windows: Any = {
        "day": {"start": "09:00", "end": "24:00", "zone": "UTC", "symbols": ["*"]},
        "break": {"start": "12:00", "end": "12:20", "zone": "UTC"},
    }
    calendar = SessionCalendar(SessionSettings(windows=windows, default_windows=False).windows)
    day_ns = minute(0) - 10 * 60 * MINUTE
    for hour, begins in ((8, 9), (11.5, 12), (12, 33), (12.2, 33)):
        found = calendar.next_begin(day_ns + round(hour * 60) * MINUTE)
        assert found is not None and found.start_ns == day_ns + begins * 60 * MINUTE, hour
