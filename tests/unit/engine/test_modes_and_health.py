"""Whose orders would be real, and how a plugin is said to do."""

from __future__ import annotations

import pytest

from tests.world import alert, flat, market
from zepix.engine import ExecutionMode, PluginHealthMonitor, PluginInfo, ShadowModeManager, Strategy
from zepix.model import Alert

MODES = (  # mode, plugin in the shadow set, virtual
    ("LIVE", False, False),
    ("LIVE", True, False),
    ("SHADOW", False, True),
    ("SHADOW", True, True),
    ("HYBRID", False, False),
    ("HYBRID", True, True),
)


@pytest.mark.parametrize(("mode", "in_set", "virtual"), MODES)
def test_whose_orders_are_virtual(mode: str, in_set: bool, virtual: bool) -> None:
    modes = ShadowModeManager(mode, ["v6"] if in_set else [])
    assert modes.is_plugin_in_shadow("v6") is virtual
    assert modes.get_execution_mode() is ExecutionMode(mode)
    assert modes.get_execution_mode("v6") is (ExecutionMode.SHADOW if virtual else ExecutionMode.LIVE)


def test_nothing_is_real_until_somebody_says_so() -> None:
    assert ShadowModeManager().is_plugin_in_shadow("v6")


def test_promoted_plugin_trades_and_demoted_one_does_not() -> None:
    modes = ShadowModeManager("HYBRID", ["v6"])
    modes.promote("v6")
    assert not modes.is_plugin_in_shadow("v6")
    modes.demote("v6")
    assert modes.is_plugin_in_shadow("v6")


def test_word_that_is_no_mode_changes_nothing() -> None:
    modes = ShadowModeManager("LIVE")
    with pytest.raises(ValueError, match="PAPER"):
        modes.set_mode("PAPER")
    assert modes.get_execution_mode() is ExecutionMode.LIVE


def test_virtual_orders_are_kept_by_plugin() -> None:
    modes = ShadowModeManager()
    modes.record_virtual_order("v6", {"symbol": "EURUSD", "side": "buy"})
    assert list(modes.virtual_orders) == [{"plugin_id": "v6", "symbol": "EURUSD", "side": "buy"}]


class Fails(Strategy):
    info = PluginInfo(strategy="fails")

    async def process_entry_signal(self, alert: Alert) -> None:
        if alert.comment != "good":
            raise ValueError("bad")


@pytest.mark.parametrize(
    ("comments", "state", "in_a_row"),
    [(["good"], "HEALTHY", 0), (["bad"], "FAILING", 1), (["bad", "good"], "HEALTHY", 0), (["bad"] * 5, "DEAD", 5)],
    ids=["good", "failed", "recovered", "disabled"],
)
def test_health_of_a_plugin(comments: list[str], state: str, in_a_row: int) -> None:
    alerts = [alert(n, comment=c) for n, c in enumerate(comments)]
    simulation = market(*flat(9)).play(alerts, Fails).simulation
    monitor = PluginHealthMonitor(simulation.registry, simulation.engine)
    health = monitor.check_plugin_health("fails")
    assert (health["state"], health["failures_in_a_row"]) == (state, in_a_row)
    assert monitor.get_all_plugin_status() == {"fails": health}
    assert monitor.check_plugin_health("nobody")["state"] == "UNKNOWN"
