"""The prices beside the snapshots: what was kept is what comes back, and what is not exactly that is not believed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.live.desk import entry
from zepix.brokers.shadow.step_form import GrowingPrices
from zepix.data import default_catalogue
from zepix_live.engine.price_file import FILE_NAME, PriceFile
from zepix_live.engine.price_rows import NAMES
from zepix_live.rerunning import rerun_folder

MINUTE = 60_000_000_000


def bars(count: int, *, opened: bool = False) -> dict[str, GrowingPrices]:
    """Minutes of EURUSD and ticks of XAUUSD; ``opened``: one more minute that has not ended."""
    catalogue = default_catalogue()
    euro = GrowingPrices(catalogue["EURUSD"], 0, "1m", MINUTE)
    gold = GrowingPrices(catalogue["XAUUSD"], 1, "tick", 0)
    for number in range(count + opened):
        euro.open_bar(number * MINUTE, 100 + number, 110 + number)
        if number < count:
            euro.end_bar((105 + number, 95 + number, 101 + number), (115 + number, 105 + number, 111 + number))
            gold.open_bar(number * 7, 2000 + number, 2010 + number)
    return {"EURUSD": euro, "XAUUSD": gold}


def grown(folder: Path) -> tuple[dict[str, GrowingPrices], dict]:
    """Kept in three parts; the last mark, and what it stands for."""
    file = PriceFile(folder)
    for count in (3, 4):
        assert file.keep(bars(count)) is not None
    growing = bars(200, opened=True)
    mark = file.keep(growing)
    assert mark is not None
    return growing, mark


def test_what_was_kept_in_parts_comes_back_with_the_bar_in_progress(tmp_path):
    growing, mark = grown(tmp_path)
    kept = PriceFile(tmp_path).read(mark)
    assert kept.timeframes == {"EURUSD": "1m", "XAUUSD": "tick"}
    for symbol, (time, columns, ended) in kept.columns().items():
        one = growing[symbol]
        assert (len(time), ended) == one.progress()
        assert np.array_equal(time, one.time)
        assert all(np.array_equal(columns[name], getattr(one, name)) for name in NAMES)


def test_it_is_gone_on_with_after_a_start_and_what_came_after_the_snapshot_is_written_over(tmp_path):
    file = PriceFile(tmp_path)
    mark = file.keep(bars(5))
    file.keep(bars(50))  # its snapshot was lost
    again = PriceFile(tmp_path)
    again.read(mark)
    newer = again.keep(bars(6))
    assert newer["bytes"] == (tmp_path / FILE_NAME).stat().st_size
    assert len(PriceFile(tmp_path).read(newer).columns()["EURUSD"][0]) == 6


def spoil_byte(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.unlink(),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(path.read_bytes()[:-1]),
        lambda path: path.write_bytes(b"\xff" * path.stat().st_size),
        lambda path: PriceFile(path.parent).keep(bars(300)),
        spoil_byte,
    ],
    ids=["gone", "empty", "cut", "overwritten", "another", "a bit"],
)
def test_a_file_that_is_not_what_the_snapshot_stood_on_is_not_believed(tmp_path, spoil):
    _, mark = grown(tmp_path)
    spoil(tmp_path / FILE_NAME)
    with pytest.raises(ValueError, match="file of prices"):
        PriceFile(tmp_path).read(mark)


@pytest.mark.parametrize("is_spoilt", [False, True], ids=["whole", "spoilt"])
def test_a_start_without_the_file_takes_the_prices_from_the_journal(desk, is_spoilt):
    one = desk()
    engine = one.open()
    one.run(2)
    one.post(entry(sl=0.5))
    one.run(10)
    engine.consumer.save()
    one.run(1)
    one.crash()
    if is_spoilt:
        spoil_byte(one.folder / FILE_NAME)
    again = one.open()
    assert bool(again.recovered.slow) is is_spoilt
    assert not again.recovered.notes
    assert again.recovered.inputs < again.consumer.journal.last_seq / 3
    one.post({"type": "exit", "symbol": "EURUSD"})
    one.run(3)
    assert [outcome for _, outcome, _ in one.decisions()] == ["filled", "closed"]
    one.crash()
    assert rerun_folder(one.folder, {}).is_equal
    assert one.open().recovered.slow == []  # it was written anew


def test_a_state_on_ticks_is_loaded_and_not_derived_anew(desk, tmp_path):
    from tests.bench.live_folder import write_ticks

    one = desk(feed=f"replay:{write_ticks(tmp_path / 'ticks', 500)}", speed=1.0)
    engine = one.open()
    one.run(20)
    engine.consumer.save()
    one.crash()
    (one.folder / FILE_NAME).unlink()
    again = one.open()
    assert not again.recovered.notes
    assert again.recovered.inputs < 5
