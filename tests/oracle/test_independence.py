"""The oracle shares no code with what it judges."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable
from pathlib import Path

FILES = sorted(Path(__file__).parent.glob("*.py"))
SIMULATOR = (
    "oracle.py",
    "account.py",
    "bars.py",
    "bracket.py",
    "broker.py",
    "commands.py",
    "guard.py",
    "money.py",
    "pendings.py",
    "tickets.py",
    "watch.py",
)


def imported_roots(file: Path) -> Iterable[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name.partition(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield (node.module or "").partition(".")[0]


def test_no_file_of_the_oracle_imports_zepix() -> None:
    offenders = [file.name for file in FILES if "zepix" in imported_roots(file)]
    assert not offenders, f"{offenders} import zepix: the oracle shares no code with what it judges"


def test_the_simulator_itself_needs_the_standard_library_only() -> None:
    simulator = [file for file in FILES if file.name in SIMULATOR]
    assert len(simulator) == len(SIMULATOR)
    foreign = {root for file in simulator for root in imported_roots(file)} - sys.stdlib_module_names
    assert not foreign
