"""Templates: filled in as TradingView would, each parses into the Alert that is meant; resent, it is a duplicate."""

from __future__ import annotations

import re
from typing import Any

import pytest

from zepix.alerts import AlertProcessor, Deduplicator
from zepix.alerts.dialects import known
from zepix.alerts.templates import templates_of
from zepix.errors import ConfigError
from zepix.model import Alert, Catalogue, Quantity, Side

FILLED = {
    "ticker": "EURUSD",
    "exchange": "OANDA",
    "interval": "15",
    "open": "1.0790",
    "high": "1.0830",
    "low": "1.0780",
    "close": "1.0812",
    "volume": "1204",
    "time": "2026-01-05T14:45:00Z",
    "timenow": "2026-01-05T15:00:01Z",
    "plot_0": "1.0750",
    "plot_1": "1.0870",
    "plot_2": "1.0930",
    "plot_3": "26.5",
    "plot_4": "1.0990",
    "strategy.order.action": "buy",
    "strategy.order.contracts": "2",
    "strategy.order.price": "1.0812",
    "strategy.order.id": "long",
    "strategy.order.comment": "breakout",
    "strategy.order.alert_message": '"type": "entry", "side": "buy", "sl": 1.075',
    "strategy.position_size": "2",
    "strategy.market_position": "long",
    "strategy.market_position_size": "2",
    "strategy.prev_market_position": "flat",
    "strategy.prev_market_position_size": "0",
}
TEMPLATES = [(dialect.name, at) for dialect in known() for at in range(len(templates_of(dialect.name)))]
MEANT: dict[tuple[str, int], dict[str, Any]] = {
    ("plain", 0): {"type": "entry", "side": Side.BUY, "sl": 1.075, "price": 1.0812, "comment": "breakout"},
    ("plain", 1): {"type": "entry", "side": Side.BUY, "timeframe": "15m", "price": 1.0812},
    ("plain", 2): {"type": "exit", "side": Side.BUY},
    ("tradingview", 0): {
        "type": "entry",
        "side": Side.BUY,
        "price": 1.0812,
        "volume": Quantity(2.0, "unknown", "dialects.tradingview.volume_unit"),
    },
    ("legacy", 0): {"type": "trend", "side": None, "timeframe": "15m"},
    ("v3", 0): {"type": "entry", "side": Side.BUY, "sl": 1.075, "tp": 1.093},
    ("v6", 0): {"type": "entry", "side": Side.BUY, "sl": 1.075, "tp": 1.093},
    ("bar", 0): {"type": "bar", "price": 1.0812, "timeframe": "15m"},
    ("four_cell", 0): {"type": "entry", "side": Side.BUY},
    ("broker_webhook", 0): {"type": "entry", "side": Side.BUY, "sl": 1.075, "tp": 1.087},
    ("flat", 0): {"type": "entry", "side": Side.BUY, "sl": 1.075, "tp": 1.087},
    ("key_value", 0): {"type": "entry", "side": Side.BUY, "sl": 1.075, "tp": 1.087, "price": 1.0812},
    ("pineconnector", 0): {"type": "entry", "side": Side.BUY, "volume": 0.1, "sl": 1.075, "tp": 1.087},
    ("pipe", 0): {"type": "entry", "side": Side.BUY},
}
WITHOUT_ID = {"v6", "pineconnector", "pipe"}
"""Their syntax has no place for one."""


def filled(text: str, **change: str) -> str:
    return re.sub(r"\{\{([\w.]+)\}\}", lambda mark: {**FILLED, **change}[mark[1]], text)


def alert_of(catalogue: Catalogue, body: str, received_ns: int = 1) -> Alert:
    found = AlertProcessor(catalogue).parse(body, received_ns=received_ns, id=f"x{received_ns}")
    assert isinstance(found, Alert), found
    return found


@pytest.mark.parametrize(("name", "at"), TEMPLATES)
def test_template_is_read_as_it_is_meant(catalogue: Catalogue, name: str, at: int) -> None:
    alert = alert_of(catalogue, filled(templates_of(name)[at].text))
    expected = {"dialect": name, "symbol": "EURUSD"} | MEANT[name, at]
    assert {key: getattr(alert, key) for key in expected} == expected
    assert (alert.explicit_id is None) == (name in WITHOUT_ID)


@pytest.mark.parametrize(("name", "at"), [one for one in TEMPLATES if one[0] not in WITHOUT_ID])
def test_a_resent_alert_is_a_duplicate_and_the_next_one_is_not(catalogue: Catalogue, name: str, at: int) -> None:
    text = templates_of(name)[at].text
    first, again = (alert_of(catalogue, filled(text), ns) for ns in (1, 6 * 10**9))
    later = {"time": "2026-01-05T15:00:00Z", "timenow": "2026-01-05T15:15:01Z"}
    other = alert_of(catalogue, filled(text, **later), 900 * 10**9)
    check = Deduplicator(30).check
    assert check(first, open_before=False) is None
    assert check(again, open_before=False) == first.id
    assert check(other, open_before=False) is None


@pytest.mark.parametrize("name", ["tradingview", "plain"])
def test_positions_before_and_after_show_a_lost_alert(catalogue: Catalogue, name: str) -> None:
    text = templates_of(name)[0].text
    kept = dict(alert_of(catalogue, filled(text)).fields)
    for word in ("market_position", "market_position_size", "prev_market_position", "prev_market_position_size"):
        assert word in kept, kept


@pytest.mark.parametrize(
    ("action", "before", "after", "size", "kind", "side"),
    [
        ("sell", "long", "flat", "0", "exit", Side.BUY),
        ("sell", "long", "short", "2", "reversal", Side.SELL),
        ("sell", "flat", "short", "2", "entry", Side.SELL),
    ],
)
def test_tradingview_template_tells_entry_exit_and_reversal(
    catalogue: Catalogue, action: str, before: str, after: str, size: str, kind: str, side: Side
) -> None:
    change = {
        "strategy.order.action": action,
        "strategy.order.contracts": "4" if kind == "reversal" else "2",
        "strategy.market_position": after,
        "strategy.market_position_size": size,
        "strategy.position_size": "0" if after == "flat" else "-2",
        "strategy.prev_market_position": before,
        "strategy.prev_market_position_size": "0" if before == "flat" else "2",
    }
    alert = alert_of(catalogue, filled(templates_of("tradingview")[0].text, **change))
    assert (alert.type, alert.side) == (kind, side)


def test_positions_beside_a_passphrase_tell_a_long_exit_from_a_short_entry(catalogue: Catalogue) -> None:
    """The broker_webhook template sends a strategy's user here; its own is for indicators."""
    change = {
        "strategy.order.action": "sell",
        "strategy.market_position": "flat",
        "strategy.market_position_size": "0",
        "strategy.position_size": "0",
        "strategy.prev_market_position": "long",
        "strategy.prev_market_position_size": "2",
    }
    text = templates_of("tradingview")[0].text.replace("{", '{"passphrase": "xyzzy",', 1)
    alert = alert_of(catalogue, filled(text, **change))
    assert (alert.type, alert.side, "xyzzy" in alert.raw) == ("exit", Side.BUY, False)
    (one,) = templates_of("broker_webhook")
    assert "strategy." not in one.text
    assert any("template tradingview" in line for line in one.mind)


def test_only_dialects_that_read_positions_get_a_template_for_any_strategy() -> None:
    for name, at in TEMPLATES:
        one = templates_of(name)[at]
        if "{{strategy.order.action}}" in one.text:
            assert name in ("tradingview", "four_cell", "pipe"), "the others cannot tell an exit from an entry"


def test_two_fills_in_one_second_have_two_ids_while_the_position_changes(catalogue: Catalogue) -> None:
    text = templates_of("tradingview")[0].text
    change = {
        "strategy.position_size": "4",
        "strategy.market_position_size": "4",
        "strategy.prev_market_position": "long",
        "strategy.prev_market_position_size": "2",
    }
    one, two = alert_of(catalogue, filled(text)), alert_of(catalogue, filled(text, **change))
    assert one.explicit_id != two.explicit_id
    assert any("within one second" in line for line in templates_of("tradingview")[0].mind)


def test_every_dialect_has_a_template_and_says_where_it_goes() -> None:
    for dialect in known():
        for one in templates_of(dialect.name):
            assert one.title
            assert "Message box" in one.where or "script" in one.where
    with pytest.raises(ConfigError, match="did you mean 'tradingview'"):
        templates_of("tradingvew")
