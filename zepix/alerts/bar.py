"""The bar dialect: JSON of the type ``bar`` carries a closed bar instead of a signal; it informs and never trades.

``{"type": "bar", "symbol", "tf", "time", "open", "high", "low", "close", "volume"}``: every field but the volume is
required. ``time`` is TradingView's ``{{time}}``, when the bar opened, or by the setting ``time = "close"`` when it
closed; the alert's ``time_ns`` is when it closed either way. The prices stay in ``fields`` as numbers, and ``price`` is
the close. A bar whose high or low is not its highest or lowest price is set aside (``bad_bar``).
"""

from __future__ import annotations

from typing import Any, Final

from zepix.alerts import values
from zepix.alerts.dialects import Dialect, register
from zepix.alerts.payload import Body, shown
from zepix.alerts.reading import Reading
from zepix.alerts.reasons import Unreadable
from zepix.model.timeframe import timeframe_minutes

__all__ = ["BAR", "NAME", "read"]

NAME: Final = "bar"
_PRICES: Final = ("open", "high", "low", "close")
_MATTERS: Final = frozenset(_PRICES)
_MINUTE_NS: Final = 60_000_000_000
_LAST_NS: Final = 9_200_000_000_000_000_000


def read(reading: Reading) -> dict[str, Any]:
    """The fields of a closed bar. Raises Unreadable."""
    found = reading.named(matters=_MATTERS)
    found.pop("type", None)
    period = reading.period(found.pop("timeframe", None))
    if period is None:
        raise Unreadable("missing_timeframe", "a bar needs tf, for example 5 or 1h")
    out: dict[str, Any] = {"type": "bar", "signal": "bar", "timeframe": period}
    out["symbol"] = reading.symbol(found.pop("symbol", None))
    out["time_ns"] = _closed_ns(reading, found.pop("time", None), period)
    out["price"] = _prices(reading.extras)
    amount = found.pop("volume", None)
    if amount is not None:
        reading.extras["volume"] = _amount(amount)
    if found:
        if "id" in found:
            out["explicit_id"] = values.text("id", found.pop("id")) or None
        reading.keep_rest(found)
    return out


def _closed_ns(reading: Reading, value: Any, period: str) -> int:
    try:
        moment = values.time_ns(value)
    except ValueError:
        raise Unreadable(
            "bad_field", f"time of a bar must be ISO 8601 with a zone or Unix time, not {shown(value)}"
        ) from None
    if reading.settings.get("time") != "close":
        moment += timeframe_minutes(period) * _MINUTE_NS
    if moment > _LAST_NS:
        raise Unreadable("bad_field", f"time of a bar lies too far ahead: {shown(value)}")
    return moment


def _prices(extras: dict[str, Any]) -> float:
    """Turns the four prices into numbers; the close. Raises Unreadable."""
    opened, high, low, close = (values.price(name, extras.get(name)) for name in _PRICES)
    if not low <= min(opened, close) <= max(opened, close) <= high:
        raise Unreadable("bad_bar", f"open {opened:g}, high {high:g}, low {low:g} and close {close:g} are no bar")
    extras.update(open=opened, high=high, low=low, close=close)
    return close


def _amount(value: Any) -> float:
    found = values.finite("volume", value)
    if found < 0:
        raise Unreadable("bad_volume", f"volume of a bar must not be negative, it is {shown(value)}")
    return found


def _claims(body: Body) -> bool:
    return body.word == "bar" and body.fields is not None


BAR: Final = register(Dialect(name=NAME, rank=25, claims=_claims, read=read, settings={"time": ("open", "close")}))
