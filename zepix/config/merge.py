"""Laying one layer of settings over another, and holding the result against the known keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from zepix.config.check import check_value, plain
from zepix.config.keys import ANY, DEFAULT_STRATEGY, MAXIMA, SECRET_NAMES, SECRET_WORDS, dotted_keys, near

__all__ = ["MASK", "Origins", "checked", "copied", "is_secret", "lay", "spread_strategy"]

MASK: Final = "********"
KeyPath = tuple[str, ...]
Origins = dict[KeyPath, str]


def lay(
    below: dict[str, Any],
    above: Mapping[str, Any],
    origin: str = "",
    origins: Origins | None = None,
    path: KeyPath = (),
) -> None:
    """Lay one layer over what is there, table into table, noting where each value came from."""
    noted: Origins = {} if origins is None else origins
    for key, value in above.items():
        here = (*path, key)
        if isinstance(value, Mapping):
            if not isinstance(below.get(key), dict):
                below[key] = {}
                noted.pop(here, None)
            lay(below[key], value, origin, noted, here)
            continue
        if isinstance(below.get(key), dict):
            for old in [known for known in noted if known[: len(here)] == here]:
                del noted[old]
        below[key] = copied(value)
        noted[here] = origin


def spread_strategy(layers: Mapping[str, dict[str, Any]]) -> None:
    """Move every layer's ``[strategy]`` keys into the settings of the plugin that the last layer names, in place.

    Settings without any name, and without plugins of their own, are those of the default strategy.
    """
    tables = [values["strategy"] for values in layers.values() if isinstance(values.get("strategy"), dict)]
    if tables and not any("name" in t for t in tables) and not any(values.get("plugins") for values in layers.values()):
        tables[-1]["name"] = DEFAULT_STRATEGY
    named = {
        origin: str(values["strategy"]["name"])
        for origin, values in layers.items()
        if isinstance(values.get("strategy"), dict) and isinstance(values["strategy"].get("name"), str)
    }
    if not named:
        return
    chosen = list(named.values())[-1]
    for origin, values in layers.items():
        table = values.get("strategy")
        if not isinstance(table, dict):
            continue
        if named.get(origin, chosen) != chosen:  # meant for the strategy that this layer names
            values["strategy"] = {"name": table["name"]}
            continue
        settings = {key: value for key, value in table.items() if key != "name"}
        if settings:
            lay(values, {"plugins": {chosen: {"settings": settings}}})


def checked(
    kinds: Mapping[str, Any], values: Mapping[str, Any], origins: Origins, problems: list[str], path: KeyPath = ()
) -> dict[str, Any]:
    """The values in their types; what is unknown or wrong becomes a problem and is left out."""
    result: dict[str, Any] = {}
    for key, value in values.items():
        here = (*path, key)
        kind = kinds.get(key, kinds.get("*"))
        if kind is None:
            problems.append(f"{_named(here, origins)}: unknown setting{_near_key(kinds, here)}")
        elif kind is ANY:
            result[key] = value
        elif not isinstance(kind, dict):
            _check_leaf(kind, value, here, origins, problems, result)
        elif isinstance(value, dict):
            result[key] = checked(kind, value, origins, problems, here)
        else:
            shown = MASK if is_secret(here) else repr(plain(value))[:60]
            problems.append(f"{_named(here, origins)}: expected a table of settings, not {shown}")
    return result


def is_secret(path: KeyPath) -> bool:
    """Whether a key's value must never be shown."""
    return any(part.lower() in SECRET_NAMES or word in part.lower() for part in path for word in SECRET_WORDS)


def copied(value: Any) -> Any:
    """A deep copy of tables and lists; other values are shared, they never change."""
    if isinstance(value, Mapping):
        return {key: copied(child) for key, child in value.items()}
    return [copied(child) for child in value] if isinstance(value, list) else value


def _check_leaf(
    kind: Any, value: Any, path: KeyPath, origins: Origins, problems: list[str], result: dict[str, Any]
) -> None:
    try:
        checked_value = check_value(kind, value)
        most = MAXIMA.get(".".join(path))
        if most is not None and checked_value is not None and checked_value > most:
            raise ValueError(f"{checked_value} is too large; at most {most}")
        result[path[-1]] = checked_value
    except ValueError as error:
        why = "of the wrong type; it is a secret and not shown" if is_secret(path) else str(error)
        problems.append(f"{_named(path, origins)}: {why}")


def _named(path: KeyPath, origins: Origins) -> str:
    """The key with the layer that its first value came from."""
    origin = next((by for known, by in origins.items() if known[: len(path)] == path), "")
    return ".".join(path) + (f" ({origin})" if origin else "")


def _near_key(kinds: Mapping[str, Any], path: KeyPath) -> str:
    """Near names: first those of the same table, then the same name in another table, then any key."""
    prefix = "".join(f"{part}." for part in path[:-1])
    siblings = [name for name in kinds if name != "*"]
    every = [key for key in dotted_keys() if "*" not in key]
    same_name = [key for key in every if key.rpartition(".")[2] == path[-1]]
    return (
        near(path[-1], siblings, prefix)
        or (f"; did you mean {' or '.join(map(repr, same_name))}?" if same_name else "")
        or near(".".join(path), every)
        or f"; known are {', '.join(sorted(siblings))}" + (f" in [{prefix[:-1]}]" if prefix else "")
    )
