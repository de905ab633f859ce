"""The shipped strategies pass the look-ahead check on the repository's sample, and so do the alerts made from it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from zepix.alerts.generate import Source, write_alerts
from zepix.data import default_catalogue, load_bars
from zepix.research.real import generated_alerts, look_ahead, start_up, subject_of
from zepix.spec import load_spec

SAMPLE = Path(__file__).parents[3] / "datasets" / "sample"


def subject(strategy: str, log: Path, **flags: Any) -> Any:
    return subject_of(load_spec(alerts=[log], bars=[SAMPLE], strategy=strategy, flags=flags, environ={}))


@pytest.mark.parametrize(
    ("strategy", "log", "flags"),
    [
        ("bracket", "alerts.jsonl", {"strategy.default_sl_atr": 2.0}),
        ("v3_combined", "generated_v3.jsonl", {}),
        ("v6_price_action", "generated_v6.jsonl", {}),
    ],
)
def test_a_shipped_strategy_passes(strategy: str, log: str, flags: dict[str, Any]) -> None:
    one = subject(strategy, SAMPLE / log, **flags)
    base = one.run()
    assert base.record.orders
    answer = look_ahead(one, base, cuts=12)
    assert (answer.found, answer.doubts, answer.is_clean) == (None, [], True)


def test_legacy_passes(tmp_path: Path) -> None:
    catalogue = default_catalogue()
    series = load_bars([str(SAMPLE)], catalogue, symbols={"EURUSD"}).series["EURUSD"]
    log = tmp_path / "legacy.jsonl"
    source = Source(series, catalogue["EURUSD"])
    write_alerts([source], "legacy", log, timeframes=["5m", "15m", "1h"])
    one = subject("legacy", log)
    assert look_ahead(one, cuts=6).is_clean


def test_the_atr_of_an_hour_is_named_with_the_bars_it_needs() -> None:
    """Fourteen hours are 840 bars of M1 at least, and Wilder's average remembers more."""
    found = start_up(subject("bracket", SAMPLE / "alerts.jsonl", **{"strategy.default_sl_atr": 2.0}))
    named = {look.name: look.bars for look in found.looks}
    assert set(named) == {"get_atr(EURUSD, 1h, 14)", "get_atr(XAUUSD, 1h, 14)"}
    assert all(bars >= 840 for bars in named.values())
    assert found.bars is not None
    assert found.had is not None
    assert found.bars > found.had


# -- alerts made from bars ---------------------------------------------------------------------------------------------


def test_generated_alerts_are_the_same_from_bars_that_end_earlier() -> None:
    one = subject("v3_combined", SAMPLE / "generated_v3.jsonl")
    found = generated_alerts([SAMPLE / "generated_v3.jsonl"], one.loaded, cuts=3)
    assert (found.found, found.why, found.logs) == ("", "", ["generated_v3.jsonl"])
    assert (found.cuts, found.compared > 100) == (6, True)


def test_a_generator_that_looks_one_bar_ahead_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bodies of bar n sent with the time of bar n - 1."""
    from zepix.alerts.generate import v3

    honest = v3.bodies

    def leaking(*args: Any) -> Any:
        for row, kind, body in honest(*args):
            yield max(0, row - 1), kind, body

    monkeypatch.setattr(v3, "bodies", leaking)
    one = subject("v3_combined", SAMPLE / "generated_v3.jsonl")
    found = generated_alerts([SAMPLE / "generated_v3.jsonl"], one.loaded, cuts=6)
    assert "where bars end at" in found.found


def test_alerts_of_others_are_not_checked_and_a_broken_manifest_says_so(tmp_path: Path) -> None:
    one = subject("bracket", SAMPLE / "alerts.jsonl")
    found = generated_alerts([SAMPLE / "alerts.jsonl"], one.loaded)
    assert (found.others, found.compared) == (["alerts.jsonl"], 0)
    manifest = {
        "generator": "zepix alerts generate",
        "dialect": "v9",
        "bars": [{"symbol": "EURUSD", "timeframe": "1m"}],
    }
    (tmp_path / "log.manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    assert "the manifest cannot be followed" in generated_alerts([tmp_path / "log.jsonl"], one.loaded).why
    manifest["bars"] = [{"symbol": "EURUSD", "timeframe": "5m"}]
    (tmp_path / "log.manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    assert "not at hand" in generated_alerts([tmp_path / "log.jsonl"], one.loaded).why
