"""The path of one alert as plain values: what arrived, how it was understood, where it went, what each plugin did.

Times are ISO 8601 in UTC, prices are prices, distances stand in points and in pips. What is not known is None, never a
guess; what was derived from tables (which change moved a ticket) is derived by the simulators' own rules.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from zepix.research.decisions import FIXED_COLUMNS
from zepix.research.report_parts.refusals import meaning
from zepix.research.report_parts.words import OUTCOMES
from zepix.research.why_parts.chains import chains_of
from zepix.research.why_parts.facts import Facts, Scale
from zepix.research.why_parts.tickets import OrdersOfPlugin
from zepix.research.write import iso_utc

__all__ = ["path_of"]

Row = dict[str, Any]
_ALERT_WORDS: Final = (
    "dialect", "type", "signal", "symbol", "side", "strategy", "timeframe", "plugin_hint", "source", "source_id",
)  # fmt: skip
_LINES: Final = ("log", "error", "disabled")


def path_of(facts: Facts, alert_id: str) -> Row:
    """Everything that the run knows of one alert, as JSON could hold it."""
    decisions = facts.where("decisions", "id", alert_id)
    lines = [line for line in facts.journal() if line[1] in _LINES or (facts.alerts is None and line[1] == "alert")]
    row = _alert_row(facts, alert_id, decisions, lines)
    alert = _alert(row, facts.scales.get(row.get("symbol") or ""))
    first = decisions[0] if decisions else {}
    if first.get("outcome") == "quarantined":
        alert["quarantined"] = {"reason": first["reason"], "detail": _numbers(first).get("detail", "")}
    plugins = [_plugin(facts, row, one, alert) for one in decisions if one["strategy"]]
    for plugin in plugins:
        plugin["log"], plugin["errors"] = _said(lines, alert_id, plugin["plugin_id"], row.get("received_at"))
    return {
        "schema": 1,
        "id": alert_id,
        "alert": alert,
        "dedup": _dedup(facts, row, decisions),
        "route": _route(facts, row, decisions),
        "plugins": plugins,
        "outcome": _outcome(decisions, plugins, facts),
    }


# --- the alert ----------------------------------------------------------------------------------------------------


def _alert_row(facts: Facts, alert_id: str, decisions: list[Row], lines: Iterable[Any]) -> Row:
    """The alert's row; of a folder without a table of alerts, what decisions and journal know."""
    found = facts.where("alerts", "id", alert_id)
    if found:
        return found[0]
    first = decisions[0] if decisions else {}
    known = {name: first.get(name, "") for name in ("dialect", "symbol", "type", "side", "timeframe")}
    raw = next((f.get("raw", "") for _, kind, f in lines if kind == "alert" and f.get("id") == alert_id), "")
    return {**known, "id": alert_id, "received_at": first.get("received_at"), "raw": raw, "is_partial": True}


def _alert(row: Row, scale: Scale | None) -> Row:
    alert: Row = {"id": row["id"], "explicit_id": row.get("explicit_id") or None}
    alert["received_at"], alert["sent_at"] = iso_utc(row.get("received_at")), iso_utc(row.get("sent_at"))
    sent, received = row.get("sent_at"), row.get("received_at")
    alert["delay_s"] = None if sent is None or received is None else round((received - sent) / 1e9, 3)
    alert |= {name: row.get(name) or None for name in _ALERT_WORDS}
    alert["price"], alert["digits"] = row.get("price"), None if scale is None else scale.digits
    for name, empty in (("asks", "{}"), ("fields", "{}"), ("repairs", "[]")):
        alert[name] = json.loads(row.get(name) or empty)
    alert["our_price"] = _our_price(row, scale)
    alert["raw"] = row.get("raw") or ""
    alert["is_partial"] = bool(row.get("is_partial"))
    return alert


def _our_price(row: Row, scale: Scale | None) -> Row | None:
    """Bid and ask that were known when the alert arrived, and how far the alert's price lies above their middle."""
    bid, ask = row.get("bid"), row.get("ask")
    if bid is None or ask is None or scale is None:
        return None
    found: Row = {"bid": bid, "ask": ask, **scale.spread(scale.points(ask - bid))}
    if row.get("price"):
        gap = (row["price"] - (bid + ask) / 2) / scale.point
        found |= {"gap_points": round(gap, 1), "gap_pips": scale.pips(gap)}
    return found


def _dedup(facts: Facts, row: Row, decisions: list[Row]) -> Row:
    """Whether it was new, which it repeats, and which repeated it."""
    window_s = (facts.meta["spec"] or {}).get("dedup_window_s")
    first = next((d.get("first") for d in decisions if d["outcome"] == "duplicate"), None)
    repeats = [
        {"id": one["id"], "received_at": iso_utc(one["received_at"])}
        for one in facts.where("decisions", "first", row["id"])
        if one["outcome"] == "duplicate"
    ]
    found: Row = {"is_new": first is None, "window_s": window_s, "repeats": None, "repeated_by": repeats}
    if first is not None:
        before = (facts.where("alerts", "id", first) or facts.where("decisions", "id", first) or [{}])[0]
        came, came_first = row.get("received_at"), before.get("received_at")
        found["repeats"] = {
            "id": first,
            "received_at": iso_utc(came_first),
            "after_s": None if came is None or came_first is None else round((came - came_first) / 1e9, 3),
            "known_by": "id" if row.get("explicit_id") else "body",
        }
    return found


# --- the route ----------------------------------------------------------------------------------------------------


def _route(facts: Facts, row: Row, decisions: list[Row]) -> Row:
    """Where it went, by which rule; or why nowhere."""
    first = decisions[0] if decisions else {}
    numbers = _numbers(first) if first else {}
    went = [d["strategy"] for d in decisions if d["strategy"]]
    found: Row = {"plugins": went, "rule": "", "note": numbers.get("route", "")}
    if went:
        found["rule"] = _rule(facts, row, went[0], first.get("family") or "")
    elif first:
        found["reason"], found["detail"] = first["reason"], ""
        if first["outcome"] != "quarantined":  # said above already
            found["detail"] = str(numbers.get("detail", ""))
        found["rule"] = {
            "duplicate": "none: a duplicate goes nowhere",
            "quarantined": "none: what cannot be understood goes nowhere",
        }.get(first["outcome"], "none: " + (meaning(first["reason"]) or first["reason"]))
    return found


def _rule(facts: Facts, row: Row, plugin_id: str, family: str) -> str:
    """The rule of the router that names the plugin: the hint, strategy and timeframe, the strategy."""
    hint, timeframe = row.get("plugin_hint") or "", row.get("timeframe") or ""
    if hint.lower() == plugin_id.lower():
        return f"hint: the alert names plugin {hint!r}"
    forced = (facts.meta["spec"] or {}).get("as_strategy")
    named = row.get("strategy")
    if forced:
        by = f"alerts.strategy = {forced!r} of this run"
    elif named:
        by = f"the alert names strategy {named!r}"
    elif row.get("is_partial"):
        by = f"strategy {family!r}"
    elif len(facts.meta["plugins"]) == 1:
        by = "the alert names no strategy, and there is one plugin"
    else:
        by = f"the alert names no strategy, and {family!r} is the default"
    mine: Mapping[str, Any] = next((p for p in facts.meta["plugins"] if p.get("plugin_id") == plugin_id), {})
    if timeframe and timeframe in (mine.get("timeframes") or ()):
        return f"strategy and timeframe: {by}, and {plugin_id} takes {timeframe}"
    return f"strategy: {by}"


# --- what the plugins did -------------------------------------------------------------------------------------------


def _plugin(facts: Facts, row: Row, decision: Row, alert: Row) -> Row:
    orders = OrdersOfPlugin(facts, decision["strategy"], row["id"], alert)
    told = orders.told()
    return {
        "plugin_id": decision["strategy"],
        "family": decision["family"],
        "outcome": decision["outcome"],
        "reason": decision["reason"],
        "meaning": meaning(decision["reason"]) or OUTCOMES.get(decision["outcome"], ""),
        "numbers": _numbers(decision),
        "orders": told,
        "chains": chains_of(facts, decision["strategy"], row["id"], told),
        "pnl": _money(told, opens=True),
        "closed_pnl": _money(told, opens=False),
        "currency": facts.meta["currency"],
    }


def _money(orders: list[Row], *, opens: bool) -> float | None:
    """What the tickets that these orders opened (or closed) made; None where there are none."""
    paid = [e["pnl"] for order in orders if order["opens"] is opens for t in order["tickets"] for e in t["exits"]]
    return round(sum(paid), 8) if paid else None


def _numbers(decision: Mapping[str, Any]) -> Row:
    """The numbers of a decision row under the names that the strategy gave them."""
    found: Row = {}
    for name, value in decision.items():
        if value is None or (name in FIXED_COLUMNS and name != "more"):
            continue
        if name == "more":
            with_rest = json.loads(value)
            found |= with_rest if isinstance(with_rest, dict) else {}
        else:
            bare = name.removeprefix("number_")
            found[bare if bare in FIXED_COLUMNS else name] = value
    return found


def _said(lines: Iterable[Any], alert_id: str, plugin_id: str, received: int | None) -> tuple[list[Row], list[Row]]:
    """What the strategy logged while it had this alert in hand, and the exceptions that it raised on it."""
    log: list[Row] = []
    errors: list[Row] = []
    for ns, kind, said in lines:
        if said.get("plugin") != plugin_id:
            continue
        if kind == "log" and said.get("alert") == alert_id:
            log.append({"at": iso_utc(ns), "level": said.get("level", ""), "text": said.get("text", "")})
        elif kind == "error" and _is_of(said, alert_id, ns == received):
            errors.append({"at": iso_utc(ns), "what": said.get("what", ""), "error": said.get("error", "")})
    return log, errors


def _is_of(error: Mapping[str, Any], alert_id: str, is_same_instant: bool) -> bool:
    """An error line that names no alert is the handler's where it came at the alert's own instant."""
    named = error.get("alert")
    if named is not None:
        return bool(named == alert_id)
    return is_same_instant and str(error.get("what", "")).startswith("process_")


def _outcome(decisions: list[Row], plugins: list[Row], facts: Facts) -> Row:
    """What came of it in a word a plugin, and in money."""
    paid = {name: [p[name] for p in plugins if p[name] is not None] for name in ("pnl", "closed_pnl")}
    tickets = sum(1 for p in plugins for order in p["orders"] if order["opens"] for _ in order["tickets"])
    return {
        "words": [
            {
                "plugin_id": d["strategy"] or None,
                "outcome": d["outcome"],
                "reason": d["reason"],
                "meaning": meaning(d["reason"]) or OUTCOMES.get(d["outcome"], ""),
            }
            for d in decisions
        ],
        "tickets": tickets,
        **{name: round(sum(found), 8) if found else None for name, found in paid.items()},
        "currency": facts.meta["currency"],
    }
