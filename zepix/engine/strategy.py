"""What a strategy is: a class whose annotated attributes are its settings, with hooks for what it may wait for.

The rule of the await: a plain call reads local state; an awaited command returns once it is checked, never with the
broker's answer. Answers are events. Handlers run one at a time, to completion.
"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final
from weakref import WeakKeyDictionary

from zepix.engine.service_api import ServiceAPI
from zepix.model import (
    Alert,
    BarClosed,
    Decision,
    OrderCancelled,
    OrderFilled,
    OrderRefused,
    PriceReached,
    TicketClosed,
    TimerFired,
)

__all__ = ["BaseLogicPlugin", "EventLog", "PluginInfo", "Strategy", "handler_name", "settings_fields"]


@dataclass(frozen=True, slots=True)
class PluginInfo:
    """What a class declares of itself. ``timeframes`` empty: any; ``strategy`` is the family that alerts name.

    ``aliases`` are other names of this plugin, ``family_aliases`` of the family, whose plugins may be several.
    """

    strategy: str
    plugin_id: str = ""
    timeframes: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    family_aliases: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()
    """Types of alerts that reach it from every chart, beside all other plugins of its family that share them."""
    description: str = ""
    version: str = "1.0.0"
    author: str = ""
    enabled: bool = True
    takes_other_timeframes: bool = True
    services: tuple[str, ...] | None = None
    """Which of risk, trend, sessions, dual_order, exits, profit_booking, reentry, autonomous and telegram it uses;
    None: all of them. Orders, market and account are always there."""

    def __post_init__(self) -> None:
        if not self.plugin_id:
            object.__setattr__(self, "plugin_id", self.strategy.lower())

    def is_named(self, name: str) -> bool:
        """Whether a name, in any case, means this plugin's class and no other."""
        return name.lower() in (self.plugin_id.lower(), *(alias.lower() for alias in self.aliases))

    def is_family(self, name: str) -> bool:
        """Whether a name, in any case, means its family."""
        return name.lower() in (self.strategy.lower(), *(alias.lower() for alias in self.family_aliases))


_OF_ALL = frozenset({"plugin_id", "config", "service_api", "api", "logger", "log", "enabled", "db_path"})
"""Attributes that every strategy has, and that are no state of its own."""


class EventLog:
    """A strategy's log: lines are stamped with the time of the event in hand and go into the journal."""

    def __init__(self, write: Callable[[str, str], None]) -> None:
        self._write = write

    def debug(self, text: str) -> None:
        self._write("debug", text)

    def info(self, text: str) -> None:
        self._write("info", text)

    def warning(self, text: str) -> None:
        self._write("warning", text)

    def error(self, text: str) -> None:
        self._write("error", text)


class Strategy:
    """Base of all strategies. Settings are annotated class attributes with a default::

        class Mine(Strategy):
            info = PluginInfo(strategy="mine")
            stop_pips: float = 20.0

    A handler returns None or a ``Decision``. ``self.api`` is all it may touch.
    """

    info: ClassVar[PluginInfo]

    def __init__(self, plugin_id: str, config: Mapping[str, Any], service_api: ServiceAPI) -> None:
        self.plugin_id = plugin_id
        self.config = dict(config)
        self.service_api = service_api
        self.api = service_api
        self.logger = EventLog(service_api.write_log)
        self.log = self.logger
        self.enabled = True
        self.db_path = f"data/zepix_{plugin_id}.db"
        for name, value in config.items():
            setattr(self, name, value)

    def record(self, **values: float) -> None:
        """Keep a named number with the event's time; it becomes a series of the run's records."""
        self.service_api.record(values)

    @property
    def metadata(self) -> dict[str, Any]:
        info = self.info
        return {"plugin_id": self.plugin_id, "strategy": info.strategy, "version": info.version, "author": info.author}

    def get_status(self) -> dict[str, Any]:
        return {**self.metadata, "enabled": self.enabled, "settings": dict(self.config)}

    def setting_problems(self) -> list[str]:
        """What is wrong with the settings beyond their types, a sentence each; asked once, before the run."""
        return []

    def state(self) -> dict[str, Any]:
        """What must survive a restart (docs/state.md): here the instance's own attributes, which must be data.

        Settings are not among them, unless they were changed. ``on_start`` is not woken again after ``load_state``.
        """
        return {name: value for name, value in vars(self).items() if name not in _OF_ALL and not self._is_set(name)}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from what ``state`` gave."""
        for name, value in state.items():
            setattr(self, name, value)

    def _is_set(self, name: str) -> bool:
        """Whether an attribute is a setting as it was given; a list or dict may have been changed in place."""
        value = getattr(self, name)
        return name in self.config and value is self.config[name] and not isinstance(value, list | dict | set)

    async def process_entry_signal(self, alert: Alert) -> Decision | None:  # noqa: ARG002 - for subclasses
        return Decision("ignored", "not_handled")

    async def process_exit_signal(self, alert: Alert) -> Decision | None:  # noqa: ARG002 - for subclasses
        return Decision("ignored", "not_handled")

    async def process_reversal_signal(self, alert: Alert) -> Decision | None:  # noqa: ARG002 - for subclasses
        return Decision("ignored", "not_handled")

    async def process_signal(self, alert: Alert) -> Decision | None:
        """Anything else: information, and what asks for something that is not served yet."""
        return Decision.refused("not_supported") if alert.is_action else Decision.info(alert.type)

    async def signal_received(self, alert: Alert) -> Alert | bool | None:
        """Every new alert of the run, before anybody acts on it: None leaves it as it is, an Alert of the same id takes
        its place, False refuses it for all."""

    async def on_start(self) -> None: ...

    async def on_stop(self) -> None: ...

    async def on_fill(self, event: OrderFilled) -> None: ...

    async def on_order_refused(self, event: OrderRefused) -> None: ...

    async def on_order_cancelled(self, event: OrderCancelled) -> None: ...

    async def on_ticket_closed(self, event: TicketClosed) -> None: ...

    async def on_sl_hit(self, event: TicketClosed) -> None: ...

    async def on_tp_hit(self, event: TicketClosed) -> None: ...

    async def on_recovery_signal(self, event: PriceReached) -> None: ...

    async def on_price(self, event: PriceReached) -> None: ...

    async def on_timer(self, event: TimerFired) -> None: ...

    async def on_bar(self, event: BarClosed) -> None: ...


BaseLogicPlugin = Strategy

HANDLERS = {
    "entry": "process_entry_signal",
    "exit": "process_exit_signal",
    "reversal": "process_reversal_signal",
}
"""Handler by alert type; anything else goes to ``process_signal``."""


def handler_name(alert: Alert) -> str:
    """The handler that an alert is for."""
    return HANDLERS.get(alert.type, "process_signal")


HOOKS = (
    "signal_received",
    "on_start",
    "on_stop",
    "on_fill",
    "on_order_refused",
    "on_order_cancelled",
    "on_ticket_closed",
    "on_sl_hit",
    "on_tp_hit",
    "on_price",
    "on_timer",
    "on_bar",
)
"""Hooks that are called only where a class defines them."""

_HINTS: Final[WeakKeyDictionary[type, dict[str, Any]]] = WeakKeyDictionary()
"""What the annotations of a class mean: they are text, and every run asks."""


def settings_fields(cls: type[Strategy]) -> dict[str, tuple[Any, Any]]:
    """Settings of a class: name -> (type, default); a setting without a default has ``...`` (required).

    Annotated attributes of the class and its bases below Strategy, without underscore and without ClassVar.
    """
    fields: dict[str, tuple[Any, Any]] = {}
    for base in reversed(cls.__mro__):
        if base is object or base is Strategy or not issubclass(base, Strategy):
            continue
        hints = _HINTS.get(base)
        if hints is None:
            hints = _HINTS[base] = typing.get_type_hints(base, include_extras=True)
        for name in inspect.get_annotations(base):
            if name.startswith("_") or name == "info" or typing.get_origin(hints[name]) is ClassVar:
                continue
            fields[name] = (hints[name], getattr(cls, name, ...))
    return fields
