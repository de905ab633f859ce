"""``zepix live shadow report``: live against its twin, per plugin and ticket by ticket.

The twin is *here*, live is *there*: a difference is what live earned less what the twin did, split by ``zx.compare``.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from zepix.errors import DataError
from zepix.research.comparing.books import Book
from zepix.research.comparing.comparing import compare_books
from zepix.research.comparing.comparison import Comparison
from zepix.research.comparing.of_journal import book_of_live, books_in
from zepix.research.comparing.words import amount

__all__ = ["compared", "report_and_tell"]

WITHIN_S: Final = 300.0
MOST_TICKETS: Final = 40


def compared(data_dir: Path, plugin: str = "") -> dict[str, Comparison]:
    """By plugin, its twin (here) and itself (there). Raises DataError where there is nothing live to compare."""
    if not books_in(data_dir) & {"live", "twin"}:
        raise DataError(f"{data_dir} has no live book: nothing traded live there (docs/modes.md)")
    name = data_dir.name
    twin, live = (_book(data_dir, name, book) for book in ("twin", "live"))
    plugins = sorted({ticket.plugin for book in (twin, live) for ticket in book.tickets})
    if plugin and plugin not in plugins:
        raise DataError(
            f"{plugin} has no ticket in the live book of {data_dir}; there are {', '.join(plugins) or 'none'}"
        )
    wanted = [plugin] if plugin else plugins
    return {one: compare_books(_of(twin, one), _of(live, one), within_s=WITHIN_S) for one in wanted}


def report_and_tell(
    data_dir: Path, plugin: str, out: Path | None, *, as_json: bool, say: Callable[[str], None]
) -> None:
    """Print it; ``out``: also a page of each plugin, in a folder of its own. Raises DataError."""
    found = compared(data_dir, plugin)
    if out is not None:
        for name, one in found.items():
            one.save(out / name)
    if as_json:
        say(json.dumps({name: one.to_dict() for name, one in found.items()}))
        return
    for line in _lines(found):
        say(line)


def _book(data_dir: Path, name: str, book: str) -> Book:
    """One book; empty where nothing happened in it though something did in the other."""
    if book in books_in(data_dir):
        return book_of_live(data_dir, name, book)
    return replace(book_of_live(data_dir, f"{name}:{book}"), tickets=[], alerts={}, outcomes={}, refusals={})


def _of(book: Book, plugin: str) -> Book:
    """One plugin's part of a book."""
    return replace(book, tickets=[ticket for ticket in book.tickets if ticket.plugin == plugin])


def _lines(found: dict[str, Comparison]) -> list[str]:
    if not found:
        return ["nothing has been traded live yet"]
    lines: list[str] = []
    for name, one in found.items():
        lines += [_headline(name, one), *(f"  {line}" for line in _parts(one)), *(f"  {row}" for row in _tickets(one))]
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
