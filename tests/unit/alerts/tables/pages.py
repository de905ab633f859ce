"""The pages ``docs/dialects/NAME.md``, made from these tables: ``python -m tests.unit.alerts.tables.pages``.

Each page says what the dialect's module says, the settings it has, and shows every row of its table: the body that goes
in, and the Alert that comes out or the reason why none does.
"""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from zepix.alerts import REASONS
from zepix.alerts.dialects import Dialect, known
from zepix.alerts.timestamps import from_ns
from zepix.model import Quantity, Side

__all__ = ["COMMAND", "FOLDER", "cases_of", "names", "page", "pages", "write"]

FOLDER: Final = Path(__file__).resolve().parents[4] / "docs" / "dialects"
COMMAND: Final = "python -m tests.unit.alerts.tables.pages"
_PACKAGE: Final = str(__package__)
_LONGEST_BODY: Final = 1200
_MOST_CASES: Final = 100
_LINE: Final = 110


def names() -> list[str]:
    """The dialects that have a table, by rank."""
    ranks = {dialect.name: dialect.rank for dialect in known()}
    here = [module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)]) if module.name in ranks]
    return sorted(here, key=lambda name: (ranks[name], name))


def cases_of(name: str) -> list[tuple[str, Any, Mapping[str, str], Mapping[str, Any], Mapping[str, Any]]]:
    """The rows of a table: title, body, settings, fields (or reason and detail), what stood beside the body."""
    rows = importlib.import_module(f"{_PACKAGE}.{name}").CASES
    return [(*row[:4], row[4] if len(row) > 4 else {}) for row in rows]


def pages() -> dict[Path, str]:
    """What each page should hold."""
    dialects = {dialect.name: dialect for dialect in known()}
    return {FOLDER / f"{name}.md": page(dialects[name]) for name in names()}


def page(dialect: Dialect) -> str:
    """One page."""
    cases = cases_of(dialect.name)
    read = [case for case in cases if "reason" not in case[3]]
    aside = [case for case in cases if "reason" in case[3]]
    lines = [
        f"# Dialect {dialect.name}",
        "",
        f"Made from `tests/unit/alerts/tables/{dialect.name}.py` by `{COMMAND}`; do not edit it here. "
        "[All dialects](../dialects.md)",
        "",
        *_prose(dialect),
        *_settings(dialect),
        "",
        "## In and out",
        *(line for case in read[:_MOST_CASES] for line in _case(case)),
    ]
    if aside:
        lines += ["", "## Set aside", *(line for case in aside[:_MOST_CASES] for line in _case(case))]
    return "\n".join(lines) + "\n"


def _prose(dialect: Dialect) -> Iterator[str]:
    module = inspect.getmodule(dialect.read)
    text = inspect.cleandoc((module.__doc__ if module is not None else None) or "")
    yield from text.replace("``", "`").splitlines()


def _settings(dialect: Dialect) -> Iterator[str]:
    if not dialect.settings:
        return
    yield from ("", "## Settings", "", "| key | words |", "|---|---|")
    for key, words in dialect.settings.items():
        yield f"| `dialects.{dialect.name}.{key}` | {', '.join(f'`{word}`' for word in words)} |"


def _case(case: tuple[str, Any, Mapping[str, str], Mapping[str, Any], Mapping[str, Any]]) -> Iterator[str]:
    title, body, settings, expected, beside = case
    yield from ("", f"### {_capital(title)}", "")
    yield from ("```json" if isinstance(body, dict) else "```", *_body(body), "```", "")
    if settings:
        yield from ("With " + ", ".join(f'`{key} = "{word}"`' for key, word in settings.items()) + ":", "")
    if beside:
        yield from ("Beside the body: " + ", ".join(f"{key} `{value}`" for key, value in beside.items()) + ".", "")
    if "reason" in expected:
        yield f"`{expected['reason']}`: {REASONS[expected['reason']]}."
        return
    yield from ("| field | value |", "|---|---|")
    for name, value in expected.items():
        yield f"| {name} | {_value(name, value)} |"


def _capital(title: str) -> str:
    return title[:1].upper() + title[1:]


def _body(body: Any) -> list[str]:
    if isinstance(body, dict):
        line = json.dumps(body, ensure_ascii=False)
        text = line if len(line) <= _LINE else json.dumps(body, ensure_ascii=False, indent=2)
    else:
        text = body.decode("utf-8", "backslashreplace") if isinstance(body, bytes) else str(body)
    if len(text) > _LONGEST_BODY:
        text = f"{text[:_LONGEST_BODY]} ... ({len(text)} characters)"
    shown = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return ["".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in line) for line in shown]


def _value(name: str, value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, Side):
        return f"`{value.value}`"
    if isinstance(value, Quantity):
        if value.unit == "unknown":
            return f"`{value.value:g}`, its unit unknown until `{value.setting}` says it"
        return f"`{value.value:g}` {value.unit}"
    if isinstance(value, Mapping):
        return ", ".join(f"{_cell(str(key))}: {_value('', one)}" for key, one in value.items()) or "nothing"
    if isinstance(value, list | tuple):
        return "; ".join(_value("", one) for one in value) if value else "nothing"
    if name == "time_ns":
        return f"`{from_ns(value)}`"
    return f"`{_cell(str(value))}`" if value != "" else "nothing"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("`", "'")


def write() -> list[Path]:
    """Writes every page, and takes away those whose table is gone; gives what changed."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    wanted = pages()
    changed = []
    for path, text in wanted.items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8", newline="\n")
            changed.append(path)
    for path in FOLDER.glob("*.md"):
        if path not in wanted:
            path.unlink()
            changed.append(path)
    return changed


if __name__ == "__main__":
    for changed_page in write():
        print(changed_page.name)
