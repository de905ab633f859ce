from __future__ import annotations

import os

import pytest


@pytest.fixture(scope="session")
def sample(tmp_path_factory):
    """Four days of the synthetic sample."""
    from zepix.data.sample import write_sample

    folder = tmp_path_factory.mktemp("sample")
    write_sample(folder, days=4, n_alerts=60)
    return folder


@pytest.fixture
def place(tmp_path, monkeypatch):
    """An empty current folder, and no setting from the environment."""
    monkeypatch.chdir(tmp_path)
    for name in [n for n in os.environ if n.startswith("ZEPIX_") and n != "ZEPIX_CACHE_DIR"]:
        monkeypatch.delenv(name)
    return tmp_path


@pytest.fixture
def inputs(sample):
    """Flags of a run on the sample."""
    return ["--alerts", str(sample / "alerts.jsonl"), "--bars", str(sample), "--strategy", "bracket"]
