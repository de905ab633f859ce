"""``zepix live rebuild``: what it says, and what it never says."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.live.storage.journal_by_hand import dump, trading_day, write
from zepix.cli import main
from zepix_live.storage import verb
from zepix_live.storage.address import VARIABLE, address_of


def test_it_makes_the_database_of_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, trading_day())
    for _ in range(2):
        assert main(["live", "rebuild", "--data", str(tmp_path)]) == 0
        said = capsys.readouterr().out
        assert said.startswith("19 rows of the journal in ") and "zepix.db" in said.replace("\n", "")
    assert len(dump(address_of(tmp_path))["trades"]) == 2


@pytest.mark.parametrize("by", ["flag", "environment"])
def test_a_password_is_never_shown(
    tmp_path: Path, url: str, by: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, trading_day())
    given = ["--database", url] if by == "flag" else []
    if by == "environment":
        monkeypatch.setenv(VARIABLE, url)
    assert main(["live", "rebuild", "--data", str(tmp_path), *given]) == 0
    wrong = url.replace("p%40ss", "p%40sz")
    assert main(["live", "rebuild", "--data", str(tmp_path), "--database", wrong, "--debug"]) == 3
    assert main(["live", "rebuild", "--data", str(tmp_path), "--database", wrong.replace("sql", "sqi")]) == 2
    said = capsys.readouterr()
    for secret in ("p@s", "p%40s"):
        assert secret not in said.out + said.err
    assert "refuses this user or its password" in said.err.replace("\n", " ")
    assert len(dump(address_of(tmp_path, url))["trades"]) == 2


def test_a_folder_without_a_journal_is_an_error_and_stays_empty(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["live", "rebuild", "--data", str(tmp_path)]) == 3
    assert "holds no journal" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_without_the_libraries_it_says_what_to_install(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, trading_day())
    monkeypatch.setitem(sys.modules, "zepix_live.storage.address", None)
    assert verb.__doc__
    assert main(["live", "rebuild", "--data", str(tmp_path)]) == 2
    assert "pip install 'zepix[live]'" in capsys.readouterr().err.replace("\n", " ")
