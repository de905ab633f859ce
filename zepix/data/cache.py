"""Prices as the simulators want them, kept on disk: integers and index in one file, mapped into memory.

Where: in a folder ``.zepix`` beside the price file, else in zepix's cache folder of this user. Name:
``<price file>.<checksum>.<settings>.bars``; the checksum is that of the price file, ``settings`` a hash of all that
shapes the integers (point, crossed policy, spread model, timeframe, trading week, the code that made them). So a
changed price file or setting means another name, and a file that somebody has mapped is never written to: a cache is
written under a temporary name, moved into place if its name is still free, and old ones are deleted where the system
lets us.

Layout: ``ZEPIXBAR``, the header's length and CRC-32 (little-endian), the header as JSON, then the arrays, each
aligned to 64 bytes. A file that is too short or long, whose header is damaged, or whose arrays do not hold what a
sample taken over each of them gave, is not used and made anew.

Arrays are mapped copy-on-write: plain writable arrays in memory, the file stays as it is.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
import time
import zlib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["Arrays", "cache_folder", "cache_path", "read_cache", "settings_hash", "write_cache"]

Arrays = dict[str, NDArray[Any]]

MAGIC: Final = b"ZEPIXBAR"
ALIGN: Final = 64
SAMPLES: Final = 64
MAX_HEADER_BYTES: Final = 1_000_000
KEPT_SETTINGS: Final = 4
_STALE_S: Final = 3600


def cache_folder(path: Path) -> Path | None:
    """Where caches of this price file go, created if need be; None if nothing can be written anywhere."""
    from zepix.kernels.compiled import cache_root

    beside = path.parent / ".zepix"
    if _made_writable(beside):
        return beside
    root = cache_root()
    if root is None:
        return None
    parent = hashlib.sha256(os.fsencode(path.parent.resolve())).hexdigest()[:16]
    folder = root / "bars" / parent
    return folder if _made_writable(folder) else None


def _made_writable(folder: Path) -> bool:
    """Whether ``folder`` is there (made if need be) and takes files; a parent without write bits is left alone."""
    try:
        if not folder.is_dir():
            parent = folder.parent
            if parent.is_dir() and (not parent.stat().st_mode & 0o222 or not os.access(parent, os.W_OK)):
                return False
            folder.mkdir(parents=True, exist_ok=True)
            (folder / ".gitignore").write_text("*\n", encoding="utf-8", newline="\n")
        return bool(folder.stat().st_mode & 0o222) and os.access(folder, os.W_OK)
    except OSError:
        return False


def settings_hash(settings: Mapping[str, Any]) -> str:
    """Sixteen hex digits of all that shapes the integers besides the price file itself."""
    text = json.dumps(settings, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def cache_path(folder: Path, name: str, checksum: str, settings: str) -> Path:
    return folder / f"{name}.{checksum[:16]}.{settings}.bars"


def read_cache(path: Path, checksum: str, settings: str) -> tuple[Arrays, dict[str, Any]] | None:
    """The mapped arrays and facts of a cache file, or None if it is absent, damaged or of something else."""
    try:
        mapped = np.asarray(np.memmap(path, dtype=np.uint8, mode="c"))
        header, start = _header(mapped)
        if header["checksum"] != checksum or header["settings"] != settings or header["size"] != len(mapped):
            return None
        arrays: Arrays = {}
        for name, (dtype, offset, count) in header["arrays"].items():
            size = np.dtype(dtype).itemsize
            if offset < start or offset % ALIGN or offset + count * size > len(mapped):
                return None
            arrays[name] = mapped[offset : offset + count * size].view(dtype)
        return (arrays, header["facts"]) if header["probe"] == _probe(arrays) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _header(mapped: NDArray[np.uint8]) -> tuple[dict[str, Any], int]:
    """The header and where it ends. Raises ValueError if it is damaged."""
    head = mapped[:16].tobytes()
    length = int.from_bytes(head[8:12], "little")
    if head[:8] != MAGIC or length > min(MAX_HEADER_BYTES, len(mapped) - 16):
        raise ValueError("no cache of bars")
    body = mapped[16 : 16 + length].tobytes()
    if zlib.crc32(body) != int.from_bytes(head[12:16], "little"):
        raise ValueError("damaged header")
    header = json.loads(body)
    if not isinstance(header, dict):
        raise ValueError("damaged header")
    return header, 16 + length


def _probe(arrays: Arrays) -> int:
    """CRC-32 over some values of every array, evenly spread, the first and the last among them."""
    crc = 0
    for array in arrays.values():
        if len(array):
            at = np.linspace(0, len(array) - 1, SAMPLES).astype(np.int64)
            crc = zlib.crc32(array[at].tobytes(), crc)
    return crc


def write_cache(path: Path, checksum: str, settings: str, arrays: Arrays, facts: Mapping[str, Any]) -> bool:
    """Write a cache under its name if that is still free, and drop those of older price files; False if it failed."""
    head, offsets = _layout(checksum, settings, arrays, facts)
    part = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}.tmp")
    try:
        try:
            with part.open("wb", buffering=0) as stream:
                stream.write(head)
                for name, array in arrays.items():
                    stream.write(b"\0" * (offsets[name] - stream.tell()))
                    _write_all(stream, np.ascontiguousarray(array).data.cast("B"))
            if _is_damaged_or_absent(path, checksum, settings):
                part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except OSError:
        return False
    _forget(path, checksum)
    return True


def _write_all(stream: Any, view: memoryview) -> None:
    done = 0
    while done < len(view):
        done += stream.write(view[done : done + (1 << 26)])


def _is_damaged_or_absent(path: Path, checksum: str, settings: str) -> bool:
    """Whether the name is free; a damaged file is removed first (nobody maps one: readers refuse it)."""
    if not path.exists():
        return True
    if read_cache(path, checksum, settings) is not None:
        return False
    path.unlink()
    return True


def _layout(checksum: str, settings: str, arrays: Arrays, facts: Mapping[str, Any]) -> tuple[bytes, dict[str, int]]:
    """The bytes before the first array and the offset of each; offsets need the header's length, so twice."""
    start = 0
    while True:
        offsets: dict[str, int] = {}
        end = start
        for name, array in arrays.items():
            offsets[name] = -(-end // ALIGN) * ALIGN
            end = offsets[name] + array.nbytes
        header = {
            "checksum": checksum,
            "settings": settings,
            "size": end,
            "arrays": {name: [array.dtype.str, offsets[name], len(array)] for name, array in arrays.items()},
            "probe": _probe(arrays),
            "facts": dict(facts),
        }
        body = json.dumps(header).encode()
        if 16 + len(body) <= start:
            body = body.ljust(start - 16)
            head = MAGIC + len(body).to_bytes(4, "little") + zlib.crc32(body).to_bytes(4, "little")
            return head + body, offsets
        start = -(-(16 + len(body)) // ALIGN) * ALIGN + ALIGN


def _forget(kept: Path, checksum: str) -> None:
    """Delete caches of other contents of this price file, all but the newest settings, and parts left by a crash."""
    name = kept.name.rsplit(".", 3)[0]
    same: list[tuple[float, Path]] = []
    with suppress(OSError):
        for path in kept.parent.iterdir():
            if path == kept or not path.name.startswith(f"{name}."):
                continue
            written = path.stat().st_mtime
            if path.name.endswith(".tmp"):
                if time.time() - written > _STALE_S:
                    _delete(path)
            elif path.name.startswith(f"{name}.{checksum[:16]}."):
                same.append((written, path))
            elif path.name.endswith(".bars"):
                _delete(path)
    for _, path in sorted(same, reverse=True)[KEPT_SETTINGS - 1 :]:
        _delete(path)


def _delete(path: Path) -> None:
    with suppress(OSError):  # Windows keeps what is mapped
        path.unlink()
