"""The API under a supervisor: over when its standard input closes."""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
from pathlib import Path
from typing import Final

from zepix.errors import ConfigError, ZepixError
from zepix_live.api.settings import ApiSettings, read_api_settings
from zepix_live.logs import handed_on, set_up
from zepix_live.supervise import end_with_parent

__all__ = ["main"]

NICE: Final = 5


def main(arguments: list[str] | None = None) -> int:
    """The exit status. ``--settings`` is JSON of what ``[live.api]`` holds."""
    parser = argparse.ArgumentParser(prog="zepix-api")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--port", type=int)
    parser.add_argument("--settings", default="{}")
    given = parser.parse_args(arguments)
    try:
        return _run(read_api_settings(given.data, json.loads(given.settings), os.environ, port=given.port))
    except ZepixError as error:
        sys.stderr.write(f"{ascii(str(error))[1:-1]}\n")
        return error.exit_status
    except KeyboardInterrupt:
        return 0


def _run(settings: ApiSettings) -> int:
    try:
        from zepix_live.api.main import run_api
        from zepix_live.receiver.log_filter import SecretFilter
    except ImportError as error:
        raise ConfigError(
            f"the API needs {error.name}: pip install 'zepix[live]', or run without it (live.api.enabled = false)"
        ) from None
    if hasattr(os, "nice"):  # where the machine is busy, alerts and decisions come first
        os.nice(NICE)
    set_up("api", handed_on(os.environ), settings.data_dir, settings.secrets.blot)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    for handler in logging.getLogger().handlers:
        handler.addFilter(SecretFilter(settings.secrets))
    return run_api(settings, os.environ, on_ready=lambda server, _port: end_with_parent(server.end))


if __name__ == "__main__":
    sys.exit(main())
