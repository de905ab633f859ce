"""What holds for every test: a verdict that does not depend on luck or on how busy the machine is.

*Drawn cases* are the same in every run, so that one commit has one answer; ``ZEPIX_THOROUGH=1`` draws others each time.
*Clocks*: a test marked ``clock`` bounds how long something took, or runs processes whose own deadlines a busy machine
breaks; it has three tries, and pytest's last line counts what was tried again.
"""

from __future__ import annotations

from typing import Final

import pytest
from hypothesis import HealthCheck, settings

from tests.thorough import THOROUGH

_TRIES_MORE: Final = 2

settings.register_profile(
    "zepix",
    deadline=None,  # a share of a busy machine is no fault of a property
    derandomize=not THOROUGH,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
)
settings.load_profile("zepix")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.pluginmanager.has_plugin("rerunfailures"):
        return
    for item in items:
        if item.get_closest_marker("clock") is not None:
            item.add_marker(pytest.mark.flaky(reruns=_TRIES_MORE))
