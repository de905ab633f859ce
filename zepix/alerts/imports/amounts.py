"""Numbers as people's spreadsheets write them: ``1.234,56``, ``1 234.5``, a minus of its own, per cent, currencies.

Which mark is the decimal one follows from the numbers of the file that allow only one reading (``1.234,5``, ``12,50``,
``1,234,567``). A number that a machine wrote (digits, at most one dot) is read so unless the file says otherwise; one
like ``1,234`` alone stays open, and the mark has to be said.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from zepix.errors import ConfigError, DataError

__all__ = ["Amounts", "cleaned"]

_LONGEST: Final = 64
_MINUS: Final = str.maketrans(
    {"\u2212": "-", "\u2013": "-", "\u2010": "-", "\u2011": "-", "\ufe63": "-", "\uff0d": "-"}
)
_NOTHING: Final = frozenset({"", "-", "\u2014", "n/a", "na", "nan", "none", "null", "\u2205"})
_SPACES: Final = re.compile(r"[\s\u2009\u202f\u00a0'\u2019]+")
_AROUND: Final = re.compile(
    r"^(?:[^\W\d_]{1,5}|[$%\u20ac\u00a3\u00a5\u20b9\u20bd\u20ba\u20a9])+|(?:[^\W\d_]{1,5}|[$%\u20ac\u00a3\u00a5\u20b9\u20bd\u20ba\u20a9])+$"
)
_PLAIN: Final = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?")
_MARKED: Final = re.compile(r"[+-]?[\d.,]*\d[\d.,]*")


def cleaned(text: str) -> str:
    """The number without spaces, currencies and per cent, its minus a hyphen; nothing for what says nothing."""
    if len(text) > _LONGEST:
        return text[:_LONGEST] + "..."
    if _PLAIN.fullmatch(text):
        return text
    words = unicodedata.normalize("NFKC", text).strip().translate(_MINUS)
    if words.casefold() in _NOTHING:
        return ""
    if words.startswith("(") and words.endswith(")"):
        words = "-" + words[1:-1]
    words = _SPACES.sub("", words)
    sign = words[:1] if words[:1] in "+-" else ""
    words = _AROUND.sub("", words.removeprefix(sign) if sign else words) or words
    return sign + words if not words.startswith(("+", "-")) else words


class Amounts:
    """Reads the numbers of one file. ``decimal`` is the decimal mark where it was said; ``where`` names the file."""

    def __init__(self, decimal: str | None = None, where: str = "") -> None:
        if decimal not in (None, ".", ","):
            raise ConfigError(f"--decimal {decimal!r}: expected . or ,")
        self._said = decimal
        self._where = where or "the file"
        self.mark = decimal or "."
        self._clear: dict[str, str] = {}
        self._open = ""
        self.rule = "as said" if decimal else ""

    def look(self, text: str) -> None:
        """Takes note of a number that may tell the decimal mark. Never raises."""
        if "," not in text and "." not in text:
            return
        words = cleaned(text)
        if not _MARKED.fullmatch(words):
            return
        commas, dots = words.count(","), words.count(".")
        if commas and dots:
            self._clear.setdefault("," if words.rfind(",") > words.rfind(".") else ".", text)
        elif commas > 1 or dots > 1:
            self._clear.setdefault("." if commas else ",", text)
        elif len(words) - 1 - max(words.rfind(","), words.rfind(".")) != 3 or words.lstrip("+-")[:2] in ("0,", "0."):
            self._clear.setdefault("," if commas else ".", text)
        elif commas:
            self._open = self._open or text

    def settle(self) -> None:
        """Decides the mark. Raises ConfigError where it must be said, DataError where numbers contradict each other."""
        if self._said is not None:
            return
        if len(self._clear) == 2:
            comma, dot = self._clear[","], self._clear["."]
            raise DataError(f"{self._where} holds {comma!r} and {dot!r}: two decimal marks; say --decimal . or ,")
        if self._clear:
            self.mark, example = next(iter(self._clear.items()))
            self.rule = f"by {example!r}" if self.mark == "," else ""
        elif self._open:
            raise ConfigError(
                f"{self._where}: {self._open!r} has a comma that marks thousands or decimals; say --decimal"
            )

    def number(self, text: str) -> float | None:
        """The number; None for an empty cell. Raises ValueError."""
        words = cleaned(text)
        if not words:
            return None
        if self.mark == ",":
            words = words.replace(".", "").replace(",", ".")
        elif "," in words:
            words = words.replace(",", "")
        if not _PLAIN.fullmatch(words):
            raise ValueError(f"no number: {text[:40]!r}")
        return float(words)
