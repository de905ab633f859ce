"""Other text with pipes: ``key|strategy|action|ticker``, as BVA reads it, and what may stand after it.

| cells                        | what they are                                                            |
|------------------------------|--------------------------------------------------------------------------|
| key                          | the sender's password: neither kept nor shown                            |
| strategy                     | the sender's name for it, in ``fields["strategy"]``                      |
| action                       | buy, sell: entry; close: exit of both sides                              |
| ticker                       | the symbol                                                               |
| [market_position]            | flat: a sell closes longs, a buy closes shorts; long, short: as the side |
| [extra, published, size, ..] | in ``fields``; a size other than 100 per cent is set aside by its name   |

Text with pipes that starts with a word in capitals is V6's, and asked before.
"""

from __future__ import annotations

from typing import Any, Final

from zepix.alerts import values
from zepix.alerts.dialects import Dialect, register
from zepix.alerts.payload import Body, shown
from zepix.alerts.reading import Reading
from zepix.alerts.reasons import Unreadable
from zepix.model import Side

__all__ = ["PIPE", "read"]

_MOST_CELLS: Final = 64
_SIDES: Final = {"buy": Side.BUY, "sell": Side.SELL, "long": Side.BUY, "short": Side.SELL}
_POSITIONS: Final = frozenset({"flat", "long", "short", ""})
_REST: Final = ("extra", "published", "trade_size_pct", "trading_market")


def read(reading: Reading) -> dict[str, Any]:
    """The fields of a pipe line. Raises Unreadable."""
    cells = [cell.strip() for cell in reading.body.text.split("|", _MOST_CELLS)]
    if len(cells) > _MOST_CELLS:
        raise Unreadable("too_large", f"more than {_MOST_CELLS} cells")
    if len(cells) < 4:
        raise Unreadable("bad_field", "key|strategy|action|ticker was expected, at least four cells")
    action, position = cells[2], (cells[4].lower() if len(cells) > 4 else "")
    if "{{" in action or "{{" in position:
        raise Unreadable("placeholder", f"the action still holds {shown(action if '{{' in action else position)}")
    out: dict[str, Any] = {"signal": values.text("action", action), "symbol": reading.symbol(cells[3])}
    if cells[1]:
        reading.extras["strategy"] = values.text("strategy", cells[1])
    _rest(reading, cells[5:])
    return out | _asked(action, position)


def _asked(action: str, position: str) -> dict[str, Any]:
    """Type and side by the action and the position after it. Raises Unreadable."""
    word = action.lower()
    if position not in _POSITIONS:
        raise Unreadable("bad_side", f"the market position must be flat, long or short, not {shown(position)}")
    if word == "close":
        return {"type": "exit"}
    side = _SIDES.get(word)
    if side is None:
        raise Unreadable("unsupported_command", f"action {shown(action)} is not one of buy, sell, close")
    if position == "flat":
        return {"type": "exit", "side": side.opposite}
    if position and _SIDES[position] is not side:
        # a part of the position is sold, and nobody says how large a part
        raise Unreadable("unsupported_command", f"{shown(action)} that stays {position} reduces by an unknown part")
    return {"type": "entry", "side": side}


def _rest(reading: Reading, cells: list[str]) -> None:
    for name, cell in zip(_REST, cells, strict=False):
        if "{{" in cell:
            reading.give_up(name, cell, important=name == "trade_size_pct")
        elif cell:
            reading.extras[name] = values.text(name, cell)
    size = reading.extras.get("trade_size_pct")
    if size is not None and values.finite("trade_size_pct", size) != 100.0:
        raise Unreadable("unsupported_parameter", "trade_size_pct is of a size that only its receiver knows")


def _claims(body: Body) -> bool:
    return body.fields is None and "|" in body.text


PIPE: Final = register(Dialect(name="pipe", rank=64, claims=_claims, read=read))
