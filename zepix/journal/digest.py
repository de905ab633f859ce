"""One number for what a run did: SHA-256 over its trades, orders and decisions, as integers and strings.

What is hashed, so that anybody can write it again in another language:

- the line ``["zepix-digest",1]``, then one line a trade, one line an order, one line a decision, each kind in the order
  of the record; every line ends with a line feed and nothing else stands between them;
- a line is a JSON array without spaces: the kind's word, then the fields named in ``TRADE``, ``ORDER`` and
  ``DECISION`` below, integers first, in that order; text is ASCII with ``\\uXXXX`` for the rest, so two different rows
  never give the same line;
- integers are points, steps, nanoseconds and minor currency units, a flag is 0 or 1, "no time" is ``null``.

No float, statistic, version, path or timing takes part; a float where an integer belongs raises ValueError. The numbers
of a decision stay out because they are floats; what they decided is in the outcome.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from json.encoder import encode_basestring_ascii
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:  # the live receiver imports this package and must not load the engine
    from zepix.engine.record import RunRecord
    from zepix.model import ClosingFill, DecisionRow, Order

__all__ = ["DECISION", "DIGEST_SCHEMA", "ORDER", "TRADE", "canonical_lines", "digest"]

DIGEST_SCHEMA: Final = 2
TRADE: Final[tuple[tuple[str, ...], tuple[str, ...]]] = (
    (
        "ticket", "part", "side", "steps", "entry_ns", "entry_points", "exit_ns", "exit_points", "initial_sl",
        "initial_tp", "sl", "tp", "gross_minor", "commission_minor", "swap_minor", "pnl_minor", "pnl_points",
        "mae_points", "mfe_points", "bars_held", "ambiguous", "known_ns",
    ),
    ("plugin_id", "family", "symbol", "role", "exit_reason", "alert_id", "chain_id"),
)  # fmt: skip
ORDER: Final[tuple[tuple[str, ...], tuple[str, ...]]] = (
    (
        "id", "side", "decided_ns", "arrival_ns", "volume_steps", "sl", "tp", "from_timer",
        "answered_ns", "fill_ns", "fill_points", "filled_steps", "ticket", "closed", "price", "limit", "expires_ns",
        "touched",
    ),
    (
        "kind", "plugin_id", "family", "alert_id", "symbol", "role", "reason_to_close", "chain_id", "status", "reason",
        "oco", "target_reason",
    ),
)  # fmt: skip
"""An order's line ends with ``sl_offset, tp_offset, new_sl, new_tp`` (or ``null``), the share to close as a text, and
four arrays: ``after``, ``tickets``, ``targets`` and the numbers of its trails."""
DECISION: Final[tuple[tuple[str, ...], tuple[str, ...]]] = (
    ("received_ns",),
    ("alert_id", "dialect", "plugin_id", "family", "outcome", "reason", "symbol", "type", "side"),
)

_CHUNK = 4096


def digest(record: RunRecord) -> str:
    """The 64 hexadecimal digits that stand for what a run did; equal for equal inputs in any process.

    Raises ValueError where a field that must be an integer holds anything else.
    """
    sha = hashlib.sha256()
    lines = canonical_lines(record)
    while chunk := list(islice(lines, _CHUNK)):
        sha.update("".join(chunk).encode("ascii"))
    return sha.hexdigest()


def canonical_lines(record: RunRecord) -> Iterator[str]:
    """The lines that are hashed, each with its line feed; for looking at what two digests disagree about."""
    header = f'["zepix-digest",{DIGEST_SCHEMA}]\n'
    return chain((header,), _trades(record.fills), _orders(record.orders), _decisions(record.decisions))


def _encoder(word: str, fields: tuple[tuple[str, ...], tuple[str, ...]]) -> Callable[[Any], str]:
    """A function from an object to its line, without the closing bracket; ``{:d}`` refuses floats."""
    integers, texts = fields
    get_integers, get_texts = attrgetter(*integers), attrgetter(*texts)
    pattern = f'["{word}",' + ",".join(["{:d}"] * len(integers)) + ","
    fill_in = pattern.format

    def encode(item: Any) -> str:
        return fill_in(*get_integers(item)) + ",".join(map(encode_basestring_ascii, get_texts(item)))

    return encode


def _trades(fills: Iterable[ClosingFill]) -> Iterator[str]:
    encode = _encoder("trade", TRADE)
    return (encode(fill) + "]\n" for fill in fills)


def _orders(orders: Iterable[Order]) -> Iterator[str]:
    encode = _encoder("order", ORDER)
    for one in orders:
        levels = ",".join(map(_or_null, (one.sl_offset, one.tp_offset, one.new_sl, one.new_tp)))
        share = "" if one.frac is None else str(one.frac)
        lists = (one.after, one.tickets, one.targets, chain.from_iterable(one.trails))
        yield f"{encode(one)},{levels},{encode_basestring_ascii(share)},{','.join(map(_integers, lists))}]\n"


def _decisions(rows: Iterable[DecisionRow]) -> Iterator[str]:
    get_texts = attrgetter(*DECISION[1])
    for row in rows:
        yield (
            f'["decision",{_or_null(row.received_ns)},' + ",".join(map(encode_basestring_ascii, get_texts(row))) + "]\n"
        )


def _or_null(value: int | None) -> str:
    return "null" if value is None else f"{value:d}"


def _integers(values: Iterable[int]) -> str:
    return "[" + ",".join(f"{value:d}" for value in values) + "]"
