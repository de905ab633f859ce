"""Run a spec and show what came of it: for ``zepix backtest`` and ``zepix demo``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zepix.commands.console import note, progress, say, table
from zepix.commands.results_folder import results_folder

if TYPE_CHECKING:
    from zepix.research.result import Result
    from zepix.spec import Spec

__all__ = ["replay_and_show"]


def replay_and_show(spec: Spec, *, as_json: bool = False, quiet: bool = False, open_report: bool = False) -> None:
    """Replay, write the files, print a table (or JSON, or the folder alone). Raises ConfigError and DataError."""
    from zepix.research.replay import run

    with results_folder(spec) as folder:
        with progress("replay", hidden=quiet) as tell:
            result = run(spec, progress=tell)
        result.save(folder, report=spec.report)
        report = folder / "report.html" if spec.report else None
        if as_json:
            document = json.loads((folder / "run.json").read_text(encoding="utf-8"))
            say(json.dumps(document, indent=2))
        elif quiet:
            say(str(folder))
        else:
            _show(result, folder, report)
        if spec.profile:
            _show_profile(result.record.metrics)
    if open_report and report is not None:
        _open(report)


def _show(result: Result, folder: Path, report: Path | None) -> None:
    from zepix.research.headline import money, number, percent, words

    lines, stats = result.lines(), result.stats
    unit = stats["currency"]
    say(lines[0])
    rows = [
        ("alerts", f"{stats['alerts']:,}: {words(stats['outcomes']) or 'none decided'}"),
        ("refused", words(stats["refusals"]) or "none"),
        ("tickets", f"{stats['tickets']:,}, {percent(stats['win_rate'])} won"),
        ("net profit", f"{money(stats['net_profit'], sign=True)} {unit} ({percent(stats['return_frac'], sign=True)})"),
        ("profit factor", number(stats["profit_factor"])),
        ("expectancy", f"{money(stats['expectancy'], sign=True)} {unit} a ticket"),
        ("costs", f"commission {money(stats['commission'])}, swap {money(stats['swap'])} {unit}"),
        ("max drawdown", f"{money(stats['max_drawdown'])} {unit} ({percent(stats['max_drawdown_frac'])})"),
        ("Sharpe, Sortino", f"{number(stats['sharpe'])}, {number(stats['sortino'])}"),
        ("ambiguous", f"{stats['ambiguous']:,} tickets, {money(stats['ambiguous_money'])} {unit} between the readings"),
    ]
    table(("figure", "value"), rows)
    for line in lines:
        if line.startswith("warning"):
            note(line)
    say(lines[7])
    say(f"report {report}" if report is not None else f"files in {folder}")


def _show_profile(metrics: dict[str, Any]) -> None:
    rows = [
        (plugin, service, calls, errors, round(total_ms, 3), round(1000 * total_ms / calls, 2) if calls else 0.0)
        for plugin, services in metrics.items()
        for service, (calls, errors, total_ms) in services.items()
    ]
    note("time in services, by plugin (milliseconds in all, microseconds a call):")
    for plugin, service, calls, errors, total_ms, mean_us in rows:
        note(f"  {plugin} {service}: {calls} calls, {errors} errors, {total_ms} ms, {mean_us} us a call")


def _open(report: Path) -> None:
    import webbrowser

    if not webbrowser.open(report.resolve().as_uri()):
        note(f"no browser could be opened; the report is {report}")
