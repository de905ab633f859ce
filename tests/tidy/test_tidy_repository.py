"""Nothing of one machine gets into the repository; text is read and written with a named encoding at run time too."""

from __future__ import annotations

import re
import subprocess
import sys

from source_tree import ROOT, repository_files, text_files

MACHINE_PATHS = re.compile(r"(?<![\w.])/(?:work|tmp|root|home/(?!me/)\w+|opt/pypi)/\w")
SECRETS = re.compile(r"\b\d{8,10}:[A-Za-z0-9_-]{35}\b|-----BEGIN [A-Z ]*PRIVATE KEY|\bgh[pousr]_[A-Za-z0-9]{36}\b")


def test_no_path_of_one_machine():
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path, text in text_files()
        for number, line in enumerate(text.splitlines(), 1)
        if MACHINE_PATHS.search(line)
    ]
    assert not found, found


def test_no_secret():
    assert not [path for path, text in text_files() if SECRETS.search(text)]


def test_no_conflict_marks_and_no_carriage_returns():
    for path in repository_files():
        raw = path.read_bytes() if path.suffix in {".py", ".md", ".toml", ".yaml", ".json"} else b""
        assert b"\r\n" not in raw, path
        assert not re.search(rb"^<<<<<<< |^>>>>>>> ", raw, re.MULTILINE), path


def test_shell_scripts_are_executable_and_strict():
    text = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert text.startswith("#!/usr/bin/env bash\n")
    assert "set -euo pipefail" in text
    if sys.platform != "win32":
        assert (ROOT / ".ci" / "run").stat().st_mode & 0o100


def test_no_default_encoding_is_used_in_a_whole_run(tmp_path):
    """A replay with report, in a process where an unnamed encoding is an error."""
    code = (
        "import pathlib, sys, warnings\n"
        "warnings.filterwarnings('error', category=EncodingWarning, module='zepix')\n"
        "from zepix.cli import main\n"
        "from zepix.data.sample import write_sample\n"
        "from zepix.scaffold import new_project\n"
        "folder = pathlib.Path(sys.argv[1])\n"
        "write_sample(folder / 's', days=3, n_alerts=30)\n"
        "new_project(folder / 'p')\n"
        "log, bars, out = str(folder / 's' / 'alerts.jsonl'), str(folder / 's'), str(folder / 'o')\n"
        "inputs = ['--alerts', log, '--bars', bars, '--strategy', 'bracket']\n"
        "assert main(['backtest', *inputs, '--out', out, '--quiet']) == 0\n"
        "assert main(['alerts', 'validate', log, '--json']) == 0\n"
        "assert main(['bars', 'check', bars]) == 0\n"
        "assert main(['strategies']) == 0\n"
    )  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-X", "warn_default_encoding", "-c", code, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
