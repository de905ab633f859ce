"""Alerts that ``zepix alerts generate`` made: made again from bars that end at random instants, are they the same?

Known by the manifest beside a log. Of other alerts nobody here can see how they were made.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final

from zepix.alerts.generate import generate, manifest_path, settings_of
from zepix.errors import ConfigError
from zepix.model import Series
from zepix.research.real.cuts import mirrored
from zepix.research.replay import Loaded
from zepix.research.write import iso_utc

__all__ = ["GeneratedAlerts", "generated_alerts"]

_MOST_BYTES: Final = 4 << 20
_GENERATOR: Final = "zepix alerts generate"


@dataclass(slots=True)
class GeneratedAlerts:
    """``logs`` that were generated and made again, ``compared`` alerts; ``found`` says the first that needed more.

    ``others`` are logs whose making nobody can see.
    """

    logs: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    cuts: int = 0
    compared: int = 0
    found: str = ""
    why: str = ""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def generated_alerts(logs: Sequence[Path], loaded: Loaded, *, cuts: int = 6, seed: int = 1) -> GeneratedAlerts:
    """Make the alerts of each generated log again, up to random instants, from the bars at hand."""
    answer = GeneratedAlerts()
    source = random.Random(seed)  # noqa: S311 - a sample, no secret
    for path in logs:
        manifest = _manifest(path)
        if manifest is None:
            answer.others.append(path.name)
            continue
        answer.logs.append(path.name)
        for bars in manifest.get("bars", []):
            series = loaded.series.get(str(bars.get("symbol")))
            if series is None or series.timeframe != bars.get("timeframe"):
                answer.why = f"{path.name} was made from {bars.get('symbol')} {bars.get('timeframe')}, not at hand"
                continue
            _compare(answer, manifest, series, loaded, source, cuts)
    return answer


def _compare(
    answer: GeneratedAlerts,
    manifest: Mapping[str, Any],
    series: Series,
    loaded: Loaded,
    source: random.Random,
    cuts: int,
) -> None:
    try:
        whole = list(_made(manifest, series, loaded))
    except (ConfigError, TypeError) as error:
        answer.why = f"the manifest cannot be followed: {error}"
        return
    instants = sorted(ns for ns in {alert[0] for alert in whole} if ns < series.end_ns)
    for at_ns in source.sample(instants, min(cuts, len(instants))):
        answer.cuts += 1
        known = [one for one in whole if one[0] <= at_ns]
        again = [one for one in _made(manifest, mirrored(series, at_ns + 1), loaded) if one[0] <= at_ns]
        answer.compared += len(known)
        for was, became in zip_longest(known, again):
            if was != became and not answer.found:
                one = was or became
                assert one is not None
                words = "other, or none," if was is not None else "one"
                answer.found = (
                    f"{one[1]} {series.symbol} {one[2]} at {iso_utc(one[0])}: {words} where bars end at "
                    f"{iso_utc(at_ns)}"
                )


def _made(manifest: Mapping[str, Any], series: Series, loaded: Loaded) -> Iterator[tuple[int, str, str, str]]:
    """(received, kind, chart, body) of every alert that a manifest makes of a series."""
    pairs = [f"{name}={_word(value)}" for name, value in dict(manifest.get("parameters", {})).items()]
    settings = settings_of(str(manifest.get("dialect")), pairs)
    charts = list(dict(manifest.get("arguments", {})).get("timeframes", []))
    dialect = str(manifest["dialect"])
    made = generate(series, loaded.catalogue[series.symbol], dialect, timeframes=charts, settings=settings)
    for one in made:
        yield one.received_ns, one.kind, one.timeframe, one.body


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _manifest(log: Path) -> dict[str, Any] | None:
    path = manifest_path(log)
    try:
        if path.stat().st_size > _MOST_BYTES:
            return None
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and found.get("generator") == _GENERATOR else None
