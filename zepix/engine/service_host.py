"""Services that live through a run: told of alerts and answers before the strategies, woken by their own timers.

A service takes part by having a method; all are optional:

    on_alert(alert)              every new alert, before plugins
    on_event(event)              fills, refusals, cancels, closes, before the plugin's hooks
    on_follow(event, answer)     the same events once the plugin has been heard: the place to act. ``answer`` is what
                                 its hook returned; False: it decided against what the service would do. Tables
                                 ``HEARS`` and ``FOLLOWS`` name a method for each kind instead (``services.hearing``)
    on_price(event)              a price that ``Waker.watch_price`` waited for
    on_wake(now_ns, tag)         a time that ``Waker.wake_at`` waited for
    on_timer(now_ns)             with ``next_timer_ns(now_ns)``: one timer, asked for at the start and after each
    on_end_of_data()             the data of a replay are over, and what was open is closed
    alerts_in_hand()             (alert, plugin) of what waits and may still send an order: their decisions are not over
    state(), load_state(state)   JSON values
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

from zepix.engine.wakers import Timers
from zepix.errors import ZepixError
from zepix.model import Alert, Event, PriceReached
from zepix.services.hearing import Kinds

__all__ = ["ServiceHost", "Waker"]

OWNER: Final = "service:"


class ServiceHost:
    """The cores of a run's services, in the order in which they were added."""

    def __init__(self, timers: Timers) -> None:
        self._timers = timers
        self._cores: dict[str, Any] = {}
        self._on_alert: list[Callable[[Alert], None]] = []
        self._hearing: dict[type, list[Callable[[Event], None]]] = {}
        self._following: dict[type, list[Callable[[Event, Any], None]]] = {}
        """Who has to do with a kind of event; made when the first of it comes."""

    def add(self, name: str, core: Any) -> None:
        """Take a service in; raises ZepixError for a name that is taken."""
        if name in self._cores:
            raise ZepixError(f"a service {name!r} lives in this run already")
        self._cores[name] = core
        if hasattr(core, "on_alert"):
            self._on_alert.append(core.on_alert)
        self._hearing.clear()
        self._following.clear()

    def start(self, now_ns: int) -> None:
        """Begin: a core with a ``start()`` of its own is started, and each is asked for its first timer."""
        for name in self._cores:
            self.begin(name, now_ns)

    def begin(self, name: str, now_ns: int) -> None:
        """One core begins: at the start, or when it joins a run that goes on."""
        core = self._cores[name]
        if hasattr(core, "start"):
            core.start()
        self._arm(name, now_ns, now_ns)

    def has(self, name: str) -> bool:
        return name in self._cores

    def names(self) -> list[str]:
        """The services of this run that keep a state, as ``state`` names them."""
        return [name for name, core in self._cores.items() if hasattr(core, "state")]

    def on_alert(self, alert: Alert) -> None:
        for tell in self._on_alert:
            tell(alert)

    def on_event(self, event: Event) -> None:
        found = self._hearing.get(type(event))
        if found is None:
            found = self._hearing[type(event)] = self._methods(type(event), "HEARS", "on_event")
        for tell in found:
            tell(event)

    def followers(self, kind: type[Event]) -> list[Callable[[Event, Any], None]]:
        """Who acts on what happened, once the plugin has been heard: each with the event and the plugin's answer."""
        found = self._following.get(kind)
        if found is None:
            found = self._following[kind] = self._methods(kind, "FOLLOWS", "on_follow")
        return found

    def _methods(self, kind: type[Event], table: str, default: str) -> list[Any]:
        """A kind's methods, in the order of the services: of a table where there is one, else the default, if any."""
        found: list[Any] = []
        for core in self._cores.values():
            kinds: Kinds | None = getattr(core, table, None)
            if kinds is None:
                found += [getattr(core, default)] if hasattr(core, default) else []
            elif kind in kinds:
                found.append(getattr(core, kinds[kind]))
        return found

    def alerts_in_hand(self) -> set[tuple[str, str]]:
        """(alert, plugin) of which a service may still make something, though nothing of it is open or under way."""
        cores = [core for core in self._cores.values() if hasattr(core, "alerts_in_hand")]
        return {key for core in cores for key in core.alerts_in_hand()}

    def end_of_data(self) -> None:
        """Nothing comes any more."""
        for core in self._cores.values():
            if hasattr(core, "on_end_of_data"):
                core.on_end_of_data()

    def on_price(self, owner: str, event: PriceReached) -> bool:
        """Whether the owner of a price watch was a service; it is told then."""
        if not owner.startswith(OWNER):
            return False
        core = self._cores.get(owner.removeprefix(OWNER))
        if core is not None:
            core.on_price(event)
        return True

    def wake(self, owner: str, now_ns: int, tag: str = "") -> bool:
        """Whether the owner of a timer was a service: woken for a ``tag`` of its own, else its one timer set anew."""
        if not owner.startswith(OWNER):
            return False
        name = owner.removeprefix(OWNER)
        if name not in self._cores:  # its timer came with the state of a run that had it
            return True
        if tag and tag != name:
            self._cores[name].on_wake(now_ns, tag)
            return True
        self._cores[name].on_timer(now_ns)
        self._arm(name, now_ns, now_ns + 1)  # else it would be woken at this instant for ever
        return True

    def state(self) -> dict[str, Any]:
        """Values of JSON, by service; of services that have any."""
        return {name: core.state() for name, core in self._cores.items() if hasattr(core, "state")}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Raises ZepixError for the state of a service that does not live here."""
        for name, value in state.items():
            if name not in self._cores:
                raise ZepixError(f"there is a state of service {name!r}, and no such service in this run")
            self._cores[name].load_state(value)

    def core(self, name: str) -> Any:
        """A service by its name; raises ZepixError where none of it lives here."""
        if name not in self._cores:
            raise ZepixError(f"there is no service {name!r} in this run")
        return self._cores[name]

    def _arm(self, name: str, now_ns: int, earliest_ns: int) -> None:
        ask = getattr(self._cores[name], "next_timer_ns", None)
        at_ns = None if ask is None else ask(now_ns)
        if at_ns is None:
            return
        if at_ns < earliest_ns:
            raise ZepixError(f"service {name!r} asks to be woken at {at_ns} ns, which is not after {now_ns} ns")
        self._timers.set(f"{OWNER}{name}", at_ns, name)


class WatchAndTime(Protocol):
    """What a waker needs of the engine."""

    def watch_price(self, plugin_id: str, symbol: str, direction: int, points: int) -> int: ...

    def drop_watch(self, watch_id: int) -> None: ...

    def set_timer(self, plugin_id: str, at_ns: int, tag: str) -> int: ...


class Waker:
    """How one service waits for a price or for a time; it hears of it by ``on_price`` and ``on_wake``."""

    def __init__(self, engine: WatchAndTime, name: str) -> None:
        self._engine = engine
        self._owner = f"{OWNER}{name}"

    def watch_price(self, symbol: str, direction: int, points: int) -> int:
        """Once the bid rises to (+1), or the ask falls to (-1), ``points``; the watch's number."""
        return self._engine.watch_price(self._owner, symbol, direction, points)

    def drop_watch(self, watch_id: int) -> None:
        """Wait no longer for that price; one that is gone is no mistake."""
        self._engine.drop_watch(watch_id)

    def wake_at(self, at_ns: int, tag: str) -> None:
        """At that time, or now where it is past. A time cannot be taken back: whoever is woken looks whether it still
        matters. ``tag`` is not the service's own name."""
        self._engine.set_timer(self._owner, at_ns, tag)
