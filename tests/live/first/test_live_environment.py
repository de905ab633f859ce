"""[live] in the environment: over the file, under the flags, for whoever starts the runner."""

from __future__ import annotations

import pytest

from zepix.config.layers import read_flags
from zepix.errors import ConfigError
from zepix_live.engine.options import EngineOptions
from zepix_live.launch import of_folder, receiver_table

FILE = '[live]\nfeed = "webhook"\n[live.receiver]\nport = 8010\nmirror = ["https://a.example/x"]\nmost_wait_s = 2\n'


@pytest.fixture
def options(tmp_path):
    (tmp_path / "live.toml").write_text(FILE, encoding="utf-8")
    return EngineOptions(tmp_path, tmp_path / "live.toml", flags=read_flags(["live.receiver.port=8030"]))


def test_it_stands_between_the_file_and_the_flags(options, monkeypatch):
    monkeypatch.setenv("ZEPIX_LIVE__RECEIVER__PORT", "8020")
    monkeypatch.setenv("ZEPIX_LIVE__RECEIVER__MIRROR", '["https://b.example/y"]')
    assert receiver_table(options) == {"port": 8030, "mirror": ["https://b.example/y"], "most_wait_s": 2}


def test_it_is_read_without_any_file(tmp_path, monkeypatch):
    monkeypatch.setenv("ZEPIX_LIVE__RECEIVER__TRUSTED_PROXIES", '["10.0.0.1"]')
    assert receiver_table(EngineOptions(tmp_path)) == {"trusted_proxies": ["10.0.0.1"]}
    monkeypatch.setenv("ZEPIX_LIVE__RECEIVR__PORT", "1")
    with pytest.raises(ConfigError, match=r"live\.receivr: unknown setting; did you mean 'live\.receiver'"):
        receiver_table(EngineOptions(tmp_path))


def test_the_folder_has_a_configuration_of_its_own_and_a_flag_wins(options, tmp_path):
    found = of_folder(EngineOptions(tmp_path))
    assert (found.config, found.feed) == (tmp_path / "live.toml", "webhook")
    assert of_folder(EngineOptions(tmp_path, feed="none")).feed == "none"
    other = tmp_path / "other.toml"
    other.write_text('[live]\nfeed = "replay:prices"\n', encoding="utf-8")
    assert of_folder(EngineOptions(tmp_path, other)).feed == f"replay:{tmp_path / 'prices'}"
    other.write_text("[live]\nfeed = 5\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="--feed is replay:PATH or webhook"):
        of_folder(EngineOptions(tmp_path, other))
