"""Gold bought at 2000 with its stop at 1990 in a replay with re-entry, safety and shields, on either broker.

0.10 lots of gold, spread 0: a dollar of price is 10 USD, a point 0.01 USD. Bars are written in dollars.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tests.world import CATALOGUE, Quad, alert, bars
from zepix.config import complete_settings
from zepix.engine import PluginConfig, PluginInfo, Strategy
from zepix.engine.house import ServiceSettings
from zepix.engine.record import RunRecord
from zepix.engine.registry import PluginRegistry
from zepix.model import AccountSpec, Alert, Decision, FillModel
from zepix.model.settings_autonomous import AutonomousSettings, ReverseShieldSettings
from zepix.model.settings_reentry import ReentrySettings
from zepix.model.settings_risk import RiskSettings
from zepix.research.simulate import Rules, Simulation
from zepix.services.chain_log import ChainStep

__all__ = ["STOPPED", "Guarded", "Told", "gold", "guarded", "prepared"]


class Guarded(Strategy):
    """Order A: 0.10 lots, its stop 10 dollars away, no target."""

    info = PluginInfo(strategy="guarded", services=("risk", "reentry", "autonomous", "telegram"))
    lots: float = 0.1
    sl: float = 10.0

    async def process_entry_signal(self, alert: Alert) -> Decision | None:
        side = alert.side or "buy"
        sign = 1 if side == "buy" else -1
        await self.api.orders.place_order(alert.symbol, side, self.lots, sl_offset=-sign * self.sl, role="A")
        return None

    async def process_exit_signal(self, alert: Alert) -> Decision | None:
        await self.api.orders.close_positions(alert.symbol, alert.side)
        return None


def gold(*rows: Any) -> list[Quad | None]:
    """Bars in dollars: (open, high, low, close), a price that stands still for that bar, or None for a missing bar."""
    found: list[Quad | None] = []
    for row in rows:
        if row is None:
            found.append(None)
            continue
        quad = tuple(row) if isinstance(row, Iterable) else (row,) * 4
        o, h, low, c = (round(one * 1000) for one in quad)
        found.append((o, h, low, c))
    return found


STOPPED = ((2000.0), (2000.0), (2000, 2000, 1989.5, 1990), (1990.0))
"""Bought at the open of minute 1, stopped in minute 2; shields fill at the open of minute 3."""


@dataclass
class Told:
    """A finished replay."""

    record: RunRecord
    simulation: Simulation

    def steps(self, kind: str = "shield") -> list[tuple[str, str]]:
        found: list[ChainStep] = [step for step in self.simulation.house.chains.steps if step.kind == kind]
        return [(step.state, step.reason) for step in found]

    @property
    def roles(self) -> list[str]:
        return [order.role for order in self.record.orders if order.opens]

    @property
    def notices(self) -> list[str]:
        return [fields["notice"] for _, kind, fields in self.record.journal if kind == "notification"]

    @property
    def shields(self) -> list[tuple[str, float, float, float, str, float]]:
        """(role, entry, stop, target, exit reason, money) of every shield that closed, in dollars."""
        return [
            (f.role, f.entry_points / 1000, f.initial_sl / 1000, f.initial_tp / 1000, f.exit_reason, f.pnl_minor / 100)
            for f in sorted(self.record.fills, key=lambda f: f.role)
            if f.role in ("SA", "SB")
        ]

    def fill(self, role: str) -> Any:
        return next(f for f in self.record.fills if f.role == role)


def prepared(
    rows: Sequence[Any],
    *classes: type[Strategy],
    broker: str = "shadow",
    shield: Mapping[str, Any] | None = None,
    autonomous: Mapping[str, Any] | None = None,
    reentry: Mapping[str, Any] | None = None,
    risk: Mapping[str, Any] | None = None,
    balance: int = 10_000,
    plugin: Mapping[str, Any] | None = None,
    leverage: int = 100,
    spread: int = 0,
    catalogue: Any = CATALOGUE,
    others: Mapping[str, Any] | None = None,
) -> Simulation:
    """The simulation before its run."""
    registry = PluginRegistry(check_settings=complete_settings)
    used = classes or (Guarded,)
    for cls in used:
        registry.register(cls)
    plugins = [PluginConfig(cls.info.plugin_id, cls.info.plugin_id, dict(plugin or {})) for cls in used]
    settings = ServiceSettings(
        risk=RiskSettings(**{"default_risk_tier": "25000", **(risk or {})}),
        autonomous=AutonomousSettings(**(autonomous or {})),
        reverse_shield=ReverseShieldSettings(**{"enabled": True, **(shield or {})}),
        reentry=ReentrySettings(**{"default_trend_check": "none", **(reentry or {})}),
        **(others or {}),
    )
    rules = Rules(
        account=AccountSpec(balance=Decimal(balance), leverage=Decimal(leverage)), fill_model=FillModel(),
        costs="none", broker=broker, settings=settings,
    )  # fmt: skip
    series = {"XAUUSD": bars(*gold(*rows), symbol="XAUUSD", spread=spread)}
    return Simulation(series, catalogue, registry, plugins, rules)


def guarded(rows: Sequence[Any], *classes: type[Strategy], alerts: Iterable[Alert] = (), **given: Any) -> Told:
    """Replay; one buy at minute 1 unless alerts are given."""
    made = prepared(rows, *classes, **given)
    record = made.run(list(alerts) or [alert(1, id="first", symbol="XAUUSD")])
    assert not made.engine.errors, made.engine.errors
    return Told(record, made)
