"""zepix live init: five questions with defaults, files that are whole or not there, and nothing replaced unasked."""

from __future__ import annotations

import io
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.live.desk import SAMPLE
from zepix.cli import main
from zepix.errors import ConfigError, DataError, JournalError
from zepix.journal.lock import FolderLock
from zepix_live.clock import SystemClock
from zepix_live.first.asking import Asker
from zepix_live.first.init import Flags, Init
from zepix_live.secrets_file import load_secrets

pytestmark = pytest.mark.clock

ROOT = Path(__file__).resolve().parents[3]
SECRET_MIRROR = "https://hooks.example.org/topsecret"


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


class Terminal(io.StringIO):
    """A pipe that says that it is a terminal."""

    def isatty(self) -> bool:
        return True


def init(stream: io.StringIO | None = None, **flags: Any) -> tuple[int, list[str]]:
    lines: list[str] = []
    given = Flags(**{"start": False, "port": 18432, **flags})
    asker = Asker(lines.append, is_quiet=given.yes, stream=stream or io.StringIO())
    status = Init(given, asker, lines.append, SystemClock(), lambda _data: 1).run({})
    return status, lines


def config(folder: str = "zepix-live") -> dict[str, Any]:
    return tomllib.loads((Path(folder) / "live.toml").read_text(encoding="utf-8"))


def test_nobody_answers_and_every_default_is_taken():
    status, lines = init(yes=True)
    assert status == 0
    assert config()["strategy"] == {"name": "bracket"}
    assert config()["live"] == {"feed": "webhook", "receiver": {"port": 18432}, "api": {"port": 18433}}
    token = load_secrets(Path("zepix-live"), {}).webhook_token
    assert f"  http://127.0.0.1:18432/webhook/tradingview/{token}" in lines
    assert '    "type": "entry",' in lines
    assert '    "type": "bar",' in lines
    assert any("zepix live --data zepix-live" in line for line in lines)


def test_five_answers_from_a_pipe():
    answers = f"my folder\n3\nalerts.example.org\nv3_combined\n{SAMPLE}\n{SECRET_MIRROR}\n"
    status, lines = init(io.StringIO(answers))
    assert status == 0
    found = config("my folder")
    assert found["strategy"] == {"name": "v3_combined"}
    assert found["live"]["feed"] == f"replay:{SAMPLE.resolve()}"
    assert found["live"]["receiver"] == {
        "port": 18432,
        "trusted_proxies": ["127.0.0.1", "::1"],
        "mirror": [SECRET_MIRROR],
    }
    assert any(line.startswith("  https://alerts.example.org/webhook/tradingview/") for line in lines)
    assert '    "signal_type": "Momentum_Breakout",' in lines
    assert sum(line[:2] in ("1.", "2.", "3.", "4.", "5.") for line in lines) == 5
    assert 'zepix live --data "my folder"' in "\n".join(lines)


@pytest.mark.parametrize(
    "answers",
    [
        "\n\n\n\n\n",
        "",
        "d\n",
        "d\n2\n\n\n\n\n",
        "d\r\n1\r\n\r\n2\r\n\r\n",
        "\ufeffd\n1\nlegacy\nwebhook\nnone\n",
        "d\n1\nall\n2\n-\n",
    ],
)
def test_what_is_written_passes_config_check(answers, capsys):
    init(io.StringIO(answers))
    [written] = Path().glob("*/live.toml")
    assert main(["config", "check", str(written)]) == 0, capsys.readouterr()


def test_answers_that_are_no_ascii(capsys):
    init(io.StringIO("Händler 日本\n1\n\n2\n\n"))
    assert config("Händler 日本")["live"]["feed"] == "none"
    with pytest.raises(ConfigError, match="letters that no address has"):
        init(io.StringIO("x\n1\n\n2\nhttps://bücher.example/topsecret\n"))
    with pytest.raises(ConfigError, match=r"there is no strategy 'br\\xfccket'; did you mean"):
        init(io.StringIO("x\n1\nbrücket\n"))


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ("x\n7\n", "expected 1, 2 or 3"),
        ("x\n2\nftp://a.example\n", "expected an address such as"),
        ("x\n2\nhttps://a.example:8443\n", "ports 80 and 443 only"),
        ("x\n1\nbraket\n", "did you mean 'bracket'"),
        ("x\n1\n\nno/such/recording\n", "is not there"),
        ("x\n1\n\n2\nhttps://user:topsecret@a.example/\n", "a user name or a password"),
        ("live.txt\n", "is a file, no folder"),
        ("a\x07b\n", "printable characters only"),
        ("x" * 5000 + "\n", "at most 2048 characters"),
    ],
)
def test_a_wrong_answer_from_a_pipe_ends_it_and_nothing_is_written(answers, told):
    Path("live.txt").write_text("", encoding="utf-8")
    with pytest.raises(ConfigError, match=re.escape(told)) as error:
        init(io.StringIO(answers))
    assert "topsecret" not in str(error.value)
    assert [path.name for path in Path().iterdir()] == ["live.txt"]


def test_a_wrong_answer_at_a_terminal_is_told_and_asked_again():
    _, lines = init(Terminal("x\n7\n2\n\nbraket\n1\n2\n\n"))
    assert config("x")["strategy"] == {"name": "bracket"}
    assert "expected 1, 2 or 3 (local, tunnel, proxy), not '7'" in lines
    assert any("YOUR-ADDRESS/webhook/tradingview/" in line for line in lines)
    with pytest.raises(ConfigError, match="5 times"):
        init(Terminal("y\n" + "7\n" * 9))


@pytest.mark.parametrize("after", range(6))
def test_ctrl_c_in_the_middle_leaves_nothing(after, monkeypatch):
    class Impatient(Terminal):
        def readline(self, size: int = -1) -> str:  # type: ignore[override]
            if self.tell() >= len("\n" * after):
                raise KeyboardInterrupt
            return super().readline(size)

    if after == 5:
        monkeypatch.setattr(
            "zepix_live.first.writing.os.fdopen", lambda *_a, **_k: (_ for _ in ()).throw(KeyboardInterrupt)
        )
    with pytest.raises(KeyboardInterrupt):
        init(Impatient("\n" * 6))
    assert not [path for path in Path().rglob("*") if path.is_file()]


def test_a_configuration_that_is_there_stays_unless_somebody_agrees():
    init(yes=True, strategy="legacy")
    before = (Path("zepix-live") / "secrets.toml").read_text(encoding="utf-8")
    with pytest.raises(ConfigError, match="is there already and stays"):
        init(yes=True)
    with pytest.raises(ConfigError, match="is there already and stays"):
        init(io.StringIO("\n\n\n\n\ny\n"))  # a pipe did not mean that question
    status, lines = init(Terminal("\n\n\n\n\nn\n"), port=9999)
    assert status == 0
    assert any(":18432/webhook/tradingview/" in line for line in lines)  # the port of what stays
    assert config()["strategy"] == {"name": "legacy"}
    init(Terminal("\n\n\n\n\nyes\n"))
    assert config()["strategy"] == {"name": "bracket"}
    init(yes=True, overwrite=True, strategy="v3_combined")
    assert config()["strategy"] == {"name": "v3_combined"}
    assert (Path("zepix-live") / "secrets.toml").read_text(encoding="utf-8") == before  # alerts go on


@pytest.mark.skipif(os.name != "posix", reason="rights are the folder's here")
def test_what_it_writes_is_for_its_owner_alone():
    init(yes=True, mirrors=(SECRET_MIRROR,))
    for name in ("live.toml", "secrets.toml"):
        assert stat.S_IMODE((Path("zepix-live") / name).stat().st_mode) == 0o600


def test_addresses_of_others_are_masked_where_settings_are_shown(capsys):
    init(yes=True, mirrors=(SECRET_MIRROR,))
    assert main(["config", "show", "zepix-live/live.toml"]) == 0
    assert "topsecret" not in capsys.readouterr().out


def test_a_secret_that_is_there_is_kept_and_the_missing_one_made():
    folder = Path("zepix-live")
    folder.mkdir()
    (folder / "secrets.toml").touch(0o600)
    (folder / "secrets.toml").write_text('webhook_token = "mine-0123456789-abcdef"', encoding="utf-8")
    init(yes=True)
    found = load_secrets(folder, {})
    assert found.webhook_token == "mine-0123456789-abcdef"
    assert found.api_token is not None
    assert len(found.api_token) >= 32


def test_a_port_that_is_taken_is_told_before_anything_is_written():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=f"port {port} cannot be listened on"):
            init(yes=True, start=True, port=port)
    assert not list(Path().iterdir())


def test_the_apis_port_is_looked_at_too():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=f"port {port} cannot be listened on"):
            init(yes=True, start=True, port=port - 1)
    assert not list(Path().iterdir())


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        ({"data": "~nobody-of-this-name/live"}, "can be no folder"),
        ({"data": "x" * 2_000}, "can be no folder"),
        ({"feed": "y" * 2_000}, "is not there"),
    ],
)
def test_a_path_that_can_be_none_is_told_in_a_sentence(flags, told):
    with pytest.raises(ConfigError, match=told) as found:
        init(yes=True, **flags)
    assert len(str(found.value)) < 300


def test_an_ipv6_address_keeps_its_brackets():
    _, lines = init(yes=True, reach="tunnel", url="https://[2001:db8::1]")
    assert any(line.startswith("  https://[2001:db8::1]/webhook/") for line in lines)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="whoever may write everywhere can write here")
def test_a_folder_that_is_not_ours_is_told(tmp_path):
    (tmp_path / "theirs").mkdir(mode=0o500)
    with pytest.raises(DataError, match="could not be written"):
        init(yes=True, data="theirs/live")


def environ(**more: str) -> dict[str, str]:
    path = os.pathsep.join([str(ROOT), str(ROOT / "live"), os.environ.get("PYTHONPATH", "")])
    return {**os.environ, "PYTHONPATH": path, **more}


def test_a_narrow_window_and_an_old_console():
    command = [sys.executable, "-m", "zepix", "live", "init", "--no-start", "--data", "d\u00e4ta-\u65e5"]
    done = subprocess.run(
        command,
        input=b"",
        capture_output=True,
        check=False,
        env=environ(COLUMNS="34", PYTHONIOENCODING="cp1252", PYTHONUTF8="0"),
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.decode("cp1252").splitlines()
    wide = [
        line for line in lines if len(line) > 34 and " " in line.strip() and '"' not in line and "zepix" not in line
    ]
    assert not [line for line in wide if not line.startswith(("settings", "secrets", "start it"))]


@pytest.mark.slow
def test_from_nothing_to_a_dry_test_alert_with_a_runner_of_its_own():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "zepix", "live", "init", "--yes", "--test", "--stop-after", "--port", str(port)]
    done = subprocess.run(command, capture_output=True, text=True, env=environ(), timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "is understood as plain: entry buy 0.1 EURUSD" in " ".join(done.stdout.split())
    assert "order: would be placed: market buy 0.1 lots EURUSD, stop 1.0945, target 1.111" in " ".join(
        done.stdout.split()
    )
    assert "nothing was ordered and nothing has changed: it was dry" in done.stdout
    FolderLock(Path("zepix-live") / "lock", "runner").release()  # nobody runs there any more


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="signals end a process otherwise here")
def test_a_script_that_loses_patience_leaves_no_runner_behind():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "zepix", "live", "init", "--yes", "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environ(), start_new_session=True)
    try:
        assert process.stdout is not None
        said = ""
        while "alerts send" not in said:
            line = process.stdout.readline()
            assert line, said
            said += line
        with pytest.raises(JournalError):
            FolderLock(Path("zepix-live") / "lock", "runner")  # one runs there
        process.send_signal(signal.SIGTERM)
        assert "ended; start it again" in process.communicate(timeout=120)[0]
        assert process.returncode == 0
        FolderLock(Path("zepix-live") / "lock", "runner").release()
    finally:
        process.kill()
