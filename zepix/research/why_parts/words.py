"""The path of an alert as plain text: one screen, ASCII as far as zepix writes it, times in UTC.

Words on the left say what a line is about; a line too long for the screen goes on under its own beginning.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any, Final

from zepix.research.headline import count, money
from zepix.research.why_parts.chains import chain_head, chain_lines
from zepix.research.why_parts.order_words import order_lines
from zepix.research.why_parts.wording import amount, harmless, instant, price, sentence, spread

__all__ = ["line", "lines_of"]

Row = Mapping[str, Any]
WIDTH: Final = 110
_BODY: Final = 2000
_TOLD_ELSEWHERE: Final = frozenset(
    ("order", "volume", "sl", "tp", "ticket", "price", "alert_price", "closed", "changed", "cancelled", "detail",
     "also_refused", "route", "first")
)  # fmt: skip
"""Numbers of a decision that the orders, the route or the reason tell already."""
_BY_ROLE: Final = ("order", "volume", "sl", "tp", "ticket", "price")
"""And those that several orders of one entry have each (``order_a, sl_b``)."""


def lines_of(path: Row) -> list[str]:
    """The whole path, line by line."""
    made = [*_head(path), "", *_arrived(path), "", *_route(path)]
    for plugin in path["plugins"]:
        made += ["", *_plugin(plugin)]
    return [harmless(line).rstrip() for line in made]


def line(label: str, text: str, *, indent: int = 2, width: int = 12) -> Iterator[str]:
    """``label   text``, wrapped under its text."""
    lead = " " * indent + f"{label:<{width}} "
    for paragraph in text.splitlines() or [""]:
        yield from textwrap.wrap(
            paragraph, WIDTH, initial_indent=lead, subsequent_indent=" " * len(lead), break_on_hyphens=False,
            replace_whitespace=False,
        ) or [lead]  # fmt: skip
        lead = " " * len(lead)


# --- what arrived ---------------------------------------------------------------------------------------------------


def _head(path: Row) -> Iterator[str]:
    alert = path["alert"]
    said = [alert["type"] or "a body that could not be understood", alert["side"], alert["symbol"], alert["timeframe"]]
    yield f"Alert {path['id']}: {' '.join(word for word in said if word)}"
    outcome = path["outcome"]
    for word in outcome["words"]:
        who = f" by {word['plugin_id']}" if word["plugin_id"] else ""
        why = f" ({word['reason']})" if word["reason"] and word["reason"] != word["outcome"] else ""
        yield from line(f"-> {word['outcome']}{who}{why}:", word["meaning"] or "the strategy's own word", width=0)
    if not outcome["words"]:
        yield "  -> the run has no decision about it"
    unit = outcome["currency"]
    if outcome["pnl"] is not None:
        yield f"  -> {count(outcome['tickets'], 'ticket')} of its own: {money(outcome['pnl'], sign=True)} {unit}"
    for plugin in path["plugins"]:
        for chain in plugin["chains"] or ():
            yield from line("-> chain:", chain_head(chain, unit), width=0)
    if outcome["closed_pnl"] is not None:
        yield f"  -> what it closed: {money(outcome['closed_pnl'], sign=True)} {unit}"


def _arrived(path: Row) -> Iterator[str]:
    alert = path["alert"]
    yield "ARRIVED"
    came = f"{instant(alert['received_at'])} UTC" if alert["received_at"] else "not known"
    if alert["sent_at"]:
        delay = alert["delay_s"] or 0
        apart = f", {abs(delay):g} s {'earlier' if delay > 0 else 'later'}" if delay else ""
        came += f"; its own time is {instant(alert['sent_at'])}{apart}"
    yield from line("at", came)
    ids = [f"log id {alert['id']}"]
    ids += [f"the sender's id {alert['explicit_id']}"] if alert["explicit_id"] else []
    ids += [f"alert definition {alert['source_id']}"] if alert["source_id"] else []
    ids += [f"source {alert['source']}"] if alert["source"] else []
    yield from line("ids", ", ".join(ids))
    raw = alert["raw"]
    if raw:
        cut = "" if len(raw) <= _BODY else f" ... ({len(raw):,} characters; --json has all)"
        yield from line("body", raw[:_BODY] + cut)
    else:
        yield from line("body", "not kept (the alert came as an object, or after the last price)")
    if alert.get("quarantined"):
        found = alert["quarantined"]
        yield from line("quarantined", f"{found['reason']}: {found['detail'] or sentence(found['reason'])}")
        return
    yield from line("dialect", f"{alert['dialect'] or 'not known'}" + _signal(alert))
    yield from line("repairs", "; ".join(map(str, alert["repairs"])) or "none")
    yield from line("understood", _understood(alert))
    if alert["fields"]:
        yield from line("besides", ", ".join(f"{name} {amount(value)}" for name, value in alert["fields"].items()))
    yield from line("our price", _our_price(alert))
    yield from line("dedup", _dedup(path["dedup"]))


def _signal(alert: Row) -> str:
    return f", which calls it {alert['signal']}" if alert["signal"] and alert["signal"] != alert["type"] else ""


def _understood(alert: Row) -> str:
    said = [" ".join(w for w in (alert["type"], alert["side"], alert["symbol"], alert["timeframe"]) if w)]
    said += [f"price {price(alert['price'], alert['digits'])}"] if alert["price"] is not None else []
    said += [f"strategy {alert['strategy']}"] if alert["strategy"] else []
    said += [f"plugin hint {alert['plugin_hint']}"] if alert["plugin_hint"] else []
    words = {"sl": "stop", "tp": "target", "order_type": "order"}
    said += [f"{words.get(name, name.replace('_', ' '))} {amount(value)}" for name, value in alert["asks"].items()]
    if alert["is_partial"]:
        said.append("(the folder has no alerts.parquet: replay again for the rest)")
    return ", ".join(said)


def _our_price(alert: Row) -> str:
    ours = alert["our_price"]
    if ours is None:
        return "not known when it arrived"
    bid, ask = (price(ours[name], alert["digits"]) for name in ("bid", "ask"))
    text = f"bid {bid}, ask {ask}, spread {spread(ours)}"
    if ours.get("gap_points") is not None:
        where = "above" if ours["gap_points"] >= 0 else "below"
        gap = f"{abs(ours['gap_points']):g} points, {abs(ours['gap_pips']):g} pips"
        text += f"; the alert's price lies {gap} {where} the middle"
    return text


def _dedup(dedup: Row) -> str:
    again = dedup["repeated_by"]
    later = f"; repeated later by {', '.join(one['id'] for one in again[:5])}" if again else ""
    later += f" and {len(again) - 5} more" if len(again) > 5 else ""
    if dedup["is_new"]:
        window = f" (bodies are compared for {dedup['window_s']} s)" if dedup["window_s"] is not None else ""
        return f"new{window}{later}"
    first = dedup["repeats"]
    how = "the sender's id is the same" if first["known_by"] == "id" else "the same body within the window"
    after = f", {first['after_s']:g} s before" if first["after_s"] is not None else ""
    return f"repeats {first['id']} of {instant(first['received_at'])}{after}: {how}{later}"


def _route(path: Row) -> Iterator[str]:
    route = path["route"]
    yield "ROUTE"
    yield from line("to", ", ".join(route["plugins"]) or "no plugin")
    yield from line("rule", route["rule"] or "not known")
    if route.get("detail"):
        yield from line("detail", route["detail"])
    if route["note"]:
        yield from line("note", f"{route['note']}; routed as if there were none")


# --- what a plugin did ------------------------------------------------------------------------------------------------


def _plugin(plugin: Row) -> Iterator[str]:
    family = f", strategy {plugin['family']}" if plugin["family"] not in ("", plugin["plugin_id"]) else ""
    why = f", {plugin['reason']}" if plugin["reason"] else ""
    yield f"PLUGIN {plugin['plugin_id']}{family}: {plugin['outcome']}{why}"
    if plugin["reason"]:
        yield from line("that is", plugin["meaning"] or "a word of the strategy's own")
    numbers = dict(plugin["numbers"])
    if numbers.get("detail"):
        yield from line("detail", str(numbers["detail"]))
    if numbers.get("also_refused"):
        yield from line("also refused", str(numbers["also_refused"]))
    hidden = _TOLD_ELSEWHERE if plugin["orders"] else _TOLD_ELSEWHERE - {"price", "sl", "tp", "volume"}
    roles = {f"{name}_{order['role'].lower()}" for name in _BY_ROLE for order in plugin["orders"]}
    told = {name: value for name, value in numbers.items() if name not in hidden and name not in roles}
    yield from _numbers(told)
    for order in plugin["orders"]:
        yield from order_lines(order, plugin["currency"], line)
    for chain in plugin["chains"] or ():
        yield from chain_lines(chain, plugin["currency"], line)
    if plugin["chains"] is None and any(order.get("chain_id") for order in plugin["orders"]):
        yield from line("chains", "not known: the folder has no chains.parquet; replay again for them")
    if not plugin["orders"] and plugin["outcome"] in ("refused", "error", "ignored", "info"):
        yield from line("orders", "none")
    for one in plugin["log"]:
        yield from line("log", f"{instant(one['at'])} {one['level']}: {one['text']}")
    for one in plugin["errors"]:
        yield from line("error", f"{instant(one['at'])} in {one['what']}: {one['error']}")


def _numbers(numbers: Row) -> Iterator[str]:
    if numbers:
        yield from line("numbers", ", ".join(f"{name} {amount(value)}" for name, value in numbers.items()))
