"""``zepix live status, tail, report, decisions``: what an operator looks at; nothing here changes anything."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from zepix.commands.console import note, say

__all__ = ["add_to"]

DATA: Final = typer.Option("--data", metavar="DIR", help="Folder of everything durable.", show_default=False)
Data = Annotated[Path, DATA]
Json = Annotated[bool, typer.Option("--json", help="One JSON object a line, and nothing else.")]
HERE: Final = Path("zepix-live")
MOST_COMMANDS: Final = 20
WHAT: Final = ("type", "side", "symbol")
MOST_CRITICAL: Final = 20
TAIL_ROWS: Final = 100_000
TROUBLE: Final = 1
"""The status of ``status`` where something needs somebody."""


def add_to(app: typer.Typer) -> None:
    """Make the verbs known."""
    for verb in (status, tail, report, decisions):
        app.command(verb.__name__)(verb)


def status(data: Data = HERE, as_json: Json = False) -> None:
    """Plugins, modes, books, tickets, chains, caps, prices and the last alerts; 1 where something needs somebody."""
    from zepix_live.clock import SystemClock
    from zepix_live.outside import status_of

    found = status_of(data, SystemClock())
    if as_json:
        say(json.dumps(found))
    else:
        from zepix.commands.terminal import Screen
        from zepix_live.status_text import show_status

        show_status(found, Screen())
    if found["trouble"]:
        raise typer.Exit(TROUBLE)


def tail(
    data: Data = HERE,
    start: Annotated[
        int | None, typer.Option("--from", metavar="SEQ", help="From this row on; else the newest few.", min=1)
    ] = None,
    kinds: Annotated[str, typer.Option("--kinds", metavar="A,B", help="Of these kinds; all: prices too.")] = "",
    lines: Annotated[int, typer.Option("--lines", help="So many to begin with.", min=0, max=1_000)] = 20,
    once: Annotated[bool, typer.Option("--once", help="End instead of waiting for more.")] = False,
    as_json: Json = False,
) -> None:
    """What happens, one line a row of the journal, until Ctrl+C."""
    from zepix.commands.terminal import Screen
    from zepix.errors import DataError
    from zepix_live.tailing import Follower, line_of, units_of, wanted_kinds

    if not data.is_dir():
        raise DataError(f"there is no folder {data}; give --data DIR of a live runner")
    over, screen = threading.Event(), Screen()
    journal, units = data / "journal.sqlite", None
    follower = Follower(journal, wanted_kinds(kinds), lambda seconds: not over.wait(seconds))
    try:
        after = follower.newest(lines) if start is None else start - 1
        for row in follower.rows(after, follow=not once):
            units = None if _tell(follower) else units  # another journal may count in something else
            if as_json:
                body = json.loads(row.body)
                say(json.dumps({"seq": row.seq, "t_ns": row.t_ns, "kind": row.kind, **({"body": body})}))
            else:
                units = units or units_of(journal)
                screen.raw(line_of(row, units))
        _tell(follower)
    except KeyboardInterrupt:
        return
    except BrokenPipeError:  # who read it has seen enough
        raise typer.Exit(0) from None


def _tell(follower: Any) -> bool:
    """Whether there was anything to tell of the journal itself."""
    is_any = bool(follower.notes)
    while follower.notes:
        note(follower.notes.popleft())
    return is_any


def report(data: Data = HERE, as_json: Json = False) -> None:
    """The last recovery statement: what a start found, and what became of everything that happened meanwhile."""
    from zepix_live.reading import commands, last_statement

    found = last_statement(data)
    given, critical = commands(data)[-MOST_COMMANDS:], _critical_since(data / "journal.sqlite")
    if as_json:
        say(json.dumps(found if found is None else {**found, "commands": given, "critical": critical}))
    elif found is None:
        say("the engine has not started yet")
    else:
        for line in [*found["lines"], *(f"since then needs a human: {one}" for one in critical), *given]:
            say(line)


def _critical_since(journal: Path) -> list[str]:
    """What became CRITICAL since the last start, as far as the newest rows tell, the newest last."""
    from collections import deque

    from zepix.journal.durable_reader import LogReader

    told: deque[str] = deque(maxlen=MOST_CRITICAL)
    with LogReader(journal) as reader:
        after = max(0, reader.last_seq() - TAIL_ROWS)
        for row in reader.rows(after, None, kinds=frozenset({"event", "notice", "disabled", "recovery"})):
            body = json.loads(row.body)
            if row.kind == "recovery":
                told.clear()
            elif body.get("book") == "twin":  # what a twin did happened to nobody
                continue
            elif row.kind == "disabled":
                told.append(f"{body['plugin']} is disabled after {body['failures']} failures in a row (row {row.seq})")
            elif body.get("level") == "CRITICAL" and body.get("code") != "disabled":
                told.append(f"{body.get('text') or body.get('code')} (row {row.seq})")
    return list(told)


def decisions(
    data: Data = HERE,
    reason: Annotated[str, typer.Option("--reason", help="Such as spread_high.")] = "",
    outcome: Annotated[str, typer.Option("--outcome", help="Such as refused, filled, pending.")] = "",
    plugin: Annotated[str, typer.Option("--plugin", metavar="ID", help="Of this plugin.")] = "",
    alert: Annotated[str, typer.Option("--alert", metavar="ID", help="Of this alert.")] = "",
    symbol: Annotated[str, typer.Option("--symbol", help="Such as EURUSD.")] = "",
    book: Annotated[str, typer.Option("--book", metavar="shadow|live|twin", help="Of this book.")] = "",
    since: Annotated[str, typer.Option("--since", metavar="1d|TIME", help="From then on.")] = "",
    until: Annotated[str, typer.Option("--until", metavar="1h|TIME", help="Before then.")] = "",
    limit: Annotated[int | None, typer.Option("--limit", help="The newest so many; 1,000 of what fits.")] = None,
    as_json: Json = False,
) -> None:
    """What became of every alert, one line per alert and plugin; while the runner runs or not."""
    asked = {"reason": reason, "outcome": outcome, "plugin": plugin, "alert": alert, "symbol": symbol, "book": book}
    if limit is None and not since and not until and not any(asked.values()):
        from zepix_live.reading import decisions as read

        _show_decisions(list(read(data)) if not as_json else read(data), as_json=as_json)
        return
    if outcome in ("pending", "operator"):
        from zepix_live.reading import decisions as read

        fits = [one for one in read(data) if one["outcome"] == outcome and plugin in ("", one["strategy"])]
        _show_decisions(fits[-(limit or len(fits) or 1) :], as_json=as_json)
        return
    import os

    from zepix_live.clock import SystemClock
    from zepix_live.finding import MOST, Wanted, find, moment_ns, now_of

    now_ns = now_of(data, SystemClock().now_ns())
    since_ns = moment_ns(since, now_ns, "--since") if since else None
    until_ns = moment_ns(until, now_ns, "--until") if until else None
    found = find(data, Wanted(**asked, since_ns=since_ns, until_ns=until_ns, limit=limit or MOST), os.environ)
    _show_decisions(found.rows, as_json=as_json)
    for text in found.notes:
        note(text)
    if not found.rows and reason:
        from zepix.model.decision import OUTCOMES

        if reason in OUTCOMES:
            note(f"{reason} is an outcome: --outcome {reason}")
    if not found.rows and not found.notes:
        note("no decision fits")
    if found.is_cut and not as_json:
        note(f"the newest {len(found.rows):,} are shown; --limit N shows more")


def _show_decisions(rows: Any, *, as_json: bool) -> None:
    if as_json:
        for row in rows:
            say(json.dumps(row))
        return
    from zepix.commands.terminal import Screen

    if not rows:
        return
    names = ["seq", "id", "received_at", "strategy", "what", "outcome", "reason"]
    if len({row.get("book", "shadow") for row in rows}) > 1:
        names.insert(4, "book")
    said = [{**row, "what": " ".join(filter(None, (row.get(name) for name in WHAT)))} for row in rows]
    Screen().table(names, [[row.get(name, "") for name in names] for row in said], spare="what")
