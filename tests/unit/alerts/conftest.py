"""What the tests of the alerts share: a catalogue, a processor, and the folder of recorded logs."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from zepix.alerts import AlertProcessor
from zepix.model import Catalogue, Instrument

SYMBOLS = ("XAUUSD", "EURUSD", "GBPUSD", "USDJPY", "USDCAD", "AUDUSD", "NZDUSD", "EURJPY", "GBPJPY", "AUDJPY")
RECORDED = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "alerts"


def instrument(symbol: str) -> Instrument:
    return Instrument(
        symbol=symbol,
        asset_class="forex",
        point=Decimal("0.00001"),
        pip=Decimal("0.0001"),
        contract_size=Decimal(100_000),
        profit_currency=symbol[3:6],
        margin_currency=symbol[:3],
    )


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return Catalogue(instrument(symbol) for symbol in SYMBOLS)


@pytest.fixture(scope="session")
def processor(catalogue: Catalogue) -> AlertProcessor:
    return AlertProcessor(catalogue)


@pytest.fixture(scope="session")
def recorded() -> Path:
    """The folder of TradingView's real exports; a test that needs it is skipped where it is absent."""
    if not RECORDED.is_dir():
        pytest.skip("the recorded alert logs (../shared/data/alerts) are not at hand")
    return RECORDED
