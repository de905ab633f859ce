from __future__ import annotations

import os

import pytest


@pytest.fixture
def place(tmp_path, monkeypatch):
    """An empty current folder, and no setting from the environment."""
    monkeypatch.chdir(tmp_path)
    for name in [n for n in os.environ if n.startswith("ZEPIX_") and n != "ZEPIX_CACHE_DIR"]:
        monkeypatch.delenv(name)
    return tmp_path
