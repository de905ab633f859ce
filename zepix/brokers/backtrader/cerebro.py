"""One replay in a ``bt.Cerebro``: the session is cranked by a host strategy, the user's own parts run beside it."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from zepix.brokers.backtrader.accounts import MinimumVolume
from zepix.brokers.backtrader.border import bt, quiet
from zepix.brokers.backtrader.broker import PlainBroker
from zepix.brokers.backtrader.cerebro_broker import CerebroBroker
from zepix.brokers.backtrader.crank import Crank
from zepix.brokers.backtrader.feed import SeriesFeed
from zepix.brokers.backtrader.guard import guarded
from zepix.engine.session import Progress, Session
from zepix.errors import ConfigError
from zepix.model import Alert, Catalogue, Series

__all__ = ["Host", "run_in_cerebro"]


class Host(bt.Strategy):  # type: ignore[misc]
    """Carries our session through backtrader's loop; tickets of plugins are its trades.

    The broker's ``next`` turns the session to the opens of the instant; this turns it through timers and alerts of that
    instant, after the ordinary strategies, which so act in phase 3. It acts from the first row of any feed on.
    """

    params = (("crank", None),)

    def __init__(self) -> None:
        self.broker.host = self

    def next(self) -> None:
        self.p.crank.through(self.broker.now_ns)

    def start(self) -> None:
        self._is_bare = not (self.analyzers or self._slave_analyzers or self.observers or self.getindicators())

    def _oncepost(self, dt: float) -> None:
        """What backtrader does for a strategy at each step; without anything attached, only what shows."""
        if not self._is_bare:
            super()._oncepost(dt)
            return
        self.forward()
        self.lines.datetime[0] = dt
        self.next()
        if self._orderspending:
            self.clear()

    def prenext(self) -> None:
        self.next()

    def nextstart(self) -> None:
        self.next()


def run_in_cerebro(
    session: Session,
    broker: PlainBroker,
    series: Mapping[str, Series],
    alerts: Sequence[Alert],
    start_ns: int,
    progress: Progress | None = None,
    cerebro: Any = None,
) -> int:
    """Replay in a cerebro (the user's, or a bare one); returns how many alerts came after the end of the data.

    Its strategies, analyzers, observers, sizers and feeds stay as they are; broker, a host strategy and a feed for each
    symbol are added for the run. Afterwards ``cerebro.runstrats[0]`` holds the strategies, the host last. Raises
    ConfigError for a cerebro that cannot run so.
    """
    cerebro = bt.Cerebro(stdstats=False) if cerebro is None else cerebro
    _check(cerebro)
    crank = Crank(session, broker, alerts, start_ns, progress)
    kept = (list(cerebro.strats), list(cerebro.analyzers), list(cerebro.datas), dict(cerebro.datasbyname))
    kept_sizers = dict(cerebro.sizers)
    is_running = True
    try:
        feeds = _add_feeds(cerebro, series, broker.catalogue)
        own = CerebroBroker(broker, crank, feeds)
        cerebro.broker = own

        def told(text: str) -> None:
            if is_running:
                session.engine.write_log("backtrader", "warning", text)

        cerebro.analyzers = [(guarded(cls, told), args, kwargs) for cls, args, kwargs in cerebro.analyzers]
        cerebro.sizers.setdefault(None, (MinimumVolume, (), {}))
        cerebro.addstrategy(Host, crank=crank)
        with quiet():
            cerebro.run(maxcpus=1)
        crank.finish()
    finally:
        is_running = False
        for data in cerebro.datas:
            if isinstance(data, SeriesFeed):
                data.release()
        cerebro.strats, cerebro.analyzers, cerebro.datas = list(kept[0]), list(kept[1]), list(kept[2])
        cerebro.datasbyname = kept[3]
        cerebro.sizers.clear()
        cerebro.sizers.update(kept_sizers)
    return crank.late


def _check(cerebro: Any) -> None:
    if not isinstance(cerebro, bt.Cerebro):
        raise ConfigError(f"cerebro must be a backtrader.Cerebro, not {type(cerebro).__name__}")
    problems: list[str] = []
    if getattr(cerebro, "_dooptimize", False):
        problems.append("cerebro.optstrategy cannot run in a replay; replay once for each setting instead")
    if cerebro.signals:
        problems.append("cerebro.add_signal cannot run in a replay; put the signal into a strategy")
    if cerebro.p.cheat_on_open or cerebro.p.oldsync:
        problems.append("cheat_on_open and oldsync are not supported; orders fill by docs/fills.md")
    if problems:
        raise ConfigError(problems)
    theirs = cerebro._broker
    if isinstance(theirs, bt.brokers.BackBroker) and (theirs.startingcash != 10_000.0 or len(theirs.comminfo) > 1):
        warnings.warn(
            "cash and commissions of cerebro.broker are not used: account.balance and the instruments say them",
            stacklevel=4,
        )


def _add_feeds(cerebro: Any, series: Mapping[str, Series], catalogue: Catalogue) -> dict[str, Any]:
    """The feed of each symbol's own prices: the user's, bound to them, or a new one."""
    found: dict[str, Any] = {}
    for data in cerebro.datas:
        if isinstance(data, SeriesFeed):
            symbol = data.zepix_symbol
            if symbol not in series:
                raise ConfigError(f"the feed of {symbol} has no prices in this run; there are {', '.join(series)}")
            data.bind(series[symbol], catalogue[symbol])
            if data.shows(series[symbol]):
                found.setdefault(symbol, data)
    for symbol, one in series.items():
        if symbol not in found:
            feed = _new(symbol)
            feed.bind(one, catalogue[symbol])
            named = {symbol: feed, **cerebro.datasbyname}  # what the user called so keeps its name
            cerebro.adddata(feed)
            cerebro.datasbyname.update(named)
            found[symbol] = feed
    return {symbol: found[symbol] for symbol in series}


def _new(symbol: str) -> Any:
    made: Any = SeriesFeed
    return made(symbol=symbol)
