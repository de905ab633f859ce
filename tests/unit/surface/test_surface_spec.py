"""From a spec file, the environment and flags to one checked Spec."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from zepix.config import read_flags
from zepix.errors import ConfigError
from zepix.model import AccountSpec, FillModel
from zepix.spec import Spec, instant_ns, load_spec

DAY = 86_400_000_000_000
TEXT = """
title = "december"
costs = "none"
from = 2025-12-01
to = 2026-01-01T00:00:00+02:00
out = "kept"

[alerts]
files = ["logs/a.jsonl", "b.csv"]
dedup_window_s = 60
strategy = "bracket"

[data]
bars = ["store", "XAUUSD:M5=gold.parquet"]
instruments = "mine.toml"
crossed = "error"
choice = { EURUSD = "M1" }
cache = false

[strategy]
name = "bracket"
one_at_a_time = true

[plugin_system]
plugin_dir = "../strategies"

[account]
balance = 25000.50
currency = "EUR"
leverage = 30

[fill]
latency_ms = 250
intrabar = "optimistic"
"""


def _load(*args, **kwargs):
    return load_spec(*args, **{"environ": {}, "check_strategies": False, **kwargs})


@pytest.fixture
def path(tmp_path):
    found = tmp_path / "specs" / "dec.toml"
    found.parent.mkdir()
    found.write_text(TEXT, encoding="utf-8")
    return found


def test_a_whole_spec(path):
    spec, here = _load(path), path.parent
    assert spec.title == "december"
    assert spec.alerts == (here / "logs" / "a.jsonl", here / "b.csv")
    assert spec.bars == (str(here / "store"), f"XAUUSD:M5={here / 'gold.parquet'}")
    assert spec.instruments == here / "mine.toml"
    assert spec.strategy == "bracket"
    assert spec.strategy_settings == {"one_at_a_time": True}
    assert [(p.plugin_id, p.strategy, p.settings) for p in spec.plugins] == [
        ("bracket", "bracket", {"one_at_a_time": True})
    ]
    assert spec.strategy_folders == (here / "../strategies",)
    assert spec.account == AccountSpec(Decimal("25000.5"), "EUR", Decimal(30))
    assert spec.fill == FillModel(latency_ms=250, intrabar="optimistic")
    assert (spec.costs, spec.crossed, spec.cache, spec.dedup_window_s, spec.as_strategy) == (
        "none",
        "error",
        False,
        60,
        "bracket",
    )
    assert spec.choice == {"EURUSD": "1m"}
    assert spec.from_ns == instant_ns("2025-12-01")
    assert spec.to_ns == instant_ns("2025-12-31T22:00:00Z")
    assert (spec.out, spec.path) == (here / "kept", path)


def test_defaults_are_those_of_the_fill_page():
    spec = _load()
    assert spec.account == AccountSpec()
    assert spec.fill == FillModel()
    assert (spec.broker, spec.costs, spec.dedup_window_s, spec.crossed, spec.report) == (
        "shadow",
        "instrument",
        30,
        "raise_ask",
        True,
    )
    assert [(p.plugin_id, p.strategy) for p in spec.plugins] == [("bracket", "bracket")]
    assert spec.out is None
    assert Spec().account == spec.account


CONTRACT = {
    "strategy.one_at_a_time=true": lambda s: s.plugins[0].settings["one_at_a_time"] == "true",
    "account.balance=10000": lambda s: s.account.balance == 10_000,
    "account.leverage=500": lambda s: s.account.leverage == 500,
    "fill.latency_ms=0": lambda s: s.fill.latency_ms == 0,
    "fill.open_grace_ms=5000": lambda s: s.fill.open_grace_ms == 5000,
    "fill.intrabar=pessimistic": lambda s: s.fill.intrabar == "pessimistic",
    "costs=none": lambda s: s.costs == "none",
}


@pytest.mark.parametrize("flag", CONTRACT)
def test_flags_of_the_contract_override_the_spec(path, flag):
    assert CONTRACT[flag](_load(path, flags=read_flags([flag])))


def test_named_flags_override_the_spec_and_are_relative_to_the_current_folder(path):
    spec = _load(
        path, alerts=["x.jsonl"], bars=["EURUSD:M1=y.parquet"], instruments="z.toml", out="o", from_="2025-12-05"
    )
    assert spec.alerts == (Path("x.jsonl"),)
    assert spec.bars == ("EURUSD:M1=y.parquet",)
    assert (spec.instruments, spec.out) == (Path("z.toml"), Path("o"))
    assert spec.from_ns == instant_ns("2025-12-05")


def test_the_environment_lies_between_file_and_flags(path):
    environ = {"ZEPIX_ACCOUNT__BALANCE": "7", "ZEPIX_ACCOUNT__LEVERAGE": "8"}
    spec = _load(path, environ=environ, flags=read_flags(["account.leverage=9"]))
    assert (spec.account.balance, spec.account.leverage) == (7, 9)
    assert spec.config.origin("account.balance") == "environment"


def test_an_account_in_yen_has_no_decimals():
    assert _load(flags={"account.currency": "JPY"}).account.digits == 0
    assert _load(flags={"account.currency": "JPY", "account.digits": 2}).account.digits == 2


TIMES = [
    ("2024-01-01", 1_704_067_200_000_000_000),
    (date(2024, 1, 1), 1_704_067_200_000_000_000),
    ("2024-01-01T00:00:00Z", 1_704_067_200_000_000_000),
    ("2024-01-01T02:00:00+02:00", 1_704_067_200_000_000_000),
    ("2024-01-01T00:00:00.000001Z", 1_704_067_200_000_001_000),
    (datetime(2024, 1, 1, tzinfo=UTC), 1_704_067_200_000_000_000),
    ("1969-12-31", -DAY),
]


@pytest.mark.parametrize(("text", "wanted"), TIMES)
def test_times(text, wanted):
    assert instant_ns(text) == wanted


@pytest.mark.parametrize("text", ["2024-01-01T00:00:00", "yesterday", "2024-13-01", "", "20240101"])
def test_times_without_a_zone_or_sense_are_refused(text):
    with pytest.raises(ValueError, match=r"no time zone|is no time"):
        instant_ns(text)


def test_every_problem_at_once(path):
    flags = ["from=2026-06-01T00:00:00", "to=soon", "fill.intrabar=x", "fill.slippage_points=-1", "account.balance=-5",
             "account.currency=eur", "data.choice.EURUSD=9q", "broker.name=shadw", "alerts.dedup_window_s=-1",
             "acount.x=1", "fill.stop_out_frac=abc"]  # fmt: skip
    with pytest.raises(ConfigError) as caught:
        _load(path, flags=read_flags(flags))
    said = "\n".join(caught.value.problems)
    assert len(caught.value.problems) == len(flags)
    for key in ("from (flag)", "to (flag)", "fill.intrabar (flag)", "fill.slippage_points (flag)",
                "account.balance (flag)", "account.currency (flag)", "data.choice.EURUSD (flag)",
                "did you mean 'shadow'", "dedup_window_s", "acount (flag)", "fill.stop_out_frac (flag)"):  # fmt: skip
        assert key in said


def test_nothing_between_from_and_to():
    with pytest.raises(ConfigError, match="is not before"):
        _load(from_="2024-01-02", to="2024-01-02")


def test_several_plugins_and_the_ones_switched_off(tmp_path):
    path = tmp_path / "s.json"
    plugins = {
        "gold": {"strategy": "bracket", "timeframes": ["M5", "15"], "settings": {"levels": "distance"}},
        "euro": {"strategy": "bracket", "enabled": False},
        "own": {},
    }
    path.write_text(json.dumps({"plugins": plugins}), encoding="utf-8")
    made = {p.plugin_id: p for p in _load(path).plugins}
    assert list(made) == ["gold", "own"]
    assert made["gold"].timeframes == ("5m", "15m")
    assert made["own"].strategy == "own"
    assert made["own"].timeframes is None
    assert [p.plugin_id for p in _load(path, strategy="euro").plugins] == ["euro"]
    asked = _load(path, strategy="gold", flags=read_flags(["strategy.levels=absolute"]))
    assert asked.plugins[0].settings == {"levels": "absolute"}


def test_no_plugin_is_enabled(tmp_path):
    path = tmp_path / "s.toml"
    path.write_text("[plugins.gold]\nenabled = false\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="no plugin is enabled among gold"):
        _load(path)


def test_strategies_of_the_current_folder_are_looked_for(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert _load().strategy_folders == ()
    (tmp_path / "strategies").mkdir()
    assert _load().strategy_folders == (Path("strategies"),)
    assert _load(flags={"plugin_system.auto_discover": False}).strategy_folders == ()


def test_a_spec_as_json_holds_no_secret(path):
    spec = _load(path, flags={"strategy.api_token": "hunter2"})
    text = json.dumps(spec.as_dict())
    assert "hunter2" not in text
    assert json.loads(text)["account"] == {"balance": "25000.5", "currency": "EUR", "leverage": "30", "digits": 2}


def test_problems_of_the_strategy_are_told_with_all_others() -> None:
    flags = {"strategy.one_at_a_tim": "true", "strategy.atr_period": "many", "account.balance": "abc"}
    with pytest.raises(ConfigError) as caught:
        load_spec(flags=flags, environ={})
    said = "; ".join(caught.value.problems)
    for word in ("account.balance", "one_at_a_time", "atr_period"):
        assert word in said


FAMILY = [f"v6_price_action_{frame}" for frame in ("1m", "5m", "15m", "1h")]


@pytest.mark.parametrize("name", ["v6_price_action", "V6"])
def test_a_strategy_of_four_plugins_is_all_four(name: str) -> None:
    spec = load_spec(strategy=name, flags={"strategy.adx_threshold": "7"}, environ={})
    assert [(p.plugin_id, p.strategy) for p in spec.plugins] == [(one, one) for one in FAMILY]
    assert {p.settings["adx_threshold"] for p in spec.plugins} == {"7"}


def test_what_is_configured_for_one_of_them_wins_over_what_is_said_of_all(tmp_path: Path) -> None:
    path = tmp_path / "s.toml"
    path.write_text(
        "[plugins.v6_price_action_5m]\nsettings = { adx_threshold = 33 }\n"
        "[plugins.v6_price_action_1m]\nenabled = false\n",
        encoding="utf-8",
    )
    spec = load_spec(path, strategy="v6_price_action", flags={"strategy.max_lot": "0.3"}, environ={})
    found = {p.plugin_id: dict(p.settings) for p in spec.plugins}
    assert list(found) == FAMILY[1:]
    assert found["v6_price_action_5m"] == {"adx_threshold": 33, "max_lot": "0.3"}
    assert found["v6_price_action_1h"] == {"max_lot": "0.3"}


def test_a_misspelt_strategy_is_told_with_near_names() -> None:
    with pytest.raises(ConfigError, match="no strategy 'v6_price_acton'; did you mean v6_price_action"):
        load_spec(strategy="v6_price_acton", environ={})
