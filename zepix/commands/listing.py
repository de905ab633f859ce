"""``zepix strategies`` and ``zepix instruments``: what is there to name."""

from __future__ import annotations

import json
from dataclasses import fields
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer

from zepix.commands.console import note, say, table

__all__ = ["instruments", "strategies"]


def strategies(
    folder: Annotated[
        list[Path] | None,
        typer.Option("--dir", metavar="DIR", help="Folder of strategies. Repeatable. Default: ./strategies."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List strategies with what they declare, and those that could not be loaded with the reason."""  # fmt: skip
    from zepix.engine.capabilities import capabilities_of
    from zepix.engine.registry import PluginRegistry, builtin_strategies

    own = list(folder) if folder else [path for path in (Path("strategies"),) if path.is_dir()]
    shipped = builtin_strategies()
    registry = PluginRegistry()
    registry.discover_plugins([shipped, *(path for path in own if not _same(path, shipped))])
    rows = [
        {
            "plugin_id": cls.info.plugin_id,
            "strategy": cls.info.strategy,
            "timeframes": list(cls.info.timeframes),
            "version": cls.info.version,
            "author": cls.info.author,
            "enabled": cls.info.enabled,
            "description": cls.info.description,
            "capabilities": list(capabilities_of(cls)),
        }
        for cls in registry.classes.values()
    ]
    if as_json:
        say(json.dumps({"strategies": rows, "failures": registry.failures}, indent=2))
        return
    heads = ("plugin_id", "strategy", "timeframes", "version", "author", "enabled", "description")
    table(heads, [[_shown(row[head]) for head in heads] for row in rows])
    for name, why in registry.failures.items():
        note(f"not loaded: {name}: {why}")


def instruments(
    file: Annotated[
        Path | None, typer.Option("--instruments", metavar="FILE", help="Instruments of your own, TOML.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List instruments: the ones zepix knows, and those of a file of your own."""  # fmt: skip
    from zepix.data import default_catalogue, load_instruments
    from zepix.services.restrictions import asset_of

    catalogue = default_catalogue()
    if file is not None:
        catalogue = catalogue.with_instruments(load_instruments(file))
    classes = {symbol: asset_of(symbol, one, {}).asset_class for symbol, one in catalogue.items()}
    if as_json:
        names = [f.name for f in fields(next(iter(catalogue.values()))) if f.init and f.name != "spread"]
        listed = [{n: _plain(getattr(i, n)) for n in names} | {"class": classes[i.symbol]} for i in catalogue.values()]
        say(json.dumps(listed, indent=2))
        return
    heads = ("symbol", "class", "point", "pip", "contract", "profit", "margin", "min lot", "step", "stops",
             "commission", "week")  # fmt: skip
    rows = [
        (i.symbol, classes[i.symbol], i.point, i.pip, i.contract_size, i.profit_currency, i.margin_currency,
         i.volume_min, i.volume_step, i.stops_level_points, i.commission_per_lot, i.trading_week)
        for i in catalogue.values()
    ]  # fmt: skip
    table(heads, rows)


def _same(path: Path, other: Path) -> bool:
    return path.resolve() == other.resolve()


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(value) or "any" if isinstance(value, list) else str(value)


def _plain(value: Any) -> Any:
    return format(value, "f") if isinstance(value, Decimal) else value
