"""PineConnector's public syntax as data: what each command asks for, what each parameter is counted in.

Sources, as of 2026: docs.pineconnector.com (syntax, cheatsheet, EA settings), and the command reference of PineTunnel,
which reads the same lines and spells them with underscores. Underscores and dashes are ignored here, so both spellings
are one word.

Facts that shape the table:

- A close is about open positions only, a cancel about pending orders only, ``newsltplong`` about open positions,
  ``newsltpbuystop`` about buy stops: that is ``applies_to``.
- Distances of a ``newsltp`` count from the price of the moment, those of an order from its entry.
- Break-even, trailing and the spread filter are in pips, whatever the EA's inputs say; ``sl, tp, risk, price`` are
  counted in what its inputs say.
- ``eaoff`` and ``eaon`` hold for every symbol: their alerts have the symbol ``*``.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from zepix.model import Side

__all__ = ["COMMANDS", "EVERY_SYMBOL", "LEVELS", "NOT_DONE", "NOT_DONE_PARAMETERS", "SETTINGS", "VOLUMES", "Command"]

EVERY_SYMBOL: Final = "*"
_BUY, _SELL = Side.BUY, Side.SELL


class Command(NamedTuple):
    """What a command asks for. ``part``: closes a share of what is left."""

    type: str
    side: Side | None = None
    order_type: str = "market"
    closing: str = "opposite"
    applies_to: str = ""
    part: bool = False


_CLOSE_LONG = Command("exit", _BUY, applies_to="tickets")
_CLOSE_SHORT = Command("exit", _SELL, applies_to="tickets")
_CLOSE_BOTH = Command("exit", applies_to="tickets")
_LONG_TO_LONG = Command("reversal", _BUY, closing="same", applies_to="tickets")
_LONG_TO_SHORT = Command("reversal", _SELL, applies_to="tickets")
_SHORT_TO_LONG = Command("reversal", _BUY, applies_to="tickets")
_SHORT_TO_SHORT = Command("reversal", _SELL, closing="same", applies_to="tickets")
_BOTH_TO_LONG = Command("reversal", _BUY, closing="all", applies_to="tickets")
_BOTH_TO_SHORT = Command("reversal", _SELL, closing="all", applies_to="tickets")

COMMANDS: Final[dict[str, Command]] = {
    "buy": Command("entry", _BUY),
    "long": Command("entry", _BUY),
    "bull": Command("entry", _BUY),
    "bullish": Command("entry", _BUY),
    "sell": Command("entry", _SELL),
    "short": Command("entry", _SELL),
    "bear": Command("entry", _SELL),
    "bearish": Command("entry", _SELL),
    "buystop": Command("entry", _BUY, "stop"),
    "buylimit": Command("entry", _BUY, "limit"),
    "sellstop": Command("entry", _SELL, "stop"),
    "selllimit": Command("entry", _SELL, "limit"),
    "closelong": _CLOSE_LONG,
    "closeshort": _CLOSE_SHORT,
    "closelongshort": _CLOSE_BOTH,
    "closeall": _CLOSE_BOTH,
    "closelongpct": _CLOSE_LONG._replace(part=True),
    "closeshortpct": _CLOSE_SHORT._replace(part=True),
    "closelongopenlong": _LONG_TO_LONG,
    "closelongopenshort": _LONG_TO_SHORT,
    "closeshortopenlong": _SHORT_TO_LONG,
    "closeshortopenshort": _SHORT_TO_SHORT,
    "closelongshortopenlong": _BOTH_TO_LONG,
    "closelongshortopenshort": _BOTH_TO_SHORT,
    "cl+ol": _LONG_TO_LONG,
    "cl+os": _LONG_TO_SHORT,
    "cs+ol": _SHORT_TO_LONG,
    "cs+os": _SHORT_TO_SHORT,
    "cls+ol": _BOTH_TO_LONG,
    "cls+os": _BOTH_TO_SHORT,
    "closelongbuy": _LONG_TO_LONG,
    "closelongsell": _LONG_TO_SHORT,
    "closeshortbuy": _SHORT_TO_LONG,
    "closeshortsell": _SHORT_TO_SHORT,
    "closeallbuy": _BOTH_TO_LONG,
    "closeallsell": _BOTH_TO_SHORT,
    "cancellong": Command("cancel", _BUY),
    "cancelshort": Command("cancel", _SELL),
    "newsltplong": Command("modify", _BUY, applies_to="tickets"),
    "newsltpshort": Command("modify", _SELL, applies_to="tickets"),
    "newsltpbuystop": Command("modify", _BUY, applies_to="stop"),
    "newsltpbuylimit": Command("modify", _BUY, applies_to="limit"),
    "newsltpsellstop": Command("modify", _SELL, applies_to="stop"),
    "newsltpselllimit": Command("modify", _SELL, applies_to="limit"),
    "sltplong": Command("modify", _BUY, applies_to="tickets"),
    "sltpshort": Command("modify", _SELL, applies_to="tickets"),
    "sltpbuystop": Command("modify", _BUY, applies_to="stop"),
    "sltpbuylimit": Command("modify", _BUY, applies_to="limit"),
    "sltpsellstop": Command("modify", _SELL, applies_to="stop"),
    "sltpselllimit": Command("modify", _SELL, applies_to="limit"),
    "eaoff": Command("pause"),
    "eaon": Command("resume"),
}
"""Words without ``_`` and ``-``, in lower case."""

NOT_DONE: Final[dict[str, str]] = {
    "closelongvol": "closes so many lots, whichever tickets they are of; closelongpct and closelong can be read",
    "closeshortvol": "closes so many lots, whichever tickets they are of; closeshortpct and closeshort can be read",
    "cancellongbuystop": "cancels and orders in one; send cancellong, then buystop",
    "cancellongbuylimit": "cancels and orders in one; send cancellong, then buylimit",
    "cancelshortsellstop": "cancels and orders in one; send cancelshort, then sellstop",
    "cancelshortselllimit": "cancels and orders in one; send cancelshort, then selllimit",
    "closealleaoff": "closes every symbol and stops; send closelongshort for each symbol, then eaoff",
    "closealloff": "closes every symbol and stops; send closelongshort for each symbol, then eaoff",
}
"""Commands that are known and not done, and why."""

LEVELS: Final[dict[str, tuple[str, str]]] = {
    "sl": ("sl", ""),
    "slpips": ("sl", "pips"),
    "slprice": ("sl", "price"),
    "slpct": ("sl", "percent"),
    "slpoints": ("sl", "points"),
    "tp": ("tp", ""),
    "tppips": ("tp", "pips"),
    "tpprice": ("tp", "price"),
    "tppct": ("tp", "percent"),
    "tppoints": ("tp", "points"),
    "price": ("entry_price", ""),
    "pending": ("entry_price", ""),
    "entryprice": ("entry_price", "price"),
    "entrypips": ("entry_price", "pips"),
    "entrypct": ("entry_price", "percent"),
    "entrypoints": ("entry_price", "points"),
}
"""Parameter to (field of the Alert, unit; nothing: a setting says it)."""

VOLUMES: Final[dict[str, str]] = {
    "risk": "",
    "vollots": "lots",
    "lots": "lots",
    "voldollar": "money",
    "volpctballoss": "percent_balance",
    "riskbalpct": "percent_balance",
    "volpcteqloss": "percent_equity",
    "riskeqpct": "percent_equity",
}
"""Parameter to unit of the volume; nothing: a setting says it."""

_ATR = "a stop that follows the ATR is not done; trailtrig, traildist and trailstep are"
_MARGIN = "a volume by margin is not done; vol_lots, vol_dollar and vol_pct_bal_loss are"
NOT_DONE_PARAMETERS: Final[dict[str, str]] = {
    "atrtimeframe": _ATR,
    "atrperiod": _ATR,
    "atrmultiplier": _ATR,
    "atrshift": _ATR,
    "atrtrigger": _ATR,
    "accfilter": "the account filter is not done",
    "volpctballots": "lots by the size of the balance are not done; vol_lots and vol_pct_bal_loss are",
    "volpctbalmargin": _MARGIN,
    "volpcteqmargin": _MARGIN,
    "marginbalpct": _MARGIN,
    "margineqpct": _MARGIN,
    "usd": "the documents do not say what the dollars are of; vol_dollar is the loss at the stop",
    "nm": "a limit order near the market in place of a market order is not done",
}
"""Parameters that are known and not done, and why."""

SETTINGS: Final[dict[str, tuple[str, ...]]] = {
    "target_type": ("pips", "points", "price", "percent"),
    "volume_type": ("lots", "money", "percent_balance", "percent_equity"),
    "pending_type": ("price", "pips", "points", "percent"),
    "partial_close": ("10", "20", "25", "30", "33", "34", "40", "50", "60", "66", "67", "70", "75", "80", "90"),
    "closeall": ("symbol",),
}
"""The EA's inputs: what sl and tp, risk, and price are counted in, the per cent that closelongpct closes; and that
closeall may be taken as closing the alert's symbol."""
