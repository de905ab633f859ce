"""The risk service's settings: the page's defaults (zepix-rules §8.1, §13), and every problem at once."""

from __future__ import annotations

from dataclasses import fields
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from zepix.model.settings_equity_guard import EquityGuardSettings
from zepix.model.settings_risk import TIERS, PluginLimits, RiskSettings


def test_defaults_are_the_pages() -> None:
    settings = RiskSettings()
    assert TIERS == ("5000", "10000", "25000", "50000", "100000")
    assert list(settings.daily_caps.values()) == [100, 200, 500, 1000, 2000]
    assert list(settings.lifetime_caps.values()) == [500, 1000, 2500, 5000, 10000]
    assert [str(lots) for lots in settings.tier_lots.values()] == ["0.01", "0.05", "0.10", "0.20", "0.50"]
    assert list(settings.logic_lot_multipliers.values()) == [Decimal("1.25"), 1, Decimal("0.625")]
    assert list(settings.logic_sl_multipliers.values()) == [1, Decimal("1.5"), Decimal("2.5")]
    assert (settings.sl_system, settings.rr_ratio, settings.max_concurrent) == ("sl-1", Decimal("1.5"), 10)
    assert (settings.daily_reset_time, settings.daily_reset_zone) == ("03:35", "Asia/Kolkata")
    assert (settings.max_lot, settings.reentry_sl_multiplier) == (10, Decimal("0.5"))


def test_table_given_in_part_keeps_the_other_rows() -> None:
    given: Any = {
        "tier_lots": {"5000": 0.02},
        "risk_percents": {"5000": {"LOW": 1}},
        "stop_pips": {"sl-1": {"A": [1] * 5}},
    }
    settings = RiskSettings(**given)
    assert (settings.tier_lots["5000"], settings.tier_lots["10000"]) == (Decimal("0.02"), Decimal("0.05"))
    assert (settings.risk_percents["5000"]["LOW"], settings.risk_percents["5000"]["HIGH"]) == (1, Decimal("1.0"))
    assert settings.stop_pips["sl-1"]["A"] == (1, 1, 1, 1, 1)
    assert settings.stop_pips["sl-1"]["EURUSD"][0] == 150


def test_table_of_ones_own_is_a_stop_system() -> None:
    table = {"mine": {"EURUSD": (10, 20, 30, 40, 50)}}
    assert RiskSettings(sl_system="mine", stop_pips=table).sl_system == "mine"


PROBLEMS: dict[str, tuple[dict[str, Any], str]] = {
    "tier_that_is_none": ({"tier_lots": {"500": 1}}, "tier_lots.500 is no tier"),
    "near_tier": ({"daily_caps": {"1000": 1}}, "did you mean 10000"),
    "negative_lots": ({"tier_lots": {"5000": -1}}, "tier_lots.5000 must be a number"),
    "endless_cap": ({"daily_caps": {"5000": float("inf")}}, "daily_caps.5000"),
    "cap_that_is_text": ({"daily_caps": {"5000": "much"}}, "daily_caps.5000"),
    "truth_is_no_number": ({"max_lot": True}, "max_lot must be a number"),
    "day_loses_more_than_a_lifetime": ({"daily_caps": {"5000": 501}}, "more than a lifetime may lose"),
    "no_table": ({"tier_lots": 5}, "tier_lots must be a table"),
    "unknown_system": ({"sl_system": "sl-3"}, "sl_system must be one of sl-1, sl-2, off"),
    "unknown_tier": ({"default_risk_tier": "7500"}, "default_risk_tier must be one of"),
    "unknown_mode": ({"lot_mode": "fix"}, "did you mean fixed"),
    "unknown_count": ({"count_by": "legs"}, "count_by must be one of"),
    "unknown_class": ({"risk_percents": {"5000": {"TINY": 1}}}, "risk_percents.5000.TINY"),
    "all_of_the_balance_and_more": ({"risk_percents": {"5000": {"LOW": 101}}}, "risk_percents.5000.LOW"),
    "reduction_of_nothing": ({"sl_reduction_percents": {"EURUSD": 0}}, "sl_reduction_percents.EURUSD"),
    "reduction_of_all": ({"sl_reduction_percents": {"EURUSD": 100}}, "between 5 and 50"),
    "row_too_short": ({"stop_pips": {"sl-1": {"EURUSD": [1, 2]}}}, "stop_pips.sl-1.EURUSD must be 5 numbers"),
    "stop_of_nothing": ({"stop_pips": {"sl-1": {"EURUSD": [0, 1, 1, 1, 1]}}}, "pips above 0"),
    "no_time": ({"daily_reset_time": "25:00"}, "daily_reset_time must be a time of day"),
    "time_with_a_zone": ({"daily_reset_time": "03:35+05:30"}, "daily_reset_time"),
    "no_zone": ({"daily_reset_zone": "Mars/Olympus"}, "daily_reset_zone must be a time zone"),
    "way_out_of_the_zones": ({"daily_reset_zone": "../../etc/passwd"}, "daily_reset_zone"),
    "half_an_entry": ({"max_concurrent": 1.5}, "max_concurrent must be a whole number"),
    "no_entry_at_all": ({"max_concurrent": 0}, "max_concurrent"),
    "steps_that_rise": ({"reduction_from_frac": (0, 0.25, 0.5)}, "must fall to 0"),
    "steps_too_few": ({"reduction_from_frac": (0.5, 0)}, "as long as"),
    "more_than_the_size": ({"reduction_to_frac": (2, 1, 1)}, "shares from 0 to 1"),
    "all_kept_back": ({"fit_buffer_frac": 1}, "fit_buffer_frac"),
    "word_for_truth": ({"force_min_lot": "yes"}, "force_min_lot must be true or false"),
}


@pytest.mark.parametrize(("given", "said"), PROBLEMS.values(), ids=PROBLEMS)
def test_absurd_setting_names_its_key(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match="risk: ") as error:
        RiskSettings(**given)
    assert said in str(error.value)


def test_all_problems_come_at_once() -> None:
    given: Any = {"sl_system": "x", "max_concurrent": 0, "tier_lots": {"5000": 0, "1": 1}, "daily_reset_time": ""}
    with pytest.raises(ValueError, match="risk: ") as error:
        RiskSettings(**given)
    assert str(error.value).count(";") >= 4


@pytest.mark.parametrize("cls", [RiskSettings, PluginLimits, EquityGuardSettings])
def test_every_setting_stands_in_the_docs(cls: type) -> None:
    page = (Path(__file__).parents[3] / "docs" / "services.md").read_text(encoding="utf-8")
    section = page[page.index("## Risk") :]
    assert not [field.name for field in fields(cls) if field.name not in section]


def test_tier_without_quotes_is_the_tier() -> None:
    # docs/legacy.md says --set risk.default_risk_tier=10000, which is read as a number
    number: Any = 10000
    assert RiskSettings(default_risk_tier=number).default_risk_tier == "10000"


def test_no_problem_is_cut_in_two() -> None:
    # every reader of the settings splits the sentences at a semicolon
    given: Any = {"daily_caps": {"7500": 1}, "risk_percents": {"7500": {"LOW": 1}}, "sl_system": "sl-3"}
    with pytest.raises(ValueError, match=r"^risk: ") as caught:
        RiskSettings(**given)
    sentences = str(caught.value).removeprefix("risk: ").split("; ")
    assert [one.split(" ")[0] for one in sentences] == ["daily_caps.7500", "risk_percents.7500", "sl_system"]
