"""``zepix live status`` in words: what needs somebody first, then each part of the runner."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from zepix.commands.terminal import STYLES, Screen

__all__ = ["show_status"]

NS: Final = 1_000_000_000
OLD_S: Final = 15.0
"""A view is written at least every ten seconds while the engine turns."""
MOST_SHOWN: Final = 20
MOST_PRICES: Final = 12
PENDING: Final = {"outcome": "pending", "plugin": "", "reason": "", "symbol": "", "side": "", "type": ""}


def show_status(found: Mapping[str, Any], screen: Screen) -> None:
    """Writes what ``status_of`` found."""
    view = found["view"]
    _parts(found, screen)
    for text in found["trouble"]:
        screen.line(f"! {text}", "red")
    _recovery(found, screen)
    if view is not None:
        _view(found, view, screen)
    elif found["engine"]["state"] == "unknown" and not found["alerts"]:
        screen.line("Nothing has run here yet; zepix live --data DIR starts a runner.")
    _alerts(found, screen)


def _parts(found: Mapping[str, Any], screen: Screen) -> None:
    engine, receiver, view = found["engine"], found["receiver"], found["view"]
    screen.raw([(found["data"], "bold")])
    age = "" if engine["age_s"] is None else f", {_span(engine['age_s'])} ago"
    pid = f" (pid {engine['pid']})" if engine["pid"] else ""
    _part(screen, "engine", engine["state"], f"{pid}{age}")
    where = f" on {receiver['host']}:{receiver['port']}" if receiver["port"] else ""
    _part(screen, "receiver", receiver["state"], where)
    if view is None:
        return
    journal, inbox, loop = view["journal"], view["inbox"], view["loop"]
    _mode(view["mode"], screen)
    told = f"row {journal['last_seq']:,}"
    if journal.get("commits"):
        told += f"; a commit takes {journal['commit_p50_ms']:.1f} ms (p99 {journal['commit_p99_ms']:.1f})"
    _part(screen, "journal", told)
    _part(screen, "inbox", f"{inbox['taken']:,} taken, {inbox['depth']:,} waiting")
    late = f"p99 {loop['lag_p99_ms']:.1f}, max {loop['lag_max_ms']:.0f}"
    _part(screen, "loop", f"late by {loop['lag_p50_ms']:.1f} ms ({late})")
    age_s = found["view_age_s"]
    told = f"as of {_time(view['wall_ns'])}, {_span(age_s)} ago"
    if view["is_recording"]:
        told += f"; the recording is at {_time(view['t_ns'])}"
    _part(screen, "view", told, style="yellow" if age_s > OLD_S else "")


def _part(screen: Screen, name: str, state: str, more: str = "", style: str = "") -> None:
    screen.folded(f"{name:<9} ", f"{state}{more}", STYLES.get(state, style), styled=len(state))


def _mode(mode: Mapping[str, Any], screen: Screen) -> None:
    asked = str(mode["global"])
    effective = str(mode.get("effective", asked))
    more = "" if asked == effective else f" (asked for {asked}: {mode.get('reason') or 'no live broker'})"
    _part(screen, "mode", effective, more)


def _recovery(found: Mapping[str, Any], screen: Screen) -> None:
    human = (found["recovery"] or {}).get("human") or []
    for text in human[:MOST_SHOWN]:
        screen.line(f"! since the last start: {text}", "yellow")
    if len(human) > MOST_SHOWN:
        screen.line(f"! and {len(human) - MOST_SHOWN} more: zepix live report")
    critical = (found["view"] or {}).get("critical", {})
    if count := critical.get("count", 0):
        times = "once" if count == 1 else f"{count} times"
        when = f"the last at {_time(critical['last_ns'])}"
        screen.line(f"! since the start, critical {times}, {when}: {critical['last']}", "yellow")


def _view(found: Mapping[str, Any], view: Mapping[str, Any], screen: Screen) -> None:
    _plugins(found["plugins"], view["mode"], screen)
    rows = [
        [book, _money(one["balance"]), _money(one["equity"]), one["currency"], one["open_tickets"], one["pending"]]
        for book, one in view["books"].items()
    ]
    screen.head("Books")
    screen.table(("book", "balance", "equity", "currency", "tickets", "waiting"), rows)
    _tickets(view, screen)
    _chains(view["chains"], screen)
    _caps(view["caps"], screen)
    _prices(found, view, screen)


def _plugins(plugins: Mapping[str, Mapping[str, Any]], mode: Mapping[str, Any], screen: Screen) -> None:
    if not plugins:
        return
    rows = []
    for name, one in plugins.items():
        effective = mode["plugins"].get(name, {}).get("effective", mode["global"])
        last = " ".join(word for word in (one["last_alert"], one["last_outcome"], one["last_reason"]) if word)
        told = [name, effective, one["state"], _held(one["held_back"]), one["open_tickets"], one["chains"]]
        rows.append([*told, f"{one['handler_p95_ms']:.1f}", last])
    columns = ["plugin", "mode", "state", "held", "tickets", "chains", "p95 ms", "last alert"]
    if not any(row[3] for row in rows):
        columns, rows = columns[:3] + columns[4:], [row[:3] + row[4:] for row in rows]
    screen.head("Plugins")
    screen.table(columns, rows)


def _held(symbols: Sequence[str]) -> str:
    if "*" in symbols:
        return "paused"
    return f"held {', '.join(symbols)}" if symbols else ""


def _tickets(view: Mapping[str, Any], screen: Screen) -> None:
    total = sum(one["open_tickets"] for one in view["books"].values())
    if not total:
        return
    names = ["ticket", "book", "plugin", "symbol", "side", "lots", "entry", "sl", "tp", "pips"]
    if len(view["books"]) == 1:
        names.remove("book")
    rows = [[one[name] for name in names] for one in view["tickets"][:MOST_SHOWN]]
    screen.head(f"Open tickets: {total}" + (f", the newest {MOST_SHOWN}" if total > MOST_SHOWN else ""))
    screen.table(names, rows)


def _chains(chains: Sequence[Mapping[str, Any]], screen: Screen) -> None:
    if not chains:
        return
    names = ("chain", "kind", "plugin", "symbol", "level", "state")
    rows = [
        [*(one[name] for name in names), _time(one["until_ns"]) if one["until_ns"] else ""]
        for one in chains[:MOST_SHOWN]
    ]
    screen.head(f"Chains: {len(chains)}" + (f", the newest {MOST_SHOWN}" if len(chains) > MOST_SHOWN else ""))
    screen.table((*names, "until"), rows)


def _caps(caps: Sequence[Mapping[str, Any]], screen: Screen) -> None:
    if not caps:
        return
    is_of_several = len({one["book"] for one in caps}) > 1
    rows = []
    for one in caps:
        name = f"{one['name']} ({one['book']})" if is_of_several else one["name"]
        rows.append([name, *(_number(one[part]) for part in ("used", "limit", "left"))])
    screen.head("Caps")
    screen.table(("cap", "used", "limit", "left"), rows)


def _prices(found: Mapping[str, Any], view: Mapping[str, Any], screen: Screen) -> None:
    feed = sorted(view["feed"].items(), key=lambda one: -one[1]["last_ns"])
    if not feed:
        return
    grown_s = 0.0 if view["is_recording"] else max(0.0, found["view_age_s"])
    rows = [[symbol, one["bid"], one["ask"], _span(one["age_s"] + grown_s)] for symbol, one in feed[:MOST_PRICES]]
    screen.head("Prices" + (f": the newest {MOST_PRICES} of {len(feed)}" if len(feed) > MOST_PRICES else ""))
    screen.table(("symbol", "bid", "ask", "age"), rows)


def _alerts(found: Mapping[str, Any], screen: Screen) -> None:
    if not found["alerts"]:
        return
    rows = []
    for alert in found["alerts"]:
        for one in alert["decisions"] or [PENDING]:
            what = " ".join(word for word in (one["type"], one["side"], one["symbol"]) if word)
            when = [alert["seq"], alert["id"], _time(alert["received_ns"])]
            rows.append([*when, what, one["plugin"], one["outcome"], one["reason"]])
    screen.head("Last alerts")
    screen.table(("seq", "id", "received", "what", "plugin", "outcome", "reason"), rows)


def _number(value: float | int) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}"


def _money(value: str | float) -> str:
    return f"{Decimal(str(value)):,.2f}"


def _time(ns: int) -> str:
    return dt.datetime.fromtimestamp(ns // NS, dt.UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def _span(seconds: float) -> str:
    """``0.4 s``, ``12 min``, ``3 h``, ``5 d``."""
    for unit, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * unit:
            return f"{seconds / unit:.0f} {name}"
    return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
