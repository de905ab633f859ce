"""How the tests of `bracket` play: the shipped class on a flat market, and its answers in words.

The ask lies 10 points above the bid. A buy in a flat market at 110_000 fills at 110_010 and is closed at 110_000.
"""

from __future__ import annotations

from typing import Any

from tests.world import Market, Played, flat, market
from zepix.engine.registry import PluginRegistry, builtin_strategies
from zepix.model import Alert

__all__ = ["BRACKET", "FLAT6", "closes", "play", "words"]


def _bracket() -> Any:
    registry = PluginRegistry()
    registry.discover_plugins([builtin_strategies()], entry_points=False)
    return registry.classes["bracket"]


BRACKET = _bracket()
FLAT6 = flat(6)


def play(*alerts: Alert, prices: Market | None = None, **settings: Any) -> Played:
    return (prices or market(*FLAT6)).play(alerts, BRACKET, **settings)


def words(played: Played) -> list[str]:
    """The reason of each decision, else its outcome."""
    return [reason or outcome for outcome, reason in played.outcomes]


def closes(played: Played) -> list[tuple[int, str, int]]:
    """(ticket, why, exit in points) by ticket."""
    return [(f.ticket, f.exit_reason, f.exit_points) for f in sorted(played.record.fills)]
