"""``zepix alerts generate``: the alerts that the V3, V6 or legacy script would have sent, made from recorded prices."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zepix.commands.console import note, progress, say, table, words

if TYPE_CHECKING:
    from zepix.alerts.generate import Source
    from zepix.model import Catalogue

__all__ = ["generate"]

Texts = list[str]
Charts = Annotated[
    str | None, typer.Option("--timeframes", metavar="5,15,60", help="Charts, made of the bars; else the bars' own.")
]
Settings = Annotated[
    Texts | None, typer.Option("--set", metavar="NAME=VALUE", help="A number of the script. Repeatable.")
]


def generate(
    dialect: Annotated[str, typer.Option("--dialect", metavar="v3|v6|legacy", help="Whose alerts.")],
    bars: Annotated[Texts, typer.Option("--bars", metavar="SYMBOL:TF=PATH", help="Parquet file or store. Repeatable.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="The log to write: .jsonl or .parquet.")],
    timeframes: Charts = None,
    from_: Annotated[str | None, typer.Option("--from", metavar="T", help="No alert before this.")] = None,
    to: Annotated[str | None, typer.Option("--to", metavar="T", help="End, not included.")] = None,
    settings: Settings = None,
    instruments: Annotated[
        Path | None, typer.Option("--instruments", metavar="FILE", help="Instruments of your own, TOML.")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a log of the same name.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the manifest and nothing else.")] = False,
) -> None:
    """Make the alerts that the V3, V6 or legacy script would have sent at the close of each bar.

    A manifest beside the log says what was left out, and why. See docs/generate.md.
    """  # fmt: skip
    from zepix.alerts.generate import manifest_path, settings_of, write_alerts
    from zepix.commands.alerts import catalogue_of

    chosen = settings_of(dialect, settings or [])
    from_ns, to_ns = _span(from_, to)
    charts = _charts(timeframes)
    sources, notes = _sources(bars, catalogue_of(instruments), to_ns)
    for line in notes:
        note(line)
    with progress("alerts", hidden=as_json) as tell:
        manifest = write_alerts(
            sources,
            dialect,
            out,
            timeframes=charts,
            settings=chosen,
            from_ns=from_ns,
            to_ns=to_ns,
            overwrite=overwrite,
            progress=tell,
        )
    if as_json:
        say(json.dumps(manifest, indent=2))
    else:
        _show(manifest, out, manifest_path(out))


def _charts(text: str | None) -> list[str]:
    """The charts' timeframes, none for the bars' own. Raises ConfigError for an empty one, and one named twice."""
    from zepix.errors import ConfigError
    from zepix.model import timeframe

    if text is None:
        return []
    words = [word.strip() for word in text.split(",")]
    if not all(words):
        raise ConfigError(f"--timeframes {text!r}: expected timeframes between commas, as 5,15,60")
    seen: dict[int, str] = {}
    for word in words:
        try:
            minutes = timeframe.minutes(word)
        except ValueError as why:
            raise ConfigError(f"--timeframes {text!r}: {why}") from None
        if minutes in seen:
            raise ConfigError(f"--timeframes {text!r}: {seen[minutes]} and {word} are one chart; name it once")
        seen[minutes] = word
    return words


def _span(from_: str | None, to: str | None) -> tuple[int | None, int | None]:
    """The two moments; raises ConfigError for what is no time, or a span that is none."""
    from zepix.errors import ConfigError
    from zepix.spec import instant_ns

    found: list[int | None] = []
    problems: list[str] = []
    for flag, text in (("--from", from_), ("--to", to)):
        try:
            found.append(None if text is None else instant_ns(text))
        except ValueError as why:
            problems.append(f"{flag} {text!r}: {why}")
    if not problems and None not in found and found[0] >= found[1]:  # type: ignore[operator]
        problems.append(f"--from {from_} must lie before --to {to}")
    if problems:
        raise ConfigError(problems)
    return found[0], found[1]


def _sources(bars: Texts, catalogue: Catalogue, to_ns: int | None) -> tuple[list[Source], list[str]]:
    """The bars with the volumes of their file, where it has any."""
    from zepix.alerts.generate import Source
    from zepix.alerts.generate.volumes import read_volumes
    from zepix.data import load_bars

    found: list[Source] = []
    notes: list[str] = []
    for argument in bars:
        loaded = load_bars([argument], catalogue, to_ns=to_ns)
        notes += [str(line) for line in loaded.notes]
        path = Path(argument.partition("=")[2] or argument)
        for series in loaded.series.values():
            volume, said = read_volumes(path, series)
            found.append(Source(series, catalogue[series.symbol], volume, said))
    return found, notes


def _show(manifest: dict[str, Any], out: Path, beside: Path) -> None:
    alerts = manifest["alerts"]
    table(("alert", "count"), [*alerts["by_type"].items(), ("all", alerts["rows"])])
    rows = [("from", alerts["first"]), ("to", alerts["last"]), ("charts", words(alerts["by_chart"]))]
    rows += [(f"volume of {bars['symbol']}", bars["volume"]) for bars in manifest["bars"]]
    table(("what", "value"), rows)
    missing = sorted({name for names in manifest["left_out"].values() for name in names})
    say(f"left out: {', '.join(missing)}")
    say(f"log {out}, manifest {beside} (why each was left out, and what was chosen)")
