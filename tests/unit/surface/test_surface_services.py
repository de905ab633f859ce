"""Services of the user's own: found by strategies, on every broker, and changed while the run goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

import zepix as zx
from zepix import Alert, Decision, PluginInfo, Strategy
from zepix.data.predictions import CsvPredictions, Prediction, SwitchablePredictions
from zepix.errors import ConfigError

SAMPLE = Path(__file__).parents[3] / "datasets" / "sample"


class Asks(Strategy):
    """Follows a prediction's sign, and changes the source after the first five alerts."""

    info = PluginInfo(strategy="asks")

    def __init__(self, *args: object) -> None:
        super().__init__(*args)  # type: ignore[arg-type]
        self.seen = 0

    async def process_signal(self, alert: Alert) -> Decision:
        source = self.api.get_service("prediction")
        found = source.at(alert.symbol, self.api.clock.now_ns)
        self.seen += 1
        if self.seen == 5:
            source.use("api", self.api.clock.now_ns)
        return Decision.info("prediction", value=0.0 if found is None else found.value)

    process_entry_signal = process_exit_signal = process_reversal_signal = process_signal  # type: ignore[assignment]


class Constant:
    def at(self, symbol: str, t_ns: int) -> Prediction | None:
        return Prediction(t_ns, symbol, 42.0)


@pytest.mark.parametrize("broker", ["shadow", "backtrader"])
def test_prediction_source_is_switched_at_runtime(broker: str, tmp_path: Path) -> None:
    if broker == "backtrader":
        pytest.importorskip("backtrader")
    file = tmp_path / "p.csv"
    file.write_text("time,symbol,value\n2023-01-01T00:00:00Z,EURUSD,7\n2023-01-01T00:00:00Z,XAUUSD,7\n", "utf-8")
    switch = SwitchablePredictions({"csv": CsvPredictions.read(file), "api": Constant()}, "csv")
    run = zx.replay(
        alerts=SAMPLE / "alerts.jsonl",
        bars=SAMPLE,
        strategy=Asks,
        settings={"alerts.strategy": "asks", "broker.name": broker},
        services={"prediction": switch},
    )
    values = [float(v) for v in run.decisions["value"].dropna()]
    assert values[:5] == [7.0] * 5
    assert set(values[5:]) == {42.0}
    assert [name for _, name in switch.switches] == ["csv", "api"]


def test_a_service_of_the_house_is_not_replaced() -> None:
    with pytest.raises(ConfigError, match="a service 'order' is there already"):
        zx.replay(alerts=SAMPLE / "alerts.jsonl", bars=SAMPLE, services={"order": object()})
