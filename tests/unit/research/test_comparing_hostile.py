"""Statements that would be compared without complaint and mean nothing: told before any figure, or refused; and
replays drawn at random, whose parts sum to the cent in memory and from their folders."""

from __future__ import annotations

import csv
import random
from pathlib import Path
from typing import Any

import pytest

import zepix as zx
from zepix.data.sample import write_sample
from zepix.errors import ConfigError, DataError, ZepixError

HEADING = (
    *("Position", "Symbol", "Type", "Volume", "Open time", "Open price", "Close time", "Close price"),
    *("Commission", "Swap", "Profit"),
)


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sample")
    write_sample(folder, days=6, n_alerts=60)
    return folder


@pytest.fixture(scope="module")
def run(sample):
    return zx.replay(alerts=sample / "alerts.jsonl", bars=sample, strategy="bracket")


@pytest.fixture(scope="module")
def rows(run) -> list[list[Any]]:
    """The replay's own tickets as a broker would list them."""
    found = []
    for t in run.trades.to_dict("records"):
        gross = round(t["pnl"] - t["commission"] - t["swap"], 2)
        times = [t[name].strftime("%Y.%m.%d %H:%M:%S") for name in ("entry_time", "exit_time")]
        found.append(
            [t["ticket"], t["symbol"], t["side"], t["volume"], times[0], t["entry_price"], times[1], t["exit_price"],
             round(t["commission"], 2), round(t["swap"], 2), gross]
        )  # fmt: skip
    assert len(found) > 20
    return found


def written(folder: Path, rows: list[list[Any]], heading: tuple[str, ...] = HEADING) -> Path:
    path = folder / "statement.csv"
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(heading)
        writer.writerows(rows)
    return path


def compared(run, path: Path, **given: Any):
    found = zx.compare(run, path, **{"zone": "UTC", "currency": "USD", **given})
    assert sum(found.minor.values()) == found.b.profit - found.a.profit
    return found


def changed(rows: list[list[Any]], place: int, value: Any) -> list[list[Any]]:
    return [[*rows[0][:place], value, *rows[0][place + 1 :]], *rows[1:]]


def test_the_order_of_the_rows_does_not_matter(run, rows, tmp_path):
    mixed = random.Random(3).sample(rows, len(rows))
    found = compared(run, written(tmp_path, mixed))
    assert not any(found.minor.values())
    assert found.different == []


def test_rows_that_stand_there_twice_are_told(run, rows, tmp_path):
    found = compared(run, written(tmp_path, [*rows, *rows[:3]]))
    assert sum(found.minor.values()) == sum(round(100 * (row[8] + row[9] + row[10])) for row in rows[:3])
    assert abs(found.minor["size"] - sum(found.minor.values())) <= 3, "cents of rounding"
    last = len(rows) + 1
    assert f"3 rows of statement.csv stand there twice, word for word (line {last + 1}, {last + 2}" in found.notes[0]


def test_a_zone_that_is_hours_wrong_is_told_with_its_hours(run, rows, tmp_path):
    found = compared(run, written(tmp_path, rows), zone="+02:00")
    assert found.different == [
        f"times: entries there lie 2 h 00 min earlier than those here ({len(rows)} of {len(rows)} would meet); is the "
        "time zone right that was said for them (--zone, --server-zone)?"
    ]
    assert found.different[0] in str(found)


def test_units_taken_for_lots_are_told(run, rows, tmp_path):
    many = [[*row[:3], row[3] * 100_000, *row[4:]] for row in rows]
    assert "sizes: those there are 100,000 times those here" in compared(run, written(tmp_path, many)).different[0]


def test_two_sides_that_never_meet_are_told(run, rows, tmp_path):
    turned = [[*row[:2], "sell" if row[2] == "buy" else "buy", *row[3:]] for row in rows]
    assert "has a partner" in compared(run, written(tmp_path, turned)).different[0]


def test_a_missing_column_is_named(run, rows, tmp_path):
    without_price = [[*row[:7], *row[8:]] for row in rows]
    path = written(tmp_path, without_price, (*HEADING[:7], *HEADING[8:]))
    with pytest.raises(DataError, match=r"line 1 names position, symbol.*but no close_price"):
        compared(run, path)
    without_swap = [[*row[:9], row[10]] for row in rows]
    found = compared(run, written(tmp_path, without_swap, (*HEADING[:9], HEADING[10])))
    assert "has no column of swap, which counts as 0.00" in found.notes[0]
    assert found.minor["swap"] == -sum(round(100 * row[9]) for row in rows)


def test_halves_closed_at_once_pair_with_the_whole(run, rows, tmp_path):
    """Each even volume closed in two equal halves: the same money but for the rounding of half a cent a figure."""
    halves = []
    for row in rows:
        if round(row[3] * 100) % 2:
            halves.append(row)
            continue
        for part in (0, 1):
            cents = [round(100 * row[k]) for k in (8, 9, 10)]
            mine = [(one // 2 if part else one - one // 2) / 100 for one in cents]
            halves.append([*row[:3], row[3] / 2, *row[4:8], *mine])
    assert len(halves) > len(rows)
    found = compared(run, written(tmp_path, halves))
    assert len(found.pairs) == len(rows)
    assert found.sum == 0
    assert all(abs(amount) <= len(rows) for amount in found.minor.values())


@pytest.mark.parametrize(
    ("place", "value", "says"),
    [
        (10, "1e300", "is beyond"),
        (10, "inf", "no number"),
        (5, "NaN", "open_price is empty"),
        (3, -0.1, "volume '-0.1' is none"),
        (2, "hold", "neither buy nor sell"),
        (6, "2001.01.01 00:00:00", "closed before it was opened"),
        (1, "FOOBAR", "no instrument describes FOOBAR"),
        (4, "yesterday", "no time"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_line(run, rows, tmp_path, place, value, says):
    with pytest.raises(ZepixError, match=says) as refused:
        compared(run, written(tmp_path, changed(rows, place, value)))
    assert "line 2" in str(refused.value)


def test_another_currency_is_asked_for_its_rate(run, rows, tmp_path):
    path = written(tmp_path, rows)
    with pytest.raises(ConfigError, match="say --rate"):
        compared(run, path, currency="EUR")
    found = compared(run, path, currency="EUR", rate=1.08)
    assert found.different == ["accounts: USD here, EUR there"]


@pytest.mark.parametrize("seed", range(4))
def test_replays_drawn_at_random_sum_in_memory_and_from_their_folders(sample, run, tmp_path, seed):
    source = random.Random(seed)
    settings = {
        "fill.slippage_points": source.choice((0, 1, 7)), "fill.latency_ms": source.choice((0, 500, 61_000)),
        "costs": source.choice(("none", "instrument")), "fill.intrabar": source.choice(("pessimistic", "optimistic")),
        "strategy.one_at_a_time": source.random() < 0.5, "account.balance": source.choice((500, 10_000)),
    }  # fmt: skip
    other = zx.replay(alerts=sample / "alerts.jsonl", bars=sample, strategy="bracket", settings=settings)
    found = zx.compare(run, other)
    assert sum(found.minor.values()) == found.b.profit - found.a.profit
    assert found.minor["unexplained"] == 0
    again = zx.compare(run.save(tmp_path / "a"), other.save(tmp_path / "b"))
    assert again.minor == found.minor
