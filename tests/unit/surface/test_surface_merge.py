"""The one merge: plugin < default < file < environment < flag, the origin of each value, near names, masked secrets."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import pytest

from zepix.config import ORIGINS, ConfigManager, read_environment, read_flags
from zepix.errors import ConfigError


@pytest.fixture
def spec(tmp_path):
    def write(text):
        path = tmp_path / "spec.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def _layers(spec, upto):
    """All layers up to one say the account's balance, each another."""
    said = {name: 1000 * (i + 1) for i, name in enumerate(ORIGINS)}
    use = ORIGINS[: ORIGINS.index(upto) + 1]
    return said, ConfigManager(
        defaults={"account": {"balance": said["default"]}},
        file=spec(f"[account]\nbalance = {said['file']}\n") if "file" in use else None,
        environ={"ZEPIX_ACCOUNT__BALANCE": str(said["environment"])} if "environment" in use else {},
        flags=read_flags([f"account.balance={said['flag']}"]) if "flag" in use else {},
    )


@pytest.mark.parametrize("winner", ["default", "file", "environment", "flag"])
def test_each_layer_wins_over_those_before_it(spec, winner):
    said, config = _layers(spec, winner)
    assert config.get("account.balance") == Decimal(said[winner])
    assert config.origin("account.balance") == winner


def test_the_order_is_the_one_that_is_written_down():
    assert list(pairwise(ORIGINS)) == [
        ("plugin", "default"),
        ("default", "file"),
        ("file", "environment"),
        ("environment", "flag"),
    ]


def test_what_was_said_of_a_plugin_survives_its_own_parameters(spec):
    config = ConfigManager(
        file=spec("[plugins.gold.settings]\nperiod = 20\nfactor = 2.0\n"),
        environ={"ZEPIX_PLUGINS__GOLD__SETTINGS__FACTOR": "3.0"},
    )
    config.load_plugins({"gold": {"period": 14, "factor": 1.0, "levels": "absolute"}})
    assert config.plugin_settings("gold") == {"period": 20, "factor": 3.0, "levels": "absolute"}
    assert config.given_settings("gold") == {"period": 20, "factor": "3.0"}
    origins = [config.origin(f"plugins.gold.settings.{name}") for name in ("levels", "period", "factor")]
    assert origins == ["plugin", "file", "environment"]
    config.load_plugins({})
    assert config.plugin_settings("gold") == {"period": 20, "factor": 3.0}


def test_strategy_is_the_short_form_of_a_plugin(spec):
    config = ConfigManager(
        file=spec(
            '[strategy]\nname = "bracket"\none_at_a_time = true\n[plugins.bracket.settings]\nlevels = "distance"\n'
        ),
        flags=read_flags(["strategy.atr_period=20"]),
    )
    assert config.plugin_settings("bracket") == {"one_at_a_time": True, "levels": "distance", "atr_period": 20}


def test_settings_of_another_strategy_are_left_out_when_a_flag_names_a_new_one(spec):
    config = ConfigManager(
        file=spec('[strategy]\nname = "bracket"\none_at_a_time = true\n'),
        flags={"strategy.name": "mine", "strategy.size": 3},
    )
    assert config.get("strategy.name") == "mine"
    assert config.plugin_settings("mine") == {"size": 3}
    assert config.plugin_settings("bracket") == {}


def test_tables_merge_and_lists_are_replaced(spec):
    config = ConfigManager(
        defaults={"alerts": {"files": ["a"], "dedup_window_s": 30}},
        file=spec('[alerts]\nfiles = ["b", "c"]\n'),
        flags=read_flags(["account={leverage=30}", "account.balance=5"]),
    )
    assert config.get("alerts") == {"files": ["b", "c"], "dedup_window_s": 30}
    assert config.get("account") == {"leverage": Decimal(30), "balance": Decimal(5)}


def test_the_later_flag_wins():
    config = ConfigManager(
        flags=read_flags(["costs=none", "costs=instrument", "account.balance=1", "account.balance=2"])
    )
    assert config.get("costs") == "instrument"
    assert config.get("account.balance") == Decimal(2)


def test_a_symbol_with_a_dot_is_found():
    config = ConfigManager(flags={"data": {"choice": {"EURUSD.m": "M1"}}})
    assert config.get("data.choice.EURUSD.m") == "M1"
    assert config.origin("data.choice.EURUSD.m") == "flag"


def test_get_never_raises_and_gives_copies():
    config = ConfigManager(defaults={"alerts": {"files": ["a"]}})
    assert config.get("no.such", 7) == 7
    config.get("alerts")["files"].append("b")
    config.get("")["alerts"] = None
    assert config.get("alerts.files") == ["a"]


UNKNOWN = {
    "acount.balance=1": "acount (flag): unknown setting; did you mean 'account'",
    "account.balanse=1": "account.balanse (flag): unknown setting; did you mean 'account.balance'?",
    "balance=1": "balance (flag): unknown setting; did you mean 'account.balance'?",
    "fill.latency=1": "did you mean 'fill.latency_ms'?",
    "plugins.gold.settngs.x=1": "did you mean 'plugins.gold.settings'?",
    "qqqqqq=1": "unknown setting; known are account, alerts",
    "account=3": "account (flag): expected a table of settings, not 3",
    "fill.latency_ms=100000000": "fill.latency_ms (flag): 100000000 is too large; at most 86400000",
}


@pytest.mark.parametrize("flag", UNKNOWN)
def test_unknown_and_impossible_settings(flag):
    with pytest.raises(ConfigError) as caught:
        ConfigManager(flags=read_flags([flag]))
    assert UNKNOWN[flag] in str(caught.value)


def test_all_problems_of_all_layers_at_once(spec):
    with pytest.raises(ConfigError) as caught:
        ConfigManager(
            file=spec("colour = 1\n[account]\nleverage = true\n"),
            environ={"ZEPIX_FILL__LATENCY_MS": "soon", "ZEPIX_COST": "none"},
            flags=read_flags(["costs=free"]),
        )
    said = " | ".join(caught.value.problems)
    assert len(caught.value.problems) == 5
    for words in ("ZEPIX_COST", "colour (file)", "account.leverage (file)", "latency_ms (environment)", "costs (flag)"):
        assert words in said


@pytest.mark.parametrize("pair", ["costs", "=none", " =1"])
def test_a_flag_that_is_no_pair(pair):
    with pytest.raises(ConfigError, match="expected key=value"):
        read_flags([pair])


@pytest.mark.parametrize("key", ["a..b", ".a", "a.", ".".join("a" * 40)])
def test_a_key_that_is_no_key(key):
    with pytest.raises(ConfigError):
        ConfigManager(flags=read_flags([f"{key}=1"]))


def test_the_environment_of_others_is_left_alone():
    assert read_environment({"PATH": "/bin", "ZEPIX_CACHE_DIR": "x", "ZEPIXA__B": "1", "ZEPIX_DATA_HOME": "y"}) == {}
    assert read_environment({"zepix_account__balance": "5"}) == {"account": {"balance": "5"}}


def test_secrets_are_shown_masked_and_never_in_a_problem():
    config = ConfigManager(flags={"telegram.controller.token": "hunter2", "telegram.controller.chat_id": 12})
    shown = {key: value for key, value, _ in config.show()}
    assert shown == {"telegram.controller.token": "********", "telegram.controller.chat_id": 12}
    with pytest.raises(ConfigError) as caught:
        ConfigManager(flags={"telegram": {"controller": {"token": ["hunter2"]}}, "live": {"api_key": "k"}})
    assert "hunter2" not in str(caught.value)
