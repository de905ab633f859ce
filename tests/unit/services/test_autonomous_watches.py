"""Two options of the autonomous system that wait for a price: the direction block and the protection of a profit."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.services.shield_world import Guarded, guarded, prepared
from tests.world import alert
from zepix.engine import PluginInfo
from zepix.model.settings_autonomous import AutonomousSettings


def test_direction_block_closes_the_direction_and_blocks_it_for_an_hour() -> None:
    """Entry 2000, first stop 10 away, then taken off: at 1980 all buys are closed, no buy for 60 minutes."""

    class NoStop(Guarded):
        info = PluginInfo(strategy="no_stop", services=Guarded.info.services)

        async def on_fill(self, event: Any) -> None:
            await self.api.orders.modify_order(event.ticket.id, sl=0)

    rows = [2000.0, 2000.0, (2000, 2000, 1979, 1985), *[1985.0] * 70]
    alerts = [
        alert(1, id="a", symbol="XAUUSD"),
        alert(30, id="b", symbol="XAUUSD"),
        alert(31, side="sell", id="c", symbol="XAUUSD"),
        alert(66, id="d", symbol="XAUUSD"),
    ]
    told = guarded(rows, NoStop, alerts=alerts, autonomous={"direction_block": True})
    assert [(row.outcome, row.reason) for row in told.record.decisions] == [
        ("filled", ""),
        ("refused", "direction_blocked"),
        ("filled", ""),
        ("filled", ""),
    ]
    assert told.fill("A").exit_points == 1_985_000
    assert "direction_block" in told.notices


def test_direction_block_is_off_by_default() -> None:
    assert AutonomousSettings().direction_block is AutonomousSettings().profit_protection is False


@pytest.mark.parametrize(
    ("side", "rows", "stop"),
    [
        ("buy", [(2000, 2000.4, 2000, 2000.4), (2000.4, 2000.4, 1999, 1999)], 2_000_100),
        ("sell", [(2000, 2000, 1999.6, 1999.6), (1999.6, 2001, 1999.6, 2001)], 1_999_900),
    ],
)
def test_forty_pips_ahead_the_stop_goes_to_ten_by_pip_size(side: str, rows: list[Any], stop: int) -> None:
    """A pip of gold is 0.01: 40 are 0.40, 10 are 0.10; the original's 0.0040 was forex alone."""
    given = {"autonomous": {"profit_protection": True}, "shield": {"enabled": False}}
    told = guarded(
        [2000.0, 2000.0, rows[0], rows[0][3], rows[1], rows[1][3]],
        alerts=[alert(1, side=side, symbol="XAUUSD")],
        **given,
    )
    fill = told.fill("A")
    assert (fill.exit_points, fill.exit_reason) == (stop, "sl")
    assert "profit_order_protection" in told.notices


def test_a_stop_that_is_better_already_stays() -> None:
    class Near(Guarded):
        info = PluginInfo(strategy="near", services=Guarded.info.services)

        async def on_fill(self, event: Any) -> None:
            self.api.set_timer(self.api.now_ns + 1)

        async def on_timer(self, event: Any) -> None:
            (ticket,) = self.api.orders.open_tickets("XAUUSD")
            await self.api.orders.modify_order(ticket.id, sl=2000.2)

    rows = [2000.0, 2000.3, (2000.3, 2000.5, 2000.3, 2000.5), 2000.5, (2000.5, 2000.5, 2000.0, 2000)]
    told = guarded(rows, Near, autonomous={"profit_protection": True, "protect_at_pips": 10, "protect_to_pips": 5})
    assert told.fill("A").sl >= 2_000_200


def test_watches_of_open_tickets_are_saved_and_loaded() -> None:
    rows = [2000.0, 2000.0, 2000.0, (2000, 2000.4, 2000, 2000.4), 2000.4, (2000.4, 2000.4, 1999, 1999), 1999.0]
    options: dict[str, Any] = {
        "autonomous": {"profit_protection": True, "direction_block": True},
        "shield": {"enabled": False},
    }
    alerts = [alert(1, id="first", symbol="XAUUSD")]
    whole = prepared(rows, **options)
    expected = whole.run(alerts)
    for stop in range(1, whole.session.events):
        first = prepared(rows, **options)
        first.begin(alerts)
        first.go_on(stop)
        state = json.loads(json.dumps(first.save_state(history=True)))
        again = prepared(rows, **options)
        again.load_state(state)
        again.begin(alerts)
        again.go_on()
        assert again.finish().fills == expected.fills


class Other(Guarded):
    info = PluginInfo(strategy="other", services=Guarded.info.services)


@pytest.mark.parametrize(
    ("then", "left", "stop"),
    [
        ({"profit_protection": True}, Guarded, 2_000_100),
        ({"profit_protection": False}, Guarded, 1_990_000),
        ({"profit_protection": True}, Other, 1_990_000),
    ],
    ids=["as it was", "switched off", "its plugin is gone"],
)
def test_a_watch_of_a_run_before_does_what_the_settings_and_plugins_of_now_say(
    then: dict[str, Any], left: type[Guarded], stop: int
) -> None:
    """Saved with a ticket open and its price watched: what was switched off moves no stop, a plugin that is not here
    any more ends no run (it was a KeyError at that price, after every restart)."""
    rows = [2000.0, 2000.0, 2000.0, (2000, 2000.4, 2000, 2000.4), 2000.4, 2000.4]
    alerts = [alert(1, id="first", symbol="XAUUSD")]
    first = prepared(rows, autonomous={"profit_protection": True}, shield={"enabled": False})
    first.begin(alerts)
    while not first.broker.tickets:
        first.go_on(1)
    again = prepared(rows, left, autonomous=then, shield={"enabled": False})
    again.take_over_state(json.loads(json.dumps(first.save_state(history=True))))
    again.begin(alerts)
    again.go_on()
    assert not again.engine.errors
    assert [fill.sl for fill in again.finish().fills] == [stop]


def test_a_block_that_was_switched_off_closes_nothing() -> None:
    class NoStop(Guarded):
        info = PluginInfo(strategy="no_stop", services=Guarded.info.services)

        async def on_fill(self, event: Any) -> None:
            await self.api.orders.modify_order(event.ticket.id, sl=0)

    rows = [2000.0, 2000.0, 2000.0, (2000, 2000, 1979, 1985), 1985.0, 1985.0]
    alerts = [alert(1, id="first", symbol="XAUUSD")]
    for is_on, reason in ((True, "signal"), (False, "end_of_data")):
        first = prepared(rows, NoStop, autonomous={"direction_block": True}, shield={"enabled": False})
        first.begin(alerts)
        while not first.broker.tickets:
            first.go_on(1)
        again = prepared(rows, NoStop, autonomous={"direction_block": is_on}, shield={"enabled": False})
        again.take_over_state(json.loads(json.dumps(first.save_state(history=True))))
        again.begin(alerts)
        again.go_on()
        assert [fill.exit_reason for fill in again.finish().fills] == [reason]
