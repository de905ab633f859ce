"""``zepix live rebuild``: the tables thrown away and made again from the journal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from zepix.errors import DataError
from zepix_live.clock import Clock
from zepix_live.storage.address import Address
from zepix_live.storage.projector import Projector

__all__ = ["Rebuilt", "rebuild"]

ROWS: Final = 20_000
"""Of the journal, a transaction: what dies in between goes on from there with the next start."""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild came to."""

    rows: int
    seconds: float
    shown: str
    notes: tuple[str, ...]

    def __str__(self) -> str:
        rate = self.rows / self.seconds if self.seconds > 0 else 0.0
        return f"{self.rows:,} rows of the journal in {self.seconds:.1f} s ({rate:,.0f} a second) are in {self.shown}"


def rebuild(
    data_dir: Path, address: Address, clock: Clock, tell: Callable[[int], None] = lambda _rows: None
) -> Rebuilt:
    """All of the journal into fresh tables; ``tell`` hears how far it is.

    The journal is only read, whether a runner writes it or not. Raises DataError where there is none, StorageError,
    JournalError; what is done by then stays, and goes on with the next start.
    """
    if not (data_dir / "journal.sqlite").exists():
        raise DataError(f"{data_dir} holds no journal; give --data DIR of a live runner")
    began_ns = clock.monotonic_ns()
    rows = 0
    with Projector(data_dir, address) as projector:
        projector.begin_anew()
        while taken := projector.advance(ROWS):
            rows += taken
            tell(rows)
        projector.finish()
        notes = tuple(projector.notes)
    return Rebuilt(rows, (clock.monotonic_ns() - began_ns) / 1e9, str(address), notes)
