"""How ``zepix live`` starts the API: as a third process, or in a thread of the one process. Loads next to nothing."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from zepix_live.api.settings import OURS, ApiSettings
from zepix_live.api_trouble import write_api_trouble
from zepix_live.supervise import Child

if TYPE_CHECKING:
    from zepix_live.api.server import ApiServer

__all__ = ["ApiThread", "api_child"]

AGAIN_AFTER_S: Final = 300.0
_MINUTES: Final = f"{AGAIN_AFTER_S / 60:g} minutes"
_JOIN_S: Final = 2.0


def api_child(settings: ApiSettings, python: tuple[str, ...], fatal: frozenset[int]) -> Child:
    """The process to keep alive; nothing ends because of it, and where it cannot be started all else goes on.

    It is tried again every five minutes: what held its port, or its database, may be gone by then.
    """
    said = {name: value for name, value in asdict(settings).items() if name not in OURS}
    command = [*python, "zepix_live.api_child", "--data", str(settings.data_dir), "--settings", json.dumps(said)]
    return Child(
        "API",
        command,
        gives_up=True,
        fatal=fatal,
        ends_all=False,
        on_given_up=lambda why: write_api_trouble(settings.data_dir, f"{why}; it is tried again every {_MINUTES}"),
        again_after_s=AGAIN_AFTER_S,
        aftermath="alerts are taken and traded without it",
    )


class ApiThread:
    """The API beside receiver and engine, for trials; what goes wrong with it is said, and nothing ends for it."""

    def __init__(
        self, settings: ApiSettings, say: Callable[[str], None], environ: Mapping[str, str] = os.environ
    ) -> None:
        self._settings: Final = settings
        self._say: Final = say
        self._environ: Final = environ
        self._servers: Final[list[ApiServer]] = []
        self._is_over = False
        self._thread: Final = threading.Thread(target=self._run, name="api", daemon=True)

    def start(self) -> None:
        """Begin, where there is to be one."""
        if self._settings.enabled:
            self._thread.start()

    def stop(self) -> None:
        """End it, within seconds."""
        self._is_over = True
        for server in self._servers:
            server.end()
        if self._thread.is_alive():
            self._thread.join(_JOIN_S)

    def _run(self) -> None:
        try:
            from zepix_live.api.main import run_api

            run_api(self._settings, self._environ, on_ready=self._ready)
        except BaseException as error:  # noqa: BLE001 - said; the receiver and the engine go on without it
            why = f"the API cannot answer: {error}; a restart of zepix live starts it"
            write_api_trouble(self._settings.data_dir, why)
            self._say(f"WARN the API cannot answer: {error}; alerts are taken and traded without it")

    def _ready(self, server: Any, _port: int) -> None:
        self._servers.append(server)
        if self._is_over:
            server.end()
