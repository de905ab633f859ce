"""The kinds of notifications: whom each goes to and how urgent it is. Spelt in lower case; any case is understood.

Three targets: ``notifier`` hears of trades, ``analytics`` of reports, ``controller`` of the house. What is critical
goes to all of them and to ``voice``; a kind that no rule names goes to the notifier.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import Final

__all__ = ["KINDS", "PRIORITIES", "TARGETS", "kind_of", "priority_of", "targets_of", "told_as"]

TARGETS: Final = ("controller", "notifier", "analytics", "voice")
PRIORITIES: Final = {"info": 1, "low": 2, "normal": 3, "high": 4, "critical": 5}

_TRADE: Final = (
    "entry exit tp_hit sl_hit profit_booking sl_modified breakeven partial_close manual_exit reversal_exit "
    "trade_opened trade_closed entry_signal exit_signal profit_booked chain_advanced chain_stopped chain_completed "
    "v6_entry_15m v6_entry_30m v6_entry_1h v6_entry_4h v6_exit v6_tp_hit v6_sl_hit v6_signal v6_breakeven "
    "v3_entry v3_exit v3_tp_hit v3_sl_hit"
)
_RECOVERY: Final = (
    "tp_continuation sl_hunt_activated recovery_started recovery_success recovery_failed profit_order_protection "
    "tp_reentry_started tp_reentry_executed tp_reentry_completed sl_hunt_recovery exit_continuation direction_block "
    "shield_deployed shield_kill_switch shield_victory shield_level_up shield_cancelled"
)
_SIGNAL: Final = (
    "alert_received alert_processed alert_ignored alert_error signal_received signal_ignored signal_filtered "
    "trend_changed trend_manual_set"
)
_REPORT: Final = (
    "daily_summary weekly_summary performance performance_report analytics statistics export daily_report "
    "weekly_report monthly_report risk_alert v6_daily_summary autonomous_dashboard dashboard_update"
)
_HOUSE: Final = (
    "bot_started mt5_connected mt5_reconnect daily_loss_warning config_error database_error order_failed "
    "plugin_loaded plugin_error config_reload plugin_disabled plugin_reloaded plugin_comparison info warning error "
    "v6_timeframe_enabled v6_timeframe_disabled v3_logic_toggled session_toggle symbol_toggle time_adjustment "
    "force_close_toggle session_starting system_status config_change mode_change connection_status"
)
_VOICE: Final = "voice_trade_entry voice_tp_hit voice_sl_hit voice_risk_limit voice_recovery"
_CRITICAL: Final = "bot_stopped emergency_stop mt5_disconnect daily_loss_limit lifetime_loss_limit"
_HIGH: Final = (
    "shield_kill_switch recovery_failed plugin_disabled order_failed config_error database_error error plugin_error "
    "daily_loss_warning risk_alert direction_block"
)


def _table() -> dict[str, tuple[tuple[str, ...], str]]:
    found: dict[str, tuple[tuple[str, ...], str]] = {}
    urgent = set(_HIGH.split())
    for words, targets, priority in (
        (_TRADE, ("notifier",), "normal"),
        (_RECOVERY, ("notifier",), "normal"),
        (_SIGNAL, ("notifier",), "low"),
        (_REPORT, ("analytics",), "normal"),
        (_HOUSE, ("controller",), "normal"),
        (_VOICE, ("voice",), "normal"),
        (_CRITICAL, TARGETS, "critical"),
    ):
        for word in words.split():
            found[word] = (targets, "high" if word in urgent else priority)
    found["info"] = (("controller",), "info")
    return found


_KINDS: Final = _table()
KINDS: Final = tuple(_KINDS)
"""Every kind there is."""
_SPELT: Final = {spelt: (word, *_KINDS[word]) for word in KINDS for spelt in (word.upper(), word)}
"""The spellings that come all the time, with what belongs to each kind."""


def kind_of(word: str) -> str:
    """The kind as it is written down; raises ValueError for one that there is none of."""
    return told_as(word)[0]


def told_as(word: str) -> tuple[str, tuple[str, ...], str]:
    """(kind, whom it goes to, priority); raises ValueError as ``kind_of`` does."""
    known = _SPELT.get(word)
    if known is not None:
        return known
    found = str(word).strip().lower()
    if found not in _KINDS:
        near = get_close_matches(found, _KINDS, 1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"{word!r} is no kind of notification{hint}")
    return (found, *_KINDS[found])


def targets_of(kind: str) -> tuple[str, ...]:
    """Whom it goes to."""
    return _KINDS[kind][0]


def priority_of(kind: str) -> str:
    """One of ``PRIORITIES``."""
    return _KINDS[kind][1]
