"""The risk service over the simulated broker itself: its tickets, its orders under way, its money."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.world import CATALOGUE, Quad, alert, market
from zepix.engine import PluginInfo, Strategy
from zepix.model import Alert, Decision, OrderFilled, TicketClosed
from zepix.model.settings_risk import PluginLimits, RiskSettings
from zepix.services.risk import TradeRequest
from zepix.services.risk_core import RiskCore


class Gated(Strategy):
    """Buys what the gate lets through, with a stop 100 points (10 pips) below the market."""

    info = PluginInfo(strategy="gated")

    async def process_entry_signal(self, alert: Alert) -> Decision | None:
        answer = self.api.risk.gate(TradeRequest(alert.symbol, alert.side or "buy", None, self.stop(alert), lots="1"))
        if not answer:
            return Decision.refused(answer.reason, **answer.numbers)
        await self.api.orders.place_order(alert.symbol, alert.side or "buy", str(answer.lots), answer.sl_price)
        return None

    def stop(self, alert: Alert) -> float:
        return round((self.api.market.price(alert.symbol, "buy") or 0.0) - 0.0011, 5)

    async def on_fill(self, event: OrderFilled) -> None:
        self.api.risk.core.on_event(event)

    async def on_ticket_closed(self, event: TicketClosed) -> None:
        self.api.risk.core.on_event(event)


def play(quads: list[Quad], alerts: list[Alert], **settings: Any) -> tuple[Any, RiskCore]:
    simulation = market(*quads).prepare(Gated)
    api = simulation.apis["gated"]
    broker: Any = simulation.broker
    core = RiskCore(
        RiskSettings(**settings),
        simulation.engine,
        api.account,
        CATALOGUE,
        broker.conversions,
        broker,
        api.market,
    )
    api.register_service("risk", core.for_plugin("gated", PluginLimits()), core.is_healthy)
    return simulation.run(alerts), core


FALL: Quad = (110_000, 110_000, 109_800, 110_000)
"""A bar that takes the stop and comes back."""
CALM: Quad = (110_000, 110_000, 110_000, 110_000)


def test_losses_of_the_day_shrink_and_then_stop_the_entries() -> None:
    # 1 lot, bought at 1.10010, stopped at 1.09900: $110 of a $200 day; of 90 left 75 % of a lot would lose 82.50;
    # then 7.50 is left, half a lot fits 0.06 of it: 6.60; 0.90 is less than a dollar
    alerts = [alert(minute, id=f"a{minute}") for minute in (1, 3, 5, 7)]
    record, core = play([CALM, FALL] * 5, alerts, default_risk_tier="10000")
    assert [row.outcome for row in record.decisions] == ["filled", "filled", "filled", "refused"]
    assert [fill.pnl_minor for fill in record.fills] == [-110_00, -82_50, -6_60]
    assert record.decisions[3].reason == "daily_cap"
    assert core.ledger.day_loss == Decimal("199.10") == -sum(Decimal(f.pnl_minor) for f in record.fills) / 100


def test_first_loss_of_a_balance_on_a_tiers_edge_lowers_the_tier() -> None:
    # 10,000 less 110 is the tier of 5,000, whose day may lose $100: a reason to choose the tier oneself
    record, _ = play([CALM, FALL] * 3, [alert(1, id="a"), alert(3, id="b")])
    assert [(row.outcome, row.reason) for row in record.decisions] == [("filled", ""), ("refused", "daily_cap")]
    assert record.decisions[1].numbers["risk_tier"] == "5000"


def test_entries_of_one_instant_count_each_other_while_under_way() -> None:
    alerts = [alert(1, id="a"), alert(1, id="b"), alert(1, id="c")]
    record, _ = play([CALM] * 4, alerts)
    filled = [row.numbers.get("volume") for row in record.decisions]
    assert filled == [1.0, 0.75, 0.06]
    assert record.decisions[2].outcome == "filled"
