"""The first line that ``zepix live`` prints: whose orders leave this machine; and why not, where somebody asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from zepix_live.engine.options import EngineOptions

__all__ = ["first_line"]

WORDS: Final = ("shadow_mode", "broker")
"""Without these nothing was said of modes, and settings need not be read for this line."""


def first_line(options: EngineOptions, environ: Mapping[str, str]) -> str:
    """A sentence or two. What is wrong with the settings is told by who reads all of them."""
    return f"{_mode(options, environ)} Everything durable lies in {options.data_dir}."


def _mode(options: EngineOptions, environ: Mapping[str, str]) -> str:
    usual = "SHADOW: no order leaves this machine."
    if not _is_said(options, environ):
        return usual
    from zepix.config import ConfigManager
    from zepix_live.engine.mode_settings import asked_mode, why_no_broker

    config = ConfigManager(file=options.config, environ=environ, flags=options.flags, strict=False)
    shadow, live = _table(config, "shadow_mode"), _table(config, "broker.live")
    try:
        asked = asked_mode(shadow)
    except ValueError:
        return usual
    why = why_no_broker(live)
    if asked == "SHADOW":
        return usual
    if why:
        return f"SHADOW, not {asked} as shadow_mode asks, since {why}: no order leaves this machine."
    who = "every plugin" if asked == "LIVE" else "plugins that are not in shadow"
    return f"{asked}: orders of {who} go to the simulated live broker; no order leaves this machine."


def _table(config: Any, key: str) -> Mapping[str, Any]:
    found = config.get(key)
    return found if isinstance(found, Mapping) else {}


def _is_said(options: EngineOptions, environ: Mapping[str, str]) -> bool:
    if any(key.startswith(WORDS) for key in options.flags):
        return True
    if any(name.upper().startswith(tuple(f"ZEPIX_{word.upper()}" for word in WORDS)) for name in environ):
        return True
    if options.config is None:
        return False
    try:
        text = options.config.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return False
    return any(word in text for word in WORDS)
