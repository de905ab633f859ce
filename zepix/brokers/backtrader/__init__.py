"""The backtrader broker: hedged tickets in plain Python, and a ``bt.Cerebro`` that turns the session.

``PlainBroker`` follows docs/fills.md event by event, written independently of the shadow broker, and needs no
backtrader. The other names need it and are imported when they are asked for (docs/backtrader.md); where it is not
installed that raises ConfigError with the command that installs it.
"""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any, Final

from zepix.brokers.backtrader.broker import PlainBroker
from zepix.errors import ConfigError

__all__ = ["DroppedAnalyzer", "PlainBroker", "SeriesFeed", "require_backtrader", "run_in_cerebro"]

_LAZY: Final = {"SeriesFeed": "feed", "run_in_cerebro": "cerebro", "DroppedAnalyzer": "guard"}


def require_backtrader() -> None:
    """Raise ConfigError, with the command that installs it, where backtrader is missing."""
    if importlib.util.find_spec("backtrader") is None:
        raise ConfigError(
            "the backtrader broker needs backtrader, which is not installed: pip install 'zepix[backtrader]'"
        )


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_LAZY[name]}"), name)
