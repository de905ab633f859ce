"""The documents tell the truth: commands, settings, links, and the code of the README."""

from __future__ import annotations

import re

import pytest
from source_tree import ROOT, repository_files

README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = {path.name: path.read_text(encoding="utf-8") for path in sorted((ROOT / "docs").glob("*.md"))}


def _verbs():
    app = _whole_app()
    yield from (command.name for command in app.registered_commands)
    for group in app.registered_groups:
        yield group.name
        for command in group.typer_instance.registered_commands:
            yield f"{group.name} {command.name or command.callback.__name__}"


def _whole_app():
    """The verbs of zepix and of its live runner, which come by an entry point."""
    from zepix.cli import build_app
    from zepix_live.commands import app as live
    from zepix_live.commands import record, rerun

    app = build_app()
    app.add_typer(live, name="live")
    app.command("rerun")(rerun)
    app.command("record")(record)
    return app


@pytest.mark.parametrize("verb", list(_verbs()))
def test_every_command_is_documented(verb):
    assert f"zepix {verb}" in PAGES["index.md"] or f"`zepix {verb}" in README
    assert verb.split()[0] in README


def test_every_flag_of_backtest_is_documented():
    from typer.main import get_command

    from zepix.cli import build_app

    params = get_command(build_app()).commands["backtest"].params
    flags = {flag for param in params for flag in param.opts if flag.startswith("--")} - {"--help"}
    assert len(flags) >= 14
    assert not [flag for flag in flags if f"`{flag}" not in PAGES["configuration.md"]]


def _written_commands():
    """Command lines in fenced blocks of the documents, as words."""
    for page, text in {"README.md": README, **PAGES}.items():
        for language, block in re.findall(r"^```(\w*)\n(.*?)\n```$", text, re.MULTILINE | re.DOTALL):
            for line in re.findall(r"(?:^|[/\\ ])(zepix [a-z].*)$", block, re.MULTILINE):
                if language in ("", "powershell"):
                    yield page, line.split("  #")[0].split()[1:]


def test_command_lines_in_the_documents_have_known_verbs_and_flags():
    from typer.main import get_command

    app = get_command(_whole_app())
    seen = 0
    for page, words in _written_commands():
        command = app.commands.get(words[0])
        assert command is not None, f"{page}: zepix {words[0]}"
        for word in words[1:]:
            nested = getattr(command, "commands", {})
            if not nested or word.startswith("-"):
                break
            command = nested.get(word)
            assert command is not None, f"{page}: zepix {' '.join(words)}"
        known = {flag for param in command.params for flag in param.opts} | {"--help", "--debug"}
        flags = {word.partition("=")[0].strip("[]") for word in words if word.startswith(("--", "[--"))}
        assert flags <= known, f"{page}: zepix {' '.join(words)}"
        seen += 1
    assert seen >= 10


def test_every_setting_is_documented_and_no_other():
    from zepix.config.keys import SERVICES, dotted_keys

    for section in SERVICES:  # their keys stand in services.md; tests of each service compare them
        assert f"`{section}.*`" in PAGES["configuration.md"]
    written = set(re.findall(r"^\| `([a-z_.<>A-Z]+)` \|", PAGES["configuration.md"], re.MULTILINE))
    written = {re.sub(r"<\w+>", "*", key) for key in written}
    assert written == {key for key in dotted_keys() if key.partition(".")[0] not in SERVICES}


def test_defaults_are_documented():
    from zepix.spec import DEFAULTS

    for section in ("account", "fill"):
        for name, value in DEFAULTS[section].items():
            row = next(r for r in PAGES["configuration.md"].splitlines() if r.startswith(f"| `{section}.{name}` |"))
            said = "the instrument's" if value is None else str(value)
            assert row.split("|")[2].strip().strip("`") == said


@pytest.mark.parametrize("heading", ["Run it", "Test it"])
def test_readme_has_one_line_alone_in_a_block(heading):
    section = re.search(rf"^#+ {heading}$(.*?)(?=^#+ |\Z)", README, re.MULTILINE | re.DOTALL)
    assert section is not None
    block = re.search(r"^```\n(.*?)\n```$", section.group(1), re.MULTILINE | re.DOTALL)
    assert block is not None
    assert "\n" not in block.group(1)
    assert block.group(1).startswith("python3 -m venv .venv && .venv/bin/pip install -q ")
    assert section.group(1).index(block.group(0)) == section.group(1).index("```")


def test_run_it_replays_the_sample_and_test_it_runs_pytest():
    assert "&& .venv/bin/zepix backtest backtests/sample.toml\n" in README
    assert '&& .venv/bin/pip install -q -e ".[test]" && .venv/bin/python -m pytest -q -n 2\n' in README


def _blocks(text):
    return re.findall(r"^```python\n(.*?)\n```$", text, re.MULTILINE | re.DOTALL)


def test_the_strategy_of_the_readme_has_fifteen_lines_and_trades(small_sample):
    import zepix as zx

    code = next(block for block in _blocks(README) if "class Follow" in block)
    assert len(code.splitlines()) <= 15 + 1, "two blank lines stand between import and class"
    assert len([line for line in code.splitlines() if line.strip()]) <= 15
    names = {"__name__": "readme"}
    exec(compile(code, "README.md", "exec"), names)
    log = small_sample / "alerts.jsonl"
    run = zx.replay(alerts=log, bars=small_sample, strategy=names["Follow"], settings={"alerts.strategy": "follow"})
    assert run.stats["tickets"] > 0
    assert "one_at_a_time" in run.stats["refusals"]


def test_the_notebook_cell_of_the_readme_runs(small_sample, capsys):
    cell = next(block for block in _blocks(README) if "zx.replay" in block)
    cell = cell.replace("datasets/sample/alerts.jsonl", (small_sample / "alerts.jsonl").as_posix())
    exec(compile(cell.replace("datasets/sample", small_sample.as_posix()), "README.md", "exec"), {})
    assert "zepix replay: bracket" in capsys.readouterr().out


@pytest.mark.parametrize("page", ["README.md", *(f"docs/{name}" for name in PAGES)])
def test_links_lead_somewhere(page):
    here = ROOT / page
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", here.read_text(encoding="utf-8")):
        if not re.match(r"[a-z]+:", target):
            assert (here.parent / target).exists(), f"{page} links to {target}"


def test_the_licence_is_whole():
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "GNU GENERAL PUBLIC LICENSE" in text
    assert "Version 3, 29 June 2007" in text
    assert len(text.splitlines()) > 600


def test_the_version_is_said_once():
    import tomllib

    import zepix

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == zepix.__version__
    assert f"## {zepix.__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_no_large_file_is_committed():
    large = [f"{p.name}: {p.stat().st_size}" for p in repository_files() if p.stat().st_size > 2_000_000]
    assert not large, large
