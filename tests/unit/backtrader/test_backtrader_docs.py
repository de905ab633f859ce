"""What the README and docs/backtrader.md show is run as it stands, and prints what they say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


def code_of(page: str) -> str:
    text = (ROOT / page).read_text(encoding="utf-8")
    blocks: list[str] = re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return next(block for block in blocks if "addanalyzer" in block)


def test_readme_shows_an_analyzer_on_a_run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(ROOT)
    exec(code_of("README.md"), {})
    printed = capsys.readouterr().out.strip()
    assert f"It prints `{printed}`" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_page_shows_what_its_comments_say(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(ROOT)
    code = code_of("docs/backtrader.md")
    exec(code, {})
    assert capsys.readouterr().out.splitlines() == re.findall(r"^print\(.*\)  # (.*)$", code, re.MULTILINE)
