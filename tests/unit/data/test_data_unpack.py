"""Archives and workbooks from outside: what is taken, what is refused, and that nothing is left behind."""

from __future__ import annotations

import tempfile
import zipfile
from pathlib import Path

import pytest
from workbook_by_hand import write_workbook

from zepix.data import unpack
from zepix.data.unpack import is_workbook, unpacked
from zepix.data.workbook import read_workbook
from zepix.errors import DataError


def _zip(path: Path, **members: str | bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as made:
        made.writestr("a/b/prices, 2024.csv", "1,2\n")
        made.writestr("a/b/report.txt", "fine\n")
    return tmp_path / "x.zip"


def test_the_one_table_is_unpacked_for_as_long_as_needed(archive: Path) -> None:
    with unpacked(archive) as path:
        assert path.name == "prices, 2024.csv" and path.read_text(encoding="utf-8") == "1,2\n"
        folder = path.parent
        assert folder.parent == Path(tempfile.gettempdir())
    assert not folder.exists()


def test_a_plain_file_and_a_workbook_stay_where_they_are(tmp_path: Path) -> None:
    plain = tmp_path / "x.csv"
    plain.write_text("1,2\n", encoding="utf-8")
    book = write_workbook(tmp_path / "x.xlsx", [[1.0]])
    for path in (plain, book):
        with unpacked(path) as found:
            assert found == path
    assert is_workbook(book) and not is_workbook(plain)


@pytest.mark.parametrize(
    "name", ["../../evil.csv", "/etc/evil.csv", "C:\\evil.csv", "..\\evil.csv", "..csv", "n\x07ul|.csv", "CON.csv"]
)
def test_a_members_path_is_not_used(tmp_path: Path, name: str) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as made:
        made.writestr(zipfile.ZipInfo(name), "1,2\n")
    with unpacked(tmp_path / "x.zip") as path:
        assert path.resolve().is_relative_to(Path(tempfile.gettempdir()).resolve())
        assert path.parent.name.startswith("zepix-")
        assert not set(path.name) & set('<>:"/\\|?*\x07') and not path.name.lower().startswith((".", "con."))


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"a.csv": "1", "b.csv": "2"}, r"holds 2 tables \(a\.csv, b\.csv\); unpack it"),
        ({"a.csv": "1", "b.xlsx": "2"}, "holds 2 tables"),
        ({"a.zip": "1", "b.png": "2"}, r"holds no table \(\.csv, \.xlsx or \.txt\): a\.zip, b\.png"),
        ({}, "holds no table|cannot be unpacked"),
    ],
)
def test_an_archive_holds_one_table(tmp_path: Path, members: dict[str, str], expected: str) -> None:
    path = _zip(tmp_path / "x.zip", **members)
    if not members:
        path.write_bytes(b"PK\x03\x04" + bytes(40))
    with pytest.raises(DataError, match=expected), unpacked(path):
        pass


def test_one_text_file_serves_where_there_is_no_csv(tmp_path: Path) -> None:
    with unpacked(_zip(tmp_path / "x.zip", **{"prices.txt": "1,2\n", "__MACOSX/x.csv": "junk"})) as path:
        assert path.name == "prices.txt"


def test_an_archive_that_unpacks_to_too_much_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = _zip(tmp_path / "x.zip", **{"a.csv": bytes(3_000_000)})
    assert path.stat().st_size < 10_000
    monkeypatch.setattr(unpack, "MAX_UNPACKED_BYTES", 2_000_000)
    with pytest.raises(DataError, match="unpacks to more than 2000000 bytes"), unpacked(path):
        pass
    assert not list(Path(tempfile.gettempdir()).glob("zepix-*/a.csv"))


def test_too_many_members_encrypted_or_damaged_archives(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    body = archive.read_bytes()
    locked = bytearray(body)
    for start in (body.index(b"PK\x03\x04") + 6, body.index(b"PK\x01\x02") + 8):
        locked[start] |= 1
    damaged = bytearray(body)
    damaged[body.index(b"1,2\n")] ^= 0xFF
    for content, expected in (
        (locked, "encrypted"),
        (damaged, "cannot be unpacked"),
        (body[:60], "cannot be unpacked"),
    ):
        archive.write_bytes(bytes(content))
        with pytest.raises(DataError, match=expected), unpacked(archive):
            pass
    packed = bytearray(_zip(archive, **{"a.csv": "1,2\n" * 1000}).read_bytes())
    packed[40:60] = bytes(20)
    archive.write_bytes(bytes(packed))
    with pytest.raises(DataError, match="cannot be unpacked"), unpacked(archive):
        pass
    archive.write_bytes(body)
    monkeypatch.setattr(unpack, "MAX_MEMBERS", 1)
    with pytest.raises(DataError, match="holds 2 files"), unpacked(archive):
        pass


class TestWorkbook:
    def test_numbers_and_text_by_column(self, tmp_path: Path) -> None:
        table = read_workbook(write_workbook(tmp_path / "x.xlsx", [["a", 1.5, 2.0], ["b", 2.5, 3.0]]))
        assert table.headings == ("1", "2", "3") and list(table.frame["1"]) == ["a", "b"]
        assert list(table.frame["2"]) == [1.5, 2.5] and table.lines[0] == "a;1.5;2.0"

    @pytest.mark.parametrize(
        ("rows", "head", "expected"),
        [
            ([], "", "holds no rows"),
            ([[1.0, 2.0], [1.0]], "", "row 2 has 1 cells, the first has 2"),
            ([[1.0]], "<!DOCTYPE x [<!ENTITY a 'b'>]>", "declares a document type"),
            ([[1.0]], "<broken", "cannot be read as a workbook"),
        ],
    )
    def test_what_is_no_price_table(
        self, tmp_path: Path, rows: list[list[float | str]], head: str, expected: str
    ) -> None:
        path = write_workbook(tmp_path / "x.xlsx", rows, head=head)
        with pytest.raises(DataError, match=expected):
            read_workbook(path)

    def test_other_sheets_and_sizes_are_refused(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        with pytest.raises(DataError, match=r"no xl/worksheets/sheet1\.xml"):
            read_workbook(_zip(tmp_path / "y.xlsx", **{"xl/workbook.xml": "<workbook/>"}))
        path = write_workbook(tmp_path / "x.xlsx", [[1.0], [2.0]])
        monkeypatch.setattr("zepix.workbook.MAX_ROWS", 1)
        with pytest.raises(DataError, match="more than 1 rows"):
            read_workbook(path)
        monkeypatch.setattr("zepix.workbook.MAX_PART_BYTES", 10)
        with pytest.raises(DataError, match="too large"):
            read_workbook(path)
