"""The shadow broker's state between two events, as data: everything that decides what it will do, and no prices.

The objects in it (orders, tickets and what hangs on them) are written by ``zepix.model.graph``, so that an order that
waits on the agenda and is covered by a close is one order after loading too. An entry of the agenda whose subject is
over keeps its place and loses its subject.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from zepix.brokers.shadow.account_bands import AccountBands
from zepix.brokers.shadow.account_watch import LOOK, LOOK_ON, Look
from zepix.brokers.shadow.agenda import VOID
from zepix.brokers.shadow.arrivals import ARRIVE, LATE, OPEN
from zepix.brokers.shadow.book import Book
from zepix.brokers.shadow.broker import ShadowBroker
from zepix.brokers.shadow.closes import CLOSE
from zepix.brokers.shadow.equity_watch import EQUITY, EquityLevels
from zepix.brokers.shadow.exits import APPLY
from zepix.brokers.shadow.follows import Follow
from zepix.brokers.shadow.forms import ENTRY_GAP, ENTRY_RANGE, GAP, RANGE, TRAIL, Pending, Trailing
from zepix.brokers.shadow.pendings import CHECK, EXPIRE, INSIDE, RIVAL
from zepix.brokers.shadow.step_form import StepForm
from zepix.brokers.shadow.watches import PRICE, Watch
from zepix.errors import StateError
from zepix.model.graph import entity, value

__all__ = ["broker_state", "load_broker_state", "mends"]

entity("Trailing", Trailing)
entity("Watch", Watch)
entity("Pending", Pending, ("order", "row", "is_triggered", "version"))
entity("Look", Look, ("corners", "losses", "seen"))
value("EquityLevels", EquityLevels, lambda e: (e.id, e.below, e.above, e.mark), EquityLevels)


def broker_state(broker: ShadowBroker, *, history: bool) -> dict[str, Any]:
    """What ``load_broker_state`` takes; ``history``: with the closing fills and the balances so far.

    Raises StateError while the broker is in the middle of an event.
    """
    if broker.events:
        raise StateError("the broker has answers that nobody has heard; a state is saved between two events")
    pendings, watches, chains = broker.pendings, broker.watches, broker._chains
    return {
        "now": [broker.now_ns, broker.phase, broker.part],
        "farthest": list(broker._farthest[:6]),
        "is_over": broker.is_over,
        "counts": dict(broker.counts),
        "turn": broker.arrivals._turn,
        "opening": list(broker.opening.values()),
        "after": [[number, list(orders)] for number, orders in broker._after.items()],
        "filled": [broker._filled_ns, [[number, order] for number, order in broker._filled.items()]],
        "chains": [chains._at_ns, chains._answers],
        "changes": [[number, changes] for number, changes in broker.closes.changes.items()],
        "trailings": list(broker.exits.carried.values()),
        "follows": [_follow(one) for one in broker.exits.follows.tickets.values() if one.more.ticket.is_open],
        "working": list(pendings._working.values()),
        "groups": _groups(broker),
        "watches": [watches._last, list(watches._watches.values())],
        "account": _bands(broker.account_watch)
        | {
            "units": dict(broker.account_watch._units),
            "taken": [[number, money] for number, money in broker.account_watch._taken.items()],
            "is_looking": broker.account_watch._is_looking,
        },
        "equity": _bands(broker.equity_watches)
        | {"last": broker.equity_watches._last, "levels": list(broker.equity_watches._levels.values())},
        "book": _book(broker.book, history),
        "agenda": {"seq": broker.agenda._seq, "heap": [_entry(*entry) for entry in broker.agenda.heap]},
        "form": _form(broker.form, broker) if isinstance(broker.form, StepForm) else None,
    }


def _follow(one: Follow) -> list[Any]:
    return [one.more, one.state.tolist(), one.next_end_ns, one.moved_row]


def _groups(broker: ShadowBroker) -> list[Any]:
    """Groups with a member that is under way; the others mean nothing any more."""
    found = [[*key, [o for o in orders if o.is_under_way]] for key, orders in broker.pendings._groups.items()]
    return [group for group in found if group[-1]]


def _bands(bands: AccountBands) -> dict[str, Any]:
    return {
        "bands": {symbol: list(band) for symbol, band in bands._bands.items()},
        "room": bands._room,
        "version": bands._version,
        "woken": None if bands._woken is None else list(bands._woken),
        "looks": bands.looks,
    }


def _book(book: Book, history: bool) -> dict[str, Any]:
    found: dict[str, Any] = {
        "balance_minor": book.balance_minor,
        "last_ticket": book.last_ticket,
        "tickets": list(book.tickets.values()),
        "exposures": {s: [e.count, e.steps, e.value, e.margin] for s, e in book.exposures.items()},
    }
    if history:
        found |= {"fills": book.fills, "balances": [list(one) for one in book.balances]}
    return found


# --- entries of the agenda ----------------------------------------------------------------------------------------


def _is_void(subject: Any) -> bool:
    one, version, _ = subject
    return not one.is_open or one.version != version


def _is_void_entry(subject: Any) -> bool:
    pending, version, _ = subject
    return not pending.order.is_under_way or pending.version != version


def _is_void_trail(subject: Any) -> bool:
    trailing, version, _ = subject
    return not trailing.ticket.is_open or trailing.version != version


OVER: Final[Mapping[int, Callable[[Any], bool]]] = {
    GAP: _is_void,
    RANGE: _is_void,
    TRAIL: _is_void_trail,
    ENTRY_GAP: _is_void_entry,
    ENTRY_RANGE: _is_void_entry,
    ARRIVE: lambda order: not order.is_under_way,
    OPEN: lambda order: not order.is_under_way,
    EXPIRE: lambda order: not order.is_under_way,
    LATE: lambda order: order.status != "waiting",
    CHECK: lambda pending: not pending.order.is_under_way,
    APPLY: lambda trailing: not trailing.ticket.is_open,
    CLOSE: lambda subject: not subject[1].is_open,
    PRICE: lambda watch: not watch.is_on,
    **dict.fromkeys((LOOK, LOOK_ON, EQUITY, RIVAL, INSIDE, VOID), lambda _: False),
}
"""By action: whether the broker would find its subject over, and do nothing."""


def _deed(action: int, subject: Any) -> list[Any]:
    return [VOID, None] if OVER[action](subject) else [action, subject]


def _entry(t_ns: int, phase: int, part: int, a: int, b: int, seq: int, action: int, subject: Any) -> list[Any]:
    return [t_ns, phase, part, a, b, seq, *_deed(action, subject)]


# --- the step form ------------------------------------------------------------------------------------------------


def _form(form: StepForm, broker: ShadowBroker) -> dict[str, Any]:
    """What it watches; what is over is left out, as it would be at the next bar."""
    return {
        "watched": [
            [symbol, [[ticket, row] for ticket, row in found.values() if ticket.is_open]]
            for symbol, found in form._watched.items()
        ],
        "orders": [
            [symbol, [[p, version] for p, version in found if p.order.is_under_way and p.version == version]]
            for symbol, found in form._orders.items()
        ],
        "trails": [
            [symbol, [[t, version] for t, version in found.values() if t.ticket.is_open and t.version == version]]
            for symbol, found in form._trails.items()
        ],
        "waiting": [
            [symbol, [[ns, part, list(key), *_deed(action, subject)] for ns, part, key, action, subject in found]]
            for symbol, found in form._waiting.items()
        ],
        "levels": [[symbol, [watch for watch in found if watch.is_on]] for symbol, found in form._levels.items()],
        "watches_equity": broker.equity_watches in form._accounts,
        "lived": [[number, *found] for number, found in form._lived.items() if number in broker.book.tickets],
    }


def _load_form(form: StepForm, broker: ShadowBroker, state: Mapping[str, Any]) -> None:
    form._watched = {symbol: {t.id: (t, row) for t, row in found} for symbol, found in state["watched"]}
    form._orders = {symbol: [(p, version) for p, version in found] for symbol, found in state["orders"]}
    form._trails = {symbol: {t.ticket.id: (t, n) for t, n in found} for symbol, found in state["trails"]}
    form._waiting = {
        symbol: [(ns, part, tuple(key), action, subject) for ns, part, key, action, subject in found]
        for symbol, found in state["waiting"]
    }
    form._levels = {symbol: list(found) for symbol, found in state["levels"]}
    form._lived = {number: (low, high) for number, low, high in state.get("lived", ())}
    if state["watches_equity"]:
        form.attend(broker.equity_watches)


# --- loading ------------------------------------------------------------------------------------------------------


def mends(broker: ShadowBroker) -> dict[str, Callable[[Any], None]]:
    """What ``graph.decode`` must do to the broker's own objects: a pending order is given its prices."""

    def mend(pending: Pending) -> None:
        pending.prices = broker.prices[pending.order.symbol]

    return {"Pending": mend}


def load_broker_state(broker: ShadowBroker, state: Mapping[str, Any]) -> None:
    """Make a fresh broker the one whose state this is; it must have the same prices and the same rules."""
    broker.now_ns, broker.phase, broker.part = state["now"]
    t_ns, phase, part, a, b, seq = state["farthest"]
    broker._farthest = (t_ns, phase, part, a, b, seq, VOID, None)
    broker.is_over = state["is_over"]
    broker.counts = dict(state["counts"])
    broker.arrivals._turn = state["turn"]
    broker.opening = {order.id: order for order in state["opening"]}
    broker._after = {number: list(orders) for number, orders in state["after"]}
    broker._filled_ns = state["filled"][0]
    broker._filled = dict(state["filled"][1])
    broker._chains._at_ns, broker._chains._answers = state["chains"]
    _refill(broker.closes.changes, state["changes"])
    _refill(broker.exits.carried, ([more.ticket.id, more] for more in state["trailings"]))
    follows = (Follow.at(more, broker.prices[more.ticket.symbol], *rest) for more, *rest in state["follows"])
    _refill(broker.exits.follows.tickets, ([one.more.ticket.id, one] for one in follows))
    broker.exits.follows.requeue()
    broker.pendings._working = {pending.order.id: pending for pending in state["working"]}
    broker.pendings._groups = {(plugin, name): list(orders) for plugin, name, orders in state["groups"]}
    broker.watches._last = state["watches"][0]
    broker.watches._watches = {watch.id: watch for watch in state["watches"][1]}
    account, equity = state["account"], state["equity"]
    _load_bands(broker.account_watch, account)
    broker.account_watch._units = dict(account["units"])
    broker.account_watch._taken = dict(account["taken"])
    broker.account_watch._is_looking = account["is_looking"]
    _load_bands(broker.equity_watches, equity)
    broker.equity_watches._last = equity["last"]
    broker.equity_watches._levels = {levels.id: levels for levels in equity["levels"]}
    _load_book(broker.book, state["book"])
    broker.agenda._seq = state["agenda"]["seq"]
    broker.agenda.heap[:] = [_as_entry(entry) for entry in state["agenda"]["heap"]]
    if isinstance(broker.form, StepForm) != (state["form"] is not None):
        raise StateError("the state is of a broker in another form: one that is fed bar by bar, or one that is not")
    if isinstance(broker.form, StepForm):
        _load_form(broker.form, broker, state["form"])


def _as_entry(entry: list[Any]) -> Any:
    return tuple(entry)


def _refill(kept: dict[int, Any], pairs: Iterable[Any]) -> None:
    """A dict that others hold on to gets new entries."""
    kept.clear()
    kept.update(pairs)


def _load_bands(bands: AccountBands, state: Mapping[str, Any]) -> None:
    bands._bands = {symbol: (low, high) for symbol, (low, high) in state["bands"].items()}
    bands._room, bands._version, bands.looks = state["room"], state["version"], state["looks"]
    woken = state["woken"]
    bands._woken = None if woken is None else tuple(woken)


def _load_book(book: Book, state: Mapping[str, Any]) -> None:
    book.balance_minor, book.last_ticket = state["balance_minor"], state["last_ticket"]
    book.tickets.clear()
    book.tickets.update((ticket.id, ticket) for ticket in state["tickets"])
    book.touched = []
    for symbol, (count, steps, points, margin) in state["exposures"].items():
        exposure = book.exposures[symbol]
        exposure.count, exposure.steps, exposure.value, exposure.margin = count, steps, points, margin
    book.fills = list(state.get("fills", ()))
    book.balances = [(ns, minor) for ns, minor in state.get("balances", ())]
