"""Commands that say whose orders are real: ``mode``, ``promote``, ``demote``.

A switch moves no ticket. Who leaves a book takes no new risk there, and what it has there is managed to its end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from zepix.engine.modes import ExecutionMode

if TYPE_CHECKING:
    from zepix_live.engine.session import LiveSession

__all__ = ["DONE", "REFUSED", "SWITCHES"]

DONE: Final = "INFO"
REFUSED: Final = "WARN"
Answer = tuple[str, str]


def _mode(session: LiveSession, plugin_id: str, body: Mapping[str, Any]) -> Answer:
    conduct, word = session.conduct, str(body.get("mode", ""))
    if word not in set(ExecutionMode):
        return REFUSED, f"a mode is {', '.join(ExecutionMode)}, not {ascii(word)[1:-1][:20]}"
    if not conduct.has_live and word != ExecutionMode.SHADOW:
        return REFUSED, f"everything stays in SHADOW: {conduct.modes.no_broker}"
    before = _live(session)
    conduct.modes.set_mode(word, plugin_id or None)
    conduct.assign(session.now_ns)
    return DONE, f"{plugin_id or 'the session'} is in {word}; {_told(session, before)}"


def _promote(session: LiveSession, plugin_id: str, body: Mapping[str, Any]) -> Answer:
    conduct = session.conduct
    if not conduct.has_live:
        return REFUSED, f"{plugin_id} is not promoted: {conduct.modes.no_broker}"
    if plugin_id in conduct.modes.held:
        return REFUSED, f"{plugin_id} is not promoted: {conduct.modes.held[plugin_id]} (rearm)"
    missing = conduct.missing(plugin_id, session.now_ns)
    if missing and not body.get("force"):
        return REFUSED, f"{plugin_id} is not promoted: {'; '.join(missing)}"
    before = _live(session)
    conduct.modes.promote(plugin_id)
    conduct.assign(session.now_ns)
    forced = f" by force, though it has {'; '.join(missing)}" if missing else ""
    why = conduct.modes.reason(plugin_id)
    stays = f"it stays in shadow as long as this holds: {why}" if why else _told(session, before)
    return DONE, f"{plugin_id} is promoted{forced}; {stays}"


def _demote(session: LiveSession, plugin_id: str, _: Mapping[str, Any]) -> Answer:
    already = session.conduct.modes.is_plugin_in_shadow(plugin_id)
    session.conduct.modes.demote(plugin_id)
    session.conduct.assign(session.now_ns)
    count = len([one for book in session.books if book.name == "live" for one in book.things(plugin_id)])
    rest = f"; its {count} live orders and tickets are managed to their end" if count else ""
    return DONE, f"{plugin_id} {'was in shadow already' if already else 'is in shadow'}{rest}"


SWITCHES: Final[dict[str, Callable[[Any, str, Mapping[str, Any]], Answer]]] = {
    "mode": _mode,
    "promote": _promote,
    "demote": _demote,
}


def _live(session: LiveSession) -> set[str]:
    modes = session.conduct.modes
    return {one for one in session.conduct.plugins() if not modes.is_plugin_in_shadow(one)}


def _told(session: LiveSession, before: set[str]) -> str:
    """Which plugins trade live now, and who came and went."""
    after = _live(session)
    parts = [f"live: {', '.join(sorted(after)) or 'nobody'}"]
    if after - before:
        parts.append(f"new there: {', '.join(sorted(after - before))}")
    if before - after:
        parts.append(f"no new risk live of: {', '.join(sorted(before - after))}")
    return "; ".join(parts)
