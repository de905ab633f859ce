"""Failures of plugins, each isolated: an exception, an answer that is none, an answer that says ``error``.

What failed is counted by handler, in a row: ``MAX_FAILURES`` disable the plugin, and its open tickets keep their stops.
"""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final

from zepix.engine.engine_parts import MAX_FAILURES, Running
from zepix.engine.stepping import called
from zepix.engine.strategy import HANDLERS
from zepix.errors import StrategyError
from zepix.model import Alert, Decision

if TYPE_CHECKING:
    from zepix.engine.engine import TradingEngine

__all__ = ["DISABLED", "AnswerError", "decision_of", "failed", "heard_by_all", "taken_answer"]

ALERT_HANDLERS: Final = frozenset((*HANDLERS.values(), "process_signal"))
HOOK: Final = "signal_received"
DISABLED: Final = "no new risk; its open tickets keep stops, trailing, booking and exits"
"""What a disabled plugin still does, as people are told."""


class AnswerError(Exception):
    """A handler did not raise; its answer says that it failed, or is none."""


def decision_of(answer: Any, name: str) -> Decision | None:
    """A handler's answer as a decision; ``error, bad_answer`` for what is none."""
    if answer is None or isinstance(answer, Decision):
        return answer
    return Decision("error", "bad_answer", {"detail": f"{name} returned {type(answer).__name__}"})


def taken_answer(engine: TradingEngine, running: Running, name: str, answer: Any) -> Decision | None:
    """What a handler that did not raise decided; an ``error`` counts as a failure, anything else starts anew."""
    decision = decision_of(answer, name)
    if decision is None or decision.outcome != "error":
        running.failures[name] = 0
    else:
        failed(engine, running, name, AnswerError(decision.reason or "error"))
    return decision


def failed(engine: TradingEngine, running: Running, what: str, error: BaseException, alert_id: str = "") -> None:
    """Write a failure down, count it, tell of it; the fifth in a row of one handler disables the plugin.

    ``alert_id``: of the alert in hand, where the engine does not know it.
    """
    plugin = running.plugin
    name = plugin.plugin_id
    wrapped = error if isinstance(error, StrategyError) else StrategyError(name, what, error)
    engine.errors.append(wrapped)
    said = str(wrapped)[:500]
    alert_id = alert_id or engine.alert_id
    engine._write(engine.now_ns, "error", {"plugin": name, "what": what, "alert": alert_id, "error": said})
    engine.tell("alert_error" if what in ALERT_HANDLERS else "plugin_error", said, name)
    failures = running.failures[what] = running.failures.get(what, 0) + 1
    if failures >= MAX_FAILURES and plugin.enabled:
        plugin.enabled = False
        engine._write(engine.now_ns, "disabled", {"plugin": name, "failures": failures})
        text = f"{name} is disabled after {failures} failures in a row: {DISABLED}"
        engine.tell("plugin_disabled", text, name)


def heard_by_all(engine: TradingEngine, alert: Alert) -> Alert | None:
    """The alert as every enabled plugin's ``signal_received`` leaves it; None where one refuses it.

    A plugin answers None (as it is), another Alert of the same id and time, or False. Both are written down; a plugin
    that raises or answers anything else has failed, and the alert stays as it is.
    """
    for running in engine.hearers:
        name = running.plugin.plugin_id
        if not running.plugin.enabled or running.is_asleep:
            continue
        try:
            answer = called(engine.watch, running.hooks[HOOK], name, HOOK, alert)
            if answer is not None and answer is not False and not _is_of(answer, alert):
                raise AnswerError("it answers None, False, or an Alert of the same id and time")
        except (Exception, SystemExit) as error:  # noqa: BLE001 - isolated like an alert's handler
            failed(engine, running, HOOK, error, alert.id)
            continue
        running.failures[HOOK] = 0
        if answer is False:
            engine.decisions.without_plugin(alert, "refused", "refused_by_plugin", {"plugin": name})
            return None
        if answer is not None and answer != alert:
            said = _changes(alert, answer)
            told = {"plugin": name, "level": "info", "alert": alert.id, "text": f"signal_received: {said}"[:2000]}
            engine._write(engine.now_ns, "log", told)
            alert = answer
    return alert


def _is_of(answer: Any, alert: Alert) -> bool:
    return isinstance(answer, Alert) and (answer.id, answer.received_ns) == (alert.id, alert.received_ns)


def _changes(before: Alert, after: Alert) -> str:
    """``sl 1.1 -> 1.2, side ...``"""
    names = [one.name for one in fields(Alert) if getattr(before, one.name) != getattr(after, one.name)]
    return ", ".join(f"{name} {getattr(before, name)} -> {getattr(after, name)}"[:200] for name in names)
