"""Tell me why: the whole path of one alert, from the body that arrived to the money that came of it.

``why(run, alert_id)`` takes a Result in memory or the folder that a run left, and gives the same answer for both::

    print(result.why("sample-12"))
    zepix.research.why.why("results/sample-1", "sample-12").as_dict()
"""

from __future__ import annotations

import html
from os import PathLike
from typing import TYPE_CHECKING, Any

from zepix.research.why_parts.facts import Facts, facts_of
from zepix.research.why_parts.find import find_alert
from zepix.research.why_parts.path import path_of
from zepix.research.why_parts.words import lines_of

if TYPE_CHECKING:
    from zepix.research.result import Result

__all__ = ["Why", "why", "why_among"]


class Why:
    """The path of one alert: prints as text, opens up by ``as_dict()``; ``id`` is the alert's id in the log."""

    def __init__(self, path: dict[str, Any]) -> None:
        self._path = path

    @property
    def id(self) -> str:
        return str(self._path["id"])

    @property
    def outcomes(self) -> list[tuple[str, str, str]]:
        """(plugin, outcome, reason) of every plugin that saw it; an empty plugin where none did."""
        return [(w["plugin_id"] or "", w["outcome"], w["reason"]) for w in self._path["outcome"]["words"]]

    def as_dict(self) -> dict[str, Any]:
        """Plain values, as JSON can hold them; docs/why.md names them."""
        return self._path

    def lines(self) -> list[str]:
        """The text that printing shows."""
        return lines_of(self._path)

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def __repr__(self) -> str:
        return f"<Why {self.id!r}: {', '.join(f'{plugin} {outcome}' for plugin, outcome, _ in self.outcomes)}>"

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(str(self))}</pre>"


def why(run: Result | str | PathLike[str], alert_id: str) -> Why:
    """The path of an alert: its id in the log, the sender's own id, or a beginning that only one alert has.

    Raises ConfigError with near ids where none is meant or several are, DataError for a folder that is no run's.
    """
    return why_among(facts_of(run), alert_id)


def why_among(facts: Facts, alert_id: str) -> Why:
    """As ``why``, of facts that were read once for many questions."""
    return Why(path_of(facts, find_alert(facts, alert_id)))
