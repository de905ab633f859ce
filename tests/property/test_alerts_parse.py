"""Whatever a body is, it becomes an Alert or a reason; whatever a log is, no row is lost."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from zepix.alerts import REASONS, AlertProcessor, Deduplicator, LogRow, in_order, read_log, write_log
from zepix.alerts.canonical import canonical_body
from zepix.alerts.reading import NAMES
from zepix.alerts.v6 import KINDS
from zepix.model import Alert, Catalogue, Instrument, Quantity, Quarantined

CATALOGUE = Catalogue(
    Instrument(
        symbol=symbol,
        asset_class="forex",
        point=Decimal("0.00001"),
        pip=Decimal("0.0001"),
        contract_size=Decimal(100_000),
        profit_currency="USD",
        margin_currency="EUR",
    )
    for symbol in ("EURUSD", "XAUUSD")
)
PROCESSOR = AlertProcessor(CATALOGUE)
MANY = settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])

words = st.sampled_from(
    [
        "buy",
        "sell",
        "long",
        "EURUSD",
        "{{ticker}}",
        "{{close}}",
        "5m",
        "1D",
        "NaN",
        "-1",
        "1e999",
        "0",
        "",
        "entry",
        "exit",
        "1.1",
        "\ud800",
        "\x00",
        "\u2192",
        "1,1,-1,1,1",
        "15:-1;",
        "bull",
        "stop_limit",
        "true",
        "2026-01-05T14:45:00Z",
    ]
)
scalars = st.one_of(words, st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=12))
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=8,
)
types = st.sampled_from(
    [
        "entry",
        "exit",
        "reversal",
        "modify",
        "cancel",
        "trend",
        "bias",
        "entry_v3",
        "exit_v3",
        "squeeze_v3",
        "trend_pulse_v3",
        "entry_v6",
        "exit_v6",
        "trendline_v6",
        "momentum_v6",
        "BULLISH_ENTRY",
        "new_v3",
        "Market",
    ]
)
keys = st.sampled_from(
    [
        *NAMES,
        "signal",
        "signal_type",
        "consensus_score",
        "mtf_trends",
        "tp1_price",
        "tp2_price",
        "change_details",
        "stopLoss",
    ]
)
payloads = st.builds(
    lambda kind, rest: {"type": kind, "symbol": "EURUSD"} | rest, types, st.dictionaries(keys, anything)
)
tokens = st.lists(words | st.text(max_size=8) | st.floats().map(str), max_size=20)
pipes = st.builds(lambda kind, rest: "|".join([kind, *rest]), st.sampled_from([*KINDS, "NEW_WORD"]), tokens)


def hold(found: Alert | Quarantined) -> None:
    """What holds of everything that the parser gives."""
    if isinstance(found, Quarantined):
        assert found.reason in REASONS and found.reason != "parser_error", found
        assert found.detail and found.detail.isascii()
    else:
        assert found.type and found.symbol and found.dialect
        assert found.type not in ("entry", "reversal") or found.side is not None
        for name in ("price", "sl", "tp", "entry_price", "limit_price", "volume"):
            value = getattr(found, name)
            number = value.value if isinstance(value, Quantity) else value
            assert number is None or 0 < number <= 1e12, name
        json.dumps(_plain(found.fields), allow_nan=False)
        found.raw.encode("utf-8")
        assert found.is_action or found.side is None


def _plain(value: Any) -> Any:
    """Mappings as dicts, so that json can write them; NaN and infinities must not occur."""
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, float):
        assert math.isfinite(value)
    return [_plain(inner) for inner in value] if isinstance(value, list | tuple) else value


@MANY
@given(st.binary(max_size=200) | st.text(max_size=200) | anything)
def test_any_body_is_an_alert_or_a_reason(raw: Any) -> None:
    hold(PROCESSOR.parse(raw, id="a"))


@MANY
@given(payloads, st.sampled_from([None, "OANDA:XAUUSD"]))
def test_any_payload_of_any_dialect_is_an_alert_or_a_reason(payload: dict[str, Any], ticker: str | None) -> None:
    as_object = PROCESSOR.parse(payload, id="a", ticker=ticker)
    as_text = PROCESSOR.parse(json.dumps(payload), id="a", ticker=ticker)
    hold(as_object)
    hold(as_text)
    assert type(as_object) is type(as_text)
    if isinstance(as_object, Quarantined) and isinstance(as_text, Quarantined):
        reasons = {as_object.reason, as_text.reason}
        assert len(reasons) == 1 or reasons == {"nul", "lone_surrogate"}


@MANY
@given(payloads, st.integers(0, 400), st.integers(0, 400))
def test_any_part_of_a_payload_is_an_alert_or_a_reason(payload: dict[str, Any], first: int, last: int) -> None:
    hold(PROCESSOR.parse(json.dumps(payload).replace('"{{close}}"', "{{close}}")[first:last], id="a", ticker="EURUSD"))


@MANY
@given(pipes, st.sampled_from([None, "OANDA:XAUUSD, 5m"]))
def test_any_tokens_are_an_alert_or_a_reason(raw: str, timeframe: str | None) -> None:
    hold(PROCESSOR.parse(raw, id="a", ticker="EURUSD", timeframe=timeframe))


@MANY
@given(st.text(alphabet='{}[]":,\\ab0{{', max_size=60))
def test_any_mixture_of_brackets_and_quotes_is_an_alert_or_a_reason(raw: str) -> None:
    hold(PROCESSOR.parse("{" + raw, id="a"))


@pytest.mark.parametrize(
    "raw",
    [
        '"' * 65_536,
        "{{" * 32_768,
        '{"a":' + "{{a" * 20_000,
        '{"a":"' + '\\"' * 32_000,
        "{" + '"",' * 21_000,
        "|" * 65_536,
        "BREAKOUT|" + "1|" * 32_000,
        "{" + '"a":{{b}},' * 6_000 + "}",
        '{"x":"' + "\\\\" * 32_000 + "\\u0000" + '"}',
        "{" + ",".join(f'"k{i}":{i}' for i in range(6_000)) + "}",
        '{"a":' + "9" * 65_000 + "}",
        "[" * 65_536,
        '{"a":[' + "[],{}," * 10_000 + "]}",
        '{"type":"exit","symbol":"EURUSD","time":"' + "9" * 60_000 + '"}',
    ],
    ids=range(14),
)
def test_hostile_body_of_64_kib_is_answered(raw: str) -> None:
    hold(PROCESSOR.parse(raw, id="a"))
    canonical_body(raw)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.binary(max_size=60) | payloads.map(lambda p: json.dumps(p).encode()), min_size=1, max_size=8))
def test_no_line_of_a_log_is_lost(tmp_path: Path, lines: list[bytes]) -> None:
    lines = [line.replace(b"\n", b" ") for line in lines]
    path = tmp_path / "log.jsonl"
    path.write_bytes(b'{"received_at":"2026-01-05T14:45:00Z","payload":{}}\n' + b"\n".join(lines))
    rows = read_log(path, CATALOGUE).rows
    blank = sum(not line.decode("utf-8", "replace").strip() for line in lines)
    assert len(rows) == 1 + len(lines) - blank
    assert len({row.id for row in rows}) == len(rows)
    for row in rows:
        hold(row)


bodies = st.sampled_from(
    ['{"type":"exit","symbol":"EURUSD"}', '{"symbol":"EURUSD","type":"exit"}', "BREAKOUT|XAUUSD|5|1.1"]
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 9 * 10**18), bodies | payloads.map(json.dumps)), min_size=1, max_size=8))
@pytest.mark.parametrize("name", ["log.jsonl", "log.parquet"])
def test_written_log_reads_back(tmp_path: Path, name: str, rows: list[tuple[int, str]]) -> None:
    parsed = [PROCESSOR.parse(raw, received_ns=at, id=f"a{i}") for i, (at, raw) in enumerate(rows)]
    write_log(tmp_path / name, parsed)
    assert read_log(tmp_path / name, CATALOGUE).rows == parsed


def slow_duplicates(alerts: list[Alert]) -> Iterator[str | None]:
    """The rule, word by word: same symbol and canonical body, at most 30 s after the first receipt."""
    firsts: list[Alert] = []
    for alert in alerts:
        for first in firsts:
            is_same = (first.symbol, canonical_body(first.raw)) == (alert.symbol, canonical_body(alert.raw))
            if is_same and alert.received_ns - first.received_ns <= 30 * 10**9:
                yield first.id
                break
        else:
            firsts.append(alert)
            yield None


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 120), bodies), max_size=40))
def test_duplicates_are_those_of_the_rule(events: list[tuple[int, str]]) -> None:
    parsed = [PROCESSOR.parse(raw, received_ns=at * 10**9, id=f"a{i}") for i, (at, raw) in enumerate(events)]
    alerts = [row for row in in_order(parsed) if isinstance(row, Alert)]
    seen = Deduplicator()
    assert [seen.check(alert) for alert in alerts] == list(slow_duplicates(alerts))


def test_log_rows_of_any_kind_are_written(tmp_path: Path) -> None:
    rows = [
        LogRow(1, "2026-01-05T14:45:00Z", {"type": "exit", "symbol": "EURUSD"}),
        LogRow(2, None, "\ud800"),
        LogRow(3),
    ]
    for name in ("log.jsonl", "log.parquet"):
        assert write_log(tmp_path / name, rows) == 3
        assert len(read_log(tmp_path / name, CATALOGUE).rows) == 3
