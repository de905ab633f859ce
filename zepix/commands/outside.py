"""Verbs of other packages (entry-point group ``zepix.commands``): listed by name, loaded only when they are called.

An entry point names a ``typer.Typer`` or a function. zepix never imports those packages itself; one that cannot be
loaded is reported when its verb is called and harms no other.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from importlib import metadata
from typing import Any, Final

import typer

from zepix.errors import ConfigError

__all__ = ["GROUP", "add_outside", "beside_verbs"]

GROUP: Final = "zepix.commands"
OURS: Final = {
    "zepix_live.commands:app": "Take TradingView's alerts at a webhook and trade them in shadow.",
    "zepix_live.commands:record": "Take alerts, keep them and hand them on; nothing is decided, nothing traded.",
    "zepix_live.commands:rerun": "Run a recorded live session again, compare every line, or try other settings.",
    "zepix_live.commands:shadow": "What live plugins and their shadow twins did, in named parts.",
}
"""What the live runner's verbs do, so that listing them need not load it."""


def add_outside(app: typer.Typer, known: set[str], verb: str | None) -> None:
    """Make verbs of other packages known: the one that is called is loaded, the rest only listed.

    Raises ConfigError where the called one cannot be loaded.
    """
    for point in sorted(metadata.entry_points(group=GROUP), key=lambda p: p.name):
        if point.name in known:
            continue
        if point.name != verb:
            whose = point.dist.name if point.dist is not None else point.value
            app.command(point.name, help=OURS.get(point.value) or f"From {whose}.")(_listed_only)
            continue
        try:
            _add(app, point.name, point.load())
        except Exception as error:
            raise ConfigError(f"command {verb!r} ({point.value}) cannot be loaded: {error}") from error


def beside_verbs(name: str) -> Iterator[Callable[..., Any]]:
    """The functions ``name`` of the modules that bring verbs, each once; a package that cannot be loaded has none.

    ``settings_problems(config, plugins) -> list[str]`` checks the settings that a package reads itself (``plugins``:
    those that the settings make), ``default_settings() -> {key: value}`` are those that hold where nothing is said.
    """
    modules = {point.value.partition(":")[0]: None for point in metadata.entry_points(group=GROUP)}
    for module in modules:
        try:
            found = getattr(importlib.import_module(module), name, None)
        except Exception:  # noqa: BLE001, S112 - told when its verb is called; it must not stop what is not its own
            continue
        if callable(found):
            yield found


def _add(app: typer.Typer, name: str, loaded: typer.Typer | Callable[..., Any]) -> None:
    if isinstance(loaded, typer.Typer):
        app.add_typer(loaded, name=name)
    else:
        app.command(name)(loaded)


def _listed_only() -> None:
    """Stands in the list of verbs; the real command is loaded when it is called."""
