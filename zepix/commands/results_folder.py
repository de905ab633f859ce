"""Where a run's files go when nobody said: a numbered folder that no other run has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from zepix.errors import ConfigError
from zepix.spec import Spec

__all__ = ["results_folder"]

_MOST_RUNS: Final = 10_000
_RESULTS: Final = "results"
_WITHOUT_SPEC: Final = "zepix-results"


@contextmanager
def results_folder(spec: Spec) -> Iterator[Path]:
    """The folder for a run, made before it starts, so that no run is lost to a place that cannot be written.

    ``spec.out`` if given, else ``results/<spec file's name>-<n>`` beside the spec file, or where there is none
    ``zepix-results/<title>-<n>`` in the current folder. A new folder that stays empty is removed again. Raises
    ConfigError where it cannot be made.
    """
    folder, is_new = _given(spec.out) if spec.out is not None else (_numbered(spec), True)
    try:
        yield folder
    finally:
        if is_new:
            with suppress(OSError):  # only empty folders can be removed so
                folder.rmdir()
                if spec.out is None:
                    folder.parent.rmdir()


def _given(folder: Path) -> tuple[Path, bool]:
    is_new = not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        why = "is a file" if folder.is_file() else f"cannot be made: {error.strerror or error}"
        raise ConfigError(f"--out {folder} {why}; name a folder") from None
    return folder, is_new


def _numbered(spec: Spec) -> Path:
    name = re.sub(r"[^\w.-]+", "-", spec.path.stem if spec.path is not None else spec.title).strip("-.") or "replay"
    above = spec.path.parent / _RESULTS if spec.path is not None else Path(_WITHOUT_SPEC)
    try:
        above.mkdir(parents=True, exist_ok=True)
        for number in range(1, _MOST_RUNS):
            with suppress(FileExistsError):
                folder = above / f"{name}-{number}"
                folder.mkdir()
                return folder
    except OSError as error:
        raise ConfigError(f"{above} cannot be written: {error.strerror or error}; say --out DIR") from None
    raise ConfigError(f"{above} holds {_MOST_RUNS} runs of {name}; remove some, or say --out DIR")
