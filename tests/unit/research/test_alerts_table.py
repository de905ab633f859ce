"""``alerts.parquet``: what arrived, as it was understood, with our price at that instant."""

from __future__ import annotations

import json

import pyarrow as pa
from fake_run import MINUTE_NS, THURSDAY_NS, flat_series, record_of

from zepix.model import Alert, Quantity, Quarantined, Side
from zepix.research.alerts_table import alerts_table

SERIES = [flat_series("EURUSD", 138_000, 60)]


def an_alert(**more: object) -> Alert:
    given = {"id": "a1", "received_ns": THURSDAY_NS, "dialect": "plain", "type": "entry", "symbol": "EURUSD", **more}
    return Alert(**given)  # type: ignore[arg-type]


def rows_of(*alerts: Alert | Quarantined):  # type: ignore[no-untyped-def]
    return alerts_table(record_of([], SERIES, alerts=list(alerts))).drop_columns(["received_at", "sent_at"]).to_pylist()


def test_an_alert_has_what_it_asks_and_our_price() -> None:
    [row] = rows_of(
        an_alert(side=Side.BUY, explicit_id="E", price=1.38, sl=Quantity(20, "pips"), volume=0.1, repairs=("comma",),
                 fields={"score": 7}, raw="{}", timeframe="15m", strategy="v3", signal="Breakout", source="s")
    )  # fmt: skip
    assert json.loads(row.pop("asks")) == {"volume": 0.1, "sl": "20 pips"}
    assert row == {
        "id": "a1", "dialect": "plain", "type": "entry", "signal": "Breakout", "symbol": "EURUSD", "side": "buy",
        "strategy": "v3", "timeframe": "15m", "plugin_hint": "", "explicit_id": "E", "source": "s", "source_id": "",
        "price": 1.38, "bid": 1.38, "ask": 1.3801, "fields": '{"score":7}', "repairs": '["comma"]', "raw": "{}",
    }  # fmt: skip


def test_a_quarantined_body_stands_among_them() -> None:
    first, second = rows_of(Quarantined(id="q", reason="bad_json", detail="", raw="{\ud800"), an_alert())
    assert (first["id"], first["type"], first["dialect"], first["bid"]) == ("q", "", "", None)
    assert first["raw"] == "{\\ud800"
    assert second["id"] == "a1"


def test_a_price_that_is_not_known_is_null() -> None:
    early, other = rows_of(an_alert(received_ns=THURSDAY_NS - MINUTE_NS), an_alert(id="a2", symbol="NOPE"))
    assert [(row["bid"], row["ask"], row["price"]) for row in (early, other)] == [(None, None, None)] * 2


def test_what_json_cannot_hold_is_written_the_careful_way() -> None:
    [row] = rows_of(an_alert(fields={"a": float("nan"), "b": Side.BUY}, comment="x"))
    assert json.loads(row["fields"]) == {"a": "nan", "b": "buy"}
    assert json.loads(row["asks"]) == {"comment": "x"}


def test_the_columns_have_the_same_types_without_a_row() -> None:
    some, none = (alerts_table(record_of([], SERIES, alerts=alerts)) for alerts in ([an_alert()], []))
    assert some.schema == none.schema
    assert some.schema.field("sent_at").type == pa.timestamp("ns", tz="UTC")
