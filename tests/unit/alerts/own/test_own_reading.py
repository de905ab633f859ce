"""Bodies read by a table of one's own: JSON in any depth, text by a regular expression, words, units, constants."""

from __future__ import annotations

import json
from typing import Any

import pytest

from zepix.alerts import AlertProcessor
from zepix.alerts.own import loads
from zepix.model import Alert, Catalogue, Quantity, Quarantined, Side

NESTED = """
[dialect.acme]
strategy = "bracket"

[dialect.acme.match]
required = ["order.way", "pair"]
equals = { "meta.src" = "ACME" }
one_of = { meta.version = [1, 2] }

[dialect.acme.fields]
type = "order.way"
side = "order.way"
symbol = "pair"
sl = "levels.0"
tp = ["levels.1", "target"]
volume = "size"
id = "uid"
timeframe = "tf"
price = '"last.price"'
comment = "note"

[dialect.acme.values.type]
UP = "entry"
DOWN = "entry"
OUT = "exit"
FLIP = "reversal"
MOVE = "modify"
HUSH = "pause"
MOOD = "bias"

[dialect.acme.values.side]
up = "buy"
down = "sell"
FLIP = "sell"
"*" = ""

[dialect.acme.units]
sl = "pips"
tp = "percent"
volume = { path = "size_in", values = { L = "lots", "%" = "percent_equity" } }
"""
BODY: dict[str, Any] = {
    "meta": {"src": "acme", "version": 2},
    "order": {"way": "up"},
    "pair": "EUR/USD",
    "levels": [20, 40],
    "size": "1.5",
    "size_in": "L",
    "uid": 7,
    "tf": "15",
    "last.price": "1.08",
    "note": "",
    "colour": "green",
}

READ: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    (
        "a nested entry",
        {},
        {
            "type": "entry",
            "symbol": "EURUSD",
            "side": Side.BUY,
            "sl": Quantity(20.0, "pips"),
            "tp": Quantity(0.4, "fraction"),
            "volume": 1.5,
            "price": 1.08,
            "timeframe": "15m",
            "explicit_id": "7",
            "strategy": "bracket",
            "signal": "up",
            "fields": {"meta": {"src": "acme", "version": 2}, "colour": "green"},
        },
    ),
    ("words in any case", {"order": {"way": " Down "}}, {"type": "entry", "side": Side.SELL}),
    ("one word that is type and no side", {"order": {"way": "out"}}, {"type": "exit", "side": None}),
    ("a reversal", {"order": {"way": "FLIP"}}, {"type": "reversal", "side": Side.SELL}),
    ("the unit stands in the body", {"size_in": "%"}, {"volume": Quantity(1.5, "percent_equity")}),
    ("the body may say zepix's own unit", {"size_in": "units"}, {"volume": Quantity(1.5, "units")}),
    (
        "a unit that the body leaves out is unknown",
        {"size_in": None},
        {"volume": Quantity(1.5, "unknown", "dialects.acme.volume_unit")},
    ),
    ("the second name of a field", {"levels": [20], "target": 2}, {"tp": Quantity(0.02, "fraction")}),
    ("nothing where a list is too short", {"levels": []}, {"sl": None, "tp": None}),
    ("a pause needs no side", {"order": {"way": "hush"}}, {"type": "pause", "side": None, "sl": None}),
    ("information keeps the rest beside", {"order": {"way": "mood"}}, {"type": "bias", "side": None, "volume": None}),
]


def parse(catalogue: Catalogue, toml: str, body: Any, **more: Any) -> Alert | Quarantined:
    beside = {name: more.pop(name) for name in ("ticker", "timeframe") if name in more}
    raw = json.dumps(body) if isinstance(body, dict) else body
    return AlertProcessor(catalogue, own=loads(toml), **more).parse(raw, received_ns=7, id="x", **beside)


def alert_of(catalogue: Catalogue, toml: str, body: Any, **more: Any) -> Alert:
    found = parse(catalogue, toml, body, **more)
    assert isinstance(found, Alert), found
    return found


def reason_of(catalogue: Catalogue, toml: str, body: Any, **more: Any) -> tuple[str, str]:
    found = parse(catalogue, toml, body, **more)
    assert isinstance(found, Quarantined), found
    return found.reason, found.detail


@pytest.mark.parametrize(("change", "expected"), [row[1:] for row in READ], ids=[row[0] for row in READ])
def test_nested_json_is_read(catalogue: Catalogue, change: dict[str, Any], expected: dict[str, Any]) -> None:
    alert = alert_of(catalogue, NESTED, BODY | change)
    assert alert.dialect == "acme"
    assert {name: getattr(alert, name) for name in expected} == expected


def test_a_stop_of_zero_takes_it_away_only_in_a_modify(catalogue: Catalogue) -> None:
    priced = NESTED.replace('sl = "pips"', 'sl = "price"')
    assert alert_of(catalogue, priced, BODY | {"order": {"way": "move"}, "levels": [0]}).sl == 0.0
    assert reason_of(catalogue, priced, BODY | {"levels": [0]})[0] == "bad_price"


@pytest.mark.parametrize(
    ("case", "change", "reason"),
    [
        ("no side", {"order": {"way": "entry"}}, "missing_side"),
        ("a word nobody mapped", {"order": {"way": "sideways"}}, "unknown_type"),
        ("a stop of zero pips", {"levels": [0]}, "bad_price"),
        ("a negative distance", {"levels": [-20]}, "bad_price"),
        ("a stop that is no number", {"levels": ["soon"]}, "bad_price"),
        ("a unit nobody mapped", {"size_in": "stones"}, "bad_field"),
        ("a volume of zero", {"size": 0}, "bad_volume"),
        ("no symbol", {"pair": ""}, "missing_symbol"),
        ("a stop that TradingView left open", {"levels": ["{{plot_0}}"]}, "placeholder"),
        ("a timeframe that is none", {"tf": "soon"}, "bad_timeframe"),
        ("NaN beside", {"colour": float("nan")}, "bad_number"),
    ],
)
def test_what_cannot_be_meant_is_set_aside(
    catalogue: Catalogue, case: str, change: dict[str, Any], reason: str
) -> None:
    assert reason_of(catalogue, NESTED, BODY | change)[0] == reason


@pytest.mark.parametrize(
    "change",
    [
        {"meta": {"src": "other", "version": 2}},
        {"meta": {"src": "acme", "version": 3}},
        {"meta": {"src": "acme"}},
        {"order": {"way": None}},
        {"order": "up"},
        {"pair": None},
    ],
)
def test_a_body_that_does_not_match_is_not_claimed(catalogue: Catalogue, change: dict[str, Any]) -> None:
    found = parse(catalogue, NESTED, BODY | change)
    assert found.dialect != "acme"


def test_symbol_and_timeframe_come_from_beside(catalogue: Catalogue) -> None:
    body = BODY | {"pair": "{{ticker}}", "tf": "{{interval}}", "last.price": "{{close}}"}
    alert = alert_of(catalogue, NESTED, body, ticker="OANDA:XAUUSD", timeframe="5")
    assert (alert.symbol, alert.timeframe, alert.price) == ("XAUUSD", "5m", None)
    assert len(alert.repairs) == 3


TEXT = """
[dialect.shout]
regex = [
    '^(?P<side>\\w+) (?P<symbol>\\S+) @ *(?P<price>[0-9.]+)',
    '(?i)\\bSL *(?P<stop>[0-9.]+)',
    '(?i)\\bTP *(?P<tp>[0-9.]+)',
]
[dialect.shout.match]
starts_with = ["BUY ", "SELL ", "OUT "]
[dialect.shout.fields]
sl = "stop"
type = "side"
[dialect.shout.values]
type = { BUY = "entry", SELL = "entry", OUT = "exit" }
side = { out = "" }
[dialect.shout.units]
sl = "price"
"""


def test_text_is_read_by_its_groups(catalogue: Catalogue) -> None:
    alert = alert_of(catalogue, TEXT, "BUY EURUSD @ 1.0812 TP 1.09 SL 1.07")
    assert (alert.type, alert.side, alert.symbol, alert.price) == ("entry", Side.BUY, "EURUSD", 1.0812)
    assert (alert.sl, alert.tp) == (1.07, Quantity(1.09, "unknown", "dialects.shout.tp_unit"))
    assert alert_of(catalogue, TEXT, "OUT EURUSD @1.0812").side is None


def test_text_that_only_begins_so_is_set_aside(catalogue: Catalogue) -> None:
    reason, detail = reason_of(catalogue, TEXT, "BUY something")
    assert (reason, "regex of the dialect shout" in detail) == ("bad_field", True)
    assert reason_of(catalogue, TEXT, "buy EURUSD @ 1.08")[0] == "unknown_dialect", "starts_with minds the case"


def test_text_inside_json_is_read_too(catalogue: Catalogue) -> None:
    toml = """
[dialect.chat]
text = "content"
regex = '^(?P<side>\\w+) (?P<symbol>\\S+)'
constants = { type = "entry", volume = 0.2 }
units = { volume = "lots" }
match = { required = ["content", "username"] }
fields = { id = "message_id" }
"""
    body = {"content": "sell EURUSD now", "username": "caller", "message_id": "m1"}
    alert = alert_of(catalogue, toml, body)
    assert (alert.side, alert.symbol, alert.volume, alert.explicit_id) == (Side.SELL, "EURUSD", 0.2, "m1")
    assert alert.fields == {"username": "caller"}


def test_units_by_the_dialects_settings(catalogue: Catalogue) -> None:
    own = loads(TEXT)
    assert own[0].settings == {"tp_unit": ("price", "distance", "points", "pips", "fraction", "money", "percent")}
    for unit, expected in (
        ("price", 1.09),
        ("pips", Quantity(1.09, "pips")),
        ("percent", Quantity(0.0109, "fraction")),
    ):
        alert = alert_of(catalogue, TEXT, "BUY EURUSD @ 1.0812 TP 1.09", settings={"shout": {"tp_unit": unit}})
        assert alert.tp == expected


@pytest.mark.parametrize(
    ("unit", "sent", "expected"),
    [
        ("price", 1.07, 1.07),
        ("pips", 20, Quantity(20.0, "pips")),
        ("points", "200", Quantity(200.0, "points")),
        ("distance", 0.002, Quantity(0.002, "distance")),
        ("money", 50, Quantity(50.0, "money")),
        ("fraction", 0.01, Quantity(0.01, "fraction")),
        ("percent", 1, Quantity(0.01, "fraction")),
        ("unknown", 5, Quantity(5.0, "unknown", "dialects.u.sl_unit")),
    ],
)
def test_each_unit_of_a_level(catalogue: Catalogue, unit: str, sent: Any, expected: Any) -> None:
    toml = f"""
[dialect.u]
match = {{ required = ["go"] }}
fields = {{ side = "go", symbol = "on", sl = "stop" }}
constants = {{ type = "entry" }}
units = {{ sl = "{unit}" }}
"""
    assert alert_of(catalogue, toml, {"go": "buy", "on": "EURUSD", "stop": sent}).sl == expected


def test_trailing_shares_and_seconds(catalogue: Catalogue) -> None:
    toml = """
[dialect.t]
match = { required = ["go"] }
constants = { type = "reversal" }
[dialect.t.fields]
side = "go"
symbol = "on"
trailing_start = "t.0"
trailing_step = "t.1"
trailing_distance = "t.2"
expires_s = "wait"
max_spread = "spread"
break_even_points = "be"
close_left_frac = "part"
closing = "first"
[dialect.t.units]
trailing_start = "points"
trailing_step = "points"
trailing_distance = "pips"
expires_s = "min"
max_spread = "pips"
close_left_frac = "percent"
"""
    body = {"go": "buy", "on": "EURUSD", "t": [0, 10, 8], "wait": 5, "spread": 2, "be": 30, "part": 50, "first": "all"}
    alert = alert_of(catalogue, toml, body)
    assert alert.trailing == {"start": 0, "step": 10, "distance": Quantity(8.0, "pips")}
    assert (alert.expires_s, alert.max_spread) == (300.0, Quantity(2.0, "pips"))
    assert (alert.break_even_points, alert.close_left_frac, alert.closing) == (30, 0.5, "all")


def test_own_dialect_is_asked_before_a_built_in_one_of_its_rank(catalogue: Catalogue) -> None:
    toml = """
[dialect.mine]
rank = {rank}
match = {{ required = ["side", "symbol"] }}
fields = {{ symbol = "symbol", side = "side" }}
constants = {{ type = "exit" }}
"""
    plain = {"type": "entry", "symbol": "EURUSD", "side": "buy"}
    assert alert_of(catalogue, toml.format(rank=100), plain).type == "exit"
    assert alert_of(catalogue, toml.format(rank=101), plain).type == "entry"
    legacy = {"type": "exit", "symbol": "EURUSD", "signal": "bull", "tf": "5m"}
    assert alert_of(catalogue, toml.format(rank=20), legacy).dialect == "legacy", "it has no side, so it is not claimed"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a.b", 1),
        ("legs.0.price", 2),
        ('"strategy.order.action"', "buy"),
        ("'say \"x\"'.y", 3),
        ("numbers.7", "seven"),
        ("legs.9.price", None),
        ("legs.-1.price", None),
        ("a.b.c", None),
    ],
)
def test_paths(path: str, expected: Any) -> None:
    from zepix.alerts.own.paths import find, parse_path, quoted

    body = {
        "a": {"b": 1},
        "legs": [{"price": 2}],
        "strategy.order.action": "buy",
        'say "x"': {"y": 3},
        "numbers": {"7": "seven"},
    }
    parsed = parse_path(path)
    assert find(body, parsed) == expected
    assert parse_path(quoted(parsed.steps)).steps == parsed.steps


REFUSING = """
[dialect.picky]
match = { required = ["pair", "way"] }
fields = { symbol = "pair", side = "way" }
constants = { type = "entry" }
refuse = ["test.mode"]
"""


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"test": {"mode": "dry"}}, "something stands at test.mode"),
        ({"stopLoss": 1.07}, "is not passed over"),
        ({"order": {"initialStop": 20}}, "is not passed over"),
        ({"lots": 0.5}, "is not passed over"),
        ({"test": {"mode": ""}, "colour": "green"}, ""),
    ],
)
def test_what_the_table_does_not_take_is_never_traded_without(
    catalogue: Catalogue, more: dict[str, Any], said: str
) -> None:
    body = {"pair": "EURUSD", "way": "long"} | more
    found = parse(catalogue, REFUSING, body)
    assert isinstance(found, Quarantined if said else Alert)
    if isinstance(found, Quarantined):
        assert found.reason == "unsupported_parameter"
        assert said in found.detail
        places = [f'"{name}"' for name in more if name != "test"]
        if places:
            told = alert_of(catalogue, REFUSING + f"ignore = [{', '.join(places)}]\n", body)
            assert set(more) <= set(told.fields), "what is ignored stays readable"


def test_text_is_read_beside_places_of_its_json(catalogue: Catalogue) -> None:
    toml = """
    [dialect.code]
    match = { required = ["code", "bot"] }
    text = "code"
    regex = '^(?P<side>BUY|SELL) (?P<symbol>\\S+)$'
    fields = { sl = "stopLoss.priceDeviation" }
    units = { sl = "percent" }
    constants = { type = "entry" }
    """
    body = {"code": "BUY EURUSD", "bot": 7, "stopLoss": {"priceDeviation": 0.5}}
    alert = alert_of(catalogue, toml, body)
    assert (alert.symbol, alert.side, alert.sl) == ("EURUSD", Side.BUY, Quantity(0.005, "fraction"))
