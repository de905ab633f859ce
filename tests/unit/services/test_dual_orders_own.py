"""A strategy that decides of its own legs: what it says holds, what it leaves open is the service's; by hand.

EURUSD, a spread of 10 points: a buy enters at 110_010. 0.05 lots are 0.05 USD a point.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.world import Played, alert, flat, market
from zepix import Alert, Decision, DualPlan, PluginInfo, Strategy
from zepix.engine import OrderConfig

BROKERS = ("shadow", "backtrader")


class Service(Strategy):
    """Leaves everything to the service: 0.10 lots, split; A trails, B loses ten dollars and books seven."""

    info = PluginInfo(strategy="own")
    routing: str = "dual_orders"

    async def process_entry_signal(self, alert: Alert) -> Decision | None:
        plan = DualPlan(symbol=alert.symbol, side=alert.side, lots=alert.volume, sl=alert.sl, tp_a=alert.tp,
                        routing=self.routing)  # fmt: skip
        self.result = await self.api.dual_order.create_dual_orders(plan)
        return None if self.result else Decision.refused(self.result.reason)


class Own(Service):
    """A loses 30 dollars at its stop and has a target of its own; B has the smart stop, and trails by pips."""

    a: Any = OrderConfig("TP_TRAIL", "fixed_risk_sl", lot_size=0.06, tp_pips=50, risk_amount=30)
    b: Any = OrderConfig("PROFIT_TRAIL", "v3_smart_sl", trailing_enabled=True, trailing_start_pips=8,
                         trailing_step_pips=4)  # fmt: skip

    def get_order_a_config(self, signal: DualPlan) -> Any:
        assert signal.symbol == "EURUSD"
        return type(self).a

    def get_order_b_config(self, signal: DualPlan) -> Any:
        return type(self).b


class HalfOwn(Service):
    """Decides of B alone."""

    def get_order_b_config(self, signal: DualPlan) -> OrderConfig:
        return OrderConfig("TP_TRAIL", "v3_smart_sl", sl_pips=15, tp_pips=30)


def played(cls: type[Strategy], broker: str = "shadow", sl: float | None = 1.09810, **settings: Any) -> Played:
    entry = alert(0.0, "entry", "buy", volume=0.1, sl=sl, tp=1.10410)
    return market(*flat(3), broker=broker).play([entry], cls, **settings)


def legs(found: Played) -> list[tuple[str, int, int, int]]:
    """(role, steps, stop, target) of every opening order."""
    assert not found.simulation.engine.errors
    return [(o.role, o.volume_steps, o.sl, o.tp) for o in found.record.orders if o.opens]


@pytest.mark.parametrize("broker", BROKERS)
def test_a_strategy_overrides_both_legs(broker: str) -> None:
    """A: 0.06 lots, 30 dollars are 500 points, 50 pips ahead. B: its half of 0.10, the plan's stop, 7 dollars ahead."""
    found = played(Own, broker)
    assert legs(found) == [("A", 6, 109_510, 110_510), ("B", 5, 109_810, 110_150)]
    orders = {o.role: o for o in found.record.orders}
    assert orders["A"].trails == ()
    assert [tuple(trail) for trail in orders["B"].trails] == [(80, 40, 80)]
    assert orders["B"].target_reason == "profit_booking"
    numbers = found.record.decisions[0].numbers
    assert (numbers["order_a"], numbers["order_b"]) == (1, 2)


@pytest.mark.parametrize("broker", BROKERS)
def test_the_leg_that_it_says_nothing_of_stays_the_services(broker: str) -> None:
    service = legs(played(Service, broker))
    assert service == [("A", 5, 109_810, 110_410), ("B", 5, 109_810, 110_150)]
    assert legs(played(HalfOwn, broker)) == [service[0], ("B", 5, 109_860, 110_310)]


def test_none_leaves_the_leg_to_the_service() -> None:
    class Nothing(Own):
        a = None
        b = None

    assert legs(played(Nothing)) == legs(played(Service))


def test_a_leg_that_is_not_routed_is_not_asked_for() -> None:
    found = played(Own, routing="order_b_only")
    assert legs(found) == [("B", 10, 109_810, 110_080)]


def test_a_leg_with_a_stop_of_its_own_needs_none_of_the_alert() -> None:
    class OwnStops(Own):
        b = OrderConfig("TP_TRAIL", "v3_smart_sl", sl_pips=20)

    found = played(OwnStops, sl=None)
    assert [(role, stop) for role, _, stop, _ in legs(found)] == [("A", 109_510), ("B", 109_810)]


def test_lots_below_the_minimum_leave_the_leg_out() -> None:
    class Tiny(Own):
        b = OrderConfig("TP_TRAIL", "v3_smart_sl", lot_size=0.001)

    found = played(Tiny)
    assert [role for role, *_ in legs(found)] == ["A"]
    assert found.plugin().result.order_b_status == "refused"


def test_a_stop_inside_the_stops_level_is_refused_for_that_leg_alone() -> None:
    class Near(Own):
        b = OrderConfig("TP_TRAIL", "v3_smart_sl", sl_pips=1)

    found = played(Near)
    assert [role for role, *_ in legs(found)] == ["A"]
    assert found.plugin().result.order_b_error.startswith("invalid_stops: B")


def test_one_plugins_legs_are_not_anothers() -> None:
    class Other(Service):
        info = PluginInfo(strategy="other")

    entries = [
        alert(0.0, "entry", "buy", volume=0.1, sl=1.09810, tp=1.10410, strategy=name, id=name)
        for name in ("own", "other")
    ]
    found = market(*flat(3)).play(entries, Own, Other)
    steps = {(o.plugin_id, o.role): o.volume_steps for o in found.record.orders}
    assert steps == {("own", "A"): 6, ("own", "B"): 5, ("other", "A"): 5, ("other", "B"): 5}


def test_an_answer_that_is_no_configuration_is_the_strategys_error() -> None:
    class Wrong(Own):
        a = {"order_type": "TP_TRAIL"}  # noqa: RUF012 - what a mistaken strategy gives

    found = played(Wrong)
    assert found.outcomes == [("error", "strategy_error")]
    assert "get_order_a_config gives an OrderConfig or None, not dict" in found.record.decisions[0].numbers["detail"]
    assert not found.record.orders


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"order_type": "market"}, "order_type is TP_TRAIL or PROFIT_TRAIL, not 'market'"),
        ({"sl_type": "none"}, "sl_type is v3_smart_sl or fixed_risk_sl, not 'none'"),
        ({"sl_pips": -1.0}, "sl_pips must be 0 or above"),
        ({"risk_amount": float("nan")}, "risk_amount must be 0 or above"),
    ],
)
def test_absurd_configurations_are_refused_when_they_are_made(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        OrderConfig(**{"order_type": "TP_TRAIL", "sl_type": "v3_smart_sl", **given})
