"""An entry as the plugin sees it: side, levels and scores, out of an alert; and the words of the market state."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from zepix import Alert, Quantity, Side


class Signal(NamedTuple):
    """What is to be entered. None is what the alert did not say; ``lot_factor`` is what it adds to the size."""

    symbol: str
    side: Side
    timeframe: str
    word: str
    sl: float | None = None
    tp1: float | None = None
    tp2: float | None = None
    tp3: float | None = None
    adx: float | None = None
    confidence: float | None = None
    aligned: int | None = None
    against: int | None = None
    lot_factor: float = 1.0
    is_scored: bool = True
    """False for what carries neither ADX nor confidence by its nature (a broken trend line, the screener)."""


def signal_of(alert: Alert, side: Side) -> Signal:
    """The signal of an entry or a reversal; ``alert.tp`` is the second target."""
    fields = alert.fields
    aligned, against = _alignment(fields, side)
    tp2 = _level(fields.get("tp2"))
    return Signal(
        alert.symbol,
        side,
        alert.timeframe or "",
        alert.signal,
        sl=_level(alert.sl),
        tp1=_level(fields.get("tp1")),
        tp2=_level(alert.tp) if tp2 is None else tp2,
        tp3=_level(fields.get("tp3")),
        adx=number(fields.get("adx")),
        confidence=number(fields.get("conf_score")),
        aligned=aligned,
        against=against,
    )


def number(value: Any) -> float | None:
    """A finite number, also as text; None for anything else (``NA``)."""
    if type(value) is float:  # most of them; the rest of the rules is for what comes otherwise
        return value if math.isfinite(value) else None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def is_against(state: str | None, side: Side) -> bool:
    """Whether a market state names the other side: BULLISH against a sell, BEARISH against a buy.

    The script sends TRENDING_ and MIXED_ of either side, and NEUTRAL, which is against nobody.
    """
    return bool(state) and str(state).upper().endswith("BEARISH" if side is Side.BUY else "BULLISH")


def side_of(direction: Any) -> Side | None:
    """The side of ``fields["direction"]``; None for neutral."""
    return {"bull": Side.BUY, "bear": Side.SELL}.get(str(direction).lower())


def has_unknown_unit(alert: Alert) -> bool:
    """Whether a level came in another unit than a price; V6 sends prices only."""
    return isinstance(alert.sl, Quantity) or isinstance(alert.tp, Quantity)


def _level(value: Any) -> float | None:
    if type(value) is float and 0.0 < value < math.inf:
        return value
    found = number(value)
    return found if found is not None and found > 0 else None


def _alignment(fields: Mapping[str, Any], side: Side) -> tuple[int | None, int | None]:
    """(timeframes on our side, timeframes against us); the JSON form says ``align: "5/1"``."""
    bull, bear = fields.get("align_bull"), fields.get("align_bear")
    if bull is None and "/" in str(fields.get("align")):
        bull, _, bear = str(fields["align"]).partition("/")
    rising, falling = number(bull), number(bear)
    if rising is None or falling is None or not rising + falling:
        return None, None
    return (int(rising), int(falling)) if side is Side.BUY else (int(falling), int(rising))
