"""The legacy dialect (ZepixPremium): JSON with ``type``, ``symbol``, ``signal``, ``tf``, and more if sent.

| type     | signal            | becomes                                                |
|----------|-------------------|--------------------------------------------------------|
| bias     | bull, bear        | information ``bias``, ``fields["direction"]``          |
| trend    | bull, bear        | information ``trend``, ``fields["direction"]``         |
| entry    | buy, sell         | entry of that side                                     |
| reversal | reversal_bull/bear| reversal to buy / sell                                 |
| exit     | bull, bear        | exit: bull closes SELLs, bear closes BUYs              |

The exit's sense is the opposite of V3's and V6's: here ``bull`` says what the market does, there it says which tickets
end. The timeframe is required and one of 5m, 15m, 1h, 1d. Whatever else the plain dialect knows (``sl``,
``order_type``, ``close_frac`` ...) means here what it means there, and must not name another side or another trade.
"""

from __future__ import annotations

from typing import Any, Final

from zepix.alerts import values
from zepix.alerts.dialects import Dialect, register
from zepix.alerts.payload import Body, shown
from zepix.alerts.plain import TAKES, check_order, read_parts, refuse_unfit
from zepix.alerts.reading import Reading
from zepix.alerts.reasons import Unreadable
from zepix.alerts.trade_words import agree
from zepix.model import Side

__all__ = ["LEGACY", "STRATEGY", "read"]

NAME: Final = "legacy"
STRATEGY: Final = "ZepixPremium"
TIMEFRAMES: Final = ("5m", "15m", "1h", "1d")
_SIDES: Final[dict[str, dict[str, Side]]] = {
    "entry": {"buy": Side.BUY, "sell": Side.SELL},
    "reversal": {"reversal_bull": Side.BUY, "reversal_bear": Side.SELL, "bull": Side.BUY, "bear": Side.SELL},
    "exit": {"bull": Side.SELL, "bear": Side.BUY},
}
_DIRECTIONS: Final = ("bull", "bear")
_OWN: Final = frozenset({"entry", "reversal", "exit"})
_INFORMATION: Final = frozenset({"bias", "trend"})


def read(reading: Reading) -> dict[str, Any]:
    """The fields of a legacy alert. Raises Unreadable."""
    found = reading.named(matters=("signal",), takes=TAKES)
    found.pop("type", None)
    word = reading.body.word
    sent = reading.extras.pop("signal", None)
    signal = values.text("signal", "" if sent is None else sent)
    out = reading.common(found)
    out.update(type=word, signal=signal, strategy=values.text("strategy", found.pop("strategy", "")) or STRATEGY)
    _check_timeframe(out.get("timeframe"))
    if word in _INFORMATION:
        if signal.lower() not in _DIRECTIONS:
            raise Unreadable("bad_side", f"signal of {word} must be bull or bear, not {shown(sent)}")
        reading.extras["direction"] = signal.lower()
    else:
        side = _SIDES[word].get(signal.lower())
        if side is None:
            raise Unreadable("bad_side", f"signal of {word} must be {' or '.join(_SIDES[word])}, not {shown(sent)}")
        out["side"] = side
        _trade(reading, found, out, side)
    reading.keep_rest(found)
    return out


def _trade(reading: Reading, found: dict[str, Any], out: dict[str, Any], side: Side) -> None:
    """What else an action brings, as in the plain dialect. Raises Unreadable."""
    other = found.pop("side", None)
    if other is not None and other != "":
        agree("action", other, out["type"], side)
        reading.extras["action"] = other
    read_parts(reading, found, out)
    found.clear()
    for name in ("sl", "tp"):
        if out.get(name) == 0.0:
            raise Unreadable("bad_price", f"{name} must be a price above zero, not 0")
    if out["type"] == "exit":
        refuse_unfit(reading, out)
    else:
        check_order(out)


def _check_timeframe(period: str | None) -> None:
    if period is None:
        raise Unreadable("missing_timeframe", f"a legacy alert needs tf, one of {', '.join(TIMEFRAMES)}")
    if period not in TIMEFRAMES:
        raise Unreadable("bad_timeframe", f"tf of a legacy alert is one of {', '.join(TIMEFRAMES)}, not {period}")


def _claims(body: Body) -> bool:
    fields = body.fields
    if fields is None:
        return False
    if body.word in _INFORMATION:
        return True
    return body.word in _OWN and "signal" in fields and not ("side" in fields or "direction" in fields)


LEGACY: Final = register(Dialect(name=NAME, rank=30, claims=_claims, read=read))
