"""Numbers that decided, by name: gathered on the way, put together when somebody reads them.

A replay makes some forty numbers for every entry, and most of them are read once, when results are written, or never.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from typing import Any, Final

__all__ = ["Numbers", "SaidNumbers"]


class SaidNumbers(Mapping[str, Any]):
    """Names and values, by turns, as a mapping of words and floats."""

    __slots__ = ("_made", "_said")

    def __init__(self, said: Sequence[Any]) -> None:
        self._said = said
        self._made: dict[str, Any] | None = None

    def as_dict(self) -> dict[str, Any]:
        """All of them; not to be changed."""
        if self._made is None:
            words = iter(self._said)
            self._made = {name: v if isinstance(v, str) else float(v) for name, v in zip(words, words, strict=True)}
        return self._made

    def __getitem__(self, name: str) -> Any:
        return self.as_dict()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.as_dict())

    def __len__(self) -> int:
        return len(self.as_dict())

    def __repr__(self) -> str:
        return repr(self.as_dict())


_PARTS: Final = frozenset({dict, SaidNumbers})
"""What comes mostly: mappings that need no long question."""


class Numbers(MutableMapping[str, Any]):
    """A dict of numbers that takes in whole answers without reading them yet.

    A name that comes again keeps its place and gets the later value, as in a dict.
    """

    __slots__ = ("_made", "_parts")

    def __init__(self, numbers: Mapping[str, Any] | None = None) -> None:
        self._made: dict[str, Any] = {} if numbers is None else dict(numbers)
        self._parts: list[Mapping[str, Any]] = []

    def update(self, numbers: Any = (), /, **more: Any) -> None:
        """As a dict's; a mapping is read when somebody reads us, so it must not be changed any more."""
        if not more and (type(numbers) in _PARTS or isinstance(numbers, Mapping)):
            self._parts.append(numbers)
        else:
            self.as_dict().update(numbers, **more)

    def as_dict(self) -> dict[str, Any]:
        """All of them; not to be changed."""
        if self._parts:
            for part in self._parts:
                self._made.update(part.as_dict() if isinstance(part, SaidNumbers | Numbers) else part)
            self._parts = []
        return self._made

    def __setitem__(self, name: str, value: Any) -> None:
        if self._parts:
            self._parts.append({name: value})
        else:
            self._made[name] = value

    def __getitem__(self, name: str) -> Any:
        return self.as_dict()[name]

    def __delitem__(self, name: str) -> None:
        del self.as_dict()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.as_dict())

    def __len__(self) -> int:
        return len(self.as_dict())

    def __repr__(self) -> str:
        return repr(self.as_dict())
