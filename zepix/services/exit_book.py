"""The positions that leave by a plan: which orders and tickets belong together, and what became of each.

A group is one entry in portions. A leg goes ``placed -> filled -> closed``, or ends ``refused`` or ``cancelled``; a
group is forgotten once all of its legs have ended. The state is data: JSON values in, the same behaviour out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final

from zepix.model import Catalogue, Event, OrderCancelled, OrderFilled, OrderRefused, TicketClosed
from zepix.model.exit_plan import ExitPlan
from zepix.model.timeframe import NS
from zepix.services.ports import BrokerPort

__all__ = ["TIMER", "ExitBook", "ExitGroup", "ExitLeg"]

TIMER: Final = "exits:"
"""How the tag of a time exit begins; the group's id follows."""
_DONE: Final = ("refused", "cancelled", "closed")

SetTimer = Callable[[int, str], int]


@dataclass(slots=True)
class ExitLeg:
    """One portion; ``level`` counts the plan's levels from 0, its number of levels is the runner."""

    order_id: int
    level: int
    role: str
    status: str = "placed"
    reason: str = ""
    ticket: int = 0
    asked_sl: int = 0
    """The best stop asked for so far, in points: a change may not count yet."""

    @property
    def is_done(self) -> bool:
        return self.status in _DONE


LEG_FIELDS: Final = tuple(one.name for one in fields(ExitLeg))


@dataclass(slots=True)
class ExitGroup:
    """One entry in portions, with its plan and the targets that the entry came with."""

    id: str
    plugin_id: str
    symbol: str
    side: str
    plan: ExitPlan
    tps: list[float | None]
    legs: list[ExitLeg] = field(default_factory=list)
    deadline_ns: int = 0
    is_cut: bool = False
    """An exit alert has left a runner."""

    @property
    def is_done(self) -> bool:
        return all(leg.is_done for leg in self.legs)


class ExitBook:
    """The groups of a run, shared by all plugins."""

    def __init__(self, catalogue: Catalogue, broker: BrokerPort) -> None:
        self.catalogue = catalogue
        self.broker = broker
        self._last = 0
        self._groups: dict[str, ExitGroup] = {}
        self._by_order: dict[int, tuple[ExitGroup, ExitLeg]] = {}
        self._timers: dict[str, SetTimer] = {}
        self._ended: list[ExitGroup] = []

    def add_plugin(self, plugin_id: str, set_timer: SetTimer) -> None:
        self._timers[plugin_id] = set_timer

    def new_id(self) -> str:
        self._last += 1
        return f"EX{self._last:08d}"

    def add(self, group: ExitGroup) -> None:
        self._groups[group.id] = group
        self._by_order.update((leg.order_id, (group, leg)) for leg in group.legs)

    def get(self, group_id: str) -> ExitGroup | None:
        return self._groups.get(group_id)

    def groups(self, plugin_id: str | None = None, symbol: str | None = None) -> list[ExitGroup]:
        """Groups that are open or under way, older first."""
        return [
            g
            for g in self._groups.values()
            if plugin_id in (None, g.plugin_id) and symbol in (None, g.symbol) and not g.is_done
        ]

    def leg_of(self, order_id: int) -> tuple[ExitGroup, ExitLeg] | None:
        return self._by_order.get(order_id)

    # --- events ---------------------------------------------------------------------------------------------------

    def on_event(self, event: Event) -> None:
        """Told of every broker's answer before the strategies are."""
        if not self._by_order and not self._ended:
            return
        self._forget_ended()
        if isinstance(event, OrderFilled):
            if event.ticket is not None:
                self._filled(event)
        elif isinstance(event, OrderRefused | OrderCancelled):
            self._end(event.order.id, "refused" if isinstance(event, OrderRefused) else "cancelled", event.order.reason)
        elif isinstance(event, TicketClosed) and not event.ticket.is_open:
            self._end(event.ticket.order_id, "closed", event.fill.exit_reason)

    def _filled(self, event: OrderFilled) -> None:
        known = self._by_order.get(event.order.id)
        if known is None or event.ticket is None:
            return
        group, leg = known
        leg.status, leg.ticket, leg.asked_sl = "filled", event.ticket.id, event.ticket.sl
        hold = group.plan.max_hold_min
        if hold is not None and not group.deadline_ns:
            group.deadline_ns = event.ts_event_ns + round(hold * 60 * NS)
            set_timer = self._timers.get(group.plugin_id)
            if set_timer is not None:
                set_timer(group.deadline_ns, TIMER + group.id)

    def _end(self, order_id: int, status: str, reason: str) -> None:
        known = self._by_order.get(order_id)
        if known is None:
            return
        group, leg = known
        leg.status, leg.reason = status, reason
        if group.is_done:
            self._ended.append(group)  # forgotten with the next event: the strategy's hook for this one comes first

    def _forget_ended(self) -> None:
        for group in self._ended:
            self._groups.pop(group.id, None)
            for leg in group.legs:
                self._by_order.pop(leg.order_id, None)
        self._ended.clear()

    # --- state ----------------------------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """Everything that matters later, as JSON values; timers are the engine's, found again by their tag.

        Plans are written once and named by their place in ``plans``; a leg is a list of its fields in their order.
        """
        plans: dict[ExitPlan, int] = {}
        groups = [
            {
                "id": g.id,
                "plugin_id": g.plugin_id,
                "symbol": g.symbol,
                "side": g.side,
                "plan": plans.setdefault(g.plan, len(plans)),
                "tps": list(g.tps),
                "legs": [[getattr(leg, name) for name in LEG_FIELDS] for leg in g.legs],
                "deadline_ns": g.deadline_ns,
                "is_cut": g.is_cut,
            }
            for g in self._groups.values()
            if not g.is_done
        ]
        return {"last": self._last, "plans": [plan.as_dict() for plan in plans], "groups": groups}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from a saved state; what was here is forgotten."""
        self._last = int(state["last"])
        self._groups, self._by_order, self._ended = {}, {}, []
        plans = [ExitPlan.of(plan) for plan in state["plans"]]
        for one in state["groups"]:
            legs = [ExitLeg(*leg) for leg in one["legs"]]
            self.add(ExitGroup(**{**one, "plan": plans[one["plan"]], "tps": list(one["tps"]), "legs": legs}))

    def is_healthy(self) -> bool:
        return True

    def get_status(self) -> dict[str, Any]:
        open_groups = self.groups()
        legs = [leg for group in open_groups for leg in group.legs]
        return {
            "groups": len(open_groups),
            "open_tickets": sum(1 for leg in legs if leg.status == "filled"),
            "under_way": sum(1 for leg in legs if leg.status == "placed"),
            "placed_in_all": self._last,
        }
