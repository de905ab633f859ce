"""The tail of a V6 alert, token by token: what stands after the type, the ticker and the timeframe.

Sources of the order: the Pine script as described in the rules of the trade, §1.4. Numbers that inform only may be
missing (``NA``) or unreadable and are then left out; stop and targets of an entry may not.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any, Final

from zepix.alerts import values
from zepix.alerts.payload import shown
from zepix.alerts.reasons import Unreadable
from zepix.model import Side

__all__ = ["INFORMATION", "entry_tail", "exit_tail"]

_ALIGN: Final = re.compile(r"[0-9]/[0-9]")
_ARROW: Final = re.compile(r"\u2192|->")
_LEVELS: Final = frozenset({"HIGH", "MODERATE", "LOW"})
_STRENGTHS: Final = frozenset({"STRONG", "MODERATE", "WEAK", "NONE", "NA"})
_DIRECTIONS: Final = {"BULLISH": "bull", "BEARISH": "bear", "NEUTRAL": "neutral"}
_MOST_PARTS: Final = 16


def entry_tail(tokens: list[str]) -> tuple[dict[str, Any], dict[str, Any], Side | None]:
    """(fields of the Alert, extra fields, the side named) from the tokens after the price. Raises Unreadable."""
    rest = list(tokens)
    extras: dict[str, Any] = {}
    named = None
    align = next((place for place, token in enumerate(rest) if _ALIGN.fullmatch(token)), None)
    if align is not None:
        extras.update(_alignment(rest.pop(align)))
    line = next((place for place, token in enumerate(rest) if token.upper().startswith("TL_")), None)
    if line is not None:
        extras["tl_status"] = rest.pop(line).upper()
    if rest and rest[0].lower() in values.SIDES:
        named = values.side("side", rest.pop(0))
    extras.update(_strength(rest))
    return _levels(rest, extras), extras, named


def _strength(rest: list[str]) -> dict[str, Any]:
    """Takes confidence (word and score) and ADX (value and word) from the front of ``rest``."""
    found: dict[str, Any] = {}
    if rest and rest[0].upper() in _LEVELS:
        found["conf_level"] = rest.pop(0).upper()
        if rest:
            found["conf_score"] = values.finite("the confidence score", rest.pop(0))
    if len(rest) >= 2 and rest[1].upper() in _STRENGTHS:
        adx, strength = rest.pop(0), rest.pop(0).upper()
        if adx.upper() != "NA":
            found["adx"] = values.finite("adx", adx)
        if strength != "NA":
            found["adx_strength"] = strength
    return found


def _levels(rest: list[str], extras: dict[str, Any]) -> dict[str, Any]:
    """Stop and targets: four prices or nothing; the order's target is the second one."""
    if not rest:
        return {}
    if len(rest) != 4:
        raise Unreadable("bad_field", f"stop and three targets expected, not {shown('|'.join(rest[:8]))}")
    stop, first, second, third = (
        values.price(name, token) for name, token in zip(("sl", "tp1", "tp2", "tp3"), rest, strict=True)
    )
    extras.update(tp1=first, tp2=second, tp3=third)
    return {"sl": stop, "tp": second}


def exit_tail(tokens: list[str]) -> dict[str, Any]:
    """After an exit's price stands for how many bars the trade ran; it informs only."""
    return _numbers(tokens, ("exit_bars",))


def _alignment(token: str) -> dict[str, int]:
    """``5/1``: so many of six timeframes rise, so many fall."""
    return {"align_bull": int(token[0]), "align_bear": int(token[2])}


def _number(token: str) -> float | None:
    try:
        found = values.number("token", token)
    except Unreadable:
        return None
    return found if math.isfinite(found) else None


def _numbers(tokens: list[str], names: tuple[str, ...]) -> dict[str, float]:
    pairs = ((name, _number(token)) for name, token in zip(names, tokens, strict=False))
    return {name: number for name, number in pairs if number is not None}


def _words(tokens: list[str], names: tuple[str, ...]) -> dict[str, str]:
    return {name: token for name, token in zip(names, tokens, strict=False) if token and token.upper() != "NA"}


def _trend_pulse(tail: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = _numbers(tail, ("bull_count", "bear_count"))
    changes: dict[str, tuple[str, str]] = {}
    for part in (tail[2] if len(tail) > 2 else "").split(",", _MOST_PARTS):
        period, _, states = part.partition(":")
        before_after = _ARROW.split(states, 2)
        if len(before_after) == 2:
            changes[_timeframe(period.strip())] = (before_after[0].strip(), before_after[1].strip())
    found["changes"] = changes
    found.update(_words(tail[3:], ("market_state",)))
    return found


def _timeframe(word: str) -> str:
    try:
        return values.timeframe("timeframe", word)
    except Unreadable:
        return word


def _sideways_breakout(tail: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = _words(tail[2:], ("adx_strength", "state_before", "momentum"))
    found.update(_numbers(tail[1:], ("adx",)))
    found["direction"] = _DIRECTIONS.get(tail[0].upper() if tail else "", "neutral")
    return found


def _trendline_break(tail: list[str]) -> dict[str, Any]:
    return dict(_numbers(tail, ("level", "slope", "bars")))


def _momentum_change(tail: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for place, name in enumerate(("adx", "strength", "prev_adx", "prev_strength", "momentum")):
        pick = _numbers if name.endswith("adx") else _words
        found.update(pick(tail[place:], (name,)))
    return found


def _state_change(tail: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = _words(tail, ("new_state", "old_state"))
    if len(tail) > 2 and _ALIGN.fullmatch(tail[2]):
        found.update(_alignment(tail[2]))
    return found


def _breakout(tail: list[str]) -> dict[str, Any]:
    return dict(_numbers(tail, ("level", "tests", "start_bar", "cur_bar")))


def _screener(tail: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = _numbers(tail, ("score",))
    listed = (tail[1] if len(tail) > 1 else "").split(",", _MOST_PARTS)
    found["indicators"] = tuple(word.strip() for word in listed if word.strip())
    return found


INFORMATION: Final[dict[str, Callable[[list[str]], dict[str, Any]]]] = {
    "trend_pulse": _trend_pulse,
    "sideways_breakout": _sideways_breakout,
    "trendline_break": _trendline_break,
    "momentum_change": _momentum_change,
    "state_change": _state_change,
    "breakout": _breakout,
    "breakdown": _breakout,
    "screener": _screener,
}
