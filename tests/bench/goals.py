"""The promised figures and whether this run met them: one row each, what is missed says by how much.

Where a peer is concerned, its own bare simulation is taken (feed and statistics left out) and its fastest run: the
strict reading. The ratio against everything the peer's call does stands beside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from results import HEDGED, ONE, Results

BYTES_PER_BAR = 40
BASE_BYTES = 300_000_000
MISSING = "not measured"


@dataclass(frozen=True)
class Row:
    """``met`` is None where there is nothing to judge."""

    figure: str
    goal: str
    measured: str
    met: bool | None = None


def rows(found: Results) -> Iterator[Row]:
    """All goals in the order of the promise."""
    yield _against_peer(found, "backtrader", found.short, 300)
    yield _against_peer(found, "backtesting.py", found.short, 20)
    yield _against_peer(found, "vectorbt", found.long, 1)
    yield _growth(found)
    yield from _per_alert(found)
    yield _parsing(found)
    yield from _loading(found)
    yield from _memory(found)
    yield from _commands(found)


def _against_peer(found: Results, peer: str, years: int, times: int) -> Row:
    figure = f"`replay_s`, {years} y / {found.few:,} alerts, one at a time, against {peer}"
    goal = f">= {times} times faster" if times > 1 else "faster"
    case, other = found.case(years, found.few, ONE), found.peer(peer, years)
    if case is None or other is None:
        return Row(figure, goal, MISSING)
    ours = case.timings["replay_s"]
    ratio, whole = other.run_s / ours, (other.run_s + other.rest_s) / ours
    measured = f"{seconds(ours)} against {seconds(other.run_s)}: {ratio:,.1f} times"
    if other.rest_s:
        measured += f" ({whole:,.1f} times with all that its call does, {seconds(other.run_s + other.rest_s)})"
    return Row(figure, goal, measured, ratio >= times if times > 1 else ratio > 1)


def _growth(found: Results) -> Row:
    figure = f"hedged, {found.few:,} alerts: `replay_s` at {found.long} y over {found.short} y"
    short, long = (found.case(y, found.few, HEDGED) for y in (found.short, found.long))
    if short is None or long is None or short is long:
        return Row(figure, "<= 1.3", MISSING)
    first, last = short.timings["replay_s"], long.timings["replay_s"]
    return Row(figure, "<= 1.3", f"{seconds(last)} / {seconds(first)} = {last / first:.2f}", last / first <= 1.3)


def _per_alert(found: Results) -> Iterator[Row]:
    for count in sorted(found.alerts):
        case = found.case(found.short, count, HEDGED)
        figure = f"`replay_s` per filled bracket alert ({found.short} y, {count:,}, hedged)"
        if case is None:
            yield Row(figure, "<= 60 us (stretch 30)", MISSING)
        else:
            per_alert = case.replay_us_per_alert
            note = "" if case.trades == count else f" (only {case.trades:,} were filled: not what was to be measured)"
            is_met = per_alert <= 60 and not note
            yield Row(figure, "<= 60 us (stretch 30)", f"{per_alert:.1f} us{note}", is_met)
    for kind, words in (("wrong_side", "stop on the wrong side"), ("weekend", "market closed")):
        case = found.case(found.short, found.refused, HEDGED, kind)
        figure = f"`replay_s` per refused alert ({found.refused:,}, {words})"
        if case is None:
            yield Row(figure, "<= 25 us", MISSING)
        else:
            note = f" ({case.trades:,} were filled: not what was to be measured)" if case.trades else ""
            is_met = case.replay_us_per_alert <= 25 and not note
            yield Row(figure, "<= 25 us", f"{case.replay_us_per_alert:.1f} us{note}", is_met)


def _parsing(found: Results) -> Row:
    figure = "parsing, per alert"
    if not found.parse:
        return Row(figure, "<= 15 us", MISSING)
    each = found.parse["seconds"] / found.parse["alerts"] * 1e6
    return Row(figure, "<= 15 us", f"{each:.1f} us over {found.parse['alerts']:,} alerts", each <= 15)


def _loading(found: Results) -> Iterator[Row]:
    for years in found.years:
        loaded = found.loads.get(years)
        for key, words, goal in (("parquet_s", "Parquet to ready", 10e6), ("cache_s", "cache to ready", 100e6)):
            figure, target = f"{words}, {years} y", f">= {goal / 1e6:.0f} M bars/s"
            if not loaded:
                yield Row(figure, target, MISSING)
                continue
            speed = loaded["bars"] / loaded[key]
            yield Row(figure, target, f"{speed / 1e6:.1f} M bars/s ({seconds(loaded[key])})", speed >= goal)


def _memory(found: Results) -> Iterator[Row]:
    for years in found.years:
        allowed = 2 * BYTES_PER_BAR * found.bars[years] + BASE_BYTES
        for case, words in (
            (found.case(years, found.few, ONE), "with caches"),
            (found.cold_caches.get(years), "Parquet read anew"),
        ):
            figure, goal = f"peak memory of the command, {years} y, {words}", f"<= {allowed / 1e6:.0f} MB"
            if case is None or case.peak_bytes is None:
                yield Row(figure, goal, MISSING)
            else:
                yield Row(figure, goal, f"{case.peak_bytes / 1e6:.0f} MB", case.peak_bytes <= allowed)
    yield from _memory_of_many(found)


def _memory_of_many(found: Results) -> Iterator[Row]:
    """The promise names no number of alerts; those take memory too, so the largest log is held against it as well."""
    many = max(found.alerts)
    case = found.case(found.short, many, HEDGED)
    if many > found.few and case is not None and case.peak_bytes is not None:
        allowed = 2 * BYTES_PER_BAR * found.bars[found.short] + BASE_BYTES
        figure = f"peak memory of the command, {found.short} y, {many:,} alerts, hedged"
        yield Row(figure, f"<= {allowed / 1e6:.0f} MB", f"{case.peak_bytes / 1e6:.0f} MB", case.peak_bytes <= allowed)


def _commands(found: Results) -> Iterator[Row]:
    warm, cold = found.case(found.short, found.few, ONE), found.cold_start
    walls: list[tuple[str, float | None, float | None]] = [
        (f"whole command, {found.short} y / {found.few:,} alerts, warm, no report", warm.wall_s if warm else None, 2.5),
        ("`zepix --help`", found.help_s, 0.5),
        ("cold start: the same, nothing compiled or cached", cold.wall_s if cold else None, None),
    ]  # fmt: skip
    for figure, wall_s, goal in walls:
        words = "is said" if goal is None else f"< {goal:g} s"
        if wall_s is None:
            yield Row(figure, words, MISSING)
        else:
            yield Row(figure, words, seconds(wall_s), None if goal is None else wall_s < goal)


def seconds(value: float) -> str:
    """In the unit that reads best: 1.25 s, 44.1 ms, 310 us."""
    if value >= 1:
        return f"{value:.2f} s"
    return f"{value * 1e3:.1f} ms" if value >= 1e-3 else f"{value * 1e6:.0f} us"
