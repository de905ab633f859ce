"""The sections of the report that are text and tables; figures are placed by ``report``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from zepix.model import Quarantined
from zepix.research.headline import EMPTY, both, count, money, number, percent
from zepix.research.report_parts import words
from zepix.research.report_parts.markup import Html, bar, cards, details, empty, escape, joined, note, pairs, table
from zepix.research.write import iso_utc

if TYPE_CHECKING:
    from zepix.research.result import Result

__all__ = [
    "alert_gap",
    "ambiguity",
    "breakdown",
    "cannot_know",
    "data_quality",
    "decisions",
    "figures_table",
    "headline",
    "run_facts",
    "warnings",
]

_QUARANTINE_SHOWN: Final = 10
_RAW_SHOWN: Final = 200


def headline(stats: Mapping[str, Any]) -> Html:
    """The figures one looks at first."""
    unit = stats["currency"]
    factor = stats["profit_factor"]
    has_tickets = bool(stats["tickets"])
    return cards(
        [
            (
                "Net result",
                f"{money(stats['net_profit'], sign=True)} {unit}",
                f"{percent(stats['return_frac'], sign=True)} on {money(stats['deposit'])} {unit}",
                _mood(stats["net_profit"]),
            ),
            (
                "Profit factor",
                number(factor),
                f"{money(stats['gross_profit'])} won, {money(stats['gross_loss'])} lost",
                _mood(factor - 1 if factor is not None else 0),
            ),
            (
                "Tickets",
                f"{stats['tickets']:,}",
                f"{percent(stats['win_rate'])} won" if has_tickets else "none was closed",
                "",
            ),
            (
                "Expectancy a ticket",
                f"{money(stats['expectancy'], sign=True)} {unit}" if has_tickets else EMPTY,
                f"average win, loss: {both(money(stats['average_win']), money(stats['average_loss']))}",
                _mood(stats["expectancy"] or 0),
            ),
            (
                "Largest drawdown",
                percent(stats["max_drawdown_frac"]),
                f"{money(stats['max_drawdown'])} {unit}; longest {stats['longest_drawdown_days']:.1f} days",
                "",
            ),
            (
                "Sharpe, Sortino",
                both(number(stats["sharpe"]), number(stats["sortino"])),
                f"yearly, from {count(stats['daily_returns'], 'daily return')}",
                "",
            ),
            (
                "Ambiguous tickets",
                f"{stats['ambiguous']:,}",
                f"{money(stats['ambiguous_money'])} {unit} between the readings",
                "doubt" if stats["ambiguous"] else "",
            ),
            (
                "Refused",
                f"{sum(stats['refusals'].values()):,}",
                f"of {count(stats['alerts'], 'alert')}; {sum(stats['quarantined'].values()):,} quarantined",
                "",
            ),
        ]
    )


def _mood(value: float) -> str:
    return "good" if value > 0 else "bad" if value < 0 else ""


def warnings(sentences: Sequence[str]) -> Html:
    """What to know before the figures; nothing where there is nothing to say."""
    if not sentences:
        return Html("")
    items = "".join(f"<li>{escape(one)}</li>" for one in sentences)
    return Html(f'<div class="warning" role="note"><strong>Before you trust the figures</strong><ul>{items}</ul></div>')


def figures_table(stats: Mapping[str, Any]) -> Html:
    """Every figure, with what it is."""
    unit = stats["currency"]
    rows = [
        ("Gross profit, gross loss", f"{money(stats['gross_profit'])}, {money(stats['gross_loss'])} {unit}"),
        ("Commission, swap (within the net result)", f"{money(stats['commission'])}, {money(stats['swap'])} {unit}"),
        ("Expectancy in points (mixes symbols)", number(stats["expectancy_points"], 1)),
        ("Average win / average loss (payoff)", number(stats["payoff"])),
        ("Largest win, largest loss", both(money(stats["largest_win"]), money(stats["largest_loss"]))),
        ("Wins, losses in a row at most", f"{stats['consecutive_wins']}, {stats['consecutive_losses']}"),
        ("System quality number: sqrt(n) x mean / deviation", number(stats["sqn"])),
        ("Yearly growth (compound; none below 30 days)", percent(stats["cagr"])),
        ("Volatility a year", percent(stats["volatility"])),
        ("Calmar: growth / largest drawdown", number(stats["calmar"])),
        ("Time with a ticket open, weekends included", percent(stats["exposure_frac"])),
        ("Bars held on average", number(stats["average_bars_held"], 1)),
        (
            "Against and for us on average (MAE, MFE; points)",
            both(number(stats["average_mae_points"], 0), number(stats["average_mfe_points"], 0)),
        ),
        ("Days from the first to the last price", number(stats["days"], 1)),
    ]
    how = (
        "Daily returns are taken at 17:00 New York, Monday to Friday, and scaled with "
        f"{stats['periods_per_year']} days a year; the riskless return is zero. Drawdowns include open "
        "tickets. A dash means that the figure does not exist for this run."
    )
    return joined([pairs(rows), note(how)])


def breakdown(stats: Mapping[str, Any]) -> Html:
    """Tickets by symbol and exit reason."""
    if not stats["tickets"]:
        return empty("No ticket, nothing to break down.")
    heads = ["tickets", "net", "won", "profit factor", "expectancy", "points", "MAE", "MFE", "bars held", "commission"]
    made = [
        table([name, *heads], [_group(key, group) for key, group in stats[field].items()], css="even")
        for name, field in (("symbol", "by_symbol"), ("exit reason", "by_exit_reason"))
    ]
    return joined(made)


def _group(key: str, group: Mapping[str, Any]) -> list[Any]:
    return [
        key,
        f"{group['tickets']:,}",
        Html(f'<span class="{_mood(group["net_profit"])}">{money(group["net_profit"], sign=True)}</span>'),
        percent(group["win_rate"]),
        number(group["profit_factor"]),
        money(group["expectancy"], sign=True),
        number(group["expectancy_points"], 1),
        number(group["average_mae_points"], 0),
        number(group["average_mfe_points"], 0),
        number(group["average_bars_held"], 1),
        money(group["commission"]),
    ]


def decisions(result: Result) -> Html:
    """What became of the alerts, why some were refused, and what could not be understood."""
    stats = result.stats
    if not stats["outcomes"]:
        return empty("No alert reached a plugin.")
    parts = [_counted("outcome", stats["outcomes"], words.OUTCOMES)]
    if stats["refusals"]:
        parts += [Html("<h3>Refusals by reason</h3>"), _counted("reason", stats["refusals"], words.REASONS)]
    else:
        parts.append(empty("Nothing was refused."))
    for outcome in words.NOT_TRADED:
        if outcome in stats["reasons"]:
            title = Html(f"<h3>{escape(outcome.capitalize())} by reason</h3>")
            parts += [title, _counted("reason", stats["reasons"][outcome], words.REASONS)]
    if stats["quarantined"]:
        parts += [Html("<h3>Quarantine</h3>"), _counted("reason", stats["quarantined"], words.REASONS)]
        parts.append(_quarantined(result))
    return joined(parts)


def _counted(name: str, counts: Mapping[str, int], meanings: Mapping[str, str]) -> Html:
    total = sum(counts.values())
    rows = [
        [word or "(none)", meanings.get(word, ""), bar(n / total), f"{n:,}", f"{n / total:.1%}"]
        for word, n in counts.items()
    ]
    return table([name, "meaning", "", "rows", "share"], rows, words=3, css="counted")


def _quarantined(result: Result) -> Html:
    rejected = (one for one in result.record.alerts if isinstance(one, Quarantined))
    rows = [
        [one.id, iso_utc(one.received_ns) or EMPTY, one.reason, one.detail, Html(f"<code>{_shortened(one.raw)}</code>")]
        for one in islice(rejected, _QUARANTINE_SHOWN)
    ]
    made = table(["id", "received", "reason", "detail", "body"], rows, words=5, css="raw")
    return joined([made, note(f"The first {len(rows)}; quarantine.jsonl has every body whole.")])


def _shortened(raw: str) -> Html:
    return escape(raw if len(raw) <= _RAW_SHOWN else raw[:_RAW_SHOWN] + " ...")


def ambiguity(result: Result) -> Html:
    """How orders were filled, and what hangs on the one thing a bar cannot tell."""
    model, stats = result.record.fill_model, result.stats
    settings = [[name, _shown(getattr(model, name)), words.FILL_SETTINGS[name]] for name in words.FILL_SETTINGS]
    settings.append(["costs", result.record.costs, "commission and swap: by the instrument, or none"])
    return joined([_ambiguity_said(stats, model.intrabar), table(["setting", "value", "meaning"], settings, words=3)])


def _shown(value: Any) -> str:
    return "by the instrument" if value is None else f"{value}"


def _ambiguity_said(stats: Mapping[str, Any], intrabar: str) -> Html:
    if not stats["ambiguous"]:
        return Html("<p>No ticket is ambiguous: no bar held both a stop and a target while its range decided.</p>")
    share = stats["ambiguous"] / stats["closing_fills"]
    net, doubt, unit = stats["net_profit"], stats["ambiguous_money"], stats["currency"]
    other = net + doubt if intrabar == "pessimistic" else net - doubt
    return Html(
        f"<p><strong>{escape(count(stats['ambiguous'], 'ticket'))}</strong> ({share:.1%}) ended in a bar that held "
        f"both the stop and the target; {escape(words.INTRABAR.get(intrabar, ''))}. Had every one of them gone the "
        f"other way, the net result would be <strong>{money(other, sign=True)} {escape(unit)}</strong> instead of "
        f"{money(net, sign=True)}, all else equal: {money(doubt)} {escape(unit)} hang on it. "
        "A shorter timeframe or ticks narrow it.</p>"
    )


def alert_gap(result: Result) -> Html:
    """How far the prices in the alerts lie from ours, and what moving the bars would do."""
    gaps = result.alert_gaps
    if not gaps:
        return empty("No alert carried a price of its own that could be compared.")
    rows = [
        [g.symbol, f"{g.compared:,}", number(g.median_points, 1), number(g.median_pips), number(g.p95_points, 1),
         number(g.max_points, 1), EMPTY if g.shift_h is None else f"{g.shift_h:+d} h"]
        for g in gaps
    ]  # fmt: skip
    heads = ["symbol", "alerts", "median points", "median pips", "95 % below", "largest", "better moved by"]
    said = [Html(f'<p class="alarm">{escape(gap.warning)}</p>') for gap in gaps if gap.warning]
    how = (
        "The alert's own price against the mid known when it arrived, unsigned; only where our price was fresh. "
        "Whole hours from -14 to +14 are tried for the bars."
    )
    return joined([*said, table(heads, rows), note(how)])


def data_quality(result: Result) -> Html:
    """Where the prices came from, what was found in them, and what was repaired."""
    if not result.record.series:
        return empty("The run had no prices.")
    rows = [
        [symbol, one.timeframe, iso_utc(one.start_ns) if len(one) else EMPTY,
         iso_utc(one.end_ns) if len(one) else EMPTY, f"{len(one):,}"]
        for symbol, one in result.record.series.items()
    ]  # fmt: skip
    found = [
        details(f"{symbol}: sources, checksum, repairs", dict(one.facts))
        for symbol, one in result.record.series.items()
        if one.facts
    ]
    if result.data_report:
        found.append(details("What loading the prices found", result.data_report))
    return joined([table(["symbol", "timeframe", "from", "to", "bars"], rows, words=4), _facts(result), *found])


def _facts(result: Result) -> Html:
    """Facts that are single values, one row each, one column a symbol."""
    series = {symbol: one.facts for symbol, one in result.record.series.items() if one.facts}
    names = dict.fromkeys(name for facts in series.values() for name, value in facts.items() if _is_shown(name, value))
    rows: Iterable[list[Any]] = [
        [name.replace("_", " "), *(_fact(facts.get(name, EMPTY)) for facts in series.values())] for name in names
    ]
    return table(["found", *series], rows) if names else Html("")


def _is_shown(name: str, value: Any) -> bool:
    """Single values; instants and rows stand in the table above already."""
    return isinstance(value, (str, int, float)) and not name.endswith("_ns") and name != "rows"


def _fact(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,d}"
    text = str(value)
    return text if len(text) <= 40 else f"{text[:16]}..."


def run_facts(result: Result) -> Html:
    """What makes the run repeatable: digest, versions, spec, plugins, times."""
    meta = result.as_dict()
    rows: list[tuple[str, str]] = [("digest", Html(f"<code>{escape(result.digest)}</code>"))]
    rows += [(name, value) for name, value in meta["versions"].items()]
    rows += [(name.removesuffix("_s"), f"{value:.3f} s") for name, value in result.timings.items() if value]
    folded = [
        details(title, meta[key])
        for title, key in (
            ("Spec", "spec"), ("Plugins", "plugins"), ("Counts", "counts"), ("Checksums", "checksums"),
            ("Service metrics", "metrics"),
        )
        if meta[key]
    ]  # fmt: skip
    return joined([pairs(rows), *folded])


def cannot_know() -> Html:
    """The limits of any replay on bars."""
    items = "".join(f"<li><strong>{escape(what)}</strong> {escape(why)}</li>" for what, why in words.CANNOT_KNOW)
    return Html(f'<ul class="prose">{items}</ul>')
