"""Says by a skip that the tests of this folder which need backtrader were left out."""

from __future__ import annotations

import pytest


def test_backtrader_is_installed() -> None:
    found = pytest.importorskip(
        "backtrader", reason="backtrader is not installed (extra backtrader); its tests are out"
    )
    assert found.__version__ == "1.9.78.123"
