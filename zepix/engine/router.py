"""From an alert to its plugin: the hint, then strategy and timeframe, then strategy; broadcast only where asked for.

- A hint is a plugin's name or another for it (``price_action_5m``); one that means a family (``V6``) routes as if the
  alert named that family. A hint that names nothing is said, with near names, then routing goes on.
- Types that a family shares (``PluginInfo.shared``) reach each of its plugins, whatever their timeframes.
- Where two plugins would answer, none is taken by chance: the alert is refused ``ambiguous_plugin`` with their names.
  With ``broadcast`` all of them answer, since nothing is real then (``shadow_mode.enabled``; docs/modes.md).
- Where a session has several houses, a roster says who of a route hears the alert in this one.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from zepix.engine.registry import PluginRegistry, answers_to, names_of
from zepix.engine.stepping import run_to_completion
from zepix.engine.strategy import Strategy, handler_name
from zepix.model import Alert, Decision

if TYPE_CHECKING:
    from zepix.engine.roster import Roster

__all__ = ["PluginRouter", "Route"]


@dataclass(frozen=True, slots=True)
class Route:
    """Where an alert goes: the plugins, or the reason why none; ``note`` says how, where that is worth saying."""

    plugins: tuple[Strategy, ...]
    reason: str = ""
    note: str = ""
    detail: str = ""
    is_broadcast: bool = False
    """Whether several answer that no alert told apart: only where nothing is real."""


class PluginRouter:
    """Routes by rule; answers are remembered by what decides them.

    ``as_family``: every alert is taken as addressed to this family. An alert that names no family goes to the only
    plugin there is, else to ``default_family``.
    """

    def __init__(
        self,
        registry: PluginRegistry,
        *,
        as_family: str | None = None,
        default_family: str = "bracket",
        broadcast: bool = False,
    ) -> None:
        self._registry = registry
        self._as_family = as_family
        self._default_family = default_family
        self._broadcast = broadcast
        self.roster: Roster | None = None
        self._routes: dict[tuple[str | None, str | None, str | None, str], Route] = {}
        self._switched: list[bool] = []
        self._shared: frozenset[str] = frozenset()
        self.stats: Counter[str] = Counter()

    def route_signal(self, alert: Alert) -> Route:
        """The plugins for an alert; ``no_plugin_found`` or ``ambiguous_plugin`` where there is none to take."""
        route = self._route(alert)
        if self.roster is not None:
            route = self.roster.narrowed(route, alert)
        self.stats[route.reason or "routed"] += 1
        return route

    def reaches(self, alert: Alert, plugin_id: str) -> bool:
        """Whether an alert goes to a plugin; counts nothing."""
        return any(plugin.plugin_id == plugin_id for plugin in self._route(alert).plugins)

    def _route(self, alert: Alert) -> Route:
        switched = [p.enabled for p in self._registry.plugins()]
        if switched != self._switched:
            self._switched = switched
            self._shared = frozenset(kind for p in self._registry.plugins() for kind in p.info.shared)
            self._routes.clear()
        shared = alert.type if alert.type in self._shared else ""
        key = (alert.plugin_hint, alert.strategy, alert.timeframe, shared)
        route = self._routes.get(key)
        if route is None:
            route = self._routes[key] = self._find(*key)
        return route

    def broadcast_signal(
        self, alert: Alert, deliver: Callable[[Strategy, Alert], Any] | None = None
    ) -> list[dict[str, Any]]:
        """Give an alert to every plugin: ``[{plugin_id, result | error}]``; one that raises does not stop the rest.

        ``deliver`` is how; without it the plugin's own handler runs and its answer is the result. Where a session has
        several houses, only those that take part in this one hear it.
        """
        deliver = deliver or _by_its_handler
        answers: list[dict[str, Any]] = []
        for plugin_id, plugin in self._registry.get_all_plugins().items():
            if self.roster is not None and not self.roster.is_member(plugin_id):
                continue
            try:
                answers.append({"plugin_id": plugin_id, "result": deliver(plugin, alert)})
            except Exception as error:  # noqa: BLE001 - the answer of this plugin
                answers.append({"plugin_id": plugin_id, "error": f"{type(error).__name__}: {error}"})
        return answers

    def _find(self, hint: str | None, family: str | None, timeframe: str | None, shared: str) -> Route:
        plugins = list(self._registry.get_all_plugins().values())
        note, wanted = "", self._as_family or family
        if hint:
            named = [p for p in plugins if p.plugin_id.lower() == hint.lower()]
            named = named or [p for p in plugins if p.info.is_named(hint)]
            if len(named) == 1:
                return Route((named[0],))
            if named or any(p.info.is_family(hint) for p in plugins):
                wanted = hint
            else:
                note = f"hint {hint!r} names no plugin{_near(hint, plugins)}"
        if wanted is None:
            wanted = plugins[0].info.strategy if len(plugins) == 1 else self._default_family
        mine = [p for p in plugins if answers_to(p, wanted)]
        if shared:
            sharing = [p for p in mine if p.enabled and shared in p.info.shared]
            if sharing:
                return Route(tuple(sharing), note=note)
        for found in self._in_turn(mine, timeframe):
            candidates = [p for p in found if p.enabled] or found[:1]
            if len(candidates) > 1 and not self._broadcast:
                names = ", ".join(p.plugin_id for p in candidates)
                return Route((), "ambiguous_plugin", note, f"{names} would all answer; name one by plugin_hint")
            if candidates:
                return Route(tuple(candidates), note=note, is_broadcast=len(candidates) > 1)
        there = ", ".join(p.plugin_id for p in plugins) or "none"
        near = "" if mine else _near(wanted, plugins)
        detail = f"strategy {wanted}, timeframe {timeframe}{near}; plugins here: {there}"
        return Route((), "no_plugin_found", note, f"{note}; {detail}" if note else detail)

    def _in_turn(self, mine: Sequence[Strategy], timeframe: str | None) -> tuple[list[Strategy], list[Strategy]]:
        frames = self._registry.timeframes_of
        exact = [p for p in mine if timeframe is not None and timeframe in frames(p.plugin_id)]
        by_strategy = [p for p in mine if not frames(p.plugin_id) or p.info.takes_other_timeframes or timeframe is None]
        return exact, by_strategy


def _near(name: str, plugins: Sequence[Strategy]) -> str:
    """A hint at the names that look like one that nobody has; nothing where none does."""
    known = {word.lower() for p in plugins for word in (p.plugin_id, *names_of(p.info))}
    near = difflib.get_close_matches(name.lower(), sorted(known), n=2)
    return f"; did you mean {' or '.join(near)}?" if near else ""


def _by_its_handler(plugin: Strategy, alert: Alert) -> Any:
    name = handler_name(alert)
    answer = run_to_completion(getattr(plugin, name)(alert), plugin.plugin_id, name)
    return answer.as_dict() if isinstance(answer, Decision) else answer
