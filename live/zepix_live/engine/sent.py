"""When an alert says that it was sent: TradingView's ``{{timenow}}``, under its own name in the body.

Only ``timenow`` is believed: what else is called a time may be that of a bar. Whole seconds of TradingView's clock.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

from zepix.alerts.values import time_ns

__all__ = ["sent_ns"]

NAME: Final = "timenow"
_WRITTEN: Final = re.compile(r"(?:^|[\s;,|&])timenow\s*[=:]\s*\"?([0-9][0-9TtZz:+. -]{8,40})", re.IGNORECASE)


def sent_ns(raw: str) -> int | None:
    """Nanoseconds UTC; None where the body does not say, or nobody can read what it says."""
    if NAME not in raw.lower():
        return None
    try:
        found = _value(raw)
        return None if found is None or isinstance(found, bool) else time_ns(found)
    except (ValueError, RecursionError, OverflowError):
        return None


def _value(raw: str) -> Any:
    if raw.lstrip()[:1] != "{":
        found = _WRITTEN.search(raw)
        return None if found is None else found.group(1).strip()
    for name, value in json.loads(raw).items():
        if name.lower() == NAME:
            return value
    return None
