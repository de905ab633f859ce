"""The catalogue against the table of zepix-rules 8.2 and the points of fill-model, both copied by hand."""

from __future__ import annotations

import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path

import pytest

from zepix.data import default_catalogue
from zepix.data.catalogue import DEFAULT_SYMBOLS

# symbol: (class, pip, pip value per lot in USD, least stop distance, contract), zepix-rules 8.2
RULES = {
    "XAUUSD": ("HIGH", "0.01", "1.0", "0.1", 100),
    "EURUSD": ("LOW", "0.0001", "10.0", "0.0005", 100_000),
    "GBPUSD": ("MEDIUM", "0.0001", "10.0", "0.0005", 100_000),
    "USDJPY": ("MEDIUM", "0.01", "9.1", "0.05", 100_000),
    "USDCAD": ("MEDIUM", "0.0001", "8.0", "0.0005", 100_000),
    "AUDUSD": ("MEDIUM", "0.0001", "10.0", "0.0005", 100_000),
    "NZDUSD": ("MEDIUM", "0.0001", "10.0", "0.0005", 100_000),
    "EURJPY": ("HIGH", "0.01", "9.5", "0.05", 100_000),
    "GBPJPY": ("HIGH", "0.01", "9.0", "0.05", 100_000),
    "AUDJPY": ("HIGH", "0.01", "9.2", "0.05", 100_000),
}


def test_the_ten_default_symbols_come_first_in_their_order() -> None:
    assert tuple(default_catalogue())[:10] == tuple(RULES) == DEFAULT_SYMBOLS


@pytest.mark.parametrize("symbol", RULES)
def test_default_symbol_has_the_numbers_of_the_rules(symbol: str) -> None:
    found = default_catalogue()[symbol]
    kind, pip, value, stop, contract = RULES[symbol]
    assert found.volatility_class == kind
    assert found.pip == Decimal(pip)
    assert found.pip_value_per_lot_usd == Decimal(value)
    assert found.min_stop_distance == Decimal(stop)
    assert found.contract_size == contract


def test_points_are_a_hundred_thousandth_and_a_thousandth_for_yen_and_gold() -> None:
    for instrument in default_catalogue().values():
        if instrument.asset_class == "forex":
            expected = "0.001" if instrument.symbol.endswith("JPY") else "0.00001"
            assert instrument.point == Decimal(expected), instrument.symbol
    assert default_catalogue()["XAUUSD"].point == Decimal("0.001")


def test_a_pip_of_gold_is_a_cent_and_its_spread_is_counted_in_dimes() -> None:
    gold = default_catalogue()["XAUUSD"]
    assert (gold.pip, gold.spread_pip) == (Decimal("0.01"), Decimal("0.10"))
    assert gold.point_value == Decimal("0.1")  # a dollar a pip and lot, ten points a pip


@pytest.mark.parametrize("symbol", ["XAGUSD", "XPTUSD", "US30", "US500", "NAS100", "GER40", "UK100", "JP225", "BTCUSD"])
def test_metals_indices_and_crypto_are_known(symbol: str) -> None:
    assert default_catalogue()[symbol].symbol == symbol


def test_currencies_and_metals_pay_commission_indices_do_not() -> None:
    for instrument in default_catalogue().values():
        expected = Decimal("3.5") if instrument.asset_class in ("forex", "metal") else 0
        assert instrument.commission_per_lot == expected, instrument.symbol


def test_every_instrument_is_whole_in_points_and_has_a_spread() -> None:
    for instrument in default_catalogue().values():
        assert instrument.pip % instrument.point == 0, instrument.symbol
        assert instrument.spread.points > 0
        assert instrument.spread.kind == ("fixed" if instrument.asset_class == "crypto" else "session")
        assert instrument.stops_level_points == 0
        if instrument.asset_class == "forex":
            assert instrument.symbol == instrument.margin_currency + instrument.profit_currency


def test_session_spread_is_the_usual_one_in_london_and_four_times_it_at_rollover() -> None:
    by_hour = default_catalogue()["EURUSD"].spread.by_hour
    assert by_hour[10] == 8 and by_hour[21] == by_hour[22] == 32


@pytest.mark.clock
def test_the_table_is_read_in_fifteen_milliseconds() -> None:
    read = default_catalogue.__wrapped__
    best = min(_seconds(read) for _ in range(5))
    assert best < 0.015


def _seconds(call: object) -> float:
    start = time.perf_counter()
    call()  # type: ignore[operator]
    return time.perf_counter() - start


def test_the_room_is_light_until_prices_are_read() -> None:
    code = (
        "import sys, zepix.data as d; d.default_catalogue(); "
        "print([m for m in ('pandas', 'pyarrow', 'numba') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_page_of_prices_lists_every_instrument_with_its_point_and_spread() -> None:
    page = (Path(__file__).resolve().parents[3] / "docs" / "data.md").read_text(encoding="utf-8")
    rows = {
        line.split(" | ")[0].removeprefix("| "): line.split(" | ")
        for line in page.splitlines()
        if "/5 |" in line or "/7 |" in line
    }
    for symbol, instrument in default_catalogue().items():
        assert Decimal(rows[symbol][1]) == instrument.point
        assert int(rows[symbol][9]) == instrument.spread.points
    assert len(rows) == len(default_catalogue())
