"""What ``[live]`` may hold, checked and with its defaults: for ``zepix config``, which knows no live setting itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

from zepix.config import ConfigManager
from zepix.engine.strategy import Strategy
from zepix.errors import ConfigError
from zepix_live.api.settings import API, api_defaults, api_problems
from zepix_live.engine.mode_settings import mode_problems
from zepix_live.engine.options import SETTINGS, STALE_S, feed_choice, seconds
from zepix_live.health_settings import HEALTH, health_defaults, health_problems
from zepix_live.live_tables import unknown_setting
from zepix_live.logs import LOG, log_defaults, log_problems
from zepix_live.settings import ReceiverSettings, checked_table
from zepix_live.watchdog import HANG_S, START_S

__all__ = ["default_settings", "settings_problems"]

SECONDS: Final[Mapping[str, float]] = {"stale_s": STALE_S, "hang_s": HANG_S, "start_s": START_S}
OURS: Final = ("data_dir", "secrets", "inbox_id")
"""Fields of the receiver's settings that are no settings of a file."""


def settings_problems(config: ConfigManager, plugins: Sequence[Strategy] = ()) -> list[str]:
    """What the runner would say of ``[live]``, ``[live.receiver]`` and the modes, secrets left aside: all of it.

    ``plugins``: those that the settings make; without them names of plugins are not looked at.
    """
    problems: list[str] = []
    live = config.get("live", {})
    for name in sorted(live.keys() - SETTINGS):
        problems.append(unknown_setting("live", name, SETTINGS))
    for name in SECONDS:
        if name in live:
            try:
                seconds(f"live.{name}", live[name])
            except ConfigError as error:
                problems += error.problems
    if live.get("feed") is not None:
        try:
            feed_choice(live["feed"] if isinstance(live["feed"], str) else ascii(live["feed"])[:60])
        except ConfigError:
            problems.append(f"live.feed is replay:PATH, webhook or none, not {ascii(live['feed'])[:60]}")
    problems += mode_problems(config, plugins)
    problems += health_problems(live.get(HEALTH, {}))
    problems += log_problems(live.get(LOG, {}))
    problems += api_problems(live.get(API, {}))
    receiver = live.get("receiver", {})
    if not isinstance(receiver, Mapping):
        return [*problems, "live.receiver: expected a table of settings"]
    found = checked_table(receiver, problems)
    if not problems:
        try:
            told = ReceiverSettings(data_dir=Path(), **{**found, "host": "127.0.0.1"}).problems()
        except (TypeError, ValueError) as error:
            told = [str(error)]
        problems += [f"live.receiver: {one}" for one in told]
    return problems


def default_settings() -> dict[str, Any]:
    """By dotted key, what holds where nothing is said."""
    usual = ReceiverSettings(data_dir=Path())
    return {
        **{f"live.{name}": value for name, value in SECONDS.items()},
        **{f"live.{HEALTH}.{name}": value for name, value in health_defaults().items()},
        **{f"live.{LOG}.{name}": value for name, value in log_defaults().items()},
        **{f"live.{API}.{name}": value for name, value in api_defaults().items()},
        **{f"live.receiver.{one.name}": getattr(usual, one.name) for one in fields(usual) if one.name not in OURS},
    }
