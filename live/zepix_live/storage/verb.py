"""What ``zepix live rebuild`` does; the only module of this package that loads without SQLAlchemy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from zepix.errors import ConfigError
from zepix_live.clock import Clock

__all__ = ["rebuild_and_tell"]


def rebuild_and_tell(
    data_dir: Path,
    database: str | None,
    environ: Mapping[str, str],
    clock: Clock,
    *,
    say: Callable[[str], None],
    note: Callable[[str], None],
) -> None:
    """Rebuild, and say in a line what it came to. Raises ConfigError, DataError and its kinds."""
    try:
        from zepix_live.storage.address import address_of
        from zepix_live.storage.rebuilding import rebuild
    except ImportError:
        raise ConfigError("the database needs SQLAlchemy and Alembic: pip install 'zepix[live]'") from None
    found = rebuild(data_dir, address_of(data_dir, database, environ), clock)
    for line in found.notes:
        note(line)
    say(str(found))
