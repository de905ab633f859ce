"""An older ``config.json`` as a spec: what is copied, what is named, and that no secret is."""

from __future__ import annotations

import json
import time
import tomllib
from pathlib import Path

import pytest

from zepix.cli import main
from zepix.spec import load_spec

OWNER = {
    "plugin_system": {"enabled": True, "auto_discover": True, "plugin_dir": "src/logic_plugins"},
    "plugins": {
        "v3_combined": {
            "enabled": True,
            "shadow_mode": False,
            "settings": {
                "entry_conditions": {"min_consensus_score": 6, "nonsense": 1},
                "risk_management": {"max_lot_size": 0.5},
            },
        },
        "v6_price_action_5m": {
            "enabled": True,
            "shadow_mode": True,
            "settings": {"adx_threshold": 27, "confidence_threshold": 72, "require_15m_alignment": True},
        },
        "v6_price_action_1h": {"enabled": False},
    },
    "shadow_mode": {"enabled": True, "default_mode": "SHADOW", "shadow_plugins": ["v6_price_action_5m"]},
    "telegram": {
        bot: {"token": f"SECRET-{bot}", "chat_id": -100 - at}
        for at, bot in enumerate(("controller", "notifier", "analytics"))
    },
}
BOT_TOKEN = "123456789" + ":" + "AAFabcdefghijklmnopqrstuvwxyz" + "012345"
"""Of the form that bots have; nobody's."""


def _import(place: Path, tree: object, *more: str, raw: bytes | None = None) -> int:
    (place / "config.json").write_bytes(json.dumps(tree).encode() if raw is None else raw)
    return main(["config", "import", "config.json", "--out", "spec.toml", *more])


def _told(place: Path, tree: object, capsys) -> dict:
    _import(place, tree, "--json")
    captured = capsys.readouterr()
    return json.loads(captured.out)


def _spec(place: Path) -> dict:
    return tomllib.loads((place / "spec.toml").read_text(encoding="utf-8"))


def test_the_structure_of_the_owner_becomes_a_spec_that_loads_and_is_checked(place, capsys):
    assert _import(place, OWNER) == 0
    written = _spec(place)
    expected = json.loads(json.dumps(OWNER))
    del expected["plugin_system"]["plugin_dir"]
    del expected["plugins"]["v3_combined"]["settings"]["entry_conditions"]["nonsense"]
    for bot in expected["telegram"].values():
        del bot["token"]
    assert written == expected
    capsys.readouterr()
    assert main(["config", "check", "spec.toml"]) == 0
    spec = load_spec(place / "spec.toml", environ={})
    assert {p.plugin_id: (p.enabled, p.shadow_mode, dict(p.settings)) for p in spec.plugins} == {
        "v3_combined": (True, False, OWNER["plugins"]["v3_combined"]["settings"] | {
            "entry_conditions": {"min_consensus_score": 6}}),
        "v6_price_action_5m": (True, True, OWNER["plugins"]["v6_price_action_5m"]["settings"]),
    }  # fmt: skip


def test_every_key_that_was_not_understood_is_named(place, capsys):
    tree = {
        "plugins": {
            "v6_price_action_5m": {"priority": 2, "settings": {"adx_treshold": 3, "adx_threshold": -4}},
            "v9_miracle": {"enabled": True},
            "v3_combined": 7,
            "price_action_1m": {"enabled": True},
        },
        "acount": {"balance": 5},
        "account": {"balance": "many", "leverage": 50, "currency": None},
        "account_balance": 5000,
        "rr_ratio": 1.5,
        "profit_protection.current_mode": "x",
        "risk": {"rr_ratio": 2, "max_concurrent": -3, "daily_capz": {}, "daily_caps": {"5000": 80}},
        "live": {"stale_s": 20, "stal_s": 2, "receiver": {"port": 99999}},
        "journal": {"x": 1},
        "fill": 3,
    }
    told = _told(place, tree, capsys)
    assert set(told["left"]) == {
        "plugins.v6_price_action_5m.priority",
        "plugins.v6_price_action_5m.settings.adx_treshold",
        "plugins.v6_price_action_5m.settings.adx_threshold",
        "plugins.v9_miracle",
        "plugins.v3_combined",
        "acount",
        "account.balance",
        "account.currency",
        "rr_ratio",
        "profit_protection.current_mode",
        "risk.max_concurrent",
        "risk.daily_capz",
        "live.stal_s",
        "live.receiver",
        "journal",
        "fill",
    }
    assert "did you mean 'plugins.v6_price_action_5m.settings.adx_threshold'" in told["left"][
        "plugins.v6_price_action_5m.settings.adx_treshold"]  # fmt: skip
    assert "'account'" in told["left"]["acount"]
    assert "risk.rr_ratio" in told["left"]["rr_ratio"]
    assert told["problems"] == []
    assert _spec(place) == {
        "plugins": {"v6_price_action_1m": {"enabled": True}},
        "account": {"leverage": 50, "balance": 5000},
        "risk": {"rr_ratio": 2, "daily_caps": {"5000": 80}},
        "live": {"stale_s": 20},
    }
    assert main(["config", "check", "spec.toml"]) == 0


SECRETS = {
    "telegram_token": "s3cret-a",
    "telegram": {"controller": {"token": "s3cret-b", "chat_id": 5}, "notifier": {"chat_id": BOT_TOKEN}},
    "mt5_password": 314159265,
    "webhook_secret": "s3cret-c",
    "api_token": "s3cret-d",
    "private_keys": {"a": "s3cret-e"},
    "plugins": {"v3_combined": {"enabled": True, "settings": {"api_key": "s3cret-f", "max_lot": 0.5}}},
    "alerts": {"symbol_map": {"GOLD": "XAUUSD", "x": BOT_TOKEN}},
    "unknown": {"deep": [{"password": "s3cret-g"}, BOT_TOKEN]},
    "empty_token": "",
}


def test_no_secret_is_written_or_printed_and_each_is_told_where_it_belongs(place, capsys):
    for more in ((), ("--json", "--overwrite")):
        assert _import(place, SECRETS, *more) == 0
        captured = capsys.readouterr()
        everything = captured.out + captured.err + (place / "spec.toml").read_text(encoding="utf-8")
        for secret in ("s3cret", BOT_TOKEN, "314159265"):
            assert secret not in everything
    told = json.loads(captured.out)
    assert told["secrets"] | {} == {
        "telegram_token": "the environment variable ZEPIX_TELEGRAM__CONTROLLER__TOKEN",
        "telegram.controller.token": "the environment variable ZEPIX_TELEGRAM__CONTROLLER__TOKEN",
        "webhook_secret": "webhook_token in secrets.toml of the data folder, or ZEPIX_WEBHOOK_TOKEN",
        "api_token": "api_token in secrets.toml of the data folder, or ZEPIX_API_TOKEN",
        **dict.fromkeys(
            (
                "telegram.notifier.chat_id",
                "mt5_password",
                "private_keys",
                "plugins.v3_combined.settings.api_key",
                "alerts.symbol_map.x",
                "unknown.deep.password",
                "unknown.deep",
            ),
            "nothing in zepix reads it; keep it out of files that are copied",
        ),
    }
    assert _spec(place)["plugins"]["v3_combined"]["settings"] == {"max_lot": 0.5}
    assert _spec(place)["telegram"] == {"controller": {"chat_id": 5}}


def test_the_places_of_secrets_are_those_that_are_read(monkeypatch):
    from zepix.config.owner_names import SECRETS as PLACES
    from zepix_live.secrets_file import NAMES

    for where in PLACES.values():
        variable = where.rpartition(" ")[2]
        if variable in NAMES.values():
            name = next(name for name, known in NAMES.items() if known == variable)
            assert where.startswith(f"{name} in secrets.toml")
        else:
            spec = load_spec(environ={variable: "x-token"})
            key = variable.removeprefix("ZEPIX_").replace("__", ".").lower()
            assert spec.config.get(key) == "x-token"


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b'{"a": 1, "a": 2, "plugins": {"x": {}, "x": {}}}', ["'a' stands twice", "'x' stands twice"]),
        (b"[1, 2]", ["not a list"]),
        (b"7", ["not one value"]),
        (b"", ["not valid JSON"]),
        (b'{"a": 1,}', ["not valid JSON"]),
        (b'{"a": NaN}', ["NaN is no number"]),
        (b'{"a": ' + b"[" * 100_000, ["levels deep"]),
        (b'{"a": ' + b"[" * 30 + b"]" * 30 + b"}", ["levels deep"]),
        (b'{"a": [' + b"1," * 30_000 + b"1]}", ["20000 values"]),
        (b" " * 2_000_000, ["larger than 1048576 bytes"]),
        ('{"a": "ü"}'.encode("cp1252"), ["not UTF-8 at byte 7"]),
        (b"\xff\xfe{", ["UTF-16"]),
        (b'{"unheard": 1}', ["nothing in it is a setting", "unheard: not understood"]),
        (b"{}", ["nothing in it is a setting"]),
        (b'{"a": 1' + b"0" * 5_000 + b"}", ["not valid JSON"]),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_believed_is_refused_and_nothing_is_written(place, capsys, raw, told):
    assert _import(place, None, raw=raw) == 2
    said = capsys.readouterr().err
    for words in told:
        assert words in said
    assert not (place / "spec.toml").exists()


@pytest.mark.parametrize(
    "raw",
    [
        b'\xef\xbb\xbf{"account": {"balance": 5000}}',
        '{"account": {"balance": 5000}}'.encode("utf-16"),
        b'{ // here\n "account": { /* and\n there */ "balance": 5000 } }',
        b'{"account": {"balance": 5000}, "title": null}',
        b'{"title": "a // b /* c", "account": {"balance": 5000}}',
        b'{"account": {"balance": 5000, "digits": 1e999}, "alerts": {"strategy": "\\ud800"}}',
    ],
)
def test_marks_comments_and_odd_values_do_not_hide_the_rest(place, capsys, raw):
    assert _import(place, None, raw=raw) == 0
    assert _spec(place)["account"] == {"balance": 5000}
    assert _spec(place).get("title") in (None, "a // b /* c")


@pytest.mark.parametrize("raw", [b"/*" * 500_000, b'"' + b'\\"' * 500_000, b"//" * 500_000])
@pytest.mark.clock
def test_a_file_of_beginnings_takes_no_longer_than_another(place, capsys, raw):
    begun = time.process_time()
    assert _import(place, None, raw=raw) == 2
    assert time.process_time() - begun < 10, "it was quadratic: minutes"


def test_relative_paths_go_on_meaning_the_same_files(place):
    (place / "old").mkdir()
    tree = {"alerts": {"files": ["a.jsonl"]}, "data": {"bars": ["EURUSD:M1=b.parquet"], "instruments": "i.toml"}}
    (place / "old" / "config.json").write_text(json.dumps(tree), encoding="utf-8")
    assert main(["config", "import", "old/config.json", "--out", "new/spec.toml"]) == 0
    written = tomllib.loads((place / "new" / "spec.toml").read_text(encoding="utf-8"))
    there = (place / "old").resolve().as_posix()
    assert written["alerts"]["files"] == [f"{there}/a.jsonl"]
    assert written["data"] == {"bars": [f"EURUSD:M1={there}/b.parquet"], "instruments": f"{there}/i.toml"}


def test_what_is_there_is_replaced_only_when_told_so(place, capsys):
    assert _import(place, {"account": {"balance": 1}}) == 0
    assert _import(place, {"account": {"balance": 2}}) == 2
    assert "--overwrite" in capsys.readouterr().err
    assert _spec(place)["account"]["balance"] == 1
    assert _import(place, {"account": {"balance": 2}}, "--overwrite") == 0
    assert _spec(place)["account"]["balance"] == 2
    assert sorted(path.name for path in place.iterdir()) == ["config.json", "spec.toml"]


def test_a_spec_that_is_no_toml_is_refused(place, capsys):
    (place / "config.json").write_text("{}", encoding="utf-8")
    assert main(["config", "import", "config.json", "--out", "spec.json"]) == 2
    assert "TOML" in capsys.readouterr().err


def test_where_every_plugin_was_switched_off_that_is_said(place, capsys):
    assert _import(place, {"plugins": {"v3_combined": {"enabled": False}}}) == 2
    assert "no plugin is enabled" in capsys.readouterr().err
    assert _spec(place) == {"plugins": {"v3_combined": {"enabled": False}}}


def test_shadow_plugins_that_are_not_here_are_left_out_and_the_others_stay_in_shadow(place, capsys):
    tree = {
        "plugins": {"v3_combined": {"enabled": True}, "v6_price_action_5m": {"enabled": True}, "old_one": {}},
        "shadow_mode": {"enabled": True, "default_mode": "HYBRID", "shadow_plugins": ["v6_price_action", "old_one"]},
    }
    (place / "config.json").write_text(json.dumps(tree), encoding="utf-8")
    assert main(["config", "import", "config.json", "--out", "spec.toml"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "shadow_mode.shadow_plugins: 'old_one': there is no plugin of this name here" in told
    assert 'shadow_plugins = ["v6_price_action"]' in (place / "spec.toml").read_text(encoding="utf-8")
    assert main(["config", "check", "spec.toml"]) == 0
