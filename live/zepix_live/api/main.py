"""The API as a process: takes its port, keeps the database up with the journal, answers until it is told to end."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping
from typing import Final

from zepix_live.api.app import create_api
from zepix_live.api.desk import Confirmations, Desk
from zepix_live.api.events import Events
from zepix_live.api.parts import Parts
from zepix_live.api.questions import Questions
from zepix_live.api.refusals import Refusals
from zepix_live.api.server import ApiServer, make_api_server
from zepix_live.api.settings import ApiSettings
from zepix_live.api.standing import Standing
from zepix_live.api.tail import JournalTail
from zepix_live.api_trouble import forget_api_trouble
from zepix_live.clock import Clock, SystemClock
from zepix_live.heartbeat import state_from_file
from zepix_live.receiver.server import listen
from zepix_live.storage.address import Address, address_of
from zepix_live.storage.database import Database
from zepix_live.storage.keeping import ProjectionKeeper

__all__ = ["make_parts", "run_api"]

SILENCE_S: Final = 5.0
_log = logging.getLogger("zepix.api")


def make_parts(settings: ApiSettings, address: Address, clock: Clock) -> Parts:
    """Every part of the API of a data folder; nothing is opened or started yet."""
    data_dir = settings.data_dir
    keeper = ProjectionKeeper(data_dir, address, lambda text: _log.warning("%s", settings.secrets.blot(text)))
    tail = JournalTail(data_dir / "journal.sqlite")

    def behind() -> Mapping[str, object]:
        position, journal = keeper.position, max(tail.last_seq, keeper.position)
        return {"position": position, "journal": journal, "rows": journal - position, "trouble": keeper.trouble}

    return Parts(
        settings=settings,
        data_dir=data_dir,
        address=address,
        clock=clock,
        keeper=keeper,
        tail=tail,
        questions=Questions(Database(address), behind, settings.answer_s, keeper.why_broken),
        standing=Standing(data_dir),
        desk=Desk(data_dir, clock, settings.command_s),
        confirmations=Confirmations(clock, settings.confirm_s),
        refusals=Refusals(clock, settings.secrets.blot),
        events=Events(tail, settings.secrets, settings.most_clients),
        engine_state=state_from_file(data_dir, clock, SILENCE_S),
        behind=behind,
    )


def run_api(
    settings: ApiSettings,
    environ: Mapping[str, str],
    *,
    clock: Clock | None = None,
    on_ready: Callable[[ApiServer, int], None] | None = None,
) -> int:
    """Answers until the server is told to end; 0 then. ``on_ready`` is told the server and its port once it does.

    Raises ConfigError for a port that is taken, settings that must not listen, an address of a database that is none.
    """
    settings.check()
    address = address_of(settings.data_dir, None, environ)
    listener = listen(settings.host, settings.port)
    with contextlib.closing(listener):
        port = int(listener.getsockname()[1])
        server = make_api_server(create_api(make_parts(settings, address, clock or SystemClock())), settings, listener)

        def ready() -> None:
            _log.info("the API answers on port %d; its database is %s", port, address)
            forget_api_trouble(settings.data_dir)
            if on_ready is not None:
                on_ready(server, port)

        server.on_ready = ready
        asyncio.run(server.answer())
    return 0
