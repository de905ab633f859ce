"""From a plan to two legs: lots in steps, stops, targets and trails, each leg checked for itself before it goes.

- A has the smart stop where it lies on the right side, else the stop table's; its target is the plan's, else so many
  stop distances; it trails from half its stop distance on, first to break-even, then in quarters.
- B loses a fixed amount at its stop, measured from its fill. Where that stop would be nearer than the floor (the stops
  level, three spreads, the instrument's least stop), B's lot is cut so that the loss stays within the amount; below the
  minimum lot B does not go. The stops level counts from the closing side, so the spread is added to it.
- Distances in money: stops are cut to whole points (never more loss), bookings raised to them (never less profit).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from zepix.model import Instrument, Refused, Trail
from zepix.model.order import MAX_TRAIL_POINTS
from zepix.model.settings_dual_order import DualOrderSettings
from zepix.model.stop_trail import StopTrail, share_up
from zepix.services.dual_plan import DualPlan, Leg, OrderConfig
from zepix.services.lot_split import min_steps

__all__ = ["LegMaker", "Situation", "fit_to_risk", "floor_points"]

_NOTHING: Final = Decimal(0)
_HAIR: Final = Decimal("1e-9")
"""Money that two ways of multiplying the same numbers may differ by."""


class Situation:
    """What legs are made in: the instrument, its quote in points, the rate of its profit currency."""

    __slots__ = ("_moneys", "ask", "bid", "instrument", "rate", "spread")

    def __init__(self, instrument: Instrument, bid: int, ask: int, rate: Decimal) -> None:
        self.instrument = instrument
        self.bid = bid
        self.ask = ask
        self.rate = rate
        self.spread = ask - bid
        self._moneys: dict[int, Decimal] = {}
        """By steps: legs ask for theirs several times."""

    def entry(self, sign: int) -> int:
        """What a market order would pay."""
        return self.ask if sign > 0 else self.bid

    def closing(self, sign: int) -> int:
        """What a close would get."""
        return self.bid if sign > 0 else self.ask

    def money(self, steps: int) -> Decimal:
        """Money a point for so many steps, in the account's currency."""
        known = self._moneys.get(steps)
        if known is None:
            known = self._moneys[steps] = self.instrument.lots(steps) * self.instrument.point_value * self.rate
        return known


@lru_cache(maxsize=1024, typed=True)
def _exactly(number: float) -> Decimal:
    """A number of the settings as it is written."""
    return Decimal(str(number))


@lru_cache(maxsize=1024)
def _points_up(distance: Decimal, point: Decimal) -> int:
    return math.ceil(distance / point)


def floor_points(settings: DualOrderSettings, instrument: Instrument, spread: int) -> int:
    """The least distance of B's stop, and of those like it, from its fill."""
    level = instrument.stops_level_points or settings.stops_level_if_none_points
    least = _points_up(instrument.min_stop_distance, instrument.point)
    return max(level + spread, share_up(spread, settings.b_floor_spreads), least, 1)


class LegMaker:
    """Makes the legs of one plan in one situation; ``numbers`` gathers what decided."""

    def __init__(self, settings: DualOrderSettings, plan: DualPlan, situation: Situation) -> None:
        self._settings = settings
        self._plan = plan
        self._at = situation
        self._sign = sign = plan.side.sign
        self._entry, self._closing = situation.entry(sign), situation.closing(sign)
        self._stop_level: tuple[float | None, int] = (None, 0)
        """A stop and its points: A and B mostly have the same."""
        self.numbers: dict[str, Any] = {"spread_points": situation.spread}

    @property
    def stops_level(self) -> int:
        return self._at.instrument.stops_level_points or self._settings.stops_level_if_none_points

    def is_right_side(self, sl: float | None) -> bool:
        """Whether a price is there and lies behind the price that a close would get."""
        if not sl or not math.isfinite(sl):
            return False
        return self._sign * (self._closing - self._level(sl)) > 0

    def _level(self, sl: float | None) -> int:
        if sl != self._stop_level[0]:
            self._stop_level = (sl, self._at.instrument.level(sl))
        return self._stop_level[1]

    def leg_a(self, steps: int, sl: float | Refused) -> Leg:
        """A with its stop; Refused where nobody knows one."""
        leg = Leg("A", steps)
        if isinstance(sl, Refused):
            leg.refused = sl
            return leg
        plan, settings = self._plan, self._settings
        self._set_stop(leg, sl)
        if _is_price(plan.tp_a):
            leg.tp = plan.tp_a
        else:
            self._ahead(leg, share_up(leg.stop_points, settings.rr_ratio if plan.rr_ratio is None else plan.rr_ratio))
        if settings.a_trailing if plan.a_trailing is None else plan.a_trailing:
            fractions = (settings.a_trail_start_frac, settings.a_trail_step_frac)
            leg.trails = (StopTrail.of(leg.stop_points, *fractions, self._at.instrument.stops_level_points),)
        return self._checked(leg)

    def leg_b(self, steps: int, sl: float | Refused) -> Leg:
        """B with A's stop (``alert``) or its own in money, and its booking, or its target."""
        plan, settings = self._plan, self._settings
        leg = Leg("B", steps)
        if (plan.order_b_sl or settings.order_b_sl) == "alert":
            if isinstance(sl, Refused):
                leg.refused = sl
            else:
                self._set_stop(leg, sl)
        else:
            self._dollar_stop(leg)
        if leg.refused is not None:
            return leg
        if settings.profit_booking if plan.profit_booking is None else plan.profit_booking:
            self._book(leg)
        elif _is_price(plan.tp_b):
            leg.tp = plan.tp_b
        else:
            self._ahead(leg, share_up(leg.stop_points, settings.b_rr_ratio))
        return self._checked(leg)

    def leg_by(self, config: OrderConfig, role: str, steps: int, sl: float | Refused) -> Leg:
        """A leg as its strategy wants it; ``sl`` is the plan's stop, where the configuration has none."""
        plan, settings, leg = self._plan, self._settings, Leg(role, steps)
        if config.sl_type == "fixed_risk_sl":
            self._dollar_stop(leg, Decimal(str(config.risk_amount)))
        elif config.sl_pips:
            leg.stop_points = self._pips(config.sl_pips)
            leg.sl_offset = self._at.instrument.price(leg.stop_points) * -self._sign
        elif isinstance(sl, Refused):
            leg.refused = sl
        else:
            self._set_stop(leg, sl)
        if leg.refused is not None:
            return leg
        target, ratio = (plan.tp_a, settings.rr_ratio) if role == "A" else (plan.tp_b, settings.b_rr_ratio)
        if role == "A" and plan.rr_ratio is not None:
            ratio = plan.rr_ratio
        if config.tp_pips:
            self._ahead(leg, self._pips(config.tp_pips))
        elif config.order_type == "PROFIT_TRAIL":
            self._book(leg)
        elif _is_price(target):
            leg.tp = target
        else:
            self._ahead(leg, share_up(leg.stop_points, ratio))
        if config.trailing_enabled:
            leg.trails = (self._trail(config, leg),)
        return self._checked(leg)

    def _trail(self, config: OrderConfig, leg: Leg) -> Trail:
        """Break-even at its start, then in steps; what the configuration leaves open is a share of the stop."""
        settings, level = self._settings, self._at.instrument.stops_level_points
        start, step = self._pips(config.trailing_start_pips), self._pips(config.trailing_step_pips)
        usual = StopTrail.of(leg.stop_points, settings.a_trail_start_frac, settings.a_trail_step_frac, level)
        if not start and not step:
            return usual
        start = max(level, start) or usual.start
        return Trail(start, step or usual.step, start)

    def _pips(self, pips: float) -> int:
        instrument = self._at.instrument
        return min(MAX_TRAIL_POINTS, math.ceil(Decimal(str(pips)) * instrument.pip / instrument.point))

    def _dollar_stop(self, leg: Leg, wanted: Decimal | None = None) -> None:
        settings, instrument, numbers = self._settings, self._at.instrument, self.numbers
        by_logic = settings.b_loss_money_by_logic
        money = _exactly(by_logic.get(self._plan.logic, settings.b_loss_money)) if wanted is None else wanted
        floor = floor_points(settings, instrument, self._at.spread)
        before = leg.steps
        numbers["b_loss_money"], numbers["b_floor_points"] = float(money), floor
        reach = money / self._at.money(before)
        if reach < floor:
            leg.steps = int(money / (self._at.money(1) * floor))
            numbers["b_lots_before"] = float(instrument.lots(before))
            numbers["b_lots"] = float(instrument.lots(leg.steps))
            if leg.steps < min_steps(instrument):
                leg.refused = Refused(
                    "volume_too_small",
                    f"{leg.role} would lose {money} at {floor} points only below the minimum of "
                    f"{instrument.volume_min} lots",
                )
                return
            reach = money / self._at.money(leg.steps)
        distance = min(MAX_TRAIL_POINTS, int(reach))
        leg.stop_points = distance
        leg.sl_offset = instrument.price(distance) * -self._sign
        numbers["b_stop_points"] = distance

    def _book(self, leg: Leg) -> None:
        money = _exactly(self._settings.b_target_money)
        nearest = self.stops_level - self._at.spread
        points = min(MAX_TRAIL_POINTS, max(1, nearest, math.ceil(money / self._at.money(leg.steps))))
        self.numbers["b_target_money"], self.numbers["b_target_points"] = float(money), points
        if self._settings.booking_at == "engine":
            leg.booking_points = points
        else:
            leg.target_reason = "profit_booking"
            self._ahead(leg, points)

    def _set_stop(self, leg: Leg, sl: float) -> None:
        leg.sl = sl
        leg.stop_points = abs(self._entry - self._level(sl))

    def _ahead(self, leg: Leg, points: int) -> None:
        leg.tp_offset = self._at.instrument.price(points) * self._sign

    def _checked(self, leg: Leg) -> Leg:
        """Sides and the stops level, by the closing side's price, as the broker will check them at the fill."""
        instrument, sign = self._at.instrument, self._sign
        entry, closing, level = self._entry, self._closing, max(1, self.stops_level)
        stop = self._level(leg.sl) if leg.sl_offset is None else entry + instrument.points(leg.sl_offset)
        target = instrument.level(leg.tp) if leg.tp_offset is None else entry + instrument.points(leg.tp_offset)
        if (not stop or sign * (closing - stop) >= level) and (not target or sign * (target - closing) >= level):
            return leg
        for name, points, ahead in (("stop", stop, -sign), ("target", target, sign)):
            if points and ahead * (points - closing) < level:
                leg.refused = Refused(
                    "invalid_stops",
                    f"{leg.role}: the {name} of a {self._plan.side} at {instrument.price(points)}, where a close "
                    f"would get {instrument.price(closing)} and the stops level is {level} points",
                )
                return leg
        return leg


def _is_price(level: float | None) -> bool:
    return bool(level) and math.isfinite(level or 0.0)


def fit_to_risk(legs: Iterable[Leg], left: Decimal, at: Situation, numbers: dict[str, Any]) -> None:
    """Refuse each leg whose loss at its stop is more than the legs before it leave; note what all may lose.

    The risk gate knows one size and one stop. Legs may lose more than that: B at its fixed loss, both with the whole
    size each, or raised to the minimum lot.
    """
    total, most = _NOTHING, left + _HAIR
    for leg in legs:
        if not leg.steps or leg.refused is not None:
            continue
        loss = at.money(leg.steps) * leg.stop_points
        if total + loss > most:
            word = f"{leg.role} would lose {loss:.2f} at its stop, and {left - total:.2f} is left"
            leg.refused = Refused("risk_too_large", word)
        else:
            total += loss
    numbers["risk_money"] = float(total)
