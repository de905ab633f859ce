"""Reading the settings again while a session runs: checked whole, tried on a copy, and only then taken.

What is decided here stands in the command's row before the session sees it:

    "change": {"set": {key: value}, "unset": [key], "before": {key: value}, "hash": ..., "stale_s": ...}
    "reload": {"level": "INFO", "text": "applied: ..."}

So a recovery and a rerun need no file: from the row and the configuration before it follows the one after it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from zepix.config import ConfigManager
from zepix.errors import ConfigError, ZepixError
from zepix.spec import DEFAULTS
from zepix_live.engine.config import SessionConfig, config_of
from zepix_live.engine.config_files import FOLDERS, KEPT, changed
from zepix_live.engine.course import Course
from zepix_live.engine.hot_settings import rule_of
from zepix_live.engine.options import EngineOptions, stale_limit_s
from zepix_live.engine.plan import plan_of
from zepix_live.engine.session import LiveSession
from zepix_live.live_settings import default_settings, settings_problems

__all__ = ["RELOAD", "Reloader", "change_row", "changed_config"]

RELOAD: Final = "reload"
MOST_TOLD: Final = 30
MOST_BYTES: Final = 256 * 1024
STALE: Final = "live.stale_s"
ABSENT: Final = object()


def changed_config(before: SessionConfig, body: Mapping[str, Any]) -> SessionConfig | None:
    """The configuration after a command's row; None where it changes none."""
    change = body.get("change")
    if change is None:
        return None
    settings = {key: value for key, value in before.settings.items() if key not in change["unset"]}
    settings.update(change["set"])
    return replace(before, settings=settings, hash=change["hash"], stale_s=change["stale_s"])


def change_row(after: SessionConfig, body: Mapping[str, Any], of: int) -> dict[str, Any]:
    """The journal's ``config`` row of a change: the whole configuration, what was before, who changed it and where."""
    change = body["change"]
    keys = [*change["set"], *change["unset"]]
    changes = {key: [change["before"].get(key), change["set"].get(key)] for key in keys}
    if STALE in change["before"]:
        changes[STALE] = [change["before"][STALE], change["stale_s"]]
    return {**after.row(), "changes": changes, "by": body.get("by", ""), "of_command": of}


@dataclass(slots=True)
class _Wish:
    """What the file wants otherwise: what may be taken, what may not and why."""

    hot: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    restart: dict[str, str] = field(default_factory=dict)


class Reloader:
    """Called with a command's body; what it returns is journaled in its place. Never raises."""

    def __init__(
        self, options: EngineOptions, live: Mapping[str, Any], environ: Mapping[str, str] | None = None
    ) -> None:
        """``live``: what ``[live]`` said at the start, for what only a restart reads."""
        self._options = options
        self._live = _flat(live, "live.")
        self._environ = environ

    def __call__(self, body: Mapping[str, Any], course: Course) -> dict[str, Any]:
        """The body with what is to be changed and what is to be said of it."""
        try:
            return {**body, **self._decided(body, course)}
        except ConfigError as error:
            problems = error.problems
            told = f"{len(problems)} problem{'s' if len(problems) > 1 else ''}: {'; '.join(problems[:MOST_TOLD])}"
        except (ZepixError, OSError, ValueError, KeyError, TypeError) as error:
            told = f"{type(error).__name__}: {error}"
        return {**body, "reload": _said("WARN", f"nothing was applied, the settings stay as they were: {told}")}

    def _decided(self, body: Mapping[str, Any], course: Course) -> dict[str, Any]:
        old = course.config
        assert old is not None, "a session has a configuration"
        path = Path(body["config"]) if body.get("config") else self._options.config
        if moved := changed({FOLDERS: old.files[FOLDERS]} if FOLDERS in old.files else {}):
            raise ConfigError(f"code of strategies is loaded at a start only: {one}" for one in moved)
        wanted, live = self._wanted(path, old)
        wish = _wish(old, wanted, self._live, live)
        said = {} if path == self._options.config else {"path": path}
        if not wish.hot:
            text = _restarts(wish, **said) if wish.restart else "nothing has changed"
            return {"reload": _said("WARN" if wish.restart else "INFO", text)}
        change, trial = _settled(old, wanted, wish, course.session)
        if not wish.hot:
            return {"reload": _said("WARN", _restarts(wish, **said))}
        text = "applied: " + _listed(f"{key} {_shown(b)} -> {_shown(a)}" for key, (b, a) in _once(wish.hot).items())
        text += f"; {_restarts(wish, **said)}" if wish.restart or said else ""
        text += "".join(f"; {one}" for one in trial.set_aside[:MOST_TOLD])
        return {"change": change, "reload": _said("WARN" if wish.restart or trial.set_aside else "INFO", text)}

    def _wanted(self, path: Path | None, old: SessionConfig) -> tuple[SessionConfig, dict[str, Any]]:
        """What the file, the environment and the flags say now, checked whole. Raises ConfigError."""
        options = replace(self._options, config=path)
        try:
            spec = options.spec(self._environ)
        except ConfigError as error:
            environ = os.environ if self._environ is None else self._environ
            read = ConfigManager(defaults=DEFAULTS, file=path, environ=environ, flags=options.flags, strict=False)
            raise ConfigError([*error.problems, *settings_problems(read)]) from None
        if problems := settings_problems(spec.config):
            raise ConfigError(problems)
        wanted = config_of(
            spec, plan_of(spec), old.timeframes,
            bars_by_alert=old.bars_by_alert, stale_s=stale_limit_s(spec), anchor=old.anchor,
        )  # fmt: skip
        wanted.session()  # names of plugins that there are none of are found only where the plugins are made
        return wanted, _flat(spec.config.get("live", {}), "live.")


def _wish(old: SessionConfig, wanted: SessionConfig, was: Mapping[str, Any], live: Mapping[str, Any]) -> _Wish:
    found = _Wish()
    differing = {key: (old.settings.get(key), wanted.settings.get(key))
                 for key in dict.fromkeys([*old.settings, *wanted.settings])
                 if old.settings.get(key, ABSENT) != wanted.settings.get(key, ABSENT)}  # fmt: skip
    usual = default_settings()
    for key in dict.fromkeys([*was, *live]):
        before, after = was.get(key, usual.get(key)), live.get(key, usual.get(key))
        if key != STALE and before != after:
            differing[key] = (before, after)
    if old.stale_s != wanted.stale_s:
        differing[STALE] = (old.stale_s, wanted.stale_s)
    for key, pair in differing.items():
        rule = rule_of(key)
        if rule.is_hot:
            found.hot[key] = pair
        else:
            found.restart[key] = rule.reason
    for key in KEPT:
        if key not in found.restart and old.files.get(key) != wanted.files.get(key):
            found.restart[key] = "what stands in that file is another now; it is read at the start only"
    return found


def _settled(
    old: SessionConfig, wanted: SessionConfig, wish: _Wish, session: LiveSession
) -> tuple[dict[str, Any], LiveSession]:
    """The change, and a session of it that has gone on from a copy of this one's state. What cannot be taken is moved
    from ``wish.hot`` to ``wish.restart``. Raises ConfigError, StateError where what is left does not hold together."""
    while True:
        change = _change(old, wanted, wish)
        after = changed_config(old, {"change": change})
        assert after is not None, "there is a change"
        trial = after.session()
        trial.go_on_from(session)
        kept = {**_not_taken(session, trial, wish), **_would_be_real(session, trial, wanted, wish)}
        if not kept:
            return change, trial
        for key, reason in kept.items():
            del wish.hot[key]
            wish.restart[key] = reason
        if not wish.hot:
            return {}, trial


def _not_taken(session: LiveSession, trial: LiveSession, wish: _Wish) -> dict[str, str]:
    """Settings that must wait: of a plugin that would go and has something open, or that keeps its own value."""
    found: dict[str, str] = {}
    before = session.simulation.registry.get_all_plugins()
    after = trial.simulation.registry.get_all_plugins()
    for plugin_id in before.keys() - after.keys():
        count = len(session.things(plugin_id))
        if not count:
            continue
        switches = [key for key in wish.hot if key.startswith("plugins.") and key.endswith(".enabled")]
        own = [key for key in switches if key == f"plugins.{plugin_id}.enabled"] or switches
        if not own:
            raise ConfigError(f"plugin {plugin_id!r} would go, and has {count} orders or tickets")
        reason = (
            f"{plugin_id} has {count} orders or tickets; pause it (zepix live pause --plugin {plugin_id}) until then"
        )
        found.update(dict.fromkeys(own, reason))
    for key in wish.hot:
        _, is_setting, rest = key.partition(".settings.")
        plugin = after.get(key.removeprefix("plugins.").partition(".settings.")[0]) if is_setting else None
        name = rest.partition(".")[0]
        if plugin is not None and name in plugin.config and getattr(plugin, name, None) != plugin.config[name]:
            found[key] = "the strategy keeps its own value in its state, which a new folder begins without"
    return found


def _would_be_real(session: LiveSession, trial: LiveSession, wanted: SessionConfig, wish: _Wish) -> dict[str, str]:
    """Plugins that would begin and trade live, though the file puts them into shadow: modes are read at the start, so
    the one would be taken without the other."""
    before, modes = session.simulation.registry.get_all_plugins(), trial.conduct.modes
    begin = [one for one in trial.conduct.plugins() if one not in before and not modes.is_plugin_in_shadow(one)]
    if not begin:
        return {}
    asked = wanted.session().conduct.modes
    found: dict[str, str] = {}
    for plugin_id in begin:
        key = f"plugins.{plugin_id}.enabled"
        if not asked.is_plugin_in_shadow(plugin_id):
            continue
        if key not in wish.hot:
            raise ConfigError(f"plugin {plugin_id!r} would begin live, and is to be in shadow")
        found[key] = "it is to be in shadow, and would trade live until modes are read at a start"
    return found


def _change(old: SessionConfig, wanted: SessionConfig, wish: _Wish) -> dict[str, Any]:
    in_settings = [key for key in wish.hot if key != STALE]
    told = {key: wanted.settings[key] for key in in_settings if key in wanted.settings}
    change = {
        "set": told,
        "unset": [key for key in in_settings if key not in wanted.settings],
        "before": {key: before for key, (before, _) in wish.hot.items()},
        "hash": wanted.hash,
        "stale_s": wanted.stale_s if STALE in wish.hot else old.stale_s,
    }
    text = json.dumps(change, sort_keys=True)
    if len(text) > MOST_BYTES:
        raise ConfigError(f"more than {MOST_BYTES} bytes of settings have changed; start the runner anew with them")
    if wish.restart:  # neither the old configuration nor the file's: a start with the file is another one
        change["hash"] = sha256((old.hash + text).encode("utf-8")).hexdigest()[:16]
    return change


def _once(hot: Mapping[str, tuple[Any, Any]]) -> dict[str, tuple[Any, Any]]:
    """Without the plugin's settings that ``[strategy]`` says in short."""
    return {
        key: pair
        for key, pair in hot.items()
        if hot.get(f"strategy.{key.partition('.settings.')[2]}", ABSENT) != pair or not key.startswith("plugins.")
    }


def _restarts(wish: _Wish, path: Path | None = None) -> str:
    parts = []
    if wish.restart:
        parts.append("needs a restart: " + _listed(f"{key} ({why})" for key, why in wish.restart.items()))
    if path is not None:
        parts.append("a restart reads the file that the runner was started with, not this one")
    return "; ".join(parts)


def _listed(texts: Any) -> str:
    found = list(texts)
    more = f", and {len(found) - MOST_TOLD} more" if len(found) > MOST_TOLD else ""
    return ", ".join(found[:MOST_TOLD]) + more


def _shown(value: Any) -> str:
    text = "nothing" if value is None else json.dumps(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _said(level: str, text: str) -> dict[str, str]:
    return {"level": level, "text": text}


def _flat(table: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in table.items():
        found.update(_flat(value, f"{prefix}{name}.") if isinstance(value, Mapping) else {f"{prefix}{name}": value})
    return found


Decide = Callable[[Mapping[str, Any], Course], dict[str, Any]]
