"""A pyramid in a replay: a strategy that opens order B of 0.10 lots, bars that book or stop it, and what came of it.

EURUSD, 0.10 lots: a point is 0.10 USD. Spread 0, so B at 1.10000 is booked 70 points above (7 USD) and stopped 100
below (10 USD); each level is placed at the open after the one below was booked.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.world import CATALOGUE, Market, Quad, alert, bars
from zepix.config import complete_settings
from zepix.engine import PluginInfo, Strategy
from zepix.engine.house import ServiceSettings
from zepix.engine.record import RunRecord
from zepix.engine.registry import PluginConfig, PluginRegistry
from zepix.model import AccountSpec, Alert, Decision, FillModel
from zepix.model.settings_dual_order import DualOrderSettings
from zepix.model.settings_profit_booking import ProfitBookingSettings
from zepix.model.settings_reentry import ReentrySettings
from zepix.model.settings_risk import RiskSettings
from zepix.research.simulate import Rules, Simulation
from zepix.services.dual_plan import DualPlan

__all__ = ["ALL_ON", "DOWN", "FALL", "RISE", "UP", "Booker", "Story", "path", "story"]

ALL_ON = {"enabled_levels": (True, True, True, True, True)}
RISE = 100
"""Points that a rising bar goes: more than a booking, less than a level and the next."""
FALL = 150
UP, DOWN = "u", "d"


class Booker(Strategy):
    """Opens B alone at an entry, closes all at an exit; ``lots`` of B, ``both``: A too."""

    info = PluginInfo(strategy="booker", services=("risk", "dual_order", "profit_booking"))
    lots: float = 0.1
    both: bool = False
    sl_points: int = 2000

    async def process_entry_signal(self, alert: Alert) -> Decision | None:
        side = alert.side or "buy"
        price = self.api.market.price(alert.symbol, side) or 0.0
        sign = 1 if side == "buy" else -1
        sl = round(price - sign * self.sl_points * 1e-5, 5)
        routing = "dual_orders" if self.both else "order_b_only"
        plan = DualPlan(symbol=alert.symbol, side=side, lots=self.lots, sl=sl, routing=routing, a_trailing=False)  # type: ignore[arg-type]
        result = await self.api.dual_order.create_dual_orders(plan)
        return None if result else Decision.refused(result.reason)

    async def process_exit_signal(self, alert: Alert) -> Decision | None:
        await self.api.orders.close_positions(alert.symbol, alert.side)
        return None


def path(word: str, start: int = 110_000) -> list[Quad]:
    """Bars of a word: ``u`` rises 100 points, ``d`` falls 150, ``.`` stands still, ``w`` swings 10 both ways; each
    begins where the one before ended."""
    found: list[Quad] = []
    at = start
    for letter in word:
        end = at + {UP: RISE, DOWN: -FALL}.get(letter, 0)
        swing = 10 if letter == "w" else 0
        found.append((at, max(at, end) + swing, min(at, end) - swing, end))
        at = end
    return found


@dataclass
class Story:
    """A replay that is over."""

    simulation: Simulation
    record: RunRecord
    kinds: dict[str, Any] = field(default_factory=dict)

    @property
    def money(self) -> list[int]:
        return [fill.pnl_minor for fill in self.record.fills]

    @property
    def net(self) -> float:
        return sum(self.money) / 100

    @property
    def roles(self) -> list[str]:
        return [order.role for order in self.record.orders if order.opens]

    def steps(self, *states: str) -> list[tuple[int, str, str]]:
        """(level, state, reason) of the chains' steps, of these states (none: all)."""
        return [(s.level, s.state, s.reason) for s in self.record.chains if not states or s.state in states]

    @property
    def ends(self) -> list[tuple[int, str, str]]:
        return self.steps("completed", "stopped", "stale")


def story(
    quads: Sequence[Quad | None],
    alerts: Iterable[Alert] | None = None,
    *classes: type[Strategy],
    broker: str = "shadow",
    spread: int = 0,
    latency_ms: int = 0,
    account: AccountSpec | None = None,
    risk: RiskSettings | None = None,
    dual: DualOrderSettings | None = None,
    settings: dict[str, Any] | None = None,
    others: dict[str, Any] | None = None,
    run: bool = True,
    **pyramid: Any,
) -> Story:
    """Replay an entry in the second bar (or ``alerts``) on bars; ``pyramid``: the settings of profit booking.

    Recoveries ask no trend, unless ``others`` has settings of re-entry.
    """
    simulation, rows = prepared(
        quads, alerts, *classes, broker=broker, spread=spread, latency_ms=latency_ms, account=account, risk=risk,
        dual=dual, settings=settings, others=others, **pyramid,
    )  # fmt: skip
    return Story(simulation, simulation.run(rows) if run else None)  # type: ignore[arg-type]


def prepared(
    quads: Sequence[Quad | None],
    alerts: Iterable[Alert] | None,
    *classes: type[Strategy],
    broker: str,
    spread: int,
    latency_ms: int,
    account: AccountSpec | None,
    risk: RiskSettings | None,
    dual: DualOrderSettings | None,
    settings: dict[str, Any] | None,
    others: dict[str, Any] | None,
    **pyramid: Any,
) -> tuple[Simulation, list[Alert]]:
    """The simulation before its run, and its alerts."""
    plugins = classes or (Booker,)
    registry = PluginRegistry(check_settings=complete_settings)
    for cls in plugins:
        registry.register(cls)
    named = [PluginConfig(cls.info.plugin_id, cls.info.plugin_id, settings or {}) for cls in plugins]
    rules = Rules(
        account=account or AccountSpec(),
        fill_model=FillModel(latency_ms=latency_ms),
        broker=broker,
        settings=ServiceSettings(
            risk=risk or RiskSettings(default_risk_tier="10000"),
            dual_order=dual or DualOrderSettings(stops_level_if_none_points=0),
            profit_booking=ProfitBookingSettings(**pyramid),
            **{"reentry": ReentrySettings(default_trend_check="none"), **(others or {})},
        ),
    )
    prices = Market([bars(*quads, spread=spread)])
    made = Simulation({s.symbol: s for s in prices.series}, CATALOGUE, registry, named, rules)
    return made, sorted(alerts if alerts is not None else [alert(1)], key=lambda a: a.received_ns)
