"""The sessions of one journal, one after the other: a changed configuration goes on with the old one's state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from zepix.errors import StateError
from zepix_live.engine.config import SessionConfig
from zepix_live.engine.session import LiveSession

__all__ = ["Course"]


class Course:
    """Holds the present session; ``change`` is the only way to another."""

    def __init__(
        self, overrides: Mapping[str, Any] | None = None, attach: Callable[[LiveSession], None] | None = None
    ) -> None:
        """``overrides``: settings that win over every configuration of the journal; ``attach``: is given each session
        before it takes anything."""
        self._overrides = dict(overrides or {})
        self._attach = attach
        self._session: LiveSession | None = None
        self.config: SessionConfig | None = None
        self.set_aside: list[str] = []
        """What of a state could not be loaded into the next session, in sentences."""

    @property
    def session(self) -> LiveSession:
        """Raises StateError before the first configuration."""
        if self._session is None:
            raise StateError("the journal does not begin with a configuration; is its first part missing?")
        return self._session

    @property
    def has_session(self) -> bool:
        return self._session is not None

    def change(self, config: SessionConfig) -> None:
        """Go on by another configuration. Raises ConfigError where it cannot be built."""
        old, new = self._session, config.session(self._overrides)
        if self._attach is not None:
            self._attach(new)
        if old is not None:
            new.go_on_from(old)
            self.set_aside += new.set_aside
        self._session, self.config = new, config

    def load(self, config: SessionConfig, session: LiveSession) -> None:
        """Begin with a session whose state was loaded."""
        if self._attach is not None:
            self._attach(session)
        self._session, self.config = session, config
