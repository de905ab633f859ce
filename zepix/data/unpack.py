"""Foreign files as they were downloaded: a zip archive that holds one table gives that table.

The member is copied to a temporary folder, block by block and never beyond a limit, whatever the archive says of its
size; its own path in the archive is not used. A workbook (``.xlsx``) is a zip archive too and stays as it is.
"""

from __future__ import annotations

import lzma
import re
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Final

from zepix.errors import DataError

__all__ = ["DAMAGES", "is_workbook", "unpacked"]

DAMAGES: Final = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, NotImplementedError, EOFError, ValueError, OSError)
"""What reading an archive raises that is damaged or packed in a way unknown here."""

MAX_UNPACKED_BYTES: Final = 4_000_000_000
MAX_MEMBERS: Final = 1000
_MAGIC: Final = b"PK\x03\x04"
_BLOCK: Final = 1 << 20
_WORKBOOK: Final = "xl/workbook.xml"
_TABLES: Final = ((".csv", ".xlsx"), (".txt",))  # HistData puts a report in .txt beside the prices
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9 ._,()+#-]")
_DEVICE: Final = re.compile(r"(?=(?:con|prn|aux|nul|com[0-9]|lpt[0-9])\.)", re.IGNORECASE)


@contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """The file itself, or the one table inside a zip archive, in a temporary folder while the block runs.

    Raises DataError for an archive that is damaged, encrypted, holds no table or several, or is too large.
    """
    if not _is_zip(path) or is_workbook(path):
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="zepix-") as folder:
        yield _copied(path, Path(folder))


def _is_zip(path: Path) -> bool:
    try:
        with path.open("rb") as stream:
            return stream.read(4) == _MAGIC
    except OSError as why:
        raise DataError(f"{path} cannot be read: {why.strerror or why}") from why


def is_workbook(path: Path) -> bool:
    """Whether the file is an Excel workbook, by its content."""
    if not _is_zip(path):
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            return _WORKBOOK in archive.namelist()
    except DAMAGES:
        return False


def _copied(path: Path, folder: Path) -> Path:
    """The one table of an archive as a file in ``folder``, under its own name without what could be a path."""
    try:
        with zipfile.ZipFile(path) as archive:
            info = _table(archive, path.name)
            target = folder / _safe_name(info.filename)
            _copy(archive, info, target, path.name)
            return target
    except DAMAGES as why:
        raise DataError(f"{path.name} cannot be unpacked: {why}") from why


def _table(archive: zipfile.ZipFile, name: str) -> zipfile.ZipInfo:
    members = [info for info in archive.infolist() if not info.is_dir() and not info.filename.startswith("__MACOSX")]
    if len(members) > MAX_MEMBERS:
        raise DataError(f"{name} holds {len(members)} files; expected one table of prices")
    for suffixes in _TABLES:
        tables = [info for info in members if PurePosixPath(info.filename.lower()).suffix in suffixes]
        if len(tables) == 1:
            if tables[0].flag_bits & 1:
                raise DataError(f"{name} is encrypted; unpack it first")
            return tables[0]
        if tables:
            shown = ", ".join(info.filename for info in tables[:5])
            raise DataError(f"{name} holds {len(tables)} tables ({shown}); unpack it and import them by name")
    shown = ", ".join(info.filename for info in members[:5]) or "nothing"
    raise DataError(f"{name} holds no table (.csv, .xlsx or .txt): {shown}")


def _safe_name(member: str) -> str:
    """The last part of a member's path as a name that every file system takes and that is no device of Windows."""
    name = _UNSAFE.sub("_", PurePosixPath(member).name)[-120:].lstrip(". ")
    return ("_" if _DEVICE.match(name) else "") + (name or "table.csv")


def _copy(archive: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path, name: str) -> None:
    done = 0
    with archive.open(info) as source, target.open("wb") as sink:
        while block := source.read(_BLOCK):
            done += len(block)
            if done > MAX_UNPACKED_BYTES:
                raise DataError(f"{name} unpacks to more than {MAX_UNPACKED_BYTES} bytes; split it by year")
            sink.write(block)
