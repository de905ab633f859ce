"""The prices that a session has seen, in a file beside the snapshots: whole numbers instead of the journal's text.

A cache, never the truth: the journal has every price. Each snapshot names how much of the file it stands on, and the
checksum of that much; where file and snapshot do not agree, the journal is read instead, and the file begun anew.

    frame = length of the payload (8 bytes, big-endian), payload, BLAKE2b-128 of (the checksum before, the payload)
    payload = {"EURUSD": {"rows": 120, "flat": true}, ...} newline, then by symbol its columns, little-endian

A column ``time`` (int64, ns) and eight prices (int32, points); of flat rows (ticks) only the two opens are kept. Where
ticks were forgotten the file is begun anew without them: ``first`` says how many, and ``minutes`` how many minutes they
have left, which come first (time, open, high, low, close of the bid).
"""

from __future__ import annotations

import contextlib
import json
import os
from collections import defaultdict
from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

import numpy as np

from zepix.services.minute_fold import Minutes
from zepix.services.prices import SymbolPrices
from zepix_live.engine.price_rows import NAMES, Columns, Forgotten, PriceColumns

__all__ = ["PriceFile"]

FILE_NAME: Final = "journal-prices.bin"
DIGEST_BYTES: Final = 16
HEAD_BYTES: Final = 8
FLAT: Final = {"bid_open": NAMES[:4], "ask_open": NAMES[4:]}
WHOLE: Final = {name: (name,) for name in NAMES}
MAX_BYTES: Final = 4 * 1024**3
Table = tuple[Any, dict[str, Any]]
"""times, columns by name"""


class PriceFile:
    """One writer; ``keep`` for a snapshot, ``read`` for a start."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE_NAME
        self.begin_anew()

    def begin_anew(self) -> None:
        """Nothing of what lies there is believed: the next ``keep`` writes all of it."""
        self._bytes = 0
        self._digest = b""
        self._rows: dict[str, int] = {}
        self._first: dict[str, int] = {}

    def keep(self, growing: Mapping[str, SymbolPrices]) -> dict[str, Any] | None:
        """Add what has ended since the last time; what a snapshot notes of it, or None where the disk refused."""
        fresh: dict[str, tuple[SymbolPrices, int, int]] = {}
        for symbol, one in growing.items():
            ended, known = one.progress()[1], self._rows.get(symbol, 0)
            if ended < known or (self._bytes and one.first > self._first.get(symbol, 0)):
                self.begin_anew()
                return self.keep(growing)
            if ended > max(known, one.first):
                fresh[symbol] = (one, max(known, one.first), ended)
        try:
            if fresh:
                self._append(_payload(fresh))
                self._rows.update({symbol: ended for symbol, (_, _, ended) in fresh.items()})
                self._first.update({symbol: one.first for symbol, (one, _, _) in fresh.items()})
        except OSError:
            self.begin_anew()
            return None
        return {
            "bytes": self._bytes,
            "digest": self._digest.hex(),
            "open": {symbol: _in_progress(one) for symbol, one in growing.items() if one.n > one.progress()[1]},
            "timeframes": {symbol: one.series.timeframe for symbol, one in growing.items() if one.n},
        }

    def read(self, mark: Mapping[str, Any]) -> PriceColumns:
        """What a snapshot stood on. Raises ValueError where the file does not hold exactly that."""
        self.begin_anew()
        wanted = int(mark["bytes"])
        if not 0 <= wanted <= MAX_BYTES:
            raise ValueError(f"the file of prices cannot have {wanted} bytes")
        try:
            content = memoryview(b"")
            if wanted:  # else no price had come yet, and no file was made
                with self._path.open("rb") as handle:
                    content = memoryview(handle.read(wanted))
        except OSError as error:
            raise ValueError(f"the file of prices cannot be read ({type(error).__name__})") from error
        if len(content) != wanted:
            raise ValueError(f"the file of prices has {len(content)} bytes and {wanted} are expected")
        pieces: defaultdict[str, list[Table]] = defaultdict(list)
        forgotten: dict[str, Forgotten] = {}
        at, digest = 0, b""
        while at < wanted:
            size = int.from_bytes(content[at : at + HEAD_BYTES], "big")
            payload = content[at + HEAD_BYTES : at + HEAD_BYTES + size]
            at += HEAD_BYTES + size + DIGEST_BYTES
            digest = _digest(digest, payload)
            if at > wanted or digest != content[at - DIGEST_BYTES : at]:
                raise ValueError("the checksum of the file of prices is wrong")
            for symbol, table in _tables(payload, forgotten):
                pieces[symbol].append(table)
        if digest.hex() != mark["digest"]:
            raise ValueError("the file of prices is another one")
        ended = {symbol: _joined(tables) for symbol, tables in pieces.items()}
        self._bytes, self._digest = wanted, digest
        self._first = {symbol: first for symbol, (first, _) in forgotten.items()}
        self._rows = {symbol: self._first.get(symbol, 0) + len(time) for symbol, (time, _) in ended.items()}
        return PriceColumns(mark["timeframes"], _with_opened(ended, mark["open"], self._first), forgotten)

    def _append(self, payload: bytes) -> None:
        """Durable on return, so that a snapshot never names what is not there."""
        digest = _digest(self._digest, payload)
        frame = b"".join((len(payload).to_bytes(HEAD_BYTES, "big"), payload, digest))
        if self._bytes:
            with self._path.open("r+b") as handle:
                handle.seek(self._bytes)
                _write(handle, frame)
        else:
            draft = self._path.with_name(f"{FILE_NAME}.part")
            try:
                with draft.open("wb") as handle:
                    _write(handle, frame)
                draft.replace(self._path)
            except OSError:
                with contextlib.suppress(OSError):
                    draft.unlink()
                raise
        self._bytes += len(frame)
        self._digest = digest


def _write(handle: Any, frame: bytes) -> None:
    handle.write(frame)
    handle.truncate()
    handle.flush()
    os.fsync(handle.fileno())


def _digest(before: bytes, payload: bytes | memoryview) -> bytes:
    found = blake2b(before, digest_size=DIGEST_BYTES)
    found.update(payload)
    return found.digest()


def _payload(fresh: Mapping[str, tuple[SymbolPrices, int, int]]) -> bytes:
    head: dict[str, Any] = {}
    parts: list[bytes] = []
    for symbol, (one, first, last) in fresh.items():
        columns = {name: np.ascontiguousarray(getattr(one, name)[first:last], "<i4") for name in NAMES}
        is_flat = all(np.array_equal(columns[a], columns[b]) for a, others in FLAT.items() for b in others)
        head[symbol] = {"rows": last - first, "flat": is_flat}
        if one.first and first == one.first:
            minutes, bid = one.minutes.bars()
            head[symbol] |= {"first": one.first, "minutes": len(minutes)}
            parts.append(np.ascontiguousarray(minutes, "<i8").tobytes())
            parts += [np.ascontiguousarray(values, "<i4").tobytes() for values in bid]
        parts.append(np.ascontiguousarray(one.time[first:last], "<i8").tobytes())
        parts += [columns[name].tobytes() for name in (FLAT if is_flat else WHOLE)]
    return b"".join((json.dumps(head).encode("ascii"), b"\n", *parts))


def _tables(payload: memoryview, forgotten: dict[str, Forgotten]) -> list[tuple[str, Table]]:
    """Raises ValueError for one that is not as ``_payload`` makes them; what is gone is told to ``forgotten``."""
    head, mark, _ = bytes(payload[: 1 << 20]).partition(b"\n")
    at = len(head) + len(mark)
    found: list[tuple[str, Table]] = []
    for symbol, told in json.loads(head).items():
        rows = int(told["rows"])
        if told.get("first"):
            minutes, at = _minutes(payload, at, int(told["minutes"]))
            forgotten[symbol] = (int(told["first"]), minutes)
        time = np.frombuffer(payload, "<i8", rows, at)
        at += 8 * rows
        columns: dict[str, Any] = {}
        for names in (FLAT if told["flat"] else WHOLE).values():
            values = np.frombuffer(payload, "<i4", rows, at)
            at += 4 * rows
            columns |= dict.fromkeys(names, values)
        found.append((symbol, (time, columns)))
    if at != len(payload):
        raise ValueError("a frame of the file of prices has another length than its columns")
    return found


def _minutes(payload: memoryview, at: int, count: int) -> tuple[Minutes, int]:
    """(the minutes that stand at ``at``, where they end)"""
    time = np.frombuffer(payload, "<i8", count, at).astype(np.int64)
    at += 8 * count
    bid = [np.frombuffer(payload, "<i4", count, at + 4 * count * place).astype(np.int32) for place in range(4)]
    return Minutes(time, (bid[0], bid[1], bid[2], bid[3])), at + 16 * count


def _joined(tables: list[Table]) -> Table:
    time = np.concatenate([time for time, _ in tables]).astype(np.int64, copy=False)
    columns = {
        name: np.concatenate([columns[name] for _, columns in tables]).astype(np.int32, copy=False) for name in NAMES
    }
    return time, columns


def _with_opened(ended: Mapping[str, Table], opened: Mapping[str, Any], first: Mapping[str, int]) -> dict[str, Columns]:
    """The rows that have ended, and after them the one in progress, of which the open is known."""
    found: dict[str, Columns] = {
        symbol: (*table, first.get(symbol, 0) + len(table[0])) for symbol, table in ended.items()
    }
    for symbol, (t_ns, bid, ask) in opened.items():
        none = np.empty(0, np.int32)
        time, columns = ended.get(symbol) or (np.empty(0, np.int64), dict.fromkeys(NAMES, none))
        points = {name: bid if name.startswith("bid") else ask for name in NAMES}
        grown = {name: np.append(values, np.int32(points[name])) for name, values in columns.items()}
        found[symbol] = (np.append(time, np.int64(t_ns)), grown, len(time))
    return found


def _in_progress(one: SymbolPrices) -> list[int]:
    row = one.n - 1
    return [int(one.time[row]), int(one.bid_open[row]), int(one.ask_open[row])]
