"""How far a sweep is, where somebody can see it: a line that renews itself in the terminal, a bar in a notebook.

Nothing but IPython's own display is needed there, and no event loop is touched.
"""

from __future__ import annotations

import sys
import time
from typing import Any, Final

from zepix.research.sweep.driver import Tell

__all__ = ["teller"]

_PAUSE_S: Final = 0.25
_WIDTH: Final = 30


def teller(wanted: bool | Tell) -> Tell:
    """What is told (done, total): yours, a notebook's bar, the terminal's line, or nothing where nobody looks."""
    if callable(wanted):
        return wanted
    if wanted and _in_notebook():
        return _Bar(_Notebook())
    if wanted and sys.stderr is not None and sys.stderr.isatty():
        return _Bar(_Line())
    return lambda _done, _total: None


def _in_notebook() -> bool:
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell is not None and hasattr(shell, "kernel")


class _Bar:
    """Tells at most four times a second, and at the end."""

    def __init__(self, place: Any) -> None:
        self._place = place
        self._start = time.monotonic()
        self._last = 0.0

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if now - self._last < _PAUSE_S and done < total:
            return
        self._last = now
        passed = now - self._start
        left = f", about {passed / done * (total - done):,.0f} s left" if 0 < done < total else ""
        self._place.show(done, total, f"{done:,} of {total:,} cells, {passed:,.0f} s{left}")


class _Line:
    """One line of the terminal."""

    def show(self, done: int, total: int, words: str) -> None:
        full = _WIDTH * done // max(total, 1)
        end = "\n" if done >= total else ""
        sys.stderr.write(f"\r[{'#' * full}{'.' * (_WIDTH - full)}] {words}\x1b[K{end}")
        sys.stderr.flush()


class _Notebook:
    """One output of a cell, renewed in place."""

    def __init__(self) -> None:
        self._handle: Any = None

    def show(self, done: int, total: int, words: str) -> None:
        import IPython.display  # type: ignore[import-not-found,unused-ignore]

        page: Any = IPython.display

        bar = f'<progress value="{done}" max="{max(total, 1)}" style="width:20em"></progress> {words}'
        if self._handle is None:
            self._handle = page.display(page.HTML(bar), display_id=True)
        else:
            self._handle.update(page.HTML(bar))
