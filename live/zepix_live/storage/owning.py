"""Who may write a file of SQLite: one process at a time, by a lock that the system takes back."""

from __future__ import annotations

from zepix.errors import JournalError
from zepix.journal.lock import FolderLock
from zepix.journal.trouble import JournalLocked
from zepix_live.storage.address import Address
from zepix_live.storage.trouble import StorageGone, StorageLocked

__all__ = ["owned"]

PREFIX = "database-"


def owned(address: Address) -> FolderLock | None:
    """The lock, to be released; None of a server, which looks after itself. Raises StorageLocked where another holds
    it, StorageGone where the folder cannot be written."""
    path = address.path
    if path is None:
        return None
    if not path.parent.is_dir():
        raise StorageGone(f"the folder of the database {address} is not there; make it, or name another one")
    name = "".join(one if one.isascii() and (one.isalnum() or one in "-_") else "_" for one in path.stem)
    try:
        return FolderLock(path.parent / "lock", f"{PREFIX}{name}"[:64])
    except JournalLocked as error:
        raise StorageLocked(
            f"another process writes the database {address}: {error}. A runner keeps its own up to date by itself; "
            "to rebuild it, end the runner first, or start that without its API (live.api.enabled = false)"
        ) from None
    except JournalError as error:
        raise StorageGone(f"the folder of the database {address} cannot be written: {error}") from None
