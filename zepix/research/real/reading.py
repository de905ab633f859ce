"""What strategies read by themselves: for the time of one run, what they read ends at an instant, and is noted.

Tables that pandas and pyarrow read are cut by their times, text files with rows (.csv, .tsv, .txt, .jsonl) line by
line. What is read in another way (an array without times, a pickle, a database, the network) cannot be cut: it is
noted as such, by Python's own audit events. Only readings that a strategy is behind are touched.
"""

from __future__ import annotations

import builtins
import io
import os
import re
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from types import FrameType
from typing import Any, Final

from zepix.research.real.timed import LEAST_ROWS, before, instants

__all__ = ["BLIND", "Reads", "reads_cut"]

_PANDAS: Final = (
    *("read_csv", "read_parquet", "read_feather", "read_json", "read_table", "read_excel", "read_pickle", "read_hdf"),
    *("read_orc", "read_sql", "read_fwf"),
)
_ARROW: Final = (
    *(("pyarrow.parquet", name) for name in ("read_table", "read_pandas")),
    *(("pyarrow.feather", name) for name in ("read_table", "read_feather")),
    *(("pyarrow.csv", name) for name in ("read_csv", "open_csv")),
    ("pyarrow.json", "read_json"),
    ("pyarrow.orc", "read_table"),
    *(("pyarrow.dataset", name) for name in ("dataset", "parquet_dataset")),
    *(("pyarrow.ipc", name) for name in ("open_file", "open_stream")),
    ("pyarrow", "memory_map"),
)
_METHODS: Final = (
    *(("pyarrow.parquet", "ParquetFile", name) for name in ("read", "read_row_group", "read_row_groups")),
    ("pyarrow.parquet", "ParquetFile", "iter_batches"),
    *(("pyarrow.parquet", "ParquetDataset", name) for name in ("read", "read_pandas")),
)
BLIND: Final = ("polars", "duckdb", "h5py", "tables", "zarr", "fastparquet", "vaex", "connectorx", "lancedb")
"""Packages that read files where Python hears nothing of it."""
_NUMPY: Final = ("load", "loadtxt", "genfromtxt", "fromfile", "memmap")
_TEXTS: Final = (".csv", ".tsv", ".txt", ".jsonl")
_CODE: Final = (".py", ".pyc", ".pyi", ".so", ".pyd", ".dll", ".nbi", ".nbc", ".toml", ".zip")
_SETTINGS: Final = (".json", ".yaml", ".yml", ".ini", ".cfg", ".conf")
_MOST_SETTINGS: Final = 64 << 10
_NUMBER: Final = re.compile(rb"\d+(?:\.\d+)?")
_MOST_BYTES: Final = 64 << 20
_OTHER_EVENTS: Final = ("sqlite3.connect", "socket.connect", "subprocess.Popen", "urllib.Request")
_DAY: Final = rb"(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?"
_EPOCH: Final = rb"(?<![\d.])(\d{19}|\d{16}|\d{13}|\d{10})(?![\d.])"
_TIME: Final = re.compile(_DAY + b"|" + _EPOCH)


class Reads:
    """What was read: ``cut`` are names of what ended at the instant, ``uncut`` of what could not be made to."""

    def __init__(self) -> None:
        self.cut: list[str] = []
        self.uncut: list[str] = []

    def note(self, name: str, is_cut: bool) -> None:
        place = self.cut if is_cut else self.uncut
        if name not in place:
            place.append(name)


class _Desk:
    """Which reading is being cut, if any; one at a time in a process."""

    def __init__(self) -> None:
        self.reads: Reads | None = None
        self.at_ns: int | None = None
        self.files: frozenset[str] = frozenset()
        self.folders: tuple[str, ...] = ()
        self.is_inside = False
        self.is_listening = False
        self.threads: frozenset[int] = frozenset()

    def is_asked(self) -> bool:
        """Whether a strategy is behind what happens: one of its files stands between here and the run, or a thread
        that began in the run (a replay begins none) does it."""
        if self.reads is None or self.is_inside:
            return False
        if threading.get_ident() not in self.threads:
            return True
        frame: FrameType | None = sys._getframe(1)
        while frame is not None:
            name = frame.f_code.co_filename
            if name == _RUNNER:
                return False
            if name in self.files or name.startswith(self.folders):
                return True
            frame = frame.f_back
        return False


_DESK = _Desk()
_RUNNER: Final = str(Path(__file__).with_name("replays.py"))


@contextmanager
def reads_cut(at_ns: int | None, files: frozenset[str], folders: tuple[str, ...] = ()) -> Iterator[Reads]:
    """For a while, strategies of these files and folders read what was known before an instant (None: everything)."""
    reads = Reads()
    _listen()
    put_back = [*_patched_modules(), *_patched_open()]
    _DESK.reads, _DESK.at_ns, _DESK.files, _DESK.folders = reads, at_ns, files, folders
    _DESK.threads = frozenset(one.ident for one in threading.enumerate() if one.ident is not None)
    try:
        yield reads
    finally:
        _DESK.reads = _DESK.at_ns = None
        for owner, name, original in put_back:
            setattr(owner, name, original)


def _patched_modules() -> Iterator[tuple[Any, str, Any]]:
    wanted = [("pandas", name) for name in _PANDAS] + list(_ARROW) + [("numpy", name) for name in _NUMPY]
    for module_name, name in wanted:
        module = sys.modules.get(module_name)
        original = getattr(module, name, None)
        if original is None or isinstance(original, type):
            continue
        setattr(module, name, _reader(original, f"{module_name}.{name}"))
        yield module, name, original
    for module_name, class_name, name in _METHODS:
        owner = getattr(sys.modules.get(module_name), class_name, None)
        original = getattr(owner, name, None)
        if original is not None:
            setattr(owner, name, _reader(original, f"{class_name}.{name}"))
            yield owner, name, original


def _reader(original: Callable[..., Any], word: str) -> Callable[..., Any]:
    """The same reader; in a cut run what it reads ends at the instant. It goes on to work when the run is over."""

    def read(*args: Any, **named: Any) -> Any:
        if not _DESK.is_asked():
            return original(*args, **named)
        reads, at_ns = _DESK.reads, _DESK.at_ns
        assert reads is not None
        _DESK.is_inside = True
        try:
            found = original(*args, **named)
            name = _name(args[0] if args else next(iter(named.values()), "")) or word
            reads.note(name, instants(found) is not None)
            return found if at_ns is None else before(found, at_ns)
        finally:
            _DESK.is_inside = False

    read.__name__ = getattr(original, "__name__", word)
    read.__doc__ = original.__doc__
    return read


def _patched_open() -> Iterator[tuple[Any, str, Any]]:
    original = builtins.open

    def opened(file: Any, mode: str = "r", *args: Any, **named: Any) -> Any:
        if not _DESK.is_asked() or not _is_rows(file, mode):
            return original(file, mode, *args, **named)
        reads, at_ns = _DESK.reads, _DESK.at_ns
        assert reads is not None
        _DESK.is_inside = True
        try:
            with original(file, "rb") as stream:
                text = stream.read(_MOST_BYTES + 1)
        finally:
            _DESK.is_inside = False
        is_whole = len(text) <= _MOST_BYTES
        reads.note(_name(file), is_whole and _TIME.search(text) is not None)
        if not is_whole:
            return original(file, mode, *args, **named)
        kept = text if at_ns is None else _lines_before(text, at_ns)
        if "b" in mode:
            return io.BytesIO(kept)
        return io.StringIO(kept.decode(named.get("encoding") or "utf-8", named.get("errors") or "replace"), newline="")

    for owner in (builtins, io):
        setattr(owner, "open", opened)  # noqa: B010 - mypy knows better than this line
        yield owner, "open", original


def _is_rows(file: Any, mode: str) -> bool:
    is_reading = not set(mode) & set("wax+")
    return is_reading and isinstance(file, str | Path) and Path(file).suffix.lower() in _TEXTS


def _lines_before(text: bytes, at_ns: int) -> bytes:
    """The lines known before an instant, and those that name no time; lines of bars are known at their bars' end."""
    lines = text.splitlines(keepends=True)
    times = [_line_ns(line) for line in lines]
    later = 0
    if lines and b"close" in lines[0].lower():
        steps = sorted(b - a for a, b in pairwise(times) if 0 <= a < b)
        later = steps[len(steps) // 2] - 1 if steps else 0
    return b"".join(line for line, ns in zip(lines, times, strict=True) if ns < 0 or ns + later < at_ns)


def _line_ns(line: bytes) -> int:
    import datetime as dt

    match = _TIME.search(line)
    if match is None:
        return -1
    *parts, fraction, epoch = match.groups()
    if epoch is not None:
        number: int = int(epoch) * 10 ** (19 - len(epoch))
        return number
    try:
        year, month, day, hour, minute, second = (int(part or 0) for part in parts)
        whole = dt.datetime(year, month, day, hour, minute, second, tzinfo=dt.UTC)
    except ValueError:
        return -1
    return int(whole.timestamp()) * 1_000_000_000 + int((fraction or b"0").ljust(9, b"0"))


def _is_settings(name: str) -> bool:
    """Whether a file is text with too few numbers for a history: settings that a strategy keeps in a file."""
    if not name.lower().endswith(_SETTINGS):
        return False
    _DESK.is_inside = True
    try:
        with Path(name).open("rb") as stream:
            text = stream.read(_MOST_SETTINGS + 1)
    except OSError:
        return False
    finally:
        _DESK.is_inside = False
    return len(text) <= _MOST_SETTINGS and len(_NUMBER.findall(text)) < LEAST_ROWS


def _name(value: Any) -> str:
    return Path(value).name if isinstance(value, str | Path) else type(value).__name__ if value != "" else ""


def _listen() -> None:
    """An audit hook stays for the life of a process, so there is one, and it does nothing out of a cut run."""
    if _DESK.is_listening:
        return
    _DESK.is_listening = True

    def hear(event: str, args: tuple[Any, ...]) -> None:
        if _DESK.reads is None or _DESK.is_inside:
            return
        if event == "open":
            path, mode = args[0], args[1]
            path = os.fspath(path) if isinstance(path, os.PathLike) else path
            if not isinstance(path, str | bytes) or (isinstance(mode, str) and set(mode) & set("wax")):
                return
            name = path.decode(errors="replace") if isinstance(path, bytes) else path
            if not name.lower().endswith(_CODE) and _DESK.is_asked() and not _is_settings(name):
                _DESK.reads.note(Path(name).name, False)
        elif event in _OTHER_EVENTS and _DESK.is_asked():
            _DESK.reads.note({"sqlite3.connect": "a database", "subprocess.Popen": "another process"}.get(
                event, "the network"), False)  # fmt: skip

    sys.addaudithook(hear)
