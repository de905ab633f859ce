"""Settings of the trend service: all problems at once, each with its key; a table given in part keeps the rest."""

from __future__ import annotations

from typing import Any

import pytest

from zepix.model.settings_trend import TrendSettings


def test_table_given_in_part_keeps_the_other_rows() -> None:
    settings = TrendSettings(logics={"logic1": ("4h", "15")}, higher_timeframes={"5": "60"})
    assert settings.logics == {"LOGIC1": ("4h", "15m"), "LOGIC2": ("1h", "15m"), "LOGIC3": ("1d", "1h")}
    assert settings.higher_timeframes == {"1m": "5m", "5m": "1h", "15m": "1h", "1h": "4h"}


def test_timeframes_in_any_spelling() -> None:
    settings = TrendSettings(pillars=("15", "60", "240", "D"), max_age_minutes={"H1": 30})
    assert settings.pillars == ("15m", "1h", "4h", "1d")
    assert settings.max_age_ns("1h") == 30 * 60 * 10**9


def test_every_problem_is_told_with_its_key() -> None:
    wrong: dict[str, Any] = {
        "pillars": ("15m", "15", "banana"),
        "min_aligned": 9,
        "max_age_minutes": {"1h": -1, "60": 5},
        "manual_max_age_minutes": float("nan"),
        "pillar_weights": {"1m": 1},
        "logics": {"LOGIC1": ("1h",)},
        "higher_timeframes": {"1h": "15m"},
        "pulse_min_difference": 0,
    }
    with pytest.raises(ValueError, match=r"^trend: ") as caught:
        TrendSettings(**wrong)
    for key in wrong:
        assert f"{key}" in str(caught.value)


@pytest.mark.parametrize("value", [0, -1, 5, True, float("inf"), "3"])
def test_pillars_that_can_never_or_always_agree_are_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="min_aligned must lie above 0 and not above 4"):
        TrendSettings(min_aligned=value)


@pytest.mark.parametrize(
    "key",
    ["max_age_minutes", "pillar_weights", "logics", "higher_timeframes", "pillars", "pulse_timeframes"],
)
def test_number_where_a_table_or_a_list_belongs(key: str) -> None:
    wrong: dict[str, Any] = {key: 3, "missing_higher_is_aligned": "no"}
    with pytest.raises(ValueError, match=f"{key} must be a ") as caught:
        TrendSettings(**wrong)
    assert "missing_higher_is_aligned must be true or false" in str(caught.value)
