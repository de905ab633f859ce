"""One replay from loaded parts: prices, alerts, plugins and rules in, the run's record out. Touches no file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from zepix.alerts.dedup import IDS_LIMIT, Deduplicator
from zepix.brokers.shadow.agenda import Agenda
from zepix.brokers.shadow.broker import ShadowBroker
from zepix.brokers.shadow.forms import Form
from zepix.engine.engine import TradingEngine
from zepix.engine.health import PluginHealthMonitor
from zepix.engine.house import OPTIONAL, House, ServiceSettings
from zepix.engine.record import RunRecord
from zepix.engine.registry import PluginConfig, PluginRegistry
from zepix.engine.router import PluginRouter
from zepix.engine.service_api import ElapsedClock, ServiceAPI
from zepix.engine.session import Progress, Session, SimulatedBroker, describe
from zepix.errors import ConfigError, DataError
from zepix.model import AccountSpec, Alert, Bar, Catalogue, FillModel, Quarantined, Series
from zepix.model.restriction import Restriction
from zepix.research.collector import without_collector
from zepix.research.journal_lines import JournalLines
from zepix.research.plugin_memory import with_database
from zepix.research.price_sums import Summed
from zepix.services.account import AccountService
from zepix.services.market import BarTable, MarketDataService
from zepix.services.orders import OrderExecutionService
from zepix.services.prices import PriceBook, SymbolPrices
from zepix.services.restrictions import TradeRestrictions
from zepix.services.risk import RiskManagementService
from zepix.services.sizing import Sizing

if TYPE_CHECKING:
    from zepix.research.run_state import History

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
    dedup_ids: int = IDS_LIMIT
    """So many ids of alerts are remembered, the newest."""
    as_family: str | None = None
    broadcast: bool = False
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
        self.router = PluginRouter(registry, as_family=rules.as_family, broadcast=rules.broadcast)
        self.log: list[tuple[int, str, Any]] = []
        self.engine = TradingEngine(
            self.broker,
            registry,
            self.router,
            dedup=Deduplicator(window_s=rules.dedup_window_s, ids_limit=rules.dedup_ids),
            write=self._write,
            restrictions=TradeRestrictions(rules.restrictions, catalogue, rules.assets) if rules.restrictions else None,
        )
        self._tables: dict[tuple[str, str], BarTable] = {}
        self._is_late = form is not None and form.is_late
        self._elapsed_clock = elapsed_clock
        self.apis: dict[str, ServiceAPI] = {}
        self.account = AccountService(self.broker)
        self.house = self._make_house(plugins)
        registry.load_all_plugins(plugins, self._make_api)
        self.session = Session(self.engine, self.broker, self._bar_ended)
        self.start_ns = 0
        self.is_loaded = False
        self.fits: dict[str, Any] | None = None
        """What a saved state must fit, made when it is first needed; and the prices it was made with."""
        self.price_sums: Summed = {}
        self.bar_sums: Summed = {}
        self._rows: Sequence[Alert | Quarantined] = ()
        self._alerts: list[Alert] = []

    def run(self, rows: Sequence[Alert | Quarantined], progress: Progress | None = None) -> RunRecord:
        """Replay ``rows`` (in order of arrival) and hand out the record: ``begin``, ``go_on`` and ``finish``."""
        if self.rules.broker != "backtrader":
            self.begin(rows)
            self.go_on(progress=progress)
            record = self.finish()
            if progress is not None:
                progress(len(self._alerts), len(self._alerts))
            return record
        from zepix.brokers.backtrader import run_in_cerebro

        self._take_rows(rows)
        self._open_books(rows)
        shown = {p.symbol: p.series for p in self.bars}
        with without_collector():
            late = run_in_cerebro(
                self.session, self.broker, shown, self._alerts, self.start_ns, progress, self._cerebro
            )
        return self._record(int(late))

    def begin(self, rows: Sequence[Alert | Quarantined]) -> None:
        """Start plugins and services for ``rows``; after ``load_state``, where they run already, go on in the rows.

        Raises DataError where money cannot be converted, StateError for rows that are not those of the state.
        """
        self._take_rows(rows)
        if self.is_loaded:
            self.session.check_alerts(self._alerts)
        else:
            self._open_books(rows)
            with without_collector():
                self.session.begin(self.start_ns)

    def go_on(self, most: int = -1, progress: Progress | None = None) -> bool:
        """Go on by ``most`` events (-1: to the end of the data); whether everything is done. See ``Session.go_on``."""
        with without_collector():
            return self.session.go_on(self._alerts, most, progress)

    def finish(self) -> RunRecord:
        """End the run with its data, and hand out the record: of all that is still in memory."""
        with without_collector(ends=True):
            late = self.session.finish(self._alerts)
            return self._record(late)

    def save_state(self, history: bool = False) -> dict[str, Any]:
        """The run between two events, as JSON values; ``history``: with all it has done so far (docs/state.md).

        Raises StateError for what cannot be saved: a strategy's attribute that is no data, a run that is over, the
        backtrader broker.
        """
        from zepix.research.run_state import save

        return save(self, history)

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Become the run whose state this is; then ``begin`` with the same rows. Only before the run has begun.

        Raises StateError that names everything that does not fit: plugins, settings, rules, prices, a newer version.
        """
        from zepix.research.run_state import load

        load(self, state)

    def take_over_state(self, state: Mapping[str, Any]) -> list[str]:
        """As ``load_state`` for a run of other plugins or settings: what does not fit is set aside, a sentence each.

        Tickets keep their stops whatever became of their plugin; plugins and services that are new begin now. Raises
        StateError where the prices or the instruments are others.
        """
        from zepix.research.run_state import load

        return load(self, state, loosely=True)

    def forget_history(self) -> History:
        """Between two events: hand out what is over and forget it, so that memory stays as large as what is open."""
        from zepix.research.run_state import forget

        return forget(self)

    def _take_rows(self, rows: Sequence[Alert | Quarantined]) -> None:
        self._rows = rows
        self._alerts = [r for r in rows if isinstance(r, Alert)]
        self.broker.require_conversions({a.symbol for a in self._alerts if a.is_action})

    def _open_books(self, rows: Sequence[Alert | Quarantined]) -> None:
        for row in rows:
            if isinstance(row, Quarantined):
                self.engine.set_aside(row)
        self.start_ns = self._start_ns(self._alerts)
        self.broker.book.balances.append((self.start_ns, self.broker.book.balance_minor))

    def _record(self, late: int) -> RunRecord:
        engine, broker, rows, alerts = self.engine, self.broker, self._rows, self._alerts
        start_ns, balances = self.start_ns, broker.book.balances
        if self.rules.from_ns is None:
            begun_ns, start_ns = start_ns, self._first_deed_ns(alerts, start_ns)
            if balances and balances[0][0] == begun_ns:
                balances[0] = (start_ns, balances[0][1])
        record = RunRecord(self.rules.account, self.rules.fill_model, self.catalogue, self.series, self.rules.costs)
        record.start_ns, record.end_ns = start_ns, broker.end_ns
        record.alerts = list(rows)
        record.fills, record.balances = broker.book.fills, balances
        record.orders, record.recorded = engine.orders, engine.recorded
        record.chains = self.house.chains.steps
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

    def _first_bar_ns(self) -> int:
        return min(int(p.time[0]) for p in self.prices if p.n)

    def _start_ns(self, alerts: Sequence[Alert]) -> int:
        """When the session begins: as asked for, not before the first bar; else with the first bar or alert."""
        first_bar = self._first_bar_ns()
        if self.rules.from_ns is not None:
            return min(max(self.rules.from_ns, first_bar), self.broker.end_ns)
        return min([first_bar, *(a.received_ns for a in alerts[:1])])

    def _first_deed_ns(self, alerts: Sequence[Alert], start_ns: int) -> int:
        """When the recorded period begins, where no day was asked for: with the first alert or order, whichever is
        earlier. Bars before it are history for indicators, and no days on which nothing was earned."""
        first = self.engine.first_order_ns
        deeds = [a.received_ns for a in alerts[:1]] + ([] if first is None else [first])
        first_bar = self._first_bar_ns()
        return min(max(min(deeds, default=start_ns), first_bar), self.broker.end_ns)

    def _counts(self, rows: Sequence[Any], alerts: Sequence[Alert], late: int) -> dict[str, int]:
        first = self._first_bar_ns()
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
        orders = OrderExecutionService(engine, broker, self.catalogue, config.plugin_id, family, sizing)
        api.register_service("order", orders)
        api.register_service("market", market, health_check=lambda: len(self.prices) > 0)
        api.register_service("account", account)
        api.register_service("risk", RiskManagementService(engine, account, self.catalogue, broker.conversions))
        self.house.register(api, config.plugin_id, self._used(config))
        for name, service in self.rules.services.items():
            if api.has_service(name):
                raise ConfigError(f"a service {name!r} is there already; give yours another name")
            api.register_service(name, service)
        self.apis[config.plugin_id] = with_database(api, self.registry, self._used(config))
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

    def bar_table(self, symbol: str, timeframe: str) -> BarTable | None:
        """The bars that strategies see; None for a symbol without prices."""
        bars = self.bars.get(symbol)
        if bars is None:
            return None
        key = (symbol, timeframe)
        if key not in self._tables:
            self._tables[key] = BarTable(bars, timeframe)
        return self._tables[key]

    def _bar_ended(self, symbol: str, timeframe: str, t_ns: int) -> tuple[Bar | None, int | None]:
        table = None if self._is_late else self.bar_table(symbol, timeframe)  # late: it has ended, and nobody knows it
        return (None, None) if table is None else table.ended_at(self.bars[symbol], t_ns)


def _price_book(series: Mapping[str, Series], catalogue: Catalogue, order: Mapping[str, int]) -> PriceBook:
    return PriceBook(SymbolPrices(s, catalogue[s.symbol], order[s.symbol]) for s in series.values())


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
