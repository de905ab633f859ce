"""What a measurement of a replay's error gives back: a row a setting, as tables, sentences and a page.

Errors are in points of the symbol and positive where the replay on bars did better for us than the ticks; money is in
the account's currency.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from zepix.journal.codec import plain
from zepix.research.fidelity_rows import ALL, ON_TIME, Error, Row
from zepix.research.write import iso_utc, write_page

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["FIDELITY_HTML", "FIDELITY_JSON", "FidelityResult", "Truth"]

SCHEMA: Final = 1
FIDELITY_JSON: Final = "fidelity.json"
FIDELITY_HTML: Final = "fidelity.html"


@dataclass(frozen=True, slots=True)
class Truth:
    """The ticks of one symbol; ``spread_points`` is the median, ``point`` a price, ``tickets`` those closed on them."""

    symbol: str
    ticks: int
    start_ns: int
    end_ns: int
    point: float
    spread_points: float
    tickets: int


@dataclass(eq=False, kw_only=True)
class FidelityResult:
    """Every setting against the ticks; ``notes`` say in plain words how good a replay on such bars is.

    ``rows`` are by symbol, those of all alerts first, then those of the alerts on time for such bars (at most
    ``on_time_ms`` after a bar's open). ``random`` alerts were made up from ``seed`` (0: the user's own were replayed).
    """

    currency: str
    rows: Sequence[Row]
    truths: Sequence[Truth]
    alerts_asking: int
    random: int
    seed: int
    on_time_ms: int
    slippage_points: int
    replays: int
    digest: str
    spec: Mapping[str, Any] = field(default_factory=dict)
    warnings: Sequence[str] = ()

    def of(self, symbol: str, alerts: str = ALL) -> list[Row]:
        """The rows of one symbol, of all alerts or of those on time."""
        return [row for row in self.rows if row.symbol == symbol and row.alerts == alerts]

    def shown(self, symbol: str) -> list[tuple[str, list[Row]]]:
        """What is worth showing of a symbol: all alerts; and those on time, where they are others."""
        every, on_time = self.of(symbol), self.of(symbol, ON_TIME)
        fewer = [one for one, whole in zip(on_time, every, strict=True) if 0 < one.tickets < whole.tickets]
        return [(ALL, every), *([(ON_TIME, fewer)] if fewer else [])]

    @cached_property
    def notes(self) -> list[str]:
        """Sentences to read before the tables."""
        from zepix.research.fidelity_words import notes

        return notes(self)

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row a symbol, setting and choice of alerts; errors as ``entry_mean``, ``exit_p95`` and so on."""
        import pandas as pd

        return pd.DataFrame([flat(row) for row in self.rows])

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as ``fidelity.json`` holds them."""
        return {
            "schema": SCHEMA,
            "currency": self.currency,
            "alerts_asking": self.alerts_asking,
            "random": self.random,
            "seed": self.seed,
            "on_time_ms": self.on_time_ms,
            "slippage_points": self.slippage_points,
            "replays": self.replays,
            "ticks_digest": self.digest,
            "ticks": [
                {**asdict(one), "start": iso_utc(one.start_ns), "end": iso_utc(one.end_ns)} for one in self.truths
            ],
            "notes": self.notes,
            "warnings": list(self.warnings),
            "rows": [_nested(row) for row in self.rows],
            "spec": plain(self.spec),
        }

    def html(self) -> str:
        """One page that opens offline."""
        from zepix.research.report_parts.fidelity_page import fidelity_html

        return fidelity_html(self)

    def save(self, out_dir: str | Path) -> Path:
        """Writes ``fidelity.json`` and ``fidelity.html`` into a folder, each whole or not at all; returns the folder.

        Raises DataError where it cannot be written.
        """
        return write_page(out_dir, (FIDELITY_HTML, FIDELITY_JSON), self.html(), self.to_dict())

    def __str__(self) -> str:
        from zepix.research.fidelity_words import lines

        return "\n".join([*lines(self), *self.notes, *(f"warning: {one}" for one in self.warnings)])

    def __repr__(self) -> str:
        symbols = ", ".join(one.symbol for one in self.truths)
        return f"<FidelityResult {symbols}, {self.replays} replays, ticks {self.digest[:12]}>"

    def _repr_html_(self) -> str:
        from zepix.research.fidelity_words import text_tables

        parts = [
            f"<p>{html.escape(title)}</p><pre>{html.escape(chr(10).join(table))}</pre>"
            for title, table in text_tables(self)
        ]
        said = "".join(f"<li>{html.escape(note)}</li>" for note in [*self.notes, *self.warnings])
        return f"<div>{''.join(parts)}<ul>{said}</ul></div>"


_DERIVED: Final = ("same_frac", "difference", "per_ticket")


def flat(row: Row) -> dict[str, Any]:
    """A row as plain columns."""
    found: dict[str, Any] = {}
    for name, value in _nested(row).items():
        found |= {f"{name}_{key}": one for key, one in value.items()} if isinstance(value, dict) else {name: value}
    return found


def _nested(row: Row) -> dict[str, Any]:
    """A row as plain values, errors by figure."""
    found: dict[str, Any] = {"symbol": row.symbol, **asdict(row.setting), "alerts": row.alerts}
    for one in fields(row):
        value = getattr(row, one.name)
        if isinstance(value, Error):
            found[one.name] = {**asdict(value), "lean": value.lean}
        elif one.name not in ("symbol", "setting", "alerts"):
            found[one.name] = value
    return found | {name: getattr(row, name) for name in _DERIVED}
