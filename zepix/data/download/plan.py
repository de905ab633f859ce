"""Which files a download needs: symbols and days as hours of ticks or days of bars, told before anything is fetched.

- Weekends are not asked for (an hour around them is, and so is the daily break of metals and indices, in which the feed
  has ticks); holidays are, and the feed has none or an empty file.
- What has not ended an hour ago is left for later.
- For a log of alerts: the days from some before each alert (indicators want bars before it) to some after it (tickets
  stay open), and the pairs that turn profits and margins into the account's currency.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np

from zepix.data.download.feed_symbols import FeedSymbol, feed_symbol, feed_symbols
from zepix.data.week import is_outside
from zepix.errors import ConfigError
from zepix.model import Catalogue, Instrument

__all__ = ["KINDS", "Plan", "RawFile", "Want", "make_plan", "parse_days", "wants_of_alerts"]

KINDS: Final = ("ticks", "m1")
MAX_FILES: Final = 100_000
FIRST_DAY: Final = date(2003, 5, 4)
"""The feed has nothing before it."""
DAY_NS: Final = 86_400_000_000_000
HOUR_NS: Final = 3_600_000_000_000
_SETTLED_NS: Final = HOUR_NS
_EDGE_NS: Final = HOUR_NS
_EPOCH: Final = date(1970, 1, 1)
_USUAL_BYTES: Final = {"ticks": {"forex": 10_000, "other": 40_000}, "m1": {"forex": 9_000, "other": 12_000}}
"""Of one file. Recorded ticks of 2014 packed so: 4.8 kB an hour of EURUSD, 29 kB of gold; later years have more."""


@dataclass(frozen=True, slots=True)
class Want:
    """Days of a symbol, and what they are for (``asked``, ``alerts``, ``conversion``)."""

    symbol: str
    days: frozenset[date]
    purpose: str = "asked"


@dataclass(frozen=True, slots=True)
class RawFile:
    """One file of the feed: an hour of ticks, or a day of bars of one side."""

    feed: FeedSymbol
    kind: str
    start_ns: int
    side: str = ""

    @property
    def day(self) -> date:
        return _EPOCH + timedelta(days=self.start_ns // DAY_NS)

    @property
    def name(self) -> str:
        """Its last name at the feed and here: ``13h_ticks.bi5``, ``BID_candles_min_1.bi5``."""
        if self.kind == "m1":
            return f"{self.side.upper()}_candles_min_1.bi5"
        return f"{self.start_ns % DAY_NS // HOUR_NS:02d}h_ticks.bi5"

    @property
    def path(self) -> str:
        """Where the feed has it. Months count from zero there, days do not."""
        day = self.day
        return f"/{self.feed.feed}/{day.year:04d}/{day.month - 1:02d}/{day.day:02d}/{self.name}"

    @property
    def kept(self) -> Path:
        """Where it is kept, below the folder of raw files; the month as people count."""
        return Path(self.feed.symbol) / self.day.isoformat() / self.name

    @property
    def month(self) -> str:
        return f"{self.day:%Y%m}"


@dataclass(slots=True)
class Plan:
    """The files of a download in order, what of them is kept already, and notes on what is left out."""

    files: list[RawFile] = field(default_factory=list)
    kept: frozenset[RawFile] = frozenset()
    rows: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def to_fetch(self) -> int:
        return len(self.files) - len(self.kept)

    @property
    def about_bytes(self) -> int:
        return sum(row["about_bytes"] for row in self.rows)


def parse_days(first: str, last: str) -> frozenset[date]:
    """The days from ``first`` to ``last`` (both in, ISO dates). Raises ConfigError with every problem."""
    found: list[date] = []
    problems: list[str] = []
    for flag, text in (("--from-date", first), ("--to-date", last)):
        try:
            found.append(date.fromisoformat(text.strip()))
        except ValueError:
            problems.append(f"{flag} {text!r}: expected a day as 2024-01-31")
    if problems:
        raise ConfigError(problems)
    begin, end = found
    if end < begin:
        raise ConfigError(f"--to-date {end} lies before --from-date {begin}")
    begin = max(begin, FIRST_DAY)
    return frozenset(begin + timedelta(days=k) for k in range((end - begin).days + 1))


def wants_of_alerts(
    alerts: Iterable[tuple[str, int]],
    catalogue: Catalogue,
    *,
    before_days: int,
    after_days: int,
    account_currency: str = "USD",
) -> tuple[list[Want], list[str]]:
    """Days of the symbols that alerts (symbol, received ns) name, and of their conversion pairs; notes on others."""
    if before_days < 0 or after_days < 0:
        raise ConfigError("--before-days and --after-days: expected 0 or more")
    days: dict[str, set[date]] = {}
    for symbol, at_ns in alerts:
        days.setdefault(symbol, set()).add(_EPOCH + timedelta(days=at_ns // DAY_NS))
    wants: dict[str, Want] = {}
    notes = []
    around = range(-before_days, after_days + 1)
    for symbol, some in days.items():
        if symbol not in feed_symbols() or symbol not in catalogue:
            notes.append(f"{symbol}: Dukascopy has no such instrument that zepix knows; its prices come from elsewhere")
            continue
        wants[symbol] = Want(symbol, frozenset(day + timedelta(days=k) for day in some for k in around), "alerts")
    for symbol in list(wants):
        for pair in _conversions(catalogue[symbol], account_currency.upper()):
            known = wants.get(pair)
            if known is None or known.purpose == "conversion":
                more = wants[symbol].days | (known.days if known else frozenset())
                wants[pair] = Want(pair, more, "conversion")
            else:
                wants[pair] = Want(pair, known.days | wants[symbol].days, known.purpose)
    return list(wants.values()), notes


def _conversions(instrument: Instrument, account: str) -> list[str]:
    """Pairs that turn the currencies of an instrument into the account's; its own serves it already."""
    pairs = []
    for currency in (instrument.profit_currency, instrument.margin_currency):
        if currency == account:
            continue
        direct = _pair(currency, account)
        through = [direct] if direct else [_pair(currency, "USD"), _pair("USD", account)]
        pairs += [pair for pair in through if pair and pair != instrument.symbol]
    return pairs


def _pair(one: str, other: str) -> str | None:
    return next((pair for pair in (one + other, other + one) if pair in feed_symbols()), None)


def make_plan(
    wants: Sequence[Want], kinds: Sequence[str], catalogue: Catalogue, kept_in: Path, *, now: datetime
) -> Plan:
    """The files of ``wants``, those already below ``kept_in`` marked. Raises ConfigError with every wrong symbol."""
    problems: list[str] = []
    for want in wants:
        try:
            feed = feed_symbol(want.symbol)
        except ConfigError as why:
            problems += why.problems
            continue
        if feed.symbol not in catalogue:
            problems.append(f"{feed.symbol} has no point here; describe it in a file and say --instruments FILE")
    if problems:
        raise ConfigError(problems)
    plan = Plan()
    now_ns = int((now - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()) * 1_000_000_000
    for want in wants:
        feed = feed_symbol(want.symbol)
        for kind in KINDS:
            if kind in kinds:
                _add(plan, want, feed, kind, catalogue[feed.symbol], kept_in, now_ns)
    if len(plan.files) > MAX_FILES:
        raise ConfigError(f"{len(plan.files)} files are more than {MAX_FILES}; fetch fewer symbols or days at a time")
    return plan


def _add(
    plan: Plan, want: Want, feed: FeedSymbol, kind: str, instrument: Instrument, kept_in: Path, now_ns: int
) -> None:
    from zepix.data.download.keeping import is_kept

    files, young = _files(want.days, feed, kind, instrument.trading_week, now_ns)
    kept = [file for file in files if is_kept(kept_in, file)]
    if young:
        plan.notes.append(f"{feed.symbol}: {young} files of {kind} are not complete yet and are left for later")
    plan.files += files
    plan.kept = plan.kept.union(kept)
    usual = _USUAL_BYTES[kind]["forex" if instrument.asset_class == "forex" else "other"]
    plan.rows.append(
        {
            "symbol": feed.symbol,
            "feed": feed.feed,
            "kind": kind,
            "for": want.purpose,
            "first": str(min(want.days, default="")),
            "last": str(max(want.days, default="")),
            "days": len({file.day for file in files}),
            "files": len(files),
            "kept": len(kept),
            "to_fetch": len(files) - len(kept),
            "about_bytes": (len(files) - len(kept)) * usual,
        }
    )


def _files(days: Iterable[date], feed: FeedSymbol, kind: str, week: str, now_ns: int) -> tuple[list[RawFile], int]:
    """The files of the days that hold trading time, in order, and how many are too young to be fetched."""
    length_ns = HOUR_NS if kind == "ticks" else DAY_NS
    starts = sorted((day - _EPOCH).days * DAY_NS for day in days if day >= FIRST_DAY)
    if kind == "ticks":
        starts = [start + hour * HOUR_NS for start in starts for hour in range(24)]
    at = np.array(starts, np.int64)
    if len(at):
        at = at[~is_outside(at - _EDGE_NS, length_ns + 2 * _EDGE_NS, "24/7" if week == "24/7" else "24/5")]
    ripe = at[at + length_ns + _SETTLED_NS <= now_ns]
    sides: Mapping[str, tuple[str, ...]] = {"ticks": ("",), "m1": ("bid", "ask")}
    files = [RawFile(feed, kind, int(start), side) for start in ripe for side in sides[kind]]
    return files, (len(at) - len(ripe)) * len(sides[kind])
