"""Hand-made runs: a record as the engine would leave it, made without engine or broker, to test results by."""

from __future__ import annotations

from decimal import Decimal

import numpy as np

from zepix.engine.record import RunRecord
from zepix.model import (
    AccountSpec,
    Alert,
    Catalogue,
    ClosingFill,
    DecisionRow,
    FillModel,
    Instrument,
    Order,
    Quarantined,
    Series,
    Side,
)

MINUTE_NS = 60_000_000_000
HOUR_NS = 60 * MINUTE_NS
DAY_NS = 24 * HOUR_NS
THURSDAY_NS = 1_398_902_400_000_000_000
"""2014-05-01T00:00:00Z, a Thursday."""
PRICES = ("open", "high", "low", "close")

EURUSD = Instrument(
    symbol="EURUSD", asset_class="forex", point=Decimal("0.00001"), pip=Decimal("0.0001"),
    contract_size=Decimal(100_000), profit_currency="USD", margin_currency="EUR", commission_per_lot=Decimal("3.5"),
)  # fmt: skip
USDJPY = Instrument(
    symbol="USDJPY", asset_class="forex", point=Decimal("0.001"), pip=Decimal("0.01"),
    contract_size=Decimal(100_000), profit_currency="JPY", margin_currency="USD",
)  # fmt: skip
XAUUSD = Instrument(
    symbol="XAUUSD", asset_class="metal", point=Decimal("0.001"), pip=Decimal("0.1"),
    contract_size=Decimal(100), profit_currency="USD", margin_currency="USD",
)  # fmt: skip
EURGBP = Instrument(
    symbol="EURGBP", asset_class="forex", point=Decimal("0.00001"), pip=Decimal("0.0001"),
    contract_size=Decimal(100_000), profit_currency="GBP", margin_currency="EUR",
)  # fmt: skip
CATALOGUE = Catalogue([EURUSD, USDJPY, XAUUSD, EURGBP])


def series_of(symbol: str, bid: dict[str, list[int]], *, spread: int = 10, start_ns: int = THURSDAY_NS,
              timeframe_ns: int = MINUTE_NS, times: list[int] | None = None) -> Series:  # fmt: skip
    """A series from bid points by name of the price; the ask is ``spread`` above throughout."""
    rows = len(bid["open"])
    time = np.array(times, np.int64) if times else start_ns + np.arange(rows, dtype=np.int64) * timeframe_ns
    sides = {f"bid_{p}": np.array(bid[p], np.int32) for p in PRICES}
    sides |= {f"ask_{p}": np.array(bid[p], np.int32) + np.int32(spread) for p in PRICES}
    empty = np.empty(0, np.int32)
    return Series(
        symbol=symbol, timeframe="1m" if timeframe_ns == MINUTE_NS else "1h", timeframe_ns=timeframe_ns, time=time,
        bid_mins=empty, bid_maxs=empty, ask_mins=empty, ask_maxs=empty,
        facts={"checksum": "0" * 64, "sources": [f"{symbol}_M1_20140501.parquet"], "rows": rows, "spread": "data"},
        **sides,
    )  # fmt: skip


def flat_series(symbol: str, points: int, rows: int, **more: object) -> Series:
    """A price that stands still."""
    return series_of(symbol, {p: [points] * rows for p in PRICES}, **more)  # type: ignore[arg-type]


def walk_series(symbol: str, start_points: int, rows: int, *, seed: int, step: float = 6.0, spread: int = 10,
                start_ns: int = THURSDAY_NS, timeframe_ns: int = MINUTE_NS) -> Series:  # fmt: skip
    """A seeded random walk without weekends: Friday 21:00 to Sunday 21:00 UTC has no bars."""
    rng = np.random.default_rng(seed)
    time = start_ns + np.arange(int(rows * 1.5) + 3 * 1440, dtype=np.int64) * timeframe_ns
    hour_of_week = (time // HOUR_NS + 72) % 168  # 0 is Monday 00:00
    time = time[(hour_of_week < 117) | (hour_of_week >= 165)][:rows]
    close = start_points + np.rint(np.cumsum(rng.normal(0, step, rows))).astype(np.int64)
    opens = np.concatenate(([start_points], close[:-1]))
    high = np.maximum(opens, close) + rng.integers(0, int(step) + 1, rows)
    low = np.minimum(opens, close) - rng.integers(0, int(step) + 1, rows)
    bid = {"open": opens.tolist(), "high": high.tolist(), "low": low.tolist(), "close": close.tolist()}
    return series_of(symbol, bid, spread=spread, times=time.tolist(), timeframe_ns=timeframe_ns)


def fill_of(**changes: object) -> ClosingFill:
    """A long of 0.10 lots EURUSD that won 100 points = 10.00 USD before 0.70 of commission."""
    base = ClosingFill(
        ticket=1, part=1, plugin_id="bracket", family="bracket", symbol="EURUSD", side=1, role="", steps=10,
        entry_ns=THURSDAY_NS, entry_points=138_010, exit_ns=THURSDAY_NS + 10 * MINUTE_NS, exit_points=138_110,
        initial_sl=137_900, initial_tp=138_110, sl=137_900, tp=138_110, exit_reason="tp", gross_minor=1000,
        commission_minor=-70, swap_minor=0, pnl_minor=930, pnl_points=100, mae_points=20, mfe_points=100, bars_held=10,
        ambiguous=False, alert_id="a1", chain_id="", known_ns=THURSDAY_NS + 10 * MINUTE_NS, entry_row=0, exit_row=9,
    )  # fmt: skip
    made = base._replace(**changes)
    return made if "known_ns" in changes else made._replace(known_ns=made.exit_ns)


def record_of(
    fills: list[ClosingFill],
    series: list[Series],
    *,
    account: AccountSpec | None = None,
    fill_model: FillModel | None = None,
    alerts: list[Alert | Quarantined] | None = None,
) -> RunRecord:
    """A record around fills; balances follow from their money, in the order in which they became known."""
    account = account or AccountSpec()
    record = RunRecord(account, fill_model or FillModel(), CATALOGUE, {one.symbol: one for one in series})
    record.start_ns = min((one.start_ns for one in series if len(one)), default=THURSDAY_NS)
    record.end_ns = max((one.end_ns for one in series if len(one)), default=THURSDAY_NS)
    record.alerts = list(alerts or [])
    record.fills = sorted(fills, key=lambda fill: fill.known_ns)
    balance = int(account.balance * 10**account.digits)
    record.balances = [(record.start_ns, balance)]
    for fill in record.fills:
        balance += fill.pnl_minor
        record.balances.append((fill.known_ns, balance))
    return record


def bracket_run(count: int, *, series: list[Series], seed: int = 1, distance: float = 80.0) -> RunRecord:
    """``count`` random bracket tickets walked naively over the bars, with orders, decisions, alerts and a journal."""
    rng = np.random.default_rng(seed)
    fills, alerts, orders, decisions = [], [], [], []
    for number in range(1, count + 1):
        one = series[number % len(series)]
        entry = int(rng.integers(0, len(one) - 2))
        side = 1 if rng.random() < 0.5 else -1
        scale = distance * int(one.ask_open[0] - one.bid_open[0]) / 10  # distances go by the spread
        stop, target = (int(d) for d in rng.uniform(0.5, 2.0, 2) * scale)
        fill = _walked(one, number, entry, side, stop, target, steps=int(rng.integers(1, 30)))
        fills.append(fill)
        alerts.append(_alert(fill, one))
        orders.append(_order(fill, number))
        decisions.append(DecisionRow(fill.alert_id, fill.entry_ns, "plain", "bracket", "bracket", "filled", "",
                                     fill.symbol, "entry", "buy" if side > 0 else "sell", "1m",
                                     {"spread_points": 10, "sl_points": stop, "note": "by the alert"}))  # fmt: skip
    record = record_of(fills, series, alerts=alerts)
    record.orders, record.decisions = orders, decisions
    record.journal = [(f.known_ns, "closed", {"ticket": f.ticket, "pnl_minor": f.pnl_minor}) for f in record.fills]
    record.plugins = [{"plugin_id": "bracket", "family": "bracket", "enabled": True}]
    record.counts = {"alerts": count, "filled": count}
    return record


def _walked(one: Series, number: int, entry: int, side: int, stop: int, target: int, steps: int) -> ClosingFill:
    """Enter at an open, leave at the first bar that touches a level on the closing side; both: the stop."""
    highs, lows, closes = (getattr(one, f"{'bid' if side > 0 else 'ask'}_{p}") for p in PRICES[1:])
    paid = int((one.ask_open if side > 0 else one.bid_open)[entry])
    sl, tp = paid - side * stop, paid + side * target
    low_level, high_level = min(sl, tp), max(sl, tp)
    hit = np.flatnonzero((lows[entry:] <= low_level) | (highs[entry:] >= high_level))
    row = entry + int(hit[0]) if len(hit) else len(one) - 1
    both = bool(lows[row] <= low_level and highs[row] >= high_level)
    touches_stop = lows[row] <= sl if side > 0 else highs[row] >= sl
    got, why = (int(closes[row]), "end_of_data") if not len(hit) else (sl, "sl") if touches_stop else (tp, "tp")
    points = (got - paid) * side
    instrument = CATALOGUE[one.symbol]
    gross = round(points * steps * float(instrument.volume_step * instrument.point_value) * 100)
    lived = slice(entry, max(row, entry + 1))
    mae = max(0, -points, paid - int(lows[lived].min()) if side > 0 else int(highs[lived].max()) - paid)
    mfe = max(0, points, int(highs[lived].max()) - paid if side > 0 else paid - int(lows[lived].min()))
    end_ns = int(one.time[row]) + one.timeframe_ns
    fee = -round(float(instrument.commission_per_lot * instrument.volume_step) * steps * 200)
    return ClosingFill(
        ticket=number, part=1, plugin_id="bracket", family="bracket", symbol=one.symbol, side=side, role="",
        steps=steps, entry_ns=int(one.time[entry]), entry_points=paid, exit_ns=end_ns, exit_points=got,
        initial_sl=sl, initial_tp=tp, sl=sl, tp=tp, exit_reason=why, gross_minor=gross,
        commission_minor=fee, swap_minor=0, pnl_minor=gross + fee,
        pnl_points=points, mae_points=mae, mfe_points=mfe, bars_held=row - entry + 1, ambiguous=both and len(hit) > 0,
        alert_id=f"a{number}", chain_id="", known_ns=end_ns, entry_row=entry, exit_row=row,
    )  # fmt: skip


def _alert(fill: ClosingFill, one: Series) -> Alert:
    instrument = CATALOGUE[one.symbol]
    return Alert(
        id=fill.alert_id, received_ns=fill.entry_ns, dialect="plain", type="entry", symbol=fill.symbol,
        side=Side.BUY if fill.side > 0 else Side.SELL, strategy="bracket",
        price=instrument.price(fill.entry_points - 4), sl=instrument.price(fill.sl), tp=instrument.price(fill.tp),
    )  # fmt: skip


def _order(fill: ClosingFill, number: int) -> Order:
    order = Order(
        id=number, kind="market", plugin_id="bracket", family="bracket", alert_id=fill.alert_id, symbol=fill.symbol,
        side=fill.side, decided_ns=fill.entry_ns, arrival_ns=fill.entry_ns, volume_steps=fill.steps,
        volume=f"{fill.steps / 100:.2f}", sl=fill.sl, tp=fill.tp,
    )  # fmt: skip
    order.move("filled", fill.entry_ns)
    order.fill_ns, order.fill_points = fill.entry_ns, fill.entry_points
    order.filled_steps, order.ticket = fill.steps, fill.ticket
    return order
