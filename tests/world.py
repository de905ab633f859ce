"""A small market for tests: bars in points, alerts, strategies, and one replay over them. Reads no file.

Bars are written as (open, high, low, close) in points of the bid; the ask lies ``spread`` points above. EURUSD:
110_000 is 1.10000, and 0.10 lots are 0.10 USD a point. Minutes count from Wednesday, 6 March 2024, 10:00 UTC.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np

from zepix.config import complete_settings
from zepix.engine.record import RunRecord
from zepix.engine.registry import PluginConfig, PluginRegistry
from zepix.engine.strategy import Strategy
from zepix.kernels.crossing import build_index
from zepix.model import AccountSpec, Alert, Catalogue, FillModel, Instrument, Series, Side
from zepix.model.restriction import Restriction
from zepix.model.timeframe import NS
from zepix.model.timeframe import minutes as minutes_of
from zepix.research.simulate import Rules, Simulation

MINUTE = 60 * NS
T0 = 1_709_719_200 * NS
Quad = tuple[int, int, int, int]
FLAT: Quad = (110_000, 110_000, 110_000, 110_000)

_KINDS = {  # symbol: digits, contract size, margin currency, profit currency
    "EURUSD": (5, 100_000, "EUR", "USD"),
    "GBPUSD": (5, 100_000, "GBP", "USD"),
    "USDJPY": (3, 100_000, "USD", "JPY"),
    "GBPJPY": (3, 100_000, "GBP", "JPY"),
    "XAUUSD": (3, 100, "USD", "USD"),
}


def instrument(symbol: str = "EURUSD", **changes: Any) -> Instrument:
    """Without commission and stops level, unless ``changes`` say so."""
    digits, contract, margin, profit = _KINDS[symbol]
    point = Decimal(1).scaleb(-digits)
    pip = Decimal("0.01") if symbol == "XAUUSD" else point * 10
    given: dict[str, Any] = {
        "asset_class": "forex",
        "pip": pip,
        "contract_size": Decimal(contract),
        "volume_max": Decimal(50),
    }
    given |= changes
    return Instrument(symbol=symbol, point=point, margin_currency=margin, profit_currency=profit, **given)


CATALOGUE = Catalogue(instrument(s) for s in _KINDS)


def minute(number: float) -> int:
    """The time of a minute (and its fraction) after ``T0``, in nanoseconds."""
    return T0 + round(number * 60 * 1000) * 1_000_000


def series(symbol: str, timeframe: str, rows: Sequence[tuple[int, Quad, Quad]]) -> Series:
    """Bars of (open time in ns, bid, ask)."""
    time = np.array([t for t, _, _ in rows], np.int64)
    bid = [np.array([quad[n] for _, quad, _ in rows], np.int32) for n in range(4)]
    ask = [np.array([quad[n] for _, _, quad in rows], np.int32) for n in range(4)]
    columns: list[Any] = [*bid, *ask, *build_index(bid[2], bid[1]), *build_index(ask[2], ask[1])]
    return Series(symbol, timeframe, minutes_of(timeframe) * MINUTE, time, *columns)


def bars(
    *quads: Quad | None, symbol: str = "EURUSD", timeframe: str = "1m", start: int = T0, spread: int = 10
) -> Series:
    """Consecutive bars from ``start``; None is a bar that is missing."""
    length = minutes_of(timeframe) * MINUTE
    rows = [
        (start + n * length, quad, (quad[0] + spread, quad[1] + spread, quad[2] + spread, quad[3] + spread))
        for n, quad in enumerate(quads)
        if quad is not None
    ]
    return series(symbol, timeframe, rows)


def alert(at: float | int, kind: str = "entry", side: str | None = "buy", **fields: Any) -> Alert:
    """An alert at a minute; ``id`` is made of it unless given."""
    known: dict[str, Any] = {"symbol": "EURUSD", "dialect": "plain", "volume": 0.1, "strategy": None} | fields
    number = known.pop("id", f"{kind} {side} {at}")
    known.setdefault("explicit_id", number)
    return Alert(id=number, received_ns=minute(at), type=kind, side=None if side is None else Side(side), **known)


@dataclass
class Played:
    """A finished replay, with its parts still in hand."""

    simulation: Simulation
    record: RunRecord

    def plugin(self, plugin_id: str | None = None) -> Any:
        plugins = self.simulation.registry.get_all_plugins()
        return next(iter(plugins.values())) if plugin_id is None else plugins[plugin_id]

    @property
    def outcomes(self) -> list[tuple[str, str]]:
        return [(row.outcome, row.reason) for row in self.record.decisions]

    def lines(self, kind: str) -> list[tuple[int, dict[str, Any]]]:
        """(time, fields) of the journal's lines of one kind."""
        return [(ns, fields) for ns, found, fields in self.record.journal if found == kind]


@dataclass
class Market:
    """Prices and rules; ``play`` replays alerts on them."""

    series: Sequence[Series]
    catalogue: Catalogue = field(default_factory=lambda: CATALOGUE)
    account: AccountSpec = field(default_factory=AccountSpec)
    fill: FillModel = field(default_factory=FillModel)
    costs: str = "instrument"
    config: Mapping[str, Any] = field(default_factory=dict)
    broker: str = "shadow"
    restrictions: Sequence[Restriction] = ()
    assets: Mapping[str, str] = field(default_factory=dict)

    def prepare(
        self, *strategies: type[Strategy], plugins: Sequence[PluginConfig] | None = None, **settings: Any
    ) -> Simulation:
        """A simulation before its run; each class is one plugin with ``settings``, unless ``plugins`` are named."""
        registry = PluginRegistry(check_settings=complete_settings)
        for cls in strategies:
            registry.register(cls)
        named = [PluginConfig(cls.info.plugin_id, cls.info.plugin_id, settings) for cls in strategies]
        rules = Rules(
            account=self.account,
            fill_model=self.fill,
            costs=self.costs,
            config=self.config,
            broker=self.broker,
            restrictions=self.restrictions,
            assets=self.assets,
        )
        return Simulation({s.symbol: s for s in self.series}, self.catalogue, registry, plugins or named, rules)

    def play(
        self,
        alerts: Iterable[Alert],
        *strategies: type[Strategy],
        plugins: Sequence[PluginConfig] | None = None,
        before: Callable[[Simulation], None] | None = None,
        **settings: Any,
    ) -> Played:
        """Replay; ``before`` may turn a screw of the finished wiring first."""
        simulation = self.prepare(*strategies, plugins=plugins, **settings)
        if before is not None:
            before(simulation)
        ordered: list[Alert] = sorted(alerts, key=lambda a: a.received_ns)
        return Played(simulation, simulation.run(ordered))


RULES = ("catalogue", "account", "fill", "costs", "config", "broker")


def market(*quads: Quad | None, **given: Any) -> Market:
    """One symbol's bars and the rules, e.g. ``market(FLAT, FLAT, spread=0, fill=FillModel(latency_ms=1000))``."""
    rules = {name: given.pop(name) for name in RULES if name in given}
    return Market([bars(*quads, **given)], **rules)


def flat(count: int, points: int = 110_000) -> list[Quad]:
    return [(points, points, points, points)] * count
