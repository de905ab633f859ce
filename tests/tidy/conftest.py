from __future__ import annotations

import pytest


@pytest.fixture(scope="session")
def small_sample(tmp_path_factory):
    """Eight days of the synthetic sample."""
    from zepix.data.sample import write_sample

    folder = tmp_path_factory.mktemp("sample")
    write_sample(folder, days=8, n_alerts=120)
    return folder
