"""A data folder as a runner leaves it: a day of the sample, traded, with commands of a human in it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.api.api_asgi import Api
from tests.live.desk import Desk, entry
from tests.live.storage.conftest import address, server, url
from zepix_live.clock import SystemClock
from zepix_live.storage.address import address_of
from zepix_live.storage.rebuilding import rebuild

__all__ = ["address", "api", "folder", "server", "traded", "url"]


@pytest.fixture(scope="session")
def traded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made once, not to be written: what it holds is in its tables too."""
    folder = tmp_path_factory.mktemp("traded")
    desk = Desk(folder)
    desk.open()
    desk.run(2.0)
    for number in range(12):
        desk.post(entry("buy" if number % 2 else "sell", sl=1.05, id=f"mine-{number}"))
        desk.run(0.5)
    desk.post("{no json")
    desk.post({"type": "exit", "symbol": "EURUSD"})
    desk.run(2.0)
    desk.post(entry(sl=1.05, id="mine-open"))
    desk.run(2.0)
    desk.close()
    rebuild(folder, address_of(folder), SystemClock())
    return folder


@pytest.fixture
def folder(traded: Path, tmp_path: Path) -> Path:
    """A copy of the test's own."""
    copy = tmp_path / "data"
    shutil.copytree(traded, copy)
    return copy


@pytest.fixture
def api(folder: Path) -> Iterator[Api]:
    """The API of that copy."""
    yield Api(folder)
