"""``zepix config show | check | import``: what holds and why, what is wrong, an older program's settings as ours."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zepix.commands.console import harmless, note, problem, say

if TYPE_CHECKING:
    from zepix.commands.config_effective import Asked, Setting
    from zepix.commands.config_import import Imported

__all__ = ["app"]

app = typer.Typer(help="Settings: what holds and where it came from, what is wrong, an older config.json.")

SpecFile = Annotated[Path | None, typer.Argument(metavar="SPEC.toml", help="Spec file: TOML, JSON or YAML.")]
Settings = Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="A setting. Repeatable.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]


def _asked(spec: Path | None, settings: list[str] | None) -> Asked:
    from zepix.commands.config_effective import asked
    from zepix.config import read_flags

    return asked(spec, read_flags(settings or []))


@app.command("show")
def show(
    spec: SpecFile = None,
    origin: Annotated[bool, typer.Option("--origin", help="Also where each setting came from.")] = False,
    settings: Settings = None,
    as_json: Json = False,
) -> None:
    """Print every setting that holds, secrets masked; with --origin the layer, file and line that each came from."""
    from zepix.commands.config_effective import effective

    found = _asked(spec, settings)
    rows = effective(found)
    if as_json:
        say(json.dumps([row.as_dict() for row in rows], indent=2))
    else:
        for row in rows:
            say(_line(row, origin))
    _tell(found.problems)


@app.command("check")
def check(spec: SpecFile = None, settings: Settings = None, as_json: Json = False) -> None:
    """Say everything that is wrong with the settings, for a replay and for live, with near names; exit status 2.

    Data files are not opened: zepix check does that.
    """
    found = _asked(spec, settings)
    if as_json:
        say(json.dumps({"problems": found.problems, "notes": found.notes}, indent=2))
        if found.problems:
            raise typer.Exit(2)
        return
    for text in found.notes:
        note(f"note: {harmless(text)}")
    _tell(found.problems)
    counts = {layer: sum(origin == layer for *_, origin in found.config.leaves()) for layer in
              ("file", "environment", "flag")}  # fmt: skip
    said = ", ".join(
        f"{count} from {'flags' if layer == 'flag' else f'the {layer}'}" for layer, count in counts.items()
    )
    say(f"no problem found; settings: {said}, the rest are defaults")


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="CONFIG.json", help="Settings of an older program.")],
    out: Annotated[Path, typer.Option("--out", metavar="SPEC.toml", help="The spec to write.")],
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace what is there.")] = False,
    as_json: Json = False,
) -> None:
    """Write an older config.json as a spec; name what was not understood, and where each secret belongs.

    No secret is written. What is written passes zepix config check.
    """
    from zepix.commands.config_import import import_file

    found, problems = import_file(file, out, overwrite=overwrite)
    if as_json:
        say(json.dumps(_told(found, problems), indent=2))
        if problems:
            raise typer.Exit(2)
        return
    say(harmless(f"{out}: {len(found.copied)} settings of {file}"))
    for text in found.notes:
        say(f"  {harmless(text)}")
    if found.left:
        say("left out:")
    for key, why in found.left.items():
        say(f"  {key}: {harmless(why)}")
    if found.secrets:
        say("secrets, none of which was written:")
    for key, where in found.secrets.items():
        say(f"  {key}: {where}")
    _tell(problems)


def _told(found: Imported, problems: list[str]) -> dict[str, Any]:
    return {
        "copied": found.copied,
        "left": found.left,
        "secrets": found.secrets,
        "notes": found.notes,
        "problems": problems,
    }


def _line(row: Setting, origin: bool) -> str:
    from zepix.config.toml_text import toml_value

    shown = "none" if row.value is None else _shown(row.value, toml_value)
    text = f"{row.key} = {shown}"
    if origin:
        text += f"  # {row.origin}" + (f" {row.where}" if row.where else "")
    return harmless(text)


def _shown(value: Any, write: Any) -> str:
    try:
        return str(write(value))
    except ValueError:  # a class's own default may be anything
        return ascii(value)


def _tell(problems: list[str]) -> None:
    """Every problem, and the exit status that goes with it."""
    for text in problems:
        problem(harmless(text))
    if problems:
        raise typer.Exit(2)
