"""The numbers of the risk service: tiers, caps, lots, stop tables, and how the gate fits a size; docs/services.md.

A table that a user gives in part keeps the other rows' defaults. Money and lots are Decimals, in the account's currency
and in lots; shares end in ``_frac``, per cent in ``_percent``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import time
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

__all__ = ["TIERS", "VOLATILITY_CLASSES", "PluginLimits", "RiskSettings"]

TIERS: Final = ("5000", "10000", "25000", "50000", "100000")
"""Balances at which a tier begins; below the first it holds too."""
VOLATILITY_CLASSES: Final = ("LOW", "MEDIUM", "HIGH")
MAX_TABLE: Final = 1000
"""Rows that any one table may have."""
_MOST: Final = Decimal(10) ** 12

_MAJORS: Final = ("GBPUSD", "AUDUSD", "USDCAD", "NZDUSD")
_CROSSES: Final = ("EURJPY", "GBPJPY", "AUDJPY")
_SL_1: Final[Mapping[str, tuple[int, ...]]] = {
    "EURUSD": (150, 150, 50, 40, 40),
    **dict.fromkeys(_MAJORS, (150, 150, 50, 40, 50)),
    "USDJPY": (166, 166, 55, 44, 55),
    **dict.fromkeys(_CROSSES, (111, 111, 41, 44, 44)),
    "XAUUSD": (1000, 1500, 500, 500, 600),
}
_SL_2: Final[Mapping[str, tuple[int, ...]]] = {
    "EURUSD": (100, 100, 35, 30, 30),
    **dict.fromkeys(_MAJORS, (120, 120, 40, 35, 40)),
    "USDJPY": (130, 130, 45, 38, 45),
    **dict.fromkeys(_CROSSES, (80, 80, 30, 35, 35)),
    "XAUUSD": (500, 800, 300, 300, 200),
}
STOP_TABLES: Final[Mapping[str, Mapping[str, tuple[int, ...]]]] = {"sl-1": _SL_1, "sl-2": _SL_2}
_PERCENTS: Final[Mapping[str, tuple[str, ...]]] = {
    "5000": ("1.5", "1.5", "1.0"),
    "10000": ("1.5", "1.5", "1.0"),
    "25000": ("2", "2", "1.5"),
    "50000": ("2", "2", "2"),
    "100000": ("2", "2.5", "3"),
}


def _by_tier(*values: str) -> Mapping[str, Decimal]:
    return {tier: Decimal(value) for tier, value in zip(TIERS, values, strict=True)}


def _by_logic(*values: str) -> Mapping[str, Decimal]:
    return {f"LOGIC{number}": Decimal(value) for number, value in enumerate(values, 1)}


@dataclass(frozen=True, slots=True)
class PluginLimits:
    """What one plugin may do; None is no limit of its own. A request's own numbers win.

    max_lot: lots of one entry, all legs together. max_open: entries open or under way. max_trades_day: entries of a
    day, those under way with them. daily_loss_limit: money, the plugin's losses of the day plus its open risk.
    max_symbol_lots: lots on one symbol, both sides. max_spread_pips: widest spread at an entry.
    """

    max_lot: Decimal | None = None
    max_open: int | None = None
    max_trades_day: int | None = None
    daily_loss_limit: Decimal | None = None
    max_symbol_lots: Decimal | None = None
    max_spread_pips: float | None = None


@dataclass(frozen=True, slots=True)
class RiskSettings:  # size: one line a setting, with what it means
    """Settings ``risk.*``; raises ValueError with every problem at once, each with its key."""

    default_risk_tier: str = ""
    """The tier that counts whatever the balance is; empty: the highest that the balance reaches."""
    daily_caps: Mapping[str, Decimal] = field(default_factory=lambda: _by_tier("100", "200", "500", "1000", "2000"))
    """Money a day may lose, by tier: gross losses since the reset plus open risk."""
    lifetime_caps: Mapping[str, Decimal] = field(
        default_factory=lambda: _by_tier("500", "1000", "2500", "5000", "10000")
    )
    """Money that may be lost until somebody resets the count by hand, by tier, with open risk."""
    min_remaining: Decimal = Decimal(1)
    """A cap with less money left than this is reached."""
    daily_reset_time: str = "03:35"
    """The local time at which a new day of losses and trades begins."""
    daily_reset_zone: str = "Asia/Kolkata"
    """The time zone of ``daily_reset_time``; daylight saving counts."""
    lot_mode: str = "fixed"
    """Where a request names neither lots nor risk: ``fixed`` the tier's lots, ``risk`` the tier's per cent."""
    tier_lots: Mapping[str, Decimal] = field(default_factory=lambda: _by_tier("0.01", "0.05", "0.10", "0.20", "0.50"))
    """Fixed lots by tier."""
    manual_lots: Mapping[str, Decimal] = field(default_factory=dict)
    """Lots by tier that win over ``tier_lots``."""
    risk_percents: Mapping[str, Mapping[str, Decimal]] = field(default_factory=dict)
    """Per cent of the balance lost at the stop, by tier and by the instrument's volatility class."""
    max_lot: Decimal = Decimal(10)
    """Lots of one entry, whoever asks."""
    max_lots_by_tier: Mapping[str, Decimal] = field(default_factory=dict)
    """Lots of one entry by tier; a tier without a row has ``max_lot`` alone."""
    force_min_lot: bool = False
    """Raise a size that came out too small to the instrument's minimum, if its risk fits; else it is refused."""
    sl_system: str = "sl-1"
    """The stop table in force: ``sl-1`` (wide), ``sl-2`` (tight), one of ``stop_pips``, or ``off``."""
    stop_pips: Mapping[str, Mapping[str, Sequence[int | float | Decimal]]] = field(default_factory=dict)
    """Stop distances in pips by table and symbol, five columns, one a tier; over the two known tables."""
    sl_reduction_percents: Mapping[str, Decimal] = field(default_factory=dict)
    """Per cent (5 to 50) by which a symbol's stop is nearer than its table's."""
    logic_lot_multipliers: Mapping[str, Decimal] = field(default_factory=lambda: _by_logic("1.25", "1.0", "0.625"))
    logic_sl_multipliers: Mapping[str, Decimal] = field(default_factory=lambda: _by_logic("1.0", "1.5", "2.5"))
    """Of stops that the tables make, never of an alert's own."""
    symbol_lot_multipliers: Mapping[str, Decimal] = field(default_factory=dict)
    reentry_sl_multiplier: Decimal = Decimal("0.5")
    """Of a table's stop where the entry is a recovery."""
    wrong_side_stop: str = "table"
    """What becomes of a stop at or beyond the entry: ``table`` replaces it, ``refuse`` refuses ``invalid_stops``."""
    unstopped_risk: str = "table"
    """A ticket without a stop counts its table's distance (or what it has lost, if more), or the whole ``cap``."""
    max_concurrent: int = 10
    """Entries open or under way in the account."""
    max_concurrent_by_tier: Mapping[str, int] = field(default_factory=dict)
    count_by: str = "entries"
    """``entries``: the legs and portions of one alert are one; ``tickets``: each counts."""
    max_symbol_open: int = 0
    """Entries open or under way on one symbol; 0: no limit."""
    max_symbol_lots: Decimal = Decimal(0)
    """Lots open or under way on one symbol, both sides together; 0: no limit."""
    cross_plugin_conflict: str = "block_opposite"
    """What another family's tickets on the other side of a symbol do to an entry: ``block_opposite`` or ``allow``."""
    max_spread_pips: Mapping[str, Decimal] = field(default_factory=dict)
    """The widest spread by symbol, in its spread pips; a request's own limit wins. Unknown spreads never trade."""
    rr_ratio: Decimal = Decimal("1.5")
    """Reward to risk of a target that nobody gave."""
    min_rr: Decimal = Decimal(0)
    """An entry whose target is nearer than this many times its stop is refused; 0: any."""
    has_smart_reduction: bool = True
    """Smaller sizes as the day's allowance is used up: see the two fields that follow."""
    reduction_from_frac: tuple[Decimal, ...] = (Decimal("0.5"), Decimal("0.25"), Decimal(0))
    """Shares of the daily cap that are left, falling; the last one is 0."""
    reduction_to_frac: tuple[Decimal, ...] = (Decimal(1), Decimal("0.75"), Decimal("0.5"))
    """The share of the size that goes out at each of them."""
    fit_buffer_frac: Decimal = Decimal(0)
    """Share of what is left of the caps that a size never uses."""

    def __post_init__(self) -> None:
        problems: list[str] = []
        _Tidy(self, problems).all()
        if problems:
            raise ValueError("risk: " + "; ".join(problems))


class _Tidy:
    """Fills what is missing, makes Decimals of numbers, and notes what is wrong."""

    def __init__(self, settings: RiskSettings, problems: list[str]) -> None:
        self._settings = settings
        self._problems = problems

    def all(self) -> None:
        defaults = {
            "daily_caps": _by_tier("100", "200", "500", "1000", "2000"),
            "lifetime_caps": _by_tier("500", "1000", "2500", "5000", "10000"),
            "tier_lots": _by_tier("0.01", "0.05", "0.10", "0.20", "0.50"),
        }
        for name in ("daily_caps", "lifetime_caps", "tier_lots", "manual_lots", "max_lots_by_tier"):
            self._table(name, defaults.get(name, {}), known=TIERS)
        self._table("max_concurrent_by_tier", {}, known=TIERS, least=Decimal(1), is_whole=True)
        for name, default in (("lot", ("1.25", "1.0", "0.625")), ("sl", ("1.0", "1.5", "2.5"))):
            self._table(f"logic_{name}_multipliers", _by_logic(*default))
        self._table("symbol_lot_multipliers", {})
        self._table("max_spread_pips", {}, least=Decimal(0))
        self._table("sl_reduction_percents", {}, least=Decimal(5), most=Decimal(50))
        for name in ("max_lot", "rr_ratio", "reentry_sl_multiplier"):
            self._number(name, above=True)
        for name in ("min_remaining", "max_symbol_lots", "min_rr", "max_symbol_open"):
            self._number(name, is_whole=name == "max_symbol_open")
        self._number("max_concurrent", above=True, is_whole=True)
        self._number("fit_buffer_frac", most=Decimal("0.99"))
        self._caps()
        self._percents()
        self._stops()
        self._steps()
        self._words()
        self._clock()

    def _put(self, name: str, value: Any) -> None:
        object.__setattr__(self._settings, name, value)

    def _words(self) -> None:
        tables = tuple(self._settings.stop_pips)
        tier: Any = self._settings.default_risk_tier
        if isinstance(tier, int) and not isinstance(tier, bool):  # 10000 without quotes is a number
            self._put("default_risk_tier", str(tier))
        choices: tuple[tuple[str, Iterable[str]], ...] = (
            ("default_risk_tier", ("", *TIERS)),
            ("lot_mode", ("fixed", "risk")),
            ("wrong_side_stop", ("table", "refuse")),
            ("unstopped_risk", ("table", "cap")),
            ("count_by", ("entries", "tickets")),
            ("cross_plugin_conflict", ("block_opposite", "allow")),
            ("sl_system", (*tables, "off")),
        )
        for name, known in choices:
            value = getattr(self._settings, name)
            if value not in known:
                said = ", ".join(word or "(empty)" for word in known)
                self._problems.append(f"{name} must be one of {said}, not {value!r}{_near(value, known)}")
        for name in ("force_min_lot", "has_smart_reduction"):
            if not isinstance(getattr(self._settings, name), bool):
                self._problems.append(f"{name} must be true or false, not {getattr(self._settings, name)!r}")

    def _clock(self) -> None:
        settings = self._settings
        try:
            moment = time.fromisoformat(settings.daily_reset_time)
        except (TypeError, ValueError):
            moment = None
        if moment is None or moment.tzinfo is not None:
            self._problems.append(
                f"daily_reset_time must be a time of day such as 03:35, not {settings.daily_reset_time!r}"
            )
        try:
            ZoneInfo(settings.daily_reset_zone)
        except (ZoneInfoNotFoundError, ValueError, TypeError, OSError):
            self._problems.append(
                f"daily_reset_zone must be a time zone such as Asia/Kolkata, not {settings.daily_reset_zone!r}"
            )

    def _table(
        self,
        name: str,
        defaults: Mapping[str, Any],
        *,
        known: Sequence[str] = (),
        least: Decimal = Decimal("1e-9"),
        most: Decimal = _MOST,
        is_whole: bool = False,
    ) -> None:
        rows: dict[str, Any] = dict(defaults)
        for key, value in self._rows(name, getattr(self._settings, name)):
            if known and key not in known:
                self._problems.append(f"{name}.{key} is no tier, there are {', '.join(known)}{_near(key, known)}")
            number = _decimal(value)
            if number is None or not least <= number <= most or (is_whole and number != int(number)):
                kind = "a whole number" if is_whole else "a number"
                self._problems.append(f"{name}.{key} must be {kind} between {least} and {most}, not {value!r}")
            else:
                rows[key] = int(number) if is_whole else number
        self._put(name, rows)

    def _rows(self, name: str, table: Any) -> Iterable[tuple[str, Any]]:
        if not isinstance(table, Mapping) or len(table) > MAX_TABLE:
            self._problems.append(f"{name} must be a table of at most {MAX_TABLE} rows, not {str(table)[:80]!r}")
            return ()
        return [(str(key), value) for key, value in table.items()]

    def _number(self, name: str, *, above: bool = False, most: Decimal = _MOST, is_whole: bool = False) -> None:
        value = getattr(self._settings, name)
        number = _decimal(value)
        if number is None or not 0 <= number <= most or (above and not number) or (is_whole and number != int(number)):
            kind = "a whole number" if is_whole else "a number"
            self._problems.append(f"{name} must be {kind} {'above 0' if above else 'from 0'} to {most}, not {value!r}")
        else:
            self._put(name, int(number) if is_whole else number)

    def _caps(self) -> None:
        daily, lifetime = self._settings.daily_caps, self._settings.lifetime_caps
        for tier in TIERS:
            if daily[tier] > lifetime[tier]:
                self._problems.append(
                    f"daily_caps.{tier} is {daily[tier]}, more than a lifetime may lose (lifetime_caps.{tier} is "
                    f"{lifetime[tier]})"
                )

    def _percents(self) -> None:
        found = {
            tier: {word: Decimal(value) for word, value in zip(VOLATILITY_CLASSES, values, strict=True)}
            for tier, values in _PERCENTS.items()
        }
        for tier, row in self._rows("risk_percents", self._settings.risk_percents):
            if tier not in TIERS:
                self._problems.append(f"risk_percents.{tier} is no tier, there are {', '.join(TIERS)}")
                continue
            for word, value in self._rows(f"risk_percents.{tier}", row):
                number = _decimal(value)
                if word not in VOLATILITY_CLASSES or number is None or not 0 < number <= 100:
                    self._problems.append(
                        f"risk_percents.{tier}.{word} must be {', '.join(VOLATILITY_CLASSES)} with a number above 0 "
                        f"and up to 100, not {value!r}{_near(word, VOLATILITY_CLASSES)}"
                    )
                else:
                    found[tier][word] = number
        self._put("risk_percents", found)

    def _stops(self) -> None:
        found: dict[str, dict[str, tuple[Decimal, ...]]] = {
            name: {symbol: tuple(Decimal(pips) for pips in row) for symbol, row in table.items()}
            for name, table in STOP_TABLES.items()
        }
        for name, table in self._rows("stop_pips", self._settings.stop_pips):
            rows = found.setdefault(name, {})
            for symbol, row in self._rows(f"stop_pips.{name}", table):
                pips = [_decimal(cell) for cell in row] if isinstance(row, list | tuple) else []
                good = tuple(p for p in pips if p is not None and 0 < p <= 1_000_000)
                if len(good) != len(TIERS) or len(pips) != len(TIERS):
                    self._problems.append(
                        f"stop_pips.{name}.{symbol} must be {len(TIERS)} numbers of pips above 0, one a tier, "
                        f"not {row!r}"
                    )
                else:
                    rows[symbol] = good
        self._put("stop_pips", found)

    def _steps(self) -> None:
        pair: list[tuple[Decimal, ...]] = []
        for name in ("reduction_from_frac", "reduction_to_frac"):
            given = getattr(self._settings, name)
            numbers = [_decimal(value) for value in given] if isinstance(given, list | tuple) else []
            good = tuple(n for n in numbers if n is not None and 0 <= n <= 1)
            if not good or len(good) != len(numbers):
                self._problems.append(f"{name} must be a list of shares from 0 to 1, not {given!r}")
            self._put(name, good)
            pair.append(good)
        starts, sizes = pair
        if starts and sizes and (len(starts) != len(sizes) or starts[-1] or list(starts) != sorted(set(starts))[::-1]):
            self._problems.append(
                "reduction_from_frac must fall to 0 and be as long as reduction_to_frac, "
                f"not {[str(s) for s in starts]} with {[str(s) for s in sizes]}"
            )


def _decimal(value: Any) -> Decimal | None:
    """A finite number as it is written, None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _near(word: Any, known: Iterable[str]) -> str:
    found = get_close_matches(str(word), [k for k in known if k], 1)
    return f" (did you mean {found[0]}?)" if found else ""
