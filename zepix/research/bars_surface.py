"""``zx.bars``: prices as a notebook has them: loaded, told, opened up as DataFrames, and handed to a replay."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any

from zepix.config.keys import near
from zepix.data import BarsLoaded, load_bars
from zepix.errors import ConfigError
from zepix.model import Catalogue, Series
from zepix.model.series import PRICE_COLUMNS
from zepix.research.alerts_surface import catalogue_with
from zepix.research.columns import prices_of

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Bars", "bars"]


class Bars:
    """Prices of one or more symbols: ``frame(symbol)`` is a DataFrame, ``self[symbol]`` the integer points.

    ``arguments``, ``choice`` and ``instruments`` are what it was loaded by: a replay that is given these bars loads the
    same ones, by memory map.
    """

    def __init__(
        self,
        loaded: BarsLoaded,
        catalogue: Catalogue,
        arguments: Sequence[str],
        choice: Mapping[str, str],
        instruments: str | PathLike[str] | None,
    ) -> None:
        self.loaded = loaded
        self.catalogue = catalogue
        self.arguments = tuple(arguments)
        self.choice = dict(choice)
        self.instruments = instruments

    @property
    def symbols(self) -> list[str]:
        """The symbols that have prices, in the catalogue's order."""
        return list(self.loaded.series)

    @property
    def series(self) -> Mapping[str, Series]:
        """Integer points by symbol."""
        return self.loaded.series

    def __getitem__(self, symbol: str) -> Series:
        return self.loaded.series[self._known(symbol)]

    def __len__(self) -> int:
        return sum(len(one) for one in self.loaded.series.values())

    def frame(self, symbol: str | None = None) -> pd.DataFrame:
        """Bid and ask of one symbol as prices, by the open time of the bar (aware, UTC); the only symbol if unnamed.

        Raises ConfigError where several are loaded and none is named.
        """
        import pandas as pd

        one = self.only(symbol)
        time = pd.DatetimeIndex(pd.to_datetime(one.time, unit="ns", utc=True), name="time")
        instrument = self.catalogue[one.symbol]
        columns = {name: prices_of(instrument, getattr(one, name).astype("int64")) for name in PRICE_COLUMNS}
        return pd.DataFrame(columns, index=time)

    def only(self, symbol: str | None = None) -> Series:
        """The integer points of ``symbol``, or of the only one there is. Raises ConfigError."""
        if symbol is None and len(self.symbols) > 1:
            raise ConfigError(f"several symbols are loaded; name one of {', '.join(self.symbols)}")
        return self[self.symbols[0] if symbol is None else symbol]

    def lines(self) -> list[str]:
        """What printing shows: a line a symbol, then what was noted while loading."""
        said = []
        for row in self.loaded.report:
            facts = [f"{row['rows']:,} rows" if "rows" in row else f"{len(self[row['symbol']]):,} rows"]
            facts += [f"{row['first']} to {row['last']}"]
            facts += [f"spread {row['spread']}"] if "spread" in row else []
            gaps = row.get("gaps")
            facts += [f"gaps {gaps}"] if gaps else []
            facts += [f"{row['crossed_raised']} crossed asks raised"] if row.get("crossed_raised") else []
            said.append(f"{row['symbol']} {row['timeframe']}: {', '.join(facts)}")
        return [*said, *(f"warning: {note}" for note in self.loaded.notes)]

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def __repr__(self) -> str:
        return f"<Bars {', '.join(f'{s} {one.timeframe} {len(one):,}' for s, one in self.loaded.series.items())}>"

    def _repr_html_(self) -> str:
        return f"<div>{'<br>'.join(html.escape(line) for line in self.lines())}</div>"

    def _known(self, symbol: str) -> str:
        found = self.catalogue.resolve(symbol) if symbol not in self.loaded.series else symbol
        if found not in self.loaded.series:
            raise ConfigError(
                f"no bars of {symbol!r}{near(symbol, self.symbols) or '; there are ' + ', '.join(self.symbols)}"
            )
        return found


def bars(
    *paths: str | PathLike[str],
    symbols: str | Sequence[str] | None = None,
    choice: Mapping[str, str] | None = None,
    instruments: str | PathLike[str] | None = None,
) -> Bars:
    """Prices of store folders, Parquet files named ``SYMBOL_TF_*.parquet``, or ``SYMBOL:TF=PATH``.

    symbols: which of a folder (all). choice: the timeframe where a folder has several (``{"EURUSD": "M1"}``).
    instruments: a TOML file of your own symbols. The integers are cached beside the files and mapped into memory.
    Raises ConfigError and DataError.
    """
    flat: list[Any] = []
    for one in paths:
        flat += [one] if isinstance(one, str | PathLike) else list(one)
    if not flat:
        raise ConfigError("no bars: name a folder, a Parquet file or SYMBOL:TF=PATH")
    arguments = [str(one) for one in flat]
    catalogue = catalogue_with(instruments)
    named = [symbols] if isinstance(symbols, str) else symbols
    wanted = None if named is None else {catalogue.resolve(one) for one in named}
    loaded = load_bars(arguments, catalogue, choice=choice, symbols=wanted)
    return Bars(loaded, catalogue, arguments, choice or {}, instruments)
