"""The V6 dialect (Signals and Overlays V6, strategy ``V6_PRICE_ACTION``): tokens between pipes, the type first.

| tokens                                                                  | becomes                                  |
|-------------------------------------------------------------------------|------------------------------------------|
| BULLISH_ENTRY / BEARISH_ENTRY, ticker, tf, price, BUY/SELL, confidence,  | entry; stop sl, target tp2               |
| score, adx, strength, [sl, tp1, tp2, tp3], [5/1], [TL_OK], trailing pipe | (tp1 to tp3 in ``fields``)               |
| EXIT_BULLISH / EXIT_BEARISH, ticker, tf, price, bars                     | exit: EXIT_BULLISH closes BUYs           |
| REVERSAL_BULLISH / REVERSAL_BEARISH, then as an entry                    | reversal                                 |
| TREND_PULSE, STATE_CHANGE, MOMENTUM_CHANGE, SIDEWAYS_BREAKOUT, BREAKOUT, | information, ``fields["direction"]``     |
| BREAKDOWN, TRENDLINE_..._BREAK, SCREENER_FULL_...                        | where the type names one                 |

Tokens in brackets are left out when the script's option is off, which moves the rest: so the alignment is found by its
form ``d/d``, the trend line by ``TL_``, and what stands between is stop and targets only as four numbers. Arrows are
read as sent (U+2192) and as ``->``. The same model also comes as JSON (``entry_v6, exit_v6, reversal_v6, trendline_v6,
momentum_v6``), with the names of the tokens as keys.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from zepix.alerts import values
from zepix.alerts.dialects import Dialect, register
from zepix.alerts.payload import Body, shown
from zepix.alerts.reading import Reading
from zepix.alerts.reasons import Unreadable
from zepix.alerts.v6_tokens import INFORMATION, entry_tail, exit_tail
from zepix.model import Side

__all__ = ["STRATEGY", "V6", "read"]

STRATEGY: Final = "V6_PRICE_ACTION"
_MOST_TOKENS: Final = 64


class Kind(NamedTuple):
    """What a first token means: the unified type, the side of an action, the direction of information."""

    type: str
    side: Side | None = None
    direction: str | None = None


KINDS: Final = {
    "BULLISH_ENTRY": Kind("entry", Side.BUY),
    "BEARISH_ENTRY": Kind("entry", Side.SELL),
    "EXIT_BULLISH": Kind("exit", Side.BUY),
    "EXIT_BEARISH": Kind("exit", Side.SELL),
    "REVERSAL_BULLISH": Kind("reversal", Side.BUY),
    "REVERSAL_BEARISH": Kind("reversal", Side.SELL),
    "TREND_PULSE": Kind("trend_pulse"),
    "SIDEWAYS_BREAKOUT": Kind("sideways_breakout"),
    "TRENDLINE_BULLISH_BREAK": Kind("trendline_break", direction="bull"),
    "TRENDLINE_BEARISH_BREAK": Kind("trendline_break", direction="bear"),
    "MOMENTUM_CHANGE": Kind("momentum_change"),
    "STATE_CHANGE": Kind("state_change"),
    "BREAKOUT": Kind("breakout", direction="bull"),
    "BREAKDOWN": Kind("breakdown", direction="bear"),
    "SCREENER_FULL_BULLISH": Kind("screener", direction="bull"),
    "SCREENER_FULL_BEARISH": Kind("screener", direction="bear"),
}
_JSON_TYPES: Final = {
    "entry_v6": "entry",
    "exit_v6": "exit",
    "reversal_v6": "reversal",
    "trendline_v6": "trendline_break",
    "momentum_v6": "momentum_change",
}
_WORDS: Final = frozenset(word.lower() for word in KINDS)
_BULL_WORDS: Final = {"bullish": Side.BUY, "bull": Side.BUY, "bearish": Side.SELL, "bear": Side.SELL}
_JSON_MATTERS: Final = frozenset({"conf_level", "conf_score", "adx", "adx_strength", "tp1", "tp2", "tp3", "align"})
_JSON_NUMBERS: Final[dict[str, Callable[[str, Any], Any]]] = {
    "conf_score": values.finite,
    "exit_bars": values.finite,
    "slope": values.finite,
    "tp1": values.price,
    "tp2": values.price,
    "tp3": values.price,
}


def read(reading: Reading) -> dict[str, Any]:
    """The fields of a V6 alert, from pipes or from JSON. Raises Unreadable."""
    return _read_tokens(reading) if reading.body.fields is None else _read_json(reading)


def _read_tokens(reading: Reading) -> dict[str, Any]:
    tokens = [token.strip() for token in reading.body.text.split("|", _MOST_TOKENS)]
    if len(tokens) > _MOST_TOKENS:
        raise Unreadable("too_large", f"more than {_MOST_TOKENS} tokens")
    while tokens and not tokens[-1]:
        tokens.pop()
    word = tokens[0].upper()
    kind = KINDS.get(word)
    if kind is None:
        raise Unreadable("unknown_type", f"{shown(tokens[0])} is not one of {', '.join(KINDS)}")
    tokens += [""] * (3 - len(tokens))
    out: dict[str, Any] = {"type": kind.type, "signal": tokens[0], "strategy": STRATEGY}
    out["symbol"] = reading.symbol(tokens[1])
    period = reading.period(tokens[2])
    if period is None:
        raise Unreadable("missing_timeframe", "the third token must be the timeframe")
    out["timeframe"] = period
    if kind.side is None:
        _information(reading, kind, tokens[3:])
    else:
        out["side"] = kind.side
        _action(reading, kind, tokens[3:], out)
    return out


def _information(reading: Reading, kind: Kind, tail: list[str]) -> None:
    for place, token in enumerate(tail):
        if "{{" in token:
            reading.give_up(f"token {place + 4}", token, important=False)
            tail[place] = ""
    if kind.direction is not None:
        reading.extras["direction"] = kind.direction
    reading.extras.update(INFORMATION[kind.type](tail))


def _action(reading: Reading, kind: Kind, tail: list[str], out: dict[str, Any]) -> None:
    for place, token in enumerate(tail):
        if "{{" in token:
            reading.give_up("price" if place == 0 else f"token {place + 4}", token, important=place > 0)
            tail[place] = ""
    if tail and tail[0]:
        out["price"] = values.price("price", tail[0])
    if kind.type == "exit":
        reading.extras.update(exit_tail(tail[1:]))
        return
    levels, extras, named = entry_tail(tail[1:])
    if named is not None and named is not kind.side:
        raise Unreadable("conflicting_side", f"{out['signal']} says {kind.side}, its fifth token {named}")
    out.update(levels)
    reading.extras.update(extras)


def _read_json(reading: Reading) -> dict[str, Any]:
    word = reading.body.word
    kind = KINDS.get(word.upper()) or (Kind(_JSON_TYPES[word]) if word in _JSON_TYPES else None)
    if kind is None:
        raise Unreadable("unknown_type", f"type {shown(word)} is not one of {', '.join((*_JSON_TYPES, *KINDS))}")
    is_action = kind.type in ("entry", "exit", "reversal")
    found = reading.named(matters=_JSON_MATTERS if is_action else ())
    sent = found.pop("type", word)
    out = reading.common(found)
    signal = reading.extras.pop("signal_type", None) or reading.extras.pop("signal", None) or sent
    out.update(type=kind.type, signal=values.text("signal", signal), strategy=STRATEGY)
    found.pop("strategy", None)
    side = _json_side(kind, out["signal"], found.pop("side", None))
    if is_action:
        if side is None:
            raise Unreadable("missing_side", f"{word} needs direction, buy or sell")
        out["side"] = side
    elif side is not None:
        reading.extras["direction"] = "bull" if side is Side.BUY else "bear"
    _json_numbers(reading, found, out, strict=is_action)
    reading.keep_rest(found)
    return out


def _json_side(kind: Kind, signal: str, direction: Any) -> Side | None:
    """By the type or signal word, and by the direction, which here names the tickets (bullish, buy, long)."""
    named = KINDS.get(signal.upper())
    direct = {"bull": Side.BUY, "bear": Side.SELL}
    by_word = kind.side or direct.get(kind.direction or "") or (named.side if named else None)
    if direction is None or direction in ("", "neutral", "NEUTRAL"):
        return by_word
    by_direction = _BULL_WORDS.get(direction.strip().lower()) if isinstance(direction, str) else None
    by_direction = by_direction or values.side("direction", direction)
    if by_word is not None and by_word is not by_direction:
        raise Unreadable("conflicting_side", f"{shown(signal)} says {by_word}, direction {shown(direction)}")
    return by_direction


def _json_numbers(reading: Reading, found: dict[str, Any], out: dict[str, Any], *, strict: bool) -> None:
    extras = reading.extras
    for name, convert in _JSON_NUMBERS.items():
        if extras.get(name) is None:
            continue
        try:
            extras[name] = convert(name, extras[name])
        except Unreadable:
            if strict:
                raise
    if not strict:
        return
    for name, convert in (("sl", values.price), ("tp", values.price), ("volume", values.volume)):
        if name in found:
            out[name] = convert(name, found.pop(name))
    if "tp" not in out and extras.get("tp2") is not None:
        out["tp"] = extras["tp2"]


def _claims(body: Body) -> bool:
    if body.fields is not None:
        return body.word in _WORDS or body.word.endswith("_v6")
    first = body.text[:64].split("|", 1)[0].strip()
    return "|" in body.text[:64] and bool(first) and first.isupper() and first.replace("_", "").isalpha()


V6: Final = register(Dialect(name="v6", rank=20, claims=_claims, read=read))
