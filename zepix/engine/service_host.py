"""Services that live through a run: told of alerts and answers before the strategies, woken by their own timers.

A service takes part by having a method: ``on_alert(alert)``, ``on_event(event)`` (fills, refusals, cancels, closes),
``on_timer(now_ns)`` with ``next_timer_ns(now_ns)``, ``state()`` and ``load_state(state)``. All are optional. One that
needs not hear of every event names the kinds in ``HEARS``. A service keeps one timer: it is asked for the next one at
the start and after each that went off.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from zepix.engine.wakers import Timers
from zepix.errors import ZepixError
from zepix.model import Alert, Event

__all__ = ["ServiceHost"]

OWNER: Final = "service:"


class ServiceHost:
    """The cores of a run's services, in the order in which they were added."""

    def __init__(self, timers: Timers) -> None:
        self._timers = timers
        self._cores: dict[str, Any] = {}
        self._on_alert: list[Callable[[Alert], None]] = []
        self._on_event: list[tuple[Callable[[Event], None], tuple[type, ...]]] = []
        self._by_kind: dict[type, list[Callable[[Event], None]]] = {}

    def add(self, name: str, core: Any) -> None:
        """Take a service in; raises ZepixError for a name that is taken."""
        if name in self._cores:
            raise ZepixError(f"a service {name!r} lives in this run already")
        self._cores[name] = core
        if hasattr(core, "on_alert"):
            self._on_alert.append(core.on_alert)
        if hasattr(core, "on_event"):
            self._on_event.append((core.on_event, getattr(core, "HEARS", (Event,))))
            self._by_kind.clear()

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
        kind = type(event)
        listeners = self._by_kind.get(kind)
        if listeners is None:
            listeners = self._by_kind[kind] = [tell for tell, hears in self._on_event if issubclass(kind, hears)]
        for tell in listeners:
            tell(event)

    def wake(self, owner: str, now_ns: int) -> bool:
        """Whether the owner of a timer was a service; it is woken then, and its next timer set."""
        if not owner.startswith(OWNER):
            return False
        name = owner.removeprefix(OWNER)
        if name not in self._cores:  # its timer came with the state of a run that had it
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
