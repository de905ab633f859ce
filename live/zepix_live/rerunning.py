"""``zepix rerun``: a recorded live session again, line by line; or under other settings, alert by alert."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from zepix.errors import ConfigError, DataError
from zepix.journal.durable_reader import LogReader
from zepix_live.engine.book import SHADOW, TWIN
from zepix_live.engine.config_files import changed as changed_files
from zepix_live.engine.course import Course
from zepix_live.engine.rerun import Compared, compare
from zepix_live.engine.session import Output

__all__ = ["Changed", "changes", "rerun_and_tell", "rerun_folder"]

NEVER: Final = 1 << 62
MAX_TOLD: Final = 40


@dataclass(frozen=True, slots=True)
class Changed:
    """One alert at one plugin: what was, and what would have been; money in minor units of the account."""

    id: str
    plugin: str
    before: str
    after: str
    money_before: int
    money_after: int


@dataclass(slots=True)
class _Sum:
    """Of one alert at one plugin: its last decision, and what its tickets came to."""

    outcome: str = ""
    money: int = 0
    tickets: set[int] = field(default_factory=set)


def journal_of(path: Path) -> Path:
    """The journal under a live runner's folder, or the file itself. Raises DataError where there is none."""
    found = path / "journal.sqlite" if path.is_dir() else path
    if not found.is_file():
        raise DataError(f"{path} holds no journal of a live runner (journal.sqlite)")
    return found


def rerun_folder(path: Path, overrides: Mapping[str, Any]) -> Compared:
    """Run it again; with ``overrides`` all differences are wanted, else the first. Raises what a session raises."""
    with LogReader(journal_of(path)) as reader:
        return _compared(reader, Course(overrides), bool(overrides))


def rerun_and_tell(path: Path, overrides: Mapping[str, Any], *, as_json: bool, say: Callable[[str], None]) -> int:
    """Print what came of it; 0 where equal, 1 where not. With other settings nothing is expected to be equal: 0 where
    no alert fared otherwise."""
    _check(overrides)
    course = Course(overrides)
    with LogReader(journal_of(path)) as reader:
        found = _compared(reader, course, bool(overrides))
    other = [] if course.config is None else changed_files(course.config.files)
    if not as_json:
        for line in other:
            say(line)
    if overrides:
        changed = changes(told_in(path), found.derived, names_in(path))
        account = course.session.plan.spec.account
        _tell_changes(found, changed, (account.digits, account.currency), as_json, say)
        return 1 if changed else 0
    first = found.differences[0] if found.differences else None
    if as_json:
        difference = None if first is None else {"of": first.of, "line": first.line, "text": str(first)}
        say(
            json.dumps(
                {"inputs": found.inputs, "outputs": found.outputs, "equal": found.is_equal, "first": difference}
                | {"files": other}
            )
        )
    elif first is None:
        say(f"equal: {found.inputs} inputs led to the same {found.outputs} lines")
    else:
        say(f"not equal after {found.inputs} inputs: {first}")
    return 0 if found.is_equal else 1


def _compared(reader: LogReader, course: Course, is_other: bool) -> Compared:
    return compare(reader.rows(0, None), course, most=NEVER if is_other else 1, keep=is_other)


def _check(overrides: Mapping[str, Any]) -> None:
    """Raises ConfigError for settings under which a rerun would compare nothing, or yen with dollars."""
    problems = [f"{key}: a rerun has no receiver" for key in overrides if key.startswith("live.receiver")]
    problems += [
        f"{key}: money before and after is compared, so it must be the money of the journal"
        for key in overrides
        if key in ("account.currency", "account.digits")
    ]
    if problems:
        raise ConfigError(problems)


def told_in(path: Path) -> list[tuple[int, Output]]:
    """What the journal itself says, by input."""
    told: list[tuple[int, Output]] = []
    with LogReader(journal_of(path)) as reader:
        for row in reader.rows(0, None, kinds=frozenset({"decision", "closed", "filled"})):
            body = json.loads(row.body)
            told.append((body.pop("of", 0), Output(row.kind, body)))
    return told


def names_in(path: Path) -> dict[str, str]:
    """What the senders of alerts were told that they are called, by what the journal calls them."""
    with LogReader(journal_of(path)) as reader:
        bodies = (json.loads(row.body) for row in reader.rows(0, None, kinds=frozenset({"alert"})))
        return {body["id"]: body["given_id"] for body in bodies if "given_id" in body}


def changes(
    before: list[tuple[int, Output]], after: list[tuple[int, Output]], names: Mapping[str, str] | None = None
) -> list[Changed]:
    """Alerts that fared otherwise, in the order in which they were first decided; ``names`` as ``names_in``."""
    called = names or {}
    one, other = _sums(before), _sums(after)
    found: list[Changed] = []
    for key in dict.fromkeys([*one, *other]):
        was, would = one.get(key, _Sum()), other.get(key, _Sum())
        if (was.outcome, was.money) != (would.outcome, would.money):
            found.append(
                Changed(called.get(key[0], key[0]), key[1], was.outcome, would.outcome, was.money, would.money)
            )
    return found


def _sums(told: list[tuple[int, Output]]) -> dict[tuple[str, str], _Sum]:
    sums: dict[tuple[str, str], _Sum] = {}
    owner: dict[tuple[str, int], tuple[str, str]] = {}
    for _, one in told:
        body = one.body
        book = body.get("book", SHADOW)
        if book == TWIN:  # nobody's money: it is what live is compared with
            continue
        if one.kind == "decision":
            found = sums.setdefault((body["id"], body["plugin"]), _Sum())
            found.outcome = " ".join(word for word in (body["outcome"], body["reason"]) if word)
        elif one.kind == "filled" and body.get("ticket"):
            owner.setdefault((book, body["ticket"]), (body["alert"], body["plugin"]))
        elif one.kind == "closed" and (book, body["ticket"]) in owner:
            sums.setdefault(owner[book, body["ticket"]], _Sum()).money += body["pnl_minor"]
    return sums


def _tell_changes(
    found: Compared, changed: list[Changed], unit: tuple[int, str], as_json: bool, say: Callable[[str], None]
) -> None:
    digits, currency = unit
    before, after = sum(c.money_before for c in changed), sum(c.money_after for c in changed)
    if as_json:
        rows = [{name: getattr(one, name) for name in Changed.__slots__} for one in changed]
        say(json.dumps({"inputs": found.inputs, "changed": rows, "money_minor": after - before}))
        return
    say(f"{len(changed)} of the alerts of {found.inputs} inputs fared otherwise")
    for one in changed[:MAX_TOLD]:
        money = f"{(one.money_after - one.money_before) / 10**digits:+.{digits}f}"
        say(f"  {one.id} {one.plugin}: {one.before or 'nothing'} -> {one.after or 'nothing'}, {money}")
    if len(changed) > MAX_TOLD:
        say(f"  and {len(changed) - MAX_TOLD} more")
    say(f"in money: {(after - before) / 10**digits:+.{digits}f} {currency} (closed tickets only)")
