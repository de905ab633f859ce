"""What must hold after any run: no cent is made or lost, no fill lies outside its bar, every alert is answered once."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import pairwise

from hypothesis import HealthCheck, given, settings

from tests.property.drawn import Drawn, drawn
from tests.world import Played
from zepix.journal.digest import digest
from zepix.model import ClosingFill, Series

bounded = settings(
    max_examples=80,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
AT_OPENS = ("signal", "reversal")


def side_of(series: Series, side: int, name: str, row: int) -> int:
    """A price on the closing side of a ticket: the bid for a long, the ask for a short."""
    return int(getattr(series, f"{'bid' if side > 0 else 'ask'}_{name}")[row])


@bounded
@given(drawn())
def test_every_cent_is_accounted_for(run: Drawn) -> None:
    record = run.play().record
    balance = int(run.market.account.balance * 100)
    assert record.balances[0][1] == balance
    assert len(record.balances) == len(record.fills) + 1
    for fill, (_, after) in zip(record.fills, record.balances[1:], strict=True):
        assert fill.pnl_minor == fill.gross_minor + fill.commission_minor + fill.swap_minor
        assert fill.commission_minor <= 0
        assert fill.commission_minor == -2 * one_side(run, fill)
        assert fill.swap_minor == 0
        balance += fill.pnl_minor
        assert after == balance


def one_side(run: Drawn, fill: ClosingFill) -> int:
    amount = run.market.catalogue[fill.symbol].commission_per_lot * fill.steps / 100
    return int(amount.quantize(Decimal("0.01"), ROUND_HALF_EVEN) * 100)


@bounded
@given(drawn())
def test_gross_in_the_home_currency_is_points_times_lots(run: Drawn) -> None:
    for fill in run.play().record.fills:
        assert fill.pnl_points == fill.side * (fill.exit_points - fill.entry_points)
        if run.market.account.currency == "USD" and fill.symbol == "EURUSD":
            assert fill.gross_minor == fill.pnl_points * fill.steps  # 0.01 lots are one cent a point
        elif fill.pnl_points:
            assert fill.gross_minor == 0 or (fill.gross_minor > 0) == (fill.pnl_points > 0)


@bounded
@given(drawn())
def test_steps_conserve_and_every_ticket_closes_once_and_whole(run: Drawn) -> None:
    record = run.play().record
    opened = {o.ticket: o for o in record.orders if o.kind == "market" and o.status == "filled"}
    assert Counter(f.ticket for f in record.fills) == Counter(list(opened))
    for fill in record.fills:
        order = opened[fill.ticket]
        assert (fill.part, fill.steps) == (1, order.volume_steps) == (1, order.filled_steps)
        assert (fill.symbol, fill.side, fill.plugin_id, fill.alert_id) == (
            order.symbol,
            order.side,
            order.plugin_id,
            order.alert_id,
        )
    closes = [o for o in record.orders if o.kind == "close"]
    by_signal = [f for f in record.fills if f.exit_reason in AT_OPENS]
    assert sum(o.closed for o in closes) == len(by_signal)
    assert sum(o.filled_steps for o in closes) == sum(f.steps for f in by_signal)


@bounded
@given(drawn())
def test_no_fill_lies_outside_its_bar(run: Drawn) -> None:
    slip = run.market.fill.slippage_points
    prices = {s.symbol: s for s in run.market.series}
    for fill in run.play().record.fills:
        series = prices[fill.symbol]
        assert fill.entry_ns == int(series.time[fill.entry_row])
        assert fill.entry_points == side_of(series, -fill.side, "open", fill.entry_row) + fill.side * slip
        low, high = (side_of(series, fill.side, name, fill.exit_row) for name in ("low", "high"))
        opened = side_of(series, fill.side, "open", fill.exit_row)
        exact = fill.exit_points + fill.side * (slip if fill.exit_reason in (*AT_OPENS, "sl") else 0)
        assert low <= exact <= high
        if fill.exit_reason in AT_OPENS:
            assert (exact, fill.exit_ns) == (opened, int(series.time[fill.exit_row]))
        elif fill.exit_reason == "end_of_data":
            assert (exact, fill.exit_ns) == (side_of(series, fill.side, "close", len(series) - 1), series.end_ns)
        else:
            level = fill.sl if fill.exit_reason == "sl" else fill.tp
            at_open = fill.exit_ns == int(series.time[fill.exit_row])
            assert exact == (opened if at_open else level)
            worse = fill.exit_reason == "sl"
            assert not at_open or (fill.side * (exact - level) <= 0 if worse else fill.side * (exact - level) >= 0)


@bounded
@given(drawn())
def test_no_level_is_passed_by_before_the_exit(run: Drawn) -> None:
    """Bar by bar, as slowly as possible: until its exit no lived bar touched the ticket's levels."""
    prices = {s.symbol: s for s in run.market.series}
    for fill in run.play().record.fills:
        series = prices[fill.symbol]
        by_range = fill.exit_reason in ("sl", "tp") and fill.exit_ns != int(series.time[fill.exit_row])
        last = fill.exit_row if by_range or fill.exit_reason != "end_of_data" else fill.exit_row + 1
        for row in range(fill.entry_row, last):
            low, high = (side_of(series, fill.side, name, row) for name in ("low", "high"))
            worst, best = (low, high) if fill.side > 0 else (high, low)
            assert not fill.sl or fill.side * (worst - fill.sl) > 0
            assert not fill.tp or fill.side * (best - fill.tp) < 0


@bounded
@given(drawn())
def test_excursions_are_at_least_the_result_and_at_most_what_was_lived(run: Drawn) -> None:
    prices = {s.symbol: s for s in run.market.series}
    for fill in run.play().record.fills:
        assert fill.mae_points >= 0
        assert fill.mfe_points >= 0
        assert -fill.mae_points <= fill.pnl_points <= fill.mfe_points
        series = prices[fill.symbol]
        last = fill.exit_row + (fill.exit_reason == "end_of_data")
        seen = [fill.exit_points]
        for row in range(fill.entry_row, last):
            seen += [side_of(series, fill.side, name, row) for name in ("low", "high")]
        moves = [fill.side * (points - fill.entry_points) for points in seen]
        assert (fill.mae_points, fill.mfe_points) == (max(0, -min(moves)), max(0, *moves))
        assert fill.bars_held == fill.exit_row - fill.entry_row + 1


@bounded
@given(drawn())
def test_time_never_runs_backwards(run: Drawn) -> None:
    played = run.play()
    record = played.record
    for times in (
        [ns for ns, _ in record.balances],
        [f.known_ns for f in record.fills],
        [
            o.decided_ns for o in sorted(record.orders, key=lambda o: o.seq) if o.seq
        ],  # one held for a close leaves later
        [ns for ns, _, _ in record.journal],
    ):
        assert all(before <= after for before, after in pairwise(times))
    for fill in record.fills:
        assert fill.entry_ns <= fill.exit_ns <= fill.known_ns <= record.end_ns
    for order in record.orders:
        assert order.decided_ns <= order.arrival_ns
        assert order.answered_ns >= order.arrival_ns or order.reason == "end_of_data"


@bounded
@given(drawn())
def test_every_order_ends_and_every_alert_is_answered_exactly_once(run: Drawn) -> None:
    record = run.play().record
    assert [o for o in record.orders if o.is_under_way] == []
    assert Counter(d.alert_id for d in record.decisions) == Counter(a.id for a in run.alerts)
    assert all(d.outcome != "error" for d in record.decisions)
    assert all(d.reason for d in record.decisions if d.outcome in ("refused", "expired", "ignored"))
    filled = {d.alert_id for d in record.decisions if d.outcome == "filled"}
    assert filled == {f.alert_id for f in record.fills}


@bounded
@given(drawn())
def test_only_a_range_is_ambiguous_and_only_where_it_held_both_levels(run: Drawn) -> None:
    prices = {s.symbol: s for s in run.market.series}
    for fill in run.play().record.fills:
        series = prices[fill.symbol]
        at_open = fill.exit_ns == int(series.time[fill.exit_row])
        low, high = (side_of(series, fill.side, name, fill.exit_row) for name in ("low", "high"))
        worst, best = (low, high) if fill.side > 0 else (high, low)
        stopped = bool(fill.sl) and fill.side * (worst - fill.sl) <= 0
        reached = bool(fill.tp) and fill.side * (best - fill.tp) >= 0
        by_range = fill.exit_reason in ("sl", "tp") and not at_open
        assert fill.ambiguous == (by_range and stopped and reached)
        if fill.ambiguous:
            assert fill.exit_reason == ("sl" if run.market.fill.intrabar == "pessimistic" else "tp")


def looks(played: Played) -> list[tuple[int, Decimal, Decimal, Decimal, list[tuple[str, int, int, int]]]]:
    return [look for name in ("one", "two") for look in played.plugin(name).looks]


@bounded
@given(drawn())
def test_equity_is_the_balance_where_nothing_is_open_and_the_marks_where_something_is(run: Drawn) -> None:
    prices = {s.symbol: s for s in run.market.series}
    for now_ns, balance, equity, margin, tickets in looks(run.play()):
        if not tickets:
            assert (equity, margin) == (balance, Decimal(0))
        elif run.market.account.currency == "USD" and all(symbol == "EURUSD" for symbol, *_ in tickets):
            assert margin > 0
            marks = sum(side * (mark(prices[s], side, now_ns) - entry) * steps for s, side, steps, entry in tickets)
            assert equity == balance + Decimal(marks) / 100


def mark(series: Series, side: int, now_ns: int) -> int:
    """The last known price of an alert's instant: the open of the bar in progress, else the last close."""
    row = bisect_right(series.time.tolist(), now_ns) - 1
    in_progress = int(series.time[row]) + series.timeframe_ns > now_ns
    return side_of(series, side, "open" if in_progress else "close", row)


@bounded
@given(drawn())
def test_nothing_is_open_or_bound_at_the_end(run: Drawn) -> None:
    broker = run.play().simulation.broker
    state = broker.account()
    assert broker.tickets == {}
    assert (state.equity, state.margin) == (state.balance, Decimal(0))
    assert list(broker.under_way()) == []


@bounded
@given(drawn())
def test_same_inputs_same_digest(run: Drawn) -> None:
    assert digest(run.play().record) == digest(run.play().record)
