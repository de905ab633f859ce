"""The state of a run between two events: everything that decides how it goes on, as JSON values (docs/state.md).

    {"schema": 1, "history": false, "fits": {...}, "session": {...}, "services": {...}, "graph": {...}}

``fits`` says what the state belongs to (plugins with their settings, rules, instruments, prices by checksum); a state
is loaded only where all of it is the same. ``graph`` holds what shares objects, see ``zepix.model.graph``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from zepix.brokers.shadow.broker import ShadowBroker
from zepix.brokers.shadow.state import broker_state, load_broker_state, mends
from zepix.engine.engine_state import Finished, culprits, engine_state, forget_finished, load_engine_state, load_part
from zepix.engine.session import describe
from zepix.errors import StateError
from zepix.journal.codec import plain
from zepix.model import ClosingFill
from zepix.model.graph import decode, encode
from zepix.research.collector import without_collector
from zepix.research.journal_lines import JournalLines
from zepix.research.price_sums import price_sums
from zepix.services.chain_log import ChainStep

if TYPE_CHECKING:
    from zepix.research.simulate import Simulation

__all__ = ["SCHEMA", "History", "forget", "load", "save"]

SCHEMA: Final = 1
MUST_FIT: Final = ("prices", "bars", "instruments")
"""What a state cannot be taken over without: tickets are counted in it."""
MAX_TOLD: Final = 20
"""So many differences of a state that does not fit are told."""


@dataclass(slots=True)
class History(Finished):
    """What a run has done and need not remember: see ``Finished``; and fills, balances, journal lines, chain steps."""

    fills: list[ClosingFill] = field(default_factory=list)
    balances: list[tuple[int, int]] = field(default_factory=list)
    journal: JournalLines = field(default_factory=lambda: JournalLines([]))
    chains: list[ChainStep] = field(default_factory=list)


def save(simulation: Simulation, history: bool) -> dict[str, Any]:
    """See ``Simulation.save_state``."""
    broker = _broker(simulation)
    if simulation.session.is_over or not simulation.session.has_begun:
        word = "is over" if simulation.session.is_over else "has not begun"
        raise StateError(f"the run {word}; a state is saved between two events of a run")
    known = {id(thing): name for name, thing in _known(simulation).items()}
    with without_collector():
        root: dict[str, Any] = {
            "engine": engine_state(simulation.engine, history=history),
            "broker": broker_state(broker, history=history),
        }
        if history:
            root["journal"] = {"lines": [[ns, kind, what] for ns, kind, what in simulation.log]}
            root["chains"] = [list(step) for step in simulation.house.chains.steps]
        try:
            graph = encode(root, known)
        except StateError as error:
            raise StateError(culprits(simulation.engine, known) or str(error)) from None
        return {
            "schema": SCHEMA,
            "history": history,
            "fits": _fits(simulation),
            "session": {
                "events": simulation.session.events,
                "taken": simulation.session.taken,
                "last_alert": simulation.session.last_alert,
                "start_ns": simulation.start_ns,
            },
            "services": simulation.engine.services.state(),
            "orders": {plugin_id: service.state() for plugin_id, service in _order_services(simulation)},
            "own_services": {
                name: service.state() for name, service in simulation.rules.services.items() if _keeps_state(service)
            },
            "metrics": _metrics(simulation),
            "graph": graph,
        }


def load(simulation: Simulation, state: Mapping[str, Any], loosely: bool = False) -> list[str]:
    """See ``Simulation.load_state`` and ``Simulation.take_over_state``; what was set aside, in sentences."""
    broker = _broker(simulation)
    schema = state.get("schema")
    if not isinstance(schema, int) or not 1 <= schema <= SCHEMA:
        raise StateError(
            f"the state has schema {schema!r}, and this version of zepix reads 1 to {SCHEMA}; "
            "load it with the version that saved it, or a newer one"
        )
    if simulation.session.has_begun:
        raise StateError("a state is loaded into a run that has not begun; make a new Simulation for it")
    wrong = list(_differences(state["fits"], _fits(simulation), ""))
    if loosely:
        wrong = [one for one in wrong if one.startswith(MUST_FIT)]
    aside: list[str] | None = [] if loosely else None
    if wrong:
        rest = [f"and {len(wrong) - MAX_TOLD} more"] if len(wrong) > MAX_TOLD else []
        raise StateError(["the state is of another run", *wrong[:MAX_TOLD], *rest])
    with without_collector():
        root = decode(state["graph"], _known(simulation), mends(broker))
        load_broker_state(broker, root["broker"])
        load_engine_state(simulation.engine, root["engine"], aside)
        simulation.log[:] = [(ns, kind, what) for ns, kind, what in root.get("journal", {}).get("lines", ())]
        simulation.house.chains.load(root.get("chains", []))
        _load_services(simulation, state, aside)
        session = state["session"]
        simulation.session.events = session["events"]
        simulation.session.taken, simulation.session.last_alert = session["taken"], session["last_alert"]
        simulation.start_ns = session["start_ns"]
    simulation.session.has_begun = simulation.is_loaded = True
    return aside or []


def forget(simulation: Simulation) -> History:
    """See ``Simulation.forget_history``."""
    broker = _broker(simulation)
    done = forget_finished(simulation.engine, describe(simulation.catalogue), broker.watches.numbers())
    book = broker.book
    found = History(
        done.orders, done.decisions, done.recorded, done.errors, book.fills, book.balances,
        JournalLines(simulation.log), simulation.house.chains.take(),
    )  # fmt: skip
    book.fills, book.balances, book.touched, simulation.log = [], [], [], []
    return found


def _broker(simulation: Simulation) -> ShadowBroker:
    if not isinstance(simulation.broker, ShadowBroker):
        raise StateError('only the shadow broker keeps a state that can be saved; set broker = "shadow"')
    return simulation.broker


# --- services -----------------------------------------------------------------------------------------------------


def _keeps_state(service: Any) -> bool:
    return hasattr(service, "state") and hasattr(service, "load_state")


def _order_services(simulation: Simulation) -> Iterator[tuple[str, Any]]:
    for plugin_id, api in simulation.apis.items():
        yield plugin_id, api.service_behind("order")


def _load_services(simulation: Simulation, state: Mapping[str, Any], aside: list[str] | None) -> None:
    host = simulation.engine.services
    for name, value in state["services"].items():
        if aside is None or host.has(name):
            load_part(host.core(name), value, f"service {name!r}", aside)
        else:
            aside.append(f"service {name!r} is not used any more; what it remembered is set aside")
    for plugin_id, service in _order_services(simulation):
        if aside is None or plugin_id in state["orders"]:
            load_part(service, state["orders"][plugin_id], f"the order service of plugin {plugin_id!r}", aside)
    for name, value in state["own_services"].items():
        if aside is None or name in simulation.rules.services:
            load_part(simulation.rules.services[name], value, f"service {name!r}", aside)
    if aside is not None:
        _wake_new(simulation, state)
    for plugin_id, rows in state["metrics"].items():
        if aside is not None and plugin_id not in simulation.apis:
            continue
        metrics = simulation.apis[plugin_id].get_metrics()
        for name, (calls, errors, total_ms, last_call, last_error) in rows.items():
            if name not in metrics:
                continue
            one = metrics[name]
            one.calls, one.errors, one.total_time_ms = calls, errors, total_ms
            one.last_call, one.last_error = last_call, last_error


def _wake_new(simulation: Simulation, state: Mapping[str, Any]) -> None:
    """Services and plugins that the old run did not have begin now."""
    engine = simulation.engine
    for name in engine.services.names():
        if name not in state["services"]:
            engine.services.begin(name, engine.now_ns)
    for plugin_id in simulation.registry.get_all_plugins():
        if plugin_id not in state["orders"]:
            engine.wake_new(plugin_id)


def _metrics(simulation: Simulation) -> dict[str, Any]:
    return {
        plugin_id: {
            name: [m.calls, m.errors, m.total_time_ms, m.last_call, m.last_error]
            for name, m in api.get_metrics().items()
        }
        for plugin_id, api in simulation.apis.items()
    }


def _known(simulation: Simulation) -> dict[str, Any]:
    """What strategies may hold that is no state: their API and its services, their log, themselves, instruments."""
    found: dict[str, Any] = {f"instrument {p.symbol}": p.instrument for p in simulation.prices}
    for plugin_id, plugin in simulation.registry.get_all_plugins().items():
        api = plugin.service_api
        found[f"plugin {plugin_id}"] = plugin
        found[f"plugin {plugin_id} api"] = api
        found[f"plugin {plugin_id} log"] = plugin.logger
        for name in api.list_services():
            found[f"plugin {plugin_id} service {name}"] = api.get_service(name)
    return found


# --- what a state belongs to --------------------------------------------------------------------------------------


def _fits(simulation: Simulation) -> dict[str, Any]:
    rules, cached = simulation.rules, simulation.fits
    if cached is None:
        plugins = simulation.registry.get_all_plugins()
        cached = simulation.fits = {
            "plugins": {
                plugin_id: {"strategy": plugin.info.strategy, "settings": plain(plugin.config)}
                for plugin_id, plugin in plugins.items()
            },
            "rules": {
                "account": plain(rules.account),
                "fill_model": plain(rules.fill_model),
                "costs": rules.costs,
                "dedup_window_s": rules.dedup_window_s,
                "as_family": rules.as_family,
                "restrictions": plain(list(rules.restrictions)),
                "assets": plain(rules.assets),
            },
            "settings": plain(rules.settings),
            "services": sorted(simulation.engine.services.state()),
            "own_services": sorted(name for name, one in rules.services.items() if _keeps_state(one)),
            **({"broadcast": True} if rules.broadcast else {}),
            "instruments": {p.symbol: plain(p.instrument) for p in simulation.prices},
        }
    prices = {"prices": price_sums(simulation.prices, simulation.price_sums)}
    if simulation.bars is not simulation.prices:
        prices["bars"] = price_sums(simulation.bars, simulation.bar_sums)
    return {**cached, **prices}


def _differences(saved: Any, here: Any, place: str) -> Iterator[str]:
    """What differs, a sentence each, by its dotted place."""
    if isinstance(saved, Mapping) and isinstance(here, Mapping):
        for name in dict.fromkeys((*saved, *here)):
            where = f"{place}.{name}" if place else str(name)
            if name not in here:
                yield f"{where}: the state has it, this run does not"
            elif name not in saved:
                yield f"{where}: this run has it, the state does not"
            else:
                yield from _differences(saved[name], here[name], where)
    elif saved != here:
        yield f"{place}: {_short(saved)} in the state, {_short(here)} here"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
