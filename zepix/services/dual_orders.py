"""Dual orders: one position as A, which rides to a far target, and B, which loses little and books small profits.

The legs are independent: each is placed even if the other fails, and the result says of each what became of it. No leg
is ever taken back because the other one failed; each has its own stop at the broker from its fill on.

    DualOrderBook      one a run: the settings, the pairs that are open, the chain ids
    DualOrderService   one a plugin (``api.dual_order``): ``create_dual_orders(plan)``

Chain ids are counted, ``EURUSD_00000001`` for A and ``PROFIT_EURUSD_00000001`` for B: the same in every replay.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from zepix.errors import BrokerError
from zepix.model import Accepted, Instrument, PriceReached, Refused
from zepix.model.settings_dual_order import ROUTINGS
from zepix.services.dual_book import DualOrderBook, Pair, PlacedLeg
from zepix.services.dual_config import configs_of, own_lots
from zepix.services.dual_legs import LegMaker, Situation, fit_to_risk
from zepix.services.dual_plan import DualOrderResult, DualPlan, Leg, OrderConfig, Quotes, StopTable
from zepix.services.dual_trails import with_break_even
from zepix.services.lot_split import Size, halves
from zepix.services.orders import OrderExecutionService
from zepix.services.ports import OrderGate

__all__ = ["DualOrderBook", "DualOrderResult", "DualOrderService", "DualPlan"]


MOST_SPLITS: Final = 4096
Split = tuple[int, int, dict[str, Any]]
"""Steps of A and of B, and the numbers that are told of them."""
NO_LOTS: Final = Size(Decimal(0), 0.0, "0")


class DualOrderService:
    """The dual orders of one plugin."""

    def __init__(
        self,
        book: DualOrderBook,
        plugin_id: str,
        orders: OrderExecutionService,
        quotes: Quotes,
        stops: StopTable | None = None,
        gate: OrderGate | None = None,
        owner: Callable[[], object] | None = None,
    ) -> None:
        """``stops`` knows a stop where a plan has none, ``gate`` notes our own refusals.

        ``owner`` gives the strategy, which may decide of its legs itself (``get_order_a_config, get_order_b_config``).
        """
        self._book = book
        self._plugin_id = plugin_id
        self._orders = orders
        self._quotes = quotes
        self._stops = stops
        self._gate = gate
        self._owner = owner
        self._splits: dict[tuple[str, int, str, str], Split] = {}
        book.add_plugin(plugin_id, quotes)

    async def create_dual_orders(self, plan: DualPlan) -> DualOrderResult:
        """Place A and B, or the one that the routing names, each for itself.

        Refused for both: ``unknown_symbol, no_prices, no_conversion, volume_too_small``; for a leg: ``no_stop,
        invalid_stops, volume_too_small`` (B's lot at its floor), ``risk_too_large`` (its loss at its stop is more than
        ``risk_left``), and whatever the gate says. Raises ValueError for a routing or a mode that does not exist.
        """
        routing = plan.routing or self._book.settings.routing_of(plan.logic, plan.timeframe)
        if routing not in ROUTINGS:
            raise ValueError(f"{routing!r} is no routing; there are {', '.join(ROUTINGS)}")
        situation = self._situation(plan.symbol)
        if isinstance(situation, Refused):
            return self._neither(situation, routing)
        maker = LegMaker(self._book.settings, plan, situation)
        own = {} if self._owner is None else configs_of(self._owner(), plan, routing)
        steps_a, steps_b = self._lots(plan, situation, routing, maker)
        if own:
            steps_a, steps_b = own_lots(own, situation.instrument, (steps_a, steps_b), maker.numbers)
        if not steps_a and not steps_b:
            lots = situation.instrument.volume_min
            refused = Refused("volume_too_small", f"{plan.lots} lots, the minimum is {lots}")
            return self._neither(refused, routing, maker.numbers)
        stop = self._stop(plan, situation, maker, steps_a or steps_b)
        leg_a = self._leg(maker, own, "A", steps_a, stop) if steps_a else Leg("A", 0)
        leg_b = self._leg(maker, own, "B", steps_b, stop) if steps_b else self._left_out(plan, routing, maker)
        if steps_a and leg_a.refused is None:
            with_break_even(leg_a, plan, situation, self._orders)
        if plan.risk_left is not None:
            fit_to_risk((leg_a, leg_b), plan.risk_left, situation, maker.numbers)
        return await self._place(plan, situation, (leg_a, leg_b), maker.numbers)

    async def on_price(self, event: PriceReached) -> bool:
        """Book a B that waits for its price in the engine (``booking_at = "engine"``); whether it was one of ours."""
        leg = self._book.leg_of_watch(event.watch_id)
        if leg is None or leg.status != "filled":
            return False
        await self._orders.close_order(leg.ticket, "profit_booking")
        return True

    def pairs(self) -> list[Pair]:
        """This plugin's pairs with a leg that is open or under way."""
        return self._book.pairs(self._plugin_id)

    # --- steps ----------------------------------------------------------------------------------------------------

    def _situation(self, symbol: str) -> Situation | Refused:
        book = self._book
        instrument = book.catalogue.get(symbol)
        if instrument is None:
            return Refused("unknown_symbol", f"{symbol} is in no catalogue")
        quote = self._quotes.quote_points(symbol)
        if quote is None:
            return Refused("no_prices", f"no price of {symbol} is known, so no spread either")
        if not book.rates.is_known(instrument.profit_currency, book.clock.now_ns):
            return Refused("no_conversion", f"nobody knows what one {instrument.profit_currency} is worth")
        return Situation(instrument, *quote, book.rates.rate(instrument.profit_currency, book.clock.now_ns))

    def _lots(self, plan: DualPlan, at: Situation, routing: str, maker: LegMaker) -> tuple[int, int]:
        """(A, B) in steps, with what they were before."""
        instrument, total = at.instrument, at.instrument.steps(plan.lots)
        mode = plan.split_mode or self._book.settings.split_mode
        if mode not in ("split", "full"):
            raise ValueError(f"{mode!r} is no way to split; there are split and full")
        wanted = (instrument.symbol, total, routing, mode)
        split = self._splits.get(wanted)
        if split is None:
            if len(self._splits) >= MOST_SPLITS:
                self._splits.clear()
            split = self._splits[wanted] = self._split(instrument, total, routing, mode)
        maker.numbers.update(split[2])
        return split[:2]

    def _split(self, instrument: Instrument, total: int, routing: str, mode: str) -> Split:
        settings, sizes = self._book.settings, self._book.sizes
        least = sizes.least(instrument)
        if routing == "dual_orders":
            share, forced = settings.b_share_frac, settings.force_min_lot
            a, b = halves(total, least, share, is_full=mode == "full", force_min_lot=forced)
        else:
            alone = total if total >= least else least if settings.force_min_lot else 0
            a, b = (alone, 0) if routing == "order_a_only" else (0, alone)
        numbers = {
            "routing": routing,
            "lots_total": sizes.of(instrument, total).number,
            "split_mode": mode,
            "lots_a_split": sizes.of(instrument, a).number,
            "lots_b_split": sizes.of(instrument, b).number,
        }
        return a, b, numbers

    def _stop(self, plan: DualPlan, at: Situation, maker: LegMaker, steps: int) -> float | Refused:
        """The smart stop where it lies on the right side, else the table's."""
        if maker.is_right_side(plan.sl):
            maker.numbers["stop_from"] = "alert"
            return float(plan.sl or 0.0)
        entry = at.instrument.price(at.entry(plan.side.sign))
        given = (
            "no stop came" if not plan.sl else f"the stop {plan.sl} of a {plan.side} at {entry} is on the wrong side"
        )
        if self._stops is None:
            return Refused("no_stop", f"{given}, and there is no stop table")
        lots = at.instrument.lots(steps)
        found = self._stops.calculate_sl_price(plan.symbol, plan.side, entry, lots, plan.sl_multiplier)
        if isinstance(found, Refused):
            return found
        if not maker.is_right_side(found):
            return Refused("no_stop", f"{given}, and the stop table knows none")
        maker.numbers["stop_from"] = "table"
        return float(found or 0.0)

    @staticmethod
    def _leg(maker: LegMaker, own: Mapping[str, OrderConfig], role: str, steps: int, stop: float | Refused) -> Leg:
        """A leg as its strategy wants it, where it says so, else as the settings do."""
        if role in own:
            return maker.leg_by(own[role], role, steps, stop)
        return maker.leg_a(steps, stop) if role == "A" else maker.leg_b(steps, stop)

    def _left_out(self, plan: DualPlan, routing: str, maker: LegMaker) -> Leg:
        leg = Leg("B", 0)
        if routing == "dual_orders":
            leg.refused = Refused(
                "volume_too_small", f"B's half of {plan.lots} lots is below the minimum; A goes alone"
            )
            maker.numbers["b_left_out"] = "volume_too_small"
        return leg

    async def _place(
        self, plan: DualPlan, at: Situation, legs: tuple[Leg, Leg], numbers: dict[str, Any]
    ) -> DualOrderResult:
        book, leg_a, leg_b = self._book, *legs
        chain_a, chain_b = book.next_chain(plan.symbol)
        size_a, size_b = (book.sizes.of(at.instrument, leg_a.steps), book.sizes.of(at.instrument, leg_b.steps))
        id_a, status_a, error_a = await self._place_leg(plan, size_a, leg_a, chain_a)
        id_b, status_b, error_b = await self._place_leg(plan, size_b, leg_b, chain_b)
        size_a, size_b = NO_LOTS if id_a is None else size_a, NO_LOTS if id_b is None else size_b
        placed = [] if id_a is None else [PlacedLeg(id_a, leg_a.role, chain_a, booking_points=leg_a.booking_points)]
        if id_b is not None:
            placed.append(PlacedLeg(id_b, leg_b.role, chain_b, booking_points=leg_b.booking_points))
        if placed:
            book.add(Pair(self._plugin_id, plan.symbol, str(plan.side), placed))
        numbers["lots_a"], numbers["lots_b"] = size_a.number, size_b.number
        return DualOrderResult(
            order_a_id=id_a,
            order_b_id=id_b,
            order_a_status=status_a,
            order_b_status=status_b,
            total_lot_size=float(size_a.lots + size_b.lots),
            error=f"{error_a}; {error_b}" if error_a and error_b else error_a or error_b,
            timestamp=book.clock.now_ns,
            order_a_error=error_a,
            order_b_error=error_b,
            lots_a=size_a.lots,
            lots_b=size_b.lots,
            chain_a="" if id_a is None else chain_a,
            chain_b="" if id_b is None else chain_b,
            numbers=numbers,
        )

    async def _place_leg(self, plan: DualPlan, size: Size, leg: Leg, chain: str) -> tuple[int | None, str, str]:
        """(order id, status, error) of one leg; whatever happens to it stays its own."""
        if leg.refused is not None:
            self._note(leg.refused)
            return None, "refused", _sentence(leg.refused)
        if not leg.steps:
            return None, "not_routed", ""
        try:
            answer = await self._orders.place_order(
                plan.symbol,
                plan.side,
                size.text,
                leg.sl,
                leg.tp,
                sl_offset=leg.sl_offset,
                tp_offset=leg.tp_offset,
                trails=leg.trails,
                target_reason=leg.target_reason,
                role=leg.role,
                comment=plan.comment,
                chain_id=chain,
                after=plan.after,
                alert_id=plan.alert_id,
            )
        except BrokerError as error:
            return None, "error", f"{type(error).__name__}: {error}"
        if isinstance(answer, Accepted):
            return answer.order_id, "placed", ""
        return None, "refused", _sentence(answer)

    def _neither(self, refused: Refused, routing: str, numbers: dict[str, Any] | None = None) -> DualOrderResult:
        self._note(refused)
        error = _sentence(refused)
        a, b = ("not_routed" if routing == one else "refused" for one in ("order_b_only", "order_a_only"))
        return DualOrderResult(
            None,
            None,
            order_a_status=a,
            order_b_status=b,
            error=error,
            timestamp=self._book.clock.now_ns,
            order_a_error=error if a == "refused" else "",
            order_b_error=error if b == "refused" else "",
            numbers={"routing": routing, **(numbers or {})},
        )

    def _note(self, refused: Refused) -> None:
        """A refusal of our own stands in the alert's decision as the gate's do."""
        if self._gate is not None:
            self._gate.refuse(refused)


def _sentence(refused: Refused) -> str:
    return f"{refused.reason}: {refused.detail}" if refused.detail else refused.reason
