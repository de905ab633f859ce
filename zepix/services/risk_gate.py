"""The gate: every check that an entry passes before it is placed, in one order, the first refusal wins.

    unknown_symbol
    paused, equity_guard                            nobody enters
    session_closed, symbol_not_in_session           the sessions service says so
    plugin_trades_limit, plugin_open_limit, plugin_daily_loss
    daily_cap, lifetime_cap                         gross losses plus open risk leave less than ``min_remaining``
    concurrent_limit, symbol_exposure
    spread_unknown, spread_high
    no_conversion, no_entry_price, invalid_stops, rr_too_low
    volume_too_small, risk_too_large                the size does not fit (risk_size.py)
    no_money                                        free margin; without a position all of the equity is free

Shadow mode and disabled plugins are the engine's to refuse. A money check counts what the entry's plugin, and the whole
account, could lose; a size is then cut to what is left.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, Protocol, TypeVar

from zepix.model import Catalogue, Instrument, Refused, Side
from zepix.model.settings_risk import PluginLimits, RiskSettings
from zepix.services.account import AccountService
from zepix.services.market import UNKNOWN_SPREAD_PIPS
from zepix.services.risk_ledger import RiskLedger
from zepix.services.risk_money import RiskMoney
from zepix.services.risk_open import AtStake, OpenRisk
from zepix.services.risk_size import Fitting, Sizes, SizeWanted
from zepix.services.risk_tables import StopTables
from zepix.services.risk_tiers import RiskTiers
from zepix.services.risk_values import GateAnswer, QuoteSource, TradeRequest

__all__ = ["Case", "GatePorts", "RiskGate"]

ZERO: Final = Decimal(0)
_Limit = TypeVar("_Limit")


class GatePorts(Protocol):
    """What the gate needs of the risk service's core."""

    settings: RiskSettings
    account: AccountService
    catalogue: Catalogue
    quotes: QuoteSource
    tiers: RiskTiers
    tables: StopTables
    money: RiskMoney
    at_stake: OpenRisk
    leverage: Decimal

    @property
    def ledger(self) -> RiskLedger: ...

    def table_stop(
        self,
        instrument: Instrument,
        side: Side,
        entry_price: float,
        lots: Decimal | float | str | None,
        multiplier: Decimal,
    ) -> tuple[float | None, str]: ...

    def standing_refusal(self) -> Refused | None:
        """``paused`` or ``equity_guard``; None where entries are open."""
        ...

    def session_refusal(self, symbol: str, is_recovery: bool) -> Refused | None: ...


@dataclass(slots=True)
class Case:
    """One request on its way through the gate, with what was found out so far."""

    request: TradeRequest
    plugin_id: str
    limits: PluginLimits
    side: Side
    instrument: Instrument
    tier: str
    balance: Decimal
    numbers: dict[str, Any] = field(default_factory=dict)
    """As they were computed; the answer has them as floats."""
    stake: AtStake = field(default_factory=AtStake)
    left: Decimal = ZERO
    """Money that the nearest of the caps leaves."""
    day_left: Decimal = ZERO
    exposure_left: Decimal | None = None
    quote: tuple[int, int] | None = None
    entry_points: int = 0
    sl_points: int = 0
    lots: Decimal = ZERO

    def answer(self, reason: str) -> GateAnswer:
        numbers = {name: v if isinstance(v, str) else float(v) for name, v in self.numbers.items()}
        if reason:
            return GateAnswer(False, reason, ZERO, None, numbers)
        return GateAnswer(True, "", self.lots, self.instrument.price(self.sl_points), numbers)


class RiskGate:
    """Turns a request into an answer; asks much, changes nothing."""

    def __init__(self, core: GatePorts) -> None:
        self._core = core
        self._sizes = Sizes(core.settings)
        self._checks: tuple[Callable[[Case], str], ...] = (
            self._standing,
            self._session,
            self._measure,
            self._plugin,
            self._caps,
            self._crowd,
            self._exposure,
            self._spread,
            self._entry,
            self._stop,
            self._reward,
            self._size,
            self._margin,
        )

    def check(self, request: TradeRequest, plugin_id: str, limits: PluginLimits) -> GateAnswer:
        """The answer to an entry; raises ValueError for a side that is none."""
        core = self._core
        side = Side.of(request.side)
        instrument = core.catalogue.get(request.symbol)
        if instrument is None:
            return GateAnswer(False, "unknown_symbol", ZERO, None, {"symbol": request.symbol})
        balance = core.account.balance
        case = Case(request, plugin_id, limits, side, instrument, core.tiers.tier_of(balance), balance)
        for check in self._checks:
            reason = check(case)
            if reason:
                return case.answer(reason)
        return case.answer("")

    # --- who may enter at all --------------------------------------------------------------------------------------

    def _standing(self, case: Case) -> str:
        case.numbers.update(risk_tier=case.tier)
        return _noted(case, self._core.standing_refusal())

    def _session(self, case: Case) -> str:
        return _noted(case, self._core.session_refusal(case.request.symbol, case.request.is_recovery))

    def _measure(self, case: Case) -> str:
        if not self._core.money.has_rate(case.instrument):
            return "no_conversion"
        case.stake = self._core.at_stake.look(case.tier, case.plugin_id, case.request.symbol)
        return ""

    def _plugin(self, case: Case) -> str:
        request, limits, stake = case.request, case.limits, case.stake
        ledger, most = self._core.ledger, self._core.settings.min_remaining
        trades = _first(request.max_trades_day, limits.max_trades_day)
        if trades is not None:
            today = len(ledger.entries(case.plugin_id) | stake.plugin_under_way)
            case.numbers.update(plugin_trades=today, plugin_max_trades=trades)
            if today >= trades:
                return "plugin_trades_limit"
        opened = _first(request.max_open, limits.max_open)
        if opened is not None:
            case.numbers.update(plugin_open=len(stake.plugin_entries), plugin_max_open=opened)
            if len(stake.plugin_entries) >= opened:
                return "plugin_open_limit"
        money = _first(request.daily_loss_limit, limits.daily_loss_limit)
        case.left = Decimal("Infinity")
        if money is not None:
            lost = ledger.plugin_loss(case.plugin_id)
            case.left = _limit(money) - lost - stake.plugin_risk
            case.numbers.update(plugin_loss=lost, plugin_open_risk=stake.plugin_risk, plugin_day_left=case.left)
            if case.left < most:
                return "plugin_daily_loss"
        return ""

    def _caps(self, case: Case) -> str:
        core, stake = self._core, case.stake
        daily, lifetime = core.settings.daily_caps[case.tier], core.settings.lifetime_caps[case.tier]
        lost, ever = core.ledger.day_loss, core.ledger.lifetime_loss
        case.day_left = daily - lost - stake.risk
        lifetime_left = lifetime - ever - stake.risk
        case.numbers.update(
            open_risk=stake.risk,
            day_loss=lost,
            daily_cap=daily,
            day_left=case.day_left,
            lifetime_loss=ever,
            lifetime_cap=lifetime,
            lifetime_left=lifetime_left,
        )
        if case.day_left < core.settings.min_remaining:
            return "daily_cap"
        if lifetime_left < core.settings.min_remaining:
            return "lifetime_cap"
        case.left = min(case.left, case.day_left, lifetime_left)
        return ""

    def _crowd(self, case: Case) -> str:
        settings, stake = self._core.settings, case.stake
        by_tickets = settings.count_by == "tickets"
        there = stake.count if by_tickets else len(stake.entries)
        most = self._core.tiers.max_concurrent(case.tier)
        case.numbers.update(concurrent=there, max_concurrent=most)
        return "concurrent_limit" if there + (max(case.request.legs, 1) if by_tickets else 1) > most else ""

    def _exposure(self, case: Case) -> str:
        settings, stake, instrument = self._core.settings, case.stake, case.instrument
        if settings.max_symbol_open:
            case.numbers.update(symbol_open=len(stake.symbol_entries), symbol_max_open=settings.max_symbol_open)
            if len(stake.symbol_entries) >= settings.max_symbol_open:
                return "symbol_exposure"
        rooms = []
        if settings.max_symbol_lots:
            rooms.append(settings.max_symbol_lots - instrument.lots(stake.symbol_steps))
        if case.limits.max_symbol_lots is not None:
            rooms.append(_limit(case.limits.max_symbol_lots) - instrument.lots(stake.plugin_symbol_steps))
        if rooms:
            case.exposure_left = min(rooms)
            case.numbers.update(exposure_left=case.exposure_left)
            if case.exposure_left < instrument.volume_min:
                return "symbol_exposure"
        return ""

    # --- the price -------------------------------------------------------------------------------------------------

    def _spread(self, case: Case) -> str:
        request, instrument = case.request, case.instrument
        case.quote = self._core.quotes.quote_points(request.symbol)
        if case.quote is None:
            case.numbers.update(spread=UNKNOWN_SPREAD_PIPS)
            return "spread_unknown"
        spread = (case.quote[1] - case.quote[0]) * instrument.point / instrument.spread_pip
        case.numbers.update(spread=spread)
        own = _first(request.max_spread_pips, case.limits.max_spread_pips)
        most = self._core.settings.max_spread_pips.get(request.symbol) if own is None else _limit(own)
        if most is None:
            return ""
        case.numbers.update(max_spread=most)
        return "spread_high" if spread > most else ""

    def _entry(self, case: Case) -> str:
        price = case.request.entry_price
        if price is None:
            assert case.quote is not None, "an unknown price is refused before"
            case.entry_points = case.quote[1 if case.side is Side.BUY else 0]
        else:
            if not math.isfinite(price) or price <= 0:
                return "no_entry_price"
            case.entry_points = case.instrument.level(price)
        case.numbers.update(entry=case.instrument.price(case.entry_points))
        return ""

    def _stop(self, case: Case) -> str:
        """The alert's stop where it lies on the right side, else the table's."""
        request, instrument = case.request, case.instrument
        asked = request.sl_price or 0.0
        if asked and math.isfinite(asked) and asked > 0:
            points = instrument.level(asked)
            if case.side.sign * (case.entry_points - points) > 0:
                case.sl_points = points
                case.numbers.update(sl=instrument.price(points), sl_source="alert")
                return ""
        if asked:
            case.numbers.update(sl_asked=asked)
            if self._core.settings.wrong_side_stop == "refuse":
                return "invalid_stops"
        return self._table_stop(case)

    def _table_stop(self, case: Case) -> str:
        request, tables = case.request, self._core.tables
        own = _number(request.sl_multiplier)
        lots = None if request.lots is None else _number(request.lots)
        if own is None or (request.lots is not None and lots is None):
            return "invalid_stops" if own is None else "volume_too_small"
        multiplier = tables.multiplier(request.symbol, own, request.logic, request.is_recovery)
        entry = case.instrument.price(case.entry_points)
        level, source = self._core.table_stop(case.instrument, case.side, entry, lots, multiplier)
        if level is None:
            return "invalid_stops"
        case.sl_points = case.instrument.points(level)
        case.numbers.update(sl=level, sl_source=source, sl_multiplied=multiplier)
        return ""

    def _reward(self, case: Case) -> str:
        target, least = case.request.tp_price, self._core.settings.min_rr
        if target is None or not math.isfinite(target) or not target:
            return ""
        ahead = case.side.sign * (case.instrument.level(target) - case.entry_points)
        ratio = Decimal(ahead) / abs(case.entry_points - case.sl_points)
        case.numbers.update(rr=ratio)
        return "rr_too_low" if least and ratio < least else ""

    # --- the size --------------------------------------------------------------------------------------------------

    def _size(self, case: Case) -> str:
        core, request, instrument = self._core, case.request, case.instrument
        points = abs(case.entry_points - case.sl_points)
        per_point = core.money.per_point(instrument)
        least = instrument.min_stop_distance / instrument.point
        percent = request.risk_percent
        if percent is None and core.settings.lot_mode == "risk" and request.lots is None:
            percent = core.tiers.risk_percent(case.tier, instrument)
        wanted = SizeWanted(
            instrument,
            request.lots,
            percent,
            core.tiers.lots(case.tier),
            case.balance,
            per_point * max(Decimal(points), least),
            (request.lot_multiplier, request.logic, request.symbol),
        )
        caps = [core.tiers.max_lot(case.tier), instrument.volume_max]
        own = _first(request.max_lot, case.limits.max_lot)
        caps += [] if own is None else [_limit(own)]
        caps += [] if case.exposure_left is None else [case.exposure_left]
        day_frac = case.day_left / core.settings.daily_caps[case.tier]
        fitting = Fitting(min(caps), day_frac, case.left, per_point * points)
        case.lots, reason = self._sizes.size(wanted, fitting, case.numbers)
        if not reason:
            case.numbers.update(lots=case.lots, risk_money=per_point * points * case.lots)
        return reason

    def _margin(self, case: Case) -> str:
        """Whether the equity covers the margin after the fill; the larger side of a symbol counts, as in the books."""
        core = self._core
        wanted = core.money.margin(case.instrument, case.lots, core.leverage)
        if wanted is None:
            return "no_conversion"
        longs, shorts = case.stake.margins
        before = max(longs, shorts)
        after = max(longs + wanted, shorts) if case.side is Side.BUY else max(longs, shorts + wanted)
        if after > before:
            free = core.account.free_margin
            case.numbers.update(margin_wanted=after - before, free_margin=free)
            if free < after - before:
                return "no_money"
        return ""


def _noted(case: Case, refused: Refused | None) -> str:
    if refused is None:
        return ""
    if refused.detail:
        case.numbers.update(detail=refused.detail)
    return refused.reason


def _first(asked: _Limit | None, own: _Limit | None) -> _Limit | None:
    return own if asked is None else asked


def _limit(value: object) -> Decimal:
    """A limit as a number; one that is none allows nothing."""
    return _number(value) or ZERO


def _number(value: object) -> Decimal | None:
    """A finite number, None for anything else."""
    try:
        number = Decimal(str(value))
    except ArithmeticError:
        return None
    return number if number.is_finite() else None
