"""Verbs of other packages (entry-point group ``zepix.commands``): listed by name, loaded only when they are called.

An entry point names a ``typer.Typer`` or a function. zepix never imports those packages itself; one that cannot be
loaded is reported when its verb is called and harms no other.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import metadata
from typing import Any, Final

import typer

from zepix.errors import ConfigError

__all__ = ["GROUP", "add_outside"]

GROUP: Final = "zepix.commands"
OURS: Final = {
    "zepix_live.commands:app": "Take TradingView's alerts at a webhook and trade them in shadow.",
    "zepix_live.commands:rerun": "Run a recorded live session again, compare every line, or try other settings.",
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


def _add(app: typer.Typer, name: str, loaded: typer.Typer | Callable[..., Any]) -> None:
    if isinstance(loaded, typer.Typer):
        app.add_typer(loaded, name=name)
    else:
        app.command(name)(loaded)


def _listed_only() -> None:
    """Stands in the list of verbs; the real command is loaded when it is called."""
