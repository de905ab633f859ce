"""What a live session is built from: a spec, as a replay's, and the symbols of its feed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import zepix
from zepix.alerts.processor import AlertProcessor
from zepix.alerts.understanding import processor_for
from zepix.brokers.shadow.step import StepFeed
from zepix.config import complete_settings
from zepix.engine.registry import PluginRegistry
from zepix.errors import ConfigError
from zepix.journal import plain
from zepix.model import Catalogue
from zepix.research.parts import catalogue_of, plugins_of, registry_for, rules_of
from zepix.research.simulate import Simulation
from zepix.spec import Spec
from zepix_live.engine.book import LIVE, SHADOW
from zepix_live.engine.live_slot import SlotSimulation, WiderFeed, rules_in
from zepix_live.engine.mode_settings import ModeSettings, mode_settings

__all__ = ["Plan", "plan_of"]

DEDUP_IDS: Final = 20_000
"""So many ids of alerts a live session remembers: it keeps them in every snapshot, and goes on for ever."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A spec, and what follows from it for every session that is built of it: live, recovery and rerun alike."""

    spec: Spec
    catalogue: Catalogue
    processor: AlertProcessor
    settings_hash: str
    code_version: str
    modes: ModeSettings = field(default_factory=ModeSettings)

    def build(
        self,
        timeframes: Mapping[str, str],
        *,
        is_late: bool = False,
        book: str = SHADOW,
        like: PluginRegistry | None = None,
    ) -> tuple[StepFeed, Simulation]:
        """A fresh book's prices and its parts; every symbol of the catalogue has a place, with or without prices.

        ``timeframes``: what each symbol comes in; a symbol that it does not name is taken to come in minutes.
        ``is_late``: bars come after their end. ``like``: the registry of another book, whose classes are loaded.
        """
        slot = self.modes.slot if book == LIVE else None
        frames = {symbol: timeframes.get(symbol, "1m") for symbol in self.catalogue}
        feed = StepFeed(self.catalogue, frames, is_late=is_late)
        if slot is not None:
            feed = WiderFeed(self.catalogue, frames, is_late=is_late, extra=slot.spread_points)
        registry = registry_for(self.spec) if like is None else _sibling(like)
        plugins = plugins_of(self.spec)
        is_broadcast = self.modes.broadcast and book == SHADOW
        rules = replace(rules_of(self.spec, registry, plugins), dedup_ids=DEDUP_IDS, broadcast=is_broadcast)
        form = (feed.prices, feed.agenda, feed.form)
        if slot is None:
            return feed, Simulation({}, self.catalogue, registry, plugins, rules, step_form=form)
        rules = rules_in(slot, rules)
        return feed, SlotSimulation(slot, {}, self.catalogue, registry, plugins, rules, step_form=form)


def _sibling(registry: PluginRegistry) -> PluginRegistry:
    """A registry of the same classes, with no plugin loaded."""
    found = PluginRegistry(complete_settings)
    found.classes = dict(registry.classes)
    return found


def plan_of(spec: Spec) -> Plan:
    """Raises ConfigError where the spec asks for what a live session cannot do."""
    if spec.broker != "shadow":
        raise ConfigError(f"broker.name is {spec.broker!r}; a live session runs on the shadow broker for now")
    if spec.fill.latency_ms < 0:
        raise ConfigError("fill.latency_ms must not be negative")
    catalogue = catalogue_of(spec)
    processor = processor_for(catalogue, symbol_map=spec.symbol_map, files=spec.dialect_files, settings=spec.dialects)
    modes = mode_settings(spec)
    return Plan(spec, catalogue, processor, settings_hash(spec, modes.decides()), zepix.__version__, modes)


def settings_hash(spec: Spec, modes: Mapping[str, Any] | None = None) -> str:
    """One number for everything that decides; paths and titles are not among it."""
    told = spec.as_dict()
    for name in ("title", "alerts", "bars", "out", "report", "path", "cache"):
        told.pop(name, None)
    if modes:
        told["modes"] = modes
    text = json.dumps(plain(told), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:16]


def settings_of(spec: Spec) -> dict[str, Any]:
    """The spec as it is kept in a journal: plain values, secrets masked."""
    found = plain(spec.as_dict())
    return dict(found)
