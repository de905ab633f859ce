"""The economics of the pyramids as they came out, level by level, beside their own arithmetic before costs.

By the page's numbers an order books 7 and loses 10, so that a chain whose level n loses whole is left with -10, -13,
-19, -31, -55; other settings of the run give other numbers, by the same kernel that the service uses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from zepix.kernels.pyramid import (
    MULTIPLIERS,
    RISK_DOLLARS,
    TARGET_DOLLARS,
    PyramidLevel,
    break_even_frac,
    orders_at,
    pyramid_step,
)
from zepix.research.chain_sums import WON_THROUGH, ChainSum, EndSum, LevelSum, level_sums
from zepix.research.headline import EMPTY, money, percent
from zepix.research.report_parts.markup import Html, note, table

__all__ = ["arithmetic", "pyramid_tables"]

_HEADS: Final = (
    "level", "chains", "orders", "booked", "lost", "closed", "recoveries", "share booked", "money booked", "lost ",
    "closed ", "recovered", "net", "one chain books", "and risks",
)  # fmt: skip
_FAILS: Final = ("chains that", "chains", "booked before", "at the level", "net", "by the page", "by the page: net")


def pyramid_tables(chains: Sequence[ChainSum], spec: Mapping[str, Any], unit: int) -> list[Html]:
    """By level, and by the level at which chains ended, with what the arithmetic says of each."""
    target, risk, multipliers = _money_of(spec)
    levels = level_sums(chains)
    page = arithmetic(target, risk, multipliers)
    by_level = [_level(one, page, target, risk, unit) for one in levels]
    fails = [[f"lost at level {one.level}", *_end(one.failed, unit), *_said(one, page, risk)] for one in levels]
    fails += [[f"ended otherwise at level {one.level}", *_end(one.left, unit), EMPTY, EMPTY] for one in levels]
    fails = [row for row in fails if row[1] != "0"]
    through = [chain for chain in chains if chain.reason in WON_THROUGH]
    if through:
        fails.append(_won_through(through, page, unit))
    return [
        table(_HEADS, by_level),
        note(
            f"By the arithmetic one order books {target:g} and risks {risk:g}, and breaks even where "
            f"{percent(break_even_frac(target, risk))} of orders are booked, before costs. Money is net of commission "
            "and swap; closed are orders that an exit, the account or the end of the data closed."
        ),
        table(_FAILS, fails),
        note(
            "Means a chain. By the page: everything below was booked, and all orders of the level lose; a strict chain "
            "ends by one. What a recovery lost, orders of the level that had been booked before, a downsized level, "
            "a gap and costs make the difference."
        ),
    ]


def arithmetic(target: float, risk: float, multipliers: Sequence[int] = MULTIPLIERS) -> list[PyramidLevel]:
    """What each level books and what its failure leaves."""
    found: list[PyramidLevel] = []
    for level in range(len(multipliers)):
        before = found[-1].cumulative if found else 0.0
        found.append(pyramid_step(before, orders_at(level, tuple(multipliers)), target, risk))
    return found


def _money_of(spec: Mapping[str, Any]) -> tuple[float, float, tuple[int, ...]]:
    """(target, risk) of one order and the orders of each level, by the run's own settings."""
    services = spec.get("services") or {}
    pyramid, legs = services.get("profit_booking") or {}, services.get("dual_order") or {}
    target = pyramid.get("target_money") or legs.get("b_target_money") or TARGET_DOLLARS
    risk = pyramid.get("loss_money") or legs.get("b_loss_money") or RISK_DOLLARS
    return float(target), float(risk), tuple(pyramid.get("multipliers") or MULTIPLIERS)


def _level(one: LevelSum, page: Sequence[PyramidLevel], target: float, risk: float, unit: int) -> list[Any]:
    orders = page[one.level].orders if one.level < len(page) else 0
    judged = one.booked + one.lost
    return [
        f"{one.level}",
        *(f"{value:,}" for value in (one.chains, one.orders, one.booked, one.lost, one.closed, one.recoveries)),
        percent(one.booked / judged) if judged else EMPTY,
        money(one.booked_minor / unit, sign=True),
        money(one.lost_minor / unit, sign=True),
        money(one.closed_minor / unit, sign=True),
        money(one.recoveries_minor / unit, sign=True),
        _coloured(one.net_minor / unit),
        f"{orders} x {target:g} = {orders * target:g}",
        f"{orders * risk:g}",
    ]


def _end(end: EndSum, unit: int) -> list[Any]:
    chains = max(end.chains, 1)
    before, here = end.before_minor / unit / chains, end.here_minor / unit / chains
    return [f"{end.chains:,}", money(before, sign=True), money(here, sign=True), _coloured(before + here)]


def _said(one: LevelSum, page: Sequence[PyramidLevel], risk: float) -> list[Any]:
    """What the arithmetic says of a level whose orders all lose."""
    if one.level >= len(page):
        return [EMPTY, EMPTY]
    lost = page[one.level].orders * risk
    return [f"{page[one.level].net_if_failed + lost:g} - {lost:g}", f"{page[one.level].net_if_failed:+g}"]


def _won_through(chains: Sequence[ChainSum], page: Sequence[PyramidLevel], unit: int) -> list[Any]:
    net = sum(chain.money_minor for chain in chains) / unit / len(chains)
    last = max(chain.level for chain in chains)
    said = f"{page[last].cumulative:+g}" if last < len(page) else EMPTY
    return [f"lost at none, up to level {last}", f"{len(chains):,}", EMPTY, EMPTY, _coloured(net), EMPTY, said]


def _coloured(value: float) -> Html:
    mood = "good" if value > 0 else "bad" if value < 0 else ""
    return Html(f'<span class="{mood}">{money(value, sign=True)}</span>')
