"""Functions fit a screen, files a few; longer ones carry ``# size: reason`` (on the def, on top of the file)."""

from __future__ import annotations

import ast

from source_tree import sources

FUNCTION_LINES = 60
FILE_LINES = 400
MARK = "# size:"


def test_functions_fit_a_screen():
    long = []
    for source in sources():
        lines = source.text.splitlines()
        for node in ast.walk(source.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                count = (node.end_lineno or 0) - node.lineno + 1
                if count > FUNCTION_LINES and not lines[node.lineno - 1].partition(MARK)[2].strip():
                    long.append(f"{source.name}:{node.lineno}: {node.name} has {count} lines")
    assert not long, "\n".join(long)


def test_files_fit_a_few_screens():
    long = []
    for source in sources():
        lines = source.text.splitlines()
        is_excused = any(line.startswith(MARK) and line.removeprefix(MARK).strip() for line in lines[:30])
        if len(lines) > FILE_LINES and not is_excused:
            long.append(f"{source.name} has {len(lines)} lines")
    assert not long, "\n".join(long)


def test_no_vague_module_names():
    vague = {"utils", "util", "helpers", "helper", "common", "misc", "manager_impl"}
    assert not [source.name for source in sources() if source.path.stem in vague or source.path.parent.name in vague]


def test_modules_open_with_a_sentence():
    silent = [s.name for s in sources() if s.text.strip() and not ast.get_docstring(s.tree)]
    assert not silent, silent
