"""A run in eight lines of plain text: what was asked, what was traded, and what a reader should doubt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from zepix.engine.record import RunRecord
from zepix.research.write import iso_utc

__all__ = ["EMPTY", "both", "count", "headline_lines", "money", "number", "percent", "period", "title", "words"]

EMPTY = "-"


def headline_lines(record: RunRecord, stats: Mapping[str, Any], digest: str, timings: Mapping[str, float]) -> list[str]:
    """About eight lines, ASCII only as far as zepix writes them (names of strategies are the user's)."""
    return [
        f"zepix replay: {title(record)}, {period(record)}",
        _alerts(stats),
        _tickets(stats),
        _money(stats),
        _risk(stats),
        _ambiguous(record, stats),
        _outside(stats),
        f"digest {digest[:16]}  " + ", ".join(f"{k.removesuffix('_s')} {v:.2f} s" for k, v in timings.items() if v),
    ]


def title(record: RunRecord) -> str:
    """Which plugins ran on which prices."""
    plugins = [str(p.get("plugin_id") or p.get("id") or "?") for p in record.plugins]
    plugins = plugins or list(dict.fromkeys(row.plugin_id for row in record.decisions if row.plugin_id))
    prices = [f"{symbol} {one.timeframe}" for symbol, one in record.series.items()]
    return f"{_few(plugins) or 'no plugin'} on {_few(prices) or 'no prices'}"


def period(record: RunRecord) -> str:
    """From and to, in UTC, to the minute."""
    start, end = iso_utc(record.start_ns) or "", iso_utc(record.end_ns) or ""
    return f"{start[:16].replace('T', ' ')} to {end[:16].replace('T', ' ')} UTC"


def _alerts(stats: Mapping[str, Any]) -> str:
    refused = stats["refusals"]
    outcomes = {k: v for k, v in stats["outcomes"].items() if k != "refused"}
    why = f"; {sum(refused.values())} refused ({words(refused)})" if refused else ""
    return f"{count(stats['alerts'], 'alert')}: {words(outcomes) or 'none decided'}{why}"


def _tickets(stats: Mapping[str, Any]) -> str:
    if not stats["tickets"]:
        return "no ticket was closed; the balance is the deposit throughout"
    exits = {reason: group["tickets"] for reason, group in stats["by_exit_reason"].items()}
    return f"{count(stats['tickets'], 'ticket')}, {percent(stats['win_rate'])} won; exits: {words(exits)}"


def _money(stats: Mapping[str, Any]) -> str:
    unit = stats["currency"]
    return (
        f"net {money(stats['net_profit'], sign=True)} {unit} ({percent(stats['return_frac'], sign=True)}), "
        f"profit factor {number(stats['profit_factor'])}, expectancy {money(stats['expectancy'], sign=True)} {unit} "
        f"a ticket, commission {money(stats['commission'])}, swap {money(stats['swap'])}"
    )


def _risk(stats: Mapping[str, Any]) -> str:
    growth = percent(stats["cagr"]) if stats["cagr"] is not None else "not given below 30 days"
    return (
        f"max drawdown {money(stats['max_drawdown'])} {stats['currency']} ({percent(stats['max_drawdown_frac'])}), "
        f"Sharpe {number(stats['sharpe'])}, Sortino {number(stats['sortino'])}, yearly growth {growth}"
    )


def _ambiguous(record: RunRecord, stats: Mapping[str, Any]) -> str:
    if not stats["ambiguous"]:
        return "ambiguous: none; no bar held both a ticket's stop and its target"
    taken = {"pessimistic": "the stop", "optimistic": "the target"}.get(record.fill_model.intrabar, "neither")
    return (
        f"ambiguous: {count(stats['ambiguous'], 'ticket')} whose bar held stop and target; "
        f"{money(stats['ambiguous_money'])} {stats['currency']} between the two readings "
        f"({record.fill_model.intrabar}: {taken} was taken)"
    )


def _outside(stats: Mapping[str, Any]) -> str:
    outside = stats["outside_data"]
    if not any(outside.values()):
        return "outside the prices: no alert"
    return (
        f"outside the prices: {count(outside['before'], 'alert')} before, {outside['after']} after; "
        f"{outside['no_prices']} for symbols without prices"
    )


def words(counts: Mapping[str, int], limit: int = 6) -> str:
    """``filled 12, closed 3``: at most ``limit`` of them, then how many more there are."""
    return _few([f"{word or '(none)'} {n}" for word, n in counts.items()], limit)


def count(n: int, noun: str) -> str:
    """``1 ticket``, ``1,234 tickets``."""
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def money(value: float | None, *, sign: bool = False) -> str:
    """Two decimals and thousands apart; a dash for what does not exist."""
    if value is None:
        return EMPTY
    return f"{value:+,.2f}" if sign else f"{value:,.2f}"


def both(first: str, second: str) -> str:
    """Two figures, or one dash where neither exists."""
    return EMPTY if first == second == EMPTY else f"{first}, {second}"


def number(value: float | None, digits: int = 2) -> str:
    """So many decimals; a dash for what does not exist."""
    return EMPTY if value is None else f"{value:,.{digits}f}"


def percent(value: float | None, *, sign: bool = False) -> str:
    """A share as per cent with one decimal; a dash for what does not exist."""
    if value is None:
        return EMPTY
    return f"{value:+.1%}" if sign else f"{value:.1%}"


def _few(items: Iterable[str], limit: int = 4) -> str:
    found = list(items)
    more = f" and {len(found) - limit} more" if len(found) > limit else ""
    return ", ".join(found[:limit]) + more
