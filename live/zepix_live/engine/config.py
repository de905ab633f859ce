"""The configuration of a session as a journal's ``config`` row holds it: everything a rerun needs, nothing secret.

{"settings": {"strategy.name": ..., ...}, "hash": ..., "code": ..., "timeframes": {...}, "bars_by_alert": false,
 "stale_s": 30, "anchor": {...} or null, "files": {...}}

``files`` are those that the settings name, with what stood in them (``config_files.py``).
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from zepix.config.merge import MASK
from zepix.engine.registry import builtin_strategies
from zepix.journal import plain
from zepix.model.timeframe import NS
from zepix.spec import Spec, load_spec
from zepix_live.engine.config_files import FOLDERS, KEPT, RESTRICTIONS, Files, files_of, placed
from zepix_live.engine.market_clock import Anchor
from zepix_live.engine.options import stale_limit_s
from zepix_live.engine.plan import Plan, plan_of
from zepix_live.engine.session import LiveSession

__all__ = ["SessionConfig", "config_of"]

GIVEN: Final = ("file", "environment", "flag")
PATHS: Final = (*KEPT, FOLDERS)
NOT_KEPT: Final = ("alerts.files", "data.bars", "out", "report", "live.")


@dataclass(frozen=True, slots=True)
class SessionConfig:
    """One configuration of a session; two that are ``same`` need no new session."""

    settings: Mapping[str, Any]
    hash: str
    code: str
    timeframes: Mapping[str, str] = field(default_factory=dict)
    bars_by_alert: bool = False
    stale_s: float = 30.0
    anchor: Anchor | None = None
    files: Files = field(default_factory=dict)

    def row(self) -> dict[str, Any]:
        """As it is journaled."""
        return {**asdict(self), "settings": dict(self.settings), "timeframes": dict(self.timeframes)}

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> SessionConfig:
        """From a journal's row; what a later version added is left out."""
        anchor = row.get("anchor")
        return cls(
            settings=dict(row["settings"]),
            hash=str(row["hash"]),
            code=str(row["code"]),
            timeframes=dict(row.get("timeframes", {})),
            bars_by_alert=bool(row.get("bars_by_alert", False)),
            stale_s=float(row.get("stale_s", 30.0)),
            anchor=None if anchor is None else Anchor.of(anchor),
            files={key: [dict(one) for one in kept] for key, kept in row.get("files", {}).items()},
        )

    def is_same(self, other: SessionConfig) -> bool:
        """Whether a session of the one is a session of the other; where its clock is anchored does not matter."""
        return (self.hash, self.code, dict(self.timeframes), self.bars_by_alert, self.stale_s, self.files) == (
            other.hash, other.code, dict(other.timeframes), other.bars_by_alert, other.stale_s, other.files,
        )  # fmt: skip

    def plan(self, overrides: Mapping[str, Any] | None = None) -> Plan:
        """Its settings read again, under ``overrides``, with the files as they were. Raises ConfigError."""
        if not self.files:
            return plan_of(load_spec(None, flags={**self.settings, **(overrides or {})}, environ={}))
        with tempfile.TemporaryDirectory(prefix="zepix-") as folder:
            flags = {**self.settings, **placed(self.settings, self.files, Path(folder)), **(overrides or {})}
            return plan_of(load_spec(None, flags=flags, environ={}))

    def session(self, overrides: Mapping[str, Any] | None = None, plan: Plan | None = None) -> LiveSession:
        """A fresh session of it; ``plan``: its plan, where it is made already. Raises ConfigError where it cannot be
        built any more."""
        plan = self.plan(overrides) if plan is None else plan
        return LiveSession(
            plan,
            self.timeframes,
            stale_ns=round(stale_limit_s(plan.spec, self.stale_s) * NS),
            bars_by_alert=self.bars_by_alert,
        )


def config_of(
    spec: Spec, plan: Plan, timeframes: Mapping[str, str], *, bars_by_alert: bool, stale_s: float, anchor: Anchor | None
) -> SessionConfig:
    """What a start is to run by. Secrets and what is the runner's own are left out; paths are made whole."""
    file_folder = spec.path.parent if spec.path is not None else Path()
    settings: dict[str, Any] = {}
    for key, value, origin in spec.config.show():
        if origin in GIVEN and value != MASK and not key.startswith(NOT_KEPT):
            folder = file_folder if origin == "file" else Path()
            settings[key] = _whole(folder, key, value) if key.startswith(PATHS) else _exact(value)
    own = [one.resolve() for one in spec.strategy_folders]
    if FOLDERS not in settings and own and own != [builtin_strategies().resolve()]:  # found where it stood
        settings[FOLDERS] = [str(one) for one in own]
    return SessionConfig(
        settings, plan.settings_hash, plan.code_version, dict(timeframes), bars_by_alert, stale_s, anchor,
        files_of(settings),
    )  # fmt: skip


def _whole(folder: Path, key: str, value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_whole(folder, key, one) for one in value]
    if not isinstance(value, str):
        return value
    file, mark, name = value.partition("#") if key == RESTRICTIONS else (value, "", "")
    if key == RESTRICTIONS and not file.lower().endswith(".toml"):
        return value
    return f"{(folder / Path(file).expanduser()).resolve()}{mark}{name}"


def _exact(value: Any) -> Any:
    """A setting as JSON has it, read again as what it was: a decimal as the number that is written alike."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, Mapping):
        return {str(key): _exact(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_exact(one) for one in value]
    return plain(value)
