"""The prices of a finished run, loaded again from where its spec found them: used where they are still what they were.

A run's folder names its price files and their checksums, and holds no price. What has moved, or has changed, is said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any

from zepix.data import default_catalogue, load_bars, load_instruments
from zepix.errors import ConfigError, DataError
from zepix.model import Catalogue, FillModel, Series

__all__ = ["RunPrices", "prices_of_run"]

Meta = Mapping[str, Any]


@dataclass(slots=True)
class RunPrices:
    """``series`` by symbol that are those of the run; ``missing``: why one is not there; ``notes`` to say."""

    catalogue: Catalogue
    fill: FillModel
    series: Mapping[str, Series] = field(default_factory=dict)
    missing: Mapping[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def prices_of_run(meta: Meta, name: str, bars: Sequence[str | PathLike[str]] | None = None) -> RunPrices:
    """Of what ``run.json`` holds; ``name`` is what the run is called in sentences; ``bars``: where its prices are now.

    Raises nothing for prices that are gone or are others: ``missing`` says so.
    """
    spec: Meta = meta.get("spec") or {}
    fill = FillModel(**spec["fill"]) if spec.get("fill") else FillModel()
    found = RunPrices(default_catalogue(), fill)
    if spec.get("instruments"):
        try:
            found.catalogue = found.catalogue.with_instruments(load_instruments(Path(spec["instruments"])))
        except (DataError, ConfigError):
            found.notes.append(f"the instruments of {name} are not where they were; the shipped ones stand for them")
    data: Mapping[str, Any] = meta.get("data") or {}
    where = [str(one) for one in (spec.get("bars") or () if bars is None else bars)]
    try:
        loaded = load_bars(
            where, found.catalogue, choice=spec.get("choice") or {}, crossed=spec.get("crossed", "raise_ask"),
            to_ns=spec.get("to_ns"), symbols=set(data), cache=bool(spec.get("cache", True)), finer=fill.finer,
            finer_for=set(data),
        )  # fmt: skip
    except (DataError, ConfigError, OSError) as why:
        found.notes.append(f"prices of {name} are not at hand ({why})")
        found.missing = dict.fromkeys(data, f"they are not at hand ({why})")
        return found
    series = {**loaded.series, **loaded.finer}
    changed = [s for s, one in series.items() if s in data and one.facts.get("checksum") != data[s].get("checksum")]
    if changed:
        found.notes.append(f"prices of {name} have changed since the run ({', '.join(changed)}) and are not used")
    found.series = {symbol: one for symbol, one in series.items() if symbol in data and symbol not in changed}
    gone = f"{', '.join(where) or 'what the run was given'} has none of that symbol"
    found.missing = {
        symbol: f"{_files(data[symbol])} {'has' if symbol in changed else 'is not there:'} "
        f"{'changed since the run' if symbol in changed else gone}"
        for symbol in data
        if symbol not in found.series
    }
    return found


def _files(facts: Meta) -> str:
    return ", ".join(str(one) for one in facts.get("sources") or ()) or "its file"
