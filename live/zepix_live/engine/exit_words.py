"""Whether a body that was not understood looks like an exit: a human has to look then."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["looks_like_exit"]

_PLACEHOLDER: Final = re.compile(r"\{\{[^{}]{1,64}\}\}")
"""What TradingView was to fill in: {{close}} closes nothing."""
_WORDS: Final = ("exit", "close", "flat", "cancel", "stop_loss", "take_profit")


def looks_like_exit(raw: str) -> bool:
    """Whether one of the words stands in it that exits, closes and cancels are written with."""
    text = _PLACEHOLDER.sub("", raw.lower())
    return any(word in text for word in _WORDS)
