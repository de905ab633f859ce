"""The kernel that follows a trailing stop, against the page's rules written out row by row."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

from zepix.kernels import trail
from zepix.kernels.crossing import build_index

Row = tuple[int, int, int, int]
"""(open, low, high, close)"""


class Plain:
    """One ticket, one row after the other."""

    def __init__(self, side: int, entry: int, sl: int, tp: int, trails: list[tuple[int, int, int]]) -> None:
        self.side, self.entry, self.sl, self.tp, self.trails = side, entry, sl, tp, trails
        self.used: set[int] = set()
        self.by, self.moved_row, self.forced = -1, -1, False

    def ends(self, worst: int, best: int) -> bool:
        return bool(self.sl and self.side * (worst - self.sl) <= 0) or bool(
            self.tp and self.side * (best - self.tp) >= 0
        )

    def row(self, row: int, prices: Row, open_counts: bool, best: int | None) -> int:
        opened, low, high, close = prices
        if open_counts and (self.ends(opened, opened) or (self.forced and self.moved_row == row - 1)):
            return trail.GAPPED
        if self.ends(*((low, high) if self.side > 0 else (high, low))):
            return trail.TOUCHED
        if best is not None:
            self.move(row, self.side * (best - self.entry), close)
        return 0

    def move(self, row: int, move: int, close: int) -> None:
        for number, (start, step, distance) in enumerate(self.trails):
            if move < start or (not step and number in self.used):
                continue
            ahead = start + ((move - start) // step * step if step else 0) - distance
            stop = max(self.entry + self.side * ahead, 1)
            if not self.sl or self.side * (stop - self.sl) > 0:
                self.sl, self.by, self.moved_row = stop, number, row
                self.forced = self.side * (close - stop) <= 0
                if not step:
                    self.used.add(number)


def drawn(rng: random.Random) -> tuple[list[Row], dict[str, Any]]:
    rows, close = [], 1000
    for _ in range(rng.randint(1, 200)):
        opened = close + rng.choice((0, 0, 0, 3, -3, 9, -9))
        close = opened + rng.randint(-4, 4)
        rows.append((opened, min(opened, close) - rng.randint(0, 3), max(opened, close) + rng.randint(0, 3), close))
    side, first = rng.choice((1, -1)), rng.randint(0, len(rows) - 1)
    lived_from = first + rng.randint(0, 1)
    given = {
        "side": side,
        "entry": rows[first][0] + rng.randint(-1, 1),
        "sl": rng.choice((0, rows[first][0] - side * rng.randint(3, 40))),
        "tp": rng.choice((0, rows[first][0] + side * rng.randint(3, 60))),
        "trails": [(rng.randint(0, 9), rng.randint(0, 4), rng.randint(1, 20)) for _ in range(rng.randint(1, 3))],
        "row": first,
        "lived_from": lived_from,
        "from_row": lived_from + rng.randint(0, 2),
        "open_counts": rng.random() < 0.5,
    }
    return rows, given


def by_rows(rows: list[Row], given: dict[str, Any], until: int) -> tuple[int, int, int, int, int]:
    """(how, row, stop, which trail moved last, at which row)"""
    side = given["side"]
    plain = Plain(side, given["entry"], given["sl"], given["tp"], given["trails"])
    how, row = 0, given["row"]
    while row < until:
        lived = [p[2] if side > 0 else p[1] for p in rows[given["lived_from"] : row + 1]]
        best = (max(lived) if side > 0 else min(lived)) if lived and row >= given["from_row"] else None
        how = plain.row(row, rows[row], given["open_counts"] or row > given["row"], best)
        if how:
            break
        row += 1
    return how, row, plain.sl, plain.by, plain.moved_row


def by_kernel(rows: list[Row], given: dict[str, Any], stations: list[int]) -> tuple[int, int, int, int, int]:
    opens, low, high, close = (np.array([r[i] for r in rows], np.int32) for i in range(4))
    state = np.zeros(trail.SIZE, np.int64)
    names = ("side", "entry", "tp", "lived_from", "from_row", "row", "open_counts", "sl")
    state[: trail.MOVED_ROW + 1] = (*(given[name] for name in names), 0, -1, -1)
    how = 0
    for until in stations:
        if not how:
            how = trail.follow(
                opens, low, high, close, *build_index(low, high), np.array(given["trails"]), state, until
            )
    return how, int(state[trail.ROW]), *(int(state[i]) for i in (trail.STOP, trail.BY, trail.MOVED_ROW))


@pytest.mark.parametrize("first", range(0, 2000, 500))
def test_in_one_call_and_in_pieces(first: int) -> None:
    ended = moved = 0
    for seed in range(first, first + 500):
        rng = random.Random(seed)
        rows, given = drawn(rng)
        count = len(rows)
        expected = by_rows(rows, given, count)
        assert by_kernel(rows, given, [count]) == expected, f"seed {seed}"
        stations = sorted(rng.randint(given["row"], count) for _ in range(4))
        assert by_kernel(rows, given, [*stations, count]) == expected, f"seed {seed}"
        half = stations[1]
        assert by_kernel(rows, given, [half]) == by_rows(rows, given, half), f"seed {seed} up to {half}"
        ended += expected[0] > 0
        moved += expected[4] >= 0
    assert ended > 300
    assert moved > 150
