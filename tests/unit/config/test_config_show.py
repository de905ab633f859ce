"""``zepix config show`` and ``check``: what holds, where it came from, everything that is wrong at once."""

from __future__ import annotations

import json

import pytest

from zepix.cli import main

SPEC = """title = "mine"

[account]
balance = 25000

[strategy]
name = "bracket"
one_at_a_time = true

[telegram.controller]
token = "123456:secret-of-mine"
chat_id = 7

[live]
stale_s = 12
receiver = { port = 8123 }

[risk.daily_caps]
"5000" = 77
"""


@pytest.fixture
def spec(place):
    path = place / "spec.toml"
    path.write_text(SPEC, encoding="utf-8")
    return path


def _shown(capsys, *arguments):
    status = main(["config", "show", *arguments, "--json"])
    captured = capsys.readouterr()
    return status, {row["key"]: row for row in json.loads(captured.out)}, captured


def test_every_layer_is_named_with_its_place(spec, monkeypatch, capsys):
    monkeypatch.setenv("ZEPIX_FILL__LATENCY_MS", "40")
    status, rows, _ = _shown(capsys, "spec.toml", "--set", "strategy.default_volume=0.3")
    assert status == 0
    expected = {
        "title": ("mine", "file", "spec.toml:1"),
        "account.balance": ("25000", "file", "spec.toml:4"),
        "account.leverage": ("100", "default", ""),
        "strategy.one_at_a_time": (True, "file", "spec.toml:8"),
        "plugins.bracket.settings.one_at_a_time": (True, "file", "spec.toml:8"),
        "plugins.bracket.settings.default_volume": (0.3, "flag", "--set strategy.default_volume"),
        "plugins.bracket.settings.atr_period": (14, "plugin", ""),
        "fill.latency_ms": (40, "environment", "ZEPIX_FILL__LATENCY_MS"),
        "live.stale_s": (12, "file", "spec.toml:15"),
        "live.hang_s": (60.0, "default", ""),
        "live.receiver.port": (8123, "file", "spec.toml:16"),
        "live.receiver.host": ("127.0.0.1", "default", ""),
        "risk.daily_caps.5000": (77, "file", "spec.toml:19"),
        "risk.daily_caps.10000": ("200", "default", ""),
        "sessions.windows.london.start": ("13:30", "default", ""),
    }
    assert {key: tuple(rows[key][name] for name in ("value", "origin", "where")) for key in expected} == expected


def test_a_secret_is_never_shown(spec, monkeypatch, capsys):
    monkeypatch.setenv("ZEPIX_TELEGRAM__NOTIFIER__TOKEN", "98765:other-of-mine")
    for arguments in (["show", "spec.toml", "--origin"], ["show", "spec.toml", "--json"], ["check", "spec.toml"]):
        main(["config", *arguments])
        captured = capsys.readouterr()
        assert "of-mine" not in captured.out + captured.err
    main(["config", "show", "spec.toml", "--origin"])
    assert 'telegram.controller.token = "********"  # file spec.toml:11\n' in capsys.readouterr().out


def test_lines_are_toml_and_say_their_origin_only_when_asked(spec, capsys):
    assert main(["config", "show", "spec.toml"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert 'account.currency = "USD"' in lines
    assert "fill.slippage_points = none" in lines
    assert not [line for line in lines if "# file" in line]
    assert main(["config", "show", "spec.toml", "--origin"]) == 0
    assert "account.balance = 25000  # file spec.toml:4" in capsys.readouterr().out.splitlines()


def test_a_secret_in_a_file_is_told_by_the_check_with_where_it_belongs(spec, capsys):
    assert main(["config", "check", "spec.toml"]) == 0
    captured = capsys.readouterr()
    assert "telegram.controller.token stands in spec.toml:11" in captured.err
    assert "ZEPIX_TELEGRAM__CONTROLLER__TOKEN" in captured.err
    assert "no problem found" in captured.out


BAD = """acount = 5
[account]
balanse = 5
currency = "dollars"
[risk]
max_concurrent = -1
rr_ration = 2
[plugins.v3_combined.settings]
min_consensus_score = 90
[plugins.v6_price_action_5m.settings]
adx_treshold = 5
[plugins.v6_price_action_1m.settings.exits]
levels = 7
[live]
stal_s = 5
hang_s = -2
[live.receiver]
prot = 5
rate_per_s = "many"
"""


def test_every_problem_is_told_at_once_with_near_names_and_lines(place, capsys):
    (place / "bad.toml").write_text(BAD, encoding="utf-8")
    assert main(["config", "check", "bad.toml"]) == 2
    told = capsys.readouterr().err
    for words in (
        "acount (bad.toml:1): unknown setting; did you mean 'account'",
        "account.balanse (bad.toml:3): unknown setting; did you mean 'account.balance'",
        "account.currency",
        "risk.max_concurrent",
        "risk.rr_ration (bad.toml:7): unknown setting; did you mean 'risk.rr_ratio'",
        "min_consensus_score must lie from 0 to",
        "adx_treshold: unknown setting; did you mean 'adx_threshold'",
        "exits.",
        "live.stal_s: unknown setting; did you mean 'live.stale_s'",
        "live.hang_s is above 0",
        "live.receiver.prot: unknown setting; did you mean 'live.receiver.port'?",
        "live.receiver.rate_per_s must be a number",
    ):
        assert words in told, words
    assert all(line.startswith("zepix: ") for line in told.splitlines())
    assert len(told.splitlines()) == len(set(told.splitlines())) == 12


def test_problems_as_json_and_what_could_be_read_is_shown_all_the_same(place, capsys):
    (place / "bad.toml").write_text(BAD, encoding="utf-8")
    assert main(["config", "check", "bad.toml", "--json"]) == 2
    assert len(json.loads(capsys.readouterr().out)["problems"]) == 12
    status, rows, captured = _shown(capsys, "bad.toml")
    assert status == 2
    assert rows["account.leverage"]["origin"] == "default"
    assert "acount" in captured.err


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a = [1", "not valid TOML"),
        ("title = 1\ntitle = 2", "not valid TOML"),
        ("[live]\nreceiver = 5", "live.receiver: expected a table"),
        ("live = 5", "live (broken.toml:1): expected a table"),
        ('[strategy]\nname = "brackett"', "brackett"),
        (
            '[shadow_mode]\nshadow_plugins = ["v6_price_action_5n"]\n[plugins.v6_price_action_5m]',
            "shadow_mode.shadow_plugins: no plugin v6_price_action_5n; did you mean 'v6_price_action_5m'",
        ),
        ('[shadow_mode]\ndefault_mode = "HYBRYD"', "shadow_mode.default_mode"),
        ('[shadow_mode]\nenabled = false\ndefault_mode = "HYBRID"', "nothing runs in shadow"),
        ("[shadow_mode.breaker]\ntickets = 0", "shadow_mode.breaker"),
    ],
)
def test_a_broken_file_is_told_and_ends_with_two(place, capsys, text, told):
    (place / "broken.toml").write_text(text, encoding="utf-8")
    for verb in ("check", "show"):
        assert main(["config", verb, "broken.toml"]) == 2
        assert told in capsys.readouterr().err


def test_without_a_file_the_defaults_are_shown_and_fine(place, capsys):
    assert main(["config", "check"]) == 0
    assert "0 from the file" in capsys.readouterr().out
    status, rows, _ = _shown(capsys)
    assert status == 0
    assert {row["origin"] for row in rows.values()} == {"default", "plugin"}


def test_a_package_that_cannot_be_loaded_does_not_stop_the_check(place, capsys, monkeypatch):
    import importlib.metadata

    class Point:
        name, value, dist = "broken", "no_such_package_of_anybody:app", None

    monkeypatch.setattr(
        importlib.metadata, "entry_points", lambda group: [Point()] if group == "zepix.commands" else []
    )
    assert main(["config", "check"]) == 0
    assert "no problem" in capsys.readouterr().out
