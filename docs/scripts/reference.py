"""Writes docs/reference/*.md from the commands' help and the doc strings, and the list of pages in mkdocs.yml.

    python docs/scripts/reference.py

A test compares what is there with what this would write. Pages stand in the sections below; one that is in none comes
under the last.
"""

from __future__ import annotations

import dataclasses
import enum
import importlib
import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
MADE = "<!-- made by docs/scripts/reference.py; change the doc string or the help instead -->"
MARK = "# pages: made by docs/scripts/reference.py\n"
LINE = 100

BEHIND = {
    "alerts": {
        "alerts": "zepix.research.alerts_surface:read_alerts",
        "alerts.from_signals": "zepix.research.alerts_signals:from_signals",
    }
}
"""Functions that a public name hands its arguments to, where its own signature says little."""

SECTIONS = {
    "Begin": "index tutorial howto glossary why_live_differs limits",
    "Replays": "configuration alerts dialects imports assets generate data fills results why check",
    "Strategies": "strategies services exits chains v3 v6 legacy rules",
    "Research": "notebooks pictures sweeps sweep_exits compare stress fidelity real backtrader state",
    "Live": "live live_security journal storage simulation",
    "Reference": "reference/commands reference/python names architecture performance live_performance",
    "Dialects": "",
    "More": "",
}


def title_of(page: Path) -> str:
    """The first heading of a page."""
    for line in page.read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            return line[2:].replace("`", "").strip()
    raise SystemExit(f"{page} has no heading")


def pages() -> dict[str, list[str]]:
    """The pages by section, as they are there; pages that no section names lie under More."""
    there = [path.relative_to(DOCS).with_suffix("").as_posix() for path in sorted(DOCS.rglob("*.md"))]
    there += [name for name in ("reference/commands", "reference/python") if name not in there]
    sections = {section: [name for name in names.split() if name in there] for section, names in SECTIONS.items()}
    named = {name for names in sections.values() for name in names}
    for name in there:
        if name not in named:
            sections["Dialects" if name.startswith("dialects/") else "More"].append(name)
    return {section: names for section, names in sections.items() if names}


def nav() -> str:
    """The list of pages for mkdocs.yml."""
    titles = {"index": "All pages", "reference/commands": "Commands", "reference/python": "Python"}
    lines = [MARK, "nav:\n"]
    for section, names in pages().items():
        lines.append(f"  - {section}:\n")
        for name in names:
            title = titles.get(name) or title_of(DOCS / f"{name}.md")
            lines.append(f'      - "{title}": {name}.md\n')
    return "".join(lines)


def settings() -> str:
    """mkdocs.yml with the list of pages renewed."""
    text = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    return text.partition(MARK)[0] + nav()


def commands() -> str:
    """The page of commands: usage, what it does, arguments and flags of every verb."""
    from typer.main import get_command

    parts = [f"# Commands\n\n{MADE}\n\nEvery verb with its arguments and flags, as `zepix VERB --help` shows them."]
    parts.append("`--debug` after any verb shows the traceback of an error.")
    for path, command in _verbs(get_command(whole_app()), ()):
        words = " ".join(("zepix", *path))
        parts.append(f"## {words}")
        parts.append(prose(command.help or ""))
        arguments = [param for param in command.params if param.param_type_name == "argument"]
        shown = " ".join([words, *(_argument(param) for param in arguments), "[FLAGS]"])
        parts.append(f"```text\n{shown}\n```")
        rows = [
            _row(param)
            for param in command.params
            if not getattr(param, "hidden", False) and "--help" not in param.opts
        ]
        if rows:
            parts.append("\n".join(["| | default | what |", "|---|---|---|", *rows]))
    return "\n\n".join(parts) + "\n"


def whole_app() -> Any:
    """The verbs of zepix and of its live runner, which come by an entry point."""
    from zepix.cli import build_app
    from zepix_live.commands import app as live
    from zepix_live.commands import rerun

    app = build_app()
    app.add_typer(live, name="live")
    app.command("rerun")(rerun)
    return app


def _verbs(command: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    nested = getattr(command, "commands", None)
    if path and (nested is None or getattr(command, "invoke_without_command", False)):
        yield path, command
    for name, child in sorted((nested or {}).items()):
        yield from _verbs(child, (*path, name))


def _argument(param: Any) -> str:
    word = (param.metavar or param.name).upper() if not param.metavar else param.metavar
    word += "..." if param.nargs == -1 and not word.endswith("...") else ""
    return word if param.required else f"[{word}]"


def _row(param: Any) -> str:
    if param.param_type_name == "argument":
        name = f"`{_argument(param)}`"
    else:
        value = "" if param.is_flag else f" {param.metavar or _kind(param)}"
        name = f"`{', '.join([*param.opts, *param.secondary_opts])}{value}`"
    default = param.default
    is_said = default is not None and default != () and not callable(default) and not (param.is_flag and not default)
    needed = "needed" if param.required else ""
    cells = [name, f"`{default}`" if is_said and not param.required else needed, prose(param.help or "")]
    return "| " + " | ".join(_in_a_table(cell) for cell in cells) + " |"


def _in_a_table(cell: str) -> str:
    """Text that every reader of Markdown takes for one cell: readers differ on bars in code, so such code is HTML."""
    parts = re.split(r"(`[^`]*`)", cell.replace("\n", " "))
    shown = [
        _html(part[1:-1]) if part.startswith("`") and "|" in part else part.replace("|", "&#124;") for part in parts
    ]
    return "".join(shown)


def _html(code: str) -> str:
    escaped = code.replace("&", "&amp;").replace("<", "&lt;").replace("|", "&#124;")
    return f"<code>{escaped}</code>"


def _kind(param: Any) -> str:
    """What a flag without a metavar takes: INT, FLOAT, TEXT, PATH."""
    word = str(getattr(param.type_descriptor.annotation, "__name__", "TEXT")).upper()
    return {"STR": "TEXT"}.get(word, word)


def python() -> str:
    """The page of public names: signature and doc string of each, and what a class offers."""
    import zepix

    parts = [f"# Python\n\n{MADE}\n\n`import zepix as zx` has these names, and no others that are promised to stay."]
    for name in sorted({*zepix.__all__, "open"} - {"__version__"}, key=lambda n: (n[0].isupper(), n.lower())):
        parts += _entry(name, getattr(zepix, name))
    parts += ["## `zx.__version__`", "The version of the installation, a text."]
    return "\n\n".join(parts) + "\n"


def _entry(name: str, thing: Any) -> list[str]:
    parts = [f"## `zx.{name}`"]
    is_class = inspect.isclass(thing)
    called = thing if is_class or inspect.isroutine(thing) else type(thing).__call__
    parts.append(f"```python\n{signature(name, called)}\n```")
    parts.append(prose(inspect.getdoc(thing) or ""))
    if not is_class and not inspect.isroutine(thing):
        said = prose(inspect.getdoc(called) or "")
        parts += [said] if said else []
    for shown, place in BEHIND.get(name, {}).items():
        module, _, function = place.partition(":")
        behind = getattr(importlib.import_module(module), function)
        parts += [f"```python\n{signature(f'zx.{shown}', behind)}\n```", prose(inspect.getdoc(behind) or "")]
    holder = thing if is_class else type(thing) if not inspect.isroutine(thing) else None
    if holder is not None:
        parts += _members(holder, name if is_class else f"zx.{name}")
    return [part for part in parts if part]


def _members(cls: type, owner: str) -> list[str]:
    """Public methods and properties that zepix wrote, with the first paragraph of their doc strings."""
    lines = []
    for name, found in sorted(inspect.getmembers(cls)):
        static = inspect.getattr_static(cls, name)
        if name.startswith("_") or not _is_ours(static):
            continue
        said = prose((inspect.getdoc(found) or "").partition("\n\n")[0]).replace("\n", " ")
        if isinstance(static, property):
            lines.append(f"- `{name}`: {said}" if said else f"- `{name}`")
        elif callable(found) and not inspect.isclass(found):
            shown = signature(name, found, bound=not isinstance(static, staticmethod | classmethod), flat=True)
            lines.append(f"- `{shown}`: {said}" if said else f"- `{shown}`")
    return [f"`{owner}` offers:", "\n".join(lines)] if lines else []


def _is_ours(static: Any) -> bool:
    inner = static.fget if isinstance(static, property) else getattr(static, "__func__", static)
    return str(getattr(inner, "__module__", "")).startswith("zepix")


def signature(name: str, thing: Any, *, bound: bool = False, flat: bool = False) -> str:
    """``name(parameters) -> answer`` without quotes around annotations; long ones a parameter a line."""
    if isinstance(thing, type) and issubclass(thing, enum.Enum):  # what its signature says is Python's, by version
        return f"{name}(value)  # {', '.join(f'{name}.{one}' for one in thing.__members__)}"
    try:
        said = inspect.signature(thing)
    except (TypeError, ValueError):
        return f"{name}()"
    parameters = [p for n, p in said.parameters.items() if n != "self" or not (bound or not inspect.isclass(thing))]
    words = _parameters(parameters, flat)
    answer = "" if said.return_annotation in (said.empty, None, "None") else f" -> {_bare(said.return_annotation)}"
    if inspect.isclass(thing):
        answer = ""
    line = f"{name}({', '.join(words)}){answer}"
    if flat or len(line) <= LINE:
        return line
    return f"{name}(\n" + "".join(f"    {word},\n" for word in words) + f"){answer}"


def _parameters(parameters: list[inspect.Parameter], flat: bool) -> list[str]:
    words: list[str] = []
    is_starred = False
    for parameter in parameters:
        if parameter.kind is parameter.VAR_POSITIONAL:
            is_starred = True
        if parameter.kind is parameter.KEYWORD_ONLY and not is_starred:
            words.append("*")
            is_starred = True
        mark = {parameter.VAR_POSITIONAL: "*", parameter.VAR_KEYWORD: "**"}.get(parameter.kind, "")
        word = mark + parameter.name
        if parameter.annotation is not parameter.empty and not flat:
            word += f": {_bare(parameter.annotation)}"
        if parameter.default is not parameter.empty:
            word += (" = " if ":" in word else "=") + _default(parameter.default)
        words.append(word)
    return words


def _bare(annotation: Any) -> str:
    text = annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
    return text.replace("'", "")


def _default(value: Any) -> str:
    if dataclasses.is_dataclass(value) or repr(value).startswith(("<", "mappingproxy")):
        return "..."
    return repr(value)


def prose(text: str) -> str:
    """A doc string as Markdown: ``x`` becomes `x`, and nothing is taken for HTML."""
    text = inspect.cleandoc(text).replace("``", "`")
    parts = re.split(r"(`[^`]*`)", text)
    return "".join(part if part.startswith("`") else part.replace("<", "&lt;") for part in parts)


def made() -> dict[Path, str]:
    """Every file that is made, with its text."""
    reference = DOCS / "reference"
    return {
        reference / "commands.md": commands(),
        reference / "python.md": python(),
        ROOT / "mkdocs.yml": settings(),
    }


if __name__ == "__main__":
    sys.path[:0] = [str(ROOT), str(ROOT / "live")]
    for path, text in made().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
