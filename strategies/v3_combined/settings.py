"""The settings of V3, also as the two tables of its owner: ``entry_conditions`` and ``risk_management``.

A key of a table is a setting's name or one of its other names below; it counts as if it stood outside the table. Said
in both places differently, it is a problem that the run tells before it begins.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

from zepix import Strategy, timeframe_minutes
from zepix.alerts.v3 import SIGNALS
from zepix.config import check_settings
from zepix.engine.strategy import settings_fields
from zepix.errors import ConfigError

if TYPE_CHECKING:
    from .memory import Memory

HIGHEST_SCORE = 9
LOGICS = ("LOGIC1", "LOGIC2", "LOGIC3")
ENTRY_SIGNALS = (
    "Institutional_Launchpad",
    "Liquidity_Trap_Reversal",
    "Momentum_Breakout",
    "Mitigation_Test_Entry",
    "Golden_Pocket_Flip",
    "Screener_Full_Bullish",
    "Screener_Full_Bearish",
    "Sideways_Breakout",
)
AGGRESSIVE = ("Liquidity_Trap_Reversal", "Golden_Pocket_Flip", "Screener_Full_Bullish", "Screener_Full_Bearish")
TIMEFRAME_LOGIC: Mapping[str, str] = {
    "5m": "LOGIC1",
    "15m": "LOGIC2",
    "1h": "LOGIC3",
    "4h": "LOGIC3",
    "1d": "LOGIC3",
}
NO_TABLE: Mapping[str, Any] = {}


def spelt(word: str) -> str:
    """The one spelling of a signal, whatever its case and whichever of its names; nothing for an unknown one."""
    return SIGNALS.get(word.strip().lower(), "")


_minutes = lru_cache(maxsize=64)(timeframe_minutes)


class V3Settings(Strategy):
    if TYPE_CHECKING:
        memory: Memory

    # --- which entries (table entry_conditions) ---
    min_consensus_score: float = 5
    """The least conviction. 0: a missing score passes too; else it is refused ``score_unknown``."""
    launchpad_min_score: float = 7
    """That of Institutional_Launchpad."""
    signals: tuple[str, ...] = ENTRY_SIGNALS
    """Signals that are entered, by any of their names; others are refused ``signal_off``."""
    logics: tuple[str, ...] = LOGICS
    """Logics that trade; others are refused ``logic_off``."""
    timeframe_logic: Mapping[str, str] = TIMEFRAME_LOGIC
    """Which logic takes which chart; a table in part keeps the other rows."""
    default_logic: str = "LOGIC2"
    """The logic of a chart that is not in the table; empty: refused ``wrong_timeframe``."""
    bypass_trend_check: bool = True
    """Fresh entries need no trends of the bot. Off: they do (``trend_mismatch``)."""
    trend_required_signals: tuple[str, ...] = ()
    """Signals that need them all the same."""
    trend_rule: Literal["pillars", "logic"] = "pillars"
    """What they need then: so many of 15m, 1h, 4h, 1d on their side, or the two timeframes of their logic."""
    min_aligned: float | None = None
    """How many pillars; None: as the trend service says (3)."""
    cooldown_s: float | None = None
    """No second entry of a symbol, chart, signal and side within it. None: within its bar, nor within 60 s."""

    # --- reversals (table entry_conditions) ---
    aggressive_signals: tuple[str, ...] = AGGRESSIVE
    """Entries that close the other side first."""
    aggressive_min_score: float | None = 7
    """Entries of at least this conviction do so too; None: none."""
    reversal_mode: Literal["immediate", "gap"] = "immediate"
    """immediate: enter after the confirmed close; gap: once the price has gone on by ``gap_pips`` within
    ``gap_wait_s``, else not at all."""
    gap_pips: float = 20.0
    gap_wait_s: float = 30.0
    squeeze_alert_s: float = 300.0
    """How long a squeeze counts as high alert, which entries note and nothing else."""

    # --- size and orders (table risk_management) ---
    consensus_sizing: Literal["alert", "steps", "table"] = "alert"
    """What the conviction does to the size (signals.py): the alert's multiplier where it means something, else the
    script's steps; always the steps; always the bot's table."""
    lot_multiplier: float = 1.0
    """Of the base, besides conviction and logic."""
    risk_percent: float | None = None
    """The base: per cent of the balance lost at the stop; None: the lots of the tier."""
    max_lot: float = 1.0
    """Lots of one entry, A and B together."""
    max_open_trades: int = 5
    max_trades_day: int = 10
    daily_loss_limit: float = 500.0
    """Money of the account's currency that this plugin may lose in a day."""
    routing: Literal["order_a_only", "order_b_only", "dual_orders"] | None = None
    """None: by the logic, as ``dual_order.per_logic_routing`` says."""
    trailing: bool = True
    """A's stop trails from half the stop distance on, in steps of a quarter."""
    rr_ratio: float = 1.5
    """A's target in stop distances, where the alert has none."""
    trend_reversal_close: bool = True
    """Both timeframes of its logic turned against a trade, and still do after the grace: it is closed."""
    trend_reversal_grace_s: float = 300.0

    entry_conditions: Mapping[str, Any] = NO_TABLE
    """Settings of the first two groups, as a table."""
    risk_management: Mapping[str, Any] = NO_TABLE
    """Settings of the third, as a table."""

    def __init__(self, plugin_id: str, config: Mapping[str, Any], service_api: Any) -> None:
        """Raises ConfigError for what is wrong inside the two tables, every problem at once."""
        super().__init__(plugin_id, config, service_api)
        self._open_tables()
        self.signals = self._one_spelling("signals")
        self.aggressive_signals = self._one_spelling("aggressive_signals")
        self.trend_required_signals = self._one_spelling("trend_required_signals")
        self.logic_by_timeframe = {**TIMEFRAME_LOGIC, **self.timeframe_logic}

    def _open_tables(self) -> None:
        """Take over what the two tables say."""
        fields = settings_fields(type(self))
        problems: list[str] = []
        for table, names in TABLES.items():
            given: Mapping[str, Any] = getattr(self, table)
            where = f"plugin {self.plugin_id!r}: {table}."
            try:
                found = check_settings({key: fields[name][0] for key, name in names.items()}, given, where=where)
            except ConfigError as error:
                problems += error.problems
                continue
            for key, value in found.items():
                name = names[key]
                before, default = getattr(self, name), fields[name][1]
                if before not in (default, value):
                    problems.append(f"{where}{key} is {value!r}, and {name} is {before!r}; say it once")
                setattr(self, name, value)
                self.config[name] = value
        if problems:
            raise ConfigError(problems)

    def _one_spelling(self, name: str) -> tuple[str, ...]:
        """A list of signals under their one spelling; what is none stays as it is, to be told as a problem."""
        found: dict[str, None] = {}
        for word in getattr(self, name):
            known = spelt(word) or word
            found.update(dict.fromkeys(AGGRESSIVE[2:] if known == "Screener" else (known,)))
        return tuple(found)

    def setting_problems(self) -> list[str]:
        problems = [f"{name} must be above 0, not {getattr(self, name)}" for name in ABOVE_ZERO if self._low(name)]
        for name, most in SCORES.items():
            value = getattr(self, name)
            if value is not None and not 0 <= value <= most:
                problems.append(f"{name} must lie from 0 to {most:g}, not {value}")
        for name in ("signals", "aggressive_signals", "trend_required_signals"):
            unknown = [word for word in getattr(self, name) if word not in ENTRY_SIGNALS]
            if unknown:
                known = ", ".join(ENTRY_SIGNALS)
                problems.append(f"{name}: {', '.join(unknown)} is no entry of V3; there are {known}")
        told = [*self.logics, *self.timeframe_logic.values(), self.default_logic or "LOGIC2"]
        unknown = sorted({str(word) for word in told if word not in LOGICS})
        if unknown:
            problems.append(f"{', '.join(unknown)} is no logic; there are {', '.join(LOGICS)}")
        for name in ("cooldown_s", "squeeze_alert_s", "trend_reversal_grace_s"):
            value = getattr(self, name)
            if value is not None and value < 0:
                problems.append(f"{name} must not be negative, not {value}")
        return problems

    def _low(self, name: str) -> bool:
        value = getattr(self, name)
        return value is not None and not value > 0

    def is_within_cooldown(self, timeframe: str, before_ns: int) -> bool:
        """Whether an entry then holds up one of the same kind now."""
        now_ns, wait_s = self.api.now_ns, self.cooldown_s
        if wait_s is not None:
            return now_ns - before_ns < wait_s * 1e9
        bar_ns = _minutes(timeframe or "1m") * 60 * 1_000_000_000
        return now_ns - before_ns < 60 * 1_000_000_000 or now_ns // bar_ns == before_ns // bar_ns


ENTRY_CONDITIONS = {
    **{
        name: name
        for name in (
            *("min_consensus_score", "launchpad_min_score", "signals", "logics", "timeframe_logic", "default_logic"),
            *("bypass_trend_check", "trend_required_signals", "trend_rule", "min_aligned", "cooldown_s"),
            *("aggressive_signals", "aggressive_min_score", "reversal_mode", "gap_pips", "gap_wait_s"),
            "squeeze_alert_s",
        )
    },
    "bypass_trend_check_for_v3_entries": "bypass_trend_check",
    "bypass_for_entry_v3": "bypass_trend_check",
    "min_alignment": "min_aligned",
    "aggressive_reversal_signals": "aggressive_signals",
    "min_gap_pips": "gap_pips",
    "max_wait_seconds": "gap_wait_s",
    "volatility_squeeze_alert_duration": "squeeze_alert_s",
}
RISK_MANAGEMENT = {
    **{
        name: name
        for name in (
            *("consensus_sizing", "lot_multiplier", "risk_percent", "max_lot", "max_open_trades", "max_trades_day"),
            *("daily_loss_limit", "routing", "trailing", "rr_ratio", "trend_reversal_close", "trend_reversal_grace_s"),
        )
    },
    "base_risk_percent": "risk_percent",
    "max_lot_size": "max_lot",
    "max_daily_trades": "max_trades_day",
    "max_trades_per_day": "max_trades_day",
    "max_daily_loss": "daily_loss_limit",
}
TABLES = {"entry_conditions": ENTRY_CONDITIONS, "risk_management": RISK_MANAGEMENT}
ABOVE_ZERO = (
    *("lot_multiplier", "risk_percent", "max_lot", "max_open_trades", "max_trades_day", "daily_loss_limit"),
    *("rr_ratio", "gap_pips", "gap_wait_s"),
)
SCORES = {
    "min_consensus_score": 9.0,
    "launchpad_min_score": 9.0,
    "aggressive_min_score": 9.0,
    "min_aligned": 100.0,
}
