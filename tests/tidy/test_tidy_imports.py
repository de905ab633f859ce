"""Who may import whom: the order of the rooms, and the one room of each heavy library."""

from __future__ import annotations

import ast
import sys

import pytest
from source_tree import ROOT, imports, sources

CORE = {"errors", "model"}
SETTINGS = {"config", "spec"}
PLUGS = {"brokers", "alerts", "data", "journal"}
MAY_IMPORT = {
    "errors": set(),
    "model": CORE,
    "config": CORE,
    "spec": CORE | {"config", "engine"},
    "workbook": CORE,
    "kernels": CORE,
    "services": CORE | {"kernels"},
    "engine": CORE | {"kernels", "services"},
    **{plug: CORE | {"kernels", "services", "engine", "workbook"} for plug in PLUGS},
    "research": CORE | SETTINGS | PLUGS | {"kernels", "services", "engine"},
    "live": CORE | SETTINGS | PLUGS | {"__init__", "kernels", "services", "engine", "research", "commands"},
}
SURFACE = {"__init__", "__main__", "cli", "commands", "scaffold"}
ONE_ROOM = {
    "numba": {"kernels"},
    "pandas": {"data", "research"},
    "pyarrow": {"alerts", "data", "journal", "research"},
    "plotly": {"research"},
    "pydantic": {"config", "live"},
    "pydantic_core": {"config"},
    **{name: {"live"} for name in ("prometheus_client", "websockets")},
    "yaml": {"config"},
    "typer": {"cli", "commands", "live"},
    "rich": {"cli", "commands"},
    **{name: {"live"} for name in ("fastapi", "starlette", "uvicorn", "httptools", "zepix_live")},
    **{name: {"live"} for name in ("sqlalchemy", "alembic", "psycopg")},
    **{name: set() for name in ("backtrader", "MetaTrader5", "telegram", "live", "strategies")},
}


def test_every_room_has_a_rule():
    rooms = {source.room for source in sources()}
    assert rooms <= SURFACE | set(MAY_IMPORT)


def test_rooms_import_only_what_lies_below_them():
    wrong = [
        f"{source.name}:{line}: {source.room} imports {module}"
        for source in sources()
        if source.room not in SURFACE
        for line, module in imports(source)
        if module.split(".")[0] == "zepix"
        and _room(module) not in MAY_IMPORT[source.room] | {source.room}
        and not source.is_excused(line)
    ]
    assert not wrong, "\n".join(wrong)


def _room(module: str) -> str:
    """``zepix.model.side`` -> model; a name of the package itself (``zepix.replay``) -> __init__."""
    word = module.split(".")[1] if "." in module else ""
    is_room = bool(word) and ((ROOT / "zepix" / f"{word}.py").is_file() or (ROOT / "zepix" / word).is_dir())
    return word if is_room else "__init__"


def test_heavy_libraries_stay_in_their_rooms():
    wrong = [
        f"{source.name}:{line}: {module} belongs to {', '.join(sorted(ONE_ROOM[module.split('.')[0]])) or 'no room'}"
        for source in sources()
        for line, module in imports(source)
        if source.room not in ONE_ROOM.get(module.split(".")[0], {source.room}) and not source.is_excused(line)
    ]
    assert not wrong, "\n".join(wrong)


def test_values_need_only_numpy_and_the_standard_library():
    allowed = set(sys.stdlib_module_names) | {"numpy", "zepix"}
    for source in sources():
        if source.room == "model":
            assert {module.split(".")[0] for _, module in imports(source)} <= allowed, source.name


@pytest.mark.parametrize("library", ["pandas", "pyarrow", "plotly", "numba", "pydantic", "yaml", "rich"])
def test_the_surface_imports_heavy_libraries_only_inside_functions(library):
    wrong = [
        f"{source.name}:{node.lineno}"
        for source in sources()
        if source.room in SURFACE | {"config", "spec"}
        for node in source.tree.body
        if isinstance(node, ast.Import | ast.ImportFrom) and library in ast.unparse(node).split(" ")[1].split(".")[0]
    ]
    assert not wrong, "\n".join(wrong)


def test_strategies_import_only_zepix():
    allowed = set(sys.stdlib_module_names) | {"zepix", "numpy"}
    for path in sorted((ROOT / "strategies").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        named = [n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and not n.level]
        named += [a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names]
        assert {name.split(".")[0] for name in named} <= allowed, path


def test_the_oracle_shares_no_code_with_zepix():
    for path in sorted((ROOT / "tests" / "oracle").rglob("*.py")):
        if path.name.startswith("test_"):
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom):
                assert (node.module or "").split(".")[0] != "zepix", f"{path}:{node.lineno}"
            elif isinstance(node, ast.Import):
                assert all(alias.name.split(".")[0] != "zepix" for alias in node.names), f"{path}:{node.lineno}"
