"""Settings of an older ``config.json`` as zepix has them: what was understood, what was not, and where secrets belong.

No secret is copied: not under its name, not inside a table, and not where its text looks like a bot's token.
"""

from __future__ import annotations

import math
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from zepix.commands.config_effective import asked, bare_api
from zepix.config import check_value, complete_settings
from zepix.config.foreign import read_foreign
from zepix.config.keys import ANY, KEYS, MAXIMA, SERVICES, near
from zepix.config.merge import is_secret
from zepix.config.owner_names import COUNTERPARTS, PLUGINS, RENAMED, SECRETS, USELESS
from zepix.config.toml_text import toml_text
from zepix.engine.registry import PluginConfig, PluginRegistry, find_strategies
from zepix.engine.strategy import settings_fields
from zepix.errors import ConfigError
from zepix.model import AccountSpec, FillModel

__all__ = ["Imported", "import_file", "translate"]

KeyPath = tuple[str, ...]
_BOT_TOKEN: Final = re.compile(r"\d{6,}:[A-Za-z0-9_-]{30,}")
_PATHS: Final = ("alerts.files", "alerts.dialects", "data.bars", "data.instruments", "out")
_SERIES: Final = re.compile(r"([^=:/\\]+:[A-Za-z0-9]+=)(.+)", re.DOTALL)
_MOST_ROUNDS: Final = 5
_MOST_NAMED: Final = 50
_MOST_ENTRIES: Final = 200
UNREAD: Final = ("journal",)
NOWHERE: Final = "nothing in zepix reads it; keep it out of files that are copied"


@dataclass(slots=True)
class Imported:
    """What came of it. ``left`` and ``secrets`` name every key, and no value."""

    tree: dict[str, Any] = field(default_factory=dict)
    copied: list[str] = field(default_factory=list)
    left: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def put(self, path: KeyPath, value: Any) -> None:
        table = self.tree
        for part in path[:-1]:
            table = table.setdefault(part, {})
        if path[-1] in table:
            self.left[".".join(path)] = "is said twice under different names; the first one was taken"
            return
        table[path[-1]] = value
        self.copied.append(".".join(path))

    def drop(self, key: str, why: str) -> bool:
        """Take a copied setting back; False where there is none of that name."""
        path = next((p for p in _leaf_paths(self.tree) if ".".join(p) == key), None)
        if path is None:
            return False
        tables = [self.tree]
        for part in path[:-1]:
            tables.append(tables[-1][part])
        del tables[-1][path[-1]]
        for at in range(len(path) - 2, -1, -1):
            if not tables[at + 1]:
                del tables[at][path[at]]
        self.copied.remove(key)
        self.left[key] = why
        return True


def import_file(file: Path, out: Path, *, overwrite: bool = False) -> tuple[Imported, list[str]]:
    """Read, translate, write; (what came of it, what the check still says of the spec). Raises ConfigError."""
    if out.suffix.lower() != ".toml":
        raise ConfigError(f"--out {out}: the spec is written as TOML; name it SPEC.toml")
    if out.exists() and not overwrite:
        raise ConfigError(f"{out} is there already; --overwrite replaces it")
    given, notes = read_foreign(file)
    found = translate(given, find_strategies((), complete_settings), file.parent, out.parent)
    found.notes[:0] = notes
    problems = _settled(found, out)
    if not found.copied:
        raise ConfigError([f"{file}: nothing in it is a setting of zepix", *_named(found)])
    _write(out, _head(file, found) + toml_text(found.tree))
    return found, problems


def _settled(found: Imported, out: Path) -> list[str]:
    """Take back what the whole check refuses, once it is all together; what it still says then."""
    for _ in range(_MOST_ROUNDS):
        problems = _problems(found.tree, out)
        if _without_strangers(found, problems):
            continue
        dropped = [
            key
            for text in problems
            for key in list(found.copied)
            if _is_of(text, key) and found.drop(key, text.removeprefix(f"{key}: ").removeprefix(f"{key} "))
        ]
        if not dropped:
            return problems
    return _problems(found.tree, out)


def _without_strangers(found: Imported, problems: list[str]) -> bool:
    """Take plugins that are not here out of ``shadow_plugins``, and leave the others there: each of them is to stay in
    shadow. Whether there were any."""
    names = found.tree.get("shadow_mode", {}).get("shadow_plugins", [])
    key = "shadow_mode.shadow_plugins"
    strange = [
        name for name in names if any(one.startswith(f"{key}: no plugin {ascii(name)[1:-1][:60]};") for one in problems)
    ]
    if not strange:
        return False
    found.tree["shadow_mode"]["shadow_plugins"] = [name for name in names if name not in strange]
    for name in strange:
        found.left[f"{key}: {ascii(name)[:60]}"] = "there is no plugin of this name here"
    return True


def _problems(tree: Mapping[str, Any], out: Path) -> list[str]:
    """What ``zepix config check`` will say of the file, before it is there."""
    with tempfile.TemporaryDirectory(prefix="zepix-") as folder:
        trial = Path(folder) / out.name
        trial.write_text(toml_text(tree), encoding="utf-8", newline="\n")
        return asked(trial, {}, environ={}).problems


def _is_of(problem: str, key: str) -> bool:
    return problem.startswith((f"{key} ", f"{key}:", f"{key}."))


def _named(found: Imported) -> list[str]:
    return [f"{key}: {why}" for key, why in list(found.left.items())[:_MOST_NAMED]]


def _head(file: Path, found: Imported) -> str:
    lines = [f"# Made of {ascii(file.name)[1:-1]} by zepix config import."]
    if found.secrets:
        lines.append("# No secret is here; each belongs where its line says:")
        lines += [f"#   {key}: {where}" for key, where in found.secrets.items()]
    return "\n".join(lines) + "\n\n"


def _write(out: Path, text: str) -> None:
    """Whole or not at all."""
    out.parent.mkdir(parents=True, exist_ok=True)
    beside = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        beside.write_text(text, encoding="utf-8", newline="\n")
        beside.replace(out)
    finally:
        beside.unlink(missing_ok=True)


def translate(given: Mapping[str, Any], registry: PluginRegistry, folder: Path, out_folder: Path) -> Imported:
    """``given`` was read in ``folder`` and will be written in ``out_folder``: relative paths go on meaning the same."""
    found = Imported()
    _Translation(found, registry, folder, out_folder).tables(KEYS, _without_secrets(given, (), found), ())
    return found


@dataclass(slots=True)
class _Translation:
    found: Imported
    registry: PluginRegistry
    folder: Path
    out_folder: Path

    def tables(self, kinds: Mapping[str, Any], given: Mapping[str, Any], path: KeyPath) -> None:
        """One table, key by key."""
        for name, value in given.items():
            here = (*path, name)
            kind = kinds.get(name, kinds.get("*"))
            if here in USELESS:
                self._leave(here, USELESS[here])
            elif here in RENAMED:
                self._leaf(_kind(RENAMED[here]), RENAMED[here], value, was=here)
            elif path == ("plugins",):
                self._plugin(name, value)
            elif kind is None:
                self._unknown(kinds, here)
            elif here[0] in UNREAD:
                self._leave(here, "nothing in zepix reads it yet")
            elif not isinstance(kind, dict):
                self._leaf(kind, here, value)
            elif isinstance(value, Mapping):
                self.tables(kind, value, here)
            else:
                self._leave(here, f"a table of settings is expected, not {_kind_of(value)}")

    def _leaf(self, kind: Any, path: KeyPath, value: Any, was: KeyPath = ()) -> None:
        """One setting, in its type and within its limits, or a sentence why not."""
        try:
            if strange := _strange(value) or _strange(path):
                raise ValueError(strange)
            checked = value if kind is ANY else _checked(kind, path, value)
            if path[0] in SERVICES:
                SERVICES[path[0]](**{path[1]: checked})
        except (ValueError, TypeError) as error:
            self._leave(was or path, str(error).removeprefix(f"{path[0]}: "))
            return
        self.found.put(path, self._from_here(path, value if kind is ANY else _plain(checked)))
        if was:
            self.found.notes.append(f"{'.'.join(was)} is called {'.'.join(path)} here")

    def _plugin(self, name: str, given: Any) -> None:
        """One plugin under its id here, its settings held against those of its strategy."""
        if not isinstance(given, Mapping):
            self._leave(("plugins", name), f"a table of settings is expected, not {_kind_of(given)}")
            return
        plugin_id = PLUGINS.get(name, name)
        said = given.get("strategy", plugin_id)
        classes = {**{c.info.strategy: c for c in self.registry.classes.values()}, **self.registry.classes}
        if not isinstance(said, str) or said not in classes:
            self._leave(("plugins", name), f"there is no strategy {ascii(said)[:60]}{near(str(said), classes)}")
            return
        if plugin_id != name:
            self.found.notes.append(f"plugin {name} is called {plugin_id} here")
        here, settings = ("plugins", plugin_id), given.get("settings", {})
        self.tables(KEYS["plugins"]["*"], {key: v for key, v in given.items() if key != "settings"}, here)
        if isinstance(settings, Mapping):
            self._settings(here, classes[said], settings)
        else:
            self._leave((*here, "settings"), f"a table of settings is expected, not {_kind_of(settings)}")

    def _settings(self, here: KeyPath, cls: Any, given: Mapping[str, Any]) -> None:
        """Each setting of a plugin, tried alone in the strategy itself; of a table that it refuses, each entry."""
        known = settings_fields(cls)
        for name, value in given.items():
            path = (*here, "settings", name)
            if name not in known:
                self._unknown(known, path)
                continue
            why = _strange(value) or _problem_of(cls, {name: value})
            if not why:
                self.found.put(path, value)
            elif not isinstance(value, Mapping) or len(value) > _MOST_ENTRIES:
                self._leave(path, why)
            else:
                self._entries(path, cls, value)

    def _entries(self, path: KeyPath, cls: Any, given: Mapping[str, Any]) -> None:
        good: dict[str, Any] = {}
        for key, value in given.items():
            why = _strange(value) or _strange(key) or _problem_of(cls, {path[-1]: {**good, key: value}})
            if why:
                self._leave((*path, key), why)
            else:
                good[key] = value
        if good:
            self.found.put(path, good)

    def _unknown(self, kinds: Mapping[str, Any], path: KeyPath) -> None:
        if path[0] in COUNTERPARTS:
            self._leave(path, f"not taken over; its counterpart: {COUNTERPARTS[path[0]]}")
            return
        known = [name for name in kinds if name != "*"]
        self._leave(path, f"not understood{near(path[-1], known, ''.join(f'{part}.' for part in path[:-1]))}")

    def _leave(self, path: KeyPath, why: str) -> None:
        self.found.left[_shown(path)] = why

    def _from_here(self, path: KeyPath, value: Any) -> Any:
        """A path that was relative to the old file, for the new one."""
        if ".".join(path) not in _PATHS or self.folder.resolve() == self.out_folder.resolve():
            return value
        if isinstance(value, list):
            return [self._from_here(path, one) for one in value]
        match = _SERIES.fullmatch(value)
        prefix, text = match.groups() if match else ("", value)
        return prefix + (self.folder.resolve() / Path(text).expanduser()).as_posix()


def _kind(path: KeyPath) -> Any:
    kind: Any = KEYS
    for part in path:
        kind = kind.get(part, kind.get("*")) if isinstance(kind, dict) else None
    return kind


def _checked(kind: Any, path: KeyPath, value: Any) -> Any:
    """Raises ValueError with what was expected."""
    checked = check_value(kind, value)
    most = MAXIMA.get(".".join(path))
    if most is not None and checked is not None and checked > most:
        raise ValueError(f"{checked} is too large; at most {most}")
    if path[0] == "account":
        replace(AccountSpec(), **{path[1]: checked})
    if path[0] == "fill":
        replace(FillModel(), **{path[1]: checked})
    return checked


def _problem_of(cls: Any, settings: Mapping[str, Any]) -> str:
    """What a strategy says of these settings alone; nothing where it takes them."""
    registry = PluginRegistry(complete_settings)
    registry.register(cls)
    try:
        registry.load_all_plugins([PluginConfig(cls.info.plugin_id, cls.info.plugin_id, settings)], bare_api)
    except ConfigError as error:
        said = error.problems[0].removeprefix(f"plugin {cls.info.plugin_id!r}: ")
        (name, value), *_ = settings.items()
        inner = list(value)[-1] if isinstance(value, Mapping) and value else ""
        return said.removeprefix(f"{name}.{inner}: ").removeprefix(f"{name}: ")
    return ""


def _without_secrets(value: Any, path: KeyPath, found: Imported) -> Any:
    """A copy without them; each is noted by its name, with where it belongs."""
    if isinstance(value, Mapping):
        kept: dict[str, Any] = {}
        for name, child in value.items():
            here = (*path, name)
            if is_secret((name,)) or _is_bot_token(child):
                if child not in (None, "", {}, []):
                    found.secrets[_shown(here)] = SECRETS.get(".".join(here), NOWHERE)
            else:
                kept[name] = _without_secrets(child, here, found)
        return kept
    if isinstance(value, list):
        if any(_is_bot_token(one) for one in value):
            found.secrets[_shown(path)] = SECRETS.get(".".join(path), NOWHERE)
        return [_without_secrets(one, path, found) for one in value if not _is_bot_token(one)]
    return value


def _is_bot_token(value: Any) -> bool:
    return isinstance(value, str) and _BOT_TOKEN.search(value) is not None


def _leaf_paths(tree: Mapping[str, Any], path: KeyPath = ()) -> Iterator[KeyPath]:
    for name, child in tree.items():
        yield (*path, name)
        if isinstance(child, Mapping):
            yield from _leaf_paths(child, (*path, name))


def _strange(value: Any) -> str:
    """What no settings file can hold, in words; nothing for the rest."""
    if isinstance(value, Mapping):
        return next((found for pair in value.items() if (found := _strange(pair))), "")
    if isinstance(value, list | tuple):
        return next((found for one in value if (found := _strange(one))), "")
    if value is None:
        return "null says nothing"
    if isinstance(value, float) and not math.isfinite(value):
        return "no finite number"
    if isinstance(value, str) and any("\ud800" <= letter <= "\udfff" for letter in value):
        return "holds half a character"
    return ""


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple | set | frozenset) else value


def _kind_of(value: Any) -> str:
    words = {bool: "true or false", str: "text", list: "a list", dict: "a table", type(None): "null"}
    return words.get(type(value), "a number")


def _shown(path: KeyPath) -> str:
    """A key for human eyes: an odd letter must not command the terminal, a long one not fill it."""
    return ascii(".".join(path))[1:-1][:120]
