"""What can go wrong, drawn as a tree; each class says what the operator should do.

ZepixError
├── ConfigError           fix a setting or a spec; lists every problem at once
├── DataError             fix or re-import the data: missing, out of order, gap, checksum
│   └── JournalError      bad line, schema too new, gap in the sequence (line and byte)
├── StateError            a saved state that does not fit this run, or something that cannot be saved
├── StrategyError         user code raised; carries the event and the strategy
│   └── WouldBlockError   awaited the outside world in a replay; names the frame
└── BrokerError           the wire, not the market
    ├── ConnectionLost
    └── ReconcileError    our books and the broker's disagree; a human decides

What the market or a check of ours may say is a value (``Refused``), never an exception.
"""

from __future__ import annotations

from collections.abc import Iterable

__all__ = [
    "BrokerError",
    "ConfigError",
    "ConnectionLost",
    "DataError",
    "JournalError",
    "ReconcileError",
    "StateError",
    "StrategyError",
    "WouldBlockError",
    "ZepixError",
]


class ZepixError(Exception):
    """Root of everything zepix raises on purpose; ``exit_status`` is what the command line returns."""

    exit_status = 1


class ConfigError(ZepixError):
    """A setting, a flag or a spec is wrong; ``problems`` holds every one found, not only the first."""

    exit_status = 2

    def __init__(self, problems: str | Iterable[str]) -> None:
        self.problems: tuple[str, ...] = (problems,) if isinstance(problems, str) else tuple(problems)
        super().__init__("; ".join(self.problems))


class DataError(ZepixError):
    """Prices or alerts cannot be used as they are; the sentence names the file and what to do."""

    exit_status = 3


class JournalError(DataError):
    """A journal or alert log cannot be read past a place that the message names (line and byte)."""


class StateError(ZepixError):
    """A saved state does not fit this run, or something cannot be saved; ``problems`` holds every one found."""

    exit_status = 3

    def __init__(self, problems: str | Iterable[str]) -> None:
        self.problems: tuple[str, ...] = (problems,) if isinstance(problems, str) else tuple(problems)
        super().__init__("; ".join(self.problems))


class StrategyError(ZepixError):
    """Code of a strategy raised; carries the plugin and the event it was handling."""

    def __init__(self, plugin_id: str, what: str, cause: BaseException | None = None) -> None:
        self.plugin_id = plugin_id
        self.what = what
        self.cause = cause
        why = f": {type(cause).__name__}: {cause}" if cause is not None else ""
        super().__init__(f"plugin {plugin_id!r} failed in {what}{why}")


class WouldBlockError(StrategyError):
    """A handler awaited the outside world in a replay, where nothing outside exists; names the frame."""

    def __init__(self, plugin_id: str, what: str, frame: str) -> None:
        self.frame = frame
        super().__init__(plugin_id, what)
        self.args = (
            f"plugin {plugin_id!r} awaited something outside the replay in {what}, at {frame}; "
            "handlers run to completion: wait for an alert, a price or a time instead",
        )


class BrokerError(ZepixError):
    """The wire to the broker failed; says nothing about the market."""


class ConnectionLost(BrokerError):
    """The broker cannot be reached; what was sent before is unknown until reconciled."""


class ReconcileError(BrokerError):
    """Our books and the broker's disagree; a human decides."""
