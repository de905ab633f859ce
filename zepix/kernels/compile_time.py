"""How long kernels were compiled for: numba's own record of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from numba.core import event

__all__ = ["CompileTime", "compile_time"]


class CompileTime:
    """``seconds``: what compiling took since it was begun to be noted; what came from the disk counts nothing."""

    def __init__(self, recorded: Any) -> None:
        self._recorded = recorded

    @property
    def seconds(self) -> float:
        """A kernel that is compiled for another one counts once."""
        depth, begun, total = 0, 0.0, 0.0
        for at, found in list(self._recorded.buffer):
            if found.is_start:
                if not depth:
                    begun = at
                depth += 1
            else:
                depth -= 1
                if not depth:
                    total += at - begun
        return total


@contextmanager
def compile_time() -> Iterator[CompileTime]:
    """Note what is compiled inside, in all threads (numba compiles one kernel at a time)."""
    with event.install_recorder("numba:compile") as recorded:
        yield CompileTime(recorded)
