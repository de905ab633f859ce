"""The repository as data for the tidy tests: its files, the syntax trees of its code, who imports what."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "zepix"
LIVE = ROOT / "live" / "zepix_live"
MARK = "# tidy:"
SKIPPED = {".git", ".venv", ".cache", "node_modules", "__pycache__", "build", "dist"}


@dataclass(frozen=True)
class Source:
    """One Python file of a package: ``room`` is the part of zepix it belongs to, the live runner being one."""

    path: Path
    room: str
    text: str
    tree: ast.Module

    @property
    def name(self) -> str:
        return self.path.relative_to(ROOT).as_posix()

    def is_excused(self, line: int) -> bool:
        """Whether the line carries ``# tidy: reason``."""
        words = self.text.splitlines()[line - 1].partition(MARK)
        return bool(words[1]) and bool(words[2].strip())


@cache
def sources() -> tuple[Source, ...]:
    found = [path for package in (PACKAGE, LIVE) for path in sorted(package.rglob("*.py"))]
    return tuple(_source(path) for path in found if not SKIPPED & set(path.parts))


def _source(path: Path) -> Source:
    text = path.read_text(encoding="utf-8")
    room = "live" if path.is_relative_to(LIVE) else path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    return Source(path, room, text, ast.parse(text))


def imports(source: Source) -> Iterator[tuple[int, str]]:
    """(line, dotted module) of every import, those inside functions and under TYPE_CHECKING too."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{source.name}:{node.lineno}: imports are absolute"
            for alias in node.names:
                yield node.lineno, f"{node.module}.{alias.name}"


def dotted(node: ast.expr) -> str:
    """``datetime.now`` of an attribute chain, else an empty string."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        before = dotted(node.value)
        return f"{before}.{node.attr}" if before else f"?.{node.attr}"
    return ""


@cache
def repository_files() -> tuple[Path, ...]:
    """Files that are or will be committed; without git, all but caches."""
    try:
        listed = subprocess.run(
            ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            capture_output=True,
            check=True,
        )
        found = [ROOT / name for name in listed.stdout.decode("utf-8").split("\0") if name]
    except (OSError, subprocess.CalledProcessError):
        found = [path for path in ROOT.rglob("*") if not SKIPPED & set(path.relative_to(ROOT).parts)]
    return tuple(sorted(path for path in found if path.is_file()))


def text_files() -> Iterator[tuple[Path, str]]:
    """Committed files that are text, with their text."""
    for path in repository_files():
        try:
            yield path, path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
