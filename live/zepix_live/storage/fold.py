"""What each row of the journal makes of the tables: alerts, decisions, configurations, commands. No database in here
but for rows that are looked up again (``kept.py``); trading is in ``fold_trading.py``.

| row | becomes |
|---|---|
| ``alert`` | a row of ``alerts`` |
| ``decision`` | a row of ``decisions``; told again (``final``), the same row with its last word |
| ``config`` | a row of ``config_history``, with what changed |
| ``operator``, and the ``event`` or ``poison`` that follows from it | a row of ``audit_log``, with what it changed |
| ``disabled``, and the ``event`` of a breaker that tripped | a row of ``audit_log`` by ``zepix`` itself |
| ``intent, filled, refused, cancelled, closed, chain`` | see ``fold_trading.py`` |

Other rows (prices, clock, ends of turns) change no table and are not even decoded.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from sqlalchemy import Connection, select

from zepix.journal.rows import Row as JournalRow
from zepix.model import AccountSpec
from zepix_live.storage.fold_trading import Trading
from zepix_live.storage.kept import Kept, Row
from zepix_live.storage.tables import ALERTS, AUDIT_LOG, CONFIG_HISTORY, DECISIONS
from zepix_live.storage.wording import Prices, at_of, book_of, clean, day_of, text_of

__all__ = ["FOLD", "Fold"]

FOLD: Final = 3
"""Counted up whenever a row of the journal becomes something else: then every database is projected anew."""
BREAKER: Final = "fidelity_breaker"
ITSELF: Final = "zepix"
TWIN: Final = "twin"
CURRENCY: Final = "account.currency"
ASKED: Final = ("plugin", "base_equity", "config", "mode", "force", "book")
HOLDING: Final = ("pause", "resume", "flatten")
"""Commands after which new risk is taken, or is not."""
SWITCHING: Final = ("enable", "disable")
MODES: Final = {"promote": "LIVE", "demote": "SHADOW"}
"""Commands that say how a plugin's orders are executed; ``mode`` says it itself."""
MOST_KEPT: Final = 20_000
MOST_SAID: Final = 20

Taker = Callable[[int, int, Mapping[str, Any]], None]


class Fold:
    """Takes rows of the journal in their order; ``batches`` is what they came to since the last look."""

    def __init__(self, state: Mapping[str, Any], *, is_new: bool) -> None:
        """``state``: as ``self.state`` was; ``is_new``: the tables are empty, so that nothing has to be looked up."""
        self.state: dict[str, Any] = dict(state)
        self.passed_over: list[str] = []
        """Rows that could not be read, in sentences; the first of them."""
        self._config: dict[str, Any] = dict(self.state.get("config", {}))
        self.trading: Final = Trading(is_new=is_new)
        self._audit: Final = Kept(AUDIT_LOG, is_whole=is_new)
        self._alerts: list[Row] = []
        self._configs: list[Row] = []
        self._decisions: dict[int, Row] = {}
        self._waiting: dict[tuple[str, str, str, int], Row] = {}
        self._use(self._config)
        self._takers: Final[dict[str, Taker]] = {
            "alert": self._alert,
            "decision": self._decision,
            "config": self._configured,
            "operator": self._operator,
            "event": self._event,
            "poison": self._poison,
            "disabled": self._disabled,
            **self.trading.takers,
        }

    def begin(self, connection: Connection) -> None:
        """Rows are looked up here until ``end``."""
        for kept in (self._audit, *self.trading.kept):
            kept.connection = connection

    def load_waiting(self, connection: Connection) -> None:
        """Decisions that have yet to be told for the last time."""
        found = connection.execute(select(DECISIONS).where(DECISIONS.c.is_final.is_(False))).mappings()
        for row in found:
            self._waiting[row["book"], row["alert_id"], row["strategy"], row["number"]] = dict(row)

    def take(self, row: JournalRow) -> None:
        """One row of the journal."""
        taker = self._takers.get(row.kind)
        if taker is None:
            return
        try:
            taker(row.seq, row.t_ns, json.loads(row.body))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            if len(self.passed_over) < MOST_SAID:
                said = f"{type(error).__name__}: {error}"[:100]
                self.passed_over.append(f"row {row.seq} of the journal, {row.kind}, was passed over ({said})")

    def batches(self) -> list[tuple[Any, list[Row]]]:
        """(table, rows that are new or changed)."""
        return [
            (ALERTS, self._alerts),
            (DECISIONS, list(self._decisions.values())),
            (CONFIG_HISTORY, self._configs),
            (AUDIT_LOG, list(self._audit.changed.values())),
            *self.trading.batches(),
        ]

    def end(self) -> None:
        """All of it was written."""
        self._alerts, self._configs, self._decisions = [], [], {}
        self._audit.written(lambda row: row["outcome"] is not None, MOST_KEPT)
        self.trading.written(MOST_KEPT)
        for kept in (self._audit, *self.trading.kept):
            kept.connection = None

    # --- alerts and decisions ---------------------------------------------------------------------------------------

    def _alert(self, seq: int, t_ns: int, body: Mapping[str, Any]) -> None:
        late_ns = int(body.get("late_ns", 0))
        received_ns = t_ns - late_ns
        given = body.get("given_id")
        self._alerts.append(
            {
                "seq": seq,
                "inbox_seq": int(body.get("inbox", 0)),
                "alert_id": clean(body["id"]),
                "kind": clean(body.get("kind", "alert")),
                "source": clean(body.get("source")),
                "ticker": clean(body.get("ticker")),
                "raw": clean(body.get("raw")),
                "reason": clean(body.get("reason")),
                "detail": clean(body.get("detail")),
                "given_id": None if given is None else clean(given),
                "of_inbox_seq": body.get("of"),
                "delay_ns": body.get("delay_ns"),
                "received_ns": received_ns,
                "late_ns": late_ns,
                "received_at": at_of(received_ns),
                "day": day_of(received_ns),
            }
        )

    def _decision(self, seq: int, t_ns: int, body: Mapping[str, Any]) -> None:
        key = (book_of(body), clean(body["id"]), clean(body["plugin"]), int(body.get("number", 0)))
        known = self._waiting.pop(key, None)
        row: Row = {
            "seq": seq if known is None else known["seq"],
            "last_seq": seq,
            "number": key[3],
            "book": key[0],
            "alert_id": key[1],
            "strategy": key[2],
            "outcome": clean(body["outcome"]),
            "reason": clean(body["reason"]),
            "symbol": clean(body.get("symbol")),
            "type": clean(body.get("type")),
            "side": clean(body.get("side")),
            "is_final": bool(body["final"]),
            "decided_ns": t_ns if known is None else known["decided_ns"],
            "decided_at": at_of(t_ns) if known is None else known["decided_at"],
            "day": day_of(t_ns) if known is None else known["day"],
            "numbers": text_of(body.get("numbers", {})),
        }
        if not row["is_final"]:
            self._waiting[key] = row
        self._decisions[row["seq"]] = row

    # --- configurations ---------------------------------------------------------------------------------------------

    def _configured(self, seq: int, t_ns: int, body: Mapping[str, Any]) -> None:
        before, after = self._config.get("settings", {}), dict(body["settings"])
        changed = body.get("changes") or {
            key: [before.get(key), after.get(key)]
            for key in sorted(before.keys() | after.keys())
            if before.get(key) != after.get(key)
        }
        files = {
            key: [{"path": one["path"], "sha256": one["sha256"]} for one in kept]
            for key, kept in body.get("files", {}).items()
        }
        self._configs.append(
            {
                "seq": seq,
                "changed_ns": t_ns,
                "changed_at": at_of(t_ns),
                "hash": clean(body["hash"]),
                "version": clean(body["code"]),
                "settings": text_of(after),
                "changed": text_of(changed),
                "timeframes": text_of(body.get("timeframes", {})),
                "files": text_of(files),
                "who": clean(body.get("by")),
                "command_seq": body.get("of_command"),
            }
        )
        self._config = {"settings": after, "files": body.get("files", {})}
        self.state["config"] = self._config
        self._use(self._config)

    def _use(self, config: Mapping[str, Any]) -> None:
        self.trading.prices = Prices(config)
        self.trading.currency = clean(config.get("settings", {}).get(CURRENCY) or AccountSpec().currency)

    # --- commands of a human, and what they changed -----------------------------------------------------------------

    def _operator(self, seq: int, t_ns: int, body: Mapping[str, Any]) -> None:
        given_ns = int(body.get("given_ns", t_ns))
        asked = {key: body[key] for key in ASKED if key in body}
        before, after = _told_itself(body)
        row = {
            "seq": seq,
            "inbox_seq": int(body.get("inbox", 0)),
            "given_ns": given_ns,
            "taken_ns": t_ns,
            "given_at": at_of(given_ns),
            "day": day_of(given_ns),
            "given_id": clean(body.get("given_id")),
            "who": clean(body.get("by")),
            "came_from": clean(body.get("from")),
            "command": clean(body["command"]),
            "target": clean(body.get("plugin")),
            "asked": text_of(asked),
            "before": before,
            "after": after,
            "level": None,
            "outcome": None,
        }
        self._audit.put((seq,), row)

    def _event(self, seq: int, t_ns: int, body: Mapping[str, Any]) -> None:
        """What came of a command, or that the breaker put a plugin into shadow; other events are in no table."""
        if body.get("code") == BREAKER:
            plugin = clean(body["plugin"])
            held = {"plugin": plugin, "held_by_breaker": True}
            self._by_itself(seq, t_ns, BREAKER, plugin, ({**held, "held_by_breaker": False}, held), body.get("text"))
        if body.get("code") != "operator" or (row := self._audit.get((int(body["of"]),))) is None:
            return
        before = self._standing(row)
        if body.get("level") == "INFO":
            self._obey(row)
        row |= {
            "before": row["before"] or text_of(before),
            "after": row["after"] or text_of(self._standing(row)),
            "level": clean(body.get("level")),
            "outcome": clean(body.get("text")),
        }
        self._audit.put((row["seq"],), row)

    def _poison(self, _seq: int, _t_ns: int, body: Mapping[str, Any]) -> None:
        row = self._audit.get((int(body["of"]),))
        if row is not None:
            standing = text_of(self._standing(row))
            done = {"level": "CRITICAL", "outcome": "set aside: the engine died twice under it"}
            self._audit.put(
                (row["seq"],), {**row, "before": standing, "after": standing, **done}
            )  # it was never obeyed

    def _disabled(self, seq: int, t_ns: int, body: Mapping[str, Any]) -> None:
        plugin, book = clean(body["plugin"]), book_of(body)
        if book != TWIN:  # nobody's orders are its own
            text = f"disabled after {body.get('failures')} failures in a row in the {book} book: it takes no new risk"
            held = {"plugin": plugin, "enabled": False}
            self._by_itself(seq, t_ns, "disabled", plugin, ({**held, "enabled": True}, held), text)
        self._hold(plugin)

    def _by_itself(
        self, seq: int, t_ns: int, command: str, plugin: str, change: tuple[Mapping[str, Any], ...], outcome: object
    ) -> None:
        """Something that nobody has commanded and that changed who trades; ``change``: before and after."""
        who = {"who": ITSELF, "came_from": "", "given_id": "", "asked": text_of({})}
        when = {"seq": seq, "inbox_seq": 0, "given_ns": t_ns, "taken_ns": t_ns, "given_at": at_of(t_ns)}
        what = {"day": day_of(t_ns), "command": command, "target": plugin, "level": "CRITICAL"}
        before, after = (text_of(one) for one in change)
        said = {"before": before, "after": after, "outcome": clean(outcome)}
        self._audit.put((seq,), {**when, **what, **who, **said})

    def _standing(self, row: Row) -> dict[str, Any]:
        """What a command is about, as far as the journal's rows say; null what was never said."""
        command, target = row["command"], row["target"]
        if command == "rearm" and not target:
            return {"armed_by": self.state.get("armed_by"), "base_equity": self.state.get("base_equity")}
        if command in HOLDING:
            if target:
                return {"plugin": target, "held_back": target in self.state.get("held", ())}
            return {"paused": bool(self.state.get("paused"))}
        if command in SWITCHING:
            return {"plugin": target, "enabled": target not in self.state.get("off", ())}
        if command == "mode" or command in MODES:
            return {**({"plugin": target} if target else {}), "mode": self.state.get("modes", {}).get(target)}
        return {}

    def _obey(self, row: Row) -> None:
        command, target = row["command"], row["target"]
        if command == "rearm" and not target:
            self.state["armed_by"] = row["given_id"]
            self.state["base_equity"] = json.loads(row["asked"]).get("base_equity")
        elif command in SWITCHING:
            off = {*self.state.get("off", ()), target} - ({target} if command == "enable" else set())
            self.state["off"] = sorted(off)
        elif command == "mode" or command in MODES:
            mode = MODES.get(command) or json.loads(row["asked"]).get("mode")
            self.state["modes"] = {**self.state.get("modes", {}), target: mode}
        elif command not in HOLDING:
            return
        elif not target:
            self.state["paused"] = command != "resume"
        elif command != "resume":
            self._hold(target)
        else:
            self.state["held"] = [one for one in self.state.get("held", ()) if one != target]

    def _hold(self, plugin: str) -> None:
        self.state["held"] = sorted({*self.state.get("held", ()), plugin})


def _told_itself(body: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """What was before and after by the word of the command's own row: of changed settings, their values."""
    change = body.get("change")
    if isinstance(change, Mapping):
        settings = {**dict.fromkeys(change.get("unset", ())), **change.get("set", {})}
        return text_of(change.get("before", {})), text_of(settings)
    before, after = body.get("before"), body.get("after")
    return None if before is None else text_of(before), None if after is None else text_of(after)
