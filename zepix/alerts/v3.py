"""The V3 dialect (ZEPIX v3, strategy ``V3_COMBINED``): JSON whose ``type`` ends in ``_v3``.

| type           | becomes                                                                                       |
|----------------|-----------------------------------------------------------------------------------------------|
| entry_v3       | entry of ``direction``; stop ``sl_price``, target ``tp2_price`` (``tp1_price`` in ``fields``) |
| exit_v3        | exit: Bullish_Exit closes BUYs, Bearish_Exit SELLs; ``direction`` is the closing deal's side   |
| squeeze_v3     | information ``squeeze``, without a side                                                       |
| trend_pulse_v3 | information ``trend_pulse``, without a side                                                   |

``signal`` keeps the word as sent; ``fields["signal"]`` holds its one spelling, where it is known. ``mtf_trends`` (1D,
4H, 1H, 15m, 5m) and ``current_trends`` (1m to 1D) are tuples of -1, 0, 1 in the order sent. Real bodies hold literal
``{{ticker}}`` and ``{{close}}``: the symbol then comes from beside the body, and the price is nothing.

A direction that the signal contradicts (an exit's signal on an entry, ``Screener_Full_Bullish`` to sell) sets the body
aside. An entry without ``sl_price`` has no stop, which is noted in ``repairs``: a table of stops to fall back on is the
receiver's, and no part of an alert.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final

from zepix.alerts import values
from zepix.alerts.dialects import Dialect, register
from zepix.alerts.payload import Body, shown
from zepix.alerts.reading import Reading
from zepix.alerts.reasons import Unreadable
from zepix.model import Side

__all__ = ["SIGNALS", "STRATEGY", "V3", "read"]

STRATEGY: Final = "V3_COMBINED"
TYPES: Final = {"entry_v3": "entry", "exit_v3": "exit", "squeeze_v3": "squeeze", "trend_pulse_v3": "trend_pulse"}
_SPELLINGS: Final = {
    "Institutional_Launchpad": (),
    "Liquidity_Trap_Reversal": ("Liquidity_Trap",),
    "Momentum_Breakout": ("Momentum_Ignition",),
    "Mitigation_Test_Entry": ("Mitigation_Test", "Mitigation_Block"),
    "Bullish_Exit": ("Exit_Bullish",),
    "Bearish_Exit": ("Exit_Bearish",),
    "Golden_Pocket_Flip": ("Golden_Pocket",),
    "Volatility_Squeeze": (),
    "Screener_Full_Bullish": (),
    "Screener_Full_Bearish": (),
    "Screener": (),
    "Trend_Pulse": (),
    "Sideways_Breakout": (),
}
SIGNALS: Final = {word.lower(): name for name, others in _SPELLINGS.items() for word in (name, *others)}
_EXIT_CLOSES: Final = {"Bullish_Exit": Side.BUY, "Bearish_Exit": Side.SELL}
_SIGNAL_SIDES: Final = {"Screener_Full_Bullish": Side.BUY, "Screener_Full_Bearish": Side.SELL}
_CLOSING_WORDS: Final = {"close_long": Side.BUY, "close_short": Side.SELL}
_MATTERS: Final = frozenset(
    {"signal_type", "tp1_price", "tp2_price", "consensus_score", "position_multiplier", "mtf_trends"}
)
_MOST_PARTS: Final = 16
_SHORT: Final = 64


def read(reading: Reading) -> dict[str, Any]:
    """The fields of a V3 alert. Raises Unreadable."""
    kind = TYPES.get(reading.body.word)
    if kind is None:
        raise Unreadable("unknown_type", f"type {shown(reading.body.word)} is not one of {', '.join(TYPES)}")
    is_action = kind in ("entry", "exit")
    found = reading.named(matters=_MATTERS if is_action else ())
    found.pop("type", None)
    out = reading.common(found)
    sent = reading.extras.pop("signal_type", None)
    signal = values.text("signal_type", "" if sent is None else sent)
    known = SIGNALS.get(signal.lower())
    _convert(reading.extras, strict=is_action)
    if known is not None:
        reading.extras["signal"] = known
    out.update(type=kind, signal=signal, strategy=values.text("strategy", found.pop("strategy", "")) or STRATEGY)
    direction = found.pop("side", None)
    if kind == "entry":
        out["side"] = _entry_side(known, direction)
        _levels(reading, found, out)
    elif kind == "exit":
        out["side"] = _exit_side(known, direction)
    reading.keep_rest(found)
    return out


def _entry_side(signal: str | None, direction: Any) -> Side:
    """The direction, cross-checked with a signal that names one. Raises Unreadable."""
    if signal in _EXIT_CLOSES:
        raise Unreadable("conflicting_action", f"an entry_v3 of the signal {signal}")
    if direction is None or direction == "":
        raise Unreadable("missing_side", "an entry_v3 needs direction, buy or sell")
    side = values.side("direction", direction)
    if _SIGNAL_SIDES.get(signal or "", side) is not side:
        raise Unreadable("conflicting_side", f"{signal} does not go with the direction {shown(direction)}")
    return side


def _exit_side(signal: str | None, direction: Any) -> Side:
    """The side of the tickets to close: by the signal, cross-checked with the direction of the closing deal."""
    by_signal = _EXIT_CLOSES.get(signal or "")
    by_direction = None
    if isinstance(direction, str) and direction.strip().lower() in _CLOSING_WORDS:
        by_direction = _CLOSING_WORDS[direction.strip().lower()]
    elif direction is not None and direction not in ("", "neutral"):
        by_direction = values.side("direction", direction).opposite
    if by_signal is not None and by_direction is not None and by_signal is not by_direction:
        raise Unreadable("conflicting_side", f"{signal} closes {by_signal}s, direction {shown(direction)} the others")
    side = by_signal or by_direction
    if side is None:
        raise Unreadable("missing_side", "an exit_v3 needs signal_type Bullish_Exit or Bearish_Exit, or a direction")
    return side


def _levels(reading: Reading, found: dict[str, Any], out: dict[str, Any]) -> None:
    if "sl" in found:
        out["sl"] = values.price("sl_price", found.pop("sl"))
    else:
        reading.repairs.append("sl_price: missing -> null (an entry without a stop)")
    target = reading.extras.get("tp2_price")
    if target is not None:
        out["tp"] = target
    elif "tp" in found:
        out["tp"] = values.price("tp", found.pop("tp"))
    if "volume" in found:
        out["volume"] = values.volume("volume", found.pop("volume"))


def _between(low: float, high: float) -> Callable[[str, Any], float]:
    def convert(name: str, value: Any) -> float:
        if type(value) is float and low <= value <= high:
            return value
        found = values.finite(name, value)
        if not low <= found <= high:
            raise Unreadable("bad_number", f"{name} must be between {low:g} and {high:g}, not {shown(value)}")
        return found

    return convert


def _whole(low: int, high: int) -> Callable[[str, Any], int]:
    inside = _between(low, high)

    def convert(name: str, value: Any) -> int:
        if type(value) is int and low <= value <= high:
            return value
        found = inside(name, value)
        if found != int(found):
            raise Unreadable("bad_number", f"{name} must be a whole number, not {shown(value)}")
        return int(found)

    return convert


def _remembered(convert: Callable[[str, Any], Any]) -> Callable[[str, Any], Any]:
    """Remembers short texts: trends and periods come in few forms and fill most of the alerts."""
    kept = lru_cache(maxsize=2048)(convert)

    def quick(name: str, value: Any) -> Any:
        return kept(name, value) if type(value) is str and len(value) <= _SHORT else convert(name, value)

    return quick


def _trends(name: str, value: Any) -> tuple[int, ...]:
    """``"-1,1,1,1,-1"`` -> (-1, 1, 1, 1, -1); five values or six."""
    parts = value.split(",", _MOST_PARTS) if isinstance(value, str) else value
    if isinstance(parts, list | tuple) and len(parts) in (5, 6):
        whole = _whole(-1, 1)
        return tuple(whole(name, part) for part in parts)
    raise Unreadable("bad_field", f"{name} must be five or six of -1, 0, 1, not {shown(value)}")


def _changed(name: str, value: Any) -> tuple[str, ...]:
    """``"15,60,"`` -> ("15m", "1h")."""
    parts = value.split(",", _MOST_PARTS) if isinstance(value, str) else ()
    return tuple(values.timeframe(name, part.strip()) for part in parts if part.strip())


def _changes(name: str, value: Any) -> Mapping[str, int]:
    """``"15:-1;60:1;"`` -> {"15m": -1, "1h": 1}."""
    parts = value.split(";", _MOST_PARTS) if isinstance(value, str) else ()
    whole = _whole(-1, 1)
    found: dict[str, int] = {}
    for part in parts:
        period, _, trend = part.partition(":")
        if period.strip():
            found[values.timeframe(name, period.strip())] = whole(name, trend)
    return MappingProxyType(found)


_CONVERT: Final[dict[str, Callable[[str, Any], Any]]] = {
    "consensus_score": _whole(0, 9),
    "previous_score": _whole(0, 9),
    "market_trend": _whole(-1, 1),
    "position_multiplier": _between(0.1, 2.0),
    "volume_delta_ratio": values.finite,
    "price_in_ob": values.flag,
    "full_alignment": values.flag,
    "fib_level": values.finite,
    "adx_value": values.finite,
    "tp1_price": values.price,
    "tp2_price": values.price,
    "mtf_trends": _remembered(_trends),
    "current_trends": _remembered(_trends),
    "previous_trends": _remembered(_trends),
    "changed_timeframes": _remembered(_changed),
    "change_details": _remembered(_changes),
}


def _convert(extras: dict[str, Any], *, strict: bool) -> None:
    """Turns the known extra fields into numbers; of information (not ``strict``), what cannot be read stays as sent."""
    for name, value in extras.items():
        convert = _CONVERT.get(name)
        if convert is None or value is None:
            continue
        try:
            extras[name] = convert(name, value)
        except Unreadable:
            if strict:
                raise


def _claims(body: Body) -> bool:
    return body.fields is not None and body.word.endswith("_v3")


V3: Final = register(Dialect(name="v3", rank=10, claims=_claims, read=read))
