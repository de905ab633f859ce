"""``zepix live shadow report``: live against its twin, per plugin and ticket by ticket.

The twin is *here*, live is *there*: a difference is what live earned less what the twin did, split by ``zx.compare``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from zepix.research.comparing.comparison import Comparison
from zepix.research.comparing.words import amount
from zepix.research.live_folder import Breaker, LiveFolder
from zepix.research.write import iso_utc

__all__ = ["compared", "report_and_tell"]

MOST_TICKETS: Final = 40


def compared(data_dir: Path, plugin: str = "") -> dict[str, Comparison]:
    """By plugin, its twin (here) and itself (there). Raises DataError where there is nothing live to compare."""
    return _compared(LiveFolder(data_dir), plugin)


def _compared(folder: LiveFolder, plugin: str) -> dict[str, Comparison]:
    wanted = [plugin] if plugin else folder.plugins
    if not wanted:
        folder.compare()  # says so where there is no live book at all
    return {one: folder.compare(one) for one in wanted}


def report_and_tell(
    data_dir: Path, plugin: str, out: Path | None, *, as_json: bool, say: Callable[[str], None]
) -> None:
    """Print it; ``out``: also a page of each plugin, in a folder of its own. Raises DataError."""
    folder = LiveFolder(data_dir)
    found = _compared(folder, plugin)
    breakers = {name: folder.breaker(name) for name in found}
    if out is not None:
        for name, one in found.items():
            one.save(out / name)
    if as_json:
        say(json.dumps({name: {**one.to_dict(), "breaker": _figures(breakers[name])} for name, one in found.items()}))
        return
    for line in _lines(found, breakers):
        say(line)


def _figures(breaker: Breaker) -> dict[str, Any]:
    """Values of JSON: the figures, the bounds, since when it is tripped."""
    tripped = None if breaker.tripped_ns is None else iso_utc(breaker.tripped_ns)
    return {**breaker.now._asdict(), "bounds": dict(breaker.bounds), "tripped": tripped}


def _lines(found: dict[str, Comparison], breakers: Mapping[str, Breaker]) -> list[str]:
    if not found:
        return ["nothing has been traded live yet"]
    lines: list[str] = []
    for name, one in found.items():
        told = [*_parts(one), f"breaker: {breakers[name]}", *_tickets(one)]
        lines += [_headline(name, one), *(f"  {line}" for line in told)]
    whole = [one.sum for one in found.values()]
    if len(whole) > 1:
        lines.append(
            f"all plugins: live less twin {amount(sum(whole[1:], whole[0]))} {next(iter(found.values())).currency}"
        )
    first = next(iter(found.values()))
    settings = [said for said in first.different if said.startswith("settings")]
    return [*(f"different: {said}" for said in settings), *lines]


def _headline(name: str, one: Comparison) -> str:
    here = sum(alone.where == "here" for alone in one.lonely)
    alone = f", {here} of the twin alone, {len(one.lonely) - here} live alone" if one.lonely else ""
    still = sum(not (pair.a.legs and pair.b.legs) for pair in one.pairs)
    alone = f" ({still} still open, 0.00 so far)" * bool(still) + alone
    profits = [amount(book.money(book.profit), sign=False) for book in (one.a, one.b)]
    return (
        f"{name}: {len(one.pairs)} tickets in both{alone}; twin {profits[0]}, live {profits[1]}, "
        f"difference {amount(one.sum)} {one.currency}"
    )


def _parts(one: Comparison) -> list[str]:
    parts = ", ".join(f"{name} {amount(money)}" for name, money in one.parts.items() if money)
    reasons = [
        f"{part}: {count} x {why}" for part, counted in one.reasons().items() for why, count in counted.most_common(4)
    ]
    return [parts or "no part differs", *reasons]


def _tickets(one: Comparison) -> list[str]:
    """Those that differ, the largest difference first, each with its parts."""
    found: list[tuple[int, str]] = []
    for pair in one.pairs:
        minor = pair.b.profit - pair.a.profit
        if pair.parts:
            parts = ", ".join(f"{name} {amount(one.a.money(part))}" for name, part in pair.parts.items())
            found.append((abs(minor), f"ticket {_name(pair.a)} {_ends(pair)}: {amount(one.a.money(minor))} = {parts}"))
    for alone in one.lonely:
        whose = "twin alone" if alone.where == "here" else "live alone"
        text = (
            f"ticket {_name(alone.ticket)} {whose}: {amount(one.a.money(alone.minor))} = {alone.part} ({alone.reason})"
        )
        found.append((abs(alone.minor), text))
    found.sort(key=lambda one: -one[0])
    rest = len(found) - MOST_TICKETS
    return [text for _, text in found[:MOST_TICKETS]] + ([f"and {rest} more tickets that differ"] if rest > 0 else [])


def _name(ticket: Any) -> str:
    side = "buy" if ticket.side > 0 else "sell"
    return " ".join(word for word in (ticket.alert, ticket.role, side, ticket.symbol) if word)


def _ends(pair: Any) -> str:
    ends = [side.legs[-1].reason if side.legs else "open" for side in (pair.a, pair.b)]
    return ends[0] if ends[0] == ends[1] else f"{ends[0]} in the twin, {ends[1]} live"
