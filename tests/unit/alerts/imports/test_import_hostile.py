"""Files that mean harm or are broken: bounded in memory and time, and refused in a sentence."""

from __future__ import annotations

import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from trade_files import REVERSING, lines, write_csv

from zepix.alerts import import_files
from zepix.errors import DataError, ZepixError
from zepix.model import Catalogue

HEADING = "Trade #,Type,Date and time,Signal,Price USD,Size (qty)\n"
BOOK = '<workbook xmlns:r="x"><sheets><sheet name="List of trades" sheetId="1" r:id="a"/></sheets></workbook>'
LINKS = '<Relationships><Relationship Id="a" Target="worksheets/sheet1.xml"/></Relationships>'


def bomb(path: Path, sheet: Callable[[zipfile.ZipFile], None]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", BOOK)
        archive.writestr("xl/_rels/workbook.xml.rels", LINKS)
        sheet(archive)
    return path


def repeated(archive: zipfile.ZipFile, head: bytes, middle: bytes, times: int, tail: bytes) -> None:
    with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part:
        part.write(head)
        block = middle * max(1, 1_000_000 // len(middle))
        for _ in range(times * len(middle) // len(block)):
            part.write(block)
        part.write(tail)


SHEET = (b"<worksheet><sheetData>", b"</sheetData></worksheet>")
BOMBS = {
    "half a gigabyte of nothing": (b"<row/>", 90_000_000, "too large"),
    "endless columns": (b"<c><v>1</v></c>", 2_000_000, "more than 64 columns|no List of trades"),
    "endless rows": (b"<row><c><v>1</v></c></row>", 1_100_000, "none of its sheets|more than 1048576 rows"),
    "junk in depth": (b"<x>", 3_000_000, "cannot be read as a workbook"),
}


@pytest.mark.parametrize("case", BOMBS)
def test_workbook_that_unpacks_to_too_much(tmp_path: Path, catalogue: Catalogue, case: str) -> None:
    middle, times, said = BOMBS[case]
    head = SHEET[0] + (b"<row>" if case == "endless columns" else b"")
    path = bomb(tmp_path / "x.xlsx", lambda archive: repeated(archive, head, middle, times, SHEET[1]))
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match=said):
            import_files([path], tmp_path / "log.jsonl", catalogue, symbol="EURUSD")
        assert tracemalloc.get_traced_memory()[1] < 100_000_000
    finally:
        tracemalloc.stop()


def test_workbook_with_a_document_type_is_refused(tmp_path: Path, catalogue: Catalogue) -> None:
    laughs = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><worksheet>&b;</worksheet>'
    path = bomb(tmp_path / "x.xlsx", lambda archive: archive.writestr("xl/worksheets/sheet1.xml", laughs))
    with pytest.raises(DataError, match="document type"):
        import_files([path], tmp_path / "log.jsonl", catalogue)


def test_workbook_that_points_out_of_itself_finds_nothing(tmp_path: Path, catalogue: Catalogue) -> None:
    path = tmp_path / "x.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("xl/workbook.xml", BOOK)
        archive.writestr("xl/_rels/workbook.xml.rels", LINKS.replace("worksheets/sheet1.xml", "../../../etc/passwd"))
    with pytest.raises(DataError, match="has no xl"):
        import_files([path], tmp_path / "log.jsonl", catalogue)


def test_formula_cells_count_by_their_last_result(tmp_path: Path, catalogue: Catalogue) -> None:
    rows = lines(REVERSING)
    cells = "".join(
        "<row>" + "".join(_cell(text, number) for text in row) + "</row>" for number, row in enumerate(rows)
    )
    sheet = f"<worksheet><sheetData>{cells}</sheetData></worksheet>"
    path = bomb(tmp_path / "x.xlsx", lambda archive: archive.writestr("xl/worksheets/sheet1.xml", sheet))
    from zoneinfo import ZoneInfo

    report = import_files([path], tmp_path / "l.jsonl", catalogue, symbol="EURUSD", zone=ZoneInfo("UTC"))
    assert report["alerts"] == 5


def _cell(text: str, number: int) -> str:
    escaped = text.replace("&", "&amp;")
    if number and text.replace(".", "", 1).isdecimal():
        return f'<c><f>WEBSERVICE("http://x")</f><v>{escaped}</v></c>'
    return f'<c t="inlineStr"><is><t>{escaped}</t></is></c>'


@pytest.mark.parametrize("name", ["x.csv", "x.jsonl", "x.txt"])
def test_line_of_two_hundred_megabytes(tmp_path: Path, catalogue: Catalogue, name: str) -> None:
    path = tmp_path / name
    with path.open("wb") as handle:
        handle.write(b'{"payload":"' if name == "x.jsonl" else HEADING.encode() + b"1,Entry long,")
        for _ in range(200):
            handle.write(b"x" * 1_000_000)
    tracemalloc.start()
    try:
        if name == "x.jsonl":
            assert import_files([path], tmp_path / "log.jsonl", catalogue)["quarantined"] == {"too_large": 1}
        else:
            with pytest.raises(DataError, match="no CSV, line 2 has more than 1048576 characters"):
                import_files([path], tmp_path / "log.jsonl", catalogue, symbol="EURUSD")
        assert tracemalloc.get_traced_memory()[1] < 40_000_000
    finally:
        tracemalloc.stop()


HOSTILE: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "is empty"),
    "only a byte-order mark": (b"\xef\xbb\xbf", "neither|no row|no trade|is empty"),
    "only blank lines": (b"\n\n\n", "neither|no row"),
    "NULs": (b"\x00" * 5000, "neither|cannot|no row"),
    "a heading alone": (HEADING.encode(), "no trade in it|name no zone"),
    "wrong columns": (b"a,b,c\n1,2,3\n", "neither an alert log"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4, "neither"),
    "a broken archive": (b"PK\x03\x04" + b"x" * 100, "neither|cannot"),
    "half a UTF-16": (b"\xff\xfea\x00,\x00b", "neither|no text"),
    "Parquet by name alone": (b"PAR1 and no more", "cannot be read as Parquet"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_file_that_is_nothing_is_refused_in_a_sentence(tmp_path: Path, catalogue: Catalogue, case: str) -> None:
    content, said = HOSTILE[case]
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    with pytest.raises(ZepixError, match=said):
        import_files([path], tmp_path / "log.jsonl", catalogue, symbol="EURUSD")
    assert not (tmp_path / "log.jsonl").exists()


def test_nuls_and_broken_bytes_in_a_signal_cost_no_trade(tmp_path: Path, catalogue: Catalogue) -> None:
    from zoneinfo import ZoneInfo

    rows = lines(REVERSING)
    path = write_csv(tmp_path / "x.csv", rows)
    path.write_bytes(path.read_bytes().replace(b"RsiSE", b"Rsi\x00\xff"))
    report = import_files([path], tmp_path / "log.jsonl", catalogue, symbol="EURUSD", zone=ZoneInfo("UTC"))
    assert (report["rows"], report["alerts"], report["trades"]) == (5, 5, 3)


def test_folder_and_missing_file(tmp_path: Path, catalogue: Catalogue) -> None:
    for path, said in ((tmp_path, "is a folder"), (tmp_path / "no.csv", "does not exist")):
        with pytest.raises(DataError, match=said):
            import_files([path], tmp_path / "log.jsonl", catalogue)
