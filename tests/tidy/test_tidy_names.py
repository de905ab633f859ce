"""Every row of docs/names.md that is not `later` imports, with its members."""

from __future__ import annotations

import dataclasses
import importlib
import re

import pytest
from source_tree import ROOT

PAGE = (ROOT / "docs" / "names.md").read_text(encoding="utf-8")


def _rows():
    for line in PAGE.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("|") and len(cells) == 5 and cells[0] != "name" and not set(cells[0]) <= set("-: "):
            yield cells


ROWS = list(_rows())


def test_the_table_is_read():
    assert len(ROWS) > 50
    assert len({row[0] for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize(("name", "module", "since", "members", "later"), ROWS, ids=[row[0] for row in ROWS])
def test_names_live_where_the_page_says(name, module, since, members, later):
    if since == "later":
        return
    assert re.fullmatch(r"\d+\.\d+", since), since
    found = getattr(importlib.import_module(module), name)
    missing = [member for member in members.split(", ") if member != "-" and not _has(found, member)]
    assert not missing, f"{name} lacks {', '.join(missing)}"


def _has(owner, member):
    """An attribute, a field, or what every instance gets in ``__init__``."""
    if hasattr(owner, member) or member in getattr(owner, "__annotations__", {}):
        return True
    return dataclasses.is_dataclass(owner) and member in {field.name for field in dataclasses.fields(owner)}


def test_strategy_is_the_base_logic_plugin():
    from zepix.engine.strategy import BaseLogicPlugin, Strategy

    assert BaseLogicPlugin is Strategy


def test_service_api_speaks_version_3():
    from zepix.engine.service_api import ServiceAPI

    assert ServiceAPI.VERSION == "3.0.0"


def test_every_name_of_the_notebook_surface_imports():
    import zepix

    for name in zepix.__all__:
        assert getattr(zepix, name) is not None
