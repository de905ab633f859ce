"""The receiver under a supervisor: as ``zepix_live.receiver.main``, and over when its standard input closes."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import replace
from pathlib import Path

from zepix.errors import ZepixError
from zepix_live.heartbeat import RECORDING, EngineState
from zepix_live.receiver.main import run_receiver, settings_table, write_to_log
from zepix_live.settings import read_settings
from zepix_live.supervise import end_with_parent

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> int:
    """The exit status; see ``zepix_live.receiver.main`` for the options."""
    parser = argparse.ArgumentParser(prog="zepix-receiver")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--host")
    parser.add_argument("--port", type=int)
    parser.add_argument("--settings", default="")
    parser.add_argument("--records", action="store_true", help="Nobody decides what it takes.")
    parser.add_argument("--inbox-id", default="")
    given = parser.parse_args(arguments)
    try:
        table = settings_table(given.settings, os.environ)
        settings = read_settings(given.data, table, os.environ, host=given.host, port=given.port)
        settings = replace(settings, inbox_id=given.inbox_id)
        write_to_log(settings)
        return run_receiver(
            settings,
            engine_state=(lambda: EngineState(state=RECORDING)) if given.records else None,
            on_ready=lambda server, _port: end_with_parent(server.end),
        )
    except ZepixError as error:
        sys.stderr.write(f"{ascii(str(error))[1:-1]}\n")
        return error.exit_status
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    sys.exit(main())
