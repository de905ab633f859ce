"""The worst case in money that settings allow, as far as anybody can know it before a run.

Three kinds of answer, never mixed:

- *by settings*: what any alert could do. A strategy that sizes through the risk service's gate is bounded by the caps
  of the service and of the plugin (the gate refuses what would not fit them); a strategy that follows an alert's own
  volume and stop, as ``bracket`` does, is not, and the answer says ``unbounded`` and why.
- *by the alerts at hand*: the largest loss at its stop of any recorded entry, and the worst day of them, if every one
  lost; volume and stop are sized as the replay will size them, at the prices known when the alert arrives.
- *by the account*: the broker closes tickets for lack of margin, so that what goes beyond the balance is what a gap
  takes at once.

Losses at a stop leave out costs, slippage and gaps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from zepix.engine.router import PluginRouter
from zepix.engine.strategy import Strategy
from zepix.model import Alert, Catalogue, Instrument, Quantity, Refused, Side
from zepix.services.conversion import Conversions
from zepix.services.prices import PriceBook
from zepix.services.sizing import Sizing

__all__ = ["FOLLOWS", "Bound", "Market", "Recorded", "by_settings", "recorded_losses"]

FOLLOWS: Final = "bracket"
"""The family that follows an alert's own volume, stop and target."""
_GATED: Final = ("daily_loss_limit", "max_lot", "max_trades_day")
"""Settings of strategies that ask the risk service's gate."""
_ALERTS_PHASE: Final = 4


@dataclass(frozen=True, slots=True)
class Bound:
    """The most that can be lost, in the account's currency; None is unbounded. ``why`` is a sentence."""

    money: Decimal | None
    why: str


@dataclass(slots=True)
class Recorded:
    """What the recorded entries of one plugin could lose; ``unbounded``, ``refused`` and ``unknown`` are counts by
    reason. ``largest`` is (alert id, lots, stop in pips, money), ``worst_day`` (day, entries, money)."""

    entries: int = 0
    measured: int = 0
    largest: tuple[str, Decimal, Decimal, Decimal] | None = None
    worst_day: tuple[str, int, Decimal] | None = None
    unbounded: dict[str, int] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)
    unknown: dict[str, int] = field(default_factory=dict)
    days: dict[str, list[Decimal]] = field(default_factory=dict)


class Market:
    """Prices, rates and an account as they stand at one instant after another; knows no positions."""

    def __init__(self, prices: PriceBook, catalogue: Catalogue, conversions: Conversions, balance: Decimal) -> None:
        self.prices = prices
        self.catalogue = catalogue
        self.conversions = conversions
        self.balance = balance
        self.now_ns = 0
        self.phase = _ALERTS_PHASE
        market: Any = self
        self.sizing = Sizing(market, market, market, conversions, catalogue)

    @property
    def equity(self) -> Decimal:
        return self.balance

    def price(self, symbol: str, side: Side | str) -> float | None:
        """The ask for a buy, the bid for a sell; None where nothing is known."""
        quote = self._quote(symbol)
        return None if quote is None else quote[1 if side == "buy" else 0]

    def get_current_price(self, symbol: str) -> float | None:
        """The middle of bid and ask."""
        quote = self._quote(symbol)
        return None if quote is None else (quote[0] + quote[1]) / 2

    def _quote(self, symbol: str) -> tuple[float, float] | None:
        prices = self.prices.get(symbol)
        points = None if prices is None else prices.quote(self.now_ns, self.phase)
        if points is None:
            return None
        instrument = self.catalogue[symbol]
        return instrument.price(points[0]), instrument.price(points[1])

    def money(self, instrument: Instrument, distance: Decimal, lots: Decimal) -> Decimal:
        """What so many lots lose over a distance in price, at the rate of this instant."""
        rate = self.conversions.rate(instrument.profit_currency, self.now_ns)
        return distance * lots * instrument.contract_size * rate


# --- by settings ---------------------------------------------------------------------------------------------------


def by_settings(plugin: Strategy, caps: Mapping[str, Decimal], most_lots: Mapping[str, Decimal]) -> tuple[Bound, Bound]:
    """(one alert, one day) that the settings allow. ``caps``: the risk service's by name; ``most_lots``: the largest
    volume that the broker takes, by symbol."""
    settings = plugin.config
    if plugin.info.strategy == FOLLOWS:
        return _following(settings, most_lots)
    declared = [name for name in _GATED if name in settings]
    services = plugin.info.services
    if not declared or (services is not None and "risk" not in services):
        lacks = f"none of {', '.join(_GATED)}" if not declared else "no use of the service risk"
        said = f"nobody but its author knows how {plugin.info.strategy} sizes; it declares {lacks}"
        return Bound(None, said), Bound(None, said)
    own = settings.get("daily_loss_limit")
    limits = {**caps, **({"daily_loss_limit of the plugin": Decimal(str(own))} if own is not None else {})}
    if not limits:
        said = "neither the plugin nor the risk service has a cap on losses"
        return Bound(None, said), Bound(None, said)
    name, least = min(limits.items(), key=lambda item: item[1])
    sizes = ", ".join(
        f"{key} {settings[key]}" for key in ("risk_percent", "max_lot", "max_trades_day") if key in settings
    )
    how = f"asked for each entry, the gate takes none whose loss at its stop does not fit what is left of {name}"
    return (
        Bound(least, f"{how}{f'; within it {sizes}' if sizes else ''}"),
        Bound(least, f"{name}: losses of the day and the risk that is open count together"),
    )


def _following(settings: Mapping[str, Any], most_lots: Mapping[str, Decimal]) -> tuple[Bound, Bound]:
    most = ", ".join(f"{lots.normalize():f} lots of {symbol}" for symbol, lots in list(most_lots.items())[:3])
    atr = settings.get("default_sl_atr")
    without = "and none means no stop" if atr is None else f"and none means {atr} ATRs, known only when it happens"
    volume = f"an alert brings its own volume (the broker takes up to {most or 'what its instrument allows'})"
    one = Bound(None, f"{volume} and its own stop, at any distance ({without})")
    open_too = "one at a time for each symbol" if settings.get("one_at_a_time") else "any number at once"
    return one, Bound(None, f"each alert is unbounded, and nothing limits how many a day are followed ({open_too})")


# --- by the alerts at hand -------------------------------------------------------------------------------------------


def recorded_losses(
    alerts: Sequence[Alert], plugins: Mapping[str, Strategy], router: PluginRouter, market: Market
) -> dict[str, Recorded]:
    """What the entries among ``alerts`` could lose at their stops, by plugin; only plugins that follow alerts."""
    found = {name: Recorded() for name, plugin in plugins.items() if plugin.info.strategy == FOLLOWS}
    for alert in alerts:
        if alert.type not in ("entry", "reversal") or alert.side is None:
            continue
        for plugin in router.route_signal(alert).plugins:
            if plugin.plugin_id in found:
                _count(found[plugin.plugin_id], alert, plugin.config, market)
    for one in found.values():
        if one.days:
            day, losses = max(one.days.items(), key=lambda item: sum(item[1]))
            one.worst_day = (day, len(losses), sum(losses, Decimal(0)))
    return found


def _count(recorded: Recorded, alert: Alert, settings: Mapping[str, Any], market: Market) -> None:
    recorded.entries += 1
    market.now_ns = alert.received_ns
    loss = _loss(alert, settings, market)
    if isinstance(loss, tuple):
        kind, reason = loss
        counts: dict[str, int] = getattr(recorded, kind)
        counts[reason] = counts.get(reason, 0) + 1
        return
    recorded.measured += 1
    day = f"{datetime.fromtimestamp(alert.received_ns // 1_000_000_000, UTC):%Y-%m-%d}"
    recorded.days.setdefault(day, []).append(loss.money)
    if recorded.largest is None or loss.money > recorded.largest[3]:
        recorded.largest = (alert.id, loss.lots, loss.pips, loss.money)


@dataclass(frozen=True, slots=True)
class _Loss:
    lots: Decimal
    pips: Decimal
    money: Decimal


def _loss(alert: Alert, settings: Mapping[str, Any], market: Market) -> _Loss | tuple[str, str]:
    """The loss at the stop of one entry, or (``unbounded | refused | unknown``, reason)."""
    instrument = market.catalogue.get(alert.symbol)
    if instrument is None:
        return "refused", "unknown_symbol"
    assert alert.side is not None
    sign, kind = alert.side.sign, alert.order_type
    volume = settings.get("default_volume") if alert.volume is None else alert.volume
    if alert.sl is None:
        atr = settings.get("default_sl_atr")
        return ("unbounded", "no_stop") if atr is None else ("unknown", "stop_by_atr")
    offset = _kept_distance(alert, settings)
    sized = market.sizing.order(
        alert.symbol, sign, kind, volume, alert.sl, None, alert.entry_price, alert.limit_price, offset
    )
    if isinstance(sized, Refused):
        return "refused", sized.reason
    pays = market.price(alert.symbol, alert.side) if kind == "market" else sized.limit_price or sized.price
    if pays is None:
        return "unknown", "no_prices"
    steps = instrument.steps(instrument.volume_min if sized.volume is None else sized.volume)
    lots = instrument.lots(steps)
    if lots < instrument.volume_min:
        return "refused", "volume_too_small"
    if lots > instrument.volume_max:
        return "refused", "volume_too_large"
    away = offset if offset is not None else sized.sl_offset
    distance = (
        -sign * Decimal(str(away)) if away is not None else sign * (Decimal(str(pays)) - Decimal(str(sized.sl or 0)))
    )
    distance = round(distance / instrument.point) * instrument.point  # as the order will have it
    if distance <= 0:
        return "refused", "invalid_stops"
    return _Loss(lots, distance / instrument.pip, market.money(instrument, distance, lots))


def _kept_distance(alert: Alert, settings: Mapping[str, Any]) -> float | None:
    """The stop's signed distance from the alert's own price, where ``levels = distance`` keeps it."""
    if settings.get("levels") != "distance" or alert.sl is None or isinstance(alert.sl, Quantity):
        return None
    anchor = alert.price if alert.order_type == "market" else alert.entry_price
    if alert.order_type == "stop_limit":
        anchor = alert.limit_price
    return None if anchor is None or isinstance(anchor, Quantity) else alert.sl - anchor
