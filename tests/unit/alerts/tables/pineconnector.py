"""Lines in PineConnector's syntax and what becomes of them: (title, body, settings, fields of the Alert or the reason).

Sources: docs.pineconnector.com (syntax, cheatsheet, EA settings) and PineTunnel's command reference, as of 2026.
"""

from __future__ import annotations

from typing import Any, Final

from zepix.model import Quantity, Side

__all__ = ["CASES"]

Case = tuple[str, str, dict[str, str], dict[str, Any]]
ID = "60123456789"
BUY, SELL = Side.BUY, Side.SELL
TARGET, VOLUME, PENDING = (f"dialects.pineconnector.{key}" for key in ("target_type", "volume_type", "pending_type"))
NONE: Final[dict[str, str]] = {}
TICKETS = {"applies_to": "tickets"}


def pips(value: float) -> Quantity:
    return Quantity(value, "pips")


def entry(side: Side, **more: Any) -> dict[str, Any]:
    return {"type": "entry", "side": side, "symbol": "EURUSD", **more}


def closing(kind: str, side: Side | None, **more: Any) -> dict[str, Any]:
    return {"type": kind, "side": side, "symbol": "EURUSD", "fields": TICKETS, **more}


ORDERS: Final[list[Case]] = [
    ("a market buy, units open", f"{ID},buy,EURUSD,risk=0.1,sl=20,tp=40", NONE,
     entry(BUY, volume=Quantity(0.1, "unknown", VOLUME), sl=Quantity(20.0, "unknown", TARGET),
           tp=Quantity(40.0, "unknown", TARGET), signal="buy")),
    ("the same with the EA's inputs set", f"{ID},buy,EURUSD,risk=1,sl=20,tp=40",
     {"target_type": "pips", "volume_type": "percent_balance"},
     entry(BUY, volume=Quantity(1.0, "percent_balance"), sl=pips(20.0), tp=pips(40.0))),
    ("lots and prices by the inputs", f"{ID},sell,EURUSD,risk=0.5,sl=1.2,tp=1.1",
     {"target_type": "price", "volume_type": "lots"}, entry(SELL, volume=0.5, sl=1.2, tp=1.1)),
    ("per cent of the price, money at risk", f"{ID},sell,EURUSD,risk=50,sl=1,tp=2.5",
     {"target_type": "percent", "volume_type": "money"},
     entry(SELL, volume=Quantity(50.0, "money"), sl=Quantity(0.01, "fraction"), tp=Quantity(0.025, "fraction"))),
    ("units that the line says itself", f"{ID},sell,EURUSD,vol_dollar=50,sl_pips=20,tp_pct=1", NONE,
     entry(SELL, volume=Quantity(50.0, "money"), sl=pips(20.0), tp=Quantity(0.01, "fraction"))),
    ("lots and prices in the line", f"{ID},buy,EURUSD,vol_lots=0.1,sl_price=1.0850,tp_price=1.0950", NONE,
     entry(BUY, volume=0.1, sl=1.085, tp=1.095)),
    ("per cent of the equity", f"{ID},buy,EURUSD,vol_pct_eq_loss=2,sl_pips=10", NONE,
     entry(BUY, volume=Quantity(2.0, "percent_equity"), sl=pips(10.0))),
    ("PineTunnel's words", "LIC,buy,EURUSD,risk_bal_pct=1,sl_points=200,comment=mytrade,secret=XYZ789", NONE,
     entry(BUY, volume=Quantity(1.0, "percent_balance"), sl=Quantity(200.0, "points"), comment="mytrade")),
    ("another word, other case, spaces, trailing comma", f"{ID} , BULLISH , eurusd , Vol_Lots = 1 ,", NONE,
     entry(BUY, volume=1.0, signal="BULLISH")),
    ("a level of 0 is none", f"{ID},bear,EURUSD,vol_lots=1,sl=0,tp=0", NONE, entry(SELL, sl=None, tp=None)),
    ("a buy stop, pips away", f"{ID},buystop,EURUSD,price=10,vol_lots=1,sl_pips=5", {"pending_type": "pips"},
     entry(BUY, order_type="stop", entry_price=pips(10.0), sl=pips(5.0))),
    ("a buy stop whose price has no unit", f"{ID},buystop,EURUSD,price=1.158,vol_lots=1", NONE,
     entry(BUY, order_type="stop", entry_price=Quantity(1.158, "unknown", PENDING))),
    ("a buy limit at a price", f"{ID},buylimit,EURUSD,entry_price=1.0825,vol_lots=0.5", NONE,
     entry(BUY, order_type="limit", entry_price=1.0825)),
    ("a sell limit, per cent away", f"{ID},selllimit,EURUSD,entry_pct=0.5,vol_lots=1", NONE,
     entry(SELL, order_type="limit", entry_price=Quantity(0.005, "fraction"))),
    ("a sell stop, PineTunnel's word", "LIC,sell_stop,EURUSD,pending=1.08,lots=0.1", {"pending_type": "price"},
     entry(SELL, order_type="stop", entry_price=1.08, volume=0.1, signal="sell_stop")),
    ("break-even", f"{ID},buy,EURUSD,vol_lots=1,betrigger=20,beoffset=0", NONE,
     entry(BUY, break_even_points=pips(20.0), trailing=None)),
    ("break-even with an offset moves the stop once", f"{ID},buy,EURUSD,vol_lots=1,betrigger=20,beoffset=5", NONE,
     entry(BUY, break_even_points=None,
           trailing={"start": pips(20.0), "step": pips(0.0), "distance": pips(15.0)})),
    ("a trailing stop beside break-even", f"{ID},buy,EURUSD,vol_lots=1,betrigger=20,trailtrig=30,traildist=10,"
     "trailstep=5", NONE,
     entry(BUY, break_even_points=pips(20.0),
           trailing={"start": pips(30.0), "step": pips(5.0), "distance": pips(10.0)})),
    ("a trailing stop without a step", f"{ID},buy,EURUSD,vol_lots=1,trailtrig=30,traildist=10", NONE,
     entry(BUY, trailing={"start": pips(30.0), "step": Quantity(1.0, "points"), "distance": pips(10.0)},
           repairs=("trailstep: missing -> 1 point",))),
    ("the spread filter", f"{ID},buy,EURUSD,vol_lots=1,spread=2.5", NONE, entry(BUY, max_spread=pips(2.5))),
    ("a comment in quotes", f'{ID},buy,EURUSD,vol_lots=1,comment="strategy 1"', NONE,
     entry(BUY, comment="strategy 1")),
]  # fmt: skip

CLOSES: Final[list[Case]] = [
    ("close longs; pending orders stay", f"{ID},closelong,EURUSD", NONE, closing("exit", BUY)),
    ("close shorts", f"{ID},closeshort,EURUSD", NONE, closing("exit", SELL)),
    ("close both", f"{ID},closelongshort,EURUSD", NONE, closing("exit", None)),
    ("close a part of what is left", f"{ID},closelongpct,EURUSD,risk=30", NONE,
     closing("exit", BUY, close_left_frac=0.3)),
    ("close the EA's part", f"{ID},closeshortpct,EURUSD", {"partial_close": "50"},
     closing("exit", SELL, close_left_frac=0.5)),
    ("closeall, where the settings allow it", f"{ID},closeall,EURUSD", {"closeall": "symbol"}, closing("exit", None)),
    ("PineTunnel's close_all is of the symbol", "LIC,close_all,EURUSD,secret=Y", NONE, closing("exit", None)),
    ("close longs, open a short", f"{ID},closelongopenshort,EURUSD,vol_lots=1", NONE,
     closing("reversal", SELL, closing="opposite", volume=1.0)),
    ("close shorts, open a long", f"{ID},closeshortopenlong,EURUSD,vol_lots=1", NONE,
     closing("reversal", BUY, closing="opposite")),
    ("close longs, open a long", f"{ID},closelongopenlong,EURUSD,vol_lots=1", NONE,
     closing("reversal", BUY, closing="same")),
    ("close shorts, open a short", f"{ID},CS+OS,EURUSD,vol_lots=1", NONE,
     closing("reversal", SELL, closing="same", signal="CS+OS")),
    ("close both, open a long", f"{ID},closelongshortopenlong,EURUSD,vol_lots=1,sl_pips=10", NONE,
     closing("reversal", BUY, closing="all", sl=pips(10.0))),
    ("close both, open a short", "LIC,close_all_sell,EURUSD,lots=1", NONE,
     closing("reversal", SELL, closing="all")),
    ("cancel pending buys", f"{ID},cancellong,EURUSD", NONE, {"type": "cancel", "side": BUY, "fields": {}}),
    ("cancel pending sells", f"{ID},cancelshort,EURUSD", NONE, {"type": "cancel", "side": SELL}),
    ("new levels as prices", f"{ID},newsltplong,EURUSD,sl_price=1.08,tp_price=1.11", NONE,
     closing("modify", BUY, sl=1.08, tp=1.11)),
    ("new levels from the price of the moment", f"{ID},newsltpshort,EURUSD,sl=25,tp=50", {"target_type": "pips"},
     {"type": "modify", "side": SELL, "sl": pips(25.0), "tp": pips(50.0),
      "fields": {"applies_to": "tickets", "levels_from": "market"}}),
    ("new levels of buy stops", f"{ID},newsltpbuystop,EURUSD,sl_pips=20", NONE,
     {"type": "modify", "side": BUY, "sl": pips(20.0), "fields": {"applies_to": "stop"}}),
    ("new levels of sell limits", "LIC,sltp_sell_limit,EURUSD,sl=1.1", {"target_type": "price"},
     {"type": "modify", "side": SELL, "sl": 1.1, "fields": {"applies_to": "limit"}}),
    ("the EA rests", f"{ID},eaoff,eaoff", NONE, {"type": "pause", "side": None, "symbol": "*"}),
    ("the EA goes on", f"{ID},eaon,eaon,secret=abc", NONE, {"type": "resume", "symbol": "*", "fields": {}}),
]  # fmt: skip


def aside(reason: str, part: str) -> dict[str, Any]:
    return {"reason": reason, "detail": part}


REFUSED: Final[list[Case]] = [
    ("closeall is of every symbol", f"{ID},closeall,EURUSD", NONE, aside("unsupported_command", "closeall")),
    ("closealleaoff", f"{ID},closealleaoff,EURUSD", NONE, aside("unsupported_command", "closealleaoff")),
    ("so many lots of a side", f"{ID},closelongvol,EURUSD,risk=0.05", NONE,
     aside("unsupported_command", "closelongvol")),
    ("cancel and order in one", f"{ID},cancellongbuystop,EURUSD,price=1.125,risk=1", NONE,
     aside("unsupported_command", "cancellongbuystop")),
    ("a word that is no command", f"{ID},hold,EURUSD", NONE, aside("unsupported_command", "'hold'")),
    ("a part that the EA's inputs know", f"{ID},closelongpct,EURUSD", NONE,
     aside("missing_setting", "dialects.pineconnector.partial_close")),
    ("a stop by the ATR", f"{ID},buy,EURUSD,risk=1,atrtimeframe=60,atrperiod=14", NONE,
     aside("unsupported_parameter", "atrtimeframe")),
    ("the account filter", f"{ID},buy,EURUSD,risk=1,accfilter=500", NONE,
     aside("unsupported_parameter", "accfilter")),
    ("a volume by margin", f"{ID},buy,EURUSD,vol_pct_bal_margin=1", NONE,
     aside("unsupported_parameter", "vol_pct_bal_margin")),
    ("a parameter that nobody knows", f"{ID},buy,EURUSD,risk=1,foo=bar", NONE,
     aside("unsupported_parameter", "'foo'")),
    ("an offset beside a trailing stop", f"{ID},buy,EURUSD,vol_lots=1,betrigger=9,beoffset=1,trailtrig=5,traildist=5",
     NONE, aside("unsupported_parameter", "beoffset")),
    ("an offset as far as its trigger", f"{ID},buy,EURUSD,vol_lots=1,betrigger=18,beoffset=18", NONE,
     aside("unsupported_parameter", "beoffset")),
    ("half a trailing stop", f"{ID},buy,EURUSD,vol_lots=1,trailtrig=30", NONE, aside("bad_field", "traildist")),
    ("a pending order without its price", f"{ID},buylimit,EURUSD,vol_lots=1", NONE, aside("bad_price", "buylimit")),
    ("new levels without one", f"{ID},newsltplong,EURUSD,sl=0", NONE, aside("bad_price", "newsltplong")),
    ("two stops", f"{ID},buy,EURUSD,vol_lots=1,sl=10,sl_pips=10", NONE, aside("duplicate_key", "sl")),
    ("two volumes", f"{ID},buy,EURUSD,vol_lots=1,risk=1", NONE, aside("duplicate_key", "risk")),
    ("one word twice", f"{ID},buy,EURUSD,risk=1,risk=2", NONE, aside("duplicate_key", "risk")),
    ("two commands", f"{ID},buy,EURUSD,risk=1\n{ID},sell,EURUSD,risk=1", NONE, aside("several_commands", "")),
    ("no symbol", f"{ID},buy,", NONE, aside("missing_symbol", "")),
    ("a command that TradingView left open", ID + ",{{strategy.order.action}},EURUSD", NONE,
     aside("placeholder", "strategy.order.action")),
    ("a stop that TradingView left open", ID + ",buy,EURUSD,risk=1,sl={{plot_0}}", NONE,
     aside("placeholder", "plot_0")),
    ("a negative stop", f"{ID},buy,EURUSD,risk=1,sl=-5", NONE, aside("bad_price", "sl")),
    ("a stop that is no number", f"{ID},buy,EURUSD,risk=1,sl=NaN", NONE, aside("bad_price", "sl")),
    ("a volume of nothing", f"{ID},buy,EURUSD,risk=0", NONE, aside("bad_volume", "risk")),
    ("endless pips", f"{ID},buy,EURUSD,risk=1,spread=1e400", NONE, aside("bad_number", "spread")),
    ("a cell that is no pair", f"{ID},buy,EURUSD,0.1", NONE, aside("bad_field", "0.1")),
    ("more than all of it", f"{ID},closelongpct,EURUSD,risk=150", NONE, aside("bad_volume", "per cent")),
]  # fmt: skip

CASES: Final[list[Case]] = [*ORDERS, *CLOSES, *REFUSED]
