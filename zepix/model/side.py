"""Buy or sell; an enum, because a string in the wrong case once sold what should have been bought."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Side"]


class Side(StrEnum):
    """The side of a ticket or order; ``sign`` is +1 for a buy, -1 for a sell."""

    BUY = "buy"
    SELL = "sell"

    sign: int

    def __init__(self, word: str) -> None:
        self.sign = 1 if word == "buy" else -1  # every order asks several times, and a property costs a call

    @classmethod
    def of(cls, word: str) -> Side:
        """The side of a word in any case, ``long`` and ``short`` too; raises ValueError for anything else."""
        if type(word) is Side:
            return word
        found = _WORDS.get(word) or _WORDS.get(str(word).strip().lower())
        if found is None:
            raise ValueError(f"{word!r} is no side; say buy or sell")
        return found

    @property
    def opposite(self) -> Side:
        return Side.SELL if self is Side.BUY else Side.BUY


_WORDS = {"buy": Side.BUY, "sell": Side.SELL, "long": Side.BUY, "short": Side.SELL}
