"""What a run is made of, as its spec says: instruments, strategies, plugins, rules. Reads no price and no alert."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from zepix.config import complete_settings
from zepix.data import default_catalogue
from zepix.engine.registry import PluginConfig, PluginRegistry, find_strategies
from zepix.engine.strategy import settings_fields
from zepix.model import Catalogue
from zepix.research.simulate import Rules
from zepix.spec import Spec

__all__ = ["catalogue_of", "plugins_of", "registry_for", "rules_of"]


def rules_of(
    spec: Spec,
    registry: PluginRegistry,
    plugins: Sequence[PluginConfig],
    services: Mapping[str, Any] = MappingProxyType({}),
) -> Rules:
    """What a spec says a run is played by; the classes' own settings become the lowest layer of its configuration."""
    spec.config.load_plugins({p.plugin_id: _defaults(registry, p) for p in plugins})
    return Rules(
        account=spec.account,
        fill_model=spec.fill,
        costs=spec.costs,
        dedup_window_s=spec.dedup_window_s,
        as_family=spec.as_strategy,
        broadcast=spec.config.get("shadow_mode.enabled") is True,
        from_ns=spec.from_ns,
        config=spec.config.get("", {}) or {},
        broker=spec.broker,
        restrictions=spec.restrictions,
        assets=spec.assets,
        settings=spec.services,
        services=services,
    )


def catalogue_of(spec: Spec) -> Catalogue:
    """The instruments a run knows: the shipped ones, and the spec's own over them."""
    catalogue = default_catalogue()
    if spec.instruments is not None:
        from zepix.data import load_instruments

        catalogue = catalogue.with_instruments(load_instruments(spec.instruments))
    return catalogue


def registry_for(spec: Spec) -> PluginRegistry:
    """The strategies a spec can name."""
    return find_strategies(spec.strategy_folders, complete_settings)


def _defaults(registry: PluginRegistry, plugin: PluginConfig) -> dict[str, Any]:
    """The class's own settings, the lowest layer of the merge."""
    fields_of = settings_fields(registry.find_class(plugin.strategy))
    return {name: default for name, (_, default) in fields_of.items() if default is not ...}


def plugins_of(spec: Spec) -> list[PluginConfig]:
    """The plugins that run."""
    return [
        PluginConfig(p.plugin_id, p.strategy, p.settings, p.timeframes, p.enabled, p.shadow_mode) for p in spec.plugins
    ]
