"""Which plugins take part in one of several houses that hear the same alerts.

    member     takes alerts, new risk too
    leaving    takes no new risk; what it has open or under way here goes on: stops, trailing, booking, exits
    asleep     hears nothing but information (so that it knows what it would know), is never woken, commands nothing

A plugin that leaves falls asleep once nothing of it is left here; one that enters is woken by ``on_start``.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from zepix.engine.engine_state import drop_waits
from zepix.model import Alert, Order, Refused

if TYPE_CHECKING:
    from zepix.engine.engine import TradingEngine
    from zepix.engine.router import Route

__all__ = ["ELSEWHERE", "Roster"]

ELSEWHERE: Final = "decided_elsewhere"
"""The reason of a route whose plugins take part in another house."""


class Roster:
    """Of one engine; ``assign`` before it starts, or between two events."""

    def __init__(self, engine: TradingEngine) -> None:
        self._engine = engine
        self._members: frozenset[str] = frozenset()
        self._asleep: set[str] = set(engine.registry.get_all_plugins())
        self._leaving: list[str] = []
        engine.sleepers = self._asleep
        engine.router.roster = self

    def assign(self, members: Collection[str]) -> list[str]:
        """Who takes part from now on; the plugins that enter, and were asleep. They are awake, ``on_start`` is to be
        called (``TradingEngine.wake_new``). One that has something here is woken to see it to its end, whoever takes
        part: it was away from the settings for a while."""
        self._members = frozenset(members)
        entering = [
            name
            for name in self._engine.registry.get_all_plugins()
            if name in self._asleep and (name in self._members or self._is_engaged(name))
        ]
        self._asleep.difference_update(entering)
        self._tell_engine()
        return entering

    def is_member(self, plugin_id: str) -> bool:
        return plugin_id in self._members

    def is_asleep(self, plugin_id: str) -> bool:
        return plugin_id in self._asleep

    @property
    def leaving(self) -> list[str]:
        """Plugins that are awake and no members."""
        return self._leaving

    def settle(self) -> None:
        """Plugins that leave and have nothing left here fall asleep; what they waited for is dropped."""
        over = [plugin_id for plugin_id in self._leaving if not self._is_engaged(plugin_id)]
        for plugin_id in over:
            self._asleep.add(plugin_id)
            drop_waits(self._engine, plugin_id)
        if over:
            self._tell_engine()

    def narrowed(self, route: Route, alert: Alert) -> Route:
        """Of a route those who hear the alert here; ``ELSEWHERE`` where it has plugins, and none does."""
        if not route.plugins:
            return route
        here = tuple(p for p in route.plugins if self._hears(p.plugin_id, alert, route.is_broadcast))
        if len(here) == len(route.plugins):
            return route
        return replace(route, plugins=here, reason="" if here else ELSEWHERE)

    def refusal(self, order: Order) -> Refused | None:
        """The last gate before a broker: nothing of who is asleep, no new risk of who is no member."""
        if order.plugin_id in self._members:
            return None
        if order.opens or order.plugin_id in self._asleep:
            return Refused("not_in_this_book", f"{order.plugin_id} takes no new risk here: its mode is another")
        return None

    def state(self) -> list[str]:
        """Who is awake."""
        return sorted(self._engine.registry.get_all_plugins().keys() - self._asleep)

    def load_state(self, awake: Collection[str], members: Collection[str]) -> None:
        """Be as saved, before the engine's own state is loaded; a plugin that is new here is asleep."""
        self._asleep.clear()
        self._asleep.update(self._engine.registry.get_all_plugins().keys() - set(awake))
        self._members = frozenset(members)
        self._tell_engine()

    def _hears(self, plugin_id: str, alert: Alert, is_broadcast: bool) -> bool:
        if plugin_id in self._members:
            return True
        if plugin_id in self._asleep:
            return not alert.is_action and not is_broadcast
        return alert.type != "entry"

    def _is_engaged(self, plugin_id: str) -> bool:
        engine = self._engine
        if any(ticket.plugin_id == plugin_id for ticket in engine.broker.tickets.values()):
            return True
        if any(order.plugin_id == plugin_id and order.is_under_way for order in engine.orders):
            return True
        return any(plugin == plugin_id for _, plugin in engine.services.alerts_in_hand())

    def _tell_engine(self) -> None:
        for plugin_id, one in self._engine._running.items():
            one.is_asleep = plugin_id in self._asleep
        awake = self._engine.registry.get_all_plugins().keys() - self._asleep
        self._leaving = sorted(awake - self._members)
