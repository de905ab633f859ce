"""Shields whose closes are refused, and shields whose legs find no open: nothing is left over, nothing raises."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.services.shield_world import STOPPED, guarded, prepared
from tests.world import alert
from zepix.model import Refused

BACK = (1990, 1997.5, 1990, 1997)


def _closes_refused(count: int, broker: str = "shadow") -> Any:
    """A run in which somebody before the broker refuses the first ``count`` closes of shields."""
    made = prepared([*STOPPED, 1990.0, BACK, 1997.0, 1997.0, 1997.0], broker=broker)
    left = [count]

    def hold(order: Any) -> Refused | None:
        if order.kind != "close" or not left[0]:
            return None
        left[0] -= 1
        return Refused("requote")

    made.engine.on_command = hold
    return made


@pytest.mark.parametrize("broker", ["shadow", "backtrader"])
def test_a_refused_close_is_sent_again_after_five_seconds(broker: str) -> None:
    made = _closes_refused(2, broker)
    record = made.run([alert(1, id="first", symbol="XAUUSD")])
    reasons = [(f.role, f.exit_reason) for f in record.fills]
    assert ("SA", "reversal") in reasons and ("SB", "reversal") in reasons
    assert made.house.safety.autonomous.is_healthy()


def test_a_close_that_is_always_refused_is_given_up_and_the_service_is_not_well() -> None:
    made = _closes_refused(99)
    made.begin([alert(1, id="first", symbol="XAUUSD")])
    made.go_on()
    shield = made.house.safety.shield
    assert shield is not None and shield.open_count == 1
    assert not made.house.safety.autonomous.is_healthy()
    assert shield.get_status()["open"] == 1
    record = made.finish()
    assert [f.exit_reason for f in record.fills if f.role == "SA"] == ["end_of_data"]
    assert not [f for f in record.fills if f.role == "R"], "no recovery beside shields that are open"


@pytest.mark.parametrize("broker", ["shadow", "backtrader"])
def test_a_stop_in_the_last_bar_before_the_weekend_leaves_no_legs(broker: str) -> None:
    """No open comes within the longest wait: both legs are refused, and the chain ends with its window."""
    told = guarded([*STOPPED[:3], *[None] * 3000, 1990.0, 1998.0], broker=broker)
    assert {o.role: o.status for o in told.record.orders if o.role in ("SA", "SB")} == {
        "SA": "refused",
        "SB": "refused",
    }
    assert told.steps()[-1] == ("stopped", "leg_failed")
    assert told.steps("reentry")[-1] == ("stopped", "window_over")
    assert [f.role for f in told.record.fills] == ["A"]


@pytest.mark.parametrize("broker", ["shadow", "backtrader"])
def test_a_window_that_ends_in_the_weekend_closes_the_shields_at_the_next_open(broker: str) -> None:
    """Deployed on Friday evening, the window ends while the market is shut: the close waits for Monday's open."""
    told = guarded([*STOPPED, *[None] * 3000, 1985.0, 1985.0], broker=broker)
    assert [(f.role, f.exit_reason, f.exit_points) for f in told.record.fills if f.role != "A"] == [
        ("SA", "time_exit", 1_985_000),
        ("SB", "time_exit", 1_985_000),
    ]
    assert told.steps("reentry")[-1] == ("stopped", "window_over")
