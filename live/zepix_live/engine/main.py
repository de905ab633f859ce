"""The engine as a process: recovers, says so, and turns until it is told to stop. The only writer of the journal."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from zepix.engine.health import HealthLimits
from zepix.errors import ConfigError, DataError, JournalError, ZepixError
from zepix.journal.durable import DurableLog
from zepix.journal.durable_reader import LogReader
from zepix.journal.trouble import JournalFull, JournalLocked
from zepix.kernels.warm import warm_up
from zepix_live.clock import Clock, SystemClock
from zepix_live.engine.config import SessionConfig, config_of
from zepix_live.engine.consumer import Consumer, encode
from zepix_live.engine.feeds import Feed, NoFeed, ReplayFeed
from zepix_live.engine.inbox_source import InboxSource
from zepix_live.engine.market_clock import Anchor, MarketClock
from zepix_live.engine.measuring import TimedJournal
from zepix_live.engine.options import EngineOptions, FeedChoice, feed_choice, stale_limit_s
from zepix_live.engine.plan import Plan, plan_of
from zepix_live.engine.plugin_storage import PluginStorage
from zepix_live.engine.price_file import PriceFile
from zepix_live.engine.recovery import NOBODY_KNOWS, Before, Recovered, last_config, recover
from zepix_live.engine.reloading import Reloader
from zepix_live.engine.saying import Saying
from zepix_live.engine.statement import statement_of
from zepix_live.engine.view import Looking
from zepix_live.engine.view_writer import ViewWriter
from zepix_live.health_settings import health_limits
from zepix_live.heartbeat import FAILED, EngineState, write_heartbeat, write_statement
from zepix_live.identity import JOURNAL_FIELD
from zepix_live.logs import LogSettings, handed_on, set_up
from zepix_live.pulse import Pulse, read_pulse
from zepix_live.redacting import blot_of
from zepix_live.supervise import end_with_parent
from zepix_live.watchdog import forget_hung, read_hung

__all__ = ["Engine", "inbox_path", "journal_path", "main", "open_engine", "run_engine"]

JOURNAL_NAME: Final = "journal"
POLL_S: Final = 0.002
"""How long the engine sleeps at most before it looks at the inbox again."""
BEAT_NS: Final = 1_000_000_000
FULL_WAIT_S: Final = 0.5
"""How long a turn waits before it tries a disk again that took nothing."""
DIED: Final = 1
PASSES: Final = (JournalFull, JournalLocked)
"""What another start may find otherwise."""
NS: Final = 1_000_000_000
MOST_DETAIL: Final = 1_000
log = logging.getLogger("zepix.engine")


def journal_path(data_dir: Path) -> Path:
    """Where the engine's own record lies."""
    return data_dir / "journal.sqlite"


def inbox_path(data_dir: Path) -> Path:
    """Where the receiver's alerts lie."""
    return data_dir / "inbox.sqlite"


@dataclass(slots=True)
class Engine:
    """An engine that has recovered; ``consumer.turn()`` does the rest."""

    journal: DurableLog
    consumer: Consumer
    recovered: Recovered
    inbox: InboxSource
    statement: dict[str, Any]
    pulse: Pulse
    limits: HealthLimits = field(default_factory=HealthLimits)
    saying: Saying = field(default_factory=Saying)
    storage: PluginStorage | None = None

    def close(self) -> None:
        self.inbox.close()
        self.journal.close()
        self.pulse.close()
        if self.storage is not None:
            self.storage.close()


def open_engine(options: EngineOptions, clock: Clock, environ: Mapping[str, str] | None = None) -> Engine:
    """Recover what is under ``data_dir``, or begin. Raises ConfigError, DataError, JournalError, StateError."""
    spec = options.spec(environ)
    limits = health_limits(spec.config.get("live.health", {}))
    plan = plan_of(spec)
    choice = feed_choice(options.feed)
    feed = _feed(choice, plan)
    options.data_dir.mkdir(parents=True, exist_ok=True)
    journal = DurableLog(journal_path(options.data_dir), name=JOURNAL_NAME, header={JOURNAL_FIELD: options.inbox_id})
    before_it = _before(options.data_dir)
    pulse = Pulse(options.data_dir)
    storage = PluginStorage(options.data_dir, os.environ if environ is None else environ)
    try:
        with LogReader(journal_path(options.data_dir)) as reader:
            before = last_config(journal, reader) if journal.last_seq else None
            _check_same(before, feed, plan, options.data_dir)
            anchor = _anchor(feed, options.speed, clock, before)
            stale_s = stale_limit_s(spec)
            wanted = config_of(
                spec, plan, feed.timeframes, bars_by_alert=choice.kind == "webhook", stale_s=stale_s, anchor=anchor
            )
            market = MarketClock(clock, anchor)
            prices = PriceFile(options.data_dir)
            pulse.beat("recovering")
            recovered = recover(
                journal, reader, wanted, market.now_ns, plan=plan, prices=prices, before=before_it, pulse=pulse,
                attach=storage.attach,
            )  # fmt: skip
            first = recovered.first_seq
            reloader = Reloader(options, spec.config.get("live", {}), environ)
            engine = _opened(options, journal, feed, clock, anchor, recovered, prices, pulse, reloader)
            engine.limits = limits
            engine.storage = storage
            told = list(reader.rows(first, None))
        old = anchor if before is None else before.anchor
        down_s = max(0, clock.now_ns() - (recovered.last_ns if old is None else old.wall(recovered.last_ns))) / NS
        engine.statement = statement_of(recovered, told, engine.consumer.clock.now_ns(), down_s)
        journal.append([(engine.consumer.session.now_ns, "recovery", encode(engine.statement))])
        engine.consumer.save()
        write_statement(options.data_dir, engine.statement)
        return engine
    except BaseException:
        journal.close()
        pulse.close()
        storage.close()
        raise


def _before(data_dir: Path) -> Before:
    """What the engine before left: under what it was, and whether it was ended because it hung."""
    left, hung = read_pulse(data_dir), read_hung(data_dir)
    under = NOBODY_KNOWS if left is None else left.of
    if hung is None:
        return Before(under)
    notice = {"level": "CRITICAL", "code": "engine_hung", "text": hung.text, "of": hung.of}
    return Before(under, notice, lambda: forget_hung(data_dir))


def _opened(
    options: EngineOptions,
    journal: DurableLog,
    feed: Feed,
    clock: Clock,
    anchor: Anchor | None,
    recovered: Recovered,
    prices: PriceFile,
    pulse: Pulse,
    reloader: Reloader,
) -> Engine:
    market = MarketClock(clock, anchor, recovered.last_ns)
    if not recovered.is_new:
        is_fed = recovered.fed_ns >= recovered.last_ns  # else a moment of that very instant was not taken yet
        feed.skip(recovered.last_ns if is_fed else recovered.last_ns - 1)
    inbox = InboxSource(inbox_path(options.data_dir), is_dated=anchor is None)
    inbox.check(recovered.inbox_seq, "" if recovered.is_new else str(journal.header.get(JOURNAL_FIELD, "")))
    saying = Saying()
    consumer = Consumer(
        recovered.course,
        TimedJournal(journal, clock),
        feed,
        market,
        received=inbox.after,
        inbox_seq=recovered.inbox_seq,
        fed_ns=recovered.fed_ns,
        tell=saying,
        prices=prices,
        pulse=pulse,
        reload=reloader,
    )
    saying.now_ns = lambda: consumer.session.now_ns
    while not recovered.is_new and consumer.turn():  # what came while it was down, before it says that it turns
        pass
    return Engine(journal, consumer, recovered, inbox, {}, pulse, saying=saying)


def _feed(choice: FeedChoice, plan: Plan) -> Feed:
    if choice.kind != "replay" or choice.path is None:
        return NoFeed({})
    from zepix.data import load_bars  # what reads Parquet takes a while to load, and only recordings need it

    bars = load_bars([str(choice.path)], plan.catalogue, crossed=plan.spec.crossed, cache=plan.spec.cache)
    if not bars.series:
        raise DataError(f"{choice.path} holds no prices of a symbol that is known")
    return ReplayFeed(bars.series)


def _check_same(before: SessionConfig | None, feed: Feed, plan: Plan, data_dir: Path) -> None:
    """Raises ConfigError where a session cannot go on: its time and its money would mean something else."""
    if before is None:
        return
    problems: list[str] = []
    if (before.anchor is not None) != isinstance(feed, ReplayFeed):
        was, now = ("the time of a recording", "now") if before.anchor is not None else ("the present", "a recording's")
        problems.append(
            f"{data_dir} was run in {was}, and its time would leap to {now} for good; "
            "give --feed as before, or begin with a new data folder"
        )
    currency = str(before.settings.get("account.currency", "USD"))
    if currency != plan.spec.account.currency:
        problems.append(
            f"{data_dir} is an account in {currency}, not in {plan.spec.account.currency}; begin with a new data folder"
        )
    if problems:
        raise ConfigError(problems)


def _anchor(feed: Feed, speed: float, clock: Clock, before: SessionConfig | None) -> Anchor | None:
    """A recording begins now, or goes on by the anchor that it had."""
    if not isinstance(feed, ReplayFeed):
        return None
    old = None if before is None else before.anchor
    if (
        old is not None
        and before is not None
        and dict(before.timeframes) == dict(feed.timeframes)
        and old.speed == speed
    ):
        return old
    start_ns = feed.start_ns if old is None else max(feed.start_ns, old.market(clock.now_ns()))
    return Anchor(clock.now_ns(), start_ns, speed)


async def turn_until(
    engine: Engine, is_over: Callable[[], bool], clock: Clock, data_dir: Path, looking: Looking | None = None
) -> None:
    """Turn the consumer under asyncio; one handler at a time, each to its end. ``looking`` sees every turn."""
    beat_at, trouble = 0, ""
    consumer = engine.consumer
    while not is_over():
        if looking is not None:
            looking.turn(consumer, trouble)
        try:
            taken, trouble = consumer.turn(), ""
        except JournalError as error:  # nothing was taken that is not durable: the disk is tried again
            taken, trouble = 0, str(error)
            log.critical("%s", error, extra={"code": "journal_stopped"})
            await asyncio.sleep(FULL_WAIT_S)
        now_ns = clock.monotonic_ns()
        if now_ns >= beat_at:
            beat_at = now_ns + BEAT_NS
            engine.pulse.beat("running")
            state = "halted" if trouble else "running"
            write_heartbeat(
                data_dir, EngineState(clock.now_ns(), state, trouble, consumer.turned.inbox_seq, os.getpid())
            )
        wait_s = 0 if taken else consumer.wait_s(POLL_S)
        if looking is not None:
            looking.rests(wait_s)
        await asyncio.sleep(wait_s)


def _settle_in() -> None:
    """Load the kernels, and spare the collector what a start has made: it would look through it again and again."""
    warm_up()
    gc.freeze()


def run_engine(
    options: EngineOptions,
    is_over: Callable[[], bool],
    clock: Clock | None = None,
    on_ready: Callable[[Engine], None] | None = None,
    alone_after_s: float | None = None,
) -> int:
    """Recover, turn, and end when told to; 0 then. Raises what ``open_engine`` raises. ``alone_after_s``: nobody
    watches from outside, so a handler that hangs for so long is told as CRITICAL from within."""
    clock = clock if clock is not None else SystemClock()
    options.data_dir.mkdir(parents=True, exist_ok=True)
    write_heartbeat(options.data_dir, EngineState(clock.now_ns(), "recovering", pid=os.getpid()))
    engine = open_engine(options, clock)
    writer = ViewWriter(
        options.data_dir, clock, engine.limits, now=lambda: engine.pulse.now, alone_after_s=alone_after_s
    )
    writer.looking = engine.saying.looking = Looking(clock, engine.limits, engine.pulse, writer.offer)
    try:
        if on_ready is not None:
            on_ready(engine)
        threading.Thread(target=_settle_in, name="kernels").start()  # a start does not wait for what an alert may need
        writer.start()
        asyncio.run(turn_until(engine, is_over, clock, options.data_dir, writer.looking))
    finally:
        writer.stop()
        engine.close()
        write_heartbeat(options.data_dir, EngineState(clock.now_ns(), "down", pid=os.getpid()))
    return 0


def main(arguments: list[str] | None = None) -> int:
    """A child's command line: its options as one JSON text. Ends when its standard input closes."""
    given = sys.argv[1:] if arguments is None else arguments
    ready: list[Engine] = []

    def on_ready(engine: Engine) -> None:
        ready.append(engine)
        _say_ready(engine)

    over: list[bool] = []
    options: EngineOptions | None = None
    end_with_parent(lambda: over.append(True))
    try:
        if len(given) != 1:
            raise ConfigError("the engine is started by zepix live")
        options = EngineOptions.decoded(given[0])
        _log_to(options, lambda: ready[0].consumer.session.now_ns if ready else 0)
        return run_engine(options, lambda: bool(over), on_ready=on_ready)
    except ZepixError as error:
        sys.stderr.write(f"{ascii(str(error))[1:-1]}\n")
        if ready or isinstance(error, PASSES):
            return DIED  # what turned can turn again: only a start may be beyond help
        if options is not None and options.data_dir.is_dir():
            why = f"the engine cannot be started: {error}"[:MOST_DETAIL]
            write_heartbeat(options.data_dir, EngineState(SystemClock().now_ns(), FAILED, why, pid=os.getpid()))
        return error.exit_status
    except KeyboardInterrupt:
        return 0


def _log_to(options: EngineOptions, event_ns: Callable[[], int]) -> None:
    """The engine's log goes where logs go, without what is secret in its settings."""
    blot = blot_of(options.data_dir, os.environ, options.config, options.flags)
    set_up("engine", handed_on(os.environ), options.data_dir, blot, event_ns)


def _say_ready(engine: Engine) -> None:
    """In words for people; as lines of the log where that is JSON."""
    plugins = ", ".join(engine.consumer.session.simulation.registry.get_all_plugins())
    prices = ", ".join(f"{symbol} {frame}" for symbol, frame in engine.consumer.feed.timeframes.items())
    lines = [f"the engine turns; plugins {plugins}; prices {prices or 'as alerts bring them'}"]
    lines += engine.statement["lines"]
    if handed_on(os.environ) != LogSettings():
        for line in lines:
            log.info("%s", line, extra={"code": "ready"})
        return
    for line in lines:
        sys.stdout.write(f"{ascii(line)[1:-1]}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
