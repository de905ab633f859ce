"""The command line: ``zepix VERB``. Verbs are one call each; exit status 0, 2 (usage, configuration), 3 (data).

Heavy imports happen inside the verbs. Verbs of other packages arrive by the entry-point group ``zepix.commands``.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Annotated, Any, Final

import typer

from zepix.commands import (
    alerts,
    backtest,
    bars,
    check,
    compare,
    config,
    doctor,
    fidelity,
    gap,
    listing,
    projects,
    stress,
    sweep,
    why,
)
from zepix.commands.console import harden_streams, problem
from zepix.commands.outside import add_outside
from zepix.errors import ConfigError, DataError, ZepixError

__all__ = ["build_app", "main"]

USAGE: Final = 2
FAILED: Final = 1
INTERRUPTED: Final = 130
_DEBUG: Final = "--debug"
_VERSION: Final = "--version"


def _version(wanted: bool) -> None:
    if wanted:
        import zepix

        typer.echo(f"zepix {zepix.__version__}")
        raise typer.Exit


def _root(
    debug: Annotated[bool, typer.Option(_DEBUG, help="Show the traceback of an error; works after any verb.")] = False,
    version: Annotated[
        bool, typer.Option(_VERSION, help="Print the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Replay recorded TradingView alerts on recorded prices."""


def build_app() -> typer.Typer:
    """The verbs that zepix itself has."""
    app = typer.Typer(
        name="zepix", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, callback=_root
    )
    app.command("backtest")(backtest.backtest)
    app.command("stress")(stress.stress)
    app.command("sweep")(sweep.sweep)
    app.command("fidelity")(fidelity.fidelity)
    app.command("compare")(compare.compare)
    app.command("gap")(gap.gap)
    app.command("why")(why.why)
    app.command("check")(check.check)
    app.add_typer(config.app, name="config")
    app.add_typer(alerts.app, name="alerts")
    app.add_typer(bars.app, name="bars")
    app.command("strategies")(listing.strategies)
    app.command("instruments")(listing.instruments)
    app.command("demo")(projects.demo)
    app.command("new")(projects.new)
    app.command("doctor")(doctor.doctor)
    return app


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line (the process's own where none is given) and return its exit status; never raises."""
    harden_streams()
    arguments = list(sys.argv[1:] if argv is None else argv)
    debug = _DEBUG in arguments
    arguments = [word for word in arguments if word != _DEBUG]
    try:
        status = _run(arguments)
        if sys.stdout is not None:  # closed by the caller
            sys.stdout.flush()
    except BrokenPipeError:
        return _nobody_listens()
    except KeyboardInterrupt:
        problem("interrupted")
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the last line of defence: one clear line instead of a traceback
        if debug:
            import traceback

            traceback.print_exc()
        return _explained(error)
    return status


def _run(arguments: list[str]) -> int:
    app = build_app()
    known = {str(c.name) for c in app.registered_commands} | {str(g.name) for g in app.registered_groups}
    verb = next((word for word in arguments if not word.startswith("-")), None)
    if verb not in known:
        add_outside(app, known, verb)
    try:
        answer: Any = app(arguments, prog_name="zepix", standalone_mode=False)
    except SystemExit as end:
        answer = end.code
    if answer == INTERRUPTED:
        raise KeyboardInterrupt
    return answer if isinstance(answer, int) else 0


def _explained(error: Exception) -> int:
    """One line for each problem on standard error, and the exit status."""
    if isinstance(error, ConfigError):
        for line in error.problems:
            problem(line)
        return error.exit_status
    if isinstance(error, ZepixError):
        problem(str(error))
        return error.exit_status
    usage_error, wrong_call = typer.BadParameter.__mro__[1:3]
    if isinstance(error, usage_error | wrong_call):
        return _explained_usage(error)
    if isinstance(error, typer.Abort):
        problem("interrupted")
        return INTERRUPTED
    if isinstance(error, OSError):
        problem(f"a file could not be read or written: {error}")
        return DataError.exit_status
    what = "out of memory" if isinstance(error, MemoryError) else f"{type(error).__name__}: {error}"
    problem(f"internal error: {what} (this is a bug, or the machine's limit; {_DEBUG} shows where)")
    return FAILED


def _explained_usage(error: Any) -> int:
    """A wrong call: what is wrong, and where the help is. Called without a verb, the help itself."""
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "zepix"
    text = error.format_message().strip().rstrip(".")
    if type(error).__name__ == "NoArgsIsHelpError":
        if text:
            typer.echo(text, err=True)
        return USAGE
    problem(f"{text}; see {path} --help")
    return USAGE


def _nobody_listens() -> int:
    """The reader of our output has gone (``zepix ... | head``): end quietly, also at the interpreter's last flush."""
    with suppress(OSError, ValueError):  # standard output may be no file at all
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return FAILED


if __name__ == "__main__":
    sys.exit(main())
