"""What each plugin has shown in shadow, and what it lacks to be promoted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from zepix.model.timeframe import NS
from zepix_live.engine.book import SHADOW
from zepix_live.engine.mode_settings import Promotion
from zepix_live.engine.ticket_log import TicketLog

__all__ = ["Score", "Scores"]

DAY_NS: Final = 86_400 * NS


@dataclass(slots=True)
class Score:
    """Closed tickets, what the winners and the losers came to (minor units), and when the first was opened."""

    tickets: int = 0
    won_minor: int = 0
    lost_minor: int = 0
    first_ns: int = 0

    @property
    def profit_factor(self) -> float:
        """Won by lost; infinite without a loss, 0 without a ticket."""
        if not self.lost_minor:
            return float("inf") if self.won_minor else 0.0
        return self.won_minor / self.lost_minor


class Scores:
    """Watches the rows of the shadow book."""

    def __init__(self) -> None:
        self._log = TicketLog()
        self._scores: dict[str, Score] = {}

    def look(self, rows: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
        for kind, body in rows:
            if body.get("book", SHADOW) != SHADOW:
                continue
            closed, _ = self._log.take(kind, body)
            if closed is not None:
                score = self._scores.setdefault(closed.key[0], Score())
                score.tickets += 1
                score.first_ns = min(score.first_ns or closed.first_ns, closed.first_ns)
                if closed.pnl_minor > 0:
                    score.won_minor += closed.pnl_minor
                else:
                    score.lost_minor -= closed.pnl_minor

    def of(self, plugin_id: str) -> Score:
        return self._scores.get(plugin_id, Score())

    def missing(self, plugin_id: str, wanted: Promotion, now_ns: int, gap: float | None) -> list[str]:
        """What a plugin lacks, in sentences; ``gap``: the mean of its last live tickets against their twins, in R."""
        score = self._scores.get(plugin_id, Score())
        days = (now_ns - score.first_ns) / DAY_NS if score.tickets else 0.0
        found: list[str] = []
        if score.tickets < wanted.min_tickets:
            found.append(f"{score.tickets} closed tickets in shadow, {wanted.min_tickets} are asked for")
        if days < wanted.min_days:
            found.append(f"{days:.1f} days since its first ticket, {wanted.min_days:g} are asked for")
        if score.profit_factor < wanted.min_profit_factor:
            found.append(f"a profit factor of {score.profit_factor:.2f}, {wanted.min_profit_factor:g} is asked for")
        if gap is not None and gap > wanted.max_gap_r:
            found.append(f"live it lay {gap:.3f} R from its twin, at most {wanted.max_gap_r:g} R is asked for")
        return found

    def state(self) -> dict[str, Any]:
        """Values of JSON."""
        return {"log": self._log.state(), "scores": {name: asdict(one) for name, one in self._scores.items()}}

    def load_state(self, state: Mapping[str, Any]) -> None:
        self._log.load_state(state["log"])
        self._scores = {name: Score(**one) for name, one in state["scores"].items()}
