"""The orders of a level, and of a recovery: sized, through the risk gate, at the market with stop and booking."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from zepix.kernels.pyramid import orders_at
from zepix.model import Refused, Side
from zepix.model.settings_profit_booking import ProfitBookingSettings
from zepix.services.driving import given
from zepix.services.dual_legs import floor_points
from zepix.services.profit_chain import Chain, ChainOrder
from zepix.services.profit_desk import Plugin, ProfitDesk
from zepix.services.profit_sizing import LevelSize, size_of_level
from zepix.services.risk_values import TradeRequest

__all__ = ["LevelMaker", "Slot"]

MOST_SIZES: Final = 4096
GONE: Final = Refused("plugin_gone", "its plugin is not in this run")


class Slot(NamedTuple):
    """Where an order of a chain stands."""

    role: str
    level: int
    place: int
    recovers: int = 0


class LevelMaker:
    """Places what a chain needs next, or says why it cannot."""

    def __init__(self, desk: ProfitDesk) -> None:
        self._desk = desk
        self._sizes: dict[tuple[Any, ...], LevelSize | Refused] = {}
        """By everything that a size is made of: levels are much like each other."""

    def place_level(self, chain: Chain, settings: ProfitBookingSettings) -> Refused | None:
        """The orders of the chain's present level; None where at least one is on its way.

        Orders go one by one; the first that is refused at once ends it, since what refuses one refuses all.
        """
        count = orders_at(chain.level, settings.multipliers)
        plugin = self._desk.plugins.get(chain.plugin_id)
        if plugin is None:
            return GONE
        size = self._size(chain, settings, plugin, chain.base_steps, settings.stop_share(chain.level))
        if isinstance(size, Refused):
            return size
        allowed = self._through_gate(chain, plugin, size, count, is_recovery=False)
        if isinstance(allowed, Refused):
            return allowed
        if allowed.steps < size.steps:
            self._desk.log(chain, "active", "downsized")
        slots = [Slot(f"P{chain.level}.{index}", chain.level, index) for index in range(1, count + 1)]
        return self._place(chain, plugin, allowed, slots)

    def place_recovery(self, chain: Chain, lost: ChainOrder, settings: ProfitBookingSettings) -> Refused | None:
        """The one order that recovers a lost one: its lots and booking, a nearer stop."""
        plugin = self._desk.plugins.get(chain.plugin_id)
        if plugin is None:
            return GONE
        size = self._size(chain, settings, plugin, lost.steps, 1.0)
        if isinstance(size, Refused):
            return size
        stop = self.recovery_points(chain, lost, settings, self._spread(chain, plugin))
        allowed = self._through_gate(chain, plugin, size._replace(stop_points=stop), 1, is_recovery=True)
        if isinstance(allowed, Refused):
            return allowed
        return self._place(chain, plugin, allowed, [Slot("R", lost.level, lost.index, lost.order_id)])

    def recovery_points(self, chain: Chain, lost: ChainOrder, settings: ProfitBookingSettings, spread: int) -> int:
        """The stop of a recovery: so many stop distances of the lost order, not nearer than the floor."""
        gap = abs(lost.entry_points - lost.sl_points)
        floor = floor_points(self._desk.legs, self._desk.ports.catalogue[chain.symbol], spread)
        return max(floor, int(gap * settings.recovery_sl_frac + 1e-9))

    # --- steps ----------------------------------------------------------------------------------------------------

    def _spread(self, chain: Chain, plugin: Plugin) -> int:
        quote = plugin.market.quote_points(chain.symbol)
        return 0 if quote is None else quote[1] - quote[0]

    def _size(
        self, chain: Chain, settings: ProfitBookingSettings, plugin: Plugin, steps: int, stop_share: float
    ) -> LevelSize | Refused:
        desk, legs = self._desk, self._desk.legs
        instrument = desk.ports.catalogue[chain.symbol]
        if plugin.market.quote_points(chain.symbol) is None:
            return Refused("no_prices", f"no price of {chain.symbol} is known, so no spread either")
        if not desk.ports.rates.is_known(instrument.profit_currency, desk.now_ns):
            return Refused("no_conversion", f"nobody knows what one {instrument.profit_currency} is worth")
        loss = legs.b_loss_money if settings.loss_money is None else settings.loss_money
        target = legs.b_target_money if settings.target_money is None else settings.target_money
        rate = desk.ports.rates.rate(instrument.profit_currency, desk.now_ns)
        spread = self._spread(chain, plugin)
        wanted = (chain.symbol, spread, rate, steps, loss, target, stop_share)
        size = self._sizes.get(wanted)
        if size is None:
            if len(self._sizes) >= MOST_SIZES:
                self._sizes.clear()
            size = size_of_level(legs, instrument, spread, rate, steps, (loss, target), stop_share)
            self._sizes[wanted] = size
        return size

    def _through_gate(
        self, chain: Chain, plugin: Plugin, size: LevelSize, count: int, *, is_recovery: bool
    ) -> LevelSize | Refused:
        """What the risk gate leaves of ``count`` such orders: the same points, perhaps fewer lots each."""
        if plugin.risk is None:
            return size
        desk = self._desk
        instrument = desk.ports.catalogue[chain.symbol]
        quote = plugin.market.quote_points(chain.symbol)
        assert quote is not None, "an unknown price is refused before"
        entry = quote[1 if chain.side > 0 else 0]
        answer = plugin.risk.gate(
            TradeRequest(
                chain.symbol,
                Side.BUY if chain.side > 0 else Side.SELL,
                instrument.price(entry),
                instrument.price(entry - chain.side * size.stop_points),
                lots=instrument.lots(size.steps * count),
                legs=count,
                is_recovery=is_recovery,
                continues=True,
                is_open=desk.is_entry_open(chain),
                daily_loss_limit=plugin.daily_loss_limit(),
            )
        )
        refused = answer.refused
        if refused is not None:
            return refused
        steps = min(size.steps, instrument.steps(answer.lots) // count)
        if instrument.lots(steps) < instrument.volume_min:
            word = f"the gate leaves {answer.lots} lots, which {count} orders cannot share"
            return Refused("volume_too_small", word)
        return size._replace(steps=steps)

    def _place(self, chain: Chain, plugin: Plugin, size: LevelSize, slots: Sequence[Slot]) -> Refused | None:
        desk = self._desk
        instrument = desk.ports.catalogue[chain.symbol]
        by_engine = desk.legs.booking_at == "engine"
        for number, slot in enumerate(slots):
            answer = given(
                plugin.orders.place_order(
                    chain.symbol,
                    Side.BUY if chain.side > 0 else Side.SELL,
                    str(instrument.lots(size.steps)),
                    sl_offset=instrument.price(size.stop_points) * -chain.side,
                    tp_offset=None if by_engine else instrument.price(size.target_points) * chain.side,
                    target_reason="profit_booking",
                    role=slot.role,
                    chain_id=chain.chain_id,
                    alert_id=chain.alert_id,
                    comment=chain.logic,
                )
            )
            if isinstance(answer, Refused):
                return None if number else answer
            order = ChainOrder(answer.order_id, slot.role, slot.level, slot.place, size.steps, recovers=slot.recovers)
            order.booking_points = size.target_points if by_engine else 0
            desk.know(chain, order)
            desk.log(chain, "placed", "recovery" if slot.recovers else "level", order)
        return None
