"""``zepix alerts dialects | learn | schema | template``: which bodies are understood, and how to make it more."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zepix.commands.console import harmless, note, say, table
from zepix.errors import ConfigError

if TYPE_CHECKING:
    from zepix.alerts.own import OwnDialect

__all__ = ["add_to"]

Name = Annotated[str, typer.Argument(metavar="DIALECT", help="Its name, as zepix alerts dialects lists them.")]
Own = Annotated[Path | None, typer.Option("--dialects", metavar="FILE", help="Dialects of your own, TOML.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]


def add_to(app: typer.Typer) -> None:
    """Adds the verbs of this file to the group ``alerts``."""
    app.command("dialects")(dialects)
    app.command("learn")(learn)
    app.command("schema")(schema)
    app.command("template")(template)


def dialects(own: Own = None, as_json: Json = False) -> None:
    """List the dialects in the order in which they are asked, with the settings each has.

    With --dialects a file of your own is checked, and listed among them. See docs/dialects.md.
    """
    from zepix.alerts.dialects import known

    mine = _load(own)
    rows = [
        {
            "dialect": one.name,
            "rank": one.rank,
            "own": one in mine,
            "settings": {key: list(words) for key, words in one.settings.items()},
        }
        for one in sorted([*mine, *known()], key=lambda one: one.rank)
    ]
    if as_json:
        say(json.dumps(rows))
        return
    table(("dialect", "rank", "whose", "settings"), [_listed(row) for row in rows])


def learn(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Alert log, export, or text with one body a line.")],
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write the proposal there (TOML).")] = None,
    own: Own = None,
    instruments: Annotated[
        Path | None, typer.Option("--instruments", metavar="FILE", help="Instruments of your own, TOML.")
    ] = None,
    symbols: Annotated[
        list[str] | None,
        typer.Option("--symbol-map", metavar="THEIRS=OURS", help="Another name of a symbol. Repeatable."),
    ] = None,
    zone: Annotated[str | None, typer.Option("--zone", metavar="ZONE", help="Zone of times that carry none.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a file of the same name.")] = False,
    as_json: Json = False,
) -> None:
    """Propose a dialect of your own from rows that nobody understands, and show what it would understand."""
    from zepix.alerts.learn import learn as learned
    from zepix.commands.alert_options import catalogue_of, pairs_of, zone_of

    if out is not None and out.exists() and not overwrite:
        raise ConfigError(f"--out {out} exists; name another file, or say --overwrite")
    lesson = learned(file, catalogue_of(instruments), symbol_map=pairs_of(symbols), zone=zone_of(zone), own=_load(own))
    if out is not None and lesson.text:
        _write(out, lesson.text)
    if as_json:
        say(json.dumps({**lesson.report, "proposal": lesson.text}))
        return
    if out is None and lesson.text:
        say(harmless(lesson.text).rstrip("\n"))
    _tell(lesson.report, out if lesson.text else None)


def schema(dialect: Name, own: Own = None) -> None:
    """Print the JSON Schema of a dialect's bodies; of a text dialect, its pattern and a description."""
    from zepix.alerts.schema import schema_of

    say(json.dumps(schema_of(dialect, _load(own)), indent=2))


def template(dialect: Name, as_json: Json = False) -> None:
    """Print the text to paste into the message box of a TradingView alert.

    The text goes to standard output, where it goes in TradingView and what to mind to standard error.
    """
    from zepix.alerts.templates import templates_of

    found = templates_of(dialect)
    if as_json:
        say(json.dumps([{"title": one.title, "text": one.text, "where": one.where, "mind": one.mind} for one in found]))
        return
    for at, one in enumerate(found):
        note(("\n" if at else "") + f"# {one.title}")
        note(f"# {one.where}")
        say(one.text)
        for line in one.mind:
            note(f"# - {line}")


def _load(file: Path | None) -> tuple[OwnDialect, ...]:
    """The dialects of a file of one's own; none where no file is named."""
    if file is None:
        return ()
    from zepix.alerts.own import load

    return load(file)


def _listed(row: dict[str, Any]) -> tuple[Any, ...]:
    settings = "; ".join(f"{key}: {', '.join(words)}" for key, words in row["settings"].items())
    return row["dialect"], row["rank"], "yours" if row["own"] else "zepix", settings


def _write(out: Path, text: str) -> None:
    from zepix.journal.atomic import written_whole

    with written_whole(out) as draft:
        draft.write_text(text, encoding="utf-8", newline="\n")


def _tell(report: dict[str, Any], out: Path | None) -> None:
    """What was found, on standard error: counts, and an example before and after of each shape."""
    note(f"{report['rows']} rows: {report['understood']} understood already, {report['set_aside']} set aside")
    for shape in report["shapes"]:
        note(f"{shape['name']}: understands {shape['would_understand']} of {shape['tried']} rows")
        note(harmless(f"  before: {shape['before']}"))
        note(harmless(f"  after:  {shape['after']}"))
        if shape["takes_over"]:
            note(f"  CAREFUL: it takes over {shape['takes_over']} rows that are understood without it")
        if shape["breaks"]:
            note(f"  not proposed: {shape['breaks']} rows that are understood now would be set aside by it")
        if shape["refused"]:
            note(harmless(f"  CAREFUL: bodies are refused for what stands at {', '.join(shape['refused'])}"))
    if report["without_shape"]:
        note(f"{report['without_shape']} rows are of no shape that could be learned")
    note(f"in all, {report['would_understand']} of {report['set_aside']} rows set aside would become alerts")
    if out is not None:
        note(f"written to {out}: read it, decide what is marked unsure, and say the units")
