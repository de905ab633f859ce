"""Which SQLite this Python brings, and whether it has the WAL-reset defect that our one writer stays clear of."""

from __future__ import annotations

import sqlite3
from typing import Final

__all__ = ["has_wal_reset_defect", "sqlite_note"]

_FIXED: Final = (3, 51, 3)
_FIXED_BRANCHES: Final = {(3, 44): 6, (3, 50): 7}
_BEGAN: Final = (3, 7, 0)


def has_wal_reset_defect(version: tuple[int, int, int]) -> bool:
    """Whether two connections that write and checkpoint at once could damage a database (3.7.0 to 3.51.2)."""
    patched = _FIXED_BRANCHES.get(version[:2])
    return _BEGAN <= version < _FIXED and not (patched is not None and version[2] >= patched)


def sqlite_note() -> str:
    """One line for ``zepix doctor``."""
    major, minor, patch = (*sqlite3.sqlite_version_info, 0, 0)[:3]
    if has_wal_reset_defect((major, minor, patch)):
        return f"{sqlite3.sqlite_version} (has the WAL-reset defect of SQLite before 3.51.3; one writer avoids it)"
    return f"{sqlite3.sqlite_version} (without the WAL-reset defect)"
