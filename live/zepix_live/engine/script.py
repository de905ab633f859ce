"""Commands as they are journaled, and the script that a recovery goes by: the journal's commands rule.

A handler that runs again in a recovery is only compared. A command that it would give and the journal does not have is
held back; one that the journal has and it does not give is given in its place. Its plugin takes no new risk then until
a human has looked.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from zepix.engine.engine import TradingEngine
from zepix.journal import plain
from zepix.model import Order, Trail
from zepix.model.stop_trail import StopTrail

__all__ = ["Script", "command_of", "order_of"]

COMMAND: Final = (
    "volume_steps", "sl", "tp", "sl_offset", "tp_offset", "price", "limit", "lifetime_ns", "oco", "role", "chain_id",
    "after", "tickets", "targets", "new_sl", "new_tp", "reason_to_close", "target_reason", "from_timer", "comment",
)  # fmt: skip
"""The fields of a command that stand in its intent where they are not what every command has."""
USUAL: Final = {f.name: f.default for f in dataclasses.fields(Order) if f.name in COMMAND}


class Script:
    """The commands that one input led to when it was live; ``allows`` is asked for each that it leads to now."""

    def __init__(self, commands: Sequence[Mapping[str, Any]]) -> None:
        self._left = [_comparable(one) for one in commands]
        self.differing: set[str] = set()
        """Plugins that would decide otherwise."""

    def allows(self, command: Mapping[str, Any]) -> bool:
        """Whether the journal has this command next."""
        if self._left and self._left[0] == _comparable(command):
            del self._left[0]
            return True
        self.differing.add(command["plugin"])
        return False

    def give_the_rest(self, engine: TradingEngine) -> None:
        """Give what the journal has and no handler gave; afterwards the plugins concerned are reined in."""
        left, self._left = self._left, []
        for command in left:
            self.differing.add(command["plugin"])
            family = engine.registry.get_plugin(command["plugin"])
            name = command["plugin"] if family is None else family.info.strategy
            engine.submit(order_of(command, engine, name), ())
        for plugin_id in self.differing:
            engine.rein(plugin_id)


def _comparable(command: Mapping[str, Any]) -> dict[str, Any]:
    """As it would be read from the journal, without its number, which only counts."""
    found: dict[str, Any] = json.loads(json.dumps(plain(command)))
    found.pop("order", None)
    return found


def command_of(order: Order) -> dict[str, Any]:
    """A command as it left its strategy."""
    body: dict[str, Any] = {
        "order": order.id,
        "kind": order.kind,
        "plugin": order.plugin_id,
        "alert": order.alert_id,
        "symbol": order.symbol,
        "side": order.side,
    }
    for name in COMMAND:
        value = getattr(order, name)
        if value != USUAL[name]:
            body[name] = list(value) if isinstance(value, tuple) else value
    if order.trails:
        body["trails"] = [_told(trail) for trail in order.trails]
    if order.frac is not None:
        body["frac"] = str(order.frac)
    return body


def order_of(command: Mapping[str, Any], engine: TradingEngine, family: str) -> Order:
    """The order that a journaled command stands for, given now."""
    now_ns = engine.now_ns
    order = Order(
        engine.next_order_id(),
        command["kind"],
        command["plugin"],
        family,
        command["alert"],
        command["symbol"],
        command["side"],
        now_ns,
        now_ns,
    )
    for name in COMMAND:
        if name in command:
            value = command[name]
            setattr(order, name, tuple(value) if isinstance(value, list) else value)
    if "trails" in command:
        order.trails = tuple(_trail(numbers) for numbers in command["trails"])
    if "frac" in command:
        order.frac = Decimal(command["frac"])
    return order


def _told(trail: Trail) -> list[float]:
    """Start, step, distance; of a trail in shares of the stop also the shares and the least distance."""
    if isinstance(trail, StopTrail):
        return [*trail, trail.start_frac, trail.step_frac, trail.least_points]
    return list(trail)


def _trail(numbers: Sequence[Any]) -> Trail:
    if len(numbers) == len(Trail._fields):
        return Trail(*numbers)
    found = StopTrail(*numbers[:3])
    found.start_frac, found.step_frac, found.least_points = numbers[3:]
    return found
