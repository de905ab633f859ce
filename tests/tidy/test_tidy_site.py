"""The docs site: pages, links and anchors, the made reference, and that nothing public is undocumented."""

from __future__ import annotations

import importlib.util
import re
import unicodedata

import pytest
from source_tree import ROOT

DOCS = ROOT / "docs"
SCRIPT = DOCS / "scripts" / "reference.py"
HOW = "run: python docs/scripts/reference.py"
PAGES = {path.relative_to(DOCS).as_posix(): path.read_text(encoding="utf-8") for path in sorted(DOCS.rglob("*.md"))}
SHORTCOMINGS = re.compile(r"^## (.*\b(?:limits|cannot|not)\b.*)$", re.IGNORECASE | re.MULTILINE)


def _script():
    spec = importlib.util.spec_from_file_location("docs_reference", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def reference():
    return _script()


def test_what_is_made_is_what_there_is(reference):
    stale = [path.relative_to(ROOT).as_posix() for path, text in reference.made().items() if _text(path) != text]
    assert not stale, f"{', '.join(stale)} differ from the doc strings, the help or the pages; {HOW}"


def _text(path):
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def test_every_page_is_in_the_navigation_once():
    listed = re.findall(r'^      - ".*": (\S+\.md)$', (ROOT / "mkdocs.yml").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(listed) == sorted(PAGES), HOW


def test_every_page_is_named_on_the_first_one():
    missing = [p for p in PAGES if p != "index.md" and "/" not in p and f"]({p})" not in PAGES["index.md"]]
    assert not missing, f"docs/index.md does not name {', '.join(missing)}"


def _commands(app, path=()):
    yield from ((*path, c.name or c.callback.__name__.rstrip("_")) for c in app.registered_commands)
    for group in app.registered_groups:
        yield from _commands(group.typer_instance, (*path, group.name))


def test_every_command_has_its_entry_with_every_flag(reference):
    from typer.main import get_command

    page = PAGES["reference/commands.md"]
    parts = {part.partition("\n")[0]: part for part in page.split("\n## ")[1:]}
    app = reference.whole_app()
    found = [path for path in _commands(app) if path[-1]]
    assert len(found) > 30
    for path in found:
        command = get_command(app)
        for word in path:
            command = command.commands[word]
        part = parts.get(" ".join(("zepix", *path)))
        assert part is not None, f"zepix {' '.join(path)} has no entry; {HOW}"
        flags = [flag for param in command.params for flag in param.opts if flag.startswith("--") and flag != "--help"]
        assert not [flag for flag in flags if f"{flag}" not in part], path
        assert command.help, f"zepix {' '.join(path)} has no help"


def test_every_public_name_has_an_entry_and_a_doc_string():
    import zepix

    page = PAGES["reference/python.md"]
    for name in [*zepix.__all__, "open"]:
        part = page.partition(f"\n## `zx.{name}`\n")[2].partition("\n## ")[0]
        said = re.sub(r"```.*?```", "", part, flags=re.DOTALL).strip()
        assert len(said) > 20, f"zx.{name} is not documented; give it a doc string, then {HOW}"


def test_no_public_name_slips_past_the_list():
    """A name that ``zx`` gives without listing it would be documented nowhere."""
    import zepix

    assert set(zepix._HOMES) <= set(zepix.__all__)
    given = {name for name in vars(zepix) if not name.startswith("_")} - {"alerts", "annotations", "importlib"}
    assert {name for name in given if not _is_module(vars(zepix)[name])} <= {
        *zepix.__all__, *zepix._RENAMED, "TYPE_CHECKING", "Any", "CallableAlerts",
    }  # fmt: skip


def _is_module(value):
    from types import ModuleType

    return isinstance(value, ModuleType)


def test_every_name_of_the_checks_is_on_their_page_and_says_what_it_is():
    from zepix.research import real

    page = PAGES["real.md"]
    assert not [name for name in real.__all__ if not re.search(rf"\b{name}\b", page)]
    assert not [name for name in real.__all__ if len((getattr(real, name).__doc__ or "").strip()) < 20]


RESULTS = (
    "result.Result", "opening.OpenedRun", "sweep.result.SweepResult", "exits_sweep.result.ExitsSweep",
    "exits_sweep.result.Cell", "comparing.comparison.Comparison", "comparing.gap.Gap", "stress_result.StressResult",
    "fidelity_result.FidelityResult", "pictures.picture.Picture", "pictures.heat.Heatmap", "bars_surface.Bars",
    "alerts_surface.Alerts", "real.walk_forward.WalkForward",
)  # fmt: skip


@pytest.mark.parametrize("path", RESULTS)
def test_everything_that_a_result_opens_up_to_has_a_doc_string(path):
    import importlib
    import inspect

    home, _, name = path.rpartition(".")
    cls = getattr(importlib.import_module(f"zepix.research.{home}"), name)
    members = {key: value for key, value in vars(cls).items() if not key.startswith("_")}
    asked = {
        key: getattr(value, "fget", None) or getattr(value, "func", value)
        for key, value in members.items()
        if inspect.isfunction(value) or isinstance(value, property) or hasattr(value, "func")
    }
    assert cls.__doc__
    assert not [key for key, value in asked.items() if not (value.__doc__ or "").strip()]


def _anchors(text):
    """The anchors of a page's headings, by the rule of Python's Markdown."""
    seen = {}
    for heading in re.findall(
        r"^#+ (.+)$", re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE), re.MULTILINE
    ):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").replace("*", "")
        plain = unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode("ascii")
        slug = re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", plain).strip().lower())
        count = seen[slug] = seen.get(slug, -1) + 1
        yield slug if not count else f"{slug}_{count}"


def _broken(pages):
    for page, text in pages.items():
        for target, anchor in re.findall(
            r"\]\(([^)#\s]*)(?:#([^)\s]+))?\)", re.sub(r"```.*?```", "", text, flags=re.DOTALL)
        ):
            if re.match(r"[a-z]+:", target):
                continue
            path = (DOCS / page).parent / target if target else DOCS / page
            name = (
                path.resolve().relative_to(DOCS.resolve()).as_posix() if path.resolve().is_relative_to(DOCS) else None
            )
            if name is None or not (path.is_file() or name in pages):
                yield f"{page}: {target} is no file of the site"
            elif anchor and anchor not in _anchors(pages.get(name, "")):
                yield f"{page}: {name} has no heading #{anchor}"


def test_links_and_anchors_lead_somewhere_within_the_site():
    assert not list(_broken(PAGES))


def test_broken_ones_are_noticed():
    bad = {"index.md": "# A\n[a](b.md) [b](#nothing) [c](../README.md) [d](#a) [e](https://x.y/z)\n"}
    assert len(list(_broken(bad))) == 3


def test_no_code_in_a_table_has_a_bar_that_readers_of_markdown_take_differently():
    rows = [(page, line) for page, text in PAGES.items() for line in text.splitlines() if line.startswith("|")]
    wrong = [f"{page}: {line[:60]}" for page, line in rows if re.search(r"`[^`|]*\\\|[^`]*`", line)]
    assert not wrong, f"write <code>a&#124;b</code>: {wrong}"


def test_the_page_of_limits_names_every_shortcoming_that_a_page_tells():
    limits = PAGES["limits.md"]
    missing = []
    for page, text in PAGES.items():
        for heading in SHORTCOMINGS.findall(text):
            anchor = next(iter(_anchors(f"# {heading}")))
            if page not in ("limits.md", "why_live_differs.md") and not page.startswith("reference/"):
                missing += [] if f"({page}#{anchor})" in limits else [f"{page}#{anchor}"]
    assert not missing, f"docs/limits.md names not: {', '.join(missing)}"


def test_ci_builds_the_site_and_takes_warnings_for_errors():
    text = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert '.venv/bin/pip install -q -e ".[docs]"' in text
    assert ".venv/bin/zensical build --clean --strict" in text


def test_the_tutorial_runs_as_it_stands_where_it_needs_no_files_of_ones_own(tmp_path, monkeypatch, capsys):
    from zepix.cli import main

    monkeypatch.chdir(tmp_path)
    lines = re.findall(r"^zepix ((?:demo|why|new|check) .*)$", PAGES["tutorial.md"], re.MULTILINE)
    assert len(lines) == 4
    for line in lines:
        assert main(line.split()) == 0, f"zepix {line}: {capsys.readouterr().err}"
    for name in re.findall(r"Open `([^`]+)`", PAGES["tutorial.md"]):
        assert (tmp_path / name).is_file()


def test_a_page_fetches_nothing_from_elsewhere():
    text = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    assert "font: false" in text
    assert not re.search(r"https?://", text.partition("# pages:")[0])
