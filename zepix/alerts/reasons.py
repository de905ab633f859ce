"""Why a body is set aside: stable words, and the one exception the parser raises inside itself.

A reason is a word that tools may count and filter by; it never changes its meaning. The sentence beside it (``detail``)
is for people and may be worded better at any time.
"""

from __future__ import annotations

from typing import Final

__all__ = ["REASONS", "Unreadable"]

REASONS: Final[dict[str, str]] = {
    # the row of a log
    "bad_time": "received_at is missing, or is no time between 1970 and 2262",
    "no_timezone": "received_at has no time zone; write Z or an offset such as +02:00",
    "bad_row": "the row of the log has not the shape of its format",
    # the body as text
    "empty": "there is no body",
    "too_large": "a body above 64 KiB, 256 fields, 256 placeholders or 1,024 brackets; a line above 1 MiB",
    "too_deep": "the body is nested deeper than 32 levels",
    "bad_encoding": "the body is no UTF-8",
    "lone_surrogate": "the body holds half of a surrogate pair, which is no character",
    "nul": "the body holds a NUL character",
    "bad_json": "the body (or the line of the log) starts like JSON and is none",
    "duplicate_key": "a body holds one key twice with different values, or two words for the same thing",
    "not_an_object": "the body is JSON, but no object",
    "unknown_dialect": "the body is text that no dialect recognises",
    # what it says
    "missing_type": "there is no type",
    "unknown_type": "no dialect knows this type",
    "missing_symbol": "there is no symbol, neither in the body nor beside it",
    "bad_symbol": "the symbol is no symbol",
    "missing_side": "an entry or a reversal without a side",
    "bad_side": "the side is neither buy, sell, long nor short",
    "conflicting_side": "two parts of the body name different sides",
    "conflicting_action": "two parts of the body name different actions",
    "missing_timeframe": "this dialect needs a timeframe",
    "bad_timeframe": "the timeframe is none, or none that this dialect allows",
    "bad_price": "a price, stop or target is zero, negative, not a number or above 1e12",
    "bad_volume": "the volume is zero, negative, not a number or above 1e9 lots",
    "bad_number": "a number is not a number (NaN), infinite or out of its range",
    "bad_order_type": "the order type is neither market, limit, stop nor stop_limit",
    "bad_field": "a field has a value that it cannot have",
    "unsupported_command": "the dialect's command is known and not done here, or known to nobody",
    "unsupported_parameter": "a parameter is known and not done here, or known to nobody",
    "missing_setting": "what this needs is an input of the sender's own program; a setting of the dialect says it",
    "several_commands": "one body holds several commands",
    "unknown_action": "no dialect knows this action",
    "no_trade": "by the positions before and after nothing was traded",
    "conflicting_position": "the positions before and after do not fit each other, their sizes or the order",
    "unclear_position": "the positions do not say enough to know what was meant",
    "bad_bar": "the open, high, low and close of a bar contradict each other",
    "placeholder": "a field that matters still holds a {{placeholder}}",
    # never expected
    "parser_error": "the parser itself failed; the body is kept, please report it",
}


class Unreadable(Exception):
    """A body cannot be understood; caught by the AlertProcessor, which sets the body aside with ``reason``."""

    def __init__(self, reason: str, detail: str) -> None:
        assert reason in REASONS, f"{reason!r} is no reason of quarantine"
        self.reason = reason
        self.detail = detail
        super().__init__(f"{reason}: {detail}")
