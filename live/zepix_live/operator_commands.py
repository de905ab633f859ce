"""What a human may tell a running session, and how it lies in the inbox: a row ``operator`` among the alerts.

    {"id": "3f...", "command": "pause", "plugin": "v6_price_action_5m", "by": "anna", "from": "127.0.0.1"}

| command | without a plugin | of one plugin |
|---|---|---|
| ``pause`` | no new risk at all; what is open goes on | none by this plugin |
| ``resume`` | entries are taken again | this plugin's too, also one that was disabled or reined in |
| ``rearm`` | the equity guard is armed again, from ``base_equity`` or the equity of now | its fidelity breaker is |
| ``enable``, ``disable`` | | it is switched on or off; what it has open is managed either way |
| ``mode`` | the session is in ``mode``: LIVE, SHADOW or HYBRID | this plugin is |
| ``promote``, ``demote`` | | out of shadow, where thresholds are met or with ``force``; into shadow |
| ``flatten`` | everything is closed and cancelled, in ``book`` or all, and no new risk taken | of this plugin |
| ``reload`` | the settings are read again, from ``config`` or the file of the start | |

It stands in the inbox because that has one order for all that comes from outside, is durable before anybody is told so,
and is written while the engine restarts.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from zepix.errors import JournalError

__all__ = ["COMMANDS", "OPERATOR", "Command", "command_in_row", "command_of"]

OPERATOR: Final = "operator"
OF_A_PLUGIN: Final = ("enable", "disable", "promote", "demote")
"""Commands that name a plugin, always."""
COMMANDS: Final = ("pause", "resume", "rearm", "reload", *OF_A_PLUGIN, "mode", "flatten")
MODES: Final = ("LIVE", "SHADOW", "HYBRID")
BOOKS: Final = ("shadow", "live")
_NAMES: Final = frozenset({"id", "command", "plugin", "base_equity", "by", "config", "mode", "force", "book"})
_ID: Final = re.compile(r"[A-Za-z0-9_.:-]{8,64}")
_TEXT_LIMIT: Final = 64
_PATH_LIMIT: Final = 1024


@dataclass(frozen=True, slots=True)
class Command:
    """One command; ``id`` is whoever's gives it, by which it is known again."""

    id: str
    command: str
    plugin: str = ""
    base_equity: float | None = None
    by: str = ""
    config: str = ""
    """Of ``reload``: a file of settings on the runner's machine; empty: the one that it was started with."""
    mode: str = ""
    force: bool = False
    """Of ``promote``: though thresholds are not met."""
    book: str = ""
    """Of ``flatten``: this book alone."""

    def fields(self) -> dict[str, Any]:
        """As a row holds it."""
        found: dict[str, Any] = {"id": self.id, "command": self.command}
        if self.plugin:
            found["plugin"] = self.plugin
        if self.base_equity is not None:
            found["base_equity"] = self.base_equity
        for name in ("config", "mode", "force", "book"):
            if value := getattr(self, name):
                found[name] = value
        return {**found, "by": self.by}

    def __str__(self) -> str:
        return " ".join(word for word in (self.command, self.mode, self.plugin, self.book) if word)


def command_of(given: Any) -> Command:
    """What somebody asks for, checked. Raises ValueError with a sentence that quotes nothing."""
    if not isinstance(given, Mapping):
        raise ValueError("a command is a JSON object")
    if strange := given.keys() - _NAMES:
        raise ValueError(f"{len(strange)} of the names are none; there are {', '.join(sorted(_NAMES))}")
    command, number = given.get("command"), given.get("id")
    if command not in COMMANDS:
        raise ValueError(f"command is one of {', '.join(COMMANDS)}")
    if not isinstance(number, str) or _ID.fullmatch(number) is None:
        raise ValueError("id is 8 to 64 letters, digits and _ . : - that this command alone has")
    plugin, by = _text(given, "plugin"), _text(given, "by")
    base = given.get("base_equity")
    if base is not None and (command != "rearm" or plugin):
        raise ValueError("base_equity belongs to rearm of the account, not of a plugin")
    if base is not None and (isinstance(base, bool) or not isinstance(base, int | float) or not _is_money(base)):
        raise ValueError("base_equity is a number above 0")
    config = _text(given, "config", _PATH_LIMIT)
    if command == "reload":
        if plugin:
            raise ValueError("reload is of all settings, not of a plugin")
    elif config:
        raise ValueError("config belongs to reload")
    if command in OF_A_PLUGIN and not plugin:
        raise ValueError(f"{command} needs a plugin")
    mode, book = _word(given, "mode", MODES, "mode", command), _word(given, "book", BOOKS, "flatten", command)
    if command == "mode" and not mode:
        raise ValueError(f"mode needs a mode: {', '.join(MODES)}")
    force = given.get("force", False)
    if not isinstance(force, bool) or (force and command != "promote"):
        raise ValueError("force is true or false, and belongs to promote")
    return Command(
        number, command, plugin, None if base is None else float(base), by, config, mode=mode, force=force, book=book
    )


def _word(given: Mapping[str, Any], name: str, words: tuple[str, ...], owner: str, command: str) -> str:
    """One of some words, of the one command that takes it; empty where it is not given."""
    value = given.get(name, "")
    if value != "" and command != owner:
        raise ValueError(f"{name} belongs to {owner}")
    if value != "" and value not in words:
        raise ValueError(f"{name} is one of {', '.join(words)}")
    return str(value)


def _is_money(value: float) -> bool:
    return math.isfinite(value) and 0 < value < 1e15


def _text(given: Mapping[str, Any], name: str, limit: int = _TEXT_LIMIT) -> str:
    value = given.get(name, "")
    if not isinstance(value, str) or len(value) > limit or not value.isprintable():
        raise ValueError(f"{name} is printable text of at most {limit} characters")
    return value.strip()


def command_in_row(seq: int, body: str) -> tuple[Command, str]:
    """(the command, where it came from) of a row of the inbox. Raises JournalError where it is none."""
    try:
        found = json.loads(body)
        came_from = str(found.pop("from"))
        return command_of(found), came_from
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise JournalError(f"row {seq} of the inbox is no command of an operator ({error!r})") from error
