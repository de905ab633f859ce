"""The cache beside a price file: what makes it used, made anew, and never harmful."""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bars_by_hand import MONDAY, columns, flat, write

from zepix.data import checksum, default_catalogue, load_bars
from zepix.data.cache import ALIGN, cache_folder, read_cache, settings_hash
from zepix.data.checksum import file_checksum, hash_file
from zepix.model import Catalogue, Series, SpreadModel
from zepix.model.series import PRICE_COLUMNS

ARRAYS = ("time", *PRICE_COLUMNS, "bid_mins", "bid_maxs", "ask_mins", "ask_maxs")


def _bars(count: int = 500, shift: int = 0) -> dict[str, object]:
    return columns([(1.1 + (k + shift) / 1e5, 1.1 + (k + shift + 4) / 1e5, 1.09, 1.1) for k in range(count)])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write(tmp_path / "EURUSD_M1_x.parquet", _bars())


def _load(path: Path, catalogue: Catalogue | None = None, **more: object) -> Series:
    loaded = load_bars([str(path)], catalogue or default_catalogue(), **more)  # type: ignore[arg-type]
    return loaded.series["EURUSD"]


def _caches(path: Path) -> list[Path]:
    return sorted(path.parent.glob(".zepix/*.bars"))


def _same(one: Series, other: Series) -> bool:
    return all((getattr(one, name) == getattr(other, name)).all() for name in ARRAYS)


def _settle(path: Path) -> None:
    """Let the file look as if it had been written a minute ago."""
    then = time.time_ns() - 60 * 10**9
    os.utime(path, ns=(then, then))


def test_the_second_load_comes_from_the_cache_and_is_the_same(path: Path) -> None:
    first, second = _load(path), _load(path)
    assert first.facts["cached"] is False and second.facts["cached"] is True
    assert _same(first, second)
    without = {k: v for k, v in first.facts.items() if k != "cached"}
    assert without == {k: v for k, v in second.facts.items() if k != "cached"}
    assert first.facts["checksum"] == hash_file(path)


def test_cached_arrays_are_plain_aligned_and_writable_and_the_file_stays(path: Path) -> None:
    _load(path)
    before = _caches(path)[0].read_bytes()
    series = _load(path)
    for name in ARRAYS:
        array = getattr(series, name)
        assert type(array) is np.ndarray and array.flags.writeable and array.flags.c_contiguous
        assert array.ctypes.data % ALIGN == 0
    series.bid_low[:] = 7
    assert _caches(path)[0].read_bytes() == before
    assert _load(path).bid_low[0] == 109_000


def test_no_cache_leaves_nothing_behind(path: Path) -> None:
    assert _load(path, cache=False).facts["cached"] is False
    assert not (path.parent / ".zepix").exists()


def test_a_changed_file_is_read_again_and_the_old_cache_goes(path: Path) -> None:
    _load(path)
    old = _caches(path)
    write(path, _bars(shift=3))
    series = _load(path)
    assert series.facts["cached"] is False and series.bid_open[0] == 110_003
    assert len(_caches(path)) == 1 and _caches(path) != old


def test_a_change_of_equal_size_within_the_clock_of_the_file_system_is_noticed(path: Path) -> None:
    plain = {"compression": "none", "use_dictionary": False}
    facts = write(path, _bars(), **plain).stat()
    assert _load(path).bid_open[0] == 110_000
    write(path, _bars(shift=1), **plain)
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    assert path.stat().st_size == facts.st_size
    assert _load(path).bid_open[0] == 110_001


@pytest.mark.parametrize(
    "changed",
    [
        {"point": default_catalogue()["USDJPY"].point},
        {"spread": SpreadModel(3)},
        {"trading_week": "24/7"},
    ],
)
def test_another_point_spread_model_or_week_is_another_cache(path: Path, changed: dict[str, object]) -> None:
    write(path, flat(500, 1.1, 0.001))  # fits a coarser point as well
    _load(path)
    mine = Catalogue([replace(default_catalogue()["EURUSD"], **changed)])  # type: ignore[arg-type]
    assert _load(path, mine).facts["cached"] is False
    assert len(_caches(path)) == 2
    assert _load(path, mine).facts["cached"] is True and _load(path).facts["cached"] is True


def test_another_policy_or_timeframe_is_another_cache(path: Path) -> None:
    _load(path)
    assert _load(path, crossed="error").facts["cached"] is False
    seconds = load_bars([f"EURUSD:M1={path}"], default_catalogue())
    assert seconds.series["EURUSD"].facts["cached"] is True


def _damage_short(body: bytes) -> bytes:
    return body[:-100]


def _damage_long(body: bytes) -> bytes:
    return body + b"\0" * 64


def _damage_header(body: bytes) -> bytes:
    at = body.index(b'"rows"')
    return body[:at] + b'"r0ws"' + body[at + 6 :]


def _damage_magic(body: bytes) -> bytes:
    return b"GARBAGE!" + body[8:]


def _damage_zeros(body: bytes) -> bytes:
    return body[: len(body) // 2] + bytes(len(body) - len(body) // 2)


def _damage_empty(_: bytes) -> bytes:
    return b""


def _damage_length(body: bytes) -> bytes:
    return body[:8] + b"\xff\xff\xff\x7f" + body[12:]


DAMAGES = [
    _damage_short,
    _damage_long,
    _damage_header,
    _damage_magic,
    _damage_zeros,
    _damage_empty,
    _damage_length,
]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_cache_is_noticed_and_made_anew(path: Path, damage) -> None:
    good = _load(path)
    cache = _caches(path)[0]
    cache.write_bytes(damage(cache.read_bytes()))
    again = _load(path)
    assert again.facts["cached"] is False and _same(good, again)
    assert _load(path).facts["cached"] is True


def test_a_cache_of_another_file_under_the_right_name_is_not_believed(path: Path) -> None:
    _load(path)
    cache = _caches(path)[0]
    assert read_cache(cache, "0" * 64, "0" * 16) is None
    assert read_cache(cache.with_name("none.bars"), "0" * 64, "0" * 16) is None


def test_a_mapped_cache_is_never_written_to_and_keeps_its_prices(path: Path) -> None:
    _load(path)
    mapped = _load(path)
    before, inode = mapped.bid_open.copy(), _caches(path)[0].stat().st_ino
    _load(path, crossed="error")
    assert inode in {cache.stat().st_ino for cache in _caches(path)}
    write(path, _bars(shift=9))
    _load(path)
    assert (mapped.bid_open == before).all()


def test_names_of_caches_suit_every_file_system(path: Path) -> None:
    _load(path)
    for file in (path.parent / ".zepix").iterdir():
        assert not set(file.name) & set('<>:"/\\|?*') and not file.name.endswith((".", " "))


def test_the_cache_folder_hides_from_version_control(path: Path) -> None:
    _load(path)
    assert (path.parent / ".zepix" / ".gitignore").read_text(encoding="utf-8") == "*\n"


@pytest.mark.skipif(sys.platform == "win32", reason="folders have no write bits on Windows")
def test_a_folder_that_cannot_be_written_is_left_alone_and_the_users_own_is_used(
    path: Path, own_cache_root: Path
) -> None:
    path.parent.chmod(0o555)
    try:
        assert _load(path).facts["cached"] is False
        assert _load(path).facts["cached"] is True
        assert not (path.parent / ".zepix").exists()
        assert len(list(own_cache_root.rglob("EURUSD_M1_x.parquet.*.bars"))) == 1
    finally:
        path.parent.chmod(0o755)


@pytest.mark.skipif(sys.platform == "win32", reason="folders have no write bits on Windows")
def test_no_folder_at_all_still_loads(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zepix.kernels.compiled.cache_root", lambda: None)
    path.parent.chmod(0o555)
    try:
        assert cache_folder(path) is None
        assert len(_load(path)) == 500
    finally:
        path.parent.chmod(0o755)


def test_parts_left_by_a_crash_are_swept(path: Path) -> None:
    folder = path.parent / ".zepix"
    folder.mkdir()
    stale, fresh = (folder / f"{path.name}.0123.4567.bars.{k}.tmp" for k in (1, 2))
    for part in (stale, fresh):
        part.write_bytes(b"x")
    long_ago = time.time() - 7200
    os.utime(stale, (long_ago, long_ago))
    _load(path)
    assert not stale.exists() and fresh.exists()


def test_settings_hash_does_not_depend_on_order() -> None:
    assert settings_hash({"a": 1, "b": 2}) == settings_hash({"b": 2, "a": 1}) != settings_hash({"a": 1, "b": 3})


class TestStamps:
    def test_a_settled_file_is_hashed_once(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        _settle(path)
        expected = file_checksum(path, path.parent)
        monkeypatch.setattr(checksum, "hash_file", lambda _: pytest.fail("hashed again"))
        assert file_checksum(path, path.parent) == expected

    def test_a_file_just_written_is_not_believed(self, path: Path) -> None:
        file_checksum(path, path.parent)
        assert not list(path.parent.glob("*.stamp"))

    def test_another_size_or_time_is_hashed_again(self, path: Path) -> None:
        _settle(path)
        old = file_checksum(path, path.parent)
        write(path, _bars(shift=1))
        assert file_checksum(path, path.parent) != old

    @pytest.mark.parametrize("text", ["", "[]", "{", '{"size": 1}', '{"sha256": 5}'])
    def test_a_broken_stamp_is_no_stamp(self, path: Path, text: str) -> None:
        _settle(path)
        (path.parent / f"{path.name}.stamp").write_text(text, encoding="utf-8")
        assert file_checksum(path, path.parent) == hash_file(path)
        assert json.loads((path.parent / f"{path.name}.stamp").read_text(encoding="utf-8"))["size"] > 1


def test_a_file_that_changes_while_it_is_read_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from zepix.data import load as loading
    from zepix.errors import DataError

    stamps = iter([(1, 1), (2, 2)])
    monkeypatch.setattr(loading, "_stamp", lambda _: next(stamps))
    with pytest.raises(DataError, match="changed while it was being read"):
        _load(path)


def test_start_of_the_week_is_kept_to_the_nanosecond(path: Path) -> None:
    series = _load(path)
    assert series.start_ns == int(MONDAY.timestamp()) * 10**9
