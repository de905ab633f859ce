"""``reversal_mode = "gap"``: after the close of the other side the price has to go on by 20 pips within 30 seconds.

Else nothing is entered. Where there is nothing to close, the entry goes at once. An exit of the new side, or the next
aggressive entry, ends the wait. What is entered belongs to the alert that began it, and passes the gate as it is then.
"""

from __future__ import annotations

from zepix import Decision, Numbers, Quantity, Refused, Side

from .entries import place
from .settings import V3Settings
from .signals import Signal

NS = 1_000_000_000
GAP = "gap"


def wait_for_gap(plugin: V3Settings, signal: Signal, numbers: Numbers) -> Decision:
    """Enter once the price has gone on; nothing is entered where it does not in time."""
    api = plugin.api
    points, quote = api.market.quote_points(signal.symbol), api.market.quote(signal.symbol)
    pips = api.orders.points(signal.symbol, Quantity(plugin.gap_pips, "pips"))
    if points is None or quote is None or isinstance(pips, Refused):
        return Decision("refused", "no_prices", numbers)
    now = 0 if signal.side is Side.BUY else 1  # the bid must rise, the ask must fall
    level = quote[now] + signal.side.sign * pips * quote[now] / points[now]
    watch = api.market.watch_price(signal.symbol, level, signal.side.sign)
    plugin.memory.waiting[signal.symbol] = [watch, signal.state()]
    api.set_timer(api.now_ns + round(plugin.gap_wait_s * NS), f"{GAP} {watch} {signal.symbol}")
    numbers["gap_level"] = level
    return Decision("info", "waiting_for_gap", numbers)


async def after_gap(plugin: V3Settings, watch_id: int) -> bool:
    """Enter what waited for this watch; whether anything did."""
    for symbol, (watch, said) in plugin.memory.waiting.items():
        if watch == watch_id:
            del plugin.memory.waiting[symbol]
            signal = Signal.of(said)
            answer = await place(plugin, signal, Numbers())
            if answer.outcome == "refused":
                plugin.log.info(f"{signal.word} of {symbol}: the gap came, refused {answer.reason}")
            return True
    return False


def gap_over(plugin: V3Settings, tag: str) -> None:
    """A timer says that a wait is over; one that has ended before is no matter."""
    word, _, rest = tag.partition(" ")
    watch, _, symbol = rest.partition(" ")
    waiting = plugin.memory.waiting.get(symbol)
    if word == GAP and waiting is not None and str(waiting[0]) == watch:
        stop_waiting(plugin, symbol)
        plugin.log.info(f"{symbol}: no gap of {plugin.gap_pips:g} pips in time, nothing is entered")


def alerts_waiting(plugin: V3Settings) -> list[str]:
    """The alerts of all reversals that wait for their gap."""
    return [Signal.of(said).alert_id for _, said in plugin.memory.waiting.values()]


def stop_waiting(plugin: V3Settings, symbol: str, side: Side | None = None) -> None:
    """Give up a reversal that waits for its gap (``side``: only one of that side)."""
    waiting = plugin.memory.waiting.get(symbol)
    if waiting is not None and (side is None or Signal.of(waiting[1]).side is side):
        del plugin.memory.waiting[symbol]
        plugin.api.market.drop_watch(waiting[0])
