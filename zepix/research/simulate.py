"""One replay from loaded parts: prices, alerts, plugins and rules in, the run's record out. Touches no file."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, overload

from zepix.alerts.dedup import Deduplicator
from zepix.brokers.shadow.agenda import Agenda
from zepix.brokers.shadow.broker import ShadowBroker
from zepix.brokers.shadow.forms import Form
from zepix.engine.engine import TradingEngine
from zepix.engine.health import PluginHealthMonitor
from zepix.engine.house import OPTIONAL, House, ServiceSettings
from zepix.engine.record import JournalLine, RunRecord
from zepix.engine.registry import PluginConfig, PluginRegistry
from zepix.engine.router import PluginRouter
from zepix.engine.service_api import ElapsedClock, ServiceAPI
from zepix.engine.session import Progress, Session, SimulatedBroker, describe
from zepix.errors import ConfigError, DataError
from zepix.model import AccountSpec, Alert, Bar, Catalogue, ClosingFill, FillModel, Order, Quarantined, Series
from zepix.model.restriction import Restriction
from zepix.services.account import AccountService
from zepix.services.market import BarTable, MarketDataService
from zepix.services.orders import OrderExecutionService
from zepix.services.prices import PriceBook, SymbolPrices
from zepix.services.restrictions import TradeRestrictions
from zepix.services.risk import RiskManagementService
from zepix.services.sizing import Sizing

__all__ = ["ReplayBroker", "Rules", "Simulation", "simulate"]


class ReplayBroker(SimulatedBroker, Protocol):
    """What a replay needs of a broker beyond the session: its books, and a check before the run."""

    conversions: Any
    book: Any
    """With ``fills``, ``balances`` and ``balance_minor``."""

    @property
    def counts(self) -> Mapping[str, int]: ...

    def require_conversions(self, symbols: Iterable[str]) -> None: ...


@dataclass(frozen=True, slots=True)
class Rules:
    """What a replay is run by, besides prices, alerts and plugins."""

    account: AccountSpec = field(default_factory=AccountSpec)
    fill_model: FillModel = field(default_factory=FillModel)
    costs: str = "instrument"
    dedup_window_s: float = 30
    as_family: str | None = None
    from_ns: int | None = None
    config: Mapping[str, Any] = field(default_factory=dict)
    broker: str = "shadow"
    restrictions: Sequence[Restriction] = ()
    """What cannot be opened, by class of asset; with none, nothing is asked and unknown classes trade."""
    assets: Mapping[str, str] = field(default_factory=dict)
    """Classes of names, over what the catalogue and the rules say."""
    settings: ServiceSettings = field(default_factory=ServiceSettings)
    services: Mapping[str, Any] = field(default_factory=dict)
    """Services of the user's own, registered with every plugin's ServiceAPI."""


class Simulation:
    """The parts of one replay, wired; kept apart from ``simulate`` so that tests can turn it step by step."""

    def __init__(
        self,
        series: Mapping[str, Series],
        catalogue: Catalogue,
        registry: PluginRegistry,
        plugins: Sequence[PluginConfig],
        rules: Rules,
        elapsed_clock: ElapsedClock | None = None,
        step_form: tuple[PriceBook, Agenda, Form] | None = None,
        cerebro: Any = None,
        finer: Mapping[str, Series] | None = None,
    ) -> None:
        """``finer``: what fills are made on, where that is not ``series``; strategies' bars come from ``series``.
        ``step_form``: growing prices, agenda and form of a feed, instead of whole arrays. ``cerebro``: the user's
        own ``bt.Cerebro``, in which a replay on the backtrader broker runs."""
        order = {symbol: number for number, symbol in enumerate(catalogue)}
        self.catalogue = catalogue
        self.rules = rules
        self.series = {**series, **(finer or {})}
        self._cerebro = cerebro
        agenda = form = None
        if step_form is None:
            self.prices = _price_book(self.series, catalogue, order)
        else:
            self.prices, agenda, form = step_form
        if not len(self.prices):
            raise DataError("no prices at all; give bars with --bars")
        self.bars = _price_book(series, catalogue, order) if finer else self.prices
        self.broker = self._make_broker(agenda, form)
        self.registry = registry
        self.router = PluginRouter(registry, as_family=rules.as_family)
        self.log: list[tuple[int, str, Any]] = []
        self.engine = TradingEngine(
            self.broker,
            registry,
            self.router,
            dedup=Deduplicator(window_s=rules.dedup_window_s),
            write=self._write,
            restrictions=TradeRestrictions(rules.restrictions, catalogue, rules.assets) if rules.restrictions else None,
        )
        self._tables: dict[tuple[str, str], BarTable] = {}
        self._elapsed_clock = elapsed_clock
        self.apis: dict[str, ServiceAPI] = {}
        self.account = AccountService(self.broker)
        self.house = self._make_house(plugins)
        registry.load_all_plugins(plugins, self._make_api)
        self.session = Session(self.engine, self.broker, self._bar_ended)

    def run(self, rows: Sequence[Alert | Quarantined], progress: Progress | None = None) -> RunRecord:
        """Replay ``rows`` (in order of arrival) and hand out the record."""
        engine, broker = self.engine, self.broker
        alerts = [r for r in rows if isinstance(r, Alert)]
        broker.require_conversions({a.symbol for a in alerts if a.is_action})
        for row in rows:
            if isinstance(row, Quarantined):
                engine.decisions.quarantined(row)
        start_ns = self._start_ns(alerts)
        balances = broker.book.balances
        balances.append((start_ns, broker.book.balance_minor))
        with _without_collector():
            late = self._drive(alerts, start_ns, progress)
        if self.rules.from_ns is None:
            start_ns = self._first_deed_ns(alerts, start_ns)
            balances[0] = (start_ns, balances[0][1])
        record = RunRecord(self.rules.account, self.rules.fill_model, self.catalogue, self.series, self.rules.costs)
        record.start_ns, record.end_ns = start_ns, broker.end_ns
        record.alerts = list(rows)
        record.fills, record.balances = broker.book.fills, broker.book.balances
        record.orders, record.recorded = engine.orders, engine.recorded
        record.decisions = engine.decisions.settle(describe(self.catalogue))
        record.journal = JournalLines(self.log)
        record.counts = self._counts(rows, alerts, late)
        health = PluginHealthMonitor(self.registry, engine).get_all_plugin_status()
        record.plugins = [
            {**self.registry.get_plugin_status(p), "health": health[p]["state"]}
            for p in self.registry.get_all_plugins()
        ]
        record.metrics = {
            plugin: {name: (m.calls, m.errors, m.total_time_ms) for name, m in api.get_metrics().items()}
            for plugin, api in self.apis.items()
        }
        return record

    def _make_broker(self, agenda: Agenda | None, form: Form | None) -> ReplayBroker:
        rules = self.rules
        given = (self.prices, self.catalogue, rules.account, rules.fill_model)
        has_costs = rules.costs != "none"
        if rules.broker == "backtrader":
            from zepix.brokers.backtrader import PlainBroker

            return PlainBroker(*given, has_costs=has_costs)
        if rules.broker != "shadow":
            raise ConfigError(f"broker {rules.broker!r} is unknown; there are shadow and backtrader")
        return ShadowBroker(*given, has_costs=has_costs, agenda=agenda, form=form)

    def _drive(self, alerts: Sequence[Alert], start_ns: int, progress: Progress | None) -> int:
        """Turn the session to the end of the data; how many alerts came after it."""
        if self.rules.broker != "backtrader":
            return self.session.run(alerts, start_ns, progress)
        from zepix.brokers.backtrader import run_in_cerebro

        shown = {p.symbol: p.series for p in self.bars}
        return int(run_in_cerebro(self.session, self.broker, shown, alerts, start_ns, progress, self._cerebro))

    def _start_ns(self, alerts: Sequence[Alert]) -> int:
        """When the session begins: as asked for, not before the first bar; else with the first bar or alert."""
        first_bar = min(p.series.start_ns for p in self.prices)
        if self.rules.from_ns is not None:
            return min(max(self.rules.from_ns, first_bar), self.broker.end_ns)
        return min([first_bar, *(a.received_ns for a in alerts[:1])])

    def _first_deed_ns(self, alerts: Sequence[Alert], start_ns: int) -> int:
        """When the recorded period begins, where no day was asked for: with the first alert or order, whichever is
        earlier. Bars before it are history for indicators, and no days on which nothing was earned."""
        deeds = [a.received_ns for a in alerts[:1]] + [o.decided_ns for o in self.engine.orders[:1]]
        first_bar = min(p.series.start_ns for p in self.prices)
        return min(max(min(deeds, default=start_ns), first_bar), self.broker.end_ns)

    def _counts(self, rows: Sequence[Any], alerts: Sequence[Alert], late: int) -> dict[str, int]:
        first = min(p.series.start_ns for p in self.prices)
        return {
            "rows": len(rows),
            "alerts": len(alerts),
            "quarantined": len(rows) - len(alerts),
            "after_data": late,
            "before_data": sum(1 for a in alerts if a.received_ns < first),
            "without_prices": sum(
                1 for a in alerts if a.is_action and a.symbol in self.catalogue and a.symbol not in self.prices
            ),
            "unknown_symbol": sum(1 for a in alerts if a.is_action and a.symbol not in self.catalogue),
            "strategy_errors": len(self.engine.errors),
            "does_nothing": self.broker.counts["does_nothing"],
        }

    def _write(self, ns: int, kind: str, what: Any) -> None:
        self.log.append((ns, kind, what))

    def _make_api(self, config: PluginConfig, family: str, settings: Mapping[str, Any]) -> ServiceAPI:
        engine, broker = self.engine, self.broker
        api = ServiceAPI(
            config.plugin_id,
            clock=engine,
            config=self.rules.config,
            plugin_config=settings,
            elapsed_clock=self._elapsed_clock,
            write_log=engine.write_log,
            write_record=engine.write_record,
            set_timer=engine.set_timer,
        )
        account, market = self.account, self._market(config.plugin_id)
        sizing = Sizing(engine, market, account, broker.conversions, self.catalogue)
        api.register_service(
            "order", OrderExecutionService(engine, broker, self.catalogue, config.plugin_id, family, sizing)
        )
        api.register_service("market", market, health_check=lambda: len(self.prices) > 0)
        api.register_service("account", account)
        api.register_service("risk", RiskManagementService(engine, account, self.catalogue, broker.conversions))
        self.house.register(api, config.plugin_id, self._used(config))
        for name, service in self.rules.services.items():
            if api.has_service(name):
                raise ConfigError(f"a service {name!r} is there already; give yours another name")
            api.register_service(name, service)
        self.apis[config.plugin_id] = api
        return api

    def _market(self, plugin_id: str) -> MarketDataService:
        engine, settings = self.engine, self.rules.settings.market
        return MarketDataService(
            engine, self.prices, self.catalogue, engine, self._tables, plugin_id, bars=self.bars, settings=settings
        )

    def _used(self, config: PluginConfig) -> Sequence[str] | None:
        """The services with a memory that a plugin names; None where it names none."""
        try:
            return self.registry.find_class(config.strategy).info.services
        except ConfigError:  # told with the plugin's other problems when it is loaded
            return ()

    def _make_house(self, plugins: Sequence[PluginConfig]) -> House:
        """The services with a memory that the run's strategies use."""
        used = [self._used(config) for config in plugins]
        needed = {name for names in used for name in (OPTIONAL if names is None else names)}
        spec = self.rules.account
        return House(
            self.engine,
            self.broker,
            self.catalogue,
            self.broker.conversions,
            self.account,
            self._market(""),
            self.rules.settings,
            needed,
            leverage=spec.leverage,
            money_digits=spec.digits,
        )

    def _bar_ended(self, symbol: str, timeframe: str, t_ns: int) -> tuple[Bar | None, int | None]:
        bars = self.bars.get(symbol)
        if bars is None:
            return None, None
        key = (symbol, timeframe)
        if key not in self._tables:
            self._tables[key] = BarTable(bars, timeframe)
        return self._tables[key].ended_at(bars, t_ns)


def _price_book(series: Mapping[str, Series], catalogue: Catalogue, order: Mapping[str, int]) -> PriceBook:
    return PriceBook(SymbolPrices(s, catalogue[s.symbol], order[s.symbol]) for s in series.values())


@contextlib.contextmanager
def _without_collector() -> Iterator[None]:
    """Python's cycle collector off for the run: a replay makes many objects and no cycles, and the collector would walk
    all of them again and again (a quarter of the time at 10,000 alerts)."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def simulate(
    series: Mapping[str, Series],
    catalogue: Catalogue,
    rows: Iterable[Alert | Quarantined],
    plugins: Sequence[PluginConfig],
    *,
    registry: PluginRegistry,
    rules: Rules | None = None,
    progress: Progress | None = None,
    elapsed_clock: Callable[[], float] | None = None,
    finer: Mapping[str, Series] | None = None,
    cerebro: Any = None,
) -> RunRecord:
    """Run alerts (in order of arrival) on prices; raises ConfigError and DataError before anything runs."""
    simulation = Simulation(
        series, catalogue, registry, plugins, rules or Rules(), elapsed_clock, finer=finer, cerebro=cerebro
    )
    return simulation.run(list(rows), progress)


class JournalLines(Sequence[JournalLine]):
    """The run's journal; a line is put into words when it is read, so that the replay does not pay for the writing."""

    def __init__(self, log: list[tuple[int, str, Any]]) -> None:
        self._log = log

    def __len__(self) -> int:
        return len(self._log)

    @overload
    def __getitem__(self, index: int) -> JournalLine: ...

    @overload
    def __getitem__(self, index: slice) -> list[JournalLine]: ...

    def __getitem__(self, index: int | slice) -> JournalLine | list[JournalLine]:
        return [_line(e) for e in self._log[index]] if isinstance(index, slice) else _line(self._log[index])


def _line(entry: tuple[int, str, Any]) -> JournalLine:
    """A journal line of plain values; orders are described as they ended."""
    ns, kind, what = entry
    if isinstance(what, Alert):
        return (
            ns,
            kind,
            {"id": what.id, "type": what.type, "symbol": what.symbol, "side": what.side or "", "raw": what.raw},
        )
    if isinstance(what, Order):
        return (
            ns,
            kind,
            {
                "order": what.id,
                "what": what.kind,
                "plugin": what.plugin_id,
                "alert": what.alert_id,
                "symbol": what.symbol,
                "side": what.side,
                "steps": what.volume_steps,
                "sl": what.sl,
                "tp": what.tp,
                "reason": what.reason,
                "ticket": what.ticket,
                "points": what.fill_points,
                "fill_ns": what.fill_ns,
            },
        )
    if isinstance(what, ClosingFill):
        return (
            ns,
            kind,
            {
                "ticket": what.ticket,
                "part": what.part,
                "symbol": what.symbol,
                "steps": what.steps,
                "points": what.exit_points,
                "exit_ns": what.exit_ns,
                "reason": what.exit_reason,
                "pnl_minor": what.pnl_minor,
            },
        )
    return ns, kind, dict(what)
