"""What an engine is started with, read from the command line or handed on by the process that supervises it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from zepix.errors import ConfigError

if TYPE_CHECKING:
    from zepix.spec import Spec

__all__ = ["SETTINGS", "EngineOptions", "FeedChoice", "feed_choice", "seconds", "stale_limit_s"]

SETTINGS: Final = frozenset({"receiver", "api", "feed", "stale_s", "hang_s", "start_s", "health", "log"})
"""What ``[live]`` may hold."""
STALE_S: Final = 30.0
MOST_STALE_S: Final = 86_400.0

MAX_SPEED: Final = 1_000_000.0


@dataclass(frozen=True, slots=True)
class FeedChoice:
    """Where prices come from: ``replay`` with a path, ``webhook``, or ``none``."""

    kind: str = "none"
    path: Path | None = None


def feed_choice(text: str | None) -> FeedChoice:
    """Of ``replay:PATH``, ``webhook``, or nothing. Raises ConfigError for anything else."""
    if text is None or text == "none":
        return FeedChoice()
    if text == "webhook":
        return FeedChoice("webhook")
    word, _, path = text.partition(":")
    if word == "replay" and path:
        return FeedChoice("replay", Path(path).expanduser())
    raise ConfigError(f"--feed is replay:PATH or webhook, not {text!r}")


def stale_limit_s(spec: Spec, default: float = STALE_S) -> float:
    """``live.stale_s``: how late an entry may be taken. Raises ConfigError for what is none."""
    return seconds("live.stale_s", spec.config.get("live.stale_s", default))


def seconds(name: str, given: Any) -> float:
    """A setting that is a time, in seconds. Raises ConfigError for what is none."""
    try:
        found = float(given)
    except (TypeError, ValueError):
        found = -1.0
    if isinstance(given, bool) or not 0 < found <= MOST_STALE_S:
        raise ConfigError(f"{name} is above 0 and at most {MOST_STALE_S:g} seconds, not {ascii(given)[:60]}")
    return found


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """Everything an engine process needs; ``flags`` are ``--set``'s, over the file and the environment."""

    data_dir: Path
    config: Path | None = None
    feed: str | None = None
    speed: float = 1.0
    flags: Mapping[str, Any] = field(default_factory=dict)
    inbox_id: str = ""
    """Which inbox a journal that is made now belongs to; empty where nobody said."""

    def __post_init__(self) -> None:
        if not 0 < self.speed <= MAX_SPEED:
            raise ConfigError(f"--speed is above 0 and at most {MAX_SPEED:g}, not {self.speed:g}")

    def spec(self, environ: Mapping[str, str] | None = None) -> Spec:
        """The settings as a replay would read them. Raises ConfigError."""
        from zepix.spec import load_spec  # the process that only starts others does not load it

        return load_spec(self.config, flags=self.flags, environ=environ)

    def encoded(self) -> str:
        """As JSON, for the command line of a child."""
        return json.dumps(
            {
                "data_dir": str(self.data_dir),
                "config": None if self.config is None else str(self.config),
                "feed": self.feed,
                "speed": self.speed,
                "flags": dict(self.flags),
                "inbox_id": self.inbox_id,
            }
        )

    @classmethod
    def decoded(cls, text: str) -> EngineOptions:
        """What ``encoded`` gave. Raises ConfigError for anything else."""
        from zepix.config.check import Raw

        try:
            found = json.loads(text)
            config = found["config"]
            return cls(
                Path(found["data_dir"]),
                None if config is None else Path(config),
                found["feed"],
                float(found["speed"]),
                {key: Raw(value) if isinstance(value, str) else value for key, value in found["flags"].items()},
                str(found.get("inbox_id", "")),
            )
        except (ValueError, KeyError, TypeError) as error:
            raise ConfigError(f"the engine's options cannot be read ({type(error).__name__})") from error
