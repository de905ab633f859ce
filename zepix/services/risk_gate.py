"""The gate: every check that an entry passes before it is placed, in one order, the first refusal wins.

    unknown_symbol
    paused, equity_guard                            nobody enters
    session_closed, symbol_not_in_session           the sessions service says so
    no_conversion                                   nobody can say what is at stake
    plugin_trades_limit, plugin_open_limit, plugin_daily_loss
    cross_plugin_conflict                           another family is on the other side of the symbol
    daily_cap, lifetime_cap                         gross losses plus open risk leave less than ``min_remaining``
    concurrent_limit, symbol_exposure
    spread_unknown, spread_high
    no_entry_price, invalid_stops, rr_too_low
    volume_too_small, risk_too_large                the size does not fit (risk_size.py)
    no_money, no_conversion                         free margin; without a position all of the equity is free

Shadow mode and disabled plugins are the engine's to refuse. A money check counts what the entry's plugin, and the whole
account, could lose; a size is then cut to what is left.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from zepix.model import Instrument, Refused, Side
from zepix.model.settings_risk import PluginLimits
from zepix.services.market import UNKNOWN_SPREAD_PIPS
from zepix.services.risk_case import Case, GatePorts
from zepix.services.risk_size import Fitting, Sizes, SizeWanted, number_of
from zepix.services.risk_values import GateAnswer, TradeRequest

__all__ = ["RiskGate"]

ZERO: Final = Decimal(0)
INFINITE: Final = Decimal("Infinity")
MOST_SPREADS: Final = 10_000


class RiskGate:
    """Turns a request into an answer; asks much, changes nothing."""

    def __init__(self, core: GatePorts) -> None:
        self._core = core
        self._sizes = Sizes(core.settings)
        self._usable = 1 - core.settings.fit_buffer_frac
        self._spreads: dict[tuple[str, int], Decimal] = {}
        self._least: dict[str, Decimal] = {}
        self._checks: tuple[Callable[[Case], str], ...] = (
            self._standing,
            self._session,
            self._measure,
            self._plugin,
            self._others,
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
        side = request.side if isinstance(request.side, Side) else Side.of(request.side)
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
        case.said += ("risk_tier", case.tier)
        return _noted(case, self._core.standing_refusal())

    def _session(self, case: Case) -> str:
        return _noted(case, self._core.session_refusal(case.request.symbol, case.request.is_recovery))

    def _measure(self, case: Case) -> str:
        core = self._core
        if not core.money.has_rate(case.instrument):
            return "no_conversion"
        case.per_point = core.money.per_point(case.instrument)
        leaving = -case.sign if case.request.reverses else 0
        case.stake = core.at_stake.look(case.tier, case.plugin_id, case.request.symbol, leaving)
        return ""

    def _plugin(self, case: Case) -> str:
        request, limits, stake = case.request, case.limits, case.stake
        core = self._core
        ledger = core.ledger
        trades = limits.max_trades_day if request.max_trades_day is None else request.max_trades_day
        if trades is not None and not request.continues:
            today = ledger.entries_with(case.plugin_id, stake.plugin_under_way)
            case.said += ("plugin_trades", today, "plugin_max_trades", trades)
            if today >= trades:
                return "plugin_trades_limit"
        opened = limits.max_open if request.max_open is None else request.max_open
        if opened is not None and not request.is_open:
            case.said += ("plugin_open", stake.plugin_entries, "plugin_max_open", opened)
            if stake.plugin_entries >= opened:
                return "plugin_open_limit"
        money = limits.daily_loss_limit if request.daily_loss_limit is None else request.daily_loss_limit
        case.left = INFINITE
        if money is not None:
            lost = ledger.plugin_loss(case.plugin_id)
            case.left = left = _limit(money) - lost - stake.plugin_risk
            case.said += ("plugin_loss", lost, "plugin_open_risk", stake.plugin_risk, "plugin_day_left", left)
            if left < core.settings.min_remaining:
                return "plugin_daily_loss"
        return ""

    def _others(self, case: Case) -> str:
        """Plugins of one family are independent of each other; those of two never stand against each other."""
        core = self._core
        if not case.stake.foreign or core.settings.cross_plugin_conflict == "allow":
            return ""
        family = core.family_of(case.plugin_id)
        for (other, side), plugin_id in sorted(case.stake.foreign.items()):
            if family is not None and other != family and side == -case.sign:
                case.say("conflict_plugin", plugin_id, "conflict_side", "buy" if side > 0 else "sell")
                return "cross_plugin_conflict"
        return ""

    def _caps(self, case: Case) -> str:
        core, risk = self._core, case.stake.risk
        settings, ledger = core.settings, core.ledger
        daily, lifetime = settings.daily_caps[case.tier], settings.lifetime_caps[case.tier]
        lost, ever = ledger.day_loss, ledger.lifetime_loss
        case.day_left = day_left = daily - lost - risk
        lifetime_left = lifetime - ever - risk
        case.said += (
            *("open_risk", risk, "day_loss", lost, "daily_cap", daily, "day_left", day_left),
            *("lifetime_loss", ever, "lifetime_cap", lifetime, "lifetime_left", lifetime_left),
        )
        if day_left < settings.min_remaining:
            return "daily_cap"
        if lifetime_left < settings.min_remaining:
            return "lifetime_cap"
        case.left = min(case.left, day_left, lifetime_left)
        return ""

    def _crowd(self, case: Case) -> str:
        core, stake = self._core, case.stake
        by_tickets = core.settings.count_by == "tickets"
        if case.request.is_open and not by_tickets:
            return ""
        there = stake.count if by_tickets else stake.entries
        most = core.tiers.max_concurrent(case.tier)
        case.said += ("concurrent", there, "max_concurrent", most)
        return "concurrent_limit" if there + (max(case.request.legs, 1) if by_tickets else 1) > most else ""

    def _exposure(self, case: Case) -> str:
        settings, stake, instrument = self._core.settings, case.stake, case.instrument
        if settings.max_symbol_open and not case.request.is_open:
            case.say("symbol_open", stake.symbol_entries, "symbol_max_open", settings.max_symbol_open)
            if stake.symbol_entries >= settings.max_symbol_open:
                return "symbol_exposure"
        rooms = []
        if settings.max_symbol_lots:
            rooms.append(settings.max_symbol_lots - instrument.lots(stake.symbol_steps))
        if case.limits.max_symbol_lots is not None:
            rooms.append(_limit(case.limits.max_symbol_lots) - instrument.lots(stake.plugin_symbol_steps))
        if rooms:
            case.exposure_left = min(rooms)
            case.say("exposure_left", case.exposure_left)
            if case.exposure_left < instrument.volume_min:
                return "symbol_exposure"
        return ""

    # --- the price -------------------------------------------------------------------------------------------------

    def _spread(self, case: Case) -> str:
        request, instrument = case.request, case.instrument
        case.quote = quote = self._core.quotes.quote_points(request.symbol)
        if quote is None:
            case.say("spread", UNKNOWN_SPREAD_PIPS)
            return "spread_unknown"
        spread = self._pips(instrument, quote[1] - quote[0])
        case.said += ("spread", spread)
        own = case.limits.max_spread_pips if request.max_spread_pips is None else request.max_spread_pips
        most = self._core.settings.max_spread_pips.get(request.symbol) if own is None else _limit(own)
        if most is None:
            return ""
        case.say("max_spread", most)
        return "spread_high" if spread > most else ""

    def _pips(self, instrument: Instrument, points: int) -> Decimal:
        """So many points of spread in pips; spreads are few, so each is divided once."""
        known = self._spreads.get((instrument.symbol, points))
        if known is None:
            known = points * instrument.point / instrument.spread_pip
            if len(self._spreads) < MOST_SPREADS:
                self._spreads[instrument.symbol, points] = known
        return known

    def _entry(self, case: Case) -> str:
        price = case.request.entry_price
        if price is None:
            assert case.quote is not None, "an unknown price is refused before"
            case.entry_points = case.quote[1 if case.sign > 0 else 0]
        else:
            if not math.isfinite(price) or price <= 0:
                return "no_entry_price"
            case.entry_points = case.instrument.level(price)
        case.said += ("entry", case.instrument.price(case.entry_points))
        return ""

    def _stop(self, case: Case) -> str:
        """The alert's stop where it lies on the right side, else the table's.

        Right is beyond what a close would get: a stop inside the spread is met by the fill itself.
        """
        assert case.quote is not None, "an unknown price is refused before"
        request, instrument = case.request, case.instrument
        asked = request.sl_price or 0.0
        if asked and math.isfinite(asked) and asked > 0:
            points = instrument.level(asked)
            if case.sign * (case.entry_points - points) > case.quote[1] - case.quote[0]:
                case.sl_points = points
                case.said += ("sl", instrument.price(points), "sl_source", "alert")
                return ""
        if asked:
            case.say("sl_asked", asked)
            if self._core.settings.wrong_side_stop == "refuse":
                return "invalid_stops"
        return self._table_stop(case)

    def _table_stop(self, case: Case) -> str:
        request, tables = case.request, self._core.tables
        own = number_of(request.sl_multiplier)
        lots = None if request.lots is None else number_of(request.lots)
        if own is None or (request.lots is not None and lots is None):
            return "invalid_stops" if own is None else "volume_too_small"
        multiplier = tables.multiplier(request.symbol, own, request.logic, request.is_recovery)
        entry = case.instrument.price(case.entry_points)
        level, source = self._core.table_stop(case.instrument, case.side, entry, lots, multiplier)
        if level is None:
            return "invalid_stops"
        case.sl_points = case.instrument.points(level)
        case.say("sl", level, "sl_source", source, "sl_multiplied", multiplier)
        return ""

    def _reward(self, case: Case) -> str:
        target, least = case.request.tp_price, self._core.settings.min_rr
        if target is None or not math.isfinite(target) or not target:
            return ""
        ahead = case.sign * (case.instrument.level(target) - case.entry_points)
        ratio = Decimal(ahead) / abs(case.entry_points - case.sl_points)
        case.said += ("rr", ratio)
        return "rr_too_low" if least and ratio < least else ""

    # --- the size --------------------------------------------------------------------------------------------------

    def _size(self, case: Case) -> str:
        core, request, instrument, tier = self._core, case.request, case.instrument, case.tier
        points, settings = abs(case.entry_points - case.sl_points), core.settings
        per_point = case.per_point
        at_stop = per_point * points
        least = self._least_points(instrument)
        percent = request.risk_percent
        if percent is None and settings.lot_mode == "risk" and request.lots is None:
            percent = core.tiers.risk_percent(tier, instrument)
        wanted = SizeWanted(
            instrument,
            request.lots,
            percent,
            core.tiers.lots(tier),
            case.balance,
            per_point * least if points < least else at_stop,
            (request.lot_multiplier, request.logic, "" if request.continues else request.symbol),
        )
        most = min(core.tiers.max_lot(tier), instrument.volume_max)
        own = case.limits.max_lot if request.max_lot is None else request.max_lot
        if own is not None:
            most = min(most, _limit(own))
        if case.exposure_left is not None:
            most = min(most, case.exposure_left)
        case.room = case.left * self._usable
        fitting = Fitting(most, case.day_left / settings.daily_caps[tier], case.room, at_stop)
        case.lots, reason = self._sizes.size(wanted, fitting, case.said)
        if not reason:
            case.said += ("lots", case.lots, "risk_money", at_stop * case.lots)
        return reason

    def _least_points(self, instrument: Instrument) -> Decimal:
        """The symbol's least stop distance in points."""
        known = self._least.get(instrument.symbol)
        if known is None:
            known = self._least[instrument.symbol] = instrument.min_stop_distance / instrument.point
        return known

    def _margin(self, case: Case) -> str:
        """Whether the equity covers the margin after the fill; the larger side of a symbol counts, as in the books."""
        core = self._core
        wanted = core.money.margin(case.instrument, case.lots, core.leverage)
        if wanted is None:
            return "no_conversion"
        longs, shorts = case.stake.margins
        before = max(longs, shorts)
        after = max(longs + wanted, shorts) if case.sign > 0 else max(longs, shorts + wanted)
        if after > before:
            free, more = core.account.free_margin, after - before
            case.said += ("margin_wanted", more, "free_margin", free)
            if free < more:
                return "no_money"
        return ""


def _noted(case: Case, refused: Refused | None) -> str:
    if refused is None:
        return ""
    if refused.detail:
        case.say("detail", refused.detail)
    return refused.reason


def _limit(value: Any) -> Decimal:
    """A limit as a number; one that is none allows nothing."""
    return number_of(value) or ZERO
