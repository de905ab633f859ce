"""A journal on disk: whole, gapless, and read only as far as it can be believed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from zepix.errors import DataError, JournalError
from zepix.journal import SCHEMA, read_header, read_journal, write_journal
from zepix.journal import reader as reader_module

LINES: list[tuple[int, str, dict[str, Any]]] = [
    (10, "alert", {"id": "a1", "raw": 'é \ud800 "quoted"\nsecond line'}),
    (20, "fill", {"ticket": 1}),
    (20, "closed", {"ticket": 1, "pnl_minor": -5}),
]


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    path = tmp_path / "journal.jsonl"
    assert write_journal(path, LINES, {"currency": "USD"}) == 3
    return path


def edited(path: Path, number: int, line: bytes) -> Path:
    """The journal with its line ``number`` (from 1) replaced."""
    lines = path.read_bytes().splitlines(keepends=True)
    lines[number - 1] = line
    path.write_bytes(b"".join(lines))
    return path


def test_lines_come_back_as_they_went_in(journal: Path) -> None:
    assert list(read_journal(journal)) == LINES
    assert read_header(journal) == {"schema": SCHEMA, "currency": "USD"}


def test_file_is_ascii_with_one_object_a_line(journal: Path) -> None:
    text = journal.read_bytes()
    assert text.isascii()
    assert text.count(b"\n") == 4
    assert text.startswith(b'{"seq":0,"ts":0,"kind":"journal","schema":1,')
    assert b"\r" not in text


def test_journal_of_nothing_has_its_header(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    assert write_journal(path, []) == 0
    assert list(read_journal(path)) == []


def test_earlier_journal_is_replaced_whole(journal: Path) -> None:
    write_journal(journal, LINES[:1])
    assert list(read_journal(journal)) == LINES[:1]
    assert [p.name for p in journal.parent.iterdir()] == ["journal.jsonl"]


def test_failure_while_writing_leaves_the_earlier_journal(journal: Path) -> None:
    def broken():  # type: ignore[no-untyped-def]
        yield LINES[0]
        raise RuntimeError("the run broke")

    with pytest.raises(RuntimeError):
        write_journal(journal, broken())
    assert list(read_journal(journal)) == LINES
    assert [p.name for p in journal.parent.iterdir()] == ["journal.jsonl"]


def test_folder_that_is_none_is_a_data_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="could not be written"):
        write_journal(tmp_path / "missing" / "journal.jsonl", LINES)


@pytest.mark.parametrize(
    ("number", "line", "why"),
    [
        (1, b'{"seq":0,"ts":0,"kind":"journal","schema":2}\n', r"line 1 \(byte 0\): schema 2 is newer"),
        (1, b'{"seq":0,"ts":0,"kind":"alert"}\n', r"line 1 \(byte 0\): it is no header"),
        (3, b"{not json}\n", r"line 3 \(byte \d+\): Expecting"),
        (3, b'{"seq":3,"ts":20,"kind":"fill"}\n', r'line 3 \(byte \d+\): "seq" is 3 where 2 was due'),
        (3, b'{"seq":1,"ts":20,"kind":"fill"}\n', r'line 3 \(byte \d+\): "seq" is 1 where 2 was due'),
        (3, b"\n", r"line 3 \(byte \d+\): Expecting"),
        (4, b'{"seq":3,"ts":20,"kind":"closed"}', r"line 4 \(byte \d+\): it has no end"),
        (4, b'{"seq":3,"ts":20,"ki', r"line 4 \(byte \d+\): it has no end"),
    ],
)
def test_bad_line_is_named_with_its_byte(journal: Path, number: int, line: bytes, why: str) -> None:
    with pytest.raises(JournalError, match=why):
        list(read_journal(edited(journal, number, line)))


def test_byte_of_a_bad_line_is_where_it_begins(journal: Path) -> None:
    begin = len(b"".join(journal.read_bytes().splitlines(keepends=True)[:2]))
    with pytest.raises(JournalError, match=rf"line 3 \(byte {begin}\)"):
        list(read_journal(edited(journal, 3, b"x\n")))


def test_lines_before_a_bad_one_are_read(journal: Path) -> None:
    lines = read_journal(edited(journal, 3, b"x\n"))
    assert next(lines) == LINES[0]
    with pytest.raises(JournalError):
        next(lines)


def test_line_beyond_the_limit_is_not_read_into_memory(journal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader_module, "MAX_LINE_BYTES", 60)
    with pytest.raises(JournalError, match="longer than 60 bytes"):
        list(read_journal(journal))


@pytest.mark.parametrize("body", [None, b""])
def test_missing_or_empty_file_says_so(tmp_path: Path, body: bytes | None) -> None:
    path = tmp_path / "journal.jsonl"
    if body is not None:
        path.write_bytes(body)
    with pytest.raises(JournalError, match=r"cannot be read|is empty"):
        list(read_journal(path))
