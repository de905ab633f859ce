"""Verbs of other packages: listed by name, loaded only when they are called."""

from __future__ import annotations

import importlib.metadata

import pytest
import typer

from zepix.cli import main


class _Point:
    """As an entry point, which tells whether it was loaded."""

    def __init__(self, name, make):
        self.name, self.value, self.dist, self._make, self.loads = name, f"other:{name}", None, make, 0

    def load(self):
        self.loads += 1
        return self._make()


@pytest.fixture
def points(monkeypatch):
    found = []
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: found if group == "zepix.commands" else [])
    return found


def _function():
    def greet(name: str = "you") -> None:
        """Say hello."""
        typer.echo(f"hello {name}")

    return greet


def _app():
    app = typer.Typer(help="Runs live.")

    @app.command()
    def start() -> None:
        typer.echo("started")

    @app.command()
    def stop() -> None:
        typer.echo("stopped")

    return app


def _broken():
    raise ImportError("no module named live")


def test_listed_but_not_loaded(points, capsys):
    points.append(_Point("greet", _function))
    assert main(["--help"]) == 0
    assert "greet" in capsys.readouterr().out
    assert main(["--version"]) == 0
    assert points[0].loads == 0


def test_called_and_loaded(points, capsys):
    points.extend([_Point("greet", _function), _Point("live", _app)])
    assert main(["greet", "--name", "me"]) == 0
    assert main(["live", "stop"]) == 0
    assert main(["live", "--help"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("hello me\nstopped\n")
    assert "Runs live." in out
    assert [point.loads for point in points] == [1, 2]


def test_one_that_cannot_be_loaded_harms_no_other(points, capsys):
    points.extend([_Point("broken", _broken), _Point("greet", _function)])
    assert main(["broken"]) == 2
    assert "command 'broken' (other:broken) cannot be loaded: no module named live" in capsys.readouterr().err
    assert main(["greet"]) == 0


def test_our_own_verbs_are_never_replaced(points, capsys):
    points.append(_Point("doctor", _function))
    assert main(["doctor"]) == 0
    assert points[0].loads == 0
    assert "assumed:" in capsys.readouterr().out
