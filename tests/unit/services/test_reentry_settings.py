"""Numbers of the page: windows, levels, cooldowns, reductions; and what is no setting."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from zepix.model.settings_reentry import ADAPTIVE as BY_SYMBOL
from zepix.model.settings_reentry import SYMBOL_WINDOWS, ReentrySettings

V6 = "V6_PRICE_ACTION"
MINUTE = 60_000_000_000


@pytest.mark.parametrize(
    ("symbol", "minutes"),
    [("XAUUSD", 15), ("BTCUSD", 12), ("XAGUSD", 18), ("GBPJPY", 20), ("GBPUSD", 22), ("EURUSD", 30), ("USDJPY", 28),
     ("USDCAD", 28), ("EURJPY", 25), ("USDCHF", 35), ("EURCHF", 40), ("AUDNZD", 40), ("GBPNZD", 30)],
)  # fmt: skip
def test_window_by_symbol(symbol: str, minutes: int) -> None:
    assert ReentrySettings().recovery_window_ns(symbol, "LOGIC3", "v3_combined", "V3_COMBINED") == minutes * MINUTE


@pytest.mark.parametrize(
    ("logic", "plugin", "family", "minutes"),
    [("LOGIC1", "v3_combined", "V3_COMBINED", 30), ("LOGIC2", "v3_combined", "V3_COMBINED", 45),
     ("LOGIC3", "v3_combined", "V3_COMBINED", 120), ("", "v6_price_action_1m", V6, 15),
     ("", "v6_price_action_5m", V6, 20), ("", "v6_price_action_15m", V6, 30), ("", "v6_price_action_1h", V6, 60),
     ("", "mine", "MINE", 30)],
)  # fmt: skip
def test_window_of_a_symbol_that_no_table_has(logic: str, plugin: str, family: str, minutes: int) -> None:
    """Configuration over the table by symbol over logic and plugin; continuations never ask the symbol."""
    assert ReentrySettings().recovery_window_ns("USDMXN", logic, plugin, family) == minutes * MINUTE
    assert ReentrySettings().window_ns(logic, plugin, family) == minutes * MINUTE
    by_logic = ReentrySettings(symbol_windows=False)
    assert by_logic.recovery_window_ns("XAUUSD", logic, plugin, family) == minutes * MINUTE
    own = ReentrySettings(windows_minutes={"USDMXN": 45})
    assert own.recovery_window_ns("USDMXN", logic, plugin, family) == 45 * MINUTE
    assert own.recovery_window_ns("XAUUSD", logic, plugin, family) == 15 * MINUTE


@pytest.mark.parametrize(
    ("plugin", "family", "level", "cooldown_s", "check"),
    [("v3_combined", "V3_COMBINED", 5, 5, "v3"), ("v6_price_action_1m", V6, 3, 3, "v6"),
     ("v6_price_action_5m", V6, 4, 5, "v6"), ("v6_price_action_15m", V6, 5, 10, "v6"),
     ("v6_price_action_1h", V6, 5, 15, "v6"), ("legacy", "ZepixPremium", 5, 5, "logic"),
     ("mine", "MINE", 5, 5, "analyser")],
)  # fmt: skip
def test_levels_cooldowns_and_trend_checks_by_plugin(
    plugin: str, family: str, level: int, cooldown_s: int, check: str
) -> None:
    settings = ReentrySettings()
    assert settings.max_level(plugin, family) == level
    assert settings.cooldown_ns(plugin, family) == cooldown_s * 1_000_000_000
    assert settings.trend_check(plugin, family) == check


def test_table_in_part_keeps_the_other_rows() -> None:
    settings = ReentrySettings(max_levels={"V3_Combined": 2})
    assert settings.max_level("v3_combined", "V3_COMBINED") == 2
    assert settings.max_level("v6_price_action_1m", V6) == 3


@pytest.mark.parametrize(
    ("symbol", "share"), [("XAUUSD", 0.65), ("EURUSD", 0.75), ("GBPJPY", 0.62), ("AUDNZD", 0.77), ("USDMXN", 0.70)]
)
def test_adaptive_reduction_by_symbol(symbol: str, share: float) -> None:
    assert ReentrySettings(sl_reduction="adaptive").stop_share(symbol, 2) == pytest.approx(share)


WINDOWS = (
    "XAUUSD 15 BTCUSD 12 XAGUSD 18 ETHUSD 15 GBPJPY 20 AUDJPY 20 NZDJPY 20 GBPUSD 22 EURUSD 30 USDJPY 28 AUDUSD 30 "
    "NZDUSD 30 USDCAD 28 EURJPY 25 EURGBP 30 USDCHF 35 EURCHF 40 AUDNZD 40 AUDCAD 35 EURCAD 35 GBPAUD 30 GBPNZD 30"
)
ADAPTIVE = (
    "XAUUSD 35 EURUSD 25 GBPJPY 38 BTCUSD 40 USDJPY 22 AUDUSD 28 NZDUSD 28 USDCAD 26 XAGUSD 36 GBPUSD 32 EURGBP 27 "
    "EURJPY 30 AUDJPY 33 NZDJPY 33 USDCHF 24 EURCHF 22 GBPAUD 31 GBPNZD 31 AUDCAD 27 AUDNZD 23"
)


def test_tables_by_symbol_are_whole() -> None:
    """zepix-rules 6.3 (windows in minutes) and 6.6 (per cent), copied by hand."""
    for said, table, unit in ((WINDOWS, SYMBOL_WINDOWS, 1), (ADAPTIVE, BY_SYMBOL, 100)):
        words = said.split()
        expected = {symbol: float(number) for symbol, number in zip(words[::2], words[1::2], strict=True)}
        assert {symbol: round(value * unit, 9) for symbol, value in table.items()} == expected


def test_defaults_of_the_page() -> None:
    one = ReentrySettings()
    assert (one.recovery_frac, one.recovery_attempts, one.recovery_sl_frac, one.rr_ratio) == (0.70, 1, 0.5, 1.5)
    assert (one.min_between_s, one.exit_continuation, one.exit_watch_s, one.exit_check_s) == (60.0, False, 60.0, 5.0)
    assert (one.exit_gap_pips, one.linear_frac, one.linear_floor_frac, one.compounding_frac) == (2.0, 0.1, 0.5, 0.3)


@pytest.mark.parametrize(
    ("given", "word"),
    [({"recovery_frac": 0.0}, "recovery_frac"), ({"recovery_frac": "70 %"}, "recovery_frac"),
     ({"recovery_attempts": 1.5}, "recovery_attempts"), ({"max_levels": {"x": 0}}, "max_levels.x"),
     ({"max_levels": 5}, "max_levels"), ({"sl_reduction": "lineal"}, "did you mean 'linear'"),
     ({"trend_checks": {"x": "v5"}}, "trend_checks.X"), ({"windows_minutes": {"EURUSD": -1}}, "windows_minutes.EURUSD"),
     ({"chain_roles": "A"}, "chain_roles"), ({"analyser_bars": 10}, "analyser_bars"),
     ({"analyser_timeframe": "soon"}, "analyser_timeframe"), ({"sl_hunt": 1}, "sl_hunt"),
     ({"table_fracs": []}, "table_fracs"),
     ({"min_between_s": float("nan")}, "min_between_s")],
)  # fmt: skip
def test_what_is_no_setting_is_said_by_its_name(given: dict[str, Any], word: str) -> None:
    with pytest.raises(ValueError, match=word.replace(".", r"\.")):
        ReentrySettings(**given)


def test_all_limits_at_nought_are_settings() -> None:
    ReentrySettings(
        recovery_attempts=0, exit_attempts=0, min_between_s=0, default_cooldown_s=0, default_window_minutes=0,
        exit_watch_s=0, exit_check_s=0, exit_gap_pips=0, continuation_gap_pips=0, linear_frac=0, compounding_frac=0,
    )  # fmt: skip


def test_page_names_every_setting() -> None:
    page = (Path(__file__).resolve().parents[3] / "docs" / "chains.md").read_text(encoding="utf-8")
    missing = [one.name for one in fields(ReentrySettings) if f"`{one.name}`" not in page]
    assert missing == []
