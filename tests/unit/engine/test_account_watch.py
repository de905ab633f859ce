"""The margin stop-out: the ticket with the largest loss goes first, at the price that breached; and it is looked for
seldom, though no breach is ever missed (tests/parity holds every one against a look at each bar)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.world import FLAT, Market, alert, bars, flat, market
from zepix.engine import PluginInfo, Strategy
from zepix.model import AccountSpec, Alert, FillModel


class Plain(Strategy):
    """Buys or sells what the alert says, without stop and target."""

    info = PluginInfo(strategy="plain")

    async def process_entry_signal(self, alert: Alert) -> None:
        await self.api.orders.place_order(alert.symbol, alert.side or "buy", alert.volume)


def poor(*quads: Any, balance: int = 300, **fill: Any) -> Market:
    """EURUSD at 1.10000, leverage 100: a lot needs 1,100 USD, 0.1 lots 110; a point of 0.1 lots is 0.10 USD."""
    return Market([bars(*quads)], account=AccountSpec(balance=Decimal(balance)), fill=FillModel(**fill))


def test_a_fall_that_eats_the_margin_closes_the_ticket_at_the_low() -> None:
    # 300 USD, 0.1 lots bought at 110,010; breached where 300 - loss <= 55: 245 USD are 2,450 points
    fall = (110_000, 110_000, 107_560, 107_600)
    still = (110_000, 110_000, 107_561, 107_600)
    assert [f.exit_reason for f in poor(FLAT, FLAT, still, FLAT).play([alert(1)], Plain).record.fills] == [
        "end_of_data"
    ]
    (fill,) = poor(FLAT, FLAT, fall, FLAT).play([alert(1)], Plain).record.fills
    assert (fill.exit_reason, fill.exit_points, fill.pnl_minor) == ("stop_out", 107_560, -24_500)


def test_slippage_makes_a_stop_out_worse() -> None:
    fall = (110_000, 110_000, 107_560, 107_600)
    (fill,) = poor(FLAT, FLAT, fall, slippage_points=7).play([alert(1)], Plain).record.fills
    assert fill.exit_points == 107_560 - 7


def test_the_largest_loss_goes_first_and_no_more_than_needed() -> None:
    # bought at 110,010 (0.1) and at 109,010 (0.1): the first has lost more
    lower = (109_000, 109_000, 109_000, 109_000)
    fall = (109_000, 109_000, 108_200, 108_300)
    played = poor(FLAT, FLAT, lower, lower, fall, fall, balance=350).play([alert(1), alert(3)], Plain)
    # equity at 108,200: 350 - 181 - 81 = 88 against 0.5 x 219.02; without the first: 350 - 181 - 81 = 88 against 54.505
    assert [(f.ticket, f.exit_reason) for f in played.record.fills] == [(1, "stop_out"), (2, "end_of_data")]


def test_a_fraction_of_zero_waits_for_the_last_cent() -> None:
    fall = (110_000, 110_000, 107_560, 107_600)
    played = poor(FLAT, FLAT, fall, FLAT, stop_out_frac=0.0).play([alert(1)], Plain)
    assert [f.exit_reason for f in played.record.fills] == ["end_of_data"]


def test_an_account_far_from_a_stop_out_is_hardly_looked_at() -> None:
    played = market(*flat(500)).play([alert(n) for n in range(1, 400)], Plain)
    assert len(played.record.fills) > 50
    assert played.simulation.broker.account_watch.looks == 0
