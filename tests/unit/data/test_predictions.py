"""The port of predictions: a file, a source of one's own, and a switch between them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.world import T0, minute
from zepix.data.predictions import CsvPredictions, Prediction, PredictionSource, SwitchablePredictions
from zepix.errors import ConfigError, DataError

FILE = """time,symbol,value,confidence
2024-03-06T10:05:00Z,EURUSD,1.5,0.8
2024-03-06T11:00:00+01:00,EURUSD,-2,
2024-03-06T10:02:00Z,XAUUSD,7,1
"""


def test_last_prediction_known_at_the_instant(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text(FILE, encoding="utf-8")
    source = CsvPredictions.read(path)
    assert isinstance(source, PredictionSource)
    assert source.at("EURUSD", T0 - 1) is None
    assert source.at("EURUSD", T0) == Prediction(T0, "EURUSD", -2.0)
    assert source.at("EURUSD", minute(5)) == Prediction(minute(5), "EURUSD", 1.5, 0.8)
    assert source.at("GBPUSD", minute(9)) is None


def test_source_is_switched_while_it_runs() -> None:
    class Constant:
        def at(self, symbol: str, t_ns: int) -> Prediction | None:
            return Prediction(t_ns, symbol, 42.0)

    switch = SwitchablePredictions({"csv": CsvPredictions([]), "api": Constant()}, "csv")
    assert switch.at("EURUSD", T0) is None
    switch.use("api", T0)
    assert switch.at("EURUSD", T0) == Prediction(T0, "EURUSD", 42.0)
    assert switch.switches == [(0, "csv"), (T0, "api")]
    with pytest.raises(ConfigError, match="no prediction source 'ftp'; there are csv, api"):
        switch.use("ftp")
    assert switch.active == "api"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("time,symbol\n", "no column value"),
        ("time,symbol,value\n2024-03-06T10:00:00,EURUSD,1\n", "line 2: .* has no time zone"),
        ("time,symbol,value\n2024-03-06T10:00:00Z,EURUSD,nan\n", "line 2: a symbol, a finite value"),
        ("time,symbol,value\nsoon,EURUSD,1\n", "line 2: Invalid isoformat"),
        ("time,symbol,value\n2024-03-06T10:00:00Z\n", "line 2:"),
    ],
)
def test_bad_files_name_their_lines(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "p.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=said):
        CsvPredictions.read(path)


def test_missing_file() -> None:
    with pytest.raises(DataError, match="does not exist"):
        CsvPredictions.read("nowhere.csv")
