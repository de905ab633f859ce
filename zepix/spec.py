"""What one run is to be: read from a spec file, the environment and flags, checked whole before anything runs.

Paths in a spec file are relative to that file; paths in flags and in the environment to the current folder. Times are
ISO 8601 with a zone; a date alone is its midnight, UTC; the run covers ``[from, to)``.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from zepix.config import BROKERS, DEFAULT_STRATEGY, ConfigManager, complete_settings, find_restriction, near, plain
from zepix.config.keys import SERVICES
from zepix.config.merge import MASK, is_secret
from zepix.engine.house import ServiceSettings
from zepix.errors import ConfigError
from zepix.model import AccountSpec, FillModel
from zepix.model.restriction import Restriction
from zepix.model.timeframe import from_file_name

if TYPE_CHECKING:
    from zepix.engine.registry import PluginRegistry

__all__ = ["DEFAULTS", "PluginSpec", "Spec", "instant_ns", "load_spec"]

DEFAULTS: Final[Mapping[str, Any]] = {
    "costs": "instrument",
    "seed": 0,
    "report": True,
    "alerts": {"files": [], "dedup_window_s": 30},
    "data": {"bars": [], "crossed": "raise_ask", "cache": True},
    "plugin_system": {"enabled": True, "auto_discover": True},
    "broker": {"name": "shadow"},
    "account": {f.name: f.default for f in fields(AccountSpec)},
    "fill": {f.name: f.default for f in fields(FillModel)},
}
_WITHOUT_CENTS: Final = frozenset({"CLP", "ISK", "JPY", "KRW", "PYG", "UGX", "VND"})
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SERIES: Final = re.compile(r"([^=:/\\]+:[A-Za-z0-9]+=)(.+)", re.DOTALL)
_STRATEGIES: Final = "strategies"


@dataclass(frozen=True, slots=True)
class PluginSpec:
    """One ``[plugins.<id>]``: which strategy, with which settings, for which timeframes (None: the strategy's own)."""

    plugin_id: str
    strategy: str
    enabled: bool = True
    timeframes: tuple[str, ...] | None = None
    shadow_mode: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """Everything a replay needs to know, checked as far as it can be without reading data or strategies.

    ``bars`` are arguments as ``load_bars`` takes them (``PATH`` or ``SYMBOL:TF=PATH``). ``plugins`` are those that run;
    where a spec names no strategy and configures no plugin, that is ``bracket``. ``strategy`` is the name asked for,
    ``strategy_settings`` what was said of it; both are in ``plugins`` already.
    ``as_strategy``: every alert is taken as addressed to this strategy. ``from_ns`` is included, ``to_ns`` is not.
    ``restrictions``: what cannot be opened, by class of asset; ``assets``: classes of names, over what they would be.
    ``dialect_files`` and ``dialects``: dialects of one's own and settings of dialects; ``symbol_map``: senders' names.
    """

    title: str = "replay"
    alerts: tuple[Path, ...] = ()
    bars: tuple[str, ...] = ()
    instruments: Path | None = None
    strategy: str | None = None
    strategy_settings: Mapping[str, Any] = field(default_factory=dict)
    plugins: tuple[PluginSpec, ...] = ()
    strategy_folders: tuple[Path, ...] = ()
    broker: str = "shadow"
    account: AccountSpec = field(default_factory=AccountSpec)
    fill: FillModel = field(default_factory=FillModel)
    costs: str = "instrument"
    from_ns: int | None = None
    to_ns: int | None = None
    out: Path | None = None
    seed: int = 0
    crossed: str = "raise_ask"
    choice: Mapping[str, str] = field(default_factory=dict)
    cache: bool = True
    dedup_window_s: int = 30
    as_strategy: str | None = None
    services: ServiceSettings = field(default_factory=ServiceSettings)
    restrictions: tuple[Restriction, ...] = ()
    assets: Mapping[str, str] = field(default_factory=dict)
    dialect_files: tuple[Path, ...] = ()
    dialects: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    symbol_map: Mapping[str, str] = field(default_factory=dict)
    report: bool = True
    profile: bool = False
    path: Path | None = None
    config: ConfigManager = field(default_factory=lambda: ConfigManager(defaults=DEFAULTS), repr=False, compare=False)

    def as_dict(self) -> dict[str, Any]:
        """Plain values for ``run.json``; secrets among a strategy's settings are masked."""
        kept = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in ("config", "profile")}
        return {name: _plain(value) for name, value in kept.items()}


def load_spec(
    path: str | Path | None = None,
    *,
    flags: Mapping[str, Any] | None = None,
    alerts: Sequence[str | Path] | None = None,
    bars: Sequence[str | Path] | None = None,
    strategy: str | None = None,
    broker: str | None = None,
    instruments: str | Path | None = None,
    from_: str | date | datetime | None = None,
    to: str | date | datetime | None = None,
    out: str | Path | None = None,
    report: bool | None = None,
    profile: bool = False,
    environ: Mapping[str, str] | None = None,
    check_strategies: bool = True,
    registry: PluginRegistry | None = None,
) -> Spec:
    """The spec of a run: a file (TOML, JSON or YAML) or none, under the environment, under flags.

    ``flags`` are dotted keys (``{"account.balance": 10000}``); what is named by a parameter of its own wins over them.
    ``environ`` is the process's own where it is not given; ``check_strategies``: look for the strategies that plugins
    name, and check their settings, so that those problems are told with the rest; ``registry`` has the strategies where
    somebody found them already. Raises ConfigError with all problems.
    """
    named: dict[str, Any] = {
        "alerts.files": [str(p) for p in alerts] if alerts else None,
        "data.bars": [str(p) for p in bars] if bars else None,
        "strategy.name": strategy,
        "broker.name": broker,
        "data.instruments": str(instruments) if instruments else None,
        "from": from_,
        "to": to,
        "out": str(out) if out else None,
        "report": report,
    }
    config = ConfigManager(
        defaults=DEFAULTS,
        file=Path(path) if path is not None else None,
        environ=os.environ if environ is None else environ,
        flags={**(flags or {}), **{key: value for key, value in named.items() if value is not None}},
        strict=False,
    )
    return replace(_Reading(config, registry).spec(check_strategies), profile=profile)


def instant_ns(value: str | date | datetime) -> int:
    """Nanoseconds since 1970, UTC, of an ISO 8601 time with a zone, or of a date's midnight, UTC.

    Raises ValueError for anything else, a time without a zone included.
    """
    moment: date = value if isinstance(value, date) else _parsed(value)
    if not isinstance(moment, datetime):
        moment = datetime(moment.year, moment.month, moment.day, tzinfo=UTC)
    if moment.tzinfo is None:
        raise ValueError(f"{value} has no time zone; write {moment.isoformat()}Z for UTC, or +02:00 and the like")
    return (moment - _EPOCH) // timedelta(microseconds=1) * 1000


def _parsed(text: str) -> date:
    try:
        return date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no time; examples: 2024-01-31, 2024-01-31T08:00:00Z") from None


class _Reading:
    """One pass over merged settings; collects problems and makes the spec only if there are none."""

    def __init__(self, config: ConfigManager, registry: PluginRegistry | None = None) -> None:
        self.config = config
        self.registry = registry
        self.problems = list(config.problems)
        self.folder = config.file.parent if config.file is not None else Path()

    def spec(self, check_strategies: bool) -> Spec:
        get = self.config.get
        from_ns, to_ns = self._instant("from"), self._instant("to")
        if from_ns is not None and to_ns is not None and from_ns >= to_ns:
            self.problems.append(f"from {get('from')} is not before to {get('to')}; nothing would be replayed")
        name = get("strategy.name") or (None if get("plugins") else DEFAULT_STRATEGY)
        made: dict[str, Any] = {
            "title": get("title") or (self.config.file.stem if self.config.file else "replay"),
            "alerts": tuple(self._path("alerts.files", text) for text in get("alerts.files", [])),
            "bars": tuple(self._bars(text) for text in get("data.bars", [])),
            "instruments": self._path("data.instruments", get("data.instruments")) if get("data.instruments") else None,
            "strategy": name,
            "strategy_settings": self.config.given_settings(name) if name else {},
            "plugins": self._plugins(name),
            "strategy_folders": self._folders(),
            "broker": self._broker(),
            "account": self._account(),
            "fill": self._fill(),
            "from_ns": from_ns,
            "to_ns": to_ns,
            "out": self._path("out", get("out")) if get("out") else None,
            "choice": self._choice(),
            "dedup_window_s": self._not_negative("alerts.dedup_window_s"),
            "as_strategy": get("alerts.strategy"),
            "services": self._services(),
            "restrictions": self._restrictions(),
            "assets": get("assets", {}),
            "dialect_files": tuple(self._path("alerts.dialects", text) for text in get("alerts.dialects", [])),
            "dialects": get("dialects", {}),
            "symbol_map": get("alerts.symbol_map", {}),
            "path": self.config.file,
            "config": self.config,
        }
        if check_strategies:
            made["plugins"] = self._members(made["plugins"], made["strategy_folders"])
        if self.problems:
            raise ConfigError(self.problems)
        same = {key: get(key) for key in ("costs", "seed", "report")}
        return Spec(**made, **same, crossed=get("data.crossed"), cache=get("data.cache"))

    def _path(self, key: str, text: str) -> Path:
        """Relative to the spec file if that is where it was said."""
        path = Path(text).expanduser() if text.startswith("~") else Path(text)
        return self.folder / path if self.config.origin(key) == "file" else path

    def _bars(self, text: str) -> str:
        match = _SERIES.fullmatch(text)
        prefix, path = match.groups() if match else ("", text)
        return prefix + str(self._path("data.bars", path))

    def _instant(self, key: str) -> int | None:
        value = self.config.get(key)
        return None if value is None else self._tried(key, lambda: instant_ns(value))

    def _broker(self) -> str:
        name = str(self.config.get("broker.name", BROKERS[0]))
        if name not in BROKERS:
            self.problems.append(
                f"broker {name!r} is unknown{near(name, BROKERS) or '; there is ' + ', '.join(BROKERS)}"
            )
        return name

    def _services(self) -> ServiceSettings:
        """What was said of the services, each section checked by its own class."""
        made: dict[str, Any] = {}
        for section, cls in SERVICES.items():
            given = self.config.get(section) or {}
            try:
                made[section] = cls(**given)
            except (ValueError, TypeError) as error:
                self.problems += [
                    f"{section}.{problem}" for problem in str(error).removeprefix(f"{section}: ").split("; ")
                ]
        return ServiceSettings(**made)

    def _restrictions(self) -> tuple[Restriction, ...]:
        """The classes that the run takes, then what the broker offers."""
        found: list[Restriction] = []
        taken: list[str] | None = self.config.get("alerts.asset_classes")
        if taken is not None:
            made = self._tried("alerts.asset_classes", lambda: Restriction("alerts.asset_classes", tuple(taken)))
            found += [made] if made is not None else []
        said = self.config.get("broker.restrictions")
        if said is not None:
            own = self.config.get("restrictions", {})
            try:
                found.append(find_restriction(said, own, lambda text: self._path("broker.restrictions", text)))
            except ConfigError as error:
                self.problems += error.problems
        return tuple(found)

    def _choice(self) -> dict[str, str]:
        given: dict[str, str] = self.config.get("data.choice", {})
        return {symbol: self._timeframe(f"data.choice.{symbol}", word) for symbol, word in given.items()}

    def _timeframe(self, key: str, word: str) -> str:
        return str(self._tried(key, lambda: from_file_name(word)))

    def _not_negative(self, key: str) -> int:
        value = int(self.config.get(key, 0))
        if value < 0:
            self.problems.append(f"{key} must be 0 or above, not {value}")
        return value

    def _account(self) -> AccountSpec:
        given: dict[str, Any] = self.config.get("account") or {}
        if self.config.origin("account.digits") == "default" and given.get("currency") in _WITHOUT_CENTS:
            given["digits"] = 0
        return cast(AccountSpec, self._made("account", AccountSpec(), given))

    def _fill(self) -> FillModel:
        return cast(FillModel, self._made("fill", FillModel(), self.config.get("fill") or {}))

    def _made(self, section: str, default: Any, given: Mapping[str, Any]) -> Any:
        """The default with the given fields, each tried alone first, so that every wrong one is told."""
        before = len(self.problems)
        for name in given:
            self._tried(f"{section}.{name}", partial(replace, default, **{name: given[name]}))
        if len(self.problems) > before:
            return default
        return self._tried(section, lambda: replace(default, **given))

    def _tried(self, key: str, make: Callable[[], Any]) -> Any:
        try:
            return make()
        except ValueError as error:
            origin = self.config.origin(key)
            said = str(error).removeprefix(f"{key.partition('.')[0]}: ")
            self.problems.append(f"{key}{f' ({origin})' if origin else ''}: {said}")
            return None

    def _folders(self) -> tuple[Path, ...]:
        given: list[str] | None = self.config.get("plugin_system.plugin_dir")
        if given is not None:
            return tuple(self._path("plugin_system.plugin_dir", text) for text in given)
        discovers = self.config.get("plugin_system.enabled") and self.config.get("plugin_system.auto_discover")
        own = Path(_STRATEGIES)
        return (own,) if discovers and own.is_dir() else ()

    def _plugins(self, name: str | None) -> tuple[PluginSpec, ...]:
        """The plugins that run: the one asked for by name, else every configured one that is enabled."""
        configured: dict[str, dict[str, Any]] = self.config.get("plugins", {})
        if name is not None:
            return (self._plugin(name, configured.get(name, {}), asked=True),)
        plugins = tuple(self._plugin(plugin_id, table) for plugin_id, table in configured.items())
        if configured and not any(plugin.enabled for plugin in plugins):
            self.problems.append(f"no plugin is enabled among {', '.join(configured)}; set plugins.<id>.enabled = true")
        return tuple(plugin for plugin in plugins if plugin.enabled)

    def _members(self, plugins: Sequence[PluginSpec], folders: Sequence[Path]) -> tuple[PluginSpec, ...]:
        """The plugins with their strategies looked up: one that is named after a family is each plugin of it.

        Strategies that are not there, and settings that do not fit them, are problems to be told with the rest.
        """
        from zepix.engine.registry import find_strategies
        from zepix.engine.strategy import settings_fields

        registry = self.registry if self.registry is not None else find_strategies(folders, complete_settings)
        found: list[PluginSpec] = []
        for plugin in plugins:
            try:
                names = registry.members(plugin.plugin_id, plugin.strategy, plugin.timeframes)
                known = {one.plugin_id for one in plugins}
                made = [self._member(plugin, name) for name in names if name == plugin.plugin_id or name not in known]
                for one in made:
                    complete_settings(one.plugin_id, settings_fields(registry.find_class(one.strategy)), one.settings)
                found += [one for one in made if one.enabled]
            except ConfigError as error:
                self.problems += error.problems
        return tuple(found)

    def _member(self, plugin: PluginSpec, name: str) -> PluginSpec:
        """One plugin of a family: what is configured for it by its own name, over what was said of the family."""
        if name == plugin.plugin_id:
            return plugin
        table: dict[str, Any] = self.config.get("plugins", {}).get(name, {})
        own = self._plugin(name, {"shadow_mode": plugin.shadow_mode, **table})
        return replace(own, settings={**plugin.settings, **own.settings})

    def _plugin(self, plugin_id: str, table: Mapping[str, Any], *, asked: bool = False) -> PluginSpec:
        frames: list[str] | None = table.get("timeframes")
        read = [self._timeframe(f"plugins.{plugin_id}.timeframes", word) for word in frames or ()]
        return PluginSpec(
            plugin_id=plugin_id,
            strategy=table.get("strategy", plugin_id),
            enabled=asked or table.get("enabled", True),
            timeframes=None if frames is None else tuple(read),
            shadow_mode=table.get("shadow_mode", False),
            settings=self.config.given_settings(plugin_id),
        )


def _told(given: Any, default: Any) -> dict[str, Any]:
    pairs = ((f.name, getattr(given, f.name), getattr(default, f.name)) for f in fields(given))
    return {name: _plain(value) for name, value, usual in pairs if value != usual}


def _plain(value: Any) -> Any:
    """As JSON can hold it; Decimal as text, so that no digit is lost."""
    if isinstance(value, ServiceSettings):  # what differs from its default says enough of many numbers
        return {name: _told(getattr(value, name), cls()) for name, cls in SERVICES.items()}
    if isinstance(value, PluginSpec | AccountSpec | FillModel | Restriction):
        return {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {key: MASK if is_secret((key,)) else _plain(child) for key, child in plain(value).items()}
    if isinstance(value, tuple | list):
        return [_plain(child) for child in value]
    if isinstance(value, Path):
        return value.as_posix()
    return value if isinstance(value, str | int | float | bool) or value is None else str(value)
