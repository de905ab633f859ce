"""Bodies of name=value and what becomes of them: (title, body, settings, fields of the Alert or the reason).

Sources: OctoBot's guide (alert format, amount and price syntax) and pinebridge's message format, as of 2026.
"""

from __future__ import annotations

from typing import Any, Final

from zepix.model import Quantity, Side

__all__ = ["CASES"]

Case = tuple[str, str, dict[str, str], dict[str, Any]]
BUY, SELL = Side.BUY, Side.SELL
NONE: Final[dict[str, str]] = {}
VOLUME, TARGET = "dialects.key_value.volume_unit", "dialects.key_value.target_type"
LIMIT_BUY = (
    "EXCHANGE=binance\nSYMBOL=BTCUSDT\nVOLUME=0.01\nPRICE=30000\nTAKE_PROFIT_PRICE=35000\nSIGNAL=BUY\nORDER_TYPE=LIMIT"
)


def entry(side: Side, **more: Any) -> dict[str, Any]:
    return {"type": "entry", "side": side, **more}


READ: Final[list[Case]] = [
    ("the least that OctoBot needs", "EXCHANGE=OANDA\nSYMBOL=EURUSD\nSIGNAL=BUY", NONE,
     entry(BUY, symbol="EURUSD", volume=None, signal="BUY", fields={"exchange": "OANDA"})),
    ("a limit order with a target", LIMIT_BUY, NONE,
     entry(BUY, symbol="BTCUSDT", order_type="limit", entry_price=30000.0, tp=35000.0,
           volume=Quantity(0.01, "unknown", VOLUME))),
    ("the volume in base units, as OctoBot's guide says", LIMIT_BUY, {"volume_unit": "units"},
     entry(BUY, volume=Quantity(0.01, "units"))),
    ("the volume in lots", "symbol=EURUSD;signal=sell;volume=0.3", {"volume_unit": "lots"}, entry(SELL, volume=0.3)),
    ("lots that say it themselves", "symbol=EURUSD,signal=sell,lots=0.3", NONE, entry(SELL, volume=0.3)),
    ("semicolons and line ends mixed", "EXCHANGE=KUCOIN;\r\nSYMBOL=EURUSD;\r\nSIGNAL=sell;\r\nPRICE=1.0906\r\n", NONE,
     entry(SELL, symbol="EURUSD", price=1.0906, order_type="market")),
    ("line ends written out", "SYMBOL=EURUSD\\nSIGNAL=CANCEL\\nPARAM_SIDE=SELL", NONE,
     {"type": "cancel", "side": SELL}),
    ("a market order with stop and target", "SYMBOL=EURUSD;SIGNAL=BUY;STOP_PRICE=1.08;TAKE_PROFIT_PRICE=1.12", NONE,
     entry(BUY, sl=1.08, tp=1.12)),
    ("levels from the price of the moment", "SYMBOL=EURUSD;SIGNAL=BUY;STOP_PRICE=-0.002d;TAKE_PROFIT_PRICE=1%", NONE,
     entry(BUY, sl=Quantity(0.002, "distance"), tp=Quantity(0.01, "fraction"))),
    ("a limit ten per cent above", "SYMBOL=EURUSD;SIGNAL=SELL;ORDER_TYPE=LIMIT;PRICE=10%", NONE,
     entry(SELL, order_type="limit", entry_price=Quantity(0.1, "fraction"))),
    ("a sell stop three below, with a tag", "SYMBOL=EURUSD;STOP_PRICE=-3d;SIGNAL=SELL;ORDER_TYPE=STOP;TAG=exit1", NONE,
     entry(SELL, order_type="stop", entry_price=Quantity(3.0, "distance"), sl=None, fields={"tag": "exit1"})),
    ("leverage informs", "SYMBOL=EURUSD;SIGNAL=BUY;LEVERAGE=10", NONE, entry(BUY, fields={"leverage": "10"})),
    ("only reduces: closes the other side", "SYMBOL=EURUSD;SIGNAL=SELL;REDUCE_ONLY=true", NONE,
     {"type": "exit", "side": BUY}),
    ("only reduces, at a stop: the longs' new stop", "SYMBOL=EURUSD;SIGNAL=SELL;REDUCE_ONLY=true;ORDER_TYPE=STOP;"
     "STOP_PRICE=1.07", NONE, {"type": "modify", "side": BUY, "sl": 1.07}),
    ("only reduces, at a limit: the shorts' new target", "SYMBOL=EURUSD;SIGNAL=BUY;REDUCE_ONLY=true;ORDER_TYPE=LIMIT;"
     "PRICE=1.07", NONE, {"type": "modify", "side": SELL, "tp": 1.07}),
    ("a sell on a spot market closes", "SYMBOL=EURUSD;SIGNAL=SELL", {"market": "spot"}, {"type": "exit", "side": BUY}),
    ("cancel", "EXCHANGE=binance\nSYMBOL=ETHBTC\nSIGNAL=CANCEL", NONE,
     {"type": "cancel", "side": None, "symbol": "ETHBTC"}),
    ("pinebridge changes levels", "signal=modify,symbol=EURUSD,sl_price=1.0820,tp_price=1.0980,secret=YOUR_SECRET",
     NONE, {"type": "modify", "symbol": "EURUSD", "side": None, "sl": 1.082, "tp": 1.098}),
    ("pinebridge's entry", "signal=long,symbol=EURUSD,qty=100000,entry_price=1.0850,sl_price=1.0800,tp_price=1.0950",
     {"volume_unit": "units"},
     entry(BUY, price=1.085, volume=Quantity(100000.0, "units"), sl=1.08, tp=1.095, order_type="market")),
    ("levels in pips", "signal=short,symbol=EURUSD,sl_pips=20,tp_pips=40", NONE,
     entry(SELL, sl=Quantity(20.0, "pips"), tp=Quantity(40.0, "pips"))),
    ("levels of no unit", "signal=buy,symbol=EURUSD,sl=20,tp=40", NONE,
     entry(BUY, sl=Quantity(20.0, "unknown", TARGET), tp=Quantity(40.0, "unknown", TARGET))),
    ("levels of the set unit", "signal=buy,symbol=EURUSD,sl=20,tp=40", {"target_type": "points"},
     entry(BUY, sl=Quantity(20.0, "points"), tp=Quantity(40.0, "points"))),
    ("levels in points and per cent", "signal=buy,symbol=EURUSD,stop_loss_points=200,TP_PCT=1", NONE,
     entry(BUY, sl=Quantity(200.0, "points"), tp=Quantity(0.01, "fraction"))),
    ("half of what is left", "SYMBOL=EURUSD;SIGNAL=CLOSE;close_percent=50", NONE,
     {"type": "exit", "side": None, "close_left_frac": 0.5}),
    ("the position after, which agrees", "SYMBOL=EURUSD;SIGNAL=SELL;market_position=short", NONE,
     entry(SELL, fields={"position": "short"})),
    ("a zone on an entry informs", "signal=buy,symbol=EURUSD,zone_id=77,dd=1", NONE,
     entry(BUY, fields={"zone_id": "77", "dd": "1"})),
    ("pinebridge cancels pending buys", "signal=cancellong,symbol=EURUSD", NONE, {"type": "cancel", "side": BUY}),
    ("close longs", "signal=closelong,symbol=EURUSD,exit_reason=stop_loss", NONE,
     {"type": "exit", "side": BUY, "fields": {"exit_reason": "stop_loss"}}),
    ("close everything of the symbol", "signal=exit,symbol=EURUSD", NONE, {"type": "exit", "side": None}),
    ("this project's own words", "type=reversal;symbol=OANDA:EUR/USD;side=sell;tf=15;id=A17;comment=hello, world", NONE,
     {"type": "reversal", "side": SELL, "symbol": "EURUSD", "timeframe": "15m", "explicit_id": "A17",
      "comment": "hello, world"}),
]  # fmt: skip


def aside(reason: str, part: str) -> dict[str, Any]:
    return {"reason": reason, "detail": part}


REFUSED: Final[list[Case]] = [
    ("a share of the holdings", "SYMBOL=EURUSD;SIGNAL=BUY;VOLUME=2%", NONE, aside("unsupported_parameter", "VOLUME")),
    ("a share of what is free", "SYMBOL=EURUSD;SIGNAL=BUY;VOLUME=12a%", NONE,
     aside("unsupported_parameter", "VOLUME")),
    ("an amount in the quote currency", "SYMBOL=EURUSD;SIGNAL=BUY;VOLUME=100q", NONE,
     aside("unsupported_parameter", "quote currency")),
    ("several targets", "SYMBOL=EURUSD;SIGNAL=BUY;TAKE_PROFIT_PRICE=1.2;TAKE_PROFIT_PRICE_1=1.3", NONE,
     aside("unsupported_parameter", "TAKE_PROFIT_PRICE_1")),
    ("a cancel by tag", "SYMBOL=EURUSD;SIGNAL=CANCEL;TAG=exit1", NONE, aside("unsupported_parameter", "TAG")),
    ("a cancel by zone", "signal=cancellong,symbol=EURUSD,zone_id=41821", NONE,
     aside("unsupported_parameter", "zone_id")),
    ("reduces by a part", "SYMBOL=EURUSD;SIGNAL=SELL;REDUCE_ONLY=true;VOLUME=0.1", NONE,
     aside("unsupported_parameter", "VOLUME")),
    ("a signal that is not done", "signal=armlong,symbol=EURUSD,limit_price=1.08", NONE,
     aside("unsupported_command", "armlong")),
    ("no signal", "SYMBOL=EURUSD;VOLUME=1", NONE, aside("missing_side", "SIGNAL")),
    ("no symbol", "SIGNAL=BUY", NONE, aside("missing_symbol", "")),
    ("a limit without its price", "SYMBOL=EURUSD;SIGNAL=BUY;ORDER_TYPE=LIMIT", NONE, aside("bad_price", "PRICE")),
    ("a stop without its price", "SYMBOL=EURUSD;SIGNAL=BUY;ORDER_TYPE=STOP;PRICE=1", NONE,
     aside("bad_price", "STOP_PRICE")),
    ("a buy limit above the price", "SYMBOL=EURUSD;SIGNAL=BUY;ORDER_TYPE=LIMIT;PRICE=10%", NONE,
     aside("bad_price", "below")),
    ("a stop that is relative to no entry", "SYMBOL=EURUSD;SIGNAL=BUY;ORDER_TYPE=LIMIT;PRICE=1;STOP_PRICE=-1d", NONE,
     aside("bad_price", "sl_price")),
    ("a stop that TradingView left open", "SYMBOL=EURUSD;SIGNAL=BUY;STOP_PRICE={{plot_0}}", NONE,
     aside("placeholder", "plot_0")),
    ("one name twice", "SYMBOL=EURUSD;SIGNAL=BUY;SIGNAL=SELL", NONE, aside("duplicate_key", "SIGNAL")),
    ("a stop in two units", "SYMBOL=EURUSD;SIGNAL=BUY;sl_pips=10;sl_price=1", NONE, aside("duplicate_key", "sl")),
    ("a volume of nothing", "SYMBOL=EURUSD;SIGNAL=BUY;VOLUME=0", NONE, aside("bad_volume", "VOLUME")),
    ("neither true nor false", "SYMBOL=EURUSD;SIGNAL=BUY;REDUCE_ONLY=perhaps", NONE,
     aside("bad_field", "REDUCE_ONLY")),
    *((f"an entry with {pair}", f"SYMBOL=EURUSD;SIGNAL=BUY;{pair}", NONE,
       aside("unsupported_parameter", pair.split("=")[0]))
      for pair in ("tp1=1.2", "trailing_stop=20", "break_even=10", "LIMIT_PRICE=1.1", "test=true", "cancel=true",
                   "risk_percent=1", "initialStop=1.1")),
    ("a stop of another name that TradingView left open", "SYMBOL=EURUSD;SIGNAL=BUY;stop={{plot_0}}", NONE,
     aside("placeholder", "stop")),
    ("an empty stop is not no stop", "SYMBOL=EURUSD;SIGNAL=BUY;sl=", NONE, aside("bad_field", "sl")),
    *((f"a close with {pair}", f"SYMBOL=EURUSD;SIGNAL=CLOSE;{pair}", NONE,
       aside("unsupported_parameter", pair.split("=")[0])) for pair in ("LOTS=0.02", "VOLUME=0.5", "percent=50")),
    ("a close at a limit", "SYMBOL=EURUSD;SIGNAL=CLOSE;ORDER_TYPE=LIMIT;PRICE=1.5", NONE,
     aside("unsupported_parameter", "ORDER_TYPE")),
    ("a sell that ends flat", "SYMBOL=EURUSD;SIGNAL=SELL;position=flat", NONE, aside("conflicting_position", "flat")),
    ("a sell against a long", "SYMBOL=EURUSD;SIGNAL=SELL;prev_market_position=long", NONE,
     aside("unclear_position", "long")),
    ("an entry and a signal of an exit", "type=entry;SYMBOL=EURUSD;SIGNAL=closelong", NONE,
     aside("conflicting_action", "closelong")),
    ("an unknown kind of order", "SYMBOL=EURUSD;SIGNAL=BUY;ORDER_TYPE=ICEBERG", NONE,
     aside("bad_order_type", "ICEBERG")),
    ("an unknown type", "type=hedge;symbol=EURUSD;side=buy", NONE, aside("unknown_type", "hedge")),
]  # fmt: skip

CASES: Final[list[Case]] = [*READ, *REFUSED]
