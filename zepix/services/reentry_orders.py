"""The order of a re-entry: its stop and target from the fill, its lots through the risk gate, its trails in proportion.

    R     after a stop        stop = half of the stopped one's, target by ``rr_ratio`` or the first order's
    C<n>  after a target      stop = the first one's times the share of level n, target by ``rr_ratio``
    X     after an exit       as R

A stop that a close would meet at once (inside the spread, or nearer than the stops level) is refused ``stop_too_near``:
the gate would take the table's instead.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from zepix.model import Accepted, Catalogue, Instrument, Refused, Side, Trail
from zepix.model.settings_reentry import ReentrySettings
from zepix.model.stop_trail import ceil_share
from zepix.services.driving import given
from zepix.services.orders import OrderExecutionService
from zepix.services.reentry_values import ReentryChain
from zepix.services.risk_money import RiskMoney
from zepix.services.risk_values import TradeRequest
from zepix.services.safety_values import ReentryEvent

__all__ = ["PluginPorts", "ReentryOrders", "role_of"]

_LIMITS: Final = {"max_lot": "max_lot", "max_open": "max_open_trades", "daily_loss_limit": "daily_loss_limit"}
"""A plugin's own limits: by the names of a request, those of its settings."""


@dataclass(slots=True)
class PluginPorts:
    """How the core reaches one plugin: its services (None: it uses none), its own word, the strategy itself."""

    plugin_id: str
    orders: OrderExecutionService
    market: Any
    risk: Any
    trend: Any
    ask: Callable[..., Any]
    owner: Callable[[], Any]
    is_automatic: bool
    """Whether its orders of a chain's role begin one by themselves."""

    @property
    def family(self) -> str:
        """The strategy's family; nothing where it is not loaded."""
        plugin = self.owner()
        return "" if plugin is None else str(plugin.info.strategy)

    @property
    def is_enabled(self) -> bool:
        plugin = self.owner()
        return plugin is not None and bool(plugin.enabled)


def role_of(chain: ReentryChain) -> str:
    """The role of the order that a chain is about to send."""
    return {"sl_hunt": "R", "exit_cont": "X"}.get(chain.kind, f"C{chain.level}")


class ReentryOrders:
    """Makes and sends the order; decides nothing of when."""

    def __init__(self, settings: ReentrySettings, catalogue: Catalogue, money: RiskMoney, money_digits: int) -> None:
        self._settings = settings
        self._catalogue = catalogue
        self._money = money
        self._digits = money_digits

    def stop_distance(self, chain: ReentryChain) -> int:
        """Points from the fill to the stop of what the chain is about to send, rounded up."""
        if chain.kind == "tp_cont":
            share, distance = self._settings.stop_share(chain.symbol, chain.level), chain.stop_distance
        else:
            share, distance = self._settings.recovery_sl_frac, chain.applied
        return ceil_share(distance, round(share, 9))

    def potential_loss_minor(self, chain: ReentryChain) -> int:
        """What it would lose at its stop with its own lots, rounded up, in minor units."""
        instrument = self._catalogue[chain.symbol]
        if not self._money.has_rate(instrument):
            return 0
        money = self._money.per_point(instrument) * self.stop_distance(chain) * instrument.lots(chain.steps)
        return math.ceil(money.scaleb(self._digits))

    def event(self, chain: ReentryChain, now_ns: int) -> ReentryEvent:
        """What a strategy is told of it; ``trade_id`` is the chain's id."""
        instrument = self._catalogue[chain.symbol]
        digits = -self._digits
        return ReentryEvent(
            chain.chain_id,
            chain.plugin_id,
            chain.symbol,
            chain.kind,
            instrument.price(chain.last_entry),
            instrument.price(chain.last_exit),
            instrument.price(chain.stop_points),
            "buy" if chain.side > 0 else "sell",
            chain.level,
            {
                "chain_profit": float(Decimal(chain.profit_minor).scaleb(digits)),
                "potential_loss": float(Decimal(self.potential_loss_minor(chain)).scaleb(digits)),
                "alert_id": chain.alert_id,
                "trigger_price": instrument.price(chain.trigger),
            },
            now_ns,
        )

    def place(self, ports: PluginPorts, chain: ReentryChain) -> Accepted | Refused:
        """Send it at the market; Refused by our own checks, by the gate, by the engine."""
        instrument = self._catalogue[chain.symbol]
        quote = ports.market.quote_points(chain.symbol)
        if quote is None:
            return Refused("no_prices", f"no price of {chain.symbol} is known")
        distance, spread = self.stop_distance(chain), quote[1] - quote[0]
        if distance - spread < max(instrument.stops_level_points, 1):
            return Refused("stop_too_near", f"a stop {distance} points from the fill, the spread is {spread}")
        lots = self._lots(ports, chain, instrument, quote, distance)
        if isinstance(lots, Refused):
            return lots
        point = instrument.point_float
        return given(
            ports.orders.place_order(
                chain.symbol,
                Side.BUY if chain.side > 0 else Side.SELL,
                str(lots),
                tp=self._target(chain, instrument, quote),
                sl_offset=-chain.side * distance * point,
                tp_offset=self._target_offset(chain, instrument, quote, distance),
                trails=self._trails(chain, distance),
                role=role_of(chain),
                comment=f"{chain.kind} {chain.level} {chain.logic}".rstrip(),
                chain_id=chain.chain_id,
                alert_id=chain.alert_id,
            )
        )

    def _lots(
        self, ports: PluginPorts, chain: ReentryChain, instrument: Instrument, quote: tuple[int, int], distance: int
    ) -> Decimal | Refused:
        """The first order's lots, as the gate lets them."""
        lots = instrument.lots(chain.steps)
        if ports.risk is None:
            return lots
        entry = quote[1] if chain.side > 0 else quote[0]
        request = TradeRequest(
            chain.symbol,
            Side.BUY if chain.side > 0 else Side.SELL,
            instrument.price(entry),
            instrument.price(entry - chain.side * distance),
            lots=lots,
            signal=role_of(chain),
            is_recovery=chain.kind == "sl_hunt",
            continues=True,
            is_open=any(t.alert_id == chain.alert_id for t in ports.orders.open_tickets(chain.symbol)),
            **self._limits(ports),
        )
        answer = ports.risk.gate(request)
        if not answer.allowed:
            return Refused(answer.reason, str(answer.numbers.get("detail", "")))
        return Decimal(answer.lots)

    @staticmethod
    def _limits(ports: PluginPorts) -> dict[str, Any]:
        """The strategy's own limits."""
        owner = ports.owner()
        found = {name: getattr(owner, attribute, None) for name, attribute in _LIMITS.items()}
        return {n: v for n, v in found.items() if isinstance(v, int | float) and not isinstance(v, bool)}

    def _is_original(self, chain: ReentryChain, quote: tuple[int, int]) -> bool:
        """Whether the first order's target serves, and lies ahead of what a close would get."""
        closes_at = quote[0] if chain.side > 0 else quote[1]
        is_wanted = self._settings.recovery_target == "original" and chain.kind == "sl_hunt"
        return is_wanted and bool(chain.target_points) and chain.side * (chain.target_points - closes_at) > 0

    def _target(self, chain: ReentryChain, instrument: Instrument, quote: tuple[int, int]) -> float | None:
        return instrument.price(chain.target_points) if self._is_original(chain, quote) else None

    def _target_offset(
        self, chain: ReentryChain, instrument: Instrument, quote: tuple[int, int], distance: int
    ) -> float | None:
        if self._is_original(chain, quote):
            return None
        points = ceil_share(distance, self._settings.rr_ratio)
        return chain.side * points * instrument.point_float

    def _trails(self, chain: ReentryChain, distance: int) -> Sequence[Trail]:
        """The first order's, in proportion to the stop, rounded up."""
        if not self._settings.trailing or not chain.stop_distance:
            return ()
        share = Decimal(distance) / chain.stop_distance
        return tuple(Trail(*(math.ceil(share * part) for part in one)) for one in chain.trails)
