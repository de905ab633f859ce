"""Instruments of one's own, from TOML."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from zepix.data import default_catalogue, load_instruments
from zepix.errors import ConfigError


def _file(folder: Path, text: str) -> Path:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_broker_suffix_inherits_everything(tmp_path: Path) -> None:
    [found] = load_instruments(_file(tmp_path, '["EURUSD.a"]\nbase = "EURUSD"\ncommission_per_lot = 5\n'))
    base = default_catalogue()["EURUSD"]
    assert found.symbol == "EURUSD.a"
    assert found.commission_per_lot == 5
    assert (found.point, found.spread, found.margin_currency) == (base.point, base.spread, "EUR")


def test_an_instrument_from_nothing_needs_three_numbers(tmp_path: Path) -> None:
    [found] = load_instruments(
        _file(tmp_path, '[MYX]\npoint = 0.01\ncontract_size = 1\nprofit_currency = "USD"\nspread = 25\n')
    )
    assert found.point == Decimal("0.01") and found.pip == Decimal("0.10")
    assert found.margin_currency == "USD" and found.spread.points == 25 and found.spread.kind == "fixed"


def test_decimals_stay_exact(tmp_path: Path) -> None:
    [found] = load_instruments(_file(tmp_path, '[A]\nbase = "EURUSD"\npoint = 0.00001\nswap_long_points = -7.35\n'))
    assert found.point == Decimal("0.00001") and found.swap_long_points == Decimal("-7.35")


def test_a_table_by_hour_makes_a_session_spread(tmp_path: Path) -> None:
    hours = ", ".join(str(h) for h in range(24))
    [found] = load_instruments(_file(tmp_path, f'[A]\nbase = "EURUSD"\nspread = {{by_hour = [{hours}]}}\n'))
    assert found.spread.kind == "session" and found.spread.by_hour[23] == 23


def test_an_earlier_table_can_be_a_base(tmp_path: Path) -> None:
    text = '[A]\nbase = "XAUUSD"\nvolume_max = 7\n\n[B]\nbase = "A"\n'
    assert load_instruments(_file(tmp_path, text))[1].volume_max == 7


def test_all_problems_are_said_at_once_with_near_names(tmp_path: Path) -> None:
    text = """
[A]
base = "EURUSDD"
[B]
base = "EURUSD"
contract_sise = 5
volume_step = "x"
[C]
point = 0.1
[D]
base = "EURUSD"
spread = {by_hour = [1, 2]}
[E]
base = "EURUSD"
trading_week = "5/24"
[F]
base = "EURUSD"
volume_min = 5
volume_max = 1
"""
    with pytest.raises(ConfigError) as caught:
        load_instruments(_file(tmp_path, text))
    said = "\n".join(caught.value.problems)
    assert len(caught.value.problems) == 7
    assert "'EURUSDD' is no known instrument; did you mean EURUSD" in said
    assert "unknown key 'contract_sise'; did you mean contract_size" in said
    assert "B.volume_step" in said
    assert "C: contract_size, profit_currency missing" in said
    assert "24 hours" in said
    assert "24/5, 23/5, 24/7" in said
    assert "volume_max 1 is below volume_min 5" in said


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "names no instrument"),
        ("EURUSD = 5", "expected a table"),
        ("[A\n", "no TOML"),
        ('[A]\nbase = "EURUSD"\npoint = nan', "finite"),
        ('[A]\nbase = "EURUSD"\npoint = -0.1', "point must be above zero"),
        ('[A]\nbase = "EURUSD"\nstops_level_points = 1.5', "whole number"),
        ('[A]\nbase = "EURUSD"\ncontract_size = true', "expected a number"),
        ('[A]\nbase = "EURUSD"\nspread = -3', "never negative"),
        ('[A]\nbase = "EURUSD"\nspread = {points = 3, hours = 4}', "unknown key 'hours'"),
    ],
)
def test_wrong_files_are_said_in_a_sentence(tmp_path: Path, text: str, expected: str) -> None:
    with pytest.raises(ConfigError, match=expected):
        load_instruments(_file(tmp_path, text))


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_instruments(tmp_path / "none.toml")
