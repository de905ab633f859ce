"""A replay's error in words: the cells of its tables, and the sentences to read before them. ASCII throughout."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from zepix.research.fidelity_rows import ALL, Error
from zepix.research.headline import EMPTY, count, percent
from zepix.research.stress_words import duration, signed

if TYPE_CHECKING:
    from zepix.research.fidelity_result import FidelityResult, Truth
    from zepix.research.fidelity_rows import Row

__all__ = [
    "ENDINGS",
    "PRICES",
    "about",
    "endings_of",
    "lines",
    "notes",
    "prices_of",
    "text_tables",
    "usual_rows",
    "who",
]

_SETTING: Final = ("bars", "intrabar", "grace")
ENDINGS: Final = (
    *_SETTING, "tickets", "missing", "added", "alike", "doubt", "right", "profit", "off by", "each", "entries",
    "exits", "ends", "unpaired", "rest",
)  # fmt: skip
PRICES: Final = (
    *_SETTING, "entries", "median", "p95", "worst", "exits", "median", "p95", "worst", "stops", "targets", "closes",
)  # fmt: skip
_WORD_COLUMNS: Final = 2
_FEW: Final = 100
_WORTH_SAYING_S: Final = 5
_LEANING: Final = {"entry": "entries", "stops": "stops", "targets": "targets", "closes": "closes by an alert"}


def endings_of(rows: Sequence[Row]) -> list[list[str]]:
    """Outcomes and money, as ``ENDINGS`` name them, money in whole units; a reading that is never needed is no row."""
    return [[*_setting(row, reading), *_ending_cells(row)] for row, reading in _told_apart(rows)]


def prices_of(rows: Sequence[Row]) -> list[list[str]]:
    """Errors of prices in points, as ``PRICES`` name them."""
    return [[*_setting(row, reading), *_price_cells(row)] for row, reading in _told_apart(rows)]


def _told_apart(rows: Sequence[Row]) -> list[tuple[Row, str]]:
    """Rows with the name of their reading: ``any`` stands for all where no bar was in doubt."""
    found: list[tuple[Row, str]] = []
    for row in rows:
        like = [one for one in rows if _same_bars(one, row)]
        if not any(one.ambiguous for one in like) and len({_net(one) for one in like}) == 1:
            if like[0] is row:
                found.append((row, "any" if len(like) > 1 else row.setting.intrabar))
        else:
            found.append((row, row.setting.intrabar))
    return found


def _same_bars(one: Row, other: Row) -> bool:
    return (one.setting.timeframe, one.setting.open_grace_ms) == (other.setting.timeframe, other.setting.open_grace_ms)


def _net(row: Row) -> tuple[float, int, int]:
    return row.net_bars, row.tickets, row.same


def _setting(row: Row, reading: str) -> list[str]:
    return [row.setting.timeframe, reading, f"{row.setting.open_grace_ms / 1000:g} s"]


def _ending_cells(row: Row) -> list[str]:
    return [
        f"{row.tickets:,}",
        f"{row.only_ticks:,}",
        f"{row.only_bars:,}",
        EMPTY if row.same_frac is None else percent(row.same_frac),
        f"{row.ambiguous:,}",
        f"{row.ambiguous_right:,}" if row.ambiguous else "",
        _whole(row.net_bars),
        _whole(row.difference),
        EMPTY if row.per_ticket is None else signed(row.per_ticket),
        _whole(row.entry_money),
        _whole(row.exit_money),
        _whole(row.other_exit_money),
        _whole(row.unmatched_money),
        _whole(row.rest_money),
    ]


def _price_cells(row: Row) -> list[str]:
    return [
        *_error_cells(row.entry),
        *_error_cells(row.exit),
        bias(row.stops),
        bias(row.targets),
        bias(row.closes),
    ]


def _error_cells(error: Error) -> list[str]:
    if error.median is None or error.p95 is None or error.worst is None:
        return [EMPTY] * 4
    p95 = f"{error.p95:,.1f}" if error.p95 < 10 else f"{error.p95:,.0f}"
    return [bias(error), _half(error.median), p95, _whole(error.worst)]


def bias(error: Error) -> str:
    """The mean with its standard error, as ``+1.2 (0.3)``; decimals as far as they say something."""
    if error.mean is None:
        return EMPTY
    if error.standard_error is None:
        return _points(error.mean, sign=True)
    digits = _digits(error.standard_error)
    return f"{round(error.mean, digits) + 0.0:+,.{digits}f} ({error.standard_error:,.{digits}f})"


def text_tables(result: FidelityResult) -> list[tuple[str, list[str]]]:
    """Titles and tables as lines of text: of each symbol endings and prices, of all alerts and of those on time."""
    made = []
    for truth in result.truths:
        for alerts, rows in result.shown(truth.symbol):
            whose = f"{truth.symbol}, {who(result, alerts)}"
            made.append((f"{whose}: outcomes, profit in {result.currency}", _laid_out([ENDINGS, *endings_of(rows)])))
            made.append((f"{whose}: prices in points, + is better than ticks", _laid_out([PRICES, *prices_of(rows)])))
    return made


def lines(result: FidelityResult) -> list[str]:
    """What the ticks are, and the tables, each with an empty line after it."""
    said = [*(about(result, truth) for truth in result.truths), ""]
    for title, table in text_tables(result):
        said += [title, *table, ""]
    return said


def about(result: FidelityResult, truth: Truth) -> str:
    """What the ticks of a symbol are, and how many tickets closed on them."""
    net = next((row.net_ticks for row in result.of(truth.symbol)), 0.0)
    whose = count(result.alerts_asking, "alert")
    if result.random:
        whose = f"random alerts (seed {result.seed})"
    return (
        f"{truth.symbol}: {truth.ticks:,} ticks, usual spread {truth.spread_points:g} points; on them {whose} made "
        f"{count(truth.tickets, 'ticket')}, profit {signed(net)} {result.currency}."
    )


def who(result: FidelityResult, alerts: str) -> str:
    """Which alerts a table is of."""
    within = f"{result.on_time_ms / 1000:g} s"
    return "every alert" if alerts == ALL else f"alerts within {within} of an open of such bars"


def _laid_out(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    return [
        " ".join(
            cell.ljust(width) if n < _WORD_COLUMNS else cell.rjust(width)
            for n, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def notes(result: FidelityResult) -> list[str]:
    """How good a replay is, timeframe by timeframe; what a reading and a grace do; which way prices lean."""
    said: list[str] = []
    for truth in result.truths:
        if not truth.tickets:
            said.append(f"{truth.symbol}: no ticket was closed on ticks, so there is nothing to compare.")
            continue
        if truth.tickets < _FEW:
            said.append(f"{truth.symbol}: only {count(truth.tickets, 'ticket')}; {_FEW} or more say something.")
        every = result.of(truth.symbol)
        on_time = dict(result.shown(truth.symbol)[1:])
        for row in usual_rows(every):
            punctual = [one for rows in on_time.values() for one in rows if one.setting == row.setting]
            said.append(_how_good(result, row, punctual))
        said += _readings(truth, every) + _graces(truth, every) + _leans(truth, usual_rows(every)[0])
    if result.slippage_points:
        said.append(
            f"The replays on bars were charged {count(result.slippage_points, 'point')} of slippage, the ticks none: "
            "the errors are what is left."
        )
    return said


def usual_rows(rows: Sequence[Row]) -> list[Row]:
    """Of each timeframe the row of the first reading with the longest grace."""
    found: dict[str, Row] = {}
    for row in rows:
        known = found.setdefault(row.setting.timeframe, row)
        is_same = row.setting.intrabar == known.setting.intrabar
        if is_same and row.setting.open_grace_ms > known.setting.open_grace_ms:
            found[row.setting.timeframe] = row
    return list(found.values())


def _how_good(result: FidelityResult, row: Row, on_time: Sequence[Row]) -> str:
    """``EURUSD on 1m bars (pessimistic, grace 5 s): ...``; of the alerts on time too, where they are others."""
    said = (
        f"{_name(row)}: {percent(row.same_frac)} of the tickets end as on ticks, profit off by "
        f"{signed(row.difference)} {result.currency}, {signed(row.per_ticket or 0)} a ticket; "
        f"{signed(row.entry_money)} of it is entry timing"
    )
    if row.later_s is not None and row.later_s > _WORTH_SAYING_S:
        said += f", half of the entries come {duration(row.later_s)} or more later"
    for one in on_time:
        said += f". On time for such bars: {percent(one.same_frac)} alike, {signed(one.per_ticket or 0)} a ticket"
    return f"{said}."


def _name(row: Row) -> str:
    setting = row.setting
    return f"{row.symbol} on {setting.timeframe} bars ({setting.intrabar}, grace {setting.open_grace_ms / 1000:g} s)"


def _readings(truth: Truth, rows: Sequence[Row]) -> list[str]:
    """Where a bar held stop and target: which reading the ticks bear out."""
    said = []
    for usual in usual_rows(rows):
        group = [row for row in rows if _same_bars(row, usual) and row.ambiguous]
        if group:
            right = ", ".join(f"{row.setting.intrabar} {row.ambiguous_right} of {row.ambiguous}" for row in group)
            said.append(f"{usual.setting.timeframe} {right}")
    return [f"{truth.symbol}, stop and target in one bar, which reading was right: {'; '.join(said)}."] if said else []


def _graces(truth: Truth, rows: Sequence[Row]) -> list[str]:
    """What the longest grace does to entries, against the shortest."""
    said, graces = [], []
    for usual in usual_rows(rows):
        like = [row for row in rows if row.setting.timeframe == usual.setting.timeframe]
        least = min(like, key=lambda row: row.setting.open_grace_ms)
        if least.setting.open_grace_ms == usual.setting.open_grace_ms or least.entry.p95 is None:
            continue
        graces = [f"{row.setting.open_grace_ms / 1000:g} s" for row in (usual, least)]
        said.append(
            f"{_points(usual.entry.p95 or 0)} instead of {_points(least.entry.p95)} on {usual.setting.timeframe}"
        )
    if not said:
        return []
    return [
        f"{truth.symbol}, a grace of {graces[0]} instead of {graces[1]}: 95% of the entries lie within "
        f"{_listed(said)} bars (points)."
    ]


def _leans(truth: Truth, row: Row) -> list[str]:
    """Which prices are better or worse than on ticks beyond chance; and how much slippage would charge it."""
    leaning = []
    for name, word in _LEANING.items():
        error: Error = getattr(row, name)
        if error.lean and error.mean is not None:
            way = "in favour of" if error.lean > 0 else "against"
            leaning.append(f"{word} {way} the replay by {_points(abs(error.mean))}{_share(error.mean, truth)}")
    said = [f"{_name(row)}, points in the mean: {_listed(leaning) or 'no price leans beyond chance'}."]
    if row.slippage is not None and row.slippage_error is not None:
        said.append(
            f"{_name(row)}: a slippage of {_points(row.slippage, sign=True)} points{_share(row.slippage, truth)}, give "
            f"or take {_points(2 * row.slippage_error)}, on each fill that slippage moves would even this out."
        )
    return said


def _share(points: float, truth: Truth) -> str:
    return f" ({abs(points) / truth.spread_points:.0%} of the usual spread)" if truth.spread_points else ""


def _listed(parts: Iterable[str]) -> str:
    *first, last = list(parts) or [""]
    return f"{', '.join(first)} and {last}" if first else last


def _digits(size: float) -> int:
    return 2 if abs(size) < 1 else 1 if abs(size) < 10 else 0


def _points(value: float, *, sign: bool = False) -> str:
    """Points with as many decimals as say something."""
    digits = _digits(value) if value != round(value) else 0
    rounded = round(value, digits) + 0.0
    return f"{rounded:+,.{digits}f}" if sign else f"{rounded:,.{digits}f}"


def _half(value: float) -> str:
    """A median of whole points."""
    return f"{value:+,.1f}" if value != round(value) else _whole(value)


def _whole(value: float) -> str:
    whole = round(value)
    return f"{whole:+,d}" if whole else "0"
