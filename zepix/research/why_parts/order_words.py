"""One order of an alert as lines: what was asked, its answer, its fill, its ticket, what moved and closed that."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from zepix.research.headline import count, money
from zepix.research.why_parts.wording import amount, instant, price, spread

__all__ = ["order_lines"]

Row = Mapping[str, Any]
Line = Callable[..., Iterator[str]]
_ACTS: Final = {"close": "close", "modify": "change", "cancel": "cancel"}


def order_lines(order: Row, currency: str, line: Line) -> Iterator[str]:
    """Every line of an order; ``line(label, text, indent=)`` wraps one."""
    role = f"{order['role']}: " if order["role"] else ""
    timer = "; by a timer" if order["from_timer"] else ""
    if order["opens"]:
        yield from line(f"order {order['id']}", role + _asked(order) + timer)
        yield from _answer(order, line)
        yield from _fill(order, line)
        for ticket in order["tickets"]:
            yield from _ticket(ticket, order["digits"], currency, line)
        return
    yield from line(f"order {order['id']}", _command(order) + timer)
    yield from _answer(order, line)
    for ticket in order["tickets"]:
        for exit_ in ticket["exits"]:
            yield from line(
                f"ticket {ticket['ticket']}", _exit(exit_, order["digits"], currency, with_alert=True), indent=4
            )


# --- what was asked, and the answer -----------------------------------------------------------------------------------


def _asked(order: Row) -> str:
    """``market buy EURUSD 0.1 lots, stop 1.379 (110 points, 11 pips), no target``."""
    text = f"{order['kind'].replace('_', '-')} {order['side']} {order['symbol']} {_volume(order)}"
    if order["price"] is not None and order["kind"] != "market":
        text += f" at {price(order['price'], order['digits'])}"
    if order["limit_price"] is not None:
        text += f", limit {price(order['limit_price'], order['digits'])}"
    text += f", {_level('stop', order['sl'], order['digits'])}, {_level('target', order['tp'], order['digits'])}"
    for trail in order["trails"]:
        text += f", {_trail(trail)}"
    text += f", expires {instant(order['expires_at'])}" if order["expires_at"] else ""
    text += f", one of group {order['oco']}" if order["oco"] else ""
    text += f", chain {order['chain_id']}" if order["chain_id"] else ""
    return text


def _volume(order: Row) -> str:
    """Lots as ordered; what was asked beside them, where it was cut or rounded."""
    lots, asked = order["volume"], order["asked_volume"]
    try:
        is_same = abs(float(asked) - lots) < 1e-9
    except (TypeError, ValueError):
        is_same = not asked
    return f"{amount(lots)} lots" + ("" if is_same else f" (cut from {asked})")


def _level(name: str, level: Row | None, digits: int) -> str:
    if level is None:
        return f"no {name}"
    away = "" if level["points"] is None else f"{level['points']} points, {amount(level['pips'])} pips"
    if level["price"] is None:
        return f"{name} {away} from the fill"
    return f"{name} {price(level['price'], digits)}" + (f" ({away})" if away else "")


def _trail(trail: Row) -> str:
    if trail["kind"] == "break_even":
        return f"break-even {amount(trail['start_pips'])} pips ahead"
    return (
        f"trailing from {amount(trail['start_pips'])} pips ahead in steps of {amount(trail['step_pips'])}, "
        f"{amount(trail['distance_pips'])} pips behind"
    )


def _command(order: Row) -> str:
    """``close buy EURUSD: signal``; which orders or tickets it names."""
    about = order["covers"]
    side = "" if about["side"] == "both" else f" {about['side']}"
    text = f"{_ACTS.get(order['kind'], order['kind'])}{side} {order['symbol']}"
    if about["orders"]:
        text += f", of order {', '.join(map(str, about['orders']))}"
    elif about["tickets"]:
        text += f", of ticket {', '.join(map(str, about['tickets']))}"
    text += f", as {order['reason_to_close']}" if order["reason_to_close"] else ""
    for name, level in (("stop", order["new_sl"]), ("target", order["new_tp"])):
        if level is not None:
            text += f", {name} to {price(level, order['digits'])}" if level else f", {name} taken away"
    return text


def _answer(order: Row, line: Line) -> Iterator[str]:
    """When it was decided, when it reached the broker, when and how it was answered."""
    decided = f"decided {instant(order['decided_at'])}"
    if order["after"]:
        decided += f", held for order {', '.join(map(str, order['after']))}"
    if order["arrival_at"] and order["arrival_at"] != order["decided_at"]:
        decided += f", at the broker {instant(order['arrival_at'])}"
    word = order["status"]
    if not order["opens"] and word == "filled":
        done = [f"closed {order['closed']}" if order["closed"] else ""]
        moved = order["moved_tickets"]
        done.append(f"moved ticket {', '.join(map(str, moved))}" if moved else "")
        gone = order["cancelled_orders"]
        done.append(f"cancelled order {', '.join(map(str, gone))}" if gone else "")
        word = "done: " + (", ".join(text for text in done if text) or f"{order['touched']} touched")
    if order["answered_at"] and order["answered_at"] == order["decided_at"]:
        decided = decided.replace("decided", "decided and answered", 1)
    elif order["answered_at"]:
        after = order["answered_after_s"]
        decided += f", answered {instant(order['answered_at'])}" + (f" ({after:g} s later)" if after else "")
    why = f": {order['reason']}" if order["reason"] else ""
    because = f" ({order['meaning']})" if order["meaning"] and order["status"] != "filled" else ""
    yield from line("answer", f"{word}{why}{because}; {decided}", indent=4)


# --- fill, ticket, exits ----------------------------------------------------------------------------------------------


def _fill(order: Row, line: Line) -> Iterator[str]:
    fill = order["fill"]
    if fill is None:
        return
    digits = order["digits"]
    text = (
        f"{instant(fill['at'])}{' (the open just past)' if fill['is_graced'] else ''} at {price(fill['price'], digits)}"
    )
    if fill["spread_points"] is not None:
        text += f", spread {spread(fill)}"
    if fill.get("meant") is not None:
        worse = fill["worse_points"]
        apart = f"{count(abs(worse), 'point')} {'worse' if worse > 0 else 'better'} than"
        word = apart if worse else "exactly"
        text += f"; {word} {fill['meant_is']} {price(fill['meant'], digits)}"
    yield from line("fill", text, indent=4)


def _ticket(ticket: Row, digits: int, currency: str, line: Line) -> Iterator[str]:
    if not ticket["exits"]:
        yield from line(f"ticket {ticket['ticket']}", "open; the run has no closing fill of it", indent=4)
        return
    text = f"{_level('stop', ticket['initial_sl'], digits)}, {_level('target', ticket['initial_tp'], digits)}"
    yield from line(f"ticket {ticket['ticket']}", text, indent=4)
    for move in ticket["moves"]:
        yield from line("moved", _move(move, digits), indent=4)
    for exit_ in ticket["exits"]:
        yield from line("exit", _exit(exit_, digits, currency), indent=4)
    doubt = "; ambiguous: one bar held its stop and its target" if ticket["is_ambiguous"] else ""
    yield from line(
        "on the way",
        f"at most {ticket['against_points']} points against it and {ticket['for_points']} for it, "
        f"{ticket['bars_held']} bars{doubt}",
        indent=4,
    )
    if len(ticket["exits"]) > 1:
        yield from line("in all", f"{money(ticket['pnl'], sign=True)} {currency}", indent=4)


def _move(move: Row, digits: int) -> str:
    by = move["by"]
    if by["what"] == "modify":
        how = f"by order {by['order']}" + (f" of alert {by['alert']}" if by["alert"] else "")
    else:
        how = f"by {by['what'].replace('_', '-')}"
    levels = [
        f"{name} taken away" if level == "removed" else _level(name, level, digits).replace(name, f"{name} to", 1)
        for name, level in (("stop", move["sl"]), ("target", move["tp"]))
        if level is not None
    ]
    when = f"{instant(move['at'])} " if move["at"] else "by the exit "
    return f"{when}{', '.join(levels)} {how}"


def _exit(exit_: Row, digits: int, currency: str, *, with_alert: bool = False) -> str:
    """``2014-05-01 00:10:00 at 1.3811 by tp (its target was reached): +100 points, +10 pips, +9.30 USD (...)``."""
    part = f"part {exit_['part']}, {amount(exit_['volume'])} lots: " if exit_["part"] > 1 else ""
    opened = f" of alert {exit_['of_alert']}" if with_alert and exit_["of_alert"] else ""
    lots = f"{amount(exit_['volume'])} lots{opened}, " if with_alert else ""
    by = exit_["by"]
    who = ""
    if by is not None and not with_alert:
        who = f", by order {by['order']}" + (f" of alert {by['alert']}" if by["alert"] else "")
    why = f"{exit_['reason']} ({exit_['meaning']}{who})" if exit_["meaning"] or who else exit_["reason"]
    costs = ", ".join(f"{name} {money(exit_[name])}" for name in ("commission", "swap") if exit_[name])
    paid = f"{money(exit_['pnl'], sign=True)} {currency}" + (f" ({costs})" if costs else "")
    return (
        f"{part}{lots}{instant(exit_['at'])} at {price(exit_['price'], digits)}, {why}: "
        f"{exit_['points']:+d} points, {exit_['pips']:+g} pips, {paid}"
    )
