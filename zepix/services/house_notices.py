"""What people are told of the house itself: trends that changed, losses that reached a limit, the next session.

- *trend_changed*: the trends of 15m, 1h, 4h and 1d that an alert changed, by our own books, one notice an alert; a
  trend told again is none.
- *daily_loss_limit, lifetime_loss_limit*: once a day each, of the account and of every plugin that has a limit of its
  own, when the gross losses of closed trades have reached it. (Open risk counts for the gate, not here.)
- *session_starting*: so many minutes before a session begins (``sessions.advance_notice_minutes``, 0 for never).

Nothing is told, and no timer is set, where no plugin of the run names ``telegram``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, ClassVar, Final
from zoneinfo import ZoneInfo

from zepix.model import TicketClosed
from zepix.model.timeframe import NS
from zepix.services.hearing import Hearing, Kinds
from zepix.services.notifications import NotificationCore
from zepix.services.risk_core import RiskCore
from zepix.services.sessions import SessionCore
from zepix.services.sessions_calendar import Session
from zepix.services.trend_values import TrendUpdate
from zepix.services.trend_words import WORDS

__all__ = ["HouseNotices"]

TOLD_TIMEFRAMES: Final = frozenset(("15m", "1h", "4h", "1d"))
LIFETIME: Final = "lifetime"


@lru_cache(maxsize=256)
def _exactly(limit: float) -> Decimal:
    """A limit as it is written."""
    return Decimal(str(limit))


class HouseNotices(Hearing):
    """One a run; its state is which limits were told, and when."""

    HEARS: ClassVar[Kinds] = {TicketClosed: "on_closed"}

    def __init__(
        self,
        notify: NotificationCore,
        risk: RiskCore | None,
        sessions: SessionCore | None,
        own_limit: Callable[[str], float | None],
    ) -> None:
        """``own_limit(plugin_id)``: what a plugin may lose in a day, None where it says nothing."""
        self._notify = notify
        self._risk = risk
        self._sessions = sessions
        self._own_limit = own_limit
        self.alert_in_hand: Callable[[], str] = str
        """The alert that is telling trends, where it is one."""
        self._told: dict[str, int] = {}
        """By limit (``day``, ``lifetime``, a plugin): the start of the day in which it was told."""

    # --- trends ----------------------------------------------------------------------------------------------------

    def on_trends(self, updates: Sequence[TrendUpdate]) -> None:
        changed = {u.timeframe: WORDS[u.after] for u in updates if u.is_changed and u.timeframe in TOLD_TIMEFRAMES}
        if changed and self._notify.is_heard:
            symbol = updates[0].symbol
            said = ", ".join(f"{timeframe} {word}" for timeframe, word in changed.items())
            told = {"symbol": symbol, "source": updates[0].source, "alert_id": self.alert_in_hand(), **changed}
            self._notify.send("trend_changed", f"{symbol}: {said}", **told)

    # --- limits ----------------------------------------------------------------------------------------------------

    def on_closed(self, event: TicketClosed) -> None:
        """After the books of risk: whether a loss reached a limit."""
        risk = self._risk
        if risk is None or event.fill.pnl_minor >= 0 or not self._notify.is_heard:
            return
        tier, ledger, plugin_id = risk.tier(), risk.ledger, event.fill.plugin_id
        daily, lifetime = risk.settings.daily_caps[tier], risk.settings.lifetime_caps[tier]
        if ledger.day_loss >= daily:
            self._look("day", "daily_loss_limit", "the day's losses", ledger.day_loss, daily)
        if ledger.lifetime_loss >= lifetime or LIFETIME in self._told:
            self._look(LIFETIME, "lifetime_loss_limit", "the lifetime's losses", ledger.lifetime_loss, lifetime)
        own = self._own_limit(plugin_id)
        if own is not None:
            lost, limit = ledger.plugin_loss(plugin_id), _exactly(own)
            if lost >= limit:
                what = f"the day's losses of {plugin_id}"
                self._look(f"plugin {plugin_id}", "daily_loss_limit", what, lost, limit, plugin_id)

    def _look(self, key: str, kind: str, what: str, lost: Decimal, limit: Decimal, plugin_id: str = "") -> None:
        assert self._risk is not None, "asked only where there is risk"
        day_ns = self._risk.ledger.day_start_ns
        if lost < limit:
            if key == LIFETIME:  # somebody has reset it, or made it larger
                self._told.pop(key, None)
            return
        if key in self._told and (key == LIFETIME or self._told[key] == day_ns):
            return
        self._told[key] = day_ns
        text = f"{what} are {lost:.2f}, the limit is {limit:.2f}: no new entries"
        self._notify.send(kind, text, plugin_id, lost=float(lost), limit=float(limit))

    # --- sessions --------------------------------------------------------------------------------------------------

    def next_timer_ns(self, now_ns: int) -> int | None:
        """When the next session is announced; None for never."""
        sessions = self._sessions
        notice_ns = self._notice_ns()
        if sessions is None or not sessions.enabled or not notice_ns or not self._notify.is_heard:
            return None
        coming = sessions.calendar.next_begin(now_ns + notice_ns)
        return None if coming is None else coming.start_ns - notice_ns

    def on_timer(self, now_ns: int) -> None:
        """Announce it, if it still begins then."""
        sessions, at_ns = self._sessions, now_ns + self._notice_ns()
        coming = None if sessions is None else sessions.calendar.next_begin(at_ns - 1)
        if coming is not None and sessions is not None and sessions.enabled and coming.start_ns == at_ns:
            self._announce(coming)

    def _announce(self, session: Session) -> None:
        local = datetime.fromtimestamp(session.start_ns // NS, UTC).astimezone(ZoneInfo(session.zone))
        what = "closes everything" if session.force_close else f"takes {', '.join(session.symbols) or 'no entries'}"
        clock = f"{local.hour:02d}:{local.minute:02d}"
        text = f"{session.name} begins at {clock} {session.zone}: it {what}"
        told: dict[str, Any] = {
            "session": session.name,
            "begins_ns": session.start_ns,
            "symbols": list(session.symbols),
        }
        self._notify.send("session_starting", text, **told)

    def _notice_ns(self) -> int:
        sessions = self._sessions
        return 0 if sessions is None else round(sessions.settings.advance_notice_minutes * 60 * NS)

    # --- state -----------------------------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        return {"told": dict(self._told)}

    def load_state(self, state: Mapping[str, Any]) -> None:
        self._told = {str(key): int(day_ns) for key, day_ns in state["told"].items()}
