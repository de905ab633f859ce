"""Invented alerts on invented bars, in several dialects, with the accidents that real logs have.

Each arrives up to three seconds after the close of a five-minute bar and carries that close as its price. Most are
plain ones for the strategy ``bracket``. Added to them: two resends five seconds later, a line that is no JSON, a time
without a zone, a symbol nobody knows, and one that has no prices.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from zepix.data.synthetic import PROFILES, draws
from zepix.errors import ConfigError
from zepix.model.series import Int64

__all__ = ["synthetic_alerts"]

FIVE_MINUTES_NS: Final = 300_000_000_000
MINUTE_NS: Final = 60_000_000_000
_STOPS: Final = {"EURUSD": 90, "GBPUSD": 110, "USDJPY": 110, "XAUUSD": 2600, "BTCUSD": 20_000}


@dataclass(slots=True)
class _Moment:
    """One chance to send an alert: where the price is, and random numbers to spend."""

    symbol: str
    points: int
    digits: int
    received_ns: int
    number: int
    raw: int

    def spend(self, count: int) -> int:
        """A whole number below ``count``."""
        value = self.raw % count
        self.raw //= count
        return value

    def price(self, points: int) -> float:
        return points / float(10**self.digits)

    def levels(self, side: str) -> tuple[float, float]:
        """A stop one to three usual distances away, and a target one to two and a half times as far."""
        stop = _STOPS[self.symbol] * (100 + self.spend(201)) // 100
        target = stop * (100 + self.spend(151)) // 100
        sign = 1 if side == "buy" else -1
        return self.price(self.points - sign * stop), self.price(self.points + sign * target)

    def side(self) -> str:
        return "buy" if self.spend(2) else "sell"


def _plain(moment: _Moment, kind: str, **more: Any) -> dict[str, Any]:
    body = {"type": kind, "strategy": "bracket", "symbol": moment.symbol, **more}
    if moment.spend(2):
        body["id"] = f"s-{moment.number:04d}"
    return body | {"timeframe": "5m" if moment.spend(3) else "15m", "price": moment.price(moment.points)}


def _entry(moment: _Moment) -> dict[str, Any]:
    side = moment.side()
    sl, tp = moment.levels(side)
    return _plain(moment, "entry", side=side, volume=(1 + moment.spend(20)) / 100, sl=sl, tp=tp)


def _bare_entry(moment: _Moment) -> dict[str, Any]:
    return _plain(moment, "entry", side=moment.side(), volume=(1 + moment.spend(10)) / 100)


def _exit(moment: _Moment) -> dict[str, Any]:
    side = ("buy", "sell", None)[moment.spend(3)]
    return _plain(moment, "exit", side=side) if side else _plain(moment, "exit")


def _reversal(moment: _Moment) -> dict[str, Any]:
    side = moment.side()
    sl, tp = moment.levels(side)
    return _plain(moment, "reversal", side=side, volume=(1 + moment.spend(10)) / 100, sl=sl, tp=tp)


def _v3_entry(moment: _Moment) -> dict[str, Any]:
    side = moment.side()
    sl, tp = moment.levels(side)
    score = moment.spend(4)
    return {
        "type": "entry_v3",
        "signal_type": ("Momentum_Breakout", "Institutional_Launchpad", "Liquidity_Trap")[moment.spend(3)],
        "symbol": moment.symbol,
        "direction": side,
        "tf": "5",
        "price": moment.price(moment.points),
        "consensus_score": 9 - score if side == "buy" else score,
        "sl_price": sl,
        "tp1_price": tp,
        "tp2_price": tp,
        "mtf_trends": "1,1,-1,1,1" if side == "buy" else "-1,-1,1,-1,-1",
        "market_trend": 1 if side == "buy" else -1,
        "volume_delta_ratio": (50 + moment.spend(150)) / 100,
        "price_in_ob": False,
        "position_multiplier": 0.6,
    }


def _v3_exit(moment: _Moment) -> dict[str, Any]:
    side = moment.side()
    return {
        "type": "exit_v3",
        "signal_type": "Bearish_Exit" if side == "buy" else "Bullish_Exit",
        "symbol": moment.symbol,
        "direction": side,
        "tf": "5",
        "price": moment.price(moment.points),
        "consensus_score": moment.spend(10),
        "market_trend": 0,
        "reason": "TP_hit_or_reversal_or_momentum_loss",
    }


def _v3_pulse(moment: _Moment) -> dict[str, Any]:
    return {
        "type": "trend_pulse_v3",
        "signal_type": "Trend_Pulse",
        "symbol": moment.symbol,
        "tf": "15",
        "price": moment.price(moment.points),
        "current_trends": "1,1,-1,1,1,-1",
        "previous_trends": "1,1,-1,1,1,-1",
        "changed_timeframes": "15,",
        "change_details": "15:-1;",
        "trend_labels": "1m,5m,15m,1H,4H,1D",
        "market_trend": 0,
        "consensus_score": 5,
        "message": "Trend change",
    }


def _v6_entry(moment: _Moment) -> str:
    side = moment.side()
    sl, tp = moment.levels(side)
    word = "BULLISH_ENTRY" if side == "buy" else "BEARISH_ENTRY"
    price = moment.price(moment.points)
    head = f"{word}|{moment.symbol}|5|{price}|{side.upper()}|HIGH|85|26.5|STRONG"
    return f"{head}|{sl}|{tp}|{tp}|{tp}|{'5/1' if side == 'buy' else '1/5'}|TL_OK|"


def _v6_exit(moment: _Moment) -> str:
    return f"EXIT_{('BULLISH', 'BEARISH')[moment.spend(2)]}|{moment.symbol}|5|{moment.price(moment.points)}|15"


def _legacy(moment: _Moment) -> dict[str, Any]:
    return {
        "type": "entry",
        "symbol": moment.symbol,
        "signal": moment.side(),
        "tf": "5m",
        "price": moment.price(moment.points),
        "strategy": "ZepixPremium",
    }


# How often each kind comes, of a hundred.
_KINDS: Final[tuple[tuple[int, Callable[[_Moment], Any]], ...]] = (
    (52, _entry),
    (9, _bare_entry),
    (14, _exit),
    (8, _reversal),
    (4, _v3_entry),
    (2, _v3_exit),
    (4, _v3_pulse),
    (3, _v6_entry),
    (1, _v6_exit),
    (3, _legacy),
)


def _iso(time_ns: int) -> str:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=time_ns // 1000)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def _line(received: str, payload: Any) -> str:
    return json.dumps({"received_at": received, "payload": payload}, ensure_ascii=False)


def synthetic_alerts(
    bars: Mapping[str, Mapping[str, Int64]], *, seed: int, count: int, accidents: bool = True
) -> list[str]:
    """``count`` lines of an alert log (JSON), in order of arrival, on bars in points (``bar_points``) by symbol.

    With ``accidents`` six further lines: see the head of this file. Raises ConfigError for too few bars.
    """
    moments = _moments(bars, seed, count)
    lines = [(moment.received_ns, _line(_iso(moment.received_ns), _payload(moment))) for moment in moments]
    if accidents:
        lines += _accidents(lines)
    return [line for _, line in sorted(lines, key=lambda pair: pair[0])]


def _payload(moment: _Moment) -> Any:
    draw = moment.spend(100)
    for share, make in _KINDS:
        if draw < share:
            return make(moment)
        draw -= share
    raise AssertionError("the shares of the kinds add up to a hundred")


def _moments(bars: Mapping[str, Mapping[str, Int64]], seed: int, count: int) -> list[_Moment]:
    """Moments spread evenly over the closes of five-minute bars, symbol by symbol in turn."""
    symbols = list(bars)
    closes = {symbol: _five_minute_closes(columns) for symbol, columns in bars.items()}
    numbers = [[int(n) for n in draws(seed, f"alerts {k}", count)] for k in range(3)]
    found = []
    for k in range(count):
        symbol = symbols[k % len(symbols)]
        ends, points = closes[symbol]
        slot = len(ends) // (count + 1)
        if slot < 1:
            raise ConfigError(f"{len(ends)} five-minute bars of {symbol} are too few for {count} alerts")
        at = k * slot + numbers[0][k] % slot
        delay_ns = 1_000_000 * (numbers[1][k] % 3000)
        found.append(
            _Moment(symbol, int(points[at]), PROFILES[symbol].digits, int(ends[at]) + delay_ns, k + 1, numbers[2][k])
        )
    return found


def _five_minute_closes(columns: Mapping[str, Int64]) -> tuple[Int64, Int64]:
    """Ends (ns) of five-minute bars whose last minute is there, and their closes (points)."""
    ends = columns["time"] + MINUTE_NS
    full = ends % FIVE_MINUTES_NS == 0
    return ends[full], columns["bid_close"][full]


def _accidents(lines: Sequence[tuple[int, str]]) -> list[tuple[int, str]]:
    """What goes wrong in every log, at fixed places of this one."""
    ordered = sorted(lines)
    entries = [line for line in ordered if '"type": "entry", "strategy": "bracket"' in line[1]]
    added = []
    for which in (len(entries) // 4, len(entries) // 2):
        received_ns, line = entries[which]
        again_ns = received_ns + 5_000_000_000
        added.append((again_ns, line.replace(_iso(received_ns), _iso(again_ns))))
    places = [ordered[len(ordered) * part // 10][0] + 20_000_000_000 for part in (2, 4, 6, 8)]
    entry = {"type": "entry", "strategy": "bracket", "side": "buy", "volume": 0.1}
    added += [
        (places[0], f'{{"received_at": "{_iso(places[0])}", "payload": {{"type": "entry", "symbol": "EURUSD", "si'),
        (places[1], _line(_iso(places[1]).rstrip("Z"), entry | {"symbol": "EURUSD"})),
        (places[2], _line(_iso(places[2]), entry | {"symbol": "FOOBAR"})),
        (places[3], _line(_iso(places[3]), entry | {"symbol": "GBPUSD", "price": 1.27})),
    ]
    return added
