"""Texts to paste into the message box of a TradingView alert, one or more for a dialect (``zepix alerts template``).

Each whose dialect has a place for it carries an id, which makes a resent alert a duplicate (v6, pineconnector and pipe
have none). For strategies the dialects plain and tradingview hold the position before and after the order: the one
after an order is the one before the next, so that a lost alert shows as a gap. four_cell tells an exit by the order's
id, pipe by the position after it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from zepix.alerts.dialects import known
from zepix.alerts.own.problems import near
from zepix.errors import ConfigError

__all__ = ["Template", "templates_of"]


@dataclass(frozen=True, slots=True)
class Template:
    """One text: what it is for, the text itself, where it goes in TradingView, what to mind."""

    title: str
    text: str
    where: str
    mind: tuple[str, ...] = ()


_STRATEGY_BOX: Final = (
    "Alert on the strategy, condition 'order fills and alert() calls' or 'order fills only': Message box."
)
_INDICATOR_BOX: Final = "Alert on an indicator's condition (alertcondition) or on a price: Message box."
_SCRIPT: Final = "In the Pine script: the text of alert(), or the alert_message of an order."
_ID: Final = (
    "{{timenow}} counts whole seconds: two fills of one order id within one second share it. The position's size in "
    "the id keeps them apart, unless it is the same after both; a script of your own can put a counter there."
)
_SNAPSHOT: Final = "An alert keeps the script and inputs of the moment it was made: make it anew after changing either."
_PLAIN_BODY: Final = "Put no password into the body: the address of the webhook is the secret."
_ORDER_ID: Final = "{{strategy.order.id}}-{{ticker}}-{{timenow}}-{{strategy.position_size}}"
_POSITIONS: Final = {
    "market_position": "{{strategy.market_position}}",
    "market_position_size": "{{strategy.market_position_size}}",
    "prev_market_position": "{{strategy.prev_market_position}}",
    "prev_market_position_size": "{{strategy.prev_market_position_size}}",
}
_BAR_ID: Final = "{{ticker}}-{{interval}}-{{time}}"


def _json(fields: dict[str, Any]) -> str:
    """The fields as JSON, one a line; numbers stand in quotes, which every dialect reads."""
    return json.dumps(fields, indent=2)


def _indicator(kind: str, side: str) -> str:
    named = {"type": kind, "symbol": "{{ticker}}", "side": side, "timeframe": "{{interval}}"}
    moment = {"time": "{{timenow}}", "timenow": "{{timenow}}"}
    return _json({**named, "price": "{{close}}", **moment, "id": f"{kind}-{side}-{_BAR_ID}"})


_TRADINGVIEW: Final = Template(
    "any strategy: entries, exits, adds, reductions and reversals follow from the positions",
    _json(
        {
            "symbol": "{{ticker}}",
            "timeframe": "{{interval}}",
            "action": "{{strategy.order.action}}",
            "contracts": "{{strategy.order.contracts}}",
            "price": "{{strategy.order.price}}",
            "order_id": "{{strategy.order.id}}",
            "comment": "{{strategy.order.comment}}",
            **_POSITIONS,
            "id": _ORDER_ID,
            "time": "{{timenow}}",
            "timenow": "{{timenow}}",
        }
    ),
    _STRATEGY_BOX,
    (_ID, "Say in what contracts are counted: dialects.tradingview.volume_unit (lots, units ...).", _SNAPSHOT),
)
_PLAIN: Final = (
    Template(
        "a strategy whose script says what each order is",
        "{\n  {{strategy.order.alert_message}},\n"
        + _json(
            {
                "symbol": "{{ticker}}",
                "timeframe": "{{interval}}",
                "price": "{{strategy.order.price}}",
                "comment": "{{strategy.order.comment}}",
                **_POSITIONS,
                "id": _ORDER_ID,
                "time": "{{timenow}}",
                "timenow": "{{timenow}}",
            }
        ).removeprefix("{\n"),
        _STRATEGY_BOX,
        (
            'Each order of the script says its part: alert_message = \'"type": "entry", "side": "buy", "sl": \' + '
            'str.tostring(stop); of an exit \'"type": "exit", "side": "buy"\', where the side names the tickets '
            "to close.",
            "A strategy that says nothing is better served by: zepix alerts template tradingview.",
            _ID,
            _SNAPSHOT,
        ),
    ),
    Template(
        "an indicator's alert that opens (one alert for buy, one for sell)",
        _indicator("entry", "buy"),
        _INDICATOR_BOX,
        ("Set the alert to once per bar close: the id is one for each bar.", _PLAIN_BODY),
    ),
    Template(
        "an indicator's alert that closes what is long",
        _indicator("exit", "buy"),
        _INDICATOR_BOX,
        ("On an exit the side names the tickets to close; without a side it closes both.",),
    ),
)
_LEGACY: Final = Template(
    "a trend of the older script",
    _json(
        {
            "type": "trend",
            "symbol": "{{ticker}}",
            "signal": "bull",
            "tf": "{{interval}}",
            "price": "{{close}}",
            "id": f"trend-bull-{_BAR_ID}",
        }
    ),
    _INDICATOR_BOX,
    ("The chart must be 5m, 15m, 1h or 1D. New alerts are better written in the plain dialect.",),
)
_V3: Final = Template(
    "an entry as the V3 script sends it",
    _json(
        {
            "type": "entry_v3",
            "signal_type": "Momentum_Breakout",
            "symbol": "{{ticker}}",
            "direction": "buy",
            "tf": "{{interval}}",
            "price": "{{close}}",
            "consensus_score": 7,
            "sl_price": "{{plot_0}}",
            "tp1_price": "{{plot_1}}",
            "tp2_price": "{{plot_2}}",
            "id": f"entry-buy-{_BAR_ID}",
        }
    ),
    _INDICATOR_BOX,
    (
        "The V3 script writes its bodies itself, with alert(): there leave the message box as it is.",
        "plot_0, plot_1, plot_2 are the first plots of the indicator: stop, first and second target.",
        "Inside alert() TradingView fills in no placeholder; use syminfo.ticker and str.tostring(close) there.",
    ),
)
_V6: Final = Template(
    "an entry as the V6 script sends it",
    "BULLISH_ENTRY|{{ticker}}|{{interval}}|{{close}}|BUY|HIGH|85|{{plot_3}}|STRONG|{{plot_0}}|{{plot_1}}|{{plot_2}}|"
    "{{plot_4}}|5/1|TL_OK|",
    _INDICATOR_BOX,
    (
        "The V6 script writes its bodies itself, with alert(): there leave the message box as it is.",
        "plot_0 is the stop, plot_1, plot_2 and plot_4 are the targets, plot_3 the ADX.",
        "The line has no id: a resent one is known by its text, for 30 seconds.",
    ),
)
_BAR: Final = Template(
    "a closed bar",
    _json(
        {
            "type": "bar",
            "symbol": "{{ticker}}",
            "tf": "{{interval}}",
            "time": "{{time}}",
            "open": "{{open}}",
            "high": "{{high}}",
            "low": "{{low}}",
            "close": "{{close}}",
            "volume": "{{volume}}",
            "id": f"bar-{_BAR_ID}",
        }
    ),
    _INDICATOR_BOX,
    ("Set the alert to once per bar close.", "It informs; no strategy trades by it unless it says so."),
)
_FOUR_CELL: Final = Template(
    "a strategy whose order ids are long and sell",
    _json(
        {
            "symbol": "{{ticker}}",
            "strategy_order_id": "{{strategy.order.id}}",
            "strategy_order_action": "{{strategy.order.action}}",
            "quantity": "{{strategy.order.contracts}}",
            "price": "{{strategy.order.price}}",
            "id": _ORDER_ID,
        }
    ),
    _STRATEGY_BOX,
    (
        'The script names its orders: strategy.entry("long", ...) and strategy.entry("sell", ...).',
        "An order that turns the position opens the other side and closes nothing here; with positions in the body it "
        "is a reversal: zepix alerts template tradingview.",
        _ID,
    ),
)
_BROKER_WEBHOOK: Final = Template(
    "an indicator's alert that opens, with stop and target from plots (one alert for buy, one for sell)",
    _json(
        {
            "passphrase": "YOUR-PASSPHRASE",
            "ticker": "{{ticker}}",
            "action": "buy",
            "order_type": "market",
            "price": "{{close}}",
            "stop_loss": "{{plot_0}}",
            "take_profit": "{{plot_1}}",
            "id": f"buy-{_BAR_ID}",
        }
    ),
    _INDICATOR_BOX,
    (
        "buy and sell open; other actions: close_long, close_short, close.",
        "Not for a strategy, whose order of exit is a sell like that of a short's entry: take zepix alerts template "
        "tradingview, which holds the positions, and put the passphrase into it.",
        "The passphrase is verified by whoever receives it, and kept nowhere.",
    ),
)
_FLAT: Final = Template(
    "an indicator's alert with an action",
    _json(
        {
            "symbol": "{{ticker}}",
            "action": "buy",
            "price": "{{close}}",
            "stop_loss": "{{plot_0}}",
            "take_profit": "{{plot_1}}",
            "id": f"buy-{_BAR_ID}",
        }
    ),
    _INDICATOR_BOX,
    ("Other actions: sell, close_long, close_short, close. Prefer the plain dialect for new alerts.",),
)
_KEY_VALUE: Final = Template(
    "an indicator's alert",
    "SYMBOL={{ticker}}\nSIGNAL=BUY\nPRICE={{close}}\nSTOP_PRICE={{plot_0}}\nTAKE_PROFIT_PRICE={{plot_1}}\n"
    f"ID=buy-{_BAR_ID}",
    _INDICATOR_BOX,
    ("Set the alert to once per bar close: the id is one for each bar.",),
)
_PINECONNECTOR: Final = Template(
    "an indicator's alert",
    "YOUR-LICENSE-ID,buy,{{ticker}},vol_lots=0.1,sl_price={{plot_0}},tp_price={{plot_1}}",
    _INDICATOR_BOX,
    ("sl= and tp= without a unit need dialects.pineconnector.target_type.", _SCRIPT),
)
_PIPE: Final = Template(
    "a strategy",
    "YOUR-KEY|My strategy|{{strategy.order.action}}|{{ticker}}|{{strategy.market_position}}",
    _STRATEGY_BOX,
    ("The line has no id: a resent one is known by its text, for 30 seconds.",),
)
_TEMPLATES: Final[dict[str, tuple[Template, ...]]] = {
    "plain": _PLAIN,
    "tradingview": (_TRADINGVIEW,),
    "legacy": (_LEGACY,),
    "v3": (_V3,),
    "v6": (_V6,),
    "bar": (_BAR,),
    "four_cell": (_FOUR_CELL,),
    "broker_webhook": (_BROKER_WEBHOOK,),
    "flat": (_FLAT,),
    "key_value": (_KEY_VALUE,),
    "pineconnector": (_PINECONNECTOR,),
    "pipe": (_PIPE,),
}


def templates_of(name: str) -> tuple[Template, ...]:
    """The texts of a dialect. Raises ConfigError for a name that none has."""
    names = [dialect.name for dialect in known()]
    found = _TEMPLATES.get(name)
    if found is None or name not in names:
        told = [one for one in names if one in _TEMPLATES]
        raise ConfigError(f"there is no template of {name!r}{near(name, told) or '; there are ' + ', '.join(told)}")
    return found
