"""What the tests of the live runner share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.live.desk import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    """Makes desks on one folder; all of them are closed in the end."""
    made: list[Desk] = []

    def make(**given: Any) -> Desk:
        found = Desk(tmp_path / "live", **given)
        made.append(found)
        return found

    yield make
    for one in made:
        one.close()
