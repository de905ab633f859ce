"""A dry alert (``?dry=1``): what it would do is found out on a copy of the session, which is thrown away.

Nothing of the session itself takes part: the copy is made of its state as a snapshot keeps it, by the code that a
restart would make it by, and has no broker but simulated ones. So no alert after a dry one can fare otherwise for it,
and no ticket of it stands in any book. Both rows that follow are facts of the session:

    dry       {"id": "a7", "would": [{"plugin", "outcome", "reason", "numbers"}], "orders": [...], "told": [...]}
    decision  {"id": "a7", "plugin": "bracket", "outcome": "ignored", "reason": "dry_run", ...}

An alert that makes its copy fail is told so and harms nobody: the copy's exceptions end here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from zepix.errors import ZepixError
from zepix.journal import plain

if TYPE_CHECKING:
    from zepix_live.engine.session import LiveSession, Output

__all__ = ["DRY", "DRY_RUN", "decided_dry", "is_dry"]

DRY: Final = "dry"
DRY_RUN: Final = "dry_run"
MOST_TOLD: Final = 64
TOLD: Final = frozenset({"error", "disabled", "event", "log"})
Said = tuple[str, dict[str, Any]]


def is_dry(kind: str, body: Mapping[str, Any]) -> bool:
    """Whether an input is an alert that decides and never orders."""
    return kind == "alert" and body.get("kind") == DRY


def decided_dry(copy: Callable[[], LiveSession], t_ns: int, body: Mapping[str, Any]) -> list[Said]:
    """What follows from a dry alert: what it would have done, and that nothing was done. Never raises for what the
    copy does; what it stumbles over is told."""
    name = str(body.get("id", ""))
    try:
        trial = copy()
        kind = "quarantined" if "reason" in body else "alert"
        told = trial.take(t_ns, "alert", {**body, "kind": kind})
    except Exception as error:  # noqa: BLE001 - the copy is thrown away, and a test must not end the session
        why = str(error) if isinstance(error, ZepixError) else f"{type(error).__name__}: {error}"
        return [(DRY, {"id": name, "would": [], "orders": [], "failed": why[:1_000]}), _nothing_done(name, {})]
    decided = [one.body for one in told if one.kind == "decision" and one.body.get("id") == name]
    would = [_would(one) for one in decided]
    orders = [_order(trial, one) for one in told if one.kind == "intent"][:MOST_TOLD]
    said = [{"kind": one.kind, **one.body} for one in told if one.kind in TOLD][:MOST_TOLD]
    row: dict[str, Any] = {"id": name, "would": would, "orders": orders}
    if said:
        row["told"] = said
    return [(DRY, row), *(_nothing_done(name, one) for one in decided or [{}])]


def _would(decision: Mapping[str, Any]) -> dict[str, Any]:
    return {key: decision[key] for key in ("plugin", "outcome", "reason", "numbers", "book") if key in decision}


def _nothing_done(name: str, decision: Mapping[str, Any]) -> Said:
    body = {
        "number": decision.get("number", 0),
        "id": name,
        "plugin": decision.get("plugin", ""),
        "outcome": "ignored",
        "reason": DRY_RUN,
        "symbol": decision.get("symbol", ""),
        "type": decision.get("type", ""),
        "side": decision.get("side", ""),
        "numbers": {"would": decision.get("outcome", "error"), "why": decision.get("reason", "")},
        "final": True,
    }
    if "book" in decision:
        body["book"] = decision["book"]
    return "decision", body


def _order(trial: LiveSession, intent: Output) -> dict[str, Any]:
    """A command in the words of a trader: lots and prices beside the numbers that the journal counts in."""
    found = dict(intent.body)
    instrument = trial.plan.catalogue.get(str(found.get("symbol", "")))
    if instrument is None:
        return found
    shown: dict[str, Any] = {}
    if steps := found.get("volume_steps"):
        shown["volume"] = float(instrument.lots(int(steps)))
    for points, name in _LEVELS:
        if found.get(points):
            shown[name] = instrument.price(int(found[points]))
    return {**found, **plain(shown)}


_LEVELS: Final = (
    ("sl", "stop"),
    ("tp", "target"),
    ("price", "at_price"),
    ("limit", "limit_price"),
    ("new_sl", "new_stop"),
    ("new_tp", "new_target"),
)
