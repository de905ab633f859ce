"""What a spec says of modes: whose orders go to the live broker, which one that is, and what bounds hold.

    [shadow_mode]  enabled, default_mode, shadow_plugins, [promotion], [breaker]
    [plugins.ID]   shadow_mode
    [broker.live]  name, spread_points, refusal_rate, seed, [fill]

A spec that asks for LIVE or HYBRID without a live broker that works is no mistake: it runs as SHADOW and says why.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final

from zepix.config import ConfigManager, near
from zepix.engine.modes import ExecutionMode, ShadowModeManager
from zepix.engine.registry import answers_to
from zepix.engine.strategy import Strategy
from zepix.errors import ConfigError
from zepix.model import FillModel
from zepix.spec import Spec

__all__ = [
    "SIMULATED",
    "Breaker",
    "ModeSettings",
    "Promotion",
    "Slot",
    "asked_mode",
    "mode_problems",
    "mode_settings",
    "why_no_broker",
]

SIMULATED: Final = "simulated"
WORKING: Final = (SIMULATED,)
"""The live brokers that there are."""
MOST_TICKETS: Final = 1_000
MOST_SPREAD_POINTS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Slot:
    """The live slot: which broker stands in it, and how much worse than the shadow it is made."""

    name: str
    fill: FillModel
    spread_points: int = 0
    refusal_rate: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.spread_points <= MOST_SPREAD_POINTS:
            raise ValueError(f"spread_points is 0 to {MOST_SPREAD_POINTS}, not {self.spread_points}")
        if not 0 <= self.refusal_rate <= 1:
            raise ValueError(f"refusal_rate is a share, 0 to 1, not {self.refusal_rate:g}")


@dataclass(frozen=True, slots=True)
class Promotion:
    """What a plugin must have shown in shadow before it is promoted without ``force``."""

    min_tickets: int = 20
    min_days: float = 5.0
    min_profit_factor: float = 1.0
    max_gap_r: float = 0.25

    def __post_init__(self) -> None:
        for name in ("min_tickets", "min_days", "min_profit_factor", "max_gap_r"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} is 0 or above, not {getattr(self, name):g}")


@dataclass(frozen=True, slots=True)
class Breaker:
    """How far a live plugin and its twin may lie apart over the last ``tickets`` that both closed."""

    enabled: bool = True
    tickets: int = 20
    max_gap_r: float = 0.25
    max_differing_frac: float = 0.2

    def __post_init__(self) -> None:
        if not 1 <= self.tickets <= MOST_TICKETS:
            raise ValueError(f"tickets is 1 to {MOST_TICKETS}, not {self.tickets}")
        if self.max_gap_r <= 0:
            raise ValueError(f"max_gap_r is above 0, not {self.max_gap_r:g}")
        if not 0 < self.max_differing_frac <= 1:
            raise ValueError(f"max_differing_frac is a share above 0 and at most 1, not {self.max_differing_frac:g}")


@dataclass(frozen=True, slots=True)
class ModeSettings:
    """Everything that a session's modes begin with."""

    mode: ExecutionMode = ExecutionMode.SHADOW
    shadow_plugins: tuple[str, ...] = ()
    """As they were named: a plugin, or a family of them."""
    own: tuple[str, ...] = ()
    """Plugins whose own flag says shadow."""
    slot: Slot | None = None
    no_broker: str = "there is no live broker (broker.live.name)"
    promotion: Promotion = field(default_factory=Promotion)
    breaker: Breaker = field(default_factory=Breaker)
    broadcast: bool = False

    def manager(self, plugins: Iterable[Strategy]) -> ShadowModeManager:
        """The modes to begin with. Raises ConfigError for a shadow plugin that none of ``plugins`` is."""
        found, problems = _shadowed(self.shadow_plugins, list(plugins))
        if problems:
            raise ConfigError(problems)
        own = dict.fromkeys(self.own, ExecutionMode.SHADOW)
        return ShadowModeManager(self.mode, found, own=own, no_broker="" if self.slot else self.no_broker)

    def decides(self) -> dict[str, Any]:
        """What of it decides something, for the hash of a configuration: nothing where all is shadow as ever."""
        found: dict[str, Any] = {"broadcast": True} if self.broadcast else {}
        if self.slot is not None:
            told = asdict(self)
            found |= {name: told[name] for name in ("slot", "promotion", "breaker", "own", "shadow_plugins")}
            found["mode"] = str(self.mode)
        return found

    def modes(self) -> dict[str, Any]:
        """What of it a command may change: the modes as configured, values of JSON."""
        return {"mode": str(self.mode), "shadow": sorted(self.shadow_plugins), "own": sorted(self.own)}


def asked_mode(shadow_mode: Mapping[str, Any]) -> ExecutionMode:
    """The mode that ``[shadow_mode]`` asks for. Raises ValueError for a word that is none."""
    usual = ExecutionMode.LIVE if shadow_mode.get("enabled") is False else ExecutionMode.SHADOW
    return ExecutionMode(shadow_mode.get("default_mode", usual))


def why_no_broker(live: Mapping[str, Any]) -> str:
    """Why no live broker works by what ``[broker.live]`` says; empty where one does."""
    name = live.get("name")
    if not name:
        return "there is no live broker (broker.live.name)"
    if name not in WORKING:
        return f"broker.live.name {ascii(name)[:40]} is no live broker that works here; there is {', '.join(WORKING)}"
    return ""


def mode_settings(spec: Spec) -> ModeSettings:
    """What a spec says of modes. Raises ConfigError with everything that is wrong."""
    shadow: Mapping[str, Any] = spec.config.get("shadow_mode") or {}
    live: Mapping[str, Any] = spec.config.get("broker.live") or {}
    problems: list[str] = []
    mode = asked_mode(shadow)
    why = why_no_broker(live)
    made = _parts(shadow, {} if why else live, spec.fill, problems)
    names = tuple(dict.fromkeys(shadow.get("shadow_plugins", ())))
    if problems:
        raise ConfigError(problems)
    own = tuple(plugin.plugin_id for plugin in spec.plugins if plugin.shadow_mode)
    is_broadcast = shadow.get("enabled") is True
    return ModeSettings(mode, names, own, no_broker=why, broadcast=is_broadcast, **made)


def mode_problems(config: ConfigManager, plugins: Sequence[Strategy] = ()) -> list[str]:
    """What is wrong with the sections themselves, and with their names of plugins where ``plugins`` are told."""
    problems: list[str] = []
    shadow = config.get("shadow_mode") or {}
    _parts(shadow, config.get("broker.live") or {}, FillModel(), problems)
    return [*problems, *(_shadowed(shadow.get("shadow_plugins", ()), plugins)[1] if plugins else ())]


def _shadowed(names: Iterable[str], plugins: Sequence[Strategy]) -> tuple[list[str], list[str]]:
    """(the plugins that are meant, what is wrong): a name that means nothing would leave somebody live."""
    found: list[str] = []
    problems: list[str] = []
    known = [one.plugin_id for one in plugins]
    for name in names:
        meant = [one.plugin_id for one in plugins if answers_to(one, name)]
        if not meant:
            hint = near(name, known) or f"; there are {', '.join(known)}"
            problems.append(f"shadow_mode.shadow_plugins: no plugin {ascii(name)[1:-1][:60]}{hint}")
        found += meant
    return found, problems


def _parts(shadow: Mapping[str, Any], live: Mapping[str, Any], fill: FillModel, problems: list[str]) -> dict[str, Any]:
    mode = asked_mode(shadow)
    if shadow.get("enabled") is False and mode is not ExecutionMode.LIVE:
        problems.append(f"shadow_mode.enabled = false says that nothing runs in shadow, and default_mode says {mode}")
    return {
        "slot": _made("broker.live", problems, lambda: _slot(fill, live)) if live.get("name") else None,
        "promotion": _made("shadow_mode.promotion", problems, lambda: Promotion(**shadow.get("promotion", {}))),
        "breaker": _made("shadow_mode.breaker", problems, lambda: Breaker(**shadow.get("breaker", {}))),
    }


def _slot(usual: FillModel, live: Mapping[str, Any]) -> Slot:
    given = {name: value for name, value in live.items() if name not in ("name", "fill")}
    return Slot(live["name"], replace(usual, **live.get("fill", {})), **given)


def _made(section: str, problems: list[str], make: Any) -> Any:
    try:
        return make()
    except (ValueError, TypeError) as error:
        problems.append(f"{section}.{error}")
        return None
