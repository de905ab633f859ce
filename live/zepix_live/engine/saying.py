"""What an engine says on its log of what follows from its inputs: events, errors, plugins that were disabled.

Each line carries what it is about: code, plugin, alert, the journal's number, and the session's time (``logs.py``).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from zepix.engine.failing import DISABLED
from zepix_live.engine.session import Output

if TYPE_CHECKING:
    from zepix_live.engine.view import Looking

__all__ = ["Saying"]

LEVELS: Final[Mapping[str, int]] = {"INFO": logging.INFO, "WARN": logging.WARNING}
log = logging.getLogger("zepix.engine")


class Saying:
    """Called with every event, error, disabling and decision as it is journaled; ``looking`` sees them too."""

    def __init__(self) -> None:
        self.looking: Looking | None = None
        self.now_ns: Callable[[], int] = lambda: 0
        """The session's time, for each line."""

    def __call__(self, output: Output) -> None:
        if self.looking is not None:
            self.looking.heard(output)
        if output.kind == "decision":
            return
        body = output.body
        more = {
            "event_ns": self.now_ns(),
            "code": str(body.get("code", output.kind)),
            "plugin": str(body.get("plugin", "")),
            "alert": str(body.get("alert", "")),
            "seq": int(body.get("of", 0)),
        }
        level, text = _line(output.kind, body)
        log.log(level, "%s: %s", more["code"], text, extra=more)


def _line(kind: str, body: Mapping[str, Any]) -> tuple[int, str]:
    plugin = body.get("plugin", "")
    if kind == "error":
        under = body.get("alert") or "no alert"
        return logging.WARNING, f"plugin {plugin} failed under {under}: {body.get('error', '')}"
    if kind == "disabled":
        failures = body.get("failures", "")
        return logging.CRITICAL, f"plugin {plugin} is disabled after {failures} failures in a row: {DISABLED}"
    return LEVELS.get(body.get("level", ""), logging.CRITICAL), str(body.get("text", ""))
