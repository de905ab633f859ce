"""The sessions service: which symbols may be entered now, and the forced close when a session begins that wants one.

Rules (docs/services.md, "Sessions"):

- master switch off: every symbol may be entered at any time, nothing is closed;
- no session, or one that closes everything or has no symbols: ``session_closed``; a session without the symbol:
  ``symbol_not_in_session``;
- recoveries pass, unless ``recoveries`` is on or the session closes everything;
- when a session that closes everything comes to count, each plugin that takes part closes all it has, once; after a
  restart inside of it, at once. A close that the broker refuses is sent again, ``force_close_retries`` times.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, ClassVar, Final, Protocol
from zoneinfo import ZoneInfo

from zepix.model import OrderRefused, Refused
from zepix.model.settings_sessions import SessionSettings, SessionWindow
from zepix.model.timeframe import NS
from zepix.services.hearing import Hearing, Kinds
from zepix.services.ports import BrokerPort, Clock
from zepix.services.sessions_calendar import Session, SessionCalendar

__all__ = ["FORCE_CLOSE_REASON", "ClosePort", "SessionCore", "SessionService"]

FORCE_CLOSE_REASON: Final = "session_end"
AMENDABLE: Final = ("start", "end", "zone", "symbols", "force_close")
NEVER: Final = -(1 << 62)


class ClosePort(Protocol):
    """Who sends a plugin's closes."""

    def close_all(self, plugin_id: str, symbol: str, reason: str) -> None:
        """Close every ticket of a plugin on a symbol, and cancel what it has under way there."""
        ...


class SessionCore(Hearing):
    """The sessions of one run: its table, its switch, and which forced close was the last."""

    HEARS: ClassVar[Kinds] = {OrderRefused: "on_refused"}

    def __init__(self, settings: SessionSettings, clock: Clock, broker: BrokerPort, closer: ClosePort) -> None:
        self.settings = settings
        self.clock = clock
        self.enabled = settings.enabled
        self.windows = settings.table
        self.calendar = SessionCalendar(self.windows)
        self._broker = broker
        self._closer = closer
        self._followers: list[str] = []
        self._handled_ns = NEVER
        """When the session began whose forced close was the last that was done."""
        self._retries: dict[str, int] = {}
        self._counters = {"refusals": 0, "forced_closes": 0, "retries": 0, "gave_up": 0}

    # --- asking ---------------------------------------------------------------------------------------------------

    def session_at(self, at_ns: int) -> Session | None:
        """The session that counts at an instant; None between sessions."""
        return self.calendar.span_at(at_ns).session

    def refusal(self, symbol: str, at_ns: int, is_recovery: bool = False) -> Refused | None:
        """Why a symbol may not be entered at an instant; None where it may."""
        if not self.enabled:
            return None
        session = self.session_at(at_ns)
        if session is not None and session.takes(symbol) and not session.is_closed:
            return None
        is_exempt = is_recovery and not self.settings.recoveries
        if is_exempt and not (session is not None and session.force_close):
            return None
        return self._refused(symbol, at_ns, session)

    def force_close_at(self, now_ns: int) -> int | None:
        """When everything is closed next; now, where that is still to be done; None for never."""
        if not self.enabled:
            return None
        span = self.calendar.span_at(now_ns)
        if span.session is not None and span.session.force_close and span.start_ns > self._handled_ns:
            return max(span.start_ns, now_ns)
        return self.calendar.next_force_close_ns(now_ns)

    def _refused(self, symbol: str, at_ns: int, session: Session | None) -> Refused:
        if session is None:
            later = self.calendar.next_start(at_ns)
            hint = f"; {later.name} begins {_clock(later.start_ns, later.zone)}" if later is not None else ""
            return Refused("session_closed", f"no session at {_clock(at_ns, self.settings.zone)}{hint}")
        until = f"{session.name} until {_clock(session.end_ns, session.zone)}"
        if session.is_closed:
            return Refused("session_closed", f"{until} takes no entries")
        return Refused("symbol_not_in_session", f"{until} takes {', '.join(session.symbols)}, not {symbol}")

    # --- events ---------------------------------------------------------------------------------------------------

    def next_timer_ns(self, now_ns: int) -> int | None:
        """When this service must be woken next; None where no plugin takes part or nothing is ever closed."""
        return self.force_close_at(now_ns) if self._followers else None

    def on_timer(self, now_ns: int) -> None:
        """Close what the plugins that take part have open, if a session that wants it has begun."""
        if not self._is_due(now_ns):
            return
        self._handled_ns = self.calendar.span_at(now_ns).start_ns
        self._retries.clear()
        for plugin_id in self._followers:
            for symbol in self._symbols_of(plugin_id):
                self._counters["forced_closes"] += 1
                self._closer.close_all(plugin_id, symbol, FORCE_CLOSE_REASON)

    def on_refused(self, event: OrderRefused) -> None:
        """A forced close that was refused is sent again, so many times in one session; then it is given up."""
        order = event.order
        is_forced = order.kind == "close" and order.reason_to_close == FORCE_CLOSE_REASON
        if not is_forced or order.plugin_id not in self._followers:
            return
        session = self.session_at(self.clock.now_ns)
        if session is None or not session.force_close or order.symbol not in self._symbols_of(order.plugin_id):
            return
        tried = self._retries.get(order.plugin_id, 0)
        if tried >= self.settings.force_close_retries:
            self._counters["gave_up"] += 1
            return
        self._retries[order.plugin_id] = tried + 1
        self._counters["retries"] += 1
        self._closer.close_all(order.plugin_id, order.symbol, FORCE_CLOSE_REASON)

    def _is_due(self, now_ns: int) -> bool:
        span = self.calendar.span_at(now_ns)
        is_closing = span.session is not None and span.session.force_close
        return self.enabled and is_closing and span.start_ns > self._handled_ns

    def _symbols_of(self, plugin_id: str) -> list[str]:
        """Symbols on which a plugin has a ticket or an order under way, older first."""
        tickets = [t.symbol for t in self._broker.tickets.values() if t.plugin_id == plugin_id]
        orders = [o.symbol for o in self._broker.under_way() if o.plugin_id == plugin_id]
        return list(dict.fromkeys(tickets + orders))

    # --- changes by hand ------------------------------------------------------------------------------------------

    def switch(self, on: bool) -> None:
        """Turn the master switch; ask ``next_timer_ns`` anew afterwards."""
        self.enabled = on

    def amend(self, name: str, **changes: Any) -> SessionWindow:
        """Change a window (``start, end, zone, symbols, force_close``); ask ``next_timer_ns`` anew afterwards.

        Raises ValueError for a name or value that cannot be, and changes nothing then.
        """
        if name not in self.windows:
            raise ValueError(f"no session {name!r}; there are {', '.join(self.windows) or 'none'}")
        wrong = [key for key in changes if key not in AMENDABLE]
        if wrong:
            raise ValueError(f"{wrong[0]!r} of a session cannot be changed; {', '.join(AMENDABLE)} can")
        window = self._checked(name, replace(self.windows[name], **changes))
        self._use({**self.windows, name: window})
        return window

    def _checked(self, name: str, window: SessionWindow) -> SessionWindow:
        settings = SessionSettings(zone=self.settings.zone, windows={name: window}, default_windows=False)
        return settings.table[name]

    def _use(self, windows: dict[str, SessionWindow]) -> None:
        self.windows, self.calendar = windows, SessionCalendar(windows)

    # --- state, health --------------------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """Switch, windows as they are now, the last forced close, retries and counts, as JSON values."""
        return {
            "enabled": self.enabled,
            "windows": [
                [name, w.start, w.end, w.zone, list(w.symbols), w.force_close] for name, w in self.windows.items()
            ],
            "handled_ns": self._handled_ns,
            "retries": dict(self._retries),
            "counters": dict(self._counters),
        }

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from a saved ``state``; raises ValueError for windows that cannot be, and changes nothing then."""
        windows = {
            str(name): self._checked(str(name), SessionWindow(start, end, zone, tuple(symbols), bool(closes)))
            for name, start, end, zone, symbols, closes in state["windows"]
        }
        self._use(windows)
        self.enabled, self._handled_ns = bool(state["enabled"]), int(state["handled_ns"])
        self._retries = {str(plugin_id): int(count) for plugin_id, count in state["retries"].items()}
        self._counters.update(state["counters"])

    def is_healthy(self) -> bool:
        """Whether no forced close had to be given up."""
        return not self._counters["gave_up"]

    def get_status(self) -> dict[str, Any]:
        """The switch, the session now and the next one, whether that is announced, when all is closed, and counts."""
        now_ns = self.clock.now_ns
        session, later = self.session_at(now_ns), self.calendar.next_start(now_ns)
        notice_ns = round(self.settings.advance_notice_minutes * 60 * NS)
        return {
            "enabled": self.enabled,
            "session": None if session is None else session.name,
            "next": None if later is None else later.name,
            "next_ns": None if later is None else later.start_ns,
            "is_announced": later is not None and later.start_ns - now_ns <= notice_ns,
            "force_close_ns": self.force_close_at(now_ns),
            **self._counters,
        }

    def for_plugin(self, plugin_id: str, *, force_close: bool) -> SessionService:
        """What one plugin sees of it; ``force_close``: whether what it has is closed when a session wants it."""
        if force_close and plugin_id not in self._followers:
            self._followers.append(plugin_id)
        return SessionService(self)

    def count_refusal(self) -> None:
        self._counters["refusals"] += 1


class SessionService:
    """The sessions service of one plugin: ``api.sessions``. Asks only; an entry is refused by the risk gate."""

    def __init__(self, core: SessionCore) -> None:
        self._core = core

    def is_open(self, symbol: str, at_ns: int | None = None) -> bool:
        """Whether a symbol may be entered at an instant, now unless given."""
        return self._core.refusal(symbol, self._core.clock.now_ns if at_ns is None else at_ns) is None

    def current(self) -> Session | None:
        """The session by the table, whatever the master switch says; None between sessions."""
        return self._core.session_at(self._core.clock.now_ns)

    def refusal(self, symbol: str, is_recovery: bool = False) -> Refused | None:
        """Refused ``session_closed`` or ``symbol_not_in_session``; None where the symbol may be entered now."""
        found = self._core.refusal(symbol, self._core.clock.now_ns, is_recovery)
        if found is not None:
            self._core.count_refusal()
        return found

    @property
    def force_close_at(self) -> int | None:
        """The instant (ns) of the next forced close; None for none."""
        return self._core.force_close_at(self._core.clock.now_ns)

    def is_healthy(self) -> bool:
        return self._core.is_healthy()

    def get_status(self) -> dict[str, Any]:
        return self._core.get_status()


def _clock(t_ns: int, zone: str) -> str:
    """``Wed 13:30 Asia/Kolkata``"""
    local = datetime.fromtimestamp(t_ns // NS, UTC).astimezone(ZoneInfo(zone))
    return f"{_DAYS[local.weekday()]} {local.hour:02}:{local.minute:02} {zone}"


_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
