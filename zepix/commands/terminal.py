"""What the operator's verbs write: tables that fit, colours where somebody sees them, nothing lost where it is narrow.

A table that is wider than the terminal becomes a few lines for each of its rows. Colours are for a terminal that
wants them (not in a pipe, not under NO_COLOR), and say nothing that the words do not say.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from zepix.commands.console import WIDTH_WITHOUT_TERMINAL, harmless, words

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

__all__ = ["STYLES", "Screen"]

STYLES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("HEALTHY", "running", "filled", "recording"), "green"),
    **dict.fromkeys(
        ("FAILING", "STALE", "WARN", "refused", "pending", "working", "UNKNOWN", "paused", "trouble"), "yellow"
    ),
    **dict.fromkeys(
        ("HUNG", "DEAD", "CRITICAL", "error", "failed", "down", "silent", "halted", "poison", "LIVE"), "red"
    ),
    **dict.fromkeys(("ignored", "duplicate", "INFO"), "dim"),
}
"""By word; others have no colour."""
GAP: Final = 2
LEAST_WIDTH: Final = 20
LEAST_LAST: Final = 16
"""Room that is enough for a last column on several lines."""


class Screen:
    """Standard output as far as these verbs use it."""

    def __init__(self) -> None:
        self.console: Final[Console] = _console()
        self.width: Final[int] = max(LEAST_WIDTH, self.console.width)

    def head(self, text: str) -> None:
        """What follows is about this; an empty line before it."""
        self.line("")
        self.console.print(_text(text, "bold"), soft_wrap=True)

    def line(self, text: str, style: str = "") -> None:
        """A line, broken between words where it is too long; ``style`` as rich calls it."""
        self.console.print(_text(text, style), soft_wrap=False)

    def raw(self, parts: Iterable[tuple[str, str]]) -> None:
        """One line of texts with their styles, never broken: who follows lines wants them whole."""
        from rich.text import Text

        found = Text()
        for text, style in parts:
            found.append(harmless(text).replace("\n", " "), style)
        self.console.print(found, soft_wrap=True)

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[Any]], *, spare: str = "") -> None:
        """Rows under heads where they fit, the last column on several lines if need be; else a few lines a row.

        ``spare``: a column that is left out where the rest fits without it, and not with it.
        """
        cells = [[harmless(str(words(cell))) for cell in row] for row in rows]
        widths = [max([len(name), *(len(row[at]) for row in cells)]) for at, name in enumerate(columns)]
        least = sum(widths[:-1]) + GAP * (len(widths) - 1) + min(widths[-1], LEAST_LAST)
        if spare in columns and least > self.width:
            at = columns.index(spare)
            if least - widths[at] - GAP <= self.width:
                self.table([*columns[:at], *columns[at + 1 :]], [[*row[:at], *row[at + 1 :]] for row in cells])
                return
        before = sum(widths[:-1]) + GAP * (len(widths) - 1)
        if least <= self.width:
            widths[-1] = min(widths[-1], self.width - before)
            self._flat(columns, cells, widths)
        else:
            self._blocks(columns, cells)

    def _flat(self, columns: Sequence[str], cells: Sequence[Sequence[str]], widths: Sequence[int]) -> None:
        right = [bool(cells) and all(_is_number(row[at]) for row in cells) for at in range(len(columns))]

        def placed(at: int, text: str) -> str:
            return text.rjust(widths[at]) if right[at] else text.ljust(widths[at])

        self.raw([((" " * GAP).join(placed(at, name) for at, name in enumerate(columns)).rstrip(), "dim")])
        indent = " " * (sum(widths[:-1]) + GAP * (len(widths) - 1))
        for row in cells:
            parts = [(placed(at, cell) + " " * GAP, STYLES.get(cell, "")) for at, cell in enumerate(row[:-1])]
            style, pieces = STYLES.get(row[-1], ""), _broken(row[-1], widths[-1]) or [""]
            last = placed(len(row) - 1, pieces[0]).rstrip()
            self.raw([*parts, (last, style)] if last else [*parts[:-1], (parts[-1][0].rstrip(), parts[-1][1])])
            for piece in pieces[1:]:
                self.raw([(indent, ""), (piece, style)])

    def _blocks(self, columns: Sequence[str], cells: Sequence[Sequence[str]]) -> None:
        """``name`` of each row, and below it ``head cell, head cell``, broken where it must be."""
        for row in cells:
            self.raw([(row[0], "bold")])
            told = [(name, cell) for name, cell in zip(columns[1:], row[1:], strict=True) if cell]
            styled = {cell: STYLES[cell] for _, cell in told if cell in STYLES}
            text = ", ".join(f"{name} {cell}" for name, cell in told)
            for piece in _broken(text, max(8, self.width - GAP)):
                line = _text(" " * GAP + piece, "")
                for cell, style in styled.items():
                    line.highlight_words([cell], style)
                self.console.print(line, soft_wrap=True)

    def folded(self, label: str, text: str, style: str = "", styled: int | None = None) -> None:
        """A text behind its label, on as many lines as it needs; ``styled``: so many of its characters are."""
        room = max(8, self.width - len(label))
        styled = len(text) if styled is None else styled
        for number, piece in enumerate(_broken(text, room) or [""]):
            here = min(len(piece), styled) if not number or styled >= len(text) else 0
            self.raw([(label if not number else " " * len(label), "dim"), (piece[:here], style), (piece[here:], "")])


def _broken(text: str, room: int) -> list[str]:
    """Text in pieces of at most ``room``: between words where it can be."""
    import textwrap

    return textwrap.wrap(text, room, break_on_hyphens=False)


def _is_number(cell: str) -> bool:
    return bool(cell) and cell.lstrip("+-").replace(",", "").replace(".", "", 1).isdigit()


def _text(text: str, style: str) -> Text:
    from rich.text import Text

    return Text(harmless(text), style)


def _console() -> Console:
    from rich.console import Console

    stream = sys.stdout
    width = None if stream is not None and stream.isatty() else WIDTH_WITHOUT_TERMINAL
    return Console(file=stream, width=width, markup=False, highlight=False, emoji=False)
