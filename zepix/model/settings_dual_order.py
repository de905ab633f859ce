"""The settings of dual orders: how a position is split into A and B, and what stops and targets they have."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any, Final

from zepix.model.timeframe import normalise

__all__ = ["BOOKING_AT", "ORDER_B_SL", "ROUTINGS", "SPLIT_MODES", "DualOrderSettings", "unknown_word"]

ROUTINGS: Final = ("order_a_only", "order_b_only", "dual_orders")
SPLIT_MODES: Final = ("split", "full")
ORDER_B_SL: Final = ("fixed_dollar", "alert")
BOOKING_AT: Final = ("broker", "engine")
_MOST_MONEY: Final = 1e9
_MOST_POINTS: Final = 1_000_000

_LOGIC_ROUTING: Final[Mapping[str, str]] = MappingProxyType(
    {"LOGIC1": "dual_orders", "LOGIC2": "dual_orders", "LOGIC3": "dual_orders"}
)
_TIMEFRAME_ROUTING: Final[Mapping[str, str]] = MappingProxyType(
    {"1m": "order_b_only", "5m": "dual_orders", "15m": "order_a_only", "1h": "order_a_only"}
)
_NO_MONEY: Final[Mapping[str, float]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class DualOrderSettings:
    """Defaults of every dual order; a plan may say otherwise for itself.

    split_mode: ``split``: A and B share the lots; ``full``: each has all of them (twice the exposure).
    b_share_frac: B's share of a split, cut to whole steps; A has the rest. Above 0, up to 0.5.
    force_min_lot: where B would be below the minimum, both go at the minimum; off: A goes alone with everything.
    order_b_sl: ``fixed_dollar``: B loses ``b_loss_money`` at its stop; ``alert``: B has A's stop.
    b_loss_money: what B loses at its fixed stop, in the account's currency, without costs.
    b_loss_money_by_logic: instead, by logic ({LOGIC1 = 20, LOGIC2 = 40, LOGIC3 = 50} is SL-1.1).
    b_floor_spreads: B's fixed stop is never nearer than so many spreads, the stops level, the instrument's least stop.
    profit_booking: B books ``b_target_money``; off: B's target is the plan's, else ``b_rr_ratio``.
    b_target_money: what B books, in the account's currency, without costs.
    booking_at: ``broker``: a real target; ``engine``: a price watch, after which B is closed at the market.
    rr_ratio: A's target where the plan has none, in A's stop distances.
    b_rr_ratio: B's target where the plan has none and nothing is booked, in B's stop distances.
    a_trailing: A's stop follows the price.
    a_trail_start_frac: it begins so many stop distances ahead of the entry, with break-even.
    a_trail_step_frac: it goes on in steps of so many stop distances.
    stops_level_if_none_points: the stops level that our own checks take where the instrument has none.
    quick_close_s: a B that its stop closes so soon after its fill is counted (``quick_closes``).
    per_logic_routing: by logic, ``order_a_only``, ``order_b_only`` or ``dual_orders``; a table in part keeps the rest.
    per_timeframe_routing: the same by timeframe in any spelling, for plans without a logic.
    default_logic_routing: for a logic that is not in the table.
    default_timeframe_routing: for a timeframe that is not in the table.
    """

    split_mode: str = "split"
    b_share_frac: float = 0.5
    force_min_lot: bool = False
    order_b_sl: str = "fixed_dollar"
    b_loss_money: float = 10.0
    b_loss_money_by_logic: Mapping[str, float] = field(default_factory=lambda: _NO_MONEY)
    b_floor_spreads: float = 3.0
    profit_booking: bool = True
    b_target_money: float = 7.0
    booking_at: str = "broker"
    rr_ratio: float = 1.5
    b_rr_ratio: float = 1.0
    a_trailing: bool = True
    a_trail_start_frac: float = 0.5
    a_trail_step_frac: float = 0.25
    stops_level_if_none_points: int = 10
    quick_close_s: float = 3.0
    per_logic_routing: Mapping[str, str] = field(default_factory=lambda: _LOGIC_ROUTING)
    per_timeframe_routing: Mapping[str, str] = field(default_factory=lambda: _TIMEFRAME_ROUTING)
    default_logic_routing: str = "dual_orders"
    default_timeframe_routing: str = "order_a_only"

    def __post_init__(self) -> None:
        problems = self.problems()
        if problems:
            raise ValueError("; ".join(problems))

    def problems(self) -> list[str]:
        """Everything that is wrong, a sentence each, beginning with the field's name."""
        found = [
            unknown_word("split_mode", self.split_mode, SPLIT_MODES),
            unknown_word("order_b_sl", self.order_b_sl, ORDER_B_SL),
            unknown_word("booking_at", self.booking_at, BOOKING_AT),
            unknown_word("default_logic_routing", self.default_logic_routing, ROUTINGS),
            unknown_word("default_timeframe_routing", self.default_timeframe_routing, ROUTINGS),
            _out_of("b_share_frac", self.b_share_frac, 0.0, 0.5),
            _out_of("b_loss_money", self.b_loss_money, 0.0, _MOST_MONEY),
            _out_of("b_target_money", self.b_target_money, 0.0, _MOST_MONEY),
            _out_of("b_floor_spreads", self.b_floor_spreads, -1.0, 1000.0),
            _out_of("rr_ratio", self.rr_ratio, 0.0, 1000.0),
            _out_of("b_rr_ratio", self.b_rr_ratio, 0.0, 1000.0),
            _out_of("a_trail_start_frac", self.a_trail_start_frac, 0.0, 100.0),
            _out_of("a_trail_step_frac", self.a_trail_step_frac, 0.0, 100.0),
            _out_of("quick_close_s", self.quick_close_s, -1.0, 86_400.0),
            _out_of("stops_level_if_none_points", self.stops_level_if_none_points, -1, _MOST_POINTS),
        ]
        for name in ("force_min_lot", "profit_booking", "a_trailing"):
            if not isinstance(getattr(self, name), bool):
                found.append(f"{name} must be true or false, not {getattr(self, name)!r}")
        self._complete("per_logic_routing", _LOGIC_ROUTING, str.upper, found)
        self._complete("per_timeframe_routing", _TIMEFRAME_ROUTING, normalise, found)
        self._complete("b_loss_money_by_logic", _NO_MONEY, str.upper, found)
        for name in ("per_logic_routing", "per_timeframe_routing"):
            found += [unknown_word(f"{name}.{key}", word, ROUTINGS) for key, word in getattr(self, name).items()]
        for key, money in self.b_loss_money_by_logic.items():
            found.append(_out_of(f"b_loss_money_by_logic.{key}", money, 0.0, _MOST_MONEY))
        return [problem for problem in found if problem]

    def _complete(self, name: str, defaults: Mapping[str, Any], spelt: Callable[[str], str], found: list[str]) -> None:
        """A table under its keys' one spelling, over the rows that it does not name."""
        given: Any = getattr(self, name)
        rows = dict(defaults)
        if not isinstance(given, Mapping):
            found.append(f"{name} must be a table, not {given!r}")
            given = {}
        for key, value in given.items():
            try:
                rows[spelt(str(key))] = value
            except ValueError as error:
                found.append(f"{name}.{key}: {error}")
        object.__setattr__(self, name, MappingProxyType(rows))

    def routing_of(self, logic: str, timeframe: str) -> str:
        """Which legs a plan has: by its logic, else by its timeframe, else both."""
        if logic:
            return self.per_logic_routing.get(logic, self.default_logic_routing)
        if timeframe:
            return self.per_timeframe_routing.get(timeframe, self.default_timeframe_routing)
        return "dual_orders"


def unknown_word(name: str, word: Any, known: tuple[str, ...]) -> str:
    """A sentence about a word that is not among those known; nothing for one that is."""
    if word in known:
        return ""
    near = get_close_matches(str(word).lower(), known, n=1, cutoff=0.5)
    hint = f", did you mean {near[0]!r}?" if near else ""
    return f"{name} must be one of {', '.join(known)}, not {word!r}{hint}"


def _out_of(name: str, value: Any, above: float, most: float) -> str:
    """A number above ``above`` and up to ``most`` (above -1: 0 or more)."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    least = 0.0 if above < 0 else above
    if is_number and (value > above if above >= 0 else value >= 0) and value <= most:
        return ""
    relation = "be 0 or above" if above < 0 else f"lie above {least:g}"
    return f"{name} must {relation} and not beyond {most:g}, not {value!r}"
