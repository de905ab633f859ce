"""The settings of the V6 price action plugins, with the numbers of no plugin in particular.

Each of the four plugins is this class with numbers of its own (``__init__.py``). Lots, caps and limits belong to the
plugin; account-wide limits, the tables of stops and the split of A and B belong to the services (docs/services.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from zepix import ExitPlan, Strategy, timeframe_minutes

from .plans import WHOLE, managed_plan

if TYPE_CHECKING:
    from .memory import Memory

Target = Literal["tp1", "tp2", "tp3"]
SCREENER_FACTORS: Mapping[str, float] = {"1m": 0.5, "5m": 0.75, "15m": 1.0, "1h": 1.25, "4h": 1.5}


_minutes = lru_cache(maxsize=64)(timeframe_minutes)


class V6Settings(Strategy):
    if TYPE_CHECKING:
        memory: Memory

    own_timeframe: ClassVar[str] = ""
    """The timeframe of the charts whose alerts are meant for this plugin."""
    trendline_role: ClassVar[Literal["ignore", "confidence", "entry"]] = "ignore"
    """What a broken trend line is here, where ``trendline_entries`` is on."""

    # --- filters, in the order in which they are asked ---
    adx_threshold: float = 20.0
    require_adx: bool = False
    """Refuse ``adx_unknown`` where the alert has no ADX; else it passes, and the decision says so."""
    confidence_threshold: float = 60.0
    """A missing score is refused ``confidence_unknown``, unless this is 0."""
    max_spread_pips: float | None = None
    """In the instrument's spread pips (gold: 0.10 of price). None: not asked."""
    block_opposite_state: bool = False
    """Refuse where the market state is TRENDING_ or MIXED_ of the other side."""
    min_alignment: int = 0
    """How many of six timeframes the alert must count on its side; none sent, or 0/0, passes with a warning."""
    require_15m_alignment: bool = False
    """The 15m trend of the trend service must be on our side; unknown is not."""
    require_higher_tf_alignment: bool = False
    """The pulse of the next higher timeframe must agree, as the trend service judges it."""
    accept_4h: bool = False
    """Whether alerts of 4h charts are taken; only the 1h plugin is sent any."""

    # --- size ---
    risk_percent: float = 1.5
    """Of the balance, lost at the stop, before the multiplier."""
    lot_multiplier: float = 1.0
    max_lot: float = 0.20
    max_open_trades: int = 4
    max_trades_day: int = 12
    daily_loss_limit: float = 300.0
    """Money of the account's currency that this plugin may lose in a day."""
    weak_adx_below: float = 20.0
    weak_adx_factor: float = 1.0
    """Lots are multiplied by it where the ADX is known and below ``weak_adx_below``."""
    decreasing_momentum_factor: float = 1.0
    """Lots are multiplied by it while the last MOMENTUM_CHANGE of the chart said DECREASING."""
    cooldown_s: float | None = None
    """No second entry of a symbol and side within it. None: 60 s or one bar, whichever is longer."""

    # --- orders ---
    routing: Literal["order_a_only", "order_b_only", "dual_orders"] = "order_a_only"
    target_a: Target = "tp2"
    target_b: Target = "tp1"
    rr_ratio: float = 1.5
    """Target of A in stop distances, where the alert has no targets; B's is then one stop distance."""
    missing_stop: Literal["table", "refuse"] = "table"
    """An alert without a stop: the stop of the risk service's table, or the refusal ``no_stop``."""
    order_b_sl: Literal["alert", "fixed_dollar"] = "alert"
    trailing: bool = False
    """A's stop trails from half the stop distance on, in steps of a quarter."""
    break_even_after_tp1: bool = False
    """A's stop goes to its entry once the price is at TP1."""
    break_even_buffer_pips: float = 2.0
    """So many pips beyond the entry."""
    exit_mode: Literal["targets", "plan", "managed"] = "targets"
    """targets: A and B, one target an order; plan: the ladder of ``exits`` instead, one ticket a level; managed: a
    ladder that depends on how strong the signal was (``managed.py``)."""

    # --- exit and reversal alerts ---
    exits: Mapping[str, Any] = WHOLE
    """An ExitPlan as a table (docs/exits.md). Its ``exit_alert`` counts in both modes, the rest with exit_mode plan."""
    rest_until_pulse_reversal: bool = False
    """What an EXIT alert left is closed by a TREND_PULSE whose market state is against it."""
    opposite_entry_reverses: bool = True
    """An entry that passes everything closes the other side first."""

    # --- exit_mode managed (managed.py); its risk and lots are those of order A, instead of the ones above ---
    managed_risk_percent: float = 1.0
    managed_max_lot: float = 0.15
    managed_b_frac: float = 0.5
    """B's lots, as a share of A's."""
    strong_adx: float = 25.0
    strong_confidence: float = 70.0
    managed_weak_frac: float = 0.5
    """What A leaves at TP1 where the signal was not strong."""
    managed_tp2_frac: float = 0.4
    """What A leaves at TP2."""
    managed_exit_frac: float = 0.5
    """What an EXIT alert takes of an entry that is neither held nor closed."""
    managed_hold_pips: float = 50.0
    """A strong entry that is further ahead than this is held."""
    managed_close_pips: float = 10.0
    """An entry that is less far ahead than this is closed."""

    # --- other alerts as entries, and what they may do to open tickets: all off ---
    trendline_entries: bool = False
    trendline_min_bars: float = 30.0
    trendline_min_slope: float = 0.0002
    trendline_steep_slope: float = 0.0005
    trendline_lot_factor: float = 1.0
    trendline_stop_atr: float = 2.0
    screener_entries: bool = False
    screener_lot_factor: float = 1.5
    """Times that of the timeframe; one that is not listed has 1."""
    screener_timeframe_factors: Mapping[str, float] = SCREENER_FACTORS
    screener_stop_atr: float = 1.2
    screener_target_atrs: tuple[float, float, float] = (2.0, 3.0, 4.0)
    screener_max_per_day: int = 5
    state_change_closes: bool = False
    """A STATE_CHANGE to the other side closes."""
    neutral_close_frac: float = 0.0
    """What a STATE_CHANGE to NEUTRAL takes of each ticket (0.5: half)."""
    neutral_tighten_frac: float = 0.0
    """How much nearer it moves each stop, as a share of its distance from the price."""
    weak_momentum_tighten_frac: float = 0.0
    """The same, for a MOMENTUM_CHANGE from STRONG to WEAK."""

    def setting_problems(self) -> list[str]:
        problems = [f"{name} must be above 0, not {getattr(self, name)}" for name in ABOVE_ZERO if self._low(name, 0)]
        problems += [f"{name} must be 1 or more, not {getattr(self, name)}" for name in COUNTS if self._low(name, 0.5)]
        problems += [
            f"{name} must lie from 0 to {top:g}, not {getattr(self, name)}"
            for name, top in RANGES.items()
            if not 0 <= getattr(self, name) <= top
        ]
        if self.cooldown_s is not None and self.cooldown_s < 0:
            problems.append(f"cooldown_s must not be negative, not {self.cooldown_s}")
        problems += [f"exits.{problem}" for problem in ExitPlan.problems_of(self.exits)]
        if self.exit_mode != "targets" and self.order_b_sl == "fixed_dollar":
            problems.append("order_b_sl fixed_dollar needs exit_mode targets: a plan has one stop for all")
        if self.managed_weak_frac + self.managed_tp2_frac >= 1:
            problems.append("managed_weak_frac and managed_tp2_frac together must be below 1, to leave a part for TP3")
        if self.managed_hold_pips < self.managed_close_pips:
            problems.append("managed_hold_pips must not be below managed_close_pips")
        return problems

    @cached_property
    def managed_plans(self) -> dict[bool, ExitPlan]:
        """The ladder of a strong signal (True) and that of any other."""
        given = (self.managed_b_frac, self.managed_weak_frac, self.managed_tp2_frac, self.managed_exit_frac)
        return {strong: ExitPlan.of(managed_plan(*given, strong=strong)) for strong in (True, False)}

    @cached_property
    def plan(self) -> ExitPlan:
        return ExitPlan.of(self.exits)

    def _low(self, name: str, least: float) -> bool:
        value = getattr(self, name)
        return value is not None and not value > least

    @property
    def taken_timeframes(self) -> tuple[str, ...]:
        return (self.own_timeframe, "4h") if self.accept_4h else (self.own_timeframe,)

    def cooldown_of(self, timeframe: str) -> float:
        """Seconds in which no second entry of a symbol and side is made."""
        return max(60.0, _minutes(timeframe) * 60.0) if self.cooldown_s is None else self.cooldown_s


ABOVE_ZERO = (
    "risk_percent",
    "lot_multiplier",
    "max_lot",
    "daily_loss_limit",
    "rr_ratio",
    "max_spread_pips",
    "managed_risk_percent",
    "managed_max_lot",
    "managed_b_frac",
    "managed_weak_frac",
    "managed_tp2_frac",
    "managed_exit_frac",
    "trendline_lot_factor",
    "trendline_stop_atr",
    "screener_lot_factor",
    "screener_stop_atr",
)
COUNTS = ("max_open_trades", "max_trades_day", "screener_max_per_day")
RANGES = {
    "adx_threshold": 100.0,
    "confidence_threshold": 100.0,
    "min_alignment": 6.0,
    "weak_adx_factor": 1.0,
    "weak_adx_below": 100.0,
    "decreasing_momentum_factor": 1.0,
    "break_even_buffer_pips": 1000.0,
    "managed_b_frac": 1.0,
    "managed_weak_frac": 1.0,
    "managed_tp2_frac": 1.0,
    "managed_exit_frac": 1.0,
    "strong_adx": 100.0,
    "strong_confidence": 100.0,
    "managed_hold_pips": 100_000.0,
    "managed_close_pips": 100_000.0,
    "neutral_close_frac": 1.0,
    "neutral_tighten_frac": 0.99,
    "weak_momentum_tighten_frac": 0.99,
}
