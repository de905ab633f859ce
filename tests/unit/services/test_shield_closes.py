"""Shields whose closes are refused, whose legs find no open or no room: nothing is left over, nothing raises; and what
a shield does not use up: trades of the day, recoveries of others."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.unit.services.shield_world import STOPPED, Guarded, guarded, prepared
from tests.world import alert
from zepix.engine import PluginInfo
from zepix.model import Decision, Refused
from zepix.model.settings_profit_booking import ProfitBookingSettings
from zepix.services.risk_values import TradeRequest

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


class Booking(Guarded):
    """With the pyramid, which books shield B."""

    info = PluginInfo(
        strategy="booking", services=("risk", "dual_order", "profit_booking", "reentry", "autonomous", "telegram")
    )


@pytest.mark.parametrize("broker", ["shadow", "backtrader"])
def test_the_stop_of_shield_b_is_recovered_by_nobody(broker: str) -> None:
    """SA takes its 1980; then a bar goes from 1985 to 2001: SB is stopped at 2000, which ends the shield. Of the day's
    recoveries order A's own is used up, and no second one is announced."""
    rows = [*STOPPED, (1990, 1990, 1979, 1985), (1985, 2001, 1985, 2000), 2000.0, 2000.0]
    others = {"profit_booking": ProfitBookingSettings(target_money=500)}
    told = guarded(rows, Booking, broker=broker, others=others)
    assert {(f.role, f.exit_reason) for f in told.record.fills} == {("A", "sl"), ("SA", "tp"), ("SB", "sl")}
    assert told.steps("profit") == [("active", "begun"), ("lost", "sl"), ("stopped", "shield_stopped")]
    assert told.simulation.house.safety.autonomous.stats()["attempts"] == 1
    assert told.notices.count("sl_hunt_activated") == 1


@pytest.mark.parametrize("broker", ["shadow", "backtrader"])
@pytest.mark.parametrize(("price", "goes"), [(1980.5, True), (1980.0, False), (1970.0, False)])
def test_a_gap_beyond_the_target_sends_no_shield(price: float, goes: bool, broker: str) -> None:
    """Stopped by a gap: SA's target is 1980. A leg that its target has met already would be refused and its other one
    filled and closed for nothing; so none goes, and the recovery waits plainly for 1997."""
    rows = [2000.0, 2000.0, (price, price, price, price), price, price, 1990.0, 1998.0, 1998.0, 1998.0]
    told = guarded(rows, broker=broker)
    assert told.roles == (["A", "SA", "SB", "R"] if goes else ["A", "R"])
    if not goes:
        assert told.steps() == [("stopped", "target_passed")]
        assert "shield_cancelled" in told.notices


@pytest.mark.parametrize("broker", ["shadow", "backtrader"])
def test_what_a_chain_opens_is_no_trade_of_the_day(broker: str) -> None:
    """A shield stands on the other side, its recovery may fall on the next day (which turns at 10:05 here)."""
    rows = [*STOPPED, 1990.0, (1990, 1997.5, 1990, 1997.5), 1997.5, 1997.5, 1997.5]
    for at, entries in (("03:35", 1), ("10:05", 0)):
        told = guarded(rows, broker=broker, risk={"daily_reset_time": at, "daily_reset_zone": "UTC"})
        assert told.roles == ["A", "SA", "SB", "R"]
        assert len(told.simulation.house.risk.ledger.entries("guarded")) == entries


@pytest.mark.parametrize("factor", ["3", "0.7"])
def test_a_symbols_multiplier_is_in_the_originals_lots_already(factor: str) -> None:
    """Half of 0.10 lots a leg, whatever the factor that made the 0.10: 1/3 x 3 once was a step too few."""
    told = guarded([*STOPPED, 1990.0, 1990.0], risk={"symbol_lot_multipliers": {"XAUUSD": Decimal(factor)}})
    assert [o.volume for o in told.record.orders if o.role in ("SA", "SB")] == ["0.05", "0.05"]


class TwoLegs(Guarded):
    """A as Guarded's, and a B whose stop is 40 dollars away: it outlives A."""

    max_open_trades: int = 1

    async def process_entry_signal(self, alert: Any) -> Any:
        answer = self.api.risk.gate(
            TradeRequest("XAUUSD", alert.side, sl_price=1990.0, lots=0.1, max_open=self.max_open_trades)
        )
        if not answer.allowed:
            return Decision.refused(answer.reason)
        await self.api.orders.place_order("XAUUSD", alert.side, 0.02, sl_offset=-40.0, role="B")
        return await super().process_entry_signal(alert)


@pytest.mark.parametrize("broker", ["shadow", "backtrader"])
def test_a_shield_is_no_entry_beside_the_one_that_it_guards(broker: str) -> None:
    """One entry may be open. Its B is, so its shields may go out, and they take no other entry's place: with room for
    two the second alert is entered, with room for one it is not."""
    rows = [*STOPPED, 1990.0, 1990.0, 1990.0, 1990.0]
    for most, outcome in ((1, ("refused", "plugin_open_limit")), (2, ("filled", ""))):
        limits = {"max_concurrent_by_tier": {"25000": most}, "max_symbol_open": most}
        alerts = [alert(1, id="first", symbol="XAUUSD"), alert(5, id="second", symbol="XAUUSD")]
        told = guarded(
            rows, TwoLegs, alerts=alerts, broker=broker, risk=limits, plugin={"max_open_trades": most},
        )  # fmt: skip
        assert told.roles[:4] == ["B", "A", "SA", "SB"], f"room for {most}"
        second = told.record.decisions[1]
        assert (second.outcome, second.reason) == outcome


@pytest.mark.parametrize("broker", ["shadow", "backtrader"])
@pytest.mark.parametrize("strategy", [Guarded, Booking])
def test_a_leg_that_a_moved_stop_closes_leaves_the_recovery_waiting(strategy: type[Guarded], broker: str) -> None:
    """Profit protection moves the shields' stops to 1989.90, where they are met at 1991: the price has not been near
    1997 yet, so the recovery waits for it plainly. (It was given up, as if the stop at 2000 had been met.)"""
    rows = [*STOPPED, (1990, 1990, 1989.5, 1989.5), 1989.5, (1989.5, 1991, 1989.5, 1991), 1991.0]
    rows += [(1991, 1997.5, 1991, 1997.5), 1997.5, 1997.5]
    others = {"profit_booking": ProfitBookingSettings(target_money=500)}
    told = guarded(rows, strategy, broker=broker, autonomous={"profit_protection": True}, others=others)
    assert {(f.role, f.exit_reason, f.sl) for f in told.record.fills if f.role in ("SA", "SB")} == {
        ("SA", "sl", 1_989_900),
        ("SB", "sl", 1_989_900),
    }
    assert told.steps()[-1] == ("stopped", "leg_closed")
    assert ("recovery_mode", "unshielded") in told.steps("reentry")
    assert told.fill("R").entry_points == 1_997_500
    assert {f.role for f in told.record.fills if f.exit_reason == "end_of_data"} == {"R"}, "nothing is left over"
