"""What a spec amounts to before it runs: settings that matter, files, instruments in money, the worst case, problems.

Nothing is replayed. Alerts and prices are loaded as a replay loads them, plugins are made as it makes them, so that
what would stop a run is found here, all at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from zepix.engine.registry import PluginConfig, PluginRegistry
from zepix.engine.router import PluginRouter
from zepix.engine.service_api import ServiceAPI
from zepix.engine.strategy import settings_fields
from zepix.errors import ConfigError, DataError, ZepixError
from zepix.model import Alert, Catalogue, Instrument, Quarantined
from zepix.research.check_caps import risk_caps, wider_caps
from zepix.research.check_worst import Bound, Market, Recorded, by_settings, recorded_losses
from zepix.research.headline import count
from zepix.research.replay import Loaded, load, plugins_of, registry_for
from zepix.services.conversion import Conversions
from zepix.services.prices import PriceBook, SymbolPrices
from zepix.spec import DEFAULTS, Spec

__all__ = ["Checked", "InstrumentFacts", "check"]

_SHOWN: Final = ("account", "fill")


@dataclass(frozen=True, slots=True)
class InstrumentFacts:
    """One symbol in the account's currency, at its last price; None where no rate or price is known."""

    symbol: str
    point: Decimal
    pip: Decimal
    money_a_point: Decimal | None
    money_a_pip: Decimal | None
    margin_a_lot: Decimal | None
    volume_min: Decimal
    volume_max: Decimal
    spread_points: int | None
    commission_a_lot: Decimal
    timeframe: str = ""
    rows: int = 0
    alerts: int = 0
    at_ns: int | None = None


@dataclass(slots=True)
class Checked:
    """Everything that was found. ``settings``: (key, value, default, origin); ``plugins``: one dict a plugin with its
    settings that differ; ``worst``: plugin -> (one alert, one day); ``problems``: what would stop a run."""

    title: str
    currency: str
    balance: Decimal
    stop_out_frac: float
    settings: list[tuple[str, Any, Any, str]] = field(default_factory=list)
    plugins: list[dict[str, Any]] = field(default_factory=list)
    files: list[dict[str, Any]] = field(default_factory=list)
    alerts: dict[str, int] = field(default_factory=dict)
    instruments: list[InstrumentFacts] = field(default_factory=list)
    caps: dict[str, Decimal] = field(default_factory=dict)
    worst: dict[str, tuple[Bound, Bound]] = field(default_factory=dict)
    recorded: dict[str, Recorded] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    exit_status: int = 0

    def problem(self, error: ZepixError) -> None:
        """Note what would stop a run; the first kind found says the exit status."""
        self.problems += error.problems if isinstance(error, ConfigError) else [str(error)]
        self.exit_status = self.exit_status or error.exit_status


def check(spec: Spec) -> Checked:
    """Everything about a spec that can be said before it runs; problems are in the answer, none is raised."""
    checked = Checked(spec.title, spec.account.currency, spec.account.balance, spec.fill.stop_out_frac)
    checked.settings = _settings(spec)
    checked.files = _files(spec, checked)
    registry = registry_for(spec)
    checked.notes += [f"strategy {name} could not be loaded: {why}" for name, why in registry.failures.items()]
    _tried(checked, lambda: registry.load_all_plugins(plugins_of(spec), _bare_api))
    checked.plugins = [_plugin(spec, registry, config) for config in plugins_of(spec)]
    caps = _tried(checked, lambda: risk_caps(spec.config.get("risk") or {}, spec.account.balance))
    checked.caps = caps or {}
    loaded = None
    if not any(one["size"] is None for one in checked.files):
        loaded = _tried(checked, lambda: load(spec))
    if loaded is not None:
        _loaded(checked, spec, loaded, registry)
    most = {one.symbol: one.volume_max for one in checked.instruments if one.alerts}
    checked.worst = {
        name: by_settings(plugin, checked.caps, most) for name, plugin in registry.get_all_plugins().items()
    }
    if checked.caps and any(one.money is not None for bounds in checked.worst.values() for one in bounds):
        wider = wider_caps(spec.config.get("risk") or {}, spec.account.balance)
        checked.notes += [wider] if wider else []
    return checked


def _tried(checked: Checked, make: Callable[[], Any]) -> Any:
    try:
        return make()
    except (ConfigError, DataError) as error:
        checked.problem(error)
        return None


# --- what was said ---------------------------------------------------------------------------------------------------


def _settings(spec: Spec) -> list[tuple[str, Any, Any, str]]:
    """(key, value, default, origin) of account, fills, costs, broker, and of everything else that was given."""
    config = spec.config
    rows: list[tuple[str, Any, Any, str]] = []
    for section in _SHOWN:
        made = getattr(spec, section)
        for one in fields(made):
            key = f"{section}.{one.name}"
            rows.append((key, getattr(made, one.name), one.default, config.origin(key) or "default"))
    for key, default in (("costs", DEFAULTS["costs"]), ("broker.name", DEFAULTS["broker"]["name"])):
        rows.append((key, config.get(key, default), default, config.origin(key) or "default"))
    known = {key for key, *_ in rows}
    for key, value, origin in config.show():
        is_own = key.startswith(("plugins.", "strategy.")) or key in known
        if origin not in ("default", "plugin") and not is_own and key not in ("alerts.files", "data.bars", "title"):
            rows.append((key, value, None, origin))
    if not any(key == "alerts.dedup_window_s" for key, *_ in rows):
        window = DEFAULTS["alerts"]["dedup_window_s"]
        rows.append(("alerts.dedup_window_s", spec.dedup_window_s, window, "default"))
    return rows


def _plugin(spec: Spec, registry: PluginRegistry, config: PluginConfig) -> dict[str, Any]:
    """One plugin with the settings that differ from its class's, and how many stay."""
    found: dict[str, Any] = {"plugin_id": config.plugin_id, "strategy": config.strategy, "differs": [], "kept": 0}
    found["shadow_mode"] = config.shadow_mode
    plugin = registry.get_plugin(config.plugin_id)
    if plugin is None:
        return found
    found["timeframes"] = list(registry.timeframes_of(config.plugin_id))
    for name, (_, default) in settings_fields(type(plugin)).items():
        value = plugin.config.get(name, default)
        if value == default:
            found["kept"] += 1
            continue
        origin = spec.config.origin(f"plugins.{config.plugin_id}.settings.{name}") or "given"
        found["differs"].append((name, value, None if default is ... else default, origin))
    return found


def _files(spec: Spec, checked: Checked) -> list[dict[str, Any]]:
    """Every file that is named, with its size; one that is missing is a problem."""
    named: list[tuple[str, Path]] = [("alerts", path) for path in spec.alerts]
    named += [("bars", Path(text.split("=", 1)[-1])) for text in spec.bars]
    named += [("dialect", path) for path in spec.dialect_files]
    named += [("instruments", spec.instruments)] if spec.instruments is not None else []
    rows = [{"what": what, "path": path.as_posix(), "size": _size(path)} for what, path in named]
    for row in rows:
        if row["size"] is None:
            checked.problem(DataError(f"{row['what']} {row['path']} is not there"))
    if not spec.alerts:
        checked.problem(ConfigError("no alerts: say --alerts with a log (JSON lines, Parquet or TradingView's CSV)"))
    if not spec.bars:
        checked.problem(ConfigError("no prices: say --bars with a store folder or a Parquet file"))
    return rows


def _size(path: Path) -> int | None:
    """Bytes of a file, or of the files in a folder; None for what is not there."""
    try:
        if path.is_dir():
            return sum(one.stat().st_size for one in path.glob("*.parquet"))
        return path.stat().st_size
    except OSError:
        return None


def _bare_api(config: PluginConfig, _family: str, settings: Mapping[str, Any]) -> ServiceAPI:
    """What a plugin needs to be made; it is asked for its settings' problems and never woken."""
    clock: Any = _Never()
    return ServiceAPI(config.plugin_id, clock=clock, config={}, plugin_config=settings)


class _Never:
    now_ns = 0
    phase = 0


# --- what was loaded -------------------------------------------------------------------------------------------------


def _loaded(checked: Checked, spec: Spec, loaded: Loaded, registry: PluginRegistry) -> None:
    alerts = [row for row in loaded.rows if isinstance(row, Alert)]
    quarantined = [row for row in loaded.rows if isinstance(row, Quarantined)]
    checked.alerts = {"rows": len(loaded.rows), "alerts": len(alerts), "quarantined": len(quarantined)}
    checked.notes += loaded.bars.notes
    catalogue = loaded.catalogue
    order = {symbol: number for number, symbol in enumerate(catalogue)}
    every = {**loaded.series, **loaded.bars.finer}
    prices = PriceBook(SymbolPrices(one, catalogue[s], order[s]) for s, one in every.items() if len(one))
    conversions = Conversions(prices, spec.account.currency)
    asked = {a.symbol for a in alerts if a.is_action and a.symbol in prices}
    needed = {c for s in asked for c in (catalogue[s].profit_currency, catalogue[s].margin_currency)}
    _tried(checked, lambda: conversions.require(needed))
    counts = {symbol: sum(a.symbol == symbol for a in alerts) for symbol in {a.symbol for a in alerts}}
    symbols = [*(p.symbol for p in prices), *sorted(s for s in counts if s not in prices and s in catalogue)]
    checked.instruments = [_instrument(s, catalogue, prices, conversions, spec, counts) for s in symbols]
    for symbol in sorted(s for s in counts if s not in prices):
        what = "no prices" if symbol in catalogue else "no such symbol in the catalogue"
        checked.notes.append(f"{count(counts[symbol], 'alert')} of {symbol}: {what}")
    if checked.problems or not registry.get_all_plugins():
        return
    market = Market(prices, catalogue, conversions, spec.account.balance)
    router = PluginRouter(registry, as_family=spec.as_strategy)
    priced = [a for a in alerts if a.symbol in prices or a.symbol not in catalogue]
    checked.recorded = recorded_losses(priced, registry.get_all_plugins(), router, market)


def _instrument(
    symbol: str, catalogue: Catalogue, prices: PriceBook, rates: Conversions, spec: Spec, counts: Mapping[str, int]
) -> InstrumentFacts:
    one: Instrument = catalogue[symbol]
    found = prices.get(symbol)
    at_ns = None if found is None else found.end_ns
    then_ns = prices.end_ns if at_ns is None else at_ns
    profit, margin = (
        rates.rate(c, then_ns) if rates.has(c) else None for c in (one.profit_currency, one.margin_currency)
    )
    quote = None if found is None or at_ns is None else found.quote(at_ns, 1)
    return InstrumentFacts(
        symbol=symbol,
        point=one.point,
        pip=one.pip,
        money_a_point=None if profit is None else one.contract_size * one.point * profit,
        money_a_pip=None if profit is None else one.contract_size * one.pip * profit,
        margin_a_lot=None if margin is None else one.contract_size * margin / spec.account.leverage,
        volume_min=one.volume_min,
        volume_max=one.volume_max,
        spread_points=None if quote is None else quote[1] - quote[0],
        commission_a_lot=2 * one.commission_per_lot if spec.costs != "none" else Decimal(0),
        timeframe="" if found is None else found.series.timeframe,
        rows=0 if found is None else found.n,
        alerts=counts.get(symbol, 0),
        at_ns=at_ns,
    )
