"""From what a sender wrote to an Alert: dialects, alert logs, TradingView's export, duplicates, quarantine.

Names are loaded when they are first used: a receiver of alerts needs few of them and must start fast. Parquet logs load
pyarrow when one is read or written.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

_HOMES = {
    "REASONS": "reasons",
    "AlertLog": "rows",
    "AlertProcessor": "processor",
    "Deduplicator": "dedup",
    "LogRow": "rows",
    "TradingViewImport": "tradingview",
    "import_files": "commands",
    "import_tradingview": "tradingview",
    "in_order": "rows",
    "read_log": "log",
    "read_logs": "log",
    "show": "commands",
    "validate_rows": "validate",
    "write_log": "log",
}

__all__ = [
    "REASONS",
    "AlertLog",
    "AlertProcessor",
    "Deduplicator",
    "LogRow",
    "TradingViewImport",
    "import_files",
    "import_tradingview",
    "in_order",
    "read_log",
    "read_logs",
    "show",
    "validate_rows",
    "write_log",
]

if TYPE_CHECKING:
    from zepix.alerts.commands import import_files, show
    from zepix.alerts.dedup import Deduplicator
    from zepix.alerts.log import read_log, read_logs, write_log
    from zepix.alerts.processor import AlertProcessor
    from zepix.alerts.reasons import REASONS
    from zepix.alerts.rows import AlertLog, LogRow, in_order
    from zepix.alerts.tradingview import TradingViewImport, import_tradingview
    from zepix.alerts.validate import validate_rows


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        import difflib

        near = difflib.get_close_matches(name, known := [*__all__, "from_signals"], n=2)
        hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(known)}"
        raise AttributeError(f"module 'zepix.alerts' has no attribute {name!r}; {hint}")
    found = getattr(importlib.import_module(f"zepix.alerts.{home}"), name)
    globals()[name] = found
    return found
