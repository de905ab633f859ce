"""Bodies that nobody meant: hostile ones by hand, and mutations of every body of the tables, by hypothesis.

The suite tries some 20,000 bodies; ``ZEPIX_FUZZ_BODIES=200000`` tries as many as it says. Each is an Alert or a reason,
within milliseconds, and what is an Alert holds what holds of all.
"""

from __future__ import annotations

import json
import math
import os
import random
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.alerts.conftest import SYMBOLS, instrument
from tests.unit.alerts.tables import pages
from zepix.alerts import REASONS, AlertProcessor
from zepix.alerts.dialects import known
from zepix.alerts.plain import TYPES
from zepix.alerts.secrets import redact
from zepix.model import Alert, Catalogue, Quantity, Quarantined

BODIES = int(os.environ.get("ZEPIX_FUZZ_BODIES", "20000"))
A_BATCH = 50
pytestmark = pytest.mark.clock

LIMIT_S = 0.005
BUSY = 20
"""A machine that does other things takes longer: a body may take 5 ms times this before a test fails."""
CATALOGUE = Catalogue(instrument(symbol) for symbol in SYMBOLS)
PROCESSORS = [
    AlertProcessor(CATALOGUE),
    AlertProcessor(
        CATALOGUE, settings={one.name: {key: words[0] for key, words in one.settings.items()} for one in known()}
    ),
]
SEEDS = sorted({str(case[1]) if not isinstance(case[1], dict) else json.dumps(case[1]) for name in pages.names()
                for case in pages.cases_of(name)})  # fmt: skip
seen: Counter[str] = Counter()
slowest: list[tuple[float, str]] = [(0.0, "")]


def hold(found: Alert | Quarantined) -> None:
    """What holds of everything that the parser gives."""
    if isinstance(found, Quarantined):
        assert found.reason in REASONS and found.reason != "parser_error", found
        assert found.detail and found.detail.isascii() and len(found.detail) < 400
        assert found.raw.encode("utf-8").decode("utf-8") == found.raw
        return
    assert found.type and found.symbol and found.dialect and found.symbol.isprintable()
    assert found.type not in ("entry", "reversal") or found.side is not None
    assert found.is_action or found.side is None
    for name in ("price", "sl", "tp", "entry_price", "limit_price", "volume"):
        value = getattr(found, name)
        number = value.value if isinstance(value, Quantity) else value
        is_taken_away = found.type == "modify" and name in ("sl", "tp") and number == 0
        assert number is None or is_taken_away or 0 < number <= 1e12, (name, found)
    for share in (found.close_frac, found.close_left_frac):
        assert share is None or 0 < share <= 1
    if found.order_type != "market":
        assert found.entry_price is not None or found.type not in ("entry", "reversal") or found.dialect == "plain"
    json.dumps(_plain(found.fields), allow_nan=False)
    found.raw.encode("utf-8")


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, float):
        assert math.isfinite(value)
    return [_plain(inner) for inner in value] if isinstance(value, list | tuple) else str(value)


def parse(raw: Any, which: int = 0) -> Alert | Quarantined:
    found, taken = timed(raw, which)
    for _ in range(3):  # a slow one is timed again: the machine may have been elsewhere
        if taken > LIMIT_S:
            taken = min(taken, timed(raw, which)[1])
    if taken > slowest[0][0]:
        slowest[0] = (taken, ascii(raw[:60] if isinstance(raw, str | bytes) else type(raw)))
    assert taken < LIMIT_S * BUSY, slowest[0]
    seen[found.reason if isinstance(found, Quarantined) else f"{found.dialect} {found.type}"] += 1
    hold(found)
    return found


def timed(raw: Any, which: int) -> tuple[Alert | Quarantined, float]:
    begin = time.perf_counter()
    found = PROCESSORS[which].parse(raw, id="a", ticker=(None, "OANDA:XAUUSD")[which])
    return found, time.perf_counter() - begin


# --- mutations ----------------------------------------------------------------------------------------------------

ODD: list[Any] = [
    *(None, True, False, 0, -1, 1, 2, 1e-320, 1e308, 10**400, float("nan"), float("inf"), "", " ", "0", "-0", "NaN"),
    *("1e400", "1,5", "1_0", "0x10", "true", "False", "null", "{{close}}", "{{strategy.order.action}}", "buy", "SELL"),
    *("long", "short", "flat", "exit", "limit", "stop_limit", "5m", "1M", "\u202ebuy", "EUR\u200bUSD", "\u0415URUSD"),
    *("u\u017fdjpy", "\ufeff", "\u0663", "\ud83d\ude00", "x" * 300, "5" * 70, "***", [], {}, [1, [2]], {"a": {"b": 1}}),
    *("2026-01-05T14:45:00Z", "2026-13-45T99:99:99Z", 1767624000, 1767624000000, "1767624000.5", -5, "OANDA:EURUSD"),
]
WORDS = [
    *("type", "symbol", "ticker", "side", "action", "direction", "sl", "tp", "stop_loss", "tp1", "sl_percent", "qty"),
    *("volume", "lots", "quantityType", "market_position", "prev_market_position", "market_position_size", "position"),
    *("position_size", "prev_market_position_size", "strategy_order_id", "strategy_order_action", "strategy", "data"),
    *("order_type", "time_in_force", "reduce_only", "close_position", "cancel_orders", "positionSide", "close_percent"),
    *("passphrase", "id", "time", "timenow", "price", "signal", "event_type", "trailing", "limit_price", "tf", "open"),
]
TOKENS = [
    *'{}[]":,|;=\\/\n\r\t \x00',
    "{{",
    "}}",
    "\u2192",
    "\u200f",
    "\ufeff",
    "\\u0000",
    "\\ud800",
    "e400",
    "***",
    "key=",
]


def of_object(rng: random.Random, body: dict[str, Any]) -> Any:
    """One change of an object: a value, a key, its place, or its depth."""
    names = list(body)
    kind = rng.randrange(10)
    name = rng.choice(names) if names else "symbol"
    if kind <= 2:
        body[name] = rng.choice(ODD)
    elif kind == 3:
        body.pop(name, None)
    elif kind <= 5:
        body[rng.choice(WORDS)] = rng.choice(ODD)
    elif kind == 6 and names:
        other = rng.choice([str.upper, str.title, str.swapcase, lambda text: text.replace("_", "-")])
        body[other(name)] = body.pop(name)
    elif kind == 7:
        return {rng.choice(["data", "strategy", "payload", "x"]): body}
    elif kind == 8 and names:
        body[rng.choice(names)] = body[name]
    else:
        rng.shuffle(names)
        return {one: body[one] for one in names}
    return body


def of_text(rng: random.Random, text: str) -> str:
    """One change of a text: a letter, a part, a token, another body's part."""
    kind, at = rng.randrange(8), rng.randrange(len(text) + 1)
    end = min(len(text), at + rng.randrange(12))
    if kind == 0:
        return text[:at]
    if kind == 1:
        return text[:at] + text[end:]
    if kind == 2:
        return text[:at] + rng.choice(TOKENS) + text[at:]
    if kind == 3:
        return text[:at] + text[at:end] * rng.randrange(2, 5) + text[end:]
    if kind == 4:
        other = rng.choice(SEEDS)
        return text[:at] + other[rng.randrange(len(other) + 1) :]
    if kind == 5:
        return text[:at] + chr(rng.choice((rng.randrange(128), rng.randrange(0xD7FF)))) + text[end:]
    if kind == 6:
        return text.replace('"', rng.choice(("'", '\\"', "\u201d", "")))
    return rng.choice((text.upper(), text.lower(), text.replace(",", ";"), "\ufeff" + text, text + "\r\n", text * 2))


def mutant(rng: random.Random) -> Any:
    """A body of the tables after one to six changes, as text, as bytes in some encoding, or as a mapping."""
    text = rng.choice(SEEDS)
    changes = rng.randrange(1, 7)
    if text.startswith("{") and rng.random() < 0.7:
        try:
            body = json.loads(text)
        except ValueError:
            body = None
        if isinstance(body, dict):
            for _ in range(changes):
                body = of_object(rng, body)
            if rng.random() < 0.2:
                return body
            return json.dumps(body, ensure_ascii=rng.random() < 0.5)
    for _ in range(changes):
        text = of_text(rng, text)
    if rng.random() < 0.1:
        return text.encode(rng.choice(("utf-8", "utf-16", "latin-1", "cp1252", "utf-8-sig")), "replace")
    return text


@settings(
    max_examples=max(1, BODIES // A_BATCH),
    deadline=None,
    derandomize=BODIES <= 20_000,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(st.integers(0, 2**63), st.integers(0, 1))
def test_mutations_of_every_body_are_alerts_or_reasons(seed: int, which: int) -> None:
    rng = random.Random(seed)
    for _ in range(A_BATCH):
        raw = mutant(rng)
        found = parse(raw, which)
        if isinstance(raw, str) and len(raw) < 2000:
            assert redact(found.raw, found.dialect) == found.raw, ascii(raw)


def test_mutations_reach_every_dialect_and_most_reasons() -> None:
    rng = random.Random(4)
    seen.clear()
    for _ in range(3000):
        parse(mutant(rng), 0)
    assert {one.name for one in known()} <= {word.split()[0] for word in seen if " " in word}
    assert len([word for word in seen if " " not in word]) > 20


@settings(max_examples=max(300, BODIES // 200), deadline=None, derandomize=True, database=None)
@given(st.binary(max_size=300) | st.text(max_size=200) | st.text(alphabet='{}[]":,|;=\\ab0{\n', max_size=120))
def test_random_bytes_and_texts_are_alerts_or_reasons(raw: Any) -> None:
    parse(raw)


words = st.sampled_from([*WORDS, *TYPES]) | st.text(max_size=6)
odd = st.sampled_from(ODD) | st.integers() | st.floats() | st.text(max_size=8)
objects = st.dictionaries(
    words,
    st.recursive(odd, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=4)),
    max_size=10,
)


@settings(max_examples=max(400, BODIES // 100), deadline=None, derandomize=True, database=None)
@given(objects, st.integers(0, 1))
def test_any_object_of_known_words_is_an_alert_or_a_reason(body: dict[str, Any], which: int) -> None:
    as_object = parse(body, which)
    try:
        text = json.dumps(body)
    except (TypeError, ValueError):
        return
    as_text = parse(text, which)
    if "\\u" not in text:
        assert type(as_object) is type(as_text)


# --- hostile by hand ----------------------------------------------------------------------------------------------

ENTRY = '{"symbol":"EURUSD","action":"buy","market_position":"long"'
BIG = 16 * 1024 * 1024
HOSTILE: list[tuple[str, Callable[[], Any], str | None]] = [
    ("16 MB of JSON", lambda: ENTRY + ',"x":"' + "y" * BIG + '"}', "too_large"),
    ("16 MB of JSON, as bytes", lambda: bytes(ENTRY + ',"x":"' + "y" * BIG + '"}', "utf-8"), "too_large"),
    ("16 MB of letters of three bytes", lambda: "\u20ac" * (BIG // 3), "too_large"),
    ("16 MB of broken bytes", lambda: b"\xff" * BIG, "too_large"),
    ("16 MB of secrets", lambda: "key=a," * (BIG // 6), "too_large"),
    ("16 MB in a mapping", lambda: {"symbol": "EURUSD", "action": "buy", "x": "y" * BIG}, "too_large"),
    ("lists nested 10,000 deep", lambda: ENTRY + ',"x":' + "[" * 10_000 + "]" * 10_000 + "}", None),
    ("objects nested 10,000 deep", lambda: '{"strategy":' * 5_000 + "1" + "}" * 5_000, None),
    ("brackets that never close", lambda: "[" * 65_000, None),
    ("a key twice", lambda: ENTRY + ',"action":"sell"}', "duplicate_key"),
    ("a key twice, deep", lambda: '{"data":{"action":"buy","action":"sell"}}', "duplicate_key"),
    ("two words for one thing", lambda: ENTRY + ',"ticker":"XAUUSD"}', "duplicate_key"),
    ("UTF-16", lambda: (ENTRY + "}").encode("utf-16"), "bad_encoding"),
    ("Latin-1", lambda: (ENTRY + ',"x":"\u00e9"}').encode("latin-1"), "bad_encoding"),
    ("mixed encodings", lambda: (ENTRY + ',"x":"\u00e9').encode() + "\u00e9\"}".encode("latin-1"), "bad_encoding"),
    ("a byte order mark", lambda: "\ufeff" + ENTRY + "}", None),
    ("a byte order mark, as bytes", lambda: b"\xef\xbb\xbf" + (ENTRY + "}").encode(), None),
    ("64 KB of broken bytes", lambda: b"\xff" * 65_000, "bad_encoding"),
    ("NUL", lambda: ENTRY + ',"x":"\x00"}', "nul"),
    ("NUL, escaped", lambda: ENTRY + ',"x":"\\u0000"}', "nul"),
    ("NaN", lambda: ENTRY + ',"sl":NaN}', "bad_price"),
    ("1e400", lambda: ENTRY + ',"sl":1e400}', "bad_price"),
    ("1e400 as a size", lambda: ENTRY + ',"contracts":1e400}', "bad_volume"),
    ("minus infinity as a text", lambda: ENTRY + ',"market_position_size":"-inf"}', "bad_number"),
    ("numbers as strings", lambda: ENTRY + ',"sl":"1.1","contracts":" 2 "}', None),
    ("booleans as strings", lambda: ENTRY + ',"heartbeat":"False"}', None),
    ("a boolean as a number", lambda: ENTRY + ',"contracts":true}', "bad_volume"),
    ("a right-to-left mark in the symbol", lambda: '{"symbol":"EUR\u200fUSD","action":"buy"}', "bad_symbol"),
    ("an override in the symbol", lambda: '{"symbol":"\u202eDSURUE","action":"buy"}', "bad_symbol"),
    ("a mark of zero width in the symbol", lambda: '{"symbol":"EUR\u200bUSD","action":"buy"}', "bad_symbol"),
    ("an escaped mark in the symbol", lambda: '{"symbol":"EUR\\u200bUSD","action":"buy"}', "bad_symbol"),
    ("a Cyrillic letter in the symbol", lambda: '{"symbol":"\u0415URUSD","action":"buy"}', "bad_symbol"),
    ("a long s in the symbol", lambda: '{"symbol":"u\u017fdjpy","action":"buy"}', "bad_symbol"),
    ("letters of full width", lambda: '{"symbol":"\uff25\uff35\uff32\uff35\uff33\uff24","action":"buy"}', "bad_symbol"),
    ("a mark in the side", lambda: '{"type":"entry","symbol":"EURUSD","side":"buy\u200f"}', "bad_side"),
    ("a mark in the action", lambda: '{"symbol":"EURUSD","action":"\u202ebuy"}', "unknown_action"),
    ("a mark in the name of a secret", lambda: '{"symbol":"EURUSD","action":"buy","to\u200bken":"abc"}', None),
    ("200 placeholders", lambda: ENTRY + "".join(f',"k{i}":{{{{close}}}}' for i in range(200)) + "}", None),
    ("30,000 placeholders", lambda: ENTRY + ',"x":' + "{{a" * 20_000 + "}", None),
    ("quotes without an end", lambda: '{"passphrase":"' + '\\"' * 32_000, "bad_json"),
    ("words of secrets without an end", lambda: "passphrase" * 6_500, None),
    ("spaces without an end", lambda: "key" + " " * 65_000 + "=", None),
    ("keys without an end", lambda: "{" + ",".join(f'"key{i}":"{i}"' for i in range(4_000)) + "}", "too_large"),
    ("250 secrets", lambda: "{" + ",".join(f'"{i}key":"{i}"' for i in range(250)) + "}", None),
    ("commas without an end", lambda: "a," * 32_000, None),
    ("pipes without an end", lambda: "a|" * 32_000, None),
    ("lines without an end", lambda: "60123456789,buy,EURUSD\n" * 2_800, None),
    ("pairs without an end", lambda: "a=b;" * 16_000, None),
    ("digits without an end", lambda: '{"symbol":"EURUSD","action":"buy","price":' + "9" * 65_000 + "}", None),
    ("digits without an end, as a text", lambda: ENTRY + ',"contracts":"' + "9" * 65_000 + '"}', "bad_volume"),
    ("a time without an end", lambda: ENTRY + ',"time":"' + "9" * 65_000 + '"}', None),
    ("letters that capitals make longer", lambda: '{"symbol":"' + "\u0149" * 60 + '","action":"buy"}', "bad_symbol"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "reason"), [row[1:] for row in HOSTILE], ids=[row[0] for row in HOSTILE])
def test_hostile_body(make: Callable[[], Any], reason: str | None) -> None:
    raw = make()
    found = parse(raw)
    if reason is not None:
        assert isinstance(found, Quarantined), found
        assert found.reason == reason, found.detail
    assert len(found.raw) <= 65_537 * 4


def test_hostile_body_that_is_set_aside_is_set_aside_again_from_what_was_kept() -> None:
    """Its beginning is kept, one character more than may be read."""
    first = parse(HOSTILE[0][1]())
    again = parse(first.raw)
    assert isinstance(first, Quarantined) and isinstance(again, Quarantined)
    assert (again.reason, again.raw) == (first.reason, first.raw)
