"""What an alert says of trends, whatever its dialect.

| alert                                | says                                                                          |
|--------------------------------------|-------------------------------------------------------------------------------|
| bias, trend (legacy)                 | the trend of the timeframe it names                                           |
| trend_pulse with current_trends (V3) | six trends, else those of ``change_details``                                  |
| trend_pulse with counts (V6)         | counts and state of its chart; trends of the timeframes in ``changes`` only   |
| state_change (V6)                    | the state of its chart, and counts where it has them                          |
| momentum_change (V6)                 | ADX, strength and direction of momentum on its chart                          |
| entry with mtf_trends (V3)           | five trends, high to low, or six, low to high                                 |

The timeframe of a V6 pulse is that of the chart it was set on: it says nothing of that timeframe's trend. A squeeze, an
exit and every other alert say nothing of trends. What cannot be read is told in ``unread`` and never raises.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from zepix.model import Alert
from zepix.services.trend_values import NOTHING
from zepix.services.trend_words import changes_by_timeframe, direction_of, timeframe_label, trends_by_timeframe

__all__ = ["SIX_TIMEFRAMES", "Said", "read_alert", "source_of", "whole_counts"]

SIX_TIMEFRAMES: Final = 6
_DIALECTS: Final = frozenset({"legacy", "v3", "v6"})
_FAMILIES: Final = {"V3_COMBINED": "v3", "V6_PRICE_ACTION": "v6", "ZEPIXPREMIUM": "legacy"}
_LONGEST_SOURCE: Final = 32


class Said(NamedTuple):
    """What one alert says; ``momentum`` is (adx, strength, change)."""

    trends: Mapping[str, int] = NOTHING
    counts: tuple[int, int] | None = None
    state: str = ""
    momentum: tuple[float | None, str, str] | None = None
    changes: Mapping[str, int] = NOTHING
    unread: tuple[str, ...] = ()


def source_of(alert: Alert) -> str:
    """legacy, v3 or v6 by the dialect, else by the family the alert names, else the dialect's own name."""
    if alert.dialect in _DIALECTS:
        return alert.dialect
    family = _FAMILIES.get(alert.strategy.upper()) if alert.strategy else None
    return family or alert.dialect[:_LONGEST_SOURCE] or "other"


def read_alert(alert: Alert) -> Said | None:
    """What the alert says of trends; None for one that says nothing of them."""
    read = _READERS.get(alert.type)
    return None if read is None else read(alert)


def whole_counts(bull: Any, bear: Any) -> tuple[int, int]:
    """(bull, bear) of six timeframes as whole numbers; raises ValueError for what cannot be so many of six."""
    if type(bull) is int and type(bear) is int and bull >= 0 and bear >= 0 and bull + bear <= SIX_TIMEFRAMES:
        return bull, bear
    found = []
    for name, value in (("bull", bull), ("bear", bear)):
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not 0 <= value <= SIX_TIMEFRAMES or value != int(value):
            raise ValueError(f"the {name} count is a whole number from 0 to {SIX_TIMEFRAMES}, not {str(value)[:40]}")
        found.append(int(value))
    if sum(found) > SIX_TIMEFRAMES:
        raise ValueError(f"{found[0]} bullish and {found[1]} bearish are more than {SIX_TIMEFRAMES} timeframes")
    return found[0], found[1]


def _trend(alert: Alert) -> Said:
    direction: Any = alert.fields.get("direction", alert.side)
    if alert.timeframe is None:
        return Said(unread=(f"a {alert.type} without its timeframe",))
    try:
        return Said({timeframe_label(alert.timeframe): direction_of(direction)})
    except ValueError as error:
        return Said(unread=(str(error),))


def _entry(alert: Alert) -> Said | None:
    sent = alert.fields.get("mtf_trends")
    return None if sent is None else _all_trends(sent)


def _all_trends(sent: Any) -> Said:
    try:
        return Said(trends_by_timeframe(sent))
    except (ValueError, TypeError) as error:
        return Said(unread=(str(error),))


def _pulse(alert: Alert) -> Said:
    fields = alert.fields
    unread: list[str] = []
    if fields.get("current_trends") is not None:
        said = _all_trends(fields["current_trends"])
        if said.trends:
            return said
        unread += said.unread
    changed = fields.get("changes", fields.get("change_details"))
    changes: dict[str, int] = {}
    if isinstance(changed, str | Mapping):
        try:
            changes, unknown = changes_by_timeframe(changed)
            unread += unknown
        except ValueError as error:
            unread.append(str(error))
    counts = _counts(fields.get("bull_count"), fields.get("bear_count"), unread)
    state = fields.get("market_state")
    return Said(changes, counts, state if isinstance(state, str) else "", None, changes, tuple(unread))


def _state_change(alert: Alert) -> Said:
    fields = alert.fields
    unread: list[str] = []
    counts = _counts(fields.get("align_bull"), fields.get("align_bear"), unread)
    state = fields.get("new_state")
    return Said(NOTHING, counts, state if isinstance(state, str) else "", None, NOTHING, tuple(unread))


def _momentum(alert: Alert) -> Said:
    fields = alert.fields
    adx = fields.get("adx")
    known = float(adx) if isinstance(adx, int | float) and not isinstance(adx, bool) else None
    words = [fields.get(name) for name in ("strength", "momentum")]
    strength, change = (word if isinstance(word, str) else "" for word in words)
    return Said(momentum=(known, strength, change))


def _counts(bull: Any, bear: Any, unread: list[str]) -> tuple[int, int] | None:
    """None where the script left them out, or where they cannot be meant."""
    if bull is None and bear is None:
        return None
    try:
        return whole_counts(bull, bear)
    except ValueError as error:
        unread.append(str(error))
        return None


_READERS: Final[Mapping[str, Callable[[Alert], Said | None]]] = {
    "bias": _trend,
    "trend": _trend,
    "entry": _entry,
    "trend_pulse": _pulse,
    "state_change": _state_change,
    "momentum_change": _momentum,
}
