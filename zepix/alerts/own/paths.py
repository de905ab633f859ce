"""Where a value stands in a body: ``data.strategy.action``, ``legs.0.price``, ``"strategy.order.action".side``.

Dots part the names; digits count in a list from 0 (and are a name in an object); a name that holds a dot stands in
quotes, single or double. Names are compared exactly, in the case they are sent in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

__all__ = ["PATH_LIMIT", "FieldPath", "Used", "find", "first", "parse_path", "quoted", "used_steps", "without"]

PATH_LIMIT: Final = 256
_STEPS_LIMIT: Final = 16
Used = dict[str, "Used | None"]
_STEP: Final = re.compile(r"\"([^\"]{1,128})\"|'([^']{1,128})'|([^.\"']{1,128})")


@dataclass(frozen=True, slots=True)
class FieldPath:
    """The steps from a body's object down to one value, and how they were written."""

    text: str
    steps: tuple[str, ...]


def parse_path(text: str) -> FieldPath:
    """The path that is written so. Raises ValueError with a sentence that has no subject."""
    steps: list[str] = []
    place = 0
    while len(text) <= PATH_LIMIT and (match := _STEP.match(text, place)):
        steps.append(next(part for part in match.groups() if part is not None).strip())
        place = match.end()
        if place == len(text):
            if len(steps) > _STEPS_LIMIT:
                break
            if not all(steps):
                break
            return FieldPath(text, tuple(steps))
        if text[place] != ".":
            break
        place += 1
    raise ValueError(
        f"{text[:60]!a} is no path; examples: side, data.strategy.action, legs.0.price, "
        f"'\"strategy.order.action\"' (at most {_STEPS_LIMIT} steps)"
    )


def quoted(steps: Sequence[str]) -> str:
    """The steps as a path is written, with quotes where a name needs them. Raises ValueError where none help."""
    parts = []
    for step in steps:
        if re.fullmatch(r"[^.\"'\s]+(?: [^.\"'\s]+)*", step):
            parts.append(step)
        elif '"' not in step and step.strip() == step and step:
            parts.append(f'"{step}"')
        else:
            parts.append(f"'{step}'")
    path = parse_path(".".join(parts))
    if path.steps != tuple(steps):
        raise ValueError(f"{steps!a} cannot be written as a path")
    return path.text


def find(root: Any, path: FieldPath) -> Any:
    """The value at the path; None where there is nothing."""
    value = root
    for step in path.steps:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and step.isascii() and step.isdigit() and int(step[:9]) < len(value):
            value = value[int(step[:9])]
        else:
            return None
    return value


def first(root: Any, paths: Iterable[FieldPath]) -> Any:
    """The first value that is there and not null; None where none is."""
    for path in paths:
        value = find(root, path)
        if value is not None:
            return value
    return None


def used_steps(paths: Iterable[FieldPath]) -> Used:
    """The paths as a tree, for ``without``; None marks the end of one."""
    tree: Used = {}
    for path in paths:
        here = tree
        for step in path.steps[:-1]:
            below = here.setdefault(step, {})
            if below is None:
                break
            here = below
        else:
            here[path.steps[-1]] = None
    return tree


def without(root: Mapping[str, Any], used: Used) -> dict[str, Any]:
    """The object without what stands at the paths; objects that become empty go too, a list keeps its places."""
    rest: dict[str, Any] = {}
    for key, value in root.items():
        if key not in used:
            rest[key] = value
        elif (below := used[key]) is not None and (left := _left(value, below)):
            rest[key] = left
    return rest


def _left(value: Any, below: Used) -> Any:
    if isinstance(value, dict):
        return without(value, below)
    if isinstance(value, list):
        left = without({str(place): one for place, one in enumerate(value)}, below)
        return [left.get(str(place)) for place in range(len(value))] if left else None
    return value
