"""Restrictions and classes from a spec: names, files, problems told, and a replay that obeys them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import zepix as zx
from zepix.cli import main
from zepix.config import builtin_restrictions
from zepix.errors import ConfigError
from zepix.journal.digest import digest
from zepix.model.restriction import KNOWN_CLASSES, Restriction
from zepix.research.report_parts.words import REASONS
from zepix.spec import Spec, load_spec

OWN = """
[broker]
restrictions = "mine"

[restrictions.mine]
about = "no shorts"
shorts = []
missing = ["BTCUSD"]

[alerts]
asset_classes = ["forex", "metal"]

[assets]
AAPL = "equity"
"EURUSD.xyz" = "forex"
"""


def _load(path: Path | None = None, **flags: object) -> Spec:
    return load_spec(
        path, environ={}, check_strategies=False, flags={k.replace("__", "."): v for k, v in flags.items()}
    )


def _written(folder: Path, text: str, name: str = "spec.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_spec_without_them_has_none() -> None:
    spec = _load()
    assert (spec.restrictions, spec.assets) == ((), {})


def test_tables_of_the_spec(tmp_path: Path) -> None:
    spec = _load(_written(tmp_path, OWN))
    assert spec.restrictions == (
        Restriction("alerts.asset_classes", offers=("forex", "metal")),
        Restriction("mine", shorts=(), missing=("BTCUSD",), about="no shorts"),
    )
    assert spec.assets == {"AAPL": "equity", "EURUSD.xyz": "forex"}
    kept = json.loads(json.dumps(spec.as_dict()))
    assert kept["restrictions"][1]["shorts"] == []
    assert kept["restrictions"][1]["offers"] == list(KNOWN_CLASSES)


@pytest.mark.parametrize("name", ["stocks_and_crypto", "forex_broker", "spot_crypto", "cash_shares"])
def test_examples_by_name(name: str) -> None:
    (found,) = _load(broker__restrictions=name).restrictions
    assert found == builtin_restrictions()[name]
    assert found.about


def test_a_table_of_the_spec_wins_over_an_example(tmp_path: Path) -> None:
    text = '[broker]\nrestrictions = "spot_crypto"\n[restrictions.spot_crypto]\noffers = ["metal"]\n'
    assert _load(_written(tmp_path, text)).restrictions == (Restriction("spot_crypto", offers=("metal",)),)


def test_the_spec_of_the_page_loads(tmp_path: Path) -> None:
    page = (Path(__file__).parents[3] / "docs" / "assets.md").read_text(encoding="utf-8")
    block = page.partition("```toml\n")[2].partition("```")[0]
    spec = _load(_written(tmp_path, block))
    assert [r.name for r in spec.restrictions] == ["alerts.asset_classes", "my_broker"]
    assert spec.assets == {"AAPL": "equity"}
    assert all(f"| `{name}` |" in page for name in builtin_restrictions())


def test_a_file_beside_the_spec(tmp_path: Path) -> None:
    _written(tmp_path, '[restrictions.one]\noffers = ["crypto"]\n', "one.toml")
    _written(tmp_path, "[restrictions.a]\n[restrictions.b]\nshorts = []\n", "two.toml")
    spec = _written(tmp_path, '[broker]\nrestrictions = "one.toml"\n')
    assert _load(spec).restrictions == (Restriction("one", offers=("crypto",)),)
    spec = _written(tmp_path, '[broker]\nrestrictions = "two.toml#b"\n')
    assert _load(spec).restrictions == (Restriction("b", shorts=()),)
    odd = tmp_path / "a#b"
    odd.mkdir()
    _written(odd, "[restrictions.c]\n", "c.TOML")
    assert _load(broker__restrictions=str(odd / "c.TOML")).restrictions == (Restriction("c"),)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[broker]\nrestrictions = "spot_cripto"', "'spot_cripto' is unknown; did you mean 'spot_crypto'"),
        ('[broker]\nrestrictions = "zzz"', "there is stocks_and_crypto, forex_broker"),
        ('[broker]\nrestrictions = "no.toml"', "no.toml: there is no such file"),
        ('[broker]\nrestrictions = "two.toml"', "one table [restrictions.NAME], found a, b; say two.toml#NAME"),
        ('[broker]\nrestrictions = "two.toml#c"', "no table [restrictions.c]"),
        ('[broker]\nrestrictions = "bad.toml"', "bad.toml: restrictions.x.ofers: unknown setting"),
        ('[broker]\nrestrictions = "x"\n[restrictions.x]\noffers = ["stocks"]', "x.offers: 'stocks' is no class"),
        ('[broker]\nrestrictions = "x"\n[restrictions.x]\nmissing = ["EUR USD"]', "x.missing: 'EUR USD' is no symbol"),
        ('[alerts]\nasset_classes = ["oil"]', "'oil' is no class of asset; there are forex, metal"),
        ('[assets]\nAAPL = "stock"', "assets.AAPL (file): expected one of forex, metal, index, crypto"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told(tmp_path: Path, text: str, said: str) -> None:
    _written(tmp_path, "[restrictions.a]\n[restrictions.b]\n", "two.toml")
    _written(tmp_path, "[restrictions.x]\nofers = []\n", "bad.toml")
    with pytest.raises(ConfigError) as caught:
        _load(_written(tmp_path, text + "\n"))
    assert said in str(caught.value)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from zepix.data.sample import write_sample

    folder = tmp_path_factory.mktemp("restricted")
    write_sample(folder, days=8, n_alerts=120)
    return folder


def _replayed(folder: Path, **settings: object) -> zx.Result:
    said = {key.replace("__", "."): value for key, value in settings.items()}
    return zx.replay(alerts=folder / "alerts.jsonl", bars=folder, strategy="bracket", settings=said)


def test_replay_that_nothing_restricts_stays_as_it_was(small: Path) -> None:
    plain = _replayed(small)
    held = _replayed(small, broker__restrictions="forex_broker", alerts__asset_classes=["forex", "metal"])
    assert plain.stats["tickets"] > 0
    assert digest(held.record) == digest(plain.record)


def test_replay_at_a_broker_without_forex(small: Path) -> None:
    run = _replayed(small, broker__restrictions="stocks_and_crypto")
    assert run.stats["tickets"] == 0
    refused = [row for row in run.record.decisions if row.reason == "asset_not_offered"]
    assert refused
    assert all("restriction 'stocks_and_crypto'" in row.numbers["detail"] for row in refused)
    assert all(row.type in ("entry", "reversal") for row in refused)


def test_decisions_say_what_an_alert_asked_for(small: Path) -> None:
    for row in _replayed(small).record.decisions:
        if row.type in ("entry", "reversal") and row.plugin_id and row.side:
            side = "long" if row.side == "buy" else "short"
            assert row.numbers["trade_type"].split()[-1] == f"{side}_entry"


def test_replay_of_one_class_only(small: Path) -> None:
    run = _replayed(small, alerts__asset_classes=["metal"])
    assert {fill.symbol for fill in run.record.fills} == {"XAUUSD"}


def test_every_reason_has_its_words_in_the_report() -> None:
    assert {"asset_unknown", "asset_not_offered", "short_not_offered", "fraction_not_offered"} <= set(REASONS)


def test_instruments_show_the_class_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "".join(
        f'[{symbol}]\npoint = 0.01\ncontract_size = 1\nprofit_currency = "USD"\n{extra}'
        for symbol, extra in (("WIDGET", ""), ("ETHUSDT", ""), ("AAPL", 'asset_class = "stocks"\n'))
    )
    own = _written(tmp_path, text, "own.toml")
    assert main(["instruments", "--instruments", str(own), "--json"]) == 0
    rows = {row["symbol"]: row["class"] for row in json.loads(capsys.readouterr().out)}
    assert [rows[s] for s in ("EURUSD", "XAUUSD", "US30", "BTCUSD")] == ["forex", "metal", "index", "crypto"]
    assert [rows[s] for s in ("WIDGET", "ETHUSDT", "AAPL")] == ["unknown", "crypto", "equity"]
