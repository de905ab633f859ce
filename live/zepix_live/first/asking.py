"""Questions with a default each, for a terminal, a pipe, or nobody: whoever answers nothing takes the default.

A wrong answer is told and asked again; from a pipe, where nobody would read that, it ends the asking.
"""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Callable, Sequence
from typing import Final, TextIO, TypeVar

from zepix.errors import ConfigError

__all__ = ["Asker", "wrapped"]

MOST_TRIES: Final = 5
LONGEST: Final = 2_048
WIDEST: Final = 96
NARROWEST: Final = 24
T = TypeVar("T")


class Asker:
    """Asks on one pair of streams. ``is_quiet``: nothing is asked, every default is taken."""

    def __init__(self, say: Callable[[str], None], *, is_quiet: bool = False, stream: TextIO | None = None) -> None:
        self._say = say
        self._stream = sys.stdin if stream is None else stream
        self._is_over = is_quiet or self._stream is None
        self.is_terminal = not self._is_over and _is_terminal(self._stream)

    def ask(
        self,
        question: str,
        default: str,
        understood: Callable[[str], T],
        choices: Sequence[str] = (),
        *,
        shown: str = "",
    ) -> T:
        """The answer as ``understood`` gives it, which raises ConfigError for one that will not do. ``choices`` are
        lines to choose from; ``shown``: the default in words. Raises ConfigError where nobody mends a wrong answer."""
        if not self._is_over:
            for line in (*wrapped(question), *(part for one in choices for part in wrapped(one, "  "))):
                self._say(line)
        for _ in range(MOST_TRIES):
            text = self._read(shown or default)
            try:
                return understood(text or default)
            except ConfigError as error:
                if not self.is_terminal:
                    raise
                for problem in error.problems:
                    self._say(problem)
        raise ConfigError(f"no answer that would do, {MOST_TRIES} times; give it as a flag")

    def agrees(self, question: str) -> bool:
        """Whether somebody says yes; nobody there says no."""
        if self._is_over:
            return False
        for line in wrapped(f"{question} (y/N)"):
            self._say(line)
        return self._read("N").lower() in ("y", "yes")

    def _read(self, shown: str) -> str:
        """A line without its ends; empty where there is none."""
        if self._is_over:
            return ""
        self._say(f"  [{shown}]" if shown else "  [none]")
        line = self._stream.readline(LONGEST + 1)
        if not line:
            self._is_over = True
            return ""
        text = line.strip().lstrip("\ufeff")
        if len(line) > LONGEST:
            raise ConfigError(f"an answer has at most {LONGEST} characters")
        if not self.is_terminal:
            self._say(f"  {text}" if text else "  (the default)")
        return text


def wrapped(text: str, before: str = "") -> list[str]:
    """A text in lines that fit the terminal; what has no spaces is never cut."""
    width = min(WIDEST, max(NARROWEST, shutil.get_terminal_size((80, 24)).columns - 1))
    return textwrap.wrap(text, width, initial_indent=before, subsequent_indent=before + "  " if before else "",
                         break_long_words=False, break_on_hyphens=False) or [""]  # fmt: skip


def _is_terminal(stream: TextIO) -> bool:
    try:
        return stream.isatty()
    except ValueError:  # closed by the caller
        return False
