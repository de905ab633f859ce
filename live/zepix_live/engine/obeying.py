"""What a human's command does to a session, and the sentence that says so.

A command is of the whole session: it does the same in each of its books. What changes modes is in ``switching.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from zepix.engine.engine_state import free_plugin
from zepix.model import Ticket
from zepix_live.engine.book import BESIDE, LIVE, SHADOW, TWIN, Book
from zepix_live.engine.switching import DONE, REFUSED, SWITCHES

if TYPE_CHECKING:
    from zepix_live.engine.session import LiveSession

__all__ = ["DONE", "REFUSED", "obey"]

MANUAL: Final = "manual"


def obey(session: LiveSession, body: Mapping[str, Any]) -> tuple[str, str]:
    """(level, what was done); a command that makes no sense here does nothing, and is told with a warning."""
    command, plugin_id = str(body.get("command")), str(body.get("plugin", ""))
    plugins = session.simulation.registry.get_all_plugins()
    if plugin_id and plugin_id not in plugins and not (command == "flatten" and session.things(plugin_id)):
        return REFUSED, f"there is no plugin {ascii(plugin_id)[1:-1][:64]}; there are {', '.join(plugins)}"
    if command == "rearm":
        return _rearm(session, plugin_id, body.get("base_equity"))
    if command == "reload":  # decided before its row was written; a rerun has no file to read
        found = body.get("reload", {})
        return str(found.get("level", REFUSED)), str(found.get("text", "nobody read the settings; nothing was applied"))
    if command in SWITCHES:
        return SWITCHES[command](session, plugin_id, body)
    does = {"pause": _pause, "resume": _resume, "enable": _enable, "disable": _disable, "flatten": _flatten}.get(
        command
    )
    if does is None:
        return REFUSED, f"the command {ascii(command)[:60]} is none"
    return does(session, plugin_id, body)


def _pause(session: LiveSession, plugin_id: str, _: Mapping[str, Any]) -> tuple[str, str]:
    for book in session.books:
        _hold(book, plugin_id)
    if plugin_id:
        return DONE, f"{plugin_id} takes no new risk; what it has open goes on"
    return DONE, "no new risk is taken; what is open goes on"


def _hold(book: Book, plugin_id: str) -> None:
    if plugin_id:
        book.engine.rein(plugin_id)
    else:
        book.engine.pause()


def _resume(session: LiveSession, plugin_id: str, _: Mapping[str, Any]) -> tuple[str, str]:
    if not plugin_id:
        for book in session.books:
            book.engine.resume()
        return DONE, "entries are taken again"
    held = [free_plugin(book.engine, plugin_id) for book in session.books]
    if not any(held):
        return DONE, f"{plugin_id} was not held back"
    still = "; but all of the session is paused" if session.engine.is_paused else ""
    return DONE, f"{plugin_id} takes entries again{still}"


def _enable(session: LiveSession, plugin_id: str, _: Mapping[str, Any]) -> tuple[str, str]:
    was = [_switched(book, plugin_id, True) for book in session.books]
    return DONE, f"{plugin_id} is enabled" if not all(was) else f"{plugin_id} was enabled already"


def _disable(session: LiveSession, plugin_id: str, _: Mapping[str, Any]) -> tuple[str, str]:
    was = [_switched(book, plugin_id, False) for book in session.books]
    if not any(was):
        return DONE, f"{plugin_id} was disabled already"
    return DONE, f"{plugin_id} is disabled: no new risk; its open tickets keep stops, trailing, booking and exits"


def _switched(book: Book, plugin_id: str, on: bool) -> bool:
    """Whether the plugin was enabled before; its failures so far are forgotten."""
    plugin = book.simulation.registry.get_all_plugins()[plugin_id]
    was, plugin.enabled = plugin.enabled, on
    book.engine._running[plugin_id].failures.clear()
    return was


def _rearm(session: LiveSession, plugin_id: str, base_equity: float | None) -> tuple[str, str]:
    if plugin_id:
        if not session.conduct.release(plugin_id):
            return REFUSED, f"{plugin_id} has no breaker to arm: none has tripped"
        session.conduct.assign(session.now_ns)
        why = session.conduct.modes.reason(plugin_id)
        return DONE, f"{plugin_id} is armed again; " + (f"it stays in shadow: {why}" if why else "it trades live")
    return _rearm_guards(session, base_equity)


def _rearm_guards(session: LiveSession, base_equity: float | None) -> tuple[str, str]:
    """Arm the guards of the books whose guard has tripped; where none has, of all: each book has its own account, and a
    base of one that was stopped would close what another has open."""
    guarded = [(book, guard) for book in session.books if (guard := book.simulation.house.guard) is not None]
    if not guarded:
        return REFUSED, "there is no equity guard to arm (equity_guard.enabled)"
    tripped = [one for one in guarded if one[1].refusal() is not None] or guarded
    try:
        for _, guard in tripped:
            guard.check_base(base_equity)
        for _, guard in tripped:
            guard.rearm(base_equity)
    except ValueError as error:
        return REFUSED, str(error)
    names = [book.name for book, _ in tripped]
    where = f" in the book{'s' * (len(names) > 1)} {', '.join(names)}" if len(names) < len(guarded) else ""
    return DONE, f"the equity guard is armed again{where}"


def _flatten(session: LiveSession, plugin_id: str, body: Mapping[str, Any]) -> tuple[str, str]:
    """Close what is open, cancel what waits, and take no new entries in the same scope."""
    name = str(body.get("book", ""))
    names = {"": (SHADOW, *BESIDE), SHADOW: (SHADOW,), LIVE: BESIDE}.get(name, ())  # a twin does what live does
    books = [book for book in session.books if book.name in names]
    if not books:
        return REFUSED, f"there is no book {ascii(name)[1:-1][:20]}; there are {SHADOW} and {LIVE}"
    tickets = orders = 0
    for book in books:
        _hold(book, plugin_id)
        things = book.things(plugin_id)
        if book.name != TWIN:
            open_now = sum(isinstance(one, Ticket) for one in things)
            tickets, orders = tickets + open_now, orders + len(things) - open_now
        for plugin, symbol in dict.fromkeys((one.plugin_id, one.symbol) for one in things):
            book.simulation.house.close_all(plugin, symbol, MANUAL)
    whose = f" of {plugin_id}" if plugin_id else ""
    where = f" in the {name} book" if name else ""
    told = f"{tickets} tickets{whose} and {orders} orders are told to close{where}"
    return DONE, f"{told}; no new entries until resume"
