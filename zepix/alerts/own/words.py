"""What the words of senders usually mean: which say buy or sell, which say that something ends, which name a field.

Only for proposals (``zepix alerts learn``), which a person reads before they count; nothing is traded by these words.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["FIELD_WORDS", "meaning", "parts_of", "score"]

_BUY: Final = frozenset({"buy", "long", "bull", "bullish", "up", "call", "bid"})
_SELL: Final = frozenset({"sell", "short", "bear", "bearish", "down", "put"})
_ENTER: Final = frozenset({"entry", "enter", "open", "opened", "new", "in", "start"})
_LEAVE: Final = frozenset({"exit", "close", "closed", "flat", "flatten", "out", "tp", "sl", "stop", "cover", "end"})
_TURN: Final = frozenset({"reverse", "reversal", "flip", "switch"})
_CHANGE: Final = frozenset({"modify", "update", "move", "amend"})
_CANCEL: Final = frozenset({"cancel", "canceled", "cancelled", "delete"})
_SHORT_WORDS: Final = {"b": "buy", "s": "sell", "l": "buy", "1": "buy", "-1": "sell", "+1": "buy"}
_PART: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")

FIELD_WORDS: Final[dict[str, tuple[str, ...]]] = {
    "symbol": ("symbol", "ticker", "pair", "instrument", "asset", "market", "sym", "coin", "security", "contract"),
    "side": ("side", "direction", "action", "dir", "way", "position", "signal", "order", "cmd", "bias", "trade"),
    "type": ("type", "event", "kind", "action", "operation", "op", "command", "cmd", "intent", "what", "signal"),
    "timeframe": ("timeframe", "tf", "interval", "resolution", "period", "frame"),
    "id": ("id", "uid", "uuid", "guid", "nonce", "oid", "key"),
    "time": ("time", "timestamp", "ts", "date", "datetime", "when", "sent", "fired"),
    "strategy": ("strategy", "bot", "system", "algo", "robot", "model"),
    "comment": ("comment", "message", "note", "msg", "text", "description", "reason", "memo"),
    "order_type": ("order type", "ordertype", "execution"),
    "price": ("price", "px", "close", "last", "quote", "rate", "entry", "at", "open"),
    "sl": ("sl", "stop", "stoploss", "stop loss", "invalidation", "protect"),
    "tp": ("tp", "target", "takeprofit", "take profit", "profit", "goal"),
    "volume": ("q", "qty", "quantity", "size", "lots", "lot", "volume", "vol", "amount", "contracts", "units", "stake"),
}


def parts_of(name: str) -> list[str]:
    """``stopLoss_1`` as its words in lower case: stop, loss, 1."""
    return [part.lower() for part in _PART.findall(name[:128])]


def score(field: str, label: str) -> int:
    """How well a column's name fits a field: 3 the name itself, 2 its last part, 1 a part before, 0 not at all."""
    last = label.rpartition(".")[2]
    words = [part for part in parts_of(last) if not part.isdigit()]
    whole = " ".join(words)
    hints = FIELD_WORDS[field]
    if whole in hints or "".join(words) in hints:
        return 3
    if any(f" {hint} " in f" {whole} " for hint in hints):
        return 2
    above = " ".join(parts_of(label.rpartition(".")[0]))
    return 1 if any(f" {hint} " in f" {above} " for hint in hints) else 0


def meaning(word: str, *, short_words: bool = False) -> tuple[str, str] | None:
    """(type, side) that a sender's word seems to mean, either may be ``""``; None for a word without a meaning here.

    ``close_long`` is ``("exit", "buy")``: the side of an exit names the tickets. ``short_words`` reads b, s, l, 1, -1.
    """
    word = word.strip()
    if short_words and word.lower() in _SHORT_WORDS:
        return "", _SHORT_WORDS[word.lower()]
    parts = set(parts_of(word)) or set()
    sides = {"buy"} if parts & _BUY else set()
    sides |= {"sell"} if parts & _SELL else set()
    if len(sides) > 1:
        return None
    side = next(iter(sides), "")
    for type_, words in (("reversal", _TURN), ("cancel", _CANCEL), ("modify", _CHANGE), ("exit", _LEAVE)):
        if parts & words:
            return type_, "sell" if "cover" in parts and not side else side
    if parts & _ENTER:
        return "entry", side
    return ("", side) if side else None
