"""A course drawn from a seed: alerts as users send them, faults as machines have them."""

from __future__ import annotations

import datetime as dt
import json
import random
from dataclasses import replace
from typing import Any

from tests.live.sim.course import Course, Fault, Post, Prices
from tests.live.sim.sender import COMMANDS

__all__ = ["bars", "drawn"]

GARBAGE = (
    b"",
    b"{",
    b'{"type":"exit","symbol":',
    b'{"type":"entry","symbol":"EURUSD","side":"buy","volume":NaN}',
    b'{"id":"\\ud800","type":"entry","symbol":"EURUSD","side":"buy"}',
    b'\xff\xfe{"type":"exit"}',
    b"[" * 40 + b"]" * 40,
    b"close everything now please",
    b'{"type":"entry","symbol":"NOSUCH","side":"buy"}',
    b'{"type":"entry","symbol":"EURUSD","side":"sideways"}',
    b'{"type":"exit","symbol":"EURUSD","symbol":"XAUUSD"}',
)
WALL_S = 1_767_225_600
STRATEGIES = ("bracket", "bracket", "bracket", "sim_waker", "sim_waker", "v6_price_action")


def drawn(seed: int) -> Course:
    """The course of a seed."""
    rng = random.Random(f"course {seed}")
    strategy = rng.choice(STRATEGIES) if seed % 4 else "bracket"
    seconds = rng.choice((8.0, 14.0, 22.0, 45.0))
    are_ticks = rng.random() < 0.2
    speed = 1.0 if are_ticks else rng.choice((10.0, 60.0, 60.0, 300.0))
    faults = _faults(rng, seconds, are_ticks)
    jumps = sum(max(0.0, one.by_s) for one in faults if one.kind == "wall")
    minutes = round((seconds + 260 + jumps) * speed / 60) + 5
    most = seconds * speed / 60 - 8  # a feed that is silent in the end leaves orders unanswered, rightly
    starts = _times(rng, rng.choice((0, 0, 1, 3)), most) if most > 4 else []
    gaps = tuple((start, start + rng.randint(1, 8)) for start in starts)
    settings = _settings(rng, strategy, speed)
    feed = "webhook" if strategy == "bracket" and not are_ticks and rng.random() < 0.12 else "replay:prices"
    posts = _posts(rng, seconds, strategy) + _commands(seed, seconds, strategy)
    if feed == "webhook":
        if settings.get("fill.latency_ms", 0) > 10_000:  # an order would wait for two bars more
            settings["fill.latency_ms"] = 1_500
        seconds += 100.0
        posts = tuple(replace(one, body=one.body.replace(b"XAUUSD", b"EURUSD")) for one in posts) + bars(rng, seconds)
    return Course(
        seed=seed,
        feed=feed,
        seconds=seconds,
        speed=speed,
        settings=settings,
        later_settings={"strategy.one_at_a_time": "true"} if strategy == "bracket" else {"fill.latency_ms": 300},
        prices=Prices(seed % 8, minutes, are_ticks, gaps=gaps),
        posts=posts,
        faults=faults,
        has_proxy=rng.random() < 0.3,
        is_real_disk=seed % 12 == 7,
        name=f"seed {seed}",
    )


def _times(rng: random.Random, count: int, within: float) -> list[int]:
    return sorted(rng.randrange(1, max(2, round(within))) for _ in range(count))


def _settings(rng: random.Random, strategy: str, speed: float) -> dict[str, Any]:
    found: dict[str, Any] = {"account.balance": 1_000_000}
    if strategy != "bracket":
        found["strategy.name"] = strategy
    if rng.random() < 0.25:
        found["fill.latency_ms"] = rng.choice((200, 1_500, 90_000 if speed > 10 else 5_000))
    if strategy == "bracket" and rng.random() < 0.3:
        found["strategy.one_at_a_time"] = "true"
    return found


# --- alerts ---------------------------------------------------------------------------------------------------------


def _posts(rng: random.Random, seconds: float, strategy: str) -> tuple[Post, ...]:
    made: list[Post] = []
    number = 0
    while len(made) < rng.randint(3, 9) + seconds / 3:
        number += 1
        at_s = round(rng.uniform(0.0, seconds), 3)
        post = Post(at_s, _body(rng, number, strategy), travels_s=_travel(rng))
        kind = rng.random()
        if kind < 0.08:
            made += [
                Post(at_s, _body(rng, f"{number}.{n}", strategy), travels_s=0.01) for n in range(rng.randint(5, 25))
            ]
        elif kind < 0.2:  # the same again: by a nervous user, by a relay, much later
            wait_s = rng.choice((0.0, 0.001, 1.0, 5.0, 12.0, 29.0, 31.5))
            made += [post, Post(at_s + wait_s, post.body, travels_s=_travel(rng))]
        elif kind < 0.26:
            made.append(Post(at_s, rng.choice(GARBAGE)))
        elif kind < 0.28:
            made.append(Post(at_s, post.body, path="/webhook/tradingview/a-wrong-token-of-somebody"))
        elif kind < 0.31:
            made.append(Post(at_s, b"x" * 20_000))
        elif kind < 0.33:
            made.append(Post(at_s, _json({"type": "entry", "side": "buy", "symbol": "EURUSD", "comment": "deadly"})))
        else:
            made.append(post)
    return tuple(made)


def _commands(seed: int, seconds: float, strategy: str) -> tuple[Post, ...]:
    """What a human does meanwhile, in one world of four: nobody else's dice are thrown for it."""
    rng = random.Random(f"commands {seed}")
    if rng.random() > 0.25:
        return ()
    made: list[Post] = []
    for number in range(rng.randint(1, 6)):
        fields = {"id": f"command-{number}", "command": rng.choice(("pause", "resume", "resume", "rearm"))}
        if fields["command"] != "rearm" and rng.random() < 0.3:
            fields["plugin"] = rng.choice((strategy, "nobody"))
        post = Post(round(rng.uniform(0.0, seconds), 3), _json({**fields, "by": "anna"}), COMMANDS, _travel(rng))
        made += [post] if rng.random() < 0.8 else [post, replace(post, at_s=post.at_s + rng.choice((0.0, 0.01, 4.0)))]
    return tuple(made)


def bars(rng: random.Random, seconds: float) -> tuple[Post, ...]:
    """Closed minutes of EURUSD, each posted when it has closed."""
    made: list[Post] = []
    price = 1.1
    for number in range(round(seconds / 60) + 4):
        end = round(price + rng.uniform(-0.0006, 0.0006), 5)
        opened = dt.datetime.fromtimestamp(WALL_S - 60 + 60 * number, dt.UTC).isoformat()
        high, low = round(max(price, end) + 0.0002, 5), round(min(price, end) - 0.0002, 5)
        bar = {"type": "bar", "symbol": "EURUSD", "tf": "1", "time": opened, "open": price, "high": high, "low": low}
        if rng.random() > 0.05:  # TradingView skips one now and then
            made.append(Post(60.0 * number + 0.4, _json({**bar, "close": end}), travels_s=_travel(rng)))
        price = end
    return tuple(made)


def _travel(rng: random.Random) -> float:
    return rng.choice((0.002, 0.01, 0.01, 0.05, 0.4, 2.0))


def _body(rng: random.Random, number: object, strategy: str) -> bytes:
    symbol = rng.choice(("EURUSD", "EURUSD", "XAUUSD"))
    side = rng.choice(("buy", "sell"))
    kind = rng.random()
    fields: dict[str, Any] = {"symbol": symbol}
    if rng.random() < 0.5:
        fields["id"] = f"n{number}"
    elif rng.random() < 0.6:
        fields["comment"] = f"c{number}"
    if strategy == "v6_price_action" and kind < 0.6:
        return _v6(rng, symbol, side)
    if kind < 0.5:
        entry = {**fields, "type": "entry", "side": side, "volume": rng.choice((0.01, 0.1))}
        if rng.random() < 0.2 and strategy == "bracket":
            entry |= {"sl_pips": rng.randint(3, 15)} if rng.random() < 0.5 else {"tp_pips": rng.randint(3, 15)}
        return _json(entry)
    if kind < 0.8:
        return _json({**fields, "type": "exit"} | ({"side": side} if rng.random() < 0.3 else {}))
    if kind < 0.95 and strategy == "bracket":
        return _json({**fields, "type": "reversal", "side": side, "volume": 0.1})
    return _json({**fields, "type": rng.choice(("info", "pause", "resume", "cancel"))})


def _v6(rng: random.Random, symbol: str, side: str) -> bytes:
    """An alert of the V6 script, as it writes them: tokens between pipes."""
    word, price, pip = (
        "BULLISH" if side == "buy" else "BEARISH",
        *((1.1, 0.0001) if symbol == "EURUSD" else (2000, 0.1)),
    )
    frame = rng.choice(("1", "5", "15"))
    if rng.random() < 0.3:
        return f"EXIT_{word}|{symbol}|{frame}|{price}|{rng.randint(1, 20)}".encode()
    away = 1 if side == "buy" else -1
    levels = "|".join(f"{price + away * pip * steps:.5f}" for steps in (-30, 15, 30, 60))
    strength = f"HIGH|85|{rng.randint(26, 40)}|STRONG"
    return f"{word}_ENTRY|{symbol}|{frame}|{price}|{side.upper()}|{strength}|{levels}|5/1|TL_OK|".encode()


def _json(fields: dict[str, Any]) -> bytes:
    return json.dumps(fields).encode()


# --- faults ---------------------------------------------------------------------------------------------------------


def _faults(rng: random.Random, seconds: float, are_ticks: bool) -> tuple[Fault, ...]:
    made: list[Fault] = []
    if rng.random() < 0.07:
        made.append(Fault(0.0, "crash", "engine", rng.randint(1, 9), 0.3))
    for _ in range(rng.choice((0, 1, 1, 2, 3, 4, 6))):
        at_s = round(rng.uniform(0.0, seconds * 0.9), 3)
        kind = rng.random()
        if kind < 0.5:
            down_s = rng.choice((0.1, 0.3, 1.0, 3.0, 7.0, 33.0))
            made.append(
                Fault(at_s, "crash", rng.choice(("engine", "engine", "receiver", "both")), rng.randint(1, 40), down_s)
            )
        elif kind < 0.58:
            made.append(Fault(at_s, "full", for_s=rng.choice((0.3, 2.0, 8.0))))
        elif kind < 0.66:
            made.append(Fault(at_s, "refuse", count=rng.randint(1, 4)))
        elif kind < 0.74:
            made.append(Fault(at_s, "unreadable", count=rng.randint(1, 3)))
        elif kind < 0.82:
            made.append(Fault(at_s, "slow", by_s=rng.choice((0.02, 0.3, 1.2, 2.6, 3.4)), for_s=rng.choice((1.0, 5.0))))
        elif kind < 0.88:
            made.append(Fault(at_s, "settings"))
        elif kind < 0.92:
            made.append(Fault(at_s, "writer"))
        else:
            by_s = rng.choice((0.5, -0.5, 20.0, -20.0)) if not are_ticks else rng.choice((-40.0, 300.0, -300.0))
            made.append(Fault(at_s, "wall", by_s=by_s))
    return tuple(made)
