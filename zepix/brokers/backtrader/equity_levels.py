"""Levels of the account's equity that somebody waits for: weighed at every end and every open of a bar."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from zepix.brokers.backtrader.book import Book
from zepix.brokers.backtrader.floor import Floor, Work
from zepix.brokers.backtrader.tape import Tape
from zepix.model import EquityReached

__all__ = ["EquityLevels"]

CLOSE_CALL: Final = 1e-6
"""How near, relative to the sums, a float has to come before Decimals decide."""
Range = tuple[int, int]
"""Points times steps of one symbol's tickets, at the worse and at the better of two corners."""


@dataclass(frozen=True, slots=True)
class Level:
    """What one wait is for: equity at or below ``below``, at or above ``above``."""

    id: int
    below: Decimal | None
    above: Decimal | None


class EquityLevels:
    """Who waits, by number; each is told once, of several the older first."""

    def __init__(self, floor: Floor, book: Book) -> None:
        self.floor = floor
        self.book = book
        self.waiting: dict[int, Level] = {}
        self._last = 0

    def watch(self, below: Decimal | None, above: Decimal | None) -> int:
        """From the next end or open of a bar on, what is left of this instant included."""
        self._last += 1
        self.waiting[self._last] = Level(self._last, below, above)
        self.floor.wake()
        return self._last

    def at_ends(self, t_ns: int, ending: Iterable[tuple[Tape, int]]) -> Work:
        """These rows end: their symbols may have been at both of their corners, the others are where they are known."""
        return self._weigh(t_ns, {tape.index: row for tape, row in ending})

    def at_opens(self, t_ns: int) -> Work:
        """All symbols at their last known prices."""
        return self._weigh(t_ns, {})

    def _weigh(self, t_ns: int, rows: Mapping[int, int]) -> Work:
        phase = self.floor.phase
        for level in tuple(self.waiting.values()):
            if level.id not in self.waiting:
                continue
            ranges = self._ranges(t_ns, phase, rows)
            worst = self.book.equity_of({symbol: low for symbol, (low, _) in ranges.items()})
            best = self.book.equity_of({symbol: high for symbol, (_, high) in ranges.items()})
            if level.below is not None and worst <= level.below:
                direction, equity = -1, worst
            elif level.above is not None and best >= level.above:
                direction, equity = 1, best
            else:
                continue
            del self.waiting[level.id]
            self.floor.emit(EquityReached(t_ns, t_ns, level.id, direction, equity))
            yield

    def _ranges(self, t_ns: int, phase: int, rows: Mapping[int, int]) -> dict[str, Range]:
        sums: dict[str, tuple[int, int]] = {}
        for position in self.book.positions.values():
            ticket, tape = position.ticket, position.tape
            side = tape.bid if ticket.side > 0 else tape.ask
            if tape.index in rows:
                at_low, at_high = side[2][rows[tape.index]], side[1][rows[tape.index]]
            else:
                known = tape.known(tape.last_row(t_ns, phase), t_ns)
                at_low = at_high = known[0 if ticket.side > 0 else 1]
            low, high = sums.get(tape.symbol, (0, 0))
            size = ticket.steps * ticket.side
            sums[tape.symbol] = (
                low + size * (at_low - ticket.entry_points),
                high + size * (at_high - ticket.entry_points),
            )
        return {symbol: (min(pair), max(pair)) for symbol, pair in sums.items()}

    def is_near(self, t_ns: int, phase: int, rows: Mapping[int, int]) -> bool:
        """Whether floats leave a doubt that no level is reached; decides nothing. Rows count where they end."""
        if not self.waiting:
            return False
        money = self.book.money
        worst = best = self.book.balance_minor / 10**money.account.digits
        size = abs(worst) + 1
        for symbol, pair in self._ranges(t_ns, phase, rows if phase == 1 else {}).items():
            step = money.step_value(self.floor.tapes[symbol].instrument, t_ns)
            worst, best = worst + pair[0] * step, best + pair[1] * step
            size += max(abs(pair[0]), abs(pair[1])) * step
        doubt = CLOSE_CALL * size
        return any(
            (one.below is not None and worst - doubt <= one.below)
            or (one.above is not None and best + doubt >= one.above)
            for one in self.waiting.values()
        )
