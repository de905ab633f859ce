"""The engine under a supervisor: says at once that it is coming, then loads itself, which takes most of a second.

Until it says so, what an engine before it said last would pass for its sign of life.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from zepix_live.clock import SystemClock
from zepix_live.heartbeat import EngineState, write_heartbeat

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> int:
    """The exit status; see ``zepix_live.engine.main`` for the one argument."""
    given = sys.argv[1:] if arguments is None else arguments
    try:
        folder = Path(json.loads(given[0])["data_dir"])
    except (IndexError, ValueError, KeyError, TypeError):  # told by the engine itself
        folder = None
    if folder is not None and folder.is_dir():
        write_heartbeat(folder, EngineState(SystemClock().now_ns(), "starting", pid=os.getpid()))
    from zepix_live.engine.main import main as engine

    return engine(given)


if __name__ == "__main__":
    sys.exit(main())
