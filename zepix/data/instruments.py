"""Instruments of one's own, from a TOML file: one table a symbol, every key a field of ``Instrument``.

    [GOLD]                  # a broker's own name
    base = "XAUUSD"         # takes everything from a known instrument, then changes what is said here
    commission_per_lot = 5
    spread = 30             # points; or {by_hour = [24 numbers]}

    [MYINDEX]
    point = 0.01
    contract_size = 1
    profit_currency = "USD"

``point``, ``contract_size`` and ``profit_currency`` are needed where there is no base; ``pip`` is ten points and
``margin_currency`` the profit currency unless said. All problems of a file are reported at once.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import fields
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from zepix.data.catalogue import default_catalogue, usual_slippage
from zepix.errors import ConfigError
from zepix.model import Catalogue, Instrument, SpreadModel

__all__ = ["MAX_FILE_BYTES", "MAX_INSTRUMENTS", "load_instruments"]

MAX_FILE_BYTES: Final = 1_000_000
MAX_INSTRUMENTS: Final = 1000
TRADING_WEEKS: Final = ("24/5", "23/5", "24/7")

_FIELDS: Final = tuple(f.name for f in fields(Instrument) if f.init and f.name != "symbol")
_TYPES: Final = {f.name: str(f.type) for f in fields(Instrument)}
_NEEDED: Final = ("point", "contract_size", "profit_currency")


def load_instruments(path: str | Path, catalogue: Catalogue | None = None) -> list[Instrument]:
    """The instruments a TOML file names, in its order; ``base`` may name one of ``catalogue`` or an earlier table.

    Raises ConfigError with every problem found: unreadable file, unknown keys (with near names), wrong values.
    """
    tables = _tables(Path(path))
    known: dict[str, Instrument] = dict(default_catalogue() if catalogue is None else catalogue)
    found: list[Instrument] = []
    problems: list[str] = []
    for symbol, table in tables.items():
        made = _one(symbol, table, known, problems)
        if made is not None:
            known[symbol] = made
            found.append(made)
    if problems:
        raise ConfigError(f"{Path(path).name}: {problem}" for problem in problems)
    return found


def _tables(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ConfigError(f"{path}: larger than {MAX_FILE_BYTES} bytes, which no instrument file needs")
        tables = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except OSError as why:
        raise ConfigError(f"instrument file {path} cannot be read: {why.strerror or why}") from why
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as why:
        raise ConfigError(f"instrument file {path} is no TOML: {why}") from why
    if not tables:
        raise ConfigError(f"instrument file {path} names no instrument; expected tables such as [EURUSD]")
    if len(tables) > MAX_INSTRUMENTS:
        raise ConfigError(f"instrument file {path} names {len(tables)} instruments, more than {MAX_INSTRUMENTS}")
    return tables


def _one(symbol: str, table: Any, known: Mapping[str, Instrument], problems: list[str]) -> Instrument | None:
    """One table as an instrument, or None with what is wrong appended to ``problems``."""
    before = len(problems)
    if not isinstance(table, dict):
        problems.append(f"{symbol}: expected a table [{symbol}], not {table!r}")
        return None
    values = _inherited(symbol, table, known, problems)
    for key, value in table.items():
        if key == "base":
            continue
        if key not in _FIELDS:
            problems.append(f"{symbol}: unknown key {key!r}{_near(key, (*_FIELDS, 'base'))}")
            continue
        try:
            values[key] = _value(key, value)
        except (TypeError, ValueError, InvalidOperation) as why:
            problems.append(f"{symbol}.{key}: {why or 'no number'}")
    if len(problems) > before:
        return None
    if "spread" in values and "spread" in table and "slippage_points" not in table:
        values["slippage_points"] = usual_slippage(values["spread"].points)
    try:
        return Instrument(symbol=symbol, **values)
    except ValueError as why:
        problems.append(str(why))
        return None


def _inherited(
    symbol: str, table: dict[str, Any], known: Mapping[str, Instrument], problems: list[str]
) -> dict[str, Any]:
    """The fields of ``base``, or the defaults of an instrument that has none."""
    base = table.get("base")
    if base is not None:
        if not isinstance(base, str) or base not in known:
            problems.append(f"{symbol}.base: {base!r} is no known instrument{_near(str(base), tuple(known))}")
            return {}
        values = {name: getattr(known[base], name) for name in _FIELDS}
        if "pip" in table and "spread_pip" not in table:
            values["spread_pip"] = Decimal(0)
        if "point" in table and "tick_size" not in table:
            values["tick_size"] = Decimal(0)
        return values
    missing = [name for name in _NEEDED if name not in table]
    if missing:
        problems.append(f"{symbol}: {', '.join(missing)} missing; say them, or base = a known symbol")
        return {}
    values = {"asset_class": "other", "margin_currency": table["profit_currency"]}
    if "pip" not in table:
        with suppress(TypeError, ValueError):  # a wrong point is reported as such
            values["pip"] = 10 * _decimal(table["point"])
    return values


def _value(key: str, value: Any) -> Any:
    """A TOML value as the field's type; raises TypeError or ValueError with a sentence."""
    if key == "spread":
        return _spread(value)
    kind = _TYPES[key]
    if kind == "Decimal":
        return _decimal(value)
    if kind == "int":
        if isinstance(value, bool) or not isinstance(value, int):
            raise TypeError(f"expected a whole number, not {value!r}")
        return value
    if not isinstance(value, str) or not value.strip():
        raise TypeError(f"expected a text, not {value!r}")
    if key == "trading_week" and value not in TRADING_WEEKS:
        raise ValueError(f"expected one of {', '.join(TRADING_WEEKS)}, not {value!r}")
    return value


def _decimal(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        raise TypeError(f"expected a number, not {value!r}")
    try:
        number = Decimal(value)
    except InvalidOperation:
        raise ValueError(f"expected a number, not {value!r}") from None
    if not number.is_finite():
        raise ValueError(f"expected a finite number, not {value}")
    return number


def _spread(value: Any) -> SpreadModel:
    """``12``, ``{points = 12}`` or ``{by_hour = [24 numbers]}``, in points."""
    table = value if isinstance(value, dict) else {"points": value}
    unknown = set(table) - {"points", "by_hour"}
    if unknown:
        raise ValueError(f"unknown key {sorted(unknown)[0]!r}; a spread has points or by_hour")
    hours = table.get("by_hour", [])
    numbers = [table.get("points", 0), *hours] if isinstance(hours, list) else [None]
    if not all(isinstance(n, int) and not isinstance(n, bool) for n in numbers):
        raise TypeError("expected whole points: a number, or {by_hour = [24 numbers]}")
    return SpreadModel(table.get("points", 0), tuple(hours))


def _near(word: str, known: tuple[str, ...]) -> str:
    close = get_close_matches(word, known, n=3)
    return f"; did you mean {' or '.join(close)}?" if close else ""
