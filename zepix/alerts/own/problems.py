"""What is wrong with a file of dialects, gathered, so that all of it is told at once, with near names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any, Final

from zepix.alerts.payload import shown
from zepix.errors import ConfigError

__all__ = ["Problems", "near"]

MOST_TOLD: Final = 100


def near(word: str, known: Iterable[str]) -> str:
    """The tail of a sentence about an unknown word: ``; did you mean 'x'?``, or nothing where nothing is near."""
    matches = get_close_matches(word[:64].lower(), list(known), n=2, cutoff=0.6)
    return f"; did you mean {' or '.join(map(repr, matches))}?" if matches else ""


class Problems:
    """Sentences, each with the place in the file that it is about."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.found: list[str] = []

    def add(self, place: str, sentence: str) -> None:
        """Notes one problem of a place such as ``dialect.mine.fields.sl``."""
        self.found.append(f"{self.where}: {place}: {sentence}")

    def table(self, place: str, value: Any, most: int) -> Mapping[str, Any]:
        """The value as a table; a problem, and an empty one, where it is none or too large."""
        if not isinstance(value, Mapping):
            self.add(place, f"expected a table, not {shown(value)}")
            return {}
        if len(value) > most:
            self.add(place, f"{len(value)} entries; at most {most}")
            return {}
        return value

    def known(self, place: str, keys: Iterable[str], known: Iterable[str], what: str = "key") -> set[str]:
        """The keys that are known; each of the others is a problem with its near names."""
        known = list(known)
        fine = set()
        for key in keys:
            if key in known:
                fine.add(key)
            else:
                tail = near(key, known) or f"; there are {', '.join(known)}"
                self.add(f"{place}.{shown(key)[1:-1]}", f"unknown {what}{tail}")
        return fine

    def text(self, place: str, value: Any, most: int) -> str | None:
        """The value as a text that is not empty; a problem, and None, where it is none."""
        if isinstance(value, str) and 0 < len(value) <= most:
            return value
        self.add(place, f"expected text of 1 to {most} characters, not {shown(value)}")
        return None

    def texts(self, place: str, value: Any, most: int, count: int) -> tuple[str, ...]:
        """One text or a list of texts; problems for what is none."""
        if not isinstance(value, list):
            value = [value]
        if not 0 < len(value) <= count:
            self.add(place, f"expected 1 to {count} texts, not {len(value)}")
            return ()
        found = [self.text(place, one, most) for one in value]
        return tuple(one for one in found if one is not None)

    def raise_any(self) -> None:
        """Raises ConfigError where there is a problem."""
        if len(self.found) > MOST_TOLD:
            rest = len(self.found) - MOST_TOLD
            raise ConfigError([*self.found[:MOST_TOLD], f"{self.where}: {rest} more problems"])
        if self.found:
            raise ConfigError(self.found)
