"""Files that a configuration names, kept with it: a rerun elsewhere, or after they were changed, reads what was read.

Instruments, dialects and restrictions are kept whole. Of folders with strategies only a checksum is: what lies in a
journal is data, and no code is run out of it.

    {"data.instruments": [{"path": "/etc/zepix/instruments.toml", "sha256": "...", "text": "..."}], ...}

``text`` is null for what is too large to be kept, or no text; then the file itself is needed, and must be the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from zepix.errors import ConfigError

__all__ = ["FOLDERS", "KEPT", "RESTRICTIONS", "Files", "changed", "files_of", "placed"]

RESTRICTIONS: Final = "broker.restrictions"
KEPT: Final = ("data.instruments", "alerts.dialects", RESTRICTIONS)
FOLDERS: Final = "plugin_system.plugin_dir"
MOST_BYTES: Final = 256 * 1024
"""Of all that is kept with one configuration; a row of the journal has at most 1 MiB."""
MOST_READ_BYTES: Final = 64 * 1024 * 1024
MOST_SOURCES: Final = 5_000
GONE: Final = "gone"
Files = dict[str, list[dict[str, Any]]]


def files_of(settings: Mapping[str, Any]) -> Files:
    """What ``settings`` (with whole paths) name, as it lies on the disk now."""
    found: Files = {}
    room = MOST_BYTES
    for key in KEPT:
        for path in _paths(key, settings.get(key)):
            content = _content(path)
            text = _text(content) if content is not None and len(content) <= room else None
            room -= 0 if text is None else len(content or b"")
            found.setdefault(key, []).append({"path": str(path), "sha256": _sum(content), "text": text})
    for path in _paths(FOLDERS, settings.get(FOLDERS)):
        found.setdefault(FOLDERS, []).append({"path": str(path), "sha256": _sum_of_folder(path), "text": None})
    return found


def placed(settings: Mapping[str, Any], files: Files, folder: Path) -> dict[str, Any]:
    """Settings that name the kept files instead, which are written to ``folder``, and of folders those that are there.
    Raises ConfigError where a file that was not kept is not there as it was."""
    found: dict[str, Any] = {}
    if FOLDERS in files:
        found[FOLDERS] = [one["path"] for one in files[FOLDERS] if Path(one["path"]).is_dir()]
    for key in KEPT:
        if key not in files:
            continue
        paths = [_place(key, one, folder / f"{key}-{number}") for number, one in enumerate(files[key])]
        if key == "alerts.dialects":
            found[key] = paths
        else:
            _, mark, name = str(settings[key]).partition("#")
            found[key] = f"{paths[0]}{mark}{name}"
    return found


def changed(files: Files) -> list[str]:
    """A sentence for each file or folder that is not on this disk as it was."""
    found: list[str] = []
    for key, kept in files.items():
        for one in kept:
            path = Path(one["path"])
            now = _sum_of_folder(path) if key == FOLDERS else _sum(_content(path))
            if now == one["sha256"]:
                continue
            what = "is not there any more" if now == GONE else "is another one than it was"
            used = "what lies there now is used" if key == FOLDERS else "the journal's own is used"
            found.append(f"{key}: {path} {what}; {used}")
    return found


def _paths(key: str, said: Any) -> list[Path]:
    if said is None:
        return []
    texts = [said] if isinstance(said, str) else list(said)
    if key == RESTRICTIONS:  # a name of the spec's own, or FILE.toml#NAME
        texts = [file for text in texts if (file := text.partition("#")[0]).lower().endswith(".toml")]
    return [Path(text) for text in texts]


def _place(key: str, one: Mapping[str, Any], folder: Path) -> str:
    path = Path(one["path"])
    if one["text"] is None:
        if _sum(_content(path)) != one["sha256"]:
            told = (
                "was not kept in the journal (too large, or no text), and is not on this disk as it was; bring it back"
            )
            raise ConfigError(f"{key}: {path} {told}")
        return str(path)
    folder.mkdir(parents=True)
    copy = folder / path.name
    copy.write_text(one["text"], encoding="utf-8", newline="")
    return str(copy)


def _content(path: Path) -> bytes | None:
    """None where it is not there, or no file that anybody configures."""
    try:
        with path.open("rb") as handle:
            found = handle.read(MOST_READ_BYTES + 1)
    except OSError:
        return None
    return found if len(found) <= MOST_READ_BYTES else None


def _text(content: bytes) -> str | None:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _sum(content: bytes | None) -> str:
    return GONE if content is None else sha256(content).hexdigest()


def _sum_of_folder(folder: Path) -> str:
    """Of every source in it, by name; or that it is gone."""
    if not folder.is_dir():
        return GONE
    found = sha256()
    for name, path in sorted(_sources(folder)):
        found.update(f"{name}\0{_sum(_content(path))}\n".encode())
    return found.hexdigest()


def _sources(folder: Path) -> Iterator[tuple[str, Path]]:
    for number, path in enumerate(folder.rglob("*.py")):
        if number >= MOST_SOURCES:
            return
        yield path.relative_to(folder).as_posix(), path
