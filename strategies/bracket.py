"""bracket: follow an alert with the alert's own stop, target and volume. The yardstick for speed, and for trust.

- entry: a market order, or the pending order that the alert describes; a stop or target that it does not bring comes
  from the ATR, or is left out; trailing and break-even go to the broker with it.
- exit: closes the tickets on the alert's side (none: both), takes entries under way along, cancels pending orders;
  ``ref`` names the alert whose order or ticket is meant, ``close_frac`` closes a part, ``close_left_frac`` a part of
  what is left.
- reversal: closes the other side (``closing``: its own, or both), enters after the confirmed close.
- modify, cancel: of the alert named by ``ref``, else of everything on symbol and side.
- pause, resume: the engine refuses entries on the symbol in between.
- exits, reversals and changes whose ``fields["applies_to"]`` is tickets, limit or stop leave everything else alone; a
  change whose ``fields["levels_from"]`` is market measures its distances from the price that a close would get now.

Numbers go on in the unit they came in (``Quantity``); what nobody knows the unit of is refused ``unit_unknown``.
"""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Literal

from zepix import Alert, Decision, PluginInfo, Quantity, Refused, Side, Strategy, Trail, timeframe_minutes

Level = float | Quantity | None
COVERED = ("tickets", "limit", "stop")
"""What an alert may be about where it is not about everything on its side: tickets, or pending orders of a kind."""


class Bracket(Strategy):
    info = PluginInfo(
        strategy="bracket",
        description="Follows an entry alert with the alert's stop, target and volume",
        version="1.0.0",
        author="zepix",
        services=(),
    )

    one_at_a_time: bool = False
    """Per symbol, counting an order under way."""
    default_volume: float | None = None
    """Lots when the alert has none; None is the instrument's minimum."""
    default_sl_atr: float | None = None
    """Stop distance in ATRs when the alert has none; None: no stop."""
    default_tp_atr: float | None = None
    """Target distance in ATRs when the alert has none; None: no target."""
    atr_timeframe: str = "1h"
    atr_period: int = 14
    levels: Literal["absolute", "distance"] = "absolute"
    """distance: stop and target keep their distance from the alert's own price (a pending order's: from its entry
    price), measured from our fill."""
    max_price_gap: float | None = None
    """Refuse an alert whose price lies further from ours (the middle of bid and ask) than this, as a price."""

    def setting_problems(self) -> list[str]:
        problems: list[str] = []
        try:
            timeframe_minutes(self.atr_timeframe)
        except ValueError as error:
            problems.append(f"atr_timeframe: {error}")
        if self.atr_period < 1:
            problems.append(f"atr_period must be 1 or more, not {self.atr_period}")
        for name in ("default_volume", "default_sl_atr", "default_tp_atr"):
            value = getattr(self, name)
            if value is not None and value <= 0:
                problems.append(f"{name} must be above zero, not {value}")
        if self.max_price_gap is not None and self.max_price_gap < 0:
            problems.append(f"max_price_gap must not be negative, not {self.max_price_gap}")
        return problems

    async def process_entry_signal(self, alert: Alert) -> Decision | None:
        return self._refusal(alert) or await self._enter(alert, ())

    async def process_exit_signal(self, alert: Alert) -> Decision | None:
        orders = self._meant(alert)
        if orders == ():
            return _nothing(alert, "close")
        if orders is None and not self._has_something(alert.symbol, alert.side):
            return Decision("ignored", "nothing_to_close")
        if alert.close_left_frac is not None:
            frac = alert.close_left_frac
            answer = await self.api.orders.close_left(alert.symbol, alert.side, frac, orders=orders or ())
            if isinstance(answer, Refused) and answer.reason == "nothing_to_close":  # only orders under way
                return Decision("ignored", answer.reason)
        else:
            await self.api.orders.close_positions(alert.symbol, alert.side, frac=alert.close_frac, orders=orders or ())
        return None

    async def process_signal(self, alert: Alert) -> Decision | None:
        """Changes and cancels; anything else informs."""
        if alert.type not in ("modify", "cancel"):
            return await super().process_signal(alert)
        if alert.type == "modify" and alert.sl is None and alert.tp is None:
            return Decision.refused("no_levels")
        orders = self._meant(alert)
        if orders == ():
            return _nothing(alert, alert.type)
        if alert.type == "cancel":
            await self.api.orders.cancel_orders(alert.symbol, alert.side, orders=orders or ())
            return None
        levels = self._new_levels(alert)
        if isinstance(levels, Refused):
            return Decision.refused(levels.reason, detail=levels.detail)
        answer = await self.api.orders.modify_positions(alert.symbol, alert.side, *levels, orders=orders or ())
        if isinstance(answer, Refused) and answer.reason == "nothing_to_modify":
            return Decision("ignored", answer.reason)
        return None

    async def process_reversal_signal(self, alert: Alert) -> Decision | None:
        if alert.side is None:
            return Decision.refused("no_side")
        closed = {"same": alert.side, "all": None}.get(alert.closing, alert.side.opposite)
        refusal = self._refusal(alert, alert.side, replaces=closed is not alert.side.opposite)
        closing: tuple[int, ...] = ()
        orders = self._covered(alert, closed)
        if orders != () and self._has_something(alert.symbol, closed):
            answer = await self.api.orders.close_positions(alert.symbol, closed, reason="reversal", orders=orders or ())
            if isinstance(answer, Refused):
                return None
            closing = (answer.order_id,)
        return refusal or await self._enter(alert, closing)

    def _has_something(self, symbol: str, side: Side | None) -> bool:
        """Whether a ticket is open or an entry under way on this side (None: either)."""
        orders = self.api.orders
        return bool(orders.open_tickets(symbol, side) or orders.under_way(symbol, side))

    def _refusal(self, alert: Alert, counted_side: Side | None = None, *, replaces: bool = False) -> Decision | None:
        """Why this alert is not followed, None where it is; ``one_at_a_time`` counts ``counted_side`` (None: both).

        replaces: what stands on that side is closed first, and does not count.
        """
        if alert.side is None:
            return Decision.refused("no_side")
        if alert.trailing is not None or alert.break_even_points is not None:
            trails = self._trails(alert)
            if isinstance(trails, Refused):
                return Decision.refused(trails.reason, detail=trails.detail)
        if alert.order_type != "market" and _entry(alert) is None:
            return Decision.refused("no_entry_price")
        if self.one_at_a_time and not replaces and self._has_something(alert.symbol, counted_side):
            return Decision.refused("one_at_a_time")
        if alert.max_spread is not None:
            widest = self.api.orders.points(alert.symbol, alert.max_spread, down=True)
            if isinstance(widest, Refused):
                return Decision.refused(widest.reason, detail=widest.detail)
            quote = self.api.market.quote_points(alert.symbol)
            if quote is None or quote[1] - quote[0] > widest:
                return Decision.refused("spread_too_wide", spread_pips=self.api.market.get_spread(alert.symbol))
        if self.max_price_gap is not None and alert.price is not None:
            market = self.api.market
            gap = market.gap_to_mid(alert.symbol, alert.price)
            if gap is None:
                return Decision.refused("no_prices")
            if gap > Decimal(str(self.max_price_gap)):
                ours = market.get_current_price(alert.symbol)
                return Decision.refused("price_far_from_alert", our_price=ours, gap=float(gap))
        if self.levels == "distance" and _anchor(alert) is None and (_is_price(alert.sl) or _is_price(alert.tp)):
            return Decision.refused("no_alert_price")
        return None

    def _meant(self, alert: Alert) -> tuple[int, ...] | None:
        """The orders that an alert is about: what came of the alert named by ``ref``; None: everything on its side."""
        return self._covered(alert, alert.side) if alert.ref is None else self.api.orders.orders_of(alert.ref)

    def _covered(self, alert: Alert, side: Side | None) -> tuple[int, ...] | None:
        """The orders on ``side`` that ``fields["applies_to"]`` names; None where it names none, which means all."""
        word = alert.fields.get("applies_to")
        if word not in COVERED:
            return None
        under_way = self.api.orders.under_way(alert.symbol, side)
        if word != "tickets":
            return tuple(o.id for o in under_way if o.kind == word)
        tickets = self.api.orders.open_tickets(alert.symbol, side)
        return tuple(t.order_id for t in tickets) + tuple(o.id for o in under_way if not o.is_pending_kind)

    def _new_levels(self, alert: Alert) -> tuple[Level, Level] | Refused:
        """Stop and target of a change; distances from the price that a close would get now as prices, where asked."""
        if alert.fields.get("levels_from") != "market" or alert.side is None:
            return alert.sl, alert.tp
        quote = self.api.market.quote_points(alert.symbol)
        if quote is None:
            return Refused("no_prices", f"no price of {alert.symbol} to measure from")
        now = quote[0] if alert.side is Side.BUY else quote[1]
        return self.api.orders.levels_from(alert.symbol, alert.side.sign, now, Decimal(0), alert.sl, alert.tp)

    async def _enter(self, alert: Alert, after: tuple[int, ...]) -> Decision | None:
        assert alert.side is not None
        levels = self._levels(alert, alert.side)
        if levels is None:
            return Decision.refused("atr_unknown", detail=f"no {self.atr_timeframe} ATR of {self.atr_period} bars yet")
        sl, tp = levels
        sl_offset = tp_offset = None
        anchor = _anchor(alert) if self.levels == "distance" else None
        if anchor is not None:
            sl_offset = _from(anchor, alert.sl)
            tp_offset = _from(anchor, alert.tp)
        trails: tuple[Trail, ...] | Refused = ()
        if alert.trailing is not None or alert.break_even_points is not None:
            trails = self._trails(alert)
        volume = self.default_volume if alert.volume is None else alert.volume
        await self.api.orders.place_order(
            alert.symbol,
            alert.side,
            volume,
            sl,
            tp,
            sl_offset=sl_offset,
            tp_offset=tp_offset,
            order_type=alert.order_type,
            price=alert.entry_price,
            limit_price=alert.limit_price,
            expires_s=alert.expires_s,
            oco=alert.oco or "",
            trails=() if isinstance(trails, Refused) else trails,
            comment=alert.comment,
            after=after,
        )
        return None

    def _trails(self, alert: Alert) -> tuple[Trail, ...] | Refused:
        """The trails that the alert asks for, break-even first; Refused where they make no sense."""
        trails: list[Trail] = []
        wrong = Refused("invalid_trailing", "start, step and distance are whole points, distance > 0")
        if alert.break_even_points is not None:
            points = self.api.orders.points(alert.symbol, alert.break_even_points)
            if isinstance(points, Refused):
                return points
            trails.append(Trail.break_even(points))
        if alert.trailing is not None:
            if set(alert.trailing) != {"start", "step", "distance"}:
                return wrong
            numbers: dict[str, int] = {}
            for name, given in alert.trailing.items():
                found = self.api.orders.points(alert.symbol, given)
                if isinstance(found, Refused):
                    return found
                numbers[name] = found
            trails.append(Trail(**numbers))
        return wrong if any(t.problem for t in trails) else tuple(trails)

    def _levels(self, alert: Alert, side: Side) -> tuple[Level, Level] | None:
        """The alert's stop and target; what it has not, by ATR from the price the order would pay as things stand.

        None where an ATR is needed and not known: a stop that was asked for is never left out.
        """
        sl, tp = alert.sl, alert.tp
        sl_atr = self.default_sl_atr if sl is None else None
        tp_atr = self.default_tp_atr if tp is None else None
        if sl_atr is None and tp_atr is None:
            return sl, tp
        price = self.api.market.price(alert.symbol, side) if alert.order_type == "market" else _entry(alert)
        atr = self.api.market.get_atr(alert.symbol, self.atr_timeframe, self.atr_period)
        if price is None or math.isnan(atr):
            return None
        if isinstance(price, Quantity):  # nobody knows the entry yet: a distance from it will do
            sl = sl if sl_atr is None else Quantity(sl_atr * atr, "distance")
            tp = tp if tp_atr is None else Quantity(tp_atr * atr, "distance")
            return sl, tp
        if sl_atr is not None:
            sl = price - side.sign * sl_atr * atr
        if tp_atr is not None:
            tp = price + side.sign * tp_atr * atr
        return sl, tp


def _nothing(alert: Alert, what: str) -> Decision:
    """The answer to an alert about orders of which there are none."""
    numbers = {} if alert.ref is None else {"detail": f"no order came of {alert.ref!r}"}
    return Decision("ignored", f"nothing_to_{what}", numbers)


def _is_price(level: Level) -> bool:
    return bool(level) and not isinstance(level, Quantity)


def _from(anchor: float, level: Level) -> float | None:
    """The signed distance of a price from the anchor; None for what is no price."""
    return level - anchor if level and not isinstance(level, Quantity) else None


def _entry(alert: Alert) -> Level:
    """The price at which a pending order means to enter; None where the alert does not say."""
    if alert.order_type == "stop_limit":
        return alert.limit_price if alert.entry_price else None
    return alert.entry_price


def _anchor(alert: Alert) -> float | None:
    """The price that the alert's stop and target were measured from."""
    entry = alert.price if alert.order_type == "market" else _entry(alert)
    return None if isinstance(entry, Quantity) else entry
