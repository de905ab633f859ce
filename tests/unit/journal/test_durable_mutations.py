"""Damaged copies of a log: either every promised row comes back as it was, or an error says what is wrong.

The suite takes a slice; ``-m slow`` takes 2,400 images (about two minutes). Each is one mutation of one of two crash
images (a writer's files as they lie while it is at work): bits flipped, a tail cut off, pages or sectors zeroed, torn
or exchanged, an older copy of one file put back, a file emptied or gone, rubbish appended.
"""

from __future__ import annotations

import random
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.thorough import share
from zepix.errors import JournalError
from zepix.journal.durable import DurableLog
from zepix.journal.durable_reader import LogReader
from zepix.journal.trouble import JournalFull, JournalLocked

PAGE, SECTOR = 4096, 512
Image = dict[str, bytes]


def bodies(first: int, count: int) -> list[str]:
    rng = random.Random(first)
    return [f'{{"n":{n},"raw":"{rng.randbytes(rng.randint(5, 300)).hex()}"}}' for n in range(first, first + count)]


def image_of(folder: Path) -> Image:
    """The files of a log at work; nothing else may be open here, for reading drops this process's locks on them."""
    return {
        file.name: file.read_bytes() for file in folder.iterdir() if file.is_file() and file.suffix != ".sqlite-shm"
    }


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Image, Image, list[str]]]:
    """(crash image, an older image of the same log, the promised rows): one part in work, and two parts."""
    made = []
    for name, has_parts in (("one", False), ("two", True)):
        folder = tmp_path_factory.mktemp(name)
        promised: list[str] = []
        with DurableLog(folder / "journal.sqlite", name="journal") as log:

            def add(count: int, log: DurableLog = log, promised: list[str] = promised) -> None:
                rows = bodies(len(promised), count)
                log.append([(n, "alert", body) for n, body in enumerate(rows)])
                promised += rows

            add(120)
            log.save_snapshot(100, 1, b"state" * 100)
            if has_parts:
                log.rotate()
            add(60)
            log.checkpoint()
            old = image_of(folder)
            for _ in range(25):
                add(3)
            log.save_snapshot(log.last_seq, 1, b"later" * 100)
            made.append((image_of(folder), old, promised))
    return made


def flip(raw: bytearray, old: bytes, rng: random.Random) -> None:
    for _ in range(rng.choice((1, 1, 1, 8))):
        raw[rng.randrange(len(raw))] ^= 1 << rng.randrange(8)


def cut(raw: bytearray, old: bytes, rng: random.Random) -> None:
    del raw[rng.choice((rng.randrange(len(raw)), len(raw) // PAGE // 2 * PAGE, len(raw) - rng.randint(1, 40))) :]


def zero(raw: bytearray, old: bytes, rng: random.Random) -> None:
    size = rng.choice((SECTOR, PAGE))
    at = rng.randrange(max(1, len(raw) // size)) * size
    raw[at : at + size] = b"\0" * len(raw[at : at + size])


def tear(raw: bytearray, old: bytes, rng: random.Random) -> None:
    """One sector or page as it was earlier."""
    size = rng.choice((SECTOR, PAGE))
    at = rng.randrange(max(1, len(raw) // size)) * size
    raw[at : at + size] = old[at : at + size]


def exchange(raw: bytearray, old: bytes, rng: random.Random) -> None:
    one, two = (rng.randrange(max(1, len(raw) // PAGE)) * PAGE for _ in range(2))
    raw[one : one + PAGE], raw[two : two + PAGE] = raw[two : two + PAGE], raw[one : one + PAGE]


def put_back(raw: bytearray, old: bytes, rng: random.Random) -> None:
    raw[:] = old


def empty(raw: bytearray, old: bytes, rng: random.Random) -> None:
    raw.clear()


def add_rubbish(raw: bytearray, old: bytes, rng: random.Random) -> None:
    raw += rng.randbytes(rng.choice((7, PAGE, PAGE + 24)))


MUTATIONS: list[Callable[[bytearray, bytes, random.Random], None]] = [
    flip, flip, flip, cut, cut, zero, zero, tear, tear, exchange, put_back, empty, add_rubbish,
]  # fmt: skip


def mutated(image: Image, old: Image, rng: random.Random) -> tuple[str, Image]:
    name = rng.choice(sorted(name for name in image if image[name]))
    if rng.random() < 0.03:
        return f"{name} gone", {other: data for other, data in image.items() if other != name}
    raw, mutation = bytearray(image[name]), rng.choice(MUTATIONS)
    mutation(raw, old.get(name, b""), rng)
    return f"{mutation.__name__} {name}", {**image, name: bytes(raw)}


def outcome(folder: Path, promised: list[str], where: str) -> str:
    """``whole`` or ``named``; fails where rows were lost in silence or invented."""
    path = folder / "journal.sqlite"
    got: list[str] = []
    try:
        with LogReader(path) as reader:  # first as a reader finds it, without a writer's repairs
            got.extend(row.body for row in reader.rows(limit=None))
    except JournalError as error:
        assert not isinstance(error, JournalFull | JournalLocked), where
        assert got == promised[: len(got)], where
    else:
        assert got == promised, where
    got = []
    try:
        with DurableLog(path, name="journal") as log, LogReader(path) as reader:
            got.extend(row.body for row in reader.rows(limit=None))
            assert got == promised, where
            snapshot = log.latest_snapshot()
            assert snapshot is None or snapshot.body in (b"state" * 100, b"later" * 100), where
            assert log.append([(1, "alert", "{}")]) == [len(promised) + 1], where
    except JournalError as error:
        assert not isinstance(error, JournalFull | JournalLocked), where
        assert got == promised[: len(got)], where
        return "named"
    return "whole"


@pytest.mark.parametrize("count", [150, pytest.param(share(2_400, 800), marks=pytest.mark.slow)])
def test_damaged_log_is_whole_or_its_damage_is_named(
    images: list[tuple[Image, Image, list[str]]], tmp_path: Path, count: int
) -> None:
    seen: Counter[str] = Counter()
    folder = tmp_path / "copy"
    for seed in range(count):
        image, old, promised = images[seed % 2]
        what, damaged = mutated(image, old, random.Random(seed))
        folder.mkdir()
        for name, data in damaged.items():
            (folder / name).write_bytes(data)
        seen[outcome(folder, promised, f"image {seed}: {what}")] += 1
        shutil.rmtree(folder)
    assert seen["named"] > count // 5
    assert seen["whole"] > count // 5
    print(dict(seen))
