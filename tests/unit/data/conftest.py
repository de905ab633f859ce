"""Every test of this folder has a cache folder of its own."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def own_cache_root(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path_factory.mktemp("zepix-cache")
    monkeypatch.setenv("ZEPIX_CACHE_DIR", str(root))
    return root
