"""How kernels are compiled: ``jit``, one decorator for all, with a cache that notices an edit in any kernel file.

numba keys its cache by the file of the function it compiles. A kernel that calls a kernel of another file is compiled
with that callee inside it, so an edited callee would go unnoticed. Hence the cache lies in a folder named after a
hash of all sources of this room::

    $ZEPIX_CACHE_DIR/numba-<hash>          where the variable is set
    <user cache>/zepix/numba-<hash>        else: ~/.cache (or $XDG_CACHE_HOME), ~/Library/Caches, %LOCALAPPDATA%
    <temporary folder>/zepix-<user id>/... where neither can be written

numba's own index tells its versions, Python's and the processor apart. This file is the only one of the room that
reads the environment or writes a file, once at import. A kernel is compiled, or loaded, at its first call.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, TypeVar, cast

import numba

__all__ = ["KEPT_CACHES", "cache_root", "compiled_folder", "jit", "kept_kernels", "python_of", "source_hash"]

F = TypeVar("F", bound=Callable[..., Any])

KEPT_CACHES: Final = 3
_PREFIX: Final = "numba-"
_NUMBA_CONFIG: Final[Any] = numba.config  # its attributes are set at run time


def source_hash(folder: Path) -> str:
    """Sixteen hex digits that change with the name or the content of any Python file in ``folder``."""
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.py")):
        body = path.read_bytes()
        digest.update(f"{path.name}:{len(body)}:".encode())
        digest.update(body)
    return digest.hexdigest()[:16]


def cache_root() -> Path | None:
    """The folder of zepix's caches on this machine, created if need be; None where nothing can be written."""
    for place in (_chosen_root, _temporary_root):
        folder = place()
        if folder is not None and _is_writable(folder):
            return folder
    return None


def _chosen_root() -> Path | None:
    named = os.environ.get("ZEPIX_CACHE_DIR")
    try:
        return Path(named).expanduser().absolute() if named else _user_root()
    except RuntimeError:  # no home folder can be told
        return None


def _user_root() -> Path:
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        return (Path(local) if local else Path.home() / "AppData" / "Local") / "zepix"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "zepix"
    given = os.environ.get("XDG_CACHE_HOME")
    # the XDG specification: a relative path is to be ignored
    return (Path(given) if given and Path(given).is_absolute() else Path.home() / ".cache") / "zepix"


def _temporary_root() -> Path | None:
    """A folder of the user's own below the temporary one; None if somebody else could have put files there.

    numba's cache holds pickles, which run code when they are read.
    """
    user = os.getuid() if hasattr(os, "getuid") else None
    folder = Path(tempfile.gettempdir()) / ("zepix" if user is None else f"zepix-{user}")
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        facts = folder.lstat()
    except OSError:
        return None
    if not stat.S_ISDIR(facts.st_mode):
        return None
    if user is not None and (facts.st_uid != user or facts.st_mode & 0o077):
        return None
    return folder


def _is_writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def compiled_folder(root: Path | None, sources: Path) -> Path | None:
    """The cache of these sources below ``root``, created; the oldest of others go when more than three stand there."""
    if root is None:
        return None
    folder = root / (_PREFIX + source_hash(sources))
    if not folder.is_dir():
        with suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            _forget_old(root, folder)
    return folder


def _forget_old(root: Path, keep: Path) -> None:
    others = [p for p in root.glob(_PREFIX + "*") if p.is_dir() and not p.is_symlink() and p != keep]
    others.sort(key=lambda p: p.stat().st_mtime, reverse=True)
    for folder in others[KEPT_CACHES - 1 :]:
        shutil.rmtree(folder, ignore_errors=True)


_FOLDER: Final = compiled_folder(cache_root(), Path(__file__).parent)


def kept_kernels(prefix: str = "", folder: Path | None = _FOLDER) -> int:
    """How many kernels of files with that prefix lie compiled on the disk; of other interpreters too."""
    if folder is None:
        return 0
    return len({index.name.split("-")[0] for index in folder.glob(f"*/{prefix}*.nbi")})


@contextmanager
def _our_cache() -> Iterator[None]:
    """numba chooses the place of a cache when a function is decorated; the user's own functions keep theirs."""
    before = _NUMBA_CONFIG.CACHE_DIR
    _NUMBA_CONFIG.CACHE_DIR = str(_FOLDER)
    try:
        yield
    finally:
        _NUMBA_CONFIG.CACHE_DIR = before


def jit(function: F) -> F:
    """Compile a kernel at its first call and keep the machine code on disk, keyed by all sources of this room.

    No fastmath: sums keep their order and NaN stays NaN. Division by zero gives an infinity or NaN as in numpy
    (whole numbers: undefined), so kernels check their divisors. The interpreter lock is released inside.
    """
    with _our_cache():
        decorated = numba.njit(cache=_FOLDER is not None, fastmath=False, error_model="numpy", nogil=True)(function)
    return cast(F, decorated)


def python_of(kernel: F) -> F:
    """The kernel as plain Python, for tests that compare it with its machine code."""
    return cast(F, getattr(kernel, "py_func", kernel))
