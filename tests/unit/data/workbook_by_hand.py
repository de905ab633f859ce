"""The smallest Excel workbook: one sheet of numbers and text, written as the parts of its zip archive."""

from __future__ import annotations

import zipfile
from pathlib import Path

NS = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


def write_workbook(path: Path, rows: list[list[float | str]], *, since_1904: bool = False, head: str = "") -> Path:
    """Text cells refer to the table of shared strings, as Excel writes them; ``head`` stands before the sheet."""
    strings: list[str] = []
    lines = []
    for number, row in enumerate(rows, 1):
        cells = []
        for column, value in enumerate(row):
            place = f"{chr(65 + column)}{number}"
            if isinstance(value, str):
                cells.append(f'<c r="{place}" t="s"><v>{len(strings)}</v></c>')
                strings.append(value)
            else:
                cells.append(f'<c r="{place}" s="1"><v>{value!r}</v></c>')
        lines.append(f'<row r="{number}">{"".join(cells)}</row>')
    texts = "".join(f"<si><t>{text}</t></si>" for text in strings)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", f'<workbook {NS}><workbookPr date1904="{int(since_1904)}"/></workbook>')
        archive.writestr("xl/sharedStrings.xml", f"<sst {NS}>{texts}</sst>")
        sheet = f"<worksheet {NS}><sheetData>{''.join(lines)}</sheetData></worksheet>"
        archive.writestr("xl/worksheets/sheet1.xml", f'<?xml version="1.0" encoding="UTF-8"?>{head}{sheet}')
    return path
