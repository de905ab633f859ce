"""``zepix live tail``: the rows of the journal as they happen, one line each, whatever starts and stops meanwhile.

It holds a few hundred rows at most, follows a journal into its next part, waits for one that is not there yet, and
begins anew where another one is put in its place.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from zepix.commands.terminal import STYLES
from zepix.config import near
from zepix.errors import ConfigError, ZepixError
from zepix.journal.durable_reader import LogReader
from zepix.journal.rows import Row

if TYPE_CHECKING:
    from zepix.model import Catalogue, Instrument

__all__ = ["KINDS", "QUIET", "Follower", "Units", "line_of", "units_of", "wanted_kinds"]

KINDS: Final = (
    "alert", "decision", "intent", "filled", "refused", "cancelled", "closed", "event", "error", "disabled", "log",
    "operator", "notice", "poison", "death", "attempt", "recovery", "config", "start", "prices", "clock", "bar", "done",
    "dry", "virtual", "mode",
)  # fmt: skip
"""Rows of a journal; those that are unknown here are shown as they are."""
QUIET: Final = frozenset({"prices", "clock", "bar", "done", "attempt", "intent"})
"""Shown only where they are asked for: there are many, and they tell little."""
CHUNK: Final = 500
LOOK_EVERY_S: Final = 0.25
MOST_TEXT: Final = 400
FIRST_ROWS: Final = 50
"""Among which the settings of a journal's first start stand."""
NS: Final = 1_000_000_000


def wanted_kinds(given: str) -> frozenset[str] | None:
    """Of ``decision,filled``; ``all`` is None, nothing is all but the quiet ones. Raises ConfigError."""
    words = [word.strip() for word in given.split(",") if word.strip()]
    if not words:
        return frozenset(KINDS) - QUIET
    if words == ["all"]:
        return None
    problems = [
        f"--kinds: {ascii(word)[1:-1][:40]} is no kind of row{near(word, KINDS) or '; there are ' + ', '.join(KINDS)}"
        for word in words
        if word not in KINDS
    ]
    if problems:
        raise ConfigError(problems)
    return frozenset(words)


class Follower:
    """Rows after a number, then those that come; ``wait`` is asked between two looks and ends it by False."""

    def __init__(self, path: Path, kinds: Collection[str] | None, wait: Callable[[float], bool]) -> None:
        """``kinds``: None is all."""
        self._path = path
        self._kinds = kinds
        self._shows_strange = kinds is not None and set(KINDS) - QUIET <= set(kinds)
        self._wait = wait
        self._reader: LogReader | None = None
        self.notes: deque[str] = deque(maxlen=16)
        """What happened to the journal itself, to be told."""

    def newest(self, count: int) -> int:
        """After which row the newest ``count`` of the wanted kinds begin, as far as a few thousand rows tell."""
        if not self._path.exists():
            return 0
        found: deque[int] = deque(maxlen=max(1, count))
        with LogReader(self._path) as reader:
            last = reader.last_seq()
            for row in reader.rows(max(0, last - 20 * CHUNK), None):
                if self._is_wanted(row):
                    found.append(row.seq)
        return found[0] - 1 if found and count else last

    def rows(self, after: int, *, follow: bool) -> Iterator[Row]:
        """Rows after ``after``; without ``follow`` it ends with the journal. Raises JournalError where that is
        damaged."""
        is_missed = False
        try:
            while True:
                if not self._path.exists():
                    self._drop()
                    if not is_missed and follow:
                        self.notes.append(f"{self._path} is not there yet; waiting")
                    is_missed, after = True, after if not is_missed else 0
                else:
                    is_missed = False
                    after = self._anew(after)
                    for row in self._chunks(after):
                        after = row.seq
                        if self._is_wanted(row):
                            yield row
                if not follow or not self._wait(LOOK_EVERY_S):
                    return
        finally:
            self._drop()

    def _chunks(self, after: int) -> Iterator[Row]:
        while True:
            if self._reader is None:
                self._reader = LogReader(self._path)
            count = 0
            for row in self._reader.rows(after, CHUNK):
                count, after = count + 1, row.seq
                yield row
            if count < CHUNK:
                return

    def _anew(self, after: int) -> int:
        """Where to go on: at the beginning of a journal that ends before where we are."""
        self._drop()  # a reader keeps its files open, and would never see another journal in their place
        self._reader = LogReader(self._path)
        last = self._reader.last_seq()
        if last >= after:
            return after
        self.notes.append(
            f"the journal ends at row {last}, before row {after}: it is another one; its beginning follows"
        )
        return 0

    def _is_wanted(self, row: Row) -> bool:
        if self._kinds is None or row.kind in self._kinds:
            return True
        return row.kind not in KINDS and self._shows_strange

    def _drop(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None


# --- what a journal counts in ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Units:
    """Whose points and steps, and minor units of which money; without instruments numbers are told as they are."""

    catalogue: Catalogue | None = None
    currency: str = ""
    digits: int = 2

    def instrument(self, symbol: Any) -> Instrument | None:
        known = self.catalogue is not None and isinstance(symbol, str) and symbol in self.catalogue
        return self.catalogue[symbol] if self.catalogue is not None and known else None


def units_of(path: Path) -> Units:
    """Those of a journal, by its first rows: neither instruments nor the currency change in one folder."""
    from zepix_live.engine.config import SessionConfig

    try:
        with LogReader(path) as reader:
            row = next((one for one in islice(reader.rows(0, FIRST_ROWS), FIRST_ROWS) if one.kind == "config"), None)
        if row is None:
            return Units()
        plan = SessionConfig.of(json.loads(row.body)).plan()
        return Units(plan.catalogue, plan.spec.account.currency, plan.spec.account.digits)
    except (ZepixError, OSError, KeyError, ValueError, TypeError):
        return Units()  # told in steps then: better than not at all


# --- a line a row ---------------------------------------------------------------------------------------------------


def line_of(row: Row, units: Units | None = None) -> list[tuple[str, str]]:
    """A row as pieces of text with their styles: when, its number, its kind, and what it says."""
    try:
        body = json.loads(row.body)
    except ValueError:
        body = {}
    body = body if isinstance(body, dict) else {}
    told = _told(row.kind, body, units or Units())
    kind, book, level = row.kind, body.get("book"), str(body.get("level", ""))
    style = STYLES.get(level) or STYLES.get(str(body.get("outcome", ""))) or STYLES.get(kind, "")
    stamp = dt.datetime.fromtimestamp(row.t_ns // NS, dt.UTC).strftime("%m-%d %H:%M:%S")
    parts = [(f"{stamp}.{row.t_ns % NS // 1_000_000:03d} ", "dim"), (f"{row.seq} ", "dim")]
    parts += [(f"{kind} ", style), (f"[{book}] " if book else "", "bold"), (told[:MOST_TEXT], style if level else "")]
    return parts


def _told(kind: str, body: Mapping[str, Any], units: Units) -> str:
    counted = _COUNTED.get(kind)
    if counted is not None:
        return counted(body, units)
    teller = _TELLERS.get(kind)
    if teller is not None:
        return teller(body)
    shown = {name: value for name, value in body.items() if name not in ("of", "book") and value not in ("", None)}
    return " ".join(f"{name}={_short(value)}" for name, value in shown.items())


def _short(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))[:120]


def _words(*values: Any) -> str:
    return " ".join(str(value) for value in values if value not in ("", None))


def _alert(body: Mapping[str, Any]) -> str:
    raw = " ".join(str(body.get("raw", "")).split())
    late_s = body.get("late_ns", 0) / NS
    kind = body.get("kind")
    late = f"{late_s:.1f} s late" if late_s > 1 else ""
    return _words(body.get("given_id") or body.get("id"), "" if kind == "alert" else kind, late, raw)


def _decision(body: Mapping[str, Any]) -> str:
    names = ("id", "plugin", "outcome", "reason", "type", "side", "symbol")
    return _words(*(body.get(name) for name in names), "" if body.get("final", True) else "(not over)")


def _order(body: Mapping[str, Any], units: Units) -> str:
    side = {1: "buy", -1: "sell"}.get(body.get("side", 0), "")
    ticket = f"ticket {body['ticket']}" if body.get("ticket") else ""
    what = body.get("what") or body.get("kind")
    steps = body.get("steps") or body.get("volume_steps")
    price = [_price(body, *one, units) for one in (("points", "at"), ("sl", "stop"), ("tp", "target"))]
    whose = (body.get("plugin"), body.get("alert"), f"order {body.get('order')}")
    about = (body.get("symbol"), what, side, _volume(body, steps, units))
    return _words(*about, *price, ticket, body.get("reason"), *whose)


def _closed(body: Mapping[str, Any], units: Units) -> str:
    money = body.get("pnl_minor")
    result = "" if money is None else f"{Decimal(int(money)).scaleb(-units.digits):+,} {units.currency}".rstrip()
    volume, price = _volume(body, body.get("steps"), units), _price(body, "points", "at", units)
    about = (body.get("ticket"), body.get("plugin"), body.get("symbol"), volume, price)
    return _words("ticket", *about, body.get("reason"), result)


def _volume(body: Mapping[str, Any], steps: Any, units: Units) -> str:
    instrument = units.instrument(body.get("symbol"))
    if not steps:
        return ""
    return f"{steps} steps" if instrument is None else f"{instrument.lots(int(steps))} lots"


def _price(body: Mapping[str, Any], name: str, label: str, units: Units) -> str:
    """A level in the words of a chart; nothing where there is none, or nobody knows its instrument."""
    points, instrument = body.get(name), units.instrument(body.get("symbol"))
    return f"{label} {instrument.price(int(points))}" if points and instrument is not None else ""


def _dry(body: Mapping[str, Any], _units: Units) -> str:
    """What would have become of it; its orders have lots and prices in them."""
    if body.get("failed"):
        return _words(body.get("id"), f"could not be tried: {body['failed']}")
    told = []
    for one in body.get("would", ()):
        why = f" ({one['reason']})" if one.get("reason") else ""
        told.append(_words(_of_book(one), one.get("plugin"), f"would be {one.get('outcome')}{why}"))
    for one in body.get("orders", ()):
        side = {1: "buy", -1: "sell"}.get(one.get("side", 0), "")
        lots = f"{one['volume']} lots" if "volume" in one else ""
        levels = [f"{label} {one[name]}" for name, label in _DRY_LEVELS if name in one]
        told.append(_words(_of_book(one), "order", one.get("kind"), side, lots, one.get("symbol"), *levels))
    return _words(body.get("id"), "; ".join(told) or "nothing would follow")


_DRY_LEVELS: Final = (("at_price", "at"), ("limit_price", "limit"), ("stop", "stop"), ("target", "target"))


def _of_book(body: Mapping[str, Any]) -> str:
    return f"[{body['book']}]" if body.get("book") else ""


def _event(body: Mapping[str, Any]) -> str:
    return _words(body.get("level"), f"{body.get('code', '')}:", body.get("text"))


def _error(body: Mapping[str, Any]) -> str:
    return _words(body.get("plugin"), body.get("what"), body.get("alert"), body.get("error"))


def _operator(body: Mapping[str, Any]) -> str:
    more = (body.get("mode"), body.get("book"), body.get("base_equity"), "forced" if body.get("force") else "")
    return _words(body.get("command"), body.get("plugin"), *more, f"by {body.get('by') or 'somebody'}")


def _recovery(body: Mapping[str, Any]) -> str:
    return str(next(iter(body.get("lines", ())), ""))


def _config(body: Mapping[str, Any]) -> str:
    return _words("settings", str(body.get("hash", ""))[:12], f"by {body['by']}" if body.get("by") else "")


def _log(body: Mapping[str, Any]) -> str:
    return _words(body.get("plugin"), body.get("level"), body.get("text"))


_TELLERS: Final[Mapping[str, Callable[[Mapping[str, Any]], str]]] = {
    "alert": _alert, "decision": _decision, "event": _event, "notice": _event, "error": _error,
    "operator": _operator, "recovery": _recovery, "config": _config, "log": _log,
    "disabled": lambda body: _words(body.get("plugin"), f"after {body.get('failures')} failures in a row"),
}  # fmt: skip
_COUNTED: Final[Mapping[str, Callable[[Mapping[str, Any], Units], str]]] = {
    **dict.fromkeys(("filled", "refused", "cancelled", "intent"), _order), "closed": _closed, "dry": _dry,
}  # fmt: skip
"""Those that speak of volumes, prices and money."""
