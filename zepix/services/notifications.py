"""Notifications: what people are told, as events in the journal; channels take them from there.

    NotificationCore      one a run: writes, and tells of trades by itself for plugins that name the service
    NotificationService   one a plugin (``api.notify``): ``send_notification(kind, text, **fields)``

Of trades it tells once services and plugin have acted: ``trade_opened`` for an entry (its legs together, once the last
of them has its answer), ``sl_hit``, ``tp_hit``, ``trade_closed``. What a chain does is the chain services' own to tell;
a profitable close inside a pyramid is not told singly, the level's message stands for it. (Whether it was in one is
asked before services act on the close: the last one's pyramid is over and forgotten after that.)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final

from zepix.model import Order, OrderCancelled, OrderFilled, OrderRefused, TicketClosed
from zepix.services.entry_legs import has_leg_beside, is_of_chain
from zepix.services.hearing import ANSWERS, Hearing, Kinds
from zepix.services.notification_kinds import told_as
from zepix.services.ports import BrokerPort, OrderGate

__all__ = ["NotificationCore", "NotificationService"]

MAX_TEXT: Final = 4096
"""Characters of a message; a longer one is cut."""
MAX_FIELDS: Final = 40
_SHIELDS: Final = ("SA", "SB")
_PLAIN: Final = frozenset({str, int, float, bool, type(None)})
"""Values that a journal takes as they are."""
_VALUES: Final = (str, int, float, bool)
_LISTS: Final = (list, tuple)
_VERSION: Final = 1


class NotificationCore(Hearing):
    """Writes notifications into the journal; ``zepix.services.ports.Notify``."""

    HEARS: ClassVar[Kinds] = {TicketClosed: "note_close"}
    FOLLOWS: ClassVar[Kinds] = {TicketClosed: "on_closed", **dict.fromkeys(ANSWERS, "on_answered")}

    def __init__(self, gate: OrderGate, broker: BrokerPort, write: Callable[[int, str, Any], None]) -> None:
        """``write(t_ns, kind, fields)``: the journal."""
        self._gate = gate
        self._broker = broker
        self._write = write
        self._announced: set[str] = set()
        self._filled: dict[tuple[str, str], list[str]] = {}
        """(alert, plugin) of entries whose last leg is still under way -> roles that filled."""
        self.sent: Counter[str] = Counter()
        self.in_pyramid: Callable[[int], bool] = lambda _order_id: False
        """Whether an order is of a pyramid that goes on; who keeps them says it."""
        self._is_chained = False
        """Of the close in hand, between ``note_close`` and ``on_closed``."""

    def announce(self, plugin_id: str) -> None:
        """Tell of this plugin's trades without being asked."""
        self._announced.add(plugin_id)

    @property
    def is_heard(self) -> bool:
        """Whether a plugin of the run names notifications."""
        return bool(self._announced)

    def tell(self, kind: str, text: str, plugin_id: str) -> None:
        """What went wrong, where the plugin names notifications; of the house itself (""), where any does."""
        if plugin_id in self._announced or (not plugin_id and self._announced):
            self.send(kind, text, plugin_id)

    def send(self, kind: str, text: str, plugin_id: str = "", **fields: Any) -> None:
        """One notification, as an event of now; raises ValueError for an unknown kind."""
        known, targets, priority = told_as(kind)
        self.sent[known] += 1
        asked = fields.pop("alert_id", "")
        shown = fields if len(fields) <= MAX_FIELDS else dict(list(fields.items())[:MAX_FIELDS])
        if not _PLAIN.issuperset(map(type, shown.values())):
            shown = {name: value if type(value) in _PLAIN else _plain(value) for name, value in shown.items()}
        said: dict[str, Any] = {
            "notice": known,
            "to": list(targets),
            "priority": priority,
            "plugin": plugin_id,
            "alert": str(asked or self._gate.alert_id),
            "text": str(text)[:MAX_TEXT],
            "fields": shown,
        }
        self._write(self._gate.now_ns, "notification", said)

    # --- trades ----------------------------------------------------------------------------------------------------

    def note_close(self, event: TicketClosed) -> None:
        """Before anybody acts on a close."""
        self._is_chained = self.in_pyramid(event.ticket.order_id)

    def on_closed(self, event: TicketClosed, answer: Any) -> None:
        """Tell of a close, once everybody else has acted."""
        del answer
        if event.fill.plugin_id in self._announced and event.fill.role not in _SHIELDS:
            self._closed(event)

    def on_answered(self, event: OrderFilled | OrderRefused | OrderCancelled, answer: Any) -> None:
        """Tell of an entry once its last leg has its answer."""
        del answer
        order = event.order
        if order.plugin_id in self._announced and order.opens and not is_of_chain(order.role):
            self._entered(order, isinstance(event, OrderFilled))

    def _entered(self, order: Order, is_filled: bool) -> None:
        key = (order.alert_id or f"order {order.id}", order.plugin_id)
        roles = self._filled.setdefault(key, [])
        if is_filled:
            roles.append(order.role or "order")
        if has_leg_beside(self._broker.under_way(), order):
            return
        del self._filled[key]
        if roles:
            side = "BUY" if order.side > 0 else "SELL"
            text = f"{order.symbol} {side} opened: {', '.join(roles)}"
            self.send("trade_opened", text, order.plugin_id, symbol=order.symbol, side=side, roles=roles)

    def _closed(self, event: TicketClosed) -> None:
        fill, ticket = event.fill, event.ticket
        if ticket.is_open:
            kind = "partial_close"
        elif fill.exit_reason in ("sl", "tp"):
            kind = f"{fill.exit_reason}_hit"
        else:
            kind = "trade_closed"
        if fill.pnl_minor > 0 and self._is_chained:
            return
        text = f"{fill.symbol} {fill.role or 'order'} closed by {fill.exit_reason}"
        self.send(
            kind, text, fill.plugin_id, symbol=fill.symbol, role=fill.role, ticket=fill.ticket, chain=fill.chain_id,
            reason=fill.exit_reason, pnl_minor=fill.pnl_minor,
        )  # fmt: skip

    # --- state -----------------------------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        return {
            "version": _VERSION,
            "filled": [[*key, list(roles)] for key, roles in self._filled.items()],
            "sent": dict(self.sent),
        }

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from a saved state; raises ValueError for one of another version."""
        if state.get("version") != _VERSION:
            raise ValueError(f"the notifications' state has version {state.get('version')!r}, expected {_VERSION}")
        self._filled = {(alert, plugin): list(roles) for alert, plugin, roles in state["filled"]}
        self.sent = Counter({str(kind): int(count) for kind, count in state["sent"].items()})

    def get_status(self) -> dict[str, Any]:
        return {"sent": dict(self.sent)}

    def for_plugin(self, plugin_id: str) -> NotificationService:
        return NotificationService(self, plugin_id)


class NotificationService:
    """The notifications of one plugin."""

    def __init__(self, core: NotificationCore, plugin_id: str) -> None:
        self._core = core
        self._plugin_id = plugin_id

    def send_notification(self, kind: str, text: str, **fields: Any) -> None:
        """Tell people; ``fields`` are plain values that a channel may show. Raises ValueError for an unknown kind."""
        self._core.send(kind, text, self._plugin_id, **fields)

    def get_status(self) -> dict[str, Any]:
        return self._core.get_status()


def _plain(value: Any) -> Any:
    """A value of JSON; anything else as text."""
    if isinstance(value, _LISTS):
        return [one if type(one) in _PLAIN else _plain(one) for one in value]
    return value if value is None or isinstance(value, _VALUES) else str(value)
