"""``zepix live init``: five questions, secrets, a configuration, the address and the message to paste, the first alert.

Everything is asked before anything is written, so that whoever gives up in the middle leaves nothing behind.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from zepix.errors import ConfigError
from zepix_live.clock import Clock
from zepix_live.first import choices as of
from zepix_live.first.asking import Asker, wrapped
from zepix_live.first.choices import Choices
from zepix_live.first.fate import lines_of, wait_for
from zepix_live.first.runner import Runner, first_alert, is_well, last_number, told_to_end
from zepix_live.first.writing import as_written, beside, configuration, make_secrets, write_configuration
from zepix_live.launch import CONFIG_NAME
from zepix_live.receiver.server import listen
from zepix_live.secrets_file import FILE_NAME, Secrets

__all__ = ["Flags", "Init"]

HERE: Final = "zepix-live"
PORT: Final = 8000
READY_S: Final = 90.0
DECIDED_S: Final = 15.0
TEMPLATES: Final[Mapping[str, str]] = {"legacy": "legacy", "v3": "v3", "v6": "v6"}
"""By the beginning of a plugin's id the dialect of its script; any other strategy reads plain."""


@dataclass(frozen=True, slots=True)
class Flags:
    """What was said on the command line; None is asked."""

    data: str | None = None
    reach: str | None = None
    url: str | None = None
    strategy: str | None = None
    feed: str | None = None
    mirrors: tuple[str, ...] | None = None
    port: int = PORT
    yes: bool = False
    overwrite: bool = False
    start: bool = True
    test: bool = False
    stop_after: bool = False
    wait_s: float = 600.0


class Init:
    """One run of it. ``say`` prints a line; ``send(data_dir, dry)`` posts a test alert and gives its number."""

    def __init__(
        self, flags: Flags, asker: Asker, say: Callable[[str], None], clock: Clock, send: Callable[[Path], int]
    ) -> None:
        self._flags = flags
        self._asker = asker
        self._say = say
        self._clock = clock
        self._send = send

    def run(self, environ: Mapping[str, str] | None = None) -> int:
        """The exit status. Raises ConfigError and DataError."""
        environ = os.environ if environ is None else environ
        chosen = self._choices()
        is_new = self._may_write(chosen)
        if not is_new:
            chosen = as_written(chosen)
        runs = is_well(chosen.data_dir)
        if is_new and self._flags.start and not runs:
            for port in (chosen.port, beside(chosen.port)):  # told now, before anything is written
                listen("127.0.0.1", port).close()
        secrets, made = make_secrets(chosen.data_dir, environ)
        if is_new:
            write_configuration(chosen.data_dir, configuration(chosen))
        self._tell_written(chosen, is_new=is_new, made=made)
        self._tell_tradingview(chosen, secrets)
        if not self._flags.start:
            self._say(f"start it: {_command('live', chosen.data_dir)}")
            return 0
        return self._first(chosen, runs=runs)

    # --- questions ------------------------------------------------------------------------------------------------

    def _choices(self) -> Choices:
        flags = self._flags
        data_dir = self._of(flags.data, "1. Which folder is to hold everything durable?", HERE, of.folder)
        where = (
            "1 not yet: a trial on this machine alone",
            "2 by a tunnel (cloudflared, or ssh -R to a server of yours)",
            "3 by a reverse proxy on this machine (Caddy, nginx)",
        )
        reach = self._of(flags.reach, "2. How does TradingView reach this machine?", "1", of.reach, where)
        url = ""
        if reach != of.LOCAL:
            ask = "   Under which address? TradingView posts to ports 80 and 443 only."
            url = self._of(flags.url, ask, of.PLACEHOLDER, of.public_url)
        known = of.strategy_ids()
        names = list(known)
        usual = "bracket" if "bracket" in names else names[0]
        lines = [f"{number} {name}: {known[name]}" for number, name in enumerate(names, 1)]
        strategy = self._of(
            flags.strategy, "3. Which strategy is to decide?", usual, lambda text: of.strategy(text, names), lines
        )
        prices = (
            "1 webhook: one TradingView alert per symbol posts each bar",
            "2 none: alerts are decided, orders wait for prices that never come",
            "3 a recording: write its path (a store folder or a Parquet file)",
        )
        feed = self._of(flags.feed, "4. Where do prices come from?", "1", of.feed, prices)
        ask = "5. Is there a receiver that gets these alerts today? Its address, and every body goes on to it as well."
        given = flags.mirrors
        mirrors = self._asker.ask(ask, "", of.mirrors) if given is None else of.mirrors(" ".join(given))
        found = Choices(data_dir, reach, url, strategy, feed, mirrors, flags.port)
        if not 1 <= found.port <= 65_535:
            raise ConfigError(f"--port is from 1 to 65535, not {found.port}")
        return found

    def _of(
        self, given: str | None, question: str, default: str, understood: Callable[[str], Any], lines: Any = ()
    ) -> Any:
        if given is not None:
            return understood(given)
        return self._asker.ask(question, default, understood, lines)

    def _may_write(self, chosen: Choices) -> bool:
        """Whether a configuration is written; one that is there stays, unless somebody says otherwise."""
        path = chosen.data_dir / CONFIG_NAME
        if not path.exists() or self._flags.overwrite:
            return True
        if self._asker.is_terminal and self._asker.agrees(f"{path} is there already. Replace it?"):
            return True
        if self._flags.yes or not self._asker.is_terminal:
            raise ConfigError(f"{path} is there already and stays as it is; say --overwrite to replace it")
        self._say(f"{path} stays as it is.")
        return False

    # --- what is told ---------------------------------------------------------------------------------------------

    def _tell_written(self, chosen: Choices, *, is_new: bool, made: bool) -> None:
        self._say("")
        if is_new:
            self._say(f"settings: {chosen.data_dir / CONFIG_NAME}")
        there = "new" if made else "as they were"
        self._say(f"secrets:  {chosen.data_dir / FILE_NAME} ({there}; for your eyes only)")

    def _tell_tradingview(self, chosen: Choices, secrets: Secrets) -> None:
        from zepix.alerts.trial_alert import message_of

        self._say("")
        self._lines("In TradingView, webhook URL of the alert:")
        self._say(f"  {chosen.base_url}/webhook/tradingview/{secrets.webhook_token}")
        if chosen.reach == of.LOCAL:
            self._lines("TradingView cannot reach that one: it is for test alerts from this machine.")
        elif not chosen.public_url:
            self._lines(f"Write your own address for {of.PLACEHOLDER}; docs/live_security.md has recipes.")
        dialect = next((name for begin, name in TEMPLATES.items() if chosen.strategy.startswith(begin)), "plain")
        self._message("Message of the alert (zepix alerts template has others):", message_of(dialect))
        if chosen.feed == "webhook":
            self._message("And for prices one alert per symbol, on bar close, with the message:", message_of("bar"))

    def _message(self, head: str, text: str) -> None:
        self._say("")
        self._lines(head)
        for line in text.splitlines():
            self._say(f"  {line}")

    def _lines(self, text: str) -> None:
        for line in wrapped(text):
            self._say(line)

    # --- the first alert ------------------------------------------------------------------------------------------

    def _first(self, chosen: Choices, *, runs: bool) -> int:
        runner = Runner(chosen.data_dir)
        self._say("")
        try:
            with told_to_end():
                return self._waits(chosen, runner, runs=runs)
        except KeyboardInterrupt:
            self._say("ended; start it again with " + _command("live", chosen.data_dir))
            return 0
        finally:
            runner.end()

    def _waits(self, chosen: Choices, runner: Runner, *, runs: bool) -> int:
        if runs:
            self._lines("A runner is at work on this folder already; settings of now need a restart of it.")
        else:
            self._say("starting zepix live ...")
            runner.start()
        runner.wait_until_well(self._clock, READY_S)
        is_shown = self._show_first(chosen, runner)
        if runner.process is None:
            return 0 if is_shown else 1
        if self._asker.is_terminal and not self._flags.stop_after:
            self._say("")
            self._lines(f"zepix live goes on; Ctrl+C ends it. Start it anew: {_command('live', chosen.data_dir)}")
            return runner.wait()
        return 0 if is_shown else 1

    def _show_first(self, chosen: Choices, runner: Runner) -> bool:
        after = last_number(chosen.data_dir)
        if self._flags.test:
            self._say("the runner is well; a test alert is on its way (dry: it decides and never orders)")
            seq: int | None = self._send(chosen.data_dir)
        else:
            patience = f"{self._flags.wait_s:g} s at most"
            self._lines(f"the runner is well, and waits for the first alert, {patience}. A test alert:")
            self._say(f"  {_command('alerts send', chosen.data_dir)}")
            process = runner.process
            seq = first_alert(
                chosen.data_dir, after, self._clock, self._flags.wait_s, self._lines,
                is_over=lambda: process is not None and process.poll() is not None,
            )  # fmt: skip
        if seq is None:
            self._lines("no alert came; is the address right, and did TradingView say that the alert was triggered?")
            return False
        self._say("")
        found = wait_for(chosen.data_dir, seq, self._clock, _sleep, DECIDED_S)
        for line in lines_of(chosen.data_dir, found):
            self._lines(line)
        return True


def _sleep(seconds: float) -> None:
    import threading

    threading.Event().wait(seconds)


def _command(verb: str, data_dir: Path) -> str:
    """As somebody types it, in either shell."""
    folder = str(data_dir)
    quoted = f'"{folder}"' if any(letter in folder for letter in " ()&;'") else folder
    typed = sys.argv[0] or ""
    name = "python -m zepix"
    if Path(typed).stem == "zepix":
        found = shutil.which("zepix")
        name = "zepix" if found is not None and Path(found) == Path(typed) else typed
    return f"{name} {verb} --data {quoted}"
