"""The four_cell dialect: a webhook-to-broker body whose order id says the position and whose action says the deal.

| strategy_order_id | strategy_order_action | alert                   |
|-------------------|-----------------------|-------------------------|
| long              | buy                   | entry buy               |
| long              | sell                  | exit of longs           |
| short (or sell)   | sell                  | entry sell              |
| short (or sell)   | buy                   | exit of shorts          |

Exits close all of their side, whatever size is sent, or the share that ``close_percent`` says. A size is in the unit of
the setting ``volume_unit``, a stop or a target whose name says none in that of ``target_type``. A body that also brings
the position before or after (``market_position``) is the tradingview dialect's, which can tell a reversal. Other words
for the action or the side (``action, side, signal, type``) must agree.
"""

from __future__ import annotations

from typing import Any, Final

from zepix.alerts import values
from zepix.alerts.dialects import Dialect, register
from zepix.alerts.order_names import ORDER_TYPES, PLAIN_TYPES, named
from zepix.alerts.order_parts import (
    PARTS,
    SETTINGS,
    base,
    fill_order,
    keep_rest,
    order_kind,
    part,
    refuse_flags,
    refuse_prices,
    refuse_sizes,
    refuse_turning,
    size,
    volume,
)
from zepix.alerts.payload import Body
from zepix.alerts.reading import Reading
from zepix.alerts.reasons import Unreadable
from zepix.alerts.trade_words import agree
from zepix.model import Side

__all__ = ["CELLS", "FOUR_CELL", "NAME", "read"]

NAME: Final = "four_cell"
_BUY, _SELL = Side.BUY, Side.SELL
CELLS: Final = {
    (_BUY, _BUY): ("entry", _BUY, "long_entry"),
    (_BUY, _SELL): ("exit", _BUY, "long_exit"),
    (_SELL, _SELL): ("entry", _SELL, "short_entry"),
    (_SELL, _BUY): ("exit", _SELL, "short_exit"),
}
"""(side of the position, action) -> (type, side, signal)."""
_IDS: Final = {"long": _BUY, "buy": _BUY, "short": _SELL, "sell": _SELL}
_POSITIONS: Final = (
    *("market_position", "market_position_size", "position_size", "position"),
    *("prev_market_position", "prev_market_position_size"),
)


def read(reading: Reading) -> dict[str, Any]:
    """The fields of a four-cell alert. Raises Unreadable."""
    known = named(reading.body)
    found = known.for_reading(reading)
    if "type" in found and known.word("type") not in ORDER_TYPES:
        reading.extras["type"] = values.text("type", found.pop("type"))
    out = base(reading, found)
    refuse_flags(reading, found)
    place = found.pop("order_id")
    deal = values.side("order action", found.pop("order_action"))
    kind, side, signal = CELLS[_IDS[place.strip().lower()], deal]
    out.update(type=kind, side=side, signal=signal)
    for name in ("action", "signal", "side", "data"):
        if name in found:
            agree(name, found[name], kind, side, deal=deal)
    if "type" in reading.extras:
        agree("type", reading.extras["type"], kind, side)
    reading.extras["order_id"] = place
    contracts = size(found, reading)
    if kind == "entry":
        refuse_turning(reading, found)
        if not PARTS.isdisjoint(found):
            raise Unreadable("unsupported_parameter", "a share of an entry is not done")
        traded = volume(reading, found, NAME, contracts)
        if traded is not None:
            out["volume"] = traded
        fill_order(reading, found, out, NAME)
        refuse_sizes(reading, has_size="volume" in out)
    else:
        _close(reading, found, out)
    keep_rest(reading, found)
    return out


def _close(reading: Reading, found: dict[str, Any], out: dict[str, Any]) -> None:
    """Whatever size is sent; a share only where it is understood, and at the market. Raises Unreadable."""
    kind = order_kind(found)
    if kind != "market":
        raise Unreadable("unsupported_parameter", f"a {kind} order of an exit is not done")
    refuse_prices(found, "an exit")
    part(found, out)
    for name in ("reduce_only", "close_position"):
        if name in found:
            reading.extras[name] = found.pop(name)
    refuse_sizes(reading, has_size=False)


def _claims(body: Body) -> bool:
    if body.fields is None or body.word in PLAIN_TYPES:
        return False
    fields = named(body)
    found = fields.found
    place = found.get("order_id")
    if not isinstance(place, str) or "order_action" not in found or place.strip().lower() not in _IDS:
        return False
    return not any(name in found for name in _POSITIONS) and not fields.is_plain


FOUR_CELL: Final = register(
    Dialect(name=NAME, rank=35, claims=_claims, read=read, settings={**SETTINGS, "cancel_orders": ("ignore",)})
)
