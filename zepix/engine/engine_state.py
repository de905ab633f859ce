"""The engine between two events: its state, and how it forgets what is history.

State is what decides what happens next. History is what only tells what happened: orders that are answered, decisions
that are over, closing fills, balances, the journal, recorded series, errors. A replay keeps its history in memory and
hands it out at the end; a live session hands it to its journal as it goes (``forget_finished``), so its memory stays
flat. The objects in both are written by ``zepix.model.graph``.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from zepix.engine.decisions import Handling
from zepix.engine.engine import TradingEngine
from zepix.engine.engine_parts import Reins, Running
from zepix.errors import StateError, StrategyError
from zepix.model import DecisionRow, Order
from zepix.model.graph import encode, entity

__all__ = [
    "Finished",
    "culprits",
    "drop_waits",
    "engine_state",
    "forget_finished",
    "free_plugin",
    "held_back",
    "load_engine_state",
    "load_part",
]

entity("Handling", Handling, Handling.__slots__)


@dataclass(slots=True)
class Finished:
    """What is over and was let go: orders by id, decisions with their numbers, recorded series, errors."""

    orders: list[Order] = field(default_factory=list)
    decisions: list[tuple[int, DecisionRow]] = field(default_factory=list)
    recorded: dict[str, list[tuple[int, float]]] = field(default_factory=dict)
    errors: list[StrategyError] = field(default_factory=list)


def engine_state(engine: TradingEngine, *, history: bool) -> dict[str, Any]:
    """What ``load_engine_state`` takes, for ``graph.encode``. Raises StateError where a plugin cannot say its own."""
    found = {
        "now": [engine.now_ns, engine.phase],
        "is_paused": engine.is_paused,
        "last_order": engine.last_order,
        "first_order_ns": engine.first_order_ns,
        "orders": [order for order in engine.orders if history or _may_change(order)],
        "decisions": engine.decisions.state(None if history else _alive(engine)),
        "reined": sorted(map(list, engine._reined)),
        "watchers": [[number, plugin_id] for number, plugin_id in engine._watchers.items()],
        "spins": engine._spins.state(),
        "timers": engine.timers.state(),
        "dedup": _of(engine._dedup),
        "plugins": {plugin_id: _plugin(one) for plugin_id, one in engine._running.items()},
        "router": dict(engine.router.stats),
    }
    if history:
        found["recorded"] = {name: [list(one) for one in rows] for name, rows in engine.recorded.items()}
        found["errors"] = [[error.plugin_id, error.what, str(error)] for error in engine.errors]
    return found


def _of(service: Any) -> Any:
    return service.state() if hasattr(service, "state") else None


def _plugin(running: Running) -> dict[str, Any]:
    plugin = running.plugin
    try:
        state = dict(plugin.state())
    except Exception as error:
        raise StateError(
            f"plugin {plugin.plugin_id!r} cannot say its state: {type(error).__name__}: {error}"
        ) from error
    return {"enabled": plugin.enabled, "failures": dict(running.failures), "state": state}


def culprits(engine: TradingEngine, known: Mapping[int, str]) -> list[str]:
    """What of the plugins' states cannot be saved, a sentence each; ``known`` as for ``graph.encode``."""
    found: list[str] = []
    for plugin_id, running in engine._running.items():
        for name, value in running.plugin.state().items():
            try:
                encode(value, known)
            except StateError as error:
                found.append(
                    f"plugin {plugin_id!r}: {name} cannot be saved: {error}; keep data there, or give "
                    f"{type(running.plugin).__name__} state() and load_state() of its own (docs/state.md)"
                )
    return found


def load_engine_state(engine: TradingEngine, state: Mapping[str, Any], aside: list[str] | None = None) -> None:
    """Make a fresh engine, with its plugins loaded and not started, the one whose state this is.

    ``aside``: takes sentences about plugins that are not here or do not take their state, instead of an error; their
    tickets keep their stops.
    """
    engine.take_in()
    engine.now_ns, engine.phase = state["now"]
    engine.is_paused = state["is_paused"]
    engine.last_order, engine.first_order_ns = state["last_order"], state["first_order_ns"]
    engine.orders = list(state["orders"])
    engine.decisions.load_state(state["decisions"])
    engine._reined = Reins((plugin_id, symbol) for plugin_id, symbol in state["reined"])
    engine._watchers = dict(state["watchers"])
    engine._spins.load_state(state["spins"])
    engine.timers.load_state(state["timers"])
    if state["dedup"] is not None:
        load_part(engine._dedup, state["dedup"], "the deduplication")
    engine.router.stats.update(state["router"])
    engine.recorded = {name: [(ns, v) for ns, v in rows] for name, rows in state.get("recorded", {}).items()}
    engine.errors = [_error(*one) for one in state.get("errors", ())]
    for plugin_id, saved in state["plugins"].items():
        if aside is not None and plugin_id not in engine._running:
            aside.append(f"plugin {plugin_id!r} is not here any more; its open tickets keep their stops")
            continue
        running = engine._running[plugin_id]
        running.plugin.enabled = saved["enabled"]
        running.failures = dict(saved["failures"])
        load_part(running.plugin, saved["state"], f"plugin {plugin_id!r}", aside)


def free_plugin(engine: TradingEngine, plugin_id: str) -> bool:
    """A human lets a plugin take new risk again: one that was reined in, or disabled after failures; whether it was."""
    held = {one for one in engine._reined if one[0] == plugin_id}
    engine._reined.difference_update(held)
    running = engine._running[plugin_id]
    was_disabled = not running.plugin.enabled
    if was_disabled:
        running.plugin.enabled = True
        running.failures.clear()
    return bool(held) or was_disabled


def drop_waits(engine: TradingEngine, plugin_id: str) -> None:
    """Forget what a plugin waits for: its timers, the bars that it hears of, its price watches."""
    engine.timers.drop(plugin_id)
    for watch_id in [number for number, owner in engine._watchers.items() if owner == plugin_id]:
        del engine._watchers[watch_id]
        engine.drop_watch(watch_id)


def held_back(engine: TradingEngine) -> frozenset[tuple[str, str]]:
    """Who takes no new risk, and where, until it is resumed: (plugin, symbol), ``*`` for all symbols."""
    return frozenset(engine._reined)


def _error(plugin_id: str, what: str, text: str) -> StrategyError:
    error = StrategyError(plugin_id, what)
    error.args = (text,)
    return error


def load_part(owner: Any, state: Any, name: str, aside: list[str] | None = None) -> None:
    """Give a service or a strategy its state; raises StateError with its ``name`` where it refuses, or tells ``aside``
    and leaves it as it is."""
    try:
        owner.load_state(state)
    except Exception as error:  # code of users too; whatever it raises, this state cannot be gone on with
        problem = f"{name} does not take its state: {type(error).__name__}: {error}"
        if aside is None:
            raise StateError(problem) from error
        aside.append(f"{problem}; it begins anew")


def _may_change(order: Order) -> bool:
    """Whether an order is under way; or was cancelled while it was held, and what it was held for is not done yet."""
    return order.is_under_way or bool(order.after)


def _alive(engine: TradingEngine) -> Collection[tuple[str, str]]:
    """(alert, plugin) of everything of which something may still come."""
    found = {(t.alert_id, t.plugin_id) for t in engine.broker.tickets.values()}
    found.update((o.alert_id, o.plugin_id) for o in engine.orders if o.is_under_way)
    found |= engine.services.alerts_in_hand()
    for plugin_id, running in engine._running.items():
        waits = getattr(running.plugin, "alerts_in_hand", None)
        if callable(waits):
            with contextlib.suppress(Exception):  # a strategy's mistake here costs it a decision's last word, no more
                found.update((alert_id, plugin_id) for alert_id in list(waits()))
    return found


def forget_finished(
    engine: TradingEngine, describe: Callable[[Handling], dict[str, Any]], watches_on: Collection[int] | None = None
) -> Finished:
    """Between two events: let go of what is over and hand it out; what is under way or open stays.

    ``describe`` as for ``DecisionBook.settle``; ``watches_on``: the price watches that the broker still has.
    """
    decisions = engine.decisions.take_finished(_alive(engine), describe)
    over = [order for order in engine.orders if not _may_change(order)]
    done = Finished(over, decisions, engine.recorded, engine.errors)
    engine.orders = [order for order in engine.orders if _may_change(order)]
    engine.recorded, engine.errors = {}, []
    if watches_on is not None:
        engine._watchers = {number: owner for number, owner in engine._watchers.items() if number in watches_on}
    return done
