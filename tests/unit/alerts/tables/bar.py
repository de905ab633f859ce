"""Bodies that carry a closed bar and what becomes of them: (title, body, settings, fields or the reason)."""

from __future__ import annotations

import json
from typing import Any, Final

__all__ = ["CASES"]

Case = tuple[str, Any, dict[str, str], dict[str, Any]]
NONE: Final[dict[str, str]] = {}
BODY: Final = {
    "type": "bar",
    "symbol": "EURUSD",
    "tf": "5",
    "time": "2026-01-05T14:40:00Z",
    "open": 1.14,
    "high": 1.16,
    "low": 1.13,
    "close": 1.15,
    "volume": 900,
}
AT_1440: Final = 1_767_624_000_000_000_000
AT_1445: Final = 1_767_624_300_000_000_000


def aside(reason: str, detail: str = "") -> dict[str, Any]:
    return {"reason": reason, "detail": detail}


CASES: Final[list[Case]] = [
    ("a bar that opened at 14:40 closed at 14:45", BODY, NONE,
     {"type": "bar", "signal": "bar", "symbol": "EURUSD", "side": None, "timeframe": "5m", "price": 1.15,
      "time_ns": AT_1445,
      "fields": {"open": 1.14, "high": 1.16, "low": 1.13, "close": 1.15, "volume": 900.0}}),
    ("the time is the close, by the setting", BODY, {"time": "close"}, {"time_ns": AT_1440}),
    ("numbers as strings, the time in milliseconds",
     BODY | {"open": "1.14", "high": "1.16", "low": "1.13", "close": "1.15", "volume": "0", "time": "1767624000000"},
     NONE, {"time_ns": AT_1445, "fields": {"open": 1.14, "high": 1.16, "low": 1.13, "close": 1.15, "volume": 0.0}}),
    ("no volume", {name: value for name, value in BODY.items() if name != "volume"}, NONE,
     {"fields": {"open": 1.14, "high": 1.16, "low": 1.13, "close": 1.15}}),
    ("an hour, and an id", BODY | {"tf": "1h", "id": "b1"}, NONE,
     {"timeframe": "1h", "time_ns": AT_1440 + 3600 * 10**9, "explicit_id": "b1"}),
    ("a bar of one price", BODY | {"open": 1, "high": 1, "low": 1, "close": 1}, NONE, {"price": 1.0}),
    ("a high below the close", BODY | {"high": 1.145}, NONE, aside("bad_bar", "1.145")),
    ("a low above the open", BODY | {"low": 1.1401}, NONE, aside("bad_bar")),
    ("no close", {name: value for name, value in BODY.items() if name != "close"}, NONE, aside("bad_price", "close")),
    ("a price of zero", BODY | {"low": 0}, NONE, aside("bad_price", "low")),
    ("a price that is not a number", json.dumps(BODY).replace("1.16", "NaN"), NONE, aside("bad_number", "high")),
    ("a price that TradingView left open", json.dumps(BODY).replace("1.16", "{{high}}"), NONE,
     aside("placeholder", "high")),
    ("a negative volume", BODY | {"volume": -1}, NONE, aside("bad_volume")),
    ("no timeframe", {name: value for name, value in BODY.items() if name != "tf"}, NONE, aside("missing_timeframe")),
    ("no time", {name: value for name, value in BODY.items() if name != "time"}, NONE, aside("bad_field", "time")),
    ("a time without a zone", BODY | {"time": "2026-01-05T14:40:00"}, NONE, aside("bad_field", "time")),
    ("no symbol", {name: value for name, value in BODY.items() if name != "symbol"}, NONE, aside("missing_symbol")),
]  # fmt: skip
