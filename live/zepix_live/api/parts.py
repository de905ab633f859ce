"""What the API is made of, for its routes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zepix_live.api.desk import Confirmations, Desk
from zepix_live.api.events import Events
from zepix_live.api.questions import Questions
from zepix_live.api.refusals import Refusals
from zepix_live.api.settings import ApiSettings
from zepix_live.api.standing import Standing
from zepix_live.api.tail import JournalTail
from zepix_live.clock import Clock
from zepix_live.heartbeat import EngineState
from zepix_live.storage.address import Address
from zepix_live.storage.keeping import ProjectionKeeper

__all__ = ["Parts"]


@dataclass(frozen=True, slots=True)
class Parts:
    """One of each; ``engine_state`` is the engine's sign of life."""

    settings: ApiSettings
    data_dir: Path
    address: Address
    clock: Clock
    keeper: ProjectionKeeper
    tail: JournalTail
    questions: Questions
    standing: Standing
    desk: Desk
    confirmations: Confirmations
    refusals: Refusals
    events: Events
    engine_state: Callable[[], EngineState]
    behind: Callable[[], Mapping[str, Any]]
