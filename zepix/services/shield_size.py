"""How large a reverse shield may be: half the original's lots a leg, less where limits say so, none below a minimum.

In this order: balance, distance to the original entry, the day's loss allowance that must be left, the margin that must
stay free, and the risk gate, which counts a shield as new risk like any other.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Any, Final

from zepix.model import Catalogue, Instrument, Refused, Side
from zepix.model.settings_autonomous import ReverseShieldSettings
from zepix.services.account import AccountService
from zepix.services.risk_money import RiskMoney
from zepix.services.risk_values import TradeRequest
from zepix.services.safety_values import ShieldCase

__all__ = ["ShieldPlan", "ShieldSizes"]

LEGS: Final = 2


@dataclass(frozen=True, slots=True)
class ShieldPlan:
    """Two legs of ``lots`` each, opposite to the original. Levels in points."""

    side: Side
    lots: Decimal
    sl_points: int
    tp_points: int
    kill_points: int


class ShieldSizes:
    """Answers with a plan or with the reason why there is none."""

    def __init__(
        self,
        settings: ReverseShieldSettings,
        catalogue: Catalogue,
        account: AccountService,
        money: RiskMoney,
        leverage: Decimal,
    ) -> None:
        self._settings = settings
        self._catalogue = catalogue
        self._account = account
        self._money = money
        self._leverage = leverage

    def plan(
        self,
        case: ShieldCase,
        quote: tuple[int, int] | None,
        risk: Any,
        *,
        daily_loss_limit: float | None = None,
        is_open: bool = False,
    ) -> ShieldPlan | Refused:
        """``quote``: (bid, ask) of now; ``risk``: the plugin's risk service, None where it has none;
        ``daily_loss_limit``: what the plugin may lose in a day; ``is_open``: something of the guarded entry is open.

        Refused ``balance_too_low, no_prices, no_gap, too_late, target_passed, no_conversion, daily_room,
        no_free_margin, volume_too_small`` or what the risk gate says.
        """
        settings, instrument = self._settings, self._catalogue[case.symbol]
        if self._account.balance < settings.min_balance:
            return Refused("balance_too_low", f"balance {self._account.balance}, shields need {settings.min_balance}")
        if quote is None:
            return Refused("no_prices", f"no price of {case.symbol} is known")
        gap = case.side * (case.entry_points - case.sl_points)
        if gap <= 0:
            return Refused("no_gap", "the stop did not lie behind the entry")
        kill = case.sl_points + case.side * _points(gap * settings.kill_frac)
        bid, ask = quote
        reached = bid >= kill if case.side > 0 else ask <= kill
        if reached:
            return Refused("too_late", "the price is back at the recovery level already")
        target = max(case.sl_points - case.side * _points(gap * settings.reward_ratio), 1)
        if case.side * ((ask if case.side > 0 else bid) - target) < max(instrument.stops_level_points, 1):
            return Refused("target_passed", "the price is at the target of shield A already")
        if not self._money.has_rate(instrument):
            return Refused("no_conversion", f"nobody knows what one {instrument.profit_currency} is worth")
        distance = abs(case.entry_points - (bid if case.side > 0 else ask))
        wanted = instrument.steps(case.lots * settings.lot_frac)
        steps = self._fitted(instrument, wanted, distance, risk)
        if isinstance(steps, Refused):
            return steps
        side = Side.SELL if case.side > 0 else Side.BUY
        steps = self._gated(instrument, case, side, steps, risk, daily_loss_limit, is_open)
        if isinstance(steps, Refused):
            return steps
        return ShieldPlan(side, instrument.lots(steps), case.entry_points, target, kill)

    def _fitted(self, instrument: Instrument, wanted: int, distance: int, risk: Any) -> int | Refused:
        """Steps of a leg by what the day may still lose and by the margin that stays free."""
        settings, steps = self._settings, wanted
        if risk is not None:
            room = risk.get_remaining_daily_loss() - settings.daily_room
            per_step = self._money.per_point(instrument) * distance * instrument.volume_step * LEGS
            steps = min(steps, int(room / per_step)) if per_step else steps
            if self._is_small(instrument, steps):
                if self._is_small(instrument, wanted):
                    return self._small(instrument, wanted)
                return Refused("daily_room", f"the day may lose {room} more, beside {settings.daily_room} kept")
        margin = self._money.margin(instrument, instrument.lots(1) * LEGS, self._leverage)
        if margin is None:
            return Refused("no_conversion", f"nobody knows what one {instrument.margin_currency} is worth")
        free = self._account.free_margin - settings.free_margin_frac * self._account.equity
        if margin and steps * margin > free:
            steps = int(free / margin)
            if self._is_small(instrument, steps):
                return Refused("no_free_margin", f"{free} may be used, {settings.free_margin_frac} of equity stays")
        return self._small(instrument, steps) if self._is_small(instrument, steps) else steps

    def _gated(
        self,
        instrument: Instrument,
        case: ShieldCase,
        side: Side,
        steps: int,
        risk: Any,
        limit: float | None,
        is_open: bool,
    ) -> int | Refused:
        """The same steps or fewer, as the risk gate lets through."""
        if risk is None:
            return steps
        request = TradeRequest(
            case.symbol,
            side,
            sl_price=instrument.price(case.entry_points),
            lots=instrument.lots(steps * LEGS),
            legs=LEGS,
            is_recovery=True,
            continues=True,  # the original's lots have the symbol's multiplier already
            is_open=is_open,
            daily_loss_limit=limit,
        )
        answer = risk.gate(request)
        if not answer:
            found: Refused = answer.refused
            return found
        if answer.sl_price != request.sl_price:
            return Refused("too_late", "the original entry lies within the spread")
        allowed = min(steps, instrument.steps(answer.lots) // LEGS)
        return self._small(instrument, allowed) if self._is_small(instrument, allowed) else allowed

    @staticmethod
    def _is_small(instrument: Instrument, steps: int) -> bool:
        return instrument.lots(max(steps, 0)) < instrument.volume_min

    @staticmethod
    def _small(instrument: Instrument, steps: int) -> Refused:
        lots = instrument.lots(max(steps, 0))
        return Refused("volume_too_small", f"{lots} lots a shield, the minimum is {instrument.volume_min}")


def _points(distance: Decimal) -> int:
    """Whole points, at least the distance."""
    return int(distance.to_integral_value(ROUND_CEILING))
