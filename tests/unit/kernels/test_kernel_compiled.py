"""The cache of compiled kernels: where it lies, when it is thrown away, and that it is ours alone."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numba
import pytest

from zepix.kernels import compiled

ROOM = Path(compiled.__file__).parent


def run_python(code: str, *, cache: Path, folder: Path) -> str:
    """What the code prints; the current folder comes first among the places it imports from."""
    environment = {**os.environ, "ZEPIX_CACHE_DIR": str(cache)}
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        cwd=folder,
        env=environment,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_hash_changes_with_an_edit_in_any_file_and_with_a_new_one(tmp_path: Path) -> None:
    (tmp_path / "caller.py").write_text("from callee import f\n", encoding="utf-8")
    (tmp_path / "callee.py").write_text("f = 1\n", encoding="utf-8")
    before = compiled.source_hash(tmp_path)
    (tmp_path / "notes.txt").write_text("no source", encoding="utf-8")
    assert compiled.source_hash(tmp_path) == before
    (tmp_path / "callee.py").write_text("f = 2\n", encoding="utf-8")
    edited = compiled.source_hash(tmp_path)
    (tmp_path / "third.py").write_text("", encoding="utf-8")
    assert len({before, edited, compiled.source_hash(tmp_path)}) == 3


def test_the_named_folder_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZEPIX_CACHE_DIR", str(tmp_path / "here"))
    assert compiled.cache_root() == tmp_path / "here"
    assert (tmp_path / "here").is_dir()


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="the XDG folders are those of Linux")
@pytest.mark.parametrize(
    ("xdg", "expected"), [("{tmp}/xdg", "xdg/zepix"), ("relative", "home/.cache/zepix"), ("", "home/.cache/zepix")]
)
def test_without_a_name_the_users_cache_folder_is_used(
    xdg: str, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ZEPIX_CACHE_DIR", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CACHE_HOME", xdg.format(tmp=tmp_path))
    assert compiled.cache_root() == tmp_path / expected


def unwritable(tmp_path: Path) -> Path:
    """A folder nobody can make, the super-user included: its parent is a file."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    return tmp_path / "file" / "cache"


def test_an_unwritable_cache_gives_way_to_the_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZEPIX_CACHE_DIR", str(unwritable(tmp_path)))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    root = compiled.cache_root()
    assert root is not None
    assert root.parent == tmp_path
    assert root.name.startswith("zepix")


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="Windows has a temporary folder for each user")
def test_a_temporary_folder_that_others_may_write_is_not_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZEPIX_CACHE_DIR", str(unwritable(tmp_path)))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    planted = tmp_path / f"zepix-{os.getuid()}"
    planted.mkdir()
    planted.chmod(0o777)
    assert compiled.cache_root() is None


def test_only_three_caches_are_kept_and_nothing_else_is_touched(tmp_path: Path) -> None:
    for age, name in enumerate(("numba-aa", "numba-bb", "numba-cc", "bars")):
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (1_000 + age, 1_000 + age))
    (tmp_path / "numba-file").write_text("", encoding="utf-8")
    ours = compiled.compiled_folder(tmp_path, ROOM)
    assert ours is not None
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"numba-bb", "numba-cc", ours.name, "bars", "numba-file"}


def test_no_root_no_cache() -> None:
    assert compiled.compiled_folder(None, ROOM) is None


def test_the_users_own_numba_functions_keep_their_cache() -> None:
    chosen_by_user = str(numba.config.CACHE_DIR)

    @compiled.jit
    def double(value: int) -> int:
        return 2 * value

    assert str(numba.config.CACHE_DIR) == chosen_by_user
    assert double(4) == 8
    assert compiled.python_of(double)(4) == 8


def test_plain_functions_are_their_own_python() -> None:
    assert compiled.python_of(len) is len


STEPS = """
from zepix.kernels.adx import adx_start, adx_step
state = adx_step(adx_start(), 3.0, 1.0, 2.0, 1)
print(adx_step(state, 5.0, 2.0, 4.0, 1).range_sum)
"""


def test_an_edited_callee_in_another_file_is_compiled_anew(tmp_path: Path) -> None:
    package = tmp_path / "copy" / "zepix"
    shutil.copytree(ROOM, package / "kernels", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOM.parent / "model", package / "model", ignore=shutil.ignore_patterns("__pycache__"))
    (package / "__init__.py").write_text("", encoding="utf-8")
    cache = tmp_path / "cache"
    assert run_python(STEPS, cache=cache, folder=package.parent) == "3.0"
    assert len(list(cache.rglob("adx.adx_step*.nbc"))) == 1
    callee = package / "kernels" / "atr.py"
    source = callee.read_text(encoding="utf-8")
    edited = source.replace("max(high, previous_close) - min(", "10.0 + max(high, previous_close) - min(")
    assert edited != source
    callee.write_text(edited, encoding="utf-8")
    assert run_python(STEPS, cache=cache, folder=package.parent) == "13.0"
    assert len(list(cache.glob("numba-*"))) == 2
