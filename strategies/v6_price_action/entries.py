"""An entry: filters, stop, cooldown, risk gate; then the other side closes, and the order goes out.

- The stop is the alert's, for A and B alike. It must lie where a close would not meet it at once (``invalid_stops``):
  beyond the bid for a buy, beyond the ask for a sell. At least one of its targets must lie ahead: an alert whose every
  target is passed is stale. An alert without a stop gets that of the risk service's table.
- Size: ``risk_percent`` of the balance, lost at the stop, times ``lot_multiplier``; at most ``max_lot``; then the
  reducers (weak ADX, decreasing momentum). The gate fits it to what is left of the day and gives its reasons.
- Targets: A ``target_a``, where a missing TP3 means TP2; B ``target_b``. Without any: by the stop's distance.
- Nothing is closed for an entry that does not pass. What is closed for it is closed first: the new order waits for the
  confirmed close (``after``).
"""

from __future__ import annotations

from decimal import Decimal

from zepix import Decision, DualPlan, GateAnswer, Quantity, TradeRequest

from .exits import close_side
from .filters import Numbers, first_refusal
from .managed import is_strong, managed_request
from .memory import key_of
from .settings import V6Settings
from .signals import Signal

NS = 1_000_000_000


async def enter(plugin: V6Settings, signal: Signal, numbers: Numbers, after: tuple[int, ...] = ()) -> Decision:
    """Take an entry or refuse it, with the numbers that decided. ``after``: closes that it must wait for."""
    reason = (
        first_refusal(plugin, signal, numbers) or _stop_problem(plugin, signal, numbers) or _cooldown(plugin, signal)
    )
    if reason:
        return Decision("refused", reason, numbers)
    request = request_of(plugin, signal, after)
    if plugin.exit_mode == "managed":
        numbers["strong"] = is_strong(plugin, signal)
        request = managed_request(plugin, request, signal)
    answer = plugin.api.risk.gate(request)
    numbers.update(answer.numbers)
    if not answer.allowed:
        return Decision("refused", answer.reason, numbers)
    lots = _reduced(plugin, signal, answer, numbers)
    if lots < answer.lots and plugin.api.risk.validate_trade(signal.symbol, signal.side, lots) is not None:
        return Decision("refused", "volume_too_small", numbers)
    if plugin.opposite_entry_reverses and not after:
        after = await close_side(plugin, signal.symbol, signal.side.opposite)
    if plugin.exit_mode != "targets":
        reason = await _place_ladder(plugin, signal, answer, lots, after, numbers)
    else:
        reason = await _place_a_and_b(plugin, signal, answer, lots, after, numbers)
    if reason:
        return Decision("refused", reason, numbers)
    plugin.memory.note_entry(signal.symbol, signal.side, plugin.api.now_ns)
    return Decision("info", "entry", numbers)


def request_of(plugin: V6Settings, signal: Signal, after: tuple[int, ...] = ()) -> TradeRequest:
    """What the risk gate is asked; ``after``: what closes the other side for it."""
    return TradeRequest(
        signal.symbol,
        signal.side,
        plugin.api.market.price(signal.symbol, signal.side),
        signal.sl,
        risk_percent=plugin.risk_percent,
        lot_multiplier=plugin.lot_multiplier * signal.lot_factor,
        signal=signal.word,
        max_lot=plugin.max_lot,
        max_open=plugin.max_open_trades,
        max_trades_day=plugin.max_trades_day,
        daily_loss_limit=plugin.daily_loss_limit,
        legs=_legs(plugin),
        tp_price=target(signal, plugin.target_b if _is_b_alone(plugin) else plugin.target_a),
        reverses=bool(after) or plugin.opposite_entry_reverses,
    )


def _is_b_alone(plugin: V6Settings) -> bool:
    return plugin.exit_mode == "targets" and plugin.routing == "order_b_only"


def target(signal: Signal, name: str) -> float | None:
    """A target by its name; TP2 stands in for a missing TP3."""
    if name == "tp3":
        return signal.tp2 if signal.tp3 is None else signal.tp3
    return signal.tp1 if name == "tp1" else signal.tp2


def _legs(plugin: V6Settings) -> int:
    if plugin.exit_mode != "targets":
        return max(1, len(plugin.plan.portions if plugin.exit_mode == "plan" else plugin.managed_plans[True].portions))
    return 2 if plugin.routing == "dual_orders" else 1


def _stop_problem(plugin: V6Settings, signal: Signal, numbers: Numbers) -> str:
    quote = plugin.api.market.quote(signal.symbol)
    if quote is None:
        return "no_prices"
    closes_at = quote[0] if signal.side.sign > 0 else quote[1]
    is_ahead = [(price - closes_at) * signal.side.sign > 0 for price in _targets(plugin, signal)]
    if signal.sl is None:
        reason = "no_stop" if plugin.missing_stop == "refuse" else ""
    else:
        numbers["stop"] = signal.sl
        reason = "" if (closes_at - signal.sl) * signal.side.sign > 0 else "invalid_stops"
    if not reason and is_ahead and not any(is_ahead):
        reason = "invalid_stops"
    if reason == "invalid_stops":
        numbers["closes_at"] = closes_at
    return reason


def _targets(plugin: V6Settings, signal: Signal) -> list[float]:
    """The targets that the alert gives the orders of this plugin."""
    names = ["tp1", "tp2", "tp3"]
    if plugin.exit_mode == "targets":
        names = [plugin.target_b] if plugin.routing != "order_a_only" else []
        names += [plugin.target_a] if plugin.routing != "order_b_only" else []
    return [price for price in (target(signal, name) for name in names) if price is not None]


def _cooldown(plugin: V6Settings, signal: Signal) -> str:
    before = plugin.memory.entered.get(key_of(signal.symbol, signal.side))
    window_ns = plugin.cooldown_of(signal.timeframe) * NS
    return "cooldown" if before is not None and plugin.api.now_ns - before < window_ns else ""


def _reduced(plugin: V6Settings, signal: Signal, answer: GateAnswer, numbers: Numbers) -> Decimal:
    """The gate's lots after our own reducers; both are off unless their factor is below 1."""
    lots = answer.lots
    if signal.adx is not None and signal.adx < plugin.weak_adx_below:
        lots *= Decimal(str(plugin.weak_adx_factor))
    if plugin.decreasing_momentum_factor < 1:
        momentum = plugin.api.trend.get_momentum(signal.symbol, signal.timeframe)
        if momentum is not None and not momentum.is_stale and momentum.change == "DECREASING":
            lots *= Decimal(str(plugin.decreasing_momentum_factor))
    if lots < answer.lots:
        numbers["lots_gate"] = float(answer.lots)
    numbers["lots"] = float(lots)
    return lots


async def _place_a_and_b(
    plugin: V6Settings, signal: Signal, answer: GateAnswer, lots: Decimal, after: tuple[int, ...], numbers: Numbers
) -> str:
    """A, B or both; the reason where neither leg could be placed."""
    result = await plugin.api.dual_order.create_dual_orders(
        DualPlan(
            symbol=signal.symbol,
            side=signal.side,
            lots=lots,
            sl=answer.sl_price,
            tp_a=target(signal, plugin.target_a),
            tp_b=target(signal, plugin.target_b),
            timeframe=signal.timeframe,
            routing=plugin.routing,
            order_b_sl=plugin.order_b_sl,
            profit_booking=False,
            a_trailing=plugin.trailing,
            rr_ratio=plugin.rr_ratio,
            break_even_at="tp_b" if plugin.break_even_after_tp1 else None,
            break_even_buffer=Quantity(plugin.break_even_buffer_pips, "pips"),
            risk_left=answer.risk_left,
            comment=signal.word,
            after=after,
        )
    )
    numbers.update(result.numbers)
    if result.error:
        numbers["legs"] = result.error
    return "" if result else result.reason


async def _place_ladder(
    plugin: V6Settings, signal: Signal, answer: GateAnswer, lots: Decimal, after: tuple[int, ...], numbers: Numbers
) -> str:
    """A ticket for each level of the plan; the reason where none could be placed."""
    placed = await plugin.api.exits.place(
        signal.symbol,
        signal.side,
        lots,
        answer.sl_price,
        plugin.managed_plans[numbers["strong"]] if plugin.exit_mode == "managed" else plugin.plan,
        tps=(signal.tp1, signal.tp2, signal.tp3),
        comment=signal.word,
        after=after,
    )
    numbers.update(placed.numbers)
    if placed:
        return ""
    return "not_placed" if placed.refused is None else placed.refused.reason
