"""Small price files written by hand for the tests of this folder; pyarrow only, nothing of zepix."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

MARKET = Path(__file__).resolve().parents[4] / "shared" / "data" / "market"
NO_MARKET = "the recorded prices of ../shared/data/market are not at hand"

MINUTE = timedelta(minutes=1)
MONDAY = datetime(2024, 1, 8, 10, 0, tzinfo=UTC)
PRICES = ("open", "high", "low", "close")


def times(count: int, start: datetime = MONDAY, step: timedelta = MINUTE) -> list[datetime]:
    return [start + step * k for k in range(count)]


def ns(moment: datetime) -> int:
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1_000_000_000 + since.microseconds * 1000


def columns(
    rows: list[tuple[float, float, float, float]], spread: float | None = 0.0001, start: datetime = MONDAY
) -> dict[str, Any]:
    """Bid bars from (open, high, low, close), the ask ``spread`` above or left out."""
    made: dict[str, Any] = {"time": pa.array(times(len(rows), start), pa.timestamp("us", tz="UTC"))}
    for k, price in enumerate(PRICES):
        made[f"bid_{price}"] = [row[k] for row in rows]
    if spread is not None:
        for k, price in enumerate(PRICES):
            made[f"ask_{price}"] = [row[k] + spread for row in rows]
    return made


def flat(count: int, price: float = 1.1, spread: float | None = 0.0001, start: datetime = MONDAY) -> dict[str, Any]:
    return columns([(price, price, price, price)] * count, spread, start)


def write(path: Path, made: dict[str, Any], **options: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(made), path, **options)
    return path


def utc(text: str) -> int:
    """Nanoseconds of ``2024-01-08 10:00`` read as UTC."""
    return ns(datetime.fromisoformat(text).replace(tzinfo=UTC))


def as_datetimes(time_ns: np.ndarray) -> list[str]:
    return [str(t) for t in time_ns.view("datetime64[ns]").astype("datetime64[s]")]
