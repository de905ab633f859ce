"""Replays in which chains re-enter: a strategy that buys or sells one A order an alert, on either broker."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.world import CATALOGUE, Quad, alert, bars, flat, minute
from zepix.config import complete_settings
from zepix.engine import PluginConfig, PluginInfo, Strategy
from zepix.engine.house import ServiceSettings
from zepix.engine.record import RunRecord
from zepix.engine.registry import PluginRegistry
from zepix.model import AccountSpec, Alert, Catalogue, Decision, FillModel, Series, Trail
from zepix.model.settings_reentry import ReentrySettings
from zepix.research.simulate import Rules, Simulation
from zepix.services.chain_log import ChainStep

__all__ = ["BACK", "LOW", "QUADS", "STOPPED", "Rider", "Run", "bar", "calm", "recovered", "rides", "simulation"]


def bar(low: int, high: int, close: int, start: int = 110_000) -> Quad:
    return (start, high, low, close)


def calm(count: int, points: int = 110_000) -> list[Quad]:
    return flat(count, points)


class Rider(Strategy):
    """A: 0.10 lots; its stop and target are the alert's, else 100 and 150 points away. The rest re-enters."""

    info = PluginInfo(strategy="rider", services=("reentry",))

    trails: bool = False
    role: str = "A"

    async def process_entry_signal(self, alert: Alert) -> Decision | None:
        side = alert.side or "buy"
        sign = 1 if side == "buy" else -1
        trails = (Trail(50, 25, 50),) if self.trails else ()
        offsets: dict[str, Any] = {} if alert.sl else {"sl_offset": -sign * 0.001, "tp_offset": sign * 0.0015}
        await self.api.orders.place_order(
            alert.symbol, side, alert.volume or 0.1, alert.sl, alert.tp, role=self.role, trails=trails, **offsets
        )
        return None

    async def process_exit_signal(self, alert: Alert) -> Decision | None:
        await self.api.orders.close_positions(alert.symbol, alert.side, reason="manual")
        return None


@dataclass
class Run:
    """A finished replay: the record, the steps of all chains, the plugins."""

    record: RunRecord
    steps: list[ChainStep]
    simulation: Simulation

    @property
    def path(self) -> list[tuple[str, str]]:
        """(state, reason) of every step."""
        return [(step.state, step.reason) for step in self.steps]

    @property
    def roles(self) -> list[str]:
        return [order.role for order in self.record.orders if order.opens]

    @property
    def end(self) -> tuple[str, str]:
        return self.path[-1]

    def order(self, role: str) -> Any:
        return next(order for order in self.record.orders if order.role == role)

    def at(self, state: str, reason: str) -> int:
        """The time of a step in minutes after the market's begin."""
        found = next(step.t_ns for step in self.steps if (step.state, step.reason) == (state, reason))
        return (found - minute(0)) // 60_000_000_000


def simulation(
    quads: Iterable[Quad | None] | Mapping[str, Series],
    *classes: type[Strategy],
    broker: str = "shadow",
    reentry: Mapping[str, Any] | None = None,
    plugin: Mapping[str, Any] | None = None,
    catalogue: Catalogue = CATALOGUE,
    **settings: Any,
) -> Simulation:
    """``reentry``: settings of the service, without a trend check unless they say so; ``settings``: other sections."""
    given = {"default_trend_check": "none", **(reentry or {})}
    series = quads if isinstance(quads, Mapping) else {"EURUSD": bars(*quads)}
    registry = PluginRegistry(check_settings=complete_settings)
    used = classes or (Rider,)
    for cls in used:
        registry.register(cls)
    plugins = [PluginConfig(cls.info.plugin_id, cls.info.plugin_id, dict(plugin or {})) for cls in used]
    rules = Rules(
        account=AccountSpec(), fill_model=FillModel(), costs="none", broker=broker,
        settings=ServiceSettings(reentry=ReentrySettings(**given), **settings),
    )  # fmt: skip
    return Simulation(series, catalogue, registry, plugins, rules)


def rides(
    quads: Iterable[Quad | None] | Mapping[str, Series],
    alerts: Iterable[Alert] = (),
    *classes: Any,
    before: Callable[[Simulation], None] | None = None,
    **given: Any,
) -> Run:
    """Replay; one buy at minute 1 unless alerts are given. ``before`` may turn a screw of the finished wiring."""
    made = simulation(quads, *classes, **given)
    if before is not None:
        before(made)
    rows: list[Any] = sorted(alerts, key=lambda a: a.received_ns) or [alert(1, id="first")]
    record = made.run(rows)
    assert not made.engine.errors, made.engine.errors
    return Run(record, list(made.house.chains.steps), made)


DOWN = bar(109_890, 110_000, 109_900)
"""Takes the stop of a buy at 1.10010."""
LOW = 109_900
BACK = bar(LOW, 109_985, 109_985, LOW)
"""Comes back to the level."""
STOPPED = [*calm(3), DOWN]
"""Four minutes: bought at minute 1, stopped in minute 3."""
QUADS = [*STOPPED, *calm(2, LOW), BACK, *calm(3, 109_985)]
"""Stopped, and back at the level in minute 6."""


def recovered(*after: Any, wait: int = 2, **given: Any) -> Run:
    """Stopped, so many minutes below, then back at the level, then ``after``."""
    return rides([*STOPPED, *calm(wait, LOW), BACK, *after, *calm(3, 109_985)], **given)
