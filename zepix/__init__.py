"""zepix: replay recorded TradingView alerts on recorded prices; the same strategies run live.

Names are loaded when they are first used, so that ``import zepix`` stays cheap.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from zepix import alerts
from zepix.alerts.callable import CallableAlerts

alerts.__class__ = CallableAlerts

__version__ = "0.1.0"

_HOMES = {
    "Alert": "zepix.model",
    "Accepted": "zepix.model",
    "Decision": "zepix.model",
    "DualPlan": "zepix.services.dual_plan",
    "ExitPlan": "zepix.model.exit_plan",
    "FillModel": "zepix.model",
    "GateAnswer": "zepix.services.risk_values",
    "OrderConfig": "zepix.services.dual_plan",
    "Numbers": "zepix.model.numbers",
    "PluginInfo": "zepix.engine.strategy",
    "Refused": "zepix.model",
    "Result": "zepix.research.result",
    "Side": "zepix.model",
    "Strategy": "zepix.engine.strategy",
    "Quantity": "zepix.model",
    "TradeRequest": "zepix.services.risk_values",
    "Trail": "zepix.model",
    "bars": "zepix.research.bars_surface",
    "compare": "zepix.research.comparing",
    "compare_trades": "zepix.research.compare_trades",
    "fidelity": "zepix.research.surface",
    "replay": "zepix.research.surface",
    "stress": "zepix.research.surface",
    "sweep_exits": "zepix.research.exits_sweep",
    "sweep": "zepix.research.sweep.verb",
    "timeframe_minutes": "zepix.model.timeframe",
    "walk_forward": "zepix.research.real.walk_forward",
}
_RENAMED = {"open": ("zepix.research.opening", "open_run")}
"""Names that would hide one of Python's own: ``zx.open`` works, ``from zepix import *`` leaves ``open`` alone."""

__all__ = [
    "Accepted",
    "Alert",
    "Decision",
    "DualPlan",
    "ExitPlan",
    "FillModel",
    "GateAnswer",
    "Numbers",
    "OrderConfig",
    "PluginInfo",
    "Refused",
    "Result",
    "Side",
    "Strategy",
    "Quantity",
    "TradeRequest",
    "Trail",
    "__version__",
    "alerts",
    "bars",
    "compare",
    "compare_trades",
    "fidelity",
    "replay",
    "stress",
    "sweep_exits",
    "sweep",
    "timeframe_minutes",
    "walk_forward",
]

if TYPE_CHECKING:
    from zepix.engine.strategy import PluginInfo, Strategy
    from zepix.model import Accepted, Alert, Decision, FillModel, Quantity, Refused, Side, Trail
    from zepix.model.exit_plan import ExitPlan
    from zepix.model.numbers import Numbers
    from zepix.model.timeframe import minutes as timeframe_minutes
    from zepix.research.bars_surface import bars
    from zepix.research.compare_trades import compare_trades
    from zepix.research.comparing import compare
    from zepix.research.exits_sweep import sweep_exits
    from zepix.research.opening import open_run as open  # noqa: F401
    from zepix.research.real.walk_forward import walk_forward
    from zepix.research.result import Result
    from zepix.research.surface import fidelity, replay, stress
    from zepix.research.sweep.verb import sweep
    from zepix.services.dual_plan import DualPlan, OrderConfig
    from zepix.services.risk_values import GateAnswer, TradeRequest


def __getattr__(name: str) -> Any:
    home, own = _RENAMED.get(name, (_HOMES.get(name), name))
    if home is None:
        import difflib

        near = difflib.get_close_matches(name, __dir__(), n=2)
        hint = f"; did you mean {' or '.join(near)}?" if near else f"; there are {', '.join(__dir__())}"
        raise AttributeError(f"zepix has no name {name!r}{hint}")
    value = getattr(importlib.import_module(home), own)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*__all__, *_RENAMED])
