"""Settings and secrets: what the receiver refuses to start with, all problems at once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from zepix.errors import ConfigError
from zepix_live.clock import SystemClock, VirtualClock
from zepix_live.heartbeat import FILE_NAME, EngineState, read_heartbeat, state_from_file, write_heartbeat
from zepix_live.secrets_file import Secrets, load_secrets
from zepix_live.settings import ReceiverSettings, is_loopback, read_settings

STRONG = {"ZEPIX_WEBHOOK_TOKEN": "w" * 16, "ZEPIX_API_TOKEN": "a" * 16}
posix_only = pytest.mark.skipif(os.name != "posix", reason="there are no such rights here")


def _secrets_file(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / "secrets.toml"
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def test_without_anything_it_listens_on_this_machine_only(tmp_path):
    found = read_settings(tmp_path, {}, {})
    assert (found.host, found.port, found.checks_addresses) == ("127.0.0.1", 8000, False)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.org", ""])
def test_beyond_this_machine_it_needs_secrets(tmp_path, host):
    with pytest.raises(ConfigError) as caught:
        read_settings(tmp_path, {}, {}, host=host)
    if host:
        assert len(caught.value.problems) == 2
        assert "ZEPIX_WEBHOOK_TOKEN" in str(caught.value)
        found = read_settings(tmp_path, {}, STRONG, host=host)
        assert found.checks_addresses


@pytest.mark.parametrize(
    ("environ", "what"),
    [
        ({**STRONG, "ZEPIX_WEBHOOK_TOKEN": "short"}, "at least 16"),
        ({**STRONG, "ZEPIX_API_TOKEN": ""}, "ZEPIX_API_TOKEN"),
        ({**STRONG, "ZEPIX_API_TOKEN": "w" * 16}, "two of the secrets are the same"),
    ],
)
def test_weak_secrets_do_not_leave_this_machine(tmp_path, environ, what):
    with pytest.raises(ConfigError, match=what):
        read_settings(tmp_path, {}, environ, host="0.0.0.0")
    read_settings(tmp_path, {}, environ)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "[::1]", "localhost", " LocalHost "])
def test_loopback_is_known(host):
    assert is_loopback(host)


def test_every_problem_is_told_at_once(tmp_path):
    table = {
        "bodylimit_bytes": 1,
        "port": 70_000,
        "rate_per_s": True,
        "trusted_proxies": ["10.0.0.0/8", "nonsense"],
        "allowed_addresses": "52.89.214.238",
        "check_addresses": "yes",
        "host": 5,
        "secrets": "x",
        "body_limit_bytes": 1e3,
    }
    with pytest.raises(ConfigError) as caught:
        read_settings(tmp_path, table, {"ZEPIX_WEBHOOK_TOKEN_PREVIOUS": "x", "ZEPIX_API_TOKEN": "a b"})
    assert len(caught.value.problems) == 11
    assert "did you mean 'live.receiver.body_limit_bytes'?" in str(caught.value)


def test_a_certificate_header_needs_a_proxy(tmp_path):
    with pytest.raises(ConfigError, match="trusted_proxies"):
        read_settings(tmp_path, {"certificate_header": "x-subject"}, {})


def test_the_environment_wins_over_the_file_name_by_name(tmp_path):
    _secrets_file(tmp_path, 'webhook_token = "from-file"\napi_token = "also-file"\n')
    found = load_secrets(tmp_path, {"ZEPIX_WEBHOOK_TOKEN": "from-environment", "ZEPIX_API_TOKEN": "  "})
    assert (found.webhook_token, found.api_token) == ("from-environment", "also-file")
    assert "from" not in repr(found)


@posix_only
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o620, 0o666, 0o660])
def test_a_secrets_file_that_others_may_read_is_refused(tmp_path, mode):
    _secrets_file(tmp_path, 'webhook_token = "t0k3n-t0k3n"', mode)
    with pytest.raises(ConfigError, match="chmod 600") as caught:
        load_secrets(tmp_path, {})
    assert "t0k3n" not in str(caught.value)


@posix_only
def test_a_secrets_file_that_is_a_link_is_refused(tmp_path):
    (tmp_path / "real").write_text('webhook_token = "x"', encoding="utf-8")
    (tmp_path / "real").chmod(0o600)
    (tmp_path / "secrets.toml").symlink_to(tmp_path / "real")
    with pytest.raises(ConfigError, match="plain file"):
        load_secrets(tmp_path, {})


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("webhook_token = t0k3n", "no TOML"),
        ("webhook_token = 5", "text in quotes"),
        ('token = "t0k3n"', "no secret of zepix"),
        ('webhook_token = "' + "t0k3n" * 60 + '"', "at most 256"),
        ("#" * 70_000, "larger than"),
    ],
)
def test_a_secrets_file_that_makes_no_sense_is_refused_without_quoting_it(tmp_path, text, what):
    _secrets_file(tmp_path, text)
    with pytest.raises(ConfigError, match=what) as caught:
        load_secrets(tmp_path, {})
    assert "t0k3n" not in str(caught.value)


def test_secrets_are_blotted_only_where_they_are_long_enough_to_be_told_apart():
    assert Secrets(webhook_token="abc").blot("abc abc") == "abc abc"
    assert Secrets(webhook_token="abcdef").blot_bytes(b"\xffabcdef\xff") == b"\xff***\xff"


def test_the_sign_of_life_is_read_as_it_was_written_and_grows_old(tmp_path):
    clock = VirtualClock()
    state = state_from_file(tmp_path, clock, 5)
    assert (state().state, state().turns) == ("unknown", False)
    assert write_heartbeat(tmp_path, EngineState(clock.now_ns(), "running", "", 42, 4711))
    assert (state().turns, state().inbox_seq) == (True, 42)
    clock.advance(5.1)
    assert (state().state, state().turns) == ("silent", False)
    for text in ("", "[]", "{}", '{"t_ns":"x","state":1}', "[" * 10_000, '{"t_ns":1e999,"state":"running"}'):
        (tmp_path / FILE_NAME).write_text(text, encoding="utf-8")
        assert read_heartbeat(tmp_path).state == "unknown"
    assert not write_heartbeat(tmp_path / "missing", EngineState())


def test_the_machines_clock_runs():
    clock = SystemClock()
    assert clock.now_ns() > 1_700_000_000 * 10**9
    assert clock.monotonic_ns() <= clock.monotonic_ns()
    with pytest.raises(ValueError, match="forward"):
        VirtualClock().advance(-1)


def test_settings_made_by_hand_are_checked_when_they_are_used():
    with pytest.raises(ConfigError, match="most_connections_of_one"):
        ReceiverSettings(data_dir=Path(), most_connections=1).check()
