"""What says itself in lines: as text in a terminal, as a list in a notebook."""

from __future__ import annotations

import html
from abc import abstractmethod
from collections.abc import Sequence

__all__ = ["SaysLines"]


class SaysLines:
    """``lines()`` printed, and as HTML with the first line as its head; whatever stands in them is escaped."""

    __slots__ = ()

    @abstractmethod
    def lines(self) -> Sequence[str]:
        """Sentences, the most important first."""

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def _repr_html_(self) -> str:
        first, *rest = self.lines()
        items = "".join(f"<li>{html.escape(line)}</li>" for line in rest)
        return f'<div><strong>{html.escape(first)}</strong><ul style="margin:.4em 0">{items}</ul></div>'
