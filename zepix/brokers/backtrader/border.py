"""The one door to backtrader: it is imported here, and what it warns of since it was frozen is silenced here.

backtrader 1.9.78.123 is untyped and warns twice: of escape sequences when it is compiled, and of ``utcnow`` when it
runs. Its plotting is never imported.
"""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from zepix.brokers.backtrader import require_backtrader

__all__ = ["DAY_NS", "EPOCH_DAYS", "bt", "number_of", "quiet", "time_of"]

DAY_NS: Final = 86_400_000_000_000
EPOCH_DAYS: Final = 719_163
"""1 January 1970 as backtrader counts days."""


@contextmanager
def quiet() -> Iterator[None]:
    """Within it backtrader's own two warnings are not heard; every other one is."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*invalid escape sequence")
        warnings.filterwarnings("ignore", message=".*utcnow", category=DeprecationWarning)
        yield


def _load() -> Any:
    require_backtrader()
    with quiet():
        return importlib.import_module("backtrader")


bt: Any = _load()


def number_of(t_ns: int) -> float:
    """A time as backtrader writes it: days since year 1 as a float, which resolves 10 microseconds."""
    return EPOCH_DAYS + t_ns // DAY_NS + (t_ns % DAY_NS) / DAY_NS


def time_of(number: float) -> int:
    """The time of such a number, in nanoseconds, to the microsecond."""
    days = int(number)
    return (days - EPOCH_DAYS) * DAY_NS + round((number - days) * (DAY_NS // 1000)) * 1000
