"""Two runs compared ticket by ticket, the difference of their profits split into named parts that sum to it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from zepix.research.comparing.comparison import PARTS, Comparison

if TYPE_CHECKING:
    from zepix.research.comparing.books import Book
    from zepix.research.opening import OpenedRun
    from zepix.research.result import Result

__all__ = ["PARTS", "WITHIN_S", "Comparison", "compare"]

WITHIN_S: Final = 300.0


def compare(
    a: Result | OpenedRun | str | PathLike[str] | Book,
    b: Result | OpenedRun | str | PathLike[str] | Book,
    *,
    within_s: float = WITHIN_S,
    rate: Decimal | str | float | None = None,
    zone: Any = None,
    currency: str | None = None,
    columns: Mapping[str, str] | None = None,
    symbols: Mapping[str, str] | None = None,
    decimal: str | None = None,
    date_order: str | None = None,
    skip_bad: bool = False,
    symbol: str | None = None,
    volume_unit: str | None = None,
    instruments: str | PathLike[str] | None = None,
    plugin: str | None = None,
) -> Comparison:
    """Two runs side by side: what parted their profits, in named parts that sum to the difference to the cent.

    a and b: each a Result, a run that was opened, the folder of a run, a live data folder or one of its books
    (``my-live:twin``), a broker's statement (MetaTrader 5 history or deals, or any table with ``columns``), or a List
    of trades. ``plugin``: of this one's tickets alone. ``within_s``: the tolerance
    by which tickets are paired where alerts are not known; ``rate``: what one unit of b's currency is worth in a's,
    where they differ. The others say what a statement or list leaves open: the ``zone`` of its times (a tzinfo, or a
    word as ``America/New_York+7``), its ``currency``, its ``columns`` (field: heading), ``symbols`` (theirs: ours),
    the ``decimal`` mark, ``date_order``, ``skip_bad`` rows, the list's ``symbol`` and ``volume_unit``;
    ``instruments``: a file of your own. Raises ConfigError and DataError. The result has ``parts``, ``sum``,
    ``tickets``, ``unpaired``, ``different``, ``distance()``, ``plot()`` and ``save(folder)``.
    """
    from zepix.research.comparing.comparing import compare_books
    from zepix.research.comparing.opening import SideOptions, of_one, open_side
    from zepix.research.statements.zones import server_zone

    options = SideOptions(
        zone=server_zone(zone) if isinstance(zone, str) else zone, currency=currency, columns=dict(columns or {}),
        decimal=decimal, date_order=date_order, skips_bad=skip_bad, symbols=dict(symbols or {}), symbol=symbol,
        volume_unit=volume_unit, instruments=None if instruments is None else Path(instruments),
    )  # fmt: skip
    first = open_side(a, options)
    second = open_side(b, options)
    if plugin is not None:
        first, second = of_one(first, second, plugin)
    return compare_books(first, second, within_s=within_s, rate=None if rate is None else Decimal(str(rate)))
