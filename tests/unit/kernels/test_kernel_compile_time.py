"""What compiling took is told apart from what a kernel took."""

from __future__ import annotations

import time
from pathlib import Path

import numba
import pytest

from zepix.kernels.compile_time import compile_time
from zepix.kernels.compiled import kept_kernels


@pytest.mark.clock
def test_a_first_call_compiles_and_a_second_does_not() -> None:
    inner = numba.njit(lambda x: x * 2 + 1)

    @numba.njit
    def outer(x: int) -> int:
        return inner(x) + inner(x + 1)

    begun = time.perf_counter()
    with compile_time() as first:
        assert outer(3) == 16
    taken = time.perf_counter() - begun
    assert 0 < first.seconds <= taken, "a kernel compiled within another's compiling counts once"
    with compile_time() as second:
        assert outer(4) == 20
    assert second.seconds == 0


def test_kernels_on_disk_are_counted_by_their_file(tmp_path: Path) -> None:
    folder = tmp_path / "kernels_0123"
    folder.mkdir()
    for name in ("exits_grid.run-1.py311.nbi", "exits_grid.run-1.py312.nbi", "exits_grid.run-1.py311.1.nbc",
                 "exits_money.bill-9.py311.nbi", "atr.atr-3.py311.nbi"):  # fmt: skip
        (folder / name).touch()
    assert kept_kernels(folder=tmp_path) == 3
    assert kept_kernels("exits_", tmp_path) == 2
    assert kept_kernels(folder=tmp_path / "none") == 0
    assert kept_kernels(folder=None) == 0
