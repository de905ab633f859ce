"""Deals become closed positions: what was opened when and at which price, and each part that was closed of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

__all__ = ["Closed", "Deal", "Money", "Opened", "closed_of_deals", "exact", "reason_of"]

_COMMENT: Final = re.compile(r"\[?(sl|tp|so)\b[ :]*([0-9]+(?:\.[0-9]+)?)?", re.IGNORECASE)
_WORDS: Final = {"sl": "sl", "tp": "tp", "so": "stop_out"}
_REASONS: Final = {
    "4": "sl", "5": "tp", "6": "stop_out", "stop loss": "sl", "take profit": "tp", "stop out": "stop_out", "sl": "sl",
    "tp": "tp", "so": "stop_out",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Closed:
    """A part of a position that was closed. Prices and money as written; volume in lots; ``side`` the position's.

    ``whole``: the volume of the position at its entry, 0 where the parts are all there is. ``profit`` is gross.
    """

    position: str
    symbol: str
    side: int
    volume: float
    open_ns: int
    open_price: float
    close_ns: int
    close_price: float
    commission: float
    swap: float
    profit: float
    level: float | None = None
    reason: str = ""
    line: int = 0
    whole: float = 0.0


@dataclass(frozen=True, slots=True)
class Deal:
    """One deal; ``side`` its own (a sell closes a long), ``entry`` is ``in, out, inout``."""

    position: str
    entry: str
    symbol: str
    side: int
    volume: float
    t_ns: int
    price: float
    commission: float
    swap: float
    profit: float
    level: float | None
    reason: str
    line: int


@dataclass(frozen=True, slots=True)
class Money:
    """Money of the account that belongs to no position."""

    what: str
    t_ns: int
    amount: float


def exact(number: float) -> Fraction:
    """A number as it was written."""
    return Fraction(repr(number))


def reason_of(comment: str, word: str) -> tuple[float | None, str]:
    """(level, reason) of a closing deal: its comment (``[sl 1.08500]``), else the terminal's reason; empty for none."""
    found = _COMMENT.match(comment.strip())
    if found is not None:
        return (float(found[2]) if found[2] and found[1].casefold() != "so" else None), _WORDS[found[1].casefold()]
    return None, _REASONS.get(word.strip().casefold().replace("_", " "), "")


@dataclass(frozen=True, slots=True)
class Opened:
    """A position of which nothing has been closed."""

    position: str
    symbol: str
    side: int
    volume: float
    open_ns: int
    open_price: float
    line: int


def closed_of_deals(deals: list[Deal]) -> tuple[list[Closed], list[Opened], list[str]]:
    """Closed parts in the order in which they left, what is open whole, and sentences on deals that fit no position."""
    books: dict[str, _Position] = {}
    found: list[Closed] = []
    problems: list[str] = []
    for deal in sorted(deals, key=lambda one: (one.t_ns, one.line)):
        if not deal.position:
            problems.append(f"line {deal.line}: names no position; export the deals with position_id")
            continue
        book = books.get(deal.position)
        if book is None:
            if deal.entry != "in":
                problems.append(
                    f"line {deal.line}: closes position {deal.position}, whose opening deal is not in the file"
                )
                continue
            book = books[deal.position] = _Position(deal.position)
        try:
            found += book.take(deal)
        except ValueError as why:
            problems.append(f"line {deal.line}: {why}")
    lives = [life for book in books.values() for life in book.lives]
    still = [
        Opened(one.name, one.symbol, one.side, float(one.volume), one.open_ns, float(one.price), one.line)
        for one in lives
        if one.left == one.volume
    ]
    return _with_whole(found, lives), still, problems


def _with_whole(found: list[Closed], lives: list[_Life]) -> list[Closed]:
    """Parts with the size of their position and its opening costs, each its share of them."""
    made = []
    by_name = {life.name: life for life in lives}
    for one in found:
        owner = by_name[one.position]
        share = exact(one.volume) / owner.volume
        made.append(
            replace(
                one,
                open_price=float(owner.price),
                whole=float(owner.volume),
                commission=float(exact(one.commission) + owner.commission * share),
                swap=float(exact(one.swap) + owner.swap * share),
                profit=float(exact(one.profit) + owner.profit * share),
            )
        )
    return made


class _Life:
    """One life of a position, from flat to flat: what its opening deals came to."""

    def __init__(self, name: str, deal: Deal, volume: Fraction) -> None:
        self.name, self.symbol, self.side, self.open_ns = name, deal.symbol, deal.side, deal.t_ns
        self.line = deal.line
        self.volume = self.price = self.commission = self.swap = self.profit = Fraction(0)
        self.left = Fraction(0)
        self.add(deal, volume)

    def add(self, deal: Deal, volume: Fraction) -> None:
        self.price = (self.price * self.volume + exact(deal.price) * volume) / (self.volume + volume)
        self.volume += volume
        self.left += volume
        if deal.entry == "in":
            self.commission += exact(deal.commission)
            self.swap += exact(deal.swap)
            self.profit += exact(deal.profit)


class _Position:
    """A position of a hedged or a netted account; a netted one may turn, and each side of it is a life of its own."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.lives: list[_Life] = []

    def take(self, deal: Deal) -> list[Closed]:
        """What a deal closes. Raises ValueError for one that fits nothing that is open."""
        life = self.lives[-1] if self.lives and self.lives[-1].left else None
        volume = exact(deal.volume)
        if deal.entry == "in":
            if life is None:
                self._begin(deal, volume)
            elif (life.symbol, life.side) != (deal.symbol, deal.side):
                raise ValueError(f"adds to position {self.name} on its other side")
            else:
                life.add(deal, volume)
            return []
        if life is None:
            raise ValueError(f"closes position {self.name}, of which nothing is open")
        if deal.side == life.side or deal.symbol != life.symbol:
            raise ValueError(f"closes position {self.name} by a deal of its own side, or of another symbol")
        if volume > life.left and deal.entry != "inout":
            raise ValueError(
                f"closes {deal.volume:g} lots of position {self.name}, of which {float(life.left):g} are open"
            )
        part = min(volume, life.left)
        life.left -= part
        closed = Closed(
            life.name, life.symbol, life.side, float(part), life.open_ns, 0.0, deal.t_ns, deal.price,
            deal.commission, deal.swap, deal.profit, deal.level, deal.reason, deal.line,
        )  # fmt: skip
        if volume > part:
            self._begin(deal, volume - part)
        return [closed]

    def _begin(self, deal: Deal, volume: Fraction) -> None:
        name = self.name if not self.lives else f"{self.name} ({len(self.lives) + 1})"
        self.lives.append(_Life(name, deal, volume))
