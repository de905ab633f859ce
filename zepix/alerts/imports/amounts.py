"""Numbers as people's spreadsheets write them: ``1.234,56``, ``1 234.5``, a minus of its own, currencies.

Which mark is the decimal one follows from the numbers of the file that allow only one reading (``1.234,5``, ``12,50``,
``1,234,567``, ``1085.123``). Where every number could be read both ways (``1,234`` alone, or ``2.045``), the mark has
to be said. A dot is the decimal mark where commas part the cells, and cells that are numbers need no mark at all.

A number keeps its unit: only where money is listed (a List of trades) do currencies and per cent go; elsewhere ``20
pips``, ``1%``, ``$100`` or ``10k`` is no number. A mark of thousands stands before three digits, or it is none.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from typing import Any, Final

from zepix.alerts.imports.tables import cell_text
from zepix.errors import ConfigError, DataError

__all__ = ["Amounts", "cleaned"]

_LONGEST: Final = 64
_MINUS: Final = str.maketrans(
    {"\u2212": "-", "\u2013": "-", "\u2010": "-", "\u2011": "-", "\ufe63": "-", "\uff0d": "-"}
)
_NOTHING: Final = frozenset({"", "-", "\u2014", "n/a", "na", "nan", "none", "null", "\u2205"})
_GAPS: Final = re.compile(r"(?<=\d)[\s'\u2019](?=\d{3}(?!\d))")
_MONEY: Final = r"(?:[A-Z]{3,5}|kr|z\u0142|Fr|R\$|[$%\u20ac\u00a3\u00a5\u20b9\u20bd\u20ba\u20a9])"
_AROUND: Final = re.compile(rf"^{_MONEY}\s*|\s*{_MONEY}$")
_PLAIN: Final = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?")
_MARKED: Final = re.compile(r"[+-]?[\d.,]*\d[\d.,]*")
_GROUPED: Final = {
    mark: re.compile(
        rf"[+-]?(?:[1-9]\d{{0,2}}(?:{thousands}\d{{3}})+|[1-9]\d?(?:{thousands}\d{{2}})+{thousands}\d{{3}})(?:{decimal}\d*)?"
    )
    for mark, thousands, decimal in ((",", ",", r"\."), (".", r"\.", ","))
}
"""Numbers whose marks of thousands stand where they may: ``1,234,567``, and ``12,34,567`` as India counts."""


def cleaned(text: str, *, is_money: bool = False) -> str:
    """The number without its spaces, its minus a hyphen; nothing for what says nothing.

    ``is_money``: without currencies and per cent too.
    """
    if len(text) > _LONGEST:
        return text[:_LONGEST] + "..."
    if _PLAIN.fullmatch(text):
        return text
    words = unicodedata.normalize("NFKC", text).strip().translate(_MINUS)
    if words.casefold() in _NOTHING:
        return ""
    if words.startswith("(") and words.endswith(")"):
        words = "-" + words[1:-1]
    sign = words[:1] if words[:1] in "+-" else ""
    words = _GAPS.sub("", words.removeprefix(sign).strip() if sign else words)
    if is_money:
        words = _AROUND.sub("", words) or words
    return sign + words if not words.startswith(("+", "-")) else words


class Amounts:
    """Reads the numbers of one file. ``decimal`` is the decimal mark where it was said; ``where`` names the file.

    ``is_money``: currencies and per cent beside a number are passed over; else it is then no number.
    ``parted_by_commas``: commas part the cells, so that a dot is the decimal mark where nothing says otherwise.
    """

    def __init__(
        self, decimal: str | None = None, where: str = "", *, is_money: bool = False, parted_by_commas: bool = False
    ) -> None:
        if decimal not in (None, ".", ","):
            raise ConfigError(f"--decimal {decimal!r}: expected . or ,")
        self._said = decimal
        self._where = where or "the file"
        self._is_money = is_money
        self._parted_by_commas = parted_by_commas
        self.mark = decimal or "."
        self._clear: dict[str, str] = {}
        self._open: dict[str, str] = {}
        self.rule = "as said" if decimal else ""

    def look(self, cell: Any) -> None:
        """Takes note of a number that may tell the decimal mark; a cell that is a number tells none. Never raises."""
        text = cell if type(cell) is str else "" if _as_number(cell) is not None else cell_text(cell)
        if "," not in text and "." not in text:
            return
        words = cleaned(text.strip(), is_money=self._is_money)
        if not _MARKED.fullmatch(words):
            return
        commas, dots = words.count(","), words.count(".")
        last = "," if words.rfind(",") > words.rfind(".") else "."
        before, _, after = words.lstrip("+-").rpartition(last)
        if commas and dots:
            self._clear.setdefault(last, text)
        elif commas > 1 or dots > 1:
            self._clear.setdefault("." if commas else ",", text)
        elif len(after) != 3 or len(before) > 3 or before in ("", "0"):
            self._clear.setdefault(last, text)
        else:
            self._open.setdefault(last, text)

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
        elif "," in self._open or ("." in self._open and not self._parted_by_commas):
            mark, example = next(iter(self._open.items()))
            raise ConfigError(
                f"{self._where}: {example!r} has a {'comma' if mark == ',' else 'dot'} that marks thousands or "
                "decimals, and no other number tells which; say --decimal . or --decimal ,"
            )
        elif self._open:
            self.rule = "as commas part the cells"

    def number(self, cell: Any) -> float | None:
        """The number; None for an empty cell. Raises ValueError."""
        found = _as_number(cell)
        if found is not None:
            return found
        text = cell_text(cell)
        words = cleaned(text, is_money=self._is_money)
        if not words:
            return None
        thousands = "." if self.mark == "," else ","
        if thousands in words:
            if not _GROUPED[thousands].fullmatch(words):
                raise ValueError(f"no number with the decimal mark {self.mark}: {text[:40]!r}")
            words = words.replace(thousands, "")
        if self.mark == ",":
            words = words.replace(",", ".")
        if not _PLAIN.fullmatch(words):
            raise ValueError(f"no number: {text[:40]!r}")
        return float(words)


def _as_number(cell: Any) -> float | None:
    """A cell that is a number, as a workbook or a frame holds it; None for texts, nothing, and what is not finite."""
    if isinstance(cell, int | float | Decimal) and not isinstance(cell, bool):
        try:
            found = float(cell)
        except OverflowError:
            return None
        return found if -1e300 < found < 1e300 else None
    return None
