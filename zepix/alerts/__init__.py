"""From what a sender wrote to an Alert: dialects, alert logs, TradingView's export, duplicates, quarantine.

Importing this room loads neither pyarrow nor pandas; Parquet logs load pyarrow when one is read or written.
"""

from zepix.alerts.commands import import_files, show
from zepix.alerts.dedup import Deduplicator
from zepix.alerts.log import read_log, read_logs, write_log
from zepix.alerts.processor import AlertProcessor
from zepix.alerts.reasons import REASONS
from zepix.alerts.rows import AlertLog, LogRow, in_order
from zepix.alerts.tradingview import TradingViewImport, import_tradingview
from zepix.alerts.validate import validate_rows

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
