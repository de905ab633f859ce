"""What a world is to go through: prices, posts and faults, all known before it begins, all drawn from one seed or
written down by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Course", "Fault", "Post", "Prices"]


@dataclass(frozen=True)
class Post:
    """One alert that a sender will post, again where TradingView would; ``travels_s``: how long it is on its way."""

    at_s: float
    body: bytes
    path: str = ""
    """Below the right address; or a whole path where it begins with a slash."""
    travels_s: float = 0.01


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong at a time.

    crash        ``who`` (engine, receiver, both) dies ``steps`` steps later and is down for ``down_s``
    full         the disk has no room for ``for_s``
    refuse       ``count`` writes end in an I/O error
    unreadable   ``count`` reads break off after their first row
    slow         every write takes ``by_s`` longer, for ``for_s``
    wall         somebody sets the wall clock by ``by_s``
    writer       the receiver's writing thread dies
    settings     the next start of the engine has other settings
    rot          a row of the journal vanishes while the engine is down (real disk only)
    """

    at_s: float
    kind: str
    who: str = "engine"
    steps: int = 1
    down_s: float = 1.0
    for_s: float = 1.0
    by_s: float = 0.0
    count: int = 1


@dataclass(frozen=True)
class Prices:
    """Recorded prices, made from a number: ``minutes`` bars, or a tick every other second, for each symbol."""

    seed: int = 0
    minutes: int = 120
    are_ticks: bool = False
    symbols: tuple[str, ...] = ("EURUSD", "XAUUSD")
    gaps: tuple[tuple[int, int], ...] = ()
    """From and to which minute nothing comes."""


@dataclass(frozen=True)
class Course:
    """Everything that a world is given; the same course is the same world, event by event."""

    seed: int = 0
    seconds: float = 20.0
    speed: float = 60.0
    settings: Mapping[str, object] = field(default_factory=dict)
    later_settings: Mapping[str, object] = field(default_factory=dict)
    prices: Prices = Prices()
    posts: tuple[Post, ...] = ()
    faults: tuple[Fault, ...] = ()
    feed: str = "replay:prices"
    """Or ``webhook``: prices come as alerts of the dialect ``bar``."""
    has_proxy: bool = False
    """In front of the receiver, and answers 502 where that is not there."""
    is_real_disk: bool = False
    crash_at: tuple[int, ...] = ()
    """At which steps of the world, counted from 1, somebody dies."""
    victims: str = "running"
    """Who dies at ``crash_at``: the one whose step it is, engine, receiver or both."""
    name: str = ""
