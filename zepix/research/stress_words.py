"""A stress of the alerts in words: the cells of its table, and the sentences to read before it. ASCII throughout."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from zepix.research.headline import EMPTY, count, money, percent

if TYPE_CHECKING:
    from zepix.research.coarse import Resolution
    from zepix.research.stress_result import Level, StressResult

__all__ = ["HEADS", "cells", "duration", "notes", "signed", "text_table", "title"]

HEADS: Final = (
    "what", "level", "net", "9 in 10 between", "change", "per alert", "tickets", "refused", "drawdown", "same open",
)  # fmt: skip
_KINDS: Final = {"base": "", "delay": "delay", "loss": "loss", "duplicate": "resends", "reorder": "order"}
_FEW: Final = 10
_WORTH_SAYING: Final = 0.05
_MANY_TIMES: Final = 1.5
"""An open that moved more than so many times the delay is said."""
_WORD_COLUMNS: Final = 2


def cells(result: StressResult, level: Level) -> list[str]:
    """One row of the table, as ``HEADS`` name it."""
    is_base = level is result.base
    each = result.per_alert(level)
    return [
        _KINDS[level.kind],
        level.name,
        signed(level.net),
        f"{signed(level.net_p5)} .. {signed(level.net_p95)}" if level.runs > 1 else "",
        "" if is_base else signed(level.change),
        "" if is_base or each is None else signed(each),
        f"{level.tickets:,g}",
        f"{level.refused:,g}",
        money(level.max_drawdown),
        EMPTY if level.unmoved_frac is None else percent(level.unmoved_frac),
    ]


def title(level: Level) -> str:
    """``loss 2 %``: a level by its full name."""
    return f"{_KINDS[level.kind]} {level.name}".strip()


def text_table(result: StressResult) -> list[str]:
    """The table as lines of text, words to the left and numbers to the right."""
    rows = [list(HEADS), *(cells(result, level) for level in (result.base, *result.levels))]
    widths = [max(len(row[n]) for row in rows) for n in range(len(HEADS))]
    return [
        "  ".join(
            cell.ljust(width) if n < _WORD_COLUMNS else cell.rjust(width)
            for n, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def notes(result: StressResult) -> list[str]:
    """What was found, kind by kind; then what bars hide, and what chance leaves open."""
    said = [_base(result)]
    if not result.base.tickets:
        said.append("No ticket was closed as recorded, so there was nothing to lose; the changes below say little.")
    said += [f"Delay of {_moved(result, level)}." for level in _ends(result, "delay")]
    said += [f"Loss of {_moved(result, level)}." for level in _ends(result, "loss")]
    said += [_a_lost_one(result, level) for level in _ends(result, "loss")[-1:] if level.lost and level.runs >= _FEW]
    said += [f"Resends of {_moved(result, level)}{_recognised(level)}." for level in _ends(result, "duplicate")]
    said += [
        f"Swaps of {_moved(result, level)}; {level.swapped:,.1f} pairs a delivery changed places."
        for level in _ends(result, "reorder")
    ]
    return said + _coarse(result) + _chance(result)


def _base(result: StressResult) -> str:
    base = result.base
    return (
        f"As recorded: net {money(base.net, sign=True)} {result.currency}, {count(round(base.tickets), 'ticket')}; "
        f"{result.alerts_asking:,} of {count(result.alerts_sent, 'row')} ask for something. "
        "A change is measured against this."
    )


def _ends(result: StressResult, kind: str) -> list[Level]:
    """The first and the last level of a kind."""
    levels = [level for level in result.levels if level.kind == kind]
    return [*levels[:1], *levels[1:][-1:]]


def _moved(result: StressResult, level: Level) -> str:
    """``3 s: the net changes by -12.30 USD``; of several deliveries, how sure that is."""
    low, high = level.net_p5 - result.base.net, level.net_p95 - result.base.net
    if level.change == low == high == 0:
        return f"{level.name}: the net does not change"
    said = f"{level.name}: the net changes by {signed(level.change)} {result.currency}"
    if level.runs == 1:
        return said
    said += f" in the median, in 9 of 10 deliveries by {signed(low)} to {signed(high)}"
    return f"{said}; it can go either way" if low <= 0 <= high else said


def _a_lost_one(result: StressResult, level: Level) -> str:
    return (
        f"A lost alert meant {signed(level.change_mean / level.lost)} {result.currency} in the mean of "
        f"{count(level.runs, 'replay')} with {level.name} lost."
    )


def _recognised(level: Level) -> str:
    return f"; {level.recognised:,.1f} of {level.resent:,.1f} resends a delivery were recognised as duplicates"


def _coarse(result: StressResult) -> list[str]:
    """Where bars hide a delay, and where they make it dearer than it was."""
    delays = [level for level in result.levels if level.kind == "delay" and level.late]
    if not delays:
        return []
    if not result.resolutions:
        return ["These prices are ticks: every delay shows."]
    hidden = [level for level in delays if level.unmoved == level.late]
    partly = [level for level in delays if level not in hidden and (level.unmoved_frac or 0) >= _WORTH_SAYING]
    dearer = [level for level in delays if _is_dearer(level)]
    said = [_shown(one) for one in result.resolutions]
    if hidden:
        said.append(
            f"These bars cannot show a delay of {_names(hidden)}: every alert fills at the same open as without it. "
            "Only ticks can."
        )
    said += [
        f"A delay of {level.name} is seen in part: {percent(level.unmoved_frac)} of the alerts fill at the same open, "
        "and what it cost them is not in the table."
        for level in partly
    ]
    if dearer:
        far = duration(max(level.shift_s or 0 for level in dearer))
        said.append(
            f"The table shows more than a delay of {_names(dearer)}: where it reached another open, that open lay "
            f"{far} later in the median, and the order fills there."
        )
    return said


def _shown(one: Resolution) -> str:
    return (
        f"Too coarse for short delays: on {one.timeframe} bars an order fills at an open, and still at that open "
        f"{one.grace_s:g} s later (fill.open_grace_ms); for half of {count(one.alerts, 'alert')} only a delay of more "
        f"than {duration(one.shown_s)} reaches another open."
    )


def _names(levels: Sequence[Level]) -> str:
    *first, last = (level.name for level in levels)
    return f"{', '.join(first)} and {last}" if first else last


def _is_dearer(level: Level) -> bool:
    return bool(level.shift_s and level.by_s) and abs(level.shift_s or 0) > _MANY_TIMES * abs(level.by_s or 0)


def _chance(result: StressResult) -> list[str]:
    tried = [level for level in result.levels if level.is_random]
    if not tried or result.repeats >= _FEW:
        return []
    return [
        f"Only {count(result.repeats, 'delivery') if result.repeats == 1 else f'{result.repeats} deliveries'} a level: "
        f"the range says little about chance; {_FEW} or more say something."
    ]


def signed(value: float) -> str:
    """Money with its sign; what rounds to nothing is no loss."""
    return money(round(value, 2) + 0.0, sign=True)


def duration(seconds: float) -> str:
    """``3.2 s``, ``15 min``, ``4 h``: three digits at most."""
    size = abs(seconds)
    for unit, length in (("d", 86_400), ("h", 3600), ("min", 60)):
        if size >= 2 * length or (size >= length and size % length == 0):
            return f"{seconds / length:.3g} {unit}"
    return f"{seconds:.3g} s"
