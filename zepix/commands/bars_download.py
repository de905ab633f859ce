"""``zepix bars download``: prices from a public feed into a store; the plan is told before anything is fetched."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from zepix.commands.alert_options import Instruments, Json, Symbols, Zone, catalogue_of, pairs_of, zone_of
from zepix.commands.console import note, progress, say, table, words
from zepix.errors import ConfigError

if TYPE_CHECKING:
    from zepix.data.download import Plan, Want
    from zepix.model import Catalogue

__all__ = ["download"]

FEEDS: Final = ("dukascopy",)
_COLUMNS: Final = ("symbol", "kind", "for", "first", "last", "days", "files", "kept", "to_fetch", "about_bytes")
_MONTH: Final = ("symbol", "timeframe", "first", "last", "rows", "written")
Names = Annotated[
    str | None, typer.Option("--symbols", metavar="A,B", help="Ours or the feed's; with a log: only these of it.")
]
First = Annotated[str | None, typer.Option("--from-date", metavar="DAY", help="The first, as 2024-01-31 (UTC).")]
Last = Annotated[str | None, typer.Option("--to-date", metavar="DAY", help="The last, in it.")]
Log = Annotated[
    Path | None, typer.Option("--for-alerts", metavar="FILE", help="The symbols and days that an alert log needs.")
]
Before = Annotated[int, typer.Option("--before-days", help="Days before each alert, for indicators.")]
After = Annotated[int, typer.Option("--after-days", help="Days after each alert, for open tickets.")]
Account = Annotated[str, typer.Option("--account-currency", help="Pairs that turn money into it are fetched too.")]
Host = Annotated[str | None, typer.Option("--host", metavar="URL", help="Another server of the same files.")]
Pause = Annotated[float, typer.Option("--pause", metavar="SECONDS", min=0.0, max=60.0, help="Between requests.")]
PlanOnly = Annotated[bool, typer.Option("--plan", help="Tell the plan and fetch nothing.")]


def download(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="The store: a folder of Parquet files.")],
    feed: Annotated[str, typer.Option("--from", metavar="dukascopy", help="Whose prices.")] = "dukascopy",
    symbols: Names = None,
    first: First = None,
    last: Last = None,
    for_alerts: Log = None,
    before_days: Before = 5,
    after_days: After = 10,
    account_currency: Account = "USD",
    ticks: Annotated[bool, typer.Option("--ticks", help="Ticks, an hour a file.")] = False,
    m1: Annotated[bool, typer.Option("--m1", help="One-minute bars, a day and side a file (the default).")] = False,
    host: Host = None,
    pause_s: Pause = 0.25,
    plan_only: PlanOnly = False,
    instruments: Instruments = None,
    symbol_map: Symbols = None,
    zone: Zone = None,
    as_json: Json = False,
) -> None:
    """Fetch prices from Dukascopy's public feed into a store: days of symbols, or what an alert log needs."""
    from zepix.data.download import HOST, Politeness, check_host, make_plan
    from zepix.data.download import download as fetch
    from zepix.data.download.keeping import RAW

    if feed not in FEEDS:
        raise ConfigError(f"--from {feed}: expected {', '.join(FEEDS)}")
    check_host(host or HOST)
    catalogue = catalogue_of(instruments)
    said = [word.strip() for word in (symbols or "").split(",") if word.strip()]
    notes: list[str] = []
    if for_alerts is None:
        wants = _asked(said, first, last)
    else:
        alerts = _alerts(for_alerts, catalogue, pairs_of(symbol_map), zone)
        around = {"before_days": before_days, "after_days": after_days, "account_currency": account_currency}
        wants, notes = _of_log(alerts, said, first, last, catalogue, around)
    kinds = [kind for kind, wanted in (("ticks", ticks), ("m1", m1 or not ticks)) if wanted]
    plan = make_plan(wants, kinds, catalogue, out / RAW, now=datetime.now(UTC))
    plan.notes[:0] = notes
    _tell_plan(plan, as_json)
    if plan_only:
        return
    with progress("fetching", hidden=as_json) as tell:
        report = fetch(plan, out, catalogue, host=host or HOST, politeness=Politeness(pause_s=pause_s), progress=tell)
    _tell(report, as_json)


def _asked(symbols: list[str], first: str | None, last: str | None) -> list[Want]:
    """Days of symbols that were said outright; raises ConfigError with what is missing."""
    from zepix.data.download import Want, parse_days

    flags = {"--symbols": symbols, "--from-date": first, "--to-date": last}
    missing = [flag for flag, value in flags.items() if not value]
    if missing or first is None or last is None:
        raise ConfigError(f"{', '.join(missing)}: needed, unless --for-alerts names a log")
    days = parse_days(first, last)
    return [Want(symbol, days) for symbol in dict.fromkeys(symbols)]


def _of_log(
    alerts: list[tuple[str, int]],
    symbols: list[str],
    first: str | None,
    last: str | None,
    catalogue: Catalogue,
    around: dict[str, Any],
) -> tuple[list[Want], list[str]]:
    """What a log needs, of the symbols and days that were said besides."""
    from dataclasses import replace

    from zepix.data.download import parse_days, wants_of_alerts

    unknown = sorted(set(symbols) - {symbol for symbol, _ in alerts})
    if unknown:
        raise ConfigError(f"--symbols {', '.join(unknown)}: the log has no alert of it")
    some = [alert for alert in alerts if not symbols or alert[0] in symbols]
    wants, notes = wants_of_alerts(some, catalogue, **around)
    if first or last:
        days = parse_days(first or "2003-05-04", last or datetime.now(UTC).date().isoformat())
        wants = [replace(want, days=want.days & days) for want in wants]
    return [want for want in wants if want.days], notes


def _alerts(log: Path, catalogue: Catalogue, symbols: dict[str, str], zone: str | None) -> list[tuple[str, int]]:
    """Symbol and time of every alert of a log that asks for something."""
    from zepix.alerts import read_log
    from zepix.model import Alert

    rows = read_log(log, catalogue, symbol_map=symbols, zone=zone_of(zone)).rows
    found = [(row.symbol, row.received_ns) for row in rows if isinstance(row, Alert) and row.is_action]
    if not found:
        raise ConfigError(f"--for-alerts {log}: no row asks for a trade; zepix alerts validate says why")
    return found


def _tell_plan(plan: Plan, as_json: bool) -> None:
    if as_json:
        rows = [{**row, "to_fetch": row["to_fetch"]} for row in plan.rows]
        say(json.dumps({"plan": rows, "to_fetch": plan.to_fetch, "about_bytes": plan.about_bytes, "notes": plan.notes}))
        return
    table(_COLUMNS, [[words(row[name]) for name in _COLUMNS] for row in plan.rows])
    say(f"{plan.to_fetch} of {len(plan.files)} files to fetch, about {_size(plan.about_bytes)} (a rough estimate)")
    for line in plan.notes:
        note(line)


def _tell(report: dict[str, Any], as_json: bool) -> None:
    if as_json:
        say(json.dumps(report))
        return
    table(_MONTH, [[words(month.get(name)) for name in _MONTH] for month in report["months"]])
    say(
        f"{report['fetched']} files fetched ({_size(report['received_bytes'])}), {report['kept']} kept from before, "
        f"{report['empty']} hours without ticks, {report['missing']} not there, {report['failures']} requests failed"
    )
    for month in report["months"]:
        odd = {key: month[key] for key in ("days_of_one_side", "rounded_to_point", "sorted_rows") if month.get(key)}
        if odd:
            note(f"{month['written']}: {words(odd)}".replace("_", " "))


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 100_000 else f"{count / 1e3:.1f} kB"
