"""What a stress of the alerts gives back: levels against the run as recorded, as a table, sentences and a page.

Money is in the account's currency. Where a level was tried several times, figures are medians over the deliveries and
``net_p5`` to ``net_p95`` is the range in which nine of ten lie (linear between the two nearest).
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from zepix.journal.codec import plain
from zepix.research.coarse import Resolution
from zepix.research.write import iso_utc, write_page

if TYPE_CHECKING:
    import pandas as pd

    from zepix.research.pictures.picture import Picture

__all__ = ["BASE", "KINDS", "AlertChange", "Level", "StressResult"]

SCHEMA: Final = 1
KINDS: Final = ("delay", "loss", "duplicate", "reorder")
BASE: Final = "as recorded"
STRESS_JSON: Final = "stress.json"
STRESS_HTML: Final = "stress.html"


@dataclass(frozen=True, slots=True)
class AlertChange:
    """One alert under one level: what became of it as recorded and instead, and the money of the tickets it opened.

    ``changed_in`` of ``runs`` deliveries gave it another outcome, ``instead`` being the commonest; ``change_mean`` is
    the mean change of its tickets' money over all of them.
    """

    alert_id: str
    received_ns: int | None
    symbol: str
    type: str
    outcome: str
    instead: str
    changed_in: int
    runs: int
    money: float
    change_mean: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """One level of one kind; ``change`` is the median net against the net as recorded, ``change_mean`` the mean.

    Means over the deliveries: ``lost`` alerts that ask for something, ``resent`` alerts and how many of these were
    ``recognised`` as duplicates, ``swapped`` pairs, ``late`` alerts that were served before and came at another time,
    ``unmoved`` those of them that fill at the same open as before; ``changed`` alerts with another outcome. ``by_s`` is
    by how much they came later, ``shift_s`` by how much the open of the others moved, both in the median.
    """

    kind: str
    name: str
    is_random: bool
    runs: int
    net: float
    net_p5: float
    net_p95: float
    net_mean: float
    change: float
    change_mean: float
    tickets: float
    refused: float
    refusals: Mapping[str, float]
    max_drawdown: float
    lost: float
    resent: float
    recognised: float
    swapped: float
    late: float
    unmoved: float
    shift_s: float | None
    by_s: float | None
    changed: float
    alerts: Sequence[AlertChange] = ()

    @property
    def unmoved_frac(self) -> float | None:
        """Share of the alerts that came at another time and fill at the same open; None where none did."""
        return self.unmoved / self.late if self.late else None


@dataclass(eq=False, kw_only=True)
class StressResult:
    """The run as recorded (``base``) and every level; ``notes`` say in plain words what they show and what they hide.

    ``alerts_sent`` counts all rows, ``alerts_asking`` those that ask for something; ``warnings`` are those of the run
    as recorded. Nothing is computed before it is asked for; pandas and plotly are imported by what needs them.
    """

    currency: str
    base: Level
    levels: Sequence[Level]
    alerts_sent: int
    alerts_asking: int
    repeats: int
    seed: int
    replays: int
    digest: str
    resolutions: Sequence[Resolution] = ()
    timeframes: Sequence[str] = ()
    spec: Mapping[str, Any] = field(default_factory=dict)
    warnings: Sequence[str] = ()

    def per_alert(self, level: Level) -> float | None:
        """The change of the median net for each alert that asks for something; None where there is none."""
        return level.change / self.alerts_asking if self.alerts_asking else None

    @cached_property
    def notes(self) -> list[str]:
        """Sentences to read before the table."""
        from zepix.research.stress_words import notes

        return notes(self)

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row a level, the run as recorded first."""
        import pandas as pd

        return pd.DataFrame([self._row(level) for level in (self.base, *self.levels)])

    @cached_property
    def alerts(self) -> pd.DataFrame:
        """The alerts that changed most, at most twenty a level."""
        import pandas as pd

        names = ["kind", "level", *AlertChange.__dataclass_fields__]
        rows = [[level.kind, level.name, *asdict(one).values()] for level in self.levels for one in level.alerts]
        frame = pd.DataFrame(rows, columns=names).rename(columns={"received_ns": "received_at"})
        frame["received_at"] = pd.to_datetime(frame["received_at"].astype("Int64"), unit="ns", utc=True)
        return frame

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as ``stress.json`` holds them."""
        return {
            "schema": SCHEMA,
            "currency": self.currency,
            "seed": self.seed,
            "repeats": self.repeats,
            "replays": self.replays,
            "alerts_sent": self.alerts_sent,
            "alerts_asking": self.alerts_asking,
            "base_digest": self.digest,
            "prices": list(self.timeframes),
            "notes": self.notes,
            "warnings": list(self.warnings),
            "base": self._as_dict(self.base),
            "levels": [self._as_dict(level) for level in self.levels],
            "resolutions": [asdict(one) for one in self.resolutions],
            "spec": plain(self.spec),
        }

    def plot(self) -> Picture:
        """The change of the net by level, one chart a kind, bars with the range of nine in ten deliveries."""
        from zepix.research.pictures.picture import picture
        from zepix.research.report_parts.stress_page import SAID_OF_BARS, whole_figure

        heading = "Change of the net result against the run as recorded"
        return picture(whole_figure(self), heading, notes=[SAID_OF_BARS], words=self.notes)

    def html(self) -> str:
        """One page that opens offline."""
        from zepix.research.report_parts.stress_page import stress_html

        return stress_html(self)

    def save(self, out_dir: str | Path) -> Path:
        """Writes ``stress.json`` and ``stress.html`` into a folder, each whole or not at all; returns the folder.

        Raises DataError where it cannot be written.
        """
        return write_page(out_dir, (STRESS_HTML, STRESS_JSON), self.html(), self.to_dict())

    def __str__(self) -> str:
        from zepix.research.stress_words import text_table

        return "\n".join([*text_table(self), "", *self.notes, *(f"warning: {one}" for one in self.warnings)])

    def __repr__(self) -> str:
        return f"<StressResult {len(self.levels)} levels, {self.replays} replays, base {self.digest[:12]}>"

    def _repr_html_(self) -> str:
        from zepix.research.stress_words import HEADS, cells

        heads = "".join(f"<th>{html.escape(head)}</th>" for head in HEADS)
        rows = "".join(
            "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in cells(self, level)) + "</tr>"
            for level in (self.base, *self.levels)
        )
        said = "".join(f"<li>{html.escape(note)}</li>" for note in [*self.notes, *self.warnings])
        return f"<div><table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table><ul>{said}</ul></div>"

    def _row(self, level: Level) -> dict[str, Any]:
        """A level as one row of numbers, without what holds more than one."""
        found = {"kind": level.kind, "level": level.name}
        found |= {name: getattr(level, name) for name in Level.__dataclass_fields__ if name not in _NOT_IN_A_ROW}
        return {**found, "change_per_alert": self.per_alert(level), "unmoved_frac": level.unmoved_frac}

    def _as_dict(self, level: Level) -> dict[str, Any]:
        alerts = [{**asdict(one), "received_at": iso_utc(one.received_ns)} for one in level.alerts]
        return {**self._row(level), "refusals": dict(level.refusals), "alerts": alerts}


_NOT_IN_A_ROW: Final = frozenset({"kind", "name", "refusals", "alerts"})
