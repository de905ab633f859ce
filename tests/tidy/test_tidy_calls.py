"""What code must not do: the middle reads no clock, file, socket or environment; text names its encoding."""

from __future__ import annotations

import ast

from source_tree import ROOT, Source, dotted, imports, repository_files, sources

PURE = ("model", "kernels", "services", "engine")
NO_MODULES = {
    "time",
    "random",
    "socket",
    "uuid",
    "asyncio",
    "threading",
    "multiprocessing",
    "subprocess",
    "secrets",
    "os",
}
NO_CALLS = {"open", "print", "input", "exec", "eval", "datetime.now", "datetime.today", "datetime.utcnow", "date.today"}
NO_METHODS = {"read_text", "write_text", "read_bytes", "write_bytes", "now", "utcnow"}
EXEMPT = {
    "zepix/kernels/compiled.py": "finds the folder of numba's cache: reads the environment and sources once, at import",
}
TEXT_CALLS = {"open", "read_text", "write_text"}
NOT_TEXT = {"webbrowser.open", "os.open"}


def _calls(source: Source):
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call):
            yield node, dotted(node.func)


def test_the_middle_is_pure():
    wrong = []
    for source in sources():
        if source.room not in PURE or source.name in EXEMPT:
            continue
        wrong += [
            f"{source.name}:{line}: imports {module}"
            for line, module in imports(source)
            if module.split(".")[0] in NO_MODULES and not source.is_excused(line)
        ]
        wrong += [
            f"{source.name}:{node.lineno}: calls {name}"
            for node, name in _calls(source)
            if _is_banned(node, name) and not source.is_excused(node.lineno)
        ]
    assert not wrong, "\n".join(wrong)


def _is_banned(node: ast.Call, name: str) -> bool:
    method = name.rpartition(".")[2] if "." in name else ""
    return name in NO_CALLS or method in NO_METHODS or (method == "open" and _opens_a_file(node))


def _opens_a_file(node: ast.Call) -> bool:
    """Whether ``x.open(...)`` is a path's (nothing, or a mode, is given) and not a broker's or a book's."""
    first = node.args[0] if node.args else None
    return first is None or (isinstance(first, ast.Constant) and isinstance(first.value, str))


def test_exempt_files_exist():
    assert all((ROOT / name).is_file() for name in EXEMPT)


def test_text_names_its_encoding():
    wrong = [
        f"{source.name}:{node.lineno}: {ast.unparse(node)[:80]}"
        for source in sources()
        for node, name in _calls(source)
        if _reads_text(node, name)
        and "encoding" not in {keyword.arg for keyword in node.keywords}
        and not source.is_excused(node.lineno)
    ]
    assert not wrong, "\n".join(wrong)


def _reads_text(node: ast.Call, name: str) -> bool:
    """Whether a call opens, reads or writes text: no ``b`` in its mode, no ``open`` of something that is no file."""
    if name.rpartition(".")[2] not in TEXT_CALLS or name in NOT_TEXT:
        return False
    if name.endswith(".open") and not _opens_a_file(node):
        return False
    given = [*node.args, *(keyword.value for keyword in node.keywords if keyword.arg == "mode")]
    modes = [value.value for value in given if isinstance(value, ast.Constant) and isinstance(value.value, str)]
    return not any("b" in mode and set(mode) <= set("rwxab+") for mode in modes)


def test_nothing_that_only_unix_has():
    for source in sources():
        modules = {module.split(".")[0] for _, module in imports(source)}
        assert not modules & {"fcntl", "pwd", "grp", "resource", "termios"}, source.name
        calls = {name for _, name in _calls(source)}
        assert not calls & {"os.fork", "os.mkfifo", "signal.alarm"}, source.name


def test_only_the_command_line_prints():
    assert not [f"{s.name}:{node.lineno}" for s in sources() for node, name in _calls(s) if name == "print"]


def test_file_names_work_on_windows():
    reserved = {"con", "prn", "aux", "nul", *(f"com{i}" for i in range(1, 10)), *(f"lpt{i}" for i in range(1, 10))}
    for path in repository_files():
        inside = path.relative_to(ROOT)
        assert not set('<>:"|?*\\') & set(inside.as_posix()), inside
        assert not any(part.partition(".")[0].lower() in reserved or part.endswith((".", " ")) for part in inside.parts)
    names = [path.relative_to(ROOT).as_posix().lower() for path in repository_files()]
    assert len(names) == len(set(names)), "two files differ only in the case of their names"


def test_these_rules_bite():
    code = (
        "import os\nimport time\npath.open()\npath.read_text()\nopen('f', 'rb')\nbook.open(order)\ntime.time()\nnow()\n"
    )
    tree = ast.parse(code)
    source = Source(ROOT / "zepix" / "model" / "x.py", "model", code, tree)
    assert [line for line, module in imports(source) if module in NO_MODULES] == [1, 2]
    assert [node.lineno for node, name in _calls(source) if _is_banned(node, name)] == [3, 4, 5]
    assert [node.lineno for node, name in _calls(source) if _reads_text(node, name)] == [3, 4]


CLOCK_READERS = {
    "live/zepix_live/clock.py": "the seam",
    "live/zepix_live/supervise.py": "keeps processes alive; what it does is in no journal",
}


def test_the_live_runner_reads_the_clock_in_one_place():
    clocks = {"time.time", "time.time_ns", "time.monotonic", "time.monotonic_ns", "time.perf_counter", "datetime.now"}
    wrong = [
        f"{source.name}:{node.lineno}: calls {name}"
        for source in sources()
        if source.room == "live" and source.name not in CLOCK_READERS
        for node, name in _calls(source)
        if name in clocks or name.endswith((".utcnow", ".today"))
    ]
    assert not wrong, "\n".join(wrong)


MEASURING = {f"time.{name}{unit}" for name in ("monotonic", "perf_counter", "process_time") for unit in ("", "_ns")}
STARTING = {"subprocess.Popen", "wait_ready", "recorder"}


def test_tests_that_measure_time_or_start_processes_have_three_tries():
    """A verdict that depends on how busy the machine is does not stop everybody at its first no (tests/conftest.py)."""
    wrong = []
    for path in repository_files():
        name = path.relative_to(ROOT).as_posix()
        if not name.startswith("tests/") or not path.name.startswith("test_") or path.suffix != ".py":
            continue
        text = path.read_text(encoding="utf-8")
        called = {dotted(node.func) for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)}
        if called & (MEASURING | STARTING) and "pytest.mark.clock" not in text:
            wrong.append(name)
    assert not wrong, "\n".join(wrong)
